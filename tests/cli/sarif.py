#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Is a file SARIF 2.1.0? What the schema of OASIS requires of the members that we write, by jsonschema.

usage: tests/cli/sarif.py FILE
"""
import json
import sys

import jsonschema

MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
REGION = {"type": "object", "properties": {"startLine": {"type": "integer", "minimum": 1},
                                           "startColumn": {"type": "integer", "minimum": 1}},
          "additionalProperties": False}
LOCATION = {
    "type": "object", "additionalProperties": False, "required": ["physicalLocation"],
    "properties": {"physicalLocation": {
        "type": "object", "additionalProperties": False, "required": ["artifactLocation"],
        "properties": {"artifactLocation": {
            "type": "object", "required": ["uri"], "additionalProperties": False,
            "properties": {"uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~/%:-]+$"}}}, "region": REGION}}}}
RESULT = {
    "type": "object", "required": ["message", "ruleId", "ruleIndex", "level"], "additionalProperties": False,
    "properties": {"ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": 0}, "level": LEVEL,
                   "message": MESSAGE, "locations": {"type": "array", "items": LOCATION},
                   "properties": {"type": "object"}}}
RULE = {
    "type": "object", "required": ["id", "shortDescription"], "additionalProperties": False,
    "properties": {"id": {"type": "string"}, "shortDescription": MESSAGE,
                   "defaultConfiguration": {"type": "object", "properties": {"level": LEVEL}}}}
DRIVER = {
    "type": "object", "required": ["name", "rules"], "additionalProperties": False,
    "properties": {"name": {"type": "string"}, "version": {"type": "string"},
                   "rules": {"type": "array", "items": RULE, "uniqueItems": True}}}
RUN = {
    "type": "object", "required": ["tool", "results"], "additionalProperties": False,
    "properties": {"tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
                   "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                   "results": {"type": "array", "items": RESULT}}}
SARIF = {
    "type": "object", "required": ["version", "runs"], "additionalProperties": False,
    "properties": {"$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"},
                   "runs": {"type": "array", "items": RUN, "minItems": 1}}}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        log = json.load(file)
    jsonschema.validate(log, SARIF)
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"], result


if __name__ == "__main__":
    main()
