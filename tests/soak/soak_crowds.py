# SPDX-License-Identifier: MIT
"""Crowds and long rows of callers across an expiry."""
import re
import subprocess
import time

import pytest

from conftest import LIBEXEC, Opened, keys
from soak.steps import Refresher


@pytest.fixture(params=["secret-service", "file"])
def refresher(request, person, oauth, keyring):
    # The machine may be busy: this is about who asks, not about how long it takes.
    return Refresher(person, oauth, store=request.param, connect_timeout="20s", timeout="25s")


def test_200_at_once_ten_times(refresher, oauth):
    """Rotation and reuse detection are on: a second request would end the grant."""
    p = refresher.person
    for rounds in range(10):
        p.expire()
        oauth.clear_log()
        results = p.crowd(200)
        assert {(r.returncode, r.stderr) for r in results} == {(0, "")}, rounds
        tokens = {r.stdout.strip() for r in results}
        assert len(tokens) == 1 and oauth.active(tokens.pop())
        assert oauth.count("/token") == 1, rounds
    assert len(oauth.token_requests) == 11, "the sign-in and ten renewals"


def age(person, seconds):
    """Let the cached token be that much older than it is."""
    for serial, name in keys():
        if name in person.fingerprints():
            text = subprocess.run(["keyctl", "pipe", serial], capture_output=True, text=True, check=True).stdout
            text = re.sub(r"(expires_at|obtained_at)=(\d+)", lambda m: f"{m[1]}={int(m[2]) - seconds}", text)
            subprocess.run(["keyctl", "pupdate", serial], input=text, text=True, check=True, stdout=subprocess.DEVNULL)
            return
    raise AssertionError("nothing is cached")


# A token of 1,200 s, of which so much is over that the row, which takes seconds, crosses the line:
# the last fifth, and half of its life for callers who ask for more than there is.
@pytest.mark.parametrize("over,asked", [(958, []), (598, ["--min-valid", "1000"])])
def test_1000_one_after_the_other(refresher, oauth, over, asked):
    p = refresher.person
    age(p, over)
    oauth.clear_log()
    seen, end = [], time.monotonic() + 300
    with Opened(LIBEXEC / "tokenring-net") as opened:
        # A quick machine makes a thousand before the line comes.
        while len(seen) < 1000 or seen[-100] == seen[0]:
            r = p.tokenring("token", *asked)
            assert (r.returncode, r.stderr) == (0, "") and time.monotonic() < end
            seen.append(r.stdout)
    assert oauth.count("/token") == 1 and opened.count == 1, "exactly one waited for the network"
    assert len(set(seen)) == 2 and seen[0] != seen[-1], "the row crossed the line"
    assert seen == sorted(seen, key=lambda token: token == seen[-1]), "nobody got the old one after the new one"
