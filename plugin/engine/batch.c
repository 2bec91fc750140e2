/* SPDX-License-Identifier: BSD-3-Clause */
/* Batch: storage that is recycled, and a queue with one lock. */
#include "engine/batch.h"

#include "base/memory.h"

struct batch *batch_new(void)
{
    return memory_new(1, sizeof(struct batch));
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    batch_reset(batch);
    memory_free(batch->items);
    memory_free(batch->blocks);
    memory_free(batch->bytes);
    memory_free(batch);
}

void batch_reset(struct batch *batch)
{
    batch->kind = BATCH_WORK;
    batch->count = 0;
    batch->bytes_used = 0;
    for (size_t i = 0; i < batch->block_count; i++)
        block_release(batch->blocks[i]);
    batch->block_count = 0;
    batch->next = NULL;
}

struct work *batch_add(struct batch *batch)
{
    if (batch->count == batch->capacity) {
        batch->capacity = batch->capacity ? batch->capacity * 2 : 256;
        batch->items = memory_resize(batch->items, batch->capacity, sizeof(*batch->items));
    }
    return &batch->items[batch->count++];
}

void batch_retain(struct batch *batch, struct block *block)
{
    if (batch->block_count > 0 && batch->blocks[batch->block_count - 1] == block)
        return;
    if (batch->block_count == batch->block_capacity) {
        batch->block_capacity = batch->block_capacity ? batch->block_capacity * 2 : 4;
        batch->blocks = memory_resize(batch->blocks, batch->block_capacity, sizeof(struct block *));
    }
    batch->blocks[batch->block_count++] = block_retain(block);
}

uint8_t *batch_copy(struct batch *batch, const uint8_t *bytes, size_t len)
{
    if (batch->bytes == NULL)
        batch->bytes = memory_new(BATCH_BYTES, 1);
    if (len > BATCH_BYTES - batch->bytes_used)
        return NULL;
    uint8_t *copy = batch->bytes + batch->bytes_used;
    if (len > 0)
        memcpy(copy, bytes, len);
    batch->bytes_used += len;
    return copy;
}

void batch_queue_init(struct batch_queue *queue, size_t maximum)
{
    *queue = (struct batch_queue){.maximum = maximum};
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->not_empty, NULL);
    pthread_cond_init(&queue->not_full, NULL);
}

void batch_queue_clear(struct batch_queue *queue)
{
    while (queue->first != NULL) {
        struct batch *next = queue->first->next;
        batch_free(queue->first);
        queue->first = next;
    }
    pthread_mutex_destroy(&queue->lock);
    pthread_cond_destroy(&queue->not_empty);
    pthread_cond_destroy(&queue->not_full);
}

void batch_queue_push(struct batch_queue *queue, struct batch *batch)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->count >= queue->maximum)
        pthread_cond_wait(&queue->not_full, &queue->lock);
    batch->next = NULL;
    if (queue->last != NULL)
        queue->last->next = batch;
    else
        queue->first = batch;
    queue->last = batch;
    queue->count++;
    pthread_cond_signal(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

static struct batch *take(struct batch_queue *queue)
{
    struct batch *batch = queue->first;
    queue->first = batch->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count--;
    pthread_cond_signal(&queue->not_full);
    return batch;
}

struct batch *batch_queue_pop(struct batch_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->first == NULL)
        pthread_cond_wait(&queue->not_empty, &queue->lock);
    struct batch *batch = take(queue);
    pthread_mutex_unlock(&queue->lock);
    return batch;
}

struct batch *batch_queue_try_pop(struct batch_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    struct batch *batch = queue->first != NULL ? take(queue) : NULL;
    pthread_mutex_unlock(&queue->lock);
    return batch;
}
