/*
 * Connections in general: which driver takes a URL, small results as text, descriptions of tables.
 *
 * Path: connection_open -> find_driver -> driver->open
 *       connection_exec, _query, _describe, ... -> driver, or what stands for it (defaults.c)
 *       connection_fetch -> the driver's query, of few rows -> each batch -> value_text
 * The drivers are the files of drivers/: the build lists them in drivers.def.
 *
 * What a database's SQL looks like is in dialects/; what is done with a connection is in write/.
 */
#include "database/connection.h"

#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "database/defaults.h"
#include "database/sending/ingest.h"

#define DRIVER(name) extern const struct connection_driver connection_##name;
#include "drivers.def"
#undef DRIVER
#define DRIVER(name) &connection_##name,
static const struct connection_driver *const drivers[] = {
#include "drivers.def"
};
#undef DRIVER

enum { DRIVER_COUNT = sizeof(drivers) / sizeof(drivers[0]) };

/* ---- URLs ---- */

const struct connection_driver *const *connection_list(size_t *count)
{
    *count = DRIVER_COUNT;
    return drivers;
}

static bool is_scheme(const char *scheme, const char *url, size_t len)
{
    return scheme && strlen(scheme) == len && strncmp(scheme, url, len) == 0;
}

/* "host=... port=...": begins with a word and an equals sign. */
static bool has_keywords(const char *url)
{
    size_t word = strspn(url, "abcdefghijklmnopqrstuvwxyz_");
    return word > 0 && url[word + strspn(url + word, " ")] == '=';
}

/* The driver of a URL's scheme; NULL with the error set. */
static const struct connection_driver *driver_of_url(const char *url, struct tg_error *err)
{
    bool keywords = has_keywords(url);
    size_t len = keywords ? 0 : strcspn(url, ":");
    for (size_t i = 0; i < DRIVER_COUNT; i++) {
        bool named = url[len] && (is_scheme(drivers[i]->scheme, url, len) ||
                                  is_scheme(drivers[i]->alias, url, len));
        if (named || (keywords && drivers[i]->keywords))
            return drivers[i];
    }
    struct buf known = BUF_INIT;
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (drivers[i]->scheme)
            buf_printf(&known, "%s%s: (%s)", known.len > 0 ? ", " : "", drivers[i]->scheme,
                       drivers[i]->example);
    /* A URL may hold a password: only its scheme is quoted. */
    error_set(err, TG_USAGE, "destination '%.*s%s' has no driver; there are: %s", (int)len, url,
              url[len] ? ":" : "", buf_string(&known));
    buf_release(&known);
    return NULL;
}

static const struct connection_driver *find_driver(const struct location *where,
                                                   struct tg_error *err)
{
    if (where->given)
        return &connection_callbacks;
    return where->driver ? &connection_adbc : driver_of_url(where->url ? where->url : "", err);
}

/* "pg_*" stands for all that begin with it. */
static bool is_reserved(const struct dialect *dialect, const char *dataset)
{
    for (const char *const *name = dialect->reserved; name && *name; name++) {
        size_t len = strcspn(*name, "*");
        size_t compared = (*name)[len] ? len : len + 1;
        if (dialect->folds_case ? strncasecmp(*name, dataset, compared) == 0
                                : strncmp(*name, dataset, compared) == 0)
            return true;
    }
    return false;
}

/* One that is too long would be cut in silence, and not be found again. */
static int check_dataset(const struct dialect *dialect, const char *dataset, struct tg_error *err)
{
    const char *database = dialect->vendor ? dialect->vendor : dialect->name;
    if (strlen(dataset) > dialect->name_bytes_max)
        return error_set(err, TG_USAGE,
                         "dataset '%s' has a name of %zu bytes, and %s takes %zu; shorten it",
                         dataset, strlen(dataset), database, dialect->name_bytes_max);
    if (is_reserved(dialect, dataset))
        return error_set(err, TG_USAGE,
                         "dataset '%s' has a name that %s keeps for itself; choose another",
                         dataset, database);
    return TG_OK;
}

static int check_indexes(const struct dialect *dialect, struct tg_error *err)
{
    if (dialect->unique)
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "'create_indexes' has no meaning at %s, where tables get no index; leave it "
                     "out",
                     dialect->vendor ? dialect->vendor : dialect->name);
}

int connection_check(const struct location *where, const char *folder, const char *dataset,
                     struct connection_place *place, struct tg_error *err)
{
    struct connection_place own = {0}; /* without a folder nothing in it is to be released */
    const struct connection_driver *driver = find_driver(where, err);
    if (!driver)
        return TG_USAGE;
    if (!place && (dataset || where->create_indexes))
        place = &own;
    int rc = driver->check(where, place == &own ? NULL : folder, dataset, place, err);
    if (rc == TG_OK && dataset)
        rc = check_dataset(place->dialect, dataset, err);
    return rc == TG_OK && where->create_indexes ? check_indexes(place->dialect, err) : rc;
}

/* ---- connections ---- */

int connection_told(int rc, const char *sentence, struct tg_error *err)
{
    bool is_own = false;
    for (size_t i = 0; err && rc != TG_OK && rc != TG_CANCELLED && i < DRIVER_COUNT; i++) {
        const char *name = drivers[i]->scheme ? drivers[i]->scheme : "";
        const size_t len = strlen(name);
        is_own |=
            len > 0 && strncmp(err->what, name, len) == 0 && strncmp(err->what + len, ": ", 2) == 0;
    }
    return is_own ? error_before(err, rc, sentence) : rc;
}

int connection_move_absent(char **path, const char *folder, struct tg_error *err)
{
    struct fs_stat stat;
    int rc = fs_stat(*path, &stat, err);
    if (rc != TG_OK || stat.exists)
        return rc;
    const char *slash = strrchr(*path, '/');
    char *moved = fs_join(folder, slash ? slash + 1 : *path);
    if (!moved)
        return error_nomem(err);
    mem_free(*path);
    *path = moved;
    return TG_OK;
}

int connection_open(struct context *ctx, const struct location *where, bool create,
                    struct connection **out, struct tg_error *err)
{
    *out = NULL;
    const struct connection_driver *driver = find_driver(where, err);
    if (!driver)
        return TG_USAGE;
    struct connection *con = mem_calloc(1, sizeof(*con));
    if (!con)
        return error_nomem(err);
    *con = (struct connection){.driver = driver,
                               .ctx = ctx,
                               .creates_indexes = where->create_indexes,
                               .is_sealed = where->given != NULL};
    int rc = driver->open(con, where, create, err);
    if (rc != TG_OK || !con->state) {
        mem_free(con);
        return connection_told(rc, "the database cannot be opened", err);
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

/* A commit that is interrupted would leave open what became of it, and a rollback has to be: both
 * are run where there is no cancel flag. */
int connection_transact(struct connection *con, enum transact what, struct tg_error *err)
{
    struct context *const ctx = con->ctx;
    struct context deaf = *ctx;
    deaf.cancel = NULL;
    if (what == TRANSACT_COMMIT || what == TRANSACT_ROLLBACK)
        con->ctx = &deaf;
    int rc = (con->driver->transact ? con->driver->transact : default_transact)(con, what, err);
    con->ctx = ctx;
    return rc;
}

int connection_exec(struct connection *con, const char *sql, uint64_t *changed,
                    struct tg_error *err)
{
    return con->driver->exec(con, sql, changed, err);
}

int connection_query(struct connection *con, const char *sql, struct ArrowArrayStream *out,
                     struct tg_error *err)
{
    return con->driver->query(con, sql, false, out, err);
}

int connection_gives_rows(struct connection *con, struct ArrowArrayStream *stream, bool *out,
                          struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowSchema schema = {0};
    *out = con->driver->gives_rows && con->driver->gives_rows(stream);
    if (con->driver->gives_rows)
        return TG_OK;
    TRY(stream_schema(stream, TG_DESTINATION, &schema, err));
    *out = schema.n_children > 0;
done:
    schema_release(&schema);
    return rc;
}

int connection_describe(struct connection *con, const char *dataset,
                        const struct table_filter *filter, struct described *out,
                        struct tg_error *err)
{
    const struct connection_driver *driver = con->driver;
    *out = (struct described){.folds_case = con->dialect->folds_case};
    int rc =
        (driver->describe ? driver->describe : default_describe)(con, dataset, filter, out, err);
    if (rc != TG_OK)
        described_release(out);
    return rc;
}

bool connection_wants(const struct connection *con, const struct table_filter *filter,
                      const char *name)
{
    const bool folds = con->dialect->folds_case;
    if (!filter || !filter->names)
        return !filter || filter->wants(filter->user, name);
    for (size_t i = 0; i < filter->name_count; i++)
        if ((folds ? strcasecmp : strcmp)(filter->names[i], name) == 0)
            return true;
    return false;
}

int connection_ingest(struct connection *con, const struct ingest_target *into,
                      struct ArrowArrayStream *stream, struct tg_error *err)
{
    return (con->driver->ingest ? con->driver->ingest : default_ingest)(con, into, stream, err);
}

int connection_lock(struct connection *con, const struct lock *locks, size_t count,
                    struct tg_error *err)
{
    return (con->driver->lock ? con->driver->lock : default_lock)(con, locks, count, err);
}

bool connection_is_shared(const struct connection *con)
{
    return con->driver->lock != NULL;
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
        const struct described_table *table = &described->tables[t];
        if (!table->is_dropped && same_name(described, table->name, name))
            return table;
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

int text_rows_read(struct ArrowArrayStream *stream, struct text_rows *out, struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    struct ArrowArray batch = {0};
    struct fetch fetch = {.rows = out};
    *out = (struct text_rows){0};
    arena_init(&out->arena);
    TRY(stream_schema(stream, TG_DESTINATION, &fetch.schema, err));
    out->column_count = (size_t)fetch.schema.n_children;
    for (;;) {
        TRY(stream_next(stream, TG_DESTINATION, &batch, &end, err));
        if (end)
            break;
        TRY(add_batch(&fetch, &batch, err));
        array_release(&batch);
    }
done:
    array_release(&batch);
    schema_release(&fetch.schema);
    stream_release(stream);
    buf_release(&fetch.value);
    if (rc != TG_OK)
        text_rows_release(out);
    return rc;
}

int connection_fetch(struct connection *con, const char *sql, struct text_rows *out,
                     struct tg_error *err)
{
    struct ArrowArrayStream stream = {0};
    *out = (struct text_rows){0};
    int rc = con->driver->query(con, sql, true, &stream, err);
    return rc == TG_OK ? text_rows_read(&stream, out, err) : rc;
}

void text_rows_release(struct text_rows *rows)
{
    mem_free(rows->cells);
    arena_release(&rows->arena);
    *rows = (struct text_rows){0};
}
