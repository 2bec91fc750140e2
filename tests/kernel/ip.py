#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""IP as the kernel of this machine reads it, against shrike: overlapping fragments, odd options, odd lengths.

usage: tests/kernel/ip.py --shrike build/release/shrike [--random N] [--seed N] [--list]

Packets of an experimental protocol (RFC 3692) go into a tun device of a network namespace of their own, and a raw
socket tells what the kernel hands on: that is what shrike has to see in a capture of the same packets. Each case
has a source address of its own. Cases are those below and N random ones a kind. Without the right to make the
device, and on anything but Linux, everything is skipped. Ends with "N passed, N failed, N skipped".
"""
import argparse
import base64
import fcntl
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

PROTOCOL = 253
HOST = {4: "10.0.0.2", 6: "fd00::2"}
END = b"end of case"
RULE = """title: Packet
id: 6f0c3a52-5d1e-4b60-9d1c-8f3d6f2f0001
status: test
description: Every packet of the experiment.
logsource: {product: shrike, service: packet}
detection:
  experiment: {ip.proto: [6, 253]}
  condition: experiment
level: informational
"""


# ---- packets ----------------------------------------------------------------------------------------------

def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def source(version, case):
    return "10.1.%d.%d" % (case >> 8, case & 255) if version == 4 else "fd00::1:%x" % (case + 1)


def ipv4(case, payload, offset=0, more=False, options=b"", length=None, protocol=PROTOCOL):
    words = 5 + len(options) // 4
    header = struct.pack("!BBHHHBBH4s4s", 0x40 | words, 0, words * 4 + len(payload) if length is None else length, 7,
                         offset // 8 | more << 13, 64, protocol, 0, socket.inet_aton(source(4, case)),
                         socket.inet_aton(HOST[4])) + options
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(case, payload, following=PROTOCOL, length=None):
    return struct.pack("!IHBB", 6 << 28, len(payload) if length is None else length, following, 64) + \
        socket.inet_pton(socket.AF_INET6, source(6, case)) + socket.inet_pton(socket.AF_INET6, HOST[6]) + payload


def part(version, case, offset, more, payload, protocol=PROTOCOL):
    if version == 4:
        return ipv4(case, payload, offset, more, protocol=protocol)
    return ipv6(case, struct.pack("!BBHI", protocol, 0, offset | more, 7) + payload, 44)


# ---- cases ------------------------------------------------------------------------------------------------

A, B, C, L, M = (letter.encode() for letter in "abclm")
FRAGMENTS = {  # name: (offset, more, bytes)...
    "plain": [(0, 1, A * 32), (32, 0, L * 16)],
    "backwards": [(32, 0, L * 16), (0, 1, A * 32)],
    "exact repeat": [(0, 1, A * 32), (0, 1, A * 32), (32, 0, L * 16)],
    "other bytes within a run": [(0, 1, A * 32), (8, 1, B * 16), (32, 0, L * 16)],
    "other bytes in the same place": [(0, 1, A * 32), (0, 1, B * 32), (32, 0, L * 16)],
    "within a run of two": [(0, 1, A * 16), (16, 1, A * 16), (8, 1, B * 16), (32, 0, L * 16)],
    "a run once more": [(0, 1, A * 16), (16, 1, A * 16), (0, 1, A * 32), (32, 0, L * 16)],
    "within two runs that touch": [(16, 1, A * 16), (0, 1, A * 16), (8, 1, A * 16), (32, 0, L * 16)],
    "beyond a run": [(0, 1, A * 32), (24, 0, B * 24)],
    "beyond a run, then anew": [(0, 1, A * 32), (24, 1, B * 16), (0, 1, A * 32), (32, 0, L * 16)],
    "before a run": [(16, 1, A * 16), (8, 1, B * 16), (0, 1, A * 16), (32, 0, L * 16)],
    "around a run": [(16, 1, A * 16), (0, 1, B * 48), (48, 0, L * 16)],
    "the end twice, other bytes": [(32, 0, L * 16), (32, 0, M * 16), (0, 1, A * 32)],
    "the end twice": [(32, 0, L * 16), (32, 0, L * 16), (0, 1, A * 32)],
    "an end within a run": [(0, 1, A * 32), (24, 0, A * 8)],
    "an end within a run, after a hole": [(16, 1, A * 16), (24, 0, A * 8), (0, 1, A * 16)],
    "two ends, the first farther": [(32, 0, L * 16), (32, 0, M * 8), (0, 1, A * 32)],
    "two ends, the second farther": [(32, 0, L * 16), (32, 0, M * 24), (0, 1, A * 32)],
    "beyond the end": [(32, 0, L * 16), (48, 1, M * 8), (0, 1, A * 32)],
    "more within the end": [(32, 0, L * 16), (32, 1, M * 8), (0, 1, A * 32)],
    "no bytes": [(0, 1, A * 32), (32, 1, b""), (32, 0, L * 16)],
    "no bytes at the end": [(0, 1, A * 32), (32, 0, b""), (32, 0, L * 16)],
    "no bytes beyond the end": [(32, 0, L * 16), (64, 1, b""), (0, 1, A * 32)],
    "odd bytes": [(0, 1, A * 32 + b"xyz"), (32, 0, L * 16)],
    "only odd bytes": [(0, 1, A * 32), (32, 1, b"xyz"), (32, 0, L * 16)],
    "odd bytes over the next": [(32, 1, L * 8), (0, 1, A * 32 + b"xyz"), (40, 0, L * 16)],
    "the longest": [(at, 1, A * 8000) for at in range(0, 64000, 8000)] + [(64000, 0, L * 1515)],
    "too long by its header": [(at, 1, A * 8000) for at in range(0, 64000, 8000)] + [(64000, 0, L * 1516)],
    "beyond 65535": [(0, 1, A * 32), (65528, 1, B * 16), (32, 0, L * 16)],
    "beyond 65535, then anew": [(0, 1, A * 32), (65528, 1, B * 16), (32, 0, L * 16), (0, 1, A * 32), (32, 0, L * 16)],
}
OPTIONS = [  # refused or not, as the kernel says
    b"\x07\x07\x04\0\0\0\0\0", b"\x07\x07\x08\1\2\3\4\0", b"\x07\x07\x05\0\0\0\0\0", b"\x07\x07\x03\0\0\0\0\0",
    b"\x07\x07\x06\0\0\0\0\0", b"\x07\x40\x04\0", b"\x07\x02\0\0", b"\x07\x03\x04\0", b"\x07\x03\x03\0", b"\x07\x01\0\0",
    b"\x07\x03\x04\x07\x03\x04\0\0", b"\1\1\1\x07", b"\1\1\1\x94", b"\x94\4\0\0", b"\x94\3\0\0", b"\x94\5\0\0\0\0\0\0",
    b"\x44\4\5\0", b"\x44\4\4\0", b"\x44\4\5\xf0", b"\x44\4\5\xf3", b"\x44\x08\5\0\0\0\0\0", b"\x44\x08\6\0\0\0\0\0",
    b"\x44\x08\5\1\0\0\0\0", b"\x44\x0c\5\1\0\0\0\0\0\0\0\0", b"\x44\x0c\5\3\0\0\0\0\0\0\0\0", b"\x44\x0c\x09\1\0\0\0\0\0\0\0\0",
    b"\x44\x0c\5\7\0\0\0\0\0\0\0\0", b"\x44\3\5\0", b"\x44\4\5\0\x44\4\5\0", b"\x88\4\0\0", b"\x88\3\0\0", b"\x82\2\0\0",
    b"\x5e\4\0\0", b"\x5e\1\0\0", b"\x5e\x40\0\0", b"\0\xff\xff\xff", b"\x19\x08\0\0\0\0\0\0",
]


def random_fragments(chance):
    """Pieces of a datagram of 48 to 96 bytes in any order, some of them elsewhere; each piece has a letter."""
    total = 8 * chance.randint(6, 12)
    cuts = sorted({0, total} | {8 * chance.randint(1, total // 8 - 1) for _ in range(chance.randint(1, 4))})
    spans = list(zip(cuts, cuts[1:]))
    if chance.random() < 0.5:
        chance.shuffle(spans)
    for _ in range(chance.randint(0, 3)):
        start = 8 * chance.randint(0, total // 8 - 1)
        spans.insert(chance.randint(0, len(spans)), (start, min(total, start + 8 * chance.randint(1, 4))))
    parts = [(start, int(end < total if chance.random() < 0.9 else end == total and start > 0),
              bytes([97 + at]) * (end - start)) for at, (start, end) in enumerate(spans)]
    return [(offset, more or offset == 0, data) for offset, more, data in parts]


def random_options(chance):
    """A list of options of four to twenty bytes, mostly with the form of one that has a meaning."""
    options = b""
    while len(options) < 4 or chance.random() < 0.4:
        kind = chance.choice([0, 1, 1, 7, 7, 68, 68, 130, 136, 148, 25, chance.randint(0, 127)])
        if kind in (131, 134, 137):  # routes are a matter of configuration, CIPSO of what was compiled in
            continue
        if kind < 2:
            options += bytes([kind])
            continue
        length = chance.choice([3, 4, 7, 8, 11, chance.randint(0, 12)])
        options += bytes([kind, length]) + bytes(chance.choice([0, 1, 3, 4, 5, 8, 9, 0xf0]) for _ in range(length - 2))
    options = options[:20]
    return options + b"\0" * (-len(options) % 4)


def headless(protocol, chain, kept):
    """A first fragment of IPv6 that holds `kept` bytes of a chain of extension headers and an upper header."""
    data = b""
    for at, kind in enumerate(chain):
        following = chain[at + 1] if at + 1 < len(chain) else protocol
        data += struct.pack("!BBBBI", following, 0, 1, 4, 0)
    upper = struct.pack("!HHIIBBHHH", 1, 2, 3, 4, 0x50, 16, 5, 0, 0) + A * 8
    data += upper + b"." * (-len(data + upper) % 8)
    return (chain[0] if chain else protocol), [(0, 1, data[:kept]), (kept, 0, data[kept:])]


def all_cases(count, chance):
    """(name, IP version, packets); the place in the list is the source address."""
    cases = []

    def add(name, version, make):
        cases.append((name, version, make(len(cases))))
    for version in (4, 6):
        for name, parts in FRAGMENTS.items():
            add("ipv%d fragments: %s" % (version, name), version,
                lambda case, v=version, p=parts: [part(v, case, *one) for one in p])
        for number in range(count):
            parts = random_fragments(chance)
            text = " ".join("%d+%d%s" % (at, len(data), "+" if more else ".") for at, more, data in parts)
            add("ipv%d random fragments %d: %s" % (version, number, text), version,
                lambda case, v=version, p=parts: [part(v, case, *one) for one in p])
    for options in OPTIONS + [random_options(chance) for _ in range(count)]:
        add("ipv4 options %s" % options.hex(), 4, lambda case, o=options: [ipv4(case, A * 8, options=o)])
    for name, more in (("cut by four bytes", 4), ("whole", 0), ("with four bytes behind", -4)):
        add("ipv4 total length: " + name, 4, lambda case, m=more: [ipv4(case, A * 16, length=20 + 16 + m)])
        add("ipv6 payload length: " + name, 6, lambda case, m=more: [ipv6(case, A * 16, length=16 + m)])
    for chain in ([], [60], [60, 60]):
        for protocol in (PROTOCOL, 6):
            for kept in range(8, 8 * len(chain) + 25, 8):
                following, parts = headless(protocol, chain, kept)
                add("ipv6 first fragment with %d bytes of %s" % (kept, chain + [protocol]), 6,
                    lambda case, f=following, p=parts: [part(6, case, *one, protocol=f) for one in p])
    return cases


# ---- the kernel -------------------------------------------------------------------------------------------

def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def set_up_device():
    """A tun device whose other end is this namespace's IP."""
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"shrike0", 0x0001 | 0x1000))  # TUNSETIFF: tun, no header
    for command in ("link set lo up", "addr add 10.0.0.2/8 dev shrike0", "addr add fd00::2/64 dev shrike0 nodad",
                    "link set shrike0 up mtu 9000"):
        subprocess.run(["ip", *command.split()], check=True)
    for name in ("all", "shrike0"):
        write("/proc/sys/net/ipv4/conf/%s/rp_filter" % name, "0")
    return tun


def listen(version, protocol):
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    raw = socket.socket(family, socket.SOCK_RAW, protocol)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    raw.settimeout(5)
    return raw


def receive(raw, version):
    data, sender = raw.recvfrom(65535)
    return sender[0], data[(data[0] & 15) * 4:] if version == 4 else data


def ask_kernel(tun, cases):
    """What was handed on, by case: the payloads."""
    raws = {(version, protocol): listen(version, protocol) for version in (4, 6) for protocol in (PROTOCOL, 6)}
    answers = [[] for _ in cases]
    for case, (_, version, packets) in enumerate(cases):
        for packet in packets:
            os.write(tun, packet)
        for protocol in (PROTOCOL, 6):
            os.write(tun, ipv4(case, END, protocol=protocol) if version == 4 else ipv6(case, END, protocol))
            while True:
                sender, payload = receive(raws[(version, protocol)], version)
                if payload == END:
                    break
                assert sender == source(version, case)
                answers[case].append(payload[20:] if protocol == 6 else payload)
    return answers


# ---- shrike -----------------------------------------------------------------------------------------------

def ask_shrike(shrike, cases, folder):
    """The same, from a capture: packets that are no fragments, which are shown each by itself too."""
    frames = [(case, packet) for case, (_, _, packets) in enumerate(cases) for packet in packets]
    capture, rule = os.path.join(folder, "ip.pcap"), os.path.join(folder, "rule.yml")
    with open(capture, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101))
        for number, (_, packet) in enumerate(frames):
            file.write(struct.pack("<IIII", 1700000000, number % 1000000, len(packet), len(packet)) + packet)
    with open(rule, "w", encoding="ascii") as file:
        file.write(RULE)
    output = subprocess.run([shrike, "replay", "-q", "--no-stats", "--payload", "-S", rule, "--eve", "-", capture],
                            check=True, stdout=subprocess.PIPE).stdout
    answers = [[] for _ in cases]
    for line in output.splitlines():
        event = json.loads(line)
        case, packet = frames[event["pcap_cnt"] - 1]
        payload = base64.b64decode(event.get("payload", ""))
        if not is_part(packet) or payload != packet[20 if packet[0] == 0x45 else 48:]:
            answers[case].append(payload)
    return answers


def is_part(packet):
    return packet[6:8] != b"\0\0" if packet[0] >> 4 == 4 else packet[6] == 44


# ---- the comparison -----------------------------------------------------------------------------------------

def in_namespace():
    """Runs this script again where it may make a device, or says why that is not possible."""
    if not sys.platform.startswith("linux") or not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun"
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return "there is no unshare or no ip"
    unshare = ["unshare", "-n"] if os.getuid() == 0 else ["unshare", "-r", "-n"]
    if subprocess.run(unshare + ["true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        return "no network namespace can be made"
    os.environ["SHRIKE_IN_NAMESPACE"] = "1"
    os.execvp(unshare[0], unshare + [sys.executable] + sys.argv)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", default="build/release/shrike")
    parser.add_argument("--random", type=int, default=200, help="random cases a kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="print what the kernel hands on, case by case")
    arguments = parser.parse_args()
    cases = all_cases(arguments.random, random.Random(arguments.seed))
    reason = None if "SHRIKE_IN_NAMESPACE" in os.environ else in_namespace()
    try:
        tun = None if reason else set_up_device()
    except (OSError, subprocess.CalledProcessError) as failure:
        reason = "no tun device can be made: %s" % failure
    if reason:
        print("SKIPPED: the kernel was not asked about IP: %s\n0 passed, 0 failed, %d skipped" % (reason, len(cases)))
        return 0
    theirs = ask_kernel(tun, cases)
    with tempfile.TemporaryDirectory() as folder:
        ours = ask_shrike(arguments.shrike, cases, folder)
    failed = 0
    for (name, _, _), kernel, shrike in zip(cases, theirs, ours):
        if arguments.list:
            print("%s\t%s" % (name, [data[:60] for data in kernel]))
        if kernel != shrike:
            failed += 1
            print("FAIL  %s: kernel %s, shrike %s" % (name, [d[:96] for d in kernel], [d[:96] for d in shrike]))
    print("%d passed, %d failed, 0 skipped" % (len(cases) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
