# SPDX-License-Identifier: MIT
"""A small strict OAuth 2.0 authorization server that answers like Keycloak."""

import base64
import hashlib
import re
import secrets
import time
from urllib.parse import urlencode, urlsplit

from .clients import NO_STORE, Challenge, OAuthError, authenticate, form_of, form_pairs
from .grants import Code, Device, Grant, Token, jwt
from .http1 import Response, json_response
from .server import Server

REALM = "/auth/realms/cloud"
PROTOCOL = REALM + "/protocol/openid-connect"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class OAuth(Server):
    defaults = {
        # id -> secret, None for a public client, or a dict of "secret", "disabled", any of PER_CLIENT
        "clients": {"cgdm-sa-example": "Zk3vQ9x1Lw7Tn5Rb2Yc8Hd4Jm6Pf0Sga", "cgdm-sa-odd": "p+a/s:s %w~r&d=é",
                    "cgdm-public": None},
        "auth": ["basic", "post"],
        "basic": "rfc",
        "service_account": True,
        "cc_refresh": True,
        "access_lifetime": 1200,
        "refresh_lifetime": 7200,
        "omit_expires_in": False,
        "token_type": "bearer",
        "token_length": 0,
        "extra": {},
        "scopes": None,
        "rotate": True,
        "reuse_detection": True,
        "new_refresh_in_answer": True,
        "commit_delay": 0,
        "revoke_scope": "user",
        "device_interval": 5,
        "device_lifetime": 600,
        "slow_down_step": 5,
        "auto_approve": False,
        "user": "alice",
        "auto_login": True,
        "code_lifetime": 60,
        "wrong_state": False,
        "wrong_iss": False,
        "omit_iss": False,
        "issuer": None,
        "discovery": {},
    }
    PER_CLIENT = ("auth", "service_account", "cc_refresh", "access_lifetime", "refresh_lifetime", "omit_expires_in",
                  "token_type", "token_length", "rotate", "reuse_detection", "new_refresh_in_answer")
    controls = ("approve", "deny", "expire_access", "kill_grants", "active", "grant_alive", "spendable")

    # --- addresses

    @property
    def issuer(self):
        return self.settings.issuer or self.url + REALM

    @property
    def token_url(self):
        return self.url + PROTOCOL + "/token"

    @property
    def revocation_url(self):
        return self.url + PROTOCOL + "/revoke"

    @property
    def authorization_url(self):
        return self.url + PROTOCOL + "/auth"

    @property
    def device_authorization_url(self):
        return self.url + PROTOCOL + "/auth/device"

    @property
    def introspection_url(self):
        return self.token_url + "/introspect"

    # --- state, for tests

    def forget(self):
        self.grants = []
        self.devices = {}
        self.codes = {}
        self.token_requests = []

    def _grant_of(self, refresh_token):
        return next((grant for grant in self.grants if refresh_token in grant.refresh), None)

    def grant_alive(self, refresh_token):
        """Whether the grant that this token (current or spent) came from still lives."""
        with self.lock:
            grant = self._grant_of(refresh_token)
            return grant is not None and grant.alive

    def spendable(self, refresh_token):
        """Whether a refresh with this very token would succeed now."""
        with self.lock:
            grant = self._grant_of(refresh_token)
            return (grant is not None and grant.alive and refresh_token not in grant.spent
                    and not grant.refresh[refresh_token].expired())

    def active(self, access_token):
        """Whether a resource server should accept this access token."""
        with self.lock:
            return self._active_grant(access_token) is not None

    def _active_grant(self, access_token):
        return next((grant for grant in self.grants if grant.alive and access_token in grant.access
                     and not grant.access[access_token].expired()), None)

    def expire_access(self):
        """All access tokens are expired from now on."""
        with self.lock:
            for grant in self.grants:
                grant.access.clear()

    def kill_grants(self):
        """As if an administrator had ended every session."""
        with self.lock:
            for grant in self.grants:
                grant.kill()

    def approve(self, user_code):
        return self._decide(user_code, "approved")

    def deny(self, user_code):
        return self._decide(user_code, "denied")

    def _decide(self, user_code, state):
        with self.lock:
            for device in self.devices.values():
                if device.user_code == user_code.strip().upper() and device.state == "pending":
                    device.state = state
                    return True
        return False

    def _check(self, settings):
        super()._check(settings)
        for name, client in settings.get("clients", {}).items():
            if isinstance(client, dict) and not {"secret"} <= set(client) <= {"secret", "disabled", *self.PER_CLIENT}:
                raise ValueError("client %s: %s" % (name, ", ".join(client)))

    # --- dispatch

    def handle(self, request):
        if "//" in request.path or "/../" in request.path:
            return Response(400)
        posts = {PROTOCOL + "/token": self._token, PROTOCOL + "/revoke": self._revoke,
                 PROTOCOL + "/logout": self._logout, PROTOCOL + "/auth/device": self._device_start,
                 PROTOCOL + "/token/introspect": self._introspect}
        gets = {PROTOCOL + "/auth": self._authorize, REALM + "/.well-known/openid-configuration": self._discovery}
        try:
            if request.path == REALM + "/device":
                return self._device_page(request)
            if request.path in posts:
                return posts[request.path](request) if request.method == "POST" else _not_allowed("POST")
            if request.path in gets:
                return gets[request.path](request) if request.method == "GET" else _not_allowed("GET")
        except (OAuthError, Challenge) as error:
            return error.response()
        return json_response({"error": "RESTEASY003210: Could not find resource"}, 404)

    def _clients(self):
        return {name: value if isinstance(value, dict) else {"secret": value}
                for name, value in self.settings.clients.items()}

    def _of(self, client, name):
        return client.get(name, getattr(self.settings, name))

    def _authenticated(self, request):
        form = form_of(request)
        return (form, *authenticate(request, form, self._clients(), self.settings))

    # --- token endpoint

    def _token(self, request):
        form = form_of(request)
        kind = form.get("grant_type")
        with self.lock:
            self.token_requests.append((kind, form))
        if kind is None:
            raise OAuthError("invalid_request", "Missing form parameter: grant_type")
        grants = {"client_credentials": self._client_credentials, "refresh_token": self._refresh,
                  DEVICE_GRANT: self._device_poll, "authorization_code": self._code_exchange}
        if kind not in grants:
            raise OAuthError("unsupported_grant_type", "Unsupported grant_type")
        name, client = authenticate(request, form, self._clients(), self.settings)
        with self.lock:
            answer = grants[kind](form, name, client)
        if kind == "refresh_token" and self.settings.commit_delay:
            self.pause(self.settings.commit_delay)
        return json_response(answer, headers=NO_STORE)

    def grants_asked(self, kind):
        """How many token requests of one grant type arrived, refused ones too."""
        with self.lock:
            return sum(asked == kind for asked, _ in self.token_requests)

    def _scope(self, asked):
        known = self.settings.scopes
        if asked and known is not None and not set(asked.split()) <= set(known):
            raise OAuthError("invalid_scope", "Invalid scopes: " + asked)
        return asked or "profile email"

    def _client_credentials(self, form, name, client):
        if client["secret"] is None:
            raise OAuthError("unauthorized_client", "Public client not allowed to retrieve service account", 401)
        if not self._of(client, "service_account"):
            raise OAuthError("unauthorized_client", "Client not enabled to retrieve service account", 401)
        grant = Grant(name, "service-account-" + name, self._scope(form.get("scope")))
        self.grants.append(grant)
        return self._issue(grant, client, refresh=self._of(client, "cc_refresh"))

    def _refresh(self, form, name, client):
        token = form.get("refresh_token")
        if token is None:
            raise OAuthError("invalid_request", "No refresh token")
        grant = self._grant_of(token)
        if grant is None:
            raise OAuthError("invalid_grant", "Invalid refresh token")
        if grant.client_id != name:
            raise OAuthError("invalid_grant", "Unmatching clients")
        if not grant.alive:
            raise OAuthError("invalid_grant", "Session not active")
        if token in grant.spent:
            if self._of(client, "reuse_detection"):
                grant.kill()
            raise OAuthError("invalid_grant", "Maximum allowed refresh token reuse exceeded")
        if grant.refresh[token].expired():
            raise OAuthError("invalid_grant", "Token is not active")
        if not set(form.get("scope", "").split()) <= set(grant.scope.split()):
            raise OAuthError("invalid_scope", "Invalid scopes: " + form["scope"])
        renew = self._of(client, "new_refresh_in_answer")
        if renew and self._of(client, "rotate"):
            grant.spent.add(token)
        return self._issue(grant, client, refresh=renew)

    def _issue(self, grant, client, refresh=True, nonce=None):
        """New tokens of a grant, and the answer that hands them out."""
        lifetime, refresh_lifetime = self._of(client, "access_lifetime"), self._of(client, "refresh_lifetime")
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": grant.user, "azp": grant.client_id, "scope": grant.scope,
                  "iat": now, "exp": now + int(lifetime)}
        access = jwt({"typ": "Bearer", **claims}, self._of(client, "token_length"))
        grant.access[access] = Token(lifetime)
        answer = {"access_token": access, "expires_in": lifetime, "refresh_expires_in": 0,
                  "token_type": self._of(client, "token_type"), "not-before-policy": 0, "scope": grant.scope}
        if self._of(client, "omit_expires_in"):
            del answer["expires_in"]
        if refresh:
            token = jwt({"typ": "Refresh", "iss": self.issuer, "sub": grant.user})
            grant.refresh[token] = Token(refresh_lifetime)
            answer.update(refresh_token=token, refresh_expires_in=refresh_lifetime, session_state=grant.session)
        if "openid" in grant.scope.split():
            more = {"nonce": nonce} if nonce else {}
            answer["id_token"] = jwt({"typ": "ID", "aud": grant.client_id, **claims, **more})
        answer.update(self.settings.extra)
        return answer

    # --- device flow (RFC 8628)

    def _device_start(self, request):
        form, name, _ = self._authenticated(request)
        settings = self.settings
        device = Device(name, self._scope(form.get("scope")), settings.device_lifetime,
                        5 if settings.device_interval is None else settings.device_interval)
        if settings.auto_approve:
            device.state = "approved"
        code = secrets.token_urlsafe(32)
        with self.lock:
            self.devices[code] = device
        page = self.url + REALM + "/device"
        answer = {"device_code": code, "user_code": device.user_code, "verification_uri": page,
                  "verification_uri_complete": page + "?user_code=" + device.user_code,
                  "expires_in": settings.device_lifetime, "interval": settings.device_interval}
        if settings.device_interval is None:
            del answer["interval"]
        return json_response(answer, headers=NO_STORE)

    def _device_poll(self, form, name, client):
        device = self.devices.get(form.get("device_code"))
        if device is None:
            raise OAuthError("invalid_grant", "Device code not valid")
        if device.client_id != name:
            raise OAuthError("invalid_grant", "unauthorized client")
        if time.monotonic() >= device.until:
            raise OAuthError("expired_token", "Device code is expired")
        if device.too_fast(self.settings.slow_down_step):
            raise OAuthError("slow_down", "Slow down")
        if device.state == "pending":
            raise OAuthError("authorization_pending", "The authorization request is still pending")
        del self.devices[form["device_code"]]
        if device.state == "denied":
            raise OAuthError("access_denied", "The end user denied the authorization request")
        return self._granted(name, client, device.scope)

    def _granted(self, name, client, scope, nonce=None):
        grant = Grant(name, self.settings.user, scope)
        self.grants.append(grant)
        return self._issue(grant, client, nonce=nonce)

    def _device_page(self, request):
        """For use by hand: the page on which a person lets a device in."""
        if request.method == "POST":
            form = form_pairs(request.body.decode("latin-1"))
            decide = self.deny if form.get("action") == "deny" else self.approve
            return _page("Done." if decide(form.get("user_code", "")) else "No such code.")
        code = form_pairs(request.query).get("user_code", "")
        return _page('<form method="post"><input name="user_code" value="%s"> <button name="action" value="approve">'
                     'Approve</button> <button name="action" value="deny">Deny</button></form>'
                     % re.sub("[^A-Za-z-]", "", code))

    # --- authorization code with PKCE (RFC 7636)

    def _authorize(self, request):
        query = form_pairs(request.query)
        client = self._clients().get(query.get("client_id"))
        redirect = query.get("redirect_uri", "")
        if client is None or not _loopback(redirect):
            return _page("Invalid parameter: redirect_uri" if client else "Client not found.", 400)
        settings = self.settings
        answer = {"state": query.get("state", "") + ("x" if settings.wrong_state else "")}
        if not settings.omit_iss:
            answer["iss"] = "https://other.example" + REALM if settings.wrong_iss else self.issuer
        if query.get("response_type") != "code":
            return _redirect(redirect, {**answer, "error": "unsupported_response_type"})
        if (query.get("code_challenge_method") != "S256"
                or not re.fullmatch("[A-Za-z0-9_-]{43}", query.get("code_challenge", ""))):
            return _redirect(redirect, {**answer, "error": "invalid_request",
                                        "error_description": "Missing parameter: code_challenge_method"})
        if settings.auto_login == "deny":
            return _redirect(redirect, {**answer, "error": "access_denied"})
        if not settings.auto_login:
            return _page("Nobody signs in here.")
        code = secrets.token_urlsafe(32)
        with self.lock:
            self.codes[code] = Code(query["client_id"], self._scope(query.get("scope")), redirect,
                                    query["code_challenge"], query.get("nonce"), settings.code_lifetime)
        return _redirect(redirect, {**answer, "session_state": secrets.token_hex(16), "code": code})

    def _code_exchange(self, form, name, client):
        code = self.codes.get(form.get("code"))
        if code is None or code.client_id != name:
            raise OAuthError("invalid_grant", "Code not valid")
        if code.used:
            if code.grant:
                code.grant.kill()
            raise OAuthError("invalid_grant", "Code not valid")
        code.used = True
        if time.monotonic() >= code.until:
            raise OAuthError("invalid_grant", "Code is expired")
        if form.get("redirect_uri") != code.redirect_uri:
            raise OAuthError("invalid_grant", "Incorrect redirect_uri")
        verifier = form.get("code_verifier", "")
        if not re.fullmatch("[A-Za-z0-9._~-]{43,128}", verifier):
            raise OAuthError("invalid_grant", "PKCE code verifier not specified or invalid")
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if digest != code.challenge:
            raise OAuthError("invalid_grant", "PKCE verification failed: Code mismatch")
        answer = self._granted(name, client, code.scope, code.nonce)
        code.grant = self.grants[-1]
        return answer

    # --- the rest

    def _revoke(self, request):
        """RFC 7009; like Keycloak, a refresh token takes all of its user's sessions of the client along."""
        form, name, _ = self._authenticated(request)
        token = form.get("token")
        if token is None:
            raise OAuthError("invalid_request", "Token not provided")
        with self.lock:
            grant = self._grant_of(token) or next((g for g in self.grants if token in g.access), None)
            if grant is None or not grant.alive:
                return json_response({"error": "invalid_token", "error_description": "Invalid token"}, 200, NO_STORE)
            if grant.client_id != name:
                raise OAuthError("invalid_request", "Unmatching clients")
            if token in grant.access:
                del grant.access[token]
            else:
                self._end(grant)
        return Response(200, b"", NO_STORE)

    def _end(self, grant):
        for other in self.grants:
            if other is grant or (self.settings.revoke_scope == "user"
                                  and (other.client_id, other.user) == (grant.client_id, grant.user)):
                other.kill()

    def _logout(self, request):
        form, name, _ = self._authenticated(request)
        with self.lock:
            grant = self._grant_of(form.get("refresh_token"))
            if grant is None or grant.client_id != name or not grant.alive:
                raise OAuthError("invalid_grant", "Invalid refresh token")
            grant.kill()
        return Response(204)

    def _introspect(self, request):
        form, _, client = self._authenticated(request)
        if client["secret"] is None:
            raise OAuthError("invalid_request", "Client not allowed.", 403)
        with self.lock:
            grant = self._active_grant(form.get("token"))
            if grant is None:
                return json_response({"active": False})
            until = grant.access[form["token"]].until
        answer = {"active": True, "client_id": grant.client_id, "username": grant.user, "scope": grant.scope,
                  "token_type": "Bearer", "iss": self.issuer}
        if until is not None:
            answer["exp"] = int(time.time() + until - time.monotonic())
        return json_response(answer)

    def _discovery(self, request):
        document = {
            "issuer": self.issuer, "authorization_endpoint": self.authorization_url, "token_endpoint": self.token_url,
            "introspection_endpoint": self.introspection_url, "revocation_endpoint": self.revocation_url,
            "device_authorization_endpoint": self.device_authorization_url,
            "end_session_endpoint": self.url + PROTOCOL + "/logout", "jwks_uri": self.url + PROTOCOL + "/certs",
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token", DEVICE_GRANT],
            "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": True,
        }
        document.update(self.settings.discovery)
        return json_response({name: value for name, value in document.items() if value is not None})


def _loopback(uri):
    """http on a loopback address with any port (RFC 8252, section 7.3)."""
    try:
        parts = urlsplit(uri)
        return (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
                and bool(parts.port) and not parts.fragment and parts.username is None)
    except ValueError:
        return False


def _redirect(uri, parameters):
    return Response(302, b"", [("Location", uri + ("&" if "?" in uri else "?") + urlencode(parameters))] + NO_STORE)


def _page(text, status=200):
    return Response(status, "<!DOCTYPE html><title>Sign in</title><p>%s\n" % text,
                    {"Content-Type": "text/html; charset=utf-8"})


def _not_allowed(method):
    return Response(405, b"", {"Allow": method})
