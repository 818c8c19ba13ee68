/*
 * The plan of a backfill: which windows of a range are missing.
 *
 *   plan_backfill: session_open (lock), session_restore -> sweep: what workers of this folder that
 *   were killed have, is open again -> find_unfinished: an earlier plan goes first
 *   | plan_resource: its steps (steps.c), without what is loaded or planned -> write_plan
 *
 * backfill_outlook says the same of a plan that is only looked at (plan.c), also for a run of a
 * range: what is there of it, and what would be loaded.
 *
 * The plan is written as a load without a package: its id is the run's. Two plans at once do not
 * both come to be: each heeds which windows there were.
 */
#include "run/backfill.h"

#include <string.h>

#include "base/fault.h"
#include "run/plan.h"
#include "run/steps.h"
#include "run/window.h"

enum { WINDOWS_MAX = 100000 };

struct planning {
    struct session *session;
    const struct tg_backfill_options *options;
    struct time_zone *zone;
    struct load load;
    struct manifest manifest;
    struct write_result written;
    size_t next;          /* of the ranges that are loaded: those before it end before the step */
    struct tg_plan *plan; /* is told all of it, and nothing is written; NULL */
    size_t due;           /* windows that it was told */
};

/* ---- what killed workers have left ---- */

static int sweep_one(struct session *session, const char *folder, const char *owner,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_lock lock = {0};
    const char *pipeline = session->pipeline->config.pipeline;
    char *path = fs_join(folder, owner), *file = path ? fs_join(path, "lock") : NULL;
    if (!file)
        TRY(error_nomem(err));
    if (fs_lock(file, &lock, NULL) != TG_OK)
        goto done; /* it is at work */
    if (session->ledger.window_count > 0)
        TRY(destination_release(&session->destination, pipeline, owner, err));
    TRY(fs_remove_tree(path, err));
done:
    fs_unlock(&lock);
    mem_free(file);
    mem_free(path);
    return rc;
}

static int sweep(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names owners = {0};
    char *folder = fs_join(session->folder, WORKERS_FOLDER);
    TRY(folder ? fs_list(folder, &owners, err) : error_nomem(err));
    for (size_t i = 0; i < owners.count; i++)
        TRY(sweep_one(session, folder, owners.items[i], err));
done:
    fs_names_release(&owners);
    mem_free(folder);
    return rc;
}

/* ---- an earlier plan ---- */

static bool is_planned(const struct ledger_window *window)
{
    return *window->load_id == '\0';
}

static int overlap(const struct spans *spans, const struct span *a, const struct span *b, bool *out,
                   struct tg_error *err)
{
    int rc = TG_OK, begins = 0, ends = 0;
    TRY(spans_compare(spans, &a->lo, &b->hi, &begins, err));
    TRY(spans_compare(spans, &a->hi, &b->lo, &ends, err));
    *out = begins < 0 && ends > 0;
done:
    return rc;
}

/* Of the resource: a run that has windows in the range which are not loaded yet. */
static int find_unfinished(const struct spans *spans, const struct span *wanted,
                           const char **run_id, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < spans->count; i++) {
        bool meets = false;
        const struct span *span = &spans->items[i];
        TRY(overlap(spans, span, wanted, &meets, err));
        if (meets && is_planned(span->window))
            *run_id = span->window->run_id;
    }
done:
    return rc;
}

static void tell_run(const struct ledger *ledger, const char *run_id, struct tg_backfill *out)
{
    snprintf(out->run_id, sizeof(out->run_id), "%s", run_id);
    for (size_t i = 0; i < ledger->window_count; i++) {
        bool is_of_run = strcmp(ledger->windows[i].run_id, run_id) == 0;
        const uint64_t count = is_of_run ? ledger->windows[i].count : 0;
        out->windows += count;
        out->loaded += is_planned(&ledger->windows[i]) ? 0 : count;
    }
}

/* ---- what is missing ---- */

static int tell_part(struct tg_plan *plan, const struct resource *resource,
                     const struct cursor_value *lo, const struct cursor_value *hi,
                     const struct ledger_window *window, struct tg_error *err)
{
    int rc = TG_OK;
    char from[BOUND_SHOWN], to[BOUND_SHOWN];
    TRY(mem_grow(&plan->windows, &plan->window_cap, plan->window_count + 1, sizeof(*plan->windows),
                 err));
    struct tg_plan_window *out = &plan->windows[plan->window_count];
    *out = (struct tg_plan_window){.state = "due", .windows = window ? window->count : 1};
    TRY(arena_keep(&plan->arena, resource->name, &out->resource, err));
    TRY(arena_keep(&plan->arena, bound_print(lo, from), &out->from, err));
    TRY(arena_keep(&plan->arena, bound_print(hi, to), &out->to, err));
    if (window) {
        out->state = is_planned(window) ? "planned" : "loaded";
        TRY(arena_keep(&plan->arena, is_planned(window) ? window->run_id : window->load_id,
                       &out->by, err));
    }
    plan->window_count++;
done:
    return rc;
}

static int add_window(struct planning *planning, const struct resource *resource,
                      const struct cursor_value *lo, const struct cursor_value *hi,
                      struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &planning->manifest.arena;
    struct manifest_window window = {.resource = resource->name,
                                     .cursor_path = resource->incremental.cursor_path,
                                     .planned = true};
    if (planning->manifest.window_count + planning->due == WINDOWS_MAX)
        return error_set(err, TG_USAGE,
                         "that would be more than %d windows; let each be longer, or the range "
                         "shorter",
                         WINDOWS_MAX);
    planning->due += planning->plan != NULL;
    if (planning->plan)
        return tell_part(planning->plan, resource, lo, hi, NULL, err);
    TRY(bound_json(arena, lo, &window.lo, err));
    TRY(bound_json(arena, hi, &window.hi, err));
    TRY(manifest_add_window(&planning->manifest, &window, err));
done:
    return rc;
}

/* Of one step what no window has that is loaded. Steps come in order, as the ranges do. */
static int add_missing(struct planning *planning, const struct resource *resource,
                       const struct spans *loaded, const struct span *step, struct tg_error *err)
{
    int rc = TG_OK;
    struct cursor_value at = step->lo;
    for (; planning->next < loaded->count; planning->next++) {
        const struct span *span = &loaded->items[planning->next];
        int order = 0;
        TRY(spans_compare(loaded, &span->hi, &at, &order, err));
        if (order <= 0)
            continue;
        TRY(spans_compare(loaded, &span->lo, &step->hi, &order, err));
        if (order >= 0)
            break;
        TRY(spans_compare(loaded, &span->lo, &at, &order, err));
        if (order > 0)
            TRY(add_window(planning, resource, &at, &span->lo, err));
        at = span->hi;
        TRY(spans_compare(loaded, &span->hi, &step->hi, &order, err));
        if (order >= 0)
            return TG_OK;
    }
    TRY(add_window(planning, resource, &at, &step->hi, err));
done:
    return rc;
}

static int add_steps(struct planning *planning, const struct resource *resource,
                     const struct spans *loaded, const struct span *wanted, struct tg_error *err)
{
    int rc = TG_OK, order = -1;
    struct step_size size;
    struct span step = {wanted->lo, wanted->lo, NULL};
    const int64_t way = loaded->descends ? -1 : 1;
    planning->next = planning->options->again ? loaded->count : 0;
    if (!planning->options->window) /* a run would load it whole */
        return add_window(planning, resource, &wanted->lo, &wanted->hi, err);
    TRY(step_parse(planning->options->window, &wanted->lo, &size, err));
    for (int64_t n = 1; order < 0; n++) {
        if (step_go(&size, planning->zone, &wanted->lo, n * way, &step.hi))
            TRY(spans_compare(loaded, &step.hi, &wanted->hi, &order, err));
        else
            order = 0;
        if (order >= 0)
            step.hi = wanted->hi;
        TRY(add_missing(planning, resource, loaded, &step, err));
        step.lo = step.hi;
    }
done:
    return rc;
}

/* What the ledger has of the range. */
static int tell_there(struct planning *planning, const struct resource *resource,
                      const struct spans *spans, const struct span *wanted, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < spans->count; i++) {
        bool meets = false;
        const struct span *span = &spans->items[i];
        TRY(overlap(spans, span, wanted, &meets, err));
        if (meets)
            TRY(tell_part(planning->plan, resource, &span->lo, &span->hi, span->window, err));
    }
done:
    return rc;
}

/* *unfinished: what is to be done first, and nothing is planned. */
static int plan_resource(struct planning *planning, struct resource *resource,
                         const char **unfinished, bool looks, struct tg_error *err)
{
    int rc = TG_OK;
    enum bound_kind kind;
    struct spans spans = {0};
    struct span wanted = {0};
    TRY(window_ends(planning->session, resource, planning->zone, &kind, &wanted, err));
    TRY(spans_list(planning->session, resource, &spans, err));
    TRY(find_unfinished(&spans, &wanted, unfinished, err));
    if (looks)
        goto done;
    if (planning->plan)
        TRY(tell_there(planning, resource, &spans, &wanted, err));
    if (*unfinished && planning->options->window)
        goto done;
    if (window_adds(resource) && !planning->options->again && planning->options->window)
        TRY(window_check_progress(planning->session, resource, &spans, &wanted, err));
    TRY(spans_fold(&spans, err));
    TRY(add_steps(planning, resource, &spans, &wanted, err));
done:
    spans_release(&spans);
    return rc == TG_OK ? rc : error_at(err, rc, AT_RESOURCE, resource->name);
}

static int plan_resources(struct planning *planning, const char **unfinished, struct tg_error *err)
{
    int rc = TG_OK;
    bool has_cursor = false;
    struct config *config = &planning->session->pipeline->config;
    for (int looks = 1; looks >= 0 && (!*unfinished || planning->plan); looks--)
        for (size_t i = 0; i < config->resource_count; i++) {
            struct resource *resource = &config->resources[i];
            if (!resource->selected || resource->is_group || !resource->incremental.cursor_path)
                continue;
            has_cursor = true;
            TRY(plan_resource(planning, resource, unfinished, looks, err));
        }
    if (!has_cursor)
        rc = window_no_cursor(err);
done:
    return rc;
}

/* ---- the plan ---- */

static int write_plan(struct planning *planning, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = planning->session;
    struct manifest *manifest = &planning->manifest;
    TRY(load_begin(&planning->load, err));
    TRY(load_describe(&planning->load, manifest, err));
    TRY(package_make_id(&session->pipeline->ctx, manifest, err));
    manifest->heeds_windows = true;
    TRY(destination_write(&session->destination, NULL, manifest, NULL, &planning->written, err));
    fault_point("after_plan");
done:
    return rc;
}

static int plan_missing(struct planning *planning, struct tg_backfill *out, struct tg_error *err)
{
    int rc = TG_OK;
    const char *unfinished = NULL;
    struct session *session = planning->session;
    TRY(plan_resources(planning, &unfinished, err));
    if (unfinished) {
        tell_run(&session->ledger, unfinished, out);
    } else if (planning->manifest.window_count > 0) {
        TRY(write_plan(planning, err));
        snprintf(out->run_id, sizeof(out->run_id), "%s", planning->load.id);
        out->windows = planning->manifest.window_count;
    }
done:
    return rc;
}

int backfill_outlook(struct session *session, const struct tg_plan_options *options,
                     struct tg_plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const char *unfinished = NULL;
    const struct tg_backfill_options asked = {TG_BACKFILL_OPTIONS_INIT, .again = options->again,
                                              .window = options->window};
    struct planning planning = {.session = session, .options = &asked, .plan = plan};
    TRY(window_check_asked(session->pipeline, err));
    TRY(window_zone(session->pipeline->window, &planning.zone, err));
    TRY(plan_resources(&planning, &unfinished, err));
done:
    time_zone_close(planning.zone);
    return rc;
}

static int plan(struct planning *planning, struct tg_backfill *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = planning->session;
    const struct tg_window_options *asked = session->pipeline->window;
    TRY(window_check_asked(session->pipeline, err));
    if (!planning->options->window)
        TRY(error_set(err, TG_USAGE, "a backfill needs the length of its windows"));
    TRY(window_zone(asked, &planning->zone, err));
    TRY(session_restore(session, err));
    TRY(destination_open(&session->destination, err));
    TRY(sweep(session, err));
    TRY(plan_missing(planning, out, err));
    out->shared = destination_is_shared(&session->destination);
done:
    return rc;
}

int plan_backfill(struct tg_pipeline *pipeline, const struct tg_backfill_options *options,
                  struct tg_backfill *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct session session;
    const struct tg_window_options asked = {TG_WINDOW_OPTIONS_INIT, .from = options->from,
                                            .to = options->to, .timezone = options->timezone,
                                            .again = options->again};
    struct planning planning = {.session = &session, .options = options};
    load_init(&planning.load, &session);
    manifest_init(&planning.manifest);
    pipeline->window = &asked;
    TRY(session_open(&session, pipeline, err));
    TRY(plan(&planning, out, err));
done:
    time_zone_close(planning.zone);
    write_result_release(&planning.written);
    manifest_release(&planning.manifest);
    session_close(&session);
    pipeline->window = NULL;
    return rc;
}
