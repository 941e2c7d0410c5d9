# SPDX-License-Identifier: MIT
"""Tests with real login programs.  Only tests/check-system can run them."""
import fcntl
import os
import resource
import socket
import struct
import tempfile

import pytest

import sim

from . import peers, watch, world

if "SYSTEM_PLACE" not in os.environ:
    collect_ignore_glob = ["*"]


def pytest_collection_modifyitems(items):
    """What nobody may have seen is judged at the end."""
    items.sort(key=lambda item: item.path.name == "test_secrets.py")


def loopback():
    with socket.socket() as s:
        request = struct.pack("16sh14x", b"lo", 1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS


@pytest.fixture(scope="session")
def ca():
    """An authority whose certificate everybody can read."""
    loopback()
    place = tempfile.mkdtemp(prefix="ca.", dir=os.environ["SYSTEM_PLACE"])
    os.chmod(place, 0o755)
    ca = sim.CA(place)
    os.chmod(ca.pem, 0o644)
    return ca


@pytest.fixture(scope="session")
def sainet_server(ca):
    with sim.Sainet(ca) as server:
        yield server


@pytest.fixture(scope="session")
def syslog():
    log = watch.Syslog()
    yield log
    log.stop()


@pytest.fixture(scope="session")
def all_of_it(sainet_server, syslog):
    """The host, with somebody who looks for its secrets from the first login on."""
    # A core, if there were one, is to be found.
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    host = world.Host(sainet_server)
    host.syslog = syslog
    host.token_start = sim.sainet.make_token("opaque", 0)[:world.TOKEN_START]
    host.tokens = set()
    host.watcher = watch.Watcher([world.MARK, host.token_start])
    yield host
    if host.watcher is not None:
        host.watcher.stop()
    for user in host.users:
        user.forget()


@pytest.fixture
def host(all_of_it):
    """The host as it was at first; afterwards nothing may be left of a test."""
    host = all_of_it
    host.fresh()
    host.mark = host.syslog.mark()
    before = set(world.processes())
    yield host
    host.tokens |= set(host.server.tokens)
    left = world.until(lambda: not set(world.processes()) - before - peers.kept()) or \
        {p: c for p, c in world.processes().items() if p not in before | peers.kept()}
    for user in host.users:
        user.forget()
    assert left is True, f"processes are left: {left}"
    assert host.parked() == [], "a token is left parked"


@pytest.fixture
def sainet(host):
    return host.server


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With a failure, what the log said meanwhile."""
    report = (yield).get_result()
    host = getattr(item, "funcargs", {}).get("host")
    if report.when == "call" and report.failed and host is not None:
        report.sections.append(("the system's log", "\n".join(host.syslog.since(host.mark, "pam_")[-40:])))
