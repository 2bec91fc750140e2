#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`shrike schema` against rule files: it is a schema, all that it refers to is there, it accepts each document of the
files, and refuses those that were made wrong in one place.

usage: tests/cli/rule_schema.py SCHEMA FILE...
"""
import copy
import json
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """Dates stay text, as shrike reads them."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def references(node):
    if isinstance(node, dict):
        if "$ref" in node and isinstance(node["$ref"], str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def spoilt(document):
    """(what was done, the document) for each thing that must be refused."""
    for name, selection in document.get("detection", {}).items():
        if isinstance(selection, dict):
            for key in selection:
                wrong = copy.deepcopy(document)
                wrong["detection"][name]["x" + key] = wrong["detection"][name].pop(key)
                yield "a misspelt field x%s" % key, wrong
                wrong = copy.deepcopy(document)
                wrong["detection"][name][key + "|contians"] = "x"
                yield "a misspelt modifier of %s" % key, wrong
    if "shrike" in document:
        yield "a misspelt key of shrike", dict(document, shrike=dict(document["shrike"], prots=[80]))
    if "detection" in document:
        yield "no log source", {key: value for key, value in document.items() if key != "logsource"}
        yield "a misspelt level", dict(document, level="hihg")
    if "filter" in document:
        yield "a filter of no rules", dict(document, filter={k: v for k, v in document["filter"].items() if k != "rules"})
    if "correlation" in document:
        yield "a misspelt type", dict(document, correlation=dict(document["correlation"], type="event_cuont"))
        yield "a span of no unit", dict(document, correlation=dict(document["correlation"], timespan="10"))
    if "list" in document:
        yield "a misspelt type", dict(document, type="domian")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    faults = [ref for ref in references(schema) if ref.replace("#/$defs/", "") not in schema["$defs"]]
    documents = refused = 0
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            for document in yaml.load_all(file, Loader):
                documents += 1
                errors = sorted(validator.iter_errors(document), key=lambda error: error.json_path)
                faults += ["%s: %s: %s" % (path, document.get("title"), error.message[:200]) for error in errors]
                for what, wrong in spoilt(document):
                    refused += 1
                    if validator.is_valid(wrong):
                        faults.append("%s: %s: accepts %s" % (path, document.get("title"), what))
    print("\n".join(faults) if faults else "%d documents fit, %d spoilt ones do not" % (documents, refused))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
