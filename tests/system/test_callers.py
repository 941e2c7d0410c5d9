# SPDX-License-Identifier: MIT
"""su, sudo and login at a terminal; runuser, cron and a screen locker."""
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from . import world
from .peers import peer
from .terminal import Terminal

ASKED = r"[Pp]assword(?: for \w+)?: ?$"


def su(host, *options, by=None):
    by = by or host.bob
    return Terminal(by.argv(peer("su"), *options), by.env)


def give(t, password):
    t.expect(ASKED)
    t.send(password)


def lines(host, *words):
    return host.syslog.wait(host.mark, "pam_sainet", *words)


@pytest.fixture
def sudoers(host):
    path = pathlib.Path("/etc/sudoers")
    path.write_text("Defaults passwd_tries=1, !lecture, timestamp_timeout=0\nalice ALL=(ALL:ALL) ALL\nbob ALL=(ALL) ALL\n")
    path.chmod(0o440)
    return host


@pytest.fixture(params=["by SAINet", "expired"])
def refused(request, host):
    """A right password, and an account that is not to be used: SAINet says 403, or pam_unix that it has expired."""
    shadow, new = pathlib.Path("/etc/shadow"), pathlib.Path("/etc/.shadow.new")

    def write(text):
        new.write_text(text)
        shutil.copymode(shadow, new)
        new.rename(shadow)
    before = shadow.read_text()
    if request.param == "expired":
        write(re.sub("^(alice:.*):[^:]*:$", r"\1:1:", before, flags=re.M))
        assert shadow.read_text() != before
    else:
        host.server.fault("status", path="login", code=403)
    host.said = {"expired": "account alice has expired", "by SAINet": "result=denied http=403"}[request.param]
    yield host
    write(before)


def turned_away(host):
    """It is in the log, one request was made, and nobody has a token."""
    assert host.syslog.wait(host.mark, host.said), host.syslog.since(host.mark, "pam_")
    assert host.asked() == 1 and host.parked() == []
    assert host.alice.keys() == [] == host.alice.shm() and host.bob.keys() == []


@pytest.fixture
def dead(host):
    host.server.stop()
    yield host
    host.server.start()


# --- su ----------------------------------------------------------------------

@pytest.mark.parametrize("options", [(), ("-",)])
def test_su_takes_the_password_of_its_target_and_hands_nothing_over(host, options):
    with su(host, *options, "alice", "-c", f"id -un; {world.BIN}/tokenring --no-input token erp; echo status $?; env") as t:
        give(t, host.alice.password)
        t.expect("alice\n")
        t.expect("status 3\n")
        assert t.end() == 0
        assert "TOKENRING" not in t.text
    assert host.asked() == 1 and host.alice.keys() == [] == host.bob.keys()
    service = "su-l" if options else "su"
    line, = lines(host, "authentication success")
    assert re.search(rf"su(\[\d+\])?: pam_sainet\({service}:auth\): authentication success; logname=\S* uid={host.bob.uid} "
                     rf"euid=0 tty=/?\S*pts/\d+ ruser=bob rhost=  user=alice service={service} result=ok http=200 ", line), line


@pytest.mark.parametrize("options", [(), ("-",)])
def test_su_refuses_wrong_passwords(host, options):
    for password in (host.wrong, host.bob.password, ""):
        with su(host, *options, "alice", "-c", "echo in") as t:
            give(t, password)
            assert t.end() == 1
            assert "Authentication failure" in t.text and "in\n" not in t.text
    assert host.asked() == 2, "the empty one is not sent"
    assert len(lines(host, "authentication failure;", "ruser=bob", "user=alice")) == 3
    assert host.alice.keys() == [] == host.bob.keys()


@pytest.mark.parametrize("options", [(), ("-",)])
def test_su_without_a_server(dead, options):
    with su(dead, *options, "alice", "-c", "echo in") as t:
        give(t, dead.alice.password)
        assert t.end() == 1
        assert "SAINet cannot be reached" in t.text and "in\n" not in t.text
    assert lines(dead, f"service={'su-l' if options else 'su'} result=unavailable")
    assert dead.alice.keys() == [] == dead.bob.keys()


@pytest.mark.parametrize("options", [(), ("-",)])
def test_su_to_an_account_that_is_refused(refused, options):
    with su(refused, *options, "alice", "-c", "echo in") as t:
        give(t, refused.alice.password)
        assert t.end() == 1 and "in\n" not in t.text
    turned_away(refused)


def test_su_to_somebody_whom_sainet_does_not_know(host):
    with su(host, "dave", "-c", "echo in") as t:
        give(t, host.wrong)
        assert t.end() == 1


def test_root_needs_no_password_for_su(host):
    with su(host, "alice", "-c", "id -un", by=host.root) as t:
        assert t.end() == 0 and t.text.endswith("alice\n")
    assert host.asked() == 0 and not host.syslog.since(host.mark, "pam_sainet")


def test_su_to_oneself_hands_nothing_over_either(host):
    with su(host, "alice", "-c", "id -un", by=host.alice) as t:
        give(t, host.alice.password)
        t.expect("alice\n")
        assert t.end() == 0
    assert host.asked() == 1 and host.alice.keys() == []


def test_the_caller_speaks_french(dead):
    with Terminal(dead.bob.argv(peer("su"), "alice"), {**dead.bob.env, "LC_ALL": "fr_FR.UTF-8"}) as t:
        t.expect("(?i)(password|mot de passe)[^\n]*: ?$")
        t.send(dead.alice.password)
        assert t.end() == 1 and "SAINet est injoignable" in t.text


# --- sudo --------------------------------------------------------------------

def test_sudo_takes_the_password_of_its_caller_and_hands_nothing_over(sudoers):
    host = sudoers
    for target in ("root", "bob"):
        with Terminal(host.alice.argv(peer("sudo"), "-u", target, "/bin/sh", "-c", "id -un; env"), host.alice.env) as t:
            give(t, host.alice.password)
            t.expect(f"{target}\n")
            assert t.end() == 0 and "TOKENRING" not in t.text
    assert host.asked() == 2
    assert [u["user"] for u in host.server.logins] == ["alice", "alice"]
    assert host.alice.keys() == [] == host.bob.keys()
    assert all(re.search(rf"uid={host.alice.uid} euid=0 tty=/?\S*pts/\d+ ruser=alice rhost=  user=alice service=sudo result=ok", x)
               for x in lines(host, "authentication success"))


def test_sudo_refuses(sudoers):
    host = sudoers
    for password in (host.wrong, host.bob.password):
        with Terminal(host.alice.argv(peer("sudo"), "/bin/echo", "in"), host.alice.env) as t:
            give(t, password)
            assert t.end() == 1 and "in\n" not in t.text
    assert lines(host, "service=sudo result=denied http=401")
    assert host.alice.keys() == []


def test_sudo_without_a_server(sudoers, dead):
    """sudo asks modules for silence (PAM_SILENT): the log alone has the reason."""
    with Terminal(dead.alice.argv(peer("sudo"), "/bin/echo", "in"), dead.alice.env) as t:
        give(t, dead.alice.password)
        assert t.end() == 1 and "in\n" not in t.text and "SAINet" not in t.text
    assert lines(dead, "service=sudo result=unavailable")


def test_sudo_by_an_account_that_is_refused(sudoers, refused):
    with Terminal(refused.alice.argv(peer("sudo"), "/bin/echo", "in"), refused.alice.env) as t:
        give(t, refused.alice.password)
        assert t.end() == 1 and "in\n" not in t.text
    turned_away(refused)


# --- login -------------------------------------------------------------------

def login(host, user):
    t = Terminal([peer("login")], {"PATH": world.PATH, "TERM": "dumb"})
    t.expect("login: $")
    t.send(user.name)
    t.expect("Password: $")
    return t


def test_login_hands_the_token_over(host):
    with login(host, host.alice) as t:
        t.send(host.alice.password)
        t.expect(r"\$ $")
        status, token = t.ask(f"{world.BIN}/tokenring --no-input token erp")
        assert (status, [token]) == (0, list(host.server.tokens))
        assert "TOKENRING" not in t.ask("env")[1]
        t.send("exit")
        t.end()
    assert host.asked() == 1
    (_, mask, timed), = host.alice.keys()
    assert mask == "3f0b0000" and timed
    assert host.alice.token() == (0, token), "the token outlives the session"
    assert re.search(r"uid=0 euid=0 tty=/?\S*pts/\d+ ruser= rhost=  user=alice service=login result=ok http=200",
                     lines(host, "authentication success")[0])


def test_login_refuses_and_asks_again(host):
    with login(host, host.alice) as t:
        t.send(host.wrong)
        t.expect("Login incorrect")
        t.expect("login: $")
        t.send("alice")
        give(t, host.alice.password)
        t.expect(r"\$ $")
        t.send("exit")
        t.end()
    assert host.asked() == 2
    assert lines(host, "service=login result=denied")


def test_login_without_a_server(dead):
    with login(dead, dead.alice) as t:
        t.send(dead.alice.password)
        t.expect("SAINet cannot be reached")
        t.expect("Login incorrect")
    assert lines(dead, "service=login result=unavailable")
    assert dead.alice.keys() == [] and dead.parked() == []


def test_login_to_an_account_that_is_refused(refused):
    with login(refused, refused.alice) as t:
        t.send(refused.alice.password)
        t.expect("Login incorrect|[Aa]ccount has expired")
        assert not re.search(r"\$ $", t.text)
    turned_away(refused)


# --- nobody signs in ---------------------------------------------------------

def test_runuser(host):
    shutil.copy(world.PAMD / "su", world.PAMD / "runuser")
    with (world.PAMD / "runuser").open("a") as f:
        f.write("session optional pam_sainet.so\n")
    r = subprocess.run([peer("runuser"), "-u", "alice", "--", "tokenring", "--no-input", "token", "erp"], cwd="/",
                       env=host.root.env, capture_output=True, text=True)
    assert r.returncode == 3 and host.asked() == 0
    assert not host.syslog.since(host.mark, "pam_sainet")


def test_a_stack_without_authentication_costs_nothing(host, dead):
    """As cron does it: account, setcred and session, for a user and for root."""
    host.service("cron", "".join(f"{kind} required pam_sainet.so\n" for kind in ("auth", "session")) +
                 "account required pam_sainet.so\naccount required pam_permit.so\n")
    for user in ("alice", "root", "dave", "nosuch"):
        start = time.monotonic()
        r = subprocess.run([peer("pamtester"), "cron", user, "setcred(PAM_ESTABLISH_CRED)", "acct_mgmt", "open_session",
                            "close_session", "setcred(PAM_REINITIALIZE_CRED)"], capture_output=True, text=True)
        assert r.returncode == 0, r
        assert time.monotonic() - start < 2
    assert not host.syslog.since(host.mark, "pam_sainet") and host.parked() == []


def test_cron_runs_a_job(host):
    """The real one, of Debian: once a minute, which is how long this takes."""
    cron = peer("cron")
    host.service("cron", "account required pam_unix.so\nauth required pam_sainet.so\nauth required pam_permit.so\n"
                 "session required pam_unix.so\nsession optional pam_sainet.so\n")
    out = host.alice.home / "cron-was-here"
    job = pathlib.Path("/etc/crontab")
    job.write_text(f"* * * * * alice {world.BIN}/tokenring --no-input token erp; echo $? >{out}\n")
    p = subprocess.Popen([cron, "-f"])
    try:
        assert world.until(lambda: out.exists() and out.read_text(), 75)
    finally:
        p.terminate()
        p.wait()
        job.unlink()
    assert out.read_text() == "3\n" and host.asked() == 0


# --- a locker ----------------------------------------------------------------

LOCKER = "auth include sainet\n"


def test_a_screen_locker_that_runs_as_the_user(host):
    """Nothing of root's is needed: not for the configuration, not for the worker."""
    host.service("swaylock", world.block(r"auth +include +sainet\n$"))
    locker = [peer("pamtester"), "swaylock", "alice", "authenticate", "setcred(PAM_REFRESH_CRED)"]
    r = host.alice.run(*locker, input=host.wrong + "\n")
    assert r.returncode == 1 and "Authentication failure" in r.stdout + r.stderr
    assert host.alice.token() == (3, "")
    r = host.alice.run(*locker, input=host.alice.password + "\n")
    assert r.returncode == 0, r
    assert host.alice.token() == (0, list(host.server.tokens)[-1])
    (_, mask, timed), = host.alice.keys()
    assert mask == "3f0b0000" and timed
    assert re.search(rf"authentication success; logname=\S* uid={host.alice.uid} euid={host.alice.uid} .*service=swaylock",
                     lines(host, "authentication success")[0])


def test_a_locker_cannot_be_used_for_somebody_else(host):
    host.service("swaylock", LOCKER)
    r = host.bob.run(peer("pamtester"), "swaylock", "alice", "authenticate", "setcred(PAM_REFRESH_CRED)",
                     input=host.alice.password + "\n")
    assert r.returncode == 0, "the password is right"
    assert host.bob.token() == (3, "") == host.alice.token(), "but bob's process has no business with alice's cache"


def test_a_locker_without_a_server(dead):
    dead.service("swaylock", LOCKER)
    r = dead.alice.run(peer("pamtester"), "swaylock", "alice", "authenticate", input=dead.alice.password + "\n")
    assert r.returncode == 1 and "SAINet cannot be reached" in r.stdout + r.stderr
    assert dead.alice.token()[1] == "" and dead.alice.keys() == []


def test_a_locker_and_an_account_that_sainet_refuses(host):
    """Lockers ask for no judgement of accounts: only SAINet's own counts."""
    host.service("swaylock", LOCKER)
    host.server.fault("status", path="login", code=403)
    r = host.alice.run(peer("pamtester"), "swaylock", "alice", "authenticate", "setcred(PAM_REFRESH_CRED)",
                       input=host.alice.password + "\n")
    assert r.returncode == 1 and "Authentication failure" in r.stdout + r.stderr
    assert lines(host, "service=swaylock result=denied http=403")
    assert host.alice.keys() == [] == host.alice.shm() and host.asked() == 1
