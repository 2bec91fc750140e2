/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS hellos and their fingerprints: views into one handshake message, without its header of four bytes. */
#ifndef SHRIKE_PROTO_TLS_HELLO_H
#define SHRIKE_PROTO_TLS_HELLO_H

#include "base/buf.h"
#include "base/cursor.h"

enum {
    TLS_SSL2 = 0x0002,
    TLS_SSL3 = 0x0300,
    TLS_1_0 = 0x0301,
    TLS_1_1 = 0x0302,
    TLS_1_2 = 0x0303,
    TLS_1_3 = 0x0304,
};

struct tls_client_hello {
    uint16_t version;       /* of the message itself */
    struct view ciphers;    /* two bytes each */
    struct view extensions; /* type(2) length(2) body, whole */
    struct view sni;        /* as sent */
    struct view alpn;       /* length(1) name ... */
    struct view groups, point_formats, signatures;
    struct view versions; /* supported_versions: two bytes each */
    bool has_ech;
};

struct tls_server_hello {
    uint16_t version; /* chosen: supported_versions before the message's own */
    uint16_t message_version;
    uint16_t cipher;
    struct view extensions;
    struct view alpn;
    bool is_retry; /* HelloRetryRequest (RFC 8446 section 4.1.3) */
};

/* False when the message is malformed; what could be read is there all the same. */
bool tls_parse_client_hello(struct view message, struct tls_client_hello *out);
bool tls_parse_server_hello(struct view message, struct tls_server_hello *out);

/* GREASE values (RFC 8701): 0x0a0a, 0x1a1a, ... */
static inline bool tls_is_grease(uint16_t value)
{
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

/* Highest version the client offers. */
uint16_t tls_offered_version(const struct tls_client_hello *hello);
/* "TLS 1.2", "TLSv1", "SSLv3" as Suricata writes them; "UNDETERMINED". */
const char *tls_version_name(uint16_t version);

/* JA3 and JA3S (Salesforce): the string; hash is its MD5 in hexadecimal. */
void ja3_string(struct buf *out, const struct tls_client_hello *hello);
void ja3s_string(struct buf *out, const struct tls_server_hello *hello);
enum { JA3_HASH_LEN = 32, JA4_LEN = 36 };
void ja3_hash(struct view string, uint8_t out[JA3_HASH_LEN]);
/* JA4 (FoxIO, BSD-3-Clause part): t13d1516h2_8daaf6152771_e5627efa2ab1 */
void ja4_fingerprint(const struct tls_client_hello *hello, uint8_t out[JA4_LEN]);

#endif
