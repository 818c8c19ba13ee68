/*
 * A condition in SQL that a spec gives, as a part of a statement: between its parentheses it stays.
 *
 *   {table} {staging_table}   the table at the destination, the rows of the load; {{ and }} are
 *                             braces
 */
#ifndef TIDEGATE_WRITE_CONDITION_H
#define TIDEGATE_WRITE_CONDITION_H

#include <stdbool.h>

#include "base/buf.h"

/* What the placeholders stand for, in SQL; NULL: the condition may not name it. */
struct condition_names {
    const char *table, *staging_table;
};

/* TG_USAGE when it is none that could stand in parentheses, or names what it may not; says why. */
int condition_check(const char *text, const struct condition_names *names,
                    struct tg_error *err) TG_CHECK_RESULT;
/* Appends it with its placeholders filled in; it has been checked. */
void condition_write(struct buf *out, const char *text, const struct condition_names *names);
/* Does it name the rows of the load? */
bool condition_names_staged(const char *text);

#endif
