/*
 * What the destination will know once the sealed loads are written: a load that is sealed after
 * them goes on from there.
 *
 *   session_restore_ahead -> recall: the ledger, as it is -> ahead_follow: each pending load, the
 *   oldest first -> follow: already there? check_followed, begins_here -> move_state, and of one of
 *   its own schema move_catalog, move_boundaries, move_bookmarks: the ledger, as that load will
 *   leave it
 *   there_read -> ahead_lay: the tables that they bring
 *
 * The ledger at the destination stays the truth. What is made here goes into the manifest of the
 * next load as what it has begun from, so that it is written after these, or not at all.
 */
#include <string.h>

#include "run/pending.h"

/* ---- can it be followed? ---- */

/* What such a load leaves depends on what is there when it is written. */
static const char *why_not(const struct ledger *ledger, const struct manifest *manifest)
{
    if (manifest->full_refresh || *manifest->refresh)
        return "begins anew";
    if (manifest->window_count > 0)
        return "loads a window";
    if (manifest_find(manifest, TIES_TABLE))
        return "has so many rows at a cursor's last value that they are a table of the ledger";
    for (size_t i = 0; i < manifest->table_count; i++) {
        if (manifest->tables[i].remade)
            return "makes a table again that was gone";
        if (manifest->tables[i].replaced && !manifest->tables[i].further &&
            ledger->window_count > 0)
            return "replaces a table that has windows";
    }
    return NULL;
}

static int check_followed(const struct session *session, const struct manifest *manifest,
                          struct tg_error *err)
{
    const char *why = why_not(&session->ledger, manifest);
    if (!why)
        return TG_OK;
    return error_set(err, TG_CONFLICT,
                     "load '%s' waits to be written, and it %s: what it leaves is known when it is "
                     "at the destination; write it first (tg_pipeline_write, or a run)",
                     manifest->load_id, why);
}

/* As check_start of write/sql/write.c will ask, when those before it are there. */
static bool begins_here(const struct session *session, const struct manifest *manifest,
                        const struct standing *standing)
{
    const struct ledger *ledger = &session->ledger;
    const bool follows_last = session->follows && strcmp(session->follows, manifest->follows) == 0;
    const bool same_files = manifest->bookmark_count == 0 || !manifest->skips_files ||
                            strcmp(ledger->files_load_id, manifest->files_load_from) == 0;
    return !standing->is_taken && (!standing->lacks_followed || follows_last) && same_files &&
           ledger->state_version == manifest->state_version_from &&
           strcmp(ledger->state_hash, manifest->state_hash_from) == 0 &&
           load_id_ns(manifest->load_id) > load_id_ns(ledger->newest_load);
}

/* ---- the ledger, as it will be ---- */

/* The schema is the one that is said, or that the state names, as it is read from there. */
static int move_state(const struct session *session, struct ledger *ledger,
                      const struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    struct state state = {0};
    const bool is_said = pipeline_owner(session->pipeline).is_said;
    if (!manifest->state_changed)
        return TG_OK;
    TRY(state_read(&state, manifest->state, strlen(manifest->state), err));
    ledger->state_version = state.version;
    TRY(arena_keep(&ledger->arena, state.hash, &ledger->state_hash, err));
    TRY(arena_keep(&ledger->arena, manifest->state, &ledger->state_blob, err));
    if (state_schema(&state) && !is_said)
        TRY(arena_keep(&ledger->arena, state_schema(&state), &ledger->schema, err));
done:
    state_release(&state);
    return rc;
}

/* As record_schema of write/sql/record.c stores it. */
int written_catalog(const struct manifest *manifest, struct catalog *out, struct tg_error *err)
{
    int rc = TG_OK;
    bool changed = false;
    TRY(catalog_read(out, manifest->catalog, strlen(manifest->catalog), err));
    for (size_t i = 0; i < manifest->table_count; i++) {
        struct table *table = catalog_find(out, manifest->tables[i].name);
        if (table && manifest->tables[i].file_count > 0)
            table_saw_data(table);
    }
    struct table *states = catalog_find(out, "_dlt_pipeline_state");
    if (states && manifest->state_changed)
        states->seen_data = true;
    TRY(catalog_bump(out, &changed, err));
done:
    return rc;
}

static int move_catalog(struct ledger *ledger, const struct manifest *manifest,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog catalog = {0};
    struct buf json = BUF_INIT;
    TRY(written_catalog(manifest, &catalog, err));
    TRY(catalog_write(&catalog, &json, err));
    ledger->schema_version = catalog.version;
    TRY(arena_keep(&ledger->arena, catalog.version_hash, &ledger->schema_hash, err));
    TRY(arena_keep(&ledger->arena, buf_string(&json), &ledger->schema_json, err));
done:
    buf_release(&json);
    catalog_release(&catalog);
    return rc;
}

static int keep_boundary(struct ledger *ledger, const struct manifest *manifest,
                         const struct manifest_boundary *from, struct ledger_boundary *out,
                         struct tg_error *err)
{
    int rc = TG_OK;
    *out = (struct ledger_boundary){.hash_count = from->hash_count};
    out->hashes = arena_alloc(&ledger->arena, (from->hash_count + 1) * sizeof(*out->hashes));
    if (!out->hashes)
        return error_nomem(err);
    for (size_t i = 0; i < from->hash_count; i++)
        TRY(arena_keep(&ledger->arena, from->hashes[i], &out->hashes[i], err));
    TRY(arena_keep(&ledger->arena, from->resource, &out->resource, err));
    TRY(arena_keep(&ledger->arena, from->cursor_path, &out->cursor_path, err));
    TRY(arena_keep(&ledger->arena, from->last_value, &out->last_value, err));
    TRY(arena_keep(&ledger->arena, manifest->load_id, &out->load_id, err));
done:
    return rc;
}

static bool has_boundary(const struct manifest *manifest, const struct ledger_boundary *boundary)
{
    for (size_t i = 0; i < manifest->boundary_count; i++)
        if (strcmp(manifest->boundaries[i].resource, boundary->resource) == 0 &&
            strcmp(manifest->boundaries[i].cursor_path, boundary->cursor_path) == 0)
            return true;
    return false;
}

/* One without hashes goes, and nothing comes in its place. */
static int move_boundaries(struct ledger *ledger, const struct manifest *manifest,
                           struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = 0;
    struct ledger_boundary *moved = arena_alloc(
        &ledger->arena, (ledger->boundary_count + manifest->boundary_count + 1) * sizeof(*moved));
    if (!moved)
        return error_nomem(err);
    for (size_t i = 0; i < ledger->boundary_count; i++)
        if (!has_boundary(manifest, &ledger->boundaries[i]))
            moved[count++] = ledger->boundaries[i];
    for (size_t i = 0; i < manifest->boundary_count; i++)
        if (manifest->boundaries[i].hash_count > 0)
            TRY(keep_boundary(ledger, manifest, &manifest->boundaries[i], &moved[count++], err));
    ledger->boundaries = moved;
    ledger->boundary_count = count;
done:
    return rc;
}

static int keep_bookmark(struct ledger *ledger, const struct bookmark *from, struct bookmark *out,
                         struct tg_error *err)
{
    int rc = TG_OK;
    *out = *from;
    out->was_read = false;
    out->replaces = "";
    TRY(arena_keep(&ledger->arena, from->resource, &out->resource, err));
    TRY(arena_keep(&ledger->arena, from->key, &out->key, err));
    TRY(arena_keep(&ledger->arena, from->content, &out->content, err));
    TRY(arena_keep(&ledger->arena, from->head, &out->head, err));
    TRY(arena_keep(&ledger->arena, from->checksum, &out->checksum, err));
done:
    return rc;
}

static bool replaces_resource(const struct manifest *manifest, const char *resource)
{
    for (size_t i = 0; i < manifest->table_count; i++)
        if (manifest->tables[i].replaced && !manifest->tables[i].further &&
            strcmp(manifest->tables[i].resource, resource) == 0)
            return true;
    return false;
}

/* Those of files that come again, and under the names that they had before. */
static void mark_replaced(const struct ledger *ledger, const struct manifest *manifest, bool *gone)
{
    for (size_t i = 0; i < manifest->bookmark_count; i++) {
        const struct bookmark *mark = &manifest->bookmarks[i];
        const struct bookmark *same = ledger_bookmark(ledger, mark->resource, mark->key);
        const struct bookmark *old =
            *mark->replaces ? ledger_bookmark(ledger, mark->resource, mark->replaces) : NULL;
        if (same)
            gone[same - ledger->bookmarks] = true;
        if (old)
            gone[old - ledger->bookmarks] = true;
    }
    for (size_t i = 0; i < ledger->bookmark_count; i++)
        gone[i] = gone[i] || replaces_resource(manifest, ledger->bookmarks[i].resource);
}

static int move_bookmarks(struct ledger *ledger, const struct manifest *manifest,
                          struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = 0, all = ledger->bookmark_count + manifest->bookmark_count + 1;
    struct bookmark *moved = arena_alloc(&ledger->arena, all * sizeof(*moved));
    bool *gone = mem_calloc(all, sizeof(*gone));
    if (!moved || !gone)
        TRY(error_nomem(err));
    mark_replaced(ledger, manifest, gone);
    for (size_t i = 0; i < ledger->bookmark_count; i++)
        if (!gone[i])
            moved[count++] = ledger->bookmarks[i];
    for (size_t i = 0; i < manifest->bookmark_count; i++)
        TRY(keep_bookmark(ledger, &manifest->bookmarks[i], &moved[count++], err));
    ledger->bookmarks = moved;
    ledger->bookmark_count = count;
    ledger_sort_bookmarks(ledger);
done:
    mem_free(gone);
    return rc;
}

/* What a load of another schema has read, resources of this one have not, whatever their names. */
static int move_resources(struct ledger *ledger, const struct manifest *manifest,
                          struct tg_error *err)
{
    int rc = TG_OK;
    if (manifest->bookmark_count > 0)
        TRY(arena_keep(&ledger->arena, manifest->load_id, &ledger->files_load_id, err));
    if (strcmp(manifest->schema, ledger->schema) != 0)
        return TG_OK;
    TRY(move_catalog(ledger, manifest, err));
    TRY(move_boundaries(ledger, manifest, err));
    TRY(move_bookmarks(ledger, manifest, err));
done:
    return rc;
}

/* ---- tables ---- */

static int note_tables(struct session *session, const struct manifest *manifest,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &session->ledger.arena;
    struct brought_table *tables =
        arena_alloc(arena, (session->brought_count + manifest->table_count + 1) * sizeof(*tables));
    if (!tables)
        return error_nomem(err);
    for (size_t i = 0; i < session->brought_count; i++)
        tables[i] = session->brought[i];
    session->brought = tables;
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *part = &manifest->tables[i];
        struct brought_table *table = &tables[session->brought_count];
        if (part->file_count == 0 || !manifest_is_data(part))
            continue;
        TRY(arena_keep(arena, part->name, &table->name, err));
        TRY(arena_keep(arena, part->resource, &table->resource, err));
        session->brought_count++;
    }
done:
    return rc;
}

const struct brought_table *ahead_brings(const struct session *session, const char *table)
{
    for (size_t i = 0; i < session->brought_count; i++)
        if (strcmp(session->brought[i].name, table) == 0)
            return &session->brought[i];
    return NULL;
}

/* Its columns as they will be; a type that is widened is the wider one. */
static int lay_table(struct session *session, const struct table *table, struct tg_error *err)
{
    int rc = TG_OK;
    const bool folds = session->destination.facts.folds_case;
    struct table *there = catalog_find_like(&session->there, table->name, folds);
    if (!there)
        TRY(catalog_add(&session->there, table->name, NULL, &there, err));
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        struct table_column *is = table_find_like(there, column->name, folds);
        if (column->spec.type == TYPE_NONE)
            continue;
        if (!is)
            TRY(table_add_column(&session->there, there, column->name, &column->spec, &is, err));
        is->spec = column->spec;
    }
done:
    return rc;
}

int ahead_lay(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog catalog = {0};
    const char *json = session->ledger.schema_json;
    if (session->brought_count == 0 || !json)
        return TG_OK;
    TRY(catalog_read(&catalog, json, strlen(json), err));
    for (size_t i = 0; i < session->brought_count; i++) {
        const struct table *table = catalog_find(&catalog, session->brought[i].name);
        if (table && !table_is_system(table) && !refresh_drops(session, table->name))
            TRY(lay_table(session, table, err));
    }
done:
    catalog_release(&catalog);
    return rc;
}

/* ---- all of them ---- */

static int follow(struct session *session, const struct pending_load *load, struct tg_error *err)
{
    int rc = TG_OK;
    struct ledger *ledger = &session->ledger;
    const struct manifest *manifest = &load->manifest;
    struct standing standing;
    TRY(destination_standing(&session->destination, manifest, &standing, err));
    if (standing.is_written) {
        committed_note(session);
        return package_drop(load->path, err);
    }
    if (manifest_only_asks(manifest)) /* it may leave no trace */
        return TG_OK;
    TRY(check_followed(session, manifest, err));
    if (!begins_here(session, manifest, &standing))
        return settle_pass(session, load->path, manifest, err);
    TRY(move_state(session, ledger, manifest, err));
    TRY(move_resources(ledger, manifest, err));
    TRY(note_tables(session, manifest, err));
    TRY(arena_keep(&ledger->arena, manifest->load_id, &ledger->newest_load, err));
    session->follows = ledger->newest_load;
done:
    return rc;
}

int ahead_follow(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct pending pending;
    TRY(pending_list(session, &pending, err));
    for (size_t i = 0; i < pending.count; i++)
        TRY(follow(session, &pending.items[i], err));
done:
    pending_release(&pending);
    return rc;
}
