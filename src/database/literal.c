/*
 * Values of a cursor as literals of SQL.
 *
 * Path: sql_literal -> number, stamp, date or text, by the column's type -> the dialect's own names
 * of types, sql_text for what stands between quotes.
 *
 * A literal is written only where the database compares it with the column as a cursor compares the
 * value itself: texts byte by byte, times as instants. Where that is not sure there is none, and
 * who asked has to do without.
 */
#include <inttypes.h>
#include <string.h>

#include "base/time/calendar.h"
#include "database/literal.h"

/* What every database can spell: the years 1 to 9999; of nanoseconds in 64 bits there are fewer. */
static bool is_in_range(int64_t us, bool nanoseconds)
{
    int first = nanoseconds ? 1678 : 1, last = nanoseconds ? 2261 : 9999;
    return us >= time_days_from_civil(first, 1, 1) * DAY_US &&
           us < (time_days_from_civil(last, 12, 31) + 1) * DAY_US;
}

/* One that has microseconds; infinity has none. */
static bool is_day(int64_t days)
{
    return days >= INT64_MIN / DAY_US && days <= INT64_MAX / DAY_US;
}

static void quoted(struct buf *out, const struct dialect *dialect, const struct type_spec *type,
                   const char *text)
{
    buf_text(out, "CAST(");
    sql_text(out, text);
    buf_text(out, " AS ");
    dialect->type_sql(type, out);
    buf_char(out, ')');
}

static bool stamp(struct buf *out, const struct dialect *dialect, int64_t us,
                  const struct type_spec *column)
{
    const struct type_spec type = {.type = TYPE_TIMESTAMP, .naive = column->naive};
    struct buf text = BUF_INIT;
    if (!is_in_range(us, type_is_nanoseconds(column)))
        return false;
    time_format_timestamp(&text, us, !column->naive);
    quoted(out, dialect, &type, buf_string(&text));
    out->failed |= text.failed;
    buf_release(&text);
    return true;
}

static bool date(struct buf *out, const struct dialect *dialect, int64_t days)
{
    const struct type_spec type = {.type = TYPE_DATE};
    struct buf text = BUF_INIT;
    if (!is_day(days) || !is_in_range(days * DAY_US, false))
        return false;
    time_format_date(&text, (int32_t)days);
    quoted(out, dialect, &type, buf_string(&text));
    out->failed |= text.failed;
    buf_release(&text);
    return true;
}

/* A spec writes times as texts. */
static bool written_time(const char *text, struct tg_value *out)
{
    struct time_point point;
    enum time_form form = time_parse(text, strlen(text), &point);
    if ((form != TIME_STAMP && form != TIME_DATE) || point.nanos != 0)
        return false;
    *out = (struct tg_value){.kind = TG_VALUE_TIMESTAMP, .int64 = point.us};
    return true;
}

static bool time_literal(struct buf *out, const struct dialect *dialect,
                         const struct tg_value *value, const struct type_spec *column)
{
    const struct type_spec naive = {.type = TYPE_TIMESTAMP, .naive = true};
    struct tg_value time = *value;
    bool is_date = column->type == TYPE_DATE;
    if (value->kind == TG_VALUE_TEXT && !written_time(value->text, &time))
        return false;
    if (time.kind == TG_VALUE_DATE && is_date)
        return date(out, dialect, time.int64);
    if (time.kind == TG_VALUE_DATE && is_day(time.int64))
        time = (struct tg_value){.kind = TG_VALUE_TIMESTAMP, .int64 = time.int64 * DAY_US};
    return time.kind == TG_VALUE_TIMESTAMP &&
           stamp(out, dialect, time.int64, is_date ? &naive : column);
}

static bool number(struct buf *out, const struct dialect *dialect, const struct tg_value *value)
{
    const struct type_spec type = {.type = TYPE_DOUBLE};
    char text[32];
    if (value->kind == TG_VALUE_INT64)
        buf_printf(out, "%" PRId64, value->int64);
    if (value->kind == TG_VALUE_DOUBLE) {
        snprintf(text, sizeof(text), "%.17g", value->real);
        quoted(out, dialect, &type, text);
    }
    return value->kind == TG_VALUE_INT64 || value->kind == TG_VALUE_DOUBLE;
}

/* A text that is date and time is compared as an instant, which a database would not do. */
static bool text(struct buf *out, const struct dialect *dialect, const struct tg_value *value)
{
    struct time_point point;
    if (value->kind != TG_VALUE_TEXT ||
        time_parse_timestamp(value->text, strlen(value->text), &point))
        return false;
    sql_text(out, value->text);
    buf_text(out, dialect->byte_order ? dialect->byte_order : "");
    return true;
}

bool sql_literal(struct buf *out, const struct dialect *dialect, const struct tg_value *value,
                 const struct type_spec *column)
{
    switch (column->type) {
    case TYPE_BIGINT:
    case TYPE_DOUBLE:
    case TYPE_DECIMAL:
    case TYPE_WEI: return number(out, dialect, value);
    case TYPE_TIMESTAMP:
    case TYPE_DATE: return time_literal(out, dialect, value, column);
    case TYPE_TEXT: return text(out, dialect, value);
    default: return false;
    }
}
