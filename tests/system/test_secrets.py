# SPDX-License-Identifier: MIT
"""Runs last: what all the other tests did was watched, and nobody saw a secret.

Every password of these tests has a mark in it, and all tokens of the simulator
begin alike."""
import os
import pathlib
import re
import shutil
import stat
import time

import pytest

from . import world
from .peers import peer, python
from .watch import Watcher, files_with

STARTED = time.time()
# Everything that the namespaces put over the machine's own directories.
PRIVATE = ["/etc", "/run", "/tmp", "/home", "/root", "/var/log", "/dev/shm"]


def words(host):
    return [world.MARK, host.token_start]


def test_no_argument_and_no_environment(host):
    watcher, host.watcher = host.watcher, None
    result = watcher.stop()
    assert result["rounds"] > 0 and result["looked"] > 0
    assert result["seen"] == {}


def test_the_watcher_sees_what_there_is_to_see(host):
    """It would have: an argument and an environment, of whomever."""
    w = Watcher(words(host))
    host.alice.run("sh", "-c", "sleep 0.3", host.wrong)
    host.alice.run("sleep", "0.3", env={"TOKEN": host.token_start})
    seen = w.stop()["seen"]
    assert {k.split(":")[0] for k in seen} == {"cmdline", "environ"}


def test_no_line_in_the_system_log(host):
    lines = host.syslog.lines
    assert [x for x in lines if world.MARK in x or host.token_start in x] == []
    assert not [x for x in lines for t in host.tokens if t[-20:] in x]
    ours = [x for x in lines if "pam_sainet" in x]
    if not ours:
        pytest.skip("no other test has run")
    # Facility authpriv, and every result has its service and an id.
    assert {int(re.match(r"<(\d+)>", x)[1]) >> 3 for x in ours} == {10}
    for line in ours:
        if "result=" in line:
            assert re.search(r"service=[\w-]+ result=(ok|denied|unavailable|later|protocol|config|unknown|no-password|error)"
                             r"( http=\d+)?( ms=\d+)? id=[0-9a-f]{16}(:|$)", line), line
        elif "authentication " in line:
            assert re.search(r"authentication (failure|error); logname=\S* uid=\d+ euid=\d+ tty=\S* ruser=\S* "
                             r"rhost=\S* ( user=\w+)?$", line), line


def test_debug_says_more_and_still_no_secret(host):
    host.service("debugged", "auth required pam_sainet.so debug\nsession required pam_sainet.so debug\n")
    for password in (host.alice.password, host.wrong):
        host.root.run(peer("pamtester"), "debugged", "alice", "authenticate", "open_session", input=password + "\n")
    lines = host.syslog.wait(host.mark, "asking the worker")
    assert lines and host.syslog.since(host.mark, "the token is handed over")
    assert not [x for x in host.syslog.lines[host.mark:] if world.MARK in x or host.token_start in x]


def test_no_file_outside_the_stores(host):
    for top in [*PRIVATE, str(host.place)]:
        assert files_with([top], words(host)) == []


# Uses up what the kernel grants a user for keys (add_key is call 248 on x86-64, 217 on others).
FILL = """
import ctypes, os, platform
libc = ctypes.CDLL(None)
os.setresuid({0}, {0}, {0})
call = 248 if platform.machine() == "x86_64" else 217
for size in 8000, 100:
    n = 0
    while libc.syscall(call, b"user", b"full%d-%d" % (size, n), b"x" * size, size, -4) >= 0:
        n += 1
"""


def quota(uid):
    """Bytes of it that are used."""
    lines = pathlib.Path("/proc/key-users").read_text().splitlines()
    return next((int(x.split()[4].split("/")[0]) for x in lines if x.split(":")[0].strip() == str(uid)), 0)


@pytest.mark.parametrize("place", ["/dev/shm/tokenring-{0}", "/run/user/{0}/tokenring"])
def test_the_file_that_stands_in_for_the_kernel_is_its_owners_alone(host, place):
    """/run/user/UID is as logind makes it."""
    uid, runtime = host.alice.uid, pathlib.Path(f"/run/user/{host.alice.uid}")
    place = place.format(uid)
    host.service("filed", "auth required pam_sainet.so\nsession required pam_sainet.so\n")
    if place.startswith("/run"):
        runtime.mkdir(parents=True, mode=0o700)
        os.chown(runtime, uid, uid)
    assert world.until(lambda: quota(uid) < 1000), "what was cleared is not given back"
    try:
        assert python("-c", FILL.format(uid)).returncode == 0
        r = host.root.run(peer("pamtester"), "filed", "alice", "authenticate", "open_session",
                          input=host.alice.password + "\n")
        assert r.returncode == 0 and host.alice.keys() == [], "the kernel's quota is used up"
        (path, word), = files_with(PRIVATE, words(host))
        assert word == host.token_start and os.path.dirname(path) == place
        st = os.stat(path)
        assert (st.st_uid, stat.S_IMODE(st.st_mode)) == (uid, 0o600)
        assert stat.S_IMODE(os.stat(place).st_mode) == 0o700
        assert host.alice.token() == (0, list(host.server.tokens)[-1])
    finally:
        shutil.rmtree(runtime, ignore_errors=True)


def test_no_file_and_no_core_on_the_machine_itself():
    """All that was written since the tests began, wherever the namespaces have nothing of their own."""
    tops = ["/"] + [t for t in ("/var", "/usr") if os.stat(t).st_dev != os.stat("/").st_dev]
    assert files_with(tops, [world.MARK], STARTED) == []
    cores = [p for top in ["/", *PRIVATE] for p in pathlib.Path(top).glob("core*")
             if p.is_file() and p.stat().st_mtime >= STARTED]
    assert cores == []
