#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""seeds_net.py - writes the seed corpus of fuzz_net under tests/fuzz/corpus."""
import os
import socket
import struct

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "fuzz_net")
FIX, INNER, TICK, INJECT = 2, 4, 8, 16
LAN, HOST, WAN, PEER, FAR = map(socket.inet_aton, (
    "192.168.1.1", "192.168.1.12", "113.87.48.200", "119.91.254.122", "10.100.1.6"))


def frame(payload, kind=0x0800, dst=b"\2\0\0\0\0\1"):
    return dst + b"\2\0\0\0\1\x12" + struct.pack(">H", kind) + payload


def ipv4(src, dst, proto, payload, fragment=0, options=b""):
    head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload),
                       7, fragment, 64, proto, 0)
    return frame(head + src + dst + options + payload)


def udp(src, dst, sport, dport, data):
    return ipv4(src, dst, 17, struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data)


def arp(op, sender, target):
    return frame(struct.pack(">HHHH", 1, 0x0800, 0x0604, op) + b"\2\0\0\0\1\x12" + sender +
                 bytes(6) + target, 0x0806, b"\xff" * 6)


def inject(sport, flags, data):
    def addr(a):
        return b"\4\0\0\0" + a + bytes(12)
    return struct.pack("<HHI", 1, 64 + len(data), 0) + addr(WAN) + addr(PEER) + \
        struct.pack("<HHHHII", sport, sport, 0xffff, flags, len(data), 0) + data


def record(how, data):
    return bytes([how]) + struct.pack(">H", len(data)) + data


ECHO = b"\x08\x00\xf7\xfe\x00\x00\x00\x01"
SEEDS = {
    "transit": record(FIX, udp(HOST, FAR, 1, 2, b"x" * 20)),
    "large": record(FIX, udp(HOST, FAR, 1, 2, b"x" * 1400)),
    "fragment": record(FIX, ipv4(HOST, FAR, 17, bytes(64), 0x2000)),
    "options": record(FIX, ipv4(HOST, LAN, 1, ECHO, 0, b"\x07\x07\x04\0\0\0\0\0")),
    "echo": record(FIX, ipv4(HOST, LAN, 1, ECHO)),
    "esp": record(FIX, ipv4(PEER, WAN, 50, bytes(range(64)))),
    "esp_udp": record(FIX, udp(PEER, WAN, 4500, 4500, bytes(range(1, 60)))),
    "ike": record(FIX, udp(PEER, WAN, 500, 500, bytes(range(40)))),
    "ike_natt": record(FIX, udp(PEER, WAN, 4500, 4500, bytes(4) + bytes(range(40)))),
    "keepalive": record(FIX, udp(PEER, WAN, 4500, 4500, b"\xff")),
    "inner": record(FIX | INNER, udp(FAR, HOST, 1, 2, b"y" * 30)),
    "arp": record(0, arp(1, HOST, LAN)) + record(FIX | INNER, udp(FAR, HOST, 1, 2, b"y")),
    "resolve": record(FIX | INNER, udp(FAR, HOST, 1, 2, b"y")) + record(TICK, arp(2, HOST, LAN)),
    "inject": record(INJECT, inject(500, 0, b"ike")),
    "inject_natt": record(INJECT, inject(4500, 1, b"i" * 1500)),
}

if __name__ == "__main__":
    os.makedirs(TOP, exist_ok=True)
    for name, data in SEEDS.items():
        with open(os.path.join(TOP, name), "wb") as f:
            f.write(data)
