/*
 * Casts that change nothing. A load is made for the types that the destination has
 * (src/run/there.c); what is there when it is written may be something else by then.
 *
 * Path: agree_check -> for each column that the package brings: the same type, or one that is
 * altered to ours, or one that holds all values of ours: fine. A type that is none of ours: check_
 * values looks whether each value comes back as it went in. All else was changed meanwhile: a
 * conflict, the rows are read again and meet the new type.
 *
 * Where the reader sends the rows, numbers and times are sent ahead for that look (send_values),
 * for a database may round them. A text is taken by the type's own input, or refused, however it is
 * spelled when it comes back.
 */
#include "write/sql/agree.h"

#include <string.h>

#include "database/template.h"

/* ---- types ---- */

static const char sent[] = "_tidegate_values";

/* The values of a column as they are, where the database can look at them. */
static int send_values(const struct delivery *delivery, const struct runner *runner,
                       const char *source, const char *column, const char *ours,
                       struct tg_error *err)
{
    int rc = TG_OK;
    uint64_t rows = 0;
    struct buf sql = BUF_INIT;
    const struct ingest_target into = {.table = sent};
    const struct sql_part *parts = SQL_PARTS(SQL_NAME("sent", sent), SQL_NAME("value", column),
                                             SQL_PIECE("ours", ours), SQL_PIECE("source", source));
    const struct sql_scope there = plan_scope(delivery, parts);
    const struct sql_scope here = plan_rows_scope(delivery, parts);
    TRY(sql_exec(runner->con, &there, "DROP TABLE IF EXISTS {sent}", NULL, err));
    TRY(sql_exec(runner->con, &there, "CREATE TEMP TABLE {sent} ({value} {ours})", NULL, err));
    TRY(sql_write(&sql, &here, "SELECT {value}\nFROM {source}", err));
    rc = reader_ingest(runner->reader, buf_string(&sql), runner->con, &into, &rows, err);
done:
    buf_release(&sql);
    return rc;
}

/* Looks for a value that would not come back from the destination's type as it went in. */
static int find_changed(const struct delivery *delivery, const struct runner *runner,
                        const char *source, const char *column, const char *type, const char *ours,
                        struct text_rows *out, struct tg_error *err)
{
    const struct dialect *dialect = delivery->dialect;
    const struct sql_scope scope = plan_scope(
        delivery,
        SQL_PARTS(SQL_PIECE("file", source), SQL_NAME("sent", sent),
                  SQL_PATTERN("source", dialect->parquet ? "{file}" : "{sent}"),
                  SQL_NAME("value", column), SQL_PIECE("type", type), SQL_PIECE("ours", ours),
                  SQL_PATTERN("there",
                              dialect->parquet ? dialect->try_cast : "CAST({value} AS {type})")));
    return sql_fetch(runner->con, &scope,
                     "SELECT substr(CAST({value} AS VARCHAR), 1, 80)\n"
                     "FROM {source}\n"
                     "WHERE CAST({there} AS {ours}) IS DISTINCT FROM {value}\n"
                     "LIMIT 1",
                     out, err);
}

/* Both, with the values sent where the files are not read by the database. */
static int look_for_changed(const struct delivery *delivery, const struct runner *runner,
                            const struct target *target, size_t leader, const char *column,
                            const char *type, const char *ours, struct text_rows *out,
                            struct tg_error *err)
{
    int rc = TG_OK;
    struct buf source = BUF_INIT;
    const struct sql_scope scope = plan_scope(delivery, SQL_PARTS(SQL_NAME("sent", sent)));
    TRY(plan_source(&source, delivery, target->part, leader, err));
    if (runner->reader)
        TRY(send_values(delivery, runner, buf_string(&source), column, ours, err));
    TRY(find_changed(delivery, runner, buf_string(&source), column, type, ours, out, err));
    if (runner->reader)
        TRY(sql_exec(runner->con, &scope, "DROP TABLE {sent}", NULL, err));
done:
    buf_release(&source);
    return rc;
}

/* May a type that is none of ours change such values without a word? */
static bool may_be_rounded(enum type type)
{
    return type == TYPE_BIGINT || type == TYPE_DOUBLE || type == TYPE_DECIMAL || type == TYPE_WEI ||
           type == TYPE_TIMESTAMP || type == TYPE_DATE || type == TYPE_TIME;
}

static int check_values(const struct delivery *delivery, const struct runner *runner,
                        const struct target *target, size_t leader,
                        const struct manifest_column *column, const char *type,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct buf ours = BUF_INIT;
    struct text_rows rows = {0};
    const struct type_spec stored = plan_stored(column->spec);
    if (runner->reader && !may_be_rounded(stored.type))
        return TG_OK;
    delivery->dialect->type_sql(&stored, &ours);
    TRY(buf_check(&ours, err));
    TRY(look_for_changed(delivery, runner, target, leader, column->name, type, ours.data, &rows,
                         err));
    if (rows.row_count == 0)
        goto done;
    rc = error_set(err, TG_DATA,
                   "column '%s' of table '%s' is %s at the destination, which does not hold the "
                   "value '%s' (%s) exactly; change its type (ALTER TABLE \"%s\".\"%s\" ALTER "
                   "COLUMN \"%s\" SET DATA TYPE %s), or rename it",
                   column->name, target->table->name, type, text_cell(&rows, 0, 0), ours.data,
                   delivery->manifest->dataset, target->table->name, column->name, ours.data);
done:
    text_rows_release(&rows);
    buf_release(&ours);
    return rc;
}

/* The type that the values were made for; the newest schema may know another one by now. */
static const struct type_spec *made_for(const struct delivery *delivery,
                                        const struct target *target,
                                        const struct manifest_column *column)
{
    const struct table *own = catalog_find(&delivery->own, target->table->name);
    const struct table_column *known = table_find(own ? own : target->table, column->name);
    return known ? &known->spec : &column->spec;
}

/* What is longer than a column of its own takes, the database refuses. */
static bool same_texts(const struct type_spec *is, const struct type_spec *ours)
{
    return is->type == TYPE_TEXT && ours->type == TYPE_TEXT;
}

static int check_column(const struct delivery *delivery, const struct runner *runner,
                        const struct target *target, size_t leader,
                        const struct manifest_column *column, struct tg_error *err)
{
    int rc = TG_OK;
    const struct described_column *there =
        described_column(&delivery->described, target->there, column->name);
    const struct type_spec *ours = made_for(delivery, target, column);
    struct buf type = BUF_INIT, as_ours = BUF_INIT;
    if (!there)
        return TG_OK;
    struct type_spec is = delivery->dialect->type_from_sql(there->sql_type);
    delivery->dialect->type_sql(ours, &type);
    if (is.type != TYPE_NONE) /* a type may have two names: text, and character varying */
        delivery->dialect->type_sql(&is, &as_ours);
    TRY(buf_check(&type, err));
    TRY(buf_check(&as_ours, err));
    if (strcmp(type.data, there->sql_type) == 0 || strcmp(type.data, buf_string(&as_ours)) == 0 ||
        same_texts(&is, ours) || type_widens(&is, ours) || type_spells(&is, ours) ||
        type_keeps(ours, &is))
        goto done;
    if (is.type == TYPE_NONE) {
        TRY(check_values(delivery, runner, target, leader, column, there->sql_type, err));
        goto done;
    }
    rc = error_set(err, TG_CONFLICT,
                   "column '%s' of table '%s' is %s at the destination, and this load was made "
                   "for %s: somebody has changed the table meanwhile; nothing was written, run "
                   "again",
                   column->name, target->table->name, there->sql_type, type.data);
done:
    buf_release(&type);
    buf_release(&as_ours);
    return rc;
}

static int check_target(const struct delivery *delivery, const struct runner *runner,
                        const struct target *target, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t f = 0; f < target->part->file_count; f++) {
        const struct manifest_file *file = &target->part->files[f];
        if (!plan_leads_group(target->part, f))
            continue;
        for (size_t c = 0; c < file->column_count; c++)
            TRY(check_column(delivery, runner, target, f, &file->columns[c], err));
    }
done:
    return rc;
}

/* A table that was gone when the load was made must not have come back, and the other way round. */
static int check_presence(const struct chain *chain, const struct target *target,
                          struct tg_error *err)
{
    const struct manifest_table *part = target->part;
    bool is_root = target == &chain->targets[0];
    bool came = part && part->remade && is_root && target->there;
    bool went = part && part->was_there && !chain->replaced && !target->there;
    if (!came && !went)
        return TG_OK;
    return error_set(err, TG_CONFLICT,
                     "table '%s' was %s when this load was made, and is %s: somebody has %s it "
                     "meanwhile; nothing was written, run again",
                     target->table->name, came ? "gone" : "there", came ? "there again" : "gone",
                     came ? "made" : "dropped");
}

int agree_check(const struct delivery *delivery, const struct runner *runner, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t c = 0; c < delivery->chain_count; c++) {
        const struct chain *chain = &delivery->chains[c];
        for (size_t t = 0; t < chain->count; t++) {
            TRY(check_presence(chain, &chain->targets[t], err));
            if (chain->targets[t].there && target_has_rows(&chain->targets[t]))
                TRY(check_target(delivery, runner, &chain->targets[t], err));
        }
    }
done:
    return rc;
}
