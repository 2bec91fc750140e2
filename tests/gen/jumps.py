#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""One capture from several whose time jumps: years forward and back, many hosts, flows torn apart.

usage: tests/gen/jumps.py OUT CAPTURE...

Each capture (pcap, little endian, microseconds, Ethernet) is taken several times with other hosts, dealt out in
short runs of packets in turn, and each run's clock is moved. In half of the copies one side's hosts stay the same, in the
other half the other's: a client of many servers, a server of many clients. No randomness: the output is always the same.
"""
import struct
import sys

COPIES = 12
RUN = 23
SHIFTS = [0, 0, 40, 3600, 0, -7200, 86400 * 400, 0, 86400 * 365 * 20, -86400 * 30, 0, 61]  # seconds


def packets(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"\xd4\xc3\xb2\xa1":
        sys.exit("%s: not a little-endian microsecond pcap" % path)
    at = 24
    while at + 16 <= len(data):
        seconds, micros, length, wire = struct.unpack_from("<IIII", data, at)
        yield seconds, micros, wire, data[at + 16:at + 16 + length]
        at += 16 + length


def moved(frame, copy):
    """The frame with its IPv4 hosts in other networks (checksums go wrong, which is counted and no more)."""
    if frame[12:14] != b"\x08\x00" or len(frame) < 34:
        return frame
    lower, higher = (29, 33) if frame[26:30] < frame[30:34] else (33, 29)
    moving = higher if copy < COPIES // 2 else lower
    frame = bytearray(frame)
    frame[moving] = (frame[moving] + copy) % 256
    return bytes(frame)


def main():
    out, captures = sys.argv[1], sys.argv[2:]
    sources = [[(s, u, w, moved(f, copy)) for s, u, w, f in packets(path)]
               for path in captures for copy in range(COPIES)]
    with open(out, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        turn = 0
        at = [0] * len(sources)
        while any(at[i] < len(sources[i]) for i in range(len(sources))):
            for i, source in enumerate(sources):
                shift = SHIFTS[turn % len(SHIFTS)]
                turn += 1
                for seconds, micros, wire, frame in source[at[i]:at[i] + RUN]:
                    file.write(struct.pack("<IIII", max(0, seconds + shift), micros, len(frame), wire) + frame)
                at[i] += RUN


if __name__ == "__main__":
    main()
