#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""seeds_esp.py - writes the bursts of the seed corpus of fuzz_esp_in under tests/fuzz/corpus."""
import os
import random

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "fuzz_esp_in")
FRESH, AGAIN, FORGED, AHEAD, INNER, OUTER, END = 0, 2, 3, 4, 5, 6, 7
ALONE, AMONG_OTHERS = 0x60, 0x61
INNER6 = 0x80  # of the last byte


def record(action, lane=0, b=0, c=0, split=0):
    return bytes([action | lane << 3, b, c, split])


def mixed(dice, lanes, n, mark=0):
    """what disturbs runs, one packet in five"""
    out = b""
    for _ in range(n):
        odd = dice.randrange(5) == 0
        out += record(dice.choice((AGAIN, FORGED, AHEAD, INNER, OUTER, END)) if odd else FRESH,
                      dice.choice(lanes), dice.randrange(256), dice.randrange(256),
                      mark | (dice.randrange(256) if dice.randrange(16) == 0 else 0))
    return out


UDP = bytes.fromhex("0001 0002 000a 8959") + b"xy"
TCP = bytes.fromhex("0001 0002 00000001 00000002 5010 1000 1234 0000") + b"xy"
OPTIONS = bytes.fromhex("11 00 01 04 00000000")


def own():
    """to the gateway itself: one byte how, flags, next header and pad length, then what it carries"""
    for name, how in (("encap", 5), ("six", 12), ("six_options", 28)):
        yield "own_udp_" + name, bytes([how, 0, 17, 0]) + UDP
        yield "own_tcp_" + name, bytes([how, 0, 6, 0]) + TCP
        yield "own_dstopts_" + name, bytes([how, 0, 60, 0]) + OPTIONS + UDP
    far, host = (bytes.fromhex("20010db8%04x" % net) + bytes(9) + b"\6" for net in (11, 1))
    for how in (0, 8):
        for at, word in ((0, 1), (16, 16)):
            piece = bytes([17, 0]) + word.to_bytes(2, "big") + b"\0\0\0\7" + (UDP + bytes(6))[:16]
            yield "frag6_%d_%d" % (how, at), bytes([how, 9, 0, 0, 0x60, 0, 0, 0, 0, len(piece), 44,
                                                    64]) + far + host + piece
    for name in ("udp4", "udp6", "tfc", "frag_first"):
        with open(os.path.join(TOP, name), "rb") as f:
            data = f.read()
        yield name + "_in_six", bytes([data[0] & ~1 | 8]) + data[1:]


def seeds():
    yield from own()
    dice = random.Random(7)
    for name, how in (("alone", ALONE), ("others", AMONG_OTHERS)):
        for lane in range(5):
            yield "burst_%s_%d" % (name, lane), bytes([how]) + mixed(dice, [lane], 60)
        yield "burst_%s_all" % name, bytes([how]) + mixed(dice, range(5), 100)
    dice = random.Random(8)
    for name, how in (("alone", ALONE), ("others", AMONG_OTHERS)):
        for lane in (5, 6, 7):
            yield "burst_%s_%d" % (name, lane), bytes([how]) + mixed(dice, [lane], 60)
        yield "burst_%s_eight" % name, bytes([how]) + mixed(dice, range(8), 100)
    dice = random.Random(9)
    for name, how in (("alone", ALONE), ("others", AMONG_OTHERS)):
        for lane in (2, 3, 6):
            yield "burst_inner6_%s_%d" % (name, lane), bytes([how]) + mixed(dice, [lane], 60, INNER6)
    for lane in (2, 6):
        yield "burst_inner6_%d" % lane, bytes([ALONE]) + b"".join(
            record(FRESH, lane, 0, 9, INNER6) * 3 + record(INNER, lane, 0, c, INNER6)
            for c in range(48))
    copies = b"".join(record(FRESH) + record(AGAIN, 0, i) for i in range(8))
    yield "burst_copies", bytes([ALONE]) + copies + record(END) + copies
    yield "burst_forged", bytes([ALONE]) + b"".join(
        record(FRESH, 1) + record(FORGED, 1, 2, i) + record(FRESH, 1) for i in range(8)) + \
        record(AGAIN, 1, 1) + record(AGAIN, 1, 22, 1)
    yield "burst_inner", bytes([ALONE]) + b"".join(
        record(FRESH, 3, 0, 9) * 3 + record(INNER, 3, 0, c) for c in range(64, 92))
    yield "burst_marked", bytes([ALONE]) + b"".join(
        record(FRESH, 1, 0, 9) + record(OUTER, 1, 4 + 8 * (c & 1), c, c & 2) for c in range(16))
    yield "burst_wrap", bytes([ALONE]) + record(FRESH, 2) * 40


if __name__ == "__main__":
    os.makedirs(TOP, exist_ok=True)
    for seed, data in seeds():
        with open(os.path.join(TOP, seed), "wb") as f:
            f.write(data)
