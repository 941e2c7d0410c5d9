# SPDX-License-Identifier: MIT
"""Signing in with a device code (RFC 8628)."""
import http.client
from urllib.parse import parse_qsl, urlsplit

import pytest

from signin import app, signed_in, visit  # noqa: F401


@pytest.mark.parametrize("env", [{"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22", "DISPLAY": ":10", "BROWSER": "/bin/false"},
                                 {"SSH_TTY": "/dev/pts/1", "BROWSER": "/bin/false"}, {}, {"DISPLAY": "", "BROWSER": ""}])
def test_a_device_code_over_ssh_and_without_a_display(app, oauth, env):
    oauth.set(auto_approve=True)
    r = app.tokenring("login", env=env)
    assert (r.returncode, r.stdout) == (0, ""), r
    assert "enter the code" in r.stderr and oauth.token_requests[-1][0].endswith("device_code")
    assert signed_in(app, oauth)


def test_device_overrides(app, oauth):
    oauth.set(auto_approve=True)
    r = app.tokenring("login", "--device", env={"BROWSER": "/bin/false", "DISPLAY": ":0"})
    assert r.returncode == 0 and "enter the code" in r.stderr and not oauth.find("connect/auth", method="GET")


def test_the_address_alone_where_the_server_knows_no_device(app, oauth):
    oauth.set(discovery={"device_authorization_endpoint": None})
    env = {"SSH_TTY": "/dev/pts/1"}
    with app.start("tokenring", "login", env=env) as p:
        assert p.stderr.readline().startswith("To sign in, open this address")
        url = p.stderr.readline().strip()
        at = urlsplit(dict(parse_qsl(urlsplit(url).query))["redirect_uri"])
        c = http.client.HTTPConnection(at.netloc)
        c.request("GET", visit(oauth, url))
        assert c.getresponse().status == 200
        assert p.wait(30) == 0
    assert signed_in(app, oauth)


def test_a_refused_device_points_to_the_browser(app, oauth):
    oauth.set(clients={"app": {"secret": "a secret that this profile has not"}})
    r = app.tokenring("login", env={"SSH_TTY": "/dev/pts/1"})
    assert r.returncode in (1, 2) and "--browser" in r.stderr
