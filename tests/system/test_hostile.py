# SPDX-License-Identifier: MIT
"""A set-uid program (hostile.c) that an ordinary user starts with the worst
environment, descriptors, limits and signals that he can think of."""
import fcntl
import os
import pathlib
import select
import signal
import socket
import subprocess
import time

import pytest

from . import world

SUCCESS, SYSTEM_ERR, BUF_ERR, AUTH_ERR, UNKNOWN, CONV_ERR = 0, 4, 5, 7, 10, 19
FAILED = {SYSTEM_ERR, BUF_ERR}   # something on this machine: never "unavailable"
PLACES = ["/root", "/tmp", "/run", "/home", "/dev/shm", "/var/log", "/etc"]


class Hostile:
    """One run of the program, by bob, for alice."""

    def __init__(self, host, password, *words, env=(), service="hostile"):
        self.host = host
        env = {"PATH": world.PATH, **dict(env)}
        argv = host.bob.argv("env", "-i", *[f"{k}={v}" for k, v in env.items()], host.hostile, service, "alice", *words)
        given, ours = os.pipe()
        self.report, theirs = os.pipe()
        os.write(ours, password.encode())
        os.close(ours)
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in (given, theirs)]
        null = os.open("/dev/null", os.O_RDWR)
        actions = [(os.POSIX_SPAWN_DUP2, a, b) for a, b in (*((null, n) for n in (0, 1, 2)), (high[0], 7), (high[1], 8))]
        self.pid = os.posix_spawnp("setpriv", argv, {"PATH": world.PATH}, file_actions=actions, setpgroup=0)
        for fd in (given, theirs, null, *high):
            os.close(fd)
        self.started = time.monotonic()

    def end(self, seconds=20):
        """(lines of the report, exit status); it does not hang."""
        text, limit = b"", self.started + seconds
        while True:
            if not select.select([self.report], [], [], max(limit - time.monotonic(), 0))[0]:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                pytest.fail(f"it hangs; so far: {text!r}")
            data = os.read(self.report, 4096)
            text += data
            if not data:
                break
        os.close(self.report)
        _, status = os.waitpid(self.pid, 0)
        self.took = time.monotonic() - self.started
        return text.decode().splitlines(), os.waitstatus_to_exitcode(status)


def result(host, password, *words, **kw):
    """The code of pam_authenticate; all else must be as it was."""
    lines, status = Hostile(host, password, *words, **kw).end()
    assert status == 0 and lines[-1] == "done", (lines, status)
    assert [x for x in lines if x.startswith("changed")] == []
    assert "chld 0" in lines
    return int(lines[0].removeprefix("auth "))


def listing():
    found = set()
    for top in PLACES:
        for d, dirs, names in os.walk(top):
            found |= {os.path.join(d, x) for x in (*dirs, *names)}
    return found


@pytest.fixture(scope="module")
def built(all_of_it):
    """Root's, set-uid, on a file system that allows it."""
    program = all_of_it.place / "hostile"
    source = pathlib.Path(__file__).with_name("hostile.c")
    subprocess.run(["cc", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source, "-lpam", "-lpthread"],
                   check=True)
    program.chmod(0o4755)
    all_of_it.hostile = program
    evil = all_of_it.place / "evil.so"
    code = ('#include <stdio.h>\n#include <unistd.h>\n__attribute__((constructor)) static void f(void) { char p[64]; '
            'snprintf(p, sizeof p, "/tmp/evil-%d-%d", (int)getuid(), (int)geteuid()); FILE *x = fopen(p, "w"); if (x) fclose(x); }\n')
    subprocess.run(["cc", "-shared", "-fPIC", "-o", evil, "-xc", "-"], input=code, text=True, check=True)
    all_of_it.evil = evil
    return all_of_it


@pytest.fixture
def hostile(built, host):
    for service, options in (("hostile", "timeout=5 nodelay"), ("usual", "timeout=10 nodelay")):
        host.service(service, "".join(f"{kind} required pam_sainet.so {options}\n" for kind in ("auth", "account", "session")))
    before = listing()
    yield host
    for user in host.users:
        user.forget()
    assert listing() - before - {str(x) for x in host.users[0].home.parent.glob("*/.local")} == set(), "files were written"


# --- the table: what the caller does, and how it may end with the right password

GOOD = {SUCCESS}
EITHER = {SUCCESS, *FAILED}
CASES = {
    "nothing": ("", GOOD),
    "nothing was looked up before": ("cold", GOOD),
    "no descriptors 0 to 2": ("close012", GOOD),
    "no descriptors, cold": ("cold close012", GOOD),
    "umask 0777": ("umask", GOOD),
    "no working directory": ("nodir", GOOD),
    "SIGCHLD ignored": ("chld-ignore", GOOD),
    "SIGCHLD handled": ("chld-handle", GOOD),
    "SIGCHLD with SA_NOCLDWAIT": ("chld-nowait", GOOD),
    "all signals blocked": ("block", GOOD),
    "all signals ignored": ("ignore", GOOD),
    "SIGPIPE kills": ("pipe", GOOD),
    "a timer every 3 ms": ("alarm", GOOD),
    "20 busy threads": ("threads 20", GOOD),
    "20 threads, SIGCHLD handled, a timer": ("threads 20 chld-handle alarm", GOOD),
    "NPROC 0": ("limit NPROC 0", GOOD),
    "FSIZE 0": ("limit FSIZE 0", GOOD),
    "CORE 0": ("limit CORE 0", GOOD),
    "MEMLOCK 0": ("limit MEMLOCK 0", GOOD),
    "SIGPENDING 0": ("limit SIGPENDING 0", GOOD),
    "CPU 1 s": ("limit CPU 1", GOOD),
    "STACK 64 KiB": ("limit STACK 65536", EITHER),
    "DATA 0": ("limit DATA 0", EITHER),
    # 9 is the highest descriptor in use.
    **{f"NOFILE {n}": (f"limit NOFILE {n}", EITHER) for n in range(0, 22)},
    **{f"NOFILE {n}, cold": (f"cold limit NOFILE {n}", EITHER | {UNKNOWN}) for n in (0, 10, 11, 12)},
    **{f"AS + {n} KiB": (f"limit AS {n << 10}", EITHER) for n in (0, 64, 132, 256, 1024, 4096)},
    **{f"AS + {n} KiB, cold": (f"cold limit AS {n << 10}", EITHER | {UNKNOWN}) for n in (0, 132, 1024)},
    "all at once": ("close012 umask nodir chld-ignore block alarm limit NPROC 0 limit FSIZE 0 limit CORE 0 threads 20", GOOD),
}


@pytest.mark.parametrize("name", CASES)
def test_callers(hostile, name):
    words, allowed = CASES[name]
    right = result(hostile, hostile.alice.password, *words.split())
    assert right in allowed
    wrong = result(hostile, hostile.wrong, *words.split())
    assert wrong in ({AUTH_ERR} if allowed == GOOD else {AUTH_ERR, *allowed} - {SUCCESS})
    assert not [x for x in hostile.server.logins if x["user"] != "alice" or x["domain"] != "PROD"]


def test_enough_descriptors_are_enough(hostile):
    """Eight more than are in use, if root may raise the limit for the worker."""
    capable = int(next(x for x in open("/proc/self/status") if x.startswith("CapEff")).split()[1], 16) >> 24 & 1
    assert result(hostile, hostile.alice.password, "limit", "NOFILE", "18" if capable else "64") == SUCCESS


@pytest.mark.parametrize("words", ["", "block", "alarm", "chld-handle"])
def test_twenty_at_once_in_one_process(hostile, words):
    lines, status = Hostile(hostile, hostile.alice.password, *words.split(), "parallel", "20", service="usual").end(40)
    assert status == 0 and lines[-1] == "done", lines
    codes = [int(x.split()[1]) for x in lines if x.startswith("auth ")]
    assert codes == [SUCCESS, AUTH_ERR] * 10
    assert [x for x in lines if x.startswith("changed")] == [] and "chld 0" in lines


def test_a_session_by_a_set_uid_program_gets_no_token(hostile):
    """It is started by bob, for alice: neither her cache nor his is touched."""
    lines, _ = Hostile(hostile, hostile.alice.password, "session").end()
    assert lines[:3] == ["auth 0", "setcred 0", "open 0"] and not [x for x in lines if x.startswith("changed")]
    assert hostile.alice.keys() == [] == hostile.bob.keys()


def test_a_caller_that_ends_in_the_conversation(hostile):
    lines, status = Hostile(hostile, hostile.alice.password, "suicide").end()
    assert (lines, status) == ([], 42) and hostile.asked() == 0


# --- the environment -----------------------------------------------------------

def environment(host, port):
    conf = host.place / "evil.cnf"
    conf.write_text("openssl_conf = a\n[a]\nproviders = b\nengines = e\n[b]\nevil = c\ndefault = d\n[d]\nactivate = 1\n"
                    f"[c]\nmodule = {host.evil}\nactivate = 1\n[e]\nx = f\n[f]\ndynamic_path = {host.evil}\ninit = 1\n")
    aliases = host.place / "aliases"
    aliases.write_text("localhost other.example\n")
    gconv = host.place / "gconv-modules"
    gconv.write_text(f"module X// INTERNAL {host.evil} 1\nmodule UTF-8// INTERNAL {host.evil} 1\n")
    proxy = f"http://127.0.0.1:{port}"
    return {
        "https_proxy": proxy, "HTTPS_PROXY": proxy, "ALL_PROXY": proxy, "all_proxy": proxy, "http_proxy": proxy,
        "no_proxy": "", "SSLKEYLOGFILE": "/root/x", "SSL_CERT_FILE": "/nonexistent", "SSL_CERT_DIR": "/nonexistent",
        "CURL_CA_BUNDLE": "/nonexistent", "CURL_HOME": "/tmp", "OPENSSL_CONF": conf, "OPENSSL_MODULES": host.place,
        "OPENSSL_ENGINES": host.place, "LD_PRELOAD": host.evil, "LD_LIBRARY_PATH": host.place, "LD_AUDIT": host.evil,
        "LD_DEBUG": "all", "LD_DEBUG_OUTPUT": "/tmp/ld", "LD_PROFILE": "libc.so.6", "RES_OPTIONS": "timeout:30 attempts:9",
        "HOSTALIASES": aliases, "LOCALDOMAIN": "example", "TMPDIR": "/nonexistent", "GCONV_PATH": host.place,
        "LOCPATH": host.place, "LC_ALL": "../../../../tmp", "LANGUAGE": "../../tmp", "NLSPATH": "/tmp/%N", "TZ": "/tmp/tz",
        "MALLOC_TRACE": "/tmp/trace", "MALLOC_CHECK_": "3", "MALLOC_PERTURB_": "1", "MALLOC_ARENA_MAX": "1",
        "GLIBC_TUNABLES": "glibc.malloc.check=3", "HOME": "/tmp", "XDG_RUNTIME_DIR": "/tmp", "XDG_CONFIG_HOME": "/tmp",
        "XDG_STATE_HOME": "/tmp", "TOKENRING_CONFIG": "/tmp/tokenring.conf", "TOKENRING_TRACE": "1",
        "TOKENRING_PARKED": "0" * 32, "TOKENRING_LIBEXEC": str(host.place), "BASH_ENV": "/tmp/x", "ENV": "/tmp/x", "IFS": "a",
    }


@pytest.mark.parametrize("how", ["the caller's", "set in the program", "keys to /tmp"])
def test_environment(hostile, how):
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        env = environment(hostile, trap.getsockname()[1])
        words = []
        if how == "set in the program":  # where the dynamic linker has removed nothing
            words, env = [w for k, v in env.items() for w in ("setenv", f"{k}={v}")], {}
        elif how == "keys to /tmp":
            env = {"SSLKEYLOGFILE": "/tmp/keys"}
        assert result(hostile, hostile.alice.password, *words, env=env) == SUCCESS
        assert result(hostile, hostile.wrong, *words, env=env) == AUTH_ERR
        with pytest.raises(BlockingIOError):
            trap.accept()
    assert hostile.asked() == 2
    assert not list(pathlib.Path("/tmp").glob("evil*"))


# --- signals from outside ------------------------------------------------------

def worker_of(run):
    """(the process in the middle, the worker), once the server has the request."""
    assert run.host.server.wait(1, "login")
    found = world.processes()
    worker, = [p for p, c in found.items() if "tokenring-net" in c]
    ppid = pathlib.Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1]
    return int(ppid), worker


@pytest.mark.parametrize("whom,number,code", [
    *(("worker", n, SYSTEM_ERR) for n in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGQUIT, signal.SIGSTOP)),
    *(("middle", n, SYSTEM_ERR) for n in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP)),
    *(("middle", n, SUCCESS) for n in (signal.SIGSEGV, signal.SIGQUIT, signal.SIGINT)),  # blocked there
])
def test_a_worker_that_is_killed_or_stopped(hostile, whom, number, code):
    hostile.server.fault("delay", path="login", seconds=2)
    run = Hostile(hostile, hostile.alice.password)
    middle, worker = worker_of(run)
    os.kill(middle if whom == "middle" else worker, number)
    lines, _ = run.end()
    assert lines[0] == f"auth {code}"
    assert not [x for x in lines if x.startswith("changed")]
    assert run.took < 5 + 3
    assert world.until(lambda: worker not in world.processes(), 5)


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT])
def test_what_an_ordinary_user_may_send(hostile, number):
    """Whoever started a set-uid program may signal it and its copies, but not the worker."""
    hostile.server.fault("delay", path="login", seconds=1)
    run = Hostile(hostile, hostile.wrong)
    middle, worker = worker_of(run)
    assert hostile.bob.run("sh", "-c", f"kill -{int(number)} {worker}").returncode != 0
    hostile.bob.run("sh", "-c", f"kill -{int(number)} {middle}")
    lines, _ = run.end()
    assert lines[0] in ("auth 4", "auth 7")
    assert not [x for x in lines if x.startswith("changed")]
    assert world.until(lambda: worker not in world.processes(), 5)


def test_a_program_that_is_its_caller_for_a_while(hostile):
    """The worker is not his even then: he could look into it, and change its answer."""
    hostile.server.fault("delay", path="login", seconds=1)
    run = Hostile(hostile, hostile.wrong, "lower")
    for pid in worker_of(run):
        assert hostile.bob.run("sh", "-c", f"kill -0 {pid}").returncode != 0
    lines, _ = run.end()
    assert lines[0] == "auth 7" and not [x for x in lines if x.startswith("changed")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP, signal.SIGUSR1])
@pytest.mark.parametrize("words", ["", "ignore"])
def test_a_signal_to_the_process_group(hostile, number, words):
    hostile.server.fault("delay", path="login", seconds=2)
    run = Hostile(hostile, hostile.alice.password, *words.split())
    worker_of(run)
    os.killpg(run.pid, number)
    if words:
        lines, _ = run.end()
        assert lines[0] == "auth 0", "the worker is in a session of its own"
        return
    if number == signal.SIGTSTP:
        time.sleep(0.3)
        os.killpg(run.pid, signal.SIGCONT)
        assert run.end()[0][0] == "auth 0"
        return
    lines, status = run.end()
    assert (lines, status) == ([], -number), "the caller dies of it, and with it the worker (see the host fixture)"


def test_a_stopped_caller_comes_back_after_the_deadline(hostile):
    hostile.server.fault("delay", path="login", seconds=0.5)
    run = Hostile(hostile, hostile.alice.password)
    worker_of(run)
    os.kill(run.pid, signal.SIGSTOP)
    time.sleep(6)
    os.kill(run.pid, signal.SIGCONT)
    lines, _ = run.end()
    assert lines[0] in ("auth 0", "auth 4") and lines[-1] == "done"
