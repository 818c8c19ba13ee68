/*
 * The write disposition of a resource: what was said becomes one driver, and is checked against it.
 *
 * Path: disposition_choose (the words, and what goes with them) -> resource_add ->
 * disposition_settle (what the destination says of it) -> disposition_check (keys; check_history,
 * of one that keeps versions)
 *
 * What a disposition needs and takes stands in its driver (write/disposition.h). Where the source
 * can tell the keys, whether there are any is asked again when it has (run/describe.c).
 */
#include "write/disposition.h"

#include <string.h>

#include "catalog/history.h"
#include "config/spec.h"
#include "write/condition.h"
#include "write/destination.h"

/* ---- which one ---- */

static int unknown_strategy(const struct origin *origin, const char *word,
                            struct resource *resource)
{
    char words[OPTION_WORDS_MAX];
    resource->disposition = disposition_find(word, NULL); /* to go on with what else is wrong */
    return resource_refuse(origin, "strategy", NULL, "%s has no strategy '%s'; use one of %s", word,
                           resource->merge_strategy, disposition_strategies_of(word, words));
}

static int check_strategy(const struct origin *origin, const struct resource *resource)
{
    char words[OPTION_WORDS_MAX];
    if (resource->merge_strategy && !resource->disposition->strategy)
        return resource_refuse(origin, "strategy", NULL, "strategy is for disposition: %s",
                               disposition_words_if(disposition_has_strategy, words));
    return TG_OK;
}

const struct option *disposition_said(const struct resource *resource, const struct option *after)
{
    const struct option *option = after ? after + 1 : disposition_options;
    while (option->name && (option->words || !field_is_said(option, resource)))
        option++;
    return option->name ? option : NULL;
}

static int check_options(const struct origin *origin, const struct resource *resource)
{
    char words[OPTION_WORDS_MAX];
    for (const struct option *option = NULL; (option = disposition_said(resource, option));)
        if (!disposition_takes(resource->disposition, option->name))
            return resource_refuse(origin, option->name, NULL, "%s is for the %s strategies: %s",
                                   option->name, disposition_word_with(option->name),
                                   disposition_strategies_with(option->name, words));
    return TG_OK;
}

/* Versions of a row have one key, and nested rows are found by the id of theirs. */
static int choose_version(const struct origin *origin, struct resource *resource)
{
    const char *version = resource->row_version_column_name;
    if (resource->row_ids == TG_ROW_IDS_KEY)
        return resource_refuse(origin, "row_ids", NULL,
                               "%s tells the versions of a row by their ids; leave out row_ids",
                               disposition_asks(resource));
    if (!version || strcmp(version, HISTORY_ID) == 0)
        resource->row_ids = TG_ROW_IDS_ROW;
    return TG_OK;
}

/* Conditions stay between their parentheses; the rows of the load are looked at by themselves. */
static int check_conditions(const struct origin *origin, const struct resource *resource)
{
    static const struct condition_names staged = {NULL, "rows"}, both = {"table", "rows"};
    const struct {
        const char *option, *text;
        const struct condition_names *names;
    } conditions[] = {{"source_filter", resource->source_filter, &staged},
                      {"destination_scope", resource->destination_scope, &both}};
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
        struct tg_error problem = {0};
        const char *option = conditions[i].option, *text = conditions[i].text;
        if (text && condition_check(text, conditions[i].names, &problem) != TG_OK)
            return resource_refuse(origin, option, NULL, "%s: %s", option, problem.what);
    }
    return TG_OK;
}

static bool clears_scope(const struct resource *resource)
{
    return resource->destination_scope && resource->disposition->clears_scope;
}

static int check_together(const struct origin *origin, const struct resource *resource)
{
    bool may_skip = disposition_takes(resource->disposition, "skip_unchanged_rows");
    if (resource->row_version_column_name && may_skip && !resource->skip_unchanged_rows)
        return resource_refuse(origin, "row_version_column_name", NULL,
                               "row_version_column_name tells which rows skip_unchanged_rows "
                               "leaves alone; set that, too");
    if (clears_scope(resource) && resource->row_ids != TG_ROW_IDS_RANDOM)
        return resource_refuse(origin, "row_ids", NULL,
                               "destination_scope tells rows by their ids, and a row outside of "
                               "it may have the same; leave out row_ids");
    if (resource->deduplicated && resource->skip_unchanged_rows)
        return resource_refuse(origin, "deduplicated", NULL,
                               "skip_unchanged_rows needs one row of a key, which is looked for; "
                               "leave out deduplicated");
    if (resource->deduplicated && resource->row_ids != TG_ROW_IDS_RANDOM)
        return resource_refuse(
            origin, "row_ids", NULL,
            "rows that are equal, which deduplicated lets in, would have one id; "
            "leave out row_ids");
    if (clears_scope(resource) && resource->skip_unchanged_rows)
        return resource_refuse(origin, "destination_scope", NULL,
                               "destination_scope takes all its rows away, so that none are left "
                               "alone; leave out skip_unchanged_rows");
    return TG_OK;
}

bool disposition_keeps_versions(const struct resource *resource)
{
    return resource->merge_scope && strcmp(resource->merge_scope, DISPOSITION_VERSIONS) == 0;
}

/* Where ids are hashes of the key, or of the row, that is what row_ids says from here on. */
static int choose_ids(const struct origin *origin, struct resource *resource)
{
    if (resource->disposition->keeps_history)
        return choose_version(origin, resource);
    if (disposition_keeps_versions(resource) && resource->row_ids != TG_ROW_IDS_RANDOM)
        return resource_refuse(origin, "row_ids", NULL,
                               "scope: previous_load stores several rows of a key, and a content "
                               "again when it returns; leave out row_ids");
    if (disposition_keeps_versions(resource) ||
        (!resource->disposition->ids_by_key && !resource->skip_unchanged_rows))
        return TG_OK;
    if (resource->row_ids == TG_ROW_IDS_ROW)
        return resource_refuse(origin, "row_ids", NULL,
                               "%s makes the ids of rows from their key; leave out row_ids",
                               disposition_asks(resource));
    resource->row_ids = TG_ROW_IDS_KEY;
    return TG_OK;
}

int disposition_choose(const struct origin *origin, const char *word, struct resource *resource)
{
    int rc = TG_OK;
    resource->disposition = disposition_find(word, resource->merge_strategy);
    if (!resource->disposition)
        return unknown_strategy(origin, word, resource);
    TRY(check_strategy(origin, resource));
    TRY(check_options(origin, resource));
    TRY(check_conditions(origin, resource));
    TRY(check_together(origin, resource));
    TRY(choose_ids(origin, resource));
done:
    return rc;
}

/* ---- where ---- */

int disposition_settle(const struct config *config, const struct origin *origin,
                       struct resource *resource)
{
    struct destination_facts there = {0}; /* empty while nobody knows where that is */
    const char *word = disposition_word(resource->disposition->word);
    const char *strategy = config->destination.replace_strategy;
    (void)!destination_check(&config->destination, NULL, &there, NULL);
    if (resource->disposition->replaces && !resource->merge_strategy && strategy)
        resource->disposition = disposition_find(word, strategy);
    if (!resource->disposition->swaps || !there.name || there.swaps_tables)
        return TG_OK;
    return resource_refuse(origin, "write_disposition", NULL,
                           "%s is not for %s, where a table that was swapped would not be as it "
                           "was, and nothing would be won; use another strategy",
                           resource->disposition->strategy, there.name);
}

/* ---- its keys ---- */

bool disposition_needs_primary(const struct resource *resource)
{
    return resource->disposition->needs_primary_key || resource->skip_unchanged_rows;
}

const char *disposition_asks(const struct resource *resource)
{
    return resource->skip_unchanged_rows ? "skip_unchanged_rows"
                                         : disposition_name(resource->disposition);
}

static int check_primary(const struct origin *origin, const struct resource *resource)
{
    const char *asks = disposition_asks(resource);
    if (resource->merge_key_count > 0 && !resource->disposition->deletes_absent)
        return resource_refuse(origin, "merge_key", NULL,
                               "%s goes by the primary_key alone; leave out merge_key", asks);
    if (resource->append_on_missing_key)
        return resource_refuse(origin, "on_missing_key", NULL,
                               "%s cannot do without a primary_key; leave out on_missing_key",
                               asks);
    if (resource->primary_key_count == 0 && !resource->driver->describe)
        return resource_refuse(origin, "write_disposition", NULL, "%s needs a primary_key", asks);
    return TG_OK;
}

/* ---- what it says of versions ---- */

static int check_columns(const struct origin *origin, const struct resource *resource)
{
    const char *const *names = resource->validity_column_names;
    const size_t count = resource->validity_column_names_count;
    if (count == 0)
        return TG_OK;
    if (count != 2 || !*names[0] || !*names[1] || strcmp(names[0], names[1]) == 0)
        return resource_refuse(origin, "validity_column_names", NULL,
                               "validity_column_names are two: since when, and until when");
    return TG_OK;
}

static int check_time(const struct origin *origin, const char *key, const char *text)
{
    int64_t us;
    if (!text || history_time(text, &us))
        return TG_OK;
    return resource_refuse(origin, key, NULL,
                           "%s is a date or a timestamp, as 2024-12-31T00:00:00Z, not '%s'", key,
                           text);
}

/* What ends at the very time that stands for what is valid would seem to go on. */
static int check_end(const struct origin *origin, const struct resource *resource)
{
    const char *end = resource->active_record_timestamp, *now = resource->boundary_timestamp;
    int64_t end_us, now_us;
    if (!end || !now || !history_time(end, &end_us) || !history_time(now, &now_us) ||
        end_us != now_us)
        return TG_OK;
    return resource_refuse(origin, "boundary_timestamp", NULL,
                           "boundary_timestamp is the active_record_timestamp, so that nothing "
                           "would end; give another one");
}

/* What is in the scope goes, whatever the keys say; or may be taken for gone, or may end. */
static int check_scope(const struct origin *origin, const struct resource *resource)
{
    if (resource->merge_key_count > 0)
        return resource_refuse(origin, "merge_key", NULL,
                               "destination_scope takes the place of merge_key; leave it out");
    if (resource->incremental.cursor_path &&
        resource->incremental.end_value.kind == TG_VALUE_NONE &&
        resource->deletes.detect != TG_DETECT_KEYS)
        return resource_refuse(origin, "destination_scope", NULL,
                               "destination_scope takes rows away that the cursor does not "
                               "deliver again; give it a window (end_value), or leave it out");
    return TG_OK;
}

static int check_history(const struct origin *origin, const struct resource *resource)
{
    int rc = TG_OK;
    const char *name = disposition_name(resource->disposition);
    TRY(check_columns(origin, resource));
    TRY(check_time(origin, "active_record_timestamp", resource->active_record_timestamp));
    TRY(check_time(origin, "boundary_timestamp", resource->boundary_timestamp));
    TRY(check_end(origin, resource));
    if (resource->append_on_missing_key)
        TRY(resource_refuse(origin, "on_missing_key", NULL,
                            "%s without a key takes the source for all there is; leave out "
                            "on_missing_key",
                            name));
    if (resource->source_filter && resource->primary_key_count == 0 &&
        resource->merge_key_count == 0 && !resource->driver->describe)
        TRY(resource_refuse(origin, "source_filter", NULL,
                            "source_filter with %s needs a primary_key: what it leaves out is "
                            "known to be there by that, and would look deleted",
                            name));
    if (resource->destination_scope)
        TRY(check_scope(origin, resource));
    else if (resource->incremental.cursor_path && resource->merge_key_count == 0 &&
             resource->deletes.detect != TG_DETECT_KEYS)
        TRY(resource_refuse(origin, "incremental", NULL,
                            "%s with a cursor needs a merge_key, or deletes: {detect: keys}: rows "
                            "that the cursor leaves out would look deleted",
                            name));
    if (resource->allow_empty && resource->merge_key_count > 0)
        TRY(resource_refuse(origin, "allow_empty", NULL,
                            "allow_empty is for %s without a merge_key: with one, no row says "
                            "nothing",
                            name));
done:
    return rc;
}

bool disposition_knows_old(const struct resource *resource)
{
    return resource->primary_key_count > 0 || resource->merge_key_count > 0 ||
           clears_scope(resource);
}

/* ---- its range ---- */

bool range_is_delivered(const struct resource *resource)
{
    return resource->range && strcmp(resource->range, RANGE_DELIVERED) == 0;
}

static int check_window(const struct origin *origin, const struct resource *resource)
{
    const struct incremental *incremental = &resource->incremental;
    if (!incremental->cursor_path || incremental->initial_value.kind == TG_VALUE_NONE)
        return resource_refuse(origin, "write_disposition", NULL,
                               "replace-range replaces the rows of a window: say incremental with "
                               "a cursor and an initial_value, from which on rows are replaced, "
                               "and an end_value, before which; or range: delivered");
    if (incremental->commit_safe == TG_YES)
        return resource_refuse(origin, "incremental", NULL,
                               "commit_safe holds rows back, which would go from the window that "
                               "replace-range replaces; leave it out");
    if (resource->range_limit)
        return resource_refuse(origin, "limit", NULL, "limit is for range: delivered");
    return TG_OK;
}

/* The range is one of a column's values. */
static int check_range_cursor(const struct origin *origin, const struct incremental *incremental)
{
    if (incremental->field_count <= 1 && !incremental_orders_itself(incremental) &&
        !incremental->lag && !incremental->range_start_open && !incremental->range_end_closed)
        return TG_OK;
    return resource_refuse(
        origin, "incremental", NULL,
        "replace-range goes by the values of one column as they are stored, from "
        "initial_value on and before end_value: leave out further fields, "
        "cursor_type, last_value_func, lag, range_start and range_end");
}

static int check_range(const struct origin *origin, const struct resource *resource)
{
    const char *cursor = resource->incremental.cursor_path, *column = resource->range_column_name;
    int rc = check_range_cursor(origin, &resource->incremental);
    if (rc != TG_OK)
        return rc;
    if (!range_is_delivered(resource))
        return check_window(origin, resource);
    if (!cursor && (!column || !*column))
        return resource_refuse(origin, "range", NULL,
                               "range: delivered needs range_column_name, or a cursor");
    return TG_OK;
}

static int check_rows(const struct origin *origin, const struct resource *resource)
{
    const char *cursor = resource->incremental.cursor_path, *column = resource->range_column_name;
    if (cursor && column && strcmp(cursor, column) != 0)
        return resource_refuse(origin, "range_column_name", NULL,
                               "rows that the cursor leaves out would go from a range of another "
                               "column than its own; leave out range_column_name");
    if (cursor && resource->incremental.on_cursor_value_missing == TG_INCLUDE)
        return resource_refuse(origin, "incremental", NULL,
                               "a row without a cursor value is in no range, so that the next run "
                               "would add it once more; let on_cursor_value_missing be raise or "
                               "exclude");
    if (resource->row_ids == TG_ROW_IDS_KEY)
        return resource_refuse(origin, "row_ids", NULL,
                               "replace-range knows no key: a row outside of the range may have "
                               "the same; leave out row_ids");
    return TG_OK;
}

int disposition_check(const struct origin *origin, const struct resource *resource)
{
    int rc = TG_OK;
    char words[OPTION_WORDS_MAX];
    bool needs_key = resource->disposition->needs_key;
    bool has_key = disposition_knows_old(resource);
    if (resource->disposition->keeps_history)
        return check_history(origin, resource);
    if (resource->disposition->replaces_range) {
        TRY(check_range(origin, resource));
        TRY(check_rows(origin, resource));
    }
    if (resource->destination_scope)
        TRY(check_scope(origin, resource));
    if (disposition_needs_primary(resource))
        return check_primary(origin, resource);
    if (needs_key && !has_key && !resource->append_on_missing_key && !resource->driver->describe)
        return resource_refuse(origin, "write_disposition", NULL,
                               "%s needs a primary_key or a merge_key (or on_missing_key: append)",
                               disposition_name(resource->disposition));
    disposition_words_if(disposition_needs_key, words);
    if (!needs_key && resource->merge_key_count > 0)
        return resource_refuse(origin, "merge_key", NULL, "merge_key is for write_disposition: %s",
                               words);
    if (!needs_key && resource->append_on_missing_key)
        return resource_refuse(origin, "on_missing_key", NULL,
                               "on_missing_key is for write_disposition: %s", words);
done:
    return rc;
}
