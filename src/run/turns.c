/*
 * The resources of a load: one is read after the other, and those behind it are begun before their
 * turn where their source has room for them.
 *
 *   load_extract -> take_turn: begin_next (if it is not begun) -> look_ahead -> resource_read
 *                   [after each page: look_ahead] -> resource_end
 *
 * What is begun is read ahead by the source; all else is done in its turn, on this thread: so what
 * comes of a load is the same whether anything was begun or not. That goes for failures, too: one
 * that cannot be begun is told when all before it have been read.
 */
#include "run/kept.h"
#include "run/load.h"

struct one {
    const struct resource *resource;
    struct turn turn;
    struct resource_load *part; /* NULL: not begun, or over */
};

struct turns {
    struct load *load;
    struct one *items;
    size_t count;
    size_t at;    /* whose turn it is */
    size_t begun; /* so many are, or were */
    int failed;   /* what came of the last of them, */
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

static int take_turn(struct turns *turns, struct tg_error *err)
{
    struct load *load = turns->load;
    struct one *one = &turns->items[turns->at];
    int64_t started_ticks = context_ticks_us();
    if (turns->begun == turns->at)
        begin_next(turns);
    if (!one->part) {
        if (err)
            *err = turns->why;
        return turns->failed;
    }
    look_ahead(turns);
    int rc = resource_read(one->part, &load->resources[load->resource_count], started_ticks, err);
    if (rc != TG_OK)
        return rc;
    resource_end(one->part);
    one->part = NULL;
    load->resource_count++;
    return TG_OK;
}

static int list_turns(struct turns *turns, struct tg_error *err)
{
    struct load *load = turns->load;
    const struct config *config = &load->session->pipeline->config;
    turns->items = mem_calloc(config->resource_count + 1, sizeof(*turns->items));
    load->resources = mem_calloc(config->resource_count + 1, sizeof(*load->resources));
    if (!turns->items || !load->resources)
        return error_nomem(err);
    for (size_t i = 0; i < config->resource_count; i++) {
        struct one *one = &turns->items[turns->count];
        if (!config->resources[i].selected)
            continue;
        one->resource = &config->resources[i];
        one->turn = (struct turn){.place = turns->count++, .between = look_ahead, .user = turns};
    }
    if (turns->count > 0)
        turns->items[turns->count - 1].turn.is_last = true;
    return TG_OK;
}

int load_extract(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    struct turns turns = {.load = load};
    TRY(list_turns(&turns, err));
    for (; turns.at < turns.count; turns.at++) {
        rc = take_turn(&turns, err);
        if (rc != TG_OK)
            TRY(error_at(err, rc, AT_RESOURCE, turns.items[turns.at].resource->name));
    }
    TRY(kept_enter(load, err));
done:
    for (size_t i = turns.at; i < turns.begun; i++)
        resource_end(turns.items[i].part);
    mem_free(turns.items);
    sources_close(&load->session->sources);
    return rc;
}
