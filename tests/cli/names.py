#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A capture of DNS queries, one a name: python3 tests/cli/names.py OUT.pcap NAME...

Names are written as they are given: letters beyond ASCII as UTF-8, which multicast DNS and careless programs send."""
import struct
import sys


def query(name):
    labels = b"".join(bytes([len(label)]) + label for label in name.encode().split(b".")) + b"\0"
    return struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">HH", 1, 1)


def frame(number, payload):
    udp = struct.pack(">HHHH", 40000 + number, 53, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0,
                     bytes([192, 0, 2, 1]), bytes([198, 51, 100, 53]))
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xffff) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xffff) + ip[12:]
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + udp


with open(sys.argv[1], "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    for number, name in enumerate(sys.argv[2:]):
        data = frame(number, query(name))
        out.write(struct.pack("<IIII", 1700000000 + number, 0, len(data), len(data)) + data)
