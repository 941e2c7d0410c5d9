# SPDX-License-Identifier: MIT
"""What an authorization server remembers: grants with their tokens, device codes, codes."""

import base64
import json
import secrets
import time
import uuid


def _b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(claims, length=0):
    """Of a JWT's shape and size, signed by nobody: clients must not look inside."""
    head = _b64url(b'{"alg":"RS256","typ":"JWT","kid":"sim"}')
    token = ".".join((head, _b64url(json.dumps({"jti": str(uuid.uuid4()), **claims}).encode()),
                      _b64url(secrets.token_bytes(256))))
    return token + "A" * (length - len(token))


def user_code():
    letters = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words (RFC 8628, section 6.1)
    code = "".join(secrets.choice(letters) for _ in range(8))
    return code[:4] + "-" + code[4:]


def _until(lifetime):
    return time.monotonic() + lifetime if lifetime else None


class Token:
    def __init__(self, lifetime):
        self.until = _until(lifetime)

    def expired(self):
        return self.until is not None and time.monotonic() >= self.until


class Grant:
    """One sign-in: all tokens of it live and die together."""

    def __init__(self, client_id, user, scope):
        self.client_id = client_id
        self.user = user
        self.scope = scope
        self.session = str(uuid.uuid4())
        self.alive = True
        self.access = {}
        self.refresh = {}
        self.spent = set()

    def kill(self):
        self.alive = False


class Device:
    """A pending sign-in of the device flow."""

    def __init__(self, client_id, scope, lifetime, interval):
        self.client_id = client_id
        self.scope = scope
        self.user_code = user_code()
        self.until = time.monotonic() + lifetime
        self.interval = interval
        self.last_poll = None
        self.state = "pending"  # or approved, denied

    def too_fast(self, step):
        """Note a poll; polling too fast makes the interval longer for good."""
        now = time.monotonic()
        fast = self.last_poll is not None and now - self.last_poll < self.interval * 0.95
        self.last_poll = now
        if fast:
            self.interval += step
        return fast


class Code:
    """An authorization code, good for one use."""

    def __init__(self, client_id, scope, redirect_uri, challenge, nonce, lifetime):
        self.client_id = client_id
        self.scope = scope
        self.redirect_uri = redirect_uri
        self.challenge = challenge
        self.nonce = nonce
        self.until = time.monotonic() + lifetime
        self.used = False
        self.grant = None
