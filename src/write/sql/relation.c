/*
 * The rows of a table in the package, as a relation: what statements read. All is written in the
 * dialect that reads the files, be it the database's or the reader's.
 *
 * Path: plan_relation, plan_insert -> for each group of files with equal columns: write_select ->
 * write_column (a cast where the file's type is not the destination's; a CASE where doubles come to
 * a column that stays bigint) and plan_source.
 *
 * Which rows a statement takes of it is left to the dispositions.
 */
#include "write/sql/plan.h"

#include <string.h>

/* ---- files ---- */

static bool same_columns(const struct manifest_file *a, const struct manifest_file *b)
{
    if (a->column_count != b->column_count)
        return false;
    for (size_t i = 0; i < a->column_count; i++) {
        const struct manifest_column *x = &a->columns[i];
        const struct manifest_column *y = &b->columns[i];
        if (strcmp(x->name, y->name) != 0 || !type_equal(&x->spec, &y->spec))
            return false;
    }
    return true;
}

bool plan_leads_group(const struct manifest_table *part, size_t f)
{
    for (size_t i = 0; i < f; i++)
        if (same_columns(&part->files[i], &part->files[f]))
            return false;
    return true;
}

static const struct manifest_column *file_find(const struct manifest_file *file, const char *name)
{
    for (size_t i = 0; i < file->column_count; i++)
        if (strcmp(file->columns[i].name, name) == 0)
            return &file->columns[i];
    return NULL;
}

/* ---- relations ---- */

/* The files of the group that file `leader` leads; NULL: no memory. */
static const char **list_group(const struct delivery *delivery, const struct manifest_table *part,
                               size_t leader, struct arena *arena, size_t *count)
{
    const char **paths = arena_alloc(arena, part->file_count * sizeof(*paths));
    *count = 0;
    for (size_t f = leader; paths && f < part->file_count; f++) {
        if (!same_columns(&part->files[leader], &part->files[f]))
            continue;
        paths[*count] = arena_printf(arena, "%s/%s", delivery->package_path, part->files[f].name);
        if (!paths[(*count)++])
            return NULL;
    }
    return paths;
}

int plan_source(struct buf *sql, const struct delivery *delivery, const struct manifest_table *part,
                size_t leader, struct tg_error *err)
{
    struct arena arena;
    size_t count = 0;
    arena_init(&arena);
    const char **paths = list_group(delivery, part, leader, &arena, &count);
    if (paths)
        reader_dialect(delivery->dialect)->parquet(sql, paths, count);
    int rc = paths ? buf_check(sql, err) : error_nomem(err);
    arena_release(&arena);
    return rc;
}

/* ---- columns ---- */

struct type_spec plan_stored(struct type_spec spec)
{
    if (spec.type == TYPE_JSON)
        spec.type = TYPE_TEXT;
    if (spec.type != TYPE_DECIMAL)
        spec.precision = 0;
    return spec;
}

/* The doubles of a file that are split over two columns, of which `column` is one; NULL: it is not.
 */
static const struct spill *find_spill(const struct target *target, const struct manifest_file *file,
                                      const char *column)
{
    for (const struct spill *spill = target->spills; spill; spill = spill->next) {
        const struct manifest_column *stored = file_find(file, spill->from);
        bool is_one = strcmp(spill->from, column) == 0 || strcmp(spill->to, column) == 0;
        if (is_one && stored && stored->spec.type == TYPE_DOUBLE)
            return spill;
    }
    return NULL;
}

/* Does this load bring the column in such files? */
static bool brings(const struct target *target, const struct manifest_file *file,
                   const char *column)
{
    return file_find(file, column) || find_spill(target, file, column);
}

/* The double is an integer of 64 bits. */
#define IS_WHOLE                                                                                   \
    "{from} >= -9223372036854775808e0 AND {from} < 9223372036854775808e0 AND floor({from}) = "     \
    "{from}"

static const char *spilled(const struct spill *spill, const char *column, bool stored)
{
    if (strcmp(spill->to, column) != 0)
        return "CASE WHEN " IS_WHOLE " THEN CAST({from} AS BIGINT) END AS {column}";
    if (!stored)
        return "CASE WHEN " IS_WHOLE " THEN NULL ELSE {from} END AS {column}";
    return "coalesce({to}, CASE WHEN " IS_WHOLE " THEN NULL ELSE {from} END) AS {column}";
}

/* The type of a destination's column as the dialect says it that reads the files. What is sent as a
 * text is one, and what is none of ours is as the file has it. */
static void write_type(struct buf *out, const struct dialect *database, const char *sql_type,
                       const char *stored)
{
    struct type_spec spec = database->type_from_sql(sql_type);
    if (database->parquet)
        buf_text(out, sql_type);
    else if (spec.type == TYPE_NONE && stored)
        buf_text(out, stored);
    else
        reader_dialect(database)->type_sql(
            spec.type == TYPE_JSON ? &(struct type_spec){.type = TYPE_TEXT} : &spec, out);
}

/* A column of the destination, of the files with these columns. */
static int write_column(struct buf *sql, const struct sql_scope *outer,
                        const struct dialect *database, const struct target *target,
                        const struct manifest_file *file, const struct target_column *column,
                        struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest_column *stored = file_find(file, column->name);
    const struct spill *spill = find_spill(target, file, column->name);
    struct buf is = BUF_INIT, type = BUF_INIT;
    if (stored) {
        const struct type_spec spec = plan_stored(stored->spec);
        outer->dialect->type_sql(&spec, &is);
    }
    write_type(&type, database, column->sql_type, stored ? buf_string(&is) : NULL);
    TRY(buf_check(&is, err));
    TRY(buf_check(&type, err));
    const struct sql_scope scope = sql_within(
        outer, SQL_PARTS(SQL_NAME("column", column->name), SQL_PIECE("type", buf_string(&type)),
                         SQL_NAME("from", spill ? spill->from : NULL),
                         SQL_NAME("to", spill ? spill->to : NULL)));
    const char *pattern = spill     ? spilled(spill, column->name, stored)
                          : !stored ? "CAST(NULL AS {type}) AS {column}"
                          : strcmp(buf_string(&is), buf_string(&type)) != 0
                              ? "CAST({column} AS {type}) AS {column}"
                              : "{column}";
    TRY(sql_write(sql, &scope, pattern, err));
done:
    buf_release(&is);
    buf_release(&type);
    return rc;
}

/* Columns that the load brings, but the group of files lacks, are NULL; left out with ONLY_BROUGHT.
 */
enum { ONLY_BROUGHT = 4 };

static bool is_selected(const struct target *target, const struct manifest_file *file,
                        const struct target_column *column, int with)
{
    if (with & ONLY_BROUGHT)
        return brings(target, file, column->name);
    return column->loaded || (with & WITH_ABSENT);
}

/* SELECT of a group of files. */
static int write_select(struct buf *sql, const struct delivery *delivery,
                        const struct target *target, size_t leader, int with, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest_file *file = &target->part->files[leader];
    const struct sql_scope scope = plan_rows_scope(delivery, NULL);
    const char *separator = "SELECT ";
    for (size_t i = 0; i < target->column_count; i++) {
        const struct target_column *column = &target->columns[i];
        if (!is_selected(target, file, column, with))
            continue;
        buf_text(sql, separator);
        TRY(write_column(sql, &scope, delivery->dialect, target, file, column, err));
        separator = ", ";
    }
    if (with & WITH_ORDER) {
        buf_text(sql, separator);
        TRY(sql_write(
            sql, &scope,
            file_find(file, ORDER_COLUMN) ? "[" ORDER_COLUMN "]" : "0 AS [" ORDER_COLUMN "]", err));
    }
    buf_text(sql, "\nFROM ");
    rc = plan_source(sql, delivery, target->part, leader, err);
done:
    return rc;
}

int plan_relation(struct buf *sql, const struct delivery *delivery, const struct target *target,
                  int with, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t f = 0; f < target->part->file_count; f++) {
        if (!plan_leads_group(target->part, f))
            continue;
        buf_text(sql, f > 0 ? "\nUNION ALL\n" : "");
        TRY(write_select(sql, delivery, target, f, with, err));
    }
done:
    return rc;
}

/* ---- statements ---- */

static int insert_group(struct plan *plan, const struct delivery *delivery,
                        const struct target *target, const char *into, size_t leader,
                        struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest_file *file = &target->part->files[leader];
    struct buf rows = BUF_INIT;
    struct sql_names brought = {0};
    const char **names = arena_alloc(&plan->arena, target->column_count * sizeof(*names));
    if (!names)
        return error_nomem(err);
    for (size_t i = 0; i < target->column_count; i++)
        if (brings(target, file, target->columns[i].name))
            names[brought.count++] = target->columns[i].name;
    brought.items = names;
    TRY(write_select(&rows, delivery, target, leader, ONLY_BROUGHT, err));
    const struct fill fill = {.table = into, .columns = &brought, .target = target};
    const struct sql_scope scope =
        plan_rows_scope(delivery, SQL_PARTS(SQL_PIECE("rows", buf_string(&rows))));
    TRY(plan_fill(plan, delivery, &fill, &scope, "{rows}", err));
done:
    buf_release(&rows);
    return rc;
}

int plan_insert_into(struct plan *plan, const struct delivery *delivery,
                     const struct target *target, const char *name, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t f = 0; target_has_rows(target) && f < target->part->file_count; f++)
        if (plan_leads_group(target->part, f))
            TRY(insert_group(plan, delivery, target, name, f, err));
done:
    return rc;
}

int plan_insert(struct plan *plan, const struct delivery *delivery, const struct target *target,
                struct tg_error *err)
{
    return plan_insert_into(plan, delivery, target, target->table->name, err);
}
