/*
 * The destination that is a database: every URL that a database driver takes.
 *
 * Path: check -> database/ ; open -> a connection, until close. restore -> ledger.c;
 * describe -> what the connection tells, in our types; write -> write.c, one transaction. Where its
 * commit has failed, ask_ledger: on a connection that is new, since only that sees what is there.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "database/template.h"
#include "write/destination.h"
#include "write/sql/as_of.h"
#include "write/sql/claims.h"
#include "write/sql/ledger.h"
#include "write/sql/locks.h"
#include "write/sql/outline.h"
#include "write/sql/show.h"
#include "write/sql/statements.h"
#include "write/sql/story.h"
#include "write/sql/trace.h"
#include "write/sql/undo.h"
#include "write/sql/write.h"
#include "write/sql/unqualify.h"

static bool example(size_t i, struct destination_example *out)
{
    size_t count;
    const struct connection_driver *const *drivers = connection_list(&count);
    for (size_t d = 0; d < count; d++) {
        const struct connection_driver *driver = drivers[d];
        if (!driver->scheme || i-- > 0)
            continue;
        *out = (struct destination_example){driver->scheme, driver->example, driver->start};
        return true;
    }
    return false;
}

static int check(const struct location *where, const char *folder, const char *dataset,
                 struct destination_place *place, struct tg_error *err)
{
    struct connection_place found = {0};
    int rc = connection_check(where, folder, dataset, &found, err);
    place->absolute = found.absolute;
    place->identity = found.identity;
    if (rc == TG_OK)
        place->facts = (struct destination_facts){
            .name = found.dialect->name,
            .type = found.dialect->destination_type,
            .folds_case = found.dialect->folds_case,
            .fraction_max = found.dialect->fraction_max,
            .name_bytes_max = found.dialect->name_bytes_max,
            .swaps_tables = found.dialect->like != NULL,
            .finds_names = found.finds_names,
            .type_text = found.dialect->type_sql,
        };
    return rc;
}

static int open_database(struct destination *destination, bool create, struct tg_error *err)
{
    struct connection *con = NULL;
    struct location where = destination->where;
    where.dataset = destination->dataset;
    where.whole = !where.read_only;
    int rc = connection_open(destination->ctx, &where, create, &con, err);
    destination->state = con;
    return rc;
}

static void close_database(struct destination *destination)
{
    connection_close(destination->state);
}

/* In one transaction: a load that comes to be between two queries would be known by its id, but not
 * by its files, which would be read again. */
static int restore(struct destination *destination, const struct ledger_owner *owner,
                   int64_t now_us, struct ledger *out, struct tg_error *err)
{
    struct connection *con = destination->state;
    struct described there = {0};
    const char *dataset = destination->dataset;
    int rc = connection_transact(con, TRANSACT_LOOK, err);
    if (rc != TG_OK)
        return rc;
    rc = ledger_look(con, dataset, &there, err);
    if (rc == TG_OK)
        rc = ledger_read(con, dataset, &there, owner, out, err);
    if (rc == TG_OK && !destination->for_windows)
        rc = ledger_read_windows(con, dataset, &there, owner->pipeline, out, err);
    if (rc == TG_OK)
        rc = ledger_read_taken(con, dataset, &there, now_us, out, err);
    described_release(&there);
    (void)!connection_transact(con, TRANSACT_ROLLBACK, NULL); /* nothing was changed */
    return rc;
}

static int pasts(struct destination *destination, const char *pipeline, struct ledger *out,
                 struct tg_error *err)
{
    struct described there = {0};
    struct connection *con = destination->state;
    int rc = ledger_look(con, destination->dataset, &there, err);
    if (rc == TG_OK)
        rc = ledger_read_pasts(con, destination->dataset, &there, pipeline, out, err);
    described_release(&there);
    return rc;
}

/* ---- what is there ---- */

/* Ours are written in small letters; where case does not count somebody may have it otherwise. */
static void spell_ours(const struct dialect *dialect, char *name)
{
    if (dialect->folds_case && strncasecmp(name, "_dlt_", strlen("_dlt_")) == 0)
        for (; *name; name++)
            *name = (char)tolower((unsigned char)*name);
}

static int keep_table(const struct dialect *dialect, struct described_table *described,
                      struct catalog *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct table *table = NULL;
    struct table_column *column = NULL;
    TRY(catalog_add(out, described->name, NULL, &table, err));
    for (size_t i = 0; i < described->column_count; i++) {
        struct described_column *is = &described->columns[i];
        struct type_spec spec = dialect->type_from_sql(is->sql_type);
        spell_ours(dialect, is->name);
        TRY(table_add_column(out, table, is->name, &spec, &column, err));
        column->nullable = is->nullable;
    }
done:
    return rc;
}

static int describe(struct destination *destination, const struct table_choice *choice,
                    struct catalog *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct connection *con = destination->state;
    struct described described = {0};
    struct table_filter filter = {.wants = NULL};
    if (choice)
        filter = (struct table_filter){.wants = choice->wants,
                                       .user = choice->user,
                                       .names = choice->names,
                                       .name_count = choice->name_count};
    TRY(connection_describe(con, destination->dataset, choice ? &filter : NULL, &described, err));
    for (size_t i = 0; i < described.table_count; i++)
        TRY(keep_table(con->dialect, &described.tables[i], out, err));
done:
    described_release(&described);
    return rc;
}

/* ---- writing ---- */

static void warn(const struct destination *destination, const char *what,
                 const struct tg_error *why)
{
    context_log(destination->ctx, TG_LOG_WARNING, "destination", "%s: %s%s%s", what, why->where,
                why->where[0] ? ": " : "", why->what);
}

/* Is the load there? The transaction whose end is not known holds its pipeline's lock until that
 * end, whether its connection is lost or not. */
static int find_load(struct destination *destination, const struct manifest *manifest,
                     enum load_found *found, struct tg_error *err)
{
    int rc = TG_OK;
    struct connection *con = destination->state;
    struct described there = {0};
    struct ledger ledger = {0};
    TRY(connection_transact(con, TRANSACT_BEGIN, err));
    rc = locks_take_pipeline(con, manifest, err);
    if (rc == TG_OK)
        rc = ledger_look(con, manifest->dataset, &there, err);
    if (rc == TG_OK)
        rc = ledger_find_load(con, &there, manifest, found, &ledger, err);
    (void)!connection_transact(con, TRANSACT_ROLLBACK, NULL); /* nothing was changed */
done:
    described_release(&there);
    ledger_release(&ledger);
    return rc;
}

/* A commit that failed may have failed after the fact. */
static int ask_ledger(struct destination *destination, const struct manifest *manifest,
                      struct write_result *result, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_error problem = {0};
    enum load_found found = LOAD_ABSENT;
    destination_close(destination);
    TRY(open_database(destination, true, &problem));
    TRY(find_load(destination, manifest, &found, &problem));
done:
    if (rc != TG_OK) {
        warn(destination, "whether a load was committed is not known until its ledger can be read",
             &problem);
        err->retryable = true;
        return error_before(err, err->code,
                            "whether it is at the destination is not known; the next run finds "
                            "out, and writes it if it is not");
    }
    if (found == LOAD_WRITTEN) {
        warn(destination,
             "a load is at the destination, although its commit was reported as failed", err);
        result->fate = FATE_WRITTEN;
        error_clear(err);
        return TG_OK;
    }
    write_result_release(result);
    result->fate = write_fate_of(err->code, err);
    return err->code;
}

/* What is there is looked at, or (the destination is closed) is nothing yet. */
static int outline(struct destination *destination, const struct manifest *manifest,
                   const struct write_order *order, struct tg_error *err)
{
    struct connection *con = destination->state;
    struct connection_place place = {0};
    int rc = connection_check(&destination->where, NULL, NULL, &place, err);
    return rc == TG_OK ? outline_load(con, con ? con->dialect : place.dialect,
                                      destination->where.create_indexes, manifest, order, err)
                       : rc;
}

static int write_once_there(struct destination *destination, const char *package_path,
                            const struct manifest *manifest, const struct write_order *order,
                            struct write_result *out, struct tg_error *err)
{
    if (!package_path && !manifest_is_bare(manifest))
        return outline(destination, manifest, order, err);
    int rc = write_package(destination->state, package_path, manifest, order, out, err);
    return out->fate == FATE_UNKNOWN ? ask_ledger(destination, manifest, out, err) : rc;
}

/* ---- looking ---- */

/* The connection sees the tables as they were, by their names alone: so has the query them then. */
static int go_back(const struct destination *destination, const struct moment *at, const char *text,
                   struct buf *query, struct tg_error *err)
{
    int rc = TG_OK;
    struct plan plan;
    struct sql_names names;
    struct described there = {0};
    struct connection *con = destination->state;
    const struct sql_scope dataset = {.dialect = con->dialect, .dataset = destination->dataset};
    const struct runner runner = {.con = con};
    plan_init(&plan);
    TRY(connection_describe(con, destination->dataset, NULL, &there, err));
    TRY(as_of_plan(at->catalog, &there, &dataset, at->us, &plan, &names, err));
    TRY(plan_run(&plan, &runner, NULL, err));
    TRY(sql_unqualify(query, &dataset, &names, text, err));
done:
    plan_release(&plan);
    described_release(&there);
    return rc;
}

static int query(struct destination *destination, const char *text, const struct moment *at,
                 struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf then = BUF_INIT;
    struct connection *con = destination->state;
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .parts = SQL_PARTS(SQL_NAME("dataset", destination->dataset))};
    if (con->dialect->use)
        TRY(sql_exec(con, &scope, con->dialect->use, NULL, err));
    if (at)
        TRY(go_back(destination, at, text, &then, err));
    TRY(statements_seal(destination, err));
    TRY(connection_query(con, at ? buf_string(&then) : text, out, err));
done:
    buf_release(&then);
    return rc;
}

static int parse(struct destination *destination, const char *condition, struct tg_error *err)
{
    int rc = TG_OK;
    struct connection *con = destination->state;
    struct text_rows none = {0};
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .parts = SQL_PARTS(SQL_PIECE("condition", condition))};
    TRY(sql_fetch(con, &scope, "SELECT 1 WHERE 1 = 0 AND ({condition})", &none, err));
done:
    text_rows_release(&none);
    return rc;
}

static int show(struct destination *destination, enum tg_show what, struct ArrowArrayStream *out,
                struct tg_error *err)
{
    return show_database(destination->state, destination->dataset, what, out, err);
}

static int versions(struct destination *destination, const char *schema,
                    struct schema_versions *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    TRY(show_versions(destination->state, destination->dataset, schema, &rows, err));
    out->items = arena_alloc(&out->arena, (rows.row_count + 1) * sizeof(*out->items));
    if (!out->items)
        TRY(error_nomem(err));
    for (; out->count < rows.row_count; out->count++) {
        struct schema_version *version = &out->items[out->count];
        *version =
            (struct schema_version){.version = strtoll(text_cell(&rows, out->count, 0), NULL, 10)};
        TRY(arena_keep(&out->arena, text_cell(&rows, out->count, 1), &version->json, err));
        if (text_cell(&rows, out->count, 2))
            TRY(arena_keep(&out->arena, text_cell(&rows, out->count, 2), &version->load_id, err));
    }
done:
    text_rows_release(&rows);
    return rc;
}

static int story(struct destination *destination, const struct story_request *request,
                 struct story *out, struct tg_error *err)
{
    return story_tell(destination->state, destination->dataset, request, out, err);
}

/* ---- claims ---- */

/* A dataset may have no plan. */
static int claim(struct destination *destination, const struct claim_request *request,
                 struct claims *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct connection *con = destination->state;
    struct described there = {0};
    TRY(ledger_look(con, destination->dataset, &there, err));
    if (described_find(&there, WINDOWS_TABLE))
        TRY(claims_take(con, destination->dataset, request, out, err));
done:
    described_release(&there);
    return rc;
}

static int release(struct destination *destination, const char *pipeline, const char *owner,
                   struct tg_error *err)
{
    return claims_release_owner(destination->state, destination->dataset, pipeline, owner, err);
}

static bool is_shared(const struct destination *destination)
{
    return connection_is_shared(destination->state);
}

static const struct claim_driver claims = {claim, release, is_shared};

/* ---- undo ---- */

static int look_undo(struct destination *destination, const struct undo_request *request,
                     struct undo *out, struct tg_error *err)
{
    struct connection *con = destination->state;
    int rc = connection_transact(con, TRANSACT_LOOK, err);
    if (rc != TG_OK)
        return rc;
    rc = undo_look(con, destination->dataset, request, out, err);
    (void)!connection_transact(con, TRANSACT_ROLLBACK, NULL); /* nothing was changed */
    return rc;
}

static const struct undo_driver undo = {.look = look_undo};

static int count(struct destination *destination, struct table_count *tables, size_t table_count,
                 struct tg_error *err)
{
    return trace_count(destination->state, destination->dataset, tables, table_count, err);
}

static int loaders(struct destination *destination, const struct loaders_request *request,
                   struct loaders *out, struct tg_error *err)
{
    return trace_loaders(destination->state, destination->dataset, request, out, err);
}

static int ties(struct destination *destination, const struct ties_request *request,
                struct ArrowArrayStream *out, struct tg_error *err)
{
    return ledger_ties(destination->state, destination->dataset, request, out, err);
}

static int standing(struct destination *destination, const struct manifest *manifest,
                    struct standing *out, struct tg_error *err)
{
    return trace_standing(destination->state, manifest, out, err);
}

static int list_views(struct destination *destination, const char *const *names, size_t count,
                      bool *out, struct tg_error *err)
{
    struct connection *con = destination->state;
    struct text_rows rows = {0};
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .dataset = destination->dataset,
                                    .parts = SQL_PARTS(SQL_TEXT("dataset", destination->dataset))};
    int rc = sql_fetch(con, &scope, con->dialect->views, &rows, err);
    for (size_t row = 0; row < rows.row_count; row++)
        for (size_t i = 0; i < count; i++)
            out[i] |= strcmp(text_cell(&rows, row, 0), names[i]) == 0;
    text_rows_release(&rows);
    return rc;
}

/* What is refused is as good as not there. */
static int try_name(struct destination *destination, const char *name, bool *out,
                    struct tg_error *err)
{
    struct connection *con = destination->state;
    struct tg_error refused = {0};
    struct text_rows rows = {0};
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .dataset = destination->dataset,
                                    .parts = SQL_PARTS(SQL_TABLE("name", name))};
    int rc = sql_fetch(con, &scope, "SELECT 1 FROM {name} WHERE 1 = 0", &rows, &refused);
    *out = rc == TG_OK;
    text_rows_release(&rows);
    if (rc == TG_OK || rc == TG_DESTINATION)
        return TG_OK;
    if (err)
        *err = refused;
    return rc;
}

static int views(struct destination *destination, const char *const *names, size_t count, bool *out,
                 struct tg_error *err)
{
    int rc = TG_OK;
    const struct connection *con = destination->state;
    if (con->dialect->views)
        return list_views(destination, names, count, out, err);
    for (size_t i = 0; i < count; i++)
        TRY(try_name(destination, names[i], &out[i], err));
done:
    return rc;
}

static const struct trace_driver trace = {.ties = ties,
                                          .count = count,
                                          .loaders = loaders,
                                          .standing = standing,
                                          .versions = versions,
                                          .story = story,
                                          .pasts = pasts,
                                          .views = views};

const struct destination_driver destination_sql = {
    .example = example,
    .check = check,
    .open = open_database,
    .restore = restore,
    .describe = describe,
    .write = write_once_there,
    .query = query,
    .parse = parse,
    .show = show,
    .claims = &claims,
    .undo = &undo,
    .trace = &trace,
    .statements = &statements_sql,
    .close = close_database,
};
