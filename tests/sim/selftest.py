# SPDX-License-Identifier: MIT
"""Checks of the simulators themselves: cd tests && python3 -m sim.selftest [WORD]"""

import sys
import tempfile
import threading
import time
import traceback

from . import CA
from .checks import check_git, check_main, check_oauth, check_sainet, check_server

MODULES = (check_server, check_sainet, check_oauth, check_git, check_main)


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="tokenring-selftest-") as directory:
        ca = CA(directory)
        for module in MODULES:
            for name, test in vars(module).items():
                if not name.startswith("test_") or word not in module.__name__ + "." + name:
                    continue
                before = threading.active_count()
                start = time.monotonic()
                try:
                    test(ca)
                    assert threading.active_count() == before, "threads are left: %s" % threading.enumerate()
                    passed += 1
                    print("ok      %5.2f s  %s.%s" % (time.monotonic() - start, module.__name__.split(".")[-1], name))
                except Exception:
                    failed += 1
                    print("FAILED           %s.%s" % (module.__name__.split(".")[-1], name))
                    traceback.print_exc(file=sys.stdout)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
