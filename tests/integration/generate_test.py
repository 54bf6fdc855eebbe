#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""generate_test.py - a road warrior: whoever knows the secret asks for networks, and gets what a
template covers, for as long as it has SAs.
"""
import cases
import wire
from cases import case
from lab import Lab, need, wait
from suites import MODERN, SITE_NET, TUTORIAL

GROUP = "warriors"
THEIRS = "10.100.1.0/28"           # strongSwan needs an address of its own in it


def lab_of(ike, theirs):
    """a gateway that has no policy but a template; strongSwan asks for `theirs` of its side"""
    template = {"template": True, "group": GROUP, "src-address": "192.168.0.0/16",
                "dst-address": "10.100.0.0/16", "proposal": "to_tencent"}
    return Lab(suite=MODERN if ike == 2 else TUTORIAL, ike=ike,
               peer={"address": "0.0.0.0/0", "passive": True},
               profile={"dpd-interval": "2s", "dpd-maximum-failures": 2},
               identity={"generate-policy": "port-strict", "policy-template-group": GROUP},
               more={"policy": [template], "policy-group": [{"name": GROUP}]},
               cloud=["--local-ts", theirs, "--dpd", "2s"])


def policies(lab):
    rows = lab.cli("ip", "ipsec", "policy", "print")
    need(rows[0]["template"] == "true", "the template: %s" % rows)
    return [r for r in rows if r.get("dynamic") == "true"]


def prove(ike):
    theirs = THEIRS
    with lab_of(ike, theirs) as lab, wire.Capture(lab) as cap:
        need(not policies(lab), "a policy before anybody asked")
        lab.initiate("cloud")
        lab.established()
        rows = policies(lab)
        need(len(rows) == 1 and rows[0]["src-address"] == SITE_NET and
             rows[0]["dst-address"] == theirs and rows[0]["ph2-state"] == "established",
             "policies: %s" % rows)
        text = lab.cli_text("ip", "ipsec", "policy", "print").stdout
        need("T - template" in text and "\n 0 T" in text and "\n 1 DA" in text, "flags: " + text)
        need(GROUP in lab.cli_text("ip", "ipsec", "policy", "group", "print").stdout, "no group")
        need(theirs not in lab.cli_text("export").stdout, "a dynamic policy is exported")
        lab.ping_both(5)
        first = lab.sas()["in"][0]["spi"]
        lab.peer("rekey")
        wait(lambda: lab.mature() and lab.sas()["in"][-1]["spi"] != first, 20, "another pair")
        need(len(policies(lab)) == 1, "policies: %s" % policies(lab))
        lab.ping_both(3)
        cap.stop()
        cap.need_no_clear()
        said = cap.need_genuine(wire.cloud_keys(lab), min_ok=16)
        # It goes with what the peer deletes, and comes again.
        lab.peer("terminate")
        wait(lambda: not policies(lab) and not lab.sas()["in"], 20, "the policy to go")
        lab.initiate("cloud")
        lab.established()
        need(len(policies(lab)) == 1, "policies: %s" % policies(lab))
        lab.ping_both(2)
        # Outside of the template.
        lab.peer("terminate")
        wait(lambda: not policies(lab), 20, "the policy to go")
        lab.peer("reconf", "--local-ts", "10.101.1.0/28")
        lab.initiate("cloud", check=False)
        wait(lambda: "P2_TS_MISMATCH" in lab.cli_text("diagnose").stdout, 10, "the refusal")
        need('template group "%s": 192.168.0.0/16 === 10.100.0.0/16' % GROUP in lab.log(),
             "the group is not named")
        need(not policies(lab) and not lab.sas()["in"], "something came of it")
        return said


@case()
def ikev1_takes_what_the_template_covers():
    return prove(1)


@case()
def ikev2_takes_what_the_template_covers():
    return prove(2)


@case()
def it_outlives_control_and_ends_with_the_warrior():
    with lab_of(2, THEIRS) as lab, wire.Capture(lab) as cap:
        lab.initiate("cloud")
        lab.established()
        rows, spis = policies(lab), [s["spi"] for s in lab.sas()["in"] + lab.sas()["out"]]
        need(len(rows) == 1, "policies: %s" % rows)
        lab.control.kill(9)
        lab.ping_both(3)
        lab.start_control()
        for _ in range(3):                     # while the policies are sent anew, and after
            lab.ping_both(5)
        need([s["spi"] for s in lab.sas()["in"] + lab.sas()["out"]] == spis, "other SAs")
        need(len(policies(lab)) == 1, "policies: %s" % policies(lab))
        cap.stop()
        cap.need_no_clear()
        lab.peer("cut")
        wait(lambda: not policies(lab) and not lab.sas()["in"], 45, "the policy to go")


if __name__ == "__main__":
    cases.main()
