#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""rekey_test.py - SAs are replaced every few seconds under a steady stream; nothing is lost."""
import os
import re

import cases
import wire
from cases import case
from lab import Lab, Stream, need

SECONDS = int(os.environ.get("ESPGW_REKEY_SECONDS", "18"))
IKE2 = int(os.environ.get("ESPGW_REKEY_SECONDS", "12"))
PPS = 500


def established(lab):
    """phase 1 SAs that strongSwan has seen established"""
    return len(re.findall(r"IKE_SA \S+ (?:established|rekeyed) between", lab.cloud_log()))


def lifetimes(by, phases):
    """(the gateway's, the cloud's): who is not to begin has long ones"""
    conf, cloud = {}, {"rekey": "1h", "life": "2h", "ike-rekey": "4h", "over": "1h"}
    for phase in phases:
        if by == "gateway":
            conf["profile" if phase == 1 else "proposal"] = {"lifetime": "9s"}
        elif phase == 1:
            cloud.update({"ike-rekey": "5s", "over": "5s"})
        else:                 # in IKEv1 strongSwan keeps a replaced SA until its own end; to replace
            # it takes it a few seconds at times, beside a phase 1 that ends
            cloud.update({"rekey": "5s", "life": "17s"})
    return conf, [x for k, v in cloud.items() for x in ("--%s-time" % k, v)]


def rekey(by, phases, ike=1, seconds=SECONDS):
    conf, cloud = lifetimes(by, phases)
    with Lab(ike=ike, cloud=cloud, **conf) as lab, wire.Capture(lab) as cap:
        lab.established()
        lab.reachable("site")
        lab.reachable("cloud")
        streams = [Stream(lab, f, pps=PPS, port=18900 + i, count=PPS * seconds) for i, f in
                   enumerate(("site", "cloud"))]           # their length is that of the test
        results = [s.need_lossless() for s in streams]
        need(all(r["sent"] == PPS * seconds for r in results), "streams: %s" % results)
        cap.stop()
        spis = cap.esp_spis()
        times = {1: established(lab) - 1, 2: min(map(len, spis)) - 1}
        # Of those that are not meant there is none.
        need(all(times[p] >= seconds // 8 if p in phases else times[p] == 0 for p in times),
             "phase 1, 2 were replaced %s times in %d s" % (times, seconds))
        sas = lab.sas()
        need(all(1 <= len(r) <= 5 for r in sas.values()), "SAs pile up: %s" % sas)
        peers = lab.cli("ip", "ipsec", "active-peers", "print")
        need(1 <= len(peers) <= 3, "peers pile up: %s" % peers)
        cap.need_no_clear()
        cap.need_genuine(wire.cloud_keys(lab), "--first-seq", "1", "--contiguous",
                         min_ok=8 * PPS * seconds // 5)
        return "%s rekeys, %d packets, none lost" % (times, sum(r["sent"] for r in results))


for _by in ("gateway", "cloud"):
    # Both phases at once, each at its own pace.
    case("ike1_by_the_%s" % _by, timeout=240, param=(_by, (1, 2)))(lambda p: rekey(*p))
    # interop_test.py rekeys every way there is; here nothing is lost of many packets
    for _phase in (1, 2) if os.environ.get("ESPGW_LONG") else (2,):
        case("ike2_phase_%d_by_the_%s" % (_phase, _by), timeout=240,
             param=(_by, (_phase,), 2, IKE2))(lambda p: rekey(*p))

if __name__ == "__main__":
    cases.main()
