# SPDX-License-Identifier: BSD-3-Clause
"""taps.py - frames into and out of the TAPs of an espgw-dataplane without control (alone.py)."""
import ctypes
import select
import socket
import time

from lab import need

CLONE_NEWNET = 0x40000000


class Taps:
    """the kernel's ends of both TAPs, which answer ARP, and packet sockets on them"""

    def __init__(self, a, peer):
        self.mac = {"lan0": a.seg.mac(0), "wan0": a.seg.mac(1)}
        a.kernel_host()
        a.sh("ip", "addr", "add", peer + "/24", "dev", "wan0")
        a.sh("ip", "link", "set", "wan0", "up")
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/self/ns/net", "rb") as home, open("/run/netns/" + a.ns, "rb") as there:
            need(libc.setns(there.fileno(), CLONE_NEWNET) == 0, "setns: %d" % ctypes.get_errno())
            try:
                self.sock = {i: self.open(i) for i in self.mac}
            finally:
                need(libc.setns(home.fileno(), CLONE_NEWNET) == 0, "no way home")

    @staticmethod
    def open(iface):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        s.bind((iface, 0x0800))
        return s

    def send(self, iface, packet):
        self.sock[iface].send(self.mac[iface] + bytes.fromhex("020000000099") + b"\x08\0" + packet)

    def receive(self, iface, wanted, timeout=20):
        """the next IPv4 packet from the gateway that is wanted"""
        end = time.monotonic() + timeout
        while select.select([self.sock[iface]], [], [], max(0, end - time.monotonic()))[0]:
            frame, where = self.sock[iface].recvfrom(4096)
            if where[2] == socket.PACKET_OUTGOING or frame[6:12] != self.mac[iface]:
                continue
            packet = frame[14:14 + int.from_bytes(frame[16:18], "big")]
            if wanted(packet):
                return packet
        need(False, "nothing came out of " + iface)
        return None

    def close(self):
        for s in self.sock.values():
            s.close()
