# SPDX-License-Identifier: MIT
"""A person at a terminal: a program on a pty, as its controlling terminal."""
import os
import pty
import re
import select
import signal
import subprocess
import time


class Terminal:
    def __init__(self, argv, env=None, cwd="/"):
        self.fd, theirs = pty.openpty()
        self.text = ""
        self._seen = 0
        # setsid makes the pty the controlling terminal, and becomes the program.
        self.process = subprocess.Popen(["setsid", "--ctty", *map(str, argv)], stdin=theirs, stdout=theirs,
                                        stderr=theirs, env=env, cwd=cwd)
        os.close(theirs)

    def _read(self, seconds):
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            return False
        try:
            data = os.read(self.fd, 4096)
        except OSError:  # nobody has the other end any more
            data = b""
        self.text += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)

    def expect(self, pattern, seconds=20):
        """Wait for text that was not there yet."""
        end = time.monotonic() + seconds
        while not (found := re.compile(pattern).search(self.text, self._seen)):
            assert self._read(end - time.monotonic()), f"no {pattern!r} in {self.text!r}"
        self._seen = found.end()
        return found

    def send(self, line):
        os.write(self.fd, line.encode() + b"\n")

    def ask(self, command):
        """Have a shell run it: (status, what it printed)."""
        self.send(f"{command}; echo \"[done $?]\"")
        found = self.expect(r"\[done \$\?\]\"\n((?:.*\n)*?)\[done (\d+)\]\n")
        return int(found[2]), found[1].strip()

    def end(self, seconds=20):
        """Read to the end; the exit status."""
        end = time.monotonic() + seconds
        while self._read(end - time.monotonic()):
            pass
        return self.process.wait(max(end - time.monotonic(), 1))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        os.close(self.fd)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
