/* SPDX-License-Identifier: BSD-3-Clause */
/* EVE: the envelope, and alerts with their evidence. */
#include "output/eve.h"

#include "output/eve_records.h"
#include "output/json.h"
#include "proto/proto.h"

/* ---- envelope ---------------------------------------------------------------------------------------- */

/* A record at a flow's end is of no packet, as Suricata has it; an alert there is of the flow's last one. */
static void put_source(struct buf *line, const struct eve_options *options,
                       const struct event *event, bool is_alert)
{
    const struct packet *packet = event->packet;
    uint64_t number = packet != NULL ? packet->number : is_alert ? event->last_number : 0;

    if (options->in_iface != NULL) {
        json_put_chars(line, "in_iface", options->in_iface);
        return;
    }
    if (packet == NULL && event->last_number == 0)
        return;
    if (number != 0)
        json_put_number(line, "pcap_cnt", number);
    if (options->file_name != NULL)
        json_put_chars(line, "pcap_filename",
                       options->file_name(options->file_name_context,
                                          packet != NULL ? packet->file : event->last_file));
}

static void put_vlan(struct buf *line, const uint16_t *vlan, uint8_t count)
{
    if (count == 0)
        return;
    json_put_open_array(line, "vlan");
    for (uint8_t i = 0; i < count; i++) {
        json_put_item(line);
        buf_u64(line, vlan[i]);
    }
    json_put_close_array(line);
}

struct tuple {
    const struct address *src, *dst;
    uint16_t src_port, dst_port;
    uint8_t ip_proto;
    bool has_ports;
};

static bool has_ports(uint8_t ip_proto)
{
    return ip_proto == IP_TCP || ip_proto == IP_UDP || ip_proto == IP_SCTP;
}

/* Does the packet say better than the flow who sent this? A datagram does: which side of its flow is the
 * client may be a guess, or have no meaning (multicast DNS). Bytes of a TCP stream may have been made
 * available by a packet of the other side. */
static bool is_told_by_packet(const struct event *event)
{
    const struct packet *packet = event->packet;

    if (packet == NULL || packet->ip_version == 0)
        return false;
    if (event->flow == NULL || event->type == EVENT_PACKET || event->type == EVENT_ANOMALY)
        return true;
    return event->type == EVENT_DNS && packet->ip_proto == IP_UDP;
}

static struct tuple packet_tuple(const struct packet *packet)
{
    return (struct tuple){
        .src = &packet->src,
        .dst = &packet->dst,
        .src_port = packet->src_port,
        .dst_port = packet->dst_port,
        .ip_proto = packet->ip_proto,
        .has_ports = (packet->flags & PACKET_HAS_TRANSPORT) && has_ports(packet->ip_proto),
    };
}

static struct tuple flow_tuple(const struct flow *flow, bool is_reversed)
{
    const struct flow_ends ends = flow_ends(flow, is_reversed);

    return (struct tuple){
        .src = ends.client,
        .dst = ends.server,
        .src_port = ends.client_port,
        .dst_port = ends.server_port,
        .ip_proto = flow->ip_proto,
        .has_ports = has_ports(flow->ip_proto),
    };
}

static struct tuple tuple_reverse(struct tuple t)
{
    return (struct tuple){t.dst, t.src, t.dst_port, t.src_port, t.ip_proto, t.has_ports};
}

/* Source and destination as Suricata has them: records of transactions name the client first, alerts and
 * anomalies the sender of what they are about. */
static void put_tuple(struct buf *line, const struct event *event, bool is_client_first)
{
    bool by_packet = is_told_by_packet(event);

    if (!by_packet && event->flow == NULL)
        return;
    struct tuple t =
        by_packet ? packet_tuple(event->packet) : flow_tuple(event->flow, event->is_reversed);
    if (event->direction == TO_CLIENT && by_packet == is_client_first)
        t = tuple_reverse(t);
    json_put_address(line, "src_ip", t.src);
    if (t.has_ports)
        json_put_number(line, "src_port", t.src_port);
    json_put_address(line, "dest_ip", t.dst);
    if (t.has_ports)
        json_put_number(line, "dest_port", t.dst_port);
    char scratch[4];
    json_put_chars(line, "proto", flow_proto_name(t.ip_proto, scratch));
}

/* Where the packet came from, in Suricata's words; a tunnel's kind is not known any more. */
static void put_packet_source(struct buf *line, const struct packet *packet)
{
    if (packet == NULL || packet->flags & PACKET_TUNNELLED)
        return;
    json_put_chars(line, "pkt_src", packet->flags & PACKET_REASSEMBLED ? "defrag" : "wire/pcap");
}

static void put_icmp(struct buf *line, const struct event *event)
{
    const struct packet *packet = event->packet;
    const struct flow *flow = event->flow;
    uint8_t proto = flow ? flow->ip_proto : packet ? packet->ip_proto : 0;

    if (proto != IP_ICMP && proto != IP_ICMPV6)
        return;
    json_put_number(line, "icmp_type", packet ? packet->icmp_type : flow->icmp_type);
    json_put_number(line, "icmp_code", packet ? packet->icmp_code : flow->icmp_code);
}

static void put_community_id(struct buf *line, const struct eve_options *options,
                             const struct flow *flow)
{
    char text[COMMUNITY_ID_MAX];
    if (!options->community_id)
        return;
    size_t len = community_id(flow, options->community_id_seed, text);
    if (len > 0)
        json_put_text(line, "community_id", view_make(text, len));
}

static void put_envelope(struct buf *line, const struct eve_options *options,
                         const struct event *event, const char *event_type, bool is_client_first)
{
    const struct flow *flow = event->flow;
    const struct packet *packet = event->packet;

    buf_byte(line, '{');
    json_put_name(line, "timestamp");
    eve_time(line, event->time_us);
    if (flow != NULL)
        json_put_number(line, "flow_id", flow->id);
    put_source(line, options, event, strcmp(event_type, "alert") == 0);
    json_put_chars(line, "event_type", event_type);
    if (flow != NULL)
        put_vlan(line, flow->vlan, flow->vlan_count);
    else if (packet != NULL)
        put_vlan(line, packet->vlan, packet->vlan_count);
    put_tuple(line, event, is_client_first);
    put_icmp(line, event);
    put_packet_source(line, packet);
    if (flow != NULL)
        put_community_id(line, options, flow);
    json_put_chars(line, "host", options->sensor_name);
}

static void end_line(struct buf *line)
{
    buf_text(line, "}\n");
}

static bool is_transaction(enum event_type type)
{
    return type == EVENT_HTTP || type == EVENT_DNS || type == EVENT_TLS;
}

static void put_app_proto(struct buf *line, const struct flow *flow)
{
    if (flow != NULL && proto_of_flow(flow) != PROTO_UNKNOWN)
        json_put_chars(line, "app_proto", proto_name(proto_of_flow(flow)));
}

static void put_transaction(struct buf *line, const struct event *event, bool is_alert)
{
    switch ((int)event->type) {
    case EVENT_HTTP:
        eve_http(line, event);
        break;
    case EVENT_DNS:
        eve_dns(line, event, is_alert);
        break;
    case EVENT_TLS:
        eve_tls(line, event);
        break;
    case EVENT_ANOMALY:
        eve_anomaly(line, event);
        break;
    default:
        break;
    }
}

void eve_event(struct buf *line, const struct eve_options *options, const struct event *event)
{
    put_envelope(line, options, event, event_type_name(event->type), event->type != EVENT_ANOMALY);
    if (is_transaction(event->type))
        json_put_number(line, "tx_id", event->tx_id);
    if (event->type == EVENT_FLOW) {
        put_app_proto(line, event->flow);
        eve_flow(line, event->flow, event);
    }
    put_transaction(line, event, false);
    end_line(line);
}

/* ---- alerts ------------------------------------------------------------------------------------------- */

/* Text for reading, where \xHH stands for a byte that is not printable; with such bytes, or a backslash
 * that could be taken for one, also the exact bytes. */
static void put_excerpt(struct buf *line, struct view excerpt)
{
    static const char digits[] = "0123456789abcdef";
    bool is_exact = true;

    json_put_name(line, "excerpt");
    buf_byte(line, '"');
    for (size_t i = 0; i < excerpt.len; i++) {
        uint8_t byte = excerpt.data[i];
        bool is_printable = byte >= 0x20 && byte < 0x7f;
        is_exact &= is_printable && byte != '\\';
        if (!is_printable) {
            buf_text(line, "\\\\x");
            buf_byte(line, (uint8_t)digits[byte >> 4]);
            buf_byte(line, (uint8_t)digits[byte & 15]);
            continue;
        }
        if (byte == '"' || byte == '\\')
            buf_byte(line, '\\');
        buf_byte(line, byte);
    }
    buf_byte(line, '"');
    if (is_exact)
        return;
    json_put_name(line, "excerpt_hex");
    buf_byte(line, '"');
    buf_hex(line, excerpt);
    buf_byte(line, '"');
}

static void put_date(struct buf *line, const char *name, int64_t time_us)
{
    if (time_us == 0)
        return;
    json_put_name(line, name);
    eve_time(line, time_us);
}

/* The entry that was hit, and what its list says of it; what nobody said is left out. */
static void put_listed(struct buf *line, const struct listed *list)
{
    json_put_chars(line, "list", list->name);
    json_put_text(line, "entry", list->entry);
    json_put_chars(line, "source", list->source);
    json_put_chars(line, "tlp", list->tlp);
    json_put_chars(line, "note", list->note);
    if (list->confidence >= 0)
        json_put_number(line, "confidence", (uint64_t)list->confidence);
    if (list->confidence != list->confidence_given)
        json_put_number(line, "confidence_given", (uint64_t)list->confidence_given);
    put_date(line, "first_seen", list->first_seen_us);
    if (list->age_days >= 0)
        json_put_number(line, "age_days", (uint64_t)list->age_days);
    put_date(line, "valid_from", list->valid_from_us);
    put_date(line, "expired", list->expired_us);
}

static void put_evidence(struct buf *line, const struct evidence *evidence)
{
    json_put_item(line);
    buf_byte(line, '{');
    if (evidence->field < FIELD_COUNT)
        json_put_chars(line, "field", field_get(evidence->field)->name);
    if (evidence->header_name.len > 0)
        json_put_text(line, "header", evidence->header_name);
    json_put_chars(line, "predicate", evidence->predicate);
    if (evidence->has_offset)
        json_put_number(line, "offset", evidence->offset);
    put_excerpt(line, evidence->excerpt);
    if (evidence->list.name != NULL)
        put_listed(line, &evidence->list);
    json_put_close(line);
}

static void put_strings(struct buf *line, const char *name, const char *const *strings,
                        size_t count)
{
    if (count == 0)
        return;
    json_put_open_array(line, name);
    for (size_t i = 0; i < count; i++) {
        json_put_item(line);
        json_put_string(line, view_from_string(strings[i]));
    }
    json_put_close_array(line);
}

void eve_suppressed(struct buf *out, uint64_t left_out)
{
    json_put_number(out, "suppressed", left_out);
}

/* Returns where a member can be added to metadata.shrike. */
static size_t put_metadata(struct buf *line, const struct alert *alert)
{
    const struct rule_info *rule = alert->rule;

    json_put_open(line, "metadata");
    json_put_open(line, "shrike");
    if (rule->id[0] != '\0')
        json_put_chars(line, "id", rule->id);
    json_put_chars(line, "level", alert_level(alert));
    if (alert->is_expired)
        json_put_bool(line, "expired", true);
    if (alert->is_early)
        json_put_bool(line, "early", true);
    put_date(line, "valid_from", rule->valid_from_us);
    put_date(line, "valid_until", rule->valid_until_us);
    put_strings(line, "tags", rule->tags, rule->tag_count);
    put_strings(line, "references", rule->references, rule->reference_count);
    json_put_open_array(line, "evidence");
    for (size_t i = 0; i < alert->evidence_count; i++)
        put_evidence(line, &alert->evidence[i]);
    json_put_close_array(line);
    if (alert->evidence_left_out > 0)
        json_put_number(line, "evidence_left_out", alert->evidence_left_out);
    if (alert->suppressed > 0)
        eve_suppressed(line, alert->suppressed);
    const size_t mark = line->len;
    json_put_close(line);
    json_put_close(line);
    return mark;
}

static size_t put_alert(struct buf *line, const struct alert *alert)
{
    const struct rule_info *rule = alert->rule;

    json_put_open(line, "alert");
    json_put_chars(line, "action", "allowed");
    json_put_number(line, "gid", rule->gid);
    json_put_number(line, "signature_id", rule->sid);
    json_put_number(line, "rev", rule->rev);
    json_put_chars(line, "signature", rule->title);
    json_put_chars(line, "category", rule->category);
    json_put_number(line, "severity", alert_severity(alert));
    const size_t mark = put_metadata(line, alert);
    json_put_close(line);
    return mark;
}

static void put_payload(struct buf *line, const struct eve_options *options,
                        const struct packet *packet)
{
    if (packet == NULL || packet->payload_len == 0)
        return;
    if (options->payload) {
        json_put_name(line, "payload");
        buf_byte(line, '"');
        buf_base64(line, packet_payload(packet));
        buf_byte(line, '"');
    }
    if (options->payload_printable) {
        json_put_name(line, "payload_printable");
        json_put_printable(line, packet_payload(packet));
    }
    if (options->payload || options->payload_printable)
        json_put_number(line, "stream", 0);
}

size_t eve_alert(struct buf *line, const struct eve_options *options, const struct alert *alert)
{
    const struct event *event = alert->event;
    const size_t begin = line->len;

    put_envelope(line, options, event, "alert", false);
    if (is_transaction(event->type))
        json_put_number(line, "tx_id", event->tx_id);
    const size_t mark = put_alert(line, alert) - begin;
    put_transaction(line, event, true);
    put_app_proto(line, event->flow);
    json_put_chars(line, "direction", event->direction == TO_SERVER ? "to_server" : "to_client");
    if (event->flow != NULL)
        eve_flow(line, event->flow, NULL);
    put_payload(line, options, event->packet);
    if (alert->mark_count > 0) {
        json_put_open(line, "metadata");
        put_strings(line, "flowbits", alert->marks, alert->mark_count);
        json_put_close(line);
    }
    end_line(line);
    return mark;
}
