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

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/time/calendar.h"
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

/* The type of one of the cursor's fields. */
static const struct type_spec *type_of(const struct selection *selection, size_t field)
{
    return field == 0 ? &selection->cursor_type : &selection->fields[field].type;
}

static const char *name_of(const struct selection *selection, size_t field)
{
    return field == 0 ? selection->cursor_column : selection->fields[field].name;
}

/* A bound as a literal of the column's type; false: it has none, and nothing is narrowed. */
static bool put_field(struct buf *out, const struct selection *selection, size_t field,
                      const char *operator, const struct tg_value * value)
{
    struct buf literal = BUF_INIT;
    bool said = value->kind != TG_VALUE_NONE &&
                sql_literal(&literal, selection->dialect, value, type_of(selection, field));
    if (said) {
        sql_ident(out, selection->dialect, name_of(selection, field));
        buf_printf(out, " %s %s", operator, buf_string(&literal));
        out->failed |= literal.failed;
    }
    buf_release(&literal);
    return said;
}

static bool put_bound(struct buf *out, const struct selection *selection, const char *operator,
                      const struct tg_value * value)
{
    return put_field(out, selection, 0, operator, value);
}

/* One of the two bounds: which rows lie within it. */
struct side {
    bool is_end;
    const char *within, *at_most; /* beyond its value; or at it, too */
    bool is_closed;               /* rows at it are wanted */
};

/* What has more digits than a double is, to the cursor, the nearest one, and may be another one to
 * the database; of integers and doubles together one of the two rounds. */
static bool may_be_rounded(const struct type_spec *type, const struct tg_value *value)
{
    static const int64_t whole = INT64_C(1) << 53;
    const bool is_whole = value->kind == TG_VALUE_INT64;
    switch (type->type) {
    case TYPE_BIGINT: return !is_whole && fabs(value->real) >= (double)whole;
    case TYPE_DOUBLE: return is_whole && (value->int64 >= whole || value->int64 <= -whole);
    case TYPE_DECIMAL: return type->precision == 0 || type->precision > DBL_DIG;
    default: return type->type == TYPE_WEI;
    }
}

/* By more than all who round may be wrong by. */
static void widen_number(struct tg_value *value, int way)
{
    const int64_t number = value->int64, size = number < 0 ? -(number + 1) : number;
    const int64_t by = way * (1 + (size >> (DBL_MANT_DIG - 3)));
    if (value->kind == TG_VALUE_INT64 && __builtin_add_overflow(number, by, &value->int64))
        value->int64 = way < 0 ? INT64_MIN : INT64_MAX;
    for (int i = 0; value->kind == TG_VALUE_DOUBLE && i < 4; i++)
        value->real = nextafter(value->real, way < 0 ? -HUGE_VAL : HUGE_VAL);
}

/* false: it is no time. */
static bool find_time(const struct tg_value *value, int64_t *us)
{
    struct time_point point = {.us = 0};
    enum time_form form = TIME_NONE;
    if (value->kind == TG_VALUE_TEXT) /* as a spec writes it */
        form = time_parse(value->text, strlen(value->text), &point);
    *us = value->kind == TG_VALUE_TIMESTAMP ? value->int64 : point.us;
    if (value->kind == TG_VALUE_DATE)
        return !__builtin_mul_overflow(value->int64, DAY_US, us);
    return value->kind == TG_VALUE_TIMESTAMP || form == TIME_STAMP || form == TIME_DATE;
}

static void widen_time(struct tg_value *value, int way)
{
    int64_t us;
    if (find_time(value, &us) && !__builtin_add_overflow(us, way, &us))
        *value = (struct tg_value){.kind = TG_VALUE_TIMESTAMP, .int64 = us};
}

/* The bound; where it says less to the database than to the cursor, whose values have 17 digits and
 * microseconds, one further outside. */
static struct tg_value value_of(const struct selection *selection, const struct side *side,
                                size_t field)
{
    static const struct tg_value none = {.kind = TG_VALUE_NONE};
    if (field > 0 && field >= selection->field_count)
        return none;
    const struct tg_cursor *cursor = &selection->cursor[field];
    const struct type_spec *type = type_of(selection, field);
    const int way = side->is_end == (selection->last_value == TG_MIN) ? -1 : 1;
    struct tg_value value = side->is_end ? cursor->end : cursor->start;
    if (may_be_rounded(type, &value))
        widen_number(&value, way);
    if (type_is_nanoseconds(type))
        widen_time(&value, way);
    return value;
}

/* Can the field behind this one narrow the rows that are equal in this one? */
static bool goes_deeper(const struct selection *selection, const struct side *side, size_t field)
{
    struct buf literal = BUF_INIT;
    const struct tg_value value = value_of(selection, side, field + 1);
    if (value.kind == TG_VALUE_NONE || type_is_nanoseconds(type_of(selection, field + 1)))
        return false;
    bool said = sql_literal(&literal, selection->dialect, &value, type_of(selection, field + 1));
    buf_release(&literal);
    return said;
}

/* Fields compare in order: a >= x AND (a > x OR b >= y), which needs no two values to be equal in
 * the database that are so for the cursor. A bound that ends before the cursor does is that of all
 * rows which begin so. */
static bool put_side(struct buf *out, const struct selection *selection, const struct side *side,
                     size_t field)
{
    const struct tg_value value = value_of(selection, side, field);
    const bool is_last = value_of(selection, side, field + 1).kind == TG_VALUE_NONE;
    const char *operator= !side->is_closed && is_last ? side->within : side->at_most;
    if (!put_field(out, selection, field, operator, & value))
        return false;
    if (!goes_deeper(selection, side, field))
        return true;
    buf_text(out, " AND (");
    put_field(out, selection, field, side->within, &value);
    buf_text(out, " OR ");
    put_side(out, selection, side, field + 1);
    buf_char(out, ')');
    return true;
}

/* Where the last run ended: rows at that value are asked for, the cursor knows which are new. */
static bool lower_bound(struct buf *out, const struct selection *selection)
{
    const bool backwards = selection->last_value == TG_MIN;
    const struct side side = {.within = backwards ? "<" : ">",
                              .at_most = backwards ? "<=" : ">=",
                              .is_closed = !selection->start_is_open};
    return put_side(out, selection, &side, 0);
}

/* Where this run ends: before the end of a window, or at it. */
static bool upper_bound(struct buf *out, const struct selection *selection)
{
    const bool backwards = selection->last_value == TG_MIN;
    const struct side side = {.is_end = true,
                              .within = backwards ? ">" : "<",
                              .at_most = backwards ? ">=" : "<=",
                              .is_closed = selection->end_is_closed};
    return !type_is_nanoseconds(&selection->cursor_type) && put_side(out, selection, &side, 0);
}

/* Times of a cursor lie in the years 1 to 9999; infinity does not, nor do those before Christ. */
static const struct tg_value first_time = {.kind = TG_VALUE_TIMESTAMP,
                                           .int64 = INT64_C(-62135596800000000)};
static const struct tg_value last_time = {.kind = TG_VALUE_TIMESTAMP,
                                          .int64 = INT64_C(253402300799999999)};

static bool has_strange_times(const struct type_spec *type)
{
    return type->type == TYPE_DATE || (type->type == TYPE_TIMESTAMP && !type_is_nanoseconds(type));
}

/* NULL, and what is no value of a cursor: infinity, NaN. */
static void put_field_missing(struct buf *out, const struct selection *selection, size_t field)
{
    static const char *const numbers[] = {"NaN", "Infinity", "-Infinity"};
    const struct type_spec type = {.type = TYPE_DOUBLE}, *own = type_of(selection, field);
    sql_ident(out, selection->dialect, name_of(selection, field));
    buf_text(out, " IS NULL");
    for (size_t i = 0; own->type == TYPE_DOUBLE && i < 3; i++) {
        buf_text(out, " OR ");
        sql_ident(out, selection->dialect, name_of(selection, field));
        buf_printf(out, " = CAST('%s' AS ", numbers[i]);
        selection->dialect->type_sql(&type, out);
        buf_char(out, ')');
    }
    if (!has_strange_times(own))
        return;
    buf_text(out, " OR ");
    put_field(out, selection, field, "<", &first_time);
    buf_text(out, " OR ");
    put_field(out, selection, field, ">", &last_time);
}

/* A row stands nowhere when one of its fields has no value. */
static void put_missing(struct buf *out, const struct selection *selection)
{
    put_field_missing(out, selection, 0);
    for (size_t i = 1; i < selection->field_count; i++) {
        buf_text(out, " OR ");
        put_field_missing(out, selection, i);
    }
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
    if (has_strange_times(&selection->cursor_type) && put_bound(out, selection, "<=", &last_time))
        buf_text(out, " AND ");
    if (!put_bound(out, selection, ">", &selection->cursor->start))
        buf_text(out, "true");
    buf_text(out, " AND ");
    if (!above || !put_bound(out, selection, ">", &selection->ceiling_value))
        buf_text(out, "true");
    return buf_check(out, err);
}
