# SPDX-License-Identifier: MIT
"""Every dialect's conversations, byte for byte: tests/transcripts/README.md."""
import contextlib
import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
import time

import pytest

from conftest import BIN, TESTS, Person, dead_port
from keyring import Bus, Keyring, StuckPrompt, missing

CASES = sorted((TESTS / "transcripts").glob("*/*.case"))
pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}")


# --- the form ----------------------------------------------------------------

class Step:
    def __init__(self, argv):
        self.argv = argv
        self.env = {}
        self.input, self.output, self.error = [], [], []
        self.status = 0
        self.same = None


def parse(text):
    """The worlds and the steps of a case."""
    worlds, steps = [], []
    for number, line in enumerate(text.splitlines(), 1):
        word, _, rest = line.partition(" ")
        lists = {"<": "input", ">": "output", "!": "error"}
        if not line or word == "#":
            continue
        if word == "given" and not steps:
            worlds.append(rest)
        elif word == "$":
            steps.append(Step(shlex.split(rest)))
        elif word == "env" and steps:
            name, _, value = rest.partition("=")
            steps[-1].env[name] = value
        elif word == "exit" and steps:
            steps[-1].status = int(rest)
        elif word == "same" and steps:
            steps[-1].same = rest == "yes"
        elif word.rstrip("-") in lists and steps:
            getattr(steps[-1], lists[word.rstrip("-")]).append(rest + ("" if word.endswith("-") else "\n"))
        else:
            raise ValueError(f"line {number}: {line}")
    assert steps
    return worlds, steps


def to_bytes(lines, variables):
    text = "".join(lines)
    text = re.sub(r"\{(.)\*(\d+)\}", lambda m: m[1] * int(m[2]), text)
    text = re.sub(r"\{(\w+)\}", lambda m: variables(m[1]), text)
    data = text.encode("utf-8", "surrogateescape")
    names = {b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
    return re.sub(rb"\\(x[0-9a-f]{2}|.)", lambda m: names.get(m[1]) or bytes([int(m[1][1:], 16)]), data)


# --- the worlds --------------------------------------------------------------

class World:
    """A person, and what `given` adds to his surroundings."""

    def __init__(self, person, shared, oauth, stack):
        self.person, self.shared, self.oauth, self.stack = person, shared, oauth, stack
        self.profile = self.token = self.own = None
        self.known = {"config": str(person.config), "server": oauth.token_url.split("/")[2]}
        person.session(shared)

    def add(self, name):
        getattr(self, name.replace(" ", "_").replace("-", "_"))()

    def client(self, name, match, **keys):
        secret = self.person.base / "secret"
        secret.write_text("secret of client\n")
        self.oauth.set(clients={"cli": "secret of client"}, cc_refresh=False)
        self.person.oauth(self.oauth, name=name, **{"client_id": "cli", "client_secret_file": secret, "store": "none",
                                                    "match": match, **keys})
        self.profile = name

    def keyring(self, **options):
        self.own = self.stack.enter_context(Keyring(**options))
        self.person.session(self.own)

    def itc(self):
        """A profile that needs nobody, for git.example.com and a path of erp.example.com."""
        self.client("itc", "https://git.example.com https://paths.example.com/group")

    def grant(self):
        """A profile whose grant is in a keyring of its own; its access token is used up."""
        self.keyring()
        self.oauth.set(clients={"app": None}, auto_approve=True, device_interval=1)
        self.person.oauth(self.oauth, name="grant", client_id="app", client_auth="none", grant="device",
                          match="https://grant.example.com",
                          device_authorization_url=self.oauth.device_authorization_url)
        assert self.person.tokenring("login").returncode == 0
        self.person.expire()

    def erp(self):
        """A profile that nobody has signed in to."""
        self.person._profile("erp", {"provider": "sainet", "url": "https://erp.example.com", "domain": "PROD",
                                     "account": "alice", "store": "file"})

    def wrong(self):
        """A profile whose client the server does not know."""
        self.client("wrong", "https://wrong.example.com", client_id="nobody")

    def down(self):
        """A profile whose server is not there."""
        port = dead_port()
        self.known["port"] = str(port)
        self.client("down", "https://down.example.com", token_url=f"https://127.0.0.1:{port}/token")

    def twins(self):
        """Two profiles for one host."""
        self.client("one", "https://twins.example.com")
        self.client("two", "https://twins.example.com", scope="two")

    def fault(self):
        """A configuration with a fault."""
        self.person.configure("[profile x]\nprovider = nonsense\n")

    def no_configuration(self):
        self.person.env["TOKENRING_CONFIG"] = "/nonexistent"

    def no_bus(self):
        """No D-Bus but a display, where GLib would start a bus."""
        del self.person.env["DBUS_SESSION_BUS_ADDRESS"]
        trap = self.person.base / "bin"
        trap.mkdir()
        (trap / "dbus-launch").write_text(f"#!/bin/sh\ntouch {self.person.base}/launched\n")
        (trap / "dbus-launch").chmod(0o755)
        self.person.env.update(DISPLAY=":99", PATH=f"{trap}:{self.person.env['PATH']}")

    def no_service(self):
        self.person.session(self.stack.enter_context(Bus()))

    def locked(self):
        if self.own:
            self.own.restart(unlock=False)
        else:
            self.keyring(locked=True)

    def no_default(self):
        """A keyring service without a default collection."""
        self.keyring(empty=True)

    def empty_keyring(self):
        """A keyring of its own with nothing in it."""
        self.keyring()

    def stopped(self):
        """A keyring service that does not answer."""
        if not self.own:
            self.keyring()
        os.kill(self.own.daemon_pid, signal.SIGSTOP)

    def stuck(self):
        """A locked keyring whose prompt never ends."""
        self.person.session(self.stack.enter_context(StuckPrompt()))

    def read_only_state(self):
        """A state directory that cannot be written."""
        self.person.state.mkdir()
        self.person.state.chmod(0o500)
        self.stack.callback(self.person.state.chmod, 0o700)

    def variable(self, name):
        if name in self.known:
            return self.known[name]
        if name == "before":
            return hashlib.sha256(self.token.encode()).hexdigest()[:32]
        shown = json.loads(self.person.ok("token", self.profile, "--json"))
        self.token, expires = shown["access_token"], shown["expires_at"]
        return {"token": self.token, "expires": str(expires),
                # min_valid before the end
                "told": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires - 60)),
                "state": hashlib.sha256(self.token.encode()).hexdigest()[:32]}[name]


@pytest.fixture(scope="module")
def shared():
    with Keyring() as k:
        yield k


@pytest.fixture
def world(tmp_path, shared, oauth):
    person = Person(tmp_path)
    with contextlib.ExitStack() as stack:
        yield World(person, shared, oauth, stack)
    person.forget()
    assert not (tmp_path / "launched").exists(), "dbus-launch was started"


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_transcript(world, path):
    worlds, steps = parse(path.read_text(errors="surrogateescape"))
    for name in worlds:
        world.add(name)
    for number, step in enumerate(steps, 1):
        program = BIN / step.argv[0]
        env = {**world.person.env, **step.env}
        before = world.token
        done = subprocess.run([str(program), *step.argv[1:]], input=to_bytes(step.input, world.variable), env=env,
                              capture_output=True, cwd=world.person.base, start_new_session=True, timeout=30)
        where = f"{path.name}, command {number}"
        assert done.stdout == to_bytes(step.output, world.variable), where
        assert done.stderr == to_bytes(step.error, world.variable), where
        assert done.returncode == step.status, where
        assert step.same is None or step.same == (world.token == before), where


def test_cases_are_there():
    assert len(CASES) > 20
