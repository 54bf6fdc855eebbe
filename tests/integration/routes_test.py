#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""routes_test.py - two ways out: a route whose link fails gives way to the next distance, and back.

The kernel's ends of two TAPs are two routers; which of them a packet reaches is what its interface
has counted.
"""
import json
import os
import socket
import struct
import sys
import time

import cases
import inject
from alone import PORTS, Alone
from cases import case
from lab import need, wait

THREE = PORTS.replace(" );", """,
              { name = "wan2"; device = "net_tap2,iface=wan2"; } );""")
HOST = bytes.fromhex("020000000099")
BURST = 100


class Routers(Alone):
    """a host on lan0, routers on wan0 and wan2; family 4 or 6"""

    def __init__(self, family):
        super().__init__(ports=THREE)
        self.family = family
        self.sh("ip", "link", "set", "lan0", "up")
        for dev, net in (("wan0", 2), ("wan2", 3)):
            self.router(dev, "192.0.%d.254/24" % net if family == 4 else "2001:db8:%d::fe/64" % net)
        self.frames = os.path.join(self.dir, "frames.hex")
        with open(self.frames, "w") as f:
            f.writelines(self.frame(i).hex() + "\n" for i in range(BURST))

    def router(self, dev, addr):
        if self.family == 6:
            self.sh("sysctl", "-qw", *("net.ipv6.conf.%s.%s" % (dev, x) for x in
                                       ("disable_ipv6=0", "accept_dad=0", "keep_addr_on_down=1",
                                        "router_solicitations=0")))
        self.sh("ip", "link", "set", dev, "up")
        self.sh("ip", "addr", "add", addr, "dev", dev)

    def configure(self, *distances):
        self.seg.policies([])
        if self.family == 4:
            self.seg.net([(0, "192.168.1.1/24"), (1, "192.0.2.1/24"), (2, "192.0.3.1/24")],
                         [("0.0.0.0/0", "192.0.%d.254" % n, d) for n, d in zip((2, 3), distances)])
        else:
            self.seg.net([(0, "2001:db8:1::1/64"), (1, "2001:db8:2::1/64"), (2, "2001:db8:3::1/64")],
                         [("::/0", "2001:db8:%d::fe" % n, d) for n, d in zip((2, 3), distances)])

    def frame(self, i):
        """UDP of flow i from the site to far away"""
        body = struct.pack("!HHHH", 1000 + i, 53, 108, 0) + bytes(100)
        if self.family == 4:
            return self.seg.mac(0) + HOST + b"\x08\0" + inject.ip("192.168.1.12", "203.0.113.9", 17,
                                                                  body)
        ends = b"".join(socket.inet_pton(socket.AF_INET6, x) for x in ("2001:db8:1::12", "2a00::9"))
        check = inject.checksum(ends + struct.pack("!II", len(body), 17) + body)
        return (self.seg.mac(0) + HOST + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(body), 17, 64)
                + ends + body[:6] + struct.pack("!H", check) + body[8:])

    def received(self, dev):
        rows = json.loads(self.sh("ip", "-s", "-j", "link", "show", dev).stdout)
        return rows[0]["stats64"]["rx"]["packets"]

    def send(self, patience=0.5):
        """one packet of each flow; how many came to wan0, and to wan2, at least, by the time all
        have, or patience was over"""
        before = [self.received(d) for d in ("wan0", "wan2")]
        self.sh(sys.executable, inject.__file__, "lan0", self.frames)

        end = time.monotonic() + patience
        while True:
            got = [self.received(d) - b for d, b in zip(("wan0", "wan2"), before)]
            if sum(got) >= BURST or time.monotonic() > end:
                return got

    def settle(self, wan0, wan2):
        """until each flow takes the way it should; neighbour discovery adds a packet or two"""
        def there():
            got = self.send()
            return got if sum(got) >= BURST and (got[0] > BURST // 5) == wan0 and \
                (got[1] > BURST // 5) == wan2 else None
        return wait(there, 5, "the flows on wan0: %s, on wan2: %s" % (wan0, wan2))


def flows_go_where_a_link_is(family):
    with Routers(family) as r:
        r.configure(1, 2)
        r.settle(True, False)
        r.sh("ip", "link", "set", "wan0", "down")
        r.settle(False, True)
        r.sh("ip", "link", "set", "wan0", "up")
        r.settle(True, False)
        # The spare one may fail and nobody notices.
        r.sh("ip", "link", "set", "wan2", "down")
        for _ in range(3):
            need(r.send(20)[0] >= BURST, "a spare link's failure costs packets")
        # Of two equal ones each has its share, or all when it is alone.
        r.configure(1, 1)
        r.settle(True, False)
        r.sh("ip", "link", "set", "wan2", "up")
        return "%d and %d of %d flows" % (*r.settle(True, True), BURST)


for _family in (4, 6):
    case("flows_go_where_a_link_is_ipv%d" % _family, timeout=60, param=_family)(
        flows_go_where_a_link_is)

if __name__ == "__main__":
    cases.main()
