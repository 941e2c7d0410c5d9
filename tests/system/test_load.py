# SPDX-License-Identifier: MIT
"""1,000 logins, 50 at a time, through the real libpam."""
import collections
import concurrent.futures
import subprocess

from . import world
from .peers import peer

LOGINS = 1000
AT_ONCE = 50
CALLS = ["authenticate", "acct_mgmt", "setcred(PAM_ESTABLISH_CRED)", "open_session", "close_session"]


def test_none_is_lost_and_none_is_wrongly_granted(host):
    tester = peer("pamtester")
    host.service("load", "".join(f"{kind} required pam_sainet.so timeout=30 nodelay\n"
                                 for kind in ("auth", "account", "session")))
    host.service("load-ssh", (world.PAMD / "load").read_text())

    def login(n):
        """One in five with a wrong password, one in seven with another's; half of them as sshd does it."""
        user, other = (host.alice, host.bob) if n % 3 else (host.bob, host.alice)
        password = host.wrong if n % 5 == 0 else other.password if n % 7 == 0 else user.password
        ssh = ["-Itty=ssh", "-Irhost=192.0.2.1", "load-ssh"] if n % 2 else ["load"]
        r = subprocess.run([tester, *ssh, user.name, *CALLS], input=password + "\n", text=True, capture_output=True,
                           cwd="/", env={}, timeout=120)
        return user.name, password == user.password, r.returncode, r.stdout + r.stderr

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(login, range(LOGINS)))

    wrong = [r for r in results if not r[1]]
    right = [r for r in results if r[1]]
    assert len(wrong) > 250 and len(right) > 600
    assert [r for r in right if r[2] != 0] == [], "lost"
    assert [r for r in wrong if r[2] == 0] == [], "wrongly granted"
    # As the server saw it: each was asked for once, and judged alike.
    seen = collections.Counter((x["user"], x["ok"]) for x in host.server.logins)
    assert seen == collections.Counter((name, good) for name, good, _, _ in results)
    assert host.server.errors == []
    # Each user has one key, whole, with mask and timeout, and it is one of his tokens.
    for user in (host.alice, host.bob):
        (_, mask, timed), = user.keys()
        assert mask == "3f0b0000" and timed
        status, token = user.token()
        assert status == 0 and host.server.tokens[token]["user"] == user.name
        assert user.shm() == []
    assert host.asked() == LOGINS
    assert host.parked() == [] and list(world.PARKED.iterdir()) == []
    assert not host.syslog.since(host.mark, "pam_sainet", "park")
    assert not host.syslog.since(host.mark, "pam_sainet", "handed over")
    assert len(host.syslog.since(host.mark, "authentication success;")) == len(right)
    assert len(host.syslog.since(host.mark, "pam_sainet", "authentication failure;")) == len(wrong)
    assert not [c for c in world.processes().values() if "tokenring-net" in c or "pamtester" in c]
