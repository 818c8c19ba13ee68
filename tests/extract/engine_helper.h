/*
 * For the tests of extract that read with the engine: one for all of a program's tests
 * (start_engine, stop_engine), and Parquet files that it writes. Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_EXTRACT_ENGINE_HELPER_H
#define TIDEGATE_TESTS_EXTRACT_ENGINE_HELPER_H

#include "duckdb/engine.h"
#include "helper.h"

static struct context ctx;
static struct engine *engine;

static inline int start_engine(void **state)
{
    (void)state;
    context_init(&ctx);
    return engine_new(&ctx, "/tmp", &engine, NULL);
}

static inline int stop_engine(void **state)
{
    (void)state;
    engine_free(engine);
    return 0;
}

/* The rows of "SELECT `select`" as a file. */
static inline void put_parquet(const char *path, const char *select)
{
    struct buf sql = BUF_INIT;
    struct ArrowArrayStream stream = {.release = NULL};
    struct ArrowArray batch;
    struct tg_error err = {0};
    bool end = false;
    buf_printf(&sql, "COPY (SELECT %s) TO '%s' (FORMAT parquet)", select, path);
    if (engine_query(engine, buf_string(&sql), &stream, &err) != TG_OK)
        fail_msg("%s", err.what);
    while (!end) {
        assert_int_equal(stream_next(&stream, TG_DATA, &batch, &end, &err), TG_OK);
        if (!end)
            array_release(&batch);
    }
    stream_release(&stream);
    buf_release(&sql);
}

#endif
