/*
 * Old rows and staged rows with equal keys.
 *
 * Path: key_delete, key_note -> for each key that the root table has: open_key, which gives a scope
 *
 *   {new}    the staged rows' keys AS new, each once: a join with many equal ones on both sides
 *            would explode
 *   {match}  old and new are equal. Primary keys are never NULL; a NULL merge key equals NULL
 *
 * Deleting by a join is three times faster than an UPDATE of what changed.
 */
#include "write/sql/key.h"

#include <string.h>

enum { KEYS = 2, KEY_PARTS = 5 };

struct key {
    struct sql_part parts[KEY_PARTS];
    struct sql_scope scope;
};

/* The primary key (0), of which each is staged once, or the merge key (1). */
static bool open_key(const struct stage *stage, const struct sql_scope *outer, int number,
                     enum staged which, struct key *out)
{
    static const char *const marked[] = {"", " WHERE {stays}", " WHERE {goes}"};
    const struct sql_names *names = number == 0 ? &stage->primary_key : &stage->merge_key;
    bool all = which == STAGED_ALL || !stage->deleted;
    const char *primary = all ? "{stage} AS new" : "(SELECT {key} FROM {stage}{marked}) AS new";
    const struct sql_part parts[KEY_PARTS] = {
        SQL_NAMES("key", names),
        SQL_PATTERN("marked", all ? "" : marked[which]),
        SQL_PATTERN("new",
                    number == 0 ? primary : "(SELECT DISTINCT {key} FROM {stage}{marked}) AS new"),
        SQL_PATTERN("match",
                    number == 0 ? "{old.key = new.key}" : "{old.key IS NOT DISTINCT FROM new.key}"),
    };
    memcpy(out->parts, parts, sizeof(parts));
    out->scope = sql_within(outer, out->parts);
    return names->count > 0;
}

int key_delete(const struct stage *stage, enum staged which, enum step_count count,
               struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct key key;
    const char *other = stage->delivery->dialect->delete_matched;
    for (int i = 0; i < KEYS; i++)
        if (open_key(stage, &stage->scope, i, which, &key))
            TRY(plan_add(plan, stage->root, count, &key.scope,
                         other ? other
                               : "DELETE FROM {table} AS old\n"
                                 "USING {new}\n"
                                 "WHERE {match}",
                         err));
done:
    return rc;
}

int key_note(const struct stage *stage, const struct sql_scope *scope, struct plan *plan,
             struct tg_error *err)
{
    int rc = TG_OK;
    struct key key;
    const char *start = "CREATE TEMP TABLE {gone} AS\n";
    for (int i = 0; i < KEYS; i++) {
        if (!open_key(stage, scope, i, STAGED_ALL, &key))
            continue;
        TRY(sql_write(&plan->text, &key.scope, start, err));
        TRY(sql_write(&plan->text, &key.scope,
                      "SELECT old.{row_key}\n"
                      "FROM {table} AS old, {new}\n"
                      "WHERE {match}",
                      err));
        start = "\nUNION\n";
    }
    TRY(plan_end(plan, NULL, COUNT_NONE, err));
done:
    return rc;
}
