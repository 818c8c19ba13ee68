/*
 * Everything that explains the commands, printed from their tables.
 *
 *   print_usage: all commands; print_command_help: one; print_manual: the manual page, in roff
 *
 * The keys of a spec are explained by the library (tg_spec_reference).
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void print_synopsis(const struct command *command, FILE *out)
{
    fprintf(out, "tidegate %s", command->name);
    for (const struct argument *argument = command->arguments; argument->name; argument++)
        fprintf(out, argument->optional ? " [%s]" : " %s", argument->name);
    for (const struct flag *flag = command->flags; flag->name; flag++)
        fprintf(out, " [%s%s%s]", flag->name, flag->value ? " " : "",
                flag->value ? flag->value : "");
}

void print_usage(FILE *out)
{
    fputs("tidegate loads data incrementally: only what is new, exactly once.\n\n"
          "Usage: tidegate COMMAND [ARGUMENTS]\n\nCommands:\n",
          out);
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n'tidegate help COMMAND' tells more of one; 'tidegate help spec' lists the keys of a "
          "spec.\n"
          "Start with: tidegate init > pipeline.yaml\n",
          out);
}

void print_command_help(const struct command *command, FILE *out)
{
    char label[64];
    fputs("Usage: ", out);
    print_synopsis(command, out);
    fprintf(out, "\n\n%s.\n", command->summary);
    if (command->details)
        fprintf(out, "\n%s\n", command->details);
    if (command->arguments[0].name)
        fputs("\nArguments:\n", out);
    for (const struct argument *argument = command->arguments; argument->name; argument++)
        fprintf(out, "  %-22s %s\n", argument->name, argument->help);
    if (command->flags[0].name)
        fputs("\nOptions:\n", out);
    for (const struct flag *flag = command->flags; flag->name; flag++) {
        snprintf(label, sizeof(label), "%s %s", flag->name, flag->value ? flag->value : "");
        fprintf(out, "  %-22s %s\n", label, flag->help);
    }
}

/* roff reads '-' as a hyphen and a leading '.' or '\'' as a request. */
static void print_roff(const char *text, FILE *out)
{
    for (bool line_start = true; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
        line_start = *text == '\n';
    }
}

static void print_manual_command(const struct command *command, FILE *out)
{
    fputs(".SS ", out);
    print_roff(command->name, out);
    fprintf(out, "\n.B tidegate %s\n", command->name);
    for (const struct argument *argument = command->arguments; argument->name; argument++)
        fprintf(out, ".I %s\n", argument->name);
    fputs(".PP\n", out);
    print_roff(command->summary, out);
    fputs(".\n", out);
    if (command->details) {
        fputs(".PP\n", out);
        print_roff(command->details, out);
        fputs("\n", out);
    }
    for (const struct flag *flag = command->flags; flag->name; flag++) {
        fputs(".TP\n.B ", out);
        print_roff(flag->name, out);
        fprintf(out, " %s\n", flag->value ? flag->value : "");
        print_roff(flag->help, out);
        fputs("\n", out);
    }
}

void print_manual(FILE *out)
{
    fprintf(out, ".TH TIDEGATE 1 \"\" \"tidegate %s\" \"User Commands\"\n", tg_version());
    fputs(".SH NAME\ntidegate \\- load data incrementally, exactly once\n.SH SYNOPSIS\n.B "
          "tidegate\n.I COMMAND\n"
          ".RI [ ARGUMENTS ]\n.SH DESCRIPTION\n"
          "tidegate reads a source, keeps only what is new, turns documents into typed tables and "
          "loads them by append,\n"
          "replace or merge. Rows, cursor, schema and the record of the load commit in one "
          "transaction.\n"
          ".SH COMMANDS\n",
          out);
    for (size_t i = 0; commands[i]; i++)
        print_manual_command(commands[i], out);
    fputs(".SH EXIT STATUS\n0 done; 1 the load failed; 2 usage or spec; 3 locked or conflict; 4 "
          "contract violated;\n"
          "130 interrupted.\n.SH ENVIRONMENT\n.TP\n.B TIDEGATE_HOME\nThe working directory, unless "
          "\\-\\-workdir says\n"
          "otherwise.\n",
          out);
}
