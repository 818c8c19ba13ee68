/*
 * Old rows that a scope has (destination_scope) go.
 *
 * Path: scope_clear -> note (their row keys) -> nested_follow -> delete_noted
 *
 * The condition is asked once: one that looks at the table (the last three days of it) would have
 * other rows once some are gone. With a primary key the rows that have successors in the load are
 * told from those that just go.
 */
#include "write/sql/scope.h"

#include <stdio.h>

#include "write/sql/nested.h"

static int note(const struct sql_scope *scope, struct plan *plan, struct tg_error *err)
{
    return plan_add_step(plan, &(struct step){.option = "destination_scope"}, scope,
                         "CREATE TEMP TABLE {gone} AS\n"
                         "SELECT {row_key}\n"
                         "FROM {table}\n"
                         "WHERE ({limits})",
                         err);
}

static int delete_noted(const struct stage *stage, const struct sql_scope *scope, struct plan *plan,
                        struct tg_error *err)
{
    int rc = TG_OK;
    const bool has_key = stage->primary_key.count > 0;
    const struct old_rows followed = {stage->root,
                                      "{row_key} IN (SELECT {row_key} FROM {gone})\n"
                                      "    AND ({key}) IN (SELECT {key} FROM {stage}{where_stays})",
                                      false};
    const struct old_rows rest = {stage->root, "{row_key} IN (SELECT {row_key} FROM {gone})",
                                  false};
    if (has_key)
        TRY(plan_remove(plan, stage->delivery, &followed, COUNT_REPLACED, scope, err));
    TRY(plan_remove(plan, stage->delivery, &rest, has_key ? COUNT_DELETED : COUNT_REPLACED, scope,
                    err));
done:
    return rc;
}

int scope_clear(const struct stage *stage, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    char gone[32];
    const char *row_key = table_link(stage->root->table, LINK_ROW);
    if (!row_key || !target_find(stage->root, row_key))
        return error_set(err, TG_DATA,
                         "table '%s' has no row key, by which rows of a scope are told; leave out "
                         "destination_scope",
                         stage->root->table->name);
    snprintf(gone, sizeof(gone), "_tidegate_gone_%zu", stage->chain->number);
    const struct sql_scope scope =
        sql_within(&stage->scope, SQL_PARTS(SQL_NAME("gone", gone), SQL_NAME("row_key", row_key),
                                            SQL_NAMES("key", &stage->primary_key)));
    TRY(note(&scope, plan, err));
    TRY(nested_follow(stage, &scope, plan, err));
    TRY(delete_noted(stage, &scope, plan, err));
    TRY(plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE {gone}", err));
done:
    return rc;
}
