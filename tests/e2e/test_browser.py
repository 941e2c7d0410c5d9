# SPDX-License-Identifier: MIT
"""Signing in with a browser: the answer at the loopback address, and who else knocks there."""
import fcntl
import http.client
import json
import os
import re
import socket
import ssl
import stat
import subprocess
import sys
import termios
import time
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from conftest import BIN, stored

PAGE_FIELDS = {"cache-control": "no-store", "content-security-policy": "default-src 'none'",
               "referrer-policy": "no-referrer", "connection": "close", "content-type": "text/html; charset=utf-8"}

# Goes where the server sends it; talks, as browsers do; and tells what it was started with.
FAKE_BROWSER = """#!{python}
import json, os, ssl, sys, urllib.request
print("Opening in existing browser session.", flush=True)
sys.stderr.write("[1:1:ERROR] chatter\\n"); sys.stderr.flush()
facts = dict(argv=sys.argv[1:], sid=os.getsid(0), pid=os.getpid(), stdin=sys.stdin.read(),
             fds=sorted(int(f) for f in os.listdir("/proc/self/fd")), out=os.readlink("/proc/self/fd/1"))
context = ssl.create_default_context(cafile={ca!r})
# A minimal system has no /etc/hosts that knows localhost.
answer = urllib.request.urlopen(sys.argv[1].replace("//localhost", "//127.0.0.1", 1), context=context, timeout=20)
facts.update(status=answer.status, fields=dict(answer.headers), page=answer.read().decode(), at=answer.url)
with open({log!r} + ".new", "w") as f:
    json.dump(facts, f)
os.rename({log!r} + ".new", {log!r})
"""


@pytest.fixture
def app(person, oauth):
    """A public client whose endpoints are found by its issuer."""
    oauth.set(clients={"app": None}, device_interval=1)
    profile(person, oauth)
    return person


def profile(person, oauth, **keys):
    person.configure("")
    person.oauth(oauth, **{"client_id": "app", "client_auth": "none", "grant": "browser", "store": "file",
                           "issuer": oauth.issuer, "token_url": None, **keys})


class SignIn:
    """A `tokenring login` that waits for its browser; the test is the browser."""

    def __init__(self, person, *args, env=None):
        self.process = person.start("tokenring", "login", "--browser", *args,
                                    env={"BROWSER": "/bin/true", **(env or {})})
        self.shown = ""
        for line in self.process.stderr:
            self.shown += line
            if line.startswith("https://"):
                break
        assert "https://" in self.shown, (self.shown, self.process.wait())
        self.url = self.shown.splitlines()[-1]
        self.asked = dict(parse_qsl(urlsplit(self.url).query))
        self.port = urlsplit(self.asked["redirect_uri"]).port
        self.host = f"127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.communicate()

    def end(self):
        """(status, what it said behind the address)"""
        out, err = self.process.communicate(timeout=60)
        assert out == ""
        return self.process.returncode, err

    def waits(self):
        return self.process.poll() is None

    def raw(self, data, address="127.0.0.1"):
        """Status and whole answer to these bytes; status 0: none."""
        with socket.create_connection((address, self.port), timeout=30) as s:
            s.sendall(data)
            answer = read_all(s)
        return int(answer.split(b" ")[1]) if answer else 0, answer

    def get(self, target, host=None, address="127.0.0.1"):
        return self.raw(f"GET {target} HTTP/1.1\r\nHost: {host or self.host}\r\n\r\n".encode(), address)

    def answer(self, **changes):
        """An answer as the server would give it, but for the changes; None: without."""
        query = {"state": self.asked["state"], "code": "some-code", **changes}
        return self.get("/callback?" + urlencode({k: v for k, v in query.items() if v is not None}))


def read_all(s):
    data = b""
    while True:
        try:
            more = s.recv(65536)
        except ConnectionResetError:
            return data
        if not more:
            return data
        data += more


def visit(oauth, url):
    """What the server answers with: where it sends the browser, as path and query."""
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.hostname.replace("localhost", "127.0.0.1"), parts.port, timeout=20,
                                             context=ssl.create_default_context(cafile=oauth.ca.pem))
    connection.request("GET", f"{parts.path}?{parts.query}")
    location = connection.getresponse().headers["Location"]
    connection.close()
    return location.partition("/callback")[1] + location.partition("/callback")[2]


def signed_in(person, oauth):
    assert oauth.active(person.ok("token").strip())
    return oauth.spendable(stored(person, "refresh")[0].read_text().strip())


# --- it works ----------------------------------------------------------------

@pytest.fixture
def browser(person, oauth, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root's browser is never started: tests/as-user")
    log = tmp_path / "browser.json"
    program = tmp_path / "fake-browser"
    program.write_text(FAKE_BROWSER.format(python=sys.executable, ca=oauth.ca.pem, log=str(log)))
    program.chmod(0o755)
    person.env["BROWSER"] = str(program)
    return log


def facts(log):
    end = time.monotonic() + 20
    while not log.exists() and time.monotonic() < end:
        time.sleep(0.01)
    return json.loads(log.read_text())


def test_from_login_to_a_stored_token(app, oauth, browser):
    r = app.tokenring("login")
    assert (r.returncode, r.stdout) == (0, ""), r
    assert "chatter" not in r.stderr and "existing browser" not in r.stderr
    assert r.stderr.startswith("A browser opens") and r.stderr.count("\n") == 2
    assert signed_in(app, oauth)
    asked = oauth.find("connect/auth", method="GET")[0]
    query = {k: v for k, [v] in parse_qs(asked["query"], strict_parsing=True).items()}
    redirect = query.pop("redirect_uri")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/callback", redirect)
    assert re.fullmatch(r"[\w-]{43}", query.pop("state")) and re.fullmatch(r"[\w-]{43}", query.pop("code_challenge"))
    assert query == {"response_type": "code", "client_id": "app", "code_challenge_method": "S256"}
    assert [g for g, _ in oauth.token_requests] == ["authorization_code"]
    form = oauth.token_requests[0][1]
    assert form["redirect_uri"] == redirect and re.fullmatch(r"[\w-]{43}", form["code_verifier"])
    seen = facts(browser)
    assert seen["status"] == 200 and seen["at"].startswith(redirect + "?")
    assert {k.lower(): v for k, v in seen["fields"].items()}.items() >= PAGE_FIELDS.items()
    assert "You may close this page" in seen["page"] and "Vous pouvez fermer cette page" in seen["page"]
    assert "<script" not in seen["page"] and "://" not in seen["page"]
    assert stat.S_IMODE(stored(app, "refresh")[0].stat().st_mode) == 0o600
    app.expire()
    assert signed_in(app, oauth)
    assert oauth.token_requests[-1][0] == "refresh_token"


def test_the_browser_is_on_its_own(app, oauth, browser):
    """Its own session, nothing to read, nowhere to write, none of the caller's descriptors."""
    ours, theirs = os.pipe()
    with app.start("tokenring", "login", "--browser", pass_fds=(theirs,)) as p:
        os.close(theirs)
        assert p.wait(30) == 0
    os.close(ours)
    seen = facts(browser)
    # 3 and 4: the list of descriptors itself, and what Python has open meanwhile.
    assert len(seen["argv"]) == 1 and seen["out"] == "/dev/null" and seen["stdin"] == ""
    assert theirs not in seen["fds"] or theirs <= 4
    assert seen["sid"] not in (os.getsid(0), p.pid)


@pytest.mark.parametrize("value,started", [
    ("{}:/bin/false", True), (":{}", True), ("{} --new-window", False), ("sh -c {}", False), ("/nonexistent:{}", False),
])
def test_the_first_of_the_list_without_a_shell(app, oauth, browser, value, started):
    with SignIn(app, env={"BROWSER": value.format(app.env["BROWSER"])}) as s:
        assert s.shown.startswith("A browser opens" if started else "To sign in, open this address")
        if not started:
            assert s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (0, "")
    assert facts(browser)["status"] == 200 if started else not browser.exists()
    assert signed_in(app, oauth)


def test_xdg_open_is_searched_in_path(app, oauth, browser, tmp_path):
    (tmp_path / "bin").mkdir()
    os.rename(app.env.pop("BROWSER"), tmp_path / "bin" / "xdg-open")
    app.env["PATH"] = f"{tmp_path}/bin:{app.env['PATH']}"
    r = app.tokenring("login", env={"DISPLAY": ":99"})
    assert r.returncode == 0 and r.stderr.startswith("A browser opens")
    assert facts(browser)["status"] == 200


def test_by_hand_with_scope_audience_and_a_secret(person, oauth, tmp_path):
    """Every character arrives: in the address, at the token endpoint."""
    secret = "p+a/s:s %w~r&d=é"
    (tmp_path / "secret").write_text(secret + "\n")
    oauth.set(clients={"app+&é": secret})
    profile(person, oauth, client_id="app+&é", client_auth="basic", client_secret_file=tmp_path / "secret",
            scope="openid a+b é&c", audience="https://api.example/?x=1&y", issuer=None, token_url=oauth.token_url,
            authorization_url=oauth.authorization_url + "?kc_idp_hint=a%20b")
    with SignIn(person) as s:
        assert s.asked["scope"] == "openid a+b é&c" and s.asked["audience"] == "https://api.example/?x=1&y"
        assert s.asked["kc_idp_hint"] == "a b" and s.asked["client_id"] == "app+&é"
        assert s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (0, "")
    assert signed_in(person, oauth)


def test_option_overrides_client_credentials(person, oauth):
    """--browser in a profile of another grant: the next renewal is the person's too."""
    oauth.set(clients={"app": None})
    profile(person, oauth, grant=None)
    with SignIn(person) as s:
        assert s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (0, "")
    person.expire()
    assert signed_in(person, oauth)
    assert [g for g, _ in oauth.token_requests] == ["authorization_code", "refresh_token"]


def test_a_long_address_is_shown_whole(person, oauth):
    oauth.set(clients={"app": None})
    profile(person, oauth, scope=" ".join(f"scope-{i}" for i in range(300)))
    with SignIn(person) as s:
        assert len(s.url) > 3000 and s.asked["scope"].endswith(" scope-299")
        assert s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (0, "")


def test_ipv6(app, oauth):
    with SignIn(app) as s:
        try:
            socket.create_connection(("::1", s.port)).close()
        except OSError:
            pytest.skip("no ::1 here")
        assert s.get(visit(oauth, s.url), host=f"[::1]:{s.port}", address="::1")[0] == 200
        assert s.end() == (0, "")


def test_an_ipv6_socket_for_the_ipv4_address(app, oauth):
    """As programs with one kind of socket for both have it."""
    with SignIn(app) as s, socket.socket(socket.AF_INET6) as c:
        c.connect(("::ffff:127.0.0.1", s.port))
        c.sendall(f"GET {visit(oauth, s.url)} HTTP/1.1\r\nHost: {s.host}\r\n\r\n".encode())
        assert read_all(c).startswith(b"HTTP/1.1 200 ")
        assert s.end() == (0, "")


# --- answers that are not the one --------------------------------------------

@pytest.mark.parametrize("state", [None, "", "x", "{}x", "{}\0", "{:.42}", "é" * 20])
def test_wrong_state_is_told_and_ignored(app, oauth, state):
    with SignIn(app) as s:
        wrong = state if state is None else state.format(s.asked["state"])
        for changes in ({}, {"code": None, "error": "access_denied"}, {"iss": "https://other.example"}):
            status, page = s.answer(state=wrong, **changes)
            assert status == 400 and b"not the answer" in page or "\0" in (wrong or "")
        assert s.waits() and not oauth.token_requests
        assert s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (0, "")
    assert signed_in(app, oauth)


def test_a_server_that_answers_with_a_wrong_state(app, oauth):
    with SignIn(app) as s:
        oauth.set(wrong_state=True)
        assert s.get(visit(oauth, s.url))[0] == 400
        oauth.set(wrong_state=False)
        assert s.waits() and s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (0, "")


@pytest.mark.parametrize("settings", [{"wrong_iss": True}, {"omit_iss": True},
                                      {"wrong_iss": True, "auto_login": "deny"}, {"omit_iss": True, "auto_login": "deny"}])
def test_another_issuers_answer_ends_it(app, oauth, settings):
    """The server promises in its metadata that answers name it."""
    with SignIn(app) as s:
        oauth.set(**settings)
        assert s.get(visit(oauth, s.url))[0] == 200
        status, said = s.end()
    assert status == 1 and "issuer" in said and "declined" not in said
    assert not oauth.token_requests and not stored(app, "refresh")


def test_issuer_with_a_difference_that_matters_to_nobody_else(app, oauth):
    with SignIn(app) as s:
        assert s.answer(iss=oauth.issuer + "/")[0] == 200
        status, said = s.end()
    assert status == 1 and "another issuer's" in said and not oauth.token_requests


@pytest.mark.parametrize("keys,settings,status", [
    ({"issuer": None}, {"omit_iss": True}, 0),
    ({"issuer": None}, {}, 0),  # nothing to compare it with
    ({}, {"omit_iss": True}, 0),  # nothing was promised: the metadata were not asked for
    ({}, {"wrong_iss": True}, 1),
])
def test_endpoints_by_hand(person, oauth, keys, settings, status):
    oauth.set(clients={"app": None})
    profile(person, oauth, token_url=oauth.token_url, authorization_url=oauth.authorization_url, **keys)
    with SignIn(person) as s:
        oauth.set(**settings)
        assert s.get(visit(oauth, s.url))[0] == 200
        assert s.end()[0] == status
    assert oauth.count("openid-configuration") == 0


def test_a_server_that_promises_nothing(app, oauth):
    oauth.set(discovery={"authorization_response_iss_parameter_supported": None}, omit_iss=True)
    with SignIn(app) as s:
        assert s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (0, "")


# RFC 6749, section 4.1.2.1; the exit status, and what is said
ERRORS = [("access_denied", 1, "declined in the browser"), ("unauthorized_client", 1, "does not let this client"),
          ("invalid_request", 2, "does not understand"), ("unsupported_response_type", 2, "authorization codes"),
          ("invalid_scope", 2, "scope"), ("server_error", 4, "failed"), ("temporarily_unavailable", 4, "for now"),
          ("login_required", 1, "login_required"), ("", 1, "refused"), ("a\nb\x1b[31m", 1, "a?b?[31m")]


@pytest.mark.parametrize("error,status,words", ERRORS)
def test_error_answers(app, oauth, error, status, words):
    with SignIn(app) as s:
        assert s.answer(code=None, error=error, iss=oauth.issuer, error_description="because\tof é")[0] == 200
        code, said = s.end()
    assert code == status and words in said and "it says: because?of é" in said
    assert said.startswith("tokenring: profile 'itc': ") and said.count("\n") == 1
    assert not oauth.token_requests and not stored(app, "refresh")


def test_declined_at_the_server(app, oauth):
    oauth.set(auto_login="deny")
    with SignIn(app) as s:
        assert s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (1, "tokenring: profile 'itc': the sign-in was declined in the browser\n")


@pytest.mark.parametrize("code,words", [(None, "neither"), ("", "neither"), ("a\nb", "character"), ("é", "character"),
                                        ("x" * 4097, "4096"), ("unknown", "invalid_grant"),
                                        ("x" * 4096, "invalid_grant"), (" ~!\"\\+%", "invalid_grant")])
def test_codes(app, oauth, code, words):
    with SignIn(app) as s:
        assert s.answer(code=code, iss=oauth.issuer)[0] == 200
        status, said = s.end()
    assert status == 1 and words in said, said
    assert [f["code"] for _, f in oauth.token_requests] == ([code] if words == "invalid_grant" else [])
    assert code is None or len(code) < 20 or code not in said


def test_one_answer_and_no_other(app, oauth):
    with SignIn(app) as s:
        first, second = visit(oauth, s.url), visit(oauth, s.url)
        with socket.create_connection(("127.0.0.1", s.port)) as early:
            # It came first and waits; the other one has its whole answer there before it is looked at.
            early.sendall(f"GET {first} HTTP/1.1\r\nHost: {s.host}\r\n\r\n".encode())
            assert read_all(early).startswith(b"HTTP/1.1 200 ")
        with pytest.raises(ConnectionError):
            s.get(second)
            raise ConnectionError  # it was taken off the queue, and thrown away
        assert s.end() == (0, "")
    assert len(oauth.token_requests) == 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", s.port))


def test_a_code_of_somebody_else_is_worth_nothing(app, oauth):
    """Its verifier is not known: the server refuses it (PKCE)."""
    with SignIn(app) as s:
        other = s.url.replace(s.asked["code_challenge"], "A" * 43)
        assert s.get(visit(oauth, other))[0] == 200
        status, said = s.end()
    assert status == 1 and "invalid_grant" in said and not stored(app, "refresh")


# --- requests that are none --------------------------------------------------

GOOD_HOST = b"Host: {host}\r\n"
GARBAGE = [
    (b"\r\n\r\n", 400), (b"hello\r\n\r\n", 400), (b"\0" * 100 + b"\r\n\r\n", 400), (b"\x16\x03\x01\x02\0\x01" * 9, 0),
    (b"GET /callback?{query} HTTP/1.1\n" + GOOD_HOST + b"\n", 0), (b"GET /callback?{query}\r\n\r\n", 400),
    (b"GET /callback?{query} HTTP/2.0\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"GET  /callback?{query} HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"get /callback?{query} HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"GET /callback?{query} HTTP/1.1\r\n Host: {host}\r\n\r\n", 400),
    (b"GET /callback?{query} HTTP/1.1\r\n" + GOOD_HOST + b" folded\r\n\r\n", 400),
    (b"GET /callback?{query} HTTP/1.1\r\nHost : {host}\r\n\r\n", 400),
    (b"GET /callback?{query} HTTP/1.1\r\n" + GOOD_HOST + b"no colon\r\n\r\n", 400),
    (b"GET /callback?{query} HTTP/1.1\r\n" + GOOD_HOST + b"X: a\rb\r\n\r\n", 400),
    (b"GET /callback?{query} HTTP/1.1\r\n" + GOOD_HOST + b"X: a\0b\r\n\r\n", 400),
    (b"GET /callback?{query}\x01 HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"GET /callback?{query}\xc3\xa9 HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"GET /callback?{query}#x HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"GET /callback?{query}&x=%zz HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"GET /callback?{query}&x=%0 HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"GET /callback?{query}&x=%00 HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"GET /callback?{query}&{query} HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"GET /callback?{query}&c%6fde=x HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"GET /callback?{query}&" + b"&".join(b"a%d=" % i for i in range(40)) + b" HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"GET /callback HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 400),
    (b"POST /callback?{query} HTTP/1.1\r\n" + GOOD_HOST + b"Content-Length: 3\r\n\r\nabc", 404),
    (b"HEAD /callback?{query} HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 404),
    (b"OPTIONS /callback?{query} HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 404),
    (b"GET /?{query} HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 404),
    (b"GET /favicon.ico HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 404),
    (b"GET /callback/?{query} HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 404),
    (b"GET /../callback?{query} HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 404),
    (b"GET /%63allback?{query} HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 404),
    (b"GET http://{host}/callback?{query} HTTP/1.1\r\n" + GOOD_HOST + b"\r\n", 404),
    (b"", 0), (b"GET /call", 0),
]


def test_garbage_is_refused_and_the_wait_goes_on(app, oauth):
    with SignIn(app) as s:
        query = urlencode({"state": s.asked["state"], "code": "c", "iss": oauth.issuer}).encode()
        for data, expected in GARBAGE:
            data = data.replace(b"{query}", query).replace(b"{host}", s.host.encode())
            with socket.create_connection(("127.0.0.1", s.port), timeout=30) as c:
                c.sendall(data)
                if expected == 0:
                    c.shutdown(socket.SHUT_WR)
                answer = read_all(c)
            assert answer.startswith(b"HTTP/1.1 %d " % (expected or 400)), (data, answer)
            fields = {k.lower(): v for k, _, v in (x.partition(": ") for x in
                                                   answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:])}
            assert fields.items() >= PAGE_FIELDS.items()
            assert int(fields["content-length"]) == len(answer.partition(b"\r\n\r\n")[2])
            assert query not in answer
            assert s.waits()
        assert not oauth.token_requests
        assert s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (0, "")


@pytest.mark.parametrize("host", [
    None, "", "localhost:{port}", "127.0.0.1", "127.0.0.1:{other}", "[::1]", "attacker.example", "127.0.0.1.nip.io:{port}",
    "attacker.example:{port}", "127.0.0.1:{port}@attacker.example", "127.0.0.1:0{port}", "127.1:{port}", "[::1]:{port}x",
    "127.0.0.1:{port}\r\nHost: attacker.example", "attacker.example\r\nHost: 127.0.0.1:{port}", "127.0.0.1:{port}, b",
])
def test_another_name_that_points_at_us(app, oauth, host):
    """DNS rebinding: a page whose name resolves to 127.0.0.1 still sends its own name."""
    with SignIn(app) as s:
        field = "" if host is None else f"Host: {host.format(port=s.port, other=s.port ^ 1)}\r\n"
        answer = s.raw(f"GET {visit(oauth, s.url)} HTTP/1.1\r\n{field}\r\n".encode())
        assert answer[0] == 400 and s.waits() and not oauth.token_requests
        assert s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (0, "")


@pytest.mark.parametrize("size,status", [(8192, 200), (8193, 431), (100_000, 431), (5_000_000, 431)])
def test_a_huge_request(app, oauth, size, status):
    with SignIn(app) as s:
        start = f"GET {visit(oauth, s.url)} HTTP/1.1\r\nHost: {s.host}\r\nX: ".encode()
        with socket.create_connection(("127.0.0.1", s.port), timeout=30) as c:
            try:
                c.sendall(start + b"x" * (size - len(start) - 4) + b"\r\n\r\n")
            except ConnectionError:
                pass
            answer = read_all(c)
        assert answer.startswith(b"HTTP/1.1 %d " % status) or (size > 1_000_000 and answer == b"")
        if status != 200:
            assert s.waits() and s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (0, "")


def test_a_slow_client_holds_others_up_for_ten_seconds_at_most(app, oauth):
    with SignIn(app) as s, socket.create_connection(("127.0.0.1", s.port)) as slow:
        slow.sendall(b"GET /callb")
        begun = time.monotonic()
        waiting = [socket.create_connection(("127.0.0.1", s.port)) for _ in range(5)]
        for c in waiting:
            c.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert s.get(visit(oauth, s.url))[0] == 200
        assert 9 < time.monotonic() - begun < 14
        assert all(read_all(c).startswith(b"HTTP/1.1 400 ") for c in waiting)
        assert read_all(slow).startswith(b"HTTP/1.1 408 ")
        for c in waiting:
            c.close()
        assert s.end() == (0, "")


def test_a_client_that_takes_no_page(app, oauth):
    """Whoever is gone when the page is written does not hurt."""
    with SignIn(app) as s:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", s.port)) as c:
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                c.sendall(f"GET / HTTP/1.1\r\nHost: {s.host}\r\n\r\n".encode())
        assert s.waits() and s.get(visit(oauth, s.url))[0] == 200
        assert s.end() == (0, "")


def test_two_at_once(app, oauth):
    """Each has a port and a state of its own; the answer to one is none to the other."""
    with SignIn(app) as one, SignIn(app, "--account", "other") as two:
        assert one.port != two.port and one.asked["state"] != two.asked["state"]
        assert one.asked["code_challenge"] != two.asked["code_challenge"]
        to_one, to_two = visit(oauth, one.url), visit(oauth, two.url)
        assert one.get(to_two)[0] == 400 and two.get(to_one)[0] == 400
        assert one.get(to_one)[0] == 200 and two.get(to_two)[0] == 200
        assert one.end() == (0, "") and two.end() == (0, "")
    assert signed_in(app, oauth)
    assert oauth.active(app.ok("token", "--account", "other").strip())
    assert len(stored(app, "refresh")) == 2


def test_the_port_is_loopbacks_alone(app, oauth):
    with SignIn(app) as s:
        with open("/proc/net/tcp") as f4, open("/proc/net/tcp6") as f6:
            lines = [x.split() for x in f4.readlines()[1:] + f6.readlines()[1:]]
        listening = {x[1].partition(":")[0] for x in lines if x[3] == "0A" and int(x[1].rpartition(":")[2], 16) == s.port}
        assert listening <= {"0100007F", "00000000000000000000000001000000"} and "0100007F" in listening


# --- where there is no browser -----------------------------------------------

@pytest.mark.parametrize("env", [{"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22", "DISPLAY": ":10", "BROWSER": "/bin/false"},
                                 {"SSH_TTY": "/dev/pts/1", "BROWSER": "/bin/false"}, {}, {"DISPLAY": "", "BROWSER": ""}])
def test_a_device_code_over_ssh_and_without_a_display(app, oauth, env):
    oauth.set(auto_approve=True)
    r = app.tokenring("login", env=env)
    assert (r.returncode, r.stdout) == (0, ""), r
    assert "enter the code" in r.stderr and oauth.token_requests[-1][0].endswith("device_code")
    assert signed_in(app, oauth)


def test_device_overrides(app, oauth):
    oauth.set(auto_approve=True)
    r = app.tokenring("login", "--device", env={"BROWSER": "/bin/false", "DISPLAY": ":0"})
    assert r.returncode == 0 and "enter the code" in r.stderr and not oauth.find("connect/auth", method="GET")


def test_the_address_alone_where_the_server_knows_no_device(app, oauth):
    oauth.set(discovery={"device_authorization_endpoint": None})
    env = {"SSH_TTY": "/dev/pts/1"}
    with app.start("tokenring", "login", env=env) as p:
        assert p.stderr.readline().startswith("To sign in, open this address")
        url = p.stderr.readline().strip()
        at = urlsplit(dict(parse_qsl(urlsplit(url).query))["redirect_uri"])
        c = http.client.HTTPConnection(at.netloc)
        c.request("GET", visit(oauth, url))
        assert c.getresponse().status == 200
        assert p.wait(30) == 0
    assert signed_in(app, oauth)


def test_a_refused_device_points_to_the_browser(app, oauth):
    oauth.set(clients={"app": {"secret": "a secret that this profile has not"}})
    r = app.tokenring("login", env={"SSH_TTY": "/dev/pts/1"})
    assert r.returncode in (1, 2) and "--browser" in r.stderr


def test_discovery_fails(app, oauth):
    oauth.set(issuer=oauth.issuer + "/other")
    r = app.tokenring("login", "--browser")
    assert r.returncode == 1 and "discovery: the metadata are another issuer's" in r.stderr
    oauth.set(issuer=None, discovery={"authorization_endpoint": None})
    r = app.tokenring("login", "--browser")
    assert r.returncode == 2 and "authorization_url: neither the profile nor its issuer" in r.stderr
    oauth.set(discovery={"authorization_endpoint": "http://plain.example/auth"})
    assert app.tokenring("login", "--browser").returncode == 2


def test_usage(app, person, sainet):
    r = app.tokenring("login", "--browser", "--device")
    assert r.returncode == 2 and "either --device or --browser" in r.stderr
    r = app.tokenring("login", "--browser", "--no-input")
    assert r.returncode == 3 and "needs a person" in r.stderr
    person.sainet(sainet)
    assert app.tokenring("login", "erp", "--browser").returncode == 2


def test_killed_while_it_waits(app, oauth):
    """The port goes with it, and nothing is left behind."""
    with SignIn(app) as s:
        s.process.terminate()
        s.process.wait(10)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", s.port))
    assert not stored(app, "refresh") and not oauth.token_requests


# --- the device flow's patience ----------------------------------------------

@pytest.mark.parametrize("fault,args", [("reset", {"stage": "request"}), ("status", {"code": 500}),
                                        ("status", {"code": 503, "headers": {"Retry-After": "3"}})])
def test_polling_backs_off(app, oauth, fault, args):
    oauth.set(auto_approve=True)
    oauth.fault(fault, path="/token", times=2, **args)
    r = app.tokenring("login", "--device")
    assert r.returncode == 0, r
    times = [q["time"] for q in oauth.find("/token")]
    assert len(times) == 3
    waits = [b - a for a, b in zip(times, times[1:])]
    assert waits[0] > 1.9 and waits[1] > (2.9 if "headers" in args else 3.9), waits


def test_slow_down_is_for_good(app, oauth):
    """RFC 8628, section 3.5: five seconds more, for all polls to come."""
    oauth.fault("status", path="/token", times=1, code=400, body='{"error":"slow_down"}')
    oauth.fault("status", path="/token", times=1, code=400, body='{"error":"authorization_pending"}')
    oauth.set(auto_approve=True)
    r = app.tokenring("login", "--device")
    assert r.returncode == 0, r
    times = [q["time"] for q in oauth.find("/token")]
    assert all(5.9 < b - a < 9 for a, b in zip(times, times[1:])) and len(times) == 3


@pytest.mark.parametrize("option,words", [("--device", b"enter the code"), ("--browser", b"open this address")])
def test_shown_at_the_terminal_though_standard_error_is_captured(app, oauth, option, words):
    oauth.set(auto_approve=True)
    master, slave = os.openpty()
    p = subprocess.Popen([str(BIN / "tokenring"), "login", option], env=app.env, cwd=app.base, text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         start_new_session=True, pass_fds=(slave,),
                         preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
    os.close(slave)
    seen = b""
    while words not in seen or seen.count(b"\n") < 2:
        seen += os.read(master, 4096)
    if option == "--browser":
        url = seen.decode().split("\r\n")[1]
        at = urlsplit(dict(parse_qsl(urlsplit(url).query))["redirect_uri"])
        c = http.client.HTTPConnection(at.netloc)
        c.request("GET", visit(oauth, url))
        assert c.getresponse().status == 200
    out, err = p.communicate(timeout=30)
    os.close(master)
    assert (p.returncode, out) == (0, "") and "https://" not in err, err
