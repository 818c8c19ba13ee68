/*
 * Configuration: from a spec, the environment and options to plain structs.
 *
 *   config_read: the file's text -> config_read_text
 *   config_read_text: document_parse (document.c) -> environment_choose (environment.c)
 *                     -> document_expand [config_expand: variables, secret files]
 *                     -> spec_convert (spec.c) -> document_report
 *   config_init: the same struct from the options of the C API
 *   spec_names: document_parse, and the keys of one map of it
 *
 * The only file that reads the environment. What the keys of a spec are is keys.c's, whether they
 * are well used option.c's, what becomes of them spec.c's.
 */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/text/units.h"
#include "write/destination.h"
#include "config/environment.h"
#include "config/spec.h"

enum { SCHEMA_NAME_MAX = 64 }; /* dlt's limit */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- ${...} ---- */

static bool is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '_' && !is_letter(text[i]) && !(i > 0 && is_digit(text[i])))
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

/* Of the program, else of the environment. */
static const char *variable(const struct document *doc, const char *name)
{
    for (size_t i = 0; i < doc->variable_count; i++)
        if (strcmp(doc->variables[i].name, name) == 0)
            return doc->variables[i].text;
    return getenv(name);
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
    const char *value = variable(doc, name);
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

/* ---- names and folders ---- */

static bool is_name_character(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '-';
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
    const char *said = config->schema_config.name;
    config->pipeline = arena_strdup(&config->arena, pipeline);
    if (!dataset)
        dataset = arena_printf(&config->arena, "%s_dataset", pipeline);
    if (!config->pipeline || !dataset)
        return error_nomem(err);
    TRY(identifier(config, pipeline, schema_length(pipeline), &of_schema, &config->schema, err));
    config->schema = said ? said : config->schema;
    TRY(identifier(config, dataset, strlen(dataset), &of_dataset, &config->dataset, err));
done:
    return rc;
}

/* Each of a spec's environments has a folder of its own in it, by a name that no pipeline's folder
 * can have: what one has sealed the other never sees. */
static char *folder_of_environment(char *workdir, const char *environment)
{
    char name[80];
    if (!workdir || !environment)
        return workdir;
    snprintf(name, sizeof(name), "env.%s", environment);
    char *path = fs_join(workdir, name);
    mem_free(workdir);
    return path;
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
    path = folder_of_environment(path, config->environment);
    struct buf absolute = BUF_INIT;
    int rc = path ? fs_absolute(path, &absolute, err) : error_nomem(err);
    if (rc == TG_OK)
        rc = arena_keep(&config->arena, buf_string(&absolute), &config->workdir, err);
    buf_release(&absolute);
    mem_free(path);
    return rc;
}

/* As dlt: a name of Python's. Letters beyond ASCII are not looked at. */
const char *schema_name_fault(const char *name)
{
    if (!*name)
        return "is empty";
    if (is_digit(*name))
        return "begins with a digit";
    for (const char *p = name; *p; p++)
        if (!is_letter(*p) && !is_digit(*p) && *p != '_' && (unsigned char)*p < 0x80)
            return "may have letters, digits and '_' only";
    return strlen(name) > SCHEMA_NAME_MAX ? "is longer than 64 bytes" : NULL;
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

bool memory_size(const char *text, uint64_t *out)
{
    return parse_bytes(text, out) && *out >= MEMORY_BYTES_MIN;
}

static int set_memory(struct config *config, const struct tg_pipeline_options *options,
                      struct tg_error *err)
{
    const char *wanted = options ? options->memory : NULL;
    if (!wanted || memory_size(wanted, &config->memory_bytes))
        return TG_OK;
    return error_set(err, TG_USAGE, MEMORY_FAULT, wanted);
}

static int set_undo(struct config *config, const struct tg_pipeline_options *options,
                    struct tg_error *err)
{
    int loads = options ? options->undo_loads : 0;
    if (loads < 0 || loads > UNDO_LOADS_MAX)
        return error_set(err, TG_USAGE, UNDO_FAULT, (long long)loads);
    config->undo_loads = loads > 0 ? loads : config->undo_loads;
    return TG_OK;
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
    return arena_keep(&config->arena, wanted, &config->storage_version, err);
}

static int set_contract(struct config *config, const struct tg_pipeline_options *options,
                        struct tg_error *err)
{
    return fill_from_struct(&config->arena, &options->schema_contract,
                            sizeof(options->schema_contract), contract_options,
                            &config->run_contract, err);
}

const char *config_variable(const char *name)
{
    return getenv(name);
}

const char *config_engine_path(void)
{
    const char *path = getenv("TIDEGATE_DUCKDB");
    return path && *path ? path : NULL;
}

/* Borrows `user`, which is the program's until there is a pipeline. */
int config_copy_given(struct config *config, const struct tg_connection *given,
                      struct tg_connection *out, struct tg_error *err)
{
    int rc = TG_OK;
    *out = *given;
    out->release = NULL;
    if (given->name)
        TRY(arena_keep(&config->arena, given->name, &out->name, err));
    if (given->dialect)
        TRY(arena_keep(&config->arena, given->dialect, &out->dialect, err));
done:
    return rc;
}

/* The program may change its environment while the pipeline lives. */
static int set_engine(struct config *config, const struct tg_pipeline_options *options,
                      struct tg_error *err)
{
    int rc = TG_OK;
    const char *path = options && options->engine ? options->engine : config_engine_path();
    if (path)
        TRY(arena_keep(&config->arena, path, &config->engine_path, err));
    if (options && options->scratch_connection)
        rc = config_copy_given(config, options->scratch_connection, &config->scratch, err);
done:
    return rc;
}

static int set_given(struct config *config, const struct tg_connection *given, struct tg_error *err)
{
    int rc = TG_OK;
    if (!given)
        return TG_OK;
    TRY(config_copy_given(config, given, &config->given, err));
    config->destination.given = &config->given;
    rc = destination_check(&config->destination, NULL, NULL, err);
done:
    return rc;
}

static int keep_option(struct config *config, const struct tg_option *given, struct tg_option *out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    if (!given->name || !given->text)
        return error_set(err, TG_USAGE, "an option of `destination_adbc` has no %s",
                         given->name ? "text" : "name");
    TRY(arena_keep(&config->arena, given->name, &out->name, err));
    TRY(arena_keep(&config->arena, given->text, &out->text, err));
    rc = secret_name(given->name, strlen(given->name))
             ? secrets_add(&config->secrets, given->text, err)
             : secrets_add_places(&config->secrets, given->text, err);
done:
    return rc;
}

static int set_adbc(struct config *config, const struct tg_adbc *given, struct tg_error *err)
{
    int rc = TG_OK;
    struct location *out = &config->destination;
    if (!given)
        return TG_OK;
    if (!given->driver || (given->option_count > 0 && !given->options))
        return error_set(err, TG_USAGE, "`destination_adbc` has no %s",
                         given->driver ? "options, but a number of them" : "driver");
    struct tg_option *options =
        arena_alloc(&config->arena, (given->option_count + 1) * sizeof(*options));
    if (!options)
        return error_nomem(err);
    TRY(arena_keep(&config->arena, given->driver, &out->driver, err));
    if (given->uri)
        TRY(secrets_add_places(&config->secrets, given->uri, err));
    if (given->uri)
        TRY(arena_keep(&config->arena, given->uri, &out->uri, err));
    if (given->dialect)
        TRY(arena_keep(&config->arena, given->dialect, &out->dialect, err));
    for (size_t i = 0; i < given->option_count; i++)
        TRY(keep_option(config, &given->options[i], &options[i], err));
    out->options = options;
    out->option_count = given->option_count;
    rc = destination_check(out, NULL, NULL, err);
done:
    return rc;
}

void config_keep_connections(struct config *config, const struct tg_pipeline_options *options)
{
    if (options->destination_connection)
        config->given.release = options->destination_connection->release;
    if (options->scratch_connection)
        config->scratch.release = options->scratch_connection->release;
}

/* What is relative lies beside the spec; from here on the current directory may change. */
static int set_destination(struct config *config, const struct location *where,
                           struct tg_error *err)
{
    struct buf absolute = BUF_INIT;
    int rc = destination_absolute(where, config->folder, &absolute, err);
    if (rc == TG_OK)
        rc = arena_keep(&config->arena, buf_string(&absolute), &config->destination.url, err);
    buf_release(&absolute);
    return rc;
}

static int set_places(struct config *config, const struct location *where,
                      const struct tg_pipeline_options *options, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(set_destination(config, where, err));
    TRY(set_workdir(config, options, err));
    TRY(set_engine(config, options, err));
    TRY(set_storage(config, options, err));
    TRY(set_memory(config, options, err));
    TRY(set_undo(config, options, err));
done:
    return rc;
}

/* ---- the whole ---- */

void config_release_users(struct config *config)
{
    for (size_t i = 0; i < config->resource_count; i++) {
        struct resource *resource = &config->resources[i];
        if (resource->release)
            resource->release(resource->user);
        resource->release = NULL;
        if (resource->given && resource->given->release) /* members have their group's */
            resource->given->release(resource->given->user);
        if (resource->given)
            resource->given->release = NULL;
    }
}

void config_release(struct config *config)
{
    config_release_users(config);
    if (config->given.release)
        config->given.release(config->given.user);
    if (config->scratch.release)
        config->scratch.release(config->scratch.user);
    secrets_release(&config->secrets);
    arena_release(&config->arena);
    *config = (struct config){0};
}

static int no_destination(const char *pipeline, struct tg_error *err)
{
    struct destination_example example = {0};
    for (size_t i = 0; destination_example(i, &example) && strcmp(example.name, "duckdb") != 0; i++)
        continue;
    return error_set(err, TG_USAGE,
                     "pipeline '%s' needs a destination; set `destination` of the options, as "
                     "\"%s\"",
                     pipeline, example.url);
}

/* Also beside a spec (`of`), which has one of its own. */
static int set_one_destination(struct config *config, const struct tg_pipeline_options *options,
                               const char *of, struct tg_error *err)
{
    int rc = TG_OK;
    bool is_given = options->destination_connection, is_adbc = options->destination_adbc;
    if (is_given + is_adbc + (options->destination != NULL) > 1)
        return error_set(err, TG_USAGE,
                         "%s has two destinations; set one of `destination`, "
                         "`destination_connection` and `destination_adbc` of the options",
                         of);
    TRY(set_given(config, options->destination_connection, err));
    rc = set_adbc(config, options->destination_adbc, err);
done:
    return rc;
}

/* Of a program, over those of a spec. */
static int set_limits(struct config *config, const struct tg_pipeline_options *options,
                      struct tg_error *err)
{
    int rc = TG_OK;
    struct limits given = {.absent.is_set = false};
    struct limit_texts texts = {{NULL}};
    const struct origin origin = {.err = err};
    TRY(fill_from_struct(&config->arena, &options->limits, sizeof(options->limits), limit_options,
                         &texts, err));
    TRY(limits_take(&origin, &texts, &given));
    config->limits = limits_over(&config->limits, &given);
done:
    return rc;
}

int config_init(struct config *config, const struct tg_pipeline_options *options,
                struct tg_error *err)
{
    int rc = TG_OK;
    *config = (struct config){.folder = ".", .schema_config.hints.max_nesting = -1};
    arena_init(&config->arena);
    if (!options || !options->name)
        return error_set(err, TG_USAGE, "a pipeline needs a name; set `name` of the options");
    if (options->variable_count > 0)
        return error_set(err, TG_USAGE,
                         "`variables` of the options stand for ${NAME} in a spec, and pipeline "
                         "'%s' has none; use tg_pipeline_open",
                         options->name);
    if (options->environment)
        return error_set(err, TG_USAGE,
                         "`environment` of the options is one of a spec's, and pipeline '%s' has "
                         "none; use tg_pipeline_open",
                         options->name);
    TRY(set_one_destination(config, options, "the pipeline", err));
    if (!options->destination && !destination_said(config))
        return no_destination(options->name, err);
    config->destination.create_indexes = options->create_indexes;
    struct location where = config->destination;
    where.url = options->destination;
    if (options->destination)
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
    TRY(destination_check(&where, config->dataset, NULL, err));
    TRY(set_places(config, &where, options, err));
    TRY(set_limits(config, options, err));
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

static int check_variables(const struct tg_pipeline_options *options, struct tg_error *err)
{
    for (size_t i = 0; i < options->variable_count; i++)
        if (!options->variables || !options->variables[i].name || !options->variables[i].text)
            return error_set(err, TG_USAGE,
                             "`variables` of the options has no name or no text at index %zu", i);
    return TG_OK;
}

/* Without the right environment nothing else that is said of the document would help. */
static int convert(struct config *config, struct document *doc,
                   const struct tg_pipeline_options *options, struct tg_error *err)
{
    int rc = TG_OK;
    const struct environment_wish wish = {.name = options ? options->environment : NULL,
                                          .variable = config_variable("TIDEGATE_ENV")};
    size_t problems = doc->problem_count;
    if (doc->root.kind == NODE_NULL || doc->root.kind == NODE_BROKEN)
        return TG_OK;
    TRY(environment_choose(doc, &wish, &config->environment));
    if (doc->problem_count > problems)
        return TG_OK;
    TRY(document_expand(doc));
    TRY(spec_convert(doc, config, err));
done:
    return rc;
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
    if (options)
        TRY(set_one_destination(config, options, "the run of a spec", err));
    if (options)
        TRY(check_variables(options, err));
    TRY(arena_keep(&config->arena, spec->folder, &config->folder, err));
    struct document doc = {.arena = &config->arena,
                           .path = spec->name,
                           .folder = config->folder,
                           .text = spec->text,
                           .len = spec->len,
                           .said = destination_said(config) ? "destination" : NULL,
                           .variables = options ? options->variables : NULL,
                           .variable_count = options ? options->variable_count : 0,
                           .secrets = &config->secrets,
                           .err = err};
    TRY(document_parse(&doc));
    TRY(convert(config, &doc, options, err));
    TRY(document_report(&doc, err));
    if (options && options->create_indexes)
        config->destination.create_indexes = true;
    TRY(set_places(config, &config->destination, options, err));
    if (options)
        TRY(set_limits(config, options, err));
done:
    return rc;
}

int spec_names(const char *spec_path, const char *key, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    struct config config = {0}; /* for what a document needs to be read */
    arena_init(&config.arena);
    char *folder = fs_dirname(spec_path);
    TRY(folder ? read_text(spec_path, &text, err) : error_nomem(err));
    struct document doc = {.arena = &config.arena,
                           .path = spec_path,
                           .folder = folder,
                           .text = buf_string(&text),
                           .len = text.len,
                           .secrets = &config.secrets,
                           .err = err};
    TRY(document_parse(&doc));
    if (doc.root.kind != NODE_MAP)
        TRY(document_report(&doc, err));
    const struct node *map = node_find(&doc.root, key);
    for (size_t i = 0; map && map->kind == NODE_MAP && i < map->item_count; i++)
        if (!strchr(map->items[i].name, '\n'))
            buf_printf(out, "%s\n", map->items[i].name);
done:
    mem_free(folder);
    buf_release(&text);
    config_release(&config);
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

const struct resource *config_resource(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->resource_count; i++)
        if (strcmp(config->resources[i].name, name) == 0)
            return &config->resources[i];
    return NULL;
}
