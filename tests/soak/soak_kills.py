# SPDX-License-Identifier: MIT
"""500 kills, spread over every step of a refresh with a real keyring."""
import collections
import itertools
import os

import pytest

from soak.steps import FRONT, SECRET, WAYS, Refresher

KILLS = int(os.environ.get("RUNS") or 500)


@pytest.fixture
def refresher(person, oauth, keyring):
    return Refresher(person, oauth)


def spread(total, steps):
    """(way, step), about `total` of them: each way at each of its steps if there is room for all, else evenly."""
    points = [(way, n) for way in WAYS for n in range(1, steps[way[0]] + 1)]
    if total < len(points):
        return [points[i * len(points) // total] for i in range(total)]
    return list(itertools.islice(itertools.cycle(points), total))


def test_kills(refresher, capsys):
    steps = {program: refresher.count(program) for program, *_ in WAYS}
    result, faults = collections.Counter(), []
    todo = itertools.chain(spread(KILLS, steps), itertools.cycle((w, n) for w in WAYS for n in range(1, 4)))
    while sum(result.values()) < KILLS:
        (watched, victim, how), n = next(todo)
        end = refresher.attempt(watched, n, victim, how)
        if end is None:
            continue
        result[end if end in ("kept", "window") else "fault"] += 1
        if end not in ("kept", "window"):
            faults.append(end)
    with capsys.disabled():
        print(f"\nsteps that others can see: {steps}")
        print(f"{sum(result.values())} kills: {result['kept']} kept the grant and were finished by the next caller, "
              f"{result['window']} fell between the server's commit and our first write")
        print("\n".join(faults))
    assert not faults


@pytest.mark.parametrize("way", [w for w in WAYS if w[0] in (FRONT, SECRET) and w[2] != "group"], ids=" ".join)
def test_kills_of_the_one_who_finishes(refresher, way):
    """He finds the journal of a process that was killed, and is killed in his turn, at each tenth step of his."""
    watched, victim, how = way
    refresher.leave_journal()
    r, steps, *_ = refresher.traced(watched, 0, victim, how)
    assert r.returncode == 0 and refresher.oauth.count("/token") == 0, "what was left was all that was needed"
    ends = []
    # Whom a step does not find (the bus's doing, or a traced worker's that was out of time), the next round may.
    for n in [*range(1, steps + 1, max(1, steps // 10))] * 4:
        ends.append(refresher.attempt(watched, n, victim, how, prepare=refresher.leave_journal))
        if ends.count("kept") == 10:
            break
    assert ends.count("kept") == 10 and set(ends) <= {"kept", None}
