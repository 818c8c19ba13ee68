/*
 * One load: its id, its package, and what came of each resource.
 *
 *   load_begin -> load_extract -> (something to load: load_seal -> load_write) -> load_end
 */
#ifndef TIDEGATE_RUN_LOAD_H
#define TIDEGATE_RUN_LOAD_H

#include "extract/cursor/cursor.h"
#include "extract/cursor/lag.h"
#include "normalize/normalize.h"
#include "package/rejects.h"
#include "run/result.h"
#include "run/session.h"

/* What a resource's way through the load came to. */
struct resource_counts {
    const struct resource *resource;
    const char *table; /* normalised; in the catalog's arena; NULL: it makes none */
    uint64_t rows_read, rows_new, rows_filtered, rows_rejected, rows_waiting, bytes_read;
    uint64_t files_skipped;
    struct cursor_counts by_cursor; /* why rows were filtered */
    enum lag_unit late_unit;        /* in which rows were late, */
    bool late_is_cut;               /* of which not all were looked at */
    double seconds;
    bool begun; /* the resource's `end` is owed a call */
};

struct load {
    struct session *session; /* borrowed, restored for this load alone */
    char id[LOAD_ID_TEXT];
    int64_t started_us;            /* by the clock on the wall, */
    int64_t started_ticks;         /* and by the one that is never set */
    struct package *package;       /* NULL until there is something to load */
    char *sealed;                  /* the package's folder, once it is sealed */
    const struct manifest *opened; /* borrowed, in place of `package`: one sealed before */
    bool stays_sealed;             /* somebody writes it later */
    struct rejects rejects;
    struct resource_counts *resources;
    size_t resource_count;
    struct resource_load *open;      /* those whose tables take rows now, by their `next` */
    struct resource_counts *further; /* of further tables, by resource and table */
    size_t further_count, further_cap;
    size_t room; /* bytes of batches of further tables that are not handed on yet */
    struct write_result written;
    bool is_trial; /* nothing of it stays, */
    bool is_look;  /* not even in its package */
};

void load_init(struct load *load, struct session *session);
/* Names it: once everything that came before it is known. */
int load_begin(struct load *load, struct tg_error *err) TG_CHECK_RESULT;
/* refresh.c: what is dropped is part of the load, whatever comes. */
int refresh_enter(struct load *load, struct tg_error *err) TG_CHECK_RESULT;
int refresh_mark(const struct session *session, struct manifest *manifest,
                 struct tg_error *err) TG_CHECK_RESULT;
/* origin.c: what was accepted is, too. */
int origin_enter(struct load *load, struct tg_error *err) TG_CHECK_RESULT;
int load_extract(struct load *load, struct tg_error *err) TG_CHECK_RESULT; /* turns.c */
int load_seal(struct load *load, struct tg_error *err) TG_CHECK_RESULT;
int load_write(struct load *load, struct tg_error *err) TG_CHECK_RESULT;
/* In place of the last two: the package is whole, and what it would do; nothing stays. */
int load_finish(struct load *load, struct tg_error *err) TG_CHECK_RESULT;
int load_try(struct load *load, struct trial *trial, struct tg_error *err) TG_CHECK_RESULT;
/* What its manifest says of the load as a whole. */
int load_describe(struct load *load, struct manifest *manifest,
                  struct tg_error *err) TG_CHECK_RESULT;
/* `rc` is how it went: the sources are told, everything is released. */
void load_end(struct load *load, int rc);

/* What is known of its package; NULL: there is none. */
const struct manifest *load_manifest(const struct load *load);
/* Its package, made on first use: a load of nothing touches neither disk nor engine. */
int load_package(struct load *load, struct manifest **out, struct tg_error *err) TG_CHECK_RESULT;

/* changed.c: what its cursor goes by in the state. */
const char *resource_source_key(const struct session *session, const struct resource *resource);

/* Who looks on while a resource is read, in a load that nobody keeps: all that the source has
 * comes, whatever is known of it, and goes the way of a run. */
struct onlooker {
    struct page_stream *(*over)(void *user, struct page_stream *from); /* lays a stream over it */
    void (*rejected)(void *user, const struct reject *reject);
    void *user;
};

/* resource.c: extract -> cursor -> normalize -> package for one resource. */
struct turn {
    size_t place; /* among the resources of the load */
    bool is_last;
    size_t reading; /* so many resources are read by turns, at the most; 1: this one alone */
    bool may_wait;  /* for another of them */
    /* No more than so many rows, of which nothing is remembered, and whether there were more (out);
     * 0: all of them. */
    uint64_t rows_max;
    bool *cut;
    const struct onlooker *onlooker; /* NULL: nobody */
    bool only_first; /* the first rows of what is there: resource_look, in place of resource_read */
    void (*between)(void *user); /* is called after each page that was read; may be NULL */
    void *user;
};
struct resource_load; /* one that is begun */

/* Opens what it reads, which may then be read ahead. `turn` is borrowed. resource_end what came of
 * it. */
int resource_begin(struct load *load, const struct resource *resource, const struct turn *turn,
                   struct resource_load **out, struct tg_error *err) TG_CHECK_RESULT;
/* In its turn: so many pages of it, and at its end all that follows from them (*over). `counts` are
 * always the same ones. */
int resource_read(struct resource_load *part, uint64_t pages, struct resource_counts *counts,
                  bool *over, struct tg_error *err) TG_CHECK_RESULT;
/* In a look: what there is of its first rows, of which nothing follows. */
int resource_look(struct resource_load *part, struct resource_counts *counts,
                  struct tg_error *err) TG_CHECK_RESULT;
void resource_end(struct resource_load *part); /* NULL is fine */

/* result.c: what the caller is told. Prepared before the load is written, so that nothing can fail
 * when it has been; one that failed leaves its warnings, or NULL. */
int result_prepare(const struct load *load, struct tg_result **out,
                   struct tg_error *err) TG_CHECK_RESULT;
void result_complete(const struct load *load, struct tg_result *result);
struct tg_result *result_fail(const struct load *load, struct tg_result *prepared);

#endif
