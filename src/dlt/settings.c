/*
 * What a schema says of data to come: read from the stored JSON for a run, and changed there by
 * what the run says.
 *
 * Path: settings_read -> read_detections, read_types, read_hint (add_pattern), read_normalizers;
 * then settings_preferred_type and settings_default_hints are asked for every new column.
 * catalog_apply_settings -> check_naming, apply_settings, apply_normalizers -> the JSON of the
 * catalog, which stays byte by byte as it was when it says all that already.
 *
 * A pattern is a name, or behind "re:" a regular expression that may match anywhere in a name.
 * PCRE2 stands in for Python's `re`: text is UTF-8, \w and \d know all scripts, \x and \u read as
 * there. The words of detections and hints that we do not know stay in the JSON and do nothing.
 */
#include "dlt/settings.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <limits.h>
#include <pcre2.h>
#include <string.h>

#include "base/json.h"
#include "data/rows.h"
#include "dlt/store.h"

struct pattern {
    struct pattern *next;
    const char *text;
    const char *hint; /* default hints: "not_null"... */
    enum type type;   /* preferred types */
    pcre2_code *code; /* NULL: the text is a name */
};

static const char regex_prefix[] = "re:";
enum { REGEX_PREFIX = sizeof(regex_prefix) - 1 };

/* ---- Detections and hints by name ---------------------------------------------------------- */

static const struct {
    const char *name;
    enum detector bit;
} detectors[] = {
    {"timestamp", DETECT_TIMESTAMP},
    {"iso_timestamp", DETECT_ISO_TIMESTAMP},
    {"iso_date", DETECT_ISO_DATE},
    {"large_integer", DETECT_LARGE_INTEGER},
    {"hexbytes_to_text", DETECT_HEXBYTES_TO_TEXT},
    {"wei_to_double", DETECT_WEI_TO_DOUBLE},
};

unsigned detector_find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(detectors) / sizeof(detectors[0]); i++)
        if (strlen(detectors[i].name) == len && memcmp(detectors[i].name, name, len) == 0)
            return detectors[i].bit;
    return 0;
}

/* Without two that dlt takes and that make no sense for a pattern of names: `nullable` (it turns
 * all other columns NOT NULL) and `dedup_sort` (it has a direction). */
static const char *const hint_names[] = {
    "not_null",  "partition", "cluster",    "primary_key", "sort",        "unique",
    "merge_key", "row_key",   "parent_key", "root_key",    "hard_delete",
};

static bool hint_is_known(const char *name)
{
    for (size_t i = 0; i < sizeof(hint_names) / sizeof(hint_names[0]); i++)
        if (strcmp(hint_names[i], name) == 0)
            return true;
    return false;
}

/* ---- Patterns ------------------------------------------------------------------------------ */

static void *pcre_alloc(size_t size, void *unused)
{
    (void)unused;
    return mem_alloc(size);
}

static void pcre_free(void *memory, void *unused)
{
    (void)unused;
    mem_free(memory);
}

static bool is_regex(const char *pattern)
{
    return strncmp(pattern, regex_prefix, REGEX_PREFIX) == 0;
}

/* A wrong expression is `code`. */
static int compile(const char *pattern, int code, pcre2_code **out, struct tg_error *err)
{
    const char *regex = pattern + REGEX_PREFIX;
    int number = 0;
    PCRE2_SIZE offset = 0;
    pcre2_general_context *memory = pcre2_general_context_create(pcre_alloc, pcre_free, NULL);
    pcre2_compile_context *context = memory ? pcre2_compile_context_create(memory) : NULL;
    *out = NULL;
    if (context)
        *out = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
                             PCRE2_UTF | PCRE2_UCP | PCRE2_ALT_BSUX | PCRE2_NEVER_BACKSLASH_C,
                             &number, &offset, context);
    pcre2_compile_context_free(context);
    pcre2_general_context_free(memory);
    if (*out)
        return TG_OK;
    if (!context || number == PCRE2_ERROR_HEAP_FAILED)
        return error_nomem(err);
    PCRE2_UCHAR text[160] = {0};
    pcre2_get_error_message(number, text, sizeof(text));
    return error_set(err, code,
                     "the regular expression '%s' is wrong behind its first %zu bytes: %s", regex,
                     (size_t)offset, (const char *)text);
}

static int pattern_match(const struct pattern *pattern, const char *name, bool *out,
                         struct tg_error *err)
{
    if (!pattern->code) {
        *out = strcmp(pattern->text, name) == 0;
        return TG_OK;
    }
    *out = false;
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    if (!match)
        return error_nomem(err);
    int found =
        pcre2_match(pattern->code, (PCRE2_SPTR)name, PCRE2_ZERO_TERMINATED, 0, 0, match, NULL);
    pcre2_match_data_free(match);
    *out = found >= 0;
    if (found >= 0 || found == PCRE2_ERROR_NOMATCH)
        return TG_OK;
    if (found == PCRE2_ERROR_NOMEMORY)
        return error_nomem(err);
    PCRE2_UCHAR text[160] = {0};
    pcre2_get_error_message(found, text, sizeof(text));
    return error_set(err, TG_DATA, "the regular expression '%s' gave up on column '%s': %s",
                     pattern->text + REGEX_PREFIX, name, (const char *)text);
}

/* "foo" and "re:^foo$" are the same to dlt. */
static bool same_pattern(const char *left, const char *right)
{
    if (is_regex(left) == is_regex(right))
        return strcmp(left, right) == 0;
    const char *name = is_regex(left) ? right : left;
    const char *regex = is_regex(left) ? left + REGEX_PREFIX : right + REGEX_PREFIX;
    size_t len = strlen(name);
    return strlen(regex) == len + 2 && regex[0] == '^' && regex[len + 1] == '$' &&
           memcmp(regex + 1, name, len) == 0;
}

/* The pattern for names as the convention makes them, in dlt's form: names, and expressions that
 * are names but for ^ and $, are normalised. `out` must be empty. */
static int normal_pattern(const struct name_rules *rules, const char *pattern, struct buf *out,
                          struct tg_error *err)
{
    int rc = TG_OK;
    struct hasher hasher = {0};
    bool regex = is_regex(pattern);
    const char *body = pattern + (regex ? REGEX_PREFIX : 0);
    size_t len = strlen(body);
    bool whole = regex && len >= 2 && body[0] == '^' && body[len - 1] == '$';
    const char *name = body + whole;
    size_t name_len = len - 2 * (size_t)whole;
    size_t plain_len = strcspn(name, "\t\n\v\f\r #$&()*+-.?[\\]^{|}~");
    if (regex && plain_len < name_len) {
        buf_text(out, pattern);
    } else {
        buf_text(out, regex ? regex_prefix : "");
        buf_text(out, whole ? "^" : "");
        TRY(name_path(rules, &hasher, name, name_len, out, err));
        buf_text(out, whole ? "$" : "");
    }
    TRY(buf_check(out, err));
done:
    hasher_release(&hasher);
    return rc;
}

/* ---- Reading: settings --------------------------------------------------------------------- */

/* The member `key`, NULL when absent or null; `check` says whether a value is of the right type. */
static int member(yyjson_val *object, const char *key, bool (*check)(yyjson_val *),
                  const char *expected, yyjson_val **out, struct tg_error *err)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    *out = yyjson_is_null(value) ? NULL : value;
    return *out && !check(*out) ? store_wrong_type(key, expected, yyjson_get_type_desc(*out), err)
                                : TG_OK;
}

static int member_object(yyjson_val *object, const char *key, yyjson_val **out,
                         struct tg_error *err)
{
    return member(object, key, yyjson_is_obj, "an object", out, err);
}

static int member_list(yyjson_val *object, const char *key, yyjson_val **out, struct tg_error *err)
{
    return member(object, key, yyjson_is_arr, "a list", out, err);
}

/* Texts live in C strings. */
static int check_text(const char *key, yyjson_val *value, struct tg_error *err)
{
    if (!yyjson_is_str(value))
        return store_wrong_type(key, "a text", yyjson_get_type_desc(value), err);
    if (strlen(yyjson_get_str(value)) != yyjson_get_len(value))
        return error_set(err, TG_DATA, "'%s' holds a NUL character", key);
    return TG_OK;
}

static int read_detections(struct settings *settings, yyjson_val *list, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_arr_iter iter = yyjson_arr_iter_with(list);
    for (yyjson_val *name; (name = yyjson_arr_iter_next(&iter));) {
        TRY(check_text("detections", name, err));
        settings->detectors |= detector_find(yyjson_get_str(name), yyjson_get_len(name));
    }
done:
    return rc;
}

/* Appends at *tail, which moves on: patterns are asked in their order. */
static int add_pattern(struct settings *settings, struct pattern ***tail, const char *text,
                       struct pattern **out, struct tg_error *err)
{
    struct pattern *pattern = arena_alloc(&settings->arena, sizeof(*pattern));
    if (!pattern)
        return error_nomem(err);
    **tail = pattern;
    *tail = &pattern->next;
    *out = pattern;
    int rc = arena_keep(&settings->arena, text, &pattern->text, err);
    return rc == TG_OK && is_regex(text) ? compile(text, TG_DATA, &pattern->code, err) : rc;
}

static int read_types(struct settings *settings, yyjson_val *object, struct tg_error *err)
{
    int rc = TG_OK;
    struct pattern **tail = &settings->preferred_types;
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        yyjson_val *type = yyjson_obj_iter_get_val(key);
        struct pattern *pattern = NULL;
        TRY(check_text("preferred_types", key, err));
        TRY(check_text(yyjson_get_str(key), type, err));
        TRY(add_pattern(settings, &tail, yyjson_get_str(key), &pattern, err));
        pattern->type = type_find(yyjson_get_str(type));
        if (pattern->type == TYPE_NONE)
            return error_set(err, TG_DATA, "the type '%s' of '%s' is not one of dlt's",
                             yyjson_get_str(type), pattern->text);
    }
done:
    return rc;
}

static int read_hint(struct settings *settings, struct pattern ***tail, yyjson_val *key,
                     yyjson_val *list, struct tg_error *err)
{
    int rc = TG_OK;
    const char *hint = yyjson_get_str(key);
    if (!hint_is_known(hint) || yyjson_is_null(list))
        return TG_OK;
    if (!yyjson_is_arr(list))
        return store_wrong_type(hint, "a list", yyjson_get_type_desc(list), err);
    TRY(arena_keep(&settings->arena, hint, &hint, err));
    yyjson_arr_iter iter = yyjson_arr_iter_with(list);
    for (yyjson_val *text; (text = yyjson_arr_iter_next(&iter));) {
        struct pattern *pattern = NULL;
        TRY(check_text(hint, text, err));
        TRY(add_pattern(settings, tail, yyjson_get_str(text), &pattern, err));
        pattern->hint = hint;
    }
done:
    return rc;
}

static int read_settings(struct settings *settings, yyjson_val *object, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_val *detections = NULL;
    yyjson_val *types = NULL;
    yyjson_val *hints = NULL;
    TRY(member_list(object, "detections", &detections, err));
    TRY(member_object(object, "preferred_types", &types, err));
    TRY(member_object(object, "default_hints", &hints, err));
    TRY(read_detections(settings, detections, err));
    TRY(read_types(settings, types, err));
    struct pattern **tail = &settings->default_hints;
    yyjson_obj_iter iter = yyjson_obj_iter_with(hints);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));)
        TRY(read_hint(settings, &tail, key, yyjson_obj_iter_get_val(key), err));
    TRY(contract_read(yyjson_obj_get(object, "schema_contract"), &settings->contract, err));
done:
    return rc;
}

/* ---- Reading: normalizers ------------------------------------------------------------------ */

static int read_naming(struct settings *settings, yyjson_val *object, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_val *names = NULL;
    yyjson_val *paths = NULL;
    TRY(member(object, "names", yyjson_is_str, "a text", &names, err));
    TRY(member(object, "use_break_path_on_normalize", yyjson_is_bool, "true or false", &paths,
               err));
    settings->whole_paths = paths && !yyjson_get_bool(paths);
    if (names && !naming_find(yyjson_get_str(names), yyjson_get_len(names), &settings->naming))
        rc = error_set(err, TG_DATA,
                       "its names follow '%s', which is none of snake_case, direct, duck_case, "
                       "sql_cs_v1, sql_ci_v1, unicode_snake_case",
                       yyjson_get_str(names));
done:
    return rc;
}

/* Older versions of dlt said it so: propagation.root = {"_dlt_id": "_dlt_root_id"}. */
static bool root_is_propagated(yyjson_val *config)
{
    yyjson_val *root = yyjson_obj_get(yyjson_obj_get(config, "propagation"), "root");
    yyjson_obj_iter iter = yyjson_obj_iter_with(root);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));)
        if (yyjson_equals_str(yyjson_obj_iter_get_val(key), "_dlt_root_id"))
            return true;
    return false;
}

static int read_config(struct settings *settings, yyjson_val *config, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_val *nesting = NULL;
    yyjson_val *root_key = NULL;
    TRY(member(config, "max_nesting", yyjson_is_uint, "a whole number, zero or more", &nesting,
               err));
    TRY(member(config, "root_key_propagation", yyjson_is_bool, "true or false", &root_key, err));
    if (nesting)
        settings->max_nesting =
            yyjson_get_uint(nesting) < INT_MAX ? (int)yyjson_get_uint(nesting) : INT_MAX;
    settings->root_key = yyjson_is_true(root_key) || root_is_propagated(config);
done:
    return rc;
}

static int read_normalizers(struct settings *settings, yyjson_val *object, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_val *json = NULL;
    yyjson_val *config = NULL;
    yyjson_val *detections = NULL;
    TRY(read_naming(settings, object, err));
    TRY(member_object(object, "json", &json, err));
    TRY(member_object(json, "config", &config, err));
    TRY(read_config(settings, config, err));
    if (settings->detectors == 0) {
        /* where dlt had them before they were settings, and looks when those name none */
        TRY(member_list(object, "detections", &detections, err));
        TRY(read_detections(settings, detections, err));
    }
done:
    return rc;
}

static int parse_object(const char *json, const char *what, yyjson_doc **out, struct tg_error *err)
{
    int rc = json ? json_parse(json, strlen(json), what, out, err) : TG_OK;
    if (rc == TG_OK && *out && !yyjson_is_obj(yyjson_doc_get_root(*out)))
        return error_set(err, TG_DATA, "%s must be an object", what);
    return rc;
}

int settings_read(const struct catalog *catalog, struct settings *out, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *settings = NULL;
    yyjson_doc *normalizers = NULL;
    *out = (struct settings){.max_nesting = -1};
    arena_init(&out->arena);
    TRY(parse_object(catalog->settings_json, "'settings'", &settings, err));
    TRY(parse_object(catalog->normalizers_json, "'normalizers'", &normalizers, err));
    TRY(read_settings(out, yyjson_doc_get_root(settings), err));
    TRY(read_normalizers(out, yyjson_doc_get_root(normalizers), err));
done:
    yyjson_doc_free(settings);
    yyjson_doc_free(normalizers);
    if (rc != TG_OK)
        settings_release(out);
    return rc == TG_OK ? rc : error_where(err, rc, "the settings of schema '%s'", catalog->name);
}

void settings_release(struct settings *settings)
{
    struct pattern *const lists[] = {settings->preferred_types, settings->default_hints};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (struct pattern *pattern = lists[i]; pattern; pattern = pattern->next)
            pcre2_code_free(pattern->code);
    arena_release(&settings->arena);
    *settings = (struct settings){0};
}

/* ---- Asking -------------------------------------------------------------------------------- */

int settings_preferred_type(const struct settings *settings, const char *column, enum type *out,
                            struct tg_error *err)
{
    int rc = TG_OK;
    bool found = false;
    *out = TYPE_NONE;
    for (const struct pattern *pattern = settings->preferred_types; pattern && !found;
         pattern = pattern->next) {
        TRY(pattern_match(pattern, column, &found, err));
        if (found)
            *out = pattern->type;
    }
done:
    return rc;
}

static void lay_hint(struct table_column *column, const char *hint)
{
    if (strcmp(hint, "not_null") == 0) {
        column->nullable = false;
        column->nullable_implied = false;
        return;
    }
    for (const struct column_flag *flag = column_flags; flag->key; flag++)
        if (strcmp(flag->key, hint) == 0)
            *column_flag_at(column, flag) = true;
}

int settings_default_hints(const struct settings *settings, struct table_column *column,
                           struct tg_error *err)
{
    int rc = TG_OK;
    for (const struct pattern *pattern = settings->default_hints; pattern;
         pattern = pattern->next) {
        bool found = false;
        TRY(pattern_match(pattern, column->name, &found, err));
        if (found)
            lay_hint(column, pattern->hint);
    }
done:
    return rc;
}

/* ---- Changing: settings -------------------------------------------------------------------- */

/* The list under `key`, made when absent or null. */
static int list_member(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                       yyjson_mut_val **out, struct tg_error *err)
{
    *out = yyjson_mut_obj_get(object, key);
    if (yyjson_mut_is_arr(*out))
        return TG_OK;
    if (*out && !yyjson_mut_is_null(*out))
        return store_wrong_type(key, "a list", yyjson_mut_get_type_desc(*out), err);
    *out = yyjson_mut_arr(doc);
    return store_put(doc, object, key, *out) ? TG_OK : error_nomem(err);
}

static bool list_has(yyjson_mut_val *list, const char *text)
{
    yyjson_mut_arr_iter iter = yyjson_mut_arr_iter_with(list);
    for (yyjson_mut_val *item; (item = yyjson_mut_arr_iter_next(&iter));)
        if (yyjson_mut_is_str(item) && same_pattern(yyjson_mut_get_str(item), text))
            return true;
    return false;
}

static int list_add(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *text,
                    struct tg_error *err)
{
    if (list_has(list, text) || yyjson_mut_arr_add_strcpy(doc, list, text))
        return TG_OK;
    return error_nomem(err);
}

/* The list is replaced, unless it names the same ones already. */
static int apply_detections(yyjson_mut_doc *doc, yyjson_mut_val *object,
                            const struct schema_hints *hints, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_val *said = yyjson_mut_arr(doc);
    yyjson_mut_val *stored = yyjson_mut_obj_get(object, "detections");
    size_t shared = 0;
    for (size_t i = 0; i < hints->detection_count; i++) {
        const char *name = hints->detections[i];
        if (detector_find(name, strlen(name)) == 0)
            return error_set(err, TG_SPEC,
                             "there is no detection '%s': take iso_timestamp, iso_date, timestamp "
                             "or large_integer",
                             name);
        if (!list_has(said, name))
            shared += list_has(stored, name);
        TRY(list_add(doc, said, name, err));
    }
    if (yyjson_mut_is_arr(stored) && shared == yyjson_mut_arr_size(said) &&
        shared == yyjson_mut_arr_size(stored))
        goto done;
    if (!store_put(doc, object, "detections", said))
        rc = error_nomem(err);
done:
    return rc;
}

/* Normalised and, when it is an expression, tried. */
static int check_pattern(const struct name_rules *rules, const char *pattern, struct buf *out,
                         struct tg_error *err)
{
    int rc = TG_OK;
    pcre2_code *code = NULL;
    buf_clear(out);
    TRY(normal_pattern(rules, pattern, out, err));
    if (is_regex(buf_string(out)))
        TRY(compile(buf_string(out), TG_SPEC, &code, err));
done:
    pcre2_code_free(code);
    return rc;
}

static int apply_types(yyjson_mut_doc *doc, yyjson_mut_val *object,
                       const struct schema_hints *hints, const struct name_rules *rules,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    yyjson_mut_val *types = NULL;
    for (size_t i = 0; i < hints->preferred_type_count; i++) {
        const char *type = type_name(hints->preferred_types[i].type);
        TRY(check_pattern(rules, hints->preferred_types[i].pattern, &text, err));
        TRY(store_member(doc, object, "preferred_types", &types, err));
        const char *key = buf_string(&text);
        yyjson_mut_obj_iter iter = yyjson_mut_obj_iter_with(types);
        for (yyjson_mut_val *there; (there = yyjson_mut_obj_iter_next(&iter));)
            if (same_pattern(yyjson_mut_get_str(there), buf_string(&text)))
                key = yyjson_mut_get_str(there);
        if (!store_put(doc, types, key, yyjson_mut_str(doc, type)))
            TRY(error_nomem(err));
    }
done:
    buf_release(&text);
    return rc;
}

static int unknown_hint(const char *hint, struct tg_error *err)
{
    struct buf names = BUF_INIT;
    for (size_t i = 0; i < sizeof(hint_names) / sizeof(hint_names[0]); i++)
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", hint_names[i]);
    int rc = error_set(err, TG_SPEC, "there is no default hint '%s': take one of %s", hint,
                       buf_string(&names));
    buf_release(&names);
    return rc;
}

static int apply_default_hints(yyjson_mut_doc *doc, yyjson_mut_val *object,
                               const struct schema_hints *hints, const struct name_rules *rules,
                               struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    yyjson_mut_val *lists = NULL;
    yyjson_mut_val *list = NULL;
    for (size_t i = 0; i < hints->default_hint_count; i++) {
        const struct schema_pattern *said = &hints->default_hints[i];
        if (!hint_is_known(said->hint)) {
            rc = unknown_hint(said->hint, err);
            goto done;
        }
        TRY(check_pattern(rules, said->pattern, &text, err));
        TRY(store_member(doc, object, "default_hints", &lists, err));
        TRY(list_member(doc, lists, said->hint, &list, err));
        TRY(list_add(doc, list, buf_string(&text), err));
    }
done:
    buf_release(&text);
    return rc;
}

static int apply_contract(yyjson_mut_doc *doc, yyjson_mut_val *object,
                          const struct contract *stored, const struct contract *said,
                          struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    if (!contract_is_said(said) || memcmp(stored->modes, said->modes, sizeof(said->modes)) == 0)
        return TG_OK;
    contract_write(said, &text);
    TRY(buf_check(&text, err));
    if (!store_put(doc, object, "schema_contract",
                   yyjson_mut_rawncpy(doc, buf_string(&text), text.len)))
        rc = error_nomem(err);
done:
    buf_release(&text);
    return rc;
}

static int apply_settings(yyjson_mut_doc *doc, const struct schema_hints *hints,
                          const struct settings *stored, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_val *object = yyjson_mut_doc_get_root(doc);
    struct name_rules rules = {.naming = hints->naming_said ? hints->naming : stored->naming,
                               .whole_paths = stored->whole_paths};
    if (hints->detections)
        TRY(apply_detections(doc, object, hints, err));
    TRY(apply_types(doc, object, hints, &rules, err));
    TRY(apply_default_hints(doc, object, hints, &rules, err));
    TRY(apply_contract(doc, object, &stored->contract, &hints->contract, err));
done:
    return rc;
}

/* ---- Changing: normalizers ----------------------------------------------------------------- */

static int check_naming(const struct catalog *catalog, const struct schema_hints *hints,
                        const struct settings *stored, struct tg_error *err)
{
    if (!hints->naming_said || hints->naming == stored->naming)
        return TG_OK;
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *table = catalog->tables[i];
        if (table->seen_data && !table_is_system(table))
            return error_set(err, TG_SPEC,
                             "naming '%s' would give table '%s' and others that have data new "
                             "names: keep '%s', or drop the tables of schema '%s' first",
                             naming_text(hints->naming), table->name, naming_text(stored->naming),
                             catalog->name);
    }
    return TG_OK;
}

static int apply_normalizers(yyjson_mut_doc *doc, const struct schema_hints *hints,
                             const struct settings *stored, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_val *object = yyjson_mut_doc_get_root(doc);
    bool nests = hints->max_nesting >= 0 && hints->max_nesting != stored->max_nesting;
    bool roots = hints->root_key && !stored->root_key;
    bool ok = true;
    if (hints->naming_said && hints->naming != stored->naming)
        ok &= store_put(doc, object, "names", yyjson_mut_str(doc, naming_text(hints->naming)));
    if (nests || roots) {
        yyjson_mut_val *config = NULL;
        TRY(store_member(doc, object, "json", &config, err));
        TRY(store_member(doc, config, "config", &config, err));
        if (nests)
            ok &= store_put(doc, config, "max_nesting", yyjson_mut_int(doc, hints->max_nesting));
        if (roots)
            ok &= store_put(doc, config, "root_key_propagation", yyjson_mut_bool(doc, true));
    }
    if (!ok)
        rc = error_nomem(err);
done:
    return rc;
}

/* ---- Changing: both ------------------------------------------------------------------------ */

typedef int change(yyjson_mut_doc *doc, const struct schema_hints *hints,
                   const struct settings *stored, struct tg_error *err);

/* *out: the changed text in the catalog's arena, or `json` itself when nothing changed. */
static int rewrite(struct catalog *catalog, const char *json, const char *empty, change *apply,
                   const struct schema_hints *hints, const struct settings *stored,
                   const char **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf before = BUF_INIT;
    struct buf after = BUF_INIT;
    yyjson_doc *doc = NULL;
    yyjson_mut_doc *form = NULL;
    const char *text = json ? json : empty;
    TRY(json_parse(text, strlen(text), "the stored schema", &doc, err));
    cell_json(&before, yyjson_doc_get_root(doc), 0);
    TRY(buf_check(&before, err));
    form = yyjson_doc_mut_copy(doc, json_allocator());
    if (!form)
        TRY(error_nomem(err));
    TRY(apply(form, hints, stored, err));
    TRY(json_mut_write(form, &after, err));
    *out = json;
    if (strcmp(buf_string(&before), buf_string(&after)) != 0)
        TRY(arena_keep(&catalog->arena, buf_string(&after), out, err));
done:
    yyjson_mut_doc_free(form);
    yyjson_doc_free(doc);
    buf_release(&before);
    buf_release(&after);
    return rc;
}

int catalog_apply_settings(struct catalog *catalog, const struct schema_hints *hints,
                           struct tg_error *err)
{
    int rc = TG_OK;
    struct settings stored;
    const char *settings = NULL;
    const char *normalizers = NULL;
    rc = settings_read(catalog, &stored, err);
    if (rc != TG_OK)
        return rc;
    TRY(check_naming(catalog, hints, &stored, err));
    TRY(rewrite(catalog, catalog->settings_json, "{}", apply_settings, hints, &stored, &settings,
                err));
    TRY(rewrite(catalog, catalog->normalizers_json,
                "{\"names\":\"snake_case\","
                "\"json\":{\"module\":\"dlt.common.normalizers.json.relational\"}}",
                apply_normalizers, hints, &stored, &normalizers, err));
    catalog->settings_json = settings;
    catalog->normalizers_json = normalizers;
done:
    settings_release(&stored);
    return rc;
}
