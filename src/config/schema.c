/*
 * The schema's own part of a configuration: names, detections, types and hints by name, contracts,
 * the folders of its YAML form.
 *
 *   spec.c (YAML) -> schema_read, contract_of  \
 *   config_init (C API) -> schema_set, contract_set  > config->schema_config
 *
 * The words are those of the option tables here, for both ways. What becomes of them in the stored
 * schema is left to the catalog (catalog_apply_settings), which is also asked whether a regular
 * expression is one.
 */
#include <string.h>

#include "base/fs.h"
#include "config/spec.h"
#include "dlt/store.h"

/* ---- the keys ---- */

#define MODES "evolve freeze discard_row discard_value"

/* In the order of enum contract_entity. */
const struct option contract_options[] = {
    {.name = "tables", .choices = MODES, .help = "When rows come for a table that is not there."},
    {.name = "columns",
     .choices = MODES,
     .help = "When a field comes that a table with data has no column for."},
    {.name = "data_type",
     .choices = MODES,
     .help = "When a value does not fit the type of its column, or a hint changes the type."},
    OPTION_END,
};

/* dlt's, but for those that say nothing (`nullable`) or are no yes or no (`dedup_sort`). */
static const struct option default_hint_options[] = {
    {.name = "not_null", .type = OPTION_TEXTS, .help = "Columns that cannot be NULL."},
    {.name = "primary_key", .type = OPTION_TEXTS, .help = "Columns that make a row unique."},
    {.name = "merge_key", .type = OPTION_TEXTS, .help = "Columns that rows are replaced by."},
    {.name = "unique", .type = OPTION_TEXTS, .help = "Columns with no value twice."},
    {.name = "partition", .type = OPTION_TEXTS, .help = "Columns that a table is divided by."},
    {.name = "cluster", .type = OPTION_TEXTS, .help = "Columns that rows are kept together by."},
    {.name = "sort", .type = OPTION_TEXTS, .help = "Columns that rows are sorted by."},
    {.name = "hard_delete",
     .type = OPTION_TEXTS,
     .help = "Columns that mark a deleted row, in merges."},
    {.name = "row_key", .type = OPTION_TEXTS, .help = "Columns with the id of a row."},
    {.name = "parent_key", .type = OPTION_TEXTS, .help = "Columns with the parent row's id."},
    {.name = "root_key", .type = OPTION_TEXTS, .help = "Columns with the root row's id."},
    OPTION_END,
};

/* Words in the order of enum naming, and of nothing; of enum type. */
const struct option schema_options[] = {
    {.name = "naming",
     .choices = "snake_case direct duck_case sql_cs_v1 sql_ci_v1",
     .fallback = "snake_case",
     .help = "How names of tables and columns are made. It cannot be changed once tables have "
             "data."},
    {.name = "detections",
     .type = OPTION_TEXTS,
     .may_be_empty = true,
     .choices = "timestamp iso_timestamp iso_date large_integer hexbytes_to_text wei_to_double",
     .fallback = "iso_timestamp",
     .help = "Texts and numbers that become values of another type where a column is new; the "
             "empty list `[]` leaves all of them as they are."},
    {.name = "preferred_types",
     .type = OPTION_TEXT_MAP,
     .choices = COLUMN_TYPES,
     .help = "Types of new columns by their names; `re:` goes before a regular expression."},
    {.name = "default_hints",
     .type = OPTION_MAP,
     .table = default_hint_options,
     .help = "Hints for new columns by their names; `re:` goes before a regular expression."},
    {.name = "import_schema_path",
     .help = "A folder with `<schema>.schema.yaml`, which overrides the stored schema whenever it "
             "changes, and is written when it is missing."},
    {.name = "export_schema_path",
     .help = "A folder that `<schema>.schema.yaml` is written to after each change."},
    OPTION_END,
};

/* ---- contracts ---- */

struct contract contract_of(const struct node *map)
{
    struct contract contract = {.modes = {CONTRACT_UNSAID}};
    const struct node *given = node_find(map, "schema_contract");
    contract.spelled_out = given && given->kind == NODE_MAP;
    for (int i = 0; given && i < CONTRACT_COUNT; i++) {
        const struct node *mode =
            given->kind == NODE_MAP ? node_find(given, contract_options[i].name) : given;
        if (mode)
            contract.modes[i] =
                (enum contract_mode)(CONTRACT_EVOLVE + option_choice(MODES, mode->text));
    }
    return contract;
}

_Static_assert((int)TG_CONTRACT_DISCARD_VALUE == (int)CONTRACT_DISCARD_VALUE, "modes go together");

int contract_set(const struct tg_schema_contract *given, struct contract *out, struct tg_error *err)
{
    const enum tg_contract_mode modes[CONTRACT_COUNT] = {
        [CONTRACT_TABLES] = given->tables,
        [CONTRACT_COLUMNS] = given->columns,
        [CONTRACT_DATA_TYPE] = given->data_type,
    };
    for (int i = 0; i < CONTRACT_COUNT; i++) {
        if ((unsigned)modes[i] > TG_CONTRACT_DISCARD_VALUE)
            return error_set(err, TG_USAGE,
                             "the mode %d for '%s' of a schema contract is none of enum "
                             "tg_contract_mode",
                             (int)modes[i], contract_options[i].name);
        out->modes[i] = (enum contract_mode)modes[i];
    }
    return TG_OK;
}

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
    const struct node *naming = node_find(schema, "naming");
    const struct node *detections = node_find(schema, "detections");
    const char **names = NULL;
    if (naming) {
        out->hints.naming_said = true;
        out->hints.naming = (enum naming)option_choice(
            option_find(schema_options, "naming")->choices, naming->text);
    }
    if (detections) {
        TRY(node_texts(&config->arena, detections, 0, &names, &out->hints.detection_count,
                       doc->err));
        out->hints.detections = names;
    }
    TRY(read_types(config, doc, node_find(schema, "preferred_types")));
    TRY(read_default_hints(config, doc, node_find(schema, "default_hints")));
    TRY(read_folder(config, doc, schema, "import_schema_path", &out->import_path));
    TRY(read_folder(config, doc, schema, "export_schema_path", &out->export_path));
done:
    return rc;
}

/* ---- from the C API ---- */

/* The place of a word among those of the option; TG_USAGE names the nearest. */
static int find_word(const struct option *option, const char *word, size_t len, int *out,
                     struct tg_error *err)
{
    char text[NEAREST_HINT_BYTES], hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = text};
    snprintf(text, sizeof(text), "%.*s", len < sizeof(text) ? (int)len : (int)sizeof(text) - 1,
             word);
    *out = option_choice(option->choices, text);
    if (*out >= 0)
        return TG_OK;
    for (const char *at = option->choices; *at;) {
        size_t span = strcspn(at, " ");
        nearest_offer(&nearest, at, span);
        at += span + (at[span] == ' ');
    }
    return error_set(err, TG_USAGE, "'%s' is none of the words for '%s' (%s)%s", text, option->name,
                     option->choices, nearest_hint(&nearest, hint));
}

static int copy_text(struct config *config, const char *text, const char **out,
                     struct tg_error *err)
{
    *out = arena_strdup(&config->arena, text);
    return text && !*out ? error_nomem(err) : TG_OK;
}

static int set_naming(struct config *config, const char *naming, struct tg_error *err)
{
    int choice = NAMING_SNAKE_CASE;
    struct schema_hints *hints = &config->schema_config.hints;
    if (!naming)
        return TG_OK;
    hints->naming_said = true;
    int rc = find_word(option_find(schema_options, "naming"), naming, strlen(naming), &choice, err);
    hints->naming = (enum naming)choice;
    return rc;
}

static int set_detections(struct config *config, const char *list, struct tg_error *err)
{
    int rc = TG_OK, choice;
    size_t len, cap = 1;
    struct schema_hints *hints = &config->schema_config.hints;
    if (!list)
        return TG_OK;
    for (const char *p = list; *p; p++)
        cap += *p == ',';
    const char **names = arena_alloc(&config->arena, cap * sizeof(*names));
    if (!names)
        return error_nomem(err);
    hints->detections = names;
    for (const char *at = list, *name; (name = next_name(&at, &len));) {
        TRY(find_word(option_find(schema_options, "detections"), name, len, &choice, err));
        const char *kept = arena_strndup(&config->arena, name, len);
        names[hints->detection_count++] = kept;
        if (!kept)
            return error_nomem(err);
    }
done:
    return rc;
}

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
        TRY(find_word(option_find(schema_options, "preferred_types"), one->data_type,
                      strlen(one->data_type), &choice, err));
        types[i].type = type_find(one->data_type);
        TRY(copy_text(config, one->pattern, &types[i].pattern, err));
    }
    hints->preferred_types = types;
    hints->preferred_type_count = count;
done:
    return rc;
}

int nesting_given(int levels)
{
    return levels == 0 ? -1 : levels == TG_NO_NESTING ? 0 : levels;
}

int schema_set(struct config *config, const struct tg_schema_options *given, struct tg_error *err)
{
    int rc = TG_OK;
    struct schema_config *out = &config->schema_config;
    if (!given)
        return TG_OK;
    if (given->max_table_nesting < TG_NO_NESTING)
        TRY(error_set(err, TG_USAGE, "max_table_nesting is a number of levels, or TG_NO_NESTING"));
    if ((given->import_path && !*given->import_path) ||
        (given->export_path && !*given->export_path))
        TRY(error_set(err, TG_USAGE, "the path of a folder is empty; set it to NULL, or name one"));
    out->hints.max_nesting = nesting_given(given->max_table_nesting);
    out->hints.root_key = given->root_key;
    TRY(set_naming(config, given->naming, err));
    TRY(set_detections(config, given->detections, err));
    TRY(set_types(config, given, err));
    TRY(contract_set(&given->contract, &out->hints.contract, err));
    TRY(copy_text(config, given->import_path, &out->import_path, err));
    TRY(copy_text(config, given->export_path, &out->export_path, err));
done:
    return rc == TG_OK || rc == TG_NOMEM ? rc : error_where(err, rc, "schema options");
}
