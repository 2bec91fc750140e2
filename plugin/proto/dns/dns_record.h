/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS records: reading one (RFC 1035 section 4.1.3), and its data as text by the form of its type.
 *
 *   name | type 16 | class 16 | ttl 32 | length 16 | RDATA
 */
#ifndef SHRIKE_PROTO_DNS_DNS_RECORD_H
#define SHRIKE_PROTO_DNS_DNS_RECORD_H

#include "base/buf.h"
#include "proto/dns/dns_name.h"

enum dns_type {
    DNS_A = 1,
    DNS_CNAME = 5,
    DNS_NULL = 10,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_NB = 32,     /* NetBIOS name service (RFC 1002): not DNS, but it looks alike */
    DNS_NBSTAT = 33, /* the same; SRV in DNS */
    DNS_OPT = 41,
};

struct dns_record {
    uint32_t ttl;
    uint16_t type;
    uint16_t class;
    uint16_t name_at; /* of the owner's name in the message */
    uint16_t at;      /* of RDATA */
    uint16_t len;
};

/* Reads the record at the cursor, which is over the whole message, and moves past it; faults as with
 * dns_name_read(). */
enum dns_fault dns_record_read(struct cursor *message, struct dns_record *out);

/* "AAAA"; NULL when the type has no name. */
const char *dns_type_name(uint16_t type);
/* "NXDOMAIN"; NULL when the code has no name. */
const char *dns_rcode_name(uint16_t rcode);

/* Writes RDATA as text in its type's form; as \# LENGTH HEX when the type has none, or when the data does
 * not fit it, which is a fault. Data that goes on after the form's end is DNS_MALFORMED too. */
enum dns_fault dns_record_text(struct view message, const struct dns_record *record,
                               struct buf *out);

#endif
