/*
 * Old rows whose value in a column lies in the range of a load.
 *
 * Path: open_range (what the load says of it, and whether the column can be compared) ->
 * range_stage: the least and the greatest value that come; range_clear: refuse_lacking,
 * refuse_outside -> put_brake -> remove_rows (nested_follow, plan_remove).
 *
 * A window was compared by the cursor first, with the values of the source. What is stored may
 * compare otherwise (another type, or zone), so bounds are written only where they mean the same
 * (sql_literal), and a row that came and would lie outside ends the load: else the next one would
 * not replace it. NULL, infinity and NaN lie in no range; nor do rows that another pipeline has
 * brought.
 */
#include "write/sql/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time/calendar.h"
#include "database/literal.h"
#include "write/sql/brake.h"
#include "write/sql/nested.h"
#include "write/sql/shared.h"
#include "write/sql/single.h"

struct range {
    struct stage stage; /* for nested.c: of rows that are not staged */
    const struct manifest_range *said;
    const struct type_spec *type; /* of the column */
    const struct target_column
        *column; /* NULL: it is not there, and no old row lies in the range */
    char values[STAGE_NAME], gone[STAGE_NAME];
    struct sql_scope scope;
    struct sql_part parts[16];
};

static const struct target *root_of(const struct range *range)
{
    return range->stage.root;
}

/* ---- the column ---- */

/* Texts are compared byte by byte; what a database stores as a text has another order as one, but
 * for dates and times. */
static bool can_compare(const struct range *range)
{
    const struct dialect *dialect = range->stage.delivery->dialect;
    const struct type_spec *type = range->type;
    const bool as_text = dialect->text_types >> TYPE_DECIMAL & 1;
    if (!sql_compares(dialect, range->column->sql_type))
        return false;
    switch (type->type) {
    case TYPE_DECIMAL:
    case TYPE_WEI: return !as_text;
    case TYPE_BIGINT: return !as_text || type->precision <= 64;
    case TYPE_DOUBLE:
    case TYPE_TIMESTAMP:
    case TYPE_DATE:
    case TYPE_TEXT: return true;
    default: return false;
    }
}

static int find_column(struct range *range, struct tg_error *err)
{
    const struct target *root = root_of(range);
    const char *name = range->said->column;
    const struct table_column *known = table_find(root->table, name);
    range->column = target_find(root, name);
    if (target_has_rows(root) && (!range->column || !range->column->loaded || !known))
        return error_set(err, TG_DATA,
                         "no row of this load has a value in column '%s' of table '%s', by which "
                         "replace-range tells what to replace; look at its name and its values",
                         name, root->table->name);
    if (!known)
        range->column = NULL;
    if (!range->column)
        return TG_OK;
    range->type = &known->spec;
    if (can_compare(range))
        return TG_OK;
    return error_set(err, TG_DATA,
                     "column '%s' of table '%s' is a %s (%s), of which this destination has no "
                     "ranges; use another column, or another strategy",
                     name, root->table->name, type_name(range->type->type),
                     range->column->sql_type);
}

/* ---- its bounds ---- */

/* A day lies before a time if its midnight does: days before the time are those before the next
 * midnight, those up to it end with its own. */
static bool as_day(const char *text, bool up, struct tg_value *out)
{
    struct time_point point;
    enum time_form form = time_parse(text, strlen(text), &point);
    if (form != TIME_DATE && form != TIME_STAMP)
        return false;
    int64_t day = point.us / DAY_US - (point.us % DAY_US < 0);
    bool is_midnight = point.us == day * DAY_US && point.nanos == 0;
    *out = (struct tg_value){.kind = TG_VALUE_DATE, .int64 = day + (up && !is_midnight)};
    return true;
}

static struct tg_value value_of(const struct range *range, const char *kind, const char *text)
{
    struct tg_value value = {.kind = TG_VALUE_TEXT, .text = text};
    if (strcmp(kind, RANGE_NUMBER) == 0 && !strpbrk(text, ".eE"))
        value = (struct tg_value){.kind = TG_VALUE_INT64, .int64 = strtoll(text, NULL, 10)};
    else if (strcmp(kind, RANGE_NUMBER) == 0)
        value = (struct tg_value){.kind = TG_VALUE_DOUBLE, .real = strtod(text, NULL)};
    else if (range->type->type == TYPE_DATE)
        (void)as_day(text, !range->said->descends, &value);
    return value;
}

static int no_literal(const struct range *range, const char *text, struct tg_error *err)
{
    return error_set(err, TG_DATA,
                     "column '%s' of table '%s' is a %s, which a database does not compare with "
                     "'%s' as the cursor does; write the bounds as such values, or give the column "
                     "the type of its values",
                     range->said->column, root_of(range)->table->name, type_name(range->type->type),
                     text);
}

/* Bounds that are being written, of a column. */
struct bounds {
    const struct range *range;
    const char *column;
    struct buf *out;
};

/* "day" >= CAST('2024-01-01' AS DATE) */
static int write_bound(const struct bounds *bounds, const char *compares,
                       const struct tg_value *value, const char *text, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf literal = BUF_INIT;
    const struct dialect *dialect = bounds->range->stage.delivery->dialect;
    if (!sql_literal(&literal, dialect, value, bounds->range->type))
        TRY(no_literal(bounds->range, text, err));
    TRY(buf_check(&literal, err));
    buf_text(bounds->out, bounds->out->len > 0 ? " AND " : "");
    sql_ident(bounds->out, dialect, bounds->column);
    buf_printf(bounds->out, " %s %s", compares, buf_string(&literal));
done:
    buf_release(&literal);
    return rc;
}

/* Of a window without an end: what no cursor takes for a value is beyond it. */
static int write_open_end(const struct bounds *bounds, struct tg_error *err)
{
    const struct dialect *dialect = bounds->range->stage.delivery->dialect;
    const struct type_spec *type = bounds->range->type;
    const bool down = bounds->range->said->descends;
    const struct tg_value last = {.kind = TG_VALUE_TEXT,
                                  .text = down ? "0001-01-01T00:00:00Z"
                                               : "9999-12-31T23:59:59.999999Z"};
    const struct sql_scope scope = {
        .dialect = dialect,
        .parts = SQL_PARTS(SQL_NAME("column", bounds->column), SQL_TYPE("type", type))};
    if (type->type == TYPE_DOUBLE && !dialect->nan_is_null)
        return sql_write(bounds->out, &scope,
                         down ? " AND {column} > CAST('-Infinity' AS {type})"
                              : " AND {column} < CAST('Infinity' AS {type})",
                         err);
    if (type->type != TYPE_TIMESTAMP || type_is_nanoseconds(type) ||
        dialect->text_types >> TYPE_TIMESTAMP & 1)
        return TG_OK;
    return write_bound(bounds, down ? ">=" : "<=", &last, last.text, err);
}

/* Lies a column within the window? */
static int write_window(const struct range *range, const char *column, struct buf *out,
                        struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest_range *said = range->said;
    const struct bounds bounds = {range, column, out};
    const struct tg_value from = value_of(range, said->from_kind, said->from);
    const struct tg_value to = value_of(range, said->to_kind, said->to);
    TRY(write_bound(&bounds, said->descends ? "<=" : ">=", &from, said->from, err));
    TRY(*said->to_kind ? write_bound(&bounds, said->descends ? ">" : "<", &to, said->to, err)
                       : write_open_end(&bounds, err));
    rc = buf_check(out, err);
done:
    return rc;
}

/* ---- what the statements have in common ---- */

/* The condition of old rows. */
static int keep_condition(struct range *range, struct arena *arena, const char **out,
                          struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    *out = "{column}{bytes} >= (SELECT [lo] FROM {range})\n"
           "    AND {column}{bytes} <= (SELECT [hi] FROM {range})";
    if (range->said->delivered || !range->column)
        return TG_OK;
    TRY(write_window(range, range->said->column, &text, err));
    TRY(arena_keep(arena, buf_string(&text), out, err));
done:
    buf_release(&text);
    return rc;
}

static int open_range(struct range *range, const struct delivery *delivery,
                      const struct chain *chain, struct arena *arena, struct tg_error *err)
{
    int rc = TG_OK;
    const char *condition = NULL;
    const struct target *root = &chain->targets[0];
    *range = (struct range){.stage = {.delivery = delivery, .chain = chain, .root = root}};
    if (!target_has_range(root))
        return error_set(err, TG_DATA,
                         "package does not say which rows of table '%s' it replaces; delete the "
                         "package and run again",
                         root->table->name);
    range->said = &root->part->ranges[0];
    TRY(find_column(range, err));
    stage_name(chain, root, range->values);
    snprintf(range->gone, STAGE_NAME, "_tidegate_gone_%zu", chain->number);
    TRY(keep_condition(range, arena, &condition, err));
    const bool is_text = range->column && range->type->type == TYPE_TEXT;
    const char *bytes =
        is_text && delivery->dialect->byte_order ? delivery->dialect->byte_order : "";
    const struct sql_part parts[] = {
        SQL_NAME("column", range->said->column),
        SQL_NAME("range", range->values),
        SQL_NAME("gone", range->gone),
        SQL_NAME("row_key", table_link(root->table, LINK_ROW)),
        SQL_TABLE("table", root->table->name),
        SQL_PIECE("type", range->column ? range->column->sql_type : NULL),
        SQL_PIECE("bytes", bytes),
        range->said->delivered ? SQL_PATTERN("inside", condition) : SQL_PIECE("inside", condition),
        SQL_TEXT("pipeline", delivery->manifest->pipeline),
        SQL_TEXT("schema", delivery->manifest->schema),
        SQL_PATTERN("own", SHARED_OWN),
        SQL_PATTERN("within", chain->shared ? "{inside}\n    AND {own}" : "{inside}"),
        SQL_PATTERN("where_own", chain->shared ? "\nWHERE {own}" : ""),
        {0},
    };
    _Static_assert(sizeof(parts) <= sizeof(range->parts), "there is no room for the parts");
    memcpy(range->parts, parts, sizeof(parts));
    range->scope = plan_scope(delivery, range->parts);
    range->stage.scope = range->scope;
done:
    return rc;
}

/* ---- what comes ---- */

#define FINITE                                                                                     \
    "CASE WHEN {column} > CAST('-Infinity' AS DOUBLE) AND {column} < CAST('Infinity' AS DOUBLE)"   \
    " THEN 1 END"

static int note_values(const struct range *range, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    static const char *const columns[] = {"lo", "hi", "lacking"};
    const struct sql_names names = {columns, 3};
    const struct delivery *delivery = range->stage.delivery;
    const bool may_be_infinite = range->type->type == TYPE_DOUBLE;
    struct buf rows = BUF_INIT;
    TRY(plan_relation(&rows, delivery, root_of(range), 0, err));
    TRY(plan_add(plan, root_of(range), COUNT_NONE, &range->scope,
                 "CREATE TEMP TABLE {range} ([lo] {type}, [hi] {type}, [lacking] BIGINT)", err));
    const struct fill fill = {range->values, &names, root_of(range), .is_temporary = true};
    const struct sql_scope scope = plan_rows_scope(
        delivery,
        SQL_PARTS(SQL_PIECE("rows", buf_string(&rows)), SQL_NAME("column", range->said->column),
                  SQL_PATTERN("valued", may_be_infinite ? FINITE : "{column}")));
    TRY(plan_fill(plan, delivery, &fill, &scope,
                  "SELECT MIN({column}) AS [lo], MAX({column}) AS [hi],\n"
                  "    COUNT(*) - COUNT({valued}) AS [lacking]\n"
                  "FROM (\n"
                  "{rows}\n"
                  ") AS arrived",
                  err));
done:
    buf_release(&rows);
    return rc;
}

int range_stage(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                struct tg_error *err)
{
    int rc = TG_OK;
    struct range range;
    TRY(open_range(&range, delivery, chain, &plan->arena, err));
    if (target_has_rows(root_of(&range)))
        TRY(note_values(&range, plan, err));
done:
    return rc;
}

/* ---- what must not come ---- */

static int put_refusal(const struct range *range, const char *refusal,
                       const struct sql_scope *scope, const char *pattern, struct plan *plan,
                       struct tg_error *err)
{
    const struct step step = {.kind = STEP_REFUSE, .target = root_of(range), .refusal = refusal};
    return refusal ? plan_add_step(plan, &step, scope, pattern, err) : error_nomem(err);
}

static int refuse_lacking(const struct range *range, struct plan *plan, struct tg_error *err)
{
    const char *refusal = arena_printf(
        &plan->arena,
        "rows came for table '%s' that have no value in column '%s', by which replace-range tells "
        "what to replace (none, infinity, or one that does not fit its type); so many are they:",
        root_of(range)->table->name, range->said->column);
    return put_refusal(range, refusal, &range->scope,
                       "SELECT [lacking]\nFROM {range}\nWHERE [lacking] > 0", plan, err);
}

static int refuse_outside(const struct range *range, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest_range *said = range->said;
    struct buf lo = BUF_INIT, hi = BUF_INIT;
    const char *refusal = arena_printf(
        &plan->arena,
        "a row came for table '%s' that, as it is stored, is outside of the window from '%s' to "
        "before '%s', so that the next run would not replace it; write the bounds as the values "
        "are written, with their zone; in column '%s' it has",
        root_of(range)->table->name, said->from, *said->to_kind ? said->to : "the end",
        said->column);
    TRY(write_window(range, "lo", &lo, err));
    TRY(write_window(range, "hi", &hi, err));
    const struct sql_scope scope =
        sql_within(&range->scope, SQL_PARTS(SQL_PIECE("lo_within", buf_string(&lo)),
                                            SQL_PIECE("hi_within", buf_string(&hi))));
    TRY(put_refusal(range, refusal, &scope,
                    "SELECT CASE WHEN {lo_within} THEN [hi] ELSE [lo] END\n"
                    "FROM {range}\n"
                    "WHERE NOT ({lo_within} AND {hi_within})",
                    plan, err));
done:
    buf_release(&lo);
    buf_release(&hi);
    return rc;
}

/* ---- the brake ---- */

static int put_brake(const struct range *range, struct plan *plan, struct tg_error *err)
{
    static const char *const names[] = {"from", "to"};
    const struct brake brake = {
        .all = "SELECT COUNT(*)\nFROM {table}{where_own}",
        .sample = "SELECT [lo], [hi]\nFROM {range}",
        .names = names,
        .sums_up = true,
        .going = "lie in the range of the values that came, and would go",
        .advice = "look whether a value among them is a stray one; if they are to go, raise "
                  "'limit' of 'write_disposition', or run with --accept-limits",
        .limit = "write_disposition.limit"};
    return brake_plan(plan, range->stage.delivery, root_of(range), &brake, &range->scope,
                      "SELECT COUNT(*)\nFROM {table}\nWHERE {within}", err);
}

/* ---- what goes ---- */

static bool has_nested(const struct chain *chain)
{
    for (size_t i = 1; i < chain->count; i++)
        if (chain->targets[i].there)
            return true;
    return false;
}

static int remove_nested(const struct range *range, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct target *root = root_of(range);
    const char *row_key = table_link(root->table, LINK_ROW);
    if (!row_key || !target_find(root, row_key))
        return error_set(err, TG_DATA,
                         "table '%s' has nested tables but no row key, by which their rows are "
                         "told; use another strategy",
                         root->table->name);
    TRY(plan_add(plan, NULL, COUNT_NONE, &range->scope,
                 "CREATE TEMP TABLE {gone} AS\n"
                 "SELECT {row_key}\n"
                 "FROM {table}\n"
                 "WHERE {within}",
                 err));
    TRY(nested_follow(&range->stage, &range->scope, plan, err));
    TRY(plan_add(plan, NULL, COUNT_NONE, &range->scope, "DROP TABLE {gone}", err));
done:
    return rc;
}

static int remove_rows(const struct range *range, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct old_rows rows = {root_of(range), "{within}", false};
    if (has_nested(range->stage.chain))
        TRY(remove_nested(range, plan, err));
    TRY(plan_remove(plan, range->stage.delivery, &rows, COUNT_DELETED, &range->scope, err));
done:
    return rc;
}

/* What comes must be right, and not too much may go. */
static int check_load(const struct range *range, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    if (!target_has_rows(root_of(range)))
        return TG_OK;
    TRY(refuse_lacking(range, plan, err));
    if (!range->said->delivered)
        TRY(refuse_outside(range, plan, err));
    else if (root_of(range)->there && range->column)
        TRY(put_brake(range, plan, err));
done:
    return rc;
}

/* Are there old rows that may lie in it? */
static bool meets_old(const struct range *range)
{
    return root_of(range)->there && range->column &&
           (!range->said->delivered || target_has_rows(root_of(range)));
}

int range_clear(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                struct tg_error *err)
{
    int rc = TG_OK;
    struct range range;
    TRY(open_range(&range, delivery, chain, &plan->arena, err));
    TRY(check_load(&range, plan, err));
    if (meets_old(&range))
        TRY(remove_rows(&range, plan, err));
done:
    return rc;
}

int range_single(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct range range;
    TRY(open_range(&range, delivery, chain, &plan->arena, err));
    snprintf(range.values, STAGE_NAME, "_tidegate_range_%zu", chain->number);
    if (target_has_rows(root_of(&range)))
        TRY(note_values(&range, plan, err));
    TRY(check_load(&range, plan, err));
    if (!meets_old(&range))
        return single_append(delivery, chain, plan, err);
    TRY(stage_copies(delivery, chain, plan, err));
    const struct sql_scope scope =
        sql_within(&range.scope, SQL_PARTS(SQL_PATTERN("gone", "{table} WHERE {within}")));
    TRY(single_change(&range.stage, &scope, plan, err));
done:
    return rc;
}
