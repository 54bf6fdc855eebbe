#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""esp_shapes_test.py - the dataplane against scapy's ESP: IPv4 and IPv6 in each other's tunnels and
in transport mode, plain and in UDP."""
import itertools
import json
import os
import re
import sys

import cases
from cases import case
from echo import echo
from lab import Daemon, need, wait
import segment
from site6 import LAN, WAN, Site

PEER = os.path.join(os.path.dirname(os.path.realpath(__file__)), "esp_peer.py")
GATEWAY = {4: "192.0.2.1", 6: WAN + "1"}
FAR = {4: "198.51.100.9", 6: "2001:db8:f::9"}           # the peer, behind the WAN's router
SITE = {4: "192.168.1.0/24", 6: LAN + "/64"}
REMOTE = {4: "10.100.1.0/24", 6: "2001:db8:b::/64"}
HOST = {4: "10.100.1.6", 6: "2001:db8:b::6"}
TUNNEL, TRANSPORT = 1, 2
OUT_SLOT, IN_SLOT, PINGS = 1, 2, 10


class Tunnels(Site):
    """Site with IPv4 beside IPv6, and routes to where the peer and its hosts are"""

    def __init__(self):
        super().__init__()
        self.kernel_host()
        self.sh("ip", "route", "add", REMOTE[4], "via", "192.168.1.1")
        self.at(self.far, "ip", "addr", "add", "192.0.2.254/24", "dev", "wan0")
        self.seg.policies([])
        self.seg.net([(0, LAN + "1/64"), (1, WAN + "1/64"), (0, "192.168.1.1/24"),
                      (1, GATEWAY[4] + "/24")], [("0.0.0.0/0", "192.0.2.254"), ("::/0", WAN + "12")])
        wait(lambda: self.ping(self.far, WAN + "1", count=1)[0], 10, "the first answer")
        wait(lambda: self.ping(self.ns, LAN + "1", count=1)[0], 10, "the LAN's first answer")
        neighbours = self.at(self.far, "ip", "neigh", "show", GATEWAY[6]).stdout
        self.mac = re.search(r"lladdr (\S+)", neighbours).group(1)
        self.generation = 1

    def install(self, mode, outer, inner, udp):
        """one policy and its pair of SAs"""
        s = self.seg
        local, remote = ((GATEWAY[inner], FAR[inner]) if mode == TRANSPORT else
                         (SITE[inner], REMOTE[inner]))
        self.generation += 1
        s.policies([(7, 1, local, remote, mode)], self.generation)
        for slot, direction in ((OUT_SLOT, segment.OUT), (IN_SLOT, segment.IN)):
            s.must(segment.SA_ADD, s.sa(slot, direction, 7, GATEWAY[outer], FAR[outer], local, remote,
                                        mode=mode, port=4500 if udp else 0))

    def remove(self):
        for slot in (OUT_SLOT, IN_SLOT):
            need(self.seg.delete(slot) == segment.OK, "deleting SA %d" % slot)

    def peer(self, mode, outer, udp):
        what = {"device": "wan0", "mac": self.mac, "gateway": GATEWAY[outer], "peer": FAR[outer],
                "tunnel": mode == TUNNEL, "udp": udp, "count": PINGS,
                "spi_from": 0x10000 + OUT_SLOT, "spi_to": 0x10000 + IN_SLOT}
        name = "peer-%d-%d-%d-%d" % (mode, outer, udp, self.generation)
        return Daemon(self, name, [sys.executable, PEER, json.dumps(what)], self.far)

    def finish(self, peer, what):
        """the peer has had its exchanges, and nothing was amiss with one of them"""
        wait(lambda: need(not peer.running(), peer.text()) or True, 20, "%s: %d exchanges" % (what, PINGS))
        need("done %d" % PINGS in peer.text(), "%s: %s" % (what, peer.text()))


@case(timeout=180)
def pings_go_through_tunnels_of_every_pair_of_families():
    with Tunnels() as t:
        for outer, inner, udp in itertools.product((4, 6), (4, 6), (False, True)):
            what = "IPv%d in IPv%d%s" % (inner, outer, " in UDP" if udp else "")
            t.install(TUNNEL, outer, inner, udp)
            peer = t.peer(TUNNEL, outer, udp)
            peer.wait_text("ready", 20)
            got = echo(t.ns, HOST[inner], PINGS, size=700)
            need(got == (PINGS, PINGS), "%s: %s came back\n%s" % (what, got, peer.text()))
            t.finish(peer, what)
            t.remove()


@case(timeout=120)
def the_gateway_answers_pings_in_transport_mode():
    with Tunnels() as t:
        for family, udp in itertools.product((4, 6), (False, True)):
            what = "IPv%d%s" % (family, " in UDP" if udp else "")
            t.install(TRANSPORT, family, family, udp)
            t.finish(t.peer(TRANSPORT, family, udp), what)
            t.remove()


if __name__ == "__main__":
    cases.main()
