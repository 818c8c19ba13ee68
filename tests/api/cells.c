/* A stream's cells as texts: rows over several batches, NULLs, mistakes. */
#include "tests/fixture.h"

static int open_query(struct fixture *fixture, const char *sql, struct tg_cells **out)
{
    struct ArrowArrayStream stream = {0};
    int rc = tg_pipeline_query(fixture->pipeline, sql, &stream, &fixture->err);
    return rc ? rc : tg_cells_open(out, &stream, &fixture->err);
}

static void open_loaded(struct fixture *fixture)
{
    static const int64_t rows[][2] = {{1, 10}};
    static struct numbers numbers;
    numbers = (struct numbers){.rows = rows, .count = 1};
    const struct tg_resource resource = {.name = "n", .read = read_numbers, .user = &numbers};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
}

static void assert_cell(struct fixture *fixture, struct tg_cells *cells, size_t column,
                        enum tg_cell_form form, const char *expected)
{
    const char *text = "";
    size_t len = 99;
    assert_done(fixture, tg_cells_get(cells, column, form, &text, &len, &fixture->err));
    if (!expected) {
        assert_null(text);
        assert_int_equal(len, 0);
        return;
    }
    assert_string_equal(text, expected);
    assert_int_equal(len, strlen(expected));
}

static void cells_are_texts_or_json(void **state)
{
    struct fixture *fixture = *state;
    struct tg_cells *cells = NULL;
    bool found = false;
    open_loaded(fixture);
    assert_done(fixture, open_query(fixture,
                                    "SELECT 1.50::DECIMAL(9,2) AS d, 'a\"b' AS t, NULL::INT AS n, "
                                    "[1, 2] AS l, DATE '2024-01-02' AS day",
                                    &cells));
    assert_int_equal(tg_cells_column_count(cells), 5);
    assert_string_equal(tg_cells_column_name(cells, 4), "day");
    assert_null(tg_cells_column_name(cells, 5));
    assert_true(tg_cells_is_number(cells, 0) && tg_cells_is_number(cells, 2));
    assert_false(tg_cells_is_number(cells, 1) || tg_cells_is_number(cells, 5));
    assert_done(fixture, tg_cells_next(cells, &found, &fixture->err));
    assert_true(found);
    static const char *const expected[5][2] = {{"1.50", "1.50"},
                                               {"a\"b", "\"a\\\"b\""},
                                               {NULL, "null"},
                                               {"[1,2]", "[1,2]"},
                                               {"2024-01-02", "\"2024-01-02\""}};
    for (size_t i = 0; i < 5; i++) {
        assert_cell(fixture, cells, i, TG_CELL_TEXT, expected[i][0]);
        assert_cell(fixture, cells, i, TG_CELL_JSON, expected[i][1]);
    }
    assert_done(fixture, tg_cells_next(cells, &found, &fixture->err));
    assert_false(found);
    tg_cells_close(cells);
}

static void rows_go_over_batches(void **state)
{
    struct fixture *fixture = *state;
    struct tg_cells *cells = NULL;
    char expected[32];
    bool found = true;
    int row = 0;
    open_loaded(fixture);
    assert_done(fixture, open_query(fixture, "SELECT i FROM range(5000) r(i) ORDER BY i", &cells));
    for (;; row++) {
        assert_done(fixture, tg_cells_next(cells, &found, &fixture->err));
        if (!found)
            break;
        snprintf(expected, sizeof(expected), "%d", row);
        assert_cell(fixture, cells, 0, TG_CELL_TEXT, expected);
    }
    assert_int_equal(row, 5000);
    tg_cells_close(cells);
}

static void mistakes_are_named(void **state)
{
    struct fixture *fixture = *state;
    struct tg_error *err = &fixture->err;
    struct tg_cells *cells = NULL;
    struct ArrowArrayStream stream = {0};
    const char *text;
    size_t len;
    bool found;
    open_loaded(fixture);
    assert_int_equal(tg_cells_open(&cells, &stream, err), TG_USAGE);
    assert_int_equal(tg_cells_open(&cells, NULL, err), TG_USAGE);
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, "SELECT 1", &stream, err));
    assert_int_equal(tg_cells_open(NULL, &stream, err), TG_USAGE);
    assert_null(stream.release);
    assert_done(fixture, open_query(fixture, "SELECT 1", &cells));
    assert_int_equal(tg_cells_get(cells, 0, TG_CELL_TEXT, &text, &len, err), TG_USAGE);
    assert_string_equal(err->what, "there is no row; call tg_cells_next first");
    assert_done(fixture, tg_cells_next(cells, &found, err));
    assert_int_equal(tg_cells_get(cells, 1, TG_CELL_TEXT, &text, &len, err), TG_USAGE);
    assert_string_equal(err->what, "there is no column 1; there are 1");
    assert_null(text);
    assert_int_equal(tg_cells_next(cells, NULL, err), TG_USAGE);
    assert_int_equal(tg_cells_next(NULL, &found, err), TG_USAGE);
    assert_done(fixture, tg_cells_next(cells, &found, err));
    assert_false(found);
    assert_int_equal(tg_cells_get(cells, 0, TG_CELL_TEXT, &text, &len, err), TG_USAGE);
    tg_cells_close(cells);
    tg_cells_close(NULL);
    assert_int_equal(tg_cells_column_count(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cells_are_texts_or_json, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(rows_go_over_batches, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_named, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
