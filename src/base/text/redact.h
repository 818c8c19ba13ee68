/*
 * Secrets in what is shown, logged or stored about the work: found by their place (user info of a
 * URL, the value of a password, token, key or header) or by their value, where they were met in
 * such a place before. Rows, rejected documents and answers of queries are data and never pass
 * through here.
 */
#ifndef TIDEGATE_BASE_REDACT_H
#define TIDEGATE_BASE_REDACT_H

#include "base/buf.h"

/* What was met; read by any thread once the configuration is read. Zeroed: none. */
struct secrets {
    char **values; /* longest first */
    size_t count, cap;
};

/* From here on `value` is hidden wherever it stands, also as it would stand in a URL. Shorter ones
 * than eight bytes would hide words that only look alike: these are hidden by their place alone. */
int secrets_add(struct secrets *secrets, const char *value, struct tg_error *err) TG_CHECK_RESULT;
/* Adds what stands in `text` at the place of a secret. */
int secrets_add_places(struct secrets *secrets, const char *text,
                       struct tg_error *err) TG_CHECK_RESULT;
void secrets_release(struct secrets *secrets);

/* Is `name` that of a value nobody is to see: "password", "api_key", "X-Auth-Token"...? */
bool secret_name(const char *name, size_t len);

/* How many bytes of a line can be shown where someone is to look for a mistake: behind `password=`
 * nobody can tell where the value ends. All, where there is no such place. */
size_t redact_line(const char *line);

/* Appends `text` with *** for its secrets; `secrets` may be NULL: by their place alone. */
void redact(const struct secrets *secrets, const char *text, struct buf *out);
/* The same in place, cut to fit `size` bytes. */
void redact_in(const struct secrets *secrets, char *text, size_t size);
void redact_error(const struct secrets *secrets, struct tg_error *err); /* NULL is fine */

#endif
