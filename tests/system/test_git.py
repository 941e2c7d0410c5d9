# SPDX-License-Identifier: MIT
"""git itself, over HTTPS, with a profile's token and with passwords that it stored."""
import re
import subprocess

import pytest

import sim

HELPER = ("-c", "credential.helper=", "-c", "credential.helper=tokenring")


def version():
    out = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(n) for n in re.findall(r"\d+", out)[:2])


@pytest.fixture
def forge(person, keyring, oauth, tmp_path):
    """A git server that takes access tokens, and of some users passwords."""
    (tmp_path / "repositories").mkdir()
    passwords = {}
    with sim.GitFront(oauth.ca, str(tmp_path / "repositories"), lambda secret, scheme, user:
                      oauth.active(secret) or secret == passwords.get(user, b"")) as git:
        git.passwords = passwords
        git.create("demo.git")
        person.env.update(GIT_SSL_CAINFO=oauth.ca.pem, GIT_AUTHOR_NAME="A", GIT_AUTHOR_EMAIL="a@example.com",
                          GIT_COMMITTER_NAME="A", GIT_COMMITTER_EMAIL="a@example.com", GIT_CONFIG_GLOBAL="/dev/null",
                          GIT_ASKPASS="/bin/false", PATH=person.env["PATH"])
        yield git


def git(person, *args, **kw):
    return person.run("git", *HELPER, *args, **kw)


def works(person, *args, **kw):
    r = git(person, *args, **kw)
    assert r.returncode == 0 and "tokenring" not in r.stderr, r
    return r


def person_who_types(person, **answers):
    """What GIT_ASKPASS answers; how often it was asked is in `asked`."""
    program = person.base / "askpass"
    asked = person.base / "asked"
    asked.write_text("")
    cases = "".join(f"{kind}*) echo '{answer}' ;;\n" for kind, answer in answers.items())
    program.write_text(f'#!/bin/sh\necho "$1" >>{asked}\ncase $1 in\n{cases}esac\n')
    program.chmod(0o755)
    return {"GIT_ASKPASS": str(program)}, asked


def job(person, url, where):
    """Clone, push and fetch, and see that each did its work."""
    works(person, "clone", "-q", url, where)
    (person.base / where / "file").write_text(f"written in {where}\n")
    for args in (["add", "file"], ["commit", "-q", "-m", f"of {where}"], ["push", "-q", "origin", "HEAD:main"]):
        works(person, "-C", where, *args)
    works(person, "-C", where, "fetch", "-q", "--prune")
    head, pushed = (works(person, "-C", where, "rev-parse", name).stdout for name in ("HEAD", "origin/main"))
    assert head == pushed


def profile(person, oauth, forge):
    secret = person.base / "secret"
    secret.write_text("secret of client\n")
    oauth.set(clients={"cli": "secret of client"})
    person.oauth(oauth, client_id="cli", client_secret_file=secret, store="none", match=forge.url)


def test_with_a_token(person, oauth, forge):
    profile(person, oauth, forge)
    job(person, f"{forge.url}/demo.git", "one")
    job(person, f"{forge.url}/demo.git", "two")
    assert len(oauth.token_requests) == 1


def test_with_a_revoked_token(person, oauth, forge):
    """One renewal; git before 2.46 cannot come back within one command."""
    profile(person, oauth, forge)
    works(person, "ls-remote", f"{forge.url}/demo.git")
    oauth.expire_access()
    if version() < (2, 46):
        r = git(person, "ls-remote", f"{forge.url}/demo.git")
        assert r.returncode != 0 and "Authentication failed" in r.stderr, r
        assert len(oauth.token_requests) == 1
    works(person, "ls-remote", f"{forge.url}/demo.git")
    assert len(oauth.token_requests) == 2
    works(person, "ls-remote", f"{forge.url}/demo.git")
    assert len(oauth.token_requests) == 2


def test_a_token_that_is_always_refused(person, oauth, forge):
    """No loop: each command of git's costs two requests for a token at most."""
    profile(person, oauth, forge)
    forge.check = lambda *who: False
    for n in (1, 2, 3):
        assert git(person, "ls-remote", f"{forge.url}/demo.git").returncode != 0
        assert len(oauth.token_requests) <= 2 * n


def test_with_a_password(person, forge):
    """Typed once; stored; refused after it was changed; typed again."""
    forge.passwords["alice"] = "first one"
    env, asked = person_who_types(person, Username="alice", Password="first one")
    url = f"{forge.url}/demo.git"
    works(person, "ls-remote", url, env=env)
    assert len(asked.read_text().splitlines()) == 2
    job(person, url, "one")
    forge.passwords["alice"] = "second one"
    assert git(person, "ls-remote", url).returncode != 0
    env, asked = person_who_types(person, Username="alice", Password="second one")
    works(person, "ls-remote", url, env=env)
    assert len(asked.read_text().splitlines()) == 2, "the refused one was forgotten"
    job(person, url, "two")


def test_two_users(person, forge):
    """Each has his own password, by the name in the URL or by configuration."""
    host = forge.url.split("//")[1]
    for user in ("alice", "bob"):
        forge.passwords[user] = f"{user}'s password".replace("'", "")
        env, _ = person_who_types(person, Password=forge.passwords[user])
        works(person, "ls-remote", f"https://{user}@{host}/demo.git", env=env)
    seen = []
    forge.check = lambda secret, scheme, user: seen.append(user) or forge.passwords.get(user) == secret
    for user in ("alice", "bob", "alice"):
        works(person, "ls-remote", f"https://{user}@{host}/demo.git")
        assert set(seen) == {user}
        seen.clear()
        works(person, "-c", f"credential.{forge.url}.username={user}", "ls-remote", f"{forge.url}/demo.git")
        assert set(seen) == {user}
        seen.clear()


def test_paths_apart(person, forge):
    """credential.useHttpPath: a password for each repository."""
    forge.create("other.git")
    forge.passwords.update({"alice": "for demo", "bob": "for other"})
    for user, name in (("alice", "demo"), ("bob", "other")):
        env, _ = person_who_types(person, Username=user, Password=forge.passwords[user])
        works(person, "-c", "credential.useHttpPath=true", "ls-remote", f"{forge.url}/{name}.git", env=env)
    seen = []
    forge.check = lambda secret, scheme, user: seen.append(user) or forge.passwords.get(user) == secret
    for user, name in (("alice", "demo"), ("bob", "other")):
        works(person, "-c", "credential.useHttpPath=true", "ls-remote", f"{forge.url}/{name}.git")
        assert set(seen) == {user}
        seen.clear()
