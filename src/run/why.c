/*
 * The story of a row, a fact a line, each as a word for programs and a sentence for people.
 *
 *   why_pipeline -> the resource's table in the stored schema -> why_key_read -> destination_story
 *   -> tell_rows, tell_old, tell_nested, tell_rejects (heard while it is asked), tell_waiting,
 *   tell_source (why_read.c, where it is asked for) -> a stream of the sheet
 *                | tell_unloaded: there is no table yet, and the source is to be read
 *
 * What was not recorded is said to be so: a file is known of a load, not of a row; what loads
 * replace is there as long as it is kept for an undo.
 */
#include "run/why.h"

#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/text/nearest.h"
#include "data/sheet.h"
#include "run/inspect.h"
#include "run/why_key.h"
#include "run/why_read.h"

enum { FACT, LOAD_ID, AT, TABLE, DETAIL, COLUMN_COUNT };

static const char *const names[COLUMN_COUNT] = {"fact", "load_id", "at", "table", "detail"};

static const struct type_spec types[COLUMN_COUNT] = {[FACT] = {.type = TYPE_TEXT},
                                                     [LOAD_ID] = {.type = TYPE_TEXT},
                                                     [AT] = {.type = TYPE_TEXT},
                                                     [TABLE] = {.type = TYPE_TEXT},
                                                     [DETAIL] = {.type = TYPE_TEXT}};

enum { REJECTS_MAX = 20 };

struct why {
    struct tg_pipeline *pipeline;
    struct destination destination;
    struct catalog catalog;
    struct settings settings;
    const struct table *table;
    struct why_key key;
    struct story story;
    struct sheet facts;
    struct story_reject rejects[REJECTS_MAX]; /* of the key, the newest first */
    size_t reject_count;                      /* may be more than there is room for */
    size_t unread_count;                      /* rejects whose key nobody knows */
};

/* A fact, with the sentence in `detail`, which is cleared. */
static int put_fact(struct sheet *sheet, const char *fact, const char *load_id, const char *at,
                    const char *table, struct buf *detail, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(buf_check(detail, err));
    TRY(sheet_text(sheet, FACT, fact, err));
    TRY(sheet_text(sheet, LOAD_ID, load_id, err));
    TRY(sheet_text(sheet, AT, at, err));
    TRY(sheet_text(sheet, TABLE, table, err));
    TRY(sheet_text(sheet, DETAIL, buf_string(detail), err));
    rc = sheet_end_row(sheet, err);
done:
    buf_clear(detail);
    return rc;
}

static const struct story_load *load_of(const struct story *story, const char *load_id)
{
    for (size_t i = 0; load_id && i < story->load_count; i++)
        if (strcmp(story->loads[i].load_id, load_id) == 0)
            return &story->loads[i];
    return NULL;
}

static const char *time_of(const struct story *story, const char *load_id)
{
    const struct story_load *load = load_of(story, load_id);
    return load ? load->at : NULL;
}

/* ---- as it is now ---- */

static int tell_row(struct why *why, const struct story_row *row, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    const char *table = why->table->name, *at = time_of(&why->story, row->load_id);
    buf_printf(&text, "the row is in table '%s'", table);
    if (row->valid_from)
        buf_printf(&text, " as a version that %s %s%s%s",
                   row->valid_to ? "was valid from" : "is valid since", row->valid_from,
                   row->valid_to ? " to " : "", row->valid_to ? row->valid_to : "");
    if (!row->load_id)
        buf_text(&text, "; which load brought it is not recorded");
    else if (at)
        buf_printf(&text, "; load %s brought it so, and was committed at %s", row->load_id, at);
    else
        buf_printf(&text, "; load %s brought it so; when is not recorded", row->load_id);
    TRY(put_fact(&why->facts, row->valid_from ? "version" : "row", row->load_id, at, table, &text,
                 err));
    if (row->deleted_at) {
        buf_printf(&text, "it is flagged as deleted since %s: its source does not have it any more",
                   row->deleted_at);
        rc = put_fact(&why->facts, "deleted", row->load_id, row->deleted_at, table, &text, err);
    }
done:
    buf_release(&text);
    return rc;
}

static int tell_files(struct why *why, const struct story_load *load, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    if (load->file_count == 0)
        return TG_OK;
    buf_printf(&text, "new or changed in load %s:", load->load_id);
    for (size_t i = 0; i < load->file_count && i < STORY_FILES_MAX; i++)
        buf_printf(&text, "%s %s", i > 0 ? "," : "", load->files[i]);
    if (load->file_count > STORY_FILES_MAX)
        buf_printf(&text, " and %zu more", load->file_count - STORY_FILES_MAX);
    buf_text(&text, "; from which file a row came is not recorded");
    int rc = put_fact(&why->facts, "files", load->load_id, load->at, NULL, &text, err);
    buf_release(&text);
    return rc;
}

static int tell_rows(struct why *why, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    const struct story *story = &why->story;
    for (size_t i = 0; i < story->rows.count; i++) {
        const char *load_id = story->rows.items[i].load_id;
        bool again = i > 0 && load_id && story->rows.items[i - 1].load_id &&
                     strcmp(load_id, story->rows.items[i - 1].load_id) == 0;
        const struct story_load *load = again ? NULL : load_of(story, load_id);
        TRY(tell_row(why, &story->rows.items[i], err));
        if (load)
            TRY(tell_files(why, load, err));
    }
    if (story->rows.count == STORY_ROWS_MAX)
        buf_printf(&text, "there may be more rows of this key than these %d", STORY_ROWS_MAX);
    else if (!story->is_there)
        buf_printf(&text, "the destination has no table '%s'", why->table->name);
    else if (story->rows.count == 0)
        buf_printf(&text, "table '%s' has no row of this key now", why->table->name);
    if (text.len > 0)
        rc = put_fact(&why->facts, story->rows.count > 0 ? "more" : "absent", NULL, NULL,
                      why->table->name, &text, err);
done:
    buf_release(&text);
    return rc;
}

/* ---- as it was ---- */

static int tell_old(struct why *why, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    const struct story *story = &why->story;
    for (size_t i = 0; i < story->kept.count; i++) {
        const struct story_row *row = &story->kept.items[i];
        const char *at = time_of(story, row->taken_by);
        buf_printf(&text, "load %s%s%s took away, or replaced, the row that ", row->taken_by,
                   at ? " at " : "", at ? at : "");
        if (row->load_id)
            buf_printf(&text, "load %s had brought", row->load_id);
        else
            buf_text(&text, "was there before");
        TRY(put_fact(&why->facts, "replaced", row->taken_by, at, why->table->name, &text, err));
    }
    buf_text(&text, story->keeps
                        ? "what loads before the kept ones replaced is not recorded"
                        : "which loads replaced or deleted it before is not recorded; `undo: "
                          "{loads: N}` in the spec keeps the rows that the newest N loads replace");
    rc = put_fact(&why->facts, "unrecorded", NULL, NULL, why->table->name, &text, err);
done:
    buf_release(&text);
    return rc;
}

static int tell_nested(struct why *why, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < why->story.nested_count && rc == TG_OK; i++) {
        const struct story_nested *nested = &why->story.nested[i];
        buf_printf(&text, "%llu %s in table '%s' %s nested in it", (unsigned long long)nested->rows,
                   nested->rows == 1 ? "row" : "rows", nested->table,
                   nested->rows == 1 ? "is" : "are");
        rc = put_fact(&why->facts, "nested", NULL, NULL, nested->table, &text, err);
    }
    buf_release(&text);
    return rc;
}

/* ---- rejects, and what waits ---- */

static int keep_reject(struct why *why, const struct story_reject *reject, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &why->key.arena;
    if (why->reject_count++ >= REJECTS_MAX)
        return TG_OK;
    struct story_reject *kept = &why->rejects[why->reject_count - 1];
    TRY(arena_keep(arena, reject->load_id, &kept->load_id, err));
    TRY(arena_keep(arena, reject->place ? reject->place : "", &kept->place, err));
    TRY(arena_keep(arena, reject->reason, &kept->reason, err));
done:
    return rc;
}

static int hear_reject(void *user, const struct story_reject *reject, struct tg_error *err)
{
    int rc = TG_OK;
    bool matches = false;
    struct why *why = user;
    yyjson_doc *doc = NULL;
    if (!reject->document || strcmp(reject->document, "null") == 0) {
        why->unread_count++;
        return TG_OK;
    }
    TRY(json_parse_exact(reject->document, strlen(reject->document), "a rejected row", &doc, err));
    TRY(why_key_is_of(&why->key, yyjson_doc_get_root(doc), &matches, err));
    if (matches)
        rc = keep_reject(why, reject, err);
done:
    yyjson_doc_free(doc);
    return rc;
}

static int tell_rejects(struct why *why, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < why->reject_count && i < REJECTS_MAX; i++) {
        const struct story_reject *reject = &why->rejects[i];
        const char *place = reject->place;
        buf_printf(&text, "load %s did not take it%s%s: %s", reject->load_id,
                   *place ? " from " : "", place, reject->reason);
        TRY(put_fact(&why->facts, "rejected", reject->load_id, NULL, why->table->name, &text, err));
    }
    if (why->reject_count > REJECTS_MAX) {
        buf_printf(&text, "it was rejected %zu more times; `tidegate show SPEC rejects` has all",
                   why->reject_count - REJECTS_MAX);
        rc = put_fact(&why->facts, "rejected", NULL, NULL, why->table->name, &text, err);
    }
done:
    buf_release(&text);
    return rc;
}

static int tell_unread(struct why *why, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    if (why->unread_count == 0)
        return TG_OK;
    buf_printf(&text,
               "%zu %s of the resource could not be read at all, so that nobody knows %s; "
               "`tidegate show SPEC rejects` has %s",
               why->unread_count, why->unread_count == 1 ? "row" : "rows",
               why->unread_count == 1 ? "its key" : "their keys",
               why->unread_count == 1 ? "it" : "them");
    int rc = put_fact(&why->facts, "unreadable", NULL, NULL, why->table->name, &text, err);
    buf_release(&text);
    return rc;
}

static int tell_waiting(struct why *why, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    struct fs_names loads = {0};
    const struct config *config = &why->pipeline->config;
    char *folder = fs_join(config->workdir, config->pipeline);
    char *sealed = folder ? fs_join(folder, "sealed") : NULL;
    if (!sealed)
        TRY(error_nomem(err));
    TRY(fs_list(sealed, &loads, err));
    for (size_t i = 0; i < loads.count; i++) {
        buf_printf(&text, "load %s waits to be written, and was not looked at", loads.items[i]);
        TRY(put_fact(&why->facts, "waiting", loads.items[i], NULL, NULL, &text, err));
    }
done:
    fs_names_release(&loads);
    mem_free(sealed);
    mem_free(folder);
    buf_release(&text);
    return rc;
}

/* ---- as the source has it ---- */

static int hear_source(void *user, const char *fact, struct buf *sentence, struct tg_error *err)
{
    struct why *why = user;
    return put_fact(&why->facts, fact, NULL, NULL, why->table ? why->table->name : NULL, sentence,
                    err);
}

static int tell_source(struct why *why, const struct tg_why_options *options, struct tg_error *err)
{
    const struct why_reading reading = {.key = why->table ? &why->key : NULL,
                                        .key_text = options->key,
                                        .resource =
                                            why->table ? why->table->resource : options->resource,
                                        .is_there = why->story.rows.count > 0,
                                        .tell = hear_source,
                                        .user = why};
    return why_read(why->pipeline, &reading, err);
}

/* ---- which table ---- */

static void offer_table(const struct table *table, struct nearest *nearest, struct buf *known)
{
    nearest_offer(nearest, table->resource, strlen(table->resource));
    nearest_offer(nearest, table->name, strlen(table->name));
    buf_printf(known, "%s%s", known->len > 0 ? ", " : "", table->name);
}

/* By the name of its resource, or its own. */
static int find_table(struct why *why, const char *resource, struct tg_error *err)
{
    int rc = TG_OK;
    char hint[NEAREST_HINT_BYTES];
    struct buf known = BUF_INIT;
    struct nearest nearest = {.wanted = resource};
    const struct config *config = &why->pipeline->config;
    for (size_t i = 0; i < config->resource_count; i++)
        nearest_offer(&nearest, config->resources[i].name, strlen(config->resources[i].name));
    for (size_t i = 0; i < why->catalog.table_count && !why->table; i++) {
        const struct table *table = why->catalog.tables[i];
        bool is_root = !table->parent && !table_is_system(table) && table->resource;
        if (is_root &&
            (strcmp(table->resource, resource) == 0 || strcmp(table->name, resource) == 0))
            why->table = table;
        else if (is_root)
            offer_table(table, &nearest, &known);
    }
    if (!why->table && config_resource(config, resource))
        rc = error_reason(err,
                          error_set(err, TG_DESTINATION,
                                    "resource '%s' has no table in dataset '%s' yet: nothing of it "
                                    "was loaded; run the pipeline first, or see by `tidegate why "
                                    "--read` what a run would do with the row",
                                    resource, config->dataset),
                          TG_REASON_NOTHING_LOADED);
    else if (!why->table)
        rc = error_set(err, TG_USAGE,
                       "no table of a resource '%s' is in the schema of dataset '%s'%s%s", resource,
                       config->dataset, nearest.name || known.len == 0 ? "" : "; there are: ",
                       nearest.name ? nearest_hint(&nearest, hint) : buf_string(&known));
    buf_release(&known);
    return rc;
}

/* A value that is no number is the one's who asks; what statement has found that out is not. */
static int explain(int rc, const struct tg_why_options *options, struct tg_error *err)
{
    char what[sizeof(err->what)];
    bool is_value =
        err && (strncmp(err->sqlstate, "22", 2) == 0 || strstr(err->what, "Conversion Error"));
    if (rc != TG_DESTINATION || !is_value)
        return rc;
    memcpy(what, err->what, sizeof(what));
    return error_set(
        err, TG_USAGE,
        "a value of the key '%s' does not fit the type of its column, so that no row of "
        "the table has it; if one was rejected for that, `tidegate show SPEC rejects` "
        "has it: %.*s",
        options->key, (int)strcspn(what, "\n"), what);
}

static int ask(struct why *why, const struct tg_why_options *options, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(inspect_open(why->pipeline, &why->destination, err));
    TRY(inspect_schema(&why->destination, why->pipeline, &why->catalog, err));
    TRY(settings_read(&why->catalog, &why->settings, err));
    TRY(find_table(why, options->resource, err));
    TRY(why_key_read(&why->key, why->table, false, &why->settings,
                     why->destination.facts.name_bytes_max, options->key, err));
    const struct story_request request = {.pipeline = why->pipeline->config.pipeline,
                                          .resource = why->table->resource,
                                          .catalog = &why->catalog,
                                          .table = why->table,
                                          .keys = why->key.parts,
                                          .key_count = why->key.count,
                                          .reject = hear_reject,
                                          .user = why};
    rc = explain(destination_story(&why->destination, &request, &why->story, err), options, err);
done:
    destination_close(&why->destination);
    return rc;
}

static int tell(struct why *why, const struct tg_why_options *options, struct ArrowArrayStream *out,
                struct tg_error *err)
{
    int rc = TG_OK;
    TRY(tell_rows(why, err));
    TRY(tell_nested(why, err));
    TRY(tell_old(why, err));
    TRY(tell_rejects(why, err));
    TRY(tell_unread(why, err));
    TRY(tell_waiting(why, err));
    if (options->read)
        TRY(tell_source(why, options, err));
    rc = sheet_stream(&why->facts, out, err);
done:
    return rc;
}

/* Of a resource without a table the source alone can tell. */
static int tell_unloaded(struct why *why, const struct tg_why_options *options,
                         struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    buf_printf(&text, "dataset '%s' has no table of resource '%s' yet: nothing of it was loaded",
               why->pipeline->config.dataset, options->resource);
    TRY(put_fact(&why->facts, "absent", NULL, NULL, NULL, &text, err));
    TRY(tell_waiting(why, err));
    TRY(tell_source(why, options, err));
    rc = sheet_stream(&why->facts, out, err);
done:
    buf_release(&text);
    return rc;
}

int why_pipeline(struct tg_pipeline *pipeline, const struct tg_why_options *options,
                 struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_error own = {.code = TG_OK};
    struct why why = {.pipeline = pipeline};
    err = err ? err : &own; /* what it says decides */
    TRY(sheet_init(&why.facts, names, types, COLUMN_COUNT, err));
    rc = ask(&why, options, err);
    if (rc == TG_OK)
        rc = tell(&why, options, out, err);
    else if (options->read && err->reason == TG_REASON_NOTHING_LOADED &&
             config_resource(&pipeline->config, options->resource)) {
        error_clear(err);
        rc = tell_unloaded(&why, options, out, err);
    }
done:
    sheet_release(&why.facts);
    why_key_release(&why.key);
    arena_release(&why.story.arena);
    settings_release(&why.settings);
    catalog_release(&why.catalog);
    destination_close(&why.destination);
    return rc;
}
