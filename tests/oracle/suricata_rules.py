#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Imported rules against Suricata with the same rules: which (sid, flow) each raises, capture by capture.

    suricata_rules.py [--shrike PATH] [--host PATH] [--work DIR] [--captures FOLDER]... [--way NAME]... RULES...

RULES are .rules or .rules.gz files. Networks are any on both sides; neither checks checksums. Like is held against
like, in two ways:

    midstream   both follow TCP flows whose start is not in the capture, and flows of which it has one side
                (Suricata with stream.midstream and stream.async-oneside; ours as it is delivered)
    handshake   both follow TCP flows from their SYN on (Suricata as it is delivered; ours with --no-midstream)

Suricata's answers are kept in the work folder (suricata_process.py). Ours come from a host of the public API
(captures_host.c) that loads the rules once. Differences that known_suricata_rules.tsv explains (difference, capture,
sid, reason; * and ? stand for characters) are counted apart. Exit status 1 when one is not explained.
"""
import argparse
import collections
import fnmatch
import gzip
import ipaddress
import json
import os
import re
import subprocess
import sys
import time

import suricata_process

HERE = os.path.dirname(os.path.abspath(__file__))
VARS = "HOME_NET: any\nEXTERNAL_NET: any\n"
NETWORKS = {"vars.address-groups.HOME_NET": "any", "vars.address-groups.EXTERNAL_NET": "any"}
WAYS = {
    "midstream": ({"stream.midstream": "true", "stream.async-oneside": "true"}, []),
    "handshake": ({}, ["-m"]),
}
# As EVE calls them; other protocols are numbers there, too.
PROTOCOLS = {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 41: "ipv6", 47: "gre", 50: "esp", 51: "ah", 58: "icmp", 132: "sctp"}


def read_rules(paths):
    """All active rules in one text, each sid once: the first that comes."""
    seen, lines = set(), []
    for path in paths:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            for line in file.read().split(b"\n"):
                sid = re.search(rb"\bsid:\s*(\d+)\s*;", line)
                if line.startswith(b"#") or not sid or sid[1] in seen:
                    continue
                seen.add(sid[1])
                lines.append(line)
    return b"\n".join(lines) + b"\n"


def imported(arguments, rules, work):
    """Imports the rules; leaves out what shrike cannot load, and says how many that are."""
    path, target = os.path.join(work, "all.rules"), os.path.join(work, "imported.yml")
    with open(path, "wb") as file:
        file.write(rules)
    with open(os.path.join(work, "vars.yaml"), "w") as file:
        file.write(VARS)
    run = subprocess.run([arguments.shrike, "import", "suricata", "--vars", os.path.join(work, "vars.yaml"), path],
                         capture_output=True)
    print(run.stderr.decode(errors="replace"))
    text = loadable(arguments.shrike, run.stdout, target)
    with open(target, "wb") as file:
        file.write(text)
    return path, target


def loadable(shrike, text, target):
    """Without the rules that `shrike check` finds an error in, which are told."""
    with open(target, "wb") as file:
        file.write(text)
    run = subprocess.run([shrike, "check", "--format", "json", target], capture_output=True)
    lines = sorted({d["line"] for d in json.loads(run.stdout)["messages"] if d["severity"] == "error"})
    kept, line, broken = [], 1, 0
    for document in text.split(b"---\n"):
        end = line + document.count(b"\n")
        if any(line <= at <= end for at in lines):
            broken += 1
        else:
            kept.append(document)
        line = end + 1
    print(f"rules that shrike check refuses: {broken}")
    return b"---\n".join(kept)


def flow_of(protocol, one, other):
    """Both directions of a flow are one; addresses are written in one way, and ports count where there are any."""
    ends = sorted((str(ipaddress.ip_address(ip)) if ip else "", int(port)) for ip, port in (one, other))
    if protocol not in ("tcp", "udp", "sctp"):
        ends = [(ip, 0) for ip, _ in ends]
    return protocol, *ends


def their_alerts(path):
    found = set()
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            event = json.loads(line)
            if event.get("event_type") == "alert":
                found.add((event["alert"]["signature_id"], flow_of(
                    event.get("proto", "").lower().replace("ipv6-icmp", "icmp"),
                    (event.get("src_ip", ""), event.get("src_port", 0)),
                    (event.get("dest_ip", ""), event.get("dest_port", 0)))))
    return found


def our_alerts(host, flags, yml, captures):
    """All captures by one process: {capture: alerts}, and what libpcap said of each."""
    found, said, alerts, begin = {}, {}, set(), time.monotonic()
    run = subprocess.run([host, *flags, yml], input="\n".join(captures) + "\n", capture_output=True, text=True, check=False)
    for line in run.stdout.splitlines():
        kind, *cells = line.split("\t")
        if kind == "done":
            found[cells[0]], said[cells[0]], alerts = alerts, cells[1], set()
        else:
            protocol = PROTOCOLS.get(int(cells[1]), cells[1])
            alerts.add((int(cells[0]), flow_of(protocol, cells[2:4], cells[4:6])))
    if run.returncode != 0 or len(found) != len(set(captures)):
        sys.exit(f"{host} ended with {run.returncode} after {len(found)} of {len(captures)} captures: {run.stderr[-2000:]}")
    print(f"shrike: {len(captures)} captures in {time.monotonic() - begin:.1f} s")
    return found, said


def known_differences():
    rows = []
    with open(os.path.join(HERE, "known_suricata_rules.tsv"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                rows.append(line.rstrip("\n").split("\t"))
    return rows


def explanation(rows, kind, capture, sid):
    for row in rows:
        if row[0] == kind and fnmatch.fnmatch(capture, row[1]) and fnmatch.fnmatch(str(sid), row[2]):
            return row[3]
    return None


def captures_in(folders):
    found = []
    for folder in folders:
        if os.path.isfile(folder):
            found.append(folder)
            continue
        for name in sorted(os.listdir(folder)):
            if re.search(r"\.(pcap|pcapng|cap|pcap_)$", name):
                found.append(os.path.join(folder, name))
    return found


def by_host(rules):
    """The sids whose alerts a threshold counts by host: one flow of the host carries the alert for the others."""
    return {int(sid) for sid in re.findall(rb"(?:threshold|detection_filter):[^;]*track by_(?:src|dst).*?;.*?\bsid:\s*(\d+)\s*;", rules)}


def pairs(missing, extra, counted_by_host):
    """How many alerts both raised for a host, but on different flows of it."""
    left, found = [alert for alert in extra if alert[0] in counted_by_host], 0
    for sid, flow in missing:
        hosts = {ip for ip, _ in flow[1:]}
        twin = next((a for a in left if a[0] == sid and hosts & {ip for ip, _ in a[1][1:]}), None)
        if twin:
            left.remove(twin)
            found += 1
    return found


class Comparison:
    """What differs in one way of looking, with its counts."""

    def __init__(self, taken, not_loaded, counted_by_host):
        self.taken, self.not_loaded, self.known = taken, not_loaded, known_differences()
        self.counted_by_host = counted_by_host
        self.totals, self.reasons, self.unexplained = collections.Counter(), collections.Counter(), []

    def add(self, capture, ours, theirs):
        name = os.path.basename(capture)
        self.totals["captures"] += 1
        self.totals["not imported"] += len([a for a in theirs if a[0] not in self.taken])
        theirs = {alert for alert in theirs if alert[0] in self.taken}
        ours = {alert for alert in ours if alert[0] not in self.not_loaded}
        self.totals["both"] += len(ours & theirs)
        self.totals["pairs"] += pairs(theirs - ours, ours - theirs, self.counted_by_host)
        for kind, difference in (("missing", theirs - ours), ("extra", ours - theirs)):
            for sid, flow in sorted(difference, key=str):
                self.totals[kind] += 1
                reason = explanation(self.known, kind, name, sid)
                if reason:
                    self.reasons[f"{kind}: {reason}"] += 1
                else:
                    self.unexplained.append(name)
                    print(f"{kind}\t{name}\t{sid}\t{flow}", flush=True)

    def report(self, way):
        found, missing, extra = (self.totals[name] for name in ("both", "missing", "extra"))
        for reason, count in self.reasons.most_common():
            print(f"explained {count:6d}  {reason}")
        print(f"{way}: {self.totals['captures']} captures: {found} alerts by both, {missing} missing, {extra} extra, "
              f"{self.totals['not imported']} of rules that are not imported; {len(self.unexplained)} differences not explained")
        if found:
            print(f"{way}: recall {100 * found / (found + missing):.2f} %, precision {100 * found / (found + extra):.2f} %")
            same = found + self.totals["pairs"]
            print(f"{way}: {self.totals['pairs']} of the missing and of the extra are one alert, that a threshold by host puts on another "
                  f"flow: recall {100 * same / (found + missing):.2f} %, precision {100 * same / (found + extra):.2f} %")


def compare(way, arguments, path, yml, rules, taken):
    """Returns how many captures passed, failed, and were given up by Suricata."""
    settings, flags = WAYS[way]
    captures = captures_in(arguments.captures or ["../shared/corpora/c2"])
    ours, _ = our_alerts(arguments.host, flags, yml, captures)
    suricata, begin = suricata_process.Suricata(path, {**NETWORKS, **settings}, os.path.join(arguments.work, "suricata")), time.monotonic()
    answers = {capture: suricata.answer(capture) for capture in captures}
    suricata.stop()
    print(f"Suricata: {len(captures)} captures in {time.monotonic() - begin:.1f} s")
    comparison, given_up = Comparison(taken, suricata.refused(), by_host(rules)), 0
    for capture in captures:
        if answers[capture] is None:
            print(f"Suricata died or took too long: {capture}")
            given_up += 1
        else:
            comparison.add(capture, ours[capture], their_alerts(answers[capture]))
    comparison.report(way)
    failed = len(set(comparison.unexplained))
    return len(captures) - failed - given_up, failed, given_up


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shrike", default="build/release/shrike")
    parser.add_argument("--host", default="build/release/host/captures_host")
    parser.add_argument("--work", default="/tmp/shrike-suricata-rules")
    parser.add_argument("--captures", action="append", help="a folder or a capture")
    parser.add_argument("--way", action="append", choices=WAYS, help="both unless given")
    parser.add_argument("rules", nargs="+")
    arguments = parser.parse_args()
    if not suricata_process.installed():
        print("SKIPPED: suricata is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    arguments.work = os.path.abspath(arguments.work)
    os.makedirs(arguments.work, exist_ok=True)
    rules = read_rules(arguments.rules)
    path, yml = imported(arguments, rules, arguments.work)
    with open(yml, "rb") as file:
        taken = {int(sid) for sid in re.findall(rb"^  sid: (\d+)$", file.read(), re.M)}
    counts = [compare(way, arguments, path, yml, rules, taken) for way in arguments.way or WAYS]
    passed, failed, skipped = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
