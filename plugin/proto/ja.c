/* SPDX-License-Identifier: BSD-3-Clause */
/* Client and server fingerprints.
 *
 * JA3    version,ciphers,extensions,groups,point formats: decimal, '-' between, GREASE left out; MD5.
 *        https://github.com/salesforce/ja3
 * JA3S   version,cipher,extensions of the ServerHello.
 * JA4    a_b_c: transport, version, SNI or not, counts, ALPN; sorted ciphers; sorted extensions without
 *        SNI and ALPN, then signature algorithms in order; b and c as the first 12 digits of SHA-256.
 *        https://github.com/FoxIO-LLC/ja4 (technical_details/JA4.md; JA4 itself is BSD-3-Clause)
 */
#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <stdlib.h>

#include "proto/tls_hello.h"

enum { VALUES_MAX = 1024, TEXT_MAX = VALUES_MAX * 5 * 2 + 2, SNI = 0, ALPN = 16 };

static const char DIGITS[] = "0123456789abcdef";

/* ---- JA3 ------------------------------------------------------------------------------------------------ */

static void put_numbers(struct buf *out, struct view list, bool is_wide, bool keep_grease)
{
    struct cursor c = cursor_over(list);
    size_t start = out->len;

    while (cursor_left(&c) >= (is_wide ? 2 : 1)) {
        uint16_t value = is_wide ? cursor_u16(&c) : cursor_u8(&c);
        if (is_wide && !keep_grease && tls_is_grease(value))
            continue;
        if (out->len > start)
            buf_byte(out, '-');
        buf_u64(out, value);
    }
}

static void put_extension_types(struct buf *out, struct view extensions, bool keep_grease)
{
    struct cursor c = cursor_over(extensions);
    size_t start = out->len;

    while (cursor_left(&c) >= 4) {
        uint16_t type = cursor_u16(&c);
        cursor_skip(&c, cursor_u16(&c));
        if (!keep_grease && tls_is_grease(type))
            continue;
        if (out->len > start)
            buf_byte(out, '-');
        buf_u64(out, type);
    }
}

void ja3_string(struct buf *out, const struct tls_client_hello *hello)
{
    buf_u64(out, hello->version);
    buf_byte(out, ',');
    put_numbers(out, hello->ciphers, true, false);
    buf_byte(out, ',');
    put_extension_types(out, hello->extensions, false);
    buf_byte(out, ',');
    put_numbers(out, hello->groups, true, false);
    buf_byte(out, ',');
    put_numbers(out, hello->point_formats, false, true);
}

void ja3s_string(struct buf *out, const struct tls_server_hello *hello)
{
    buf_u64(out, hello->message_version);
    buf_byte(out, ',');
    buf_u64(out, hello->cipher);
    buf_byte(out, ',');
    put_extension_types(out, hello->extensions, true);
}

static void put_hex(const uint8_t *bytes, size_t digits, uint8_t *out)
{
    for (size_t i = 0; i < digits; i++)
        out[i] = (uint8_t)DIGITS[i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15];
}

void ja3_hash(struct view string, uint8_t out[JA3_HASH_LEN])
{
    struct md5_ctx md5;
    uint8_t digest[MD5_DIGEST_SIZE];

    md5_init(&md5);
    md5_update(&md5, string.len, string.data);
    md5_digest(&md5, sizeof(digest), digest);
    put_hex(digest, JA3_HASH_LEN, out);
}

/* ---- JA4 ------------------------------------------------------------------------------------------------ */

struct numbers {
    uint16_t items[VALUES_MAX];
    size_t count;
};

static void add(struct numbers *numbers, uint16_t value)
{
    if (!tls_is_grease(value) && numbers->count < VALUES_MAX)
        numbers->items[numbers->count++] = value;
}

static int compare(const void *left, const void *right)
{
    const uint16_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* "1301,1302" */
static size_t join(const struct numbers *numbers, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < numbers->count; i++) {
        if (i > 0)
            out[len++] = ',';
        for (int shift = 12; shift >= 0; shift -= 4)
            out[len++] = (uint8_t)DIGITS[numbers->items[i] >> shift & 15];
    }
    return len;
}

/* The first 12 digits of SHA-256; zeros when there is nothing to hash. */
static void put_short_hash(const uint8_t *text, size_t len, uint8_t out[12])
{
    struct sha256_ctx sha256;
    uint8_t digest[SHA256_DIGEST_SIZE];

    if (len == 0) {
        memset(out, '0', 12);
        return;
    }
    sha256_init(&sha256);
    sha256_update(&sha256, len, text);
    sha256_digest(&sha256, sizeof(digest), digest);
    put_hex(digest, 12, out);
}

static void put_count(size_t count, uint8_t out[2])
{
    count = count > 99 ? 99 : count;
    out[0] = (uint8_t)('0' + count / 10);
    out[1] = (uint8_t)('0' + count % 10);
}

static bool is_alphanumeric(uint8_t byte)
{
    return byte_is_digit(byte) || (uint8_t)(byte_fold(byte) - 'a') < 26;
}

/* First and last character of the first protocol, or of its hexadecimal form when one is no letter or
 * digit; 00 without. */
static void put_alpn(struct view alpn, uint8_t out[2])
{
    struct cursor c = cursor_over(alpn);
    struct view name = cursor_view(&c, cursor_u8(&c));

    out[0] = out[1] = '0';
    if (name.len == 0)
        return;
    uint8_t first = name.data[0], last = name.data[name.len - 1];
    bool is_text = is_alphanumeric(first) && is_alphanumeric(last);
    out[0] = is_text ? first : (uint8_t)DIGITS[first >> 4];
    out[1] = is_text ? last : (uint8_t)DIGITS[last & 15];
}

static const char *version_code(uint16_t version)
{
    switch (version) {
    case TLS_1_3:
        return "13";
    case TLS_1_2:
        return "12";
    case TLS_1_1:
        return "11";
    case TLS_1_0:
        return "10";
    case TLS_SSL3:
        return "s3";
    case TLS_SSL2:
        return "s2";
    default:
        return "00";
    }
}

static void collect(struct view list, struct numbers *out)
{
    struct cursor c = cursor_over(list);
    out->count = 0;
    while (cursor_left(&c) >= 2)
        add(out, cursor_u16(&c));
}

void ja4_fingerprint(const struct tls_client_hello *hello, uint8_t out[JA4_LEN])
{
    struct numbers numbers;
    uint8_t text[TEXT_MAX];
    size_t extensions = 0;

    out[0] = 't';
    memcpy(out + 1, version_code(tls_offered_version(hello)), 2);
    out[3] = hello->sni.data != NULL ? 'd' : 'i';
    collect(hello->ciphers, &numbers);
    put_count(numbers.count, out + 4);
    qsort(numbers.items, numbers.count, sizeof(uint16_t), compare);
    put_short_hash(text, join(&numbers, text), out + 11);

    struct cursor c = cursor_over(hello->extensions);
    numbers.count = 0;
    while (cursor_left(&c) >= 4) {
        uint16_t type = cursor_u16(&c);
        cursor_skip(&c, cursor_u16(&c));
        extensions += !tls_is_grease(type);
        if (type != SNI && type != ALPN)
            add(&numbers, type);
    }
    put_count(extensions, out + 6);
    put_alpn(hello->alpn, out + 8);
    qsort(numbers.items, numbers.count, sizeof(uint16_t), compare);
    size_t len = join(&numbers, text);
    collect(hello->signatures, &numbers);
    if (numbers.count > 0) {
        text[len++] = '_';
        len += join(&numbers, text + len);
    }
    put_short_hash(text, len, out + 24);
    out[10] = out[23] = '_';
}
