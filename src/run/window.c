/*
 * Windows of a cursor: a run that loads one, and the plain run that begins where they end.
 *
 *   window_bind (once the session is restored): bind_one -> window_ends (bounds.c) ->
 *   check_loaded: no append loads rows twice -> set_ends: the cursor goes from one to the other
 *   window_claim: the same of one that a worker has (work.c)
 *   window_start: spans_list (what the ledger has) -> the end of the unbroken prefix
 *   window_enter (each resource of a load): into the manifest; the load's transaction records it
 *
 * A window is half-open: it has its lower end, and not its upper one. So what lies side by side
 * neither shares a row nor leaves one out, however many have the value between them. Where the
 * cursor goes down (last_value: min) all is mirrored. Of a cursor of several fields its ends are
 * values of the first one: all rows that have such a value are at it.
 */
#include "run/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/time/calendar.h"
#include "write/disposition.h"

/* ---- what was loaded ---- */

int spans_compare(const struct spans *spans, const struct cursor_value *a,
                  const struct cursor_value *b, int *order, struct tg_error *err)
{
    char left[BOUND_SHOWN], right[BOUND_SHOWN];
    if (!cursor_value_compare(a, b, order))
        return error_set(err, TG_DATA,
                         "%s (%s) and %s (%s) do not compare, and both are to be values of one "
                         "cursor; write initial_value and the ends of windows as its values are",
                         bound_print(a, left), cursor_value_kind(a), bound_print(b, right),
                         cursor_value_kind(b));
    *order = spans->descends ? -*order : *order;
    return TG_OK;
}

static int by_lower_end(const void *a, const void *b)
{
    int order = 0;
    const struct span *x = a, *y = b;
    return cursor_value_compare(&x->lo, &y->lo, &order) ? order : 0;
}

static void turn_round(struct spans *spans)
{
    for (size_t i = 0; i < spans->count / 2; i++) {
        struct span other = spans->items[spans->count - 1 - i];
        spans->items[spans->count - 1 - i] = spans->items[i];
        spans->items[i] = other;
    }
}

void spans_release(struct spans *spans)
{
    arena_release(&spans->arena);
}

int spans_list(const struct session *session, const struct resource *resource, struct spans *out,
               struct tg_error *err)
{
    int rc = TG_OK, order = 0;
    const struct ledger *ledger = &session->ledger;
    *out = (struct spans){.descends = resource->incremental.last_value == TG_MIN};
    arena_init(&out->arena);
    out->items = arena_alloc(&out->arena, (ledger->window_count + 1) * sizeof(*out->items));
    if (!out->items)
        return error_nomem(err);
    for (size_t i = 0; i < ledger->window_count; i++) {
        const struct ledger_window *window = &ledger->windows[i];
        struct span *span = &out->items[out->count];
        if (strcmp(window->resource, resource->name) != 0 ||
            strcmp(window->cursor_path, resource->incremental.cursor_path) != 0)
            continue;
        span->window = window;
        TRY(point_read_part(&out->arena, window->lo, &span->lo, err));
        TRY(point_read_part(&out->arena, window->hi, &span->hi, err));
        TRY(spans_compare(out, &span->lo, &out->items[0].lo, &order, err));
        out->count++;
    }
    qsort(out->items, out->count, sizeof(*out->items), by_lower_end);
    if (out->descends)
        turn_round(out);
done:
    return rc;
}

int spans_fold(struct spans *spans, struct tg_error *err)
{
    int rc = TG_OK, begins = 1, ends = 0;
    size_t count = 0;
    for (size_t i = 0; i < spans->count; i++) {
        const struct span *span = &spans->items[i];
        struct span *last = &spans->items[count > 0 ? count - 1 : 0];
        if (count > 0)
            TRY(spans_compare(spans, &span->lo, &last->hi, &begins, err));
        if (begins > 0) {
            spans->items[count++] = (struct span){span->lo, span->hi, NULL};
            continue;
        }
        TRY(spans_compare(spans, &span->hi, &last->hi, &ends, err));
        last->hi = ends > 0 ? span->hi : last->hi;
    }
    spans->count = count;
done:
    return rc;
}

static bool is_loaded(const struct span *span)
{
    return *span->window->load_id != '\0';
}

bool window_adds(const struct resource *resource)
{
    return resource->disposition->adds_rows || resource->append_on_missing_key;
}

/* ---- where a plain run begins ---- */

/* From `at` on, which is moved to where the windows that are loaded leave the first gap. */
static int follow(const struct spans *spans, struct cursor_value *at, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < spans->count; i++) {
        const struct span *span = &spans->items[i];
        int begins = 0, ends = 0;
        if (!is_loaded(span))
            continue;
        TRY(spans_compare(spans, &span->lo, at, &begins, err));
        TRY(spans_compare(spans, &span->hi, at, &ends, err));
        if (begins <= 0 && ends > 0)
            *at = span->hi;
    }
done:
    return rc;
}

/* A run that goes on from `at` comes to all that lies behind it. */
static int check_gap(const struct spans *spans, const struct cursor_value *at, struct tg_error *err)
{
    int rc = TG_OK;
    char lo[BOUND_SHOWN], hi[BOUND_SHOWN], from[BOUND_SHOWN];
    for (size_t i = 0; i < spans->count; i++) {
        const struct span *span = &spans->items[i];
        int ends = 1;
        TRY(spans_compare(spans, &span->hi, at, &ends, err));
        if (ends <= 0)
            continue;
        bound_print(&span->lo, lo);
        bound_print(&span->hi, hi);
        bound_print(at, from);
        if (!is_loaded(span))
            return error_set(err, TG_CONFLICT,
                             "the window from %s to %s is planned by backfill %s and not loaded "
                             "yet; a run would load its rows beside it: finish the backfill first",
                             lo, hi, span->window->run_id);
        return error_set(err, TG_CONFLICT,
                         "the window from %s to %s was loaded by itself, and behind a gap: a run, "
                         "which begins at %s, would add its rows again; load the window from %s "
                         "to %s first",
                         lo, hi, from, from, lo);
    }
done:
    return rc;
}

static void warn_of_beginning(const struct session *session, const struct resource *resource,
                              const struct span *first)
{
    char lo[BOUND_SHOWN];
    context_log(&session->pipeline->ctx, TG_LOG_WARNING, "cursor",
                "resource '%s' has no initial_value, and its windows begin at %s: rows before that "
                "are in no window, and no run reads them; if there are some, load a window of them",
                resource->name, bound_print(&first->lo, lo));
}

/* What has an end itself, or replaces what is there, is read as it stands. */
static bool goes_on(const struct session *session, const struct resource *resource)
{
    return !session->pipeline->window && resource->incremental.cursor_path &&
           resource->incremental.end_value.kind == TG_VALUE_NONE &&
           !resource->disposition->replaces_range;
}

int window_start(struct session *session, const struct resource *resource, const char **json,
                 struct tg_error *err)
{
    int rc = TG_OK, order = 0;
    struct spans spans;
    struct tg_value said;
    struct cursor_value initial, at;
    const struct incremental *incremental = &resource->incremental;
    if (!goes_on(session, resource) || session->ledger.window_count == 0)
        return TG_OK;
    TRY(spans_list(session, resource, &spans, err));
    if (spans.count == 0)
        goto done;
    TRY(incremental_first_value(&spans.arena, incremental, &incremental->initial_value, &said,
                                err));
    cursor_value_set(&initial, &said);
    const bool is_said = initial.kind != TG_VALUE_NONE;
    at = is_said ? initial : spans.items[0].lo;
    TRY(follow(&spans, &at, err));
    if (window_adds(resource))
        TRY(check_gap(&spans, &at, err));
    TRY(spans_compare(&spans, &at, is_said ? &initial : &spans.items[0].lo, &order, err));
    if (order == 0)
        goto done;
    if (!is_said)
        warn_of_beginning(session, resource, &spans.items[0]);
    TRY(bound_json(&session->ledger.arena, &at, json, err));
done:
    spans_release(&spans);
    return rc;
}

/* ---- is it loaded already? ---- */

/* What two ranges share, as a text; `theirs` says what has it. */
static int overlaps(const struct spans *spans, const struct span *wanted,
                    const struct cursor_value *lo, const struct cursor_value *hi,
                    const char *theirs, struct tg_error *err)
{
    int rc = TG_OK, begins = 0, ends = 0;
    char from[BOUND_SHOWN], to[BOUND_SHOWN];
    TRY(spans_compare(spans, lo, &wanted->lo, &begins, err));
    TRY(spans_compare(spans, hi, &wanted->hi, &ends, err));
    bound_print(begins > 0 ? lo : &wanted->lo, from);
    bound_print(ends < 0 ? hi : &wanted->hi, to);
    rc = error_set(err, TG_USAGE,
                   "of the window, what lies from %s to %s %s, and append would add it again; load "
                   "what is missing, let the write disposition be merge or replace-range, or say "
                   "that it is to be loaded again (--again)",
                   from, to, theirs);
done:
    return rc;
}

static int check_windows(const struct spans *spans, const struct span *wanted, struct tg_error *err)
{
    int rc = TG_OK;
    char theirs[120];
    for (size_t i = 0; i < spans->count; i++) {
        const struct span *span = &spans->items[i];
        int begins = 0, ends = 0;
        TRY(spans_compare(spans, &span->lo, &wanted->hi, &begins, err));
        TRY(spans_compare(spans, &span->hi, &wanted->lo, &ends, err));
        if (begins >= 0 || ends <= 0)
            continue;
        if (is_loaded(span))
            snprintf(theirs, sizeof(theirs), "is loaded, by load %.60s", span->window->load_id);
        else
            snprintf(theirs, sizeof(theirs), "is planned by backfill %.60s", span->window->run_id);
        return overlaps(spans, wanted, &span->lo, &span->hi, theirs, err);
    }
done:
    return rc;
}

static int ahead(const struct cursor_value *last, struct tg_error *err)
{
    char reached[BOUND_SHOWN];
    return error_set(err, TG_USAGE,
                     "the window begins beyond %s, where the cursor has got to: the runs to come "
                     "load it, and append would add it again; run without a window, let the write "
                     "disposition be merge or replace-range, or say that it is to be loaded again "
                     "(--again)",
                     bound_print(last, reached));
}

/* From initial_value (NULL: there is none) to last_value, both with their rows, or with some. */
static int check_cursor(const struct spans *spans, const struct span *wanted,
                        const struct cursor_value *initial, const struct cursor_value *last,
                        struct tg_error *err)
{
    int rc = TG_OK, begins = 0, ends = 1;
    TRY(spans_compare(spans, &wanted->lo, last, &begins, err));
    if (begins > 0)
        return ahead(last, err);
    if (initial)
        TRY(spans_compare(spans, &wanted->hi, initial, &ends, err));
    if (ends <= 0)
        return TG_OK;
    rc = overlaps(spans, wanted, initial ? initial : &wanted->lo, last,
                  "is loaded, by the runs so far", err);
done:
    return rc;
}

/* Between which values the runs so far have loaded all; NULL: it is not known. */
struct reach {
    const struct cursor_value *initial, *last;
};

static int find_reach(const struct session *session, const struct resource *resource,
                      struct spans *spans, struct reach *out, struct tg_error *err)
{
    int rc = TG_OK;
    bool found = false;
    struct state_cursor stored = {0};
    const size_t fields = resource->incremental.field_count;
    struct point *points = arena_alloc(&spans->arena, 2 * sizeof(*points));
    *out = (struct reach){0};
    if (!points)
        return error_nomem(err);
    points[0].count = points[1].count = 0;
    TRY(state_get_cursor(&session->state, resource_source_key(session, resource), resource->name,
                         resource->incremental.cursor_path, &stored, &found, err));
    if (!stored.last_value)
        goto done;
    TRY(point_parse(&spans->arena, stored.last_value, fields, &points[1], err));
    if (stored.initial_value)
        TRY(point_parse(&spans->arena, stored.initial_value, fields, &points[0], err));
    out->initial = points[0].count > 0 ? &points[0].parts[0] : NULL;
    out->last = points[1].count > 0 ? &points[1].parts[0] : NULL;
done:
    state_cursor_release(&stored);
    return rc;
}

int window_check_progress(struct session *session, const struct resource *resource,
                          struct spans *spans, const struct span *wanted, struct tg_error *err)
{
    int rc = TG_OK;
    struct reach reached;
    TRY(find_reach(session, resource, spans, &reached, err));
    if (reached.last)
        TRY(check_cursor(spans, wanted, reached.initial, reached.last, err));
done:
    return rc;
}

static int covers(const struct spans *spans, const struct span *span, const struct span *wanted,
                  bool *out, struct tg_error *err)
{
    int rc = TG_OK, begins = 1, ends = -1;
    TRY(spans_compare(spans, &span->lo, &wanted->lo, &begins, err));
    TRY(spans_compare(spans, &span->hi, &wanted->hi, &ends, err));
    *out |= begins <= 0 && ends >= 0;
done:
    return rc;
}

/* By windows that lie side by side, or by the runs so far. */
static int is_done(struct session *session, const struct resource *resource, struct spans *spans,
                   const struct span *wanted, bool *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct reach reached;
    struct spans loaded = *spans;
    loaded.count = 0;
    loaded.items = arena_alloc(&spans->arena, (spans->count + 1) * sizeof(*loaded.items));
    if (!loaded.items)
        return error_nomem(err);
    for (size_t i = 0; i < spans->count; i++)
        if (is_loaded(&spans->items[i]))
            loaded.items[loaded.count++] = spans->items[i];
    TRY(spans_fold(&loaded, err));
    for (size_t i = 0; i < loaded.count; i++)
        TRY(covers(spans, &loaded.items[i], wanted, out, err));
    TRY(find_reach(session, resource, spans, &reached, err));
    if (reached.last) {
        const struct span runs = {reached.initial ? *reached.initial : wanted->lo, *reached.last,
                                  NULL};
        TRY(covers(spans, &runs, wanted, out, err));
    }
done:
    return rc;
}

/* *settled: a load of an earlier run that went in just now has loaded it, or it needs none. */
static int check_loaded(struct session *session, const struct resource *resource,
                        const struct resource_window *bound, const struct span *wanted,
                        bool *settled, struct tg_error *err)
{
    int rc = TG_OK;
    struct spans spans;
    TRY(spans_list(session, resource, &spans, err));
    for (size_t i = 0; session->settled_count > 0 && i < spans.count; i++) {
        const struct ledger_window *window = spans.items[i].window;
        *settled |= is_loaded(&spans.items[i]) && strcmp(window->lo, bound->lo) == 0 &&
                    strcmp(window->hi, bound->hi) == 0;
    }
    if (*settled || !window_adds(resource) || session->pipeline->window->again)
        goto done;
    if (session->pipeline->window->skip_loaded)
        TRY(is_done(session, resource, &spans, wanted, settled, err));
    if (*settled)
        goto done;
    TRY(check_windows(&spans, wanted, err));
    TRY(window_check_progress(session, resource, &spans, wanted, err));
done:
    spans_release(&spans);
    return rc;
}

/* ---- a run that loads one ---- */

static int check_way(const struct resource *resource, const struct span *wanted,
                     struct tg_error *err)
{
    int order = 0;
    char lo[BOUND_SHOWN], hi[BOUND_SHOWN];
    const bool descends = resource->incremental.last_value == TG_MIN;
    if (resource->disposition->replaces)
        return error_set(err, TG_USAGE,
                         "replace makes a table anew: of all its rows those of the window would be "
                         "left; let the write disposition be merge, append or replace-range, or "
                         "leave the resource out (--select)");
    bound_print(&wanted->lo, lo);
    bound_print(&wanted->hi, hi);
    if (!cursor_value_compare(&wanted->lo, &wanted->hi, &order))
        return error_set(err, TG_USAGE,
                         "the ends of the window, %s (%s) and %s (%s), do not compare; write both "
                         "as the values of the cursor are: dates or times, or numbers",
                         lo, cursor_value_kind(&wanted->lo), hi, cursor_value_kind(&wanted->hi));
    if (order == 0)
        return error_set(err, TG_USAGE,
                         "the window from %s to %s is empty: it has its first end, and not its "
                         "second, which has to be another",
                         lo, hi);
    if (descends != (order > 0))
        return error_set(err, TG_USAGE,
                         "the window from %s to %s is upside down: the cursor goes %s; let it go "
                         "from %s to %s",
                         lo, hi, descends ? "down (last_value: min)" : "up", hi, lo);
    return TG_OK;
}

static void warn_of_future(const struct session *session, const struct resource *resource,
                           const struct span *wanted)
{
    char hi[BOUND_SHOWN];
    if (wanted->hi.kind != TG_VALUE_TIMESTAMP || wanted->hi.int64 <= session->restored_us)
        return;
    context_log(&session->pipeline->ctx, TG_LOG_WARNING, "cursor",
                "resource '%s': the window ends at %s, which is still to come: rows that the "
                "source gets until then count as loaded, and are not",
                resource->name, bound_print(&wanted->hi, hi));
}

static int refuse_zone(const char *zone, const char *what, struct tg_error *err)
{
    return error_set(err, TG_USAGE, "%s, which have no time zone; leave out '%s'", what, zone);
}

int window_ends(struct session *session, const struct resource *resource,
                const struct time_zone *zone, enum bound_kind *kind, struct span *out,
                struct tg_error *err)
{
    int rc = TG_OK;
    const struct tg_window_options *asked = session->pipeline->window;
    if (incremental_orders_itself(&resource->incremental))
        return error_set(err, TG_USAGE,
                         "a window is of a cursor that is compared as it is, without cursor_type "
                         "and last_value_func; say initial_value and end_value in the spec "
                         "instead");
    TRY(bound_kind_of(session, resource, kind, err));
    if (zone && *kind == BOUND_DATE)
        return refuse_zone(asked->timezone, "the values of the cursor are dates", err);
    TRY(bound_parse(asked->from, *kind, zone, &out->lo, err));
    TRY(bound_parse(asked->to, *kind, zone, &out->hi, err));
    if (zone && out->lo.kind != TG_VALUE_TIMESTAMP)
        return refuse_zone(asked->timezone, "the ends of the window are no times", err);
    TRY(check_way(resource, out, err));
done:
    return rc;
}

/* A row without a value is in no window. What waits for a transaction would wait for a later run,
 * and there is none. */
static int set_ends(struct session *session, const struct resource_window *bound,
                    enum bound_kind kind, const struct span *wanted, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &session->ledger.arena;
    struct incremental *incremental =
        &session->pipeline->config.resources[bound->place].incremental;
    struct tg_value like;
    TRY(incremental_first_value(arena, incremental, &incremental->initial_value, &like, err));
    TRY(bound_value(arena, &wanted->lo, &like, kind, &incremental->initial_value, err));
    TRY(bound_value(arena, &wanted->hi, &like, kind, &incremental->end_value, err));
    if (incremental->on_cursor_value_missing == TG_INCLUDE)
        incremental->on_cursor_value_missing = TG_EXCLUDE;
    incremental->commit_safe = TG_NO;
    incremental->range_start_open = incremental->range_end_closed = false;
    TRY(incremental_settle(arena, incremental, err));
done:
    return rc;
}

static int bind_one(struct session *session, size_t place, const struct time_zone *zone,
                    struct tg_error *err)
{
    int rc = TG_OK;
    bool settled = false;
    enum bound_kind kind = BOUND_ANY;
    struct span wanted = {0};
    struct resource *resource = &session->pipeline->config.resources[place];
    struct resource_window *bound = &session->windows[session->window_count];
    TRY(window_ends(session, resource, zone, &kind, &wanted, err));
    *bound = (struct resource_window){.resource = resource->name,
                                      .place = place,
                                      .was = resource->incremental,
                                      .of_times = wanted.lo.kind == TG_VALUE_TIMESTAMP};
    TRY(bound_json(&session->ledger.arena, &wanted.lo, &bound->lo, err));
    TRY(bound_json(&session->ledger.arena, &wanted.hi, &bound->hi, err));
    TRY(check_loaded(session, resource, bound, &wanted, &settled, err));
    warn_of_future(session, resource, &wanted);
    resource->selected = !settled;
    session->window_count++;
    TRY(set_ends(session, bound, kind, &wanted, err));
done:
    return rc == TG_OK ? rc : error_at(err, rc, AT_RESOURCE, resource->name);
}

int window_check_asked(const struct tg_pipeline *pipeline, struct tg_error *err)
{
    const struct tg_window_options *asked = pipeline->window;
    if (!asked->from || !asked->to)
        return error_set(err, TG_USAGE, "a window needs both its ends, from and to");
    if (pipeline->refresh != TG_REFRESH_NONE)
        return error_set(err, TG_USAGE,
                         "a refresh begins anew, and a window is a part: they exclude each other");
    return TG_OK;
}

static bool is_utc(const char *zone)
{
    return !zone || strcmp(zone, "UTC") == 0;
}

int window_zone(const struct tg_window_options *asked, struct time_zone **out, struct tg_error *err)
{
    *out = NULL;
    return is_utc(asked->timezone) ? TG_OK : time_zone_open(asked->timezone, out, err);
}

int window_no_cursor(struct tg_error *err)
{
    return error_set(
        err, TG_USAGE,
        "none of the resources that are selected has a cursor, and a window is a range "
        "of one; run without a window");
}

static int make_room(struct session *session, struct tg_error *err)
{
    const size_t count = session->pipeline->config.resource_count + 1;
    session->windows = arena_alloc(&session->ledger.arena, count * sizeof(*session->windows));
    return session->windows ? TG_OK : error_nomem(err);
}

int window_bind(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct time_zone *zone = NULL;
    struct config *config = &session->pipeline->config;
    const struct tg_window_options *asked = session->pipeline->window;
    if (!asked)
        return TG_OK;
    TRY(window_check_asked(session->pipeline, err));
    TRY(window_zone(asked, &zone, err));
    TRY(make_room(session, err));
    for (size_t i = 0; i < config->resource_count; i++) {
        struct resource *resource = &config->resources[i];
        resource->selected = resource->selected && resource->incremental.cursor_path;
        if (resource->selected && !resource->is_group)
            TRY(bind_one(session, i, zone, err));
    }
    if (session->window_count == 0)
        rc = window_no_cursor(err);
done:
    time_zone_close(zone);
    return rc;
}

/* Its place in the config; nothing else is selected. */
static int select_claimed(struct session *session, const struct window_claim *claim, size_t *place,
                          struct tg_error *err)
{
    struct config *config = &session->pipeline->config;
    *place = config->resource_count;
    for (size_t i = 0; i < config->resource_count; i++) {
        struct resource *resource = &config->resources[i];
        const char *path = resource->incremental.cursor_path;
        resource->selected = !resource->is_group && path &&
                             strcmp(resource->name, claim->resource) == 0 &&
                             strcmp(path, claim->cursor_path) == 0;
        *place = resource->selected ? i : *place;
    }
    if (*place < config->resource_count)
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "the backfill has windows of resource '%s' by its cursor '%s', which the spec "
                     "does not have",
                     claim->resource, claim->cursor_path);
}

int window_claim(struct session *session, const struct claimed_window *claimed,
                 struct tg_error *err)
{
    int rc = TG_OK;
    size_t place = 0;
    struct span ends = {0};
    enum bound_kind kind = BOUND_ANY;
    const struct window_claim *claim = claimed->claim;
    struct arena *arena = &session->ledger.arena;
    TRY(select_claimed(session, claim, &place, err));
    const struct resource *resource = &session->pipeline->config.resources[place];
    TRY(make_room(session, err));
    TRY(bound_kind_of(session, resource, &kind, err));
    TRY(point_read_part(arena, claim->lo, &ends.lo, err));
    TRY(point_read_part(arena, claim->hi, &ends.hi, err));
    struct resource_window *bound = &session->windows[session->window_count++];
    *bound = (struct resource_window){.claimed = claimed,
                                      .resource = resource->name,
                                      .place = place,
                                      .was = resource->incremental,
                                      .lo = claim->lo,
                                      .hi = claim->hi,
                                      .of_times = ends.lo.kind == TG_VALUE_TIMESTAMP};
    TRY(set_ends(session, bound, kind, &ends, err));
done:
    return rc;
}

void window_unbind(struct session *session)
{
    struct config *config = session->pipeline ? &session->pipeline->config : NULL;
    for (size_t i = 0; i < session->window_count; i++)
        config->resources[session->windows[i].place].incremental = session->windows[i].was;
    session->windows = NULL;
    session->window_count = 0;
}

static const struct resource_window *find_bound(const struct session *session,
                                                const struct resource *resource)
{
    for (size_t i = 0; i < session->window_count; i++)
        if (strcmp(session->windows[i].resource, resource->name) == 0)
            return &session->windows[i];
    return NULL;
}

bool window_is_one(const struct session *session, const struct resource *resource)
{
    return find_bound(session, resource) != NULL;
}

bool window_is_of_times(const struct session *session, const struct resource *resource)
{
    const struct resource_window *bound = find_bound(session, resource);
    return bound && bound->of_times;
}

/* ---- what the load says of it ---- */

bool window_is_heeded(const struct session *session, const struct resource *resource,
                      const char *stored_last)
{
    const struct resource_window *bound = find_bound(session, resource);
    if (bound && bound->claimed)
        return false; /* by its fence */
    return window_adds(resource) && (bound || (!stored_last && goes_on(session, resource)));
}

static bool is_midnight(const struct cursor_value *value)
{
    return value->kind != TG_VALUE_TIMESTAMP || value->int64 % DAY_US == 0;
}

/* A date begins at midnight wherever it is, and a window of another zone does not. */
static int check_values(const struct resource_window *bound, const struct cursor *cursor,
                        size_t fields, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena arena;
    struct buf last = BUF_INIT;
    struct cursor_value lo, hi;
    struct point point;
    arena_init(&arena);
    TRY(cursor_last_json(cursor, &last, err));
    TRY(point_parse(&arena, buf_string(&last), fields, &point, err));
    TRY(point_read_part(&arena, bound->lo, &lo, err));
    TRY(point_read_part(&arena, bound->hi, &hi, err));
    const struct cursor_value *value = &point.parts[0];
    bool is_date = point.count > 0 && (value->kind == TG_VALUE_DATE ||
                                       (value->kind == TG_VALUE_TEXT && !value->is_instant));
    if (is_date && !(is_midnight(&lo) && is_midnight(&hi)))
        rc = error_set(err, TG_USAGE,
                       "the values of the cursor are dates, which have no time and no time zone; "
                       "let the ends of the window be dates, and leave out the time zone");
done:
    arena_release(&arena);
    buf_release(&last);
    return rc;
}

int window_enter(struct load *load, const struct resource *resource, const struct cursor *cursor,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest *manifest = NULL;
    const struct resource_window *bound = find_bound(load->session, resource);
    if (!bound)
        return TG_OK;
    TRY(check_values(bound, cursor, resource->incremental.field_count, err));
    TRY(load_package(load, &manifest, err));
    struct manifest_window window = {.resource = resource->name,
                                     .cursor_path = resource->incremental.cursor_path,
                                     .lo = bound->lo,
                                     .hi = bound->hi};
    if (bound->claimed) {
        window.run_id = bound->claimed->run_id;
        window.id = bound->claimed->claim->id;
        window.owner = bound->claimed->owner;
        window.fence = bound->claimed->claim->fence;
    }
    TRY(manifest_add_window(manifest, &window, err));
done:
    return rc;
}
