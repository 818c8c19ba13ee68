/*
 * The DuckDB driver: URL -> instance -> connection, statements, what tables there are.
 *
 * Path: connection_open -> open_url -> instance_join; exec -> make room for what is filled ->
 * duck_exec; ingest -> batches, some at a time; describe asks the dialect's query, which counts
 * rows, too.
 *
 * Which files are open, how, and what a message means is src/duckdb's.
 */
#include "duckdb/api.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/memory.h"
#include "database/defaults.h"
#include "database/reading/reading.h"
#include "database/template.h"
#include "base/watch.h"
#include "duckdb/instance.h"

/* ---- URLs ---- */

static const char prefix[] = "duckdb:///";

static int check_form(const char *url, struct tg_error *err)
{
    const char *path = url + strlen(prefix);
    if (strncmp(url, prefix, strlen(prefix)) != 0)
        return error_set(err, TG_USAGE,
                         "destination '%s' needs three slashes for a relative file and four for an "
                         "absolute one: duckdb:///file.duckdb",
                         url);
    if (!*path || path[strlen(path) - 1] == '/')
        return error_set(err, TG_USAGE,
                         "destination '%s' names no file; write duckdb:///file.duckdb", url);
    if (strcmp(path, ":memory:") == 0)
        return error_set(err, TG_USAGE,
                         "destination '%s' would be lost at the end of the run; name a file: "
                         "duckdb:///file.duckdb",
                         url);
    if (strchr(path, '?'))
        return error_set(err, TG_USAGE, "destination '%s' has parameters after '?'; it takes none",
                         url);
    return TG_OK;
}

static int check_dataset(const char *url, const char *dataset, struct tg_error *err)
{
    static const char *const taken[] = {"memory", "system", "temp"};
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        if (strcasecmp(dataset, taken[i]) == 0)
            return error_set(err, TG_USAGE,
                             "dataset '%s' has the name of a catalog that every DuckDB has, and "
                             "it cannot tell them apart; name it otherwise",
                             dataset);
    const char *name = strrchr(url, '/') + 1;
    size_t len = strcspn(name, ".");
    if (strlen(dataset) != len || strncasecmp(dataset, name, len) != 0)
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "dataset '%s' has the name of the database file '%s' and DuckDB cannot "
                     "tell them apart; rename one of them",
                     dataset, name);
}

static int locate(const char *url, const char *folder, struct connection_place *place,
                  struct tg_error *err)
{
    int rc = TG_OK;
    struct buf path = BUF_INIT;
    char *joined = fs_join(folder, url + strlen(prefix));
    if (!joined)
        TRY(error_nomem(err));
    TRY(fs_absolute(joined, &path, err));
    buf_printf(&place->absolute, "%s%s", prefix, buf_string(&path));
    TRY(buf_check(&place->absolute, err));
    rc = fs_identity(buf_string(&path), &place->identity, err);
done:
    buf_release(&path);
    mem_free(joined);
    return rc;
}

static int check(const struct location *where, const char *folder, const char *dataset,
                 struct connection_place *place, struct tg_error *err)
{
    int rc = TG_OK;
    const char *url = where->url;
    if (place) {
        place->dialect = &dialect_duckdb;
        place->finds_names = true;
    }
    TRY(check_form(url, err));
    if (dataset)
        TRY(check_dataset(url, dataset, err));
    if (place && folder)
        TRY(locate(url, folder, place, err));
done:
    return rc;
}

/* ---- the driver ---- */

struct session {
    struct instance_use use;
    struct watch *watch; /* a single step of a statement may take hours */
    bool guards;         /* others here write by the same instance: what only reads has
                            transactions that cannot write */
    bool in_guard;       /* such a one is open */
};

static void interrupt(void *user)
{
    const struct session *session = user;
    duck.interrupt(session->use.con);
}

static void leave(struct context *ctx, struct session *session)
{
    if (!session)
        return;
    watch_stop(session->watch);
    instance_leave(ctx, &session->use);
    mem_free(session);
}

static void close_connection(struct connection *con)
{
    leave(con->ctx, con->state);
}

static enum instance_mode open_mode(const struct location *where, bool create)
{
    return where->read_only ? INSTANCE_READS : create ? INSTANCE_MAKES : INSTANCE_WRITES;
}

static int open_url(struct connection *con, const struct location *where, bool create,
                    struct tg_error *err)
{
    int rc = TG_OK;
    const char *url = where->url;
    char *path = NULL;
    struct session *session = mem_calloc(1, sizeof(*session));
    if (!session)
        TRY(error_nomem(err));
    TRY(check_form(url, err));
    TRY(duck_check_storage(con->ctx, err));
    path = fs_join(".", url + strlen(prefix));
    if (!path)
        TRY(error_nomem(err));
    if (create && where->scratch)
        TRY(connection_move_absent(&path, where->scratch, err));
    TRY(instance_join(con->ctx, path, open_mode(where, create), &session->use, err));
    if (!session->use.instance)
        goto done;
    session->guards = where->read_only && !session->use.read_only;
    con->is_sealed = where->read_only;
    TRY(watch_start(con->ctx, interrupt, session, &session->watch, err));
    con->state = session;
    con->dialect = &dialect_duckdb;
    session = NULL;
done:
    leave(con->ctx, session);
    mem_free(path);
    return rc == TG_OK ? rc : error_where(err, rc, "destination '%s'", url);
}

/* ---- statements ---- */

/* A transaction of its own, where the connection only reads and could write. */
static int guard(struct connection *con, bool begins, struct tg_error *err)
{
    struct session *session = con->state;
    if (!session->guards || session->in_guard == begins)
        return TG_OK;
    int rc = duck_exec(con->ctx, session->use.con,
                       begins ? "BEGIN TRANSACTION READ ONLY" : "ROLLBACK", NULL, err);
    if (rc == TG_OK)
        session->in_guard = begins;
    return rc;
}

static int exec(struct connection *con, const char *sql, uint64_t *changed, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = con->state;
    struct instance_use *use = &session->use;
    const struct room room = dialect_duckdb.room(con->ctx, &con->workload);
    TRY(instance_reserve(con->ctx, use, room.of_thread, err));
    TRY(instance_bound(con->ctx, use, room.enough, err));
    TRY(guard(con, true, err));
    TRY(watch_enter(session->watch, con->ctx, err));
    rc = duck_exec(con->ctx, use->con, sql, changed, err);
    rc = watch_leave(session->watch, rc, err);
done:
    return rc;
}

static int transact(struct connection *con, enum transact what, struct tg_error *err)
{
    struct tg_error why = {0};
    const struct session *session = con->state;
    if (session->guards)
        return guard(con, what == TRANSACT_BEGIN || what == TRANSACT_LOOK, err);
    int rc = default_transact(con, what, &why);
    if (rc != TG_OK && strstr(why.what, "COMMIT succeeded")) {
        context_log(con->ctx, TG_LOG_WARNING, "destination",
                    "everything is committed, but the database could not tidy up after it: %s",
                    why.what);
        return TG_OK;
    }
    if (rc != TG_OK && err)
        *err = why;
    return rc;
}

static int query(struct connection *con, const char *sql, bool few, struct ArrowArrayStream *out,
                 struct tg_error *err)
{
    (void)few;
    int rc = TG_OK;
    struct session *session = con->state;
    struct buf spelled = BUF_INIT;
    out->release = NULL;
    TRY(guard(con, true, err));
    if (con->spells)
        TRY(duck_spell(session->use.con, sql, &spelled, err));
    TRY(watch_enter(session->watch, con->ctx, err));
    rc = duck_query(con->ctx, session->use.con, false, con->spells ? buf_string(&spelled) : sql,
                    out, err);
    if (rc != TG_OK) /* else the stream is at work until the next statement */
        rc = watch_leave(session->watch, rc, err);
done:
    buf_release(&spelled);
    return rc;
}

/* ---- ingest ---- */

enum { BATCHES_MAX = 64 }; /* of one statement */

/* INSERT of some batches, which are released. */
static int insert_batches(struct connection *con, const struct ingest_target *into,
                          const struct ArrowSchema *schema, struct ArrowArray *batches,
                          size_t count, struct tg_error *err)
{
    int rc = TG_OK;
    struct batch_source *source = NULL;
    TRY(batch_source_new(schema, batches, count, &source, err));
    const struct sql_scope scope = {
        .dialect = con->dialect,
        .dataset = into->dataset,
        .parts =
            SQL_PARTS(SQL_TABLE("table", into->table), SQL_NUMBER("source", (uintptr_t)source)),
    };
    rc = sql_exec(con, &scope,
                  "INSERT INTO {table} BY NAME\n"
                  "SELECT * FROM tidegate_batches({source}::UBIGINT)",
                  NULL, err);
    if (rc != TG_OK && batch_source_error(source, NULL) != TG_OK)
        rc = batch_source_error(source, err);
done:
    batch_source_free(source);
    for (size_t i = 0; i < count; i++)
        array_release(&batches[i]);
    return rc;
}

static int ingest(struct connection *con, const struct ingest_target *into,
                  struct ArrowArrayStream *stream, struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    size_t count = 0;
    struct ArrowSchema schema = {0};
    struct ArrowArray batches[BATCHES_MAX] = {0};
    TRY(stream_schema(stream, TG_IO, &schema, err));
    while (!end) {
        TRY(stream_next(stream, TG_IO, &batches[count], &end, err));
        count += !end;
        if (count < (end ? 1 : BATCHES_MAX))
            continue;
        size_t full = count;
        count = 0;
        TRY(insert_batches(con, into, &schema, batches, full, err));
    }
done:
    for (size_t i = 0; i < count; i++)
        array_release(&batches[i]);
    schema_release(&schema);
    return rc;
}

/* ---- describe ---- */

/* Older ones keep what a DELETE holds until the file is closed: nobody needs to count there. */
static void note_sizes(const struct text_rows *rows, struct described *out)
{
    size_t row = 0;
    for (size_t t = 0; t < out->table_count; t++) {
        struct described_table *table = &out->tables[t];
        while (strcmp(text_cell(rows, row, DESCRIBED_TABLE), table->name) != 0)
            row++;
        table->has_no_index = strcmp(text_cell(rows, row, DESCRIBED_INDEXES), "0") == 0;
        if (duck_version() >= VERSION_OF(2, 0, 0))
            table->row_count = strtoull(text_cell(rows, row, DESCRIBED_SIZE), NULL, 10);
    }
}

/* Beyond it, all tables are asked for at once: that takes as long, most of it once for all that
 * follow, since the engine parses its own views for it. */
enum { NAMES_MAX = 32 };

static int compare_names(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* To be destroyed; NULL: there is no such table. */
static duckdb_table_description find_table(const struct connection *con, const char *dataset,
                                           const char *name)
{
    const struct session *session = con->state;
    duckdb_table_description found = NULL;
    if (duck.table_description_create_ext(session->use.con, NULL, dataset, name, &found) !=
        DuckDBSuccess)
        duck.table_description_destroy(&found);
    return found;
}

/* In room for one column more, again and again: tables have few. */
static int add_column_name(struct described_table *table, char *name, struct tg_error *err)
{
    struct described_column *columns =
        mem_realloc(table->columns, (table->column_count + 1) * sizeof(*columns));
    if (!columns)
        return error_nomem(err);
    table->columns = columns;
    columns[table->column_count] = (struct described_column){.name = mem_strdup(name)};
    return columns[table->column_count++].name ? TG_OK : error_nomem(err);
}

static int keep_names(duckdb_table_description found, const char *name, struct described *out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    char *column = NULL;
    struct described_table *table = &out->tables[out->table_count++];
    *table = (struct described_table){.name = mem_strdup(name)};
    if (!table->name)
        return error_nomem(err);
    for (idx_t i = 0; (column = duck.table_description_get_column_name(found, i)); i++) {
        rc = add_column_name(table, column, err);
        duck.free(column);
        TRY(rc);
    }
done:
    return rc;
}

static int put_table(struct buf *sql, const struct connection *con, const char *dataset,
                     const char *name, struct tg_error *err)
{
    struct buf table = BUF_INIT;
    sql_table(&table, con->dialect, dataset, name);
    const struct sql_scope scope = {
        .dialect = con->dialect,
        .parts = SQL_PARTS(SQL_TEXT("name", name), SQL_TEXT("table", buf_string(&table)),
                           SQL_PIECE("before", sql->len > 0 ? "\nUNION ALL\n" : "")),
    };
    int rc = table.failed
                 ? error_nomem(err)
                 : sql_write(sql, &scope,
                             "{before}SELECT {'name'}, [name], [type], "
                             "CASE WHEN [dflt_value] IS NULL AND [notnull] THEN 'NO' ELSE 'YES' END"
                             "\nFROM pragma_table_info({'table'})",
                             err);
    buf_release(&table);
    return rc;
}

/* Each is asked for by itself: neither the engine's views nor all of its tables are needed. */
static int describe_named(struct connection *con, const char *dataset, const char **names,
                          size_t count, bool without_types, struct described *out,
                          struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    struct text_rows rows = {0};
    const char *before = "";
    if (without_types)
        out->tables = mem_calloc(count + 1, sizeof(*out->tables));
    if (without_types && !out->tables)
        TRY(error_nomem(err));
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; before = names[i++]) {
        duckdb_table_description found =
            strcasecmp(before, names[i]) == 0 ? NULL : find_table(con, dataset, names[i]);
        if (found)
            rc = without_types ? keep_names(found, names[i], out, err)
                               : put_table(&sql, con, dataset, names[i], err);
        duck.table_description_destroy(&found);
        TRY(rc);
    }
    if (sql.len == 0)
        goto done;
    TRY(buf_check(&sql, err));
    TRY(connection_fetch(con, buf_string(&sql), &rows, err));
    rc = describe_rows(con, &rows, NULL, out, err);
done:
    buf_release(&sql);
    text_rows_release(&rows);
    return rc;
}

/* Whether few names are asked for, which the engine can find: before 2.0 pragma_table_info reads no
 * quote in a name. */
static bool finds_names(const char *dataset, const struct table_filter *filter)
{
    bool plain = filter && filter->names && filter->name_count <= NAMES_MAX;
    if (!plain || filter->without_types)
        return plain;
    plain = !strchr(dataset, '"');
    for (size_t i = 0; i < filter->name_count; i++)
        plain = plain && !strchr(filter->names[i], '"');
    return plain;
}

static int describe(struct connection *con, const char *dataset, const struct table_filter *filter,
                    struct described *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const char *names[NAMES_MAX];
    if (finds_names(dataset, filter)) {
        memcpy(names, filter->names, filter->name_count * sizeof(*names));
        return describe_named(con, dataset, names, filter->name_count, filter->without_types, out,
                              err);
    }
    TRY(describe_storage(con, out, err));
    TRY(describe_fetch(con, dataset, &rows, err));
    TRY(describe_rows(con, &rows, filter, out, err));
    note_sizes(&rows, out);
done:
    text_rows_release(&rows);
    return rc;
}

static const struct reading_driver reading = {.reflect = information_reflect};

const struct connection_driver connection_duckdb = {
    .scheme = "duckdb",
    .example = "duckdb:///file.duckdb",
    .start = "# duckdb:///FILE lies beside this spec; with four slashes (duckdb:////PATH/FILE)\n"
             "# the path is absolute.\n"
             "destination: duckdb:///warehouse.duckdb\n",
    .check = check,
    .open = open_url,
    .close = close_connection,
    .transact = transact,
    .exec = exec,
    .query = query,
    .describe = describe,
    .ingest = ingest,
    .reading = &reading,
};
