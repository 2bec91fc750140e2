/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike replay: rules and captures in, alerts out.
 *
 *   load and compile rules -> open captures and outputs -> frames through the pipeline -> stats record,
 *   second pass for --pcap-out, summary, exit status
 */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "capture/capture.h"
#include "compile/compile.h"
#include "engine/pipeline.h"
#include "hosts/cli/cli.h"
#include "hosts/cli/flow_pcap.h"
#include "hosts/cli/interrupt.h"
#include "hosts/cli/outputs.h"
#include "hosts/cli/progress.h"
#include "hosts/cli/replay_options.h"
#include "hosts/cli/summary.h"
#include "output/eve.h"
#include "output/sink.h"
#include "output/text.h"
#include "sigma/rules.h"

enum { BATCH_FRAMES = 256 };

/* Where a line goes; the pipeline keeps the number beside each line. */
enum sink_number { SINK_EVE, SINK_TEXT, SINK_NOTE, SINK_COUNT };

struct replay {
    struct replay_options options;
    struct ruleset *set;
    struct capture *capture;
    struct pipeline *pipeline;
    struct sink sinks[SINK_COUNT]; /* SINK_NOTE is no sink: see write_line() */
    bool is_open[SINK_COUNT];
    struct eve_options eve;
    struct text_options text;
    struct buf counted, aligned; /* a line being put together, by the writer */
    struct text_columns columns;
    struct alert_notes notes; /* for --pcap-out */
    struct pcapng_writer pcap;
    struct progress progress;
    _Atomic uint64_t alerts; /* counted by the writer, shown by the reader */
    uint64_t packets;
    uint64_t last_number; /* of the last frame */
    int interrupt;        /* the signal that ended the run, or 0 */
    bool is_broken;       /* an input had a fault */
    bool has_lost;        /* an output had one */
};

/* ---- lines ------------------------------------------------------------------------------------------ */

static void note_alert(struct chunk *chunk, const struct position *position,
                       const struct alert *alert)
{
    const struct event *event = alert->event;
    const struct alert_note note = {
        .flow_id = event->flow ? event->flow->id : 0,
        .number = event->packet ? event->packet->number : 0,
        .sid = alert->rule->sid,
        .title = alert->rule->title,
    };
    buf_bytes(chunk_begin(chunk, position, SINK_NOTE), &note, sizeof(note));
    chunk_end_alert(chunk, alert, 0);
}

static void on_alert(void *context, struct chunk *chunk, const struct position *position,
                     const struct alert *alert)
{
    const struct replay *replay = context;

    note_alert(chunk, position, alert);
    if (replay->is_open[SINK_EVE]) {
        struct buf *line = chunk_begin(chunk, position, SINK_EVE);
        chunk_end_alert(chunk, alert, eve_alert(line, &replay->eve, alert));
    }
    if (replay->is_open[SINK_TEXT]) {
        struct buf *line = chunk_begin(chunk, position, SINK_TEXT);
        chunk_end_alert(chunk, alert, text_alert(line, &replay->text, alert));
    }
}

static void on_event(void *context, struct chunk *chunk, const struct position *position,
                     const struct event *event)
{
    const struct replay *replay = context;

    if (replay->is_open[SINK_EVE]) {
        eve_event(chunk_begin(chunk, position, SINK_EVE), &replay->eve, event);
        chunk_end(chunk);
    }
}

/* The line with the count that only the merge knows. */
static struct view counted(struct replay *replay, unsigned sink, struct view line, size_t mark,
                           uint64_t left_out)
{
    struct buf *out = &replay->counted;

    buf_reset(out);
    buf_add(out, view_slice(line, 0, mark));
    if (sink == SINK_EVE)
        eve_suppressed(out, left_out);
    else
        text_suppressed(out, left_out);
    buf_add(out, view_skip(line, mark));
    return buf_view(out);
}

static void write_line(void *context, unsigned sink, struct view line, size_t mark,
                       uint64_t left_out)
{
    struct replay *replay = context;

    if (sink == SINK_NOTE) {
        struct alert_note note;
        memcpy(&note, line.data, sizeof(note));
        replay->alerts++;
        if (replay->options.pcap_out != NULL)
            alert_notes_add(&replay->notes, &note, replay->options.alert_budget_bytes);
        return;
    }
    if (left_out > 0)
        line = counted(replay, sink, line, mark, left_out);
    if (sink == SINK_TEXT)
        line = text_align(&replay->aligned, &replay->columns, line);
    sink_line(&replay->sinks[sink], line);
}

/* All lines that are known so far have been written. */
static void on_pause(void *context)
{
    struct replay *replay = context;

    for (size_t i = 0; i < SINK_NOTE; i++) {
        if (replay->is_open[i])
            sink_pause(&replay->sinks[i]);
    }
}

/* Lines go to a terminal, where the progress bar may stand. */
static void around_lines(void *context, bool is_before)
{
    struct replay *replay = context;

    if (is_before)
        progress_pause(&replay->progress);
    else
        progress_resume(&replay->progress);
}

/* ---- set-up ------------------------------------------------------------------------------------------- */

/* Errors, and what a folder of rules passes over: the rest is what `shrike check` is for. */
static void tell_faults(struct diagnostics *diagnostics)
{
    diagnostics_sort(diagnostics);
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *d = &diagnostics->items[i];
        const struct diagnostics one = {.items = &diagnostics->items[i], .count = 1};
        if (d->severity == SEVERITY_ERROR ||
            (d->severity == SEVERITY_WARNING && strcmp(d->id, "passed-over") == 0))
            diagnostics_print(&one, stderr);
    }
}

static int load_rules(struct replay *replay)
{
    const struct replay_options *options = &replay->options;
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;
    struct error error = {0};
    int status = -1;

    diagnostics_init(&diagnostics);
    for (size_t i = 0; i < options->rule_count; i++) {
        if (rules_load(rules, options->rules[i], &diagnostics) != 0 && !options->keep_going)
            status = STATUS_USAGE;
    }
    rules_finish(rules, &diagnostics);
    replay->set = compile_rules(rules, &diagnostics, NULL, &error);
    tell_faults(&diagnostics);
    if (diagnostics.errors > 0) {
        message("replay", "%zu error(s) in rules%s", diagnostics.errors,
                options->keep_going ? ": going on without them"
                                    : "; --keep-going runs with the good ones");
        if (!options->keep_going)
            status = STATUS_USAGE;
    }
    if (replay->set == NULL) {
        message("replay", "%s", error.text);
        status = STATUS_USAGE;
    }
    char refused[256];
    if (rules_describe_refused(rules, refused, sizeof(refused)) && !options->quiet)
        message("replay", "warning: left out of the rules: %s (see `shrike check`)", refused);
    int refused_output = outputs_check_lists(options, rules);
    diagnostics_clear(&diagnostics);
    rules_free(rules);
    return refused_output == -1 ? status : refused_output;
}

static int open_sink(struct replay *replay, enum sink_number number, const char *path)
{
    struct error error;

    if (path == NULL)
        return -1;
    if (sink_open(&replay->sinks[number], path, &error) != 0) {
        message("replay", "%s", error.text);
        return STATUS_OUTPUT;
    }
    replay->is_open[number] = true;
    if (isatty(replay->sinks[number].fd)) {
        replay->sinks[number].around_write = around_lines;
        replay->sinks[number].context = replay;
    }
    return -1;
}

static int open_pcap(struct replay *replay)
{
    struct error error;

    if (replay->options.pcap_out == NULL ||
        pcapng_open(&replay->pcap, replay->options.pcap_out, &error) == 0)
        return -1;
    message("replay", "%s", error.text);
    return STATUS_OUTPUT;
}

static int open_outputs(struct replay *replay)
{
    int status = outputs_check(&replay->options, replay->capture);

    if (status == -1)
        status = open_sink(replay, SINK_EVE, replay->options.eve);
    if (status == -1)
        status = open_sink(replay, SINK_TEXT, replay->options.text);
    if (status == -1)
        status = open_pcap(replay);
    return status;
}

static const char *file_name(const void *context, size_t file)
{
    return capture_file_name(context, file);
}

static int open_all(struct replay *replay)
{
    const struct replay_options *options = &replay->options;
    const struct capture_options capture_options = {
        .filter = options->filter, .recurse = options->recurse, .stop_fd = interrupt_fd()};
    const struct pipeline_host host = {.alert = on_alert,
                                       .event = on_event,
                                       .write = write_line,
                                       .pause = on_pause,
                                       .context = replay};
    struct error error = {0};

    replay->capture = capture_open_files((const char *const *)options->captures,
                                         options->capture_count, &capture_options, &error);
    if (replay->capture == NULL) {
        message("replay", "%s", error.text);
        return STATUS_USAGE;
    }
    replay->eve = (struct eve_options){
        .payload = options->payload,
        .payload_printable = options->payload_printable,
        .community_id = !options->no_community_id,
        .community_id_seed = options->pipeline.worker.community_id_seed,
        .sensor_name = options->sensor_name,
        .file_name = file_name,
        .file_name_context = replay->capture,
    };
    int status = open_outputs(replay);
    if (status != -1)
        return status;
    replay->text.colour = replay->is_open[SINK_TEXT] &&
                          replay->sinks[SINK_TEXT].fd == STDOUT_FILENO && stream_has_colour(stdout);
    replay->pipeline = pipeline_new(replay->set, &options->pipeline, &host, &error);
    if (replay->pipeline == NULL) {
        message("replay", "%s", error.text);
        return STATUS_USAGE;
    }
    return -1;
}

/* ---- the run ------------------------------------------------------------------------------------------ */

static void show_progress(struct replay *replay)
{
    const struct capture_progress done = capture_progress(replay->capture);
    const struct progress_state state = {.bytes_read = done.bytes_read,
                                         .bytes_total = done.bytes_total,
                                         .packets = replay->packets,
                                         .flows = pipeline_flow_count(replay->pipeline),
                                         .alerts = replay->alerts};

    progress_update(&replay->progress, &state);
}

/* The input pauses: what was found so far goes out. */
static void write_so_far(struct replay *replay)
{
    pipeline_sync(replay->pipeline);
    for (size_t i = 0; i < SINK_COUNT; i++) {
        if (replay->is_open[i])
            sink_flush(&replay->sinks[i]); /* a failure is the sink's to tell when it is closed */
    }
}

static void read_frames(struct replay *replay)
{
    struct frame frames[BATCH_FRAMES];
    struct error error;
    size_t count;

    progress_start(&replay->progress, !replay->options.quiet);
    while (interrupt_signal() == 0) {
        enum capture_result result =
            capture_next(replay->capture, frames, BATCH_FRAMES, &count, &error);
        if (result == CAPTURE_END || result == CAPTURE_INTERRUPTED)
            break;
        if (result == CAPTURE_IDLE) {
            write_so_far(replay);
            continue;
        }
        if (result == CAPTURE_BROKEN) {
            progress_hide(&replay->progress);
            message("replay", "%s", error.text);
            replay->is_broken = true;
            continue;
        }
        pipeline_frames(replay->pipeline, frames, count);
        replay->packets += count;
        replay->last_number = frames[count - 1].number;
        show_progress(replay);
    }
    replay->interrupt = interrupt_signal();
    pipeline_finish(replay->pipeline);
    progress_end(&replay->progress);
    if (replay->interrupt != 0)
        message("replay", "interrupted after %llu packets", (unsigned long long)replay->packets);
}

static void close_sink(struct replay *replay, enum sink_number number)
{
    struct sink *sink = &replay->sinks[number];
    if (!replay->is_open[number])
        return;
    if (sink_close(sink) != 0) {
        message("replay", "%s (%llu lines lost)", sink->first_failure.text,
                (unsigned long long)sink->lost_lines);
        replay->has_lost = true;
    }
    replay->is_open[number] = false;
}

static void write_stats(struct replay *replay, const struct run_stats *stats)
{
    struct buf line;

    if (!replay->is_open[SINK_EVE] || replay->options.no_stats)
        return;
    buf_init(&line, 1 << 20);
    eve_stats(&line, &replay->eve, stats->last_us, stats);
    sink_line(&replay->sinks[SINK_EVE], buf_view(&line));
    buf_clear(&line);
}

/* An interrupt during the first pass leaves this one to do, for what was read; another ends it as well. */
static void write_pcap(struct replay *replay, const struct run_stats *stats)
{
    bool has_fragments = stats->decode.reassembled + stats->decode.reassembled6 > 0;
    struct error error;
    const char *name = replay->options.pcap_out;

    if (name == NULL)
        return;
    if (replay->interrupt != 0)
        interrupt_arm();
    if (flow_pcap_write(&replay->pcap, &replay->options, &replay->notes, has_fragments,
                        replay->last_number, &error) != 0 ||
        pcapng_close(&replay->pcap, &error) != 0) {
        message("replay", "%s", error.text);
        replay->has_lost = true;
    } else if (interrupt_signal() != 0) {
        replay->interrupt = interrupt_signal();
        message("replay", "interrupted: %s holds %llu packets, more were to come", name,
                (unsigned long long)replay->pcap.packets);
    }
    if (replay->notes.lost > 0)
        message("replay",
                "warning: %llu alert(s) found no memory (--memcap-alerts): their comments, and "
                "flows of "
                "which no other is known, are not in %s",
                (unsigned long long)replay->notes.lost, name);
    if (replay->pcap.cut > 0)
        message(
            "replay",
            "warning: %llu packet(s) in %s were cut to %d bytes, as no other program would read "
            "the file with longer ones",
            (unsigned long long)replay->pcap.cut, name, PCAPNG_FRAME_MAX);
}

static void run(struct replay *replay)
{
    double started = seconds_now();

    read_frames(replay);
    const struct pipeline_stats *pipeline_counts = pipeline_stats(replay->pipeline);
    struct run_stats stats = summary_stats(pipeline_counts);
    struct filter_count *filters = summary_filters(replay->pipeline, replay->set, &stats);
    if (pipeline_counts->lost_lines > 0) {
        message("replay",
                "%llu lines lost: a single stretch of the input said more than memory holds",
                (unsigned long long)pipeline_counts->lost_lines);
        replay->has_lost = true;
    }
    write_stats(replay, &stats);
    close_sink(replay, SINK_EVE);
    close_sink(replay, SINK_TEXT);
    write_pcap(replay, &stats);
    for (size_t i = 0; i < capture_warning_count(replay->capture); i++)
        message("replay", "warning: %s", capture_warning(replay->capture, i));
    if (!replay->options.quiet)
        summary_print(stderr, &stats, replay->pipeline, replay->set, seconds_now() - started);
    memory_free(filters);
}

static int exit_status(const struct replay *replay)
{
    if (replay->has_lost)
        return STATUS_OUTPUT;
    if (replay->interrupt != 0)
        return STATUS_SIGNAL + replay->interrupt;
    if (replay->is_broken)
        return STATUS_INPUT;
    return replay->options.fail_on_alert && replay->alerts > 0 ? STATUS_FOUND : STATUS_OK;
}

int replay_command(int argc, char **argv)
{
    struct replay replay = {0};

    int status = replay_options_parse(&replay.options, argc, argv);
    if (status != -1)
        return status;
    buf_init(&replay.counted, SIZE_MAX / 2);
    buf_init(&replay.aligned, SIZE_MAX / 2);
    interrupt_arm();
    status = load_rules(&replay);
    if (status == -1)
        status = open_all(&replay);
    if (status == -1) {
        run(&replay);
        status = exit_status(&replay);
    }
    pipeline_free(replay.pipeline);
    close_sink(&replay, SINK_EVE);
    close_sink(&replay, SINK_TEXT);
    pcapng_discard(&replay.pcap);
    capture_close(replay.capture);
    ruleset_release(replay.set);
    alert_notes_clear(&replay.notes);
    buf_clear(&replay.counted);
    buf_clear(&replay.aligned);
    return status;
}
