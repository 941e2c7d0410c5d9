# SPDX-License-Identifier: MIT
"""OAuth: client authentication, each grant, rotation, revocation."""

import base64
import hashlib
import json
import threading
import time
from urllib.parse import parse_qs, urlencode, urlsplit

from .. import OAuth
from ..oauth import DEVICE_GRANT
from .client import control, curl, fetch, post

ID = "cgdm-sa-example"
BASIC = (ID, OAuth.defaults["clients"][ID])
ODD = ("cgdm-sa-odd", OAuth.defaults["clients"]["cgdm-sa-odd"])
CC = {"grant_type": "client_credentials"}


def refresh(ca, server, token, basic=BASIC, **more):
    return post(ca, server.token_url, {"grant_type": "refresh_token", "refresh_token": token, **more}, basic)


def expect(answer, status, error):
    assert answer[0] == status and (answer[1] or {}).get("error") == error, answer


def test_client_credentials(ca):
    with OAuth(ca) as server:
        status, answer = post(ca, server.token_url, CC, BASIC)
        assert status == 200 and answer["expires_in"] == 1200 and answer["refresh_expires_in"] == 7200
        assert answer["token_type"] == "bearer" and answer["refresh_token"] and server.active(answer["access_token"])
        server.set(cc_refresh=False, omit_expires_in=True)
        answer = post(ca, server.token_url, CC, BASIC)[1]
        assert "refresh_token" not in answer and answer["refresh_expires_in"] == 0 and "expires_in" not in answer
        assert server.grants_asked("client_credentials") == 2
        server.expire_access()
        assert not server.active(answer["access_token"])
        server.set(token_length=9000, extra={"x": 1})
        answer = post(ca, server.token_url, {**CC, "scope": "openid"}, BASIC)[1]
        assert len(answer["access_token"]) == 9000 and answer["x"] == 1 and answer["id_token"]


def test_documented_curl(ca):
    with OAuth(ca) as server:
        basic = base64.b64encode(":".join(BASIC).encode()).decode()
        code, out, _ = curl(ca, "-X", "POST", server.token_url, "-H", "Authorization: Basic " + basic,
                            "-H", "Content-Type: application/x-www-form-urlencoded",
                            "-d", "grant_type=client_credentials")
        assert code == 0 and json.loads(out)["access_token"]


def test_client_authentication(ca):
    with OAuth(ca) as server:
        url = server.token_url
        assert post(ca, url, CC, ODD)[0] == 200
        expect(post(ca, url, CC, ODD, encode=False), 401, "unauthorized_client")
        assert post(ca, url, {**CC, "client_id": ODD[0], "client_secret": ODD[1]})[0] == 200
        expect(post(ca, url, CC, (ID, "wrong")), 401, "unauthorized_client")
        expect(post(ca, url, CC, ("nobody", "x")), 401, "invalid_client")
        expect(post(ca, url, {**CC, "client_id": ID}), 401, "unauthorized_client")
        expect(post(ca, url, CC), 400, "invalid_client")
        expect(post(ca, url, {**CC, "client_id": ID, "client_secret": BASIC[1]}, BASIC), 400, "invalid_request")
        expect(post(ca, url, {**CC, "client_id": "cgdm-public"}), 401, "unauthorized_client")
        status, headers, body = fetch(ca, url, urlencode(CC).encode(), {
            "Authorization": "Basic !", "Content-Type": "application/x-www-form-urlencoded"})
        assert (status, headers["WWW-Authenticate"], body) == (401, 'Basic realm="cloud"', b"")
        server.set(basic="raw")
        assert post(ca, url, CC, ODD, encode=False)[0] == 200
        expect(post(ca, url, CC, ODD), 401, "unauthorized_client")
        server.set(clients={ID: {"secret": BASIC[1], "auth": ["post"], "access_lifetime": 7}})
        expect(post(ca, url, CC, BASIC), 401, "unauthorized_client")
        assert post(ca, url, {**CC, "client_id": ID, "client_secret": BASIC[1]})[1]["expires_in"] == 7


def test_strict_requests(ca):
    with OAuth(ca) as server:
        url = server.token_url
        assert fetch(ca, url)[0] == 405
        expect(post(ca, url, "&".join(["grant_type=client_credentials"] * 2), BASIC), 400, "invalid_request")
        expect(post(ca, url, "grant_type=", BASIC), 400, "invalid_request")
        expect(post(ca, url, "grant_type=password", BASIC), 400, "unsupported_grant_type")
        expect(post(ca, url + "?grant_type=client_credentials", "", BASIC), 400, "invalid_request")
        expect(post(ca, url, {"grant_type": "refresh_token"}, BASIC), 400, "invalid_request")
        assert fetch(ca, url.replace("/protocol", "//protocol"), b"x")[0] == 400
        server.set(scopes=["openid"])
        expect(post(ca, url, {**CC, "scope": "other"}, BASIC), 400, "invalid_scope")


def test_rotation_and_reuse(ca):
    with OAuth(ca) as server:
        first = post(ca, server.token_url, CC, BASIC)[1]
        status, second = refresh(ca, server, first["refresh_token"])
        assert status == 200 and second["refresh_token"] != first["refresh_token"]
        assert server.spendable(second["refresh_token"]) and not server.spendable(first["refresh_token"])
        expect(refresh(ca, server, second["refresh_token"], ODD), 400, "invalid_grant")
        expect(refresh(ca, server, second["refresh_token"], scope="more"), 400, "invalid_scope")
        assert server.grant_alive(second["refresh_token"])
        answer = refresh(ca, server, first["refresh_token"])
        expect(answer, 400, "invalid_grant")
        assert answer[1]["error_description"] == "Maximum allowed refresh token reuse exceeded"
        assert not server.grant_alive(second["refresh_token"]) and not server.active(second["access_token"])
        expect(refresh(ca, server, second["refresh_token"]), 400, "invalid_grant")
        assert server.grants_asked("refresh_token") == 5


def test_refresh_variants(ca):
    with OAuth(ca, rotate=False) as server:
        token = post(ca, server.token_url, CC, BASIC)[1]["refresh_token"]
        assert refresh(ca, server, token)[0] == refresh(ca, server, token)[0] == 200
        server.set(new_refresh_in_answer=False, rotate=True)
        assert "refresh_token" not in refresh(ca, server, token)[1] and server.spendable(token)
        server.set(new_refresh_in_answer=True, reuse_detection=False)
        newer = refresh(ca, server, token)[1]["refresh_token"]
        expect(refresh(ca, server, token), 400, "invalid_grant")
        assert refresh(ca, server, newer)[0] == 200
        server.set(access_lifetime=0.1, refresh_lifetime=0.1)
        answer = post(ca, server.token_url, CC, BASIC)[1]
        time.sleep(0.15)
        assert not server.active(answer["access_token"])
        expect(refresh(ca, server, answer["refresh_token"]), 400, "invalid_grant")
        server.set(refresh_lifetime=0)
        answer = post(ca, server.token_url, CC, BASIC)[1]
        assert answer["refresh_expires_in"] == 0 and refresh(ca, server, answer["refresh_token"])[0] == 200
        server.kill_grants()
        assert not server.grant_alive(answer["refresh_token"])


def test_concurrent_refreshes(ca):
    with OAuth(ca) as server:
        token = post(ca, server.token_url, CC, BASIC)[1]["refresh_token"]
        results = []
        threads = [threading.Thread(target=lambda: results.append(refresh(ca, server, token)[0])) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == [200] + [400] * 19 and not server.grant_alive(token)


def test_lost_answer_is_committed(ca):
    with OAuth(ca) as server:
        token = post(ca, server.token_url, CC, BASIC)[1]["refresh_token"]
        form = urlencode({"grant_type": "refresh_token", "refresh_token": token})
        server.fault("reset", "/token", 1, stage="request")
        assert curl(ca, "-u", ":".join(BASIC), "-d", form, server.token_url)[0] == 56
        assert server.spendable(token)
        server.fault("reset", "/token", 1, stage="headers")
        assert curl(ca, "-u", ":".join(BASIC), "-d", form, server.token_url)[0] == 56
        assert not server.spendable(token) and server.grant_alive(token)
        server.set(commit_delay=30)
        token = post(ca, server.token_url, CC, BASIC)[1]["refresh_token"]
        assert curl(ca, "-u", ":".join(BASIC), "-d", "grant_type=refresh_token&refresh_token=" + token,
                    server.token_url, limit="0.3")[0] == 28
        assert not server.spendable(token) and server.grant_alive(token)


def test_device_flow(ca):
    with OAuth(ca, device_interval=0.2, slow_down_step=0.2) as server:
        def begin():
            return post(ca, server.device_authorization_url, {"client_id": "cgdm-public", "scope": "openid"})[1]

        def poll(start):
            return post(ca, server.token_url, {"grant_type": DEVICE_GRANT, "client_id": "cgdm-public",
                                               "device_code": start["device_code"]})
        start = begin()
        assert start["interval"] == 0.2 and start["verification_uri_complete"].endswith(start["user_code"])
        expect(poll(start), 400, "authorization_pending")
        expect(poll(start), 400, "slow_down")
        time.sleep(0.25)
        expect(poll(start), 400, "slow_down")  # the interval is longer for good
        time.sleep(0.65)
        expect(poll(start), 400, "authorization_pending")
        assert control(ca, server, {"approve": start["user_code"]})[1]["results"] == {"approve": True}
        time.sleep(0.65)
        status, answer = poll(start)
        assert status == 200 and server.active(answer["access_token"]) and answer["id_token"]
        assert refresh(ca, server, answer["refresh_token"], None, client_id="cgdm-public")[0] == 200
        expect(poll(start), 400, "invalid_grant")
        start = begin()
        status, _, page = fetch(ca, start["verification_uri_complete"])
        assert status == 200 and start["user_code"].encode() in page
        fetch(ca, start["verification_uri"], urlencode({"user_code": start["user_code"], "action": "deny"}).encode())
        expect(poll(start), 400, "access_denied")
        server.set(auto_approve=True)
        assert poll(begin())[0] == 200
        server.set(device_lifetime=0.05, device_interval=None)
        start = begin()
        assert "interval" not in start
        time.sleep(0.1)
        expect(poll(start), 400, "expired_token")


def authorize(ca, server, **more):
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {"response_type": "code", "client_id": "cgdm-public", "redirect_uri": "http://127.0.0.1:4711/cb",
             "state": "s1", "code_challenge": challenge, "code_challenge_method": "S256", **more}
    status, headers, _ = fetch(ca, server.authorization_url + "?" + urlencode(query))
    location = headers["Location"]
    answer = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()} if location else None
    return status, location, answer


def exchange(ca, server, code, verifier="v" * 43, redirect="http://127.0.0.1:4711/cb"):
    return post(ca, server.token_url, {"grant_type": "authorization_code", "client_id": "cgdm-public", "code": code,
                                       "redirect_uri": redirect, "code_verifier": verifier})


def test_authorization_code(ca):
    with OAuth(ca) as server:
        status, location, answer = authorize(ca, server)
        assert status == 302 and location.startswith("http://127.0.0.1:4711/cb?")
        assert answer["state"] == "s1" and answer["iss"] == server.issuer
        status, tokens = exchange(ca, server, answer["code"])
        assert status == 200 and server.active(tokens["access_token"])
        expect(exchange(ca, server, answer["code"]), 400, "invalid_grant")
        assert not server.grant_alive(tokens["refresh_token"]), "a code used twice ends its grant"
        expect(exchange(ca, server, authorize(ca, server)[2]["code"], "w" * 43), 400, "invalid_grant")
        answer = exchange(ca, server, authorize(ca, server)[2]["code"], redirect="http://127.0.0.1:4711/")
        expect(answer, 400, "invalid_grant")
        assert authorize(ca, server, redirect_uri="http://[::1]:1/x")[0] == 302
        for uri in ("https://127.0.0.1:1/", "http://192.0.2.1:1/", "http://127.0.0.1/", "http://a@127.0.0.1:1/", "x"):
            assert authorize(ca, server, redirect_uri=uri)[0] == 400, uri
        assert authorize(ca, server, code_challenge_method="plain")[2]["error"] == "invalid_request"
        server.set(wrong_state=True, wrong_iss=True)
        answer = authorize(ca, server)[2]
        assert answer["state"] != "s1" and answer["iss"] != server.issuer
        server.set(omit_iss=True, auto_login="deny")
        answer = authorize(ca, server)[2]
        assert "iss" not in answer and answer["error"] == "access_denied"
        server.set(auto_login=False)
        assert authorize(ca, server)[0] == 200


def test_discovery(ca):
    with OAuth(ca) as server:
        url = server.issuer + "/.well-known/openid-configuration"
        document = json.loads(fetch(ca, url)[2])
        assert document["issuer"] == server.issuer and document["token_endpoint"] == server.token_url
        server.set(issuer="https://other.example/realm", discovery={"revocation_endpoint": None})
        document = json.loads(fetch(ca, url)[2])
        assert document["issuer"] == "https://other.example/realm" and "revocation_endpoint" not in document


def test_revoke_and_introspect(ca):
    with OAuth(ca) as server:
        one, two = (post(ca, server.token_url, CC, BASIC)[1] for _ in range(2))
        other = post(ca, server.token_url, CC, ODD)[1]

        def revoke(token):
            return post(ca, server.revocation_url, {"token": token}, BASIC)

        def introspect(token):
            return post(ca, server.introspection_url, {"token": token}, BASIC)[1]["active"]
        assert introspect(one["access_token"]) and not introspect("nonsense")
        status, answer = revoke("nonsense")
        assert status == 200 and answer["error"] == "invalid_token"
        expect(revoke(other["refresh_token"]), 400, "invalid_request")
        assert revoke(one["access_token"])[0] == 200
        assert not introspect(one["access_token"]) and server.grant_alive(one["refresh_token"])
        assert revoke(one["refresh_token"])[0] == 200
        assert not server.grant_alive(one["refresh_token"]) and not server.grant_alive(two["refresh_token"])
        assert server.grant_alive(other["refresh_token"])
        server.set(revoke_scope="grant")
        one, two = (post(ca, server.token_url, CC, BASIC)[1] for _ in range(2))
        revoke(one["refresh_token"])
        assert server.grant_alive(two["refresh_token"])
        logout = server.token_url.replace("/token", "/logout")
        assert post(ca, logout, {"refresh_token": two["refresh_token"]}, BASIC) == (204, None)
        assert not server.grant_alive(two["refresh_token"])
