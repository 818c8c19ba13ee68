/*
 * The command line: one file per command (cmd_NAME.c), each ending in one const table
 * `command_NAME`; command_line.c parses by the tables, and help, the man page and completion are
 * printed from them.
 */
#ifndef TIDEGATE_CLI_H
#define TIDEGATE_CLI_H

#include "print.h"
#include "tidegate.h"

struct flag {
    const char *name;  /* "--select" */
    const char *value; /* "NAMES", or NULL for a switch */
    const char *help;
};

struct argument {
    const char *name; /* "SPEC" */
    bool optional;
    const char *help;
    const char *words; /* that may stand there, for completion; NULL: complete.c knows it by name */
};

enum { ARGUMENTS_MAX = 3, FLAGS_MAX = 24 };

struct call {
    const struct command *command;
    const char *arguments[ARGUMENTS_MAX]; /* in the order of the table; NULL: not given */
    const char *flags[FLAGS_MAX];         /* value given, "" for a switch; NULL: not given */
};

struct command {
    const char *name;
    const char *summary; /* one line */
    const char *details; /* a paragraph or two; may be NULL */
    struct argument arguments[ARGUMENTS_MAX + 1];
    struct flag flags[FLAGS_MAX + 1];
    int (*run)(const struct call *call); /* the exit code */
};

/* Of every command that takes a spec. */
#define PLACE_FLAGS                                                                                \
    {"--env", "NAME",                                                                              \
     "which of the spec's environments; default: $TIDEGATE_ENV, else what the spec says"},         \
    {                                                                                              \
        "--workdir", "DIR", "working directory; default: .tidegate beside the spec"                \
    }

/* All commands in the order of help; ends with NULL. */
extern const struct command *const commands[];

/* NULL: there is none of that name. */
const struct command *find_command(const char *name);
struct nearest; /* base/text/nearest.h */
void offer_commands(struct nearest *nearest);
const struct flag *find_flag(const struct command *command, const char *name, size_t len);
/* Value of a flag of the call's command, "" for a switch that was given, or NULL. */
const char *call_flag(const struct call *call, const char *name);

/* "tidegate: where: what" on standard error; returns the exit code that belongs to it. */
int fail(const struct tg_error *err);
/* "tidegate: message" and a pointer to help; returns 2. */
int fail_usage(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same where `given` is none of these words ("a b c"), with all of them and the nearest. */
int fail_word(const struct command *command, const char *what, const char *given,
              const char *words);
/* Standard output could not be written (a closed pipe, a full disk): the exit code, or `code` when
 * all is well. */
int finish_output(int code);
/* A person, on standard output: anything but a yes is a no. */
bool asks(const char *question);
/* Prints a text that the library has made, or says why there is none; frees it. The exit code. */
int finish_text(int rc, char *text, const struct tg_error *err);

/* What --json, --yaml and --csv say. */
enum format call_format(const struct call *call);
/* Opens the pipeline of the call's SPEC, --env and --workdir; on failure the message is out and
 * *code set. */
struct tg_pipeline *open_pipeline(const struct call *call, int *code);
/* The same of a command that only looks: nothing can be changed by it. */
struct tg_pipeline *open_to_look(const struct call *call, int *code);
struct progress; /* how far a run is, on standard error */
/* The same of a command with --json and such options, whose `progress` it names, or ends when it
 * fails. */
struct tg_pipeline *open_watched(const struct call *call, const struct tg_pipeline_options *options,
                                 struct progress *progress, int *code);
/* From here on SIGINT, SIGTERM and SIGHUP cancel this pipeline; a second one kills. NULL: back to
 * normal. */
void cancel_on_signals(struct tg_pipeline *pipeline);

/* ", environment dev", behind where it loads, or nothing. */
enum { ENVIRONMENT_BYTES = 96 };
const char *format_environment(const struct tg_pipeline *pipeline, char out[ENVIRONMENT_BYTES]);

/* What stands behind a noun of so many. */
static inline const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}
/* 12345678 -> "12,345,678". */
const char *format_count(uint64_t count, char out[32]);

/* ---- cmd_run.c ---- */
#define CONTRACT_MODES "evolve freeze discard_row discard_value"
#define CONTRACT_PARTS "tables columns data_type"
uint64_t call_accept(const struct call *call); /* --accept-cursor-change, --accept */
int call_refresh(const struct call *call, enum tg_refresh *out);         /* 0, or the exit code */
int call_window(const struct call *call, struct tg_window_options *out); /* likewise */

/* ---- result_text.c, result_json.c ---- */
void print_result_text(const struct tg_pipeline *pipeline, const struct tg_result *result);
void print_result_tables(const struct tg_result *result); /* a line each, as wide as they must be */
void print_result_warnings(const struct tg_result *result, FILE *out);
void print_result_json(FILE *out, const struct tg_pipeline *pipeline,
                       const struct tg_result *result);
void print_json_tables(FILE *out, const struct tg_result *result); /* a field, and a comma */

/* ---- cmd_work.c: a line for each window of a backfill ---- */
struct window_lines {
    struct progress *progress; /* borrowed */
    bool json, quiet;
    bool begun; /* the titles are printed, or not wanted */
    int width;  /* of its ends */
};
int show_window(void *lines, const struct tg_window_info *window); /* tg_work_options.window */
void print_window_titles(int width);

/* ---- plan_text.c, plan_markdown.c, plan_json.c ---- */
void print_plan_text(const struct tg_pipeline *pipeline, const struct tg_plan *plan,
                     const char *what, bool with_sql);
void print_plan_markdown(const struct tg_pipeline *pipeline, const struct tg_plan *plan);
void print_plan_json(const struct tg_pipeline *pipeline, const struct tg_plan *plan);
/* Who runs a statement, where it is not the destination; a comment of SQL, with its line's end. */
void print_plan_engine(const struct tg_plan_statement *statement);
const char *plan_limit_of(const struct tg_plan_excess *excess); /* what stands before its limit */
/* How a resource is written: "merge (upsert) by id". */
enum { PLAN_WAY = 600 };
void plan_way(const struct tg_plan_resource *resource, char *out, size_t size);

/* ---- advice_text.c, advice_json.c ---- */
void print_advice_text(const struct tg_advice *advice);
void print_advice_json(const struct tg_pipeline *pipeline, const struct tg_advice *advice);

/* ---- complete.c ---- */
/* Those that the value of an option may be, "a b c"; NULL: there is no list of them. */
const char *flag_words(const char *name);

/* ---- json.c ---- */
/* Where it loads: fields, and a comma. */
void print_json_destination(FILE *out, const struct tg_pipeline *pipeline);
void print_json_field(FILE *out, const char *key, const char *text); /* and a comma */
void print_json_member(FILE *out, const char *before, const char *key,
                       const char *text);                            /* NULL: null */
void print_json_flag(FILE *out, const char *key, bool flag);         /* behind a comma */
void print_json_warnings(FILE *out, const struct tg_result *result); /* the last fields */
/* The fields of an object that says what went wrong; an object by itself is print_json_failure's.
 * `result` may be NULL. */
void print_json_error(FILE *out, const struct tg_error *err, const struct tg_result *result);
void print_json_failure(FILE *out, const struct tg_error *err, const struct tg_result *result);

/* ---- width.c: columns of a terminal ---- */
/* How many a terminal has, now; 0: it is none. */
size_t terminal_columns(FILE *out);
/* How many bytes of a control character the text begins with; 0: of another one. A terminal takes
 * orders from them. */
size_t control_bytes(const char *text, size_t len);
/* Of the character that `text` begins with, and its *bytes; len > 0. */
size_t char_columns(const char *text, size_t len, size_t *bytes);
size_t text_columns(const char *text);
/* The text, or as much of it as so many columns have room for, with an ellipsis; says how many it
 * takes. */
size_t fit_text(char *out, size_t size, const char *text, size_t room);

/* ---- progress.c: standard error while a run works, and its log ---- */
#define PROGRESS_FLAGS                                                                             \
    {"--progress", "HOW", "auto (default), plain, json or none; on standard error"},               \
        {"--log-level", "LEVEL",                                                                   \
         "log what is done, on standard error: error, warning, info or debug"},                    \
    {                                                                                              \
        "--log-file", "FILE", "add the log to this file; level, if none is said: info"             \
    }
#define QUIET_FLAG                                                                                 \
    {                                                                                              \
        "--quiet", NULL, "print neither progress nor summary: warnings and errors alone"           \
    }
const char *phase_name(enum tg_phase phase);
/* What the call's options say: 0, or the exit code when the message is out and *out is NULL. */
int progress_begin(const struct call *call, struct progress **out);
void progress_watch(struct progress *progress, struct tg_pipeline_options *options);
/* Once the pipeline is open. */
void progress_name(struct progress *progress, const struct tg_pipeline *pipeline);
/* Around what is printed on standard output meanwhile. */
void progress_hold(struct progress *progress);
void progress_go_on(struct progress *progress);
/* All is done, or (err) failed: says so and frees it. The exit code. `result` may be NULL. */
int progress_end(struct progress *progress, const struct tg_pipeline *pipeline,
                 const struct tg_result *result, const struct tg_error *err);
void progress_free(struct progress *progress); /* without a word; NULL is fine */

/* ---- complete.c: words of options' values, too; a new kind of value is named there ---- */
/* What may stand at the end of a command line: a word, a tab and what it is to a line; the exit
 * code. */
int print_completions(const char *line, FILE *out);

/* ---- help.c ---- */
void print_usage(FILE *out);
void print_command_help(const struct command *command, FILE *out);
void print_manual(FILE *out); /* roff */

#endif
