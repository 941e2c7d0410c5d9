# SPDX-License-Identifier: MIT
"""Signing out: what is revoked, what is forgotten, and what is said."""
import os
import subprocess
import time

import pytest

from conftest import BIN, stored


def signed_in(person, oauth, store):
    oauth.set(clients={"app": None}, auto_approve=True, device_interval=1, revoke_scope="grant")
    person.oauth(oauth, client_id="app", client_auth="none", grant="device", store=store,
                 device_authorization_url=oauth.device_authorization_url)
    assert person.tokenring("login").returncode == 0
    return person


@pytest.fixture
def app(person, oauth):
    return signed_in(person, oauth, "file")


@pytest.fixture(params=["file", "secret-service"])
def either(request, person, oauth, keyring):
    p = signed_in(person, oauth, request.param)
    assert bool(in_keyring(p)) == (request.param == "secret-service")
    return p


def in_keyring(person):
    """How many items of ours the keyring holds."""
    out = subprocess.run(["secret-tool", "search", "--all", "xdg:schema", "io.github.tokenring"], capture_output=True,
                         text=True, env=person.env)
    return out.stdout.count("schema = ") + out.stderr.count("attribute.kind")


def kept(person):
    on_a_bus = "DBUS_SESSION_BUS_ADDRESS" in person.env
    return [p for p in (person.state / "tokenring").rglob("*") if p.is_file() and p.suffix != ".lock"], in_keyring(person) if on_a_bus else 0


def test_all_finds_the_other_accounts(either, oauth):
    assert either.tokenring("login", "--account", "bob").returncode == 0
    tokens = [either.ok("token").strip(), either.ok("token", "--account", "bob").strip()]
    assert either.ok("logout", "--all") == ""
    assert not any(map(oauth.active, tokens)) and not any(g.alive for g in oauth.grants)
    assert kept(either) == ([], 0)


def test_all_finds_what_an_edited_profile_left(either):
    """Changed so that its tokens are not those any more, or gone; a new name alone changes nothing."""
    before = either.config.read_text()
    for text in (before + "scope = other\n", before.replace("[profile itc]", "[profile new]").replace("= app", "= new")):
        either.configure(before)
        either.tokenring("login")
        either.configure(text)
        r = either.tokenring("logout", "--all")
        assert r.returncode == 0 and "'itc'" in r.stderr and "was not revoked" in r.stderr, r
        assert kept(either) == ([], 0)
    either.configure(before)
    assert either.tokenring("token").returncode == 3


def test_all_after_a_new_name(app, oauth):
    token = app.ok("token").strip()
    app.configure(app.config.read_text().replace("[profile itc]", "[profile renamed]"))
    assert app.ok("logout", "--all") == "" and not oauth.active(token)
    assert kept(app) == ([], 0)


def test_all_with_an_account_means_that_one(app, oauth):
    assert app.tokenring("login", "--account", "bob").returncode == 0
    assert app.ok("logout", "--all", "--account", "bob") == ""
    assert app.tokenring("token", "--account", "bob").returncode == 3
    assert oauth.active(app.ok("token").strip())


def test_a_person_is_told_of_other_machines(app, oauth):
    """At a terminal; test_oauth.py sees that a script is told nothing."""
    master, slave = os.openpty()
    p = subprocess.run([BIN / "tokenring", "logout"], env=app.env, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
    os.close(slave)
    assert p.returncode == 0 and b"sessions on other machines" in os.read(master, 4096)
    os.close(master)


def test_busy_for_a_moment(app, oauth):
    """RFC 7009, section 2.2.1: a 503 may be followed by a second try."""
    token = app.ok("token").strip()
    oauth.fault("status", path="/revoke", times=1, code=503, headers={"Retry-After": "1"})
    begun = time.monotonic()
    assert app.ok("logout") == ""
    assert time.monotonic() - begun > 0.9 and oauth.count("/revoke") == 2 and not oauth.active(token)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "600"}, {"Retry-After": "1"}])
def test_busy_for_long(app, oauth, headers):
    oauth.fault("status", path="/revoke", code=503, headers=headers)
    r = app.tokenring("logout")
    assert r.returncode == 4 and "forgotten here, but not revoked" in r.stderr, r
    assert oauth.count("/revoke") == (2 if headers.get("Retry-After") == "1" else 1)
    assert kept(app) == ([], 0)


def test_an_error_with_status_200_is_success(app, oauth):
    """Keycloak's answer to a token that it does not know."""
    oauth.fault("status", path="/revoke", times=1, code=200, body='{"error":"invalid_token"}')
    assert app.ok("logout") == "" and kept(app) == ([], 0)


def test_a_person_of_a_clients_profile(person, oauth, tmp_path):
    """login --device in a profile with client_credentials: the refresh token that is stored is revoked."""
    oauth.set(clients={"app": "geheim"}, auto_approve=True, device_interval=1, revoke_scope="grant")
    (tmp_path / "secret").write_text("geheim\n")
    person.oauth(oauth, client_id="app", client_secret_file=tmp_path / "secret", store="file",
                 device_authorization_url=oauth.device_authorization_url)
    assert person.tokenring("login", "--device").returncode == 0
    refresh = stored(person, "refresh")[0].read_text()
    person.expire()
    assert person.ok("logout") == "" and not oauth.grant_alive(refresh)
