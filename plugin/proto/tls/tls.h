/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS: what the files of the parser share. Others see only `tls_parser`; begin with tls.c. */
#ifndef SHRIKE_PROTO_TLS_TLS_H
#define SHRIKE_PROTO_TLS_TLS_H

#include "proto/proto.h"
#include "proto/tls/tls_hello.h"

extern const struct proto_parser tls_parser;

enum tls_record { /* RFC 8446 section 5.1, RFC 6520 */
                  TLS_CHANGE_CIPHER_SPEC = 20,
                  TLS_ALERT = 21,
                  TLS_HANDSHAKE = 22,
                  TLS_APPLICATION_DATA = 23,
                  TLS_HEARTBEAT = 24,
};

enum {
    TLS_RECORD_HEADER = 5,
    TLS_RECORD_MAX = 16384 + 2048, /* RFC 5246 section 6.2.3 */
};

enum tls_message {
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    TLS_HELLO_RETRY_REQUEST =
        6, /* drafts of TLS 1.3 up to 21; later ones say it in a ServerHello */
    TLS_CERTIFICATE = 11,
    TLS_SERVER_HELLO_DONE = 14,
};

/* What was seen of a handshake. Views of bodies of messages, without their headers of four bytes; empty
 * for what was not seen. */
struct tls_handshake {
    struct view client_hello;
    struct view server_hello;
    struct view certificates; /* what the server sent: length(3) and DER, its own first */
    uint32_t chain_len;
    uint16_t ssl2_version; /* of an SSLv2 ClientHello; 0: there was none */
};

/* tls_identify.c */
enum identify_result tls_identify(struct view start, enum direction direction,
                                  const struct flow *flow);
/* An SSLv2 ClientHello begins here (RFC 5246 appendix E.2), by its first TLS_RECORD_HEADER bytes. */
bool tls_is_ssl2_hello(struct view start);

/* tls_event.c: adds the fields to context->event, which has begun. The server's part only when it is
 * complete. Views of the event lead into `seen`. */
void tls_add_fields(struct proto_context *context, const struct tls_handshake *seen);

#endif
