/*
 * For the tests of src/write: loads from text, real packages, a real DuckDB file.
 *
 *     struct fixture t;
 *     fixture_init(&t);
 *     fixture_table(&t, "person", NULL, DISPOSITION_MERGE);
 *     fixture_rows(&t, "person", "id bigint pk|name text", "1|Ann\n2|NULL\n");
 *     assert_int_equal(fixture_write(&t), TG_OK);
 *     fixture_check(&t, "SELECT id, name FROM d.person ORDER BY 1", "1|Ann\n2|NULL\n");
 *
 * A header names columns, types (x(p,s) for decimals) and marks: pk, mk, row, parent, root, del,
 * asc, desc, notnull. It changes the catalog accordingly. Rows of merge roots get the order of
 * arrival by themselves. Include after cmocka.h.
 *
 * Another destination is named by fixture_url: its dataset d is dropped by fixture_init, and left
 * as it is by fixture_join, of another pipeline that loads into it. Files of another kind of
 * database in the fixture's folder are named by fixture_file.
 */
#ifndef TIDEGATE_TESTS_WRITE_LOADS_H
#define TIDEGATE_TESTS_WRITE_LOADS_H

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "dlt/state.h"
#include "package/package.h"
#include "write/sql/ledger.h"
#include "dlt/store.h"
#include "write/sql/write.h"

enum { FIXTURE_COLUMNS = 24 };

struct fixture {
    struct context ctx;
    struct engine *engine;
    struct connection *con;
    struct catalog catalog;
    struct state state;
    struct package *package; /* of the load that is being filled */
    char folder[64];
    int load;
    int64_t order;
    const char *pipeline;
    bool changes_state;     /* each load moves the state on */
    const char *files_load; /* the newest load with files that the next one knows of; NULL: none */
    struct ledger from;     /* the newest schema when the load was begun */
    const struct write_order *by; /* NULL: for good, without limits */
    struct write_result result;
    struct tg_error err;
};

struct header {
    size_t count;
    const char *names[FIXTURE_COLUMNS];
    struct type_spec specs[FIXTURE_COLUMNS];
    struct arena arena;
};

#define FIXTURE_OK(t, call)                                                                        \
    do {                                                                                           \
        if ((call) != TG_OK)                                                                       \
            fail_msg("%s: %s: %s", #call, (t)->err.where, (t)->err.what);                          \
    } while (0)

/* ---- opening and closing ---- */

static const char *fixture_url; /* NULL: a DuckDB file in the fixture's folder */

static inline void fixture_path(const struct fixture *t, const char *name, char out[128])
{
    snprintf(out, 128, "%s/%s", t->folder, name);
}

static const char *fixture_file = "duckdb:///"; /* what the path of a file is named by */

/* One more connection to where the fixture loads into. */
static inline int fixture_open(struct fixture *t, struct connection **out, struct tg_error *err)
{
    char url[512];
    snprintf(url, sizeof(url), "%s%s/test.duckdb", fixture_file, t->folder);
    const struct location where = {.url = fixture_url ? fixture_url : url, .dataset = "d"};
    return connection_open(&t->ctx, &where, true, out, err);
}

static inline void fixture_connect(struct fixture *t)
{
    FIXTURE_OK(t, fixture_open(t, &t->con, &t->err));
}

static inline void fixture_join(struct fixture *t, const char *pipeline)
{
    *t = (struct fixture){.changes_state = true, .pipeline = pipeline};
    const char *tmp = getenv("TMPDIR");
    snprintf(t->folder, sizeof(t->folder), "%s/tg-write-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(t->folder));
    context_init(&t->ctx);
    FIXTURE_OK(t, engine_new(&t->ctx, t->folder, &t->engine, &t->err));
    FIXTURE_OK(t, catalog_init(&t->catalog, "shop", &t->err));
    struct state_identity identity = {pipeline, "d", "shop", "dlt.destinations.duckdb", "duckdb"};
    FIXTURE_OK(t, state_init(&t->state, &identity, &t->err));
    fixture_connect(t);
}

static inline void fixture_init(struct fixture *t)
{
    fixture_join(t, "shop_pipeline");
    if (fixture_url)
        FIXTURE_OK(t, connection_exec(t->con, "DROP SCHEMA IF EXISTS d CASCADE", NULL, &t->err));
}

static inline void fixture_release(struct fixture *t)
{
    package_free(t->package);
    write_result_release(&t->result);
    ledger_release(&t->from);
    state_release(&t->state);
    catalog_release(&t->catalog);
    connection_close(t->con);
    engine_free(t->engine);
    FIXTURE_OK(t, fs_remove_tree(t->folder, &t->err));
}

/* ---- the ledger ---- */

static inline int fixture_schema(struct fixture *t, struct ledger *out)
{
    struct described there;
    FIXTURE_OK(t, ledger_describe(t->con, "d", &there, &t->err));
    int rc = ledger_schema(t->con, "d", &there, "shop", out, &t->err);
    described_release(&there);
    return rc;
}

static inline int fixture_ledger(struct fixture *t, const char *pipeline, struct ledger *out)
{
    struct described there;
    int rc = ledger_describe(t->con, "d", &there, &t->err);
    if (rc != TG_OK)
        return rc;
    const struct ledger_owner owner = {pipeline, "shop", false};
    rc = ledger_read(t->con, "d", &there, &owner, out, &t->err);
    if (rc == TG_OK)
        rc = ledger_read_windows(t->con, "d", &there, pipeline, out, &t->err);
    if (rc == TG_OK) {
        rc = ledger_read_pasts(t->con, "d", &there, pipeline, out, &t->err);
        if (rc != TG_OK)
            ledger_release(out);
    }
    described_release(&there);
    return rc;
}

static inline int fixture_find_load(struct fixture *t, const struct manifest *manifest,
                                    enum load_found *found, struct ledger *out)
{
    struct described there;
    FIXTURE_OK(t, ledger_describe(t->con, "d", &there, &t->err));
    int rc = ledger_find_load(t->con, &there, manifest, found, out, &t->err);
    described_release(&there);
    return rc;
}

/* ---- headers ---- */

static inline struct type_spec fixture_type(const char *word)
{
    char name[32];
    struct type_spec spec = {0};
    size_t len = strcspn(word, "(");
    snprintf(name, sizeof(name), "%.*s", (int)len, word);
    if (strcmp(name, "naive") == 0)
        return (struct type_spec){.type = TYPE_TIMESTAMP, .naive = true};
    spec.type = type_find(name);
    assert_int_not_equal(spec.type, TYPE_NONE);
    if (word[len]) {
        char *end = NULL;
        spec.precision = (int)strtol(word + len + 1, &end, 10);
        spec.scale = *end == ',' ? (int)strtol(end + 1, NULL, 10) : 0;
    }
    return spec;
}

static inline void fixture_mark(struct table_column *column, const char *word)
{
    const struct {
        const char *word;
        bool *flag;
    } marks[] = {{"pk", &column->primary_key}, {"mk", &column->merge_key},
                 {"row", &column->row_key},    {"parent", &column->parent_key},
                 {"root", &column->root_key},  {"del", &column->hard_delete},
                 {"unique", &column->unique}};
    if (strcmp(word, "asc") == 0)
        column->dedup_sort = "asc";
    else if (strcmp(word, "desc") == 0)
        column->dedup_sort = "desc";
    else if (strcmp(word, "notnull") == 0)
        column->nullable = false;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (strcmp(word, marks[i].word) == 0)
            *marks[i].flag = true;
}

/* Reads "name type marks|..."; '_' in a quoted-looking name stays, so names may not have spaces. */
static inline void fixture_header(struct fixture *t, struct table *table, const char *text,
                                  struct header *out)
{
    *out = (struct header){0};
    arena_init(&out->arena);
    for (const char *at = text; *at; at += *at == '|') {
        size_t len = strcspn(at, "|");
        char *item = arena_strndup(&out->arena, at, len);
        char *save = NULL;
        const char *name = strtok_r(item, " ", &save);
        struct type_spec spec = fixture_type(strtok_r(NULL, " ", &save));
        struct table_column own, *column = table_find(table, name);
        if (strcmp(name, "_tidegate_order") == 0)
            column = &own; /* of the file alone */
        else if (!column)
            FIXTURE_OK(t, table_add_column(&t->catalog, table, name, &spec, &column, &t->err));
        column->spec = spec;
        for (const char *word; (word = strtok_r(NULL, " ", &save));)
            fixture_mark(column, word);
        out->names[out->count] = name;
        out->specs[out->count++] = spec;
        at += len;
    }
}

static inline void header_release(struct header *header)
{
    arena_release(&header->arena);
}

/* ---- filling a load ---- */

static inline struct table *fixture_table(struct fixture *t, const char *name, const char *parent,
                                          enum disposition disposition)
{
    struct table *table = catalog_find(&t->catalog, name);
    if (!table)
        FIXTURE_OK(t, catalog_add(&t->catalog, name, parent, &table, &t->err));
    if (!parent)
        table->disposition = disposition;
    return table;
}

static inline struct manifest *fixture_begin(struct fixture *t)
{
    if (!t->package) {
        char id[16];
        snprintf(id, sizeof(id), "%d.5", ++t->load);
        ledger_release(&t->from);
        FIXTURE_OK(t, fixture_schema(t, &t->from));
        FIXTURE_OK(t, package_create(&t->ctx, t->engine, t->folder, id, &t->package, &t->err));
    }
    return package_manifest(t->package);
}

static inline struct manifest_table *fixture_part(struct fixture *t, const char *name)
{
    const struct table *table = catalog_find(&t->catalog, name);
    assert_non_null(table);
    const struct table *root = catalog_root(&t->catalog, table);
    struct manifest_table *part = NULL;
    FIXTURE_OK(t, manifest_add_table(fixture_begin(t), name, root->resource, table != root, &part,
                                     &t->err));
    return part;
}

static inline int fixture_scale(const struct type_spec *spec)
{
    bool is_default = spec->type == TYPE_DECIMAL && spec->precision == 0;
    return is_default ? (int)DECIMAL_SCALE : spec->scale;
}

static inline void fixture_cell(struct fixture *t, struct column *column, size_t row,
                                const char *cell, size_t len)
{
    struct time_point time = {0};
    int32_t days = 0;
    int128 decimal = 0;
    if (len == 4 && memcmp(cell, "NULL", 4) == 0)
        return;
    switch (column->spec.type) {
    case TYPE_BIGINT: column_set_int64(column, row, strtoll(cell, NULL, 10)); break;
    case TYPE_DOUBLE: column_set_double(column, row, strtod(cell, NULL)); break;
    case TYPE_BOOL: column_set_bool(column, row, *cell == 't'); break;
    case TYPE_DATE:
        assert_true(time_parse_date(cell, len, &days));
        column_set_date(column, row, days);
        break;
    case TYPE_TIMESTAMP:
        assert_true(time_parse_timestamp(cell, len, &time));
        column_set_int64(column, row, time.us);
        break;
    case TYPE_DECIMAL:
    case TYPE_WEI:
        FIXTURE_OK(t,
                   decimal_parse(cell, len, 38, fixture_scale(&column->spec), &decimal, &t->err));
        column_set_decimal(column, row, decimal);
        break;
    default: FIXTURE_OK(t, column_set_text(column, row, cell, len, &t->err));
    }
}

/* Cells of `text`, lines of a|b|c, to the columns; returns the number of lines. */
static inline size_t fixture_cells(struct fixture *t, struct column *columns, size_t count,
                                   const char *text)
{
    size_t row = 0;
    for (const char *at = text; *at; row++) {
        for (size_t c = 0; c < count; c++) {
            size_t len = strcspn(at, "|\n");
            fixture_cell(t, &columns[c], row, at, len);
            at += len;
            at += *at == '|';
        }
        at += *at == '\n';
    }
    return row;
}

/* Rows for a table; two calls with different headers give two files. */
static inline void fixture_rows(struct fixture *t, const char *name, const char *header_text,
                                const char *text)
{
    struct table *table = catalog_find(&t->catalog, name);
    assert_non_null(table);
    struct header header;
    fixture_header(t, table, header_text, &header);
    struct column columns[FIXTURE_COLUMNS];
    struct ArrowArray children[FIXTURE_COLUMNS];
    struct ArrowArray batch = {0};
    struct ArrowSchema schema = {0};
    bool ordered = !table->parent && table->disposition == DISPOSITION_MERGE;
    if (ordered) {
        header.names[header.count] = "_tidegate_order";
        header.specs[header.count++] = (struct type_spec){.type = TYPE_BIGINT};
    }
    for (size_t c = 0; c < header.count; c++)
        FIXTURE_OK(t, column_init(&columns[c], &header.specs[c], &t->err));
    size_t row_count = fixture_cells(t, columns, header.count - ordered, text);
    for (size_t row = 0; ordered && row < row_count; row++)
        column_set_int64(&columns[header.count - 1], row, t->order++);
    for (size_t c = 0; c < header.count; c++)
        FIXTURE_OK(t, column_export(&columns[c], row_count, &children[c], &t->err));
    FIXTURE_OK(t, batch_make(children, header.count, (int64_t)row_count, &batch, &t->err));
    FIXTURE_OK(t, schema_make(header.names, header.specs, header.count, &schema, &t->err));
    fixture_part(t, name);
    FIXTURE_OK(t, package_append(t->package, name, &schema, &batch, &t->err));
    schema_release(&schema);
    header_release(&header);
}

/* ---- writing ---- */

static inline void fixture_state(struct fixture *t, struct manifest *manifest)
{
    struct buf json = BUF_INIT;
    manifest->state_version_from = t->state.version;
    manifest->state_hash_from = arena_strdup(&manifest->arena, t->state.hash);
    manifest->files_load_from = t->files_load ? t->files_load : "";
    manifest->skips_files = true;
    if (t->changes_state) {
        char last[16];
        snprintf(last, sizeof(last), "%d", t->load);
        struct state_cursor cursor = {.last_value = last};
        FIXTURE_OK(t, state_set_cursor(&t->state, "shop", "person", "id", &cursor, &t->err));
        FIXTURE_OK(t, state_bump(&t->state, &manifest->state_changed, &t->err));
    }
    FIXTURE_OK(t, state_json(&t->state, &json, &t->err));
    manifest->state = arena_strdup(&manifest->arena, json.data);
    buf_release(&json);
}

static inline void fixture_catalog(struct fixture *t, struct manifest *manifest)
{
    struct buf json = BUF_INIT;
    bool changed = false;
    manifest->catalog_version_from = t->from.schema_version;
    manifest->catalog_hash_from = t->from.schema_hash;
    FIXTURE_OK(t, catalog_bump(&t->catalog, &changed, &t->err));
    FIXTURE_OK(t, catalog_write(&t->catalog, &json, &t->err));
    manifest->catalog = arena_strdup(&manifest->arena, json.data);
    buf_release(&json);
}

/* Fills in what a run would say; the load is then complete but for its files. */
static inline void fixture_complete(struct fixture *t, struct manifest *manifest)
{
    manifest->pipeline = t->pipeline;
    manifest->destination = "duckdb:///test.duckdb";
    manifest->dataset = "d";
    manifest->schema = "shop";
    fixture_state(t, manifest);
    fixture_catalog(t, manifest);
}

/* Seals the load and gives its folder (mem_free). */
static inline char *fixture_seal(struct fixture *t)
{
    char *path = NULL;
    fixture_complete(t, fixture_begin(t));
    FIXTURE_OK(t, package_seal(t->package, &path, &t->err));
    package_free(t->package);
    t->package = NULL;
    return path;
}

static inline int fixture_write_sealed(struct fixture *t, const char *path)
{
    struct manifest manifest;
    FIXTURE_OK(t, package_open(path, &manifest, &t->err));
    write_result_release(&t->result);
    error_clear(&t->err);
    int rc = write_package(t->con, path, &manifest, t->by, &t->result, &t->err);
    for (size_t i = 0; i < t->result.count; i++) /* names are the manifest's, which goes */
        t->result.counts[i].table = NULL;
    manifest_release(&manifest);
    return rc;
}

/* Seals and writes the load. */
static inline int fixture_write(struct fixture *t)
{
    char *path = fixture_seal(t);
    int rc = fixture_write_sealed(t, path);
    mem_free(path);
    return rc;
}

#define FIXTURE_WRITE(t)                                                                           \
    do {                                                                                           \
        if (fixture_write(t) != TG_OK)                                                             \
            fail_msg("%s: %s", (t)->err.where, (t)->err.what);                                     \
    } while (0)

/* ---- looking ---- */

static inline void fixture_exec(struct fixture *t, const char *sql)
{
    FIXTURE_OK(t, connection_exec(t->con, sql, NULL, &t->err));
}

static inline void fixture_check(struct fixture *t, const char *sql, const char *expected)
{
    struct text_rows rows = {0};
    struct buf text = BUF_INIT;
    FIXTURE_OK(t, connection_fetch(t->con, sql, &rows, &t->err));
    for (size_t r = 0; r < rows.row_count; r++) {
        for (size_t c = 0; c < rows.column_count; c++) {
            const char *cell = text_cell(&rows, r, c);
            buf_printf(&text, "%s%s", c > 0 ? "|" : "", cell ? cell : "NULL");
        }
        buf_char(&text, '\n');
    }
    if (strcmp(buf_string(&text), expected) != 0)
        fail_msg("%s\ngives\n%sinstead of\n%s", sql, buf_string(&text), expected);
    buf_release(&text);
    text_rows_release(&rows);
}

/* Nothing that was staged is left in the session. (One that has just been closed is cleared away by
 * the server when it comes to it.) */
static inline void fixture_no_temporary(struct fixture *t)
{
    fixture_check(t,
                  fixture_url ? "SELECT count(*) FROM pg_class WHERE relkind = 'r' "
                                "AND relnamespace = pg_my_temp_schema()"
                              : "SELECT count(*) FROM duckdb_tables() WHERE temporary",
                  "0\n");
}

/* inserted, updated, deleted of the i-th table of the last load */
static inline void fixture_counts(const struct fixture *t, size_t i, uint64_t inserted,
                                  uint64_t updated, uint64_t deleted)
{
    assert_true(i < t->result.count);
    assert_int_equal(t->result.counts[i].rows_inserted, inserted);
    assert_int_equal(t->result.counts[i].rows_updated, updated);
    assert_int_equal(t->result.counts[i].rows_deleted, deleted);
}

#endif
