#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""ipv6_test.py - IPv6 in the clear: the kernel and the gateway find each other, and traffic passes."""
import re

import cases
from cases import case
from lab import need, wait
from site6 import LAN, WAN, Site

BYPASS = 3


@case()
def hosts_and_gateway_find_each_other():
    with Site() as s:
        s.configure()
        # Nobody answers for an address before a second has shown that it is ours alone.
        wait(lambda: s.ping(s.ns, LAN + "1", count=1)[0], 10, "the first answer")
        wait(lambda: s.ping(s.far, WAN + "1", count=1)[0], 10, "the WAN's first answer")
        s.need_ping(s.ns, LAN + "1")
        s.need_ping(s.far, WAN + "1")
        need("router" in s.neighbour(s.ns, LAN + "1"), "we do not say that we are a router")
        link = re.search(r"fe80\S+", s.at(s.far, "ip", "-6", "neigh", "show", "dev", "wan0").stdout +
                         s.at(s.far, "ping", "-6", "-c2", "-W2", "ff02::2%wan0", check=False).stdout)
        need(link, "no link-local address answers at ff02::2")
        s.need_ping(s.far, link.group(0).rstrip(":").split("%")[0] + "%wan0")
        s.need_ping(s.far, WAN + "1", size=1452)
        for size in (1453, 3000, 9000):  # fragments, and the answer in fragments
            s.need_ping(s.ns, LAN + "1", size=size)
        return s.ping(s.ns, LAN + "1")[1].splitlines()[-1]


@case()
def forwards_between_two_networks():
    with Site() as s:
        s.configure()
        wait(lambda: s.ping(s.ns, WAN + "12", count=1)[0], 10, "the first packet through")
        s.need_ping(s.ns, WAN + "12", count=50)
        s.need_ping(s.far, LAN + "12", size=1452, count=50)
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
        # What a policy in front lets pass, passes; the one behind it still stops the rest.
        s.seg.policies([(8, BYPASS, LAN + "12/128", WAN + "12/128"),
                        (7, 1, LAN + "/64", WAN + "/64")])
        s.need_ping(s.ns, WAN + "12", source=LAN + "12")
        s.at(s.ns, "ip", "addr", "add", LAN + "13/64", "dev", "lan0", "nodad")
        got, out = s.ping(s.ns, WAN + "12", "-I", LAN + "13", count=5)
        need(got == 0, "passed in the clear: " + out)
        s.seg.policies([])
        s.need_ping(s.ns, WAN + "12")


@case()
def reports_an_address_that_another_host_has():
    with Site() as s:
        s.at(s.ns, "ip", "addr", "add", LAN + "1/64", "dev", "lan0", "nodad")
        s.configure()
        s.dataplane.wait_text(r"2001:db8:1::1 on port 'lan' is another host's", 5)
        # The other port is not concerned, and the kernel keeps what it had.
        wait(lambda: s.ping(s.far, WAN + "1", count=1)[0], 10, "the first answer")
        s.need_ping(s.far, WAN + "1")
        need("2001:db8:2::1" not in s.dataplane.text(), s.dataplane.text())


if __name__ == "__main__":
    cases.main()
