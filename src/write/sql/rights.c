/*
 * Rights that a load takes: asked of the database before anything is written, or when it has
 * refused.
 *
 *   rights_missing: each step of the plans -> add_step (its verb, and the table that it is about)
 *   -> a list of pairs -> the dialect's `rights`, which knows what its user may, and says what
 *   somebody would have to run
 *
 * The statements are ours, so each begins with its verb and the name of its table, quoted: what
 * begins otherwise is about temporary tables, and takes no right. A table that is not there yet is
 * the user's own once it is.
 */
#include "write/sql/rights.h"

#include <string.h>

/* What a statement takes that begins so; the dialect's query knows the words. */
static const struct {
    const char *verb, *right;
    bool of_table;
} verbs[] = {
    {"CREATE SCHEMA ", "DATABASE", false}, {"CREATE TEMP TABLE ", "TEMPORARY", false},
    {"CREATE TABLE ", "SCHEMA", false},    {"ALTER TABLE ", "OWNER", true},
    {"DROP TABLE ", "OWNER", true},        {"INSERT INTO ", "INSERT", true},
    {"DELETE FROM ", "DELETE", true},      {"UPDATE ", "UPDATE", true},
    {"TRUNCATE ", "TRUNCATE", true},
};

struct want {
    const char *table, *right; /* table "": of none */
};

struct wants {
    const struct dialect *dialect;
    const char *dataset;
    struct arena *arena;
    struct want *items; /* mem_grow'n */
    size_t count, cap;
};

static int add_want(struct wants *wants, const char *table, const char *right, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < wants->count; i++)
        if (strcmp(wants->items[i].table, table) == 0 && strcmp(wants->items[i].right, right) == 0)
            return TG_OK;
    TRY(mem_grow(&wants->items, &wants->cap, wants->count + 1, sizeof(*wants->items), err));
    wants->items[wants->count++] = (struct want){table, right};
done:
    return rc;
}

/* The name of the dataset's table that the text begins with; *out NULL: of none. */
static int read_table(const struct wants *wants, const char *text, const char **out,
                      struct tg_error *err)
{
    struct buf before = BUF_INIT, name = BUF_INIT;
    const char quote = wants->dialect->quote;
    *out = NULL;
    sql_ident(&before, wants->dialect, wants->dataset);
    buf_printf(&before, ".%c", quote);
    int rc = buf_check(&before, err);
    if (rc == TG_OK && strncmp(text, buf_string(&before), before.len) == 0) {
        const char *at = text + before.len;
        for (; *at && (*at != quote || at[1] == quote); at++) {
            buf_append(&name, at, 1);
            at += *at == quote;
        }
        rc = buf_check(&name, err);
        if (rc == TG_OK)
            rc = arena_keep(wants->arena, buf_string(&name), out, err);
    }
    buf_release(&before);
    buf_release(&name);
    return rc;
}

static int add_step(struct wants *wants, const struct step *step, struct tg_error *err)
{
    int rc = TG_OK;
    const char *table = NULL;
    if (step->kind == STEP_FILL && step->into.dataset)
        return add_want(wants, step->into.table, "INSERT", err);
    if (step->kind != STEP_STATEMENT)
        return TG_OK;
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        const size_t len = strlen(verbs[i].verb);
        if (strncmp(step->sql, verbs[i].verb, len) != 0)
            continue;
        if (verbs[i].of_table)
            TRY(read_table(wants, step->sql + len, &table, err));
        if (table || !verbs[i].of_table)
            TRY(add_want(wants, table ? table : "", verbs[i].right, err));
        if (table && strstr(step->sql + len, "WHERE ")) /* which rows they are has to be read */
            TRY(add_want(wants, table, "SELECT", err));
        break;
    }
done:
    return rc;
}

static void write_pairs(const struct wants *wants, struct buf *out)
{
    for (size_t i = 0; i < wants->count; i++) {
        buf_text(out, i > 0 ? ", (" : "(");
        sql_text(out, wants->items[i].table);
        buf_text(out, ", ");
        sql_text(out, wants->items[i].right);
        buf_text(out, ")");
    }
}

enum { TOLD = 4 };

static int ask(struct connection *con, const struct wants *wants, struct buf *out,
               const char **user, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf pairs = BUF_INIT;
    struct text_rows rows = {0};
    write_pairs(wants, &pairs);
    TRY(buf_check(&pairs, err));
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .dataset = wants->dataset,
                                    .parts = SQL_PARTS(SQL_PIECE("wanted", buf_string(&pairs)),
                                                       SQL_TEXT("dataset", wants->dataset))};
    TRY(sql_fetch(con, &scope, con->dialect->rights, &rows, err));
    for (size_t i = 0; i < rows.row_count && i < TOLD; i++)
        buf_printf(out, "%s%s", i > 0 ? "; " : "", text_cell(&rows, i, 0));
    if (rows.row_count > TOLD)
        buf_printf(out, "; and %zu more such rights", rows.row_count - TOLD);
    if (rows.row_count > 0)
        TRY(arena_keep(wants->arena, text_cell(&rows, 0, 1), user, err));
    rc = buf_check(out, err);
done:
    text_rows_release(&rows);
    buf_release(&pairs);
    return rc;
}

int rights_missing(struct connection *con, const char *dataset, const struct plan *const *plans,
                   size_t count, struct arena *arena, struct buf *out, const char **user,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct wants wants = {.dialect = con->dialect, .dataset = dataset, .arena = arena};
    if (!con->dialect->rights)
        return TG_OK;
    for (size_t i = 0; i < count; i++)
        for (size_t s = 0; s < plans[i]->count; s++)
            TRY(add_step(&wants, &plans[i]->steps[s], err));
    if (wants.count > 0)
        TRY(ask(con, &wants, out, user, err));
done:
    mem_free(wants.items);
    return rc;
}

int rights_check(struct connection *con, const char *dataset, const struct plan *const *plans,
                 size_t count, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena arena;
    struct buf missing = BUF_INIT;
    const char *user = NULL;
    arena_init(&arena);
    TRY(rights_missing(con, dataset, plans, count, &arena, &missing, &user, err));
    if (missing.len > 0)
        rc = error_set(err, TG_DESTINATION,
                       "a load could not be written: user '%s' lacks rights that it takes; connect "
                       "as another, or have somebody who may run: %s",
                       user, buf_string(&missing));
done:
    buf_release(&missing);
    arena_release(&arena);
    return rc;
}

int rights_explain(struct connection *con, const char *dataset, const struct plan *const *plans,
                   size_t count, int rc, struct tg_error *err)
{
    struct arena arena;
    struct buf missing = BUF_INIT;
    const char *user = NULL;
    arena_init(&arena);
    if (strcmp(err->sqlstate, MISSING_RIGHT) == 0 &&
        rights_missing(con, dataset, plans, count, &arena, &missing, &user, NULL) == TG_OK &&
        missing.len > 0) {
        const struct tg_error refused = *err;
        error_set(err, rc, "%s; what user '%s' lacks for this load: %s", refused.what, user,
                  buf_string(&missing));
        const struct tg_error said = *err;
        *err = refused;
        memcpy(err->what, said.what, sizeof(said.what));
    }
    buf_release(&missing);
    arena_release(&arena);
    return rc;
}
