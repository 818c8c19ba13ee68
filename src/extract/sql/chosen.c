/*
 * Which columns of a table or a query a resource reads.
 *
 * Path: sql_read, sql_describe -> is_chosen, for each column that there is -> the columns of the
 * SELECT (select.c), and of what is told of the resource beforehand.
 *
 * Whether the options name columns that there are is for who knows the columns (sources/sql.c).
 */
#include "extract/sql/chosen.h"

/* Is `name` a line of the option? */
static bool names_column(const struct resource_request *request, const char *option,
                         const char *name)
{
    const char *at = option_text(request->values, request->value_count, option);
    for (size_t len; at && *at; at += len + (at[len] == '\n')) {
        len = strcspn(at, "\n");
        if (strlen(name) == len && memcmp(at, name, len) == 0)
            return true;
    }
    return false;
}

static bool is_key(const struct resource_request *request, const char *name)
{
    for (size_t i = 0; i < request->key_count; i++)
        if (strcmp(request->keys[i], name) == 0)
            return true;
    return false;
}

bool is_chosen(const struct resource_request *request, const char *name)
{
    if (request->keys)
        return is_key(request, name);
    if (option_text(request->values, request->value_count, "included_columns"))
        return names_column(request, "included_columns", name);
    return !names_column(request, "excluded_columns", name);
}
