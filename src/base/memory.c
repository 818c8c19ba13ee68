/*
 * Memory: the one place that calls malloc, growing arrays, and arenas.
 *
 * Path: mem_alloc / mem_calloc / mem_realloc -> mem_free; arena_init -> arena_alloc ->
 * arena_release. An arena is a list of blocks; the newest one is filled first. A request that is
 * large for the block gets its own, behind the newest, so that the rest of that one stays in use.
 *
 * With TG_TESTING every request is counted, the n-th can be made to fail once, and live allocations
 * are counted, all by atomics, so that threads may allocate while a test counts.
 */
#include "base/memory.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef TG_TESTING
#include <stdatomic.h>

static atomic_size_t fail_in; /* requests until the one that fails; 0: none does */
static atomic_size_t failures;
static atomic_size_t live;

void mem_fail_at(size_t n)
{
    atomic_store(&fail_in, n);
}

size_t mem_failures(void)
{
    return atomic_load(&failures);
}

size_t mem_live(void)
{
    return atomic_load(&live);
}

static bool must_fail(void)
{
    size_t left = atomic_load(&fail_in);
    while (left > 0 && !atomic_compare_exchange_weak(&fail_in, &left, left - 1))
        continue;
    if (left != 1)
        return false;
    atomic_fetch_add(&failures, 1);
    return true;
}

static void *counted(void *memory)
{
    if (memory)
        atomic_fetch_add(&live, 1);
    return memory;
}

static void uncount(const void *memory)
{
    if (memory)
        atomic_fetch_sub(&live, 1);
}
#else
static inline bool must_fail(void)
{
    return false;
}

static inline void *counted(void *memory)
{
    return memory;
}

static inline void uncount(const void *memory)
{
    (void)memory;
}
#endif

void *mem_alloc(size_t size)
{
    return must_fail() ? NULL : counted(malloc(size > 0 ? size : 1));
}

void *mem_calloc(size_t count, size_t size)
{
    if (count == 0 || size == 0)
        count = size = 1;
    if (count > SIZE_MAX / size)
        return NULL;
    return must_fail() ? NULL : counted(calloc(count, size));
}

void *mem_realloc(void *old, size_t size)
{
    if (!old)
        return mem_alloc(size);
    return must_fail() ? NULL : realloc(old, size > 0 ? size : 1);
}

void mem_free(void *memory)
{
    uncount(memory);
    free(memory);
}

void mem_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

char *mem_strdup(const char *text)
{
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

char *mem_strndup(const char *text, size_t len)
{
    char *copy = text && len < SIZE_MAX ? mem_alloc(len + 1) : NULL;
    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

int mem_grow(void *items_ptr, size_t *cap, size_t need, size_t item_size, struct tg_error *err)
{
    if (need <= *cap)
        return TG_OK;
    size_t grown = *cap > SIZE_MAX / 2 ? SIZE_MAX : *cap * 2;
    if (grown < 8)
        grown = 8;
    if (grown < need)
        grown = need;
    if (item_size > 0 && grown > SIZE_MAX / item_size)
        return error_nomem(err);
    /* The caller's pointer has another type than void *: its bytes are copied, not its type
     * reinterpreted. */
    void *items;
    memcpy(&items, items_ptr, sizeof(items));
    items = mem_realloc(items, grown * item_size);
    if (!items)
        return error_nomem(err);
    memcpy(items_ptr, &items, sizeof(items));
    *cap = grown;
    return TG_OK;
}

enum { ARENA_ALIGN = 16, ARENA_BLOCK_MIN = 4096, ARENA_BLOCK_MAX = 256 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t size;
    alignas(ARENA_ALIGN) unsigned char bytes[];
};

void arena_init(struct arena *arena)
{
    arena->head = NULL;
    arena->block_bytes = ARENA_BLOCK_MIN;
}

void arena_release(struct arena *arena)
{
    struct arena_block *block = arena->head;
    while (block) {
        struct arena_block *next = block->next;
        mem_free(block);
        block = next;
    }
    arena_init(arena);
}

static struct arena_block *block_new(size_t size)
{
    struct arena_block *block = mem_alloc(sizeof(*block) + size);
    if (block) {
        block->next = NULL;
        block->used = 0;
        block->size = size;
    }
    return block;
}

/* A block with room for `size`, linked into the arena. */
static struct arena_block *block_for(struct arena *arena, size_t size)
{
    if (arena->block_bytes < ARENA_BLOCK_MIN)
        arena->block_bytes = ARENA_BLOCK_MIN;
    bool own = size > arena->block_bytes / 4;
    struct arena_block *block = block_new(own ? size : arena->block_bytes);
    if (!block)
        return NULL;
    if (own && arena->head) {
        block->next = arena->head->next;
        arena->head->next = block;
        return block;
    }
    block->next = arena->head;
    arena->head = block;
    if (!own && arena->block_bytes < ARENA_BLOCK_MAX)
        arena->block_bytes *= 2;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (must_fail() || size > SIZE_MAX - sizeof(struct arena_block) - ARENA_ALIGN)
        return NULL;
    size = size > 0 ? (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1) : ARENA_ALIGN;
    struct arena_block *block = arena->head;
    if (!block || block->size - block->used < size)
        block = block_for(arena, size);
    if (!block)
        return NULL;
    void *memory = block->bytes + block->used;
    block->used += size;
    return memset(memory, 0, size);
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = text && len < SIZE_MAX ? arena_alloc(arena, len + 1) : NULL;
    if (copy)
        memcpy(copy, text, len);
    return copy;
}

int arena_keep(struct arena *arena, const char *text, const char **out, struct tg_error *err)
{
    *out = arena_strdup(arena, text);
    return *out ? TG_OK : error_nomem(err);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return NULL;
    char *text = arena_alloc(arena, (size_t)len + 1);
    if (text) {
        va_start(args, format);
        vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
    }
    return text;
}
