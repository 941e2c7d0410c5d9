# SPDX-License-Identifier: MIT
"""The base server: certificates, log, control and each fault."""

import os
import subprocess
import tempfile
import time

from .. import CA, Server
from .client import control, curl, fetch, raw


def test_certificates(ca):
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        CA(directory).cert("good")
        assert time.monotonic() - start < 0.5
        with Server(ca) as server:
            assert curl(CA(directory), server.url)[0] == 60  # an unknown authority
    for kind, exit_status in (("good", 0), ("other-name", 60), ("expired", 60), ("self-signed", 60)):
        with Server(ca, cert=kind) as server:
            code, _, error = curl(ca, server.url)
            assert code == exit_status, (kind, code, error)
            assert kind != "expired" or "expired" in error, error
            assert kind != "other-name" or "match" in error, error
    assert os.stat(ca.cert()[1]).st_mode & 0o077 == 0


def test_addresses_and_tls_versions(ca):
    with Server(ca, ipv6=True) as server:
        for host in ("127.0.0.1", "[::1]", "localhost"):
            assert curl(ca, "https://%s:%d/" % (host, server.port))[0] == 0, host
        assert server.requests[0]["tls"] == "TLSv1.3"
    with Server(ca, tls_max="1.2") as server:
        assert curl(ca, server.url)[0] == 0 and server.requests[0]["tls"] == "TLSv1.2"
        assert curl(ca, "--tlsv1.3", server.url)[0] == 35
    with Server(ca, tls_max="1.0") as server:
        assert curl(ca, server.url)[0] == 35
        assert curl(ca, "--tlsv1.0", "--ciphers", "ALL:@SECLEVEL=0", server.url)[0] == 0


def test_log(ca):
    with Server(ca) as server:
        assert curl(ca, server.url + "/a?x=%20", server.url + "/a", "-d", "k=v")[0] == 0
        assert server.connections == 1, "keep-alive"
        assert server.count() == 2 and server.count("/a", method="POST") == 2 and server.count("/b") == 0
        assert server.requests[0]["query"] == "x=%20" and server.requests[0]["body"] == b"k=v"
        assert server.count(body="k=v", status=200) == 2 and server.count(query="%20") == 1
        assert server.wait(2) and not server.wait(3, timeout=0.05)
        curl(ca, "-H", "Transfer-Encoding: chunked", "-d", "chunky", server.url + "/c")
        assert server.requests[-1]["body"] == b"chunky"
        server.clear_log()
        assert server.count() == 0
        assert b" 400 " in raw(ca, server, b"GET /a b HTTP/1.1\r\n\r\n")
        assert server.count(bad="request line") == 1


def test_restart_on_same_port(ca):
    server = Server(ca).start()
    port = server.port
    server.stop()
    assert curl(ca, server.url)[0] == 7
    with server:
        assert server.port == port and curl(ca, server.url)[0] == 0


def test_control(ca):
    with Server(ca) as server:
        assert control(ca, server, {"fault": "status", "code": 503, "headers": {"Retry-After": "7"},
                                    "body": "later", "path": "/x", "times": 1, "after": 1})[0] == 200
        assert fetch(ca, server.url + "/y")[0] == 200
        assert fetch(ca, server.url + "/x")[0] == 200
        status, headers, body = fetch(ca, server.url + "/x")
        assert (status, headers["Retry-After"], body) == (503, "7", b"later")
        assert fetch(ca, server.url + "/x")[0] == 200
        report = control(ca, server)[1]
        assert report["counts"] == {"/y": 1, "/x": 3} and report["requests"][2]["fault"] == "status"
        for wrong in ({"fault": "nonsense"}, {"fault": "status", "size": 1}, {"set": {"nonsense": 1}}, {"what": 1},
                      [], {"fault": "reset", "stage": "moon"}, {"fault": "hang-accept"}):
            assert control(ca, server, wrong)[0] == 400, wrong
        control(ca, server, {"fault": "status"})
        assert fetch(ca, server.url)[0] == 500
        control(ca, server, {"reset": True})
        assert fetch(ca, server.url)[0] == 200 and server.count() == 1


def test_match_body(ca):
    with Server(ca) as server:
        server.fault("status", match_body="grant_type=refresh_token")
        assert fetch(ca, server.url, b"grant_type=other")[0] == 200
        assert fetch(ca, server.url, b"grant_type=refresh_token")[0] == 500


def test_redirect(ca):
    with Server(ca) as server:
        server.fault("redirect")
        status, headers, _ = fetch(ca, server.url)
        assert status == 302 and headers["Location"] == "https://other.example/"


def test_hang_and_stop(ca):
    with Server(ca) as server:
        server.fault("hang")
        assert curl(ca, server.url + "/h", limit="0.3")[0] == 28
        assert server.count("/h", fault="hang", status=None) == 1
    with Server(ca) as server:
        server.fault("hang-accept", times=1)
        assert curl(ca, server.url, limit="0.3")[0] == 28
        assert server.count() == 0 and server.connections == 1
        assert curl(ca, server.url)[0] == 0


def test_stop_ends_hanging_connections(ca):
    for fault in ("hang", "hang-accept", "endless-body", "slow", "delay"):
        server = Server(ca).start()
        server.fault(fault, **({"seconds": 60} if fault == "delay" else {}))
        client = subprocess.Popen(["curl", "-qsS", "--noproxy", "*", "--cacert", ca.pem, server.url],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while server.connections == 0 or (fault != "hang-accept" and server.count() == 0):
            time.sleep(0.01)
        time.sleep(0.1)
        start = time.monotonic()
        server.stop()
        assert time.monotonic() - start < 0.5, fault
        assert client.wait(5) != 0, fault


def test_slow(ca):
    with Server(ca) as server:
        server.fault("slow", times=1, interval=0.05)
        assert curl(ca, server.url, limit="0.5")[0] == 28
        server.fault("slow-body", times=1, interval=0.02)
        start = time.monotonic()
        assert fetch(ca, server.url)[2] == b"simulator\n" and time.monotonic() - start > 0.15
        server.fault("delay", times=1, seconds=0.3)
        start = time.monotonic()
        assert fetch(ca, server.url)[0] == 200 and time.monotonic() - start > 0.3


def test_sizes(ca):
    with Server(ca) as server:
        server.fault("big-body", times=1)
        assert len(fetch(ca, server.url)[2]) == 10_000_000
        server.fault("big-body", times=1, size=70_000)
        body = fetch(ca, server.url)[2]
        assert len(body) == 70_000 and body.startswith(b"simulator\n")
        server.fault("endless-body", times=1)
        assert curl(ca, "-o", "/dev/null", server.url, limit="0.3")[0] == 28
        server.fault("endless-headers", times=1)
        assert curl(ca, server.url)[0] in (27, 56), "curl limits the headers"
        assert curl(ca, server.url)[0] == 0


def test_broken_connections(ca):
    with Server(ca) as server:
        for stage in ("accept", "tls", "request", "headers", "body"):
            server.fault("reset", times=1, stage=stage)
            code, _, error = curl(ca, server.url + "/" + stage)
            assert code in ((7, 35, 56) if stage == "accept" else (35, 56)), (stage, code, error)
            assert server.count("/" + stage) == (stage not in ("accept", "tls")), stage
        server.fault("truncate", times=1)
        code, body, _ = curl(ca, server.url)
        assert code in (18, 56) and body == b"simulator\n"
        server.fault("not-http", times=1)
        assert curl(ca, server.url)[0] == 1, "HTTP/0.9 refused"
        server.fault("not-http", times=1, plain=True)
        assert curl(ca, server.url)[0] == 35
        assert not server.errors
