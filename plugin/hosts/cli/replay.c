/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike replay: rules and captures in, alerts out.
 *
 *   load and compile rules -> open captures and outputs -> frames through the pipeline -> stats record,
 *   second pass for --pcap-out, summary, exit status
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/capture.h"
#include "compile/compile.h"
#include "engine/pipeline.h"
#include "hosts/cli/cli.h"
#include "hosts/cli/flow_pcap.h"
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
    struct buf counted;       /* a line being put together, by the writer */
    struct alert_notes notes; /* for --pcap-out */
    _Atomic uint64_t alerts;  /* counted by the writer, shown by the reader */
    uint64_t packets;
    bool is_broken; /* an input had a fault */
    bool has_lost;  /* an output had one */
};

static volatile sig_atomic_t is_interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

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
        if (replay->options.pcap_out != NULL && note.flow_id != 0)
            alert_notes_add(&replay->notes, &note);
        return;
    }
    if (left_out > 0)
        line = counted(replay, sink, line, mark, left_out);
    sink_line(&replay->sinks[sink], line);
}

/* ---- set-up ------------------------------------------------------------------------------------------- */

static int load_rules(struct replay *replay)
{
    const struct replay_options *options = &replay->options;
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;
    struct error error = {0};
    int status = -1;

    diagnostics_init(&diagnostics);
    for (size_t i = 0; i < options->rule_count; i++) {
        if (rules_load(rules, options->rules[i], &diagnostics) != 0)
            status = STATUS_USAGE;
    }
    rules_finish(rules, &diagnostics);
    replay->set = compile_rules(rules, &diagnostics, NULL, &error);
    if (diagnostics.errors > 0) {
        diagnostics_sort(&diagnostics);
        for (size_t i = 0; i < diagnostics.count; i++) {
            const struct diagnostics one = {.items = &diagnostics.items[i], .count = 1};
            if (diagnostics.items[i].severity == SEVERITY_ERROR)
                diagnostics_print(&one, stderr);
        }
        fprintf(stderr, "shrike replay: %zu error(s) in rules%s\n", diagnostics.errors,
                options->keep_going ? ": going on without them"
                                    : "; --keep-going runs with the good ones");
        if (!options->keep_going)
            status = STATUS_USAGE;
    }
    if (replay->set == NULL) {
        fprintf(stderr, "shrike replay: %s\n", error.text);
        status = STATUS_USAGE;
    }
    diagnostics_clear(&diagnostics);
    rules_free(rules);
    return status;
}

static int open_sink(struct replay *replay, enum sink_number number, const char *path)
{
    struct error error;

    if (path == NULL)
        return -1;
    if (sink_open(&replay->sinks[number], path, &error) != 0) {
        fprintf(stderr, "shrike replay: %s\n", error.text);
        return STATUS_OUTPUT;
    }
    replay->is_open[number] = true;
    return -1;
}

static const char *file_name(const void *context, size_t file)
{
    return capture_file_name(context, file);
}

static int open_all(struct replay *replay)
{
    const struct replay_options *options = &replay->options;
    const struct capture_options capture_options = {.filter = options->filter,
                                                    .recurse = options->recurse};
    const struct pipeline_host host = {
        .alert = on_alert, .event = on_event, .write = write_line, .context = replay};
    struct error error = {0};

    replay->capture = capture_open_files((const char *const *)options->captures,
                                         options->capture_count, &capture_options, &error);
    if (replay->capture == NULL) {
        fprintf(stderr, "shrike replay: %s\n", error.text);
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
    int status = open_sink(replay, SINK_EVE, options->eve);
    if (status == -1)
        status = open_sink(replay, SINK_TEXT, options->text);
    if (status != -1)
        return status;
    replay->text.colour = replay->is_open[SINK_TEXT] &&
                          replay->sinks[SINK_TEXT].fd == STDOUT_FILENO && stream_has_colour(stdout);
    replay->pipeline = pipeline_new(replay->set, &options->pipeline, &host, &error);
    if (replay->pipeline == NULL) {
        fprintf(stderr, "shrike replay: %s\n", error.text);
        return STATUS_USAGE;
    }
    return -1;
}

static int check_pcap_out(const struct replay_options *options)
{
    if (options->pcap_out == NULL)
        return -1;
    for (size_t i = 0; i < options->capture_count; i++) {
        if (strcmp(options->captures[i], "-") == 0)
            return usage_error("replay",
                               "--pcap-out reads the captures twice, which standard input "
                               "does not allow: store it in a file first");
    }
    return -1;
}

/* ---- the run ------------------------------------------------------------------------------------------ */

static void read_frames(struct replay *replay)
{
    struct frame frames[BATCH_FRAMES];
    struct progress progress;
    struct error error;
    size_t count;

    progress_start(&progress, !replay->options.quiet);
    while (!is_interrupted) {
        enum capture_result result =
            capture_next(replay->capture, frames, BATCH_FRAMES, &count, &error);
        if (result == CAPTURE_END)
            break;
        if (result == CAPTURE_BROKEN) {
            progress_end(&progress);
            fprintf(stderr, "shrike replay: %s\n", error.text);
            progress_start(&progress, !replay->options.quiet);
            replay->is_broken = true;
            continue;
        }
        pipeline_frames(replay->pipeline, frames, count, capture_is_stable(replay->capture));
        replay->packets += count;
        struct capture_progress done = capture_progress(replay->capture);
        const struct progress_state state = {.bytes_read = done.bytes_read,
                                             .bytes_total = done.bytes_total,
                                             .packets = replay->packets,
                                             .alerts = replay->alerts};
        progress_update(&progress, &state);
    }
    pipeline_finish(replay->pipeline);
    progress_end(&progress);
}

static void close_sink(struct replay *replay, enum sink_number number)
{
    struct sink *sink = &replay->sinks[number];
    if (!replay->is_open[number])
        return;
    if (sink_close(sink) != 0) {
        fprintf(stderr, "shrike replay: %s (%llu lines lost)\n", sink->first_failure.text,
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

static void write_pcap(struct replay *replay, const struct run_stats *stats)
{
    bool has_fragments = stats->decode.reassembled + stats->decode.reassembled6 > 0;
    struct error error;

    if (replay->options.pcap_out == NULL)
        return;
    if (flow_pcap_write(&replay->options, &replay->notes, has_fragments, &error) != 0) {
        fprintf(stderr, "shrike replay: %s\n", error.text);
        replay->has_lost = true;
    }
}

static void run(struct replay *replay)
{
    double started = seconds_now();

    read_frames(replay);
    const struct pipeline_stats *pipeline_counts = pipeline_stats(replay->pipeline);
    struct run_stats stats = summary_stats(pipeline_counts);
    if (pipeline_counts->lost_lines > 0) {
        fprintf(stderr,
                "shrike replay: %llu lines lost: a single stretch of the input said more than "
                "memory holds\n",
                (unsigned long long)pipeline_counts->lost_lines);
        replay->has_lost = true;
    }
    write_stats(replay, &stats);
    close_sink(replay, SINK_EVE);
    close_sink(replay, SINK_TEXT);
    write_pcap(replay, &stats);
    for (size_t i = 0; i < capture_warning_count(replay->capture); i++)
        fprintf(stderr, "shrike replay: warning: %s\n", capture_warning(replay->capture, i));
    if (!replay->options.quiet)
        summary_print(stderr, &stats, replay->pipeline, replay->set, seconds_now() - started);
}

static int exit_status(const struct replay *replay)
{
    if (replay->has_lost)
        return STATUS_OUTPUT;
    if (replay->is_broken)
        return STATUS_INPUT;
    return replay->options.fail_on_alert && replay->alerts > 0 ? STATUS_FOUND : STATUS_OK;
}

int replay_command(int argc, char **argv)
{
    struct replay replay = {0};
    const struct sigaction interrupt = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};

    int status = replay_options_parse(&replay.options, argc, argv);
    if (status == -1)
        status = check_pcap_out(&replay.options);
    if (status != -1)
        return status;
    buf_init(&replay.counted, SIZE_MAX / 2);
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGTERM, &interrupt, NULL);
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
    capture_close(replay.capture);
    ruleset_release(replay.set);
    alert_notes_clear(&replay.notes);
    buf_clear(&replay.counted);
    return status;
}
