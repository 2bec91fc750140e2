/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses: text forms through inet_pton and inet_ntop, prefixes by bit count. */
#include "base/address.h"

#include <arpa/inet.h>

static const uint8_t V4_PREFIX[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct address address_from_v4(const uint8_t bytes[4])
{
    struct address address;
    memcpy(address.bytes, V4_PREFIX, 12);
    memcpy(address.bytes + 12, bytes, 4);
    return address;
}

struct address address_from_v6(const uint8_t bytes[16])
{
    struct address address;
    memcpy(address.bytes, bytes, 16);
    return address;
}

bool address_is_v4(const struct address *address)
{
    return memcmp(address->bytes, V4_PREFIX, 12) == 0;
}

bool address_parse(struct view text, struct address *out)
{
    char string[ADDRESS_TEXT_MAX];
    uint8_t v4[4];

    if (text.len == 0 || text.len >= sizeof(string))
        return false;
    memcpy(string, text.data, text.len);
    string[text.len] = '\0';
    if (strlen(string) != text.len)
        return false;
    if (inet_pton(AF_INET, string, v4) == 1) {
        *out = address_from_v4(v4);
        return true;
    }
    return inet_pton(AF_INET6, string, out->bytes) == 1;
}

static void clear_host_bits(struct address *address, unsigned bits)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned kept = bits > i * 8 ? bits - i * 8 : 0;
        if (kept < 8)
            address->bytes[i] &= (uint8_t)(0xff00U >> kept);
    }
}

bool address_parse_prefix(struct view text, struct address *out, unsigned *prefix_bits)
{
    size_t slash = view_find_byte(text, '/');
    uint64_t bits;

    if (!address_parse(view_slice(text, 0, slash), out))
        return false;
    unsigned width = address_is_v4(out) && view_find_byte(text, ':') == VIEW_NOT_FOUND ? 32 : 128;
    if (slash == VIEW_NOT_FOUND)
        bits = width;
    else if (!view_parse_u64(view_skip(text, slash + 1), &bits) || bits > width)
        return false;
    *prefix_bits = (unsigned)bits + (128 - width);
    clear_host_bits(out, *prefix_bits);
    return true;
}

bool address_is_whole(const struct address *prefix, unsigned bits)
{
    return bits == 0 || (bits == 96 && address_is_v4(prefix));
}

bool address_in_prefix(const struct address *address, const struct address *prefix, unsigned bits)
{
    if (memcmp(address->bytes, prefix->bytes, bits / 8) != 0)
        return false;
    if (bits % 8 == 0)
        return true;
    uint8_t mask = (uint8_t)(0xff00U >> bits % 8);
    return ((address->bytes[bits / 8] ^ prefix->bytes[bits / 8]) & mask) == 0;
}

void address_write(struct buf *buf, const struct address *address)
{
    if (address_is_v4(address)) {
        for (int i = 12; i < 16; i++) {
            if (i > 12)
                buf_byte(buf, '.');
            buf_u64(buf, address->bytes[i]);
        }
        return;
    }
    for (size_t i = 0; i < 16; i += 2) {
        if (i > 0)
            buf_byte(buf, ':');
        buf_hex(buf, view_make(address->bytes + i, 2));
    }
}

char *address_format(const struct address *address, char out[ADDRESS_TEXT_MAX])
{
    if (address_is_v4(address))
        inet_ntop(AF_INET, address->bytes + 12, out, ADDRESS_TEXT_MAX);
    else
        inet_ntop(AF_INET6, address->bytes, out, ADDRESS_TEXT_MAX);
    return out;
}
