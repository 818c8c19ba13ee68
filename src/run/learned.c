/*
 * lag: auto. The window that a run reads again, by how late rows have come so far.
 *
 *   the state's sketch (dlt/sketch.h) -> learned_lag: twice what the share of late rows was late
 *   by, no less than the least of the unit -> the lag of the run's cursor; learned_say
 *   learned_explain: the same in words, for `show SPEC state`
 *
 * What is beyond the window is not read, where a source is asked for what is new, and can so not be
 * learned from: that is why the window is twice as long, and never shorter than a least one. What
 * is counted is late.c's, here and in write/sql.
 */
#include "run/learned.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dlt/store.h"
#include "extract/cursor/as_type.h"

#define SECOND_US INT64_C(1000000)

/* How the state calls a unit, and the window with which it begins, which is the least. `most` is
 * what a lag can say. */
static const struct unit {
    const char *word;
    int64_t least, most;
} units[] = {[LAG_NO_UNIT] = {"", 0, 0},
             [LAG_NUMBER] = {"units", 1000, INT64_MAX},
             [LAG_TIME] = {"seconds", 3600, INT64_MAX / 2 / SECOND_US},
             [LAG_DAYS] = {"days", 1, 100000000}};

const char *learned_unit_word(enum lag_unit unit)
{
    return units[unit].word;
}

enum lag_unit learned_unit(const struct cursor_value *reached)
{
    int64_t none;
    return lag_between(reached, reached, &none);
}

/* Seconds that are begun are whole. */
size_t learned_class(enum lag_unit unit, int64_t late)
{
    return sketch_class(unit == LAG_TIME ? late / SECOND_US + (late % SECOND_US > 0) : late);
}

/* ---- the window ---- */

static void print(enum lag_unit unit, int64_t late, char out[LAG_TEXT])
{
    const int64_t most = late < units[unit].most ? late : units[unit].most;
    lag_print(unit, unit == LAG_TIME ? most * SECOND_US : most, out);
}

static void set_window(struct learned *learned)
{
    const struct unit *unit = &units[learned->unit];
    const int64_t reach = sketch_reach(&learned->known, learned->share);
    const int64_t twice = reach < INT64_MAX / 2 ? 2 * reach : INT64_MAX;
    print(learned->unit, twice > unit->least ? twice : unit->least, learned->lag);
}

static int refuse(const struct cursor_value *value, struct tg_error *err)
{
    char here[80];
    cursor_value_print(value, here, sizeof(here));
    return error_set(err, TG_USAGE,
                     "lag: auto does not go with a cursor whose value is %s (%s): it is for "
                     "numbers, times and dates, which are so far apart from each other; take it "
                     "out, or say by cursor_type what the texts are",
                     here, cursor_value_kind(value));
}

int learned_lag(const struct resource *resource, const char *last, const char *known,
                struct learned *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct cursor_value value;
    struct buf text = BUF_INIT;
    const struct incremental *incremental = &resource->incremental;
    const struct cursor_as as = {incremental->cursor_type ? type_find(incremental->cursor_type)
                                                          : TYPE_NONE,
                                 incremental->cursor_format};
    *out = (struct learned){.lag = "0"}; /* a first run has nothing to go back from */
    out->is_auto = lag_is_auto(incremental->lag, &out->share);
    if (!out->is_auto || !last)
        return TG_OK;
    TRY(cursor_value_parse(&value, last, &text, err));
    (void)!cursor_value_as(&as, &value);
    out->unit = learned_unit(&value);
    if (out->unit == LAG_NO_UNIT)
        TRY(refuse(&value, err));
    sketch_read(known, &out->known);
    if (strcmp(out->known.unit, units[out->unit].word) != 0)
        out->known = (struct sketch){.unit = ""};
    set_window(out);
done:
    buf_release(&text);
    return rc;
}

/* ---- in words ---- */

static enum lag_unit unit_of(const struct sketch *known)
{
    for (size_t i = LAG_NUMBER; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(known->unit, units[i].word) == 0)
            return (enum lag_unit)i;
    return LAG_NO_UNIT;
}

static double percent(uint32_t share)
{
    return (double)share * 100 / SKETCH_WHOLE;
}

void learned_say(struct context *ctx, const struct resource *resource,
                 const struct learned *learned)
{
    char reach[LAG_TEXT], why[120] = "no row has come late so far";
    const uint64_t count = sketch_count(&learned->known);
    if (!learned->is_auto)
        return;
    print(learned->unit, sketch_reach(&learned->known, learned->share), reach);
    if (count > 0)
        snprintf(why, sizeof(why),
                 "of %" PRIu64 " row%s that came late, %.6g%% did by no more than %s", count,
                 plural(count), percent(learned->share), reach);
    context_log(ctx, TG_LOG_INFO, "cursor",
                "resource '%s': the cursor '%s' starts %s before its last value (lag: %s): %s",
                resource->name, resource->incremental.cursor_path, learned->lag,
                resource->incremental.lag, why);
}

static const struct resource *find_resource(const struct config *config, const char *name,
                                            const char *path)
{
    for (size_t i = 0; i < config->resource_count; i++) {
        const struct resource *resource = &config->resources[i];
        const char *cursor = resource->incremental.cursor_path;
        if (cursor && strcmp(resource->name, name) == 0 && strcmp(cursor, path) == 0)
            return resource;
    }
    return NULL;
}

/* What the next run does by it, as the spec is now. */
static void put_window(const struct resource *resource, struct learned *learned, struct buf *out)
{
    if (!resource || !lag_is_auto(resource->incremental.lag, &learned->share)) {
        buf_text(out, " The spec does not say lag: auto: the next run does not go by it.");
        return;
    }
    set_window(learned);
    buf_printf(out, " The next run starts %s before the last value (lag: %s).", learned->lag,
               resource->incremental.lag);
    buf_text(out, resource->driver->hands_over
                      ? " It sees nothing beyond that but older rows that the source hands over by "
                        "itself."
                      : " It sees nothing beyond that: older rows are not asked for.");
}

static void put_words(const struct resource *resource, struct learned *learned, struct buf *out)
{
    static const uint32_t shares[] = {500000, 999000, SKETCH_WHOLE};
    static const char *const patterns[] = {"half of them by no more than %s", ", 99.9%% by %s",
                                           ", the latest by %s."};
    char reach[LAG_TEXT];
    const uint64_t count = sketch_count(&learned->known);
    buf_printf(out, "%" PRIu64 " row%s came late: ", count, plural(count));
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        print(learned->unit, sketch_reach(&learned->known, shares[i]), reach);
        buf_printf(out, patterns[i], reach);
    }
    put_window(resource, learned, out);
}

/* Of one cursor in the state. */
static int explain(const struct resource *resource, yyjson_mut_doc *doc, yyjson_mut_val *cursor,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct learned learned = {0};
    struct buf words = BUF_INIT;
    yyjson_mut_val *lateness = yyjson_mut_obj_get(cursor, "lateness");
    if (!yyjson_mut_is_obj(lateness))
        return TG_OK;
    char *json =
        yyjson_mut_val_write_opts(lateness, YYJSON_WRITE_NOFLAG, json_allocator(), NULL, NULL);
    if (!json)
        return error_nomem(err);
    sketch_read(json, &learned.known);
    learned.unit = unit_of(&learned.known);
    if (learned.unit == LAG_NO_UNIT)
        goto done;
    put_words(resource, &learned, &words);
    TRY(buf_check(&words, err));
    if (!store_put(doc, lateness, "in_words", yyjson_mut_strcpy(doc, buf_string(&words))))
        rc = error_nomem(err);
done:
    mem_free(json);
    buf_release(&words);
    return rc;
}

static int explain_resource(const struct config *config, yyjson_mut_doc *doc, const char *name,
                            yyjson_mut_val *resource, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_obj_iter cursors =
        yyjson_mut_obj_iter_with(yyjson_mut_obj_get(resource, "incremental"));
    for (yyjson_mut_val *path; (path = yyjson_mut_obj_iter_next(&cursors));)
        TRY(explain(find_resource(config, name, yyjson_mut_get_str(path)), doc,
                    yyjson_mut_obj_iter_get_val(path), err));
done:
    return rc;
}

int learned_explain(const struct config *config, yyjson_mut_doc *state, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_val *root = yyjson_mut_doc_get_root(state);
    yyjson_mut_obj_iter sources = yyjson_mut_obj_iter_with(yyjson_mut_obj_get(root, "sources"));
    for (yyjson_mut_val *source; (source = yyjson_mut_obj_iter_next(&sources));) {
        yyjson_mut_val *resources =
            yyjson_mut_obj_get(yyjson_mut_obj_iter_get_val(source), "resources");
        yyjson_mut_obj_iter names = yyjson_mut_obj_iter_with(resources);
        for (yyjson_mut_val *name; (name = yyjson_mut_obj_iter_next(&names));)
            TRY(explain_resource(config, state, yyjson_mut_get_str(name),
                                 yyjson_mut_obj_iter_get_val(name), err));
    }
done:
    return rc;
}
