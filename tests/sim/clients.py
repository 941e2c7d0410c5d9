# SPDX-License-Identifier: MIT
"""Parsing of form requests and authentication of OAuth clients, as Keycloak 20 and later do it."""

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from .http1 import Response, json_response

NO_STORE = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
BAD_CLIENT = "Invalid client or Invalid client credentials"


class OAuthError(Exception):
    """Becomes the error answer of RFC 6749, section 5.2."""

    def __init__(self, error, description=None, status=400):
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status

    def response(self):
        body = {"error": self.error}
        if self.description:
            body["error_description"] = self.description
        return json_response(body, self.status, NO_STORE)


class Challenge(Exception):
    """An Authorization header that cannot be read, and no client in the form."""

    def response(self):
        return Response(401, b"", [("WWW-Authenticate", 'Basic realm="cloud"')] + NO_STORE)


def form_decode(text):
    """application/x-www-form-urlencoded; ValueError unless it is clean UTF-8."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ValueError("malformed percent-encoding")
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")


def form_pairs(text):
    """Parameters as a dict; empty values count as omitted, repeated names are an error."""
    found = {}
    for pair in text.split("&") if text else []:
        name, _, value = pair.partition("=")
        try:
            name, value = form_decode(name), form_decode(value)
        except ValueError:
            raise OAuthError("invalid_request", "malformed parameter")
        if name in found:
            raise OAuthError("invalid_request", "duplicated parameter")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def form_of(request):
    """The form of a POST; nothing may stand in the query, which ends in logs."""
    if request.query:
        raise OAuthError("invalid_request", "parameters in the query")
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return {}
    return form_pairs(request.body.decode("latin-1"))


def _basic(request, style):
    """(id, secret) of the Basic header; None without one; ValueError if it cannot be read."""
    values = [value for name, value in request.header_list if name.lower() == "authorization"]
    if not values:
        return None
    if len(values) > 1 or values[0][:6].lower() != "basic ":
        raise ValueError("not one Basic header")
    try:
        text = base64.b64decode(values[0][6:], validate=True).decode("utf-8")
    except binascii.Error:
        raise ValueError("not base64")
    name, colon, secret = text.partition(":")
    if not colon:
        raise ValueError("no colon")
    return (name, secret) if style == "raw" else _decoded(name, secret)


def _decoded(name, secret):
    try:
        return form_decode(name), form_decode(secret)
    except ValueError:
        raise OAuthError("unauthorized_client", BAD_CLIENT, 401)


def authenticate(request, form, clients, settings):
    """(client id, its dict) or an exception."""
    try:
        basic = _basic(request, settings.basic)
    except ValueError:
        if "client_id" not in form:
            raise Challenge()
        basic = None
    if basic and ("client_secret" in form or form.get("client_id", basic[0]) != basic[0]):
        raise OAuthError("invalid_request", "more than one client authentication")
    name, secret = basic or (form.get("client_id"), form.get("client_secret"))
    if not name:
        raise OAuthError("invalid_client", "Missing client_id parameter")
    client = clients.get(name)
    if client is None or client.get("disabled"):
        raise OAuthError("invalid_client", BAD_CLIENT, 401)
    if client["secret"] is not None:
        method = "basic" if basic else "post"
        if method not in client.get("auth", settings.auth) or secret != client["secret"]:
            raise OAuthError("unauthorized_client", BAD_CLIENT, 401)
    return name, client
