# SPDX-License-Identifier: MIT
"""What a server refuses, it is not asked again: requests counted over callers and over time."""
import pytest

from conftest import stored

HOUR, STEP = 3600, 30


@pytest.fixture
def client(person, oauth, tmp_path):
    """A client without a refresh token of its own, so that each renewal is one request."""
    oauth.set(clients={"cli": "right"}, cc_refresh=False)
    (tmp_path / "secret").write_text("right\n")
    person.oauth(oauth, client_id="cli", client_secret_file=tmp_path / "secret", store="file")
    person.secret = tmp_path / "secret"
    return person


def requests_in_an_hour(person, oauth, clock_library):
    """When, in seconds, callers that come every half minute reach the server."""
    reached = []
    for now in range(0, HOUR, STEP):
        before = oauth.count("/token")
        r = person.tokenring("token", env={"LD_PRELOAD": str(clock_library), "UP_MORE": str(now)})
        assert r.returncode in (1, 4) and r.stdout == ""
        assert ("not asked again until" in r.stderr) == (oauth.count("/token") == before), r
        reached += [now] * (oauth.count("/token") - before)
    return reached


def test_a_wrong_secret(client, oauth, clock_library):
    """Half a minute, doubling to ten: ten requests in an hour, of a hundred and twenty callers."""
    client.secret.write_text("wrong\n")
    due, when = [], 0
    for pause in [30, 60, 120, 240, 480] + 5 * [600]:
        due.append(when)
        when += pause
    assert requests_in_an_hour(client, oauth, clock_library) == [t for t in due if t < HOUR]


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("after,due", [("600", range(0, HOUR, 600)), ("86400", [0])])
def test_later(client, oauth, clock_library, code, after, due):
    """As long as the server says, an hour at most; and it never doubles."""
    oauth.fault("status", path="/token", code=code, headers={"Retry-After": after})
    assert requests_in_an_hour(client, oauth, clock_library) == list(due)
    # The hour is over, and so is what was wrong.
    oauth.clear_faults()
    r = client.tokenring("token", env={"LD_PRELOAD": str(clock_library), "UP_MORE": str(HOUR)})
    assert r.returncode == 0 and oauth.active(r.stdout.strip()), r


@pytest.mark.parametrize("code", [429, 503])
def test_sign_in_clears_it(client, oauth, code):
    oauth.fault("status", path="/token", times=1, code=code, headers={"Retry-After": "3000"})
    for _ in range(3):
        assert client.tokenring("token").returncode == 4
    assert oauth.count("/token") == 1
    assert client.tokenring("login").returncode == 0
    client.expire()
    assert oauth.active(client.ok("token").strip())
    assert oauth.count("/token") == 3


def test_a_sign_in_that_fails_clears_nothing(client, oauth):
    oauth.fault("status", path="/token", times=2, code=503, headers={"Retry-After": "3000"})
    assert client.tokenring("token").returncode == 4
    assert client.tokenring("login").returncode == 4
    assert client.tokenring("token").returncode == 4 and oauth.count("/token") == 2


def test_another_credential_is_not_blocked(client, oauth, tmp_path):
    """Neither another secret for the same client, nor another client of the same server."""
    oauth.set(clients={"cli": "right", "other": "right"})
    client.oauth(oauth, name="other", client_id="other", client_secret_file=client.secret, store="file")
    client.secret.write_text("wrong\n")
    assert client.tokenring("token", "itc").returncode == 1
    client.secret.write_text("right\n")
    asked = oauth.count("/token")
    assert oauth.active(client.ok("token", "other").strip())
    assert oauth.active(client.ok("token", "itc").strip())
    assert oauth.count("/token") == asked + 2


def test_a_persons_grant(person_grant, oauth, clock_library):
    """The refused client and the 503 leave the grant where it is; a new sign-in is asked at once."""
    p = person_grant
    p.expire()
    kept = stored(p, "refresh")[0].read_text()
    oauth.fault("status", path="/token", times=1, code=401, body='{"error":"invalid_client"}')
    before = oauth.count("/token")
    for _ in range(3):
        r = p.tokenring("token")
        assert r.returncode == 1 and "invalid_client" in r.stderr, r
    assert oauth.count("/token") == before + 1 and stored(p, "refresh")[0].read_text() == kept
    later = {"LD_PRELOAD": str(clock_library), "UP_MORE": "31"}
    r = p.tokenring("token", env=later)
    assert r.returncode == 0 and oauth.active(r.stdout.strip()), r
