/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow table: from a packet to its flow, and every flow's end.
 *
 * Structure  flow_key   the packet's key and its keyed hash
 *            flow_index hash -> record number (buckets of a cache line, split one at a time)
 *            flow_records record number -> struct flow (slabs, nothing moves)
 *            flow_timer deadlines
 * Client     TCP: the SYN's sender; a SYN+ACK's receiver; else (midstream) the side with a port of
 *            1024 or more when only the other's is below; else, and for all other protocols, the
 *            first packet's sender. Suricata goes by SYN and SYN+ACK alone: midstream
 *            directions may differ from it where the first packet comes from port 80.
 * Memory     192 bytes a record, 16 to 20 a bucket share, 96 of TCP state elsewhere.
 * Prefetch   a packet announced 8 ahead: bucket at once, record 3 later, TCP state 6 later.
 */
#include "flow/flow_table.h"

#include "base/hash.h"
#include "flow/flow_index.h"
#include "flow/flow_key.h"
#include "flow/flow_reuse.h"
#include "flow/flow_timer.h"
#include "flow/tcp_flow.h"

enum { AHEAD = 8, RECORD_LAG = 3, TCP_LAG = 6, WELL_KNOWN_PORTS = 1024 };
static_assert(TCP_LAG < AHEAD, "the ring holds what the last stage looks at");

/* A capture's clock that goes back this far was set; less is packets out of order. */
#define CLOCK_SET_US INT64_C(60000000)

struct ahead {
    uint64_t hash;
    bool has_payload;        /* protocols and rules will read the third line too */
    const struct flow *flow; /* found in the second stage; its record outlives the flow */
};

struct flow_table {
    struct flow_hash_key key;
    struct flow_index index;
    struct flow_records records;
    struct ahead ahead[AHEAD];
    unsigned ahead_at;
    uint16_t vlan_mask; /* 0: VLANs are no part of the key */
    bool refuses_midstream;
    bool is_ready; /* the first buckets and records fitted into the budget */
    flow_end_fn *end;
    void *context;
    struct flow_stats stats;
    struct flow_timeouts timeouts;
    struct flow_timers timers;
};

/* ---- life ------------------------------------------------------------------------------------------ */

static uint32_t or_default(uint32_t seconds, uint32_t otherwise)
{
    return seconds != 0 ? seconds : otherwise;
}

static struct flow_timeouts with_defaults(const struct flow_timeouts *given)
{
    return (struct flow_timeouts){
        .tcp_new = or_default(given->tcp_new, 60),
        .tcp_established = or_default(given->tcp_established, 600),
        .tcp_closed = or_default(given->tcp_closed, 60),
        .udp_new = or_default(given->udp_new, 30),
        .udp_established = or_default(given->udp_established, 300),
        .icmp_new = or_default(given->icmp_new, 30),
        .icmp_established = or_default(given->icmp_established, 300),
        .other_new = or_default(given->other_new, 30),
        .other_established = or_default(given->other_established, 300),
    };
}

struct flow_table *flow_table_new(const struct flow_table_options *options, flow_end_fn *end,
                                  void *context)
{
    struct flow_table *table = memory_new(1, sizeof(*table));

    assert(options->budget != NULL && end != NULL);
    table->key = flow_hash_key_new();
    table->end = end;
    table->context = context;
    table->refuses_midstream = options->refuse_midstream;
    table->vlan_mask = options->joins_vlans ? 0 : UINT16_MAX;
    table->timeouts = with_defaults(&options->timeouts);
    flow_records_init(&table->records, options->budget);
    table->is_ready = flow_index_init(&table->index, &table->records, options->budget) == 0 &&
                      flow_records_reserve(&table->records) == 0;
    flow_timers_init(&table->timers, &table->records, &table->timeouts, 0);
    return table;
}

bool flow_table_is_ready(const struct flow_table *table)
{
    return table->is_ready;
}

void flow_table_free(struct flow_table *table)
{
    if (table == NULL)
        return;
    flow_index_clear(&table->index);
    flow_records_clear(&table->records);
    memory_free(table);
}

const struct flow_stats *flow_table_stats(const struct flow_table *table)
{
    return &table->stats;
}

bool flow_table_refuses_midstream(const struct flow_table *table)
{
    return table->refuses_midstream;
}

/* ---- look-up ---------------------------------------------------------------------------------------- */

static struct flow *find(const struct flow_table *table, const struct packet *packet,
                         const struct flow_key *key, uint64_t hash, enum direction *direction)
{
    uint16_t tag = tag_of(hash);

    for (const struct bucket *bucket = index_bucket(&table->index, (uint32_t)hash); bucket != NULL;
         bucket = bucket_next(&table->index, bucket)) {
        unsigned candidates = bucket_candidates(bucket, tag);
        for (; candidates != 0; candidates &= candidates - 1) {
            uint32_t record = bucket->records[__builtin_ctz(candidates)];
            struct flow *flow = flow_record(&table->records, record);
            if (flow_matches(flow, packet, key, direction))
                return flow;
        }
    }
    return NULL;
}

/* Second stage: the bucket has come, so a tag says which record will be wanted. */
static void prefetch_record(struct flow_table *table, struct ahead *ahead)
{
    const struct bucket *bucket = index_bucket(&table->index, (uint32_t)ahead->hash);
    unsigned candidates = bucket_candidates(bucket, tag_of(ahead->hash));

    if (candidates == 0)
        return;
    uint32_t record = bucket->records[__builtin_ctz(candidates)];
    ahead->flow = flow_record(&table->records, record);
    const char *lines = (const char *)ahead->flow;
    __builtin_prefetch(lines, 1);
    __builtin_prefetch(lines + 64, 1);
    if (ahead->has_payload)
        __builtin_prefetch(lines + 128);
}

void flow_table_prefetch(struct flow_table *table, const struct packet *packet)
{
    if (!(packet->flags & PACKET_HAS_TRANSPORT) || !table->is_ready)
        return;
    struct flow_key key = flow_key_of(packet, table->vlan_mask);
    unsigned at = table->ahead_at++;
    struct ahead *now = &table->ahead[at % AHEAD];
    *now = (struct ahead){
        .hash = flow_hash(&table->key, &key),
        .has_payload = packet->payload_len > 0,
    };
    __builtin_prefetch(index_bucket(&table->index, (uint32_t)now->hash));
    prefetch_record(table, &table->ahead[(at - RECORD_LAG) % AHEAD]);
    const struct flow *earlier = table->ahead[(at - TCP_LAG) % AHEAD].flow;
    if (earlier != NULL && earlier->tcp != NULL) {
        __builtin_prefetch(earlier->tcp, 1);
        __builtin_prefetch((const char *)(earlier->tcp + 1) - 1, 1);
    }
}

/* ---- the end of flows ------------------------------------------------------------------------------- */

static void count_end(struct flow_stats *stats, enum flow_reason reason)
{
    stats->active--;
    switch (reason) {
    case FLOW_REASON_TIMEOUT:
        stats->timed_out++;
        break;
    case FLOW_REASON_CLOSED:
        stats->closed++;
        break;
    case FLOW_REASON_EVICTED:
        stats->evicted++;
        break;
    case FLOW_REASON_SHUTDOWN:
        stats->shutdown++;
        break;
    }
}

/* What nothing has proved to be another flow's is this one's. */
static void settle_claim(struct flow_table *table, struct flow *flow)
{
    const struct flow *claim = flow_table_claim(table, flow);

    if (claim == NULL)
        return;
    bool is_same = claim->client_port == flow->client_port &&
                   address_compare(&claim->client, &flow->client) == 0;
    for (unsigned i = 0; i < 2; i++) {
        struct flow_side *side = &flow->side[is_same ? i : 1 - i];
        side->pkts += claim->side[i].pkts;
        side->bytes += claim->side[i].bytes;
        side->tcp_flags |= claim->side[i].tcp_flags;
    }
    if (claim->last_us > flow->last_us)
        flow->last_us = claim->last_us;
    if (flow_last_number(claim) > flow_last_number(flow))
        flow_set_last_number(flow, flow_last_number(claim));
    flow_records_give(&table->records, flow->claim);
    flow->claim = FLOW_NONE;
}

/* The flow must be off the wheel. Its record is free afterwards. */
static void end_flow(struct flow_table *table, uint32_t record, enum flow_reason reason)
{
    struct flow *flow = flow_record(&table->records, record);

    assert(flow->timer_slot == FLOW_NO_SLOT);
    settle_claim(table, flow);
    count_end(&table->stats, reason);
    table->end(table->context, flow, reason);
    flow_index_remove(&table->index, flow->hash, flow);
    flow_records_give(&table->records, record);
}

static void end_list(struct flow_table *table, uint32_t first, enum flow_reason reason)
{
    first = flow_list_sort(&table->records, first);
    while (first != FLOW_NONE) {
        uint32_t next = flow_record(&table->records, first)->timer_next;
        end_flow(table, first, reason);
        first = next;
    }
}

void flow_table_tick(struct flow_table *table, int64_t now_us)
{
    end_list(table, flow_timers_expire(&table->timers, now_us), FLOW_REASON_TIMEOUT);
}

void flow_table_finish(struct flow_table *table)
{
    end_list(table, flow_timers_take_all(&table->timers), FLOW_REASON_SHUTDOWN);
    assert(table->stats.active == 0);
}

/* A record: a free one, else the one whose flow's deadline is nearest. */
static uint32_t take_record(struct flow_table *table)
{
    uint32_t record = flow_records_take(&table->records);
    if (record != FLOW_NONE)
        return record;
    uint32_t victim = flow_timers_nearest(&table->timers);
    if (victim == FLOW_NONE)
        return FLOW_NONE;
    end_flow(table, victim, FLOW_REASON_EVICTED);
    return flow_records_take(&table->records);
}

/* ---- the beginning of a flow ------------------------------------------------------------------------ */

static bool comes_from_server(const struct packet *packet)
{
    if (packet->ip_proto == IP_TCP && packet->tcp_flags & TCP_SYN)
        return (packet->tcp_flags & TCP_ACK) != 0;
    return packet->src_port < WELL_KNOWN_PORTS && packet->dst_port >= WELL_KNOWN_PORTS;
}

static void set_endpoints(struct flow *flow, const struct packet *packet, bool is_reply)
{
    flow->client = is_reply ? packet->dst : packet->src;
    flow->server = is_reply ? packet->src : packet->dst;
    flow->client_port = is_reply ? packet->dst_port : packet->src_port;
    flow->server_port = is_reply ? packet->src_port : packet->dst_port;
    int order = address_compare(&flow->client, &flow->server);
    if (order > 0 || (order == 0 && flow->client_port > flow->server_port))
        flow->flags |= FLOW_IS_SWAPPED;
}

/* Equal on every run and machine: unkeyed, bytes in a fixed order, no padding. */
static uint64_t make_id(const struct flow *flow)
{
    uint8_t bytes[16 + 16 + 8 + 8 + 8 + 8];
    const uint64_t words[] = {
        (uint64_t)flow->client_port << 48 | (uint64_t)flow->server_port << 32 | flow->tunnel_id,
        (uint64_t)flow->vlan[2] << 32 | (uint64_t)flow->vlan[0] << 16 | flow->vlan[1],
        (uint64_t)flow->icmp_key << 16 | (uint64_t)flow->ip_version << 8 | flow->ip_proto,
        (uint64_t)flow->start_us,
    };
    static_assert(sizeof(bytes) == 2 * sizeof(struct address) + sizeof(words), "all of it");
    memcpy(bytes, &flow->client, sizeof(flow->client));
    memcpy(bytes + 16, &flow->server, sizeof(flow->server));
    memcpy(bytes + 32, words, sizeof(words));
    uint64_t id = hash_plain(bytes, sizeof(bytes)) & ((UINT64_C(1) << 53) - 1);
    return id != 0 ? id : 1;
}

static void count_start(struct flow_stats *stats, const struct flow *flow)
{
    stats->total++;
    stats->active++;
    if (stats->active > stats->peak)
        stats->peak = stats->active;
    stats->midstream += (flow->flags & FLOW_MIDSTREAM) != 0;
    switch (flow->ip_proto) {
    case IP_TCP:
        stats->tcp++;
        break;
    case IP_UDP:
        stats->udp++;
        break;
    case IP_ICMP:
        stats->icmpv4++;
        break;
    case IP_ICMPV6:
        stats->icmpv6++;
        break;
    case IP_SCTP:
        stats->sctp++;
        break;
    default:
        stats->other++;
        break;
    }
}

static void init_flow(struct flow *flow, const struct packet *packet, const struct flow_key *key,
                      uint64_t hash, enum flow_reuse reuse)
{
    bool is_reply = reuse == REUSE_FOLLOWS ? (packet->tcp_flags & TCP_SYN) != 0 /* the SYN+ACK */
                                           : comes_from_server(packet);

    set_endpoints(flow, packet, is_reply);
    for (unsigned i = 0; i < PACKET_VLAN_MAX; i++)
        flow->vlan[i] = packet_vlan(packet, i);
    flow->vlan_count = packet->vlan_count;
    flow->tunnel_id = packet->tunnel_id;
    flow->ip_proto = packet->ip_proto;
    flow->ip_version = packet->ip_version;
    flow->icmp_type = packet->icmp_type;
    flow->icmp_code = packet->icmp_code;
    flow->icmp_key = key->icmp;
    flow->hash = (uint32_t)hash;
    flow->claim = FLOW_NONE;
    flow->last_us = flow->start_us = packet->time_us;
    flow->start_number = packet->number;
    flow->id = make_id(flow);
    if (reuse == REUSE_FOLLOWS)
        flow->flags |= FLOW_SYN_SEEN;
    else if (flow->ip_proto == IP_TCP && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
        flow->flags |= FLOW_MIDSTREAM;
}

/* A filled record becomes a flow of the table. */
static struct flow *add_flow(struct flow_table *table, uint32_t record, uint64_t hash)
{
    struct flow *flow = flow_record(&table->records, record);

    if (flow_index_add(&table->index, hash, record) != 0) {
        flow_records_give(&table->records, record);
        table->stats.refused++;
        return NULL;
    }
    flow_timers_link(&table->timers, record);
    count_start(&table->stats, flow);
    return flow;
}

static struct flow *begin_flow(struct flow_table *table, const struct packet *packet,
                               const struct flow_key *key, uint64_t hash, enum flow_reuse reuse)
{
    uint32_t record = take_record(table);

    if (record == FLOW_NONE) {
        table->stats.refused++;
        return NULL;
    }
    init_flow(flow_record(&table->records, record), packet, key, hash, reuse);
    return add_flow(table, record, hash);
}

/* `old` ends, and its packet begins another flow: the one that was claimed, if it was. */
static struct flow *follow_flow(struct flow_table *table, struct flow *old,
                                const struct packet *packet, const struct flow_key *key,
                                uint64_t hash, enum flow_reuse reuse)
{
    const struct flow *claimed = flow_table_claim(table, old);
    enum direction direction = packet->tcp_flags & TCP_SYN ? TO_CLIENT : TO_SERVER;
    uint32_t claim = FLOW_NONE;

    /* SYNs of both sides are on one claim: it is for the sender of the first. */
    if (reuse == REUSE_FOLLOWS && claimed != NULL && flow_direction(claimed, packet) == direction) {
        claim = old->claim;
        old->claim = FLOW_NONE;
        flow_record(&table->records, claim)->flags |= FLOW_SYN_SEEN;
    }
    end_flow(table, flow_timers_unlink(&table->timers, old), FLOW_REASON_CLOSED);
    return claim != FLOW_NONE ? add_flow(table, claim, hash)
                              : begin_flow(table, packet, key, hash, reuse);
}

const struct flow *flow_table_claim(const struct flow_table *table, const struct flow *flow)
{
    return flow->claim != FLOW_NONE ? flow_record(&table->records, flow->claim) : NULL;
}

/* The record on which a SYN is counted that may begin another flow than `flow`; without memory, `flow`. */
static struct flow *claim_flow(struct flow_table *table, struct flow *flow,
                               const struct packet *packet, const struct flow_key *key,
                               uint64_t hash)
{
    if (flow->claim == FLOW_NONE) {
        flow->claim = flow_records_take(&table->records);
        if (flow->claim == FLOW_NONE)
            return flow;
        init_flow(flow_record(&table->records, flow->claim), packet, key, hash, REUSE_CLAIMS);
    }
    return flow_record(&table->records, flow->claim);
}

/* ---- a packet ----------------------------------------------------------------------------------------- */

static enum flow_reuse reuse_of(const struct flow_table *table, const struct flow *flow,
                                const struct packet *packet, enum direction direction)
{
    /* What nearly every packet is. A rival SYN makes the other question worth asking. */
    if (flow->ip_proto != IP_TCP ||
        (!(packet->tcp_flags & TCP_SYN) &&
         (flow->tcp == NULL || !(flow->tcp->side[direction].flags & SIDE_HAS_RIVAL))))
        return REUSE_NONE;
    bool is_unread = table->refuses_midstream && flow->flags & FLOW_MIDSTREAM;
    return flow_reuse(flow, packet, direction, is_unread);
}

static void count_packet(struct flow_table *table, struct flow *flow, const struct packet *packet,
                         enum direction direction)
{
    struct flow_side *side = &flow->side[direction];

    side->bytes += packet->wire_len;
    side->pkts++;
    flow_set_last_number(flow, packet->number);
    if (flow->ip_proto == IP_TCP) {
        side->tcp_flags |= packet->tcp_flags;
    } else if (flow->state == FLOW_NEW && flow->side[direction_reverse(direction)].pkts > 0) {
        flow_set_state(table, flow, FLOW_ESTABLISHED);
    }
    int64_t ahead = 0;
    if (packet->time_us > flow->last_us ||
        __builtin_sub_overflow(flow->last_us, packet->time_us, &ahead) || ahead > CLOCK_SET_US)
        flow->last_us = packet->time_us;
}

struct flow *flow_table_packet(struct flow_table *table, const struct packet *packet,
                               enum direction *direction)
{
    if (!(packet->flags & PACKET_HAS_TRANSPORT))
        return NULL;
    if (!table->is_ready) {
        table->stats.refused++;
        return NULL;
    }
    struct flow_key key = flow_key_of(packet, table->vlan_mask);
    uint64_t hash = flow_hash(&table->key, &key);
    struct flow *flow = find(table, packet, &key, hash, direction);

    enum flow_reuse reuse = flow != NULL ? reuse_of(table, flow, packet, *direction) : REUSE_NONE;

    if (reuse == REUSE_CLAIMS) {
        struct flow *counted = claim_flow(table, flow, packet, &key, hash);
        count_packet(table, counted, packet, flow_direction(counted, packet));
        return flow;
    }
    bool is_new = flow == NULL || reuse != REUSE_NONE;
    if (flow == NULL)
        flow = begin_flow(table, packet, &key, hash, REUSE_NONE);
    else if (reuse != REUSE_NONE)
        flow = follow_flow(table, flow, packet, &key, hash, reuse);
    if (flow == NULL)
        return NULL;
    if (is_new || key.icmp != 0)
        *direction = flow_direction(flow, packet);
    count_packet(table, flow, packet, *direction);
    return flow;
}

void flow_set_state(struct flow_table *table, struct flow *flow, enum flow_state state)
{
    assert(state <= FLOW_CLOSED);
    if (flow->state == state)
        return;
    flow->state = (uint8_t)state;
    flow_timers_tighten(&table->timers, flow);
}
