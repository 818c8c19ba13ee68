/*
 * For tests: bytes that are in no file, as a source of them.
 */
#ifndef TIDEGATE_TESTS_TEXT_SOURCE_H
#define TIDEGATE_TESTS_TEXT_SOURCE_H

#include <string.h>

#include "base/codec.h"

struct text_source {
    struct byte_source base;
    const char *bytes;
    size_t len, at;
    size_t piece;   /* that is given at a time */
    size_t fail_at; /* 0: never */
    int closed;
};

static inline int text_source_read(struct byte_source *base, void *out, size_t cap, size_t *len,
                                   struct tg_error *err)
{
    struct text_source *source = (struct text_source *)base;
    size_t left = source->len - source->at;
    if (source->fail_at > 0 && source->at >= source->fail_at)
        return error_set(err, TG_SOURCE, "the line is dead");
    *len = left < source->piece ? left : source->piece;
    *len = *len < cap ? *len : cap;
    memcpy(out, source->bytes + source->at, *len);
    source->at += *len;
    return TG_OK;
}

static inline void text_source_close(struct byte_source *base)
{
    ((struct text_source *)base)->closed++;
}

/* Bytes as they come from elsewhere, a few at a time. */
static inline struct text_source text_source(const char *bytes, size_t len)
{
    return (struct text_source){
        .base = {text_source_read, text_source_close}, .bytes = bytes, .len = len, .piece = 3};
}

#endif
