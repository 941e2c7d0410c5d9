# SPDX-License-Identifier: MIT
"""tokenring configure with odd files, cut off in the middle, and twice at once."""
import fcntl
import os
import subprocess

import pytest

from test_configure import DOCKER, HELPER, KUBECONFIG, files, kube, me, mine, values  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

SECTION = '[credential "https://git.example.com"]\n'


# --- two at once -------------------------------------------------------------

@pytest.mark.parametrize("words", [["configure", "git", "--yes"], ["configure", "--undo"]])
def test_they_take_turns(mine, words):
    mine.ok("configure", "docker", "--yes")
    lock = mine.state / "tokenring" / "configure.lock"
    with lock.open("r+") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        p = mine.start("tokenring", "-v", *words)
        seen = ""
        while "lock: waiting" not in seen:
            line = p.stderr.readline()
            assert line, seen
            seen += line
        before = files(mine)
        fcntl.flock(f, fcntl.LOCK_UN)
    _, err = p.communicate(timeout=30)
    assert p.returncode == 0, err
    assert files(mine) != before


# --- cut off -----------------------------------------------------------------

@pytest.mark.parametrize("own", [[], ["cache", "/home/me/x y"]])
@pytest.mark.parametrize("undoing", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_git_cut_off_in_the_middle(mine, own, undoing, again, tmp_path):
    """A git that fails at the second change of a setting is what a crash is."""
    for one in own:
        subprocess.run(["git", "config", "--global", "--add", HELPER, one], env=mine.env, check=True)
    if undoing:
        mine.ok("configure", "git", "--yes")
    word = "--unset-all credential.https://git.example.com.helper ^$" if undoing else f"--add {HELPER} tokenring"
    (tmp_path / "git").write_text(f'#!/bin/sh\ncase "$*" in *"{word}"*) exit 5;; esac\nexec /usr/bin/git "$@"\n')
    (tmp_path / "git").chmod(0o755)
    r = mine.tokenring("configure", "git", "--undo" if undoing else "--yes",
                       env={"PATH": f"{tmp_path}:{mine.env['PATH']}"})
    assert r.returncode == 1 and values(mine, HELPER) == [*own, ""]
    if again:
        mine.ok("configure", "git", "--yes")
        assert values(mine, HELPER)[-2:] == ["", "tokenring"]
    mine.ok("configure", "git", "--undo")
    assert values(mine, HELPER) == own


def test_what_stays_when_a_later_change_fails(kube):
    """The message neither says that nothing was changed nor leaves it at that."""
    text = KUBECONFIG.replace("current-context: prod # by hand\n", "current-context: >-\n  prod\n")
    kube.kubeconfig.write_text(text)
    r = kube.tokenring("configure", "kubectl", "--yes")
    assert r.returncode == 1 and "its 'current-context' is left as it is" in r.stderr
    assert "tokenring configure kubectl --undo" in r.stderr
    kube.ok("configure", "kubectl", "--undo")
    assert kube.kubeconfig.read_text() == text


# --- odd files ---------------------------------------------------------------

def test_bytes_that_are_no_utf_8(mine):
    """What was there before is written down as it was, and given back."""
    text = SECTION.encode() + b'\thelper = /home/m\xfcller/bin/x\n\thelper = "a\\nb\\t\x01"\n'
    mine.gitconfig.write_bytes(text)
    mine.ok("configure", "git", "--yes")
    mine.ok("configure", "git", "--undo")
    assert mine.gitconfig.read_bytes() == text


def test_one_broken_file_keeps_no_other_from_its_undo(kube):
    for tool in ("git", "docker", "kubectl"):
        kube.ok("configure", tool, "--yes")
    kube.docker.write_text("{")
    r = kube.tokenring("configure", "--undo")
    assert r.returncode != 0 and str(kube.docker) in r.stderr
    assert values(kube, HELPER) == [] and (kube.docker.read_text(), kube.kubeconfig.read_text()) == ("{", KUBECONFIG)
    assert [p.name for p in (kube.state / "tokenring").glob("*.json")] == ["configure-docker.json"]


@pytest.mark.parametrize("text", [b"\xef\xbb\xbf{}", b'{"a": "\xff"}', b'{"a": 1}{}', b"{}\0",
                                  b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"])
def test_docker_files_that_stay_as_they_are(mine, text):
    mine.docker.parent.mkdir()
    mine.docker.write_bytes(text)
    r = mine.tokenring("configure", "docker", "--yes")
    assert r.returncode != 0 and r.stderr.count("\n") == 1 and str(mine.docker) in r.stderr
    assert mine.docker.read_bytes() == text and os.listdir(mine.docker.parent) == ["config.json"]


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_the_mode_stays(mine, mode):
    mine.docker.parent.mkdir()
    mine.docker.write_text(DOCKER[3])
    mine.docker.chmod(mode)
    mine.ok("configure", "docker", "--yes")
    assert mine.docker.stat().st_mode & 0o7777 == mode
    mine.ok("configure", "docker", "--undo")
    assert mine.docker.stat().st_mode & 0o7777 == mode and mine.docker.read_text() == DOCKER[3]


def test_a_kubeconfig_with_a_key_twice(kube):
    """kubectl takes the last: what is put into the first is not there."""
    text = KUBECONFIG + "users:\n- name: another\n  user: {}\n"
    kube.kubeconfig.write_text(text)
    r = kube.tokenring("configure", "kubectl", "--yes")
    assert r.returncode == 1 and "its 'users' is left as it is" in r.stderr and kube.kubeconfig.read_text() == text
