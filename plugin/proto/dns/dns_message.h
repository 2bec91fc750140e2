/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS messages: header, question and records of one message, and its event.
 *
 *   id 16 | QR opcode(4) AA TC RD RA Z AD CD rcode(4) | four counts 16 | questions | answers |
 *   authorities | additional records                                    (RFC 1035 section 4.1)
 */
#ifndef SHRIKE_PROTO_DNS_DNS_MESSAGE_H
#define SHRIKE_PROTO_DNS_DNS_MESSAGE_H

#include "fields/event.h"
#include "proto/dns/dns_record.h"

enum {
    DNS_HEADER_LEN = 12,
    DNS_QUESTION_MIN = 5,   /* root, type, class */
    DNS_RECORD_MIN = 11,    /* root, type, class, ttl, length */
    DNS_QUESTIONS_MAX = 32, /* that become events */
    DNS_ANSWERS_MAX = 320,  /* records of an answer that become values: five each fit an event */
    DNS_OPCODES = 7,        /* 0 to 6 are assigned (RFC 8490) */
};

enum dns_section { DNS_QUESTIONS, DNS_ANSWERS, DNS_AUTHORITIES, DNS_ADDITIONALS, DNS_SECTIONS };

struct dns_header {
    uint16_t id;
    uint16_t flags;
    uint8_t opcode;
    uint8_t rcode;
    bool is_answer; /* QR */
    bool has_z;
    uint16_t counts[DNS_SECTIONS];
};

struct dns_question {
    struct dns_name name;
    uint16_t type;
    uint16_t class;
};

struct dns_message {
    struct view bytes;
    struct dns_header header;
    struct dns_question question; /* the one at hand: the first, until dns_message_ask() */
    bool has_question;
    uint32_t questions_at; /* in `bytes` */
    uint16_t rcode;        /* with EDNS's upper bits */
    uint32_t answers;      /* in `records` */
    uint32_t left_out;     /* answers beyond DNS_ANSWERS_MAX */
    struct dns_record records[DNS_ANSWERS_MAX];
};

/* False when it runs out of the bytes. */
bool dns_header_read(struct cursor *c, struct dns_header *out);
enum dns_fault dns_question_read(struct cursor *c, struct dns_question *out);
/* As many records as the counts promise can fit into so many bytes. */
bool dns_counts_fit(const struct dns_header *header, size_t len);

/* Reads a whole message; `bytes` must outlive `out`. The fault is the first one. What came before it
 * stands in `out`; *is_usable says whether that is enough for an event (header and first question). */
enum dns_fault dns_message_read(struct view bytes, struct dns_message *out, bool *is_usable);

/* Makes question `index` the one at hand; false when there are no more, or none that can be read. */
bool dns_message_ask(struct dns_message *message, uint16_t index);
/* Adds all fields to an event that has begun. The fault is that of the first record whose data does not
 * have its type's form. */
enum dns_fault dns_message_fill(const struct dns_message *message, struct event *event);

#endif
