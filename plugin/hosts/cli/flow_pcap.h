/* SPDX-License-Identifier: BSD-3-Clause */
/* --pcap-out: the packets of alerted flows, from their first packet.
 *
 * Which flows alert is known only when they have; so the captures are read a second time, through the
 * same decoder and flow table, and the packets of flows on the list are written. Flow identifiers are
 * the same on every run: nothing needs to be kept in memory but the list of alerts, which has a budget. The file is made before
 * the first pass, so that a name that cannot be written is told at once. Where datagrams were joined from fragments,
 * one more reading comes before the second pass and tells which frames brought them (joined_frames.h).
 */
#ifndef SHRIKE_HOSTS_CLI_FLOW_PCAP_H
#define SHRIKE_HOSTS_CLI_FLOW_PCAP_H

#include "base/error.h"
#include "hosts/cli/replay_options.h"
#include "output/pcapng_writer.h"

struct alert_note {
    uint64_t flow_id; /* 0: of a frame without a flow */
    uint64_t number;  /* frame that raised it; 0 at a flow's end */
    uint32_t sid;
    const char *title; /* the rule set's */
};

struct alert_notes {
    struct alert_note *items;
    size_t count, capacity;
    uint64_t lost; /* found no room */
};

/* At most `budget_bytes` of them; 0: 64 MiB. */
void alert_notes_add(struct alert_notes *notes, const struct alert_note *note, size_t budget_bytes);
void alert_notes_clear(struct alert_notes *notes);

/* Reads the captures again up to frame `last_number`, or until a signal is noted (interrupt.h), and writes
 * what belongs to the alerts. `has_fragments`: datagrams were joined. */
int flow_pcap_write(struct pcapng_writer *writer, const struct replay_options *options,
                    struct alert_notes *notes, bool has_fragments, uint64_t last_number,
                    struct error *error);

#endif
