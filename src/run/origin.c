/*
 * Rows of somebody else in the table of a resource that remembers nothing: it was renamed, or its
 * pipeline, or several load into one table.
 *
 *   session_restore -> origin_check: each resource that would go on from what it remembers, and
 *   remembers nothing -> destination_loaders: has its table rows, and whose? -> refuse, or
 *   (accepted) a mark in the resource's state, so that nobody is asked again
 *   run_load -> origin_enter: the mark is part of the load, whatever comes
 *
 * Who has loaded into it before, under these names, is not asked: after a reset, with a cursor that
 * is new, or where dlt did it, under the name of the pipeline.
 */
#include <string.h>

#include "dlt/entries.h"
#include "run/load.h"
#include "run/pending.h"
#include "run/range.h"
#include "write/disposition.h"

/* ---- who is asked ---- */

/* Does it read what it has not read, and not all there is? */
static bool goes_on(const struct resource *resource)
{
    const bool is_window =
        resource->incremental.end_value.kind != TG_VALUE_NONE || range_is_window(resource);
    if (!resource->selected || resource->is_group || resource->no_table ||
        resource->disposition->replaces || is_window)
        return false;
    return resource->incremental.cursor_path ||
           (resource->driver->remember && resource->disposition->adds_rows);
}

static bool remembers(const struct session *session, const struct resource *resource)
{
    const struct ledger *ledger = &session->ledger;
    const char *source = resource_source_key(session, resource);
    for (size_t i = 0; i < ledger->boundary_count; i++)
        if (strcmp(ledger->boundaries[i].resource, resource->name) == 0)
            return true;
    return state_has_resource(&session->state, source, resource->name) ||
           ledger_recall(ledger, resource->name).count > 0;
}

/* ---- whose rows they are ---- */

/* An older ledger does not name pipelines. */
static bool is_own(const struct session *session, const struct resource *resource,
                   const struct loader *loader)
{
    const bool ours =
        !loader->pipeline || strcmp(loader->pipeline, session->pipeline->config.pipeline) == 0;
    return ours && strcmp(loader->resource, resource->name) == 0;
}

/* By dlt: it names the pipeline beside a state alone, and the resource in the schema. */
static bool is_taken_over(const struct session *session, const struct resource *resource,
                          const char *name)
{
    const struct table *table = catalog_find(&session->catalog, name);
    return *session->ledger.newest_load && table && table->seen_data &&
           (!table->resource || strcmp(table->resource, resource->name) == 0);
}

static bool are_known(const struct session *session, const struct resource *resource,
                      const char *table, const struct loaders *loaders)
{
    for (size_t i = 0; i < loaders->count; i++)
        if (is_own(session, resource, &loaders->items[i]))
            return true;
    return loaders->count == 0 && is_taken_over(session, resource, table);
}

enum { NAMED_MAX = 3 };

static void put_loaders(const struct loaders *loaders, struct buf *out)
{
    if (loaders->count == 0)
        buf_text(out, "somebody that the ledger does not name");
    for (size_t i = 0; i < loaders->count && i < NAMED_MAX; i++) {
        const struct loader *loader = &loaders->items[i];
        buf_printf(out, "%sresource '%.100s' of pipeline '%.100s'", i > 0 ? ", " : "",
                   loader->resource, loader->pipeline ? loader->pipeline : "");
    }
    if (loaders->count > NAMED_MAX)
        buf_printf(out, " and %zu more", loaders->count - NAMED_MAX);
}

static int refuse(const struct session *session, const struct resource *resource, const char *table,
                  const struct loaders *loaders, struct tg_error *err)
{
    struct buf whose = BUF_INIT;
    put_loaders(loaders, &whose);
    int rc = buf_check(&whose, err);
    if (rc == TG_OK)
        rc = error_set(
            err, TG_USAGE,
            "table '%.100s' has rows, and resource '%.100s' of pipeline '%.100s' remembers nothing "
            "of them: they are from %.500s; nothing was read. Was one of them renamed, go on under "
            "the old name: under this one all is loaded from the beginning, and %s. If several are "
            "to load into the table, say --accept, once",
            table, resource->name, session->pipeline->config.pipeline, buf_string(&whose),
            resource->disposition->adds_rows ? "added to what is there (append)"
                                             : "merged with what is there");
    buf_release(&whose);
    return rc;
}

static int accept(struct session *session, const struct resource *resource, struct tg_error *err)
{
    session->accepts_rows = true;
    return state_mark_resource(&session->state, resource_source_key(session, resource),
                               resource->name, STATE_ACCEPTS_ROWS, err);
}

/* Its rows are not there yet; a load that is sealed brings them. */
static int check_brought(struct session *session, const struct resource *resource,
                         const struct brought_table *brought, struct tg_error *err)
{
    struct loader by = {session->pipeline->config.pipeline, brought->resource};
    const struct loaders loaders = {.items = &by, .count = 1};
    if (strcmp(brought->resource, resource->name) == 0)
        return TG_OK;
    return session->pipeline->accept & TG_ACCEPT_ROWS
               ? accept(session, resource, err)
               : refuse(session, resource, brought->name, &loaders, err);
}

static int check_resource(struct session *session, const struct resource *resource,
                          struct tg_error *err)
{
    int rc = TG_OK;
    const char *table = NULL;
    struct loaders loaders = {.has_rows = false};
    TRY(root_table_name(session, resource, &table, err));
    if (!catalog_find_like(&session->there, table, session->destination.facts.folds_case))
        goto done;
    const struct brought_table *brought = ahead_brings(session, table);
    if (brought) {
        rc = check_brought(session, resource, brought, err);
        goto done;
    }
    const struct loaders_request request = {session->pipeline->config.pipeline, resource->name,
                                            table};
    TRY(destination_loaders(&session->destination, &request, &loaders, err));
    if (!loaders.has_rows || are_known(session, resource, table, &loaders))
        goto done;
    TRY(session->pipeline->accept & TG_ACCEPT_ROWS
            ? accept(session, resource, err)
            : refuse(session, resource, table, &loaders, err));
done:
    arena_release(&loaders.arena);
    return rc;
}

int origin_check(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    const struct config *config = &session->pipeline->config;
    const bool is_empty = !session->destination.state && session->brought_count == 0;
    if (session->pipeline->refresh != TG_REFRESH_NONE || is_empty)
        return TG_OK;
    for (size_t i = 0; i < config->resource_count; i++)
        if (goes_on(&config->resources[i]) && !remembers(session, &config->resources[i]))
            TRY(check_resource(session, &config->resources[i], err));
done:
    return rc;
}

int origin_enter(struct load *load, struct tg_error *err)
{
    struct manifest *manifest = NULL;
    return load->session->accepts_rows ? load_package(load, &manifest, err) : TG_OK;
}
