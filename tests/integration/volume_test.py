#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""volume_test.py - a lifetime in kilobytes that a second of traffic uses up: SAs are replaced at a
bounded pace, nothing is lost, and the log says what to change."""
import re

import cases
import wire
from cases import case
from lab import Lab, Stream, need

SECONDS = 8
KILOBYTES = 2560
PPS, SIZE = 1500, 1200           # 14.4 Mbit/s each way: 2560 kB in 1.4 s


def volume(by):
    conf = {"proposal": {"lifebytes": KILOBYTES}} if by == "gateway" else {}
    cloud = ["--rekey-time", "1h", "--life-time", "2h"]
    if by == "cloud":            # strongSwan ends an SA itself when that much has passed
        cloud += ["--life-bytes", KILOBYTES * 1024, "--rekey-bytes", KILOBYTES * 600]
        conf["peer"] = {"passive": True}
    with Lab(cloud=cloud, **conf) as lab, wire.Capture(lab) as cap:
        if by == "cloud":
            lab.initiate("cloud")
        lab.established()
        lab.reachable("site")
        lab.reachable("cloud")
        soft, hard = (int(x) for x in lab.sas()["out"][-1]["lifebytes"].split("/"))
        need(0 < soft < KILOBYTES * 1024 <= hard, "lifebytes %d/%d" % (soft, hard))
        streams = [Stream(lab, f, pps=PPS, size=SIZE, port=18900 + i, count=PPS * SECONDS)
                   for i, f in enumerate(("site", "cloud"))]           # the length of the test itself
        results = [s.need_lossless() for s in streams]
        cap.stop()
        times = min(map(len, cap.esp_spis())) - 1
        # What strongSwan begins has its own pace.
        need(SECONDS // 4 <= times and (by == "cloud" or times <= SECONDS + 5),
             "%d pairs in %d s" % (times, SECONDS))
        said = re.findall(r"lifetime of \d+ kB is used up in .*which lasts an hour", lab.log())
        need(len(said) == (by == "gateway"), "said once, where we replace: %s" % said)
        sas = lab.sas()
        need(all(len(r) <= 16 for r in sas.values()), "SAs pile up: %s" % sas)
        cap.need_genuine(wire.cloud_keys(lab), "--first-seq", "1", "--contiguous",
                         min_ok=PPS * SECONDS)
        return "%d pairs, %d packets, none lost" % (times, sum(r["sent"] for r in results))


for _by in ("gateway", "cloud"):
    case("asked_for_by_the_%s" % _by, param=_by)(volume)

if __name__ == "__main__":
    cases.main()
