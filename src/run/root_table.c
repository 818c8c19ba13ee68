/*
 * What a resource says of its table, as the catalog takes it: names in their normal form, hints in
 * dlt's words, the contract that holds.
 *
 *   root_table_hints -> normal_names, hint_columns (column_hints, add_hints), default_hints ->
 *              history_hints (history.c) -> contract_of_table -> catalog_apply_hints
 *
 * How hints meet what the catalog knows is decided there; what a resource may say at all, in the
 * configuration.
 */
#include <string.h>

#include "base/json.h"
#include "data/rows.h"
#include "run/range.h"
#include "write/disposition.h"

struct name_rules session_names(const struct session *session)
{
    return settings_names(&session->settings, session->destination.facts.name_bytes_max);
}

int session_name(struct session *session, const char *name, const char **out, struct tg_error *err)
{
    const struct name_rules rules = session_names(session);
    return name_path_copy(&rules, &session->hasher, name, &session->catalog.arena, out, err);
}

int session_normal(void *session, const char *name, size_t len, struct buf *out,
                   struct tg_error *err)
{
    struct session *own = session;
    const struct name_rules rules = session_names(own);
    return name_path(&rules, &own->hasher, name, len, out, err);
}

static int normal_names(struct session *session, const char *const *names, size_t count,
                        const char ***out, struct tg_error *err)
{
    *out = arena_alloc(&session->catalog.arena, (count + 1) * sizeof(**out));
    if (!*out)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        int rc = session_name(session, names[i], &(*out)[i], err);
        if (rc != TG_OK)
            return rc;
    }
    return TG_OK;
}

/* ---- hints that go into the stored schema as they are ---- */

static int add_extra(struct arena *arena, struct extra **list, const char *key, const char *json,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct extra *extra = arena_alloc(arena, sizeof(*extra));
    if (!extra)
        return error_nomem(err);
    TRY(arena_keep(arena, key, &extra->key, err));
    TRY(arena_keep(arena, json, &extra->json, err));
    extra->next = *list;
    *list = extra;
done:
    return rc;
}

static int add_text(struct arena *arena, struct extra **list, const char *key, const char *text,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct buf json = BUF_INIT;
    if (!text)
        return TG_OK;
    json_string(&json, text, strlen(text));
    TRY(buf_check(&json, err));
    TRY(add_extra(arena, list, key, buf_string(&json), err));
done:
    buf_release(&json);
    return rc;
}

/* The members of a JSON object. */
static int add_hints(struct arena *arena, struct extra **list, const char *object,
                     struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *doc = NULL;
    yyjson_obj_iter members;
    struct buf json = BUF_INIT;
    if (!object)
        return TG_OK;
    TRY(json_parse(object, strlen(object), "'hints'", &doc, err));
    yyjson_obj_iter_init(yyjson_doc_get_root(doc), &members);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&members));) {
        buf_clear(&json);
        cell_json(&json, yyjson_obj_iter_get_val(key), 0);
        TRY(buf_check(&json, err));
        TRY(add_extra(arena, list, yyjson_get_str(key), buf_string(&json), err));
    }
done:
    buf_release(&json);
    yyjson_doc_free(doc);
    return rc;
}

/* ---- hints that name columns and tables ---- */

/* A name of the reference, or each of a list of names, in its normal form. */
static int normal_json(struct session *session, yyjson_mut_val *value, struct tg_error *err)
{
    int rc = TG_OK;
    const char *name = NULL;
    yyjson_mut_arr_iter items;
    if (yyjson_mut_is_str(value)) {
        TRY(session_name(session, yyjson_mut_get_str(value), &name, err));
        yyjson_mut_set_str(value, name);
    }
    yyjson_mut_arr_iter_init(value, &items);
    for (yyjson_mut_val *item; (item = yyjson_mut_arr_iter_next(&items));)
        TRY(normal_json(session, item, err));
done:
    return rc;
}

/* A name, or a list of them, as the source names them. */
static int normal_hint(struct session *session, struct buf *json, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *given = NULL;
    yyjson_mut_doc *doc = NULL;
    TRY(json_parse(buf_string(json), json->len, "a hint", &given, err));
    doc = yyjson_doc_mut_copy(given, json_allocator());
    if (!doc)
        TRY(error_nomem(err));
    TRY(normal_json(session, yyjson_mut_doc_get_root(doc), err));
    buf_clear(json);
    TRY(json_mut_write(doc, json, err));
done:
    yyjson_mut_doc_free(doc);
    yyjson_doc_free(given);
    return rc;
}

/* What is said of the disposition, under the keys by which the stored table has it. */
static int disposition_hints(struct session *session, const struct resource *resource,
                             struct extra **extras, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf json = BUF_INIT;
    for (const struct option *option = NULL; (option = disposition_said(resource, option));) {
        if (!option->hint || (resource->disposition->keeps_history &&
                              strcmp(option->hint, DISPOSITION_ROW_VERSION_HINT) == 0))
            continue; /* history.c marks the column */
        buf_clear(&json);
        field_json(option, resource, &json);
        TRY(buf_check(&json, err));
        if (option->names_columns)
            TRY(normal_hint(session, &json, err));
        TRY(add_extra(&session->catalog.arena, extras, option->hint, buf_string(&json), err));
    }
done:
    buf_release(&json);
    return rc;
}

/* [{referenced_table, columns, referenced_columns}], written as the source names them. */
static int normal_references(struct session *session, struct extra *references,
                             struct tg_error *err)
{
    static const char *const keys[] = {"referenced_table", "columns", "referenced_columns"};
    int rc = TG_OK;
    yyjson_doc *given = NULL;
    yyjson_mut_doc *doc = NULL;
    yyjson_mut_arr_iter items;
    struct buf json = BUF_INIT;
    TRY(json_parse(references->json, strlen(references->json), "'references'", &given, err));
    doc = yyjson_doc_mut_copy(given, json_allocator());
    if (!doc)
        TRY(error_nomem(err));
    yyjson_mut_arr_iter_init(yyjson_mut_doc_get_root(doc), &items);
    for (yyjson_mut_val *item; (item = yyjson_mut_arr_iter_next(&items));)
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            TRY(normal_json(session, yyjson_mut_obj_get(item, keys[i]), err));
    TRY(json_mut_write(doc, &json, err));
    TRY(arena_keep(&session->catalog.arena, buf_string(&json), &references->json, err));
done:
    buf_release(&json);
    yyjson_mut_doc_free(doc);
    yyjson_doc_free(given);
    return rc;
}

/* ---- columns ---- */

static int column_extras(struct arena *arena, const struct tg_column *hint, struct extra **list,
                         struct tg_error *err)
{
    const struct {
        const char *key;
        bool said;
    } marks[] = {{"partition", hint->partition}, {"cluster", hint->cluster}, {"sort", hint->sort}};
    int rc = TG_OK;
    TRY(add_hints(arena, list, hint->hints, err));
    TRY(add_text(arena, list, "description", hint->description, err));
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (marks[i].said)
            TRY(add_extra(arena, list, marks[i].key, "true", err));
done:
    return rc;
}

static int column_hints(struct session *session, const struct tg_column *hint,
                        struct table_column *column, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(session_name(session, hint->name, &column->name, err));
    column->spec.type = hint->data_type ? type_find(hint->data_type) : TYPE_NONE;
    column->spec.precision = hint->precision;
    column->spec.scale = hint->scale;
    column->spec.naive = hint->timezone == TG_NO;
    column->has_timezone = hint->timezone != TG_DEFAULT;
    column->nullable = hint->nullable != TG_NO;
    column->nullable_implied = hint->nullable == TG_DEFAULT;
    column->hard_delete = hint->hard_delete;
    column->dedup_sort = hint->dedup_sort;
    column->unique = hint->unique;
    TRY(column_extras(&session->catalog.arena, hint, &column->extras, err));
done:
    return rc;
}

static int hint_columns(struct session *session, const struct resource *resource,
                        const struct table *table, struct table_column **out, struct tg_error *err)
{
    int rc = TG_OK;
    const size_t known = table ? table->column_count : 0;
    *out = arena_alloc(&session->catalog.arena,
                       (resource->column_count + known + HISTORY_COLUMNS) * sizeof(**out));
    if (!*out)
        return error_nomem(err);
    for (size_t i = 0; i < resource->column_count; i++) {
        rc = column_hints(session, &resource->columns[i], &(*out)[i], err);
        if (rc != TG_OK)
            return error_at(err, rc, AT_COLUMN, resource->columns[i].name);
    }
    return rc;
}

/* Keys and marks that the schema gives to new columns by their names are said with each run. */
static int default_hints(struct session *session, const struct table *table,
                         struct table_column *columns, size_t *count, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; table && i < table->column_count; i++) {
        const struct table_column *known = &table->columns[i];
        struct table_column said = {.name = known->name};
        TRY(settings_default_hints(&session->settings, &said, err));
        struct table_column column = {.name = known->name,
                                      .nullable = true,
                                      .nullable_implied = true,
                                      .primary_key = said.primary_key && known->primary_key,
                                      .merge_key = said.merge_key && known->merge_key,
                                      .hard_delete = said.hard_delete && known->hard_delete};
        if (column.primary_key || column.merge_key || column.hard_delete)
            columns[(*count)++] = column;
    }
done:
    return rc;
}

/* A key that has several rows has them numbered. */
static struct table_column number_of_version(void)
{
    return (struct table_column){
        .name = VERSION_COLUMN, .spec = {.type = TYPE_BIGINT}, .nullable = true};
}

/* ---- the table ---- */

/* The run's word over the resource's, that over the stored one, over the schema's. */
static struct contract contract_of_table(const struct session *session,
                                         const struct resource *resource, const struct table *table)
{
    const struct contract *own = &resource->contract;
    if (!contract_is_said(own))
        own = table ? &table->contract : NULL;
    return contract_resolve(&session->pipeline->config.run_contract, own,
                            &session->settings.contract);
}

int root_table_name(struct session *session, const struct resource *resource, const char **out,
                    struct tg_error *err)
{
    return session_name(session, resource->table_name, out, err);
}

int root_table_contract(struct session *session, const struct resource *resource,
                        struct contract *out, struct tg_error *err)
{
    const char *name;
    int rc = root_table_name(session, resource, &name, err);
    if (rc == TG_OK)
        *out = contract_of_table(session, resource, catalog_find(&session->catalog, name));
    return rc;
}

int root_table_hints(struct session *session, const struct resource *resource, struct table **out,
                     struct contract *contract, struct tg_error *err)
{
    int rc = TG_OK;
    const char *cursor = resource->incremental.cursor_path;
    const char **primary_key = NULL, **merge_key = NULL;
    struct table_column *columns = NULL;
    struct extra *extras = NULL;
    struct table_hints hints = {
        .resource = resource->name,
        .disposition = resource->disposition->word,
        .strategy = disposition_strategy(resource->disposition),
        .max_nesting = resource->max_table_nesting,
        .primary_key_count = resource->primary_key_count,
        .merge_key_count = resource->merge_key_count,
        .contract = resource->contract,
        .column_count = resource->column_count,
    };
    TRY(root_table_name(session, resource, &hints.table, err));
    hints.folds_case = session->destination.facts.folds_case;
    hints.keeps_unsaid = session->pipeline->config.schema_config.import_path != NULL;
    hints.there = catalog_find_like(&session->there, hints.table, hints.folds_case);
    TRY(normal_names(session, resource->primary_key, resource->primary_key_count, &primary_key,
                     err));
    TRY(normal_names(session, resource->merge_key, resource->merge_key_count, &merge_key, err));
    const struct table *table = catalog_find(&session->catalog, hints.table);
    TRY(hint_columns(session, resource, table, &columns, err));
    TRY(default_hints(session, table, columns, &hints.column_count, err));
    TRY(history_hints(session, resource, &hints, columns, &hints.column_count, err));
    if (disposition_keeps_versions(resource))
        columns[hints.column_count++] = number_of_version();
    TRY(add_hints(&session->catalog.arena, &extras, resource->hints, err));
    TRY(disposition_hints(session, resource, &extras, err));
    for (struct extra *extra = extras; extra; extra = extra->next)
        if (strcmp(extra->key, "references") == 0)
            TRY(normal_references(session, extra, err));
    TRY(add_text(&session->catalog.arena, &extras, "description", resource->description, err));
    if (resource->incremental.field_count == 1 && !strpbrk(cursor, ".[$"))
        TRY(session_name(session, cursor, &hints.cursor, err));
    if (resource->row_version_column_name && resource->skip_unchanged_rows)
        TRY(session_name(session, resource->row_version_column_name, &hints.row_version, err));
    TRY(range_hint(session, resource, &hints.range, err));
    *contract = contract_of_table(session, resource, table);
    hints.effective = *contract;
    hints.primary_key = primary_key;
    hints.merge_key = merge_key;
    hints.columns = columns;
    hints.extras = extras;
    TRY(catalog_apply_hints(&session->catalog, &hints, out, err));
done:
    return rc;
}

/* ---- rows that the source has no more ---- */

int root_table_flag(struct session *session, const struct resource *resource, struct table *root,
                    struct tg_error *err)
{
    const struct type_spec spec = {.type = TYPE_TIMESTAMP};
    const struct deletes *deletes = &resource->deletes;
    bool flags = deletes->detect != TG_DETECT_NONE && deletes->apply == TG_APPLY_SOFT;
    if (!flags || table_is_new(root) || table_find(root, DELETED_COLUMN))
        return TG_OK;
    return table_add_column(&session->catalog, root, DELETED_COLUMN, &spec, NULL, err);
}

void root_table_mark(const struct deletes *deletes, struct manifest_table *root)
{
    root->deletes_absent = deletes->apply == TG_APPLY_HARD;
    root->flags_absent = deletes->apply == TG_APPLY_SOFT;
    root->ends_absent = deletes->apply == TG_APPLY_SCD2;
}
