/* Callers' Arrow streams: what is Arrow passes, what is not is named and never followed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "data/arrow_check.h"

/* ---- schemas and arrays over static memory ---- */

static void schema_released(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void array_released(struct ArrowArray *array)
{
    array->release = NULL;
}

enum { NODES = 4 };

/* A struct with one column "c" of `format`; nodes 2 and 3 are for what is in it. */
struct sample {
    struct ArrowSchema schemas[NODES], *schema_list[NODES];
    struct ArrowArray arrays[NODES], *array_list[NODES];
    const void *buffers[NODES][6];
};

static void lay(struct sample *sample, const char *format, int64_t length, int64_t n_buffers)
{
    static const char *const names[NODES] = {"", "c", "inner", "deep"};
    *sample = (struct sample){.schemas = {{.format = "+s"}, {.format = format}}};
    for (int i = 0; i < NODES; i++) {
        struct ArrowSchema *schema = &sample->schemas[i];
        struct ArrowArray *array = &sample->arrays[i];
        schema->format = i == 0 ? "+s" : i == 1 ? format : "l";
        schema->name = names[i];
        schema->release = schema_released;
        sample->schema_list[i] = schema;
        sample->array_list[i] = array;
        *array = (struct ArrowArray){.length = length,
                                     .n_buffers = i == 0   ? 1
                                                  : i == 1 ? n_buffers
                                                           : 2,
                                     .buffers = sample->buffers[i],
                                     .release = array_released};
    }
    sample->schemas[0].n_children = sample->arrays[0].n_children = 1;
    sample->schemas[0].children = &sample->schema_list[1];
    sample->arrays[0].children = &sample->array_list[1];
}

/* Column "c" gets node 2 as its child, or as its dictionary. */
static void lay_inner(struct sample *sample, const char *format, int64_t length, const void *values)
{
    sample->schemas[1].n_children = sample->arrays[1].n_children = 1;
    sample->schemas[1].children = &sample->schema_list[2];
    sample->arrays[1].children = &sample->array_list[2];
    sample->schemas[2].format = format;
    sample->arrays[2].length = length;
    sample->buffers[2][1] = values;
}

static void lay_dictionary(struct sample *sample, int64_t length, const void *values)
{
    sample->schemas[1].dictionary = &sample->schemas[2];
    sample->arrays[1].dictionary = &sample->arrays[2];
    sample->arrays[2].length = length;
    sample->buffers[2][1] = values;
}

static int check(const struct sample *sample, struct tg_error *err)
{
    int rc = arrow_check_schema(&sample->schemas[0], err);
    return rc == TG_OK ? arrow_check_batch(&sample->schemas[0], &sample->arrays[0], err) : rc;
}

static void passes(const struct sample *sample)
{
    struct tg_error err = {0};
    if (check(sample, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
}

static void refused(const struct sample *sample, const char *where, const char *said)
{
    struct tg_error err = {0};
    assert_int_equal(check(sample, &err), TG_DATA);
    assert_string_equal(err.where, where);
    if (!strstr(err.what, said))
        fail_msg("'%s' does not say '%s'", err.what, said);
}

static const int64_t numbers[] = {1, 2, 3, 4, 5, 6};
static const uint8_t none[] = {0};

/* ---- lengths and buffers ---- */

static void plain_columns_pass(void **state)
{
    struct sample sample;
    (void)state;
    lay(&sample, "l", 4, 2);
    sample.buffers[1][1] = numbers;
    passes(&sample);
    sample.arrays[1].offset = 2;
    passes(&sample);
    lay(&sample, "n", 4, 0);
    sample.arrays[1].buffers = NULL;
    passes(&sample);
    lay(&sample, "u", 0, 3); /* nothing at all */
    passes(&sample);
    lay(&sample, "+ud:0,1", 4, 1); /* whoever makes columns refuses unions */
    passes(&sample);
}

static void counts_have_to_fit(void **state)
{
    struct sample sample;
    (void)state;
    lay(&sample, "l", 4, 2);
    refused(&sample, "column 'c'", "lacks its buffer 1");
    sample.buffers[1][1] = numbers;
    sample.arrays[1].null_count = 4;
    refused(&sample, "column 'c'", "no validity buffer");
    sample.arrays[1].null_count = 5;
    sample.buffers[1][0] = none;
    refused(&sample, "column 'c'", "5 NULLs in 4 rows");
    sample.arrays[1].null_count = 0;
    sample.arrays[1].length = 3;
    refused(&sample, "column 'c'", "4 are pointed at");
    sample.arrays[1].length = INT64_MAX;
    sample.arrays[1].offset = 1;
    refused(&sample, "column 'c'", "offset 1");
    sample.arrays[1].length = -1;
    refused(&sample, "column 'c'", "length -1");
    lay(&sample, "l", 4, 3);
    refused(&sample, "column 'c'", "3 buffers instead of 2");
    sample.arrays[1].n_buffers = 2;
    sample.arrays[1].buffers = NULL;
    refused(&sample, "column 'c'", "0 buffers");
    sample.arrays[1].release = NULL;
    refused(&sample, "column 'c'", "was released");
    sample.arrays[0].n_children = 2;
    refused(&sample, "", "2 children, its schema 1");
    sample.arrays[0].n_children = 1;
    sample.array_list[1] = NULL;
    refused(&sample, "column 'c'", "missing");
}

static void schemas_have_to_be_whole(void **state)
{
    struct sample sample;
    (void)state;
    lay(&sample, NULL, 0, 2);
    refused(&sample, "column 'c'", "no format");
    lay(&sample, "l", 0, 2);
    sample.schemas[1].release = NULL;
    refused(&sample, "column 'c'", "was released");
    sample.schemas[0].children = NULL;
    refused(&sample, "", "no list");
    lay(&sample, "+l", 0, 2);
    refused(&sample, "column 'c'", "0 children instead of one");
    lay(&sample, "+m", 0, 2);
    lay_inner(&sample, "l", 0, NULL);
    refused(&sample, "column 'c'", "key and value");
    lay(&sample, "l", 0, 2);
    sample.schemas[0].format = "l";
    refused(&sample, "", "a stream of rows is a struct");
    lay(&sample, "+s", 0, 1); /* it holds itself */
    sample.schemas[1].n_children = 1;
    sample.schemas[1].children = &sample.schema_list[1];
    struct tg_error err = {0};
    assert_int_equal(arrow_check_schema(&sample.schemas[0], &err), TG_DATA);
    assert_non_null(strstr(err.what, "nested deeper"));
}

/* ---- texts and lists ---- */

static void offsets_never_go_back(void **state)
{
    static const int32_t good[] = {0, 3, 3, 5, 6}, back[] = {0, 3, 1, 5, 6}, negative[] = {-1, 0};
    static const int64_t wide[] = {0, 3, 3, 5, 6}, wide_back[] = {0, 3, 3, 2, 6};
    struct sample sample;
    (void)state;
    lay(&sample, "u", 4, 3);
    sample.buffers[1][1] = good;
    refused(&sample, "column 'c'", "lacks its buffer 2");
    sample.buffers[1][2] = "abcdef";
    passes(&sample);
    sample.buffers[1][1] = back;
    refused(&sample, "column 'c'", "go back from 3 to 1 at row 2");
    sample.arrays[1].offset = 2; /* what lies before is nobody's */
    sample.arrays[1].length = sample.arrays[0].length = 2;
    passes(&sample);
    sample.buffers[1][1] = negative;
    sample.arrays[1].offset = 0;
    sample.arrays[1].length = sample.arrays[0].length = 1;
    refused(&sample, "column 'c'", "negative offset");
    lay(&sample, "U", 4, 3);
    sample.buffers[1][1] = wide;
    sample.buffers[1][2] = "abcdef";
    passes(&sample);
    sample.buffers[1][1] = wide_back;
    refused(&sample, "column 'c'", "go back from 3 to 2 at row 3");
}

static void texts_that_are_all_null_have_offsets_too(void **state)
{
    struct sample sample;
    (void)state;
    lay(&sample, "u", 4, 3);
    sample.arrays[1].null_count = 4;
    sample.buffers[1][0] = none;
    refused(&sample, "column 'c'", "lacks its buffer 1");
}

static void lists_stay_within_their_values(void **state)
{
    static const int32_t offsets[] = {0, 2, 6}, starts[] = {4, 0}, sizes[] = {2, 4}, far[] = {3, 4};
    struct sample sample;
    (void)state;
    lay(&sample, "+l", 2, 2);
    sample.buffers[1][1] = offsets;
    lay_inner(&sample, "l", 6, numbers);
    passes(&sample);
    sample.arrays[2].length = 5;
    refused(&sample, "column 'c', column 'inner'", "5 rows; 6 are pointed at");
    lay(&sample, "+w:3", 2, 1);
    lay_inner(&sample, "l", 6, numbers);
    passes(&sample);
    sample.arrays[2].length = 5;
    refused(&sample, "column 'c', column 'inner'", "6 are pointed at");
    lay(&sample, "+vl", 2, 3);
    sample.buffers[1][1] = starts;
    lay_inner(&sample, "l", 6, numbers);
    refused(&sample, "column 'c'", "lacks a buffer");
    sample.buffers[1][2] = sizes;
    passes(&sample);
    sample.buffers[1][2] = far;
    refused(&sample, "column 'c', column 'inner'", "6 rows; 7 are pointed at");
}

static void views_stay_within_their_blocks(void **state)
{
    static const int32_t views[][4] = {{3, 0, 0, 0}, {14, 0, 0, 1}};
    static const int32_t far[][4] = {{3, 0, 0, 0}, {14, 0, 0, 3}};
    static const int32_t nowhere[][4] = {{3, 0, 0, 0}, {14, 0, 1, 0}};
    static const int64_t sizes[] = {16};
    struct sample sample;
    (void)state;
    lay(&sample, "vu", 2, 4);
    sample.buffers[1][1] = views;
    sample.buffers[1][2] = "0123456789abcdef";
    refused(&sample, "column 'c'", "sizes of its blocks");
    sample.buffers[1][3] = sizes;
    passes(&sample);
    sample.buffers[1][1] = far;
    refused(&sample, "column 'c'", "view of row 2");
    sample.buffers[1][1] = nowhere;
    refused(&sample, "column 'c'", "view of row 2");
    sample.buffers[1][0] = none;
    sample.arrays[1].null_count = -1;
    passes(&sample); /* a NULL may have any view */
}

/* ---- dictionaries ---- */

static void indices_stay_within_their_dictionary(void **state)
{
    static const int32_t good[] = {0, 1, 1}, far[] = {0, 2, 1}, negative[] = {0, -1, 1};
    static const uint8_t second_null[] = {5};
    struct sample sample;
    (void)state;
    lay(&sample, "i", 3, 2);
    sample.buffers[1][1] = good;
    sample.schemas[1].dictionary = &sample.schemas[2];
    refused(&sample, "column 'c'", "lacks its dictionary");
    lay_dictionary(&sample, 2, numbers);
    passes(&sample);
    sample.buffers[1][1] = far;
    refused(&sample, "column 'c'", "row 2");
    sample.buffers[1][1] = negative;
    refused(&sample, "column 'c'", "row 2");
    sample.buffers[1][0] = second_null;
    sample.arrays[1].null_count = 1;
    passes(&sample);
    lay_dictionary(&sample, 0, NULL);
    sample.schemas[2].format = "u";
    sample.arrays[2].n_buffers = 3;
    sample.buffers[1][0] = none; /* no value is needed where all are NULL */
    passes(&sample);
    sample.schemas[1].format = "g";
    refused(&sample, "column 'c'", "no index");
}

static void streams_have_all_functions(void **state)
{
    struct ArrowArrayStream stream = {.release = NULL};
    struct tg_error err = {0};
    (void)state;
    assert_int_equal(arrow_check_stream(&stream, &err), TG_USAGE);
    assert_non_null(strstr(err.what, "get_last_error"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_columns_pass),
        cmocka_unit_test(counts_have_to_fit),
        cmocka_unit_test(schemas_have_to_be_whole),
        cmocka_unit_test(offsets_never_go_back),
        cmocka_unit_test(texts_that_are_all_null_have_offsets_too),
        cmocka_unit_test(lists_stay_within_their_values),
        cmocka_unit_test(views_stay_within_their_blocks),
        cmocka_unit_test(indices_stay_within_their_dictionary),
        cmocka_unit_test(streams_have_all_functions),
    };
    return cmocka_run_group_tests_name("data/arrow_check", tests, NULL, NULL);
}
