# SPDX-License-Identifier: MIT
"""The installed tree, and what the worker is while it waits for a server."""
import os
import pathlib
import re
import shutil
import signal
import stat
import struct

import pytest

from . import world
from .peers import peer
from .terminal import Terminal

NOBODY = 65534


def test_the_installed_tree_is_roots_alone():
    for path in (world.MODULE, world.WORKER, world.LIBEXEC / "tokenring-secret", world.BIN / "tokenring",
                 world.LIBEXEC, world.BIN, world.MODULE.parent):
        st = path.lstat()
        assert (st.st_uid, st.st_gid) == (0, 0) and not st.st_mode & 0o022, path
        assert st.st_mode & 0o444 == 0o444, f"{path} must be readable by lockers, too"
        assert not st.st_mode & (stat.S_ISUID | stat.S_ISGID), path


class Process:
    """What /proc tells of a process."""

    def __init__(self, pid):
        self.dir = pathlib.Path("/proc", str(pid))
        self.status = dict(line.split(":\t", 1) for line in (self.dir / "status").read_text().splitlines() if ":\t" in line)
        self.environ = (self.dir / "environ").read_bytes()
        self.cmdline = (self.dir / "cmdline").read_bytes()
        self.cwd = os.readlink(self.dir / "cwd")
        self.fds = {int(fd): os.readlink(self.dir / "fd" / fd) for fd in os.listdir(self.dir / "fd")}
        self.limits = {m[1]: m[2].split()[:2] for m in
                       re.finditer(r"^(Max .+?) {2,}(.*)$", (self.dir / "limits").read_text(), re.M)}
        self.parent, self.group, self.session = map(int, (self.dir / "stat").read_text().rpartition(")")[2].split()[1:4])

    def ids(self, key):
        return {int(x) for x in self.status[key].split()}


def held(host):
    """The worker that waits, and the process in the middle and the caller above it."""
    assert host.server.wait(1, "login")
    pid, = [p for p, c in world.processes().items() if "tokenring-net" in c]
    worker = Process(pid)
    middle = Process(worker.parent)
    return worker, middle, Process(middle.parent)


def check(worker, middle, caller, uid):
    assert worker.ids("Uid") == {uid} == worker.ids("Gid") or uid != NOBODY and worker.ids("Uid") == {uid}
    assert worker.status["NoNewPrivs"] == "1"
    for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        assert int(worker.status[kind], 16) == 0
    assert worker.limits["Max core file size"] == ["0", "0"]
    assert worker.environ.strip(b"\0") == b"" and worker.cwd == "/"
    assert worker.cmdline == bytes(world.WORKER) + b"\0"
    assert worker.session != caller.session and worker.group != caller.group
    # Dispositions: nothing ignored but what its own writes may raise, nothing blocked.
    own = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
    assert int(worker.status["SigIgn"], 16) & ~own == 0 == int(worker.status["SigBlk"], 16)
    assert {fd: re.sub(r"\d+", "", what) for fd, what in worker.fds.items() if fd < 3} == {
        0: "socket:[]", 1: "socket:[]", 2: "/dev/null"}
    for what in worker.fds.values():
        assert what == "/dev/null" or what.startswith(("socket:", "pipe:", "anon_inode:")), worker.fds
    shared = {w for w in worker.fds.values() if ":[" in w} & {w for w in caller.fds.values() if ":[" in w}
    assert shared == set(), "nothing of the caller's is open in the worker"
    # Nothing but the two ends of its pipes in between.
    assert {re.sub(r"\d+", "", w) for w in middle.fds.values()} <= {"socket:[]", "pipe:[]"} and len(middle.fds) <= 2


@pytest.fixture
def hanging(host):
    host.service("held", "auth required pam_sainet.so timeout=4 nodelay\n")
    host.server.fault("hang")
    yield host
    host.server.clear_faults()


def test_started_by_root_it_is_nobody(hanging):
    with Terminal([peer("pamtester"), "held", "alice", "authenticate"], {"SECRET": "of the caller"}) as t:
        t.expect("Password: ")
        t.send(hanging.alice.password)
        worker, middle, caller = held(hanging)
        check(worker, middle, caller, NOBODY)
        assert worker.status["Groups"].strip() == ""
        # Not dumpable: its memory is root's, not nobody's.
        assert (worker.dir / "environ").stat().st_uid == 0
        r = hanging.root.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat", worker.dir / "environ")
        assert r.returncode == 1
        assert t.end() == 1
    assert hanging.syslog.wait(hanging.mark, "service=held result=unavailable")


def test_an_account_of_its_own_is_used_if_there_is_one(hanging):
    passwd = pathlib.Path("/etc/passwd")
    before = passwd.read_text()
    passwd.write_text(before + "_tokenring:x:19997:19997::/:/usr/sbin/nologin\n")
    try:
        with Terminal([peer("pamtester"), "held", "alice", "authenticate"], {}) as t:
            t.expect("Password: ")
            t.send(hanging.alice.password)
            worker, middle, caller = held(hanging)
            assert worker.ids("Uid") == {19997} == worker.ids("Gid") and worker.status["Groups"].strip() == ""
            check(worker, middle, caller, 19997)
            t.end()
    finally:
        passwd.write_text(before)


def test_started_by_a_set_uid_program_it_is_nobody(hanging):
    with Terminal(hanging.bob.argv(peer("su"), "alice"), hanging.bob.env) as t:
        t.expect("Password: ")
        t.send(hanging.alice.password)
        worker, middle, caller = held(hanging)
        assert caller.ids("Uid") == {hanging.bob.uid, 0}, "su"
        check(worker, middle, caller, NOBODY)
        assert worker.status["Groups"].strip() == ""
        assert t.end() == 1


def test_started_by_a_program_with_capabilities_it_is_nobody(hanging):
    """Who starts such a program could look into a worker of his own, and change its answer."""
    program = hanging.place / "capable"
    shutil.copy(peer("pamtester"), program)
    # cap_setgid,cap_setuid+ep; see struct vfs_cap_data in capabilities(7)'s linux/capability.h.
    os.setxattr(program, "security.capability", struct.pack("<5I", 0x02000001, 1 << 6 | 1 << 7, 0, 0, 0))
    with Terminal(hanging.bob.argv(program, "held", "alice", "authenticate"), hanging.bob.env) as t:
        t.expect("Password: ")
        t.send(hanging.alice.password)
        worker, middle, caller = held(hanging)
        assert caller.ids("Uid") == {hanging.bob.uid} and int(caller.status["CapEff"], 16) == 1 << 6 | 1 << 7
        check(worker, middle, caller, NOBODY)
        assert worker.status["Groups"].strip() == "" and middle.ids("Uid") == {0}
        assert t.end() == 1


def test_started_by_a_locker_it_is_the_user(hanging):
    """Nothing more than he is anyway."""
    with Terminal(hanging.alice.argv(peer("pamtester"), "held", "alice", "authenticate"), hanging.alice.env) as t:
        t.expect("Password: ")
        t.send(hanging.alice.password)
        worker, middle, caller = held(hanging)
        check(worker, middle, caller, hanging.alice.uid)
        assert t.end() == 1


@pytest.mark.parametrize("who", ["root", "alice"])
def test_a_killed_worker_is_a_fault_of_this_machine(hanging, who):
    """Not "unavailable", which a stack may ignore."""
    user = getattr(hanging, who)
    with Terminal(user.argv(peer("pamtester"), "held", "alice", "authenticate"), user.env) as t:
        t.expect("Password: ")
        t.send(hanging.alice.password)
        worker, _, _ = held(hanging)
        os.kill(int(worker.dir.name), signal.SIGKILL)
        assert t.end() == 1 and "pamtester: System error" in t.text and "SAINet" not in t.text


def test_the_caller_dies_and_so_does_the_worker(hanging):
    with Terminal([peer("pamtester"), "held", "alice", "authenticate"], {}) as t:
        t.expect("Password: ")
        t.send(hanging.alice.password)
        worker, middle, _ = held(hanging)
        t.process.kill()
        t.process.wait()
        assert world.until(lambda: not (worker.dir.exists() or middle.dir.exists()), 2)
