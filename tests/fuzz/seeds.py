#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""seeds.py - writes the seed corpora of the IKE codec's fuzz targets under tests/fuzz/corpus."""
import os
import struct

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")


def attr(kind, value):
    return struct.pack(">HH", 0x8000 | kind, value) if value < 65536 else \
        struct.pack(">HHI", kind, 4, value)


def transform(more, number, ident, *attrs):
    body = struct.pack(">BBH", number, ident, 0) + b"".join(attr(k, v) for k, v in attrs)
    return struct.pack(">BBH", 3 if more else 0, 0, 4 + len(body)) + body


def proposal(more, number, protocol, spi, *transforms):
    body = struct.pack(">BBBB", number, protocol, len(spi), len(transforms)) + spi + \
        b"".join(transforms)
    return struct.pack(">BBH", 2 if more else 0, 0, 4 + len(body)) + body


IKE = proposal(False, 1, 1, b"", *(
    transform(i < 2, i + 1, 1, (1, e), (14, k), (2, h), (3, 1), (4, g), (11, 1), (12, 86400))
    for i, (e, k, h, g) in enumerate(((7, 128, 1, 1), (7, 256, 4, 14), (7, 192, 2, 2)))))
DES = proposal(False, 1, 1, b"\1" * 8, transform(False, 1, 1, (1, 5), (2, 2), (3, 1), (4, 2)))
ESP = proposal(False, 1, 3, b"\xc0\xff\xee\1", transform(
    True, 1, 12, (1, 1), (2, 1800), (4, 61443), (5, 1), (6, 128)), transform(
    False, 2, 12, (4, 3), (5, 5), (6, 256), (3, 14), (1, 2), (2, 4608000)))
BUNDLE = proposal(True, 1, 3, b"\0\0\4\0", transform(False, 1, 12, (5, 1))) + \
    proposal(False, 1, 2, b"\0\0\4\1", transform(False, 1, 2, (5, 1)))

VENDORS = [bytes.fromhex(h) for h in (
    "4a131c81070358455c5728f20e95452f", "7d9419a65310ca6f2c179d9215529d56",
    "90cb80913ebb696e086381b5ec427b1f", "cd60464335df21f87cfdb2fc68b6a448",
    "afcad71368a1f1c96b8696fc77570100", "09002689dfd6b712")]


def message(exchange, payloads, flags=0, version=0x10, msgid=0, pad=0):
    types = [t for t, _ in payloads] + [0]
    body = b"".join(struct.pack(">BBH", types[i + 1], 0, 4 + len(p)) + p
                    for i, (_, p) in enumerate(payloads)) + bytes(pad)
    return b"INITIATE" + b"RESPONDS" + struct.pack(
        ">BBBBII", types[0], version, exchange, flags, msgid, 28 + len(body)) + body


SA = b"\0\0\0\1\0\0\0\1"
SUBNET = b"\4\0\0\0\xc0\xa8\1\0\xff\xff\xff\0"
SEEDS = {
    "fuzz_ike_msg": {
        "main1": message(2, [(1, SA + IKE)] + [(13, v) for v in VENDORS]),
        "main3": message(2, [(4, b"k" * 96), (10, b"n" * 32), (130, b"d" * 16), (130, b"s" * 16)]),
        "main5": message(2, [(5, b"\1\x11\1\xf4\n\0\0\1"), (8, b"h" * 20),
                             (11, b"\0\0\0\1\1\x10\x60\2" + b"c" * 16)], 1, pad=9),
        "quick1": message(32, [(8, b"h" * 20), (1, SA + ESP), (10, b"n" * 16), (4, b"k" * 128),
                               (5, SUBNET), (5, SUBNET), (21, b"\1\0\0\0\n\0\0\1")], 1, 0x10, 77, 3),
        "delete": message(5, [(8, b"h" * 16), (12, b"\0\0\0\1\3\4\0\2\0\0\4\0\0\0\4\1"),
                              (12, b"\0\0\0\1\1\x10\0\1" + b"c" * 16)], 1, 0x10, 78),
        "dpd": message(5, [(8, b"h" * 16), (11, b"\0\0\0\1\1\x10\x8d\x28" + b"c" * 16 + b"\0\0\0\7")],
                       1, 0x10, 79),
        "v2init": message(34, [(33, IKE), (34, b"\0\1\0\0" + b"k" * 96), (40, b"n" * 32),
                               (41, b"\0\0\x40\4" + b"d" * 20)], 8, 0x20),
        "v2auth": message(35, [(46, b"e" * 64)], 8, 0x20, 1),
    },
    "fuzz_prop": {"ike": b"\0" + IKE, "des": b"\0" + DES, "esp": b"\3" + ESP,
                  "plain": b"\1" + ESP, "bundle": b"\1" + BUNDLE},
    "fuzz_ident": {"ipv4": b"\1\x11\1\xf4\n\0\0\1", "fqdn": b"\2\0\0\0gw.example",
                   "user": b"\3\0\0\0bob@example.com", "subnet": SUBNET,
                   "ipv6": b"\5\0\0\0" + b"\x20\1\x0d\xb8" + bytes(12), "keyid": b"\x0b\0\0\0key",
                   "range": b"\7\6\0\x50\n\0\0\1\n\0\0\x09",
                   "net6": b"\6\0\0\0" + b"\x20\1\x0d\xb8" + bytes(12) + b"\xff" * 8 + bytes(8)},
}


def main():
    for target, seeds in SEEDS.items():
        os.makedirs(os.path.join(TOP, target), exist_ok=True)
        for name, data in seeds.items():
            with open(os.path.join(TOP, target, name), "wb") as f:
                f.write(data)


main()
