/* SPDX-License-Identifier: BSD-3-Clause */
/* Worker: one packet's way through the floors. The file to read first is worker.c.
 *
 * Idea       a worker owns a share of all host pairs: their flows, reassembly, parsers and matching, so
 *            nothing on the packet path is shared and nothing is locked.
 * Time       the engine calls worker_tick() at the same points of the whole input for every worker,
 *            so that timeouts do not depend on how many workers there are.
 * Order      everything that a worker says carries a position that is the same for any number of
 *            workers; sorting by it merges their outputs into one.
 */
#ifndef SHRIKE_ENGINE_WORKER_H
#define SHRIKE_ENGINE_WORKER_H

#include "flow/flow_table.h"
#include "match/match.h"
#include "proto/proto.h"
#include "tcp/tcp.h"

/* Where in the input something was said. Compared member by member, in this order. */
struct position {
    uint64_t number; /* of the frame at hand; UINT64_MAX at the end of the input */
    uint64_t order;  /* 0: at the tick before the frame; 1...: the frame's packets and anomalies */
    uint64_t start_number; /* at a tick: first packet of the flow that ended; else 0 */
    uint64_t flow_id;      /* at a tick: breaks ties; else 0 */
    uint64_t sequence;     /* what was said there, counted from 0 */
};

int position_compare(const struct position *a, const struct position *b);

struct worker_callbacks {
    /* A rule matched. */
    void (*alert)(void *context, const struct position *position, const struct alert *alert);
    /* An event of a type in worker_options.log was completed. */
    void (*event)(void *context, const struct position *position, const struct event *event);
    /* With worker_options.flows_only: a packet and its flow, NULL when it has none. Called twice for a SYN
     * that may begin another flow. */
    void (*packet)(void *context, const struct packet *packet, const struct flow *flow);
    void *context;
};

struct worker_options {
    struct flow_timeouts timeouts;
    enum overlap_policy tcp_policy;
    bool refuse_midstream;
    bool joins_vlans;               /* VLANs are no part of a flow's key */
    size_t flow_budget_bytes;       /* 0: 512 MiB */
    size_t reassembly_budget_bytes; /* 0: 256 MiB */
    size_t proto_budget_bytes;      /* 0: 256 MiB */
    size_t stream_budget_bytes;     /* 0: 256 MiB */
    struct proto_limits limits;
    uint16_t community_id_seed;
    bool log[EVENT_COUNT]; /* event types to hand to callbacks.event */
    bool is_one_of_many;   /* see matcher_share() */
    bool flows_only; /* no protocols, no matching: who belongs to which flow (see --pcap-out) */
};

/* What happens to one decoded packet or anomaly. */
struct work {
    struct packet packet;
    enum anomaly anomaly; /* ANOMALY_NONE: a packet */
    uint32_t order;       /* position within its frame, from 1 */
};

struct worker_stats {
    struct flow_stats flow;
    struct tcp_stats tcp;
    struct proto_stats proto;
    struct match_stats match;
    uint64_t logged[EVENT_COUNT];
    uint64_t truncated_events;
    struct budget flow_memory, reassembly_memory, proto_memory, stream_memory;
};

struct worker;

/* With the default where a budget is 0: 512 MiB for flows, 256 MiB for each of the others. */
struct worker_options worker_options_complete(const struct worker_options *options);

/* `set` may be NULL: no rules. NULL with `error` set when the matcher cannot be made or a budget is too small
 * to work with. */
struct worker *worker_new(const struct ruleset *set, const struct worker_options *options,
                          const struct worker_callbacks *callbacks, struct error *error);
void worker_free(struct worker *worker); /* accepts NULL; ends no flow: use worker_finish() first */

/* Looks at what will be needed for a packet that comes soon. */
void worker_prefetch(struct worker *worker, const struct work *work);
void worker_work(struct worker *worker, const struct work *work);
/* Before frame `number`: the input's clock is at `time_us`. */
void worker_tick(struct worker *worker, int64_t time_us, uint64_t number);
/* End of input: ends every flow. `time_us` is the input's last time. */
void worker_finish(struct worker *worker, int64_t time_us);

void worker_stats(const struct worker *worker, struct worker_stats *out);
/* Alerts of rule `index` so far. */
uint64_t worker_rule_alerts(const struct worker *worker, size_t index);
/* How often it was true, whether it says so or not. */
uint64_t worker_rule_held(const struct worker *worker, size_t index);
uint64_t worker_rule_suppressed(const struct worker *worker, size_t index);
uint64_t worker_filter_silenced(const struct worker *worker, size_t index);
uint64_t worker_flow_count(const struct worker *worker); /* begun so far */

#endif
