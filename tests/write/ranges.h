/*
 * For the tests of replace-range: a table of days, with notes nested in them. Include after
 * golden.h.
 */
#ifndef TIDEGATE_TESTS_WRITE_RANGES_H
#define TIDEGATE_TESTS_WRITE_RANGES_H

#define DAYS  "day date|n bigint|_dlt_load_id text|_dlt_id text row"
#define NOTES "value text|_dlt_parent_id text parent|_dlt_id text row"
#define WORDS "value text|_dlt_parent_id text parent|_dlt_id text row"

static inline void ranges_start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "days", NULL, DISPOSITION_REPLACE)->replace_strategy = "replace-range";
}

static inline void ranges_nest(struct fixture *t)
{
    fixture_table(t, "days__notes", "days", DISPOSITION_NONE);
    fixture_table(t, "days__notes__words", "days__notes", DISPOSITION_NONE);
}

/* The load replaces that. */
static inline void ranges_say(struct fixture *t, const struct manifest_range *range)
{
    struct manifest_table *part = fixture_part(t, "days");
    FIXTURE_OK(t, manifest_set_range(package_manifest(t->package), part, range, &t->err));
}

static inline void ranges_window(struct fixture *t, const char *from, const char *to)
{
    const struct manifest_range range = {.column = "day",
                                         .from_kind = RANGE_TEXT,
                                         .from = from,
                                         .to_kind = to ? RANGE_TEXT : NULL,
                                         .to = to};
    ranges_say(t, &range);
}

static inline void ranges_delivered(struct fixture *t, const char *column)
{
    ranges_say(t, &(struct manifest_range){.column = column, .delivered = true});
}

#endif
