/*
 * Secrets in texts that people see.
 *
 * Path: redact -> at each byte find_value or find_place (user_info, assigned) -> *** in its stead.
 * secrets_add_places uses the same find_place to learn values while the configuration is read.
 *
 * A place is a rule of thumb: it may hide a word too many in a message, never in data. What a
 * message was cut off in the middle of is known by its beginning (find_value).
 */
#include "base/text/redact.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text/utf8.h"

enum { VALUE_BYTES_MIN = 8 };

static const char stars[] = "***";

/* A part of a text. */
struct span {
    size_t start, len;
};

/* ---- places ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

bool secret_name(const char *name, size_t len)
{
    static const char *const ends[] = {
        "password",   "passwd",      "passphrase", "pwd",           "secret",      "token",
        "apikey",     "api_key",     "api-key",    "access_key",    "access-key",  "secret_key",
        "secret-key", "account_key", "accountkey", "sig",           "private_key", "private-key",
        "credential", "credentials", "signature",  "authorization", "cookie",
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t end = strlen(ends[i]);
        if (len >= end && strncasecmp(name + len - end, ends[i], end) == 0)
            return true;
    }
    return false;
}

/* Behind these schemes a user is no more than a name: the word before "://" at text[at]. */
static bool has_named_users(const char *text, size_t at)
{
    static const char *const schemes[] = {"postgresql", "postgres"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t len = strlen(schemes[i]);
        if (at >= len && strncmp(text + at - len, schemes[i], len) == 0 &&
            (at == len || !is_word(text[at - len - 1])))
            return true;
    }
    return false;
}

/* A password may begin with a digit, too. */
static bool is_port(const char *text)
{
    enum { DIGITS_MAX = 5 };
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= DIGITS_MAX && !isalnum((unsigned char)text[digits]);
}

/* user:password@ behind "://". A password that was not encoded may have a slash or an '@' in it,
 * hence the last '@', unless what is before it is a port and a path. */
static bool user_info(const char *text, size_t at, struct span *out)
{
    static const char mark[] = "://";
    if (strncmp(text + at, mark, strlen(mark)) != 0)
        return false;
    const char *start = text + at + strlen(mark);
    size_t whole = strcspn(start, "?# \t\r\n'\"<>`");
    size_t authority = strcspn(start, "/?# \t\r\n'\"<>`");
    const char *end = memrchr(start, '@', authority);
    const char *colon = memchr(start, ':', authority);
    if (colon && (end || !is_port(colon + 1)))
        end = memrchr(start, '@', whole);
    if (colon && !end && !is_port(colon + 1)) /* one with blanks in it */
        end = memrchr(start, '@', strcspn(start, "\r\n"));
    if (!end || end == start)
        return false;
    if (has_named_users(text, at)) {
        colon = memchr(start, ':', (size_t)(end - start));
        start = colon ? colon + 1 : end;
    }
    *out = (struct span){(size_t)(start - text), (size_t)(end - start)};
    return end > start;
}

/* Where the value of a secret begins behind its name: past = or :, quotes and the word Bearer. */
static size_t value_start(const char *text, size_t at)
{
    static const char *const schemes[] = {"Bearer ", "Basic ", "Token "};
    bool quoted = text[at] == '"';
    at += quoted;
    at += strspn(text + at, " \t");
    if (text[at] != '=' && text[at] != ':')
        return 0;
    at++;
    at += strspn(text + at, " \t");
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strncasecmp(text + at, schemes[i], strlen(schemes[i])) == 0)
            at += strlen(schemes[i]);
    return at;
}

/* name=value, name: value, "name": "value". */
static bool assigned(const char *text, size_t at, struct span *out)
{
    size_t len = 0;
    if (at > 0 && (is_word(text[at - 1]) || strchr("/.", text[at - 1]))) /* a file's name */
        return false;
    while (is_word(text[at + len]))
        len++;
    if (len == 0 || !secret_name(text + at, len))
        return false;
    size_t start = value_start(text, at + len);
    if (start == 0)
        return false;
    char quote = text[start] == '"' || text[start] == '\'' ? text[start] : '\0';
    start += quote != '\0';
    size_t value = quote ? (size_t)(strchrnul(text + start, quote) - (text + start))
                         : strcspn(text + start, " \t\r\n&;,'\")}]");
    *out = (struct span){start, value};
    return value > 0 && strncmp(text + start, stars, strlen(stars)) != 0;
}

static bool find_place(const char *text, size_t at, struct span *out)
{
    return user_info(text, at, out) || assigned(text, at, out);
}

size_t redact_line(const char *line)
{
    struct span span;
    for (size_t at = 0; line[at]; at++)
        if (assigned(line, at, &span) && memchr(line + at, '=', span.start - at))
            return span.start;
    return strlen(line);
}

/* ---- values ---- */

static bool find_value(const struct secrets *secrets, const char *text, size_t at, struct span *out)
{
    for (size_t i = 0; secrets && i < secrets->count; i++) {
        const char *value = secrets->values[i];
        size_t same = 0;
        while (value[same] && text[at + same] == value[same])
            same++;
        bool cut = text[at + same] == '\0' && same >= VALUE_BYTES_MIN;
        if (value[same] && !cut)
            continue;
        *out = (struct span){at, same};
        return true;
    }
    return false;
}

static int add(struct secrets *secrets, const char *value, size_t len, struct tg_error *err)
{
    int rc = TG_OK;
    char *copy = NULL;
    if (len < VALUE_BYTES_MIN)
        return TG_OK;
    for (size_t i = 0; i < secrets->count; i++)
        if (strlen(secrets->values[i]) == len && memcmp(secrets->values[i], value, len) == 0)
            return TG_OK;
    TRY(mem_grow(&secrets->values, &secrets->cap, secrets->count + 1, sizeof(*secrets->values),
                 err));
    copy = mem_strndup(value, len);
    if (!copy)
        return error_nomem(err);
    size_t at = secrets->count++;
    for (; at > 0 && strlen(secrets->values[at - 1]) < len; at--)
        secrets->values[at] = secrets->values[at - 1];
    secrets->values[at] = copy;
done:
    return rc;
}

static void url_encode(const char *text, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (isalnum(c) || strchr("-._~", c))
            buf_char(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static void url_decode(const char *text, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++) {
        bool escape = text[i] == '%' && i + 2 < len && isxdigit((unsigned char)text[i + 1]) &&
                      isxdigit((unsigned char)text[i + 2]);
        buf_char(out,
                 escape ? (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i]);
        i += escape ? 2 : 0;
    }
}

/* As it stands, and as it would stand in a URL, or behind one. */
static int add_forms(struct secrets *secrets, const char *value, size_t len, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf encoded = BUF_INIT, decoded = BUF_INIT;
    url_encode(value, len, &encoded);
    url_decode(value, len, &decoded);
    TRY(buf_check(&encoded, err));
    TRY(buf_check(&decoded, err));
    TRY(add(secrets, value, len, err));
    TRY(add(secrets, buf_string(&encoded), encoded.len, err));
    TRY(add(secrets, buf_string(&decoded), strlen(buf_string(&decoded)), err));
done:
    buf_release(&encoded);
    buf_release(&decoded);
    return rc;
}

int secrets_add(struct secrets *secrets, const char *value, struct tg_error *err)
{
    return add_forms(secrets, value, strlen(value), err);
}

/* Of user:password the password alone: users' names are words of other texts, too. */
static int add_place(struct secrets *secrets, const char *text, const struct span *span,
                     struct tg_error *err)
{
    const char *value = text + span->start;
    bool with_user = text[span->start + span->len] == '@' && value[-1] == '/';
    const char *colon = with_user ? memchr(value, ':', span->len) : NULL;
    size_t skip = colon ? (size_t)(colon - value) + 1 : 0;
    return add_forms(secrets, value + skip, span->len - skip, err);
}

int secrets_add_places(struct secrets *secrets, const char *text, struct tg_error *err)
{
    int rc = TG_OK;
    struct span span;
    for (size_t at = 0; text[at]; at++)
        if (find_place(text, at, &span))
            TRY(add_place(secrets, text, &span, err));
done:
    return rc;
}

void secrets_release(struct secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++) {
        memset(secrets->values[i], 0, strlen(secrets->values[i]));
        mem_free(secrets->values[i]);
    }
    mem_free(secrets->values);
    *secrets = (struct secrets){0};
}

/* ---- hiding ---- */

static bool find_secret(const struct secrets *secrets, const char *text, size_t at,
                        struct span *out)
{
    return find_value(secrets, text, at, out) || find_place(text, at, out);
}

static bool has_secret(const struct secrets *secrets, const char *text)
{
    struct span span;
    for (size_t at = 0; text[at]; at++)
        if (find_secret(secrets, text, at, &span))
            return true;
    return false;
}

void redact(const struct secrets *secrets, const char *text, struct buf *out)
{
    for (size_t at = 0; text[at];) {
        struct span span;
        if (!find_secret(secrets, text, at, &span)) {
            buf_char(out, text[at++]);
            continue;
        }
        buf_append(out, text + at, span.start - at);
        buf_text(out, stars);
        at = span.start + span.len;
    }
}

void redact_in(const struct secrets *secrets, char *text, size_t size)
{
    struct buf shown = BUF_INIT;
    if (!has_secret(secrets, text))
        return;
    redact(secrets, text, &shown);
    /* Without memory nothing is shown rather than too much. */
    const char *whole = shown.failed ? stars : buf_string(&shown);
    size_t len = strlen(whole);
    if (len >= size)
        len = utf8_cut(whole, size - 1);
    memcpy(text, whole, len);
    text[len] = '\0';
    buf_release(&shown);
}

void redact_error(const struct secrets *secrets, struct tg_error *err)
{
    if (!err)
        return;
    redact_in(secrets, err->where, sizeof(err->where));
    redact_in(secrets, err->what, sizeof(err->what));
    /* The parts of the place say again what stands in `where`. */
    redact_in(secrets, err->resource, sizeof(err->resource));
    redact_in(secrets, err->table, sizeof(err->table));
    redact_in(secrets, err->column, sizeof(err->column));
    redact_in(secrets, err->key_path, sizeof(err->key_path));
    redact_in(secrets, err->file, sizeof(err->file));
}
