/*
 * Schema changes. What the destination has is asked of the destination, not remembered: tables
 * dropped by hand come back, columns added by hand are left alone.
 *
 * Path: ddl_settle (asks the data about a lossy widening; spill) -> ddl_plan -> ledger tables, then
 * for each target: create, or alter_type (widening) and add_column, with backfill for a root key
 * that is new; mark_loaded checks the package's columns against the result.
 *
 * New columns of existing tables are nullable whatever the catalog says: the rows that are there
 * have no value. Types that differ without being a widening stay: whether rows may be cast to them
 * is asked in agree.c. Indexes (ddl_plan_indexes) are for tables that the load has made and filled.
 */
#include "write/sql/ddl.h"

#include <string.h>

#include "catalog/history.h"
#include "catalog/name.h"
#include "dlt/settings.h"
#include "package/rejects.h"
#include "write/ledger.h"
#include "write/sql/keep.h"

#define TEXT(column_name)                                                                          \
    {                                                                                              \
        .name = column_name, .spec.type = TYPE_TEXT                                                \
    }
/* As dlt marks its row keys: see ddl_plan_indexes. */
#define TEXT_UNIQUE(column_name)                                                                   \
    {                                                                                              \
        .name = column_name, .spec.type = TYPE_TEXT, .unique = true                                \
    }
#define TEXT_NULL(column_name)                                                                     \
    {                                                                                              \
        .name = column_name, .spec.type = TYPE_TEXT, .nullable = true                              \
    }
#define BIGINT_NULL(column_name)                                                                   \
    {                                                                                              \
        .name = column_name, .spec.type = TYPE_BIGINT, .nullable = true                            \
    }
#define LOAD_ID(column_name)                                                                       \
    {                                                                                              \
        .name = column_name, .spec = {.type = TYPE_TEXT, .precision = 64 }                         \
    }
#define BIGINT(column_name)                                                                        \
    {                                                                                              \
        .name = column_name, .spec.type = TYPE_BIGINT                                              \
    }
#define TIMESTAMP(column_name)                                                                     \
    {                                                                                              \
        .name = column_name, .spec.type = TYPE_TIMESTAMP                                           \
    }

/* ---- the ledger's tables: dlt's, column for column, and ours ---- */

static const struct table_column version_columns[] = {
    BIGINT("version"),   BIGINT("engine_version"), TIMESTAMP("inserted_at"),
    TEXT("schema_name"), TEXT("version_hash"),     TEXT("schema"),
};
static const struct table_column loads_columns[] = {
    LOAD_ID("load_id"),       TEXT_NULL("schema_name"),         BIGINT("status"),
    TIMESTAMP("inserted_at"), TEXT_NULL("schema_version_hash"),
};
static const struct table_column state_columns[] = {
    BIGINT("version"),       BIGINT("engine_version"), TEXT("pipeline_name"),
    TEXT("state"),           TIMESTAMP("created_at"),  TEXT_NULL("version_hash"),
    LOAD_ID("_dlt_load_id"), TEXT_UNIQUE("_dlt_id"),
};
static const struct table_column counts_columns[] = {
    LOAD_ID("load_id"),
    TEXT("table_name"),
    TEXT("resource_name"),
    TEXT("disposition"),
    BIGINT("rows_read"),
    BIGINT("rows_new"),
    BIGINT("rows_inserted"),
    BIGINT("rows_updated"),
    BIGINT("rows_deleted"),
    BIGINT("rows_filtered"),
    BIGINT("rows_rejected"),
    TIMESTAMP("created_at"),
    TEXT("pipeline_name"),
    TEXT_NULL("package_id"),
    BIGINT_NULL("rows_waiting"),
    BIGINT_NULL("rows_unchanged"),
    BIGINT_NULL("rows_below_start"),
    BIGINT_NULL("rows_above_end"),
    BIGINT_NULL("rows_deduplicated"),
    BIGINT_NULL("rows_null_cursor"),
    BIGINT_NULL("rows_late"),
};
static const struct table_column boundary_columns[] = {
    TEXT("pipeline_name"),   TEXT("resource_name"), TEXT("cursor_path"),
    TEXT_NULL("last_value"), TEXT("row_hashes"),    LOAD_ID("load_id"),
};
static const struct table_column ties_columns[] = {
    TEXT("pipeline_name"), TEXT("resource_name"),
    TEXT("cursor_path"),   {.name = "row_hashes", .spec.type = TYPE_BINARY},
    LOAD_ID("load_id"),
};
static const struct table_column files_columns[] = {
    TEXT("pipeline_name"),
    TEXT("resource_name"),
    TEXT("path"),
    BIGINT("size"),
    BIGINT("modified_us"),
    TEXT_NULL("checksum"),
    LOAD_ID("load_id"),
    TEXT_NULL("content_hash"),
    TEXT_NULL("head_hash"),
    BIGINT_NULL("content_bytes"),
    BIGINT_NULL("row_count"),
};

static const struct table_column windows_columns[] = {
    TEXT("pipeline_name"),
    TEXT("resource_name"),
    TEXT("cursor_path"),
    TEXT("run_id"),
    BIGINT("id"),
    TEXT("lo"),
    TEXT("hi"),
    TEXT("state"),
    TEXT_NULL("owner"),
    BIGINT("fence"),
    BIGINT("expires_us"),
    TEXT_NULL("load_id"),
    BIGINT_NULL("rows"),
    BIGINT("tries"),
};

static const struct table_column undo_columns[] = {
    LOAD_ID("load_id"),     TEXT("pipeline_name"),    TEXT("table_name"),  TEXT("resource_name"),
    TEXT_NULL("old_table"), TEXT_NULL("left_table"),  TEXT_NULL("shape"),  BIGINT("state_version"),
    TEXT("state_hash"),     BIGINT("schema_version"), TEXT("schema_hash"), TEXT("left_hash"),
    TEXT("probe"),
};

static const struct table_column rejects_ledger[] = {
    LOAD_ID("load_id"),
    TEXT("resource_name"),
    TEXT("table_name"),
    TEXT_NULL("column_name"),
    TEXT("reason"),
    TEXT_NULL("place"),
    {.name = "document", .spec.type = TYPE_JSON},
    TIMESTAMP("inserted_at"),
    TEXT_NULL("file"),
    BIGINT_NULL("line"),
    BIGINT_NULL("byte"),
    TEXT_NULL("text"),
};

struct ledger_table {
    const char *name;
    const struct table_column *columns;
    size_t column_count;
};

#define LEDGER_TABLE(name, columns)                                                                \
    {                                                                                              \
        name, columns, sizeof(columns) / sizeof(columns[0])                                        \
    }

static const struct ledger_table ledger_tables[] = {
    LEDGER_TABLE("_dlt_loads", loads_columns),
    LEDGER_TABLE("_dlt_pipeline_state", state_columns),
    LEDGER_TABLE("_dlt_version", version_columns),
    LEDGER_TABLE("_tidegate_boundary", boundary_columns),
    LEDGER_TABLE(TIES_TABLE, ties_columns),
    LEDGER_TABLE("_tidegate_files", files_columns),
    LEDGER_TABLE("_tidegate_loads", counts_columns),
    LEDGER_TABLE(WINDOWS_TABLE, windows_columns),
    LEDGER_TABLE(REJECTS_TABLE, rejects_ledger),
    LEDGER_TABLE(UNDO_TABLE, undo_columns),
};

/* ---- widening ---- */

static const struct described_column *there_find(const struct delivery *delivery,
                                                 const struct described_table *there,
                                                 const char *name)
{
    return there ? described_column(&delivery->described, there, name) : NULL;
}

/* Does the column of a table that is there hold integers that a double cannot? */
static int has_big_integers(const struct delivery *delivery, struct connection *con,
                            const struct target *target, const char *column, bool *found,
                            struct tg_error *err)
{
    struct text_rows rows = {0};
    const struct sql_scope scope = plan_scope(
        delivery, SQL_PARTS(SQL_TABLE("table", target->table->name), SQL_NAME("column", column)));
    int rc = sql_fetch(con, &scope,
                       "SELECT 1 FROM {table} "
                       "WHERE {column} > 9007199254740992 OR {column} < -9007199254740992 LIMIT 1",
                       &rows, err);
    *found = rows.row_count > 0;
    text_rows_release(&rows);
    return rc;
}

/* The column stays, and what is no integer goes to a variant beside it, as in dlt. A key has to be
 * in one piece. */
static int spill(struct delivery *delivery, struct target *target, const char *from,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct hasher hasher = {0};
    struct settings settings = {0};
    struct buf name = BUF_INIT;
    TRY(settings_read(&delivery->catalog, &settings, err));
    const struct name_rules rules = settings_names(&settings, delivery->dialect->name_bytes_max);
    TRY(name_join(&rules, &hasher, from, "v_double", &name, err));
    struct table_column *column = table_find(target->table, buf_string(&name));
    if (column && !column->variant) { /* a key of the source has that name */
        char tag[7];
        TRY(name_tag(&hasher, "v_double", strlen("v_double"), tag, err));
        buf_printf(&name, "_%s", tag);
        TRY(buf_check(&name, err));
        column = table_find(target->table, name.data);
    }
    if (!column) {
        const struct type_spec spec = {.type = TYPE_DOUBLE};
        TRY(table_add_column(&delivery->catalog, target->table, buf_string(&name), &spec, &column,
                             err));
        column->variant = true;
    }
    struct spill *made = arena_alloc(&delivery->arena, sizeof(*made));
    if (!made)
        TRY(error_nomem(err));
    *made = (struct spill){.from = from, .to = column->name, .next = target->spills};
    target->spills = made;
done:
    buf_release(&name);
    settings_release(&settings);
    hasher_release(&hasher);
    return rc;
}

static int settle_target(struct delivery *delivery, struct connection *con, struct target *target,
                         struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = target->table->column_count; /* spilling adds some */
    for (size_t i = 0; i < count; i++) {
        struct table_column *column = &target->table->columns[i];
        const struct described_column *there = there_find(delivery, target->there, column->name);
        if (!there || column->spec.type != TYPE_DOUBLE)
            continue;
        struct type_spec spec = delivery->dialect->type_from_sql(there->sql_type);
        bool big = false;
        if (spec.type == TYPE_BIGINT)
            TRY(has_big_integers(delivery, con, target, column->name, &big, err));
        if (!big)
            continue;
        if (column->primary_key || column->merge_key || !column->nullable)
            return error_set(err, TG_DATA,
                             "column '%s' of table '%s' must have a value and holds integers that "
                             "a double cannot: fractions cannot be added, cast them in the source",
                             column->name, target->table->name);
        column->spec = spec;
        TRY(spill(delivery, target, column->name, err));
    }
done:
    return rc;
}

int ddl_settle(struct delivery *delivery, struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t c = 0; c < delivery->chain_count; c++) {
        struct chain *chain = &delivery->chains[c];
        for (size_t t = 0; t < chain->count; t++)
            if (target_has_rows(&chain->targets[t]))
                TRY(settle_target(delivery, con, &chain->targets[t], err));
    }
done:
    return rc;
}

/* ---- statements ---- */

/* The ledger's own tables are small, and dlt's are as dlt makes them. */
static const char *storage(const struct delivery *delivery, const char *table,
                           const struct table_column *column)
{
    const struct dialect *dialect = delivery->dialect;
    int version = delivery->described.storage_version;
    if (strncmp(table, "_dlt_", 5) == 0)
        return "";
    bool is_version = strcmp(column->name, HISTORY_ID) == 0;
    if (column->row_key || column->parent_key || column->root_key || is_version)
        return sql_variant(dialect->store_random, version);
    if (strcmp(column->name, "_dlt_load_id") == 0)
        return sql_variant(dialect->store_repeated, version);
    return "";
}

static int create_table(struct plan *plan, const struct delivery *delivery, const char *name,
                        const struct table_column *columns, size_t count, struct tg_error *err)
{
    int rc = TG_OK;
    const char *start = "CREATE TABLE {table} (\n    ";
    const struct sql_scope table = plan_scope(delivery, SQL_PARTS(SQL_TABLE("table", name)));
    for (size_t i = 0; i < count; i++) {
        const struct table_column *column = &columns[i];
        if (column->spec.type == TYPE_NONE)
            continue;
        const struct sql_scope scope = sql_within(
            &table, SQL_PARTS(SQL_PATTERN("start", start), SQL_NAME("column", column->name),
                              SQL_TYPE("type", &column->spec),
                              SQL_PIECE("not_null", column->nullable ? "" : " NOT NULL"),
                              SQL_PIECE("storage", storage(delivery, name, column))));
        TRY(sql_write(&plan->text, &scope, "{start}{column} {type}{not_null}{storage}", err));
        start = ",\n    ";
    }
    TRY(plan_add(plan, NULL, COUNT_NONE, &table, "\n)", err));
done:
    return rc;
}

static int add_column(struct plan *plan, const struct delivery *delivery, const char *table,
                      const struct table_column *column, struct tg_error *err)
{
    const struct sql_scope scope =
        plan_scope(delivery, SQL_PARTS(SQL_TABLE("table", table), SQL_NAME("column", column->name),
                                       SQL_TYPE("type", &column->spec)));
    return plan_add(plan, NULL, COUNT_NONE, &scope,
                    "ALTER TABLE {table} ADD COLUMN {column} {type}", err);
}

static int alter_type(struct plan *plan, const struct delivery *delivery,
                      const struct target *target, const struct target_column *column,
                      struct tg_error *err)
{
    const struct sql_scope scope = plan_scope(
        delivery, SQL_PARTS(SQL_TABLE("table", target->table->name),
                            SQL_NAME("column", column->name), SQL_PIECE("type", column->sql_type)));
    static const char *const standard[] = {
        "ALTER TABLE {table} ALTER COLUMN {column} SET DATA TYPE {type}\n"
        "USING CAST({column} AS {type})",
        NULL};
    int rc = TG_OK;
    const char *const *steps = delivery->dialect->alter_type;
    for (steps = steps ? steps : standard; *steps; steps++)
        TRY(plan_add(plan, target, COUNT_NONE, &scope, *steps, err));
done:
    return rc;
}

/* Can the rows that are there be followed up to their root row? Says how many steps it takes. */
static bool reaches_root(const struct chain *chain, const struct target *target, size_t *steps)
{
    for (*steps = 0; target->table->parent; ++*steps) {
        const struct target *parent = chain_find(chain, target->table->parent);
        if (!parent || !parent->there || !table_link(target->table, LINK_PARENT) ||
            !table_link(parent->table, LINK_ROW))
            return false;
        target = parent;
    }
    return true;
}

/* The rows that are there get a root key that is new from their root row, by way of their parents.
 */
static int backfill(struct plan *plan, const struct delivery *delivery, const struct chain *chain,
                    const struct target *target, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf tables = BUF_INIT, links = BUF_INIT;
    size_t steps = 0;
    if (!reaches_root(chain, target, &steps))
        return TG_OK;
    const struct target *at = target;
    for (size_t i = 1; i <= steps; i++) {
        const struct target *parent = chain_find(chain, at->table->parent);
        const struct sql_scope step = plan_scope(
            delivery,
            SQL_PARTS(SQL_TABLE("parent", parent->table->name), SQL_NUMBER("child", i - 1),
                      SQL_NUMBER("number", i), SQL_PIECE("and", i == 1 ? "" : " AND "),
                      SQL_PIECE("comma", i == 1 ? "" : ", "),
                      SQL_NAME("link", table_link(at->table, LINK_PARENT)),
                      SQL_NAME("row_key", table_link(parent->table, LINK_ROW))));
        TRY(sql_write(&tables, &step, "{comma}{parent} AS t{number}", err));
        TRY(sql_write(&links, &step, "{and}t{child}.{link} = t{number}.{row_key}", err));
        at = parent;
    }
    const struct sql_scope scope = plan_scope(
        delivery, SQL_PARTS(SQL_TABLE("table", target->table->name), SQL_NUMBER("root", steps),
                            SQL_NAME("root_link", table_link(target->table, LINK_ROOT)),
                            SQL_NAME("row_key", table_link(chain->targets[0].table, LINK_ROW)),
                            SQL_PIECE("tables", buf_string(&tables)),
                            SQL_PIECE("links", buf_string(&links))));
    TRY(plan_add(plan, target, COUNT_NONE, &scope,
                 "UPDATE {table} AS t0 SET {root_link} = t{root}.{row_key}\n"
                 "FROM {tables}\n"
                 "WHERE {links}",
                 err));
done:
    buf_release(&tables);
    buf_release(&links);
    return rc;
}

/* ---- the plan ---- */

static bool is_needed(const struct manifest *manifest, const char *ledger_table)
{
    if (strcmp(ledger_table, "_tidegate_boundary") == 0)
        return manifest->boundary_count > 0;
    if (strcmp(ledger_table, TIES_TABLE) == 0)
        return manifest_find(manifest, TIES_TABLE) != NULL;
    if (strcmp(ledger_table, "_tidegate_files") == 0)
        return manifest->bookmark_count > 0;
    if (strcmp(ledger_table, WINDOWS_TABLE) == 0)
        return manifest->window_count > 0;
    if (strcmp(ledger_table, REJECTS_TABLE) == 0)
        return manifest_find(manifest, REJECTS_TABLE) != NULL;
    if (strcmp(ledger_table, UNDO_TABLE) == 0)
        return manifest->undo_loads > 0;
    return true;
}

/* Of a hundred thousand, those that are to be loaded. */
static int index_windows(const struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    const struct sql_scope scope =
        plan_scope(delivery, SQL_PARTS(SQL_TABLE("table", WINDOWS_TABLE),
                                       SQL_PATTERN("columns", "[pipeline_name], [run_id], [id]"),
                                       SQL_PATTERN("condition", WINDOW_IS_LEFT)));
    const char *index = delivery->dialect->index;
    return index ? plan_add(plan, NULL, COUNT_NONE, &scope, index, err) : TG_OK;
}

static int plan_ledger(struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t t = 0; t < sizeof(ledger_tables) / sizeof(ledger_tables[0]); t++) {
        const struct ledger_table *table = &ledger_tables[t];
        const struct described_table *there = described_find(&delivery->described, table->name);
        if (!is_needed(delivery->manifest, table->name))
            continue;
        if (!there)
            TRY(create_table(plan, delivery, table->name, table->columns, table->column_count,
                             err));
        if (!there && strcmp(table->name, WINDOWS_TABLE) == 0)
            TRY(index_windows(delivery, plan, err));
        for (size_t c = 0; there && c < table->column_count; c++)
            if (!there_find(delivery, there, table->columns[c].name))
                TRY(add_column(plan, delivery, table->name, &table->columns[c], err));
    }
done:
    return rc;
}

/* The dialect's name of a type, in the load's arena; NULL: no memory. */
static const char *type_text(struct delivery *delivery, const struct type_spec *spec)
{
    struct buf text = BUF_INIT;
    delivery->dialect->type_sql(spec, &text);
    const char *copy =
        text.failed ? NULL : arena_strndup(&delivery->arena, buf_string(&text), text.len);
    buf_release(&text);
    return copy;
}

/* As the catalog spells it. */
static const char *name_of(const struct delivery *delivery, const struct table *table,
                           const char *name)
{
    const struct table_column *column =
        table_find_like(table, name, delivery->described.folds_case);
    return column ? column->name : name;
}

/* The columns as they are at the destination now. */
static int describe_target(struct delivery *delivery, struct target *target, struct tg_error *err)
{
    const struct described_table *there = target->there;
    size_t count = target->table->column_count + (there ? there->column_count : 0);
    target->column_count = 0;
    target->columns = arena_alloc(&delivery->arena, count * sizeof(*target->columns));
    if (!target->columns)
        return error_nomem(err);
    for (size_t i = 0; there && i < there->column_count; i++)
        target->columns[target->column_count++] = (struct target_column){
            .name = name_of(delivery, target->table, there->columns[i].name),
            .sql_type = there->columns[i].sql_type,
        };
    return TG_OK;
}

static int note_change(struct delivery *delivery, const struct schema_change *change,
                       struct tg_error *err)
{
    struct schema_change *made = arena_alloc(&delivery->arena, sizeof(*made));
    if (!made)
        return error_nomem(err);
    *made = *change;
    if (delivery->last_change)
        delivery->last_change->next = made;
    else
        delivery->changes = made;
    delivery->last_change = made;
    return TG_OK;
}

/* Brings one column of the catalog and the destination together. */
static int plan_column(struct delivery *delivery, const struct chain *chain, struct target *target,
                       const struct table_column *column, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const char *type = type_text(delivery, &column->spec);
    struct target_column *have = target_find(target, column->name);
    if (!type)
        return error_nomem(err);
    if (have) {
        struct type_spec spec = delivery->dialect->type_from_sql(have->sql_type);
        if (strcmp(type, have->sql_type) == 0 ||
            (!type_widens(&spec, &column->spec) && !type_spells(&spec, &column->spec)))
            return TG_OK;
        TRY(note_change(delivery,
                        &(struct schema_change){target, column->name, have->sql_type, type, NULL},
                        err));
        have->sql_type = type;
        return alter_type(plan, delivery, target, have, err);
    }
    TRY(note_change(delivery, &(struct schema_change){target, column->name, NULL, type, NULL},
                    err));
    target->columns[target->column_count++] =
        (struct target_column){.name = column->name, .sql_type = type};
    if (!target->there)
        return TG_OK;
    TRY(add_column(plan, delivery, target->table->name, column, err));
    if (column->root_key)
        TRY(backfill(plan, delivery, chain, target, err));
done:
    return rc;
}

/* The names of the columns that are marked. */
static int list_loaded(struct delivery *delivery, struct target *target, struct tg_error *err)
{
    const char **names = arena_alloc(&delivery->arena, (target->column_count + 1) * sizeof(*names));
    size_t count = 0;
    if (!names)
        return error_nomem(err);
    for (size_t i = 0; i < target->column_count; i++)
        if (target->columns[i].loaded)
            names[count++] = target->columns[i].name;
    target->loaded = (struct sql_names){names, count};
    return TG_OK;
}

/* Marks what the package brings. A merge key counts as brought even where it is NULL in all rows.
 */
static int mark_loaded(struct target *target, struct tg_error *err)
{
    for (size_t f = 0; f < target->part->file_count; f++) {
        const struct manifest_file *file = &target->part->files[f];
        for (size_t c = 0; c < file->column_count; c++) {
            struct target_column *column = target_find(target, file->columns[c].name);
            if (column)
                column->loaded = true;
            else if (strcmp(file->columns[c].name, ORDER_COLUMN) != 0)
                return error_set(err, TG_DATA,
                                 "package has a column '%s' for table '%s', which its catalog "
                                 "lacks; delete the package and run again",
                                 file->columns[c].name, target->table->name);
        }
    }
    for (const struct spill *spill = target->spills; spill; spill = spill->next) {
        struct target_column *column = target_find(target, spill->to);
        if (column)
            column->loaded = true;
    }
    for (size_t i = 0; i < target->table->column_count; i++) {
        const struct table_column *known = &target->table->columns[i];
        struct target_column *column = known->merge_key ? target_find(target, known->name) : NULL;
        if (column)
            column->loaded = true;
    }
    return TG_OK;
}

/* Is its column for that to be there, even if no row comes? */
static bool target_flags_absent(const struct target *target)
{
    return target->there && target->part && target->part->flags_absent;
}

static int plan_target(struct delivery *delivery, const struct chain *chain, struct target *target,
                       struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct table *table = target->table;
    const size_t before = plan->count;
    TRY(describe_target(delivery, target, err));
    if (!target_has_rows(target) && !target_flags_absent(target))
        goto done;
    if (!target->there)
        TRY(note_change(delivery, &(struct schema_change){.target = target}, err));
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].spec.type != TYPE_NONE)
            TRY(plan_column(delivery, chain, target, &table->columns[i], plan, err));
    if (!target->there)
        TRY(create_table(plan, delivery, table->name, table->columns, table->column_count, err));
    target->changes = plan->count > before;
    TRY(mark_loaded(target, err));
    TRY(list_loaded(delivery, target, err));
done:
    return rc;
}

/* ---- indexes ---- */

/* `made` has been made by this load; it is `target` (NULL: of the ledger). */
static int index_table(struct plan *plan, const struct delivery *delivery,
                       const struct ledger_table *made, const struct target *target,
                       struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < made->column_count; i++) {
        const struct table_column *column = &made->columns[i];
        if (!column->unique || column->spec.type == TYPE_NONE)
            continue;
        const struct sql_scope scope = plan_scope(
            delivery, SQL_PARTS(SQL_TABLE("table", made->name), SQL_NAME("column", column->name)));
        TRY(plan_add(plan, target, COUNT_NONE, &scope, delivery->dialect->unique, err));
    }
done:
    return rc;
}

int ddl_plan_indexes(const struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t t = 0; t < sizeof(ledger_tables) / sizeof(ledger_tables[0]); t++)
        if (is_needed(delivery->manifest, ledger_tables[t].name) &&
            !described_find(&delivery->described, ledger_tables[t].name))
            TRY(index_table(plan, delivery, &ledger_tables[t], NULL, err));
    for (size_t c = 0; c < delivery->chain_count; c++) {
        for (size_t t = 0; t < delivery->chains[c].count; t++) {
            const struct target *target = &delivery->chains[c].targets[t];
            const struct table *table = target->table;
            const struct ledger_table made = {table->name, table->columns, table->column_count};
            if (!target->there && target_has_rows(target))
                TRY(index_table(plan, delivery, &made, target, err));
        }
    }
done:
    return rc;
}

bool ddl_makes_dataset(const struct delivery *delivery)
{
    const struct described *there = &delivery->described;
    return !there->is_there && there->table_count == 0 && !delivery->dialect->attach;
}

int ddl_plan(struct delivery *delivery, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const bool is_made_anew = delivery->manifest->reset_count == 0;
    for (size_t i = 0; is_made_anew && i < delivery->dropped.count; i++)
        TRY(plan_refuse_loss(plan, delivery, &delivery->dropped.targets[i],
                             "a table made anew would lack what this one has; use --refresh "
                             "drop_data, or drop it by hand: it has",
                             err));
    for (size_t i = delivery->dropped.count; i-- > 0;)
        TRY(plan_empty(plan, delivery, &delivery->dropped.targets[i], REMOVE_DROP, err));
    const size_t before = plan->count;
    delivery->changes = delivery->last_change = NULL;
    if (ddl_makes_dataset(delivery)) {
        const struct sql_scope scope =
            plan_scope(delivery, SQL_PARTS(SQL_NAME("dataset", delivery->manifest->dataset)));
        TRY(plan_add(plan, NULL, COUNT_NONE, &scope, "CREATE SCHEMA IF NOT EXISTS {dataset}", err));
    }
    TRY(plan_ledger(delivery, plan, err));
    delivery->makes_ledger = plan->count > before;
    for (size_t c = 0; c < delivery->chain_count; c++) {
        struct chain *chain = &delivery->chains[c];
        for (size_t t = 0; t < chain->count; t++)
            TRY(plan_target(delivery, chain, &chain->targets[t], plan, err));
    }
done:
    return rc;
}
