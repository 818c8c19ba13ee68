/*
 * src/postgres/values/decode.c: rows of COPY, cut anywhere, and single values; what is refused, and
 * where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "postgres/values/decode.h"
#include "tests/torture.h"

#define HEADER "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"

static const struct pg_field fields[] = {
    {"id", 20, -1, true, NULL, NULL},
    {"name", 25, -1, true, NULL, NULL},
    {"price", 1700, -1, true, NULL, NULL},
};
enum { FIELDS = 3 };

/* (1, 'one', 12.35), (NULL, '', NULL), (-1, NULL, 0.0001) */
static const char rows[] = HEADER "\0\3\0\0\0\10\0\0\0\0\0\0\0\1\0\0\0\3one"
                                  "\0\0\0\14\0\2\0\0\0\0\0\2\0\14\15\254"
                                  "\0\3\377\377\377\377\0\0\0\0\377\377\377\377"
                                  "\0\3\0\0\0\10\377\377\377\377\377\377\377\377\377\377\377\377"
                                  "\0\0\0\12\0\1\377\377\0\0\0\4\0\1"
                                  "\377\377";

static struct pg_decoder *make(void)
{
    struct pg_decoder *decoder;
    assert_int_equal(pg_decoder_new(NULL, fields, FIELDS, &decoder, NULL), TG_OK);
    return decoder;
}

/* The rows of the batch as text, a line each. */
static char *take(struct pg_decoder *decoder)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct buf out = BUF_INIT;
    assert_int_equal(pg_decoder_schema(decoder, &schema, NULL), TG_OK);
    assert_int_equal(pg_decoder_take(decoder, &batch, NULL), TG_OK);
    for (int64_t row = 0; row < batch.length; row++)
        for (int64_t i = 0; i < batch.n_children; i++) {
            buf_text(&out, i == 0 ? "" : "|");
            if (array_is_null(batch.children[i], row))
                buf_char(&out, '-');
            assert_int_equal(value_text(schema.children[i], batch.children[i], row, &out, NULL),
                             TG_OK);
            buf_text(&out, i + 1 == batch.n_children ? "\n" : "");
        }
    schema_release(&schema);
    array_release(&batch);
    return out.data ? buf_take(&out) : mem_strdup("");
}

static const char expected[] = "1|one|12.350000000\n-||-\n-1|-|0.000100000\n";

static void a_copy_cut_anywhere(void **state)
{
    enum { LEN = sizeof(rows) - 1 };
    (void)state;
    for (size_t first = 0; first <= LEN; first++)
        for (size_t second = first; second <= LEN; second += 7) {
            struct pg_decoder *decoder = make();
            bool end;
            assert_int_equal(pg_decoder_copy(decoder, rows, first, &end, NULL), TG_OK);
            assert_int_equal(end, first == LEN);
            assert_int_equal(pg_decoder_copy(decoder, rows + first, second - first, &end, NULL),
                             TG_OK);
            assert_int_equal(pg_decoder_copy(decoder, rows + second, LEN - second, &end, NULL),
                             TG_OK);
            assert_true(end);
            assert_int_equal(pg_decoder_rows(decoder), 3);
            char *text = take(decoder);
            assert_string_equal(text, expected);
            mem_free(text);
            pg_decoder_free(decoder);
        }
}

/* A batch that is taken while the next row is not whole. */
static void taken_between_the_halves_of_a_row(void **state)
{
    struct pg_decoder *decoder = make();
    bool end;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) - 1; i++)
        assert_int_equal(pg_decoder_copy(decoder, rows + i, i < 40, &end, NULL), TG_OK);
    char *text = take(decoder);
    assert_string_equal(text, "");
    mem_free(text);
    assert_int_equal(pg_decoder_copy(decoder, rows + 40, sizeof(rows) - 41, &end, NULL), TG_OK);
    assert_true(end);
    text = take(decoder);
    assert_string_equal(text, expected);
    mem_free(text);
    pg_decoder_free(decoder);
}

static void single_values(void **state)
{
    struct pg_decoder *decoder = make();
    (void)state;
    assert_int_equal(pg_decoder_value(decoder, 1, "x", 1, NULL), TG_OK);
    assert_int_equal(pg_decoder_value(decoder, 0, "\0\0\0\0\0\0\0\7", 8, NULL), TG_OK);
    pg_decoder_end_row(decoder);
    assert_int_equal(pg_decoder_value(decoder, 1, NULL, -1, NULL), TG_OK);
    pg_decoder_end_row(decoder);
    char *text = take(decoder);
    assert_string_equal(text, "7|x|-\n-|-|-\n");
    mem_free(text);
    pg_decoder_free(decoder);
}

static void full_batches(void **state)
{
    static const struct pg_field one = {"id", 21, -1, true, NULL, NULL};
    static const char row[] = "\0\1\0\0\0\2\0\5";
    struct pg_decoder *decoder;
    struct ArrowArray batch;
    struct buf bytes = BUF_INIT;
    bool end;
    (void)state;
    buf_append(&bytes, HEADER, sizeof(HEADER) - 1);
    for (int i = 0; i < 2 * BATCH_ROWS + 1; i++)
        buf_append(&bytes, row, sizeof(row) - 1);
    buf_append(&bytes, "\377\377", 2);
    assert_int_equal(pg_decoder_new(NULL, &one, 1, &decoder, NULL), TG_OK);
    assert_int_equal(pg_decoder_copy(decoder, bytes.data, bytes.len, &end, NULL), TG_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(end, i == 2);
        assert_int_equal(pg_decoder_rows(decoder), i < 2 ? BATCH_ROWS : 1);
        assert_int_equal(pg_decoder_full(decoder), i < 2);
        assert_int_equal(pg_decoder_take(decoder, &batch, NULL), TG_OK);
        array_release(&batch);
        assert_int_equal(pg_decoder_copy(decoder, NULL, 0, &end, NULL), TG_OK);
    }
    assert_int_equal(pg_decoder_rows(decoder), 0);
    pg_decoder_free(decoder);
    buf_release(&bytes);
}

/* ---- what is refused ---- */

static struct tg_error refused(uint32_t oid, const struct type_spec *wanted, const char *bytes,
                               size_t len)
{
    struct pg_field field = {"it", oid, -1, true, wanted, NULL};
    struct pg_decoder *decoder;
    struct tg_error err = {0};
    struct ArrowArray batch = {.release = NULL};
    assert_int_equal(pg_decoder_new(NULL, &field, 1, &decoder, NULL), TG_OK);
    pg_decoder_end_row(decoder);
    int rc = pg_decoder_value(decoder, 0, bytes, (int32_t)len, &err);
    if (rc == TG_OK) {
        pg_decoder_end_row(decoder);
        rc = pg_decoder_take(decoder, &batch, &err);
    }
    assert_int_equal(rc, TG_DATA);
    assert_string_equal(err.column, "it");
    assert_int_equal(err.row, 2);
    pg_decoder_free(decoder);
    return err;
}

#define REFUSED(oid, wanted, bytes) refused(oid, wanted, bytes, sizeof(bytes) - 1)

static void values_that_no_column_holds(void **state)
{
    struct type_spec bigint = {.type = TYPE_BIGINT};
    (void)state;
    struct tg_error err = REFUSED(1700, NULL, "\0\1\377\374\0\0\0\20\0\1");
    assert_non_null(strstr(err.what, "the value 0.0000000000000001 does not fit decimal(38,9)"));
    err = REFUSED(1700, NULL, "\0\0\0\0\300\0\0\0");
    assert_non_null(strstr(err.what, "the value NaN does not fit decimal(38,9)"));
    err = REFUSED(1700, &bigint, "\0\2\0\0\0\0\0\2\0\14\15\254");
    assert_non_null(strstr(err.what, "the value 12.35 is no whole number"));
    err = REFUSED(1184, NULL, "\177\377\374\242\376\304\300\0");
    assert_non_null(strstr(err.what, "is beyond the years of a timestamp"));
    err = REFUSED(25, NULL, "caf\351");
    assert_non_null(strstr(err.what, "is not valid UTF-8"));
    err = REFUSED(20, NULL, "1234");
    assert_non_null(strstr(err.what, "4 bytes came that are no value of type bigint"));
    err = REFUSED(1700, NULL, "1234");
    assert_non_null(strstr(err.what, "4 bytes came that are no value of type numeric"));
    REFUSED(1082, NULL, "\177\377\377\376");
    REFUSED(1083, NULL, "\377\377\377\377\377\377\377\377");
    REFUSED(2950, NULL, "1234");
    REFUSED(1007, NULL, "1234");
}

static void types_that_are_not_read(void **state)
{
    struct pg_field field = {"span", 3904, -1, true, NULL, NULL};
    struct pg_decoder *decoder;
    struct tg_error err = {0};
    (void)state;
    assert_int_equal(pg_decoder_new(NULL, &field, 1, &decoder, &err), TG_DATA);
    assert_non_null(strstr(err.what, "'span' is of the type int4range"));
    assert_non_null(strstr(err.what, "{column}::text"));
    assert_null(decoder);
}

static void damaged_copies(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } copies[] = {
#define COPY(bytes) {bytes, sizeof(bytes) - 1}
        COPY("PGCOPX"),
        COPY("PGCOPY\n\377\r\n\0\0\1\0\0\0\0\0\0"),
        COPY(HEADER "\0\2"),
        COPY(HEADER "\0\3\377\377\377\376"),
        COPY(HEADER "\377\377\0"),
        COPY(HEADER "\0\3\0\0\0\1x"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
        struct pg_decoder *decoder = make();
        bool end;
        assert_int_equal(pg_decoder_copy(decoder, copies[i].bytes, copies[i].len, &end, NULL),
                         TG_DATA);
        pg_decoder_free(decoder);
    }
    struct pg_decoder *decoder = make();
    bool end;
    assert_int_equal(pg_decoder_copy(decoder, rows, sizeof(rows) - 1, &end, NULL), TG_OK);
    assert_int_equal(pg_decoder_copy(decoder, "x", 1, &end, NULL), TG_DATA);
    pg_decoder_free(decoder);
}

static int decode_all(void)
{
    struct pg_decoder *decoder = NULL;
    struct ArrowSchema schema = {.release = NULL};
    struct ArrowArray batch = {.release = NULL};
    bool end;
    int rc = TG_OK;
    TRY(pg_decoder_new(NULL, fields, FIELDS, &decoder, NULL));
    TRY(pg_decoder_schema(decoder, &schema, NULL));
    TRY(pg_decoder_copy(decoder, rows, 50, &end, NULL));
    TRY(pg_decoder_copy(decoder, rows + 50, sizeof(rows) - 51, &end, NULL));
    TRY(pg_decoder_take(decoder, &batch, NULL));
done:
    array_release(&batch);
    schema_release(&schema);
    pg_decoder_free(decoder);
    return rc;
}

static void memory_runs_out(void **state)
{
    (void)state;
    torture(decode_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_cut_anywhere),
        cmocka_unit_test(taken_between_the_halves_of_a_row),
        cmocka_unit_test(single_values),
        cmocka_unit_test(full_batches),
        cmocka_unit_test(values_that_no_column_holds),
        cmocka_unit_test(types_that_are_not_read),
        cmocka_unit_test(damaged_copies),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
