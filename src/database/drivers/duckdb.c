/*
 * The DuckDB driver: URL -> instance -> connection, statements, what tables there are.
 *
 * Path: connection_open -> open_url -> duck_open + duck_connect; exec -> duck_exec -> duck_run,
 * which works on the statement task by task and looks at the cancel flag in between; describe asks
 * for tables, then for each one's columns: duckdb_columns() and the information schema look at all
 * system views first, which takes longer than a run with nothing new may. duck_error turns DuckDB's
 * messages into codes (their prefixes are the only thing the pending API tells).
 *
 * Which files are open is instance.c's. Results become Arrow in duckdb_stream.c; batches become
 * rows in duckdb_batches.c.
 */
#include "duckdb/api.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/fs.h"
#include "base/memory.h"
#include "database/defaults.h"
#include "duckdb/instance.h"

/* ---- errors ---- */

struct rule {
    const char *prefix; /* of DuckDB's message; NULL: any */
    const char *part;   /* somewhere in it; NULL: any */
    int code;
    bool retryable;
    const char *sqlstate;
    const char *advice;
};

static const struct rule rules[] = {
    {"IO Error", "Could not set lock", TG_LOCKED, true, "",
     "; close the other program, or wait, and run again"},
    {NULL, "No space left on device", TG_IO, true, "53100", "; free some disk space"},
    {NULL, "File too large", TG_IO, false, "53100", "; raise the limit on file sizes"},
    {NULL, "Disk quota exceeded", TG_IO, true, "53100", "; free some disk space"},
    {"Out of Memory Error", NULL, TG_NOMEM, false, "53200",
     "; give the run more memory: --memory 1GiB, or `memory: 1GiB` in the spec"},
    {"INTERRUPT Error", NULL, TG_CANCELLED, true, "57014", ""},
    {"Constraint Error", "NOT NULL constraint", TG_DESTINATION, false, "23502", ""},
    {"Constraint Error", "CHECK constraint", TG_DESTINATION, false, "23514", ""},
    {"Constraint Error", "foreign key", TG_DESTINATION, false, "23503", ""},
    {"Constraint Error", "uplicate key", TG_DESTINATION, false, "23505", ""},
    {"Constraint Error", "unique constraint", TG_DESTINATION, false, "23505", ""},
    {"Constraint Error", "primary key constraint", TG_DESTINATION, false, "23505", ""},
    {"TransactionContext Error", "onflict", TG_DESTINATION, true, "40001", "; run again"},
    {"Transaction", "onflict", TG_DESTINATION, true, "40001", "; run again"},
    {"Catalog Error: Table with name", "does not exist", TG_DESTINATION, false, "42P01", ""},
    {"Catalog Error: Table with name", "already exists", TG_DESTINATION, false, "42P07", ""},
    {"Catalog Error: Column with name", "already exists", TG_DESTINATION, false, "42701", ""},
    {"Binder Error: Referenced column", "not found", TG_DESTINATION, false, "42703", ""},
    {"Binder Error", "Ambiguous reference to catalog or schema", TG_DESTINATION, false, "",
     "; name the dataset other than the database file"},
    {"FATAL Error", "has been invalidated", TG_LOCKED, true, "", "; run again"},
    {NULL, "not a valid DuckDB database file", TG_DESTINATION, false, "",
     "; name another file, or run again if another program is just making this one"},
    {NULL, NULL, TG_DESTINATION, false, "", ""},
};

static const struct rule *find_rule(const char *message)
{
    const struct rule *rule = rules;
    for (; rule->prefix || rule->part; rule++) {
        bool starts = !rule->prefix || strncmp(message, rule->prefix, strlen(rule->prefix)) == 0;
        if (starts && (!rule->part || strstr(message, rule->part)))
            break;
    }
    return rule;
}

/* Bytes of the message that say what happened: DuckDB's own advice is about its settings, not ours.
 */
static size_t useful_length(const char *message)
{
    static const char *const tails[] = {"\n\nPossible solutions", "\n\nSee also", ". See also"};
    size_t len = strlen(message);
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        const char *tail = strstr(message, tails[i]);
        if (tail && (size_t)(tail - message) < len)
            len = (size_t)(tail - message);
    }
    return len;
}

int duck_error(struct tg_error *err, const char *message)
{
    if (!message)
        message = "no message";
    const struct rule *rule = find_rule(message);
    int code = error_set(err, rule->code, "duckdb: %.*s%s", (int)useful_length(message), message,
                         rule->advice);
    if (err) {
        err->retryable = rule->retryable;
        memcpy(err->sqlstate, rule->sqlstate, strlen(rule->sqlstate) + 1);
    }
    return code;
}

/* ---- instances and connections ---- */

enum { THREAD_BYTES = 64 << 20 };

/* Each thread fills row groups of its own; with too little memory for that, fewer threads. */
static int thread_count(const struct context *ctx, size_t memory_bytes)
{
    size_t fitting = memory_bytes / THREAD_BYTES;
    size_t wanted = ctx->threads > 0 ? (size_t)ctx->threads : 1;
    size_t count = wanted < fitting ? wanted : fitting;
    return count > 0 ? (int)count : 1;
}

static int set_options(duckdb_config config, const struct context *ctx,
                       const struct duck_options *options, struct tg_error *err)
{
    char threads[16];
    char memory[32];
    snprintf(threads, sizeof(threads), "%d", thread_count(ctx, options->memory_bytes));
    snprintf(memory, sizeof(memory), "%zuB", options->memory_bytes);
    const struct {
        const char *name, *value;
        int from; /* the version that brought it */
    } settings[] = {
        {"threads", threads, 0},
        {"memory_limit", memory, 0},
        {"autoinstall_known_extensions", "false", 0},
        {"autoload_known_extensions", "false", 0},
        {"wal_autocheckpoint", "0B", 0}, /* a commit to a log holds all texts of 2,048 rows twice */
        {"temp_directory", options->temp_dir, 0},
        {"storage_compatibility_version", options->storage_version, 0},
        /* A file that is being written by threads of its own cannot be given up: 2.0 waits for them
         * with a lock that they want. */
        {"async_threads", "0", VERSION_OF(2, 0, 0)},
        /* Asking for a table that is not there does not end a transaction. */
        {"default_transaction_invalidation_policy", "SYNTACTIC_ERRORS_DO_NOT_INVALIDATE",
         VERSION_OF(2, 0, 0)},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        const char *name = settings[i].name, *value = settings[i].value;
        if (value && duck_version() >= settings[i].from &&
            duck.set_config(config, name, value) != DuckDBSuccess)
            return error_set(err, TG_INTERNAL, "duckdb refuses the setting %s = '%s'", name, value);
    }
    return TG_OK;
}

/* Times are UTC whatever the machine's zone is. Without ICU there is no such setting, and no other
 * zone either. */
static int set_zone(const struct context *ctx, duckdb_database database, struct tg_error *err)
{
    duckdb_connection con = NULL;
    int rc = duck_connect(database, &con, err);
    if (rc != TG_OK)
        return rc;
    struct tg_error problem = {0};
    rc = duck_exec(ctx, con, "SET GLOBAL TimeZone = 'UTC'", NULL, &problem);
    duck_disconnect(&con);
    if (rc == TG_OK || strstr(problem.what, "Catalog Error"))
        return TG_OK;
    if (err)
        *err = problem;
    return rc;
}

int duck_check_storage(const struct context *ctx, struct tg_error *err)
{
    duckdb_config config = NULL;
    if (!ctx->storage_version)
        return TG_OK;
    int rc = duck_load(ctx, err);
    if (rc != TG_OK)
        return rc;
    if (duck.create_config(&config) != DuckDBSuccess)
        return error_nomem(err);
    if (duck.set_config(config, "storage_compatibility_version", ctx->storage_version) !=
        DuckDBSuccess)
        rc = error_set(err, TG_USAGE,
                       "DuckDB %s has no storage version '%s'; name a version of DuckDB that is "
                       "not newer, or latest",
                       duck.library_version(), ctx->storage_version);
    duck.destroy_config(&config);
    return rc;
}

/* The prefix says what the file is. Without it DuckDB takes "x.csv" for rows to be looked at, in
 * memory, where a load would be lost, and wants to install an extension for a file of SQLite's. */
static int open_path(const char *path, duckdb_config config, duckdb_database *out,
                     struct tg_error *err)
{
    struct buf name = BUF_INIT;
    char *message = NULL;
    buf_printf(&name, "%s%s", path ? "duckdb:" : "", path ? path : ":memory:");
    int rc = buf_check(&name, err);
    if (rc == TG_OK && duck.open_ext(buf_string(&name), out, config, &message) != DuckDBSuccess) {
        *out = NULL;
        rc = duck_error(err, message);
    }
    duck.free(message);
    buf_release(&name);
    return rc;
}

int duck_open(const struct context *ctx, const struct duck_options *options, duckdb_database *out,
              struct tg_error *err)
{
    duckdb_config config = NULL;
    *out = NULL;
    int rc = duck_load(ctx, err);
    if (rc != TG_OK)
        return rc;
    if (duck.create_config(&config) != DuckDBSuccess)
        return error_nomem(err);
    TRY(set_options(config, ctx, options, err));
    TRY(open_path(options->path, config, out, err));
    rc = set_zone(ctx, *out, err);
    if (rc != TG_OK)
        duck_close(out);
done:
    duck.destroy_config(&config);
    return rc;
}

int duck_connect(duckdb_database database, duckdb_connection *out, struct tg_error *err)
{
    if (duck.connect(database, out) == DuckDBSuccess)
        return TG_OK;
    *out = NULL;
    return error_set(err, TG_DESTINATION, "duckdb gave no connection; run again");
}

/* ---- statements ---- */

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

/* One step; what it says of the state. */
static duckdb_pending_state step(duckdb_pending_result pending)
{
    duckdb_pending_state state = duck.pending_execute_task(pending);
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE)
        nap();
    return state;
}

static bool is_over(duckdb_pending_state state)
{
    return state == DUCKDB_PENDING_RESULT_READY || state == DUCKDB_PENDING_ERROR;
}

/* Works until the result is there. A cancelled statement is worked on until DuckDB has noticed, so
 * that no thread of it is left behind. */
static int finish(const struct context *ctx, duckdb_connection con, duckdb_pending_result pending,
                  struct tg_error *err)
{
    duckdb_pending_state state = DUCKDB_PENDING_RESULT_NOT_READY;
    while (!is_over(state)) {
        int rc = context_check(ctx, err);
        if (rc != TG_OK) {
            duck.interrupt(con);
            while (!is_over(step(pending)))
                ;
            return rc;
        }
        state = step(pending);
    }
    if (state == DUCKDB_PENDING_ERROR)
        return duck_error(err, duck.pending_error(pending));
    return TG_OK;
}

int duck_run(const struct context *ctx, duckdb_connection con, const char *sql, bool streaming,
             duckdb_result *out, struct tg_error *err)
{
    int rc = TG_OK;
    duckdb_prepared_statement statement = NULL;
    duckdb_pending_result pending = NULL;
    TRY(context_check(ctx, err));
    if (duck.prepare(con, sql, &statement) != DuckDBSuccess) {
        rc = duck_error(err, duck.prepare_error(statement));
        goto done;
    }
    duckdb_state state = streaming ? duck.pending_prepared_streaming(statement, &pending)
                                   : duck.pending_prepared(statement, &pending);
    if (state != DuckDBSuccess) {
        rc = duck_error(err, duck.pending_error(pending));
        goto done;
    }
    TRY(finish(ctx, con, pending, err));
    if (duck.execute_pending(pending, out) != DuckDBSuccess) {
        rc = duck_error(err, duck.result_error(out));
        duck.destroy_result(out);
    }
done:
    duck.destroy_pending(&pending);
    duck.destroy_prepare(&statement);
    return rc;
}

int duck_exec(const struct context *ctx, duckdb_connection con, const char *sql, uint64_t *changed,
              struct tg_error *err)
{
    duckdb_result result;
    if (changed)
        *changed = 0;
    int rc = duck_run(ctx, con, sql, false, &result, err);
    if (rc != TG_OK)
        return rc;
    if (changed)
        *changed = duck.rows_changed(&result);
    duck.destroy_result(&result);
    return TG_OK;
}

int duck_set_memory(const struct context *ctx, duckdb_connection con, size_t bytes,
                    struct tg_error *err)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "SET memory_limit = '%zuB'", bytes);
    return duck_exec(ctx, con, sql, NULL, err);
}

int duck_reserve(const struct context *ctx, duckdb_connection con, size_t *have, size_t others,
                 size_t need, struct tg_error *err)
{
    if (need * (size_t)thread_count(ctx, *have) <= *have)
        return TG_OK;
    int rc = duck_exec(ctx, con, "SET threads = 1", NULL, err);
    if (rc != TG_OK || need <= *have)
        return rc;
    rc = duck_set_memory(ctx, con, others + need, err);
    if (rc == TG_OK)
        *have = need;
    return rc;
}

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
    if (!joined) {
        rc = error_nomem(err);
        goto done;
    }
    TRY(fs_absolute(joined, &path, err));
    buf_printf(&place->absolute, "%s%s", prefix, buf_string(&path));
    TRY(buf_check(&place->absolute, err));
    rc = fs_identity(buf_string(&path), &place->identity, err);
done:
    buf_release(&path);
    mem_free(joined);
    return rc;
}

static int check(const char *url, const char *folder, const char *dataset,
                 struct connection_place *place, struct tg_error *err)
{
    int rc = TG_OK;
    if (place)
        place->dialect = &dialect_duckdb;
    TRY(check_form(url, err));
    if (dataset)
        TRY(check_dataset(url, dataset, err));
    if (place && folder)
        TRY(locate(url, folder, place, err));
done:
    return rc;
}

/* ---- the driver ---- */

static void close_connection(struct connection *con)
{
    instance_leave(con->ctx, con->state);
    mem_free(con->state);
}

static int open_url(struct connection *con, const char *url, bool create, struct tg_error *err)
{
    int rc = TG_OK;
    char *path = NULL;
    struct instance_use *use = mem_calloc(1, sizeof(*use));
    if (!use) {
        rc = error_nomem(err);
        goto done;
    }
    TRY(check_form(url, err));
    TRY(duck_check_storage(con->ctx, err));
    path = fs_join(".", url + strlen(prefix));
    if (!path) {
        rc = error_nomem(err);
        goto done;
    }
    TRY(instance_join(con->ctx, path, create, use, err));
    if (!use->instance)
        goto done;
    TRY(duck_exec(con->ctx, use->con, "SET SESSION preserve_insertion_order = false", NULL, err));
    con->state = use;
    con->dialect = &dialect_duckdb;
    use = NULL;
done:
    if (use)
        instance_leave(con->ctx, use);
    mem_free(use);
    mem_free(path);
    return rc == TG_OK ? rc : error_where(err, rc, "destination '%s'", url);
}

/* ---- statements ---- */

/* What a thread of DuckDB holds while it fills a table, whatever the budget is: for each column a
 * block of 256 KiB for the values, one for which of them are NULL, and what reads the files; once,
 * a row group of a file as it is stored and as it is read (an eighth of the budget, see engine.c).
 */
enum { COLUMN_BYTES = 576 << 10, BASE_BYTES = 16 << 20 };

/* And for each table until the transaction ends: measured with 2,000 of them on 2.0 (80 KiB), and
 * 200 on 1.5. */
static size_t table_bytes(void)
{
    return (size_t)(duck_version() >= VERSION_OF(2, 0, 0) ? 80 : 240) << 10;
}

/* Reading staged rows takes twice as much as writing them; of a table whose old rows give way it
 * holds the old blocks, the new ones, and what was staged. */
enum { STAGED = 3, MERGED = 5 };

static size_t need_of(const struct context *ctx, const struct workload *work)
{
    size_t staged = work->staged_columns * STAGED;
    size_t columns = staged > work->column_count ? staged : work->column_count;
    size_t tables = work->table_count + work->merged_count * MERGED;
    if (columns == 0)
        return 0;
    return BASE_BYTES + ctx->memory_bytes_max / 8 + columns * COLUMN_BYTES + tables * table_bytes();
}

static int exec(struct connection *con, const char *sql, uint64_t *changed, struct tg_error *err)
{
    int rc = TG_OK;
    struct instance_use *use = con->state;
    TRY(instance_reserve(con->ctx, use, need_of(con->ctx, &con->workload), err));
    rc = duck_exec(con->ctx, use->con, sql, changed, err);
done:
    return rc;
}

static int transact(struct connection *con, enum transact what, struct tg_error *err)
{
    struct tg_error why = {0};
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

static int query(struct connection *con, const char *sql, struct ArrowArrayStream *out,
                 struct tg_error *err)
{
    struct instance_use *use = con->state;
    return duck_query(con->ctx, use->con, false, sql, out, err);
}

/* ---- ingest ---- */

enum { BATCHES_MAX = 64 }; /* of one statement */

/* INSERT of some batches, which are released. */
static int insert_batches(struct connection *con, const struct ingest_target *into,
                          const struct ArrowSchema *schema, struct ArrowArray *batches,
                          size_t count, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    struct batch_source *source = NULL;
    TRY(batch_source_new(schema, batches, count, &source, err));
    buf_text(&sql, "INSERT INTO ");
    if (into->dataset)
        sql_table(&sql, con->dialect, into->dataset, into->table);
    else
        sql_ident(&sql, con->dialect, into->table);
    buf_printf(&sql, " BY NAME SELECT * FROM tidegate_batches(%llu::UBIGINT)",
               (unsigned long long)(uintptr_t)source);
    TRY(buf_check(&sql, err));
    rc = exec(con, sql.data, NULL, err);
    if (rc != TG_OK && batch_source_error(source, NULL) != TG_OK)
        rc = batch_source_error(source, err);
done:
    batch_source_free(source);
    for (size_t i = 0; i < count; i++)
        array_release(&batches[i]);
    buf_release(&sql);
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

static int read_columns(const struct text_rows *rows, struct described_table *out,
                        struct tg_error *err)
{
    out->columns = mem_calloc(rows->row_count + 1, sizeof(*out->columns));
    if (!out->columns)
        return error_nomem(err);
    for (size_t row = 0; row < rows->row_count; row++) {
        struct described_column *column = &out->columns[out->column_count++];
        *column = (struct described_column){
            .name = mem_strdup(text_cell(rows, row, 0)),
            .sql_type = mem_strdup(text_cell(rows, row, 1)),
            .nullable = strcmp(text_cell(rows, row, 2), "YES") == 0 || text_cell(rows, row, 4),
        };
        if (!column->name || !column->sql_type)
            return error_nomem(err);
    }
    return TG_OK;
}

static int describe_table(struct connection *con, const char *dataset, const char *name,
                          struct described_table *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    struct text_rows rows = {0};
    out->name = mem_strdup(name);
    if (!out->name)
        return error_nomem(err);
    buf_text(&sql, "DESCRIBE ");
    sql_table(&sql, &dialect_duckdb, dataset, name);
    TRY(buf_check(&sql, err));
    TRY(connection_fetch(con, sql.data, &rows, err));
    rc = read_columns(&rows, out, err);
done:
    text_rows_release(&rows);
    buf_release(&sql);
    return rc;
}

/* Binding information_schema or duckdb_columns() costs 20 ms and more; names and DESCRIBE don't. */
static int fetch_names(struct connection *con, const char *dataset, struct text_rows *out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    buf_text(&sql, "SELECT table_name FROM duckdb_tables() WHERE database_name = "
                   "current_database() AND lower(schema_name) = lower(");
    sql_text(&sql, dataset);
    buf_text(&sql, ") ORDER BY table_name");
    TRY(buf_check(&sql, err));
    rc = connection_fetch(con, sql.data, out, err);
done:
    buf_release(&sql);
    return rc;
}

/* Files keep the format that they were made with, whatever engine writes them. */
static int fetch_storage(struct connection *con, int *version, struct tg_error *err)
{
    struct text_rows rows;
    int rc = connection_fetch(con,
                              "SELECT tags['storage_version'] FROM duckdb_databases() "
                              "WHERE database_name = current_database()",
                              &rows, err);
    if (rc != TG_OK)
        return rc;
    const char *text = rows.row_count > 0 ? text_cell(&rows, 0, 0) : NULL;
    *version = text ? version_parse(text) : 0; /* "v1.0.0+" */
    text_rows_release(&rows);
    return TG_OK;
}

static int describe(struct connection *con, const char *dataset, const struct table_filter *filter,
                    struct described *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows names = {0};
    TRY(fetch_storage(con, &out->storage_version, err));
    TRY(fetch_names(con, dataset, &names, err));
    out->tables = mem_calloc(names.row_count + 1, sizeof(*out->tables));
    if (!out->tables) {
        rc = error_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < names.row_count; i++) {
        const char *name = text_cell(&names, i, 0);
        if (filter && !filter->wants(filter->user, name))
            continue;
        TRY(describe_table(con, dataset, name, &out->tables[out->table_count++], err));
    }
done:
    text_rows_release(&names);
    return rc;
}

const struct connection_driver connection_duckdb = {
    .scheme = "duckdb",
    .example = "duckdb:///file.duckdb",
    .check = check,
    .open = open_url,
    .close = close_connection,
    .transact = transact,
    .exec = exec,
    .query = query,
    .describe = describe,
    .ingest = ingest,
};
