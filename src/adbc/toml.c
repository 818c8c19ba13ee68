/*
 * A strict reader of a part of TOML, for the manifests of drivers.
 *
 * Path: toml_parse -> line by line: read_table ([a.b]) or read_pair (key = value) -> read_key,
 * read_value -> add, which refuses a key that comes twice.
 *
 * Floats, dates, tables in braces, tables in lists and texts over several lines are not read: no
 * manifest needs one. What the keys mean is manifest.c's.
 */
#include "adbc/toml.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"

struct reader {
    const char *at, *end;
    int line;
    struct toml *out;
    struct buf table; /* "Driver.shared." before the keys that follow, or "" */
    struct buf key, value;
    struct tg_error *err;
};

static int fault(const struct reader *reader, const char *what)
{
    return error_set(reader->err, TG_USAGE, "line %d %s", reader->line, what);
}

static char peek(const struct reader *reader)
{
    return reader->at < reader->end ? *reader->at : '\n';
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
        reader->at++;
}

/* Blanks, a comment, and the end of the line. */
static int end_line(struct reader *reader)
{
    skip_blanks(reader);
    if (peek(reader) == '#')
        while (reader->at < reader->end && *reader->at != '\n')
            reader->at++;
    if (peek(reader) == '\r')
        reader->at++;
    if (peek(reader) != '\n')
        return fault(reader, "has something after its value");
    reader->at += reader->at < reader->end;
    reader->line++;
    return TG_OK;
}

/* Blanks, comments and lines within a list. */
static void skip_lines(struct reader *reader)
{
    for (; reader->at < reader->end; reader->at++) {
        if (*reader->at == '#')
            while (reader->at < reader->end && *reader->at != '\n')
                reader->at++;
        if (reader->at == reader->end || !isspace((unsigned char)*reader->at))
            return;
        reader->line += *reader->at == '\n';
    }
}

/* ---- texts ---- */

static int read_hex(struct reader *reader, int digits)
{
    uint32_t code = 0;
    for (int i = 0; i < digits; i++, reader->at++) {
        unsigned char c = (unsigned char)peek(reader);
        if (!isxdigit(c))
            return fault(reader, "has an escape that is not finished");
        code = code * 16 + (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return fault(reader, "has an escape for what is no character");
    if (code < 0x80) {
        buf_char(&reader->value, (char)code);
        return TG_OK;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xC0, 0xE0, 0xF0};
    buf_char(&reader->value, (char)(first[more] | code >> (6 * more)));
    for (int i = more - 1; i >= 0; i--)
        buf_char(&reader->value, (char)(0x80 | (code >> (6 * i) & 0x3F)));
    return TG_OK;
}

static int read_escape(struct reader *reader)
{
    static const char names[] = "btnfr\"\\", means[] = "\b\t\n\f\r\"\\";
    char c = peek(reader);
    const char *known = c ? strchr(names, c) : NULL;
    reader->at++;
    if (c == 'u' || c == 'U')
        return read_hex(reader, c == 'u' ? 4 : 8);
    if (!known)
        return fault(reader, "has an unknown escape");
    buf_char(&reader->value, means[known - names]);
    return TG_OK;
}

/* A text in one line, "with escapes" or 'without', into reader->value. */
static int read_text(struct reader *reader)
{
    int rc = TG_OK;
    char quote = *reader->at++;
    buf_clear(&reader->value);
    if (reader->end - reader->at >= 2 && reader->at[0] == quote && reader->at[1] == quote)
        return fault(reader, "has a text in three quotes, which is not read here");
    while (peek(reader) != quote) {
        char c = peek(reader);
        if (c == '\n' || (unsigned char)c < 0x20)
            return fault(reader, "has a text that is not ended");
        reader->at++;
        if (c == '\\' && quote == '"')
            TRY(read_escape(reader));
        else
            buf_char(&reader->value, c);
    }
    reader->at++;
    rc = buf_check(&reader->value, reader->err);
done:
    return rc;
}

/* ---- keys ---- */

static bool is_bare(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* a.b."c", appended to `out` with dots between. */
static int read_key(struct reader *reader, struct buf *out)
{
    int rc = TG_OK;
    for (;;) {
        skip_blanks(reader);
        const char *start = reader->at;
        if (peek(reader) == '"' || peek(reader) == '\'') {
            TRY(read_text(reader));
            buf_text(out, buf_string(&reader->value));
        } else {
            while (is_bare(peek(reader)))
                reader->at++;
            if (reader->at == start)
                return fault(reader, "has no key");
            buf_append(out, start, (size_t)(reader->at - start));
        }
        skip_blanks(reader);
        if (peek(reader) != '.')
            break;
        reader->at++;
        buf_char(out, '.');
    }
    rc = buf_check(out, reader->err);
done:
    return rc;
}

/* ---- values ---- */

static int read_bare(struct reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && !strchr(" \t\r\n#,]", *reader->at))
        reader->at++;
    size_t len = (size_t)(reader->at - start), digits = len;
    size_t sign = len > 0 && (*start == '-' || *start == '+');
    for (size_t i = sign; i < len; i++)
        digits -= isdigit((unsigned char)start[i]) || start[i] == '_';
    bool is_word =
        (len == 4 && memcmp(start, "true", 4) == 0) || (len == 5 && memcmp(start, "false", 5) == 0);
    if (!is_word && (digits != sign || len == sign))
        return fault(reader, "has a value that is neither a text in quotes, a whole number, true, "
                             "false nor a list of these, and others are not read here");
    buf_clear(&reader->value);
    buf_append(&reader->value, start, len);
    return buf_check(&reader->value, reader->err);
}

static int read_scalar(struct reader *reader, bool *is_text)
{
    *is_text = peek(reader) == '"' || peek(reader) == '\'';
    return *is_text ? read_text(reader) : read_bare(reader);
}

/* What is in a list is checked, and not kept: no manifest has one that tells where a driver is. */
static int read_list(struct reader *reader)
{
    int rc = TG_OK;
    bool is_text;
    reader->at++;
    for (;;) {
        skip_lines(reader);
        if (peek(reader) == ']')
            break;
        TRY(read_scalar(reader, &is_text));
        skip_lines(reader);
        if (peek(reader) != ',' && peek(reader) != ']')
            return fault(reader, "has a list without ',' or ']' after a value");
        reader->at += peek(reader) == ',';
    }
    reader->at++;
done:
    return rc;
}

static int add(struct reader *reader, const struct toml_entry *entry)
{
    struct toml *out = reader->out;
    if (toml_find(out, entry->key))
        return error_set(reader->err, TG_USAGE, "line %d has the key '%s' again", entry->line,
                         entry->key);
    int rc = mem_grow(&out->entries, &out->cap, out->count + 1, sizeof(*entry), reader->err);
    if (rc == TG_OK)
        out->entries[out->count++] = *entry;
    return rc;
}

static int read_pair(struct reader *reader)
{
    int rc = TG_OK;
    struct toml_entry entry = {.line = reader->line};
    buf_clear(&reader->key);
    buf_text(&reader->key, buf_string(&reader->table));
    TRY(read_key(reader, &reader->key));
    if (peek(reader) != '=')
        return fault(reader, "has no '=' after its key");
    reader->at++;
    skip_blanks(reader);
    bool is_list = peek(reader) == '[';
    TRY(is_list ? read_list(reader) : read_scalar(reader, &entry.is_text));
    TRY(arena_keep(&reader->out->arena, buf_string(&reader->key), &entry.key, reader->err));
    if (!is_list)
        TRY(arena_keep(&reader->out->arena, buf_string(&reader->value), &entry.value, reader->err));
    TRY(end_line(reader));
    rc = add(reader, &entry);
done:
    return rc;
}

static int read_table(struct reader *reader)
{
    int rc = TG_OK;
    reader->at++;
    if (peek(reader) == '[')
        return fault(reader, "begins a list of tables, which is not read here");
    buf_clear(&reader->table);
    TRY(read_key(reader, &reader->table));
    if (peek(reader) != ']')
        return fault(reader, "has no ']' after the name of its table");
    reader->at++;
    buf_char(&reader->table, '.');
    TRY(buf_check(&reader->table, reader->err));
    rc = end_line(reader);
done:
    return rc;
}

int toml_parse(const char *text, size_t len, struct toml *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct reader reader = {.at = text, .end = text + len, .line = 1, .out = out, .err = err};
    *out = (struct toml){0};
    arena_init(&out->arena);
    while (reader.at < reader.end) {
        skip_blanks(&reader);
        char c = peek(&reader);
        if (c == '[')
            TRY(read_table(&reader));
        else if (c == '\n' || c == '\r' || c == '#')
            TRY(end_line(&reader));
        else
            TRY(read_pair(&reader));
    }
done:
    buf_release(&reader.table);
    buf_release(&reader.key);
    buf_release(&reader.value);
    return rc;
}

const struct toml_entry *toml_find(const struct toml *toml, const char *key)
{
    for (size_t i = 0; i < toml->count; i++)
        if (strcmp(toml->entries[i].key, key) == 0)
            return &toml->entries[i];
    return NULL;
}

void toml_release(struct toml *toml)
{
    mem_free(toml->entries);
    arena_release(&toml->arena);
    *toml = (struct toml){0};
}
