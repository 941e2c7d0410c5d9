# SPDX-License-Identifier: MIT
"""tokenring configure: what it changes, and that --undo gives it all back."""
import json
import os
import re
import signal
import stat
import subprocess

import pytest
import yaml

from conftest import BIN
from system.terminal import Terminal

OPTIONS = ("-o", "provider=itcare", "-o", "client_id=cgdm", "-o",
           "match=https://api.cegedim.cloud/itcare https://git.example.com https://code.example.com:8443/team/")
HELPER = "credential.https://git.example.com.helper"


@pytest.fixture
def me(person):
    """Somebody who has nothing yet."""
    del person.env["TOKENRING_CONFIG"]
    person.gitconfig = person.home / ".gitconfig"
    person.docker = person.home / ".docker" / "config.json"
    return person


@pytest.fixture
def mine(me):
    """Somebody who has a profile."""
    d = me.home / ".config" / "tokenring"
    d.mkdir(parents=True)
    (d / "tokenring.conf").write_text("[profile hub]\nprovider = itcare\nclient_id = c\n"
                                      "match = https://git.example.com https://code.example.com:8443/team/\n")
    return me


def files(person):
    """Everything below the home directory, byte for byte."""
    return {p.relative_to(person.home): p.read_bytes() for p in person.home.rglob("*") if p.is_file()}


def values(person, key):
    r = person.run("git", "config", "--global", "--null", "--get-all", key)
    return r.stdout.split("\0")[:-1]


# --- nothing happens unasked -------------------------------------------------

@pytest.mark.parametrize("tool", ["git", "docker"])
def test_nothing_is_changed_without_a_yes(mine, tool):
    before = files(mine)
    for more in ([], ["--no-input"]):
        r = mine.tokenring("configure", tool, *more)
        assert r.returncode == 2 and "--yes" in r.stderr and "git.example.com" in r.stdout and "will be:" in r.stdout
        assert "every server in 'match', a" in r.stdout.splitlines()[0]
        assert files(mine) == before


def test_usage(mine):
    for words in (["frobnicate"], ["git", "docker"], ["git", "--profile", "nosuch"]):
        r = mine.tokenring("configure", *words, "--no-input")
        assert (r.returncode, r.stdout) == (2, ""), r
    assert mine.tokenring("configure", "git", "-o", "client_id=x", "--yes").returncode == 2, "-o would not last"
    assert files(mine).keys() == {next(iter(files(mine)))}


def test_the_helper_must_be_in_the_path(mine):
    for tool in ("git", "docker"):
        r = mine.run(BIN / "tokenring", "configure", tool, "--yes", env={"PATH": "/usr/bin:/bin"})
        assert r.returncode == 2 and f"{tool}-credential-tokenring is not in PATH" in r.stderr


# --- the first profile -------------------------------------------------------

def test_a_first_profile_by_options(me):
    out = me.ok("configure", "git", "--yes", *OPTIONS)
    assert "now sign in: tokenring login itcare\n" in out
    conf = me.home / ".config" / "tokenring" / "tokenring.conf"
    assert conf.read_text() == ("[profile itcare]\nprovider = itcare\nmatch = https://api.cegedim.cloud/itcare "
                                "https://git.example.com https://code.example.com:8443/team/\nclient_id = cgdm\n")
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600 and stat.S_IMODE(conf.parent.stat().st_mode) == 0o700
    assert values(me, HELPER) == ["", "tokenring"]
    assert values(me, "credential.https://code.example.com:8443/team.helper") == ["", "tokenring"]
    assert values(me, "credential.https://code.example.com:8443/team.useHttpPath") == ["true"]
    assert values(me, "credential.https://api.cegedim.cloud/itcare.helper") == [], "an API is no git server"
    me.ok("configure", "--undo")
    assert {k: v for k, v in files(me).items() if v} == {}, "git leaves an empty file"


def test_a_profile_beside_others(mine):
    conf = mine.home / ".config" / "tokenring" / "tokenring.conf"
    before = conf.read_bytes()
    out = mine.ok("configure", "docker", "--profile", "erp", "--yes", "-o", "provider=sainet",
                  "-o", "url=https://erp.example.com", "-o", "domain=PROD", "-o", "match=https://erp.example.com")
    assert "erp.example.com" in out and "git.example.com" not in out
    assert conf.read_bytes().startswith(before) and "[profile erp]\n" in mine.ok("config")
    mine.ok("configure", "--undo")
    assert conf.read_bytes() == before


@pytest.mark.parametrize("options", [["-o", "provider=itcare"], ["-o", "client_id=x"], ["-o", "nonsense=x"], ["-o", "x"],
                                     ["-o", "provider=oauth2", "-o", "client_id=c", "-o", "token_url=http://x"],
                                     ["-o", "provider=itcare", "-o", "client_id=a\n[profile evil]"],
                                     ["-o", "provider=itcare", "-o", "client_id=c", "--profile", "a]b"]])
def test_a_profile_with_faults_is_not_written(me, options):
    r = me.tokenring("configure", "--yes", *options)
    assert (r.returncode, r.stdout) == (2, "") and r.stderr.count("\n") == 1
    assert files(me) == {}


def test_no_profile_and_nobody_to_ask(me):
    r = me.tokenring("configure", "git", "--yes")
    assert r.returncode == 2 and "-o provider=itcare" in r.stderr and files(me) == {}


CLIENT, MATCH, SURE = "Client's id: ", "beside its own API (https URLs): ", "Change this? [y/N] "
SERVICE = "Service: itcare, sainet or oauth2 [itcare]: "


def at_terminal(me, argv, answers):
    """Answer each question when it has appeared: (status, all that was seen)."""
    with Terminal([BIN / "tokenring", "configure", *argv], env={k: v for k, v in me.env.items() if v is not None},
                  cwd=me.home) as t:
        for question, answer in answers:
            t.expect(re.escape(question))
            t.send(answer)
        return t.end(), t.text


@pytest.mark.parametrize("answers, name, lines", [
    ([(SERVICE, ""), (CLIENT, "cgdm-sa-example"), (MATCH, "")], "itcare", ["provider = itcare", "client_id = cgdm-sa-example"]),
    ([(SERVICE, "itcare"), (CLIENT, "c"), (MATCH, "https://git.example.com")], "itcare",
     ["provider = itcare", "match = https://api.cegedim.cloud/itcare https://git.example.com", "client_id = c"]),
    ([(SERVICE, "github"), ("one of: ", ""), (CLIENT, ""), (CLIENT, "c"), (MATCH, "http://x"), (MATCH, "")], "itcare",
     ["provider = itcare", "client_id = c"]),
    ([(SERVICE, "sainet"), ("Server (its https URL): ", "http://erp.example.com"), ("https URL): ", "https://erp.example.com"),
      ("Domain: ", "PROD"), (MATCH, "https://git.example.com")], "sainet",
     ["provider = sainet", "match = https://erp.example.com/SNV4SRV-ws-war/api/v1 https://git.example.com",
      "url = https://erp.example.com", "domain = PROD"]),
    ([(SERVICE, "oauth2"), ("Issuer (its https URL): ", "https://login.example.com"), (CLIENT, "c"),
      ("device or browser [client_credentials]: ", "neither"), ("device or browser [client_credentials]: ", "device"),
      (MATCH, "https://git.example.com https://x.example:8443/y")], "oauth2",
     ["provider = oauth2", "match = https://git.example.com https://x.example:8443/y", "issuer = https://login.example.com",
      "client_id = c", "grant = device"])])
def test_a_first_profile_by_questions(me, answers, name, lines):
    status, seen = at_terminal(me, [], [*answers, (SURE, "y")])
    assert status == 0 and seen.endswith(f"now sign in: tokenring login {name}\n"), seen
    conf = me.home / ".config" / "tokenring" / "tokenring.conf"
    assert set(conf.read_text().splitlines()) == {f"[profile {name}]", *lines}
    assert f"[profile {name}]\n" in me.ok("config")
    me.ok("configure", "--undo")
    assert files(me) == {}


def test_questions_with_a_name_and_a_tool(me):
    status, seen = at_terminal(me, ["git", "--profile", "work"],
                               [(SERVICE, ""), (CLIENT, "c"), (MATCH, "https://git.example.com"), (SURE, "yes")])
    assert status == 0 and "tokenring login work\n" in seen and values(me, HELPER) == ["", "tokenring"]
    assert seen.index("will be: (empty), tokenring") < seen.index(SURE), "shown before it asks"


@pytest.mark.parametrize("answers, status", [([(SERVICE, ""), (CLIENT, "c"), (MATCH, ""), (SURE, "")], 1),
                                             ([(SERVICE, ""), (CLIENT, "c"), (MATCH, ""), (SURE, "no")], 1),
                                             ([(SERVICE, ""), (CLIENT, "\x04")], 1), ([(SERVICE, "\x03")], -2)])
def test_questions_that_end_with_nothing_written(me, answers, status):
    r, seen = at_terminal(me, [], answers)
    assert (r, files(me)) == (status, {}), seen


# --- git ---------------------------------------------------------------------

GITCONFIG = """# mine
[credential]
\thelper = store # plain, I know
[user]
    name = A
[credential "https://git.example.com"]
\thelper = cache --timeout=5 ; short
\tusername = a
[alias]
\tst = status
"""


def test_git_and_back(mine):
    mine.gitconfig.write_text(GITCONFIG)
    mine.gitconfig.chmod(0o640)
    out = mine.ok("configure", "git", "--yes")
    assert "the helper 'store' (credential.helper in " in out and "plain text" in out and "gets none of these tokens" in out
    assert "warning" not in out
    assert values(mine, HELPER) == ["cache --timeout=5", "", "tokenring"]
    assert "nothing to change" in mine.ok("configure", "git") and values(mine, HELPER)[-2:] == ["", "tokenring"]
    mine.ok("configure", "git", "--undo")
    assert mine.gitconfig.read_text() == GITCONFIG and stat.S_IMODE(mine.gitconfig.stat().st_mode) == 0o640
    assert mine.ok("configure", "git", "--undo") == "nothing to undo\n"
    assert values(mine, HELPER) == ["cache --timeout=5"]


@pytest.mark.parametrize("own", [["tokenring"], [""], ["", "cache"], ["cache", "", "tokenring", "store"], ["", ""], ["a\nb"]])
def test_git_values_that_look_like_ours(mine, own):
    for v in own:
        subprocess.run(["git", "config", "--global", "--add", HELPER, v], env=mine.env, check=True)
    mine.ok("configure", "git", "--yes")
    assert values(mine, HELPER)[-2:] == ["", "tokenring"]
    mine.ok("configure", "git", "--undo")
    assert values(mine, HELPER) == own


def test_no_other_helper_gets_the_token(mine, oauth):
    """With a plain text helper before it, only ours is asked and told."""
    mine.gitconfig.write_text("[credential]\n\thelper = store\n")
    mine.ok("configure", "git", "--yes")
    mine.run("git", "credential", "approve", input="protocol=https\nhost=git.example.com\nusername=u\npassword=canary\n\n")
    assert not (mine.home / ".git-credentials").exists()
    mine.run("git", "credential", "approve", input="protocol=https\nhost=other.example\nusername=u\npassword=mine\n\n")
    assert "other.example" in (mine.home / ".git-credentials").read_text()


@pytest.mark.parametrize("section", ["credential", 'credential "https://bob@git.example.com"',
                                     'credential "https://git.example.com/x"', 'credential "https://*.example.com"'])
def test_ours_comes_last(mine, section):
    """Also where the server had a section of its own before the helper of others."""
    text = f'[credential "https://git.example.com"]\n\tusername = a\n[{section}]\n\thelper = store\n'
    mine.gitconfig.write_text(text)
    assert "warning" not in mine.ok("configure", "git", "--yes")
    assert values(mine, "credential.https://git.example.com/.helper") == ["", "tokenring"]
    approve = "protocol=https\nhost=git.example.com\npath=x\nusername=bob\npassword=canary\n\n"
    mine.run("git", "credential", "approve", input=approve)
    assert not (mine.home / ".git-credentials").exists()
    mine.ok("configure", "git", "--undo")
    assert mine.gitconfig.read_text() == text
    mine.run("git", "-c", "credential.helper=store", "credential", "approve", input=approve)
    assert (mine.home / ".git-credentials").exists(), "this test would see it"


def test_a_helper_that_still_gets_the_token_is_named(mine):
    """Set up later by somebody, or in the repository where one stands."""
    mine.ok("configure", "git", "--yes")
    subprocess.run(["git", "init", "-q", "."], cwd=mine.base, env=mine.env, check=True)
    subprocess.run(["git", "config", "credential.helper", "store --file=/x"], cwd=mine.base, env=mine.env, check=True)
    out = mine.ok("configure", "git")
    assert "nothing to change" in out and "warning: git hands the tokens of https://git.example.com to the helper " \
        "'store' (credential.helper in file:.git/config) too, in plain text" in out
    command = "!f() { echo password=canary-9876; }; f"
    subprocess.run(["git", "config", "credential.helper", command], cwd=mine.base, env=mine.env, check=True)
    out = mine.ok("configure", "git")
    assert "to the helper 'a shell command' (credential.helper in file:.git/config) too; to end" in out
    assert "canary" not in out
    with mine.gitconfig.open("a") as f:
        f.write('[credential "https://elsewhere.example/"]\n\thelper = store\n[credential]\n\thelper = cache\n')
    out = mine.ok("configure", "git", "--yes")
    assert values(mine, "credential.https://git.example.com/.helper") == ["", "tokenring"] and "cache" not in out


def test_what_was_changed_since_is_left_alone(mine):
    mine.ok("configure", "git", "--yes")
    subprocess.run(["git", "config", "--global", "--replace-all", HELPER, "mine"], env=mine.env, check=True)
    out = mine.ok("configure", "git", "--undo")
    assert f"{HELPER} was changed since: left as it is\n" in out and values(mine, HELPER) == ["mine"]
    assert values(mine, "credential.https://code.example.com:8443/team.helper") == []


def test_configuring_twice_keeps_what_was_there_first(mine):
    subprocess.run(["git", "config", "--global", HELPER, "cache"], env=mine.env, check=True)
    mine.ok("configure", "git", "--yes")
    subprocess.run(["git", "config", "--global", "--unset-all", HELPER, "^$"], env=mine.env, check=True)
    mine.ok("configure", "git", "--yes")
    mine.ok("configure", "git", "--undo")
    assert values(mine, HELPER) in (["cache"], ["cache", "tokenring"])


def test_a_state_directory_that_cannot_be_written(mine):
    """What cannot be undone is not done."""
    mine.state.mkdir(mode=0o500)
    if os.access(mine.state, os.W_OK):
        pytest.skip("root writes anywhere")
    r = mine.tokenring("configure", "git", "--yes")
    assert r.returncode == 1 and not mine.gitconfig.exists()


def test_a_record_that_is_damaged(mine):
    mine.ok("configure", "git", "--yes")
    record = mine.state / "tokenring" / "configure-git.json"
    before = mine.gitconfig.read_bytes()
    for text in ("", "{", "[]", '{"changes":1}', '{"changes":[{}]}', '{"changes":[{"setting":"x","before":1,"after":[]}]}'):
        record.write_text(text)
        r = mine.tokenring("configure", "git", "--undo")
        assert r.returncode != 0 and "configure-git.json" in r.stderr and mine.gitconfig.read_bytes() == before, text


# --- docker ------------------------------------------------------------------

DOCKER = ["{}", "{}\n", '{"auths": {}}', '{\n\t"auths": {\n\t\t"x.example": {}\n\t},\n\t"HttpHeaders": {"a": 1e400}\n}',
          '{"credHelpers":{"gcr.io":"gcloud"},"big":123456789012345678901234567890,"a":"\\u003c/"}\n',
          '{\r\n  "credHelpers": {\r\n    "gcr.io": "gcloud"\r\n  },\r\n  "a" : [ 1,2 ]\r\n}\r\n',
          '{ "credHelpers": {"git.example.com": "pass", "z": "y"}, "credsStore": "desktop" }', '{"credHelpers":{},"b":null}',
          '{"b":{"credHelpers":{"git.example.com":"no"}}, "c":"\\"credHelpers\\":{}"}']


@pytest.mark.parametrize("text", DOCKER)
def test_docker_and_back(mine, text):
    mine.docker.parent.mkdir()
    mine.docker.write_bytes(text.encode())
    mine.docker.chmod(0o640)
    mine.ok("configure", "docker", "--yes")
    after = json.loads(mine.docker.read_text())
    before = json.loads(text)
    ours = {"git.example.com": "tokenring", "code.example.com:8443": "tokenring"}
    assert after == {**before, "credHelpers": {**before.get("credHelpers", {}), **ours}}
    assert "nothing to change" in mine.ok("configure", "docker")
    mine.ok("configure", "docker", "--undo")
    assert mine.docker.read_bytes() == text.encode() and stat.S_IMODE(mine.docker.stat().st_mode) == 0o640
    assert os.listdir(mine.docker.parent) == ["config.json"]


def test_docker_from_nothing(mine):
    mine.ok("configure", "docker", "--yes")
    assert mine.docker.read_text() == ('{\n\t"credHelpers": {\n\t\t"git.example.com": "tokenring",\n'
                                       '\t\t"code.example.com:8443": "tokenring"\n\t}\n}')
    assert stat.S_IMODE(mine.docker.stat().st_mode) == 0o600
    mine.ok("configure", "docker", "--undo")
    assert not mine.docker.exists()


def test_docker_keeps_what_came_meanwhile(mine):
    """Another login between setting up and undoing."""
    mine.ok("configure", "docker", "--yes")
    config = json.loads(mine.docker.read_text())
    config["auths"] = {"x.example": {"auth": "abc"}}
    config["credHelpers"]["gcr.io"] = "gcloud"
    mine.docker.write_text(json.dumps(config, indent=4))
    mine.ok("configure", "docker", "--undo")
    assert json.loads(mine.docker.read_text()) == {"auths": {"x.example": {"auth": "abc"}}, "credHelpers": {"gcr.io": "gcloud"}}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"credHelpers":[]}', '{"credHelpers":null}', "\ufeff{}", '{"a":1} x', "{\x00}"])
def test_docker_files_that_are_none(mine, text):
    mine.docker.parent.mkdir()
    mine.docker.write_text(text)
    r = mine.tokenring("configure", "docker", "--yes")
    assert r.returncode != 0 and str(mine.docker) in r.stderr and mine.docker.read_text() == text


def test_docker_follows_a_link_to_the_file(mine):
    real = mine.home / "dotfiles"
    real.write_text("{}")
    mine.docker.parent.mkdir()
    mine.docker.symlink_to(real)
    mine.ok("configure", "docker", "--yes")
    assert mine.docker.is_symlink() and "tokenring" in real.read_text()
    mine.ok("configure", "docker", "--undo")
    assert real.read_text() == "{}"


def test_docker_elsewhere(mine, tmp_path):
    env = {"DOCKER_CONFIG": str(tmp_path / "d")}
    mine.ok("configure", "docker", "--yes", env=env)
    assert (tmp_path / "d" / "config.json").exists() and not mine.docker.exists()
    mine.ok("configure", "docker", "--undo")
    assert not (tmp_path / "d" / "config.json").exists(), "what was changed is known without the variable"


def test_a_password_in_dockers_file_is_named(mine):
    mine.docker.parent.mkdir()
    mine.docker.write_text('{"auths":{"https://git.example.com/v1/":{"auth":"c2VjcmV0"},"other.example":{"auth":"eA=="}}}')
    out = mine.ok("configure", "docker", "--yes")
    assert "docker logout https://git.example.com/v1/" in out and "plain text" in out
    assert "c2VjcmV0" not in out and "other.example" not in out
    assert "c2VjcmV0" not in (mine.state / "tokenring" / "configure-docker.json").read_text()


# --- kubectl, with one that only reads ---------------------------------------

KUBECONFIG = """# mine
apiVersion: v1
kind: Config
clusters:
- name: prod
  cluster: {server: https://git.example.com}
- {name: other, cluster: {server: https://elsewhere.example}}
contexts: # two
- context:
    cluster: prod
    namespace: web
    user: me
  name: prod
- name: other
  context: {cluster: other, user: me}
current-context: prod # by hand
users:
- name: me
  user: {token: c2VjcmV0}
"""


@pytest.fixture
def kube(mine, tmp_path):
    """A kubectl that knows YAML: what it prints is what the real one does."""
    (tmp_path / "kubectl").write_text(f"""#!/usr/bin/python3
import json, sys, yaml
path = [a[13:] for a in sys.argv if a.startswith("--kubeconfig=")][0]
assert sys.argv[1:5] == ["config", "view", "-o", "json"]
print(json.dumps(yaml.safe_load(open(path))))
""")
    (tmp_path / "kubectl").chmod(0o755)
    mine.env["PATH"] = f"{tmp_path}:{mine.env['PATH']}"
    mine.kubeconfig = mine.home / ".kube" / "config"
    mine.kubeconfig.parent.mkdir()
    mine.kubeconfig.write_text(KUBECONFIG)
    return mine


def understood(person):
    return yaml.safe_load(person.kubeconfig.read_text())


@pytest.mark.parametrize("old, new", [("", ""), ("- name: me\n  user: {token: c2VjcmV0}\n", "- user:\n    token: x\n  name: me"),
                                      ("users:\n- name: me\n  user: {token: c2VjcmV0}\n", ""),
                                      ("\n- ", "\n  - "), ("current-context: prod # by hand\n", 'current-context: ""\n')])
def test_kubectl_and_back(kube, old, new):
    text = KUBECONFIG.replace(old, new)
    if new == "\n  - ":
        head, users = text.split("users:\n")
        text = "\n".join("  " + x if x.startswith(("  ", "- ")) and not x.startswith("  - ") else x
                         for x in text.splitlines()) + "\n"
    kube.kubeconfig.write_text(text)
    before = understood(kube)
    out = kube.ok("configure", "kubectl", "--yes")
    assert "not for cluster other" in out and "c2VjcmV0" not in out
    after = understood(kube)
    user, context = after["users"][-1], after["contexts"][-1]
    assert user == {"name": "tokenring-hub", "user": {"exec": {
        "command": "tokenring", "args": ["kubectl", "hub"], "apiVersion": "client.authentication.k8s.io/v1beta1",
        "provideClusterInfo": True}}}
    assert context == {"name": "prod-tokenring", "context": {"cluster": "prod", "user": "tokenring-hub", "namespace": "web"}}
    assert after["current-context"] == "prod-tokenring"
    assert after["users"][:-1] == (before.get("users") or []) and after["contexts"][:-1] == before["contexts"]
    assert "nothing to change" in kube.ok("configure", "kubectl")
    kube.ok("configure", "kubectl", "--undo")
    now = understood(kube)
    assert {k: v or None for k, v in now.items()} == {**{"users": None}, **{k: v or None for k, v in before.items()}}
    if "users:\n-" in text or "users:\n  -" in text:
        assert kube.kubeconfig.read_text() == text
    assert os.listdir(kube.kubeconfig.parent) == ["config"]


@pytest.mark.parametrize("old, new", [("users:\n- name: me\n  user: {token: c2VjcmV0}\n", "users: [{name: me, user: {}}]\n"),
                                      ("contexts: # two\n", "contexts: &x\n"), ("# mine", "---")])
def test_a_kubeconfig_in_another_form_is_left_alone(kube, old, new):
    text = KUBECONFIG.replace(old, new)
    kube.kubeconfig.write_text(text)
    r = kube.tokenring("configure", "kubectl", "--yes")
    if new == "---":
        assert r.returncode == 0
        return
    assert r.returncode == 1 and str(kube.kubeconfig) in r.stderr
    kube.ok("configure", "kubectl", "--undo")
    assert kube.kubeconfig.read_text() == text and os.listdir(kube.kubeconfig.parent) == ["config"]


@pytest.mark.parametrize("whom", ["parent", "group"])
def test_ctrl_c_while_kubectl_looks_at_the_new_one(kube, tmp_path, whom):
    """Nothing is left beside the kubeconfig, which is the old one or the new one; and the next run goes on."""
    script = tmp_path / "kubectl"
    plain = script.read_text()
    script.write_text(plain + f"""import os, signal
if "trial" in path:
    os.{"kill(os.getppid()" if whom == "parent" else "killpg(os.getpgrp()"}, signal.SIGINT)
""")
    p = kube.start("tokenring", "configure", "kubectl", "--yes")
    p.communicate(timeout=30)
    assert p.returncode == -signal.SIGINT
    assert os.listdir(kube.kubeconfig.parent) == ["config"]
    assert understood(kube)["clusters"] == yaml.safe_load(KUBECONFIG)["clusters"]
    script.write_text(plain)
    kube.ok("configure", "kubectl", "--yes")
    assert "nothing to change" in kube.ok("configure", "kubectl")
    kube.ok("configure", "kubectl", "--undo")
    assert kube.kubeconfig.read_text() == KUBECONFIG and os.listdir(kube.kubeconfig.parent) == ["config"]


def test_a_kubeconfig_that_json_is(kube):
    text = json.dumps(understood(kube))
    kube.kubeconfig.write_text(text)
    assert kube.tokenring("configure", "kubectl", "--yes").returncode == 1
    assert kube.kubeconfig.read_text() == text


def test_kubectl_users_of_others_stay(kube):
    for name, word in (("tokenring-hub", "user"), ("prod-tokenring", "context")):
        text = KUBECONFIG.replace("- name: me\n", f"- name: {name}\n") if word == "user" else \
            KUBECONFIG.replace("- name: other\n  context", f"- name: {name}\n  context")
        kube.kubeconfig.write_text(text)
        r = kube.tokenring("configure", "kubectl", "--yes")
        assert r.returncode == 2 and name in r.stderr and kube.kubeconfig.read_text() == text


def test_kubectl_needs_a_cluster(kube):
    kube.kubeconfig.write_text(KUBECONFIG.replace("https://git.example.com", "https://evil.example"))
    assert "no cluster's server" in kube.tokenring("configure", "kubectl", "--yes").stderr
    kube.kubeconfig.unlink()
    assert "set-cluster" in kube.tokenring("configure", "kubectl", "--yes").stderr
