/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow: names and directions; what can be said about a record without its table. */
#include "flow/flow.h"

enum direction flow_direction(const struct flow *flow, const struct packet *packet)
{
    bool is_icmp = flow->ip_proto == IP_ICMP || flow->ip_proto == IP_ICMPV6;

    /* A host that pings itself: only the type tells who asks. */
    if (is_icmp && address_equal(&flow->client, &flow->server))
        return packet->icmp_type == flow->icmp_type ? TO_SERVER : TO_CLIENT;
    if (!address_equal(&packet->src, &flow->client))
        return TO_CLIENT;
    if (is_icmp || packet->src_port == flow->client_port)
        return TO_SERVER;
    return TO_CLIENT;
}

int icmp_counterpart(uint8_t ip_proto, uint8_t type)
{
    /* Stored plus one, so that what the table leaves out reads as "none". */
    static const uint8_t of_v4[256] = {
#define ICMP_PAIR(protocol, request, reply) ICMP_PAIR_##protocol(request, reply)
#define ICMP_PAIR_V4(request, reply)        [request] = (reply) + 1, [reply] = (request) + 1,
#define ICMP_PAIR_V6(request, reply)
#include "flow/icmp_pair.def"
#undef ICMP_PAIR_V4
#undef ICMP_PAIR_V6
    };
    static const uint8_t of_v6[256] = {
#define ICMP_PAIR_V4(request, reply)
#define ICMP_PAIR_V6(request, reply) [request] = (reply) + 1, [reply] = (request) + 1,
#include "flow/icmp_pair.def"
#undef ICMP_PAIR_V4
#undef ICMP_PAIR_V6
#undef ICMP_PAIR
    };
    return (ip_proto == IP_ICMP ? of_v4[type] : of_v6[type]) - 1;
}

const char *flow_state_name(enum flow_state state)
{
    static const char *const names[] = {
        [FLOW_NEW] = "new",
        [FLOW_ESTABLISHED] = "established",
        [FLOW_CLOSED] = "closed",
    };
    assert((size_t)state < sizeof(names) / sizeof(names[0]));
    return names[state];
}

const char *flow_reason_name(enum flow_reason reason)
{
    static const char *const names[] = {
        [FLOW_REASON_TIMEOUT] = "timeout",
        [FLOW_REASON_CLOSED] = "closed",
        [FLOW_REASON_EVICTED] = "evicted",
        [FLOW_REASON_SHUTDOWN] = "shutdown",
    };
    assert((size_t)reason < sizeof(names) / sizeof(names[0]));
    return names[reason];
}

const char *flow_proto_name(uint8_t ip_proto, char scratch[4])
{
    static const char *const names[256] = {
        [IP_ICMP] = "ICMP",        [IP_TCP] = "TCP",   [IP_UDP] = "UDP",
        [IP_ICMPV6] = "IPv6-ICMP", [IP_SCTP] = "SCTP",
    };
    if (names[ip_proto] != NULL)
        return names[ip_proto];
    char *at = scratch;
    if (ip_proto >= 100)
        *at++ = (char)('0' + ip_proto / 100);
    if (ip_proto >= 10)
        *at++ = (char)('0' + ip_proto / 10 % 10);
    *at++ = (char)('0' + ip_proto % 10);
    *at = '\0';
    return scratch;
}
