/*
 * How far what is seen of a database is complete.
 *
 * Path: horizon_take: mark and clock (by `before`) -> a breath -> wait_for_open: list, until nobody
 * is open who began before that, or it has taken too long -> the caller takes its snapshot.
 *
 * Why that order. Be T a transaction whose rows the caller's snapshot does not have. T ends after
 * the snapshot, so when the last list was made T was open, and is in it, or had not begun. One that
 * had not begun has begun after the clock was read, and draws its numbers after `before` had its
 * snapshot: its times are above `clock`, its numbers above all that `before` sees. A session takes
 * the time of its transaction when a statement arrives and is to be seen as open some microseconds
 * later: hence the breath. What those in the list may bring, and who counts, extract/sql/safe.c
 * decides.
 */
#include "database/reading/horizon.h"

#include <string.h>

#include "database/reading/reading.h"

enum {
    BREATH_MS = 10, /* from a statement's arrival to its transaction's being listed, by far */
    STEP_MS = 25,   /* between two looks */
    STEPS_MAX = 12
};

/* ---- names ---- */

static bool in_list(const char *list, const char *name, size_t len)
{
    for (size_t at_len; *list; list += at_len + (list[at_len] == ' ')) {
        at_len = strcspn(list, " ");
        if (at_len == len && memcmp(list, name, len) == 0)
            return true;
    }
    return false;
}

bool counters_meet(const char *names, const char *list)
{
    for (size_t len; *names; names += len + (names[len] == ' ')) {
        len = strcspn(names, " ");
        if (in_list(list, names, len))
            return true;
    }
    return false;
}

/* ---- who is open ---- */

static bool is_listed(const struct open_transaction *list, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].id, id) == 0)
            return true;
    return false;
}

/* Those who began later bring nothing that is asked for: by their time, or for they were not there
 * when it was first looked for them. Who is prepared was there under another id, perhaps. */
static void drop_later(struct horizon *horizon, const struct open_transaction *first,
                       size_t first_count)
{
    size_t count = 0;
    for (size_t i = 0; i < horizon->open_count; i++) {
        const struct open_transaction *open = &horizon->open[i];
        bool stays = open->is_timed ? open->since.utc_us <= horizon->clock.utc_us
                                    : open->is_prepared || is_listed(first, first_count, open->id);
        if (stays)
            horizon->open[count++] = *open;
    }
    horizon->open_count = count;
}

static int wait_for_open(struct connection *con, struct horizon *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct horizon_driver *driver = horizon_driver(con);
    TRY(driver->list(con, out, err));
    const struct open_transaction *first = out->open;
    size_t first_count = out->open_count;
    drop_later(out, first, first_count);
    for (int step = 0; step < STEPS_MAX && out->open_count > 0; step++) {
        TRY(context_pause(con->ctx, STEP_MS, err));
        TRY(driver->list(con, out, err));
        drop_later(out, first, first_count);
    }
done:
    return rc;
}

/* ---- the whole ---- */

const struct horizon_driver *horizon_driver(const struct connection *con)
{
    return con->driver->reading ? con->driver->reading->horizon : NULL;
}

void horizon_release(struct horizon *horizon)
{
    arena_release(&horizon->arena);
    *horizon = (struct horizon){0};
}

int horizon_take(struct connection *before, struct connection *con, struct horizon *out,
                 struct tg_error *err)
{
    int rc = TG_OK;
    const struct horizon_driver *driver = horizon_driver(con);
    *out = (struct horizon){.before = before};
    arena_init(&out->arena);
    TRY(driver->mark(before, err));
    TRY(driver->clock(before, out, err));
    if (out->obstacle)
        goto done;
    TRY(context_pause(con->ctx, BREATH_MS, err));
    TRY(wait_for_open(con, out, err));
done:
    return rc;
}
