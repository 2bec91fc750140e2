/* SPDX-License-Identifier: BSD-3-Clause */
/* A TCP flow under test: segments in, and what the sink was told. */
#ifndef SHRIKE_TESTS_UNIT_TCP_RECORDER_H
#define SHRIKE_TESTS_UNIT_TCP_RECORDER_H

#include <stdio.h>

#include "tcp/tcp.h"
#include "unit/flow_packets.h"

enum { RECORD_MAX = 1 << 21, ANOMALIES_MAX = 4096, CLIENT_ISN = 1000, SERVER_ISN = 5000 };

struct recorder {
    struct budget flow_budget, budget;
    struct flow_table *table;
    struct tcp *tcp;
    struct flow *flow; /* of the last packet */
    uint8_t *bytes[2];
    size_t len[2];
    uint64_t missing[2];
    unsigned gaps[2], ends[2], calls[2];
    enum anomaly anomalies[ANOMALIES_MAX];
    size_t anomaly_count;
    bool ignore_at_first; /* tcp_ignore() from within data() */
    bool is_finished;     /* packets must be NULL now */
    uint64_t number;
    uint32_t ended_pkts; /* of the last flow that ended, both ways */
    char story[4096];    /* what was handed on, both ways: >up <down >#lost bytes */
    size_t story_len;
};

/* Bytes beyond the room are left out: tests of many bytes look at them, not at the story. */
static void record_story(struct recorder *r, enum direction direction, struct view bytes)
{
    if (r->story_len + bytes.len + 2 > sizeof(r->story))
        return;
    r->story[r->story_len++] = direction == TO_SERVER ? '>' : '<';
    memcpy(r->story + r->story_len, bytes.data, bytes.len);
    r->story_len += bytes.len;
}

static void record_data(void *context, struct flow *flow, enum direction direction,
                        struct view bytes, const struct packet *packet)
{
    struct recorder *r = context;
    assert_int_equal(r->ends[direction], 0);
    assert_true(bytes.len > 0 && (packet == NULL) == r->is_finished);
    assert_true(r->len[direction] + bytes.len <= RECORD_MAX);
    memcpy(r->bytes[direction] + r->len[direction], bytes.data, bytes.len);
    r->len[direction] += bytes.len;
    r->calls[direction]++;
    record_story(r, direction, bytes);
    if (r->ignore_at_first)
        tcp_ignore(r->tcp, flow, direction);
}

static void record_gap(void *context, struct flow *flow, enum direction direction, uint64_t missing,
                       const struct packet *packet)
{
    struct recorder *r = context;
    (void)packet;
    assert_int_equal(r->ends[direction], 0);
    assert_true(missing > 0 && flow->flags & FLOW_GAP);
    r->missing[direction] += missing;
    r->gaps[direction]++;
    char text[24];
    int len = snprintf(text, sizeof(text), "#%u", (unsigned)missing);
    record_story(r, direction, view_make(text, (size_t)len));
}

static void record_end(void *context, struct flow *flow, enum direction direction,
                       const struct packet *packet)
{
    struct recorder *r = context;
    (void)flow;
    (void)packet;
    r->ends[direction]++;
}

static void record_anomaly(void *context, struct flow *flow, const struct packet *packet,
                           enum anomaly anomaly)
{
    struct recorder *r = context;
    assert_non_null(flow);
    assert_non_null(packet);
    if (r->anomaly_count < ANOMALIES_MAX)
        r->anomalies[r->anomaly_count++] = anomaly;
}

static void record_flow_end(void *context, struct flow *flow, enum flow_reason reason)
{
    struct recorder *r = context;
    (void)reason;
    r->ended_pkts = flow->side[TO_SERVER].pkts + flow->side[TO_CLIENT].pkts;
    tcp_finish(r->tcp, flow);
    assert_true(r->ends[0] <= 1 && r->ends[1] <= 1);
    r->ends[0] = r->ends[1] = 0; /* the next flow's */
}

static inline struct recorder *recorder_new(const struct tcp_options *options,
                                            bool refuse_midstream)
{
    struct recorder *r = memory_new(1, sizeof(*r));
    const struct flow_table_options table_options = {
        .budget = &r->flow_budget,
        .refuse_midstream = refuse_midstream,
    };
    const struct stream_sink sink = {record_data, record_gap, record_end, record_anomaly, r};
    struct tcp_options own = *options;
    own.budget = &r->budget;
    r->bytes[0] = memory_new(RECORD_MAX, 1);
    r->bytes[1] = memory_new(RECORD_MAX, 1);
    r->table = flow_table_new(&table_options, record_flow_end, r);
    r->tcp = tcp_new(&own, r->table, &sink);
    return r;
}

static inline void recorder_finish(struct recorder *r)
{
    r->is_finished = true;
    flow_table_finish(r->table);
}

static inline void recorder_free(struct recorder *r)
{
    recorder_finish(r);
    tcp_free(r->tcp);
    flow_table_free(r->table);
    assert_int_equal(r->budget.used, 0);
    assert_int_equal(r->flow_budget.used, 0);
    memory_free(r->bytes[0]);
    memory_free(r->bytes[1]);
    memory_free(r);
}

static inline void recorder_give(struct recorder *r, const struct packet *packet)
{
    enum direction direction;
    r->flow = flow_table_packet(r->table, packet, &direction);
    assert_non_null(r->flow);
    tcp_packet(r->tcp, r->flow, packet, direction);
}

/* `seq` and `ack` count from the initial numbers: 1 is the first byte. */
static inline struct packet recorder_packet(struct recorder *r, enum direction direction,
                                            uint8_t flags, uint32_t seq, uint32_t ack,
                                            const void *bytes, size_t len)
{
    bool up = direction == TO_SERVER;
    struct packet packet = up ? test_packet(IP_TCP, 0x0a000001, 50000, 0x0a000002, 80)
                              : test_packet(IP_TCP, 0x0a000002, 80, 0x0a000001, 50000);
    packet.number = ++r->number;
    packet.tcp_flags = flags;
    packet.seq = seq + (up ? CLIENT_ISN : SERVER_ISN);
    packet.ack = flags & TCP_ACK ? ack + (up ? SERVER_ISN : CLIENT_ISN) : 0;
    packet.payload = bytes;
    packet.payload_len = (uint32_t)len;
    return packet;
}

static inline void recorder_send(struct recorder *r, enum direction direction, uint8_t flags,
                                 uint32_t seq, uint32_t ack, const char *text)
{
    struct packet packet = recorder_packet(r, direction, flags, seq, ack, text, strlen(text));
    recorder_give(r, &packet);
}

static inline void recorder_handshake(struct recorder *r)
{
    recorder_send(r, TO_SERVER, TCP_SYN, 0, 0, "");
    recorder_send(r, TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, "");
    recorder_send(r, TO_SERVER, TCP_ACK, 1, 1, "");
}

static inline void assert_bytes(const struct recorder *r, enum direction direction,
                                const char *text)
{
    assert_int_equal(r->len[direction], strlen(text));
    assert_memory_equal(r->bytes[direction], text, strlen(text));
}

static inline uint32_t random_below(uint64_t *state, uint32_t bound)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % bound;
}

static inline bool has_anomaly(const struct recorder *r, enum anomaly anomaly)
{
    for (size_t i = 0; i < r->anomaly_count; i++) {
        if (r->anomalies[i] == anomaly)
            return true;
    }
    return false;
}

#endif
