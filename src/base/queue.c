/*
 * A bounded queue from one thread to another.
 *
 * Path: queue_begin_put (waits while it is full) -> the caller fills the place ->
 * queue_end_put; on the other thread queue_begin_take (waits while none is) -> the caller empties
 * it -> queue_end_take. The lock is held for the counts alone, not while a place is worked on: it
 * belongs to the one side until it is handed over.
 */
#include "base/queue.h"

#include <pthread.h>

#include "base/memory.h"

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t places;
    size_t first;  /* the place that is taken next */
    size_t filled; /* from there on */
    size_t weight, weight_max;
    bool closed;
};

int queue_new(size_t places, size_t weight_max, struct queue **out, struct tg_error *err)
{
    *out = NULL;
    struct queue *queue = mem_calloc(1, sizeof(*queue));
    if (!queue)
        return error_nomem(err);
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->changed, NULL);
    queue->places = places;
    queue->weight_max = weight_max;
    *out = queue;
    return TG_OK;
}

/* What is put last may be of any weight: else it could never be put. */
static bool is_full(const struct queue *queue)
{
    return queue->filled == queue->places ||
           (queue->filled > 0 && queue->weight >= queue->weight_max);
}

/* The place behind the filled ones stays the same when the other side takes one of them. */
static bool wait_for(struct queue *queue, bool put, size_t *place)
{
    pthread_mutex_lock(&queue->mutex);
    while ((put ? is_full(queue) : queue->filled == 0) && !queue->closed)
        pthread_cond_wait(&queue->changed, &queue->mutex);
    *place = (queue->first + (put ? queue->filled : 0)) % queue->places;
    bool closed = queue->closed;
    pthread_mutex_unlock(&queue->mutex);
    return !closed;
}

bool queue_begin_put(struct queue *queue, size_t *place)
{
    return wait_for(queue, true, place);
}

bool queue_begin_take(struct queue *queue, size_t *place)
{
    return wait_for(queue, false, place);
}

void queue_end_put(struct queue *queue, size_t weight)
{
    pthread_mutex_lock(&queue->mutex);
    queue->filled++;
    queue->weight += weight;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

void queue_end_take(struct queue *queue, size_t weight)
{
    pthread_mutex_lock(&queue->mutex);
    queue->first = (queue->first + 1) % queue->places;
    queue->filled--;
    queue->weight -= weight;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->mutex);
    mem_free(queue);
}
