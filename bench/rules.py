#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The same rules twice: as YAML for shrike and as .rules for Suricata. usage: rules.py COUNT OUT.yml OUT.rules

Made-up literals of 8 to 16 letters (seeded: the same every time), a quarter each on HTTP target, user agent,
DNS name and TLS server name, and four that occur in real traffic, so that both sides have alerts to write."""
import random
import sys
import uuid

KINDS = (("http", "http.uri", "http.uri"), ("http", "http.user_agent", "http.user_agent"),
         ("dns", "dns.query", "dns.query"), ("tls", "tls.sni", "tls.sni"))
REAL = ("/images/", "Windows NT 6.1", "akamai", "netflix")


def main():
    count = int(sys.argv[1])
    draw = random.Random(1)
    with open(sys.argv[2], "w", encoding="utf-8") as yaml, open(sys.argv[3], "w", encoding="utf-8") as rules:
        for number in range(count):
            service, field, buffer = KINDS[number % 4]
            word = REAL[number] if number < 4 else "".join(
                draw.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(draw.randint(8, 16)))
            yaml.write("---\ntitle: bench %d\nid: %s\nlevel: low\nlogsource: {product: shrike, service: %s}\n"
                       "detection:\n  a:\n    %s|contains: '%s'\n  condition: a\nshrike: {sid: %d}\n" % (
                           number, uuid.UUID(int=number + (4 << 76) + (8 << 60)), service, field, word, number + 1))
            rules.write('alert %s any any -> any any (msg:"bench %d"; %s; content:"%s"; nocase; sid:%d; rev:1;)\n' % (
                service, number, buffer, word, number + 1))


if __name__ == "__main__":
    main()
