/*
 * What a program keeps in the state of its pipeline: tg_state_get and its kin, for callbacks, and
 * tg_pipeline_state for everybody else.
 *
 *   tg_state_get, tg_state_set -> struct kept of the read (run/kept.c)
 *   tg_pipeline_state -> kept_look (run/kept.c)
 *
 * Arguments are checked here; the texts that come back are the caller's.
 */
#include <string.h>

#include "api/text.h"
#include "run/kept.h"

static int find_kept(const struct tg_read *read, const char *resource,
                     const struct read_inside **out, struct tg_error *err)
{
    *out = read ? read->inside : NULL;
    if (!*out || !(*out)->kept)
        return error_set(err, TG_USAGE,
                         "a state is for callbacks: give the struct tg_read that "
                         "the library has handed over, while it is called");
    if (resource && !*resource)
        return error_set(err, TG_USAGE, "the name of a resource is empty");
    return TG_OK;
}

static int get(const struct tg_read *read, bool of_source, const char *resource, const char *key,
               char **out, struct tg_error *err)
{
    bool found = false;
    struct buf text = BUF_INIT;
    const struct read_inside *inside;
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    int rc = find_kept(read, resource, &inside, err);
    if (rc != TG_OK)
        return rc;
    const char *name = of_source ? NULL : resource ? resource : inside->resource;
    rc = inside->kept->get(inside->kept->user, name, key, &text, &found, err);
    rc = text_out(&text, rc, out, err);
    if (found || rc != TG_OK)
        return rc;
    tg_text_free(*out);
    *out = NULL;
    return TG_OK;
}

static int set(const struct tg_read *read, bool of_source, const char *resource, const char *key,
               const char *json, struct tg_error *err)
{
    const struct read_inside *inside;
    error_clear(err);
    int rc = find_kept(read, resource, &inside, err);
    if (rc != TG_OK)
        return rc;
    const char *name = of_source ? NULL : resource ? resource : inside->resource;
    return inside->kept->set(inside->kept->user, name, key, json, err);
}

static int check_of(enum tg_state_of of, struct tg_error *err)
{
    if (of == TG_STATE_RESOURCE || of == TG_STATE_SOURCE)
        return TG_OK;
    return error_set(err, TG_USAGE, "there is no state number %d", (int)of);
}

int tg_state_get(const struct tg_read *read, enum tg_state_of of, const char *key, char **out,
                 struct tg_error *err)
{
    if (out)
        *out = NULL;
    int rc = check_of(of, err);
    return rc == TG_OK ? get(read, of == TG_STATE_SOURCE, NULL, key, out, err) : rc;
}

int tg_state_set(const struct tg_read *read, enum tg_state_of of, const char *key, const char *json,
                 struct tg_error *err)
{
    int rc = check_of(of, err);
    return rc == TG_OK ? set(read, of == TG_STATE_SOURCE, NULL, key, json, err) : rc;
}

int tg_state_get_of(const struct tg_read *read, const char *resource, const char *key, char **out,
                    struct tg_error *err)
{
    return get(read, false, resource, key, out, err);
}

int tg_state_set_of(const struct tg_read *read, const char *resource, const char *key,
                    const char *json, struct tg_error *err)
{
    return set(read, false, resource, key, json, err);
}

int tg_pipeline_state(struct tg_pipeline *pipeline, const char *source, const char *resource,
                      const char *key, char **out, struct tg_error *err)
{
    bool found = false;
    struct buf text = BUF_INIT;
    const struct kept_question question = {source, resource, key};
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    int rc = kept_look(pipeline, &question, &text, &found, err);
    rc = text_out(&text, rc, out, err);
    if (rc == TG_OK && !found) {
        tg_text_free(*out);
        *out = NULL;
    }
    hide_secrets(pipeline, err);
    return rc;
}
