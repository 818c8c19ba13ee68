/*
 * Rows before the value that a cursor had reached: are they at the destination?
 *
 * Path: late_stage -> for each part of the package that asks: its rows into a temporary table,
 * unless the database reads them where they are; late_count, when all rows of the load are in their
 * tables -> one anti-join: those whose key is not there, or with an older value alone ->
 * COUNT_LATE, and by how much the latest of them was late (COUNT_LATE_BY).
 *
 *   late_learn, before the load's rows and after them -> the same anti-join, by classes
 *
 * A stale copy of a row that is there in a newer version is not late. A key is compared as it is
 * stored; where the cursor is no column, or not in the order of one, the key alone counts. What is
 * learned from rows of the load are those that were not there, and are there then: one that is
 * rejected, or deletes its key, comes again in each run.
 */
#include "write/sql/late.h"

#include <stdio.h>
#include <stdlib.h>
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
        if (!part->nested && !part->further && !part->is_keys &&
            strcmp(part->resource, resource) == 0)
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

static void add_numbers(struct question *question)
{
    static const char *const names[] = {LATE_BY, LATE_CLASS, LATE_OUT};
    struct target *asked = &question->asked;
    for (size_t i = 0; i < (*question->part->learns ? 3 : 1); i++)
        asked->columns[asked->column_count++] =
            (struct target_column){names[i], question->number, true};
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
    add_numbers(question);
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
    const size_t most = table->column_count + 4;
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

#define LEFT_OUT  " AND new.[" LATE_OUT "] = 1"
#define IN_WINDOW " AND new.[" LATE_OUT "] = 0"

/* Those that are not there: under their key, with their cursor value or one beyond it; `same` is
 * "=" where only the very value counts. */
static int write_missing(const struct question *question, const char *which, const char *same,
                         struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf rows = BUF_INIT;
    const char *order = question->part->descends && *same == '>' ? "<=" : same;
    TRY(write_asked(question, &rows, err));
    const struct sql_scope scope = plan_scope(
        question->delivery,
        SQL_PARTS(SQL_PIECE("rows", buf_string(&rows)),
                  SQL_TABLE("table", question->root.table->name), SQL_NAMES("key", &question->key),
                  SQL_NAME("cursor", question->cursor), SQL_PIECE("order", order),
                  SQL_PATTERN("which", which),
                  SQL_PATTERN("as_new", question->cursor
                                            ? " AND old.{cursor} {order} new.[" LATE_CURSOR "]"
                                            : "")));
    TRY(sql_write(out, &scope,
                  "FROM {rows} AS new\n"
                  "WHERE NOT EXISTS (SELECT 1 FROM {table} AS old\n"
                  "    WHERE {old.key = new.key}{as_new}){which}",
                  err));
done:
    buf_release(&rows);
    return rc;
}

static int count(const struct question *question, struct plan *plan, struct tg_error *err)
{
    static const struct {
        enum step_count count;
        const char *answer;
    } answers[] = {{COUNT_LATE, "COUNT(*)"}, {COUNT_LATE_BY, "MAX(new.[" LATE_BY "])"}};
    int rc = TG_OK;
    struct buf missing = BUF_INIT;
    struct target *root = arena_alloc(&plan->arena, sizeof(*root));
    if (!root)
        return error_nomem(err);
    *root = question->root;
    TRY(write_missing(question, *question->part->learns ? LEFT_OUT : "", ">=", &missing, err));
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct step step = {.kind = STEP_COUNT, .target = root, .count = answers[i].count};
        const struct sql_scope scope =
            plan_scope(question->delivery, SQL_PARTS(SQL_PIECE("missing", buf_string(&missing)),
                                                     SQL_PATTERN("answer", answers[i].answer)));
        TRY(plan_add_step(plan, &step, &scope, "SELECT {answer}\n{missing}", err));
    }
done:
    buf_release(&missing);
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

/* ---- what is learned ---- */

/* One that was missing before counts; if it is missing still, it counts if it was left out. */
static void take(const struct text_rows *rows, bool is_after, struct sketch *out)
{
    for (size_t r = 0; r < rows->row_count; r++) {
        const int64_t class = strtoll(text_cell(rows, r, 0), NULL, 10);
        const bool is_left_out = strcmp(text_cell(rows, r, 1), "1") == 0;
        const uint64_t count = strtoull(text_cell(rows, r, 2), NULL, 10);
        if (class < 0 || class >= SKETCH_CLASSES)
            continue;
        if (!is_after || is_left_out)
            out->rows[class] += count;
        else
            out->rows[class] -= count < out->rows[class] ? count : out->rows[class];
    }
}

/* Where rows are added, each version of one is a row: the very value has to be there. */
static int learn(const struct question *question, struct connection *con, bool is_after,
                 struct sketch *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf missing = BUF_INIT, sql = BUF_INIT;
    struct text_rows rows = {0};
    const char *same = *question->root.part->recalls ? "=" : ">=";
    TRY(write_missing(question, is_after ? "" : IN_WINDOW, same, &missing, err));
    const struct sql_scope scope =
        plan_scope(question->delivery, SQL_PARTS(SQL_PIECE("missing", buf_string(&missing))));
    TRY(sql_write(&sql, &scope,
                  "SELECT new.[" LATE_CLASS "], new.[" LATE_OUT "], COUNT(*)\n"
                  "{missing}\n"
                  "GROUP BY new.[" LATE_CLASS "], new.[" LATE_OUT "]",
                  err));
    TRY(connection_fetch(con, buf_string(&sql), &rows, err));
    take(&rows, is_after, out);
    snprintf(out->unit, sizeof(out->unit), "%s", question->part->learns_unit);
done:
    text_rows_release(&rows);
    buf_release(&missing);
    buf_release(&sql);
    return rc;
}

int late_learn(const struct delivery *delivery, struct connection *con, bool is_after,
               struct sketch *out, struct tg_error *err)
{
    int rc = TG_OK;
    bool asks = false;
    struct question question;
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < delivery->manifest->table_count; i++) {
        if (!*delivery->manifest->tables[i].learns)
            continue;
        TRY(open_question(delivery, i, &arena, &question, &asks, err));
        if (asks)
            TRY(learn(&question, con, is_after, &out[i], err));
    }
done:
    arena_release(&arena);
    return rc;
}
