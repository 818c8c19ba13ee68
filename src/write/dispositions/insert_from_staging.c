/*
 * replace by insert-from-staging: rows are put into temporary tables first, outside of the
 * transaction, and from there into place.
 *
 * Path: stage_copies; apply -> plan_clear -> insert. The rows are
 * written twice, but what takes long, the way from here to a server, holds no lock and keeps no old
 * row from being cleaned up: the transaction lasts as long as the server needs to move them.
 */
#include "write/disposition.h"
#include "write/sql/single.h"
#include "write/sql/stage.h"

static int apply(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    char name[STAGE_NAME];
    TRY(plan_clear(plan, delivery, chain, err));
    for (size_t i = 0; i < chain->count; i++) {
        const struct target *target = &chain->targets[i];
        stage_name(chain, target, name);
        const struct sql_scope scope = plan_scope(
            delivery, SQL_PARTS(SQL_TABLE("table", target->table->name), SQL_NAME("staged", name),
                                SQL_NAMES("columns", &target->loaded)));
        if (target_has_rows(target))
            TRY(plan_add(plan, target, COUNT_INSERTED, &scope,
                         "INSERT INTO {table} ({columns})\n"
                         "SELECT {columns}\n"
                         "FROM {staged}",
                         err));
    }
done:
    return rc;
}

const struct disposition_driver disposition_insert_from_staging = {.word = DISPOSITION_REPLACE,
                                                                   .strategy =
                                                                       "insert-from-staging",
                                                                   .replaces = true,
                                                                   .stages_all = true,
                                                                   .stage = stage_copies,
                                                                   .apply = apply,
                                                                   .single = single_replace};
