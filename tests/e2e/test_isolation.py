# SPDX-License-Identifier: MIT
"""What a worker is while it speaks to a server: held by one that never answers."""
import os
import pathlib

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
        sainet.wait(1, "login")
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
