# SPDX-License-Identifier: MIT
"""The program for use by hand: what it prints works, and nothing is left."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import types

from ..git import run_git
from .client import fetch, post

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def start(*args):
    return subprocess.Popen([sys.executable, "-m", "sim", *args], cwd=TESTS, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)


def test_json(ca):
    with tempfile.TemporaryDirectory() as directory:
        program = start("--json", "--dir", directory)
        try:
            facts = json.loads(program.stdout.readline())
            ca = types.SimpleNamespace(pem=facts["ca"])
            client = "cgdm-sa-example"
            status, answer = post(ca, facts["oauth"]["token_url"], {"grant_type": "client_credentials"},
                                  (client, facts["oauth"]["clients"][client]))
            assert status == 200
            bearer = "Authorization: Bearer " + answer["access_token"]
            run_git("-c", "http.sslCAInfo=" + ca.pem, "-c", "http.extraHeader=" + bearer, "clone", "--quiet",
                    facts["git"]["repository"], directory + "/clone")
            assert os.path.exists(directory + "/clone/hello.txt")
            assert fetch(ca, facts["itcare"]["api"] + "/resources",
                         headers={"Authorization": "Bearer " + answer["access_token"]})[0] == 200
            query = "/login?user=alice&password=correct%20horse&domainId=PROD"
            assert fetch(ca, facts["sainet"]["api"] + query)[0] == 200
            with open(facts["config"]) as f:
                text = f.read()
            assert facts["sainet"]["url"] in text and stat.S_IMODE(os.stat(facts["config"]).st_mode) == 0o644
            secret = next(line.split(" = ")[1] for line in text.splitlines() if line.startswith("client_secret_file"))
            assert stat.S_IMODE(os.stat(secret).st_mode) == 0o600
        finally:
            program.send_signal(signal.SIGTERM)
            assert program.wait(5) == 0
            program.communicate()
        assert os.listdir(directory) == ["clone"], os.listdir(directory)


def test_readable_and_eof(ca):
    program = start("--until-eof")
    line = program.stdout.readline()
    directory = line.split()[1]
    assert os.path.isdir(directory)
    program.stdin.close()
    assert program.wait(5) == 0 and not os.path.exists(directory)
    assert "export TOKENRING_CONFIG=" + directory in program.stdout.read()
    program.stdout.close()
