# SPDX-License-Identifier: MIT
"""The device flow's patience: how often the server is asked."""
import pytest

from signin import app  # noqa: F401


@pytest.mark.parametrize("fault,args", [("reset", {"stage": "request"}), ("status", {"code": 500}),
                                        ("status", {"code": 503, "headers": {"Retry-After": "3"}})])
def test_polling_backs_off(app, oauth, fault, args):
    oauth.set(auto_approve=True)
    oauth.fault(fault, path="/token", times=2, **args)
    r = app.tokenring("login", "--device")
    assert r.returncode == 0, r
    times = [q["time"] for q in oauth.find("/token")]
    assert len(times) == 3
    waits = [b - a for a, b in zip(times, times[1:])]
    assert waits[0] > 1.9 and waits[1] > (2.9 if "headers" in args else 3.9), waits


def test_slow_down_is_for_good(app, oauth):
    """RFC 8628, section 3.5: five seconds more, for all polls to come."""
    oauth.fault("status", path="/token", times=1, code=400, body='{"error":"slow_down"}')
    oauth.fault("status", path="/token", times=1, code=400, body='{"error":"authorization_pending"}')
    oauth.set(auto_approve=True)
    r = app.tokenring("login", "--device")
    assert r.returncode == 0, r
    times = [q["time"] for q in oauth.find("/token")]
    assert all(5.9 < b - a < 12 for a, b in zip(times, times[1:])) and len(times) == 3
