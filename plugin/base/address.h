/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses: IPv4 and IPv6 in one form, 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. */
#ifndef SHRIKE_BASE_ADDRESS_H
#define SHRIKE_BASE_ADDRESS_H

#include "base/buf.h"

struct address {
    uint8_t bytes[16];
};

enum { ADDRESS_TEXT_MAX = 46 }; /* with NUL */

/* From the 4 bytes of an IPv4 header. */
struct address address_from_v4(const uint8_t bytes[4]);
struct address address_from_v6(const uint8_t bytes[16]);
bool address_is_v4(const struct address *address);

static inline bool address_equal(const struct address *a, const struct address *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static inline int address_compare(const struct address *a, const struct address *b)
{
    return memcmp(a, b, sizeof(*a));
}

/* Dotted quad or RFC 4291 text; false when it is neither. */
bool address_parse(struct view text, struct address *out);
/* "10.0.0.0/8", "2001:db8::/32", or an address alone (its whole length). `prefix_bits` counts in
 * the 128-bit form: 96 + 8 for 10.0.0.0/8. Host bits are cleared. */
bool address_parse_prefix(struct view text, struct address *out, unsigned *prefix_bits);
/* Every IPv4 address, or every address at all, lies in this range. */
bool address_is_whole(const struct address *prefix, unsigned bits);
bool address_in_prefix(const struct address *address, const struct address *prefix, unsigned bits);

/* Text as EVE has it: IPv4 dotted; IPv6 in full groups without leading zeros, not compressed
 * (Suricata's form, "2001:0db8:...": each group four digits). */
void address_write(struct buf *buf, const struct address *address);
/* RFC 5952 text into `out`; returns out. */
char *address_format(const struct address *address, char out[ADDRESS_TEXT_MAX]);

#endif
