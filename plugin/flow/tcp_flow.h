/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP flow: the sequence state of both directions; a cache line and a half.
 *
 *   isn       next            first of waiting          edge
 *    |--------->|.....missing......|=====|...|====|      |
 *      handed on                                         highest end of a segment seen
 *
 * Numbers are TCP's: modulo 2^32, compared by the sign of their difference.
 * Claims     what a header says is a claim until the other side answers to it: `isn` of a SYN, `rival` of
 *            one that contradicts it, `fin`. See tcp/opening.c and tcp/closing.c.
 */
#ifndef SHRIKE_FLOW_TCP_FLOW_H
#define SHRIKE_FLOW_TCP_FLOW_H

#include "flow/flow.h"

struct waiting; /* tcp/waiting.h */

enum tcp_side_flags {
    SIDE_HAS_NEXT = 1,         /* isn, next and edge are known */
    SIDE_HAS_ACK = 2,          /* the other side acknowledged something: `acked` is known */
    SIDE_HAS_SYN = 4,          /* isn is from a SYN, not from a first segment */
    SIDE_HAS_FIN = 8,          /* `fin` is known; believed when acknowledged */
    SIDE_ENDED = 16,           /* end() was called */
    SIDE_IGNORED = 32,         /* tcp_ignore() */
    SIDE_HAS_RST = 64,         /* this side sent a RST, or somebody in its name */
    SIDE_HAS_CLAIM = 128,      /* isn is from a SYN that nobody has answered yet */
    SIDE_HAS_RIVAL = 256,      /* `rival` is of another SYN of this side */
    SIDE_HAS_MORE = 512,       /* there were more SYNs than isn and rival can hold */
    SIDE_HAS_RIVAL_ACK = 1024, /* `rival` is of a SYN+ACK that contradicts the first */
    SIDE_HAS_ECHO = 2048,      /* `echo` is known */
    SIDE_HAS_SCALE = 4096,     /* its SYN scales windows */
    SIDE_HAS_CLAIMED = 8192,   /* `claimed` is known */
};

/* One direction: what its sender sent. */
struct tcp_side {
    struct waiting *waiting; /* NULL: nothing is out of order */
    uint32_t isn;            /* the SYN's number; midstream: one before the first byte seen */
    uint32_t next;           /* the first byte not yet handed on */
    uint32_t acked;          /* the receiver's highest acknowledgement, of what was seen */
    uint32_t claimed;        /* the same, of bytes not seen as well */
    uint32_t edge;           /* a FIN's number included */
    uint32_t fin;            /* number of the FIN, one past the last byte */
    uint32_t rival;          /* a SYN's number that contradicts isn */
    uint32_t echo;           /* the newest of its timestamps that the receiver gave back */
    uint32_t window;         /* the greatest that this side offered; needs both SYNs */
    uint16_t flags;          /* enum tcp_side_flags */
    uint8_t acked_beyond;    /* packets since what waits was acknowledged: see reassembly.c */
    uint8_t scale;           /* of its windows, when both sides scale them */
};

struct tcp_flow {
    struct tcp_side side[2]; /* by direction of the bytes */
};

static_assert(sizeof(struct tcp_flow) == 96, "an idle flow costs 400 bytes in all, at most");

static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

#endif
