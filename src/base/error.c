/*
 * Errors: filling and extending the caller's struct tg_error, and what a code means to a shell.
 *
 * Path: error_set (where it happened) -> error_where, error_at (each outer level) -> tg_code_exit
 * (the command). Texts are cut to fit, never in the middle of a UTF-8 character. Formatting goes
 * through a buffer on the stack, so that an argument may point into `err` itself, and so that
 * nothing is allocated.
 *
 * Who prints the error is not decided here.
 */
#include "base/error.h"

#include <string.h>

#include "base/text/utf8.h"

/* The most bytes of `text` that fit into `max` without cutting a character. */
static size_t fitting(const char *text, size_t max)
{
    size_t len = strlen(text);
    return len <= max ? len : utf8_cut(text, max);
}

static void put(char *out, size_t size, const char *text)
{
    size_t len = fitting(text, size - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

/* vsnprintf cuts at a byte; `text` gets a byte more than any target so that put() sees that there
 * was more. */
static void format_text(char *text, size_t size, const char *format, va_list args)
{
    if (vsnprintf(text, size, format, args) < 0)
        text[0] = '\0';
}

static void fill(struct tg_error *err, int code, const char *text)
{
    *err = (struct tg_error){.code = code, .retryable = code == TG_LOCKED || code == TG_CONFLICT};
    put(err->what, sizeof(err->what), text);
}

void error_clear(struct tg_error *err)
{
    if (err)
        *err = (struct tg_error){0};
}

int error_set(struct tg_error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    char text[sizeof(err->what) + 8];
    va_list args;
    va_start(args, format);
    format_text(text, sizeof(text), format, args);
    va_end(args);
    fill(err, code, text);
    return code;
}

int error_errno(struct tg_error *err, int code, int errnum, const char *format, ...)
{
    if (!err)
        return code;
    char text[sizeof(err->what) + 8];
    va_list args;
    va_start(args, format);
    format_text(text, sizeof(text), format, args);
    va_end(args);
    char reason_memory[128];
    const char *reason = strerror_r(errnum, reason_memory, sizeof(reason_memory));
    /* The reason matters more than the end of a long subject. */
    size_t room = sizeof(err->what) - 1 - strlen(reason) - 2;
    size_t len = fitting(text, room);
    snprintf(text + len, sizeof(text) - len, ": %s", reason);
    fill(err, code, text);
    return code;
}

int error_nomem(struct tg_error *err)
{
    if (err)
        fill(err, TG_NOMEM,
             "out of memory; end other programs, or lower the memory budget of the run");
    return TG_NOMEM;
}

int error_where(struct tg_error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    char text[2 * sizeof(err->where) + 8];
    va_list args;
    va_start(args, format);
    format_text(text, sizeof(err->where) + 4, format, args);
    va_end(args);
    size_t len = strlen(text);
    if (len > 0 && err->where[0] != '\0')
        len += (size_t)snprintf(text + len, 3, ", ");
    snprintf(text + len, sizeof(text) - len, "%s", err->where);
    put(err->where, sizeof(err->where), text);
    return err->code != TG_OK ? err->code : code;
}

int error_before(struct tg_error *err, int code, const char *sentence)
{
    if (!err)
        return code;
    char text[2 * sizeof(err->what)];
    snprintf(text, sizeof(text), "%.200s: %s", sentence, err->what);
    put(err->what, sizeof(err->what), text);
    return err->code != TG_OK ? err->code : code;
}

/* ---- places that are known in parts ---- */

static const struct {
    const char *word;
    size_t offset, size;
} places[] = {
#define PLACE(word, field)                                                                         \
    {                                                                                              \
        word, offsetof(struct tg_error, field), sizeof(((struct tg_error *)0)->field)              \
    }
    [AT_RESOURCE] = PLACE("resource", resource), [AT_TABLE] = PLACE("table", table),
    [AT_COLUMN] = PLACE("column", column),       [AT_CURSOR] = PLACE("cursor", key_path),
    [AT_KEY] = PLACE("key", key_path),           [AT_FILE] = PLACE("file", file)};

static void put_place(struct tg_error *err, enum error_place place, const char *name)
{
    char *out = (char *)err + places[place].offset;
    if (!*out)
        put(out, places[place].size, name);
}

int error_at(struct tg_error *err, int code, enum error_place place, const char *name)
{
    if (!err)
        return code;
    put_place(err, place, name);
    return error_where(err, code, "%s '%s'", places[place].word, name);
}

int error_names(struct tg_error *err, int code, enum error_place place, const char *name)
{
    if (err)
        put_place(err, place, name);
    return code;
}

int error_reason(struct tg_error *err, int code, enum tg_reason reason)
{
    if (err)
        err->reason = reason;
    return code;
}

int error_below_key(struct tg_error *err, int code, const char *path)
{
    char whole[2 * sizeof(err->key_path)];
    if (!err)
        return code;
    snprintf(whole, sizeof(whole), "%s%s%s", path, err->key_path[0] ? "." : "", err->key_path);
    put(err->key_path, sizeof(err->key_path), whole);
    return code;
}

int error_at_line(struct tg_error *err, int code, uint64_t line)
{
    if (err && err->line == 0)
        err->line = line;
    return error_where(err, code, "line %llu", (unsigned long long)line);
}

int error_at_row(struct tg_error *err, int code, uint64_t row)
{
    if (err && err->row == 0)
        err->row = row;
    return error_where(err, code, "row %llu", (unsigned long long)row);
}

int error_at_mark(struct tg_error *err, int code, const char *file, int line, int position)
{
    if (!err)
        return code;
    put_place(err, AT_FILE, file);
    err->line = (uint64_t)line;
    err->position = (uint64_t)position;
    return error_where(err, code, "%s:%d:%d", file, line, position);
}

/* ---- codes ---- */

const char *tg_code_name(int code)
{
    static const char *const names[] = {
        "TG_OK",       "TG_USAGE",     "TG_SPEC",        "TG_NOMEM",  "TG_IO",
        "TG_SOURCE",   "TG_DATA",      "TG_DESTINATION", "TG_LOCKED", "TG_CONFLICT",
        "TG_CONTRACT", "TG_CANCELLED", "TG_INTERNAL",    "TG_LIMIT"};
    bool known = code >= TG_OK && (size_t)code < sizeof(names) / sizeof(names[0]);
    return known ? names[code] : "TG_UNKNOWN";
}

const char *tg_reason_name(int reason)
{
    static const char *const names[] = {"",
                                        "TG_REASON_CURSOR_MISSING",
                                        "TG_REASON_CURSOR_NULL",
                                        "TG_REASON_CURSOR_TYPE",
                                        "TG_REASON_CONTRACT_TABLES",
                                        "TG_REASON_CONTRACT_COLUMNS",
                                        "TG_REASON_CONTRACT_DATA_TYPE",
                                        "TG_REASON_NOTHING_LOADED"};
    bool known = reason >= TG_REASON_NONE && (size_t)reason < sizeof(names) / sizeof(names[0]);
    return known ? names[reason] : "TG_UNKNOWN";
}

int tg_code_exit(int code)
{
    switch (code) {
    case TG_OK: return 0;
    case TG_USAGE:
    case TG_SPEC: return 2;
    case TG_LOCKED:
    case TG_CONFLICT: return 3;
    case TG_CONTRACT: return 4;
    case TG_LIMIT: return 5;
    case TG_CANCELLED: return 130;
    default: return 1;
    }
}
