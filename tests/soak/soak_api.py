# SPDX-License-Identifier: MIT
"""tokenring api with much of everything: pages, bytes, and faults in the middle of them."""
import hashlib
import json
import pathlib
import subprocess
import threading

import pytest

LARGE = 256 << 20
MEMORY = 32 << 10  # KiB, all processes together


class Peak:
    """The most memory that a process and those it started had resident at one time: the sum of each
    one's own peak by the kernel's account (so libraries count for each of them)."""

    def __init__(self, process):
        self.process = process
        self.most = self.seen = 0
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while self.process.poll() is None:
            todo, now, seen = [self.process.pid], 0, 0
            while todo:
                pid = todo.pop()
                try:
                    status = pathlib.Path(f"/proc/{pid}/status").read_text()
                    todo += map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
                except (OSError, ValueError):
                    continue
                for line in status.splitlines():
                    if line.startswith("VmHWM:"):
                        now, seen = now + int(line.split()[1]), seen + 1
            self.most, self.seen = max(self.most, now), max(self.seen, seen)
            threading.Event().wait(0.02)

    def total(self):
        """In KiB, of the front, the process beside the worker, and the worker."""
        self.thread.join()
        assert self.seen >= 3
        return self.most


def measured(person, capsys, what, args, **kw):
    """(status, what the program says, its answer's hash and size); prints the peak and holds it."""
    p = subprocess.Popen([str(person.tool), "api", *args], env=person.env, cwd=person.base, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, **kw)
    peak, digest, size, kept = Peak(p), hashlib.sha256(), 0, b""
    while piece := p.stdout.read1(1 << 20):
        digest.update(piece)
        size += len(piece)
        kept = kept[:1000] + piece if len(kept) < 1000 else kept
    err = p.stderr.read().decode()
    p.wait()
    total = peak.total()
    with capsys.disabled():
        print(f"\n{what}: peak {total / 1024:.1f} MiB (target: <= 32)")
    assert total <= MEMORY
    return p.returncode, err, digest.hexdigest(), size, kept


@pytest.fixture(scope="session")
def large_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "zeros"
    with path.open("wb") as f:
        f.truncate(LARGE)
    return path


ZEROS = hashlib.sha256()
for _ in range(LARGE >> 20):
    ZEROS.update(bytes(1 << 20))


def test_a_large_download(itc, itcare, capsys):
    itcare.set(download=LARGE)
    assert measured(itc, capsys, "256 MiB down", ["download"])[:4] == (0, "", ZEROS.hexdigest(), LARGE)


@pytest.mark.parametrize("way", ["a file", "a pipe", "a file as standard input"])
def test_a_large_upload(itc, itcare, capsys, large_file, way):
    args = ["-X", "PUT", "upload", "--input", str(large_file) if way == "a file" else "-"]
    if way == "a pipe":
        source = subprocess.Popen(["cat", str(large_file)], stdout=subprocess.PIPE)
        stdin = source.stdout
    else:
        stdin = large_file.open()
    with stdin:
        status, err, _, _, answer = measured(itc, capsys, f"256 MiB up, from {way}", args, stdin=stdin)
    assert (status, err) == (0, "")
    assert json.loads(answer) == {"size": LARGE, "sha256": ZEROS.hexdigest()}


def test_a_large_upload_with_a_token_that_has_expired(itc, itcare, oauth, capsys, large_file):
    itc.ok("token")
    oauth.expire_access()
    status, err, _, _, answer = measured(itc, capsys, "256 MiB up, twice", ["-X", "PUT", "upload", "--input", str(large_file)])
    assert (status, err) == (0, "") and json.loads(answer)["sha256"] == ZEROS.hexdigest()
    assert [r["status"] for r in itcare.find("upload")] == [401, 200]


def test_a_large_download_that_is_cut(itc, itcare, capsys):
    itcare.set(download=LARGE)
    itcare.fault("truncate", path="download", missing=1)
    status, err, _, size, _ = measured(itc, capsys, "256 MiB down, cut off", ["download"])
    assert status == 4 and "in the middle of its answer" in err and f"{size} bytes of the answer were printed" in err


def test_1000_pages(itc, itcare, oauth, capsys):
    """The token expires every 250 pages."""
    itcare.set(resources=20000)
    seen, check = [], itcare.check

    def sometimes(token):
        seen.append(token)
        if len(seen) % 250 == 0:
            oauth.expire_access()
        return oauth.active(token)
    itcare.check = sometimes
    try:
        p = itc.start("tokenring", "api", "--paginate", "resources")
        peak = Peak(p)
        out, err = p.communicate()
        total = peak.total()
    finally:
        itcare.check = check
    with capsys.disabled():
        print(f"\n1,000 pages: peak {total / 1024:.1f} MiB (target: <= 32), {len(oauth.token_requests)} tokens, "
              f"{itcare.count('resources', status=401)} refusals")
    assert (p.returncode, err) == (0, "") and total <= MEMORY
    assert [e["id"] for e in json.loads(out)] == list(range(1, 20001))
    assert itcare.count("resources", status=200) == 1000 and itcare.count("resources", status=401) >= 4


def test_pages_as_large_as_they_may_be(itc, itcare, capsys):
    """8 MiB of many small elements: what would be large as a tree."""
    body = '{"content": [' + "1," * ((8 << 20) // 2 - 20) + '1], "last": true}'
    itcare.fault("status", path="/x", code=200, body=body)
    status, err, _, size, _ = measured(itc, capsys, "a page of 8 MiB", ["--paginate", "x"])
    assert (status, err) == (0, "") and size > 8 << 20
