/*
 * Rows before the value that a cursor had reached: are they at the destination?
 *
 * Path: late_stage -> for each part of the package that asks: its rows into a temporary table,
 * unless the database reads them where they are; late_count, when all rows of the load are in their
 * tables -> one anti-join: those whose key is not there, or with an older value alone ->
 * COUNT_LATE, and by how much the latest of them was late (COUNT_LATE_BY).
 *
 * A stale copy of a row that is there in a newer version is not late. A key is compared as it is
 * stored; where the cursor is no column, or not in the order of one, the key alone counts.
 */
#include "write/sql/late.h"

#include <stdio.h>
#include <string.h>

enum { QUESTION_NAME = 48 };

struct question {
    const struct delivery *delivery;
    const struct manifest_table *part;
    struct target root;  /* the table, as far as it is asked about */
    struct target asked; /* the part, as if it were a table */
    struct sql_names key, columns;
    const char *cursor; /* the root's column; NULL: the key alone counts */
    const char *number; /* the type of one */
    char name[QUESTION_NAME];
};

/* The part of the root table whose rows it asks about. */
static const struct manifest_table *find_root(const struct manifest *manifest, const char *resource)
{
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *part = &manifest->tables[i];
        if (!part->nested && !part->is_keys && strcmp(part->resource, resource) == 0)
            return part;
    }
    return NULL;
}

/* The type of a column once the schema changes are done; NULL: it will not be there. */
static const char *type_of(const struct question *question, const char *column)
{
    const struct delivery *delivery = question->delivery;
    for (size_t i = 0; i < delivery->chain_count; i++) {
        const struct target *root = &delivery->chains[i].targets[0];
        const struct target_column *found =
            root->table == question->root.table ? target_find(root, column) : NULL;
        if (found)
            return found->sql_type;
    }
    const struct described_column *there =
        question->root.there ? described_column(&delivery->described, question->root.there, column)
                             : NULL;
    return there ? there->sql_type : NULL;
}

/* As if it were a table. false: there is nothing to compare with. */
static bool set_columns(struct question *question, const char **key, const char **names)
{
    const struct table *table = question->root.table;
    struct target *asked = &question->asked;
    const char *cursor = *question->part->cursor ? type_of(question, question->part->cursor) : NULL;
    for (size_t i = 0; i < table->column_count; i++) {
        const char *type =
            table->columns[i].primary_key ? type_of(question, table->columns[i].name) : NULL;
        if (table->columns[i].primary_key && !type)
            return false;
        if (!type)
            continue;
        key[question->key.count++] = table->columns[i].name;
        asked->columns[asked->column_count++] =
            (struct target_column){table->columns[i].name, type, .loaded = true};
    }
    if (cursor) {
        question->cursor = question->part->cursor;
        asked->columns[asked->column_count++] = (struct target_column){LATE_CURSOR, cursor, true};
    }
    asked->columns[asked->column_count++] = (struct target_column){LATE_BY, question->number, true};
    for (size_t i = 0; i < asked->column_count; i++)
        names[i] = asked->columns[i].name;
    question->key.items = key;
    question->columns = (struct sql_names){names, asked->column_count};
    return question->key.count > 0;
}

static int set_number(struct question *question, struct arena *arena, struct tg_error *err)
{
    static const struct type_spec number = {.type = TYPE_BIGINT};
    struct buf type = BUF_INIT;
    question->delivery->dialect->type_sql(&number, &type);
    int rc = buf_check(&type, err);
    if (rc == TG_OK)
        rc = arena_keep(arena, buf_string(&type), &question->number, err);
    buf_release(&type);
    return rc;
}

/* *asks: whether part `i` of the package is such a question, and can be answered. */
static int open_question(const struct delivery *delivery, size_t i, struct arena *arena,
                         struct question *out, bool *asks, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = delivery->manifest;
    const struct manifest_table *part = &manifest->tables[i], *root = NULL;
    *asks = false;
    *out = (struct question){.delivery = delivery, .part = part};
    if (part->is_late && part->file_count > 0)
        root = find_root(manifest, part->resource);
    struct table *table = root ? catalog_find(&delivery->catalog, root->name) : NULL;
    if (!table)
        return TG_OK;
    out->root = (struct target){.table = table,
                                .part = root,
                                .index = (size_t)(root - manifest->tables),
                                .there = described_find(&delivery->described, table->name)};
    out->asked = out->root;
    out->asked.part = part;
    const size_t most = table->column_count + 2;
    out->asked.columns = arena_alloc(arena, most * sizeof(*out->asked.columns));
    const char **key = arena_alloc(arena, most * sizeof(*key));
    const char **names = arena_alloc(arena, most * sizeof(*names));
    if (!out->asked.columns || !key || !names)
        return error_nomem(err);
    TRY(set_number(out, arena, err));
    snprintf(out->name, sizeof(out->name), "_tidegate_late_%zu", i);
    *asks = set_columns(out, key, names);
done:
    return rc;
}

/* ---- what is asked about ---- */

static int make_table(const struct question *question, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const char *start = "CREATE TEMP TABLE {made} (\n    ";
    const struct sql_scope all = plan_scope(question->delivery, NULL);
    for (size_t i = 0; i < question->asked.column_count; i++) {
        const struct target_column *column = &question->asked.columns[i];
        const struct sql_scope scope = sql_within(
            &all, SQL_PARTS(SQL_PATTERN("start", start), SQL_NAME("made", question->name),
                            SQL_NAME("column", column->name), SQL_PIECE("type", column->sql_type)));
        TRY(sql_write(&plan->text, &scope, "{start}{column} {type}", err));
        start = ",\n    ";
    }
    TRY(plan_add(plan, NULL, COUNT_NONE, &all, "\n)", err));
done:
    return rc;
}

static int send(const struct question *question, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    const struct fill fill = {question->name, &question->columns, NULL, .is_temporary = true};
    TRY(make_table(question, plan, err));
    TRY(plan_relation(&rows, question->delivery, &question->asked, 0, err));
    const struct sql_scope scope =
        plan_rows_scope(question->delivery, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows))));
    TRY(plan_fill(plan, question->delivery, &fill, &scope, "{rows}", err));
done:
    buf_release(&rows);
    return rc;
}

int late_stage(const struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    bool asks = false;
    struct question question;
    for (size_t i = 0; !delivery->dialect->parquet && i < delivery->manifest->table_count; i++) {
        TRY(open_question(delivery, i, &plan->arena, &question, &asks, err));
        if (asks)
            TRY(send(&question, plan, err));
    }
done:
    return rc;
}

int late_drop(const struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    bool asks = false;
    struct question question;
    for (size_t i = 0; !delivery->dialect->parquet && i < delivery->manifest->table_count; i++) {
        TRY(open_question(delivery, i, &plan->arena, &question, &asks, err));
        const struct sql_scope scope =
            plan_scope(delivery, SQL_PARTS(SQL_NAME("asked", question.name)));
        if (asks)
            TRY(plan_add(plan, NULL, COUNT_NONE, &scope, "DROP TABLE IF EXISTS {asked}", err));
    }
done:
    return rc;
}

/* ---- the answer ---- */

/* The rows as a relation of the database. */
static int write_asked(const struct question *question, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct sql_scope scope =
        plan_scope(question->delivery, SQL_PARTS(SQL_NAME("asked", question->name)));
    if (!question->delivery->dialect->parquet)
        return sql_write(out, &scope, "{asked}", err);
    buf_text(out, "(\n");
    TRY(plan_relation(out, question->delivery, &question->asked, 0, err));
    buf_text(out, "\n)");
    rc = buf_check(out, err);
done:
    return rc;
}

static int count(const struct question *question, struct plan *plan, struct tg_error *err)
{
    static const struct {
        enum step_count count;
        const char *answer;
    } answers[] = {{COUNT_LATE, "COUNT(*)"}, {COUNT_LATE_BY, "MAX(new.[" LATE_BY "])"}};
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    struct target *root = arena_alloc(&plan->arena, sizeof(*root));
    if (!root)
        return error_nomem(err);
    *root = question->root;
    TRY(write_asked(question, &rows, err));
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct step step = {.kind = STEP_COUNT, .target = root, .count = answers[i].count};
        const struct sql_scope scope = plan_scope(
            question->delivery,
            SQL_PARTS(SQL_PIECE("rows", buf_string(&rows)), SQL_TABLE("table", root->table->name),
                      SQL_NAMES("key", &question->key), SQL_NAME("cursor", question->cursor),
                      SQL_PATTERN("answer", answers[i].answer),
                      SQL_PATTERN("as_new", !question->cursor ? ""
                                            : question->part->descends
                                                ? " AND old.{cursor} <= new.[" LATE_CURSOR "]"
                                                : " AND old.{cursor} >= new.[" LATE_CURSOR "]")));
        TRY(plan_add_step(plan, &step, &scope,
                          "SELECT {answer}\n"
                          "FROM {rows} AS new\n"
                          "WHERE NOT EXISTS (SELECT 1 FROM {table} AS old\n"
                          "    WHERE {old.key = new.key}{as_new})",
                          err));
    }
done:
    buf_release(&rows);
    return rc;
}

int late_count(const struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    bool asks = false;
    struct question question;
    for (size_t i = 0; i < delivery->manifest->table_count; i++) {
        TRY(open_question(delivery, i, &plan->arena, &question, &asks, err));
        if (asks)
            TRY(count(&question, plan, err));
    }
done:
    return rc;
}
