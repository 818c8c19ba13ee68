/*
 * Names in a query that somebody has written.
 *
 * Path: sql_unqualify -> sql_aside_len (literals, comments: as they stand), or read_path (names
 * joined by dots) -> write_path: d.t, and what follows it, without the d
 *
 * A query is read as far as that takes: into names, dots, and the rest. A path whose first or
 * second name is the dataset's, and the next one a table's, is taken for that table, wherever it
 * stands.
 */
#include "write/sql/unqualify.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "database/split.h"

enum { PATH_MAX_NAMES = 3 };

struct word {
    const char *at;
    size_t len; /* with its quotes */
};

struct path {
    struct word names[PATH_MAX_NAMES];
    size_t count;
};

/* ---- names ---- */

static bool goes_on(char c)
{
    return sql_begins_name(c) || isdigit((unsigned char)c) || c == '$';
}

static bool is_quote(char c)
{
    return c == '"' || c == '`';
}

/* [name], as SQLite has it too; 0: lists and what counts into them. */
static size_t bracketed_len(const char *at)
{
    size_t len = 1;
    while (goes_on(at[len]) || at[len] == ' ')
        len++;
    return sql_begins_name(at[1]) && at[len] == ']' ? len + 1 : 0;
}

static size_t name_len(const char *at)
{
    size_t len = 0;
    if (is_quote(*at))
        return sql_quoted_len(at, false);
    if (*at == '[')
        return bracketed_len(at);
    while (sql_begins_name(*at) && goes_on(at[len]))
        len++;
    return len;
}

static const char *after_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Names joined by dots, the first few of them; returns where the last one ends. */
static const char *read_path(const char *at, struct path *path)
{
    const char *end = at;
    path->count = 0;
    for (size_t len; path->count < PATH_MAX_NAMES && (len = name_len(at)) > 0;) {
        path->names[path->count++] = (struct word){at, len};
        end = at + len;
        at = after_blanks(end);
        if (*at != '.')
            break;
        at = after_blanks(at + 1);
    }
    return end;
}

/* Its text: letters of one that is not quoted may be folded. */
static bool is_name(const struct word *word, const char *name, const struct dialect *dialect)
{
    const bool quoted = is_quote(word->at[0]) || word->at[0] == '[';
    const char *at = word->at + quoted, *end = word->at + word->len - quoted;
    for (; at < end && *name; at++, name++) {
        const bool same =
            dialect->folds_case || !quoted
                ? tolower((unsigned char)*at) ==
                      (dialect->folds_case ? tolower((unsigned char)*name) : (unsigned char)*name)
                : *at == *name;
        if (!same)
            return false;
        at += quoted && *at == word->at[0]; /* doubled */
    }
    return at == end && !*name;
}

static const char *find_table(const struct word *word, const struct sql_names *tables,
                              const struct dialect *dialect)
{
    for (size_t i = 0; i < tables->count; i++)
        if (is_name(word, tables->items[i], dialect))
            return tables->items[i];
    return NULL;
}

/* Its table and where that ends, if the path is one; else it is written as it stands. */
static const char *write_path(struct buf *out, const struct sql_scope *dataset,
                              const struct sql_names *tables, const struct path *path,
                              const char *end)
{
    for (size_t i = 0; i + 1 < path->count; i++) {
        const struct word *table = &path->names[i + 1];
        const char *name = is_name(&path->names[i], dataset->dataset, dataset->dialect)
                               ? find_table(table, tables, dataset->dialect)
                               : NULL;
        if (!name)
            continue;
        sql_ident(out, dataset->dialect, name);
        return table->at + table->len;
    }
    buf_append(out, path->names[0].at, (size_t)(end - path->names[0].at));
    return end;
}

int sql_unqualify(struct buf *out, const struct sql_scope *dataset, const struct sql_names *tables,
                  const char *text, struct tg_error *err)
{
    struct path path;
    for (const char *at = text; *at;) {
        const char *end = at + sql_aside_len(at);
        if (end == at && (end = read_path(at, &path)) > at) {
            at = write_path(out, dataset, tables, &path, end);
            continue;
        }
        if (end == at) /* a number, too, with the letters in it */
            end += isdigit((unsigned char)*at) ? strspn(at, "0123456789eE") : 1;
        buf_append(out, at, (size_t)(end - at));
        at = end;
    }
    return buf_check(out, err);
}
