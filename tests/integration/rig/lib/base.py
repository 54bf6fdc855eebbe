# SPDX-License-Identifier: BSD-3-Clause
"""base.py - what every command of strongswan-peer stands on: the registry of running peers,
processes, namespaces and interfaces."""
import argparse
import contextlib
import ctypes
import fcntl
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

REG = os.environ.get("STRONGSWAN_PEER_RUN", "/run/strongswan-peer")
SELF = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))),
                    "strongswan-peer")
CLONE_NEWNET = 0x40000000


class Error(Exception):
    pass


def sh(*cmd, check=True, quiet=False, **kw):
    r = subprocess.run([str(c) for c in cmd], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, **kw)
    if check and r.returncode:
        raise Error("command failed (%d): %s\n%s" %
                    (r.returncode, " ".join(map(str, cmd)), r.stdout.strip()))
    return r


# ---------------------------------------------------------------- registry --
def valid_name(s):
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", s):
        raise argparse.ArgumentTypeError("name: letters, digits, _ . - (40)")
    return s


def reg_path(name):
    return os.path.join(REG, name + ".json")


@contextlib.contextmanager
def lock(name):
    """one command at a time for one name; leaves no lock file without a peer"""
    os.makedirs(REG, mode=0o700, exist_ok=True)
    path = os.path.join(REG, "." + name + ".lock")
    while True:
        with open(path, "w") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            try:                    # unlinked while we waited: start over
                if os.stat(path).st_ino != os.fstat(f.fileno()).st_ino:
                    continue
            except FileNotFoundError:
                continue
            try:
                yield
            finally:
                if not os.path.exists(reg_path(name)):
                    os.unlink(path)
            return


def load(name, must=True):
    try:
        with open(reg_path(name)) as f:
            return json.load(f)
    except FileNotFoundError:
        if must:
            raise Error("no peer named '%s' is up" % name)
        return None


def save(st):
    tmp = reg_path(st["name"]) + ".tmp"
    with open(tmp, "w") as f:
        json.dump(st, f, indent=1)
    os.replace(tmp, reg_path(st["name"]))


def start_time(pid):
    """start tick of a running process, which tells a reused PID from ours"""
    try:
        with open("/proc/%d/stat" % pid) as f:
            stat = f.read().rsplit(")", 1)[1].split()
        return None if stat[0] in "ZX" else int(stat[19])
    except (OSError, ValueError, IndexError):
        return None


def alive(pid, born):
    return bool(pid) and born is not None and start_time(pid) == born


def end_pid(pid, born, wait=5.0):
    if not alive(pid, born):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    t = time.time() + wait
    while alive(pid, born) and time.time() < t:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.02)
    if alive(pid, born):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def netns_exists(ns):
    return os.path.exists("/run/netns/" + ns)


def netns_del(ns):
    if not netns_exists(ns):
        return
    # whatever still runs in a namespace of ours was started in it by us
    for p in sh("ip", "netns", "pids", ns, check=False).stdout.split():
        if p.isdigit():
            end_pid(int(p), start_time(int(p)), 2.0)
    sh("ip", "netns", "del", ns, check=False)


def nsx(ns, *cmd):
    return ["ip", "netns", "exec", ns] + [str(c) for c in cmd]


# --------------------------------------------------------------- interface --
def offload_off(ifname):
    """ethtool -K IF tx off tso off gso off: a veth otherwise hands packets
    with unfinished checksums (and super-packets) to AF_PACKET readers such as
    tcpdump or a DPDK net_af_packet port."""
    SIOCETHTOOL = 0x8946
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for cmd in (0x17, 0x1f, 0x24, 0x2c):   # STXCSUM STSO SGSO SGRO
            buf = ctypes.create_string_buffer(struct.pack("II", cmd, 0))
            req = struct.pack("16sP", ifname.encode(), ctypes.addressof(buf))
            with contextlib.suppress(OSError):
                fcntl.ioctl(s.fileno(), SIOCETHTOOL, req.ljust(40, b"\0"))


def within(ns, f, *args):
    """f(*args) in a network namespace (None: here), by a thread that enters it: quicker than a
    process of its own. What was opened there stays there."""
    out = []

    def there():
        try:
            with open("/run/netns/" + ns) as at:
                if ctypes.CDLL(None, use_errno=True).setns(at.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns to " + ns)
            out.append((f(*args), None))
        except BaseException as e:                      # told in the caller's thread
            out.append((None, e))
    if not ns:
        return f(*args)
    t = threading.Thread(target=there)
    t.start()
    t.join()
    value, error = out[0]
    if error:
        raise error
    return value


def ns_offload_off(ns, ifname):
    within(ns, offload_off, ifname)


def split_if(spec):
    """IF[@NETNS] -> (IF, NETNS or None for the caller's own namespace)"""
    i, _, ns = spec.partition("@")
    if not re.fullmatch(r"[^\s/]{1,15}", i):
        raise Error("bad interface name '%s'" % i)
    return i, ns or None


def ipns(ns):
    return ["ip"] + (["-n", ns] if ns else [])
