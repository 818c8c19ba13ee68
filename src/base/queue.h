/*
 * A bounded queue from one thread to another: places in an array of the caller's, which are filled
 * and taken in turn, so that what lies in them is used again. It is full when all places are
 * filled, or when what lies in them weighs so much.
 */
#ifndef TIDEGATE_BASE_QUEUE_H
#define TIDEGATE_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct queue; /* opaque */

int queue_new(size_t places, size_t weight_max, struct queue **out,
              struct tg_error *err) TG_CHECK_RESULT;
/* Waits until it is not full, and says which place is free; false: the queue was closed. */
bool queue_begin_put(struct queue *queue, size_t *place);
void queue_end_put(struct queue *queue, size_t weight); /* it is filled */
/* Waits until a place is filled, and says which; false: the queue was closed. */
bool queue_begin_take(struct queue *queue, size_t *place);
void queue_end_take(struct queue *queue, size_t weight); /* it is free; as it was put */
/* Nobody waits any more, and what lies in the places is not taken. */
void queue_close(struct queue *queue);
void queue_free(struct queue *queue); /* when neither thread uses it; NULL is fine */

#endif
