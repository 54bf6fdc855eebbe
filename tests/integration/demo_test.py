#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""demo_test.py - scripts/demo beside itself, and killed."""
import os
import random
import signal
import subprocess
import time

import cases
import reaper
from cases import case
from lab import BUILD, TOP, need, wait

DEMO = os.path.join(TOP, "scripts", "demo")


def start(mark, *args):
    env = dict(os.environ, ESPGW_BUILD=BUILD, **{reaper.variable(mark): "1"})
    env.pop("ESPGW_REAPER", None)
    return subprocess.Popen([DEMO, *args], env=env, stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def runs(mark):
    """identifiers of the runs below a mark, from their reapers"""
    want, out = (reaper.variable(mark) + "=").encode(), set()
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % p, "rb") as f:
                env = f.read().split(b"\0")
        except OSError:
            continue
        if any(e.startswith(want) for e in env):
            out |= {e.split(b"=")[1].decode() for e in env if e.startswith(b"ESPGW_REAPER=")}
    return out


def need_gone(mark, ids):
    def gone():
        left = reaper.members(mark, (os.getpid(),)) + [x for i in ids for x in
                                                       reaper.leftovers(i)]
        need(not left and not runs(mark), "left: %s %s" % (left, runs(mark)))
        return True
    wait(gone, 40, "the demo's traces to go")


@case(timeout=300)
def two_at_once_succeed():
    marks = [reaper.new_id() for _ in range(2)]
    ends = [p.communicate(timeout=280)[0] + "exit %d" % p.returncode
            for p in [start(m) for m in marks]]
    for m, text in zip(marks, ends):
        need(text.endswith("exit 0"), text)
        need("100000000 bytes" in text and " 0 % lost" in text, text)
        need_gone(m, ())
    return [x.strip() for x in ends[0].splitlines() if "Mbit/s," in x][-1]


class Doomed:
    """a demo that is to be killed so many seconds after it has a reaper"""

    def __init__(self, delay, sig):
        self.mark = reaper.new_id()
        self.delay, self.sig, self.ids = delay, sig, set()
        self.p, self.begun = start(self.mark), None

    def look(self):
        """killed now? else note what runs"""
        need(self.p.poll() is None, "the demo has ended before %.1f s" % self.delay)
        self.ids |= runs(self.mark)
        if self.ids and self.begun is None:
            self.begun = time.monotonic()
        if self.begun is None or time.monotonic() - self.begun < self.delay:
            return False
        self.p.send_signal(self.sig)
        self.p.communicate(timeout=60)
        need_gone(self.mark, self.ids)
        return True


@case(timeout=300)
def killed_at_any_point_it_leaves_nothing():
    rng = random.Random(11)
    # One moment of each part of its life; two demos at a time, so one more runs when one is killed.
    delays = [9 * (i + rng.random()) / 6 for i in range(6)]
    for pair in zip(delays[::2], delays[1::2]):
        left = [Doomed(d, s) for d, s in zip(pair, (signal.SIGKILL, signal.SIGTERM))]
        while left:
            left = [d for d in left if not d.look()]
            time.sleep(0.1)


if __name__ == "__main__":
    cases.main()
