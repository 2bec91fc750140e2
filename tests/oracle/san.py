#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""tls.cert_san_mismatch against tshark (which name, which certificate) and OpenSSL (does the one stand for the other).

usage: tests/oracle/san.py --shrike build/shrike CAPTURE...

Every handshake of which tshark shows a server name and a certificate in clear has to have the field, with OpenSSL's answer. Ends with
"N passed, N failed, N skipped", one for each pair of a name and a certificate; skipped are captures without any.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

RULE = """title: SAN
id: 5b8f0d1e-0000-4000-8000-000000000005
level: low
logsource: {product: shrike, service: tls}
detection: {a: {tls.cert_san_mismatch|exists: true}, condition: a}
"""
FIELDS = ["tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "tls.handshake.extensions_server_name",
          "tls.handshake.certificate"]


def handshakes(capture):
    """(client's port, server name) -> the leaf as DER, of each connection with both."""
    # Captures may bring the keys of their TLS 1.3, which tshark uses: what it decrypted has encrypted extensions.
    clear = "tls.handshake.type == 1 or (tls.handshake.type == 11 and not tls.handshake.type == 8)"
    command = ["tshark", "-r", capture, "-Y", clear, "-T", "fields", "-E", "separator=;"]
    for field in FIELDS:
        command += ["-e", field]
    output = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=600).stdout
    asked, found = {}, {}
    for line in output.decode("latin-1").splitlines():
        stream, _, _, port, name, certificates = line.split(";")
        if name:
            asked[stream] = (port, name.lower().rstrip("."))
        if certificates and stream in asked and stream not in found:
            found[stream] = bytes.fromhex(certificates.split(",")[0].replace(":", ""))
    return {asked[stream]: der for stream, der in found.items()}


def denies(name, der):
    output = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-checkhost", name], input=der, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return None if not output else b"does NOT match" in output


def ours(shrike, rule, capture):
    # HTTP is asked for as well: a parser that nobody reads does not see the TLS inside CONNECT.
    output = subprocess.run([shrike, "replay", "-q", "-S", rule, "--eve", "-", "--log", "http", capture], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=600).stdout
    found = {}
    for line in output.splitlines():
        event = json.loads(line)
        if event["event_type"] == "alert":
            evidence = event["alert"]["metadata"]["shrike"]["evidence"][0]
            found[str(event["flow"]["src_port"]), event["tls"]["sni"].lower()] = evidence["excerpt"] == "1"
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", default="build/shrike")
    parser.add_argument("captures", nargs="+")
    arguments = parser.parse_args()
    passed = failed = skipped = denied = 0
    with tempfile.TemporaryDirectory() as folder:
        rule = os.path.join(folder, "rule.yml")
        with open(rule, "w", encoding="utf-8") as out:
            out.write(RULE)
        for capture in arguments.captures:
            theirs = handshakes(capture)
            skipped += not theirs
            mine = ours(arguments.shrike, rule, capture) if theirs else {}
            for key, der in sorted(theirs.items()):
                expected = denies(key[1], der)
                if expected == mine.get(key):
                    passed += 1
                    denied += bool(expected)
                    continue
                failed += 1
                print("FAIL  %s: %s: OpenSSL %s, ours %s" % (capture, key, expected, mine.get(key)))
    print("%d certificates deny the name" % denied)
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
