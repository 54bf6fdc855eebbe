#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""ipv6_test.py - IPv6 in the clear: the kernel and the gateway find each other, and traffic passes."""
import re

import cases
from alone import Alone
from cases import case
from lab import need, run, wait

LAN, WAN = "2001:db8:1::", "2001:db8:2::"


class Site(Alone):
    """the kernel's ends of the two TAPs as hosts: lan0 here, wan0 in a namespace of its own"""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.far = self.id + "-far"
        run("ip", "netns", "add", self.far, env=self.env)
        run("ip", "-n", self.ns, "link", "set", "wan0", "netns", self.far, env=self.env)
        self.host(self.ns, "lan0", LAN + "12")
        self.host(self.far, "wan0", WAN + "12")

    def at(self, ns, *cmd, check=True):
        return run(*self.into(ns, *cmd), check=check, env=self.env, timeout=30)

    def host(self, ns, dev, addr):
        self.at(ns, "sysctl", "-qw", "net.ipv6.conf.%s.disable_ipv6=0" % dev,
                "net.ipv6.conf.%s.accept_dad=0" % dev, "net.ipv6.conf.%s.router_solicitations=0" % dev)
        self.at(ns, "ip", "link", "set", dev, "up")
        self.at(ns, "ip", "addr", "add", addr + "/64", "dev", dev)
        self.at(ns, "ip", "route", "add", "2001:db8::/32", "via", addr[:-2] + "1", "dev", dev)

    def configure(self, policies=()):
        self.seg.policies(list(policies))
        self.seg.net([(0, LAN + "1/64"), (1, WAN + "1/64")])

    def ping(self, ns, dst, *more, count=10):
        """percent answered, and what ping said"""
        out = self.at(ns, "ping", "-6", "-c%d" % count, "-i0.05", "-W2", *more, dst, check=False).stdout
        m = re.search(r"(\d+) packets transmitted, (\d+) received", out)
        return 100 * int(m.group(2)) // int(m.group(1)) if m else 0, out

    def need_ping(self, ns, dst, *more, **kw):
        got, out = self.ping(ns, dst, *more, **kw)
        need(got == 100, "ping %s: %s" % (dst, out))

    def neighbour(self, ns, dst):
        return self.at(ns, "ip", "-6", "neigh", "show", dst).stdout


@case()
def hosts_and_gateway_find_each_other():
    with Site() as s:
        s.configure()
        # Nobody answers for an address before a second has shown that it is ours alone.
        wait(lambda: s.ping(s.ns, LAN + "1", count=1)[0], 10, "the first answer")
        s.need_ping(s.ns, LAN + "1")
        s.need_ping(s.far, WAN + "1")
        need("router" in s.neighbour(s.ns, LAN + "1"), "we do not say that we are a router")
        link = re.search(r"fe80\S+", s.at(s.far, "ip", "-6", "neigh", "show", "dev", "wan0").stdout +
                         s.at(s.far, "ping", "-6", "-c2", "-W2", "ff02::2%wan0", check=False).stdout)
        need(link, "no link-local address answers at ff02::2")
        s.need_ping(s.far, link.group(0).rstrip(":").split("%")[0] + "%wan0")
        s.need_ping(s.far, WAN + "1", "-s", "1452")
        return s.ping(s.ns, LAN + "1")[1].splitlines()[-1]


@case()
def forwards_between_two_networks():
    with Site() as s:
        s.configure()
        wait(lambda: s.ping(s.ns, WAN + "12", count=1)[0], 10, "the first packet through")
        s.need_ping(s.ns, WAN + "12", count=50)
        s.need_ping(s.far, LAN + "12", "-s", "1452", count=50)
        got, out = s.ping(s.ns, WAN + "12", "-t", "1", count=2)
        need(got == 0 and "Time exceeded: Hop limit" in out and "From " + LAN + "1" in out, out)
        got, out = s.ping(s.ns, "2001:db8:99::1", count=2)
        need(got == 0 and "No route" in out, out)
        got, out = s.ping(s.ns, WAN + "77", count=5)
        need(got == 0, out)


@case()
def a_protecting_policy_stops_ipv6_in_the_clear():
    with Site() as s:
        s.configure()
        wait(lambda: s.ping(s.ns, WAN + "12", count=1)[0], 10, "the first packet through")
        s.seg.policies([(7, 1, LAN + "/64", WAN + "/64")])
        for ns, dst in ((s.ns, WAN + "12"), (s.far, LAN + "12")):
            got, out = s.ping(ns, dst, count=5)
            need(got == 0, "passed in the clear: " + out)
        s.seg.policies([])
        s.need_ping(s.ns, WAN + "12")


if __name__ == "__main__":
    cases.main()
