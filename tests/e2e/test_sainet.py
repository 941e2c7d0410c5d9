# SPDX-License-Identifier: MIT
"""SAINet from the command line, with secrets kept in a plain file for speed."""
import json
import os
import pathlib
import time

import pytest

from conftest import BIN, Opened, stored

PASSWORD = "correct horse"


@pytest.fixture
def erp(person, sainet):
    person.sainet(sainet, store="file")
    return person


def login(person, password=PASSWORD, profile="erp"):
    return person.tokenring("login", profile, "--secret-stdin", input=password + "\n")


def test_login_then_token_without_a_further_request(erp, sainet):
    assert login(erp).returncode == 0
    token = erp.ok("token", "erp").strip()
    assert token in sainet.tokens
    assert erp.ok("token") == token + "\n"
    assert sainet.count("login") == 1


def test_a_cached_token_starts_no_process(erp, sainet, tmp_path):
    login(erp)
    trace = tmp_path / "trace"
    with Opened(erp.config) as opened:
        r = erp.run("strace", "-f", "-qq", "-e", "trace=execve,clone,clone3,fork,vfork", "-o", trace,
                    BIN / "tokenring", "token", "erp")
    assert r.returncode == 0, r
    lines = trace.read_text().splitlines()
    assert sum("execve(" in x for x in lines) == 1
    assert not [x for x in lines if "clone" in x or "fork(" in x]
    assert opened.count == 1


def test_an_expired_token_is_renewed_with_the_remembered_password(erp, sainet):
    login(erp)
    first = erp.ok("token")
    erp.expire()
    second = erp.ok("token")
    assert first != second and sainet.count("login") == 2


def test_headers_carry_the_instance(erp, sainet):
    sainet.set(instance="NA")
    login(erp)
    token = erp.ok("token").strip()
    assert erp.ok("headers") == f"Authorization: Bearer {token}\nSai-Server-Instance: NA\n"


def test_curl_calls_the_api(erp, sainet):
    login(erp)
    r = erp.tokenring("curl", "-sS", f"{sainet.api}/ADR02")
    assert r.returncode == 0 and json.loads(r.stdout)["metadata"]["taskId"] == "ADR02"
    assert sainet.requests[-1]["headers"]["authorization"].startswith("Bearer ")


@pytest.mark.parametrize("args", [
    ["https://other.example/"],
    ["erp", "https://other.example/"],
    ["{api}/ADR02/1", "https://other.example/"],
    ["{api}/ADR02/1", "other.example"],
    ["-d", "x", "other.example"],
    ["-K", "file", "{api}/ADR02/1"],
    ["--url", "https://other.example/"],
    ["--location-trusted", "{api}/ADR02/1"],
    ["--location-t", "{api}/ADR02/1"],
    ["-k", "{api}/ADR02/1"],
    ["-sSk", "{api}/ADR02/1"],
    ["{api}/../../admin"],
    ["{api}/%2e%2e/admin"],
    ["--next", "{api}/ADR02/1"],
    ["--request-target", "/admin", "{api}/ADR02/1"],
    ["--cacert", "/tmp/x", "--connect-to", "::evil.example:443", "{api}/ADR02/1"],
    ["{api}/..;/admin"],
    ["{api}/.%2e%3bx/admin"],
    ["{api}/{{..,x}}/admin"],  # curl's globs make another URL of it
    ["{api}/[.-.][.-.]/admin"],
    ["{{{api},https://evil.example}}/x"],
    ["-o", "out"],
])
def test_curl_takes_the_token_nowhere_else(erp, sainet, args):
    login(erp)
    before = sainet.count()
    r = erp.tokenring("curl", *[a.format(api=sainet.api) for a in args])
    assert r.returncode == 2 and r.stdout == "" and r.stderr.startswith("tokenring: "), r
    assert sainet.count() == before


def test_curl_mixes_no_profiles(erp, sainet):
    erp.sainet(sainet, name="other", domain="OTHER", match=f"{sainet.url}/other", store="file")
    login(erp)
    before = sainet.count()
    for args in ([f"{sainet.api}/ADR02", f"{sainet.url}/other/x"], ["erp", f"{sainet.url}/other/x"]):
        r = erp.tokenring("curl", *args)
        assert r.returncode == 2 and "'other'" in r.stderr and "'erp'" in r.stderr, r
    assert sainet.count() == before


def test_curl_order_does_not_matter(erp, sainet):
    """The inner profile's URL does not get the outer one's token."""
    erp.sainet(sainet, name="outer", domain="OTHER", match=sainet.url, store="file")
    login(erp)
    login(erp, profile="outer")
    before = sainet.count()
    for urls in ([f"{sainet.url}/x", f"{sainet.api}/ADR02"], [f"{sainet.api}/ADR02", f"{sainet.url}/x"]):
        assert erp.tokenring("curl", *urls).returncode == 2
    assert sainet.count() == before


def test_curl_reads_no_curlrc(erp, sainet):
    login(erp)
    (erp.home / ".curlrc").write_text('url = "http://127.0.0.1:1/steal"\n')
    r = erp.tokenring("curl", "-sS", f"{sainet.api}/ADR02")
    assert r.returncode == 0 and json.loads(r.stdout)


def test_curl_starts_with_our_callers_signals(erp, sainet, tmp_path):
    login(erp)
    fake = tmp_path / "curl"
    fake.write_text("#!/bin/sh\ngrep SigIgn /proc/self/status\n")
    fake.chmod(0o755)
    as_started = erp.run(fake)
    r = erp.tokenring("curl", f"{sainet.api}/ADR02", env={"PATH": f"{tmp_path}:{erp.env['PATH']}"})
    assert r.stdout.startswith("SigIgn") and r.stdout == as_started.stdout, r


def test_a_url_and_a_profile_must_agree(erp, sainet):
    login(erp)
    assert erp.ok("headers", "--profile", "erp", f"{sainet.api}/x")
    r = erp.tokenring("headers", "--profile", "erp", "https://evil.example/")
    assert (r.returncode, r.stdout) == (2, "") and "does not belong" in r.stderr


def test_curl_needs_a_token_before_it_runs(erp, sainet):
    r = erp.tokenring("curl", "-sS", f"{sainet.api}/ADR02/1")
    assert r.returncode == 3 and "tokenring login erp" in r.stderr
    assert sainet.count() == 0


def test_wrong_password(erp, sainet):
    r = login(erp, "wrong")
    assert r.returncode == 1 and r.stdout == ""
    assert "profile 'erp'" in r.stderr and "wrong" not in r.stderr.replace("wrong user or password", "")
    assert not stored(erp, "password")
    assert erp.tokenring("token").returncode == 3


def test_nobody_signed_in(erp):
    r = erp.tokenring("token")
    assert (r.returncode, r.stdout) == (3, "")
    assert "tokenring login erp" in r.stderr and r.stderr.count("\n") == 1


def test_login_without_a_terminal_says_how(erp):
    r = erp.tokenring("login")
    assert r.returncode == 3 and "--secret-stdin" in r.stderr
    r = erp.tokenring("login", "--no-input")
    assert r.returncode == 3 and "--secret-stdin" in r.stderr


@pytest.mark.parametrize("text", ["", "\n", "a\nb\n", "a\x00b\n"])
def test_login_refuses_what_is_no_single_secret(erp, sainet, text):
    r = erp.tokenring("login", "--secret-stdin", input=text)
    assert r.returncode == 2 and sainet.count() == 0


def test_password_not_remembered(person, sainet):
    person.sainet(sainet, store="file", remember_password="off")
    assert login(person).returncode == 0
    assert not stored(person, "password") and stored(person, "access")
    first = person.ok("token")
    person.expire()
    assert person.ok("token") == first
    assert sainet.count("login") == 1


def test_git_erases_a_stored_token_too(person, sainet):
    person.sainet(sainet, store="file", remember_password="off")
    assert login(person).returncode == 0
    token = person.ok("token").strip()
    host = sainet.url.split("://")[1]
    r = person.tokenring("git", "erase", input=f"protocol=https\nhost={host}\nusername=u\npassword={token}\n")
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")
    assert person.tokenring("token").returncode == 3 and not stored(person, "access")


def test_store_none_keeps_nothing(person, sainet):
    person.sainet(sainet, store="none")
    r = login(person)
    assert (r.returncode, r.stderr) == (0, "")
    assert person.ok("token")
    person.expire()
    assert person.tokenring("token").returncode == 3


def test_expiry_from_a_readable_token(erp, sainet):
    sainet.set(token_form="jwt", jwt_lifetime=1234)
    login(erp)
    left = json.loads(erp.ok("token", "--json"))["expires_at"] - time.time()
    assert 1200 < left <= 1234


def test_lifetime_from_the_configuration(person, sainet):
    person.sainet(sainet, store="file", token_lifetime="2h")
    login(person)
    left = json.loads(person.ok("token", "--json"))["expires_at"] - time.time()
    assert 7100 < left <= 7200


def test_account_on_the_command_line(erp, sainet):
    sainet.set(users={"alice": PASSWORD, "bob": "bob's own"})
    login(erp)
    r = erp.tokenring("login", "erp", "--account", "bob", "--secret-stdin", input="bob's own\n")
    assert r.returncode == 0, r
    assert erp.ok("token") != erp.ok("token", "--account", "bob")
    assert sainet.logins[-1]["user"] == "bob"


PRINTABLE = "".join(chr(c) for c in range(0x20, 0x7f))


@pytest.mark.parametrize("password", [PRINTABLE, "pä55 wörd 漢字 🔑", "a+b c%20d%zz&user=x#y?", " leading and trailing "])
def test_every_character_arrives(erp, sainet, password):
    sainet.set(users={"alice": password})
    assert login(erp, password).returncode == 0
    erp.expire()
    assert erp.ok("token")
    assert [x["password"] for x in sainet.logins] == [password, password]


def test_refusal_is_remembered_and_login_clears_it(erp, sainet):
    login(erp)
    sainet.set(users={"alice": "changed"})
    erp.expire()
    for _ in range(5):
        r = erp.tokenring("token")
        assert r.returncode == 1, r
    assert sainet.count("login") == 2
    assert "not asked again until" in r.stderr
    assert stored(erp, "password"), "a 401 is no proof of a wrong password"
    assert login(erp, "changed").returncode == 0
    assert erp.ok("token")


def test_logout_forgets(erp, sainet):
    login(erp)
    assert erp.ok("logout") == ""
    assert not stored(erp, "password")
    assert erp.tokenring("token").returncode == 3
    assert not list((erp.state / "tokenring").glob("*.json"))


def test_status(erp, sainet):
    s = json.loads(erp.ok("status", "--json"))
    assert [(x["profile"], x["token"], x["kept"]) for x in s] == [("erp", False, None)]
    login(erp)
    text = erp.ok("status")
    assert "erp (sainet)" in text and "file (plaintext), keeps the password" in text and "alice" in text
    s = json.loads(erp.ok("status", "erp", "--json"))[0]
    assert s["token"] and s["kept"] == "password" and s["account"] == "alice" and s["refused"] is None
    assert set(s) == {"profile", "provider", "account", "store", "kept", "token", "expires_at",
                      "refresh_expires_at", "signed_in_at", "refused"}


def test_an_edited_profile_gets_no_other_servers_token(erp, sainet):
    login(erp)
    erp.config.write_text(erp.config.read_text().replace("domain = PROD", "domain = TEST"))
    assert erp.tokenring("token").returncode == 3


def test_files_are_private(erp):
    login(erp)
    for d, _, files in os.walk(erp.state / "tokenring"):
        assert pathlib.Path(d).stat().st_mode & 0o777 == 0o700
        assert all((pathlib.Path(d) / f).stat().st_mode & 0o777 == 0o600 for f in files)


def test_usage_errors(erp):
    for args in (["frobnicate"], ["token", "--device"], ["token", "--nonsense"], [], ["token", "a", "b"],
                 ["token", "nosuch"], ["token", "-o", "nosuch=1"], ["token", "-o", "store=attic"],
                 ["token", "--min-valid", "soon"], ["login", "--device"]):
        r = erp.tokenring(*args)
        assert (r.returncode, r.stdout) == (2, ""), (args, r)
        assert r.stderr.startswith("tokenring: ") and r.stderr.count("\n") == 1


def test_help_and_version(erp):
    assert "usage: tokenring" in erp.ok("--help")
    assert "usage: tokenring token" in erp.ok("token", "--help")
    assert erp.ok("--version").startswith("tokenring ")


def test_trace_tells_steps_without_secrets(erp, sainet):
    r = erp.tokenring("login", "erp", "--secret-stdin", "-v", input=PASSWORD + "\n")
    token = erp.ok("token").strip()
    r2 = erp.tokenring("token", env={"TOKENRING_TRACE": "1"})
    assert "login" in r.stderr
    assert PASSWORD not in r.stderr and token not in r.stderr + r2.stderr
