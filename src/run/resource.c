/*
 * The way of one resource: source -> cursor -> normalize -> package, and what is remembered of it
 * for the next run.
 *
 *   resource_begin: describe_resource (describe.c) -> resume_cursor (resume.c) -> open_stream
 *   resource_read:  enter: root_table_hints (root_table.c), open_normalizer, open_pages
 *                   -> extract_page [push_page -> tables_push (tables.c: of which table) ->
 *                                    normalizer_push -> emit_batch -> package_append,
 *                                    and what is not loaded: keep_reject -> rejects_add]
 *                   -> leave: remember_cursor (resume.c), remember_bookmarks,
 *                      find_absent (keys.c: those that the source lists; rows rejected)
 *   resource_look:  the same up to the normalizer, in a load that nobody keeps
 *
 * The first may be done while others are read (turns.c): it changes nothing that they know of.
 */
#include "run/resource.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "extract/cursor/path.h"
#include "extract/limit.h"
#include "package/rejects.h"
#include "run/range.h"
#include "run/tell.h"
#include "run/window.h"
#include "write/disposition.h"

/* What all that are read by turns hold in their batches together: this part of the budget. */
enum { SHARE = 6 };

static const struct tg_cursor no_cursor = {.path = NULL};

/* ---- bookmarks ---- */

/* A window (end_value) neither knows nor remembers anything: of what is bookmarked it loads a part.
 * Nor does a run that ends before the source does. */
static bool keeps_bookmarks(const struct resource_load *part)
{
    return part->resource->incremental.end_value.kind == TG_VALUE_NONE &&
           part->turn->rows_max == 0 && !(part->cursor && cursor_is_over(part->cursor));
}

/* All dispositions remember what they read; those that add rows leave out what they know. */
static bool skips_bookmarks(const struct resource_load *part)
{
    return keeps_bookmarks(part) && !part->replaces && part->resource->disposition->adds_rows;
}

/* What the source has read in this run, and would know again. */
static struct bookmarks new_bookmarks(const struct resource_load *part)
{
    const struct source_driver *driver = part->resource->driver;
    return keeps_bookmarks(part) && driver->remember ? driver->remember(part->stream)
                                                     : (struct bookmarks){0};
}

static int remember_bookmarks(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest *manifest = NULL;
    struct bookmarks made = new_bookmarks(part);
    if (made.count == 0)
        return TG_OK;
    TRY(load_package(part->load, &manifest, err));
    manifest->skips_files |= skips_bookmarks(part);
    for (size_t i = 0; i < made.count; i++) {
        struct bookmark bookmark = made.items[i];
        bookmark.resource = part->resource->name;
        TRY(manifest_add_bookmark(manifest, &bookmark, err));
    }
done:
    return rc;
}

/* A new file without a new row. */
static void note_filtered(void *user, const char *file, uint64_t rows)
{
    struct resource_load *part = user;
    if (!part->groups && keeps_bookmarks(part))
        filtered_note(&part->filtered, file, rows); /* of groups, rows may go along with others */
}

/* ---- the pipes ---- */

/* The root table's part of the manifest: before those of what is nested in it. */
int part_enter_root(struct resource_load *part, struct manifest_table **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest *manifest = NULL;
    const char *resource = part->owner ? part->owner : part->resource->name;
    TRY(load_package(part->load, &manifest, err));
    TRY(manifest_add_table(manifest, part->root->name, resource, false, out, err));
    (*out)->further = part->further && !part->owner;
done:
    return rc;
}

static int enter_table(struct resource_load *part, const char *name, struct manifest_table **out,
                       struct tg_error *err)
{
    int rc = part_enter_root(part, out, err);
    if (rc != TG_OK || strcmp(name, part->root->name) == 0)
        return rc;
    return manifest_add_table(package_manifest(part->load->package), name, part->resource->name,
                              true, out, err);
}

static int emit_batch(void *sink, const char *name, const struct ArrowSchema *schema,
                      struct ArrowArray *array, struct tg_error *err)
{
    int rc = TG_OK;
    struct resource_load *part = sink;
    struct manifest_table *table = NULL;
    enum there found = part->root_found;
    TRY(enter_table(part, name, &table, err));
    if (table->rows_new == 0) {
        if (strcmp(name, part->root->name) != 0)
            TRY(there_meet(part->session, name, part->resource, part->held_by, &found, err));
        table->was_there = found == THERE_PRESENT;
    }
    if (late_recalls(part->resource) && !table->nested && !*table->recalls)
        TRY(late_recall(part->load, part->resource, table, err));
    table->rows_new += (uint64_t)array->length;
    TRY(again_add(part->again, name, strcmp(name, part->root->name) == 0, schema, array, err));
    return package_append(part->load->package, name, schema, array, err);
done:
    array_release(array);
    return rc;
}

/* Are rows of the table at the destination to go that the source has no more? */
static bool loses_absent(const struct resource_load *part)
{
    return part->resource->deletes.detect != TG_DETECT_NONE && !part->replaces &&
           part->root_found == THERE_PRESENT;
}

static int open_keys(struct resource_load *part, struct tg_error *err)
{
    const struct keys_of of = {part->load, part->resource, part->root, part->turn->place,
                               .is_late = false};
    return part->keys ? TG_OK : keys_new(&of, &part->keys, err);
}

/* A row that is not loaded is not gone; but of one that could not be read nobody knows which it is.
 */
static int keep_key(struct resource_load *part, const struct reject *reject, struct tg_error *err)
{
    int rc = TG_OK;
    if (!loses_absent(part) || part->resource->deletes.detect != TG_DETECT_SNAPSHOT)
        return TG_OK;
    if (cell_kind(reject->document) == CELL_NULL)
        TRY(error_set(err, TG_DATA,
                      "%s: %s; it may be any row that is there, and what is not read is taken for "
                      "gone: correct it",
                      reject->place, reject->reason));
    TRY(open_keys(part, err));
    TRY(keys_add(part->keys, reject->document, err));
done:
    return rc;
}

/* Counts it for the table that the row was going to, which may get no row at all. */
static int keep_reject(void *sink, const struct reject *reject, struct tg_error *err)
{
    int rc = TG_OK;
    struct resource_load *part = sink;
    struct load *load = part->load;
    struct manifest *manifest = NULL;
    struct manifest_table *table = NULL;
    const struct rejected_row row = {.resource = part->resource->name,
                                     .table = reject->table,
                                     .column = reject->column,
                                     .reason = reject->reason,
                                     .place = reject->place,
                                     .file = reject->file,
                                     .line = reject->line,
                                     .byte = reject->byte,
                                     .text = reject->text,
                                     .document = reject->document};
    if (part->turn->onlooker)
        part->turn->onlooker->rejected(part->turn->onlooker->user, reject);
    TRY(load_package(load, &manifest, err));
    if (strcmp(reject->table, part->root->name) != 0) {
        TRY(enter_table(part, reject->table, &table, err));
        table->rows_rejected++;
        part->nested_rejected++;
    } else {
        part->counts->rows_rejected++;
        TRY(keep_key(part, reject, err));
    }
    TRY(rejects_add(&load->rejects, load->package, load->id, &row, err));
done:
    return rc;
}

int part_push(struct resource_load *part, struct page *page, struct tg_error *err)
{
    return part->normalizer ? normalizer_push(part->normalizer, page, err) : TG_OK;
}

static int tell_judged(const struct resource_load *part, const struct tg_judged *judged,
                       struct tg_error *err)
{
    const struct resource *resource = part->resource;
    const struct read_inside inside = {
        .ctx = &part->session->pipeline->ctx, .resource = resource->name, .kept = &part->kept};
    const struct cursor_counts *counts = part->cursor ? cursor_counts(part->cursor) : NULL;
    const struct tg_read read = {.user = resource->user,
                                 .cursor = part->cursor ? cursor_view(part->cursor) : &no_cursor,
                                 .resource = resource->name,
                                 .inside = &inside,
                                 .rows_before = counts ? counts->below : 0,
                                 .rows_beyond = counts ? counts->beyond : 0};
    struct tg_error own;
    struct tg_error *theirs = err ? err : &own;
    error_clear(theirs);
    int rc = resource->judged ? resource->judged(&read, judged, theirs) : TG_OK;
    return rc == TG_OK ? rc : source_call_failed("judged", rc, theirs);
}

static int tell_page(void *user, uint64_t first, size_t count, const uint8_t *taken,
                     struct tg_error *err)
{
    const struct tg_judged judged = {.first = first, .count = count, .taken = taken};
    return tell_judged(user, &judged, err);
}

static void show_progress(void *user, const struct extract_counts *counts)
{
    struct resource_load *part = user;
    session_progress(part->session, TG_PHASE_EXTRACT, part->resource->name, counts, false);
    if (part->turn->between)
        part->turn->between(part->turn->user);
}

/* The type that a text comes to: the column's, else that of a cursor which begins with text. */
static int known_type(void *user, const char *name, struct type_spec *out, struct tg_error *err)
{
    struct resource_load *part = user;
    const struct tg_cursor *cursor = part->cursor ? cursor_view(part->cursor) : NULL;
    struct time_point point;
    int rc = TG_OK;
    *out = (struct type_spec){.type = TYPE_NONE};
    if (part->normalizer)
        TRY(normalizer_column_type(part->normalizer, name, out, err));
    for (size_t i = 0; cursor && out->type == TYPE_NONE && i < cursor->part_count; i++) {
        const struct tg_cursor *field = &cursor->parts[i];
        if (strcmp(path_field(field->path), name) == 0 && field->start.kind == TG_VALUE_TEXT &&
            time_parse(field->start.text, strlen(field->start.text), &point) == TIME_NONE)
            out->type = TYPE_TEXT;
    }
done:
    return rc;
}

/* A source that skips files says by the cursor which ones; any other one leaves rows out by it. */
static void ask_for_all(const struct resource_load *part, struct resource_request *request)
{
    request->reads_all = true;
    request->whole = request->replaces = request->commit_safe.applies = false;
    request->row_order = TG_ANY_ORDER;
    if (!part->resource->driver->skips)
        request->cursor = &no_cursor;
}

static int open_stream(struct resource_load *part, struct tg_error *err)
{
    const struct resource *resource = part->resource;
    struct tg_pipeline *pipeline = part->session->pipeline;
    const struct services services = {&pipeline->ctx, part->session->engine};
    struct resource_request request = resource_request(resource, &pipeline->config, &services);
    if (part->cursor)
        request.cursor = cursor_view(part->cursor);
    if (part->cursor)
        request.counts = cursor_counts(part->cursor);
    if (part->cursor)
        part->times = cursor_times(part->cursor);
    request.times = part->cursor ? &part->times : NULL;
    request.skipped = &part->files_skipped;
    request.start_is_open = part->start_is_open;
    request.whole_groups = part->spans_values;
    request.types = (struct known_types){known_type, part};
    request.recalled = part->recalled;
    request.skips_recalled = skips_bookmarks(part);
    request.replaces = part->replaces;
    request.whole = resource->deletes.detect == TG_DETECT_SNAPSHOT;
    request.is_last = part->turn->is_last;
    request.may_wait = part->turn->may_wait;
    request.rejects = resource->reject_bad_rows;
    request.keeps_texts = resource->reject_bad_rows || contract_discards_rows(&part->contract);
    request.only_first = part->turn->only_first;
    request.kept = &part->kept;
    request.tables = &part->tables.maker;
    request.commit_safe.resumes = part->resumes;
    request.commit_safe.known = part->stored.commit_safe;
    request.commit_safe.held = &part->held;
    if (part->turn->onlooker)
        ask_for_all(part, &request);
    return sources_read(&part->session->sources, resource->driver, &request, &part->stream, err);
}

/* Nested rows carry the root row's id when a merge needs it, or somebody has asked for it. */
static bool carries_root_id(const struct resource_load *part)
{
    const struct catalog *catalog = &part->session->catalog;
    if (part->resource->disposition->needs_root_id || late_recalls(part->resource) ||
        part->session->settings.root_key || part->resource->root_key)
        return true;
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *table = catalog->tables[i];
        for (size_t c = 0; table->parent && c < table->column_count; c++)
            if (table->columns[c].root_key && catalog_root(catalog, table) == part->root)
                return true;
    }
    return there_carries_root_id(part->session, part->root->name);
}

/* Others may have brought rows of it, and so may this one, as it was said before. */
static uint64_t count_before(const struct resource_load *part)
{
    const struct manifest *manifest = load_manifest(part->load);
    const struct manifest_table *table =
        manifest ? manifest_find(manifest, part->root->name) : NULL;
    return table ? table->rows_new : 0;
}

static int open_normalizer(struct resource_load *part, struct tg_error *err)
{
    struct session *session = part->session;
    const struct resource *resource = part->resource;
    int nesting = part->root->max_nesting;
    const struct normalize_options options = {
        .ctx = &session->pipeline->ctx,
        .catalog = &session->catalog,
        .there = &session->there,
        .root = part->root,
        .settings = &session->settings,
        .load_id = part->load->id,
        .rows_before = count_before(part),
        .batch_bytes = session->pipeline->ctx.memory_bytes_max / SHARE / part->turn->reading,
        .names = session_names(session),
        .folds_case = session->destination.facts.folds_case,
        .fraction_max = session->destination.facts.fraction_max,
        .contract = part->contract,
        .max_nesting = nesting >= 0 ? nesting : session->settings.max_nesting,
        .row_ids = resource->row_ids,
        .makes_ids = resource->disposition->keeps_history || disposition_keeps_versions(resource),
        .propagate_root_id = carries_root_id(part),
        .keep_order = resource->disposition->needs_order || late_recalls(part->resource),
        .orders_nested = resource->disposition->keeps_history,
        .needs_key = resource->disposition->needs_key || late_recalls(part->resource),
        .reject_bad_rows = resource->reject_bad_rows,
        .reject_max = resource->reject_max,
        .emit = emit_batch,
        .reject = keep_reject,
        .sink = part,
    };
    return normalizer_new(&options, &part->normalizer, err);
}

static int reject_bad(void *user, const struct page *page, struct tg_error *err)
{
    struct resource_load *part = user;
    return part->normalizer ? normalizer_reject(part->normalizer, page, err) : TG_OK;
}

static int push_page(void *user, struct page *page, struct tg_error *err)
{
    return tables_push(user, page, err);
}

/* The program hears that a run begins before it is asked for anything. */
static int begin_source(struct resource_load *part, struct tg_error *err)
{
    const struct resource *resource = part->resource;
    const struct tg_cursor *cursor = part->cursor ? cursor_view(part->cursor) : &no_cursor;
    struct tg_error own;
    struct tg_error *theirs = err ? err : &own;
    if (part->turn->onlooker)
        cursor = &no_cursor;
    error_clear(theirs);
    int rc = resource->begin ? resource->begin(resource->user, cursor, theirs) : TG_OK;
    if (rc != TG_OK)
        return source_call_failed("begin", rc, theirs);
    part->counts->begun = true;
    return TG_OK;
}

/* Of a further table no row means that all are gone only where that is said. */
static bool says_nothing(const struct resource_load *part)
{
    return part->further && !part->resource->allow_empty && part->counts->rows_rejected == 0 &&
           normalizer_row_count(part->normalizer) == 0;
}

/* A replaced table is emptied even when nothing came, once the source was read to its end. What is
 * nested in a table that is gone belongs to no row any more. */
static int remember_root(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_table *table = NULL;
    bool has_rows = normalizer_row_count(part->normalizer) > 0;
    bool replaced = part->replaces && (part->root->seen_data || has_rows);
    bool remade = !part->replaces && part->root_found == THERE_GONE && has_rows;
    bool ranged = part->resource->disposition->replaces_range && !part->replaces &&
                  (has_rows || (part->root->seen_data && range_is_window(part->resource)));
    bool emptied = !part->replaces && !has_rows && part->root->seen_data && !loses_absent(part) &&
                   !says_nothing(part) && history_is_snapshot(part->resource, part->root);
    if (!replaced && !remade && !emptied && !ranged)
        return TG_OK;
    TRY(part_enter_root(part, &table, err));
    if (ranged)
        TRY(range_enter(part->session, part->resource, package_manifest(part->load->package), table,
                        err));
    table->emptied = emptied;
    table->replaced = replaced;
    table->remade = remade;
done:
    return rc;
}

/* ---- what the source has no more ---- */

/* Its keys, when all rows are read: what was deleted meanwhile is gone, and what came meanwhile is
 * listed. */
static int list_keys(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    const struct resource *resource = part->resource;
    struct tg_pipeline *pipeline = part->session->pipeline;
    const struct services services = {&pipeline->ctx, part->session->engine};
    struct resource_request request = resource_request(resource, &pipeline->config, &services);
    struct page_stream *stream = NULL;
    page_stream_close(part->stream);
    part->stream = NULL;
    request.commit_safe = (struct commit_safe){.applies = false};
    request.keys = resource->primary_key;
    request.key_count = resource->primary_key_count;
    request.read = resource->list_keys;
    request.kept = &part->kept;
    request.types = (struct known_types){known_type, part};
    request.whole = request.is_last = true;
    TRY(open_keys(part, err));
    TRY(sources_read(&part->session->sources, resource->driver, &request, &stream, err));
    TRY(keys_list(part->keys, stream, err));
done:
    page_stream_close(stream);
    return rc;
}

/* Rows are gone from groups that came, and none did. */
static bool brings_groups(const struct resource *resource)
{
    return resource->disposition->deletes_absent && resource->merge_key_count > 0;
}

/* Also of a table that begins, or begins anew, a key has one version that is valid. */
static int begin_versions(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_table *root = NULL;
    const struct deletes *deletes = &part->resource->deletes;
    if (deletes->detect == TG_DETECT_NONE || deletes->apply != TG_APPLY_SCD2 ||
        normalizer_row_count(part->normalizer) == 0)
        return TG_OK;
    TRY(part_enter_root(part, &root, err));
    root_table_mark(deletes, root);
done:
    return rc;
}

/* All that is there has been read, but for what is known of it by its keys. */
static int find_absent(struct resource_load *part, const struct extract_counts *read,
                       struct tg_error *err)
{
    int rc = TG_OK;
    uint64_t keys = 0;
    struct manifest_table *root = NULL;
    const struct deletes *deletes = &part->resource->deletes;
    TRY(root_table_flag(part->session, part->resource, part->root, err));
    if (!loses_absent(part))
        return begin_versions(part, err);
    if (deletes->detect == TG_DETECT_KEYS)
        TRY(list_keys(part, err));
    if (deletes->detect == TG_DETECT_KEYS)
        TRY(keys_remember(part->keys, err));
    if (part->keys)
        TRY(keys_finish(part->keys, &keys, err));
    if (read->rows_read == 0 && brings_groups(part->resource))
        return TG_OK;
    uint64_t known = deletes->detect == TG_DETECT_KEYS ? keys : read->rows_read;
    TRY(part_enter_root(part, &root, err));
    root->from_nothing = known == 0 && !deletes->allow_empty && !part->resource->allow_empty;
    root_table_mark(deletes, root);
done:
    return rc;
}

/* What is held back, and by what, is known before anything is read. */
static void recall(struct resource_load *part)
{
    if (keeps_bookmarks(part) && !part->is_anew)
        part->recalled = ledger_recall(&part->session->ledger, part->resource->name);
    if (!part->held_by && part->recalled.count > 0 && skips_bookmarks(part))
        part->held_by = "the list of files that were loaded";
}

static int begin(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = part->session;
    const struct resource *given = part->resource;
    part->replaces = session->pipeline->refresh != TG_REFRESH_NONE || given->disposition->replaces;
    if (part->replaces)
        state_reset_resource(&session->state, resource_source_key(session, given), given->name);
    TRY(describe_resource(session, given, &part->resource, err));
    TRY(resume_cursor(part, err));
    recall(part);
    TRY(root_table_contract(session, part->resource, &part->contract, err));
    TRY(open_stream(part, err));
done:
    return rc;
}

int resource_begin(struct load *load, const struct resource *resource, const struct turn *turn,
                   struct resource_load **out, struct tg_error *err)
{
    const int64_t started = context_ticks_us();
    struct resource_load *part = mem_calloc(1, sizeof(*part));
    *out = NULL;
    if (!part)
        return error_nomem(err);
    *part = (struct resource_load){
        .session = load->session, .load = load, .resource = resource, .turn = turn};
    part->kept_of = (struct kept_of){load->session, resource_source_key(load->session, resource)};
    part->kept = kept_for(&part->kept_of);
    part->tables.maker = tables_maker(part);
    int rc = begin(part, err);
    part->spent_us = context_ticks_us() - started;
    if (rc == TG_OK)
        *out = part;
    else
        resource_end(part);
    return rc;
}

void resource_end(struct resource_load *part)
{
    if (!part)
        return;
    tables_release(part);
    extract_free(part->extract);
    page_stream_close(part->limited);
    page_stream_close(part->stream);
    normalizer_free(part->normalizer);
    keys_free(part->keys);
    late_free(part->late);
    again_free(part->again);
    cursor_free(part->cursor);
    groups_free(part->groups);
    tied_close(&part->tied);
    state_cursor_release(&part->stored);
    buf_release(&part->held.known);
    buf_release(&part->cursor_spec);
    filtered_release(&part->filtered);
    mem_free(part);
}

static void count_resource(const struct resource_load *part)
{
    const struct extract_counts *read = extract_counts(part->extract);
    struct resource_counts *counts = part->counts;
    counts->rows_read = read->rows_read;
    counts->rows_filtered = read->rows_filtered;
    if (part->cursor)
        counts->by_cursor = *cursor_counts(part->cursor);
    counts->rows_waiting = part->held.count;
    counts->rows_new = part->normalizer ? normalizer_row_count(part->normalizer) : 0;
    counts->bytes_read = read->bytes;
    counts->files_skipped = part->files_skipped;
    session_progress(part->session, TG_PHASE_EXTRACT, part->resource->name, read, true);
    tell_read(part->session, counts);
}

/* Files that a merge reads again hand over nothing new. */
static int begin_late(struct resource_load *part, struct tg_error *err)
{
    const struct late_of of = {part->load, part->resource, part->root, part->turn->place,
                               !skips_bookmarks(part)};
    return late_begin(part->late, &of, part->cursor ? cursor_reached(part->cursor) : NULL, err);
}

static int open_pages(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct context *ctx = &part->session->pipeline->ctx;
    const struct turn *turn = part->turn;
    const bool judged = part->resource->judged && !turn->onlooker && !turn->only_first;
    const struct extract_sink sink = {.push = push_page,
                                      .bad = reject_bad,
                                      .progress = show_progress,
                                      .judged = judged ? tell_page : NULL,
                                      .filtered = part->cursor ? note_filtered : NULL,
                                      .user = part};
    struct page_stream *stream = part->stream;
    if (turn->rows_max > 0)
        TRY(limit_new(part->stream, turn->rows_max, turn->cut, &part->limited, err));
    stream = part->limited ? part->limited : stream;
    if (turn->onlooker)
        stream = turn->onlooker->over(turn->onlooker->user, stream);
    TRY(extract_new(ctx, stream, part->cursor, &sink, &part->extract, err));
done:
    return rc;
}

int part_meet_table(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = part->session;
    normalizer_free(part->normalizer);
    part->normalizer = NULL;
    TRY(root_table_hints(session, part->resource, &part->root, &part->contract, err));
    part->counts->table = part->root->name;
    if (!part->root->discarded)
        TRY(there_meet(session, part->root->name, part->resource, part->held_by, &part->root_found,
                       err));
    TRY(open_normalizer(part, err));
done:
    return rc;
}

/* Nobody else's rows are on their way into it from here on. */
static int meet_own_table(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(part_meet_table(part, err));
    TRY(tables_open(part, err));
    TRY(again_new(part->session, part->resource, &part->again, err));
    TRY(begin_late(part, err));
done:
    return rc;
}

/* Then what the destination has matters no more than to know that it is there. */
static bool brings_nothing(const struct resource_load *part)
{
    const struct source_driver *driver = part->resource->driver;
    return driver->is_idle && driver->is_idle(part->stream);
}

/* Before its first page. */
static int enter(struct resource_load *part, struct resource_counts *counts, struct tg_error *err)
{
    int rc = TG_OK;
    *counts = (struct resource_counts){.resource = part->resource};
    part->counts = counts;
    session_progress(part->session, TG_PHASE_EXTRACT, part->resource->name, NULL, false);
    tell_reads(part->session, part->resource, part->cursor ? cursor_view(part->cursor) : NULL);
    if (!brings_nothing(part))
        TRY(there_complete(part->session, err));
    if (!part->resource->no_table)
        TRY(meet_own_table(part, err));
    if (!part->turn->only_first)
        TRY(begin_source(part, err));
    TRY(open_pages(part, err));
done:
    return rc;
}

static bool lacks_columns(const struct resource_load *part)
{
    const struct table *root = part->root;
    const bool folds = part->session->destination.facts.folds_case;
    const struct table *there = catalog_find_like(&part->session->there, root->name, folds);
    bool lacks = false;
    for (size_t i = 0; there && i < root->column_count; i++)
        lacks |= root->columns[i].spec.type != TYPE_NONE &&
                 !table_find_like(there, root->columns[i].name, folds);
    return lacks;
}

static bool wants_table(const struct resource_load *part)
{
    return part->resource->materialize && !part->root->discarded &&
           normalizer_row_count(part->normalizer) == 0 &&
           (part->root_found != THERE_PRESENT || lacks_columns(part));
}

static int materialize(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_table *table = NULL;
    TRY(part_enter_root(part, &table, err));
    table->materialized = true;
    TRY(normalizer_materialize(part->normalizer, err));
done:
    return rc;
}

int part_fill_table(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct resource_counts *counts = part->counts;
    if (wants_table(part))
        TRY(materialize(part, err));
    TRY(normalizer_finish(part->normalizer, err));
    TRY(late_finish(part->late, counts, err));
    if (!part->root->discarded && !says_nothing(part))
        TRY(history_check(part->resource, part->root, normalizer_row_count(part->normalizer),
                          counts->rows_rejected, part->nested_rejected, err));
    TRY(range_check(part->resource, part->root, counts->rows_rejected + part->nested_rejected,
                    err));
    TRY(remember_root(part, err));
done:
    return rc;
}

static int leave_table(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(again_finish(part->again, part->load, part->root->name, part->replaces, err));
    again_check_merge(part->session, part->resource, part->root->name);
    TRY(find_absent(part, extract_counts(part->extract), err));
done:
    return rc;
}

/* Behind its last one. */
static int leave(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    const struct tg_judged ended = {.ended = true};
    const bool has_table = !part->resource->no_table;
    TRY(tell_judged(part, &ended, err));
    resume_say_doubts(part, extract_counts(part->extract));
    if (has_table)
        TRY(part_fill_table(part, err));
    if (has_table)
        TRY(tables_leave(part, err));
    TRY(remember_cursor(part, err));
    TRY(remember_window(part, err));
    TRY(remember_bookmarks(part, err));
    if (has_table)
        TRY(leave_table(part, err));
    count_resource(part);
done:
    return rc;
}

int resource_read(struct resource_load *part, uint64_t pages, struct resource_counts *counts,
                  bool *over, struct tg_error *err)
{
    int rc = TG_OK;
    const int64_t started = context_ticks_us();
    *over = false;
    if (!part->counts)
        TRY(enter(part, counts, err));
    for (; pages > 0 && !*over; pages--)
        TRY(extract_page(part->extract, over, err));
    if (*over)
        TRY(leave(part, err));
    part->spent_us += context_ticks_us() - started;
    counts->seconds = (double)part->spent_us / 1e6;
done:
    return rc;
}

int resource_look(struct resource_load *part, struct resource_counts *counts, struct tg_error *err)
{
    int rc = TG_OK;
    bool over = false;
    TRY(enter(part, counts, err));
    while (!over)
        TRY(extract_page(part->extract, &over, err));
    if (part->normalizer)
        TRY(normalizer_finish(part->normalizer, err));
    counts->rows_read = extract_counts(part->extract)->rows_read;
done:
    return rc;
}
