/* SPDX-License-Identifier: BSD-3-Clause */
/* EVE's stats record: the counters that do not depend on the number of workers, so that the record is
 * the same for all. Peaks and memory are in the summary. */
#include "output/eve.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "output/eve_records.h"
#include "output/json.h"

/* Anomalies by layer and name, those that occurred, beyond the bound a packet too; rows of a layer stand together
 * in anomaly.def. */
static void put_decoder_events(struct buf *line, const struct decode_stats *d)
{
    char open[32] = "";

    json_put_open(line, "event");
    for (enum anomaly anomaly = ANOMALY_NONE + 1; anomaly < ANOMALY_COUNT; anomaly++) {
        const char *name = anomaly_name(anomaly), *dot = strchr(name, '.');
        if (d->anomalies[anomaly] == 0 || dot == NULL)
            continue;
        size_t len = (size_t)(dot - name);
        assert(len < sizeof(open));
        if (strncmp(open, name, len) != 0 || open[len] != '\0') {
            if (open[0] != '\0')
                json_put_close(line);
            memcpy(open, name, len);
            open[len] = '\0';
            json_put_open(line, open);
        }
        json_put_number(line, dot + 1, d->anomalies[anomaly]);
    }
    if (open[0] != '\0')
        json_put_close(line);
    json_put_close(line);
}

static void put_decoder(struct buf *line, const struct decode_stats *d)
{
    json_put_open(line, "decoder");
    json_put_number(line, "pkts", d->pkts);
    json_put_number(line, "bytes", d->bytes);
    json_put_number(line, "invalid", d->invalid);
    json_put_number(line, "ipv4", d->ipv4);
    json_put_number(line, "ipv6", d->ipv6);
    json_put_number(line, "ethernet", d->ethernet);
    json_put_number(line, "arp", d->arp);
    json_put_number(line, "unknown_ethertype", d->unknown_ethertype);
    json_put_number(line, "chdlc", d->chdlc);
    json_put_number(line, "raw", d->raw);
    json_put_number(line, "null", d->null);
    json_put_number(line, "sll", d->sll);
    json_put_number(line, "sll2", d->sll2);
    json_put_number(line, "tcp", d->tcp);
    json_put_number(line, "udp", d->udp);
    json_put_number(line, "sctp", d->sctp);
    json_put_number(line, "esp", d->esp);
    json_put_number(line, "icmpv4", d->icmpv4);
    json_put_number(line, "icmpv6", d->icmpv6);
    json_put_number(line, "ppp", d->ppp);
    json_put_number(line, "pppoe", d->pppoe);
    json_put_number(line, "geneve", d->geneve);
    json_put_number(line, "gre", d->gre);
    json_put_number(line, "vlan", d->vlan);
    json_put_number(line, "vlan_qinq", d->vlan_qinq);
    json_put_number(line, "vxlan", d->vxlan);
    json_put_number(line, "mpls", d->mpls);
    json_put_number(line, "erspan", d->erspan);
    json_put_number(line, "teredo", d->teredo);
    json_put_number(line, "ipv4_in_ipv6", d->ipv4_in_ipv6);
    json_put_number(line, "ipv6_in_ipv4", d->ipv6_in_ipv4);
    json_put_number(line, "ipv4_in_ipv4", d->ipip);
    json_put_number(line, "avg_pkt_size", d->pkts ? d->bytes / d->pkts : 0);
    json_put_number(line, "max_pkt_size", d->max_pkt_size);
    json_put_number(line, "too_many_layers", d->tunnel_too_deep);
    put_decoder_events(line, d);
    json_put_close(line);
}

static void put_fragments(struct buf *line, const char *name, uint64_t fragments,
                          uint64_t reassembled, uint64_t timeouts)
{
    json_put_open(line, name);
    json_put_number(line, "fragments", fragments);
    json_put_number(line, "reassembled", reassembled);
    json_put_number(line, "timeouts", timeouts);
    json_put_close(line);
}

static void put_defrag(struct buf *line, const struct decode_stats *d)
{
    json_put_open(line, "defrag");
    put_fragments(line, "ipv4", d->fragments, d->reassembled, d->fragment_timeouts);
    put_fragments(line, "ipv6", d->fragments6, d->reassembled6, d->fragment_timeouts6);
    json_put_number(line, "max_frags_reached", d->fragment_drops);
    json_put_close(line);
}

static void put_flow(struct buf *line, const struct flow_stats *f)
{
    json_put_open(line, "flow");
    json_put_number(line, "total", f->total);
    json_put_number(line, "tcp", f->tcp);
    json_put_number(line, "udp", f->udp);
    json_put_number(line, "icmpv4", f->icmpv4);
    json_put_number(line, "icmpv6", f->icmpv6);
    json_put_number(line, "memcap", f->evicted + f->refused);
    json_put_close(line);
}

static void put_tcp(struct buf *line, const struct run_stats *stats)
{
    const struct tcp_stats *t = &stats->tcp;

    json_put_open(line, "tcp");
    json_put_number(line, "sessions", t->sessions);
    json_put_number(line, "syn", t->syn);
    json_put_number(line, "synack", t->synack);
    json_put_number(line, "rst", t->rst);
    json_put_number(line, "midstream_pickups", t->midstream);
    json_put_number(line, "overlap", t->overlaps);
    json_put_number(line, "overlap_diff_data", t->overlaps_different);
    json_put_number(line, "reassembly_gap", t->gaps);
    json_put_number(line, "segment_memcap_drop", t->dropped_segments);
    json_put_number(line, "invalid_checksum", stats->decode.bad_tcp_checksum);
    json_put_close(line);
}

/* Suricata names a protocol's counters "dns_tcp" and "dns_udp" where it runs over both. */
static bool has_both_transports(enum proto_id id)
{
    return id == PROTO_DNS || id == PROTO_FAILED;
}

static void put_protocol(struct buf *line, enum proto_id id, uint64_t all, uint64_t udp)
{
    char name[40];

    if (!has_both_transports(id)) {
        json_put_number(line, proto_name(id), all);
        return;
    }
    snprintf(name, sizeof(name), "%s_tcp", proto_name(id));
    json_put_number(line, name, all - udp);
    snprintf(name, sizeof(name), "%s_udp", proto_name(id));
    json_put_number(line, name, udp);
}

static void put_error(struct buf *line, enum proto_id id, const char *suffix, uint64_t gap,
                      uint64_t memory, uint64_t parser)
{
    char name[40];

    snprintf(name, sizeof(name), "%s%s", proto_name(id), suffix);
    json_put_open(line, name);
    json_put_number(line, "gap", gap);
    json_put_number(line, "alloc", memory);
    json_put_number(line, "parser", parser);
    json_put_close(line);
}

/* Datagrams that got no memory before their protocol was known stand with DNS, all that UDP could be here:
 * Suricata has no failed_udp. */
static void put_errors(struct buf *line, const struct proto_stats *p)
{
    json_put_open(line, "error");
    for (enum proto_id id = PROTO_FAILED; id < PROTO_COUNT; id++)
        put_error(line, id, has_both_transports(id) ? "_tcp" : "",
                  p->gap_errors[id] - p->udp_gap_errors[id],
                  p->memory_errors[id] - p->udp_memory_errors[id],
                  p->errors[id] - p->udp_errors[id]);
    put_error(line, PROTO_DNS, "_udp", p->udp_gap_errors[PROTO_DNS],
              p->udp_memory_errors[PROTO_DNS] + p->udp_memory_errors[PROTO_FAILED],
              p->udp_errors[PROTO_DNS]);
    json_put_close(line);
}

static void put_protocols(struct buf *line, const struct proto_stats *p)
{
    json_put_open(line, "app_layer");
    json_put_open(line, "flow");
    for (enum proto_id id = PROTO_FAILED; id < PROTO_COUNT; id++)
        put_protocol(line, id, p->flows[id], p->udp_flows[id]);
    json_put_close(line);
    json_put_open(line, "tx");
    for (enum proto_id id = PROTO_FAILED + 1; id < PROTO_COUNT; id++)
        put_protocol(line, id, p->transactions[id], p->udp_transactions[id]);
    json_put_close(line);
    put_errors(line, p);
    json_put_close(line);
}

static void put_filters(struct buf *line, const struct run_stats *stats)
{
    json_put_number(line, "alerts_silenced", stats->match.silenced);
    json_put_open_array(line, "filters");
    for (size_t i = 0; i < stats->filter_count; i++) {
        const struct filter_info *filter = stats->filters[i].filter;
        json_put_open_item(line);
        json_put_chars(line, "title", filter->title);
        if (filter->id[0] != '\0')
            json_put_chars(line, "id", filter->id);
        if (filter->reason[0] != '\0')
            json_put_chars(line, "reason", filter->reason);
        if (filter->expires[0] != '\0')
            json_put_chars(line, "expires", filter->expires);
        json_put_number(line, "silenced", stats->filters[i].silenced);
        json_put_close(line);
    }
    json_put_close_array(line);
}

static void put_detect(struct buf *line, const struct run_stats *stats)
{
    json_put_open(line, "detect");
    json_put_number(line, "alert", stats->match.alerts);
    json_put_number(line, "alerts_suppressed", stats->match.suppressed);
    if (stats->filter_count > 0) /* ours, so only where it has something to say; so the next */
        put_filters(line, stats);
    if (stats->match.stream_bytes_skipped > 0)
        json_put_number(line, "stream_bytes_skipped", stats->match.stream_bytes_skipped);
    if (stats->match.windows_lost > 0)
        json_put_number(line, "stream_windows_lost", stats->match.windows_lost);
    if (stats->match.marks_lost > 0)
        json_put_number(line, "marks_lost", stats->match.marks_lost);
    json_put_close(line);
}

void eve_stats(struct buf *line, const struct eve_options *options, int64_t time_us,
               const struct run_stats *stats)
{
    uint64_t span_us =
        stats->last_us > stats->first_us ? (uint64_t)stats->last_us - (uint64_t)stats->first_us : 0;

    buf_byte(line, '{');
    json_put_name(line, "timestamp");
    eve_time(line, time_us);
    json_put_chars(line, "event_type", "stats");
    json_put_chars(line, "host", options->sensor_name);
    json_put_open(line, "stats");
    json_put_number(line, "uptime", span_us / 1000000);
    put_decoder(line, &stats->decode);
    put_tcp(line, stats);
    put_flow(line, &stats->flow);
    put_defrag(line, &stats->decode);
    put_detect(line, stats);
    put_protocols(line, &stats->proto);
    json_put_close(line);
    buf_text(line, "}\n");
}
