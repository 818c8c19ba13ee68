/*
 * What a run would do now with the rows of a key: the source is read, and they go the way of a run.
 *
 *   why_read -> session_open_below, session_restore_alone -> follow: resource_begin, as for one who
 *   looks on -> the source -> next_of_key (one row of the key at a time) -> extract_page: cursor,
 *   normalizer -> judge (which of the counters has moved says which rule it was) -> tell_rows
 *
 * So the rules are the run's own, and none is written down a second time. The load is one that
 * nobody keeps; its folder goes with the session.
 */
#include "run/why_read.h"

#include <inttypes.h>
#include <string.h>

#include "data/batch.h"
#include "extract/cursor/path.h"
#include "run/range.h"
#include "run/resource.h"
#include "write/disposition.h"

/* The rules, in the order in which a run asks them. */
enum rule { UNREAD, WITHOUT, BELOW, BEYOND, KNOWN, REJECTED, FAILS, PASSES };

static const char *const facts[] = {
    [UNREAD] = "source_unread", [WITHOUT] = "source_without", [BELOW] = "source_below",
    [BEYOND] = "source_beyond", [KNOWN] = "source_known",     [REJECTED] = "source_rejected",
    [FAILS] = "source_fails",   [PASSES] = "source_passes"};

struct seen_row {
    enum rule rule;
    const char *place; /* "file 'a.jsonl', line 3"; "": unknown */
    const char *at;    /* its cursor value; NULL: it has none, or there is no cursor */
    const char *why;   /* UNREAD, REJECTED, FAILS; else NULL */
};

struct following {
    struct page_stream base; /* over `from`: rows of the key, one a page */
    struct page_stream *from;
    const struct why_reading *reading;
    struct why_key *key, own; /* the reading's, or `own`, by the table that a run would make */
    struct session session;
    struct load load;
    struct resource_load *part;
    struct arena arena;
    struct page in; /* of `from` */
    struct tg_rows *rows;
    size_t at; /* the next row of `in` that is looked at */
    bool is_over, source_failed;
    uint64_t row_count, unread_count; /* that came; that could not be read */
    size_t seen_count, of_rule[PASSES + 1];
    struct seen_row seen[WHY_READ_ROWS_MAX];
    struct seen_row *row;  /* the one on its way; NULL: none */
    struct seen_row spare; /* for those beyond the most that are told */
};

/* ---- rows of the key ---- */

static int next_page(struct following *following, struct tg_error *err)
{
    int rc = TG_OK;
    struct page *in = &following->in;
    if (!page_has_rest(in)) {
        rc = following->from->next(following->from, in, err);
        following->source_failed = rc != TG_OK;
        if (rc != TG_OK)
            return rc;
        following->row_count += in->read_count;
        following->unread_count += page_bad_count(in);
    }
    following->is_over = in->kind == PAGE_END;
    following->at = 0;
    if (in->kind != PAGE_ARROW && !page_has_rest(in))
        return TG_OK;
    if (!following->rows)
        TRY(rows_new(&following->rows, err));
    rc = page_to_rows(in, following->rows, err);
done:
    return rc;
}

static bool is_unread(const struct page *page, size_t index)
{
    uint64_t line = page->lines ? page->lines[index] : page->first_row + index;
    return page->unread && (page->unread_lines == 0 || line <= page->unread_lines);
}

/* Each field of the cursor, as the row has it. */
static int note_cursor(struct following *following, const yyjson_val *row, const char **out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    const struct incremental *incremental = &following->part->resource->incremental;
    for (size_t i = 0; i < incremental->field_count; i++) {
        struct path path;
        TRY(path_parse(&following->arena, &path_of_cursor, incremental->fields[i], &path, err));
        const yyjson_val *cell = path_find(&path, row);
        if (!cell && path.is_name)
            TRY(why_key_find(following->key, row, path.field, &cell, err));
        if (i > 0)
            buf_text(&text, ", ");
        if (cell)
            why_key_text(&text, cell);
    }
    TRY(buf_check(&text, err));
    if (text.len > 0)
        TRY(arena_keep(&following->arena, buf_string(&text), out, err));
done:
    buf_release(&text);
    return rc;
}

static int note_row(struct following *following, const yyjson_val *row, size_t index,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_error place = {.code = TG_OK};
    struct arena *arena = &following->arena;
    const struct page *in = &following->in;
    struct seen_row *seen = &following->spare;
    if (following->seen_count++ < WHY_READ_ROWS_MAX)
        seen = &following->seen[following->seen_count - 1];
    *seen = (struct seen_row){.rule = is_unread(in, index) ? UNREAD : PASSES};
    error_set(&place, TG_DATA, "here");
    page_where(in, row, TG_DATA, &place);
    TRY(arena_keep(arena, place.where, &seen->place, err));
    TRY(note_cursor(following, row, &seen->at, err));
    if (seen->rule == UNREAD)
        TRY(arena_keep(arena, in->unread, &seen->why, err));
    following->row = seen;
done:
    return rc;
}

/* A page of its own, with what tells where the row stands. */
static int hand_row(struct following *following, const yyjson_val *row, struct page *out,
                    struct tg_error *err)
{
    int rc = TG_OK;
    const struct page *in = &following->in;
    page_clear(out);
    TRY(mem_grow(&out->rows, &out->row_cap, 1, sizeof(*out->rows), err));
    if (in->schema.release)
        TRY(schema_copy(&in->schema, &out->schema, err));
    out->kind = PAGE_ROWS;
    out->rows[0] = row;
    out->row_count = following->row->rule == UNREAD ? 0 : 1;
    out->read_count = in->read_count;
    out->file = in->file;
    out->file_is_known = in->file_is_known;
    out->precedes = in->precedes;
    out->lines = in->lines;
    out->lines_are_rows = in->lines_are_rows;
    out->first_row = in->first_row;
    out->first_cell = in->first_cell;
done:
    return rc;
}

/* Those of further tables are none. */
static int next_of_key(struct page_stream *base, struct page *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct following *following = (struct following *)base;
    const struct page *in = &following->in;
    bool matches = false;
    following->row = NULL;
    page_clear(out);
    while (!following->is_over && !following->row) {
        for (; following->at < in->row_count && !following->row; following->at++) {
            const yyjson_val *row = in->rows[following->at];
            TRY(why_key_is_of(following->key, row, &matches, err));
            if (!matches || page_table_of(in, row) != 0)
                continue;
            TRY(note_row(following, row, following->at, err));
            TRY(hand_row(following, row, out, err));
        }
        if (!following->row)
            TRY(next_page(following, err));
        TRY(context_check(&following->session.pipeline->ctx, err));
    }
done:
    return rc;
}

static struct page_stream *lay_over(void *user, struct page_stream *from)
{
    struct following *following = user;
    following->base = (struct page_stream){.next = next_of_key};
    following->from = from;
    return &following->base;
}

/* ---- which rule ---- */

static void hear_reject(void *user, const struct reject *reject)
{
    struct following *following = user;
    struct seen_row *row = following->row;
    if (row && !row->why)
        row->why = arena_strndup(&following->arena, reject->reason, strlen(reject->reason));
}

/* Counters of a resource, to be compared. */
struct counters {
    struct cursor_counts cursor;
    uint64_t rejected, rows;
};

static struct counters counters_of(const struct resource_load *part)
{
    return (struct counters){part->cursor ? *cursor_counts(part->cursor)
                                          : (struct cursor_counts){0},
                             part->counts->rows_rejected, normalizer_row_count(part->normalizer)};
}

/* Which of them a row has moved: what nothing has left out, and nobody refused, passes. */
static enum rule judge(const struct resource_load *part, const struct counters *before)
{
    const struct counters now = counters_of(part);
    const struct {
        bool moved;
        enum rule rule;
    } rules[] = {
        {now.cursor.below > before->cursor.below, BELOW},
        {now.cursor.beyond > before->cursor.beyond, BEYOND},
        {now.cursor.known > before->cursor.known, KNOWN},
        {now.rejected > before->rejected, REJECTED},
        {now.cursor.without > before->cursor.without && now.rows == before->rows, WITHOUT}};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].moved)
            return rules[i].rule;
    return PASSES;
}

/* A mistake in a row of the key would end a run, and is told; others are the caller's. */
static int take_failure(struct following *following, int rc, struct tg_error *err)
{
    struct seen_row *row = following->row;
    if ((rc != TG_DATA && rc != TG_CONTRACT) || following->source_failed || !row || !err)
        return rc;
    row->rule = FAILS;
    row->why = arena_strndup(&following->arena, err->what, strlen(err->what));
    following->is_over = true;
    following->of_rule[FAILS]++;
    error_clear(err);
    return row->why ? TG_OK : error_nomem(err);
}

/* `over`: a run would read no more. */
static int follow_row(struct following *following, bool *over, struct tg_error *err)
{
    struct resource_load *part = following->part;
    const struct counters before = counters_of(part);
    following->row = NULL;
    int rc = extract_page(part->extract, over, err);
    if (rc != TG_OK)
        return take_failure(following, rc, err);
    if (!following->row)
        return TG_OK;
    if (following->row->rule != UNREAD)
        following->row->rule = judge(part, &before);
    following->of_rule[following->row->rule]++;
    return TG_OK;
}

/* Behind a row that has ended the reading: the source has them, and a run does not. */
static int follow_rest(struct following *following, struct tg_error *err)
{
    int rc = TG_OK;
    struct page page = {0};
    while (!following->is_over) {
        TRY(next_of_key(&following->base, &page, err));
        if (!following->row)
            continue;
        following->row->rule = UNREAD;
        following->row->why = "by row_order a run stops at a row before it, the first that its "
                              "cursor does not want";
        following->of_rule[UNREAD]++;
    }
done:
    page_release(&page);
    return rc;
}

/* The last of those that pass is at fault, if any is. */
static int finish(struct following *following, struct tg_error *err)
{
    if (following->of_rule[FAILS] > 0)
        return TG_OK;
    for (size_t i = 0; i < following->seen_count && i < WHY_READ_ROWS_MAX; i++)
        if (following->seen[i].rule == PASSES)
            following->row = &following->seen[i];
    int rc = normalizer_finish(following->part->normalizer, err);
    return rc == TG_OK ? rc : take_failure(following, rc, err);
}

static int follow(struct following *following, const struct resource *resource,
                  struct tg_error *err)
{
    int rc = TG_OK;
    bool over = false;
    struct load *load = &following->load;
    const struct onlooker onlooker = {lay_over, hear_reject, following};
    const struct turn turn = {.is_last = true, .reading = 1, .onlooker = &onlooker};
    TRY(load_begin(load, err));
    load->resources = mem_calloc(following->session.pipeline->config.resource_count + 1,
                                 sizeof(*load->resources));
    if (!load->resources)
        TRY(error_nomem(err));
    TRY(resource_begin(load, resource, &turn, &following->part, err));
    load->resource_count = 1;
    TRY(resource_read(following->part, 0, load->resources, &over, err));
    while (!following->is_over && !over)
        TRY(follow_row(following, &over, err));
    TRY(follow_rest(following, err));
    TRY(finish(following, err));
done:
    return rc;
}

/* ---- in words ---- */

static const char *bound(struct following *following, const struct tg_value *value)
{
    const char *text = NULL;
    return bound_text(&following->arena, value, &text, NULL) == TG_OK && text ? text : "?";
}

static const char *what_starts(const struct resource_load *part)
{
    if (!cursor_reached(part->cursor))
        return "its initial value";
    return part->resource->incremental.lag ? "as far as earlier runs have come, less the lag"
                                           : "as far as earlier runs have come";
}

/* Others of its group were not followed: their keys are other ones. */
static void put_group(const struct resource_load *part, bool may_go_along, struct buf *out)
{
    if (part->groups && may_go_along)
        buf_text(out, "; it goes along all the same where another row of its group (merge_key) is "
                      "new, which is not looked at here: only rows of this key are followed");
}

static void put_below(struct following *following, const struct seen_row *row, struct buf *out)
{
    const struct resource_load *part = following->part;
    const struct tg_cursor *cursor = cursor_view(part->cursor);
    buf_printf(out, "is left out by the cursor: its %s, %s, lies before the start %s (%s)",
               cursor->path, row->at ? row->at : "NULL", bound(following, &cursor->start),
               what_starts(part));
    put_group(part, part->spans_values, out);
}

static void put_beyond(struct following *following, const struct seen_row *row, struct buf *out)
{
    const struct tg_cursor *cursor = cursor_view(following->part->cursor);
    buf_printf(out, "is left out by the cursor: its %s, %s, lies beyond the end %s", cursor->path,
               row->at ? row->at : "NULL", bound(following, &cursor->end));
    put_group(following->part, following->part->spans_values, out);
}

static void put_known(struct following *following, const struct seen_row *row, struct buf *out)
{
    const struct resource_load *part = following->part;
    const struct tg_cursor *cursor = cursor_view(part->cursor);
    buf_printf(out,
               "is left out by the cursor: its %s, %s, is the start, and by its hash it was loaded "
               "before",
               cursor->path, row->at ? row->at : "NULL");
    if (!part->groups && cursor_holds(part->cursor))
        buf_text(out, ", or not: rows at that value are many, and a run knows in the end which of "
                      "them were loaded");
    put_group(part, true, out);
}

static void put_without(struct following *following, const struct seen_row *row, struct buf *out)
{
    (void)row;
    buf_printf(out,
               "is left out by the cursor: its %s is NULL or missing (on_cursor_value_missing: "
               "exclude)",
               cursor_view(following->part->cursor)->path);
}

/* What becomes of it at the destination. */
static void put_passes(struct following *following, const struct seen_row *row, struct buf *out)
{
    const struct disposition_driver *driver = following->part->resource->disposition;
    (void)row;
    buf_text(out, "passes: a run takes it now");
    if (!following->reading->is_there)
        return;
    if (strcmp(disposition_name(driver), "insert-only") == 0)
        buf_text(out, ", and leaves the row that is there as it is (insert-only)");
    else if (driver->adds_rows)
        buf_text(out, ", and adds it to those that are there");
    else if (driver->needs_key)
        buf_text(out, ", in the place of the one that is there");
}

static void put_unread(struct following *following, const struct seen_row *row, struct buf *out)
{
    (void)following;
    buf_printf(out, "is not read: %s", row->why);
}

static void put_rejected(struct following *following, const struct seen_row *row, struct buf *out)
{
    (void)following;
    buf_printf(out, "is rejected: %s", row->why ? row->why : "the reason was not told");
}

static void put_fails(struct following *following, const struct seen_row *row, struct buf *out)
{
    (void)following;
    buf_printf(out, "makes the run fail: %s", row->why);
}

static void (*const put[])(struct following *following, const struct seen_row *row,
                           struct buf *out) = {
    [UNREAD] = put_unread, [WITHOUT] = put_without,   [BELOW] = put_below, [BEYOND] = put_beyond,
    [KNOWN] = put_known,   [REJECTED] = put_rejected, [FAILS] = put_fails, [PASSES] = put_passes};

static int tell(struct following *following, const char *fact, struct buf *text,
                struct tg_error *err)
{
    return following->reading->tell(following->reading->user, fact, text, err);
}

static int tell_row(struct following *following, const struct seen_row *row, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    buf_text(&text, "the row of the source ");
    if (*row->place)
        buf_printf(&text, "(%s) ", row->place);
    put[row->rule](following, row, &text);
    int rc = tell(following, facts[row->rule], &text, err);
    buf_release(&text);
    return rc;
}

/* Does the key that was asked for say which row it is? */
static bool has_whole_key(const struct following *following)
{
    const struct table *table = following->part->root;
    const struct why_key *key = following->key;
    size_t found = 0, count = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        count += table->columns[i].primary_key;
        for (size_t k = 0; table->columns[i].primary_key && k < key->count; k++)
            found += strcmp(key->parts[k].column->name, table->columns[i].name) == 0;
    }
    return count > 0 && found >= count;
}

static int tell_duplicates(struct following *following, struct tg_error *err)
{
    const struct table *table = following->part->root;
    const struct resource *resource = following->part->resource;
    const size_t count = following->of_rule[PASSES];
    const struct table_column *sort = NULL;
    struct buf text = BUF_INIT;
    if (count < 2 || resource->deduplicated || !resource->disposition->needs_key ||
        !has_whole_key(following))
        return TG_OK;
    for (size_t i = 0; i < table->column_count; i++)
        sort = table->columns[i].dedup_sort ? &table->columns[i] : sort;
    buf_printf(&text, "of these %zu rows of one key, which come in one load, one stays: ", count);
    if (sort)
        buf_printf(&text, "the one with the %s '%s' (dedup_sort: %s)",
                   strcmp(sort->dedup_sort, "asc") == 0 ? "least" : "greatest", sort->name,
                   sort->dedup_sort);
    else
        buf_text(&text, "the last one that is read");
    int rc = tell(following, "source_deduplicated", &text, err);
    buf_release(&text);
    return rc;
}

static int tell_rest(struct following *following, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    if (following->seen_count > WHY_READ_ROWS_MAX) {
        buf_printf(&text, "the source has %zu more rows of this key",
                   following->seen_count - WHY_READ_ROWS_MAX);
        TRY(tell(following, "more", &text, err));
    }
    if (following->seen_count == 0) {
        buf_printf(&text,
                   "the source does not have it: no row of it has this key (rows: %" PRIu64 ")",
                   following->row_count);
        TRY(tell(following, "source_absent", &text, err));
    }
    if (following->unread_count > 0) {
        buf_printf(&text,
                   "the source has rows that cannot be read, so that nobody knows their keys "
                   "(rows: %" PRIu64 ")",
                   following->unread_count);
        TRY(tell(following, "source_unreadable", &text, err));
    }
done:
    buf_release(&text);
    return rc;
}

static int tell_rows(struct following *following, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < following->seen_count && i < WHY_READ_ROWS_MAX; i++)
        TRY(tell_row(following, &following->seen[i], err));
    TRY(tell_duplicates(following, err));
    TRY(tell_rest(following, err));
done:
    return rc;
}

/* ---- all of it ---- */

static int find_resource(const struct tg_pipeline *pipeline, const char *name,
                         const struct resource **out, struct tg_error *err)
{
    const struct config *config = &pipeline->config;
    for (size_t i = 0; i < config->resource_count; i++) {
        *out = &config->resources[i];
        if (strcmp((*out)->name, name) == 0 && !(*out)->no_table)
            return TG_OK;
    }
    return error_set(err, TG_USAGE,
                     "the pipeline has no resource '%s' whose source could be read; it may be one "
                     "of an earlier spec",
                     name);
}

static void release(struct following *following)
{
    resource_end(following->part);
    page_release(&following->in);
    rows_free(following->rows);
    why_key_release(&following->own);
    arena_release(&following->arena);
}

/* Of a resource that was never loaded: in the table that a run would begin with. */
static int read_key(struct following *following, const struct resource *resource,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct contract contract;
    struct table *root = NULL;
    struct session *session = &following->session;
    following->key = following->reading->key;
    if (following->key)
        return TG_OK;
    following->key = &following->own;
    TRY(root_table_hints(session, resource, &root, &contract, err));
    rc = why_key_read(&following->own, root, true, &session->settings,
                      session->destination.facts.name_bytes_max, following->reading->key_text, err);
done:
    return rc;
}

int why_read(struct tg_pipeline *pipeline, const struct why_reading *reading, struct tg_error *err)
{
    int rc = TG_OK;
    const struct resource *resource = NULL;
    struct following following = {.reading = reading};
    arena_init(&following.arena);
    load_init(&following.load, &following.session);
    following.load.is_trial = true;
    TRY(session_open_below(&following.session, pipeline, "why", err));
    TRY(session_restore_alone(&following.session, err));
    TRY(find_resource(pipeline, reading->resource, &resource, err));
    TRY(read_key(&following, resource, err));
    TRY(follow(&following, resource, err));
    TRY(tell_rows(&following, err));
done:
    rc = context_outcome(&pipeline->ctx, rc, err);
    release(&following);
    load_end(&following.load, rc);
    session_close_apart(&following.session);
    return rc;
}
