/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipeline: decoding and routing in the caller's thread, workers, and the merge of their lines.
 *
 * Ticks      before the first frame of each second of packet time every worker gets a tick, in its
 *            place among the packets: what times out is decided by the input alone.
 * Epochs     worker threads fill `chunk`; at an epoch's end they put it into their slot of that epoch
 *            and go on with an empty one. The writer waits until all slots of the oldest epoch are full.
 *            Where an epoch ends changes no output: a pause of the input ends one too.
 * Bytes      batches retain the blocks that their packets lie in. The blocks' pool bounds what can wait so: its
 *            reader waits, holding none, until lanes have worked; all batches were sent by then, so they will.
 * The end    ends all flows, which can be millions of records: they come in order of the flows' first
 *            frames, and every EPOCH_FRAMES of those are an epoch of their own, the same ones for all.
 */
#include "engine/pipeline.h"

#include <assert.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/batch.h"

enum { EPOCH_FRAMES = 16384, EPOCHS_AHEAD = 4, QUEUE_BATCHES = 32, PREFETCH_DISTANCE = 8 };
enum { WRITE_AT = 1024 * 1024 }; /* one thread: text that is written before the call returns */
enum { MERGE_BUDGET = 16 * 1024 * 1024 }; /* of the suppression that spans workers */

struct lane { /* one worker and its way in and out */
    struct pipeline *pipeline;
    struct worker *worker;
    struct chunk chunk;      /* lines of the epoch at hand */
    struct batch *filling;   /* by the router */
    struct batch_queue in;   /* to the worker */
    struct batch_queue idle; /* back to the router */
    struct chunk slots[EPOCHS_AHEAD];
    uint64_t epoch; /* the worker's */
    bool is_ending; /* the last flows end: their records make epochs by the flows' first frames */
    uint64_t ending_epoch;
    _Atomic uint64_t flows; /* that the worker has begun, told after each batch */
    pthread_t thread;
};

struct pipeline {
    struct pipeline_host host;
    struct decoder *decoder;
    struct lane *lanes;
    unsigned lane_count;
    bool is_threaded, is_finished;
    bool wants_anomalies;
    /* router */
    struct block *block; /* of the frame at hand */
    uint64_t number;     /* of the frame at hand */
    uint32_t order;
    int64_t second; /* of the last tick */
    uint64_t epoch_frames;
    struct pipeline_stats stats;
    /* writer */
    struct merge merge;
    struct budget merge_budget;
    size_t rule_count;
    pthread_t writer;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t epochs_done[PIPELINE_THREADS_MAX]; /* by lane */
    uint64_t epochs_written, epochs_total;
    bool has_ended;
};

/* ---- one lane's lines ------------------------------------------------------------------------------- */

/* Hands the chunk of the epoch at hand to the writer; waits while EPOCHS_AHEAD are unwritten. */
static void lane_end_epoch(struct lane *lane)
{
    struct pipeline *p = lane->pipeline;
    size_t index = (size_t)(lane - p->lanes);

    pthread_mutex_lock(&p->lock);
    while (lane->epoch - p->epochs_written >= EPOCHS_AHEAD)
        pthread_cond_wait(&p->changed, &p->lock);
    struct chunk *slot = &lane->slots[lane->epoch % EPOCHS_AHEAD];
    struct chunk empty = *slot;
    *slot = lane->chunk;
    lane->chunk = empty;
    chunk_reset(&lane->chunk);
    lane->epoch++;
    p->epochs_done[index] = lane->epoch;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* Before a line of the last flows: epochs end where it belongs to a later one. */
static void lane_make_room(struct lane *lane, const struct position *position)
{
    while (lane->is_ending && position->start_number / EPOCH_FRAMES > lane->ending_epoch) {
        lane_end_epoch(lane);
        lane->ending_epoch++;
    }
}

static void write_now(struct pipeline *p);

/* One thread: lines come in order already, so that much text need not wait for the call's end. */
static void lane_write_early(struct lane *lane)
{
    if (!lane->pipeline->is_threaded && lane->chunk.text.len >= WRITE_AT)
        write_now(lane->pipeline);
}

static void on_alert(void *context, const struct position *position, const struct alert *alert)
{
    struct lane *lane = context;
    lane_make_room(lane, position);
    lane->pipeline->host.alert(lane->pipeline->host.context, &lane->chunk, position, alert);
    lane_write_early(lane);
}

static void on_event(void *context, const struct position *position, const struct event *event)
{
    struct lane *lane = context;
    lane_make_room(lane, position);
    lane->pipeline->host.event(lane->pipeline->host.context, &lane->chunk, position, event);
    lane_write_early(lane);
}

static void on_flow_packet(void *context, const struct packet *packet, const struct flow *flow)
{
    struct lane *lane = context;
    lane->pipeline->host.packet(lane->pipeline->host.context, packet, flow);
}

/* ---- one lane's work --------------------------------------------------------------------------------- */

static void lane_work(struct lane *lane, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct work *work = &batch->items[i];
        if (i + PREFETCH_DISTANCE < batch->count)
            worker_prefetch(lane->worker, &batch->items[i + PREFETCH_DISTANCE]);
        if (work->packet.flags & PACKET_TICK)
            worker_tick(lane->worker, work->packet.time_us, work->packet.number);
        else
            worker_work(lane->worker, work);
    }
    atomic_store_explicit(&lane->flows, worker_flow_count(lane->worker), memory_order_relaxed);
}

/* The input is over; ends the epoch at hand and those of the last flows. */
static void lane_finish(struct lane *lane)
{
    const struct pipeline *p = lane->pipeline;

    lane_end_epoch(lane);
    lane->is_ending = true;
    worker_finish(lane->worker, p->stats.last_us);
    for (; lane->ending_epoch <= p->number / EPOCH_FRAMES; lane->ending_epoch++)
        lane_end_epoch(lane);
}

static void *lane_run(void *context)
{
    struct lane *lane = context;

    for (;;) {
        struct batch *batch = batch_queue_pop(&lane->in);
        enum batch_kind kind = batch->kind;
        lane_work(lane, batch);
        if (kind == BATCH_EPOCH)
            lane_end_epoch(lane);
        else if (kind == BATCH_FINISH)
            lane_finish(lane);
        batch_reset(batch); /* here, so that its blocks can be read into again */
        batch_queue_push(&lane->idle, batch);
        if (kind == BATCH_FINISH)
            return NULL;
    }
}

/* ---- the writer --------------------------------------------------------------------------------------- */

static bool epoch_is_done(const struct pipeline *p)
{
    for (unsigned i = 0; i < p->lane_count; i++) {
        if (p->epochs_done[i] <= p->epochs_written)
            return false;
    }
    return true;
}

static void *writer_run(void *context)
{
    struct pipeline *p = context;
    struct chunk *chunks[PIPELINE_THREADS_MAX];

    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!epoch_is_done(p) && !(p->has_ended && p->epochs_written == p->epochs_total))
            pthread_cond_wait(&p->changed, &p->lock);
        if (!epoch_is_done(p))
            break;
        for (unsigned i = 0; i < p->lane_count; i++)
            chunks[i] = &p->lanes[i].slots[p->epochs_written % EPOCHS_AHEAD];
        pthread_mutex_unlock(&p->lock);
        chunks_write(chunks, p->lane_count, &p->merge);
        pthread_mutex_lock(&p->lock);
        p->epochs_written++;
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- the router ------------------------------------------------------------------------------------- */

static void lane_send(struct lane *lane, enum batch_kind kind)
{
    struct batch *batch = lane->filling;

    batch->kind = kind;
    if (!lane->pipeline->is_threaded) {
        lane_work(lane, batch);
        batch_reset(batch);
        return;
    }
    batch_queue_push(&lane->in, batch);
    batch = batch_queue_try_pop(&lane->idle);
    lane->filling = batch != NULL ? batch : batch_new();
}

/* The block of the frame at hand stays until the lane has worked; payload that lies elsewhere, of a reassembled
 * datagram, is copied. */
static void keep_bytes(struct lane *lane, struct packet *packet)
{
    struct block *block = lane->pipeline->block;

    assert(block_holds(block, packet->frame, packet->frame_len));
    batch_retain(lane->filling, block);
    if (packet->payload_len == 0 || block_holds(block, packet->payload, packet->payload_len))
        return;
    packet->payload = batch_copy(lane->filling, packet->payload, packet->payload_len);
    if (packet->payload == NULL)
        packet->payload_len = 0;
}

static void route(struct pipeline *p, const struct packet *packet, enum anomaly anomaly)
{
    struct lane *lane = &p->lanes[p->lane_count > 1 ? packet_pair_hash(packet) % p->lane_count : 0];

    if (p->is_threaded && packet->payload_len > BATCH_BYTES - lane->filling->bytes_used)
        lane_send(lane, BATCH_WORK);
    struct work *work = batch_add(lane->filling);
    work->packet = *packet;
    work->anomaly = anomaly;
    work->order = ++p->order;
    if (p->is_threaded)
        keep_bytes(lane, &work->packet);
}

static void on_packet(void *context, const struct packet *packet)
{
    route(context, packet, ANOMALY_NONE);
}

static void on_anomaly(void *context, const struct packet *packet, enum anomaly anomaly)
{
    struct pipeline *p = context;
    if (p->wants_anomalies)
        route(p, packet, anomaly);
}

static void on_datagram(void *context, uint64_t number, const uint64_t *frames, size_t count)
{
    const struct pipeline *p = context;
    p->host.datagram(p->host.context, number, frames, count);
}

static void tick(struct pipeline *p, int64_t time_us, uint64_t number)
{
    for (unsigned i = 0; i < p->lane_count; i++) {
        struct work *work = batch_add(p->lanes[i].filling);
        *work =
            (struct work){.packet = {.flags = PACKET_TICK, .time_us = time_us, .number = number}};
    }
}

static void send_all(struct pipeline *p, enum batch_kind kind)
{
    for (unsigned i = 0; i < p->lane_count; i++)
        lane_send(&p->lanes[i], kind);
}

/* One thread: what was said so far can be written at once, it is in order already. */
static void write_now(struct pipeline *p)
{
    struct chunk *chunk = &p->lanes[0].chunk;
    chunks_write(&chunk, 1, &p->merge);
    chunk_reset(chunk);
}

static void end_epoch(struct pipeline *p)
{
    send_all(p, BATCH_EPOCH);
    p->epochs_total++;
    p->epoch_frames = 0;
}

void pipeline_frames(struct pipeline *p, const struct frame *frames, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct frame *frame = &frames[i];
        int64_t second = clock_second(frame->time_us);
        if (p->number == 0)
            p->stats.first_us = frame->time_us;
        if (second != p->second || p->number == 0)
            tick(p, frame->time_us, frame->number);
        p->second = second;
        p->block = frame->block;
        p->number = frame->number;
        p->order = 0;
        p->stats.last_us = frame->time_us;
        decoder_frame(p->decoder, frame);
        if (p->is_threaded && ++p->epoch_frames == EPOCH_FRAMES)
            end_epoch(p);
    }
    for (unsigned i = 0; i < p->lane_count; i++) {
        if (p->lanes[i].filling->count > 0)
            lane_send(&p->lanes[i], BATCH_WORK);
    }
    decoder_release(p->decoder);
    if (!p->is_threaded)
        write_now(p);
}

void pipeline_sync(struct pipeline *p)
{
    if (!p->is_threaded)
        return; /* pipeline_frames() wrote them */
    if (p->epoch_frames > 0)
        end_epoch(p);
    pthread_mutex_lock(&p->lock);
    while (p->epochs_written < p->epochs_total)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

/* ---- life --------------------------------------------------------------------------------------------- */

/* Never 0, which asks for the default. */
static size_t part_of(size_t bytes, unsigned parts)
{
    return bytes > parts ? bytes / parts : 1;
}

static struct worker_options share_of(const struct worker_options *whole, unsigned parts)
{
    struct worker_options share = worker_options_complete(whole);
    share.flow_budget_bytes = part_of(share.flow_budget_bytes, parts);
    share.reassembly_budget_bytes = part_of(share.reassembly_budget_bytes, parts);
    share.proto_budget_bytes = part_of(share.proto_budget_bytes, parts);
    share.stream_budget_bytes = part_of(share.stream_budget_bytes, parts);
    return share;
}

static int lane_init(struct lane *lane, struct pipeline *p, const struct ruleset *set,
                     const struct worker_options *options, struct error *error)
{
    const struct worker_callbacks callbacks = {on_alert, on_event, on_flow_packet, lane};

    lane->pipeline = p;
    chunk_init(&lane->chunk);
    for (size_t i = 0; i < EPOCHS_AHEAD; i++)
        chunk_init(&lane->slots[i]);
    batch_queue_init(&lane->in, QUEUE_BATCHES);
    batch_queue_init(&lane->idle, 2 * QUEUE_BATCHES);
    lane->filling = batch_new();
    lane->worker = worker_new(set, options, &callbacks, error);
    return lane->worker != NULL ? 0 : -1;
}

static void lane_clear(struct lane *lane)
{
    worker_free(lane->worker);
    batch_free(lane->filling);
    batch_queue_clear(&lane->in);
    batch_queue_clear(&lane->idle);
    chunk_clear(&lane->chunk);
    for (size_t i = 0; i < EPOCHS_AHEAD; i++)
        chunk_clear(&lane->slots[i]);
}

static void stop_threads(struct pipeline *p, unsigned started)
{
    for (unsigned i = 0; i < started; i++)
        lane_send(&p->lanes[i], BATCH_FINISH);
    for (unsigned i = 0; i < started; i++)
        pthread_join(p->lanes[i].thread, NULL);
    pthread_mutex_lock(&p->lock);
    p->has_ended = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->writer, NULL);
}

static int start_threads(struct pipeline *p, struct error *error)
{
    if (pthread_create(&p->writer, NULL, writer_run, p) != 0)
        return error_set(error, "cannot start the writer thread");
    p->is_threaded = true;
    for (unsigned i = 0; i < p->lane_count; i++) {
        if (pthread_create(&p->lanes[i].thread, NULL, lane_run, &p->lanes[i]) != 0) {
            stop_threads(p, i);
            return error_set(error, "cannot start worker thread %u of %u", i + 1, p->lane_count);
        }
    }
    return 0;
}

struct pipeline *pipeline_new(const struct ruleset *set, const struct pipeline_options *options,
                              const struct pipeline_host *host, struct error *error)
{
    struct pipeline *p = memory_new(1, sizeof(*p));
    const struct decode_sink sink = {
        .packet = on_packet,
        .anomaly = on_anomaly,
        .context = p,
        .datagram = host->datagram != NULL ? on_datagram : NULL,
    };
    unsigned threads = options->threads ? options->threads : 1;

    p->lane_count = threads < PIPELINE_THREADS_MAX ? threads : PIPELINE_THREADS_MAX;
    p->host = *host;
    p->lanes = memory_new(p->lane_count, sizeof(*p->lanes));
    p->stats.workers = memory_new(p->lane_count, sizeof(*p->stats.workers));
    p->stats.worker_count = p->lane_count;
    p->wants_anomalies =
        options->worker.log[EVENT_ANOMALY] || (set != NULL && ruleset_wants(set, EVENT_ANOMALY));
    p->rule_count = set != NULL ? ruleset_count(set) : 0;
    p->merge_budget.limit = MERGE_BUDGET;
    p->merge = (struct merge){host->write, host->context, suppressor_new(&p->merge_budget),
                              memory_new(p->rule_count + 1, sizeof(uint64_t)), host->pause};
    p->decoder = decoder_new(&options->decode, &sink);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    struct worker_options share = share_of(&options->worker, p->lane_count);
    share.is_one_of_many = p->lane_count > 1;
    for (unsigned i = 0; i < p->lane_count; i++) {
        if (lane_init(&p->lanes[i], p, set, &share, error) != 0)
            goto fail;
    }
    if (p->lane_count > 1 && start_threads(p, error) != 0)
        goto fail;
    return p;
fail:
    p->is_finished = true;
    pipeline_free(p);
    return NULL;
}

void pipeline_tick(struct pipeline *p, int64_t time_us)
{
    assert(!p->is_threaded);
    p->stats.last_us = time_us;
    p->second = clock_second(time_us);
    tick(p, time_us, p->number);
    send_all(p, BATCH_WORK);
    write_now(p);
}

void pipeline_flush(struct pipeline *p)
{
    assert(!p->is_threaded);
    send_all(p, BATCH_WORK);
    worker_finish(p->lanes[0].worker, p->stats.last_us);
    write_now(p);
}

void pipeline_finish(struct pipeline *p)
{
    if (p->is_finished)
        return;
    if (p->is_threaded) {
        p->epochs_total += 2 + p->number / EPOCH_FRAMES; /* see lane_finish() */
        stop_threads(p, p->lane_count);
    } else {
        pipeline_flush(p);
    }
    p->is_finished = true;
}

const struct pipeline_stats *pipeline_stats(struct pipeline *p)
{
    p->stats.decode = *decoder_stats(p->decoder);
    p->stats.lost_lines = p->stats.suppressed = 0;
    for (size_t i = 0; i < p->rule_count; i++)
        p->stats.suppressed += p->merge.suppressed[i];
    for (unsigned i = 0; i < p->lane_count; i++) {
        worker_stats(p->lanes[i].worker, &p->stats.workers[i]);
        p->stats.lost_lines += p->lanes[i].chunk.lost;
        for (size_t slot = 0; slot < EPOCHS_AHEAD; slot++)
            p->stats.lost_lines += p->lanes[i].slots[slot].lost;
    }
    return &p->stats;
}

uint64_t pipeline_flow_count(const struct pipeline *p)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < p->lane_count; i++)
        sum += atomic_load_explicit(&p->lanes[i].flows, memory_order_relaxed);
    return sum;
}

uint64_t pipeline_rule_alerts(const struct pipeline *p, size_t index)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < p->lane_count; i++)
        sum += worker_rule_alerts(p->lanes[i].worker, index);
    return sum - p->merge.suppressed[index];
}

uint64_t pipeline_rule_held(const struct pipeline *p, size_t index)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < p->lane_count; i++)
        sum += worker_rule_held(p->lanes[i].worker, index);
    return sum;
}

uint64_t pipeline_rule_suppressed(const struct pipeline *p, size_t index)
{
    uint64_t sum = p->merge.suppressed[index];
    for (unsigned i = 0; i < p->lane_count; i++)
        sum += worker_rule_suppressed(p->lanes[i].worker, index);
    return sum;
}

uint64_t pipeline_filter_silenced(const struct pipeline *p, size_t index)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < p->lane_count; i++)
        sum += worker_filter_silenced(p->lanes[i].worker, index);
    return sum;
}

void pipeline_free(struct pipeline *p)
{
    if (p == NULL)
        return;
    pipeline_finish(p);
    for (unsigned i = 0; i < p->lane_count; i++) {
        if (p->lanes[i].pipeline != NULL)
            lane_clear(&p->lanes[i]);
    }
    decoder_free(p->decoder);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
    suppressor_free(p->merge.suppressor);
    memory_free(p->merge.suppressed);
    memory_free(p->stats.workers);
    memory_free(p->lanes);
    memory_free(p);
}
