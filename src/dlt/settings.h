/*
 * What a schema says of data it has not seen yet: how names are made, which texts are recognised as
 * something else, hints and types for columns by their names, contracts (reference 3.2, 4.1, 4.4).
 */
#ifndef TIDEGATE_DLT_SETTINGS_H
#define TIDEGATE_DLT_SETTINGS_H

#include "catalog/contract.h"
#include "catalog/name.h"
#include "catalog/table.h"

/* dlt's detectors, in the order in which they are asked. */
enum detector {
    DETECT_TIMESTAMP = 1 << 0,     /* numbers within 5 years of now: seconds since 1970 */
    DETECT_ISO_TIMESTAMP = 1 << 1, /* "2024-01-02T03:04:05Z" */
    DETECT_ISO_DATE = 1 << 2,      /* "2024-01-02" */
    DETECT_LARGE_INTEGER = 1 << 3, /* beyond 63 bits: wei, beyond that text */
    DETECT_HEXBYTES_TO_TEXT = 1 << 4,
    DETECT_WEI_TO_DOUBLE = 1 << 5
};

/* The bit of a detector by dlt's name; 0: there is none. */
unsigned detector_find(const char *name, size_t len);

struct pattern; /* settings.c: a name, or a regular expression behind "re:" */

struct settings {
    struct arena arena;
    unsigned detectors; /* enum detector */
    struct pattern *preferred_types;
    struct pattern *default_hints;
    struct contract contract;
    enum naming naming;
    bool whole_paths; /* use_break_path_on_normalize is false */
    int max_nesting;  /* -1: not said */
    bool root_key;    /* every nested table carries the root row's id */
};

/* Reads settings and normalizers of the catalog's stored form. TG_DATA says where it is wrong. */
int settings_read(const struct catalog *catalog, struct settings *out,
                  struct tg_error *err) TG_CHECK_RESULT;
void settings_release(struct settings *settings); /* a zeroed or released one is fine */

/* How names are made, by the schema, within a destination's limit. */
static inline struct name_rules settings_names(const struct settings *settings, size_t bytes_max)
{
    return (struct name_rules){
        .bytes_max = bytes_max, .naming = settings->naming, .whole_paths = settings->whole_paths};
}

/* The type that preferred_types give a column of that name; TYPE_NONE: nothing. Matching takes
 * memory, and a regular expression may give up on a name (TG_DATA). */
int settings_preferred_type(const struct settings *settings, const char *column, enum type *out,
                            struct tg_error *err) TG_CHECK_RESULT;
/* Lays the default hints for its name over a new column: not_null, unique, row_key... */
int settings_default_hints(const struct settings *settings, struct table_column *column,
                           struct tg_error *err) TG_CHECK_RESULT;

/* What a run says of the whole schema; what it does not say stays as it is stored. */
struct schema_hints {
    bool naming_said;
    enum naming naming;
    const char *const *detections; /* NULL: not said; an empty list: none */
    size_t detection_count;
    const struct schema_type {
        const char *pattern;
        enum type type;
    } * preferred_types;
    size_t preferred_type_count;
    const struct schema_pattern {
        const char *hint, *pattern;
    } * default_hints; /* "not_null"... */
    size_t default_hint_count;
    struct contract contract; /* CONTRACT_UNSAID: not said */
    int max_nesting;          /* -1: not said */
    bool root_key;            /* false: not said */
};
/* Writes them into the catalog's settings and normalizers. Another naming convention for a catalog
 * with tables that have data is TG_SPEC: it would give every table another name. */
int catalog_apply_settings(struct catalog *catalog, const struct schema_hints *hints,
                           struct tg_error *err) TG_CHECK_RESULT;

#endif
