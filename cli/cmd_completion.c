/*
 * tidegate completion: a bash script made from the commands' tables.
 *
 *   completion_run -> names of the commands -> print_cases: the options of each, and the words that
 *   its arguments may be
 *
 * Other arguments are completed as files.
 */
#include "cli.h"

static void print_cases(FILE *out)
{
    for (size_t i = 0; commands[i]; i++) {
        fprintf(out, "        %s) words=\"", commands[i]->name);
        for (const struct flag *flag = commands[i]->flags; flag->name; flag++)
            fprintf(out, "%s ", flag->name);
        fputs("\" values=(", out);
        for (const struct argument *argument = commands[i]->arguments; argument->name; argument++)
            fprintf(out, "\"%s\" ", argument->words ? argument->words : "");
        fputs(") ;;\n", out);
    }
}

static int completion_run(const struct call *call)
{
    (void)call;
    fputs("# bash completion for tidegate; load it with: source <(tidegate completion)\n"
          "_tidegate()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} words=\"\" values=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"",
          stdout);
    for (size_t i = 0; commands[i]; i++)
        printf("%s ", commands[i]->name);
    fputs("\"\n    else\n        case ${COMP_WORDS[1]} in\n", stdout);
    print_cases(stdout);
    fputs(
        "        esac\n    fi\n"
        "    if [[ $COMP_CWORD -eq 1 || $word == -* ]]; then\n"
        "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
        "    elif [ -n \"${values[COMP_CWORD - 2]}\" ]; then\n"
        "        mapfile -t COMPREPLY < <(compgen -W \"${values[COMP_CWORD - 2]}\" -- \"$word\")\n"
        "    else\n"
        "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
        "    fi\n}\n"
        "complete -F _tidegate tidegate\n",
        stdout);
    return 0;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "Print a completion script for bash",
    .details = "Load it with: source <(tidegate completion)",
    .run = completion_run,
};
