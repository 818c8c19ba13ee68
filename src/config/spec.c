/*
 * The spec: what its keys (keys.c) become.
 *
 *   spec_convert: check_shape (each map by its tables) -> schema_read (schema.c), read_names,
 *                 read_sources -> read_resource [fill_from_map: fill.c] -> resource_add
 *                 (resource.c) -> config->resources
 *
 * What is wrong is recorded in the document, with its place: first everything about keys and types,
 * then, when that is right, what does not go together. Reading YAML and tables is left to
 * document.c and config.c; opening what is named here, to the source and the destination.
 */
#include "config/spec.h"

#include <string.h>

#include "write/destination.h"
#include "write/disposition.h"

bool source_fits_spec(const struct source_driver *driver)
{
    return strcmp(driver->name, "callback") != 0;
}

/* ---- from a document ---- */

struct conversion {
    struct document *doc;
    struct config *config;
    struct source_entry *sources;
    size_t source_count;
    struct tg_error *err;
};

static const char *text_of(const struct node *map, const char *key)
{
    const struct node *node = node_find(map, key);
    return node && node->kind == NODE_SCALAR ? node->text : NULL;
}

int source_named(const char *type, const struct source_driver **out, struct tg_error *err)
{
    size_t count;
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = type};
    struct buf names = BUF_INIT;
    *out = source_find(type);
    if (*out && source_fits_spec(*out))
        return TG_OK;
    if (*out)
        return error_set(err, TG_USAGE,
                         "source type '%s' cannot be named: it is a function of a program, `read` "
                         "of struct tg_resource",
                         type);
    const struct source_driver *const *drivers = source_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (!source_fits_spec(drivers[i]))
            continue;
        nearest_offer(&nearest, drivers[i]->name, strlen(drivers[i]->name));
        buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", drivers[i]->name);
    }
    int rc = buf_check(&names, err);
    if (rc == TG_OK)
        rc = error_set(err, TG_USAGE, "there is no source type '%s' (there are: %s)%s", type,
                       buf_string(&names), nearest_hint(&nearest, hint));
    buf_release(&names);
    return rc;
}

/* The driver of a source's `type`. */
static int find_driver(const struct conversion *conv, struct source_entry *source)
{
    struct tg_error why;
    const struct source_driver *driver;
    const struct node *type = node_find(source->node, "type");
    if (!type || type->kind != NODE_SCALAR)
        return TG_OK; /* document_check says so */
    int rc = source_named(type->text, &driver, &why);
    if (rc == TG_USAGE)
        return document_problem(conv->doc, &type->place, "%s", why.what);
    source->driver = driver;
    return rc == TG_OK ? TG_OK : error_nomem(conv->err);
}

static int check_source(const struct conversion *conv, struct source_entry *source)
{
    int rc = TG_OK;
    const struct option *tables[] = {source_options, NULL, NULL};
    const char *subject =
        source->name ? arena_printf(conv->doc->arena, "source '%s'", source->name) : "source";
    if (!subject)
        return error_nomem(conv->err);
    TRY(find_driver(conv, source));
    if (source->driver)
        tables[1] = source->driver->source_options;
    if (source->driver || !text_of(source->node, "type"))
        TRY(document_check(conv->doc, source->node, subject, tables));
done:
    return rc;
}

/* One `source`, or a map of `sources`. */
static int list_sources(struct conversion *conv)
{
    int rc = TG_OK;
    struct document *doc = conv->doc;
    const struct node *one = node_find(&doc->root, "source");
    const struct node *many = node_find(&doc->root, "sources");
    size_t count = many && many->kind == NODE_MAP ? many->item_count : 0;
    if (one && many)
        TRY(document_problem(doc, &many->name_place,
                             "'source' and 'sources' exclude each other; keep one of them"));
    if (!one && !many)
        TRY(document_problem(doc, &doc->root.name_place, "the spec needs the key 'source'"));
    conv->sources = arena_alloc(doc->arena, (count + 1) * sizeof(*conv->sources));
    if (!conv->sources)
        return error_nomem(conv->err);
    for (size_t i = 0; i < count; i++)
        conv->sources[conv->source_count++] =
            (struct source_entry){.name = many->items[i].name, .node = &many->items[i]};
    if (one && !many && one->kind == NODE_MAP)
        conv->sources[conv->source_count++] = (struct source_entry){.node = one};
    for (size_t i = 0; i < conv->source_count; i++) {
        const struct node *node = conv->sources[i].node;
        if (node->kind == NODE_MAP || node->kind == NODE_NULL)
            TRY(check_source(conv, &conv->sources[i]));
    }
done:
    return rc;
}

/* The source of a resource; NULL when that is a problem, which is recorded here. */
static int pick_source(const struct conversion *conv, const struct node *node,
                       const struct source_entry **out)
{
    *out = NULL;
    const struct node *given = node_find(node, "source");
    bool named = node_find(&conv->doc->root, "sources") != NULL;
    if (!named && given)
        return document_problem(conv->doc, &given->name_place,
                                "resource '%s': 'source' is for specs with 'sources'", node->name);
    if (!named) {
        *out = conv->source_count > 0 ? &conv->sources[0] : NULL;
        return TG_OK;
    }
    if (!given)
        return document_problem(conv->doc, &node->name_place,
                                "resource '%s' needs the key 'source'", node->name);
    if (given->kind != NODE_SCALAR)
        return TG_OK; /* document_check says so */
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = given->text};
    for (size_t i = 0; i < conv->source_count; i++) {
        nearest_offer(&nearest, conv->sources[i].name, strlen(conv->sources[i].name));
        if (strcmp(conv->sources[i].name, given->text) == 0)
            *out = &conv->sources[i];
    }
    if (*out)
        return TG_OK;
    return document_problem(conv->doc, &given->place, "resource '%s': there is no source '%s'%s",
                            node->name, given->text, nearest_hint(&nearest, hint));
}

/* `primary_key: a, b` would be one strange name. */
static int check_comma(const struct conversion *conv, const struct node *resource, const char *key)
{
    const char *text = text_of(resource, key);
    if (!text || !strchr(text, ','))
        return TG_OK;
    return document_problem(conv->doc, &node_find(resource, key)->place,
                            "'%s' is one name with a comma in it; several names are a list: [%s]",
                            key, text);
}

static int check_resource_shape(const struct conversion *conv, const struct node *node)
{
    int rc = TG_OK;
    const struct source_entry *source;
    const struct option *tables[] = {resource_options, NULL, NULL};
    const char *subject = arena_printf(conv->doc->arena, "resource '%s'", node->name);
    if (!subject)
        return error_nomem(conv->err);
    if (node->kind != NODE_MAP && node->kind != NODE_NULL)
        return TG_OK;
    TRY(pick_source(conv, node, &source));
    if (!source || !source->driver)
        return TG_OK;
    tables[1] = source->driver->resource_options;
    TRY(document_check(conv->doc, node, subject, tables));
    TRY(check_comma(conv, node, "primary_key"));
    TRY(check_comma(conv, node, "merge_key"));
done:
    return rc;
}

/* Keys, types and choices of everything. */
static int check_shape(struct conversion *conv)
{
    int rc = TG_OK;
    const struct option *const tables[] = {spec_options, NULL};
    const struct node *root = &conv->doc->root;
    if (root->kind != NODE_MAP)
        return document_problem(conv->doc, &root->place,
                                "a spec is a map of keys ('pipeline: name' and so on)");
    TRY(document_check(conv->doc, root, "the spec", tables));
    TRY(list_sources(conv));
    const struct node *resources = node_find(root, "resources");
    for (size_t i = 0; resources && i < resources->item_count; i++)
        TRY(check_resource_shape(conv, &resources->items[i]));
done:
    return rc;
}

/* From here on the shape is known to be right. */

static bool contains(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The columns that say of themselves that they belong to the key come behind its names. */
static int add_columns(const struct conversion *conv, const struct node *resource, const char *key,
                       const char ***names, size_t *count)
{
    bool flag;
    const struct node *columns = node_find(resource, "columns");
    const char **given = *names;
    if (!columns)
        return TG_OK;
    *names = arena_alloc(conv->doc->arena, (*count + columns->item_count) * sizeof(**names));
    if (!*names)
        return error_nomem(conv->err);
    for (size_t i = 0; i < *count; i++)
        (*names)[i] = given[i];
    for (size_t i = 0; i < columns->item_count; i++) {
        const struct node *column = &columns->items[i], *said = node_find(column, key);
        if (said && node_bool(said, &flag) && flag && !contains(*names, *count, column->name))
            (*names)[(*count)++] = column->name;
    }
    return TG_OK;
}

/* Zero says something of timestamps and times alone: no fraction of a second. */
static int check_precision(const struct conversion *conv, const struct node *hints,
                           struct tg_column *column)
{
    enum type type = column->data_type ? type_find(column->data_type) : TYPE_NONE;
    const struct node *precision = node_find(hints, "precision");
    if (!precision || column->precision != TG_WHOLE_SECONDS || type == TYPE_TIMESTAMP ||
        type == TYPE_TIME)
        return TG_OK;
    column->precision = 0;
    return document_problem(conv->doc, &precision->place, "'precision' is 1 or more, not 0");
}

static int read_columns(const struct conversion *conv, const struct node *node,
                        struct resource *resource)
{
    int rc = TG_OK;
    const struct option *option = option_find(resource_options, "columns");
    const struct node *columns = node_find(node, option->name);
    size_t count = columns ? columns->item_count : 0;
    resource->columns = arena_alloc(conv->doc->arena, (count + 1) * sizeof(*resource->columns));
    if (!resource->columns)
        return error_nomem(conv->err);
    for (size_t i = 0; i < count; i++) {
        struct tg_column *column = &resource->columns[resource->column_count++];
        column->name = columns->items[i].name;
        TRY(fill_from_node(conv->doc, &columns->items[i], option, column));
        TRY(check_precision(conv, &columns->items[i], column));
    }
done:
    return rc;
}

static int read_disposition(const struct conversion *conv, const struct node *node,
                            const struct origin *origin, struct resource *resource)
{
    int rc = TG_OK;
    const struct node *given = node_find(node, "write_disposition");
    const struct option *option = option_find(resource_options, "write_disposition");
    const struct node *on_missing = node_find(node, "on_missing_key");
    const char *word = given && given->kind == NODE_MAP ? text_of(given, "disposition")
                                                        : text_of(node, "write_disposition");
    char words[OPTION_WORDS_MAX];
    TRY(disposition_choose(origin, word ? word : option->fallback, resource));
    if (on_missing && !resource->disposition->needs_key && !resource->append_on_missing_key)
        return document_problem(conv->doc, &on_missing->name_place,
                                "resource '%s': on_missing_key is for write_disposition: %s",
                                node->name, disposition_words_if(disposition_needs_key, words));
done:
    return rc;
}

static bool is_map(const struct node *map, const char *key)
{
    const struct node *node = node_find(map, key);
    return node && node->kind == NODE_MAP;
}

static bool is_list(const struct node *map, const char *key)
{
    const struct node *node = map && map->kind == NODE_MAP ? node_find(map, key) : NULL;
    return node && node->kind == NODE_LIST;
}

/* What its source says holds where the resource says nothing. The words of an only source are the
 * schema's (read_sources). */
static void apply_source(const struct conversion *conv, const struct source_entry *source,
                         struct resource *resource)
{
    resource->root_key = source->root_key;
    if (conv->source_count == 1)
        return;
    if (!contract_is_said(&resource->contract))
        resource->contract = source->contract;
    if (resource->max_table_nesting < 0)
        resource->max_table_nesting = source->max_nesting;
}

static int read_resource(const struct conversion *conv, const struct node *node)
{
    int rc = TG_OK;
    struct config *config = conv->config;
    const struct source_entry *source;
    const struct origin origin = {conv->doc, node, node->name, conv->err};
    TRY(pick_source(conv, node, &source));
    struct resource resource = {
        .name = node->name,
        .table_name = node->name,
        .source = source->key,
        .driver = source->driver,
        .source_values = source->values,
        .source_value_count = source->value_count,
        .max_table_nesting = -1,
        .contract.spelled_out = is_map(node, "schema_contract"),
        .selected = true,
    };
    TRY(option_values(&config->arena, node, source->driver->resource_options,
                      &resource.resource_values, &resource.resource_value_count, conv->err));
    TRY(fill_from_map(conv->doc, node, resource_options, &resource));
    TRY(read_disposition(conv, node, &origin, &resource));
    resource.primary_key_is_list = is_list(node, "primary_key");
    resource.incremental.primary_key_is_list =
        is_list(node_find(node, "incremental"), "primary_key");
    TRY(add_columns(conv, node, "primary_key", &resource.primary_key, &resource.primary_key_count));
    TRY(add_columns(conv, node, "merge_key", &resource.merge_key, &resource.merge_key_count));
    TRY(read_columns(conv, node, &resource));
    apply_source(conv, source, &resource);
    TRY(resource_add(config, &resource, &origin));
done:
    return rc;
}

/* A location: a URL alone, or a map. What is borrowed is the document's. */
static int read_location(struct document *doc, const struct node *node, struct location *out)
{
    struct tg_error why = {0};
    const struct node *options = node_find(node, "options");
    const char *url = node->kind == NODE_SCALAR ? node->text : text_of(node, "url");
    const char *driver = text_of(node, "driver"), *uri = text_of(node, "uri");
    const char *dialect = text_of(node, "dialect");
    const struct node *indexes = node_find(node, "create_indexes");
    *out = (struct location){.url = url, .driver = driver, .uri = uri, .dialect = dialect};
    out->replace_strategy = text_of(node, "replace_strategy");
    if (indexes)
        (void)!node_bool(indexes, &out->create_indexes); /* it is one: its type has been checked */
    struct tg_option *items =
        options ? arena_alloc(doc->arena, options->item_count * sizeof(*items)) : NULL;
    if (options && !items)
        return error_nomem(doc->err);
    for (size_t i = 0; options && i < options->item_count; i++)
        items[i] = (struct tg_option){options->items[i].name, options->items[i].text};
    out->options = items;
    out->option_count = options ? options->item_count : 0;
    return location_check(out, node->name, &why) == TG_OK
               ? TG_OK
               : document_problem(doc, &node->place, "%s", why.what);
}

/* Pipeline, dataset and destination. */
static int read_names(const struct conversion *conv)
{
    int rc = TG_OK;
    struct tg_error why = {0};
    struct config *config = conv->config;
    const struct node *root = &conv->doc->root;
    const struct node *pipeline = node_find(root, "pipeline");
    const struct node *destination = node_find(root, "destination");
    const struct node *dataset = node_find(root, "dataset");
    const char *fault = pipeline_name_fault(pipeline->text);
    if (fault)
        TRY(document_problem(conv->doc, &pipeline->place, "the name of pipeline '%s' %s",
                             pipeline->text, fault));
    else
        TRY(config_set_names(config, pipeline->text, dataset ? dataset->text : NULL, conv->err));
    if (dataset && !*dataset->text)
        TRY(document_problem(conv->doc, &dataset->place, "'dataset' is empty"));
    size_t problems = conv->doc->problem_count;
    if (!destination_said(config))
        TRY(read_location(conv->doc, destination, &config->destination));
    if (conv->doc->problem_count > problems)
        return TG_OK;
    if (destination_check(&config->destination, NULL, NULL, &why) != TG_OK)
        return document_problem(conv->doc, &destination->place, "%s", why.what);
    if (!fault && destination_check(&config->destination, config->dataset, NULL, &why) != TG_OK)
        TRY(document_problem(conv->doc, dataset ? &dataset->place : &destination->place, "%s",
                             why.what));
done:
    return rc;
}

static int read_memory(const struct conversion *conv)
{
    const struct node *memory = node_find(&conv->doc->root, "memory");
    if (!memory || memory_size(memory->text, &conv->config->memory_bytes))
        return TG_OK;
    return document_problem(conv->doc, &memory->place, MEMORY_FAULT, memory->text);
}

static int read_undo(const struct conversion *conv)
{
    int64_t loads = 0;
    const struct node *undo = node_find(&conv->doc->root, "undo");
    const struct node *node = undo ? node_find(undo, "loads") : NULL;
    if (!node || !node_int(node, &loads))
        return TG_OK;
    if (loads < 1 || loads > UNDO_LOADS_MAX)
        return document_problem(conv->doc, &node->place, UNDO_FAULT, (long long)loads);
    conv->config->undo_loads = (int)loads;
    return TG_OK;
}

static int read_storage(const struct conversion *conv)
{
    const struct node *storage = node_find(&conv->doc->root, "storage_version");
    conv->config->storage_version = text_of(&conv->doc->root, "storage_version");
    if (!storage || is_storage_version(storage->text))
        return TG_OK;
    return document_problem(conv->doc, &storage->place, STORAGE_VERSION_FAULT, storage->text);
}

static int read_limits(const struct conversion *conv)
{
    int rc = TG_OK;
    struct limit_texts texts = {{NULL}};
    const struct node *root = &conv->doc->root;
    const struct origin origin = {.doc = conv->doc, .node = root, .err = conv->err};
    TRY(fill_from_map(conv->doc, node_find(root, "limits"), limit_options, &texts));
    TRY(limits_take(&origin, &texts, &conv->config->limits));
done:
    return rc;
}

static int read_sources(const struct conversion *conv)
{
    int rc = TG_OK;
    struct config *config = conv->config;
    for (size_t i = 0; i < conv->source_count; i++) {
        struct source_entry *source = &conv->sources[i];
        source->key = config->schema;
        if (source->name)
            TRY(config_source_key(config, source->name, &source->key, conv->err));
        source->max_nesting = -1;
        source->contract.spelled_out = is_map(source->node, "schema_contract");
        TRY(fill_from_map(conv->doc, source->node, source_options, source));
        TRY(option_values(&config->arena, source->node, source->driver->source_options,
                          &source->values, &source->value_count, conv->err));
    }
    /* As dlt does it: the schema has the name and the rules of its source. */
    if (conv->source_count == 1) {
        const struct source_entry *source = &conv->sources[0];
        if (!config->schema_config.name)
            config->schema = source->key;
        config->schema_config.hints.contract = source->contract;
        config->schema_config.hints.max_nesting = source->max_nesting;
        config->schema_config.hints.root_key = source->root_key;
    }
done:
    return rc;
}

int spec_convert(struct document *doc, struct config *config, struct tg_error *err)
{
    int rc = TG_OK;
    struct conversion conv = {.doc = doc, .config = config, .err = err};
    TRY(check_shape(&conv));
    if (doc->problem_count > 0)
        return TG_OK;
    TRY(schema_read(config, doc, node_find(&doc->root, "schema")));
    TRY(read_names(&conv));
    TRY(read_memory(&conv));
    TRY(read_storage(&conv));
    TRY(read_limits(&conv));
    TRY(read_undo(&conv));
    TRY(read_sources(&conv));
    const struct node *resources = node_find(&doc->root, "resources");
    for (size_t i = 0; i < resources->item_count; i++)
        TRY(read_resource(&conv, &resources->items[i]));
done:
    return rc;
}
