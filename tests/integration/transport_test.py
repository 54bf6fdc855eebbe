#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""transport_test.py - two gateways of ours that protect what they say to each other in transport
mode; strongSwan's user-space ESP has none. The referee decrypts what is between them.
"""
import os

import cases
import wire
from cases import case
from facing import Facing
from lab import Lab, need, wait
from suites import CLOUD, GATEWAY, MODERN, TUTORIAL


def transport(at, host):
    """a tree with one policy between the two gateways, who ping each other"""
    def change(tree):
        tree["ip"]["ipsec"]["policy"][0].update(
            {"tunnel": False, "src-address": at, "dst-address": host})
        tree["tool"] = {"netwatch": [{"name": "other", "host": host, "src-address": at,
                                      "interval": 200}]}
    return change


def prove(suite, ike):
    with Facing(transport(GATEWAY, CLOUD), transport(CLOUD, GATEWAY), suite=suite,
                ike=ike) as lab, wire.Capture(lab) as cap:
        lab.begin()
        for far in (False, True):
            wait(lambda far=far: lab.watched(far).get("other") == "up", 20, "answers to pings")
        lab.carry(10)
        cap.stop()
        clear = [f for _, f in cap.frames() if f[12:14] == b"\x08\x00" and f[23] == 1]
        need(not clear, "%d pings in clear" % len(clear))
        lab.selectors = lambda: (GATEWAY + "/32", CLOUD + "/32")
        return cap.need_genuine(wire.gateway_keys(lab), "--transport", min_ok=20)


VERSIONS = [("ikev2", MODERN, 2)]
if os.environ.get("ESPGW_LONG"):
    VERSIONS.append(("ikev1", TUTORIAL, 1))

for _name, _suite, _ike in VERSIONS:
    case(_name, param=(_suite, _ike))(lambda p: prove(*p))


@case()
def a_nat_is_named_to_who_asked_for_it():
    # strongSwan pretends a NAT so that its ESP travels in UDP.
    with Lab(suite=MODERN, ike=2, policy={"tunnel": False, "src-address": GATEWAY,
                                          "dst-address": CLOUD}) as lab:
        def found():
            rows = lab.cli("diagnose")[0]["findings"]
            return [f for f in rows if f["code"] == "P2_ENCAP_MISMATCH"]
        f = wait(found, 15, "evidence of a NAT")[0]
        need("TRANSPORT_NAT" in [s["id"] for s in f["says"]], "finding: %s" % f)
        lines = [x["line"] for c in f["changes"] if c["side"] == "here" for x in c["lines"]]
        need(any("tunnel" in x for x in lines), "advice: %s" % f["changes"])


if __name__ == "__main__":
    cases.main()
