/*
 * Inside of the configuration. Tables of options (keys.c), what is done by them alone: checked
 * (option.c), put into structs (fill.c), printed (reference.c); and what needs to know them: a spec
 * (spec.c), its schema (schema.c), what a resource may be (resource.c), environment and names
 * (config.c).
 */
#ifndef TIDEGATE_SPEC_H
#define TIDEGATE_SPEC_H

#include "base/text/nearest.h"
#include "config/config.h"
#include "config/document.h"

/* ---- documents by option tables ---- */

/* Checks a map by tables (a list that ends with NULL): known keys, required ones, type and choices
 * of each value; maps within by the tables of their options. `subject` ("resource 'a'") is for
 * messages. */
int document_check(struct document *doc, const struct node *map, const char *subject,
                   const struct option *const *tables) TG_CHECK_RESULT;
/* That its keys are known, alone. */
int document_check_names(struct document *doc, const struct node *map, const char *subject,
                         const struct option *const *tables) TG_CHECK_RESULT;

/* What a checked map (NULL: nothing given) says for the options of a table, in the table's order,
 * with defaults filled in. In the arena. */
int option_values(struct arena *arena, const struct node *map, const struct option *table,
                  const struct option_value **out, size_t *count,
                  struct tg_error *err) TG_CHECK_RESULT;
/* The entry of a name; NULL: there is none. */
/* What the option that it goes with says, if that is another word than it needs; NULL: it is not
 * said, or means something. */
const char *option_misplaced(const struct option *table, const struct option *option,
                             const struct option_value *values, size_t count);
const struct option *option_find(const struct option *table, const char *name);
/* The entry that says what a scalar in place of the map may be; NULL: no scalar. */
const struct option *option_shorthand(const struct option *option);
/* The place of a word among choices ("a b c"), or -1. */
int option_choice(const char *choices, const char *word);
/* The words with something else between them: "a, b, c". */
void put_words(struct buf *out, const char *words, const char *between);

/* ---- structs by option tables (fill.c) ---- */

/* What a checked map says, into the fields of `out` that its options name; what is not given stays
 * as it is. Numbers out of range are recorded. Texts are the document's. TG_NOMEM. */
int fill_from_map(struct document *doc, const struct node *map, const struct option *table,
                  void *out) TG_CHECK_RESULT;
/* The same by the option's table of what was given for it: a map, or the scalar that stands for
 * one. */
int fill_from_node(struct document *doc, const struct node *node, const struct option *option,
                   void *out) TG_CHECK_RESULT;
/* What a struct of the C API says, of which the caller knows `bytes`; copied. TG_USAGE. */
int fill_from_struct(struct arena *arena, const void *given, size_t bytes,
                     const struct option *table, void *out, struct tg_error *err) TG_CHECK_RESULT;

/* Does a struct that was filled say anything for the option? */
bool field_is_said(const struct option *option, const void *held);

/* The place of a word of the C API among those of the option; TG_USAGE names the nearest. */
int find_word(const struct option *option, const char *word, int *out,
              struct tg_error *err) TG_CHECK_RESULT;

/* ---- names ---- */

/* All of a table (base/text/nearest.h). */
void nearest_offer_table(struct nearest *nearest, const struct option *table);

/* Calls for each trimmed, non-empty part of "a, b": *list moves on; NULL at the end. */
const char *next_name(const char **list, size_t *len);

/* ---- config.c, for spec.c ---- */

/* What a run needs at the least, whatever it loads. */
enum { MEMORY_BYTES_MIN = 64 << 20 };
#define MEMORY_FAULT "'memory' is a size of at least 64MiB, like 256MiB or 1GiB, not '%s'"
/* The budget that a text says; false: none that is enough. */
bool memory_size(const char *text, uint64_t *out);

enum { UNDO_LOADS_MAX = 1000 };
#define UNDO_FAULT "the loads that can be undone are 1 to 1000, not %lld"

/* What is wrong with a pipeline's name; NULL: nothing. */
const char *pipeline_name_fault(const char *name);
const char *schema_name_fault(const char *name); /* the same of a schema's that is said */
/* Sets pipeline, schema and dataset (NULL: dlt's default) in their normal forms; the dataset's is
 * by the schema's naming convention. */
int config_set_names(struct config *config, const char *pipeline, const char *dataset,
                     struct tg_error *err) TG_CHECK_RESULT;
/* What a source goes by in the state: its name in snake_case, in the arena. */
int config_source_key(struct config *config, const char *name, const char **out,
                      struct tg_error *err) TG_CHECK_RESULT;

/* ---- keys.c ---- */

extern const struct option spec_options[];     /* top level */
extern const struct option schema_options[];   /* under `schema`: struct schema_config */
extern const struct option limit_options[];    /* under `limits`: struct limit_texts */
extern const struct option contract_options[]; /* under `schema_contract`: struct contract */
extern const struct option source_options[];   /* of every source, beside its driver's */
extern const struct option resource_options[]; /* of every resource, beside its driver's */
extern const struct option column_options[];   /* of `columns` of a resource: struct tg_column */
/* Of `write_disposition`; those with a hint are options of some strategies, by their names. */
extern const struct option disposition_options[];
/* What only structs of the C API say, of the same. */
extern const struct option schema_fields[], resource_fields[], column_fields[];

#define CONTRACT_SHORTHAND "tables columns data_type" /* a scalar holds for all of them */
#define COLUMN_TYPES       "text double bool timestamp bigint binary json decimal wei date time"

/* ---- schema.c ---- */

/* The key `schema` of a spec (NULL: not given), checked; what else is wrong is recorded. TG_NOMEM.
 */
int schema_read(struct config *config, struct document *doc,
                const struct node *schema) TG_CHECK_RESULT;
/* The same from the C API (NULL: nothing said), copied. TG_USAGE. */
int schema_set(struct config *config, const struct tg_schema_options *given,
               struct tg_error *err) TG_CHECK_RESULT;

/* ---- resource.c ---- */

enum { REJECT_MAX = 1000 }; /* bad rows of a run, when nobody says how many */

/* Where a resource comes from: a document, which keeps what is wrong with it as a problem, or (doc
 * is NULL) a program, which gets TG_USAGE. */
struct origin {
    struct document *doc;
    const struct node *node; /* in the document */
    const char *resource;    /* its name */
    struct tg_error *err;
};

/* Checks a resource (all but table_key is set, in the config's arena; reject_max 0: not said) and
 * adds it. In a document, what is wrong is recorded; otherwise TG_USAGE. TG_NOMEM. */
int resource_add(struct config *config, struct resource *resource,
                 const struct origin *origin) TG_CHECK_RESULT;

/* What a struct says of the table: what a spec has keys for; copied. TG_USAGE. The word for its
 * disposition; as resource_add where it is none. */
int resource_fill(struct arena *arena, const struct tg_resource *given, struct resource *out,
                  struct tg_error *err) TG_CHECK_RESULT;
int disposition_given(const struct origin *origin, const struct tg_resource *given,
                      const char **word) TG_CHECK_RESULT;

/* ---- check.c ---- */

/* Says what is wrong with a resource: where `key` stands, or with `column` where it stands in the
 * hints of that one. A problem of the document, or TG_USAGE. */
int resource_refuse(const struct origin *origin, const char *key, const char *column,
                    const char *format, ...) TG_PRINTF(4, 5);

/* Do all the things that it says go together? As resource_add. */
int resource_check(const struct origin *origin, const struct resource *resource) TG_CHECK_RESULT;

/* ---- deletes.c ---- */

/* What goes without saying, and the limit, which is told with the others. As resource_add. */
int deletes_take(const struct origin *origin, struct resource *resource) TG_CHECK_RESULT;
/* Can it be found which rows the source has no more? As resource_add. */
int deletes_check(const struct origin *origin, const struct resource *resource) TG_CHECK_RESULT;
/* What does not go together of a cursor. */
int incremental_check(const struct origin *origin, const struct resource *resource) TG_CHECK_RESULT;

/* ---- limits.c ---- */

/* Puts them into `out`, where there are any; a resource's, or (without a name) those of all. As
 * resource_refuse. */
int limits_take(const struct origin *origin, const struct limit_texts *texts,
                struct limits *out) TG_CHECK_RESULT;

/* ---- disposition.c ---- */

/* By the word, and what the resource says of the strategy and its options, the driver; where ids of
 * rows come from then. As resource_add. */
int disposition_choose(const struct origin *origin, const char *word,
                       struct resource *resource) TG_CHECK_RESULT;
/* How rows are replaced where the destination says it; can that be done there? As resource_add. */
int disposition_settle(const struct config *config, const struct origin *origin,
                       struct resource *resource) TG_CHECK_RESULT;
/* Are there the keys that it needs, and no others? As resource_add. */
int disposition_check(const struct origin *origin, const struct resource *resource) TG_CHECK_RESULT;

/* ---- given.c ---- */

/* What a program gives as texts for the options of a table, checked as a spec's map would be, with
 * defaults filled in. In the config's arena. TG_USAGE names the option, and the nearest. */
struct given_options {
    const char *field; /* of the struct that gives them; "`options`" */
    const struct tg_option *items;
    size_t count;
    const struct tg_connection *connection; /* in place of the key `connection`; NULL: none */
};
/* The database that a source reads, where the program has it open; `given` may be NULL. */
int given_connection(struct config *config, const struct tg_connection *given, struct resource *out,
                     struct tg_error *err) TG_CHECK_RESULT;
int given_values(struct config *config, const struct given_options *given,
                 const struct option *table, const struct option_value **out, size_t *count,
                 struct tg_error *err) TG_CHECK_RESULT;

/* ---- config.c ---- */

/* Texts in the arena, without its `release`. */
int config_copy_given(struct config *config, const struct tg_connection *given,
                      struct tg_connection *out, struct tg_error *err) TG_CHECK_RESULT;

/* ---- spec.c ---- */

/* A source of a spec. */
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

/* Can a spec name this driver? A callback needs a program. */
bool source_fits_spec(const struct source_driver *driver);
/* The one of that name; TG_USAGE tells which there are. */
int source_named(const char *type, const struct source_driver **out,
                 struct tg_error *err) TG_CHECK_RESULT;

/* Fills `config` from a document; what is wrong is recorded in the document. TG_NOMEM. */
int spec_convert(struct document *doc, struct config *config, struct tg_error *err) TG_CHECK_RESULT;

#endif
