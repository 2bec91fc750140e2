# SPDX-License-Identifier: BSD-3-Clause
"""Suricata as one process that is handed capture after capture over its socket, so that the rules are compiled once.

What it wrote about a capture stays in a folder of the cache, under the capture's name and the hash of its bytes, and
under the hash of rules and settings: what is there is not asked again. A process that dies on a capture is started
anew for the next one; the capture then has no answer, which callers have to tell.
"""
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

# Only what is compared is written, and little is left to chance: Suricata draws the sizes in which it looks at streams
# and bodies from a random source unless told otherwise; and whether a datagram whose ports come again after more than
# the time-out belongs to a new flow is a race between its threads. Which flows of a host carry the alert of a rule with a
# threshold still differs from run to run in one capture of 30,000 DNS messages (known_suricata_rules.tsv, 2023883).
CONFIGURATION = """%YAML 1.1
---
include: /etc/suricata/suricata.yaml
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types:
        - alert
        - flow
"""
FIXED = {
    "unix-command.enabled": "yes",
    "stream.reassembly.randomize-chunk-size": "no",
    "app-layer.protocols.http.libhtp.default-config.randomize-inspection-sizes": "no",
    "flow-timeouts.udp.new": "30000",
    "flow-timeouts.udp.established": "30000",
}
PATIENCE_S = 120  # for one capture


def installed():
    return shutil.which("suricata") is not None


def version():
    return subprocess.run(["suricata", "-V"], capture_output=True, text=True).stdout.strip()


class Suricata:
    def __init__(self, rules, settings, cache):
        self.settings = {**FIXED, **settings}
        with open(rules, "rb") as file:
            text = file.read() + json.dumps(self.settings).encode() + CONFIGURATION.encode() + version().encode()
        self.folder = os.path.join(cache, hashlib.sha256(text).hexdigest()[:16])
        self.rules, self.process, self.socket = rules, None, None
        os.makedirs(self.folder, exist_ok=True)

    def start(self):
        path, configuration = os.path.join(self.folder, "socket"), os.path.join(self.folder, "suricata.yaml")
        with open(configuration, "w") as file:
            file.write(CONFIGURATION)
        sets = [word for name, value in self.settings.items() for word in ("--set", f"{name}={value}")]
        self.process = subprocess.Popen(
            ["suricata", "-c", configuration, "-S", self.rules, "--unix-socket=" + path, "-l", self.folder, "-k", "none",
             "--runmode", "single"] + sets, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1800):
            time.sleep(0.2)
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(path)
                self.ask({"version": "0.2"})
                return
            except OSError:
                if self.process.poll() is not None:
                    break
        self.stop()
        sys.exit("Suricata does not start: see " + os.path.join(self.folder, "suricata.log"))

    def ask(self, question):
        self.socket.sendall((json.dumps(question) + "\n").encode())
        answer = b""
        while not answer.endswith(b"\n"):
            part = self.socket.recv(65536)
            if not part:
                raise OSError("Suricata closed its socket")
            answer += part
        return json.loads(answer).get("message")

    def run(self, capture, folder):
        """False when the process died or took too long."""
        if self.process is None:
            self.start()
        try:
            self.ask({"command": "pcap-file", "arguments": {"filename": os.path.abspath(capture), "output-dir": folder}})
            end = time.monotonic() + PATIENCE_S
            while self.ask({"command": "pcap-file-number"}) != 0 or self.ask({"command": "pcap-current"}) != "None":
                if time.monotonic() > end:
                    raise OSError("too slow")
                time.sleep(0.005)
            return True
        except OSError:
            self.process.kill()
            self.stop()
            return False

    def answer(self, capture):
        """The path of eve.json, or None where Suricata gave up."""
        with open(capture, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()[:12]
        folder = os.path.join(self.folder, os.path.basename(capture) + "-" + digest)
        state = os.path.join(folder, "state")
        if not os.path.exists(state):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            is_whole = self.run(capture, folder)
            with open(state, "w") as file:
                file.write("done" if is_whole else "died")
        with open(state) as file:
            return os.path.join(folder, "eve.json") if file.read() == "done" else None

    def refused(self):
        """The sids that Suricata itself does not load."""
        with open(os.path.join(self.folder, "suricata.log"), encoding="utf-8", errors="replace") as file:
            return {int(sid) for sid in re.findall(r"error parsing signature.*?sid:\s*(\d+)", file.read())}

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None
