# SPDX-License-Identifier: MIT
"""One kill of each way; `make soak` has all of them at every step."""
import pytest

from soak.steps import WAYS, Refresher


@pytest.fixture
def refresher(person, oauth, keyring):
    return Refresher(person, oauth)


def test_one_kill_of_each_way(refresher):
    steps = {program: refresher.count(program) for program, *_ in WAYS}
    for i, (watched, victim, how) in enumerate(WAYS):
        n = 1 + (2 * i + 1) * steps[watched] // (2 * len(WAYS))
        assert refresher.attempt(watched, n, victim, how) in ("kept", "window", None), (watched, victim, how)


def test_kills_once_the_answer_is_written(refresher):
    """From the first write to the journal on nothing may be lost, whoever is killed."""
    for watched, victim, how in WAYS[2], WAYS[-1]:
        for n in "j1", "j8":
            # On a busy machine a worker that is traced may not get as far as that in its time.
            assert refresher.attempt(watched, n, victim, how) in (("kept",) if n == "j1" else ("kept", None))
    refresher.leave_journal()
    r = refresher.person.tokenring("token")
    assert r.returncode == 0 and refresher.oauth.active(r.stdout.strip()), r
