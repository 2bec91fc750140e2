#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A capture of many concurrent TCP flows: for each, SYN, SYN+ACK, ACK and one segment of data, interleaved
so that all flows are open at the same time. usage: flows.py FLOWS OUT.pcap"""
import struct
import sys


def packet(client, server, client_port, server_port, seq, ack, flags, payload):
    total = 40 + len(payload)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 0, 0x4000, 64, 6, 0, client, server)
    tcp = struct.pack("!HHIIBBHHH", client_port, server_port, seq, ack, 0x50, flags, 65535, 0, 0)
    return b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" + ip + tcp + payload


def main():
    flows = int(sys.argv[1])
    rounds = ((0x02, True, b""), (0x12, False, b""), (0x10, True, b""), (0x18, True, b"\x00" * 32))
    with open(sys.argv[2], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        time_us = 1_700_000_000_000_000
        for flags, is_client, payload in rounds:
            chunk = bytearray()
            for i in range(flows):
                host = struct.pack("!I", 0x0a000000 + i % 65521)
                peer = struct.pack("!I", 0xc0a80000 + i // 65521 % 1000)
                port = 1024 + i % 60000
                if is_client:
                    data = packet(host, peer, port, 443, 1 + (flags != 2), 2 * (flags != 2), flags, payload)
                else:
                    data = packet(peer, host, 443, port, 1, 2, flags, payload)
                time_us += 5
                chunk += struct.pack("<IIII", time_us // 1_000_000, time_us % 1_000_000, len(data), len(data))
                chunk += data
                if len(chunk) > 1 << 22:
                    out.write(chunk)
                    chunk.clear()
            out.write(chunk)


if __name__ == "__main__":
    main()
