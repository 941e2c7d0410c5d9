# SPDX-License-Identifier: MIT
"""A refresh in all the shapes that servers give it."""
import json
import time

import pytest

from conftest import keys, stored

pytestmark = pytest.mark.long


def renewed(p, oauth):
    """The next token, by one request, and the refresh token that was spent for it."""
    p.expire()
    before = len(oauth.token_requests)
    token = p.ok("token").strip()
    assert oauth.active(token) and len(oauth.token_requests) == before + 1
    grant, form = oauth.token_requests[-1]
    assert grant == "refresh_token"
    return token, form


def kept(p):
    return stored(p, "refresh")[0].read_text()


def left(p):
    """Seconds that the cached token is said to live."""
    t = json.loads(p.ok("token", "--json", "--min-valid", "0"))
    s = json.loads(p.ok("status", "--json"))[0]
    assert t["expires_at"] == s["expires_at"]
    return t["expires_at"]


def test_lifetimes(person_grant, oauth):
    """What is said, as a number or as text; what is not said, or 0, is short and never for ever."""
    p = person_grant
    for settings, life in [({"access_lifetime": 900}, 900), ({"omit_expires_in": True}, 120), ({"access_lifetime": 0}, 120),
                           ({"extra": {"expires_in": "300"}}, 300), ({"extra": {"expires_in": None}}, 120),
                           ({"extra": {"expires_in": -1}}, 120)]:
        oauth.set(access_lifetime=1200, omit_expires_in=False, extra={})
        oauth.set(**settings)
        begun = int(time.time())
        renewed(p, oauth)
        assert 0 <= left(p) - (begun + life) <= 30, settings


@pytest.mark.parametrize("said", [0, None, "0", 1, 1800])
def test_lifetime_of_the_refresh_token(person_grant, oauth, said):
    """0 and nothing mean: not known.  It is tried in any case: the server decides, not our clock."""
    p = person_grant
    oauth.set(refresh_lifetime=0, extra={"refresh_expires_in": said})
    renewed(p, oauth)
    shown = json.loads(p.ok("status", "--json"))[0]
    assert (shown["refresh_expires_at"] is None) == (said in (0, None, "0"))
    assert "renewable" in p.ok("status") or said != 1800
    renewed(p, oauth)


def test_no_new_refresh_token_in_the_answer(person_grant, oauth):
    """RFC 6749, section 6: then the old one goes on."""
    p = person_grant
    oauth.set(new_refresh_in_answer=False)
    old = kept(p)
    for _ in range(3):
        assert renewed(p, oauth)[1]["refresh_token"] == old == kept(p)
    oauth.set(new_refresh_in_answer=True)
    assert renewed(p, oauth)[1]["refresh_token"] == old != kept(p)
    assert renewed(p, oauth)[1]["refresh_token"] != old


def test_the_same_refresh_token_again(person_grant, oauth):
    """A server without rotation: each answer's is stored, whichever it is."""
    p = person_grant
    oauth.set(rotate=False)
    for _ in range(3):
        before = kept(p)
        assert renewed(p, oauth)[1]["refresh_token"] == before
        assert oauth.grant_alive(kept(p))


def test_narrower_scope(person_grant, oauth):
    """The server may grant less; the grant, and what is asked for next time, stay as they were."""
    p = person_grant
    oauth.set(extra={"scope": "less"})
    _, form = renewed(p, oauth)
    assert "scope" not in form
    oauth.set(extra={})
    _, form = renewed(p, oauth)
    assert "scope" not in form and oauth.grant_alive(kept(p))


def test_unknown_members_and_any_case_of_the_type(person_grant, oauth):
    p = person_grant
    oauth.set(token_type="bEARER", extra={"not-before-policy": 5, "session_state": {"a": [1]}, "expires_on": "?", "": None})
    renewed(p, oauth)
    renewed(p, oauth)


# Keycloak's texts (all invalid_grant), and what others make of the status.
DEAD = ["Token is not active", "Invalid refresh token", "Stale token", "Session not active", "Offline session not active",
        "User disabled", "Session doesn't have required client", "Maximum allowed refresh token reuse exceeded", None]


def test_every_invalid_grant_ends_it(person_grant, oauth):
    """By its error alone, whatever the description and the status are."""
    p = person_grant
    place = stored(p, "refresh")[0]
    grant = place.read_text()
    answers = [(400, d) for d in DEAD] + [(401, DEAD[0]), (403, DEAD[0])]
    for code, description in answers:
        place.write_text(grant)
        place.chmod(0o600)
        p.expire()
        body = {"error": "invalid_grant"} | ({"error_description": description} if description else {})
        oauth.fault("status", path="/token", times=1, code=code, body=json.dumps(body))
        before = oauth.count("/token")
        r = p.tokenring("token")
        assert r.returncode == 3 and "tokenring login itc" in r.stderr, (code, description, r)
        assert not place.exists() and oauth.count("/token") == before + 1


@pytest.mark.parametrize("error,code", [
    ("invalid_client", 400), ("invalid_client", 401), ("unauthorized_client", 400), ("unauthorized_client", 401),
    ("invalid_request", 400), ("invalid_scope", 400), ("unsupported_grant_type", 400), ("server_error", 500),
    ("temporarily_unavailable", 503), ("something_new", 400), ("access_denied", 403)])
def test_no_other_error_does(person_grant, oauth, error, code):
    """Even if its description says the contrary."""
    p = person_grant
    before = kept(p)
    body = json.dumps({"error": error, "error_description": "invalid_grant: Session not active"})
    oauth.fault("status", path="/token", times=1, code=code, body=body)
    p.expire()
    r = p.tokenring("token")
    assert r.returncode in (1, 2, 4), r
    assert kept(p) == before and oauth.grant_alive(before)


# --- a client's refresh token that nobody asked for ------------------------------

@pytest.fixture
def client(person, oauth, tmp_path):
    oauth.set(clients={"cli": "geheim"})
    (tmp_path / "secret").write_text("geheim\n")
    person.oauth(oauth, client_id="cli", client_secret_file=tmp_path / "secret", store="file")
    return person


def test_used_until_it_ends(client, oauth):
    """Each answer without it would leave a session at the server: there is one, for all renewals."""
    assert client.ok("token")
    for _ in range(4):
        client.expire()
        assert oauth.active(client.ok("token").strip())
    assert [g for g, _ in oauth.token_requests] == ["client_credentials"] + 4 * ["refresh_token"]
    assert len(oauth.grants) == 1
    # It is in memory only.
    assert not list((client.state / "tokenring").rglob("*.refresh"))


def test_revoked_at_logout(client, oauth):
    token = client.ok("token").strip()
    client.expire()
    refresh = next(iter(oauth.grants[0].refresh))
    assert client.ok("logout") == ""
    assert not oauth.grant_alive(refresh) and not oauth.active(token)
    assert oauth.find("/revoke")[0]["body"].count(b"token_type_hint=refresh_token") == 1


@pytest.mark.parametrize("said", [0, 1])
def test_its_lifetime(client, oauth, said):
    """0 is not known: tried for a while.  A short one is not tried once it is over."""
    oauth.set(extra={"refresh_expires_in": said})
    assert client.ok("token")
    first = oauth.count("/token")
    deadline = time.monotonic() + 10
    while said and any(name.endswith(".refresh") for name in names(client)):
        assert time.monotonic() < deadline
    client.expire()
    assert oauth.active(client.ok("token").strip()) and oauth.count("/token") == first + 1
    assert oauth.token_requests[-1][0] == ("client_credentials" if said else "refresh_token")


def names(person):
    return [name for _, name in keys() if name[:32] in person.fingerprints()]
