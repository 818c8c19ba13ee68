/* For tests of this folder and of package/: a temporary folder, and batches of all column types.
 * Include after cmocka.h. */
#ifndef TIDEGATE_TESTS_SAMPLE_H
#define TIDEGATE_TESTS_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/context.h"
#include "base/fs.h"
#include "base/memory.h"
#include "data/batch.h"

static char sample_start[4096];
static char sample_folder[1024];

/* Each test runs inside a folder of its own. */
static inline int sample_setup(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(sample_folder, sizeof(sample_folder), "%s/tidegate-XXXXXX", tmp ? tmp : "/tmp");
    if (!getcwd(sample_start, sizeof(sample_start)) || !mkdtemp(sample_folder))
        return -1;
    return chdir(sample_folder);
}

static inline int sample_teardown(void **state)
{
    (void)state;
    if (chdir(sample_start) != 0)
        return -1;
    return fs_remove_tree(sample_folder, NULL);
}

#define sample_ok(call)                                                                            \
    do {                                                                                           \
        struct tg_error sample_err = {0};                                                          \
        struct tg_error *err = &sample_err;                                                        \
        if ((call) != TG_OK)                                                                       \
            fail_msg("%s: [%d] %s: %s", #call, sample_err.code, sample_err.where,                  \
                     sample_err.what);                                                             \
    } while (0)

/* One column of each type. */
enum { SAMPLE_COLUMNS = 14 };

static const char *const sample_names[SAMPLE_COLUMNS] = {"id",    "txt", "dbl",  "flag",  "ts",
                                                         "naive", "bin", "json", "small", "nine",
                                                         "wide",  "big", "day",  "clock"};

static const struct type_spec sample_types[SAMPLE_COLUMNS] = {
    {.type = TYPE_BIGINT},
    {.type = TYPE_TEXT},
    {.type = TYPE_DOUBLE},
    {.type = TYPE_BOOL},
    {.type = TYPE_TIMESTAMP},
    {.type = TYPE_TIMESTAMP, .naive = true},
    {.type = TYPE_BINARY},
    {.type = TYPE_JSON},
    {.type = TYPE_DECIMAL, .precision = 4, .scale = 1},
    {.type = TYPE_DECIMAL, .precision = 9, .scale = 2},
    {.type = TYPE_DECIMAL, .precision = 18, .scale = 3},
    {.type = TYPE_WEI},
    {.type = TYPE_DATE},
    {.type = TYPE_TIME},
};

static inline bool sample_is_null(size_t column, size_t row)
{
    return column > 0 && (row + column) % 5 == 0;
}

/* Some texts are inlined by DuckDB (12 bytes and less), some are not, some hold NUL characters or
 * are empty. */
static inline size_t sample_text(size_t row, char out[64])
{
    static const char *const forms[] = {"",
                                        "r%zu",
                                        "exactly12 %02zu",
                                        "a text of some length %zu",
                                        "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 %zu",
                                        "n@l %zu"};
    int len = 0;
    const char *form = forms[row % 6];
    if (row % 6 > 0)
        len = snprintf(out, 64, row % 6 == 2 ? "exactly12 %02zu" : form,
                       row % 6 == 2 ? row % 100 : row);
    if (row % 6 == 5)
        out[1] = '\0';
    return (size_t)len;
}

static inline void sample_put(struct column *column, size_t c, size_t at, size_t row)
{
    char text[64] = "";
    size_t len = 0;
    switch (sample_types[c].type) {
    case TYPE_BIGINT: column_set_int64(column, at, (int64_t)row); break;
    case TYPE_DOUBLE: column_set_double(column, at, (double)row / 4); break;
    case TYPE_BOOL: column_set_bool(column, at, row % 3 == 0); break;
    case TYPE_TIMESTAMP:
    case TYPE_TIME: column_set_int64(column, at, (int64_t)row * 1001); break;
    case TYPE_DATE: column_set_date(column, at, (int32_t)row - 500); break;
    case TYPE_DECIMAL: column_set_decimal(column, at, (int128)(row % 9999) - 5000); break;
    case TYPE_WEI:
        column_set_decimal(column, at, ((int128)row - 3) * 1000000000000 * 1000000000000);
        break;
    case TYPE_JSON:
        len = (size_t)snprintf(text, sizeof(text), "{\"row\":%zu}", row);
        sample_ok(column_set_text(column, at, text, len, err));
        break;
    default: len = sample_text(row, text); sample_ok(column_set_text(column, at, text, len, err));
    }
}

static inline void sample_schema(struct ArrowSchema *out)
{
    sample_ok(schema_make(sample_names, sample_types, SAMPLE_COLUMNS, out, err));
}

/* Rows [first, first + count), count <= BATCH_ROWS. */
static inline void sample_batch(size_t first, size_t count, struct ArrowArray *out)
{
    struct column columns[SAMPLE_COLUMNS] = {0};
    struct ArrowArray arrays[SAMPLE_COLUMNS];
    for (size_t c = 0; c < SAMPLE_COLUMNS; c++) {
        sample_ok(column_init(&columns[c], &sample_types[c], err));
        for (size_t row = 0; row < count; row++) {
            if (!sample_is_null(c, first + row))
                sample_put(&columns[c], c, row, first + row);
        }
        sample_ok(column_export(&columns[c], count, &arrays[c], err));
    }
    sample_ok(batch_make(arrays, SAMPLE_COLUMNS, (int64_t)count, out, err));
}

/* All of `total` rows in batches; *count of them; mem_free the list. */
static inline struct ArrowArray *sample_batches(size_t total, size_t *count)
{
    *count = (total + BATCH_ROWS - 1) / BATCH_ROWS;
    struct ArrowArray *arrays = mem_calloc(*count + 1, sizeof(*arrays));
    assert_non_null(arrays);
    for (size_t i = 0; i < *count; i++) {
        size_t first = i * BATCH_ROWS;
        size_t left = total - first;
        sample_batch(first, left < BATCH_ROWS ? left : BATCH_ROWS, &arrays[i]);
    }
    return arrays;
}

/* At least `least` rows in batches of these lengths, again and again. */
static inline struct ArrowArray *sample_uneven(size_t least, const size_t *lengths,
                                               size_t length_count, size_t *count, size_t *total)
{
    struct ArrowArray *arrays = NULL;
    size_t cap = 0;
    *count = *total = 0;
    while (*total < least) {
        size_t length = lengths[*count % length_count];
        sample_ok(mem_grow(&arrays, &cap, *count + 1, sizeof(*arrays), err));
        sample_batch(*total, length, &arrays[(*count)++]);
        *total += length;
    }
    return arrays;
}

/* The text of every value of a sample row, columns separated by '|', NULL as "~". */
static inline void sample_line(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                               int64_t row, struct buf *out)
{
    for (int64_t c = 0; c < schema->n_children; c++) {
        if (array_is_null(batch->children[c], row))
            buf_char(out, '~');
        else
            sample_ok(value_text(schema->children[c], batch->children[c], row, out, err));
        buf_char(out, '|');
    }
}

#endif
