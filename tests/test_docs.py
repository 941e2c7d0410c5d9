# SPDX-License-Identifier: MIT
"""Documentation says what the programs do: pages and README against the built tree."""
import getpass
import itertools
import json
import os
import pathlib
import re
import stat
import subprocess
import sys
import time

import pytest

import sim
from conftest import BIN, BUILD, MODULE, TOP, which
from sim.__main__ import seed
from sim.http1 import Response
from sim.server import Server
from system.terminal import Terminal

PAGE = TOP / "helper" / "tokenring.1"
CONF_PAGE = TOP / "helper" / "tokenring.conf.5"
PAGES = [PAGE, CONF_PAGE, TOP / "pam" / "pam_sainet.8"]
README = TOP / "README.md"
PASSWORD = "correct horse"
SIGN_IN = [("Change this? [y/N] ", "y"), ("lient secret for", "a secret with %& and +")]
NOT_YET = set()  # taken and refused; not to be documented before it works


# --- reading the documents ---------------------------------------------------

def section(page, title):
    """The lines of one section of an mdoc page, as they are in the source."""
    parts = re.split(r"^\.Sh (.+)\n", page.read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))[title]


def rendered(page):
    which("mandoc")
    out = subprocess.run(["mandoc", "-Tascii", "-Owidth=200", page], capture_output=True, text=True, check=True).stdout
    return re.sub(".\b", "", out)


def literal_blocks(page):
    """What stands between .Bd -literal and .Ed, as a reader sees it."""
    blocks = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", page.read_text(), flags=re.M | re.S)
    return [b.replace("\\e", "\\").replace("\\&", "") for b in blocks]


def from_nothing():
    """{tool: its lines} of the section of that name."""
    parts = re.split(r"^\.Ss (.+)\n", section(PAGE, "FROM NOTHING TO WORKING"), flags=re.M)
    return {tool: re.fullmatch(r"\.Bd -literal -offset indent\n(.*)\.Ed\n", text, flags=re.S)[1].replace("\\e", "\\")
            for tool, text in zip(parts[1::2], parts[2::2])}


def fences():
    """(mark, text) of each fenced block of the README; the mark is the comment above it."""
    found = re.findall(r"^(?:<!-- ([^\n]+) -->\n)?```\w*\n(.*?)^```$", README.read_text(), flags=re.M | re.S)
    assert len(found) > 8
    return found


def tried(name):
    """All blocks of one set-up, one after the other: a script."""
    text = "".join(text for mark, text in fences() if mark == f"tried: {name}")
    assert text, name
    return text


def configurations():
    """Every piece of configuration that is shown."""
    for text in literal_blocks(PAGE) + literal_blocks(CONF_PAGE) + literal_blocks(PAGES[2]):
        if re.search(r"^\[profile ", text, flags=re.M):
            yield text
    for text in re.findall(r"<<'END'\n(.*?)^END$", README.read_text(), flags=re.M | re.S):
        yield text


def table(heading):
    """Rows of the README's table whose head begins so."""
    text = README.read_text()
    lines = itertools.takewhile(lambda x: x.startswith("|"), text[text.index(heading):].splitlines())
    return [[c.strip() for c in line.strip("|").split("|")] for line in list(lines)[2:]]


# --- commands, options, keys -------------------------------------------------

def usage(person):
    """{command: usage} as --help has it."""
    found = dict(re.findall(r"^  tokenring (\w+) +(.*)$", person.ok("--help"), flags=re.M))
    assert len(found) >= 8
    return found


def test_commands(person):
    commands = set(usage(person))
    assert set(re.findall(r"^\.It Ic (\w+)$", section(PAGE, "COMMANDS"), flags=re.M)) == commands


def test_synopsis(person):
    """--help, --help of each command, and the page show the same usage."""
    text = rendered(PAGE)
    synopsis = {}
    for line in text[text.index("\nSYNOPSIS"):text.index("\nDESCRIPTION")].splitlines():
        m = re.match(r" +tokenring (?:\[--any-host\] )?(\w+) (.*)", line)
        if m:
            synopsis[m[1]] = m[2].replace(" ...", "...").strip()
    assert {command: words.lower() for command, words in synopsis.items()} == {command: words.lower().strip() for command, words in usage(person).items()}
    for command, words in usage(person).items():
        assert f"tokenring {command} {words}" in person.ok("--help" if command == "curl" else command,
                                                           *["curl"] if command == "curl" else ["--help"])


def test_options(person):
    """The page has the options that the program takes, and --help names no other."""
    source = (TOP / "helper" / "options.c").read_text()
    taken = set(re.findall(r'^\t\{"(-[\w-]+)",', source, flags=re.M))
    assert len(taken) > 10
    items = re.findall(r"^\.It Fl (.*)$", section(PAGE, "OPTIONS"), flags=re.M)
    page = {"-" + name for item in items for name in re.split(r" , ", re.sub(r" (Ar|No) .*| Ns .*", "", item))}
    assert page == taken - NOT_YET
    assert set(re.findall(r"(?<![\w-])(--?[a-z][\w-]*)", person.ok("--help"))) <= taken - NOT_YET
    for option in NOT_YET:
        person.configure("[profile p]\nprovider = oauth2\ntoken_url = https://localhost/t\nclient_id = c\n")
        assert person.tokenring("login", option).returncode == 2


def test_keys():
    """Key, type, provider, choices and default are those of the table in conf_keys.c."""
    providers = {"ALL": "KEYS OF EVERY PROFILE", "OAUTH": "KEYS OF OAUTH2 AND ITCARE", "SAINET": "KEYS OF SAINET"}
    types = {"CONF_TEXT": "text", "CONF_WORD": "word", "CONF_URL_ONE": "url", "CONF_URL_LIST": "urls",
             "CONF_PROXY_URL": "url", "CONF_PATH": "path", "CONF_DURATION": "duration", "CONF_SWITCH": "switch"}
    source = (TOP / "libcommon" / "conf_keys.c").read_text()
    rows = re.findall(r'= \{"(\w+)", (\w+), (\w+), (?:"([^"]*)"|NULL), (?:"([^"]*)"|NULL)\}', source)
    keys = {(name, providers[who], types.get(kind) or choices.replace(" ", " | "), standard)
            for name, kind, who, standard, choices in rows}
    page = set()
    for title in providers.values():
        items = re.findall(r"^\.It Cm (\w+) No = (?:Ar|Cm) (.*?)(?: Pq default Li (\S+))?$", section(CONF_PAGE, title),
                           flags=re.M)
        page |= {(name, title, kind, standard) for name, kind, standard in items}
    assert len(keys) == source.count("\t[CONF_") > 20
    assert page == keys


def test_presets(person):
    """What the page says of itcare is what the program has."""
    preset = next(b for b in literal_blocks(CONF_PAGE) if b.startswith("issuer = "))
    person.configure("[profile itcare]\nprovider = itcare\nclient_id = x\n")
    lines = person.ok("config").splitlines()
    shown = re.findall(r"^preset +(.*)$", person.ok("config", "--show-origin"), flags=re.M)
    assert sorted(preset.splitlines()) == sorted(shown) and set(shown) < set(lines)


def test_environment():
    """Each variable that a program looks at is in the page."""
    sources = [p.read_text() for d in ("helper", "libcommon") for p in (TOP / d).glob("*.c")]
    names = set(re.findall(r'getenv\("(\w+)"\)', "".join(sources)))
    names |= set(re.findall(r'base\("(XDG_\w+)"', "".join(sources)))
    names |= set(re.findall(r'\{"\w+", "(\w+_PROXY|\w+_proxy|SSL_\w+)"\}', (TOP / "helper" / "net.c").read_text()))
    assert len(names) > 10
    page = set(re.findall(r"[A-Za-z_]{4,}", " ".join(re.findall(r"^\.It Ev (.*)$", section(PAGE, "ENVIRONMENT"),
                                                               flags=re.M))))
    assert names <= page


# --- exit status -------------------------------------------------------------

def provoke(person, sainet, oauth, api, tmp_path):
    """(what the page calls it, the status)"""
    oauth.set(clients={name: "right" for name in ("good", "bad", "late", "kept")})
    (tmp_path / "right").write_text("right\n")
    (tmp_path / "wrong").write_text("wrong\n")
    person.sainet(sainet, store="file", match=f"{sainet.api} {sainet.url}/x")
    for name, secret in (("good", "right"), ("bad", "wrong"), ("late", "right")):
        person.oauth(oauth, name=name, client_id=name, client_secret_file=tmp_path / secret, store="none")
    person.oauth(oauth, name="kept", client_id="kept")

    def status(*args, **kw):
        r = person.tokenring(*args, **kw)
        # Only an answer on standard output, only a reason on standard error.
        assert (r.returncode == 0) == (r.stderr == "") or args[0] == "curl", r
        return r.returncode
    yield "done", status("token", "good")
    yield "git get of nobody's", status("git", "get", input="protocol=https\n")
    yield "git get for another host, without a keyring", status(
        "git", "get", input="protocol=https\nhost=elsewhere.example\n")
    yield "the server said no", status("token", "bad")
    yield "no profile is for the URL", status("token", "https://elsewhere.example/")
    yield "the usage", status("frobnicate")
    yield "the usage", status("token", "no-such-profile")
    yield "the configuration", status("config", env={"TOKENRING_CONFIG": "/nonexistent"})
    yield "a person must sign in", status("token", "erp", "--no-input")
    yield "the keyring's service cannot be reached", status(
        "token", "kept", env={"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"})
    oauth.fault("status", path="/token", times=1, code=503, headers={"Retry-After": "60"})
    yield "asked later", status("token", "late")
    yield "asked later, not asked again", status("token", "late")
    assert person.tokenring("login", "erp", "--secret-stdin", input=PASSWORD + "\n").returncode == 0
    api.set(dry_run=False)
    yield "a dry run that was none", status("api", "good", "resources", "-f", "name=x", "--dry-run", "-o", f"match={api.api}",
                                            "-o", f"api_url={api.api}")
    yield "curl", status("curl", "-fsS", f"{sainet.url}/x/nothing")


def test_exit_status(person, sainet, oauth, itcare_server, tmp_path):
    page = {int(n): " ".join(text.split()) for n, text in
            re.findall(r"^\.It (\d+)\n(.*?)(?=^\.It|^\.El)", section(PAGE, "EXIT STATUS"), flags=re.M | re.S)}
    function = re.search(r"^front_exit\(.*?^}", (TOP / "helper" / "front.c").read_text(), flags=re.M | re.S)[0]
    assert set(page) == {int(n) for n in re.findall(r"return (\d+);", function)}
    seen = dict(provoke(person, sainet, oauth, itcare_server, tmp_path))
    assert seen.pop("curl") == 22, "curl's own status"
    assert seen == {"done": 0, "git get of nobody's": 0,
                    "git get for another host, without a keyring": 4, "the server said no": 1, "no profile is for the URL": 1,
                    "the usage": 2, "the configuration": 2, "a person must sign in": 3,
                    "the keyring's service cannot be reached": 4, "asked later": 4, "asked later, not asked again": 4,
                    "a dry run that was none": 5}
    assert set(seen.values()) == set(page)
    for n, words in {1: "the server said no", 2: "configuration", 3: "sign in", 4: "asked later",
                     5: "not confirmed"}.items():
        assert words in page[n]


# --- form --------------------------------------------------------------------

@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_mandoc_lint(page):
    which("mandoc")
    r = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True)
    assert (r.returncode, r.stdout) == (0, "")


@pytest.mark.parametrize("text", configurations())
def test_configurations_are_without_fault(person, text):
    person.configure(text)
    shown = person.ok("config")
    assert text.count("[profile ") == shown.count("[profile ") > 0
    for line in re.findall(r"^\w+ = .*$", text, flags=re.M):
        assert line in shown.splitlines()


def test_faults(person):
    """Each kind of fault that the page lists is one."""
    good = "[profile p]\nprovider = sainet\nurl = https://localhost\ndomain = P\n"
    for text in ("nonsense = 1\n", "scope = x\n", "domain = Q\n", "[profile p]\n", "[other p]\n", "word\n", "account =\n",
                 "timeout = 5\n", "timeout = 0s\n", 'account = "a"\n', "account = a #b\n", "account = a ;b\n",
                 "account = a\tb\n", "account = a\r\n", "match = http://localhost\n", "account = a\x01b\n",
                 "account = " + "a" * 4096 + "\n", "match = https://u@localhost\n", "match = https://localhost:0\n"):
        person.configure(good + text)
        r = person.tokenring("config")
        assert r.returncode == 2 and re.search(r"tokenring\.conf:\d+: ", r.stderr), text
        assert person.tokenring("status").returncode == 2
    for text in ("account = a\n" + good, "\ufeff" + good, good.replace("domain = P\n", ""),
                 good.replace("provider = sainet\n", ""), "# x\n" * 20000):
        person.configure(text)
        assert person.tokenring("config").returncode == 2, text[:40]
    person.configure(good + "account = a#b;c\n; a comment\n  # another\n\n\ttimeout\t=\t90s \n")
    assert "account = a#b;c\n" in person.ok("config") and "timeout = 90s\n" in person.ok("config")


def test_links_and_targets():
    text = README.read_text()
    for path in re.findall(r"\]\(([^)#]+)\)", text):
        assert (TOP / path).exists(), path
    for path in re.findall(r"`((?:libcommon|helper|pam|tests|build)/[\w./-]*)`", text):
        assert path.startswith("build/") or (TOP / path).exists(), path
    makefile = (TOP / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.M))
    named = set(re.findall(r"(?:^|`|sudo |^    )make ([a-z-]+)", text, flags=re.M))
    assert {"demo", "check"} <= named <= targets
    for target in named:
        for script in re.findall(rf"^{target}:.*\n(?:\t.*\n)*", makefile, flags=re.M):
            for path in re.findall(r"^\t\$\(Q\)(tests/[\w/-]+)", script, flags=re.M):
                assert (TOP / path).exists(), f"make {target} needs {path}"


def test_map():
    """The README's map has the directories that there are."""
    rows = {row[0].strip("`/") for row in table("| directory | |")}
    assert rows == {p.name for p in TOP.iterdir() if p.is_dir() and p.name[0] not in "._" and p.name != "build"}


def needed(path):
    out = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    names = {re.match(r"lib[a-z]+(-c)?", n)[0] for n in re.findall(r"NEEDED.*\[(.*?)\]", out) if n.startswith("lib")}
    return names - {"libc", "libasan", "libubsan", "libm", "libmd"}  # the last where there is no libmd.a


def test_who_links_what():
    rows = {row[0].strip("`"): set(row[1].split(", ")) for row in table("| file | shared libraries")}
    assert set(rows) == {"tokenring", "tokenring-net", "tokenring-secret", "pam_sainet.so"}
    assert rows == {name: needed(BUILD / name) for name in rows}


# --- the set-ups, as written -------------------------------------------------

def program(directory, name, text):
    path = directory / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


@pytest.fixture
def stand_ins(person, tmp_path):
    """A directory before all others in PATH, for what must not be the machine's own."""
    d = tmp_path / "stand-ins"
    d.mkdir()
    person.env["PATH"] = f"{d}:{person.env['PATH']}"
    program(d, "sudo", '[ "$1" != -u ] || shift 2\nexec "$@"\n')
    return d


def test_install_as_written(person, stand_ins):
    """What it would do, and where to; test_install.py does it."""
    program(stand_ins, "make", f'exec /usr/bin/make -n -C {TOP} "$@"\n')
    r = person.run("sh", "-eu", "-c", tried("install"), env={"VARIANT": None})
    assert r.returncode == 0, r
    for path in ("/usr/local/bin/", "/usr/local/libexec/tokenring/", "/usr/lib/x86_64-linux-gnu/security/",
                 "/usr/local/share/man/man5", "/etc"):
        assert f" {path}" in r.stdout, path


def at_terminal(person, script, answers):
    """Run a script at a terminal of its own and type each answer when its prompt has appeared."""
    env = {k: v for k, v in person.env.items() if v is not None}
    with Terminal(["sh", "-eu", "-c", script], env=env, cwd=person.home) as t:
        for prompt, answer in answers:
            t.expect(re.escape(prompt), 60)
            t.send(answer)
        return t.end(60), t.text


@pytest.fixture
def itcare(person, oauth, stand_ins, tmp_path):
    """ITCare's servers and a git server, and a tokenring that takes the simulator for ITCare's."""
    oauth.set(clients={"cgdm-sa-example": "a secret with %& and +"})
    options = f"-o token_url={oauth.token_url} -o issuer={oauth.issuer} -o ca_file={oauth.ca.pem}"
    del person.env["TOKENRING_CONFIG"]
    person.env["GIT_SSL_CAINFO"] = oauth.ca.pem
    (tmp_path / "repositories").mkdir()
    with sim.GitFront(oauth.ca, str(tmp_path / "repositories"), lambda token, scheme, user: oauth.active(token)) as git, \
            sim.ITCare(oauth.ca, oauth.active) as api:
        seed(git.create("demo.git"), str(tmp_path / "work"))
        program(stand_ins, "git-credential-tokenring", f'exec {BIN}/git-credential-tokenring {options} "$@"\n')
        program(stand_ins, "tokenring", f'case " $* " in *" erp "*) exec {BIN}/tokenring "$@" ;; esac\n'
                f'[ -z "${{ITCARE_CLIENT_ID-}}" ] || set -- -o match={api.api} -o api_url={api.api} "$@"\n'
                f'exec {BIN}/tokenring {options} "$@"\n')
        api.put_in = lambda text: text.replace("https://git.example.com", git.url).replace(
            "https://api.cegedim.cloud/itcare", api.api)
        yield api


def is_cloned(person, api, oauth):
    assert (person.home / "demo" / "hello.txt").exists()
    sent = api.requests[-1]["headers"]["authorization"].split(" ")
    assert sent[0] == "Bearer" and oauth.active(sent[1])
    assert not (person.home / ".git-credentials").exists(), "another helper kept the token"
    assert oauth.grants_asked("client_credentials") == len(oauth.token_requests) == 1


def test_git_as_written(person, keyring, itcare, oauth):
    (person.home / ".gitconfig").write_text("[credential]\n\thelper = store\n")
    status, seen = at_terminal(person, itcare.put_in(tried("git")), SIGN_IN)
    assert status == 0, seen
    is_cloned(person, itcare, oauth)
    assert "keeps the client-secret" in seen and "a secret" not in seen
    assert stat.S_IMODE((person.home / ".config").stat().st_mode) & 0o400


def test_ci_as_written(person, itcare, oauth):
    person.env.update(ITCARE_CLIENT_ID="cgdm-sa-example", ITCARE_CLIENT_SECRET="a secret with %& and +")
    r = person.run("sh", "-eu", "-c", "cd && " + itcare.put_in(tried("ci")))
    assert r.returncode == 0, r
    is_cloned(person, itcare, oauth)


def test_bearer_for_an_old_git(person, itcare):
    """The header from a file; no helper is asked."""
    person.env.update(ITCARE_CLIENT_ID="cgdm-sa-example", ITCARE_CLIENT_SECRET="a secret with %& and +",
                      GIT_ASKPASS="/bin/false")
    [text] = [text for text in literal_blocks(PAGE) if "extraHeader" in text]
    r = person.run("sh", "-eu", "-c", "cd && " + itcare.put_in(text))
    assert r.returncode == 0 and (person.home / "demo" / "hello.txt").exists(), r


def test_from_nothing_is_short():
    """The rest is run: docker and kubectl, the real ones, by tests/system/test_tools.py."""
    found = from_nothing()
    assert [tool.split(",")[0] for tool in found] == ["git", "docker", "kubectl", "Bazel", "curl"]
    for text in found.values():
        assert text.count("\n") < 10
        commands = text.replace("\\\n", "").splitlines()
        words = [c.split()[:2] for c in commands]
        assert ["tokenring", "configure"] in words[:2] and words.index(["tokenring", "login"]) <= 2, text


def test_git_from_nothing(person, keyring, itcare, oauth):
    """And back to nothing."""
    status, seen = at_terminal(person, itcare.put_in(from_nothing()["git"]), SIGN_IN)
    assert status == 0 and (person.home / "demo" / "hello.txt").exists(), seen
    assert len(oauth.token_requests) == 1
    assert person.run(BIN / "tokenring", "configure", "--undo").returncode == 0
    assert not (person.home / ".config" / "tokenring" / "tokenring.conf").exists()


def test_curl_from_nothing(person, keyring, itcare, oauth):
    text = from_nothing()["curl"].replace("client_id=cgdm-sa-example", f"client_id=cgdm-sa-example -o match={itcare.api}")
    status, seen = at_terminal(person, itcare.put_in(text), SIGN_IN)
    assert status == 0 and seen.rstrip().endswith('{"status":"UP"}'), seen
    assert len(oauth.token_requests) == 1 and oauth.active(itcare.requests[-1]["headers"]["authorization"][7:])


class Cache(Server):
    """Answers whoever brings a token that lives."""

    def __init__(self, ca, active):
        self.active = active
        super().__init__(ca)

    def handle(self, request):
        return Response(200 if self.active(request.headers.get("authorization", "").removeprefix("Bearer ")) else 401, "")


BAZEL = """#!/usr/bin/python3
import json, re, subprocess, sys
[(host, helper)] = re.findall(r"^common --credential_helper=([^=]+)=(\\S+)$", open(".bazelrc").read(), flags=re.M)
[cache] = [a.partition("=")[2] for a in sys.argv if a.startswith("--remote_cache=")]
assert cache.startswith(f"https://{host}")
found = subprocess.run([helper, "get"], input=json.dumps({"uri": cache + "/ac/1"}), capture_output=True, text=True,
                       timeout=10, check=True)
headers = [f"{name}: {v}" for name, values in json.loads(found.stdout)["headers"].items() for v in values]
subprocess.run(["curl", "-fsS", cache + "/ac/1", *(x for h in headers for x in ("-H", h))], check=True)
"""


def test_bazel_from_nothing(person, keyring, stand_ins, oauth):
    """Bazel's part is played by what calls the helper and uses its answer in the same way."""
    oauth.set(clients={"ci": "a secret with %& and +"})
    del person.env["TOKENRING_CONFIG"]
    person.env["CURL_CA_BUNDLE"] = oauth.ca.pem
    (stand_ins / "bazel").write_text(BAZEL)
    (stand_ins / "bazel").chmod(0o755)
    with Cache(oauth.ca, oauth.active) as cache:
        assert tried("bazel") in from_nothing()["Bazel"]
        text = from_nothing()["Bazel"].replace("https://cache.example.com", cache.url).replace(
            "cache.example.com", "localhost").replace(
            "-o issuer=https://login.example.com", f"-o issuer={oauth.issuer} -o ca_file={oauth.ca.pem}")
        status, seen = at_terminal(person, text, SIGN_IN)
        assert status == 0, seen
        assert [r["path"] for r in cache.requests] == ["/ac/1"] and len(oauth.token_requests) == 1


def test_examples_of_the_page(person, itcare, sainet, stand_ins, oauth):
    """Those of tokenring(1) that need no terminal, word for word."""
    person.env.update(ITCARE_CLIENT_ID="cgdm-sa-example", ITCARE_CLIENT_SECRET="a secret with %& and +",
                      TOKENRING_CONFIG=str(person.config))
    found = literal_blocks(PAGE)
    first = next(i for i, text in enumerate(found) if "--profile itcare -o match=" in text)
    job, api, conventions, script, case = found[first:first + 5]
    r = person.run("sh", "-eu", "-c", "cd && " + itcare.put_in(job))
    assert r.returncode == 0 and (person.home / "demo" / "hello.txt").exists(), r
    *lines, last = conventions.splitlines()
    r = person.run("sh", "-eu", "-c", itcare.put_in("\n".join(lines)))
    assert r.returncode == 0 and '"status":"SUCCESS"' in r.stdout and len(itcare.changes) == 1, r
    assert r.stdout.count('"id":') == 1 + 45 and len(lines) == 4
    person.sainet(sainet, store="file")
    program(stand_ins, "tokenring", f'exec {BIN}/tokenring "$@"\n')
    program(stand_ins, "pass", f"echo '{PASSWORD}'\n")
    r = person.run("sh", "-u", "-c", case)
    assert r.stdout == "somebody has to run: tokenring login erp\n"
    r = person.run("sh", "-eu", "-c", script)
    assert r.returncode == 0 and r.stdout.strip() in sainet.tokens, r
    assert person.run("sh", "-u", "-c", case).stdout == "signed in\n"
    assert {x["ADRDOS.LANGUE"] for x in json.loads(person.run("sh", "-eu", "-c", last).stdout)} == {"FR"}
    lines = api.replace("https://erp.example.com", sainet.url).split("\n", 1)[1]
    r = person.run("sh", "-eu", "-c", lines, env={"CURL_CA_BUNDLE": sainet.ca.pem})
    assert r.returncode == 0, r
    assert [json.loads(x)["metadata"]["taskId"] for x in re.split(r"(?<=\})(?=\{\"meta)", r.stdout.strip())] == \
        ["ADR02", "ADR02"]


def rows(heading):
    """(what the vendor prints, the same with tokenring) of a table of the README."""
    found = [[re.match(r"`(.*?)`", cell)[1].replace("\\|", "|") for cell in re.split(r"(?<!\\)\| ", line.strip("| "))]
             for line in README.read_text().split(heading)[1].split("\n\n")[0].splitlines()[2:]]
    assert len(found) >= 5 and all(len(row) == 2 for row in found)
    return found


def both(person, vendor, ours):
    """What each prints; both have to succeed."""
    results = [person.run("sh", "-eu", "-c", line) for line in (vendor, ours)]
    assert [r.returncode for r in results] == [0, 0] and results[1].stderr == "", results
    return [r.stdout for r in results]


def test_itcare_side_by_side(person, itcare, oauth):
    person.env.update(ITCARE_CLIENT_ID="cgdm-sa-example", ITCARE_CLIENT_SECRET="plain", CURL_CA_BUNDLE=oauth.ca.pem)
    oauth.set(clients={"cgdm-sa-example": "plain"})
    token = person.run("sh", "-c", "tokenring token itcare").stdout.strip()
    for vendor, ours in rows("| ITCare: getting started"):
        vendor = itcare.put_in(vendor).replace("{token}", token).replace("CLIENT_ID:CLIENT_SECRET", "cgdm-sa-example:plain")
        vendor = vendor.replace("https://accounts.cegedim.cloud/auth/realms/cloud/protocol/openid-connect/token",
                                oauth.token_url)
        theirs, answer = both(person, vendor, ours)
        if "grant_type" in vendor:
            assert oauth.active(json.loads(theirs)["access_token"]) and oauth.active(answer.strip())
        elif "actions/1" in vendor or "-X POST" in vendor and "DryRun" not in vendor:
            assert set(json.loads(theirs)) == set(json.loads(answer))
        else:
            assert theirs == answer
    assert [what for _, what in itcare.changes] == ["web-1", "web-1"]
    pairs = [(r["method"], r["path"], r["query"], r["body"]) for r in itcare.requests]
    assert pairs[0::2] == pairs[1::2]


def test_sainet_side_by_side(person, sainet, stand_ins):
    person.sainet(sainet, store="file", account=None)
    program(stand_ins, "tokenring", f'exec {BIN}/tokenring -o account=alice "$@"\n')
    token = "-"
    for vendor, ours in rows("| SAINet: login and records"):
        for name, value in {"host": f"localhost:{sainet.port}", "user": "alice", "password": "correct%20horse",
                            "domain": "PROD", "bearer_token": token}.items():
            vendor, ours = vendor.replace(f"<{name}>", value), ours.replace(f"<{name}>", value)
        if " login " in ours:
            ours = f"echo '{PASSWORD}' | {ours} --secret-stdin"
        theirs, answer = both(person, vendor, ours)
        if " login " in ours:
            assert json.loads(theirs) == {"message": "logged in domain PROD"} and answer == ""
            token = next(iter(sainet.tokens))
        elif "PUT" in vendor:
            a, b = json.loads(theirs), json.loads(answer)
            assert a["data"].pop("$recordId") != b["data"].pop("$recordId") and a == b
        else:
            assert theirs == answer and json.loads(answer)["data"]
    pairs = [(r["method"], r["path"], r["query"], r["body"]) for r in sainet.requests]
    assert pairs[0::2] == pairs[1::2] and len(sainet.logins) == 2 and len(sainet.made) == 2


def test_every_way_in_as_written(person, keyring, stand_ins, oauth, tmp_path):
    """The configuration and the commands of tokenring(1), with a browser that signs in at once."""
    oauth.set(clients={"service": "geheim", "desk": None, "console": None}, auto_approve=True, device_interval=1)
    found = literal_blocks(PAGE)
    first = next(i for i, text in enumerate(found) if text.startswith("[profile service]"))
    profiles, commands = found[first:first + 2]
    person.configure(profiles.replace("https://login.example.com", oauth.issuer))
    program(stand_ins, "tokenring", f'exec {BIN}/tokenring "$@" -o ca_file={oauth.ca.pem}\n')
    program(stand_ins, "pass", "echo geheim\n")
    program(stand_ins, "browser", f'exec curl -sSL --cacert {oauth.ca.pem} -o /dev/null "$1"\n')
    r = person.run("sh", "-eu", "-c", commands, env={"BROWSER": str(stand_ins / "browser")})
    assert r.returncode == 0, r
    device = "urn:ietf:params:oauth:grant-type:device_code"
    assert [g for g, _ in oauth.token_requests if g != "refresh_token"] == \
        ["client_credentials", "authorization_code", device, "authorization_code", device]
    console, bob = r.stdout.split()
    assert console != bob and not oauth.active(console) and not oauth.active(bob), "signed out in the end"
    assert sum(oauth.count("/revoke", body=hint) for hint in (b"access_token", b"refresh_token")) >= 4


def test_status_json_as_described(person, oauth, tmp_path):
    """The page names each member, and this says what they are."""
    text = re.search(r"^\.It Ic status\n(.*?)^\.It Ic token$", PAGE.read_text(), flags=re.M | re.S)[1]
    described = set(re.findall(r"^\.Ql ([\w-]+)", text, flags=re.M)) - {"refresh", "client-secret", "password", "access"}
    time_or_null, text_or_null = (int, type(None)), (str, type(None))
    top = {"profile": str, "provider": str, "account": text_or_null, "store": str, "kept": text_or_null, "token": bool,
           "expires_at": time_or_null, "refresh_expires_at": time_or_null, "signed_in_at": time_or_null,
           "refused": (dict, type(None))}
    refused = {"until": int, "reason": str}
    assert described == set(top) | set(refused)
    oauth.set(clients={"good": "right", "bad": "right"})
    (tmp_path / "right").write_text("right\n")
    (tmp_path / "wrong").write_text("wrong\n")
    person.oauth(oauth, name="good", client_id="good", store="file", account="me")
    person.oauth(oauth, name="bad", client_id="bad", client_secret_file=tmp_path / "wrong", store="file")
    person.oauth(oauth, name="never", client_id="good", scope="x", store="none")
    assert person.tokenring("login", "good", "--secret-stdin", input="right\n").returncode == 0
    assert person.tokenring("token", "bad").returncode == 1
    shown = json.loads(person.ok("status", "--json"))
    assert [s["profile"] for s in shown] == ["good", "bad", "never"]
    for s in shown:
        assert set(s) == set(top) and all(isinstance(s[k], t) for k, t in top.items()), s
    good, bad, never = shown
    now = time.time()
    assert good["token"] is True and good["kept"] == "client-secret" and good["account"] == "me" and good["store"] == "file"
    assert now < good["expires_at"] < good["refresh_expires_at"] and now - 60 < good["signed_in_at"] <= now
    assert set(bad["refused"]) == set(refused) and all(isinstance(bad["refused"][k], t) for k, t in refused.items())
    assert now < bad["refused"]["until"] < now + 60 and good["refused"] is None
    assert never["token"] is False and {never[k] for k in ("account", "kept", "expires_at", "signed_in_at")} == {None}


def test_pam_as_written(person, sainet, stand_ins, tmp_path):
    if os.getuid() == 0:
        pytest.skip("needs an ordinary user: tests/as-user")
    user, etc = getpass.getuser(), tmp_path / "etc"
    (etc / "pam.d").mkdir(parents=True)
    (etc / "pam.d" / "other").write_text("auth required pam_deny.so\n")
    sainet.set(users={user: "a right password"})
    stack = (TOP / "pam" / "sainet.pam").read_text()
    module = f"{MODULE} config={etc}/tokenring.conf minimum_uid={min(os.getuid(), 1000)} nodelay"
    (tmp_path / "sainet.pam").write_text(stack.replace("pam_sainet.so", module))
    program(stand_ins, "pamtester", "export LD_PRELOAD=libpam_wrapper.so PAM_WRAPPER=1 "
            f'PAM_WRAPPER_SERVICE_DIR={etc}/pam.d\nexec {which("pamtester")} "$@"\n')
    person.env["TOKENRING_CONFIG"] = f"{etc}/tokenring.conf"
    script = tried("pam").replace("https://erp.example.com", sainet.url).replace("/etc/", f"{etc}/")
    script = script.replace("domain = PROD", f"domain = PROD\nca_file = {sainet.ca.pem}")
    script = re.sub(r"\balice\b", user, script).replace("pam/sainet.pam", str(tmp_path / "sainet.pam"))
    try:
        r = person.run("sh", "-eu", "-c", "umask 022\n" + script, input="a right password\n")
        assert r.returncode == 0 and "successfully authenticated" in r.stdout, r
        assert r.stdout.splitlines()[-1] in sainet.tokens and sainet.count("login") == 1
    finally:
        person.tokenring("logout", "erp", "--local")


def test_the_simulators_as_described(person, tmp_path):
    assert "`tokenring token itcare-sim` and `tokenring login erp --account alice`" in " ".join(README.read_text().split())
    p = subprocess.Popen([sys.executable, "-m", "sim", "--json", "--until-eof"], cwd=TOP / "tests", text=True,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)})
    try:
        facts = json.loads(p.stdout.readline())
        person.env["TOKENRING_CONFIG"] = facts["config"]
        assert person.ok("token", "itcare-sim")
        r = person.tokenring("login", "erp", "--account", "alice", "--secret-stdin", "-o", "store=none",
                             input=facts["sainet"]["users"]["alice"] + "\n")
        assert (r.returncode, r.stderr) == (0, "")
    finally:
        p.stdin.close()
        assert p.wait(10) == 0
        p.stdout.close()


def test_the_stack_shown_is_the_stack_shipped():
    shown = next(text for mark, text in fences() if mark == "from pam/sainet.pam")
    shipped = (TOP / "pam" / "sainet.pam").read_text()
    assert shown == "".join(x + "\n" for x in shipped.splitlines() if x.startswith("auth"))
    assert pathlib.Path(TOP / "pam" / "pam_sainet.8").read_text().count(shown) == 1
