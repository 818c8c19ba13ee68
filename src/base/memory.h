/*
 * All memory comes from here. In test builds (TG_TESTING) the n-th request can be made to fail.
 * Arena: many small allocations that die together; used for planning (names, SQL, catalogs).
 */
#ifndef TIDEGATE_BASE_MEMORY_H
#define TIDEGATE_BASE_MEMORY_H

#include <stddef.h>

#include "base/error.h"

void *mem_alloc(size_t size); /* NULL when out of memory; size 0 gives a unique pointer */
void *mem_calloc(size_t count, size_t size);     /* zeroed, overflow-checked */
void *mem_realloc(void *old, size_t size);       /* old stays valid when NULL is returned */
void mem_free(void *memory);                     /* NULL is fine */
void mem_trim(void);                             /* gives what is free back to the system */
char *mem_strdup(const char *text);              /* NULL in, NULL out */
char *mem_strndup(const char *text, size_t len); /* adds the NUL */

/* Grows an array: *items (capacity *cap, of item_size) gets room for at least `need` items,
 * doubling. */
int mem_grow(void *items_ptr, size_t *cap, size_t need, size_t item_size,
             struct tg_error *err) TG_CHECK_RESULT;

struct arena {
    struct arena_block *head;
    size_t block_bytes; /* size of the next block */
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena); /* frees everything; the arena may be used again */
/* 16-byte aligned, zeroed; NULL when out of memory. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
/* A copy of `text`, which is not NULL, in *out. */
int arena_keep(struct arena *arena, const char *text, const char **out,
               struct tg_error *err) TG_CHECK_RESULT;
char *arena_printf(struct arena *arena, const char *format, ...) TG_PRINTF(2, 3);

#ifdef TG_TESTING
void mem_fail_at(size_t n); /* the n-th request from now fails, once; 0: never */
size_t mem_failures(void);  /* how many were made to fail so far */
size_t mem_live(void);      /* allocations not freed yet */
#endif

#endif
