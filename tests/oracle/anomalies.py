#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Decoder anomalies of captures: what shrike raises against what Suricata raises, event by event.

usage: tests/oracle/anomalies.py --shrike build/shrike [--jobs N] [--list FILE] CAPTURE...

Both are asked for the count of each decoder event in each capture, and of frames that they gave up (decoder.invalid). Known differences stand in
known_anomalies.tsv: capture (or * for any), event, who has more, reason. Another difference is a failure, and
so is a row for a capture that no longer differs. Ends with "N passed, N failed, N skipped".
"""
import argparse
import collections
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SURICATA_SECONDS = 10  # the largest capture takes two
# Frames that are shorter than their headers say, because the capture or the network card made them so: Suricata gives
# them up, shrike reads on and may find another fault (known_anomalies.tsv).
CUT = ("decoder.ipv4.trunc_pkt", "decoder.ipv6.trunc_pkt", "decoder.ipv4.iplen_smaller_than_hlen")
CONFIGURATION = """%YAML 1.1
---
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [{anomaly: {enabled: yes, types: {decode: yes}}}, stats]}
stats: {enabled: yes, interval: 3600}
flow: {memcap: 64mb, hash-size: 4096, prealloc: 100}
defrag: {memcap: 32mb, hash-size: 1024, trackers: 1000, max-frags: 2000, prealloc: yes, timeout: 60}
stream: {prealloc-sessions: 32, memcap: 64mb, midstream: true, reassembly: {memcap: 128mb}}
max-pending-packets: 64
"""


def decoder_events(lines):
    counts = collections.Counter()
    for line in lines:
        event = json.loads(line)
        if event["event_type"] == "anomaly" and event["anomaly"]["type"] == "decode":
            counts[event["anomaly"]["event"]] += 1
        elif event["event_type"] == "stats":  # the last one holds all
            counts["decoder.invalid"] = event["stats"]["decoder"]["invalid"]
    return counts


def of_suricata(path):
    """None when Suricata cannot read the capture, or spins over its broken end for ever."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "suricata.yaml"), "w", encoding="utf-8") as file:
            file.write(CONFIGURATION)
        try:
            subprocess.run(["suricata", "-c", file.name, "-r", path, "-l", folder, "-S", "/dev/null", "-k", "none",
                            "--runmode", "single"], check=False, timeout=SURICATA_SECONDS,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(os.path.join(folder, "eve.json"), encoding="utf-8") as file:
                return decoder_events(file)
        except (FileNotFoundError, subprocess.TimeoutExpired):
            return None


def of_shrike(shrike, path):
    output = subprocess.run([shrike, "replay", "-q", "--eve", "-", "--log", "anomaly", path], check=False,
                            timeout=300, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return decoder_events(output.decode().splitlines())


def compare(shrike, path):
    """The differences of one capture as (event, who has more), or None when it was not compared."""
    theirs = of_suricata(path)
    if theirs is None:
        return None
    ours = of_shrike(shrike, path)
    cut = sum(max(0, theirs[event] - ours[event]) for event in CUT)
    if theirs["decoder.invalid"] - cut <= ours["decoder.invalid"] <= theirs["decoder.invalid"]:
        theirs["decoder.invalid"] = ours["decoder.invalid"]
    return {(name, "suricata" if theirs[name] > ours[name] else "shrike"): (theirs[name], ours[name])
            for name in theirs.keys() | ours.keys() if theirs[name] != ours[name]}


def load_known():
    known = {}
    with open(os.path.join(HERE, "known_anomalies.tsv"), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                capture, event, who, reason = line.rstrip("\n").split("\t")
                known[(capture, event, who)] = reason
    return known


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", default="build/shrike")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", help="a file of captures, one a line")
    parser.add_argument("captures", nargs="*")
    arguments = parser.parse_args()
    captures = arguments.captures
    if arguments.list:
        with open(arguments.list, encoding="utf-8") as file:
            captures += file.read().split("\n")[:-1]
    if shutil.which("suricata") is None:
        print("SKIPPED: there is no suricata\n0 passed, 0 failed, %d skipped" % len(captures))
        return 0
    known = load_known()
    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for path, found in zip(captures, pool.map(lambda path: compare(arguments.shrike, path), captures)):
            if found is None:
                skipped += 1
                continue
            capture = "/".join(path.split("/")[-2:])
            faults = ["%s: suricata %d, shrike %d" % (event, *counts) for (event, who), counts in found.items()
                      if not {(capture, event, who), ("*", event, who)} & known.keys()]
            faults += ["%s: %s has no more of them" % (event, who) for name, event, who in known
                       if name == capture and (event, who) not in found]
            for fault in sorted(faults):
                print("FAIL  %s: %s" % (capture, fault))
            failed += bool(faults)
            passed += not faults
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
