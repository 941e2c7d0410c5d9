# SPDX-License-Identifier: MIT
"""No secret in any argument, environment, log, core or file outside the stores.

Every flow runs at full verbosity with secrets that occur nowhere else, while
all processes' arguments and environments are read over and over.
"""
import getpass
import os
import pathlib
import resource
import secrets
import threading

import pytest

import sim
from conftest import MODULE

MARK = f"cAnArY{secrets.token_hex(4)}"  # other tests of ours may run on this machine


def marked(what):
    return f"{MARK}-{what}-{secrets.token_hex(8)}"


class Watch(threading.Thread):
    """Reads /proc/*/cmdline and environ until stopped."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen = {}
        self.rounds = 0
        self.over = threading.Event()

    def run(self):
        own = str(os.getpid())
        while not self.over.is_set():
            self.rounds += 1
            for pid in os.listdir("/proc"):
                if not pid.isdigit() or pid == own:
                    continue
                for name in ("cmdline", "environ"):
                    try:
                        data = pathlib.Path("/proc", pid, name).read_bytes()
                    except OSError:
                        continue
                    if MARK.encode() in data:
                        self.seen[(pid, name)] = data

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        self.join()


@pytest.fixture
def flows(person, ca, keyring, tmp_path):
    """Both kinds of server with marked secrets; what they hand out is marked by us."""
    person.env["TOKENRING_TRACE"] = "1"
    with sim.Sainet(ca) as erp, sim.OAuth(ca) as itc:
        yield person, erp, itc


def files_with(directory, words):
    found = []
    for d, _, names in os.walk(directory):
        for name in names:
            path = pathlib.Path(d, name)
            if path.is_file():
                data = path.read_bytes()
                found += [(str(path), w[:12]) for w in words if w.encode() in data]
    return found


def test_secrets_stay_where_they_belong(flows, keyring):
    person, erp, itc = flows
    password, wrong, client = marked("password"), marked("wrong"), marked("client")
    user = getpass.getuser()
    erp.set(users={"alice": password, user: password})
    itc.set(clients={"cli": client, "app": None}, auto_approve=True, device_interval=1)
    person.sainet(erp)
    person.sainet(erp, name="host", account=None, match=f"{erp.url}/host")
    person.oauth(itc)
    person.config.write_text(person.config.read_text().replace("[profile itc]\n", "[profile itc]\nclient_id = cli\n"))
    person.oauth(itc, name="dev", client_id="app", client_auth="none", grant="device",
                 device_authorization_url=itc.device_authorization_url, match="https://dev.example")
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    outputs = []

    def run(*args, expect=0, out=False, **kw):
        r = person.run(*args, **kw)
        assert r.returncode == expect, r
        outputs.append(r.stderr if out else r.stderr + r.stdout)
        return r.stdout

    service = person.base / "pam.d"
    service.mkdir()
    (service / "canary").write_text(
        f"auth required {MODULE} debug nodelay profile=host config={person.config}\n"
        f"session required {MODULE} debug profile=host config={person.config}\n")
    (service / "other").write_text("auth required pam_deny.so\n")
    pam = {"LD_PRELOAD": "libpam_wrapper.so", "PAM_WRAPPER": "1", "PAM_WRAPPER_SERVICE_DIR": str(service),
           "PAM_WRAPPER_DEBUGLEVEL": "2"}
    tokens = set()
    with Watch() as watch:
        run("tokenring", "login", "erp", "--secret-stdin", expect=1, input=wrong + "\n")
        run("tokenring", "login", "erp", "--secret-stdin", input=password + "\n")
        run("tokenring", "login", "itc", "--secret-stdin", input=client + "\n")
        run("tokenring", "login", "dev")
        run("pamtester", "canary", user, "authenticate", expect=1, input=wrong + "\n", env=pam)
        run("pamtester", "canary", user, "authenticate", "open_session", input=password + "\n", env=pam)
        tokens.add(run("tokenring", "token", "host", out=True).strip())
        for _ in range(3):
            for profile in ("erp", "itc", "dev"):
                tokens.add(run("tokenring", "token", profile, out=True).strip())
            person.expire()
        run("tokenring", "curl", "-sS", f"{erp.api}/ADR02")
        run("tokenring", "status")
        run("tokenring", "logout", "--all")
    assert watch.rounds > 20
    assert not watch.seen
    canaries = [password, wrong, client, *tokens]
    assert len(canaries) > 8 and any("asking the worker" in text for text in outputs)
    for text in outputs:
        for word in canaries:
            assert word not in text
    assert files_with(person.base, canaries) == []
    assert files_with(keyring.home, canaries) == []
    assert not list(pathlib.Path(person.base).rglob("core*"))
