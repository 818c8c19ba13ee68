/*
 * The SELECT that a resource of a database is read by.
 */
#ifndef TIDEGATE_EXTRACT_SQL_SELECT_H
#define TIDEGATE_EXTRACT_SQL_SELECT_H

#include "database/reading/reading.h"
#include "extract/source.h"

struct selected_column {
    const char *name;
    struct type_spec as; /* the database makes this of it; TYPE_NONE: it stays as it is */
};

struct sorted_field {
    const char *name;
    bool is_text; /* is sorted by its bytes */
    struct type_spec
        type; /* as cursor_type; TYPE_NONE: neither it nor those behind it narrow anything */
};

/* What a later run reads: nothing, rows above a value, all that are new. */
enum ceiling { CEILING_NONE = 0, CEILING_VALUE, CEILING_START };

/* All is borrowed. */
struct selection {
    const struct dialect *dialect;
    const char *schema, *table; /* what is read: a table or a view, */
    const char *query;          /* or (table is NULL) what a query gives */
    const struct selected_column *columns;
    size_t column_count;            /* 0: all there are */
    const struct tg_cursor *cursor; /* that of each of its fields */
    const char *cursor_column;      /* its column, as the source names it (NULL: there is none), */
    struct type_spec cursor_type;   /* and its type; TYPE_NONE: all rows are asked for */
    enum tg_last_value last_value;
    enum tg_on_missing on_missing;
    bool whole_groups;
    bool start_is_open, end_is_closed;
    const struct sorted_field *fields; /* all of the cursor's */
    size_t field_count;
    enum tg_row_order row_order;
    enum ceiling ceiling;
    struct tg_value ceiling_value; /* rows above it wait (safe.c) */
};

/* Lines of the statement before the first one of a query. */
enum { LINES_BEFORE_QUERY = 2 };

/* The type by which the database compares a cursor's column as the cursor does; TYPE_NONE: not. */
struct type_spec select_cursor_type(const struct dialect *dialect,
                                    const struct relation_column *column);

/* Rows that the cursor would take, and some that it drops: never fewer. `slice` is one more
 * condition (NULL: none), `limit` the most rows (-1: all). */
int select_write(struct buf *out, const struct selection *selection, const char *slice,
                 int64_t limit, struct tg_error *err) TG_CHECK_RESULT;

/* The highest value of the cursor. */
int select_write_highest(struct buf *out, const struct selection *selection,
                         struct tg_error *err) TG_CHECK_RESULT;
/* How many rows the ceiling keeps away, and how many of them lie above `far`. */
int select_write_held(struct buf *out, const struct selection *selection,
                      const struct tg_value *far, struct tg_error *err) TG_CHECK_RESULT;

#endif
