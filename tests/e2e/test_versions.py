# SPDX-License-Identifier: MIT
"""A module and a worker of different builds: an upgrade replaces one while a
login program still has the other in its memory.  tests/frozen keeps what was
sent when the protocol was new; these files do not change with the code."""
import re
import subprocess
import time

import pytest

from conftest import BIN, TESTS

FROZEN = TESTS / "frozen"
CASES = TESTS / "pam" / "cases"
PASSWORD = "correct horse"
WORDS = {"ok", "denied", "unavailable", "later", "config", "protocol"}   # what a module of version 1 knows
CALLS = {"canceled"}   # of op=request alone, which no module sends: whoever reads the answer's body has left


def lines(text):
    return [tuple(x.split("=", 1)) for x in text.splitlines()]


def keys(text):
    return [k for k, _ in lines(text)]


@pytest.fixture
def old_module(sainet, tmp_path):
    """Send what an older module does to this build's worker."""
    config = tmp_path / "tokenring.conf"
    config.write_text(f"[profile erp]\nprovider = sainet\nurl = {sainet.url}\ndomain = PROD\nca_file = {sainet.ca.pem}\n")
    config.chmod(0o644)

    def ask(password=PASSWORD, more="", drop=""):
        text = (FROZEN / "module-request-1").read_text().replace("@config@", str(config)).replace("@password@", password)
        text = "".join(x for x in text.splitlines(True) if not drop or not x.startswith(drop + "="))
        r = subprocess.run([BIN.parent / "libexec" / "tokenring" / "tokenring-net"], env={}, capture_output=True, text=True,
                           input=text.replace("end=ok\n", more + "end=ok\n"), timeout=30)
        assert r.returncode == 0 and r.stderr == "", r
        return r.stdout

    return ask


def test_an_older_module_gets_an_answer_that_it_understands(old_module):
    for drop in ("", "profile", "id"):
        answer = old_module(drop=drop)
        assert keys(answer)[0] == "version" and keys(answer)[-1] == "end" and answer.endswith("\nend=ok\n")
        assert set(keys((FROZEN / "worker-answer-1").read_text())) <= set(keys(answer))
        a = dict(lines(answer))
        assert len(a) == len(lines(answer)), "no key comes twice"
        assert (a["version"], a["result"], a["http"], a["token_type"]) == ("1", "ok", "200", "Bearer")
        assert re.fullmatch("[0-9a-f]{32}", a["fingerprint"])
        assert re.fullmatch("[A-Za-z0-9._~+/=-]{1,8192}", a["access_token"])
        assert int(a["obtained_at"]) <= time.time() < int(a["expires_at"])


@pytest.mark.parametrize("fault,args,word", [
    (None, {}, "denied"), ("status", {"code": 500}, "unavailable"), ("status", {"code": 503}, "later"),
    ("status", {"code": 302}, "protocol"), ("status", {"code": 401}, "denied"), ("reset", {}, "unavailable"),
])
def test_an_older_module_knows_every_word(old_module, sainet, fault, args, word):
    if fault:
        sainet.fault(fault, path="login", **args)
    a = dict(lines(old_module(PASSWORD if fault else "wrong")))
    assert a["result"] == word and word in WORDS and "access_token" not in a and a["message"]


def words(path, start, end):
    text = (TESTS.parent / path).read_text()
    text = text[text.index(start):]
    return set(re.findall(r'"(\w+)"', text[:text.index(end)]))


def test_words_have_not_been_added():
    """A new word would be SYSTEM_ERR to an older module: it takes a new version."""
    assert words("helper/net_answer.c", "\nresult(", "\n}") == WORDS | CALLS
    assert words("helper/net.c", "map[] =", "};") == (WORDS | CALLS) - {"ok"}


def test_only_an_answer_with_a_body_can_be_canceled():
    """What tokenring-net is made of sets this error in one place, when the body's reader has left."""
    top = TESTS.parent
    sources = [top / "helper" / "tokenring-net.c", *(top / "helper").glob("net_*.c"), *(top / "libcommon").glob("*.c")]
    where = [(p.name, line.strip()) for p in sources for line in p.read_text().splitlines()
             if "ERR_CANCELED" in line and "case" not in line]
    assert [name for name, line in where] == ["http_call.c"], where
    assert (FROZEN / "module-request-1").read_text().splitlines()[1] == "op=login"


def test_this_module_knows_the_words_and_no_others():
    """Whatever else there is, it is a failure: see also worker-word.case, worker-word-later.case."""
    text = (TESTS.parent / "pam" / "codes.c").read_text()
    rows = re.findall(r"^\t\{(?:\"(\w+)\"|NULL),\s*\d+, (PAM_\w+)", text, re.M)
    assert {word for word, _ in rows} == WORDS - {"ok"} | {""}
    assert dict(rows)[""] == "PAM_SYSTEM_ERR" and rows[-1][0] == "" and "PAM_SUCCESS" not in dict(rows).values()


def test_a_worker_leaves_out_what_it_does_not_know(old_module, sainet):
    answer = old_module(more="future=1\nfuture[]=a\nfuture[]=b\nurl=https://127.0.0.1:1\ndomain=OTHER\n")
    assert dict(lines(answer))["result"] == "ok" and [x["domain"] for x in sainet.logins] == ["PROD"]


def test_this_module_still_sends_what_an_older_worker_needs():
    """The case holds the module to its lines (tests/pam/run)."""
    sent = [m[1] for m in re.finditer(r"^request (\w+)=", (CASES / "accepted.case").read_text(), re.M)]
    assert [k for k in keys((FROZEN / "module-request-1").read_text()) if k != "profile"] == \
        [k for k in sent if k in keys((FROZEN / "module-request-1").read_text())]
    assert "request profile=" in (CASES / "option-profile.case").read_text()


def test_this_module_is_tried_with_an_older_workers_answer():
    case = (CASES / "worker-older.case").read_text()
    given = case[case.index("raw\n") + 4:case.index("[run]")]
    assert given.replace("@fp@", "5cc822a4a199748ea1489d83118030c5") == (FROZEN / "worker-answer-1").read_text()
