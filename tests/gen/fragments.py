#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A capture with fragments: what was marked, and frames between that have nothing to do with it.

usage: tests/gen/fragments.py OUT

UDP datagrams with the text EVILMARK: one in three fragments, one of which comes twice (4 frames of flow A, and a
reply); one in two fragments that share the text, each of which is carried in VXLAN whose own datagrams are in two fragments (4 frames
of flow B). Datagrams and fragments of others between them, 8 frames. No randomness.
"""
import socket
import struct
import sys


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(source, target, payload, ident=0, fragment=0):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, fragment, 64, 17, 0,
                         socket.inet_aton(source), socket.inet_aton(target))
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def udp(source, target, payload):
    return struct.pack("!HHHH", source, target, 8 + len(payload), 0) + payload


def ethernet(packet):
    return b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + packet


def fragments(source, target, datagram, ident, size):
    return [ipv4(source, target, datagram[at:at + size], ident, at // 8 | (at + size < len(datagram)) << 13)
            for at in range(0, len(datagram), size)]


def main():
    other = ipv4("10.9.9.9", "10.9.9.8", udp(7, 9, b"something else"))
    lone = ipv4("10.9.9.9", "10.9.9.8", b"." * 64, 5, 1 << 13)
    marked = b"EVILMARK" + b"z" * 2000
    first = fragments("10.0.0.1", "10.0.0.2", udp(4000, 5000, marked), 77, 800)
    frames = [first[0], other, first[1], first[1], lone, first[2], other, ipv4("10.0.0.2", "10.0.0.1", udp(5000, 4000, b"reply"))]
    shared = b"z" * 1188 + marked[:1000]  # 1200 bytes with the UDP header end within the mark
    for ident, inner in enumerate(fragments("10.1.0.1", "10.1.0.2", udp(6000, 7000, shared), 78, 1200)):
        carried = udp(50000, 4789, b"\x08\0\0\0\0\0\x05\0" + ethernet(inner))
        frames += sum(([part, other] for part in fragments("10.2.0.1", "10.2.0.2", carried, 100 + ident, 640)), [])
    frames.append(lone)
    with open(sys.argv[1], "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for number, packet in enumerate(frames):
            frame = ethernet(packet)
            file.write(struct.pack("<IIII", 1700000000, number * 1000, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()
