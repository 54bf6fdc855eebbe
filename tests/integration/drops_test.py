#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""drops_test.py - each kind of bad packet moves its own counter by its number, and no other."""
import json

import cases
import wire
from cases import case
from inject import esp, ip, send, udp, wan
from lab import Lab, need, wait
from suites import CLOUD_HOST, SITE_HOST

N = 20


def inner(src=CLOUD_HOST, dst=SITE_HOST):
    return ip(src, dst, 17, udp(4444, 18902, b"inner packet of a test!" * 3))


def bad_packets(key, top):
    """name, counter, packets; the numbers used never overlap"""
    later = iter(range(top + 1000, top + 100_000))
    replayed = wan(esp(key, next(later), inner()))
    return [
        ("unknown SPI", "in-no-states",
         [wan(esp(dict(key, spi="0x%08x" % (0x7fff0000 + i)), 1, inner())) for i in range(N)]),
        ("wrong ICV", "in-state-protocol-errors",
         [wan(esp(key, next(later), inner(), corrupt=True)) for _ in range(N)]),
        ("wrong padding", "in-state-protocol-errors",
         [wan(esp(key, next(later), inner(), pad_byte=0)) for _ in range(N)]),
        ("next header of transport mode", "in-state-mode-errors",
         [wan(esp(key, next(later), inner(), next_header=17)) for _ in range(N)]),
        ("replayed", "in-state-sequence-errors", [replayed] * (N + 1)),
        ("left of the window", "in-state-sequence-errors",
         [wan(esp(key, 1 + i, inner())) for i in range(N)]),
        ("source outside the selectors", "in-no-policies",
         [wan(esp(key, next(later), inner(src="10.100.2.6"))) for _ in range(N)]),
        ("destination outside the selectors", "in-no-policies",
         [wan(esp(key, next(later), inner(dst="192.168.2.12"))) for _ in range(N)]),
        ("plain ESP for an encapsulated SA", "in-state-mismatches",
         [wan(esp(key, next(later), inner()), proto=50) for _ in range(N)]),
        ("shorter than an ESP header", "in-header-errors",
         [wan(b"\x12\x34\x56\x78\0" + bytes(i % 3)) for i in range(N)]),
    ]


def counters(lab):
    return {k: int(v) for k, v in lab.statistics().items()
            if k.startswith(("in-", "out-")) and str(v).isdigit()}


@case()
def every_bad_packet_is_counted_once_under_its_reason():
    with Lab() as lab:
        lab.established()
        lab.reachable()
        lab.ping_both(3)
        row = lab.sas()["in"][0]
        key = next(k for k in wire.cloud_keys(lab) if int(k["spi"], 16) == int(row["spi"], 16))
        for name, counter, packets in bad_packets(key, int(row["seq"])):
            before = counters(lab)
            with wire.Capture(lab, "lan") as lan:
                send(lab, packets)

                def moved():
                    now = counters(lab)
                    return {k: now[k] - before[k] for k in now if now[k] != before[k]}
                wait(lambda: sum(moved().values()) >= N, 5, "%s: %d drops" % (name, N))
                need(moved() == {counter: N}, "%s: %s instead of %s: %d" %
                     (name, moved(), counter, N))
                def arrived():
                    return lan.inner("10.0.0.0/8", "192.168.0.0/16")[0]
                wait(lambda: name != "replayed" or arrived() == 1, 5, "the first of them")
                lan.stop()
                need(arrived() == (name == "replayed"), "%s: %d packets reached the LAN" %
                     (name, arrived()))


@case()
def the_last_packets_of_each_reason_are_shown_by_their_headers():
    with Lab() as lab:
        lab.established()
        lab.reachable()
        lab.ping_both(3)
        row = lab.sas()["in"][0]
        key = next(k for k in wire.cloud_keys(lab) if int(k["spi"], 16) == int(row["spi"], 16))
        secret = b"nobody else may read this"
        later = int(row["seq"]) + 1000
        before = counters(lab)["in-no-policies"]
        send(lab, [wan(esp(key, later + i, ip("10.100.2.6", SITE_HOST, 17,
                                              udp(4444, 10000 + i, secret)))) for i in range(11)])
        wait(lambda: counters(lab)["in-no-policies"] == before + 11, 5, "11 drops")
        rows = lab.cli("ip", "ipsec", "drop-samples", "print", "where", "reason=in-no-policies")
        want = ["10.100.2.6>%s udp 4444>%d" % (SITE_HOST, 10000 + i) for i in range(3, 11)]
        need([r["packet"] for r in rows] == want, "shown: %s" % rows)
        need(all(int(r["spi"], 16) == int(row["spi"], 16) and r["interface"] == "wan"
                 for r in rows), "shown: %s" % rows)
        everything = json.dumps(lab.cli("ip", "ipsec", "drop-samples", "print"))
        need(secret.hex() not in everything and secret[:8].hex() not in everything,
             "payload of a protected packet is shown: %s" % everything)
        text = lab.cli_text("ip", "ipsec", "drop-samples", "print").stdout
        need(want[-1] in text and "in-no-policies" in text, text)


if __name__ == "__main__":
    cases.main()
