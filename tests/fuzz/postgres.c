/*
 * Fuzz target: what a server of PostgreSQL might send, and the way back.
 *
 * An input is a byte for the number of columns, one for each column's type (the highest bit: hinted
 * as text, the next: as double), a byte for where the bytes are cut in two, and what follows the
 * header of a COPY. Whatever it is, it is rows or TG_DATA; rows are encoded for columns of the
 * types that they came from, and where that is binary, they are decoded as the same texts again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/values/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS_MAX = 4 };

static const char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";

static const uint32_t oids[] = {
    16,   17,   18,   20,   21,   23,   25,   26,   114,  650,  700,  701,  829,  869,  1007,
    1009, 1082, 1083, 1114, 1184, 1186, 1231, 1266, 1560, 1562, 1700, 2950, 3802, 1185, 3807,
};

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "violated: %s\n", what);
    abort();
}

/* The rows of a batch as text; `count` of columns. */
static void write_rows(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                       struct buf *out)
{
    for (int64_t row = 0; row < batch->length; row++)
        for (int64_t i = 0; i < batch->n_children; i++) {
            buf_char(out, array_is_null(batch->children[i], row) ? '-' : '+');
            int rc = value_text(schema->children[i], batch->children[i], row, out, NULL);
            require(rc == TG_OK, "a value has no text");
            buf_char(out, '\n');
        }
}

/* Decodes the bytes, the first `cut` of them by themselves. `rows`: what the batch said. */
static int decode(const struct pg_field *fields, size_t count, const char *bytes, size_t len,
                  size_t cut, struct ArrowSchema *schema, struct ArrowArray *batch,
                  struct buf *rows)
{
    struct pg_decoder *decoder;
    bool end;
    int rc = TG_OK;
    require(pg_decoder_new(NULL, fields, count, &decoder, NULL) == TG_OK, "a type is not known");
    require(pg_decoder_schema(decoder, schema, NULL) == TG_OK, "there is no schema");
    TRY(pg_decoder_copy(decoder, header, sizeof(header), &end, NULL));
    TRY(pg_decoder_copy(decoder, bytes, cut, &end, NULL));
    TRY(pg_decoder_copy(decoder, bytes + cut, len - cut, &end, NULL));
    TRY(pg_decoder_take(decoder, batch, NULL));
    write_rows(schema, batch, rows);
done:
    pg_decoder_free(decoder);
    return rc;
}

static int encode(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                  const struct pg_field *fields, size_t count, bool *text, struct buf *out)
{
    struct pg_encoder *encoder;
    int64_t row = 0;
    int rc = TG_OK;
    require(pg_encoder_new(schema, fields, count, &encoder, NULL) == TG_OK, "there is no encoder");
    *text = pg_encoder_is_text(encoder);
    for (struct buf chunk = BUF_INIT; row < batch->length; buf_release(&chunk)) {
        rc = pg_encoder_batch(encoder, batch, &row, &chunk, NULL);
        if (rc != TG_OK) {
            buf_release(&chunk);
            break;
        }
        buf_append(out, chunk.data, chunk.len);
    }
    pg_encoder_free(encoder);
    return rc;
}

static void check_return(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                         const struct pg_field *fields, size_t count, const struct buf *rows)
{
    struct buf bytes = BUF_INIT, again = BUF_INIT;
    struct ArrowSchema other = {.release = NULL};
    struct ArrowArray array = {.release = NULL};
    bool text;
    int rc = encode(schema, batch, fields, count, &text, &bytes);
    require(rc == TG_OK || rc == TG_DATA, "neither rows nor a refusal");
    if (rc == TG_OK && !text) {
        rc = decode(fields, count, buf_string(&bytes), bytes.len, bytes.len / 2, &other, &array,
                    &again);
        require(rc == TG_OK, "what was encoded is refused");
        require(again.len == rows->len, "other rows came back");
        require(rows->len == 0 || memcmp(again.data, rows->data, rows->len) == 0,
                "other values came back");
    }
    schema_release(&other);
    array_release(&array);
    buf_release(&bytes);
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct type_spec text = {.type = TYPE_TEXT}, real = {.type = TYPE_DOUBLE};
    struct pg_field fields[COLUMNS_MAX];
    struct ArrowSchema schema = {.release = NULL};
    struct ArrowArray batch = {.release = NULL};
    struct buf rows = BUF_INIT;
    if (size < 2 + COLUMNS_MAX)
        return 0;
    size_t count = 1 + data[0] % COLUMNS_MAX;
    for (size_t i = 0; i < count; i++) {
        uint8_t what = data[1 + i];
        fields[i] =
            (struct pg_field){"it", oids[(what & 0x3f) % (sizeof(oids) / sizeof(oids[0]))], -1,
                              true, what & 0x80 ? &text : what & 0x40 ? &real : NULL,       NULL};
    }
    const char *bytes = (const char *)data + 2 + count;
    size_t len = size - 2 - count;
    size_t cut = len * data[1 + count] / 255;
    int rc = decode(fields, count, bytes, len, cut, &schema, &batch, &rows);
    require(rc == TG_OK || rc == TG_DATA, "neither rows nor a refusal");
    if (rc == TG_OK)
        check_return(&schema, &batch, fields, count, &rows);
    buf_release(&rows);
    schema_release(&schema);
    array_release(&batch);
    return 0;
}
