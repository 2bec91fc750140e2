/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS: from bytes to one event a handshake.
 *
 *   record     type(1) version(2) length(2) fragment      RFC 8446 section 5.1
 *   message    type(1) length(3) body                     RFC 8446 section 4; across records and segments
 *
 *   tls_identify.c   is it TLS at all            tls_hello.c   what the hellos say     ja.c   fingerprints
 *   tls_event.c      handshake -> fields         x509.c        what the certificate says
 *
 * Idea       four messages matter: ClientHello, ServerHello, Certificate, ServerHelloDone. One that lies
 *            whole in a segment is read in place; one that does not is gathered in a block that grows with
 *            the bytes that came (never with the length that was claimed). All others are stepped over.
 * Done       the client's direction with its first ClientHello; the server's with its Certificate, or where
 *            none can come any more: ServerHello of TLS 1.3, ServerHelloDone, ChangeCipherSpec, application
 *            data, a fatal alert. The rest of the flow costs a counter.
 * Events     is_complete false when the ClientHello was read, so that a name alerts at once; true when the
 *            server's direction is done or over. A server's part that comes before the client's (captures
 *            do that) waits for it.
 * Memory     ClientHello and ServerHello are kept from one event to the other, then given back. When there
 *            is no memory to keep one, what there is goes out as the complete event.
 * Retry      a HelloRetryRequest and the second ClientHello are stepped over: names and fingerprints are of
 *            the first ClientHello (as tshark and Suricata have it) and of the real ServerHello.
 * Not here   STARTTLS of other protocols, DTLS, QUIC.
 */
#include "proto/tls/tls.h"

enum {
    HANDSHAKE_HEADER = 4,
    SSL2_SERVER_HELLO = 4,
    ALERT_FATAL = 2,
    ALERT_LEN = 2,            /* in clear */
    MESSAGE_MAX = 256 * 1024, /* whatever limits.header_bytes says */
    KNOWN_MESSAGES =
        0x03f1f97f, /* bit 1 << type: IANA's, without those of next protocol negotiation */
};

/* Bytes in a block of the recycler; empty when bytes is NULL. */
struct kept {
    uint8_t *bytes;
    size_t size;
    uint32_t len;
};

struct tls_side {
    uint8_t header[TLS_RECORD_HEADER];
    uint8_t header_len;
    uint8_t message_header[HANDSHAKE_HEADER];
    uint8_t message_header_len;
    uint8_t record_type;
    bool is_done;          /* nothing more is wanted of this direction */
    bool is_cut;           /* the message at hand is longer than what is wanted of it */
    bool is_unsure;        /* bytes before the first record were lost: perhaps it is none */
    bool has_begun;        /* a record was read */
    uint32_t record_left;  /* bytes of the record at hand that are still to come */
    uint32_t message_left; /* of the message at hand */
    uint32_t wanted;       /* bytes of it that are read or gathered; 0: it is stepped over */
    struct kept gathered;
};

struct tls_flow {
    struct tls_side side[2];
    struct kept client_hello, server_hello, certificates;
    uint64_t tx;
    uint32_t chain_len;
    uint16_t ssl2_version;
    bool has_tx;
    bool has_client; /* its hello was seen */
    bool has_server;
    bool has_retry; /* of the server's two hellos only the first, which does not count, was seen */
    bool is_reported; /* by its complete event */
};

/* ---- memory ------------------------------------------------------------------------------------- */

static struct view kept_view(const struct kept *kept)
{
    return view_make(kept->bytes, kept->len);
}

static void release(struct proto_context *context, struct kept *kept)
{
    recycler_put(&context->recycler, kept->bytes, kept->size);
    *kept = (struct kept){0};
}

/* False when there is no memory; what was kept so far stays. */
static bool append(struct proto_context *context, struct kept *kept, struct view bytes)
{
    size_t size = kept->len + bytes.len;

    if (size > kept->size) {
        uint8_t *grown =
            recycler_grow(&context->recycler, kept->bytes, kept->size, kept->len, &size);
        if (grown == NULL)
            return false;
        kept->bytes = grown;
        kept->size = size;
    }
    if (bytes.len > 0)
        memcpy(kept->bytes + kept->len, bytes.data, bytes.len);
    kept->len += (uint32_t)bytes.len;
    return true;
}

/* Keeps a message for later: takes the block over that it was gathered in, or copies it. */
static bool keep(struct proto_context *context, struct tls_side *side, struct kept *kept,
                 struct view body)
{
    if (body.len == 0 || kept->bytes != NULL)
        return true;
    if (body.data == side->gathered.bytes) {
        *kept = side->gathered;
        side->gathered = (struct kept){0};
        return true;
    }
    return append(context, kept, body);
}

static void release_all(struct tls_flow *tls, struct proto_context *context)
{
    release(context, &tls->side[TO_SERVER].gathered);
    release(context, &tls->side[TO_CLIENT].gathered);
    release(context, &tls->client_hello);
    release(context, &tls->server_hello);
    release(context, &tls->certificates);
}

/* ---- the event ---------------------------------------------------------------------------------- */

static struct tls_handshake known(const struct tls_flow *tls)
{
    return (struct tls_handshake){
        .client_hello = kept_view(&tls->client_hello),
        .server_hello = kept_view(&tls->server_hello),
        .certificates = kept_view(&tls->certificates),
        .chain_len = tls->chain_len,
        .ssl2_version = tls->ssl2_version,
    };
}

static void emit(struct tls_flow *tls, struct proto_context *context,
                 const struct tls_handshake *seen, bool is_complete)
{
    struct event *event = context->event;
    bool has_server = is_complete && (seen->server_hello.len > 0 || seen->chain_len > 0);

    bool is_second = tls->has_tx;

    if (!is_second)
        tls->tx = context->flow->next_tx++;
    tls->has_tx = true;
    event_begin(event, EVENT_TLS, has_server ? TO_CLIENT : TO_SERVER, context->flow,
                context->packet);
    event->is_complete = is_complete;
    event->is_second = is_second;
    event->tx_id = tls->tx;
    event->time_us = context->packet ? context->packet->time_us : context->flow->last_us;
    tls_add_fields(context, seen);
    proto_emit(context, PROTO_TLS);
}

/* Nothing can be added to the handshake any more. A flow that showed nothing of it has no event. */
static void finish(struct tls_flow *tls, struct proto_context *context,
                   const struct tls_handshake *seen)
{
    bool has_something = seen->client_hello.len > 0 || seen->server_hello.len > 0 ||
                         seen->chain_len > 0 || seen->ssl2_version != 0;

    if (!tls->is_reported && has_something) {
        emit(tls, context, seen, true);
        tls->is_reported = true;
        tls->side[TO_SERVER].is_done = true;
    }
    tls->side[TO_CLIENT].is_done = true;
    release_all(tls, context);
}

/* The server's part is there, or will not come. */
static void end_server(struct tls_flow *tls, struct proto_context *context,
                       const struct tls_handshake *seen)
{
    struct tls_side *side = &tls->side[TO_CLIENT];

    side->is_done = true;
    if (tls->has_client || tls->side[TO_SERVER].is_done ||
        !keep(context, side, &tls->server_hello, seen->server_hello) ||
        !append(context, &tls->certificates, seen->certificates))
        finish(tls, context, seen);
}

static void end_side(struct tls_flow *tls, struct proto_context *context, enum direction direction)
{
    struct tls_handshake seen = known(tls);

    if (direction == TO_CLIENT) {
        end_server(tls, context, &seen);
        return;
    }
    tls->side[TO_SERVER].is_done = true;
    if (tls->side[TO_CLIENT].is_done)
        finish(tls, context, &seen);
}

/* ---- messages ----------------------------------------------------------------------------------- */

static void report_lengths(struct proto_context *context, const struct tls_side *side)
{
    proto_anomaly(context, side->is_cut ? ANOMALY_TLS_INVALID_HANDSHAKE_MESSAGE
                                        : ANOMALY_TLS_HANDSHAKE_INVALID_LENGTH);
}

static void check_client_hello(struct proto_context *context, const struct tls_side *side,
                               struct view body)
{
    struct tls_client_hello hello;

    if (!tls_parse_client_hello(body, &hello))
        report_lengths(context, side);
    if (hello.faults & TLS_SNI_TYPE)
        proto_anomaly(context, ANOMALY_TLS_INVALID_SNI_TYPE);
    if (hello.faults & TLS_SNI_LENGTH)
        proto_anomaly(context, ANOMALY_TLS_INVALID_SNI_LENGTH);
    if (hello.faults & TLS_SNI_TWICE)
        proto_anomaly(context, ANOMALY_TLS_MULTIPLE_SNI_EXTENSIONS);
}

static void take_client_hello(struct tls_flow *tls, struct proto_context *context, struct view body)
{
    struct tls_side *side = &tls->side[TO_SERVER];
    struct tls_handshake seen = known(tls);

    check_client_hello(context, side, body);
    tls->has_client = true;
    side->is_done = true;
    seen.client_hello = body;
    if (tls->side[TO_CLIENT].is_done || !keep(context, side, &tls->client_hello, body)) {
        finish(tls, context, &seen);
        return;
    }
    seen = known(tls);
    emit(tls, context, &seen, false);
}

static void take_server_hello(struct tls_flow *tls, struct proto_context *context, struct view body)
{
    struct tls_side *side = &tls->side[TO_CLIENT];
    struct tls_handshake seen = known(tls);
    struct tls_server_hello hello;

    if (!tls_parse_server_hello(body, &hello))
        report_lengths(context, side);
    if (hello.is_retry) {
        tls->has_retry = true;
        return;
    }
    tls->has_server = true;
    seen.server_hello = body;
    if (tls_is_1_3(hello.version) || !keep(context, side, &tls->server_hello, body))
        end_server(tls, context, &seen);
}

/* Before TLS 1.3: length(3) { length(3) der }, the server's own first. Of a list that was cut the
 * certificates that are whole count. */
static void take_certificates(struct tls_flow *tls, struct proto_context *context, struct view body)
{
    const struct tls_side *side = &tls->side[TO_CLIENT];
    struct cursor c = cursor_over(body);
    uint32_t len = cursor_u24(&c);

    if (!side->is_cut && len != cursor_left(&c))
        proto_anomaly(context, ANOMALY_TLS_CERTIFICATE_INVALID_LENGTH);
    struct view whole = view_slice(cursor_rest(&c), 0, len);
    struct cursor list = cursor_over(whole);
    while (cursor_left(&list) > 0) {
        (void)cursor_view(&list, cursor_u24(&list));
        if (list.overrun)
            break;
        tls->chain_len++;
    }
    if (list.overrun && !side->is_cut)
        proto_anomaly(context, ANOMALY_TLS_CERTIFICATE_INVALID_LENGTH);
    if (side->is_cut && tls->chain_len == 0)
        proto_anomaly(context, ANOMALY_TLS_INVALID_CERTIFICATE);
    struct tls_handshake seen = known(tls);
    seen.certificates = whole;
    end_server(tls, context, &seen);
}

/* The client says no more, and its hello is whole but claims to be longer. */
static bool take_cut_hello(struct tls_flow *tls, struct proto_context *context)
{
    struct tls_side *side = &tls->side[TO_SERVER];
    bool is_hello = side->gathered.len > 0 && side->message_header[0] == TLS_CLIENT_HELLO;
    struct tls_client_hello hello;

    if (side->is_done || tls->has_client || !is_hello ||
        !tls_parse_client_hello(kept_view(&side->gathered), &hello))
        return false;
    proto_anomaly(context, ANOMALY_TLS_HANDSHAKE_INVALID_LENGTH);
    take_client_hello(tls, context, kept_view(&side->gathered));
    release(context, &side->gathered);
    return true;
}

/* `body` may be the side's gathered block. */
static void take_message(struct tls_flow *tls, struct proto_context *context, uint8_t type,
                         struct view body)
{
    if (type == TLS_CLIENT_HELLO)
        take_client_hello(tls, context, body);
    else if (type == TLS_SERVER_HELLO)
        take_server_hello(tls, context, body);
    else
        take_certificates(tls, context, body);
}

static bool is_wanted(const struct tls_flow *tls, enum direction direction, uint8_t type)
{
    if (direction == TO_SERVER)
        return type == TLS_CLIENT_HELLO;
    return (type == TLS_SERVER_HELLO && !tls->has_server) || type == TLS_CERTIFICATE;
}

/* The header of a message is whole. */
static void begin_message(struct tls_flow *tls, struct proto_context *context,
                          enum direction direction)
{
    struct tls_side *side = &tls->side[direction];
    uint8_t type = side->message_header[0];
    uint32_t limit = context->limits.header_bytes;

    if (type >= 32 || !((uint32_t)KNOWN_MESSAGES >> type & 1)) { /* encrypted, or nothing of TLS */
        proto_anomaly(context, ANOMALY_TLS_INVALID_HANDSHAKE_MESSAGE);
        end_side(tls, context, direction);
        return;
    }
    if (direction == TO_CLIENT && type == TLS_HELLO_RETRY_REQUEST)
        tls->has_retry = true;
    if (direction == TO_CLIENT && type == TLS_SERVER_HELLO_DONE) {
        end_side(tls, context, direction);
        return;
    }
    side->message_left = (uint32_t)side->message_header[1] << 16 |
                         (uint32_t)side->message_header[2] << 8 | side->message_header[3];
    limit = limit < MESSAGE_MAX ? limit : MESSAGE_MAX;
    side->is_cut = side->message_left > limit;
    side->wanted = 0;
    if (is_wanted(tls, direction, type)) {
        side->wanted = side->is_cut ? limit : side->message_left;
        if (side->message_left == 0)
            proto_anomaly(context, ANOMALY_TLS_HANDSHAKE_INVALID_LENGTH);
    }
}

/* Takes what `bytes` has of the message at hand; returns how much that was. */
static size_t continue_message(struct tls_flow *tls, struct proto_context *context,
                               enum direction direction, struct view bytes)
{
    struct tls_side *side = &tls->side[direction];
    struct kept *gathered = &side->gathered;
    struct view part = view_slice(bytes, 0, side->message_left);
    uint8_t type = side->message_header[0];

    if (side->wanted > 0) {
        struct view useful = view_slice(part, 0, side->wanted - gathered->len);
        if (useful.len == side->wanted) {
            side->wanted = 0;
            take_message(tls, context, type, useful);
        } else if (!append(context, gathered, useful)) {
            end_side(tls, context, direction);
        } else if (gathered->len == side->wanted) {
            side->wanted = 0;
            take_message(tls, context, type, kept_view(gathered));
            release(context, gathered);
        }
    }
    side->message_left -= (uint32_t)part.len;
    if (side->message_left == 0)
        side->message_header_len = 0;
    return part.len;
}

static void take_handshake(struct tls_flow *tls, struct proto_context *context,
                           enum direction direction, struct view bytes)
{
    struct tls_side *side = &tls->side[direction];

    while (bytes.len > 0 && !side->is_done) {
        if (side->message_header_len < HANDSHAKE_HEADER) {
            side->message_header[side->message_header_len++] = bytes.data[0];
            bytes = view_skip(bytes, 1);
            if (side->message_header_len < HANDSHAKE_HEADER)
                continue;
            begin_message(tls, context, direction);
            if (side->is_done || side->message_left > 0)
                continue;
        }
        bytes = view_skip(bytes, continue_message(tls, context, direction, bytes));
    }
}

/* ---- records ------------------------------------------------------------------------------------ */

/* The first record of a client, or the answer to it, may be of SSLv2: length(2) type(1) version(2) with
 * the length's top bit set. Of an answer in SSLv2 no more is read than that. */
static bool take_ssl2(struct tls_flow *tls, struct proto_context *context, enum direction direction)
{
    struct tls_side *side = &tls->side[direction];
    const uint8_t *header = side->header;

    if (direction == TO_SERVER && tls_is_ssl2_hello(view_make(side->header, TLS_RECORD_HEADER))) {
        tls->ssl2_version = (uint16_t)(header[3] << 8 | header[4]);
        tls->has_client = true;
        side->is_done = true;
        struct tls_handshake seen = known(tls);
        if (tls->side[TO_CLIENT].is_done)
            finish(tls, context, &seen);
        else
            emit(tls, context, &seen, false);
        return true;
    }
    if (direction == TO_CLIENT && tls->ssl2_version != 0 && header[0] & 0x80 &&
        header[2] == SSL2_SERVER_HELLO) {
        tls->ssl2_version = TLS_SSL2;
        end_side(tls, context, TO_CLIENT);
        return true;
    }
    return false;
}

/* What the header of a record says: ANOMALY_NONE, or what is wrong with it. */
static enum anomaly check_record(const uint8_t header[TLS_RECORD_HEADER])
{
    if (header[0] < TLS_CHANGE_CIPHER_SPEC || header[0] > TLS_HEARTBEAT)
        return ANOMALY_TLS_INVALID_RECORD_TYPE;
    if (header[1] != 3)
        return ANOMALY_TLS_INVALID_RECORD_VERSION;
    if ((header[3] << 8 | header[4]) > TLS_RECORD_MAX)
        return ANOMALY_TLS_INVALID_RECORD_LENGTH;
    return ANOMALY_NONE;
}

/* A record after which nothing comes in clear: its type alone tells. The ChangeCipherSpec between a
 * HelloRetryRequest and the ServerHello is for the eyes of middleboxes (RFC 8446 appendix D.4); one before the
 * ClientHello, or an empty record, is for nobody's, and libraries let it pass. */
static bool ends_clear(const struct tls_flow *tls, const struct tls_side *side,
                       enum direction direction)
{
    if (side->record_left == 0)
        return false;
    if (side->record_type == TLS_ALERT)
        return side->record_left != ALERT_LEN;
    if (side->record_type == TLS_CHANGE_CIPHER_SPEC)
        return direction == TO_SERVER ? tls->has_client : tls->has_server || !tls->has_retry;
    return side->record_type == TLS_APPLICATION_DATA;
}

/* The header of a record is whole. False: this is not TLS. */
static bool begin_record(struct tls_flow *tls, struct proto_context *context,
                         enum direction direction)
{
    struct tls_side *side = &tls->side[direction];

    side->header_len = 0;
    enum anomaly anomaly = check_record(side->header);
    if (anomaly != ANOMALY_NONE && side->is_unsure && !side->has_begun) {
        end_side(tls, context, direction);
        return true;
    }
    if (anomaly != ANOMALY_NONE) {
        if (take_ssl2(tls, context, direction))
            return true;
        proto_anomaly(context, anomaly);
        return false;
    }
    if (side->header[2] > 4)
        proto_anomaly(context, ANOMALY_TLS_INVALID_RECORD_VERSION);
    side->has_begun = true;
    side->record_type = side->header[0];
    side->record_left = (uint32_t)side->header[3] << 8 | side->header[4];
    if (ends_clear(tls, side, direction))
        end_side(tls, context, direction);
    return true;
}

static void take_record(struct tls_flow *tls, struct proto_context *context,
                        enum direction direction, struct view part)
{
    const struct tls_side *side = &tls->side[direction];

    if (side->record_type == TLS_HANDSHAKE)
        take_handshake(tls, context, direction, part);
    else if (side->record_type == TLS_ALERT && side->record_left == ALERT_LEN &&
             part.data[0] == ALERT_FATAL)
        end_side(tls, context, direction);
}

static enum parse_result tls_data(void *state, struct proto_context *context,
                                  enum direction direction, struct view bytes)
{
    struct tls_flow *tls = state;
    struct tls_side *side = &tls->side[direction];

    while (bytes.len > 0 && !side->is_done) {
        if (side->record_left == 0) {
            side->header[side->header_len++] = bytes.data[0];
            bytes = view_skip(bytes, 1);
            if (side->header_len == TLS_RECORD_HEADER && !begin_record(tls, context, direction))
                return PARSE_BAD;
            continue;
        }
        struct view part = view_slice(bytes, 0, side->record_left);
        take_record(tls, context, direction, part);
        side->record_left -= (uint32_t)part.len;
        bytes = view_skip(bytes, part.len);
    }
    return side->is_done ? PARSE_DONE : PARSE_MORE;
}

/* ---- life --------------------------------------------------------------------------------------- */

static size_t state_size(void)
{
    size_t size = RECYCLER_LEAST;
    while (size < sizeof(struct tls_flow))
        size *= 2;
    return size;
}

static void *tls_open(struct proto_context *context)
{
    size_t size = sizeof(struct tls_flow);
    struct tls_flow *tls = recycler_get(&context->recycler, &size);

    if (tls != NULL)
        *tls = (struct tls_flow){0};
    return tls;
}

/* Records cannot be found again after lost bytes: this direction has said what it will say. What was lost before
 * the first record may have been of another protocol: STARTTLS in a flow without its start. */
static enum parse_result tls_gap(void *state, struct proto_context *context,
                                 enum direction direction, uint64_t missing)
{
    struct tls_side *side = &((struct tls_flow *)state)->side[direction];

    (void)missing;
    if (!side->has_begun && side->header_len == 0 && !side->is_done) {
        side->is_unsure = true;
        return PARSE_MORE;
    }
    end_side(state, context, direction);
    return PARSE_DONE;
}

static void tls_end(void *state, struct proto_context *context, enum direction direction)
{
    struct tls_flow *tls = state;
    if (direction == TO_SERVER && take_cut_hello(tls, context))
        return;
    if (!tls->side[direction].is_done)
        end_side(tls, context, direction);
}

static void tls_close(void *state, struct proto_context *context)
{
    struct tls_flow *tls = state;

    (void)take_cut_hello(tls, context);
    struct tls_handshake seen = known(tls);
    finish(tls, context, &seen);
    recycler_put(&context->recycler, tls, state_size());
}

const struct proto_parser tls_parser = {
    .identify = tls_identify,
    .open = tls_open,
    .data = tls_data,
    .gap = tls_gap,
    .end = tls_end,
    .close = tls_close,
};
