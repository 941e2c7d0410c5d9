# SPDX-License-Identifier: MIT
"""tokenring against a real authorization server: clients, device codes, rotation, revocation, discovery."""
import json
import threading
import time

import pytest

from conftest import Login, stored
from system.world import until

from .conftest import SECRET
from .web import Web


def test_what_the_server_says_of_itself(provider):
    """What these tests rest upon."""
    m = provider.metadata
    assert m["issuer"] == provider.issuer and m["authorization_response_iss_parameter_supported"] is True
    assert m["code_challenge_methods_supported"] == ["S256"]
    assert {"token_endpoint", "authorization_endpoint", "device_authorization_endpoint",
            "revocation_endpoint"} <= set(m)


# --- clients -----------------------------------------------------------------

@pytest.mark.parametrize("client,auth", [("id+/ :%&=", "basic"), ("poster", "post"), ("nobody", "none")])
def test_client_credentials(user, provider, client, auth):
    """By each authentication that there is; this server lets a public client have a token of its own."""
    user.profile(provider, client_id=client, client_auth=auth)
    r = user.tokenring("login", "--secret-stdin", input=SECRET + "\n")
    assert (r.returncode, r.stderr) == (0, ""), r
    facts = provider.introspect(user.ok("token"))
    assert facts["active"] is True and facts["client_id"] == client
    user.expire()
    assert provider.active(user.ok("token"))
    assert len(stored(user, "client-secret")) == (auth != "none")


def test_basic_without_encoding(user, provider):
    """This server decodes, as RFC 6749 has it: a secret with special characters needs 'basic'."""
    user.profile(provider, client_id="poster", client_auth="basic-raw")
    r = user.tokenring("login", "--secret-stdin", input=SECRET + "\n")
    assert r.returncode == 2 and "not properly encoded" in r.stderr
    assert SECRET not in r.stderr and not stored(user, "client-secret")


def test_a_wrong_secret(user, provider):
    user.profile(provider, client_id="poster", client_auth="post")
    r = user.tokenring("login", "--secret-stdin", input="wrong\n")
    assert r.returncode == 1 and "invalid_client" in r.stderr and not stored(user, "client-secret")


# --- device codes ------------------------------------------------------------

class Device(Login):
    """A `tokenring login` that shows a code."""

    def __init__(self, user, *args):
        super().__init__(user, *args)
        self.shown = self.process.stderr.readline() + self.process.stderr.readline()
        self.url = self.shown.splitlines()[1].split(" ")[2]


@pytest.fixture
def signed_in(user, provider):
    """Somebody who has signed in with a device code."""
    user.person(provider, "device")
    with Device(user) as d:
        assert "Success" in Web(provider.ca).sign_in(d.url)
        assert d.end() == (0, "")
    return user


def refused(provider):
    """How many requests of tokens it has refused, polls among them."""
    return json.loads(provider.fetch("/_counts"))["refused"]


def test_device_pending_then_approved(user, provider):
    user.person(provider, "device")
    before, begun = refused(provider), time.monotonic()
    with Device(user) as d:
        # One poll is answered "pending" before the person acts (the interval is 5 s: RFC 8628's own).
        assert until(lambda: refused(provider) > before, 30)
        assert d.process.poll() is None
        assert "Success" in Web(provider.ca).sign_in(d.url)
        assert d.end() == (0, "")
        assert time.monotonic() - begun > 9
    facts = provider.introspect(user.ok("token"))
    assert facts["active"] and facts["sub"] == "alice" and facts["client_id"] == "app"
    assert len(stored(user, "refresh")) == 1


def test_device_slow_down(user, provider):
    """RFC 8628, section 3.5: 5 s to the first poll, which is answered so, and 10 s to the next."""
    user.person(provider, "device", client="slow")
    before, begun = refused(provider), time.monotonic()
    with Device(user) as d:
        assert until(lambda: refused(provider) > before, 30)
        assert d.process.poll() is None
        assert "Success" in Web(provider.ca).sign_in(d.url)
        assert d.end() == (0, "")
        assert time.monotonic() - begun > 14
    assert provider.active(user.ok("token"))


def test_device_declined(user, provider):
    user.person(provider, "device")
    with Device(user) as d:
        Web(provider.ca).sign_in(d.url, decline=True)
        status, said = d.end()
    assert status == 1 and "declined in the browser" in said and not stored(user, "refresh")


def test_device_code_expires(user, provider):
    user.person(provider, "device", client="hasty")
    with Device(user) as d:
        status, said = d.end()
    assert status == 1 and "run the command again" in said and not stored(user, "refresh")


# --- rotation ----------------------------------------------------------------

def test_rotation(signed_in, provider):
    u = signed_in
    seen = {stored(u, "refresh")[0].read_text()}
    for n in range(2, 5):
        u.expire()
        assert provider.active(u.ok("token"))
        seen.add(stored(u, "refresh")[0].read_text())
        assert len(seen) == n


def test_many_at_expiry_and_the_grant_survives(signed_in, provider):
    """The race that ends other helpers' grants (reuse detection): 30 callers, one refresh."""
    u = signed_in
    for _ in range(2):
        u.expire()
        results = [None] * 30

        def one(i):
            results[i] = u.tokenring("token")
        threads = [threading.Thread(target=one, args=(i,)) for i in range(len(results))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert {(r.returncode, r.stderr) for r in results} == {(0, "")}
        assert len({r.stdout for r in results}) == 1 and provider.active(results[0].stdout)


def test_reuse_ends_the_grant(signed_in, provider):
    """Somebody has stolen a refresh token and uses it after us: the server ends it all, and a person is called."""
    u = signed_in
    old = stored(u, "refresh")[0].read_text().strip()
    u.expire()
    token = u.ok("token")
    answer = json.loads(provider.fetch("/token", {"grant_type": "refresh_token", "refresh_token": old,
                                                  "client_id": "app"}))
    assert answer["error"] == "invalid_grant" and not provider.active(token)
    u.expire()
    r = u.tokenring("token")
    assert r.returncode == 3 and "tokenring login op" in r.stderr and not stored(u, "refresh")


# --- revocation --------------------------------------------------------------

def test_logout_of_a_person(signed_in, provider):
    u = signed_in
    token, refresh = u.ok("token"), stored(u, "refresh")[0].read_text().strip()
    assert provider.active(token) and provider.active(refresh)
    assert u.ok("logout") == ""
    assert provider.introspect(token) == {"active": False} == provider.introspect(refresh)
    assert u.tokenring("token").returncode == 3


def test_logout_of_a_client(user, provider):
    user.profile(provider, client_id="poster", client_auth="post")
    assert user.tokenring("login", "--secret-stdin", input=SECRET + "\n").returncode == 0
    token = user.ok("token")
    assert provider.active(token)
    assert user.ok("logout") == ""
    assert not provider.active(token)


def test_local_logout_leaves_the_server_alone(signed_in, provider):
    token = signed_in.ok("token")
    assert signed_in.ok("logout", "--local") == ""
    assert provider.active(token)


# --- discovery ---------------------------------------------------------------

@pytest.mark.parametrize("issuer,status,words", [
    ("https://127.0.0.1:{port}", 1, "another issuer's"), ("https://localhost:{port}/", 1, "another issuer's"),
    ("https://LOCALHOST:{port}", 1, "another issuer's"), ("https://localhost:{port}/realms/x", 2, "404"),
])
@pytest.mark.parametrize("grant", ["client_credentials", "device", "browser"])
def test_discovery_of_a_wrong_issuer(user, provider, issuer, status, words, grant):
    user.person(provider, grant)
    user.configure(user.config.read_text().replace(provider.issuer, issuer.format(port=provider.issuer.split(":")[2])))
    r = user.tokenring("login", env={"BROWSER": "/bin/true"})
    assert r.returncode == status and "discovery" in r.stderr and words in r.stderr, r
