/*
 * The reference of the spec's keys, from the very tables that the parser reads, in three forms; and
 * a spec to start from.
 *
 *   spec_reference: list_sections (tables of spec.c and of the drivers) -> write_text or
 *                      write_markdown; write_json_schema walks the tables by itself -> print
 *   spec_start: find_template for source and destination -> put_start; spec_start_from: the source
 *                      as a look at a file tells it (extract/files/look.c)
 *
 * docs/spec.md and docs/tidegate.schema.json are what is printed here (tools/gen-docs); a test
 * compares.
 */
#include <string.h>

#include "base/json.h"
#include "config/spec.h"
#include "extract/files/look.h"
#include "write/destination.h"

enum { TEXT_COLUMNS = 80, NAME_COLUMNS = 26, SECTIONS_MAX = 32 };

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

static const char about_environments[] =
    "Overlays by name under `environments`: keys of a spec, of which one overlay is laid over the "
    "rest before any of it is read. `--env NAME` says which, else `$TIDEGATE_ENV`, else "
    "`default_environment`; where nobody does, nothing is read. What `${NAME}` stands for is asked "
    "for the chosen one alone.";

static const char example_environments[] =
    "pipeline: shop\n"
    "dataset: bronze\n"
    "source: {type: files, root: ./data}\n"
    "resources:\n"
    "  person: {path: person/*.jsonl, incremental: id}\n"
    "default_environment: dev\n"
    "environments:\n"
    "  dev:\n"
    "    destination: duckdb:///dev.duckdb\n"
    "    resources: {person: {path: person/2024-01-*.jsonl}}\n"
    "  prod:\n"
    "    destination: ${SHOP_URL}\n"
    "    memory: 1GiB\n";

static const char about_source[] =
    "One map under `source`, or several by name under `sources`: these keys and those of its type. "
    "A program gives the latter as texts: `source_options` of struct tg_resource.";

static const char example_source[] = "sources:\n"
                                     "  crm: {type: files, root: ./crm}\n"
                                     "  web: {type: files, root: ./web}\n"
                                     "resources:\n"
                                     "  person: {source: crm, path: person.jsonl}\n"
                                     "  click: {source: web, path: click-*.csv}\n";

static const char about_resource[] =
    "A map by name under `resources`: these keys and those of its source's type. A program gives "
    "the latter as texts: `options` of struct tg_resource.";

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
    add_section(sections, &(struct section){.title = "Environments",
                                            .about = about_environments,
                                            .example = example_environments});
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
        [OPTION_VALUES] = "number, text or list",
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
    char words[OPTION_WORDS_MAX];
    const char *choices = option_choices(option, words);
    buf_printf(&text, "%s (%s", option->help, type_words(option));
    if (choices) {
        buf_text(&text, ": ");
        put_words(&text, choices, ", ");
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
            buf_text(out, "  A plain value stands for {");
            put_words(out, section->shorthand, ": value, ");
            buf_text(out, ": value}.\n");
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
    char words[OPTION_WORDS_MAX];
    const char *choices = option_choices(option, words);
    buf_printf(out, "| `%s` | ", option->name);
    if (!choices || option->type != OPTION_TEXT)
        buf_text(out, type_words(option));
    if (choices) {
        buf_text(out, option->type == OPTION_TEXT ? "`" : ": `");
        put_words(out, choices, "`, `");
        buf_char(out, '`');
    }
    buf_text(out, " | ");
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
            buf_text(out, "\nA plain value stands for `{");
            put_words(out, section->shorthand, ": value, ");
            buf_text(out, ": value}`.\n");
        }
        if (section->example)
            buf_printf(out, "\n```yaml\n%s```\n", section->example);
    }
}

/* ---- as JSON Schema ---- */

/* A piece of the schema, with ' in place of ". */
static void put(struct buf *out, const char *json)
{
    for (; *json; json++)
        buf_char(out, *json == '\'' ? '"' : *json);
}

/* A comma where something stands before. */
static void put_comma(struct buf *out)
{
    if (out->len > 0 && !strchr("{[", out->data[out->len - 1]))
        buf_char(out, ',');
}

static void put_key(struct buf *out, const char *key)
{
    put_comma(out);
    buf_printf(out, "\"%s\":", key);
}

static void put_text(struct buf *out, const char *key, const char *text)
{
    put_key(out, key);
    json_string(out, text, strlen(text));
}

/* What stands for a value of any type: ${...}. */
#define OR_REFERENCE ",{'$ref':'#/$defs/reference'}]"

static void put_scalar(struct buf *out, const struct option *option)
{
    char words[OPTION_WORDS_MAX];
    const char *choices = option_choices(option, words);
    if (!choices) {
        put(out, "'$ref':'#/$defs/scalar'");
        return;
    }
    put(out, "'anyOf':[{'enum':['");
    put_words(out, choices, "\",\"");
    put(out, "']}" OR_REFERENCE);
}

static void put_map(struct buf *out, const char *type, const struct option *const *tables);

/* What a map may be by the option's table, or the scalar that stands for it. */
static void put_entry(struct buf *out, const struct option *option)
{
    const struct option *const tables[] = {option->table, NULL};
    if (option->type == OPTION_TEXT_MAP) {
        put_scalar(out, option);
        return;
    }
    if (option->shorthand) {
        put(out, "'anyOf':[{");
        put_scalar(out, option_shorthand(option));
        put(out, "},{");
    }
    put_map(out, NULL, tables);
    put(out, option->shorthand ? "}]" : "");
}

/* What the schema says of the option's value, without the braces around it. */
static void put_value(struct buf *out, const struct option *option)
{
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_VALUE: put_scalar(out, option); break;
    case OPTION_BOOL: put(out, "'anyOf':[{'type':'boolean'}" OR_REFERENCE); break;
    case OPTION_INT: put(out, "'anyOf':[{'type':'integer'}" OR_REFERENCE); break;
    case OPTION_VALUES:
    case OPTION_TEXTS:
        put(out, "'anyOf':[{");
        put_scalar(out, option);
        put(out, "},{'type':'array','items':{");
        put_scalar(out, option);
        put(out, option->may_be_empty ? "}}]" : "},'minItems':1}]");
        break;
    case OPTION_MAP: put_entry(out, option); break;
    case OPTION_TEXT_MAP:
    case OPTION_MAPS:
        put(out, "'type':'object','minProperties':1,'additionalProperties':{");
        put_entry(out, option);
        put(out, "}");
        break;
    case OPTION_MAP_LIST:
        put(out, "'type':'array','items':{");
        put_entry(out, option);
        put(out, "},'minItems':1");
        break;
    case OPTION_ANY: break;
    }
}

static void put_property(struct buf *out, const char *key, const struct option *option)
{
    bool plain = option->type == OPTION_BOOL || option->type == OPTION_INT;
    put_key(out, key);
    buf_char(out, '{');
    put_value(out, option);
    put_text(out, "description", option->help);
    if (option->fallback && plain) {
        put_key(out, "default");
        buf_text(out, option->fallback);
    } else if (option->fallback) {
        put_text(out, "default", option->fallback);
    }
    buf_char(out, '}');
}

/* Each key, behind those that `said` has already. */
static void put_properties(struct buf *out, const char *said, const struct option *const *tables)
{
    put(out, "'properties':{");
    put(out, said);
    for (; *tables; tables++)
        for (const struct option *option = *tables; option->name; option++) {
            char quoted[64];
            snprintf(quoted, sizeof(quoted), "'%s':", option->name);
            if (!strstr(said, quoted) && !strchr(option->name, '*'))
                put_property(out, option->name, option);
        }
    put(out, "}");
}

static void put_required(struct buf *out, const struct option *const *tables)
{
    const char *before = ",\"required\":[";
    size_t start = out->len;
    for (; *tables; tables++)
        for (const struct option *option = *tables; option->name; option++)
            if (option->required) {
                buf_printf(out, "%s\"%s\"", before, option->name);
                before = ",";
            }
    put(out, out->len > start ? "]" : "");
}

/* The names that stand for all that start so: {"^x-.": {}}. */
static void put_patterns(struct buf *out, const struct option *table)
{
    for (const struct option *option = table; option->name; option++) {
        size_t len = strcspn(option->name, "*");
        char pattern[32];
        if (!option->name[len])
            continue;
        snprintf(pattern, sizeof(pattern), "^%.*s.", (int)len, option->name);
        put(out, ",'patternProperties':{");
        put_property(out, pattern, option);
        put(out, "}");
    }
}

/* A map with the keys of the tables; `type` (may be NULL) is the one value of its key `type`. */
static void put_map(struct buf *out, const char *type, const struct option *const *tables)
{
    char said[64] = "";
    if (type)
        snprintf(said, sizeof(said), "'type':{'const':'%s'}", type);
    put(out, "'type':'object',");
    put_properties(out, said, tables);
    put_required(out, tables);
    put_patterns(out, tables[0]);
    put(out, ",'additionalProperties':false");
}

/* One of the drivers' forms. */
static void put_drivers(struct buf *out, const char *key, bool of_resources)
{
    size_t count;
    const struct source_driver *const *drivers = source_list(&count);
    put_key(out, key);
    put(out, "{'anyOf':[");
    for (size_t i = 0; i < count; i++) {
        const struct source_driver *driver = drivers[i];
        const struct option *const resource[] = {resource_options, driver->resource_options, NULL};
        const struct option *const source[] = {source_options, driver->source_options, NULL};
        if (!source_fits_spec(driver))
            continue;
        put_comma(out);
        buf_char(out, '{');
        put_map(out, of_resources ? NULL : driver->name, of_resources ? resource : source);
        buf_char(out, '}');
    }
    put(out, "]}");
}

static const char special_keys[] = "'source':{'$ref':'#/$defs/source'},"
                                   "'sources':{'type':'object','minProperties':1,"
                                   "'additionalProperties':{'$ref':'#/$defs/source'}},"
                                   "'resources':{'type':'object','minProperties':1,"
                                   "'additionalProperties':{'$ref':'#/$defs/resource'}},"
                                   "'environments':{'type':'object','minProperties':1,"
                                   "'additionalProperties':{'$ref':'#/$defs/overlay'}}";

/* The same keys, none of them required, and with parts of their values: what those may be is known
 * where they lie over the spec. */
static void put_overlay(struct buf *out)
{
    put_key(out, "overlay");
    put(out, "{'type':['object','null'],'properties':{");
    for (const struct option *option = spec_options; option->name; option++) {
        if (strstr(option->name, "environment"))
            continue;
        put_key(out, option->name);
        buf_char(out, '{');
        put_text(out, "description", option->help);
        buf_char(out, '}');
    }
    put(out, "},'additionalProperties':false}");
}

static void put_spec(struct buf *out)
{
    const struct option *const tables[] = {spec_options, NULL};
    put(out, "{'$schema':'https://json-schema.org/draft/2020-12/schema','title':'tidegate spec'");
    put_text(out, "description", about_spec);
    put(out, ",'type':'object',");
    put_properties(out, special_keys, tables);
    put_required(out, tables);
    put(out, ",'oneOf':[{'required':['source']},{'required':['sources']}],"
             "'additionalProperties':false,"
             "'$defs':{'reference':{'type':'string','pattern':'\\\\$\\\\{','description':"
             "'${NAME}, ${NAME:-default} or ${file:PATH}: from the environment, or a file.'},"
             "'scalar':{'type':['string','number','boolean']}");
    put_drivers(out, "source", false);
    put_drivers(out, "resource", true);
    put_overlay(out);
    put(out, "}}");
}

static int write_json_schema(struct buf *out, struct tg_error *err)
{
    size_t len = 0;
    yyjson_doc *doc = NULL;
    struct buf json = BUF_INIT;
    put_spec(&json);
    int rc = buf_check(&json, err);
    if (rc == TG_OK)
        rc = json_parse(json.data, json.len, "the schema", &doc, err);
    char *text =
        yyjson_write_opts(doc, YYJSON_WRITE_PRETTY_TWO_SPACES, json_allocator(), &len, NULL);
    if (rc == TG_OK && !text)
        rc = error_nomem(err);
    buf_append(out, text, len);
    buf_char(out, '\n');
    mem_free(text);
    yyjson_doc_free(doc);
    buf_release(&json);
    return rc;
}

/* ---- a spec to start from ---- */

struct template
{
    const char *name, *text;
};

static const struct template *find_template(const struct template *templates, size_t count,
                                            const char *kind, const char *name,
                                            struct tg_error *err)
{
    char hint[NEAREST_HINT_BYTES], known[256] = "";
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

/* ---- the whole texts ---- */

enum { TEMPLATES_MAX = 32 };

static size_t list_sources(struct template out[TEMPLATES_MAX])
{
    size_t count = 0, driver_count;
    const struct source_driver *const *drivers = source_list(&driver_count);
    for (size_t i = 0; count < TEMPLATES_MAX && i < driver_count; i++)
        if (drivers[i]->start)
            out[count++] = (struct template){drivers[i]->name, drivers[i]->start};
    return count;
}

static size_t list_destinations(struct template out[TEMPLATES_MAX])
{
    size_t count = 0;
    struct destination_example example;
    for (size_t i = 0; count < TEMPLATES_MAX && destination_example(i, &example); i++)
        if (example.start)
            out[count++] = (struct template){example.name, example.start};
    return count;
}

static int put_start(const char *source, const char *destination, struct buf *out,
                     struct tg_error *err)
{
    struct template destinations[TEMPLATES_MAX];
    const struct template *to =
        find_template(destinations, list_destinations(destinations), "destination",
                      destination ? destination : "duckdb", err);
    if (!to)
        return TG_USAGE;
    buf_printf(out,
               "# A tidegate spec: what to load, and where to. All keys: tidegate help spec\n"
               "# Check it with 'tidegate check SPEC', load with 'tidegate run SPEC'.\n"
               "pipeline: my_pipeline\n"
               "%s"
               "# The schema that holds the tables.\n"
               "dataset: bronze\n"
               "\n"
               "%s",
               to->text, source);
    return buf_check(out, err);
}

int spec_start(const char *source, const char *destination, struct buf *out, struct tg_error *err)
{
    struct template sources[TEMPLATES_MAX];
    const struct template *from =
        find_template(sources, list_sources(sources), "source", source ? source : "files", err);
    return from ? put_start(from->text, destination, out, err) : TG_USAGE;
}

int spec_start_from(const char *path, const char *destination, struct buf *out,
                    struct tg_error *err)
{
    struct buf source = BUF_INIT;
    int rc = TG_OK;
    TRY(look_at_file(path, &source, err));
    TRY(put_start(buf_string(&source), destination, out, err));
done:
    buf_release(&source);
    return rc;
}

int spec_reference(enum tg_reference form, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct sections sections;
    list_sections(&sections);
    switch (form) {
    case TG_REFERENCE_TEXT: write_text(&sections, out); break;
    case TG_REFERENCE_MARKDOWN: write_markdown(&sections, out); break;
    case TG_REFERENCE_JSON_SCHEMA: rc = write_json_schema(out, err); break;
    default: return error_set(err, TG_USAGE, "there is no form %d of the reference", (int)form);
    }
    return rc == TG_OK ? buf_check(out, err) : rc;
}
