# SPDX-License-Identifier: MIT
"""The git front with real clones and pushes, and the ITCare API."""

import base64
import json
import os
import subprocess
import tempfile

from .. import GitFront, ITCare
from ..git import run_git
from .client import fetch

TOKEN = "t0k3n"


def header(scheme):
    value = TOKEN if scheme == "Bearer" else base64.b64encode(("oauth2:" + TOKEN).encode()).decode()
    return "http.extraHeader=Authorization: %s %s" % (scheme, value)


def commits(repository, branch, number):
    stream = "".join("commit refs/heads/%s\ncommitter x <x@localhost> %d +0000\ndata 1\n%s\n" % (branch, i, branch[0])
                     for i in range(1, number + 1))
    subprocess.run(["git", "-C", repository, "fast-import", "--quiet"], input=stream.encode(), check=True)


def test_clone_and_push(ca):
    asked = []

    def check(token, scheme, user):
        asked.append((scheme, user))
        return token == TOKEN

    with tempfile.TemporaryDirectory() as directory, GitFront(ca, directory + "/bare", check) as server:
        server.create("demo.git")
        url = server.url + "/demo.git"
        tls = ("-c", "http.sslCAInfo=" + ca.pem, "-c", "credential.helper=")
        work = os.path.join(directory, "work")
        run_git(*tls, "-c", header("Bearer"), "clone", "--quiet", url, work)
        with open(os.path.join(work, "big.bin"), "wb") as f:
            f.write(os.urandom(3 << 20))  # past http.postBuffer, so that the push is chunked
        run_git("-C", work, "add", "big.bin")
        run_git("-C", work, "commit", "--quiet", "--message=Big")
        run_git("-C", work, *tls, "-c", header("Bearer"), "push", "--quiet", "origin", "HEAD:main")
        pushes = server.find("git-receive-pack", method="POST")
        assert any(entry["headers"].get("transfer-encoding") == "chunked" for entry in pushes)
        again = os.path.join(directory, "again")
        run_git(*tls, "-c", header("Basic"), "clone", "--quiet", url, again)
        assert os.path.getsize(os.path.join(again, "big.bin")) == 3 << 20
        assert ("bearer", None) in asked and ("basic", "oauth2") in asked

        commits(work, "upstream", 200)  # histories apart, so that the negotiation is long enough to be gzipped
        run_git("-C", work, *tls, "-c", header("Bearer"), "push", "--quiet", "origin", "upstream:main", "--force")
        commits(again, "own", 100)
        run_git("-C", again, *tls, "-c", header("Bearer"), "fetch", "--quiet", "origin")
        fetches = server.find("git-upload-pack", method="POST")
        assert any(entry["headers"].get("content-encoding") == "gzip" for entry in fetches)

        server.clear_log()
        try:
            run_git(*tls, "clone", "--quiet", url, directory + "/no")
            raise AssertionError("cloned without a token")
        except subprocess.CalledProcessError as error:
            assert server.count(status=401) == 1, error.stderr
        status, headers, _ = fetch(ca, url + "/info/refs?service=git-upload-pack")
        assert status == 401 and headers.get_all("WWW-Authenticate") == ['Bearer realm="git"', 'Basic realm="git"']
        server.set(challenge=["basic"], anonymous_read=True)
        assert fetch(ca, url + "/info/refs?service=git-upload-pack")[0] == 200
        headers = fetch(ca, url + "/info/refs?service=git-receive-pack")[1]
        assert headers.get_all("WWW-Authenticate") == ['Basic realm="git"']
        assert not server.errors


def test_itcare(ca):
    bearer = {"Authorization": "Bearer " + TOKEN}
    with ITCare(ca, lambda token: token == TOKEN) as server:
        assert fetch(ca, server.api + "/health")[0] == 200
        assert fetch(ca, server.api + "/resources")[::2] == (401, b"")
        seen, page = [], 0
        while True:
            answer = json.loads(fetch(ca, server.api + "/resources?page=%d" % page, headers=bearer)[2])
            seen += answer["content"]
            page += 1
            if page == answer["totalPages"]:
                break
        assert len(seen) == 45 and answer["numberOfElements"] == 5
        dry = {**bearer, "ITCare-DryRun": "true"}
        status, headers, _ = fetch(ca, server.api + "/resources", b'{"name":"x"}', dry)
        assert status == 200 and headers["ITCare-DryRun"] == "true" and not server.actions
        status, _, body = fetch(ca, server.api + "/resources", b'{"name":"x"}', bearer)
        assert status == 202
        url = server.api + "/actions/%d" % json.loads(body)["id"]
        states = [json.loads(fetch(ca, url, headers=bearer)[2])["status"] for _ in range(3)]
        assert states == ["IN_PROGRESS", "IN_PROGRESS", "SUCCESS"]
        assert fetch(ca, server.api + "/actions/99", headers=bearer)[0] == 404
        assert json.loads(fetch(ca, server.api + "/resources", b"{}", bearer)[2])["errorCode"] == "INVALID_FIELD_VALUE"
