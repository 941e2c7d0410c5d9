# SPDX-License-Identifier: MIT
"""Signing in with a browser: the answer at the loopback address, and who else knocks there."""
import fcntl
import http.client
import json
import os
import re
import socket
import stat
import subprocess
import sys
import termios
import time
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from conftest import BIN, stored
from signin import SignIn, app, profile, read_all, signed_in, visit  # noqa: F401

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


# --- usage -------------------------------------------------------------------

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
