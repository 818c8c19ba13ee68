/* Many rows at the last value of a cursor: over runs, in the ledger, in the state. */
#include "tests/fixture.h"

#include "database/connection.h"
#include "dlt/state.h"
#include "run/tied.h"

static int set_up(void **state)
{
    setenv("TG_FORCE", "ties", 1); /* as if a few were many */
    return fixture_setup(state);
}

static int tear_down(void **state)
{
    unsetenv("TG_FORCE");
    return fixture_teardown(state);
}

/* Rows at `value` with the ids from `first` on. */
static struct delivery {
    int first, count;
    int64_t value;
} now;

static int read_rows(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    for (int i = 0; i < now.count; i++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, now.first + i);
        tg_rows_key(read->rows, "value");
        tg_rows_int64(read->rows, now.value);
        tg_rows_end_object(read->rows);
    }
    read->done = true;
    return TG_OK;
}

static void open_pipeline(struct fixture *fixture, enum tg_write_disposition disposition)
{
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "t", .read = read_rows,
                                         .write_disposition = disposition, .cursor_path = "value"};
    fixture_open(fixture, &resource, 1);
}

static void run_with(struct fixture *fixture, int first, int count, int64_t value)
{
    now = (struct delivery){first, count, value};
    fixture_run(fixture);
}

#define ROWS "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM t"
#define TIED                                                                                       \
    "SELECT (SELECT coalesce(sum(octet_length(row_hashes)) / 16, 0)::BIGINT FROM "                 \
    "_tidegate_ties) AS tied, (SELECT split_part(replace(row_hashes, 'mixed:', ''), ':', 2) "      \
    "FROM _tidegate_boundary WHERE cursor_path <> '') AS said"

static void runs_at_one_value(void **state)
{
    struct fixture *fixture = *state;
    open_pipeline(fixture, TG_APPEND);
    run_with(fixture, 1, 20, 7);
    assert_query(fixture, TIED, "tied,said\n20,20\n");
    run_with(fixture, 1, 20, 7);
    assert_query(fixture, ROWS, "n,ids\n20,20\n");
    run_with(fixture, 15, 10, 7);
    assert_query(fixture, ROWS, "n,ids\n24,24\n");
    assert_query(fixture, TIED, "tied,said\n24,24\n");
    run_with(fixture, 1, 100, 7);
    assert_query(fixture, ROWS, "n,ids\n100,100\n");
    assert_query(fixture, TIED, "tied,said\n100,100\n");
    assert_query(fixture, "SELECT count(DISTINCT load_id) AS loads FROM _tidegate_ties",
                 "loads\n3\n");
}

static void few_become_many_and_few_again(void **state)
{
    struct fixture *fixture = *state;
    open_pipeline(fixture, TG_APPEND);
    run_with(fixture, 1, 2, 7);
    run_with(fixture, 2, 9, 7);
    assert_query(fixture, ROWS, "n,ids\n10,10\n");
    assert_query(fixture, TIED, "tied,said\n10,10\n");
    run_with(fixture, 1, 11, 7);
    assert_query(fixture, ROWS, "n,ids\n11,11\n");
    run_with(fixture, 50, 2, 8);
    assert_query(fixture, TIED, "tied,said\n0,\"\"\n");
    run_with(fixture, 50, 30, 9);
    assert_query(fixture, TIED, "tied,said\n30,30\n");
    run_with(fixture, 50, 30, 10);
    assert_query(fixture, TIED, "tied,said\n30,30\n");
    run_with(fixture, 50, 31, 10);
    assert_query(fixture, "SELECT count(*) AS n FROM t", "n\n74\n");
}

/* A merge keeps those that it can, and loads the others again. */
static void not_of_a_merge(void **state)
{
    struct fixture *fixture = *state;
    struct tg_resource resource = {TG_RESOURCE_INIT,    .name = "t",
                                   .read = read_rows,   .write_disposition = TG_MERGE,
                                   .primary_key = "id", .cursor_path = "value"};
    fixture_open(fixture, &resource, 1);
    run_with(fixture, 1, 20, 7);
    run_with(fixture, 15, 20, 7);
    assert_query(fixture, ROWS, "n,ids\n34,34\n");
    assert_query(fixture,
                 "SELECT count(*) AS n FROM information_schema.tables "
                 "WHERE table_name = '_tidegate_ties'",
                 "n\n0\n");
}

static void a_ledger_that_was_changed(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream = {0};
    open_pipeline(fixture, TG_APPEND);
    run_with(fixture, 1, 20, 7);
    assert_done(fixture, tg_pipeline_query(fixture->pipeline,
                                           "DELETE FROM _tidegate_ties WHERE row_hashes IN (SELECT "
                                           "min(row_hashes) FROM _tidegate_ties)",
                                           &stream, &fixture->err));
    stream.release(&stream);
    now = (struct delivery){1, 21, 7};
    assert_int_equal(fixture_try(fixture), TG_DESTINATION);
    assert_non_null(strstr(fixture->err.what, "_tidegate_ties has 12 hashes"));
    assert_query(fixture, ROWS, "n,ids\n20,20\n");
    run_with(fixture, 30, 1, 8); /* nobody asks for them */
    assert_query(fixture, ROWS, "n,ids\n21,21\n");
}

static void replaced(void **state)
{
    struct fixture *fixture = *state;
    open_pipeline(fixture, TG_APPEND);
    run_with(fixture, 1, 20, 7);
    open_pipeline(fixture, TG_REPLACE);
    run_with(fixture, 5, 10, 7);
    assert_query(fixture, ROWS, "n,ids\n10,10\n");
    assert_query(fixture, TIED, "tied,said\n10,10\n");
    open_pipeline(fixture, TG_APPEND);
    run_with(fixture, 1, 20, 7);
    assert_query(fixture, ROWS, "n,ids\n20,20\n");
}

/* What a load has added goes with it, and what it has left behind comes back. */
static void undone(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "t", .read = read_rows,
                                         .cursor_path = "value"};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .undo_loads = 9};
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    static const struct delivery given[] = {{1, 2, 7}, {1, 20, 7}, {15, 10, 7}, {50, 30, 8}};
    char loads[4][32];
    for (size_t i = 0; i < 4; i++) {
        run_with(fixture, given[i].first, given[i].count, given[i].value);
        snprintf(loads[i], sizeof(loads[i]), "%s", tg_result_load_id(fixture->result));
    }
    assert_query(fixture, TIED, "tied,said\n30,30\n");
    static const char *const left[] = {"tied,said\n24,24\n", "tied,said\n20,20\n",
                                       "tied,said\n0,\"\"\n"};
    static const int next[] = {24, 20, 2};
    for (size_t i = 0; i < 3; i++) {
        const struct tg_undo_options one = {TG_UNDO_OPTIONS_INIT, .load_id = loads[3 - i]};
        assert_done(fixture, tg_pipeline_undo(fixture->pipeline, &one, NULL, &fixture->err));
        assert_query(fixture, TIED, left[i]);
        run_with(fixture, 1, next[i], 7); /* all of them are known */
        char wanted[40];
        snprintf(wanted, sizeof(wanted), "n,ids\n%d,%d\n", next[i], next[i]);
        assert_query(fixture, ROWS, wanted);
    }
    run_with(fixture, 1, 22, 7);
    assert_query(fixture, ROWS, "n,ids\n22,22\n");
    assert_query(fixture, TIED, "tied,said\n22,22\n");
}

/* The state's hashes become these: what dlt would have made of them. */
static void set_hashes(struct fixture *fixture, const char *add, bool keep)
{
    struct context ctx = {0};
    struct connection *con = NULL;
    struct text_rows rows = {0};
    struct state stored;
    struct state_cursor cursor, changed;
    struct buf sql = BUF_INIT;
    bool found;
    context_init(&ctx);
    assert_done(fixture,
                connection_open(&ctx, AT_URL(fixture->destination), false, &con, &fixture->err));
    assert_done(fixture, connection_fetch(con,
                                          "SELECT state FROM d._dlt_pipeline_state ORDER BY "
                                          "version DESC",
                                          &rows, &fixture->err));
    const char *blob = text_cell(&rows, 0, 0);
    assert_done(fixture, state_read(&stored, blob, strlen(blob), &fixture->err));
    assert_done(fixture, state_get_cursor(&stored, "test", "t", "value", &cursor, &found, NULL));
    assert_true(found && cursor.hash_count == 1);
    char *hashes[] = {(char *)add, cursor.unique_hashes[0]};
    changed = cursor;
    changed.unique_hashes = hashes;
    changed.hash_count = keep ? 2 : 1;
    assert_done(fixture, state_set_cursor(&stored, "test", "t", "value", &changed, NULL));
    buf_text(&sql, "UPDATE d._dlt_pipeline_state SET state = '");
    assert_done(fixture, state_encode(&stored, &sql, &fixture->err));
    buf_text(&sql, "'");
    assert_done(fixture, connection_exec(con, buf_string(&sql), NULL, &fixture->err));
    buf_release(&sql);
    state_cursor_release(&cursor);
    state_release(&stored);
    text_rows_release(&rows);
    connection_close(con);
}

static const char *hash_of_row(int id)
{
    static char text[HASH_ROW_TEXT + 1];
    struct hasher hasher = {0};
    char json[64];
    int len = snprintf(json, sizeof(json), "{\"id\":%d,\"value\":7}", id);
    assert_int_equal(hash_text(&hasher, json, (size_t)len, HASH_ROW_BYTES, text, NULL), TG_OK);
    hasher_release(&hasher);
    return text;
}

/* A row that dlt has loaded at the same value is known beside those that are tied, and one of them
 * from then on. */
static void rows_of_dlt(void **state)
{
    struct fixture *fixture = *state;
    open_pipeline(fixture, TG_APPEND);
    run_with(fixture, 1, 20, 7);
    set_hashes(fixture, hash_of_row(21), true);
    run_with(fixture, 19, 3, 7);
    assert_query(fixture, ROWS, "n,ids\n20,20\n");
    run_with(fixture, 19, 4, 7);
    assert_query(fixture, ROWS, "n,ids\n21,21\n");
    assert_query(fixture, TIED, "tied,said\n22,22\n");
    run_with(fixture, 1, 22, 7);
    assert_query(fixture, ROWS, "n,ids\n21,21\n");
}

/* dlt has begun anew, and has come to the same value: what the ledger has is of other rows. */
static void a_state_of_dlt_alone(void **state)
{
    struct fixture *fixture = *state;
    open_pipeline(fixture, TG_APPEND);
    run_with(fixture, 1, 20, 7);
    set_hashes(fixture, hash_of_row(3), false);
    run_with(fixture, 1, 20, 7);
    assert_query(fixture, ROWS, "n,ids\n39,20\n");
    assert_query(fixture, TIED, "tied,said\n20,20\n");
}

static void words(void **state)
{
    struct ties_total total;
    (void)state;
    assert_true(tied_read_word("ties:20:0123456789abcdef00000000000000ff", &total));
    assert_int_equal(total.count, 20);
    assert_true(total.low == 0x0123456789abcdef && total.high == 0xff && !total.is_mixed);
    assert_true(tied_read_word("ties:mixed:1:00000000000000000000000000000000", &total));
    assert_true(total.is_mixed);
    static const char *const bad[] = {
        "",
        "ties:",
        "AAECAwQFBgcICQoLDA0O",
        "ties:20:0123456789abcdef00000000000000f",
        "ties:20:0123456789abcdef00000000000000fff",
        "ties:020:0123456789abcdef00000000000000ff",
        "ties:20 0123456789abcdef00000000000000ff",
        "ties:20:0123456789ABCDEF00000000000000ff",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (tied_read_word(bad[i], &total))
            fail_msg("'%s'", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_at_one_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(few_become_many_and_few_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_of_a_merge, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_ledger_that_was_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(undone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_of_dlt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_state_of_dlt_alone, set_up, tear_down),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
