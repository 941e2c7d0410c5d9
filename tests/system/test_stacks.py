# SPDX-License-Identifier: MIT
"""The stacks that pam_sainet(8) shows: whatever is broken, root and the local
administrators get in by pam_unix, at once, and nobody else does."""
import contextlib
import pathlib
import time

import pytest

from . import world
from .peers import peer
from .terminal import Terminal

ASKED = r"[Pp]assword: ?$"
SLACK = 4.0  # seconds that a busy machine may add; a question to the silent server costs 9.5


@contextlib.contextmanager
def changed(change, back):
    change()
    try:
        yield
    finally:
        back()


def moved(path, substitute=None):
    away = path.with_name(path.name + ".away")

    def change():
        path.rename(away)
        if substitute is not None:
            path.write_bytes(substitute)
            path.chmod(0o755)
    return changed(change, lambda: away.rename(path))


def configuration(text):
    return lambda host: changed(lambda: host.configure(text), host.configure)


def bad_options(host):
    text = (world.PAMD / "sainet").read_text()
    return changed(lambda: host.service("sainet", text.replace("pam_sainet.so\n", "pam_sainet.so timeout=never\n")),
                   lambda: host.service("sainet", text))


def no_server(host):
    return changed(host.server.stop, host.server.start)


def silent_server(host):
    return changed(lambda: host.server.fault("hang"), host.server.clear_faults)


def no_worker(host):
    return moved(world.WORKER)


def others_worker(host):
    return changed(lambda: world.WORKER.chmod(0o777), lambda: world.WORKER.chmod(0o755))


def no_configuration(host):
    return changed(world.CONF.unlink, host.configure)


def others_configuration(host):
    return changed(lambda: world.CONF.chmod(0o666), host.configure)


def no_module(host):
    return moved(host.module)


@contextlib.contextmanager
def everything(host):
    with no_server(host), no_worker(host), no_configuration(host), no_module(host):
        yield


BROKEN = {
    "server": no_server,
    "silent server": silent_server,
    "no worker": no_worker,
    "worker of others": others_worker,
    "not a worker": lambda host: moved(world.WORKER, b"not a program\n"),
    "no configuration": no_configuration,
    "empty configuration": configuration(""),
    "binary configuration": configuration("\0\1\2[profile erp"),
    "configuration with a fault": configuration("[profile erp]\nprovider = sainet\nurl = http://x\n"),
    "configuration of others": others_configuration,
    "no module": no_module,
    "bad module": lambda host: moved(host.module, b"\x7fELF and nothing behind it\n"),
    "options": bad_options,
    "everything": everything,
}


def su(host, user, password):
    """bob becomes somebody: (let in, seconds)."""
    with Terminal(host.bob.argv(peer("su"), "-", user.name, "-c", "echo in as $(id -un)"), host.bob.env) as t:
        start = time.monotonic()
        # Without a module nobody asks whoever is not local.
        if not t.expect(f"{ASKED}|Authentication failure\n|Module is unknown\n")[0].endswith("\n"):
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


@pytest.mark.parametrize("what", [b for b in BROKEN if b != "silent server"])
def test_nobody_else_gets_in(host, what):
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
    before = pathlib.Path("/etc/shadow").read_text()
    fresh = world.marked("new")
    r = host.root.run(*tester, "carol", "chauthtok", input=f"{fresh}\n{fresh}\n")
    after = pathlib.Path("/etc/shadow").read_text()
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
    pathlib.Path("/etc/security/faillock.conf").write_text("deny = 3\n")
    assert host.root.run(*tester, input=host.alice.password + "\n").returncode == 0
    for _ in range(3):
        assert host.root.run(*tester, input=host.wrong + "\n").returncode == 1
    asked = host.asked()
    assert host.root.run(*tester, input=host.alice.password + "\n").returncode == 1
    assert host.asked() == asked, "a locked account's password is not sent"
    host.root.run(peer("faillock"), "--user", "alice", "--reset")
    assert host.root.run(*tester, input=host.alice.password + "\n").returncode == 0
