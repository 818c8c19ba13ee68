/*
 * Rows on their way to a database by a driver's own way to add them.
 *
 * Path: outgoing_new -> (get_schema: text for what the dialect stores as text) -> (get_next: those
 * columns spelled as value_text does, the others as they come) -> outgoing_error, which knows what
 * went wrong here, while a driver only knows that something has.
 *
 * A NaN goes nowhere where the database would make NULL of it. What the driver is told of the table
 * is its connection's.
 */
#include "database/sending/outgoing.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"

struct outgoing {
    struct stream_head head;
    const struct dialect *dialect;
    struct ArrowArrayStream *inner; /* borrowed */
    struct ArrowSchema schema;      /* as it comes */
    bool *spelled;                  /* one for each column */
    bool began;
};

static int errno_of(int code)
{
    return code == TG_OK ? 0 : code == TG_NOMEM ? ENOMEM : code == TG_CANCELLED ? ECANCELED : EIO;
}

/* ---- what is spelled ---- */

static int read_schema(struct outgoing *self, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(stream_schema(self->inner, TG_IO, &self->schema, err));
    self->spelled = mem_calloc((size_t)self->schema.n_children + 1, sizeof(*self->spelled));
    if (!self->spelled)
        TRY(error_nomem(err));
    for (int64_t c = 0; c < self->schema.n_children; c++) {
        struct type_spec spec = {.type = TYPE_NONE};
        if (strcmp(self->schema.children[c]->format, "n") != 0)
            TRY(type_from_arrow(self->schema.children[c], &spec, err));
        self->spelled[c] = self->dialect->text_types >> spec.type & 1;
    }
done:
    return rc;
}

static int copy_schema(struct outgoing *self, struct ArrowSchema *out, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = (size_t)self->schema.n_children;
    struct ArrowSchema texts = {0};
    const char **names = mem_calloc(count + 1, sizeof(*names));
    struct type_spec *types = mem_calloc(count + 1, sizeof(*types));
    if (!names || !types)
        TRY(error_nomem(err));
    for (size_t c = 0; c < count; c++) {
        names[c] = self->schema.children[c]->name;
        types[c].type = TYPE_TEXT;
    }
    TRY(schema_make(names, types, count, &texts, err));
    for (size_t c = 0; c < count; c++) {
        if (self->spelled[c])
            continue;
        schema_release(texts.children[c]);
        TRY(schema_copy(self->schema.children[c], texts.children[c], err));
    }
    schema_move(&texts, out);
done:
    schema_release(&texts);
    mem_free(names);
    mem_free(types);
    return rc;
}

/* ---- rows ---- */

static int spell(const struct ArrowSchema *schema, struct ArrowArray *array, int64_t rows,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    struct column column;
    struct ArrowArray texts = {0};
    const struct type_spec spec = {.type = TYPE_TEXT};
    rc = column_init_rows(&column, &spec, (size_t)(rows > 0 ? rows : 1), err);
    if (rc != TG_OK)
        return rc;
    for (int64_t row = 0; row < rows; row++) {
        if (value_is_null(schema, array, row))
            continue;
        buf_clear(&text);
        TRY(value_text(schema, array, row, &text, err));
        TRY(column_set_text(&column, (size_t)row, buf_string(&text), text.len, err));
    }
    TRY(column_export(&column, (size_t)rows, &texts, err));
    array_release(array);
    array_move(&texts, array);
done:
    column_release(&column);
    buf_release(&text);
    return rc;
}

static int check_nan(const struct outgoing *self, const struct ArrowSchema *schema,
                     const struct ArrowArray *array, int64_t rows, struct tg_error *err)
{
    double value = 0;
    bool is_double = strcmp(schema->format, "g") == 0 || strcmp(schema->format, "f") == 0;
    for (int64_t row = 0; is_double && self->dialect->nan_is_null && row < rows; row++)
        if (!array_is_null(array, row) && value_double(schema, array, row, &value) && isnan(value))
            return error_set(err, TG_DATA,
                             "column '%s' has a NaN, of which %s would make NULL; remove it in the "
                             "source, or load the column as text",
                             schema->name, self->dialect->name);
    return TG_OK;
}

static int next_batch(struct outgoing *self, struct ArrowArray *out, struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    self->began = true;
    if (!self->spelled)
        TRY(read_schema(self, err));
    TRY(stream_next(self->inner, TG_IO, out, &end, err));
    for (int64_t c = 0; !end && c < self->schema.n_children; c++) {
        const struct ArrowSchema *schema = self->schema.children[c];
        TRY(check_nan(self, schema, out->children[c], out->length, err));
        if (self->spelled[c])
            TRY(spell(schema, out->children[c], out->length, err));
    }
done:
    if (rc != TG_OK)
        array_release(out);
    return rc;
}

/* ---- the stream ---- */

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct outgoing *self = stream->private_data;
    struct tg_error *err = &self->head.err;
    *out = (struct ArrowSchema){.release = NULL};
    int rc = err->code;
    if (rc == TG_OK && !self->spelled)
        rc = read_schema(self, err);
    if (rc == TG_OK)
        rc = copy_schema(self, out, err);
    return errno_of(rc);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct outgoing *self = stream->private_data;
    struct tg_error *err = &self->head.err;
    *out = (struct ArrowArray){.release = NULL};
    return errno_of(err->code != TG_OK ? err->code : next_batch(self, out, err));
}

static void release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

int outgoing_new(const struct dialect *dialect, struct ArrowArrayStream *inner,
                 struct outgoing **self, struct ArrowArrayStream *out, struct tg_error *err)
{
    *self = mem_calloc(1, sizeof(**self));
    if (!*self)
        return error_nomem(err);
    (*self)->dialect = dialect;
    (*self)->inner = inner;
    *out = (struct ArrowArrayStream){
        .get_schema = get_schema,
        .get_next = get_next,
        .get_last_error = stream_last_error,
        .release = release,
        .private_data = *self,
    };
    return TG_OK;
}

bool outgoing_began(const struct outgoing *outgoing)
{
    return outgoing->began;
}

int outgoing_error(const struct outgoing *outgoing, struct tg_error *err)
{
    if (err && outgoing->head.err.code != TG_OK)
        *err = outgoing->head.err;
    return outgoing->head.err.code;
}

void outgoing_free(struct outgoing *outgoing)
{
    if (!outgoing)
        return;
    schema_release(&outgoing->schema);
    mem_free(outgoing->spelled);
    mem_free(outgoing);
}
