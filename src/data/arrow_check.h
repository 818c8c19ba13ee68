/*
 * Whether what a program hands over as Arrow is Arrow: looked at once, before anything follows its
 * pointers and offsets.
 */
#ifndef TIDEGATE_DATA_ARROW_CHECK_H
#define TIDEGATE_DATA_ARROW_CHECK_H

#include "base/error.h"

/* The functions of a stream that was moved in. TG_USAGE. */
int arrow_check_stream(const struct ArrowArrayStream *stream, struct tg_error *err) TG_CHECK_RESULT;
/* The schema of a stream: a struct whose nodes have formats and the children these ask for. Formats
 * that no column type holds pass: whoever makes columns names them. TG_DATA. */
int arrow_check_schema(const struct ArrowSchema *schema, struct tg_error *err) TG_CHECK_RESULT;
/* A batch of a checked schema: lengths, buffers, every offset, view and index. TG_DATA names the
 * column. */
int arrow_check_batch(const struct ArrowSchema *schema, const struct ArrowArray *array,
                      struct tg_error *err) TG_CHECK_RESULT;

#endif
