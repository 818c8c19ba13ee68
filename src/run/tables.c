/*
 * The further tables of a resource: each is on its way into the package as the resource's own is,
 * by a struct resource_load that has no more than that.
 *
 *   tg_read_table -> make: its name, its hints (config/table.c) -> a number; of one that was said
 *   before: say_again
 *   push_page -> tables_push: the rows of a page by the table that they are for -> push_to ->
 *   open_part, with its first row -> part_push
 *   leave -> tables_leave: open_part (those that are to be there, or are emptied, without a row) ->
 *   close_part -> empty_others (those that earlier runs have made)
 *
 * Of a table that several resources load, one takes all rows at a time: load->open has those that
 * do, and the own one of a resource goes before. A table has batches that wait for more rows; of
 * many, all are handed on now and then.
 */
#include <string.h>
#include <strings.h>

#include "base/text/same.h"
#include "run/resource.h"
#include "write/disposition.h"

/* Of the memory budget, for batches of further tables that wait for more rows. */
enum { ROOM_SHARE = 8 };

struct further {
    const char *name; /* normalised */
    struct resource resource;
    const struct resource *of; /* the resource of the config whose own table it is; NULL: none's */
    const char *owner; /* another resource, whose own it is, or which has made it; NULL: none has */
    struct resource_load *part; /* NULL: no row has come, or another part takes them */
    struct resource_counts counts;
    struct sayings known;
    bool was_open;
};

static bool same_name(const struct session *session, const char *a, const char *b)
{
    return (session->destination.facts.folds_case ? strcasecmp(a, b) : strcmp(a, b)) == 0;
}

/* ---- those that take rows ---- */

static struct resource_load *find_open(const struct load *load, const char *name)
{
    struct resource_load *part = load->open;
    while (part && !same_name(load->session, part->root->name, name))
        part = part->next;
    return part;
}

static void leave_open(struct resource_load *part)
{
    struct resource_load **at = &part->load->open;
    while (*at && *at != part)
        at = &(*at)->next;
    if (*at)
        *at = part->next;
    part->load->room -= part->room;
    part->room = 0;
}

static void enter_open(struct resource_load *part)
{
    part->next = part->load->open;
    part->load->open = part;
}

static int keep_counts(struct load *load, const struct resource_counts *counts,
                       struct tg_error *err)
{
    int rc = mem_grow(&load->further, &load->further_cap, load->further_count + 1,
                      sizeof(*load->further), err);
    if (rc == TG_OK)
        load->further[load->further_count++] = *counts;
    return rc;
}

static int finish_part(struct resource_load *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_table *table = NULL;
    struct resource_counts *counts = part->counts;
    TRY(part_fill_table(part, err));
    counts->rows_new = normalizer_row_count(part->normalizer);
    if (counts->rows_rejected > 0)
        TRY(part_enter_root(part, &table, err));
    TRY(keep_counts(part->load, counts, err));
done:
    return rc;
}

/* It may be another resource's. */
static int close_part(struct resource_load *part, struct tg_error *err)
{
    struct further *further = part->further;
    int rc = finish_part(part, err);
    if (rc != TG_OK)
        return error_at(err, rc, AT_TABLE, further->name);
    resource_end(part);
    further->part = NULL;
    return rc;
}

int tables_open(struct resource_load *part, struct tg_error *err)
{
    struct resource_load *other = find_open(part->load, part->root->name);
    int rc = other && other->further ? close_part(other, err) : TG_OK;
    enter_open(part);
    return rc;
}

void tables_release(struct resource_load *part)
{
    struct tables *tables = &part->tables;
    for (size_t i = 0; i < tables->count; i++) {
        resource_end(tables->items[i]->part);
        mem_free(tables->items[i]->known.items);
    }
    mem_free(tables->items);
    mem_free(tables->own.items);
    tables->count = 0;
    leave_open(part);
}

static bool same_way(const struct resource *a, const struct resource *b)
{
    return a->disposition == b->disposition && a->row_ids == b->row_ids &&
           a->max_table_nesting == b->max_table_nesting &&
           a->skip_unchanged_rows == b->skip_unchanged_rows &&
           texts_same(a->primary_key, a->primary_key_count, b->primary_key, b->primary_key_count) &&
           texts_same(a->merge_key, a->merge_key_count, b->merge_key, b->merge_key_count);
}

/* A load loads a table in one way, whosever rows they are. */
static int check_others(const struct load *load, const struct further *further,
                        struct tg_error *err)
{
    const struct resource_load *open = find_open(load, further->name);
    const struct resource *other = open ? open->resource : further->of;
    if (!open && further->of && !further->of->selected)
        other = NULL;
    for (size_t i = 0; !other && i < load->further_count; i++)
        if (load->further[i].rows_new > 0 &&
            same_name(load->session, load->further[i].table, further->name))
            other = load->further[i].resource;
    if (!other || same_way(other, &further->resource))
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "resource '%s' of this run loads the table, too, in another way; let both say "
                     "the same write_disposition, keys, row_ids and max_table_nesting",
                     other->name);
}

/* Who has loaded it remembers what is in it, and does not bring it again where it is left out. */
static bool begins_anew(const struct session *session, const struct further *further)
{
    const struct config *config = &session->pipeline->config;
    bool takes_part = !further || !further->owner;
    for (size_t i = 0; !takes_part && i < config->resource_count; i++)
        takes_part =
            config->resources[i].selected && strcmp(config->resources[i].name, further->owner) == 0;
    return takes_part && session->pipeline->refresh != TG_REFRESH_NONE;
}

static bool is_replaced(const struct session *session, const struct further *further,
                        const struct resource *resource)
{
    return resource->disposition->replaces || begins_anew(session, further);
}

static int meet_part(struct resource_load *part, const struct further *further,
                     struct tg_error *err)
{
    int rc = TG_OK;
    TRY(there_complete(part->session, err));
    TRY(there_touch(part->session, further->name, err));
    TRY(part_meet_table(part, err));
    if (further->owner)
        part->root->resource = further->owner;
done:
    return rc;
}

static int open_part(const struct resource_load *maker, struct further *further,
                     struct tg_error *err)
{
    struct session *session = maker->session;
    struct resource_load *part = mem_calloc(1, sizeof(*part));
    if (!part)
        return error_nomem(err);
    further->counts = (struct resource_counts){.resource = &further->resource};
    *part = (struct resource_load){
        .session = session,
        .load = maker->load,
        .resource = &further->resource,
        .turn = maker->turn,
        .counts = &further->counts,
        .further = further,
        .owner = further->of && further->of->selected ? further->of->name : NULL,
        .held_by = maker->held_by,
        .replaces = is_replaced(session, further, &further->resource),
    };
    int rc = meet_part(part, further, err);
    if (rc != TG_OK) {
        resource_end(part);
        return rc;
    }
    enter_open(part);
    further->part = part;
    further->was_open = true;
    return rc;
}

/* ---- pages ---- */

static int flush_all(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    for (struct resource_load *part = load->open; part; part = part->next) {
        TRY(normalizer_flush(part->normalizer, err));
        part->room = 0;
    }
    load->room = 0;
done:
    return rc;
}

static int push_further(struct resource_load *maker, struct further *further, struct page *page,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct load *load = maker->load;
    struct resource_load *part = further->part;
    if (!part)
        TRY(check_others(load, further, err));
    if (!part)
        part = find_open(load, further->name);
    if (!part) {
        TRY(open_part(maker, further, err));
        part = further->part;
    }
    TRY(part_push(part, page, err));
    load->room -= part->room;
    part->room = normalizer_room(part->normalizer);
    load->room += part->room;
    if (load->room > load->session->pipeline->ctx.memory_bytes_max / ROOM_SHARE)
        TRY(flush_all(load, err));
done:
    return rc;
}

static int push_to(struct resource_load *maker, size_t table, struct page *page,
                   struct tg_error *err)
{
    if (table == 0)
        return part_push(maker, page, err);
    struct further *further = maker->tables.items[table - 1];
    int rc = push_further(maker, further, page, err);
    return rc == TG_OK ? rc : error_at(err, rc, AT_TABLE, further->name);
}

/* Rows stand on the tape in the order in which they came, marks between them. */
int tables_push(struct resource_load *part, struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    struct page_tables tables = {.page = page, .table = page->table};
    if (page->mark_count == 0)
        return push_to(part, page->table, page, err);
    struct page some = *page;
    for (size_t at = 0, end; at < page->row_count; at = end) {
        const size_t table = page_next_table(&tables, page->rows[at]);
        for (end = at + 1; end < page->row_count; end++)
            if (page_next_table(&tables, page->rows[end]) != table)
                break;
        some.rows = page->rows + at;
        some.row_count = end - at;
        TRY(push_to(part, table, &some, err));
    }
done:
    return rc;
}

/* ---- what is said of them ---- */

/* What comes of a table that is said again. */
struct saying {
    struct further_table table; /* with what was said before */
    struct sayings *known;
    struct resource_load *part; /* that takes its rows; NULL: none does */
    bool has_rows;              /* of this call */
};

/* Rows that have come stay as they are. */
static int check_way(const struct saying *saying, const struct resource *now, struct tg_error *err)
{
    const struct resource_load *part = saying->part;
    uint64_t rows = part ? part->counts->rows_rejected : 0;
    if (part)
        rows += normalizer_row_count(part->normalizer);
    if ((rows == 0 && !saying->has_rows) || same_way(saying->table.before, now))
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "table '%s' has rows of this run already, and is to be loaded in another way "
                     "from here on; say its write_disposition, keys, row_ids and max_table_nesting "
                     "before its first row",
                     saying->table.name);
}

static int change_part(struct resource_load *part, const struct resource *now, struct tg_error *err)
{
    int rc = TG_OK;
    const char *resource = part->root->resource;
    TRY(normalizer_finish(part->normalizer, err));
    part->resource = part->counts->resource = now;
    part->replaces = is_replaced(part->session, part->further, now);
    TRY(part_meet_table(part, err));
    part->root->resource = resource;
done:
    return rc;
}

/* The cursor goes on where earlier runs have ended: what they have loaded does not come again. */
static int check_cursor(const struct resource_load *maker, const struct resource *now, bool is_own,
                        struct tg_error *err)
{
    const struct resource *said = maker->resource;
    const bool is_news = !is_own || !said->disposition->replaces_range;
    if (is_own && maker->resumes && now->disposition->replaces)
        return error_set(err, TG_USAGE,
                         "the table would be emptied of what earlier runs have loaded, which the "
                         "cursor '%s' leaves out: it has begun where they ended; let the resource "
                         "itself say the write_disposition replace, by which its cursor begins "
                         "anew, or run it with refresh drop_data",
                         said->incremental.cursor_path);
    if (is_own && maker->cursor &&
        !texts_same(now->merge_key, now->merge_key_count, said->merge_key, said->merge_key_count))
        return error_set(
            err, TG_USAGE,
            "the cursor '%s' has begun with the merge_key that the resource says, of "
            "which old rows go along with new ones of their group; say this one of the "
            "resource itself",
            said->incremental.cursor_path);
    if (!is_own && now->disposition->replaces_range && !now->range_column_name)
        return error_set(err, TG_USAGE,
                         "the table is loaded by replace-range, whose range its cursor says: rows "
                         "of another resource have no part in it; let it have a range_column_name, "
                         "and no cursor");
    if (maker->cursor && is_news && now->disposition->replaces_range)
        return error_set(err, TG_USAGE,
                         "a range would be replaced without the rows that the cursor '%s' leaves "
                         "out at its last value; say replace-range of the resource itself, or give "
                         "it no cursor",
                         said->incremental.cursor_path);
    return TG_OK;
}

static const struct resource *find_saying(const struct sayings *known, const struct resource *now)
{
    for (size_t i = 0; i < known->count; i++)
        if (config_table_same(known->items[i], now))
            return known->items[i];
    return NULL;
}

static int keep_saying(const struct resource_load *maker, const struct saying *saying,
                       const struct resource **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct sayings *known = saying->known;
    struct arena *arena = &maker->session->catalog.arena;
    struct resource *kept = arena_alloc(arena, sizeof(*kept));
    if (!kept)
        return error_nomem(err);
    TRY(mem_grow(&known->items, &known->cap, known->count + 1, sizeof(*known->items), err));
    TRY(config_table(&maker->session->pipeline->config, maker->resource, &saying->table, arena,
                     kept, err));
    *out = known->items[known->count++] = kept;
done:
    return rc;
}

/* What is said now, in *out; NULL: what was said before. It may be said before each row, by turns:
 * only what was never said takes memory that stays. */
static int say_again(const struct resource_load *maker, const struct saying *saying,
                     const struct resource **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct resource now;
    struct arena scratch;
    const struct resource *known = NULL;
    arena_init(&scratch);
    TRY(config_table(&maker->session->pipeline->config, maker->resource, &saying->table, &scratch,
                     &now, err));
    if (config_table_same(saying->table.before, &now))
        goto done;
    TRY(check_cursor(maker, &now, saying->table.is_own, err));
    TRY(check_way(saying, &now, err));
    known = find_saying(saying->known, &now);
    if (!known)
        TRY(keep_saying(maker, saying, &known, err));
    if (saying->part)
        TRY(change_part(saying->part, known, err));
    *out = known;
done:
    arena_release(&scratch);
    return rc;
}

static int find_of(const struct resource_load *maker, const char *name, const struct resource **out,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = maker->session;
    const struct config *config = &session->pipeline->config;
    *out = NULL;
    for (size_t i = 0; !*out && i < config->resource_count; i++) {
        const struct resource *one = &config->resources[i];
        const char *own = NULL;
        if (one->is_group || one->no_table)
            continue;
        TRY(root_table_name(session, one, &own, err));
        if (same_name(session, own, name))
            *out = one;
    }
done:
    return rc;
}

/* Where nothing is said of a table that another resource has, it is loaded as that says. */
static int say(const struct resource_load *maker, const struct further_table *table,
               struct further *further, struct tg_error *err)
{
    struct resource *resource = &further->resource;
    struct session *session = maker->session;
    if (table->hints || !further->of)
        return config_table(&session->pipeline->config, maker->resource, table,
                            &session->catalog.arena, resource, err);
    *resource = *further->of;
    resource->name = maker->resource->name;
    resource->driver = maker->resource->driver;
    resource->incremental = (struct incremental){.field_count = 0};
    resource->deletes = (struct deletes){.detect = TG_DETECT_NONE};
    return TG_OK;
}

/* By the config, else by what is stored. */
static const char *find_owner(const struct resource_load *maker, const struct further *further)
{
    const bool folds = maker->session->destination.facts.folds_case;
    const struct table *table = catalog_find_like(&maker->session->catalog, further->name, folds);
    if (further->of)
        return further->of->name;
    const bool is_others = table && table->seen_data && table->resource &&
                           strcmp(table->resource, maker->resource->name) != 0;
    return is_others ? table->resource : NULL;
}

static int add_further(struct resource_load *maker, const struct further_table *table,
                       const char *name, struct tg_error *err)
{
    int rc = TG_OK;
    struct tables *tables = &maker->tables;
    struct further *further = arena_alloc(&maker->session->catalog.arena, sizeof(*further));
    if (!further)
        return error_nomem(err);
    TRY(mem_grow(&tables->items, &tables->cap, tables->count + 1, sizeof(struct further *), err));
    *further = (struct further){.name = name};
    TRY(find_of(maker, name, &further->of, err));
    further->owner = find_owner(maker, further);
    TRY(say(maker, table, further, err));
    TRY(check_cursor(maker, &further->resource, false, err));
    tables->items[tables->count++] = further;
done:
    return rc;
}

static int check_maker(const struct resource_load *maker, struct tg_error *err)
{
    if (!maker->root)
        return error_set(err, TG_USAGE,
                         "a resource without a table (no_table) cannot have further ones");
    return TG_OK;
}

static int make_own(struct resource_load *maker, const struct further_table *table,
                    const struct tg_rows *rows, struct tg_error *err)
{
    const struct resource *now = NULL;
    struct saying saying = {*table, &maker->tables.own, maker, rows_has_table(rows, 0)};
    saying.table.before = maker->resource;
    return table->hints ? say_again(maker, &saying, &now, err) : TG_OK;
}

static int make_further(struct resource_load *maker, const struct further_table *table,
                        const char *name, const struct tg_rows *rows, size_t *number,
                        struct tg_error *err)
{
    int rc = TG_OK;
    size_t at = 0;
    struct tables *tables = &maker->tables;
    const struct resource *now = NULL;
    while (at < tables->count && !same_name(maker->session, tables->items[at]->name, name))
        at++;
    *number = at + 1;
    if (at == tables->count)
        return add_further(maker, table, name, err);
    struct further *further = tables->items[at];
    struct saying saying = {*table, &further->known, further->part, rows_has_table(rows, *number)};
    saying.table.before = &further->resource;
    if (table->hints)
        TRY(say_again(maker, &saying, &now, err));
    if (now)
        further->resource = *now;
done:
    return rc;
}

static int make(void *user, const char *given, const struct tg_resource *hints,
                const struct tg_rows *rows, size_t *number, struct tg_error *err)
{
    int rc = TG_OK;
    const char *name = NULL;
    struct resource_load *maker = user;
    struct session *session = maker->session;
    TRY(check_maker(maker, err));
    if (!*given)
        return error_set(err, TG_USAGE, "the name of a table is empty");
    TRY(session_name(session, given, &name, err));
    const struct further_table table = {
        .name = given, .hints = hints, .is_own = same_name(session, name, maker->root->name)};
    *number = 0;
    TRY(table.is_own ? make_own(maker, &table, rows, err)
                     : make_further(maker, &table, name, rows, number, err));
done:
    return rc;
}

struct table_maker tables_maker(struct resource_load *part)
{
    return (struct table_maker){make, part};
}

/* ---- the end ---- */

/* What is there without rows, or is not there any more. */
static bool counts_silent(const struct resource_load *maker, const struct further *further)
{
    return further->resource.materialize || further->resource.allow_empty ||
           is_replaced(maker->session, further, &further->resource);
}

static bool is_made(const struct resource_load *maker, const char *name)
{
    for (size_t i = 0; i < maker->tables.count; i++)
        if (same_name(maker->session, maker->tables.items[i]->name, name))
            return true;
    return false;
}

/* Has an earlier run made it, and is it this one's to empty? */
static bool is_left(const struct resource_load *maker, const struct table *table)
{
    const bool is_ours = table->resource && strcmp(table->resource, maker->resource->name) == 0;
    return is_ours && !table->parent && table->seen_data && table != maker->root &&
           !table_is_system(table) && !is_made(maker, table->name) &&
           (maker->session->pipeline->refresh != TG_REFRESH_NONE ||
            table->disposition == DISPOSITION_REPLACE);
}

static int empty_others(struct resource_load *maker, struct tg_error *err)
{
    int rc = TG_OK;
    struct load *load = maker->load;
    struct manifest *manifest = NULL;
    struct manifest_table *entered = NULL;
    const struct catalog *catalog = &maker->session->catalog;
    for (size_t i = 0; maker->replaces && i < catalog->table_count; i++) {
        const struct table *table = catalog->tables[i];
        const struct resource *of = NULL;
        if (is_left(maker, table))
            TRY(find_of(maker, table->name, &of, err));
        if (!is_left(maker, table) || of)
            continue;
        TRY(load_package(load, &manifest, err));
        TRY(manifest_add_table(manifest, table->name, maker->resource->name, false, &entered, err));
        entered->further = entered->replaced = true;
        const struct resource_counts counts = {.resource = maker->resource, .table = table->name};
        TRY(keep_counts(load, &counts, err));
    }
done:
    return rc;
}

/* What comes now takes the place of all that is there, or in its groups; reading may have ended
 * before more did. */
static int check_left_out(const struct resource_load *maker, size_t number, struct tg_error *err)
{
    const struct further *further = maker->tables.items[number - 1];
    const struct resource *resource = &further->resource;
    const bool has_groups = resource->merge_key_count > 0;
    if (!maker->resumes || !(resource->disposition->replaces || has_groups) ||
        (cursor_left_out(maker->cursor, number) == 0 && !cursor_is_over(maker->cursor)))
        return TG_OK;
    error_set(err, TG_USAGE,
              "the table is replaced%s, and the cursor '%s' has left out rows for it that earlier "
              "runs have loaded: they would be gone; append to the table or merge into it%s, or "
              "let the resource itself say %s",
              has_groups ? " by groups of its merge_key" : "",
              maker->resource->incremental.cursor_path, has_groups ? " by a primary_key alone" : "",
              has_groups ? "the merge_key, by which old rows of a group go along with new ones"
                         : "the write_disposition replace, by which its cursor begins anew");
    return error_at(err, TG_USAGE, AT_TABLE, further->name);
}

int tables_leave(struct resource_load *maker, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < maker->tables.count; i++) {
        struct further *further = maker->tables.items[i];
        TRY(check_left_out(maker, i + 1, err));
        const bool is_open = further->part || find_open(maker->load, further->name);
        if (!is_open && !further->was_open && counts_silent(maker, further))
            TRY(open_part(maker, further, err));
        if (further->part)
            TRY(close_part(further->part, err));
    }
    TRY(empty_others(maker, err));
done:
    return rc;
}
