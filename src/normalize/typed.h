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
    bool as_it_is;      /* its buffers are those of `from` */
    uint64_t cut_count; /* of the batch: values that lost digits of a second */
    bool plain;         /* a column of the table, or dropped */
};

/* Zero it before the first use. */
struct typed {
    struct ArrowSchema **sources; /* all that were declared; `columns` was made for the last one */
    size_t source_count, source_cap;
    struct typed_column *columns;
    size_t column_count;
    bool planned;
    bool plain; /* every column is */
};

/* Tells the shape what the source says of its columns, when that is new. */
int typed_declare(struct typed *typed, struct outputs *outputs, struct shape *shape,
                  const struct ArrowSchema *schema, struct tg_error *err) TG_CHECK_RESULT;
/* Emits the page's batch as rows of `shape`'s table; the array is then moved out. *taken is false,
 * and the page as it was, for a batch that has to be looked at row by row. */
int typed_push(struct typed *typed, struct outputs *outputs, struct shape *shape, struct page *page,
               bool *taken, struct tg_error *err) TG_CHECK_RESULT;
void typed_release(struct typed *typed);

#endif
