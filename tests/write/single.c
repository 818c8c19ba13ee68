/* Tests of src/write/sql/single.c: a MERGE a table leaves what the usual statements leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"

#define ROOT "id bigint pk|name text|gone bool del|_dlt_load_id text|_dlt_id text row"
#define TOYS KIDS

enum { SEEDS = 4, LOADS = 4, IDS = 9 };

static const struct {
    const char *strategy, *golden;
    bool skips, keeps_ids;
} ways[] = {{NULL, "single_delete_insert", false, false},
            {NULL, "single_skip", true, true},
            {"upsert", "single_upsert", false, true},
            {"insert-only", "single_insert_only", false, true}};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static uint64_t state_of_random;

static unsigned pick(unsigned count)
{
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state_of_random >> 33) % count;
}

static void start_way(struct fixture *t, size_t way)
{
    start_strategy(t, ways[way].strategy, ways[way].skips);
    nest_kids(t);
}

/* ---- random loads ---- */

static void put_toys(struct buf *toys, const char *root, const char *kid)
{
    for (unsigned j = 0, count = pick(3); j < count; j++)
        buf_printf(toys, "t%u|%s|%s|%u|%s.%u\n", pick(2), root, kid, j, kid, j);
}

static void put_tree(size_t way, int load, unsigned id, struct buf *roots, struct buf *kids,
                     struct buf *toys)
{
    static const char *const marks[] = {"NULL", "NULL", "NULL", "false", "true"};
    char root[32], kid[64];
    snprintf(root, sizeof(root), ways[way].keeps_ids ? "r%u" : "r%u.%d", id, load);
    const char *mark = load == 1 ? "NULL" : marks[pick(5)];
    buf_printf(roots, "%u|n%u|%s|%d.5|%s\n", id, pick(2), mark, load, root);
    for (unsigned i = 0, count = load == 1 ? 2 : pick(4); i < count; i++) {
        snprintf(kid, sizeof(kid), "%s.%u", root, i);
        buf_printf(kids, "k%u|%s|%s|%u|%s\n", pick(2), root, root, i, kid);
        put_toys(toys, root, kid);
    }
}

static void put_load(struct fixture *t, size_t way, int load)
{
    struct buf roots = BUF_INIT, kids = BUF_INIT, toys = BUF_INIT;
    for (unsigned id = 0; id < IDS; id++)
        if (id == 0 || pick(2))
            put_tree(way, load, id, &roots, &kids, &toys);
    buf_text(&toys, load == 1 ? "t9|r0|r0.0|9|first\n" : "");
    fixture_rows(t, "person", ROOT, buf_string(&roots));
    if (kids.len > 0)
        fixture_rows(t, "person__kids", KIDS, buf_string(&kids));
    if (toys.len > 0)
        fixture_rows(t, "person__kids__toys", TOYS, buf_string(&toys));
    buf_release(&roots);
    buf_release(&kids);
    buf_release(&toys);
}

/* ---- both ways ---- */

/* What is there; ids, loads and marks that do not delete may differ where unchanged rows stay. */
static char *content(struct fixture *t)
{
    struct text_rows rows = {0};
    struct buf out = BUF_INIT;
    FIXTURE_OK(
        t, connection_fetch(t->con,
                            "SELECT p.id, p.name, coalesce(p.gone, false), k._dlt_list_idx, k.n, "
                            "y._dlt_list_idx, y.n, "
                            "(SELECT count(*) FROM d.person__kids), "
                            "(SELECT count(*) FROM d.person__kids__toys) FROM d.person AS p "
                            "LEFT JOIN d.person__kids AS k ON k._dlt_root_id = p._dlt_id "
                            "LEFT JOIN d.person__kids__toys AS y ON y._dlt_parent_id = k._dlt_id "
                            "ORDER BY 1, 4, 6",
                            &rows, &t->err));
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
static char *try_single(struct fixture *t, const char *path)
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
    plan_single(t, &delivery, &schema, &plan);
    if (!t->con->dialect->parquet)
        FIXTURE_OK(t, reader_new(&t->ctx, path, &runner.reader, &t->err));
    FIXTURE_OK(t, connection_transact(t->con, TRANSACT_BEGIN, &t->err));
    FIXTURE_OK(t, plan_run(&schema, &runner, NULL, &t->err));
    FIXTURE_OK(t, plan_run(&plan, &runner, NULL, &t->err));
    char *found = content(t);
    FIXTURE_OK(t, connection_transact(t->con, TRANSACT_ROLLBACK, &t->err));
    reader_free(runner.reader);
    plan_release(&schema);
    plan_release(&plan);
    delivery_release(&delivery);
    manifest_release(&manifest);
    return found;
}

static void compare_loads(size_t way, unsigned seed)
{
    struct fixture t;
    start_way(&t, way);
    state_of_random = seed;
    for (int load = 1; load <= LOADS; load++) {
        put_load(&t, way, load);
        char *path = fixture_seal(&t);
        char *single = load > 1 ? try_single(&t, path) : NULL;
        FIXTURE_OK(&t, fixture_write_sealed(&t, path));
        char *usual = content(&t);
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

static void test_random_loads(void **state)
{
    (void)state;
    const bool by_source = has_by_source();
    if (!by_source)
        print_message("before PostgreSQL 17 MERGE has no BY SOURCE: insert-only alone is run\n");
    for (size_t way = by_source ? 0 : WAYS - 1; way < WAYS; way++)
        for (unsigned seed = 1; seed <= SEEDS; seed++)
            compare_loads(way, seed);
}

static void test_what_has_none(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
    struct plan plan;
    start(&t);
    golden_columns(&t, "person", "id bigint pk|day date mk|_dlt_id text row");
    golden_there(&t, &there, "person");
    golden_file(&t, "person", "id bigint pk|day date mk|_dlt_id text row", "person.1.parquet");
    fixture_complete(&t, fixture_begin(&t));
    FIXTURE_OK(&t, delivery_init(&delivery, golden_dialect, "package", package_manifest(t.package),
                                 &there, NULL, &t.err));
    plan_init(&plan);
    FIXTURE_OK(&t, ddl_plan(&delivery, &plan, &t.err));
    const struct chain *chain = &delivery.chains[0];
    assert_int_equal(chain->driver->single(&delivery, chain, &plan, &t.err), TG_USAGE);
    assert_non_null(strstr(t.err.what, "'person' is merged by more than its primary key"));
    plan_release(&plan);
    delivery_release(&delivery);
    package_free(t.package);
    t.package = NULL;
    fixture_release(&t);
}

/* ---- SQL ---- */

static void golden(size_t way)
{
    struct fixture t;
    struct described there = {0};
    struct delivery delivery;
    struct plan schema, plan;
    struct buf text = BUF_INIT;
    start_way(&t, way);
    golden_columns(&t, "person", ROOT "|more text");
    golden_columns(&t, "person__kids", KIDS);
    golden_columns(&t, "person__kids__toys", TOYS);
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    golden_there(&t, &there, "person__kids__toys");
    golden_file(&t, "person", ROOT, "person.1.parquet");
    golden_file(&t, "person__kids", KIDS, "person__kids.1.parquet");
    fixture_complete(&t, fixture_begin(&t));
    FIXTURE_OK(&t, delivery_init(&delivery, golden_dialect, "package", package_manifest(t.package),
                                 &there, NULL, &t.err));
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
