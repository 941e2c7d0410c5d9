# SPDX-License-Identifier: MIT
"""The C unit tests, each a program of its own; VALGRIND=1 runs them under valgrind."""
import os
import shutil
import subprocess

import pytest

from conftest import BUILD

PROGRAMS = sorted(p for p in (BUILD / "unit").glob("*_test") if p.is_file())
VALGRIND = os.environ.get("VALGRIND") == "1"
# What valgrind cannot run: it does not follow a clone without an exit signal.
NOT_UNDER_VALGRIND = {"child_test", "lock_test"}


def test_there_are_unit_tests():
    assert len(PROGRAMS) >= 20


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_unit(program, tmp_path):
    argv = [str(program)]
    if VALGRIND:
        if program.name in NOT_UNDER_VALGRIND:
            pytest.skip("cannot run under valgrind")
        assert shutil.which("valgrind")
        argv = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite",
                "--child-silent-after-fork=yes", *argv]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LANG": "C.UTF-8"}
    r = subprocess.run(argv, env=env, capture_output=True, text=True, errors="replace", timeout=240,
                       stdin=subprocess.DEVNULL)
    assert r.returncode == 0, r.stdout[-4000:] + r.stderr[-4000:]
