#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What shrike says of captures against what tshark says, field by field, with Suricata as second witness.

usage: tests/oracle/compare.py --shrike build/shrike [--jobs N] [--sample K] CAPTURE...

For each capture:
  packets   frames read                                   (capinfos, or tshark where capinfos cannot)
  layers    TCP, UDP, ICMP, ICMPv6 and SCTP headers at any depth
  http      set of (host, uri, user agent), of status codes, and of pairs (target, status): which answer is whose
  dns       set of (name, type) of all questions, and set of (name, answers) of responses
  tls       set of (sni, version offered, ja3), and of the servers' ja3s

What every way of asking tshark shows must be there. What none of them shows must not, unless Suricata, where it
is installed, shows it too.

Known differences stand in tests/oracle/known.tsv: capture, what, reason. A difference that is not there
is a failure, and so is a known difference that no longer exists. Ends with "N passed, N failed, N skipped".
"""
import argparse
import codecs
import collections
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
LAYERS = {"tcp": "tcp", "udp": "udp", "icmp": "icmpv4", "icmpv6": "icmpv6", "sctp": "sctp"}


def run(command, timeout=600):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=timeout).stdout


# ---- tshark ------------------------------------------------------------------------------------------

def tshark_layers(path):
    """Transport headers in all frames. Headers quoted inside an ICMP error or sampled by sFlow do not count."""
    counts = collections.Counter()
    frames = 0
    for line in run(["tshark", "-r", path, "-n", "-T", "fields", "-e", "frame.protocols"]).decode().splitlines():
        frames += 1
        names = line.split(":")
        for stop in ("icmp", "icmpv6", "sflow"):
            if stop in names:
                names = names[:names.index(stop) + 1]
        for layer, name in LAYERS.items():
            counts[name] += names.count(layer)
    return frames, counts


def capinfos_packets(path, frames):
    """What capinfos counts; `frames`, what tshark read, where capinfos gives a broken file up."""
    words = run(["capinfos", "-M", "-T", "-r", "-c", path]).decode().split()
    return int(words[-1]) if words else frames


def attribute(field):
    return field.get("show", "")


def raw(field):
    """The bytes of a field as latin-1 text; tshark's own text replaces what is not printable."""
    value = field.get("value")
    return bytes.fromhex(value).decode("latin-1") if value else attribute(field)


def first(proto, name):
    field = proto.find(".//field[@name='%s']" % name)
    return field


def text_of(proto, name):
    field = first(proto, name)
    return None if field is None else raw(field)


def request_target(proto):
    """The target. Behind two spaces tshark finds none; Suricata and shrike skip them."""
    target = text_of(proto, "http.request.uri")
    if target == "":
        for field in proto.iterfind(".//field[@name='']"):
            words = raw(field).split()
            if first(field, "http.request.uri") is not None and len(words) > 2:
                return words[1]
    return target


def authority(uri):
    """Whom a CONNECT names, where no Host header does (RFC 9112, 3.2.3)."""
    found = re.match(r"[^/ ]+:[0-9]+(?= |$)", uri)
    return found.group() if found else ""


def http_of(proto, result):
    uri = request_target(proto)
    if uri is not None:
        named = re.match(r"[a-zA-Z]+://([^/?#]+)", uri)  # the target goes before the header (RFC 9112, 3.2.2)
        host = named.group(1) if named else authority(uri) or value_of(text_of(proto, "http.host") or "")
        result["http"].add((host_of(host), uri, value_of(text_of(proto, "http.user_agent") or "")))
    code = text_of(proto, "http.response.code")
    if code is not None and code.isdigit() and not 100 <= int(code) < 200:  # interim responses are no answers
        result["status"].add(int(code))
        asked = text_of(proto, "http.response_for.uri")
        if asked and not authority(asked):  # CONNECT has no path to compare
            result["pairs"].add((target_path(asked), int(code)))


def target_path(uri):
    """Without scheme and host: tshark puts them in front, by a header that may be missing. Up to the first byte
    that tshark's text may show otherwise."""
    path = re.sub(r"^[a-zA-Z]+://[^/?#]*", "", uri)
    return re.match(r"[!-~]*", path).group()


def value_of(line):
    """tshark's bytes of a header field are the whole line: its value."""
    return re.sub(r"^[A-Za-z-]+:", "", line).strip()


def host_of(header):
    """Host header without the port, in lower case, as shrike gives it."""
    host = header.lower()
    if host.startswith("["):
        return host[1:host.index("]")] if "]" in host else host
    return host.rsplit(":", 1)[0] if host.count(":") == 1 else host


def dns_of(proto, result):
    names = proto.findall(".//field[@name='dns.qry.name']")
    types = proto.findall(".//field[@name='dns.qry.type']")
    if not names or not types:
        return
    is_answer = any(attribute(f) in ("1", "True") for f in proto.iterfind(".//field[@name='dns.flags.response']"))
    for index, kind in list(zip(names, types))[:1 if is_answer else None]:  # an answer repeats what was asked
        name = plain(attribute(index).lower())
        if "<unknown extended label>" not in name:  # it could not read the name either
            result["dns"].add(("" if name == "<root>" else name, int(kind.get("show"), 0)))
    name = plain(attribute(names[0]).lower())
    answers = set()
    for part in proto.findall(".//field[@show='Answers']"):
        for field in ("dns.a", "dns.aaaa"):
            answers |= {attribute(f) for f in part.iterfind(".//field[@name='%s']" % field)}
        for field in ("dns.cname", "dns.ns", "dns.ptr.domain_name"):
            answers |= {answer_name(attribute(f)) for f in part.iterfind(".//field[@name='%s']" % field)}
    if any("<" in answer for answer in answers):  # it could not read a name
        result["dns_unread"].add(name)
    elif is_answer and answers and "<unknown extended label>" not in name:
        result["dns_answers"].add(("" if name == "<root>" else name, frozenset(answers)))


def answer_name(text):
    name = plain(text.lower())
    return "" if name == "<root>" else name


def ja3_hash(text):
    """tshark leaves fields out where a hello has no extensions; JA3's authors leave them empty."""
    return hashlib.md5((text + "," * (4 - text.count(","))).encode()).hexdigest()


def tls_of(proto, result):
    for record in proto.iterfind(".//field[@name='tls.handshake']"):
        kind = first(record, "tls.handshake.type")
        ja3s = first(record, "tls.handshake.ja3s")
        if ja3s is not None and is_hello(record):
            result["ja3s"].add(attribute(ja3s))
        if kind is None or attribute(kind) != "1":
            continue
        sni = text_of(record, "tls.handshake.extensions_server_name") or ""
        ja3 = first(record, "tls.handshake.ja3_full")
        version = first(record, "tls.handshake.version")
        result["tls"].add((sni.lower(), int(attribute(version), 0) if version is not None else 0,
                           ja3_hash(attribute(ja3)) if ja3 is not None else ""))


RETRY = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"


def is_hello(record):
    """A ServerHello that is no HelloRetryRequest, of which shrike does not tell (RFC 8446, 4.1.3)."""
    random = first(record, "tls.handshake.random")
    return random is None or attribute(random).replace(":", "") != RETRY


NO_XML = {c: None for c in range(0x20) if chr(c) not in "\t\n\r"}


def elements(stream):
    """Finished elements of PDML, without what tshark writes and XML does not allow."""
    parser = ElementTree.XMLPullParser(("end",))
    text = codecs.getreader("utf-8")(stream, errors="replace")
    while chunk := text.read(1 << 16):
        parser.feed(chunk.translate(NO_XML))
        for _, element in parser.read_events():
            yield element


# Protocols with TLS's handshake inside, which is no TLS over TCP.
CARRIERS = ("quic", "gquic", "dtls", "openvpn")

# tshark's own defaults wait for whole bodies, look at the port first, and take segments as they come; its
# second pass loses what goes through CONNECT. What it says depends on that; what it says in any of these ways
# is what it knows.
MODES = [
    ["-2"],
    ["-2", "-o", "http.desegment_body:FALSE"],
    ["-2", "-o", "http.desegment_body:FALSE", "-o", "http.desegment_headers:FALSE"],
    ["-2", "-o", "tcp.reassemble_out_of_order:TRUE"],
    ["-2", "-o", "tcp.try_heuristic_first:TRUE", "-o", "udp.try_heuristic_first:TRUE"],
    [],
]


def tshark_events(path, mode):
    result = collections.defaultdict(set)
    command = ["tshark", "-r", path, "-n"] + mode + ["-Y", "http or dns or tls or mdns or llmnr",
               "-T", "pdml", "-J", "http dns tls mdns llmnr icmp icmpv6 sflow " + " ".join(CARRIERS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        for packet in elements(process.stdout):
            if packet.tag != "packet":
                continue
            is_carried = any(proto.get("name") in CARRIERS for proto in packet.iterfind("proto"))
            for proto in packet.iterfind("proto"):
                name = proto.get("name")
                if name in ("icmp", "icmpv6", "sflow"):  # what an error quotes is no traffic
                    break
                if is_carried and name == "tls":
                    continue
                if name == "http":
                    http_of(proto, result)
                elif name in ("dns", "mdns", "llmnr"):
                    dns_of(proto, result)
                elif name == "tls":
                    tls_of(proto, result)
            packet.clear()
    except ElementTree.ParseError:
        pass
    process.stdout.close()
    process.wait()
    result["dns_answers"] = {item for item in result["dns_answers"] if item[0] not in result["dns_unread"]}
    return result


# ---- shrike and Suricata: EVE ------------------------------------------------------------------------

def eve_events(lines, result):
    """Adds what EVE lines tell; returns the counters of the decoder."""
    stats = {}
    for line in lines:
        event = json.loads(line)
        kind = event["event_type"]
        if kind == "stats":
            stats = event["stats"]["decoder"]
        for what, item in {"http": http_items, "dns": dns_items, "tls": tls_items}.get(kind, no_items)(event):
            result[what].add(item)
            result["ports"][what, item].add((event["proto"], event["dest_port"]))
    return stats


def empty_result():
    result = collections.defaultdict(set)
    result["ports"] = collections.defaultdict(set)
    return result


def shrike_events(shrike, path):
    result = empty_result()
    process = subprocess.run([shrike, "replay", "-q", "--eve", "-", "--log", "http,dns,tls", path],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
    if process.returncode not in (0, 3):
        result["crash"].add((process.returncode, process.stderr.decode("latin-1")[-300:]))
    return result, eve_events(process.stdout.splitlines(), result)


SURICATA = """%YAML 1.1
---
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [http: {extended: yes}, dns, tls: {extended: yes}]}
app-layer: {protocols: {tls: {enabled: yes, ja3-fingerprints: yes}, http: {enabled: yes}, dns: {tcp: {enabled: yes}, udp: {enabled: yes}}}}
flow: {memcap: 64mb, hash-size: 4096, prealloc: 100}
stream: {prealloc-sessions: 32, memcap: 64mb, midstream: true, reassembly: {memcap: 128mb, depth: 0}}
max-pending-packets: 64
"""


def suricata_events(path):
    """What Suricata says; nothing where it is not installed, or cannot read the capture."""
    result = empty_result()
    if shutil.which("suricata") is None:
        return result
    with tempfile.TemporaryDirectory() as folder:
        configuration = os.path.join(folder, "suricata.yaml")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(SURICATA)
        try:
            subprocess.run(["suricata", "-c", configuration, "-r", path, "-l", folder, "-S", "/dev/null", "-k", "none",
                            "--runmode", "single"], check=False, timeout=30, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            with open(os.path.join(folder, "eve.json"), encoding="utf-8") as file:
                eve_events(file, result)
        except (FileNotFoundError, subprocess.TimeoutExpired):
            pass
    return result


def no_items(_):
    return ()


def http_items(event):
    record = event["http"]
    if "url" in record:
        yield "http", (record.get("hostname", ""), record["url"], record.get("http_user_agent", ""))
    if "status" in record and not 100 <= record["status"] < 200:
        yield "status", record["status"]
        if "url" in record and record.get("http_method") != "CONNECT":
            yield "pairs", (target_path(record["url"]), record["status"])


def tls_items(event):
    record = event["tls"]
    if "ja3" in record:
        yield "tls", (record.get("sni", ""), int(record["ja3"]["string"].split(",")[0]), record["ja3"]["hash"])
    if "ja3s" in record:
        yield "ja3s", record["ja3s"]["hash"]


TYPES = {}


def type_number(name):
    if name.startswith("TYPE"):
        return int(name[4:])
    return TYPES.get(name, name)


def dns_items(event):
    record = event["dns"]
    if "rrtype" not in record:  # a message without a question
        return
    name = plain(octal(record.get("rrname", "").lower()))
    yield "dns", (name, type_number(record.get("rrtype", "")))
    answers = {compress(a["rdata"]) for a in record.get("answers", ()) if a["rrtype"] in ("A", "AAAA") and "rdata" in a}
    if record.get("opcode") == 5:  # the sections of a dynamic update hold no answers (RFC 2136)
        return
    answers |= {plain(octal(a.get("rdata", "").lower())) for a in record.get("answers", ())
                if a["rrtype"] in ("CNAME", "NS", "PTR")}
    if answers:
        yield "dns_answers", (name, frozenset(answers))


def plain(name):
    """Bytes that are no ASCII are told in two ways: only that there were some is compared."""
    return re.sub(r"[^\x00-\x7f]+", "?", name)


def octal(name):
    """tshark writes bytes of a name that are not printable as octal escapes."""
    named = {"\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r"}
    return "".join(c if " " <= c <= "~" or c > "\x7f" else named.get(c, "\\%03o" % ord(c)) for c in name)


def compress(address):
    import ipaddress
    return str(ipaddress.ip_address(address))


# ---- comparing ----------------------------------------------------------------------------------------

EVENTS = ("http", "status", "pairs", "dns", "dns_answers", "tls", "ja3s")


def difference(what, tshark, ours, out):
    if tshark != ours:
        out[what] = {"tshark only": sorted(map(repr, tshark - ours))[:5],
                     "shrike only": sorted(map(repr, ours - tshark))[:5]}


def in_any_mode(what, modes, witness, ours, out):
    """Agrees when all that every mode shows is there, and nothing that neither a mode nor the witness shows."""
    out.pop(what, None)
    missing = set.intersection(*(mode[what] for mode in modes)) - ours
    extra = ours.difference(witness, *(mode[what] for mode in modes))
    if missing or extra:
        out[what] = {"tshark only": sorted(map(repr, missing))[:5], "shrike only": sorted(map(repr, extra))[:5]}


LAYER = {"http": "http", "status": "http", "pairs": "http", "dns": "dns", "dns_answers": "dns", "tls": "tls",
         "ja3s": "tls"}


def ports_of_extras(modes, ours):
    """tshark's options that name the protocol of the ports where only shrike sees one."""
    options = []
    for what in EVENTS:
        for item in ours[what].difference(*(mode[what] for mode in modes)):
            for port in ours["ports"].get((what, item), ()):
                option = "%s.port==%d,%s" % (port[0].lower(), port[1], LAYER[what])
                if option not in options:
                    options += ["-d", option]
    return options[:20] and ["-2"] + options[:20]


def comparable_hellos(path, theirs, ours):
    """Without the second hello after a HelloRetryRequest, as shrike tells of a handshake once, by its first;
    and with shrike's JA3 for a hello that tshark could not read to its end."""
    repeated, seen = set(), set()
    for line in run(["tshark", "-r", path, "-n", "-Y", "tls.handshake.type==1", "-T", "fields", "-e", "tcp.stream",
                     "-e", "tls.handshake.ja3_full"]).decode().splitlines():
        stream, text = line.split("\t")
        if stream in seen:
            repeated.add(ja3_hash(text))
        seen.add(stream)
    unread = {(sni, version) for sni, version, ja3 in theirs if ja3 == ""}
    hellos = {hello for hello in theirs if hello[2] != "" and not (hello[2] in repeated and hello not in ours)}
    return {"tls": hellos | {hello for hello in ours if hello[:2] in unread}}


def compare(shrike, path):
    out = {}
    try:
        ours, stats = shrike_events(shrike, path)
        if ours["crash"]:
            return {"crash": sorted(ours["crash"])}
        frames, layers = tshark_layers(path)
        if frames == 0:  # tshark refuses the file: there is nothing to compare with
            return out
        expected = capinfos_packets(path, frames)
        if stats.get("pkts") != expected:
            out["packets"] = {"capinfos": expected, "shrike": stats.get("pkts")}
        for name in LAYERS.values():
            if stats.get(name, 0) != layers[name]:
                out["layer " + name] = {"tshark": layers[name], "shrike": stats.get(name, 0)}
        modes = [tshark_events(path, MODES[0])]
        ours["dns_answers"] = {item for item in ours["dns_answers"] if item[0] not in modes[0]["dns_unread"]}
        for what in EVENTS:
            difference(what, modes[0][what], ours[what], out)
        if any(what in out for what in EVENTS):
            modes += [tshark_events(path, mode) for mode in MODES[1:]]
            pointed = ports_of_extras(modes, ours)
            if pointed:  # the same bytes, when tshark is told which protocol they are
                told = tshark_events(path, pointed)
                modes.append({what: modes[0][what] | told[what] for what in EVENTS})
            witness = suricata_events(path)
            for what in EVENTS:
                in_any_mode(what, modes, witness[what], ours[what], out)
            if "tls" in out:
                in_any_mode("tls", [comparable_hellos(path, mode["tls"], ours["tls"]) for mode in modes],
                            witness["tls"], ours["tls"], out)
    except subprocess.TimeoutExpired:
        out["timeout"] = True
    except Exception as error:  # a bug of this script must not pass for agreement
        out["error"] = repr(error)
    return out


def load_known():
    known = collections.defaultdict(dict)
    with open(os.path.join(HERE, "known.tsv"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                capture, what, reason = line.rstrip("\n").split("\t")
                known[capture][what] = reason
    return known


def load_types():
    with open(os.path.join(HERE, "dns_types.tsv"), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                name, number = line.split()
                TYPES[name] = int(number)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", default="build/shrike")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--sample", type=int, default=1, help="every K-th capture only")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("captures", nargs="+")
    arguments = parser.parse_args()
    load_types()
    known = load_known()
    captures = arguments.captures[::arguments.sample]
    if shutil.which("suricata") is None:
        print("suricata is not installed: what only it confirms counts as a difference")
    passed = failed = equal = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for path, found in zip(captures, pool.map(lambda p: compare(arguments.shrike, p), captures)):
            name = "/".join(path.split("/")[-2:])
            unexplained = {what: value for what, value in found.items() if what not in known[name]}
            gone = [what for what in known[name] if what not in found]
            equal += not found
            if unexplained or gone:
                failed += 1
                print("FAIL  oracle %s" % name)
                for what, value in unexplained.items():
                    print("        %s: %s" % (what, json.dumps(value)))
                for what in gone:
                    print("        %s: listed as known, but there is no difference" % what)
            else:
                passed += 1
                if arguments.verbose:
                    print("ok    oracle %s" % name)
            sys.stdout.flush()
    print("%d of %d captures without any difference (%.2f %%)" % (equal, len(captures), 100.0 * equal / max(1, len(captures))))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
