/* A table in slices: each row once, also when readers are lost in the middle; and the end of it
 * when the moment is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract/sql/sliced.h"
#include "tests/database/sample.h"
#include "tests/postgres.h"
#include "tests/torture.h"

enum { ROWS = 120000 };

static struct context ctx;

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    free(postgres_ask(
        postgres_uri(),
        "SET client_min_messages = warning; DROP TABLE IF EXISTS big CASCADE; CREATE TABLE "
        "big AS SELECT i AS id, "
        "repeat('x', 200) AS t FROM generate_series(1, 120000) AS i"));
    return 0;
}

static const struct selected_column columns[] = {{"id", {.type = TYPE_NONE}},
                                                 {"t", {.type = TYPE_NONE}}};

struct opened {
    struct pool *pool;
    struct page_stream *stream;
    struct selection selection;
    size_t slices;
};

/* `cursor` (NULL: none) is on the id. */
static void open_by(struct opened *opened, const struct tg_cursor *cursor)
{
    static struct location where;
    struct slices slices;
    const struct relation big = {.name = "big"};
    where.url = postgres_uri();
    sample_ok(pool_open(&ctx, &where, 2, NULL, &opened->pool, err));
    sample_ok(reading_divide(pool_first(opened->pool), "public", &big, 16, &slices, err));
    opened->slices = slices.count;
    opened->selection = (struct selection){.dialect = pool_first(opened->pool)->dialect,
                                           .schema = "public",
                                           .table = "big",
                                           .columns = columns,
                                           .column_count = 2,
                                           .cursor = cursor,
                                           .cursor_column = cursor ? "id" : NULL,
                                           .cursor_type = {.type = TYPE_BIGINT},
                                           .on_missing = TG_EXCLUDE};
    sample_ok(sliced_open(opened->pool, &opened->selection, &slices, "big", &opened->stream, err));
    slices_release(&slices);
}

static void open_big(struct opened *opened)
{
    open_by(opened, NULL);
}

static void close_big(struct opened *opened)
{
    page_stream_close(opened->stream);
    pool_close(opened->pool);
}

/* Marks the rows of a page; none may come twice. */
static void mark(const struct page *page, bool *seen)
{
    struct buf text = BUF_INIT;
    for (int64_t i = 0; i < page->array.length; i++) {
        buf_clear(&text);
        sample_ok(value_text(page->schema.children[0], page->array.children[0],
                             page->array.offset + i, &text, err));
        long id = strtol(buf_string(&text), NULL, 10);
        assert_in_range(id, 1, ROWS);
        assert_false(seen[id]);
        seen[id] = true;
    }
    buf_release(&text);
}

/* Pages until the end, or so many; TG_OK or what failed. */
static int read_pages(struct opened *opened, bool *seen, size_t pages, uint64_t *rows,
                      struct tg_error *err)
{
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;
    for (size_t i = 0; i < pages && rc == TG_OK; i++) {
        rc = opened->stream->next(opened->stream, &page, err);
        if (rc != TG_OK || page.kind == PAGE_END)
            break;
        assert_int_equal(page.first_row, *rows + 1);
        *rows += page.read_count;
        mark(&page, seen);
    }
    page_release(&page);
    return rc;
}

static void test_each_row_once(void **state)
{
    (void)state;
    uint64_t rows = 0;
    struct opened opened;
    bool *seen = calloc(ROWS + 1, sizeof(*seen));
    open_big(&opened);
    assert_true(opened.slices > 2);
    sample_ok(read_pages(&opened, seen, SIZE_MAX, &rows, err));
    assert_int_equal(rows, ROWS);
    close_big(&opened);
    free(seen);
}

/* All sessions of the program's database end, but for the pool's first one if it is `spared`. */
static void lose_some(struct opened *opened, bool spared, long least)
{
    struct text_rows pid;
    char sql[300];
    sample_ok(
        connection_fetch(pool_first(opened->pool), "SELECT pg_backend_pid()::text", &pid, err));
    snprintf(sql, sizeof(sql),
             "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
             "WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> %s",
             spared ? text_cell(&pid, 0, 0) : "0");
    text_rows_release(&pid);
    char *lost = postgres_ask(postgres_uri(), sql);
    assert_true(strtol(lost, NULL, 10) >= least);
    free(lost);
}

static void lose(struct opened *opened, bool spared)
{
    lose_some(opened, spared, 2);
}

static void test_lost_readers_go_on(void **state)
{
    (void)state;
    uint64_t rows = 0;
    struct opened opened;
    bool *seen = calloc(ROWS + 1, sizeof(*seen));
    open_big(&opened);
    sample_ok(read_pages(&opened, seen, 3, &rows, err));
    lose(&opened, true);
    /* what others do meanwhile is not seen */
    free(postgres_ask(postgres_uri(), "UPDATE big SET t = 'y' WHERE id % 10 = 0"));
    sample_ok(read_pages(&opened, seen, SIZE_MAX, &rows, err));
    assert_int_equal(rows, ROWS);
    close_big(&opened);
    free(seen);
}

/* The plan may be another when a slice is read again: an index had the rows in its own order. */
static void test_plans_that_change(void **state)
{
    (void)state;
    uint64_t rows = 0;
    struct opened opened;
    const struct tg_cursor from_one = {.path = "id", .start = {.kind = TG_VALUE_INT64, .int64 = 1}};
    bool *seen = calloc(ROWS + 1, sizeof(*seen));
    free(postgres_ask(postgres_uri(),
                      "CREATE TABLE down AS SELECT * FROM big ORDER BY id DESC; DROP TABLE big; "
                      "ALTER TABLE down RENAME TO big; CREATE INDEX ON big (id);"
                      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET seq_page_cost = 1000', "
                      "current_database()); EXECUTE format('ALTER DATABASE %I SET "
                      "random_page_cost = 0', current_database()); END $$"));
    open_by(&opened, &from_one);
    sample_ok(read_pages(&opened, seen, 3, &rows, err));
    free(postgres_ask(postgres_uri(), "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET ALL', "
                                      "current_database()); END $$"));
    lose(&opened, true);
    sample_ok(read_pages(&opened, seen, SIZE_MAX, &rows, err));
    assert_int_equal(rows, ROWS);
    close_big(&opened);
    free(seen);
}

static void test_no_moment_no_rows(void **state)
{
    (void)state;
    uint64_t rows = 0;
    struct opened opened;
    struct tg_error problem = {0};
    bool *seen = calloc(ROWS + 1, sizeof(*seen));
    open_big(&opened);
    sample_ok(read_pages(&opened, seen, 3, &rows, err));
    lose(&opened, false);
    assert_int_equal(read_pages(&opened, seen, SIZE_MAX, &rows, &problem), TG_SOURCE);
    assert_string_equal(problem.table, "big");
    assert_true(rows < ROWS);
    close_big(&opened);
    free(seen);
}

/* A stream that is closed early stops its readers. */
static void test_closed_early(void **state)
{
    (void)state;
    uint64_t rows = 0;
    struct opened opened;
    bool *seen = calloc(ROWS + 1, sizeof(*seen));
    open_big(&opened);
    sample_ok(read_pages(&opened, seen, 1, &rows, err));
    close_big(&opened);
    free(seen);
}

/* Another table has the room, until its reader is done. */
static void test_more_read_once_there_is_room(void **state)
{
    (void)state;
    uint64_t rows = 0;
    struct opened opened;
    struct connection *other = NULL;
    static struct location where;
    struct slices slices;
    const struct relation big = {.name = "big"};
    bool *seen = calloc(ROWS + 1, sizeof(*seen));
    where.url = postgres_uri();
    sample_ok(pool_open(&ctx, &where, 2, NULL, &opened.pool, err));
    sample_ok(pool_enter(opened.pool, &other, err));
    sample_ok(reading_divide(pool_first(opened.pool), "public", &big, 16, &slices, err));
    opened.selection = (struct selection){.dialect = pool_first(opened.pool)->dialect,
                                          .schema = "public",
                                          .table = "big",
                                          .columns = columns,
                                          .column_count = 2};
    sample_ok(sliced_open(opened.pool, &opened.selection, &slices, "big", &opened.stream, err));
    assert_int_equal(pool_room(opened.pool), 0);
    sample_ok(read_pages(&opened, seen, 1, &rows, err));
    pool_give(opened.pool, other, false);
    pool_leave(opened.pool);
    assert_int_equal(pool_room(opened.pool), 1);
    sample_ok(read_pages(&opened, seen, 1, &rows, err));
    assert_int_equal(pool_room(opened.pool), 0);
    sample_ok(read_pages(&opened, seen, SIZE_MAX, &rows, err));
    assert_int_equal(rows, ROWS);
    assert_int_equal(pool_room(opened.pool), 2);
    slices_release(&slices);
    close_big(&opened);
    free(seen);
}

/* The rows of one statement come in no order that could be gone on in: it begins again as long as
 * none of them was handed on. */
static void test_one_statement(void **state)
{
    (void)state;
    uint64_t rows = 0;
    struct opened opened;
    static struct location where;
    const struct slices none = {.count = 0};
    struct tg_error problem = {0};
    bool *seen = calloc(ROWS + 1, sizeof(*seen));
    free(postgres_ask(postgres_uri(),
                      "CREATE OR REPLACE VIEW late AS SELECT b.* FROM (SELECT pg_sleep(0.7) "
                      "OFFSET 0) AS s, big AS b"));
    where.url = postgres_uri();
    for (int handed_on = 0; handed_on < 2; handed_on++) {
        rows = 0;
        memset(seen, 0, (ROWS + 1) * sizeof(*seen));
        sample_ok(pool_open(&ctx, &where, 2, NULL, &opened.pool, err));
        opened.selection = (struct selection){.dialect = pool_first(opened.pool)->dialect,
                                              .schema = "public",
                                              .table = "late",
                                              .columns = columns,
                                              .column_count = 2};
        sample_ok(sliced_open(opened.pool, &opened.selection, &none, "late", &opened.stream, err));
        assert_int_equal(pool_room(opened.pool), 1);
        sample_ok(read_pages(&opened, seen, handed_on ? 1 : 0, &rows, err));
        free(postgres_ask(postgres_uri(), "SELECT pg_sleep(0.1)"));
        lose_some(&opened, true, 1);
        int rc = read_pages(&opened, seen, SIZE_MAX, &rows, &problem);
        assert_int_equal(rc, handed_on ? TG_SOURCE : TG_OK);
        assert_true(handed_on ? rows < ROWS : rows == ROWS);
        close_big(&opened);
    }
    free(postgres_ask(postgres_uri(), "DROP VIEW late"));
    free(seen);
}

/* Two slices, each by a reader on a thread of its own. */
static int work(void)
{
    int rc = TG_OK;
    uint64_t rows = 0;
    struct pool *pool = NULL;
    struct page_stream *stream = NULL;
    struct page page = {.kind = PAGE_END};
    const struct location where = {.url = postgres_uri()};
    struct slice halves[] = {{"public", "big", "id < 3"}, {"public", "big", "id = 120000"}};
    const struct slices slices = {.items = halves, .count = 2};
    TRY(pool_open(&ctx, &where, 2, NULL, &pool, NULL));
    const struct selection selection = {.dialect = pool_first(pool)->dialect,
                                        .schema = "public",
                                        .table = "big",
                                        .columns = columns,
                                        .column_count = 2};
    TRY(sliced_open(pool, &selection, &slices, "big", &stream, NULL));
    do {
        TRY(stream->next(stream, &page, NULL));
        rows += page.read_count;
    } while (page.kind != PAGE_END);
    assert_int_equal(rows, 3);
done:
    page_release(&page);
    page_stream_close(stream);
    pool_close(pool);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    free(postgres_ask(postgres_uri(), "DELETE FROM big WHERE id BETWEEN 3 AND 119999"));
    free(postgres_ask(postgres_uri(), "VACUUM big"));
    torture(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_each_row_once, setup),
        cmocka_unit_test_setup(test_lost_readers_go_on, setup),
        cmocka_unit_test_setup(test_plans_that_change, setup),
        cmocka_unit_test_setup(test_no_moment_no_rows, setup),
        cmocka_unit_test_setup(test_closed_early, setup),
        cmocka_unit_test_setup(test_more_read_once_there_is_room, setup),
        cmocka_unit_test_setup(test_one_statement, setup),
        cmocka_unit_test_setup(test_out_of_memory, setup),
    };
    return cmocka_run_group_tests_name("sliced", tests, NULL, NULL);
}
