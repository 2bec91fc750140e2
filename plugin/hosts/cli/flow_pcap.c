/* SPDX-License-Identifier: BSD-3-Clause */
/* --pcap-out: the second pass, and one before it that only looks for fragments.
 *
 * Comments   each alert stands in the packet that raised it, those of a flow's end in the flow's first packet;
 *            one without a flow brings its packet along. A packet's comments have COMMENTS_MAX bytes, what
 *            does not fit is counted in the last one.
 */
#include "hosts/cli/flow_pcap.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/readable.h"
#include "capture/capture.h"
#include "hosts/cli/interrupt.h"
#include "hosts/cli/joined_frames.h"

enum { BATCH_FRAMES = 256, COMMENTS_MAX = 128 * 1024, COMMENT_MAX = 4096, NOTES_BYTES = 64 << 20 };

void alert_notes_add(struct alert_notes *notes, const struct alert_note *note, size_t budget_bytes)
{
    size_t most = (budget_bytes ? budget_bytes : NOTES_BYTES) / sizeof(*note);

    if (notes->count >= most) {
        notes->lost++;
        return;
    }
    if (notes->count == notes->capacity) {
        size_t wanted = notes->capacity ? notes->capacity * 2 : 64;
        notes->capacity = wanted < most ? wanted : most;
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

struct comments {
    struct buf lines;
    uint64_t left_out; /* alerts that did not fit */
};

struct second_pass {
    const struct alert_notes *notes; /* sorted: those without a flow come first */
    size_t at_flowless;              /* the next of those */
    uint64_t last_number;            /* of the first pass */
    struct joined_frames joined;
    struct pcapng_writer *writer; /* NULL: only joined frames are asked for */
    bool *is_wanted;              /* by frame of the batch */
    uint64_t first_number;        /* of the batch */
    struct comments comments[BATCH_FRAMES];
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

static void add_comment(struct comments *comments, const struct alert_note *note)
{
    struct view title = view_slice(view_from_string(note->title), 0, COMMENT_MAX / 4 - 64);

    if (comments->left_out > 0 || comments->lines.len > COMMENTS_MAX - COMMENT_MAX) {
        comments->left_out++;
        return;
    }
    if (comments->lines.len > 0)
        buf_byte(&comments->lines, '\n');
    buf_format(&comments->lines, "shrike alert %u: ", note->sid);
    readable_add(&comments->lines, title);
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

/* Frames in order, and notes in order of their frames. */
static void take_flowless(struct second_pass *pass, const struct frame *frame)
{
    const struct alert_notes *notes = pass->notes;
    size_t index = (size_t)(frame->number - pass->first_number);

    while (pass->at_flowless < notes->count && notes->items[pass->at_flowless].flow_id == 0 &&
           notes->items[pass->at_flowless].number <= frame->number) {
        const struct alert_note *note = &notes->items[pass->at_flowless++];
        if (note->number != frame->number)
            continue;
        pass->is_wanted[index] = true;
        add_comment(&pass->comments[index], note);
    }
}

static struct view end_comments(struct comments *comments)
{
    if (comments->left_out > 0)
        buf_format(&comments->lines, "\nand %llu more", (unsigned long long)comments->left_out);
    return buf_view(&comments->lines);
}

static void on_datagram(void *context, uint64_t number, const uint64_t *frames, size_t count)
{
    struct second_pass *pass = context;
    joined_frames_add(&pass->joined, number, frames, count);
}

static int write_wanted(struct second_pass *pass, const struct frame *frames, size_t count,
                        struct error *error)
{
    for (size_t i = 0; i < count && pass->writer != NULL; i++) {
        size_t index = (size_t)(frames[i].number - pass->first_number);
        take_flowless(pass, &frames[i]);
        bool is_wanted =
            pass->is_wanted[index] || joined_frames_has(&pass->joined, frames[i].number);
        if (is_wanted && pcapng_packet(pass->writer, &frames[i],
                                       end_comments(&pass->comments[index]), error) != 0)
            return -1;
    }
    return 0;
}

/* Frame numbers count frames that the filter dropped too, so a batch may span more numbers than it has
 * frames: it is handed on in runs whose numbers fit the table. */
static int take_frames(struct second_pass *pass, struct pipeline *pipeline,
                       const struct frame *frames, size_t count, struct error *error)
{
    for (size_t i = 0; i < count;) {
        size_t run = 1;
        pass->first_number = frames[i].number;
        while (i + run < count && frames[i + run].number - pass->first_number < BATCH_FRAMES)
            run++;
        memset(pass->is_wanted, 0, BATCH_FRAMES * sizeof(*pass->is_wanted));
        for (size_t k = 0; k < BATCH_FRAMES; k++) {
            buf_reset(&pass->comments[k].lines);
            pass->comments[k].left_out = 0;
        }
        pipeline_frames(pipeline, frames + i, run);
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

    while (interrupt_signal() == 0 &&
           (result = capture_next(capture, frames, BATCH_FRAMES, &count, &broken)) != CAPTURE_END &&
           result != CAPTURE_INTERRUPTED) {
        bool is_last = false;
        if (result != CAPTURE_FRAMES)
            continue;
        while (count > 0 && frames[count - 1].number > pass->last_number) {
            is_last = true;
            count--;
        }
        if (count > 0 && take_frames(pass, pipeline, frames, count, error) != 0)
            return -1;
        if (is_last)
            break;
    }
    return 0;
}

/* Through the captures once more, to `pass->writer` or only to learn of fragments. */
static int run_pass(const struct replay_options *options, struct second_pass *pass,
                    struct error *error)
{
    const struct capture_options capture_options = {
        .filter = options->filter, .recurse = options->recurse, .stop_fd = interrupt_fd()};
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

int flow_pcap_write(struct pcapng_writer *writer, const struct replay_options *options,
                    struct alert_notes *notes, bool has_fragments, uint64_t last_number,
                    struct error *error)
{
    struct second_pass pass = {.notes = notes, .last_number = last_number};
    int status = 0;

    if (notes->count == 0)
        return 0;
    qsort(notes->items, notes->count, sizeof(*notes->items), compare);
    pass.is_wanted = memory_new(BATCH_FRAMES, sizeof(*pass.is_wanted));
    for (size_t i = 0; i < BATCH_FRAMES; i++)
        buf_init(&pass.comments[i].lines, COMMENTS_MAX);
    if (has_fragments)
        status = run_pass(options, &pass, error);
    joined_frames_sort(&pass.joined);
    pass.writer = writer;
    if (status == 0)
        status = run_pass(options, &pass, error);
    if (status == 0 && pass.joined.left_out > 0)
        status = error_set(error, "%s: %llu frames with fragments are missing: there are too many",
                           options->pcap_out, (unsigned long long)pass.joined.left_out);
    for (size_t i = 0; i < BATCH_FRAMES; i++)
        buf_clear(&pass.comments[i].lines);
    joined_frames_clear(&pass.joined);
    memory_free(pass.is_wanted);
    return status;
}
