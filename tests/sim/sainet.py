# SPDX-License-Identifier: MIT
"""SAINet: a login by GET that answers with a token in a header, and a few records behind it."""

import base64
import json
import re
import secrets
import time
from urllib.parse import unquote_to_bytes

from .http1 import Response, json_response
from .server import Server

ROOT = "/SNV4SRV-ws-war/api/v1/"
PAGE = 20


def decode(text):
    """Percent-decoding and nothing more: a `+` stays a plus. ValueError unless it is clean UTF-8."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ValueError("malformed percent-encoding")
    return unquote_to_bytes(text).decode("utf-8")


def parameters(query):
    """The query as pairs, decoded."""
    return [tuple(decode(half) for half in pair.partition("=")[::2]) for pair in query.split("&") if pair]


def _b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_token(form, lifetime):
    """Padded base64 of a compact JWE ('opaque': nobody can read it) or JWS ('jwt': `exp` can be read)."""
    if form == "jwt":
        claims = json.dumps({"sub": "sainet", "exp": int(time.time() + lifetime)}).encode()
        parts = [_b64url(b'{"typ":"JWT","alg":"HS256"}'), _b64url(claims), _b64url(secrets.token_bytes(32))]
    else:
        sizes = (32, 12, 90, 16)
        parts = [_b64url(b'{"typ":"JWT","enc":"A128CBC-HS256","alg":"A128KW"}')]
        parts += [_b64url(secrets.token_bytes(size)) for size in sizes]
    return base64.b64encode(".".join(parts).encode()).decode()


def _records(number):
    return [{"$recordId": "%06d" % i, "ADRDOS.NO": i, "ADRDOS.NOM": "Muster & Söhne %d" % i,
             "ADRDOS.LANGUE": "FR" if i % 3 else "DE", "ADRDOS.MODIF": "2018-05-23T07:00:00+0100"}
            for i in range(1, number + 1)]


class Sainet(Server):
    defaults = {
        "users": {"alice": "correct horse", "bob": "p+ä&=#%? \"'", "carol": "carol"},
        "domain": "PROD",
        "instance": "NA",
        "pinned": False,  # a token is good on the instance of its login only
        "refuse_status": 401,
        "refuse_body": "",
        "token_form": "opaque",
        "jwt_lifetime": 3600,
        "token_lifetime": None,
        "token_header": "ok",
        "records": 45,
        "skip": "offset",  # the query parameter that skips records; its name is not documented
    }
    controls = ("revoke_all", "revoke")

    def forget(self):
        self.tokens = {}
        self.logins = []
        self.made = []  # records that were created

    @property
    def api(self):
        return self.url + ROOT.rstrip("/")

    def revoke(self, token):
        with self.lock:
            self.tokens.pop(token, None)

    def revoke_all(self):
        with self.lock:
            self.tokens.clear()

    def valid(self, token, instance=None):
        """Whether the token would be accepted now."""
        with self.lock:
            entry = self.tokens.get(token)
        if entry is None or (entry["until"] is not None and time.monotonic() >= entry["until"]):
            return False
        return not self.settings.pinned or instance == entry["instance"] == self.settings.instance

    def handle(self, request):
        response = self._route(request)
        if self.settings.instance is not None:
            response.headers.append(("Sai-Server-Instance", self.settings.instance))
        return response

    def _route(self, request):
        if not request.path.startswith(ROOT):
            return Response(404)
        words = request.path[len(ROOT):].split("/")
        try:
            query = parameters(request.query)
        except ValueError as error:
            return Response(400, "%s\n" % error)
        if request.method != "GET" and (words == ["login"] or request.method != "PUT"):
            return Response(405, b"", {"Allow": "GET"})
        if words == ["login"]:
            return self._login(query)
        if not self.valid(request.bearer(), request.headers.get("sai-server-instance")):
            return Response(401)
        return self._create(words, request) if request.method == "PUT" else self._task(words, query)

    def _create(self, words, request):
        """PUT of a record's fields to a task makes a record: twice makes two."""
        try:
            record = json.loads(request.body)
            record.pop("$recordId", None)
        except (ValueError, AttributeError):
            return Response(400)
        if words != ["ADR02"]:
            return Response(404)
        with self.lock:
            record = {"$recordId": "%06d" % (self.settings.records + len(self.made) + 1), **record}
            self.made.append(record)
        return self._envelope(record)

    def _login(self, query):
        names = [name for name, _ in query]
        given = dict(query)
        complete = all(names.count(name) == 1 for name in ("user", "password", "domainId"))
        ok = (complete and given["domainId"] == self.settings.domain
              and self.settings.users.get(given["user"]) == given["password"])
        with self.lock:
            self.logins.append({"user": given.get("user"), "password": given.get("password"),
                                "domain": given.get("domainId"), "ok": ok})
        if not ok:
            return Response(self.settings.refuse_status, self.settings.refuse_body)
        token = self._new_token(given["user"])
        return json_response({"message": "logged in domain " + given["domainId"]}, headers=self._token_headers(token))

    def _new_token(self, user):
        settings = self.settings
        token = make_token(settings.token_form, settings.jwt_lifetime)
        if settings.token_header in ("overlong", "long-ok"):
            size = 9000 if settings.token_header == "overlong" else 8000
            token = base64.b64encode(secrets.token_bytes(size * 3 // 4)).decode()
        lifetime = settings.token_lifetime
        if lifetime is None and settings.token_form == "jwt":
            lifetime = settings.jwt_lifetime
        with self.lock:
            self.tokens[token] = {"user": user, "instance": settings.instance,
                                  "until": None if lifetime is None else time.monotonic() + lifetime}
        return token

    def _token_headers(self, token):
        form = self.settings.token_header
        half = len(token) // 2
        values = {"missing": [], "doubled": [token, token[::-1].lstrip("=")], "empty": [""],
                  "control": [token[:half] + "\x01" + token[half:]], "space": [token[:half] + " " + token[half:]]}
        return [("Sai-Bearer-Token", value) for value in values.get(form, [token])]

    def _task(self, words, query):
        if words[0] != "ADR02" or len(words) > 2:
            return Response(404)
        records = _records(self.settings.records) + self.made
        skip = 0
        if len(words) == 2:
            data = next((record for record in records if record["$recordId"] == words[1]), None)
            return Response(404) if data is None else self._envelope(data)
        for name, value in query:
            if name == "filter":
                found = re.fullmatch(r"\$([A-Z.]+)='([^']*)'", value)
                if not found:
                    return Response(400)
                records = [record for record in records if record.get(found[1]) == found[2]]
            if name == self.settings.skip:
                skip = int(value)
        return self._envelope(records[skip:skip + PAGE])

    def _envelope(self, data):
        return json_response({"metadata": {"apiVersion": "1.0", "taskId": "ADR02", "taskType": "SCREEN",
                                           "domainId": self.settings.domain}, "data": data})
