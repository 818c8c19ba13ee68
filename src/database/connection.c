/*
 * Connections in general: which driver takes a URL, small results as text, descriptions of tables.
 *
 * Path: connection_open -> find_driver -> driver->open
 *       connection_fetch -> driver->query -> each batch -> value_text
 * A driver is one const table (duckdb.c) named in `drivers`.
 *
 * What a database's SQL looks like is in dialects/; what is done with a connection is in write/.
 */
#include "database/connection.h"

#include <string.h>
#include <strings.h>

static const struct connection_driver *const drivers[] = {&connection_duckdb};

enum { DRIVER_COUNT = sizeof(drivers) / sizeof(drivers[0]) };

/* The driver of a URL's scheme; NULL with the error set. */
static const struct connection_driver *find_driver(const char *url, struct tg_error *err)
{
    size_t len = strcspn(url, ":");
    for (size_t i = 0; url[len] && i < DRIVER_COUNT; i++) {
        const char *scheme = drivers[i]->scheme;
        if (strlen(scheme) == len && strncmp(scheme, url, len) == 0)
            return drivers[i];
    }
    struct buf known = BUF_INIT;
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        buf_printf(&known, "%s%s:", i > 0 ? ", " : "", drivers[i]->scheme);
    /* A URL may hold a password: only its scheme is quoted. */
    error_set(err, TG_USAGE,
              "destination '%.*s%s' has no driver; there are: %s (duckdb:///file.duckdb)", (int)len,
              url, url[len] ? ":" : "", buf_string(&known));
    buf_release(&known);
    return NULL;
}

const struct dialect *connection_dialect(const char *url)
{
    const struct connection_driver *driver = find_driver(url, NULL);
    return driver ? driver->dialect : NULL;
}

int connection_check_dataset(const char *url, const char *dataset, struct tg_error *err)
{
    const struct connection_driver *driver = find_driver(url, err);
    return driver ? driver->check(url, dataset, err) : TG_USAGE;
}

int connection_check_url(const char *url, struct tg_error *err)
{
    return connection_check_dataset(url, NULL, err);
}

int connection_absolute(const char *url, const char *folder, struct buf *out, struct tg_error *err)
{
    const struct connection_driver *driver = find_driver(url, err);
    struct buf identity = BUF_INIT;
    if (!driver)
        return TG_USAGE;
    int rc = driver->locate(url, folder, out, &identity, err);
    buf_release(&identity);
    return rc;
}

static bool identify(const char *url, const char *folder, struct buf *identity)
{
    struct buf absolute = BUF_INIT;
    const struct connection_driver *driver = find_driver(url, NULL);
    bool known = driver && driver->check(url, NULL, NULL) == TG_OK &&
                 driver->locate(url, folder, &absolute, identity, NULL) == TG_OK;
    buf_release(&absolute);
    return known;
}

bool connection_same(const char *url, const char *folder, const char *other)
{
    struct buf one = BUF_INIT, two = BUF_INIT;
    bool same = identify(url, folder, &one) && identify(other, ".", &two) &&
                strcmp(buf_string(&one), buf_string(&two)) == 0;
    buf_release(&one);
    buf_release(&two);
    return same;
}

int connection_open(struct context *ctx, const char *url, bool create, struct connection **out,
                    struct tg_error *err)
{
    *out = NULL;
    const struct connection_driver *driver = find_driver(url, err);
    if (!driver)
        return TG_USAGE;
    struct connection *con = mem_calloc(1, sizeof(*con));
    if (!con)
        return error_nomem(err);
    *con = (struct connection){.driver = driver, .ctx = ctx};
    int rc = driver->open(con, url, create, err);
    if (rc != TG_OK || !con->state) {
        mem_free(con);
        return rc;
    }
    *out = con;
    return TG_OK;
}

void connection_close(struct connection *con)
{
    if (!con)
        return;
    con->driver->close(con);
    mem_free(con);
}

/* ---- descriptions ---- */

void described_release(struct described *described)
{
    for (size_t t = 0; t < described->table_count; t++) {
        struct described_table *table = &described->tables[t];
        for (size_t c = 0; c < table->column_count; c++) {
            mem_free(table->columns[c].name);
            mem_free(table->columns[c].sql_type);
        }
        mem_free(table->columns);
        mem_free(table->name);
    }
    mem_free(described->tables);
    *described = (struct described){0};
}

static bool same_name(const struct described *described, const char *a, const char *b)
{
    return (described->folds_case ? strcasecmp(a, b) : strcmp(a, b)) == 0;
}

const struct described_table *described_find(const struct described *described, const char *name)
{
    for (size_t t = 0; t < described->table_count; t++) {
        if (same_name(described, described->tables[t].name, name))
            return &described->tables[t];
    }
    return NULL;
}

const struct described_column *described_column(const struct described *described,
                                                const struct described_table *table,
                                                const char *name)
{
    for (size_t c = 0; c < table->column_count; c++) {
        if (same_name(described, table->columns[c].name, name))
            return &table->columns[c];
    }
    return NULL;
}

/* ---- small results ---- */

struct fetch {
    struct ArrowSchema schema;
    struct buf value;
    size_t cap;
    struct text_rows *rows;
};

static int add_cell(struct fetch *fetch, const struct ArrowArray *batch, int64_t row, size_t column,
                    struct tg_error *err)
{
    struct text_rows *rows = fetch->rows;
    const struct ArrowArray *array = batch->children[column];
    char **cell = &rows->cells[rows->row_count * rows->column_count + column];
    *cell = NULL;
    if (array_is_null(array, row))
        return TG_OK;
    buf_clear(&fetch->value);
    int rc = value_text(fetch->schema.children[column], array, row, &fetch->value, err);
    if (rc == TG_OK)
        rc = buf_check(&fetch->value, err);
    if (rc != TG_OK)
        return rc;
    *cell = arena_strndup(&rows->arena, buf_string(&fetch->value), fetch->value.len);
    return *cell ? TG_OK : error_nomem(err);
}

static int add_batch(struct fetch *fetch, const struct ArrowArray *batch, struct tg_error *err)
{
    struct text_rows *rows = fetch->rows;
    size_t need = (rows->row_count + (size_t)batch->length) * rows->column_count;
    int rc = mem_grow(&rows->cells, &fetch->cap, need, sizeof(*rows->cells), err);
    if (rc != TG_OK)
        return rc;
    for (int64_t row = 0; row < batch->length; row++) {
        for (size_t column = 0; column < rows->column_count; column++) {
            rc = add_cell(fetch, batch, row, column, err);
            if (rc != TG_OK)
                return rc;
        }
        rows->row_count++;
    }
    return TG_OK;
}

int connection_fetch(struct connection *con, const char *sql, struct text_rows *out,
                     struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    struct fetch fetch = {.rows = out};
    *out = (struct text_rows){0};
    arena_init(&out->arena);
    TRY(con->driver->query(con, sql, &stream, err));
    TRY(stream_schema(&stream, TG_DESTINATION, &fetch.schema, err));
    out->column_count = (size_t)fetch.schema.n_children;
    for (;;) {
        TRY(stream_next(&stream, TG_DESTINATION, &batch, &end, err));
        if (end)
            break;
        TRY(add_batch(&fetch, &batch, err));
        array_release(&batch);
    }
done:
    array_release(&batch);
    schema_release(&fetch.schema);
    stream_release(&stream);
    buf_release(&fetch.value);
    if (rc != TG_OK)
        text_rows_release(out);
    return rc;
}

void text_rows_release(struct text_rows *rows)
{
    mem_free(rows->cells);
    arena_release(&rows->arena);
    *rows = (struct text_rows){0};
}
