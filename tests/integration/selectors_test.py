#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""selectors_test.py - several networks: one SA for all, one each, and peers that narrow."""
import dataclasses
import re

import cases
import wire
from cases import case
from lab import need, wait
from pairs import Pair, Pairs

SITE, CLOUD = ("172.30.96.0/19",), ("10.0.0.0/8", "172.30.128.0/17")


@dataclasses.dataclass
class Cloud(Pair):
    """networks of their own; `split`: strongSwan has a child for each pair of them"""
    split: bool = False
    ours: tuple = SITE
    theirs: tuple = CLOUD            # as we have them
    has: tuple = CLOUD               # as strongSwan has them

    local = property(lambda self: list(self.ours))
    remote = property(lambda self: list(self.theirs))

    def children(self):
        if self.split:
            return [([there], [here]) for here in self.ours for there in self.has]
        return [(list(self.has), list(self.ours))]

    def lan_addresses(self):
        return [re.sub(r"\d+/", "1/", n) for n in self.ours]


def prove(pair, sas, says=(), silent=()):
    """`sas`: how many CHILD_SAs; `says`: what our log must hold, `silent`: and must not"""
    with Pairs([pair]) as lab, wire.Capture(lab) as cap:
        wait(lambda: len(lab.children(lab.far().get(pair.name, []))) == sas, 30,
             "%d CHILD_SAs" % sas)
        wait(lambda: len([r for r in lab.sas()["in"] if r["state"] == "mature"]) == sas, 10,
             "%d pairs here" % sas)
        need(len(lab.far()[pair.name]) == 1, "more than one IKE SA")
        streams = ",".join("%s-%s" % s for s in pair.streams())
        got = lab.result(lab.helper("site", "pings", "--streams", streams, "--pps", "20",
                                    "--seconds", "1"), 120)
        need(got["sent"] and not got["lost"], "pings: %s" % got)
        for text in says:
            need(re.search(text, lab.log()), "the log does not say %r" % text)
        for text in silent:
            need(not re.search(text, lab.log()), "the log says %r" % text)
        rows = lab.cli("ip", "ipsec", "policy", "print")
        need(all(r["ph2-state"] == "established" for r in rows if r.get("peer")),
             "policies: %s" % rows)
        cap.stop()
        nets = [str(x) for x in (pair.ours[0], "0.0.0.0/0")]
        lab.selectors = lambda: tuple(nets)
        return cap.need_genuine(wire.cloud_keys(lab), "--first-seq", "1", "--contiguous",
                                min_ok=2 * got["sent"])


LEARNT = r"multi-selector=auto: the peer takes fewer networks"

for _name, _pair, _want in (
        ("one_sa_for_two_networks", Cloud(1), dict(sas=1, silent=["narrowed"])),
        ("one_sa_asked_for_by_the_cloud", Cloud(1, role="responder"),
         dict(sas=1, silent=["narrowed"])),
        ("split_into_connections", Cloud(1, split=True, multi="per-pair"), dict(sas=2)),
        ("split_by_the_cloud", Cloud(1, role="responder", split=True, multi="per-pair"),
         dict(sas=2)),
        ("auto_finds_one_sa", Cloud(1, multi="auto"), dict(sas=1, silent=[LEARNT])),
        ("auto_learns_to_split", Cloud(1, split=True, multi="auto"),
         dict(sas=2, says=[LEARNT, r"does not cover all of 172.30.96.0/19 === 172.30.128.0/17"])),
        ("a_peer_that_narrows", Cloud(1, theirs=("10.0.0.0/8",), has=("10.0.0.0/10",)),
         dict(sas=1, says=[r"does not cover all of 172.30.96.0/19 === 10.0.0.0/8"])),
):
    case(_name, param=(_pair, _want))(lambda x: prove(x[0], **x[1]))

if __name__ == "__main__":
    cases.main()
