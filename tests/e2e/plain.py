# SPDX-License-Identifier: MIT
"""A Secret Service that has plain sessions only (KWallet is one), in memory.

As much of the Secret Service API and of D-Bus's marshalling as that takes.
"""
import struct

from keyring import StuckPrompt, pad, paths, signature, text

SIZES = {"y": (1, "B"), "b": (4, "I"), "u": (4, "I"), "i": (4, "i")}


def one(form):
    """The first complete type of a signature."""
    if form[0] == "a":
        return "a" + one(form[1:])
    if form[0] not in "({":
        return form[0]
    depth = 0
    for i, c in enumerate(form):
        depth += (c in "({") - (c in ")}")
        if depth == 0:
            return form[:i + 1]
    raise ValueError(form)


def types(form):
    found = []
    while form:
        found.append(one(form))
        form = form[len(found[-1]):]
    return found


def alignment(form):
    return {"y": 1, "g": 1, "v": 1, "(": 8, "{": 8}.get(form[0], 4)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def align(self, n):
        self.at += -self.at % n

    def read(self, form):
        self.align(alignment(form))
        if form in SIZES:
            size, code = SIZES[form]
            value, = struct.unpack_from("<" + code, self.data, self.at)
            self.at += size
            return value
        if form in "sog":
            if form == "g":
                n, self.at = self.data[self.at], self.at + 1
            else:
                n = self.read("u")
            value = self.data[self.at:self.at + n].decode()
            self.at += n + 1
            return value
        if form == "v":
            return self.read(self.read("g"))
        if form[0] in "({":
            return tuple(self.read(t) for t in types(form[1:-1]))
        n = self.read("u")
        self.align(alignment(form[1:]))
        end, values = self.at + n, []
        if form == "ay":
            self.at = end
            return self.data[end - n:end]
        while self.at < end:
            values.append(self.read(form[1:]))
        return dict(values) if form[1] == "{" else values


class PlainService(StuckPrompt):
    COLLECTION = "/org/freedesktop/secrets/collection/c"

    def __init__(self):
        self.items = {}  # path: [attributes, secret]
        self.sessions = []  # the algorithms that were asked for
        self.number = 0
        self.stale = False  # says that it has replaced an item, and has not
        self.denied = 0  # so many calls are no method of its
        super().__init__(locked=False)

    def answer(self, member, form, body):
        """The reply's form and body; None: not supported."""
        reader = Reader(body)
        args = [reader.read(t) for t in types(form)]
        if member == "OpenSession":
            self.sessions.append(args[0])
            if args[0] != "plain":
                return None
            return "vo", pad(signature("s") + b"\0" + text(""), 4) + text("/org/freedesktop/secrets/session/s")
        if member == "SearchItems":
            found = [p for p, (has, _) in self.items.items() if args[0].items() <= has.items()]
            first = pad(paths(*found), 4)
            return "aoao", first + paths()
        if member == "CreateItem":
            properties, secret, replace = args
            has = properties["org.freedesktop.Secret.Item.Attributes"]
            old = [p for p, (h, _) in self.items.items() if h == has] if replace else []
            self.number += 1
            path = old[0] if old else f"{self.COLLECTION}/{self.number}"
            if path not in self.items or not self.stale:
                self.items[path] = [has, secret[2]]
            return "oo", pad(text(path), 4) + text("/")
        if member in ("GetSecrets", "GetSecret"):
            session, asked = "/org/freedesktop/secrets/session/s", args[0] if member == "GetSecrets" else []
            data = b""
            for p in asked:
                if p not in self.items:
                    continue
                data = pad(data, 8)
                data = pad(data + text(p), 8)
                data = pad(data + text(session), 4) + struct.pack("<I", 0)
                value = self.items[p][1]
                data = pad(data, 4) + struct.pack("<I", len(value)) + value
                data = pad(data, 4) + text("text/plain")
            return "a{o(oayays)}", struct.pack("<I", len(data)) + bytes(4) + data
        if member == "Get":
            return "v", pad(signature("b"), 4) + struct.pack("<I", 0)
        if member == "ReadAlias":
            return "o", text(self.COLLECTION)
        return None

    def delete(self, fields, to):
        self.items.pop(fields[1], None)
        self._send(2, to | {8: ("g", "o")}, text("/"))

    def _serve(self):
        try:
            while True:
                kind, flags, serial, fields, body = self._receive_whole()
                if kind != 1:
                    continue
                self.calls.append(fields[3])
                to = {5: ("u", serial), 6: ("s", fields[7])}
                if fields[3] == "Delete":
                    self.delete(fields, to)
                    continue
                if self.denied > 0:
                    self.denied -= 1
                    self._send(3, to | {4: ("s", "org.freedesktop.DBus.Error.UnknownMethod")}, b"")
                    continue
                reply = self.answer(fields[3], fields.get(8, ""), body)
                if flags & 1:
                    continue
                if reply is None:
                    self._send(3, to | {4: ("s", "org.freedesktop.DBus.Error.NotSupported")}, b"")
                else:
                    self._send(2, to | {8: ("g", reply[0])}, reply[1])
        except (OSError, EOFError, ValueError):
            pass
