/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS hellos: ClientHello and ServerHello of SSL 3.0 to TLS 1.3 and its drafts (RFC 8446 section 4.1, RFC
 * 5246 section 7.4.1), with the extensions that rules and fingerprints read.
 *
 *   ClientHello   version(2) random(32) <session(1)> <ciphers(2)> <compressions(1)> [<extensions(2)>]
 *   ServerHello   version(2) random(32) <session(1)> cipher(2) compression(1) [<extensions(2)>]
 *                 drafts 16 to 21 of TLS 1.3, by their version: without session and compression
 */
#include "proto/tls/tls_hello.h"

enum {
    EXTENSION_SNI = 0,
    EXTENSION_GROUPS = 10,
    EXTENSION_POINT_FORMATS = 11,
    EXTENSION_SIGNATURES = 13,
    EXTENSION_ALPN = 16,
    EXTENSION_VERSIONS = 43,
    EXTENSION_ECH = 0xfe0d,
    RANDOM_LEN = 32,
    HOST_NAME_MAX_LEN = 255,
    DRAFT_22 = 0x7f16,
};

/* ---- ClientHello -------------------------------------------------------------------------------- */

/* The first name of a server_name extension (RFC 6066 section 3). */
static bool take_sni(struct tls_client_hello *hello, struct view body)
{
    struct cursor c = cursor_over(body);

    if (hello->has_sni) {
        hello->faults |= TLS_SNI_TWICE;
        return true;
    }
    hello->has_sni = true;
    if (body.len == 0)
        return true;
    cursor_skip(&c, 2);
    if (cursor_u8(&c) != 0 && !c.overrun) {
        hello->faults |= TLS_SNI_TYPE;
        return true;
    }
    hello->sni = cursor_view(&c, cursor_u16(&c));
    if (!c.overrun && (hello->sni.len == 0 || hello->sni.len > HOST_NAME_MAX_LEN))
        hello->faults |= TLS_SNI_LENGTH;
    return !c.overrun;
}

/* A list with a length of two bytes, or of one, before it; as much as there is when that is wrong. */
static bool take_list(struct view *list, struct view body, bool has_wide_length)
{
    struct cursor c = cursor_over(body);
    size_t len = has_wide_length ? cursor_u16(&c) : cursor_u8(&c);
    bool is_whole = !c.overrun && len <= cursor_left(&c);

    if (list->data == NULL)
        *list = view_slice(cursor_rest(&c), 0, len);
    return is_whole;
}

static bool client_extension(struct tls_client_hello *hello, uint16_t type, struct view body)
{
    switch (type) {
    case EXTENSION_SNI:
        return take_sni(hello, body);
    case EXTENSION_GROUPS:
        return take_list(&hello->groups, body, true);
    case EXTENSION_POINT_FORMATS:
        return take_list(&hello->point_formats, body, false);
    case EXTENSION_SIGNATURES:
        return take_list(&hello->signatures, body, true);
    case EXTENSION_ALPN:
        return take_list(&hello->alpn, body, true);
    case EXTENSION_VERSIONS:
        return take_list(&hello->versions, body, false);
    case EXTENSION_ECH:
        hello->has_ech = true;
        return true;
    default:
        return true;
    }
}

/* The block of extensions at the end of a hello. It may be missing before TLS 1.3; as much as there is
 * when its length is wrong. */
static bool take_extensions(struct cursor *c, struct view *out)
{
    *out = (struct view){NULL, 0};
    if (c->overrun || cursor_left(c) == 0)
        return !c->overrun;
    size_t len = cursor_u16(c);
    bool is_whole = !c->overrun && len == cursor_left(c);
    *out = view_slice(cursor_rest(c), 0, len);
    return is_whole;
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
    bool is_good = take_extensions(&c, &out->extensions) && out->ciphers.len % 2 == 0;
    struct cursor e = cursor_over(out->extensions);
    while (cursor_left(&e) > 0) {
        uint16_t type = cursor_u16(&e);
        struct view body = cursor_view(&e, cursor_u16(&e));
        if (!e.overrun && !client_extension(out, type, body))
            is_good = false;
    }
    return is_good && !e.overrun;
}

/* ---- ServerHello -------------------------------------------------------------------------------- */

static bool is_retry(struct view random)
{
    static const uint8_t retry[RANDOM_LEN] = {/* SHA-256 of "HelloRetryRequest" */
                                              0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
                                              0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                              0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
                                              0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
    return view_equal(random, view_make(retry, sizeof(retry)));
}

static bool server_extension(struct tls_server_hello *hello, uint16_t type, struct view body)
{
    struct cursor c = cursor_over(body);

    if (type == EXTENSION_VERSIONS)
        hello->version = body.len == 2 ? cursor_u16(&c) : hello->version;
    else if (type == EXTENSION_ALPN) {
        cursor_skip(&c, 2);
        hello->alpn = cursor_view(&c, cursor_u8(&c));
    }
    return !c.overrun && (type != EXTENSION_VERSIONS || body.len == 2);
}

bool tls_parse_server_hello(struct view message, struct tls_server_hello *out)
{
    struct cursor c = cursor_over(message);

    *out = (struct tls_server_hello){0};
    out->version = out->message_version = cursor_u16(&c);
    bool is_old_draft = out->version >> 8 == 0x7f && out->version < DRAFT_22;
    out->is_retry = is_retry(cursor_view(&c, RANDOM_LEN));
    if (!is_old_draft)
        cursor_skip(&c, cursor_u8(&c));
    out->cipher = cursor_u16(&c);
    if (!is_old_draft)
        cursor_skip(&c, 1);
    bool is_good = take_extensions(&c, &out->extensions);
    struct cursor e = cursor_over(out->extensions);
    while (cursor_left(&e) > 0) {
        uint16_t type = cursor_u16(&e);
        struct view body = cursor_view(&e, cursor_u16(&e));
        if (!e.overrun && !server_extension(out, type, body))
            is_good = false;
    }
    return is_good && !e.overrun;
}

/* ---- versions ----------------------------------------------------------------------------------- */

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
    static const struct {
        uint16_t version;
        const char *name;
    } names[] = {
        {TLS_1_3, "TLS 1.3"},
        {TLS_1_2, "TLS 1.2"},
        {TLS_1_1, "TLS 1.1"},
        {TLS_1_0, "TLSv1"},
        {TLS_SSL3, "SSLv3"},
        {TLS_SSL2, "SSLv2"},
        {0x7f1c, "TLS 1.3 draft-28"},
        {0x7f1b, "TLS 1.3 draft-27"},
        {0x7f1a, "TLS 1.3 draft-26"},
        {0x7f19, "TLS 1.3 draft-25"},
        {0x7f18, "TLS 1.3 draft-24"},
        {0x7f17, "TLS 1.3 draft-23"},
        {0x7f16, "TLS 1.3 draft-22"},
        {0x7f15, "TLS 1.3 draft-21"},
        {0x7f14, "TLS 1.3 draft-20"},
        {0x7f13, "TLS 1.3 draft-19"},
        {0x7f12, "TLS 1.3 draft-18"},
        {0x7f11, "TLS 1.3 draft-17"},
        {0x7f10, "TLS 1.3 draft-16"},
        {0x7f01, "TLS 1.3 draft-<16"},
        {0xfb14, "TLS 1.3 draft-20-fb"},
        {0xfb15, "TLS 1.3 draft-21-fb"},
        {0xfb16, "TLS 1.3 draft-22-fb"},
        {0xfb17, "TLS 1.3 draft-23-fb"},
        {0xfb1a, "TLS 1.3 draft-26-fb"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].version == version)
            return names[i].name;
    }
    return version == 0 ? "UNDETERMINED" : NULL;
}
