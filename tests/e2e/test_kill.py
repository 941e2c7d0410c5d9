# SPDX-License-Identifier: MIT
"""SIGKILL in the middle of a refresh: no grant is lost, no lock stays."""
import os
import pathlib
import signal
import time


from conftest import stored


def children(pid):
    """The descendants' (pid, command name): what /proc shows of a process that
    nobody may trace, too."""
    parent, name = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                head, rest = pathlib.Path("/proc", entry, "stat").read_text().rsplit(")", 1)
            except OSError:
                continue
            parent[int(entry)] = int(rest.split()[1])
            name[int(entry)] = head.split("(", 1)[1]
    found = [pid]
    for p in found:
        found += [c for c in parent if parent[c] == p]
    return [(p, name[p]) for p in found[1:]]


def worker_of(process, command="tokenring-net"):
    """The worker's process id, as soon as it runs."""
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        for pid, name in children(process.pid):
            if name == command[:15]:
                return pid
    raise AssertionError(f"{command} was not started")


def refresh_of(person):
    return stored(person, "refresh")[0].read_text().strip()


def alive(person, oauth):
    """The next caller answers, and the grant is good."""
    r = person.tokenring("token")
    assert r.returncode == 0 and oauth.active(r.stdout.strip()), r
    assert oauth.grant_alive(refresh_of(person))


def test_front_killed_while_the_server_thinks(person_grant, oauth):
    """The worker finishes and holds the lock; the next one finds its answer."""
    p = person_grant
    p.expire()
    oauth.clear_log()
    oauth.fault("delay", path="/token", times=1, seconds=2)
    with p.start("tokenring", "token") as front:
        assert oauth.wait(1, "/token")
        front.kill()
        front.communicate()
    alive(p, oauth)
    assert oauth.count("/token") == 1


def test_worker_killed_before_the_server_took_the_request(person_grant, oauth):
    p = person_grant
    p.expire()
    oauth.clear_log()
    oauth.fault("hang", path="/token", times=1)
    with p.start("tokenring", "token") as front:
        assert oauth.wait(1, "/token")
        os.kill(worker_of(front), signal.SIGKILL)
        _, err = front.communicate(timeout=20)
    assert front.returncode == 1 and "killed" in err
    alive(p, oauth)


def test_both_killed_before_the_server_took_the_request(person_grant, oauth):
    p = person_grant
    p.expire()
    oauth.clear_log()
    oauth.fault("hang", path="/token", times=1)
    with p.start("tokenring", "token") as front:
        assert oauth.wait(1, "/token")
        worker = worker_of(front)
        front.kill()
        os.kill(worker, signal.SIGKILL)
        front.communicate()
    alive(p, oauth)


def stop_keyring_when_the_server_is_asked(p, oauth, keyring):
    """A refresh whose new token cannot reach the store yet."""
    oauth.fault("delay", path="/token", times=1, seconds=2)
    front = p.start("tokenring", "token")
    assert oauth.wait(1, "/token")
    os.kill(keyring.daemon_pid, signal.SIGSTOP)
    return front


def finished_by_the_next(p, oauth):
    r = p.tokenring("token")
    assert r.returncode == 0 and oauth.active(r.stdout.strip()), r
    assert oauth.count("/token") == 1, "nothing was spent twice"
    p.expire()
    assert oauth.active(p.ok("token").strip()), "the store has the new refresh token"


def test_daemon_stopped_in_the_middle(keyring_grant, oauth, keyring):
    p = keyring_grant
    try:
        front = stop_keyring_when_the_server_is_asked(p, oauth, keyring)
        out, err = front.communicate(timeout=30)
        assert front.returncode == 0 and oauth.active(out.strip()), err
    finally:
        os.kill(keyring.daemon_pid, signal.SIGCONT)
    p.expire()
    finished_by_the_next(p, oauth)


def test_front_killed_while_it_writes_to_the_store(keyring_grant, oauth, keyring):
    p = keyring_grant
    try:
        front = stop_keyring_when_the_server_is_asked(p, oauth, keyring)
        worker_of(front, "tokenring-secret")
        front.kill()
        front.communicate()
    finally:
        os.kill(keyring.daemon_pid, signal.SIGCONT)
    finished_by_the_next(p, oauth)


def test_store_worker_killed(keyring_grant, oauth, keyring):
    p = keyring_grant
    try:
        front = stop_keyring_when_the_server_is_asked(p, oauth, keyring)
        os.kill(worker_of(front, "tokenring-secret"), signal.SIGKILL)
        out, err = front.communicate(timeout=30)
        assert front.returncode == 0 and oauth.active(out.strip()), err
    finally:
        os.kill(keyring.daemon_pid, signal.SIGCONT)
    p.expire()
    finished_by_the_next(p, oauth)
