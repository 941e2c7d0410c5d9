# SPDX-License-Identifier: MIT
"""Credentials for hosts that no profile has, in a real gnome-keyring."""
import base64
import fcntl
import hashlib
import hmac
import os
import re
import subprocess
import termios

import pytest

from conftest import BIN, LIBEXEC, forget, keys
from keyring import Keyring, StuckPrompt, missing, wait_for
from plain import PlainService

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}")

HOST = "protocol=https\nhost=example.com\n"
ALICE = HOST + "username=alice\npassword=a=1 \xe9\n"
BOB = HOST + "username=bob\npassword=b\npassword_expiry_utc=9999999999\noauth_refresh_token=r\n"


@pytest.fixture
def git(person, keyring):
    """git's helper: what it says, after seeing that it says nothing else."""
    def call(op, text, *options):
        r = person.run(BIN / "git-credential-tokenring", *options, op, input=text)
        assert (r.returncode, r.stderr) == (0, ""), r
        return r.stdout
    yield call


def test_store_get_erase(git):
    assert git("get", HOST) == ""
    assert git("store", ALICE) == ""
    assert git("get", HOST) == "username=alice\npassword=a=1 \xe9\n"
    assert git("erase", HOST + "username=alice\npassword=another\n") == ""
    assert git("get", HOST) != ""
    assert git("erase", ALICE) == ""
    assert git("get", HOST) == ""


def test_users_apart(git):
    git("store", ALICE)
    git("store", BOB)
    bob = "username=bob\npassword=b\noauth_refresh_token=r\npassword_expiry_utc=9999999999\n"
    assert git("get", HOST + "username=alice\n") == "username=alice\npassword=a=1 \xe9\n"
    assert git("get", HOST + "username=bob\n") == bob
    assert git("get", HOST) == bob, "the last one stored"
    assert git("get", HOST + "username=carol\n") == ""
    git("erase", HOST)
    assert git("get", HOST + "username=alice\n") == git("get", HOST + "username=bob\n") == ""


SECRETS = {
    "several lines": "one\ntwo=2\n\n[section]\n no sign\nlast\n",
    "equals signs": "===a=b=",
    "bytes": "".join(map(chr, range(1, 128))),
    "long": "x" * 32768,
    "percent": "%41%%0a%zz",
    "high bytes": bytes(range(128, 256)).decode("utf-8", "surrogateescape"),
}


def written(value):
    return "".join(f"%{c:02X}" if c < 0x20 or c in (0x7F, 0x25) else chr(c) if c < 128
                   else bytes([c]).decode("utf-8", "surrogateescape") for c in value)


def worker(person, op, **fields):
    """What tokenring-secret answers to the front of any dialect: the last value of each key."""
    lines = ["version=1", f"op={op}"]
    for key, value in fields.items():
        value = value.encode("utf-8", "surrogateescape")
        chunks = [value[i:i + 16384] for i in range(0, len(value), 16384)] or [b""]
        lines += [f"{key}[]={written(c)}" for c in chunks]
    r = person.run(LIBEXEC / "tokenring-secret", input="\n".join([*lines, "end=ok", ""]))
    assert r.returncode == 0 and r.stdout.endswith("end=ok\n"), r
    found = {}
    for line in r.stdout.split("\n")[:-1]:
        key, value = line.split("=", 1)
        found[key] = found.get(key, "") + value
    return found


def plain(value):
    data = value.encode("utf-8", "surrogateescape")
    return re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), data).decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("name", SECRETS)
def test_any_secret(person, keyring, name):
    """What docker may give: any byte but NUL, through the store and back."""
    where = {"tool": "docker", "protocol": "https", "host": "r.example", "username": "u\nv"}
    assert worker(person, "credential-store", **where, password=SECRETS[name])["result"] == "ok"
    found = worker(person, "credential-get", tool="docker", protocol="https", host="r.example")
    assert (found["result"], plain(found["password[]"]), plain(found["username[]"])) == ("ok", SECRETS[name], "u\nv")


def test_tools_apart(person, keyring, git):
    git("store", ALICE)
    where = {"tool": "docker", "protocol": "https", "host": "example.com"}
    assert worker(person, "credential-get", **where)["result"] == "notfound"
    assert worker(person, "credential-erase", **where)["result"] == "notfound"
    assert git("get", HOST) != ""
    worker(person, "credential-store", **where, username="d", password="d", url="example.com/v2/")
    listed = worker(person, "credential-list", tool="docker")
    assert (listed["host[]"], listed["username[]"], listed["url[]"]) == ("example.com", "d", "example.com/v2/")
    assert "password[]" not in listed
    git("erase", HOST)
    assert worker(person, "credential-get", **where)["password[]"] == "d"


def test_prefer_makes_the_default(person, keyring):
    where = {"tool": "docker", "protocol": "https", "host": "example.com"}
    for user in ("a", "b", "a"):
        worker(person, "credential-store", **where, username=user, password=user)
    assert worker(person, "credential-get", **where)["username[]"] == "b", "nothing has changed"
    r = person.run(LIBEXEC / "tokenring-secret", input="version=1\nop=credential-store\nprefer=1\ntool[]=docker\n"
                   "protocol[]=https\nhost[]=example.com\nusername[]=a\npassword[]=a\nend=ok\n")
    assert "result=ok\n" in r.stdout
    assert worker(person, "credential-get", **where)["username[]"] == "a"


def test_nothing_is_written_for_nothing(git, keyring):
    """git stores after each use; the keyring's file is not written each time."""
    git("store", BOB)
    path = keyring.files / "login.keyring"
    before = path.stat().st_ino, path.stat().st_mtime_ns
    git("store", BOB)
    git("store", HOST + "username=bob\npassword=b\n")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == before
    git("store", BOB + "password=c\n")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) != before


def test_others_learn_nothing(git, keyring):
    """Neither attributes nor the file nor a list of processes tells host, user or path."""
    words = ("very-special-host", "very-special-user", "very-special-path", "very-special-password")
    git("store", "protocol=https\nhost={}\nusername={}\npath={}\npassword={}\n".format(*words))
    shown = subprocess.run(["gdbus", "call", "--session", "-d", "org.freedesktop.secrets", "-o",
                            "/org/freedesktop/secrets", "-m", "org.freedesktop.Secret.Service.SearchItems",
                            "@a{ss} {}"], env=keyring.env, capture_output=True, text=True, check=True).stdout
    items = [p for p in shown.split("'")[1::2]]
    assert len(items) == 2
    text = ""
    for item in items:
        text += subprocess.run(["gdbus", "call", "--session", "-d", "org.freedesktop.secrets", "-o", item, "-m",
                                "org.freedesktop.DBus.Properties.GetAll", "org.freedesktop.Secret.Item"],
                               env=keyring.env, capture_output=True, text=True, check=True).stdout
    assert "'Label': <'git credential'>" in text
    keyring.restart(unlock=False)
    for file in keyring.files.iterdir():
        text += file.read_bytes().decode("latin-1")
    for word in words:
        assert word not in text
        assert hashlib.md5(word.encode()).hexdigest() not in text


def test_passwordless_keyring_restarted(person):
    """A plain text keyring is parsed anew: ours and the items of others must still be there."""
    with Keyring(passwordless=True) as k:
        person.session(k)
        other = ["secret-tool", "store", "--label=other", "app", "other"]
        subprocess.run(other, input=b"theirs", env=k.env, check=True)
        call = {"tool": "docker", "protocol": "https", "host": "r.example"}
        for name, value in SECRETS.items():
            worker(person, "credential-store", **call, username=name, password=value)
        git = [BIN / "git-credential-tokenring"]
        assert person.run(*git, "store", input=BOB).returncode == 0
        path = k.files / "Default_keyring.keyring"
        wait_for(lambda: path.read_text().count("git credential\n") == 1 and
                 path.read_text().count("docker credential") == len(SECRETS), "the keyring's file")
        k.restart()
        assert person.run(*git, "get", input=HOST).stdout == (
            "username=bob\npassword=b\noauth_refresh_token=r\npassword_expiry_utc=9999999999\n")
        for name, value in SECRETS.items():
            found = worker(person, "credential-get", **call, username=name)
            assert plain(found["password[]"]) == value, name
        theirs = subprocess.run(["secret-tool", "lookup", "app", "other"], env=k.env, capture_output=True, check=True)
        assert theirs.stdout == b"theirs"


def at_once(person, texts):
    """Store all at the same time; each must say that it has."""
    calls = [person.start(BIN / "git-credential-tokenring", "store", input=True) for _ in texts]
    for call, text in zip(calls, texts):
        call.stdin.write(text)
        call.stdin.flush()
    for call in calls:
        call.stdin.close()
        call.stdin = None
    for call in calls:
        assert call.communicate(timeout=60) == ("", "") and call.returncode == 0


def test_fifty_stores_of_different_items(person, git, keyring):
    """The first ones meet a keyring without a salt."""
    at_once(person, [f"{HOST}username=u{i}\npassword=p{i}\n" for i in range(50)])
    for i in range(50):
        assert git("get", f"{HOST}username=u{i}\n") == f"username=u{i}\npassword=p{i}\n"


def test_fifty_stores_of_one_item(person, git, keyring):
    texts = [f"{HOST}username=u\npassword={i}{'x' * 5000}{i}\n" for i in range(50)]
    at_once(person, texts)
    assert HOST + git("get", HOST) in texts
    shown = subprocess.run(["secret-tool", "search", "--all", "kind", "credential"], env=keyring.env,
                           capture_output=True, text=True, check=True).stdout
    assert shown.count("label = git credential") == 1


def salts(keyring):
    shown = subprocess.run(["secret-tool", "search", "--all", "kind", "salt"], env=keyring.env, capture_output=True,
                           text=True, check=True).stdout
    return re.findall("^secret = (.*)$", shown, flags=re.M)


def test_two_salts(person, git, keyring):
    """Two that made one at the same time: what is kept under either is found, replaced and erased."""
    git("store", ALICE)
    [first] = salts(keyring)
    other = "0" * 64
    ident = hmac.new(other.encode(), b"\x04\0\0\0salt", "sha256").hexdigest()[:32]
    subprocess.run(["secret-tool", "store", "--label=salt", "xdg:schema", "io.github.tokenring", "v", "1", "kind",
                    "salt", "id", ident], input=other, text=True, env=keyring.env, check=True)
    assert set(salts(keyring)) == {first, other}
    forget_salt(person)
    git("store", BOB)
    assert git("get", HOST + "username=alice\n") == "username=alice\npassword=a=1 \xe9\n"
    git("store", HOST + "username=alice\npassword=new\n")
    assert git("get", HOST + "username=alice\n") == "username=alice\npassword=new\n"
    shown = subprocess.run(["secret-tool", "search", "--all", "kind", "credential"], env=keyring.env,
                           capture_output=True, text=True, check=True).stdout
    assert shown.count("label = git credential") == 2
    git("erase", HOST)
    assert git("get", HOST) == ""


def forget_salt(person):
    forget({n[:32] for _, n in keys() if n.endswith(".salt")} & person.fingerprints())


def test_a_keyring_that_was_made_anew(person, git, keyring):
    """The cached salt is another's then: nothing is found by it, and nothing lost."""
    git("store", ALICE)
    subprocess.run(["secret-tool", "clear", "kind", "salt"], env=keyring.env, check=True)
    subprocess.run(["secret-tool", "clear", "kind", "credential"], env=keyring.env, check=True)
    assert git("get", HOST) == ""
    git("store", BOB)
    assert git("get", HOST).startswith("username=bob\n")


def test_plain_sessions_only(person):
    with PlainService() as k:
        person.session(k)
        git = BIN / "git-credential-tokenring"
        for op, text, out in (("get", HOST, ""), ("store", ALICE, ""), ("get", HOST, "username=alice\npassword=a=1 \xe9\n"),
                              ("store", BOB, ""), ("erase", HOST + "username=bob\n", ""),
                              ("get", HOST, "username=alice\npassword=a=1 \xe9\n"), ("erase", HOST, ""),
                              ("get", HOST, "")):
            r = person.run(git, op, input=text)
            assert (r.returncode, r.stdout, r.stderr) == (0, out, ""), (op, text)
        assert k.sessions[0] != "plain" and "plain" in k.sessions


def test_an_item_that_is_not_replaced(person):
    """A service that says so and keeps the old secret: that is not "stored"."""
    with PlainService() as k:
        person.session(k)
        git = BIN / "git-credential-tokenring"
        assert person.run(git, "store", input=ALICE).returncode == 0
        k.stale = True
        new = HOST + "username=alice\npassword=new\n"
        r = person.run(git, "store", input=new)
        assert (r.stdout, r.stderr) == ("", "tokenring: the credentials of 'example.com' are not kept: "
                                        "the keyring still has what was to be replaced\n")
        assert person.run(git, "get", input=HOST).stdout == "username=alice\npassword=a=1 \xe9\n"
        k.stale = False
        assert person.run(git, "store", input=new).stderr == ""
        assert person.run(git, "get", input=HOST).stdout == "username=alice\npassword=new\n"


def test_no_network_for_them(person, keyring):
    """No socket but the bus's is opened."""
    trace = person.base / "trace"
    for op, text in (("store", ALICE), ("get", HOST), ("erase", HOST)):
        subprocess.run(["strace", "-f", "-qq", "-e", "trace=socket,execve", "-o", trace, BIN / "tokenring", "git", op],
                       input=text, text=True, env=person.env, check=True, stdout=subprocess.DEVNULL)
        calls = trace.read_text()
        assert len(re.findall(r"execve\(.*= 0$", calls, flags=re.M)) == 2, "ourselves and tokenring-secret"
        assert re.findall(r"socket\((\w+)", calls) and set(re.findall(r"socket\((\w+)", calls)) == {"AF_UNIX"}


def test_a_forgotten_one_is_deleted(person, git, keyring):
    """--timeout: not only unseen, gone."""
    git("store", ALICE, "--timeout", "0")
    assert git("get", HOST) == ""
    wait_for(lambda: "credential" not in subprocess.run(
        ["secret-tool", "search", "--all", "kind", "credential"], env=keyring.env, capture_output=True, text=True,
        check=True).stdout, "the deletion")


def test_a_foreign_item_is_no_answer(person, git, keyring):
    """Whoever writes an item under a known hash cannot give a host's password to another."""
    git("store", ALICE)
    attributes = dict(re.findall(r"^attribute\.(\w+) = (\S+)$", subprocess.run(
        ["secret-tool", "search", "--all", "kind", "credential"], env=keyring.env, capture_output=True, text=True,
        check=True).stderr, flags=re.M))
    git("store", "protocol=https\nhost=evil.example\nusername=mallory\npassword=m\n")
    evil = subprocess.run(["secret-tool", "search", "--all", "kind", "credential"], env=keyring.env,
                          capture_output=True, text=True, check=True).stdout
    evil = [s for s in re.findall("^secret = (.*)$", evil, flags=re.M)
            if b"evil.example" in base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))]
    pairs = [x for k, v in attributes.items() for x in (k, v)]
    for secret in (evil[0], "no base64url!", "AAAA", base64.urlsafe_b64encode(b"version=1\nend=ok\n").decode().rstrip("=")):
        subprocess.run(["secret-tool", "store", "--label=x", "xdg:schema", "io.github.tokenring", *pairs],
                       input=secret, text=True, env=keyring.env, check=True)
        assert git("get", HOST) == ""


def at_terminal(person, **env):
    """Start `get` at a terminal of its own, with a display; the process and the terminal."""
    master, slave = os.openpty()
    request = person.base / "request"
    request.write_text(HOST)
    p = subprocess.Popen(["/bin/sh", "-c", f'exec git-credential-tokenring get <{request}'], stdin=slave,
                         env={**person.env, "DISPLAY": ":99", "GIT_TERMINAL_PROMPT": "1", **env}, cwd=person.base,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                         preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(slave)
    return p, master


def test_a_person_unlocks(person):
    """At a terminal with a display the keyring asks; nothing but the person ends that."""
    with StuckPrompt() as k:
        person.session(k)
        p, terminal = at_terminal(person)
        try:
            wait_for(lambda: "Prompt" in k.calls, "the prompt")
            assert p.poll() is None
        finally:
            p.kill()
            p.communicate()
            os.close(terminal)


@pytest.mark.parametrize("env", [
    {"GIT_TERMINAL_PROMPT": "0"}, {"GIT_TERMINAL_PROMPT": "false"}, {"DISPLAY": None},
    {"GIT_CONFIG_PARAMETERS": "'credential.interactive=false'"},
    {"GIT_CONFIG_PARAMETERS": "'credential.interactive=never'"}, {"PATH": str(BIN)},
], ids=str)
def test_a_person_who_is_not_to_be_asked(person, env):
    """git says no, nothing could be shown, or git cannot be asked."""
    with StuckPrompt() as k:
        person.session(k)
        if env.get("DISPLAY", "") is None:
            env = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
        p, terminal = at_terminal(person, **env)
        try:
            out, err = p.communicate(timeout=10)
        finally:
            p.kill()
            os.close(terminal)
        assert (p.returncode, out) == (3, b"") and b"locked" in err
        assert "Prompt" not in k.calls
