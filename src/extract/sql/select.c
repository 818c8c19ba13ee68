/*
 * The SELECT that a resource of a database is read by: what the cursor says, as conditions.
 *
 * Path: select_write -> put_columns, put_relation -> put_condition [lower_bound, upper_bound,
 * ceiling, put_missing] -> ORDER BY where it is asked for.
 *
 * A condition only narrows: the cursor behind the stream looks at each row again, and knows those
 * at its start. So where SQL cannot say what the cursor means there is no condition, and rows
 * without a value are asked for unless they are to be left out: the cursor takes or refuses them.
 */
#include "extract/sql/select.h"

#include <inttypes.h>

#include "database/literal.h"
#include "database/template.h"

static void put_columns(struct buf *out, const struct selection *selection)
{
    if (selection->column_count == 0)
        buf_char(out, '*');
    for (size_t i = 0; i < selection->column_count; i++) {
        const struct selected_column *column = &selection->columns[i];
        buf_text(out, i > 0 ? ", " : "");
        bool is_cast = column->as.type != TYPE_NONE;
        buf_text(out, is_cast ? "CAST(" : "");
        sql_ident(out, selection->dialect, column->name);
        if (!is_cast)
            continue;
        buf_text(out, " AS ");
        selection->dialect->type_sql(&column->as, out);
        buf_text(out, ") AS ");
        sql_ident(out, selection->dialect, column->name);
    }
}

/* On lines of its own, so that a comment at its end ends there. */
static void put_relation(struct buf *out, const struct selection *selection)
{
    if (selection->table)
        sql_table(out, selection->dialect, selection->schema, selection->table);
    else
        buf_printf(out, "(\n%s\n) AS tidegate_query", selection->query);
}

/* ---- what the cursor says ---- */

/* The order of what comes as text may be another than that of its bytes (an enum, say), and that of
 * what is stored as text another than that of its values. */
struct type_spec select_cursor_type(const struct dialect *dialect,
                                    const struct relation_column *column)
{
    bool unsure = (column->by_values && column->spec.type == TYPE_TEXT) ||
                  (dialect->text_types >> column->spec.type & 1) ||
                  !sql_compares(dialect, column->sql_type);
    return unsure ? (struct type_spec){.type = TYPE_NONE} : column->spec;
}

/* A bound as a literal of the column's type; false: it has none, and nothing is narrowed. */
static bool put_bound(struct buf *out, const struct selection *selection, const char *operator,
                      const struct tg_value * value)
{
    struct buf literal = BUF_INIT;
    bool said = value->kind != TG_VALUE_NONE &&
                sql_literal(&literal, selection->dialect, value, &selection->cursor_type);
    if (said) {
        sql_ident(out, selection->dialect, selection->cursor_column);
        buf_printf(out, " %s %s", operator, buf_string(&literal));
        out->failed |= literal.failed;
    }
    buf_release(&literal);
    return said;
}

/* Values of a cursor have microseconds: what was cut off may lie on either side. */
static struct tg_value widened(const struct selection *selection, const struct tg_value *value)
{
    struct tg_value wide = *value;
    if (type_is_nanoseconds(&selection->cursor_type) && value->kind == TG_VALUE_TIMESTAMP)
        wide.int64 += selection->last_value == TG_MIN ? 1 : -1;
    return wide;
}

/* Where the last run ended: rows at that value are asked for, the cursor knows which are new. */
static bool lower_bound(struct buf *out, const struct selection *selection)
{
    const struct tg_value start = widened(selection, &selection->cursor->start);
    return put_bound(out, selection, selection->last_value == TG_MIN ? "<=" : ">=", &start);
}

/* Where this run ends: before the end of a window, or at it. */
static bool upper_bound(struct buf *out, const struct selection *selection)
{
    const struct tg_value *end = &selection->cursor->end;
    if (type_is_nanoseconds(&selection->cursor_type))
        return false;
    static const char *const operators[2][2] = {{"<", "<="}, {">", ">="}};
    bool backwards = selection->last_value == TG_MIN;
    return put_bound(out, selection, operators[backwards][selection->end_is_closed], end);
}

/* Times of a cursor lie in the years 1 to 9999; infinity does not, nor do those before Christ. */
static const struct tg_value first_time = {.kind = TG_VALUE_TIMESTAMP,
                                           .int64 = INT64_C(-62135596800000000)};
static const struct tg_value last_time = {.kind = TG_VALUE_TIMESTAMP,
                                          .int64 = INT64_C(253402300799999999)};

static bool has_strange_times(const struct selection *selection)
{
    const struct type_spec *type = &selection->cursor_type;
    return type->type == TYPE_DATE || (type->type == TYPE_TIMESTAMP && !type_is_nanoseconds(type));
}

/* NULL, and what is no value of a cursor: infinity, NaN. */
static void put_missing(struct buf *out, const struct selection *selection)
{
    static const char *const numbers[] = {"NaN", "Infinity", "-Infinity"};
    const struct type_spec type = {.type = TYPE_DOUBLE};
    sql_ident(out, selection->dialect, selection->cursor_column);
    buf_text(out, " IS NULL");
    for (size_t i = 0; selection->cursor_type.type == TYPE_DOUBLE && i < 3; i++) {
        buf_text(out, " OR ");
        sql_ident(out, selection->dialect, selection->cursor_column);
        buf_printf(out, " = CAST('%s' AS ", numbers[i]);
        selection->dialect->type_sql(&type, out);
        buf_char(out, ')');
    }
    for (size_t i = 1; i < selection->field_count; i++) {
        buf_text(out, " OR ");
        sql_ident(out, selection->dialect, selection->fields[i].name);
        buf_text(out, " IS NULL");
    }
    if (!has_strange_times(selection))
        return;
    buf_text(out, " OR ");
    put_bound(out, selection, "<", &first_time);
    buf_text(out, " OR ");
    put_bound(out, selection, ">", &last_time);
}

/* Up to where rows may be read in this run; those at the start have been read before. */
static bool ceiling(struct buf *out, const struct selection *selection)
{
    bool is_start = selection->ceiling == CEILING_START;
    const struct tg_value *value = is_start ? &selection->cursor->start : &selection->ceiling_value;
    if (selection->ceiling == CEILING_NONE || put_bound(out, selection, "<=", value))
        return selection->ceiling != CEILING_NONE;
    buf_text(out, "false");
    return true;
}

/* The bounds, joined; false: there is none. */
static bool put_bounds(struct buf *out, const struct selection *selection)
{
    bool (*const bounds[])(struct buf *, const struct selection *) = {lower_bound, upper_bound,
                                                                      ceiling};
    for (size_t i = selection->whole_groups ? 2 : 0; i < 3; i++) {
        struct buf bound = BUF_INIT;
        if (bounds[i](&bound, selection))
            buf_printf(out, "%s%s", out->len > 0 ? " AND " : "", buf_string(&bound));
        out->failed |= bound.failed;
        buf_release(&bound);
    }
    return out->len > 0;
}

static void put_condition(struct buf *out, const struct selection *selection)
{
    struct buf bounds = BUF_INIT;
    bool bounded = selection->cursor_column && put_bounds(&bounds, selection);
    if (bounded && selection->on_missing != TG_EXCLUDE) {
        buf_printf(out, "(%s OR ", buf_string(&bounds));
        put_missing(out, selection);
        buf_char(out, ')');
    } else if (bounded) {
        buf_text(out, buf_string(&bounds));
    } else if (selection->cursor_column && !selection->whole_groups &&
               selection->on_missing == TG_EXCLUDE) {
        sql_ident(out, selection->dialect, selection->cursor_column);
        buf_text(out, " IS NOT NULL");
    }
    out->failed |= bounds.failed;
    buf_release(&bounds);
}

/* ---- the whole ---- */

static void put_order(struct buf *out, const struct selection *selection)
{
    const struct dialect *dialect = selection->dialect;
    for (size_t i = 0; selection->row_order && i < selection->field_count; i++) {
        buf_text(out, i == 0 ? "\nORDER BY " : ", ");
        sql_ident(out, dialect, selection->fields[i].name);
        if (selection->fields[i].is_text && dialect->byte_order)
            buf_text(out, dialect->byte_order);
        buf_text(out, selection->row_order == TG_DESC ? " desc" : " asc");
    }
}

int select_write(struct buf *out, const struct selection *selection, const char *slice,
                 int64_t limit, struct tg_error *err)
{
    struct buf condition = BUF_INIT;
    put_condition(&condition, selection);
    if (slice)
        buf_printf(&condition, "%s%s", condition.len > 0 ? " AND " : "", slice);
    buf_text(out, "SELECT ");
    put_columns(out, selection);
    buf_text(out, "\nFROM ");
    put_relation(out, selection);
    if (condition.len > 0)
        buf_printf(out, "\nWHERE %s", buf_string(&condition));
    put_order(out, selection);
    if (limit >= 0)
        buf_printf(out, "\nLIMIT %" PRId64, limit);
    out->failed |= condition.failed;
    buf_release(&condition);
    return buf_check(out, err);
}

/* ---- what a ceiling is made of, and what it keeps away ---- */

int select_write_highest(struct buf *out, const struct selection *selection, struct tg_error *err)
{
    buf_text(out, "SELECT max(");
    sql_ident(out, selection->dialect, selection->cursor_column);
    buf_text(out, ")\nFROM ");
    put_relation(out, selection);
    return buf_check(out, err);
}

int select_write_held(struct buf *out, const struct selection *selection,
                      const struct tg_value *far, struct tg_error *err)
{
    bool above = selection->ceiling == CEILING_VALUE;
    buf_text(out, "SELECT count(*), count(CASE WHEN ");
    if (!put_bound(out, selection, ">", far))
        buf_text(out, "false");
    buf_text(out, " THEN 1 END)\nFROM ");
    put_relation(out, selection);
    buf_text(out, "\nWHERE ");
    sql_ident(out, selection->dialect, selection->cursor_column);
    buf_text(out, " IS NOT NULL AND ");
    if (has_strange_times(selection) && put_bound(out, selection, "<=", &last_time))
        buf_text(out, " AND ");
    if (!put_bound(out, selection, ">", &selection->cursor->start))
        buf_text(out, "true");
    buf_text(out, " AND ");
    if (!above || !put_bound(out, selection, ">", &selection->ceiling_value))
        buf_text(out, "true");
    return buf_check(out, err);
}
