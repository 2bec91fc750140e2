#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Traffic that shipped rules must alert on and of which no public capture is known: made up from the published
descriptions that the rules name, so it shows that a rule finds what it describes, and no more.

usage: tests/gen/positives.py OUT.pcap        (tests/pcaps/synthetic-c2.pcap; `make lint` compares it)
"""
import struct
import sys
import zlib

CLIENT = (10, 1, 5, 20)
START_US = 1_760_000_000_000_000


class Capture:
    """Packets of a network with one client; every server has an address of its own."""

    def __init__(self):
        self.records = []
        self.time_us = START_US
        self.conversations = 0

    def add(self, source, target, proto, segment):
        self.time_us += 1500
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), len(self.records) & 0xffff, 0x4000, 64, proto,
                             0, bytes(source), bytes(target))
        checksum = ones_complement(header)
        frame = b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" + header[:10] + struct.pack("!H", checksum) + header[12:] + segment
        self.records.append(struct.pack("<IIII", self.time_us // 1_000_000, self.time_us % 1_000_000, len(frame),
                                        len(frame)) + frame)

    def server(self):
        self.conversations += 1
        self.time_us += 20_000_000
        return (203, 0, 113, self.conversations), 40000 + self.conversations

    def udp(self, payload, port):
        server, source = self.server()
        segment = struct.pack("!HHHH", source, port, 8 + len(payload), 0) + payload
        self.add(CLIENT, server, 17, segment)

    def tcp(self, port, *turns):
        """A connection; turns alternate between client and server, the client begins."""
        server, source = self.server()
        at = [1000, 5000]
        ends = ((CLIENT, source), (server, port))

        def segment(side, flags, payload=b""):
            (me, my_port), (peer, peer_port) = ends[side], ends[1 - side]
            header = struct.pack("!HHIIBBHHH", my_port, peer_port, at[side], at[1 - side] if flags & 16 else 0, 0x50,
                                 flags, 64240, 0, 0)
            pseudo = bytes(me) + bytes(peer) + struct.pack("!BBH", 0, 6, len(header) + len(payload))
            checksum = ones_complement(pseudo + header + payload)
            self.add(me, peer, 6, header[:16] + struct.pack("!H", checksum) + header[18:] + payload)
            at[side] += len(payload) + bool(flags & 3)

        segment(0, 2)
        segment(1, 18)
        segment(0, 16)
        for number, turn in enumerate(turns):
            for begin in range(0, len(turn), 1400):
                segment(number % 2, 24, turn[begin:begin + 1400])
        segment(0, 17)
        segment(1, 17)
        segment(0, 16)

    def http(self, request, body=b"", answer=b"", port=80):
        if body:
            request += "Content-Length: %d\r\n" % len(body)
        self.tcp(port, request.encode() + b"\r\n" + body,
                 b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)

    def get(self, host, path, agent="Mozilla/5.0", *headers):
        self.http("GET %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\nUser-Agent: %s\r\n" % (path, host, agent)
                  + "".join(header + "\r\n" for header in headers))

    def dns(self, name, kind=1):
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
        self.udp(struct.pack("!HHHHHH", zlib.crc32(name.encode()) & 0xffff, 0x100, 1, 0, 0, 0) + labels
                 + struct.pack("!HH", kind, 1), 53)

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            out.write(b"".join(self.records))


def ones_complement(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


# ---- TLS ---------------------------------------------------------------------------------------------------

def record(kind, handshake):
    return b"\x16\x03\x03" + struct.pack("!HB", len(handshake) + 4, kind) + struct.pack("!I", len(handshake))[1:] + handshake


def client_hello(name=None):
    suites = bytes.fromhex("c02fc030c013c014009c009d002f0035")
    extensions = b"\0\x0a\0\x06\0\x04\0\x1d\0\x17" + b"\0\x0b\0\x02\x01\0"
    if name is not None:
        host = name.encode()
        extensions = struct.pack("!HHHBH", 0, len(host) + 5, len(host) + 3, 0, len(host)) + host + extensions
    return record(1, b"\x03\x03" + bytes(range(32)) + b"\0" + struct.pack("!H", len(suites)) + suites + b"\1\0"
                  + struct.pack("!H", len(extensions)) + extensions)


def server_hello(certificate):
    chain = struct.pack("!I", len(certificate))[1:] + certificate
    return (record(2, b"\x03\x03" + bytes(range(32, 64)) + b"\0\xc0\x2f\0\0\0")
            + record(11, struct.pack("!I", len(chain))[1:] + chain) + record(14, b""))


def der(tag, *parts):
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack("!H", len(body))
    return bytes([tag]) + size + body


def distinguished_name(**parts):
    types = {"C": "550406", "ST": "550408", "L": "550407", "O": "55040a", "OU": "55040b", "CN": "550403"}
    return der(0x30, *(der(0x31, der(0x30, der(6, bytes.fromhex(types[key])), der(0x0c, value.encode())))
                       for key, value in parts.items()))


def certificate(serial, subject):
    """Self-signed in form; key and signature are filler."""
    algorithm = der(0x30, der(6, bytes.fromhex("2a864886f70d01010b")), der(5))
    key = der(0x30, der(0x30, der(6, bytes.fromhex("2a864886f70d010101")), der(5)),
              der(3, b"\0" + der(0x30, der(2, b"\0" + b"\xc3" * 128), der(2, b"\1\0\1"))))
    body = der(0x30, der(0xa0, der(2, b"\2")), der(2, serial), algorithm, subject,
               der(0x30, der(0x17, b"250101000000Z"), der(0x17, b"350101000000Z")), subject, key)
    return der(0x30, body, algorithm, der(3, b"\0" + b"\x5a" * 128))


# ---- the traffic --------------------------------------------------------------------------------------------

def malleable(capture):
    capture.get("code.jquery.com", "/jquery-3.3.1.min.js", "Mozilla/5.0", "Cookie: __cfduid=dGhpcyBpcyBub3QgYSBjb29raWU")
    capture.get("www.amazon.com", "/s/ref=nb_sb_noss_1/167-3294888-0262949/field-keywords=books", "Mozilla/5.0",
                "Cookie: skin=noskin;session-token=QUFBQQ==csm-hit=s-24KU11BB82RZSYGJ3BDK|1419899012996")
    capture.get("mail.google.com", "/_/scs/mail-static/_/js/", "Mozilla/5.0", "Cookie: OSID=QUFBQQ==")
    capture.get("ocsp.verisign.com", "/oscp/QUFBQQ==", "Microsoft-CryptoAPI/6.1")
    capture.get("onedrive.live.com", "/preload?manifest=wac", "Mozilla/5.0", "Cookie: E=P:QUFBQQ==:QUFBQQ==")
    capture.get("safebrowsing.clients.google.com", "/safebrowsing/rd/CltOb12nLW1IbHehcmUtd2hUdmFzEBAY7-0KIOkUDC7h2")
    capture.get("www.google-analytics.com", "/__utm.gif?utmac=UA-2202604-2&utmcn=1")
    capture.tcp(443, client_hello(), server_hello(certificate(bytes.fromhex("08bb00ee"), distinguished_name(
        C="US", ST="CA", L="Example", O="Example", OU="Example", CN="example"))))


def implants(capture):
    capture.http("POST /update HTTP/1.1\r\nHost: 203.0.113.200\r\n",
                 bytes.fromhex("0000000100000001000000") + b"0123456789ABCDEF0123456789ABCDEF" + b"\x17" * 40)
    capture.tcp(443, bytes.fromhex("1703040020") + bytes(range(32)), bytes.fromhex("1703040020") + bytes(range(32, 64)))
    capture.http("POST /8A7F3C21 HTTP/1.1\r\nHost: 203.0.113.201\r\nX-Session: 0\r\nX-Status: 0\r\nX-Size: 61456\r\n"
                 "X-Sn: 1\r\n", b"\x91" * 16)
    capture.udp(bytes.fromhex("5a1f33c0") + bytes.fromhex("0000500002000000000400000010000000000000") + b"\0" * 12, 443)
    capture.tcp(8443, client_hello(), server_hello(certificate(b"\x11", distinguished_name(
        C="US", ST="California", L="Los Angeles", O="Los Angeles Police Department", OU="LAPD", CN="LAPD"))))
    for agent in ("Mozilla/5.0 (Windows NT 8.0; WOW64; rv:58.0) Gecko/20120102 Firefox/58.0",
                  "Mozilla/5.0 Chrome/72.0.3626.109 Safari/537.36",
                  "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1;SV1;",
                  "Mozilla/5.0 (Windows; U; Windows NT 5.1; en-US; rv:1.9.2.13) Firefox/3.6.13 GTB7.1"):
        capture.get("203.0.113.202", "/index", agent)


def names(capture):
    capture.dns("api.last-key.com")
    capture.dns("sso.futuremixed.com")
    capture.dns("www.mikrotikupdate.com")
    capture.get("www.flushcdn.com", "/")
    for name in ("api.hostupoeui.com", "www.sophosfwupdate.com", "microsoft-updates.workers.dev", "x1.euw.devtunnels.ms"):
        capture.tcp(443, client_hello(name))
    capture.get("www.quora.com", "/profile/Someone-112")


def main():
    capture = Capture()
    malleable(capture)
    implants(capture)
    names(capture)
    capture.write(sys.argv[1])


if __name__ == "__main__":
    main()
