/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS names: from labels and pointers (RFC 1035 sections 3.1 and 4.1.4) to text.
 *
 * Text       labels joined by dots, without the final dot, every byte as it was sent: names are equal without
 *            regard to case (RFC 4343), but tunnels carry bytes in it. The root is "".
 * Pointers   may lead anywhere in the message, forward too (resolvers exist that follow them), but not into
 *            the piece that holds them, and at most one a label of the longest name is followed: so a
 *            name cannot loop and its cost is bounded.
 */
#ifndef SHRIKE_PROTO_DNS_DNS_NAME_H
#define SHRIKE_PROTO_DNS_DNS_NAME_H

#include "base/cursor.h"

enum {
    DNS_NAME_WIRE_MAX = 255, /* RFC 1035 section 2.3.4: with length bytes and the root's zero */
    DNS_NAME_TEXT_MAX = DNS_NAME_WIRE_MAX - 2,
    DNS_LABELS_MAX = 127,
};

enum dns_fault {
    DNS_FINE,
    DNS_MALFORMED,       /* runs out of the message, or a reserved label type */
    DNS_NAME_TOO_LONG,   /* over DNS_NAME_WIRE_MAX bytes */
    DNS_NAME_LOOP,       /* a pointer into what was just read */
    DNS_TOO_MANY_LABELS, /* more pointers than a name can have labels */
    DNS_FAULT_COUNT
};

struct dns_name {
    uint8_t len; /* of text */
    uint8_t labels;
    uint8_t text[DNS_NAME_TEXT_MAX];
};

/* The first of two faults, where the second may be none. */
static inline enum dns_fault dns_fault_first(enum dns_fault first, enum dns_fault second)
{
    return first != DNS_FINE ? first : second;
}

static inline struct view dns_name_view(const struct dns_name *name)
{
    return view_make(name->text, name->len);
}

/* Reads the name at the cursor, which is over the whole message, and moves past it. After any fault but
 * DNS_MALFORMED that still holds, so that one bad name does not hide what follows it; `out` then holds
 * what came before the fault. */
enum dns_fault dns_name_read(struct cursor *message, struct dns_name *out);
/* ASCII letters to lower case, in which names are compared. */
void dns_name_fold(struct dns_name *name);

#endif
