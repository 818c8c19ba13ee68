/*
 * tidegate help: of all commands, of one, of the spec's keys; and the manual page.
 *
 *   help_run -> print_usage | print_command_help | print_manual (help.c) | help_spec (the library's
 * own tables)
 *
 * `tidegate COMMAND --help` is command_line.c's affair and prints the same.
 */
#include <string.h>

#include "base/text/nearest.h"
#include "cli.h"

static int help_spec(enum tg_reference form)
{
    struct tg_error err = {0};
    char *text = NULL;
    int rc = tg_spec_reference(form, &text, &err);
    return finish_text(rc, text, &err);
}

static int fail_topic(const struct command *command, const char *topic)
{
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = topic};
    offer_commands(&nearest);
    nearest_offer_words(&nearest, "spec");
    return fail_usage(command, "there is no help on '%s'%s", topic, nearest_hint(&nearest, hint));
}

static int help_run(const struct call *call)
{
    const char *topic = call->arguments[0];
    if (call_flag(call, "--man")) {
        print_manual(stdout);
        return 0;
    }
    if (!topic) {
        print_usage(stdout);
        return 0;
    }
    if (strcmp(topic, "spec") == 0) {
        if (call_flag(call, "--json-schema"))
            return help_spec(TG_REFERENCE_JSON_SCHEMA);
        return help_spec(call_flag(call, "--markdown") ? TG_REFERENCE_MARKDOWN : TG_REFERENCE_TEXT);
    }
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->name, topic) == 0) {
            print_command_help(commands[i], stdout);
            return 0;
        }
    }
    return fail_topic(call->command, topic);
}

const struct command command_help = {
    .name = "help",
    .summary = "Explain a command, or the keys of a spec",
    .arguments = {{"TOPIC", true, "a command, or 'spec'", NULL}},
    .flags = {{"--markdown", NULL, "with 'spec': as Markdown"},
              {"--json-schema", NULL, "with 'spec': as a JSON Schema, for editors"},
              {"--man", NULL, "the manual page (roff)"}},
    .run = help_run,
};
