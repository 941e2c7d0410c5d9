# SPDX-License-Identifier: MIT
"""The unit tests: each program of tests/unit, as it was built.

VALGRIND=1 runs them under valgrind; what cannot run there skips itself, and
says so.
"""
import os
import shutil
import subprocess
import warnings

import pytest

from conftest import BUILD, TESTS

UNDER_VALGRIND = os.environ.get("VALGRIND", "") not in ("", "0")
VALGRIND = ("valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--num-callers=20")
PROGRAMS = sorted(p.stem for p in (TESTS / "unit").glob("*_test.c"))
# valgrind keeps RLIMIT_NOFILE itself: socket() goes on where the kernel would refuse.
NOT_UNDER_VALGRIND = ("http_why_test",)
TIMEOUT = 900 if UNDER_VALGRIND else 300  # seconds, on a slow and busy machine


def run(program, tmp_path):
    for d in ("home", "tmp"):
        (tmp_path / d).mkdir(mode=0o700)
    env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC",
           "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}
    env.update({k: v for k, v in os.environ.items() if k in ("ASAN_OPTIONS", "UBSAN_OPTIONS")})
    argv = [str(program)]
    if UNDER_VALGRIND:
        if shutil.which("valgrind") is None:
            pytest.skip("valgrind is not installed")
        argv = [*VALGRIND, *argv]
        env["VALGRIND"] = "1"
    with (tmp_path / "output").open("w+", errors="replace") as out:
        p = subprocess.Popen(argv, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL,
                             stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = p.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            status = "none in time"
        out.seek(0)
        return status, out.read()


@pytest.mark.parametrize("name", PROGRAMS)
def test_unit(name, tmp_path):
    if UNDER_VALGRIND and name in NOT_UNDER_VALGRIND:
        pytest.skip("its limits are not the kernel's under valgrind")
    program = BUILD / "unit" / name
    assert program.exists(), f"{name} was not built: make VARIANT={BUILD.name} unit"
    status, out = run(program, tmp_path)
    if status != 0:
        pytest.fail(f"{name}: exit status {status}\n{out}", pytrace=False)
    assert "[  PASSED  ]" in out, out
    left = [str(p.relative_to(tmp_path)) for d in ("home", "tmp") for p in (tmp_path / d).rglob("*")]
    assert left == [], f"{name} leaves files behind"
    skipped = sorted({line.split("] ")[1] for line in out.splitlines()
                      if line.startswith("[  SKIPPED ]") and "listed below" not in line})
    if skipped:
        warnings.warn(f"{name} skips {', '.join(skipped)}", stacklevel=1)
