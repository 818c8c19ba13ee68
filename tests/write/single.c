/* Tests of src/write/sql/single.c: a MERGE a table leaves what the usual statements leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <inttypes.h>

#include "tests/torture.h"
#include "tests/write/both.h"
#include "tests/write/histories.h"
#include "tests/write/keys.h"
#include "tests/write/merges.h"
#include "write/sql/shared.h"

#define ROOT   "id bigint pk|name text|gone bool del|_dlt_load_id text|_dlt_id text row"
#define TOYS   KIDS
#define OF_ROW "|_tidegate_order bigint" /* nested rows of versions: whose they are */

enum { LOADS = 4, IDS = 9 };

#define REST    "|gone bool del|_dlt_load_id text|_dlt_id text row"
#define MERGED  "id bigint|name text mk" REST
#define BOTH    "id bigint pk|name text mk" REST
#define TEXT    "id bigint pk|name text|gone text del|_dlt_load_id text|_dlt_id text row"
#define VERSION ROOT "|version bigint"

#define FILTERED .hint = "x-merge-source-filter", .json = "\"name <> 'n0'\""
#define SCOPED                                                                                     \
    .hint = "x-merge-destination-scope", .json = "\"id IN (SELECT id + 1 FROM {staging_table})\""

static const struct {
    const char *strategy, *golden;
    bool skips, keeps_ids;
    const char *header, *hint, *json; /* NULL: ROOT; none */
    enum disposition word;            /* none: merge */
    bool is_ranged, is_delivered;
    bool everywhere;                                   /* without NOT MATCHED BY SOURCE */
    enum { ALL_STAY, DELETED, FLAGGED, ENDED } absent; /* what becomes of absent rows */
    bool is_listed;                                    /* keys are listed beside the rows */
    bool is_shared;                                    /* some rows are another pipeline's */
    bool was_flagged;                                  /* some are flagged, from before */
    bool keeps_versions;                               /* a key has several rows */
    bool keeps_history; /* ... each with its time; ids tell their content */
    bool has_number;    /* ... or a column of the source's does */
    bool repeats;       /* a key comes several times */
} ways[] = {
    {.golden = "single_delete_insert"},
    {NULL, "single_skip", .skips = true, .keeps_ids = true},
    {"upsert", "single_upsert", .keeps_ids = true},
    {"insert-only", "single_insert_only", .keeps_ids = true, .everywhere = true},
    {NULL, "single_merge_key", .header = MERGED},
    {NULL, "single_both_keys", .header = BOTH, .repeats = true},
    {NULL, "single_text_mark", .header = TEXT},
    {"upsert", "single_upsert_text_mark", .header = TEXT, .keeps_ids = true},
    {"insert-only", "single_insert_text_mark", .header = TEXT, .keeps_ids = true,
     .everywhere = true},
    {NULL, "single_scope", .hint = "x-merge-destination-scope", .json = "\"name = 'n0'\""},
    {NULL, "single_version", .skips = true, .keeps_ids = true, .header = VERSION,
     .hint = "x-tidegate-row-version-column", .json = "\"version\""},
    {NULL, "single_append", .word = DISPOSITION_APPEND, .everywhere = true},
    {NULL, "single_replace", .word = DISPOSITION_REPLACE},
    {"truncate-and-insert", "single_replace", .word = DISPOSITION_REPLACE},
    {"insert-from-staging", "single_replace", .word = DISPOSITION_REPLACE},
    {"staging-optimized", "single_replace", .word = DISPOSITION_REPLACE},
    {"replace-range", "single_range", .word = DISPOSITION_REPLACE, .is_ranged = true},
    {"replace-range", "single_range_delivered", .word = DISPOSITION_REPLACE, .is_ranged = true,
     .is_delivered = true},
    {"cdc", "single_cdc", .keeps_ids = true, .absent = DELETED},
    {"cdc", "single_cdc_groups", .keeps_ids = true, .header = BOTH, .absent = DELETED},
    {"cdc", "single_cdc_scope", .keeps_ids = true, SCOPED, .absent = DELETED},
    {"upsert", "single_deletes", .keeps_ids = true, .absent = DELETED, .is_listed = true},
    {"upsert", "single_deletes_skip", .skips = true, .keeps_ids = true, .absent = DELETED},
    {NULL, "single_deletes_both_keys", .header = BOTH, .absent = DELETED, .is_listed = true,
     .repeats = true},
    {"upsert", "single_deletes_shared", .keeps_ids = true, .absent = DELETED, .is_shared = true},
    {"upsert", "single_soft", .keeps_ids = true, .absent = FLAGGED, .is_shared = true},
    {"cdc", "single_soft_skip", .skips = true, .keeps_ids = true, .header = BOTH, .absent = FLAGGED,
     .is_listed = true},
    {NULL, "single_soft_both_keys", .header = BOTH, .absent = FLAGGED, .is_listed = true},
    {"insert-only", "single_insert_flagged", .keeps_ids = true, .everywhere = true,
     .was_flagged = true},
    {"insert-only", "single_versions", .hint = DISPOSITION_VERSIONS_HINT,
     .json = "\"" DISPOSITION_VERSIONS "\"", .everywhere = true, .keeps_versions = true},
    {NULL, "single_deletes_scope", .hint = "x-merge-destination-scope", .json = "\"name = 'n0'\"",
     .absent = DELETED},
    {"upsert", "single_deletes_filter", .keeps_ids = true, FILTERED, .absent = DELETED,
     .is_listed = true},
    {"upsert", "single_soft_filter", .keeps_ids = true, FILTERED, .absent = FLAGGED,
     .is_listed = true},
    {NULL, "single_soft_filter_both_keys", .header = BOTH, FILTERED, .absent = FLAGGED},
    {"scd2", "single_scd2", .keeps_history = true},
    {"scd2", "single_scd2_shared", .keeps_history = true, .is_shared = true},
    {"scd2", "single_scd2_by_merge_key", .header = BOTH, .keeps_history = true},
    {"scd2", "single_scd2_number", .header = BOTH "|version bigint", .keeps_history = true,
     .has_number = true},
    {"scd2", "single_scd2_filter", FILTERED, .keeps_history = true},
    {"scd2", "single_scd2_scope", SCOPED, .keeps_history = true},
    {"scd2", "single_scd2_absent", .absent = ENDED, .keeps_history = true, .is_listed = true,
     .is_shared = true},
    {"scd2", "single_scd2_absent_filter", FILTERED, .absent = ENDED, .keeps_history = true},
    {"scd2", "single_scd2_absent_scope", SCOPED, .absent = ENDED, .keeps_history = true},
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]), VERSIONED = 10 };

static uint64_t state_of_random;

static unsigned pick(unsigned count)
{
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state_of_random >> 33) % count;
}

static bool has_flag(size_t way)
{
    return ways[way].absent == FLAGGED || ways[way].was_flagged;
}

static void start_table(struct fixture *t, size_t way)
{
    if (ways[way].keeps_history)
        start_history(t, "null");
    else
        start_strategy(t, ways[way].strategy, ways[way].skips);
    if (!ways[way].has_number)
        return;
    golden_columns(t, "person", "version bigint");
    mark(t, "version", HISTORY_VERSION, "true");
}

static void start_way(struct fixture *t, size_t way)
{
    start_table(t, way);
    nest_kids(t);
    struct table *table = catalog_find(&t->catalog, "person");
    if (ways[way].hint)
        FIXTURE_OK(t,
                   extra_set(&t->catalog, &table->extras, ways[way].hint, ways[way].json, &t->err));
    if (has_flag(way))
        FIXTURE_OK(t, table_add_column(&t->catalog, table, DELETED_COLUMN,
                                       &(struct type_spec){.type = TYPE_TIMESTAMP}, NULL, &t->err));
    if (ways[way].keeps_versions)
        FIXTURE_OK(t, table_add_column(&t->catalog, table, VERSION_COLUMN,
                                       &(struct type_spec){.type = TYPE_BIGINT}, NULL, &t->err));
    if (!ways[way].word)
        return;
    table->disposition = ways[way].word;
    table->merge_strategy = NULL;
    table->replace_strategy = ways[way].strategy;
}

static const char *header_of(size_t way)
{
    return ways[way].header ? ways[way].header : ROOT;
}

/* What the load says beside its rows. */
static void say_way(struct fixture *t, size_t way, int load)
{
    struct manifest_table *part = fixture_part(t, "person");
    const struct manifest_range range = {.column = "id",
                                         .delivered = ways[way].is_delivered,
                                         .from_kind = RANGE_NUMBER,
                                         .from = load == 1 ? "0" : "3",
                                         .to_kind = RANGE_NUMBER,
                                         .to = load == 1 ? "9" : "7"};
    if (ways[way].absent)
        fixture_absent(t, "person", ways[way].absent == FLAGGED && load < LOADS);
    if (ways[way].absent == ENDED) {
        part->deletes_absent = false;
        part->ends_absent = true;
    }
    part->replaced = ways[way].word == DISPOSITION_REPLACE && !ways[way].is_ranged;
    if (ways[way].is_ranged)
        FIXTURE_OK(t, manifest_set_range(package_manifest(t->package), part, &range, &t->err));
}

/* ---- random loads ---- */

static char of_row[24]; /* what a nested row says of its root row, where it does: its number */
static int64_t row_number;

static void put_toys(struct buf *toys, const char *root, const char *kid)
{
    for (unsigned j = 0, count = pick(3); j < count; j++)
        buf_printf(toys, "t%u|%s|%s|%u|%s.%u%s\n", pick(2), root, kid, j, kid, j, of_row);
}

static void put_tree(size_t way, int load, unsigned id, struct buf *roots, struct buf *kids,
                     struct buf *toys)
{
    static const char *const marks[] = {"NULL", "NULL", "NULL", "false", "true"};
    char root[32], kid[64];
    static unsigned trees; /* of one key several may come */
    const bool is_first = load == 1 && !ways[way].keeps_history;
    of_row[0] = '\0';
    if (ways[way].keeps_versions || ways[way].repeats)
        snprintf(root, sizeof(root), "r%u.%d.%u", id, load, trees++);
    else
        snprintf(root, sizeof(root), ways[way].keeps_ids ? "r%u" : "r%u.%d", id, load);
    const uint64_t random = state_of_random;
    if (ways[way].keeps_history) { /* the id says what the row is, with all that is nested in it */
        unsigned content = pick(3);
        snprintf(root, sizeof(root), "r%u.%u", id, content);
        snprintf(of_row, sizeof(of_row), "|%" PRId64, row_number++);
        state_of_random = id * 3 + content;
    }
    const char *gone = is_first ? "NULL" : marks[pick(5)];
    const char *name = ways[way].header && pick(4) == 0 ? "NULL" : pick(2) ? "n1" : "n0";
    buf_printf(roots, "%u|%s|%s|%d.5|%s", id, name, gone, load, root);
    if (way == VERSIONED || ways[way].has_number)
        buf_printf(roots, "|%u", pick(3));
    buf_char(roots, '\n');
    for (unsigned i = 0, count = is_first ? 2 : pick(4); i < count; i++) {
        snprintf(kid, sizeof(kid), "%s.%u", root, i);
        buf_printf(kids, "k%u|%s|%s|%u|%s%s\n", pick(2), root, root, i, kid, of_row);
        put_toys(toys, root, kid);
    }
    state_of_random = ways[way].keeps_history ? random : state_of_random;
}

static unsigned rows_of_key(size_t way)
{
    if (ways[way].keeps_history && !ways[way].absent)
        return 1 + (pick(4) == 0);
    return ways[way].keeps_versions || ways[way].repeats ? 1 + pick(3) : 1;
}

static void put_load(struct fixture *t, size_t way, int load)
{
    struct buf roots = BUF_INIT, kids = BUF_INIT, toys = BUF_INIT;
    const bool history = ways[way].keeps_history;
    const bool is_empty =
        (ways[way].absent || (history && !ways[way].header)) && load == 3 && pick(2);
    row_number = t->order;
    for (unsigned id = 0; id < IDS && !is_empty; id++)
        if (!(ways[way].is_ranged && load > 1 && (id < 3 || id > 6)) &&
            (id == 0 || id == 4 || pick(2)))
            for (unsigned i = 0, rows = rows_of_key(way); i < rows; i++)
                put_tree(way, load, id, &roots, &kids, &toys);
    if (load == 1)
        buf_printf(&toys, "t9|r0|r0.0|9|first%s\n", history ? "|0" : "");
    if (!is_empty)
        fixture_rows(t, "person", header_of(way), buf_string(&roots));
    say_way(t, way, load);
    fixture_part(t, "person")->emptied = is_empty && !ways[way].absent;
    if (ways[way].is_listed)
        fixture_keys(t, "person", "id bigint", load % 2 ? "1\n2\n5\n" : "2\n6\n");
    if (kids.len > 0)
        fixture_rows(t, "person__kids", history ? KIDS OF_ROW : KIDS, buf_string(&kids));
    if (toys.len > 0)
        fixture_rows(t, "person__kids__toys", history ? TOYS OF_ROW : TOYS, buf_string(&toys));
    buf_release(&roots);
    buf_release(&kids);
    buf_release(&toys);
}

/* ---- both ways ---- */

/* What is there; ids, loads and marks that do not delete may differ where unchanged rows stay. */
static char *content(struct fixture *t, size_t way)
{
    struct text_rows rows = {0};
    struct buf out = BUF_INIT, sql = BUF_INIT;
    buf_printf(
        &sql,
        "SELECT p.id, p.name, coalesce(CAST(p.gone AS VARCHAR), 'false'), k._dlt_list_idx, k.n, "
        "y._dlt_list_idx, y.n, "
        "(SELECT count(*) FROM d.person__kids), "
        "(SELECT count(*) FROM d.person__kids__toys), %s FROM d.person AS p "
        "LEFT JOIN d.person__kids AS k ON k._dlt_root_id = p._dlt_id "
        "LEFT JOIN d.person__kids__toys AS y ON y._dlt_parent_id = k._dlt_id "
        "ORDER BY 1, 2, 3, 4, 5, 6, 7, 10",
        has_flag(way)              ? "p." DELETED_COLUMN
        : ways[way].keeps_versions ? "p." VERSION_COLUMN
        : ways[way].keeps_history  ? "concat(p._dlt_valid_from, ' ', p._dlt_valid_to)"
                                   : "0");
    FIXTURE_OK(t, connection_fetch(t->con, buf_string(&sql), &rows, &t->err));
    buf_release(&sql);
    for (size_t r = 0; r < rows.row_count; r++)
        for (size_t c = 0; c < rows.column_count; c++)
            buf_printf(&out, "%s%s", text_cell(&rows, r, c) ? text_cell(&rows, r, c) : "NULL",
                       c + 1 < rows.column_count ? "|" : "\n");
    text_rows_release(&rows);
    return buf_take(&out);
}

static void plan_single(struct fixture *t, struct delivery *delivery, struct plan *schema,
                        struct plan *plan)
{
    const struct chain *chain = &delivery->chains[0];
    plan_init(schema);
    plan_init(plan);
    FIXTURE_OK(t, ddl_plan(delivery, schema, &t->err));
    FIXTURE_OK(t, chain->driver->single(delivery, chain, plan, &t->err));
}

/* What the load would leave; it is rolled back. */
static char *try_single(struct fixture *t, size_t way, const char *path)
{
    struct manifest manifest;
    struct described there;
    struct delivery delivery;
    struct plan schema, plan;
    struct runner runner = {.con = t->con};
    FIXTURE_OK(t, package_open(path, &manifest, &t->err));
    FIXTURE_OK(t, connection_describe(t->con, "d", NULL, &there, &t->err));
    FIXTURE_OK(t,
               delivery_init(&delivery, t->con->dialect, path, &manifest, &there, NULL, &t->err));
    FIXTURE_OK(t, shared_check(&delivery, t->con, &t->err));
    plan_single(t, &delivery, &schema, &plan);
    if (!t->con->dialect->parquet)
        FIXTURE_OK(t, reader_new(&t->ctx, path, &runner.reader, &t->err));
    FIXTURE_OK(t, connection_transact(t->con, TRANSACT_BEGIN, &t->err));
    FIXTURE_OK(t, plan_run(&schema, &runner, NULL, &t->err));
    FIXTURE_OK(t, plan_run(&plan, &runner, NULL, &t->err));
    char *found = content(t, way);
    FIXTURE_OK(t, connection_transact(t->con, TRANSACT_ROLLBACK, &t->err));
    reader_free(runner.reader);
    plan_release(&schema);
    plan_release(&plan);
    delivery_release(&delivery);
    manifest_release(&manifest);
    return found;
}

/* To another pipeline. */
static void give_away(struct fixture *t)
{
    fixture_exec(t, "INSERT INTO d._tidegate_loads (load_id, table_name, resource_name, "
                    "disposition, rows_read, rows_new, rows_inserted, rows_updated, rows_deleted, "
                    "rows_filtered, rows_rejected, created_at, pipeline_name) VALUES ('0.5', "
                    "'person', 'r', 'append', 0, 0, 5, 0, 0, 0, 0, '2024-01-01', 'theirs')");
    fixture_exec(t, "UPDATE d.person SET _dlt_load_id = '0.5' WHERE id IN (1, 3, 7)");
}

static void compare_loads(size_t way, unsigned seed)
{
    struct fixture t;
    start_way(&t, way);
    state_of_random = seed;
    for (int load = 1; load <= LOADS; load++) {
        put_load(&t, way, load);
        char *path = fixture_seal(&t);
        char *single = load > 1 ? try_single(&t, way, path) : NULL;
        FIXTURE_OK(&t, fixture_write_sealed(&t, path));
        if (load == 1 && ways[way].is_shared)
            give_away(&t);
        if (load == 1 && ways[way].was_flagged)
            fixture_exec(&t, "UPDATE d.person SET " DELETED_COLUMN " = '2024-01-01' WHERE id < 5");
        char *usual = content(&t, way);
        if (single && strcmp(single, usual) != 0)
            fail_msg("%s, seed %u, load %d: single\n%sinstead of\n%s", ways[way].golden, seed, load,
                     single, usual);
        mem_free(single);
        mem_free(usual);
        mem_free(path);
    }
    fixture_release(&t);
}

/* Older servers have no NOT MATCHED BY SOURCE. */
static bool has_by_source(void)
{
    struct fixture t;
    struct text_rows rows = {0};
    bool has = true;
    fixture_init(&t);
    if (fixture_url) {
        FIXTURE_OK(&t, connection_fetch(t.con, "SHOW server_version_num", &rows, &t.err));
        has = strtol(text_cell(&rows, 0, 0), NULL, 10) >= 170000;
        text_rows_release(&rows);
    }
    fixture_release(&t);
    return has;
}

/* No table is swapped in DuckDB. */
static bool is_run(size_t way, bool by_source)
{
    const char *strategy = ways[way].strategy;
    if (strategy && strcmp(strategy, "staging-optimized") == 0 && !fixture_url)
        return false;
    return by_source || ways[way].everywhere;
}

/* Every second way at DuckDB, the others at servers that have what they ask; with TG_TORTURE=full
 * (make torture) each at both. */
static bool has_turn(size_t way)
{
    return is_full() || way % 2 == (fixture_url ? 1 : 0);
}

static void test_random_loads(void **state)
{
    (void)state;
    const bool by_source = has_by_source();
    if (!by_source)
        print_message("before PostgreSQL 17 MERGE has no BY SOURCE: forms without it are run\n");
    for (size_t way = 0; way < WAYS; way++)
        if (has_turn(way) && is_run(way, by_source))
            compare_loads(way, 1);
}

static void test_what_has_none(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
    struct plan plan;
    start(&t);
    golden_columns(&t, "person", "id bigint|day date|_dlt_id text row");
    golden_there(&t, &there, "person");
    golden_file(&t, "person", "id bigint|day date|_dlt_id text row", "person.1.parquet");
    fixture_complete(&t, fixture_begin(&t));
    FIXTURE_OK(&t, delivery_init(&delivery, golden_dialect, "package", package_manifest(t.package),
                                 &there, NULL, &t.err));
    plan_init(&plan);
    FIXTURE_OK(&t, ddl_plan(&delivery, &plan, &t.err));
    const struct chain *chain = &delivery.chains[0];
    assert_int_equal(chain->driver->single(&delivery, chain, &plan, &t.err), TG_USAGE);
    assert_non_null(strstr(t.err.what, "'person' is merged by no key"));
    plan_release(&plan);
    delivery_release(&delivery);
    package_free(t.package);
    t.package = NULL;
    fixture_release(&t);
}

/* ---- SQL ---- */

static void golden_list(struct fixture *t)
{
    static struct manifest_column column = {.name = "id", .spec = {.type = TYPE_BIGINT}};
    static const struct manifest_file file = {
        .name = "_tidegate_keys.1.parquet", .columns = &column, .column_count = 1};
    fixture_keys(t, "person", "id bigint", "1\n");
    struct manifest *manifest = package_manifest(t->package);
    FIXTURE_OK(
        t, manifest_add_file(manifest, manifest_find(manifest, "_tidegate_keys"), &file, &t->err));
}

static void golden(size_t way)
{
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
    struct plan schema, plan;
    struct buf text = BUF_INIT;
    start_way(&t, way);
    char header[200];
    snprintf(header, sizeof(header), "%s|more text", header_of(way));
    golden_columns(&t, "person", header);
    golden_columns(&t, "person__kids", KIDS);
    golden_columns(&t, "person__kids__toys", TOYS);
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    golden_there(&t, &there, "person__kids__toys");
    golden_file(&t, "person", header_of(way), "person.1.parquet");
    golden_file(&t, "person__kids", ways[way].keeps_history ? KIDS OF_ROW : KIDS,
                "person__kids.1.parquet");
    say_way(&t, way, 2);
    if (ways[way].keeps_history)
        bound(&t, "\"2024-01-01\"");
    package_manifest(t.package)->created_us = 1704164645000000;
    if (ways[way].is_listed)
        golden_list(&t);
    fixture_complete(&t, fixture_begin(&t));
    FIXTURE_OK(&t, delivery_init(&delivery, golden_dialect, "package", package_manifest(t.package),
                                 &there, NULL, &t.err));
    delivery.chains[0].shared = ways[way].is_shared;
    plan_single(&t, &delivery, &schema, &plan);
    golden_plan(&text, "staged, then a statement a table", &plan);
    golden_compare(ways[way].golden, &text);
    buf_release(&text);
    plan_release(&schema);
    plan_release(&plan);
    delivery_release(&delivery);
    package_free(t.package);
    t.package = NULL;
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    for (size_t way = 0; way < WAYS; way++)
        golden(way);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_loads),
        cmocka_unit_test(test_what_has_none),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/single", tests);
}
