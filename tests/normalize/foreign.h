/*
 * For tests: Arrow batches as a foreign source lays them, over static buffers.
 */
#ifndef TIDEGATE_TESTS_NORMALIZE_FOREIGN_H
#define TIDEGATE_TESTS_NORMALIZE_FOREIGN_H

#include "data/page.h"

enum { FOREIGN_COLUMNS = 8 };

/* One column: its format and its buffers, NULL for no validity. */
struct foreign_column {
    const char *name, *format;
    const void *buffers[3];
    int64_t offset;
    struct ArrowSchema *dictionary;
    struct ArrowArray *dictionary_array;
};

struct foreign {
    struct ArrowSchema schemas[FOREIGN_COLUMNS], *schema_list[FOREIGN_COLUMNS];
    struct ArrowArray arrays[FOREIGN_COLUMNS], *array_list[FOREIGN_COLUMNS];
    const void *no_validity[1];
    int released; /* children */
};

static inline void foreign_schema_release(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static inline void foreign_child_release(struct ArrowArray *array)
{
    ++*(int *)array->private_data;
    array->release = NULL;
}

static inline void foreign_release(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
    array->release = NULL;
}

/* Lays `count` columns of `rows` rows into `page`; `foreign` must outlive it. */
static inline void foreign_page(struct foreign *foreign, const struct foreign_column *columns,
                                size_t count, int64_t rows, struct page *page)
{
    *foreign = (struct foreign){.released = 0};
    *page = (struct page){.kind = PAGE_ARROW, .first_row = 1};
    for (size_t i = 0; i < count; i++) {
        const struct foreign_column *column = &columns[i];
        bool text = column->buffers[2] != NULL;
        foreign->schemas[i] = (struct ArrowSchema){.format = column->format,
                                                   .name = column->name,
                                                   .flags = ARROW_FLAG_NULLABLE,
                                                   .dictionary = column->dictionary,
                                                   .release = foreign_schema_release};
        foreign->arrays[i] =
            (struct ArrowArray){.length = rows,
                                .null_count = -1,
                                .offset = column->offset,
                                .n_buffers = text ? 3 : 2,
                                .buffers = (const void **)(uintptr_t)column->buffers,
                                .dictionary = column->dictionary_array,
                                .release = foreign_child_release,
                                .private_data = &foreign->released};
        foreign->schema_list[i] = &foreign->schemas[i];
        foreign->array_list[i] = &foreign->arrays[i];
    }
    page->schema = (struct ArrowSchema){.format = "+s",
                                        .name = "",
                                        .n_children = (int64_t)count,
                                        .children = foreign->schema_list,
                                        .release = foreign_schema_release};
    page->array = (struct ArrowArray){.length = rows,
                                      .n_buffers = 1,
                                      .buffers = foreign->no_validity,
                                      .n_children = (int64_t)count,
                                      .children = foreign->array_list,
                                      .release = foreign_release};
}

#endif
