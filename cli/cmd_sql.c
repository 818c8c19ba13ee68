/*
 * tidegate sql: statements at the destination, with the dataset as default schema.
 *
 *   sql_run -> the text (the argument, or standard input) -> print_all: each statement of it
 *              -> tg_session_run_next -> print_stream
 *            | print_then (--as-of): tg_pipeline_query_as_of -> print_stream
 *
 * It only reads, beside others that do, unless --write says otherwise: what a statement may do is
 * the database's to judge, not a reading of its words.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { CHUNK = 65536 };

/* What could only be done by who writes. */
static int fail_sql(const struct call *call, struct tg_error *err)
{
    char what[sizeof(err->what)];
    if (strcmp(err->sqlstate, "25006") == 0 && !call_flag(call, "--write")) {
        memcpy(what, err->what, sizeof(what));
        snprintf(err->what, sizeof(err->what),
                 "sql reads only, and this statement changes something: let it by --write (%.900s)",
                 what);
    }
    return fail(err);
}

/* All of standard input; NULL: the message is out. */
static char *read_input(void)
{
    size_t len = 0;
    char *text = NULL;
    for (;;) {
        char *grown = realloc(text, len + CHUNK + 1);
        if (!grown) {
            free(text);
            fputs("tidegate: out of memory\n", stderr);
            return NULL;
        }
        text = grown;
        size_t count = fread(text + len, 1, CHUNK, stdin);
        len += count;
        text[len] = '\0';
        if (count == 0)
            break;
    }
    if (!ferror(stdin) && strlen(text) == len)
        return text;
    fputs(ferror(stdin) ? "tidegate: standard input cannot be read\n"
                        : "tidegate: what stands in standard input is no text of SQL\n",
          stderr);
    free(text);
    return NULL;
}

static int print_then(struct tg_pipeline *pipeline, const struct call *call, const char *text)
{
    struct tg_error err = {0};
    struct ArrowArrayStream stream = {0};
    if (tg_pipeline_query_as_of(pipeline, text, call_flag(call, "--as-of"), &stream, &err) ||
        print_stream(&stream, call_format(call), NULL, stdout, &err))
        return fail_sql(call, &err);
    return 0;
}

/* One after the other, of one connection: what the first ones set or make is there for the rest. */
static int print_all(struct tg_pipeline *pipeline, const struct call *call, const char *text)
{
    struct tg_error err = {0};
    struct tg_session *session = NULL;
    struct ArrowArrayStream stream = {0};
    int rc = tg_session_open(&session, pipeline, &err);
    for (const char *at = text; !rc && at;) {
        bool is_first = at == text;
        rc = tg_session_run_next(session, &at, &stream, &err);
        if (!rc && !is_first)
            putchar('\n');
        rc = rc ? rc : print_stream(&stream, call_format(call), NULL, stdout, &err);
    }
    tg_session_close(session);
    return rc ? fail_sql(call, &err) : 0;
}

static int run_text(const struct call *call, const char *text)
{
    int code = 0;
    struct tg_pipeline *pipeline =
        call_flag(call, "--write") ? open_pipeline(call, &code) : open_to_look(call, &code);
    if (!pipeline)
        return code;
    cancel_on_signals(pipeline);
    code = (call_flag(call, "--as-of") ? print_then : print_all)(pipeline, call, text);
    cancel_on_signals(NULL);
    tg_pipeline_free(pipeline);
    return code;
}

static int sql_run(const struct call *call)
{
    const char *text = call->arguments[1];
    bool reads = !text || strcmp(text, "-") == 0;
    if (!text && isatty(STDIN_FILENO))
        return fail_usage(call->command, "SQL is missing: give a statement, or - to type it");
    char *input = reads ? read_input() : NULL;
    if (reads && !input)
        return 1;
    int code = run_text(call, reads ? input : text);
    free(input);
    return code;
}

const struct command command_sql = {
    .name = "sql",
    .summary = "Run SQL at the destination, which is only read without --write",
    .details = "Tables of the dataset need no prefix: tidegate sql pipeline.yaml \"select count(*) "
               "from person\". Several statements are parted by semicolons; what each gives is "
               "printed, with an empty line between them.",
    .arguments = {{"SPEC", false, "the spec file", NULL},
                  {"SQL", true, "statements; - or nothing: from standard input", NULL}},
    .flags = {{"--write", NULL, "statements may change what is there"},
              {"--as-of", "TIME",
               "one query; tables that keep their history (scd2) are as they were then"},
              {"--json", NULL, "an array of objects"},
              {"--csv", NULL,
               "comma-separated, with a header line; NULL is empty, text in quotes if it is"},
              PLACE_FLAGS},
    .run = sql_run,
};
