#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""demand_test.py - start=traffic: the first packets begin the tunnel, wait for it and go through."""
import cases
import wire
from cases import case
from lab import Lab, Stream, need, wait
from suites import MODERN, TUTORIAL

HELD = 32                          # packets that wait for one policy


def lab_of(ike, **kw):
    return Lab(suite=MODERN if ike == 2 else TUTORIAL, ike=ike, peer={"start": "traffic"}, **kw)


def ike_frames(cap):
    return sum(1 for _, f in cap.frames() if f[12:14] == b"\x08\x00" and f[23] == 17 and
               f[36:38] in (b"\x01\xf4", b"\x11\x94"))


def no_states(lab):
    return int(lab.statistics().get("out-no-states", 0))


def first_ping(ike):
    with lab_of(ike) as lab, wire.Capture(lab) as quiet:
        lab.ping("site", 1, wait_s=10, dst=lab.inside.site_gw)          # the gateway answers: it is at work
        quiet.stop()
        need(ike_frames(quiet) == 0, "IKE without traffic")
        with wire.Capture(lab) as cap:
            need(lab.ping("site", 1, wait_s=10) == (1, 1), "the first ping was not answered")
            lab.ping_both(3)
            cap.stop()
            cap.need_no_clear()
            need(no_states(lab) == 0, "%d packets were dropped" % no_states(lab))
            # What the other side takes down stays down until there is traffic again.
            lab.peer("terminate")
            wait(lambda: not any(lab.sas().values()) and
                 not lab.cli("ip", "ipsec", "active-peers", "print"), 20, "the SAs to go")
            need(lab.ping("site", 1, wait_s=10) == (1, 1), "the next first ping")
            return cap.need_genuine(wire.cloud_keys(lab), "--first-seq", "1", min_ok=8)


@case()
def the_first_ping_is_answered_ikev1():
    return first_ping(1)


@case()
def the_first_ping_is_answered_ikev2():
    return first_ping(2)


@case()
def so_many_wait_in_order_and_the_oldest_give_way():
    with lab_of(2) as lab:
        lab.peer("cut")
        more = 8
        s = Stream(lab, "site", pps=400, count=HELD + more)
        wait(lambda: no_states(lab) == more, 10, "%d packets to be dropped" % more)
        lab.peer("uncut")
        lab.established(30)
        lab.ping_both(3)
        got = s.end()
        need(got["received"] == HELD and got["duplicates"] == 0 and
             got["missing"] == list(range(more)), "the stream: %s" % got)
        need(no_states(lab) == more, "%d packets were dropped" % no_states(lab))
        return "%d of %d, the newest" % (got["received"], got["sent"])


if __name__ == "__main__":
    cases.main()
