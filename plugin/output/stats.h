/* SPDX-License-Identifier: BSD-3-Clause */
/* Run statistics: the counters of all rooms, added up over workers, for the stats record and the
 * summary at the end. */
#ifndef SHRIKE_OUTPUT_STATS_H
#define SHRIKE_OUTPUT_STATS_H

#include "flow/flow_table.h"
#include "match/match.h"
#include "packet/decode.h"
#include "proto/proto.h"
#include "tcp/tcp.h"

/* What one filter silenced. */
struct filter_count {
    const struct filter_info *filter;
    uint64_t silenced;
};

struct run_stats {
    struct decode_stats decode;
    struct flow_stats flow;
    struct tcp_stats tcp;
    struct proto_stats proto;
    struct match_stats match;
    uint64_t logged[EVENT_COUNT]; /* event records written */
    uint64_t flow_memory, flow_memory_peak;
    uint64_t reassembly_memory, reassembly_memory_peak;
    uint64_t proto_memory, proto_memory_peak;
    uint64_t stream_memory, stream_memory_peak;
    uint64_t output_lines, output_bytes, output_errors;
    int64_t first_us, last_us;          /* packet time */
    const struct filter_count *filters; /* the caller's; in the order of the rule set */
    size_t filter_count;
};

/* Adds the counters of one worker (all but decode, output and filters). */
void run_stats_add(struct run_stats *sum, const struct run_stats *part);

#endif
