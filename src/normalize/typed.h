/*
 * Arrow batches of a source -> batches of the root table.
 */
#ifndef TIDEGATE_NORMALIZE_TYPED_H
#define TIDEGATE_NORMALIZE_TYPED_H

#include "data/page.h"
#include "normalize/shape.h"

/* What a column of the source becomes. */
struct typed_column {
    struct field *field; /* NULL: dropped, it has no type or is a system column that we fill */
    struct type_spec from;
    bool as_it_is; /* its buffers are those of `from` */
};

/* Zero it before the first use. */
struct typed {
    struct ArrowSchema source; /* what `columns` was made for */
    struct typed_column *columns;
    size_t column_count;
};

/* Emits the page's batch as rows of `shape`'s table; the array is moved out, or released. */
int typed_push(struct typed *typed, struct outputs *outputs, struct shape *shape, struct page *page,
               struct tg_error *err) TG_CHECK_RESULT;
void typed_release(struct typed *typed);

#endif
