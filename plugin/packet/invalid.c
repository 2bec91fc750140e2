/* SPDX-License-Identifier: BSD-3-Clause */
/* Invalid frames: what stats.decoder.invalid counts, as Suricata does.
 *
 * Meaning    decoding of the frame's outermost packet was given up: a header is cut, contradicts itself, or is of a
 *            kind that cannot be. Options that stand twice, unknown codes of ICMP and the like are anomalies, too, but
 *            the packet is used: stats.malformed counts those frames as well.
 * Which      the anomalies that Suricata 7 raises with ENGINE_SET_INVALID_EVENT. Packets within tunnels and datagrams
 *            that were joined are packets of their own there, which are not counted.
 * Not alike  a frame that the capture cut is no fault to shrike (Suricata: ipv4.trunc_pkt); an ICMP timestamp that is
 *            too short shares its name with a cut header, and counts.
 */
#include "packet/decoder.h"

static const bool IS_INVALID[ANOMALY_COUNT] = {
    [ANOMALY_LINK_TYPE_UNSUPPORTED] = true,
    [ANOMALY_ETHERNET_PKT_TOO_SMALL] = true,
    [ANOMALY_VLAN_HEADER_TOO_SMALL] = true,
    [ANOMALY_VLAN_UNKNOWN_TYPE] = true,
    [ANOMALY_MPLS_HEADER_TOO_SMALL] = true,
    [ANOMALY_MPLS_PKT_TOO_SMALL] = true,
    [ANOMALY_PPPOE_PKT_TOO_SMALL] = true,
    [ANOMALY_PPPOE_WRONG_CODE] = true,
    [ANOMALY_PPPOE_MALFORMED_TAGS] = true,
    [ANOMALY_PPP_PKT_TOO_SMALL] = true,
    [ANOMALY_PPP_WRONG_TYPE] = true,
    [ANOMALY_LTNULL_PKT_TOO_SMALL] = true,
    [ANOMALY_SLL_PKT_TOO_SMALL] = true,
    [ANOMALY_CHDLC_PKT_TOO_SMALL] = true,
    [ANOMALY_IPV4_PKT_TOO_SMALL] = true,
    [ANOMALY_IPV4_WRONG_IP_VERSION] = true,
    [ANOMALY_IPV4_HLEN_TOO_SMALL] = true,
    [ANOMALY_IPV4_IPLEN_SMALLER_THAN_HLEN] = true,
    [ANOMALY_IPV4_TRUNC_PKT] = true,
    [ANOMALY_IPV4_OPT_INVALID_LEN] = true,
    [ANOMALY_IPV4_OPT_MALFORMED] = true,
    [ANOMALY_IPV4_ICMPV6] = true,
    [ANOMALY_IPV6_WRONG_IP_VERSION] = true,
    [ANOMALY_IPV6_TRUNC_PKT] = true,
    [ANOMALY_IPV6_TRUNC_EXTHDR] = true,
    [ANOMALY_IPV6_EXTHDR_INVALID_OPTLEN] = true,
    [ANOMALY_TCP_PKT_TOO_SMALL] = true,
    [ANOMALY_TCP_HLEN_TOO_SMALL] = true,
    [ANOMALY_TCP_INVALID_OPTLEN] = true,
    [ANOMALY_UDP_HLEN_TOO_SMALL] = true,
    [ANOMALY_UDP_PKT_TOO_SMALL] = true,
    [ANOMALY_UDP_LEN_INVALID] = true,
    [ANOMALY_ICMPV4_PKT_TOO_SMALL] = true,
    [ANOMALY_ICMPV4_IPV4_TRUNC_PKT] = true,
    [ANOMALY_ICMPV4_IPV4_UNKNOWN_VER] = true,
    [ANOMALY_ICMPV6_PKT_TOO_SMALL] = true,
    [ANOMALY_ICMPV6_IPV6_TRUNC_PKT] = true,
    [ANOMALY_ICMPV6_IPV6_UNKNOWN_VERSION] = true,
    [ANOMALY_SCTP_PKT_TOO_SMALL] = true,
    [ANOMALY_ESP_PKT_TOO_SMALL] = true,
    [ANOMALY_GRE_PKT_TOO_SMALL] = true,
    [ANOMALY_GRE_WRONG_VERSION] = true,
    [ANOMALY_GRE_VERSION0_RECUR] = true,
    [ANOMALY_GRE_VERSION0_FLAGS] = true,
    [ANOMALY_GRE_VERSION0_HDR_TOO_BIG] = true,
    [ANOMALY_GRE_VERSION0_MALFORMED_SRE_HDR] = true,
    [ANOMALY_GRE_VERSION1_CHKSUM] = true,
    [ANOMALY_GRE_VERSION1_ROUTE] = true,
    [ANOMALY_GRE_VERSION1_SSR] = true,
    [ANOMALY_GRE_VERSION1_RECUR] = true,
    [ANOMALY_GRE_VERSION1_FLAGS] = true,
    [ANOMALY_GRE_VERSION1_NO_KEY] = true,
    [ANOMALY_GRE_VERSION1_WRONG_PROTOCOL] = true,
    [ANOMALY_GRE_VERSION1_HDR_TOO_BIG] = true,
    [ANOMALY_VXLAN_UNKNOWN_PAYLOAD_TYPE] = true,
    [ANOMALY_GENEVE_UNKNOWN_PAYLOAD_TYPE] = true,
    [ANOMALY_VNTAG_HEADER_TOO_SMALL] = true,
    [ANOMALY_VNTAG_UNKNOWN_TYPE] = true,
    [ANOMALY_NSH_HEADER_TOO_SMALL] = true,
    [ANOMALY_NSH_BAD_HEADER_LENGTH] = true,
    [ANOMALY_GENERIC_TOO_MANY_LAYERS] = true,
};

void decode_invalid(struct decoder *d, const struct packet *p)
{
    d->is_invalid |= p->depth == 0 && !(p->flags & PACKET_REASSEMBLED);
}

bool anomaly_is_invalid(enum anomaly anomaly)
{
    return IS_INVALID[anomaly];
}
