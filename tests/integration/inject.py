#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""inject.py - hand-made packets for the gateway's WAN port.

Frames come as hex lines on standard input and leave on the interface that is
named. `esp` and `frame` build them, sharing nothing with either gateway.
"""
import hashlib
import hmac
import os
import re
import socket
import struct
import sys

from lab import wait
from suites import CLOUD, GATEWAY

HASHES = {"HMAC_MD5_96": (hashlib.md5, 12), "HMAC_SHA1_96": (hashlib.sha1, 12),
          "HMAC_SHA2_256_128": (hashlib.sha256, 16), "HMAC_SHA2_384_192": (hashlib.sha384, 24),
          "HMAC_SHA2_512_256": (hashlib.sha512, 32)}


def checksum(b):
    b += b"\0" * (len(b) & 1)
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return s ^ 0xffff


def ip(src, dst, proto, payload, ttl=64):
    h = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, ttl, proto, 0,
                    socket.inet_aton(src), socket.inet_aton(dst))
    return h[:10] + struct.pack("!H", checksum(h)) + h[12:] + payload


def udp(sport, dport, payload):
    """without checksum, as RFC 3948 section 2.1 wants it for ESP"""
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def esp(key, seq, inner, next_header=4, corrupt=False, pad_byte=None):
    """an ESP packet for an SA as `strongswan-peer keys` writes it, RFC 4303 section 2"""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    pad = -(len(inner) + 2) % 16
    filler = bytes(range(1, pad + 1)) if pad_byte is None else bytes([pad_byte] * pad)
    plain = inner + filler + bytes((pad, next_header))
    iv = os.urandom(16)
    e = Cipher(algorithms.AES(bytes.fromhex(key["enc_key"])), modes.CBC(iv)).encryptor()
    body = struct.pack("!II", int(key["spi"], 16), seq) + iv + e.update(plain) + e.finalize()
    digest, size = HASHES[key["integ"]]
    icv = hmac.new(bytes.fromhex(key["integ_key"]), body, digest).digest()[:size]
    if corrupt:
        icv = bytes((icv[0] ^ 1,)) + icv[1:]
    return body + icv


def wan(payload, proto=17, sport=4500, dport=4500, src=CLOUD, dst=GATEWAY):
    """an IPv4 packet as the cloud gateway would send it"""
    return ip(src, dst, proto, udp(sport, dport, payload) if proto == 17 else payload)


def send_to(lab, place="wan"):
    """(namespace, interface, Ethernet header) for IPv4 into the gateway's port"""
    ns, iface, addr = {"wan": (lab.inet, "w0", GATEWAY),
                       "lan": (lab.site, "eth0", lab.inside.site_gw)}[place]

    def known():
        lab.sh(ns, "ping", "-c", "1", "-W", "1", addr, check=False)
        return re.search(r"lladdr (\S+)", lab.ip(ns, "neigh", "show", addr).stdout)
    mac = wait(known, 10, "the gateway's hardware address").group(1)
    return ns, iface, bytes.fromhex(mac.replace(":", "")) + b"\x02\0\0\0\0\x99\x08\0"


def send(lab, packets):
    """IPv4 packets into the gateway's WAN port, from the router in front of it"""
    _, _, head = send_to(lab)
    path = os.path.join(lab.dir, "inject.hex")
    with open(path, "w") as f:
        f.writelines((head + p).hex() + "\n" for p in packets)
    lab.sh(lab.inet, sys.executable, os.path.realpath(__file__), "w0", path)


def main():
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((sys.argv[1], 0))
    with open(sys.argv[2]) as f:
        for line in f:
            s.send(bytes.fromhex(line.strip()).ljust(60, b"\0"))


if __name__ == "__main__":
    main()
