/*
 * How late rows came: a count for each power of two.
 *
 *   sketch_class (a row) -> sketch_add (those of a load to those of the state) -> sketch_reach: the
 *   bound of the class with which a share of them is covered
 *
 * A bound is what the state says, so that people can read it. It goes with the state wherever that
 * is read and written, by dlt too: what makes no sense there is as good as nothing, since a sketch
 * that is lost is learned again.
 */
#include "dlt/sketch.h"

#include <stdio.h>
#include <string.h>

#include "data/column.h"

/* 2^63 does not fit: no row is later than this. */
static int64_t bound_of(size_t class)
{
    return class + 1 < SKETCH_CLASSES ? INT64_C(1) << class : INT64_MAX;
}

size_t sketch_class(int64_t late)
{
    size_t class = 0;
    while (bound_of(class) < late)
        class ++;
    return class;
}

static void name_bound(size_t class, char out[24])
{
    snprintf(out, 24, "%lld", (long long)bound_of(class));
}

static void read_value(yyjson_val *value, struct sketch *out)
{
    char bound[24];
    const char *unit = json_get_text(value, "unit");
    yyjson_val *within = yyjson_obj_get(value, "within");
    *out = (struct sketch){.unit = ""};
    if (!unit || strlen(unit) >= sizeof(out->unit))
        return;
    snprintf(out->unit, sizeof(out->unit), "%s", unit);
    for (size_t i = 0; i < SKETCH_CLASSES; i++) {
        name_bound(i, bound);
        yyjson_val *count = yyjson_obj_get(within, bound);
        out->rows[i] = yyjson_is_uint(count) ? yyjson_get_uint(count) : 0;
    }
}

void sketch_read(const char *json, struct sketch *out)
{
    yyjson_doc *doc = NULL;
    *out = (struct sketch){.unit = ""};
    if (json && json_parse(json, strlen(json), "lateness", &doc, NULL) == TG_OK)
        read_value(yyjson_doc_get_root(doc), out);
    yyjson_doc_free(doc);
}

int sketch_write(const struct sketch *sketch, struct buf *out, struct tg_error *err)
{
    char bound[24];
    const char *comma = "";
    buf_char(out, '{');
    json_put_text(out, "unit", sketch->unit);
    json_put_key(out, "within");
    buf_char(out, '{');
    for (size_t i = 0; i < SKETCH_CLASSES; i++) {
        if (sketch->rows[i] == 0)
            continue;
        name_bound(i, bound);
        buf_printf(out, "%s\"%s\":%llu", comma, bound, (unsigned long long)sketch->rows[i]);
        comma = ",";
    }
    buf_text(out, "}}");
    return buf_check(out, err);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    uint64_t out;
    return __builtin_add_overflow(a, b, &out) || out > INT64_MAX ? INT64_MAX : out;
}

void sketch_add(struct sketch *to, const struct sketch *more)
{
    if (strcmp(to->unit, more->unit) != 0)
        *to = (struct sketch){.unit = ""};
    memcpy(to->unit, more->unit, sizeof(to->unit));
    for (size_t i = 0; i < SKETCH_CLASSES; i++)
        to->rows[i] = sum(to->rows[i], more->rows[i]);
}

uint64_t sketch_count(const struct sketch *sketch)
{
    uint64_t count = 0;
    for (size_t i = 0; i < SKETCH_CLASSES; i++)
        count = sum(count, sketch->rows[i]);
    return count;
}

int64_t sketch_reach(const struct sketch *sketch, uint32_t share)
{
    const int128 wanted = (int128)sketch_count(sketch) * share;
    int128 covered = 0;
    if (wanted == 0)
        return 0;
    for (size_t i = 0; i < SKETCH_CLASSES; i++) {
        covered += (int128)sketch->rows[i] * SKETCH_WHOLE;
        if (covered >= wanted)
            return bound_of(i);
    }
    return INT64_MAX; /* more rows than can be counted */
}
