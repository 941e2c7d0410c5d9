# SPDX-License-Identifier: MIT
"""Other hosts' credentials, several requests at once."""
import base64
import hashlib
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from conftest import BIN, LIBEXEC, keys
from keyring import missing
from plain import PlainService

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}")

GIT = BIN / "git-credential-tokenring"
HOST = "protocol=https\nhost=example.com\n"
OLD = HOST + "username=alice\npassword=old\n"
NEW = HOST + "username=alice\npassword=new\n"


class Slow(PlainService):
    """Deletes when it is told to."""

    def __init__(self):
        self.asked = threading.Event()
        self.waiting = []
        super().__init__()

    def delete(self, fields, to):
        self.waiting.append((fields, to))
        self.asked.set()

    def go_on(self):
        for fields, to in self.waiting:
            super().delete(fields, to)


def begin(person, op, text, *options, **kw):
    p = person.start(GIT, *options, op, input=True, **kw)
    p.stdin.write(text)
    p.stdin.close()
    p.stdin = None
    return p


@pytest.mark.parametrize("op, options", [("erase", []), ("get", ["--timeout", "0"])], ids=["erase", "get"])
def test_what_is_deleted_is_what_was_seen(person, op, options):
    """A store while another is about to delete: the new one stays."""
    with Slow() as k:
        person.session(k)
        assert person.run(GIT, *options, "store", input=OLD).stderr == ""
        first = begin(person, op, OLD)
        assert k.asked.wait(30), "the deletion"
        second = begin(person, "store", NEW, env={"TOKENRING_TRACE": "1"})
        said = ""
        for line in second.stderr:  # to its end, if it does not wait
            said += line
            if "waiting" in line:
                break
        k.go_on()
        assert first.communicate(timeout=30) == ("", "") and first.returncode == 0
        second.communicate(timeout=30)
        assert second.returncode == 0 and "waiting" in said
        assert person.run(GIT, "get", input=HOST).stdout == "username=alice\npassword=new\n"


def test_a_stopped_service_and_several_writers(person, keyring):
    """Three seconds are for all of it: the turn, the answer, the sweep of what is over."""
    assert person.run(GIT, "--timeout", "0", "store", input=OLD).returncode == 0
    os.kill(keyring.daemon_pid, signal.SIGSTOP)
    try:
        start = time.monotonic()
        asked = [begin(person, op, NEW if op == "store" else HOST) for op in ("store", "store", "erase", "get")]
        for p in asked:
            out, err = p.communicate(timeout=30)
            assert out == "" and p.returncode == 4 and re.search(r"did not answer within \d(\.\d)? s", err), err
            assert time.monotonic() - start < 4.5
    finally:
        os.kill(keyring.daemon_pid, signal.SIGCONT)
    assert person.run(GIT, "store", input=NEW).returncode == 0
    assert person.run(GIT, "get", input=HOST).stdout == "username=alice\npassword=new\n"


def test_a_stopped_service_and_a_later_writer(person, keyring):
    """He gets his turn when another has waited in vain: what he waited himself counts."""
    os.kill(keyring.daemon_pid, signal.SIGSTOP)
    try:
        first = begin(person, "store", NEW)
        time.sleep(1.5)  # nothing is waited for: this is how much later he comes
        start = time.monotonic()
        second = begin(person, "store", NEW)
        assert second.communicate(timeout=30)[0] == "" and second.returncode == 4
        assert time.monotonic() - start < 4
        assert first.communicate(timeout=30)[0] == "" and first.returncode == 4
    finally:
        os.kill(keyring.daemon_pid, signal.SIGCONT)


class NoDeletion(PlainService):
    """Is stopped when something is to be deleted."""

    def delete(self, fields, to):
        pass


def test_a_sweep_that_is_not_answered(person):
    """It is part of the look-up's three seconds."""
    with NoDeletion() as k:
        person.session(k)
        person.run(GIT, "--timeout", "0", "store", input=OLD)
        begun = [begin(person, "get", HOST) for _ in range(3)]
        start = time.monotonic()
        for p in begun:
            assert p.communicate(timeout=30)[0] == ""
            assert time.monotonic() - start < 4.5


def worker(person, op, *lines):
    asked = ["version=1", f"op={op}", "tool[]=git", "protocol[]=https", "host[]=example.com", *lines, "end=ok", ""]
    return person.run(LIBEXEC / "tokenring-secret", input="\n".join(asked)).stdout


def test_only_what_is_over_is_swept(person):
    """What was over when it was seen may be a new one when it is our turn."""
    with PlainService() as k:
        person.session(k)
        person.run(GIT, "store", input=NEW)
        assert "result=notfound\n" in worker(person, "credential-sweep")
        assert "password[]=new\n" in worker(person, "credential-get")
        person.run(GIT, "--timeout", "0", "store", input=NEW)
        assert "result=ok\n" in worker(person, "credential-sweep")
        assert len(k.items) == 1, "the salt"


def test_a_known_salt_hides_nothing(person):
    """What is kept under another one is found too."""
    with PlainService() as k:
        person.session(k)
        person.run(GIT, "store", input=NEW)
        [known] = [secret.decode() for has, secret in k.items.values() if has["kind"] == "salt"]
        [theirs] = [p for p, (has, _) in k.items.items() if has["kind"] == "credential"]
        other = "0" * 64
        k.items["/org/freedesktop/secrets/collection/c/o"] = [{"v": "1", "kind": "salt", "id": "x"}, other.encode()]
        del k.items[theirs]
        person.run(GIT, "store", input=NEW)
        assert "password[]=new\n" in worker(person, "credential-get", f"salt={other}"), "it was stored under the other"
        assert "password[]=new\n" in worker(person, "credential-get", f"salt={known}")


def test_stores_at_once_that_cannot_take_turns(person, keyring):
    """Each may make a salt where no lock can be had; each says that it has stored, and has."""
    person.state.mkdir(mode=0o700)
    (person.state / "tokenring").write_text("no directory")
    hosts = [f"protocol=https\nhost=h{i}.example\n" for i in range(8)]
    for p in [begin(person, "store", h + "username=u\npassword=p\n") for h in hosts]:
        assert p.communicate(timeout=30) == ("", "") and p.returncode == 0
    for h in hosts:
        assert person.run(GIT, "get", input=h).stdout == "username=u\npassword=p\n"


def test_a_stranger_is_let_in(person):
    """gnome-keyring, busy, may not know a caller when his first call is there."""
    with PlainService() as k:
        person.session(k)
        person.run(GIT, "store", input=NEW)
        k.denied = 2
        r = person.run(GIT, "get", input=HOST)
        assert (r.stdout, r.stderr) == ("username=alice\npassword=new\n", "")
        k.denied = 100
        r = person.run(GIT, "get", input=HOST)
        assert (r.returncode, r.stdout) == (1, "") and "SearchItems" in r.stderr


def test_the_last_one_counts_whatever_the_clock(person):
    """A clock that was ahead when another user was stored."""
    with PlainService() as k:
        person.session(k)
        person.run(GIT, "store", input=HOST + "username=bob\npassword=b\n")
        [item] = [i for i in k.items.values() if i[0]["kind"] == "credential"]
        text = base64.urlsafe_b64decode(item[1] + b"=" * (-len(item[1]) % 4))
        ahead = re.sub(rb"stored_at\[\]=(\d+)", rb"stored_at[]=9\1", text)
        assert ahead != text
        item[1] = base64.urlsafe_b64encode(ahead).rstrip(b"=")
        person.run(GIT, "store", input=NEW)
        assert person.run(GIT, "get", input=HOST).stdout == "username=alice\npassword=new\n"


def test_what_is_found_is_erased(person):
    """By a salt that is known still, although its item is gone."""
    with PlainService() as k:
        person.session(k)
        person.run(GIT, "store", input=NEW)
        for path in [p for p, (has, _) in k.items.items() if has["kind"] == "salt"]:
            del k.items[path]
        assert person.run(GIT, "get", input=HOST).stdout == "username=alice\npassword=new\n"
        assert person.run(GIT, "erase", input=HOST).returncode == 0
        assert not k.items and person.run(GIT, "get", input=HOST).stdout == ""


def test_a_damaged_salt_is_none(person):
    with PlainService() as k:
        person.session(k)
        person.run(GIT, "store", input=NEW)
        ours = hashlib.sha256(b"tokenring salt" + person.env["DBUS_SESSION_BUS_ADDRESS"].encode()).hexdigest()[:32]
        [serial] = [serial for serial, name in keys() if name == f"{ours}.salt"]
        subprocess.run(["keyctl", "update", serial, "x" * 64], check=True)
        r = person.run(GIT, "get", input=HOST)
        assert (r.stdout, r.stderr) == ("username=alice\npassword=new\n", "")
