#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""overload_test.py - more comes than the gateway carries, and a peer that asks whether it is there
is answered at once: R-U-THERE of IKEv1, an empty INFORMATIONAL of IKEv2.

What is asked, and what is sent again, is read from a capture in front of the peer, where the flood is
not. Times are told and not judged. ESPGW_OVERLOAD_SECONDS=60 makes figures of them.
"""
import os
import struct
import time

import cases
import wire
from cases import case
from flood import Flood
from inject import esp, ip, udp, wan
from lab import Lab, need, telemetry, wait
from suites import CLOUD_HOST, GATEWAY, SITE_HOST, GatewayConf

ASKED = 3                                  # questions that have to come while it floods
SECONDS = float(os.environ.get("ESPGW_OVERLOAD_SECONDS", 0))
INFORMATIONAL = {1: 5, 2: 37}
FRAMES = 2048
EVERY = 256
NOBODY, NOWHERE = "198.51.100.9", "10.77.0.0/16"    # a peer that does not answer, and behind it


class Elsewhere(GatewayConf):
    """with a second tunnel that never comes up, and a LAN of packets so small that a full one from
    the WAN becomes three there: then it is the worker that does not keep up, and not who floods"""

    def tree(self):
        out = super().tree()
        out["interface"][0]["mtu"] = 576
        ipsec = out["ip"]["ipsec"]
        for menu, change in (("peer", dict(name="nobody", address=NOBODY, comment="nobody")),
                             ("identity", dict(peer="nobody")),
                             ("policy", {"peer": "nobody", "dst-address": NOWHERE})):
            ipsec[menu].append(dict(ipsec[menu][0], **change))
        return out


def forged(lab):
    """ESP of the newest SA that comes in, each with a wrong ICV: all of the work, for nothing"""
    row = lab.sas()["in"][-1]
    key = next(k for k in wire.cloud_keys(lab) if int(k["spi"], 16) == int(row["spi"], 16))
    text = ip(CLOUD_HOST, SITE_HOST, 17, udp(4444, 18902, bytes(1200)))
    return [wan(esp(key, 100_000_000 + i, text, corrupt=True)) for i in range(FRAMES)]


def clear():
    """transit that no policy is about, of full size"""
    text = ip("203.0.113.5", SITE_HOST, 17, udp(4000, 9, bytes(1400)))
    return [text] * FRAMES


def strangers():
    """first messages of IKE from anywhere, which no peer is"""
    head = struct.pack("!8s8sBBBBII", b"stranger", bytes(8), 33, 0x20, 34, 0x08, 0, 28 + 200)
    return [wan(head + os.urandom(200), sport=500, dport=500,
                src="198.18.%d.%d" % (i // 250, 1 + i % 250)) for i in range(FRAMES)]


def without_sa():
    """from the site to where there is a policy and no SA, from many hosts"""
    return [ip("192.168.1.%d" % (13 + i % 200), "10.77.%d.%d" % (i // 250, 1 + i % 250), 17,
               udp(4000 + i, 53, bytes(64))) for i in range(FRAMES)]


def mixed(*kinds):
    """and with one IKE message of an SA that is gone in EVERY packets, which are counted"""
    out = [p for some in zip(*kinds) for p in some]
    gone = struct.pack("!8s8sBBBBII", b"gone-is!", b"gone-is!", 46, 0x20, 37, 0x08, 7, 28 + 48)
    out[::EVERY] = [wan(gone + os.urandom(48), sport=500, dport=500) for _ in out[::EVERY]]
    return out


def punted(lab):
    return int(telemetry(lab.id, "/espgw/workers,0")["punted"])


def informationals(cap, ike):
    """[(seconds, from the gateway?, message id, response?)] of UDP 4500 and 500"""
    data, o, out = cap.data(), 24, []
    gateway = bytes(int(x) for x in GATEWAY.split("."))
    while o + 16 <= len(data):
        sec, usec, size = struct.unpack_from("<III", data, o)
        f = data[o + 16:o + 16 + size]
        o += 16 + size
        if f[12:14] != b"\x08\x00" or f[23] != 17 or f[20:22] not in (b"\0\0", b"\x40\0"):
            continue
        at = 46 if f[36:38] == b"\x11\x94" and f[42:46] == bytes(4) else 42
        if f[34:38] not in (b"\x11\x94\x11\x94", b"\x01\xf4\x01\xf4") or \
                f[at + 18:at + 19] != bytes([INFORMATIONAL[ike]]):
            continue
        out.append((sec + usec / 1e6, f[26:30] == gateway, f[at + 20:at + 24],
                    bool(f[at + 19] & 0x20)))
    return out


def answered(messages, ike):
    """seconds that each question of the peer's took; each was asked once and answered once"""
    took, open_, seen = [], None, set()
    for t, ours, number, response in messages:
        if ike == 2 and ours != response:
            continue                                  # a question of the gateway's, and its answer
        if not ours:
            need(open_ is None and number not in seen, "message %s was sent again, or the one "
                 "before it was not answered: %s" % (number.hex(), messages))
            open_ = t
            seen.add(number)
        elif open_ is not None:
            took.append(t - open_)
            open_ = None
    return took, open_


def figures(took):
    ms = sorted(1e3 * t for t in took)
    return "%d questions, p50 %.1f p99 %.1f max %.1f ms" % (
        len(ms), ms[len(ms) // 2], ms[int(0.99 * (len(ms) - 1) + 0.5)], ms[-1])


def drops(lab):
    return {k: int(v) for k, v in telemetry(lab.id, "/espgw/drops").items()}


def ike_counter(lab, name):
    return int(lab.cli("ip", "ipsec", "statistics", "ike", "print")[name])


def flooded(ike, floods, reason, moves=None):
    """`floods` gives ((place, packets), ...); `reason` is what then has to be dropped, `moves` the
    counter of IKE that shows it"""
    conf = Elsewhere(ike=ike, wan_device="net_af_packet1,iface=wan0,framecnt=32768",
                     profile={"dpd-interval": "disable-dpd"})
    with Lab(conf=conf, cloud=["--dpd", "1s"]) as lab:
        lab.established()
        lab.reachable("cloud")
        todo, before, punts = floods(lab), drops(lab), punted(lab)
        counted = moves and ike_counter(lab, moves)
        with_packets = [Flood(lab, packets, place) for place, packets in todo]
        cap = wire.Capture(lab, "cloud")
        end = time.monotonic() + SECONDS
        wait(lambda: drops(lab).get(reason, 0) > before.get(reason, 0), 20, "drops: " + reason)
        wait(lambda: time.monotonic() > end and len(answered(informationals(cap, ike), ike)[0]) >=
             ASKED, 20 + SECONDS, "%d questions of the peer" % ASKED)
        now = drops(lab)
        sent = [f.end() for f in with_packets]
        wait(lambda: answered(informationals(cap, ike), ike)[1] is None, 10, "the last answer")
        cap.stop()
        took, _ = answered(informationals(cap, ike), ike)
        moved = {k: now[k] - before.get(k, 0) for k in now if now[k] != before.get(k, 0)}
        need(lab.cloud_children() and lab.mature(), "the tunnel is gone")
        if moves:
            wait(lambda: ike_counter(lab, moves) > counted, 5, "the counter " + moves)
        if reason == "net_overload":      # of what strangers send as IKE much is to be lost
            came, asked = punted(lab) - punts, sent[0] // EVERY
            need(came >= 0.95 * asked, "of %d IKE messages %d came through" % (asked, came))
        return "%s; %s sent, dropped %s" % (figures(took), sent, moved)


for _ike in (1, 2):
    case("esp_for_the_tunnel_ikev%d" % _ike, param=_ike)(
        lambda ike: flooded(ike, lambda lab: [("wan", mixed(forged(lab), clear()))],
                            "net_overload"))


@case()
def strangers_and_what_has_no_sa():
    return flooded(2, lambda lab: [("wan", strangers()), ("lan", without_sa())], "net_slow_full",
                   "rx-unknown-source")


if __name__ == "__main__":
    cases.main()
