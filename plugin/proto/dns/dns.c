/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS: the life of a parser on a flow, from datagrams and segments to messages and transactions.
 *
 * Messages   a datagram is one; over TCP a length of 16 bits stands before each (RFC 1035 section 4.2.2). A
 *            message that lies whole in one segment is read in place, others are gathered in a block
 *            that grows with what has come, not with what is promised.
 * Events     each message makes one: a query with is_complete false, an answer with is_complete true. The
 *            answer repeats the question, so all that is kept of a query is what tells its answer:
 *            identifier, hash of the question, transaction number.
 * Waiting    at most PENDING_MAX queries a flow wait for their answers; one more pushes out the oldest,
 *            whose answer then counts as a transaction of its own.
 * Silence    where rules wait for answers (context->waits) the query itself is kept, too. When it is pushed
 *            out, or the flow ends, its event is emitted again, complete without an answer, so that
 *            they are decided. One that is asked again is decided once, as its newest self.
 * Direction  is what the QR bit says. A flow whose first message contradicts the flow's direction was
 *            captured from its middle and is read with directions exchanged; a message that contradicts
 *            later is an anomaly. Flows between equal ports (mDNS, servers among themselves) have no sides.
 * Lost way   after bytes that reach beyond the current message a direction waits for a segment that
 *            begins like a message.
 */
#include "proto/dns/dns_identify.h"

#include "base/hash.h"

enum {
    PENDING_FIRST = 4,
    PENDING_MAX = 256,
    BAD_MESSAGES_MAX = 8, /* in a row over TCP: then it is not DNS */
    BLOCK_FIRST = 1024,
};

struct pending {
    uint64_t tx;
    uint8_t *query; /* the message; NULL when nobody waits or there was no memory */
    uint32_t query_size;
    uint32_t hash; /* of the question */
    uint16_t query_len;
    uint16_t id;
};

/* One direction over TCP. */
struct framing {
    uint8_t *block; /* the message so far; NULL while none is open or it lies in place */
    uint32_t block_size;
    uint32_t have; /* bytes of the message that have come */
    uint16_t len;  /* of the message, once both bytes of its prefix have come */
    uint8_t prefix;
    uint8_t prefix_len;
    bool is_skipped; /* no memory, or a gap in it: the rest is let go */
    bool is_lost;
};

struct dns_flow {
    size_t size; /* of this block, for the recycler */
    struct pending *pending;
    size_t pending_size; /* bytes of the block */
    uint32_t pending_count;
    uint8_t bad_messages;
    bool has_begun;
    bool is_exchanged;
    struct framing framing[2];
};

static void begin_event(struct proto_context *context, enum direction direction, uint64_t tx)
{
    struct event *event = context->event;

    event_begin(event, EVENT_DNS, direction, context->flow, context->packet);
    event->tx_id = tx;
    event->time_us = context->packet ? context->packet->time_us : context->flow->last_us;
}

/* ---- queries that wait ----------------------------------------------------------------------------- */

static uint32_t question_hash(const struct dns_message *message)
{
    const struct dns_question *q = &message->question;
    if (!message->has_question)
        return 0;
    struct dns_name folded =
        q->name; /* resolvers shuffle the case, servers do not repeat it always */
    dns_name_fold(&folded);
    uint64_t name = hash_plain(folded.text, folded.len);
    return (uint32_t)hash_mix(name ^ (uint64_t)q->type << 16 ^ (q->class & 0x7fff));
}

static struct pending *find_pending(const struct dns_flow *dns, uint16_t id, uint32_t hash)
{
    for (uint32_t i = 0; i < dns->pending_count; i++) {
        if (dns->pending[i].id == id && dns->pending[i].hash == hash)
            return &dns->pending[i];
    }
    return NULL;
}

static struct pending *find_by_id(const struct dns_flow *dns, uint16_t id)
{
    for (uint32_t i = 0; i < dns->pending_count; i++) {
        if (dns->pending[i].id == id)
            return &dns->pending[i];
    }
    return NULL;
}

static struct pending *find_oldest(const struct dns_flow *dns)
{
    struct pending *oldest = NULL;
    for (uint32_t i = 0; i < dns->pending_count; i++) {
        if (oldest == NULL || dns->pending[i].tx < oldest->tx)
            oldest = &dns->pending[i];
    }
    return oldest;
}

static bool grow_pending(struct proto_context *context, struct dns_flow *dns)
{
    uint32_t count = dns->pending_count;
    size_t size = (count ? (size_t)count * 2 : PENDING_FIRST) * sizeof(struct pending);

    if (count >= PENDING_MAX)
        return false;
    void *grown = recycler_grow(&context->recycler, dns->pending, dns->pending_size,
                                count * sizeof(struct pending), &size);
    if (grown == NULL)
        return false;
    dns->pending = grown;
    dns->pending_size = size;
    return true;
}

static void keep_query(struct proto_context *context, struct pending *place, struct view bytes)
{
    size_t size = bytes.len;

    if ((context->waits >> EVENT_DNS & 1) == 0)
        return;
    place->query = recycler_get(&context->recycler, &size);
    if (place->query == NULL)
        return;
    memcpy(place->query, bytes.data, bytes.len);
    place->query_size = (uint32_t)size;
    place->query_len = (uint16_t)bytes.len;
}

static void forget_query(struct proto_context *context, struct pending *place)
{
    recycler_put(&context->recycler, place->query, place->query_size);
    place->query = NULL;
}

/* No answer will come. */
static void end_pending(struct proto_context *context, struct pending *place)
{
    struct dns_message message;
    bool is_usable = false;

    if (place->query != NULL)
        (void)dns_message_read(view_make(place->query, place->query_len), &message, &is_usable);
    if (is_usable) {
        begin_event(context, TO_SERVER, place->tx);
        context->event->is_second = true;
        (void)dns_message_fill(&message, context->event);
        proto_emit(context, PROTO_DNS);
    }
    forget_query(context, place);
}

/* The query waits. One that is asked again waits under its newest number. */
static void add_pending(struct proto_context *context, struct dns_flow *dns,
                        const struct dns_message *message, uint64_t tx)
{
    struct pending query = {.tx = tx, .hash = question_hash(message), .id = message->header.id};
    struct pending *place = find_pending(dns, query.id, query.hash);

    if (place != NULL) {
        forget_query(context, place);
    } else {
        bool has_room = (size_t)(dns->pending_count + 1) * sizeof(query) <= dns->pending_size;
        if (has_room || grow_pending(context, dns))
            place = &dns->pending[dns->pending_count++];
        else if ((place = find_oldest(dns)) != NULL)
            end_pending(context, place);
    }
    if (place == NULL)
        return;
    *place = query;
    keep_query(context, place, message->bytes);
}

/* The number of the query that this answers; UINT64_MAX when none waits. */
static uint64_t take_pending(struct proto_context *context, struct dns_flow *dns,
                             const struct dns_message *answer)
{
    struct pending *place = NULL;

    if (answer->has_question)
        place = find_pending(dns, answer->header.id, question_hash(answer));
    else if (answer->rcode != 0) /* an error may come back as a header alone */
        place = find_by_id(dns, answer->header.id);

    if (place == NULL)
        return UINT64_MAX;
    uint64_t tx = place->tx;
    forget_query(context, place);
    *place = dns->pending[--dns->pending_count];
    return tx;
}

/* `is_second`: it answers a query that was seen. */
static uint64_t transaction_of(struct proto_context *context, struct dns_flow *dns,
                               const struct dns_message *message, bool *is_second)
{
    uint64_t tx = message->header.is_answer ? take_pending(context, dns, message) : UINT64_MAX;

    *is_second = tx != UINT64_MAX;
    if (*is_second)
        return tx;
    tx = context->flow->next_tx++;
    if (!message->header.is_answer)
        add_pending(context, dns, message, tx);
    return tx;
}

/* ---- one message ----------------------------------------------------------------------------------- */

static void raise_fault(struct proto_context *context, enum dns_fault fault)
{
    static const enum anomaly anomalies[DNS_FAULT_COUNT] = {
        [DNS_MALFORMED] = ANOMALY_DNS_MALFORMED_DATA,
        [DNS_NAME_TOO_LONG] = ANOMALY_DNS_NAME_TOO_LONG,
        [DNS_NAME_LOOP] = ANOMALY_DNS_INFINITE_LOOP,
        [DNS_TOO_MANY_LABELS] = ANOMALY_DNS_TOO_MANY_LABELS,
    };
    bool is_cut = context->packet != NULL && (context->packet->flags & PACKET_CUT) != 0;

    if (fault != DNS_FINE && !(fault == DNS_MALFORMED && is_cut)) /* not the sender's fault */
        proto_anomaly(context, anomalies[fault]);
}

/* Which side a message comes from, against what its QR bit says. */
static void check_direction(struct proto_context *context, struct dns_flow *dns, bool is_answer,
                            enum direction direction)
{
    const struct flow *flow = context->flow;

    if (flow->client_port == flow->server_port)
        return;
    if (!dns->has_begun)
        dns->is_exchanged = is_answer == (direction == TO_SERVER);
    dns->has_begun = true;
    if (dns->is_exchanged)
        direction = direction_reverse(direction);
    if (is_answer && direction == TO_SERVER)
        proto_anomaly(context, ANOMALY_DNS_NOT_REQUEST);
    else if (!is_answer && direction == TO_CLIENT)
        proto_anomaly(context, ANOMALY_DNS_NOT_RESPONSE);
}

static void check_header(struct proto_context *context, const struct dns_header *header)
{
    const struct flow *flow = context->flow;
    bool has_sides = flow->client_port != flow->server_port;

    if (header->has_z)
        proto_anomaly(context, ANOMALY_DNS_Z_FLAG_SET);
    if (header->opcode >= DNS_OPCODES)
        proto_anomaly(context, ANOMALY_DNS_INVALID_OPCODE);
    if (header->counts[DNS_QUESTIONS] > 1 && has_sides) /* common in mDNS only */
        proto_anomaly(context, ANOMALY_DNS_MULTIPLE_QUESTIONS);
}

static void emit_message(struct proto_context *context, const struct dns_message *message,
                         uint64_t tx, bool is_second, enum dns_fault fault)
{
    struct event *event = context->event;
    bool is_answer = message->header.is_answer;

    begin_event(context, is_answer ? TO_CLIENT : TO_SERVER, tx);
    event->is_complete = is_answer;
    event->is_second = is_second;
    enum dns_fault data_fault = dns_message_fill(message, event);
    proto_emit(context, PROTO_DNS);
    if (fault == DNS_FINE)
        raise_fault(context, data_fault);
}

/* Returns false when the message makes no event. A query of several questions makes one for each: the first
 * waits for the answer, which repeats them all. */
static bool take_message(struct proto_context *context, struct dns_flow *dns,
                         enum direction direction, struct view bytes)
{
    struct dns_message message;
    bool is_usable, is_second;
    enum dns_fault fault = dns_message_read(bytes, &message, &is_usable);

    if (!is_usable) {
        raise_fault(context, fault);
        return false;
    }
    bool is_answer = message.header.is_answer;
    check_direction(context, dns, is_answer, direction);
    check_header(context, &message.header);
    raise_fault(context, fault);

    uint64_t tx = transaction_of(context, dns, &message, &is_second);
    emit_message(context, &message, tx, is_second, fault);
    for (uint16_t i = 1; !is_answer && i < DNS_QUESTIONS_MAX && dns_message_ask(&message, i); i++)
        emit_message(context, &message, context->flow->next_tx++, false, DNS_FINE);
    return true;
}

/* ---- TCP --------------------------------------------------------------------------------------------- */

static void drop_block(struct proto_context *context, struct framing *f)
{
    recycler_put(&context->recycler, f->block, f->block_size);
    f->block = NULL;
    f->block_size = 0;
}

static void begin_next(struct proto_context *context, struct framing *f)
{
    drop_block(context, f);
    f->have = 0;
    f->len = 0;
    f->prefix_len = 0;
    f->is_skipped = false;
}

/* Both bytes of the prefix, from one segment or two; returns what follows them. */
static struct view take_prefix(struct framing *f, struct view bytes)
{
    while (f->prefix_len < 2 && bytes.len > 0) {
        if (f->prefix_len++ == 0)
            f->prefix = bytes.data[0];
        else
            f->len = (uint16_t)(f->prefix << 8 | bytes.data[0]);
        bytes = view_skip(bytes, 1);
    }
    return bytes;
}

/* Adds to the gathered message; without memory the message is let go. */
static void gather(struct proto_context *context, struct framing *f, struct view part)
{
    size_t needed = f->have + part.len, size = needed > BLOCK_FIRST ? needed : BLOCK_FIRST;

    if (!f->is_skipped && (f->block == NULL || needed > f->block_size)) {
        void *grown = recycler_grow(&context->recycler, f->block, f->block_size, f->have, &size);
        f->is_skipped = grown == NULL;
        if (grown != NULL) {
            f->block = grown;
            f->block_size = (uint32_t)size;
        }
    }
    if (!f->is_skipped)
        memcpy(f->block + f->have, part.data, part.len);
    f->have += (uint32_t)part.len;
}

static void count_message(struct dns_flow *dns, bool is_good)
{
    if (is_good)
        dns->bad_messages = 0;
    else if (dns->bad_messages < BAD_MESSAGES_MAX)
        dns->bad_messages++;
}

/* Takes one message, or the part of it that has come; returns what follows. */
static struct view take_part(struct proto_context *context, struct dns_flow *dns,
                             enum direction direction, struct view bytes)
{
    struct framing *f = &dns->framing[direction];

    bytes = take_prefix(f, bytes);
    if (f->prefix_len < 2)
        return bytes;
    struct view part = view_slice(bytes, 0, f->len - f->have);
    bool is_whole = part.len == f->len - f->have;
    if (is_whole && f->have == 0) {
        if (f->len > 0 && !f->is_skipped) /* an empty message keeps the connection alive */
            count_message(dns, take_message(context, dns, direction, part));
    } else if (part.len > 0) {
        gather(context, f, part);
        if (is_whole && !f->is_skipped)
            count_message(dns, take_message(context, dns, direction, view_make(f->block, f->len)));
    }
    if (is_whole)
        begin_next(context, f);
    return view_skip(bytes, part.len);
}

static enum parse_result take_segment(struct proto_context *context, struct dns_flow *dns,
                                      enum direction direction, struct view bytes)
{
    struct framing *f = &dns->framing[direction];

    if (f->is_lost && dns_identify_prefixed(bytes, context->flow) != IDENTIFY_YES)
        return PARSE_MORE;
    f->is_lost = false;
    while (bytes.len > 0) {
        bytes = take_part(context, dns, direction, bytes);
        if (dns->bad_messages == BAD_MESSAGES_MAX)
            return PARSE_BAD;
    }
    return PARSE_MORE;
}

/* ---- the parser -------------------------------------------------------------------------------------- */

static void *dns_open(struct proto_context *context)
{
    size_t size = sizeof(struct dns_flow);
    struct dns_flow *dns = recycler_get(&context->recycler, &size);

    if (dns != NULL)
        *dns = (struct dns_flow){.size = size};
    return dns;
}

static enum parse_result dns_data(void *state, struct proto_context *context,
                                  enum direction direction, struct view bytes)
{
    struct dns_flow *dns = state;

    if (context->flow->ip_proto == IP_TCP)
        return take_segment(context, dns, direction, bytes);
    take_message(context, dns, direction, bytes);
    return PARSE_MORE;
}

static enum parse_result dns_gap(void *state, struct proto_context *context,
                                 enum direction direction, uint64_t missing)
{
    struct dns_flow *dns = state;
    struct framing *f = &dns->framing[direction];

    if (f->prefix_len == 2 && missing < (uint64_t)(f->len - f->have)) {
        f->is_skipped = true;
        f->have += (uint32_t)missing;
        return PARSE_MORE;
    }
    bool is_boundary = f->prefix_len == 2 && missing == (uint64_t)(f->len - f->have);
    begin_next(context, f);
    f->is_lost = !is_boundary;
    return PARSE_MORE;
}

static void dns_close(void *state, struct proto_context *context)
{
    struct dns_flow *dns = state;

    for (uint32_t i = 0; i < dns->pending_count; i++)
        end_pending(context, &dns->pending[i]);
    drop_block(context, &dns->framing[TO_SERVER]);
    drop_block(context, &dns->framing[TO_CLIENT]);
    recycler_put(&context->recycler, dns->pending, dns->pending_size);
    recycler_put(&context->recycler, dns, dns->size);
}

const struct proto_parser dns_parser = {
    .identify = dns_identify,
    .open = dns_open,
    .data = dns_data,
    .gap = dns_gap,
    .close = dns_close,
};
