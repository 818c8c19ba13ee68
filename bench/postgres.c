/*
 * How fast batches become PostgreSQL's binary COPY, and how fast its rows become batches: no
 * server, no network.
 *
 *     postgres [--rows N] [--rounds N]
 *
 * `plain` has a bigint, a double, a bool, a text and a timestamp with zone; `rich` a numeric, a
 * uuid, a jsonb, a date and a time. Each round encodes the same batch until there were N rows, and
 * decodes what came of it, a message per row as a server sends them; `values` hands every value
 * over by itself, as it is with rows that no COPY brings. Speeds are by the thread's CPU time, the
 * best of the rounds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "postgres/values/decode.h"
#include "postgres/values/encode.h"
#include "postgres/values/wire.h"

enum { COLUMNS = 5, HEADER_BYTES = 19 };

#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) != TG_OK)                                                                       \
            die(#call, &err);                                                                      \
    } while (0)

static void die(const char *what, const struct tg_error *err)
{
    fprintf(stderr, "postgres: %s: %s%s%s\n", what, err->where, err->where[0] ? ": " : "",
            err->what);
    exit(1);
}

static double cpu_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct table {
    const char *name;
    struct pg_field fields[COLUMNS];
    struct type_spec specs[COLUMNS];
};

static const struct table tables[] = {
    {"plain",
     {{"id", 20, -1, true, NULL, NULL},
      {"amount", 701, -1, true, NULL, NULL},
      {"paid", 16, -1, true, NULL, NULL},
      {"name", 25, -1, true, NULL, NULL},
      {"at", 1184, -1, true, NULL, NULL}},
     {{.type = TYPE_BIGINT},
      {.type = TYPE_DOUBLE},
      {.type = TYPE_BOOL},
      {.type = TYPE_TEXT},
      {.type = TYPE_TIMESTAMP}}},
    {"rich",
     {{"price", 1700, (18 << 16 | 4) + 4, true, NULL, NULL},
      {"key", 2950, -1, true, NULL, NULL},
      {"what", 3802, -1, true, NULL, NULL},
      {"day", 1082, -1, true, NULL, NULL},
      {"clock", 1083, -1, true, NULL, NULL}},
     {{.type = TYPE_DECIMAL, .precision = 18, .scale = 4},
      {.type = TYPE_TEXT},
      {.type = TYPE_JSON},
      {.type = TYPE_DATE},
      {.type = TYPE_TIME}}},
};

/* ---- a batch ---- */

static void set_value(struct column *column, size_t row, struct tg_error *err)
{
    char text[64];
    int len;
    switch (column->spec.type) {
    case TYPE_BIGINT: column_set_int64(column, row, (int64_t)row * 1234567); break;
    case TYPE_DOUBLE: column_set_double(column, row, (double)row / 7); break;
    case TYPE_BOOL: column_set_bool(column, row, row % 3 == 0); break;
    case TYPE_TIMESTAMP:
    case TYPE_TIME: column_set_int64(column, row, (int64_t)row * 40000001); break;
    case TYPE_DATE: column_set_date(column, row, (int32_t)row); break;
    case TYPE_DECIMAL: column_set_decimal(column, row, (int128)row * 1234567891); break;
    default:
        len = column->spec.type == TYPE_JSON
                  ? snprintf(text, sizeof(text), "{\"a\": %zu, \"b\": [1, 2]}", row)
                  : snprintf(text, sizeof(text), "%08zx-0000-4000-8000-%012zx", row, row);
        if (column_set_text(column, row, text, (size_t)len, err) != TG_OK)
            die("column_set_text", err);
    }
}

static void make_batch(const struct table *table, struct ArrowSchema *schema,
                       struct ArrowArray *batch)
{
    struct tg_error err = {0};
    const char *names[COLUMNS];
    struct ArrowArray arrays[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        struct column column;
        names[i] = table->fields[i].name;
        MUST(column_init(&column, &table->specs[i], &err));
        for (size_t row = 0; row < BATCH_ROWS; row++)
            set_value(&column, row, &err);
        MUST(column_export(&column, BATCH_ROWS, &arrays[i], &err));
    }
    MUST(schema_make(names, table->specs, COLUMNS, schema, &err));
    MUST(batch_make(arrays, COLUMNS, BATCH_ROWS, batch, &err));
}

/* ---- the ways ---- */

static double encode(const struct table *table, const struct ArrowSchema *schema,
                     const struct ArrowArray *batch, int64_t rows, uint64_t *bytes)
{
    struct tg_error err = {0};
    struct pg_encoder *encoder;
    struct buf out = BUF_INIT;
    double start = cpu_seconds();
    MUST(pg_encoder_new(schema, table->fields, COLUMNS, &encoder, &err));
    MUST(pg_encoder_header(encoder, &out, &err));
    for (int64_t done = 0; done < rows; done += BATCH_ROWS) {
        for (int64_t row = 0; row < batch->length;) {
            MUST(pg_encoder_batch(encoder, batch, &row, &out, &err));
            *bytes += out.len;
            buf_clear(&out);
        }
    }
    MUST(pg_encoder_trailer(encoder, &out, &err));
    start = cpu_seconds() - start;
    if (pg_encoder_is_text(encoder))
        die("the COPY is text", &err);
    pg_encoder_free(encoder);
    buf_release(&out);
    return start;
}

/* The bytes of one batch; `rows` (of BATCH_ROWS + 1): where each row begins. */
static void encode_rows(const struct table *table, const struct ArrowSchema *schema,
                        const struct ArrowArray *batch, struct buf *out, size_t *rows)
{
    struct tg_error err = {0};
    struct pg_encoder *encoder;
    struct buf chunk = BUF_INIT;
    size_t at = HEADER_BYTES;
    MUST(pg_encoder_new(schema, table->fields, COLUMNS, &encoder, &err));
    MUST(pg_encoder_header(encoder, out, &err));
    for (int64_t row = 0; row < batch->length; buf_clear(&chunk)) {
        MUST(pg_encoder_batch(encoder, batch, &row, &chunk, &err));
        buf_append(out, chunk.data, chunk.len);
    }
    MUST(buf_check(out, &err));
    for (size_t row = 0; row <= BATCH_ROWS; row++) {
        rows[row] = at;
        at += 2;
        for (int i = 0; i < COLUMNS && row < BATCH_ROWS; i++)
            at += 4 + wire_get32(out->data + at);
    }
    pg_encoder_free(encoder);
    buf_release(&chunk);
}

static void put_row(struct pg_decoder *decoder, const char *row)
{
    struct tg_error err = {0};
    row += 2;
    for (size_t i = 0; i < COLUMNS; i++) {
        int32_t len = (int32_t)wire_get32(row);
        MUST(pg_decoder_value(decoder, i, row + 4, len, &err));
        row += 4 + len;
    }
    pg_decoder_end_row(decoder);
}

static double decode(const struct table *table, const struct buf *bytes, const size_t *starts,
                     int64_t rows, bool values)
{
    struct tg_error err = {0};
    struct pg_decoder *decoder;
    struct ArrowArray batch;
    bool end;
    double start = cpu_seconds();
    MUST(pg_decoder_new(NULL, table->fields, COLUMNS, &decoder, &err));
    MUST(pg_decoder_copy(decoder, bytes->data, HEADER_BYTES, &end, &err));
    for (int64_t done = 0; done < rows; done += BATCH_ROWS) {
        for (size_t row = 0; row < BATCH_ROWS; row++) {
            const char *message = bytes->data + starts[row];
            if (values)
                put_row(decoder, message);
            else
                MUST(pg_decoder_copy(decoder, message, starts[row + 1] - starts[row], &end, &err));
        }
        if (pg_decoder_rows(decoder) != BATCH_ROWS)
            die("rows are missing", &err);
        MUST(pg_decoder_take(decoder, &batch, &err));
        array_release(&batch);
    }
    start = cpu_seconds() - start;
    pg_decoder_free(decoder);
    return start;
}

static void measure(const struct table *table, int64_t rows, int rounds)
{
    struct tg_error err = {0};
    struct ArrowSchema schema, again;
    struct ArrowArray batch;
    struct buf bytes = BUF_INIT;
    struct pg_decoder *decoder;
    size_t starts[BATCH_ROWS + 1];
    double best[3] = {1e9, 1e9, 1e9};
    uint64_t written = 0;
    make_batch(table, &schema, &batch);
    encode_rows(table, &schema, &batch, &bytes, starts);
    MUST(pg_decoder_new(NULL, table->fields, COLUMNS, &decoder, &err));
    MUST(pg_decoder_schema(decoder, &again, &err));
    if (!schema_equal(&schema, &again))
        die("what is decoded is of other types", &err);
    for (int round = 0; round < rounds; round++) {
        double taken[3];
        written = 0;
        taken[0] = encode(table, &schema, &batch, rows, &written);
        taken[1] = decode(table, &bytes, starts, rows, false);
        taken[2] = decode(table, &bytes, starts, rows, true);
        for (int i = 0; i < 3; i++)
            best[i] = taken[i] < best[i] ? taken[i] : best[i];
    }
    static const char *const names[] = {"encode", "decode", "values"};
    for (int i = 0; i < 3; i++)
        printf("%-6s %s  %6.2f million rows/s  %.3f s of CPU  %" PRIu64 " MB\n", table->name,
               names[i], (double)rows / best[i] / 1e6, best[i], written / 1000000);
    pg_decoder_free(decoder);
    schema_release(&schema);
    schema_release(&again);
    array_release(&batch);
    buf_release(&bytes);
}

int main(int argc, char **argv)
{
    int64_t rows = 5000000;
    int rounds = 5;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--rows") == 0)
            rows = strtoll(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--rounds") == 0)
            rounds = (int)strtol(argv[i + 1], NULL, 10);
    }
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        measure(&tables[i], rows, rounds);
    return 0;
}
