/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP and flow table: bytes become packets with times, of a few endpoints and near sequence numbers.
 *
 * Input      first byte: options. Then records of 8 bytes: endpoints and way, flags, time step, seq
 *            (2), ack (1), length, extras.
 * Checked    end() once a direction and nothing after it; what is handed on never passes the sequence
 *            space that was sent; budgets hold, and are empty at the end. */
#include <stdlib.h>

#include "flow/tcp_flow.h"
#include "tcp/tcp.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

enum { FLOWS_MAX = 4096, RECORD_LEN = 8 };

struct seen {
    uint64_t bytes[2], ended[2];
};

struct fuzz {
    struct budget flow_budget, budget;
    struct flow_table *table;
    struct tcp *tcp;
    struct seen seen[FLOWS_MAX]; /* by flow->next_tx, which nobody else uses here */
    size_t flows;
    uint8_t options;
};

static struct seen *seen_of(struct fuzz *f, struct flow *flow)
{
    if (flow->next_tx == 0) {
        CHECK(f->flows + 1 < FLOWS_MAX);
        flow->next_tx = ++f->flows;
    }
    return &f->seen[flow->next_tx];
}

static void on_data(void *context, struct flow *flow, enum direction direction, struct view bytes,
                    const struct packet *packet)
{
    struct fuzz *f = context;
    struct seen *seen = seen_of(f, flow);
    uint8_t sum = 0;

    CHECK(bytes.len > 0 && seen->ended[direction] == 0);
    for (size_t i = 0; i < bytes.len; i++)
        sum = (uint8_t)(sum + bytes.data[i]);
    seen->bytes[direction] += bytes.len;
    if (sum == 77 && f->options & 8)
        tcp_ignore(f->tcp, flow, direction);
    if (sum == 78 && f->options & 8)
        tcp_ignore(f->tcp, flow, direction_reverse(direction));
    (void)packet;
}

static void on_gap(void *context, struct flow *flow, enum direction direction, uint64_t missing,
                   const struct packet *packet)
{
    struct seen *seen = seen_of(context, flow);
    (void)packet;
    CHECK(missing > 0 && seen->ended[direction] == 0);
    seen->bytes[direction] += missing;
}

static void on_stream_end(void *context, struct flow *flow, enum direction direction,
                          const struct packet *packet)
{
    struct seen *seen = seen_of(context, flow);
    (void)packet;
    CHECK(seen->ended[direction]++ == 0);
}

static void on_anomaly(void *context, struct flow *flow, const struct packet *packet,
                       enum anomaly anomaly)
{
    (void)context;
    CHECK(flow != NULL && packet != NULL && anomaly != ANOMALY_NONE && anomaly < ANOMALY_COUNT);
}

static void check_sides(struct fuzz *f, struct flow *flow)
{
    for (enum direction d = TO_SERVER; d <= TO_CLIENT; d++) {
        const struct seen *seen = seen_of(f, flow);
        CHECK(seen->bytes[d] <= flow->side[d].payload);
        if (flow->tcp != NULL && flow->tcp->side[d].flags & SIDE_HAS_NEXT) {
            const struct tcp_side *side = &flow->tcp->side[d];
            CHECK((uint32_t)flow->side[d].payload == side->next - side->isn - 1);
        }
    }
}

static void on_flow_end(void *context, struct flow *flow, enum flow_reason reason)
{
    struct fuzz *f = context;
    (void)reason;
    bool was_read = flow->tcp != NULL;
    tcp_finish(f->tcp, flow);
    if (was_read && !(flow->flags & FLOW_MIDSTREAM && f->options & 4))
        CHECK(seen_of(f, flow)->ended[0] == 1 && seen_of(f, flow)->ended[1] == 1);
    CHECK(flow->tcp == NULL);
}

static struct packet packet_of(const uint8_t *at, const uint8_t *payload, size_t left,
                               int64_t *time_us)
{
    static const uint32_t bases[] = {1000, 0xffffff00, 0x7fffff80, 5};
    bool up = (at[0] & 1) != 0;
    uint8_t pair = at[0] >> 1 & 3;
    size_t len = at[6] & 0x80 ? (size_t)(at[6] & 0x7f) * 64 : at[6];

    *time_us += at[2] & 0x80 ? ((int64_t)(int8_t)at[2] + 64) * 10000000 : (int64_t)at[2] * 1000;
    struct packet packet = {
        .time_us = *time_us,
        .number = 1 + (uint64_t)left,
        .payload = payload,
        .payload_len = (uint32_t)(len < left ? len : left),
        .frame_len = 1000,
        .wire_len = 1000,
        .ip_version = 4,
        .ip_proto = IP_TCP,
        .tcp_flags = at[1],
        .flags = PACKET_HAS_TRANSPORT,
    };
    const uint8_t client[4] = {10, 0, 0, (uint8_t)(at[0] >> 3)}, server[4] = {10, 0, 1, 1};
    packet.src = address_from_v4(up ? client : server);
    packet.dst = address_from_v4(up ? server : client);
    packet.src_port = up ? 50000 : 80;
    packet.dst_port = up ? 80 : 50000;
    packet.seq = bases[pair] + (uint32_t)(at[3] << 8 | at[4]) % 2048;
    packet.ack = at[1] & TCP_ACK ? bases[pair] + (uint32_t)at[5] * 8 : 0;
    if (at[7] == 1) {
        packet.flags |= PACKET_CUT;
        packet.wire_len += at[4];
    }
    if (at[7] == 2)
        packet.seq += UINT32_C(1) << 30;
    if (at[7] == 3)
        packet.ack += UINT32_C(1) << 31;
    if (at[7] & 0x40) {
        packet.flags |= PACKET_HAS_TIMES;
        packet.time_sent = at[7] & 7;
        packet.time_echoed = at[7] >> 3 & 7;
    }
    if (at[7] & 0x80) {
        packet.window_scale = at[7] & 15;
        packet.window = (uint16_t)(at[5] << 4);
    }
    return packet;
}

static void run(struct fuzz *f, const uint8_t *data, size_t size)
{
    int64_t time_us = INT64_C(1700000000000000);

    while (size >= RECORD_LEN && f->flows < FLOWS_MAX - 64) {
        struct packet packet = packet_of(data, data + RECORD_LEN, size - RECORD_LEN, &time_us);
        enum direction direction;
        if (data[7] == 4)
            flow_table_tick(f->table, time_us);
        flow_table_prefetch(f->table, &packet);
        struct flow *flow = flow_table_packet(f->table, &packet, &direction);
        if (flow != NULL) {
            CHECK(direction == flow_direction(flow, &packet));
            tcp_packet(f->tcp, flow, &packet, direction);
            check_sides(f, flow);
        }
        CHECK(f->budget.used <= f->budget.limit || f->budget.limit == 0);
        /* Payloads overlap the records after them: every byte is both. */
        data += RECORD_LEN;
        size -= RECORD_LEN;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct fuzz *f = memory_new(1, sizeof(*f));
    f->options = data[0];
    f->budget.limit = data[0] & 0x10 ? 70000 + (size_t)data[0] * 64 : 0;
    f->flow_budget.limit = data[0] & 0x20 ? 200000 : 0;
    const struct flow_table_options table_options = {
        .budget = &f->flow_budget,
        .refuse_midstream = (data[0] & 4) != 0,
    };
    const struct tcp_options tcp_options = {
        .policy = data[0] & 3,
        .budget = &f->budget,
        .segments_max = data[0] & 0x40 ? 6 : 0,
        .waiting_bytes_max = data[0] & 0x80 ? 3000 : 0,
    };
    const struct stream_sink sink = {on_data, on_gap, on_stream_end, on_anomaly, f};
    f->table = flow_table_new(&table_options, on_flow_end, f);
    f->tcp = tcp_new(&tcp_options, f->table, &sink);
    run(f, data + 1, size - 1);
    flow_table_finish(f->table);
    CHECK(flow_table_stats(f->table)->active == 0);
    tcp_free(f->tcp);
    flow_table_free(f->table);
    CHECK(f->budget.used == 0 && f->flow_budget.used == 0);
    memory_free(f);
    return 0;
}
