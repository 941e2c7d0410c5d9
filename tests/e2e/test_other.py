# SPDX-License-Identifier: MIT
"""Credentials for hosts that no profile has, in a real gnome-keyring."""
import pytest

from conftest import BIN
from keyring import missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}")

HOST = "protocol=https\nhost=example.com\n"
ALICE = HOST + "username=alice\npassword=a=1 \xe9\n"
BOB = HOST + "username=bob\npassword=b\npassword_expiry_utc=9999999999\noauth_refresh_token=r\n"


@pytest.fixture
def git(person, keyring):
    """git's helper: what it says, after seeing that it says nothing else."""
    def call(op, text, *options):
        r = person.run(BIN / "git-credential-tokenring", *options, op, input=text)
        assert (r.returncode, r.stderr) == (0, ""), r
        return r.stdout
    yield call


def test_store_get_erase(git):
    assert git("get", HOST) == ""
    assert git("store", ALICE) == ""
    assert git("get", HOST) == "username=alice\npassword=a=1 \xe9\n"
    assert git("erase", HOST + "username=alice\npassword=another\n") == ""
    assert git("get", HOST) != ""
    assert git("erase", ALICE) == ""
    assert git("get", HOST) == ""


def test_users_apart(git):
    git("store", ALICE)
    git("store", BOB)
    bob = "username=bob\npassword=b\noauth_refresh_token=r\npassword_expiry_utc=9999999999\n"
    assert git("get", HOST + "username=alice\n") == "username=alice\npassword=a=1 \xe9\n"
    assert git("get", HOST + "username=bob\n") == bob
    assert git("get", HOST) == bob, "the last one stored"
    assert git("get", HOST + "username=carol\n") == ""
    git("erase", HOST)
    assert git("get", HOST + "username=alice\n") == git("get", HOST + "username=bob\n") == ""
