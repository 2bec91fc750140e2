/* SPDX-License-Identifier: BSD-3-Clause */
/* Run statistics: structs that hold nothing but 64-bit counters are added word by word. */
#include "output/stats.h"

static void add_words(void *sum, const void *part, size_t size)
{
    uint64_t *to = sum;
    const uint64_t *from = part;
    for (size_t i = 0; i < size / sizeof(uint64_t); i++)
        to[i] += from[i];
}

void run_stats_add(struct run_stats *sum, const struct run_stats *part)
{
    static_assert(sizeof(struct flow_stats) % sizeof(uint64_t) == 0, "counters only");
    static_assert(sizeof(struct tcp_stats) % sizeof(uint64_t) == 0, "counters only");
    static_assert(sizeof(struct proto_stats) % sizeof(uint64_t) == 0, "counters only");
    static_assert(sizeof(struct match_stats) % sizeof(uint64_t) == 0, "counters only");

    add_words(&sum->flow, &part->flow, sizeof(sum->flow));
    add_words(&sum->tcp, &part->tcp, sizeof(sum->tcp));
    add_words(&sum->proto, &part->proto, sizeof(sum->proto));
    add_words(&sum->match, &part->match, sizeof(sum->match));
    add_words(sum->logged, part->logged, sizeof(sum->logged));
    sum->flow_memory += part->flow_memory;
    sum->flow_memory_peak += part->flow_memory_peak;
    sum->reassembly_memory += part->reassembly_memory;
    sum->reassembly_memory_peak += part->reassembly_memory_peak;
    sum->proto_memory += part->proto_memory;
    sum->proto_memory_peak += part->proto_memory_peak;
    sum->stream_memory += part->stream_memory;
    sum->stream_memory_peak += part->stream_memory_peak;
}
