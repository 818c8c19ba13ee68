/*
 * tidegate: what a pipeline remembers is forgotten, so that it reads anew. tidegate.h includes this
 * header.
 *
 *     struct tg_reset *reset = NULL;
 *     const struct tg_reset_options look = {TG_RESET_OPTIONS_INIT, .look_only = true};
 *     int rc = tg_pipeline_reset(pipeline, &look, &reset, &err);
 *     for (size_t i = 0; i < tg_reset_cursor_count(reset); i++)
 *         printf("%s\n", tg_reset_cursor(reset, i)->path);
 *     tg_reset_free(reset);
 *
 * Texts and structs that are got from it are borrowed until tg_reset_free; the structs grow at
 * their end. Every function takes NULL, and an index beyond the end, and answers with 0, "" or
 * NULL.
 */
#ifndef TIDEGATE_PUBLIC_RESET_H
#define TIDEGATE_PUBLIC_RESET_H

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What of it is forgotten; they can be added up. */
enum tg_reset_part {
    TG_RESET_CURSORS = 1,  /* and what a program keeps in the state of a resource */
    TG_RESET_PACKAGES = 2, /* loads in the working directory that are not written yet */
    TG_RESET_FILES = 4     /* the list of files that were loaded */
};

/* It grows at its end. */
struct tg_reset_options {
    size_t size;             /* of this struct; set by tg_reset_options_init */
    const char *select;      /* "orders, people"; NULL: all that the spec or the state knows */
    int parts;               /* of enum tg_reset_part; 0: all of them; of a drop always 0 */
    const char *newest_load; /* the newest that there may be, as a look has told
                                (tg_reset_newest_load); NULL: any */
    bool look_only;          /* tell what would be done, and do nothing */
};

#define TG_RESET_OPTIONS_INIT .size = sizeof(struct tg_reset_options)

static inline void tg_reset_options_init(struct tg_reset_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = sizeof(*options);
}

struct tg_reset;

/* Cursors and the list of loaded files are forgotten in one transaction, as a load of its own; then
 * packages go from the working directory. Rows at the destination stay. A load that is sealed and
 * stays, since packages are not among the parts, is not written any more: it began before. TG_USAGE
 * for a resource that neither spec nor state knows, TG_CONFLICT where another load has come. *out
 * (`out` may be NULL) is NULL on failure; `options` may be NULL. */
TG_API_CHECK int tg_pipeline_reset(struct tg_pipeline *pipeline,
                                   const struct tg_reset_options *options, struct tg_reset **out,
                                   struct tg_error *err);
/* The same, and the tables of the resources with all that is nested in them are dropped: the next
 * run is as the first one was. TG_USAGE also for a table that another pipeline or schema has, too.
 * What loads have kept for an undo goes. */
TG_API_CHECK int tg_pipeline_drop(struct tg_pipeline *pipeline,
                                  const struct tg_reset_options *options, struct tg_reset **out,
                                  struct tg_error *err);
TG_API void tg_reset_free(struct tg_reset *reset);

/* The id of the load that has written it; "": nothing was to be written, or it was a look. */
TG_API const char *tg_reset_load_id(const struct tg_reset *reset);
TG_API const char *tg_reset_dataset(const struct tg_reset *reset);
/* The pipeline's newest load, before this one; "": there is none. */
TG_API const char *tg_reset_newest_load(const struct tg_reset *reset);

/* A resource of which something is forgotten. */
struct tg_reset_resource {
    const char *name;
    bool in_spec;     /* else only what is remembered knows it */
    bool adds_rows;   /* what is loaded again is added to rows that stay: append */
    bool has_state;   /* a program keeps something beside cursors */
    uint64_t files;   /* that were loaded */
    uint64_t cursors; /* of tg_reset_cursor */
    uint64_t windows; /* of a cursor, that were loaded apart from it or are planned */
};
TG_API size_t tg_reset_resource_count(const struct tg_reset *reset);
TG_API const struct tg_reset_resource *tg_reset_resource(const struct tg_reset *reset,
                                                         size_t index);

struct tg_reset_cursor {
    const char *resource;
    const char *path;
    const char *last_value; /* as text; NULL: it had not moved yet */
    uint64_t boundary_rows; /* rows at it that are known */
};
TG_API size_t tg_reset_cursor_count(const struct tg_reset *reset);
TG_API const struct tg_reset_cursor *tg_reset_cursor(const struct tg_reset *reset, size_t index);

/* A load that is not written yet, with rows of one of the resources, or without an end. */
struct tg_reset_package {
    const char *load_id;
    bool sealed;       /* else a run has left it unfinished; how many rows it has is not known */
    bool is_only_copy; /* of some of its rows nothing says that a source gives them again */
    uint64_t rows;
};
TG_API size_t tg_reset_package_count(const struct tg_reset *reset);
TG_API const struct tg_reset_package *tg_reset_package(const struct tg_reset *reset, size_t index);

/* A table that is dropped. */
struct tg_reset_table {
    const char *name;
    const char *resource;
    bool nested;
    uint64_t rows;
};
TG_API size_t tg_reset_table_count(const struct tg_reset *reset);
TG_API const struct tg_reset_table *tg_reset_table(const struct tg_reset *reset, size_t index);

#ifdef __cplusplus
}
#endif

#endif
