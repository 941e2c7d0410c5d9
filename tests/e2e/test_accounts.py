# SPDX-License-Identifier: MIT
"""Several accounts of one profile."""
import json

import pytest


def subject(oauth, token):
    """Who signed in for this access token."""
    return next(g.user for g in oauth.grants if token.strip() in g.access)


@pytest.fixture
def app(person, oauth):
    """A profile without an account of its own; carol, alice and bob can sign in."""
    oauth.set(clients={"app": None}, auto_approve=True, device_interval=1)
    person.oauth(oauth, client_id="app", client_auth="none", grant="device", store="file", match="https://forge.example",
                 device_authorization_url=oauth.device_authorization_url)

    def sign_in(user, *args):
        oauth.set(user=user)
        assert person.tokenring("login", *args).returncode == 0
    person.sign_in = sign_in
    return person


def git(person, user=None, op="get", **more):
    given = {"protocol": "https", "host": "forge.example", "username": user, **more}
    r = person.tokenring("git", op, input="".join(f"{k}={v}\n" for k, v in given.items() if v is not None))
    assert r.returncode == 0, r
    return dict(line.split("=", 1) for line in r.stdout.splitlines())


def test_each_account_has_its_own_sign_in(app, oauth):
    app.sign_in("carol")
    app.sign_in("alice", "--account", "alice")
    app.sign_in("bob", "--account", "bob")
    for _ in range(2):
        assert subject(oauth, app.ok("token")) == "carol"
        assert subject(oauth, app.ok("token", "--account", "alice")) == "alice"
        assert subject(oauth, app.ok("token", "--account", "bob")) == "bob"
        app.expire()
    shown = [json.loads(app.ok("status", "--json", *a))[0] for a in ([], ["--account", "bob"])]
    assert [s["account"] for s in shown] == [None, "bob"]
    app.ok("logout", "--account", "bob", "--local")
    r = app.tokenring("token", "--account", "bob")
    assert r.returncode == 3 and r.stderr.endswith("sign in with: tokenring login itc --account bob\n"), r
    assert subject(oauth, app.ok("token", "--account", "alice")) == "alice"
    assert subject(oauth, app.ok("token")) == "carol"


@pytest.mark.parametrize("account", [None, "carol"])
def test_the_default_never_flips(app, oauth, account):
    """Whoever signs in last or as the only one: without a name, the profile's own account is meant."""
    if account:
        app.config.write_text(app.config.read_text() + f"account = {account}\n")
    app.sign_in("bob", "--account", "bob")
    r = app.tokenring("token")
    assert r.returncode == 3 and "tokenring login itc" in r.stderr, r
    app.sign_in("carol")
    app.sign_in("alice", "--account", "alice")
    assert subject(oauth, app.ok("token")) == "carol"
    assert subject(oauth, git(app)["password"]) == "carol"


def test_gits_username_picks_one(app, oauth):
    app.sign_in("carol")
    app.sign_in("bob", "--account", "bob")
    answer = git(app, "bob")
    assert subject(oauth, answer["password"]) == "bob" and answer["username"] == "bob"
    assert subject(oauth, git(app)["password"]) == "carol"
    # What this profile calls a user for Basic-only tools is no account; nor is one that nobody signed in as.
    assert subject(oauth, git(app, "oauth2")["password"]) == "carol"
    assert subject(oauth, git(app, "x" * 300)["password"]) == "carol"
    app.config.write_text(app.config.read_text() + "account = carol\n")
    app.sign_in("carol")
    assert subject(oauth, git(app, "carol")["password"]) == "carol"
    assert git(app, "dave") == {}, "left to other helpers"
    assert subject(oauth, git(app, "bob")["password"]) == "bob"


def test_gits_erase_is_for_that_account(app, oauth):
    app.sign_in("carol")
    app.sign_in("bob", "--account", "bob")
    carols, bobs = git(app)["password"], git(app, "bob")["password"]
    git(app, "bob", op="erase", password=carols)
    assert git(app, "bob")["password"] == bobs and git(app)["password"] == carols
    git(app, "bob", op="erase", password=bobs)
    assert git(app, "bob")["password"] != bobs and git(app)["password"] == carols


def test_sainet(person, sainet):
    """There the account is who signs in."""
    person.sainet(sainet, store="file", match="https://forge.example")
    for user in ("alice", "bob"):
        r = person.tokenring("login", "--account", user, "--secret-stdin", input=sainet.settings.users[user] + "\n")
        assert r.returncode == 0, r
    assert person.ok("token") == person.ok("token", "--account", "alice") != person.ok("token", "--account", "bob")
    assert git(person, "bob")["password"] == person.ok("token", "--account", "bob").strip()
    assert git(person)["password"] == person.ok("token").strip()
