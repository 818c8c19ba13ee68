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

enum { WIDTH = 79, HELP_COLUMN = 25 };

/* On the next line, from `indent` on, where this one has no room for it. */
static void print_word(const char *word, size_t len, size_t indent, size_t *column, FILE *out)
{
    if (*column > indent && *column + 1 + len > WIDTH) {
        fprintf(out, "\n%*s", (int)indent, "");
        *column = indent;
    } else if (*column > indent) {
        fputc(' ', out);
        ++*column;
    }
    fprintf(out, "%.*s", (int)len, word);
    *column += len;
}

/* A text, and the end of its last line; its own ends of lines stay. */
static void print_words(const char *text, size_t indent, FILE *out)
{
    size_t column = indent;
    for (size_t len; *text; text += len) {
        len = strcspn(text, " \n");
        if (len > 0) {
            print_word(text, len, indent, &column, out);
        } else {
            if (*text == '\n')
                column = indent;
            fputs(*text == '\n' ? "\n" : "", out);
            len = 1;
        }
    }
    fputc('\n', out);
}

static void print_synopsis(const struct command *command, FILE *out)
{
    char part[64];
    size_t indent = strlen("Usage: tidegate ") + strlen(command->name) + 1, column = indent;
    fprintf(out, "Usage: tidegate %s%s", command->name,
            command->arguments[0].name || command->flags[0].name ? " " : "");
    for (const struct argument *argument = command->arguments; argument->name; argument++) {
        snprintf(part, sizeof(part), argument->optional ? "[%s]" : "%s", argument->name);
        print_word(part, strlen(part), indent, &column, out);
    }
    for (const struct flag *flag = command->flags; flag->name; flag++) {
        snprintf(part, sizeof(part), "[%s%s%s]", flag->name, flag->value ? " " : "",
                 flag->value ? flag->value : "");
        print_word(part, strlen(part), indent, &column, out);
    }
    fputc('\n', out);
}

void print_usage(FILE *out)
{
    fputs("tidegate loads data incrementally: only what is new, exactly once.\n\n"
          "Usage: tidegate COMMAND [ARGUMENTS]\n\nCommands:\n",
          out);
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n'tidegate help COMMAND' tells more of one; 'tidegate help spec' lists the keys\n"
          "of a spec. Start with: tidegate init > pipeline.yaml\n",
          out);
}

static void print_help(const char *label, const char *help, FILE *out)
{
    fprintf(out, "  %-*s", HELP_COLUMN - 2, label);
    print_words(help, HELP_COLUMN, out);
}

void print_command_help(const struct command *command, FILE *out)
{
    char label[64];
    print_synopsis(command, out);
    fprintf(out, "\n%s.\n", command->summary);
    if (command->details) {
        fputc('\n', out);
        print_words(command->details, 0, out);
    }
    if (command->arguments[0].name)
        fputs("\nArguments:\n", out);
    for (const struct argument *argument = command->arguments; argument->name; argument++)
        print_help(argument->name, argument->help, out);
    if (command->flags[0].name)
        fputs("\nOptions:\n", out);
    for (const struct flag *flag = command->flags; flag->name; flag++) {
        snprintf(label, sizeof(label), "%s %s", flag->name, flag->value ? flag->value : "");
        print_help(label, flag->help, out);
    }
}

/* roff reads '-' as a hyphen, a leading '.' or '\'' as a request, and fills lines. */
static void print_roff(const char *text, FILE *out)
{
    for (bool line_start = true; *text; text++) {
        if (*text == '\n' && text[1] && text[1] != '\n' && !line_start)
            fputs("\n.br", out);
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
        fprintf(out, argument->optional ? ".RI [ %s ]\n" : ".I %s\n", argument->name);
    if (command->flags[0].name)
        fputs(".RI [ OPTIONS ]\n", out);
    fputs(".PP\n", out);
    print_roff(command->summary, out);
    fputs(".\n", out);
    if (command->details) {
        fputs(".PP\n", out);
        print_roff(command->details, out);
        fputs("\n", out);
    }
    for (const struct argument *argument = command->arguments; argument->name; argument++) {
        fprintf(out, ".TP\n.I %s\n", argument->name);
        print_roff(argument->help, out);
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
          "tidegate reads files or a database, keeps only what is new, turns documents into typed "
          "tables and loads them by append,\n"
          "replace or merge. Rows, cursor, schema and the record of the load commit in one "
          "transaction.\n"
          ".SH COMMANDS\n",
          out);
    for (size_t i = 0; commands[i]; i++)
        print_manual_command(commands[i], out);
    fputs(".SH EXIT STATUS\n0 done; 1 the load failed; 2 usage or spec; 3 locked or conflict; 4 "
          "contract violated;\n"
          "5 limit exceeded; 130 interrupted.\n.SH ENVIRONMENT\n.TP\n.B TIDEGATE_HOME\nThe working "
          "directory, unless "
          "\\-\\-workdir says\n"
          "otherwise.\n.TP\n.B TIDEGATE_ENV\nWhich environment of a spec that has such, unless "
          "\\-\\-env says otherwise.\n.TP\n.B PGHOST, PGPASSWORD, PGPASSFILE, PGSERVICEFILE, "
          "...\nlibpq's "
          "variables, for PostgreSQL.\n.TP\n.B ADBC_DRIVER_PATH\nFolders with manifests of ADBC "
          "drivers, with ':' between them.\n",
          out);
}
