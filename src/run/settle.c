/*
 * What becomes of a sealed package: written, dropped, kept for later, or set aside.
 *
 *   settle_all: each sealed package, oldest first -> settle_one: damaged or somebody else's? ->
 *   settle_write: destination_write -> finish (drop, set aside, leave a note)
 *   settle_prune, once a load of this run is committed: what failed before it
 *
 * A package that cannot be written now stays sealed, for three runs. A run goes on without it where
 * neither needs the other (needs_package); docs/architecture.md says why.
 */
#include <string.h>

#include "base/fault.h"
#include "run/pending.h"
#include "run/range.h"
#include "run/tell.h"
#include "write/disposition.h"

enum { TRIES_MAX = 3 };

static void warn(const struct session *session, const char *what, const struct tg_error *why)
{
    context_log(&session->pipeline->ctx, TG_LOG_WARNING, "settle", "%s%s%s%s%s", what,
                *what ? ": " : "", why->where, why->where[0] ? ": " : "", why->what);
}

/* ---- one package into the destination ---- */

/* Does the load remember how far this resource was read? */
static bool has_position(const struct manifest *manifest, const char *resource)
{
    for (size_t i = 0; i < manifest->bookmark_count; i++)
        if (strcmp(manifest->bookmarks[i].resource, resource) == 0)
            return true;
    for (size_t i = 0; i < manifest->boundary_count; i++)
        if (strcmp(manifest->boundaries[i].resource, resource) == 0 &&
            *manifest->boundaries[i].cursor_path) /* without one it is no position: again.c */
            return true;
    return false;
}

/* Has it rows that are added, or a range, that nobody would read again? */
bool settle_has_only_copy(const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *table = &manifest->tables[i];
        bool has_rows = table->file_count > 0 && manifest_is_data(table);
        if ((has_rows || table->range_count > 0) && !table->replaced &&
            !has_position(manifest, table->resource))
            return true;
    }
    return false;
}

/* The folder follows the fate. What fails here changes nothing at the destination: the next run
 * finds the package and does the same again. */
static void finish(struct session *session, const char *path, const struct manifest *manifest,
                   enum write_fate fate, const struct tg_error *why)
{
    int rc = TG_OK;
    struct tg_error problem = {0};
    if (fate == FATE_PASSED && settle_has_only_copy(manifest))
        fate = FATE_REFUSED;
    if (fate == FATE_WRITTEN)
        committed_note(session);
    switch (fate) {
    case FATE_WRITTEN:
    case FATE_PASSED: rc = package_drop(path, &problem); break;
    case FATE_REFUSED: rc = package_set_aside(path, "failed", why, &problem); break;
    case FATE_WAITS:
    case FATE_UNKNOWN: rc = package_note(path, why, &problem); break;
    }
    if (rc != TG_OK)
        warn(session, "", &problem);
}

static bool is_given_up(const struct pending *pending, const bool *given_up, const char *follows)
{
    for (size_t i = 0; i < pending->count; i++)
        if (given_up[i] && strcmp(pending->items[i].manifest.load_id, follows) == 0)
            return true;
    return false;
}

/* What went on from a load that will not be there, one after the other. */
static void pass_followers(struct session *session, const char *load_id)
{
    int rc = TG_OK;
    struct tg_error problem = {0};
    struct pending pending;
    bool *given_up = NULL;
    TRY(pending_list(session, &pending, &problem));
    given_up = mem_calloc(pending.count + 1, sizeof(*given_up));
    if (!given_up)
        TRY(error_nomem(&problem));
    for (size_t i = 0; i < pending.count; i++) {
        const struct manifest *manifest = &pending.items[i].manifest;
        struct tg_error why = {0};
        if (strcmp(manifest->follows, load_id) != 0 &&
            !is_given_up(&pending, given_up, manifest->follows))
            continue;
        given_up[i] = true;
        error_set(&why, TG_CONFLICT,
                  "load '%s', which has gone on from load '%s', is given up with it%s",
                  manifest->load_id, manifest->follows,
                  settle_has_only_copy(manifest)
                      ? ": it has rows that no source gives again, and is kept in 'failed'"
                      : ", and its rows are read again");
        warn(session, "", &why);
        finish(session, pending.items[i].path, manifest, FATE_PASSED, &why);
    }
done:
    if (rc != TG_OK) /* they are found again when their turn comes */
        warn(session, "", &problem);
    mem_free(given_up);
    pending_release(&pending);
}

static struct limits limits_of(const void *user, const char *resource)
{
    const struct session *session = user;
    return config_limits(&session->pipeline->config, resource);
}

struct write_order session_order(const struct session *session)
{
    return (struct write_order){.limits = session->pipeline->accept_limits ? NULL : limits_of,
                                .user = session};
}

int settle_write(struct session *session, const char *path, const struct manifest *manifest,
                 struct write_result *result, struct tg_error *err)
{
    struct tg_error own = {0};
    if (!err)
        err = &own;
    const struct write_order order = session_order(session);
    int rc = destination_write(&session->destination, path, manifest, &order, result, err);
    hide_secrets(session->pipeline, err); /* before it is stored beside the package */
    finish(session, path, manifest, result->fate, err);
    fault_point("after_drop");
    if (result->fate == FATE_PASSED || result->fate == FATE_REFUSED)
        pass_followers(session, manifest->load_id);
    return rc;
}

/* ---- whose package is it? ---- */

/* 0.1 kept a relative path as it was written, and nobody knows any more where it started. The
 * working directory lay beside what it is relative to, or below, unless it was named; and where the
 * load began with a state, the ledger will tell. */
static bool is_same_as_before(const struct session *session, const struct manifest *manifest)
{
    const char *slash = strrchr(session->folder, '/');
    const struct location ours = {.url = session->pipeline->destination};
    const struct location theirs = {.url = manifest->destination};
    char *folder = mem_strndup(session->folder, slash ? (size_t)(slash - session->folder) : 0);
    const char *name = folder ? strrchr(folder, '/') : NULL;
    bool beside = name && strcmp(name, "/.tidegate") == 0;
    bool same = manifest->state_version_from > 0 && destination_same(&theirs, ".", &ours);
    while (beside && folder && !same && strrchr(folder, '/')) {
        *strrchr(folder, '/') = '\0';
        same = destination_same(&theirs, *folder ? folder : "/", &ours);
    }
    mem_free(folder);
    return same;
}

bool settle_is_ours(const struct session *session, const struct manifest *manifest)
{
    struct buf absolute = BUF_INIT;
    if (strcmp(manifest->destination, session->pipeline->destination) == 0)
        return true; /* so is one that a program gives: it has no URL, but a name */
    const char *theirs = destination_url(manifest->destination);
    bool is_absolute = destination_absolute(AT_URL(theirs), "", &absolute, NULL) == TG_OK &&
                       strcmp(buf_string(&absolute), theirs) == 0;
    buf_release(&absolute);
    return is_absolute
               ? destination_same(AT_URL(theirs), ".", AT_URL(session->pipeline->destination))
               : is_same_as_before(session, manifest);
}

/* ---- may a run go on without it? ---- */

static bool selects(const struct session *session, const char *resource)
{
    const struct config *config = &session->pipeline->config;
    for (size_t i = 0; i < config->resource_count; i++)
        if (config->resources[i].selected &&
            (config->resources[i].is_group || strcmp(config->resources[i].name, resource) == 0))
            return true;
    return false;
}

/* Will the run remember it? What replaces or merges need not, but the next window is another. */
static bool keeps_position(const struct session *session, const struct resource *resource)
{
    bool asks_window = session->pipeline->window != NULL;
    bool adds = resource->disposition->adds_rows || resource->append_on_missing_key ||
                range_is_window(resource);
    bool window = asks_window || resource->incremental.end_value.kind != TG_VALUE_NONE;
    bool has_bookmarks = resource->driver->remember;
    return !adds || (!window && (resource->incremental.cursor_path || has_bookmarks));
}

/* The load that commits first may leave the other in conflict with the state: that one is dropped
 * and its rows are read again. So the run needs the package where they have a resource in common,
 * and where either has rows that nobody would read again. */
static bool needs_package(const struct session *session, const struct manifest *manifest)
{
    const struct config *config = &session->pipeline->config;
    if (strcmp(manifest->dataset, config->dataset) != 0)
        return false;
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *table = &manifest->tables[i];
        if (selects(session, table->resource))
            return true;
    }
    for (size_t i = 0; i < manifest->boundary_count; i++)
        if (selects(session, manifest->boundaries[i].resource))
            return true;
    if (settle_has_only_copy(manifest))
        return true;
    for (size_t i = 0; i < config->resource_count; i++)
        if (config->resources[i].selected && !keeps_position(session, &config->resources[i]))
            return true;
    return false;
}

/* What could not be moved would be written later, after all. */
static int set_aside_rc(struct session *session, const char *path, int rc, const char *what,
                        const struct tg_error *why)
{
    struct fs_stat stat = {0};
    if (fs_stat(path, &stat, NULL) != TG_OK || stat.exists)
        return rc;
    warn(session, what, why);
    return TG_OK;
}

/* A cancel says nothing about the package, nor does a destination that somebody else has. */
static int keep_waiting(struct session *session, const char *path, const struct manifest *manifest,
                        int rc, struct tg_error *err)
{
    int tries = 0;
    struct tg_error problem = {0};
    if (rc == TG_CANCELLED || rc == TG_LOCKED)
        return rc;
    if (package_count_try(path, &tries, &problem) != TG_OK)
        warn(session, "", &problem);
    if (tries >= TRIES_MAX) {
        finish(session, path, manifest, FATE_REFUSED, err);
        return set_aside_rc(session, path, rc, "a sealed load is set aside after three runs", err);
    }
    if (needs_package(session, manifest))
        return rc;
    warn(session, "a sealed load waits for the next run", err);
    return TG_OK;
}

/* ---- all of them ---- */

int settle_damaged(struct session *session, const char *path, const struct tg_error *why,
                   struct tg_error *err)
{
    const char *slash = strrchr(path, '/');
    int rc = package_set_aside(path, "damaged", why, err);
    if (rc == TG_OK)
        warn(session,
             "a sealed load is damaged, set aside under 'damaged', its rows are read again", why);
    if (rc == TG_OK)
        pass_followers(session, slash ? slash + 1 : path);
    return rc;
}

/* The pipeline has moved on without it. Its rows are read again, or somebody has to know. */
static int give_up(struct session *session, const char *path, const struct manifest *manifest,
                   int rc, struct tg_error *err)
{
    const char *slash = strrchr(path, '/');
    if (!settle_has_only_copy(manifest)) {
        warn(session, "a sealed load is given up", err);
        return TG_OK;
    }
    error_set(err, rc,
              "the pipeline has moved on since the sealed load '%s', which has rows that no source "
              "gives again; it is kept in '%s/failed': load its Parquet files by hand, and run "
              "again for the rest",
              slash ? slash + 1 : path, session->folder);
    err->retryable = true;
    return rc;
}

int settle_pass(struct session *session, const char *path, const struct manifest *manifest,
                struct tg_error *err)
{
    struct tg_error own = {0}, *why = err ? err : &own;
    error_set(why, TG_CONFLICT,
              "load '%s' began from what is not at the destination any more: another run has "
              "loaded meanwhile",
              manifest->load_id);
    finish(session, path, manifest, FATE_PASSED, why);
    pass_followers(session, manifest->load_id);
    return give_up(session, path, manifest, TG_CONFLICT, why);
}

/* Does the load go on from one that is still to be written? */
static bool waits_for_another(const struct session *session, const struct manifest *manifest)
{
    struct fs_stat stat = {0};
    struct buf path = BUF_INIT;
    if (*manifest->follows)
        buf_printf(&path, "%s/sealed/%s", session->folder, manifest->follows);
    const bool is_sealed =
        path.len > 0 && fs_stat(buf_string(&path), &stat, NULL) == TG_OK && stat.exists;
    buf_release(&path);
    return is_sealed;
}

static int wait_for_another(struct session *session, const struct manifest *manifest,
                            struct tg_error *err)
{
    int rc = error_set(err, TG_DESTINATION,
                       "load '%s' goes on from load '%s', which could not be written yet",
                       manifest->load_id, manifest->follows);
    err->retryable = true;
    if (needs_package(session, manifest))
        return rc;
    warn(session, "a sealed load waits for the next run", err);
    return TG_OK;
}

/* Writes one of this destination; an error when the run cannot go on. */
static int settle_ours(struct session *session, const char *path, const struct manifest *manifest,
                       struct tg_error *err)
{
    struct write_result result;
    if (waits_for_another(session, manifest))
        return wait_for_another(session, manifest, err);
    session_watch_writes(session, TG_PHASE_SETTLE);
    int rc = settle_write(session, path, manifest, &result, err);
    session_leave_writes(session);
    enum write_fate fate = result.fate;
    write_result_release(&result);
    switch (fate) {
    case FATE_WRITTEN:
        session->settled_count++;
        tell_settled(session, manifest->load_id);
        break;
    case FATE_WAITS: return keep_waiting(session, path, manifest, rc, err);
    case FATE_PASSED: return give_up(session, path, manifest, rc, err);
    case FATE_REFUSED: return set_aside_rc(session, path, rc, "a sealed load is set aside", err);
    case FATE_UNKNOWN: break;
    }
    return rc;
}

static int settle_one(struct session *session, const char *path, struct tg_error *err)
{
    struct manifest manifest;
    struct fs_stat stat = {0};
    struct tg_error why = {0};
    if (fs_stat(path, &stat, NULL) == TG_OK && !stat.exists)
        return TG_OK; /* it went with the one that it followed */
    int rc = package_open(path, &manifest, &why);
    if (rc == TG_IO)
        return settle_damaged(session, path, &why, err);
    if (rc == TG_OK && settle_is_ours(session, &manifest))
        rc = settle_ours(session, path, &manifest, &why);
    else if (rc == TG_OK)
        context_log(&session->pipeline->ctx, TG_LOG_WARNING, "settle",
                    "a sealed load for another destination, '%s', is left in '%s'; run with that "
                    "destination to load it, or delete that folder to give it up",
                    manifest.destination, path);
    manifest_release(&manifest);
    if (rc != TG_OK && err)
        *err = why;
    return rc;
}

int settle_all(struct session *session, const struct fs_names *sealed, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < sealed->count; i++)
        TRY(settle_one(session, sealed->items[i], err));
    if (sealed->count > 0)
        session_progress(session, TG_PHASE_SETTLE, NULL, NULL, true);
done:
    return rc;
}

/* ---- what they are ---- */

static int add_pending(const struct session *session, const char *path, const char *id,
                       struct arena *arena, const char **ids, size_t *count, struct tg_error *err)
{
    struct manifest manifest;
    int rc = package_read(path, &manifest, err);
    if (rc == TG_IO) { /* a run sets it aside */
        error_clear(err);
        return TG_OK;
    }
    if (rc != TG_OK)
        return rc;
    if (settle_is_ours(session, &manifest))
        rc = arena_keep(arena, id, &ids[(*count)++], err);
    manifest_release(&manifest);
    return rc;
}

int settle_pending(const struct session *session, struct arena *arena, const char ***ids,
                   size_t *count, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names names = {0};
    char *path = NULL, *folder = fs_join(session->folder, "sealed");
    *count = 0;
    TRY(folder ? fs_list(folder, &names, err) : error_nomem(err));
    *ids = arena_alloc(arena, (names.count + 1) * sizeof(**ids));
    if (!*ids)
        TRY(error_nomem(err));
    for (size_t i = 0; i < names.count; i++) {
        mem_free(path);
        path = fs_join(folder, names.items[i]);
        TRY(path ? add_pending(session, path, names.items[i], arena, *ids, count, err)
                 : error_nomem(err));
    }
done:
    fs_names_release(&names);
    mem_free(path);
    mem_free(folder);
    return rc;
}

/* ---- what failed before ---- */

/* Of those for this destination all but the newest go; what cannot be read is left for people. */
void settle_prune(struct session *session)
{
    struct tg_error problem = {0};
    struct fs_names names = {0};
    struct manifest manifest;
    bool newest = true;
    char *failed = fs_join(session->folder, "failed");
    int rc = failed ? fs_list(failed, &names, &problem) : error_nomem(&problem);
    for (size_t i = names.count; rc == TG_OK && i-- > 0;) {
        char *path = fs_join(failed, names.items[i]);
        bool ours = path && package_read(path, &manifest, NULL) == TG_OK;
        if (ours && strcmp(manifest.dataset, session->pipeline->config.dataset) == 0 &&
            settle_is_ours(session, &manifest)) {
            rc = newest ? TG_OK : package_drop(path, &problem);
            newest = false;
        }
        if (ours)
            manifest_release(&manifest);
        mem_free(path);
    }
    if (rc != TG_OK)
        warn(session, "", &problem);
    fs_names_release(&names);
    mem_free(failed);
}
