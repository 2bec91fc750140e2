/* SPDX-License-Identifier: BSD-3-Clause */
/* pcapng writer: packets with comments.
 * Format: IETF draft-ietf-opsawg-pcapng, section header, one interface description a link type, enhanced
 * packet blocks with opt_comment; little endian, microseconds. */
#ifndef SHRIKE_OUTPUT_PCAPNG_WRITER_H
#define SHRIKE_OUTPUT_PCAPNG_WRITER_H

#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "packet/decode.h"

enum { PCAPNG_INTERFACES_MAX = 64 };

struct pcapng_writer {
    FILE *file;
    const char *path;
    struct buf block;
    int link_types[PCAPNG_INTERFACES_MAX];
    size_t interface_count;
    uint64_t packets;
};

int pcapng_open(struct pcapng_writer *writer, const char *path, struct error *error);
/* `comment` may be empty. */
int pcapng_packet(struct pcapng_writer *writer, const struct frame *frame, struct view comment,
                  struct error *error);
int pcapng_close(struct pcapng_writer *writer, struct error *error);

#endif
