/*
 * What a pipeline was told, as plain structs: from a spec file (config.c reads YAML by option
 * tables, spec.c knows the keys) or from the C API (config_add).
 */
#ifndef TIDEGATE_CONFIG_H
#define TIDEGATE_CONFIG_H

#include "base/location.h"
#include "base/memory.h"
#include "base/text/redact.h"
#include "dlt/settings.h"
#include "catalog/table.h"
#include "extract/cursor/cursor.h"
#include "extract/source.h"
#include "tidegate_connection.h"
#include "write/limit.h"

/* What tells new rows from old ones, as in struct tg_resource. */
struct incremental {
    const char **fields;           /* that are compared, in order */
    size_t field_count;            /* 0: there is no cursor */
    const char *cursor_path;       /* the fields in one text: its name in the state; NULL: none */
    const struct tg_cursor *parts; /* of each field, as far as the spec tells */
    struct tg_value initial_value, end_value;
    bool range_start_open, range_end_closed;
    enum tg_last_value last_value;
    tg_last_value_fn last_value_func; /* in its place; NULL */
    enum tg_row_order row_order;
    const char *lag;          /* "5", "2h"; NULL: none */
    const char **primary_key; /* tells rows at the last value apart; NULL: the resource's */
    size_t primary_key_count;
    bool primary_key_is_list;
    const char *cursor_type, *cursor_format; /* what texts are taken for; NULL */
    enum tg_on_missing on_cursor_value_missing;
    enum tg_flag commit_safe;
    const char *commit_safe_wait; /* NULL: COMMIT_SAFE_WAIT */
    enum tg_on_wait on_commit_safe_wait;
};
#define COMMIT_SAFE_WAIT "10m"

/* What becomes of rows that the source has no more, as in struct tg_deletes. */
struct deletes {
    enum tg_detect detect;
    enum tg_apply apply;
    const char *limit; /* NULL: LIMIT_ABSENT */
    bool allow_empty;
};

/* As they are said, by enum limit_kind; NULL: not said. */
struct limit_texts {
    const char *text[LIMIT_KINDS];
};

struct resource {
    const char *name;
    const char *table_name; /* not normalised; equals name unless said otherwise */
    const char *table_key;  /* its normal form: no two resources share one */
    const char *source;     /* name under which its cursor stands in the state */
    const struct source_driver *driver;
    const struct option_value *source_values,
        *resource_values; /* the driver's options, defaults filled in */
    size_t source_value_count, resource_value_count;
    struct tg_connection *given; /* the database of its source, by a program; NULL */
    tg_read_fn read;             /* callback source, as the nine below */
    tg_begin_fn begin;
    tg_end_fn end;
    tg_release_fn release;
    tg_read_fn list_keys;
    tg_judged_fn judged;
    const char *turns_with; /* the name of one before it; NULL: none */
    bool no_table;          /* it is judged, and that is all */
    void *user;
    const struct disposition_driver *disposition;
    const char *merge_strategy; /* as said; NULL: the usual one */
    bool skip_unchanged_rows, deduplicated;
    const char **validity_column_names; /* scd2: as given, normalised later; none: dlt's */
    size_t validity_column_names_count;
    const char *row_version_column_name; /* NULL: versions are told by their ids, or all columns */
    const char *active_record_timestamp, *boundary_timestamp;
    bool allow_empty;
    const char *source_filter, *destination_scope, *merge_scope; /* NULL: not said */
    const char *range, *range_column_name, *range_limit;         /* replace-range; the same */
    const char **primary_key, **merge_key;                       /* as the source names them */
    size_t primary_key_count, merge_key_count;
    bool primary_key_is_list; /* of one name, too: rows are known by another hash then, as in dlt */
    bool append_on_missing_key;
    struct incremental incremental;
    /* Its own, over its source's where there are several sources; the words of an only source are
     * the schema's (schema_config.hints), as in dlt. */
    int max_table_nesting; /* -1: not said */
    bool root_key; /* nested rows carry the root row's id: its source says so, or the schema */
    struct contract contract;
    enum tg_row_ids row_ids;
    bool reject_bad_rows;
    uint64_t reject_max;       /* bad rows of a run beyond which it fails */
    struct tg_column *columns; /* names as the source has them */
    size_t column_count;
    const char *description; /* NULL: not said */
    const char *hints;       /* JSON object: references and x-* of the table; NULL: none */
    struct limit_texts limit_texts;
    struct limits limits; /* its own */
    struct deletes deletes;
    bool materialize; /* its table is made though no row may come */
    bool selected;
    bool is_group;                /* stands for those that its source lists, and is none itself */
    const char *selected_members; /* of a group: which of them; NULL: all */
};

/* The schema's own part of a spec, and what its only source says of all its tables. */
struct schema_config {
    const char *name;    /* one of several that the pipeline has; NULL: not said */
    const char **others; /* of which these are some more */
    size_t other_count;
    struct schema_hints hints;             /* in the config's arena */
    const char *import_path, *export_path; /* folders; NULL: none */
};

struct config {
    struct arena arena; /* owns every text and array */
    const char *folder; /* relative paths start here: the spec's folder, or "." */
    const char *pipeline, *dataset;
    struct location destination;
    struct tg_connection given;   /* of the program: what destination.given points to */
    struct tg_connection scratch; /* of the program, for the engine; without functions: none */
    const char
        *schema; /* dlt's default schema name: the pipeline's without "_pipeline", snake_case */
    const char *environment; /* of the spec's, the one that was chosen; NULL: it has none */
    const char *workdir;
    const char *storage_version; /* of new database files; NULL: the database's own choice */
    const char *engine_path;     /* the engine's library; NULL: to be searched for */
    uint64_t memory_bytes;       /* the budget of a run; 0: not said */
    int undo_loads;              /* of how many loads what they replace is kept; 0: none */
    struct secrets secrets;      /* met in any of it */
    struct schema_config schema_config;
    struct contract run_contract; /* of this run, over all others */
    struct limits limits;         /* of resources that say nothing */
    struct resource *resources;
    size_t resource_count, resource_cap;
    size_t given_count; /* the first of them; those behind are members of groups */
};

/* Name, destination, dataset, workdir of options (or defaults and environment), no resources.
 * TG_USAGE. */
int config_init(struct config *config, const struct tg_pipeline_options *options,
                struct tg_error *err) TG_CHECK_RESULT;
/* A spec file; `options` (may be NULL) gives workdir. TG_SPEC with "file:line:column" and a caret
 * under the place. */
int config_read(struct config *config, const char *spec_path,
                const struct tg_pipeline_options *options, struct tg_error *err) TG_CHECK_RESULT;
/* The same of a text in memory. */
struct spec_text {
    const char *text;
    size_t len;
    const char *name;   /* for messages, in place of a path */
    const char *folder; /* relative paths start here */
};
int config_read_text(struct config *config, const struct spec_text *spec,
                     const struct tg_pipeline_options *options,
                     struct tg_error *err) TG_CHECK_RESULT;
/* The names that a map at the root of a spec file has ("resources"), in their order, each with a
 * '\n'; nothing where there is no such map. What else is wrong with the spec does not matter.
 * TG_USAGE without a file, TG_SPEC where it is no YAML. */
int spec_names(const char *spec_path, const char *key, struct buf *out,
               struct tg_error *err) TG_CHECK_RESULT;
void config_release(struct config *config);
/* Does it go by a primary key alone; and what asks for that, in words of a spec? */
bool disposition_needs_primary(const struct resource *resource);
const char *disposition_asks(const struct resource *resource);
/* Does it say which old rows give way: by a key, or a scope? */
bool disposition_knows_old(const struct resource *resource);
/* Does a key get a row for each of its versions? */
bool disposition_keeps_versions(const struct resource *resource);
/* Does it replace what lies between the values that come, not a window that it declares? */
bool range_is_delivered(const struct resource *resource);
/* The options of its disposition that it says and a stored table keeps (option.hint): the first, or
 * the one behind `after`; NULL: no more. What it says of one, as JSON. */
const struct option *disposition_said(const struct resource *resource, const struct option *after);
void field_json(const struct option *option, const void *held, struct buf *out);
/* Do two structs that the table fills hold the same? */
bool fields_same(const struct option *table, const void *a, const void *b);
/* Has the program said where the destination is? */
static inline bool destination_said(const struct config *config)
{
    return config->destination.given || config->destination.driver;
}
/* The program's connections are the config's from here on: what they hold is released with it. */
void config_keep_connections(struct config *config, const struct tg_pipeline_options *options);
/* What the resources hold of the program's; once. */
void config_release_users(struct config *config);
/* "latest", or a version as in v1.5.0: which there are is the engine's to say. */
#define STORAGE_VERSION_FAULT "'storage_version' is latest, or a version like v1.5.0, not '%s'"
bool is_storage_version(const char *text);
/* What the environment says of the engine's library; NULL: nothing. Borrowed from it. */
const char *config_engine_path(void);
/* For who looks for what is installed, when he does. */
const char *config_variable(const char *name);
/* A resource from the C API, copied; its `user` is the config's from here on, also on failure.
 * TG_USAGE. */
int config_add(struct config *config, const struct tg_resource *resource,
               struct tg_error *err) TG_CHECK_RESULT;
/* table.c: what a further table of the resource is loaded by, in the arena: a resource of its name,
 * without a cursor. `is_own`: it is the resource's own table, of which other things are said, and
 * all else stays. `hints` NULL: nothing is said. TG_USAGE. */
struct further_table {
    const char *name;
    const struct tg_resource *hints;
    bool is_own;
    const struct resource *before; /* as it was said before, whose columns stay; borrowed; NULL */
};
int config_table(const struct config *config, const struct resource *resource,
                 const struct further_table *table, struct arena *arena, struct resource *out,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Are the two loaded alike, by all that is said of them? */
bool config_table_same(const struct resource *a, const struct resource *b);
/* Adds the member of a group that its source calls so, selected; nothing where a resource for it is
 * there. The members live until the next config_select. TG_USAGE. */
int config_add_member(struct config *config, const struct resource *group, const char *name,
                      struct tg_error *err) TG_CHECK_RESULT;
/* What a source is asked for, as far as the config says it. Borrows from all of them. */
struct resource_request resource_request(const struct resource *resource,
                                         const struct config *config,
                                         const struct services *services);
/* The first resource of that name; NULL: there is none. */
const struct resource *config_resource(const struct config *config, const char *name);
/* What holds for the resource of that name: its own limits, over those of all. */
struct limits config_limits(const struct config *config, const char *resource);
/* Its cursor as it stands before the first load; path NULL: it has none. */
struct tg_cursor resource_cursor(const struct resource *resource);
/* All that the spec says; what is remembered is run's to add. Borrowed from the resource. */
struct cursor_options resource_cursor_options(const struct resource *resource);
/* Its name and its fields one by one, from what was said; again when that is another. */
int incremental_settle(struct arena *arena, struct incremental *incremental,
                       struct tg_error *err) TG_CHECK_RESULT;
/* Its values compare otherwise than the source's own do. */
bool incremental_orders_itself(const struct incremental *incremental);
/* Of the fields that are compared the first one; of `value`, a bound of them all, what is the first
 * one's. Text is borrowed, or the arena's. */
const char *incremental_first_field(const struct incremental *incremental);
int incremental_first_value(struct arena *arena, const struct incremental *incremental,
                            const struct tg_value *value, struct tg_value *out,
                            struct tg_error *err) TG_CHECK_RESULT;
/* reference.c: a commented spec that runs (of a file: with what its beginning shows that it needs);
 * the reference of all keys. TG_USAGE. */
int spec_start(const char *source, const char *destination, struct buf *out,
               struct tg_error *err) TG_CHECK_RESULT;
int spec_start_from(const char *path, const char *destination, struct buf *out,
                    struct tg_error *err) TG_CHECK_RESULT;
int spec_reference(enum tg_reference form, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* Marks the selected resources ("a, b"; NULL: all), `names` is borrowed. TG_USAGE names the unknown
 * one and the nearest; where there are groups it may be a member, and they are selected for it. */
int config_select(struct config *config, const char *names, struct tg_error *err) TG_CHECK_RESULT;
bool config_takes_member(const struct resource *group, const char *name);
/* The same error, when the members are there. */
int config_check_selected(const struct config *config, const char *names,
                          struct tg_error *err) TG_CHECK_RESULT;

#endif
