/* Rows at the last value that are there, by the state and by the ledger. */
#include "tests/fixture.h"

#include "database/connection.h"
#include "dlt/state.h"

static void the_boundary_row_is_recognised(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t first[][2] = {{1, 10}, {2, 20}}, second[][2] = {{2, 20}, {2, 21}, {3, 30}};
    struct numbers numbers = {.rows = first, .count = 2};
    const struct tg_resource resource = {
        .name = "n", .read = read_numbers, .user = &numbers, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    numbers = (struct numbers){.rows = second, .count = 3};
    fixture_run(fixture);
    assert_query(fixture, "SELECT id, value FROM n ORDER BY ALL",
                 "id,value\n1,10\n2,20\n2,21\n3,30\n");
}

/* Makes the hashes in the state those of dlt 1.29 and later. */
static void shorten_hashes(struct fixture *fixture)
{
    struct context ctx = {0};
    struct connection *con = NULL;
    struct text_rows rows = {0};
    struct state pipeline_state;
    struct state_cursor cursor;
    struct buf sql = BUF_INIT;
    bool found;
    context_init(&ctx);
    assert_done(fixture,
                connection_open(&ctx, AT_URL(fixture->destination), false, &con, &fixture->err));
    assert_done(fixture, connection_fetch(con, "SELECT state FROM d._dlt_pipeline_state", &rows,
                                          &fixture->err));
    const char *blob = text_cell(&rows, 0, 0);
    assert_done(fixture, state_read(&pipeline_state, blob, strlen(blob), &fixture->err));
    assert_done(fixture,
                state_get_cursor(&pipeline_state, "test", "n", "id", &cursor, &found, NULL));
    assert_true(found && cursor.hash_count == 1 && strlen(cursor.unique_hashes[0]) == 20);
    cursor.unique_hashes[0][12] = '\0';
    assert_done(fixture, state_set_cursor(&pipeline_state, "test", "n", "id", &cursor, NULL));
    buf_text(&sql, "UPDATE d._dlt_pipeline_state SET state = '");
    assert_done(fixture, state_encode(&pipeline_state, &sql, &fixture->err));
    buf_text(&sql, "'");
    assert_done(fixture, connection_exec(con, buf_string(&sql), NULL, &fixture->err));
    buf_release(&sql);
    state_cursor_release(&cursor);
    state_release(&pipeline_state);
    text_rows_release(&rows);
    connection_close(con);
}

/* What the state says of them counts, whatever the ledger has. Without boundary_find's look at the
 * shorter hash the row comes twice. */
static void the_boundary_row_of_a_later_dlt_is_recognised(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t first[][2] = {{1, 10}, {2, 20}}, second[][2] = {{2, 20}, {2, 21}, {3, 30}};
    struct numbers numbers = {.rows = first, .count = 2};
    const struct tg_resource resource = {
        .name = "n", .read = read_numbers, .user = &numbers, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    shorten_hashes(fixture);
    numbers = (struct numbers){.rows = second, .count = 2};
    fixture_run(fixture);
    numbers = (struct numbers){.rows = second, .count = 3};
    fixture_run(fixture);
    assert_query(fixture, "SELECT id, value FROM n ORDER BY ALL",
                 "id,value\n1,10\n2,20\n2,21\n3,30\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_boundary_row_is_recognised, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_boundary_row_of_a_later_dlt_is_recognised,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
