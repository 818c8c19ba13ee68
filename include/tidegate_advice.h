/*
 * tidegate: how a resource is best loaded, by what its source delivers and what its loads have
 * done. tidegate.h includes this header.
 *
 *     struct tg_advice *advice = NULL;
 *     int rc = tg_pipeline_advise(pipeline, NULL, &advice, &err);
 *     for (size_t i = 0; i < tg_advice_resource_count(advice); i++)
 *         if (tg_advice_resource(advice, i)->lines)
 *             puts(tg_advice_resource(advice, i)->lines);
 *     tg_advice_free(advice);
 *
 * Texts and structs that are got from it are borrowed until tg_advice_free; the structs grow at
 * their end. Every function takes NULL, and an index beyond the end, and answers with 0 or NULL.
 */
#ifndef TIDEGATE_PUBLIC_ADVICE_H
#define TIDEGATE_PUBLIC_ADVICE_H

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How sources are looked at. It grows at its end. */
struct tg_advice_options {
    size_t size;
    uint64_t rows;    /* of each reading; 0: 100,000 */
    int wait_seconds; /* between the two readings */
    bool once;        /* one reading: for a source that cannot be read again */
};

#define TG_ADVICE_OPTIONS_INIT .size = sizeof(struct tg_advice_options)

static inline void tg_advice_options_init(struct tg_advice_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = sizeof(*options);
}

struct tg_advice;

/* Reads the selected resources twice, from their beginning, and looks at what the destination knows
 * of their loads. Nothing is written: no state, no cursor, nothing at the destination; `end` of a
 * resource hears TG_OUTCOME_GIVEN_UP. `options` may be NULL; *out is NULL on failure. */
TG_API_CHECK int tg_pipeline_advise(struct tg_pipeline *pipeline,
                                    const struct tg_advice_options *options, struct tg_advice **out,
                                    struct tg_error *err);
TG_API void tg_advice_free(struct tg_advice *advice);

enum tg_advice_verdict {
    TG_ADVICE_KEEP = 0, /* nothing to change */
    TG_ADVICE_CHANGE,   /* `lines` say what */
    TG_ADVICE_UNKNOWN   /* it cannot be told */
};

/* What was found of a resource, and what is advised. Texts may be NULL: there is none. */
struct tg_advice_resource {
    const char *name;
    enum tg_advice_verdict verdict;
    const char *lines; /* of a spec, to be put into it; NULL: nothing to change, or to say */
    /* What is advised, or is right as it is. */
    const char *write_disposition, *strategy, *primary_key, *cursor;
    /* The readings. */
    uint64_t rows_read, rows_read_again;
    bool read_twice;
    bool cut;               /* there are more rows than were read */
    const char *unique;     /* the field, or the fields, that a key can be */
    uint64_t rows_same;     /* in both of them */
    uint64_t rows_changed;  /* with an equal key */
    uint64_t rows_vanished; /* in the first one alone */
    uint64_t rows_appeared; /* in the second one alone */
    /* The newest loads, up to ten, by the ledger. */
    uint64_t loads, loads_rows_read, loads_rows_inserted, loads_rows_updated, loads_rows_unchanged;
};
TG_API size_t tg_advice_resource_count(const struct tg_advice *advice);
TG_API const struct tg_advice_resource *tg_advice_resource(const struct tg_advice *advice,
                                                           size_t index);

/* A field of the rows: of the first reading, unless said otherwise. */
struct tg_advice_field {
    const char *name; /* as a spec names it */
    const char *type;
    uint64_t nulls, distinct;
    uint64_t below;        /* rows whose value is below one that came before it */
    const char *greatest;  /* its greatest value, */
    uint64_t ties;         /* and how many rows have it */
    bool can_be_cursor;    /* never NULL, and values of a kind that has an order */
    uint64_t changed_seen; /* rows that changed between the readings, and moved beyond `greatest` */
};
TG_API size_t tg_advice_field_count(const struct tg_advice *advice, size_t resource);
TG_API const struct tg_advice_field *tg_advice_field(const struct tg_advice *advice,
                                                     size_t resource, size_t index);

/* Why, in sentences without their ends. */
struct tg_advice_reason {
    const char *about; /* "rows", "key", "cursor", "changes", "history", "spec" */
    const char *text;
};
TG_API size_t tg_advice_reason_count(const struct tg_advice *advice, size_t resource);
TG_API const struct tg_advice_reason *tg_advice_reason(const struct tg_advice *advice,
                                                       size_t resource, size_t index);

/* What was warned of meanwhile. */
TG_API size_t tg_advice_warning_count(const struct tg_advice *advice);
TG_API const char *tg_advice_warning(const struct tg_advice *advice, size_t index);

#ifdef __cplusplus
}
#endif

#endif
