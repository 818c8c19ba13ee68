/*
 * Which database the key `connection` means.
 *
 * Path: where_read -> a URL as it stands; or a map (JSON, as options are handed over) -> take_text
 * for each key, take_options.
 *
 * Who opens what a location names is known below src/database.
 */
#include "extract/sql/where.h"

#include <string.h>

#include "base/json.h"

static int take_text(struct arena *arena, yyjson_val *map, const char *key, const char **out,
                     struct tg_error *err)
{
    const char *text = json_get_text(map, key);
    return text ? arena_keep(arena, text, out, err) : TG_OK;
}

static int take_options(struct arena *arena, yyjson_val *map, struct location *out,
                        struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_obj_iter members;
    struct tg_option *options = arena_alloc(arena, (yyjson_obj_size(map) + 1) * sizeof(*options));
    if (!options)
        return error_nomem(err);
    out->options = options;
    yyjson_obj_iter_init(map, &members);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&members));) {
        struct tg_option *option = &options[out->option_count++];
        TRY(arena_keep(arena, yyjson_get_str(key), &option->name, err));
        TRY(take_text(arena, map, option->name, &option->text, err));
    }
done:
    return rc;
}

int where_read(struct arena *arena, const char *text, const struct tg_connection *given,
               struct location *out, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *doc = NULL;
    *out = (struct location){.given = given};
    if (given)
        return TG_OK;
    if (*text != '{')
        return arena_keep(arena, text, &out->url, err);
    TRY(json_parse(text, strlen(text), "'connection'", &doc, err));
    yyjson_val *map = yyjson_doc_get_root(doc);
    TRY(take_text(arena, map, "url", &out->url, err));
    TRY(take_text(arena, map, "driver", &out->driver, err));
    TRY(take_text(arena, map, "uri", &out->uri, err));
    TRY(take_text(arena, map, "dialect", &out->dialect, err));
    TRY(take_options(arena, yyjson_obj_get(map, "options"), out, err));
    rc = location_check(out, "connection", err);
done:
    yyjson_doc_free(doc);
    return rc;
}
