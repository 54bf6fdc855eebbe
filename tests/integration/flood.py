#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""flood.py - the same frames again and again, as fast as the kernel takes them.

flood.py IFACE FILE: the frames are FILE's lines, in hex. READY once it begins; on SIGTERM it ends and
says as JSON how many it sent. Many frames go into one system call: one each would be no flood.
"""
import ctypes
import json
import os
import signal
import socket
import sys

from inject import send_to

BATCH = 64
PACKET_QDISC_BYPASS, SOL_PACKET = 20, 263


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]


class Msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32),
                ("iov", ctypes.POINTER(Iovec)), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class Mmsghdr(ctypes.Structure):
    _fields_ = [("hdr", Msghdr), ("len", ctypes.c_uint)]


def batches(frames):
    """arrays for sendmmsg(), and what they point to"""
    out = []
    for i in range(0, len(frames), BATCH):
        part = frames[i:i + BATCH]
        iov = (Iovec * len(part))(*((f, len(f)) for f in part))
        msgs = (Mmsghdr * len(part))()
        for k in range(len(part)):
            msgs[k].hdr.iov, msgs[k].hdr.iovlen = ctypes.pointer(iov[k]), 1
        out.append((msgs, len(part), iov, part))
    return out


def main():
    with open(sys.argv[2]) as f:
        frames = [bytes.fromhex(line.strip()).ljust(60, b"\0") for line in f]
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((sys.argv[1], 0))
    s.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
    sendmmsg = ctypes.CDLL(None).sendmmsg
    end = []
    signal.signal(signal.SIGTERM, lambda *_: end.append(True))
    print("READY", flush=True)
    sent, todo = 0, batches(frames)
    while not end:
        for msgs, n, _, _ in todo:
            sent += max(0, sendmmsg(s.fileno(), msgs, n, 0))
    print(json.dumps({"sent": sent}), flush=True)


class Flood:
    """IPv4 packets into a port of the gateway from the namespace in front of it, until end()"""

    def __init__(self, lab, packets, place="wan"):
        self.lab = lab
        ns, iface, head = send_to(lab, place)
        path = os.path.join(lab.dir, "flood-%s.hex" % place)
        with open(path, "w") as f:
            f.writelines((head + p).hex() + "\n" for p in packets)
        self.p = lab.spawn(ns, os.path.realpath(__file__), iface, path)

    def end(self):
        """how many were sent"""
        self.p.send_signal(signal.SIGTERM)
        return self.lab.result(self.p)["sent"]


if __name__ == "__main__":
    main()
