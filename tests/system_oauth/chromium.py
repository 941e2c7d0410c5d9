# SPDX-License-Identifier: MIT
"""Chromium as $BROWSER: signs in at oidc-provider's pages, writes down what it saw, and ends.

    chromium.py FACTS URL

FACTS is a JSON file: program, spki (of the key to trust), log (to be written), name.  Chromium is driven through its
debugging pipe: descriptors 3 and 4, JSON ended by NUL.
"""
import fcntl
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time

LIMIT_S = 90

# What a person does on each page.  Nothing is done twice on the same one.
STEP = """
(() => {
  const seen = {url: location.href, text: document.body ? document.body.innerText : ''};
  if (document.readyState !== 'complete' || window.done_here) return seen;
  const login = document.querySelector('input[name=login]');
  const button = document.querySelector('form button[type=submit]');
  if (location.protocol === 'https:' && button) {
    window.done_here = true;
    if (login) {
      login.value = NAME;
      document.querySelector('input[name=password]').value = 'anything';
    }
    seen.did = login ? 'login' : 'consent';
    setTimeout(() => button.click(), 0);
  }
  seen.fields = performance.getEntriesByType('navigation').map(e => e.responseStatus);
  return seen;
})()
"""


class Chromium:
    def __init__(self, program, home, spki):
        to_it, self.ours_out = os.pipe()
        self.ours_in, from_it = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (to_it, from_it)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
            os.closerange(5, 256)
            os.execve(program, [
                program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--disable-extensions", "--no-proxy-server",
                # The server's pages ask elsewhere for a font: that must not take its time.
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
                f"--user-data-dir={home}/profile", f"--ignore-certificate-errors-spki-list={spki}",
                "--remote-debugging-pipe", "about:blank"],
                {"PATH": "/usr/bin:/bin", "HOME": home, "TMPDIR": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home})
        os.close(to_it)
        os.close(from_it)
        self.number = 0
        self.buffer = b""
        self.deadline = time.monotonic() + LIMIT_S

    def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self.ours_out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                return answer

    def _next(self):
        while b"\0" not in self.buffer:
            if not select.select([self.ours_in], [], [], max(0, self.deadline - time.monotonic()))[0]:
                raise TimeoutError("Chromium says nothing")
            more = os.read(self.ours_in, 65536)
            if not more:
                raise EOFError("Chromium is gone")
            self.buffer += more
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def end(self):
        """All of it, by its process group; what is left of it in a moment is waited for."""
        try:
            self.call("Browser.close")
            end = time.monotonic() + 5
            while time.monotonic() < end:
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    self.pid = None
                    break
                time.sleep(0.02)
        except (OSError, EOFError):
            pass
        if self.pid is not None:
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


def sign_in(browser, url, name):
    target = browser.call("Target.createTarget", url="about:blank")["result"]["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["result"]["sessionId"]
    browser.call("Page.enable", session)
    browser.call("Page.navigate", session, url=url)
    steps = []
    while time.monotonic() < browser.deadline:
        answer = browser.call("Runtime.evaluate", session, expression=STEP.replace("NAME", json.dumps(name)),
                              returnByValue=True)
        seen = answer.get("result", {}).get("result", {}).get("value")
        if seen and seen.get("did"):
            steps.append(seen["did"])
        if seen and seen["url"].startswith(("http://127.0.0.1:", "chrome-error:")) and seen["text"]:
            return {**seen, "steps": steps}
        time.sleep(0.05)
    return {"url": "", "text": f"no end; the last page was {seen}", "steps": steps}


def main():
    with open(sys.argv[1]) as f:
        facts = json.load(f)
    # A short name: Chromium makes sockets in it, whose names must be short.
    home = tempfile.mkdtemp(prefix="tokenring-chromium.", dir="/tmp")
    browser = Chromium(facts["program"], home, facts["spki"])
    try:
        seen = sign_in(browser, sys.argv[2], facts["name"])
        seen["version"] = browser.call("Browser.getVersion")["result"]["product"]
    except (OSError, EOFError, KeyError) as e:
        seen = {"url": "", "text": repr(e), "steps": []}
    finally:
        browser.end()
    shutil.rmtree(home, ignore_errors=True)
    with open(facts["log"] + ".new", "w") as f:
        json.dump(seen, f)
    os.rename(facts["log"] + ".new", facts["log"])


if __name__ == "__main__":
    main()
