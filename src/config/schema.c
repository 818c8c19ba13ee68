/*
 * The schema's own part of a configuration: names, detections, types and hints by name, contracts,
 * the folders of its YAML form.
 *
 *   spec.c (YAML) -> schema_read      \
 *   config_init (C API) -> schema_set  > config->schema_config
 *
 * What becomes of them in the stored
 * schema is left to the catalog (catalog_apply_settings), which is also asked whether a regular
 * expression is one.
 */
#include <string.h>

#include "base/fs.h"
#include "config/spec.h"
#include "dlt/store.h"

/* ---- patterns ---- */

/* Asks the one who will use it. */
static int try_pattern(const char *pattern, struct tg_error *err)
{
    const struct schema_type type = {pattern, TYPE_TEXT};
    const struct schema_hints hints = {
        .preferred_types = &type, .preferred_type_count = 1, .max_nesting = -1};
    struct catalog scratch = {0};
    if (!*pattern || strcmp(pattern, "re:") == 0)
        return error_set(err, TG_SPEC,
                         "'%s' is no pattern; write a column's name, or re: and a regular "
                         "expression",
                         pattern);
    int rc = catalog_init(&scratch, "scratch", err);
    if (rc == TG_OK)
        rc = catalog_apply_settings(&scratch, &hints, err);
    catalog_release(&scratch);
    return rc;
}

/* ---- from a spec ---- */

/* A folder of the spec starts beside it. NULL: not given. */
static int read_folder(struct config *config, struct document *doc, const struct node *schema,
                       const char *key, const char **out)
{
    const struct node *node = node_find(schema, key);
    if (!node)
        return TG_OK;
    if (!*node->text)
        return document_problem(doc, &node->place, "'%s' is empty; name a folder", key);
    if (strcmp(config->folder, ".") == 0) {
        *out = node->text;
        return TG_OK;
    }
    char *path = fs_join(config->folder, node->text);
    *out = path ? arena_strdup(&config->arena, path) : NULL;
    mem_free(path);
    return *out ? TG_OK : error_nomem(doc->err);
}

static int check_pattern(struct document *doc, const struct place *place, const char *text)
{
    struct tg_error why = {0};
    int rc = try_pattern(text, &why);
    if (rc == TG_NOMEM)
        return error_nomem(doc->err);
    return rc == TG_OK ? TG_OK : document_problem(doc, place, "%s", why.what);
}

static int read_types(struct config *config, struct document *doc, const struct node *map)
{
    int rc = TG_OK;
    struct schema_hints *hints = &config->schema_config.hints;
    size_t count = map ? map->item_count : 0;
    struct schema_type *types = arena_alloc(&config->arena, (count + 1) * sizeof(*types));
    if (!types)
        return error_nomem(doc->err);
    for (size_t i = 0; i < count; i++) {
        const struct node *entry = &map->items[i];
        TRY(check_pattern(doc, &entry->name_place, entry->name));
        types[i] = (struct schema_type){entry->name, type_find(entry->text)};
    }
    hints->preferred_types = types;
    hints->preferred_type_count = count;
done:
    return rc;
}

static int read_default_hints(struct config *config, struct document *doc, const struct node *map)
{
    int rc = TG_OK;
    struct schema_hints *hints = &config->schema_config.hints;
    size_t cap = 0;
    for (size_t i = 0; map && i < map->item_count; i++)
        cap += map->items[i].kind == NODE_LIST ? map->items[i].item_count : 1;
    struct schema_pattern *patterns = arena_alloc(&config->arena, (cap + 1) * sizeof(*patterns));
    if (!patterns)
        return error_nomem(doc->err);
    hints->default_hints = patterns;
    for (size_t i = 0; map && i < map->item_count; i++) {
        const struct node *entry = &map->items[i];
        bool is_list = entry->kind == NODE_LIST;
        for (size_t j = 0; j < (is_list ? entry->item_count : 1); j++) {
            const struct node *text = is_list ? &entry->items[j] : entry;
            TRY(check_pattern(doc, &text->place, text->text));
            patterns[hints->default_hint_count++] =
                (struct schema_pattern){entry->name, text->text};
        }
    }
done:
    return rc;
}

int schema_read(struct config *config, struct document *doc, const struct node *schema)
{
    int rc = TG_OK;
    struct schema_config *out = &config->schema_config;
    const struct node *name = node_find(schema, "name");
    const char *fault = name ? schema_name_fault(name->text) : NULL;
    if (fault)
        TRY(document_problem(doc, &name->place, "the schema's name %s", fault));
    TRY(fill_from_map(doc, schema, schema_options, out));
    TRY(read_types(config, doc, node_find(schema, "preferred_types")));
    TRY(read_default_hints(config, doc, node_find(schema, "default_hints")));
    TRY(read_folder(config, doc, schema, "import_schema_path", &out->import_path));
    TRY(read_folder(config, doc, schema, "export_schema_path", &out->export_path));
done:
    return rc;
}

/* ---- from the C API ---- */

/* What is wrong with an argument is the caller's. */
static int usage(int rc, const struct tg_error *why, struct tg_error *err)
{
    if (rc == TG_NOMEM)
        return error_nomem(err);
    return rc == TG_OK ? TG_OK : error_set(err, TG_USAGE, "%s", why->what);
}

static int set_types(struct config *config, const struct tg_schema_options *given,
                     struct tg_error *err)
{
    int rc = TG_OK, choice;
    struct tg_error why = {0};
    size_t count = given->preferred_type_count;
    struct schema_hints *hints = &config->schema_config.hints;
    if (count > 0 && !given->preferred_types)
        return error_set(err, TG_USAGE, "preferred_type_count is set, preferred_types is not");
    struct schema_type *types = arena_alloc(&config->arena, (count + 1) * sizeof(*types));
    if (!types)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        const struct tg_preferred_type *one = &given->preferred_types[i];
        if (!one->pattern || !one->data_type)
            return error_set(err, TG_USAGE, "preferred type %zu has no %s", i,
                             one->data_type ? "pattern" : "data_type");
        TRY(usage(try_pattern(one->pattern, &why), &why, err));
        TRY(find_word(option_find(schema_options, "preferred_types"), one->data_type, &choice,
                      err));
        types[i].type = type_find(one->data_type);
        types[i].pattern = arena_strdup(&config->arena, one->pattern);
        if (!types[i].pattern)
            return error_nomem(err);
    }
    hints->preferred_types = types;
    hints->preferred_type_count = count;
done:
    return rc;
}

static int check_name(const char *name, struct tg_error *err)
{
    const char *fault = schema_name_fault(name);
    return fault ? error_set(err, TG_USAGE, "the name of schema '%s' %s", name, fault) : TG_OK;
}

int schema_set(struct config *config, const struct tg_schema_options *given, struct tg_error *err)
{
    int rc = TG_OK;
    struct schema_config *out = &config->schema_config;
    if (!given)
        return TG_OK;
    if ((given->import_path && !*given->import_path) ||
        (given->export_path && !*given->export_path))
        TRY(error_set(err, TG_USAGE, "the path of a folder is empty; set it to NULL, or name one"));
    TRY(fill_from_struct(&config->arena, given, sizeof(*given), schema_options, out, err));
    TRY(fill_from_struct(&config->arena, given, sizeof(*given), schema_fields, out, err));
    if (out->name)
        TRY(check_name(out->name, err));
    for (size_t i = 0; i < out->other_count; i++)
        TRY(check_name(out->others[i], err));
    TRY(set_types(config, given, err));
done:
    return rc == TG_OK || rc == TG_NOMEM ? rc : error_where(err, rc, "schema options");
}
