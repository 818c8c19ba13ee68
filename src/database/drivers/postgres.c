/*
 * The PostgreSQL driver: URL -> session, statements, what tables there are, locks.
 *
 * Path: connection_open -> open_place -> pg_open; exec -> pg_exec; query -> pg_query, or pg_fetch;
 * describe -> one query of the catalog -> add_table, add_column; ingest -> fetch_targets (the types
 * that the table has) -> pg_copy_in.
 *
 * Waiting, errors and what lies on the wire are src/postgres's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "database/connection.h"
#include "database/reading/reading.h"
#include "database/template.h"
#include "postgres/client.h"

/* ---- places ---- */

static int check(const struct location *where, const char *folder, const char *dataset,
                 struct connection_place *place, struct tg_error *err)
{
    int rc = TG_OK;
    (void)dataset;
    if (place)
        place->dialect = &dialect_postgres;
    TRY(pg_check(where->url, err));
    if (!place || !folder)
        goto done;
    buf_text(&place->absolute, where->url);
    TRY(buf_check(&place->absolute, err));
    rc = pg_identity(where->url, &place->identity, err);
done:
    return rc;
}

static void close_session(struct connection *con)
{
    pg_close(con->state);
}

/* A database that is not there is for others to make. */
static int open_place(struct connection *con, const struct location *where, bool create,
                      struct tg_error *err)
{
    struct pg_client *client = NULL;
    (void)create;
    int rc = pg_open(con->ctx, where->url, where->whole, &client, err);
    con->state = client;
    con->names_locks = true;
    con->dialect = &dialect_postgres;
    if (rc == TG_OK || rc == TG_CANCELLED)
        return rc;
    struct buf shown = BUF_INIT;
    redact(NULL, where->url, &shown);
    rc = error_where(err, rc, "database '%s'", buf_string(&shown));
    buf_release(&shown);
    return rc;
}

/* ---- statements ---- */

static int exec(struct connection *con, const char *sql, uint64_t *changed, struct tg_error *err)
{
    return pg_exec(con->state, con->ctx, sql, changed, err);
}

static int query(struct connection *con, const char *sql, bool few, struct ArrowArrayStream *out,
                 struct tg_error *err)
{
    if (few)
        return pg_fetch(con->state, con->ctx, sql, out, err);
    return con->spells_numbers ? pg_query_exact(con->state, con->ctx, sql, out, err)
                               : pg_query(con->state, con->ctx, sql, NULL, out, err);
}

/* Who has waited for a lock has to see what the one before has written: each statement sees anew
 * what is there. */
static int transact(struct connection *con, enum transact what, struct tg_error *err)
{
    static const char *const statements[] = {
        [TRANSACT_BEGIN] = "BEGIN ISOLATION LEVEL READ COMMITTED",
        [TRANSACT_LOOK] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        [TRANSACT_COMMIT] = "COMMIT",
        [TRANSACT_ROLLBACK] = "ROLLBACK"};
    return what == TRANSACT_COMMIT ? pg_commit(con->state, con->ctx, err)
                                   : exec(con, statements[what], NULL, err);
}

/* ---- describe ---- */

enum { TABLE, NAME, TYPE, NULLABLE };

/* Of a table that is partitioned as of any other; one without columns has a row without a name, as
 * a schema without tables has one without a table. */
static int fetch_columns(struct connection *con, const char *dataset, struct text_rows *out,
                         struct tg_error *err)
{
    const struct sql_scope scope = {.parts = SQL_PARTS(SQL_TEXT("dataset", dataset))};
    return sql_fetch(con, &scope,
                     "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),\n"
                     "    CASE WHEN a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''\n"
                     "        THEN 'no' ELSE 'yes' END\n"
                     "FROM pg_catalog.pg_namespace AS n\n"
                     "LEFT JOIN pg_catalog.pg_class AS c\n"
                     "    ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')\n"
                     "LEFT JOIN pg_catalog.pg_attribute AS a\n"
                     "    ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped\n"
                     "WHERE n.nspname = {'dataset'}\n"
                     "ORDER BY c.relname COLLATE \"C\", a.attnum",
                     out, err);
}

static int add_column(const struct text_rows *rows, size_t row, struct described_table *table,
                      struct tg_error *err)
{
    struct described_column *column = &table->columns[table->column_count++];
    *column = (struct described_column){
        .name = mem_strdup(text_cell(rows, row, NAME)),
        .sql_type = mem_strdup(text_cell(rows, row, TYPE)),
        .nullable = strcmp(text_cell(rows, row, NULLABLE), "yes") == 0,
    };
    return column->name && column->sql_type ? TG_OK : error_nomem(err);
}

/* The rows of one table, from `first` to before `end`. */
static int add_table(const struct text_rows *rows, size_t first, size_t end, struct described *out,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct described_table *table = &out->tables[out->table_count++];
    table->name = mem_strdup(text_cell(rows, first, TABLE));
    table->columns = mem_calloc(end - first, sizeof(*table->columns));
    if (!table->name || !table->columns)
        return error_nomem(err);
    for (size_t row = first; row < end && text_cell(rows, row, NAME); row++)
        TRY(add_column(rows, row, table, err));
done:
    return rc;
}

static int describe(struct connection *con, const char *dataset, const struct table_filter *filter,
                    struct described *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    TRY(fetch_columns(con, dataset, &rows, err));
    out->tables = mem_calloc(rows.row_count + 1, sizeof(*out->tables));
    if (!out->tables)
        TRY(error_nomem(err));
    out->is_there = rows.row_count > 0;
    for (size_t first = 0, end = 0; first < rows.row_count; first = end) {
        const char *name = text_cell(&rows, first, TABLE);
        if (!name)
            break;
        while (end < rows.row_count && strcmp(text_cell(&rows, end, TABLE), name) == 0)
            end++;
        if (connection_wants(con, filter, name))
            TRY(add_table(&rows, first, end, out, err));
    }
done:
    text_rows_release(&rows);
    return rc;
}

/* ---- ingest ---- */

enum { TARGET_NAME, TARGET_OID, TARGET_TYPMOD };

/* The columns of a table that is there; in any order. */
static int fetch_targets(struct connection *con, const struct ingest_target *into,
                         struct text_rows *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf table = BUF_INIT;
    sql_table(&table, con->dialect, into->dataset, into->table);
    TRY(buf_check(&table, err));
    const struct sql_scope scope = {.parts = SQL_PARTS(SQL_TEXT("table", table.data))};
    rc = sql_fetch(con, &scope,
                   "SELECT attname, atttypid::bigint, atttypmod\n"
                   "FROM pg_catalog.pg_attribute\n"
                   "WHERE attrelid = {'table'}::regclass AND attnum > 0 AND NOT attisdropped",
                   out, err);
done:
    buf_release(&table);
    return rc;
}

static int find_target(const struct text_rows *rows, const char *name, struct pg_field *out,
                       struct tg_error *err)
{
    for (size_t row = 0; row < rows->row_count; row++) {
        if (strcmp(text_cell(rows, row, TARGET_NAME), name) != 0)
            continue;
        *out = (struct pg_field){
            .name = name,
            .oid = (uint32_t)strtoul(text_cell(rows, row, TARGET_OID), NULL, 10),
            .typmod = (int32_t)strtol(text_cell(rows, row, TARGET_TYPMOD), NULL, 10),
            .nullable = true,
        };
        return TG_OK;
    }
    int rc = error_set(err, TG_DESTINATION, "postgresql: the table has no column '%s'", name);
    if (err)
        memcpy(err->sqlstate, "42703", sizeof("42703"));
    return rc;
}

static int copy_in(struct connection *con, const struct ingest_target *into,
                   const struct ArrowSchema *schema, const struct text_rows *rows,
                   struct ArrowArrayStream *stream, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    size_t count = (size_t)schema->n_children;
    struct pg_field *fields = mem_calloc(count + 1, sizeof(*fields));
    if (!fields)
        return error_nomem(err);
    buf_text(&sql, "COPY ");
    sql_table(&sql, con->dialect, into->dataset, into->table);
    for (size_t i = 0; i < count; i++) {
        TRY(find_target(rows, schema->children[i]->name, &fields[i], err));
        buf_text(&sql, i == 0 ? " (" : ", ");
        sql_ident(&sql, con->dialect, fields[i].name);
    }
    buf_text(&sql, ") FROM STDIN");
    TRY(buf_check(&sql, err));
    const struct pg_target target = {sql.data, fields, count};
    rc = pg_copy_in(con->state, con->ctx, &target, schema, stream, err);
done:
    mem_free(fields);
    buf_release(&sql);
    return rc;
}

static int ingest(struct connection *con, const struct ingest_target *into,
                  struct ArrowArrayStream *stream, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    struct ArrowSchema schema = {0};
    TRY(fetch_targets(con, into, &rows, err));
    TRY(stream_schema(stream, TG_IO, &schema, err));
    rc = copy_in(con, into, &schema, &rows, stream, err);
done:
    schema_release(&schema);
    text_rows_release(&rows);
    return rc;
}

/* ---- locks ---- */

/* The server knows numbers: of a name it is the hash of the text. */
#define LOCK_NUMBER "hashtextextended({'name'}, 0)"

static const char ask_holder[] =
    "SELECT 'pid ' || l.pid\n"
    "    || " PG_SESSION_TOLD "FROM pg_catalog.pg_locks AS l\n"
    "LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid\n"
    "WHERE l.granted AND l.locktype = 'advisory' AND l.objsubid = 1\n"
    "    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d\n"
    "        WHERE d.datname = current_database())\n"
    "    AND (l.classid::bigint << 32 | l.objid::bigint) = " LOCK_NUMBER "\n"
    "ORDER BY a.xact_start, l.pid\n"
    "LIMIT 1";

/* Who has it. Where the server does not tell, the transaction goes on without the answer. */
static void find_holder(struct connection *con, const struct sql_scope *scope, struct buf *out)
{
    struct text_rows rows = {0};
    const bool asks = exec(con, "SAVEPOINT tidegate_holder", NULL, NULL) == TG_OK;
    if (asks && sql_fetch(con, scope, ask_holder, &rows, NULL) == TG_OK && rows.row_count > 0)
        buf_printf(out, "%s, which has", text_cell(&rows, 0, 0));
    else
        buf_printf(out, "somebody who has");
    text_rows_release(&rows);
    if (asks)
        (void)!exec(con, "ROLLBACK TO SAVEPOINT tidegate_holder", NULL, NULL);
}

static int wait_for_lock(struct connection *con, const struct lock *wanted,
                         const struct sql_scope *scope, struct tg_error *err)
{
    struct buf doing = BUF_INIT;
    buf_printf(&doing, "waiting for ");
    find_holder(con, scope, &doing);
    buf_printf(&doing, " the lock '%s'", wanted->name);
    context_doing(con->ctx, "destination", buf_string(&doing));
    buf_release(&doing);
    int rc =
        sql_exec(con, scope, "SELECT pg_advisory_xact_lock{shared}(" LOCK_NUMBER ")", NULL, err);
    context_doing(con->ctx, "destination", NULL);
    return rc;
}

static int take_lock(struct connection *con, const struct lock *wanted, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    const struct sql_scope scope = {
        .parts = SQL_PARTS(SQL_PIECE("shared", wanted->shared ? "_shared" : ""),
                           SQL_TEXT("name", wanted->name)),
    };
    TRY(sql_fetch(con, &scope,
                  "SELECT CASE WHEN pg_try_advisory_xact_lock{shared}(" LOCK_NUMBER
                  ") THEN 'taken' END",
                  &rows, err));
    if (rows.row_count == 0 || !text_cell(&rows, 0, 0))
        rc = wait_for_lock(con, wanted, &scope, err);
done:
    text_rows_release(&rows);
    return rc;
}

static int lock(struct connection *con, const struct lock *locks, size_t count,
                struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < count && rc == TG_OK; i++)
        rc = take_lock(con, &locks[i], err);
    return rc;
}

const struct connection_driver connection_postgres = {
    .scheme = "postgresql",
    .alias = "postgres",
    .keywords = true,
    .example = "postgresql://user@host/database",
    .start = "# postgresql://USER@HOST:PORT/DATABASE; the password is better kept out of here,\n"
             "# in the variable PGPASSWORD or in a password file (~/.pgpass).\n"
             "destination: postgresql://localhost/warehouse\n",
    .check = check,
    .open = open_place,
    .close = close_session,
    .transact = transact,
    .exec = exec,
    .query = query,
    .describe = describe,
    .ingest = ingest,
    .lock = lock,
    .gives_rows = pg_gives_rows,
    .reading = &reading_postgres,
};
