/*
 * Fuzz target: names by every convention and limit.
 *
 * An input is a byte for the convention, a byte for the limit, and the name. What comes out is
 * never empty, holds no NUL, is UTF-8 if the input was, keeps to the limit, and is its own normal
 * form where the convention promises that, unless it was shortened (a tag may stand where a word
 * began).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/name.h"
#include "tests/normalize/batches.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT_MIN = 8 };

typedef int (*name_function)(const struct name_rules *rules, struct hasher *hasher,
                             const char *text, size_t len, struct buf *out, struct tg_error *err);

static void require(bool holds, const char *what, const char *name)
{
    if (holds)
        return;
    fprintf(stderr, "violated: %s: '%s'\n", what, name);
    abort();
}

static void check_form(const struct name_rules *rules, const char *text, size_t len,
                       const struct buf *name)
{
    require(name->len > 0, "a name is empty", "");
    require(!memchr(name->data, '\0', name->len), "a name holds NUL", name->data);
    require(!is_utf8(text, len) || is_utf8(name->data, name->len), "no UTF-8", name->data);
    require(rules->bytes_max == 0 || name->len <= rules->bytes_max, "too long", name->data);
}

/* In the other conventions a part may be a lone '_', which makes "___" of the separator. */
static bool is_idempotent(name_function make, const struct name_rules *rules)
{
    return make == name_identifier || rules->naming == NAMING_SNAKE_CASE ||
           rules->naming == NAMING_DIRECT || rules->naming == NAMING_UNICODE_SNAKE_CASE;
}

static void check_name(name_function make, const struct name_rules *rules, struct hasher *hasher,
                       const char *text, size_t len)
{
    struct buf name = BUF_INIT, whole = BUF_INIT, again = BUF_INIT;
    struct name_rules unlimited = *rules;
    unlimited.bytes_max = 0;
    require(make(rules, hasher, text, len, &name, NULL) == TG_OK, "fails", "");
    check_form(rules, text, len, &name);
    require(make(&unlimited, hasher, text, len, &whole, NULL) == TG_OK, "fails", "");
    check_form(&unlimited, text, len, &whole);
    if (is_idempotent(make, rules)) {
        require(make(&unlimited, hasher, whole.data, whole.len, &again, NULL) == TG_OK, "fails",
                "");
        require(again.len == whole.len && memcmp(again.data, whole.data, whole.len) == 0,
                "its normal form is another one", whole.data);
        buf_clear(&again);
    }
    require(make(rules, hasher, text, len, &again, NULL) == TG_OK, "fails", "");
    require(strcmp(again.data, name.data) == 0, "is another one the second time", name.data);
    buf_release(&name);
    buf_release(&whole);
    buf_release(&again);
}

/* Cuts the name in two, at a letter, and joins the halves' normal forms. */
static void check_join(const struct name_rules *rules, struct hasher *hasher, const char *text,
                       size_t len)
{
    struct buf left = BUF_INIT, right = BUF_INIT, name = BUF_INIT;
    size_t half = len / 2;
    while (half > 0 && (text[half] & 0xc0) == 0x80)
        half--;
    require(name_path(rules, hasher, text, half, &left, NULL) == TG_OK, "fails", "");
    require(name_path(rules, hasher, text + half, len - half, &right, NULL) == TG_OK, "fails", "");
    require(name_join(rules, hasher, left.data, right.data, &name, NULL) == TG_OK, "fails", "");
    check_form(rules, text, len, &name);
    buf_release(&left);
    buf_release(&right);
    buf_release(&name);
}

static void check_tag(struct hasher *hasher, const char *text, size_t len)
{
    char tag[7];
    require(name_tag(hasher, text, len, tag, NULL) == TG_OK, "fails", "");
    require(strlen(tag) == 6 && strspn(tag, "abcdefghijklmnopqrstuvwxyz0123456789") == 6, "tag",
            tag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hasher hasher = {0};
    if (size < 2)
        return 0;
    struct name_rules rules = {.naming = (enum naming)(data[0] % NAMING_COUNT),
                               .whole_paths = data[0] >= 0x80,
                               .bytes_max = data[1] < LIMIT_MIN ? 0 : data[1]};
    const char *text = (const char *)data + 2;
    size_t len = size - 2;
    check_tag(&hasher, text, len);
    check_name(name_identifier, &rules, &hasher, text, len);
    check_name(name_path, &rules, &hasher, text, len);
    check_join(&rules, &hasher, text, len);
    hasher_release(&hasher);
    return 0;
}
