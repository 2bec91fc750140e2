/* SPDX-License-Identifier: BSD-3-Clause */
/* Identification: the part of the room that decides whose bytes these are. See identify.c. */
#ifndef SHRIKE_PROTO_IDENTIFY_H
#define SHRIKE_PROTO_IDENTIFY_H

#include "proto/proto.h"

enum {
    IDENTIFY_BYTES = 512,            /* of a direction are shown to identify() */
    IDENTIFY_TRIES = 8,              /* datagrams of a flow, or segments of one without its start */
    IDENTIFY_ONE_SIDED = 256 * 1024, /* bytes of a refused direction while the other is silent */
};

enum proto_phase {
    PHASE_IDENTIFYING,
    PHASE_WATCHING, /* none of ours so far, but one of ours may begin within */
    PHASE_PARSING,
    PHASE_ASLEEP, /* decided, and nobody reads on */
};

struct kept;

/* A flow's protocol. */
struct protocol_flow {
    void *state;       /* of the parser, in PHASE_PARSING */
    struct kept *kept; /* see kept.h */
    uint8_t
        *start[2]; /* first bytes while they are inconclusive or refused, IDENTIFY_BYTES; or NULL */
    uint64_t lost[2]; /* bytes before them (when refused: after) that a parser will not see */
    uint16_t start_len[2];
    uint16_t refused[2]; /* bit 1 << id: this row said no to this direction */
    uint8_t id;          /* enum proto_id, as reported */
    uint8_t phase;       /* enum proto_phase */
    uint8_t done, ended; /* bit 1 << direction */
    uint8_t restarts;
    uint8_t tries;    /* of IDENTIFY_TRIES */
    bool is_reversed; /* the flow's client is the protocol's server */
};

static_assert(sizeof(struct protocol_flow) == RECYCLER_LEAST, "one cache line a flow");
static_assert(PROTO_COUNT <= 16, "refused has a bit a row");

/* The row's parser; `id` must be a protocol. */
const struct proto_parser *proto_parser_of(enum proto_id id);
bool proto_has_transport(enum proto_id id, uint8_t ip_proto);

/* Shows the first bytes to every row that has not refused this direction yet. Returns the protocol,
 * PROTO_UNKNOWN while more bytes may tell, PROTO_FAILED when all refused this direction. */
enum proto_id identify_start(struct protocol_flow *p, const struct flow *flow,
                             enum direction direction, struct view start);
/* The protocol that begins at the start of this segment, within one that is none of ours; PROTO_UNKNOWN when
 * none does. */
enum proto_id identify_carried(struct protocol_flow *p, const struct flow *flow,
                               enum direction direction, struct view segment);
/* Length of the PROXY protocol's header (HAProxy, versions 1 and 2) at the start of a connection, in which a load
 * balancer says whose it is; 0 when there is none, or not all of it. */
size_t identify_preface(struct view bytes);
bool identify_is_refused(const struct protocol_flow *p, const struct flow *flow,
                         enum direction direction);
/* Adds to the bytes kept; returns how many fitted. 0 also when there is no memory. */
size_t identify_keep(struct protocol_flow *p, struct recycler *recycler, enum direction direction,
                     struct view bytes);
void identify_forget(struct protocol_flow *p, struct recycler *recycler, enum direction direction);
/* Adds one to `all`, and to `udp` for a flow of UDP. */
void proto_count(const struct proto_context *context, uint64_t *all, uint64_t *udp,
                 enum proto_id id);
/* Content (`id`) and well-known port disagree. */
bool identify_is_mismatch(const struct flow *flow, enum proto_id id);

#endif
