# SPDX-License-Identifier: MIT
"""Base of all simulators: an HTTPS server on loopback that keeps a log and can misbehave."""

import contextlib
import copy
import json
import socket
import ssl
import sys
import threading
import time
import traceback
import types
import warnings

from . import faults
from .http1 import BadRequest, Reader, Response, json_response

VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1,
            "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
CONTROL = "/_control"


def _tls_context(ca, cert, tls_min, tls_max):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ca.cert(cert))
    context.set_alpn_protocols(["http/1.1"])
    with warnings.catch_warnings():  # the old versions are deprecated, which is why they are tested
        warnings.simplefilter("ignore", DeprecationWarning)
        if tls_max in ("1.0", "1.1"):
            context.set_ciphers("ALL:@SECLEVEL=0")
            tls_min = tls_min or "1.0"
        if tls_min:
            context.minimum_version = VERSIONS[tls_min]
        if tls_max:
            context.maximum_version = VERSIONS[tls_max]
    return context


def _listen(port, ipv6):
    """Sockets on one and the same port of each loopback address."""
    for _ in range(20):
        first = socket.create_server(("127.0.0.1", port), backlog=1024)
        if not ipv6:
            return [first]
        try:
            return [first, socket.create_server(("::1", first.getsockname()[1]), family=socket.AF_INET6, backlog=1024)]
        except OSError:
            first.close()
            if port:
                raise
    raise OSError("no port that is free on both loopback addresses")


class Server:
    """Subclasses give `defaults` (settings), `controls` (methods callable over HTTP) and `handle`."""

    defaults = {}
    controls = ()
    discarded = None  # a path whose requests' bodies are counted and not kept

    def __init__(self, ca, cert="good", ipv6=False, tls_min=None, tls_max=None, port=0, **settings):
        self.ca = ca
        self.ipv6 = ipv6
        self.port = port
        self.lock = threading.RLock()
        self._arrival = threading.Condition(self.lock)
        self._context = _tls_context(ca, cert, tls_min, tls_max)
        self._initial = {**copy.deepcopy(self.defaults), **settings}
        self._check(settings)
        self._stopping = threading.Event()
        self._listeners = []
        self._open = {}  # thread -> its socket
        self._threads = set()
        self._faults = faults.FaultQueue()
        self.errors = []
        self.reset()

    # --- life

    def start(self):
        """Bind (again on the same port after a stop) and accept connections."""
        self._stopping.clear()
        self._listeners = _listen(self.port, self.ipv6)
        self.port = self._listeners[0].getsockname()[1]
        for listener in self._listeners:
            self._spawn(self._accept, listener)
        return self

    def stop(self):
        """End all connections at once and wait for their threads."""
        self._stopping.set()
        while self._shut_down():
            pass
        for listener in self._listeners:
            listener.close()
        self._listeners = []

    @contextlib.contextmanager
    def down(self):
        """Gone for a while; meanwhile nobody else gets the port."""
        self.stop()
        with socket.socket() as held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(("127.0.0.1", self.port))
            try:
                yield
            finally:
                self.start()

    def _shut_down(self):
        """Wake whoever waits on a socket; true while threads are left."""
        with self.lock:
            sockets = self._listeners + list(self._open.values())
            threads = list(self._threads)
        for sock in sockets:
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # SSLSocket's own would pull TLS from under its thread
            except OSError:
                pass
        if threads:
            threads[0].join(0.1)
        return bool(threads)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    @property
    def url(self):
        return "https://localhost:%d" % self.port

    def pause(self, seconds):
        """Sleep; true if the server stops meanwhile."""
        return self._stopping.wait(seconds)

    # --- what tests look at

    def count(self, path=None, **match):
        return len(self.find(path, **match))

    def find(self, path=None, **match):
        """Logged requests whose path contains `path`; body, query by content, other keys by value."""
        with self.lock:
            return [entry for entry in self.requests
                    if (path is None or path in entry["path"]) and all(_agrees(entry, *m) for m in match.items())]

    def wait(self, number=1, path=None, timeout=30, **match):
        """Wait until so many requests have arrived; true if they have."""
        with self._arrival:
            return self._arrival.wait_for(lambda: self.count(path, **match) >= number, timeout)

    def clear_log(self):
        with self.lock:
            self.requests = []
            self.connections = 0

    # --- behaviour

    def set(self, **settings):
        self._check(settings)
        with self.lock:
            for name, value in settings.items():
                setattr(self.settings, name, value)

    def fault(self, kind, path=None, times=None, **args):
        """Misbehave for the next `times` requests, or until clear_faults()."""
        fault = faults.Fault(kind, path, times, **args)
        with self.lock:
            self._faults.add(fault)

    def clear_faults(self):
        with self.lock:
            self._faults.clear()

    def reset(self):
        """As constructed: no log, no faults, first settings, no state."""
        with self.lock:
            self.settings = types.SimpleNamespace(**copy.deepcopy(self._initial))
            self.clear_log()
            self.clear_faults()
            self.forget()

    def forget(self):
        """Drop the state of a subclass."""

    def handle(self, request):
        return Response(200, "simulator\n", {"Content-Type": "text/plain"})

    def _check(self, settings):
        unknown = set(settings) - set(self.defaults)
        if unknown:
            raise ValueError("%s has no setting %s" % (type(self).__name__, ", ".join(sorted(unknown))))

    # --- connections

    def _spawn(self, target, *args):
        def run():
            try:
                target(*args)
            finally:
                with self.lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, daemon=True)
        with self.lock:
            self._threads.add(thread)
        thread.start()

    def _accept(self, listener):
        while not self._stopping.is_set():
            try:
                conn, _ = listener.accept()
            except OSError:
                self.pause(0.01)  # stopped, or out of descriptors for a moment
                continue
            self._spawn(self._serve, conn)

    def _track(self, conn):
        with self.lock:
            self._open[threading.current_thread()] = conn
        if self._stopping.is_set():  # stop() may have looked before this one was there
            raise ConnectionAbortedError

    def _serve(self, conn):
        try:
            self._track(conn)
            with self.lock:
                self.connections += 1
                fault = self._faults.take(None)
            if fault:
                faults.strike_connection(conn, fault)
                return
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conn = self._context.wrap_socket(conn, server_side=True, do_handshake_on_connect=False,
                                             suppress_ragged_eofs=True)
            self._track(conn)
            conn.do_handshake()
            self._requests_of(conn)
            conn.settimeout(0.2)
            conn.unwrap()
        except (OSError, EOFError):
            pass  # the client left, or stop() ended the connection
        finally:
            with self.lock:
                self._open.pop(threading.current_thread(), None)
            conn.close()

    def _requests_of(self, conn):
        reader = Reader(conn, self.discarded)
        while True:
            try:
                request = reader.request()
            except BadRequest as error:
                with self._arrival:
                    self.requests.append({"method": "", "path": "", "query": "", "headers": {}, "body": b"",
                                          "status": 400, "time": time.time(), "fault": None, "bad": str(error)})
                    self._arrival.notify_all()
                refusal = Response(400, "%s\n" % error, {"Connection": "close"})
                conn.sendall(refusal.head() + refusal.body)
                return
            if request.path == CONTROL:
                response = self._control(request)
                conn.sendall(response.head() + response.body)
            elif not self._answer(conn, request):
                return
            if request.headers.get("connection", "").lower() == "close":
                return

    def _answer(self, conn, request):
        """Handle one request; false if the connection is of no more use."""
        with self._arrival:
            entry = {"method": request.method, "path": request.path, "query": request.query,
                     "headers": request.headers, "header_list": request.header_list, "body": request.body,
                     "status": None, "time": time.time(), "tls": conn.version(), "fault": None}
            fault = self._faults.take(request)
            if fault:
                entry["fault"] = fault.kind
            self.requests.append(entry)
            self._arrival.notify_all()
        if fault and self.pause(fault.args.get("seconds", 0)):
            return False
        if fault and fault.kind == "delay":
            fault = None
        if fault and faults.replaces_answer(fault):
            response = faults.strike_request(conn, fault)
            if response is None:
                return False
            fault = None
        else:
            response = self._handled(request)
        entry["status"] = response.status
        if fault:
            faults.send_faulty(conn, response, fault, self.pause)
            return fault.kind != "truncate" and fault.kind != "reset"
        conn.sendall(response.head())
        if request.method != "HEAD":
            response.send_body(conn)
        return True

    def _handled(self, request):
        try:
            return self.handle(request)
        except Exception as error:  # a fault of the simulator itself: loud, and never a hang
            traceback.print_exc(file=sys.stderr)
            self.errors.append(error)
            return Response(500, "simulator failed: %r\n" % (error,))

    # --- control by HTTP

    def _control(self, request):
        if request.method == "GET":
            return self._report()
        try:
            order = json.loads(request.body)
            done = self._obey(order)
        except (ValueError, TypeError, AttributeError) as error:
            return json_response({"error": str(error)}, 400)
        return json_response({"ok": True, "results": done})

    def _obey(self, order):
        if not isinstance(order, dict):
            raise ValueError("an object is expected")
        order = dict(order)
        done = {}
        if order.pop("reset", False):
            self.reset()
        if order.pop("clear_faults", False):
            self.clear_faults()
        if order.pop("clear_log", False):
            self.clear_log()
        self.set(**order.pop("set", {}))
        for name in [name for name in order if name in self.controls]:
            value = order.pop(name)
            done[name] = getattr(self, name)(*([] if value is True else [value]))
        if "fault" in order:
            fault = faults.Fault(order.pop("fault"), **order)
            if fault.on_connection() and fault.times is None:
                raise ValueError("this fault would lock the control out: say how many times")
            with self.lock:
                self._faults.add(fault)
        elif order:
            raise ValueError("unknown: " + ", ".join(sorted(order)))
        return done

    def _report(self):
        with self.lock:
            counts = {}
            for entry in self.requests:
                counts[entry["path"]] = counts.get(entry["path"], 0) + 1
            report = {"server": type(self).__name__, "connections": self.connections,
                      "total": len(self.requests), "counts": counts, "settings": dict(vars(self.settings)),
                      "faults": [fault.describe() for fault in self._faults.faults], "requests": list(self.requests)}
            text = json.dumps(report, default=lambda v: v.decode(errors="replace") if isinstance(v, bytes) else repr(v))
        return Response(200, text, {"Content-Type": "application/json"})


def _agrees(entry, name, value):
    if name in ("body", "query"):
        wanted = value.encode() if name == "body" and isinstance(value, str) else value
        return wanted in entry[name]
    return entry.get(name) == value
