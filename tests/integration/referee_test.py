#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""referee_test.py - what judges the others: esp-wire-check with captures made by hand, `wait` in a
case that is stopped, and what a stream takes for lost."""
import array
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile

import cases
import segment
from cases import case
from inject import esp, ip, udp, wan
from lab import HERE, Stream, need, run
from suites import CLOUD, CLOUD_HOST, GATEWAY, SITE_HOST
from wire import WIRE_CHECK

KEY = {"spi": "0x00012345", "enc": "AES_CBC", "integ": "HMAC_SHA1_96", "src": CLOUD, "dst": GATEWAY,
       "enc_key": segment.AES_SHA1.encr_key.hex(), "integ_key": segment.AES_SHA1.integ_key.hex()}


def judged(d, numbers, *options):
    """(exit status, what it says of a capture of these sequence numbers)"""
    with open(d + "/wan.pcap", "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))     # raw IP
        for n in numbers:
            b = wan(esp(KEY, n, ip(CLOUD_HOST, SITE_HOST, 17, udp(1, 2, b"x" * 30))))
            f.write(struct.pack("<IIII", 0, 0, len(b), len(b)) + b)
    with open(d + "/keys", "w") as f:
        json.dump([KEY], f)
    r = run(WIRE_CHECK, d + "/wan.pcap", "--keys", d + "/keys", *options, check=False)
    return r.returncode, r.stdout


@case()
def the_referee_counts_late_packets_and_those_that_never_came():
    late, all_ = ("--late", "9", "--contiguous"), ("--contiguous",)
    with tempfile.TemporaryDirectory(prefix="espgw-") as d:
        for numbers, options, bad in (
                ((1, 2, 3), all_, None), ((1, 2, 3), late, None),
                ((1, 3, 2), late, None), ((2, 1, 3), late, None), ((3, 2, 1), late, None),
                ((2, 1, 4), late, "1 sequence numbers never came"),
                ((4, 1), late, "2 sequence numbers never came"),
                ((1, 3), all_, "sequence number gap"),
                ((2, 1, 3), all_, "sequence number went back from 2"),
                ((3, 1, 2), ("--late", "1"), "sequence number went back from 3"),
                ((3, 1, 2), ("--late", "2"), None),
                ((1, 2, 2), late, "sequence number repeated")):
            code, text = judged(d, numbers, *options)
            need(code == bool(bad) and (bad or ", 0 bad") in text, "%s %s: exit %d\n%s" %
                 (numbers, options, code, text))
        for numbers, missing in (((2, 1, 3), 0), ((5, 1, 3), 2)):
            text = judged(d, numbers, "--late", "9")[1]
            need("seq 1..%d, %d not seen" % (max(numbers), missing) in text, "%s: %s" %
                 (numbers, text))


STOPPED = """
import cases, lab
calls = []
def seen():
    calls.append(1)
    if len(calls) == 2:                     # the first one has been noted by now
        print("READY", flush=True)
    raise lab.Fail("half of it")
@cases.case(name="x")
def _():
    lab.wait(seen, 1000, "all of it", every=0.01)
cases.main()
"""


@case()
def a_case_that_is_stopped_says_what_it_waited_for():
    with subprocess.Popen([sys.executable, "-c", STOPPED, "x"], stdout=subprocess.PIPE, text=True,
                          cwd=HERE) as p:
        need(p.stdout.readline() == "READY\n", "it did not start")
        p.send_signal(signal.SIGTERM)
        text = p.stdout.read()
    need(p.returncode == 143 and "FAIL x: stopped after" in text and
         re.search(r"stopped after \d+ s of waiting for all of it; last seen: half of it", text),
         "exit %d: %s" % (p.returncode, text))


@case()
def the_sleep_of_a_sender_is_not_time_that_was_lost():
    """one packet in 10 ms; the sender sleeps for 3 s and then sends at once what it owes"""
    with tempfile.TemporaryDirectory(prefix="espgw-") as d:
        s = Stream.__new__(Stream)
        s.pps, s.times = 100, os.path.join(d, "times")
        at = array.array("d", [0.01 * n for n in range(100)] + [4 + 1e-5 * n for n in range(300)] +
                         [4.01 + 0.01 * n for n in range(100)])
        with open(s.times, "wb") as f:
            at.tofile(f)
        for lost, top, seconds in (
                ((), 499, 0), (range(10, 60), 499, 0.5), (range(99, 400), 499, 0.01 + 0.01),
                (range(100, 399), 499, 0.003), ((), 399, 1.0), ((), -1, 2.01)):
            got = s._lost({"missing": list(lost), "top": top}, 500)
            need(abs(got - seconds) < 0.0005, "%s and from %d: %g s, not %g" %
                 (lost, top + 1, got, seconds))
            need(s.gone == [at[n] for n in [*lost, *range(top + 1, 500)]], "when: %s" % s.gone)


@case()
def what_a_product_holds_back_does_not_excuse_what_it_loses():
    rows = [{"late": 0.002, "worst_ms": 4000.0}, {"late": 0.05, "worst_ms": 1.0}]
    need(abs(Stream.stalled(rows) - 0.2) < 1e-9, "%g s" % Stream.stalled(rows))
    need(Stream.stalled([{"late": 60, "worst_ms": 1.0}]) == 1, "there is no end to it")


if __name__ == "__main__":
    cases.main()
