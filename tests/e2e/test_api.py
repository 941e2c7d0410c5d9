# SPDX-License-Identifier: MIT
"""tokenring api: one call, its fields, statuses, dry runs, retries, and where a token goes."""
import json
import os
import resource
import subprocess

import pytest

import sim


def call(person, *args, **kw):
    return person.tokenring("api", *args, **kw)


def error(person, status, *args, **kw):
    """The one sentence of a failure."""
    r = call(person, *args, **kw)
    assert r.returncode == status, r
    assert r.stderr.startswith("tokenring: ") and r.stderr.count("\n") == 1, r
    return r.stderr


# --- method x resource -------------------------------------------------------

def test_the_documented_methods(itc, itcare):
    itcare.set(asynchronous=False)
    assert json.loads(itc.ok("api", "health")) == {"status": "UP"}
    assert len(json.loads(itc.ok("api", "resources"))["content"]) == 20
    assert json.loads(itc.ok("api", "resources", "-X", "GET", "-f", "name=resource-7"))["content"] == \
        [{"id": 7, "name": "resource-7"}]
    made = json.loads(itc.ok("api", "resources", "-f", "name=new", "-F", "cpu=2"))
    assert made == {"id": 46, "name": "new", "cpu": 2}
    assert json.loads(itc.ok("api", "resources/46")) == made
    assert json.loads(itc.ok("api", "-X", "PATCH", "resources/46", "-F", "cpu=4")) == {**made, "cpu": 4}
    assert json.loads(itc.ok("api", "-XPUT", "resources/46", "-f", "name=other")) == {"id": 46, "name": "other"}
    assert itc.ok("api", "-X", "delete", "resources/46") == ""
    assert [m for m, _ in itcare.changes] == ["POST", "PATCH", "PUT", "DELETE"]
    assert itc.ok("api", "-X", "HEAD", "resources") == ""
    assert [r["headers"].get("content-type") for r in itcare.find("resources", method="POST")] == ["application/json"]
    assert all(r["headers"].get("user-agent", "").startswith("tokenring/") for r in itcare.requests)


def test_every_request_has_the_token_once(itc, itcare, oauth):
    itc.ok("api", "resources")
    itc.ok("api", "itc", "resources")
    itc.ok("api", f"{itcare.api}/resources")
    itc.ok("api", "/resources")
    itc.ok("api", "/itcare/resources")
    sent = [[v for k, v in r["header_list"] if k.lower() == "authorization"] for r in itcare.requests]
    token = itc.ok("token").strip()
    assert sent == [[f"Bearer {token}"]] * 5 and {r["path"] for r in itcare.requests} == {"/itcare/resources"}
    assert oauth.grants_asked("client_credentials") == 1


def test_headers_of_request_and_answer(itc, itcare):
    out = itc.ok("api", "-i", "resources/1", "-H", "Accept: application/vnd.cegedim-it.v1+json", "-H", "X-Empty:")
    head, body = out.split("\n\n")
    assert head.splitlines()[0] == "HTTP/1.1 200 OK" and "Content-Type: application/json" in head.splitlines()
    assert json.loads(body)["id"] == 1
    sent = itcare.requests[-1]["headers"]
    assert sent["accept"] == "application/vnd.cegedim-it.v1+json" and sent["x-empty"] == ""


# --- fields ------------------------------------------------------------------

@pytest.mark.parametrize("args,body", [
    (["-f", "a=1", "-F", "b=1", "-F", "c=-20", "-F", "d=007", "-F", "e=1.5"],
     {"a": "1", "b": 1, "c": -20, "d": "007", "e": "1.5"}),
    (["-F", "t=true", "-F", "f=false", "-F", "n=null", "-f", "s=true", "-F", "e="],
     {"t": True, "f": False, "n": None, "s": "true", "e": ""}),
    (["-F", "big=123456789012345678901234567890"], {"big": 123456789012345678901234567890}),
    (["-f", "a[b][c]=x", "-F", "a[b][d]=1", "-f", "l[]=x", "-F", "l[]=2"],
     {"a": {"b": {"c": "x", "d": 1}}, "l": ["x", 2]}),
    (["-f", 'q="\\/\x01\té漢 =&'], {"q": '"\\/\x01\té漢 =&'}),
])
def test_fields_as_json(itc, itcare, args, body):
    itc.ok("api", "resources", "-f", "name=x", *args)
    assert json.loads(itcare.requests[-1]["body"]) == {"name": "x", **body}


def test_fields_from_files(itc, itcare):
    (itc.base / "text").write_text("several\nlines, true\n")
    itc.ok("api", "resources", "-f", "name=@text", "-F", "script=@text", "-F", "more=@-", input="true")
    assert json.loads(itcare.requests[-1]["body"]) == {"name": "@text", "script": "several\nlines, true\n",
                                                       "more": "true"}


@pytest.mark.parametrize("args,words", [
    (["-f", "novalue"], "KEY=VALUE"), (["-f", "=x"], "KEY=VALUE"), (["-f", "a=1", "-f", "a=2"], "given twice"),
    (["-f", "a=1", "-f", "a[b]=2"], "two different things"), (["-f", "a[b=1"], "KEY[KEY]"), (["-f", "a]=1"], "KEY[KEY]"),
    (["-f", "[a]=1"], "KEY[KEY]"), (["-F", "a=@/nonexistent"], "field 'a'"), (["-f", "a" * 300 + "=1"], "too long"),
    (["-X", "CONNECT"], "-X wants one of"), (["-X", "GET POST"], "-X wants one of"), (["-X", ""], "-X wants one of"),
    (["--input", "/nonexistent"], "--input"), (["--input", "/"], "a directory"),
    (["-X", "POST", "--paginate"], "--paginate"), (["--paginate", "-i"], "--paginate"),
    (["--dry-run", "--wait"], "nothing to wait for"), (["--wait=soon"], "--wait wants"),
])
def test_usage(itc, itcare, args, words):
    assert words in error(itc, 2, "resources", *args)
    assert not itcare.requests


@pytest.mark.parametrize("value,query", [
    ("2016-06-01T12:27:19.000+0200", "since=2016-06-01T12%3A27%3A19.000%2B0200"),
    ("2025-07-06T11:01:21.263Z", "since=2025-07-06T11%3A01%3A21.263Z"),
    ("2018-05-23T07:00:00+01:00", "since=2018-05-23T07%3A00%3A00%2B01%3A00"),
])
def test_dates_in_the_query(itc, itcare, value, query):
    """As a field, or written into the path by hand; the simulator takes a bare plus for a blank, and refuses."""
    itc.ok("api", "-X", "GET", "resources", "-f", f"since={value}")
    assert itcare.requests[-1]["query"] == query
    itc.ok("api", f"resources?size=1&since={value}")
    assert "+" not in itcare.requests[-1]["query"]
    itc.ok("api", f"{itcare.api}/resources?since={value}")


def test_query_values_are_encoded(itc, itcare):
    itc.ok("api", "-X", "GET", "resources?size=5", "-f", "name=a b&c=d+é#?%2F", "-F", "name=2")
    assert itcare.requests[-1]["query"] == "size=5&name=a%20b%26c%3Dd%2B%C3%A9%23%3F%252F&name=2"
    itc.ok("api", "resources?name=a b é+\"<>")
    assert itcare.requests[-1]["query"] == "name=a%20b%20%C3%A9+%22%3C%3E"


# --- bodies ------------------------------------------------------------------

def test_input_from_file_and_pipe(itc, itcare):
    text = '{"name": "from a file", "x": 1.10}\n'
    (itc.base / "body.json").write_text(text)
    itc.ok("api", "resources", "--input", "body.json")
    itc.ok("api", "resources", "--input", "-", input=text)
    itc.ok("api", "-X", "PUT", "resources/1", "--input", "body.json", "-H", "content-type: text/plain", "-f", "q=1")
    assert [r["body"].decode() for r in itcare.requests] == [text] * 3
    assert [r["headers"]["content-length"] for r in itcare.requests] == [str(len(text))] * 3
    assert (itcare.requests[2]["query"], itcare.requests[2]["headers"]["content-type"]) == ("q=1", "text/plain")


def test_a_method_about_a_body_tells_its_length(itc, itcare):
    call(itc, "-X", "POST", "resources")
    assert itcare.requests[-1]["headers"]["content-length"] == "0" and itcare.requests[-1]["body"] == b""


def test_a_large_pipe_streams(itc, itcare):
    body = os.urandom(3 << 20)
    r = subprocess.run([str(itc.tool), "api", "-X", "PUT", "upload", "--input", "-"], input=body, env=itc.env,
                       capture_output=True)
    assert r.returncode == 0 and json.loads(r.stdout)["size"] == len(body), r
    assert itcare.requests[-1]["headers"]["transfer-encoding"] == "chunked"


def test_the_answers_bytes_are_what_came(itc, itcare):
    data = bytes(range(256)) * 1000
    itcare.fault("status", path="/resources", times=1, code=200, body=data.decode("latin-1"))
    r = subprocess.run([str(itc.tool), "api", "resources"], env=itc.env, capture_output=True)
    assert (r.returncode, r.stdout, r.stderr) == (0, data.decode("latin-1").encode(), b"")


# --- statuses ----------------------------------------------------------------

DOCUMENTED = [(400, 1, "must be corrected"), (403, 1, "no right"), (404, 1, "no such resource"), (409, 1, "Conflict"),
              (422, 1, "Unprocessable"), (429, 4, "later"), (500, 1, "failed"), (502, 4, "proxy"), (503, 4, "later"),
              (504, 4, "proxy"), (418, 1, "refused"), (599, 1, "failed")]


@pytest.mark.parametrize("code,status,words", DOCUMENTED)
def test_statuses(itc, itcare, code, status, words):
    itcare.fault("status", path="/resources", code=code)
    for args in (["-X", "POST"], ["-X", "DELETE"]):
        text = error(itc, status, "resources/1", *args)
        assert f"resources/1: {code}" in text and words in text and "profile 'itc'" in text
    assert itcare.count("resources") == 2, "a change was repeated"


@pytest.mark.parametrize("code", [200, 201, 202, 204])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_good_statuses(itc, itcare, method, code):
    body = "" if code == 204 else '{"a": 1}'
    itcare.fault("status", path="/x", code=code, body=body)
    assert itc.ok("api", "x", "-X", method) == body


def test_500_is_not_repeated_and_503_is_for_get_alone(itc, itcare):
    itcare.fault("status", path="/resources", times=2, code=503)
    assert json.loads(itc.ok("api", "resources/1")) == {"id": 1, "name": "resource-1"}
    assert itcare.count("resources") == 3
    itcare.fault("status", path="/resources", times=1, code=500)
    error(itc, 1, "resources/2")
    assert itcare.count("resources/2") == 1
    itcare.fault("status", path="/resources", times=1, code=429, headers={"Retry-After": "3600"})
    assert "wait for 3600 s" in error(itc, 4, "resources/3")
    assert itcare.count("resources/3") == 1


def test_error_bodies(itc, itcare):
    r = call(itc, "resources", "-f", "no=name")
    assert r.returncode == 1 and json.loads(r.stdout)["errorDesc"] == "name"
    assert "POST resources: 400 Bad Request: INVALID_FIELD_VALUE: Error on field 'name'\n" in r.stderr
    itcare.set(error_body="broken")
    r = call(itc, "resources", "-f", "no=name")
    assert r.returncode == 1 and r.stdout.count("\n") == 6
    assert "400 Bad Request: INVALID_FIELD_VALUE: Error on field 'name'\n" in r.stderr
    itcare.set(error_body="empty")
    assert "400 Bad Request: the request must be corrected" in error(itc, 1, "resources", "-f", "no=name")


@pytest.mark.parametrize("body", ["<html>\x1b[31mno</html>", '{"errorCode": 5}', '{"errorMessage": {"a": 1}}', "[" * 5000,
                                  '{"errorCode": "a\\u0000\\u001b[2Jb"}', '"', '{"errorMessage": "' + "x" * 100000])
def test_error_bodies_of_any_kind(itc, itcare, body):
    itcare.fault("status", path="/x", code=409, body=body)
    r = call(itc, "x", "-X", "POST")
    assert r.returncode == 1 and "409" in r.stderr and r.stderr.count("\n") == 1 and len(r.stderr) < 700
    assert not any(ord(c) < 32 and c != "\n" for c in r.stderr)
    assert r.stdout == body


def test_redirects_are_not_followed(itc, itcare, ca):
    with sim.Server(ca) as evil:
        for target in (evil.url + "/itcare/resources?a=b", itcare.api + "/resources", "//localhost:%d/x" % evil.port):
            for code in (301, 302, 303, 307, 308):
                itcare.fault("redirect", path="/moved", times=1, code=code, location=target)
                text = error(itc, 1, "moved")
                assert "redirects" in text and "a=b" not in text
        assert not evil.connections and not itcare.count("resources")


# --- 401 ---------------------------------------------------------------------

def test_401_renews_once_and_repeats_once(itc, itcare, oauth):
    itc.ok("api", "resources")
    oauth.expire_access()
    assert json.loads(itc.ok("api", "resources/3"))["id"] == 3
    assert [r["status"] for r in itcare.find("resources/3")] == [401, 200]
    oauth.expire_access()
    itc.ok("api", "resources", "-f", "name=once")
    assert [r["status"] for r in itcare.find("resources", method="POST")] == [401, 202] and len(itcare.changes) == 1
    itcare.check, check = (lambda token: False), itcare.check
    try:
        text = error(itc, 1, "resources/4")
    finally:
        itcare.check = check
    assert "401" in text and "refuses a new token too" in text
    assert [r["status"] for r in itcare.find("resources/4")] == [401, 401]


def test_401_with_a_body_from_a_pipe(itc, itcare, oauth):
    """A small one is sent again; one that is longer than what is kept is used up."""
    itc.ok("api", "health")
    oauth.expire_access()
    body = json.dumps({"name": "x" * 1000})
    itc.ok("api", "resources", "--input", "-", input=body)
    assert [(r["status"], r["body"].decode()) for r in itcare.find("resources")] == [(401, body), (202, body)]
    oauth.expire_access()
    text = error(itc, 1, "upload", "-X", "PUT", "--input", "-", input="x" * (1 << 21))
    assert "used up" in text and itcare.count("upload") == 1
    itc.ok("api", "upload", "-X", "PUT", "--input", "-", input="x" * (1 << 21))


def test_401_and_nobody_to_sign_in(person_grant, oauth, itcare):
    person_grant.ok("token")
    oauth.kill_grants()
    oauth.expire_access()
    conf = ["-o", f"match={itcare.api}", "-o", f"api_url={itcare.api}"]
    assert "tokenring login" in error(person_grant, 3, "resources", *conf)
    assert itcare.count("resources") == 1


# --- dry runs ----------------------------------------------------------------

@pytest.mark.parametrize("args", [["resources", "-f", "name=x"], ["-X", "PUT", "resources/1", "-f", "name=x"],
                                  ["-X", "PATCH", "resources/1", "-f", "a=x"], ["-X", "DELETE", "resources/1"]])
def test_dry_run(itc, itcare, args):
    r = call(itc, "--dry-run", *args)
    assert (r.returncode, r.stderr) == (0, "") and not itcare.changes
    assert itcare.requests[-1]["headers"]["itcare-dryrun"] == "true"
    itcare.set(dry_run=False)
    r = call(itc, *args, "--dry-run")
    assert r.returncode == 5 and "may have been made for real" in r.stderr and len(itcare.changes) == 1
    itc.ok("api", *args)
    assert "itcare-dryrun" not in itcare.requests[-1]["headers"]


@pytest.mark.parametrize("echo", [{"ITCare-DryRun": "false"}, {"ITCare-DryRun": ""}, {"X-ITCare-DryRun": "true"}])
def test_dry_run_wants_the_echo(itc, itcare, echo):
    itcare.fault("status", path="/resources", times=1, code=200, headers=echo)
    assert "does not confirm" in error(itc, 5, "resources", "-f", "name=x", "--dry-run")


def test_dry_run_and_failures(itc, itcare):
    """What was refused changed nothing; what was lost may have changed something."""
    itcare.set(dry_run=False)
    assert "400" in call(itc, "--dry-run", "resources", "-f", "no=name").stderr
    assert call(itc, "--dry-run", "resources", "-f", "no=name").returncode == 1
    for fault in ({"kind": "status", "code": 500}, {"kind": "status", "code": 302}, {"kind": "reset", "stage": "headers"}):
        itcare.fault(path="/resources", times=1, **fault)
        assert "for real" in error(itc, 5, "--dry-run", "resources", "-f", "name=x")
    assert "would change nothing" in error(itc, 5, "--dry-run", "resources/1")
    with itcare.down():
        error(itc, 4, "--dry-run", "resources", "-f", "name=x")


# --- never twice -------------------------------------------------------------

FAULTS = [{"kind": "reset", "stage": s} for s in ("request", "headers", "body")] + \
    [{"kind": "status", "code": c} for c in (429, 500, 502, 503, 504)] + \
    [{"kind": "status", "code": 503, "headers": {"Retry-After": "0"}}, {"kind": "truncate"},
     {"kind": "not-http"}, {"kind": "redirect", "code": 307, "location": "/itcare/resources"}]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: "-".join(str(v) for v in f.values() if v))
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_is_never_sent_twice(itc, itcare, method, fault):
    itcare.fault(path="/resources", **fault)
    fields = [] if method == "DELETE" else ["-f", "name=x"]
    path = "resources" if method == "POST" else "resources/1"
    assert call(itc, path, "-X", method, *fields).returncode in (1, 4)
    assert itcare.count("resources") == 1 and len(itcare.changes) <= 1


def test_a_get_is_repeated(itc, itcare):
    for fault in FAULTS[:3]:
        itcare.fault(path="/resources/1", times=1, **fault)
        r = call(itc, "resources/1")
        # What was printed already cannot be taken back.
        assert r.returncode == (4 if fault["stage"] == "body" else 0), r


def test_a_silent_server(itc, itcare):
    itcare.fault("hang", path="/resources", times=1)
    text = error(itc, 4, "resources", "-f", "name=x", "-o", "timeout=1s")
    assert "nothing moved for 1.0 s" in text and itcare.count("resources") == 1


def test_a_wait_that_cannot_begin(itc, itcare):
    """As with a limit on descriptors that was lowered on the way: no turning round and round until the time is over."""
    itcare.fault("slow-body", path="/resources")
    p = itc.start("tokenring", "api", "resources/1")
    try:
        assert p.stdout.read(1) == "{"
        resource.prlimit(p.pid, resource.RLIMIT_NOFILE, (1, 1))
        _, text = p.communicate(timeout=30)
    finally:
        p.kill()
    assert p.returncode == 1 and "poll: Invalid argument" in text


# --- broken answers ----------------------------------------------------------

def test_a_body_cut_in_the_middle(itc, itcare):
    itcare.fault("truncate", path="/resources", missing=50)
    r = call(itc, "resources/1")
    assert r.returncode == 4 and r.stdout == '{"id":1,"name":"resource-1"}'
    assert "in the middle of its answer" in r.stderr and "28 bytes of the answer were printed" in r.stderr
    assert itcare.count("resources/1") == 1


def test_an_answer_with_odd_headers(itc, itcare):
    """Control characters, marks of our own lines, folding: nothing of it is taken for something else."""
    odd = {"X-A": "1\r\n folded: yes", "body": "follows", "X-B": "a\x01b", "status": "200", "X-C": "end=ok", "X-D": "é\tx"}
    itcare.fault("status", path="/x", code=404, headers=odd, body="result=ok\nend=ok\n")
    r = call(itc, "-i", "x")
    assert r.returncode == 1 and r.stdout.endswith("\n\nresult=ok\nend=ok\n")
    lines = r.stdout.split("\n\n")[0].splitlines()
    assert lines[0].startswith("HTTP/1.1 404") and "X-A: 1" in lines and "body: follows" in lines
    assert not any("\x01" in line or line.startswith(" ") for line in lines)


def test_endless_headers_and_no_http(itc, itcare):
    for kind in ("endless-headers", "not-http"):
        itcare.fault(kind, path="/x", times=1)
        error(itc, 1, "x")


def test_unreachable(itc, itcare):
    itc.ok("token")
    with itcare.down():
        assert "GET resources" in error(itc, 4, "resources")


# --- where a token goes ------------------------------------------------------

@pytest.mark.parametrize("path", ["../x", "a/../../x", "%2e%2e/x", "a/%2E%2e/x", "..;/x", "a/..%2f..%2fx", "a\\b", "a#b", "a%zz",
                                  "/itcare/../x", "resources?a=b#c"])
def test_paths_that_lead_elsewhere_are_refused(itc, itcare, path):
    error(itc, 2, path)
    assert not itcare.requests


def test_other_addresses_get_nothing(itc, itcare, ca):
    with sim.Server(ca) as evil:
        for url in (evil.url, evil.url + "/itcare/resources", itcare.url, itcare.url + "/itcarex", itcare.url + "/other",
                    itcare.api.replace("https://", "https://u@"), itcare.api.replace("https://", "http://"),
                    itcare.api.replace("localhost", "127.0.0.1"), f"https://localhost:{itcare.port}@localhost:{evil.port}/itcare",
                    f"{itcare.api}/../x", f"https://localhost:{evil.port}\\@localhost:{itcare.port}/itcare/x"):
            for args in ([url], ["itc", url]):
                r = call(itc, *args)
                assert r.returncode in (1, 2) and r.stdout == "", r
        assert not evil.connections and not itcare.requests


@pytest.mark.parametrize("path", ["//evil.example/x", "///x", "@evil.example", ":80@evil.example", "x:y@z", "?x=1", "", "é",
                                  "a\r\nX-Evil: 1", "a HTTP/1.1", "x%0d%0aX-Evil: 1", "https:/evil.example", "a//b"])
def test_paths_that_only_look_like_it_stay_below_api_url(itc, itcare, path):
    call(itc, path)
    assert len(itcare.requests) == 1 and itcare.requests[0]["path"].startswith("/itcare")
    assert not any("evil" in k for k in itcare.requests[0]["headers"])


@pytest.mark.parametrize("header", ["Authorization: Bearer x", "authorization : x", "Host: evil", "X: a\r\nHost: b", "X: a\nB: c",
                                    "Content-Length: 5", "Transfer-Encoding: chunked", "Connection: close", "Expect: x",
                                    "Proxy-Authorization: x", "Sai-Server-Instance: B", "ITCare-DryRun: true", "nocolon",
                                    ": empty", "a b: c", "X;", "@/etc/passwd", "X: \x01", ""])
def test_headers_that_may_not_be_set(itc, itcare, header):
    error(itc, 2, "resources", "-H", header)
    assert not itcare.requests


def test_api_url_outside_of_match(itc, itcare):
    text = error(itc, 2, "resources", "-o", "match=https://elsewhere.example/")
    assert "not among the addresses of match" in text and not itcare.requests


def test_the_worker_checks_for_itself(itc, itcare, ca):
    """Whatever its caller says: the token goes below api_url, with headers that it would send itself."""
    from conftest import LIBEXEC
    good = {"op": "request", "profile": "itc", "provider": "oauth2", "token_url": "https://localhost/t", "client_id": "c",
            "api_url": itcare.api, "method": "GET", "target": itcare.api + "/health", "token_type": "Bearer",
            "access_token": "t", "ca[]": None}
    pem = open(ca.pem).read().splitlines()

    def ask(**changes):
        lines = ["version=1"] + [f"{k}={v}" for k, v in {**good, **changes}.items() if v is not None]
        lines += [f"ca[]={line}" for line in pem] + ["end=ok", ""]
        r = subprocess.run([str(LIBEXEC / "tokenring-net")], input="\n".join(lines).encode(), capture_output=True, env={},
                           preexec_fn=lambda: [os.dup2(os.open("/dev/null", os.O_RDWR), fd) for fd in (3, 4, 5)],
                           close_fds=False)
        return dict(line.partition("=")[::2] for line in r.stdout.decode().splitlines())
    assert ask()["http"] == "200" and len(itcare.requests) == 1
    for changes in ({"target": itcare.url + "/x"}, {"target": itcare.url + "/itcarex"}, {"target": itcare.api + "/../x"},
                    {"target": itcare.api.replace("https", "http") + "/x"}, {"target": "https://u:p@" + itcare.api[8:]},
                    {"target": itcare.api.replace("localhost", "localhost.evil.example")}, {"target": None},
                    {"method": "CONNECT"}, {"method": "GET / HTTP/1.1"}, {"method": None}, {"access_token": None},
                    {"access_token": "a b"}, {"header[]": "Host: evil"}, {"header[]": "Authorization: x"}, {"api_url": None}):
        assert ask(**changes)["result"] == "config", changes
    assert len(itcare.requests) == 1


def test_messages_show_no_query_and_no_controls(itc, itcare):
    for path in ("nothing\x1b[2J?key=private-value", f"{itcare.api}/no?key=private-value"):
        text = error(itc, 1, path)
        assert "404" in text and "private-value" not in text and "\x1b" not in text
    text = error(itc, 2, "https://127.0.0.1/\x1b?key=private-value", "--profile", "itc")
    assert "private-value" not in text and "\x1b" not in text


def test_standard_descriptors_that_are_closed(itc, itcare):
    """Nothing that is opened takes their places: a body never ends in a file or a pipe of ours."""
    (itc.base / "body").write_text('{"name": "x"}')
    for closed in (">&-", "<&- >&-", "<&- >&- 2>&-", ">&- 2>&-"):
        r = itc.run("sh", "-c", f"{itc.tool} api resources --input body {closed}")
        assert r.returncode == 1 and r.stdout == ""
        assert (itc.base / "body").read_text() == '{"name": "x"}'
    assert itc.run("sh", "-c", f"{itc.tool} api health <&-").stdout == '{"status":"UP"}'


def test_417_means_that_nothing_was_done(itc, itcare):
    """The one status after which libcurl sends again by itself: the server did not want the body."""
    itcare.fault("status", path="/resources", code=417)
    (itc.base / "body").write_text('{"name": "%s"}' % ("x" * (2 << 20)))
    assert call(itc, "resources", "--input", "body").returncode in (1, 4)
    assert not itcare.changes and itcare.count("resources") <= 2


def test_no_secret_in_arguments_or_output(itc, itcare):
    r = call(itc, "-v", "resources", "-f", "name=private-value")
    assert r.returncode == 0 and "->" in r.stderr
    token = itcare.requests[-1]["headers"]["authorization"].split()[1]
    assert token not in r.stderr and "private-value" not in r.stderr and "a-secret" not in r.stderr


# --- SAINet ------------------------------------------------------------------

@pytest.fixture
def erp(person, sainet):
    person.sainet(sainet, store="file")
    assert person.tokenring("login", "--secret-stdin", input="correct horse\n").returncode == 0
    sainet.clear_log()
    return person


def test_sainet_tasks_records_and_filters(erp, sainet):
    answer = json.loads(erp.ok("api", "ADR02"))
    assert answer["metadata"]["taskId"] == "ADR02" and len(answer["data"]) == 20
    assert json.loads(erp.ok("api", "ADR02/000007"))["data"]["$recordId"] == "000007"
    for args in (["ADR02?filter=$ADRDOS.LANGUE='DE'"], ["-X", "GET", "ADR02", "-f", "filter=$ADRDOS.LANGUE='DE'"]):
        assert {r["ADRDOS.LANGUE"] for r in json.loads(erp.ok("api", *args))["data"]} == {"DE"}
    made = json.loads(erp.ok("api", "-X", "PUT", "ADR02", "-f", "ADRDOS.NOM=Neu"))["data"]
    assert made == {"$recordId": "000046", "ADRDOS.NOM": "Neu"} and len(sainet.made) == 1
    assert {r["headers"]["sai-server-instance"] for r in sainet.requests} == {"NA"}
    assert error(erp, 1, "XXX99") and error(erp, 2, "--dry-run", "-X", "PUT", "ADR02", "-f", "a=b")
    assert len(sainet.made) == 1


def test_the_instance_follows_the_server(erp, sainet):
    sainet.set(instance="B")
    erp.ok("api", "ADR02")
    sainet.set(instance="C")
    erp.ok("api", "ADR02")
    erp.ok("api", "ADR02")
    assert [r["headers"]["sai-server-instance"] for r in sainet.requests] == ["NA", "B", "C"]
    assert "Sai-Server-Instance: C" in erp.ok("headers") and not sainet.count("login")


def test_a_stored_token_keeps_its_instance(person, sainet):
    """Without a remembered password the token itself is stored, and its instance with it."""
    person.sainet(sainet, store="file", remember_password="off")
    assert person.tokenring("login", "--secret-stdin", input="correct horse\n").returncode == 0
    sainet.set(instance="B")
    person.ok("api", "ADR02")
    person.expire()
    assert "Sai-Server-Instance: B" in person.ok("headers")


def test_another_instance_that_refuses_costs_one_login(erp, sainet):
    sainet.set(instance="B", pinned=True)
    assert len(json.loads(erp.ok("api", "ADR02"))["data"]) == 20
    assert [(r["path"].split("/")[-1], r["status"]) for r in sainet.requests] == \
        [("ADR02", 401), ("login", 200), ("ADR02", 200)]
    assert sainet.requests[-1]["headers"]["sai-server-instance"] == "B"
    sainet.fault("status", path="ADR02", code=401)
    sainet.clear_log()
    assert "refuses a new token too" in error(erp, 1, "ADR02")
    assert [r["path"].split("/")[-1] for r in sainet.requests] == ["ADR02", "login", "ADR02"]


# --- for a person ------------------------------------------------------------

def test_help(person):
    text = person.ok("api", "--help")
    assert "tokenring api [PROFILE] PATH [-X METHOD]" in text


def test_which_profile(itc, itcare):
    assert "api wants a path" in error(itc, 2)
    assert "api wants a path" in error(itc, 2, "itc", "health", "more")
    assert "no profile 'nope'" in error(itc, 2, "nope", "health")
    itc.configure(itc.config.read_text().replace("api_url", "account"))
    assert "no api_url" in error(itc, 2, "health")
