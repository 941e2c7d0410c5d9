# SPDX-License-Identifier: MIT
"""All simulators at once, for use by hand: python3 -m sim [--dir DIR] [--json]"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading

from . import CA, GitFront, ITCare, OAuth, Sainet
from .git import run_git

CLIENT = "cgdm-sa-example"

CONF = """\
# The simulators' profiles; made anew at each start.
[profile erp]
provider = sainet
url = {sainet.url}
domain = {sainet.settings.domain}
ca_file = {ca.pem}

[profile itcare-sim]
provider = oauth2
token_url = {oauth.token_url}
authorization_url = {oauth.authorization_url}
device_authorization_url = {oauth.device_authorization_url}
revocation_url = {oauth.revocation_url}
client_id = {client}
client_secret_file = {secret}
match = {git.url} {itcare.api}
api_url = {itcare.api}
ca_file = {ca.pem}
"""


def write(path, text, mode=0o644):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as f:
        os.fchmod(f.fileno(), mode)
        f.write(text)


def seed(bare, work):
    """One commit on main."""
    run_git("init", "--quiet", "--initial-branch=main", work)
    write(os.path.join(work, "hello.txt"), "hello\n")
    run_git("-C", work, "add", "hello.txt")
    run_git("-C", work, "commit", "--quiet", "--message=Hello")
    run_git("-C", work, "push", "--quiet", bare, "main")
    shutil.rmtree(work)


def describe(directory, ca, config, sainet, oauth, git, itcare):
    return {
        "dir": directory, "config": config, "ca": ca.pem, "environment": {"TOKENRING_CONFIG": config},
        "sainet": {"url": sainet.url, "api": sainet.api, "domain": sainet.settings.domain,
                   "users": sainet.settings.users},
        "oauth": {"url": oauth.url, "issuer": oauth.issuer, "token_url": oauth.token_url,
                  "authorization_url": oauth.authorization_url,
                  "device_authorization_url": oauth.device_authorization_url,
                  "revocation_url": oauth.revocation_url, "clients": oauth.settings.clients},
        "git": {"url": git.url, "repository": git.url + "/demo.git"},
        "itcare": {"url": itcare.url, "api": itcare.api},
    }


def readable(facts):
    lines = ["directory  " + facts["dir"], "authority  " + facts["ca"], "",
             "SAINet     %s  domain %s" % (facts["sainet"]["url"], facts["sainet"]["domain"])]
    lines += ["           user %s  password %s" % pair for pair in facts["sainet"]["users"].items()]
    lines += ["OAuth      " + facts["oauth"]["issuer"]]
    lines += ["           client %s  secret %s" % (name, secret or "(none)")
              for name, secret in facts["oauth"]["clients"].items()]
    lines += ["git        " + facts["git"]["repository"], "ITCare     " + facts["itcare"]["api"], "",
              "export TOKENRING_CONFIG=" + facts["config"], "",
              "Faults and settings: curl --cacert %s -d '{\"fault\": \"hang\", \"times\": 1}' %s/_control"
              % (facts["ca"], facts["sainet"]["url"]), "Stop with Ctrl-C."]
    return "\n".join(lines)


def run(directory, stack, as_json, stop):
    made = stack.enter_context(tempfile.TemporaryDirectory(prefix="sim-", dir=directory))
    os.chmod(made, 0o755)  # an unprivileged worker of a privileged caller reads the configuration
    ca = CA(os.path.join(made, "ca"))
    repositories = os.path.join(made, "repositories")
    os.mkdir(repositories)
    sainet = stack.enter_context(Sainet(ca))
    oauth = stack.enter_context(OAuth(ca))
    git = stack.enter_context(GitFront(ca, repositories, lambda token, scheme, user: oauth.active(token)))
    itcare = stack.enter_context(ITCare(ca, oauth.active))
    seed(git.create("demo.git"), os.path.join(made, "work"))
    secret = os.path.join(made, "client-secret")
    write(secret, oauth.settings.clients[CLIENT] + "\n", 0o600)
    config = os.path.join(directory, "tokenring.conf")
    write(config, CONF.format(ca=ca, sainet=sainet, oauth=oauth, git=git, itcare=itcare, client=CLIENT, secret=secret))
    stack.callback(os.remove, config)
    facts = describe(directory, ca, config, sainet, oauth, git, itcare)
    print(json.dumps(facts) if as_json else readable(facts), flush=True)
    stop.wait()


def main():
    parser = argparse.ArgumentParser(prog="python3 -m sim", description=__doc__)
    parser.add_argument("--dir", help="where files go (default: a temporary directory)")
    parser.add_argument("--json", action="store_true", help="tell the addresses in one line of JSON")
    parser.add_argument("--until-eof", action="store_true", help="stop when standard input ends, too")
    args = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if args.until_eof:
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), stop.set()), daemon=True).start()
    with contextlib.ExitStack() as stack:
        if args.dir:
            directory = os.path.abspath(args.dir)
            os.makedirs(directory, exist_ok=True)
        else:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="tokenring-sim-"))
            os.chmod(directory, 0o755)
        run(directory, stack, args.json, stop)


if __name__ == "__main__":
    main()
