# SPDX-License-Identifier: MIT
"""The real docker, skopeo, kubectl and curl, each at its own job, with a profile's token."""
import base64
import hashlib
import http.client
import io
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tarfile

import pytest

import sim
from sim.http1 import Response
from sim.server import Server

from . import world
from .peers import peer
from .terminal import Terminal

SECRET = "secret of client"


class Checked(Server):
    """Answers whoever brings a token that lives, by the scheme it speaks."""

    defaults = {"scheme": "Bearer"}

    def __init__(self, ca, active, answer, **args):
        self.active, self.answer = active, answer
        super().__init__(ca, **args)

    def handle(self, request):
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            value = base64.b64decode(value).decode().partition(":")[2]
        if scheme != self.settings.scheme or not self.active(value):
            return Response(401, "{}", [("WWW-Authenticate", f'{self.settings.scheme} realm="x"'),
                                        ("Docker-Distribution-Api-Version", "registry/2.0")])
        return self.answer(request)


@pytest.fixture
def oauth(host, ca):
    with sim.OAuth(ca, clients={"ci": SECRET}, access_lifetime=1200) as server:
        yield server


@pytest.fixture
def alice(host):
    secret = host.alice.home / "secret"
    secret.write_text(SECRET + "\n")
    os.chown(secret, host.alice.uid, host.alice.uid)
    yield host.alice
    for name in (".docker", ".kube"):
        shutil.rmtree(host.alice.home / name, ignore_errors=True)


@pytest.fixture
def registry(host, ca, oauth, alice):
    """Debian's registry, behind a server that speaks TLS and checks the token."""
    place = host.place / "registry"
    place.mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    (place / "config.yml").write_text(json.dumps({
        "version": 0.1, "storage": {"filesystem": {"rootdirectory": str(place / "data")}},
        "http": {"addr": f"127.0.0.1:{port}"}, "log": {"level": "error"}}))
    process = subprocess.Popen([peer("docker-registry"), "serve", place / "config.yml"], stdin=subprocess.DEVNULL)

    def listens():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def forward(request):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {k: v for k, v in request.headers.items() if k not in ("authorization", "transfer-encoding", "content-length")}
        c.request(request.method, request.target, request.body, {**headers, "X-Forwarded-Proto": "https",
                                                                 "Content-Length": str(len(request.body))})
        r = c.getresponse()
        return Response(r.status, r.read(), [(k, v) for k, v in r.getheaders()
                                             if k.lower() not in ("content-length", "transfer-encoding", "connection")])
    try:
        assert world.until(listens) and process.poll() is None, "the registry does not start"
        with Checked(ca, oauth.active, forward, scheme="Basic") as server:
            server.name = f"localhost:{server.port}"
            certs = pathlib.Path("/etc/docker/certs.d", server.name)
            certs.mkdir(parents=True, exist_ok=True)
            (certs / "ca.crt").write_text(pathlib.Path(ca.pem).read_text())
            configure(host, oauth, server.url)
            yield server
    finally:
        process.terminate()
        process.wait()


def configure(host, oauth, match):
    host.configure(f"[profile hub]\nprovider = oauth2\ntoken_url = {oauth.token_url}\nca_file = {oauth.ca.pem}\n"
                   f"client_id = ci\nclient_secret_file = {host.alice.home}/secret\nstore = none\nmatch = {match}\n")


def image(directory):
    """An image of one small file, as an OCI layout."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(data, kind):
        name = hashlib.sha256(data).hexdigest()
        (blobs / name).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{name}", "size": len(data)}
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as t:
        t.addfile(tarfile.TarInfo("empty"))
    layer = blob(tar.getvalue(), "layer.v1.tar")
    config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                              "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}).encode(), "config.v1+json")
    manifest = blob(json.dumps({"schemaVersion": 2, "config": config, "layers": [layer]}).encode(), "manifest.v1+json")
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [
        {**manifest, "annotations": {"org.opencontainers.image.ref.name": "1"}}]}))


def ok(alice, *args, **kw):
    if "input" not in kw:
        kw["stdin"] = subprocess.DEVNULL
    r = alice.run(*args, **kw)
    assert r.returncode == 0, r
    return r.stdout


def test_docker_and_skopeo(host, alice, registry, oauth, tmp_path):
    docker, skopeo = peer("docker"), peer("skopeo")
    name, env = f"{registry.name}/team/demo:1", {"DOCKER_HOST": "tcp://127.0.0.1:1"}  # no engine
    image(tmp_path / "image")
    subprocess.run(["chmod", "-R", "a+rX", tmp_path.parent.parent, tmp_path], check=True)
    assert alice.run(skopeo, "inspect", f"docker://{name}", stdin=subprocess.DEVNULL).returncode != 0
    ok(alice, "tokenring", "configure", "docker", "--yes")
    ok(alice, skopeo, "--insecure-policy", "copy", "--format=v2s2", f"oci:{tmp_path}/image:1", f"docker://{name}")
    # Without an engine docker takes a login only with a password, which it then gives to the helper.
    token = ok(alice, "tokenring", "token", "hub")
    assert "Login Succeeded" in ok(alice, docker, "login", "-u", "oauth2", "--password-stdin", registry.name, env=env,
                                   input=token)
    shown = json.loads(ok(alice, docker, "manifest", "inspect", name, env=env))
    layer = shown["layers"][0]["digest"]
    config = f"{alice.home}/.docker/config.json"
    out = ok(alice, skopeo, "login", "--authfile", config, registry.name)
    assert "Succeeded" in out or "valid" in out
    assert json.loads(ok(alice, skopeo, "inspect", f"docker://{name}"))["Layers"] == [layer]
    token = json.loads(ok(alice, "docker-credential-tokenring", "get", input=registry.name))["Secret"]
    assert len(oauth.token_requests) == 1, "one token for all of it"
    assert token not in pathlib.Path(config).read_text() and "auth\"" not in pathlib.Path(config).read_text()
    ok(alice, docker, "logout", registry.name, env=env)
    ok(alice, skopeo, "inspect", f"docker://{name}")
    assert len(oauth.token_requests) == 2, "a logout forgets the token, and the sign-in stays"
    ok(alice, "tokenring", "configure", "docker", "--undo")
    assert alice.run(skopeo, "inspect", f"docker://{name}", stdin=subprocess.DEVNULL).returncode != 0


def test_kubectl(host, ca, alice, oauth):
    kubectl = peer("kubectl")
    with Checked(ca, oauth.active, lambda request: Response(200, '{"hello": "cluster"}',
                                                            [("Content-Type", "application/json")])) as api:
        configure(host, oauth, api.url)
        ok(alice, kubectl, "config", "set-cluster", "demo", f"--server={api.url}", f"--certificate-authority={ca.pem}")
        ok(alice, "tokenring", "configure", "kubectl", "--yes")
        for _ in range(2):
            assert json.loads(ok(alice, kubectl, "get", "--raw", "/hello")) == {"hello": "cluster"}
        assert api.requests[-1]["headers"]["authorization"].startswith("Bearer ") and len(oauth.token_requests) == 1
        # A cluster elsewhere, with the same user: its server gets nothing.
        with Checked(ca, oauth.active, lambda request: Response(200, "{}")) as other:
            ok(alice, kubectl, "config", "set-cluster", "demo", f"--server={other.url}", f"--certificate-authority={ca.pem}")
            r = alice.run(kubectl, "get", "--raw", "/hello", stdin=subprocess.DEVNULL)
            assert r.returncode != 0 and "is not for the cluster's server" in r.stderr, r
            assert not any("authorization" in x["headers"] for x in other.requests)


def shown(tool, **instead):
    """How tokenring(1) gets a tool from nothing to working, and how the README does with a profile."""
    page = (world.TOP / "helper" / "tokenring.1").read_text()
    [found] = re.findall(rf"^\.Ss {tool}\b[^\n]*\n\.Bd -literal[^\n]*\n(.*?)^\.Ed$", page, flags=re.M | re.S)
    readme = (world.TOP / "README.md").read_text()
    [short] = re.findall(rf"^<!-- run by tests/system: {tool} -->\n```sh\n(.*?)^```$", readme, flags=re.M | re.S)
    texts = [found.replace("\\e", "\\"), short]
    for old, new in instead.items():
        assert old in "".join(texts)
        texts = [text.replace(old, new) for text in texts]
    return texts


def type_in(alice, text, *answers):
    """Run it at a terminal."""
    with Terminal(alice.argv("sh", "-euc", text), env=alice.env, cwd=alice.home) as t:
        for prompt, answer in answers:
            t.expect(re.escape(prompt))
            t.send(answer)
        assert t.end() == 0, t.text
        return t.text


YES, SIGN_IN = ("Change this? [y/N] ", "y"), ("lient secret for", SECRET)


@pytest.fixture
def newcomer(alice, host, oauth):
    """Somebody without a profile; `issuer`: what stands for the page's."""
    shutil.rmtree(alice.home / ".config", ignore_errors=True)
    host.configure("")
    alice.issuer = f"{oauth.issuer} -o ca_file={oauth.ca.pem} -o store=file"
    yield alice
    shutil.rmtree(alice.home / ".config", ignore_errors=True)


NODES = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
        {"name": "nodes", "singularName": "", "namespaced": False, "kind": "Node", "verbs": ["get", "list"]}]},
    "/api/v1/nodes": {"kind": "NodeList", "apiVersion": "v1", "metadata": {}, "items": [
        {"metadata": {"name": "worker-of-the-simulator"}}]},
}


def cluster(request):
    """As much of Kubernetes as `kubectl get nodes` asks for."""
    found = NODES.get(request.path)
    return Response(200 if found else 404, json.dumps(found or {}), [("Content-Type", "application/json")])


def test_kubectl_as_shown(ca, newcomer, oauth):
    peer("kubectl")
    with Checked(ca, oauth.active, cluster) as api:
        page, readme = shown("kubectl", **{"--server=https://k8s.example.com": f"--server={api.url} --certificate-authority={ca.pem}",
                                           "https://k8s.example.com": api.url, "https://login.example.com": newcomer.issuer})
        assert "worker-of-the-simulator" in type_in(newcomer, page, YES, SIGN_IN)
        assert len(oauth.token_requests) == 1
        ok(newcomer, "tokenring", "configure", "kubectl", "--undo")
        assert "worker-of-the-simulator" in type_in(newcomer, readme, YES)


def test_docker_as_shown(ca, host, newcomer, registry, oauth, tmp_path):
    host.configure("")
    peer("docker")
    image(tmp_path / "image")
    subprocess.run(["chmod", "-R", "a+rX", tmp_path.parent.parent, tmp_path], check=True)
    page, readme = shown("docker", **{"https://registry.example.com": registry.url, "registry.example.com": registry.name,
                                      "https://login.example.com": newcomer.issuer})
    *setup, inspect, again = page.splitlines(keepends=True)
    type_in(newcomer, "".join(setup), YES, SIGN_IN)
    ok(newcomer, peer("skopeo"), "--insecure-policy", "copy", "--format=v2s2", f"oci:{tmp_path}/image:1",
       f"docker://{registry.name}/team/demo:1")
    for text in (inspect, again):
        assert "sha256:" in type_in(newcomer, text)
    ok(newcomer, "tokenring", "configure", "docker", "--undo")
    assert "sha256:" in type_in(newcomer, readme, YES)


def test_curl(host, ca, alice, oauth):
    peer("curl")
    with Checked(ca, oauth.active, lambda request: Response(200, "hello\n")) as api:
        configure(host, oauth, api.url)
        assert ok(alice, "tokenring", "curl", "-sSf", f"{api.url}/x") == "hello\n"
        r = alice.run("tokenring", "curl", "-sSf", f"https://localhost:{oauth.port}/", stdin=subprocess.DEVNULL)
        assert r.returncode == 2 and r.stdout == ""
