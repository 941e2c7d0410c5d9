# SPDX-License-Identifier: MIT
"""Crowds and long rows of callers across an expiry."""
import pathlib
import re
import subprocess
import tempfile

import pytest

from conftest import BIN, LIBEXEC, Opened, keys
from soak.steps import Refresher


@pytest.fixture(params=["secret-service", "file"])
def refresher(request, person, oauth, keyring):
    # The machine may be busy: this is about who asks, not about how long it takes.
    return Refresher(person, oauth, store=request.param, connect_timeout="20s", timeout="25s")


CROWD = """
for i in $(seq "$1"); do
	{ "$2" token >"$3/$i.out" 2>"$3/$i.err"; echo $? >"$3/$i.status"; } &
done
wait
"""


def together(n, person):
    """n runs at once, by a shell: threads of this process would hold up the simulator, which is in it too."""
    place = pathlib.Path(tempfile.mkdtemp(dir=person.base))
    r = person.run("sh", "-c", CROWD, "sh", n, BIN / "tokenring", place, timeout=120)
    assert r.returncode == 0, r
    return [tuple((place / f"{i}.{what}").read_text() for what in ("status", "err", "out")) for i in range(1, n + 1)]


def test_200_at_once_ten_times(refresher, oauth):
    """Rotation and reuse detection are on: a second request would end the grant."""
    p = refresher.person
    for rounds in range(10):
        p.expire()
        oauth.clear_log()
        results = together(200, p)
        assert {r[:2] for r in results} == {("0\n", "")}, rounds
        tokens = {r[2].strip() for r in results}
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
    seen = []
    with Opened(LIBEXEC / "tokenring-net") as opened:
        for _ in range(1000):
            r = p.tokenring("token", *asked)
            assert (r.returncode, r.stderr) == (0, "")
            seen.append(r.stdout)
    assert oauth.count("/token") == 1 and opened.count == 1, "exactly one waited for the network"
    assert len(set(seen)) == 2 and seen[0] != seen[-1], "the row crossed the line"
    assert seen == sorted(seen, key=lambda token: token == seen[-1]), "nobody got the old one after the new one"
