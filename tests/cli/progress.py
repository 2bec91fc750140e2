#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The progress bar on terminals of several widths: no line is wider than they are, a narrow one leaves parts out, and
with TERM=dumb there is none. A pipe is fed until the bar stands there, so that the speed of the machine decides nothing.

usage: tests/cli/progress.py SHRIKE CAPTURE
"""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import time

DEADLINE = 120


def run(shrike, capture, columns, term):
    """What the run says on its terminal."""
    with open(capture, "rb") as file:
        header = file.read(24)
        record = file.read(16)
        record += file.read(struct.unpack("<I", record[8:12])[0])
    main, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([shrike, "replay", "--eve", "/dev/null", capture, "-"], stdin=subprocess.PIPE,
                               stderr=end, env=dict(os.environ, TERM=term))
    os.close(end)
    said = []

    def listen():
        try:
            while True:
                said.append(os.read(main, 65536))
        except OSError:  # the other end is closed
            pass

    listener = threading.Thread(target=listen)
    listener.start()
    began = time.monotonic()
    process.stdin.write(header)
    while time.monotonic() - began < (DEADLINE if term != "dumb" else 1):
        process.stdin.write(record)
        process.stdin.flush()
        if b"\r\033[K" in b"".join(said):
            break
        time.sleep(0.02)
    process.stdin.close()
    process.wait()
    listener.join()
    os.close(main)
    return b"".join(said).decode()


def main():
    shrike, capture = sys.argv[1:]
    wrong = 0
    for columns in (200, 80, 40, 12, 7):
        bars = re.findall(r"\r\033\[K([^\r\n]*)", run(shrike, capture, columns, "xterm"))
        bars = [bar for bar in bars if not bar.startswith("shrike")]
        widest = max(map(len, bars), default=0)
        wanted = {200: "[####", 80: " alerts", 40: "100 %", 12: "100 %", 7: "100 %"}[columns]
        if widest >= columns or not any(wanted in bar for bar in bars):
            print("%d columns: %r" % (columns, bars[:3]), file=sys.stderr)
            wrong += 1
    if "\033" in run(shrike, capture, 80, "dumb"):
        print("TERM=dumb: an escape code", file=sys.stderr)
        wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
