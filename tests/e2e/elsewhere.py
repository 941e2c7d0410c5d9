# SPDX-License-Identifier: MIT
"""A copy of the front whose workers lie elsewhere: paths are built in, and the tree itself is shared by all tests."""
import re

from conftest import BIN, LIBEXEC


def elsewhere(place, workers):
    """The copy, in `place`; `workers` is a directory, of a path no longer than the tree's."""
    data = (BIN / "tokenring").read_bytes()
    old, new = str(LIBEXEC).encode(), str(workers).encode()
    assert len(new) <= len(old) and old in data
    # Each path is a string of its own: its end moves up.
    out, pos = bytearray(), 0
    for m in re.finditer(re.escape(old) + rb"([^\0]*)\0", data):
        path = new + m[1]
        out += data[pos:m.start()] + path + bytes(len(m[0]) - len(path))
        pos = m.end()
    program = place / "tokenring"
    program.write_bytes(bytes(out + data[pos:]))
    program.chmod(0o755)
    return program
