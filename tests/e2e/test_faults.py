# SPDX-License-Identifier: MIT
"""Each thing that goes wrong has its own sentence, its status, and loses nothing."""
import os
import re
import signal
import time

import pytest

import sim
from conftest import BIN, BUILD, dead_port, forget, keys, runtime_dirs, stored
from elsewhere import elsewhere

PASSWORD = "correct horse"
LIMITS = {"timeout": "3s", "connect_timeout": "2s"}


@pytest.fixture
def erp(person, sainet):
    """Signed in, and then the token has expired."""
    person.sainet(sainet, store="file", **LIMITS)
    r = person.tokenring("login", "--secret-stdin", input=PASSWORD + "\n")
    assert r.returncode == 0, r
    person.expire()
    return person


def fails(person, status, pattern, seconds=5):
    start = time.monotonic()
    r = person.tokenring("token", "--no-input")
    assert time.monotonic() - start < seconds
    assert (r.returncode, r.stdout) == (status, ""), r
    assert r.stderr.count("\n") == 1 and r.stderr.startswith("tokenring: profile '"), r
    assert re.search(pattern, r.stderr), r.stderr
    assert PASSWORD not in r.stderr and "password=" not in r.stderr
    return r


@pytest.mark.parametrize("fault,args,status,pattern", [
    ("hang", {}, 4, "within"),
    ("hang-accept", {}, 4, "within"),
    ("redirect", {}, 1, "redirect"),
    ("status", {"code": 401}, 1, "SYS02|SYS22|password"),
    ("status", {"code": 403}, 1, "SYS02|SYS22|password"),
    ("status", {"code": 500}, 4, "500"),
    ("status", {"code": 429, "headers": {"Retry-After": "7"}}, 4, "429|later|too many"),
    ("status", {"code": 503, "headers": {"Retry-After": "7"}}, 4, "503|later"),
    ("big-body", {"size": 10 << 20}, 1, "long|large|big"),
    ("endless-body", {}, 1, "long|large|big"),
    ("endless-headers", {}, 1, "long|large|big|header"),
    ("slow", {"interval": 0.5}, 4, "within"),
    ("not-http", {}, 1, ""),
    ("reset", {"stage": "request"}, 4, ""),
])
def test_server_faults(erp, sainet, fault, args, status, pattern):
    sainet.fault(fault, path="login", **args)
    before = sainet.count("login")
    fails(erp, status, pattern)
    assert sainet.count("login") <= before + 1, "never a second try once the password was sent"
    assert stored(erp, "password")
    sainet.reset()
    login = erp.tokenring("login", "--secret-stdin", input=PASSWORD + "\n")
    assert login.returncode == 0 and erp.ok("token")


@pytest.mark.parametrize("how,status", [
    ("missing", 1), ("doubled", 1), ("empty", 1), ("overlong", 1), ("control", 1), ("space", 1),
])
def test_token_header(erp, sainet, how, status):
    sainet.set(token_header=how)
    fails(erp, status, "Sai-Bearer-Token")
    assert stored(erp, "password")


def test_a_long_header_is_fine(erp, sainet):
    sainet.set(token_header="long-ok")
    assert len(erp.ok("token")) > 7000


def test_dead_server(person, ca):
    person._profile("erp", {"provider": "sainet", "url": f"https://127.0.0.1:{dead_port()}", "domain": "PROD",
                            "account": "alice", "ca_file": ca.pem, "store": "file", **LIMITS})
    r = person.tokenring("login", "--secret-stdin", input=PASSWORD + "\n")
    assert r.returncode == 4 and "127.0.0.1" in r.stderr, r


def test_unknown_host(person, ca):
    person._profile("erp", {"provider": "sainet", "url": "https://nosuch.invalid", "domain": "PROD",
                            "account": "alice", "ca_file": ca.pem, "store": "file", **LIMITS})
    r = person.tokenring("login", "--secret-stdin", input=PASSWORD + "\n")
    assert r.returncode == 4 and "nosuch.invalid" in r.stderr, r


@pytest.mark.parametrize("cert,pattern", [
    ("other-name", "name|certificate"), ("expired", "expired|certificate"), ("self-signed", "certificate"),
])
def test_bad_certificates(person, ca, cert, pattern):
    with sim.Sainet(ca, cert=cert) as server:
        person.sainet(server, store="file", **LIMITS)
        r = person.tokenring("login", "--secret-stdin", input=PASSWORD + "\n")
        assert r.returncode == 4 and re.search(pattern, r.stderr), r
        assert server.count() == 0


def test_wrong_ca(person, sainet, tmp_path):
    (tmp_path / "other").mkdir()
    other = sim.CA(str(tmp_path / "other"))
    person.sainet(sainet, store="file", **LIMITS)
    person.config.write_text(person.config.read_text().replace(sainet.ca.pem, other.pem))
    r = person.tokenring("login", "--secret-stdin", input=PASSWORD + "\n")
    assert r.returncode == 4 and "ca_file" in r.stderr, r
    assert sainet.count() == 0


def test_ca_file_missing_or_no_certificate(person, sainet, tmp_path):
    (tmp_path / "empty").write_text("nothing\n")
    for path, words in ((tmp_path / "nosuch", "No such file"), (tmp_path / "empty", "certificate")):
        person.configure("")
        person.sainet(sainet, store="file", ca_file=path)
        r = person.tokenring("login", "--secret-stdin", input=PASSWORD + "\n")
        assert r.returncode == 2 and "ca_file" in r.stderr and words in r.stderr, r


@pytest.mark.parametrize("fault,args,status,pattern", [
    ("status", {"code": 200, "body": "<html>hello</html>"}, 1, "JSON|not"),
    ("status", {"code": 200, "body": "[]"}, 1, "JSON|not|object"),
    ("status", {"code": 200, "body": "{}"}, 1, "access_token"),
    ("status", {"code": 200, "body": '{"access_token":"x","token_type":"mac"}'}, 1, "token_type|mac"),
    ("status", {"code": 400, "body": '{"error":"invalid_request"}'}, 2, "invalid_request"),
    ("status", {"code": 401, "body": '{"error":"invalid_client"}'}, 1, "invalid_client|client"),
    ("status", {"code": 403, "body": "no"}, 1, "403"),
    ("status", {"code": 500, "body": "oops"}, 4, "500"),
    ("status", {"code": 429}, 4, "429|later"),
    ("redirect", {}, 1, "redirect"),
    ("hang", {}, 4, "within"),
    ("big-body", {"size": 10 << 20}, 1, "long|large|big"),
    ("truncate", {}, 4, ""),
])
def test_token_endpoint_faults(person, oauth, fault, args, status, pattern):
    oauth.set(clients={"cli": "s3cret-of-client"})
    person.oauth(oauth, client_id="cli", store="file", **LIMITS)
    r = person.tokenring("login", "--secret-stdin", input="s3cret-of-client\n")
    assert r.returncode == 0, r
    oauth.kill_grants()
    person.expire()
    person.forget()
    oauth.fault(fault, path="/token", **args)
    r = fails(person, status, pattern)
    assert "s3cret-of-client" not in r.stderr
    assert stored(person, "client-secret")


def test_read_only_state_directory(erp, sainet):
    assert erp.ok("token")
    state = erp.state / "tokenring"
    fingerprints = erp.fingerprints()
    for lock in state.glob("*.lock"):
        lock.unlink()
    state.chmod(0o500)
    try:
        r = erp.tokenring("token")
        assert r.returncode == 0, "a cached answer still works"
        forget(fingerprints, exact=True)
        r = erp.tokenring("token")
        assert r.returncode == 1 and "state directory" in r.stderr
    finally:
        state.chmod(0o700)
    assert stored(erp, "password") and erp.ok("token")


def test_state_directory_of_wrong_mode(erp):
    (erp.state / "tokenring").chmod(0o755)
    r = erp.tokenring("token")
    assert r.returncode == 1 and "chmod 700" in r.stderr


NOKEYS = BUILD / "tools" / "nokeys"


def test_no_kernel_keyring(erp, sainet):
    """add_key and keyctl refused, as in many containers."""
    first = erp.run(NOKEYS, BIN / "tokenring", "token")
    assert first.returncode == 0, first
    again = erp.run(NOKEYS, BIN / "tokenring", "token")
    assert again.stdout == first.stdout and again.stderr == ""
    assert sainet.count("login") == 2
    files = [f for d in runtime_dirs() for f in d.iterdir()
             if f.name[:32] in erp.fingerprints()]
    assert files and all(f.stat().st_mode & 0o777 == 0o600 for f in files)
    status = erp.run(NOKEYS, BIN / "tokenring", "status")
    assert "kernel keyring is not available" in status.stdout


def test_full_kernel_keyring(erp, sainet):
    """The quota is used up: the token goes to tmpfs, and what the kernel still has is dropped."""
    def full(*args, **kw):
        r = erp.run(NOKEYS, "-q", BIN / "tokenring", *args, **kw)
        assert (r.returncode, r.stderr) == (0, "")
        return r.stdout

    old = erp.ok("token")
    full("login", "--secret-stdin", input=PASSWORD + "\n")
    new = full("token")
    assert new not in (old, "") and new == erp.ok("token")
    assert sainet.count("login") == 3
    assert not [name for _, name in keys() if name in erp.fingerprints()]


def test_a_dropped_key_gives_its_link_back(erp):
    """Invalidated first, the kernel may collect the key before it is unlinked, and the link counts for ever."""
    erp.ok("token")
    r = erp.run("strace", "-f", "-qq", "-e", "trace=keyctl", "-o", erp.base / "trace", BIN / "tokenring", "logout", "--local")
    calls = re.findall(r"KEYCTL_(UNLINK|INVALIDATE)", (erp.base / "trace").read_text())
    assert r.returncode == 0 and "INVALIDATE" in calls
    assert "UNLINK" in calls[:calls.index("INVALIDATE")] and calls[-1] == "INVALIDATE"


# --- the keyring ---------------------------------------------------------------

def test_no_dbus(person, sainet):
    person.sainet(sainet, **LIMITS)
    for env in ({}, {"DISPLAY": ":99"}):
        start = time.monotonic()
        r = person.run("strace", "-f", "-qq", "-e", "trace=execve", "-o", person.base / "trace",
                       BIN / "tokenring", "token", env=env)
        assert r.returncode == 4 and "D-Bus" in r.stderr, r
        assert time.monotonic() - start < 5
        assert "dbus-launch" not in (person.base / "trace").read_text()
    # A sign-in works for as long as its token lives, and says so.
    r = person.tokenring("login", "--secret-stdin", input=PASSWORD + "\n")
    assert r.returncode == 0 and "only for as long as this token lives" in r.stderr, r
    assert person.ok("token")


def test_a_real_keyring_keeps_the_password(person, sainet, keyring):
    person.sainet(sainet, **LIMITS)
    r = person.tokenring("login", "--secret-stdin", input=PASSWORD + "\n")
    assert (r.returncode, r.stderr) == (0, ""), r
    person.expire()
    assert person.ok("token") and sainet.count("login") == 2
    assert "keeps the password" in person.ok("status")
    person.ok("logout")
    assert person.tokenring("token").returncode == 3


def test_locked_keyring(person, sainet, tmp_path):
    from keyring import Keyring
    person.sainet(sainet, **LIMITS)
    home = tmp_path / "keyring-home"
    with Keyring(home=str(home)) as k:
        person.session(k)
        assert person.tokenring("login", "--secret-stdin", input=PASSWORD + "\n").returncode == 0
    person.expire()
    with Keyring(home=str(home), locked=True) as k:
        person.session(k)
        r = fails(person, 3, "locked")
        assert "tokenring login" in r.stderr
    with Keyring(home=str(home)) as k:
        person.session(k)
        assert person.ok("token"), "nothing was lost"


def test_stopped_keyring_daemon(person, sainet, keyring):
    person.sainet(sainet, **LIMITS)
    assert person.tokenring("login", "--secret-stdin", input=PASSWORD + "\n").returncode == 0
    person.expire()
    os.kill(keyring.daemon_pid, signal.SIGSTOP)
    try:
        fails(person, 4, "keyring", seconds=6)
    finally:
        os.kill(keyring.daemon_pid, signal.SIGCONT)
    assert person.ok("token")


# --- configuration -------------------------------------------------------------

GOOD = "[profile a]\nprovider = sainet\nurl = https://a.example\ndomain = D\n"


@pytest.mark.parametrize("text,message", [
    (GOOD + "nosuch = SECRETVALUE\n", ":5: nosuch: unknown key"),
    (GOOD + "domain = SECRETVALUE\n", ":5: domain: the key was given before, in line 4"),
    (GOOD + GOOD, ":5: profile 'a' was given before, in line 1"),
    ("domain = SECRETVALUE\n" + GOOD, ":1: domain: a key before the first section"),
    (GOOD + "timeout = SECRETVALUE\n", ":5: timeout: a duration is a number with a unit"),
    (GOOD + "store = SECRETVALUE\n", ":5: store: not one of: secret-service file none"),
    (GOOD + "remember_password = SECRETVALUE\n", ":5: remember_password: on or off"),
    (GOOD + "account = SECRET\x01VALUE\n", ":5: account: the value holds a control character"),
    (GOOD + "account = SECRETVALUE" + "x" * 4100 + "\n", ":5: the line is longer than 4096 bytes"),
    (GOOD + "# " + "x" * 66000 + "\n", "larger than 65536 bytes"),
    (GOOD.replace("https", "http"), ":3: url: only https:// URLs are allowed"),
    (GOOD + "account = SECRETVALUE # why\n", ":5: account: a comment cannot stand behind a value"),
    (GOOD + "account = SECRETVALUE ; why\n", ":5: account: a comment cannot stand behind a value"),
    (GOOD + "account\n", ":5: not 'key = value'"),
    (GOOD + "[other]\n", ":5: a section is '[profile NAME]'"),
    (GOOD + "scope = SECRETVALUE\n", ":5: scope: not a key of provider sainet"),
    (GOOD + "ca_file = SECRETVALUE\n", ":5: ca_file: the path must begin with '/'"),
    (GOOD + "match = https://SECRETVALUE@a.example/\n", ":5: match: the URL's host holds"),
    (GOOD + "match = https://a.example:99999/\n", ":5: match: the URL's port"),
    ("[profile a]\nprovider = sainet\nurl = https://a.example\n", ":1: profile 'a': domain is missing"),
    ("[profile a]\nprovider = oauth2\ntoken_url = https://a/\n", ":1: profile 'a': client_id is missing"),
    ("[profile a]\nurl = https://a.example\n", ":1: profile 'a': provider is missing"),
    (GOOD.replace("\n", "\r\n"), ":1: the line ends with a carriage return"),
    ("\ufeff" + GOOD, ":1: the file begins with a byte order mark"),
])
def test_configuration_errors(person, text, message):
    person.config.write_bytes(text.encode())
    for command in (["token"], ["config"], ["status"]):
        r = person.tokenring(*command)
        assert (r.returncode, r.stdout) == (2, ""), r
        assert message.replace("\n", "") in r.stderr and "SECRETVALUE" not in r.stderr, r
        assert str(person.config) in r.stderr


def test_configuration_missing(person):
    person.config.unlink()
    r = person.tokenring("token")
    assert r.returncode == 2 and "TOKENRING_CONFIG" in r.stderr


def test_several_profiles_for_one_host(person):
    person.configure("".join(f"[profile {n}]\nprovider = oauth2\ntoken_url = https://t.example/\nclient_id = {n}\n"
                             f"match = https://a.example/{n}\n" for n in "xy"))
    r = person.run(BIN / "tokenring", "git", "get", input="protocol=https\nhost=a.example\n")
    assert r.returncode == 2 and r.stdout == "quit=1\n"
    assert "x, y" in r.stderr and "useHttpPath" in r.stderr and "--profile" in r.stderr


def test_worker_missing(erp):
    """A broken installation is said to be one."""
    r = erp.run(elsewhere(erp.base, "/nowhere"), "token")
    assert r.returncode == 2 and "/nowhere/tokenring-net" in r.stderr
