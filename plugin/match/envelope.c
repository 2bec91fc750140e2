/* SPDX-License-Identifier: BSD-3-Clause */
/* Envelope: the fields that every event has, taken from its flow, or from its packet when there is
 * none. Source is the client and destination the server, whichever way the packet at hand went.
 * Values are made once an event, when first asked for. Marks of the flow change within one and are no values
 * (match/marks.c).
 */
#include "match/matcher.h"

#include <assert.h>

#include "base/clock.h"
#include "flow/tcp_flow.h"
#include "proto/proto.h"

static_assert(FIELD_FLOW_MARK - FIELD_SRC_IP + 1 == ENVELOPE_COUNT,
              "a slot for each envelope field");

static const char *proto_text(struct matcher *m, uint8_t ip_proto)
{
    switch (ip_proto) {
    case IP_TCP:
        return "tcp";
    case IP_UDP:
        return "udp";
    case IP_ICMP:
        return "icmp";
    case IP_ICMPV6:
        return "ipv6-icmp";
    case IP_SCTP:
        return "sctp";
    default:
        snprintf(m->proto_scratch, sizeof(m->proto_scratch), "%u", ip_proto);
        return m->proto_scratch;
    }
}

static uint32_t from_text(union value *out, const char *text)
{
    out->bytes = view_from_string(text);
    return 1;
}

static uint32_t from_number(union value *out, uint64_t number)
{
    out->number = (int64_t)number;
    return 1;
}

static uint32_t from_ip(union value *out, const struct address *ip)
{
    out->ip = *ip;
    return 1;
}

static uint32_t vlans(union value *out, const uint16_t *vlan, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        out[i].number = vlan[i];
    return count;
}

/* How many of its sequence numbers a side has used, the packet at hand among them. A side that was not seen has sent its SYN,
 * if the connection stands. */
static uint32_t tcp_size(const struct matcher *m, const struct flow *flow, enum direction direction,
                         union value *out)
{
    const struct packet *packet = m->event->packet;

    if (flow->tcp == NULL)
        return 0;
    const struct tcp_side *side = &flow->tcp->side[direction];
    bool is_known = (side->flags & SIDE_HAS_NEXT) != 0;
    uint32_t end = is_known && seq_diff(side->edge, side->next) > 0 ? side->edge : side->next;
    if (packet != NULL && packet->ip_proto == IP_TCP && flow_direction(flow, packet) == direction) {
        uint32_t begin = packet->seq + ((packet->tcp_flags & TCP_SYN) != 0);
        uint32_t own = begin + packet->payload_len + ((packet->tcp_flags & TCP_FIN) != 0);
        if (!is_known)
            return from_number(out, own - packet->seq + ((packet->tcp_flags & TCP_SYN) == 0));
        end = seq_diff(own, end) > 0 ? own : end;
    }
    return is_known ? from_number(out, end - side->isn) : from_number(out, flow->state != FLOW_NEW);
}

/* What only a flow knows. */
static uint32_t of_flow(struct matcher *m, const struct flow *flow, enum field_id field,
                        union value *out)
{
    const struct flow_side *side = flow->side;

    if (field == FIELD_FLOW_BYTES_TOSERVER)
        return from_number(out, side[TO_SERVER].bytes);
    if (field == FIELD_FLOW_BYTES_TOCLIENT)
        return from_number(out, side[TO_CLIENT].bytes);
    if (field == FIELD_FLOW_PKTS_TOSERVER)
        return from_number(out, side[TO_SERVER].pkts);
    if (field == FIELD_FLOW_PKTS_TOCLIENT)
        return from_number(out, side[TO_CLIENT].pkts);
    if (field == FIELD_FLOW_IS_ESTABLISHED)
        return from_number(out, flow->state != FLOW_NEW);
    if (field == FIELD_FLOW_TCP_SIZE_TOSERVER)
        return tcp_size(m, flow, TO_SERVER, out);
    if (field == FIELD_FLOW_TCP_SIZE_TOCLIENT)
        return tcp_size(m, flow, TO_CLIENT, out);
    if (field == FIELD_FLOW_ID)
        return from_number(out, flow->id);
    if (field == FIELD_FLOW_START)
        return from_number(out, (uint64_t)flow->start_us);
    if (field == FIELD_FLOW_AGE) {
        int64_t now = m->event->time_us > flow->start_us ? m->event->time_us : flow->last_us;
        int64_t age = clock_since(now, flow->start_us);
        return from_number(out, age > 0 ? (uint64_t)age / CLOCK_SECOND_US : 0);
    }
    if (field == FIELD_COMMUNITY_ID) {
        out->bytes =
            view_make(m->community_id, community_id(flow, m->community_id_seed, m->community_id));
        return 1;
    }
    if (field == FIELD_APP_PROTO) {
        enum proto_id proto = proto_of_flow(flow);
        return proto == PROTO_UNKNOWN ? 0 : from_text(out, proto_name(proto));
    }
    return 0;
}

static uint32_t of_endpoints(struct matcher *m, const struct flow *flow,
                             const struct packet *packet, enum field_id field, union value *out)
{
    const struct flow_ends ends =
        flow ? flow_ends(flow, m->event->is_reversed)
             : (struct flow_ends){&packet->src, &packet->dst, packet->src_port, packet->dst_port};
    if (field == FIELD_SRC_IP)
        return from_ip(out, ends.client);
    if (field == FIELD_DST_IP)
        return from_ip(out, ends.server);
    if (field == FIELD_SRC_PORT)
        return from_number(out, ends.client_port);
    if (field == FIELD_DST_PORT)
        return from_number(out, ends.server_port);
    if (field == FIELD_PROTO)
        return from_text(out, proto_text(m, flow ? flow->ip_proto : packet->ip_proto));
    if (packet != NULL)
        return vlans(out, packet->vlan, packet->vlan_count);
    return vlans(out, flow->vlan, flow->vlan_count);
}

static uint32_t make(struct matcher *m, enum field_id field, union value *out)
{
    const struct flow *flow = m->event->flow;
    const struct packet *packet = m->event->packet;

    if (field == FIELD_DIRECTION)
        return from_text(out, m->event->direction == TO_SERVER || m->reading & READ_FIRST_HALF
                                  ? "to_server"
                                  : "to_client");
    if (field == FIELD_PCAP_CNT) {
        uint64_t frame = packet != NULL ? packet->number : m->event->last_number;
        return frame != 0 ? from_number(out, frame) : 0;
    }
    bool is_endpoint = field <= FIELD_PROTO || field == FIELD_VLAN;
    if (is_endpoint) {
        if (flow == NULL && (packet == NULL || packet->ip_version == 0))
            return 0;
        return of_endpoints(m, flow, packet, field, out);
    }
    return flow != NULL ? of_flow(m, flow, field, out) : 0;
}

struct value_list envelope_get(struct matcher *m, enum field_id field)
{
    unsigned slot = (unsigned)field - FIELD_SRC_IP;

    assert(slot < ENVELOPE_COUNT);
    if (m->envelope_seen[slot] != m->generation) {
        m->envelope_seen[slot] = m->generation;
        m->envelope_count[slot] = make(m, field, m->envelope[slot]);
    }
    return (struct value_list){m->envelope[slot], m->envelope_count[slot]};
}
