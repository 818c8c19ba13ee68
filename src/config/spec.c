/*
 * The spec: which keys there are (option tables), and what they become.
 *
 *   spec_convert: check_shape (each map by its tables) -> schema_read (schema.c), read_names,
 *                 read_sources -> read_resource -> resource_add (resource.c) -> config->resources
 *
 * What is wrong is recorded in the document, with its place: first everything about keys and types,
 * then, when that is right, what does not go together. Reading YAML and tables is left to
 * document.c and config.c; opening what is named here, to the source and the destination.
 */
#include "config/spec.h"

#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "database/connection.h"

/* ---- the keys ---- */

static const struct option disposition_options[] = {
    {.name = "disposition",
     .required = true,
     .choices = "append replace merge",
     .help = "How rows meet those that are there."},
    {.name = "strategy",
     .choices = "delete-insert",
     .fallback = "delete-insert",
     .help = "How a merge is done: rows of the load replace rows with an equal key."},
    OPTION_END,
};

static const struct option incremental_options[] = {
    {.name = "cursor",
     .required = true,
     .help =
         "The field that tells new rows from old, as the source names it; `a.b` for a nested one."},
    {.name = "initial_value",
     .type = OPTION_VALUE,
     .help = "Where the first run starts; rows at this value are loaded."},
    {.name = "end_value",
     .type = OPTION_VALUE,
     .help = "Loads the window from initial_value up to before this value, and remembers nothing; "
             "for backfills."},
    {.name = "last_value",
     .choices = "max min",
     .fallback = "max",
     .help = "Whether the cursor grows (max) or goes back in time (min)."},
    {.name = "on_cursor_value_missing",
     .choices = "raise include exclude",
     .fallback = "raise",
     .help = "What to do with a row that has no cursor value: stop, load it, or leave it out."},
    OPTION_END,
};

static const struct option column_options[] = {
    {.name = "data_type",
     .choices = COLUMN_TYPES,
     .help = "The type; without it, it is inferred from the data."},
    {.name = "nullable", .type = OPTION_BOOL, .help = "Whether the column may be NULL."},
    {.name = "precision",
     .type = OPTION_INT,
     .help = "Digits of a decimal (1 to 38), bits of a bigint (1 to 128), digits of a second's "
             "fraction of a timestamp (0 to 9) or a time (0 to 6), length of a text or "
             "binary (limits nothing at DuckDB)."},
    {.name = "scale", .type = OPTION_INT, .help = "Digits of a decimal after the point."},
    {.name = "timezone",
     .type = OPTION_BOOL,
     .help = "For timestamps: false makes a column without time zone."},
    {.name = "hard_delete",
     .type = OPTION_BOOL,
     .help = "For merge: a row with true here (of another type: with any value) deletes its key."},
    {.name = "dedup_sort",
     .choices = "asc desc",
     .help = "For merge: of several rows of one key in a load, the last one in this order wins."},
    {.name = "primary_key",
     .type = OPTION_BOOL,
     .help = "true adds the column to the primary_key of the resource."},
    {.name = "merge_key",
     .type = OPTION_BOOL,
     .help = "true adds the column to the merge_key of the resource."},
    {.name = "unique",
     .type = OPTION_BOOL,
     .help = "No value comes twice. Like the next three for those who read the schema; DuckDB "
             "makes nothing of it."},
    {.name = "partition", .type = OPTION_BOOL, .help = "The table is divided by this column."},
    {.name = "cluster", .type = OPTION_BOOL, .help = "Rows are kept together by this column."},
    {.name = "sort", .type = OPTION_BOOL, .help = "Rows are sorted by this column."},
    {.name = "description", .help = "What the column is, for those who read the schema."},
    {.name = "x-*",
     .type = OPTION_ANY,
     .help = "Further hints, which go into the schema as they are."},
    OPTION_END,
};

static const struct option bad_row_options[] = {
    {.name = "action",
     .required = true,
     .choices = "fail reject",
     .help = "fail ends the run; reject puts the row into _tidegate_rejects and goes on."},
    {.name = "limit",
     .type = OPTION_INT,
     .fallback = "1000",
     .help = "For reject: the run fails when there are more bad rows in it than that."},
    OPTION_END,
};

static const struct option reference_options[] = {
    {.name = "referenced_table", .required = true, .help = "The table that is meant."},
    {.name = "columns",
     .type = OPTION_TEXTS,
     .required = true,
     .help = "The columns here that name a row there."},
    {.name = "referenced_columns",
     .type = OPTION_TEXTS,
     .required = true,
     .help = "The columns there, in the same order."},
    {.name = "label", .help = "What the reference means: `wrote`."},
    {.name = "cardinality",
     .choices = "zero_to_one one_to_zero zero_to_many many_to_zero one_to_many many_to_one "
                "one_to_one many_to_many",
     .help = "How many rows here belong to how many there."},
    OPTION_END,
};

static const char contract_help[] =
    "What happens when data bring something that the schema does not have: evolve (the schema "
    "learns it), freeze (the run fails), discard_row (the row goes to _tidegate_rejects), "
    "discard_value (the value is left out). A resource's words win over its source's.";

const struct option source_options[] = {
    {.name = "type", .required = true, .help = "The kind of source."},
    {.name = "schema_contract",
     .type = OPTION_MAP,
     .fallback = "evolve",
     .table = contract_options,
     .shorthand = CONTRACT_SHORTHAND,
     .help = contract_help},
    {.name = "max_table_nesting",
     .type = OPTION_INT,
     .help = "Levels of nesting that become tables and columns, for resources that say nothing."},
    {.name = "root_key",
     .type = OPTION_BOOL,
     .fallback = "false",
     .help = "Rows of nested tables carry the id of their root row (_dlt_root_id) in every "
             "disposition, not in merges alone."},
    OPTION_END,
};

const struct option resource_options[] = {
    {.name = "source", .help = "With `sources`: the one that this resource is read from."},
    {.name = "table_name",
     .help = "The table it is loaded into; named like the resource otherwise."},
    {.name = "write_disposition",
     .type = OPTION_MAP,
     .fallback = "append",
     .table = disposition_options,
     .shorthand = "disposition",
     .help =
         "append adds the rows; replace puts them in place of all that is there; merge updates by "
         "key."},
    {.name = "primary_key",
     .type = OPTION_TEXTS,
     .help = "The fields that make a row unique. A merge updates by them."},
    {.name = "merge_key",
     .type = OPTION_TEXTS,
     .help =
         "For merge: all rows there with an equal value are replaced as a group. With a cursor, a "
         "group of which one row is new is loaded whole, as far as the source delivers it."},
    {.name = "incremental",
     .type = OPTION_MAP,
     .table = incremental_options,
     .shorthand = "cursor",
     .help = "Load only what is new, told by a cursor."},
    {.name = "on_missing_key",
     .choices = "error append",
     .fallback = "error",
     .help = "What a merge without any key does."},
    {.name = "max_table_nesting",
     .type = OPTION_INT,
     .help =
         "Levels of nested lists that become tables and columns; what is deeper is kept as JSON."},
    {.name = "columns",
     .type = OPTION_MAPS,
     .table = column_options,
     .shorthand = "data_type",
     .help = "Hints for columns, by name; `a__b` for a nested field."},
    {.name = "schema_contract",
     .type = OPTION_MAP,
     .table = contract_options,
     .shorthand = CONTRACT_SHORTHAND,
     .help = contract_help},
    {.name = "row_ids",
     .choices = "random key row",
     .fallback = "random",
     .help = "Where the id of a row (_dlt_id) comes from: random; key is a hash of the primary "
             "key, so that a row keeps its id when it is updated; row is a hash of the whole row."},
    {.name = "on_bad_row",
     .type = OPTION_MAP,
     .fallback = "fail",
     .table = bad_row_options,
     .shorthand = "action",
     .help = "What to do with a row that cannot be loaded: a NULL in its key, a value that fits no "
             "column."},
    {.name = "description", .help = "What the table is, for those who read the schema."},
    {.name = "references",
     .type = OPTION_MAP_LIST,
     .table = reference_options,
     .help = "Which rows of other tables a row names, for those who read the schema."},
    {.name = "x-*",
     .type = OPTION_ANY,
     .help = "Further hints, which go into the schema as they are."},
    OPTION_END,
};

const struct option spec_options[] = {
    {.name = "pipeline",
     .required = true,
     .help = "The pipeline's name: letters, digits, '_' and '-'. What it remembers goes by it."},
    {.name = "destination",
     .required = true,
     .help =
         "Where rows go. duckdb:///file.duckdb lies beside the spec; with four slashes the path is "
         "absolute."},
    {.name = "dataset",
     .fallback = "<pipeline>_dataset",
     .help = "The schema of the destination that holds the tables."},
    {.name = "memory",
     .type = OPTION_VALUE,
     .fallback = "256MiB",
     .help = "How much memory a run may take, at least 64MiB; `--memory` wins over it. Wide tables "
             "and many resources need more."},
    {.name = "storage_version",
     .fallback = "v1.0.0",
     .help = "The format of a database file that is made: a version of DuckDB, which can read it "
             "then, as can all newer ones; or `latest`. A file that is there keeps its own."},
    {.name = "schema",
     .type = OPTION_MAP,
     .table = schema_options,
     .help = "How names and types of tables and columns are made."},
    {.name = "source", .type = OPTION_MAP, .help = "Where rows come from."},
    {.name = "sources",
     .type = OPTION_MAPS,
     .help = "Several sources by name, in place of `source`; each resource then names its own."},
    {.name = "resources",
     .type = OPTION_MAPS,
     .required = true,
     .help = "What is loaded, by name: a stream of the source that becomes a table and the tables "
             "nested in it."},
    OPTION_END,
};

bool source_fits_spec(const struct source_driver *driver)
{
    return strcmp(driver->name, "callback") != 0;
}

/* ---- from a document ---- */

struct source_entry {
    const char *name; /* in the document; NULL: the only one */
    const char *key;  /* in the state */
    const struct node *node;
    const struct source_driver *driver; /* NULL: a problem */
    const struct option_value *values;
    size_t value_count;
    struct contract contract;
    int max_nesting; /* -1: not said */
    bool root_key;
};

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

/* The driver of a source's `type`. */
static int find_driver(const struct conversion *conv, struct source_entry *source)
{
    const struct node *type = node_find(source->node, "type");
    if (!type || type->kind != NODE_SCALAR)
        return TG_OK; /* document_check says so */
    const struct source_driver *driver = source_find(type->text);
    if (driver && source_fits_spec(driver)) {
        source->driver = driver;
        return TG_OK;
    }
    if (driver)
        return document_problem(conv->doc, &type->place,
                                "source type '%s' cannot be used in a spec: it calls a function of "
                                "a program (tg_pipeline_add)",
                                driver->name);
    size_t count;
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = type->text};
    struct buf names = BUF_INIT;
    const struct source_driver *const *drivers = source_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (!source_fits_spec(drivers[i]))
            continue;
        nearest_offer(&nearest, drivers[i]->name, strlen(drivers[i]->name));
        buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", drivers[i]->name);
    }
    int rc = buf_check(&names, conv->err);
    if (rc == TG_OK)
        rc = document_problem(conv->doc, &type->place,
                              "there is no source type '%s' (there are: %s)%s", type->text,
                              buf_string(&names), nearest_hint(&nearest, hint));
    buf_release(&names);
    return rc;
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

/* The word's place among the option's choices; its fallback's when nothing was given. */
static int choice_of(const struct node *map, const struct option *table, const char *key)
{
    const struct option *option = option_find(table, key);
    const char *text = text_of(map, key);
    return option_choice(option->choices, text ? text : option->fallback);
}

static enum tg_flag flag_of(const struct node *map, const char *key)
{
    bool flag;
    const struct node *node = node_find(map, key);
    if (!node || !node_bool(node, &flag))
        return TG_DEFAULT;
    return flag ? TG_YES : TG_NO;
}

/* `fallback` when not given; what is out of range is a problem. */
static int number_of(const struct conversion *conv, const struct node *map, const char *key,
                     int min, int fallback, int *out)
{
    int64_t number = 0;
    const struct node *node = node_find(map, key);
    *out = fallback;
    if (!node || !node_int(node, &number))
        return TG_OK;
    if (number < min || number > INT_MAX)
        return document_problem(conv->doc, &node->place, "'%s' is %d or more, not %lld", key, min,
                                (long long)number);
    *out = (int)number;
    return TG_OK;
}

static bool contains(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The names under the key, then the columns that say it of themselves. */
static int read_key(const struct conversion *conv, const struct node *resource, const char *key,
                    const char ***out, size_t *count)
{
    const struct node *columns = node_find(resource, "columns");
    size_t column_count = columns ? columns->item_count : 0;
    int rc =
        node_texts(conv->doc->arena, node_find(resource, key), column_count, out, count, conv->err);
    for (size_t i = 0; rc == TG_OK && i < column_count; i++) {
        const struct node *column = &columns->items[i];
        if (flag_of(column, key) == TG_YES && !contains(*out, *count, column->name))
            (*out)[(*count)++] = column->name;
    }
    return rc;
}

/* As dlt stores it: lists also where one text was given. */
static void write_reference(const struct node *reference, struct buf *out)
{
    const char *before = "{";
    for (const struct option *option = reference_options; option->name; option++) {
        const struct node *node = node_find(reference, option->name);
        if (!node)
            continue;
        bool is_list = node->kind == NODE_LIST;
        size_t count = is_list ? node->item_count : 1;
        buf_printf(out, "%s\"%s\":%s", before, option->name,
                   option->type == OPTION_TEXTS ? "[" : "");
        for (size_t i = 0; i < count; i++) {
            const char *text = is_list ? node->items[i].text : node->text;
            buf_text(out, i > 0 ? "," : "");
            json_string(out, text, strlen(text));
        }
        buf_text(out, option->type == OPTION_TEXTS ? "]" : "");
        before = ",";
    }
    buf_char(out, '}');
}

/* The hints that we make nothing of, as a JSON object; NULL: there are none. */
static int read_hints(const struct conversion *conv, const struct node *map, const char **out)
{
    struct buf json = BUF_INIT;
    const struct node *references = node_find(map, "references");
    for (size_t i = 0; references && i < references->item_count; i++) {
        buf_text(&json, i > 0 ? "," : "{\"references\":[");
        write_reference(&references->items[i], &json);
    }
    buf_text(&json, references ? "]" : "");
    for (size_t i = 0; map->kind == NODE_MAP && i < map->item_count; i++) {
        const struct node *hint = &map->items[i];
        if (strncmp(hint->name, "x-", 2) != 0)
            continue;
        buf_char(&json, json.len > 0 ? ',' : '{');
        json_string(&json, hint->name, strlen(hint->name));
        buf_char(&json, ':');
        node_json(hint, &json);
    }
    buf_text(&json, json.len > 0 ? "}" : "");
    int rc = buf_check(&json, conv->err);
    *out = rc == TG_OK && json.len > 0 ? arena_strdup(conv->doc->arena, json.data) : NULL;
    if (rc == TG_OK && json.len > 0 && !*out)
        rc = error_nomem(conv->err);
    buf_release(&json);
    return rc;
}

static void read_incremental(const struct node *resource, struct tg_incremental *out)
{
    const struct node *node = node_find(resource, "incremental"), *value;
    if (!node)
        return;
    out->cursor_path = node->kind == NODE_SCALAR ? node->text : text_of(node, "cursor");
    if ((value = node_find(node, "initial_value")))
        out->initial_value = node_value(value);
    if ((value = node_find(node, "end_value")))
        out->end_value = node_value(value);
    out->last_value = (enum tg_last_value)choice_of(node, incremental_options, "last_value");
    out->on_cursor_value_missing =
        (enum tg_on_missing)choice_of(node, incremental_options, "on_cursor_value_missing");
}

/* Of timestamps and times 0 says something: no fraction of a second. */
static int read_precision(const struct conversion *conv, const struct node *hints,
                          struct tg_column *column)
{
    enum type type = column->data_type ? type_find(column->data_type) : TYPE_NONE;
    bool may_be_zero = type == TYPE_TIMESTAMP || type == TYPE_TIME;
    int rc = number_of(conv, hints, "precision", may_be_zero ? 0 : 1, 0, &column->precision);
    if (may_be_zero && column->precision == 0 && node_find(hints, "precision"))
        column->precision = TG_WHOLE_SECONDS;
    return rc;
}

static int read_columns(const struct conversion *conv, const struct node *node,
                        struct resource *resource)
{
    int rc = TG_OK;
    const struct node *columns = node_find(node, "columns");
    size_t count = columns ? columns->item_count : 0;
    resource->columns = arena_alloc(conv->doc->arena, (count + 1) * sizeof(*resource->columns));
    if (!resource->columns)
        return error_nomem(conv->err);
    for (size_t i = 0; i < count; i++) {
        const struct node *hints = &columns->items[i];
        struct tg_column *column = &resource->columns[resource->column_count++];
        column->name = hints->name;
        column->data_type = hints->kind == NODE_SCALAR ? hints->text : text_of(hints, "data_type");
        column->nullable = flag_of(hints, "nullable");
        column->timezone = flag_of(hints, "timezone");
        column->hard_delete = flag_of(hints, "hard_delete") == TG_YES;
        column->dedup_sort = text_of(hints, "dedup_sort");
        column->unique = flag_of(hints, "unique") == TG_YES;
        column->partition = flag_of(hints, "partition") == TG_YES;
        column->cluster = flag_of(hints, "cluster") == TG_YES;
        column->sort = flag_of(hints, "sort") == TG_YES;
        column->description = text_of(hints, "description");
        TRY(read_precision(conv, hints, column));
        TRY(number_of(conv, hints, "scale", 0, 0, &column->scale));
        TRY(read_hints(conv, hints, &column->hints));
    }
done:
    return rc;
}

static int read_disposition(const struct conversion *conv, const struct node *node,
                            struct resource *resource)
{
    const struct node *given = node_find(node, "write_disposition");
    const char *word = given && given->kind == NODE_MAP ? text_of(given, "disposition")
                                                        : text_of(node, "write_disposition");
    if (!word)
        word = option_find(resource_options, "write_disposition")->fallback;
    int choice = option_choice(disposition_options[0].choices, word);
    resource->disposition = (enum disposition)(DISPOSITION_APPEND + choice);
    resource->append_on_missing_key = choice_of(node, resource_options, "on_missing_key") == 1;
    const struct node *strategy = node_find(given, "strategy");
    if (strategy && resource->disposition != DISPOSITION_MERGE)
        return document_problem(conv->doc, &strategy->name_place,
                                "resource '%s': strategy is for disposition: merge", node->name);
    const struct node *on_missing = node_find(node, "on_missing_key");
    if (on_missing && resource->disposition != DISPOSITION_MERGE &&
        !resource->append_on_missing_key)
        return document_problem(conv->doc, &on_missing->name_place,
                                "resource '%s': on_missing_key is for write_disposition: merge",
                                node->name);
    return TG_OK;
}

/* What a resource may do with rows and tables, over what its source says. */
static int read_rules(const struct conversion *conv, const struct node *node,
                      const struct source_entry *source, struct resource *resource)
{
    const struct node *on_bad_row = node_find(node, "on_bad_row");
    const char *action = text_of(on_bad_row, "action");
    int limit = 0;
    int rc = number_of(conv, node, "max_table_nesting", 0, -1, &resource->max_table_nesting);
    if (rc == TG_OK)
        rc = number_of(conv, on_bad_row, "limit", 1, 0, &limit);
    resource->contract = contract_of(node);
    resource->root_key = source->root_key;
    /* The words of an only source are the schema's (read_sources). */
    if (conv->source_count > 1) {
        if (!contract_is_said(&resource->contract))
            resource->contract = source->contract;
        if (resource->max_table_nesting < 0)
            resource->max_table_nesting = source->max_nesting;
    }
    resource->row_ids = (enum tg_row_ids)choice_of(node, resource_options, "row_ids");
    action = action ? action : text_of(node, "on_bad_row");
    resource->reject_bad_rows = action && strcmp(action, "reject") == 0;
    resource->reject_max = (uint64_t)limit;
    return rc;
}

static int read_resource(const struct conversion *conv, const struct node *node)
{
    int rc = TG_OK;
    struct config *config = conv->config;
    const struct source_entry *source;
    const char *table_name = text_of(node, "table_name");
    const struct hearing hearing = {conv->doc, node, node->name, conv->err};
    TRY(pick_source(conv, node, &source));
    struct resource resource = {
        .name = node->name,
        .table_name = table_name ? table_name : node->name,
        .source = source->key,
        .driver = source->driver,
        .source_values = source->values,
        .source_value_count = source->value_count,
        .description = text_of(node, "description"),
        .selected = true,
    };
    TRY(option_values(&config->arena, node, source->driver->resource_options,
                      &resource.resource_values, &resource.resource_value_count, conv->err));
    TRY(read_disposition(conv, node, &resource));
    TRY(read_key(conv, node, "primary_key", &resource.primary_key, &resource.primary_key_count));
    TRY(read_key(conv, node, "merge_key", &resource.merge_key, &resource.merge_key_count));
    read_incremental(node, &resource.incremental);
    TRY(read_rules(conv, node, source, &resource));
    TRY(read_hints(conv, node, &resource.hints));
    TRY(read_columns(conv, node, &resource));
    TRY(resource_add(config, &resource, &hearing));
done:
    return rc;
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
    config->destination = destination->text;
    if (fault)
        TRY(document_problem(conv->doc, &pipeline->place, "the name of pipeline '%s' %s",
                             pipeline->text, fault));
    else
        TRY(config_set_names(config, pipeline->text, dataset ? dataset->text : NULL, conv->err));
    if (dataset && !*dataset->text)
        TRY(document_problem(conv->doc, &dataset->place, "'dataset' is empty"));
    if (connection_check_url(destination->text, &why) != TG_OK)
        return document_problem(conv->doc, &destination->place, "%s", why.what);
    if (!fault && connection_check_dataset(destination->text, config->dataset, &why) != TG_OK)
        TRY(document_problem(conv->doc, dataset ? &dataset->place : &destination->place, "%s",
                             why.what));
done:
    return rc;
}

static int read_memory(const struct conversion *conv)
{
    const struct node *memory = node_find(&conv->doc->root, "memory");
    uint64_t *bytes = &conv->config->memory_bytes;
    if (!memory || (node_bytes(memory, bytes) && *bytes >= MEMORY_BYTES_MIN))
        return TG_OK;
    return document_problem(conv->doc, &memory->place,
                            "'memory' is a size of at least 64MiB, like 256MiB or 1GiB, not '%s'",
                            memory->text);
}

static int read_storage(const struct conversion *conv)
{
    const struct node *storage = node_find(&conv->doc->root, "storage_version");
    conv->config->storage_version = text_of(&conv->doc->root, "storage_version");
    if (!storage || is_storage_version(storage->text))
        return TG_OK;
    return document_problem(conv->doc, &storage->place, STORAGE_VERSION_FAULT, storage->text);
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
        source->contract = contract_of(source->node);
        source->root_key = flag_of(source->node, "root_key") == TG_YES;
        TRY(number_of(conv, source->node, "max_table_nesting", 0, -1, &source->max_nesting));
        TRY(option_values(&config->arena, source->node, source->driver->source_options,
                          &source->values, &source->value_count, conv->err));
    }
    /* As dlt does it: the schema has the name and the rules of its source. */
    if (conv->source_count == 1) {
        const struct source_entry *source = &conv->sources[0];
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
    TRY(read_sources(&conv));
    const struct node *resources = node_find(&doc->root, "resources");
    for (size_t i = 0; i < resources->item_count; i++)
        TRY(read_resource(&conv, &resources->items[i]));
done:
    return rc;
}
