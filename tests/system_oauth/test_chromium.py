# SPDX-License-Identifier: MIT
"""Signing in with a real browser at a real server; and who else is on this machine."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest

from conftest import Login, stored

from .conftest import STRANGER, USER, peer
from .web import Web


class SignIn(Login):
    """A `tokenring login --browser` whose address is opened by the test."""

    def __init__(self, user, *args):
        super().__init__(user, "--browser", *args, env={"BROWSER": "/bin/true"})
        self.process.stderr.readline()
        self.url = self.process.stderr.readline().strip()
        self.asked = {k: v for k, [v] in parse_qs(urlsplit(self.url).query).items()}
        self.port = urlsplit(self.asked["redirect_uri"]).port


@pytest.fixture
def app(user, provider):
    user.person(provider, "browser")
    return user


@pytest.fixture
def chromium(app, provider):
    """$BROWSER of this user; its log."""
    program = peer("chromium")
    # A copy: the tree may lie where this user cannot read.
    script = shutil.copy(pathlib.Path(__file__).with_name("chromium.py"), app.base / "chromium.py")
    facts = {"program": program, "spki": provider.spki(), "log": str(app.base / "chromium.json"), "name": "alice"}
    (app.base / "facts.json").write_text(json.dumps(facts))
    browser = app.base / "browser"
    browser.write_text(f'#!/bin/sh\nexec {sys.executable} -I {script} {app.base}/facts.json "$1"\n')
    browser.chmod(0o755)
    app.env["BROWSER"] = str(browser)
    return pathlib.Path(facts["log"])


def read_when_there(path):
    end = time.monotonic() + 120
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    return json.loads(path.read_text())


def test_in_chromium_from_login_to_a_stored_token(app, provider, chromium):
    p = app.start("tokenring", "login")
    try:
        seen = read_when_there(chromium)
        assert seen["url"].startswith("http://127.0.0.1:"), seen
        out, err = p.communicate(timeout=60)
    finally:
        p.kill()
        p.communicate()
    assert (p.returncode, out) == (0, ""), (out, err, seen)
    assert err.startswith("A browser opens") and err.count("\n") == 2
    assert seen["steps"] == ["login", "consent"] and "Chrome/" in seen["version"]
    assert "You may close this page" in seen["text"] and "Vous pouvez fermer cette page" in seen["text"]
    at = parse_qs(urlsplit(seen["url"]).query)
    assert urlsplit(seen["url"]).path == "/callback" and at["iss"] == [provider.issuer]
    facts = provider.introspect(app.ok("token"))
    assert facts["active"] and facts["sub"] == "alice" and facts["client_id"] == "app"
    before = stored(app, "refresh")[0].read_text()
    app.expire()
    assert provider.active(app.ok("token"))
    assert stored(app, "refresh")[0].read_text() != before
    # The code was spent: once more would have ended the grant.
    answer = json.loads(provider.fetch("/token", {"grant_type": "authorization_code", "code": at["code"][0],
                                                  "client_id": "app", "redirect_uri": seen["url"].split("?")[0]}))
    assert answer["error"] in ("invalid_grant", "invalid_request")


def as_user(uid, url):
    """GET by a process of this uid; status and text."""
    text = ("import sys, socket, urllib.parse as p\n"
            "u = p.urlsplit(sys.argv[1])\n"
            "s = socket.create_connection((u.hostname, u.port), timeout=30)\n"
            "s.sendall(f'GET {u.path}?{u.query} HTTP/1.1\\r\\nHost: {u.netloc}\\r\\n\\r\\n'.encode())\n"
            "d = b''\n"
            "while True:\n"
            "    try: m = s.recv(65536)\n"
            "    except ConnectionResetError: break\n"
            "    if not m: break\n"
            "    d += m\n"
            "sys.stdout.buffer.write(d)\n")
    other = {"user": uid, "group": uid, "extra_groups": []} if os.geteuid() == 0 else {}
    r = subprocess.run([sys.executable, "-I", "-c", text, url], timeout=60, capture_output=True, text=True, cwd="/",
                       **other)
    assert r.returncode == 0, r.stderr
    return int(r.stdout.split(" ")[1]), r.stdout


def visit(url):
    """The browser goes where the server sent it; the status."""
    return as_user(USER, url)[0]


def test_declined(app, provider):
    with SignIn(app) as s:
        at = Web(provider.ca).sign_in(s.url, decline=True)
        assert parse_qs(urlsplit(at).query)["error"] == ["access_denied"]
        assert visit(at) == 200
        status, said = s.end()
    assert status == 1 and "declined in the browser" in said and not stored(app, "refresh")


def changed(url, **changes):
    parts = urlsplit(url)
    query = {**{k: v for k, [v] in parse_qs(parts.query).items()}, **changes}
    return urlunsplit(parts._replace(query=urlencode({k: v for k, v in query.items() if v is not None})))


def test_wrong_state_then_the_right_one(app, provider):
    web = Web(provider.ca)
    with SignIn(app) as s:
        at = web.sign_in(s.url)
        for state in (None, "", "x" * 43, s.asked["state"][::-1]):
            assert visit(changed(at, state=state)) == 400
        assert visit(at.replace("127.0.0.1", "localhost")) == 400
        assert s.process.poll() is None
        assert visit(at) == 200
        assert s.end() == (0, "")
    assert provider.active(app.ok("token"))


@pytest.mark.parametrize("iss", ["https://other.example", None, "{}/"])
def test_wrong_issuer(app, provider, iss):
    """The server promises to be named in its answers."""
    web = Web(provider.ca)
    with SignIn(app) as s:
        at = web.sign_in(s.url)
        assert visit(changed(at, iss=iss and iss.format(provider.issuer))) == 200
        status, said = s.end()
    assert status == 1 and "issuer" in said and not stored(app, "refresh")


def test_a_code_for_another_request(app, provider):
    """Injected with the right state: PKCE ties a code to its own request."""
    web = Web(provider.ca)
    with SignIn(app) as s, SignIn(app) as other:
        theirs = parse_qs(urlsplit(web.sign_in(other.url)).query)["code"][0]
        at = web.sign_in(s.url)
        assert visit(changed(at, code=theirs)) == 200
        status, said = s.end()
    assert status == 1 and "invalid_grant" in said and not stored(app, "refresh")


def test_a_second_answer(app, provider):
    """The first is the only one: for the same sign-in again, or for another one, nobody listens any more."""
    web = Web(provider.ca)
    with SignIn(app) as s:
        at = web.sign_in(s.url)
        again = Web(provider.ca, name="mallory").sign_in(s.url)
        assert visit(at) == 200
        assert s.end() == (0, "")
        for url in (at, again):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=5)
    assert provider.introspect(app.ok("token"))["sub"] == "alice"


def test_nobody_answers(app, place, clock_library):
    """Five minutes, which are made to pass at once; then the port is closed, and nothing is kept."""
    library = shutil.copy(clock_library, place)
    os.chmod(library, 0o755)
    r = app.tokenring("login", "--browser", env={"BROWSER": "/bin/true", "LD_PRELOAD": library, "SKIP_WAITS": "1"})
    assert r.returncode == 1 and "nobody signed in within 5 minutes" in r.stderr, r
    assert not stored(app, "refresh")


@pytest.mark.parametrize("uid", [STRANGER, 0])
def test_another_user_of_this_machine(app, provider, uid):
    """He can see the address in the list of processes, sign in as himself, and bring the answer: it is not taken."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to be two users")
    web = Web(provider.ca)
    with SignIn(app) as s:
        at = Web(provider.ca, name="mallory").sign_in(s.url)
        for address in ("127.0.0.1", "[::1]"):
            status, text = as_user(uid, at.replace("127.0.0.1", address))
            assert status == 403 and "Another user of this machine" in text
        # He cannot keep the user out either: connections of his that say nothing take no time.
        held = subprocess.Popen([sys.executable, "-I", "-c", "import socket, sys, time\n"
                                 f"a = [socket.create_connection(('127.0.0.1', {s.port})) for _ in range(50)]\n"
                                 "print('ready', flush=True); sys.stdin.read()"],
                                user=uid, group=uid, extra_groups=[], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            assert held.stdout.readline() == b"ready\n" and s.process.poll() is None
            begun = time.monotonic()
            assert visit(web.sign_in(s.url)) == 200 and time.monotonic() - begun < 5
        finally:
            held.communicate()
        assert s.end() == (0, "")
    assert provider.introspect(app.ok("token"))["sub"] == "alice"


def test_root_gets_the_address_alone(provider, app):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    mark = app.base / "started"
    browser = app.base / "browser"
    browser.write_text(f"#!/bin/sh\ntouch {mark}\n")
    browser.chmod(0o755)
    p = app.start("tokenring", "login", "--browser", env={"BROWSER": str(browser)}, user=0, group=0)
    try:
        assert p.stderr.readline().startswith("To sign in, open this address")
        assert as_user(0, Web(provider.ca).sign_in(p.stderr.readline().strip()))[0] == 200
        assert p.communicate(timeout=60) == ("", "") and p.returncode == 0
        assert not mark.exists()
        assert app.run("tokenring", "logout", user=0, group=0).returncode == 0
    finally:
        p.kill()
        p.communicate()
