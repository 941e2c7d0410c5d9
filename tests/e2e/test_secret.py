# SPDX-License-Identifier: MIT
"""tokenring-secret against a real gnome-keyring on a bus of its own.

TOKENRING_LIBEXEC names the directory of the built program.
"""

import base64
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

import pytest

from keyring import SANITIZER, Bus, Keyring, StuckPrompt, missing, wait_for

LIBEXEC = os.environ.get("TOKENRING_LIBEXEC", "")
PROGRAM = pathlib.Path(LIBEXEC) / "tokenring-secret"
FP = "0123456789abcdef0123456789abcdef"
OTHER_FP = "fedcba9876543210fedcba9876543210"
KINDS = ("refresh", "client-secret", "password", "access")
PRINTABLE = "".join(chr(c) for c in range(0x20, 0x7F))
CANARY = "c4nary-S3cret-77a1"

pytestmark = [
    pytest.mark.skipif(not LIBEXEC, reason="TOKENRING_LIBEXEC is not set"),
    pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}"),
]


class Answer(dict):
    """The last value of each key; lists under keys that end in []."""

    seconds = 0.0


def run(env, message, **options):
    start = time.monotonic()
    done = subprocess.run(
        [str(PROGRAM)],
        input=message,
        env=SANITIZER | env,
        capture_output=True,
        timeout=20,
        check=False,
        **options,
    )
    return done, time.monotonic() - start


def ask(env, op, payload=(), known=(), **fields):
    lines = ["version=1", f"op={op}"]
    lines += [f"{k}={v}" for k, v in fields.items()]
    lines += [f"payload[]={p}" for p in payload]
    lines += [f"fp[]={p}" for p in known]
    message = "\n".join([*lines, "end=ok", ""]).encode()
    done, seconds = run(env, message)
    assert done.returncode == 0, done
    assert done.stderr == b""
    text = done.stdout.decode().split("\n")
    assert text[0] == "version=1"
    assert text[-2:] == ["end=ok", ""]
    answer = Answer({"payload[]": [], "item[]": []})
    answer.seconds = seconds
    for line in text[1:-2]:
        key, value = line.split("=", 1)
        if key.endswith("[]"):
            answer[key].append(value)
        else:
            assert key not in answer
            answer[key] = value
    if answer["result"] == "ok":
        assert "message" not in answer
    else:
        assert answer["message"]
        assert answer["payload[]"] == answer["item[]"] == []
    return answer


def put(env, payload, fp=FP, kind="refresh", label="work"):
    return ask(env, "put", payload, fp=fp, kind=kind, label=label)


def get(env, fp=FP, kind="refresh", **fields):
    return ask(env, "get", fp=fp, kind=kind, **fields)


def gdbus(env, path, method, *args):
    done = subprocess.run(
        ["gdbus", "call", "--session", "-d", "org.freedesktop.secrets",
         "-o", path, "-m", method, *args],
        env=env, capture_output=True, text=True, check=True,
    )
    return done.stdout


def everything(env):
    """What any program on the bus can read without a secret."""
    paths = gdbus(
        env, "/org/freedesktop/secrets",
        "org.freedesktop.Secret.Service.SearchItems", "@a{ss} {}",
    ).split("'")[1::2]
    return [
        gdbus(env, p, "org.freedesktop.DBus.Properties.GetAll",
              "org.freedesktop.Secret.Item")
        for p in paths
    ]


@pytest.fixture(scope="module")
def shared():
    with Keyring() as k:
        yield k


@pytest.fixture
def keyring(shared):
    yield shared
    for fp in (FP, OTHER_FP):
        ask(shared.env, "erase", fp=fp)


@pytest.fixture
def own():
    with Keyring() as k:
        yield k


@pytest.fixture
def locked():
    """A keyring that holds one item and was never unlocked in this session."""
    with Keyring() as k:
        assert put(k.env, ["secret"])["result"] == "ok"
        k.restart(unlock=False)
        yield k


@pytest.mark.parametrize(
    "payload",
    [
        ["one"],
        [""],
        ["one", "two=2", "", "last"],
        ["trailing", ""],
        ["", "leading"],
        [" spaces  ", "  "],
        ["h\u00e9llo \u2713 \u65e5\u672c\u8a9e \U0001f511"],
        [PRINTABLE],
        [PRINTABLE[i:] for i in range(4)],
        ["x" * 32768],
        ["y" * 1000] * 33,
        ['{"json": "\\n\\u0041 \\\\ \\/"}'],
    ],
    ids=lambda p: f"{len(p)}-{len(p[0])}",
)
def test_round_trip(keyring, payload):
    assert put(keyring.env, payload)["result"] == "ok"
    answer = get(keyring.env)
    assert answer["result"] == "ok"
    assert answer["payload[]"] == payload


def test_kinds_and_fingerprints_apart(keyring):
    for kind in KINDS:
        for fp in (FP, OTHER_FP):
            assert put(keyring.env, [kind + fp], fp, kind)["result"] == "ok"
    for kind in KINDS:
        for fp in (FP, OTHER_FP):
            assert get(keyring.env, fp, kind)["payload[]"] == [kind + fp]


def test_replaced_stays_one(keyring):
    for n in range(5):
        assert put(keyring.env, [f"n{n}"], label=f"l{n}")["result"] == "ok"
    assert get(keyring.env)["payload[]"] == ["n4"]
    items = ask(keyring.env, "list")["item[]"]
    assert items == [f"open {FP} refresh l4"]


def test_stored_form(keyring):
    """One line of base64url without padding; schema, attributes and label."""
    payload = ["a=1", "b=\u00e9\u00ff\u00fe??>>"]
    put(keyring.env, payload, label="my work")
    if shutil.which("secret-tool"):
        stored = subprocess.run(
            ["secret-tool", "lookup", "xdg:schema", "io.github.tokenring",
             "v", "1", "fp", FP, "kind", "refresh"],
            env=keyring.env, capture_output=True, text=True, check=True,
        ).stdout
        assert "=" not in stored and "\n" not in stored
        padded = stored + "=" * (-len(stored) % 4)
        assert base64.urlsafe_b64decode(padded).decode() == "\n".join(payload)
    [item] = everything(keyring.env)
    assert "'Label': <'my work'>" in item
    for part in ("'v': '1'", f"'fp': '{FP}'", "'kind': 'refresh'",
                 "'xdg:schema': 'io.github.tokenring'"):
        assert part in item


def test_attributes_and_label_hold_no_secret(own):
    for kind in KINDS:
        put(own.env, [f"password={CANARY}", CANARY], kind=kind)
    encoded = base64.urlsafe_b64encode(CANARY.encode()).decode()
    seen = everything(own.env)
    assert len(seen) == 4
    own.restart(unlock=False)
    seen += everything(own.env)
    assert CANARY not in str(seen)
    assert encoded[:12] not in str(seen)
    for path in own.files.iterdir():
        assert CANARY.encode() not in path.read_bytes()
    assert CANARY not in (own.run / "log").read_text(errors="replace")


def test_get_nothing(keyring):
    assert get(keyring.env)["result"] == "notfound"


def test_erase_one_kind(keyring):
    for kind in KINDS:
        put(keyring.env, [kind], kind=kind)
    done = ask(keyring.env, "erase", fp=FP, kind="password")
    assert done["result"] == "ok"
    assert get(keyring.env, kind="password")["result"] == "notfound"
    assert get(keyring.env, kind="refresh")["payload[]"] == ["refresh"]
    again = ask(keyring.env, "erase", fp=FP, kind="password")
    assert again["result"] == "notfound"


def test_erase_all_kinds(keyring):
    for kind in KINDS:
        put(keyring.env, [kind], kind=kind)
    put(keyring.env, ["stays"], OTHER_FP)
    assert ask(keyring.env, "erase", fp=FP)["result"] == "ok"
    assert ask(keyring.env, "erase", fp=FP)["result"] == "notfound"
    assert ask(keyring.env, "list")["item[]"] == [f"open {OTHER_FP} refresh work"]


def test_list_shows_ours_only(keyring):
    store = ["secret-tool", "store", "--label=other", "v", "1", "fp", "x"]
    if shutil.which(store[0]) is None:
        pytest.skip("no secret-tool")
    subprocess.run(store, input=b"p", env=keyring.env, check=True)
    put(keyring.env, ["x"], label="h\u00e9 \u2713 two words")
    items = ask(keyring.env, "list")["item[]"]
    assert items == [f"open {FP} refresh h\u00e9 \u2713 two words"]


def test_list_empty(keyring):
    answer = ask(keyring.env, "list")
    assert answer["result"] == "ok"
    assert answer["item[]"] == []


def test_probe(keyring):
    assert ask(keyring.env, "probe")["result"] == "ok"


def test_stale_copy_in_another_collection(own):
    """An item left in a former default keyring is not found again."""
    put(own.env, ["old"])
    gdbus(own.env, "/org/freedesktop/secrets",
          "org.freedesktop.Secret.Service.SetAlias", "default",
          "/org/freedesktop/secrets/collection/session")
    put(own.env, ["new"])
    assert get(own.env)["payload[]"] == ["new"]
    assert len(everything(own.env)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"op": "get", "kind": "refresh"},
        {"op": "get", "fp": "../../x", "kind": "refresh"},
        {"op": "get", "fp": FP.upper(), "kind": "refresh"},
        {"op": "get", "fp": FP},
        {"op": "get", "fp": FP, "kind": "other"},
        {"op": "erase"},
        {"op": "put", "fp": FP, "kind": "refresh", "label": "x"},
        {"op": "put", "fp": FP, "kind": "refresh"},
        {"op": "nonsense"},
    ],
    ids=str,
)
def test_bad_request(keyring, fields):
    op = fields["op"]
    rest = {k: v for k, v in fields.items() if k != "op"}
    assert ask(keyring.env, op, **rest)["result"] == "failed"


@pytest.mark.parametrize(
    "message",
    [b"", b"\n", b"version=1\nop=probe\n", b"version=9\nop=probe\nend=ok\n",
     b"op=probe\nend=ok\n", b"version=1\nop=probe\0\nend=ok\n",
     b"version=1\nop=get\nop=put\nend=ok\n", b"x" * 2_000_000],
    ids=lambda m: repr(m[:24]),
)
def test_broken_message(keyring, message):
    done, _ = run(keyring.env, message)
    assert done.returncode == 0
    assert b"result=failed\n" in done.stdout
    assert done.stderr == b""


def test_number_of_keys(keyring):
    """256 keys in all, version and end among them; lists do not count."""
    lists = {"known": [OTHER_FP] * 2000}
    for n, wanted in ((252, "ok"), (253, "failed")):
        keys = {f"x{i}": i for i in range(n)}
        answer = ask(keyring.env, "list", prompt=0, **lists, **keys)
        assert answer["result"] == wanted
    assert "too many keys" in answer["message"]


def test_damaged_item(keyring):
    if shutil.which("secret-tool") is None:
        pytest.skip("no secret-tool")
    put(keyring.env, ["x"])
    subprocess.run(
        ["secret-tool", "store", "--label=work", "xdg:schema",
         "io.github.tokenring", "v", "1", "fp", FP, "kind", "refresh"],
        input=CANARY.encode() + b"=!", env=keyring.env, check=True,
    )
    answer = get(keyring.env)
    assert answer["result"] == "failed"
    assert "damaged" in answer["message"]
    assert CANARY not in str(answer)


def test_locked(locked):
    for answer in (
        get(locked.env),
        put(locked.env, ["new"]),
        ask(locked.env, "erase", fp=FP, kind="refresh"),
        ask(locked.env, "erase", fp=FP),
        ask(locked.env, "probe"),
        get(locked.env, kind="password"),
    ):
        assert answer["result"] == "locked"
        assert answer.seconds < 3
    locked.restart(unlock=True)
    assert get(locked.env)["payload[]"] == ["secret"]


def test_locked_list(locked):
    assert ask(locked.env, "list")["item[]"] == ["locked - refresh "]
    named = ask(locked.env, "list", known=[OTHER_FP, FP])
    assert named["item[]"] == [f"locked {FP} refresh "]


def test_locked_with_a_person_but_no_prompter(locked):
    answer = get(locked.env, prompt=1)
    assert answer["result"] in ("canceled", "locked")
    assert answer.seconds < 3


def test_locked_during_the_session(own):
    put(own.env, ["secret"])
    gdbus(own.env, "/org/freedesktop/secrets",
          "org.freedesktop.Secret.Service.Lock",
          "[objectpath '/org/freedesktop/secrets/collection/login']")
    assert get(own.env)["result"] == "locked"
    [item] = ask(own.env, "list", known=[FP])["item[]"]
    assert item.startswith(f"locked {FP} refresh")


@pytest.mark.parametrize(
    "op, fields",
    [
        ("get", {"fp": FP, "kind": "refresh"}),
        ("erase", {"fp": FP}),
        ("probe", {}),
    ],
)
def test_prompt_that_never_completes(op, fields):
    """A locked keyring: a person is asked only if there is one, and however
    long that takes, the caller has its answer in time."""
    with StuckPrompt() as k:
        answer = ask(k.env, op, **fields)
        assert answer["result"] == "locked"
        assert answer.seconds < 2
        assert "Prompt" not in k.calls
        answer = ask(k.env, op, prompt=1, timeout_ms=500, **fields)
        assert answer["result"] == "unreachable"
        assert answer["message"].endswith("did not answer within 0.5 s")
        assert 0.45 < answer.seconds < 2
        assert "Prompt" in k.calls


def test_prompt_by_the_way():
    """An open item whose deletion asks: libsecret would take the prompt up by
    itself."""
    with StuckPrompt(locked=False) as k:
        answer = ask(k.env, "erase", fp=FP)
        assert answer["result"] == "locked"
        assert "Delete" in k.calls and "Prompt" not in k.calls
        answer = ask(k.env, "erase", fp=FP, prompt=1, timeout_ms=500)
        assert answer["result"] == "unreachable"
        assert 0.45 < answer.seconds < 2
        assert "Prompt" in k.calls


def test_prompt_for_a_new_keyring():
    with StuckPrompt(default=False) as k:
        assert put(k.env, ["x"])["result"] == "notfound"
        assert "CreateCollection" not in k.calls
        answer = ask(k.env, "put", ["x"], fp=FP, kind="refresh", label="w",
                     prompt=1, timeout_ms=500)
        assert answer["result"] == "unreachable"
        assert 0.45 < answer.seconds < 2
        assert k.calls[-1] == "Prompt"


@pytest.mark.parametrize("display", [None, ":99"])
def test_no_bus(tmp_path, display):
    """No address: nothing is started, above all no dbus-launch."""
    trap = tmp_path / "dbus-launch"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/launched\n")
    trap.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}
    if display is not None:
        env["DISPLAY"] = display
    for address in (None, "", "autolaunch:", "autolaunch:;unix:path=/nowhere",
                    "unixexec:path=/bin/true", "tcp:host=localhost,port=1"):
        if address is not None:
            env["DBUS_SESSION_BUS_ADDRESS"] = address
        answer = get(env)
        assert answer["result"] == "unreachable"
        assert "no D-Bus session bus" in answer["message"]
        assert answer.seconds < 2
    assert not (tmp_path / "launched").exists()


def test_bus_gone(tmp_path):
    env = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/none"}
    answer = get(env)
    assert answer["result"] == "unreachable"
    assert answer.seconds < 2


def test_bus_without_service():
    with Bus() as bus:
        for answer in (get(bus.env), put(bus.env, ["x"]),
                       ask(bus.env, "probe"), ask(bus.env, "list")):
            assert answer["result"] == "unreachable"
            assert answer.seconds < 2


def test_silent_bus(tmp_path):
    """A socket that accepts and says nothing."""
    import socket

    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen()
        env = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={path}"}
        answer = get(env, timeout_ms=300)
    assert answer["result"] == "unreachable"
    assert 0.25 < answer.seconds < 2


def test_stopped_daemon(own):
    put(own.env, ["x"])
    os.kill(own.daemon_pid, signal.SIGSTOP)
    try:
        answer = get(own.env)
        assert answer["result"] == "unreachable"
        assert answer["message"].endswith("did not answer within 3 s")
        assert 2.9 < answer.seconds < 5
        for again in (ask(own.env, "probe", timeout_ms=200),
                      ask(own.env, "list", timeout_ms=200),
                      ask(own.env, "erase", timeout_ms=200, fp=FP),
                      get(own.env, timeout_ms=200, prompt=1)):
            assert again["result"] == "unreachable"
            assert again.seconds < 2
    finally:
        os.kill(own.daemon_pid, signal.SIGCONT)
    assert get(own.env)["payload[]"] == ["x"]


def test_stopped_in_the_middle(own):
    """Stopped between two calls, wherever that is."""
    put(own.env, ["x"])
    for delay_ms in range(4, 16, 3):
        def stop(delay=delay_ms / 1000):
            time.sleep(delay)
            os.kill(own.daemon_pid, signal.SIGSTOP)

        thread = threading.Thread(target=stop)
        thread.start()
        try:
            answer = get(own.env, timeout_ms=400)
            assert answer["result"] in ("ok", "unreachable")
            assert answer.seconds < 2
        finally:
            thread.join()
            os.kill(own.daemon_pid, signal.SIGCONT)


def test_stdin_never_ends(keyring):
    """A caller that sends nothing does not keep the program for ever."""
    start = time.monotonic()
    with subprocess.Popen(
        [str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=keyring.env,
    ) as p:
        assert b"result=unreachable" in p.stdout.read()
        assert p.wait() == 0
    assert time.monotonic() - start < 5


def test_killed_daemon(own):
    put(own.env, ["x"])
    own.daemon.kill()
    own.daemon.wait()
    for answer in (get(own.env), ask(own.env, "erase", fp=FP)):
        assert answer["result"] == "unreachable"
        assert answer.seconds < 2


def test_passwordless_keyring_survives():
    """A plain text keyring is parsed anew after a restart: ours and the
    items of others must still be there (several lines would destroy them)."""
    payload = ["access_token=ab=c", "no equals sign", " [section]", PRINTABLE]
    with Keyring(passwordless=True) as k:
        other = ["secret-tool", "store", "--label=other", "app", "other"]
        if shutil.which(other[0]):
            subprocess.run(other, input=b"theirs", env=k.env, check=True)
        assert put(k.env, payload)["result"] == "ok"
        path = k.files / "Default_keyring.keyring"
        wait_for(lambda: FP in path.read_text(), "the keyring's file")
        k.restart()
        assert get(k.env)["payload[]"] == payload
        if shutil.which(other[0]):
            theirs = subprocess.run(
                ["secret-tool", "lookup", "app", "other"],
                env=k.env, capture_output=True, check=True,
            )
            assert theirs.stdout == b"theirs"


def test_restart_keeps(own):
    put(own.env, ["kept", "\u00e9"])
    own.restart()
    assert get(own.env)["payload[]"] == ["kept", "\u00e9"]


def test_no_default_collection():
    with Keyring(empty=True) as k:
        for answer in (put(k.env, ["x"]), ask(k.env, "probe")):
            assert answer["result"] == "notfound"
            assert "no default keyring" in answer["message"]
        assert get(k.env)["result"] == "notfound"
        assert not list(k.files.glob("*.keyring"))


def test_no_default_collection_prompt_dismissed():
    with Keyring(empty=True) as k:
        answer = ask(k.env, "put", ["x"], fp=FP, kind="refresh", label="w",
                     prompt=1)
        assert answer["result"] == "canceled"
        assert answer.seconds < 3


def test_hooks_are_ignored(keyring):
    """Neither another backend nor another peer by environment."""
    env = keyring.env | {
        "SECRET_BACKEND": "file",
        "SECRET_SERVICE_BUS_NAME": "org.example.other",
        "G_MESSAGES_DEBUG": "all",
        "G_DEBUG": "fatal-warnings",
    }
    assert put(env, ["x"])["result"] == "ok"
    assert get(keyring.env)["payload[]"] == ["x"]


def test_closed_descriptors(keyring):
    """With standard error closed nothing of the bus lands in its place."""
    message = f"version=1\nop=get\nfp={FP}\nkind=refresh\nend=ok\n"
    put(keyring.env, ["x"])
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" 2>&-', str(PROGRAM)], input=message.encode(),
        env=keyring.env, stdout=subprocess.PIPE, check=True,
    )
    assert b"payload[]=x\n" in done.stdout
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" >&-', str(PROGRAM)], input=message.encode(),
        env=keyring.env, check=False,
    )
    assert get(keyring.env)["payload[]"] == ["x"]


def test_parallel(keyring):
    """Many at once: each answers, and one item remains."""
    results = []
    threads = [
        threading.Thread(
            target=lambda n=n: results.append(put(keyring.env, [f"p{n}"]))
        )
        for n in range(16)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    # A put that another overtook before its read-back may say so.
    assert {r["result"] for r in results} <= {"ok", "failed"}
    assert "ok" in {r["result"] for r in results}
    assert len(results) == 16
    assert len(ask(keyring.env, "list")["item[]"]) == 1


def test_only_necessary_calls(keyring):
    """The bus sees no look-up, no property and no signal more than needed."""
    if shutil.which("dbus-monitor") is None:
        pytest.skip("no dbus-monitor")
    put(keyring.env, ["x"])
    log = keyring.run / "monitor"
    with open(log, "wb") as out:
        monitor = subprocess.Popen(
            ["dbus-monitor", "--session", "--profile"], env=keyring.env,
            stdout=out, stderr=subprocess.DEVNULL,
        )
    try:
        wait_for(lambda: b"NameLost" in log.read_bytes() or
                 b"NameAcquired" in log.read_bytes(), "dbus-monitor")
        before = log.read_text().count("\n")
        get(keyring.env)
        wait_for(lambda: "GetSecrets" in log.read_text(), "the monitor's log")
    finally:
        monitor.terminate()
        monitor.wait()
    calls = [
        line.split("\t")[-1]
        for line in log.read_text().splitlines()[before:]
        if line.startswith("mc")
    ]
    # Match rules are not waited for.
    assert [c for c in calls if not c.endswith("Match")] == [
        "Hello", "SearchItems", "OpenSession", "GetSecrets"]
