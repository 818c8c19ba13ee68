/*
 * What every connection must do when others are there: who cancels, who wants the same rows, and a
 * server that goes away. Each kind of connection is a line in kinds.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/database/kinds.h"

/* ---- cancel ---- */

static void *cancel_soon(void *arg)
{
    (void)arg;
    pause_ms(60);
    atomic_store(&cancel, 1);
    return NULL;
}

/* Days of work. */
static const char endless[] = "SELECT count(*) FROM {t} AS a, {t} AS b, {t} AS c, {t} AS d "
                              "WHERE a.id * b.id + c.id * d.id = 7";

/* Where nothing stops a statement, none begins. */
static void no_statement_begins(void **state)
{
    (void)state;
    struct text_rows rows;
    number_table(3);
    char *sql = in_dataset("INSERT INTO {t} VALUES (7)");
    for (int i = 0; i < 3; i++) {
        struct tg_error problem = {0};
        atomic_store(&cancel, 1);
        int rc = i == 0   ? connection_exec(con, sql, NULL, &problem)
                 : i == 1 ? connection_fetch(con, "SELECT 1", &rows, &problem)
                          : connection_transact(con, TRANSACT_BEGIN, &problem);
        assert_int_equal(rc, TG_CANCELLED);
        assert_int_equal(problem.code, TG_CANCELLED);
        atomic_store(&cancel, 0);
        expect("SELECT count(*) FROM {t}", "3\n");
    }
    mem_free(sql);
}

static void a_statement_is_cancelled(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    struct text_rows rows;
    pthread_t thread;
    if (!kind->can_stop)
        skip();
    number_table(5000);
    for (int i = 0; i < 2; i++) {
        struct buf text = BUF_INIT;
        buf_printf(&text, "%s%s", i ? "INSERT INTO {t} " : "", endless);
        char *sql = in_dataset(buf_string(&text));
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
        int rc = i ? connection_exec(con, sql, NULL, &problem)
                   : connection_fetch(con, sql, &rows, &problem);
        pthread_join(thread, NULL);
        assert_int_equal(rc, TG_CANCELLED);
        assert_int_equal(problem.code, TG_CANCELLED);
        assert_int_equal(connection_exec(con, sql, NULL, NULL), TG_CANCELLED);
        atomic_store(&cancel, 0);
        expect("SELECT count(*) FROM {t}", "5000\n");
        mem_free(sql);
        buf_release(&text);
    }
}

static void a_stream_is_cancelled(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    struct ArrowArray batch = {0};
    struct tg_error problem = {0};
    bool end = false;
    number_table(3000);
    char *sql = in_dataset("SELECT a.id, b.id AS other FROM {t} AS a, {t} AS b");
    sample_ok(connection_query(con, sql, &stream, err));
    mem_free(sql);
    sample_ok(stream_next(&stream, TG_INTERNAL, &batch, &end, err));
    array_release(&batch);
    atomic_store(&cancel, 1);
    int64_t rows = 0;
    int rc = TG_OK;
    while (rc == TG_OK && !end) {
        rc = stream_next(&stream, TG_INTERNAL, &batch, &end, &problem);
        rows += rc == TG_OK && !end ? batch.length : 0;
        array_release(&batch);
    }
    assert_int_equal(rc, TG_CANCELLED);
    assert_true(rows < 9000000);
    stream_release(&stream);
    atomic_store(&cancel, 0);
    expect("SELECT count(*) FROM {t}", "3000\n");
}

/* ---- two at once ---- */

static const struct lock_row turn_row = {NULL, "turns", "turn", "id = 1"};
static atomic_int first_is_done;

struct second {
    struct context ctx;
    struct connection *con;
    int rc, tries;
    bool came_first;
    struct tg_error err;
};

static bool is_in_the_way(const struct tg_error *err)
{
    return strncmp(err->sqlstate, "40", 2) == 0 || strcmp(err->sqlstate, "55P03") == 0;
}

static int take_turn(struct connection *which, struct tg_error *err)
{
    int rc = TG_OK;
    struct lock_row row = turn_row;
    row.dataset = dataset;
    const struct lock lock = {.name = "the turn", .row = &row};
    TRY(connection_transact(which, TRANSACT_BEGIN, err));
    TRY(connection_lock(which, &lock, 1, err));
done:
    return rc;
}

/* Wants the lock until it has it, and asks whether the first one was done by then. */
static void *second_turn(void *arg)
{
    struct second *second = arg;
    for (second->rc = TG_INTERNAL; second->rc != TG_OK && second->tries < 2000; second->tries++) {
        error_clear(&second->err);
        second->rc = take_turn(second->con, &second->err);
        if (second->rc == TG_OK)
            second->came_first = !atomic_load(&first_is_done);
        else if (!is_in_the_way(&second->err))
            break;
        (void)!connection_transact(second->con,
                                   second->rc == TG_OK ? TRANSACT_COMMIT : TRANSACT_ROLLBACK, NULL);
        pause_ms(second->rc == TG_OK ? 0 : 5);
    }
    return NULL;
}

static void one_has_the_lock(void **state)
{
    (void)state;
    if (!other)
        skip();
    pthread_t thread;
    struct second second = {.rc = TG_OK};
    exec("CREATE TABLE {turns} (id BIGINT, turn BIGINT)");
    exec("INSERT INTO {turns} VALUES (1, 7), (2, 8)");
    atomic_store(&first_is_done, 0);
    context_init(&second.ctx);
    second.con = other;
    sample_ok(take_turn(con, err));
    assert_int_equal(pthread_create(&thread, NULL, second_turn, &second), 0);
    pause_ms(100);
    atomic_store(&first_is_done, 1);
    transact(TRANSACT_COMMIT);
    pthread_join(thread, NULL);
    if (second.rc != TG_OK)
        fail_msg("%s: %s", second.err.sqlstate, second.err.what);
    assert_false(second.came_first);
    expect("SELECT id, turn FROM {turns} ORDER BY id", "1|7\n2|8\n"); /* as they were */
}

enum { LOADS = 25 };

static int load_once(struct second *second, const char *insert, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(take_turn(second->con, err));
    TRY(connection_exec(second->con, insert, NULL, err));
    rc = connection_transact(second->con, TRANSACT_COMMIT, err);
done:
    if (rc != TG_OK)
        (void)!connection_transact(second->con, TRANSACT_ROLLBACK, NULL);
    return rc;
}

static void *many_loads(void *arg)
{
    struct second *second = arg;
    char *insert = in_dataset("INSERT INTO {t} SELECT count(*) FROM {t}");
    for (int done = 0; done < LOADS && second->tries < 20000; second->tries++) {
        error_clear(&second->err);
        second->rc = load_once(second, insert, &second->err);
        done += second->rc == TG_OK;
        if (second->rc != TG_OK && !is_in_the_way(&second->err))
            break;
        if (second->rc != TG_OK)
            pause_ms(1);
    }
    mem_free(insert);
    return NULL;
}

/* Each reads what the one before has written: none is lost, and none writes over another. */
static void loads_at_once(void **state)
{
    (void)state;
    if (!other)
        skip();
    pthread_t threads[2];
    struct second each[2] = {{.con = con}, {.con = other}};
    exec("CREATE TABLE {turns} (id BIGINT, turn BIGINT)");
    exec("INSERT INTO {turns} VALUES (1, 7)");
    exec("CREATE TABLE {t} (a BIGINT)");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many_loads, &each[i]), 0);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < 2; i++)
        if (each[i].rc != TG_OK)
            fail_msg("%s: %s", each[i].err.sqlstate, each[i].err.what);
    expect("SELECT count(*), count(DISTINCT a), max(a) FROM {t}", "50|50|49\n");
}

/* ---- the server goes away ---- */

static void *cut_soon(void *session)
{
    pause_ms(80);
    kind->cut(other, session);
    return NULL;
}

static void assert_lost(int rc, const struct tg_error *problem)
{
    assert_int_equal(rc, TG_DESTINATION);
    bool lost =
        strncmp(problem->sqlstate, "08", 2) == 0 || strncmp(problem->sqlstate, "57P", 3) == 0;
    if (!lost || !problem->retryable)
        fail_msg("'%s' %s", problem->sqlstate, problem->what);
}

/* In a statement, between two, at the commit. */
static void a_session_that_is_cut_leaves_nothing(void **state)
{
    (void)state;
    if (!kind->cut)
        skip();
    number_table(5000);
    char *sql = in_dataset(endless);
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        struct tg_error problem = {0};
        char *session = rows_on(con, kind->session);
        transact(TRANSACT_BEGIN);
        exec("INSERT INTO {t} VALUES (-1)");
        assert_int_equal(pthread_create(&thread, NULL, cut_soon, session), 0);
        if (i > 0)
            pthread_join(thread, NULL);
        int rc = i == 2 ? connection_transact(con, TRANSACT_COMMIT, &problem)
                        : connection_exec(con, sql, NULL, &problem);
        if (i == 0)
            pthread_join(thread, NULL);
        assert_lost(rc, &problem);
        mem_free(session);
        kind->close(con);
        con = kind_open(&ctx);
        expect("SELECT count(*) FROM {t} WHERE id < 0", "0\n");
    }
    mem_free(sql);
}

enum { BATCHES = 102, CUT_BEFORE = 100 };

static int cutting_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct failing *failing = stream->private_data;
    const char *session = failing->head.err.what;
    if (failing->left-- == CUT_BEFORE && *session)
        cut_soon(failing->head.err.what);
    if (failing->left > 0)
        number_batch(0, 2000, out);
    else
        *out = (struct ArrowArray){0};
    return 0;
}

/* A stream of many batches, into a transaction that is open; `session` (NULL: none) is cut when it
 * is at work. */
static int ingest_and_cut(const char *session, struct tg_error *problem)
{
    struct failing failing = {.left = BATCHES};
    snprintf(failing.head.err.what, sizeof(failing.head.err.what), "%s", session ? session : "");
    struct ArrowArrayStream stream = {failing_schema, cutting_next, stream_last_error,
                                      failing_release, &failing};
    transact(TRANSACT_BEGIN);
    return connection_ingest(con, &(struct ingest_target){dataset, "t"}, &stream, problem);
}

static void a_session_that_is_cut_in_a_stream(void **state)
{
    (void)state;
    if (!kind->cut)
        skip();
    number_table(3);
    struct tg_error problem = {0};
    char *session = rows_on(con, kind->session);
    assert_lost(ingest_and_cut(session, &problem), &problem);
    expect_on(other, "SELECT count(*) FROM {t}", "3\n");
    mem_free(session);
}

/* The control: all that is missing there is here, in the same stream. */
static void a_stream_that_is_not_cut_is_there(void **state)
{
    (void)state;
    if (!kind->cut)
        skip();
    number_table(3);
    sample_ok(ingest_and_cut(NULL, err));
    expect_on(other, "SELECT count(*) FROM {t}", "3\n");
    transact(TRANSACT_COMMIT);
    expect_on(other, "SELECT count(*) FROM {t}", "202003\n");
}

static const struct conformance_test tests[] = {
    TEST(no_statement_begins),
    TEST(a_statement_is_cancelled),
    TEST(a_stream_is_cancelled),
    TEST(one_has_the_lock),
    TEST(loads_at_once),
    TEST(a_session_that_is_cut_leaves_nothing),
    TEST(a_session_that_is_cut_in_a_stream),
    TEST(a_stream_that_is_not_cut_is_there),
};

int main(int argc, char **argv)
{
    return conformance_run("database/conformance_others", tests, sizeof(tests) / sizeof(tests[0]),
                           argc > 1 ? argv[1] : NULL);
}
