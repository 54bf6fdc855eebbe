# SPDX-License-Identifier: BSD-3-Clause
"""room.py - larger queues for a charon. Its sockets and its TUN device have the kernel's default
sizes, and its options change neither: on a busy machine what comes while it does not run is lost."""
import contextlib
import ctypes
import os
import socket
import stat

PIDFD_GETFD = 438                   # of syscall(2), the same on all architectures
SO_RCVBUFFORCE = 33
BYTES = 8 << 20
PACKETS = 10000                     # of a device's queue


def sockets(pid):
    """copies of all sockets of a process; none where the kernel does not give them"""
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.ExitStack() as end:
        try:
            at = os.pidfd_open(pid)
        except OSError:
            return
        end.callback(os.close, at)
        for fd in map(int, os.listdir("/proc/%d/fd" % pid)):
            mine = libc.syscall(PIDFD_GETFD, at, fd, 0)
            if mine < 0:
                continue
            if not stat.S_ISSOCK(os.fstat(mine).st_mode):
                os.close(mine)
                continue
            with socket.socket(fileno=mine) as s:
                yield s


def widen(pid):
    """how many of its datagram and netlink sockets have more room now"""
    n = 0
    for s in sockets(pid):
        if s.family in (socket.AF_INET, socket.AF_INET6) and s.type == socket.SOCK_DGRAM or \
                s.family == socket.AF_NETLINK:
            s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BYTES)
            n += 1
    return n
