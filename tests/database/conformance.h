/*
 * For tests: one kind of connection under test, and what its tests share. A kind says how to open a
 * connection to one fresh database; what is expected of it stands in its dialect. Include after
 * cmocka.h.
 */
#ifndef TIDEGATE_TESTS_DATABASE_CONFORMANCE_H
#define TIDEGATE_TESTS_DATABASE_CONFORMANCE_H

#include <pthread.h>
#include <time.h>

#include "database/connection.h"
#include "tests/database/sample.h"

struct kind {
    const char *name;
    /* A connection to the database of this test; made by the first one. */
    int (*open)(struct context *ctx, struct connection **out, struct tg_error *err);
    void (*close)(struct connection *con);
    const char *dataset; /* one that is there; NULL: they are made */
    bool finds_others;   /* two connections of a process can have the database open */
    bool can_stop;       /* a statement at work; else cancelling takes effect before the next one */
    /* Ends a session from outside, by a statement on another one; NULL: there is no server. */
    void (*cut)(struct connection *by, const char *session);
    const char *session; /* query: which session this is */
};

static const struct kind *kind;
static struct context ctx;
static atomic_int cancel;
static struct connection *con, *other;
static const char *dataset; /* of most tests */

/* ---- opening ---- */

static inline struct connection *kind_open(struct context *own)
{
    struct connection *out = NULL;
    sample_ok(kind->open(own, &out, err));
    assert_non_null(out);
    return out;
}

static inline void exec_on(struct connection *which, const char *sql)
{
    struct tg_error problem = {0};
    if (connection_exec(which, sql, NULL, &problem) != TG_OK)
        fail_msg("%s: %s", problem.what, sql);
}

static inline int kind_setup(void **state)
{
    kind = *state;
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    if (sample_setup(state))
        return -1;
    con = kind_open(&ctx);
    other = kind->finds_others ? kind_open(&ctx) : NULL;
    dataset = kind->dataset ? kind->dataset : "s";
    if (!kind->dataset) {
        exec_on(con, "DROP SCHEMA IF EXISTS s CASCADE");
        exec_on(con, "CREATE SCHEMA s");
    }
    return 0;
}

static inline int kind_teardown(void **state)
{
    kind->close(con);
    kind->close(other);
    con = other = NULL;
    return sample_teardown(state);
}

/* ---- statements; `{}` is the dataset, "t" of "{t}" a table in it ---- */

static inline char *in_dataset(const char *sql)
{
    struct buf out = BUF_INIT;
    for (const char *at = sql; *at; at++) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (!end) {
            buf_char(&out, *at);
            continue;
        }
        char *name = mem_strndup(at + 1, (size_t)(end - at - 1));
        sql_table(&out, con->dialect, dataset, name);
        mem_free(name);
        at = end;
    }
    assert_false(out.failed);
    return buf_take(&out);
}

static inline void exec(const char *text)
{
    char *sql = in_dataset(text);
    exec_on(con, sql);
    mem_free(sql);
}

/* Cells of the rows with '|' between them, a line each; NULL is "~". */
static inline char *rows_on(struct connection *which, const char *text)
{
    struct text_rows rows;
    struct buf out = BUF_INIT;
    char *sql = in_dataset(text);
    sample_ok(connection_fetch(which, sql, &rows, err));
    for (size_t row = 0; row < rows.row_count; row++)
        for (size_t column = 0; column < rows.column_count; column++) {
            const char *cell = text_cell(&rows, row, column);
            buf_printf(&out, "%s%s", cell ? cell : "~",
                       column + 1 < rows.column_count ? "|" : "\n");
        }
    text_rows_release(&rows);
    mem_free(sql);
    return out.data ? buf_take(&out) : mem_strdup("");
}

static inline void expect_on(struct connection *which, const char *sql, const char *expected)
{
    char *rows = rows_on(which, sql);
    if (strcmp(rows, expected) != 0)
        fail_msg("%s gave %s, not %s", sql, rows, expected);
    mem_free(rows);
}

static inline void expect(const char *sql, const char *expected)
{
    expect_on(con, sql, expected);
}

/* As another connection sees it, where there is one. */
static inline void expect_elsewhere(const char *sql, const char *expected)
{
    if (other)
        expect_on(other, sql, expected);
}

static inline void transact(enum transact what)
{
    sample_ok(connection_transact(con, what, err));
}

/* The statement must fail; whether on a transaction's way, who is in one must end it. */
static inline struct tg_error fails(const char *text)
{
    struct tg_error problem = {0};
    char *sql = in_dataset(text);
    int rc = connection_exec(con, sql, NULL, &problem);
    if (rc == TG_OK)
        fail_msg("no error: %s", sql);
    assert_int_equal(rc, problem.code);
    mem_free(sql);
    return problem;
}

/* "CREATE TABLE {t} (a TYPE, ...)" with the dialect's words for types. */
static inline void create(const char *start, const char *const *names,
                          const struct type_spec *types, size_t count)
{
    struct buf sql = BUF_INIT;
    buf_text(&sql, start);
    for (size_t c = 0; c < count; c++) {
        buf_text(&sql, c == 0 ? " (" : ", ");
        sql_ident(&sql, con->dialect, names[c]);
        buf_char(&sql, ' ');
        con->dialect->type_sql(&types[c], &sql);
    }
    buf_char(&sql, ')');
    exec(buf_string(&sql));
    buf_release(&sql);
}

/* ---- batches ---- */

/* Rows from `first` of one column of numbers named "id". */
static inline void number_batch(int64_t first, size_t count, struct ArrowArray *out)
{
    struct column column = {.len = 0};
    struct ArrowArray child;
    sample_ok(column_init_rows(&column, &(struct type_spec){.type = TYPE_BIGINT}, count ? count : 1,
                               err));
    for (size_t row = 0; row < count; row++)
        column_set_int64(&column, row, first + (int64_t)row);
    sample_ok(column_export(&column, count, &child, err));
    sample_ok(batch_make(&child, 1, (int64_t)count, out, err));
}

static inline void number_stream(size_t count, struct ArrowArrayStream *out)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    sample_ok(schema_make((const char *[]){"id"}, (struct type_spec[]){{.type = TYPE_BIGINT}}, 1,
                          &schema, err));
    number_batch(0, count, &batch);
    sample_ok(stream_from_arrays(&schema, &batch, 1, out, err));
}

/* A table {t} of the numbers below `count` in the column "id". */
static inline void number_table(size_t count)
{
    struct ArrowArrayStream stream;
    create("CREATE TABLE {t}", (const char *[]){"id"}, (struct type_spec[]){{.type = TYPE_BIGINT}},
           1);
    number_stream(count, &stream);
    sample_ok(connection_ingest(con, &(struct ingest_target){dataset, "t"}, &stream, err));
    stream_release(&stream);
}

/* A stream that fails after `left` batches of 2,000 rows. */
struct failing {
    struct stream_head head;
    int left;
    bool cancels;
};

static inline int failing_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    (void)stream;
    return schema_make((const char *[]){"id"}, (struct type_spec[]){{.type = TYPE_BIGINT}}, 1, out,
                       NULL);
}

static inline int failing_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct failing *failing = stream->private_data;
    *out = (struct ArrowArray){0};
    if (failing->left-- > 0) {
        number_batch(0, 2000, out);
        return 0;
    }
    return stream_errno(error_set(&failing->head.err, failing->cancels ? TG_CANCELLED : TG_DATA,
                                  "the file is cut off"));
}

static inline void failing_release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

/* ---- another thread ---- */

static inline void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

#endif
