# SPDX-License-Identifier: MIT
"""Who else knocks at the loopback address while a sign-in waits there."""
import socket
import time
from urllib.parse import urlencode

import pytest

from conftest import stored
from signin import SignIn, app, read_all, signed_in, visit  # noqa: F401

PAGE_FIELDS = {"cache-control": "no-store", "content-security-policy": "default-src 'none'",
               "referrer-policy": "no-referrer", "connection": "close", "content-type": "text/html; charset=utf-8"}


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
        assert 9 < time.monotonic() - begun < 20  # ten, and what a busy machine adds
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
