/* The calls of a connection that a program gives: what must be there, whose cancel flag counts, and
 * how a session ends. What becomes of errors and streams is tests/database/callbacks.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "given/calls.h"

static struct context ctx;
static atomic_int cancel;
static struct {
    int opened, closed, interrupts;
    int answer; /* of all calls */
    atomic_int stop;
} database;

static int answer(struct tg_error *err)
{
    return database.answer == TG_OK ? TG_OK : error_set(err, database.answer, "on purpose");
}

static int open_session(void *user, void **session, struct tg_error *err)
{
    assert_ptr_equal(user, &database);
    if (answer(err) != TG_OK)
        return database.answer;
    database.opened++;
    *session = &database;
    return TG_OK;
}

static void close_session(void *session)
{
    assert_ptr_equal(session, &database);
    database.closed++;
}

static int run_statement(void *session, const char *sql, uint64_t *changed, struct tg_error *err)
{
    assert_ptr_equal(session, &database);
    *changed = strlen(sql);
    return answer(err);
}

static int open_query(void *session, const char *sql, struct ArrowArrayStream *out,
                      struct tg_error *err)
{
    (void)session;
    (void)sql;
    (void)out; /* none, although it says that all is well */
    return answer(err);
}

static int transact(void *session, enum tg_transact what, struct tg_error *err)
{
    (void)session;
    assert_int_equal(what, TG_LOOK);
    return answer(err);
}

static int take_lock(void *session, const char *name, bool shared, struct tg_error *err)
{
    (void)session;
    assert_string_equal(name, "table n");
    assert_true(shared);
    return answer(err);
}

static int reserve(void *session, size_t bytes, size_t thread_bytes, struct tg_error *err)
{
    (void)session;
    assert_int_equal(bytes, 5000);
    assert_int_equal(thread_bytes, 1000);
    return answer(err);
}

static void interrupt_session(void *session)
{
    (void)session;
    atomic_store(&database.stop, 1);
}

static const struct tg_connection given = {TG_CONNECTION_INIT,     .name = "shop",
                                           .user = &database,      .open = open_session,
                                           .close = close_session, .exec = run_statement,
                                           .query = open_query,    .interrupt = interrupt_session,
                                           .transact = transact,   .lock = take_lock,
                                           .reserve = reserve};
static struct calls calls;

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    memset(&database, 0, sizeof(database));
    calls = (struct calls){.given = &given, .ctx = &ctx};
    return calls_open(&calls, NULL);
}

static int teardown(void **state)
{
    (void)state;
    calls_close(&calls);
    assert_int_equal(database.opened, database.closed);
    return 0;
}

static void what_must_be_there(void **state)
{
    (void)state;
    struct tg_connection some = given;
    struct tg_error err = {0};
    assert_int_equal(calls_check(&some, &err), TG_OK);
    some.close = NULL;
    assert_int_equal(calls_check(&some, &err), TG_USAGE);
    assert_string_equal(err.what, "connection 'shop' has no function `close`; set it");
    some.name = "";
    assert_int_equal(calls_check(&some, &err), TG_USAGE);
    assert_non_null(strstr(err.what, "needs a `name`"));
}

static void a_session_that_does_not_open_is_not_closed(void **state)
{
    (void)state;
    struct calls other = {.given = &given, .ctx = &ctx};
    struct tg_error err = {0};
    database.answer = TG_LOCKED;
    assert_int_equal(calls_open(&other, &err), TG_LOCKED);
    assert_string_equal(err.what, "on purpose");
    atomic_store(&cancel, 1); /* and one that nobody wants is not opened */
    assert_int_equal(calls_open(&other, &err), TG_CANCELLED);
    assert_int_equal(database.opened, 1);
    assert_int_equal(database.closed, 0);
}

static void each_call_reaches_its_function(void **state)
{
    (void)state;
    uint64_t changed = 0;
    struct tg_error err = {0};
    struct ArrowArrayStream stream;
    assert_int_equal(calls_exec(&calls, &ctx, "SELECT 1", &changed, &err), TG_OK);
    assert_int_equal(changed, 8);
    assert_int_equal(calls_transact(&calls, &ctx, TG_LOOK, &err), TG_OK);
    assert_int_equal(calls_lock(&calls, &ctx, "table n", true, &err), TG_OK);
    assert_int_equal(calls_query(&calls, &ctx, "SELECT 1", &stream, &err), TG_DESTINATION);
    assert_non_null(strstr(err.what, "there is no Arrow stream"));
    assert_null(stream.release);
    database.answer = TG_IO;
    assert_int_equal(calls_reserve(&calls, &ctx, 5000, 1000, &err), TG_IO);
    assert_int_equal(calls.reserved_bytes, 0);
    database.answer = TG_OK;
    assert_int_equal(calls_reserve(&calls, &ctx, 5000, 1000, &err), TG_OK);
    assert_int_equal(calls.reserved_bytes, 1000);
    database.answer = TG_IO;
    assert_int_equal(calls_exec(&calls, &ctx, "SELECT 1", NULL, &err), TG_IO);
    assert_int_equal(calls_transact(&calls, &ctx, TG_LOOK, &err), TG_IO);
    assert_int_equal(calls_lock(&calls, &ctx, "table n", true, &err), TG_IO);
}

static int explain(struct tg_error *err, const char *message)
{
    error_set(err, TG_NOMEM, "meant: %s", message);
    return TG_NOMEM;
}

static void a_message_is_explained(void **state)
{
    (void)state;
    struct tg_error err = {0};
    calls.explain = explain;
    database.answer = TG_DESTINATION;
    assert_int_equal(calls_exec(&calls, &ctx, "SELECT 1", NULL, &err), TG_NOMEM);
    assert_string_equal(err.what, "meant: on purpose");
    database.answer = TG_LOCKED; /* that says enough */
    assert_int_equal(calls_exec(&calls, &ctx, "SELECT 1", NULL, &err), TG_LOCKED);
    assert_string_equal(err.what, "on purpose");
}

static int wait_for_interrupt(void *session, const char *sql, uint64_t *changed,
                              struct tg_error *err)
{
    (void)session;
    (void)sql;
    (void)changed;
    atomic_store(&cancel, 1);
    for (int i = 0; i < 1000 && !atomic_load(&database.stop); i++)
        (void)!context_pause(&(struct context){.wakeup = -1}, 5, NULL);
    return error_set(err, TG_DESTINATION, "interrupted");
}

static void a_cancel_interrupts_the_call(void **state)
{
    (void)state;
    struct tg_connection slow = given;
    struct calls other = {.given = &slow, .ctx = &ctx};
    struct context deaf = ctx;
    struct tg_error err = {0};
    slow.exec = wait_for_interrupt;
    deaf.cancel = NULL;
    assert_int_equal(calls_open(&other, &err), TG_OK);
    assert_int_equal(calls_exec(&other, &ctx, "SELECT 1", NULL, &err), TG_CANCELLED);
    assert_true(atomic_load(&database.stop));
    assert_int_equal(calls_exec(&other, &ctx, "SELECT 1", NULL, &err), TG_CANCELLED);
    assert_int_equal(calls_transact(&other, &deaf, TG_LOOK, &err), TG_OK);
    calls_close(&other);
}

#define with_session(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_session(what_must_be_there),
        with_session(a_session_that_does_not_open_is_not_closed),
        with_session(each_call_reaches_its_function),
        with_session(a_message_is_explained),
        with_session(a_cancel_interrupts_the_call),
    };
    return cmocka_run_group_tests_name("given/calls", tests, NULL, NULL);
}
