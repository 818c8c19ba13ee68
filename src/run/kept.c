/*
 * What programs keep in the state of their pipeline, between the pages of a run and its rows.
 *
 *   a callback -> tg_state_get, tg_state_set (api) -> get, set -> dlt/program.c, on the session's
 *   state, which the load takes along with its rows; load_extract -> kept_enter, which adds the
 *   pipeline's further schemas
 *   tg_pipeline_state (api) -> kept_look
 *
 * So it is visible to all that is read afterwards, and is there or not as the rows of the load are.
 * A window leaves the state alone: what is kept while one is read lasts as long as its load.
 */
#include "run/kept.h"

#include <string.h>

#include "dlt/program.h"

static bool is_window(const struct session *session)
{
    return session->window_count > 0;
}

static int get(void *user, const char *resource, const char *key, struct buf *out, bool *found,
               struct tg_error *err)
{
    const struct kept_of *of = user;
    const struct session *session = of->session;
    const struct program_place place = {of->source, resource, key};
    return program_get(session->aside.doc ? &session->aside : &session->state, &place, out, found,
                       err);
}

static int set(void *user, const char *resource, const char *key, const char *json,
               struct tg_error *err)
{
    int rc = TG_OK;
    bool changed = false;
    const struct kept_of *of = user;
    struct session *session = of->session;
    const struct program_place place = {of->source, resource, key};
    if (is_window(session) && !session->aside.doc)
        TRY(state_copy(&session->state, &session->aside, err));
    TRY(program_set(is_window(session) ? &session->aside : &session->state, &place, json, &changed,
                    err));
    session->program_kept |= changed && !is_window(session);
done:
    return rc;
}

struct kept kept_for(struct kept_of *of)
{
    return (struct kept){get, set, of};
}

/* The program says which schemas the pipeline has besides. */
static int add_schemas(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    const struct schema_config *schema = &session->pipeline->config.schema_config;
    for (size_t i = 0; !is_window(session) && i < schema->other_count; i++) {
        TRY(state_add_schema(&session->state, schema->others[i], err));
        session->program_kept = true;
    }
done:
    return rc;
}

int kept_enter(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    bool differs = false;
    struct manifest *manifest = NULL;
    struct session *session = load->session;
    state_release(&session->aside);
    TRY(add_schemas(session, err));
    if (!session->program_kept || load->package)
        return TG_OK;
    TRY(state_differs(&session->state, &differs, err));
    if (differs)
        TRY(load_package(load, &manifest, err));
done:
    return rc;
}

/* ---- outside of a run ---- */

static const char *source_of(const struct session *session, const char *source)
{
    return !source || strcmp(source, session->pipeline->config.schema) == 0 ? session->schema
                                                                            : source;
}

static int check_source(const struct session *session, const char *source, struct tg_error *err)
{
    const struct config *config = &session->pipeline->config;
    const char *key = source_of(session, source);
    bool known = key == session->schema || program_has_source(&session->state, key);
    for (size_t i = 0; !known && i < config->resource_count; i++)
        known = strcmp(config->resources[i].source, key) == 0;
    if (known)
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "pipeline '%s' has no source '%s', neither among its resources nor in its "
                     "state; `tidegate show SPEC state` shows those that it has",
                     config->pipeline, key);
}

int kept_look(struct tg_pipeline *pipeline, const struct kept_question *question, struct buf *out,
              bool *found, struct tg_error *err)
{
    int rc = TG_OK;
    struct session session;
    TRY(session_peek(&session, pipeline, err));
    TRY(check_source(&session, question->source, err));
    const struct program_place place = {source_of(&session, question->source), question->resource,
                                        question->key};
    TRY(program_get(&session.state, &place, out, found, err));
done:
    session_close(&session);
    return rc;
}
