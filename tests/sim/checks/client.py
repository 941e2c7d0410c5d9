# SPDX-License-Identifier: MIT
"""Clients for the checks: urllib for answers, curl for faults, a bare socket for raw bytes."""

import base64
import json
import socket
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def fetch(ca, url, data=None, headers=None, method=None):
    """(status, headers, body) of one request; redirects are not followed."""
    context = ssl.create_default_context(cafile=ca.pem)
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect(),
                                         urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, data, headers or {}, method=method)
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def post(ca, url, form, basic=None, encode=True):
    """(status, JSON or None) of a form; `basic` is (id, secret)."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if basic:
        pair = [urllib.parse.quote_plus(half) for half in basic] if encode else basic
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(pair).encode()).decode()
    data = (form if isinstance(form, str) else urllib.parse.urlencode(form)).encode()
    status, _, body = fetch(ca, url, data, headers)
    return status, json.loads(body) if body else None


def control(ca, server, order=None):
    data = None if order is None else json.dumps(order).encode()
    status, _, body = fetch(ca, server.url + "/_control", data, {"Content-Type": "application/json"})
    return status, json.loads(body)


def curl(ca, *args, limit="5"):
    """(exit status, standard output, standard error) of curl."""
    done = subprocess.run(("curl", "-q", "-sS", "--noproxy", "*", "--cacert", ca.pem, "--max-time", limit) + args,
                          capture_output=True)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def raw(ca, server, request):
    """All that comes back for these bytes."""
    context = ssl.create_default_context(cafile=ca.pem)
    with socket.create_connection(("127.0.0.1", server.port), 5) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as conn:
            conn.sendall(request)
            parts = []
            while data := conn.recv(65536):
                parts.append(data)
    return b"".join(parts)
