# SPDX-License-Identifier: MIT
"""Just enough HTTP/1.1 to be strict about what arrives and free in what is sent."""

import hashlib
import json

MAX_HEAD = 1 << 20
MAX_BODY = 256 << 20
STEP = 1 << 16

REASONS = {
    100: "Continue", 200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 302: "Found",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    409: "Conflict", 413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
}


class BadRequest(Exception):
    """What arrived is not HTTP/1.1 as a careful client writes it."""


class Request:
    def __init__(self, method, target, header_list, body=b""):
        self.method = method
        self.target = target
        self.path, _, self.query = target.partition("?")
        self.header_list = header_list
        self.headers = {}
        for name, value in header_list:
            name = name.lower()
            self.headers[name] = self.headers[name] + ", " + value if name in self.headers else value
        self.body = body
        self.size = len(body)
        self.digest = None  # SHA-256 of a body that was not kept

    def bearer(self):
        """The bearer token, or None; more than one Authorization header is none."""
        values = [value for name, value in self.header_list if name.lower() == "authorization"]
        if len(values) == 1 and values[0][:7].lower() == "bearer ":
            return values[0][7:]
        return None


class Response:
    """Header values are written as they are, so that a server can send wrong ones. `stream` is
    the size of a body that is made while it is sent: zeros."""

    def __init__(self, status, body=b"", headers=(), stream=None):
        self.status = status
        self.stream = stream
        self.body = body.encode() if isinstance(body, str) else body
        self.headers = list(headers.items() if isinstance(headers, dict) else headers)

    def start(self):
        """Status line and headers, without the length and the empty line."""
        lines = ["HTTP/1.1 %d %s" % (self.status, REASONS.get(self.status, "Status"))]
        lines += ["%s: %s" % pair for pair in self.headers]
        return ("\r\n".join(lines) + "\r\n").encode("latin-1")

    def head(self, length=None):
        if self.status == 204:
            return self.start() + b"\r\n"
        return self.start() + b"Content-Length: %d\r\n\r\n" % (self.size() if length is None else length)

    def size(self):
        return len(self.body) if self.stream is None else self.stream

    def send_body(self, conn):
        conn.sendall(self.body)
        for at in range(0, self.stream or 0, STEP):
            conn.sendall(bytes(min(STEP, self.stream - at)))

    def head_chunked(self):
        return self.start() + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def json_response(value, status=200, headers=()):
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    return Response(status, json.dumps(value, separators=(",", ":")), [("Content-Type", "application/json")] + pairs)


class Reader:
    """Requests off one connection."""

    def __init__(self, conn, discarded=None):
        self.conn = conn
        self.discarded = discarded  # a path whose bodies are not kept
        self.buffer = b""

    def _more(self):
        data = self.conn.recv(65536)
        self.buffer += data
        return bool(data)

    def _until(self, end):
        at = 0
        while True:
            found = self.buffer.find(end, at)
            if found >= 0:
                data, self.buffer = self.buffer[:found], self.buffer[found + len(end):]
                return data
            if len(self.buffer) > MAX_HEAD:
                raise BadRequest("head too large")
            at = max(0, len(self.buffer) - len(end))
            if not self._more():
                raise EOFError

    def _pieces(self, size):
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        yield data
        left = size - len(data)
        while left:
            data = self.conn.recv(min(left, 65536))
            if not data:
                raise EOFError
            yield data
            left -= len(data)

    def _exactly(self, size):
        return b"".join(self._pieces(size))

    def request(self):
        """The next request; EOFError when the client is done."""
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        words = head[0].split(" ")
        if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0") or not words[1].startswith("/"):
            raise BadRequest("request line")
        if any(not "!" <= c <= "~" for c in words[1]):
            raise BadRequest("unencoded character in the request line")
        headers = []
        for line in head[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise BadRequest("header line")
            headers.append((name, value.strip(" \t")))
        request = Request(words[0], words[1], headers)
        if self.discarded and request.path == self.discarded:
            digest = hashlib.sha256()
            for piece in self._body(request):
                digest.update(piece)
                request.size += len(piece)
            request.digest = digest.hexdigest()
        else:
            request.body = b"".join(self._body(request))
            request.size = len(request.body)
        return request

    def _body(self, request):
        chunked = request.headers.get("transfer-encoding", "").lower() == "chunked"
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            raise BadRequest("content length")
        if request.headers.get("expect", "").lower() == "100-continue":
            self.conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        yield from self._chunks() if chunked else self._pieces(int(length))

    def _chunks(self):
        total = 0
        while True:
            try:
                size = int(self._until(b"\r\n").split(b";")[0], 16)
            except ValueError:
                raise BadRequest("chunk size")
            total += size
            if total > MAX_BODY:
                raise BadRequest("body too large")
            if size == 0:
                while self._until(b"\r\n"):
                    pass
                return
            yield from self._pieces(size)
            if self._exactly(2) != b"\r\n":
                raise BadRequest("chunk end")
