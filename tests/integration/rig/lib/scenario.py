# SPDX-License-Identifier: BSD-3-Clause
"""scenario.py - what the rig's scenarios share: the list of them, checks, one tunnel's test."""
from pair import Fail, Pair

TESTS = {}
QUICK = []


def test(name, quick=False):
    def deco(f):
        TESTS[name] = f
        if quick:
            QUICK.append(name)
        return f
    return deco


def need(cond, why):
    if not cond:
        raise Fail(why)


def proto(ike, ikep, espp):
    return ["--ike", ike, "--ike-proposal", ikep, "--esp-proposal", espp]


def mbps(j):
    return j["end"]["sum_received"]["bits_per_second"] / 1e6


def wire(p, pcap, *args, tshark=True):
    r = p.wire_check(pcap, *args, *(["--tshark"] if tshark else []))
    need(r.returncode == 0, "esp-wire-check:\n" + r.stdout)
    return r.stdout.strip().splitlines()[-1]


def tunnel(ike, ikep, espp, secs=1.0, tshark=True, expect=None, more=(),
           big=True, rate="20M"):
    """bring a tunnel up, ping and iperf3 across it, check the wire"""
    with Pair(common=[*proto(ike, ikep, espp), *more]) as p:
        c = p.capture()
        p.initiate()
        p.peer("b", "wait")
        for frm in "ab":
            s, r = p.ping(frm)
            need(s == r, "ping from %s: %d of %d came back" % (frm, r, s))
        if big:
            s, r = p.ping("a", size=3000, count=2)
            need(s == r, "ping of 3000 bytes: %d of %d" % (r, s))
        j = p.iperf("a", secs=int(secs), extra=["-b", rate])
        p.iperf("b", secs=int(secs), extra=["-b", rate])
        f = p.end_capture(c)
        res = wire(p, f, "--first-seq", "1", tshark=tshark)
        ch = p.child_sas("a")[0]
        alg = "/".join(filter(None, [
            ch.get("encr-alg"), ch.get("encr-keysize"), ch.get("integ-alg"),
            ch.get("dh-group")]))
        ikesa = list(p.sas("a")[0].values())[0]
        ikealg = "/".join(filter(None, [
            ikesa.get("encr-alg"), ikesa.get("encr-keysize"),
            ikesa.get("integ-alg"), ikesa.get("prf-alg"),
            ikesa.get("dh-group")]))
        need(ch.get("encap") == "yes", "not UDP-encapsulated")
        return "%s | %s | iperf3 %.0f Mbit/s | %s" % (ikealg, alg, mbps(j),
                                                       res)
