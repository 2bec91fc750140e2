#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Imported rules against Suricata with the same rules: which (sid, flow) each raises, capture by capture.

    suricata_rules.py [--shrike PATH] [--work DIR] [--captures FOLDER]... RULES...

RULES are .rules or .rules.gz files. Suricata's alerts are kept in the work folder and asked again only when the
rules change. Networks are any on both sides. Differences that tests/oracle/known_suricata_rules.tsv explains
(difference, capture, sid, reason; * for any) are counted apart. Exit status 1 when one is not explained.
"""
import argparse
import collections
import fnmatch
import gzip
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
VARS = "HOME_NET: any\nEXTERNAL_NET: any\n"
SET = ["--set", "vars.address-groups.HOME_NET=any", "--set", "vars.address-groups.EXTERNAL_NET=any"]


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
    run = subprocess.run([arguments.shrike, "import", "suricata", "-v", "--vars", os.path.join(work, "vars.yaml"), path],
                         capture_output=True)
    text = run.stdout
    print("\n".join(line for line in run.stderr.decode(errors="replace").split("\n") if ": left out: " not in line))
    text = loadable(arguments.shrike, text, target)
    with open(target, "wb") as file:
        file.write(text)
    refused = {int(sid) for sid in re.findall(rb": left out: sid (\d+):", run.stderr)}
    return path, target, refused


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


def flow_of(event):
    ends = sorted([(event.get("src_ip", ""), event.get("src_port", 0)), (event.get("dest_ip", ""), event.get("dest_port", 0))])
    if event.get("proto", "").lower() not in ("tcp", "udp", "sctp"):
        ends = [(ip, 0) for ip, _ in ends]
    return event.get("proto", "").lower(), ends[0], ends[1]


def alerts_of(path):
    found = set()
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            event = json.loads(line)
            if event.get("event_type") == "alert":
                found.add((event["alert"]["signature_id"], flow_of(event)))
    return found


def half_open(path):
    """TCP flows that Suricata never had established: what began before the capture, or has one side only."""
    states = collections.defaultdict(set)
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            event = json.loads(line)
            if event.get("event_type") == "flow" and event.get("proto") == "TCP":
                states[flow_of(event)].add(event["flow"]["state"])
    return {flow for _, flow in normal({(0, flow) for flow, seen in states.items() if seen == {"new"}})}


def normal(alerts):
    """IPv6 addresses are written in full by one and short by the other."""
    import ipaddress

    def end(pair):
        try:
            return str(ipaddress.ip_address(pair[0])), pair[1]
        except ValueError:
            return pair
    return {(sid, (proto.replace("ipv6-icmp", "icmp"), *sorted([end(a), end(b)]))) for sid, (proto, a, b) in alerts}


class Suricata:
    """One process that is handed capture after capture over its socket, so that the rules are compiled once."""

    def __init__(self, rules, key, work):
        self.folder = os.path.join(work, "suricata", key)
        self.rules, self.process, self.socket = rules, None, None
        os.makedirs(self.folder, exist_ok=True)

    def start(self):
        path = os.path.join(self.folder, "socket")
        self.process = subprocess.Popen(
            ["suricata", "-c", "/etc/suricata/suricata.yaml", "-S", self.rules, "--unix-socket=" + path, "-l", self.folder, "-k",
             "none", "--runmode", "single", "--set", "unix-command.enabled=yes"] + SET, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1800):
            time.sleep(0.2)
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(path)
                return self.ask({"version": "0.2"})
            except OSError:
                continue
        self.stop()
        sys.exit("Suricata does not start: see " + os.path.join(self.folder, "suricata.log"))

    def ask(self, question):
        self.socket.sendall((json.dumps(question) + "\n").encode())
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self.socket.recv(65536)
        return json.loads(answer)["message"] if b"message" in answer else None

    def alerts(self, capture):
        folder = os.path.join(self.folder, os.path.basename(capture))
        if not os.path.exists(os.path.join(folder, "done")):
            if self.process is None:
                self.start()
            os.makedirs(folder, exist_ok=True)
            for name in os.listdir(folder):
                os.unlink(os.path.join(folder, name))
            self.ask({"command": "pcap-file", "arguments": {"filename": os.path.abspath(capture), "output-dir": folder}})
            time.sleep(0.5)
            while self.ask({"command": "pcap-file-number"}) != 0 or self.ask({"command": "pcap-current"}) != "None":
                time.sleep(0.2)
            open(os.path.join(folder, "done"), "w").close()
        eve = os.path.join(folder, "eve.json")
        return normal(alerts_of(eve)), half_open(eve)

    def refused(self):
        """Rules that Suricata itself does not load."""
        with open(os.path.join(self.folder, "suricata.log"), encoding="utf-8", errors="replace") as file:
            return {int(sid) for sid in re.findall(r"error parsing signature.*?sid:\s*(\d+)", file.read())}

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()


def shrike_alerts(shrike, yml, captures, work):
    """One process a capture; loading is most of it, so the time of the first is told."""
    for capture in captures:
        eve = os.path.join(work, "shrike.json")
        start = time.monotonic()
        run = subprocess.run(["/usr/bin/time", "-f", "%M", shrike, "replay", "-S", yml, "--eve", eve, capture],
                             capture_output=True)
        yield capture, normal(alerts_of(eve)), time.monotonic() - start, run


def known_differences():
    rows = []
    with open(os.path.join(HERE, "known_suricata_rules.tsv"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                rows.append(line.rstrip("\n").split("\t"))
    return rows


def explanation(rows, kind, capture, sid):
    for row in rows:
        if row[0] == kind and fnmatch.fnmatch(capture, row[1]) and row[2] in ("*", str(sid)):
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shrike", default="build/release/shrike")
    parser.add_argument("--work", default="/tmp/shrike-suricata-rules")
    parser.add_argument("--captures", action="append")
    parser.add_argument("rules", nargs="+")
    arguments = parser.parse_args()
    if shutil.which("suricata") is None:
        print("SKIPPED: suricata is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    arguments.work = os.path.abspath(arguments.work)
    os.makedirs(arguments.work, exist_ok=True)
    rules = read_rules(arguments.rules)
    key = hashlib.sha256(rules + " ".join(SET).encode()).hexdigest()[:16]
    path, yml, refused = imported(arguments, rules, arguments.work)
    captures = captures_in(arguments.captures or ["../shared/corpora/c2"])
    with open(yml, "rb") as file:
        taken = {int(sid) for sid in re.findall(rb"^  sid: (\d+)$", file.read(), re.M)}
    known, suricata = known_differences(), Suricata(path, key, arguments.work)
    totals, reasons, open_differences = collections.Counter(), collections.Counter(), []
    for capture, ours, seconds, run in shrike_alerts(arguments.shrike, yml, captures, arguments.work):
        if totals["captures"] == 0:
            print(f"first capture: {seconds:.1f} s, {int(run.stderr.split()[-1]) // 1024} MiB")
        theirs, without_handshake = suricata.alerts(capture)
        not_loaded = suricata.refused()
        name = os.path.basename(capture)
        totals["captures"] += 1
        totals["not imported"] += len([a for a in theirs if a[0] not in taken])
        theirs = {alert for alert in theirs if alert[0] in taken}
        ours = {alert for alert in ours if alert[0] not in not_loaded}
        early = {alert for alert in ours - theirs if alert[1] in without_handshake}
        totals["without a handshake"] += len(early)
        ours -= early
        totals["both"] += len(ours & theirs)
        print(f"{name}: {len(ours & theirs)} both, {len(theirs - ours)} missing, {len(ours - theirs)} extra", flush=True)
        for kind, difference in (("missing", theirs - ours), ("extra", ours - theirs)):
            for sid, flow in sorted(difference, key=str):
                reason = explanation(known, kind, name, sid)
                if not reason:
                    print(f"{kind}\t{name}\t{sid}\t{flow}", flush=True)
                totals[kind] += 1
                if reason:
                    reasons[f"{kind}: {reason}"] += 1
                else:
                    open_differences.append((kind, name, sid, flow))
    suricata.stop()
    report(totals, reasons, open_differences)
    return 1 if open_differences else 0


def report(totals, reasons, open_differences):
    for reason, count in reasons.most_common():
        print(f"explained {count:6d}  {reason}")
    found, missing, extra = totals["both"], totals["missing"], totals["extra"]
    print(f"{totals['captures']} captures: {found} alerts by both, {missing} missing, {extra} extra, "
          f"{totals['not imported']} of rules that are not imported; {totals['without a handshake']} extra on flows of which "
          "Suricata saw no handshake")
    if found:
        print(f"recall {100 * found / (found + missing):.2f} %, precision {100 * found / (found + extra):.2f} %")
    failed = len({name for _, name, _, _ in open_differences})
    print(f"not explained: {len(open_differences)}\n{totals['captures'] - failed} passed, {failed} failed, 0 skipped")


if __name__ == "__main__":
    sys.exit(main())
