/*
 * COPY out of a server and into it, by libpq alone, which is not the code under test; and what the
 * server says of a type. Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_POSTGRES_COPY_H
#define TIDEGATE_TESTS_POSTGRES_COPY_H

#include "base/memory.h"
#include "postgres/values/encode.h"
#include "tests/postgres.h"

/* libpq as far as it is needed here, on one connection for all of a program. */
static struct {
    void *connection;
    void *(*connect)(const char *);
    void *(*exec)(void *, const char *);
    void *(*next)(void *);
    char *(*message)(void *);
    int (*status)(void *);
    int (*count)(void *);
    char *(*value)(void *, int, int);
    void (*clear)(void *);
    int (*get)(void *, char **, int);
    int (*put)(void *, const char *, int);
    int (*put_end)(void *, const char *);
    void (*free_bytes)(void *);
} server;

enum { RESULT_COMMAND = 1, RESULT_ROWS = 2, RESULT_COPY_OUT = 3, RESULT_COPY_IN = 4 };

static inline void link_function(const char *name, void *out)
{
    void *libpq = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    void *function = libpq ? dlsym(libpq, name) : NULL;
    if (!function)
        fail_msg("%s", dlerror());
    memcpy(out, &function, sizeof(function));
}

static inline void link_server(void)
{
    link_function("PQconnectdb", &server.connect);
    link_function("PQexec", &server.exec);
    link_function("PQgetResult", &server.next);
    link_function("PQerrorMessage", &server.message);
    link_function("PQresultStatus", &server.status);
    link_function("PQntuples", &server.count);
    link_function("PQgetvalue", &server.value);
    link_function("PQclear", &server.clear);
    link_function("PQgetCopyData", &server.get);
    link_function("PQputCopyData", &server.put);
    link_function("PQputCopyEnd", &server.put_end);
    link_function("PQfreemem", &server.free_bytes);
    server.connection = server.connect(postgres_uri());
    server.clear(server.exec(server.connection,
                             "SET client_min_messages = error; SET TimeZone = 'UTC';"
                             "SET IntervalStyle = iso_8601; SET DateStyle = ISO;"
                             "SET client_encoding = UTF8"));
}

static inline void *begin_sql(const char *sql, int status)
{
    if (!server.connection)
        link_server();
    void *result = server.exec(server.connection, sql);
    if (server.status(result) != status)
        fail_msg("%s: %s", sql, server.message(server.connection));
    return result;
}

static inline void end_result(void *result)
{
    server.clear(result);
}

/* Statements that give no rows. */
static inline void run_sql(const char *format, ...) TG_PRINTF(1, 2);
static inline void run_sql(const char *format, ...)
{
    char sql[4000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sql, sizeof(sql), format, arguments);
    va_end(arguments);
    end_result(begin_sql(sql, RESULT_COMMAND));
}

/* The first cell of an answer; "" for none. */
static inline char *ask_server(const char *sql)
{
    void *result = begin_sql(sql, RESULT_ROWS);
    char *answer = mem_strdup(server.count(result) ? server.value(result, 0, 0) : "");
    server.clear(result);
    return answer;
}

/* The bytes of COPY (query) TO STDOUT (FORMAT binary). */
static inline void copy_out(const char *query, struct buf *out)
{
    struct buf sql = BUF_INIT;
    char *bytes;
    int len;
    buf_printf(&sql, "COPY (%s) TO STDOUT (FORMAT binary)", query);
    end_result(begin_sql(sql.data, RESULT_COPY_OUT));
    while ((len = server.get(server.connection, &bytes, 0)) > 0) {
        buf_append(out, bytes, (size_t)len);
        server.free_bytes(bytes);
    }
    void *result = server.next(server.connection);
    if (server.status(result) != RESULT_COMMAND)
        fail_msg("%s: %s", sql.data, server.message(server.connection));
    server.clear(result);
    server.clear(server.next(server.connection));
    buf_release(&sql);
}

/* Sends bytes to COPY `into` FROM STDIN; "" or what the server says. */
static inline char *copy_in(const char *into, bool text, const struct buf *bytes)
{
    char sql[200];
    snprintf(sql, sizeof(sql), "COPY %s FROM STDIN%s", into, text ? "" : " (FORMAT binary)");
    end_result(begin_sql(sql, RESULT_COPY_IN));
    assert_int_equal(server.put(server.connection, bytes->data, (int)bytes->len), 1);
    assert_int_equal(server.put_end(server.connection, NULL), 1);
    void *result = server.next(server.connection);
    bool done = server.status(result) == RESULT_COMMAND;
    char *said = mem_strdup(done ? "" : server.message(server.connection));
    server.clear(result);
    server.clear(server.next(server.connection));
    return said;
}

/* All rows of a COPY as one batch of up to BATCH_ROWS. */
static inline int decode_all_rows(struct pg_decoder *decoder, const struct buf *bytes,
                                  struct ArrowArray *out, struct tg_error *err)
{
    bool end;
    int rc = pg_decoder_copy(decoder, bytes->data, bytes->len, &end, err);
    if (rc == TG_OK)
        rc = pg_decoder_take(decoder, out, err);
    if (rc == TG_OK)
        assert_true(end);
    return rc;
}

/* A batch as the bytes of a COPY. */
static inline int encode_all_rows(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                                  const struct pg_field *targets, size_t count, bool *text,
                                  struct buf *out, struct tg_error *err)
{
    struct pg_encoder *encoder = NULL;
    struct buf chunk = BUF_INIT;
    int rc = TG_OK;
    TRY(pg_encoder_new(schema, targets, count, &encoder, err));
    *text = pg_encoder_is_text(encoder);
    TRY(pg_encoder_header(encoder, out, err));
    for (int64_t row = 0; row < batch->length; buf_clear(&chunk)) {
        TRY(pg_encoder_batch(encoder, batch, &row, &chunk, err));
        buf_append(out, chunk.data, chunk.len);
    }
    TRY(pg_encoder_trailer(encoder, out, err));
done:
    buf_release(&chunk);
    pg_encoder_free(encoder);
    return rc;
}

/* The rows of pg_types_sql for a type; the texts belong to the caller. */
struct known_types {
    struct pg_catalog_type items[16];
    struct pg_types types;
    char *text;
};

static inline void know_type(uint32_t oid, struct known_types *out)
{
    struct buf sql = BUF_INIT;
    const char *hole = strstr(pg_types_sql, "$1");
    size_t count = 0;
    assert_non_null(hole);
    buf_text(&sql, "SELECT string_agg(concat_ws(' ', oid, kind, element, typmod, name), E'\\n') "
                   "FROM (");
    buf_append(&sql, pg_types_sql, (size_t)(hole - pg_types_sql));
    buf_printf(&sql, "'{%u}'%s) t", oid, hole + 2);
    out->text = ask_server(sql.data);
    for (char *line = strtok(out->text, "\n"); line; line = strtok(NULL, "\n")) {
        struct pg_catalog_type *item = &out->items[count++];
        int used = 0;
        assert_true(count <= 16);
        assert_int_equal(sscanf(line, "%u %c %u %d %n", &item->oid, &item->kind, &item->element,
                                &item->typmod, &used),
                         4);
        item->name = line + used;
    }
    out->types = (struct pg_types){out->items, count};
    buf_release(&sql);
}

/* Type and typmod of a column. */
static inline void look_up(const char *table, const char *column, struct pg_field *out)
{
    char sql[400];
    snprintf(
        sql, sizeof(sql),
        "SELECT atttypid || ' ' || atttypmod FROM pg_attribute WHERE attrelid = '%s'::regclass "
        "AND attname = '%s'",
        table, column);
    char *answer = ask_server(sql);
    *out = (struct pg_field){.name = column, .nullable = true};
    assert_int_equal(sscanf(answer, "%u %d", &out->oid, &out->typmod), 2);
    mem_free(answer);
}

#endif
