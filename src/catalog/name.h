/*
 * Names as dlt makes them (reference 2.6, 2.7): identifiers and paths by a naming convention,
 * shortened with a tag.
 */
#ifndef TIDEGATE_CATALOG_NAME_H
#define TIDEGATE_CATALOG_NAME_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/memory.h"

enum naming {
    NAMING_SNAKE_CASE = 0,
    NAMING_DIRECT,
    NAMING_DUCK_CASE,
    NAMING_SQL_CS_V1,
    NAMING_SQL_CI_V1,
    NAMING_UNICODE_SNAKE_CASE, /* none of dlt's */
    NAMING_VERBATIM, /* names as the source has them; none of dlt's, and for no destination */
    NAMING_COUNT
};

/* "snake_case", as specs and dlt's stored schemas have it. */
const char *naming_text(enum naming naming);
/* By that name, or by dlt's module path (dlt.common.normalizers.naming.NAME); false: there is none.
 */
bool naming_find(const char *text, size_t len, enum naming *out);

struct name_rules {
    size_t bytes_max; /* of the destination; 0: no limit. dlt counts characters: names beyond ASCII
                         are cut earlier here */
    enum naming naming;
    bool whole_paths; /* "a__b" is one identifier, not a path: schemas that dlt migrated from
                         engine 10 or older */
};

/* What joins the parts of a path: "__", or "\u25b6" for `direct`. */
const char *name_separator(const struct name_rules *rules);

/* Whether the convention leaves nothing of the letters of a key, since none of them is of ASCII. */
bool name_loses_letters(const struct name_rules *rules, const char *key, size_t len);

/* One identifier; whitespace or nothing gives "_empty". Appends to `out`. */
int name_identifier(const struct name_rules *rules, struct hasher *hasher, const char *text,
                    size_t len, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* A path: split at the separator, each part normalised, joined again, shortened as a whole. Columns
 * and tables use this form. */
int name_path(const struct name_rules *rules, struct hasher *hasher, const char *text, size_t len,
              struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* The same of a whole text, as a copy in the arena. */
int name_path_copy(const struct name_rules *rules, struct hasher *hasher, const char *name,
                   struct arena *arena, const char **out, struct tg_error *err) TG_CHECK_RESULT;
/* Joins normalised parts by the separator and shortens the whole. */
int name_join(const struct name_rules *rules, struct hasher *hasher, const char *left,
              const char *right, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* The 6-character tag of a name, and a NUL. */
int name_tag(struct hasher *hasher, const char *text, size_t len, char out[7],
             struct tg_error *err) TG_CHECK_RESULT;

#endif
