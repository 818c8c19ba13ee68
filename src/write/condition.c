/*
 * Conditions that a spec gives: source_filter and destination_scope.
 *
 *   condition_check: quotes, then what stands outside of them (check_outside), parentheses,
 *   placeholders; condition_write fills these in
 *
 * What would end the condition before its text does, or read differently in another database, is
 * refused, not mended: `;`, comments, a parenthesis too many, quotes of other kinds, a backslash
 * before a quote. Brackets are a list or an index to one database and quote a name to another, so
 * that what is in them must be the same to both. Whether the rest is SQL, the database says.
 */
#include "write/condition.h"

#include <string.h>

#include "base/error.h"

/* ---- placeholders ---- */

struct placeholder {
    const char *at; /* behind its brace */
    size_t len;
};

static bool is_placeholder(const struct placeholder *found, const char *name)
{
    return strlen(name) == found->len && strncmp(found->at, name, found->len) == 0;
}

/* What it stands for; NULL: nothing. */
static const char *find_name(const struct placeholder *found, const struct condition_names *names)
{
    return is_placeholder(found, "table")           ? names->table
           : is_placeholder(found, "staging_table") ? names->staging_table
                                                    : NULL;
}

/* The one at the brace; false: the brace is doubled. */
static bool read_brace(const char *brace, struct placeholder *out)
{
    *out = (struct placeholder){brace + 1, strcspn(brace + 1, "{}")};
    return brace[0] != brace[1];
}

static int check_brace(const char **at, const struct condition_names *names, struct tg_error *err)
{
    struct placeholder found;
    if (!read_brace(*at, &found)) {
        *at += 2;
        return TG_OK;
    }
    if (**at == '{' && found.at[found.len] == '}' && find_name(&found, names)) {
        *at = found.at + found.len + 1;
        return TG_OK;
    }
    return error_set(err, TG_USAGE,
                     "'%.*s' stands for nothing here: there is %s; write {{ and }} "
                     "for braces",
                     (int)(**at == '{' ? found.len + 2 : 1), *at,
                     names->table ? "{table}, the table there, and {staging_table}, the rows of "
                                    "the load"
                                  : "{staging_table}, the rows of the load");
}

/* ---- quotes and parentheses ---- */

static int check_quoted(const char **at, struct tg_error *err)
{
    const char quote = **at, *start = *at;
    for (const char *p = start + 1; *p; p++) {
        if (*p == '\\' && p[1] == quote)
            return error_set(err, TG_USAGE,
                             "a backslash stands before a quote, which databases "
                             "read differently; double the quote, or use chr(92)");
        if (*p == quote && p[1] == quote) {
            p++;
        } else if (*p == quote) {
            *at = p + 1;
            return TG_OK;
        }
    }
    return error_set(err, TG_USAGE, "the quote before '%.20s' is never closed", start + 1);
}

/* Of conditions for the destination, whichever that is; those of staged rows are for DuckDB. */
static int check_brackets(const char *at, const struct condition_names *names, struct tg_error *err)
{
    const size_t len = strcspn(at + 1, "]");
    if (!names->table || (at[len + 1] && strcspn(at + 1, "'\"()[") > len))
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "'%.*s' has a quote, a parenthesis or a bracket between [ and ], which some "
                     "databases take for a name; write lists as IN (...), and names between \"",
                     (int)(len < 20 ? len + 2 : 20), at);
}

static int check_outside(const char *at, const struct condition_names *names, int *depth,
                         struct tg_error *err)
{
    if (*at == '[')
        return check_brackets(at, names, err);
    if (*at == ';')
        return error_set(err, TG_USAGE, "it has a ';': one condition is asked for");
    if (strncmp(at, "--", 2) == 0 || strncmp(at, "/*", 2) == 0)
        return error_set(err, TG_USAGE, "it has a comment ('%.2s'), which would hide what follows",
                         at);
    if (*at == '$' || *at == '`')
        return error_set(err, TG_USAGE,
                         "it has a '%c' outside of quotes; put texts between ' and "
                         "names between \"",
                         *at);
    *depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
    if (*depth < 0)
        return error_set(err, TG_USAGE, "it closes a parenthesis that it has not opened");
    return TG_OK;
}

/* Placeholders count in quotes, too. */
static int check_braces(const char *text, const struct condition_names *names, struct tg_error *err)
{
    for (const char *at = text + strcspn(text, "{}"); *at; at += strcspn(at, "{}")) {
        int rc = check_brace(&at, names, err);
        if (rc != TG_OK)
            return rc;
    }
    return TG_OK;
}

int condition_check(const char *text, const struct condition_names *names, struct tg_error *err)
{
    int rc = TG_OK, depth = 0;
    if (text[strspn(text, " \t\r\n")] == '\0')
        return error_set(err, TG_USAGE, "it is empty");
    for (const char *at = text; *at;) {
        if (*at == '\'' || *at == '"') {
            TRY(check_quoted(&at, err));
            continue;
        }
        TRY(check_outside(at, names, &depth, err));
        at++;
    }
    if (depth > 0)
        return error_set(err, TG_USAGE, "it opens a parenthesis that it does not close");
    TRY(check_braces(text, names, err));
done:
    return rc;
}

/* ---- writing ---- */

void condition_write(struct buf *out, const char *text, const struct condition_names *names)
{
    struct placeholder found;
    for (const char *at = text; *at;) {
        size_t plain = strcspn(at, "{}");
        buf_append(out, at, plain);
        at += plain;
        if (!*at)
            break;
        if (!read_brace(at, &found)) {
            buf_char(out, *at);
            at += 2;
            continue;
        }
        buf_text(out, find_name(&found, names));
        at = found.at + found.len + 1;
    }
}

bool condition_names_staged(const char *text)
{
    struct placeholder found;
    for (const char *at = text + strcspn(text, "{}"); *at; at += strcspn(at, "{}")) {
        bool is_one = read_brace(at, &found);
        if (is_one && is_placeholder(&found, "staging_table"))
            return true;
        at += is_one ? 1 : 2;
    }
    return false;
}
