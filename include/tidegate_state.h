/*
 * tidegate: what a program keeps between its runs, in the state of the pipeline. tidegate.h
 * includes this header.
 */
#ifndef TIDEGATE_PUBLIC_STATE_H
#define TIDEGATE_PUBLIC_STATE_H

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A JSON object for each source, and for each of its resources: a page's token, an ETag, what has
 * been asked for. It is where dlt has it (resource_state, source_state), and moves with the rows:
 * what a run sets is committed in the transaction of its load, a load of its own where no row came,
 * and is dropped where the load fails or is given up. A run that changes nothing writes nothing.
 *
 *     static int read_orders(struct tg_read *read, struct tg_error *err)
 *     {
 *         char *token = NULL;
 *         int rc = tg_state_get(read, TG_STATE_RESOURCE, "token", &token, err);
 *         if (!rc)
 *             rc = push_page_of(read, token ? token : "null");   // a JSON text: "\"abc\""
 *         if (!rc)
 *             rc = tg_state_set(read, TG_STATE_RESOURCE, "token", next_token(read), err);
 *         tg_text_free(token);
 *         return rc;
 *     }
 *
 * A resource's is forgotten when it is replaced, refreshed, reset or dropped, and a source's by
 * TG_REFRESH_DROP_SOURCES; an undo brings back what was before. In a window
 * (tg_pipeline_run_window, tg_pipeline_work) it is there as it is, and what is set lasts until the
 * window is loaded. */
enum tg_state_of { TG_STATE_RESOURCE = 0, TG_STATE_SOURCE = 1 };

/* For a `read` callback (`list_keys`, too): what the object of its resource, or of its source, has
 * under `key` as a JSON text, or (`key` NULL) the object. What was set in this run is there. *out
 * is NULL where there is nothing; tg_text_free frees it. Texts that begin with one of dlt's marks
 * (U+F02x) are values of other types, as dlt stores them. TG_USAGE, TG_DATA. */
TG_API_CHECK int tg_state_get(const struct tg_read *read, enum tg_state_of of, const char *key,
                              char **out, struct tg_error *err);

/* Sets it to a JSON text, up to 8 MiB; `key` NULL: `json` is an object that takes the place of all
 * keys. `json` NULL takes it away. Calls that come later in this run see it, of this resource and
 * (TG_STATE_SOURCE) of the others. TG_DATA for what is no JSON, no object where one is needed, or
 * cannot be kept as it is: NUL characters, integers of more than 64 bits. TG_USAGE for keys that
 * are the pipeline's own: "incremental", "accepts_rows"; of a source "resources". Nothing has
 * changed then. */
TG_API_CHECK int tg_state_set(const struct tg_read *read, enum tg_state_of of, const char *key,
                              const char *json, struct tg_error *err);

/* The same of another resource of the source, by its name; NULL: its own. */
TG_API_CHECK int tg_state_get_of(const struct tg_read *read, const char *resource, const char *key,
                                 char **out, struct tg_error *err);
TG_API_CHECK int tg_state_set_of(const struct tg_read *read, const char *resource, const char *key,
                                 const char *json, struct tg_error *err);

/* Outside of a run: what the destination has, of a resource or (`resource` NULL) of a source
 * (`source` NULL: that of resources which name none); *out is NULL where there is nothing. TG_USAGE
 * for a source that nobody knows, TG_DESTINATION. */
TG_API_CHECK int tg_pipeline_state(struct tg_pipeline *pipeline, const char *source,
                                   const char *resource, const char *key, char **out,
                                   struct tg_error *err);

#ifdef __cplusplus
}
#endif

#endif
