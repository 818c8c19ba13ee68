/*
 * The source interface. A driver is one file sources/NAME.c that ends in one const table,
 * source_NAME.
 *
 *   open (one resource) -> read (page by page until PAGE_END) -> close
 */
#ifndef TIDEGATE_EXTRACT_SOURCE_H
#define TIDEGATE_EXTRACT_SOURCE_H

#include "base/context.h"
#include "base/option.h"
#include "data/page.h"
#include "data/source_file.h"
#include "duckdb/engine.h"

/* What is known of the types of a resource's columns while it is read, for sources that have none
 * of their own. */
struct known_types {
    /* The type of the column for a name of the source; TYPE_NONE: not known. NULL: none is. */
    int (*find)(void *user, const char *name, struct type_spec *out, struct tg_error *err);
    void *user;
};

struct source_request {
    struct context *ctx; /* all borrowed until close */
    struct engine *engine;
    const char *resource;
    const char *folder; /* relative paths start here */
    const struct option_value *source_values;
    size_t source_value_count;
    const struct option_value *resource_values;
    size_t resource_value_count;
    const struct source_file *known_files; /* that were loaded before; sorted by path */
    size_t known_file_count;
    bool skips_known;                /* what was loaded is not read again */
    bool checks;                     /* nothing will be read: what should be there must be there */
    const struct tg_column *columns; /* the resource's hints; names as the source has them */
    size_t column_count;
    struct known_types types;
    bool replaces;   /* what is read takes the place of all that is there: it must be there */
    tg_read_fn read; /* callback source */
    void *user;
};

struct reading; /* the driver's state of one resource */

struct source_driver {
    const char *name;                      /* "files" */
    const char *help;                      /* one sentence */
    const struct option *source_options;   /* keys beside `type`; ends with OPTION_END */
    const struct option *resource_options; /* keys of its resources */
    /* Opens without reading data; finds what is missing or impossible. */
    int (*open)(const struct source_request *request, struct reading **out, struct tg_error *err);
    /* The next page; the one before is invalid from here on (the caller has released it). At the
     * end page->kind is PAGE_END. */
    int (*read)(struct reading *reading, const struct tg_cursor *cursor, struct page *page,
                struct tg_error *err);
    /* Size of the input and how far it is read, for progress; zeros when unknown. */
    void (*progress)(const struct reading *reading, uint64_t *bytes, uint64_t *bytes_total);
    /* Files read to their end so far, and others that the ledger should have as they are now;
     * borrowed. */
    size_t (*files)(const struct reading *reading, const struct source_file **out);
    void (*close)(struct reading *reading); /* NULL is fine */
};

/* The code of a program's function `name` that returned `code`, with a message in any case. */
int source_call_failed(const char *name, int code, struct tg_error *err);

const struct source_driver *source_find(const char *name); /* NULL: none */
const struct source_driver *const *source_list(size_t *count);

#endif
