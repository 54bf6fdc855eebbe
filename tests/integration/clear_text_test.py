#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""clear_text_test.py - what a policy protects never crosses the WAN readable, either way."""
import cases
import wire
from cases import case
from inject import ip, send, udp
from lab import Lab, Stream, need, wait
from suites import CLOUD_HOST, SITE_HOST

MARK = "this-text-must-never-be-readable-on-the-wan-"


def stream(lab, frm, port):
    return Stream(lab, frm, pps=200, port=port, mark=MARK)


@case(timeout=150)
def nothing_is_readable_before_during_and_after_the_tunnel():
    # The cable to the gateway: strongSwan itself has nothing that keeps its own side's packets from
    # leaving in clear while there is no SA.
    with Lab(start=False) as lab, wire.Capture(lab) as cap:
        lab.peer("cut")
        lab.write_conf()
        site, cloud = stream(lab, "site", 18900), stream(lab, "cloud", 18901)
        # A data plane that nobody has told anything, then one whose peer is silent.
        lab.start_dataplane()
        lab.ping("site", 5, wait_s=1)
        lab.start_control()
        lab.ping("site", 10, wait_s=1)
        need(not lab.sas()["out"], "an SA without a peer: %s" % lab.sas())
        lab.peer("uncut")
        lab.established(60)
        lab.ping_both(5)
        lab.cli_text("ip", "ipsec", "installed-sa", "flush")
        lab.ping("site", 5, wait_s=1)
        lab.established(30)
        lab.reachable("site")
        lab.cli_text("ip", "ipsec", "active-peers", "kill-connections")
        lab.ping("site", 5, wait_s=1)
        lab.established(30)
        lab.control.kill(15)                   # orderly: takes its SAs away
        lab.ping("site", 5, wait_s=1)
        lab.dataplane.kill(9)
        lab.start_dataplane()
        lab.ping("site", 5, wait_s=1)
        lab.dataplane.kill(15)
        lab.ping("site", 3, wait_s=1)
        site.end(0.1), cloud.end(0.1)
        cap.stop()
        return "%d frames" % cap.need_no_clear([MARK])


@case()
def clear_packets_that_a_policy_covers_are_not_let_in():
    """RFC 4301 section 5.2: with the tunnel up and without it"""
    with Lab() as lab:
        lab.established()
        lab.ping_both(3)

        def blocked():
            return sum(int(v) for k, v in lab.statistics().items()
                       if k.startswith("in-") and str(v).isdigit())
        with wire.Capture(lab, "lan") as lan:
            before = blocked()
            send(lab, [ip(CLOUD_HOST, SITE_HOST, 17, udp(1000 + i, 18902, MARK.encode()))
                       for i in range(20)])
            wait(lambda: blocked() >= before + 20, 5, "20 drops to be counted")
            need(blocked() == before + 20, "%d drops counted for 20 packets" %
                 (blocked() - before))
            lab.ping_both(3)
            lan.stop()
            need(MARK.encode() not in lan.data(), "a forged clear packet reached the LAN")


@case()
def level_use_passes_in_clear_only_without_an_sa():
    """and no longer than that; `require`, above, never"""
    with Lab(start=False, policy={"level": "use", "allow-clear": True}) as lab, \
            wire.Capture(lab) as cap:
        lab.peer("cut")
        lab.write_conf()
        # What comes in clear from the cloud's network has to find a way to it and back.
        lab.start_dataplane()
        lab.start_control()
        site = stream(lab, "site", 18900)
        wait(lambda: MARK.encode() in cap.data(), 20, "clear text on the WAN")
        rows = lab.cli("ip", "ipsec", "policy", "print")
        need(rows[0]["ph2-state"] == "passing in clear", "policy: %s" % rows)
        need("packets leave IN CLEAR" in lab.log(), "no warning at load")
        with wire.Capture(lab, "lan") as lan:
            send(lab, [ip(CLOUD_HOST, SITE_HOST, 17, udp(1000, 18902, b"let-in"))])
            wait(lambda: b"let-in" in lan.data(), 5, "a clear packet on the LAN")
            lan.stop()
        lab.peer("uncut")
        lab.established(60)
        site.end(0.1)
        cap.stop()
        with wire.Capture(lab, "lan") as lan:
            send(lab, [ip(CLOUD_HOST, SITE_HOST, 17, udp(1000, 18904, b"kept-out"))])
            lab.ping_both(5)
            lan.stop()
            need(b"kept-out" not in lan.data(), "a clear packet on the LAN, with an SA")
        with wire.Capture(lab) as after:
            again = stream(lab, "site", 18903)
            lab.ping_both(5)
            again.end(0.1)
            after.stop()
            return "%d frames with the SA" % after.need_no_clear([MARK])


if __name__ == "__main__":
    cases.main()
