/* SPDX-License-Identifier: BSD-3-Clause */
/* Protocols: which one a flow speaks, and the life of its parser.
 *
 * Idea       content first, port second. The first bytes of each direction are shown to identify() of
 *            every row of proto.def that fits the transport; the first that says yes owns the flow.
 *            TCP bytes come in order and only once; a parser keeps what it needs (bounded), everything
 *            else it reads in place. UDP datagrams come whole.
 * Events     a parser fills context->event and calls context->sink: see fields/event.h for lifetimes.
 * Trust      parsers return a result, raise anomalies, never abort, log or allocate outside the budget.
 * Adding one a row in proto.def and one file with `identify`, `open`, `data`, `close`.
 */
#ifndef SHRIKE_PROTO_PROTO_H
#define SHRIKE_PROTO_PROTO_H

#include "base/anomaly.h"
#include "fields/event.h"
#include "flow/flow.h"
#include "proto/recycler.h"

enum proto_id {
    PROTO_UNKNOWN, /* not decided yet */
    PROTO_FAILED,  /* decided: none of ours */
#define PROTO(id, name, transports, ports, parser) PROTO_##id,
#include "proto/proto.def"
#undef PROTO
    PROTO_COUNT
};

enum {
    PROTO_TCP = 1,
    PROTO_UDP = 2,
    PROTO_CARRIED = 4, /* may begin within a TCP flow of a protocol that we do not know */
};

enum identify_result {
    IDENTIFY_NO,
    IDENTIFY_MORE,
    IDENTIFY_YES,
    IDENTIFY_REVERSED, /* yes, with the roles exchanged: the flow's client is the protocol's server */
};

/* Which of our protocols the events that somebody wants come from; parsers of others stay asleep
 * (the flow's protocol is still identified). */
struct proto_limits {
    uint32_t header_bytes;        /* longest header block or handshake message kept; 0: 64 KiB */
    uint32_t request_body_bytes;  /* decoded body bytes kept for fields; 0: 100 KiB */
    uint32_t response_body_bytes; /* 0: 100 KiB */
};

struct proto_stats {
    uint64_t flows[PROTO_COUNT];        /* flows identified */
    uint64_t udp_flows[PROTO_COUNT];    /* of them over UDP */
    uint64_t transactions[PROTO_COUNT]; /* records emitted: see event_is_record() */
    uint64_t udp_transactions[PROTO_COUNT];
    /* Parsers that gave up: at their bytes, at a gap. */
    uint64_t errors[PROTO_COUNT], udp_errors[PROTO_COUNT];
    uint64_t gap_errors[PROTO_COUNT], udp_gap_errors[PROTO_COUNT];
    /* Packets that asked for memory beyond the budget: something of them is missing, or the parser gave up. */
    uint64_t memory_errors[PROTO_COUNT], udp_memory_errors[PROTO_COUNT];
    uint64_t mismatches; /* content and well-known port disagree */
};

/* What a worker gives its parsers. One thread. */
struct proto_context {
    struct budget *budget; /* for all parser memory */
    struct event *event;   /* to fill and emit */
    struct event_sink sink;
    const struct field_set *wanted; /* what rules and logs read */
    uint32_t waits; /* bit 1 << enum event_type: rules wait for what may never come */
    struct proto_limits limits;
    void (*anomaly)(void *context, struct flow *flow, const struct packet *packet,
                    enum anomaly anomaly);
    void *anomaly_context;
    const struct packet *packet; /* the packet at hand; NULL at flow end */
    struct flow *flow;           /* the flow at hand */
    struct proto_stats stats;
    /* proto.c's own, set by proto_context_init() */
    uint64_t refused;         /* recycler.refused, as far as it was counted */
    struct recycler recycler; /* for parsers, too: blocks from the budget, kept warm */
    uint32_t awake;           /* bit 1 << id: somebody wants what this parser makes */
    uint32_t kept_count;      /* of `kept`: see kept.h */
    uint16_t kept[EVENT_SLOTS_MAX][2];
    bool is_restarting; /* proto_restart() was called in this data() */
    struct view restart[2];
};

/* Once, after budget, event, sink, wanted and anomaly are set. */
void proto_context_init(struct proto_context *context);
/* Gives all idle memory back; every flow must have had its proto_flow_end(). */
void proto_context_clear(struct proto_context *context);

/* Directions that parsers see are those of the protocol: TO_SERVER is what the side that asks sends, also
 * where the flow is REVERSED (event->is_reversed then). */
enum parse_result {
    PARSE_MORE, /* all bytes taken, wants more */
    PARSE_DONE, /* wants no more bytes of this direction (TLS after its handshake) */
    PARSE_BAD, /* not this protocol or beyond repair: the parser is closed, an anomaly was raised */
};

/* One protocol. `state` is what open() returned. All members but carries, gap and end are required. */
struct proto_parser {
    /* `start`: first bytes of a direction (TCP: up to 512 so far; UDP: the datagram). */
    enum identify_result (*identify)(struct view start, enum direction direction,
                                     const struct flow *flow);
    /* The client's first bytes show that another protocol will run within (CONNECT). NULL member: never. */
    bool (*carries)(struct view start);
    /* NULL when the budget is spent. */
    void *(*open)(struct proto_context *context);
    /* TCP: the next in-order bytes, each byte once. UDP: one datagram. Takes all of them. */
    enum parse_result (*data)(void *state, struct proto_context *context, enum direction direction,
                              struct view bytes);
    /* `missing` bytes were lost here. PARSE_BAD to give up. NULL member: a gap ends parsing. */
    enum parse_result (*gap)(void *state, struct proto_context *context, enum direction direction,
                             uint64_t missing);
    /* No more bytes in this direction. May emit. */
    void (*end)(void *state, struct proto_context *context, enum direction direction);
    /* Flow is over: emit what is unfinished (a request without its answer), release the state. */
    void (*close)(void *state, struct proto_context *context);
};

const char *proto_name(enum proto_id id); /* "http"; "failed"; "unknown" */
/* The protocol by name; PROTO_UNKNOWN when there is none. */
enum proto_id proto_find(struct view name);
/* What a well-known port stands for: PROTO_UNKNOWN when it stands for none of ours. */
enum proto_id proto_of_port(uint16_t port, uint8_t ip_proto);
/* The flow's protocol so far. */
enum proto_id proto_of_flow(const struct flow *flow);

/* Entry points for the engine. context->flow and ->packet are set by these calls. */
void proto_stream_data(struct proto_context *context, struct flow *flow, enum direction direction,
                       struct view bytes, const struct packet *packet);
void proto_stream_gap(struct proto_context *context, struct flow *flow, enum direction direction,
                      uint64_t missing, const struct packet *packet);
void proto_stream_end(struct proto_context *context, struct flow *flow, enum direction direction,
                      const struct packet *packet);
void proto_datagram(struct proto_context *context, struct flow *flow, enum direction direction,
                    const struct packet *packet);
/* Flow is over: closes the parser, which emits what is unfinished. proto_of_flow() and
 * kept_add() still answer: the flow's record can be made now. */
void proto_flow_close(struct proto_context *context, struct flow *flow);
/* proto_flow_close() where that was not done, then releases flow->protocol. */
void proto_flow_end(struct proto_context *context, struct flow *flow);
/* True when no parser wants further bytes of this direction. */
bool proto_is_done(const struct flow *flow, enum direction direction);

/* For parsers. ------------------------------------------------------------------------------------- */

/* Hands context->event to the sink and counts its transaction, once. */
void proto_emit(struct proto_context *context, enum proto_id id);
void proto_anomaly(struct proto_context *context, enum anomaly anomaly);
/* Called in data(): another protocol begins here (the inside of a CONNECT tunnel). Its first bytes in
 * either direction, valid until data() returns, which should give PARSE_DONE. The parser is closed. */
void proto_restart(struct proto_context *context, struct view to_server, struct view to_client);

#endif
