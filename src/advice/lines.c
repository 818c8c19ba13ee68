/*
 * A way of loading as lines of a spec.
 *
 *   lines_write -> put_disposition, put_names, put_name -> put_without
 *
 * They stand in the place of the resource's own; what the present spec says and the advice does not
 * is named, so that it goes. Names that YAML could take for something else are quoted.
 */
#include <string.h>
#include <strings.h>

#include "advice/advice.h"
#include "base/json.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"

/* Plain, unless a reader could see more than a name in it. */
static void put_name(struct buf *out, const char *name)
{
    static const char *const words[] = {"y",     "n",  "yes", "no",   "true",
                                        "false", "on", "off", "null", NULL};
    bool plain =
        *name && strchr(LETTERS, *name) && strspn(name, LETTERS "0123456789-.") == strlen(name);
    for (const char *const *word = words; *word; word++)
        plain = plain && strcasecmp(name, *word) != 0;
    if (plain)
        buf_text(out, name);
    else
        json_string(out, name, strlen(name));
}

/* A comma parts names, but for those that stand in a list. */
static void put_names(struct buf *out, const char *const *names, size_t count)
{
    const bool is_list = count > 1 || strchr(names[0], ',');
    buf_text(out, is_list ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        buf_text(out, i > 0 ? ", " : "");
        put_name(out, names[i]);
    }
    buf_text(out, is_list ? "]" : "");
}

static void put_disposition(struct buf *out, const struct way *way)
{
    buf_text(out, "    write_disposition: ");
    if (!way->strategy && !way->skips_unchanged) {
        buf_printf(out, "%s\n", way->disposition);
        return;
    }
    buf_printf(out, "{disposition: %s", way->disposition);
    if (way->strategy)
        buf_printf(out, ", strategy: %s", way->strategy);
    buf_printf(out, "%s}\n", way->skips_unchanged ? ", skip_unchanged_rows: true" : "");
}

/* What the spec says and is no part of the way. */
static void put_without(struct buf *out, const struct present *present, const struct way *way)
{
    const struct {
        const char *key;
        bool goes;
    } keys[] = {
        {"incremental", present->way.cursor && !way->cursor},
        {"deletes", present->way.detects_absent && !way->detects_absent},
        {"merge_key", present->has_merge_key},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (keys[i].goes)
            buf_printf(out, "    # take out '%s'\n", keys[i].key);
}

int lines_write(const struct question *question, const struct way *way, struct arena *arena,
                const char **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf lines = BUF_INIT;
    const struct present *present = &question->present;
    buf_text(&lines, "  ");
    put_name(&lines, question->resource);
    buf_text(&lines, ":\n");
    if (present->member) {
        buf_printf(&lines, "    %s: ", present->member);
        put_name(&lines, question->resource);
        buf_char(&lines, '\n');
    }
    put_disposition(&lines, way);
    if (way->key_count > 0) {
        buf_text(&lines, "    primary_key: ");
        put_names(&lines, way->key, way->key_count);
        buf_char(&lines, '\n');
    }
    if (way->cursor) {
        buf_text(&lines, "    incremental: {cursor: ");
        put_name(&lines, way->cursor);
        buf_text(&lines, "}\n");
    }
    if (way->detects_absent && !present->way.detects_absent &&
        !(way->strategy && strcmp(way->strategy, "cdc") == 0))
        buf_text(&lines, "    deletes: {detect: snapshot}\n");
    put_without(&lines, present, way);
    TRY(buf_check(&lines, err));
    TRY(arena_keep(arena, buf_string(&lines), out, err));
done:
    buf_release(&lines);
    return rc;
}
