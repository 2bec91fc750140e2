/* SPDX-License-Identifier: BSD-3-Clause */
/* Joined frames: which frames brought the fragments of which datagrams, for --pcap-out.
 *
 * Idea       a datagram is told of in the frame that made it whole; the frames before it have gone by then. So the
 *            captures are read once to collect pairs (frame that made it whole, frame that brought a part), and
 *            to ask for the parts of what is wanted. A part may itself have come in a datagram: tunnels.
 * Bounds     JOINED_MAX pairs, 64 MiB; what is beyond is counted.
 */
#ifndef SHRIKE_HOSTS_CLI_JOINED_FRAMES_H
#define SHRIKE_HOSTS_CLI_JOINED_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOINED_MAX = 4 * 1024 * 1024 };

struct joined_part {
    uint64_t whole, frame;
};

struct joined_frames {
    struct joined_part *parts; /* in order of `whole` */
    size_t part_count, part_capacity;
    uint64_t *wanted;
    size_t wanted_count, wanted_capacity;
    uint64_t last_whole; /* that was asked for */
    uint64_t left_out;
};

void joined_frames_clear(struct joined_frames *joined);
/* In order of `whole`, which is one of `frames`. */
void joined_frames_add(struct joined_frames *joined, uint64_t whole, const uint64_t *frames,
                       size_t count);
/* Wants all frames that brought a part of what `whole` made. */
void joined_frames_want(struct joined_frames *joined, uint64_t whole);
/* Once, after all were asked for: then joined_frames_has() answers. */
void joined_frames_sort(struct joined_frames *joined);
bool joined_frames_has(const struct joined_frames *joined, uint64_t frame);

#endif
