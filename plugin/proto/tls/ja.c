/* SPDX-License-Identifier: BSD-3-Clause */
/* Client and server fingerprints.
 *
 * JA3    version,ciphers,extensions,groups,point formats: decimal, '-' between, GREASE left out; MD5.
 *        https://github.com/salesforce/ja3
 * JA3S   version,cipher,extensions of the ServerHello. (A server sends no GREASE there; that it is left out
 *        all the same is what tshark and Suricata do.)
 * JA4    a_b_c: transport, version, SNI or not, counts, ALPN; sorted ciphers; sorted extensions without
 *        SNI and ALPN, then signature algorithms in order; b and c as the first 12 digits of SHA-256.
 *        https://github.com/FoxIO-LLC/ja4 (technical_details/JA4.md; JA4 itself is BSD-3-Clause)
 */
#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <stdlib.h>

#include "proto/tls/tls_hello.h"

enum { EXTENSION_SNI = 0, EXTENSION_ALPN = 16 };

static const char DIGITS[] = "0123456789abcdef";

/* ---- JA3 ------------------------------------------------------------------------------------------------ */

static void put_numbers(struct buf *out, struct view list, bool is_wide)
{
    struct cursor c = cursor_over(list);
    size_t start = out->len;

    while (cursor_left(&c) >= (is_wide ? 2 : 1)) {
        uint16_t value = is_wide ? cursor_u16(&c) : cursor_u8(&c);
        if (is_wide && tls_is_grease(value))
            continue;
        if (out->len > start)
            buf_byte(out, '-');
        buf_u64(out, value);
    }
}

static void put_extension_types(struct buf *out, struct view extensions)
{
    struct cursor c = cursor_over(extensions);
    size_t start = out->len;

    while (cursor_left(&c) >= 4) {
        uint16_t type = cursor_u16(&c);
        cursor_skip(&c, cursor_u16(&c));
        if (tls_is_grease(type))
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
    put_numbers(out, hello->ciphers, true);
    buf_byte(out, ',');
    put_extension_types(out, hello->extensions);
    buf_byte(out, ',');
    put_numbers(out, hello->groups, true);
    buf_byte(out, ',');
    put_numbers(out, hello->point_formats, false);
}

void ja3s_string(struct buf *out, const struct tls_server_hello *hello)
{
    buf_u64(out, hello->message_version);
    buf_byte(out, ',');
    buf_u64(out, hello->cipher);
    buf_byte(out, ',');
    put_extension_types(out, hello->extensions);
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

/* ---- JA4 ---------------------------------------------------------------------------------------- */

struct numbers {
    uint16_t items[JA4_VALUES_MAX];
    size_t count;
    bool is_full; /* there were more */
};

/* A list as text, hashed as it is written. */
struct list_hash {
    struct sha256_ctx sha256;
    bool has_items;
};

static void add(struct numbers *numbers, uint16_t value)
{
    if (tls_is_grease(value))
        return;
    if (numbers->count == JA4_VALUES_MAX)
        numbers->is_full = true;
    else
        numbers->items[numbers->count++] = value;
}

static void collect(struct numbers *out, struct view list)
{
    struct cursor c = cursor_over(list);

    out->count = 0;
    while (cursor_left(&c) >= 2)
        add(out, cursor_u16(&c));
}

/* All types but SNI's and ALPN's; returns how many there are with those. */
static size_t collect_extensions(struct numbers *out, struct view extensions)
{
    struct cursor c = cursor_over(extensions);
    size_t count = 0;

    out->count = 0;
    while (cursor_left(&c) >= 4) {
        uint16_t type = cursor_u16(&c);
        cursor_skip(&c, cursor_u16(&c));
        count += !tls_is_grease(type);
        if (type != EXTENSION_SNI && type != EXTENSION_ALPN)
            add(out, type);
    }
    return count;
}

static int compare(const void *left, const void *right)
{
    const uint16_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void sort(struct numbers *numbers)
{
    qsort(numbers->items, numbers->count, sizeof(numbers->items[0]), compare);
}

static void hash_begin(struct list_hash *hash)
{
    sha256_init(&hash->sha256);
    hash->has_items = false;
}

/* "1301,1302,1303", after `before` when it is not empty. */
static void hash_list(struct list_hash *hash, char before, const struct numbers *numbers)
{
    for (size_t i = 0; i < numbers->count; i++) {
        uint16_t value = numbers->items[i];
        const uint8_t text[] = {(uint8_t)(i == 0 ? before : ','), (uint8_t)DIGITS[value >> 12],
                                (uint8_t)DIGITS[value >> 8 & 15], (uint8_t)DIGITS[value >> 4 & 15],
                                (uint8_t)DIGITS[value & 15]};
        bool has_mark = hash->has_items || i > 0;
        sha256_update(&hash->sha256, sizeof(text) - !has_mark, text + !has_mark);
        hash->has_items = true;
    }
}

/* The first 12 digits of SHA-256; zeros when there is nothing to hash. */
static void hash_end(struct list_hash *hash, uint8_t out[12])
{
    uint8_t digest[SHA256_DIGEST_SIZE];

    sha256_digest(&hash->sha256, sizeof(digest), digest);
    if (hash->has_items)
        put_hex(digest, 12, out);
    else
        memset(out, '0', 12);
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
 * digit; 00 without. A GREASE protocol is ignored like every GREASE value. */
static void put_alpn(struct view alpn, uint8_t out[2])
{
    struct cursor c = cursor_over(alpn);
    struct view name = cursor_view(&c, cursor_u8(&c));

    out[0] = out[1] = '0';
    if (name.len == 0)
        return;
    uint8_t first = name.data[0], last = name.data[name.len - 1];
    if (name.len == 2 && tls_is_grease((uint16_t)(first << 8 | last)))
        return;
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

bool ja4_fingerprint(const struct tls_client_hello *hello, uint8_t out[JA4_LEN])
{
    struct numbers numbers = {.count = 0};
    struct list_hash hash;

    out[0] = 't';
    memcpy(out + 1, version_code(tls_offered_version(hello)), 2);
    out[3] = hello->has_sni ? 'd' : 'i';
    out[10] = out[23] = '_';
    put_alpn(hello->alpn, out + 8);

    collect(&numbers, hello->ciphers);
    put_count(numbers.count, out + 4);
    sort(&numbers);
    hash_begin(&hash);
    hash_list(&hash, ',', &numbers);
    hash_end(&hash, out + 11);

    put_count(collect_extensions(&numbers, hello->extensions), out + 6);
    sort(&numbers);
    hash_begin(&hash);
    hash_list(&hash, ',', &numbers);
    collect(&numbers, hello->signatures);
    hash_list(&hash, '_', &numbers);
    hash_end(&hash, out + 24);
    return !numbers.is_full;
}
