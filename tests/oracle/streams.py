#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Content chains over raw streams and datagrams: the same question to Suricata and to shrike, of the captures that ship.

usage: tests/oracle/streams.py --shrike build/shrike [CAPTURE...]      (tests/pcaps/* without any)

Each form of step stands in FORMS: Suricata's options, and the value in shrike's words. Both must alert on the same
flows, the 5-tuple being a flow. Where Suricata's answer depends on where it happens to cut a stream (docs/decisions/0010),
the row says which side may have more, and why. Ends with "N passed, N failed, N skipped".
"""
import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

CONFIGURATION = """%YAML 1.1
---
vars: {address-groups: {HOME_NET: any, EXTERNAL_NET: any}, port-groups: {HTTP_PORTS: any}}
outputs: [{eve-log: {enabled: yes, filename: eve.json, types: [{alert: {}}]}}]
stream: {midstream: true, async-oneside: true, reassembly: {randomize-chunk-size: no}}
app-layer: {protocols: {http: {enabled: yes}, smtp: {enabled: yes}, tls: {enabled: yes, detection-ports: {dp: 443}},
  dns: {tcp: {enabled: yes, detection-ports: {dp: 53}}, udp: {enabled: yes, detection-ports: {dp: 53}}}}}
"""

# protocol, direction, Suricata's options, the value(s) of shrike, and who may have more: "suricata", "shrike" or ""
STREAM = "payload: {sequence: [%s]}"
EITHER = "payload.segment: {sequence: [%s]}"  # with `offset` or `depth` Suricata looks at each packet as well
PING = 'content:"ping|7c|STRRAT";'
FORMS = [
    ("tcp", "to_server", PING, STREAM % "{contains: 'ping|STRRAT'}", ""),
    ("tcp", "to_server", PING + ' content:"USER-PC"; distance:10; within:7;',
     STREAM % "{contains|cased: 'ping|STRRAT'}, {contains|cased: USER-PC, distance: 10, within: 7}", ""),
    ("tcp", "to_server", PING + ' content:"USER-PC"; distance:10; within:6;', None, ""),  # Suricata refuses it
    ("tcp", "to_server", PING + ' content:"USER-PC"; distance:11;',
     STREAM % "{contains|cased: 'ping|STRRAT'}, {contains|cased: USER-PC, distance: 11}", ""),
    ("tcp", "to_server", PING + ' content:"admin"; nocase; distance:0; content:!"Linux"; distance:0; within:40;',
     STREAM % "{contains|cased: 'ping|STRRAT'}, {contains: ADMIN, distance: 0}, "
     "{not: true, contains|cased: Linux, distance: 0, within: 40}", ""),
    ("tcp", "to_server", PING + ' content:!"Windows"; distance:0; within:60;',
     STREAM % "{contains|cased: 'ping|STRRAT'}, {not: true, contains|cased: Windows, distance: 0, within: 60}", ""),
    ("tcp", "to_server", PING + ' content:"|0d 0a 0d 0a|"; distance:-15; within:16;',
     STREAM % "{contains|cased: 'ping|STRRAT'}, {hex: '0d 0a 0d 0a', distance: -15, within: 16}", ""),
    ("tcp", "to_server", r'pcre:"/\|([A-Z])[a-z]+\|Not (Installed)\|Not Idle/"; content:"STRRAT";',
     STREAM % r"{re: '\|([A-Z])[a-z]+\|Not (Installed)\|Not Idle'}, {contains|cased: STRRAT}", ""),
    ("tcp", "to_server", r'content:"STRRAT"; pcre:"/^\|[0-9A-F]{8}\|USER/R";',
     STREAM % r"{contains|cased: STRRAT}, {re: '^\|[0-9A-F]{8}\|USER', distance: 0}", ""),
    ("tcp", "to_server", r'pcre:"/ping\|(\w)\w+\|[^|]+\|(?!admin)/"; content:"ping";',
     STREAM % r"{re: 'ping\|(\w)\w+\|[^|]+\|(?!admin)'}, {contains|cased: ping}", ""),
    ("tcp", "to_server", r'content:"ping|7c|"; pcre:"/(\d)4\1/";',
     STREAM % r"{contains|cased: 'ping|'}, {re: '(\d)4\1'}", ""),
    ("tcp", "to_server", PING + " isdataat:100,relative;",
     STREAM % "{contains|cased: 'ping|STRRAT'}, {left: 100}", ""),
    ("tcp", "to_client", 'content:"Server: Microsoft"; content:"/7.5"; distance:4; within:4;',
     STREAM % "{contains|cased: 'Server: Microsoft'}, {contains|cased: /7.5, distance: 4, within: 4}", ""),
    ("tcp", "to_server", 'content:"GET /en-us/"; depth:11; content:"Cookie|3a| ASPSESSIONID="; distance:0;',
     (STREAM, EITHER,
      "{contains|cased: GET /en-us/, from: 0, to: 11}, {contains|cased: 'Cookie: ASPSESSIONID=', distance: 0}"), ""),
    ("tcp", "to_server", 'content:"GET "; startswith; content:"HTTP/1.1|0d 0a|"; distance:0; content:!"Referer";',
     (STREAM, EITHER,
      "{contains|cased: 'GET ', at: 0}, {hex: '48 54 54 50 2f 31 2e 31 0d 0a', distance: 0}, "
      "{not: true, contains|cased: Referer}"), ""),
    ("tcp", "to_server", 'content:"|16 03|"; depth:2; content:"|01|"; offset:5; depth:1;',
     (STREAM, EITHER, "{hex: '16 03', from: 0, to: 2}, {hex: '01', from: 5, to: 6}"), ""),
    ("tcp", "to_server", 'content:"|16 03|"; depth:2; byte_test:2,>,200,3; byte_test:1,=,1,5;',
     (STREAM, EITHER, "{hex: '16 03', from: 0, to: 2}, {bytes: 2, at: 3, gt: 200}, {bytes: 1, at: 5, eq: 1}"), ""),
    ("tcp", "to_server", 'content:"|16 03|"; depth:2; byte_test:2,>,500,1,relative;',
     (STREAM, EITHER, "{hex: '16 03', from: 0, to: 2}, {bytes: 2, distance: 1, gt: 500}"), ""),
    ("tcp", "to_client", 'content:"|16 03|"; depth:2; byte_jump:2,3; content:"|16 03|"; distance:0; within:2;',
     (STREAM, EITHER, "{hex: '16 03', from: 0, to: 2}, {jump: 2, at: 3}, {hex: '16 03', distance: 0, within: 2}"), ""),
    ("tcp", "to_client", 'content:"220 "; depth:4; content:"ESMTP"; distance:0; nocase;',
     (STREAM, EITHER, "{contains|cased: '220 ', from: 0, to: 4}, {contains: esmtp, distance: 0}"), ""),
    ("tcp", "to_server", 'content:"AUTH "; content:"|0d 0a|"; distance:0; within:40;',
     STREAM % "{contains|cased: 'AUTH '}, {hex: '0d 0a', distance: 0, within: 40}", ""),
    ("tcp", "to_server", 'content:"|30|"; depth:1; content:"objectClass"; distance:0; nocase;',
     (STREAM, EITHER, "{hex: '30', from: 0, to: 1}, {contains: objectclass, distance: 0}"), "shrike"),  # in the second chunk
    ("tcp", "to_server", 'content:"Host|3a 20|"; content:!"|0d 0a|"; distance:0; within:5;',
     STREAM % "{contains|cased: 'Host: '}, {not: true, hex: '0d 0a', distance: 0, within: 5}", ""),
    ("tcp", "to_client", 'content:"</html>"; nocase; content:"<html"; nocase;',
     STREAM % "{contains: '</html>'}, {contains: '<html'}", ""),
    ("udp", "", 'content:"|01 00 00 01|"; offset:2; depth:4; content:"|03|com"; distance:0; nocase;',
     STREAM % "{hex: '01 00 00 01', from: 2, to: 6}, {contains: \"\\x03com\", distance: 0}", ""),
    ("udp", "", 'byte_test:1,&,128,2; content:"|c0 0c|"; isdataat:10,relative;',
     STREAM % "{bytes: 1, at: 2, and: 128}, {hex: 'c0 0c'}, {left: 10}", ""),
    ("udp", "", 'byte_test:1,&,128,2; content:"|c0 0c|"; isdataat:!40,relative;',
     STREAM % "{bytes: 1, at: 2, and: 128}, {hex: 'c0 0c'}, {not: true, left: 40}", ""),
    ("udp", "", 'content:"|00 00 29|"; content:"|00 00|"; distance:0; endswith;',
     STREAM % "{hex: '00 00 29'}, {hex: '00 00', distance: 0, end: true}", ""),
    ("udp", "", r'pcre:"/(\w)\1/"; content:"|00 01 00 01|"; distance:0;',
     STREAM % r"{re: '(\w)\1'}, {hex: '00 01 00 01', distance: 0}", ""),
    ("udp", "", 'content:!"example"; content:"|00 01|"; offset:4; depth:2;',
     STREAM % "{not: true, contains|cased: example}, {hex: '00 01', from: 4, to: 6}", ""),
]


def flow_of(event):
    return tuple(sorted([(event["src_ip"], event.get("src_port")), (event["dest_ip"], event.get("dest_port"))]))


def alerts_of(lines):
    events = [json.loads(line) for line in lines]
    return {(event["alert"]["signature_id"], flow_of(event)) for event in events if event["event_type"] == "alert"}


def write_rules(folder):
    rules, documents = [], []
    for number, (protocol, direction, options, value, _) in enumerate(FORMS, 1):
        flow = "flow:%s; " % direction if direction else ""
        rules.append('alert %s any any -> any any (msg:"%d"; %s%s sid:%d;)\n' % (protocol, number, flow, options, number))
        values = [value] if not isinstance(value, tuple) else [form % value[2] for form in value[:2]]
        if value is None:
            continue
        names = ["v%d" % index for index in range(len(values))]
        documents.append("title: form %d\nlogsource: {product: shrike, service: stream}\n"
                         "shrike: {sid: %d, direction: %s}\ndetection:\n%s  proto: {proto: %s}\n"
                         "  condition: proto and (%s)\n"
                         % (number, number, direction or "either", "".join("  %s: {%s}\n" % pair for pair in zip(names, values)),
                            protocol, " or ".join(names)))
    for name, text in (("s.rules", "".join(rules)), ("s.yml", "---\n".join(documents)),
                       ("suricata.yaml", CONFIGURATION)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def of_suricata(folder, path):
    log = tempfile.mkdtemp(dir=folder)
    subprocess.run(["suricata", "-c", os.path.join(folder, "suricata.yaml"), "-r", path, "-l", log,
                    "-S", os.path.join(folder, "s.rules"), "-k", "none", "--runmode", "single"],
                   check=False, timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(os.path.join(log, "eve.json"), encoding="utf-8") as file:
        return alerts_of(file)


def of_shrike(shrike, folder, path):
    run = subprocess.run([shrike, "replay", "-q", "--no-stats", "--eve", "-", "-S", os.path.join(folder, "s.yml"), path],
                         check=False, timeout=300, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode not in (0, 3):
        sys.exit(run.stderr.decode())
    return alerts_of(run.stdout.decode().splitlines())


def differences(theirs, ours):
    for sid, flow in sorted(theirs ^ ours, key=str):
        who = "suricata" if (sid, flow) in theirs else "shrike"
        if FORMS[sid - 1][4] != who:
            yield "form %d: %s alone alerts on %s:%s-%s:%s" % (sid, who, *flow[0], *flow[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shrike", required=True)
    parser.add_argument("captures", nargs="*")
    arguments = parser.parse_args()
    captures = arguments.captures or sorted(glob.glob("tests/pcaps/*cap"))
    passed = failed = 0
    seen = set()

    if shutil.which("suricata") is None:
        print("SKIPPED: there is no suricata\n0 passed, 0 failed, %d skipped" % len(captures))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_rules(folder)
        for path in captures:
            theirs, ours = of_suricata(folder, path), of_shrike(arguments.shrike, folder, path)
            seen |= {sid for sid, _ in theirs & ours}
            faults = list(differences(theirs, ours))
            print("%s  streams %s (%d alerts)" % ("FAIL" if faults else "ok  ", path, len(theirs & ours)))
            print("".join("      %s\n" % fault for fault in faults), end="")
            passed, failed = passed + (not faults), failed + bool(faults)
    print("forms that were seen: %s" % " ".join(map(str, sorted(seen))))
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    sys.exit(failed > 0)


main()
