#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every URL indicator of the corpora's STIX bundles, requested as a browser would, hits the list that holds it.

usage: tests/corpora/urls.py --shrike build/release/shrike [--feeds ../shared/corpora/feeds/stix] [FILE...]

For each bundle a capture is made with one HTTP/1.1 request for each `url:value = '...'` of a scheme of the web, a day after
the indicator's valid_from, to a server of its own. It is replayed against a list that reads the bundle itself and against
what `shrike import` makes of it; each request must alert in both.
"""
import argparse
import gzip
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import urllib.parse
from datetime import datetime, timezone

RULE = """list: urls
type: url
file: %s
format: stix
---
title: Listed URL
id: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b77
level: high
logsource: {product: shrike, service: http}
detection: {a: {http.url|expand: '%%urls%%'}, condition: a}
"""
DAY = 86400


def refang(text):
    for fanged, plain in (("[.]", "."), ("[:]", ":"), ("[://]", "://"), ("\\.", ".")):
        text = text.replace(fanged, plain)
    return re.sub(r"^hxxp", "http", text, flags=re.I)


def indicators(path):
    """(time, URL) of each, in order of time."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    found = set()
    for item in json.loads(data).get("objects", []):
        if item.get("type") != "indicator" or item.get("pattern_type", "stix") != "stix" or item.get("revoked"):
            continue
        begin = datetime.fromisoformat(re.sub(r"(\.\d+)?Z$", "", item["valid_from"])).replace(tzinfo=timezone.utc)
        for value in re.findall(r"url:value\s*=\s*'((?:[^'\\]|\\.)*)'", item["pattern"]):
            url = refang(re.sub(r"\\(.)", r"\1", value)).strip()
            if url.lower().startswith(("http://", "https://")) and not re.search(r"\s", url):
                found.add((int(begin.timestamp()) + DAY, url))
    return sorted(found)


def request(url):
    parts = urllib.parse.urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    usual = ":443" if parts.scheme.lower() == "https" else ":80"
    host = host[:-len(usual)] if host.endswith(usual) else host
    target = (parts.path or "/") + ("?" + parts.query if "?" in url.split("#")[0] else "")
    return ("GET %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n\r\n" % (target, host.lower())).encode()


def capture(found):
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    for number, (time, url) in enumerate(found):
        ends = (bytes([10, 0, 0, 1]), bytes([198, 18 + (number >> 16), number >> 8 & 255, number & 255]))
        ports, at = (1024 + number % 60000, 80), [100, 500]
        for side, flags, payload in ((0, 2, b""), (1, 18, b""), (0, 16, b""), (0, 24, request(url)), (1, 24, answer)):
            tcp = struct.pack("!HHIIBBHHH", ports[side], ports[1 - side], at[side], at[1 - side] if flags & 16 else 0, 0x50,
                              flags, 65535, 0, 0)
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0, ends[side], ends[1 - side])
            frame = b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp + payload
            out.append(struct.pack("<IIII", time, 0, len(frame), len(frame)) + frame)
            at[side] += len(payload) + bool(flags & 2)
    return b"".join(out)


def alerted(shrike, rules, pcap, folder):
    eve = pathlib.Path(folder) / "eve.json"
    done = subprocess.run([shrike, "replay", "-q", "--checksum", "ignore", "-S", str(rules), "--eve", str(eve), str(pcap)],
                          capture_output=True, text=True)
    if done.returncode > 1:
        sys.exit("replay: " + done.stderr)
    hits = set()
    for line in eve.read_text().splitlines():
        record = json.loads(line)
        if record["event_type"] == "alert" and record["alert"]["metadata"]["shrike"]["level"] != "informational" and any(
                "url" in e.get("list", "") for e in record["alert"]["metadata"]["shrike"]["evidence"]):
            address = bytes(map(int, record["dest_ip"].split(".")))
            hits.add((address[1] - 18) << 16 | address[2] << 8 | address[3])
    return hits


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shrike", default="build/release/shrike")
    parser.add_argument("--feeds", default="../shared/corpora/feeds/stix")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    files = [pathlib.Path(f) for f in options.files] or sorted(pathlib.Path(options.feeds).glob("*.json*"))
    passed = failed = total = 0
    for path in files:
        found = indicators(path)
        if not found:
            continue
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "x.pcap").write_bytes(capture(found))
            bundle = path
            if path.suffix == ".gz":
                bundle = folder / path.stem
                bundle.write_bytes(gzip.decompress(path.read_bytes()))
            (folder / "direct.yml").write_text(RULE % bundle.resolve())
            made = subprocess.run([options.shrike, "import", "-q", "stix", str(bundle)], capture_output=True)
            (folder / "import.yml").write_bytes(made.stdout)
            for rules in ("direct.yml", "import.yml"):
                missing = set(range(len(found))) - alerted(options.shrike, folder / rules, folder / "x.pcap", folder)
                total += len(found)
                passed += len(found) - len(missing)
                failed += len(missing)
                if missing:
                    print("%s, %s: %d of %d do not alert, the first: %s" %
                          (path.name, rules, len(missing), len(found), found[min(missing)][1]))
    print("%d requests, %d bundles" % (total, len(files)))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
