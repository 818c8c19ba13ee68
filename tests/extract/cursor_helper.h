/*
 * For the tests of the cursor: a cursor with options, a page of lines through it, what it keeps.
 * Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_EXTRACT_CURSOR_HELPER_H
#define TIDEGATE_TESTS_EXTRACT_CURSOR_HELPER_H

#include <string.h>

#include "extract/cursor/cursor.h"
#include "helper.h"

#define INT(n)                                                                                     \
    {                                                                                              \
        .kind = TG_VALUE_INT64, .int64 = (n)                                                       \
    }
#define TEXT(t)                                                                                    \
    {                                                                                              \
        .kind = TG_VALUE_TEXT, .text = (t)                                                         \
    }
#define TIMESTAMP(n)                                                                               \
    {                                                                                              \
        .kind = TG_VALUE_TIMESTAMP, .int64 = (n)                                                   \
    }
#define JAN_2024_US INT64_C(1704067200000000)

static inline struct cursor *cursor_of(const struct cursor_options *options)
{
    struct tg_error err = {0};
    struct cursor *cursor = NULL;
    if (cursor_new(options, &cursor, &err) != TG_OK)
        fail_msg("%s", err.what);
    return cursor;
}

/* Gives one page of lines to the cursor; what is left of it. Freed by the next call. */
static inline const char *kept_of(struct cursor *cursor, const char *lines)
{
    static char text[4096];
    struct text_page memory;
    struct page page;
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    uint64_t dropped, before;
    page_from_lines(&memory, lines, &page);
    before = page.row_count;
    if (cursor_filter(cursor, &page, &dropped, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    assert_int_equal(dropped, before - page.row_count);
    assert_int_equal(page.read_count, before);
    put_page(&out, &page);
    snprintf(text, sizeof(text), "%s", buf_string(&out));
    buf_release(&out);
    text_page_release(&memory, &page);
    return text;
}

static inline const char *last_of(const struct cursor *cursor)
{
    static char text[256];
    struct buf out = BUF_INIT;
    assert_int_equal(cursor_last_json(cursor, &out, NULL), TG_OK);
    snprintf(text, sizeof(text), "%s", buf_string(&out));
    buf_release(&out);
    return text;
}

static inline const char *hashes_of(const struct cursor *cursor)
{
    static char text[1024];
    const char *const *hashes;
    size_t count = cursor_hashes(cursor, &hashes);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "", hashes[i]);
    return text;
}

#endif
