#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""dataplane_test.py - espgw-dataplane alone: start and stop, refusals, and its segment driven by hand."""
import os
import time

import cases
from alone import PORTS, SMALL, Alone
from cases import case
from inject import esp, ip, udp, wan
from lab import equal, need, telemetry, wait
import inject
import segment

OUT_NO_STATES, IN_TEMPLATE_MISMATCHES, OUT_POLICY_BLOCKED = 18, 11, 23
DISCARD, NET_L2 = 2, 26


@case()
def answers_ping_on_a_tap_without_hugepages():
    with Alone() as a:
        a.kernel_host()
        need(a.sh("ping", "-c1", "-W1", "192.168.1.1", check=False).returncode != 0,
             "answered before it had an address")
        a.forget("192.168.1.1")
        a.seg.policies([])
        a.seg.net([(0, "192.168.1.1/24"), (1, "192.0.2.1/24")], [("0.0.0.0/0", "192.0.2.254")])
        a.echo("192.168.1.1", 20)


@case()
def nothing_passes_before_the_first_policies():
    with Alone() as a:
        a.kernel_host()
        a.seg.net([(0, "192.168.1.1/24")])
        need(a.sh("ping", "-c3", "-i0.1", "-W1", "192.168.1.1", check=False).returncode == 1,
             "a ping was answered")
        a.forget("192.168.1.1")
        a.seg.policies([])
        a.echo("192.168.1.1", 1)


@case()
def installs_and_refuses_with_the_right_codes():
    with Alone() as a:
        s = a.seg
        nets = ("192.168.1.0/24", "10.100.1.0/24")
        ends = ("192.0.2.1", "192.0.2.2")
        s.net([(0, "192.168.1.1/24"), (1, "192.0.2.1/24")])
        s.policies([(7, 1, *nets)])
        good = s.sa(1, segment.OUT, 7, *ends, *nets)
        s.must(segment.SA_ADD, good)
        s.must(segment.SA_ADD, s.sa(2, segment.IN, 7, *ends, *nets))
        need(s.sa_status(1)[0] == segment.MATURE, "SA 1 is %r" % (s.sa_status(1),))
        for what, want, got in (
                ("slot taken", segment.EXISTS, s.ask(segment.SA_ADD, good)),
                ("no such policy", segment.NOT_FOUND,
                 s.ask(segment.SA_ADD, s.sa(3, segment.OUT, 8, *ends, *nets))),
                ("slot out of range", segment.BAD_FIELD,
                 s.ask(segment.SA_ADD, s.sa(64, segment.OUT, 7, *ends, *nets))),
                ("SPI reserved", segment.BAD_FIELD,
                 s.ask(segment.SA_ADD, s.sa(3, segment.OUT, 7, *ends, *nets, spi=255))),
                ("length", segment.BAD_LENGTH, s.ask(segment.SA_ADD, good, length=500)),
                ("type", segment.BAD_TYPE, s.ask(99, b"")),
                ("out of order", segment.BAD_SEQUENCE,
                 s.ask(segment.POLICY_COMMIT, bytes(8))),
                ("wrong SPI", segment.NOT_FOUND, s.delete(1, 0x12345)),
                ("delete", segment.OK, s.delete(1)),
                ("delete again", segment.NOT_FOUND, s.delete(1))):
            need(got == want, "%s: status %d, not %d" % (what, got, want))
        need(s.sa_status(1)[0] == 0, "slot 1 is not free")
        s.must(segment.SA_FLUSH, bytes(8))
        need(s.sa_status(2)[0] == 0, "slot 2 is not free")


@case()
def telemetry_tells_drops_and_their_headers():
    with Alone() as a:
        a.kernel_host()
        a.sh("ip", "route", "add", "10.100.1.0/24", "via", "192.168.1.1")
        a.seg.policies([(1, DISCARD, "192.168.1.0/24", "10.100.1.0/24")])
        a.seg.net([(0, "192.168.1.1/24"), (1, "192.0.2.1/24")], [("0.0.0.0/0", "192.0.2.254")])
        a.sh("ping", "-c11", "-i0.02", "-W1", "10.100.1.6", check=False)
        wait(lambda: a.seg.drops(OUT_POLICY_BLOCKED) == 11, 5, "11 drops")
        drops = telemetry(a.id, "/espgw/drops")
        need(drops.get("out_policy_blocked") == 11, "counted: %s" % drops)
        samples = telemetry(a.id, "/espgw/drops,out-policy-blocked")
        need(sorted(samples) == sorted("0_%d" % i for i in range(4, 12)), "kept: %s" % samples)
        need(all(s["packet"] == "192.168.1.12>10.100.1.6 icmp type=8 code=0" and s["port"] == 0
                 and s["length"] == 98 for s in samples.values()), "kept: %s" % samples)


@case()
def telemetry_tells_drops_of_an_sa_by_reason_and_worker():
    with Alone(workers=2) as a:
        nets = ("192.168.1.0/24", "10.100.1.0/24")
        ends = ("192.0.2.1", "192.0.2.2")
        a.seg.net([(0, "192.168.1.1/24"), (1, "192.0.2.1/24")])
        a.seg.policies([(7, 1, *nets)])
        a.seg.must(segment.SA_ADD, a.seg.sa(5, segment.IN, 7, *ends, *nets))
        a.sh("ip", "link", "set", "wan0", "up")
        suite = segment.AES_SHA1
        key = {"spi": "0x10005", "integ": "HMAC_SHA1_96", "enc_key": suite.encr_key.hex(),
               "integ_key": suite.integ_key.hex()}
        inner = [ip(src, "192.168.1.12", 17, udp(1, 2, b"x" * 30))
                 for src in ("10.100.1.6", "10.100.2.6")]
        sent = [esp(key, n, inner[0], corrupt=True) for n in range(1, 8)]
        sent += [esp(key, 20 + n, inner[1]) for n in range(4)]
        head = a.seg.mac(1) + bytes.fromhex("020000000099") + b"\x08\0"
        with open(a.dir + "/frames", "w") as f:
            f.writelines((head + wan(p, 50, src=ends[1], dst=ends[0])).hex() + "\n" for p in sent)
        a.sh("/usr/bin/python3", inject.__file__, "wan0", a.dir + "/frames")
        want = {"in_state_protocol_errors": 7, "in_no_policies": 4}
        wait(equal(lambda: telemetry(a.id, "/espgw/sas,5")["reasons"], want), 5, "the drops")
        need(telemetry(a.id, "/espgw/sas,5")["drops"] == 11, "their sum")
        lines = [telemetry(a.id, "/espgw/sas,5,%d" % i) for i in range(a.seg.max_workers)]
        workers = [telemetry(a.id, "/espgw/workers,%d" % i)["drops"] for i in range(2)]
        for name, n in want.items():
            each = [x["reasons"].get(name, 0) for x in lines]
            need(sum(each) == n and each[:2] == [w.get(name, 0) for w in workers],
                 "%s by worker: %s, %s" % (name, each, workers))
        for bad in ("64", "5,", "5,99", "5,0,0", "x", "5;0"):
            need(telemetry(a.id, "/espgw/sas," + bad) is None, "%s was taken" % bad)


@case()
def telemetry_measures_stages_when_told_to():
    with Alone() as a:
        a.kernel_host()
        a.seg.policies([])
        a.seg.net([(0, "192.168.1.1/24")])
        need(telemetry(a.id, "/espgw/measure") == {"measuring": "off"}, "it measures unasked")
        a.echo("192.168.1.1")
        need(telemetry(a.id, "/espgw/stages")["parse"]["packets"] == 0, "it counted while off")
        need(telemetry(a.id, "/espgw/measure,on") == {"measuring": "on"}, "it does not measure")
        a.echo("192.168.1.1")
        def counted():                         # what has been sent is counted after
            stages = telemetry(a.id, "/espgw/stages,0")
            need(stages["parse"]["packets"] >= 5 and stages["tx"]["packets"] >= 5 and
                 stages["parse"]["cycles"] > 0 and sum(stages["fill"]) >= 1, "counted: %s" % stages)
            return True
        wait(counted, 2, "the stages")
        need(telemetry(a.id, "/espgw/measure,maybe") is None, "a bad parameter was taken")
        need(telemetry(a.id, "/espgw/measure,off") == {"measuring": "off"}, "it still measures")


TAGGED = """
import sys
from scapy.all import ARP, Dot1Q, Ether, ICMP, IP, conf, srp1
conf.verb = 0
vid, retries, us = int(sys.argv[1]), int(sys.argv[2]), "172.16.1.1"
me = dict(src="02:00:00:00:01:99")

def ask(packet):
    # scapy: an answer to something else may come first
    return srp1(packet, iface="lan0", timeout=1, retry=retries)

arp = ask(Ether(dst="ff:ff:ff:ff:ff:ff", **me) / Dot1Q(vlan=vid) /
          ARP(hwsrc=me["src"], psrc="172.16.1.12", pdst=us))
if arp is None:
    sys.exit("no answer")
echo = ask(Ether(dst=arp.src, **me) / Dot1Q(vlan=vid) / IP(src="172.16.1.12", dst=us) / ICMP())
print(arp[Dot1Q].vlan, arp[ARP].psrc, echo[Dot1Q].vlan, echo[ICMP].type)
"""


@case()
def a_vlan_is_a_port_of_its_own():
    with Alone(start=False) as a:
        a.write(PORTS.replace(" );", """,
              { name = "office"; device = "vlan100@lan"; } );""") + SMALL % 1)
        a.start()
        a.kernel_host()
        a.seg.policies([])
        a.seg.net([(0, "192.168.1.1/24"), (1, "192.0.2.1/24"), (2, "172.16.1.1/24")])
        got = a.sh("/usr/bin/python3", "-c", TAGGED, 100, 10).stdout.splitlines()[-1].split()
        need(got == ["100", "172.16.1.1", "100", "0"], "answered: %s" % got)
        a.echo("192.168.1.1", 3)
        before = a.seg.drops(NET_L2)
        need(a.sh("/usr/bin/python3", "-c", TAGGED, 101, 1, check=False).returncode == 1,
             "a VLAN that is no port was answered")
        wait(lambda: a.seg.drops(NET_L2) >= before + 2, 2, "frames of an unknown VLAN to be counted")


@case()
def asks_for_an_sa_and_lets_nothing_out_in_clear():
    with Alone() as a:
        a.kernel_host()
        a.sh("ip", "route", "add", "10.100.1.0/24", "via", "192.168.1.1")
        a.seg.net([(0, "192.168.1.1/24"), (1, "192.0.2.1/24")], [("0.0.0.0/0", "192.0.2.254")])
        a.seg.policies([(7, 1, "192.168.1.0/24", "10.100.1.0/24")])
        t = time.monotonic()
        a.sh("ping", "-c40", "-i0.02", "-W1", "10.100.1.6", check=False)
        wait(lambda: a.seg.drops(OUT_NO_STATES) == 40 - 32, 5, "what does not wait to be dropped")
        asked = 0
        while (e := a.seg.event()) is not None:
            asked += e[0] == segment.ACQUIRE
        t = time.monotonic() - t                            # of all that may have been asked for
        need(1 <= asked <= 1 + t, "%d ACQUIRE events in %.1f s, at most one a second" % (asked, t))
        sent = a.seg.sent(1)
        need(sent <= 2, "%d packets left on the WAN" % sent)       # our announcements


@case()
def a_second_one_of_the_same_name_is_refused():
    with Alone() as a:
        a.refused("another dataplane of instance " + a.id)
        need(a.dataplane.running() and a.seg.state() == segment.READY, "the first one suffered")
        at = a.seg.heartbeat()
        wait(lambda: a.seg.heartbeat() > at, 5, "the first one's heartbeat")


@case()
def several_run_side_by_side():
    with Alone(workers=2) as a, Alone(workers=2) as b:
        for x in (a, b):
            x.kernel_host()
            x.seg.policies([])
            x.seg.net([(0, "192.168.1.1/24")])
        for x in (a, b):
            x.echo("192.168.1.1")


@case()
def an_orderly_stop_leaves_nothing():
    with Alone() as a:
        old = a.seg
        need(a.dataplane.kill(15) == 0, "exit status")
        need(old.state() == segment.GONE, "the segment is not marked")
        left = [p for d in ("/dev/shm", "/run/dpdk") if os.path.isdir(d)
                for p in os.listdir(d) if a.id in p]
        need(not left, "left behind: %s" % left)


MEMIF = """interface = ( { name = "lan"; device = "net_memif0,role=%s,id=0,socket-abstract=no,socket=%s/lan"; },
              { name = "wan"; device = "net_memif1,role=%s,id=0,socket-abstract=no,socket=%s/wan"; } );
"""


@case()
def an_orderly_stop_is_one_beside_that_of_its_peer():
    """EAL gives its memory back while its own thread takes note that the peer is gone"""
    for _ in range(2):
        with Alone(start=False) as a, Alone(start=False) as b:
            for x, role in ((a, "server"), (b, "client")):
                x.write(MEMIF % (role, a.dir, role, a.dir) + SMALL % 1)
                x.start()
            wait(lambda: all(x.seg.m[x.seg.area["ports"][0] + 64 * p + 38] for x in (a, b) for p in (0, 1)), 5, "the links")
            for x in (a, b):
                x.dataplane.p.send_signal(15)
            codes = [x.dataplane.p.wait(20) for x in (a, b)]
            need(codes == [0, 0], "exit status %s" % codes)


@case()
def a_crash_keeps_sequence_marks_for_the_next():
    with Alone() as a:
        nets = ("192.168.1.0/24", "10.100.1.0/24")
        a.seg.policies([(7, 1, *nets)])
        a.seg.must(segment.SA_ADD, a.seg.sa(5, segment.OUT, 7, "192.0.2.1", "192.0.2.2", *nets))
        _, spi, mark = a.seg.sa_status(5)
        need(mark > 0, "no sequence numbers are reserved")
        old = a.seg
        a.dataplane.kill(9)
        need(os.path.exists(old.path), "the segment is gone")
        a.start()
        need(old.state() == segment.GONE, "the old segment is not marked")
        need(a.seg.sa_status(5) == (segment.DEAD, spi, mark), "SA 5 is %r, not DEAD with mark %d" %
             (a.seg.sa_status(5), mark))
        a.seg.policies([(7, 1, *nets)])
        body = bytearray(a.seg.sa(5, segment.OUT, 7, "192.0.2.1", "192.0.2.2", *nets))
        body[12] |= 4                                       # resume
        body[48:56] = mark.to_bytes(8, "little")            # after the mark
        a.seg.must(segment.SA_ADD, bytes(body))
        need(a.seg.sa_status(5)[2] > mark, "the mark did not move on")


@case()
def bad_starts_say_why_in_one_line():
    with Alone(start=False) as a:
        for text, words in (
                (PORTS + "dataplane = { worker = 1; };", (":3:", "\"worker\"", "workers")),
                (PORTS + "dataplane = { max-sas = 100; };", (":3:", "power of two")),
                ("dataplane = { };", ("no interface",)),
                ("interface = ( { name = \"x\"; device = \"net_af_packet0,iface=nope\"; } );\n" +
                 SMALL % 1, ("nope",)),
                ("interface = ( { name = \"x\"; device = \"net_nonsense0\"; } );\n" + SMALL % 1,
                 ("net_nonsense0",))):
            a.write(text)
            a.refused(*words)
        os.unlink(a.conf)
        a.refused("cannot be read")
        need(not [p for p in os.listdir("/dev/shm") if a.id in p], "a segment was left")


@case()
def leaves_no_core_file():
    with Alone() as a:
        with open("/proc/%d/limits" % a.dataplane.p.pid) as f:
            core = [x for x in f if x.startswith("Max core file size")][0].split()
        need(core[4] == core[5] == "0", "core files of up to %s bytes" % core[5])


@case()
def keeps_the_memory_that_a_table_was_compiled_in():
    """heap.h: given back to the kernel, it would stop every worker"""
    with Alone() as a:
        pid = a.dataplane.p.pid
        before = heap(pid)
        a.seg.policies([(7, 1, "192.168.1.0/24", "10.100.1.0/24")])
        grown = heap(pid) - before
        need(grown >= 1 << 20, "the heap has grown by %d bytes" % grown)
        return "%d KiB" % (grown >> 10)


@case()
def is_quiet_when_idle():
    with Alone() as a:
        pid, at = a.dataplane.p.pid, a.seg.heartbeat()
        t, used = time.monotonic(), cpu(pid)
        wait(lambda: a.seg.heartbeat() >= at + 2 * 10 ** 9, 20, "heartbeats of 2 s")
        share = (cpu(pid) - used) / (time.monotonic() - t)
        need(share < 0.8, "%.0f %% of a CPU without traffic" % (100 * share))
        return "%.0f %% of a CPU" % (100 * share)


def heap(pid):
    """bytes"""
    with open("/proc/%d/maps" % pid) as f:
        ends = [x.split()[0].split("-") for x in f if x.endswith("[heap]\n")]
    return sum(int(end, 16) - int(start, 16) for start, end in ends)


def cpu(pid):
    """seconds of CPU time"""
    with open("/proc/%d/stat" % pid) as f:
        rest = f.read().rpartition(")")[2].split()
    return (int(rest[11]) + int(rest[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    cases.main()
