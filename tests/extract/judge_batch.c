/*
 * The same data as rows, as batches that are judged row by row (a dictionary is), and as batches
 * that are judged by their keys: random values of each type, their ties at the start, at the end
 * and at the last value, NULLs, what counts as NULL, slices. All three keep the same rows, for the
 * same reasons, and leave the same state.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cursor_helper.h"

enum { ROWS_MAX = 40, PAGES = 3, VALUE_BYTES = 20, TRIALS = 6000 };

static uint64_t seed;

static uint64_t below(uint64_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 20) % limit;
}

/* ---- values ---- */

enum shape { INTEGERS, REALS, TIMES, TEXTS };

static const struct kind {
    const char *format;
    size_t width;
    enum shape shape;
    int64_t base;      /* values lie around it */
    const char *bound; /* an option that is the base plus two */
} kinds[] = {
    {"c", 1, INTEGERS, 3, "5"},
    {"C", 1, INTEGERS, 200, "202"},
    {"s", 2, INTEGERS, -300, "-298"},
    {"S", 2, INTEGERS, 65000, "65002"},
    {"i", 4, INTEGERS, 7, "9"},
    {"I", 4, INTEGERS, 4000000000, "4000000002"},
    {"l", 8, INTEGERS, 9007199254740990, "9007199254740992"},
    {"L", 8, INTEGERS, 5, "7.0"},
    {"e", 2, REALS, 0, "2"},
    {"f", 4, REALS, 0, "2.0"},
    {"g", 8, REALS, 0, "2"},
    {"tdD", 4, TIMES, 19723,
     "\"\xef\x80\xa8"
     "2024-01-03\""},
    {"tdm", 8, TIMES, INT64_C(19723) * 86400000, "\"2024-01-01\""},
    {"tss:", 8, TIMES, 1704067200, "\"2024-01-01T00:00:02Z\""},
    {"tsm:UTC", 8, TIMES, 1704067200000, "\"2024-01-01T00:00:00.002Z\""},
    {"tsu:", 8, TIMES, JAN_2024_US,
     "\"\xef\x80\xa7"
     "2024-01-01T00:00:00.000002\""},
    {"tsu:UTC", 8, TIMES, JAN_2024_US, "\"2024-01-01T00:00:00.000002+00:00\""},
    {"tsn:UTC", 8, TIMES, JAN_2024_US * 1000 + 999, "\"2024-01-01T00:00:00.000001Z\""},
    {"l", 8, INTEGERS, INT64_MAX - 5, "9223372036854775807"},
    {"l", 8, INTEGERS, INT64_MIN, "-9223372036854775808"},
    {"i", 4, INTEGERS, 7, "9.5"},
    {"g", 8, REALS, 0, "2.5"},
    {"tsn:", 8, TIMES, -1003, "\"1969-12-31T23:59:59.999998Z\""},
    {"d:10,0", 16, INTEGERS, 11, "13"},
    {"u", VALUE_BYTES, TEXTS, 0, "\"2024-01-03T00:00:00Z\""},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void put_real(const struct kind *kind, char *out)
{
    static const double values[] = {0, -0.0, 1, 2, 2, 3, 3, 2.5, -1, -2.5, 1e300, INFINITY, NAN};
    static const uint16_t halves[] = {0, 0x8000, 0x3c00, 0x4000, 0x4000, 0x4200, 0x7c00, 0x7e00};
    double real = values[below(13)];
    float narrow = (float)real;
    uint16_t half = halves[below(8)];
    memcpy(out,
           kind->width == 8   ? (void *)&real
           : kind->width == 4 ? (void *)&narrow
                              : &half,
           kind->width);
}

/* Seldom the least or the greatest of the type. */
static void put_integer(const struct kind *kind, bool extreme, char *out)
{
    int64_t value[2] = {kind->base + (int64_t)below(6), 0};
    if (extreme)
        value[0] = below(2) ? INT64_MIN >> (64 - 8 * (kind->width > 8 ? 4 : kind->width))
                            : INT64_MAX >> (64 - 8 * (kind->width > 8 ? 4 : kind->width));
    value[1] = value[0] < 0 && kind->format[0] == 'd' ? -1 : 0;
    memcpy(out, value, kind->width);
}

static void put_value(const struct kind *kind, bool extreme, char *out)
{
    char text[32];
    if (kind->shape == REALS) {
        put_real(kind, out);
    } else if (kind->shape == TEXTS) {
        snprintf(text, sizeof(text), "2024-01-%02dT00:00:00Z", 1 + (int)below(6));
        memcpy(out, text, kind->width);
    } else {
        put_integer(kind, extreme, out);
    }
}

/* ---- batches ---- */

struct data {
    const struct kind *kind;
    int64_t count, offset; /* of the batch in its columns */
    char values[ROWS_MAX * VALUE_BYTES];
    int32_t offsets[ROWS_MAX + 1];
    int64_t ids[ROWS_MAX], indexes[ROWS_MAX];
    uint8_t validity[ROWS_MAX / 8 + 1];
};

static int64_t as_integer(const struct kind *kind, const char *value)
{
    int64_t out = 0;
    memcpy(&out, value, kind->width < 8 ? kind->width : 8);
    return kind->width == 4 ? (int32_t)out : out;
}

static void sort_values(struct data *data, bool descends)
{
    const size_t width = data->kind->width;
    char other[VALUE_BYTES];
    for (int64_t i = 0; i < data->count; i++)
        for (int64_t j = i + 1; j < data->count; j++) {
            char *a = data->values + (size_t)i * width, *b = data->values + (size_t)j * width;
            int64_t left = as_integer(data->kind, a), right = as_integer(data->kind, b);
            if (descends ? left >= right : left <= right)
                continue;
            memcpy(other, a, width);
            memcpy(a, b, width);
            memcpy(b, other, width);
        }
}

static void fill(struct data *data, const struct kind *kind, enum tg_row_order order, bool nulls,
                 bool extremes)
{
    *data = (struct data){.kind = kind, .count = (int64_t)below(ROWS_MAX - 4)};
    data->offset = (int64_t)below(4) * (data->count > 4);
    for (int64_t i = 0; i < data->count; i++) {
        put_value(kind, extremes && below(12) == 0, data->values + (size_t)i * kind->width);
        data->ids[i] = (int64_t)below(5);
        data->indexes[i] = i;
        data->offsets[i + 1] = data->offsets[i] + VALUE_BYTES;
        if (!nulls || below(6) > 0)
            data->validity[i >> 3] |= (uint8_t)(1u << (i & 7));
    }
    if (order && below(8) > 0)
        sort_values(data, order == TG_DESC);
}

enum form { AS_KEYS, AS_DICTIONARY, AS_ROWS, FORMS };

/* Columns and schemas borrow all from the data. */
struct batch {
    struct ArrowSchema columns[2], dictionary, *children[2];
    struct ArrowArray values[2], words, *arrays[2];
    const void *buffers[2][3], *word_buffers[3];
};

static void keep_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void keep_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static void make_page(struct batch *batch, const struct data *data, enum form form,
                      struct page *page)
{
    const bool is_text = data->kind->shape == TEXTS;
    const void *const values[] = {
        data->validity, is_text ? (const void *)data->offsets : data->values, data->values};
    *batch = (struct batch){
        .columns = {{.format = data->kind->format, .name = "c", .release = keep_schema},
                    {.format = "l", .name = "id", .release = keep_schema}},
        .values = {{.length = data->count,
                    .null_count = -1,
                    .n_buffers = is_text ? 3 : 2,
                    .release = keep_array},
                   {.length = data->count, .n_buffers = 2, .release = keep_array}}};
    memcpy(batch->buffers[0], values, sizeof(values));
    batch->buffers[1][1] = data->ids;
    if (form == AS_DICTIONARY) {
        batch->dictionary = batch->columns[0];
        batch->words = batch->values[0];
        memcpy(batch->word_buffers, values, sizeof(values));
        batch->words.buffers = batch->word_buffers;
        batch->columns[0].format = "l";
        batch->columns[0].dictionary = &batch->dictionary;
        batch->values[0].dictionary = &batch->words;
        batch->values[0].n_buffers = 2;
        batch->buffers[0][1] = data->indexes;
    }
    for (int i = 0; i < 2; i++) {
        batch->values[i].buffers = batch->buffers[i];
        batch->children[i] = &batch->columns[i];
        batch->arrays[i] = &batch->values[i];
    }
    *page = (struct page){.kind = PAGE_ARROW,
                          .first_row = 1,
                          .read_count = (uint64_t)(data->count - data->offset),
                          .schema = {.format = "+s",
                                     .n_children = 2,
                                     .children = batch->children,
                                     .release = keep_schema},
                          .array = {.length = data->count - data->offset,
                                    .offset = data->offset,
                                    .n_children = 2,
                                    .n_buffers = 1,
                                    .buffers = batch->word_buffers + 2 * (form != AS_DICTIONARY),
                                    .children = batch->arrays,
                                    .release = keep_array}};
}

/* ---- one way ---- */

static void put_ids(struct buf *out, const struct page *page)
{
    int64_t id = -1;
    for (size_t i = 0; page->kind == PAGE_ROWS && i < page->row_count; i++)
        buf_printf(out, " %d", (int)cell_find(page->rows[i], "id", 2)->uni.i64);
    for (int64_t i = 0; page->kind == PAGE_ARROW && i < page->array.length; i++) {
        assert_true(value_int64(page->schema.children[1], page->array.children[1],
                                page->array.offset + i, &id));
        buf_printf(out, " %d", (int)id);
    }
}

/* All that shows of a cursor, as a text. */
static void put_state(struct buf *out, const struct cursor *cursor)
{
    struct cursor_counts counts = *cursor_counts(cursor);
    buf_printf(out, "below %d beyond %d known %d without %d over %d moved %d last %s hashes %s\n",
               (int)counts.below, (int)counts.beyond, (int)counts.known, (int)counts.without,
               cursor_is_over(cursor), cursor_moved(cursor), last_of(cursor), hashes_of(cursor));
}

/* false: it did not come to its end. */
static bool filter(struct cursor *cursor, const struct data *data, enum form form, struct buf *out)
{
    struct batch batch;
    struct page page;
    struct tg_rows *rows = NULL;
    struct tg_error err = {0};
    uint64_t dropped = 0;
    make_page(&batch, data, form, &page);
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    int rc = form == AS_ROWS ? page_to_rows(&page, rows, &err) : TG_OK;
    const bool is_rows = rc == TG_OK;
    rc = is_rows ? cursor_filter(cursor, &page, &dropped, &err) : rc;
    buf_printf(out, "%d %s %s dropped %d:", rc, err.what, err.where, (int)dropped);
    if (rc == TG_OK)
        put_ids(out, &page);
    buf_char(out, '\n');
    if (rc == TG_OK)
        put_state(out, cursor);
    if (!is_rows) /* a time that no cell holds */
        buf_clear(out);
    page_release(&page);
    rows_free(rows);
    return rc == TG_OK;
}

static void run(const struct cursor_options *options, const struct data *data, enum form form,
                struct buf *out)
{
    struct cursor *cursor = cursor_of(options);
    for (int i = 0; i < PAGES; i++)
        if (!filter(cursor, &data[i], form, out))
            break;
    cursor_free(cursor);
}

/* ---- all ways ---- */

static const char *const id_key[] = {"id"};

/* What a load before has left: half of the cursors begin with it. */
struct stored {
    char last[256], hashes[20][HASH_ROW_TEXT + 1];
    const char *texts[20];
    size_t count;
};

static void store(const struct cursor_options *options, const struct data *data,
                  struct stored *stored)
{
    const char *const *hashes;
    struct buf out = BUF_INIT;
    struct cursor *cursor = cursor_of(options);
    filter(cursor, data, AS_ROWS, &out);
    snprintf(stored->last, sizeof(stored->last), "%s", last_of(cursor));
    stored->count = cursor_hashes(cursor, &hashes);
    stored->count = stored->count < 20 ? stored->count : 20;
    for (size_t i = 0; i < stored->count; i++) {
        snprintf(stored->hashes[i], sizeof(stored->hashes[i]), "%s", hashes[i]);
        stored->texts[i] = stored->hashes[i];
    }
    cursor_free(cursor);
    buf_release(&out);
}

static void choose(const struct kind *kind, struct stored *stored, struct cursor_options *out)
{
    struct data before;
    const struct tg_value bound = {.kind = TG_VALUE_JSON, .text = kind->bound};
    *out = (struct cursor_options){.path = "c",
                                   .last_value = below(3) ? TG_MAX : TG_MIN,
                                   .on_missing =
                                       below(8) ? 1 + (enum tg_on_missing)below(2) : TG_RAISE,
                                   .hash = (enum cursor_hash)below(3),
                                   .key = id_key,
                                   .key_count = 1,
                                   .start_is_open = below(3) == 0,
                                   .end_is_closed = below(2),
                                   .hash_count_max = below(3) ? 0 : 3};
    switch (below(4)) {
    case 0: out->initial_value = bound; break;
    case 1: out->stored_last_json = kind->bound; break;
    case 2:
        out->on_missing = TG_EXCLUDE;
        fill(&before, kind, 0, true, false);
        store(out, &before, stored);
        out->stored_last_json = stored->last;
        out->stored_hashes = stored->texts;
        out->stored_hash_count = stored->count;
        break;
    default: break;
    }
    if (below(3) == 0)
        out->end_value = bound;
    if (below(3) == 0)
        out->row_order = below(2) ? TG_ASC : TG_DESC;
}

static void all_ways_come_to_the_same(void **state)
{
    (void)state;
    for (seed = 1; seed < TRIALS; seed++) {
        const uint64_t first = seed;
        seed = seed * UINT64_C(0x9e3779b97f4a7c15);
        const struct kind *kind = &kinds[first % KINDS];
        struct data data[PAGES];
        struct stored stored;
        struct cursor_options options;
        struct buf out[FORMS] = {BUF_INIT, BUF_INIT, BUF_INIT};
        choose(kind, &stored, &options);
        const bool nulls = below(2), extremes = below(2);
        for (int i = 0; i < PAGES; i++)
            fill(&data[i], kind, options.row_order, nulls, extremes);
        for (int form = 0; form < FORMS; form++)
            run(&options, data, form, &out[form]);
        for (int form = 1; form < FORMS; form++)
            if (out[form].len > 0 && strcmp(buf_string(&out[0]), buf_string(&out[form])) != 0)
                fail_msg("seed %d, '%s':\n%s\nbut as form %d:\n%s", (int)first, kind->format,
                         buf_string(&out[0]), form, buf_string(&out[form]));
        for (int form = 0; form < FORMS; form++)
            buf_release(&out[form]);
        seed = first;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_come_to_the_same),
    };
    return cmocka_run_group_tests_name("extract/judge_batch", tests, NULL, NULL);
}
