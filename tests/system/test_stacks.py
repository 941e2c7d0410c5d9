# SPDX-License-Identifier: MIT
"""The stacks that pam_sainet(8) shows: whatever is broken, root and the local
administrators get in by pam_unix, at once, and nobody else does."""
import contextlib
import time

import pytest

from . import world
from .peers import peer
from .terminal import Terminal

ASKED = r"[Pp]assword: ?$"
SLACK = 1.0  # seconds that a busy machine may add


@contextlib.contextmanager
def no_server(host):
    host.server.stop()
    yield
    host.server.start()


@contextlib.contextmanager
def silent_server(host):
    host.server.fault("hang")
    yield


@contextlib.contextmanager
def moved(path):
    away = path.with_name(path.name + ".away")
    path.rename(away)
    try:
        yield
    finally:
        away.rename(path)


def no_worker(host):
    return moved(world.WORKER)


@contextlib.contextmanager
def others_worker(host):
    world.WORKER.chmod(0o777)
    yield
    world.WORKER.chmod(0o755)


@contextlib.contextmanager
def dead_worker(host):
    """One that cannot be executed."""
    with moved(world.WORKER):
        world.WORKER.write_text("not a program\n")
        world.WORKER.chmod(0o755)
        yield


@contextlib.contextmanager
def no_configuration(host):
    world.CONF.unlink()
    yield


def configuration(text):
    @contextlib.contextmanager
    def broken(host):
        host.configure(text)
        yield
    return broken


@contextlib.contextmanager
def others_configuration(host):
    world.CONF.chmod(0o666)
    yield


def no_module(host):
    return moved(host.module)


@contextlib.contextmanager
def bad_module(host):
    with moved(host.module):
        host.module.write_bytes(b"\x7fELF and nothing behind it\n")
        yield


@contextlib.contextmanager
def bad_options(host):
    text = (world.PAMD / "sainet").read_text()
    host.service("sainet", text.replace("pam_sainet.so\n", "pam_sainet.so timeout=never\n"))
    yield
    host.service("sainet", text)


@contextlib.contextmanager
def everything(host):
    with no_server(host), no_worker(host), no_configuration(host), no_module(host):
        yield


BROKEN = {
    "server": no_server, "silent server": silent_server, "no worker": no_worker, "worker of others": others_worker,
    "dead worker": dead_worker, "no configuration": no_configuration,
    "empty configuration": configuration(""), "binary configuration": configuration("\0\1\2[profile erp"),
    "configuration with a fault": configuration("[profile erp]\nprovider = sainet\nurl = http://x\n"),
    "configuration of others": others_configuration, "no module": no_module, "bad module": bad_module,
    "options": bad_options, "everything": everything,
}


def su(host, user, password):
    """bob becomes somebody: (let in, seconds)."""
    with Terminal(host.bob.argv(peer("su"), "-", user.name, "-c", "echo in as $(id -un)"), host.bob.env) as t:
        t.expect(ASKED)
        start = time.monotonic()
        t.send(password)
        status = t.end(30)
        took = time.monotonic() - start
    assert (status == 0) == (f"in as {user.name}\n" in t.text), t.text
    return status == 0, took


def login(user, password):
    with Terminal([peer("login")], {"PATH": world.PATH, "TERM": "dumb"}) as t:
        t.expect("login: $")
        t.send(user.name)
        t.expect(ASKED)
        start = time.monotonic()
        t.send(password)
        found = t.expect(r"[$#] $|Login incorrect\n|System error\n|Service error\n")
        took = time.monotonic() - start
        if found[0].strip() in "$#":
            assert t.ask("id -un") == (0, user.name)
            t.send("exit")
            t.end()
    return found[0].strip() in "$#", took


@pytest.fixture(scope="module")
def usual(all_of_it):
    """How long it takes when nothing is broken."""
    all_of_it.fresh()
    return {su: max(su(all_of_it, u, u.password)[1] for u in (all_of_it.root, all_of_it.carol)),
            login: max(login(u, u.password)[1] for u in (all_of_it.root, all_of_it.carol))}


@pytest.mark.parametrize("what", BROKEN)
def test_break_glass(host, usual, what):
    with BROKEN[what](host):
        for user in (host.root, host.carol):
            for let_in, took, program in ((*su(host, user, user.password), su), (*login(user, user.password), login)):
                assert let_in, (what, user.name, program)
                assert took < usual[program] + SLACK, (what, user.name, program)
    assert host.asked() == 0, "their passwords never leave the machine"
    assert not host.syslog.since(host.mark, "pam_sainet(", "authentication")


@pytest.mark.parametrize("what", BROKEN)
def test_nobody_else_gets_in(host, what):
    if what == "silent server":
        pytest.skip("takes its ten seconds; test_sshd and tests/e2e have a silent server")
    with BROKEN[what](host):
        assert not su(host, host.alice, host.alice.password)[0]
        assert not su(host, host.carol, host.wrong)[0]
    assert host.alice.keys() == []


def test_a_silent_server_takes_its_time_and_no_more(host):
    """In the log it is the server that was unavailable, not the worker that was killed."""
    with silent_server(host):
        let_in, took = su(host, host.alice, host.alice.password)
    assert not let_in and 9 < took < 10 + 3 + SLACK  # and the delay of a failure
    assert host.syslog.wait(host.mark, "service=su-l result=unavailable")


def test_what_is_broken_is_in_the_log(host):
    for broken, words in ((no_worker, "tokenring-net"), (no_configuration, "tokenring.conf"),
                          (others_configuration, "tokenring.conf"), (bad_options, "timeout")):
        with broken(host):
            su(host, host.alice, host.alice.password)
        assert host.syslog.wait(host.mark, "pam_sainet(su-l:auth)", words), words
        host.mark = host.syslog.mark()


def test_passwords_are_changed_elsewhere(host):
    host.service("passwd", "password include sainet\n")
    tester = [peer("pamtester"), "passwd"]
    r = host.root.run(*tester, "alice", "chauthtok", input="a\nb\n")
    assert r.returncode == 1 and "is changed in SAINet, not here" in r.stdout + r.stderr
    before = (world.pathlib.Path("/etc/shadow")).read_text()
    fresh = world.marked("new")
    r = host.root.run(*tester, "carol", "chauthtok", input=f"{fresh}\n{fresh}\n")
    after = (world.pathlib.Path("/etc/shadow")).read_text()
    host._users()
    assert r.returncode == 0 and before != after, r
    with no_module(host):
        r = host.root.run(*tester, "carol", "chauthtok", input=f"{fresh}\n{fresh}\n")
        host._users()
        assert r.returncode == 0, r
    assert host.asked() == 0


def test_faillock_as_the_manual_shows_it(host):
    host.service("locked", world.block(r"auth +requisite +pam_faillock\.so preauth"))
    tester = [peer("pamtester"), "locked", "alice", "authenticate"]
    (world.pathlib.Path("/etc/security/faillock.conf")).write_text("deny = 3\n")
    assert host.root.run(*tester, input=host.alice.password + "\n").returncode == 0
    for _ in range(3):
        assert host.root.run(*tester, input=host.wrong + "\n").returncode == 1
    asked = host.asked()
    assert host.root.run(*tester, input=host.alice.password + "\n").returncode == 1
    assert host.asked() == asked, "a locked account's password is not sent"
    host.root.run("faillock", "--user", "alice", "--reset")
    assert host.root.run(*tester, input=host.alice.password + "\n").returncode == 0
