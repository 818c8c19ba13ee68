/*
 * What the destination has of the tables that a run touches, whoever made them: it counts more than
 * what the stored schema remembers.
 *
 *   there_note (what has had data, by the ledger) -> there_read: is_wanted (root tables of the
 *   selected resources and what is nested in them; list_names: those that are known) -> look:
 *   describe -> note_taken (a view in the place of one) -> settle_table -> settle_type
 *   there_complete (before what may have rows is read): all that are wanted, known or not
 *   there_touch (a root that a program names while it is read): settle_table
 *   there_meet (before the first row of a table): check_links; gone: made again, or refused
 *
 * A column that the catalog knows with another type gets the destination's type here, unless ours
 * is a wider one: then the column is altered when the load is written. A column that it does not
 * know waits in session->there until values fill it (normalize/there.c).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "run/again.h"
#include "run/pending.h"

/* ---- which tables ---- */

/* The root tables of the selected resources, sorted. */
struct wanted {
    const struct session *session;
    const char **roots;
    size_t count;
    const char *separator;
    size_t name_bytes_max;
    bool all; /* a program may name further tables as it reads */
};

static int compare_names(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Where the destination folds no case, names that differ in it are wanted for nothing. */
static bool is_root(const struct wanted *wanted, const char *name, size_t len)
{
    size_t low = 0, high = wanted->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *root = wanted->roots[middle];
        int order = strncasecmp(root, name, len);
        if (order == 0 && !root[len])
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* A root, or one whose name starts with that of a root; one that was shortened may be any. */
static bool is_touched(const struct wanted *wanted, const char *name)
{
    const char *at = name;
    size_t len = strlen(name);
    if (refresh_drops(wanted->session, name))
        return false;
    if (is_root(wanted, name, len) || (wanted->name_bytes_max && len >= wanted->name_bytes_max))
        return true;
    while ((at = strstr(at, wanted->separator))) {
        if (is_root(wanted, name, (size_t)(at - name)))
            return true;
        at += strlen(wanted->separator);
    }
    const struct table *table = catalog_find_like(&wanted->session->catalog, name,
                                                  wanted->session->destination.facts.folds_case);
    const char *root = table ? catalog_root(&wanted->session->catalog, table)->name : "";
    return is_root(wanted, root, strlen(root));
}

static bool is_wanted(const void *user, const char *name)
{
    const struct wanted *wanted = user;
    const bool is_system = table_is_system(&(struct table){.name = name});
    return is_touched(wanted, name) ||
           (wanted->all && !is_system && !refresh_drops(wanted->session, name));
}

/* With room behind them for their names once more, and those of all tables of the catalog. */
static int list_roots(struct session *session, struct wanted *out, struct tg_error *err)
{
    const struct config *config = &session->pipeline->config;
    const struct name_rules rules = session_names(session);
    out->roots = mem_calloc(2 * config->resource_count + session->catalog.table_count + 1,
                            sizeof(*out->roots));
    if (!out->roots)
        return error_nomem(err);
    for (size_t i = 0; i < config->resource_count; i++) {
        if (!config->resources[i].selected || config->resources[i].no_table)
            continue;
        out->all |= config->resources[i].read != NULL;
        int rc = root_table_name(session, &config->resources[i], &out->roots[out->count++], err);
        if (rc != TG_OK)
            return rc;
    }
    qsort(out->roots, out->count, sizeof(*out->roots), compare_names);
    out->separator = name_separator(&rules);
    out->name_bytes_max = rules.bytes_max;
    return TG_OK;
}

/* ---- what they are like ---- */

static bool has_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_system(const char *column)
{
    return strncmp(column, "_dlt_", 5) == 0;
}

static int same_there(const struct session *session, const struct type_spec *a,
                      const struct type_spec *b, bool *same, struct tg_error *err)
{
    struct buf left = BUF_INIT, right = BUF_INIT;
    session->destination.facts.type_text(a, &left);
    session->destination.facts.type_text(b, &right);
    int rc = left.failed || right.failed ? error_nomem(err) : TG_OK;
    *same = rc == TG_OK && strcmp(buf_string(&left), buf_string(&right)) == 0;
    buf_release(&left);
    buf_release(&right);
    return rc;
}

/* The destination's type for a column that the catalog has. */
static int settle_type(const struct session *session, struct table_column *column,
                       const struct type_spec *is, struct tg_error *err)
{
    bool same = false;
    if (is->type == TYPE_NONE || column->spec.type == TYPE_NONE)
        return TG_OK;
    int rc = same_there(session, &column->spec, is, &same, err);
    if (rc != TG_OK || same || type_widens(is, &column->spec) || type_spells(is, &column->spec))
        return rc;
    column->spec = *is;
    column->has_timezone = column->has_timezone || is->naive;
    column->scale_implied = false;
    return TG_OK;
}

static int settle_table(const struct session *session, const struct table *there,
                        struct tg_error *err)
{
    int rc = TG_OK;
    bool folds = session->destination.facts.folds_case;
    struct table *table = catalog_find_like(&session->catalog, there->name, folds);
    for (size_t i = 0; table && i < there->column_count; i++) {
        struct table_column *known = table_find_like(table, there->columns[i].name, folds);
        if (known && !is_system(known->name))
            TRY(settle_type(session, known, &there->columns[i].spec, err));
    }
done:
    return rc;
}

int there_note(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    const struct catalog *catalog = &session->catalog;
    session->had_data = arena_alloc(&session->ledger.arena,
                                    (catalog->table_count + 1) * sizeof(*session->had_data));
    if (!session->had_data)
        return error_nomem(err);
    for (size_t i = 0; i < catalog->table_count; i++) {
        if (!catalog->tables[i]->seen_data || table_is_system(catalog->tables[i]))
            continue;
        TRY(arena_keep(&session->ledger.arena, catalog->tables[i]->name,
                       &session->had_data[session->had_data_count++], err));
    }
done:
    return rc;
}

static int add_absent(struct session *session, const char *name, struct tg_error *err)
{
    if (catalog_find_like(&session->there, name, session->destination.facts.folds_case))
        return TG_OK;
    return arena_keep(&session->ledger.arena, name, &session->taken[session->taken_count++], err);
}

/* Those of the absent ones that something else has. */
static int keep_taken(struct session *session, struct tg_error *err)
{
    const char **names = session->taken;
    const size_t count = session->taken_count;
    bool *taken = arena_alloc(&session->ledger.arena, count * sizeof(*taken) + 1);
    session->taken_count = 0;
    if (!taken)
        return error_nomem(err);
    int rc = destination_views(&session->destination, names, count, taken, err);
    for (size_t i = 0; rc == TG_OK && i < count; i++)
        if (taken[i])
            names[session->taken_count++] = names[i];
    return rc;
}

/* Of tables that are not there: those that have had data, and roots, which a run would make. */
static int note_taken(struct session *session, const struct wanted *wanted, struct tg_error *err)
{
    int rc = TG_OK;
    session->taken_count = 0;
    session->taken =
        arena_alloc(&session->ledger.arena,
                    (session->had_data_count + wanted->count + 1) * sizeof(*session->taken));
    if (!session->taken)
        return error_nomem(err);
    for (size_t i = 0; i < session->had_data_count; i++)
        if (is_touched(wanted, session->had_data[i]))
            TRY(add_absent(session, session->had_data[i], err));
    for (size_t i = 0; i < wanted->count; i++)
        if (!has_name(session->had_data, session->had_data_count, wanted->roots[i]) &&
            !refresh_drops(session, wanted->roots[i]))
            TRY(add_absent(session, wanted->roots[i], err));
    rc = keep_taken(session, err);
done:
    return rc;
}

/* Behind the roots: those that are wanted of them, and of the tables that the catalog has. */
static size_t list_names(const struct session *session, const struct wanted *wanted)
{
    const char **names = wanted->roots + wanted->count;
    size_t count = 0;
    for (size_t i = 0; i < wanted->count; i++)
        if (is_wanted(wanted, wanted->roots[i]))
            names[count++] = wanted->roots[i];
    for (size_t i = 0; i < session->catalog.table_count; i++) {
        const char *name = session->catalog.tables[i]->name;
        if (is_wanted(wanted, name) && !is_root(wanted, name, strlen(name)))
            names[count++] = name;
    }
    return count;
}

/* What was seen before has its types: resources may have said others since. */
static int look(struct session *session, const struct wanted *wanted,
                const struct table_choice *choice, struct tg_error *err)
{
    int rc = TG_OK;
    const bool folds = session->destination.facts.folds_case;
    TRY(destination_describe(&session->destination, choice, &session->there, err));
    TRY(note_taken(session, wanted, err));
    TRY(ahead_lay(session, err));
    for (size_t i = 0; i < session->there.table_count; i++) {
        const struct table *there = session->there.tables[i];
        if (is_touched(wanted, there->name) &&
            !catalog_find_like(&session->glimpse, there->name, folds))
            TRY(settle_table(session, there, err));
    }
done:
    return rc;
}

int there_read(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct wanted wanted = {.session = session};
    struct table_choice choice = {.wants = is_wanted, .user = &wanted};
    session->knows_there = !session->destination.facts.finds_names;
    TRY(list_roots(session, &wanted, err));
    if (!session->knows_there)
        choice = (struct table_choice){.names = wanted.roots + wanted.count,
                                       .name_count = list_names(session, &wanted)};
    TRY(look(session, &wanted, &choice, err));
    if (session->knows_there)
        TRY(again_recall(session, err));
done:
    mem_free(wanted.roots);
    return rc;
}

/* What points to a table as it was seen at first may go on doing so. */
static int look_whole(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct wanted wanted = {.session = session};
    const struct table_choice choice = {.wants = is_wanted, .user = &wanted};
    TRY(list_roots(session, &wanted, err));
    session->glimpse = session->there;
    session->there = (struct catalog){0};
    session->knows_there = true;
    TRY(look(session, &wanted, &choice, err));
    TRY(again_recall(session, err));
done:
    mem_free(wanted.roots);
    return rc;
}

int there_complete(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    const bool was_open = session->destination.state != NULL;
    if (session->knows_there)
        return TG_OK;
    if (!was_open)
        TRY(destination_open(&session->destination, err));
    rc = look_whole(session, err);
done:
    if (!was_open)
        destination_close(&session->destination);
    return rc;
}

/* Is it the root, or one that is nested in it, by its name? */
static bool is_of(const struct session *session, const char *name, const char *root)
{
    const struct name_rules rules = session_names(session);
    const char *separator = name_separator(&rules);
    const size_t len = strlen(root);
    const bool folds = session->destination.facts.folds_case;
    return (folds ? strncasecmp : strncmp)(name, root, len) == 0 &&
           (!name[len] || strncmp(name + len, separator, strlen(separator)) == 0);
}

/* The catalog knows whose it is, whatever is left of its name where the destination cuts names. */
static bool has_root(const struct session *session, const char *name, const char *root)
{
    const bool folds = session->destination.facts.folds_case;
    const struct table *table = catalog_find_like(&session->catalog, name, folds);
    const char *own = table ? catalog_root(&session->catalog, table)->name : "";
    return (folds ? strcasecmp : strcmp)(own, root) == 0;
}

int there_touch(struct session *session, const char *root, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < session->there.table_count; i++)
        if (has_root(session, session->there.tables[i]->name, root))
            TRY(settle_table(session, session->there.tables[i], err));
done:
    return rc;
}

bool there_is_below(const struct session *session, const struct table *there, const char *root)
{
    const bool folds = session->destination.facts.folds_case;
    return is_of(session, there->name, root) && there->name[strlen(root)] &&
           table_find_like(there, "_dlt_parent_id", folds) &&
           !catalog_find_like(&session->catalog, there->name, folds);
}

bool there_carries_root_id(const struct session *session, const char *root)
{
    const struct name_rules rules = session_names(session);
    const bool folds = session->destination.facts.folds_case;
    for (size_t i = 0; i < session->there.table_count; i++) {
        const struct table *there = session->there.tables[i];
        const bool is_short = rules.bytes_max > 0 && strlen(there->name) >= (size_t)rules.bytes_max;
        const bool may_be = is_short ? strncasecmp(there->name, root, strlen(root)) == 0
                                     : is_of(session, there->name, root);
        if (may_be && strcmp(there->name, root) != 0 &&
            table_find_like(there, "_dlt_root_id", folds))
            return true;
    }
    return false;
}

/* ---- before the first row ---- */

/* Where the case of names counts, another one's column is not ours. */
static int refuse_spelling(const struct session *session, const struct table *there, const char *is,
                           const char *ours, struct tg_error *err)
{
    return error_set(err, TG_DESTINATION,
                     "table '%s' is at the destination with a column '%s' in the place of '%s': "
                     "another program made it, or changed it; rename it (ALTER TABLE \"%s\".\"%s\" "
                     "RENAME COLUMN \"%s\" TO \"%s\"), or give the resource another table_name",
                     there->name, is, ours, session->pipeline->config.dataset, there->name, is,
                     ours);
}

/* Rows are told apart, and nested ones find their parents, by columns of ours. */
static int check_links(const struct session *session, const struct table *there,
                       struct tg_error *err)
{
    static const struct {
        const char *name;
        enum type type;
        bool must_be_there;
    } links[] = {
        {"_dlt_id", TYPE_TEXT, true},          {"_dlt_load_id", TYPE_TEXT, false},
        {"_dlt_parent_id", TYPE_TEXT, false},  {"_dlt_root_id", TYPE_TEXT, false},
        {"_dlt_list_idx", TYPE_BIGINT, false},
    };
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        const struct table_column *column =
            table_find_like(there, links[i].name, session->destination.facts.folds_case);
        if (column ? column->spec.type == links[i].type : !links[i].must_be_there)
            continue;
        const struct table_column *like =
            column ? NULL : table_find_like(there, links[i].name, true);
        if (like)
            return refuse_spelling(session, there, like->name, links[i].name, err);
        struct buf type = BUF_INIT;
        session->destination.facts.type_text(&(struct type_spec){.type = links[i].type}, &type);
        int rc = error_set(
            err, TG_DESTINATION,
            "table '%s' is at the destination with%s column '%s'%s: another program made it, or "
            "changed it; give the resource another table_name, or %s it yourself (ALTER TABLE "
            "\"%s\".\"%s\" %s \"%s\" %s%s)",
            there->name, column ? " a" : "out a", links[i].name,
            column ? " of another type than ours" : "", column ? "change" : "add",
            session->pipeline->config.dataset, there->name, column ? "ALTER COLUMN" : "ADD COLUMN",
            links[i].name, column ? "SET DATA TYPE " : "", buf_string(&type));
        buf_release(&type);
        return rc;
    }
    return TG_OK;
}

int there_fits(const struct session *session, const char *table, struct tg_error *err)
{
    const struct table *there =
        catalog_find_like(&session->there, table, session->destination.facts.folds_case);
    if (there)
        return check_links(session, there, err);
    return has_name(session->taken, session->taken_count, table)
               ? error_set(err, TG_DESTINATION,
                           "something else than a table has that name: \"%s\", "
                           "a view maybe; rename it, or "
                           "the resource's table",
                           table)
               : TG_OK;
}

int there_meet(const struct session *session, const char *table, const struct resource *resource,
               const char *held_by, enum there *found, struct tg_error *err)
{
    const bool is_there =
        catalog_find_like(&session->there, table, session->destination.facts.folds_case) != NULL;
    *found = is_there                                                      ? THERE_PRESENT
             : has_name(session->had_data, session->had_data_count, table) ? THERE_GONE
                                                                           : THERE_NEW;
    int rc = there_fits(session, table, err);
    if (rc != TG_OK || *found != THERE_GONE)
        return rc;
    if (held_by)
        return error_set(err, TG_DESTINATION,
                         "table '%s' has had data and is gone at the destination, and %s would "
                         "hold back what was in it; load all of it again with --full-refresh "
                         "--select %s, or make the table with nothing but a column _dlt_id to go "
                         "on with new rows alone",
                         table, held_by, resource->name);
    context_log(&session->pipeline->ctx, TG_LOG_WARNING, "table",
                "table '%s' has had data and is gone at the destination: it is made again with "
                "what this run reads",
                table);
    return TG_OK;
}
