/* SPDX-License-Identifier: BSD-3-Clause */
/* Is it DNS? A header has few bits that cannot be anything, so what follows it must parse as well.
 *
 * Anywhere   counts that the length can hold; a first question whose name, type and class parse, or, without
 *            questions (multicast DNS), a first record that parses. A name's bytes may be any: tunnels use them.
 * Elsewhere  than on DNS, mDNS and LLMNR ports also: assigned opcode, no Z, one question of a known class;
 *            a query holds no answers, and no authorities unless its kind has them.
 * NetBIOS    name service has the same wire format; it shows by its first label: 32 letters A to P.
 */
#include "proto/dns/dns_identify.h"

#include "base/cursor.h"

enum {
    PORT_DNS = 53,
    PORT_MDNS = 5353,
    PORT_LLMNR = 5355,
    CLASS_MASK = 0x7fff, /* mDNS keeps the top bit for itself (RFC 6762 section 18.12) */
    OPCODE_QUERY = 0,
    ADDITIONALS_MAX = 16, /* of a query off the usual ports: OPT, TSIG, SIG(0), updates */
};

static bool is_dns_port(uint16_t port)
{
    return port == PORT_DNS || port == PORT_MDNS || port == PORT_LLMNR;
}

static bool is_known_class(uint16_t class)
{
    switch (class & CLASS_MASK) {
    case 1:   /* IN */
    case 3:   /* CH */
    case 4:   /* HS */
    case 254: /* NONE */
    case 255: /* ANY */
        return true;
    }
    return false;
}

static bool is_netbios(const struct dns_question *question)
{
    enum { ENCODED_LEN = 32 }; /* RFC 1001 section 14.1 */

    if (question->type != DNS_NB && question->type != DNS_NBSTAT)
        return false;
    if (question->name.len < ENCODED_LEN)
        return false;
    for (int i = 0; i < ENCODED_LEN; i++) {
        if (byte_fold(question->name.text[i]) < 'a' || byte_fold(question->name.text[i]) > 'p')
            return false;
    }
    return question->name.len == ENCODED_LEN || question->name.text[ENCODED_LEN] == '.';
}

/* For ports that say nothing. */
static bool is_strict_header(const struct dns_header *h)
{
    if (h->opcode >= DNS_OPCODES || h->opcode == 3 || h->has_z || h->counts[DNS_QUESTIONS] != 1)
        return false;
    if (h->is_answer)
        return true;
    if (h->rcode != 0 || h->counts[DNS_ADDITIONALS] > ADDITIONALS_MAX)
        return false;
    return h->opcode != OPCODE_QUERY ||
           (h->counts[DNS_ANSWERS] == 0 && h->counts[DNS_AUTHORITIES] <= 1); /* 1: IXFR */
}

/* `is_whole`: the message ends where `c` does. */
static enum identify_result judge_question(struct cursor *c, bool is_strict, bool is_whole)
{
    struct dns_question question;

    enum dns_fault fault = dns_question_read(c, &question);
    if (fault == DNS_MALFORMED || (is_strict && fault != DNS_FINE))
        return c->overrun && !is_whole ? IDENTIFY_MORE : IDENTIFY_NO;
    if (is_netbios(&question) || (is_strict && !is_known_class(question.class)))
        return IDENTIFY_NO;
    return IDENTIFY_YES;
}

static enum identify_result judge_record(struct cursor *c, bool is_whole)
{
    struct dns_record record;

    if (dns_record_read(c, &record) == DNS_FINE)
        return IDENTIFY_YES;
    return c->overrun && !is_whole ? IDENTIFY_MORE : IDENTIFY_NO;
}

/* `start` is the message's beginning, `len` its whole length. */
static enum identify_result judge(struct view start, size_t len, const struct flow *flow)
{
    bool is_strict = !is_dns_port(flow->server_port) && !is_dns_port(flow->client_port);
    struct cursor c = cursor_over(view_slice(start, 0, len));
    bool is_whole = start.len >= len;
    struct dns_header h;

    if (len < DNS_HEADER_LEN)
        return IDENTIFY_NO;
    if (!dns_header_read(&c, &h))
        return is_whole ? IDENTIFY_NO : IDENTIFY_MORE;
    /* On DNS's own port a sound question is enough: the rest may be cut off or made up. */
    bool may_be_short = !is_strict && h.counts[DNS_QUESTIONS] > 0;
    if ((!may_be_short && !dns_counts_fit(&h, len)) || (is_strict && !is_strict_header(&h)))
        return IDENTIFY_NO;
    if (h.counts[DNS_QUESTIONS] > 0)
        return judge_question(&c, is_strict, is_whole);
    if (h.counts[DNS_ANSWERS] + h.counts[DNS_AUTHORITIES] + h.counts[DNS_ADDITIONALS] > 0)
        return judge_record(&c, is_whole);
    /* A server that could not read the query may answer with a header alone. */
    return h.is_answer && h.rcode != 0 && len == DNS_HEADER_LEN ? IDENTIFY_YES : IDENTIFY_NO;
}

enum identify_result dns_identify_prefixed(struct view start, const struct flow *flow)
{
    struct cursor c = cursor_over(start);
    size_t len = cursor_u16(&c);

    return c.overrun ? IDENTIFY_MORE : judge(view_skip(start, 2), len, flow);
}

enum identify_result dns_identify(struct view start, enum direction direction,
                                  const struct flow *flow)
{
    (void)direction; /* the capture may begin with an answer */
    return flow->ip_proto == IP_TCP ? dns_identify_prefixed(start, flow)
                                    : judge(start, start.len, flow);
}
