/*
 * The ledger as data, apart from where it was read.
 *
 * Path: destination_restore (ledger_init; sql/ledger.c fills it) -> the run reads it
 * (ledger_recall) and names its load (ledger_next_id) -> ledger_release
 */
#include "write/ledger.h"

#include <stdlib.h>
#include <string.h>

void ledger_init(struct ledger *ledger)
{
    *ledger = (struct ledger){.state_hash = "",
                              .files_load_id = "",
                              .newest_load = "",
                              .schema_hash = "",
                              .windows_mark = ""};
    arena_init(&ledger->arena);
}

void ledger_release(struct ledger *ledger)
{
    arena_release(&ledger->arena);
    ledger_init(ledger);
}

bool ledger_is_empty(const struct ledger *ledger)
{
    return ledger->state_version == 0 && !*ledger->newest_load && ledger->boundary_count == 0 &&
           ledger->bookmark_count == 0;
}

static int compare_bookmarks(const void *a, const void *b)
{
    const struct bookmark *x = a;
    const struct bookmark *y = b;
    int order = strcmp(x->resource, y->resource);
    return order ? order : strcmp(x->key, y->key);
}

void ledger_sort_bookmarks(struct ledger *ledger)
{
    if (ledger->bookmark_count > 1)
        qsort(ledger->bookmarks, ledger->bookmark_count, sizeof(*ledger->bookmarks),
              compare_bookmarks);
}

struct bookmark *ledger_bookmark(const struct ledger *ledger, const char *resource, const char *key)
{
    const struct bookmark wanted = {.resource = resource, .key = key};
    return ledger->bookmark_count == 0 ? NULL
                                       : bsearch(&wanted, ledger->bookmarks, ledger->bookmark_count,
                                                 sizeof(wanted), compare_bookmarks);
}

/* The first bookmark that is not before the resource, or with `past` not of it either. */
static size_t bookmark_place(const struct ledger *ledger, const char *resource, bool past)
{
    size_t low = 0, high = ledger->bookmark_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(ledger->bookmarks[middle].resource, resource) < past)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct bookmarks ledger_recall(const struct ledger *ledger, const char *resource)
{
    size_t first = bookmark_place(ledger, resource, false);
    size_t end = bookmark_place(ledger, resource, true);
    return (struct bookmarks){first < end ? ledger->bookmarks + first : NULL, end - first};
}

const struct ledger_past *ledger_past_of(const struct ledger *ledger, const char *table)
{
    for (size_t i = 0; i < ledger->past_count; i++)
        if (strcmp(ledger->pasts[i].table, table) == 0)
            return &ledger->pasts[i];
    return NULL;
}

void ledger_next_id(const struct ledger *ledger, const char *newest, int64_t now_us,
                    char out[LOAD_ID_TEXT])
{
    int128 after = load_id_ns(newest);
    int128 us = after >= 0 && after / 1000 >= now_us ? after / 1000 + 1 : now_us;
    for (size_t i = 0; i < ledger->taken_count; i++)
        us += load_id_ns(ledger->taken[i]) / 1000 == us;
    load_id_write(us, out);
}
