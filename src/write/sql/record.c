/*
 * The ledger rows of a load: what makes it done.
 *
 * Path: record_plan -> record_schema (mark tables as seen, new version, _dlt_version unless its
 * hash is there) -> record_state (if it changed) -> record_load -> record_counts ->
 * record_rejects -> record_boundary -> forget_files, record_files, forget_renamed. All are INSERTs
 * in the transaction, after the data; of literals, but for the rejected rows, which are in the
 * package.
 *
 * The tables are made in ddl.c and read in ledger.c.
 */
#include "write/sql/record.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "dlt/state.h"
#include "package/rejects.h"
#include "write/disposition.h"

enum { STATE_ENGINE_VERSION = 4, VALUES_PER_STATEMENT = 1000 };

/* ---- pieces ---- */

static void insert_into(struct buf *sql, const struct delivery *load, const char *table,
                        const char *const *columns, size_t count)
{
    buf_text(sql, "INSERT INTO ");
    sql_table(sql, load->dialect, load->manifest->dataset, table);
    for (size_t i = 0; i < count; i++) {
        buf_text(sql, i > 0 ? ", " : " (");
        sql_ident(sql, load->dialect, columns[i]);
    }
    buf_text(sql, ")\n");
}

static void write_time(struct buf *sql, const struct delivery *load, int64_t us)
{
    buf_text(sql, "CAST('");
    time_format_timestamp(sql, us, true);
    buf_text(sql, "' AS ");
    load->dialect->type_sql(&(struct type_spec){.type = TYPE_TIMESTAMP}, sql);
    buf_char(sql, ')');
}

/* Text values in front of others: 'a', 'b', */
static void write_texts(struct buf *sql, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sql_text(sql, texts[i]);
        buf_text(sql, ", ");
    }
}

/* 'a', or NULL for an empty one. */
static void write_optional(struct buf *sql, const char *text)
{
    if (*text)
        sql_text(sql, text);
    else
        buf_text(sql, "NULL");
    buf_text(sql, ", ");
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- _dlt_version ---- */

static void mark_seen(struct delivery *load)
{
    for (size_t c = 0; c < load->chain_count; c++) {
        for (size_t t = 0; t < load->chains[c].count; t++) {
            const struct target *target = &load->chains[c].targets[t];
            if (target_has_rows(target))
                table_saw_data(target->table);
        }
    }
    struct table *state = catalog_find(&load->catalog, "_dlt_pipeline_state");
    if (state && load->manifest->state_changed)
        state->seen_data = true;
}

/* dlt takes the schema that was stored last: its time follows the older ones', whatever the clock
 * says. */
static int record_schema(struct delivery *load, int64_t now_us, struct plan *plan,
                         struct tg_error *err)
{
    static const char *const columns[] = {"version",     "engine_version", "inserted_at",
                                          "schema_name", "version_hash",   "schema"};
    int rc = TG_OK;
    bool changed = false;
    struct buf json = BUF_INIT;
    struct buf *sql = &plan->text;
    mark_seen(load);
    TRY(catalog_bump(&load->catalog, &changed, err));
    TRY(catalog_write(&load->catalog, &json, err));
    const struct catalog *catalog = &load->catalog;
    insert_into(sql, load, "_dlt_version", columns, COUNT_OF(columns));
    buf_printf(sql, "SELECT %" PRId64 ", %d, ", catalog->version, catalog->engine_version);
    write_time(sql, load, now_us > load->schema_us ? now_us : load->schema_us);
    buf_text(sql, ", ");
    write_texts(sql, (const char *const[]){catalog->name, catalog->version_hash}, 2);
    sql_text(sql, buf_string(&json));
    buf_text(sql, "\nWHERE NOT EXISTS (SELECT 1 FROM ");
    sql_table(sql, load->dialect, load->manifest->dataset, "_dlt_version");
    buf_text(sql, " WHERE ");
    sql_ident(sql, load->dialect, "schema_name");
    buf_text(sql, " = ");
    sql_text(sql, catalog->name);
    buf_text(sql, " AND ");
    sql_ident(sql, load->dialect, "version_hash");
    buf_text(sql, " = ");
    sql_text(sql, catalog->version_hash);
    buf_char(sql, ')');
    TRY(plan_end(plan, NULL, COUNT_NONE, err));
done:
    buf_release(&json);
    return rc;
}

/* ---- _dlt_pipeline_state ---- */

/* The row's own id: of the load's id, so that a load always writes the same row. */
static int make_row_id(const char *load_id, char out[HASH_ID_TEXT + 1], struct tg_error *err)
{
    int rc = TG_OK;
    struct hasher hasher = {0};
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s_dlt_pipeline_state", load_id);
    TRY(buf_check(&text, err));
    TRY(hash_text(&hasher, text.data, text.len, HASH_ID_BYTES, out, err));
done:
    buf_release(&text);
    hasher_release(&hasher);
    return rc;
}

static int record_state(const struct delivery *load, int64_t now_us, struct plan *plan,
                        struct tg_error *err)
{
    static const char *const columns[] = {"version",      "engine_version", "pipeline_name",
                                          "state",        "created_at",     "version_hash",
                                          "_dlt_load_id", "_dlt_id"};
    int rc = TG_OK;
    const struct manifest *manifest = load->manifest;
    struct state state = {0};
    struct buf blob = BUF_INIT;
    struct buf *sql = &plan->text;
    char row_id[HASH_ID_TEXT + 1];
    if (!manifest->state_changed)
        return TG_OK;
    TRY(state_read(&state, manifest->state, strlen(manifest->state), err));
    TRY(state_encode(&state, &blob, err));
    TRY(make_row_id(manifest->load_id, row_id, err));
    insert_into(sql, load, "_dlt_pipeline_state", columns, COUNT_OF(columns));
    buf_printf(sql, "VALUES (%" PRId64 ", %d, ", state.version, STATE_ENGINE_VERSION);
    write_texts(sql, (const char *const[]){manifest->pipeline, buf_string(&blob)}, 2);
    write_time(sql, load, now_us);
    buf_text(sql, ", ");
    write_texts(sql, (const char *const[]){state.hash, manifest->load_id}, 2);
    sql_text(sql, row_id);
    buf_char(sql, ')');
    TRY(plan_end(plan, NULL, COUNT_NONE, err));
done:
    buf_release(&blob);
    state_release(&state);
    return rc;
}

/* ---- _dlt_loads, _tidegate_loads ---- */

static int record_load(const struct delivery *load, int64_t now_us, struct plan *plan,
                       struct tg_error *err)
{
    static const char *const columns[] = {"load_id", "schema_name", "status", "inserted_at",
                                          "schema_version_hash"};
    struct buf *sql = &plan->text;
    insert_into(sql, load, "_dlt_loads", columns, COUNT_OF(columns));
    buf_text(sql, "VALUES (");
    write_texts(sql, (const char *const[]){load->manifest->load_id, load->catalog.name}, 2);
    buf_text(sql, "0, ");
    write_time(sql, load, now_us);
    buf_text(sql, ", ");
    sql_text(sql, load->catalog.version_hash);
    buf_char(sql, ')');
    return plan_end(plan, NULL, COUNT_NONE, err);
}

static const char *disposition_of(const struct delivery *load, const struct manifest_table *part)
{
    const struct disposition_driver *driver = NULL;
    const struct table *table = catalog_find(&load->catalog, part->name);
    if (table)
        table = catalog_root(&load->catalog, table);
    if (table && disposition_get(table, &driver, NULL) == TG_OK)
        return disposition_name(driver);
    return disposition_word(DISPOSITION_APPEND);
}

/* One row of _tidegate_loads; a load of no table has one without a name, for its package's id. */
static void write_counts(struct buf *sql, const struct delivery *load,
                         const struct manifest_table *part, const struct write_table_counts *counts,
                         int64_t now_us)
{
    const struct manifest *manifest = load->manifest;
    const uint64_t numbers[] = {
        part->rows_read,      part->rows_new,      counts->rows_inserted, counts->rows_updated,
        counts->rows_deleted, part->rows_filtered, part->rows_rejected,
    };
    write_texts(sql,
                (const char *const[]){manifest->load_id, part->name, part->resource,
                                      disposition_of(load, part)},
                4);
    for (size_t n = 0; n < COUNT_OF(numbers); n++)
        buf_printf(sql, "%" PRIu64 ", ", numbers[n]);
    write_time(sql, load, now_us);
    buf_text(sql, ", ");
    sql_text(sql, manifest->pipeline);
    buf_text(sql, ", ");
    if (manifest->package_id[0])
        sql_text(sql, manifest->package_id);
    else
        buf_text(sql, "NULL"); /* a package of 0.1 */
    buf_char(sql, ')');
}

static int record_counts(const struct delivery *load, const struct write_table_counts *counts,
                         int64_t now_us, struct plan *plan, struct tg_error *err)
{
    static const char *const columns[] = {
        "load_id",       "table_name",    "resource_name", "disposition",  "rows_read",
        "rows_new",      "rows_inserted", "rows_updated",  "rows_deleted", "rows_filtered",
        "rows_rejected", "created_at",    "pipeline_name", "package_id"};
    static const struct manifest_table no_table = {.name = "", .resource = ""};
    static const struct write_table_counts no_counts = {0};
    const struct manifest *manifest = load->manifest;
    struct buf *sql = &plan->text;
    size_t written = 0;
    insert_into(sql, load, "_tidegate_loads", columns, COUNT_OF(columns));
    for (size_t i = 0; i < manifest->table_count; i++) {
        if (strcmp(manifest->tables[i].name, REJECTS_TABLE) == 0)
            continue;
        buf_text(sql, written++ == 0 ? "VALUES\n    (" : ",\n    (");
        write_counts(sql, load, &manifest->tables[i], &counts[i], now_us);
    }
    if (written == 0) {
        buf_text(sql, "VALUES\n    (");
        write_counts(sql, load, &no_table, &no_counts, now_us);
    }
    return plan_end(plan, NULL, COUNT_NONE, err);
}

/* ---- _tidegate_rejects ---- */

static int record_rejects(const struct delivery *load, int64_t now_us, struct plan *plan,
                          struct tg_error *err)
{
    const struct manifest_table *part = manifest_find(load->manifest, REJECTS_TABLE);
    const char *columns[REJECTS_COLUMNS + 1];
    struct buf *sql = &plan->text;
    if (!part || part->file_count == 0)
        return TG_OK;
    memcpy(columns, rejects_columns, sizeof(rejects_columns));
    columns[REJECTS_COLUMNS] = "inserted_at";
    insert_into(sql, load, REJECTS_TABLE, columns, COUNT_OF(columns));
    buf_text(sql, "SELECT ");
    for (size_t i = 0; i < REJECTS_COLUMNS; i++) {
        sql_ident(sql, load->dialect, rejects_columns[i]);
        buf_text(sql, ", ");
    }
    write_time(sql, load, now_us);
    buf_text(sql, "\nFROM ");
    plan_source(sql, load, part, 0);
    return plan_end(plan, NULL, COUNT_NONE, err);
}

/* Deletes what a ledger table holds of one resource, and with `cursor_path` of this cursor only. */
static int forget(const struct delivery *load, const char *table, const char *resource,
                  const char *cursor_path, struct plan *plan, struct tg_error *err)
{
    struct buf *sql = &plan->text;
    const char *const pairs[][2] = {
        {"pipeline_name", load->manifest->pipeline},
        {"resource_name", resource},
        {"cursor_path", cursor_path},
    };
    buf_text(sql, "DELETE FROM ");
    sql_table(sql, load->dialect, load->manifest->dataset, table);
    for (size_t i = 0; i < COUNT_OF(pairs) && pairs[i][1]; i++) {
        buf_text(sql, i == 0 ? "\nWHERE " : " AND ");
        sql_ident(sql, load->dialect, pairs[i][0]);
        buf_text(sql, " = ");
        sql_text(sql, pairs[i][1]);
    }
    return plan_end(plan, NULL, COUNT_NONE, err);
}

/* ---- _tidegate_boundary ---- */

static int record_boundary(const struct delivery *load, const struct manifest_boundary *boundary,
                           struct plan *plan, struct tg_error *err)
{
    static const char *const columns[] = {"pipeline_name", "resource_name", "cursor_path",
                                          "last_value",    "row_hashes",    "load_id"};
    int rc = TG_OK;
    struct buf hashes = BUF_INIT;
    struct buf *sql = &plan->text;
    TRY(forget(load, "_tidegate_boundary", boundary->resource, boundary->cursor_path, plan, err));
    if (boundary->hash_count == 0)
        goto done;
    for (size_t i = 0; i < boundary->hash_count; i++) {
        buf_text(&hashes, i > 0 ? " " : "");
        buf_text(&hashes, boundary->hashes[i]);
    }
    TRY(buf_check(&hashes, err));
    insert_into(sql, load, "_tidegate_boundary", columns, COUNT_OF(columns));
    buf_text(sql, "VALUES (");
    write_texts(sql,
                (const char *const[]){load->manifest->pipeline, boundary->resource,
                                      boundary->cursor_path, boundary->last_value, hashes.data},
                5);
    sql_text(sql, load->manifest->load_id);
    buf_char(sql, ')');
    TRY(plan_end(plan, NULL, COUNT_NONE, err));
done:
    buf_release(&hashes);
    return rc;
}

/* ---- _tidegate_files ---- */

static int insert_files(const struct delivery *load, size_t first, size_t end, struct plan *plan,
                        struct tg_error *err)
{
    static const char *const columns[] = {"pipeline_name", "resource_name", "path",   "checksum",
                                          "content_hash",  "head_hash",     "size",   "modified_us",
                                          "content_bytes", "row_count",     "load_id"};
    struct buf *sql = &plan->text;
    insert_into(sql, load, "_tidegate_files", columns, COUNT_OF(columns));
    for (size_t i = first; i < end; i++) {
        const struct bookmark *bookmark = &load->manifest->bookmarks[i];
        buf_text(sql, i == first ? "VALUES\n    (" : ",\n    (");
        write_texts(
            sql, (const char *const[]){load->manifest->pipeline, bookmark->resource, bookmark->key},
            3);
        write_optional(sql, bookmark->checksum);
        write_optional(sql, bookmark->content);
        write_optional(sql, bookmark->head);
        buf_printf(sql, "%" PRId64 ", %" PRId64 ", ", bookmark->size, bookmark->mtime_us);
        if (*bookmark->content)
            buf_printf(sql, "%" PRId64 ", %" PRId64 ", ", bookmark->content_bytes, bookmark->rows);
        else
            buf_text(sql, "NULL, NULL, "); /* of a package of version 0.1 */
        sql_text(sql, load->manifest->load_id);
        buf_char(sql, ')');
    }
    return plan_end(plan, NULL, COUNT_NONE, err);
}

/* The entries of the names that files had before; each row that goes is one of an earlier load. */
static int forget_renamed(const struct delivery *load, struct plan *plan, struct tg_error *err)
{
    static const char *const keys[] = {"pipeline_name", "resource_name", "path"};
    int rc = TG_OK;
    const struct manifest *manifest = load->manifest;
    struct buf *sql = &plan->text;
    size_t written = 0, last = 0;
    for (size_t i = 0; i < manifest->bookmark_count; i++)
        last = *manifest->bookmarks[i].replaces ? i + 1 : last;
    for (size_t i = 0; i < last; i++) {
        const struct bookmark *bookmark = &manifest->bookmarks[i];
        if (!*bookmark->replaces)
            continue;
        if (written == 0) {
            buf_text(sql, "DELETE FROM ");
            sql_table(sql, load->dialect, manifest->dataset, "_tidegate_files");
            buf_text(sql, "\nWHERE ");
            sql_ident(sql, load->dialect, "load_id");
            buf_text(sql, " <> ");
            sql_text(sql, manifest->load_id);
            buf_text(sql, " AND (");
            for (size_t k = 0; k < COUNT_OF(keys); k++) {
                buf_text(sql, k > 0 ? ", " : "");
                sql_ident(sql, load->dialect, keys[k]);
            }
            buf_text(sql, ") IN (");
        }
        buf_text(sql, written > 0 ? ",\n    (" : "\n    (");
        write_texts(sql, (const char *const[]){manifest->pipeline, bookmark->resource}, 2);
        sql_text(sql, bookmark->replaces);
        buf_char(sql, ')');
        written++;
        if (written == VALUES_PER_STATEMENT || i + 1 == last) {
            buf_char(sql, ')');
            TRY(plan_end(plan, NULL, COUNT_NONE, err));
            written = 0;
        }
    }
done:
    return rc;
}

/* The files of what is replaced are no longer loaded. */
static int forget_files(const struct delivery *load, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = load->manifest;
    if (!described_find(&load->described, "_tidegate_files"))
        goto done;
    for (size_t i = 0; i < manifest->table_count; i++)
        if (manifest->tables[i].replaced)
            TRY(forget(load, "_tidegate_files", manifest->tables[i].resource, NULL, plan, err));
done:
    return rc;
}

/* New rows first, told by the load's id, then the older ones of the same files go: so the names of
 * the files, of which there may be very many, are sent once. */
static int record_files(const struct delivery *load, struct plan *plan, struct tg_error *err)
{
    static const char *const keys[] = {"pipeline_name", "resource_name", "path"};
    int rc = TG_OK;
    size_t count = load->manifest->bookmark_count;
    struct buf *sql = &plan->text;
    for (size_t first = 0; first < count; first += VALUES_PER_STATEMENT) {
        size_t left = count - first;
        size_t take = left < VALUES_PER_STATEMENT ? left : VALUES_PER_STATEMENT;
        TRY(insert_files(load, first, first + take, plan, err));
    }
    if (count == 0 || !described_find(&load->described, "_tidegate_files"))
        goto done;
    buf_text(sql, "DELETE FROM ");
    sql_table(sql, load->dialect, load->manifest->dataset, "_tidegate_files");
    buf_text(sql, " AS old USING ");
    sql_table(sql, load->dialect, load->manifest->dataset, "_tidegate_files");
    buf_text(sql, " AS new\nWHERE ");
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        buf_text(sql, "old.");
        sql_ident(sql, load->dialect, keys[i]);
        buf_text(sql, " = new.");
        sql_ident(sql, load->dialect, keys[i]);
        buf_text(sql, " AND ");
    }
    buf_text(sql, "new.");
    sql_ident(sql, load->dialect, "load_id");
    buf_text(sql, " = ");
    sql_text(sql, load->manifest->load_id);
    buf_text(sql, " AND old.");
    sql_ident(sql, load->dialect, "load_id");
    buf_text(sql, " <> ");
    sql_text(sql, load->manifest->load_id);
    TRY(plan_end(plan, NULL, COUNT_NONE, err));
done:
    return rc;
}

int record_plan(struct delivery *load, const struct write_table_counts *counts, int64_t now_us,
                struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(record_schema(load, now_us, plan, err));
    TRY(record_state(load, now_us, plan, err));
    TRY(record_load(load, now_us, plan, err));
    TRY(record_counts(load, counts, now_us, plan, err));
    TRY(record_rejects(load, now_us, plan, err));
    for (size_t i = 0; i < load->manifest->boundary_count; i++)
        TRY(record_boundary(load, &load->manifest->boundaries[i], plan, err));
    TRY(forget_files(load, plan, err));
    TRY(record_files(load, plan, err));
    TRY(forget_renamed(load, plan, err));
done:
    return rc;
}
