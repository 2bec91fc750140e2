/* SPDX-License-Identifier: BSD-3-Clause */
/* Batch: work on its way from the decoder to one worker, and the queue it waits in.
 *
 * Packets point into the blocks that frames were read into: the batch retains those, once each. It owns copies only
 * of bytes that lie in no block (reassembled datagrams). Locks are taken a batch, not a packet.
 */
#ifndef SHRIKE_ENGINE_BATCH_H
#define SHRIKE_ENGINE_BATCH_H

#include <pthread.h>

#include "base/block.h"
#include "engine/worker.h"

enum batch_kind { BATCH_WORK, BATCH_EPOCH, BATCH_FINISH };

/* Frame number and time of a tick travel in a work item of their own (PACKET_TICK). */
struct batch {
    enum batch_kind kind;
    struct work *items;
    size_t count, capacity;
    uint8_t *bytes; /* BATCH_BYTES, taken at first need */
    size_t bytes_used;
    struct block **blocks; /* retained */
    size_t block_count, block_capacity;
    struct batch *next; /* in a queue */
};

enum { BATCH_BYTES = 2 * 1024 * 1024 };

struct batch *batch_new(void);
void batch_free(struct batch *batch);
/* Empty: retained blocks are released. */
void batch_reset(struct batch *batch);
/* The next item, uninitialised. */
struct work *batch_add(struct batch *batch);
/* The block stays until the batch is reset; blocks come in runs. */
void batch_retain(struct batch *batch, struct block *block);
/* A copy that lives as long as the batch's content; NULL when the batch is full of bytes. */
uint8_t *batch_copy(struct batch *batch, const uint8_t *bytes, size_t len);

/* A bounded queue between two threads. */
struct batch_queue {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    struct batch *first, *last;
    size_t count, maximum;
};

void batch_queue_init(struct batch_queue *queue, size_t maximum);
void batch_queue_clear(struct batch_queue *queue);                     /* frees what is in it */
void batch_queue_push(struct batch_queue *queue, struct batch *batch); /* waits while full */
struct batch *batch_queue_pop(struct batch_queue *queue);              /* waits while empty */
struct batch *batch_queue_try_pop(struct batch_queue *queue);          /* NULL when empty */

#endif
