#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`shrike schema` against rule files: it is a schema, all that it refers to is there, it accepts each document of the
files, and refuses those that were made wrong in one place.

With --judge, of rules good and bad: a document fits the schema, or `shrike check` tells of it; and one in which a key is
unknown to `shrike check` does not fit. In log sources Sigma allows any key, so there only `check` knows a misspelt one.

usage: tests/cli/rule_schema.py SHRIKE FILE...
       tests/cli/rule_schema.py --judge SHRIKE FILE|FOLDER...
"""
import copy
import json
import pathlib
import subprocess
import sys

import jsonschema
import yaml


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Dates stay text, as shrike reads them."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def once(pairs):
    """A map of JSON in which no key stands twice."""
    assert len(dict(pairs)) == len(pairs), "a key twice: %s" % [key for key, _ in pairs]
    return dict(pairs)


def references(node):
    if isinstance(node, dict):
        if "$ref" in node and isinstance(node["$ref"], str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def misspelt(document, *path):
    """For each key of the map at this path: the document with its last two letters turned round, and with one too many."""
    def at(tree):
        for step in path:
            tree = tree[step]
        return tree
    for key in list(at(document)):
        for other in key[:-2] + key[-1] + key[-2], key + "x":
            if other != key and other not in at(document):
                wrong = copy.deepcopy(document)
                at(wrong)[other] = at(wrong).pop(key)
                yield "`%s` for `%s`" % (other, key), wrong


def spoilt_rule(document):
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
        yield from misspelt(document, "shrike")
        for key in "suppress", "marks":
            if key in document["shrike"]:
                yield from misspelt(document, "shrike", key)
        for i in range(len(document["shrike"].get("tests", []))):
            yield from misspelt(document, "shrike", "tests", i)
    if "detection" in document:
        yield "no log source", {key: value for key, value in document.items() if key != "logsource"}
        yield "a misspelt level", dict(document, level="hihg")


def spoilt_list(document):
    yield from misspelt(document)
    yield "a misspelt type", dict(document, type="domian")
    yield "no values", {key: value for key, value in document.items() if key not in ("values", "file")}
    for i, entry in enumerate(document.get("values", [])):
        if isinstance(entry, dict):
            yield from misspelt(document, "values", i)
    if "columns" in document:
        yield from misspelt(document, "columns")


def spoilt(document):
    """(what was done, the document) for each thing that must be refused."""
    yield from spoilt_rule(document)
    if "filter" in document:
        for key in "rules", "condition":
            wrong = {k: v for k, v in document["filter"].items() if k != key}
            yield "a filter without " + key, dict(document, filter=wrong)
    if "correlation" in document:
        yield "a misspelt type", dict(document, correlation=dict(document["correlation"], type="event_cuont"))
        yield "a span of no unit", dict(document, correlation=dict(document["correlation"], timespan="10"))
        if document["correlation"]["type"].startswith(("event_", "value_", "temporal")):  # behaviours have other keys
            yield from misspelt(document, "correlation")
        if "condition" in document["correlation"]:
            yield from misspelt(document, "correlation", "condition")
    if "list" in document:
        yield from spoilt_list(document)


def read_schema(shrike):
    schema = json.loads(subprocess.check_output([shrike, "schema"]), object_pairs_hook=once)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    return validator, ["there is no " + ref for ref in references(schema) if ref.replace("#/$defs/", "") not in schema["$defs"]]


def fit(validator, paths):
    faults, documents, refused = [], 0, 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for document in yaml.load_all(file, Loader):
                documents += 1
                errors = sorted(validator.iter_errors(document), key=lambda error: error.json_path)
                faults += ["%s: %s: %s" % (path, document.get("title"), error.message[:200]) for error in errors]
                for what, wrong in spoilt(document):
                    refused += 1
                    if validator.is_valid(wrong):
                        faults.append("%s: %s: accepts %s" % (path, document.get("title"), what))
    return faults, "%d documents fit, %d spoilt ones do not" % (documents, refused)


def documents_of(path):
    """(first line, last line, document) of each; none of a file that is no YAML for Python, where `check` has to tell."""
    loader = Loader(pathlib.Path(path).read_bytes())
    try:
        while loader.check_node():
            node = loader.get_node()
            yield node.start_mark.line + 1, node.end_mark.line + 1, loader.construct_document(node)
    except (yaml.YAMLError, RecursionError, TypeError):
        yield 1, 10 ** 9, None
    finally:
        loader.dispose()


def judge(validator, shrike, paths):
    faults, documents, refused = [], 0, 0
    check = subprocess.run([shrike, "check", "--format", "json", *paths], capture_output=True, check=False)
    messages = {}
    for message in json.loads(check.stdout)["messages"]:
        messages.setdefault(message["file"], []).append(message)
    files = [file for path in map(pathlib.Path, paths) for file in (sorted(path.rglob("*.yml")) if path.is_dir() else [path])]
    for path in map(str, files):
        for first, last, document in documents_of(path):
            documents += 1
            told = [m for m in messages.get(path, []) if first <= m["line"] <= last and m["severity"] != "note"]
            is_unknown = any(m["id"] == "unknown-key" and not m["text"].startswith("`logsource`") for m in told)
            is_fit = document is not None and validator.is_valid(document)
            refused += not is_fit
            if not is_fit and not told:
                reason = "no YAML for Python" if document is None else next(validator.iter_errors(document)).message[:200]
                faults.append("%s:%d: refused, and check says nothing: %s" % (path, first, reason))
            if is_fit and is_unknown:
                faults.append("%s:%d: accepts a key that check does not know" % (path, first))
    return faults, "%d documents: %d fit, check tells of %d others" % (documents, documents - refused, refused)


def main():
    is_judge = sys.argv[1] == "--judge"
    shrike, *paths = sys.argv[1 + is_judge:]
    validator, faults = read_schema(shrike)
    more, summary = judge(validator, shrike, paths) if is_judge else fit(validator, paths)
    faults += more
    print("\n".join(faults) if faults else summary)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
