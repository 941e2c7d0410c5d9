# SPDX-License-Identifier: MIT
"""SAINet: login, encodings, bad headers, records."""

import base64
import json
import time
from urllib.parse import quote

from .. import Sainet
from .client import control, fetch, raw


def login(ca, server, user="alice", password="correct horse", domain="PROD", quoted=quote):
    return fetch(ca, "%s/login?user=%s&password=%s&domainId=%s" % (server.api, quoted(user), quoted(password, safe=""),
                                                                  quoted(domain)))


def test_login(ca):
    with Sainet(ca) as server:
        status, headers, body = login(ca, server)
        assert status == 200 and body == b'{"message":"logged in domain PROD"}'
        token = headers["sai-bearer-token"]
        assert headers["sai-server-instance"] == "NA"
        assert base64.b64decode(token, validate=True).startswith(b"eyJ0eXAiOiJKV1QiLCJl")
        assert login(ca, server)[1]["sai-bearer-token"] != token
        assert server.valid(token)
        for user, password, domain in (("alice", "wrong", "PROD"), ("nobody", "correct horse", "PROD"),
                                       ("alice", "correct horse", "TEST"), ("alice", "", "PROD")):
            status, headers, _ = login(ca, server, user, password, domain)
            assert status == 401 and "sai-bearer-token" not in headers and headers["sai-server-instance"] == "NA"
        server.set(refuse_status=403)
        assert login(ca, server, password="wrong")[0] == 403
        assert fetch(ca, server.api + "/login", b"user=alice")[0] == 405


def test_encodings(ca):
    with Sainet(ca) as server:
        bob = server.settings.users["bob"]
        assert login(ca, server, "bob", bob)[0] == 200
        query = "/login?user=alice&password=%s&domainId=PROD"
        assert fetch(ca, server.api + query % "correct+horse")[0] == 401
        assert server.logins[-1]["password"] == "correct+horse"
        for wrong in ("%zz", "%", "%ff"):
            assert fetch(ca, server.api + query % wrong)[0] == 400, wrong
        assert fetch(ca, server.api + "/login?user=alice&password=correct%20horse")[0] == 401
        assert fetch(ca, server.api + query % "correct%20horse" + "&user=alice")[0] == 401


def test_token_headers(ca):
    request = (b"GET /SNV4SRV-ws-war/api/v1/login?user=carol&password=carol&domainId=PROD HTTP/1.1\r\n"
               b"Host: localhost\r\nConnection: close\r\n\r\n")
    for form, number, length in (("ok", 1, None), ("missing", 0, None), ("doubled", 2, None), ("empty", 1, 0),
                                 ("overlong", 1, 9000), ("long-ok", 1, 8000), ("control", 1, None), ("space", 1, None)):
        with Sainet(ca, token_header=form) as server:
            head = raw(ca, server, request).split(b"\r\n\r\n")[0].split(b"\r\n")
            values = [line[18:] for line in head if line.startswith(b"Sai-Bearer-Token: ")]
            assert head[0] == b"HTTP/1.1 200 OK" and len(values) == number, (form, head)
            assert length is None or len(values[0]) == length, form
            assert (form == "control") == any(b"\x01" in value for value in values)
            assert (form == "space") == any(b" " in value for value in values)


def test_jwt_form(ca):
    with Sainet(ca, token_form="jwt", jwt_lifetime=0.2) as server:
        token = login(ca, server)[1]["sai-bearer-token"]
        claims = base64.b64decode(token).split(b".")[1]
        claims = json.loads(base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4)))
        assert abs(claims["exp"] - time.time()) < 3
        assert server.valid(token)
        time.sleep(0.25)
        assert not server.valid(token)


def test_records(ca):
    with Sainet(ca) as server:
        assert fetch(ca, server.api + "/ADR02")[0] == 401
        bearer = {"Authorization": "Bearer " + login(ca, server)[1]["sai-bearer-token"]}
        answer = json.loads(fetch(ca, server.api + "/ADR02", headers=bearer)[2])
        assert answer["metadata"]["taskId"] == "ADR02" and len(answer["data"]) == 20
        assert [r["$recordId"] for r in answer["data"]] == sorted(r["$recordId"] for r in answer["data"])
        german = server.api + "/ADR02?filter=" + quote("$ADRDOS.LANGUE='DE'")
        assert len(json.loads(fetch(ca, german, headers=bearer)[2])["data"]) == 15
        record = json.loads(fetch(ca, server.api + "/ADR02/000045", headers=bearer)[2])
        assert record["data"]["ADRDOS.NO"] == 45
        assert fetch(ca, server.api + "/ADR02/000046", headers=bearer)[0] == 404
        assert control(ca, server, {"revoke_all": True})[0] == 200
        assert fetch(ca, server.api + "/ADR02", headers=bearer)[0] == 401


def test_instances(ca):
    with Sainet(ca, instance="node-1", pinned=True) as server:
        token = login(ca, server)[1]["sai-bearer-token"]
        bearer = {"Authorization": "Bearer " + token}
        assert fetch(ca, server.api + "/ADR02", headers=bearer)[0] == 401
        bearer["Sai-Server-Instance"] = "node-1"
        assert fetch(ca, server.api + "/ADR02", headers=bearer)[0] == 200
        server.set(instance="node-2")
        status, headers, _ = fetch(ca, server.api + "/ADR02", headers=bearer)
        assert status == 401 and headers["Sai-Server-Instance"] == "node-2"
