#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A capture made from Suricata rules: for each rule with contents a flow that ought to satisfy it, as far as its
contents tell (expressions are not solved), and a second one with all letters in the other case. Two engines with the
same rules have to agree on both. A rule that waits for flowbits has in its flow, ahead of its own bytes, those of
rules that set them. With --cut what a side says comes in two segments, cut in the middle.
usage: rule_traffic.py [--cut] RULES OUT.pcap"""
import re
import struct
import sys

OPTION = re.compile(rb'((?:\\.|[^;\\])+);')
STICKY = {b"http_" + name: b"http." + name for name in
          (b"accept", b"accept_enc", b"accept_lang", b"connection", b"content_len", b"content_type", b"header_names",
           b"protocol", b"referer", b"request_line", b"response_line", b"start")}
STICKY.update({b"file_data": b"file.data", b"dns_query": b"dns.query", b"tls_sni": b"tls.sni"})
MODIFIERS = {b"http_uri": b"http.uri", b"http_raw_uri": b"http.uri.raw", b"http_method": b"http.method",
             b"http_header": b"http.header", b"http_raw_header": b"http.header.raw", b"http_cookie": b"http.cookie",
             b"http_client_body": b"http.request_body", b"http_server_body": b"http.response_body",
             b"http_stat_code": b"http.stat_code", b"http_stat_msg": b"http.stat_msg", b"http_host": b"http.host",
             b"http_user_agent": b"http.user_agent", b"http_raw_host": b"http.host.raw"}
HEADERS = [(b"http.user_agent", b"User-Agent"), (b"http.referer", b"Referer"), (b"http.accept", b"Accept"),
           (b"http.accept_lang", b"Accept-Language"), (b"http.accept_enc", b"Accept-Encoding"),
           (b"http.connection", b"Connection"), (b"http.content_type", b"Content-Type"), (b"http.cookie", b"Cookie")]
ANSWER_HEADERS = [(b"http.server", b"Server"), (b"http.location", b"Location"), (b"http.content_type", b"Content-Type"),
                  (b"http.cookie", b"Set-Cookie")]


def content_bytes(value):
    value = value.strip().strip(b'"')
    out = b""
    for index, part in enumerate(value.split(b"|")):
        out += bytes.fromhex(part.decode()) if index % 2 else re.sub(rb'\\(.)', rb'\1', part)
    return out


class Buffer:
    """Bytes put one behind the other, where the contents say."""

    def __init__(self):
        self.bytes, self.last, self.size = b"", 0, None

    def add(self, content, options):
        at = len(self.bytes)
        if "offset" in options:
            at = max(at, options["offset"]) if not options.get("depth") else options["offset"]
        if "distance" in options or "within" in options:
            at = max(0, self.last + options.get("distance", 0))
        elif options.get("start") or ("depth" in options and "offset" not in options):
            at = 0
        self.bytes = self.bytes.ljust(at, b"A")
        self.bytes = self.bytes[:at] + content + self.bytes[at + len(content):]
        self.last = at + len(content)

    def done(self):
        return self.bytes if self.size is None else self.bytes.ljust(self.size, b"A")[:max(self.size, 0)]


def number(text):
    try:
        return int(text)
    except ValueError:
        return 0


def parse(line):
    head = re.match(rb'alert\s+(\S+)\s+(\S+)\s+(\S+)\s+(?:->|<>)\s+(\S+)\s+(\S+)\s*\((.*)\)\s*$', line)
    if not head:
        return None
    options = [tuple(part.strip() for part in option.strip().partition(b":")[::2]) for option in OPTION.findall(head[6])]
    buffers, current, contents = {}, b"payload", []
    rule = {"protocol": head[1].decode(), "source_port": head[3], "port": head[5], "down": False, "dot": False,
            "sets": set(), "waits": set()}
    for name, value in options:
        if name in STICKY or name.startswith((b"http.", b"dns.", b"tls.", b"file.", b"ja3")):
            current = STICKY.get(name, name)
        elif name == b"pkt_data":
            current = b"payload"
        elif name in MODIFIERS and contents:
            contents[-1][0] = MODIFIERS[name]
        elif name == b"content" and not value.startswith(b"!"):
            contents.append([current, content_bytes(value), {}])
        elif name == b"content":
            contents.append([None, b"", {}])
        elif name == b"uricontent":
            contents.append([b"http.uri", content_bytes(value), {}])
        elif name == b"flow":
            rule["down"] = b"to_client" in value or b"from_server" in value
        elif name in (b"offset", b"depth", b"distance", b"within") and contents:
            contents[-1][2][name.decode()] = number(value)
        elif name == b"flowbits":
            verb, _, bits = value.partition(b",")
            kept = {b"set": rule["sets"], b"isset": rule["waits"]}.get(verb.strip(), set())
            kept.update({bits.strip()} if verb.strip() == b"set" else {bits.split(b"|")[0].strip()})
        elif name == b"startswith" and contents:
            contents[-1][2]["start"] = True
        elif name == b"dotprefix":
            rule["dot"] = True
        elif name in (b"bsize", b"dsize", b"urilen"):
            key = {b"dsize": b"payload", b"urilen": b"http.uri"}.get(name, current)
            size = re.match(rb'([<>=]*)(\d+)(<>)?', value)
            buffers.setdefault(key, Buffer()).size = int(size[2]) + (b">" in size[1] or bool(size[3])) - (b"<" in size[1])
    for key, content, place in contents:
        if key is not None:
            buffers.setdefault(key, Buffer()).add(content, place)
    rule["buffers"] = {key: buffer.done() for key, buffer in buffers.items()}
    return rule


def swapped(rule):
    keep = (b"http.method",)
    other = dict(rule)
    other["buffers"] = {key: value if key in keep else value.swapcase() for key, value in rule["buffers"].items()}
    return other


def port_of(text, usual):
    found = re.search(rb'(?<![!\d.])(\d+)', text)
    return int(found[1]) if found and not text.startswith(b"!") else usual


def header_lines(buffers, headers):
    lines, names = [], buffers.get(b"http.header_names", b"").strip(b"\r\n").split(b"\r\n")
    known = {name.lower(): buffers.get(key) for key, name in headers}
    used = set()
    for name in [name for name in names if name and b" " not in name and b":" not in name]:
        value = known.get(name.lower())
        used.add(name.lower())
        lines.append(name + b": " + (value if value else b"x"))
    for key, name in headers:
        if buffers.get(key) and name.lower() not in used:
            lines.append(name + b": " + buffers[key])
    extra = buffers.get(b"http.header", b"") + buffers.get(b"http.header.raw", b"")
    for line in extra.split(b"\r\n"):
        if line:
            lines.append(line if b":" in line else b"X-Filler: " + line)
    return lines


def http(rule):
    buffers = rule["buffers"]
    body = buffers.get(b"http.request_body", b"") if not rule["down"] else b""
    uri = buffers.get(b"http.uri.raw") or buffers.get(b"http.uri") or b"/"
    line = buffers.get(b"http.request_line") or b" ".join(
        [buffers.get(b"http.method") or (b"POST" if body else b"GET"), uri if uri[:1] in b"/h" else b"/" + uri,
         b"HTTP/1.1"])
    if b" HTTP/" not in line:
        line = line.rstrip(b" ") + (b" HTTP/1.1" if line.count(b" ") > 0 and len(line.split(b" ")) > 1 else b" / HTTP/1.1")
    if not rule["down"]:
        body = body or buffers.get(b"file.data", b"")
        lines = header_lines(buffers, HEADERS)
    else:
        lines = []
    if not any(one.lower().startswith(b"host:") for one in lines):
        lines.insert(0, b"Host: " + (buffers.get(b"http.host") or buffers.get(b"http.host.raw") or b"example.org").rstrip(b"."))
    else:
        lines = [b"Host: " + (buffers.get(b"http.host") or b"example.org") if one.lower().startswith(b"host: x") else one
                 for one in lines]
    lines = [one for one in lines if not one.lower().startswith(b"content-length:")]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    request = b"\r\n".join([line, *lines, b"", b""]) + body
    if not rule["down"]:
        return request, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    body = buffers.get(b"file.data") or buffers.get(b"http.response_body") or b"ok"
    lines = header_lines(buffers, ANSWER_HEADERS)
    lines = [one for one in lines if not one.lower().startswith((b"content-length:", b"transfer-encoding", b"content-encoding"))]
    status = buffers.get(b"http.stat_code", b"200")
    first = buffers.get(b"http.response_line") or b"HTTP/1.1 " + status + b" " + buffers.get(b"http.stat_msg", b"OK")
    return request, b"\r\n".join([first, *lines, b"Content-Length: %d" % len(body), b"", b""]) + body


def dns(rule):
    name = rule["buffers"].get(b"dns.query", b"")
    if rule["dot"]:
        name = b"x" + name if name.startswith(b".") else b"x." + name
    labels = [label[:63] for label in name.strip(b".").split(b".") if label]
    if not labels or sum(map(len, labels)) > 240:
        return None
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0" + struct.pack("!HH", 1, 1)
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + question


def tls(rule):
    name = rule["buffers"].get(b"tls.sni", b"")
    if rule["dot"]:
        name = b"x" + name
    name = name.rstrip(b".")
    if not name or len(name) > 250:
        return None
    extension = struct.pack("!HHHBH", 0, len(name) + 5, len(name) + 3, 0, len(name)) + name
    hello = b"\x03\x03" + bytes(32) + b"\0" + struct.pack("!HH", 2, 0xc02f) + b"\1\0" + struct.pack("!H", len(extension)) + extension
    message = b"\1" + len(hello).to_bytes(3, "big") + hello
    server = b"\x03\x03" + bytes(32) + b"\0" + struct.pack("!H", 0xc02f) + b"\0"
    answer = b"\2" + len(server).to_bytes(3, "big") + server
    return (b"\x16\x03\x01" + struct.pack("!H", len(message)) + message, b"\x16\x03\x03" + struct.pack("!H", len(answer)) + answer)


class Capture:
    def __init__(self, out, is_cut=False):
        self.out, self.time_us, self.flows, self.is_cut = out, 1_700_000_000_000_000, 0, is_cut
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))

    def write(self, protocol, ends, data):
        self.time_us += 200
        (source, source_port), (target, target_port) = ends
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 0, 0x4000, 64, protocol, 0, source, target)
        frame = b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" + ip + data
        self.out.write(struct.pack("<IIII", self.time_us // 1_000_000, self.time_us % 1_000_000, len(frame), len(frame)) + frame)

    def ends(self, client_port, server_port):
        self.flows += 1
        number = self.flows
        return ((struct.pack("!I", 0x0a000000 + number), client_port or 1024 + number % 60000),
                (struct.pack("!I", 0x14000000 + number), server_port))

    def udp(self, client_port, server_port, exchanges):
        ends = self.ends(client_port, server_port)
        for pair, data in ((pair, data) for both in exchanges for pair, data in zip((ends, ends[::-1]), both)):
            if data is not None:
                self.write(17, pair, struct.pack("!HHHH", pair[0][1], pair[1][1], 8 + len(data), 0) + data)

    def tcp(self, client_port, server_port, exchanges):
        ends = self.ends(client_port, server_port)
        seq = [100, 900]

        def send(side, flags, data=b""):
            pair = ends if side == 0 else ends[::-1]
            head = struct.pack("!HHIIBBHHH", pair[0][1], pair[1][1], seq[side], seq[1 - side] if flags != 2 else 0, 0x50, flags,
                               65535, 0, 0)
            self.write(6, pair, head + data)
            seq[side] += len(data) + (flags & 3 != 0)
        send(0, 2)
        send(1, 0x12)
        send(0, 0x10)
        for side, data in (pair for both in exchanges for pair in enumerate(both)):
            step = max(1, min(1400, (len(data) + 1) // 2)) if self.is_cut else 1400
            for at in range(0, len(data), step):
                send(side, 0x18, data[at:at + step])
                send(1 - side, 0x10)
        send(0, 0x11)
        send(1, 0x11)
        send(0, 0x10)


def exchange(rule):
    """Transport, client's and server's port (0: any), what each side says; None when the rule has no traffic."""
    buffers = rule["buffers"]
    fixed = port_of(rule["source_port"], 0)
    protocol = rule["protocol"]
    if protocol == "http" and set(buffers) == {b"payload"}:  # somewhere in the stream: a body is as good a place as any
        buffers = {b"file.data" if rule["down"] else b"http.request_body": buffers[b"payload"]}
        rule = dict(rule, buffers=buffers)
    if any(key.startswith((b"http.", b"file.")) for key in buffers):
        client, server = (port_of(rule["port"], 0), fixed or 80) if rule["down"] else (fixed, port_of(rule["port"], 80))
        return "tcp", client, server, http(rule)
    if b"dns.query" in buffers:
        query = dns(rule)
        return query and ("udp", fixed, port_of(rule["port"], 53), (query, None))
    if b"tls.sni" in buffers:
        hello = tls(rule)
        return hello and ("tcp", fixed, port_of(rule["port"], 443), hello)
    if protocol == "dns" and b"payload" in buffers and 12 < len(buffers[b"payload"]) < 1400:
        question = struct.pack("!HHHHHH", 7, 0x8180, 1, 0, 0, 0) + b"\1a\0" + struct.pack("!HH", 16, 1)
        both = question[:2] + b"\1\0" + question[4:], question + buffers[b"payload"]
        return "udp", fixed, port_of(rule["port"], 53), both
    if b"payload" not in buffers or len(buffers[b"payload"]) >= 9000:
        return None
    payload, filler = buffers[b"payload"], b"hello there\n"
    if protocol in ("tcp", "tcp-pkt"):
        return (("tcp", port_of(rule["port"], 0), fixed or 4444, (filler, payload)) if rule["down"] else
                ("tcp", fixed, port_of(rule["port"], 4444), (payload, filler)))
    if protocol == "udp":
        return (("udp", port_of(rule["port"], 4444), fixed or 4444, (filler, payload)) if rule["down"] else
                ("udp", fixed, port_of(rule["port"], 4444), (payload, None)))
    return None


def add(capture, rule, before):
    """The rule's flow; `before` are exchanges that go ahead in it, by their transport."""
    found = exchange(rule)
    if found:
        transport, client, server, both = found
        write = capture.tcp if transport == "tcp" else capture.udp
        write(client, server, [*[one[3] for one in before if one[0] == transport], both])


def setters(rules):
    """{bit: the exchanges of rules that set it and wait for none}"""
    found = {}
    for rule in rules:
        one = exchange(rule) if rule["sets"] and not rule["waits"] else None
        for bit in rule["sets"] if one else ():
            found.setdefault(bit, []).append(one)
    return found


def ahead(rule, setting):
    """For each bit that the rule waits for what sets it, from a rule of the same ports where there is one."""
    own = exchange(rule)
    chosen = []
    for bit in sorted(rule["waits"]):
        fitting = [one for one in setting.get(bit, []) if own and one[0] == own[0]]
        chosen += sorted(fitting, key=lambda one: one[2] != own[2])[:1]
    return chosen


def main():
    is_cut = sys.argv[1] == "--cut"
    source, target = sys.argv[1 + is_cut:]
    with open(source, "rb") as file, open(target, "wb") as out:
        capture = Capture(out, is_cut)
        rules = [rule for rule in map(parse, map(bytes.strip, file)) if rule and rule["buffers"]]
        setting = setters(rules)
        for rule in rules:
            before = ahead(rule, setting)
            add(capture, rule, before)
            add(capture, swapped(rule), before)
        print(f"{capture.flows} flows")


if __name__ == "__main__":
    main()
