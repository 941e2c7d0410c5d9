# SPDX-License-Identifier: MIT
"""OAuth 2.0 clients and people's grants, and their renewal."""
import json
import os
import re
import subprocess

import pytest

from conftest import keys, stored

SECRET = "".join(chr(c) for c in range(0x21, 0x7f)) + " ß漢🔑"


@pytest.fixture
def itc(person, oauth):
    oauth.set(clients={"cli": SECRET})
    person.oauth(oauth, client_id="cli", store="file")
    return person


def login(person, secret=SECRET, *args):
    return person.tokenring("login", *args, "--secret-stdin", input=secret + "\n")


@pytest.mark.parametrize("auth,server", [("basic", "rfc"), ("basic-raw", "raw"), ("post", "rfc")])
def test_every_character_of_a_secret_arrives(person, oauth, auth, server):
    oauth.set(clients={"cli": SECRET}, basic=server)
    person.oauth(oauth, client_id="cli", client_auth=auth, store="file")
    assert login(person).returncode == 0
    assert oauth.active(person.ok("token").strip())


def test_secret_from_a_file_and_from_the_environment(person, oauth, tmp_path):
    oauth.set(clients={"cli": SECRET})
    (tmp_path / "secret").write_text(SECRET + "\n")
    person.oauth(oauth, name="f", client_id="cli", client_secret_file=tmp_path / "secret", store="none")
    person.oauth(oauth, name="e", client_id="cli", client_secret_env="THE_SECRET", scope="other", store="none")
    assert oauth.active(person.ok("token", "f").strip())
    assert oauth.active(person.ok("token", "e", env={"THE_SECRET": SECRET}).strip())
    assert person.tokenring("token", "e", "--min-valid", "100000").returncode == 0
    person.expire()
    r = person.tokenring("token", "e")
    assert r.returncode == 2 and "THE_SECRET" in r.stderr


def test_itcare_environment_alone_makes_a_profile(person, oauth):
    oauth.set(clients={"id-1": "geheim"})
    r = person.tokenring("token", "-o", f"token_url={oauth.token_url}", "-o", f"ca_file={oauth.ca.pem}",
                         env={"ITCARE_CLIENT_ID": "id-1", "ITCARE_CLIENT_SECRET": "geheim"})
    assert r.returncode == 0 and oauth.active(r.stdout.strip()), r
    assert oauth.grants_asked("client_credentials") == 1


def test_a_clients_refresh_token_is_used_first(itc, oauth):
    login(itc)
    itc.expire()
    assert oauth.active(itc.ok("token").strip())
    assert [g for g, _ in oauth.token_requests] == ["client_credentials", "refresh_token"]


def test_a_dead_refresh_token_falls_back_to_the_secret(itc, oauth):
    login(itc)
    oauth.kill_grants()
    itc.expire()
    assert oauth.active(itc.ok("token").strip())
    assert [g for g, _ in oauth.token_requests] == ["client_credentials", "refresh_token", "client_credentials"]
    assert stored(itc, "client-secret")


def test_fifty_at_expiry_make_one_request(itc, oauth):
    login(itc)
    itc.expire()
    asked = len(oauth.token_requests)
    results = itc.crowd(50)
    assert {(r.returncode, r.stderr) for r in results} == {(0, "")}
    assert len({r.stdout for r in results}) == 1 and oauth.active(results[0].stdout.strip())
    assert len(oauth.token_requests) == asked + 1
    itc.expire()
    assert oauth.active(itc.ok("token").strip()), "the grant is still good"
    assert oauth.token_requests[-1][0] == "refresh_token"


def test_fifty_with_a_wrong_secret_make_one_request(person, oauth, tmp_path):
    oauth.set(clients={"cli": "right"})
    (tmp_path / "secret").write_text("wrong\n")
    person.oauth(oauth, client_id="cli", client_secret_file=tmp_path / "secret", store="file")
    results = person.crowd(50)
    assert {r.returncode for r in results} == {1}
    assert all(r.stderr.startswith("tokenring: profile 'itc'") for r in results)
    assert len(oauth.token_requests) == 1
    # Another credential is not blocked by that, and clears it.
    (tmp_path / "secret").write_text("right\n")
    assert person.ok("token")


def test_device_sign_in(person_grant, oauth):
    assert oauth.active(person_grant.ok("token").strip())


def test_fifty_at_expiry_with_rotation(person_grant, oauth):
    p = person_grant
    asked = len(oauth.token_requests)
    for rounds in range(1, 4):
        p.expire()
        results = p.crowd(50)
        assert {(r.returncode, r.stderr) for r in results} == {(0, "")}
        assert len(oauth.token_requests) == asked + rounds
    refresh = stored(p, "refresh")[0].read_text().strip()
    assert oauth.grant_alive(refresh)


def test_a_dead_grant_is_dropped_and_a_person_called(person_grant, oauth):
    p = person_grant
    oauth.kill_grants()
    p.expire()
    r = p.tokenring("token")
    assert r.returncode == 3 and "tokenring login itc" in r.stderr
    assert not stored(p, "refresh")


def test_a_grant_replaced_meanwhile_is_kept(person_grant, oauth):
    """The refused token is not the stored one any more: somebody signed in."""
    p = person_grant
    place = stored(p, "refresh")[0]
    old = place.read_text()
    assert p.tokenring("login").returncode == 0
    new = stored(p, "refresh")[0].read_text()
    place.write_text("no-longer-" + old)
    p.expire()
    oauth.fault("delay", path="/token", times=1, seconds=1)
    oauth.clear_log()
    with p.start("tokenring", "token") as process:
        assert oauth.wait(1, "/token")
        place.write_text(new)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and oauth.active(out.strip()), err
    assert [f["refresh_token"] for _, f in oauth.token_requests[-2:]] == ["no-longer-" + old, new]
    assert oauth.grant_alive(place.read_text())


@pytest.mark.parametrize("fault,args", [
    ("status", {"code": 500}), ("status", {"code": 503, "headers": {"Retry-After": "1"}}),
    ("status", {"code": 429, "headers": {"Retry-After": "1"}}),
    ("status", {"code": 401, "body": '{"error":"invalid_client"}'}), ("not-http", {}),
    ("status", {"code": 200, "body": "<html>"}), ("redirect", {}), ("reset", {"stage": "request"}),
])
def test_no_fault_loses_the_grant(person_grant, oauth, fault, args):
    p = person_grant
    before = stored(p, "refresh")[0].read_text()
    oauth.fault(fault, path="/token", times=1, **args)
    p.expire()
    assert p.tokenring("token").returncode in (1, 4)
    assert stored(p, "refresh")[0].read_text() == before
    p.tokenring("login") if args.get("code") == 401 else None
    while args.get("code") in (429, 503) and p.tokenring("token").returncode == 4:
        pass
    assert oauth.active(p.ok("token").strip())


def test_a_kept_answer_is_finished_by_the_next(person_grant, oauth):
    """The store cannot be written at the moment the new refresh token arrives."""
    p = person_grant
    store = p.state / "tokenring" / "store"
    old = stored(p, "refresh")[0].read_text()
    p.expire()
    store.chmod(0o500)
    try:
        first = p.tokenring("token")
        assert first.returncode == 0 and oauth.active(first.stdout.strip()), first
    finally:
        store.chmod(0o700)
    assert stored(p, "refresh")[0].read_text() == old
    p.expire()
    assert oauth.active(p.ok("token").strip())
    assert stored(p, "refresh")[0].read_text() != old
    assert oauth.grant_alive(stored(p, "refresh")[0].read_text().strip())


def unwritable(person):
    """The store can be read, not written, until the returned function is called."""
    store = person.state / "tokenring" / "store"
    store.chmod(0o500)
    return lambda: store.chmod(0o700)


def test_a_store_that_stays_unwritable(person_grant, oauth):
    """However many tokens' lives it takes: the old refresh token is not spent
    again, and the new one waits in the journal."""
    p = person_grant
    p.expire()
    writable = unwritable(p)
    try:
        assert p.tokenring("token").returncode == 0
        asked = len(oauth.token_requests)
        p.expire()
        age_journal(p, 100000)
        for _ in range(3):
            r = p.tokenring("token")
            assert r.returncode == 1 and "waits in the journal" in r.stderr, r
        assert len(oauth.token_requests) == asked
    finally:
        writable()
    assert oauth.active(p.ok("token").strip())
    assert oauth.grant_alive(stored(p, "refresh")[0].read_text())


def age_journal(person, seconds):
    import conftest
    for d in conftest.runtime_dirs():
        for f in d.glob("*.journal"):
            if f.name[:32] in person.fingerprints():
                f.write_text(re.sub(r"(expires_at|obtained_at)=(\d+)",
                                    lambda m: f"{m[1]}={int(m[2]) - seconds}", f.read_text()))


def test_a_new_sign_in_beats_an_old_journal(person_grant, oauth):
    p = person_grant
    p.expire()
    writable = unwritable(p)
    try:
        assert p.tokenring("token").returncode == 0
    finally:
        writable()
    assert p.tokenring("login").returncode == 0
    new = stored(p, "refresh")[0].read_text()
    p.expire()
    assert p.ok("token")
    assert [f.get("refresh_token") for g, f in oauth.token_requests][-1] == new


def test_an_erased_token_does_not_come_back_from_a_journal(person_grant, oauth):
    p = person_grant
    p.config.write_text(p.config.read_text() + "match = https://forge.example\n")
    p.expire()
    writable = unwritable(p)
    try:
        token = p.ok("token").strip()
        text = "protocol=https\nhost=forge.example\n"
        p.tokenring("git", "erase", input=text + f"username=u\npassword={token}\n")
        assert p.tokenring("token").stdout.strip() != token
    finally:
        writable()
    assert p.ok("token").strip() != token


def test_logout_revokes_what_lies_in_the_journal(person_grant, oauth):
    p = person_grant
    oauth.set(revoke_scope="grant")
    p.expire()
    writable = unwritable(p)
    try:
        assert p.tokenring("token").returncode == 0
        newest = oauth.token_requests[-1]
    finally:
        writable()
    assert newest[0] == "refresh_token"
    assert p.ok("logout") == ""
    sent = oauth.find("/revoke")[-1]["body"].decode()
    assert newest[1]["refresh_token"] not in sent


def test_an_unusable_access_token_does_not_lose_the_grant(person_grant, oauth):
    p = person_grant
    p.expire()
    oauth.set(token_type="DPoP")
    r = p.tokenring("token")
    assert r.returncode == 1 and "DPoP" in r.stderr, r
    oauth.set(token_type="bearer")
    assert oauth.active(p.ok("token").strip())


def test_a_lost_answer_is_not_followed_by_a_second_spending(person_grant, oauth):
    """While an access token is still good, nothing more is risked."""
    p = person_grant
    first = p.ok("token")
    age(p, 1100)
    oauth.fault("reset", path="/token", stage="headers", times=1)
    for _ in range(3):
        assert p.ok("token", "--min-valid", "1") == first
    assert oauth.count("/token") == 2, "the sign-in and one renewal"


def test_one_lock_whatever_the_environment_says(person_grant, oauth):
    """cron has no XDG_STATE_HOME, the shell has: the refresh token is the same."""
    p = person_grant
    p.expire()
    other = p.base / "other-state"
    (other / "tokenring").mkdir(parents=True)
    other.chmod(0o700)
    (other / "tokenring").chmod(0o700)
    (other / "tokenring" / "store").symlink_to(p.state / "tokenring" / "store")
    oauth.fault("delay", path="/token", times=1, seconds=1)
    oauth.clear_log()
    with p.start("tokenring", "token") as one:
        assert oauth.wait(1, "/token")
        r = p.tokenring("token", env={"XDG_STATE_HOME": str(other)})
        out, _ = one.communicate(timeout=20)
    assert out == r.stdout and oauth.count("/token") == 1, r


@pytest.mark.parametrize("fault", [
    {"code": 200, "body": "<html>"}, {"code": 400, "body": '{"error":"invalid_scope"}'}, {"code": 403},
    {"code": 400, "body": '{"error":"invalid_grant"}'}, {"code": 500},
])
def test_waiters_share_what_was_found_out(itc, oauth, fault):
    login(itc)
    oauth.kill_grants()
    itc.expire()
    for serial, name in keys():
        if name[:32] in itc.fingerprints():
            subprocess.run(["keyctl", "unlink", serial, "@u"], capture_output=True)
    oauth.fault("status", path="/token", seconds=0.5, **fault)
    before = oauth.count("/token")
    results = itc.crowd(20)
    assert all(r.returncode in (1, 2, 4) for r in results)
    assert oauth.count("/token") - before <= 3


def test_nothing_of_a_broken_off_write_stays(person_grant, oauth):
    p = person_grant
    store = p.state / "tokenring" / "store"
    left = store / (stored(p, "refresh")[0].name + ".new")
    left.write_text("a refresh token that was being written")
    p.expire()
    assert p.ok("token") and not left.exists()
    left.write_text("again")
    p.ok("logout", "--local")
    assert list(store.iterdir()) == []


def test_logout_where_nobody_is_signed_in(person, oauth):
    oauth.set(clients={"app": None})
    person.oauth(oauth, client_id="app", client_auth="none", grant="device", store="file",
                 device_authorization_url=oauth.device_authorization_url)
    assert person.ok("logout") == ""


def test_logout_revokes(itc, oauth):
    login(itc)
    token = itc.ok("token").strip()
    assert itc.ok("logout") == ""
    assert not oauth.active(token)
    assert itc.tokenring("token").returncode == 3


def test_local_logout_only_forgets(itc, oauth):
    login(itc)
    token = itc.ok("token").strip()
    itc.ok("logout", "--local")
    assert oauth.active(token) and not stored(itc, "client-secret")


def test_logout_goes_on_without_the_server(itc, oauth):
    login(itc)
    oauth.fault("status", path="/revoke", code=503)
    r = itc.tokenring("logout")
    assert r.returncode == 4 and "forgotten here, but not revoked" in r.stderr
    assert not stored(itc, "client-secret")


def test_renewal_ahead_in_the_last_fifth(itc, oauth):
    oauth.set(access_lifetime=100)
    login(itc)
    first = itc.ok("token", "--min-valid", "1")
    # The token says that it was obtained 85 s ago.
    age(itc, 85)
    second = itc.ok("token", "--min-valid", "1")
    assert second != first and len(oauth.token_requests) == 2
    age(itc, 85)
    oauth.fault("status", path="/token", code=500)
    for _ in range(3):
        assert itc.ok("token", "--min-valid", "1") == second
    assert len(oauth.token_requests) + oauth.count("/token", fault="status") >= 3
    assert oauth.count("/token") == 3, "for 30 s nobody tries again"


def age(person, seconds):
    """Make the cached token look older, by rewriting its entry."""
    for serial, name in keys():
        if name in person.fingerprints():
            text = subprocess.run(["keyctl", "pipe", serial], capture_output=True, text=True).stdout
            text = re.sub(r"(expires_at|obtained_at)=(\d+)",
                          lambda m: f"{m[1]}={int(m[2]) - seconds}", text)
            subprocess.run(["keyctl", "update", serial, text], check=True)


def test_clock_in_the_future_makes_a_token_stale(itc, oauth):
    login(itc)
    first = itc.ok("token")
    age(itc, -5000)
    assert itc.ok("token") != first


def test_min_valid_out_of_range(itc, oauth):
    login(itc)
    assert itc.tokenring("token", "--min-valid", "9223372036854775807").returncode == 0
    for text in ("9223372036854775808", "9" * 40):
        r = itc.tokenring("token", "--min-valid", text)
        assert r.returncode == 2 and "too large" in r.stderr, r


@pytest.mark.parametrize("how", ["--device", "--browser"])
def test_a_person_with_a_client_whose_secret_nobody_has(person, oauth, how):
    """Nothing is begun; what to set is said."""
    oauth.set(clients={"cli": SECRET})
    person.oauth(oauth, client_id="cli", store="file", device_authorization_url=oauth.device_authorization_url,
                 authorization_url=oauth.authorization_url)
    r = person.tokenring("login", how)
    assert r.returncode == 2 and "client_secret_file" in r.stderr and "client_auth = none" in r.stderr, r
    assert oauth.count() == 0


def test_status_shows_a_refusal(person, oauth, tmp_path):
    oauth.set(clients={"cli": "right"})
    (tmp_path / "secret").write_text("wrong\n")
    person.oauth(oauth, client_id="cli", client_secret_file=tmp_path / "secret", store="file")
    assert person.tokenring("token").returncode == 1
    s = json.loads(person.ok("status", "--json"))[0]
    assert s["refused"]["reason"] and s["refused"]["until"] > os.times().elapsed
    assert "wrong" not in s["refused"]["reason"]
