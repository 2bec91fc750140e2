/* SPDX-License-Identifier: BSD-3-Clause */
/* Summary: counters in a few lines, zero lines left out, alerts by rule with the most first. */
#include "hosts/cli/summary.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/readable.h"

struct run_stats summary_stats(const struct pipeline_stats *stats)
{
    struct run_stats sum = {
        .decode = stats->decode, .first_us = stats->first_us, .last_us = stats->last_us};

    for (unsigned i = 0; i < stats->worker_count; i++) {
        const struct worker_stats *worker = &stats->workers[i];
        struct run_stats part = {
            .flow = worker->flow,
            .tcp = worker->tcp,
            .proto = worker->proto,
            .match = worker->match,
            .flow_memory = worker->flow_memory.used,
            .flow_memory_peak = worker->flow_memory.peak,
            .reassembly_memory = worker->reassembly_memory.used,
            .reassembly_memory_peak = worker->reassembly_memory.peak,
            .proto_memory = worker->proto_memory.used,
            .proto_memory_peak = worker->proto_memory.peak,
            .stream_memory = worker->stream_memory.used,
            .stream_memory_peak = worker->stream_memory.peak,
        };
        memcpy(part.logged, worker->logged, sizeof(part.logged));
        run_stats_add(&sum, &part);
    }
    sum.match.alerts -= stats->suppressed;
    sum.match.suppressed += stats->suppressed;
    return sum;
}

struct filter_count *summary_filters(const struct pipeline *pipeline, const struct ruleset *set,
                                     struct run_stats *stats)
{
    size_t count = ruleset_filter_count(set);
    struct filter_count *filters = memory_new(count + 1, sizeof(*filters));

    for (size_t i = 0; i < count; i++)
        filters[i] =
            (struct filter_count){ruleset_filter(set, i), pipeline_filter_silenced(pipeline, i)};
    stats->filters = filters;
    stats->filter_count = count;
    return filters;
}

struct rule_count {
    const struct rule_info *rule;
    uint64_t alerts, suppressed;
    uint64_t silent; /* `alert: false`: how often it was true */
};

static int by_alerts(const void *left, const void *right)
{
    const struct rule_count *a = left, *b = right;
    if (a->alerts != b->alerts)
        return a->alerts > b->alerts ? -1 : 1;
    if (a->silent != b->silent)
        return a->silent == 0 || (b->silent != 0 && a->silent > b->silent) ? -1 : 1;
    return (a->rule->index > b->rule->index) - (a->rule->index < b->rule->index);
}

static void print_rules(FILE *out, const struct pipeline *pipeline, const struct ruleset *set)
{
    size_t rules = ruleset_count(set), fired = 0;
    struct rule_count *counts = memory_new(rules, sizeof(*counts));

    for (size_t i = 0; i < rules; i++) {
        uint64_t alerts = pipeline_rule_alerts(pipeline, i);
        uint64_t suppressed = pipeline_rule_suppressed(pipeline, i);
        uint64_t silent = ruleset_rule(set, i)->is_silent ? pipeline_rule_held(pipeline, i) : 0;
        if (alerts > 0 || suppressed > 0 || silent > 0)
            counts[fired++] = (struct rule_count){ruleset_rule(set, i), alerts, suppressed, silent};
    }
    if (fired > 1)
        qsort(counts, fired, sizeof(*counts), by_alerts);
    for (size_t i = 0; i < fired; i++) {
        fprintf(out, "  %8" PRIu64 "  %-13s ", counts[i].alerts + counts[i].silent,
                counts[i].silent > 0 ? "held" : counts[i].rule->level);
        readable_print(out, counts[i].rule->title);
        if (counts[i].suppressed > 0)
            fprintf(out, "  (+%" PRIu64 " suppressed)", counts[i].suppressed);
        if (counts[i].silent > 0)
            fputs("  (alert: false)", out);
        fputc('\n', out);
    }
    memory_free(counts);
}

/* Only filters that silenced something: each with its reason and how long it will. */
static void print_filters(FILE *out, const struct run_stats *stats)
{
    for (size_t i = 0; i < stats->filter_count; i++) {
        const struct filter_info *filter = stats->filters[i].filter;
        if (stats->filters[i].silenced == 0)
            continue;
        fprintf(out, "  %8" PRIu64 "  silenced by    ", stats->filters[i].silenced);
        readable_print(out, filter->title);
        if (filter->reason[0] != '\0') {
            fputs(": ", out);
            readable_print(out, filter->reason);
        }
        if (filter->expires[0] != '\0') {
            fputs("  (until ", out);
            readable_print(out, filter->expires);
            fputc(')', out);
        }
        fputc('\n', out);
    }
}

static void print_line(FILE *out, const char *name, uint64_t number, const char *note)
{
    if (number > 0)
        fprintf(out, "  %8" PRIu64 "  %s%s\n", number, name, note);
}

static uint64_t memory_errors(const struct proto_stats *stats)
{
    uint64_t sum = 0;
    for (enum proto_id id = PROTO_UNKNOWN; id < PROTO_COUNT; id++)
        sum += stats->memory_errors[id];
    return sum;
}

static void print_loss(FILE *out, const struct run_stats *stats)
{
    const struct decode_stats *decode = &stats->decode;

    print_line(out, "frames with something malformed", decode->malformed, " (--log anomaly)");
    print_line(out, "anomalies left out", decode->anomalies_left_out, " (beyond 15 a packet)");
    print_line(out, "packets thrown away as hosts do", decode->discarded, " (--log anomaly)");
    print_line(out, "datagrams joined from fragments", decode->reassembled + decode->reassembled6,
               "");
    print_line(out, "datagrams not whole in time",
               decode->fragment_timeouts + decode->fragment_timeouts6, "");
    print_line(out, "fragments that overlap", decode->fragment_overlaps, " (--fragment-overlap)");
    print_line(out, "fragments without room", decode->fragment_drops, " (32 MiB)");
    print_line(out, "fragments cut by the snap length", decode->fragment_cuts, "");
    print_line(out, "gaps in TCP streams", stats->tcp.gaps, "");
    print_line(out, "TCP segments dropped", stats->tcp.dropped_segments, " (--memcap-reassembly)");
    print_line(out, "flows evicted", stats->flow.evicted, " (--memcap-flow)");
    print_line(out, "packets without a flow record", stats->flow.refused, " (--memcap-flow)");
    print_line(out, "packets without memory for parsers", memory_errors(&stats->proto),
               " (--memcap-protocols)");
    print_line(out, "bytes of streams not scanned", stats->match.stream_bytes_skipped,
               " (--memcap-streams)");
    print_line(out, "marks of flows lost", stats->match.marks_lost, " (--memcap-streams)");
    print_line(out, "values not asked of a stream", stats->match.windows_lost,
               " (--memcap-streams)");
    print_line(out, "regular expressions given up", stats->match.confirm_limit_hits, "");
    print_line(out, "values too large to transform", stats->match.variants_left_out, "");
    print_line(out, "list entries met before their valid_from", stats->match.early_hits, "");
    print_line(out, "scans that Hyperscan failed", stats->match.scan_errors, "");
}

static void print_memory(FILE *out, const struct run_stats *stats)
{
    fprintf(out,
            "peak memory: flows %.1f MB, reassembly %.1f MB, protocols %.1f MB, streams %.1f MB\n",
            (double)stats->flow_memory_peak / 1e6, (double)stats->reassembly_memory_peak / 1e6,
            (double)stats->proto_memory_peak / 1e6, (double)stats->stream_memory_peak / 1e6);
}

void summary_print(FILE *out, const struct run_stats *stats, const struct pipeline *pipeline,
                   const struct ruleset *set, double seconds)
{
    double span = (double)clock_since(stats->last_us, stats->first_us) / 1e6;

    fprintf(out, "%" PRIu64 " packets, %" PRIu64 " bytes, %.0f s of traffic in %.2f s",
            stats->decode.pkts, stats->decode.bytes, span, seconds);
    if (seconds > 0)
        fprintf(out, " (%.0f packets/s, %.1f MB/s)", (double)stats->decode.pkts / seconds,
                (double)stats->decode.bytes / 1e6 / seconds);
    fprintf(out, "\n%" PRIu64 " flows:", stats->flow.total);
    for (enum proto_id id = PROTO_FAILED + 1; id < PROTO_COUNT; id++) {
        if (stats->proto.flows[id] > 0)
            fprintf(out, " %s %" PRIu64 " (%" PRIu64 " transactions)", proto_name(id),
                    stats->proto.flows[id], stats->proto.transactions[id]);
    }
    fputc('\n', out);
    print_memory(out, stats);
    print_loss(out, stats);
    fprintf(out, "%" PRIu64 " alerts", stats->match.alerts);
    if (stats->match.suppressed > 0)
        fprintf(out, " (+%" PRIu64 " suppressed)", stats->match.suppressed);
    if (stats->match.silenced > 0)
        fprintf(out, " (+%" PRIu64 " silenced)", stats->match.silenced);
    fprintf(out, " of %zu rules\n", set ? ruleset_count(set) : 0);
    if (set != NULL)
        print_rules(out, pipeline, set);
    print_filters(out, stats);
}
