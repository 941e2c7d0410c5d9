# SPDX-License-Identifier: MIT
"""A git host over HTTPS: `git http-backend` behind a check of the token."""

import base64
import os
import subprocess

from .http1 import Response
from .server import Server

# The environment of the backend in place of the user's configuration; `safe.directory`
# because the tests may run as another user than the repositories' owner.
CONFIG = (("http.receivepack", "true"), ("safe.directory", "*"))


def clean_env(**more):
    """Nothing of the caller's git: neither configuration nor an enclosing repository."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0", **more}


def run_git(*args, **env):
    """Its output; CalledProcessError, with what it said, if it fails."""
    who = {"GIT_%s_%s" % (role, key): value for role in ("AUTHOR", "COMMITTER")
           for key, value in (("NAME", "Simulator"), ("EMAIL", "sim@localhost"))}
    return subprocess.run(("git",) + args, env=clean_env(**who, **env), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=True).stdout


class GitFront(Server):
    """`check(token, scheme, user) -> bool`; scheme is 'bearer' (user None) or 'basic'."""

    defaults = {
        "challenge": ["bearer", "basic"],
        "realm": "git",
        "anonymous_read": False,
    }

    def __init__(self, ca, root, check, **args):
        self.root = os.path.abspath(root)
        self.check = check
        self._backends = set()
        super().__init__(ca, **args)

    def create(self, name):
        """A new empty bare repository; its path."""
        path = os.path.join(self.root, name)
        run_git("init", "--quiet", "--bare", "--initial-branch=main", path)
        return path

    def stop(self):
        with self.lock:
            for backend in self._backends:
                backend.kill()
        super().stop()

    def handle(self, request):
        user = self._who(request)
        if user is None:
            if not (self.settings.anonymous_read and "git-receive-pack" not in request.target):
                return Response(401, "authentication required\n", self._challenges())
            user = ""
        return self._backend(request, user)

    def _who(self, request):
        """Name of the authenticated user, or None."""
        token = request.bearer()
        if token is not None:
            return "token" if self.check(token, "bearer", None) else None
        value = request.headers.get("authorization", "")
        if value[:6].lower() != "basic ":
            return None
        try:
            user, colon, token = base64.b64decode(value[6:], validate=True).decode().partition(":")
        except ValueError:
            return None
        return user if colon and self.check(token, "basic", user) else None

    def _challenges(self):
        return [("WWW-Authenticate", '%s realm="%s"' % (scheme.capitalize(), self.settings.realm))
                for scheme in self.settings.challenge]

    def _backend(self, request, user):
        env = clean_env(
            GIT_CONFIG_COUNT=str(len(CONFIG)), GIT_PROJECT_ROOT=self.root, GIT_HTTP_EXPORT_ALL="1",
            REQUEST_METHOD=request.method, PATH_INFO=request.path, QUERY_STRING=request.query,
            CONTENT_TYPE=request.headers.get("content-type", ""), CONTENT_LENGTH=str(len(request.body)),
            HTTP_CONTENT_ENCODING=request.headers.get("content-encoding", ""),
            GIT_PROTOCOL=request.headers.get("git-protocol", ""), REMOTE_ADDR="127.0.0.1")
        if user:
            env["REMOTE_USER"] = user
        for i, (key, value) in enumerate(CONFIG):
            env["GIT_CONFIG_KEY_%d" % i] = key
            env["GIT_CONFIG_VALUE_%d" % i] = value
        backend = subprocess.Popen(["git", "http-backend"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        with self.lock:
            self._backends.add(backend)
        try:
            output, _ = backend.communicate(request.body)
        finally:
            with self.lock:
                self._backends.discard(backend)
        return _from_cgi(output)


def _from_cgi(output):
    head, separator, body = output.partition(b"\r\n\r\n")
    if not separator:
        return Response(502, "the backend gave no answer\n")
    pairs = [tuple(line.split(": ", 1)) for line in head.decode("latin-1").split("\r\n")]
    status = next((int(value.split(" ")[0]) for name, value in pairs if name == "Status"), 200)
    return Response(status, body, [pair for pair in pairs if pair[0] not in ("Status", "Content-Length")])
