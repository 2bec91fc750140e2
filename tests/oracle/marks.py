#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Marks of flows: the rules of tests/oracle/marks in both languages raise the same alerts in shrike and in Suricata.

usage: tests/oracle/marks.py --shrike build/shrike [--suricata-rules F --rules F] CAPTURE...

Compared is the set of (sid, flow) of each capture, where a flow is its protocol and both ends. shrike is asked with one
thread and with four. Ends with "N passed, N failed, N skipped".
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SURICATA_SECONDS = 60
# Alerts of shrike alone, by capture, with the reason.
KNOWN = {"socks5-reverse.pcap": ({1001, 1004}, "Suricata does not see that HTTP follows a SOCKS greeting")}
CONFIGURATION = """%YAML 1.1
---
vars: {address-groups: {HOME_NET: any, EXTERNAL_NET: any}}
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [alert]}
app-layer: {protocols: {http: {enabled: yes}, tls: {enabled: yes}, dns: {tcp: {enabled: yes}, udp: {enabled: yes}}}}
flow: {memcap: 64mb, hash-size: 4096, prealloc: 100}
defrag: {memcap: 32mb, hash-size: 1024, trackers: 1000, max-frags: 2000, prealloc: yes, timeout: 60}
stream: {prealloc-sessions: 32, memcap: 64mb, midstream: true, reassembly: {memcap: 128mb, depth: 0}}
max-pending-packets: 64
"""


def alerts(lines):
    found = set()
    for line in lines:
        event = json.loads(line)
        if event["event_type"] == "alert":
            ends = sorted([(event["src_ip"], event.get("src_port")), (event["dest_ip"], event.get("dest_port"))])
            found.add((event["alert"]["signature_id"], event["proto"], *ends))
    return found


def of_suricata(rules, path):
    """None when it cannot read the capture."""
    with tempfile.TemporaryDirectory() as folder:
        configuration = os.path.join(folder, "suricata.yaml")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION)
        try:
            done = subprocess.run(["suricata", "-c", configuration, "-r", path, "-l", folder, "-S", rules, "-k", "none",
                                   "--runmode", "single", "--init-errors-fatal"], check=False,
                                  timeout=SURICATA_SECONDS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            with open(os.path.join(folder, "eve.json"), encoding="utf-8") as file:
                found = alerts(file)
            return found if done.returncode == 0 else None
        except (FileNotFoundError, subprocess.TimeoutExpired):
            return None


def of_shrike(shrike, rules, path, threads):
    command = [shrike, "replay", "-q", "--no-stats", "--threads", str(threads), "-S", rules, "--eve", "-", path]
    return alerts(subprocess.run(command, check=False, timeout=300, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL).stdout.decode().splitlines())


def compare(arguments, path):
    theirs = of_suricata(arguments.suricata_rules, path)
    if theirs is None:
        return None, ["Suricata fails"]
    faults = []
    ours = of_shrike(arguments.shrike, arguments.rules, path, 1)
    if ours != of_shrike(arguments.shrike, arguments.rules, path, 4):
        faults.append("four threads raise other alerts than one")
    faults += ["only Suricata: %s" % (alert,) for alert in sorted(theirs - ours)]
    known = KNOWN.get(os.path.basename(path), (set(), ""))[0]
    faults += ["only shrike: %s" % (alert,) for alert in sorted(ours - theirs) if alert[0] not in known]
    faults += ["rule %d: shrike is not alone any more" % sid for sid in known - {alert[0] for alert in ours - theirs}]
    return theirs, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", default="build/shrike")
    parser.add_argument("--suricata-rules", default=os.path.join(HERE, "marks", "marks.rules"))
    parser.add_argument("--rules", default=os.path.join(HERE, "marks", "marks.yml"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("captures", nargs="+")
    arguments = parser.parse_args()
    captures = arguments.captures
    if shutil.which("suricata") is None:
        print("SKIPPED: there is no suricata\n0 passed, 0 failed, %d skipped" % len(captures))
        return 0
    failed = 0
    sids, total = set(), 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for path, (theirs, faults) in zip(captures, pool.map(lambda path: compare(arguments, path), captures)):
            for fault in faults:
                print("FAIL  marks %s: %s" % (os.path.basename(path), fault))
            failed += bool(faults)
            sids |= {alert[0] for alert in theirs or ()}
            total += len(theirs or ())
    print("%d alerts of %d rules compared" % (total, len(sids)))
    print("%d passed, %d failed, 0 skipped" % (len(captures) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
