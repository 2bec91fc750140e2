/* SPDX-License-Identifier: BSD-3-Clause */
/* Life of a parser on a flow.
 *
 *              identify() says yes                 PARSE_BAD, both ends reached, flow over
 *   IDENTIFYING -----------------> PARSING ------------------------------------------> ASLEEP
 *        |   ^                        |  proto_restart(): another protocol begins
 *        |   +------------------------+
 *        +--> WATCHING: all rows refused (PROTO_FAILED)
 *        |        +--> PARSING: a segment begins one of ours, or ASLEEP after WATCH_BYTES
 *        +--> ASLEEP: nobody wants this parser's fields
 *
 * Sleeping   a parser that is not awake (context.c) is not opened: the protocol is identified and no more.
 * Replay     bytes kept while in doubt are given to the parser first, the other direction's before
 *            those at hand; what had to be let go before is a gap to it. The first bytes of a direction that
 *            was refused are kept as well: what the other side says may prove them right, as odd as they are.
 * Mismatch   raised when content is one of our protocols and the server's port is well known for another,
 *            or when the port is well known for one of ours and that row refused all that was said in
 *            an unbroken flow (something that is not TLS on 443). Not raised inside tunnels.
 * Watching   a protocol that is none of ours may hand over to one that is: STARTTLS in mail, databases and
 *            directories, HTTP through SOCKS. Such a change comes early and at the start of a segment, which is
 *            where rows that are PROTO_CARRIED are asked again; only a plain yes counts.
 * Carriers   an asleep parser cannot say where the protocol that it carries begins. One whose carries()
 *            says that there will be one is opened although nobody wants its own events.
 * Restart    the inside of a tunnel is identified like a flow of its own, at most RESTARTS_MAX deep, so
 *            the one recursion here (feed -> restart -> feed) has that depth. While it is undecided, and
 *            when it is none of ours, the flow keeps the outer protocol's name.
 */
#include "proto/identify.h"
#include "proto/kept.h"

enum { RESTARTS_MAX = 3, WATCH_BYTES = 64 * 1024 };

static void feed(struct proto_context *context, struct protocol_flow *p, enum direction direction,
                 struct view bytes);
static void take_stream(struct proto_context *context, struct protocol_flow *p,
                        enum direction direction, struct view bytes);
static void identify_stream(struct proto_context *context, struct protocol_flow *p,
                            enum direction direction, struct view bytes);

/* ---- the flow's record ------------------------------------------------------------------------------ */

static struct protocol_flow *flow_protocol(struct proto_context *context, struct flow *flow)
{
    size_t size = sizeof(struct protocol_flow);

    if (flow->protocol != NULL)
        return flow->protocol;
    flow->protocol = recycler_get(&context->recycler, &size);
    if (flow->protocol != NULL)
        *flow->protocol = (struct protocol_flow){.id = PROTO_UNKNOWN, .phase = PHASE_IDENTIFYING};
    return flow->protocol;
}

enum proto_id proto_of_flow(const struct flow *flow)
{
    return flow->protocol ? (enum proto_id)flow->protocol->id : PROTO_UNKNOWN;
}

bool proto_is_done(const struct flow *flow, enum direction direction)
{
    const struct protocol_flow *p = flow->protocol;

    if (p == NULL || p->phase == PHASE_IDENTIFYING || p->phase == PHASE_WATCHING)
        return false;
    return p->phase == PHASE_ASLEEP || (p->done & 1u << direction) != 0;
}

/* What the budget has refused since the last call, to the account of the flow's protocol. */
static void count_memory_errors(struct proto_context *context, const struct protocol_flow *p)
{
    struct proto_stats *stats = &context->stats;
    bool is_known = p != NULL && p->id != PROTO_UNKNOWN;

    if (context->recycler.refused == context->refused)
        return;
    context->refused = context->recycler.refused;
    proto_count(context, stats->memory_errors, stats->udp_memory_errors,
                is_known ? (enum proto_id)p->id : PROTO_FAILED);
}

static void forget_starts(struct proto_context *context, struct protocol_flow *p)
{
    identify_forget(p, &context->recycler, TO_SERVER);
    identify_forget(p, &context->recycler, TO_CLIENT);
}

static void close_parser(struct proto_context *context, struct protocol_flow *p)
{
    if (p->phase == PHASE_PARSING) {
        void *state = p->state;
        p->state = NULL;
        p->phase = PHASE_ASLEEP;
        proto_parser_of(p->id)->close(state, context);
    }
    p->phase = PHASE_ASLEEP;
    forget_starts(context, p);
}

static void raise_mismatch(struct proto_context *context)
{
    context->flow->flags |= FLOW_PROTO_MISMATCH;
    context->stats.mismatches++;
    proto_anomaly(context, ANOMALY_APPLAYER_PORT_PROTO_MISMATCH);
}

/* ---- deciding --------------------------------------------------------------------------------------- */

/* The protocol that the port promises has refused all that was said, of a flow that was seen from its start. */
static bool denies_port(const struct flow *flow, const struct protocol_flow *p)
{
    enum proto_id expected = proto_of_port(flow->server_port, flow->ip_proto);
    bool has_spoken = false;

    if (expected == PROTO_UNKNOWN || flow->flags & (FLOW_MIDSTREAM | FLOW_GAP))
        return false;
    for (int direction = TO_SERVER; direction <= TO_CLIENT; direction++) {
        bool is_refused = p->refused[direction] & 1u << expected;
        if (p->start_len[direction] > 0 && !is_refused)
            return false;
        has_spoken |= is_refused;
    }
    return has_spoken;
}

/* None of ours. */
static void fail(struct proto_context *context, struct protocol_flow *p)
{
    const struct flow *flow = context->flow;
    bool is_denied = denies_port(flow, p);

    p->phase = flow->ip_proto == IP_TCP ? PHASE_WATCHING : PHASE_ASLEEP;
    forget_starts(context, p);
    if (p->restarts > 0)
        return;
    p->id = PROTO_FAILED;
    proto_count(context, context->stats.flows, context->stats.udp_flows, PROTO_FAILED);
    if (is_denied)
        raise_mismatch(context);
}

/* What a parser has missed of a direction. */
struct missed {
    uint64_t lost;
    uint8_t *start;
    uint16_t start_len;
};

static struct missed take_missed(struct protocol_flow *p, enum direction direction)
{
    struct missed missed = {p->lost[direction], p->start[direction], p->start_len[direction]};
    p->lost[direction] = 0;
    p->start[direction] = NULL;
    p->start_len[direction] = 0;
    return missed;
}

/* A direction of the flow as the parser knows it, and back. */
static enum direction turned(const struct protocol_flow *p, enum direction direction)
{
    return p->is_reversed ? direction_reverse(direction) : direction;
}

/* A refused direction has lost what came after its start. What the protocol's own row refused is shown to the
 * parser all the same where the flow's start was seen: it is the start, as odd as it is. */
static void replay(struct proto_context *context, struct protocol_flow *p, enum direction direction,
                   struct missed missed)
{
    struct view start = view_make(missed.start, missed.start_len);
    bool is_refused = identify_is_refused(p, context->flow, direction);
    bool has_refused = p->refused[direction] & 1u << p->id;

    if (has_refused && context->flow->flags & (FLOW_MIDSTREAM | FLOW_GAP)) {
        missed.lost += start.len;
        start = view_make(NULL, 0);
    }
    if (is_refused)
        take_stream(context, p, direction, start);
    if (missed.lost > 0)
        proto_stream_gap(context, context->flow, direction, missed.lost, context->packet);
    if (!is_refused)
        take_stream(context, p, direction, start);
    recycler_put(&context->recycler, missed.start, IDENTIFY_BYTES);
    if (p->ended & 1u << direction && p->phase == PHASE_PARSING) {
        const struct proto_parser *parser = proto_parser_of(p->id);
        if (parser->end != NULL)
            parser->end(p->state, context, turned(p, direction));
    }
}

/* Somebody wants what the parser makes, or what lies within. */
static bool is_needed(const struct proto_context *context, enum proto_id id, struct view start)
{
    const struct proto_parser *parser = proto_parser_of(id);

    if (context->awake & 1u << id)
        return true;
    return context->awake != 0 && parser->carries != NULL && parser->carries(start);
}

/* The flow speaks `id`: opens its parser, unless nobody wants it. `start`: the first bytes of who asks. */
static void adopt(struct proto_context *context, struct protocol_flow *p, enum proto_id id,
                  struct view start)
{
    p->id = (uint8_t)id;
    p->phase = PHASE_ASLEEP;
    proto_count(context, context->stats.flows, context->stats.udp_flows, id);
    if (p->restarts == 0 && identify_is_mismatch(context->flow, id))
        raise_mismatch(context);
    if (p->is_reversed)
        proto_anomaly(context, ANOMALY_APPLAYER_WRONG_DIRECTION_FIRST_DATA);
    if (is_needed(context, id, start)) {
        p->state = proto_parser_of(id)->open(context);
        if (p->state != NULL)
            p->phase = PHASE_PARSING;
    }
}

/* The start of a refused direction is kept for a case that is rare: not with memory that parsers may need. */
static size_t keep_refused(struct proto_context *context, struct protocol_flow *p,
                           enum direction direction, struct view bytes)
{
    const struct budget *budget = context->budget;
    bool has_room = budget->limit == 0 || budget->used < budget->limit / 8;

    return has_room ? identify_keep(p, &context->recycler, direction, bytes) : 0;
}

/* Every row has refused this direction, whose bytes at hand are `bytes`, the first `kept` of them kept. */
static void refuse_direction(struct proto_context *context, struct protocol_flow *p,
                             enum direction direction, struct view bytes, size_t kept)
{
    if (p->start_len[direction] == 0)
        kept = keep_refused(context, p, direction, bytes);
    p->refused[direction] = UINT16_MAX;
    p->lost[direction] += bytes.len - kept;
    if (identify_is_refused(p, context->flow, direction_reverse(direction)))
        fail(context, p);
}

/* A flow without its start begins in the middle of something, often with a keep-alive's one stale
 * byte: its next segments are looked at as well. */
static bool may_begin_later(const struct flow *flow, struct protocol_flow *p)
{
    if (!(flow->flags & (FLOW_MIDSTREAM | FLOW_GAP)) || p->tries == IDENTIFY_TRIES)
        return false;
    p->tries++;
    return true;
}

/* Lets the bytes kept so far go; those at hand are a start if there were others before them. `kept`: how
 * many of `bytes` are among those kept. */
static void begin_later(struct proto_context *context, struct protocol_flow *p,
                        enum direction direction, struct view bytes, size_t kept)
{
    size_t before = p->start_len[direction] - kept;

    identify_forget(p, &context->recycler, direction);
    p->refused[direction] = 0;
    p->lost[direction] += before > 0 ? before : bytes.len;
    if (before > 0)
        identify_stream(context, p, direction, bytes); /* nothing is kept now: not a second time */
}

/* One of ours begins with this segment, after something that is none of ours. */
static bool begins_within(struct proto_context *context, struct protocol_flow *p,
                          enum direction direction, struct view bytes)
{
    enum proto_id id = identify_carried(p, context->flow, direction, bytes);

    if (id == PROTO_UNKNOWN || p->restarts == RESTARTS_MAX)
        return false;
    forget_starts(context, p);
    p->restarts++;
    p->lost[TO_SERVER] = p->lost[TO_CLIENT] = 0;
    adopt(context, p, id, bytes);
    take_stream(context, p, direction, bytes);
    return true;
}

/* Bytes of a flow that is none of ours. */
static void watch(struct proto_context *context, struct protocol_flow *p, enum direction direction,
                  struct view bytes)
{
    if (begins_within(context, p, direction, bytes))
        return;
    p->lost[direction] += bytes.len;
    if (p->lost[direction] > WATCH_BYTES)
        p->phase = PHASE_ASLEEP;
}

/* Bytes while the protocol is undecided. */
static void identify_stream(struct proto_context *context, struct protocol_flow *p,
                            enum direction direction, struct view bytes)
{
    bool was_kept = p->start_len[direction] > 0;
    size_t kept = 0;
    bool is_first = direction == TO_SERVER && !was_kept && p->refused[direction] == 0;

    if (is_first)
        bytes = view_skip(bytes, identify_preface(bytes));
    if (bytes.len == 0)
        return;
    struct view start = view_slice(bytes, 0, IDENTIFY_BYTES);

    if (identify_is_refused(p, context->flow, direction)) {
        if (begins_within(context, p, direction, bytes))
            return;
        if (p->lost[direction] == 0) /* its start goes on */
            kept = keep_refused(context, p, direction, bytes);
        p->lost[direction] += bytes.len - kept;
        if (p->lost[direction] > IDENTIFY_ONE_SIDED)
            fail(context, p);
        return;
    }
    if (was_kept) {
        kept = identify_keep(p, &context->recycler, direction, bytes);
        start = view_make(p->start[direction], p->start_len[direction]);
    }
    if (was_kept && kept > 0 && begins_within(context, p, direction, bytes))
        return;
    enum proto_id id = identify_start(p, context->flow, direction, start);
    if (id == PROTO_UNKNOWN) {
        if (!was_kept && identify_keep(p, &context->recycler, direction, bytes) == 0)
            id = PROTO_FAILED; /* no memory to wait with */
        else
            return;
    }
    if (id == PROTO_FAILED) {
        if (may_begin_later(context->flow, p))
            begin_later(context, p, direction, bytes, kept);
        else
            refuse_direction(context, p, direction, bytes, kept);
        return;
    }
    enum direction other = direction_reverse(direction);
    struct missed before = take_missed(p, other), here = take_missed(p, direction);
    here.lost = 0; /* the protocol begins here: what came before was no part of it */
    adopt(context, p, id,
          turned(p, direction) == TO_SERVER ? start : view_make(before.start, before.start_len));
    replay(context, p, other, before);
    replay(context, p, direction, here);
    take_stream(context, p, direction, view_skip(bytes, kept));
}

/* ---- bytes to the parser ------------------------------------------------------------------------------ */

/* The parser said that another protocol begins: identification starts again. */
static void restart(struct proto_context *context, struct protocol_flow *p)
{
    const struct proto_parser *outer = proto_parser_of(p->id);
    void *state = p->state;
    const struct view rest[2] = {context->restart[TO_SERVER], context->restart[TO_CLIENT]};

    context->is_restarting = false;
    if (p->restarts == RESTARTS_MAX) {
        close_parser(context, p);
        return;
    }
    p->restarts++;
    p->state = NULL;
    p->phase = PHASE_IDENTIFYING;
    p->done = 0;
    p->tries = 0;
    for (int direction = TO_SERVER; direction <= TO_CLIENT; direction++) {
        p->refused[direction] = 0;
        p->lost[direction] = 0;
    }
    const bool was_reversed = p->is_reversed;
    p->is_reversed = false;
    take_stream(context, p, TO_SERVER, rest[was_reversed ? TO_CLIENT : TO_SERVER]);
    take_stream(context, p, TO_CLIENT, rest[was_reversed ? TO_SERVER : TO_CLIENT]);
    outer->close(state, context); /* last: the rests may lie in its memory */
}

static void settle(struct proto_context *context, struct protocol_flow *p, enum direction direction,
                   enum parse_result result)
{
    if (result == PARSE_BAD) {
        context->is_restarting = false;
        close_parser(context, p);
        return;
    }
    if (context->is_restarting)
        restart(context, p);
    else if (result == PARSE_DONE)
        p->done |= (uint8_t)(1u << direction);
}

static void feed(struct proto_context *context, struct protocol_flow *p, enum direction direction,
                 struct view bytes)
{
    if (p->done & 1u << direction)
        return;
    enum parse_result result =
        proto_parser_of(p->id)->data(p->state, context, turned(p, direction), bytes);
    bool is_fault = context->recycler.refused == context->refused; /* else memory ran out */
    if (result == PARSE_BAD && is_fault)
        proto_count(context, context->stats.errors, context->stats.udp_errors, p->id);
    settle(context, p, direction, result);
}

static void take_stream(struct proto_context *context, struct protocol_flow *p,
                        enum direction direction, struct view bytes)
{
    if (bytes.len == 0)
        return;
    if (p->phase == PHASE_IDENTIFYING)
        identify_stream(context, p, direction, bytes);
    else if (p->phase == PHASE_WATCHING)
        watch(context, p, direction, bytes);
    else if (p->phase == PHASE_PARSING)
        feed(context, p, direction, bytes);
}

/* ---- entry points --------------------------------------------------------------------------------------- */

static struct protocol_flow *enter(struct proto_context *context, struct flow *flow,
                                   const struct packet *packet)
{
    context->flow = flow;
    context->packet = packet;
    return flow_protocol(context, flow);
}

void proto_stream_data(struct proto_context *context, struct flow *flow, enum direction direction,
                       struct view bytes, const struct packet *packet)
{
    struct protocol_flow *p = enter(context, flow, packet);
    if (p != NULL)
        take_stream(context, p, direction, bytes);
    count_memory_errors(context, p);
}

void proto_stream_gap(struct proto_context *context, struct flow *flow, enum direction direction,
                      uint64_t missing, const struct packet *packet)
{
    struct protocol_flow *p = enter(context, flow, packet);

    if (p == NULL || p->phase == PHASE_ASLEEP || p->done & 1u << direction)
        return;
    if (p->phase == PHASE_WATCHING) {
        p->lost[direction] += missing;
        return;
    }
    if (p->phase == PHASE_IDENTIFYING) { /* what comes next is looked at as if it were the start */
        p->lost[direction] += missing + p->start_len[direction];
        identify_forget(p, &context->recycler, direction);
        return;
    }
    const struct proto_parser *parser = proto_parser_of(p->id);
    enum parse_result result = PARSE_BAD;
    if (parser->gap != NULL)
        result = parser->gap(p->state, context, turned(p, direction), missing);
    if (result == PARSE_BAD)
        proto_count(context, context->stats.gap_errors, context->stats.udp_gap_errors, p->id);
    settle(context, p, direction, result);
    count_memory_errors(context, p);
}

void proto_stream_end(struct proto_context *context, struct flow *flow, enum direction direction,
                      const struct packet *packet)
{
    struct protocol_flow *p = flow->protocol;

    context->flow = flow;
    context->packet = packet;
    if (p == NULL || p->ended & 1u << direction)
        return;
    p->ended |= (uint8_t)(1u << direction);
    if (p->phase == PHASE_PARSING) {
        const struct proto_parser *parser = proto_parser_of(p->id);
        if (parser->end != NULL)
            parser->end(p->state, context, turned(p, direction));
        if (p->ended ==
            3) /* nothing more can come: its memory is freed before the flow times out */
            close_parser(context, p);
    }
    count_memory_errors(context, p);
}

static void take_datagram(struct proto_context *context, struct protocol_flow *p,
                          enum direction direction, struct view bytes)
{
    const struct flow *flow = context->flow;

    if (p->phase == PHASE_ASLEEP || bytes.len == 0)
        return;
    if (p->phase == PHASE_IDENTIFYING) {
        p->refused[direction] = 0; /* a datagram is whole: each is judged by itself */
        enum proto_id id = identify_start(p, flow, direction, bytes);
        if (id == PROTO_UNKNOWN || id == PROTO_FAILED) {
            p->refused[direction] = UINT16_MAX;
            if (++p->tries == IDENTIFY_TRIES)
                fail(context, p);
            return;
        }
        adopt(context, p, id, bytes);
    }
    if (p->phase == PHASE_PARSING)
        feed(context, p, direction, bytes);
}

void proto_datagram(struct proto_context *context, struct flow *flow, enum direction direction,
                    const struct packet *packet)
{
    struct protocol_flow *p = enter(context, flow, packet);

    if (p != NULL)
        take_datagram(context, p, direction, packet_payload(packet));
    count_memory_errors(context, p);
}

void proto_flow_close(struct proto_context *context, struct flow *flow)
{
    struct protocol_flow *p = flow->protocol;

    if (p == NULL)
        return;
    context->flow = flow;
    context->packet = NULL;
    if (p->phase == PHASE_IDENTIFYING) {
        if (p->start_len[TO_SERVER] + p->start_len[TO_CLIENT] > 0 ||
            p->lost[TO_SERVER] + p->lost[TO_CLIENT] > 0 || p->tries > 0)
            fail(context, p);
    }
    close_parser(context, p);
    count_memory_errors(context, p);
}

void proto_flow_end(struct proto_context *context, struct flow *flow)
{
    struct protocol_flow *p = flow->protocol;

    if (p == NULL)
        return;
    proto_flow_close(context, flow);
    kept_forget(p, &context->recycler);
    recycler_put(&context->recycler, p, sizeof(*p));
    flow->protocol = NULL;
}
