# SPDX-License-Identifier: MIT
"""Tests with a real authorization server (oidc-provider) and a real browser (Chromium).

    VARIANT=system tests/tree
    VARIANT=system /usr/bin/python3 -m pytest tests/system_oauth

They need root for the tests with two users, and no network once tests/oidc/install has run.  Everything is on
loopback.  Run by root, tokenring and the browser are another user's, for root's browser is never started.
"""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import pytest

import sim
from conftest import BIN, TOP, Person, runtime_dirs
from system.peers import unavailable
from system.world import until

OIDC = TOP / "tests" / "oidc"
PLACE = TOP / "build" / "oidc"
# Users whom nobody else on this machine is, so that no other test has tokens as one of them.
USER = 65432 if os.geteuid() == 0 else os.getuid()
STRANGER = 65433

SECRET = "p+a/s:s %w~r&d=\"'\\<>"
CLIENTS = [
    {"client_id": "id+/ :%&=", "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_basic"},
    {"client_id": "poster", "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_post"},
    {"client_id": "nobody", "token_endpoint_auth_method": "none"},
    # A resource server, for introspection.
    {"client_id": "resource", "client_secret": "rs", "token_endpoint_auth_method": "client_secret_basic"},
]
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def clients():
    for c in CLIENTS:
        yield {**c, "grant_types": ["client_credentials"], "redirect_uris": [], "response_types": []}
    for name in ("app", "hasty", "slow"):
        yield {"client_id": name, "token_endpoint_auth_method": "none", "application_type": "native",
               "redirect_uris": ["http://127.0.0.1/callback"], "response_types": ["code"],
               "grant_types": ["authorization_code", "refresh_token", DEVICE_GRANT]}


def pytest_ignore_collect(collection_path, config):
    """Only if they are asked for by name: the tests of tests/check do without Node."""
    if not any("system_oauth" in str(arg) for arg in config.args):
        return True
    return None


def missing(name, why):
    """Skip; with CI=true only if tests/unavailable says why, and otherwise fail."""
    reason = unavailable().get(name)
    if os.environ.get("CI") == "true" and reason is None:
        pytest.fail(f"{name} cannot be run here ({why}), and tests/unavailable does not list it")
    pytest.skip(f"{name}: {reason or why}")


def peer(name):
    path = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")
    return path or missing(name, "not installed")


@pytest.fixture(scope="session")
def place():
    """A directory that everybody can read."""
    d = pathlib.Path(tempfile.mkdtemp(prefix="tokenring-oauth."))
    d.chmod(0o755)
    yield d
    shutil.rmtree(d)


@pytest.fixture(scope="session")
def ca(place):
    authority = sim.CA(str(place / "ca"))
    os.chmod(authority.pem, 0o644)
    return authority


class Provider:
    """The authorization server, and what a resource server sees of it."""

    def __init__(self, ca):
        node = peer("node")
        peer("npm")
        done = subprocess.run([OIDC / "install"], capture_output=True, text=True)
        if done.returncode != 0:
            missing("npm", "npm ci failed: " + done.stderr.strip()[-300:])
        cert, key = ca.cert()
        self.ca = ca
        self.cert = cert
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([node, OIDC / "server.js", PLACE], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, stderr=self.log,
                                        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "NODE_ENV": "production"})
        self.process.stdin.write(json.dumps({"cert": cert, "key": key, "clients": list(clients())}) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):
                break
        else:
            self.log.seek(0)
            pytest.fail("the authorization server does not start:\n" + self.log.read().decode()[-2000:])
        self.issuer = json.loads(line)["issuer"]
        self.metadata = json.loads(self.fetch("/.well-known/openid-configuration"))

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def fetch(self, path, form=None, client=None):
        request = urllib.request.Request(self.issuer + path)
        if form is not None:
            request.data = urllib.parse.urlencode(form).encode()
        if client is not None:
            request.add_header("Authorization", "Basic " + base64.b64encode(":".join(client).encode()).decode())
        context = ssl.create_default_context(cafile=self.ca.pem)
        try:
            return urllib.request.urlopen(request, context=context, timeout=20).read()
        except urllib.error.HTTPError as e:
            return e.read()

    def introspect(self, token):
        return json.loads(self.fetch("/token/introspection", {"token": token.strip()}, ("resource", "rs")))

    def active(self, token):
        return self.introspect(token)["active"]

    def spki(self):
        """What Chromium calls a key that it is to trust."""
        pem = subprocess.run(["openssl", "x509", "-in", self.cert, "-noout", "-pubkey"], check=True,
                             capture_output=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=pem, check=True,
                             capture_output=True).stdout
        return base64.b64encode(hashlib.sha256(der).digest()).decode()


@pytest.fixture(scope="session")
def provider(ca):
    p = Provider(ca)
    yield p
    p.stop()


class User(Person):
    """As Person; run by root, it is somebody else who runs the programs."""

    def __init__(self, base):
        super().__init__(base)
        for p in (base, self.home, self.config):
            os.chown(p, USER, USER if os.geteuid() == 0 else -1)

    def start(self, *args, **kw):
        if os.geteuid() == 0:
            kw = {"user": USER, "group": USER, "extra_groups": [], **kw}
        return super().start(*args, **kw)

    def profile(self, provider, name="op", **keys):
        self._profile(name, {"provider": "oauth2", "issuer": provider.issuer, "ca_file": provider.ca.pem,
                             "store": "file", **keys})

    def person(self, provider, grant, client="app", **keys):
        self.profile(provider, client_id=client, client_auth="none", grant=grant, scope="openid", **keys)

    def _drop(self, wanted):
        for serial in self.run("keyctl", "rlist", "@u").stdout.split():
            name = self.run("keyctl", "rdescribe", serial).stdout.strip().split(";")[-1]
            if name.startswith("tokenring:") and wanted(name[len("tokenring:"):]):
                self.run("keyctl", "unlink", serial, "@u")
        for d in {pathlib.Path(f"/dev/shm/tokenring-{USER}"), *runtime_dirs()}:
            for f in d.iterdir() if d.is_dir() else ():
                if wanted(f.name):
                    f.unlink(missing_ok=True)

    def forget(self):
        known = self.fingerprints()
        self._drop(lambda name: name[:32] in known)

    def expire(self):
        known = self.fingerprints()
        self._drop(lambda name: name in known)


def processes(uid):
    found = {}
    for p in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if p.stat().st_uid == uid and p.joinpath("stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                found[int(p.name)] = p.joinpath("cmdline").read_bytes()
        except OSError:
            continue
    return found


@pytest.fixture
def user(place, request):
    if not BIN.is_dir():
        pytest.fail(f"{BIN} is not there: run VARIANT=system tests/tree first, and this with the same VARIANT")
    base = pathlib.Path(tempfile.mkdtemp(prefix="user.", dir=place))
    u = User(base)
    if u.run(str(BIN / "tokenring"), "--version").returncode != 0:
        pytest.fail(f"uid {USER} cannot run {BIN}/tokenring: put the tree where everybody can read it")
    yield u
    u.forget()
    if os.geteuid() == 0:
        shutil.rmtree(f"/dev/shm/tokenring-{USER}", ignore_errors=True)

    def left():
        return {p: c for p, c in processes(USER).items() if str(base).encode() in c or b"tokenring-chromium." in c}

    assert until(lambda: not left()), f"processes are left: {left()}"
    shutil.rmtree(base)
