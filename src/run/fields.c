/*
 * For a check: has each source the fields that its resource names, and would a run take its rows?
 *
 *   fields_check (each selected resource)
 *     -> look, where the source can give its first rows: resource_begin, resource_look -> the
 *        cursor and the normalizer, which refuse what they refuse in a run, in the same words
 *        -> warn_of_rejects, warn_of_columns
 *     -> check_names, where it tells its columns beforehand: the keys are among them
 *
 * So a key, a cursor or a column that is misspelt is found, and so is whatever else is wrong with
 * what stands first. The load is one that nobody keeps: no folder is made for it.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text/nearest.h"
#include "run/plan.h"
#include "run/resource.h"

/* A run would go on without them. */
static void warn_of_rejects(const struct load *load, const struct resource_counts *counts)
{
    const struct resource *resource = counts->resource;
    const struct rejects *rejects = &load->rejects;
    for (size_t i = 0; i < rejects->tally_count; i++) {
        const struct reject_tally *tally = &rejects->tallies[i];
        if (strcmp(tally->resource, resource->name) == 0)
            context_log(&load->session->pipeline->ctx, TG_LOG_WARNING, "rejects",
                        "resource '%s': a run would reject %" PRIu64 " of the first %" PRIu64
                        " row%s; the first one for this reason: %s%s%s",
                        resource->name, tally->rows, counts->rows_read, plural(counts->rows_read),
                        tally->place, *tally->place ? ": " : "", tally->reason);
    }
}

/* It is nowhere but in the spec: a run takes the rows, and the column does nothing. */
static int warn_of_columns(const struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct type_spec spec;
    const struct resource *resource = part->resource;
    const uint64_t rows = part->normalizer ? normalizer_row_count(part->normalizer) : 0;
    if (rows == 0)
        return TG_OK;
    for (size_t i = 0; i < resource->column_count; i++) {
        TRY(normalizer_column_type(part->normalizer, resource->columns[i].name, &spec, err));
        if (spec.type == TYPE_NONE)
            context_log(&part->session->pipeline->ctx, TG_LOG_WARNING, "columns",
                        "resource '%s': columns names '%s', and none of the first %" PRIu64
                        " row%s has a value for it; correct the name, or leave it out",
                        resource->name, resource->columns[i].name, rows, plural(rows));
    }
done:
    return rc;
}

static int look(struct load *load, const struct resource *resource, struct tg_error *err)
{
    int rc = TG_OK;
    struct resource_load *part = NULL;
    struct resource_counts counts;
    const struct turn turn = {.is_last = true, .reading = 1, .only_first = true};
    TRY(resource_begin(load, resource, &turn, &part, err));
    TRY(resource_look(part, &counts, err));
    warn_of_rejects(load, &counts);
    TRY(warn_of_columns(part, err));
done:
    resource_end(part);
    return rc == TG_OK ? rc : error_at(err, rc, AT_RESOURCE, resource->name);
}

/* ---- what a source says of itself ---- */

/* As the column is called: a part of a name that is nested in it will do. */
static int has_field(struct session *session, const struct source_facts *facts, const char *name,
                     bool *out, struct tg_error *err)
{
    int rc = TG_OK;
    const char *wanted = NULL, *is = NULL;
    const struct name_rules rules = session_names(session);
    *out = false;
    TRY(session_name(session, name, &wanted, err));
    for (size_t i = 0; !*out && i < facts->width; i++) {
        TRY(session_name(session, facts->names[i], &is, err));
        const size_t len = strlen(is);
        *out = strncmp(wanted, is, len) == 0 &&
               (!wanted[len] ||
                strncmp(wanted + len, name_separator(&rules), strlen(name_separator(&rules))) == 0);
    }
done:
    return rc;
}

static int check_names(struct session *session, const struct source_facts *facts,
                       const char *option, const char *const *names, size_t count,
                       struct tg_error *err)
{
    char hint[NEAREST_HINT_BYTES];
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        struct nearest nearest = {.wanted = names[i]};
        int rc = has_field(session, facts, names[i], &found, err);
        if (rc != TG_OK || found)
            return rc;
        for (size_t c = 0; c < facts->width; c++)
            nearest_offer(&nearest, facts->names[c], strlen(facts->names[c]));
        return error_set(err, TG_SPEC, "%s names '%s', and the source has no such column%s", option,
                         names[i], nearest_hint(&nearest, hint));
    }
    return TG_OK;
}

static int check_facts(struct load *load, const struct resource *resource, struct tg_error *err)
{
    int rc = TG_OK;
    struct source_facts facts = {0};
    struct session *session = load->session;
    const struct services services = {&session->pipeline->ctx, session->engine};
    const struct tg_cursor cursor = resource_cursor(resource);
    struct resource_request request =
        resource_request(resource, &session->pipeline->config, &services);
    request.cursor = &cursor;
    TRY(sources_describe(&session->sources, resource->driver, &request, &session->catalog.arena,
                         &facts, err));
    if (facts.width > 0) {
        TRY(check_names(session, &facts, "primary_key", resource->primary_key,
                        resource->primary_key_count, err));
        TRY(check_names(session, &facts, "merge_key", resource->merge_key,
                        resource->merge_key_count, err));
    }
done:
    return rc == TG_OK ? rc : error_at(err, rc, AT_RESOURCE, resource->name);
}

int fields_check(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    const struct config *config = &load->session->pipeline->config;
    for (size_t i = 0; i < config->resource_count; i++) {
        const struct resource *resource = &config->resources[i];
        if (!resource->selected)
            continue;
        if (resource->driver->looks_first)
            TRY(look(load, resource, err));
        if (resource->driver->describe)
            TRY(check_facts(load, resource, err));
    }
done:
    return rc;
}
