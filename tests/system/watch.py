# SPDX-License-Identifier: MIT
"""Whoever could read a secret: /proc, the system's log, the files.

As a program: reads /proc/*/cmdline and environ of all processes, dumpable or
not, until its standard input ends, for the words that came there in the first
line; then prints what it saw and how often it looked, as JSON."""
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

LOG = pathlib.Path("/dev/log")


class Syslog(threading.Thread):
    """Receives what programs tell syslogd."""

    def __init__(self):
        super().__init__(daemon=True)
        self.lines = []
        LOG.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(str(LOG))
        LOG.chmod(0o666)
        self.start()

    def run(self):
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError:
                return
            self.lines.append(data.decode(errors="replace").rstrip("\0\n"))

    def mark(self):
        """Lines before now are none of the next test's business."""
        return len(self.lines)

    def since(self, mark, *words):
        return [x for x in self.lines[mark:] if all(w in x for w in words)]

    def wait(self, mark, *words, seconds=5):
        end = time.monotonic() + seconds
        while not (found := self.since(mark, *words)) and time.monotonic() < end:
            time.sleep(0.02)
        return found

    def stop(self):
        self.socket.close()
        LOG.unlink(missing_ok=True)


class Watcher:
    """This file as a process: the simulators need our interpreter's lock."""

    def __init__(self, words):
        self.process = subprocess.Popen([sys.executable, "-I", __file__, str(os.getpid())], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "watching\n"

    def stop(self):
        out, _ = self.process.communicate(timeout=30)
        return json.loads(out)


def look(words, skip, seen):
    n = 0
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or pid in skip:
            continue
        for name in ("cmdline", "environ"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as f:
                    data = f.read()
            except OSError:
                continue
            n += 1
            for word in words:
                if word in data:
                    seen[f"{name}: {data[:2000]!r}"] = word.decode()
    return n


def main():
    words = [w.encode() for w in json.loads(sys.stdin.readline())]
    skip = {str(os.getpid()), sys.argv[1]}
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    rounds, looked, seen = 0, 0, {}
    print("watching", flush=True)
    while not over.wait(0.002):
        rounds += 1
        looked += look(words, skip, seen)
    print(json.dumps({"rounds": rounds, "looked": looked, "seen": seen}))


def files_with(tops, words, newer=0.0):
    """(path, word) of regular files below `tops`, on their own file systems."""
    found = []
    words = [w.encode() for w in words]
    for top in tops:
        device = os.stat(top).st_dev
        for d, dirs, names in os.walk(top):
            dirs[:] = [x for x in dirs if _same(os.path.join(d, x), device)]
            for path in (os.path.join(d, name) for name in names):
                found += [(path, w.decode()) for w in _words_in(path, words, newer)]
    return found


def _same(path, device):
    try:
        st = os.lstat(path)
    except OSError:
        return False
    return st.st_dev == device and not os.path.islink(path)


def _words_in(path, words, newer):
    try:
        st = os.lstat(path)
        if st.st_mtime < newer or st.st_blocks == 0 or not os.path.isfile(path) or os.path.islink(path):
            return []
        with open(path, "rb") as f:
            data = f.read(64 << 20)
    except OSError:
        return []
    return [w for w in words if w in data]


if __name__ == "__main__":
    main()
