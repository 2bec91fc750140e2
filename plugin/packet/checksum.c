/* SPDX-License-Identifier: BSD-3-Clause */
/* Checksums: eight bytes at a time; the sum of words does not care about byte order until it is folded. */
#include "packet/decoder.h"

#include <arpa/inet.h>

static uint32_t fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)((sum & 0xffff) + (sum >> 16));
}

uint32_t checksum_add(uint32_t start, struct view bytes)
{
    uint64_t sum = 0, word;
    const uint8_t *at = bytes.data;
    size_t left = bytes.len;

    for (; left >= 8; left -= 8, at += 8) {
        memcpy(&word, at, 8);
        sum += word & 0xffffffff;
        sum += word >> 32;
    }
    word = 0;
    if (left > 0)
        memcpy(&word, at, left);
    sum += word & 0xffffffff;
    sum += word >> 32;
    return fold((uint64_t)ntohs((uint16_t)fold(sum)) + start);
}

bool checksum_is_right(uint32_t sum)
{
    return sum == 0xffff;
}

uint32_t checksum_pseudo(const struct packet *p, size_t len)
{
    size_t skip = p->ip_version == 4 ? 12 : 0;
    uint32_t sum = checksum_add(0, view_make(p->src.bytes + skip, 16 - skip));
    sum = checksum_add(sum, view_make(p->dst.bytes + skip, 16 - skip));
    return fold((uint64_t)sum + p->ip_proto + (len & 0xffff) + (len >> 16));
}
