/*
 * The reference of the spec's keys, from the very tables that the parser reads, in three forms; and
 * a spec to start from.
 *
 *   tg_spec_reference: list_sections (tables of spec.c and of the drivers) -> write_text or
 *                      write_markdown; write_json_schema walks the tables by itself -> print
 *   tg_spec_init: find_template for source and destination -> print
 *
 * docs/spec.md and docs/tidegate.schema.json are what is printed here (tools/gen-docs); a test
 * compares.
 */
#include <string.h>

#include "base/json.h"
#include "config/spec.h"

enum { TEXT_COLUMNS = 88, NAME_COLUMNS = 26, SECTIONS_MAX = 32 };

/* ---- what there is to tell ---- */

struct section {
    char title[64];
    const char *about;
    const struct option *table; /* NULL: there are no keys */
    const char *shorthand;      /* a scalar stands for a map with this key; may be NULL */
    const char *example;        /* may be NULL */
};

struct sections {
    struct section items[SECTIONS_MAX];
    size_t count;
};

static const char about_spec[] =
    "A spec is a YAML file that describes one pipeline. Relative paths start at its folder.";

static const char example_spec[] = "pipeline: shop\n"
                                   "destination: duckdb:///shop.duckdb\n"
                                   "dataset: bronze\n"
                                   "source:\n"
                                   "  type: files\n"
                                   "  root: ./data\n"
                                   "resources:\n"
                                   "  person:\n"
                                   "    path: person/*.jsonl\n"
                                   "    write_disposition: merge\n"
                                   "    primary_key: id\n"
                                   "    incremental: {cursor: updated_at}\n"
                                   "  clickstream:\n"
                                   "    path: clickstream-*.csv\n"
                                   "    incremental: id\n";

static const char example_schema[] = "schema:\n"
                                     "  naming: snake_case\n"
                                     "  detections: [iso_timestamp, iso_date]\n"
                                     "  preferred_types: {price: decimal, \"re:_at$\": timestamp}\n"
                                     "  default_hints: {not_null: [id, \"re:^key_\"]}\n"
                                     "  export_schema_path: schemas\n";

static const char about_source[] =
    "One map under `source`, or several by name under `sources`: these keys and those of its type.";

static const char example_source[] = "sources:\n"
                                     "  crm: {type: files, root: ./crm}\n"
                                     "  web: {type: files, root: ./web}\n"
                                     "resources:\n"
                                     "  person: {source: crm, path: person.jsonl}\n"
                                     "  click: {source: web, path: click-*.csv}\n";

static const char about_resource[] =
    "A map by name under `resources`: these keys and those of its source's type.";

static const char about_values[] =
    "In every value (not in keys) `${NAME}` stands for a variable of the environment, "
    "`${NAME:-default}` for one that may be missing or empty, `${file:PATH}` for the text of a "
    "file "
    "without the line end at its end, and `$${` for the characters `${`. Within { } and [ ] it "
    "must "
    "be in quotes. A value in quotes is a text; without them it may be a number, true or false. "
    "Whatever does not fit is an error that names file, line and column.";

static const struct {
    const char *key, *example;
} examples[] = {
    {"write_disposition", "write_disposition: append\n"
                          "write_disposition: {disposition: merge, strategy: delete-insert}\n"},
    {"incremental", "incremental: updated_at\n"
                    "incremental: {cursor: updated_at, initial_value: 2024-01-01T00:00:00Z}\n"},
    {"columns", "columns:\n"
                "  price: {data_type: decimal, precision: 18, scale: 2}\n"
                "  created: timestamp\n"
                "  deleted: {hard_delete: true}\n"
                "  email: {unique: true, description: Where mail goes, x-pii: true}\n"},
    {"schema", example_schema},
    {"schema_contract", "schema_contract: freeze\n"
                        "schema_contract: {tables: evolve, columns: discard_value}\n"},
    {"on_bad_row", "on_bad_row: reject\n"
                   "on_bad_row: {action: reject, limit: 10}\n"},
    {"references", "references:\n"
                   "  - {referenced_table: person, columns: person_id, referenced_columns: id}\n"},
};

static const char *find_example(const char *key)
{
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
        if (strcmp(examples[i].key, key) == 0)
            return examples[i].example;
    return NULL;
}

static void add_section(struct sections *sections, const struct section *section)
{
    if (sections->count < SECTIONS_MAX)
        sections->items[sections->count++] = *section;
}

static struct section *find_section(struct sections *sections, const struct option *table)
{
    for (size_t i = 0; i < sections->count; i++)
        if (sections->items[i].table == table)
            return &sections->items[i];
    return NULL;
}

/* Tables of maps within the table of `owner` ("a resource"). One that two of them have is told
 * once. */
static void add_nested(struct sections *sections, const struct option *table, const char *owner)
{
    for (const struct option *option = table; option->name; option++) {
        if (!option->table)
            continue;
        struct section *known = find_section(sections, option->table);
        if (known) {
            size_t len = strlen(known->title);
            snprintf(known->title + len, sizeof(known->title) - len, " or %s", owner);
            continue;
        }
        struct section section = {.about = option->help,
                                  .table = option->table,
                                  .shorthand = option->shorthand,
                                  .example = find_example(option->name)};
        snprintf(section.title, sizeof(section.title), "%s of %s", option->name, owner);
        add_section(sections, &section);
        add_nested(sections, option->table, option->name);
    }
}

static void add_drivers(struct sections *sections, const char *title, bool of_resources)
{
    size_t count;
    const struct source_driver *const *drivers = source_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (!source_fits_spec(drivers[i]))
            continue;
        struct section section = {.about = drivers[i]->help,
                                  .table = of_resources ? drivers[i]->resource_options
                                                        : drivers[i]->source_options};
        snprintf(section.title, sizeof(section.title), "%s %s", title, drivers[i]->name);
        add_section(sections, &section);
    }
}

static void list_sections(struct sections *sections)
{
    sections->count = 0;
    add_section(sections, &(struct section){.title = "Spec",
                                            .about = about_spec,
                                            .table = spec_options,
                                            .example = example_spec});
    add_section(sections, &(struct section){.title = "Values", .about = about_values});
    add_nested(sections, spec_options, "a spec");
    add_section(sections, &(struct section){.title = "Source",
                                            .about = about_source,
                                            .table = source_options,
                                            .example = example_source});
    add_drivers(sections, "Source of type", false);
    add_section(
        sections,
        &(struct section){.title = "Resource", .about = about_resource, .table = resource_options});
    add_drivers(sections, "Resource of a source of type", true);
    add_nested(sections, resource_options, "a resource");
    add_nested(sections, source_options, "a source");
}

static const char *type_words(const struct option *option)
{
    static const char *const words[] = {
        [OPTION_TEXT] = "text",
        [OPTION_BOOL] = "true or false",
        [OPTION_INT] = "whole number",
        [OPTION_VALUE] = "number or text",
        [OPTION_TEXTS] = "text or list",
        [OPTION_TEXT_MAP] = "texts by name",
        [OPTION_MAP] = "map",
        [OPTION_MAPS] = "maps by name",
        [OPTION_MAP_LIST] = "list of maps",
        [OPTION_ANY] = "anything",
    };
    if (option->type == OPTION_MAP && option->shorthand)
        return "text or map";
    return words[option->type];
}

/* ---- as text ---- */

/* Words from `column` on, going on at `indent` in the next line; quotes of code are left out. */
static void put_wrapped(struct buf *out, const char *text, size_t indent, size_t column)
{
    while (*text) {
        size_t len = strcspn(text, " "), shown = 0;
        for (size_t i = 0; i < len; i++)
            shown += text[i] != '`';
        if (column > indent && column + 1 + shown > TEXT_COLUMNS) {
            buf_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            buf_char(out, ' ');
            column++;
        }
        for (size_t i = 0; i < len; i++)
            if (text[i] != '`')
                buf_char(out, text[i]);
        column += shown;
        text += len;
        text += strspn(text, " ");
    }
    buf_char(out, '\n');
}

static void put_option(struct buf *out, const struct option *option)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s (%s", option->help, type_words(option));
    if (option->choices) {
        buf_text(&text, ": ");
        for (const char *p = option->choices; *p; p++)
            buf_printf(&text, *p == ' ' ? ", " : "%c", *p);
    }
    if (option->required)
        buf_text(&text, "; required");
    if (option->fallback)
        buf_printf(&text, "; default: %s", option->fallback);
    buf_char(&text, ')');
    buf_printf(out, "  %-*s", NAME_COLUMNS - 2, option->name);
    put_wrapped(out, buf_string(&text), NAME_COLUMNS, NAME_COLUMNS);
    out->failed = out->failed || text.failed;
    buf_release(&text);
}

/* "{a: value, b: value}" for "a b" */
static void put_shorthand(struct buf *out, const char *names)
{
    buf_char(out, '{');
    for (; *names; names++)
        buf_printf(out, *names == ' ' ? ": value, " : "%c", *names);
    buf_text(out, ": value}");
}

static void write_text(const struct sections *sections, struct buf *out)
{
    for (size_t i = 0; i < sections->count; i++) {
        const struct section *section = &sections->items[i];
        buf_printf(out, "%s%s\n  ", i > 0 ? "\n" : "", section->title);
        put_wrapped(out, section->about, 2, 2);
        for (const struct option *option = section->table; option && option->name; option++)
            put_option(out, option);
        if (section->table && !section->table->name)
            buf_text(out, "  It has no keys of its own.\n");
        if (section->shorthand) {
            buf_text(out, "  A value that is no map stands for ");
            put_shorthand(out, section->shorthand);
            buf_text(out, ".\n");
        }
        for (const char *line = section->example; line && *line;) {
            size_t len = strcspn(line, "\n");
            buf_printf(out, "%s      %.*s\n", line == section->example ? "\n" : "", (int)len, line);
            line += len + 1;
        }
    }
}

/* ---- as Markdown ---- */

/* What a cell of a table can hold. */
static void put_cell(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_printf(out, *text == '|' ? "\\%c" : "%c", *text);
}

static void put_row(struct buf *out, const struct option *option)
{
    buf_printf(out, "| `%s` | ", option->name);
    if (!option->choices || option->type != OPTION_TEXT)
        buf_text(out, type_words(option));
    if (option->choices)
        buf_text(out, option->type == OPTION_TEXT ? "`" : ": `");
    for (const char *p = option->choices; p && *p; p++)
        buf_printf(out, *p == ' ' ? "`, `" : "%c", *p);
    buf_printf(out, "%s | ", option->choices ? "`" : "");
    if (option->required)
        buf_text(out, "required");
    else if (option->fallback)
        buf_printf(out, "`%s`", option->fallback);
    buf_text(out, " | ");
    put_cell(out, option->help);
    buf_text(out, " |\n");
}

static void write_markdown(const struct sections *sections, struct buf *out)
{
    buf_text(out, "# The keys of a spec\n\n"
                  "This page is what `tidegate help spec --markdown` prints.\n");
    for (size_t i = 0; i < sections->count; i++) {
        const struct section *section = &sections->items[i];
        buf_printf(out, "\n## %s\n\n%s\n", section->title, section->about);
        if (section->table && section->table->name)
            buf_text(out, "\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n");
        for (const struct option *option = section->table; option && option->name; option++)
            put_row(out, option);
        if (section->table && !section->table->name)
            buf_text(out, "\nIt has no keys of its own.\n");
        if (section->shorthand) {
            buf_text(out, "\nA value that is no map stands for `");
            put_shorthand(out, section->shorthand);
            buf_text(out, "`.\n");
        }
        if (section->example)
            buf_printf(out, "\n```yaml\n%s```\n", section->example);
    }
}

/* ---- as JSON Schema ---- */

/* A failed addition sticks, as in a buf. */
struct schema {
    yyjson_mut_doc *doc;
    bool failed;
};

static void put(struct schema *schema, yyjson_mut_val *object, const char *key,
                yyjson_mut_val *value)
{
    yyjson_mut_val *name = yyjson_mut_str(schema->doc, key);
    if (!name || !yyjson_mut_obj_add(object, name, value))
        schema->failed = true;
}

static void put_text(struct schema *schema, yyjson_mut_val *object, const char *key,
                     const char *text)
{
    put(schema, object, key, yyjson_mut_strcpy(schema->doc, text));
}

static void push(struct schema *schema, yyjson_mut_val *array, yyjson_mut_val *value)
{
    if (!yyjson_mut_arr_append(array, value))
        schema->failed = true;
}

/* {key: text} */
static yyjson_mut_val *single(struct schema *schema, const char *key, const char *text)
{
    yyjson_mut_val *object = yyjson_mut_obj(schema->doc);
    put_text(schema, object, key, text);
    return object;
}

/* {"anyOf": [one, other]} */
static yyjson_mut_val *either(struct schema *schema, yyjson_mut_val *one, yyjson_mut_val *other)
{
    yyjson_mut_val *object = yyjson_mut_obj(schema->doc), *list = yyjson_mut_arr(schema->doc);
    push(schema, list, one);
    push(schema, list, other);
    put(schema, object, "anyOf", list);
    return object;
}

/* What stands for a value of any type: ${...}. */
static yyjson_mut_val *reference(struct schema *schema)
{
    return single(schema, "$ref", "#/$defs/reference");
}

static yyjson_mut_val *scalar(struct schema *schema)
{
    return single(schema, "$ref", "#/$defs/scalar");
}

static yyjson_mut_val *choices(struct schema *schema, const char *words)
{
    yyjson_mut_val *object = yyjson_mut_obj(schema->doc), *list = yyjson_mut_arr(schema->doc);
    while (*words) {
        size_t len = strcspn(words, " ");
        push(schema, list, yyjson_mut_strncpy(schema->doc, words, len));
        words += len + (words[len] == ' ');
    }
    put(schema, object, "enum", list);
    return either(schema, object, reference(schema));
}

static yyjson_mut_val *map_schema(struct schema *schema, const char *type,
                                  const struct option *table, const struct option *more);

/* A map of free names. */
static yyjson_mut_val *maps_schema(struct schema *schema, yyjson_mut_val *entry)
{
    yyjson_mut_val *object = single(schema, "type", "object");
    if (!yyjson_mut_obj_add_int(schema->doc, object, "minProperties", 1))
        schema->failed = true;
    put(schema, object, "additionalProperties", entry);
    return object;
}

static yyjson_mut_val *list_schema(struct schema *schema, yyjson_mut_val *items, bool may_be_empty)
{
    yyjson_mut_val *object = single(schema, "type", "array");
    put(schema, object, "items", items);
    if (!may_be_empty && !yyjson_mut_obj_add_int(schema->doc, object, "minItems", 1))
        schema->failed = true;
    return object;
}

static yyjson_mut_val *text_schema(struct schema *schema, const struct option *option)
{
    return option->choices ? choices(schema, option->choices) : scalar(schema);
}

static yyjson_mut_val *value_schema(struct schema *schema, const struct option *option)
{
    yyjson_mut_val *object;
    switch (option->type) {
    case OPTION_TEXT: return text_schema(schema, option);
    case OPTION_VALUE: return scalar(schema);
    case OPTION_BOOL: return either(schema, single(schema, "type", "boolean"), reference(schema));
    case OPTION_INT: return either(schema, single(schema, "type", "integer"), reference(schema));
    case OPTION_TEXTS:
        object = list_schema(schema, text_schema(schema, option), option->may_be_empty);
        return either(schema, text_schema(schema, option), object);
    case OPTION_TEXT_MAP: return maps_schema(schema, text_schema(schema, option));
    case OPTION_ANY: return yyjson_mut_obj(schema->doc);
    default: break;
    }
    object = map_schema(schema, NULL, option->table, NULL);
    if (option->shorthand)
        object = either(schema, value_schema(schema, option_shorthand(option)), object);
    if (option->type == OPTION_MAP_LIST)
        return list_schema(schema, object, false);
    return option->type == OPTION_MAPS ? maps_schema(schema, object) : object;
}

static void put_default(struct schema *schema, yyjson_mut_val *object, const struct option *option)
{
    if (option->type == OPTION_BOOL)
        put(schema, object, "default",
            yyjson_mut_bool(schema->doc, strcmp(option->fallback, "true") == 0));
    else if (option->type == OPTION_INT)
        put(schema, object, "default", yyjson_mut_rawcpy(schema->doc, option->fallback));
    else
        put_text(schema, object, "default", option->fallback);
}

static void put_properties(struct schema *schema, yyjson_mut_val *properties,
                           yyjson_mut_val *required, const struct option *table)
{
    for (const struct option *option = table; option && option->name; option++) {
        yyjson_mut_val *value;
        if (option->required)
            push(schema, required, yyjson_mut_strcpy(schema->doc, option->name));
        if (yyjson_mut_obj_get(properties, option->name) || strchr(option->name, '*'))
            continue; /* a special one was put before, or put_patterns() has it */
        value = value_schema(schema, option);
        put_text(schema, value, "description", option->help);
        if (option->fallback)
            put_default(schema, value, option);
        put(schema, properties, option->name, value);
    }
}

/* The names that stand for all that start so: {"^x-.": {}}. */
static void put_patterns(struct schema *schema, yyjson_mut_val *object, const struct option *table)
{
    yyjson_mut_val *patterns = yyjson_mut_obj(schema->doc);
    for (const struct option *option = table; option && option->name; option++) {
        size_t len = strcspn(option->name, "*");
        if (!option->name[len])
            continue;
        char pattern[32];
        snprintf(pattern, sizeof(pattern), "^%.*s.", (int)len, option->name);
        yyjson_mut_val *key = yyjson_mut_strcpy(schema->doc, pattern);
        yyjson_mut_val *value = value_schema(schema, option);
        put_text(schema, value, "description", option->help);
        if (!key || !yyjson_mut_obj_add(patterns, key, value))
            schema->failed = true;
    }
    if (yyjson_mut_obj_size(patterns) > 0)
        put(schema, object, "patternProperties", patterns);
}

/* A map with the keys of one or two tables; `type` (may be NULL) is the one value of its key
 * `type`. */
static yyjson_mut_val *map_schema(struct schema *schema, const char *type,
                                  const struct option *table, const struct option *more)
{
    yyjson_mut_val *object = single(schema, "type", "object");
    yyjson_mut_val *properties = yyjson_mut_obj(schema->doc);
    yyjson_mut_val *required = yyjson_mut_arr(schema->doc);
    if (type)
        put(schema, properties, "type", single(schema, "const", type));
    put_properties(schema, properties, required, table);
    put_properties(schema, properties, required, more);
    put(schema, object, "properties", properties);
    if (yyjson_mut_arr_size(required) > 0)
        put(schema, object, "required", required);
    put_patterns(schema, object, table);
    put(schema, object, "additionalProperties", yyjson_mut_bool(schema->doc, false));
    return object;
}

/* One of the drivers' forms: {"anyOf": [...]} */
static yyjson_mut_val *driver_schemas(struct schema *schema, bool of_resources)
{
    size_t count;
    const struct source_driver *const *drivers = source_list(&count);
    yyjson_mut_val *object = yyjson_mut_obj(schema->doc), *list = yyjson_mut_arr(schema->doc);
    for (size_t i = 0; i < count; i++) {
        const struct source_driver *driver = drivers[i];
        if (source_fits_spec(driver))
            push(schema, list,
                 of_resources
                     ? map_schema(schema, NULL, resource_options, driver->resource_options)
                     : map_schema(schema, driver->name, source_options, driver->source_options));
    }
    put(schema, object, "anyOf", list);
    return object;
}

static yyjson_mut_val *definitions(struct schema *schema)
{
    yyjson_mut_val *object = yyjson_mut_obj(schema->doc);
    yyjson_mut_val *types = yyjson_mut_arr(schema->doc), *scalars = yyjson_mut_obj(schema->doc);
    yyjson_mut_val *references = single(schema, "type", "string");
    put_text(schema, references, "pattern", "\\$\\{");
    put_text(schema, references, "description",
             "${NAME}, ${NAME:-default} or ${file:PATH}: from the environment, or a file.");
    push(schema, types, yyjson_mut_str(schema->doc, "string"));
    push(schema, types, yyjson_mut_str(schema->doc, "number"));
    push(schema, types, yyjson_mut_str(schema->doc, "boolean"));
    put(schema, scalars, "type", types);
    put(schema, object, "reference", references);
    put(schema, object, "scalar", scalars);
    put(schema, object, "source", driver_schemas(schema, false));
    put(schema, object, "resource", driver_schemas(schema, true));
    return object;
}

/* {"required": [key]} */
static yyjson_mut_val *requirement(struct schema *schema, const char *key)
{
    yyjson_mut_val *object = yyjson_mut_obj(schema->doc), *list = yyjson_mut_arr(schema->doc);
    push(schema, list, yyjson_mut_str(schema->doc, key));
    put(schema, object, "required", list);
    return object;
}

static yyjson_mut_val *spec_schema(struct schema *schema)
{
    static const char source[] = "#/$defs/source", resource[] = "#/$defs/resource";
    yyjson_mut_val *root = yyjson_mut_obj(schema->doc), *one = yyjson_mut_arr(schema->doc);
    yyjson_mut_val *properties = yyjson_mut_obj(schema->doc);
    yyjson_mut_val *required = yyjson_mut_arr(schema->doc);
    put_text(schema, root, "$schema", "https://json-schema.org/draft/2020-12/schema");
    put_text(schema, root, "title", "tidegate spec");
    put_text(schema, root, "description", about_spec);
    put_text(schema, root, "type", "object");
    put(schema, properties, "source", single(schema, "$ref", source));
    put(schema, properties, "sources", maps_schema(schema, single(schema, "$ref", source)));
    put(schema, properties, "resources", maps_schema(schema, single(schema, "$ref", resource)));
    put_properties(schema, properties, required, spec_options);
    put(schema, root, "properties", properties);
    put(schema, root, "required", required);
    push(schema, one, requirement(schema, "source"));
    push(schema, one, requirement(schema, "sources"));
    put(schema, root, "oneOf", one);
    put(schema, root, "additionalProperties", yyjson_mut_bool(schema->doc, false));
    put(schema, root, "$defs", definitions(schema));
    return root;
}

static int write_json_schema(struct buf *out, struct tg_error *err)
{
    struct schema schema = {.doc = yyjson_mut_doc_new(json_allocator())};
    if (!schema.doc)
        return error_nomem(err);
    yyjson_mut_doc_set_root(schema.doc, spec_schema(&schema));
    size_t len = 0;
    char *text = schema.failed ? NULL
                               : yyjson_mut_write_opts(schema.doc, YYJSON_WRITE_PRETTY_TWO_SPACES,
                                                       json_allocator(), &len, NULL);
    yyjson_mut_doc_free(schema.doc);
    if (!text)
        return error_nomem(err);
    buf_append(out, text, len);
    buf_char(out, '\n');
    mem_free(text);
    return TG_OK;
}

/* ---- a spec to start from ---- */

struct template
{
    const char *name, *text;
};

static const struct template destinations[] = {
    {"duckdb", "# duckdb:///FILE lies beside this spec; duckdb:////PATH/FILE (four slashes) is an\n"
               "# absolute path.\n"
               "destination: duckdb:///warehouse.duckdb\n"},
};

static const struct template sources[] = {
    {"files",
     "source:\n"
     "  type: files\n"
     "  root: .                           # paths below start here\n"
     "\n"
     "resources:\n"
     "  # Every resource becomes a table, and one more for each list nested in its rows.\n"
     "  events:\n"
     "    path: data/*.jsonl              # or .json, .csv, .parquet; several: [a/*.csv, b/*]\n"
     "\n"
     "    # append: adds the rows; a file that was loaded is not read again.\n"
     "    # replace: puts the rows in place of all that is in the table.\n"
     "    # merge: updates rows by primary_key, and adds those that are new.\n"
     "    write_disposition: append\n"
     "    # primary_key: id                 # or several: [tenant, id]\n"
     "\n"
     "    # Load only rows that are new by a field that grows, from some value on.\n"
     "    # incremental: {cursor: updated_at, initial_value: 2024-01-01T00:00:00Z}\n"
     "\n"
     "    # Types are inferred; a hint wins.\n"
     "    # columns:\n"
     "    #   price: {data_type: decimal, precision: 18, scale: 2}\n"},
};

static const struct template *find_template(const struct template *templates, size_t count,
                                            const char *kind, const char *name,
                                            struct tg_error *err)
{
    char hint[NEAREST_HINT_BYTES], known[256] = "";
    if (!name)
        return &templates[0];
    struct nearest nearest = {.wanted = name};
    for (size_t i = 0, len = 0; i < count; i++) {
        if (strcmp(templates[i].name, name) == 0)
            return &templates[i];
        nearest_offer(&nearest, templates[i].name, strlen(templates[i].name));
        if (len < sizeof(known))
            len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", i > 0 ? ", " : "",
                                    templates[i].name);
    }
    error_set(err, TG_USAGE, "there is no kind of %s '%s' to start a spec with (there are: %s)%s",
              kind, name, known, nearest_hint(&nearest, hint));
    return NULL;
}

/* ---- the public functions ---- */

static int print(struct buf *text, FILE *out, struct tg_error *err)
{
    int rc = buf_check(text, err);
    if (rc == TG_OK && (fwrite(text->data, 1, text->len, out) != text->len || fflush(out) != 0))
        rc =
            error_set(err, TG_IO, "cannot write the output; is the disk full, or the pipe closed?");
    buf_release(text);
    return rc;
}

int tg_spec_init(const char *source, const char *destination, FILE *out, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    error_clear(err);
    NEEDS(out);
    const struct template *from =
        find_template(sources, sizeof(sources) / sizeof(sources[0]), "source", source, err);
    if (!from)
        return TG_USAGE;
    const struct template *to =
        find_template(destinations, sizeof(destinations) / sizeof(destinations[0]), "destination",
                      destination, err);
    if (!to)
        return TG_USAGE;
    buf_printf(&text,
               "# A tidegate spec: what to load, and where to. All keys: tidegate help spec\n"
               "# Check it with 'tidegate check SPEC', load with 'tidegate run SPEC'.\n"
               "pipeline: my_pipeline\n"
               "%s"
               "# The schema that holds the tables.\n"
               "dataset: bronze\n"
               "\n"
               "%s",
               to->text, from->text);
    return print(&text, out, err);
}

int tg_spec_reference(enum tg_reference form, FILE *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    struct sections sections;
    error_clear(err);
    NEEDS(out);
    list_sections(&sections);
    switch (form) {
    case TG_REFERENCE_TEXT: write_text(&sections, &text); break;
    case TG_REFERENCE_MARKDOWN: write_markdown(&sections, &text); break;
    case TG_REFERENCE_JSON_SCHEMA: rc = write_json_schema(&text, err); break;
    default: return error_set(err, TG_USAGE, "there is no form %d of the reference", (int)form);
    }
    if (rc == TG_OK)
        return print(&text, out, err);
    buf_release(&text);
    return rc;
}
