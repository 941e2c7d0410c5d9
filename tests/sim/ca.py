# SPDX-License-Identifier: MIT
"""A throw-away certificate authority, made with the openssl command."""

import os
import subprocess
import threading

LOCAL = "DNS:localhost,IP:127.0.0.1,IP:::1"

# Only `openssl ca` lets a certificate's validity lie in the past.
CA_CONF = """\
[ca]
default_ca = throwaway
[throwaway]
new_certs_dir = {dir}
database = {dir}/index.txt
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:FALSE
subjectAltName = {san}
"""


def _openssl(*args):
    done = subprocess.run(("openssl",) + args, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError("openssl %s: %s" % (args[0], done.stderr.strip()))


def _new_key(path):
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", path)


class CA:
    """Authority in a directory of its own; `cert(kind)` makes each leaf on first use."""

    KINDS = ("good", "other-name", "expired", "self-signed")

    def __init__(self, dir, name="throw-away authority"):
        self.dir = os.path.abspath(dir)
        self.pem = os.path.join(self.dir, "ca.pem")
        self.key = os.path.join(self.dir, "ca.key")
        self._lock = threading.Lock()
        os.makedirs(self.dir, exist_ok=True)
        _openssl("req", "-x509", *_new_key(self.key), "-out", self.pem, "-days", "30", "-subj", "/CN=" + name,
                 "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def cert(self, kind="good"):
        """Paths of the certificate and the key of one kind of leaf."""
        if kind not in self.KINDS:
            raise ValueError("unknown kind of certificate: %r" % (kind,))
        cert = os.path.join(self.dir, kind + ".pem")
        key = os.path.join(self.dir, kind + ".key")
        with self._lock:
            if not os.path.exists(cert):
                self._make(kind, cert, key)
        return cert, key

    def _make(self, kind, cert, key):
        if kind == "expired":
            self._make_expired(cert, key)
            return
        name, san = ("other.example", "DNS:other.example") if kind == "other-name" else ("localhost", LOCAL)
        signer = () if kind == "self-signed" else ("-CA", self.pem, "-CAkey", self.key)
        _openssl("req", "-x509", *_new_key(key), *signer, "-out", cert, "-days", "30", "-subj", "/CN=" + name,
                 "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=" + san)

    def _make_expired(self, cert, key):
        conf = os.path.join(self.dir, "ca.conf")
        request = os.path.join(self.dir, "expired.csr")
        with open(conf, "w") as f:
            f.write(CA_CONF.format(dir=self.dir, san=LOCAL))
        open(os.path.join(self.dir, "index.txt"), "w").close()
        _openssl("req", "-new", *_new_key(key), "-out", request, "-subj", "/CN=localhost")
        _openssl("ca", "-batch", "-notext", "-config", conf, "-cert", self.pem, "-keyfile", self.key,
                 "-in", request, "-out", cert, "-startdate", "20200101000000Z", "-enddate", "20200201000000Z")
