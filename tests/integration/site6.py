# SPDX-License-Identifier: BSD-3-Clause
"""site6.py - one espgw-dataplane without control between two hosts that speak IPv6."""
import re

from alone import Alone
from lab import need, run

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

    def need_ping(self, ns, dst, count=10, **kw):
        self.echo(dst, count, ns, **kw)

    def neighbour(self, ns, dst):
        return self.at(ns, "ip", "-6", "neigh", "show", dst).stdout
