#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""min_mtu_test.py - inner IPv6 of 1280 bytes passes where the path between two gateways has no more.

RFC 8200 section 5: no link may carry less than 1280, and a tunnel is a link to what is inside. So
the outer packet has to be fragmented: IPv4 by the router, as it goes without DF, IPv6 by us. Two data planes without control, a
kernel router between them.
"""
import json
import re

import cases
import segment
from alone import Alone
from cases import case
from lab import need, run, wait

PATH = 1280
HEADERS = 48                             # of a ping: IPv6 and ICMPv6
PINGS = 5
OUT_SLOT, IN_SLOT, POLICY = 1, 2, 7
SPI = 0x10000


class Gateway(Alone):
    """number n: 2001:db8:n::/64 behind lan0; 2001:db8:10n::/64 and 192.0.n.0/24 in front"""

    def __init__(self, n, router=None):
        super().__init__()
        self.n = n
        self.router = router or self.id + "-rt"
        self.lan, self.lan_host = "2001:db8:%d::/64" % n, "2001:db8:%d::12" % n
        self.wan = {4: "192.0.%d.1" % n, 6: "2001:db8:10%d::1" % n}
        if not router:
            run("ip", "netns", "add", self.router, env=self.env)
            self.at_router("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
                           "net.ipv6.conf.default.accept_dad=0")
        self.dev = "wan%d" % n
        run("ip", "-n", self.ns, "link", "set", "wan0", "netns", self.router, "name", self.dev,
            env=self.env)
        self.sh("sysctl", "-qw", "net.ipv6.conf.lan0.disable_ipv6=0", "net.ipv6.conf.lan0.accept_dad=0",
                "net.ipv6.conf.lan0.router_solicitations=0")
        self.sh("ip", "link", "set", "lan0", "up")
        self.sh("ip", "addr", "add", self.lan_host + "/64", "dev", "lan0")
        self.sh("ip", "route", "add", "2001:db8::/32", "via", self.lan_host[:-2] + "1")
        self.at_router("ip", "link", "set", self.dev, "mtu", str(PATH), "up")
        for addr in ("192.0.%d.254/24" % n, "2001:db8:10%d::fe/64" % n):
            self.at_router("ip", "addr", "add", addr, "dev", self.dev)
        self.seg.policies([])
        self.seg.net([(0, self.lan_host[:-2] + "1/64"), (1, self.wan[6] + "/64"),
                      (1, self.wan[4] + "/24")],
                     [("0.0.0.0/0", "192.0.%d.254" % n), ("::/0", "2001:db8:10%d::fe" % n)])

    def at_router(self, *cmd):
        return run(*self.into(self.router, *cmd), env=self.env)

    def arrived(self):
        """packets that the router has sent here"""
        rows = json.loads(self.at_router("ip", "-s", "-j", "link", "show", self.dev).stdout)
        return rows[0]["stats64"]["tx"]["packets"]

    def protect(self, peer, outer, generation):
        self.seg.policies([(POLICY, 1, self.lan, peer.lan)], generation)
        for slot, direction in ((OUT_SLOT, segment.OUT), (IN_SLOT, segment.IN)):
            self.seg.must(segment.SA_ADD, self.seg.sa(
                slot, direction, POLICY, self.wan[outer], peer.wan[outer], self.lan, peer.lan,
                spi=SPI + IN_SLOT))

    def unprotect(self):
        for slot in (OUT_SLOT, IN_SLOT):
            need(self.seg.delete(slot, SPI + IN_SLOT) == segment.OK, "deleting SA %d" % slot)

    def pings(self, peer, size, df):
        """all of that size are answered"""
        self.echo(peer.lan_host, PINGS, size=size - HEADERS, df=df)

    def ping(self, peer, size, df=True):
        """is one of that size answered? and what ping said"""
        out = self.sh("ping", "-6", "-c1", "-W1", "-s%d" % (size - HEADERS),
                      "-M", "do" if df else "dont", peer.lan_host, check=False).stdout
        return int(re.search(r"(\d+) received", out).group(1)), out


def passes(a, b):
    """both ways, whole and in the host's pieces; one byte more is answered"""
    for here, there in ((a, b), (b, a)):
        wait(lambda: here.ping(there, PATH)[0], 15, "an answer to %d bytes" % PATH)
        before = there.arrived()
        here.pings(there, PATH, True)
        count = there.arrived() - before
        need(count >= 2 * PINGS, "nothing was fragmented: %d packets" % count)
        got, out = here.ping(there, PATH + 1)
        need(got == 0 and "mtu" in out.lower() and str(PATH) in out, "one byte more: " + out)
        # The far host learns from its first answer what fits.
        wait(lambda: here.ping(there, 3000, df=False)[0], 5, "an answer to 3000 bytes")
        here.pings(there, 3000, False)


@case(timeout=90)
def inner_packets_of_1280_bytes_pass_a_path_of_1280():
    with Gateway(1) as a, Gateway(2, a.router) as b:
        for generation, outer in enumerate((4, 6), 2):
            a.protect(b, outer, generation)
            b.protect(a, outer, generation)
            passes(a, b)
            a.unprotect()
            b.unprotect()


if __name__ == "__main__":
    cases.main()
