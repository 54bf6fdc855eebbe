#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""seeds_esp.py - writes the bursts of the seed corpus of fuzz_esp_in under tests/fuzz/corpus."""
import os
import random

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "fuzz_esp_in")
FRESH, AGAIN, FORGED, AHEAD, INNER, OUTER, END = 0, 2, 3, 4, 5, 6, 7
ALONE, AMONG_OTHERS = 0x60, 0x61


def record(action, lane=0, b=0, c=0, split=0):
    return bytes([action | lane << 3, b, c, split])


def mixed(dice, lanes, n):
    """what disturbs runs, one packet in five"""
    out = b""
    for _ in range(n):
        odd = dice.randrange(5) == 0
        out += record(dice.choice((AGAIN, FORGED, AHEAD, INNER, OUTER, END)) if odd else FRESH,
                      dice.choice(lanes), dice.randrange(256), dice.randrange(256),
                      dice.randrange(256) if dice.randrange(16) == 0 else 0)
    return out


def seeds():
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
