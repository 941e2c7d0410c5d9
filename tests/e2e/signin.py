# SPDX-License-Identifier: MIT
"""A sign-in with a browser; the test is the browser."""
import http.client
import socket
import ssl
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from conftest import Login, stored


@pytest.fixture
def app(person, oauth):
    """A public client whose endpoints are found by its issuer."""
    oauth.set(clients={"app": None}, device_interval=1)
    profile(person, oauth)
    return person


def profile(person, oauth, **keys):
    person.configure("")
    person.oauth(oauth, **{"client_id": "app", "client_auth": "none", "grant": "browser", "store": "file",
                           "issuer": oauth.issuer, "token_url": None, **keys})


class SignIn(Login):
    """A `tokenring login` that waits for its browser; the test is the browser."""

    def __init__(self, person, *args, env=None):
        super().__init__(person, "--browser", *args, env={"BROWSER": "/bin/true", **(env or {})})
        self.shown = ""
        for line in self.process.stderr:
            self.shown += line
            if line.startswith("https://"):
                break
        assert "https://" in self.shown, (self.shown, self.process.wait())
        self.url = self.shown.splitlines()[-1]
        self.asked = dict(parse_qsl(urlsplit(self.url).query))
        self.port = urlsplit(self.asked["redirect_uri"]).port
        self.host = f"127.0.0.1:{self.port}"

    def waits(self):
        return self.process.poll() is None

    def raw(self, data, address="127.0.0.1"):
        """Status and whole answer to these bytes; status 0: none."""
        with socket.create_connection((address, self.port), timeout=30) as s:
            s.sendall(data)
            answer = read_all(s)
        return int(answer.split(b" ")[1]) if answer else 0, answer

    def get(self, target, host=None, address="127.0.0.1"):
        return self.raw(f"GET {target} HTTP/1.1\r\nHost: {host or self.host}\r\n\r\n".encode(), address)

    def answer(self, **changes):
        """An answer as the server would give it, but for the changes; None: without."""
        query = {"state": self.asked["state"], "code": "some-code", **changes}
        return self.get("/callback?" + urlencode({k: v for k, v in query.items() if v is not None}))


def read_all(s):
    data = b""
    while True:
        try:
            more = s.recv(65536)
        except ConnectionResetError:
            return data
        if not more:
            return data
        data += more


def visit(oauth, url):
    """What the server answers with: where it sends the browser, as path and query."""
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.hostname.replace("localhost", "127.0.0.1"), parts.port, timeout=20,
                                             context=ssl.create_default_context(cafile=oauth.ca.pem))
    connection.request("GET", f"{parts.path}?{parts.query}")
    location = connection.getresponse().headers["Location"]
    connection.close()
    return location.partition("/callback")[1] + location.partition("/callback")[2]


def signed_in(person, oauth):
    assert oauth.active(person.ok("token").strip())
    return oauth.spendable(stored(person, "refresh")[0].read_text().strip())
