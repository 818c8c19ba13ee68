/*
 * SQL that somebody has written, as far as it takes to know where literals, comments and statements
 * end.
 *
 *   sql_split -> skip_empty (blanks, comments, semicolons) -> statement_len: up to the semicolon
 *
 * Whether it is SQL at all is the database's to say; names are read where they matter
 * (write/sql/unqualify.c).
 */
#include "database/split.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool sql_begins_name(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* ---- what is no name ---- */

size_t sql_quoted_len(const char *at, bool escapes)
{
    size_t i = 1;
    for (; at[i]; i++) {
        if (escapes && at[i] == '\\' && at[i + 1])
            i++;
        else if (at[i] == at[0] && at[i + 1] == at[0])
            i++;
        else if (at[i] == at[0])
            return i + 1;
    }
    return i;
}

/* Comments may hold others. */
static size_t comment_len(const char *at)
{
    size_t i = 0, depth = 0;
    for (; at[i]; i++) {
        const bool opens = at[i] == '/' && at[i + 1] == '*',
                   ends = at[i] == '*' && at[i + 1] == '/';
        depth += opens;
        depth -= ends;
        i += opens || ends;
        if (depth == 0)
            return i + 1;
    }
    return i;
}

/* $tag$ ... $tag$; 0: it is none. */
static size_t dollar_len(const char *at)
{
    size_t tag = 1;
    while (sql_begins_name(at[tag]) || (tag > 1 && isdigit((unsigned char)at[tag])))
        tag++;
    if (at[tag++] != '$')
        return 0;
    for (const char *end = at + tag; (end = strchr(end, '$')); end++)
        if (strncmp(end, at, tag) == 0)
            return (size_t)(end - at) + tag;
    return strlen(at);
}

size_t sql_aside_len(const char *at)
{
    if (*at == '\'')
        return sql_quoted_len(at, false);
    if ((*at == 'e' || *at == 'E') && at[1] == '\'')
        return 1 + sql_quoted_len(at + 1, true);
    if (strncmp(at, "--", 2) == 0)
        return strcspn(at, "\n");
    if (strncmp(at, "/*", 2) == 0)
        return comment_len(at);
    return *at == '$' ? dollar_len(at) : 0;
}

/* ---- statements ---- */

/* Blanks and comments. */
static const char *skip_blanks(const char *at)
{
    for (;;) {
        at += strspn(at, " \t\r\n");
        bool is_comment = strncmp(at, "--", 2) == 0 || strncmp(at, "/*", 2) == 0;
        if (!is_comment)
            return at;
        at += sql_aside_len(at);
    }
}

static size_t word_len(const char *at)
{
    size_t len = 0;
    while (sql_begins_name(at[len]) || (len > 0 && isdigit((unsigned char)at[len])))
        len++;
    return len;
}

static bool is_word(const char *at, size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(at, word, len) == 0;
}

/* Has what is made statements of its own? Then it ends with END. */
static bool makes_block(const char *at)
{
    static const char *const kinds[] = {"TRIGGER", "FUNCTION", "PROCEDURE"};
    static const char *const between[] = {"CREATE", "OR", "REPLACE", "TEMP", "TEMPORARY"};
    size_t len = word_len(at), i;
    if (!is_word(at, len, "CREATE"))
        return false;
    for (; (len = word_len(at)) > 0; at = skip_blanks(at + len)) {
        for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
            if (is_word(at, len, kinds[i]))
                return true;
        for (i = 0; i < sizeof(between) / sizeof(between[0]); i++)
            if (is_word(at, len, between[i]))
                break;
        if (i == sizeof(between) / sizeof(between[0]))
            break;
    }
    return false;
}

/* Up to its semicolon, or its end. */
static size_t statement_len(const char *text)
{
    const char *at = text;
    bool may_block = makes_block(skip_blanks(text)), in_block = false;
    while (*at) {
        size_t aside = sql_aside_len(at), word = aside > 0 ? 0 : word_len(at);
        bool is_quoted = *at == '"' || *at == '`';
        if (aside > 0 || is_quoted) {
            at += aside > 0 ? aside : sql_quoted_len(at, false);
        } else if (word > 0) {
            in_block |= may_block && is_word(at, word, "BEGIN");
            at += word;
        } else if (*at == ';') {
            const char *next = skip_blanks(at + 1);
            if (!in_block)
                break;
            in_block = !is_word(next, word_len(next), "END");
            at++;
        } else {
            at++;
        }
    }
    return (size_t)(at - text);
}

static const char *skip_empty(const char *at)
{
    for (;;) {
        const char *first = at + strspn(at, " \t\r\n;"), *next = skip_blanks(first);
        if (!*next)
            return NULL;
        if (*next != ';')
            return first;
        at = next;
    }
}

const char *sql_split(const char **text, size_t *len)
{
    const char *at = skip_empty(*text);
    *len = 0;
    if (!at)
        return NULL;
    *text = at;
    *len = statement_len(at);
    return skip_empty(at + *len);
}
