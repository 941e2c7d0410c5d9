# SPDX-License-Identifier: MIT
"""OpenSSH, by password, keyboard-interactive and key."""
import os
import pathlib
import re
import secrets
import subprocess
import time

import pytest

from . import world
from .peers import Sshd, peer

PASSWORDS = ["password", "keyboard-interactive"]
SESSION = "tokenring --no-input token erp && env"


@pytest.fixture(scope="module")
def sshd(all_of_it):
    peer("sshd"), peer("ssh"), peer("sshpass")
    with Sshd(all_of_it) as server:
        yield server


def refused(host, sshd, r, *words):
    assert r.returncode == 255 and r.stdout == "", r
    assert host.syslog.wait(host.mark, "pam_sainet", *words), host.syslog.since(host.mark, "pam_")
    assert host.alice.keys() == [] and host.alice.shm() == []
    assert host.parked() == []


@pytest.mark.parametrize("method", PASSWORDS)
def test_the_token_is_there_in_the_very_session(host, sshd, method):
    r = sshd.run(host.alice, SESSION, host.alice.password, method)
    assert (r.returncode, r.stderr) == (0, ""), r
    token, _, environment = r.stdout.partition("\n")
    assert [token] == list(host.server.tokens)
    assert host.asked() == 1, "one request for the login and none after it"
    assert "USER=alice" in environment
    assert "TOKENRING" not in environment and token not in environment
    assert host.parked() == []
    (name, mask, timed), = host.alice.keys()
    assert re.fullmatch("tokenring:[0-9a-f]{32}", name) and mask == "3f0b0000" and timed
    assert host.alice.shm() == [], "the kernel has it, no file does"
    # And from every other process of the user's, but nobody else's.
    assert host.alice.token() == (0, token)
    assert host.bob.token() == (3, "")
    assert host.asked() == 1


@pytest.mark.parametrize("method", PASSWORDS)
def test_the_result_is_in_the_log(host, sshd, method):
    assert sshd.run(host.alice, "true", host.alice.password, method).returncode == 0
    line, = host.syslog.wait(host.mark, "pam_sainet", "authentication success")
    assert re.search(r"pam_sainet\(sshd:auth\): authentication success; logname= uid=0 euid=0 tty=ssh ruser= "
                     r"rhost=127\.0\.0\.1  user=alice service=sshd result=ok http=200 ms=\d+ id=[0-9a-f]{16}$", line)
    assert not [x for x in host.syslog.since(host.mark, "pam_sainet") if "handed over" in x or "park" in x]


@pytest.mark.parametrize("method", PASSWORDS)
def test_a_wrong_password(host, sshd, method):
    r = sshd.run(host.alice, "echo in", host.wrong, method)
    refused(host, sshd, r, "service=sshd result=denied http=401", "(user 'alice')")
    line, = host.syslog.since(host.mark, "pam_sainet", "authentication failure")
    assert line.endswith("authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=127.0.0.1  user=alice")
    assert host.asked() == 1


@pytest.mark.parametrize("method", PASSWORDS)
@pytest.mark.parametrize("jail", ["sshd", "pam-generic[__pam_auth=pam_sainet]"])
def test_fail2ban_sees_it_with_its_own_filters(host, sshd, tmp_path, method, jail):
    """Of our lines, one is a failure.  The filter for sshd holds those of any module until sshd says the same."""
    program = peer("fail2ban-regex")
    sshd.run(host.alice, "echo in", host.wrong, method)
    sshd.run(host.alice, "echo in", host.alice.password, method)
    assert host.syslog.wait(host.mark, "pam_sainet", "authentication success")
    ours = [re.sub(r"^<\d+>(.{15}) ", r"\1 host ", x) for x in host.syslog.since(host.mark, "pam_sainet")]
    (tmp_path / "auth.log").write_text("".join(f"{x}\n" for x in ours))
    r = subprocess.run([program, "--print-all-matched", "--print-all-ignored", tmp_path / "auth.log", jail],
                       capture_output=True, text=True, timeout=60)
    counts = "1 ignored, 0 matched" if jail == "sshd" else "0 ignored, 1 matched"
    assert f"Lines: {len(ours)} lines, {counts}" in r.stdout and "Failregex: 1 total" in r.stdout, r.stdout
    seen = re.search(r"(?:Matched|Ignored) line\(s\):\n\|(.*)$", r.stdout, re.M)[1]
    assert "authentication failure; " in seen and seen.endswith(" rhost=127.0.0.1  user=alice")


@pytest.mark.parametrize("method", PASSWORDS)
def test_an_account_that_sainet_refuses(host, sshd, method):
    host.server.fault("status", path="login", code=403)
    r = sshd.run(host.alice, "echo in", host.alice.password, method)
    refused(host, sshd, r, "result=denied http=403")


@pytest.mark.parametrize("method", PASSWORDS)
def test_no_server(host, sshd, method):
    host.server.stop()
    try:
        r = sshd.run(host.alice, "echo in", host.alice.password, method)
    finally:
        host.server.start()
    refused(host, sshd, r, "result=unavailable")
    assert host.syslog.since(host.mark, "pam_sainet", "authentication error;")
    assert not host.syslog.since(host.mark, "pam_sainet", "authentication failure")


@pytest.mark.parametrize("method", PASSWORDS)
def test_users_who_are_not_ours(host, sshd, method):
    """A name that the system does not know is not logged: people type passwords there."""
    typed = f"my-pass-{secrets.token_hex(4)}"
    r = sshd.run(world.User(typed, 0), "echo in", host.alice.password, method)
    assert r.returncode == 255 and host.asked() == 0
    lines = host.syslog.wait(host.mark, "pam_sainet")
    assert lines and not [x for x in lines if typed in x]


@pytest.mark.parametrize("method", PASSWORDS)
def test_root_and_local_administrators_never_ask_the_server(host, sshd, method):
    for user in (host.root, host.carol):
        r = sshd.run(user, "id -un", user.password, method)
        assert (r.returncode, r.stdout.strip()) == (0, user.name), r
    assert host.asked() == 0
    assert not host.syslog.since(host.mark, "pam_sainet")


def test_by_key_there_is_no_token_and_no_failure(host, sshd):
    r = sshd.run(host.alice, "id -un; tokenring --no-input token erp", method="publickey")
    assert (r.returncode, r.stdout.strip()) == (3, "alice"), r
    assert host.asked() == 0
    assert not host.syslog.since(host.mark, "pam_sainet")
    assert host.alice.keys() == []


def test_a_second_login_within_the_life_of_the_first_token(host, sshd):
    for n, method in enumerate(PASSWORDS + PASSWORDS, 1):
        r = sshd.run(host.alice, SESSION, host.alice.password, method)
        assert r.returncode == 0 and host.asked() == n
        assert r.stdout.split("\n")[0] == list(host.server.tokens)[-1], "the new one, not the old one"
        (_, mask, timed), = host.alice.keys()
        assert mask == "3f0b0000" and timed, "an update must set them again"


def test_a_login_by_key_finds_the_token_of_an_earlier_one(host, sshd):
    assert sshd.run(host.alice, "true", host.alice.password).returncode == 0
    r = sshd.run(host.alice, "tokenring --no-input token erp", method="publickey")
    assert r.stdout.strip() in host.server.tokens and host.asked() == 1


def test_services_are_told_apart_by_name(host):
    """no_token, session_services: the same sshd under another name."""
    for service, options, there in (("ssh-a", "no_token", False), ("ssh-b", "session_services=sshd,ssh-b", True),
                                    ("ssh-c", "session_services=sshd", False)):
        host.service(service, "".join(f"{kind} required pam_sainet.so {options}\n"
                                      for kind in ("auth", "account", "session")))
        with Sshd(host, service) as server:
            for method in PASSWORDS:
                r = server.run(host.alice, "tokenring --no-input token erp", host.alice.password, method)
                assert r.returncode == (0 if there else 3), (service, r)
                host.alice.forget()
                assert host.parked() == []


def test_a_session_that_is_killed_leaves_the_token_and_nothing_else(host, sshd):
    r = sshd.run(host.alice, "kill -9 $PPID", host.alice.password, "keyboard-interactive")
    assert r.returncode == 255
    assert host.alice.token()[0] == 0


@pytest.mark.parametrize("methods", ["publickey,keyboard-interactive", "keyboard-interactive,publickey", "publickey,password"])
def test_key_and_password_together(host, methods):
    with Sshd(host, AuthenticationMethods=methods) as server:
        r = server.run(host.alice, SESSION, host.alice.password, methods)
        assert r.returncode == 0 and r.stdout.split("\n")[0] in host.server.tokens, r
        assert "TOKENRING" not in r.stdout and host.parked() == [] and host.asked() == 1
        assert server.run(host.alice, "echo in", host.wrong, methods).returncode == 255
        assert server.run(host.alice, "echo in", method="publickey").returncode == 255


@pytest.fixture
def closed():
    """pam_nologin, in the account lines of the manual's stack, lets root alone in."""
    file = pathlib.Path("/etc/nologin")
    file.write_text("closed\n")
    yield
    file.unlink(missing_ok=True)


def test_a_right_password_that_another_module_turns_away(host, sshd, closed):
    """The process that has the token ends in the ordinary way, and takes it along."""
    r = sshd.run(host.alice, "echo in", host.alice.password, "password")
    assert r.returncode == 255 and "in\n" not in r.stdout
    assert host.syslog.wait(host.mark, "authentication success")
    assert host.parked() == [] and host.alice.keys() == []


def test_the_same_by_keyboard_interactive(host, sshd, closed):
    """sshd ends its child without a word: what is parked is root's alone, and is swept."""
    r = sshd.run(host.alice, "echo in", host.alice.password, "keyboard-interactive")
    assert r.returncode == 255 and "in\n" not in r.stdout
    assert host.alice.keys() == []
    for name in host.parked():
        file = world.PARKED / name
        assert (file.stat().st_uid, file.stat().st_mode & 0o7777, world.PARKED.stat().st_mode & 0o7777) == (0, 0o600, 0o700)
        past = time.time() - 200
        os.utime(file, (past, past))
    pathlib.Path("/etc/nologin").unlink()
    assert sshd.run(host.alice, "true", host.alice.password, "keyboard-interactive").returncode == 0
    assert host.parked() == []
