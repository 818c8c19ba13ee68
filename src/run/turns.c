/*
 * The resources of a load: which is read, and how much of it, before the next one is.
 *
 *   load_extract -> take_round -> take_turn: begin_next (if it is not begun) -> look_ahead
 *                   -> resource_read: a page, or all of it [after each page: look_ahead]
 *
 * Usually one is read after the other. By turns, resources that a program reads for us give a page
 * each, so many of them at once as pipeline->turns says; the others follow as these end. Those that
 * go together (turns_with) are always read so.
 *
 * Those behind are begun before their turn where their source has room for them, and reads them
 * ahead. All else is done in its turn, on this thread: so what comes of a load is the same whether
 * anything was begun or not. So are failures: one that cannot be begun is told in its turn.
 */
#include <string.h>

#include "run/kept.h"
#include "run/load.h"
#include "run/pipeline.h"

struct one {
    const struct resource *resource;
    const struct resource *head; /* the first of those that go together; itself where none does */
    struct turn turn;
    struct resource_load *part; /* NULL: not begun, or over */
    bool over;
};

struct turns {
    struct load *load;
    struct one *items;
    size_t count;
    size_t at_once; /* so many are read by turns, at the most */
    size_t entered; /* so many have had a turn, */
    size_t reading; /* and these are not over */
    size_t begun;   /* so many are, or were */
    int failed;     /* what came of the last of them, */
    struct tg_error why;
};

static void begin_next(struct turns *turns)
{
    struct one *one = &turns->items[turns->begun++];
    turns->failed = resource_begin(turns->load, one->resource, &one->turn, &one->part, &turns->why);
}

static bool can_begin(const struct turns *turns, const struct one *one)
{
    const struct session *session = turns->load->session;
    const struct services services = {&session->pipeline->ctx, session->engine};
    const struct resource_request request =
        resource_request(one->resource, &session->pipeline->config, &services);
    return sources_have_room(&session->sources, one->resource->driver, &request);
}

/* In order: one that cannot begin is waited for. */
static void look_ahead(void *user)
{
    struct turns *turns = user;
    while (turns->failed == TG_OK && turns->begun < turns->count &&
           can_begin(turns, &turns->items[turns->begun]))
        begin_next(turns);
}

/* Only what the program itself reads is waited for page by page. */
static uint64_t pages_of(const struct turns *turns, const struct one *one)
{
    bool by_turns = turns->at_once > 1 || one->turn.may_wait;
    return by_turns && one->resource->read ? 1 : UINT64_MAX;
}

static bool goes_with(const struct turns *turns, size_t place, size_t other)
{
    return other < turns->count && turns->items[place].head == turns->items[other].head;
}

/* Those that go together are begun together. */
static bool may_enter(const struct turns *turns, size_t place)
{
    return turns->reading < turns->at_once || (place > 0 && goes_with(turns, place, place - 1));
}

static int take_turn(struct turns *turns, size_t place, struct tg_error *err)
{
    int rc = TG_OK;
    struct load *load = turns->load;
    struct one *one = &turns->items[place];
    if (turns->begun == place)
        begin_next(turns);
    if (!one->part) {
        if (err)
            *err = turns->why;
        return turns->failed;
    }
    look_ahead(turns);
    TRY(resource_read(one->part, pages_of(turns, one), &load->resources[place], &one->over, err));
    if (!one->over)
        goto done;
    resource_end(one->part);
    one->part = NULL;
    turns->reading--;
done:
    return rc;
}

/* A turn of each that is being read, and of those for which there is room. */
static int take_round(struct turns *turns, struct tg_error *err)
{
    size_t *first = &turns->load->resource_count;
    for (size_t i = *first; i < turns->count; i++) {
        if (i == turns->entered) {
            if (!may_enter(turns, i))
                break;
            turns->entered++;
            turns->reading++;
        }
        int rc = turns->items[i].over ? TG_OK : take_turn(turns, i, err);
        if (rc != TG_OK)
            return error_at(err, rc, AT_RESOURCE, turns->items[i].resource->name);
    }
    while (*first < turns->count && turns->items[*first].over)
        ++*first;
    return TG_OK;
}

/* Behind those that it goes with, else at the end. */
static void list_one(struct turns *turns, const struct resource *resource)
{
    const struct resource *head = resource;
    size_t at = turns->count;
    for (size_t i = 0; resource->turns_with && i < turns->count; i++)
        if (strcmp(turns->items[i].resource->name, resource->turns_with) == 0)
            head = turns->items[i].head;
    while (head != resource && turns->items[at - 1].head != head)
        at--;
    memmove(turns->items + at + 1, turns->items + at, (turns->count++ - at) * sizeof(struct one));
    turns->items[at] = (struct one){.resource = resource, .head = head};
}

/* How many are read by turns, at the most. */
static size_t count_reading(const struct turns *turns)
{
    size_t together = 0, most = turns->at_once;
    for (size_t i = 0; i < turns->count; i++) {
        together = i > 0 && goes_with(turns, i, i - 1) ? together + 1 : 1;
        most = together > most ? together : most;
    }
    return most;
}

static void plan_turns(struct turns *turns)
{
    const size_t reading = count_reading(turns);
    for (size_t i = 0; i < turns->count; i++)
        turns->items[i].turn =
            (struct turn){.place = i,
                          .is_last = i + 1 == turns->count,
                          .reading = reading,
                          .may_wait = goes_with(turns, i, i + 1) || goes_with(turns, i, i - 1),
                          .between = look_ahead,
                          .user = turns};
}

static int list_turns(struct turns *turns, struct tg_error *err)
{
    struct load *load = turns->load;
    const struct tg_pipeline *pipeline = load->session->pipeline;
    const struct config *config = &pipeline->config;
    turns->items = mem_calloc(config->resource_count + 1, sizeof(*turns->items));
    load->resources = mem_calloc(config->resource_count + 1, sizeof(*load->resources));
    if (!turns->items || !load->resources)
        return error_nomem(err);
    for (size_t i = 0; i < config->resource_count; i++)
        if (config->resources[i].selected)
            list_one(turns, &config->resources[i]);
    turns->at_once = pipeline->turns < turns->count ? pipeline->turns : turns->count;
    turns->at_once = turns->at_once > 1 ? turns->at_once : 1;
    plan_turns(turns);
    load->session->progress.resources = turns->count;
    load->session->progress.resources_ended = 0;
    return TG_OK;
}

int load_extract(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    struct turns turns = {.load = load};
    TRY(list_turns(&turns, err));
    while (load->resource_count < turns.count)
        TRY(take_round(&turns, err));
    TRY(kept_enter(load, err));
done:
    for (size_t i = 0; i < turns.begun; i++)
        resource_end(turns.items[i].part);
    mem_free(turns.items);
    sources_close(&load->session->sources);
    return rc;
}
