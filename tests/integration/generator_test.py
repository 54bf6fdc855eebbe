#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""generator_test.py - what a packet generator sends: each drop counter that packets alone can move
rises by exactly their number and no other does; windows, padding, dummies and fragments of a peer."""
import struct

import cases
import segment
from alone import Alone
from cases import case
from inject import checksum, esp, ip, udp
from lab import equal, need, wait
from taps import Taps

GATEWAY, PEER = "192.0.2.1", "192.0.2.2"
LAN, HOST, FAR = "192.168.1.0/24", "192.168.1.12", "10.100.1.6"
REMOTE = "10.100.%d.0/24"
N = 9
IN_SLOT, OUT_SLOT = 3, 2
PROTECT, DISCARD, TRANSPORT = 1, 2, 2
HELD = 32                                                  # packets that wait for an SA of a policy
(IN_ERRORS, _, IN_HEADER_ERRORS, IN_NO_STATES, IN_PROTOCOL, IN_MODE, IN_SEQUENCE, IN_EXPIRED,
 IN_MISMATCHES, _, IN_TEMPLATE, IN_NO_POLICIES, IN_BLOCKED, _, _, OUT_BUNDLE, _, OUT_NO_STATES, _,
 OUT_MODE, OUT_SEQUENCE, OUT_EXPIRED, OUT_BLOCKED, OUT_DEAD, LAST) = range(1, 26)
NET_CONSUMED, NET_REASSEMBLY = 43, 45


class Site(Alone):
    """a dataplane, six policies, and frames by hand"""

    def __enter__(self):
        s = self.seg
        s.net([(0, "192.168.1.1/24"), (1, GATEWAY + "/24")], [("0.0.0.0/0", PEER)])
        self.rows = [(7, PROTECT, LAN, REMOTE % 1), (8, DISCARD, LAN, REMOTE % 8),
                     (9, PROTECT, LAN, REMOTE % 9), (10, PROTECT, LAN, REMOTE % 10, TRANSPORT),
                     (11, PROTECT, LAN, REMOTE % 11), (12, PROTECT, LAN, REMOTE % 12)]
        s.policies(self.rows)
        self.taps = Taps(self, PEER)
        self.number = 0
        return super().__enter__()

    def __exit__(self, *exc):
        self.taps.close()
        return super().__exit__(*exc)

    def install(self, slot, direction, policy, remote, **kw):
        self.seg.must(segment.SA_ADD, self.seg.sa(slot, direction, policy, GATEWAY, PEER, LAN,
                                                  remote, **kw))

    def ipsec(self):
        return [self.seg.drops(i) for i in range(1, LAST + 1)]

    def rises(self, what, counter, packets, iface, by=N):
        """send them: exactly this counter rises, by that much"""
        before = self.ipsec()
        for p in packets:
            self.taps.send(iface, p)
        want = [x + (by if i + 1 == counter else 0) for i, x in enumerate(before)]
        wait(lambda: need(self.ipsec()[counter - 1] >= want[counter - 1], self.ipsec()) or True, 5, what)
        self.settle()
        need(self.ipsec() == want, "%s: %s, not %s" % (what, self.ipsec(), want))

    def settle(self):
        """what was sent before has been through: an echo of the gateway's comes back"""
        self.sh("ping", "-c1", "-W5", "192.168.1.1")
        self.sh("ping", "-c1", "-W5", GATEWAY)

    def seal(self, payload, seq=None, slot=IN_SLOT, **kw):
        self.number = self.number + 1 if seq is None else seq
        k = segment.AES_SHA1
        key = {"spi": "0x%x" % (0x10000 + slot), "integ": "HMAC_SHA1_96",
               "enc_key": k.encr_key.hex(), "integ_key": k.integ_key.hex()}
        return esp(key, self.number, payload, **kw)

    def passes(self, what, frames, inner):
        """the frames on the WAN make this packet, one hop on, come out on the LAN"""
        for f in frames:
            self.taps.send("wan0", f)
        try:
            self.taps.receive("lan0", lambda p: p[20:] == inner[20:])
        except Exception:
            print(what)
            raise


def wan(payload, proto=50, tos=0):
    h = bytearray(ip(PEER, GATEWAY, proto, payload))
    h[1] = tos
    h[10:12] = b"\0\0"
    h[10:12] = struct.pack("!H", checksum(bytes(h[:20])))
    return bytes(h)


def inner(tag, src=FAR, dst=HOST, size=40):
    return ip(src, dst, 17, udp(tag, 5000, bytes([tag & 255]) * size))


def out(net, host=6):
    return [inner(100 + i, HOST, "10.100.%d.%d" % (net, host)) for i in range(N)]


def pieces(packet, size):
    """an IPv4 packet in fragments of so many bytes of payload"""
    head, data, got = packet[:20], packet[20:], []
    for at in range(0, len(data), size):
        part = data[at:at + size]
        more = 0x2000 if at + size < len(data) else 0
        h = bytearray(head[:2] + struct.pack("!HHH", 20 + len(part), 7, more | at // 8) +
                      head[8:10] + b"\0\0" + head[12:20])
        h[10:12] = struct.pack("!H", checksum(bytes(h)))
        got.append(bytes(h) + part)
    return got


@case(timeout=120)
def each_counter_rises_by_the_packets_sent_inbound():
    with Site() as a:
        a.install(IN_SLOT, segment.IN, 7, REMOTE % 1)
        a.passes("a genuine one", [wan(a.seal(inner(1)))], inner(1))
        replayed = wan(a.seal(inner(2)))
        a.passes("one to be replayed", [replayed], inner(2))
        unknown = [wan(struct.pack("!II", spi, 1) + bytes(60))
                   for spi in [0, 1, 255, 0x10000 + OUT_SLOT, 0xffffffff] + [0x7fff0000] * (N - 5)]
        for what, counter, packets in (
                ("CE on what is not capable", IN_ERRORS,
                 [wan(a.seal(inner(3)), tos=3) for _ in range(N)]),
                ("shorter than an ESP header", IN_HEADER_ERRORS,
                 [wan(bytes(i % 8)) for i in range(N)]),
                ("unknown SPI", IN_NO_STATES, unknown),
                ("wrong ICV", IN_PROTOCOL, [wan(a.seal(inner(3), corrupt=True)) for _ in range(N)]),
                ("wrong pad bytes", IN_PROTOCOL,
                 [wan(a.seal(inner(3), pad_byte=0)) for _ in range(N)]),
                ("not whole blocks", IN_PROTOCOL,
                 [wan(a.seal(inner(3))[:-1 - i]) for i in range(N)]),
                ("transport mode's next header", IN_MODE,
                 [wan(a.seal(inner(3), next_header=6)) for _ in range(N)]),
                ("replayed", IN_SEQUENCE, [replayed] * N),
                ("plain SA, in UDP", IN_MISMATCHES,
                 [ip(PEER, GATEWAY, 17, udp(4500, 4500, a.seal(inner(3)))) for _ in range(N)]),
                ("protected, in clear", IN_TEMPLATE, [inner(3) for _ in range(N)]),
                ("source outside the selectors", IN_NO_POLICIES,
                 [wan(a.seal(inner(3, src="10.100.2.6"))) for _ in range(N)]),
                ("discard policy", IN_BLOCKED, [inner(3, src="10.100.8.6") for _ in range(N)])):
            a.rises(what, counter, packets, "wan0")
        a.install(4, segment.IN, 7, REMOTE % 1, hard_packets=1)
        a.passes("the last of a lifetime", [wan(a.seal(inner(4), 1, 4))], inner(4))
        a.rises("past its lifetime", IN_EXPIRED,
                [wan(a.seal(inner(4), 2 + i, 4)) for i in range(N)], "wan0")


@case(timeout=120)
def each_counter_rises_by_the_packets_sent_outbound():
    with Site() as a:
        a.install(OUT_SLOT, segment.OUT, 7, "10.100.1.0/25")
        a.install(11, segment.OUT, 11, REMOTE % 11, seq_start=2**32 - 1)
        a.install(12, segment.OUT, 12, REMOTE % 12, hard_packets=1)
        a.taps.send("lan0", inner(1, HOST, "10.100.12.6"))
        a.taps.receive("wan0", lambda p: p[9] == 50)       # the last of its lifetime
        for what, counter, packets in (
                ("the SA carries less than its policy says", OUT_BUNDLE, out(1, 200)),
                ("a transport policy, in transit", OUT_MODE, out(10)),
                ("no number is left", OUT_SEQUENCE, out(11)),
                ("past its lifetime", OUT_EXPIRED, out(12)),
                ("discard policy", OUT_BLOCKED, out(8))):
            a.rises(what, counter, packets, "lan0")
        held = [inner(i, HOST, "10.100.9.6") for i in range(HELD + N)]
        a.rises("more than may wait for an SA", OUT_NO_STATES, held, "lan0")
        before = a.ipsec()
        a.seg.policies([r for r in a.rows if r[0] != 9], 2)
        want = [x + (HELD if i + 1 == OUT_DEAD else 0) for i, x in enumerate(before)]
        wait(equal(a.ipsec, want), 5, "the policy of held packets to be gone")


@case(timeout=60)
def windows_are_as_large_as_they_say():
    top = 200_000
    with Site() as a:
        for slot, window in enumerate((64, 100, 1024, 65536), 4):
            a.install(slot, segment.IN, 7, REMOTE % 1, window=window)
            for tag, seq in ((1, 1), (2, top), (3, top - window + 1), (4, top - 31)):
                a.passes("number %d of a window of %d" % (seq, window),
                         [wan(a.seal(inner(tag), seq, slot))], inner(tag))
            a.rises("window of %d" % window, IN_SEQUENCE,
                    [wan(a.seal(inner(9), seq, slot)) for seq in (
                        top, top - window + 1, top - 31, top - window, top - window - 1, 1, 0, 2,
                        top // 2)], "wan0")
            a.passes("one that was not taken", [wan(a.seal(inner(5), top - window + 2, slot))],
                     inner(5))


@case()
def padding_dummies_and_fragments_of_a_peer():
    with Site() as a:
        a.install(IN_SLOT, segment.IN, 7, REMOTE % 1)
        before = a.ipsec()
        for tag, more in enumerate((1, 15, 16, 700), 1):   # RFC 4303 section 2.7
            a.passes("%d bytes of padding" % more,
                     [wan(a.seal(inner(tag) + bytes([0xcc]) * more))], inner(tag))
        consumed = a.seg.drops(NET_CONSUMED)
        for _ in range(N):                                 # section 2.6
            a.taps.send("wan0", wan(a.seal(b"\x5a" * 50, next_header=59)))
        wait(lambda: a.seg.drops(NET_CONSUMED) >= consumed + N, 5, "dummies are consumed")
        whole = inner(6, size=1300)
        for order in (slice(None), slice(None, None, -1)):
            a.passes("fragments", pieces(wan(a.seal(whole)), 400)[order], whole)
        a.passes("a fragment inside", [wan(a.seal(p)) for p in pieces(whole, 400)[:1]],
                 pieces(whole, 400)[0])
        lost = a.seg.drops(NET_REASSEMBLY)
        some = pieces(wan(a.seal(whole)), 400)
        shifted = bytearray(some[1])
        shifted[7] -= 1                                    # over the end of the first
        shifted[10:12] = b"\0\0"
        shifted[10:12] = struct.pack("!H", checksum(bytes(shifted[:20])))
        for f in (some[0], bytes(shifted), *some[1:]):
            a.taps.send("wan0", f)
        a.settle()
        need(a.ipsec() == before, "%s, not %s" % (a.ipsec(), before))
        wait(lambda: a.seg.drops(NET_REASSEMBLY) > lost, 40, "overlapping ones are given up")


if __name__ == "__main__":
    cases.main()
