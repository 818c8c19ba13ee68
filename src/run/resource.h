/*
 * A resource on its way through a load: what resource.c does with it, and resume.c.
 */
#ifndef TIDEGATE_RUN_RESOURCE_H
#define TIDEGATE_RUN_RESOURCE_H

#include "extract/extract.h"
#include "normalize/normalize.h"
#include "run/again.h"
#include "run/kept.h"
#include "run/keys.h"
#include "run/late.h"
#include "run/doubts.h"
#include "run/load.h"
#include "run/tables.h"
#include "run/tied.h"

struct resource_load {
    struct session *session;
    struct load *load;
    const struct resource *resource;
    const struct turn *turn;
    struct table *root; /* NULL before it is its turn */
    struct contract contract;
    struct cursor *cursor;
    struct cursor_times times;
    uint64_t files_skipped;
    struct groups *groups; /* of a merge key, for the cursor; NULL: none */
    struct tied tied;      /* of a cursor that keeps all hashes */
    struct normalizer *normalizer;
    struct page_stream *stream;
    struct again *again; /* what the load before has added may come again; NULL: nobody minds */
    struct late *late;   /* rows before the value that was reached; NULL: nobody can tell */
    struct filtered filtered;
    struct keys *keys; /* of rows that do not come, but are there; NULL: none, so far */
    struct bookmarks recalled;
    struct state_cursor stored; /* what an earlier load has left */
    struct held_rows held;
    struct kept_of kept_of; /* whose state a program may ask for */
    struct kept kept;
    struct resource_counts *counts; /* NULL before it is its turn */
    struct page_stream *limited;    /* `stream` up to its turn's rows_max; NULL: all of it */
    struct extract *extract;
    int64_t spent_us;         /* on it */
    uint64_t nested_rejected; /* rows of nested tables */
    bool spans_values;        /* a group of the merge key may have rows of several cursor values */
    bool start_is_open;       /* rows at the cursor's start are not wanted */
    bool resumes;             /* its cursor goes on from an earlier load */
    struct buf cursor_spec;   /* changed.h: what the next run compares with */
    bool forgets_rows;        /* those at the stored value are not known any more */
    bool is_anew;             /* its cursor, and with it its files, begin at the start */
    bool replaces;            /* empties its tables and starts its cursor afresh */
    const char *held_by; /* what keeps rows of earlier loads from coming again; NULL: nothing */
    enum there root_found;
    struct tables tables;       /* further ones */
    struct further *further;    /* it is no more than one of them; NULL: a whole resource */
    const char *owner;          /* of a further one: whose own table it is, of this run; NULL */
    size_t room;                /* of load->room */
    struct resource_load *next; /* load->open */
};

/* ---- resource.c, for tables.c: the way of a table ---- */

/* As the resource says it now, also when it says something else than before. */
int part_meet_table(struct resource_load *part, struct tg_error *err) TG_CHECK_RESULT;
int part_push(struct resource_load *part, struct page *page, struct tg_error *err) TG_CHECK_RESULT;
/* When no more rows come. */
int part_fill_table(struct resource_load *part, struct tg_error *err) TG_CHECK_RESULT;
/* Its part of the manifest. */
int part_enter_root(struct resource_load *part, struct manifest_table **out,
                    struct tg_error *err) TG_CHECK_RESULT;

/* ---- resume.c ---- */

/* Its cursor, where an earlier load has left it; nothing where it has none. */
int resume_cursor(struct resource_load *part, struct tg_error *err) TG_CHECK_RESULT;
/* What the next load goes on from, and the windows that this one has loaded. */
int remember_cursor(struct resource_load *part, struct tg_error *err) TG_CHECK_RESULT;
int remember_window(struct resource_load *part, struct tg_error *err) TG_CHECK_RESULT;
/* What became of the rows may be another thing than it seems. */
void resume_say_doubts(const struct resource_load *part, const struct extract_counts *read);

#endif
