/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS hellos and their fingerprints: views into one handshake message, without its header of four bytes.
 * Nothing here keeps, allocates or reports; the same for TLS in records and in QUIC. */
#ifndef SHRIKE_PROTO_TLS_TLS_HELLO_H
#define SHRIKE_PROTO_TLS_TLS_HELLO_H

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

enum tls_hello_faults {
    TLS_SNI_TYPE = 1,   /* the name is no host_name: not read */
    TLS_SNI_LENGTH = 2, /* empty, or longer than a host name can be */
    TLS_SNI_TWICE = 4,  /* the extension came again: the first counts */
};

struct tls_client_hello {
    uint16_t version;       /* of the message itself */
    uint16_t faults;        /* enum tls_hello_faults */
    struct view ciphers;    /* two bytes each */
    struct view extensions; /* type(2) length(2) body, whole */
    struct view sni;        /* as sent */
    struct view alpn;       /* length(1) name ... */
    struct view groups, point_formats, signatures;
    struct view versions; /* supported_versions: two bytes each */
    bool has_sni;         /* the extension is there, whatever it says */
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

/* False when a length in the message is wrong; what could be read is there all the same. */
bool tls_parse_client_hello(struct view message, struct tls_client_hello *out);
bool tls_parse_server_hello(struct view message, struct tls_server_hello *out);

/* GREASE values (RFC 8701): 0x0a0a, 0x1a1a, ... */
static inline bool tls_is_grease(uint16_t value)
{
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

/* TLS 1.3, one of its drafts (0x7f..) or of their experiments (Google's 0x7e.., Facebook's 0xfb..): what
 * follows the ServerHello is encrypted. */
static inline bool tls_is_1_3(uint16_t version)
{
    unsigned high = version >> 8;
    return version == TLS_1_3 || high == 0x7f || high == 0x7e || high == 0xfb;
}

/* Highest version the client offers. */
uint16_t tls_offered_version(const struct tls_client_hello *hello);
/* "TLS 1.2", "TLSv1", "SSLv3", "TLS 1.3 draft-28" as Suricata writes them; "UNDETERMINED" for 0, NULL for
 * a number that has no name. */
const char *tls_version_name(uint16_t version);

/* JA3 and JA3S (Salesforce): the string; its hash is MD5 in hexadecimal. Sets out->is_full when it does
 * not fit. */
void ja3_string(struct buf *out, const struct tls_client_hello *hello);
void ja3s_string(struct buf *out, const struct tls_server_hello *hello);
enum { JA3_HASH_LEN = 32, JA4_LEN = 36, JA4_VALUES_MAX = 1024 };
void ja3_hash(struct view string, uint8_t out[JA3_HASH_LEN]);
/* JA4 (FoxIO, the BSD-3-Clause part) of TLS over TCP: t13d1516h2_8daaf6152771_e5627efa2ab1. False, with
 * nothing in `out`, when the hello has a list of more than JA4_VALUES_MAX values (sorting them would be
 * work that a hostile client asks for). */
bool ja4_fingerprint(const struct tls_client_hello *hello, uint8_t out[JA4_LEN]);

#endif
