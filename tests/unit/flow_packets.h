/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets for the flow room's tests, without bytes on a wire. */
#ifndef SHRIKE_TESTS_UNIT_FLOW_PACKETS_H
#define SHRIKE_TESTS_UNIT_FLOW_PACKETS_H

#include "packet/packet.h"

#define SECOND INT64_C(1000000)

static inline struct address test_address(uint32_t number)
{
    const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 8), (uint8_t)number};
    struct address address = {{[10] = 0xff, [11] = 0xff}};
    memcpy(address.bytes + 12, bytes, sizeof(bytes));
    return address;
}

static inline struct packet test_packet(uint8_t proto, uint32_t src, uint16_t src_port,
                                        uint32_t dst, uint16_t dst_port)
{
    static const uint8_t frame[64];
    return (struct packet){
        .time_us = 1000 * SECOND,
        .number = 1,
        .frame = frame,
        .payload = frame,
        .frame_len = 60,
        .wire_len = 60,
        .src = test_address(src),
        .dst = test_address(dst),
        .src_port = src_port,
        .dst_port = dst_port,
        .ip_version = 4,
        .ip_proto = proto,
        .flags = PACKET_HAS_TRANSPORT,
    };
}

static inline struct packet test_reply(const struct packet *packet)
{
    struct packet reply = *packet;
    reply.src = packet->dst;
    reply.dst = packet->src;
    reply.src_port = packet->dst_port;
    reply.dst_port = packet->src_port;
    return reply;
}

#endif
