# SPDX-License-Identifier: MIT
"""git's protocol, byte for byte, and git itself."""
import subprocess

import pytest

import sim
from conftest import BIN, Opened
from keyring import Keyring


@pytest.fixture
def forge(person, oauth, tmp_path):
    """A git server that demands the token, and a profile for it."""
    oauth.set(clients={"cli": "secret of client"})
    (tmp_path / "secret").write_text("secret of client\n")
    (tmp_path / "repositories").mkdir()
    with sim.GitFront(oauth.ca, str(tmp_path / "repositories"),
                      lambda token, scheme, user: oauth.active(token)) as git:
        git.create("demo.git")
        person.oauth(oauth, client_id="cli", client_secret_file=tmp_path / "secret", store="none",
                     match=git.url)
        person.env.update(GIT_SSL_CAINFO=oauth.ca.pem, GIT_AUTHOR_NAME="A", GIT_AUTHOR_EMAIL="a@example.com",
                          GIT_COMMITTER_NAME="A", GIT_COMMITTER_EMAIL="a@example.com",
                          GIT_CONFIG_GLOBAL="/dev/null", GIT_ASKPASS="/bin/false")
        yield git


@pytest.fixture(scope="module")
def empty_keyring():
    with Keyring() as k:
        yield k


def git(person, *args, **kw):
    return person.run("git", "-c", "credential.helper=", "-c", "credential.helper=tokenring", *args, **kw)


def test_clone_commit_push_and_clone_again(person, forge, oauth):
    r = git(person, "clone", "-q", f"{forge.url}/demo.git", "one")
    assert r.returncode == 0 and "tokenring" not in r.stderr, r
    (person.base / "one" / "file").write_text("contents\n")
    for args in (["add", "file"], ["commit", "-q", "-m", "a file"], ["push", "-q", "origin", "HEAD"]):
        r = git(person, "-C", "one", *args)
        assert r.returncode == 0, r
    r = git(person, "clone", "-q", f"{forge.url}/demo.git", "two")
    assert r.returncode == 0 and (person.base / "two" / "file").read_text() == "contents\n"
    assert len(oauth.token_requests) == 1


def test_a_revoked_token_is_renewed_once(person, forge, oauth):
    assert git(person, "ls-remote", f"{forge.url}/demo.git").returncode == 0
    oauth.expire_access()
    r = git(person, "ls-remote", f"{forge.url}/demo.git")
    assert r.returncode != 0, "git gives up after a refused credential"
    assert git(person, "ls-remote", f"{forge.url}/demo.git").returncode == 0
    assert len(oauth.token_requests) == 2


def ask(person, op, text, *options):
    r = person.run(BIN / "git-credential-tokenring", *options, op, input=text)
    return r


def host(forge):
    return forge.url.split("://")[1]


def test_get_without_capabilities(person, forge, oauth):
    r = ask(person, "get", f"protocol=https\nhost={host(forge)}\n")
    lines = r.stdout.splitlines()
    assert (r.returncode, r.stderr) == (0, "") and [x.split("=")[0] for x in lines] == [
        "username", "password", "password_expiry_utc"]
    assert lines[0] == "username=oauth2" and oauth.active(lines[1].split("=", 1)[1])
    assert lines[2].split("=")[1].isdigit()


def test_get_with_authtype(person, forge, oauth):
    r = ask(person, "get", f"capability[]=authtype\ncapability[]=state\nprotocol=https\nhost={host(forge)}\n"
            "wwwauth[]=Bearer realm=\"x\"\nwwwauth[]=Basic realm=\"x\"\n\n")
    lines = r.stdout.splitlines()
    assert [x.split("=")[0] for x in lines] == [
        "capability[]", "capability[]", "authtype", "credential", "ephemeral", "password_expiry_utc", "continue",
        "state[]"]
    assert lines[:3] == ["capability[]=authtype", "capability[]=state", "authtype=Bearer"]


def test_a_server_that_knows_basic_only(person, forge):
    r = ask(person, "get", f"capability[]=authtype\nprotocol=https\nhost={host(forge)}\n"
            "wwwauth[]=Bearer realm=\"old\"\nwwwauth[]=\nwwwauth[]=Basic realm=\"x\"\n")
    assert r.stdout.startswith("username=oauth2\npassword=")


def test_a_username_is_kept(person, forge):
    r = ask(person, "get", f"protocol=https\nhost={host(forge)}\nusername=somebody\n")
    assert r.stdout.startswith("username=somebody\n")


@pytest.mark.parametrize("text", [
    "protocol=https\nhost=elsewhere.example\n", "protocol=http\nhost={host}\n", "protocol=ssh\nhost={host}\n",
    "host={host}\n", "protocol=https\n", "", "\n", "protocol=https\nhost=\n",
    "protocol=https\nhost=evil-{host}\n", "unknown=1\n",
])
def test_a_miss_is_silent(person, forge, empty_keyring, text):
    person.session(empty_keyring)
    r = ask(person, "get", text.format(host=host(forge)))
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")


@pytest.mark.parametrize("text", [
    "protocol=https\r\nhost=x\rhost={host}\n", "protocol=https\nhost={host}\x00\n", "protocol=https\nhost={host}\x01\n",
    "nonsense\n", "=x\n", "protocol=https\nhost={host}\npath=" + "a" * 65536 + "\n",
    "protocol=https\nhost={host}.evil.example\n", "protocol=https\nhost=user@{host}\n",
    "protocol=https\nhost={host}/x\n",
])
def test_smuggling_is_refused(person, forge, text):
    r = ask(person, "get", text.format(host=host(forge)))
    assert r.returncode != 0 and r.stdout == "" and r.stderr.count("\n") == 1


def test_framing(person, forge):
    h = host(forge)
    for text in (f"protocol=https\r\nhost={h}\r\n\r\n", f"protocol=https\nhost={h}", f"url=https://{h}/demo.git\n",
                 f"protocol=https\nhost={h}\npath=" + "a" * (65535 - 6) + "\n\n" + "trailing\n",
                 f"protocol=https\nhost={h.upper()}\n"):
        r = ask(person, "get", text)
        if "path=" in text:
            assert r.returncode in (0, 2)
        else:
            assert r.returncode == 0 and "password=" in r.stdout, (text[:60], r)


def test_a_blank_line_ends_the_request(person, forge):
    """Whoever wrote it may hold the pipe open and wait for the answer."""
    p = person.start(BIN / "git-credential-tokenring", "get", input=True)
    p.stdin.write(f"protocol=https\nhost={host(forge)}\n\n")
    p.stdin.flush()
    try:
        assert p.wait(30) == 0
        assert "password=" in p.stdout.read()
    finally:
        p.kill()
        p.communicate()


def test_other_operations(person, forge):
    assert ask(person, "capability", "").stdout == "version 0\ncapability authtype\ncapability state\n"
    for op in ("store", "frobnicate"):
        r = ask(person, op, f"protocol=https\nhost={host(forge)}\nusername=u\npassword=p\n")
        assert (r.returncode, r.stdout, r.stderr) == (0, "", "")


def test_erase_only_the_token_we_hold(person, forge, oauth):
    get = f"protocol=https\nhost={host(forge)}\n"
    first = ask(person, "get", get).stdout
    ask(person, "erase", get + "username=oauth2\npassword=another\n")
    assert ask(person, "get", get).stdout == first
    r = ask(person, "erase", get + "\n".join(first.splitlines()[:2]) + "\n")
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")
    assert ask(person, "get", get).stdout != first


def test_quit_when_a_person_is_needed(person, sainet):
    person.sainet(sainet, store="file")
    r = ask(person, "get", f"protocol=https\nhost={sainet.url.split('://')[1]}\n")
    assert (r.returncode, r.stdout) == (3, "quit=1\n") and "tokenring login erp" in r.stderr


def test_profile_option_never_widens_the_host(person, forge, empty_keyring):
    person.session(empty_keyring)
    r = ask(person, "get", "protocol=https\nhost=elsewhere.example\n", "--profile", "itc")
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")
    r = ask(person, "get", f"protocol=https\nhost={host(forge)}\n", "--profile", "itc")
    assert "password=" in r.stdout


def test_another_account_is_a_miss(person, sainet):
    person.sainet(sainet, store="file")
    assert person.tokenring("login", "--secret-stdin", input="correct horse\n").returncode == 0
    text = f"protocol=https\nhost={sainet.url.split('://')[1]}\n"
    for user, found in (("bob", False), ("alice", True), ("oauth2", True)):
        r = ask(person, "get", text + f"username={user}\n")
        assert r.returncode == 0 and ("password=" in r.stdout) == found, (user, r)


def test_a_wrong_profile_option_does_not_end_gits_search(person, forge):
    r = ask(person, "get", "protocol=https\nhost=elsewhere.example\n", "--profile", "nosuch")
    assert r.returncode == 2 and r.stdout == ""


def test_paths(person, forge, empty_keyring):
    person.session(empty_keyring)
    person.config.write_text(person.config.read_text().replace(f"match = {forge.url}", f"match = {forge.url}/a"))
    base = f"protocol=https\nhost={host(forge)}\n"
    assert "password=" in ask(person, "get", base).stdout
    assert "password=" in ask(person, "get", base + "path=a/x.git\n").stdout
    for path in ("b/x.git", "ab/x.git", "a%2fb"):
        r = ask(person, "get", base + f"path={path}\n")
        assert (r.returncode, r.stdout, r.stderr) == (0, "", ""), path
    r = ask(person, "get", base + "path=a/../b\n")
    assert r.returncode == 2 and "password=" not in r.stdout


def test_no_process_for_a_cached_answer(person, forge):
    text = f"protocol=https\nhost={host(forge)}\n"
    ask(person, "get", text)
    trace = person.base / "trace"
    with Opened(person.config) as opened:
        subprocess.run(["strace", "-f", "-qq", "-e", "trace=execve", "-o", trace, BIN / "tokenring", "git", "get"],
                       input=text, text=True, env=person.env, check=True, stdout=subprocess.DEVNULL)
    assert sum("execve(" in x for x in trace.read_text().splitlines()) == 1
    assert opened.count == 1


@pytest.mark.parametrize("op", ["get", "store", "erase", "frobnicate"])
def test_its_input_is_read_to_the_end(person, op):
    """git may write more than we need: neither it nor a test of ours meets a broken pipe."""
    p = person.start(BIN / "git-credential-tokenring", op, input=True)
    p.stdin.write("protocol=https\nhost=nowhere.example\n" + "unknown=key\n" * 50_000)
    p.stdin.close()
    p.stdin = None
    out, err = p.communicate(timeout=30)
    assert out == "" and (p.returncode, err) == ((0, "") if op == "frobnicate" else
                                                 (1, "tokenring: git's request: too many lines\n"))
