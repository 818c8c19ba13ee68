/*
 * Where the values of a parsed page stand in its text, of which a copy is kept: the parser has
 * changed its own.
 */
#ifndef TIDEGATE_DATA_JSON_PLACE_H
#define TIDEGATE_DATA_JSON_PLACE_H

#include "data/page.h"

/* A row that was laid anew, beside the document. */
struct laid_row {
    size_t number; /* of its value in the document */
    size_t added;  /* cells that are before it */
};

/* Zero it before the first use. */
struct json_place {
    struct page_text base;
    char *text;
    size_t len, cap;
    const yyjson_val *root; /* of the document */
    struct json_part *parts;
    size_t part_count, part_cap;
    bool is_laid;          /* rows were laid anew: */
    struct laid_row *laid; /* each of them, in their order */
    size_t laid_cap;

    /* what was found last: the next one is behind it, as a rule */
    size_t number, at; /* a cell of the document, and where it begins */
    struct json_part counted;
};

/* The page's text as it was parsed, behind the bracket that the document begins with. Parts that
 * it is from are added in their order, one at least. */
int json_place_begin(struct json_place *place, const char *text, size_t len, const yyjson_val *root,
                     struct tg_error *err) TG_CHECK_RESULT;
int json_place_part(struct json_place *place, const struct json_part *part,
                    struct tg_error *err) TG_CHECK_RESULT;
void json_place_release(struct json_place *place);

#endif
