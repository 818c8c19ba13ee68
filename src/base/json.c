/*
 * JSON text on yyjson: parsing with our allocator and errors with a place, and what those need who
 * write it piece by piece.
 *
 * Path in: json_parse -> json_get_*. Path out: json_string, json_double, json_put_*; json_mut_write
 * for trees that were built. Control characters are written \u00xx in lower case and numbers turn
 * to an exponent at 1e16 (`1e+16`) and below 1e-5: that is what dlt's JSON writer does, and hashes
 * are taken of this text.
 *
 * Building trees is yyjson's own API; a parsed one is a tape of cells, which cell_json writes.
 */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void *alloc(void *ctx, size_t size)
{
    (void)ctx;
    return mem_alloc(size);
}

static void *resize(void *ctx, void *old, size_t old_size, size_t size)
{
    (void)ctx;
    (void)old_size;
    return mem_realloc(old, size);
}

static void release(void *ctx, void *memory)
{
    (void)ctx;
    mem_free(memory);
}

const yyjson_alc *json_allocator(void)
{
    static const yyjson_alc allocator = {alloc, resize, release, NULL};
    return &allocator;
}

static int parse(const char *text, size_t len, const char *what, yyjson_read_flag flags,
                 yyjson_doc **out, struct tg_error *err)
{
    *out = NULL;
    if (len == 0)
        return error_set(err, TG_DATA, "%s is not JSON: it is empty", what);
    yyjson_read_err problem = {0};
    /* Without the in-situ flag yyjson only reads the text: the cast takes nothing away. */
    *out = yyjson_read_opts((char *)text, len, flags, json_allocator(), &problem);
    if (*out && json_nests_deeper(yyjson_doc_get_root(*out))) {
        yyjson_doc_free(*out);
        *out = NULL;
        return error_set(err, TG_DATA, "%s is nested deeper than %d levels", what, JSON_DEPTH_MAX);
    }
    if (*out)
        return TG_OK;
    if (problem.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return error_nomem(err);
    size_t line = 0;
    size_t column = 0;
    size_t character = 0;
    yyjson_locate_pos(text, len, problem.pos, &line, &column, &character);
    return error_set(err, TG_DATA, "%s is not JSON: %s at line %zu, column %zu", what, problem.msg,
                     line, column);
}

int json_parse(const char *text, size_t len, const char *what, yyjson_doc **out,
               struct tg_error *err)
{
    return parse(text, len, what, YYJSON_READ_NOFLAG, out, err);
}

int json_parse_exact(const char *text, size_t len, const char *what, yyjson_doc **out,
                     struct tg_error *err)
{
    return parse(text, len, what, YYJSON_READ_NUMBER_AS_RAW, out, err);
}

/* ---- Scalars ------------------------------------------------------------------------------- */

/* The letter of a two-character escape, 'u' for a longer one, 0 for a character that stands for
 * itself. */
static char escape_of(unsigned char c)
{
    static const char control[32] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
    if (c < 0x20)
        return control[c];
    return c == '"' || c == '\\' ? (char)c : '\0';
}

void json_string(struct buf *out, const char *text, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    buf_char(out, '"');
    size_t start = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        char letter = escape_of(c);
        if (!letter)
            continue;
        buf_append(out, text + start, i - start);
        start = i + 1;
        char escape[6] = {'\\', letter, '0', '0', hex[c >> 4], hex[c & 15]};
        buf_append(out, escape, letter == 'u' ? 6 : 2);
    }
    if (start < len)
        buf_append(out, text + start, len - start);
    buf_char(out, '"');
}

/* yyjson writes plain digits for 1e16 to 1e21 and 1e-7 to 1e-5; the hashes want an exponent there.
 */
static void write_exponent(struct buf *out, const char *plain)
{
    char digits[32];
    size_t count = 0;
    int exponent = 0;
    bool fraction = false;
    if (*plain == '-')
        buf_char(out, *plain++);
    for (; *plain; plain++) {
        if (*plain == '.') {
            fraction = true;
            continue;
        }
        if (count > 0 || *plain != '0')
            digits[count++] = *plain;
        if (!fraction && count > 1)
            exponent++;
        if (fraction && count <= 1)
            exponent--;
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    buf_char(out, digits[0]);
    if (count > 1) {
        buf_char(out, '.');
        buf_append(out, digits + 1, count - 1);
    }
    buf_printf(out, "e%+d", exponent);
}

void json_double(struct buf *out, double value)
{
    if (!isfinite(value)) {
        buf_text(out, "null");
        return;
    }
    unsigned char memory[512];
    yyjson_alc pool;
    yyjson_val number = {.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL, .uni.f64 = value};
    size_t len = 0;
    char *text = NULL;
    if (yyjson_alc_pool_init(&pool, memory, sizeof(memory)))
        text = yyjson_val_write_opts(&number, YYJSON_WRITE_NOFLAG, &pool, &len, NULL);
    if (!text) {
        out->failed = true;
        return;
    }
    double size = fabs(value);
    const char *mark = memchr(text, 'e', len);
    if (size != 0 && (size >= 1e16 || size < 1e-5) && !mark) {
        write_exponent(out, text);
        return;
    }
    size_t head = mark ? (size_t)(mark + 1 - text) : len;
    buf_append(out, text, head);
    if (mark && *(mark + 1) != '-')
        buf_char(out, '+');
    buf_append(out, text + head, len - head);
}

/* ---- Members ------------------------------------------------------------------------------- */

void json_put_key(struct buf *out, const char *key)
{
    if (out->len > 0 && out->data[out->len - 1] != '{')
        buf_char(out, ',');
    json_string(out, key, strlen(key));
    buf_char(out, ':');
}

void json_put_text(struct buf *out, const char *key, const char *text)
{
    json_put_key(out, key);
    json_string(out, text, strlen(text));
}

void json_put_int(struct buf *out, const char *key, int64_t number)
{
    json_put_key(out, key);
    buf_printf(out, "%" PRId64, number);
}

void json_put_bool(struct buf *out, const char *key, bool value)
{
    json_put_key(out, key);
    buf_text(out, value ? "true" : "false");
}

void json_put_json(struct buf *out, const char *key, const char *json)
{
    json_put_key(out, key);
    buf_text(out, json);
}

/* ---- Trees --------------------------------------------------------------------------------- */

int json_compare_keys(const void *left, const void *right)
{
    yyjson_val *a = *(yyjson_val *const *)left;
    yyjson_val *b = *(yyjson_val *const *)right;
    size_t a_len = yyjson_get_len(a);
    size_t b_len = yyjson_get_len(b);
    int order = memcmp(yyjson_get_str(a), yyjson_get_str(b), a_len < b_len ? a_len : b_len);
    if (order != 0)
        return order;
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return a < b ? -1 : a > b; /* the same key twice: as in the text */
}

bool json_nests_deeper(const yyjson_val *value)
{
    const yyjson_val *ends[JSON_DEPTH_MAX];
    const yyjson_val *end = unsafe_yyjson_get_next((yyjson_val *)value);
    size_t depth = 0;
    while (value < end) {
        const yyjson_val *next = unsafe_yyjson_get_next((yyjson_val *)value);
        while (depth > 0 && value >= ends[depth - 1])
            depth--;
        if (depth + (size_t)(next - value) <= JSON_DEPTH_MAX) { /* too few values to get there */
            value = next;
            continue;
        }
        if (unsafe_yyjson_is_ctn((yyjson_val *)value)) {
            if (depth == JSON_DEPTH_MAX)
                return true;
            ends[depth++] = next;
        }
        value++;
    }
    return false;
}

int json_mut_write(const yyjson_mut_doc *doc, struct buf *out, struct tg_error *err)
{
    size_t len = 0;
    char *text = yyjson_mut_write_opts(
        doc, YYJSON_WRITE_INF_AND_NAN_AS_NULL | YYJSON_WRITE_ALLOW_INVALID_UNICODE,
        json_allocator(), &len, NULL);
    if (!text)
        return error_nomem(err);
    buf_append(out, text, len);
    mem_free(text);
    return buf_check(out, err);
}

/* ---- Getters ------------------------------------------------------------------------------- */

const char *json_get_text(const yyjson_val *object, const char *key)
{
    return yyjson_get_str(yyjson_obj_get((yyjson_val *)object, key));
}

int64_t json_get_int(const yyjson_val *object, const char *key, int64_t fallback)
{
    yyjson_val *value = yyjson_obj_get((yyjson_val *)object, key);
    if (yyjson_is_sint(value) || (yyjson_is_uint(value) && yyjson_get_uint(value) <= INT64_MAX))
        return yyjson_get_sint(value);
    return fallback;
}
