#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""any_test.py - a peer with destination routing: 0.0.0.0/0 is negotiated, and only what the policies
cover goes through the SA, either way.
"""
import cases
import wire
from cases import case
from lab import Lab, need, wait
from suites import CLOUD_NET, GATEWAY, GATEWAY_HOP, MODERN, SITE_NET

OTHER = "10.100.7.0/24"            # the cloud's, too, but no policy's
OTHER_HOST = "10.100.7.6"


@case()
def everything_is_negotiated_and_other_traffic_is_left_alone():
    # strongSwan's own side keeps to the site's network: with user-space ESP it would send its own
    # IKE into a tunnel for 0.0.0.0/0.
    with Lab(suite=MODERN, ike=2, peer={"multi-selector": "any"},
             cloud=["--local-ts", "0.0.0.0/0"]) as lab, wire.Capture(lab) as cap:
        lab.established()
        child = lab.cloud_children()[0]
        need(child["local-ts"] == ["0.0.0.0/0"] and child["remote-ts"] == [SITE_NET],
             "negotiated: %s" % child)
        lab.ping_both(5)
        # Traffic of no policy goes where routes say, in clear and answered.
        lab.ip(lab.inet, "route", "add", SITE_NET, "via", GATEWAY)
        need(lab.ping("site", 3, wait_s=10, dst=GATEWAY_HOP) == (3, 3), "a router on the WAN is not reached")
        # What the peer sends of another network than the policies' comes to nothing.
        lab.ip(lab.cloud_host, "addr", "add", OTHER_HOST + "/24", "dev", "eth0")
        before = int(lab.statistics()["in-no-policies"])
        with wire.Capture(lab, "lan") as lan:
            lab.sh(lab.cloud_host, "ping", "-c", "3", "-i", "0.1", "-W", "1", "-I", OTHER_HOST,
                   lab.inside.site_host, check=False)
            wait(lambda: int(lab.statistics()["in-no-policies"]) >= before + 3, 5,
                 "3 packets to be refused")
            lan.stop()
            need(lan.inner(OTHER, SITE_NET) == (0, 0), "they reached the LAN")
        lab.ping_both(3)
        cap.stop()
        need(any(f[12:14] == b"\x08\x00" and f[23] == 1 for _, f in cap.frames()),
             "the clear ping is not on the wire")
        need("narrowed" not in lab.log(), "a complaint about what nobody misses")
        lab.selectors = lambda: (SITE_NET, "0.0.0.0/0")
        rows = [r for r in lab.cli("ip", "ipsec", "policy", "print") if r["dst-address"] == CLOUD_NET]
        need(rows[0]["ph2-state"] == "established", "policy: %s" % rows)
        return cap.need_genuine(wire.cloud_keys(lab), min_ok=16)


if __name__ == "__main__":
    cases.main()
