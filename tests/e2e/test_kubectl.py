# SPDX-License-Identifier: MIT
"""The ExecCredential that kubectl and other clients of Kubernetes ask for."""
import json
import re

import pytest

GROUP = "client.authentication.k8s.io"
SERVER = "https://k8s.example.com:6443"


@pytest.fixture
def cluster(person, oauth, tmp_path):
    oauth.set(clients={"ci": "s3cret"}, access_lifetime=1200)
    (tmp_path / "secret").write_text("s3cret\n")
    person.oauth(oauth, name="k8s", client_id="ci", client_secret_file=tmp_path / "secret", store="none", match=SERVER)
    return person


def info(version="v1", **spec):
    return {"KUBERNETES_EXEC_INFO": json.dumps({"apiVersion": f"{GROUP}/{version}", "kind": "ExecCredential",
                                                "spec": spec})}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_the_version_that_was_asked_for(cluster, version):
    r = cluster.tokenring("kubectl", "k8s", env=info(version, interactive=False))
    token = cluster.ok("token").strip()
    assert (r.returncode, r.stderr) == (0, "")
    assert re.fullmatch(r'{"apiVersion":"%s/%s","kind":"ExecCredential","status":{"expirationTimestamp":'
                        r'"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ","token":"%s"}}\n' % (GROUP, version, re.escape(token)),
                        r.stdout), r.stdout


@pytest.mark.parametrize("value", [None, ""])
def test_a_client_that_says_nothing(cluster, value):
    """Such a client is older than v1."""
    answer = json.loads(cluster.ok("kubectl", env={"KUBERNETES_EXEC_INFO": value}))
    assert answer["apiVersion"] == f"{GROUP}/v1beta1" and answer["status"]["token"]


def test_the_expiry_is_before_the_tokens_own(cluster):
    answer = json.loads(cluster.ok("kubectl", "k8s"))
    token = json.loads(cluster.ok("token", "--json"))
    import datetime
    told = datetime.datetime.fromisoformat(answer["status"]["expirationTimestamp"]).timestamp()
    assert told == token["expires_at"] - 60


def test_standard_input_is_left_alone(cluster):
    """It belongs to what kubectl was started for."""
    assert cluster.ok("kubectl", "k8s")
    r = cluster.run("sh", "-c", "tokenring kubectl k8s >/dev/null && cat", input="for kubectl\n", env=info(interactive=True))
    assert r.stdout == "for kubectl\n"


@pytest.mark.parametrize("server", [SERVER, SERVER + "/", SERVER + "/clusters/c-1", "https://K8S.example.com:6443"])
def test_the_clusters_server(cluster, server):
    assert cluster.ok("kubectl", "k8s", env=info(cluster={"server": server}))


@pytest.mark.parametrize("server", ["https://evil.example", "http://k8s.example.com:6443", "https://k8s.example.com",
                                    "k8s.example.com:6443", "https://u@k8s.example.com:6443"])
def test_no_token_for_another_server(cluster, oauth, server):
    r = cluster.tokenring("kubectl", "k8s", env=info(cluster={"server": server}))
    assert (r.returncode, r.stdout, r.stderr.count("\n")) == (2, "", 1) and "server" in r.stderr
    assert oauth.token_requests == []


@pytest.mark.parametrize("text, status", [
    ("{", 1), ("[]", 1), ("{}", 1), ('{"kind":"ExecCredential"}', 2), ('{"kind":"ExecCredential","apiVersion":1}', 2),
    ('{"kind":"Pod","apiVersion":"%s/v1"}' % GROUP, 1), ('{"kind":"ExecCredential","apiVersion":"%s/v1alpha1"}' % GROUP, 2),
    ('{"kind":"ExecCredential","apiVersion":"%s/v2"}' % GROUP, 2),
    ('{"kind":"ExecCredential","apiVersion":"%s/v1","spec":{"cluster":{}}}' % GROUP, 1),
    ('{"kind":"ExecCredential","apiVersion":"%s/v1","spec":{"cluster":"x"}}' % GROUP, 1),
    ('{"kind":"ExecCredential","apiVersion":"%s/v1","spec":{"cluster":{"server":""}}}' % GROUP, 1),
])
def test_a_question_that_is_none(cluster, oauth, text, status):
    r = cluster.tokenring("kubectl", "k8s", env={"KUBERNETES_EXEC_INFO": text})
    assert (r.returncode, r.stdout, r.stderr.count("\n")) == (status, "", 1), r
    assert oauth.token_requests == []


def test_odd_but_harmless(cluster):
    for spec in ({}, {"interactive": "yes"}, {"later": {"x": 1}}):
        assert cluster.ok("kubectl", "k8s", env=info(**spec))
    assert cluster.ok("kubectl", "k8s", env={"KUBERNETES_EXEC_INFO": json.dumps(
        {"apiVersion": f"{GROUP}/v1", "kind": "ExecCredential", "spec": []})})


def test_a_person_is_needed(person, sainet):
    person.sainet(sainet, store="file")
    r = person.tokenring("kubectl", "erp", env=info(interactive=False))
    assert r.returncode == 3 and r.stdout == "" and "tokenring login erp" in r.stderr


def test_which_profile(cluster, sainet):
    cluster.sainet(sainet, store="file")
    r = cluster.tokenring("kubectl")
    assert (r.returncode, r.stdout) == (2, "") and "k8s" in r.stderr
    assert cluster.ok("kubectl", env={"TOKENRING_PROFILE": "k8s"})
    assert cluster.tokenring("kubectl", "k8s", "erp").returncode == 2


def test_bearer_tokens_only(cluster, oauth):
    oauth.set(clients={"ci": "s3cret"}, token_type="DPoP")
    r = cluster.tokenring("kubectl", "k8s")
    assert r.returncode == 1 and r.stdout == ""
