/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS: from bytes to one event a handshake.
 *
 *   record     type(1) version(2) length(2)                      RFC 8446 section 5.1
 *   handshake  type(1) length(3) body, across records and segments  section 4
 *
 * Idea       only four messages are looked at: ClientHello, ServerHello, Certificate, ServerHelloDone. One
 *            that lies whole in the segment is read in place; one that does not is gathered in a block
 *            from the budget; all others are stepped over. The hellos and the first certificate are kept
 *            until the event is made.
 * Events     is_complete false when the ClientHello was read (so that names alert at once), true when the
 *            server's part was seen, or at the end without it.
 * Done       a direction that begins to encrypt (ChangeCipherSpec, application data, TLS 1.3's
 *            ServerHello) is done: the rest of the flow costs a counter.
 * States     of a direction: header -> body -> header ... -> done
 */
#include "proto/proto.h"
#include "proto/tls_hello.h"
#include "proto/x509.h"

enum {
    RECORD_CCS = 20,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_DATA = 23,
    RECORD_HEARTBEAT = 24,
    RECORD_HEADER = 5,
    RECORD_MAX = 16384 + 2048,
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    CERTIFICATE = 11,
    SERVER_HELLO_DONE = 14,
    HANDSHAKE_HEADER = 4,
    DEFAULT_MESSAGE_MAX = 65536,
    STRING_MAX = 16384,
};

struct kept { /* a copy of bytes */
    uint8_t *bytes;
    uint32_t len;
};

struct tls_side {
    uint8_t header[RECORD_HEADER];
    uint8_t header_len;
    uint8_t record_type;
    uint32_t record_left;
    uint8_t message_header[HANDSHAKE_HEADER];
    uint8_t message_header_len;
    bool is_skipping; /* the message at hand is of no interest, or there is no memory for it */
    bool is_done;
    uint32_t message_len, message_have;
    uint8_t *message; /* being gathered */
};

struct tls_flow {
    struct tls_side side[2];
    struct kept client_hello, server_hello, certificate;
    uint16_t ssl2_version; /* an SSLv2 hello; 0: none */
    uint32_t chain_len;
    bool has_emitted; /* the complete event */
    uint64_t tx;
    bool has_tx;
};

/* ---- memory --------------------------------------------------------------------------------------------- */

static void release(struct proto_context *context, struct kept *kept)
{
    budget_free(context->budget, kept->bytes, kept->len);
    *kept = (struct kept){0};
}

static bool keep(struct proto_context *context, struct kept *kept, struct view bytes)
{
    if (kept->bytes != NULL || bytes.len == 0)
        return false;
    kept->bytes = budget_alloc(context->budget, bytes.len);
    if (kept->bytes == NULL)
        return false;
    memcpy(kept->bytes, bytes.data, bytes.len);
    kept->len = (uint32_t)bytes.len;
    return true;
}

static void drop_message(struct proto_context *context, struct tls_side *side)
{
    budget_free(context->budget, side->message, side->message_len);
    side->message = NULL;
}

/* ---- the event ------------------------------------------------------------------------------------------- */

static uint8_t *lower_copy(struct event *event, struct view text)
{
    uint8_t *copy = event_text(event, text.len);
    for (size_t i = 0; copy != NULL && i < text.len; i++)
        copy[i] = byte_fold(text.data[i]);
    return copy;
}

/* Adds a fingerprint's string and hash where they are wanted. */
static void add_ja(struct event *event, const struct buf *string, enum field_id string_field,
                   enum field_id hash_field)
{
    uint8_t *text = event_text(event, string->len), *hash = event_text(event, JA3_HASH_LEN);

    if (text == NULL || hash == NULL)
        return;
    memcpy(text, string->data, string->len);
    ja3_hash(buf_view(string), hash);
    event_add_bytes(event, string_field, view_make(text, string->len));
    event_add_bytes(event, hash_field, view_make(hash, JA3_HASH_LEN));
}

static void add_ja3(struct event *event, const struct tls_client_hello *hello)
{
    struct buf string;
    if (!event_wants(event, FIELD_TLS_JA3_HASH) && !event_wants(event, FIELD_TLS_JA3_STRING))
        return;
    buf_init(&string, STRING_MAX);
    ja3_string(&string, hello);
    add_ja(event, &string, FIELD_TLS_JA3_STRING, FIELD_TLS_JA3_HASH);
    buf_clear(&string);
}

static void add_ja3s(struct event *event, const struct tls_server_hello *hello)
{
    struct buf string;
    if (!event_wants(event, FIELD_TLS_JA3S_HASH) && !event_wants(event, FIELD_TLS_JA3S_STRING))
        return;
    buf_init(&string, STRING_MAX);
    ja3s_string(&string, hello);
    add_ja(event, &string, FIELD_TLS_JA3S_STRING, FIELD_TLS_JA3S_HASH);
    buf_clear(&string);
}

static void add_client(struct proto_context *context, const struct tls_client_hello *hello)
{
    struct event *event = context->event;

    if (hello->sni.data != NULL) {
        uint8_t *sni = lower_copy(event, hello->sni);
        if (sni != NULL) {
            event_add_bytes(event, FIELD_TLS_SNI, view_make(sni, hello->sni.len));
            proto_note(context, FIELD_FLOW_TLS_SNI, view_make(sni, hello->sni.len));
        }
    }
    event_add_number(event, FIELD_TLS_CLIENT_VERSION, hello->version);
    struct cursor alpn = cursor_over(hello->alpn);
    while (cursor_left(&alpn) > 0) {
        struct view name = cursor_view(&alpn, cursor_u8(&alpn));
        if (!alpn.overrun)
            event_add_bytes(event, FIELD_TLS_ALPN, name);
    }
    if (hello->has_ech)
        event_add_number(event, FIELD_TLS_ECH, true);
    add_ja3(event, hello);
    if (event_wants(event, FIELD_TLS_JA4_HASH)) {
        uint8_t *ja4 = event_text(event, JA4_LEN);
        if (ja4 != NULL) {
            ja4_fingerprint(hello, ja4);
            event_add_bytes(event, FIELD_TLS_JA4_HASH, view_make(ja4, JA4_LEN));
        }
    }
}

static void add_server(struct proto_context *context, const struct tls_flow *tls,
                       const struct tls_server_hello *hello)
{
    struct event *event = context->event;

    if (tls->server_hello.bytes != NULL) {
        event_add_number(event, FIELD_TLS_CIPHER, hello->cipher);
        if (hello->alpn.len > 0)
            event_add_bytes(event, FIELD_TLS_SERVER_ALPN, hello->alpn);
        add_ja3s(event, hello);
    }
    if (tls->chain_len > 0)
        event_add_number(event, FIELD_TLS_CERT_CHAIN_LEN, tls->chain_len);
    if (tls->certificate.bytes != NULL &&
        !x509_add_fields(event, view_make(tls->certificate.bytes, tls->certificate.len)))
        proto_anomaly(context, ANOMALY_TLS_INVALID_CERTIFICATE);
}

static void emit(struct tls_flow *tls, struct proto_context *context, enum direction direction,
                 bool is_complete)
{
    struct event *event = context->event;
    struct tls_client_hello client = {0};
    struct tls_server_hello server = {0};
    uint16_t version = tls->ssl2_version;

    if (tls->has_emitted)
        return;
    if (!tls->has_tx) {
        tls->tx = context->flow->next_tx++;
        tls->has_tx = true;
    }
    event_begin(event, EVENT_TLS, direction, context->flow, context->packet);
    event->is_complete = is_complete;
    event->tx_id = tls->tx;
    event->time_us = context->packet ? context->packet->time_us : context->flow->last_us;
    if (tls->client_hello.bytes != NULL) {
        tls_parse_client_hello(view_make(tls->client_hello.bytes, tls->client_hello.len), &client);
        add_client(context, &client);
        version = tls_offered_version(&client);
    }
    if (is_complete && tls->server_hello.bytes != NULL) {
        tls_parse_server_hello(view_make(tls->server_hello.bytes, tls->server_hello.len), &server);
        version = server.version;
    }
    if (is_complete)
        add_server(context, tls, &server);
    event_add_bytes(event, FIELD_TLS_VERSION, view_from_string(tls_version_name(version)));
    tls->has_emitted = is_complete;
    proto_emit(context, PROTO_TLS);
}

/* ---- handshake messages ---------------------------------------------------------------------------------- */

/* Certificate before TLS 1.3: length(3) { length(3) der }. The first is the server's own. */
static void take_certificates(struct tls_flow *tls, struct proto_context *context, struct view body)
{
    struct cursor c = cursor_over(body);
    struct cursor list = cursor_sub(&c, cursor_u24(&c));

    while (cursor_left(&list) > 0) {
        struct view der = cursor_view(&list, cursor_u24(&list));
        if (list.overrun)
            break;
        if (tls->chain_len++ == 0)
            keep(context, &tls->certificate, der);
    }
    if (c.overrun || list.overrun)
        proto_anomaly(context, ANOMALY_TLS_INVALID_CERTIFICATE);
}

static void take_client_hello(struct tls_flow *tls, struct proto_context *context, struct view body)
{
    struct tls_client_hello hello;

    if (!tls_parse_client_hello(body, &hello))
        proto_anomaly(context, ANOMALY_TLS_INVALID_HANDSHAKE_MESSAGE);
    if (keep(context, &tls->client_hello, body) && !tls->has_emitted)
        emit(tls, context, TO_SERVER, false);
}

/* TLS 1.3 encrypts all that follows its ServerHello; a HelloRetryRequest asks for another hello. */
static void take_server_hello(struct tls_flow *tls, struct proto_context *context, struct view body)
{
    struct tls_server_hello hello;

    if (!tls_parse_server_hello(body, &hello))
        proto_anomaly(context, ANOMALY_TLS_INVALID_HANDSHAKE_MESSAGE);
    if (hello.is_retry)
        return;
    keep(context, &tls->server_hello, body);
    if (hello.version == TLS_1_3 || hello.version >> 8 == 0x7f)
        tls->side[TO_CLIENT].is_done = true;
}

static void take_message(struct tls_flow *tls, struct proto_context *context,
                         enum direction direction, uint8_t type, struct view body)
{
    if (type == CLIENT_HELLO && direction == TO_SERVER)
        take_client_hello(tls, context, body);
    else if (type == SERVER_HELLO && direction == TO_CLIENT)
        take_server_hello(tls, context, body);
    else if (type == CERTIFICATE && direction == TO_CLIENT && tls->chain_len == 0)
        take_certificates(tls, context, body);
    else if (type == SERVER_HELLO_DONE && direction == TO_CLIENT)
        tls->side[TO_CLIENT].is_done = true;
}

static bool is_of_interest(uint8_t type)
{
    return type == CLIENT_HELLO || type == SERVER_HELLO || type == CERTIFICATE ||
           type == SERVER_HELLO_DONE;
}

static void begin_message(struct proto_context *context, struct tls_side *side)
{
    uint32_t limit =
        context->limits.header_bytes ? context->limits.header_bytes : DEFAULT_MESSAGE_MAX;

    side->message_len = (uint32_t)side->message_header[1] << 16 |
                        (uint32_t)side->message_header[2] << 8 | side->message_header[3];
    side->message_have = 0;
    side->is_skipping = !is_of_interest(side->message_header[0]);
    if (!side->is_skipping && side->message_len > limit) {
        side->is_skipping = true;
        proto_anomaly(context, ANOMALY_TLS_INVALID_HANDSHAKE_MESSAGE);
    }
}

/* Takes what `bytes` has of the message at hand; returns how much that was. */
static size_t continue_message(struct tls_flow *tls, struct proto_context *context,
                               enum direction direction, struct view bytes)
{
    struct tls_side *side = &tls->side[direction];
    size_t left = side->message_len - side->message_have;
    size_t taken = bytes.len < left ? bytes.len : left;
    bool is_whole = taken == left;

    if (!side->is_skipping && side->message_have == 0 && is_whole) {
        take_message(tls, context, direction, side->message_header[0], view_slice(bytes, 0, taken));
    } else if (!side->is_skipping) {
        if (side->message == NULL)
            side->message = budget_alloc(context->budget, side->message_len);
        if (side->message != NULL)
            memcpy(side->message + side->message_have, bytes.data, taken);
        else
            side->is_skipping = true;
        if (side->message != NULL && is_whole)
            take_message(tls, context, direction, side->message_header[0],
                         view_make(side->message, side->message_len));
    }
    side->message_have += (uint32_t)taken;
    if (is_whole) {
        drop_message(context, side);
        side->message_header_len = 0;
    }
    return taken;
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
            begin_message(context, side);
            if (side->message_len > 0)
                continue;
        }
        bytes = view_skip(bytes, continue_message(tls, context, direction, bytes));
    }
}

/* ---- records ---------------------------------------------------------------------------------------------- */

/* SSLv2 ClientHello in a record of its own (RFC 5246 appendix E.2): length with the top bit, type 1. */
static bool is_ssl2_hello(struct view start)
{
    return start.len >= 5 && start.data[0] & 0x80 && start.data[2] == 1 &&
           (start.data[3] == 3 || (start.data[3] == 0 && start.data[4] == 2));
}

static bool begin_record(struct tls_flow *tls, struct proto_context *context, struct tls_side *side,
                         enum direction direction)
{
    struct view header = view_make(side->header, RECORD_HEADER);
    uint32_t length = (uint32_t)side->header[3] << 8 | side->header[4];

    side->header_len = 0;
    if (direction == TO_SERVER && tls->client_hello.bytes == NULL && is_ssl2_hello(header)) {
        tls->ssl2_version = (uint16_t)(side->header[3] << 8 | side->header[4]);
        side->record_type = RECORD_HEARTBEAT; /* stepped over */
        side->record_left = ((uint32_t)(side->header[0] & 0x7f) << 8 | side->header[1]) - 3;
        return true;
    }
    side->record_type = side->header[0];
    side->record_left = length;
    if (side->record_type < RECORD_CCS || side->record_type > RECORD_HEARTBEAT) {
        proto_anomaly(context, ANOMALY_TLS_INVALID_RECORD_TYPE);
        return false;
    }
    if (side->header[1] != 3 || length > RECORD_MAX) {
        proto_anomaly(context, side->header[1] != 3 ? ANOMALY_TLS_INVALID_RECORD_VERSION
                                                    : ANOMALY_TLS_INVALID_RECORD_LENGTH);
        return false;
    }
    return true;
}

/* What the record's beginning alone says. */
static void note_record(struct tls_flow *tls, struct tls_side *side, enum direction direction)
{
    bool ends_clear = side->record_type == RECORD_DATA ||
                      (side->record_type == RECORD_CCS && tls->server_hello.bytes != NULL);
    if (ends_clear && (direction == TO_CLIENT || tls->client_hello.bytes != NULL ||
                       side->record_type == RECORD_DATA))
        side->is_done = true;
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
            if (side->header_len < RECORD_HEADER)
                continue;
            if (!begin_record(tls, context, side, direction))
                return PARSE_BAD;
            note_record(tls, side, direction);
            continue;
        }
        struct view part = view_slice(bytes, 0, side->record_left);
        if (side->record_type == RECORD_HANDSHAKE)
            take_handshake(tls, context, direction, part);
        side->record_left -= (uint32_t)part.len;
        bytes = view_skip(bytes, part.len);
    }
    if (!side->is_done)
        return PARSE_MORE;
    drop_message(context, side);
    if (direction == TO_CLIENT)
        emit(tls, context, TO_CLIENT, true);
    return PARSE_DONE;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

/* A handshake record that holds a hello, or an SSLv2 hello; a flow picked up in its middle may begin with
 * any record. */
static enum identify_result tls_identify(struct view start, enum direction direction,
                                         const struct flow *flow)
{
    (void)direction;
    if (start.len == 0)
        return IDENTIFY_MORE;
    uint8_t type = start.data[0];
    if (is_ssl2_hello(start))
        return IDENTIFY_YES;
    bool is_first = type == RECORD_HANDSHAKE || type == RECORD_ALERT;
    bool is_later = (flow->flags & FLOW_MIDSTREAM) && (type == RECORD_DATA || type == RECORD_CCS);
    if (!is_first && !is_later)
        return start.len < 5 && type & 0x80 ? IDENTIFY_MORE : IDENTIFY_NO;
    if ((start.len > 1 && start.data[1] != 3) || (start.len > 2 && start.data[2] > 4))
        return IDENTIFY_NO;
    if (start.len < RECORD_HEADER + 1)
        return IDENTIFY_MORE;
    uint32_t length = (uint32_t)start.data[3] << 8 | start.data[4];
    if (length == 0 || length > RECORD_MAX || (type == RECORD_ALERT && length > 2 + 64))
        return IDENTIFY_NO;
    uint8_t message = start.data[RECORD_HEADER];
    bool is_hello = message == CLIENT_HELLO || message == SERVER_HELLO;
    return type != RECORD_HANDSHAKE || is_hello || is_later ? IDENTIFY_YES : IDENTIFY_NO;
}

static void *tls_open(struct proto_context *context)
{
    struct tls_flow *tls = budget_alloc(context->budget, sizeof(*tls));
    if (tls != NULL)
        memset(tls, 0, sizeof(*tls));
    return tls;
}

static void tls_end(void *state, struct proto_context *context, enum direction direction)
{
    struct tls_flow *tls = state;
    if (direction == TO_CLIENT && tls->server_hello.bytes != NULL)
        emit(tls, context, TO_CLIENT, true);
}

static void tls_close(void *state, struct proto_context *context)
{
    struct tls_flow *tls = state;

    if (tls->client_hello.bytes != NULL || tls->server_hello.bytes != NULL ||
        tls->ssl2_version != 0)
        emit(tls, context, tls->server_hello.bytes != NULL ? TO_CLIENT : TO_SERVER, true);
    drop_message(context, &tls->side[TO_SERVER]);
    drop_message(context, &tls->side[TO_CLIENT]);
    release(context, &tls->client_hello);
    release(context, &tls->server_hello);
    release(context, &tls->certificate);
    budget_free(context->budget, tls, sizeof(*tls));
}

const struct proto_parser tls_parser = {
    .identify = tls_identify,
    .open = tls_open,
    .data = tls_data,
    .gap = NULL,
    .end = tls_end,
    .close = tls_close,
};
