# SPDX-License-Identifier: MIT
"""The real programs: where they are, whether this machine can run them, sshd."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys

import pytest

from . import world

# name: the program that it takes
PROGRAMS = {"sshd": "/usr/sbin/sshd", "ssh": "ssh", "sshpass": "sshpass", "su": "su", "sudo": "sudo", "login": "login",
            "runuser": "runuser", "pamtester": "pamtester", "cron": "cron", "curl": "curl",
            "journald": "/lib/systemd/systemd-journald", "logind": "/lib/systemd/systemd-logind"}
_kept = set()


def kept():
    """Processes that outlive a test on purpose."""
    return _kept


def unavailable():
    """name: reason, of tests/unavailable."""
    if not world.UNAVAILABLE.exists():
        return {}
    lines = [x.partition(":") for x in world.UNAVAILABLE.read_text().splitlines() if x.strip() and x[0] != "#"]
    return {name.strip(): reason.strip() for name, _, reason in lines}


def peer(name, usable=True):
    """The path of a program.  Without it a test is skipped; with CI=true only if
    tests/unavailable says why, and otherwise it fails."""
    path = shutil.which(PROGRAMS.get(name, name), path="/usr/sbin:/usr/bin:/sbin:/bin")
    if path is not None and usable:
        return path
    reason = unavailable().get(name)
    if os.environ.get("CI") == "true" and reason is None:
        pytest.fail(f"{name} cannot be run here, and tests/unavailable does not list it")
    pytest.skip(f"{name}: {reason or 'not installed, or not usable here'}")


class Sshd:
    """OpenSSH on a port of loopback.  Its service is named after argv[0]: by a
    link of that name it can be any."""

    def __init__(self, host, service="sshd", **settings):
        self.host = host
        self.service = service
        self.dir = host.place / f"sshd-{service}"
        self.dir.mkdir(exist_ok=True)
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.program = self.dir / service
        if not self.program.exists():
            self.program.symlink_to(peer("sshd"))
            for key in (self.dir / "host", self.dir / "alice"):
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        shutil.copy(self.dir / "alice.pub", self.dir / "authorized")
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]
        text = {"Port": self.port, "ListenAddress": "127.0.0.1", "HostKey": self.dir / "host", "PidFile": "none",
                "UsePAM": "yes", "AuthorizedKeysFile": self.dir / "authorized", "StrictModes": "no", "UseDNS": "no",
                "PasswordAuthentication": "yes", "KbdInteractiveAuthentication": "yes", "PermitRootLogin": "yes",
                "LogLevel": "DEBUG3", "MaxStartups": "100", "SetEnv": f"PATH={world.PATH}", **settings}
        (self.dir / "conf").write_text("".join(f"{k} {v}\n" for k, v in text.items()))

    def __enter__(self):
        self.process = subprocess.Popen([self.program, "-D", "-f", self.dir / "conf"], stdin=subprocess.DEVNULL)
        _kept.add(self.process.pid)

        def listens():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0 or self.process.poll() is not None
        assert world.until(listens) and self.process.poll() is None, "sshd does not start"
        return self

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait()
        _kept.discard(self.process.pid)

    def argv(self, user, method, *options):
        return ["ssh", "-F", "none", "-p", str(self.port), "-o", f"PreferredAuthentications={method}",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                "-o", "NumberOfPasswordPrompts=1", "-o", "IdentitiesOnly=yes", "-i", str(self.dir / "alice"),
                *options, f"{user.name}@127.0.0.1"]

    def run(self, user, command, password=None, method="password", *options):
        """Log in and run a command there; by key if there is no password."""
        argv, files = [*self.argv(user, method, *options), command], ()
        if password is not None:
            # sshpass by descriptor: neither argument nor environment.
            ours, theirs = os.pipe()
            os.write(theirs, password.encode() + b"\n")
            os.close(theirs)
            argv, files = [peer("sshpass"), f"-d{ours}", *argv], (ours,)
        try:
            return subprocess.run(argv, text=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL,
                                  pass_fds=files, env={"PATH": "/usr/bin:/bin", "HOME": "/root"})
        finally:
            for fd in files:
                os.close(fd)


def python(*args, **kw):
    return subprocess.run([sys.executable, "-I", *map(str, args)], text=True, capture_output=True, timeout=60, **kw)
