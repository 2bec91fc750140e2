/* SPDX-License-Identifier: BSD-3-Clause */
/* pcapng writer: packets with comments.
 * Format: IETF draft-ietf-opsawg-pcapng: section header, interface descriptions, enhanced packet blocks
 * with an opt_comment a line of comment; little endian, nanoseconds.
 *
 * Interfaces  one a link type for times from 1970 to 2554, which nanoseconds in 64 bits can say, and one for
 *             all others, in microseconds from a moment that comes before any (if_tsoffset).
 * Long frames are cut to PCAPNG_FRAME_MAX and counted, their length on the wire is kept: a file with a longer
 *             one is refused as a whole by Wireshark (WTAP_MAX_PACKET_SIZE_STANDARD) and by libpcap
 *             (MAXIMUM_SNAPLEN), whatever snap length it states.
 */
#ifndef SHRIKE_OUTPUT_PCAPNG_WRITER_H
#define SHRIKE_OUTPUT_PCAPNG_WRITER_H

#include "base/buf.h"
#include "output/whole_file.h"
#include "packet/decode.h"

enum { PCAPNG_INTERFACES_MAX = 128, PCAPNG_FRAME_MAX = 262144 };

struct pcapng_interface {
    int link_type;
    bool is_far; /* for times that nanoseconds cannot say */
};

struct pcapng_writer {
    struct whole_file whole;
    struct buf block;
    struct pcapng_interface interfaces[PCAPNG_INTERFACES_MAX];
    size_t interface_count;
    uint64_t packets, cut; /* written; of these, shorter than they were */
};

int pcapng_open(struct pcapng_writer *writer, const char *name, struct error *error);
/* `comments`: a line each, may be empty. */
int pcapng_packet(struct pcapng_writer *writer, const struct frame *frame, struct view comments,
                  struct error *error);
/* The file is under its name only when this has returned 0. */
int pcapng_close(struct pcapng_writer *writer, struct error *error);
/* Leaves nothing behind, unless it is closed; also for a writer that is all zero. */
void pcapng_discard(struct pcapng_writer *writer);

#endif
