/*
 * The order of versions in time, where a load's changes have a time that somebody has given.
 *
 * Path: ended_refuse_backwards, ended_refuse_overlap -> write_ended
 *
 * Who ends versions, and begins others, is write/dispositions/scd2.c, and absent.c.
 */
#include "write/sql/ended.h"

#include "write/sql/key.h"

#define UNTIL_COLUMN "_tidegate_until" /* of a version that has ended */

/* No version ends before it begins. */
int ended_refuse_backwards(const struct stage *stage, const struct sql_scope *scope,
                           struct plan *plan, struct tg_error *err)
{
    const struct step step = {
        .kind = STEP_REFUSE,
        .target = stage->root,
        .refusal = "versions that are to end with this load (boundary_timestamp, or the load's own "
                   "time) would end before they begin; let it be later than"};
    return plan_add_step(plan, &step, scope,
                         "SELECT MAX({since})\n"
                         "FROM {gone}\n"
                         "WHERE {is_gone} AND {since} > {at}\n"
                         "HAVING COUNT(*) > 0",
                         err);
}

/* Those that ended after the time of this load; with a scope, of those in it; with a merge key, of
 * the keys that it brings. */
static int write_ended(const struct stage *stage, struct buf *out, struct tg_error *err)
{
    if (stage->merge_key.count == 0)
        return sql_write(out, &stage->scope,
                         stage->limits ? "SELECT {to} AS [" UNTIL_COLUMN "]\n"
                                         "FROM {table}\n"
                                         "WHERE {to} > {at} AND NOT {active}{and_own}\n"
                                         "    AND ({limits})"
                                       : "SELECT {to} AS [" UNTIL_COLUMN "]\n"
                                         "FROM {table}\n"
                                         "WHERE {to} > {at} AND NOT {active}{and_own}",
                         err);
    return key_select(stage, &stage->scope,
                      "SELECT {to} AS [" UNTIL_COLUMN "]\n"
                      "FROM {table} AS old, {new}\n"
                      "WHERE {match} AND {to} > {at} AND NOT {active}",
                      out, err);
}

/* They are all that was valid until then: what this load changes before would be beside them. */
int ended_refuse_overlap(const struct stage *stage, const struct sql_scope *outer,
                         struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf ended = BUF_INIT;
    const struct step step = {
        .kind = STEP_REFUSE,
        .target = stage->root,
        .refusal = "versions that this load begins or ends (boundary_timestamp, or the load's own "
                   "time) would overlap with others, which ended later; let it be no earlier than"};
    TRY(write_ended(stage, &ended, err));
    TRY(buf_check(&ended, err));
    const struct sql_scope scope =
        sql_within(outer, SQL_PARTS(SQL_PIECE("ended", buf_string(&ended))));
    TRY(plan_add_step(plan, &step, &scope,
                      "SELECT MAX([" UNTIL_COLUMN "])\n"
                      "FROM (\n"
                      "{ended}\n"
                      ") AS ended\n"
                      "WHERE EXISTS (SELECT 1 FROM {changed})\n"
                      "HAVING COUNT(*) > 0",
                      err));
done:
    buf_release(&ended);
    return rc;
}
