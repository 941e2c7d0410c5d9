# SPDX-License-Identifier: MIT
"""tokenring-net alone, against the simulators: what goes out, what comes back, and what it may not do."""

import base64
import contextlib
import hashlib
import os
import pathlib
import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import pytest

import sim
from conftest import dead_port

PROGRAM = pathlib.Path(os.environ.get("TOKENRING_LIBEXEC", "")) / "tokenring-net"
PRINTABLE = "".join(chr(c) for c in range(0x20, 0x7F))
FOREIGN = "Grüße, naïve ☃ 日本語 \U0001f511"
CLIENT, SECRET = "cgdm-sa-example", "Zk3vQ9x1Lw7Tn5Rb2Yc8Hd4Jm6Pf0Sga"
PASSWORD = "correct horse"
ROOT = os.geteuid() == 0

pytestmark = pytest.mark.skipif(not PROGRAM.is_file(), reason=f"no {PROGRAM}")


class Answer(dict):
    """The fields; those of a list under their name without []."""


def parse(data):
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    assert lines[0] == "version=1" and lines[-2:] == ["end=ok", ""], data
    answer = Answer(warning=[])
    for line in lines[1:-2]:
        key, equals, value = line.partition("=")
        assert equals and not any(ord(c) < 0x20 or ord(c) == 0x7F for c in value), line
        if key == "warning[]":
            answer["warning"].append(value)
        else:
            assert key not in answer, line
            answer[key] = value
    assert len(answer.get("message", "").encode()) <= 400
    assert ("message" in answer) == (answer["result"] != "ok")
    return answer


def message(op, fields, ca=None):
    lines = ["version=1", f"op={op}", "id=7"]
    lines += [f"{key}={value}" for key, value in fields.items() if value is not None]
    if ca:
        lines += ["ca[]=" + line for line in pathlib.Path(ca).read_text().splitlines() if line]
    return "\n".join([*lines, "end=ok", ""]).encode("utf-8", "surrogateescape")

LATE = 1  # second, that a busy machine adds; any limit of the worker's own is further away


def run(data, env=None, timeout=30, **options):
    return subprocess.run([str(PROGRAM)], input=data, env=env or {}, capture_output=True, timeout=timeout,
                          check=False, **options)


def ask(op, ca=None, env=None, timeout_ms=5000, **fields):
    begun = time.monotonic()
    done = run(message(op, {"timeout_ms": timeout_ms, **fields}, ca), env)
    seconds = time.monotonic() - begun
    assert done.returncode == 0, done
    answer = parse(done.stdout)
    answer.seconds, answer.stderr = seconds, done.stderr.decode()
    return answer


def login(server, user="alice", password=PASSWORD, **fields):
    fields = {"provider": "sainet", "url": server.url, "domain": "PROD", **fields}
    return ask("login", server.ca.pem, user=user, password=password, **fields)


def oauth_ask(op, server, **fields):
    fields = {"provider": "oauth2", "token_url": server.token_url, "client_id": CLIENT, "client_secret": SECRET,
              **fields}
    return ask(op, server.ca.pem, **fields)


@pytest.fixture
def place():
    """A directory that the unprivileged worker of a privileged caller can read."""
    with tempfile.TemporaryDirectory(prefix="tokenring-net-") as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


@pytest.fixture
def pam(place, sainet):
    """Ask as the PAM module does, with a configuration of this text."""
    ca = place / "ca.pem"
    shutil.copy(sainet.ca.pem, ca)
    ca.chmod(0o644)
    config = place / "tokenring.conf"
    standard = f"[profile erp]\nprovider = sainet\nurl = {sainet.url}\ndomain = PROD\nca_file = {ca}\n"

    def ask_pam(text=standard, **fields):
        if text is not None:
            config.write_text(text)
            config.chmod(0o644)
        return ask("login", **{"config": str(config), "user": "alice", "password": PASSWORD, **fields})

    ask_pam.config, ask_pam.standard = config, standard
    return ask_pam


def dead_url():
    return f"https://127.0.0.1:{dead_port()}"


# --- signing in to SAINet


def test_login(sainet):
    before = int(time.time())
    a = login(sainet)
    assert a["result"] == "ok" and a["http"] == "200" and a["verified"] == a["sent"] == "1"
    assert a["access_token"] in sainet.tokens and a["token_type"] == "Bearer" and a["instance"] == "NA"
    assert before <= int(a["obtained_at"]) <= time.time()
    assert int(a["expires_at"]) - int(a["obtained_at"]) == 8 * 3600
    assert len(a["fingerprint"]) == 32 and a["warning"] == [] and a.stderr == ""
    request = sainet.requests[0]
    assert sainet.connections == 1 and request["method"] == "GET" and request["tls"] in ("TLSv1.2", "TLSv1.3")
    headers = request["headers"]
    assert headers["user-agent"].startswith("tokenring/")
    assert set(headers) == {"host", "user-agent", "accept"}


def test_life_of_a_token(sainet):
    a = login(sainet, token_lifetime="5min")
    assert int(a["expires_at"]) - int(a["obtained_at"]) == 300
    sainet.set(token_form="jwt", jwt_lifetime=1000)
    a = login(sainet)
    # The server counts from its own second, which may be the next.
    assert 990 <= int(a["expires_at"]) - int(a["obtained_at"]) <= 1001
    sainet.set(jwt_lifetime=90 * 86400)
    a = login(sainet)
    assert int(a["expires_at"]) - int(a["obtained_at"]) == 30 * 86400


@pytest.mark.parametrize("text", [PRINTABLE, PRINTABLE[::-1], FOREIGN, "  two  ", "%2B", "a&password=b", "+", "é" * 200])
def test_user_and_password_arrive_unchanged(sainet, text):
    sainet.set(users={text: text})
    assert login(sainet, user=text, password=text)["result"] == "ok"
    assert sainet.logins == [{"user": text, "password": text, "domain": "PROD", "ok": True}]


def test_each_character_arrives_unchanged(sainet):
    for c in PRINTABLE + "äß€":
        sainet.set(users={c: "x" + c})
        assert login(sainet, user=c, password="x" + c)["result"] == "ok", c


def test_bytes_that_are_no_text_arrive_unchanged(sainet):
    login(sainet, password="a\udcff\udc80")
    assert "&password=a%FF%80&" in sainet.requests[0]["query"]


def test_domain_and_slash(sainet):
    sainet.set(domain="A&B ü")
    assert login(sainet, url=sainet.url + "//", domain="A&B ü")["result"] == "ok"
    assert sainet.requests[0]["path"] == "/SNV4SRV-ws-war/api/v1/login"


@pytest.mark.parametrize("instance,shown", [("node 2", "node 2"), (None, None), ("x" * 255, "x" * 255), ("x" * 256, None)])
def test_instance(sainet, instance, shown):
    sainet.set(instance=instance)
    assert login(sainet).get("instance") == shown


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", ["", '{"message":"logged in domain PROD"}', "x" * 60000])
def test_refused(sainet, status, body):
    sainet.set(refuse_status=status, refuse_body=body)
    a = login(sainet, password="wrong-passw0rd")
    assert (a["result"], a["http"], a["verified"]) == ("denied", str(status), "1")
    assert "SYS02" in a["message"] and "SYS22" in a["message"] and "wrong-passw0rd" not in a["message"]
    assert "access_token" not in a and len(sainet.requests) == 1


def test_nothing_to_send(sainet):
    for fields in ({"user": ""}, {"password": ""}, {"user": None}, {"password": None}):
        assert login(sainet, **fields)["result"] == "config"
    assert sainet.connections == 0


@pytest.mark.parametrize("code,result", [(200, "protocol"), (201, "protocol"), (204, "protocol"), (400, "unavailable"),
                                         (404, "unavailable"), (418, "unavailable"), (500, "unavailable"),
                                         (502, "unavailable"), (304, "protocol")])
def test_status(sainet, code, result):
    sainet.fault("status", code=code, headers={"X": "y"})
    a = login(sainet)
    assert (a["result"], a["http"]) == (result, str(code)), a
    assert len(sainet.requests) == 1


@pytest.mark.parametrize("code", [201, 302, 401, 500])
def test_a_token_counts_with_200_only(sainet, code):
    sainet.fault("status", code=code, headers={"Sai-Bearer-Token": "abc"})
    a = login(sainet)
    assert a["result"] != "ok" and "access_token" not in a


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("value,seconds", [("7", "7"), ("99999", "3600"), ("soon", None), (None, None)])
def test_later(sainet, code, value, seconds):
    sainet.fault("status", code=code, headers={"Retry-After": value} if value else {})
    a = login(sainet)
    assert (a["result"], a.get("retry_after")) == ("later", seconds)


def test_redirects_are_not_followed(sainet):
    with sim.Sainet(sainet.ca) as other:
        sainet.fault("redirect", location=other.api + "/login")
        a = login(sainet)
        assert a["result"] == "protocol" and "redirect" in a["message"]
        assert "localhost:%d;" % other.port in a["message"]
        assert other.connections == 0 and len(sainet.requests) == 1


@pytest.mark.parametrize("form", ["missing", "doubled", "empty", "overlong", "control", "space"])
def test_unusable_token(sainet, form):
    sainet.set(token_header=form)
    a = login(sainet)
    assert (a["result"], a["http"]) == ("protocol", "200"), a
    assert "Sai-Bearer-Token" in a["message"] and "access_token" not in a


def test_long_token(sainet):
    sainet.set(token_header="long-ok")
    a = login(sainet)
    assert a["result"] == "ok" and len(a["access_token"]) == 8000


FAULTS = [
    ("hang", {}, "unavailable", "did not answer within"),
    ("hang-accept", {}, "unavailable", "no TLS connection to"),
    ("slow", {}, "unavailable", "did not answer within"),
    ("slow-body", {}, "unavailable", "did not answer within"),
    ("not-http", {}, "protocol", "HTTP"),
    ("not-http", {"plain": True}, "unavailable", "localhost"),
    ("reset", {"stage": "accept"}, "unavailable", "connection to localhost"),
    ("reset", {"stage": "tls"}, "unavailable", "connection to localhost"),
    ("reset", {"stage": "request"}, "unavailable", "closed the connection without an answer"),
    ("reset", {"stage": "headers"}, "unavailable", "in the middle"),
    ("reset", {"stage": "body"}, "unavailable", "in the middle"),
    ("truncate", {}, "unavailable", "in the middle"),
    ("big-body", {}, "protocol", "too long"),
    ("endless-body", {}, "protocol", "too long"),
    ("endless-headers", {}, "protocol", "too long"),
]


@pytest.mark.parametrize("kind,args,result,text", FAULTS)
def test_faults(sainet, kind, args, result, text):
    sainet.fault(kind, **args)
    a = login(sainet, timeout_ms=1200)
    assert a["result"] == result and text in a["message"], a
    assert a.seconds < 1.2 + LATE and len(sainet.requests) <= 1
    assert "access_token" not in a
    assert (a.get("sent") == "1") == (len(sainet.requests) == 1)


@pytest.mark.parametrize("kind,args,result,text", FAULTS)
def test_faults_at_a_token_endpoint(oauth, kind, args, result, text):
    oauth.fault(kind, **args)
    a = oauth_ask("token", oauth, timeout_ms=1200)
    assert a["result"] == result and text in a["message"], a
    assert a.seconds < 1.2 + LATE and len(oauth.requests) <= 1


def test_a_slow_answer_in_time_is_an_answer(sainet):
    sainet.fault("delay", seconds=0.7)
    assert login(sainet, timeout_ms=3000)["result"] == "ok"


# --- which server


@pytest.mark.parametrize("cert,text", [("other-name", "other.example"), ("expired", "expired"),
                                       ("self-signed", "ca_file")])
def test_bad_certificate(ca, cert, text):
    with sim.Sainet(ca, cert=cert) as server:
        a = login(server)
        assert a["result"] == "unavailable" and text in a["message"], a
        assert "verified" not in a and "http" not in a and "sent" not in a and server.requests == []


def test_unknown_authority(ca, tmp_path):
    with sim.Sainet(sim.CA(str(tmp_path / "other"))) as server:
        a = ask("login", ca.pem, provider="sainet", url=server.url, domain="PROD", user="alice", password=PASSWORD)
        assert a["result"] == "unavailable" and "ca_file" in a["message"] and server.requests == []


def test_the_certificate_itself_as_authority(ca):
    with sim.Sainet(ca, cert="self-signed") as server:
        a = ask("login", ca.cert("self-signed")[0], provider="sainet", url=server.url, domain="PROD", user="alice",
                password=PASSWORD)
        assert a["result"] == "ok"


def test_old_tls(ca):
    with sim.Sainet(ca, tls_max="1.1") as server:
        a = login(server)
        assert a["result"] == "unavailable" and server.requests == []
    with sim.Sainet(ca, tls_max="1.2") as server:
        assert login(server)["result"] == "ok" and server.requests[0]["tls"] == "TLSv1.2"


def test_no_server(sainet):
    a = login(sainet, url=dead_url())
    assert a["result"] == "unavailable" and "refused" in a["message"]
    a = login(sainet, url="https://no-such-host.invalid")
    assert a["result"] == "unavailable" and "no-such-host.invalid" in a["message"]


def test_next_server(sainet):
    first = dead_url()
    a = login(sainet, url=f"{first} {sainet.url}")
    assert a["result"] == "ok" and len(a["warning"]) == 1 and first[8:] in a["warning"][0]


@pytest.mark.parametrize("cert", ["other-name", "expired", "self-signed"])
def test_next_server_after_a_bad_certificate(sainet, cert):
    with sim.Sainet(sainet.ca, cert=cert) as first:
        a = login(sainet, url=f"{first.url} {sainet.url}")
        assert a["result"] == "ok" and "certificate" in a["warning"][0] and first.requests == []


@pytest.mark.parametrize("kind,args", [("hang-accept", {}), ("reset", {"stage": "accept"}), ("reset", {"stage": "tls"}),
                                       ("not-http", {"plain": True})])
def test_next_server_where_nothing_was_sent(sainet, kind, args):
    with sim.Sainet(sainet.ca) as first:
        first.fault(kind, **args)
        a = login(sainet, url=f"{first.url} {sainet.url}", timeout_ms=2000)
        assert a["result"] == "ok" and len(a["warning"]) == 1 and a.seconds < 2 + LATE


@pytest.mark.parametrize("kind,args", [("hang", {}), ("status", {"code": 500}), ("status", {"code": 401}),
                                       ("reset", {"stage": "request"}), ("not-http", {}), ("redirect", {})])
def test_no_next_server_where_the_password_was_sent(sainet, kind, args):
    with sim.Sainet(sainet.ca) as first:
        first.fault(kind, **args)
        a = login(sainet, url=f"{first.url} {sainet.url}", timeout_ms=1200)
        assert a["result"] != "ok" and a.seconds < 1.2 + LATE
        assert len(first.requests) == 1 and sainet.connections == 0


def test_all_servers_dead(sainet):
    urls = [dead_url() for _ in range(3)]
    a = login(sainet, url=" ".join(urls))
    assert a["result"] == "unavailable" and len(a["warning"]) == 2 and urls[2][8:] in a["message"]


# --- the PAM module's form


def test_pam(pam, sainet):
    a = pam()
    assert a["result"] == "ok" and a["profile"] == "erp" and a["warning"] == []
    assert a["fingerprint"] == login(sainet, account="alice")["fingerprint"]
    assert a["fingerprint"] != login(sainet, account="bob")["fingerprint"]
    assert a["fingerprint"] == login(sainet)["fingerprint"]


def test_pam_refused(pam):
    a = pam(password="wrong")
    assert a["result"] == "denied" and len(a["fingerprint"]) == 32


@pytest.mark.parametrize("extra,text", [
    ("colour = red\n", "unknown key"),
    ("account = carol\n", "account"),
    ("[profile other]\nprovider = oauth2\n", "client_id"),
    ("[profile other]\nprovider = sainet\nurl = http://x\ndomain = D\n", "https"),
    ("[other]\n", "section"),
])
def test_pam_warnings(pam, extra, text):
    a = pam(pam.standard + extra, profile="erp")
    assert a["result"] == "ok" and any(text in w for w in a["warning"]), a


@pytest.mark.parametrize("extra", ["timeout = soon\n", "domain = TEST\n", "scope = x\n", "proxy = ftp://x\n",
                                   "[profile erp]\nprovider = sainet\n"])
def test_pam_faults_of_its_profile(pam, sainet, extra):
    a = pam(pam.standard + extra)
    assert a["result"] == "config" and "tokenring.conf:" in a["message"], a
    assert sainet.connections == 0


def test_pam_account_does_not_count(pam):
    assert pam(pam.standard + "account = carol\n")["fingerprint"] == pam()["fingerprint"]


def test_pam_choice_of_profile(pam):
    other = pam.standard.replace("erp", "crm")
    assert pam(profile="erp", text=pam.standard + other)["profile"] == "erp"
    assert pam(profile="crm", text=pam.standard + other)["profile"] == "crm"
    a = pam(text=pam.standard + other)
    assert a["result"] == "config" and "erp" in a["message"] and "crm" in a["message"]
    assert pam(profile="none")["result"] == "config"
    assert pam(text="")["result"] == "config"
    oauth = "[profile itc]\nprovider = oauth2\ntoken_url = https://a/\nclient_id = x\n"
    assert pam(text=oauth)["result"] == "config"
    assert pam(text=oauth, profile="itc")["result"] == "config"
    assert pam(text=oauth + pam.standard)["profile"] == "erp"


def test_pam_file_rules(pam, place):
    assert pam(config=str(place / "missing"))["result"] == "config"
    assert pam(config=str(place))["result"] == "config"
    link = place / "link"
    link.symlink_to(pam.config)
    a = pam(config=str(link))
    assert a["result"] == "config" and "link" in a["message"]
    os.mkfifo(place / "fifo", 0o644)
    assert pam(config=str(place / "fifo"))["result"] == "config"
    for mode in (0o664, 0o646, 0o666):
        pam.config.chmod(mode)
        a = pam(text=None)
        assert a["result"] == "config" and "write" in a["message"], oct(mode)
    pam.config.chmod(0o644)
    assert pam(text=None)["result"] == "ok"


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_pam_file_owner(pam):
    assert pam()["result"] == "ok"
    for uid in (65534, 1):
        os.chown(pam.config, uid, 0)
        a = pam(text=None)
        assert a["result"] == "config" and "belongs to" in a["message"]
    os.chown(pam.config, 0, 0)
    pam.config.chmod(0o600)  # the worker is nobody
    assert pam(text=None)["result"] == "config"


def test_pam_ca_file(pam, place, sainet):
    text = pam.standard.replace("ca.pem", "none.pem")
    a = pam(text)
    assert a["result"] == "config" and "ca_file" in a["message"] and sainet.requests == []
    (place / "none.pem").write_text("no certificate\n")
    (place / "none.pem").chmod(0o644)
    assert pam(text)["result"] == "config"


def test_pam_takes_nothing_else_of_the_request(pam, sainet, place):
    with Proxy() as proxy:
        a = pam(https_proxy=proxy.url, url=dead_url(), domain="OTHER", ssl_cert_file=str(place / "none"))
        assert a["result"] == "ok" and proxy.asked == []
    assert pam(**{"ca[]": "not a certificate"})["result"] == "ok"
    # Nor whom to trust, where the profile leaves that to the system.
    text = "".join(x for x in pam.standard.splitlines(True) if not x.startswith("ca_file"))
    ca, hashed = place / "ca.pem", place / "hashed"
    hashed.mkdir(mode=0o755)
    digest = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", ca], capture_output=True, text=True,
                            check=True).stdout.strip()
    (hashed / f"{digest}.0").symlink_to(ca)
    asked = len(sainet.logins)
    for field in ({"ssl_cert_file": str(ca)}, {"ssl_cert_dir": str(hashed)}):
        assert pam(text, **field)["result"] == "unavailable"
    assert ask("login", ca, config=str(pam.config), user="alice", password=PASSWORD)["result"] == "unavailable"
    assert len(sainet.logins) == asked


def test_pam_does_not_do_anything_else(pam):
    a = ask("token", config=str(pam.config), user="alice", password=PASSWORD)
    assert a["result"] == "config"


# --- proxies, trust, environment


class Listener:
    """Accepts in a thread.  It must be gone before its descriptor is closed: the kernel starts an interrupted call
    again with the number that it had, which may be another server's by then."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(20)
        self.listener.close()
        assert not self.thread.is_alive()


class Proxy(Listener):
    """CONNECT and nothing more."""

    def __init__(self, status="200 OK"):
        self.status, self.asked = status, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=self.listener.accept()[:1], daemon=True).start()

    def serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := client.recv(4096)):
                return
            head += data
        target = head.split()[1].decode()
        self.asked.append(target)
        # A header that would be taken for the server's, were it looked at.
        client.sendall(f"HTTP/1.1 {self.status}\r\nSai-Bearer-Token: proxy\r\n\r\n".encode())
        if not self.status.startswith("200"):
            client.close()
            return
        host, _, port = target.rpartition(":")
        # A minimal system has no /etc/hosts that knows localhost.
        server = socket.create_connection((host.replace("localhost", "127.0.0.1"), int(port)))
        with contextlib.suppress(OSError):
            while True:
                for one in select.select([client, server], [], [])[0]:
                    data = one.recv(65536)
                    if not data:
                        return
                    (server if one is client else client).sendall(data)


def test_proxy(sainet):
    with Proxy() as proxy:
        a = login(sainet, https_proxy=proxy.url)
        assert a["result"] == "ok" and a["access_token"] != "proxy"
        assert proxy.asked == ["localhost:%d" % sainet.port]
        assert login(sainet, https_proxy=proxy.url, no_proxy="localhost")["result"] == "ok"
        assert len(proxy.asked) == 1
        a = login(sainet, proxy=proxy.url, https_proxy=dead_url(), no_proxy="localhost")
        assert a["result"] == "ok" and len(proxy.asked) == 2


def test_proxy_of_the_profile_for_pam(pam):
    with Proxy() as proxy:
        assert pam(pam.standard + f"proxy = {proxy.url}\n")["result"] == "ok"
        assert len(proxy.asked) == 1


def test_proxy_refuses(sainet):
    with Proxy("407 No") as proxy:
        a = login(sainet, https_proxy=proxy.url)
        assert a["result"] == "unavailable" and "407" in a["message"] and "http" not in a
    a = login(sainet, https_proxy="http://user:s3cret@127.0.0.1:1")
    assert a["result"] == "unavailable" and "s3cret" not in a["message"]


def test_environment_does_not_count(sainet, tmp_path):
    with Proxy() as proxy:
        env = {name: proxy.url for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")}
        env |= {"SSLKEYLOGFILE": str(tmp_path / "keys"), "CURL_CA_BUNDLE": "/none", "SSL_CERT_FILE": "/none",
                "HOME": str(tmp_path), "OPENSSL_CONF": "/none"}
        (tmp_path / ".netrc").write_text("default login x password y\n")
        (tmp_path / ".curlrc").write_text("insecure\n")
        a = ask("login", sainet.ca.pem, env, provider="sainet", url=sainet.url, domain="PROD", user="alice",
                password=PASSWORD)
        assert a["result"] == "ok" and proxy.asked == [] and not (tmp_path / "keys").exists()
        assert "authorization" not in sainet.requests[0]["headers"]


def test_trust(sainet, place):
    fields = dict(provider="sainet", url=sainet.url, domain="PROD", user="alice", password=PASSWORD)
    a = ask("login", **fields)  # the system's authorities do not know it
    assert a["result"] == "unavailable" and "ca_file" in a["message"]
    shutil.copy(sainet.ca.pem, place / "ca.pem")
    (place / "ca.pem").chmod(0o644)
    assert ask("login", ssl_cert_file=str(place / "ca.pem"), **fields)["result"] == "ok"
    digest = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", sainet.ca.pem], capture_output=True,
                            text=True, check=True).stdout.strip()
    (place / "hashed").mkdir(mode=0o755)
    (place / "hashed" / f"{digest}.0").symlink_to(place / "ca.pem")
    assert ask("login", ssl_cert_dir=str(place / "hashed"), **fields)["result"] == "ok"
    other = sim.CA(str(place / "other"))
    assert ask("login", other.pem, ssl_cert_file=str(place / "ca.pem"), **fields)["result"] == "unavailable"
    assert ask("login", place / "hashed" / f"{digest}.0", **fields)["result"] == "ok"
    (place / "ca.pem").write_text("not a certificate\n")
    assert ask("login", place / "ca.pem", **fields)["result"] == "config"


# --- OAuth 2.0


def test_token(oauth):
    a = oauth_ask("token", oauth)
    assert a["result"] == "ok" and a["token_type"] == "Bearer" and oauth.active(a["access_token"])
    assert int(a["expires_at"]) - int(a["obtained_at"]) == 1200
    assert oauth.spendable(a["refresh_token"])
    assert int(a["refresh_expires_at"]) - int(a["obtained_at"]) == 7200
    request = oauth.requests[0]
    assert request["body"] == b"grant_type=client_credentials"
    assert request["headers"]["accept"] == "application/json"
    assert request["headers"]["authorization"] == "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    assert "client_secret" not in a and SECRET not in str(a)


@pytest.mark.parametrize("secret", [PRINTABLE, FOREIGN, " ", "%2B+ ", "a:b", "x" * 3000])
@pytest.mark.parametrize("how", ["basic", "basic-raw", "post"])
def test_client_secret_arrives_unchanged(oauth, how, secret):
    oauth.set(clients={"c": secret}, basic="raw" if how == "basic-raw" else "rfc",
              auth=["post" if how == "post" else "basic"])
    a = oauth_ask("token", oauth, client_id="c", client_secret=secret, client_auth=how)
    assert a["result"] == "ok", a
    assert ("authorization" in oauth.requests[0]["headers"]) == (how != "post")
    assert (b"client_secret" in oauth.requests[0]["body"]) == (how == "post")


@pytest.mark.parametrize("how", ["basic", "post"])
def test_client_id_arrives_unchanged(oauth, how):
    for name in (PRINTABLE, FOREIGN, "a:b"):
        oauth.set(clients={name: "s"})
        assert oauth_ask("token", oauth, client_id=name, client_secret="s", client_auth=how)["result"] == "ok"


def test_each_character_of_a_secret(oauth):
    for c in PRINTABLE + "äß€":
        oauth.set(clients={"c": "x" + c})
        assert oauth_ask("token", oauth, client_id="c", client_secret="x" + c)["result"] == "ok", c


def test_secret_missing(oauth):
    for how in ("basic", "basic-raw", "post"):
        a = oauth_ask("token", oauth, client_secret=None, client_auth=how)
        assert a["result"] == "config" and "client_auth = none" in a["message"]
    assert oauth.connections == 0


def test_scope_and_audience(oauth):
    a = oauth_ask("token", oauth, scope="openid a/b", audience="https://api/?x")
    assert a["scope"] == "openid a/b"
    assert urllib.parse.parse_qs(oauth.requests[0]["body"].decode()) == {
        "grant_type": ["client_credentials"], "scope": ["openid a/b"], "audience": ["https://api/?x"]}


def test_wrong_secret(oauth):
    a = oauth_ask("token", oauth, client_secret="wr0ng-s3cret")
    assert (a["result"], a["oauth_error"], a["http"]) == ("denied", "unauthorized_client", "401")
    assert "wr0ng-s3cret" not in str(a) and len(oauth.requests) == 1
    a = oauth_ask("token", oauth, client_id="nobody")
    assert (a["result"], a["oauth_error"]) == ("denied", "invalid_client")


def test_bad_scope(oauth):
    oauth.set(scopes=["a"])
    a = oauth_ask("token", oauth, scope="b")
    assert (a["result"], a["oauth_error"]) == ("config", "invalid_scope")


@pytest.mark.parametrize("settings,life", [({"omit_expires_in": True}, 120), ({"access_lifetime": 0}, 120),
                                           ({"extra": {"expires_in": "60"}}, 60), ({"token_type": "BEARER"}, 1200),
                                           ({"extra": {"x": {"y": [1]}, "not-before-policy": 5}}, 1200)])
def test_forms_of_an_answer(oauth, settings, life):
    oauth.set(**settings)
    a = oauth_ask("token", oauth)
    assert a["result"] == "ok" and a["token_type"] == "Bearer"
    assert int(a["expires_at"]) - int(a["obtained_at"]) == life


def test_no_refresh_token(oauth):
    oauth.set(cc_refresh=False)
    a = oauth_ask("token", oauth)
    assert a["result"] == "ok" and "refresh_token" not in a and "refresh_expires_at" not in a


def test_long_access_token(oauth):
    oauth.set(token_length=31000)
    assert len(oauth_ask("token", oauth)["access_token"]) >= 31000
    oauth.set(token_length=33000)
    assert oauth_ask("token", oauth)["result"] == "protocol"


def test_other_token_type(oauth):
    oauth.set(token_type="mac")
    a = oauth_ask("token", oauth)
    assert a["result"] == "protocol" and "mac" in a["message"] and "access_token" not in a


@pytest.mark.parametrize("code,body,result,error", [
    (200, "<html>", "protocol", None), (200, "", "protocol", None), (401, "", "denied", "invalid_client"),
    (404, "<html>", "protocol", None), (500, "", "unavailable", None), (302, "", "protocol", None),
    (400, '{"error":"invalid_grant"}', "denied", "invalid_grant"), (503, "", "later", None), (429, "", "later", None),
    (502, '{"error":"invalid_grant"}', "unavailable", None)])
def test_answers_of_a_token_endpoint(oauth, code, body, result, error):
    oauth.fault("status", code=code, body=body)
    a = oauth_ask("token", oauth)
    assert (a["result"], a.get("oauth_error")) == (result, error), a
    assert len(oauth.requests) == 1


def test_description_that_repeats_the_secret(oauth):
    oauth.fault("status", code=400, body='{"error":"invalid_request","error_description":"bad %s"}' % SECRET)
    a = oauth_ask("token", oauth)
    assert a["result"] == "config" and SECRET not in str(a)


def test_error_that_repeats_the_secret(oauth):
    pair = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    for text in (SECRET, "x" * 50 + SECRET, SECRET[:8], pair, SECRET.lower()):
        oauth.fault("status", code=400, body='{"error":"%s","error_description":"Basic %s"}' % (text, text), times=1)
        a = oauth_ask("token", oauth)
        assert (a["result"], a["oauth_error"]) == ("denied", "unknown_error"), a
        assert not any(part in str(a).lower() for part in (SECRET[:8].lower(), pair[:8].lower()))


def test_refresh(oauth):
    first = oauth_ask("token", oauth)
    a = oauth_ask("refresh", oauth, refresh_token=first["refresh_token"])
    assert a["result"] == "ok" and a["refresh_token"] != first["refresh_token"]
    assert oauth.active(a["access_token"]) and oauth.spendable(a["refresh_token"])
    again = oauth_ask("refresh", oauth, refresh_token=first["refresh_token"])
    assert (again["result"], again["oauth_error"]) == ("denied", "invalid_grant")
    assert oauth_ask("refresh", oauth)["result"] == "config"


def test_refresh_whose_answer_is_lost(oauth):
    first = oauth_ask("token", oauth)
    oauth.fault("reset", stage="headers", times=1)
    a = oauth_ask("refresh", oauth, refresh_token=first["refresh_token"])
    assert a["result"] == "unavailable" and a["sent"] == "1" and oauth.grants_asked("refresh_token") == 1


def test_public_client(oauth):
    fields = dict(client_id="cgdm-public", client_secret=None, client_auth="none",
                  device_authorization_url=oauth.device_authorization_url)
    a = oauth_ask("device", oauth, **fields)
    assert a["result"] == "ok"
    oauth.approve(a["user_code"])
    a = oauth_ask("device_token", oauth, device_code=a["device_code"], **fields)
    assert a["result"] == "ok" and "authorization" not in oauth.requests[-1]["headers"]


def test_device(oauth):
    oauth.set(device_interval=0)
    fields = dict(device_authorization_url=oauth.device_authorization_url, scope="a b")
    a = oauth_ask("device", oauth, **fields)
    assert a["result"] == "ok" and a["expires_in"] == "600" and a["interval"] == "5"
    assert a["verification_uri"].startswith("https://") and a["user_code"] in a["verification_uri_complete"]
    assert b"scope=a+b" in oauth.requests[0]["body"]
    poll = dict(fields, device_code=a["device_code"])
    b = oauth_ask("device_token", oauth, **poll)
    assert (b["result"], b["oauth_error"]) == ("later", "authorization_pending")
    oauth.deny(a["user_code"])
    b = oauth_ask("device_token", oauth, **poll)
    assert (b["result"], b["oauth_error"]) == ("denied", "access_denied")
    b = oauth_ask("device_token", oauth, **poll)
    assert (b["result"], b["oauth_error"]) == ("denied", "invalid_grant")


def test_device_slow_down_and_end(oauth):
    fields = dict(device_authorization_url=oauth.device_authorization_url)
    oauth.set(device_interval=None)
    a = oauth_ask("device", oauth, **fields)
    assert a["interval"] == "5"
    poll = dict(fields, device_code=a["device_code"])
    oauth_ask("device_token", oauth, **poll)
    b = oauth_ask("device_token", oauth, **poll)
    assert (b["result"], b["oauth_error"]) == ("later", "slow_down")
    oauth.set(device_lifetime=0)
    a = oauth_ask("device", oauth, **fields)
    b = oauth_ask("device_token", oauth, **dict(fields, device_code=a["device_code"]))
    assert (b["result"], b["oauth_error"]) == ("denied", "expired_token")


def test_device_page_must_be_https(oauth):
    oauth.fault("status", code=200, body='{"device_code":"a","user_code":"b","verification_uri":"javascript:x"}')
    a = oauth_ask("device", oauth, device_authorization_url=oauth.device_authorization_url)
    assert a["result"] == "protocol"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def test_authorization_code(oauth):
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {"response_type": "code", "client_id": "cgdm-public", "redirect_uri": "http://127.0.0.1:1234/",
             "code_challenge": challenge, "code_challenge_method": "S256", "state": "s"}
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=oauth.ca.pem)), NoRedirect)
    try:
        opener.open(oauth.authorization_url.replace("localhost", "127.0.0.1") + "?" + urllib.parse.urlencode(query))
        raise AssertionError("no redirect")
    except urllib.error.HTTPError as redirect:
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(redirect.headers["Location"]).query)["code"][0]
    fields = dict(client_id="cgdm-public", client_secret=None, client_auth="none", code=code,
                  redirect_uri=query["redirect_uri"])
    a = oauth_ask("code", oauth, code_verifier=verifier, **fields)
    assert a["result"] == "ok" and oauth.spendable(a["refresh_token"])
    a = oauth_ask("code", oauth, code_verifier=verifier, **fields)
    assert (a["result"], a["oauth_error"]) == ("denied", "invalid_grant")


def test_revoke(oauth):
    first = oauth_ask("token", oauth)
    fields = dict(revocation_url=oauth.revocation_url, token_type_hint="refresh_token")
    a = oauth_ask("revoke", oauth, token=first["refresh_token"], **fields)
    assert a["result"] == "ok" and "access_token" not in a and not oauth.grant_alive(first["refresh_token"])
    assert b"token_type_hint=refresh_token" in oauth.requests[-1]["body"]
    assert oauth_ask("revoke", oauth, token="nothing", **fields)["result"] == "ok"
    oauth.fault("status", code=503, headers={"Retry-After": "9"}, times=1)
    a = oauth_ask("revoke", oauth, token="nothing", **fields)
    assert (a["result"], a["retry_after"]) == ("later", "9")
    a = oauth_ask("revoke", oauth, token="nothing")
    assert a["result"] == "config" and "revocation_url" in a["message"]


def test_discover(oauth):
    a = oauth_ask("discover", oauth, token_url=None, issuer=oauth.issuer, client_secret=None)
    assert a["result"] == "ok" and a["iss_supported"] == "1"
    for name in ("token_url", "authorization_url", "device_authorization_url", "revocation_url"):
        assert a[name] == getattr(oauth, name)
    assert oauth_ask("discover", oauth, issuer=oauth.issuer, token_url="https://x/")["token_url"] == "https://x/"
    oauth.set(discovery={"revocation_endpoint": "http://x/", "authorization_response_iss_parameter_supported": False,
                         "authorization_endpoint": None})
    a = oauth_ask("discover", oauth, issuer=oauth.issuer)
    assert "revocation_url" not in a and "iss_supported" not in a and "authorization_url" not in a
    assert oauth_ask("discover", oauth)["result"] == "config"


def test_discovery_on_the_way(oauth):
    fields = dict(token_url=None, issuer=oauth.issuer)
    first = oauth_ask("token", oauth, **fields)
    assert first["result"] == "ok" and [r["method"] for r in oauth.requests] == ["GET", "POST"]
    assert first["fingerprint"] != oauth_ask("token", oauth)["fingerprint"]
    assert oauth_ask("device", oauth, **fields)["result"] == "ok"
    assert oauth_ask("revoke", oauth, token=first["refresh_token"], **fields)["result"] == "ok"
    oauth.set(discovery={"revocation_endpoint": None})
    assert oauth_ask("revoke", oauth, token="x", **fields)["result"] == "config"


@pytest.mark.parametrize("theirs", ["https://evil.example/auth/realms/cloud", "", None, "+/", "https://localhost"])
def test_discovery_of_another_issuer(oauth, theirs):
    issuer = oauth.issuer
    oauth.set(discovery={"issuer": issuer + "/" if theirs == "+/" else theirs})
    a = oauth_ask("token", oauth, token_url=None, issuer=issuer)
    assert a["result"] == "protocol" and "issuer" in a["message"]
    assert oauth.grants_asked("client_credentials") == 0


@pytest.mark.parametrize("code,body,result", [(404, "", "config"), (500, "", "unavailable"), (503, "", "later"),
                                              (302, "", "protocol"), (200, "<html>", "protocol"),
                                              (401, "", "protocol")])
def test_discovery_fails(oauth, code, body, result):
    oauth.fault("status", path=".well-known", code=code, body=body)
    a = oauth_ask("token", oauth, token_url=None, issuer=oauth.issuer)
    assert a["result"] == result and "sent" not in a, a
    assert len(oauth.requests) == 1


# --- the conversation


@pytest.mark.parametrize("data", [b"", b"version=1\nop=login\n", b"version=2\nend=ok\n", b"op=login\nend=ok\n",
                                  b"version=1\nop\nend=ok\n", b"version=1\na=\x01\nend=ok\n",
                                  b"version=1\nop=a\nop=b\nend=ok\n", b"version=1\na=" + b"x" * 70000 + b"\nend=ok\n"])
def test_broken_requests(data):
    done = run(data)
    assert done.returncode != 0 and done.stdout == b"" and done.stderr


def test_senseless_requests(sainet, oauth):
    assert ask("nonsense", provider="sainet", url=sainet.url, domain="D")["result"] == "config"
    assert ask("nonsense", provider="oauth2", token_url=oauth.token_url, client_id="x")["result"] == "config"
    assert oauth_ask("login", oauth, user="a", password="b")["result"] == "config"
    assert login(sainet, url="http://insecure")["result"] == "config"
    assert login(sainet, domain=None)["result"] == "config"
    assert ask("login", user="a", password="b")["result"] == "config"


def test_a_request_that_never_ends():
    begun = time.monotonic()
    with subprocess.Popen([str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}) as p:
        p.stdin.write(b"version=1\n")
        p.stdin.flush()
        assert p.wait(10) != 0
    assert 4 < time.monotonic() - begun < 7


def test_a_reader_that_went_away(sainet):
    data = message("login", {"provider": "sainet", "url": sainet.url, "domain": "PROD", "user": "alice",
                             "password": PASSWORD}, sainet.ca.pem)
    with subprocess.Popen([str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}) as p:
        p.stdout.close()
        p.stdin.write(data)
        p.stdin.close()
        assert p.wait(10) != 0


@pytest.mark.parametrize("timeout_ms", [1, 300, 1000, 2500])
def test_time(sainet, timeout_ms):
    sainet.fault("hang")
    begun = time.monotonic()
    done = run(message("login", {"provider": "sainet", "url": sainet.url, "domain": "PROD", "user": "alice",
                                 "password": PASSWORD, "timeout_ms": timeout_ms}, sainet.ca.pem))
    assert time.monotonic() - begun < max(timeout_ms, 100) / 1000 + LATE
    # 3: a busy machine left it no time for an answer.
    assert done.returncode == 0 or (done.returncode == 3 and timeout_ms < 1000 and done.stdout == b""), done
    assert done.returncode == 3 or parse(done.stdout)["result"] == "unavailable"


def test_connect_timeout(sainet):
    sainet.fault("hang-accept")
    a = login(sainet, connect_timeout="300ms")
    assert a["result"] == "unavailable" and a.seconds < 0.3 + LATE


def third(fd):
    """For a child: this one as descriptor 3, which in this process is somebody else's."""
    return {"close_fds": False, "preexec_fn": lambda: (os.dup2(fd, 3), os.set_inheritable(3, True))}


def ask_with_journal(op, server, fd, **fields):
    base = {"provider": "oauth2", "token_url": server.token_url, "client_id": CLIENT, "client_secret": SECRET,
            "journal": 3, "timeout_ms": 5000}
    return run(message(op, base | fields, server.ca.pem), **third(fd))


def test_journal(oauth, tmp_path):
    journal = tmp_path / "journal"
    with open(journal, "wb", buffering=0) as f:
        f.write(b"ours=1\n")
        done = ask_with_journal("token", oauth, f.fileno())
    assert parse(done.stdout)["result"] == "ok"
    assert journal.read_bytes() == b"ours=1\n" + done.stdout
    with open(journal, "wb", buffering=0) as f:
        done = ask_with_journal("token", oauth, f.fileno(), client_secret="wrong")
    assert parse(done.stdout)["result"] == "denied" and journal.read_bytes() == b""


def test_journal_comes_first(oauth, tmp_path):
    with open(tmp_path / "journal", "wb") as f:
        reader, writer = os.pipe()
        os.close(reader)  # nobody takes the answer
        data = message("token", {"provider": "oauth2", "token_url": oauth.token_url, "client_id": CLIENT,
                                 "client_secret": SECRET, "journal": 3}, oauth.ca.pem)
        done = subprocess.run([str(PROGRAM)], input=data, stdout=writer, stderr=subprocess.PIPE, env={}, timeout=30,
                              check=False, **third(f.fileno()))
        os.close(writer)
    assert done.returncode != 0
    assert parse((tmp_path / "journal").read_bytes())["result"] == "ok"


def test_journal_that_cannot_be_written(oauth):
    with open("/dev/full", "wb") as f:
        done = ask_with_journal("token", oauth, f.fileno())
    a = parse(done.stdout)
    assert done.returncode == 0 and done.stderr == b"", done
    assert a["result"] == "ok" and any("journal" in w for w in a["warning"]) and a["journal_failed"] == "1"
    assert oauth.active(a["access_token"]) and oauth.spendable(a["refresh_token"])
    assert "journal_failed" not in oauth_ask("token", oauth)


def test_journal_beyond_the_limit_of_files(oauth, tmp_path):
    data = message("token", {"provider": "oauth2", "token_url": oauth.token_url, "client_id": CLIENT,
                             "client_secret": SECRET, "journal": 3}, oauth.ca.pem)
    script = f'ulimit -f 0 && exec "$0" 3>>{tmp_path}/journal'
    done = subprocess.run(["/bin/bash", "-c", script, str(PROGRAM)], input=data, capture_output=True, env={}, timeout=30,
                          check=False)
    assert done.returncode == 0, done
    assert parse(done.stdout)["result"] == "ok" and parse(done.stdout)["journal_failed"] == "1"


UNUSABLE = [{"token_type": "mac"}, {"token_type": None}, {"access_token": None}, {"access_token": "a\nb"},
            {"access_token": "a" * 33000}, {"access_token": 7}]


@pytest.mark.parametrize("extra", UNUSABLE, ids=lambda value: str(value)[:30])
def test_refresh_token_outlives_an_unusable_access_token(oauth, tmp_path, extra):
    first = oauth_ask("token", oauth)
    oauth.set(extra=extra)
    journal = tmp_path / "journal"
    with open(journal, "wb", buffering=0) as f:
        done = ask_with_journal("refresh", oauth, f.fileno(), refresh_token=first["refresh_token"])
    a = parse(done.stdout)
    assert done.returncode == 0 and a["result"] == "protocol" and (a["http"], a["sent"], a["whole"]) == ("200", "1", "1")
    assert a["refresh_token"] != first["refresh_token"] and oauth.spendable(a["refresh_token"])
    assert int(a["refresh_expires_at"]) > time.time() and "scope" in a
    assert not {"access_token", "token_type", "expires_at"} & set(a)
    assert journal.read_bytes() == done.stdout
    with open("/dev/full", "wb") as f:
        done = ask_with_journal("refresh", oauth, f.fileno(), refresh_token=a["refresh_token"])
    b = parse(done.stdout)
    assert done.returncode == 0 and b["result"] == "protocol" and b["journal_failed"] == "1"
    assert oauth.spendable(b["refresh_token"])


def test_unusable_refresh_token(oauth, tmp_path):
    oauth.set(extra={"refresh_token": "a\nb", "token_type": "mac"})
    journal = tmp_path / "journal"
    with open(journal, "wb", buffering=0) as f:
        a = parse(ask_with_journal("token", oauth, f.fileno()).stdout)
    assert a["result"] == "protocol" and "refresh_token" not in a and "refresh_expires_at" not in a
    assert journal.read_bytes() == b""


def test_nothing_secret_is_told(sainet, oauth):
    secrets = ["pa55-c4nary", "c1ient-c4nary", "r3fresh-c4nary"]
    env = {"TOKENRING_TRACE": "1"}
    answers = [ask("login", sainet.ca.pem, env, provider="sainet", url=sainet.url, domain="PROD", user="alice",
                   password=secrets[0])]
    sainet.set(users={"alice": secrets[0]})
    answers.append(ask("login", sainet.ca.pem, env, provider="sainet", url=f"{dead_url()} {sainet.url}",
                       domain="PROD", user="alice", password=secrets[0]))
    fields = dict(provider="oauth2", token_url=oauth.token_url, client_id=CLIENT, client_secret=secrets[1])
    answers.append(ask("refresh", oauth.ca.pem, env, refresh_token=secrets[2], **fields))
    oauth.set(clients={CLIENT: secrets[1]})
    answers.append(ask("token", oauth.ca.pem, env, **fields))
    for a in answers:
        shown = a.stderr + a.get("message", "") + str(a["warning"])
        assert "->" in a.stderr
        for secret in [*secrets, a.get("access_token"), a.get("refresh_token")]:
            assert secret is None or secret not in shown
        assert "password=" not in shown and "user=" not in shown


def states(path):
    return dict(line.split(":\t") for line in pathlib.Path(path).read_text().splitlines() if ":\t" in line)


def test_isolation(sainet):
    sainet.fault("hang", times=1)
    data = message("login", {"provider": "sainet", "url": sainet.url, "domain": "PROD", "user": "alice",
                             "password": PASSWORD, "timeout_ms": 3000}, sainet.ca.pem)
    with subprocess.Popen([str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"A": "B"}) as p:
        p.stdin.write(data)
        p.stdin.close()
        assert sainet.wait(1, "login")
        status = states(f"/proc/{p.pid}/status")
        assert status["NoNewPrivs"] == "1"
        if ROOT:
            limits = pathlib.Path(f"/proc/{p.pid}/limits").read_text()
            assert any(line.split()[:6] == ["Max", "core", "file", "size", "0", "0"] for line in limits.splitlines())
            assert os.getsid(p.pid) == p.pid
            for name in ("Uid", "Gid"):
                ids = set(status[name].split())
                assert len(ids) == 1 and "0" not in ids, status[name]
            assert status["Groups"].strip() == "" and int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
        assert os.stat(f"/proc/{p.pid}/environ").st_uid == 0  # not dumpable
        p.kill()


# --- answers that no decent server sends


class Raw(Listener):
    """Answers every request with these bytes."""

    def __init__(self, ca, data):
        self.ca, self.data = ca, data
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*ca.cert("good"))

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                conn, _ = self.listener.accept()
                with contextlib.suppress(OSError), self.context.wrap_socket(conn, server_side=True) as tls:
                    head = b""
                    while b"\r\n\r\n" not in head or (head.startswith(b"POST") and b"grant_type=" not in head):
                        if not (data := tls.recv(4096)):
                            break
                        head += data
                    tls.sendall(self.data)
                    tls.unwrap()


OK = b"HTTP/1.1 200 OK\r\n"
TOKEN = b"Sai-Bearer-Token: abc\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"


@pytest.mark.parametrize("data,result", [
    (OK + TOKEN + EMPTY, "ok"),
    (OK.replace(b"1.1", b"1.0") + TOKEN + b"\r\n", "ok"),
    ((OK + TOKEN + EMPTY).replace(b"\r\n", b"\n"), "ok"),
    (OK + TOKEN + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "ok"),
    (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + TOKEN + EMPTY, "ok"),
    (b"HTTP/1.1 103 Early Hints\r\n" + TOKEN + b"\r\n" + OK + TOKEN + EMPTY, "ok"),
    # Only the final answer's header counts, and only its header.
    (b"HTTP/1.1 103 Early Hints\r\n" + TOKEN + b"\r\n" + OK + EMPTY, "protocol"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + OK + TOKEN + EMPTY, "protocol"),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n" + TOKEN + b"\r\n", "protocol"),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + TOKEN + b"\r\n", "protocol"),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nHTTP/1.1 200 OK\r\n" + TOKEN + b"\r\n", "protocol"),
    (OK + b"Content-Length: 40\r\n\r\n" + TOKEN + b" " * 17, "protocol"),
    (OK + TOKEN + b" def\r\n" + EMPTY, "protocol"),
    (OK + TOKEN[:-2] + b"\0def\r\n" + EMPTY, "protocol"),
    (OK + TOKEN[:-2] + b"\rdef\r\n" + EMPTY, "protocol"),
    (OK + b"X: " + b"x" * 20000 + b"\r\n" + TOKEN + EMPTY, "protocol"),
    (OK + b"X: " + b"x" * 2000000 + b"\r\n" + TOKEN + EMPTY, "protocol"),
    (OK + b"X: y\r\n" * 5000 + TOKEN + EMPTY, "protocol"),
    (b"HTTP/1.1 2000 OK\r\n" + TOKEN + EMPTY, None),
    (b"HTTP/9.9 200 OK\r\n" + TOKEN + EMPTY, None),
    (b"HTTP/1.1 abc\r\n" + TOKEN + EMPTY, None),
    (OK + TOKEN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", None),
    (OK + TOKEN + b"Content-Length: 5\r\n\r\nabc", "unavailable"),
    (OK + TOKEN, "unavailable"),
    (OK + TOKEN[:-2], "unavailable"),
    (OK, "unavailable"),
    (b"", "unavailable"),
    (b"\0" * 100, "protocol"),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "protocol"),
], ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else None)
def test_raw_answers(ca, data, result):
    with Raw(ca, data) as server:
        a = login(server, timeout_ms=3000)
    assert a["result"] == result if result else a["result"] in ("protocol", "unavailable"), a
    assert a.get("access_token") == ("abc" if result == "ok" else None)


TOKEN_JSON = b'{"access_token":"abc","token_type":"bearer"}'
GRANT_JSON = b'{"error":"invalid_grant"}'


def sized(status, body, length=None):
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body) if length is None else length, body)


@pytest.mark.parametrize("data,result,http,whole", [
    (sized(200, TOKEN_JSON), "ok", "200", "1"),
    (sized(400, GRANT_JSON), "denied", "400", "1"),
    (sized(503, b""), "later", "503", "1"),
    (sized(200, b"<html>"), "protocol", "200", "1"),
    (b"HTTP/1.1 100 Continue\r\n\r\n" + sized(200, TOKEN_JSON), "ok", "200", "1"),
    # lost on the way
    (sized(200, TOKEN_JSON, 60), "unavailable", "200", None),
    (sized(400, GRANT_JSON, 60), "unavailable", "400", None),
    (sized(401, b"", 1), "unavailable", "401", None),
    (b"HTTP/1.1 400 Bad\r\n", "unavailable", "400", None),
    (b"HTTP/1.1 400 Bad\r\nContent-Le", "unavailable", "400", None),
    (b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n19\r\n" + GRANT_JSON, "unavailable", "400", None),
    (sized(200, b"x" * 2000000), "protocol", "200", None),
    (b"HTTP/1.1 100 Continue\r\n\r\n", "unavailable", None, None),
    (b"", "unavailable", None, None),
], ids=lambda value: str(value)[:40])
def test_whole_or_lost(ca, data, result, http, whole):
    with Raw(ca, data) as server:
        a = ask("token", ca.pem, provider="oauth2", token_url=server.url, client_id="c", client_secret="s3cret")
    assert (a["result"], a.get("http"), a.get("whole"), a.get("sent")) == (result, http, whole, "1"), a


def test_whole_tells_of_the_same_answer_as_http(ca, oauth):
    fields = dict(token_url=None, issuer=oauth.issuer)
    a = oauth_ask("token", oauth, **fields)
    assert (a["result"], a["http"], a["whole"]) == ("ok", "200", "1")
    oauth.fault("truncate", path="/token", times=1)
    a = oauth_ask("token", oauth, **fields)
    assert a["result"] == "unavailable" and a["sent"] == "1" and "whole" not in a, a
    oauth.fault("status", path=".well-known", code=503, times=1)
    a = oauth_ask("token", oauth, **fields)
    assert (a["result"], a["http"], a["whole"]) == ("later", "503", "1") and "sent" not in a
    oauth.fault("truncate", path=".well-known", times=1)
    a = oauth_ask("token", oauth, **fields)
    assert a["result"] == "unavailable" and a["http"] == "200" and "whole" not in a and "sent" not in a
    assert (oauth_ask("discover", oauth, **fields)["whole"]) == "1"
    with Raw(ca, sized(200, b"{}", 9)) as server:
        a = ask("token", ca.pem, provider="oauth2", issuer=server.url, client_id="c", client_secret="s3cret")
    assert a["result"] == "unavailable" and a["http"] == "200" and not {"whole", "sent"} & set(a)
