/*
 * Where a resource goes on: its cursor, out of what the load before has left, and into what the
 * next one finds.
 *
 *   resume_cursor:   the state, or a window (range.c, window.c) -> meet_change (changed.c)
 *                    -> known_hashes (known.c), learned_lag (learned.c), open_groups, tied_open
 *                    -> cursor_new
 *   remember_cursor: the state and the boundary (known.c); remember_window: window.c
 *
 * How a cursor judges is extract/cursor's.
 */
#include "run/resource.h"

#include <stdio.h>
#include <string.h>

#include "extract/cursor/path.h"
#include "run/changed.h"
#include "run/known.h"
#include "run/learned.h"
#include "run/range.h"
#include "run/window.h"
#include "write/disposition.h"

/* The columns that a merge replaces rows by: as the source names them, where the resource says so;
 * else those that are stored. */
static int merge_key(const struct resource_load *part, struct arena *arena,
                     const char *const **names, size_t *count, struct tg_error *err)
{
    const struct resource *resource = part->resource;
    const char *name = NULL;
    *names = resource->merge_key;
    *count = resource->merge_key_count;
    if (*count > 0 || !resource->disposition->needs_key)
        return TG_OK;
    int rc = root_table_name(part->session, resource, &name, err);
    const struct table *table = rc == TG_OK ? catalog_find(&part->session->catalog, name) : NULL;
    if (!table)
        return rc;
    const char **hinted = arena_alloc(arena, (table->column_count + 1) * sizeof(*hinted));
    if (!hinted)
        return error_nomem(err);
    *count = table_key(table, true, hinted, table->column_count);
    *names = hinted;
    return TG_OK;
}

/* The rows that the cursor would drop go along with those of their group that pass. */
static int open_groups(struct resource_load *part, struct cursor_options *options,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = part->session;
    struct buf folder = BUF_INIT;
    struct arena arena;
    struct groups_options groups = {.ctx = &session->pipeline->ctx, .engine = session->engine};
    const char *field = path_field(options->path);
    arena_init(&arena);
    if (!part->resource->no_table)
        TRY(merge_key(part, &arena, &groups.key, &groups.key_count, err));
    if (groups.key_count == 0)
        goto done;
    for (size_t i = 0; i < groups.key_count; i++)
        if (options->path_count == 1 && strcmp(groups.key[i], field) == 0)
            options->groups_share_value = true;
    buf_printf(&folder, "%s/open/%s.%zu.held", session->folder, part->load->id, part->turn->place);
    TRY(buf_check(&folder, err));
    groups.folder = folder.data;
    TRY(groups_new(&groups, &part->groups, err));
    options->groups = part->groups;
    part->spans_values = !options->groups_share_value;
done:
    buf_release(&folder);
    arena_release(&arena);
    return rc;
}

void resume_say_doubts(const struct resource_load *part, const struct extract_counts *read)
{
    const struct doubted doubted = {&part->session->pipeline->ctx, part->resource->name,
                                    part->resource->incremental.cursor_path};
    doubt_order(&doubted, part->cursor);
    doubt_files(&doubted, &part->filtered);
    if (part->spans_values && part->resumes && cursor_counts(part->cursor)->below == 0 &&
        read->rows_filtered < read->rows_read)
        doubt_groups(&doubted);
}

/* A window leaves the state alone, whatever its cursor is. */
static int meet_change(struct resource_load *part, const struct cursor_options *options,
                       struct tg_error *err)
{
    if (part->resource->incremental.end_value.kind != TG_VALUE_NONE)
        return TG_OK;
    struct resumed resumed = {.session = part->session,
                              .load = part->load,
                              .resource = part->resource,
                              .options = options,
                              .stored = &part->stored};
    int rc = changed_check(&resumed, err);
    part->forgets_rows = resumed.forgets_rows;
    part->is_anew = resumed.is_anew;
    return rc;
}

/* Rows at its value that are too many to be known at once are new or not when all have come: too
 * late for those who wait for them. */
static int check_judged(const struct resource_load *part, struct tg_error *err)
{
    if (!part->resource->judged || !part->turn->may_wait || part->groups ||
        !cursor_holds(part->cursor))
        return TG_OK;
    return error_set(err, TG_DATA,
                     "the rows at the last value of the cursor are too many for `judged`: which of "
                     "them are new is known when all have come; take a finer cursor, or a "
                     "cursor_primary_key of \"\", by which they are not told apart");
}

int resume_cursor(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = part->session;
    const struct resource *resource = part->resource;
    const struct incremental *incremental = &resource->incremental;
    const char **hashes = NULL;
    struct ties_total tied = {.count = 0};
    bool found = false;
    if (!incremental->cursor_path)
        return TG_OK;
    struct cursor_options options = resource_cursor_options(resource);
    struct learned learned;
    options.names = (struct cursor_names){session_normal, session};
    TRY(range_of_times(session, resource, &options.bounds_are_times, err));
    options.bounds_are_times |= window_is_of_times(session, resource);
    options.is_window = window_is_one(session, resource);
    if (!part->replaces)
        TRY(state_get_cursor(&session->state, resource_source_key(session, resource),
                             resource->name, incremental->cursor_path, &part->stored, &found, err));
    if (range_is_window(resource)) {
        range_warn_of_gap(session, resource, part->stored.last_value);
        state_cursor_release(&part->stored);
    } else if (!part->replaces) {
        TRY(meet_change(part, &options, err));
        if (!resource->disposition->replaces_range && !part->forgets_rows)
            TRY(known_hashes(session, resource, &part->stored, &hashes, &options.stored_hash_count,
                             &tied, err));
        options.stored_last_json = part->stored.last_value;
        options.stored_hashes = hashes;
        if (!part->stored.last_value)
            TRY(window_start(session, resource, &options.stored_last_json, err));
        if (!part->stored.last_value && options.stored_last_json)
            options.start_is_open = false; /* windows do not have their upper ends */
        part->resumes = options.stored_last_json != NULL;
        if (options.stored_last_json && incremental->end_value.kind == TG_VALUE_NONE)
            part->held_by = "the cursor";
    }
    TRY(learned_lag(resource, options.stored_last_json, part->stored.lateness, &learned, err));
    if (learned.is_auto)
        options.lag = learned.lag;
    if (part->resumes)
        learned_say(&session->pipeline->ctx, resource, &learned);
    part->start_is_open = options.start_is_open;
    TRY(changed_note(&options, &part->cursor_spec, err));
    TRY(open_groups(part, &options, err));
    if (!resource->no_table)
        TRY(late_new(resource, &part->late, err));
    options.lateness = late_hears(part->late);
    if (options.hash_count_max == 0)
        TRY(tied_open(&part->tied, part->load, resource, part->turn->place, &tied, err));
    options.ties = part->tied.ties;
    TRY(cursor_new(&options, &part->cursor, err));
    TRY(check_judged(part, err));
done:
    mem_free(hashes);
    return rc == TG_OK ? rc : error_at(err, rc, AT_CURSOR, incremental->cursor_path);
}

int remember_cursor(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = part->session;
    const struct resource *resource = part->resource;
    struct buf last = BUF_INIT, initial = BUF_INIT;
    const char *const *hashes = NULL;
    char word[TIED_WORD];
    const char *const only[] = {word};
    struct manifest *manifest = NULL;
    const struct ties *ties = part->tied.ties;
    if (!part->cursor || (!cursor_moved(part->cursor) && part->held.known.len == 0))
        return TG_OK;
    TRY(load_package(part->load, &manifest, err));
    TRY(cursor_last_json(part->cursor, &last, err));
    TRY(cursor_initial_json(part->cursor, &initial, err));
    size_t hash_count = cursor_hashes(part->cursor, &hashes);
    if (ties && ties_gather(ties)) {
        TRY(tied_store(&part->tied, word, err));
        hashes = only;
        hash_count = 1;
    }
    const struct state_cursor cursor = {
        .initial_value = initial.data,
        .last_value = last.data,
        .start_value = last.data,
        .unique_hashes = (char **)hashes,
        .hash_count = hash_count,
        .commit_safe = part->held.known.data,
        .spec = part->cursor_spec.data,
    };
    TRY(known_remember(session, resource, &cursor, err));
    const struct manifest_boundary boundary = {
        .resource = resource->name,
        .cursor_path = resource->incremental.cursor_path,
        .last_value = buf_string(&last),
        .hashes = (const char **)hashes,
        .hash_count = hash_count,
        .grows = hashes == only && ties_grow(ties),
    };
    TRY(manifest_add_boundary(manifest, &boundary, err));
done:
    buf_release(&last);
    buf_release(&initial);
    return rc;
}

/* The one that was loaded; or those that this load lies beside. */
int remember_window(struct resource_load *part, struct tg_error *err)
{
    struct load *load = part->load;
    if (!part->cursor)
        return TG_OK;
    int rc = window_enter(load, part->resource, part->cursor, err);
    if (rc == TG_OK && load->package && !part->replaces &&
        window_is_heeded(part->session, part->resource, part->stored.last_value))
        package_manifest(load->package)->heeds_windows = true;
    return rc;
}
