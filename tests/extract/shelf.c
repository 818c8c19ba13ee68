#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract/cursor/shelf.h"
#include "helper.h"
#include "tests/torture.h"

static const char *const names[] = {"low", "cells"};

struct bench {
    struct context ctx;
    struct engine *engine;
    struct shelf shelf;
    char folder[1100];
};

static int bench_open(struct bench *bench, const char *parent, bool has_bytes, size_t bytes_max)
{
    int rc = TG_OK;
    *bench = (struct bench){.engine = NULL};
    context_init(&bench->ctx);
    snprintf(bench->folder, sizeof(bench->folder), "%s/it's a=1 [shelf]*", parent);
    TRY(engine_new(&bench->ctx, parent, &bench->engine, NULL));
    TRY(shelf_init(&bench->shelf,
                   &(struct shelf_options){.engine = bench->engine,
                                           .folder = bench->folder,
                                           .stem = "some",
                                           .names = names,
                                           .column_count = has_bytes ? 2 : 1,
                                           .has_bytes = has_bytes,
                                           .bytes_max = bytes_max},
                   NULL));
done:
    return rc;
}

static int bench_close(struct bench *bench, int rc)
{
    shelf_release(&bench->shelf);
    engine_free(bench->engine);
    if (fs_remove_tree(bench->folder, NULL) != TG_OK)
        fail_msg("'%s' stays", bench->folder);
    return rc;
}

/* Rows first to end; each has its number as text, too. */
static int give(struct bench *bench, int64_t first, int64_t end)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    for (int64_t i = first; i < end; i++) {
        buf_clear(&text);
        buf_printf(&text, "%lld", (long long)i);
        TRY(buf_check(&text, NULL));
        TRY(shelf_add(&bench->shelf, &i, bench->shelf.options.has_bytes ? &text : NULL, NULL));
    }
done:
    buf_release(&text);
    return rc;
}

/* What a query over all of it gives. */
static int ask(struct bench *bench, const char *select, int64_t *out)
{
    int rc = TG_OK;
    bool end = false;
    struct buf sql = BUF_INIT;
    struct ArrowArrayStream stream = {.release = NULL};
    struct ArrowSchema schema = {.release = NULL};
    struct ArrowArray batch = {.release = NULL};
    TRY(shelf_flush(&bench->shelf, NULL));
    buf_text(&sql, select);
    shelf_relation(&bench->shelf, &sql);
    TRY(buf_check(&sql, NULL));
    TRY(engine_query(bench->engine, sql.data, &stream, NULL));
    TRY(stream_schema(&stream, TG_IO, &schema, NULL));
    TRY(stream_next(&stream, TG_IO, &batch, &end, NULL));
    assert_true(value_int64(schema.children[0], batch.children[0], batch.offset, out));
done:
    array_release(&batch);
    schema_release(&schema);
    stream_release(&stream);
    buf_release(&sql);
    return rc;
}

static void rows_are_all_there(void **state)
{
    struct bench bench;
    int64_t sum = 0;
    assert_int_equal(bench_open(&bench, *state, true, 1 << 20), TG_OK);
    assert_int_equal(give(&bench, -5, 5000), TG_OK);
    assert_int_equal(bench.shelf.file_count, 0);
    assert_int_equal(ask(&bench, "SELECT sum(low + decode(cells)::BIGINT)::BIGINT FROM ", &sum),
                     TG_OK);
    assert_int_equal(sum, 2 * (4999 * 5000 / 2 - 15));
    assert_int_equal(bench.shelf.file_count, 1);
    assert_int_equal(bench.shelf.total, 5005);
    bench_close(&bench, TG_OK);
}

static void more_than_memory(void **state)
{
    struct bench bench;
    int64_t sum = 0;
    assert_int_equal(bench_open(&bench, *state, false, 1 << 16), TG_OK);
    assert_int_equal(give(&bench, 0, 20000), TG_OK);
    assert_true(bench.shelf.file_count > 2);
    assert_int_equal(ask(&bench, "SELECT sum(low)::BIGINT FROM ", &sum), TG_OK);
    assert_int_equal(sum, 19999 * 20000 / 2);
    bench_close(&bench, TG_OK);
}

/* What was there before is neither counted nor read, whether it was on disk or not. */
static void begins_again(void **state)
{
    struct bench bench;
    int64_t sum = 0;
    struct fs_names files;
    assert_int_equal(bench_open(&bench, *state, true, 1 << 16), TG_OK);
    assert_int_equal(give(&bench, 0, 10000), TG_OK);
    assert_true(bench.shelf.file_count > 1);
    assert_int_equal(shelf_empty(&bench.shelf, NULL), TG_OK);
    assert_int_equal(fs_list(bench.folder, &files, NULL), TG_OK);
    assert_int_equal(files.count, 0);
    fs_names_release(&files);
    assert_int_equal(give(&bench, 3, 5), TG_OK);
    assert_int_equal(shelf_empty(&bench.shelf, NULL), TG_OK);
    assert_int_equal(give(&bench, 7, 9), TG_OK);
    assert_int_equal(bench.shelf.total, 2);
    assert_int_equal(ask(&bench, "SELECT sum(low)::BIGINT FROM ", &sum), TG_OK);
    assert_int_equal(sum, 15);
    bench_close(&bench, TG_OK);
}

static const char *torture_folder;

static int fill_it(void)
{
    struct bench bench;
    int64_t sum;
    int rc = TG_OK;
    TRY(bench_open(&bench, torture_folder, true, 1 << 10));
    TRY(give(&bench, 0, 40));
    TRY(shelf_empty(&bench.shelf, NULL));
    TRY(give(&bench, 0, 40));
    TRY(ask(&bench, "SELECT sum(low)::BIGINT FROM ", &sum));
done:
    return bench_close(&bench, rc);
}

static void out_of_memory(void **state)
{
    torture_folder = *state;
    torture(fill_it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_all_there, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(more_than_memory, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(begins_again, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(out_of_memory, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
