#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""standby_test.py - two tunnels for the same networks, as clouds have them: both up, the first one
carries the traffic. It is cut: the second one takes over within 3 seconds; it is back: so is the
traffic. Each side decides for itself, so what comes back may come through the other tunnel.
"""
import cases
from cases import case
from facing import Facing
from lab import Stream, need, wait
from suites import CLOUD, CLOUD_NET, GATEWAY, MODERN, SITE_NET

SECOND = "119.91.254.123"
PROBES = (("169.254.10.2", "169.254.10.1"), ("169.254.20.2", "169.254.20.1"))   # site, cloud
PPS = 200


def two_tunnels(far):
    """the tree of one side: peers t1 and t2, a host to watch behind each"""
    def change(tree):
        ipsec = tree["ip"]["ipsec"]
        peer, identity, policy = (ipsec[k][0] for k in ("peer", "identity", "policy"))
        nets = (CLOUD_NET, SITE_NET) if far else (SITE_NET, CLOUD_NET)
        for k in ("peer", "identity", "policy"):
            ipsec[k] = []
        tree["tool"] = {"netwatch": []}
        for i, remote in enumerate((CLOUD, SECOND)):
            name, at, host = "t%d" % (i + 1), PROBES[i][far], PROBES[i][not far]
            ipsec["peer"].append(dict(peer, name=name, comment=name, **(
                {"address": GATEWAY, "local-address": remote} if far else {"address": remote})))
            ipsec["identity"].append(dict(identity, peer=name))
            ipsec["policy"].append(dict(policy, peer=name, **{"src-address": at,
                                                              "dst-address": host}))
            ipsec["policy"].append(dict(policy, peer=name, standby=bool(i), **{
                "src-address": nets[0], "dst-address": nets[1]}))
            tree["ip"]["address"].append({"address": at + "/32", "interface": "lan"})
            tree["tool"]["netwatch"].append({"name": name, "peer": name, "host": host,
                                             "src-address": at, "interval": 400, "failures": 3})
        if far:
            tree["ip"]["address"].append({"address": SECOND + "/24", "interface": "wan"})
    return change


def carried(lab, name):
    """inner packets of the policy for the networks, by tunnel"""
    rows = lab.cli("ip", "ipsec", "policy", "print", "detail")
    r = [x for x in rows if x["peer"] == name and x["dst-address"] == CLOUD_NET][0]
    return int(r.get("out-packets", 0)), int(r.get("in-packets", 0))


@case()
def the_second_tunnel_takes_over_and_gives_back():
    with Facing(two_tunnels(False), two_tunnels(True), lan=True, suite=MODERN, ike=2) as lab:
        lab.begin()
        for far in (False, True):
            wait(lambda far=far: lab.watched(far) == {"t1": "up", "t2": "up"}, 20,
                 "both tunnels on both sides")
        lab.ping_both(3)
        need(carried(lab, "t1")[0] >= 6 and carried(lab, "t2") == (0, 0),
             "traffic: t1 %s, t2 %s" % (carried(lab, "t1"), carried(lab, "t2")))
        stream = Stream(lab, pps=PPS)
        wait(lambda: carried(lab, "t1")[0] > PPS // 2, 10, "the stream to run")
        lab.ip(lab.inet, "route", "add", "blackhole", CLOUD + "/32")
        lab.control.wait_text("1 policies of t1 go through t2 now", 5)
        wait(lambda: carried(lab, "t2")[0] > PPS // 2, 10, "the stream in the second tunnel")
        need(lab.watched()["t2"] == "up" and lab.watched()["t1"] == "down", "watched")
        since = len(lab.log())
        lab.ip(lab.inet, "route", "del", "blackhole", CLOUD + "/32")
        lab.control.wait_text("1 policies of t2 go through t1 now", 20, since)
        before = carried(lab, "t1")[0]
        wait(lambda: carried(lab, "t1")[0] > before + PPS // 2, 10, "the stream to be back")
        r = stream.end()
        # Both changes together: what is lost is lost until one side or the other has noticed.
        need(0 < r["lost_s"] < 3 + Stream.stalled((r,)) and r["duplicates"] == 0, "stream: %s" % {
            k: v for k, v in r.items() if k != "missing"})
        lab.ping_both(3)
        return "%d of %d lost: %.1f s" % (r["lost"], r["sent"], r["lost_s"])


if __name__ == "__main__":
    cases.main()
