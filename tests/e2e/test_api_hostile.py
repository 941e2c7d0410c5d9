# SPDX-License-Identifier: MIT
"""tokenring api against servers and callers that mean no good."""
import json
import os
import signal
import socket
import ssl
import subprocess

import pytest

import sim

pytestmark = pytest.mark.long

NO_LENGTH = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"content": [1]}'


def refused(person, status, *args):
    r = person.tokenring("api", *args)
    assert r.returncode == status and r.stderr.count("\n") == 1, r
    return r.stderr


def test_an_answer_without_a_length_that_is_cut_off(itc, itcare):
    """Whoever sits between can end a TCP connection anywhere, but not say TLS's own end."""
    itcare.fault("not-http", path="/x", times=1, data=NO_LENGTH)
    assert itc.ok("api", "x") == '{"content": [1]}'
    itcare.fault("not-http", path="/x", data=NO_LENGTH, abrupt=True)
    assert "in the middle of its answer" in refused(itc, 4, "x")
    assert "in the middle of its answer" in refused(itc, 4, "-X", "DELETE", "x")
    assert "in the middle of its answer" in refused(itc, 4, "--paginate", "x")
    assert [r["method"] for r in itcare.find("x")] == ["GET", "GET", "DELETE", "GET", "GET", "GET"]


def test_no_message_repeats_the_token(itc, itcare):
    token = itc.ok("token").strip()
    piece = token[:100]
    action = {"id": 1, "status": "ERROR", "message": f"no {piece}", "process": piece}
    for fault, args in (
            ({"code": 302, "headers": {"Location": f"https://other.example/{token}"}}, ["x"]),
            ({"code": 302, "headers": {"Location": f"/{piece}"}}, ["x", "-X", "POST"]),
            ({"code": 409, "body": json.dumps({"errorCode": piece, "errorMessage": f"not {piece}"})}, ["x"]),
            ({"code": 409, "body": f'{{"message": "Bearer {piece}\n'}, ["x"]),
            ({"code": 200, "body": json.dumps(action)}, ["x", "--wait"]),
            ({"code": 202, "headers": {"Location": f"{itcare.api}/actions/{piece}"}}, ["x", "-X", "POST", "--wait=1"])):
        itcare.fault("status", path="/x", times=1, **fault)
        text = refused(itc, 1, *args)
        assert token[:8] not in text and "profile 'itc'" in text
    itcare.fault("redirect", path="/x", times=1, location="https://u:private@other.example/a?private#private")
    assert "redirects to 'https://other.example/a'" in refused(itc, 1, "x")


def test_no_message_repeats_what_else_is_private(itc, itcare):
    for path in ("https://user:private@other.example/y", f"{itcare.api}/a#private", "a#private", "a?b=private#c"):
        assert "private" not in refused(itc, 2, "itc", path)
    assert not itcare.requests


@pytest.mark.parametrize("code", [300, 304])
def test_what_is_no_redirect(itc, itcare, code):
    itcare.fault("status", path="/x", code=code)
    text = refused(itc, 1, "x")
    assert f"GET x: {code}: " in text and "redirect" not in text


def test_an_address_within_a_query_names_no_profile(itc, itcare):
    itcare.fault("status", path="/x", code=200)
    itc.ok("api", "x?callback=https://other.example/y")
    assert itcare.requests[-1]["query"] == "callback=https://other.example/y"


def test_a_file_without_a_length(itc, itcare):
    """/proc and /sys know none."""
    itc.tokenring("api", "-X", "PUT", "resources/1", "--input", "/proc/version")
    assert itcare.requests[-1]["body"] == open("/proc/version", "rb").read() != b""
    (itc.base / "empty").touch()
    itc.tokenring("api", "-X", "PUT", "resources/1", "--input", "empty")
    assert itcare.requests[-1]["body"] == b"" and itcare.requests[-1]["headers"]["content-length"] == "0"


def test_417_before_the_body(itc, ca):
    """The server does not know the expectation: the same again without, and the body goes once."""
    (itc.base / "body").write_bytes(b"x" * (2 << 20))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ca.cert("good"))
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = f"https://localhost:{listener.getsockname()[1]}"
        p = itc.start("tokenring", "api", "x", "--input", "body", "-o", f"match={here}", "-o", f"api_url={here}")
        listener.settimeout(20)
        for answer in (b"417 No\r\nContent-Length: 2\r\n\r\nno", b"200 OK\r\nContent-Length: 3\r\n\r\nyes"):
            conn = context.wrap_socket(listener.accept()[0], server_side=True)
            head, body = conn.makefile("rb"), 0
            seen.append([])
            while (line := head.readline().strip().lower()) != b"":
                seen[-1].append(line)
            if b"expect: 100-continue" not in seen[-1]:
                body = len(head.read(2 << 20))
            conn.sendall(b"HTTP/1.1 " + answer)
            head.close()
            conn.close()
    assert p.communicate() == ("yes", "") and p.returncode == 0
    assert b"expect: 100-continue" in seen[0] and body == 2 << 20


def test_numbers_at_their_limits(itc, itcare):
    most = 2 ** 63 - 1
    itcare.fault("status", path="/x", code=200, body='{"content": [1], "number": %d, "totalPages": %d}' % (most, most))
    assert "the same page again" in refused(itc, 1, "--paginate", "x")


# --- standard output ---------------------------------------------------------

def spawn(person, out, *args, **kw):
    return subprocess.Popen([str(person.tool), "api", *args], env=person.env, stdout=out, stderr=subprocess.PIPE, text=True,
                            **kw)


@pytest.mark.parametrize("args", [["--paginate", "resources?size=1000"], ["big"]])
def test_output_that_does_not_block(itc, itcare, args):
    """A pipe that its owner made non-blocking (node does): all arrives all the same."""
    itcare.set(resources=5000)
    itcare.fault("status", path="/big", code=200, body=json.dumps(["x" * 100] * 5000))
    out, end = os.pipe()
    os.set_blocking(end, False)
    p = spawn(itc, end, *args)
    os.close(end)
    with open(out, "rb") as f:
        text = f.read(1)
        assert itcare.wait(1, args[-1].partition("?")[0])
        text += f.read()
    assert (p.wait(), p.stderr.read()) == (0, "") and len(json.loads(text)) == 5000 and len(text) > 1 << 16


def test_output_that_takes_no_more(itc, itcare):
    """It is this machine's failure, and the server is not asked for more."""
    itcare.set(resources=5000)
    for args in (["--paginate", "resources?size=1000"], ["resources"]):
        for out in ("/dev/full", "pipe"):
            itcare.clear_log()
            if out == "pipe":
                end, fd = os.pipe()
                os.close(end)
            else:
                fd = os.open(out, os.O_WRONLY)
            p = spawn(itc, fd, *args, restore_signals=False,
                      preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN))
            os.close(fd)
            text = p.communicate()[1]
            assert p.returncode == 1 and "standard output" in text and len(itcare.requests) == 1, (args, out, text)


def test_a_server_elsewhere_never_hears_of_it(itc, itcare, ca):
    with sim.Server(ca) as evil:
        for path in (f"//localhost:{evil.port}/x", f"@localhost:{evil.port}/x", f"{itcare.api}@localhost:{evil.port}/x",
                     f"{itcare.api};@localhost:{evil.port}/x", f"{itcare.api}%40localhost:{evil.port}/x", "%2f%2fevil.example",
                     f"https:localhost:{evil.port}/x", f"https:///localhost:{evil.port}/x", f"\\\\localhost:{evil.port}/x",
                     f"\thttps://localhost:{evil.port}/x"):
            assert itc.tokenring("api", "itc", path).returncode in (1, 2)
        assert not evil.connections
    assert all(r["path"].startswith("/itcare/") for r in itcare.requests)
