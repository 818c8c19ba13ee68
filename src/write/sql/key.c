/*
 * Old rows and staged rows with equal keys.
 *
 * Path: key_delete, key_note, key_select -> for each key that the root table has: open_key, which
 * gives a scope
 *
 *   {new}    the staged rows' keys AS new, each once: a join with many equal ones on both sides
 *            would explode
 *   {match}  old and new are equal. Primary keys are never NULL; a NULL merge key equals NULL
 *
 * A database may have no join for values of which NULL equals NULL, but compare each with each;
 * there the merge keys that have a NULL, which are few, are a third key. Deleting by a join is
 * three times faster than an UPDATE of what changed.
 */
#include "write/sql/key.h"

#include <string.h>

enum number { PRIMARY_KEY, MERGE_KEY, MERGE_KEY_WITH_NULL, KEYS };
enum { KEY_PARTS = 8 };

struct key {
    struct sql_part parts[KEY_PARTS];
    struct buf nulls;
    struct sql_scope scope;
};

static void close_key(struct key *key)
{
    buf_release(&key->nulls);
}

/* "a" IS NULL OR "b" IS NULL */
static void write_nulls(const struct dialect *dialect, const struct sql_names *names,
                        struct buf *out)
{
    for (size_t i = 0; i < names->count; i++) {
        buf_text(out, i > 0 ? " OR " : "");
        sql_ident(out, dialect, names->items[i]);
        buf_text(out, " IS NULL");
    }
}

static const char *match(enum number number, const struct dialect *dialect)
{
    bool by_value = number == PRIMARY_KEY || (number == MERGE_KEY && dialect->match_nulls);
    return by_value ? "{old.key = new.key}" : "{old.key IS NOT DISTINCT FROM new.key}";
}

/* With the groups of rows that lost. */
static const char *merge_keys(const struct stage *stage, bool nulls)
{
    if (!stage->notes_lost)
        return "(SELECT DISTINCT {key} FROM {stage}{where}) AS new";
    return nulls ? "(SELECT {key} FROM {stage}{where}\n"
                   "    UNION SELECT {key} FROM {lost} WHERE {nulls}) AS new"
                 : "(SELECT {key} FROM {stage}{where}\n"
                   "    UNION SELECT {key} FROM {lost}) AS new";
}

/* The primary key, of which each is staged once, or the merge key. To be closed, come what may. */
static bool open_key(const struct stage *stage, const struct sql_scope *outer, enum number number,
                     enum staged which, struct key *out)
{
    static const char *const marked[] = {"", "{stays}", "{goes}"};
    const struct dialect *dialect = stage->scope.dialect;
    const struct sql_names *names = number == PRIMARY_KEY ? &stage->primary_key : &stage->merge_key;
    const bool all = which == STAGED_ALL || !stage->deleted, nulls = number == MERGE_KEY_WITH_NULL;
    *out = (struct key){.nulls = BUF_INIT};
    if (nulls)
        write_nulls(dialect, names, &out->nulls);
    const struct sql_part parts[KEY_PARTS] = {
        SQL_NAMES("key", names),
        SQL_PATTERN("marked", all ? "" : marked[which]),
        SQL_PIECE("nulls", buf_string(&out->nulls)),
        SQL_PATTERN("where", all && !nulls ? ""
                             : !nulls      ? " WHERE {marked}"
                             : all         ? " WHERE {nulls}"
                                           : " WHERE ({nulls}) AND {marked}"),
        SQL_PATTERN("primary",
                    all ? "{stage} AS new" : "(SELECT {key} FROM {stage}{where}) AS new"),
        SQL_PATTERN("new", number == PRIMARY_KEY ? "{primary}" : merge_keys(stage, nulls)),
        SQL_PATTERN("match", match(number, dialect)),
    };
    memcpy(out->parts, parts, sizeof(parts));
    out->scope = sql_within(outer, out->parts);
    return names->count > 0 && !(nulls && !dialect->match_nulls);
}

int key_delete(const struct stage *stage, enum staged which, enum step_count count,
               struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct old_rows met = {stage->root, "{match}", .meets = true};
    for (enum number i = 0; i < KEYS && rc == TG_OK; i++) {
        struct key key;
        bool is_one = open_key(stage, &stage->scope, i, which, &key);
        rc = buf_check(&key.nulls, err);
        const bool by_both = i != PRIMARY_KEY && stage->primary_key.count > 0;
        if (rc == TG_OK && is_one)
            rc = plan_remove(plan, stage->delivery, &met, by_both ? COUNT_DELETED : count,
                             &key.scope, err);
        close_key(&key);
    }
    return rc;
}

static int select_met(const struct stage *stage, const struct sql_scope *scope, const char *pattern,
                      const char *between, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    const char *before = "";
    for (enum number i = 0; i < KEYS && rc == TG_OK; i++) {
        struct key key;
        bool is_one = open_key(stage, scope, i, STAGED_ALL, &key);
        rc = buf_check(&key.nulls, err);
        if (rc == TG_OK && is_one) {
            buf_text(out, before);
            rc = sql_write(out, &key.scope, pattern, err);
            before = between;
        }
        close_key(&key);
    }
    return rc;
}

int key_select(const struct stage *stage, const struct sql_scope *scope, const char *pattern,
               struct buf *out, struct tg_error *err)
{
    return select_met(stage, scope, pattern, "\nUNION ALL\n", out, err);
}

int key_note(const struct stage *stage, const struct sql_scope *scope, struct plan *plan,
             struct tg_error *err)
{
    int rc = TG_OK;
    TRY(sql_write(&plan->text, scope, "CREATE TEMP TABLE {gone} AS\n", err));
    TRY(select_met(stage, scope,
                   "SELECT old.{row_key}\n"
                   "FROM {table} AS old, {new}\n"
                   "WHERE {match}",
                   "\nUNION\n", &plan->text, err));
    TRY(plan_end(plan, NULL, COUNT_NONE, err));
done:
    return rc;
}
