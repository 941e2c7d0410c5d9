# SPDX-License-Identifier: MIT
"""The module's own cases (tests/pam/cases), in the real libpam."""
import subprocess

from conftest import TESTS


def test_cases():
    """One run for all: it builds the module once.  Each failed case is named."""
    r = subprocess.run([str(TESTS / "pam" / "run")], capture_output=True, text=True, timeout=300)
    last = (r.stdout.strip().splitlines() or [""])[-1]
    assert r.returncode == 0, r.stdout + r.stderr
    passed, failed = (int(w.split()[0]) for w in last.split(", ")[:2])
    assert passed > 250 and failed == 0, last
