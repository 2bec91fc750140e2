/* SPDX-License-Identifier: BSD-3-Clause */
/* Is it TLS: a handshake record that begins with a hello whose lengths and version agree, an SSLv2
 * ClientHello, or an alert from one who will not talk. A flow picked up in its middle may begin with any
 * record. Nothing is asked of the port, nor of bytes that TLS libraries do not look at: the minor version of a
 * record, records before the hello that are empty or a ChangeCipherSpec, HelloRequests in front of it. */
#include "proto/tls/tls.h"

enum {
    HELLO_LEAST = 34,      /* version, random: any hello has more */
    HELLO_MOST = 0x20000,  /* what OpenSSL accepts; fragments of a record or so are usual */
    SSL2_HELLO_LEAST = 20, /* type, version, three lengths; a cipher of 3 bytes, a challenge of 8 */
    SSL2_CLIENT_HELLO = 1,
    ALERT_MOST = 2 + 64, /* encrypted */
};

bool tls_is_ssl2_hello(struct view start)
{
    if (start.len < TLS_RECORD_HEADER)
        return false;
    const uint8_t *b = start.data;
    unsigned length = (b[0] & 0x7fu) << 8 | b[1];
    bool has_version = (b[3] == 3 && b[4] <= 4) || (b[3] == 0 && b[4] == 2);
    return b[0] & 0x80 && length >= SSL2_HELLO_LEAST && b[2] == SSL2_CLIENT_HELLO && has_version;
}

/* The three lists fill the record: what else has its top bit set first rarely does that. */
static enum identify_result identify_ssl2(struct view start)
{
    struct cursor c = cursor_over(start);
    unsigned length = cursor_u16(&c) & 0x7fff;

    if (start.len >= TLS_RECORD_HEADER && !tls_is_ssl2_hello(start))
        return IDENTIFY_NO;
    cursor_skip(&c, 3);
    unsigned ciphers = cursor_u16(&c), session = cursor_u16(&c), challenge = cursor_u16(&c);
    if (c.overrun)
        return start.len > 2 && start.data[2] != SSL2_CLIENT_HELLO ? IDENTIFY_NO : IDENTIFY_MORE;
    return ciphers % 3 == 0 && 9 + ciphers + session + challenge == length ? IDENTIFY_YES
                                                                           : IDENTIFY_NO;
}

/* The body of a handshake record of `length` bytes, as far as it is there. */
static enum identify_result identify_hello(struct view body, uint32_t length,
                                           enum direction direction, bool is_midstream)
{
    while (view_starts(body, VIEW("\0\0\0\0"))) { /* HelloRequest */
        body = view_skip(body, 4);
        length -= 4;
    }
    if (body.len == 0)
        return IDENTIFY_MORE;
    uint8_t type = body.data[0];
    bool is_hello = type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO;
    bool is_right = type == (direction == TO_SERVER ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO);

    if (type == 0 && body.len < 4)
        return IDENTIFY_MORE;
    if (!is_hello)
        return is_midstream ? IDENTIFY_YES : IDENTIFY_NO;
    enum identify_result yes = is_right ? IDENTIFY_YES : IDENTIFY_REVERSED;
    if (body.len < 6)
        return body.len == length ? yes : IDENTIFY_MORE; /* a hello in tiny records */
    uint32_t message = (uint32_t)body.data[1] << 16 | (uint32_t)body.data[2] << 8 | body.data[3];
    bool is_draft = type == TLS_SERVER_HELLO && body.data[4] == 0x7f; /* of TLS 1.3 */
    bool is_right_version = body.data[4] == 3 || is_draft;
    if (message < HELLO_LEAST || message > HELLO_MOST ||
        (!is_right_version && message + 4 != length))
        return IDENTIFY_NO;
    return yes;
}

/* A record that says nothing and may stand before a hello: empty, or a ChangeCipherSpec. Its length; 0 for
 * any other, and for one that is not all there. */
static size_t idle_record(struct view start)
{
    if (start.len < TLS_RECORD_HEADER || start.data[1] != 3)
        return 0;
    size_t length = (size_t)start.data[3] << 8 | start.data[4];
    bool is_record = start.data[0] >= TLS_CHANGE_CIPHER_SPEC && start.data[0] <= TLS_HEARTBEAT;
    bool is_idle = length == 0 || (start.data[0] == TLS_CHANGE_CIPHER_SPEC && length == 1);
    return is_record && is_idle && TLS_RECORD_HEADER + length <= start.len
               ? TLS_RECORD_HEADER + length
               : 0;
}

static enum identify_result identify_record(struct view start, enum direction direction,
                                            bool is_midstream)
{
    uint8_t type = start.data[0];
    bool is_first = type == TLS_HANDSHAKE || type == TLS_ALERT;
    bool is_later = type == TLS_APPLICATION_DATA || type == TLS_CHANGE_CIPHER_SPEC;

    if (!is_first && !(is_later && (is_midstream || start.len <= TLS_RECORD_HEADER)))
        return IDENTIFY_NO;
    if (start.len > 1 && start.data[1] != 3)
        return IDENTIFY_NO;
    if (start.len > 2 && start.data[2] > 4 && type != TLS_HANDSHAKE)
        return IDENTIFY_NO;
    if (start.len <= TLS_RECORD_HEADER)
        return IDENTIFY_MORE;
    uint32_t length = (uint32_t)start.data[3] << 8 | start.data[4];
    if (length > TLS_RECORD_MAX || (type == TLS_ALERT && length > ALERT_MOST))
        return IDENTIFY_NO;
    if (type != TLS_HANDSHAKE)
        return is_first || is_midstream ? IDENTIFY_YES : IDENTIFY_NO;
    struct view body = view_slice(start, TLS_RECORD_HEADER, TLS_RECORD_HEADER + (size_t)length);
    return identify_hello(body, length, direction, is_midstream);
}

enum identify_result tls_identify(struct view start, enum direction direction,
                                  const struct flow *flow)
{
    bool is_midstream = (flow->flags & FLOW_MIDSTREAM) != 0;
    size_t idle;

    if (start.len > 0 && start.data[0] & 0x80)
        return identify_ssl2(start);
    while (!is_midstream && (idle = idle_record(start)) > 0)
        start = view_skip(start, idle);
    if (start.len == 0)
        return IDENTIFY_MORE;
    return identify_record(start, direction, is_midstream);
}
