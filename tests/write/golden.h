/*
 * For the tests of src/write: SQL compared with files that people can read,
 * tests/golden/DIALECT/NAME.sql.
 *
 *     struct fixture t; ...
 *     golden_there(&t, &there, "person");           the destination has the table as the catalog
 * says golden_file(&t, "person", "id bigint pk|...", "person.1.parquet"); golden_check(&t, &there,
 * "merge_simple", GOLDEN_DATA);
 *
 * With TG_GOLDEN=write the files are written instead of compared. Include after loads.h.
 */
#ifndef TIDEGATE_TESTS_WRITE_GOLDEN_H
#define TIDEGATE_TESTS_WRITE_GOLDEN_H

#include <stdio.h>

#include "write/sql/absent.h"
#include "write/sql/ddl.h"
#include "write/disposition.h"
#include "write/sql/keep.h"
#include "write/sql/record.h"

enum golden_parts { GOLDEN_DATA = 1, GOLDEN_SCHEMA = 2, GOLDEN_RECORD = 4 };
enum { GOLDEN_LITERAL_MAX = 100, GOLDEN_TABLES = 16 };

static const struct dialect *golden_dialect = &dialect_duckdb;
static bool golden_shared; /* others load into the tables, too */

/* golden_unit_tests(f): with each dialect that has golden files. */
static inline int golden_duckdb(void **state)
{
    (void)state;
    golden_dialect = &dialect_duckdb;
    return 0;
}
static inline int golden_postgres(void **state)
{
    (void)state;
    golden_dialect = &dialect_postgres;
    return 0;
}
#define golden_unit_tests(f)                                                                       \
    cmocka_unit_test_setup(f, golden_duckdb), cmocka_unit_test_setup(f, golden_postgres)

static inline char *golden_type(const struct type_spec *spec)
{
    struct buf text = BUF_INIT;
    golden_dialect->type_sql(spec, &text);
    return buf_take(&text);
}

/* The destination has the table with all columns that the catalog has by now. */
static inline void golden_there(struct fixture *t, struct described *there, const char *name)
{
    const struct table *table = catalog_find(&t->catalog, name);
    assert_non_null(table);
    if (!there->tables)
        there->tables = mem_calloc(GOLDEN_TABLES, sizeof(*there->tables));
    struct described_table *out = &there->tables[there->table_count++];
    out->name = mem_strdup(name);
    out->columns = mem_calloc(table->column_count + 1, sizeof(*out->columns));
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].spec.type != TYPE_NONE)
            out->columns[out->column_count++] = (struct described_column){
                .name = mem_strdup(table->columns[i].name),
                .sql_type = golden_type(&table->columns[i].spec),
                .nullable = table->columns[i].nullable,
            };
}

/* The ledger of dlt, which every destination has from its first load on. */
static inline void golden_ledger(struct fixture *t, struct described *there)
{
    golden_there(t, there, "_dlt_loads");
    golden_there(t, there, "_dlt_pipeline_state");
    golden_there(t, there, "_dlt_version");
}

/* Columns for the catalog, without rows. */
static inline void golden_columns(struct fixture *t, const char *table, const char *header_text)
{
    struct header header;
    fixture_header(t, catalog_find(&t->catalog, table), header_text, &header);
    header_release(&header);
}

/* One file of the load; only its name and columns count. */
static inline void golden_file(struct fixture *t, const char *table, const char *header_text,
                               const char *file_name)
{
    struct header header;
    struct manifest_column columns[FIXTURE_COLUMNS];
    const struct table *known = catalog_find(&t->catalog, table);
    fixture_header(t, catalog_find(&t->catalog, table), header_text, &header);
    if (!known->parent && known->disposition == DISPOSITION_MERGE) {
        header.names[header.count] = "_tidegate_order";
        header.specs[header.count++] = (struct type_spec){.type = TYPE_BIGINT};
    }
    for (size_t i = 0; i < header.count; i++)
        columns[i] = (struct manifest_column){.name = header.names[i], .spec = header.specs[i]};
    struct manifest_file file = {
        .name = file_name, .columns = columns, .column_count = header.count};
    struct manifest_table *part = fixture_part(t, table);
    FIXTURE_OK(t, manifest_add_file(package_manifest(t->package), part, &file, &t->err));
    header_release(&header);
}

/* A statement, its long literals cut short. */
static inline void golden_statement(struct buf *out, const char *sql)
{
    size_t in_literal = 0;
    for (const char *c = sql; *c; c++) {
        if (*c == '\'') {
            if (in_literal > GOLDEN_LITERAL_MAX)
                buf_text(out, "...");
            in_literal = in_literal ? 0 : 1;
        } else if (in_literal) {
            in_literal++;
        }
        if (in_literal <= GOLDEN_LITERAL_MAX)
            buf_char(out, *c);
    }
    buf_text(out, ";\n\n");
}

static inline void golden_plan(struct buf *out, const char *title, const struct plan *plan)
{
    if (plan->count > 0)
        buf_printf(out, "-- %s\n\n", title);
    for (size_t i = 0; i < plan->count; i++) {
        const struct step *step = &plan->steps[i];
        if (step->count != COUNT_NONE && strncmp(step->sql, "CREATE", 6) == 0)
            fail_msg("not every engine says how many rows it has made a table with: %s", step->sql);
        if (step->kind == STEP_READ)
            buf_text(out, "-- of the reader:\n");
        if (step->kind == STEP_FILL)
            buf_printf(out, "-- of the reader, into %s%s%s:\n",
                       step->into.dataset ? step->into.dataset : "", step->into.dataset ? "." : "",
                       step->into.table);
        if (step->kind == STEP_TAKE)
            buf_printf(out, "-- numbers for the reader, into %s:\n", step->into.table);
        if (step->kind == STEP_COUNT)
            buf_text(out, step->count == COUNT_DELETED ? "-- how many go:\n"
                                                       : "-- how many are updated:\n");
        if (step->kind == STEP_REFUSE)
            buf_text(out, "-- must give no row:\n");
        golden_statement(out, step->sql);
    }
}

static inline void golden_compare(const char *name, struct buf *text)
{
    char path[128];
    struct buf expected = BUF_INIT;
    struct tg_error err = {0};
    const char *mode = getenv("TG_GOLDEN");
    snprintf(path, sizeof(path), "tests/golden/%s/%s.sql", golden_dialect->name, name);
    text->len -= text->len > 0; /* one newline at the end, not two */
    text->data[text->len] = '\0';
    if (mode && strcmp(mode, "write") == 0) {
        assert_int_equal(fs_write_file(path, text->data, text->len, &err), TG_OK);
    } else {
        if (fs_read_file(path, &expected, &err) != TG_OK)
            fail_msg("%s; run with TG_GOLDEN=write to make it", err.what);
        if (strcmp(buf_string(&expected), text->data) != 0)
            fail_msg("%s differs; the statements are now\n%s", path, text->data);
    }
    buf_release(&expected);
}

/* Plans the load that the fixture holds, at a destination with the tables `there` (released), and
 * compares the parts asked for. The load is then dropped. */
static inline void golden_check(struct fixture *t, struct described *there, const char *name,
                                int parts)
{
    struct delivery delivery;
    struct plan plans[4];
    struct buf text = BUF_INIT;
    struct write_table_counts counts[GOLDEN_TABLES] = {{.table = "",
                                                        .rows_inserted = 1,
                                                        .rows_updated = 2,
                                                        .rows_deleted = 3,
                                                        .rows_unchanged = 4}};
    for (size_t i = 0; i < 4; i++)
        plan_init(&plans[i]);
    fixture_complete(t, fixture_begin(t));
    package_manifest(t->package)->package_id = "random";
    FIXTURE_OK(t, delivery_init(&delivery, golden_dialect, "package", package_manifest(t->package),
                                there, NULL, &t->err));
    delivery.schema_version = 1;
    delivery.schema_hash = "before";
    FIXTURE_OK(t, ddl_plan(&delivery, &plans[0], &t->err));
    FIXTURE_OK(t, keep_plan(&delivery, &plans[0], &t->err));
    for (size_t i = 0; i < delivery.chain_count; i++) {
        struct chain *chain = &delivery.chains[i];
        chain->shared = golden_shared;
        if (chain->driver->stage)
            FIXTURE_OK(t, chain->driver->stage(&delivery, chain, &plans[1], &t->err));
        FIXTURE_OK(t, absent_stage(&delivery, chain, &plans[1], &t->err));
        FIXTURE_OK(t, absent_apply(&delivery, chain, &plans[2], &t->err));
        FIXTURE_OK(t, chain->driver->apply(&delivery, chain, &plans[2], &t->err));
        FIXTURE_OK(t, keep_left(&delivery, chain, &plans[2], &t->err));
    }
    FIXTURE_OK(t, record_rejects(&delivery, 1704164645000000, &plans[2], &t->err));
    FIXTURE_OK(t, record_plan(&delivery, counts, NULL, 1704164645000000, &plans[3], &t->err));
    FIXTURE_OK(t, keep_record(&delivery, &delivery, &plans[3], &t->err));
    if (parts & GOLDEN_SCHEMA)
        golden_plan(&text, "schema changes", &plans[0]);
    if (parts & GOLDEN_DATA) {
        golden_plan(&text, "before the transaction", &plans[1]);
        golden_plan(&text, "rows", &plans[2]);
    }
    if (parts & GOLDEN_RECORD)
        golden_plan(&text, "ledger", &plans[3]);
    golden_compare(name, &text);
    buf_release(&text);
    for (size_t i = 0; i < 4; i++)
        plan_release(&plans[i]);
    delivery_release(&delivery);
    package_free(t->package);
    t->package = NULL;
}

#endif
