/*
 * For tests of normalize: feeds lines of JSON to a normalizer, and writes down what it emits.
 *
 * run.text holds for each batch a line "table(column type, ...)" and a line per row, values as
 * JSON, joined by '|'. Columns that start with "_dlt" are left out unless run.show_system is set.
 * A rejected row is a line "TABLE.COLUMN: DOCUMENT (REASON)". Random ids count up: AAAAAAAAAAAAAQ,
 * AAAAAAAAAAAAAg...
 */
#ifndef TIDEGATE_TESTS_NORMALIZE_COLLECT_H
#define TIDEGATE_TESTS_NORMALIZE_COLLECT_H

#include "normalize/normalize.h"
#include "dlt/store.h"

struct run {
    struct context ctx;
    struct catalog catalog;
    struct settings settings; /* of the catalog, unless a test changes it */
    struct table *root;
    struct normalize_options options;
    struct normalizer *normalizer;
    struct json_page *parser;
    bool show_system;
    bool count_only; /* write row counts instead of rows */
    uint64_t next_random;
    struct buf text;
    struct tg_error err;
};

static inline int run_random(void *user, void *out, size_t len)
{
    struct run *run = user;
    unsigned char *bytes = out;
    for (size_t i = 0; i < len; i++)
        bytes[i] = i % 10 == 9 ? (unsigned char)++run->next_random : 0;
    return TG_OK;
}

static inline bool run_shows(const struct run *run, const char *name)
{
    return run->show_system || strncmp(name, "_dlt", 4) != 0;
}

static inline int run_emit(void *sink, const char *table, const struct ArrowSchema *schema,
                           struct ArrowArray *array, struct tg_error *err)
{
    struct run *run = sink;
    int rc = TG_OK;
    bool first = true;
    buf_printf(&run->text, "%s(", table);
    for (int64_t i = 0; i < schema->n_children; i++) {
        struct type_spec spec;
        TRY(type_from_arrow(schema->children[i], &spec, err));
        if (!run_shows(run, schema->children[i]->name))
            continue;
        buf_printf(&run->text, "%s%s %s", first ? "" : ", ", schema->children[i]->name,
                   type_name(spec.type));
        if (spec.type == TYPE_DECIMAL)
            buf_printf(&run->text, "(%d,%d)", spec.precision, spec.scale);
        first = false;
    }
    buf_text(&run->text, ")\n");
    if (run->count_only)
        buf_printf(&run->text, "%lld rows\n", (long long)array->length);
    for (int64_t row = 0; row < array->length && !run->count_only; row++) {
        first = true;
        for (int64_t i = 0; i < schema->n_children; i++) {
            if (!run_shows(run, schema->children[i]->name))
                continue;
            buf_text(&run->text, first ? "" : "|");
            first = false;
            TRY(value_json(schema->children[i], array->children[i], row, &run->text, err));
        }
        buf_char(&run->text, '\n');
    }
    TRY(buf_check(&run->text, err));
done:
    array_release(array);
    return rc;
}

static inline int run_reject(void *sink, const struct reject *reject, struct tg_error *err)
{
    struct run *run = sink;
    buf_printf(&run->text, "%s.%s: ", reject->table, reject->column ? reject->column : "");
    cell_json(&run->text, reject->document, 0);
    buf_printf(&run->text, " (%s)", reject->reason);
    if (reject->text)
        buf_printf(&run->text, " at %s = %s:%d:%d '%s'", reject->place, reject->file,
                   (int)reject->line, (int)reject->byte, reject->text);
    buf_char(&run->text, '\n');
    return buf_check(&run->text, err);
}

/* A catalog with the root table "t"; change run->options and the catalog, then push. */
static inline int run_init(struct run *run)
{
    int rc = TG_OK;
    *run = (struct run){.next_random = 0};
    context_init(&run->ctx);
    run->ctx.random = run_random;
    run->ctx.user = run;
    TRY(catalog_init(&run->catalog, "s", &run->err));
    TRY(catalog_add(&run->catalog, "t", NULL, &run->root, &run->err));
    TRY(settings_read(&run->catalog, &run->settings, &run->err));
    run->options = (struct normalize_options){.ctx = &run->ctx,
                                              .catalog = &run->catalog,
                                              .root = run->root,
                                              .settings = &run->settings,
                                              .load_id = "1700000000.5",
                                              .max_nesting = -1,
                                              .emit = run_emit,
                                              .reject = run_reject,
                                              .sink = run};
    TRY(json_page_new(&run->parser, &run->err));
done:
    return rc;
}

static inline void run_release(struct run *run)
{
    normalizer_free(run->normalizer);
    json_page_free(run->parser);
    settings_release(&run->settings);
    catalog_release(&run->catalog);
    buf_release(&run->text);
}

/* Pushes a page of lines. */
static inline int run_push(struct run *run, const char *lines)
{
    int rc = TG_OK;
    struct page page = {.kind = PAGE_END};
    size_t len = strlen(lines);
    char *text = mem_calloc(1, len + 16);
    if (!text)
        return error_nomem(&run->err);
    memcpy(text + 8, lines, len);
    if (!run->normalizer)
        TRY(normalizer_new(&run->options, &run->normalizer, &run->err));
    TRY(json_page_lines(run->parser, text + 8, len, 1, &page, &run->err));
    TRY(normalizer_push(run->normalizer, &page, &run->err));
done:
    page_release(&page);
    mem_free(text);
    return rc;
}

/* Ends the load, so that the next push starts another one over the same catalog. */
static inline int run_finish(struct run *run)
{
    int rc = normalizer_finish(run->normalizer, &run->err);
    normalizer_free(run->normalizer);
    run->normalizer = NULL;
    return rc;
}

#endif
