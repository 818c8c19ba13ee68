/*
 * tidegate check: is the spec right, do source and destination open, and what would be read?
 *
 *   check_run -> tg_pipeline_open (spec) -> check_opened -> tg_pipeline_check_resources (hear: its
 *             warnings) -> print_found, or print_json_found
 *
 * Nothing is loaded or written. What is wrong goes to standard error with its place.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Warnings, each once. */
struct heard {
    pthread_mutex_t lock; /* any thread may warn */
    char **texts;
    size_t count;
};

static bool is_heard(const struct heard *heard, const char *message)
{
    for (size_t i = 0; i < heard->count; i++)
        if (strcmp(heard->texts[i], message) == 0)
            return true;
    return false;
}

static void hear(void *user, int level, const char *component, const char *message)
{
    struct heard *heard = user;
    (void)component;
    if (level > TG_LOG_WARNING)
        return;
    pthread_mutex_lock(&heard->lock);
    char **grown = is_heard(heard, message)
                       ? NULL
                       : realloc(heard->texts, (heard->count + 1) * sizeof(*grown));
    if (grown) {
        heard->texts = grown;
        grown[heard->count] = strdup(message);
        heard->count += grown[heard->count] != NULL;
    }
    pthread_mutex_unlock(&heard->lock);
}

static void forget(struct heard *heard)
{
    for (size_t i = 0; i < heard->count; i++)
        free(heard->texts[i]);
    free(heard->texts);
}

static void print_warnings(const struct heard *heard)
{
    for (size_t i = 0; i < heard->count; i++) {
        fputs(i == 0 ? "\n" : "", stdout);
        print_sentence(stdout, "Warning: %s", heard->texts[i]);
    }
}

static int print_found(const struct call *call, const struct tg_pipeline *pipeline,
                       const struct heard *heard, struct ArrowArrayStream *resources,
                       struct tg_error *err)
{
    static const char *const columns[] = {RESOURCE_COLUMNS, NULL};
    char environment[ENVIRONMENT_BYTES];
    print_sentence(stdout, "%s%s: the spec is right, and every source opens", call->arguments[0],
                   format_environment(pipeline, environment));
    print_sentence(stdout, "Destination %s (dataset '%s') is reachable",
                   tg_pipeline_destination(pipeline), tg_pipeline_dataset(pipeline));
    putchar('\n');
    int rc = print_stream(resources, FORMAT_LIST, columns, stdout, err);
    print_warnings(heard);
    return rc;
}

static int print_json_found(const struct tg_pipeline *pipeline, const struct heard *heard,
                            struct ArrowArrayStream *resources, struct tg_error *err)
{
    putchar('{');
    print_json_destination(stdout, pipeline);
    fputs("\"resources\":", stdout);
    int rc = print_stream(resources, FORMAT_JSON, NULL, stdout, err);
    fputs(",\"warnings\":[", stdout);
    for (size_t i = 0; i < heard->count; i++) {
        fputs(i ? "," : "", stdout);
        print_json_text(heard->texts[i], stdout);
    }
    fputs("]}\n", stdout);
    return rc;
}

static int check_opened(const struct call *call, struct tg_pipeline *pipeline,
                        const struct heard *heard, struct tg_error *err)
{
    struct ArrowArrayStream resources = {0};
    cancel_on_signals(pipeline);
    int rc = tg_pipeline_check_resources(pipeline, &resources, err);
    cancel_on_signals(NULL);
    if (rc)
        return rc;
    return call_format(call) == FORMAT_JSON ? print_json_found(pipeline, heard, &resources, err)
                                            : print_found(call, pipeline, heard, &resources, err);
}

static int check_run(const struct call *call)
{
    struct tg_error err = {0};
    struct tg_pipeline *pipeline = NULL;
    struct heard heard = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT, .log = hear, .user = &heard,
        .workdir = call_flag(call, "--workdir"), .environment = call_flag(call, "--env")};
    int rc = tg_pipeline_open(&pipeline, call->arguments[0], &options, &err);
    if (!rc)
        rc = check_opened(call, pipeline, &heard, &err);
    tg_pipeline_free(pipeline);
    if (rc && call_format(call) == FORMAT_JSON)
        print_json_failure(stdout, &err, NULL);
    forget(&heard);
    return rc ? fail(&err) : 0;
}

const struct command command_check = {
    .name = "check",
    .summary = "Validate a spec, open sources and destination, list resources",
    .details = "What a run refuses is said here, too: a cursor that is another one than before, a "
               "table of somebody else, what may not be read or written. Of files the first rows "
               "are read, for keys and columns that they do not have. Nothing is loaded or "
               "written.",
    .arguments = {{"SPEC", false, "the spec file", NULL}},
    .flags = {{"--json", NULL, "what is found, or the error, for programs: one object"},
              PLACE_FLAGS},
    .run = check_run,
};
