/*
 * What programs keep in a state, where dlt has it: sources.<source>.<key> and
 * sources.<source>.resources.<resource>.<key>.
 *
 * Path: program_get -> find_object -> the value as text; program_set -> parse_value (is it JSON
 * that comes back as it is?) -> make_object -> the new value, where it is another one -> tidy.
 *
 * Beside theirs stands what is the state's own (`own_keys`): it is neither shown nor touched. Typed
 * values are texts that begin with dlt's marks, and pass like any other.
 */
#include "dlt/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dlt/store.h"

/* What else stands in the object of a source, and of a resource. */
static const char *const own_keys[2][3] = {{"resources"}, {"incremental", STATE_ACCEPTS_ROWS}};

static bool is_own(const struct program_place *place, const char *key)
{
    const char *const *own = own_keys[place->resource != NULL];
    for (; *own; own++)
        if (strcmp(*own, key) == 0)
            return true;
    return false;
}

static int check_key(const struct program_place *place, const char *key, struct tg_error *err)
{
    if (!is_own(place, key))
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "'%s' in the state of a %s is the pipeline's own; take another "
                     "key",
                     key, place->resource ? "resource" : "source");
}

static int fail_at(const struct program_place *place, int rc, struct tg_error *err)
{
    const char *of = place->resource ? place->resource : place->source;
    return rc == TG_OK ? rc
                       : error_where(err, rc, "the state of %s '%s'",
                                     place->resource ? "resource" : "source", of);
}

/* ---- reading ---- */

static yyjson_mut_val *find_member(yyjson_mut_val *object, const char *key)
{
    yyjson_mut_val *member = yyjson_mut_obj_get(object, key);
    return yyjson_mut_is_null(member) ? NULL : member;
}

static yyjson_mut_val *find_source(const struct state *state, const char *source)
{
    yyjson_mut_val *sources = find_member(yyjson_mut_doc_get_root(state->doc), "sources");
    return find_member(sources, source);
}

static int find_object(const struct state *state, const struct program_place *place,
                       yyjson_mut_val **out, struct tg_error *err)
{
    *out = find_source(state, place->source);
    if (place->resource)
        *out = find_member(find_member(*out, "resources"), place->resource);
    if (!*out || yyjson_mut_is_obj(*out))
        return TG_OK;
    return store_wrong_type(place->resource ? place->resource : place->source, "an object",
                            yyjson_mut_get_type_desc(*out), err);
}

/* A copy of the object with those of its members that are the program's, or the state's own. */
static int copy_members(yyjson_mut_doc *doc, const struct program_place *place,
                        yyjson_mut_val *object, bool own, yyjson_mut_val **out,
                        struct tg_error *err)
{
    *out = yyjson_mut_obj(doc);
    yyjson_mut_obj_iter members = yyjson_mut_obj_iter_with(object);
    for (yyjson_mut_val *key; *out && (key = yyjson_mut_obj_iter_next(&members));) {
        if (is_own(place, yyjson_mut_get_str(key)) != own)
            continue;
        yyjson_mut_val *value = yyjson_mut_val_mut_copy(doc, yyjson_mut_obj_iter_get_val(key));
        if (!yyjson_mut_obj_add(*out, yyjson_mut_val_mut_copy(doc, key), value))
            *out = NULL;
    }
    return *out ? TG_OK : error_nomem(err);
}

int program_get(const struct state *state, const struct program_place *place, struct buf *out,
                bool *found, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_val *object = NULL, *value = NULL;
    yyjson_mut_doc *doc = yyjson_mut_doc_new(json_allocator());
    *found = false;
    if (!doc)
        return error_nomem(err);
    if (place->key)
        TRY(check_key(place, place->key, err));
    TRY(find_object(state, place, &object, err));
    value = place->key ? yyjson_mut_obj_get(object, place->key) : object;
    if (!value)
        goto done;
    TRY(place->key ? TG_OK : copy_members(doc, place, object, false, &value, err));
    yyjson_mut_doc_set_root(doc, place->key ? yyjson_mut_val_mut_copy(doc, value) : value);
    TRY(yyjson_mut_doc_get_root(doc) ? json_mut_write(doc, out, err) : error_nomem(err));
    *found = true;
done:
    yyjson_mut_doc_free(doc);
    return fail_at(place, rc, err);
}

bool program_has_source(const struct state *state, const char *source)
{
    return find_source(state, source) != NULL;
}

/* ---- what can be kept ---- */

static bool is_long_integer(const char *digits)
{
    if (strpbrk(digits, ".eE"))
        return false;
    errno = 0;
    if (*digits == '-')
        (void)strtoll(digits, NULL, 10);
    else
        (void)strtoull(digits, NULL, 10);
    return errno == ERANGE;
}

/* What is there must be what was set: dlt's JSON has integers of 64 bits. */
static int check_value(yyjson_val *value, struct tg_error *err)
{
    if (yyjson_is_str(value) && memchr(yyjson_get_str(value), '\0', yyjson_get_len(value)))
        return error_set(err, TG_DATA,
                         "a text in it has a NUL character, which a state does not "
                         "hold; leave it out");
    if (yyjson_is_raw(value) && is_long_integer(yyjson_get_raw(value)))
        return error_set(err, TG_DATA, "the number %.60s has more than 64 bits; keep it as a text",
                         yyjson_get_raw(value));
    return TG_OK;
}

/* All values of a parsed text lie one behind the other. */
static int check_values(yyjson_doc *exact, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_val *all = yyjson_doc_get_root(exact);
    for (size_t i = 0; i < yyjson_doc_get_val_count(exact); i++)
        TRY(check_value(&all[i], err));
done:
    return rc;
}

static int check_object(const struct program_place *place, yyjson_val *object, struct tg_error *err)
{
    int rc = TG_OK;
    if (!yyjson_is_obj(object))
        return error_set(err, TG_DATA, "it must be a JSON object, not %s",
                         yyjson_get_type_desc(object));
    yyjson_obj_iter members = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&members));)
        TRY(check_key(place, yyjson_get_str(key), err));
done:
    return rc;
}

static int parse_value(const struct program_place *place, const char *json, yyjson_doc **out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *exact = NULL;
    const size_t len = strlen(json);
    const char *what = place->key ? place->key : "what is set";
    *out = NULL;
    if (len > PROGRAM_TEXT_MAX)
        TRY(error_set(err, TG_DATA,
                      "%s has %zu bytes, and a state is no place for more than %d; "
                      "keep rows in tables",
                      what, len, PROGRAM_TEXT_MAX));
    TRY(json_parse_exact(json, len, what, &exact, err));
    TRY(check_values(exact, err));
    TRY(json_parse(json, len, what, out, err));
    if (!place->key)
        rc = check_object(place, yyjson_doc_get_root(*out), err);
done:
    yyjson_doc_free(exact);
    return rc;
}

/* ---- writing ---- */

/* What is replaced stays in the document's memory until it is copied. */
enum { REPLACED_MAX = 4 * 1024 * 1024 };

static int tidy(struct state *state, size_t replaced, struct tg_error *err)
{
    state->replaced += replaced;
    if (state->replaced < REPLACED_MAX)
        return TG_OK;
    yyjson_mut_doc *copy = yyjson_mut_doc_mut_copy(state->doc, json_allocator());
    if (!copy)
        return error_nomem(err);
    yyjson_mut_doc_free(state->doc);
    state->doc = copy;
    state->replaced = 0;
    return TG_OK;
}

static int make_object(struct state *state, const struct program_place *place,
                       yyjson_mut_val **holder, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_doc *doc = state->doc;
    *holder = yyjson_mut_doc_get_root(doc);
    TRY(store_member(doc, *holder, "sources", holder, err));
    if (place->resource || place->key)
        TRY(store_member(doc, *holder, place->source, holder, err));
    if (place->resource)
        TRY(store_member(doc, *holder, "resources", holder, err));
    if (place->resource && place->key)
        TRY(store_member(doc, *holder, place->resource, holder, err));
done:
    return rc;
}

/* The object that is to stand there: what is the state's own, and then what is given. */
static int make_value(struct state *state, const struct program_place *place,
                      yyjson_mut_val *object, yyjson_val *given, yyjson_mut_val **out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_doc *doc = state->doc;
    if (place->key) {
        *out = yyjson_val_mut_copy(doc, given);
        return *out ? TG_OK : error_nomem(err);
    }
    TRY(copy_members(doc, place, object, true, out, err));
    yyjson_obj_iter members = yyjson_obj_iter_with(given);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&members));)
        if (!store_put(doc, *out, yyjson_get_str(key),
                       yyjson_val_mut_copy(doc, yyjson_obj_iter_get_val(key))))
            TRY(error_nomem(err));
done:
    return rc;
}

static int put(struct state *state, const struct program_place *place, yyjson_val *given,
               bool *changed, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_val *object = NULL, *holder = NULL, *value = NULL;
    const char *name = place->key ? place->key : place->resource ? place->resource : place->source;
    TRY(find_object(state, place, &object, err));
    yyjson_mut_val *old = place->key ? yyjson_mut_obj_get(object, place->key) : object;
    TRY(make_value(state, place, object, given, &value, err));
    if (old && yyjson_mut_equals(old, value))
        goto done;
    TRY(make_object(state, place, &holder, err));
    if (!store_put(state->doc, holder, name, value))
        TRY(error_nomem(err));
    *changed = true;
done:
    return rc;
}

/* Of the whole object nothing but what is the state's own stays. */
static int take_away(struct state *state, const struct program_place *place, bool *changed,
                     struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_val *object = NULL;
    TRY(find_object(state, place, &object, err));
    if (place->key) {
        *changed = yyjson_mut_obj_remove_key(object, place->key) != NULL;
        goto done;
    }
    yyjson_mut_obj_iter members = yyjson_mut_obj_iter_with(object);
    for (yyjson_mut_val *key; (key = yyjson_mut_obj_iter_next(&members));)
        if (!is_own(place, yyjson_mut_get_str(key)))
            *changed |= yyjson_mut_obj_iter_remove(&members) != NULL;
done:
    return rc;
}

int program_set(struct state *state, const struct program_place *place, const char *json,
                bool *changed, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *given = NULL;
    *changed = false;
    if (place->key)
        TRY(check_key(place, place->key, err));
    if (!json) {
        TRY(take_away(state, place, changed, err));
        goto done;
    }
    TRY(parse_value(place, json, &given, err));
    TRY(put(state, place, yyjson_doc_get_root(given), changed, err));
    TRY(tidy(state, strlen(json), err));
done:
    yyjson_doc_free(given);
    return fail_at(place, rc, err);
}
