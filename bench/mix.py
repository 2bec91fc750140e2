#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A capture of real web traffic, repeated with other addresses until it is large.

usage: mix.py CORPORA OUT.pcap MEGABYTES

Copies of every Ethernet capture (pcap, microseconds, little endian) of throughput/ (without the TRex
templates, whose bodies are filler) and benign/; in copy i each IPv4 address a becomes 16.0.0.0/8 with
host part CRC32(a, i) mod 2^24, copies begin 50 ms apart. No random source: same bytes every time.
Checksums are not mended: shrike and Suricata (-k none) do not look at them.
"""
import os
import struct
import sys
import zlib


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 24 or data[:4] != b"\xd4\xc3\xb2\xa1" or struct.unpack("<I", data[20:24])[0] & 0xffff != 1:
        return []
    packets, at = [], 24
    while at + 16 <= len(data):
        seconds, micros, caplen, wirelen = struct.unpack_from("<IIII", data, at)
        if at + 16 + caplen > len(data):
            break
        packets.append((seconds * 1_000_000 + micros, wirelen, data[at + 16:at + 16 + caplen]))
        at += 16 + caplen
    return packets


def renamed(address, copy):
    return struct.pack("!I", 0x10000000 | zlib.crc32(address + struct.pack("<I", copy)) & 0xffffff)


def rewrite(frame, copy):
    if frame[12:14] != b"\x08\0" or len(frame) < 34:
        return frame
    return frame[:26] + renamed(frame[26:30], copy) + renamed(frame[30:34], copy) + frame[34:]


def main():
    corpora, out, megabytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
    names = []
    for folder in ("throughput", "benign"):
        for name in sorted(os.listdir(os.path.join(corpora, folder))):
            if name.endswith(".pcap") and not name.startswith("trex__"):
                names.append(os.path.join(corpora, folder, name))
    captures = [packets for packets in map(read, names) if packets]
    size = sum(len(frame) + 16 for packets in captures for _, _, frame in packets)
    copies = max(1, megabytes * 1_000_000 // size)
    merged = []
    for number, packets in enumerate(captures):
        start = packets[0][0]
        for copy in range(copies):
            for index, (time, wirelen, _) in enumerate(packets):
                merged.append((copy * 50_000 + max(0, time - start), number, copy, index))
    merged.sort()
    with open(out, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for time, number, copy, index in merged:
            _, wirelen, frame = captures[number][index]
            time += 1_700_000_000_000_000
            file.write(struct.pack("<IIII", time // 1_000_000, time % 1_000_000, len(frame), wirelen))
            file.write(rewrite(frame, copy))
    print("%s: %d packets, %d captures x %d copies" % (out, len(merged), len(captures), copies))


if __name__ == "__main__":
    main()
