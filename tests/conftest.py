# SPDX-License-Identifier: MIT
"""What the tests share: the installed tree, servers, and a person who uses it."""
import collections
import ctypes
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

import pytest

TESTS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS))
sys.path.insert(0, str(TESTS / "e2e"))
sys.dont_write_bytecode = True

import sim  # noqa: E402

TOP = TESTS.parent
VARIANT = os.environ.get("VARIANT", "check")
BUILD = TOP / "build" / VARIANT
ROOT = BUILD / "root"
BIN = ROOT / "bin"
LIBEXEC = ROOT / "libexec" / "tokenring"
MODULE = ROOT / "lib" / "security" / "pam_sainet.so"
os.environ.setdefault("TOKENRING_LIBEXEC", str(LIBEXEC))

# Nothing of the machine's own set-up may decide a test.
for name in list(os.environ):
    if name.startswith(("XDG_", "DBUS_", "TOKENRING_", "ITCARE_", "GIT_", "CURL_", "SSL_")) \
            and name != "TOKENRING_LIBEXEC" or name.lower().endswith("_proxy") \
            or name in ("DISPLAY", "WAYLAND_DISPLAY"):
        del os.environ[name]


def pytest_configure(config):
    config.addinivalue_line("markers", "long: too long for each commit; make check-system runs it")


@pytest.fixture(scope="session")
def ca(tmp_path_factory):
    return sim.CA(str(tmp_path_factory.mktemp("ca")))


@pytest.fixture(scope="module")
def sainet_server(ca):
    with sim.Sainet(ca) as server:
        yield server


@pytest.fixture
def sainet(sainet_server):
    sainet_server.reset()
    yield sainet_server
    sainet_server.reset()


@pytest.fixture(scope="module")
def oauth_server(ca):
    with sim.OAuth(ca) as server:
        yield server


@pytest.fixture
def oauth(oauth_server):
    oauth_server.reset()
    yield oauth_server
    oauth_server.reset()


@pytest.fixture(scope="module")
def itcare_server(ca, oauth_server):
    with sim.ITCare(ca, oauth_server.active) as server:
        yield server


@pytest.fixture
def itcare(itcare_server):
    itcare_server.reset()
    yield itcare_server
    itcare_server.reset()


RECENT = collections.deque(maxlen=3)


def full(result):
    return (f"{' '.join(map(str, result.args))} -> {result.returncode}\n--- stdout\n{result.stdout}\n"
            f"--- stderr\n{result.stderr}")


def servers_of(values):
    for value in values:
        if isinstance(value, sim.Server):
            yield value
        elif isinstance(value, tuple):
            yield from servers_of(value)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Whoever reads of a failure elsewhere has nothing but the report: the last commands as they were, not shortened,
    and what the simulators saw."""
    report = (yield).get_result()
    if call.when == "call" and report.failed:
        report.sections += [(f"command {i - len(RECENT)}", full(r)) for i, r in enumerate(RECENT)]
        report.sections += [(f"requests at {server.url}", "\n".join(
            " ".join(str(e[key]) for key in ("time", "method", "path", "status", "fault")) for e in server.requests[-5:]))
            for server in servers_of(item.funcargs.values())]
    if call.when == "teardown":
        RECENT.clear()


CROWD = """
for i in $(seq "$1"); do
	{ "$2" token >"$3/$i.out" 2>"$3/$i.err"; echo $? >"$3/$i.status"; } &
done
wait
"""


class Person:
    """Somebody with a home directory, a configuration and a session."""

    def __init__(self, base):
        self.base = base
        self.tool = BIN / "tokenring"
        self.home = base / "home"
        self.home.mkdir(mode=0o700)
        self.config = base / "tokenring.conf"
        self.config.write_text("")
        self.state = base / "state"
        self.env = {
            "PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(self.home), "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(self.state), "TOKENRING_CONFIG": str(self.config),
            "TMPDIR": str(base), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
        }

    def configure(self, text):
        self.config.write_text(text)

    def sainet(self, server, name="erp", account="alice", **keys):
        """Add a profile for a SAINet simulator."""
        self._profile(name, {"provider": "sainet", "url": server.url, "domain": "PROD",
                             "account": account, "ca_file": server.ca.pem, **keys})

    def oauth(self, server, name="itc", **keys):
        """Add a profile for an OAuth 2.0 simulator."""
        self._profile(name, {"provider": "oauth2", "token_url": server.token_url,
                             "revocation_url": server.revocation_url,
                             "ca_file": server.ca.pem, **keys})

    def _profile(self, name, keys):
        lines = [f"[profile {name}]"]
        lines += [f"{k} = {v}" for k, v in keys.items() if v is not None]
        with self.config.open("a") as f:
            f.write("\n".join(lines) + "\n")

    def start(self, *args, **kw):
        env = {**self.env, **kw.pop("env", {})}
        env = {k: v for k, v in env.items() if v is not None}
        kw.setdefault("stdin", subprocess.PIPE if "input" in kw else subprocess.DEVNULL)
        kw.pop("input", None)
        argv = [str(a) for a in args]
        if argv[0] == "tokenring":
            argv[0] = str(BIN / "tokenring")
        # A session of its own: no terminal of the machine that runs the tests.
        return subprocess.Popen(argv, env=env, text=True, encoding="utf-8", errors="surrogateescape",
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.base,
                                start_new_session=True, **kw)

    def run(self, *args, input=None, timeout=60, **kw):
        if input is not None:
            kw["input"] = True
        p = self.start(*args, **kw)
        try:
            out, err = p.communicate(input, timeout=timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            raise
        result = subprocess.CompletedProcess(args, p.returncode, out, err)
        RECENT.append(result)
        return result

    def tokenring(self, *args, **kw):
        return self.run("tokenring", *args, **kw)

    def ok(self, *args, **kw):
        """Run tokenring, demand success and silence, return its standard output."""
        r = self.tokenring(*args, **kw)
        assert (r.returncode, r.stderr) == (0, ""), r
        return r.stdout

    def crowd(self, n):
        """The results of n `tokenring token` at once, started by a shell: threads of this process would hold up the
        simulator, which is in it too."""
        place = pathlib.Path(tempfile.mkdtemp(dir=self.base))
        self.run("sh", "-c", CROWD, "sh", n, BIN / "tokenring", place, timeout=120)

        def result(i):
            status, out, err = ((place / f"{i}.{what}").read_text() for what in ("status", "out", "err"))
            return subprocess.CompletedProcess("token", int(status), out, err)
        return [result(i) for i in range(1, n + 1)]

    def session(self, keyring):
        """Work in this D-Bus session from now on."""
        self.env["DBUS_SESSION_BUS_ADDRESS"] = keyring.env["DBUS_SESSION_BUS_ADDRESS"]

    def fingerprints(self):
        return {p.name[:32] for p in (self.state / "tokenring").glob("*") if len(p.name) > 32}

    def forget(self):
        """Take away what the kernel and tmpfs keep for this person's profiles."""
        forget(self.fingerprints())

    def expire(self):
        """Make every cached access token go, as if its time had come."""
        for fp in self.fingerprints():
            forget({fp}, exact=True)


class Login:
    """A `tokenring login` that waits for a person."""

    def __init__(self, person, *args, **kw):
        self.process = person.start("tokenring", "login", *args, **kw)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.communicate()

    def end(self):
        """(status, what it said behind what was read)"""
        out, err = self.process.communicate(timeout=60)
        assert out == ""
        return self.process.returncode, err


class Opened:
    """How often a file was opened meanwhile (inotify): a process that is not
    dumpable shows a tracer no file names."""

    def __init__(self, path):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.path = os.fsencode(path)
        self.count = None

    def __enter__(self):
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self.fd >= 0 and self.libc.inotify_add_watch(self.fd, self.path, 0x20) >= 0
        return self

    def __exit__(self, *exc):
        try:
            self.count = len(os.read(self.fd, 4096)) // 16
        except BlockingIOError:
            self.count = 0
        os.close(self.fd)


@pytest.fixture(scope="session")
def clock_library(tmp_path_factory):
    """To be preloaded, for another time (e2e/clock.c)."""
    path = tmp_path_factory.mktemp("clock") / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O", "-o", path, TESTS / "e2e" / "clock.c"], check=True)
    return path


HELD = []


def dead_port():
    """Where nobody listens on loopback, and for as long as this process is there nobody else can."""
    HELD.append(socket.socket())
    HELD[-1].bind(("127.0.0.1", 0))
    return HELD[-1].getsockname()[1]


def runtime_dirs():
    uid = os.getuid()
    return [p for p in (pathlib.Path(f"/run/user/{uid}/tokenring"),
                        pathlib.Path(f"/dev/shm/tokenring-{uid}")) if p.is_dir()]


def user_keyring():
    return subprocess.run(["keyctl", "rlist", "@u"], capture_output=True, text=True).stdout.split()


def keys():
    """(serial, description) of our keys in the user keyring."""
    for serial in user_keyring():
        d = subprocess.run(["keyctl", "rdescribe", serial], capture_output=True, text=True).stdout
        name = d.strip().split(";")[-1]
        if name.startswith("tokenring:"):
            yield serial, name[len("tokenring:"):]


def forget(fingerprints, exact=False):
    if not fingerprints:
        return
    for serial, name in keys():
        if (name if exact else name[:32]) in fingerprints:
            subprocess.run(["keyctl", "unlink", serial, "@u"], capture_output=True)
    for d in runtime_dirs():
        for f in d.iterdir():
            if (f.name if exact else f.name[:32]) in fingerprints:
                f.unlink(missing_ok=True)


# One process has all tests of a file: those that take longest begin first.
LONGEST = ("test_pam.py", "test_transcripts.py", "test_device_patience.py", "test_net.py", "test_oauth.py",
           "test_api_wait.py", "test_api.py", "test_logout.py", "test_unit.py", "test_loopback.py")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_sessionfinish(session):
    """What is kept for a keyring and not for a person, forgotten once all workers are done, and what has ended: a key
    that the kernel collects by itself goes on counting against the quota of whoever runs the tests (cache.h)."""
    if not hasattr(session.config, "workerinput"):
        forget({name for _, name in keys() if name.endswith((".salt", ".answered"))}, exact=True)
        for serial in user_keyring():
            if "expired" in subprocess.run(["keyctl", "rdescribe", serial], capture_output=True, text=True).stderr:
                subprocess.run(["keyctl", "unlink", serial, "@u"], capture_output=True)


@pytest.fixture
def person(tmp_path):
    p = Person(tmp_path)
    yield p
    p.forget()


@pytest.fixture
def keyring(person):
    """The same person, with an unlocked keyring on a session bus."""
    from keyring import Keyring
    with Keyring() as k:
        person.session(k)
        yield k


@pytest.fixture
def keyring_grant(person, oauth, keyring):
    """Somebody signed in with a device code, whose access token is gone; the grant is in a real keyring."""
    oauth.set(clients={"app": None}, auto_approve=True, device_interval=1)
    person.oauth(oauth, client_id="app", client_auth="none", grant="device",
                 device_authorization_url=oauth.device_authorization_url)
    assert person.tokenring("login").returncode == 0
    person.expire()
    oauth.clear_log()
    return person


@pytest.fixture
def itc(person, oauth, itcare):
    """Somebody with a client of ITCare's."""
    oauth.set(clients={"cli": "a-secret"})
    (person.base / "secret").write_text("a-secret\n")
    person.oauth(oauth, client_id="cli", client_secret_file=person.base / "secret", store="none",
                 match=itcare.api, api_url=itcare.api)
    return person


def stored(person, kind):
    """The files of store = file."""
    return list((person.state / "tokenring" / "store").glob(f"*.{kind}"))


@pytest.fixture
def person_grant(person, oauth):
    """Somebody signed in by the device flow; what is kept is a refresh token."""
    oauth.set(clients={"app": None}, auto_approve=True, device_interval=1)
    person.oauth(oauth, client_id="app", client_auth="none", grant="device", store="file",
                 device_authorization_url=oauth.device_authorization_url)
    r = person.tokenring("login")
    assert r.returncode == 0, r
    assert "To sign in, open https://" in r.stderr
    assert stored(person, "refresh")
    return person


def which(name):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path
