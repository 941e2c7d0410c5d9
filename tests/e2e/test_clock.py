# SPDX-License-Identifier: MIT
"""The machine's clock a day forward and back, for the front and its workers (clock.c)."""
import pathlib
import tempfile
import time

import pytest

import sim
from conftest import BUILD, LIBEXEC, stored
from elsewhere import elsewhere

pytestmark = pytest.mark.long
DAY = 86400


@pytest.fixture(scope="module")
def old_ca(clock_library, tmp_path_factory):
    """An authority whose certificates were good some days ago already."""
    with pytest.MonkeyPatch.context() as m:
        m.setenv("LD_PRELOAD", str(clock_library))
        m.setenv("WRONG_BY", str(-4 * DAY))
        ca = sim.CA(str(tmp_path_factory.mktemp("ca")))
        ca.cert()
    return ca


@pytest.fixture
def oauth(old_ca):
    with sim.OAuth(old_ca) as server:
        yield server


class Clock:
    """A copy of the front that starts its workers through scripts, which give them the time as well."""

    def __init__(self, person, wrapper, library):
        self.person, self.library, self.place = person, library, tempfile.TemporaryDirectory(dir="/tmp")
        self.front = elsewhere(pathlib.Path(self.place.name), self.place.name)
        self.wrapper = wrapper
        self.ahead(0)

    def ahead(self, seconds, up=0):
        """The clock goes wrong by that much from now on; the machine has been up for longer."""
        self.env = {"LD_PRELOAD": str(self.library), "WRONG_BY": str(seconds), "UP_MORE": str(up)}
        for worker in ("tokenring-net", "tokenring-secret"):
            script = pathlib.Path(self.place.name, worker)
            text = "".join(f"export {k}={v}\n" for k, v in self.env.items())
            script.write_text(f"#!/bin/sh\n{text}exec {LIBEXEC}/{worker}\n")
            script.chmod(0o755)

    def run(self, *args, **kw):
        return self.person.run(*self.wrapper, self.front, *args, env={**self.env, **kw.pop("env", {})}, **kw)

    def token(self, *args):
        r = self.run("token", *args)
        assert (r.returncode, r.stderr) == (0, ""), r
        return r.stdout.strip()


@pytest.fixture(params=["kernel", "file"])
def clock(request, person, clock_library):
    """With the cache in the kernel's keyring, and in files."""
    c = Clock(person, [] if request.param == "kernel" else [BUILD / "tools" / "nokeys"], clock_library)
    yield c
    c.place.cleanup()


def settled(clock, oauth, *args):
    """One token for all who ask now: it, and how many requests that took."""
    before = oauth.count("/token")
    given = {clock.token(*args) for _ in range(3)}
    assert len(given) == 1 and all(map(oauth.active, given))
    return given.pop(), oauth.count("/token") - before


@pytest.fixture(params=["client_credentials", "device"])
def signed_in(request, person, oauth, clock, tmp_path):
    (tmp_path / "secret").write_text("geheim\n")
    oauth.set(clients={"app": None if request.param == "device" else "geheim"}, auto_approve=True, device_interval=1)
    more = {"client_auth": "none"} if request.param == "device" else {"client_secret_file": tmp_path / "secret"}
    person.oauth(oauth, client_id="app", grant=request.param, store="file",
                 device_authorization_url=oauth.device_authorization_url, **more)
    assert clock.run("login").returncode == 0
    return clock


def test_each_jump_costs_one_request(signed_in, oauth):
    """Neither an eternal token, nor a request for every caller, nor a sign-in lost."""
    seen = [settled(signed_in, oauth)[0]]
    for jump in (DAY, 0, -DAY, 0, DAY, -DAY):
        signed_in.ahead(jump)
        token, requests = settled(signed_in, oauth)
        assert token not in seen and requests == 1, jump
        seen.append(token)


def test_a_small_step_back_keeps_no_token_beyond_its_life(signed_in, oauth):
    """Back by half a life: the token, which is from the future now, is not counted on."""
    first, _ = settled(signed_in, oauth)
    signed_in.ahead(-600)
    second, requests = settled(signed_in, oauth)
    assert second != first and requests == 1


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forward", "back"])
def test_a_refusal_neither_ends_early_nor_stays(person, oauth, clock, jump, tmp_path):
    """What the server said counts on a clock that nobody sets."""
    (tmp_path / "secret").write_text("geheim\n")
    oauth.set(clients={"app": "geheim"})
    person.oauth(oauth, client_id="app", client_secret_file=tmp_path / "secret", store="file")
    oauth.fault("status", path="/token", times=1, code=503, headers={"Retry-After": "6"})
    begun = time.monotonic()
    assert clock.run("token").returncode == 4
    clock.ahead(jump)
    asked = []
    while (r := clock.run("token")).returncode == 4:
        assert "not asked again until" in r.stderr and oauth.count("/token") == 1
        asked.append(r)
        assert time.monotonic() < begun + 30
    assert r.returncode == 0 and oauth.count("/token") == 2, r
    assert asked and time.monotonic() - begun > 5


def test_a_failed_renewal_ahead_is_tried_again_after_a_step_back(person, oauth, clock, tmp_path):
    """The pause between tries is half a minute, and not a day and half a minute."""
    (tmp_path / "secret").write_text("geheim\n")
    oauth.set(clients={"app": "geheim"}, access_lifetime=100, cc_refresh=False)
    person.oauth(oauth, client_id="app", client_secret_file=tmp_path / "secret", store="file")
    clock.ahead(-2 * DAY)
    first, _ = settled(clock, oauth)
    clock.ahead(-2 * DAY + 85)
    oauth.fault("status", path="/token", times=1, code=500)
    assert settled(clock, oauth, "--min-valid", "1") == (first, 1)
    clock.ahead(-3 * DAY + 1, up=40)
    second, requests = settled(clock, oauth, "--min-valid", "1")
    assert second != first and requests == 1
    clock.ahead(-3 * DAY + 86, up=40)
    third, requests = settled(clock, oauth, "--min-valid", "1")
    assert third != second and requests == 1


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forward", "back"])
def test_what_waits_in_the_journal_is_kept(person_of_device, oauth, jump):
    """The store is read-only when the new refresh token arrives, and then the clock jumps."""
    clock, store = person_of_device
    clock.ahead(DAY // 2)
    store.chmod(0o500)
    try:
        assert oauth.active(clock.token())
    finally:
        store.chmod(0o700)
    clock.ahead(DAY // 2 + jump)
    assert settled(clock, oauth)[1] == 1
    assert oauth.grant_alive(stored(clock.person, "refresh")[0].read_text().strip())


@pytest.fixture
def person_of_device(person, oauth, clock):
    oauth.set(clients={"app": None}, auto_approve=True, device_interval=1)
    person.oauth(oauth, client_id="app", client_auth="none", grant="device", store="file",
                 device_authorization_url=oauth.device_authorization_url)
    assert clock.run("login").returncode == 0
    return clock, person.state / "tokenring" / "store"
