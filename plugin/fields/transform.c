/* SPDX-License-Identifier: BSD-3-Clause */
/* Transforms: each reads a value and writes another; none needs more room than the value and TRANSFORM_ROOM.
 *
 * In place   all but dotprefix write no byte before they have read it, so that a list of them works in one buffer: the first
 *            reads the value, the others what the one before them wrote.
 * Meaning    that of Suricata 7.0.10's transforms of these names, asked with tests/oracle/transforms.py; a digest is text
 *            here, where Suricata's is bytes.
 */
#include "fields/transform.h"

#include <assert.h>
#include <string.h>

#include <nettle/md5.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

typedef size_t transform_fn(struct view value, uint8_t *out);

static size_t to_lowercase(struct view value, uint8_t *out)
{
    for (size_t i = 0; i < value.len; i++)
        out[i] = byte_fold(value.data[i]);
    return value.len;
}

static size_t to_uppercase(struct view value, uint8_t *out)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        out[i] = c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
    }
    return value.len;
}

static size_t header_lowercase(struct view value, uint8_t *out)
{
    bool is_name = true;

    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        if (c == ':')
            is_name = false;
        else if (c == '\n')
            is_name = true;
        out[i] = is_name ? byte_fold(c) : c;
    }
    return value.len;
}

static bool is_whitespace(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t strip_whitespace(struct view value, uint8_t *out)
{
    size_t len = 0;

    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        if (!is_whitespace(c))
            out[len++] = c;
    }
    return len;
}

static size_t compress_whitespace(struct view value, uint8_t *out)
{
    size_t len = 0;
    bool is_run = false;

    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        if (!is_run || !is_whitespace(c))
            out[len++] = c;
        is_run = is_whitespace(c);
    }
    return len;
}

static size_t strip_pseudo_headers(struct view value, uint8_t *out)
{
    size_t len = 0;
    bool begins = true, is_pseudo = false;

    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        if (begins && c != '\r' && c != '\n') {
            is_pseudo = c == ':';
            begins = false;
        }
        if (!is_pseudo)
            out[len++] = c;
        if (c == '\n') {
            begins = true;
            is_pseudo = false;
        }
    }
    return len;
}

static int hex_digit(uint8_t c)
{
    c = byte_fold(c);
    return byte_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t url_decode(struct view value, uint8_t *out)
{
    size_t len = 0;

    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        bool is_escape = c == '%' && i + 2 < value.len && hex_digit(value.data[i + 1]) >= 0 &&
                         hex_digit(value.data[i + 2]) >= 0;
        if (is_escape) {
            c = (uint8_t)(hex_digit(value.data[i + 1]) << 4 | hex_digit(value.data[i + 2]));
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        out[len++] = c;
    }
    return len;
}

static size_t dotprefix(struct view value, uint8_t *out)
{
    if (value.len == 0)
        return 0;
    memmove(out + 1, value.data, value.len);
    out[0] = '.';
    return value.len + 1;
}

static size_t put_digest(const uint8_t *digest, size_t len, uint8_t *out)
{
    static const char DIGITS[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = (uint8_t)DIGITS[digest[i] >> 4];
        out[2 * i + 1] = (uint8_t)DIGITS[digest[i] & 15];
    }
    return 2 * len;
}

static size_t put_hash(const struct nettle_hash *hash, struct view value, uint8_t *out)
{
    union {
        struct md5_ctx md5;
        struct sha1_ctx sha1;
        struct sha256_ctx sha256;
    } context;
    uint8_t digest[SHA256_DIGEST_SIZE];

    assert(hash->context_size <= sizeof(context) && hash->digest_size <= sizeof(digest));
    hash->init(&context);
    hash->update(&context, value.len, value.data);
    hash->digest(&context, hash->digest_size, digest);
    return put_digest(digest, hash->digest_size, out);
}

static size_t to_md5(struct view value, uint8_t *out)
{
    return put_hash(&nettle_md5, value, out);
}

static size_t to_sha1(struct view value, uint8_t *out)
{
    return put_hash(&nettle_sha1, value, out);
}

static size_t to_sha256(struct view value, uint8_t *out)
{
    return put_hash(&nettle_sha256, value, out);
}

static const struct {
    const char *name;
    transform_fn *apply;
} ROWS[] = {
    {"", NULL},
#define TRANSFORM(id, name, function, description) {name, function},
#include "fields/transform.def"
#undef TRANSFORM
};

const char *transform_name(enum transform_id id)
{
    assert(id > TRANSFORM_NONE && id < TRANSFORM_COUNT);
    return ROWS[id].name;
}

enum transform_id transform_find(struct view name)
{
    for (enum transform_id id = TRANSFORM_NONE + 1; id < TRANSFORM_COUNT; id++) {
        if (view_equal(name, view_from_string(ROWS[id].name)))
            return id;
    }
    return TRANSFORM_NONE;
}

size_t transform_digest_len(enum transform_id id)
{
    return id == TRANSFORM_TO_MD5      ? MD5_DIGEST_SIZE
           : id == TRANSFORM_TO_SHA1   ? SHA1_DIGEST_SIZE
           : id == TRANSFORM_TO_SHA256 ? SHA256_DIGEST_SIZE
                                       : 0;
}

enum transform_id transform_list_get(transform_list list, unsigned place)
{
    return place < TRANSFORMS_MAX ? (enum transform_id)(list >> (8 * place) & 0xff)
                                  : TRANSFORM_NONE;
}

bool transform_list_add(transform_list *list, enum transform_id id)
{
    unsigned place = 0;

    while (transform_list_get(*list, place) != TRANSFORM_NONE)
        place++;
    if (place == TRANSFORMS_MAX)
        return false;
    *list |= (transform_list)id << (8 * place);
    return true;
}

size_t transform_apply(transform_list list, struct view value, uint8_t *out)
{
    size_t len = value.len;

    for (unsigned place = 0; transform_list_get(list, place) != TRANSFORM_NONE; place++) {
        len = ROWS[transform_list_get(list, place)].apply(value, out);
        value = view_make(out, len);
    }
    return len;
}
