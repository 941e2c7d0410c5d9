# SPDX-License-Identifier: MIT
"""Kill one process at one step of a refresh, and see what the next caller finds (tests/tools/killat.c)."""
import subprocess

from conftest import BIN, BUILD

KILLAT = BUILD / "tools" / "killat"
FRONT, WATCHER, NET, SECRET = "tokenring", "watcher", "tokenring-net", "tokenring-secre"

# Whose step it is, who is killed then, and who goes with him.  A worker's group is it and its watcher;
# the front is killed at the workers' steps too, for all that it does meanwhile is wait.
WAYS = [(FRONT, FRONT, "alone"), (FRONT, FRONT, "group"), (FRONT, FRONT, "all"),
        (WATCHER, WATCHER, "alone"), (WATCHER, WATCHER, "group"),
        (NET, NET, "alone"), (NET, NET, "group"), (NET, FRONT, "alone"), (NET, FRONT, "all"),
        (SECRET, SECRET, "alone"), (SECRET, SECRET, "group"), (SECRET, FRONT, "alone"), (SECRET, FRONT, "all")]


class Refresher:
    """Somebody signed in with a device code, whose access token is gone before each attempt."""

    def __init__(self, person, oauth, **keys):
        self.person, self.oauth = person, oauth
        oauth.set(clients={"app": None}, auto_approve=True, device_interval=1)
        person.oauth(oauth, client_id="app", client_auth="none", grant="device",
                     device_authorization_url=oauth.device_authorization_url, **keys)
        self.sign_in()

    def sign_in(self):
        r = self.person.tokenring("login")
        assert r.returncode == 0, r

    def traced(self, watched, when, victim, how):
        """A `tokenring token` that is killed there: its result, and killat's report."""
        self.person.expire()
        self.oauth.clear_log()
        path = self.person.base / "report"
        r = self.person.run(KILLAT, path, watched, when, victim, how, BIN / "tokenring", "token")
        calls, last, killed, journal = path.read_text().split()
        return r, int(calls), last, killed == "1", journal == "1"

    def count(self, program):
        """How many steps that program makes in a refresh."""
        r, calls, *_ = self.traced(program, 0, program, "alone")
        assert r.returncode == 0 and self.oauth.active(r.stdout.strip()), r
        return calls

    def leave_journal(self):
        """A refresh whose answer came into the journal and not into the store: all are killed as the store's turn comes."""
        for _ in range(5):
            *_, killed, journal = self.traced(SECRET, "j2", SECRET, "all")
            if killed and journal:
                return
            # On a busy machine the traced worker was out of time before.
            assert self.person.tokenring("token").returncode == 0
        raise AssertionError("no journal was left")

    def attempt(self, watched, when, victim, how, prepare=None):
        """None if nobody was there to be killed, else what became of it:
        "kept"; "window" when the server had spent the token and nobody had written the answer yet; else the fault."""
        if prepare:
            prepare()
        r, _, last, killed, journal = self.traced(watched, when, victim, how)
        if not killed:
            return None
        step = f"{victim} {how} at {watched}'s call {when}, {last}"
        if victim == FRONT or how == "all":
            if r.returncode != 128 + 9:
                return f"{step}: it was not killed: {r}"
        elif r.returncode == 0 and not self.oauth.active(r.stdout.strip()):
            return f"{step}: a token of no use was given"
        elif r.returncode not in (0, 1, 3, 4) or (r.returncode != 0 and "tokenring: " not in r.stderr):
            return f"{step}: the caller was told nothing: {r}"
        return self._aftermath(step, not journal)

    def _aftermath(self, step, unwritten):
        """The next caller gets a token, and the grant goes on."""
        for n in ("next", "one after"):
            try:
                r = self.person.tokenring("token", timeout=20)
            except subprocess.TimeoutExpired:
                return f"{step}: the {n} caller waited for ever"
            if r.returncode == 0 and self.oauth.active(r.stdout.strip()):
                self.person.expire()
                continue
            lost = r.returncode == 3 and n == "next" and unwritten and self.oauth.grants_asked("refresh_token") > 0
            if r.returncode == 3:
                self.sign_in()
            return "window" if lost else f"{step}: the {n} caller got {r}"
        return "kept"
