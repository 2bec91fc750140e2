#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Transforms: imported rules with each of them against Suricata with the same rules, over requests made for it.

usage: tests/oracle/transforms.py [--shrike PATH] [--host PATH] [--work DIR]

Writes rules and a capture and hands both to suricata_rules.py, which ends with "N passed, N failed, N skipped".
"""
import argparse
import hashlib
import os
import subprocess
import sys

RULES_A_PORT = 12  # Suricata keeps 15 alerts of a packet: each port has a few rules, and all requests
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "gen"))
import rule_traffic  # noqa: E402

AGENTS = [b"curl", b"CURL", b"cu rl", b"c u  r\tl", b" curl", b"curl ", b"a%62c", b"a%6", b"a%", b"a%zz", b"a+b", b"a%2Bb", b"%61%62%63",
          b"a b", b"a  b", b"a \t b", b"a\t b", b"a.b", b".a.b", b"x", b"%2561", b"a\x0bb", b"a\xc3\x84b"]
TARGETS = [b"/a", b"/A", b"/a%20b", b"/a+b", b"/%61", b"/%2561", b"/a%2fb?c=d+e", b"/a%u0041", b"/?" + b"a+" * 40]
# Options behind `http.user_agent;` and behind `http.uri.raw;`
CHAINS = ['to_lowercase; content:"curl";', 'to_uppercase; content:"CURL";', 'to_uppercase; content:"CURL"; bsize:4;',
          'strip_whitespace; content:"curl";', 'strip_whitespace; content:"curl"; bsize:4;', 'strip_whitespace; content:"ab"; startswith;',
          'compress_whitespace; content:"a b";', 'compress_whitespace; content:"c u r";', 'compress_whitespace; content:"a|09|b";',
          'url_decode; content:"abc";', 'url_decode; content:"a b";', 'url_decode; content:"a+b";', 'url_decode; content:"a%";',
          'url_decode; content:"%61";', 'url_decode; pcre:"/^a.b$/";', 'url_decode; content:"/a"; content:"b"; distance:1; within:1;',
          'url_decode; bsize:3;', 'url_decode; strip_whitespace; content:"ab";', 'strip_whitespace; url_decode; content:"ab";',
          'dotprefix; content:".a.b";', 'dotprefix; content:".x"; bsize:2;', 'dotprefix; content:".a"; within:2; content:"b"; distance:0;',
          'dotprefix; content:!".a";', 'to_lowercase; dotprefix; content:".curl"; endswith;', 'url_decode; content:!"a";']
DIGESTS = [("to_md5", hashlib.md5), ("to_sha1", hashlib.sha1), ("to_sha256", hashlib.sha256)]
HEADERS = ['header_lowercase; content:"user-agent|3a 20|CURL";', 'header_lowercase; content:"USER-AGENT";', 'to_lowercase; content:"user-agent|3a 20|curl";',
           'strip_pseudo_headers; content:"curl";', 'strip_whitespace; content:"User-Agent|3a|curl";', 'compress_whitespace; content:"c u r l";']


def chains():
    for buffer in ("http.user_agent", "http.uri.raw"):
        for options in CHAINS:
            yield buffer, options
    for name, digest in DIGESTS:
        for text in (b"curl", b"a b", b"/a"):
            whole = " ".join("%02x" % byte for byte in digest(text).digest())
            for buffer in ("http.user_agent", "http.uri.raw"):
                yield buffer, '%s; content:"|%s|";' % (name, whole)
                yield buffer, '%s; content:"|%s|"; startswith;' % (name, whole[:11])
                yield buffer, '%s; content:"|%s|"; endswith;' % (name, whole[-11:])
                yield buffer, 'strip_whitespace; %s; content:!"|%s|";' % (name, whole)
    for options in HEADERS:
        yield "http.header", options


def write_rules(path):
    with open(path, "w", encoding="ascii") as file:
        for number, (buffer, options) in enumerate(chains(), 1):
            file.write('alert http any any -> any %d (msg:"%d"; flow:established,to_server; %s; %s sid:%d;)\n'
                       % (8000 + (number - 1) // RULES_A_PORT, number, buffer, options, number))


def write_capture(path):
    with open(path, "wb") as out:
        capture = rule_traffic.Capture(out)
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        requests = [b"GET /x HTTP/1.1\r\nHost: a\r\nUser-Agent: " + agent for agent in AGENTS]
        requests += [b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nUser-Agent: y" for target in TARGETS]
        for port in range(8000, 8001 + len(list(chains())) // RULES_A_PORT):
            for request in requests:
                capture.tcp(0, port, [(request + b"\r\n\r\n", answer)])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shrike", default="build/release/shrike")
    parser.add_argument("--host", default="build/release/host/captures_host")
    parser.add_argument("--work", default="/tmp/shrike-suricata-rules/transforms")
    arguments = parser.parse_args()
    os.makedirs(arguments.work, exist_ok=True)
    rules, capture = os.path.join(arguments.work, "transforms.rules"), os.path.join(arguments.work, "transforms.pcap")
    write_rules(rules)
    write_capture(capture)
    run = subprocess.run([sys.executable, os.path.join(HERE, "suricata_rules.py"), "--shrike", arguments.shrike, "--host", arguments.host,
                          "--work", arguments.work, "--way", "handshake", "--captures", capture, rules], check=False)
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
