/* SPDX-License-Identifier: BSD-3-Clause */
/* --pcap-out: the second pass, and one before it that only looks for fragments. */
#include "hosts/cli/flow_pcap.h"

#include <stdlib.h>

#include "base/memory.h"
#include "capture/capture.h"
#include "hosts/cli/joined_frames.h"
#include "output/pcapng_writer.h"

enum { BATCH_FRAMES = 256, COMMENT_BYTES = 4096 };

void alert_notes_add(struct alert_notes *notes, const struct alert_note *note)
{
    if (notes->count == notes->capacity) {
        notes->capacity = notes->capacity ? notes->capacity * 2 : 64;
        notes->items = memory_resize(notes->items, notes->capacity, sizeof(*notes->items));
    }
    notes->items[notes->count++] = *note;
}

void alert_notes_clear(struct alert_notes *notes)
{
    memory_free(notes->items);
    *notes = (struct alert_notes){0};
}

static int compare(const void *left, const void *right)
{
    const struct alert_note *a = left, *b = right;
    if (a->flow_id != b->flow_id)
        return a->flow_id < b->flow_id ? -1 : 1;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return (a->sid > b->sid) - (a->sid < b->sid);
}

struct second_pass {
    const struct alert_notes *notes; /* sorted */
    struct joined_frames joined;
    struct pcapng_writer *writer; /* NULL: only joined frames are asked for */
    bool *is_wanted;              /* by frame of the batch */
    uint64_t first_number;        /* of the batch */
    struct buf comments[BATCH_FRAMES];
};

/* First note of a flow, or NULL. */
static const struct alert_note *find(const struct alert_notes *notes, uint64_t flow_id)
{
    size_t low = 0, high = notes->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (notes->items[middle].flow_id < flow_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < notes->count && notes->items[low].flow_id == flow_id ? &notes->items[low] : NULL;
}

static void add_comment(struct buf *comment, const struct alert_note *note)
{
    if (comment->len > 0)
        buf_byte(comment, '\n');
    buf_format(comment, "shrike alert %u: %s", note->sid, note->title);
}

static void on_packet(void *context, const struct packet *packet, const struct flow *flow)
{
    struct second_pass *pass = context;
    const struct alert_note *note = flow != NULL ? find(pass->notes, flow->id) : NULL;

    if (note == NULL)
        return;
    if (pass->writer == NULL) {
        joined_frames_want(&pass->joined, packet->number);
        return;
    }
    size_t index = (size_t)(packet->number - pass->first_number);
    pass->is_wanted[index] = true;
    const struct alert_note *end = pass->notes->items + pass->notes->count;
    for (; note < end && note->flow_id == flow->id; note++) {
        bool is_at_end = note->number == 0 && packet->number == flow->start_number;
        if (note->number == packet->number || is_at_end)
            add_comment(&pass->comments[index], note);
    }
}

static void on_datagram(void *context, uint64_t number, const uint64_t *frames, size_t count)
{
    struct second_pass *pass = context;
    joined_frames_add(&pass->joined, number, frames, count);
}

static int write_wanted(const struct second_pass *pass, const struct frame *frames, size_t count,
                        struct error *error)
{
    for (size_t i = 0; i < count && pass->writer != NULL; i++) {
        size_t index = (size_t)(frames[i].number - pass->first_number);
        bool is_wanted =
            pass->is_wanted[index] || joined_frames_has(&pass->joined, frames[i].number);
        if (is_wanted &&
            pcapng_packet(pass->writer, &frames[i], buf_view(&pass->comments[index]), error) != 0)
            return -1;
    }
    return 0;
}

/* Frame numbers count frames that the filter dropped too, so a batch may span more numbers than it has
 * frames: it is handed on in runs whose numbers fit the table. */
static int take_frames(struct second_pass *pass, struct pipeline *pipeline,
                       const struct frame *frames, size_t count, bool is_stable,
                       struct error *error)
{
    for (size_t i = 0; i < count;) {
        size_t run = 1;
        pass->first_number = frames[i].number;
        while (i + run < count && frames[i + run].number - pass->first_number < BATCH_FRAMES)
            run++;
        memset(pass->is_wanted, 0, BATCH_FRAMES * sizeof(*pass->is_wanted));
        for (size_t k = 0; k < BATCH_FRAMES; k++)
            buf_reset(&pass->comments[k]);
        pipeline_frames(pipeline, frames + i, run, is_stable);
        if (write_wanted(pass, frames + i, run, error) != 0)
            return -1;
        i += run;
    }
    return 0;
}

static int read_again(struct second_pass *pass, struct capture *capture, struct pipeline *pipeline,
                      struct error *error)
{
    struct frame frames[BATCH_FRAMES];
    enum capture_result result;
    struct error broken; /* was reported by the first pass */
    size_t count;

    while ((result = capture_next(capture, frames, BATCH_FRAMES, &count, &broken)) != CAPTURE_END) {
        if (result == CAPTURE_FRAMES &&
            take_frames(pass, pipeline, frames, count, capture_is_stable(capture), error) != 0)
            return -1;
    }
    return 0;
}

/* Through the captures once more, to `pass->writer` or only to learn of fragments. */
static int run_pass(const struct replay_options *options, struct second_pass *pass,
                    struct error *error)
{
    const struct capture_options capture_options = {.filter = options->filter,
                                                    .recurse = options->recurse};
    const struct pipeline_host host = {
        .packet = on_packet,
        .datagram = pass->writer == NULL ? on_datagram : NULL,
        .context = pass,
    };
    struct pipeline_options pipeline_options = options->pipeline;
    int status = -1;

    pipeline_options.threads = 1;
    pipeline_options.worker.flows_only = true;
    memset(pipeline_options.worker.log, 0, sizeof(pipeline_options.worker.log));
    struct capture *capture = capture_open_files((const char *const *)options->captures,
                                                 options->capture_count, &capture_options, error);
    struct pipeline *pipeline = pipeline_new(NULL, &pipeline_options, &host, error);
    if (capture != NULL && pipeline != NULL) {
        status = read_again(pass, capture, pipeline, error);
        pipeline_finish(pipeline);
    }
    pipeline_free(pipeline);
    capture_close(capture);
    return status;
}

static int write_flows(const struct replay_options *options, struct second_pass *pass,
                       struct error *error)
{
    struct pcapng_writer writer;

    if (pcapng_open(&writer, options->pcap_out, error) != 0)
        return -1;
    pass->writer = &writer;
    int status = run_pass(options, pass, error);
    if (pcapng_close(&writer, error) != 0)
        status = -1;
    if (status == 0 && pass->joined.left_out > 0)
        status = error_set(error, "%s: %llu frames with fragments are missing: there are too many",
                           options->pcap_out, (unsigned long long)pass->joined.left_out);
    return status;
}

int flow_pcap_write(const struct replay_options *options, struct alert_notes *notes,
                    bool has_fragments, struct error *error)
{
    struct second_pass pass = {.notes = notes};
    int status = 0;

    if (notes->count > 1)
        qsort(notes->items, notes->count, sizeof(*notes->items), compare);
    pass.is_wanted = memory_new(BATCH_FRAMES, sizeof(*pass.is_wanted));
    for (size_t i = 0; i < BATCH_FRAMES; i++)
        buf_init(&pass.comments[i], COMMENT_BYTES);
    if (has_fragments && notes->count > 0)
        status = run_pass(options, &pass, error);
    joined_frames_sort(&pass.joined);
    if (status == 0)
        status = write_flows(options, &pass, error);
    for (size_t i = 0; i < BATCH_FRAMES; i++)
        buf_clear(&pass.comments[i]);
    joined_frames_clear(&pass.joined);
    memory_free(pass.is_wanted);
    return status;
}
