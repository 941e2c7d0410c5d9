# SPDX-License-Identifier: MIT
"""The module's own cases (tests/pam/cases), with those that need root."""
import subprocess

from conftest import TESTS


def test_cases_as_root():
    r = subprocess.run([str(TESTS / "pam" / "run")], capture_output=True, text=True, timeout=300)
    last = (r.stdout.strip().splitlines() or [""])[-1]
    assert r.returncode == 0, r.stdout + r.stderr
    assert "0 failed" in last and "skipped" not in last.replace("0 skipped", ""), last
