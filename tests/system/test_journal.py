# SPDX-License-Identifier: MIT
"""systemd's journal, which keeps more about a line than its text."""
import json
import pathlib
import shutil
import subprocess

import pytest

from . import peers, world
from .terminal import Terminal
from .watch import LOG

MACHINE = pathlib.Path("/etc/machine-id")
JOURNAL = pathlib.Path("/run/systemd/journal")


def entries(*matches):
    subprocess.run(["journalctl", "--sync"], capture_output=True)
    out = subprocess.run(["journalctl", "--no-pager", "-q", "-o", "json", *matches], capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def journal(host):
    """journald runs without systemd, and makes its own sockets."""
    program = peers.peer("journald", usable=shutil.which("journalctl"))
    MACHINE.write_text("0123456789abcdef0123456789abcdef\n")  # the journal is found by it
    JOURNAL.mkdir(parents=True, exist_ok=True)
    aside = LOG.with_name("log.aside")
    LOG.rename(aside)
    process = subprocess.Popen([program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        LOG.symlink_to(JOURNAL / "dev-log")
        assert world.until((JOURNAL / "dev-log").exists)
        subprocess.run(["logger", "-t", "probe", "it works"], check=True)
        # Not in every chroot.
        peers.peer("journald", usable=world.until(lambda: entries("SYSLOG_IDENTIFIER=probe"), 3))
        yield host
    finally:
        LOG.unlink(missing_ok=True)
        aside.rename(LOG)
        process.terminate()
        process.wait()
        shutil.rmtree(JOURNAL)
        shutil.rmtree("/run/log", ignore_errors=True)


def test_results_are_in_the_journal_and_secrets_are_not(journal):
    for password, status in ((journal.alice.password, 0), (journal.wrong, 1)):
        with Terminal(journal.bob.argv(peers.peer("su"), "alice", "-c", "true"), journal.bob.env) as t:
            t.expect("Password: ")
            t.send(password)
            assert t.end() == status

    def ours():
        found = [e for e in entries("SYSLOG_IDENTIFIER=su") if "pam_sainet" in e["MESSAGE"]]
        return len(found) >= 3 and found
    found = world.until(ours)
    assert found
    assert [e["MESSAGE"].partition(": ")[2].split(";")[0].split(" service=")[0] for e in found] == [
        "authentication success", "authentication failure", "(user 'alice')"]
    for e in found:
        # authpriv: only root and the groups adm and systemd-journal may read it.
        assert (e["SYSLOG_FACILITY"], e["PRIORITY"], e["_UID"]) == ("10", "5", str(journal.bob.uid))
    everything = json.dumps(entries())
    assert world.MARK not in everything and journal.token_start not in everything


def test_logind(host):
    """Not here: but test_secrets has the directory that it makes, /run/user/UID."""
    peers.peer("logind", usable=False)
