# SPDX-License-Identifier: MIT
"""Bazel's protocol, byte for byte."""
import calendar
import json
import re
import time

import pytest

from conftest import BIN

TIME = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture
def remote(person, oauth, tmp_path):
    """A profile for a server of build artefacts."""
    oauth.set(clients={"ci": "s3cret"}, access_lifetime=1200)
    (tmp_path / "secret").write_text("s3cret\n")
    person.oauth(oauth, client_id="ci", client_secret_file=tmp_path / "secret", store="none",
                 match="https://cache.example.com https://api.example.com/v1")
    return person


def ask(person, uri, *options, **kw):
    return person.run(BIN / "bazel-credential-tokenring", *options, "get", input=json.dumps({"uri": uri}), **kw)


def test_get(remote, oauth):
    before = int(time.time())
    r = ask(remote, "https://cache.example.com/google.devtools.build.v1.PublishBuildEvent")
    token = remote.ok("token").strip()
    assert (r.returncode, r.stderr) == (0, "") and oauth.active(token)
    assert re.fullmatch(r'{"headers":{"Authorization":\["Bearer %s"\]},"expires":"%s"}\n' % (re.escape(token), TIME),
                        r.stdout), r.stdout
    expires = calendar.timegm(time.strptime(json.loads(r.stdout)["expires"], "%Y-%m-%dT%H:%M:%SZ"))
    assert before + 1200 - 60 - 5 <= expires <= before + 1200 - 60 + 30, "before the token's end, by min_valid"


def test_a_short_life_is_told_in_time(remote, oauth):
    """However short it is, what is told lies in the second half of what is left."""
    oauth.set(clients={"ci": "s3cret"}, access_lifetime=40)
    before = int(time.time())
    told = json.loads(ask(remote, "https://cache.example.com/x").stdout)["expires"]
    assert before + 19 <= calendar.timegm(time.strptime(told, "%Y-%m-%dT%H:%M:%SZ")) <= before + 30


def test_all_headers_that_a_profile_needs(person, sainet):
    sainet.set(instance="NA")
    person.sainet(sainet, store="file")
    assert person.tokenring("login", "--secret-stdin", input="correct horse\n").returncode == 0
    token = person.ok("token").strip()
    r = ask(person, f"{sainet.api}/ADR02?x=1")
    assert (r.returncode, r.stderr) == (0, "")
    assert r.stdout.startswith('{"headers":{"Authorization":["Bearer %s"],"Sai-Server-Instance":["NA"]},"expires":"'
                               % token)


@pytest.mark.parametrize("uri", ["https://elsewhere.example/x", "http://cache.example.com/x", "https://api.example.com/v2",
                                 "https://cache.example.com.evil.example/", "https://cache.example.com:444/"])
def test_nothing_is_needed(remote, oauth, uri):
    r = ask(remote, uri)
    assert (r.returncode, r.stdout, r.stderr) == (0, "{}\n", "")
    assert oauth.token_requests == []


def test_nothing_is_needed_without_any_profile(person):
    r = ask(person, "https://elsewhere.example/x")
    assert (r.returncode, r.stdout, r.stderr) == (0, "{}\n", "")


def test_a_named_profile_never_widens_its_hosts(remote):
    assert ask(remote, "https://elsewhere.example/x", "--profile", "itc").stdout == "{}\n"
    assert "Bearer" in ask(remote, "https://cache.example.com/x", "--profile", "itc").stdout


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "cache.example.com", "", "https://u@cache.example.com/",
                                 "https://api.example.com/v1/../v2", "https://cache.example.com\\@evil.example/",
                                 "https:///x", "ftp://cache.example.com/"])
def test_an_unsupported_uri(remote, oauth, uri):
    r = ask(remote, uri)
    assert r.returncode == 2 and r.stdout == "", r
    assert re.fullmatch(r"tokenring: '.*': .*\n", r.stderr), r.stderr
    assert oauth.token_requests == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"uri":1}', '{"uri":null}', '{"uri":"https://a"} x',
                                  '{"uri":"https://cache.example.com/\\u0000x"}', "{'uri':'https://cache.example.com'}",
                                  '{"uri":"https://cache.example.com/\udcff"}', '{"uri":"%s"}' % ("a" * 70000),
                                  '{"a":' + "[" * 100 + "]" * 100 + ',"uri":"https://cache.example.com/"}'])
def test_a_request_that_is_none(remote, text):
    r = remote.run(BIN / "bazel-credential-tokenring", "get", input=text)
    assert r.returncode == 1 and r.stdout == "" and re.fullmatch("tokenring: Bazel's request.*\n", r.stderr), r


def test_more_keys_are_tolerated(remote):
    r = remote.tokenring("bazel", "get", input='{"kind":"x","uri":"https://cache.example.com/","later":[1,{"a":2}]}\n\n')
    assert r.returncode == 0 and "Bearer" in r.stdout


@pytest.mark.parametrize("words", [[], ["store"], ["get", "get"], ["GET"]])
def test_the_command(remote, words):
    r = remote.run(BIN / "bazel-credential-tokenring", *words, input="{}")
    assert (r.returncode, r.stdout, r.stderr) == (2, "", "tokenring: Bazel calls this with one word: get\n")


def test_a_person_is_needed(person, sainet):
    person.sainet(sainet, store="file")
    r = ask(person, sainet.api)
    assert r.returncode == 3 and r.stdout == "" and "tokenring login erp" in r.stderr


def test_an_answer_in_time_whatever_happens(remote, oauth):
    """Bazel's patience is 10 s."""
    oauth.fault("hang", path="/token")
    r = ask(remote, "https://cache.example.com/", "-o", "timeout=30s", timeout=9.8)
    assert (r.returncode, r.stdout) == (4, "") and r.stderr.count("\n") == 1 and "try again" in r.stderr
