#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks EVE lines against a JSON schema. usage: schema.py SCHEMA EVE-FILE"""
import json
import sys

import jsonschema


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    wrong = 0
    # RFC 5280's "no end" is the year 9999, which Suricata writes too and its schema forgot.
    date = schema.get("$defs", {}).get("tls_date", {})
    if "pattern" in date:
        date["pattern"] = date["pattern"].replace("[1-2]", "[1-9]")
    validator = jsonschema.Draft202012Validator(schema)
    with open(sys.argv[2], encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            for error in validator.iter_errors(json.loads(line)):
                wrong += 1
                if wrong <= 10:
                    print("line %d: %s: %s" % (number, list(error.absolute_path), error.message[:200]),
                          file=sys.stderr)
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
