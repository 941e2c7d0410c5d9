# SPDX-License-Identifier: MIT
"""The module, the real worker and a server that misbehaves: every fault denies
with its documented code, within the budget (pam_sainet(8))."""
import getpass
import socket
import time

import pytest

import sim
from conftest import MODULE, dead_port

USER = getpass.getuser()
PASSWORD = "a right password"
DENIED = "Authentication failure"
UNAVAILABLE = "Authentication service cannot retrieve authentication info"
BROKEN = "Error in service module"


@pytest.fixture
def host(person, sainet):
    sainet.set(users={USER: PASSWORD})
    person.config.chmod(0o644)
    person.base.chmod(0o755)
    person.sainet(sainet, name="host", account=None, store="none")
    service = person.base / "pam.d"
    service.mkdir()
    person.env.update(LD_PRELOAD="libpam_wrapper.so", PAM_WRAPPER="1", PAM_WRAPPER_SERVICE_DIR=str(service))
    (service / "other").write_text("auth required pam_deny.so\n")
    options = f"config={person.config} nodelay timeout=3"
    (service / "t").write_text("".join(f"{kind} required {MODULE} {options}\n"
                                       for kind in ("auth", "account", "session", "password")))
    text = person.config.read_text()
    yield person
    # What the module handed over has left no other trace.
    person.config.unlink(missing_ok=True)
    person.config.write_text(text)
    person.run("tokenring", "logout", "host", "--local", env={"LD_PRELOAD": None})


def login(person, password=PASSWORD, *calls):
    return person.run("pamtester", "t", USER, "authenticate", *calls, input=password + "\n")


def denied(person, text, password=PASSWORD):
    start = time.monotonic()
    r = login(person, password)
    assert time.monotonic() - start < 5
    assert r.returncode == 1 and text in r.stdout + r.stderr, r
    assert password not in r.stdout + r.stderr
    assert person.tokenring("token", "host", env={"LD_PRELOAD": None}).returncode == 3, "nothing was handed over"


def test_right_password_and_the_token_is_there(host, sainet):
    r = login(host, PASSWORD, "acct_mgmt", "setcred(PAM_ESTABLISH_CRED)", "open_session", "close_session")
    assert r.returncode == 0, r
    token = host.run("tokenring", "token", env={"LD_PRELOAD": None})
    assert token.stdout.strip() in sainet.tokens and sainet.count("login") == 1


def test_wrong_and_empty_password(host, sainet):
    denied(host, DENIED, "wrong")
    asked = sainet.count()
    r = login(host, "")
    assert r.returncode == 1 and DENIED in r.stdout + r.stderr
    assert sainet.count() == asked, "an empty password is not sent"


PRINTABLE = "".join(chr(c) for c in range(0x20, 0x7f))


@pytest.mark.parametrize("password", [PRINTABLE, "pä55 wörd 漢字 🔑", "a+b%20c&domainId=x#"])
def test_every_character_arrives(host, sainet, password):
    sainet.set(users={USER: password})
    assert login(host, password).returncode == 0
    assert sainet.logins[-1]["password"] == password


@pytest.mark.parametrize("fault,args,text", [
    ("status", {"code": 401}, DENIED), ("status", {"code": 403}, DENIED),
    ("status", {"code": 400}, UNAVAILABLE), ("status", {"code": 404}, UNAVAILABLE),
    ("status", {"code": 429}, UNAVAILABLE), ("status", {"code": 500}, UNAVAILABLE),
    ("status", {"code": 503}, UNAVAILABLE), ("status", {"code": 200}, UNAVAILABLE),
    ("status", {"code": 204}, UNAVAILABLE),
    ("redirect", {"code": 301}, UNAVAILABLE), ("redirect", {"code": 302}, UNAVAILABLE),
    ("redirect", {"code": 307}, UNAVAILABLE),
    ("hang", {}, UNAVAILABLE), ("hang-accept", {}, UNAVAILABLE),
    ("slow", {"interval": 0.3}, UNAVAILABLE), ("slow-body", {"interval": 0.3}, UNAVAILABLE),
    ("big-body", {"size": 10 << 20}, UNAVAILABLE), ("endless-body", {}, UNAVAILABLE),
    ("endless-headers", {}, UNAVAILABLE), ("truncate", {}, UNAVAILABLE), ("not-http", {}, UNAVAILABLE),
    ("reset", {"stage": "accept"}, UNAVAILABLE), ("reset", {"stage": "tls"}, UNAVAILABLE),
    ("reset", {"stage": "request"}, UNAVAILABLE), ("reset", {"stage": "headers"}, UNAVAILABLE),
    ("reset", {"stage": "body"}, UNAVAILABLE),
])
def test_server_faults(host, sainet, fault, args, text):
    path = {} if fault == "hang-accept" or args.get("stage") in ("accept", "tls") else {"path": "login"}
    sainet.fault(fault, **path, **args)
    denied(host, text)
    assert sainet.count("login") <= 1, "the password is sent once"


@pytest.mark.parametrize("how", ["missing", "doubled", "empty", "overlong", "control", "space"])
def test_token_header(host, sainet, how):
    sainet.set(token_header=how)
    denied(host, UNAVAILABLE)


@pytest.mark.parametrize("cert", ["expired", "other-name", "self-signed"])
def test_certificates(host, sainet, ca, cert):
    with sim.Sainet(ca, cert=cert) as server:
        server.set(users={USER: PASSWORD})
        host.config.write_text(host.config.read_text().replace(sainet.url, server.url))
        denied(host, UNAVAILABLE)
        assert server.count() == 0


def test_old_tls(host, sainet, ca):
    with sim.Sainet(ca, tls_min="1.0", tls_max="1.0") as server:
        host.config.write_text(host.config.read_text().replace(sainet.url, server.url))
        denied(host, UNAVAILABLE)
        assert server.count() == 0


def test_dead_server_unknown_name_and_blackhole(host, sainet):
    dead = dead_port()
    before = host.config.read_text()
    # 127.0.0.2:PORT with a full backlog takes no connection.
    with socket.socket() as full:
        full.bind(("127.0.0.2", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for f in fillers:
            f.setblocking(False)
            f.connect_ex(full.getsockname())
        for url in (f"https://127.0.0.1:{dead}", "https://nosuch.invalid",
                    f"https://127.0.0.2:{full.getsockname()[1]}"):
            host.config.write_text(before.replace(sainet.url, url))
            denied(host, UNAVAILABLE)
        for f in fillers:
            f.close()


def test_next_server_on_connection_failure_only(host, sainet):
    dead = dead_port()
    host.config.write_text(host.config.read_text().replace(f"url = {sainet.url}",
                                                           f"url = https://127.0.0.1:{dead} {sainet.url}"))
    assert login(host).returncode == 0
    sainet.fault("status", path="login", code=500)
    host.config.write_text(host.config.read_text().replace(f"url = https://127.0.0.1:{dead} {sainet.url}",
                                                           f"url = {sainet.url} {sainet.url}"))
    before = sainet.count("login")
    assert login(host).returncode == 1
    assert sainet.count("login") == before + 1


def test_ipv6_only(host, sainet, ca):
    with sim.Sainet(ca, ipv6=True) as server:
        server.set(users={USER: PASSWORD})
        host.config.write_text(host.config.read_text().replace(
            sainet.url, server.url.replace("localhost", "[::1]")))
        assert login(host).returncode == 0


@pytest.mark.parametrize("change", [
    lambda p: p.write_text(""),
    lambda p: p.write_text(p.read_text().replace("domain = PROD\n", "")),
    lambda p: p.write_text(p.read_text() + "timeout = soon\n"),
    lambda p: p.write_text(p.read_text().replace("https:", "http:")),
    lambda p: p.chmod(0o666), lambda p: p.unlink(),
    lambda p: (p.rename(str(p) + ".real"), p.symlink_to(str(p) + ".real")),
])
def test_configuration_faults_deny(host, change):
    change(host.config)
    r = login(host)
    assert r.returncode == 1 and BROKEN in r.stdout + r.stderr, r


def test_an_unknown_key_is_only_a_warning(host):
    host.config.write_text(host.config.read_text() + "nosuch = x\n")
    assert login(host).returncode == 0
