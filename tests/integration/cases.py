# SPDX-License-Identifier: BSD-3-Clause
"""cases.py - a test file's cases: declare, list, run.

A file declares functions with @case and ends with `cases.main()`. It prints one
line per case, `ok NAME`, `FAIL NAME: why` or `skip NAME: why`, and exits 1 if one
failed, SKIPPED if all were skipped.
"""
import argparse
import os
import signal
import sys
import time
import traceback

from lab import Fail

CASES = {}
SKIPPED = 77


class Skip(Exception):
    """what a case needs is not there; its text says what"""


def case(name=None, timeout=120, param=None):
    """declare a case; with `param` it is called with that value"""
    def declare(f):
        n = name or f.__name__
        CASES[n] = (f, timeout, param)
        return f
    return declare


def run_case(name):
    """an exit code"""
    f, _, param = CASES[name]
    t = time.monotonic()
    try:
        note = f() if param is None else f(param)
    except Skip as e:
        print("skip %s: %s" % (name, e), flush=True)
        return SKIPPED
    except Fail as e:
        print("FAIL %s: %s" % (name, e), flush=True)
        return 1
    except SystemExit:                                   # its limit: where it was is the reason
        print("FAIL %s: stopped after %.0f s: %s" % (name, time.monotonic() - t,
                                                     traceback.format_exc()), flush=True)
        raise
    except Exception:                                    # a bug of the test itself
        print("FAIL %s: %s" % (name, traceback.format_exc()), flush=True)
        return 1
    print("ok %s (%.1f s)%s" % (name, time.monotonic() - t, ": %s" % note if note else ""),
          flush=True)
    return 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("names", nargs="*")
    p.add_argument("--list", action="store_true", help="names and time limits in seconds")
    a = p.parse_args()
    if a.list:
        for n, (_, timeout, _) in CASES.items():
            print(n, timeout)
        return
    unknown = [n for n in a.names if n not in CASES]
    if unknown or os.geteuid():
        sys.exit("no such case: %s" % unknown if unknown else "namespaces need root")
    # A polite end runs the labs' clean-up; the reaper covers the others.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    codes = {run_case(n) for n in a.names or CASES}
    sys.exit(1 if 1 in codes else SKIPPED if codes == {SKIPPED} else 0)
