# SPDX-License-Identifier: MIT
"""make install gives a tree that works from where it is put."""
import os
import subprocess

import pytest

from conftest import TOP

pytestmark = pytest.mark.long
MAKE = ["make", "-j2", "VARIANT=install", "-C", str(TOP)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("place")
    subprocess.run([*MAKE, f"prefix={place}", f"sysconfdir={place}/etc", f"pamdir={place}/lib/security", "install"],
                   check=True, capture_output=True)
    yield place
    subprocess.run([*MAKE, "clean-variant"], check=True, capture_output=True)


def listing(directory):
    return sorted(str(p.relative_to(directory)) for p in directory.rglob("*") if not p.is_dir())


def test_what_is_installed(place):
    assert listing(place) == [
        "bin/bazel-credential-tokenring", "bin/docker-credential-tokenring", "bin/git-credential-tokenring",
        "bin/tokenring", "lib/security/pam_sainet.so",
        "libexec/tokenring/tokenring-net", "libexec/tokenring/tokenring-secret",
        "share/man/man1/tokenring.1", "share/man/man5/tokenring.conf.5", "share/man/man8/pam_sainet.8"]
    assert (place / "etc").is_dir()
    assert not os.path.lexists(place / "etc" / "tokenring.conf"), "an administrator's file is never touched"


def test_it_works_from_there_without_an_environment(place, person, sainet):
    """The system's configuration, the workers: all are found by absolute path."""
    person.sainet(sainet, store="file")
    (place / "etc" / "tokenring.conf").write_text(person.config.read_text())
    env = {"TOKENRING_CONFIG": None, "XDG_STATE_HOME": None, "PATH": "/usr/bin:/bin"}
    program = str(place / "bin" / "tokenring")
    try:
        r = person.run(program, "login", "--secret-stdin", input="correct horse\n", env=env)
        assert (r.returncode, r.stderr) == (0, ""), r
        assert person.run(program, "token", env=env).stdout.strip() in sainet.tokens
        r = person.run(place / "bin" / "git-credential-tokenring", "get", env=env,
                       input=f"protocol=https\nhost={sainet.url.split('//')[1]}\n")
        assert "password=" in r.stdout
    finally:
        person.run(program, "logout", "--local", env=env)
        (place / "etc" / "tokenring.conf").unlink()


def test_staging_and_uninstalling(place, tmp_path):
    dirs = [f"prefix={place}", f"sysconfdir={place}/etc", f"pamdir={place}/lib/security"]
    subprocess.run([*MAKE, *dirs, f"DESTDIR={tmp_path}", "install"], check=True, capture_output=True)
    staged = tmp_path / str(place).lstrip("/")
    assert listing(staged) == listing(place)
    subprocess.run([*MAKE, *dirs, f"DESTDIR={tmp_path}", "uninstall"], check=True, capture_output=True)
    assert listing(tmp_path) == []
