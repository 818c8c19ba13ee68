/*
 * Batches into a table.
 *
 * Path: connection_ingest -> the driver's own function, or default_ingest: each batch ->
 * insert_rows -> INSERTs of literals, which every database takes, and which are slow.
 */
#include "database/sending/ingest.h"

#include <string.h>

/* Of one statement. */
enum { ROWS_MAX = 1000, BYTES_MAX = 1 << 20 };

static bool is_binary(const struct ArrowSchema *schema)
{
    return strcmp(schema->format, "z") == 0 || strcmp(schema->format, "Z") == 0;
}

static void write_binary(struct buf *sql, const struct dialect *dialect,
                         const struct ArrowSchema *schema, const struct ArrowArray *array,
                         int64_t row)
{
    const char *bytes = NULL;
    size_t len = 0;
    (void)!value_bytes(schema, array, row, &bytes, &len);
    buf_text(sql, dialect->hex[0]);
    for (size_t i = 0; i < len; i++)
        buf_printf(sql, "%02x", (unsigned char)bytes[i]);
    buf_text(sql, dialect->hex[1]);
}

/* A value as a literal, which takes the type of the column that it goes to. */
static int write_literal(struct buf *sql, const struct dialect *dialect,
                         const struct ArrowSchema *schema, const struct ArrowArray *array,
                         int64_t row, struct buf *text, struct tg_error *err)
{
    if (value_is_null(schema, array, row)) {
        buf_text(sql, "NULL");
        return TG_OK;
    }
    if (is_binary(schema)) {
        write_binary(sql, dialect, schema, array, row);
        return TG_OK;
    }
    buf_clear(text);
    int rc = value_text(schema, array, row, text, err);
    if (rc == TG_OK && strlen(buf_string(text)) != text->len)
        rc = error_set(err, TG_DATA,
                       "column '%s' has a text with a NUL character, which cannot be sent to this "
                       "destination; remove it in the source",
                       schema->name);
    if (rc == TG_OK)
        sql_text(sql, buf_string(text));
    return rc;
}

/* INSERT of rows from *row on, as many as one statement may have. */
static int insert_rows(struct connection *con, const struct ingest_target *into,
                       const struct ArrowSchema *schema, const struct ArrowArray *batch,
                       int64_t *row, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT, text = BUF_INIT;
    buf_text(&sql, "INSERT INTO ");
    sql_table(&sql, con->dialect, into->dataset, into->table);
    for (int64_t c = 0; c < schema->n_children; c++) {
        buf_text(&sql, c == 0 ? " (" : ", ");
        sql_ident(&sql, con->dialect, schema->children[c]->name);
    }
    buf_text(&sql, ") VALUES");
    for (int64_t n = 0; *row < batch->length && n < ROWS_MAX && sql.len < BYTES_MAX; n++, ++*row) {
        buf_text(&sql, n == 0 ? "\n(" : "),\n(");
        for (int64_t c = 0; c < schema->n_children; c++) {
            buf_text(&sql, c == 0 ? "" : ", ");
            TRY(write_literal(&sql, con->dialect, schema->children[c], batch->children[c], *row,
                              &text, err));
        }
    }
    buf_char(&sql, ')');
    TRY(buf_check(&sql, err));
    rc = connection_exec(con, sql.data, NULL, err);
done:
    buf_release(&sql);
    buf_release(&text);
    return rc;
}

int default_ingest(struct connection *con, const struct ingest_target *into,
                   struct ArrowArrayStream *stream, struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    TRY(stream_schema(stream, TG_IO, &schema, err));
    for (;;) {
        TRY(stream_next(stream, TG_IO, &batch, &end, err));
        if (end)
            break;
        for (int64_t row = 0; row < batch.length;)
            TRY(insert_rows(con, into, &schema, &batch, &row, err));
        array_release(&batch);
    }
done:
    array_release(&batch);
    schema_release(&schema);
    return rc;
}
