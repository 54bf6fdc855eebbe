#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""rekey_test.py - SAs are replaced every few seconds under a steady stream; nothing is lost."""
import os
import re
import time

import cases
import wire
from cases import case
from lab import Lab, Stream, need

SECONDS = int(os.environ.get("ESPGW_REKEY_SECONDS", "24"))
IKE2 = int(os.environ.get("ESPGW_REKEY_SECONDS", "15"))
LONG = ["--rekey-time", "1h", "--life-time", "2h", "--ike-rekey-time", "4h", "--over-time", "1h"]


def established(lab):
    """phase 1 SAs that strongSwan has seen established"""
    return len(re.findall(r"IKE_SA \S+ (?:established|rekeyed) between", lab.cloud_log()))


def rekey(by, phase, ike=1, seconds=SECONDS):
    conf, cloud = {}, list(LONG)
    if by == "gateway":
        conf = {"profile": {"lifetime": "10s"}} if phase == 1 else {"proposal": {"lifetime": "10s"}}
    elif phase == 1:
        cloud[cloud.index("--ike-rekey-time") + 1] = "6s"
        cloud[cloud.index("--over-time") + 1] = "6s"
    else:                     # in IKEv1 strongSwan keeps a replaced SA until its own end
        cloud[cloud.index("--rekey-time") + 1] = "6s"
        cloud[cloud.index("--life-time") + 1] = "14s"
    with Lab(ike=ike, cloud=cloud, **conf) as lab, wire.Capture(lab) as cap:
        lab.established()
        lab.reachable("site")
        lab.reachable("cloud")
        streams = [Stream(lab, f, port=18900 + i) for i, f in enumerate(("site", "cloud"))]
        time.sleep(seconds)                                # the length of the test itself
        results = [s.need_lossless() for s in streams]
        need(min(r["sent"] for r in results) > 490 * seconds, "not a steady stream: %s" % results)
        cap.stop()
        spis = cap.esp_spis()
        times = established(lab) - 1 if phase == 1 else min(map(len, spis)) - 1
        need(times >= seconds // 12, "only %d rekeys in %d s" % (times, seconds))
        sas = lab.sas()
        need(all(1 <= len(r) <= 4 for r in sas.values()), "SAs pile up: %s" % sas)
        peers = lab.cli("ip", "ipsec", "active-peers", "print")
        need(1 <= len(peers) <= 3, "peers pile up: %s" % peers)
        cap.need_no_clear()
        cap.need_genuine(wire.cloud_keys(lab), "--first-seq", "1", "--contiguous",
                         min_ok=800 * seconds)
        return "%d rekeys, %d packets, none lost" % (times, sum(r["sent"] for r in results))


for _by in ("gateway", "cloud"):
    for _phase in (2, 1):
        case("phase_%d_by_the_%s" % (_phase, _by), timeout=240, param=(_by, _phase))(
            lambda p: rekey(*p))
        # interop_test.py rekeys every way there is; here nothing is lost of many packets
        if _phase == 1 and not os.environ.get("ESPGW_LONG"):
            continue
        case("ike2_phase_%d_by_the_%s" % (_phase, _by), timeout=240, param=(_by, _phase, 2, IKE2))(
            lambda p: rekey(*p))

if __name__ == "__main__":
    cases.main()
