/*
 * The command line: finds the command, parses its arguments and flags by its table, runs it.
 *
 *   run_command_line -> parse_call -> command->run (cmd_*.c)
 *
 * Exit codes: 0 done, 1 the load failed, 2 usage or spec, 3 locked or conflict, 4 contract
 * violated, 5 limit exceeded, 130 interrupted.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/text/nearest.h"
#include "cli.h"
#include "command_line.h"

#define COMMAND(name) extern const struct command command_##name;
#include "commands.def"
#undef COMMAND

const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "commands.def"
#undef COMMAND
    NULL,
};

enum { WORDS_BYTES = 256, USAGE_BYTES = 4096 };

const struct command *find_command(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

int fail(const struct tg_error *err)
{
    print_sentence(stderr, "tidegate: %s%s%s", err->where, err->where[0] ? ": " : "", err->what);
    return tg_code_exit(err->code);
}

int fail_usage(const struct command *command, const char *format, ...)
{
    va_list args;
    char text[USAGE_BYTES];
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    print_sentence(stderr, "tidegate: %s", text);
    fprintf(stderr, "See 'tidegate help%s%s'.\n", command ? " " : "", command ? command->name : "");
    return 2;
}

/* "a, b or c" of "a b c". */
static void list_words(const char *words, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t len; *words && at < size; words += len + (words[len] == ' ')) {
        len = strcspn(words, " ");
        const char *before = at == 0 ? "" : words[len] ? ", " : " or ";
        at += (size_t)snprintf(out + at, size - at, "%s%.*s", before, (int)len, words);
    }
}

int fail_word(const struct command *command, const char *what, const char *given, const char *words)
{
    char list[WORDS_BYTES], hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = given};
    nearest_offer_words(&nearest, words);
    list_words(words, list, sizeof(list));
    return fail_usage(command, "'%s' is no %s; choose %s%s", given, what, list,
                      nearest_hint(&nearest, hint));
}

int finish_output(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    perror("tidegate: cannot write the output");
    return code ? code : 1;
}

bool asks(const char *question)
{
    char answer[16] = "";
    printf("%s [y/N] ", question);
    fflush(stdout);
    if (!fgets(answer, sizeof(answer), stdin))
        return false;
    answer[strcspn(answer, "\n")] = '\0';
    return strcmp(answer, "y") == 0 || strcmp(answer, "yes") == 0;
}

int finish_text(int rc, char *text, const struct tg_error *err)
{
    if (rc)
        return fail(err);
    fputs(text, stdout);
    tg_text_free(text);
    return 0;
}

const char *call_flag(const struct call *call, const char *name)
{
    for (size_t i = 0; call->command->flags[i].name; i++)
        if (strcmp(call->command->flags[i].name, name) == 0)
            return call->flags[i];
    return NULL;
}

enum format call_format(const struct call *call)
{
    if (call_flag(call, "--json"))
        return FORMAT_JSON;
    if (call_flag(call, "--yaml"))
        return FORMAT_YAML;
    return call_flag(call, "--csv") ? FORMAT_CSV : FORMAT_TABLE;
}

static struct tg_pipeline *open_spec(const struct call *call, bool read_only, int *code)
{
    struct tg_error err = {0};
    struct tg_pipeline *pipeline = NULL;
    const struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT, .workdir = call_flag(call, "--workdir"),
        .environment = call_flag(call, "--env"), .read_only = read_only};
    if (tg_pipeline_open(&pipeline, call->arguments[0], &options, &err))
        *code = fail(&err);
    return pipeline;
}

const char *format_environment(const struct tg_pipeline *pipeline, char out[ENVIRONMENT_BYTES])
{
    const char *name = tg_pipeline_environment(pipeline);
    snprintf(out, ENVIRONMENT_BYTES, "%s%s", name ? ", environment " : "", name ? name : "");
    return out;
}

struct tg_pipeline *open_pipeline(const struct call *call, int *code)
{
    return open_spec(call, false, code);
}

struct tg_pipeline *open_to_look(const struct call *call, int *code)
{
    return open_spec(call, true, code);
}

struct tg_pipeline *open_watched(const struct call *call, const struct tg_pipeline_options *options,
                                 struct progress *progress, int *code)
{
    struct tg_error err = {0};
    struct tg_pipeline *pipeline = NULL;
    if (!tg_pipeline_open(&pipeline, call->arguments[0], options, &err)) {
        progress_name(progress, pipeline);
        return pipeline;
    }
    *code = progress_end(progress, NULL, NULL, &err);
    if (call_flag(call, "--json"))
        print_json_failure(stdout, &err, NULL);
    tg_pipeline_free(pipeline);
    return NULL;
}

/* ---- signals: the one global, because a handler gets no argument ---- */

static struct tg_pipeline *_Atomic cancelled_by_signal;

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

enum { SIGNAL_COUNT = sizeof(signals) / sizeof(signals[0]), AGAIN_US = 100000 };

static void cancel_again(int signal_number)
{
    (void)signal_number;
    struct tg_pipeline *pipeline = atomic_load(&cancelled_by_signal);
    if (pipeline)
        tg_pipeline_cancel(pipeline);
}

/* The call may not have begun: it is told again and again until it has ended. */
static void on_signal(int signal_number)
{
    const struct itimerval again = {{0, AGAIN_US}, {0, AGAIN_US}};
    cancel_again(signal_number);
    setitimer(ITIMER_REAL, &again, NULL);
    signal(signal_number, SIG_DFL); /* the second one means it */
}

/* What is ignored stays so: nohup, jobs in the background. */
static void handle(int signal_number, void (*handler)(int))
{
    struct sigaction action;
    sigaction(signal_number, NULL, &action);
    if (action.sa_handler == SIG_IGN)
        return;
    action = (struct sigaction){.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

void cancel_on_signals(struct tg_pipeline *pipeline)
{
    const struct itimerval never = {{0, 0}, {0, 0}};
    atomic_store(&cancelled_by_signal, pipeline);
    if (!pipeline)
        setitimer(ITIMER_REAL, &never, NULL);
    handle(SIGALRM, pipeline ? cancel_again : SIG_DFL);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        handle(signals[i], pipeline ? on_signal : SIG_DFL);
}

/* ---- arguments ---- */

const struct flag *find_flag(const struct command *command, const char *name, size_t len)
{
    for (const struct flag *flag = command->flags; flag->name; flag++)
        if (strlen(flag->name) == len && strncmp(flag->name, name, len) == 0)
            return flag;
    return NULL;
}

/* The command's option that may be meant; "": none. Their dashes, which all of them have, are no
 * likeness. */
static void flag_hint(const struct command *command, const char *wanted, char *out, size_t size)
{
    struct nearest nearest = {.wanted = wanted};
    for (const struct flag *flag = command->flags; flag->name; flag++)
        nearest_offer(&nearest, flag->name + 2, strlen(flag->name + 2));
    out[0] = '\0';
    if (nearest.name)
        snprintf(out, size, "; did you mean '--%s'?", nearest.name);
}

static int fail_flag(const struct command *command, const char *given)
{
    char name[NEAREST_HINT_BYTES], hint[NEAREST_HINT_BYTES + 8];
    size_t dashes = strspn(given, "-");
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(given + dashes, "="), given + dashes);
    flag_hint(command, name, hint, sizeof(hint));
    return fail_usage(command, "'%s' is no option of 'tidegate %s'%s", given, command->name, hint);
}

/* It may be an option without its dashes, or the name of a resource. */
static int fail_argument(const struct command *command, const char *given)
{
    char takes[WORDS_BYTES] = "", hint[2 * NEAREST_HINT_BYTES];
    size_t len = 0;
    for (const struct argument *at = command->arguments; at->name && len < sizeof(takes); at++)
        len += (size_t)snprintf(takes + len, sizeof(takes) - len, at->optional ? " [%s]" : " %s",
                                at->name);
    flag_hint(command, given, hint, sizeof(hint));
    if (!*hint && find_flag(command, "--select", strlen("--select")))
        snprintf(hint, sizeof(hint), "; a resource is named as --select %.60s", given);
    return fail_usage(command, "'%s' is one argument too many for 'tidegate %s%s'%s", given,
                      command->name, takes, hint);
}

static int parse_flag(struct call *call, int *index, int count, char **texts)
{
    const char *text = texts[*index];
    size_t name_len = strcspn(text, "=");
    const struct flag *flag = find_flag(call->command, text, name_len);
    if (!flag)
        return fail_flag(call->command, text);
    const char **value = &call->flags[flag - call->command->flags];
    if (!flag->value && text[name_len])
        return fail_usage(call->command, "%s takes no value", flag->name);
    if (!flag->value)
        *value = "";
    else if (text[name_len])
        *value = text + name_len + 1;
    else if (*index + 1 < count)
        *value = texts[++*index];
    else
        return fail_usage(call->command, "%s needs a value: %s", flag->name, flag->value);
    return 0;
}

static int parse_call(struct call *call, int count, char **texts)
{
    size_t given = 0, allowed = 0, needed = 0;
    bool flags_ended = false;
    const struct argument *arguments = call->command->arguments;
    for (; arguments[allowed].name; allowed++)
        needed += !arguments[allowed].optional;
    for (int i = 0; i < count; i++) {
        if (!flags_ended && strcmp(texts[i], "--") == 0) {
            flags_ended = true;
        } else if (!flags_ended && texts[i][0] == '-' && texts[i][1]) {
            int code = parse_flag(call, &i, count, texts);
            if (code)
                return code;
        } else if (given < allowed) {
            call->arguments[given++] = texts[i];
        } else {
            return fail_argument(call->command, texts[i]);
        }
    }
    if (given < needed)
        return fail_usage(call->command, "%s is missing", arguments[given].name);
    return 0;
}

static bool asks_for_help(int count, char **texts)
{
    for (int i = 0; i < count; i++)
        if (strcmp(texts[i], "--help") == 0 || strcmp(texts[i], "-h") == 0)
            return true;
    return false;
}

void offer_commands(struct nearest *nearest)
{
    for (size_t i = 0; commands[i]; i++)
        nearest_offer(nearest, commands[i]->name, strlen(commands[i]->name));
}

static int fail_command(const char *given)
{
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = given};
    if (given[0] == '-')
        return fail_usage(NULL, "'%s' is no command of tidegate; options stand behind one", given);
    if (access(given, F_OK) == 0)
        return fail_usage(NULL,
                          "'%s' is no command of tidegate; say what to do with it: "
                          "tidegate check %s, tidegate run %s",
                          given, given, given);
    offer_commands(&nearest);
    return fail_usage(NULL, "'%s' is no command of tidegate%s", given,
                      nearest_hint(&nearest, hint));
}

/* A version is answered also where the engine is missing: then it says so. */
static void print_version(void)
{
    struct tg_engine engine;
    struct tg_error err = {0};
    printf("tidegate %s\n", tg_version());
    if (tg_engine_find(&engine, &err) == TG_OK)
        printf("%s %s, %s\n", engine.name, engine.version, engine.path);
    else
        printf("no engine: %s\n", err.what);
}

int run_command_line(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version();
        return finish_output(0);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return finish_output(0);
    }
    struct call call = {.command = find_command(argv[1])};
    if (!call.command)
        return fail_command(argv[1]);
    if (asks_for_help(argc - 2, argv + 2)) {
        print_command_help(call.command, stdout);
        return finish_output(0);
    }
    int code = parse_call(&call, argc - 2, argv + 2);
    return code ? code : finish_output(call.command->run(&call));
}
