/*
 * Where a value of a page stands in the text: for rows that are well formed, and not loaded.
 *
 * Data path: json_page.c -> json_place_begin (keeps the text), json_place_part -> page.text ->
 * page_place -> find: number_of (which cell of the document it is) -> go_to (the token of that
 * number) -> count_to (its line, and the byte in it).
 *
 * Nothing is done for a row until it is asked for: cells of a document and tokens of its text
 * (texts, numbers, words and opening brackets) are the same in number and order. Whoever rejects
 * rows asks for one after the other, so what was found last is where the search begins.
 */
#include "data/json_place.h"

#include <string.h>

static bool is_between(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':' || c == ']' ||
           c == '}';
}

static size_t token_start(const struct json_place *place, size_t at)
{
    while (at < place->len && is_between(place->text[at]))
        at++;
    return at;
}

static size_t token_end(const struct json_place *place, size_t at)
{
    const char *text = place->text;
    if (at < place->len && (text[at] == '{' || text[at] == '['))
        return at + 1;
    if (at < place->len && text[at] == '"') {
        for (at++; at < place->len && text[at] != '"'; at++)
            at += text[at] == '\\';
        return at < place->len ? at + 1 : place->len;
    }
    while (at < place->len && !is_between(text[at]))
        at++;
    return at;
}

static size_t value_end(const struct json_place *place, size_t at)
{
    const char *text = place->text;
    size_t depth = 0;
    do {
        depth += text[at] == '{' || text[at] == '[';
        at = token_end(place, at);
        for (; depth > 0 && at < place->len && is_between(text[at]); at++)
            depth -= text[at] == '}' || text[at] == ']';
    } while (depth > 0 && at < place->len);
    return at;
}

/* The number of a cell in the document, whose own is 0. */
static size_t number_of(const struct json_place *place, const struct row_at *row, size_t offset)
{
    if (!place->is_laid)
        return (size_t)(row->row - place->root) + offset;
    const struct laid_row *laid = &place->laid[row->index];
    return laid->number + (offset > laid->added ? offset - laid->added : 0);
}

static size_t go_to(struct json_place *place, size_t number)
{
    if (place->number == 0 || number < place->number) {
        place->number = 1;
        place->at = token_start(place, 0);
    }
    for (; place->number < number; place->number++)
        place->at = token_start(place, token_end(place, place->at));
    return place->at;
}

static const struct json_part *part_of(const struct json_place *place, size_t at)
{
    size_t low = 0, high = place->part_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (place->parts[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return &place->parts[low];
}

/* What was counted last is where counting goes on, within a part. */
static void count_to(struct json_place *place, size_t at, struct row_place *out)
{
    const struct json_part *part = part_of(place, at);
    struct json_part *counted = &place->counted;
    if (counted->line == 0 || counted->at > at || counted->at < part->at)
        *counted = *part;
    for (; counted->at < at; counted->at++) {
        bool is_end = place->text[counted->at] == '\n';
        counted->line += is_end;
        counted->column = is_end ? 0 : counted->column + 1;
    }
    out->line = counted->line;
    out->byte = counted->column + 1;
}

static void find(struct page_text *base, const struct row_at *row, struct row_place *out)
{
    struct json_place *place = (struct json_place *)base;
    size_t start = go_to(place, number_of(place, row, row->part));
    if (start >= place->len)
        return;
    out->text = place->text + start;
    out->text_len = value_end(place, start) - start;
    count_to(place, go_to(place, number_of(place, row, row->value)), out);
}

int json_place_begin(struct json_place *place, const char *text, size_t len, const yyjson_val *root,
                     struct tg_error *err)
{
    int rc = TG_OK;
    TRY(mem_grow(&place->text, &place->cap, len + 1, 1, err));
    memcpy(place->text, text, len);
    place->base.find = find;
    place->len = len;
    place->root = root;
    place->part_count = 0;
    place->number = 0;
    place->counted.line = 0;
done:
    return rc;
}

int json_place_part(struct json_place *place, const struct json_part *part, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(mem_grow(&place->parts, &place->part_cap, place->part_count + 1, sizeof(*place->parts),
                 err));
    place->parts[place->part_count++] = *part;
done:
    return rc;
}

void json_place_release(struct json_place *place)
{
    mem_free(place->text);
    mem_free(place->parts);
    mem_free(place->laid);
}
