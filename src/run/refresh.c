/*
 * A run that begins anew: what it forgets, and which tables it drops.
 *
 *   refresh_forget (session_restore) -> note_tables -> forget_schema, or forget_tables
 *   refresh_enter (run_load): the load's manifest says the tables, so that whoever writes it drops
 *   them, in the transaction that brings the new rows
 *   refresh_drop (reset.c) does the same for tables of other choice
 *
 * drop_sources: all tables of the schema, what the state has of its sources, the schema.
 * drop_resources: the tables of the selected resources, with those nested in them. drop_data is
 * no more than what each resource does by itself (resource.c): it replaces its rows, and its cursor
 * begins afresh, as under the other two.
 */
#include <string.h>
#include <strings.h>

#include "run/load.h"

const char *refresh_word(enum tg_refresh refresh)
{
    switch (refresh) {
    case TG_REFRESH_DROP_SOURCES: return "drop_sources";
    case TG_REFRESH_DROP_RESOURCES: return "drop_resources";
    case TG_REFRESH_DROP_DATA: return "drop_data";
    default: return "";
    }
}

/* ---- which tables ---- */

/* By its resource's name, or by the name that it would get now. */
static bool is_selected(const struct session *session, const struct table *root)
{
    const struct config *config = &session->pipeline->config;
    const char *resource = root->resource ? root->resource : root->name;
    for (size_t i = 0; i < config->resource_count; i++) {
        const struct resource *one = &config->resources[i];
        bool named = strcmp(one->name, resource) == 0 || strcmp(one->table_key, root->name) == 0;
        if (one->selected && !one->is_group && !one->no_table && named)
            return true;
    }
    return false;
}

static bool is_refreshed(const void *user, const struct table *root)
{
    const struct session *session = user;
    return session->pipeline->refresh == TG_REFRESH_DROP_SOURCES || is_selected(session, root);
}

static bool goes(const struct session *session, const struct root_choice *choice,
                 const struct table *table)
{
    return !table_is_system(table) &&
           choice->takes(choice->user, catalog_root(&session->catalog, table));
}

static int note_tables(struct session *session, const struct root_choice *choice,
                       struct tg_error *err)
{
    int rc = TG_OK;
    const struct catalog *catalog = &session->catalog;
    struct arena *arena = &session->ledger.arena;
    session->dropped = arena_alloc(arena, (catalog->table_count + 1) * sizeof(*session->dropped));
    if (!session->dropped)
        return error_nomem(err);
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *table = catalog->tables[i], *root = catalog_root(catalog, table);
        struct dropped_table *dropped = &session->dropped[session->dropped_count];
        if (!table->seen_data || !goes(session, choice, table))
            continue;
        *dropped = (struct dropped_table){.nested = root != table};
        TRY(arena_keep(arena, table->name, &dropped->name, err));
        TRY(arena_keep(arena, root->resource ? root->resource : root->name, &dropped->resource,
                       err));
        session->dropped_count++;
    }
done:
    return rc;
}

bool refresh_drops(const struct session *session, const char *table)
{
    const bool folds = session->destination.facts.folds_case;
    for (size_t i = 0; i < session->dropped_count; i++) {
        const char *name = session->dropped[i].name;
        if ((folds ? strcasecmp(name, table) : strcmp(name, table)) == 0)
            return true;
    }
    return false;
}

/* ---- what is known of them ---- */

/* What is kept is looked at as a whole: the root that a nested table is looked up by may come
 * behind it. */
static int forget_tables(struct session *session, const struct root_choice *choice,
                         struct tg_error *err)
{
    struct catalog *catalog = &session->catalog;
    size_t kept = 0, count = 0;
    struct table **tables = arena_alloc(&catalog->arena, catalog->table_count * sizeof(*tables));
    if (!tables)
        return error_nomem(err);
    for (size_t i = 0; i < catalog->table_count; i++)
        if (!goes(session, choice, catalog->tables[i]))
            tables[count++] = catalog->tables[i];
    for (; kept < count; kept++)
        catalog->tables[kept] = tables[kept];
    catalog->table_count = count;
    return TG_OK;
}

/* Its versions go on from the last one. */
static int forget_schema(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    const struct ledger *ledger = &session->ledger;
    state_reset_schema(&session->state, session->schema);
    if (!ledger->schema_json)
        return TG_OK;
    catalog_release(&session->catalog);
    TRY(catalog_init(&session->catalog, session->schema, err));
    session->catalog.version = ledger->schema_version;
    TRY(arena_keep(&session->catalog.arena, ledger->schema_hash, &session->catalog.version_hash,
                   err));
done:
    return rc;
}

int refresh_forget(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    const enum tg_refresh refresh = session->pipeline->refresh;
    const struct root_choice refreshed = {is_refreshed, session};
    if (refresh != TG_REFRESH_DROP_SOURCES && refresh != TG_REFRESH_DROP_RESOURCES)
        return TG_OK;
    if (session->pipeline->config.undo_loads > 0)
        return error_set(err, TG_USAGE,
                         "pipeline '%s' keeps undo, and refresh %s drops tables, which no undo "
                         "brings back; use drop_data, or leave out 'undo' for this run",
                         session->pipeline->config.pipeline, refresh_word(refresh));
    TRY(note_tables(session, &refreshed, err));
    TRY(refresh == TG_REFRESH_DROP_SOURCES ? forget_schema(session, err)
                                           : forget_tables(session, &refreshed, err));
done:
    return rc;
}

int refresh_drop(struct session *session, const struct root_choice *choice, struct tg_error *err)
{
    int rc = note_tables(session, choice, err);
    return rc == TG_OK ? forget_tables(session, choice, err) : rc;
}

/* ---- the load ---- */

int refresh_mark(const struct session *session, struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_table *table = NULL;
    for (size_t i = 0; i < session->dropped_count; i++) {
        const struct dropped_table *dropped = &session->dropped[i];
        TRY(manifest_add_table(manifest, dropped->name, dropped->resource, dropped->nested, &table,
                               err));
        table->dropped = true;
    }
done:
    return rc;
}

int refresh_enter(struct load *load, struct tg_error *err)
{
    struct manifest *manifest = NULL;
    if (load->session->dropped_count == 0)
        return TG_OK;
    int rc = load_package(load, &manifest, err);
    return rc == TG_OK ? refresh_mark(load->session, manifest, err) : rc;
}
