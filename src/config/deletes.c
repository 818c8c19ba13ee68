/*
 * Rows that the source has no more, as a resource speaks of them.
 *
 *   resource_add -> deletes_take (what the disposition says by itself; the limit) -> deletes_check
 *
 * Whether a run has read all that there is, is seen when it has (run/resource.c). Where the source
 * can tell the primary key, whether there is one is asked again then (run/describe.c).
 */
#include <string.h>

#include "config/spec.h"
#include "write/disposition.h"

static bool are_said(const struct deletes *deletes)
{
    return deletes->apply != TG_APPLY_HARD || deletes->limit || deletes->allow_empty;
}

int deletes_take(const struct origin *origin, struct resource *resource)
{
    struct deletes *deletes = &resource->deletes;
    const char *limit = resource->range_limit;
    if (resource->disposition->deletes_absent && deletes->detect == TG_DETECT_NONE)
        deletes->detect = TG_DETECT_SNAPSHOT;
    if (deletes->limit && !limit_read(deletes->limit, LIMIT_ROWS_DELETED, &resource->limits.absent))
        return resource_refuse(origin, "deletes", NULL,
                               "the limit of deletes is a share of the rows like 10%%, or a number "
                               "of them, not '%.80s'",
                               deletes->limit);
    if (limit && !limit_read(limit, LIMIT_ROWS_DELETED, &resource->limits.absent))
        return resource_refuse(origin, "limit", NULL,
                               "the limit of replace-range is a share of the rows like 10%%, or a "
                               "number of them, not '%.80s'",
                               limit);
    return TG_OK;
}

/* Where the keys are listed. */
static int check_list(const struct origin *origin, const struct resource *resource)
{
    const struct source_driver *driver = resource->driver;
    const char *option = driver->keys_option;
    const bool lists = resource->deletes.detect == TG_DETECT_KEYS;
    const bool has_option =
        option && option_text(resource->resource_values, resource->resource_value_count, option);
    if (lists && !driver->lists_keys)
        return resource_refuse(origin, "deletes", NULL,
                               "the source %s cannot list its keys; use detect: snapshot",
                               driver->name);
    if (lists && option && !has_option)
        return resource_refuse(origin, "deletes", NULL, "detect: keys needs %s", option);
    if (!lists && has_option)
        return resource_refuse(origin, option, NULL, "%s is for deletes: {detect: keys}", option);
    if (lists && resource->read && !resource->list_keys)
        return resource_refuse(origin, "deletes", NULL, "TG_DETECT_KEYS needs `list_keys`");
    if (resource->list_keys && !(lists && resource->read))
        return resource_refuse(origin, "list_keys", NULL,
                               "`list_keys` goes with `read` and TG_DETECT_KEYS");
    return TG_OK;
}

static int check_key(const struct origin *origin, const struct resource *resource)
{
    if (resource->append_on_missing_key)
        return resource_refuse(origin, "on_missing_key", NULL,
                               "deletes cannot do without a primary_key; leave out on_missing_key");
    if (resource->primary_key_count == 0 && !resource->driver->describe)
        return resource_refuse(origin, "deletes", NULL, "deletes needs a primary_key");
    return TG_OK;
}

int deletes_check(const struct origin *origin, const struct resource *resource)
{
    int rc = TG_OK;
    char words[OPTION_WORDS_MAX];
    const struct deletes *deletes = &resource->deletes;
    TRY(check_list(origin, resource));
    if (deletes->detect == TG_DETECT_NONE && !are_said(deletes))
        return TG_OK;
    if (!disposition_takes(resource->disposition, "deletes"))
        return resource_refuse(origin, "deletes", NULL, "deletes is for the merge strategies: %s",
                               disposition_strategies_with("deletes", words));
    if (deletes->detect == TG_DETECT_NONE)
        return resource_refuse(origin, "deletes", NULL, "deletes needs detect: snapshot or keys");
    if (resource->disposition->keeps_history != (deletes->apply == TG_APPLY_SCD2))
        return resource_refuse(origin, "deletes", NULL,
                               resource->disposition->keeps_history
                                   ? "scd2 keeps versions of what the source has no more; say "
                                     "apply: scd2"
                                   : "apply: scd2 is for the merge strategy scd2");
    if (deletes->detect == TG_DETECT_KEYS && resource->disposition->deletes_absent)
        return resource_refuse(origin, "deletes", NULL,
                               "%s deletes what did not come; for detect: keys use upsert",
                               disposition_name(resource->disposition));
    if (deletes->detect == TG_DETECT_SNAPSHOT && resource->incremental.cursor_path)
        return resource_refuse(origin, "deletes", NULL,
                               "with a cursor a run does not read all that the source has, so that "
                               "nobody can tell which rows are gone; use deletes: {detect: keys}, "
                               "or leave out incremental");
    if (deletes->apply == TG_APPLY_SOFT && resource->merge_key_count > 0 &&
        !resource->disposition->deletes_absent)
        return resource_refuse(origin, "deletes", NULL,
                               "what goes by the merge_key goes for good, flagged or not; use "
                               "apply: hard, or leave out merge_key");
    if (resource->destination_scope && resource->disposition->clears_scope)
        return resource_refuse(origin, "destination_scope", NULL,
                               "destination_scope takes all its rows away already; leave out "
                               "deletes");
    TRY(check_key(origin, resource));
done:
    return rc;
}
