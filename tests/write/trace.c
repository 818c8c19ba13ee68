/* Tests of src/write/sql/trace.c: rows of tables as they are, and who has loaded them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/loads.h"
#include "write/sql/trace.h"

static void test_counts(void **state)
{
    (void)state;
    struct fixture t;
    struct table_count counts[] = {{.table = "person"}, {.table = "gone"}, {.table = "_dlt_loads"}};
    fixture_init(&t);
    fixture_table(&t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "person", "id bigint", "1\n2\n");
    FIXTURE_WRITE(&t);
    FIXTURE_OK(&t, trace_count(t.con, "d", counts, 3, &t.err));
    assert_true(counts[0].is_there);
    assert_int_equal(counts[0].rows, 2);
    assert_false(counts[1].is_there);
    assert_int_equal(counts[1].rows, 0);
    assert_int_equal(counts[2].rows, 1);
    fixture_release(&t);
}

#define STATE(version, resource)                                                                   \
    "INSERT INTO d._dlt_pipeline_state VALUES (" #version                                          \
    ", 4, 'theirs', '{\"_state_version\":1,\"_state_engine_version\":4,\"sources\":{\"s\":"        \
    "{\"resources\":{\"" resource                                                                  \
    "\":{\"incremental\":{}}}}}}', '2024-01-01', 'h', '0.1', 'id" #version "')"

static struct loaders look(struct fixture *t, const char *pipeline)
{
    struct loaders out = {.has_rows = false};
    const struct loaders_request request = {pipeline, "person", "person"};
    arena_init(&out.arena);
    FIXTURE_OK(t, trace_loaders(t->con, "d", &request, &out, &t->err));
    return out;
}

/* Of another pipeline that dlt has run its newest state counts; an older ledger names nobody. */
static void test_loaders(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    fixture_table(&t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "person", "id bigint", "1\n2\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, STATE(1, "person"));
    struct loaders found = look(&t, "ours");
    assert_true(found.has_rows);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.items[0].pipeline, "shop_pipeline");
    assert_string_equal(found.items[0].resource, "person");
    assert_string_equal(found.items[1].pipeline, "theirs");
    arena_release(&found.arena);
    found = look(&t, "theirs");
    assert_int_equal(found.count, 1);
    arena_release(&found.arena);
    fixture_exec(&t, STATE(2, "other"));
    fixture_exec(&t, "ALTER TABLE d._tidegate_loads DROP COLUMN pipeline_name");
    found = look(&t, "ours");
    assert_int_equal(found.count, 2); /* a state is left, which has a name */
    assert_null(found.items[0].pipeline);
    arena_release(&found.arena);
    fixture_exec(&t, "DELETE FROM d.person");
    found = look(&t, "ours");
    assert_false(found.has_rows);
    assert_int_equal(found.count, 0);
    arena_release(&found.arena);
    fixture_release(&t);
}

/* Of the load that is written, of another with its id, and of one that follows. */
static void test_standing(void **state)
{
    (void)state;
    struct fixture t;
    struct standing standing;
    fixture_init(&t);
    fixture_table(&t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "person", "id bigint", "1\n");
    char *path = fixture_seal(&t);
    struct manifest manifest;
    FIXTURE_OK(&t, package_open(path, &manifest, &t.err));
    FIXTURE_OK(&t, trace_standing(t.con, &manifest, &standing, &t.err));
    assert_false(standing.is_written || standing.is_taken || standing.lacks_followed);
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    mem_free(path);
    FIXTURE_OK(&t, trace_standing(t.con, &manifest, &standing, &t.err));
    assert_true(standing.is_written && !standing.is_taken);
    manifest.package_id = "another";
    FIXTURE_OK(&t, trace_standing(t.con, &manifest, &standing, &t.err));
    assert_true(standing.is_taken && !standing.is_written);
    manifest.follows = manifest.load_id;
    manifest.load_id = "9999999999.1";
    FIXTURE_OK(&t, trace_standing(t.con, &manifest, &standing, &t.err));
    assert_false(standing.is_taken || standing.is_written || standing.lacks_followed);
    manifest.follows = "1.25";
    FIXTURE_OK(&t, trace_standing(t.con, &manifest, &standing, &t.err));
    assert_true(standing.lacks_followed);
    manifest_release(&manifest);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_standing),
        cmocka_unit_test(test_loaders),
    };
    return run_at_both("write/trace", tests);
}
