# SPDX-License-Identifier: MIT
"""Debian's pam-auth-update makes working stacks of packaging/pam-configs."""
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]

SCRIPT = """
set -e
d=$1
mkdir "$d/configs"
cp -a /usr/share/pam-configs/. "$d/configs/"
cp "$2"/packaging/pam-configs/* "$d/configs/"
printf 'Name: pam_systemd\\nDefault: yes\\nPriority: 0\\nSession-Interactive-Only: yes\\n' >"$d/configs/fake-systemd"
printf 'Session-Type: Additional\\nSession:\\n\\toptional\\tpam_systemd.so\\n' >>"$d/configs/fake-systemd"
cp -a /etc/pam.d "$d/pam.d"; cp -a /var/lib/pam "$d/state"; cp -a /var/cache/debconf "$d/debconf"
mount --bind "$d/configs" /usr/share/pam-configs; mount --bind "$d/pam.d" /etc/pam.d
mount --bind "$d/state" /var/lib/pam; mount --bind "$d/debconf" /var/cache/debconf
DEBIAN_FRONTEND=noninteractive pam-auth-update --enable sainet sainet-session fake-systemd --force </dev/null
"""


def lines(directory, name):
    text = (directory / "pam.d" / name).read_text()
    return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_pam_auth_update(tmp_path):
    subprocess.run(["unshare", "-m", "--propagation", "unchanged", "sh", "-c", SCRIPT, "sh", str(tmp_path), str(TOP)],
                   check=True, capture_output=True, env={**os.environ, "LANG": "C.UTF-8"})
    auth = lines(tmp_path, "common-auth")
    modules = [line[-1] if line[-1].endswith(".so") else next(w for w in line if w.endswith(".so")) for line in auth]
    assert modules[:4] == ["pam_unix.so", "pam_sainet.so", "pam_deny.so", "pam_permit.so"]
    assert "success=1" in " ".join(auth[1]) and "try_first_pass" in auth[1], "behind pam_unix, with its password"
    assert ["account", "required", "pam_sainet.so"] in lines(tmp_path, "common-account")
    session = [line[2] for line in lines(tmp_path, "common-session") if line[1] == "optional"]
    assert session.index("pam_systemd.so") < session.index("pam_sainet.so")
    assert all("pam_sainet.so" not in line for line in lines(tmp_path, "common-session-noninteractive"))
