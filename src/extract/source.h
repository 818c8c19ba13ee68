/*
 * The source interface. A driver is one file sources/NAME.c that ends in one const table,
 * source_NAME.
 *
 *   open (a source: what its resources share)
 *     -> read (a resource: a stream of its pages) -> next ... PAGE_END -> remember -> close
 *   -> close
 */
#ifndef TIDEGATE_EXTRACT_SOURCE_H
#define TIDEGATE_EXTRACT_SOURCE_H

#include "base/buf.h"
#include "base/context.h"
#include "base/memory.h"
#include "base/option.h"
#include "data/bookmark.h"
#include "duckdb/engine.h"
#include "extract/cursor/times.h"
#include "extract/known_types.h"
#include "extract/page_stream.h"

/* What a run lends to its sources. */
struct services {
    struct context *ctx;
    struct engine *engine;
};

/* Rows that wait for a later run. */
struct held_rows {
    uint64_t count;
    struct buf known; /* JSON that is to be kept with the cursor; empty: what is kept stays */
};

/* What a resource wants of rows that transactions may still bring below its cursor's value. */
struct commit_safe {
    bool applies; /* its cursor goes up, and goes on in a later run */
    enum tg_flag wanted;
    enum tg_on_wait on_wait;
    int64_t wait_us;        /* how long a transaction may keep rows waiting */
    bool resumes;           /* the cursor starts where an earlier run has ended */
    const char *known;      /* JSON that an earlier run has left; NULL: none */
    struct held_rows *held; /* out; borrowed. NULL: nothing is read */
};

/* The JSON objects that a program keeps, of a source and of its resources. `resource` NULL: the
 * source's; `key` NULL: all of it. */
struct kept {
    int (*get)(void *user, const char *resource, const char *key, struct buf *out, bool *found,
               struct tg_error *err);
    int (*set)(void *user, const char *resource, const char *key, const char *json,
               struct tg_error *err); /* json NULL: takes it away */
    void *user;
};

/* Further tables of a resource, which a program names while it is read (tg_read_table). `hints`
 * NULL: none are said. `rows` are those that it has pushed in this call. */
struct table_maker {
    int (*make)(void *user, const char *name, const struct tg_resource *hints,
                const struct tg_rows *rows, size_t *number, struct tg_error *err);
    void *user;
};

/* What stands behind `inside` of struct tg_read. */
struct read_inside {
    struct context *ctx;
    const char *resource;
    const struct kept *kept;          /* NULL: nothing is kept */
    const struct table_maker *tables; /* NULL: it has one */
};

/* Everything in a request is borrowed until what it opens is closed. */
struct source_request {
    struct services services;
    const char *name;
    const char *folder;                /* relative paths start here */
    const struct option_value *values; /* of the driver's source_options */
    size_t value_count;
    const struct tg_connection *given; /* a program's database, in place of `connection`; NULL */
    bool commit_safe;                  /* `applies` for one of its resources, and is not unwanted */
};

struct cursor_counts; /* extract/cursor/cursor.h */

struct resource_request {
    struct source_request source;
    const char *name;
    const struct option_value *values; /* of the driver's resource_options */
    size_t value_count;
    const struct tg_column *columns; /* its hints; names as the source has them */
    size_t column_count;
    struct known_types types;
    const struct tg_cursor *cursor;     /* as it stands at each page; path NULL: none */
    const struct cursor_counts *counts; /* of what it has judged so far; NULL: nothing */
    const struct cursor_times *times;   /* the same as times; NULL: not known yet */
    enum tg_last_value last_value;      /* which of its values is the last one, */
    enum tg_on_missing on_missing;      /* and what becomes of rows without any */
    enum tg_row_order row_order; /* in which it is to deliver its rows, or says that it does */
    bool start_is_open;          /* rows at the cursor's start are not wanted, */
    bool end_is_closed;          /* rows at the cursor's end are wanted, too */
    bool orders_itself; /* the cursor compares otherwise than the source would: all rows count */
    struct commit_safe commit_safe;
    bool whole_groups; /* rows before the cursor go along with others of their group, if read */
    struct bookmarks recalled; /* what it has remembered */
    bool skips_recalled;       /* what is bookmarked is not read again */
    bool whole;                /* what is not read is taken for gone: it must be there */
    bool replaces;     /* what is read takes the place of all that is there: it must be there */
    uint64_t *skipped; /* out: files that are not read because of the cursor; borrowed, or NULL */
    bool only_lists;   /* nothing will be read, and nothing said: `skipped` is all that is wanted */
    bool reads_all;    /* what would be left unread is read, and its pages say why (page.unread) */
    bool checks;       /* nothing will be read: what should be there must be there */
    bool only_first;   /* no more than the first rows of what is there, which stays as it is */
    bool rejects;      /* what cannot be read goes with the page (page.bad), and reading goes on */
    bool keeps_texts;  /* rows may be refused: its pages tell where they stand (page.text) */
    bool is_last;      /* no other resource is begun while it is read */
    bool may_wait;     /* for another one: a read that gives nothing is no mistake */
    tg_read_fn read;   /* callback source */
    const struct kept *kept;          /* for it; NULL: nothing is */
    const struct table_maker *tables; /* the same */
    /* Not its rows, but the keys of all that there are: these fields at the least. NULL: rows. */
    const char *const *keys;
    size_t key_count;
    void *user;
};

/* What a source knows of a resource beforehand; names as it has them, all in the caller's arena. */
struct source_facts {
    const char **primary_key;
    size_t primary_key_count;
    struct tg_column *columns; /* those of which something is known */
    size_t column_count;
    const char **names; /* of all columns that there are */
    size_t width;       /* how many; 0: nobody knows */
};

/* The resources that one stands for: their names, also as the value of the driver's `member`. */
struct source_members {
    const char **names;
    size_t count;
};

struct source; /* a driver's own: what the resources of one source share */

struct source_driver {
    const char *name;                    /* "files" */
    const char *help;                    /* one sentence */
    const char *start;                   /* lines of a spec to start from; NULL: none are offered */
    const struct option *source_options; /* keys beside `type`; ends with OPTION_END */
    const struct option *resource_options; /* keys of its resources */
    bool skips;                            /* whole files, by the cursor */
    bool looks_first;                      /* `read` can give the first rows alone */
    bool hands_over; /* rows come once, when they are new to it: one that is old came late */
    bool lists_keys; /* `read` can do that, */
    const char *keys_option; /* from where this option of a resource says; NULL: by itself */
    /* Both NULL: its resources share nothing. `close` takes no NULL. */
    int (*open)(const struct source_request *request, struct source **out, struct tg_error *err);
    void (*close)(struct source *source);
    /* Opens a resource without reading data; finds what is missing or impossible. The pages live
     * until the next one is read. */
    int (*read)(struct source *source, const struct resource_request *request,
                struct page_stream **out, struct tg_error *err);
    /* Can another resource be read beside those that are? It is asked for before its turn then, and
     * what has been read of it waits. NULL: never. */
    bool (*has_room)(const struct source *source);
    /* Does a stream of `read` know beforehand that no row will come? NULL: it never does. */
    bool (*is_idle)(const struct page_stream *stream);
    /* At the end of a stream of `read`: bookmarks that the ledger is to have, of what was read to
     * its end and of what it should have as it is now; the stream's. NULL: there are none. */
    struct bookmarks (*remember)(const struct page_stream *stream);
    /* Before `read`, without reading data. NULL: it knows nothing that the data would not say. */
    int (*describe)(struct source *source, const struct resource_request *request,
                    struct arena *arena, struct source_facts *out, struct tg_error *err);
    /* A resource with the option `group` stands for those that `list` names, each with the option
     * `member` in its place. All NULL: none does. */
    const char *group, *member;
    int (*list)(struct source *source, const struct resource_request *request, struct arena *arena,
                struct source_members *out, struct tg_error *err);
};

/* The code of a program's function `name` that returned `code`, with a message in any case. */
int source_call_failed(const char *name, int code, struct tg_error *err);

const struct source_driver *source_find(const char *name); /* NULL: none */
const struct source_driver *const *source_list(size_t *count);

/* The sources that are open: each is opened when the first of its resources is read. All of one
 * driver, name and values are the same source. */
struct sources {
    struct open_source *items;
    size_t count, cap;
};

int sources_read(struct sources *sources, const struct source_driver *driver,
                 const struct resource_request *request, struct page_stream **out,
                 struct tg_error *err) TG_CHECK_RESULT;
/* The same; false for a source that is not open yet. */
bool sources_have_room(const struct sources *sources, const struct source_driver *driver,
                       const struct resource_request *request);
/* The driver's function of that name; nothing where it has none. */
int sources_describe(struct sources *sources, const struct source_driver *driver,
                     const struct resource_request *request, struct arena *arena,
                     struct source_facts *out, struct tg_error *err) TG_CHECK_RESULT;
int sources_list(struct sources *sources, const struct source_driver *driver,
                 const struct resource_request *request, struct arena *arena,
                 struct source_members *out, struct tg_error *err) TG_CHECK_RESULT;
void sources_close(struct sources *sources); /* after their streams */

#endif
