/*
 * One package into one database.
 *
 * Path: write_package -> write_once -> look (is the load there already? what is there, what comes?)
 * -> stage_package (draft_plan: all plans; temporary tables) -> transact: BEGIN, locks; only now no
 * other load changes what this one is about: look, draft_plan again, and if the rows to be staged
 * are those that are, schema changes, dispositions, look_again (under the ledger's lock), ledger
 * rows, commit; on any error ROLLBACK. Where it would hold too much, gathering_run comes between.
 * The error that is returned is the first one; what it means is fate.c's.
 *
 * Where somebody else comes first (is_race), all of it is done again.
 *
 * The statements are made by ddl.c, dispositions/ and record.c, and run by plan_run.
 */
#include "write/sql/write.h"

#include <inttypes.h>
#include <string.h>

#include "base/fault.h"
#include "write/sql/absent.h"
#include "write/sql/agree.h"
#include "write/sql/claims.h"
#include "write/sql/ddl.h"
#include "write/sql/dlt_staging.h"
#include "write/sql/excess.h"
#include "write/sql/gather.h"
#include "write/disposition.h"
#include "write/sql/keep.h"
#include "write/sql/late.h"
#include "write/sql/ledger.h"
#include "write/sql/locks.h"
#include "write/sql/outline.h"
#include "write/sql/rebase.h"
#include "write/sql/record.h"
#include "write/sql/rights.h"
#include "write/sql/sample.h"
#include "write/sql/shared.h"
#include "write/sql/stage.h"
#include "write/sql/undo.h"

/* What is to be done, by one look at what is there. */
struct draft {
    struct delivery delivery;
    struct locks locks;
    struct ledger newest; /* the newest schema, and no more */
    struct plan schema, stage, data;
};

struct writing {
    struct connection *con;
    struct runner runner;
    const char *package_path;
    const struct manifest *manifest;
    const struct write_order *order;
    struct trial *trial;    /* the order's */
    struct draft staged;    /* by the look before the transaction: its rows are staged */
    struct draft draft;     /* by the look that counts */
    struct manifest relaid; /* the load as it is after others have stored a schema meanwhile */
    struct delivery relaid_delivery;
    struct plan record, drop;
    bool is_ordered;
    struct excesses excesses;
    struct gathering gathering;
    struct tally *tallies;        /* one for each table of the manifest */
    struct tally *staged_tallies; /* the same, by the staging alone */
    struct sketch *learned;       /* how late rows of each table came */
    struct write_result *out;
};

/* ---- what is to be done ---- */

static void draft_init(struct draft *draft)
{
    plan_init(&draft->schema);
    plan_init(&draft->stage);
    plan_init(&draft->data);
    ledger_init(&draft->newest);
}

static void draft_release(struct draft *draft)
{
    plan_release(&draft->schema);
    plan_release(&draft->stage);
    plan_release(&draft->data);
    delivery_release(&draft->delivery);
    locks_release(&draft->locks);
    ledger_release(&draft->newest);
}

/* What the statements will fill. */
static struct workload workload(const struct delivery *delivery)
{
    struct workload work = {.only_adds = delivery_only_adds(delivery)};
    for (size_t i = 0; i < delivery->chain_count; i++) {
        const struct chain *chain = &delivery->chains[i];
        bool is_staged = chain->driver->stage;
        size_t *widest = is_staged ? &work.staged_columns : &work.column_count;
        for (size_t t = 0; t < chain->count; t++) {
            const struct target *target = &chain->targets[t];
            *widest = target->column_count > *widest ? target->column_count : *widest;
            if (target_has_rows(target))
                ++*(is_staged && target->there ? &work.merged_count : &work.table_count);
        }
    }
    return work;
}

static int draft_plan(const struct writing *writing, struct draft *draft, struct tg_error *err)
{
    int rc = TG_OK;
    struct delivery *delivery = &draft->delivery;
    TRY(shared_check(delivery, writing->con, err));
    TRY(ddl_settle(delivery, writing->con, err));
    TRY(ddl_plan(delivery, &draft->schema, err));
    TRY(dlt_staging_drop(delivery, writing->con, &draft->schema, err));
    TRY(agree_check(delivery, &writing->runner, err));
    TRY(keep_plan(delivery, &draft->schema, err));
    writing->con->workload = workload(delivery);
    for (size_t i = 0; i < delivery->chain_count; i++) {
        const struct chain *chain = &delivery->chains[i];
        if (chain->driver->stage)
            TRY(chain->driver->stage(delivery, chain, &draft->stage, err));
        TRY(absent_stage(delivery, chain, &draft->stage, err));
        TRY(sample_begin(delivery, &delivery->chains[i], &draft->data, err));
        TRY(absent_apply(delivery, chain, &draft->data, err));
        TRY(chain->driver->apply(delivery, chain, &draft->data, err));
        TRY(keep_left(delivery, chain, &draft->data, err));
    }
    TRY(late_stage(delivery, &draft->stage, err));
    TRY(late_count(delivery, &draft->data, err));
    if (writing->con->creates_indexes)
        TRY(ddl_plan_indexes(delivery, &draft->data, err));
    TRY(record_ties(delivery, &draft->data, err));
    TRY(record_rejects(delivery, context_now_us(writing->con->ctx), &draft->data, err));
    TRY(locks_plan(delivery, &draft->locks, err));
done:
    return rc;
}

/* The staged rows go in the end. */
static int plan_drop(struct writing *writing, struct tg_error *err)
{
    int rc = TG_OK;
    const struct delivery *delivery = &writing->staged.delivery;
    for (size_t i = 0; i < delivery->chain_count; i++)
        if (delivery->chains[i].driver->stage)
            TRY(stage_drop(delivery, &delivery->chains[i], &writing->drop, err));
    for (size_t i = 0; i < delivery->chain_count; i++)
        TRY(absent_drop(delivery, &delivery->chains[i], &writing->drop, err));
    TRY(late_drop(delivery, &writing->drop, err));
done:
    return rc;
}

/* Makes the counts of the result, all zero. */
static int init_counts(struct writing *writing, struct tg_error *err)
{
    size_t count = writing->manifest->table_count;
    struct write_result *out = writing->out;
    writing->tallies = mem_calloc(count + 1, sizeof(*writing->tallies));
    writing->staged_tallies = mem_calloc(count + 1, sizeof(*writing->staged_tallies));
    out->counts = mem_calloc(count + 1, sizeof(*out->counts));
    writing->learned = mem_calloc(count + 1, sizeof(*writing->learned));
    if (!writing->tallies || !writing->staged_tallies || !writing->learned || !out->counts)
        return error_nomem(err);
    out->count = count;
    for (size_t i = 0; i < count; i++)
        out->counts[i].table = writing->manifest->tables[i].name;
    return TG_OK;
}

/* Does it matter which loads of the pipeline came before this one? Not where rows are added to
 * others and nothing is remembered: such a load may come late. */
static bool is_ordered(const struct delivery *delivery)
{
    if (delivery->manifest->state_changed || delivery->manifest->bookmark_count > 0 ||
        delivery->dropped.count > 0)
        return true;
    for (size_t i = 0; i < delivery->chain_count; i++)
        if (delivery->chains[i].replaced || !delivery->chains[i].driver->adds_rows)
            return true;
    for (size_t i = 0; i < delivery->manifest->table_count; i++)
        if (*delivery->manifest->tables[i].learns) /* that changes the state, too */
            return true;
    return false;
}

static int moved_on(const struct manifest *manifest, const struct ledger *ledger,
                    struct tg_error *err)
{
    return error_set(err, TG_CONFLICT,
                     "pipeline '%s' is at state version %" PRId64
                     " and load '%s' in the destination, but this load started from version "
                     "%" PRId64
                     ": another run has loaded meanwhile; nothing was written, run again",
                     manifest->pipeline, ledger->state_version, ledger->newest_load,
                     manifest->state_version_from);
}

static int lacks_followed(const struct manifest *manifest, struct tg_error *err)
{
    return error_set(err, TG_CONFLICT,
                     "load '%s' goes on from load '%s', which was sealed before it and is not at "
                     "the destination; nothing was written, run again",
                     manifest->load_id, manifest->follows);
}

static int id_taken(const struct manifest *manifest, struct tg_error *err)
{
    return error_set(err, TG_CONFLICT,
                     "another load of dataset '%s' has the id '%s': another run has loaded "
                     "meanwhile; nothing was written, run again",
                     manifest->dataset, manifest->load_id);
}

/* Is the load there already? And if not: is the destination where the load started from? */
static int check_start(const struct writing *writing, const struct described *there,
                       struct tg_error *err)
{
    const struct manifest *manifest = writing->manifest;
    enum load_found found = LOAD_ABSENT;
    struct ledger ledger;
    int rc = ledger_find_load(writing->con, there, manifest, &found, &ledger, err);
    if (rc != TG_OK)
        return rc;
    bool same_state = ledger.state_version == manifest->state_version_from &&
                      strcmp(ledger.state_hash, manifest->state_hash_from) == 0;
    /* Files are read by what the ledger knew of them; state stays where there is no cursor. */
    bool same_windows =
        !manifest->heeds_windows || strcmp(ledger.windows_mark, manifest->windows_from) == 0;
    bool same_files = manifest->bookmark_count == 0 || !manifest->skips_files ||
                      strcmp(ledger.files_load_id, manifest->files_load_from) == 0;
    /* What is newest goes by the load's id: one that is written later must not be older. */
    bool newest =
        !writing->is_ordered || load_id_ns(manifest->load_id) > load_id_ns(ledger.newest_load);
    /* What was claimed is ours by its fence, whatever other loads have done. */
    if (manifest_claim(manifest))
        same_state = newest = true;
    writing->out->already_written = found == LOAD_WRITTEN;
    if (found == LOAD_TAKEN)
        rc = id_taken(manifest, err);
    else if (found == LOAD_ABSENT && ledger.lacks_followed)
        rc = lacks_followed(manifest, err);
    else if (found == LOAD_ABSENT && !(same_state && same_files && same_windows && newest))
        rc = moved_on(manifest, &ledger, err);
    ledger_release(&ledger);
    return rc;
}

/* What is there, and what that makes of the load, unless it is there already. */
static int look(struct writing *writing, struct draft *draft, struct tg_error *err)
{
    int rc = TG_OK;
    struct described there;
    const struct manifest *manifest = writing->manifest;
    struct connection *con = writing->con;
    struct ledger *newest = &draft->newest;
    TRY(connection_describe(con, manifest->dataset, NULL, &there, err));
    rc = check_start(writing, &there, err);
    if (rc == TG_OK && !writing->out->already_written)
        rc = ledger_schema(con, manifest->dataset, &there, manifest->schema, newest, err);
    if (rc != TG_OK || writing->out->already_written) {
        described_release(&there);
        return rc;
    }
    bool same = newest->schema_version == manifest->catalog_version_from &&
                strcmp(newest->schema_hash, manifest->catalog_hash_from) == 0;
    rc = delivery_init(&draft->delivery, con->dialect, writing->package_path, manifest, &there,
                       same ? NULL : newest->schema_json, err);
    if (rc == TG_OK)
        rc = rebase_follow(&draft->delivery, newest, err);
    if (rc == TG_OK)
        rc = keep_read(con, manifest, &draft->delivery.described, &draft->delivery.arena,
                       &draft->delivery.kept, err);
    draft->delivery.samples = writing->trial && writing->trial->samples_max > 0;
done:
    return rc;
}

/* ---- the transaction ---- */

static void finish_counts(struct writing *writing)
{
    for (size_t i = 0; i < writing->out->count; i++) {
        const struct tally *tally = &writing->tallies[i];
        struct write_table_counts *counts = &writing->out->counts[i];
        uint64_t updated = tally->replaced < tally->inserted ? tally->replaced : tally->inserted;
        counts->rows_inserted = tally->inserted - updated;
        counts->rows_updated = updated + tally->changed;
        counts->rows_deleted = tally->deleted + tally->replaced - updated;
        counts->rows_unchanged = tally->unchanged;
        counts->rows_filtered = tally->filtered;
        counts->rows_late = tally->late;
        counts->late_by_most = tally->late_by;
    }
}

/* SQLSTATEs of a plan that came too late: somebody else has changed a row or a table that it
 * changes; waits for us as we for him, or has not let go of it in time; or has made the table, the
 * column or the dataset that it makes. */
static const char serialization_failure[] = "40001";
static const char *const races[] = {
    serialization_failure, "40P01", "55P03", "42P07", "42701", "42P06"};
enum { BUSY_COUNT = 3, RACE_COUNT = sizeof(races) / sizeof(races[0]) };

static bool is_one_of(const char *const *states, size_t count, const struct tg_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(err->sqlstate, states[i]) == 0)
            return true;
    return false;
}

static bool is_busy(int rc, const struct tg_error *err)
{
    return rc != TG_OK && is_one_of(races, BUSY_COUNT, err);
}

static bool is_race(int rc, const struct tg_error *err)
{
    return rc != TG_OK && is_one_of(races, RACE_COUNT, err);
}

/* Were the staged rows made for what is there now, and the locks taken for what is to be done? */
static int check_staged(const struct writing *writing, struct tg_error *err)
{
    if (plan_same(&writing->staged.stage, &writing->draft.stage) &&
        locks_serve(&writing->staged.locks, &writing->draft.locks))
        return TG_OK;
    int rc = error_set(err, TG_DESTINATION,
                       "tables of dataset '%s' were changed while rows for them were being staged; "
                       "nothing was written, run again",
                       writing->manifest->dataset);
    memcpy(err->sqlstate, serialization_failure, sizeof(serialization_failure));
    return rc;
}

/* Makes a table or a schema that somebody else has just made? What is unique then are their names.
 */
static int change_schema(struct writing *writing, struct tg_error *err)
{
    int rc = plan_run(&writing->draft.schema, &writing->runner, writing->tallies, err);
    if (rc != TG_OK && strcmp(err->sqlstate, "23505") == 0)
        memcpy(err->sqlstate, serialization_failure, sizeof(serialization_failure));
    return rc;
}

/* What the load adds to the schema, over the one that others have stored since it was planned. */
static int lay_again(struct writing *writing, struct described *there, const struct ledger *newest,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct buf json = BUF_INIT;
    struct delivery *planned = &writing->draft.delivery;
    writing->relaid = *writing->manifest;
    TRY(catalog_write(&planned->catalog, &json, err));
    TRY(arena_keep(&planned->arena, buf_string(&json), &writing->relaid.catalog, err));
    rc = delivery_init(&writing->relaid_delivery, writing->con->dialect, writing->package_path,
                       &writing->relaid, there, newest->schema_json, err);
    if (rc == TG_OK)
        rc = rebase_follow(&writing->relaid_delivery, newest, err);
    writing->relaid_delivery.kept_boundary = planned->kept_boundary;
    writing->relaid_delivery.kept_ties = planned->kept_ties;
    writing->relaid_delivery.kept_files = planned->kept_files;
    writing->relaid_delivery.kept_windows = planned->kept_windows;
done:
    buf_release(&json);
    return rc;
}

/* The rows are written; now the ledger is this load's alone, in which others have recorded theirs
 * meanwhile: has one taken its id, or stored a schema? */
static int look_again(struct writing *writing, struct delivery **delivery, struct tg_error *err)
{
    int rc = TG_OK;
    struct connection *con = writing->con;
    const struct manifest *manifest = writing->manifest;
    const struct ledger *planned = &writing->draft.newest;
    struct described there = {0};
    struct ledger newest;
    ledger_init(&newest);
    *delivery = &writing->draft.delivery;
    if (!con->names_locks)
        return TG_OK;
    TRY(locks_take_ledger(con, manifest, err));
    TRY(ledger_describe(con, manifest->dataset, &there, err));
    TRY(check_start(writing, &there, err));
    TRY(ledger_schema(con, manifest->dataset, &there, manifest->schema, &newest, err));
    if (newest.schema_version == planned->schema_version &&
        strcmp(newest.schema_hash, planned->schema_hash) == 0)
        goto done;
    *delivery = &writing->relaid_delivery;
    TRY(lay_again(writing, &there, &newest, err));
done:
    described_release(&there);
    ledger_release(&newest);
    return rc;
}

static int record(struct writing *writing, struct tg_error *err)
{
    int rc = TG_OK;
    struct delivery *delivery = NULL;
    if (manifest_claim(writing->manifest))
        TRY(claims_finish(writing->con, writing->manifest, err));
    TRY(look_again(writing, &delivery, err));
    TRY(record_plan(delivery, writing->out->counts, writing->learned,
                    context_now_us(writing->con->ctx), &writing->record, err));
    TRY(keep_record(&writing->draft.delivery, delivery, &writing->record, err));
    TRY(undo_record(&writing->draft.delivery, &writing->record, err));
    TRY(plan_run(&writing->record, &writing->runner, NULL, err));
done:
    return rc;
}

/* Where no row was missing before, none was late that is there now. */
static bool may_have_learned(const struct writing *writing)
{
    for (size_t i = 0; i < writing->out->count; i++)
        if (sketch_count(&writing->learned[i]) > 0 || writing->out->counts[i].rows_late > 0)
            return true;
    return false;
}

/* A load that only asks whether rows are there which came late, and all of them are. */
static bool is_idle(const struct writing *writing)
{
    uint64_t late = 0;
    for (size_t i = 0; i < writing->out->count; i++)
        late += writing->out->counts[i].rows_late;
    return late == 0 && !writing->trial && manifest_only_asks(writing->manifest);
}

/* ---- limits ---- */

static int refuse(const struct writing *writing, struct tg_error *err)
{
    return writing->trial ? TG_OK : excess_refuse(&writing->excesses, err);
}

static int check_schema(struct writing *writing, struct tg_error *err)
{
    int rc = excess_of_schema(&writing->draft.delivery, writing->order, &writing->excesses, err);
    return rc == TG_OK ? refuse(writing, err) : rc;
}

static int check_rows(struct writing *writing, struct tg_error *err)
{
    int rc = excess_of_rows(&writing->draft.delivery, writing->con, writing->out->counts,
                            writing->order, &writing->excesses, err);
    return rc == TG_OK ? refuse(writing, err) : rc;
}

/* ---- trials ---- */

/* All is written that a run would write. */
static int take_down(const struct writing *writing, struct tg_error *err)
{
    int rc = TG_OK;
    const struct draft *draft = &writing->draft;
    struct trial *trial = writing->trial;
    TRY(outline_changes(&draft->delivery, trial, err));
    TRY(outline_steps(&draft->delivery, "stage", &writing->staged.stage, trial, err));
    TRY(outline_steps(&draft->delivery, "schema", &draft->schema, trial, err));
    TRY(outline_steps(&draft->delivery, "rows", &draft->data, trial, err));
    TRY(outline_steps(&draft->delivery, "ledger", &writing->record, trial, err));
    TRY(outline_excesses(&writing->excesses, trial, err));
    TRY(sample_take(&draft->delivery, writing->con, trial, err));
done:
    return rc;
}

static int fill_transaction(struct writing *writing, struct tg_error *err)
{
    int rc = TG_OK;
    struct connection *con = writing->con;
    struct draft *draft = &writing->draft;
    TRY(locks_hold(&writing->staged.delivery, con, err));
    TRY(look(writing, draft, err));
    if (writing->out->already_written)
        goto done;
    TRY(draft_plan(writing, draft, err));
    TRY(check_staged(writing, err));
    TRY(check_schema(writing, err));
    TRY(change_schema(writing, err));
    TRY(excess_look(&draft->delivery, con, writing->order, &writing->excesses, err));
    TRY(late_learn(&draft->delivery, con, false, writing->learned, err));
    gathering_begin(&writing->gathering, &draft->data);
    TRY(plan_run(&draft->data, &writing->runner, writing->tallies, err));
    if (writing->gathering.is_wanted)
        goto done;
    if (writing->manifest->undone_count > 0)
        TRY(undo_apply(con, &draft->delivery, writing->tallies, err));
    finish_counts(writing);
    if (may_have_learned(writing))
        TRY(late_learn(&draft->delivery, con, true, writing->learned, err));
    writing->out->is_idle = is_idle(writing);
    if (writing->out->is_idle)
        goto done;
    TRY(check_rows(writing, err));
    TRY(record(writing, err));
    if (writing->trial)
        return take_down(writing, err);
    TRY(context_check(con->ctx, err)); /* from here on it is too late for a cancel */
    fault_point("before_commit");
    context_writes(con->ctx, &(struct write_news){.doing = "committing"});
    rc = connection_transact(con, TRANSACT_COMMIT, err);
    fault_point("after_commit");
    if (rc != TG_OK)
        writing->out->fate = FATE_UNKNOWN;
done:
    return rc;
}

enum { LOCK_PAUSE_MS = 5, LOCK_WAIT_MAX_MINUTES = 10 };

/* BEGIN, and what the load is about is its alone. Two transactions that do not see each other would
 * find the same state, and both move on from it. */
static int begin(void *user, struct tg_error *err)
{
    struct writing *writing = user;
    struct connection *con = writing->con;
    const int64_t end_us = context_ticks_us() + LOCK_WAIT_MAX_MINUTES * INT64_C(60000000);
    for (bool waits = false; context_ticks_us() < end_us; waits = true) {
        int rc = connection_transact(con, TRANSACT_BEGIN, err);
        if (rc == TG_OK)
            rc = locks_take(&writing->staged.locks, con, err);
        if (waits && rc == TG_OK)
            context_doing(con->ctx, "destination", NULL);
        if (!is_busy(rc, err))
            return rc;
        if (!waits)
            context_doing(con->ctx, "destination", "waiting for another load, which is writing");
        (void)!connection_transact(con, TRANSACT_ROLLBACK, NULL);
        error_clear(err);
        rc = context_pause(con->ctx, LOCK_PAUSE_MS, err);
        if (rc != TG_OK)
            return rc;
    }
    return error_set(err, TG_LOCKED,
                     "another load has been writing to dataset '%s' for %d minutes; wait until "
                     "it is done, and run again",
                     writing->manifest->dataset, LOCK_WAIT_MAX_MINUTES);
}

static int transact(struct writing *writing, struct tg_error *err)
{
    int rc = begin(writing, err);
    fault_point("after_begin");
    if (rc == TG_OK)
        rc = fill_transaction(writing, err);
    /* A failure to roll back changes nothing: what is not committed is gone when the connection is.
     */
    if (rc != TG_OK || writing->out->already_written || writing->out->is_idle || writing->trial ||
        writing->gathering.is_wanted)
        (void)!connection_transact(writing->con, TRANSACT_ROLLBACK, NULL);
    return rc;
}

/* As it was before the transaction. */
static void forget_draft(struct writing *writing)
{
    draft_release(&writing->draft);
    writing->draft = (struct draft){0};
    draft_init(&writing->draft);
    memcpy(writing->tallies, writing->staged_tallies,
           writing->manifest->table_count * sizeof(*writing->tallies));
    memset(writing->learned, 0, writing->manifest->table_count * sizeof(*writing->learned));
}

/* A transaction that would hold too much is begun again, once, when that has changed. */
static int transact_all(struct writing *writing, struct tg_error *err)
{
    const struct gather_begin by = {begin, writing};
    int rc = transact(writing, err);
    if (rc != TG_OK || !writing->gathering.is_wanted)
        return rc;
    forget_draft(writing);
    rc = gathering_run(&writing->gathering, &by, err);
    return rc == TG_OK ? transact(writing, err) : rc;
}

enum { TOGETHER_FROM = 100 }; /* statements */

/* Statements on temporary tables. Each by itself, so that several threads can read what is staged;
 * but many in one transaction, since making or dropping one costs the more the more there are. */
static int run_temporary(const struct plan *plan, const struct runner *runner,
                         struct tally *tallies, struct tg_error *err)
{
    int rc = TG_OK;
    struct connection *con = runner->con;
    if (plan->count < TOGETHER_FROM)
        return plan_run(plan, runner, tallies, err);
    TRY(connection_transact(con, TRANSACT_BEGIN, err));
    rc = plan_run(plan, runner, tallies, err);
    if (rc == TG_OK)
        rc = connection_transact(con, TRANSACT_COMMIT, err);
    if (rc != TG_OK)
        (void)!connection_transact(con, TRANSACT_ROLLBACK, NULL);
done:
    return rc;
}

/* Rows as wide as the widest table's go through the reader. */
static int reserve(const struct writing *writing, struct tg_error *err)
{
    const struct workload *work = &writing->con->workload;
    size_t widest = work->column_count;
    if (work->staged_columns > widest)
        widest = work->staged_columns;
    if (!writing->runner.reader || widest == 0)
        return TG_OK;
    return reader_reserve(writing->runner.reader, widest, err);
}

/* The rows that are sorted out before the transaction. */
static int stage_package(struct writing *writing, struct tg_error *err)
{
    int rc = TG_OK;
    struct draft *staged = &writing->staged;
    TRY(draft_plan(writing, staged, err));
    TRY(plan_drop(writing, err));
    writing->is_ordered = is_ordered(&staged->delivery);
    TRY(reserve(writing, err));
    TRY(run_temporary(&staged->stage, &writing->runner, writing->tallies, err));
    memcpy(writing->staged_tallies, writing->tallies,
           writing->manifest->table_count * sizeof(*writing->tallies));
done:
    return rc;
}

/* What the user must be allowed, as far as it was planned. */
static int explain_right(const struct writing *writing, int rc, struct tg_error *err)
{
    const struct draft *draft = &writing->draft, *staged = &writing->staged;
    const struct plan *const plans[] = {&draft->schema,  &draft->data,   &writing->record,
                                        &staged->schema, &staged->stage, &staged->data};
    return rights_explain(writing->con, writing->manifest->dataset, plans,
                          sizeof(plans) / sizeof(plans[0]), rc, err);
}

/* One attempt. */
static int write_once(const struct runner *runner, const char *package_path,
                      const struct manifest *manifest, const struct write_order *order,
                      struct write_result *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct writing writing = {.con = runner->con,
                              .runner = *runner,
                              .package_path = package_path,
                              .manifest = manifest,
                              .order = order,
                              .trial = order ? order->trial : NULL,
                              .out = out};
    *out = (struct write_result){0};
    if (writing.trial)
        trial_restart(writing.trial);
    draft_init(&writing.staged);
    draft_init(&writing.draft);
    plan_init(&writing.record);
    plan_init(&writing.drop);
    arena_init(&writing.excesses.arena);
    gathering_init(&writing.gathering, writing.con, manifest->dataset);
    if (!writing.trial)
        writing.runner.gathering = &writing.gathering;
    TRY(init_counts(&writing, err));
    TRY(look(&writing, &writing.staged, err));
    if (out->already_written)
        goto done;
    rc = stage_package(&writing, err);
    fault_point("after_stage");
    if (rc == TG_OK)
        rc = transact_all(&writing, err);
    (void)!run_temporary(&writing.drop, runner, NULL,
                         NULL); /* else the connection's end drops them */
done:
    if (rc == TG_DESTINATION)
        rc = explain_right(&writing, rc, err);
    draft_release(&writing.staged);
    draft_release(&writing.draft);
    delivery_release(&writing.relaid_delivery);
    plan_release(&writing.record);
    plan_release(&writing.drop);
    excesses_release(&writing.excesses);
    gathering_release(&writing.gathering);
    mem_free(writing.tallies);
    mem_free(writing.staged_tallies);
    mem_free(writing.learned);
    if (rc != TG_OK && out->fate != FATE_UNKNOWN)
        write_result_release(out);
    return rc;
}

/* What is changed by somebody else again and again while this load is written is a conflict. */
static int as_conflict(int rc, struct tg_error *err)
{
    if (rc != TG_DESTINATION || !is_busy(rc, err))
        return rc;
    memcpy(err->sqlstate, serialization_failure, sizeof(serialization_failure));
    err->code = TG_CONFLICT;
    err->retryable = true;
    return TG_CONFLICT;
}

enum { ATTEMPTS_MAX = 8, PAUSE_MS = 5 }; /* 0.6 s in all: the ledger is locked meanwhile */

/* Until nobody else comes first, for a while. */
static int write_again(const struct runner *runner, const char *package_path,
                       const struct manifest *manifest, const struct write_order *order,
                       struct write_result *out, struct tg_error *err)
{
    int rc = write_once(runner, package_path, manifest, order, out, err);
    for (int i = 1; is_race(rc, err) && i < ATTEMPTS_MAX; i++) {
        context_log(runner->con->ctx, TG_LOG_INFO, "destination",
                    "load '%s' is written again, for somebody else came first: %s",
                    manifest->load_id, err->what);
        error_clear(err);
        write_result_release(out);
        rc = context_pause(runner->con->ctx, PAUSE_MS << (i - 1), err);
        if (rc == TG_OK)
            rc = write_once(runner, package_path, manifest, order, out, err);
    }
    return as_conflict(rc, err);
}

int write_package(struct connection *con, const char *package_path, const struct manifest *manifest,
                  const struct write_order *order, struct write_result *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_error own = {0};
    struct runner runner = {.con = con, .order = order};
    if (!err)
        err = &own;
    *out = (struct write_result){0};
    if (!con->dialect->parquet && !manifest_is_bare(manifest))
        TRY(order && order->engine ? reader_borrow(order->engine, &runner.reader, err)
                                   : reader_new(con->ctx, package_path, &runner.reader, err));
    rc = write_again(&runner, package_path, manifest, order, out, err);
done:
    reader_free(runner.reader);
    if (order && order->trial)
        out->fate = FATE_WAITS;
    else if (out->fate != FATE_UNKNOWN)
        out->fate = write_fate_of(rc, err);
    rc = connection_told(
        rc, out->fate == FATE_UNKNOWN ? "its commit failed" : "the load cannot be written", err);
    return rc == TG_OK ? rc : error_where(err, rc, "load '%s'", manifest->load_id);
}
