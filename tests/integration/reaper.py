#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""reaper.py - removes what a run made, however the run ended.

A run has an identifier that is part of the name of everything it makes, and its
processes inherit the variable ESPGW_RUN_<identifier>. A reaper process waits for
the owner to end (SIGKILL included) and then sweeps: processes, namespaces,
shared memory, sockets, folders. Nested runs have a reaper each.

    reaper.py start --id ID --owner PID     prints the reaper's PID
    reaper.py sweep --id ID                 the same clean-up, now
"""
import argparse
import glob
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PLACES = ("/dev/shm", "/run", "/run/espgw", "/run/dpdk", "/run/lock",
          "/var/run/dpdk", "/tmp", "/var/tmp", tempfile.gettempdir())


def new_id():
    """short: it becomes part of namespace, socket and file names"""
    return "eg%s%s" % (base36(os.getpid()), os.urandom(2).hex())


def base36(n):
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    out = ""
    while n:
        n, r = divmod(n, 36)
        out = digits[r] + out
    return out or "0"


def variable(run_id):
    return "ESPGW_RUN_" + run_id


def _check(run_id):
    if not re.fullmatch(r"eg[0-9a-z]{5,16}", run_id):
        sys.exit("reaper: not an identifier of a run: %r" % run_id)
    return run_id


def members(run_id, spare=()):
    """processes started under the run, except reapers"""
    mark = (variable(run_id) + "=").encode()
    out = []
    for p in os.listdir("/proc"):
        if not p.isdigit() or int(p) in spare:
            continue
        try:
            with open("/proc/%s/environ" % p, "rb") as f:
                env = f.read().split(b"\0")
        except OSError:
            continue
        if any(e.startswith(mark) for e in env) and \
                not any(e.startswith(b"ESPGW_REAPER=") for e in env):
            out.append(int(p))
    return out


def namespaces(run_id):
    return [os.path.basename(p) for p in glob.glob("/run/netns/*%s*" % run_id)]


def files(run_id):
    out = []
    for d in sorted(set(map(os.path.realpath, PLACES))):
        out += glob.glob("%s/*%s*" % (d, run_id))
    return out


def leftovers(run_id, spare=()):
    """everything of the run that still exists, as text lines"""
    return (["process %d" % p for p in members(run_id, spare)] +
            ["namespace " + n for n in namespaces(run_id)] +
            ["file " + f for f in files(run_id)])


def _kill(pids):
    for p in pids:
        try:
            os.kill(p, signal.SIGKILL)
        except ProcessLookupError:
            pass


def _remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
        return
    try:
        os.unlink(path)
    except OSError:
        pass


def sweep(run_id, spare=(), limit=30.0):
    """remove it all; True when nothing is left"""
    _check(run_id)
    spare = set(spare) | {os.getpid()}
    end = time.monotonic() + limit
    clean = 0
    # Twice clean in a row: something may have been in the middle of starting.
    while clean < 2 and time.monotonic() < end:
        _kill(members(run_id, spare))
        for ns in namespaces(run_id):
            r = subprocess.run(["ip", "netns", "pids", ns], text=True,
                               capture_output=True)
            _kill(int(p) for p in r.stdout.split() if int(p) not in spare)
            subprocess.run(["ip", "netns", "del", ns], capture_output=True)
        for f in files(run_id):
            _remove(f)
        clean = clean + 1 if not leftovers(run_id, spare) else 0
        time.sleep(0.1)
    return clean >= 2


def start(run_id, owner):
    """start the reaper of a run, detached from the owner's session"""
    _check(run_id)
    env = dict(os.environ, ESPGW_REAPER=run_id)
    r, w = os.pipe()
    p = subprocess.Popen(
        [sys.executable, os.path.realpath(__file__), "_wait", "--id", run_id,
         "--owner", str(owner), "--ready", str(w)], env=env, cwd="/",
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, pass_fds=(w,))
    os.close(w)
    ok = os.read(r, 1)
    os.close(r)
    if ok != b"1":
        raise RuntimeError("the reaper did not start")
    return p


def _wait(run_id, owner, ready):
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(s, signal.SIG_IGN)
    try:
        fd = os.pidfd_open(owner)
    except ProcessLookupError:
        fd = None
    os.write(ready, b"1")
    os.close(ready)
    if fd is not None:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        while not poll.poll():
            pass
    sweep(run_id)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("command", choices=("id", "start", "sweep", "left", "_wait"))
    p.add_argument("--id")
    p.add_argument("--owner", type=int)
    p.add_argument("--ready", type=int)
    a = p.parse_args()
    if a.command == "id":
        print(new_id())
    elif a.command == "start":
        print(start(a.id, a.owner).pid)
    elif a.command == "sweep":
        sys.exit(0 if sweep(a.id, (os.getppid(),)) else 1)
    elif a.command == "left":
        print("\n".join(leftovers(_check(a.id), (os.getppid(),))))
    else:
        _wait(_check(a.id), a.owner, a.ready)


if __name__ == "__main__":
    main()
