/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP flow: the sequence state of both directions; one cache line.
 *
 *   isn       next            first of waiting          edge
 *    |--------->|.....missing......|=====|...|====|      |
 *      handed on                                         highest end of a segment seen
 *
 * Numbers are TCP's: modulo 2^32, compared by the sign of their difference.
 */
#ifndef SHRIKE_FLOW_TCP_FLOW_H
#define SHRIKE_FLOW_TCP_FLOW_H

#include "flow/flow.h"

struct waiting; /* tcp/waiting.h */

enum tcp_side_flags {
    SIDE_HAS_NEXT = 1, /* isn, next and edge are known */
    SIDE_HAS_ACK = 2,  /* the other side acknowledged something: `acked` is known */
    SIDE_HAS_SYN = 4,  /* isn is from a SYN, not from a first segment */
    SIDE_HAS_FIN = 8,  /* `fin` is known */
    SIDE_ENDED = 16,   /* end() was called */
    SIDE_IGNORED = 32, /* tcp_ignore() */
    SIDE_HAS_RIVAL =
        64,             /* until FIN: `fin` holds the isn of a SYN+ACK that contradicts the first */
    SIDE_HAS_RST = 128, /* this side sent a RST, or somebody in its name */
};

/* One direction: what its sender sent. */
struct tcp_side {
    struct waiting *waiting; /* NULL: nothing is out of order */
    uint32_t isn;            /* the SYN's number; midstream: one before the first byte seen */
    uint32_t next;           /* the first byte not yet handed on */
    uint32_t acked;          /* the receiver's highest acknowledgement */
    uint32_t edge;
    uint32_t fin;         /* number of the FIN, one past the last byte */
    uint16_t unanswered;  /* packets since the receiver's last one, at most UINT16_MAX */
    uint8_t flags;        /* enum tcp_side_flags */
    uint8_t acked_beyond; /* packets since what waits was acknowledged: see reassembly.c */
};

struct tcp_flow {
    struct tcp_side side[2]; /* by direction of the bytes */
};

static_assert(sizeof(struct tcp_flow) == 64, "a TCP flow's sequence state is a cache line");

static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

#endif
