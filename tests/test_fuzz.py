# SPDX-License-Identifier: MIT
"""Each fuzz target on the inputs that are kept for it: `make fuzz` looks for more."""
import re
import subprocess

import pytest

from conftest import BUILD, TESTS

CORPUS = TESTS / "fuzz" / "corpus"
TARGETS = sorted(t for p in (TESTS / "fuzz").glob("*_fuzz.c") for t in re.findall(r"^FUZZ\((\w+)\)$", p.read_text(), re.M))


def test_every_target_has_a_corpus_and_no_other_has():
    assert TARGETS == sorted(p.name for p in CORPUS.iterdir())


@pytest.mark.parametrize("target", TARGETS)
def test_replay(target):
    inputs = sorted(CORPUS.joinpath(target).iterdir())
    r = subprocess.run([BUILD / "fuzz" / target, *inputs], capture_output=True, text=True, errors="replace", timeout=60)
    assert (r.returncode, r.stdout) == (0, f"{len(inputs)} inputs\n"), r.stderr
    assert inputs
