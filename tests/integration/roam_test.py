#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""roam_test.py - strongSwan behind a NAT that forgets its mapping in the middle of a stream."""
import re
import sys

import cases
import wire
from cases import case
from lab import Lab, Stream, need, wait
from suites import SUITES

PPS = 500
OLD, NEW = "30000-30009", "31000-31009"     # the NAT's ports
# An empty IPCTNL_MSG_CT_DELETE: every connection of the namespace is forgotten.
FLUSH = """
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 5, 1, 0, 0, 0, 0))
reply = s.recv(4096)
raise SystemExit(-struct.unpack_from("=i", reply, 16)[0])
"""


class NatLab(Lab):
    """the cloud gateway has the internet's address, and ports of a range"""

    def __init__(self, **kw):
        super().__init__(suite=SUITES[4], start=False, **kw,
                         peer={"address": "113.87.48.1", "passive": True},
                         # or a busy machine has a question of it out when the mapping goes
                         profile={"dpd-interval": "disable-dpd"},
                         identity={"remote-id": "address:119.91.254.122"},
                         cloud=("--local-id", "119.91.254.122"))
        try:
            self.nat(OLD)
            self.start()
        except BaseException:
            self.report()
            self.close()
            raise

    def nat(self, ports):
        self.sh(self.inet, "nft", "add table ip nat; flush table ip nat; "
                "add chain ip nat out { type nat hook postrouting priority 100; }; "
                "add rule ip nat out oifname w0 ip protocol udp masquerade to :%s" % ports)

    def forget(self, ports):
        """other ports from now on"""
        self.nat(ports)
        self.sh(self.inet, sys.executable, "-c", FLUSH)


def moved(lab):
    return re.findall(r"peer moved from 113.87.48.1\[(\d+)\] to 113.87.48.1\[(\d+)\]", lab.log())


def once_more(message):
    """what a message has in common with what it is sent again as: IKEv1 asks anew (RFC 3706)"""
    return message if message[17] >> 4 == 2 else message[:20] + message[24:28]


def to_new_port(cap):
    """IKE messages of ours to the new ports, before ESP went there; one that is sent again is one"""
    ike = {}
    for _, f in cap.frames():
        if f[12:14] != b"\x08\x00" or f[23] != 17 or f[26:30] != wire.GATEWAY_BYTES:
            continue
        if not 31000 <= int.from_bytes(f[36:38], "big") <= 31009:
            continue
        if f[42:46] != bytes(4):
            break
        ike.setdefault(once_more(f[46:]), f[46:])
    return list(ike.values())


@case("ike1", param=1)
@case("ike2", param=2)
def forgotten_mapping(ike):
    with NatLab(ike=ike) as lab, wire.Capture(lab) as cap:
        lab.initiate("cloud")
        lab.established()
        lab.reachable("site")
        streams = [Stream(lab, f, pps=PPS, port=18900 + i) for i, f in enumerate(("site", "cloud"))]
        lab.carry(PPS)
        need(not moved(lab), "moved before anything happened")
        lab.forget(NEW)
        wait(lambda: moved(lab), 10, "the peer to be followed")
        lab.carry(4 * PPS)
        site, cloud = (s.end() for s in streams)
        cap.stop()
        places = moved(lab)
        need(len(places) == 1 and 31000 <= int(places[0][1]) <= 31009, "moves: %s" % places)
        asked = to_new_port(cap)
        need(len(asked) == 1, "messages of IKE before ESP went there: %s" % [m.hex() for m in asked])
        need(cloud["lost"] == 0, "what came from the peer: %s" % cloud)
        # Nothing tells us before a packet comes; that takes a tick of the data plane to be told,
        # and one round trip to be proven: a few of 10 ms, on a machine that has time for it.
        need(0 < site["lost_s"] <= 0.25 + Stream.stalled((site, cloud)),
             "what went to the peer: %s, and from it: %s" % (site, cloud))
        lab.ping_both(3)
        return "%d of %d packets lost, %.0f ms" % (site["lost"], site["sent"], 1000 * site["lost_s"])


if __name__ == "__main__":
    cases.main()
