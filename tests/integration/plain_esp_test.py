#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""plain_esp_test.py - no NAT anywhere: ESP as IP protocol 50 and IKE on port 500.

strongSwan's user-space ESP can do that from 5.9.11 on (scripts/debian13 --integration has 6.0.1);
with an older one this file has no cases.
"""
import re

import cases
import wire
from cases import case
from lab import Lab, need, run
from suites import SUITES


def strongswan():
    m = re.search(r"(\d+)\.(\d+)\.(\d+)", run(wire.CHARON, "--version", check=False).stdout)
    return tuple(map(int, m.groups())) if m else (0, 0, 0)


def plain(role, suite):
    passive = {"passive": True} if role == "responder" else {}
    with Lab(suite=suite, port="tap", peer=passive,
             cloud=["--raw-esp", "yes", "--force-encaps", "no"]) as lab, wire.Capture(lab) as cap:
        if role == "responder":
            lab.initiate("cloud")
        lab.established()
        for rows in lab.sas().values():
            for r in rows:
                need(":" not in r["src-address"] + r["dst-address"], "a port in %s" % r)
        peers = lab.cli("ip", "ipsec", "active-peers", "print")
        need(len(peers) == 1 and peers[0]["natt-peer"] == "false" and peers[0]["side"] == role,
             "active-peers: %s" % peers)
        lab.ping_both(5)
        lab.tcp("site", 1 << 20)
        lab.tcp("cloud", 1 << 20)
        for frm in ("site", "cloud"):
            sent, back = lab.ping(frm, 3, size=3000, df=False)
            need(sent == back, "ping of 3000 bytes: %d of %d" % (back, sent))
        cap.stop()
        cap.need_no_clear()
        for number, f in cap.frames():
            need(f[12:14] != b"\x08\x00" or f[23] != 17 or b"\x11\x94" not in f[34:38],
                 "frame %d uses UDP 4500" % number)
        return cap.need_genuine(wire.cloud_keys(lab), "--first-seq", "1", "--contiguous",
                                "--tshark", min_ok=100)


if strongswan() >= (5, 9, 11):
    for _role in ("initiator", "responder"):
        for _suite in (SUITES[0], SUITES[2], SUITES[3]):
            case("%s_%s" % (_role, _suite.name.replace("-", "_")), param=(_role, _suite))(
                lambda p: plain(*p))

if __name__ == "__main__":
    cases.main()
