/*
 * The rows of a table in the package, as a relation: what statements read. It is the files
 * themselves where the dialect can read Parquet, else a temporary table that they are put into
 * before (plan_files).
 *
 * Path: plan_relation, plan_insert -> for each group of files with equal columns: write_select ->
 * write_expression (a cast where the file's type is not the destination's; write_whole and
 * write_rest where doubles come to a column that stays bigint) and plan_source.
 *
 * Which rows a statement takes of it is left to the dispositions.
 */
#include "write/sql/plan.h"

#include <string.h>

#include "base/fs.h"

/* ---- files ---- */

static bool same_columns(const struct manifest_file *a, const struct manifest_file *b)
{
    if (a->column_count != b->column_count)
        return false;
    for (size_t i = 0; i < a->column_count; i++) {
        const struct manifest_column *x = &a->columns[i];
        const struct manifest_column *y = &b->columns[i];
        if (strcmp(x->name, y->name) != 0 || x->spec.type != y->spec.type ||
            x->spec.precision != y->spec.precision || x->spec.scale != y->spec.scale ||
            x->spec.naive != y->spec.naive)
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
    struct buf path = BUF_INIT;
    *count = 0;
    for (size_t f = leader; paths && f < part->file_count; f++) {
        if (!same_columns(&part->files[leader], &part->files[f]))
            continue;
        buf_clear(&path);
        buf_printf(&path, "%s/%s", delivery->package_path, part->files[f].name);
        const char *copy = path.failed ? NULL : arena_strdup(arena, buf_string(&path));
        paths[(*count)++] = copy;
        if (!copy)
            paths = NULL;
    }
    buf_release(&path);
    return paths;
}

/* Name of the table that a group's rows are put into where the files cannot be read in place. */
static void name_group(struct buf *out, const struct delivery *delivery,
                       const struct manifest_table *part, size_t leader)
{
    buf_printf(out, "_tidegate_files_%zu_%zu", (size_t)(part - delivery->manifest->tables), leader);
}

void plan_source(struct buf *sql, const struct delivery *delivery,
                 const struct manifest_table *part, size_t leader)
{
    struct arena arena;
    struct buf name = BUF_INIT;
    size_t count = 0;
    arena_init(&arena);
    if (delivery->dialect->parquet) {
        const char **paths = list_group(delivery, part, leader, &arena, &count);
        if (paths)
            delivery->dialect->parquet(sql, paths, count);
        sql->failed = sql->failed || !paths;
    } else {
        name_group(&name, delivery, part, leader);
        sql_ident(sql, delivery->dialect, buf_string(&name));
        sql->failed = sql->failed || name.failed;
    }
    buf_release(&name);
    arena_release(&arena);
}

static int plan_group(const struct delivery *delivery, const struct manifest_table *part,
                      size_t leader, struct plan *plan, struct plan *drop, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest_file *file = &part->files[leader];
    struct step_files files = {0};
    struct buf name = BUF_INIT;
    name_group(&name, delivery, part, leader);
    TRY(buf_check(&name, err));
    buf_text(&plan->text, "CREATE TEMP TABLE ");
    sql_ident(&plan->text, delivery->dialect, name.data);
    for (size_t c = 0; c < file->column_count; c++) {
        buf_text(&plan->text, c == 0 ? " (\n    " : ",\n    ");
        sql_ident(&plan->text, delivery->dialect, file->columns[c].name);
        buf_char(&plan->text, ' ');
        plan_stored_type(&plan->text, delivery->dialect, file->columns[c].spec);
    }
    buf_text(&plan->text, "\n)");
    TRY(plan_end(plan, NULL, COUNT_NONE, err));
    files.table = arena_strdup(&plan->arena, name.data);
    files.paths = list_group(delivery, part, leader, &plan->arena, &files.count);
    if (!files.table || !files.paths) {
        rc = error_nomem(err);
        goto done;
    }
    TRY(plan_ingest(plan, &files, err));
    buf_text(&drop->text, "DROP TABLE IF EXISTS ");
    sql_ident(&drop->text, delivery->dialect, name.data);
    TRY(plan_end(drop, NULL, COUNT_NONE, err));
done:
    buf_release(&name);
    return rc;
}

int plan_files(const struct delivery *delivery, struct plan *plan, struct plan *drop,
               struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = delivery->manifest;
    for (size_t t = 0; !delivery->dialect->parquet && t < manifest->table_count; t++)
        for (size_t f = 0; f < manifest->tables[t].file_count; f++)
            if (plan_leads_group(&manifest->tables[t], f))
                TRY(plan_group(delivery, &manifest->tables[t], f, plan, drop, err));
done:
    return rc;
}

/* ---- columns ---- */

void plan_stored_type(struct buf *out, const struct dialect *dialect, struct type_spec spec)
{
    if (spec.type == TYPE_JSON)
        spec.type = TYPE_TEXT;
    if (spec.type != TYPE_DECIMAL)
        spec.precision = 0;
    dialect->type_sql(&spec, out);
}

static bool needs_cast(struct buf *sql, const struct dialect *dialect,
                       const struct manifest_column *column, const char *sql_type)
{
    struct buf stored = BUF_INIT;
    plan_stored_type(&stored, dialect, column->spec);
    bool differs = strcmp(buf_string(&stored), sql_type) != 0;
    sql->failed = sql->failed || stored.failed;
    buf_release(&stored);
    return differs;
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

/* CASE WHEN the double `name` is an integer of 64 bits THEN */
static void write_case(struct buf *sql, const struct dialect *dialect, const char *name)
{
    static const char *const conditions[] = {"CASE WHEN ", " >= -9223372036854775808e0 AND ",
                                             " < 9223372036854775808e0 AND floor(", ") = "};
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
        buf_text(sql, conditions[i]);
        sql_ident(sql, dialect, name);
    }
    buf_text(sql, " THEN ");
}

static void write_whole(struct buf *sql, const struct dialect *dialect, const struct spill *spill)
{
    write_case(sql, dialect, spill->from);
    buf_text(sql, "CAST(");
    sql_ident(sql, dialect, spill->from);
    buf_text(sql, " AS BIGINT) END");
}

static void write_rest(struct buf *sql, const struct dialect *dialect, const struct spill *spill,
                       bool stored)
{
    if (stored) {
        buf_text(sql, "coalesce(");
        sql_ident(sql, dialect, spill->to);
        buf_text(sql, ", ");
    }
    write_case(sql, dialect, spill->from);
    buf_text(sql, "NULL ELSE ");
    sql_ident(sql, dialect, spill->from);
    buf_text(sql, stored ? " END)" : " END");
}

static void write_expression(struct buf *sql, const struct dialect *dialect,
                             const struct target *target, const struct manifest_file *file,
                             const struct target_column *column)
{
    const struct manifest_column *stored = file_find(file, column->name);
    const struct spill *spill = find_spill(target, file, column->name);
    bool is_rest = spill && strcmp(spill->to, column->name) == 0;
    bool cast = !spill && (!stored || needs_cast(sql, dialect, stored, column->sql_type));
    buf_text(sql, cast ? "CAST(" : "");
    if (is_rest)
        write_rest(sql, dialect, spill, stored);
    else if (spill)
        write_whole(sql, dialect, spill);
    else if (stored)
        sql_ident(sql, dialect, column->name);
    else
        buf_text(sql, "NULL");
    if (cast)
        buf_printf(sql, " AS %s)", column->sql_type);
    if (!cast && !spill)
        return;
    buf_text(sql, " AS ");
    sql_ident(sql, dialect, column->name);
}

/* SELECT of a group of files. With `all`, columns that the group lacks are NULL; else left out. */
static void write_select(struct buf *sql, const struct delivery *delivery,
                         const struct target *target, size_t leader, bool all, bool order)
{
    const struct manifest_file *file = &target->part->files[leader];
    const char *separator = "SELECT ";
    for (size_t i = 0; i < target->column_count; i++) {
        const struct target_column *column = &target->columns[i];
        if (!column->loaded || (!all && !brings(target, file, column->name)))
            continue;
        buf_text(sql, separator);
        write_expression(sql, delivery->dialect, target, file, column);
        separator = ", ";
    }
    if (order) {
        buf_text(sql, separator);
        buf_text(sql, file_find(file, ORDER_COLUMN) ? "" : "0 AS ");
        sql_ident(sql, delivery->dialect, ORDER_COLUMN);
    }
    buf_text(sql, "\nFROM ");
    plan_source(sql, delivery, target->part, leader);
}

void plan_relation(struct buf *sql, const struct delivery *delivery, const struct target *target,
                   bool order)
{
    for (size_t f = 0; f < target->part->file_count; f++) {
        if (!plan_leads_group(target->part, f))
            continue;
        if (f > 0)
            buf_text(sql, "\nUNION ALL\n");
        write_select(sql, delivery, target, f, true, order);
    }
}

/* ---- statements ---- */

int plan_insert(struct plan *plan, const struct delivery *delivery, const struct target *target,
                struct tg_error *err)
{
    struct buf *sql = &plan->text;
    for (size_t f = 0; target_has_rows(target) && f < target->part->file_count; f++) {
        if (!plan_leads_group(target->part, f))
            continue;
        buf_text(sql, "INSERT INTO ");
        plan_table(sql, delivery, target);
        const char *separator = " (";
        for (size_t i = 0; i < target->column_count; i++) {
            if (!brings(target, &target->part->files[f], target->columns[i].name))
                continue;
            buf_text(sql, separator);
            sql_ident(sql, delivery->dialect, target->columns[i].name);
            separator = ", ";
        }
        buf_text(sql, ")\n");
        write_select(sql, delivery, target, f, false, false);
        int rc = plan_end(plan, target, COUNT_INSERTED, err);
        if (rc != TG_OK)
            return rc;
    }
    return TG_OK;
}
