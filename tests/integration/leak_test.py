#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""leak_test.py - nothing grows and nothing stays: memory, descriptors, files, SAs."""
import glob
import os

import cases
from cases import case
from lab import Lab, need, wait


def rss(pid):
    """private memory: of the shared segment every page is met in time"""
    with open("/proc/%d/statm" % pid) as f:
        resident, shared = f.read().split()[1:3]
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def pid_of(daemon):
    """the program itself: `ip netns exec` has become it"""
    return daemon.p.pid


def traces(lab):
    out = []
    for d in ("/dev/shm", "/run", "/run/espgw", "/run/dpdk", "/run/lock", "/tmp", "/var/tmp"):
        out += [p for p in glob.glob("%s/*%s*" % (d, lab.id)) if p != lab.dir]
    return [p for p in out if "/netns" not in p]


@case()
def an_orderly_stop_leaves_nothing_and_can_be_repeated():
    with Lab() as lab:
        for again in range(3):
            if again:
                lab.start_dataplane()
                lab.start_control()
            lab.established()
            lab.reachable()
            need(lab.stop() == (0, 0), "exit status of control and dataplane")
            need(not traces(lab), "left behind: %s" % traces(lab))
            wait(lambda: not lab.cloud_children(), 10, "the cloud to be told of the end")


@case(timeout=180)
def a_hundred_tunnels_one_after_the_other_cost_no_memory():
    with Lab() as lab:
        def cycle(n):
            for _ in range(n):
                before = {r["spi"] for r in lab.sas()["out"]}
                lab.cli_text("ip", "ipsec", "active-peers", "kill-connections")

                def anew():                    # and ended before anything is sent through it
                    sas = lab.sas()
                    return not before & {r["spi"] for r in sas["out"]} and \
                        all(any(r["state"] == "mature" for r in rows) for rows in sas.values())
                lab.sh(lab.site, "ping", "-c", "1", "-W", "0.02", "10.100.1.6", check=False)
                wait(anew, 20, "a new tunnel")
        lab.established()
        cycle(20)
        pids = [pid_of(lab.control), pid_of(lab.dataplane)]
        old = [(rss(p), descriptors(p)) for p in pids]
        cycle(80)
        new = [(rss(p), descriptors(p)) for p in pids]
        for name, pid, (m0, d0), (m1, d1) in zip(("control", "dataplane"), pids, old, new):
            need(m1 - m0 < 512 << 10, "%s grew from %d to %d bytes in 80 tunnels" % (name, m0, m1))
            # the last client of the console may just be going
            wait(lambda p=pid, d=d0: descriptors(p) <= d, 5, "%s to have %d descriptors again, not %d"
                 % (name, d0, d1))
        wait(lambda: all(len(r) == 1 for r in lab.sas().values()), 5, "old SAs to go")
        wait(lambda: len(lab.cli("ip", "ipsec", "active-peers", "print")) == 1, 5, "old peers to go")
        lab.ping_both(3)


if __name__ == "__main__":
    cases.main()
