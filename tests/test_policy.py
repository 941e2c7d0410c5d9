# SPDX-License-Identifier: MIT
"""Rules of the tree, held by tests: who links and includes what, sizes, words."""
import re
import subprocess

import pytest

from conftest import BIN, LIBEXEC, MODULE, TESTS, TOP

SOURCES = sorted(p for d in ("libcommon", "helper", "pam") for p in (TOP / d).glob("*.[ch]"))
ENTRY_POINTS = {"pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt", "pam_sm_open_session",
                "pam_sm_close_session", "pam_sm_chauthtok"}
# Longer than the house's budget, and why.
LONG_FILES = {}
LONG_FUNCTIONS = {}
BANNED = ("strcpy", "strcat", "sprintf", "vsprintf", "gets", "atoi", "atol", "strtok", "system", "popen", "signal",
          "alloca", "realloc", "mktemp", "tmpnam", "rand", "goto")


def readelf(path, *options):
    return subprocess.run(["readelf", "-W", *options, str(path)], capture_output=True, text=True, check=True).stdout


def needed(path):
    return set(re.findall(r"\(NEEDED\).*\[([^]]+)\]", readelf(path, "-d")))


def uses(path, *names):
    return [n for n in needed(path) if n.startswith(names)]


def test_each_heavy_library_is_in_one_program():
    front, net, secret = BIN / "tokenring", LIBEXEC / "tokenring-net", LIBEXEC / "tokenring-secret"
    assert uses(net, "libcurl") and uses(secret, "libsecret", "libglib")
    for program in (front, secret, MODULE):
        assert not uses(program, "libcurl", "libssl", "libcrypto"), program
    for program in (front, net, MODULE):
        assert not uses(program, "libsecret", "libglib", "libgobject", "libgio"), program


def test_the_module_needs_libpam_and_libc_alone():
    assert {n.split(".so")[0] for n in needed(MODULE)} == {"libpam", "libc"}


def test_the_module_exports_its_six_entry_points_alone():
    out = subprocess.run(["nm", "-D", "--defined-only", str(MODULE)], capture_output=True, text=True, check=True).stdout
    symbols = {line.split()[-1].split("@")[0] for line in out.splitlines() if line.split()[1] in "TDBRWVi"}
    assert symbols == ENTRY_POINTS


@pytest.mark.parametrize("path", [BIN / "tokenring", LIBEXEC / "tokenring-net", LIBEXEC / "tokenring-secret", MODULE],
                         ids=lambda p: p.name)
def test_hardening(path):
    dynamic = readelf(path, "-d")
    assert "BIND_NOW" in dynamic or "NOW" in dynamic
    assert "GNU_RELRO" in readelf(path, "-l") and "DYN" in readelf(path, "-h")
    assert not re.search(r"GNU_STACK.*RWE", readelf(path, "-l"))


def includes(path):
    return re.findall(r'^#include [<"]([^>"]+)[>"]', path.read_text(), re.M)


def test_who_includes_what():
    headers = {d: {p.name for p in (TOP / d).glob("*.h")} for d in ("libcommon", "helper", "pam")}
    for path in SOURCES:
        for name in includes(path):
            assert ".." not in name, (path, name)
            if name.startswith("curl/"):
                assert path.name in ("http.c", "http_call.c", "http_why.c", "http_why.h"), path
            if name.startswith("libsecret/") or name.startswith("glib"):
                assert path.parent.name == "helper" and path.name.startswith(("secret_", "tokenring-secret")), path
            own = path.parent.name
            if own == "libcommon":
                assert name not in headers["helper"] | headers["pam"] - headers["libcommon"], (path, name)
            elif own == "pam":
                assert name not in headers["helper"] - headers["pam"] - headers["libcommon"], (path, name)
            else:
                assert name not in headers["pam"] - headers["helper"] - headers["libcommon"], (path, name)


@pytest.mark.parametrize("directory", ["libcommon", "helper", "pam"])
def test_each_header_compiles_alone(directory, tmp_path):
    flags = subprocess.run(["pkg-config", "--cflags", "libsecret-1"], capture_output=True, text=True).stdout.split()
    for header in sorted((TOP / directory).glob("*.h")):
        if header.name == "curl_options.h":
            continue  # a table for one file
        subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function",
                        f"-I{TOP}/libcommon", f"-I{TOP}/{directory}", *flags, "-fsyntax-only", "-x", "c", str(header)],
                       check=True)


def code(path):
    """Without comments and string literals."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), path.read_text(), flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', text)


def test_banned_functions():
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(|\bgoto\b")
    for path in SOURCES:
        for i, line in enumerate(code(path).splitlines(), 1):
            assert not pattern.search(line), f"{path}:{i}: {line.strip()}"


def test_sources_carry_their_licence_and_no_leftovers():
    for path in SOURCES + sorted(p for kind in ("py", "c", "h") for p in TOP.glob(f"tests/**/*.{kind}")):
        text = path.read_text()
        assert "SPDX-License-Identifier: MIT" in "\n".join(text.splitlines()[:3]), path
        assert path == TESTS / "test_policy.py" or not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text), path


def test_files_and_functions_fit_a_readers_head():
    for path in SOURCES:
        lines = path.read_text().splitlines()
        assert len(lines) <= 400 or path.name in LONG_FILES, f"{path}: {len(lines)} lines"
        start = None
        for i, line in enumerate(lines, 1):
            if line == "{":
                start = i
            elif line == "}" and start:
                name = lines[start - 2]
                assert i - start - 1 <= 60 or path.name in LONG_FUNCTIONS, f"{path}:{start}: {name} {i - start - 1} lines"
                start = None


# Lent for reading, from where it is wiped.
LENT_SECRETS = {
    ("repeats.c", "secret"): "looked for in what a server said",
    ("refresh.c", "refresh"): "a field of an answer",
    ("front.c", "secret"): "from the environment, by the user's choice",
    ("cmd_logout.c", "token"): "the text of a secbuf",
}


def test_secrets_are_no_plain_strings():
    """A variable or parameter with a secret's name is a secbuf, or lent, const and listed here."""
    pattern = re.compile(r"((?:\bconst )?\bchar \**(?:const )?)(password|secret|token|bearer|refresh)\b(\[?)")
    seen = set()
    for path in SOURCES:
        for i, line in enumerate(code(path).splitlines(), 1):
            for kind, name, array in pattern.findall(line):
                if array and kind.startswith("const"):
                    continue  # a constant
                assert kind.startswith("const") and (path.name, name) in LENT_SECRETS, f"{path}:{i}: {line.strip()}"
                seen.add((path.name, name))
    assert seen == set(LENT_SECRETS), "a row of LENT_SECRETS that nothing needs"


@pytest.mark.parametrize("patch", sorted((TESTS / "mutants").glob("*.patch")), ids=lambda p: p.stem)
def test_a_mutant_applies(patch):
    """A guard that moved takes its mutant with it."""
    r = subprocess.run(["git", "apply", "--check", str(patch)], cwd=TOP, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    assert re.search(r"^Caught-by: \S", patch.read_text(), re.M)


# What the module imports and no test makes fail, for it cannot: it asks for what
# is there always, works in memory, or writes what nobody waits for.
INFALLIBLE = set("""_exit clock_gettime free getauxval getenv geteuid getpid getppid getresgid getresuid getrlimit getuid
    memchr memcmp memcpy memset pam_getenv pam_modutil_getlogin pam_prompt pam_strerror pam_syslog pam_vsyslog
    pam_fail_delay sigaddset sigemptyset sigfillset snprintf strchr strcmp strcspn strerror strlen strnlen strrchr
    strspn strstr strtoimax time umask vsnprintf explicit_bzero""".split())
# The sweep's own names for what the kernel or the allocator is asked for.
SWEPT_AS = {"malloc": "memory", "calloc": "memory", "realloc": "memory", "reallocarray": "memory", "clone": "vfork",
            "syscall": "add_key"}


def test_each_call_of_the_module_is_made_to_fail():
    """A new call of the C library or of libpam comes with a fault of it, or with a word why it has none."""
    symbols = re.findall(r"\bU (\w+)", subprocess.run(["nm", "-D", "--undefined-only", str(MODULE)], capture_output=True,
                                                      text=True, check=True).stdout)
    names = {re.sub(r"^__(\w+)_chk$", r"\1", re.sub(r"64(_time64)?$", "", s)) for s in symbols}
    names = {n for n in names if not n.startswith("_") or n == "_exit"}
    swept = set(re.findall(r'"(\w+)"', (TESTS / "pam" / "sweep.c").read_text().split("calls[] = {")[1].split("}")[0]))
    assert len(names) > 60 and len(swept) > 40
    assert {n for n in names - INFALLIBLE if SWEPT_AS.get(n, n) not in swept} == set()


def test_options_of_the_module():
    """Those that pam_sainet takes are those of its page, in the same order."""
    table = re.findall(r"^\t\{K\((\w+)\)", (TOP / "pam" / "options.c").read_text(), re.M)
    page = (TOP / "pam" / "pam_sainet.8").read_text()
    items = re.findall(r"^\.It Cm (\w+)", page, re.M)
    assert len(table) > 10
    assert items == table
