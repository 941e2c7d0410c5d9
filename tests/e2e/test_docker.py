# SPDX-License-Identifier: MIT
"""docker's protocol, byte for byte, for the hosts of profiles."""
import json

import pytest

from conftest import BIN
from keyring import StuckPrompt

NOT_FOUND = "credentials not found in native keychain\n"
NO_SERVER = "no credentials server URL\n"
NO_USER = "no credentials username\n"
USAGE = "Usage: docker-credential-tokenring <store|get|erase|list|version>\n"


@pytest.fixture
def registry(person, oauth, tmp_path):
    oauth.set(clients={"ci": "s3cret"}, access_lifetime=1200)
    (tmp_path / "secret").write_text("s3cret\n")
    person.oauth(oauth, name="hub", client_id="ci", client_secret_file=tmp_path / "secret", store="none",
                 match="https://registry.example.com https://other.example.com:5000")
    person.env["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
    return person


def ask(person, action, text="", *options, **kw):
    r = person.run(BIN / "docker-credential-tokenring", *options, action, input=text, **kw)
    return r.returncode, r.stdout, r.stderr


def answer(url, user, secret):
    return '{"ServerURL":"%s","Username":"%s","Secret":"%s"}\n' % (url, user, secret)


@pytest.mark.parametrize("url", [
    "registry.example.com", "registry.example.com:443", "https://registry.example.com", "https://registry.example.com/",
    "https://registry.example.com/v1/", "https://registry.example.com/v2/", "REGISTRY.example.com", "HTTPS://registry.example.com",
    "registry.example.com/team/image", "other.example.com:5000", "https://other.example.com:5000/v2",
])
def test_get(registry, url):
    """Normalised for the search, and echoed as it was."""
    token = registry.ok("token").strip()
    assert ask(registry, "get", url) == (0, answer(url, "oauth2", token), "")


def test_how_the_server_is_read(registry):
    token = registry.ok("token").strip()
    for text in ("registry.example.com\n", "  registry.example.com \n\n", "registry.\r\nexample.com\r\n", "registry.example.com\t"):
        assert ask(registry, "get", text) == (0, answer("registry.example.com", "oauth2", token), ""), text


@pytest.mark.parametrize("url", ["http://registry.example.com"])
def test_no_token_without_tls(registry, oauth, url):
    code, out, err = ask(registry, "get", url)
    assert code == 1 and "Secret" not in out
    assert oauth.token_requests == []


@pytest.mark.parametrize("url", [
    "registry.example.com@evil.example", "https://u:p@registry.example.com", "registry.example.com\\@evil.example",
    "https://registry.example.com:0", "registry.example.com/../x", "https://", "/", "registry.example.com?x", "a b",
    "ssh://registry.example.com", "registry.example.com\x01",
])
def test_no_server(registry, oauth, url):
    code, out, err = ask(registry, "get", url)
    assert (code, err) == (1, "") and out.startswith("tokenring: '") and out.count("\n") == 1
    assert oauth.token_requests == []


@pytest.mark.parametrize("text", ["", "\n", "  \n \n", "\t"])
def test_no_server_url(registry, text):
    for action in ("get", "erase"):
        assert ask(registry, action, text) == (1, NO_SERVER, "")


@pytest.mark.parametrize("text, sentence", [
    ("{}", NO_SERVER), ('{"ServerURL":"","Username":"u","Secret":"s"}', NO_SERVER),
    ('{"ServerURL":"registry.example.com","Secret":"s"}', NO_USER),
    ('{"ServerURL":"registry.example.com","Username":"","Secret":"s"}', NO_USER),
])
def test_store_without(registry, text, sentence):
    assert ask(registry, "store", text) == (1, sentence, "")


@pytest.mark.parametrize("text", ["", "[]", "{", "x", '{"ServerURL":"a"} {}'])
def test_store_of_what_is_no_credential(registry, text):
    assert ask(registry, "store", text) == (1, "tokenring: docker's request is not one JSON object\n", "")


@pytest.mark.parametrize("argv", [[], ["get", "x"], ["get", "store"]])
def test_arity(registry, argv):
    r = registry.run(BIN / "docker-credential-tokenring", *argv, input="registry.example.com")
    assert (r.returncode, r.stdout, r.stderr) == (1, USAGE, "")


def test_an_unknown_action(registry):
    assert ask(registry, "frobnicate") == (1, "docker-credential-tokenring: unknown action: frobnicate\n", "")


@pytest.mark.parametrize("word", ["version", "--version", "-v"])
def test_version(registry, word):
    version = registry.ok("--version").split()[1]
    assert ask(registry, word) == (0, f"docker-credential-tokenring (tokenring) {version}\n", "")


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help(registry, word):
    code, out, err = ask(registry, word)
    assert (code, err) == (0, "") and "store" in out


def test_a_login_to_a_profiles_host_changes_nothing(registry, oauth):
    _, out, _ = ask(registry, "get", "registry.example.com")
    assert ask(registry, "store", out) == (0, "", "")
    assert ask(registry, "store", answer("registry.example.com", "alice", "pw")) == (
        0, "", "tokenring: not kept: 'registry.example.com' gets the token of profile 'hub'\n")
    assert ask(registry, "get", "registry.example.com") == (0, out, "")
    assert len(oauth.token_requests) == 1


def test_a_logout_forgets_the_token_and_not_the_sign_in(registry, oauth):
    _, first, _ = ask(registry, "get", "registry.example.com")
    assert ask(registry, "erase", "https://registry.example.com/v1/\n") == (0, "", "")
    code, second, _ = ask(registry, "get", "registry.example.com")
    assert code == 0 and first != second


def test_a_list_while_the_keyring_is_locked(registry):
    """A client without a list goes on without any credential: those of profiles need no keyring."""
    ask(registry, "get", "registry.example.com")
    with StuckPrompt() as k:
        registry.session(k)
        code, out, err = ask(registry, "list")
        assert (code, json.loads(out)) == (0, {"https://registry.example.com": "oauth2",
                                               "https://other.example.com:5000": "oauth2"})
        assert err.count("\n") == 1 and "not listed: the keyring is locked" in err
        assert "Prompt" not in k.calls


def test_the_accounts_of_a_host(registry, oauth, tmp_path):
    """Two profiles for one host: which is never guessed."""
    registry.oauth(oauth, name="two", client_id="ci", account="robot", client_secret_file=tmp_path / "secret", store="none",
                   match="https://registry.example.com", basic_username="robot")
    code, out, err = ask(registry, "get", "registry.example.com")
    assert code == 1 and ": hub, two;" in out and "--profile" in out and oauth.token_requests == []
    code, out, err = ask(registry, "get", "registry.example.com", "--profile", "two")
    assert code == 0 and json.loads(out)["Username"] == "robot"
    code, out, err = ask(registry, "get", "other.example.com:5000", "--profile", "two")
    assert code == 1 and "Secret" not in out


def test_a_person_is_needed(person, sainet):
    """Not "not found": docker would go on without credentials."""
    person.sainet(sainet, store="file")
    code, out, err = ask(person, "get", sainet.url + "/SNV4SRV-ws-war/api/v1")
    assert (code, err) == (1, "") and out.startswith("tokenring: ") and "tokenring login erp" in out


def test_a_configuration_with_faults(registry):
    registry.configure("nonsense = 1\n")
    for action in ("get", "erase", "list"):
        code, out, err = ask(registry, action, "registry.example.com")
        assert (code, err) == (1, "") and "tokenring.conf:1" in out
