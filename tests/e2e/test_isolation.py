# SPDX-License-Identifier: MIT
"""What a worker is while it speaks to a server: held by one that never answers."""
import os
import pathlib
import subprocess
import time

import pytest

from conftest import BIN
from test_kill import worker_of


@pytest.fixture
def held(person, sainet):
    """A tokenring-net in the middle of its request."""
    person.sainet(sainet, store="none", timeout="10s")
    sainet.fault("hang", path="login")
    with person.start(BIN / "tokenring", "login", "--secret-stdin", input=True,
                      env={"https_proxy": "", "MARK": "x"}) as front:
        front.stdin.write("correct horse\n")
        front.stdin.close()
        front.stdin = None
        assert sainet.wait(1, "login")
        worker = worker_of(front)
        yield front, worker
        os.kill(worker, 9)
        front.communicate(timeout=20)


def status(pid):
    text = pathlib.Path("/proc", str(pid), "status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def test_worker(held):
    front, worker = held
    s = status(worker)
    assert s["NoNewPrivs"] == "1"
    assert int(s["CapEff"], 16) == 0 or os.getuid() == 0
    assert s["Seccomp"] == "2", "the system call filter is on"
    limits = pathlib.Path("/proc", str(worker), "limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    fields = pathlib.Path("/proc", str(worker), "stat").read_text().rsplit(")", 1)[1].split()
    assert int(fields[3]) != os.getsid(front.pid), "a session of its own"


def test_worker_cannot_be_looked_into(held):
    """Not even by another process of the same user."""
    _, worker = held
    if os.getuid() == 0:
        pytest.skip("root may look into everything")
    for name in ("environ", "mem", "fd"):
        with pytest.raises(OSError):
            path = f"/proc/{worker}/{name}"
            os.listdir(path) if name == "fd" else open(path, "rb").read(1)


def capable(command):
    """The command as a user who is not root and has every capability."""
    if os.getuid() == 0:
        caps = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+net_admin,+sys_ptrace",
                "--ambient-caps=+net_admin,+sys_ptrace"]
    else:
        caps = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--keep-caps"]
    if subprocess.run([*caps, "true"], capture_output=True).returncode != 0:
        pytest.skip("nobody may have a capability here")
    return [*caps, command]


def test_capabilities_do_not_reach_the_network():
    """Neither a caller's ambient ones nor those of a kernel that forgets to take them (before 6.16)."""
    worker = pathlib.Path(os.environ.get("TOKENRING_LIBEXEC", BIN)) / "tokenring-net"
    with subprocess.Popen(capable(worker), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        limit = time.monotonic() + 4
        s = status(p.pid)
        while time.monotonic() < limit and (s["Name"].strip() != "tokenring-net" or s["Seccomp"] != "2"):
            time.sleep(0.01)
            s = status(p.pid)
        p.kill()
    assert s["Name"].strip() == "tokenring-net" and set(s["Uid"].split()) != {"0"}
    assert [int(s[x], 16) for x in ("CapEff", "CapPrm", "CapInh", "CapAmb")] == [0, 0, 0, 0]
    # Root's own bounding set is more than setpriv leaves us the right to drop.
    assert os.getuid() == 0 or int(s["CapBnd"], 16) == 0
