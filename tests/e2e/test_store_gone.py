# SPDX-License-Identifier: MIT
"""The store fails between the reading of a refresh token and the writing of the next: nothing is lost or spent twice."""
import re
import resource
import subprocess

import pytest

from conftest import BIN, BUILD, runtime_dirs

NOKEYS = BUILD / "tools" / "nokeys"


def finished(p, oauth, run=None):
    """The next caller brings what waits into the store; the one after spends that, and only that."""
    run = run or p.tokenring
    spent = [form["refresh_token"] for grant, form in oauth.token_requests if grant == "refresh_token"]
    p.expire()
    r = run("token")
    assert r.returncode == 0 and oauth.active(r.stdout.strip()), r
    p.expire()
    r = run("token")
    assert r.returncode == 0 and oauth.active(r.stdout.strip()), r
    again = [form["refresh_token"] for grant, form in oauth.token_requests if grant == "refresh_token"]
    assert again[:len(spent)] == spent and len(again) == len(set(again)) > len(spent)


# --- no room ------------------------------------------------------------------

@pytest.fixture
def full_disk(person_grant):
    """The state directory on a file system of its own, with every page of it taken by run.room(False)."""
    p = person_grant
    state = p.state / "tokenring"
    script = ('mount -t tmpfs -o size=128k,mode=700 none "$1" && cp -a "$2/." "$1/" && echo ready && exec cat')
    kept = p.base / "kept"
    subprocess.run(["cp", "-a", state, kept], check=True)
    held = subprocess.Popen(["unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "sh", "-c", script, "sh",
                             state, kept], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if held.stdout.readline() != "ready\n":
        pytest.skip("no file systems of one's own here: " + held.communicate()[1].strip())
    inside = ["nsenter", "--target", held.pid, "--user", "--mount", "--preserve-credentials"]

    # A namespace has user keyrings of its own: the cache is to be in files, here and outside.
    def run(*args):
        return p.run(*inside, NOKEYS, BIN / "tokenring", *args)

    def room(there):
        if there:
            done = p.run(*inside, "rm", state / "filler")
            assert done.returncode == 0
        else:
            done = p.run(*inside, "sh", "-c", f"cat /dev/zero >{state}/filler")
            assert "No space left" in done.stderr
    run.room = room
    yield run
    held.communicate()


def test_disk_full(person_grant, oauth, full_disk):
    p, run = person_grant, full_disk
    run.room(False)
    oauth.clear_log()
    p.expire()
    r = run("token")
    assert r.returncode == 0 and oauth.active(r.stdout.strip()), r
    assert oauth.count("/token") == 1
    # What is cached still does; and the old refresh token, which the store has, is not spent again.
    assert run("token").stdout == r.stdout
    run.room(True)
    finished(p, oauth, run)


@pytest.mark.parametrize("limit", [0, 20])
def test_no_file_may_grow(person_grant, oauth, limit):
    """A limit on the size of files: neither the store nor the journal can be written."""
    p = person_grant
    p.expire()
    r = p.run(BIN / "tokenring", "token",
              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert r.returncode in (0, 1), r
    if r.returncode == 0:
        assert oauth.active(r.stdout.strip())
    finished(p, oauth)


@pytest.mark.parametrize("limit", [0, 20])
def test_nothing_is_spent_where_nothing_can_be_kept(person_grant, oauth, limit):
    """Neither a journal, nor the kernel's keyring, nor the store would take the next refresh token."""
    p = person_grant
    p.expire()
    oauth.clear_log()
    r = p.run(NOKEYS, BIN / "tokenring", "token",
              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert r.returncode != 0 and r.stdout == "" and oauth.count("/token") == 0, r
    assert re.match(r"tokenring: profile 'itc': not renewed, for the new sign-in could be kept nowhere: .*File too large", r.stderr)
    finished(p, oauth)


# --- the keyring ----------------------------------------------------------------

def between(p, oauth, what):
    """Do that when the refresh token has been read and the server thinks."""
    oauth.fault("delay", path="/token", times=1, seconds=2)
    with p.start("tokenring", "token") as front:
        assert oauth.wait(1, "/token")
        what()
        out, err = front.communicate(timeout=30)
    return subprocess.CompletedProcess("tokenring token", front.returncode, out, err)


def test_keyring_locked_in_between(keyring_grant, oauth, keyring):
    p = keyring_grant
    lock = ["gdbus", "call", "--session", "--dest", "org.freedesktop.secrets", "--object-path",
            "/org/freedesktop/secrets", "--method", "org.freedesktop.Secret.Service.Lock",
            "['/org/freedesktop/secrets/collection/login']"]
    r = between(p, oauth, lambda: subprocess.run(lock, env=keyring.env, check=True, capture_output=True))
    assert r.returncode == 0 and oauth.active(r.stdout.strip()), r
    # Nothing more is spent while it is locked; the reason is given.
    age_out(p)
    r = p.tokenring("token")
    assert r.returncode == 3 and "locked" in r.stderr and "waits in the journal" in r.stderr, r
    assert oauth.count("/token") == 1
    keyring.restart(unlock=True)
    finished(p, oauth)


def age_out(p):
    """The access tokens that are cached and in the journal are of no more use."""
    p.expire()
    for d in runtime_dirs():
        for f in d.glob("*.journal"):
            if f.name[:32] in p.fingerprints():
                f.write_text(re.sub(r"(?m)^(expires_at|obtained_at)=.*$", r"\1=1", f.read_text()))


def test_keyring_ended_in_between(keyring_grant, oauth, keyring):
    """Not stopped but gone: its name on the bus has no owner."""
    p = keyring_grant
    r = between(p, oauth, keyring.end_daemon)
    assert r.returncode == 0 and oauth.active(r.stdout.strip()), r
    age_out(p)
    r = p.tokenring("token")
    assert r.returncode == 4 and "waits in the journal" in r.stderr, r
    assert oauth.count("/token") == 1
    keyring.start()
    finished(p, oauth)


def test_locked_before_it_begins(keyring_grant, oauth, keyring):
    """Then nothing is spent at all."""
    p = keyring_grant
    keyring.restart(unlock=False)
    r = p.tokenring("token")
    assert r.returncode == 3 and "locked" in r.stderr and oauth.count("/token") == 0, r
    keyring.restart(unlock=True)
    finished(p, oauth)
