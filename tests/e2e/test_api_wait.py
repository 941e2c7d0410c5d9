# SPDX-License-Identifier: MIT
"""tokenring api --wait: from a 202 to the end of its action, through restarts, expiry and interrupts."""
import json
import re
import shlex
import signal
import subprocess

import pytest


def wait(person, *args, **kw):
    return person.tokenring("api", "--wait", *args, **kw)


def begin(person, *args):
    return person.start("tokenring", "api", "--wait", *(args or ["resources", "-f", "name=x"]))


def finish(p, limit=30):
    out, err = p.communicate(timeout=limit)
    return p.returncode, out, err


@pytest.mark.parametrize("tracking", ["id", "actionId", "requestId", "location"])
@pytest.mark.parametrize("form", ["z", "offset"])
def test_success(itc, itcare, tracking, form):
    itcare.set(tracking=tracking, date_form=form, action_polls=1)
    answer = json.loads(itc.ok("api", "--wait", "resources", "-f", "name=x"))
    if isinstance(answer, list):
        [answer] = answer
    assert answer["status"] == "SUCCESS" and answer["id"] == 1
    assert len(itcare.changes) == 1 and itcare.count("actions") == 2
    wanted = "requestId=1001" if tracking == "requestId" else ""
    assert {r["query"] for r in itcare.find("actions")} == {wanted}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods(itc, itcare, method):
    itcare.set(action_polls=0)
    fields = ["-f", "name=x"] if method != "DELETE" else []
    assert json.loads(itc.ok("api", "--wait", "-X", method, "resources/1", *fields))["status"] == "SUCCESS"


@pytest.mark.parametrize("form", ["z", "offset"])
@pytest.mark.parametrize("result", ["ERROR", "FAILED", "CANCELED"])
def test_error(itc, itcare, form, result):
    itcare.set(action_result=result, action_message="no room\x1b left", date_form=form, action_polls=0)
    r = wait(itc, "resources", "-f", "name=x")
    assert r.returncode == 1 and json.loads(r.stdout)["status"] == result
    assert f"actions/1 ended with {result} at 2025-07-06 11:01:21 UTC, 43 s after it was submitted" in r.stderr
    assert "CREATE" in r.stderr and "no room? left" in r.stderr and r.stderr.count("\n") == 1


def test_what_is_not_asynchronous(itc, itcare):
    itcare.set(asynchronous=False)
    assert json.loads(itc.ok("api", "--wait", "resources", "-f", "name=x"))["id"] == 46
    assert itc.ok("api", "--wait", "-X", "DELETE", "resources/46") == ""
    assert json.loads(itc.ok("api", "--wait", "resources/1"))["id"] == 1
    assert len(json.loads(itc.ok("api", "--wait", "resources"))["content"]) == 20
    assert wait(itc, "resources", "-f", "no=name").returncode == 1
    assert not itcare.count("actions")


@pytest.mark.parametrize("body", ["", "{}", "[]", "accepted", '{"id": null}', '{"id": "../../x"}', '{"id": -1}', '{"id": {"a": 1}}',
                                  '{"requestId": ""}', '{"name": "x"}'])
def test_what_cannot_be_followed(itc, itcare, body):
    itcare.fault("status", path="/resources", code=202, body=body)
    r = wait(itc, "resources", "-f", "name=x")
    assert r.returncode == 1 and "named nothing to follow it by" in r.stderr and r.stdout == body
    assert itcare.count("actions") == 0


def test_a_location_that_a_terminal_would_act_on(itc, itcare):
    for location in ("/itcare/actions/\xc2\x9b2J", "/itcare/actions/\xff", "/itcare/actions/1 2"):
        itcare.fault("status", path="/resources", times=1, code=202, headers={"Location": location})
        r = wait(itc, "resources", "-f", "name=x")
        assert r.returncode == 1 and "named nothing" in r.stderr
    assert not itcare.count("actions")


def test_a_server_that_drips_does_not_stretch_the_time(itc, itcare):
    itcare.set(action_polls=10 ** 9)
    itcare.fault("slow-body", path="/actions/1", interval=0.2)
    r = itc.tokenring("api", "resources", "-f", "name=x", "--wait=1")
    assert r.returncode == 4 and re.search(r"had not ended after \d s", r.stderr), "the body alone takes 50 s"


def test_a_location_elsewhere_is_not_followed(itc, itcare, ca):
    import sim
    with sim.Server(ca) as evil:
        for location in (evil.url + "/itcare/actions/1", "//localhost:%d/actions/1" % evil.port, "../actions/1", "/actions/1",
                         itcare.url + "/other/actions/1"):
            itcare.fault("status", path="/resources", times=1, code=202, headers={"Location": location})
            r = wait(itc, "resources", "-f", "name=x", "--wait=1")
            assert r.returncode in (1, 2, 4), r
        assert not evil.connections
    assert all(r["path"].startswith("/itcare/") for r in itcare.requests)


def test_going_on(itc, itcare):
    """The action itself can be waited for, and what an interrupt prints does that."""
    itcare.set(action_polls=10 ** 9)
    p = begin(itc, "resources", "-f", "name=x", "-o", "account=with ' quote")
    assert itcare.wait(2, "actions")
    p.send_signal(signal.SIGINT)
    status, out, err = finish(p)
    assert (status, out) == (-signal.SIGINT, "") and err.count("\n") == 1
    assert "interrupted: the action goes on at the server" in err
    words = shlex.split(err.split("follow it with: ")[1])
    assert words == ["tokenring", "-o", "account=with ' quote", "api", "itc", "actions/1", "--wait"]
    itcare.set(action_polls=0)
    assert json.loads(itc.ok(*words[1:]))["status"] == "SUCCESS"
    assert len(itcare.changes) == 1


@pytest.mark.parametrize("tracking", ["requestId", "location"])
def test_going_on_with_other_ways_to_name_it(itc, itcare, tracking):
    itcare.set(action_polls=10 ** 9, tracking=tracking)
    p = begin(itc)
    assert itcare.wait(1, "actions")
    p.send_signal(signal.SIGTERM)
    status, _, err = finish(p)
    assert status == -signal.SIGTERM
    itcare.set(action_polls=0)
    assert "SUCCESS" in itc.ok(*shlex.split(err.split("follow it with: ")[1])[1:])


def test_a_limit(itc, itcare):
    itcare.set(action_polls=10 ** 9)
    r = itc.tokenring("api", "resources", "-f", "name=x", "--wait=1s")
    assert r.returncode == 4 and r.stdout == "" and r.stderr.count("\n") == 1
    assert re.search(r"had not ended after \d s", r.stderr) and "its status was IN_PROGRESS" in r.stderr
    assert "go on with: tokenring api itc actions/1 --wait" in r.stderr
    assert itcare.count("actions") >= 2


def test_a_server_that_is_killed_and_comes_back(itc, itcare):
    itcare.set(action_polls=10 ** 9)
    p = begin(itc)
    assert itcare.wait(1, "actions")
    with itcare.down(), pytest.raises(subprocess.TimeoutExpired):
        # What it did meanwhile nobody can see; that it did not give up, the end shows.
        p.wait(1)
    itcare.set(action_polls=0)
    status, out, err = finish(p)
    assert (status, err) == (0, "") and json.loads(out)["status"] == "SUCCESS" and len(itcare.changes) == 1


def test_whatever_passes(itc, itcare):
    """Each kind of failure once while waiting."""
    itcare.set(action_polls=0)
    for fault in ({"kind": "status", "code": 500}, {"kind": "status", "code": 404}, {"kind": "status", "code": 200, "body": "<html>"},
                  {"kind": "truncate"}, {"kind": "reset", "stage": "headers"}):
        itcare.fault(path="/actions/1", times=1, **fault)
    assert json.loads(itc.ok("api", "--wait", "resources", "-f", "name=x"))["status"] == "SUCCESS"
    assert len(itcare.changes) == 1


@pytest.mark.parametrize("code,status,most", [(403, 1, 1), (400, 1, 1), (404, 1, 4), (302, 1, 1)])
def test_what_does_not_pass(itc, itcare, code, status, most):
    itcare.fault("status", path="/actions/1", code=code)
    r = wait(itc, "resources", "-f", "name=x")
    assert r.returncode == status, r
    # A look that a busy machine cut off is none of them, and seen by the server all the same.
    assert most <= itcare.count("actions") <= (most + 1 if most > 1 else most)
    assert "go on with: tokenring api itc actions/1 --wait" in r.stderr


def test_a_token_that_expires_while_waiting(itc, itcare, oauth):
    itcare.set(action_polls=10 ** 9)
    p = begin(itc)
    assert itcare.wait(1, "actions")
    oauth.expire_access()
    assert itcare.wait(1, "actions", status=401)
    seen = itcare.count("actions", status=200)
    assert itcare.wait(seen + 1, "actions", status=200)
    itcare.set(action_polls=0)
    assert finish(p)[0] == 0 and len(itcare.changes) == 1
    assert itcare.count("actions", status=401) == 1 and len(oauth.token_requests) == 2


def test_a_token_server_that_is_away_for_a_while(itc, itcare, oauth):
    itcare.set(action_polls=10 ** 9)
    p = begin(itc)
    assert itcare.wait(1, "actions")
    oauth.fault("reset", path="/token", times=2, stage="request")
    oauth.expire_access()
    seen = itcare.count("actions", status=200)
    assert itcare.wait(seen + 1, "actions", status=200, timeout=20)
    itcare.set(action_polls=0)
    assert finish(p)[0] == 0


def test_retry_after_is_obeyed(itc, itcare):
    itcare.set(action_polls=0)
    itcare.fault("status", path="/actions/1", times=1, code=503, headers={"Retry-After": "1"})
    itc.ok("api", "--wait", "resources", "-f", "name=x")
    first, second = [r["time"] for r in itcare.find("actions")]
    assert second - first > 0.75


def test_no_progress_without_a_terminal_and_one_with(itc, itcare):
    from test_docs import at_terminal
    itc.home = itc.base
    status, seen = at_terminal(itc, f"{itc.tool} api --wait resources -f name=x >{itc.base}/out", [])
    assert status == 0 and "actions/1: IN_PROGRESS" in seen and seen.rstrip("\r\n").endswith("\r\x1b[K")
    assert json.loads((itc.base / "out").read_text())["status"] == "SUCCESS"
