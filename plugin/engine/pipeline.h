/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipeline: frames in, ordered lines out, on one or more threads.
 *
 *   frames -> decoder -> host-pair hash -> worker 0 -> chunk --\
 *                                      \-> worker 1 -> chunk ---> merge by position -> host's write()
 *
 * One thread means no hand-over at all: the caller decodes, works and writes. With more, the caller
 * decodes and routes; workers run in threads of their own; one more thread merges and writes.
 * Every 16,384 frames an epoch ends: workers hand their chunks over, and at most EPOCHS_AHEAD
 * epochs may wait for the writer, so memory stays bounded when output is slow.
 * Frames are not copied: what waits for a worker retains the blocks that its packets lie in.
 */
#ifndef SHRIKE_ENGINE_PIPELINE_H
#define SHRIKE_ENGINE_PIPELINE_H

#include "engine/lines.h"
#include "packet/decode.h"

enum { PIPELINE_THREADS_MAX = 64 };

struct pipeline_options {
    unsigned threads;             /* workers; 0 or 1: all in the caller's thread */
    struct worker_options worker; /* budgets are for the whole run and are divided among workers */
    struct decode_options decode;
};

struct pipeline_host {
    /* Writes any number of lines with chunk_begin() and chunk_end(). In a worker's thread. */
    void (*alert)(void *context, struct chunk *chunk, const struct position *position,
                  const struct alert *alert);
    void (*event)(void *context, struct chunk *chunk, const struct position *position,
                  const struct event *event);
    /* With worker_options.flows_only and one thread: see worker_callbacks. */
    void (*packet)(void *context, const struct packet *packet, const struct flow *flow);
    /* May be NULL. In the caller's thread, before the packets of the frame: see decode_sink. */
    void (*datagram)(void *context, uint64_t number, const uint64_t *frames, size_t count);
    /* Takes one line; called in order, from one thread at a time. */
    line_write_fn *write;
    /* NULL, or called after write() when all that is known so far has been written. */
    void (*pause)(void *context);
    void *context;
};

struct pipeline_stats {
    struct decode_stats decode;
    struct worker_stats *workers; /* one a worker; freed with the pipeline */
    unsigned worker_count;
    int64_t first_us, last_us; /* packet time; 0 before the first packet */
    uint64_t lost_lines;
    uint64_t suppressed; /* alerts that the merge left out, among those that the workers count */
};

struct pipeline;

struct pipeline *pipeline_new(const struct ruleset *set, const struct pipeline_options *options,
                              const struct pipeline_host *host, struct error *error);
/* Takes frames in input order; their bytes need not outlive the call. With more than one thread every frame must lie
 * in a block, which is retained. */
void pipeline_frames(struct pipeline *pipeline, const struct frame *frames, size_t count);
/* Waits until all lines about the frames so far are written: for when the input pauses. */
void pipeline_sync(struct pipeline *pipeline);
/* One thread only: the time is `time_us` although no frame says so; flows whose time is over end. */
void pipeline_tick(struct pipeline *pipeline, int64_t time_us);
/* One thread only: all flows end now, lines are written; more frames may follow. */
void pipeline_flush(struct pipeline *pipeline);
/* End of input: all flows end, all lines are written. Once. */
void pipeline_finish(struct pipeline *pipeline);
/* With one thread at any time, with more after pipeline_finish(). */
const struct pipeline_stats *pipeline_stats(struct pipeline *pipeline);
uint64_t pipeline_rule_alerts(const struct pipeline *pipeline, size_t index);
/* How often it was true, whether it says so or not. */
uint64_t pipeline_rule_held(const struct pipeline *pipeline, size_t index);
uint64_t pipeline_rule_suppressed(const struct pipeline *pipeline, size_t index);
uint64_t pipeline_filter_silenced(const struct pipeline *pipeline, size_t index);
/* Flows begun so far, as of the last batches that workers finished: for showing, at any time. */
uint64_t pipeline_flow_count(const struct pipeline *pipeline);
void pipeline_free(struct pipeline *pipeline); /* accepts NULL; calls finish when that is missing */

#endif
