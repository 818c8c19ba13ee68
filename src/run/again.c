/*
 * Signs that a resource is loaded the wrong way.
 *
 *   again_new -> again_add (each batch of the load: a hash of each row, summed up, so that neither
 *   their order nor the batches matter) -> again_finish: the sum and the number of rows against
 *   those of the load before, and into the ledger: a boundary without a cursor
 *   again_check_merge: what the ledger has counted of the last loads
 *
 * The destination is asked only where there is something to say: are the rows of that load still
 * there (are_there)? They may stand at the beginning of those that come: the sum is taken there,
 * too. Ids are no content, and a column without a value is none.
 */
#include "run/again.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "write/disposition.h"

enum {
    ROWS_MIN = 10, /* fewer may be equal by chance, or by intent */
    MERGED_ROWS_MIN = 1000
};

/* As the ledger names what has no cursor. */
static const char no_cursor[] = "";

struct again {
    const struct session *session;
    const struct resource *resource;
    uint64_t rows, roots, nested; /* sums of hashes: rows of the root table, and of all others */
    uint64_t known_rows;          /* of the load before; 0: nothing is known */
    uint64_t known_roots, known_nested;
    const char *known_load;
    uint64_t begun; /* `roots` after as many rows */
    uint64_t *hashes;
    size_t cap;
    struct buf text;
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* ---- what is known ---- */

static void recall(struct again *again)
{
    const struct ledger *ledger = &again->session->ledger;
    for (size_t i = 0; i < ledger->boundary_count; i++) {
        const struct ledger_boundary *boundary = &ledger->boundaries[i];
        if (strcmp(boundary->resource, again->resource->name) != 0 ||
            strcmp(boundary->cursor_path, no_cursor) != 0 || boundary->hash_count != 2)
            continue;
        again->known_load = boundary->load_id;
        again->known_rows = strtoull(boundary->last_value, NULL, 10);
        again->known_roots = strtoull(boundary->hashes[0], NULL, 16);
        again->known_nested = strtoull(boundary->hashes[1], NULL, 16);
    }
}

int again_new(const struct session *session, const struct resource *resource, struct again **out,
              struct tg_error *err)
{
    const struct disposition_driver *driver = resource->disposition;
    const bool notices =
        !driver->adds_rows || resource->incremental.cursor_path || resource->driver->remember;
    *out = NULL;
    if (notices)
        return TG_OK;
    *out = mem_calloc(1, sizeof(**out));
    if (!*out)
        return error_nomem(err);
    (*out)->session = session;
    (*out)->resource = resource;
    recall(*out);
    return TG_OK;
}

/* ---- hashes of rows ---- */

static bool is_content(const char *column)
{
    return strncmp(column, "_dlt_", 5) != 0 && strncmp(column, "_tidegate_", 10) != 0;
}

/* A column of a batch. The batches are flat. */
struct hashed_column {
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
    const uint8_t *valid; /* NULL: there is no NULL */
    uint64_t name;
};

static bool has_value(const struct hashed_column *column, int64_t row)
{
    const int64_t at = column->array->offset + row;
    return !column->valid || (column->valid[at / 8] >> (at % 8) & 1);
}

static void add_value(struct again *again, const struct hashed_column *column, int64_t row,
                      uint64_t value)
{
    again->hashes[row] += mix(value ^ column->name);
}

/* Numbers and times: what most values are. */
static void hash_words(struct again *again, const struct hashed_column *column, int64_t rows)
{
    const char *values = column->array->buffers[1];
    for (int64_t row = 0; row < rows; row++) {
        uint64_t value;
        if (!has_value(column, row))
            continue;
        memcpy(&value, values + (size_t)(column->array->offset + row) * sizeof(value),
               sizeof(value));
        add_value(again, column, row, value);
    }
}

static void hash_fixed(struct again *again, const struct hashed_column *column, size_t width,
                       int64_t rows)
{
    const char *values = column->array->buffers[1];
    for (int64_t row = 0; row < rows; row++)
        if (has_value(column, row))
            add_value(again, column, row,
                      hash_xx64(values + (size_t)(column->array->offset + row) * width, width));
}

static void hash_texts(struct again *again, const struct hashed_column *column, int64_t rows)
{
    const int32_t *ends = column->array->buffers[1];
    const char *bytes = column->array->buffers[2];
    for (int64_t row = 0; row < rows; row++) {
        const int64_t at = column->array->offset + row;
        if (!has_value(column, row))
            continue;
        const size_t len = (size_t)(ends[at + 1] - ends[at]);
        add_value(again, column, row, hash_xx64(len > 0 ? bytes + ends[at] : "", len));
    }
}

/* Of any kind, by its text. */
static int hash_others(struct again *again, const struct hashed_column *column, int64_t rows,
                       struct tg_error *err)
{
    int rc = TG_OK;
    for (int64_t row = 0; row < rows; row++) {
        size_t len = 0;
        const char *bytes = NULL;
        if (value_is_null(column->schema, column->array, row))
            continue;
        if (!value_bytes(column->schema, column->array, row, &bytes, &len)) {
            buf_clear(&again->text);
            TRY(value_text(column->schema, column->array, row, &again->text, err));
            TRY(buf_check(&again->text, err));
            bytes = buf_string(&again->text);
            len = again->text.len;
        }
        add_value(again, column, row, hash_xx64(bytes, len));
    }
done:
    return rc;
}

static int hash_column(struct again *again, const struct ArrowSchema *schema,
                       const struct ArrowArray *array, int64_t rows, struct tg_error *err)
{
    const struct layout layout = layout_of(schema->format);
    const struct hashed_column column = {schema, array,
                                         array->n_buffers > 0 ? array->buffers[0] : NULL,
                                         hash_xx64(schema->name, strlen(schema->name))};
    if (schema->dictionary)
        return hash_others(again, &column, rows, err);
    if (layout.kind == LAYOUT_FIXED && layout.width == sizeof(uint64_t))
        hash_words(again, &column, rows);
    else if (layout.kind == LAYOUT_FIXED)
        hash_fixed(again, &column, layout.width, rows);
    else if (layout.kind == LAYOUT_BYTES32)
        hash_texts(again, &column, rows);
    else
        return hash_others(again, &column, rows, err);
    return TG_OK;
}

static void add_rows(struct again *again, bool is_root, int64_t rows)
{
    for (int64_t row = 0; row < rows; row++) {
        const uint64_t hash = mix(again->hashes[row]);
        if (!is_root) {
            again->nested += hash;
            continue;
        }
        again->roots += hash;
        again->rows++;
        if (again->rows == again->known_rows)
            again->begun = again->roots;
    }
}

int again_add(struct again *again, const char *table, bool is_root,
              const struct ArrowSchema *schema, const struct ArrowArray *array,
              struct tg_error *err)
{
    int rc = TG_OK;
    if (!again)
        return TG_OK;
    const uint64_t name = mix(hash_xx64(table, strlen(table)));
    TRY(mem_grow(&again->hashes, &again->cap, (size_t)array->length + 1, sizeof(*again->hashes),
                 err));
    for (int64_t row = 0; row < array->length; row++)
        again->hashes[row] = name;
    for (int64_t c = 0; c < array->n_children; c++)
        if (is_content(schema->children[c]->name))
            TRY(hash_column(again, schema->children[c], array->children[c], array->length, err));
    add_rows(again, is_root, array->length);
done:
    return rc;
}

/* ---- the end ---- */

/* Nested rows do not come in the order of those that they are nested in: with them it is all or
 * nothing. */
static bool has_come_again(const struct again *again)
{
    if (again->known_rows < ROWS_MIN || again->rows < again->known_rows ||
        again->begun != again->known_roots)
        return false;
    return again->rows == again->known_rows ? again->nested == again->known_nested
                                            : again->nested + again->known_nested == 0;
}

static int put_ident(struct buf *out, const char *name)
{
    buf_char(out, '"');
    for (; *name; name++)
        buf_printf(out, *name == '"' ? "\"\"" : "%c", *name);
    buf_char(out, '"');
    return buf_check(out, NULL);
}

/* The number that a stream of one row has. */
static int read_number(struct ArrowArrayStream *stream, struct buf *text, uint64_t *out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowSchema schema = {0};
    struct ArrowArray array = {0};
    if (stream->get_schema(stream, &schema) != 0 || stream->get_next(stream, &array) != 0 ||
        !array.release || array.length == 0)
        rc = error_set(err, TG_DESTINATION, "a table cannot be counted");
    else
        rc = value_text(schema.children[0], array.children[0], 0, text, err);
    if (rc == TG_OK)
        rc = buf_check(text, err);
    *out = rc == TG_OK ? strtoull(buf_string(text), NULL, 10) : 0;
    schema_release(&schema);
    array_release(&array);
    return rc;
}

static int count_there(struct session *session, const char *sql, uint64_t *out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    struct ArrowArrayStream stream = {0};
    TRY(destination_open(&session->destination, err));
    TRY(session->destination.state
            ? destination_query(&session->destination, sql, NULL, &stream, err)
            : error_set(err, TG_DESTINATION, "there is nothing"));
    rc = read_number(&stream, &text, out, err);
    stream_release(&stream);
done:
    buf_release(&text);
    destination_close(&session->destination);
    return rc;
}

/* They may have been replaced since, deleted or undone. Who cannot tell says nothing. */
static bool are_there(const struct again *again, struct session *session, const char *table)
{
    uint64_t count = 0;
    struct tg_error why = {0};
    struct buf sql = BUF_INIT;
    buf_text(&sql, "SELECT count(*) FROM ");
    int rc = put_ident(&sql, table);
    buf_printf(&sql, " WHERE \"_dlt_load_id\" = '%s'", again->known_load);
    if (rc == TG_OK)
        rc = buf_check(&sql, NULL);
    if (rc == TG_OK)
        rc = count_there(session, buf_string(&sql), &count, &why);
    buf_release(&sql);
    return rc == TG_OK && count >= again->known_rows;
}

static void warn(const struct again *again)
{
    const struct tg_pipeline *pipeline = again->session->pipeline;
    const char *name = again->resource->name;
    context_log(&pipeline->ctx, TG_LOG_WARNING, "append",
                "resource '%s': %llu of the %llu rows are those that the load before has added, "
                "and append adds them once more; give it a cursor, or merge it by a key: "
                "'tidegate advise' looks which",
                name, (unsigned long long)again->known_rows, (unsigned long long)again->rows);
}

int again_finish(struct again *again, struct load *load, const char *table, bool replaces,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest *manifest = NULL;
    struct buf rows = BUF_INIT, roots = BUF_INIT, nested = BUF_INIT;
    if (!again || again->rows == 0)
        return TG_OK;
    if (!replaces && has_come_again(again) && are_there(again, load->session, table))
        warn(again);
    buf_printf(&rows, "%llu", (unsigned long long)again->rows);
    buf_printf(&roots, "%016llx", (unsigned long long)again->roots);
    buf_printf(&nested, "%016llx", (unsigned long long)again->nested);
    TRY(buf_check(&rows, err));
    TRY(buf_check(&roots, err));
    TRY(buf_check(&nested, err));
    TRY(load_package(load, &manifest, err));
    const char *hashes[] = {buf_string(&roots), buf_string(&nested)};
    const struct manifest_boundary boundary = {.resource = again->resource->name,
                                               .cursor_path = no_cursor,
                                               .last_value = buf_string(&rows),
                                               .hashes = hashes,
                                               .hash_count = 2};
    TRY(manifest_add_boundary(manifest, &boundary, err));
done:
    buf_release(&rows);
    buf_release(&roots);
    buf_release(&nested);
    return rc;
}

void again_free(struct again *again)
{
    if (!again)
        return;
    mem_free(again->hashes);
    buf_release(&again->text);
    mem_free(again);
}

/* ---- merges ---- */

/* Old rows are looked for, and give way. */
static bool meets_old(const struct disposition_driver *driver)
{
    return driver->word == DISPOSITION_MERGE && !driver->keeps_history && !driver->deletes_absent &&
           strcmp(disposition_name(driver), "insert-only") != 0;
}

/* Rows may go, where none has gone so far: what adds alone does not do that. */
static bool awaits_deletions(const struct resource *resource)
{
    bool has_marks = false;
    for (size_t i = 0; i < resource->column_count; i++)
        has_marks |= resource->columns[i].hard_delete;
    return has_marks || resource->deletes.detect != TG_DETECT_NONE;
}

/* A program may say of any table that it is merged. */
int again_recall(struct session *session, struct tg_error *err)
{
    const struct config *config = &session->pipeline->config;
    bool asks = false;
    for (size_t i = 0; i < config->resource_count; i++)
        asks |= config->resources[i].selected &&
                (config->resources[i].read || meets_old(config->resources[i].disposition));
    return asks && !session->destination.for_windows
               ? destination_pasts(&session->destination, config->pipeline, &session->ledger, err)
               : TG_OK;
}

/* Once in as many loads as are looked at. */
void again_check_merge(const struct session *session, const struct resource *resource,
                       const char *table)
{
    const struct ledger_past *past = ledger_past_of(&session->ledger, table);
    if (!past || !meets_old(resource->disposition) || awaits_deletions(resource) ||
        past->loads < PAST_LOADS || past->all_loads % PAST_LOADS != 0 || !past->same_way ||
        !past->counts_unchanged)
        return;
    const uint64_t rows = past->rows_inserted + past->rows_unchanged;
    if (past->rows_updated + past->rows_deleted > 0 || rows < MERGED_ROWS_MIN)
        return;
    context_log(&session->pipeline->ctx, TG_LOG_WARNING, "merge",
                "resource '%s' is merged, and none of the %llu rows of its last %d loads changed "
                "one that was there (%llu were there as they came): insert-only, or append with a "
                "cursor, would do with less; 'tidegate advise' looks which. This is said once in "
                "%d loads",
                resource->name, (unsigned long long)rows, PAST_LOADS,
                (unsigned long long)past->rows_unchanged, PAST_LOADS);
}
