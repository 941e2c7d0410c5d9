# SPDX-License-Identifier: MIT
"""A host whose users SAINet knows: the machine's own programs in the namespaces
of tests/check-system, with users, PAM files and a log that are ours."""
import os
import pathlib
import re
import secrets
import shlex
import shutil
import subprocess
import time

from conftest import BIN, LIBEXEC, MODULE, ROOT, TOP

MARK = "cAnArY" + secrets.token_hex(4)  # in every password of these tests, and nowhere else
UNAVAILABLE = TOP / "tests" / "unavailable"
PAMD = pathlib.Path("/etc/pam.d")
PARKED = pathlib.Path("/run/tokenring/parked")
CONF = ROOT / "etc" / "tokenring.conf"
WORKER = LIBEXEC / "tokenring-net"
TOKEN_START = 40  # characters that all of the simulator's tokens begin with
PATH = f"{BIN}:/usr/local/bin:/usr/bin:/bin"


def marked(what):
    return f"{MARK}-{what}-{secrets.token_hex(6)}"


class User:
    def __init__(self, name, uid, password=None, local=False):
        self.name = name
        self.uid = uid
        self.password = password
        self.local = local
        self.home = pathlib.Path("/home") / name

    @property
    def env(self):
        return {"PATH": PATH, "HOME": str(self.home), "USER": self.name, "LOGNAME": self.name, "LANG": "C.UTF-8"}

    def argv(self, *args):
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--init-groups", *map(str, args)]

    def run(self, *args, env=(), **kw):
        """Run a command as this user, outside of any session."""
        return subprocess.run(self.argv(*args), env={**self.env, **dict(env)}, text=True, capture_output=True,
                              timeout=60, cwd="/", stdin=kw.pop("stdin", None) if "input" not in kw else None, **kw)

    def token(self):
        """What `tokenring token erp` says outside of any session: (status, token)."""
        r = self.run("tokenring", "--no-input", "token", "erp", stdin=subprocess.DEVNULL)
        return r.returncode, r.stdout.strip()

    def _keyctl(self, script):
        # A session of its own with a link to @u: what one possesses one may remove.
        r = self.run("keyctl", "session", "-", "sh", "-c", f"keyctl link @u @s; {script}", stdin=subprocess.DEVNULL)
        return r.stdout

    def keys(self):
        """(description, mask, whether it has a timeout) of the tokens in the user keyring."""
        found = []
        for serial in self._keyctl("keyctl rlist @u").split():
            what = self._keyctl(f"keyctl rdescribe {serial}").strip().split(";")
            if what[-1].startswith("tokenring:"):
                listed = self.run("cat", "/proc/keys").stdout
                timed = re.search(rf"^0*{int(serial):x} \S+ +\d+ +\d+[smhdw] ", listed, re.M) is not None
                found.append((what[-1], what[3], timed))
        return found

    def shm(self):
        d = pathlib.Path(f"/dev/shm/tokenring-{self.uid}")
        return sorted(p.name for p in d.iterdir()) if d.is_dir() else []

    def forget(self):
        self._keyctl("keyctl clear @u")
        shutil.rmtree(f"/dev/shm/tokenring-{self.uid}", ignore_errors=True)
        shutil.rmtree(self.home / ".local", ignore_errors=True)


def blocks():
    """The files that pam_sainet(8) shows, by the line that each begins with."""
    page = (TOP / "pam" / "pam_sainet.8").read_text()
    return re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", page, flags=re.M | re.S)


def block(start):
    found = [b for b in blocks() if re.match(start, b)]
    assert len(found) == 1, f"pam_sainet(8) has no example that begins with {start!r}"
    return found[0]


def pam_directory():
    """Where this machine's libpam looks for modules."""
    for d in ("/lib/*/security", "/usr/lib/*/security", "/lib/security", "/usr/lib64/security", "/usr/lib/security"):
        for p in sorted(pathlib.Path("/").glob(d[1:])):
            if (p / "pam_unix.so").exists():
                return p
    raise RuntimeError("pam_unix.so is nowhere")


class Host:
    def __init__(self, server):
        self.server = server
        base = 20000 + 16 * secrets.randbelow(2000)
        self.alice = User("alice", base, marked("alice"))
        self.bob = User("bob", base + 1, marked("bob"))
        self.dave = User("dave", base + 2)  # SAINet does not know him
        self.carol = User("carol", base + 3, marked("carol"), local=True)
        self.root = User("root", 0, marked("root"), local=True)
        self.users = [self.alice, self.bob, self.dave, self.carol]
        self.wrong = marked("wrong")
        self.place = pathlib.Path(os.environ["SYSTEM_PLACE"])
        self._users()
        self._module()
        self.stacks()

    # --- what a machine has

    def _users(self):
        def known(file, lines):
            # Replaced, not written to: others may have it open.
            path = pathlib.Path("/etc", file)
            names = {line.split(":")[0] for line in lines}
            old = [x for x in path.read_text().splitlines() if x.split(":")[0] not in names]
            new = path.with_name(f".{file}.new")
            new.write_text("\n".join(old + lines) + "\n")
            new.chmod(path.stat().st_mode & 0o7777)
            shutil.chown(new, path.stat().st_uid, path.stat().st_gid)
            new.rename(path)

        def crypt(user):
            return subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=user.password, text=True,
                                  capture_output=True, check=True).stdout.strip() if user.local else "*"
        known("passwd", ["root:x:0:0:root:/root:/bin/sh"] +
              [f"{u.name}:x:{u.uid}:{u.uid}::{u.home}:/bin/sh" for u in self.users])
        known("shadow", [f"{u.name}:{crypt(u)}:19000:0:99999:7:::" for u in [self.root, *self.users]])
        known("group", [f"{u.name}:x:{u.uid}:" for u in self.users] + [f"localadmin:x:{self.carol.uid + 1}:carol"])
        for u in self.users:
            u.home.mkdir(mode=0o700, exist_ok=True)
            os.chown(u.home, u.uid, u.uid)

    def _module(self):
        """Ours beside the machine's own, for stacks that name no directory."""
        real = pam_directory()
        self.modules = self.place / "security"
        if not self.modules.exists():
            shutil.copytree(real, self.modules, symlinks=True)
            subprocess.run(["mount", "--bind", self.modules, real], check=True)
        self.module = real / "pam_sainet.so"
        shutil.copy(MODULE, self.module)

    def service(self, name, text):
        (PAMD / name).write_text(text)

    def stacks(self):
        """The files as pam_sainet(8) shows them."""
        shipped = (TOP / "pam" / "sainet.pam").read_text()
        assert block(r"# /etc/pam\.d/sainet") == shipped
        self.service("sainet", shipped)
        session, caller = block(r"auth +include +sainet\naccount +required +pam_nologin"), block(r"auth +sufficient")
        for name in ("sshd", "login"):
            self.service(name, session)
        self.service("su", caller)
        self.service("su-l", caller)
        self.service("sudo", re.sub(r".*# su only\n", "", caller))

    # --- what an administrator writes

    def configure(self, text=None, **keys):
        if text is None:
            keys = {"provider": "sainet", "url": self.server.url, "domain": "PROD", "ca_file": self.server.ca.pem,
                    "store": "none", **keys}
            text = "[profile erp]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items())
        CONF.unlink(missing_ok=True)
        CONF.write_text(text)
        CONF.chmod(0o644)

    def fresh(self):
        """All as at the beginning, before each test."""
        self.server.reset()
        self.server.set(users={u.name: u.password for u in (self.alice, self.bob)})
        self.configure()
        shutil.rmtree(PARKED.parent, ignore_errors=True)
        for u in self.users:
            u.forget()

    def asked(self):
        return self.server.count("login")

    def parked(self):
        return [p.name for p in PARKED.iterdir()] if PARKED.is_dir() else []


def processes():
    """pid: command line of everything that lives in this namespace; zombies do not."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            state = pathlib.Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0]
            words = pathlib.Path("/proc", pid, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if state not in "ZX":
            found[int(pid)] = words or pathlib.Path("/proc", pid, "comm").read_text()
    return found


def until(condition, seconds=10):
    """Wait for it; what it says in the end."""
    end = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return result


def quote(*args):
    return shlex.join(map(str, args))
