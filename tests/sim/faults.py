# SPDX-License-Identifier: MIT
"""Ways in which a server can misbehave, and the queue that picks the next one."""

import socket
import struct

from .http1 import Response, chunk

# Arguments of each kind with their defaults.
KINDS = {
    "status": {"code": 500, "headers": {}, "body": "", "seconds": 0},
    "redirect": {"code": 302, "location": "https://other.example/"},
    "hang": {},
    "hang-accept": {},
    "slow": {"interval": 0.2},
    "slow-body": {"interval": 0.2},
    "big-body": {"size": 10_000_000},
    "endless-body": {},
    "endless-headers": {},
    "truncate": {"missing": 100},
    "reset": {"stage": "request"},
    "not-http": {"plain": False, "data": "SSH-2.0-OpenSSH_9.2p1\r\n", "abrupt": False},
    "delay": {"seconds": 1.0},
}
STAGES = ("accept", "tls", "request", "headers", "body")


class Fault:
    def __init__(self, kind, path=None, times=None, after=0, match_body=None, **args):
        if kind not in KINDS:
            raise ValueError("unknown fault: %r" % (kind,))
        unknown = set(args) - set(KINDS[kind])
        if unknown:
            raise ValueError("fault %s does not take %s" % (kind, ", ".join(sorted(unknown))))
        self.kind = kind
        self.path = path
        self.times = times
        self.after = after
        self.match_body = match_body
        self.args = {**KINDS[kind], **args}
        if kind == "reset" and self.args["stage"] not in STAGES:
            raise ValueError("unknown stage: %r" % (self.args["stage"],))

    def on_connection(self):
        """Whether it strikes before there is a request to look at."""
        return (self.kind == "hang-accept" or (self.kind == "reset" and self.args["stage"] in ("accept", "tls"))
                or (self.kind == "not-http" and self.args["plain"]))

    def matches(self, request):
        if request is None or self.on_connection():
            return request is None and self.on_connection()
        return ((self.path is None or self.path in request.target)
                and (self.match_body is None or self.match_body.encode() in request.body))

    def describe(self):
        return {"fault": self.kind, "path": self.path, "times": self.times, **self.args}


class FaultQueue:
    """Faults in the order in which they were asked for; callers hold the server's lock."""

    def __init__(self):
        self.faults = []

    def add(self, fault):
        self.faults.append(fault)

    def clear(self):
        self.faults = []

    def take(self, request):
        """The fault for this request, or for a new connection if there is none yet."""
        for fault in self.faults:
            if not fault.matches(request):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
            return fault
        return None


def reset_connection(conn):
    """Close with RST in place of FIN."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def hold(conn):
    """Say nothing until the client gives up or the server's stop shuts the socket down."""
    while conn.recv(65536):
        pass


def strike_connection(conn, fault):
    """A fault in place of the TLS handshake."""
    if fault.kind == "hang-accept":
        hold(conn)
    elif fault.kind == "not-http":
        conn.recv(65536)
        conn.sendall(fault.args["data"].encode())
    else:
        if fault.args["stage"] == "tls":
            conn.recv(65536)
        reset_connection(conn)


def replaces_answer(fault):
    """Whether the request is never handled, so that the server's state stays as it was."""
    return (fault.kind in ("status", "redirect", "hang", "not-http")
            or (fault.kind == "reset" and fault.args["stage"] == "request"))


def strike_request(conn, fault):
    """A fault in place of handling the request; the response to send, or None."""
    args = fault.args
    if fault.kind == "status":
        return Response(args["code"], args["body"], args["headers"])
    if fault.kind == "redirect":
        return Response(args["code"], b"", {"Location": args["location"]})
    if fault.kind == "hang":
        hold(conn)
    elif fault.kind == "not-http":
        conn.sendall(args["data"].encode())
        if args["abrupt"]:  # TCP's end without that of TLS
            conn.shutdown(socket.SHUT_RDWR)
            raise EOFError
    else:
        reset_connection(conn)
    return None


def send_faulty(conn, response, fault, pause):
    """Write a handled request's answer badly. Padding is blank, so that JSON stays valid: only
    a limit on the size can refuse it. `pause(seconds)` is true when the server stops."""
    kind, body = fault.kind, response.body
    if kind == "slow":
        _trickle(conn, response.head() + body, fault.args["interval"], pause)
    elif kind == "slow-body":
        conn.sendall(response.head())
        _trickle(conn, body, fault.args["interval"], pause)
    elif kind == "big-body":
        conn.sendall(response.head_chunked() + (chunk(body) if body else b""))
        left = fault.args["size"] - len(body)
        while left > 0:
            conn.sendall(chunk(b" " * min(left, 65536)))
            left -= 65536
        conn.sendall(b"0\r\n\r\n")
    elif kind == "endless-body":
        conn.sendall(response.head_chunked() + (chunk(body) if body else b""))
        while True:
            conn.sendall(chunk(b" " * 16384))
    elif kind == "endless-headers":
        conn.sendall(response.start())
        number = 0
        while True:
            conn.sendall(b"X-Filler-%d: %s\r\n" % (number, b"a" * 900))
            number += 1
    elif kind == "truncate":
        conn.sendall(response.head(response.size() + fault.args["missing"]))
        response.send_body(conn)
    elif kind == "reset":
        head = response.head()
        conn.sendall(head[:len(head) // 2] if fault.args["stage"] == "headers" else head + body[:len(body) // 2])
        reset_connection(conn)
    else:
        raise AssertionError(kind)


def _trickle(conn, data, interval, pause):
    for i in range(len(data)):
        conn.sendall(data[i:i + 1])
        if pause(interval):
            return
