/*
 * The source `sql`: tables, views and queries of a database.
 *
 * Data path: sql_open (connections that see one moment) -> sql_list (tables of a group),
 * sql_describe (key, types) -> sql_read: find_table or look at the query -> choose_columns,
 * choose_cursor -> sliced_open (beside other tables; a large one in slices) or read_whole.
 *
 * What a database is asked, and how its SQL looks, is known below src/database; the conditions of a
 * cursor stand in sql/select.c. Which rows are new the cursor decides.
 */
#include "extract/source.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text/nearest.h"
#include "database/reading/reading.h"
#include "extract/cursor/path.h"
#include "extract/read_ahead.h"
#include "extract/sql/chosen.h"
#include "extract/sql/pool.h"
#include "extract/sql/reader.h"
#include "extract/sql/safe.h"
#include "extract/sql/select.h"
#include "extract/sql/sliced.h"
#include "extract/sql/where.h"

/* Small ones are many: what is read ahead hides the way to the server. */
enum { PAGES_AHEAD = 8, SLICES_OF_READER = 8 };

struct source {
    struct pool *pool;
    const char *schema; /* borrowed; NULL: the connection's own */
    struct arena arena; /* owns the texts of `where` */
    struct location where;
    struct connection_place place;
    struct relations relations;
    bool is_reflected;
    struct safe safe;
};

static void sql_close(struct source *source)
{
    relations_release(&source->relations);
    pool_close(source->pool);
    buf_release(&source->place.absolute);
    buf_release(&source->place.identity);
    safe_end(&source->safe);
    arena_release(&source->arena);
    mem_free(source);
}

static int open_pool(struct source *source, const struct source_request *request,
                     struct tg_error *err)
{
    int rc = TG_OK;
    const char *said = option_text(request->values, request->value_count, "connection");
    const char *parallel = option_text(request->values, request->value_count, "parallel");
    TRY(where_read(&source->arena, said, request->given, &source->where, err));
    TRY(connection_check(&source->where, request->folder, NULL, &source->place, err));
    source->where.url = buf_string(&source->place.absolute);
    source->where.dataset = source->schema;
    TRY(pool_open(request->services.ctx, &source->where, parallel ? strtoul(parallel, NULL, 10) : 1,
                  request->commit_safe ? &source->safe : NULL, &source->pool, err));
done:
    return rc == TG_OK ? rc : sql_open_failed(rc, err);
}

static int sql_open(const struct source_request *request, struct source **out, struct tg_error *err)
{
    struct source *source = mem_calloc(1, sizeof(*source));
    *out = NULL;
    if (!source)
        return error_nomem(err);
    arena_init(&source->arena);
    source->schema = option_text(request->values, request->value_count, "schema");
    int rc = open_pool(source, request, err);
    if (rc == TG_OK)
        *out = source;
    else
        sql_close(source);
    return rc;
}

/* ---- tables ---- */

static int reflect(struct source *source, struct tg_error *err)
{
    static const char what[] = "the database does not say which tables it has";
    int rc = TG_OK;
    if (source->is_reflected)
        return TG_OK;
    TRY(reading_reflect(pool_first(source->pool), source->schema, &source->relations, err));
    source->is_reflected = true;
done:
    rc = rc == TG_DESTINATION ? error_before(err, rc, what) : connection_told(rc, what, err);
    return rc == TG_OK ? rc : sql_open_failed(rc, err);
}

static int no_table(const struct source *source, const char *name, struct tg_error *err)
{
    const struct relations *relations = &source->relations;
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = name};
    for (size_t i = 0; i < relations->count; i++)
        nearest_offer(&nearest, relations->items[i].name, strlen(relations->items[i].name));
    if (relations->count == 0)
        return error_set(err, TG_SOURCE,
                         "schema '%s' is not there, or has no table and no view that this user may "
                         "see; check 'schema' and 'connection', or grant USAGE on it and SELECT",
                         relations->schema);
    error_set(err, TG_SOURCE, "schema '%s' has no table or view '%s' that this user may see%s",
              relations->schema, name,
              nearest.name ? nearest_hint(&nearest, hint) : "; if it is there, grant SELECT on it");
    return error_names(err, TG_SOURCE, AT_TABLE, name);
}

static int find_table(struct source *source, const char *name, const struct relation **out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    *out = NULL;
    TRY(reflect(source, err));
    *out = relations_find(&source->relations, name);
    if (!*out)
        rc = no_table(source, name, err);
done:
    return rc;
}

/* ---- groups ---- */

static const char *option_of(const struct resource_request *request, const char *name)
{
    return option_text(request->values, request->value_count, name);
}

static bool is_true(const struct resource_request *request, const char *name)
{
    const char *text = option_of(request, name);
    return text && strcmp(text, "true") == 0;
}

static bool is_pattern(const char *name)
{
    return strpbrk(name, "*?[") || strcmp(name, "all") == 0;
}

/* A view is taken by its name, or when views are asked for. */
static bool fits(const struct relation *relation, const char *pattern, bool include_views)
{
    if (!is_pattern(pattern))
        return strcmp(relation->name, pattern) == 0;
    return (relation->kind != RELATION_VIEW || include_views) &&
           (strcmp(pattern, "all") == 0 || fnmatch(pattern, relation->name, 0) == 0);
}

/* Marks the tables of one line of the option. */
static int mark_tables(struct source *source, const char *pattern, bool include_views, bool *marks,
                       struct tg_error *err)
{
    const struct relations *relations = &source->relations;
    bool found = false;
    for (size_t i = 0; i < relations->count; i++) {
        bool fit = fits(&relations->items[i], pattern, include_views);
        marks[i] |= fit;
        found |= fit;
    }
    if (found)
        return TG_OK;
    if (!is_pattern(pattern) || relations->count == 0)
        return no_table(source, pattern, err);
    return error_set(err, TG_SOURCE, "schema '%s' has no table for tables: '%s'%s",
                     relations->schema, pattern,
                     include_views ? "" : "; views count with include_views: true");
}

/* Does the column stand in one of the tables at least? A misspelt one would be loaded. */
static int check_excluded(const struct source *source, const char *name, const bool *marks,
                          struct tg_error *err)
{
    const struct relations *relations = &source->relations;
    for (size_t i = 0; i < relations->count; i++)
        if (marks[i] && relation_column(&relations->items[i], name))
            return TG_OK;
    error_set(err, TG_SPEC, "excluded_columns: no table of the group has a column '%s'", name);
    return error_names(err, TG_SPEC, AT_COLUMN, name);
}

/* The lines of a list of texts (NULL: none), with NULL at their end. */
static int split_lines(struct arena *arena, const char *text, const char ***out,
                       struct tg_error *err)
{
    size_t count = 0, len = text ? strlen(text) : 0;
    char *copy = arena_strndup(arena, text ? text : "", len);
    *out = arena_alloc(arena, (len + 2) * sizeof(**out));
    if (!copy || !*out)
        return error_nomem(err);
    for (char *at = copy; *at;) {
        (*out)[count++] = at;
        at += strcspn(at, "\n");
        if (*at)
            *at++ = '\0';
    }
    return TG_OK;
}

static int take_marked(const struct relations *relations, const bool *marks, struct arena *arena,
                       struct source_members *out, struct tg_error *err)
{
    int rc = TG_OK;
    out->names = arena_alloc(arena, (relations->count + 1) * sizeof(*out->names));
    if (!out->names)
        return error_nomem(err);
    for (size_t i = 0; i < relations->count; i++)
        if (marks[i])
            TRY(arena_keep(arena, relations->items[i].name, &out->names[out->count++], err));
done:
    return rc;
}

static int sql_list(struct source *source, const struct resource_request *request,
                    struct arena *arena, struct source_members *out, struct tg_error *err)
{
    int rc = TG_OK;
    bool *marks = NULL;
    const char **patterns, **excluded;
    TRY(reflect(source, err));
    TRY(split_lines(arena, option_of(request, "tables"), &patterns, err));
    TRY(split_lines(arena, option_of(request, "excluded_columns"), &excluded, err));
    marks = mem_calloc(source->relations.count + 1, sizeof(*marks));
    if (!marks)
        TRY(error_nomem(err));
    for (; *patterns; patterns++)
        TRY(mark_tables(source, *patterns, is_true(request, "include_views"), marks, err));
    for (; *excluded; excluded++)
        TRY(check_excluded(source, *excluded, marks, err));
    TRY(take_marked(&source->relations, marks, arena, out, err));
done:
    mem_free(marks);
    return rc;
}

/* ---- one resource ---- */

/* What is read for it: the selection borrows from the arena. */
struct plan {
    struct arena arena;
    struct selection selection;
    struct relation relation; /* of a query: its columns, without key */
};

/* `SELECT ...;` with blanks behind it. */
static int trim_query(struct plan *plan, const char *query, struct tg_error *err)
{
    size_t len = strlen(query);
    while (len > 0 && strchr(" \t\r\n;", query[len - 1]))
        len--;
    plan->selection.query = arena_strndup(&plan->arena, query, len);
    if (!plan->selection.query)
        return error_nomem(err);
    return len > 0 ? TG_OK : error_set(err, TG_SPEC, "'query' is empty");
}

/* What the database says of a column beside its Arrow type. */
static int take_notes(struct plan *plan, const struct ArrowSchema *column,
                      struct relation_column *out, struct tg_error *err)
{
    size_t len;
    const char *note = schema_note_find(column, SCHEMA_SQL_TYPE, &len);
    if (schema_is_json(column))
        out->spec = (struct type_spec){.type = TYPE_JSON};
    if (!note)
        return TG_OK;
    out->sql_type = arena_strndup(&plan->arena, note, len);
    return out->sql_type ? TG_OK : error_nomem(err);
}

static int add_query_column(struct plan *plan, const struct ArrowSchema *column,
                            struct tg_error *err)
{
    int rc = TG_OK;
    struct relation *relation = &plan->relation;
    const char *name = column->name ? column->name : "";
    if (relation_column(relation, name)) {
        error_set(err, TG_SPEC, "the query gives two columns '%s'; give one of them another name",
                  name);
        return error_names(err, TG_SPEC, AT_COLUMN, name);
    }
    struct relation_column *out = &relation->columns[relation->column_count];
    *out = (struct relation_column){.sql_type = "", .nullable = true, .by_values = true};
    TRY(arena_keep(&plan->arena, name, &out->name, err));
    if (plan->selection.dialect->types_by_values ||
        type_from_arrow(column, &out->spec, NULL) != TG_OK)
        out->spec = (struct type_spec){.type = TYPE_NONE};
    relation->column_count++;
    rc = take_notes(plan, column, out, err);
done:
    return rc;
}

/* What the columns are that are read, without a row of them. */
static int fetch_schema(const struct plan *plan, struct connection *con, struct ArrowSchema *out,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    TRY(select_write(&sql, &plan->selection, NULL, 0, err));
    TRY(sql_reader_schema(con, buf_string(&sql), plan->selection.table, out, err));
done:
    buf_release(&sql);
    return rc;
}

/* Its columns are what the database says they are. */
static int look_at_query(struct plan *plan, struct connection *con, const char *query,
                         struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowSchema schema = {0};
    TRY(trim_query(plan, query, err));
    TRY(fetch_schema(plan, con, &schema, err));
    plan->relation = (struct relation){.name = "the query", .kind = RELATION_VIEW};
    plan->relation.columns = arena_alloc(&plan->arena, ((size_t)schema.n_children + 1) *
                                                           sizeof(*plan->relation.columns));
    if (!plan->relation.columns)
        TRY(error_nomem(err));
    for (int64_t i = 0; i < schema.n_children; i++)
        TRY(add_query_column(plan, schema.children[i], err));
done:
    schema_release(&schema);
    return rc;
}

static bool knows_types(const struct plan *plan)
{
    bool knows = true;
    for (size_t i = 0; i < plan->relation.column_count; i++)
        knows = knows && plan->relation.columns[i].spec.type != TYPE_NONE;
    return knows;
}

/* Types that have no word here come as others: what a uuid is its values say. */
static int look_at_table(struct plan *plan, struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowSchema schema = {0};
    struct relation *relation = &plan->relation;
    size_t bytes = relation->column_count * sizeof(*relation->columns);
    struct relation_column *columns = arena_alloc(&plan->arena, bytes + 1);
    if (!columns)
        return error_nomem(err);
    if (knows_types(plan) || plan->selection.dialect->types_by_values)
        return TG_OK;
    memcpy(columns, relation->columns, bytes);
    relation->columns = columns;
    TRY(fetch_schema(plan, con, &schema, err));
    for (int64_t i = 0; i < schema.n_children; i++) {
        struct relation_column *column =
            (struct relation_column *)relation_column(relation, schema.children[i]->name);
        if (!column || column->spec.type != TYPE_NONE)
            continue;
        column->by_values = true;
        if (type_from_arrow(schema.children[i], &column->spec, NULL) != TG_OK)
            column->spec = (struct type_spec){.type = TYPE_NONE};
        TRY(take_notes(plan, schema.children[i], column, err));
    }
done:
    schema_release(&schema);
    return rc;
}

static int no_column(const struct plan *plan, const char *option, const char *name,
                     struct tg_error *err)
{
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = name};
    const struct relation *relation = &plan->relation;
    for (size_t i = 0; i < relation->column_count; i++)
        nearest_offer(&nearest, relation->columns[i].name, strlen(relation->columns[i].name));
    error_set(err, TG_SPEC, "%s: '%s' has no column '%s'%s", option, relation->name, name,
              nearest_hint(&nearest, hint));
    error_names(err, TG_SPEC, AT_TABLE, relation->name);
    return error_names(err, TG_SPEC, AT_COLUMN, name);
}

/* A hint has the database make a text or a double of a type that has no word here: a numeric of any
 * length, an interval. */
static struct type_spec cast_of(const struct resource_request *request,
                                const struct relation_column *column)
{
    struct type_spec spec = {.type = TYPE_NONE};
    for (size_t i = 0; i < request->column_count; i++) {
        const struct tg_column *hint = &request->columns[i];
        if (strcmp(hint->name, column->name) == 0 && hint->data_type)
            spec.type = type_find(hint->data_type);
    }
    bool is_open = column->spec.type == TYPE_NONE || column->by_values;
    bool can = spec.type == TYPE_TEXT || spec.type == TYPE_DOUBLE;
    if (!is_open || !can || spec.type == column->spec.type)
        spec.type = TYPE_NONE;
    return spec;
}

/* Of a group each table may lack what is left out. */
static int check_columns(struct plan *plan, const struct resource_request *request,
                         struct tg_error *err)
{
    static const char *const options[] = {"included_columns", "excluded_columns"};
    int rc = TG_OK;
    const char **names;
    const size_t checked = option_of(request, "tables") ? 1 : 2;
    for (size_t i = 0; i < request->key_count; i++)
        if (!relation_column(&plan->relation, request->keys[i]))
            return no_column(plan, "primary_key", request->keys[i], err);
    for (size_t i = 0; i < checked; i++) {
        TRY(split_lines(&plan->arena, option_of(request, options[i]), &names, err));
        for (; *names; names++)
            if (!relation_column(&plan->relation, *names))
                return no_column(plan, options[i], *names, err);
    }
done:
    return rc;
}

static int choose_columns(struct plan *plan, const struct resource_request *request,
                          struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = 0;
    const struct relation *relation = &plan->relation;
    struct selected_column *columns =
        arena_alloc(&plan->arena, (relation->column_count + 1) * sizeof(*columns));
    if (!columns)
        return error_nomem(err);
    if (option_of(request, "included_columns") && option_of(request, "excluded_columns"))
        return error_set(err, TG_SPEC,
                         "included_columns and excluded_columns exclude each other; keep one");
    TRY(check_columns(plan, request, err));
    for (size_t i = 0; i < relation->column_count; i++)
        if (is_chosen(request, relation->columns[i].name))
            columns[count++] = (struct selected_column){relation->columns[i].name,
                                                        cast_of(request, &relation->columns[i])};
    if (count == 0)
        return error_set(err, TG_SPEC, "excluded_columns leaves no column of '%s'", relation->name);
    plan->selection.columns = columns;
    plan->selection.column_count = count;
done:
    return rc;
}

/* The column of one of the cursor's fields, which must be read. */
static int find_field(const struct plan *plan, const struct resource_request *request,
                      const char *path, const struct relation_column **out, struct tg_error *err)
{
    const char *name = path_field(path);
    *out = relation_column(&plan->relation, name);
    if (!*out)
        return no_column(plan, "incremental", name, err);
    if (is_chosen(request, name))
        return TG_OK;
    return error_set(err, TG_SPEC, "the cursor's column '%s' must be loaded, too; %s it", name,
                     option_of(request, "included_columns") ? "include" : "do not exclude");
}

static int choose_fields(struct plan *plan, const struct resource_request *request,
                         struct tg_error *err)
{
    int rc = TG_OK;
    const size_t count = request->cursor->part_count;
    struct sorted_field *fields = arena_alloc(&plan->arena, count * sizeof(*fields));
    if (!fields)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        const struct relation_column *column;
        TRY(find_field(plan, request, request->cursor->parts[i].path, &column, err));
        const struct type_spec type = select_cursor_type(plan->selection.dialect, column);
        fields[i] = (struct sorted_field){column->name, type.type == TYPE_TEXT, type};
        if (i == 0 && !request->orders_itself)
            plan->selection.cursor_type = type;
    }
    plan->selection.fields = fields;
    plan->selection.field_count = count;
    plan->selection.cursor_column = fields[0].name;
done:
    return rc;
}

static int choose_cursor(struct plan *plan, const struct resource_request *request,
                         struct tg_error *err)
{
    const struct tg_cursor *cursor = request->cursor;
    plan->selection.cursor = cursor->part_count > 0 ? cursor->parts : cursor;
    plan->selection.last_value = request->last_value;
    plan->selection.on_missing = request->on_missing;
    plan->selection.whole_groups = request->whole_groups;
    plan->selection.start_is_open = request->start_is_open;
    plan->selection.end_is_closed = request->end_is_closed;
    plan->selection.row_order = request->keys ? TG_ANY_ORDER : request->row_order;
    if (request->orders_itself && plan->selection.row_order) /* reading could end too early */
        return error_set(err, TG_SPEC,
                         "row_order: the database sorts '%s' as what it is there, not as "
                         "cursor_type or last_value_func compare; leave row_order out",
                         cursor->path);
    return cursor->path ? choose_fields(plan, request, err) : TG_OK;
}

static int check_options(const struct resource_request *request, struct tg_error *err)
{
    bool table = option_of(request, "table"), query = option_of(request, "query");
    return table != query
               ? TG_OK
               : error_set(err, TG_SPEC,
                           table ? "'table' and 'query' exclude each other; keep one of them"
                                 : "a resource of this source needs 'table', 'query' or 'tables'");
}

static int make_plan(struct source *source, const struct resource_request *request,
                     struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct relation *relation = NULL;
    const char *table = option_of(request, "table");
    arena_init(&plan->arena);
    plan->selection = (struct selection){.dialect = pool_first(source->pool)->dialect};
    TRY(check_options(request, err));
    if (table) {
        TRY(find_table(source, table, &relation, err));
        plan->relation = *relation;
        plan->selection.schema = source->relations.schema;
        plan->selection.table = relation->name;
        TRY(look_at_table(plan, pool_first(source->pool), err));
    } else {
        TRY(look_at_query(plan, pool_first(source->pool), option_of(request, "query"), err));
    }
    TRY(choose_columns(plan, request, err));
    TRY(choose_cursor(plan, request, err));
done:
    return rc;
}

/* ---- what is known of it ---- */

/* What a hint can say, and the data would not: of text the length limits nothing, and what an
 * integer holds is seen when it comes. */
static void type_fact(const struct type_spec *spec, struct tg_column *out)
{
    enum type type = spec->type == TYPE_WEI ? TYPE_DECIMAL : spec->type;
    if (type == TYPE_NONE || spec->precision > DECIMAL_PRECISION)
        return;
    out->data_type = type_name(type);
    if (type == TYPE_DECIMAL) {
        out->precision = spec->type == TYPE_WEI ? DECIMAL_PRECISION : spec->precision;
        out->scale = spec->scale;
    }
    if (type == TYPE_TIMESTAMP && spec->naive) {
        out->precision = spec->precision;
        out->timezone = TG_NO;
    }
}

static int column_fact(const struct resource_request *request, const struct relation_column *column,
                       struct arena *arena, struct source_facts *out, struct tg_error *err)
{
    struct tg_column *fact = &out->columns[out->column_count];
    if (!is_chosen(request, column->name))
        return TG_OK;
    int rc = arena_keep(arena, column->name, &out->names[out->width], err);
    *fact = (struct tg_column){.name = out->names[out->width++],
                               .nullable = column->nullable ? TG_DEFAULT : TG_NO};
    type_fact(&column->spec, fact);
    out->column_count += fact->data_type || fact->nullable != TG_DEFAULT;
    return rc;
}

/* A part of a key makes no row unique. */
static int key_fact(const struct resource_request *request, const struct relation *relation,
                    struct arena *arena, struct source_facts *out, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < relation->key_count; i++)
        if (!is_chosen(request, relation->key[i]))
            return TG_OK;
    out->primary_key = arena_alloc(arena, (relation->key_count + 1) * sizeof(*out->primary_key));
    if (!out->primary_key)
        return error_nomem(err);
    for (size_t i = 0; i < relation->key_count; i++)
        TRY(arena_keep(arena, relation->key[i], &out->primary_key[out->primary_key_count++], err));
done:
    return rc;
}

static int sql_describe(struct source *source, const struct resource_request *request,
                        struct arena *arena, struct source_facts *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct plan plan = {0};
    TRY(make_plan(source, request, &plan, err));
    const struct relation *relation = &plan.relation;
    out->columns = arena_alloc(arena, (relation->column_count + 1) * sizeof(*out->columns));
    out->names = arena_alloc(arena, (relation->column_count + 1) * sizeof(*out->names));
    if (!out->columns || !out->names)
        TRY(error_nomem(err));
    for (size_t i = 0; i < relation->column_count; i++)
        TRY(column_fact(request, &relation->columns[i], arena, out, err));
    TRY(key_fact(request, relation, arena, out, err));
done:
    arena_release(&plan.arena);
    return rc;
}

/* ---- reading ---- */

/* What transactions may still bring is left to a later run. */
static int set_ceiling(struct source *source, const struct resource_request *request,
                       struct plan *plan, struct tg_error *err)
{
    const struct commit_safe *asked = &request->commit_safe;
    const struct safe_request safe = {pool_first(source->pool), &source->safe, asked, request->name,
                                      request->replaces};
    const bool is_none = !plan->selection.cursor_column || !asked->applies;
    return is_none || asked->wanted == TG_NO ? TG_OK : safe_ceiling(&safe, &plan->selection, err);
}

/* Slices come in no order: what is sorted is read as a whole, as is what a key could not tell apart
 * by its place alone. */
static int divide(struct source *source, const struct plan *plan, struct slices *out,
                  struct tg_error *err)
{
    size_t parallel = pool_parallel(source->pool);
    if (parallel == 0 || !plan->selection.table || plan->selection.row_order)
        return TG_OK;
    return reading_divide(pool_first(source->pool), plan->selection.schema, &plan->relation,
                          parallel * SLICES_OF_READER, out, err);
}

/* All on the first connection. */
static int read_whole(struct source *source, const struct plan *plan,
                      const struct resource_request *request, struct page_stream **out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    struct page_stream *reader = NULL;
    TRY(select_write(&sql, &plan->selection, NULL, -1, err));
    TRY(sql_reader_open(pool_first(source->pool), buf_string(&sql), option_of(request, "table"),
                        request->checks ? out : &reader, err));
    if (reader)
        TRY(read_ahead_open(reader, PAGES_AHEAD, pool_bytes_ahead(source->pool), out, err));
done:
    buf_release(&sql);
    return rc;
}

/* The look at its columns holds what the resource reads, so that it stays as it is from here on. Is
 * it what it was at the moment that is read? */
static int look_again(struct source *source, const struct plan *plan,
                      const struct resource_request *request, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowSchema schema = {0};
    struct buf remade = BUF_INIT;
    TRY(fetch_schema(plan, pool_first(source->pool), &schema, err));
    if (request->checks)
        TRY(sql_reader_check(&schema, plan->selection.table, err));
    TRY(reading_find_remade(pool_first(source->pool), &remade, err));
    if (remade.len == 0)
        goto done;
    rc = error_set(err, TG_SOURCE,
                   "%s was truncated, rewritten or made anew since the run began, and its rows "
                   "cannot be seen as of then; run again",
                   buf_string(&remade));
    if (err)
        err->retryable = true;
done:
    schema_release(&schema);
    buf_release(&remade);
    return rc;
}

static int sql_read(struct source *source, const struct resource_request *request,
                    struct page_stream **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct plan plan = {0};
    struct slices slices = {0};
    const char *table = option_of(request, "table");
    *out = NULL;
    TRY(make_plan(source, request, &plan, err));
    TRY(look_again(source, &plan, request, err));
    TRY(set_ceiling(source, request, &plan, err));
    if (!request->checks)
        TRY(divide(source, &plan, &slices, err));
    if (pool_room(source->pool) > 0 && !request->checks && (slices.count > 1 || !request->is_last))
        TRY(sliced_open(source->pool, &plan.selection, &slices, table, out, err));
    if (!*out)
        TRY(read_whole(source, &plan, request, out, err));
done:
    slices_release(&slices);
    arena_release(&plan.arena);
    return rc == TG_OK ? rc : sql_read_failed(rc, table, err);
}

static bool sql_has_room(const struct source *source)
{
    return pool_room(source->pool) > 0;
}

/* ---- the driver ---- */

static const struct option source_options[] = {
    {.name = "connection",
     .type = OPTION_MAP,
     .table = location_options,
     .shorthand = "url",
     .required = true,
     .help = "The database: a URL (duckdb:///file.duckdb beside the spec, postgresql://...), or an "
             "ADBC driver with what it opens."},
    {.name = "schema",
     .type = OPTION_TEXT,
     .help = "The schema that its tables are in; if not given, the one that the connection starts "
             "in."},
    {.name = "parallel",
     .type = OPTION_INT,
     .min = 1,
     .fallback = "2",
     .help =
         "PostgreSQL: how many connections read at once, several tables or parts of a large one, "
         "beside the one that holds the moment that all of them see. 1: one table after the "
         "other, by that one alone."},
    OPTION_END,
};

static const struct option resource_options[] = {
    {.name = "table",
     .type = OPTION_TEXT,
     .help = "The table or view to read, as the database spells it. Its primary key, types and "
             "which columns may be NULL hold where the resource says nothing."},
    {.name = "query",
     .type = OPTION_TEXT,
     .help = "In place of `table`: a SELECT whose rows are read."},
    {.name = "tables",
     .type = OPTION_TEXTS,
     .help =
         "In place of `table`: all, or names and glob patterns. The resource then stands for a "
         "resource of each of them, called as the table is, with all that it says; a table that "
         "has a resource of its own is left to that."},
    {.name = "include_views",
     .type = OPTION_BOOL,
     .fallback = "false",
     .help = "Whether `tables: all` and patterns take views, too."},
    {.name = "included_columns",
     .type = OPTION_TEXTS,
     .help = "The columns to read; all if not given."},
    {.name = "excluded_columns", .type = OPTION_TEXTS, .help = "Columns that are not read."},
    OPTION_END,
};

static const char start[] =
    "source:\n"
    "  type: sql\n"
    "  # The database to read: a file of DuckDB, postgresql://USER@HOST:PORT/DATABASE\n"
    "  # (its password in the variable PGPASSWORD or in ~/.pgpass), or by an ADBC\n"
    "  # driver: {driver: sqlite, uri: shop.sqlite}\n"
    "  connection: duckdb:///shop.duckdb\n"
    "  # schema: live                    # where its tables are; else main, or public\n\n"
    "resources:\n"
    "  # Every table becomes one at the destination, with its primary key and types.\n"
    "  shop:\n"
    "    tables: all                   # or names and patterns: [orders, customer_*]\n"
    "    write_disposition: replace\n\n"
    "  # One table, and of it only what is new by a column that grows. Where the\n"
    "  # database has no primary key say one here: primary_key: id\n"
    "  # orders:\n"
    "  #   table: orders\n"
    "  #   write_disposition: merge\n"
    "  #   incremental: updated_at\n\n"
    "  # Or what a query gives.\n"
    "  # totals:\n"
    "  #   query: SELECT customer, sum(price) AS price FROM orders GROUP BY customer\n";

const struct source_driver source_sql = {
    .name = "sql",
    .help = "Tables, views and queries of a database.",
    .start = start,
    .source_options = source_options,
    .resource_options = resource_options,
    .open = sql_open,
    .close = sql_close,
    .read = sql_read,
    .has_room = sql_has_room,
    .describe = sql_describe,
    .group = "tables",
    .member = "table",
    .list = sql_list,
    .lists_keys = true,
};
