#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""reauth_test.py - IKE SAs are authenticated anew under a stream, by either side; and MOBIKE, which
strongSwan offers and we do not take. ESPGW_MATRIX=all runs more of it."""
import os
import re

import cases
from cases import case
from lab import Lab, Stream, need, wait
from suites import SUITES

ALL = os.environ.get("ESPGW_MATRIX") == "all"
TIMES = int(os.environ.get("ESPGW_REAUTHS", "2" if os.environ.get("ESPGW_MATRIX") == "all" else "1"))
LONG = ["--rekey-time", "1h", "--life-time", "2h", "--ike-rekey-time", "4h"]


def authenticated(lab):
    """IKE SAs that strongSwan has made from IKE_AUTH"""
    return len(re.findall(r"IKE_SA \S+ established between", lab.cloud_log()))


def stream(cloud, gap=None, times=TIMES, **conf):
    """(reauthentications, packets sent, lost); gap: seconds of a stream that may be lost each"""
    with Lab(ike=2, suite=SUITES[4], cloud=LONG + cloud, **conf) as lab:
        if conf.get("peer", {}).get("passive"):
            lab.initiate("cloud")
        lab.established()
        lab.reachable("site")
        lab.reachable("cloud")
        streams = [Stream(lab, f, port=18900 + i) for i, f in enumerate(("site", "cloud"))]
        wait(lambda: authenticated(lab) > times, 20 * times, "%d reauthentications" % times)
        if gap is None:
            # The old IKE SA carries nothing any more, and is deleted.
            wait(lambda: len(lab.cli("ip", "ipsec", "active-peers", "print")) == 1, 15,
                 "one IKE SA to be left")
            # As responder strongSwan sends through a new pair before its answer has got here;
            # what comes early waits for the pair (dataplane/early.h).
            results = [s.need_lossless() for s in streams]
        else:
            lab.reachable("site", 20)
            lab.reachable("cloud", 20)
            results = [s.end() for s in streams]
            need(all(r["lost"] <= gap * 500 * times for r in results), "lost: %s" % results)
        n = authenticated(lab) - 1
        sas = lab.sas()
        need(all(1 <= len(r) <= 3 for r in sas.values()), "SAs pile up: %s" % sas)
        return n, [r["sent"] for r in results], [r["lost"] for r in results], lab.log()


def said(got):
    return "%d reauthentications, %s packets, %s lost" % (got[0], got[1], got[2])


@case()
def by_the_gateway():
    got = stream([], profile={"lifetime": "8s", "reauthentication": True})
    need("reauthenticating IKE_SA" in got[3], "not by us")
    return said(got)


@case()
def by_the_cloud_make_before_break():
    got = stream(["--reauth-time", "5s", "--over-time", "6s", "--mobike", "yes",
                  "--charon-option", "make_before_break = yes"], peer={"passive": True})
    need("reauthenticating IKE_SA" not in got[3], "by us")
    need("supports MOBIKE, which is not spoken here" in got[3], "no word about MOBIKE")
    return said(got)


if ALL:
    @case()
    def by_the_cloud_break_before_make():
        return said(stream(["--reauth-time", "6s", "--over-time", "6s",
                            "--charon-option", "make_before_break = no"], gap=3,
                           peer={"passive": True}))

    @case()
    def asked_for_by_the_gateway():
        got = stream(["--over-time", "15s", "--charon-option", "make_before_break = yes"],
                     peer={"passive": True},
                     profile={"lifetime": "25s", "reauthentication": True})
        need("did not reauthenticate" not in got[3], "strongSwan was late")
        return said(got)


def mobike(role):
    passive = role == "responder"
    with Lab(ike=2, suite=SUITES[4], cloud=["--mobike", "yes"], peer={"passive": passive}) as lab:
        if passive:
            lab.initiate("cloud")
        lab.established()
        lab.ping_both(3)
        need(not passive or "supports MOBIKE, which is not spoken here" in lab.log(), "no word")
        # A change of strongSwan's addresses does not disturb it.
        lab.ip(lab.cloud_ns, "addr", "add", "119.91.254.123/24", "dev", "wan0")
        # It has thought about it, and has nothing to tell us.
        wait(lambda: "keeping statically configured path" in lab.cloud_log(), 10, "its decision")
        lab.ip(lab.cloud_ns, "addr", "del", "119.91.254.123/24", "dev", "wan0")
        lab.ping_both(3)
        log = lab.cloud_log()
        need("UPDATE_SA_ADDRESSES" not in log and "N(UPD_SA_ADDR)" not in log, "MOBIKE was used")


if ALL:
    for _role in ("responder", "initiator"):
        case("mobike_is_not_agreed_on_as_" + _role, param=_role)(mobike)

if __name__ == "__main__":
    cases.main()
