/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS hellos: ClientHello and ServerHello of SSL 3.0 to TLS 1.3 (RFC 8446 section 4.1, RFC 5246 section
 * 7.4.1), with the extensions that rules and fingerprints read. */
#include "proto/tls_hello.h"

enum {
    EXTENSION_SNI = 0,
    EXTENSION_GROUPS = 10,
    EXTENSION_POINT_FORMATS = 11,
    EXTENSION_SIGNATURES = 13,
    EXTENSION_ALPN = 16,
    EXTENSION_VERSIONS = 43,
    EXTENSION_ECH = 0xfe0d,
    RANDOM_LEN = 32,
};

/* The first host_name of a server_name extension (RFC 6066 section 3). */
static struct view sni_of(struct view body)
{
    struct cursor c = cursor_over(body);
    cursor_skip(&c, 2);
    uint8_t type = cursor_u8(&c);
    struct view name = cursor_view(&c, cursor_u16(&c));
    return type == 0 ? name : (struct view){NULL, 0};
}

/* A list with a length of two bytes, or of one, before it. */
static struct view list16(struct view body)
{
    struct cursor c = cursor_over(body);
    return cursor_view(&c, cursor_u16(&c));
}

static struct view list8(struct view body)
{
    struct cursor c = cursor_over(body);
    return cursor_view(&c, cursor_u8(&c));
}

static void client_extension(struct tls_client_hello *hello, uint16_t type, struct view body)
{
    switch (type) {
    case EXTENSION_SNI:
        hello->sni = sni_of(body);
        break;
    case EXTENSION_GROUPS:
        hello->groups = list16(body);
        break;
    case EXTENSION_POINT_FORMATS:
        hello->point_formats = list8(body);
        break;
    case EXTENSION_SIGNATURES:
        hello->signatures = list16(body);
        break;
    case EXTENSION_ALPN:
        hello->alpn = list16(body);
        break;
    case EXTENSION_VERSIONS:
        hello->versions = list8(body);
        break;
    case EXTENSION_ECH:
        hello->has_ech = true;
        break;
    default:
        break;
    }
}

bool tls_parse_client_hello(struct view message, struct tls_client_hello *out)
{
    struct cursor c = cursor_over(message);

    *out = (struct tls_client_hello){0};
    out->version = cursor_u16(&c);
    cursor_skip(&c, RANDOM_LEN);
    cursor_skip(&c, cursor_u8(&c));
    out->ciphers = cursor_view(&c, cursor_u16(&c));
    cursor_skip(&c, cursor_u8(&c));
    if (c.overrun)
        return false;
    if (cursor_left(&c) == 0) /* extensions may be missing before TLS 1.3 */
        return true;
    out->extensions = cursor_view(&c, cursor_u16(&c));
    struct cursor e = cursor_over(out->extensions);
    while (cursor_left(&e) > 0) {
        uint16_t type = cursor_u16(&e);
        struct view body = cursor_view(&e, cursor_u16(&e));
        if (!e.overrun)
            client_extension(out, type, body);
    }
    return !c.overrun && !e.overrun;
}

bool tls_parse_server_hello(struct view message, struct tls_server_hello *out)
{
    static const uint8_t retry[RANDOM_LEN] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
                                              0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                              0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
                                              0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
    struct cursor c = cursor_over(message);

    *out = (struct tls_server_hello){0};
    out->version = out->message_version = cursor_u16(&c);
    struct view random = cursor_view(&c, RANDOM_LEN);
    cursor_skip(&c, cursor_u8(&c));
    out->cipher = cursor_u16(&c);
    cursor_skip(&c, 1);
    if (c.overrun)
        return false;
    out->is_retry = view_equal(random, view_make(retry, sizeof(retry)));
    if (cursor_left(&c) == 0)
        return true;
    out->extensions = cursor_view(&c, cursor_u16(&c));
    struct cursor e = cursor_over(out->extensions);
    while (cursor_left(&e) > 0) {
        uint16_t type = cursor_u16(&e);
        struct cursor body = cursor_sub(&e, cursor_u16(&e));
        if (type == EXTENSION_VERSIONS && body.len == 2)
            out->version = cursor_u16(&body);
        if (type == EXTENSION_ALPN && body.len > 3) {
            cursor_skip(&body, 2);
            out->alpn = cursor_view(&body, cursor_u8(&body));
        }
    }
    return !c.overrun && !e.overrun;
}

uint16_t tls_offered_version(const struct tls_client_hello *hello)
{
    struct cursor c = cursor_over(hello->versions);
    uint16_t highest = 0;

    while (cursor_left(&c) >= 2) {
        uint16_t version = cursor_u16(&c);
        if (!tls_is_grease(version) && version > highest)
            highest = version;
    }
    return highest ? highest : hello->version;
}

const char *tls_version_name(uint16_t version)
{
    switch (version) {
    case TLS_SSL2:
        return "SSLv2";
    case TLS_SSL3:
        return "SSLv3";
    case TLS_1_0:
        return "TLSv1";
    case TLS_1_1:
        return "TLS 1.1";
    case TLS_1_2:
        return "TLS 1.2";
    case TLS_1_3:
        return "TLS 1.3";
    default:
        if (version >> 8 == 0x7f) /* drafts of TLS 1.3 */
            return "TLS 1.3";
        return "UNDETERMINED";
    }
}
