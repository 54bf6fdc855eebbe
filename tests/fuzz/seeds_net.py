#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""seeds_net.py - writes the seed corpus of fuzz_net under tests/fuzz/corpus."""
import os
import socket
import struct

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "fuzz_net")
FIX, INNER, TICK, INJECT, PORTS = 2, 4, 8, 16, 32
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


def sum16(data):
    total = sum(struct.unpack(">%dH" % ((len(data) + 1) // 2), data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv6(src, dst, proto, payload, hops=64, chain=b"", first=None):
    group = b"\x33\x33" + dst[12:] if dst[0] == 0xff else b"\2\0\0\0\0\1"
    head = struct.pack(">IHBB", 6 << 28, len(chain) + len(payload),
                       proto if first is None else first, hops)
    return frame(head + src + dst + chain + payload, 0x86dd, group)


def upper6(src, dst, proto, payload, at):
    """payload with its checksum at offset `at`"""
    pseudo = src + dst + struct.pack(">II", len(payload), proto)
    return payload[:at] + struct.pack(">H", sum16(pseudo + payload)) + payload[at + 2:]


def udp6(src, dst, port, data, **kw):
    return ipv6(src, dst, 17, upper6(src, dst, 17, struct.pack(
        ">HHHH", port, port, 8 + len(data), 0) + data, 6), **kw)


def icmp6(src, dst, kind, body, **kw):
    return ipv6(src, dst, 58, upper6(src, dst, 58, bytes([kind, 0, 0, 0]) + body, 2), **kw)


def nd(kind, src, dst, target, flags=0):
    return icmp6(src, dst, kind, bytes([flags, 0, 0, 0]) + target +
                 bytes([kind - 134, 1]) + b"\2\0\0\0\1\x12", hops=255)


def inject(sport, flags, data, ends=(WAN, PEER)):
    def addr(a):
        return bytes([4 if len(a) == 4 else 6, 0, 0, 0]) + a + bytes(16 - len(a))
    return struct.pack("<HHI", 1, 64 + len(data), 0) + addr(ends[0]) + addr(ends[1]) + \
        struct.pack("<HHHHII", sport, sport, 0xffff, flags, len(data), 0) + data


def record(how, data):
    return bytes([how]) + struct.pack(">H", len(data)) + data


LAN6, HOST6, WAN6, PEER6, FAR6, LINK6, NODE6 = (socket.inet_pton(socket.AF_INET6, a) for a in (
    "2001:db8:1::1", "2001:db8:1::12", "2001:db8:2::1", "2001:db8:ffff::22", "2001:db8:a::6",
    "fe80::12", "ff02::1:ff00:1"))
CHAIN6 = bytes([43, 0, 1, 4, 0, 0, 0, 0, 44, 0, 4, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 7])
ECHO = b"\x08\x00\xf7\xfe\x00\x00\x00\x01"


def pieces6(how, dst, proto, data):
    """the datagram in two fragments"""
    def piece(at, more):
        fh = struct.pack(">BBHI", proto, 0, at | more, 7)
        return record(how, ipv6(HOST6, dst, proto, data[at:at + 1200], chain=fh, first=44))
    return piece(0, 1) + piece(1200, 0)


SEEDS = {
    "pieces6_us": pieces6(0, LAN6, 50, bytes(range(200)) * 8),
    "pieces6_transit": pieces6(PORTS, FAR6, 17, bytes(range(200)) * 8),
    "pieces": record(FIX | PORTS, ipv4(HOST, FAR, 17, bytes(64), 0x2000)) +
    record(FIX | PORTS, ipv4(HOST, FAR, 17, bytes(64), 8)),
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
    "transit6": record(0, udp6(HOST6, FAR6, 7, b"x" * 20)),
    "large6": record(0, udp6(HOST6, FAR6, 7, b"x" * 1400)),
    "chain6": record(0, udp6(HOST6, FAR6, 7, b"x" * 20, chain=CHAIN6, first=0)),
    "fragment6": record(0, ipv6(HOST6, FAR6, 17, bytes(64), chain=b"\x11\0\0\1\0\0\0\7", first=44)),
    "echo6": record(FIX, icmp6(HOST6, LAN6, 128, b"\0\1\0\1ping")),
    "echo6_link": record(FIX, icmp6(LINK6, bytes.fromhex("ff02" + "00" * 13 + "01"), 128, b"\0\1\0\1")),
    "hops6": record(FIX, udp6(HOST6, FAR6, 7, b"x", hops=1)),
    "esp6": record(0, ipv6(PEER6, WAN6, 50, bytes(range(64)))),
    "esp6_udp": record(FIX, udp6(PEER6, WAN6, 4500, bytes(range(1, 60)))),
    "ike6": record(FIX, udp6(PEER6, WAN6, 500, bytes(range(40)))),
    "ike6_natt": record(FIX, udp6(PEER6, WAN6, 4500, bytes(4) + bytes(range(40)))),
    "inner6": record(INNER, udp6(FAR6, HOST6, 7, b"y" * 30)),
    "solicit": record(TICK | FIX, nd(135, HOST6, NODE6, LAN6)) * 3,
    "duplicate": record(TICK, nd(135, HOST6, NODE6, LAN6)) + record(FIX, nd(136, LAN6, LAN6, LAN6, 32)),
    "resolve6": record(TICK, b"") * 3 + record(INNER, udp6(FAR6, HOST6, 7, b"y")) +
    record(TICK | FIX, nd(136, HOST6, LAN6, HOST6, 96)),
    "inject6": record(INJECT, inject(500, 0, b"ike", (WAN6, PEER6))),
    "inject6_natt": record(INJECT, inject(4500, 1, b"i" * 1500, (WAN6, PEER6))),
    "inject": record(INJECT, inject(500, 0, b"ike")),
    "inject_natt": record(INJECT, inject(4500, 1, b"i" * 1500)),
}

if __name__ == "__main__":
    os.makedirs(TOP, exist_ok=True)
    for name, data in SEEDS.items():
        with open(os.path.join(TOP, name), "wb") as f:
            f.write(data)
