/*
 * Configuration: from a spec, the environment and options to plain structs.
 *
 *   config_read: the file's text -> config_read_text
 *   config_read_text: document_parse (document.c) [config_expand: environment, secret files]
 *                     -> spec_convert (spec.c) [document_check, option_values] -> document_report
 *   config_init: the same struct from the options of the C API
 *
 * Option tables are read here: which keys there may be, of which type, with which choices; a
 * misspelt name is answered with the nearest one. The only file that reads the environment. What
 * the keys of a spec are, and which of them go together, is spec.c's.
 */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "write/destination.h"
#include "config/spec.h"

enum {
    SCHEMA_NAME_MAX = 64, /* dlt's limit */
    WORD_MAX = 64         /* longer ones have no nearest name */
};

/* ---- the nearest name ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours from one word to the other. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3], *two_before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            row[j] = least(least(before[j], row[j - 1]) + 1, before[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
                row[j] = least(row[j], two_before[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

/* How much of its name stands for all names that start so; 0: it is one name. */
static size_t open_length(const struct option *option)
{
    size_t len = strlen(option->name);
    return len > 0 && option->name[len - 1] == '*' ? len - 1 : 0;
}

void nearest_offer(struct nearest *nearest, const char *name, size_t len)
{
    size_t wanted_len = strlen(nearest->wanted);
    if (len > WORD_MAX || wanted_len > WORD_MAX)
        return;
    size_t distance = edit_distance(nearest->wanted, wanted_len, name, len);
    size_t limit = wanted_len / 3 > 2 ? wanted_len / 3 : 2;
    if (distance > limit || distance >= wanted_len || distance >= len)
        return;
    if (!nearest->name || distance < nearest->distance)
        *nearest = (struct nearest){nearest->wanted, name, len, distance};
}

void nearest_offer_table(struct nearest *nearest, const struct option *table)
{
    for (; table->name; table++)
        if (open_length(table) == 0)
            nearest_offer(nearest, table->name, strlen(table->name));
}

const char *nearest_hint(const struct nearest *nearest, char out[NEAREST_HINT_BYTES])
{
    out[0] = '\0';
    if (nearest->name)
        snprintf(out, NEAREST_HINT_BYTES, "; did you mean '%.*s'?", (int)nearest->len,
                 nearest->name);
    return out;
}

const char *next_name(const char **list, size_t *len)
{
    const char *start = *list + strspn(*list, ", \t\n");
    size_t span = strcspn(start, ",");
    *list = start + span;
    while (span > 0 && strchr(" \t\n", start[span - 1]))
        span--;
    *len = span;
    return span > 0 ? start : NULL;
}

/* ---- ${...} ---- */

static bool is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool letter = text[i] == '_' || (lower(text[i]) >= 'a' && lower(text[i]) <= 'z');
        if (!letter && !(i > 0 && text[i] >= '0' && text[i] <= '9'))
            return false;
    }
    return len > 0;
}

static int put_file(struct document *doc, struct node *node, const char *path, struct buf *out)
{
    struct tg_error why = {0};
    struct buf text = BUF_INIT;
    char *full = fs_join(doc->folder, path);
    int rc = full ? fs_read_file(full, &text, &why) : error_nomem(&why);
    mem_free(full);
    while (text.len > 0 && strchr("\r\n", text.data[text.len - 1]))
        text.len--;
    if (rc == TG_OK && text.len > 0 && memchr(text.data, '\0', text.len))
        rc = error_set(&why, TG_IO, "'%s' is not a text", path);
    buf_append(out, text.data, text.len);
    buf_release(&text);
    node->secret = true;
    if (rc == TG_NOMEM)
        return error_nomem(doc->err);
    return rc == TG_OK ? TG_OK : document_problem(doc, &node->place, "%s", why.what);
}

/* One NAME, NAME:-default or file:PATH. */
static int put_variable(struct document *doc, struct node *node, const char *inside,
                        struct buf *out)
{
    if (strncmp(inside, "file:", 5) == 0)
        return put_file(doc, node, inside + 5, out);
    const char *fallback = strstr(inside, ":-");
    size_t len = fallback ? (size_t)(fallback - inside) : strlen(inside);
    if (!is_name(inside, len))
        return document_problem(doc, &node->place,
                                "'${%s}' is no reference; write ${NAME}, ${NAME:-default}, "
                                "${file:PATH}, or $${ for the characters themselves",
                                inside);
    char *name = mem_strndup(inside, len);
    if (!name)
        return error_nomem(doc->err);
    const char *value = getenv(name);
    mem_free(name);
    if (fallback && (!value || !*value))
        value = fallback + 2;
    if (!value)
        return document_problem(doc, &node->place,
                                "the environment has no '%.*s'; set it, or write ${%.*s:-default}",
                                (int)len, inside, (int)len, inside);
    buf_text(out, value);
    return TG_OK;
}

int config_expand(struct document *doc, struct node *node, const char *text, size_t len)
{
    int rc = TG_OK;
    struct buf out = BUF_INIT;
    const char *raw = arena_strndup(doc->arena, text, len);
    if (!raw)
        return error_nomem(doc->err);
    for (const char *at = raw; *at;) {
        size_t plain = strcspn(at, "$");
        buf_append(&out, at, plain);
        at += plain;
        if (strncmp(at, "$${", 3) == 0) {
            buf_text(&out, "${");
            at += 3;
        } else if (strncmp(at, "${", 2) == 0) {
            size_t inside_len = strcspn(at + 2, "}");
            if (!at[2 + inside_len]) {
                TRY(document_problem(doc, &node->place,
                                     "'${' has no '}'; write $${ for the characters themselves"));
                break;
            }
            const char *inside = arena_strndup(doc->arena, at + 2, inside_len);
            if (!inside)
                TRY(error_nomem(doc->err));
            TRY(put_variable(doc, node, inside, &out));
            at += inside_len + 3;
        } else if (*at) {
            buf_char(&out, *at++);
        }
    }
    TRY(buf_check(&out, doc->err));
    node->text = arena_strdup(doc->arena, buf_string(&out));
    if (!node->text)
        rc = error_nomem(doc->err);
done:
    buf_release(&out);
    return rc;
}

/* ---- documents by option tables ---- */

const struct option *option_find(const struct option *table, const char *name)
{
    for (; table->name; table++) {
        size_t open = open_length(table);
        if (open > 0 ? strncmp(table->name, name, open) == 0 && name[open]
                     : strcmp(table->name, name) == 0)
            return table;
    }
    return NULL;
}

const struct option *option_shorthand(const struct option *option)
{
    size_t len = option->shorthand ? strcspn(option->shorthand, " ") : 0;
    const struct option *found = len > 0 ? option->table : NULL;
    while (found && (strlen(found->name) != len || memcmp(found->name, option->shorthand, len)))
        found++;
    return found;
}

static const struct option *find_in(const struct option *const *tables, const char *name)
{
    const struct option *found = NULL;
    for (; *tables && !found; tables++)
        found = option_find(*tables, name);
    return found;
}

int option_choice(const char *choices, const char *word)
{
    size_t len = strlen(word);
    for (int i = 0; *choices; i++) {
        size_t span = strcspn(choices, " ");
        if (span == len && memcmp(choices, word, len) == 0)
            return i;
        choices += span + (choices[span] == ' ');
    }
    return -1;
}

/* "a, b, c" of a list with blanks, for messages. */
static const char *spell_out(struct document *doc, const char *choices)
{
    struct buf text = BUF_INIT;
    for (; *choices; choices++)
        buf_printf(&text, *choices == ' ' ? ", " : "%c", *choices);
    const char *kept = text.failed ? NULL : arena_strdup(doc->arena, buf_string(&text));
    buf_release(&text);
    return kept;
}

static int unknown_key(struct document *doc, const struct node *node, const char *subject,
                       const struct option *const *tables)
{
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = node->name};
    struct buf keys = BUF_INIT;
    for (size_t t = 0; tables[t]; t++) {
        nearest_offer_table(&nearest, tables[t]);
        for (const struct option *option = tables[t]; option->name; option++)
            buf_printf(&keys, "%s%s", keys.len > 0 ? ", " : "; it takes ", option->name);
    }
    int rc = buf_check(&keys, doc->err);
    if (rc == TG_OK)
        rc = document_problem(doc, &node->name_place, "unknown key '%s' in %s%s", node->name,
                              subject,
                              nearest.name ? nearest_hint(&nearest, hint) : buf_string(&keys));
    buf_release(&keys);
    return rc;
}

static const char *shown(const struct node *node, const struct option *option)
{
    return node->secret || option->secret ? "***" : node->text;
}

static int wrong_type(struct document *doc, const struct node *node, const struct option *option,
                      const char *expected)
{
    static const char *const kinds[] = {
        [NODE_NULL] = "nothing", [NODE_LIST] = "a list", [NODE_MAP] = "a map"};
    struct place place = node->place;
    place.hidden = option->secret;
    if (node->kind != NODE_SCALAR)
        return document_problem(doc, &place, "'%s' is %s, not %s", option->name, expected,
                                kinds[node->kind]);
    return document_problem(doc, &place, "'%s' is %s, not %s'%s'", option->name, expected,
                            node->quoted ? "the text " : "", shown(node, option));
}

static int check_choice(struct document *doc, const struct node *node, const struct option *option)
{
    char hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = node->text};
    if (!option->choices || option_choice(option->choices, node->text) >= 0)
        return TG_OK;
    const char *choices = spell_out(doc, option->choices);
    if (!choices)
        return error_nomem(doc->err);
    size_t len;
    for (const char *at = choices, *name; (name = next_name(&at, &len));)
        nearest_offer(&nearest, name, len);
    return document_problem(doc, &node->place, "'%s' is one of %s, not '%s'%s", option->name,
                            choices, shown(node, option), nearest_hint(&nearest, hint));
}

static int check_texts(struct document *doc, const struct node *node, const struct option *option)
{
    int rc = TG_OK;
    if (node->kind != NODE_LIST || (node->item_count == 0 && !option->may_be_empty))
        return wrong_type(doc, node, option, "a text, or a list of them");
    for (size_t i = 0; i < node->item_count; i++) {
        const struct node *item = &node->items[i];
        if (item->kind == NODE_BROKEN)
            continue;
        if (item->kind != NODE_SCALAR)
            TRY(wrong_type(doc, item, option, "a list of texts"));
        else if (strchr(item->text, '\n'))
            TRY(document_problem(doc, &item->place, "a text of '%s' cannot have several lines",
                                 option->name));
        else
            TRY(check_choice(doc, item, option));
    }
done:
    return rc;
}

static int check_value(struct document *doc, const struct node *node, const struct option *option,
                       const char *subject);

static int check_scalar(struct document *doc, const struct node *node, const struct option *option)
{
    int64_t number;
    bool flag;
    int rc = option->secret ? secrets_add(doc->secrets, node->text, doc->err) : TG_OK;
    if (rc != TG_OK)
        return rc;
    switch (option->type) {
    case OPTION_INT:
        return node_int(node, &number) ? TG_OK : wrong_type(doc, node, option, "a whole number");
    case OPTION_BOOL:
        return node_bool(node, &flag) ? TG_OK : wrong_type(doc, node, option, "true or false");
    case OPTION_TEXTS:
        if (strchr(node->text, '\n'))
            return document_problem(doc, &node->place,
                                    "'%s' cannot have several lines; give a list", option->name);
        return check_choice(doc, node, option);
    case OPTION_TEXT_MAP:
    case OPTION_MAP:
    case OPTION_MAPS: return wrong_type(doc, node, option, "a map");
    case OPTION_MAP_LIST: return wrong_type(doc, node, option, "a list of maps");
    case OPTION_ANY: return TG_OK;
    default: return check_choice(doc, node, option);
    }
}

static int check_map(struct document *doc, const struct node *node, const struct option *option,
                     const char *subject)
{
    if (!option->table)
        return TG_OK; /* the keys are checked by who knows them */
    const struct option *const tables[] = {option->table, NULL};
    const char *inner = arena_printf(doc->arena, "'%s' of %s", node->name, subject);
    return inner ? document_check(doc, node, inner, tables) : error_nomem(doc->err);
}

/* Every value of a map of free names is a map by itself (or a text); without a table, who knows the
 * keys also says which of them a value of nothing lacks. */
static int check_maps(struct document *doc, const struct node *node, const struct option *option,
                      const char *subject)
{
    int rc = TG_OK;
    struct option entry = *option;
    entry.type = option->type == OPTION_TEXT_MAP ? OPTION_TEXT : OPTION_MAP;
    const char *inner = arena_printf(doc->arena, "'%s' of %s", node->name, subject);
    if (!inner)
        return error_nomem(doc->err);
    if (node->item_count == 0)
        TRY(wrong_type(doc, &(struct node){.place = node->place}, option,
                       "a map with some entries"));
    for (size_t i = 0; i < node->item_count; i++) {
        entry.name = node->items[i].name;
        if (option->table || entry.type != OPTION_MAP || node->items[i].kind != NODE_NULL)
            TRY(check_value(doc, &node->items[i], &entry, inner));
    }
done:
    return rc;
}

static int check_map_list(struct document *doc, const struct node *node,
                          const struct option *option, const char *subject)
{
    int rc = TG_OK;
    struct option entry = *option;
    entry.type = OPTION_MAP;
    if (node->item_count == 0)
        TRY(wrong_type(doc, &(struct node){.place = node->place}, option, "a list of maps"));
    for (size_t i = 0; i < node->item_count; i++) {
        struct node item = node->items[i];
        item.name = option->name;
        if (item.kind == NODE_MAP)
            TRY(check_map(doc, &item, &entry, subject));
        else if (item.kind != NODE_BROKEN)
            TRY(wrong_type(doc, &item, option, "a list of maps"));
    }
done:
    return rc;
}

static int check_value(struct document *doc, const struct node *node, const struct option *option,
                       const char *subject)
{
    static const char *const expected[] = {
        [OPTION_TEXT] = "a text",        [OPTION_BOOL] = "true or false",
        [OPTION_INT] = "a whole number", [OPTION_VALUE] = "a number or a text",
        [OPTION_TEXT_MAP] = "a map",     [OPTION_MAP] = "a map",
        [OPTION_MAPS] = "a map",         [OPTION_MAP_LIST] = "a list of maps",
    };
    if (node->kind == NODE_BROKEN)
        return TG_OK;
    if (node->kind == NODE_NULL)
        return document_problem(doc, &node->name_place,
                                "'%s' has no value; give one, or leave the key out", option->name);
    if (node->kind == NODE_SCALAR && option->type == OPTION_MAP && option->shorthand) {
        struct option stand_in = *option_shorthand(option);
        stand_in.name = option->name;
        return check_value(doc, node, &stand_in, subject);
    }
    if (node->kind == NODE_SCALAR)
        return check_scalar(doc, node, option);
    if (option->type == OPTION_ANY)
        return TG_OK;
    if (option->type == OPTION_TEXTS)
        return check_texts(doc, node, option);
    if (node->kind == NODE_LIST && option->type == OPTION_MAP_LIST)
        return check_map_list(doc, node, option, subject);
    if (node->kind == NODE_MAP && option->type == OPTION_MAP)
        return check_map(doc, node, option, subject);
    if (node->kind == NODE_MAP && (option->type == OPTION_MAPS || option->type == OPTION_TEXT_MAP))
        return check_maps(doc, node, option, subject);
    return wrong_type(doc, node, option, expected[option->type]);
}

/* All keys that are missing in one problem. */
static int check_required(struct document *doc, const struct node *map, const char *subject,
                          const struct option *const *tables)
{
    struct buf names = BUF_INIT;
    size_t count = 0;
    for (size_t t = 0; tables[t]; t++)
        for (const struct option *option = tables[t]; option->name; option++)
            if (option->required && !node_find(map, option->name))
                buf_printf(&names, "%s'%s'", count++ > 0 ? ", " : "", option->name);
    int rc = buf_check(&names, doc->err);
    if (rc == TG_OK && count > 0)
        rc = document_problem(doc, &map->name_place, "%s needs the key%s %s", subject,
                              count > 1 ? "s" : "", buf_string(&names));
    buf_release(&names);
    return rc;
}

int document_check(struct document *doc, const struct node *map, const char *subject,
                   const struct option *const *tables)
{
    int rc = TG_OK;
    for (size_t i = 0; i < map->item_count; i++) {
        const struct node *node = &map->items[i];
        const struct option *option = find_in(tables, node->name);
        struct option own = option ? *option : (struct option){0};
        own.name = node->name;
        if (!option)
            TRY(unknown_key(doc, node, subject, tables));
        else
            TRY(check_value(doc, node, &own, subject));
    }
    TRY(check_required(doc, map, subject, tables));
done:
    return rc;
}

static const char *join_texts(struct arena *arena, const struct node *node)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < node->item_count; i++)
        buf_printf(&text, "%s%s", i > 0 ? "\n" : "", node->items[i].text);
    const char *kept = text.failed ? NULL : arena_strdup(arena, buf_string(&text));
    buf_release(&text);
    return kept;
}

/* NULL: out of memory. */
static const char *given_text(struct arena *arena, const struct node *node,
                              const struct option *option)
{
    int64_t number;
    bool flag;
    if (option->type == OPTION_INT && node_int(node, &number))
        return arena_printf(arena, "%lld", (long long)number);
    if (option->type == OPTION_BOOL && node_bool(node, &flag))
        return flag ? "true" : "false";
    return node->kind == NODE_LIST ? join_texts(arena, node) : node->text;
}

int option_values(struct arena *arena, const struct node *map, const struct option *table,
                  const struct option_value **out, size_t *count, struct tg_error *err)
{
    *count = 0;
    while (table[*count].name)
        (*count)++;
    struct option_value *values = arena_alloc(arena, (*count + 1) * sizeof(*values));
    if (!values)
        return error_nomem(err);
    for (size_t i = 0; i < *count; i++) {
        const struct node *node = node_find(map, table[i].name);
        values[i] = (struct option_value){table[i].name, table[i].fallback};
        if (!node)
            continue;
        values[i].text = given_text(arena, node, &table[i]);
        if (!values[i].text)
            return error_nomem(err);
    }
    *out = values;
    return TG_OK;
}

/* ---- names and folders ---- */

static bool is_name_character(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static const char schema_suffix[] = "_pipeline";

/* As dlt: the suffix does not count. */
static size_t schema_length(const char *pipeline)
{
    size_t len = strlen(pipeline), suffix = strlen(schema_suffix);
    return len >= suffix && strcmp(pipeline + len - suffix, schema_suffix) == 0 ? len - suffix
                                                                                : len;
}

const char *pipeline_name_fault(const char *name)
{
    if (!*name)
        return "is empty";
    for (const char *p = name; *p; p++)
        if (!is_name_character(*p))
            return "may have letters, digits, '_' and '-' only";
    return schema_length(name) == 0 ? "needs something before '_pipeline'" : NULL;
}

static int identifier(struct config *config, const char *name, size_t len,
                      const struct name_rules *rules, const char **out, struct tg_error *err)
{
    struct hasher hasher = {0};
    struct buf text = BUF_INIT;
    int rc = name_identifier(rules, &hasher, name, len, &text, err);
    if (rc == TG_OK) {
        *out = arena_strdup(&config->arena, buf_string(&text));
        if (!*out)
            rc = error_nomem(err);
    }
    buf_release(&text);
    hasher_release(&hasher);
    return rc;
}

int config_source_key(struct config *config, const char *name, const char **out,
                      struct tg_error *err)
{
    const struct name_rules rules = {.naming = NAMING_SNAKE_CASE};
    return identifier(config, name, strlen(name), &rules, out, err);
}

int config_set_names(struct config *config, const char *pipeline, const char *dataset,
                     struct tg_error *err)
{
    int rc = TG_OK;
    const struct name_rules of_schema = {SCHEMA_NAME_MAX, NAMING_SNAKE_CASE, false};
    const struct name_rules of_dataset = {.naming = config->schema_config.hints.naming};
    config->pipeline = arena_strdup(&config->arena, pipeline);
    if (!dataset)
        dataset = arena_printf(&config->arena, "%s_dataset", pipeline);
    if (!config->pipeline || !dataset)
        return error_nomem(err);
    TRY(identifier(config, pipeline, schema_length(pipeline), &of_schema, &config->schema, err));
    TRY(identifier(config, dataset, strlen(dataset), &of_dataset, &config->dataset, err));
done:
    return rc;
}

static int keep(struct config *config, const char *text, const char **out, struct tg_error *err)
{
    *out = arena_strdup(&config->arena, text);
    return *out ? TG_OK : error_nomem(err);
}

/* The working directory: asked for, or from the environment, or beside the spec. */
static int set_workdir(struct config *config, const struct tg_pipeline_options *options,
                       struct tg_error *err)
{
    static const char own[] = ".tidegate";
    const char *wanted = options ? options->workdir : NULL;
    if (!wanted)
        wanted = getenv("TIDEGATE_HOME");
    char *path = wanted && *wanted ? mem_strdup(wanted) : fs_join(config->folder, own);
    struct buf absolute = BUF_INIT;
    int rc = path ? fs_absolute(path, &absolute, err) : error_nomem(err);
    if (rc == TG_OK)
        rc = keep(config, buf_string(&absolute), &config->workdir, err);
    buf_release(&absolute);
    mem_free(path);
    return rc;
}

bool is_storage_version(const char *text)
{
    const char *at = text + (*text == 'v');
    for (int dots = 0; at > text; at++) {
        size_t digits = strspn(at, "0123456789");
        at += digits;
        if (digits == 0 || dots++ == 2 || *at != '.')
            return digits > 0 && dots == 3 && !*at;
    }
    return strcmp(text, "latest") == 0;
}

/* The option wins over the spec. */
static int set_storage(struct config *config, const struct tg_pipeline_options *options,
                       struct tg_error *err)
{
    const char *wanted = options ? options->storage_version : NULL;
    if (!wanted)
        return TG_OK;
    if (!is_storage_version(wanted))
        return error_set(err, TG_USAGE, STORAGE_VERSION_FAULT, wanted);
    return keep(config, wanted, &config->storage_version, err);
}

static int set_contract(struct config *config, const struct tg_pipeline_options *options,
                        struct tg_error *err)
{
    return fill_from_struct(&config->arena, &options->schema_contract,
                            sizeof(options->schema_contract), contract_options,
                            &config->run_contract, err);
}

const char *config_engine_path(void)
{
    const char *path = getenv("TIDEGATE_DUCKDB");
    return path && *path ? path : NULL;
}

/* The program may change its environment while the pipeline lives. */
static int set_engine(struct config *config, struct tg_error *err)
{
    const char *path = config_engine_path();
    return path ? keep(config, path, &config->engine_path, err) : TG_OK;
}

/* What is relative lies beside the spec; from here on the current directory may change. */
static int set_destination(struct config *config, const char *url, struct tg_error *err)
{
    struct buf absolute = BUF_INIT;
    int rc = destination_absolute(url, config->folder, &absolute, err);
    if (rc == TG_OK)
        rc = keep(config, buf_string(&absolute), &config->destination, err);
    buf_release(&absolute);
    return rc;
}

static int set_places(struct config *config, const char *url,
                      const struct tg_pipeline_options *options, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(set_destination(config, url, err));
    TRY(set_workdir(config, options, err));
    TRY(set_engine(config, err));
    TRY(set_storage(config, options, err));
done:
    return rc;
}

/* ---- the whole ---- */

void config_release(struct config *config)
{
    for (size_t i = 0; i < config->resource_count; i++)
        if (config->resources[i].release)
            config->resources[i].release(config->resources[i].user);
    secrets_release(&config->secrets);
    arena_release(&config->arena);
    *config = (struct config){0};
}

int config_init(struct config *config, const struct tg_pipeline_options *options,
                struct tg_error *err)
{
    int rc = TG_OK;
    *config = (struct config){.folder = ".", .schema_config.hints.max_nesting = -1};
    arena_init(&config->arena);
    if (!options || !options->name)
        return error_set(err, TG_USAGE, "a pipeline needs a name; set `name` of the options");
    if (!options->destination)
        return error_set(err, TG_USAGE,
                         "pipeline '%s' needs a destination; set `destination` of "
                         "the options, as \"duckdb:///file.duckdb\"",
                         options->name);
    TRY(secrets_add_places(&config->secrets, options->destination, err));
    const char *fault = pipeline_name_fault(options->name);
    if (fault)
        return error_set(err, TG_USAGE, "the name of pipeline '%s' %s", options->name, fault);
    if (options->dataset && !*options->dataset)
        return error_set(err, TG_USAGE, "the dataset of pipeline '%s' has an empty name",
                         options->name);
    TRY(schema_set(config, options->schema, err));
    TRY(set_contract(config, options, err));
    TRY(config_set_names(config, options->name, options->dataset, err));
    TRY(destination_check(options->destination, config->dataset, NULL, err));
    TRY(set_places(config, options->destination, options, err));
done:
    return rc;
}

static int read_text(const char *path, struct buf *out, struct tg_error *err)
{
    struct fs_stat stat = {0};
    int rc = fs_stat(path, &stat, err);
    if (rc != TG_OK)
        return rc;
    if (!stat.exists)
        return error_set(err, TG_USAGE, "there is no spec '%s'", path);
    if (stat.is_dir)
        return error_set(err, TG_USAGE, "'%s' is a folder; name a spec in it", path);
    return fs_read_file(path, out, err);
}

int config_read_text(struct config *config, const struct spec_text *spec,
                     const struct tg_pipeline_options *options, struct tg_error *err)
{
    int rc = TG_OK;
    *config = (struct config){.schema_config.hints.max_nesting = -1};
    arena_init(&config->arena);
    if (options && options->schema)
        return error_set(err, TG_USAGE,
                         "`schema` of the options is for tg_pipeline_new; a spec says the same "
                         "under its key 'schema'");
    if (options)
        TRY(set_contract(config, options, err));
    TRY(keep(config, spec->folder, &config->folder, err));
    struct document doc = {.arena = &config->arena,
                           .path = spec->name,
                           .folder = config->folder,
                           .text = spec->text,
                           .len = spec->len,
                           .secrets = &config->secrets,
                           .err = err};
    TRY(document_parse(&doc));
    if (doc.root.kind != NODE_NULL && doc.root.kind != NODE_BROKEN)
        TRY(spec_convert(&doc, config, err));
    TRY(document_report(&doc, err));
    TRY(set_places(config, config->destination, options, err));
done:
    return rc;
}

int config_read(struct config *config, const char *spec_path,
                const struct tg_pipeline_options *options, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    char *folder = fs_dirname(spec_path);
    *config = (struct config){0};
    TRY(folder ? read_text(spec_path, &text, err) : error_nomem(err));
    const struct spec_text spec = {buf_string(&text), text.len, spec_path, folder};
    TRY(config_read_text(config, &spec, options, err));
done:
    mem_free(folder);
    buf_release(&text);
    return rc;
}
