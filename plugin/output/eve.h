/* SPDX-License-Identifier: BSD-3-Clause */
/* EVE: alerts and event records as Suricata's JSON lines.
 *
 * Shape      that of Suricata 7.0.10's schema, so that EveBox, Arkime, Filebeat and jq recipes work as
 *            they are; what only shrike knows stands in alert.metadata.shrike, the one place that the
 *            schema leaves open. Order of keys: envelope, alert, transaction, flow, payload.
 * Writing    by hand into a buf, one line with its '\n' a call; nothing is allocated a record once the
 *            buf has grown. Strings: valid UTF-8 is kept, every other byte becomes \u00XX.
 */
#ifndef SHRIKE_OUTPUT_EVE_H
#define SHRIKE_OUTPUT_EVE_H

#include "base/buf.h"
#include "match/alert.h"
#include "output/stats.h"

struct eve_options {
    bool payload;           /* "payload": base64 */
    bool payload_printable; /* "payload_printable" */
    bool community_id;
    uint16_t community_id_seed;
    const char *sensor_name; /* "host"; NULL for none */
    const char *in_iface;    /* live; NULL offline */
    /* Offline: name of the capture file with this index, for pcap_filename; NULL member: left out. */
    const char *(*file_name)(const void *context, size_t file);
    const void *file_name_context;
};

/* Returns where in the line eve_suppressed() can put a count that is known later. */
size_t eve_alert(struct buf *line, const struct eve_options *options, const struct alert *alert);
void eve_suppressed(struct buf *out, uint64_t left_out);
/* A record of an http, dns, tls, flow or anomaly event. */
void eve_event(struct buf *line, const struct eve_options *options, const struct event *event);
/* The stats record; `time_us` is the time of the last packet. */
void eve_stats(struct buf *line, const struct eve_options *options, int64_t time_us,
               const struct run_stats *stats);

#endif
