# SPDX-License-Identifier: BSD-3-Clause
"""echo.py - pings that are counted exactly.

ping(8) waits for what is still on its way only twice as long as the slowest answer took so far: on
a busy machine it calls the last ones lost.
"""
import errno
import os
import select
import socket
import struct
import time

from base import within                     # of the rig, on the path since lab

SO_RCVBUFFORCE = 33
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER = 10, 23
MTU_DONT, MTU_DO = 0, 2
ECHO = {4: (8, 0, socket.IPPROTO_ICMP), 6: (128, 129, socket.IPPROTO_ICMPV6)}


def checksum(b):
    b += b"\0" * (len(b) & 1)
    n = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


class Pinger:
    """`df` True: never in fragments, False: in as many as it takes, None: as the system has it"""

    def __init__(self, dst, size=56, df=None, source=None):
        """in the namespace that it is for: see echo()"""
        self.family = 6 if ":" in dst else 4
        self.request, self.reply, proto = ECHO[self.family]
        self.id, self.fill = os.urandom(2), bytes(i & 255 for i in range(size))
        host, _, dev = dst.partition("%")
        self.s = socket.socket(socket.AF_INET6 if self.family == 6 else socket.AF_INET,
                               socket.SOCK_RAW, proto)
        self.s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        if df is not None:
            level, option = ((socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER) if self.family == 6 else
                             (socket.IPPROTO_IP, IP_MTU_DISCOVER))
            self.s.setsockopt(level, option, MTU_DO if df else MTU_DONT)
        if source:
            self.s.bind((source, 0))
        self.s.connect((host, 0, 0, socket.if_nametoindex(dev)) if dev else (host, 0))
        self.s.setblocking(False)
        self.answered, self.refused = set(), 0

    def send(self, n):
        """An error that has come for an earlier one would be told instead."""
        self.refused += bool(self.s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        head = struct.pack("!BBHHH", self.request, 0, 0, struct.unpack("!H", self.id)[0], n)
        if self.family == 4:                # the kernel does it for IPv6
            head = head[:2] + struct.pack("!H", checksum(head + self.fill)) + head[4:]
        try:
            self.s.send(head + self.fill)
        except OSError:
            self.refused += 1

    def take(self):
        """all that is there"""
        while True:
            try:
                b = self.s.recv(65535)
            except OSError as e:
                if e.errno in (errno.EAGAIN, errno.EINTR):
                    return
                self.refused += 1
                continue
            b = b[(b[0] & 15) * 4:] if self.family == 4 else b
            if b[:1] == bytes([self.reply]) and b[4:6] == self.id and b[8:] == self.fill:
                self.answered.add(b[6:8])

    def run(self, count, interval, wait):
        """how many were answered, the last ones at most `wait` seconds after the last request"""
        due = end = time.monotonic()
        sent = 0
        while True:
            self.take()
            now = time.monotonic()
            if sent < count and now >= due:
                self.send(sent + 1)
                sent, due, end = sent + 1, now + interval, time.monotonic() + wait
            elif sent == count and (len(self.answered) + self.refused >= count or now >= end):
                return len(self.answered)
            else:
                select.select([self.s], [], [], max(0, (due if sent < count else end) - now))


def echo(ns, dst, count=5, interval=0.1, wait=10, **kw):
    """(sent, received) of echo requests from a namespace; what was refused on the way counts as sent"""
    try:
        p = within(ns, lambda: Pinger(dst, **kw))
    except OSError as e:
        if e.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
            return count, 0
        raise
    with p.s:
        return count, p.run(count, interval, wait)
