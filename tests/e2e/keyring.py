# SPDX-License-Identifier: MIT
"""A private D-Bus session with a real gnome-keyring, and nothing else in it;
or with a Secret Service of our own that behaves as no real one does on demand.

The bus has no service files, so that nothing is started behind the test's
back; there is no display, so that no prompt can appear.  Works as root and as
any other user.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
PASSWORDLESS = """[keyring]
display-name=Default keyring
ctime=1700000000
mtime=0
lock-on-idle=false
lock-after=false
"""
SERVICE = "org.freedesktop.secrets"
KEYRING_DAEMON = "gnome-keyring-daemon"
NEEDED = ("dbus-daemon", "gdbus", KEYRING_DAEMON)
WAIT_S = 10
PR_SET_PDEATHSIG = 1

# For a program built with a sanitizer: libsecret leaks each prompt's proxy.
SUPPRESSED = "leak:_secret_prompt_instance\n"
SANITIZER = {
    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":fast_unwind_on_malloc=0"
} | {k: v for k, v in os.environ.items() if k == "UBSAN_OPTIONS"}

_libc = ctypes.CDLL(None)


def missing():
    """The programs that this machine lacks."""
    return [p for p in NEEDED if shutil.which(p) is None]


def wait_for(condition, what, seconds=WAIT_S):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return
        time.sleep(0.01)
    raise RuntimeError(f"{what}: not within {seconds} s")


def listens(path):
    """Does the socket take connections?  Its file is there before it does."""
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(str(path)) == 0


def die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def end(process):
    """End one process of ours, stopped or not."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Bus:
    """A private session bus.  `env` is all that a program in it gets."""

    def __init__(self, home=None):
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="tokenring-bus."))
        self._own_home = home is None
        self.home = pathlib.Path(
            tempfile.mkdtemp(prefix="tokenring-home.") if home is None else home
        )
        self.bus = None
        path = self.run / "bus"
        self.env = SANITIZER | {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.run),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={path}",
            "LSAN_OPTIONS": f"suppressions={self.run}/suppressed"
            ":print_suppressions=0",
        }
        try:
            (self.run / "suppressed").write_text(SUPPRESSED)
            self._start_bus(path)
        except BaseException:
            self.stop()
            raise

    def _start_bus(self, path):
        conf = self.run / "bus.conf"
        conf.write_text(BUS_CONFIG.format(path=path))
        self.bus = self.spawn(
            ["dbus-daemon", f"--config-file={conf}", "--nofork", "--nopidfile"],
            stdin=subprocess.DEVNULL,
        )
        wait_for(lambda: listens(path), "dbus-daemon")

    def spawn(self, argv, **options):
        with open(self.run / "log", "ab") as log:
            return subprocess.Popen(
                argv,
                env=self.env,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
                **options,
            )

    def wait_name(self, name=SERVICE):
        done = subprocess.run(
            ["gdbus", "wait", "--session", "--timeout", str(WAIT_S), name],
            env=self.env,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError((self.run / "log").read_text(errors="replace"))

    def stop(self):
        end(self.bus)
        self.bus = None
        shutil.rmtree(self.run, ignore_errors=True)
        if self._own_home:
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


class Keyring(Bus):
    """A bus with gnome-keyring-daemon.

    home          reuse this HOME and leave it in place
    locked        the login keyring exists and is locked
    passwordless  the default keyring is a plain text file, as with autologin
    empty         no keyring was ever made: there is no default collection
    """

    def __init__(
        self,
        home=None,
        password="test",
        locked=False,
        passwordless=False,
        empty=False,
    ):
        self.daemon = None
        self.password = password
        self._unlock = not (passwordless or empty)
        super().__init__(home)
        try:
            if passwordless:
                self._make_passwordless()
            self.start()
            if locked:
                self.restart(unlock=False)
        except BaseException:
            self.stop()
            raise

    @property
    def daemon_pid(self):
        return self.daemon.pid

    @property
    def files(self):
        """Where the daemon keeps its keyrings."""
        return self.home / ".local/share/keyrings"

    def _make_passwordless(self):
        self.files.mkdir(parents=True, mode=0o700, exist_ok=True)
        path = self.files / "Default_keyring.keyring"
        if not path.exists():
            path.write_text(PASSWORDLESS)
            path.chmod(0o600)
            (self.files / "default").write_text("Default_keyring")

    def _binary(self):
        """The daemon; a copy where its file capability forbids to run it."""
        path = shutil.which(KEYRING_DAEMON)
        try:
            subprocess.run([path, "--version"], capture_output=True, check=False)
        except PermissionError:
            copy = self.run / KEYRING_DAEMON
            shutil.copyfile(path, copy)
            copy.chmod(0o700)
            path = str(copy)
        return path

    def start(self, unlock=None):
        if unlock is not None:
            self._unlock = unlock
        self.daemon = self.spawn(
            [
                self._binary(),
                "--unlock" if self._unlock else "--start",
                "--foreground",
                "--components=secrets",
            ],
            stdin=subprocess.PIPE,
        )
        if self._unlock:
            self.daemon.stdin.write(self.password.encode())
        self.daemon.stdin.close()
        self.wait_name()

    def end_daemon(self):
        end(self.daemon)
        self.daemon = None

    def restart(self, unlock=None):
        self.end_daemon()
        self.start(unlock)

    def stop(self):
        self.end_daemon()
        super().stop()


def pad(data, to):
    return data + bytes(-len(data) % to)


def text(s):
    """A STRING or OBJECT_PATH of the D-Bus specification."""
    return struct.pack("<I", len(s)) + s.encode() + b"\0"


def signature(s):
    return bytes([len(s)]) + s.encode() + b"\0"


def paths(*names):
    """An ARRAY of OBJECT_PATH."""
    data = b""
    for name in names:
        data = pad(data, 4) + text(name)
    return struct.pack("<I", len(data)) + data


class StuckPrompt(Bus):
    """A Secret Service that answers at once, and whose prompts never complete.

    It has one item, locked or open, whose deletion asks too.  `calls` are the
    methods that were called.  Speaks D-Bus itself, as much as that takes
    (D-Bus Specification, "Message Protocol"), so that no library is needed.
    """

    ITEM = "/org/freedesktop/secrets/collection/c/1"
    PROMPT = "/org/freedesktop/secrets/prompt/p"

    def __init__(self, locked=True, default=True):
        self.calls = []
        self.socket = self.thread = None
        self._serial = 0
        none, item = paths(), paths(self.ITEM)
        collection = self.ITEM.rpartition("/")[0] if default else "/"
        self._answers = {
            "SearchItems": ("aoao", none + item if locked else item + none),
            "Unlock": ("aoo", none + text(self.PROMPT)),
            "ReadAlias": ("o", text(collection)),
            "CreateCollection": ("oo", pad(text("/"), 4) + text(self.PROMPT)),
            "Get": ("v", pad(signature("b"), 4) + struct.pack("<I", 1)),
            "Delete": ("o", text(self.PROMPT)),
            "Prompt": ("", b""),
            "Dismiss": ("", b""),
        }
        super().__init__()
        try:
            self._connect()
            self.wait_name()
        except BaseException:
            self.stop()
            raise

    def _connect(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(self.run / "bus"))
        self._in = self.socket.makefile("rb")
        uid = str(os.getuid()).encode().hex().encode()
        self.socket.sendall(b"\0AUTH EXTERNAL " + uid + b"\r\n")
        assert self._in.readline().startswith(b"OK ")
        self.socket.sendall(b"BEGIN\r\n")
        self._call_bus("Hello", "", b"")
        self._call_bus("RequestName", "su", pad(text(SERVICE), 4) + bytes(4))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _call_bus(self, member, form, body):
        bus = "org.freedesktop.DBus"
        self._send(1, {1: ("o", "/org/freedesktop/DBus"), 2: ("s", bus),
                       3: ("s", member), 6: ("s", bus), 8: ("g", form)}, body)

    def _send(self, kind, fields, body):
        head = b""
        for code, (form, value) in fields.items():
            if form == "u":
                value = struct.pack("<I", value)
            else:
                value = signature(value) if form == "g" else text(value)
            head = pad(head, 8) + bytes([code]) + signature(form) + value
        self._serial += 1
        start = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), self._serial, len(head))
        self.socket.sendall(pad(start + head, 8) + body)

    def _receive(self):
        return self._receive_whole()[:4]

    def _receive_whole(self):
        start = self._in.read(16)
        if len(start) < 16:
            raise EOFError
        _, kind, flags, _, body, serial, size = struct.unpack("<cBBBIII", start)
        head = self._in.read(size + -size % 8)
        content = self._in.read(body)
        fields, at = {}, 0
        while at < size:
            at += -at % 8
            code, form = head[at], head[at + 2:at + 3]
            at += 4
            if form == b"g":
                n, at = head[at], at + 1
            else:
                n, at = struct.unpack_from("<I", head, at)[0], at + 4
            if form != b"u":
                fields[code] = head[at:at + n].decode()
                at += n + 1
        return kind, flags, serial, fields, content

    def _serve(self):
        try:
            while True:
                kind, flags, serial, fields = self._receive()
                if kind != 1:
                    continue
                self.calls.append(fields[3])
                to = {5: ("u", serial), 6: ("s", fields[7])}
                if fields[3] in self._answers:
                    form, body = self._answers[fields[3]]
                    self._send(2, to | {8: ("g", form)}, body)
                elif not flags & 1:
                    name = "org.freedesktop.DBus.Error.UnknownMethod"
                    self._send(3, to | {4: ("s", name)}, b"")
        except (OSError, EOFError, ValueError):
            pass

    def stop(self):
        # First the thread: a read that the kernel starts again would be of whatever has the descriptor by then.
        if self.thread is not None:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)
            self.thread.join(20)
        if self.socket is not None:
            self.socket.close()
        super().stop()
