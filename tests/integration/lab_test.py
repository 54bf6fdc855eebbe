#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""lab_test.py - the lab itself: strongSwan on both ends, and nothing left behind after a kill."""
import os
import random
import signal
import subprocess
import sys
import time

import cases
import reaper
import wire
from cases import case
from inject import esp, ip, send, udp, wan
from lab import Fail, Lab, Stream, need, wait
from suites import CLOUD_HOST, GATEWAY, SITE_HOST


@case()
def strongswan_on_both_ends_carries_traffic():
    with Lab(gateway="strongswan") as lab, wire.Capture(lab) as cap:
        lab.initiate("site")
        lab.established()
        lab.ping_both()
        stream = Stream(lab, "cloud")
        got = lab.tcp(size=4 << 20)
        lab.tcp("cloud", size=1 << 20)
        stream.need_lossless()
        cap.stop()
        cap.need_no_clear()
        cap.need_genuine(wire.cloud_keys(lab))
        return "%.0f Mbit/s" % got["mbit"]


@case()
def strongswan_on_both_ends_carries_ipv6_over_ipv6():
    with Lab(gateway="strongswan", inner=6, outer=6) as lab, wire.Capture(lab) as cap:
        lab.initiate("site")
        lab.established()
        lab.ping_both()
        lab.tcp("cloud", size=1 << 20)
        cap.stop()
        cap.need_no_clear()
        return cap.need_genuine(wire.cloud_keys(lab), "--tshark")


@case()
def hand_made_packets_are_right():
    """an accepted one arrives and the referee likes it; a damaged one does neither"""
    with Lab(gateway="strongswan") as lab, wire.Capture(lab) as cap:
        lab.initiate("site")
        lab.established()
        keys = wire.cloud_keys(lab)
        key = [k for k in keys if k["dst"] == GATEWAY][-1]
        inner = ip(CLOUD_HOST, SITE_HOST, 17, udp(4444, 18902, b"made by hand"))
        with wire.Capture(lab, "lan") as lan:
            send(lab, [wan(esp(key, 5, inner)), wan(esp(key, 6, inner, corrupt=True))])
            wait(lambda: b"made by hand" in lan.data(), 5, "the packet on the LAN")
            lan.stop()
            n, _ = lan.inner(CLOUD_HOST, SITE_HOST)
            need(n == 1, "%d packets arrived instead of one" % n)
        cap.stop()
        try:
            cap.need_genuine(keys)
        except Fail as e:
            need("ICV" in str(e) and " ok, 1 bad" in str(e), str(e))
            return
        raise Fail("the referee took the damaged packet for a good one")


@case()
def clear_text_check_sees_clear_text():
    """the check that nothing is in clear must find it when it is"""
    with Lab(gateway="strongswan") as lab, wire.Capture(lab) as cap:
        lab.sh(lab.inet, "ping", "-c", "1", "-W", "1", "-I", "113.87.48.1", "113.87.48.200",
               check=False)
        lab.ip(lab.inet, "addr", "add", "192.168.1.77/32", "dev", "lo")
        lab.sh(lab.inet, "ping", "-c", "1", "-W", "1", "-I", "192.168.1.77", "113.87.48.200",
               check=False)
        cap.stop()
        try:
            cap.need_no_clear()
        except Fail as e:
            need("192.168.1.77" in str(e), "found something else: %s" % e)
            return
        raise Fail("192.168.1.77 went over the WAN in clear and was not seen")


def _victim(delay):
    """a lab in a process of its own that is killed `delay` seconds after its start"""
    p = subprocess.Popen([sys.executable, "-c", "import time, lab\n"
                          "class L(lab.Lab):\n"
                          "    def _wire(self):\n"
                          "        print(self.id, flush=True)\n"
                          "        super()._wire()\n"
                          "l = L(gateway='strongswan')\n"
                          "l.initiate('site'); l.helper('cloud', 'tcp-server')\n"
                          "time.sleep(60)\n"], cwd=os.path.dirname(os.path.abspath(__file__)),
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    run_id = p.stdout.readline().strip()
    time.sleep(delay)
    p.send_signal(signal.SIGKILL)
    p.wait()
    return run_id


@case(timeout=180)
def nothing_is_left_after_sigkill_at_any_point():
    rng = random.Random(7)
    for delay in sorted(rng.uniform(0, 5) for _ in range(6)):
        run_id = _victim(delay)
        need(run_id, "the victim did not start")

        def gone():
            left = reaper.leftovers(run_id)
            need(not left, "left: %s" % left)
            return True
        wait(gone, 30, "the reaper, after a kill at %.1f s" % delay)


if __name__ == "__main__":
    cases.main()
