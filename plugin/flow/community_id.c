/* SPDX-License-Identifier: BSD-3-Clause */
/* Community ID v1: an identifier of a flow that other tools compute alike.
 *
 * Layout     what SHA-1 reads, all in network order (the specification's pseudo code):
 *              seed 2 | lower address 4 or 16 | greater address | protocol 1 | 0 | port 2 | port 2
 *            and "1:" with the digest in base64 comes out.
 * Order      the smaller (address, port) endpoint first. ICMP has type and counterpart as ports;
 *            types without a counterpart go one way: type and code, never swapped.
 * Others     protocols without ports end after the zero byte.
 */
#include <nettle/sha1.h>

#include "base/buf.h"
#include "flow/flow.h"

enum { INPUT_MAX = 2 + 16 + 16 + 2 + 4 };
static_assert(2 + (SHA1_DIGEST_SIZE + 2) / 3 * 4 < COMMUNITY_ID_MAX, "the text fits");

struct endpoint {
    struct view address;
    uint16_t port;
};

static struct view address_on_the_wire(const struct flow *flow, const struct address *address)
{
    return flow->ip_version == 4 ? view_make(address->bytes + 12, 4)
                                 : view_make(address->bytes, 16);
}

static bool is_greater(const struct endpoint *a, const struct endpoint *b)
{
    int order = memcmp(a->address.data, b->address.data, a->address.len);
    return order > 0 || (order == 0 && a->port > b->port);
}

/* Sets both ports; true when the endpoints may be swapped. */
static bool set_ports(const struct flow *flow, struct endpoint *client, struct endpoint *server)
{
    if (flow->ip_proto != IP_ICMP && flow->ip_proto != IP_ICMPV6) {
        client->port = flow->client_port;
        server->port = flow->server_port;
        return true;
    }
    int counterpart = icmp_counterpart(flow->ip_proto, flow->icmp_type);
    client->port = flow->icmp_type;
    server->port = counterpart >= 0 ? (uint16_t)counterpart : flow->icmp_code;
    return counterpart >= 0;
}

static bool has_ports(uint8_t ip_proto)
{
    return ip_proto == IP_TCP || ip_proto == IP_UDP || ip_proto == IP_SCTP || ip_proto == IP_ICMP ||
           ip_proto == IP_ICMPV6;
}

static uint8_t *put_u16(uint8_t *at, uint16_t number)
{
    *at++ = (uint8_t)(number >> 8);
    *at++ = (uint8_t)number;
    return at;
}

static uint8_t *put_view(uint8_t *at, struct view v)
{
    memcpy(at, v.data, v.len);
    return at + v.len;
}

static size_t write_base64(const uint8_t *bytes, size_t len, char *out)
{
    /* The last one is the padding. */
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    char *at = out;

    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t word = (uint32_t)bytes[i] << 16;
        word |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        word |= left > 2 ? bytes[i + 2] : 0;
        *at++ = digits[word >> 18];
        *at++ = digits[word >> 12 & 63];
        *at++ = digits[left > 1 ? word >> 6 & 63 : 64];
        *at++ = digits[left > 2 ? word & 63 : 64];
    }
    *at = '\0';
    return (size_t)(at - out);
}

size_t community_id(const struct flow *flow, uint16_t seed, char out[COMMUNITY_ID_MAX])
{
    struct endpoint first = {address_on_the_wire(flow, &flow->client), 0};
    struct endpoint second = {address_on_the_wire(flow, &flow->server), 0};
    uint8_t input[INPUT_MAX], digest[SHA1_DIGEST_SIZE];
    uint8_t *at = input;
    struct sha1_ctx sha1;

    if (set_ports(flow, &first, &second) && is_greater(&first, &second)) {
        struct endpoint greater = first;
        first = second;
        second = greater;
    }
    at = put_u16(at, seed);
    at = put_view(at, first.address);
    at = put_view(at, second.address);
    *at++ = flow->ip_proto;
    *at++ = 0;
    if (has_ports(flow->ip_proto)) {
        at = put_u16(at, first.port);
        at = put_u16(at, second.port);
    }
    sha1_init(&sha1);
    sha1_update(&sha1, (size_t)(at - input), input);
    sha1_digest(&sha1, sizeof(digest), digest);
    out[0] = '1';
    out[1] = ':';
    return 2 + write_base64(digest, sizeof(digest), out + 2);
}
