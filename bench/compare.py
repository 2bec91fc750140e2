#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""User CPU time of shrike, Suricata and tcpdump on one capture, taken in turn; medians and ratios.

Loading is taken off by a run over a capture of one packet. What each does is the same: decoding, flows,
reassembly, protocol parsing with EVE switched off, and one or many rules.
"""
import argparse
import os
import resource
import statistics
import struct
import subprocess
import sys


def cpu(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode not in (0, 1):
        sys.exit("%s: status %d: %s" % (command[0], result.returncode, result.stderr.decode()[-400:]))
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def one_packet(capture, out):
    with open(capture, "rb") as source, open(out, "wb") as target:
        head = source.read(24 + 16)
        length = struct.unpack_from("<I", head, 24 + 8)[0]
        target.write(head + source.read(length))


def count(capture):
    packets, at, size = 0, 24, os.path.getsize(capture)
    with open(capture, "rb") as file:
        while at < size:
            file.seek(at)
            at += 16 + struct.unpack_from("<I", file.read(16), 8)[0]
            packets += 1
    return packets, size


def contenders(arguments, tiny):
    suricata = ["suricata", "-c", "/etc/suricata/suricata.yaml", "-l", os.path.join(arguments.work, "log"),
                "-k", "none", "--runmode", "single", "--set", "outputs.0.fast.enabled=no",
                "--set", "outputs.1.eve-log.enabled=no"]
    # Suricata follows no flow from its middle unless told to: the same for both.
    shrike = [arguments.shrike, "replay", "-q", "--eve", "/dev/null", "--no-stats", "--no-midstream"]
    rows = {}
    for capture, suffix in ((arguments.capture, ""), (tiny, " load")):
        rows["tcpdump" + suffix] = ["tcpdump", "-r", capture, "-w", "/dev/null"]
        rows["shrike, no rules" + suffix] = shrike + [capture]
        rows["suricata, no rules" + suffix] = suricata + ["-S", "/dev/null", "-r", capture]
        if arguments.rules:
            rows["shrike, rules" + suffix] = shrike + ["-S", arguments.rules, capture]
        rows["shrike, shipped rules" + suffix] = shrike + ["-S", "rules/", capture]
        if arguments.suricata_rules:
            rows["suricata, rules" + suffix] = suricata + ["-S", arguments.suricata_rules, "-r", capture]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", default="build/shrike")
    parser.add_argument("--capture", required=True)
    parser.add_argument("--rules", help="rules for shrike")
    parser.add_argument("--suricata-rules", help="the same rules for Suricata")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", default="build/bench")
    arguments = parser.parse_args()
    os.makedirs(os.path.join(arguments.work, "log"), exist_ok=True)
    tiny = os.path.join(arguments.work, "one.pcap")
    one_packet(arguments.capture, tiny)
    packets, size = count(arguments.capture)
    rows = contenders(arguments, tiny)
    times = {name: [] for name in rows}
    for _ in range(arguments.rounds):
        for name, command in rows.items():
            times[name].append(cpu(command))
    print("%s: %d packets, %d bytes, %d rounds" % (arguments.capture, packets, size, arguments.rounds))
    medians = {}
    for name in [n for n in rows if not n.endswith(" load")]:
        medians[name] = statistics.median(times[name]) - statistics.median(times[name + " load"])
        print("%-24s %7.3f s CPU after loading (load %.3f)  %6.0f ns/packet  %8.0f packets/s  %6.1f MB/s" % (
            name, medians[name], statistics.median(times[name + " load"]), medians[name] / packets * 1e9,
            packets / medians[name], size / 1e6 / medians[name]))
    for ours, theirs in (("shrike, no rules", "suricata, no rules"), ("shrike, rules", "suricata, rules"),
                         ("tcpdump", "shrike, no rules")):
        if ours in medians and theirs in medians:
            print("%s : %s = %.2f" % (theirs, ours, medians[theirs] / medians[ours]))


if __name__ == "__main__":
    main()
