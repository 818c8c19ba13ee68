/*
 * Statements from patterns.
 *
 * Path: sql_write -> for each [ or {: write_fixed (the name stands in the pattern) or write_hole ->
 * find_part -> write_part, write_text; of a list of columns write_list, or write_match (each of one
 * list with its like of the other). A part that is a pattern is filled in from the whole scope.
 *
 * Only patterns are read for parts: what a value or a name has in it means nothing, and reaches
 * the statement through sql_ident and sql_text alone. What the statements are is said in write/.
 */
#include "database/template.h"

#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "database/connection.h"

struct span {
    const char *at;
    size_t len;
};

static int bad_hole(struct span hole, const char *what, struct tg_error *err)
{
    return error_set(err, TG_INTERNAL, "the pattern of an SQL statement has '%.*s', which %s",
                     (int)hole.len, hole.at, what);
}

static const struct sql_part *find_part(const struct sql_scope *scope, struct span name)
{
    for (; scope; scope = scope->outer)
        for (const struct sql_part *part = scope->parts; part && part->name; part++)
            if (strlen(part->name) == name.len && memcmp(part->name, name.at, name.len) == 0)
                return part;
    return NULL;
}

/* ---- lists of columns ---- */

struct list {
    struct span alias; /* "old.", or empty */
    const struct sql_names *names;
};

static struct span after_alias(struct span word)
{
    const char *dot = memchr(word.at, '.', word.len);
    size_t alias = dot ? (size_t)(dot - word.at) + 1 : 0;
    return (struct span){word.at + alias, word.len - alias};
}

static int find_list(const struct sql_scope *scope, struct span word, struct list *out,
                     struct tg_error *err)
{
    struct span name = after_alias(word);
    const struct sql_part *part = find_part(scope, name);
    if (!part || part->kind != SQL_IS_NAMES || !part->names || part->names->count == 0)
        return bad_hole(word, "is no list of columns", err);
    *out = (struct list){{word.at, word.len - name.len}, part->names};
    return TG_OK;
}

static void write_column(struct buf *out, const struct dialect *dialect, const struct list *list,
                         size_t i)
{
    buf_append(out, list->alias.at, list->alias.len);
    sql_ident(out, dialect, list->names->items[i]);
}

static int write_list(struct buf *out, const struct sql_scope *scope, struct span word,
                      struct tg_error *err)
{
    struct list list;
    int rc = find_list(scope, word, &list, err);
    for (size_t i = 0; rc == TG_OK && i < list.names->count; i++) {
        buf_text(out, i > 0 ? ", " : "");
        write_column(out, scope->dialect, &list, i);
    }
    return rc;
}

/* The words on both sides are lists, what stands between them is the operator. */
static int write_match(struct buf *out, const struct sql_scope *scope, struct span hole,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct list left, right;
    size_t first = (size_t)((const char *)memchr(hole.at, ' ', hole.len) - hole.at);
    size_t last = hole.len;
    while (hole.at[last - 1] != ' ')
        last--;
    TRY(find_list(scope, (struct span){hole.at, first}, &left, err));
    TRY(find_list(scope, (struct span){hole.at + last, hole.len - last}, &right, err));
    if (left.names->count != right.names->count)
        return bad_hole(hole, "matches lists of other lengths", err);
    for (size_t i = 0; i < left.names->count; i++) {
        buf_text(out, i > 0 ? " AND " : "");
        write_column(out, scope->dialect, &left, i);
        buf_append(out, hole.at + first, last - first);
        write_column(out, scope->dialect, &right, i);
    }
done:
    return rc;
}

/* ---- parts ---- */

static void write_time(struct buf *out, const struct dialect *dialect, int64_t us)
{
    buf_text(out, "CAST('");
    time_format_timestamp(out, us, true);
    buf_text(out, "' AS ");
    dialect->type_sql(&(struct type_spec){.type = TYPE_TIMESTAMP}, out);
    buf_char(out, ')');
}

static int write_part(struct buf *out, const struct sql_scope *scope, struct span hole,
                      struct tg_error *err)
{
    const struct sql_part *part = find_part(scope, hole);
    if (!part)
        return bad_hole(hole, "is not there", err);
    if (part->kind < SQL_IS_TYPE && !part->text)
        return bad_hole(hole, "has no value", err);
    switch (part->kind) {
    case SQL_IS_PATTERN: return sql_write(out, scope, part->text, err);
    case SQL_IS_PIECE: buf_text(out, part->text); return TG_OK;
    case SQL_IS_NAME: sql_ident(out, scope->dialect, part->text); return TG_OK;
    case SQL_IS_TABLE: sql_table(out, scope->dialect, scope->dataset, part->text); return TG_OK;
    case SQL_IS_TYPE: scope->dialect->type_sql(part->type, out); return TG_OK;
    case SQL_IS_NUMBER: buf_printf(out, "%" PRId64, part->number); return TG_OK;
    case SQL_IS_TIME: write_time(out, scope->dialect, part->number); return TG_OK;
    default: return bad_hole(hole, "is a text, and is not between quotes", err);
    }
}

static int write_text(struct buf *out, const struct sql_scope *scope, struct span hole,
                      struct tg_error *err)
{
    const struct sql_part *part = NULL;
    if (hole.len > 2 && hole.at[hole.len - 1] == '\'')
        part = find_part(scope, (struct span){hole.at + 1, hole.len - 2});
    if (!part || part->kind != SQL_IS_TEXT)
        return bad_hole(hole, "is no text", err);
    sql_text(out, part->text);
    return TG_OK;
}

static int write_hole(struct buf *out, const struct sql_scope *scope, struct span hole,
                      struct tg_error *err)
{
    const struct sql_part *part = find_part(scope, after_alias(hole));
    if (hole.len > 0 && hole.at[0] == '\'')
        return write_text(out, scope, hole, err);
    if (memchr(hole.at, ' ', hole.len))
        return write_match(out, scope, hole, err);
    if (part && part->kind == SQL_IS_NAMES)
        return write_list(out, scope, hole, err);
    return write_part(out, scope, hole, err);
}

/* ---- patterns ---- */

enum { NAME_BYTES_MAX = 63 };

/* A column, or a table of the ledger, that goes by the name in the pattern. */
static int write_fixed(struct buf *out, const struct sql_scope *scope, char open, struct span hole,
                       struct tg_error *err)
{
    char name[NAME_BYTES_MAX + 1];
    if (hole.len == 0 || hole.len > NAME_BYTES_MAX)
        return bad_hole(hole, "is no name", err);
    memcpy(name, hole.at, hole.len);
    name[hole.len] = '\0';
    if (open == '[')
        sql_ident(out, scope->dialect, name);
    else
        sql_table(out, scope->dialect, scope->dataset, name);
    return TG_OK;
}

int sql_write(struct buf *out, const struct sql_scope *scope, const char *pattern,
              struct tg_error *err)
{
    int rc = TG_OK;
    for (const char *at = pattern; *at;) {
        size_t len = strcspn(at, "[{");
        buf_append(out, at, len);
        at += len;
        if (!*at)
            break;
        char open = *at++;
        struct span hole = {at, strcspn(at, "[]{}")};
        if (at[hole.len] != (open == '[' ? ']' : '}'))
            return bad_hole(hole, "has no end", err);
        if (open == '[' || *at == '_')
            TRY(write_fixed(out, scope, open, hole, err));
        else
            TRY(write_hole(out, scope, hole, err));
        at += hole.len + 1;
    }
    rc = buf_check(out, err);
done:
    return rc;
}

/* ---- statements that are run ---- */

int sql_exec(struct connection *con, const struct sql_scope *scope, const char *pattern,
             uint64_t *changed, struct tg_error *err)
{
    struct buf sql = BUF_INIT;
    int rc = sql_write(&sql, scope, pattern, err);
    if (rc == TG_OK)
        rc = connection_exec(con, buf_string(&sql), changed, err);
    buf_release(&sql);
    return rc;
}

int sql_fetch(struct connection *con, const struct sql_scope *scope, const char *pattern,
              struct text_rows *out, struct tg_error *err)
{
    struct buf sql = BUF_INIT;
    int rc = sql_write(&sql, scope, pattern, err);
    if (rc == TG_OK)
        rc = connection_fetch(con, buf_string(&sql), out, err);
    buf_release(&sql);
    return rc;
}
