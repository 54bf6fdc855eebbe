#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""negotiation_test.py - every way to disagree is logged clearly, tried again, and heals by itself."""
import os
import re

import cases
import wire
from cases import case
from lab import Lab, need, wait

# name: what the cloud gateway is told, the line that says who must change what, the words known
# from other daemons that come with every attempt, how it is put right
DISAGREEMENTS = {
    "wrong_secret": (["--psk", "another"],
                     r"P1_PSK_MISMATCH .*set the same secret on both sides",
                     r"decryption failed\?.*could not decrypt payloads", ["--psk", "123456"]),
    "no_common_phase_1_proposal": (["--ike-proposal", "aes256-sha256-modp2048"],
                                   r"P1_\w+ .*", r"received NO_PROPOSAL_CHOSEN error notify",
                                   ["--ike-proposal", "aes128-md5-modp768"]),
    "no_common_phase_2_proposal": (["--esp-proposal", "aes256-sha256"],
                                   r"P2_\w+ .*", r"received NO_PROPOSAL_CHOSEN error notify",
                                   ["--esp-proposal", "aes128-md5"]),
    "different_selectors": (["--remote-ts", "192.168.77.0/24"],
                            r"P2_TS_MISMATCH .*", r"received INVALID_ID_INFORMATION error notify",
                            ["--remote-ts", "192.168.1.0/24"]),
}

IKE2 = {
    "wrong_secret": (["--psk", "mistyped"],
                     r"P1_PSK_MISMATCH .*the pre-shared keys differ",
                     r"received AUTHENTICATION_FAILED error notify", ["--psk", "123456"]),
    "no_common_phase_1_proposal": (["--ike-proposal", "aes256-sha256-modp2048"],
                                   r"P1_\w+ .*", r"received NO_PROPOSAL_CHOSEN notify error",
                                   ["--ike-proposal", "aes128-md5-modp768"]),
    "no_common_phase_2_proposal": (["--esp-proposal", "aes256-sha256"],
                                   r"P2_ALG_MISMATCH .*compare encryption",
                                   r"received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built",
                                   ["--esp-proposal", "aes128-md5"]),
    "different_selectors": (["--remote-ts", "192.168.77.0/24"],
                            r"P2_TS_MISMATCH .*set src-address and dst-address here",
                            r"received TS_UNACCEPTABLE notify, no CHILD_SA built",
                            ["--remote-ts", "192.168.1.0/24"]),
}


def disagree(ike, name):
    wrong, verdict, words, right = (DISAGREEMENTS if ike == 1 else IKE2)[name]
    with Lab(start=False, ike=ike) as lab, wire.Capture(lab) as cap:
        lab.peer("reconf", *wrong)
        lab.write_conf()
        lab.start_dataplane()
        lab.start_control()
        lab.sh(lab.site, "ping", "-c", "1", "-W", "1", "10.100.1.6", check=False)
        lab.control.wait_text(words, 40)
        lab.control.wait_text(verdict, 40)
        line = [x for x in lab.log().splitlines() if re.search(verdict, x)][0]
        need("123456" not in lab.log() and (name != "wrong_secret" or wrong[1] not in lab.log()),
             "a secret is in the log")
        if ike == 1:
            again = len(lab.log())
            lab.control.wait_text(words, 60, again)          # it tries again and says so again
        else:                        # the same refusal is said again after a while; it does try
            wait(lambda: len(re.findall(r"parsed (?:IKE_SA_INIT|CREATE_CHILD_SA) request",
                                        lab.cloud_log())) >= 2, 40, "another attempt")
        need(not any(lab.sas().values()), "SAs without agreement: %s" % lab.sas())
        peers = lab.cli("ip", "ipsec", "active-peers", "print")
        need(len(peers) <= 2, "attempts pile up: %s" % peers)
        logged = lab.cli("system", "log", "print")
        need(any(re.search(verdict, r["message"]) for r in logged),
             "system log print has no such line")
        lab.peer("reconf", *right, "--flush")
        lab.established(90)
        lab.reachable()
        lab.ping_both(3)
        cap.stop()
        cap.need_no_clear()
        return line[line.index(" P"):][:200]


for _name in DISAGREEMENTS:
    case(_name, timeout=240, param=(1, _name))(lambda x: disagree(*x))
for _name in IKE2 if os.environ.get("ESPGW_LONG") else ("wrong_secret",
                                                       "no_common_phase_2_proposal"):
    case("ike2_" + _name, timeout=240, param=(2, _name))(lambda x: disagree(*x))


@case(timeout=240)
def silent_peer():
    """retransmits with growing gaps, says so, and comes up when the peer speaks"""
    with Lab(start=False) as lab, wire.Capture(lab) as cap:
        lab.peer("cut")
        lab.write_conf()
        lab.start_dataplane()
        lab.start_control()
        lab.sh(lab.site, "ping", "-c", "1", "-W", "1", "10.100.1.6", check=False)
        lab.control.wait_text(r"(?i)retransmit", 30)
        wait(lambda: len(cap.phase1_starts()) >= 4, 60, "4 first messages")
        starts = cap.phase1_starts()
        same = [t for t, c in starts if c == starts[0][1]]
        gaps = [b - a for a, b in zip(same, same[1:])]
        need(len(gaps) >= 2 and all(b > a * 1.2 for a, b in zip(gaps, gaps[1:])),
             "retransmissions do not back off: %s" % gaps)
        need(not any(lab.sas().values()), "SAs without a peer")
        lab.peer("uncut")
        lab.established(120)
        lab.ping_both(3)
        cap.stop()
        cap.need_no_clear()
        return "gaps of " + ", ".join("%.1f s" % g for g in gaps)


if __name__ == "__main__":
    cases.main()
