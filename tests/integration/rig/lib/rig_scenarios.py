# SPDX-License-Identifier: BSD-3-Clause
"""rig_scenarios.py - scenarios about the rig itself: its referee, its commands."""
import json
import os
import struct
import subprocess
import time

from pair import WIRE, Pair, run
from scenario import need, proto, test, wire


# ------------------------------------------------------------- wire referee --
@test("referee", quick=True)
def _():
    """esp-wire-check must notice every kind of damage"""
    with Pair(common=proto("1-main", "aes128-md5-modp768", "aes128-md5")) as p:
        c = p.capture(flt="udp port 4500")
        p.initiate()
        need(p.ping("a", count=5)[1] == 5, "no ping")
        f = p.end_capture(c)
        good = wire(p, f)
        raw = open(f, "rb").read()
        pk, o = [], 24
        while o < len(raw):
            n = struct.unpack_from("<I", raw, o + 8)[0]
            pk.append(raw[o:o + 16 + n])
            o += 16 + n
        esp = [i for i, x in enumerate(pk) if x[16 + 42:16 + 46] != bytes(4)]
        out = os.path.join(p.dir, "bad.pcap")

        def judge(label, packets, *args, want):
            with open(out, "wb") as g:
                g.write(raw[:24] + b"".join(packets))
            r = run(WIRE, out, "--keys", p.keys("a"), "--no-outer-csum",
                    *args, check=False)
            need(r.returncode == 1 and want in r.stdout,
                 "%s not noticed (rc %d):\n%s" % (label, r.returncode,
                                                  r.stdout))
            return label

        def flip(i, off):
            x = bytearray(pk[i])
            x[off] ^= 1
            return pk[:i] + [bytes(x)] + pk[i + 1:]
        k = esp[3]
        done = [
            judge("payload bit", flip(k, 16 + 42 + 8 + 16 + 5),
                  want="ICV wrong"),
            judge("ICV bit", flip(k, len(pk[k]) - 1), want="ICV wrong"),
            judge("SPI bit", flip(k, 16 + 42 + 3), want="unknown SPI"),
            judge("sequence bit", flip(k, 16 + 42 + 7), want="ICV wrong"),
            judge("outer IP header", flip(k, 16 + 14 + 8),
                  want="outer IPv4 header checksum"),
            judge("replay", pk + [pk[k]], want="repeated"),
            judge("reorder", pk[:esp[0]] + [
                x for i in range(esp[0], len(pk), 4)
                for x in reversed(pk[i:i + 4])], want="went back"),
            judge("loss with --contiguous", pk[:k] + pk[k + 1:],
                  "--contiguous", want="gap"),
            judge("wrong selectors", pk, "--ts",
                  "10.9.0.0/16=10.8.0.0/16", want="outside the selectors"),
        ]
        # wrong keys, and an ESP sender that breaks rules behind a good ICV
        ks = json.load(open(p.keys("a")))
        for x in ks:
            x["integ_key"] = "00" * 16
        kf = os.path.join(p.dir, "wrong.json")
        json.dump(ks, open(kf, "w"))
        r = run(WIRE, f, "--keys", kf, check=False)
        need(r.returncode == 1 and "0 packets ok" in r.stdout, r.stdout)
        done.append("wrong key")
        done += forged(p, f)
        return good + "; noticed: " + ", ".join(done)


def forged(p, f):
    """packets with a correct ICV but wrong inside"""
    import hashlib
    import hmac
    from cryptography.hazmat.primitives.ciphers import (Cipher, algorithms,
                                                        modes)
    ek, ik = os.urandom(16), os.urandom(16)
    sa = "0000abcd:aes128:%s:md5:%s" % (ek.hex(), ik.hex())

    def ipv4(n, proto=4, src="192.168.1.12", dst="10.100.1.6", bad=0):
        h = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + n, 1, 0, 64, proto, 0,
                        bytes(map(int, src.split("."))),
                        bytes(map(int, dst.split("."))))
        s = sum(struct.unpack("!10H", h))
        s = (s & 0xffff) + (s >> 16)
        return h[:10] + struct.pack("!H", (~s & 0xffff) ^ bad) + h[12:]

    def pkt(seq, nh=4, bad=0, pad=None, iv=None, tail=b"", body=20,
            udp=True, esn=b""):
        inner = ipv4(body, 99, bad=bad) + bytes(body) + tail
        n = -(len(inner) + 2) % 16
        pad = bytes(range(1, n + 1)) if pad is None else pad(n)
        iv = iv or os.urandom(16)
        e = Cipher(algorithms.AES(ek), modes.CBC(iv)).encryptor()
        x = struct.pack("!II", 0xabcd, seq) + iv + \
            e.update(inner + pad + bytes([len(pad), nh]))
        x += hmac.new(ik, x + esn, hashlib.md5).digest()[:12]
        if not udp:
            return ipv4(len(x), 50, "113.87.48.200", "119.91.254.122") + x
        u = struct.pack("!HHHH", 4500, 4500, 8 + len(x), 0) + x
        return ipv4(len(u), 17, "113.87.48.200", "119.91.254.122") + u

    def judge(label, pkts, want, rc=1, keys=None):
        o = os.path.join(p.dir, "forged.pcap")
        with open(o, "wb") as g:
            g.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535,
                                101))
            for b in pkts:
                g.write(struct.pack("<IIII", 0, 0, len(b), len(b)) + b)
        r = run(WIRE, o, *(["--keys", keys] if keys else ["--sa", sa]),
                check=False)
        need(r.returncode == rc and want in r.stdout, "%s (rc %d):\n%s" % (
            label, r.returncode, r.stdout))
        return label
    iv = os.urandom(16)
    judge("good", [pkt(1), pkt(2)], "2 packets ok, 0 bad", 0)
    judge("IP protocol 50", [pkt(1, udp=False)], "1 packets ok, 0 bad", 0)
    judge("not ESN", [pkt(1, esn=bytes(4))], "ICV wrong")
    kf = os.path.join(p.dir, "esn.json")
    with open(kf, "w") as g:
        json.dump([dict(spi="0xabcd", enc="aes128", enc_key=ek.hex(),
                        integ="md5", integ_key=ik.hex(), esn=True)], g)
    one = b"\0\0\0\1"
    judge("ESN", [pkt(2**32 - 1, esn=bytes(4)), pkt(0, esn=one),
                  pkt(1, esn=one)], "3 packets ok, 0 bad", 0, keys=kf)
    judge("ESN missed", [pkt(1)], "ICV wrong", keys=kf)
    return [
        judge("inner checksum", [pkt(1, bad=1)], "inner IPv4 header checksum"),
        judge("next header", [pkt(1, nh=17)], "next header 17"),
        judge("nh/version", [pkt(1, nh=41)], "inner version"),
        judge("zero padding", [pkt(1, pad=lambda n: bytes(n))], "padding"),
        judge("IV reuse", [pkt(1, iv=iv), pkt(2, iv=iv)], "IV reused"),
        judge("seq 0", [pkt(0)], "sequence number 0"),
        judge("trailing bytes", [pkt(1, tail=b"\0" * 4)],
              "after the inner packet"),
        judge("same seq", [pkt(5), pkt(5)], "repeated"),
    ]


# ------------------------------------------------------------ peer life cycle
@test("idempotent", quick=True)
def _():
    """up twice, down twice, side by side, owner death, nothing left behind"""
    def left():
        return (set(x for x in os.listdir("/run/netns") if "ssp-" in x
                    and tag in x) if os.path.isdir("/run/netns") else set())
    from pair import PEER
    tag = "st%d" % os.getpid()
    opt = ["--local-ip", "198.51.100.1/24", "--remote-ip", "198.51.100.2"]
    names = ["%s-%d" % (tag, i) for i in range(3)]
    try:
        for i, n in enumerate(names):
            run(PEER, "up", "--name", n, "--underlay-veth", "%s.%d" % (
                tag[-9:], i), *opt)
        pids = {json.loads(run(PEER, "info", "--name", n, "--json").stdout)
                ["pid"] for n in names}
        need(len(pids) == 3, "three charons side by side")
        x = run(PEER, "up", "--name", names[0], "--underlay-veth",
                "%s.0" % tag[-9:], *opt, "--json")
        need(json.loads(x.stdout)["pid"] in pids, "second up restarted")
        x = run(PEER, "up", "--name", names[0], "--underlay-veth",
                "%s.0" % tag[-9:], *opt, "--psk", "other", check=False)
        need(x.returncode == 1 and "already up" in x.stdout, x.stdout)
        run(PEER, "up", "--name", names[0], "--underlay-veth",
            "%s.0" % tag[-9:], *opt, "--psk", "other", "--replace")
        # an interface moved in comes back
        run(PEER, "down", "--name", names[1])
        run("ip", "netns", "add", "ssp-" + tag + "-x")
        run("ip", "-n", "ssp-" + tag + "-x", "link", "add", "u0", "type",
            "veth", "peer", "name", "u1")
        run(PEER, "up", "--name", names[1], "--underlay-if",
            "u0@ssp-" + tag + "-x", *opt)
        run(PEER, "down", "--name", names[1])
        run("ip", "-n", "ssp-" + tag + "-x", "link", "show", "u0")
        # owner dies -> peer goes
        own = subprocess.Popen(["sleep", "60"])
        run(PEER, "up", "--name", names[1], "--underlay-veth",
            "%s.1" % tag[-9:], *opt, "--owner-pid", own.pid)
        own.kill()
        own.wait()
        t = time.time() + 10
        while "ssp-" + names[1] in left() and time.time() < t:
            time.sleep(0.1)
        need("ssp-" + names[1] not in left(), "owner died, peer stayed")
    finally:
        for n in names * 2:
            run(PEER, "down", "--name", n, check=False)
        run("ip", "netns", "del", "ssp-" + tag + "-x", check=False)
    need(not left(), "left behind: %s" % left())
    return "3 side by side, up/up, up/down/down, moved interface, owner gone"


@test("direct", quick=True)
def _():
    """two peers on one cable: --underlay-if, on-link, no gateway"""
    from pair import PEER
    t = "%d" % os.getpid()
    a, b, x = "da" + t, "db" + t, "ssp-dx-" + t
    opt = ["--ike", "2", "--ike-proposal", "aes128-sha256-ecp256",
           "--esp-proposal", "aes128gcm16", "--owner-pid", t]
    try:
        run("ip", "netns", "add", x)
        run(PEER, "up", "--name", b, "--underlay-veth", "g0@" + x,
            "--local-ip", "203.0.113.2/24", "--remote-ip", "198.51.100.1",
            *opt)
        run(PEER, "up", "--name", a, "--underlay-if", "g0@" + x,
            "--local-ip", "198.51.100.1/24", "--remote-ip", "203.0.113.2",
            "--local-ts", "192.168.1.0/24", "--remote-ts", "10.100.1.0/24",
            *opt)
        run(PEER, "host", "--name", a, "--ip", "192.168.1.12/24")
        run(PEER, "host", "--name", b, "--ip", "10.100.1.6/24")
        run(PEER, "initiate", "--name", a)
        run(PEER, "exec", "--name", a, "--", "ping", "-n", "-c", "2", "-i",
            "0.2", "10.100.1.6")
        run(PEER, "terminate", "--name", b)
        run(PEER, "wait", "--name", a, "--gone")
    finally:
        run(PEER, "down", "--name", a, check=False)
        run(PEER, "down", "--name", b, check=False)
        run("ip", "netns", "del", x, check=False)
    return "initiate, ping, terminate over a direct veth"


@test("cut", quick=True)
def _():
    """cut drops silently, per direction and per kind of packet"""
    with Pair(common=proto("2", "aes128-sha1-modp1024", "aes128-sha1")) as p:
        p.initiate()
        res = []

        def state():
            ping = p.ping("a", count=2, wait=0.3)[1] == 2
            r = p.peer("a", "rekey", check=False)
            p.peer("a", "log", "--mark")
            time.sleep(0.4)
            x = p.log("a", "--since-mark")
            return ping, "response" in x or "inbound CHILD_SA" in x or \
                r.returncode == 0 and "established" in x
        need(p.ping("a")[1] == 3, "no ping")
        for only, ping, ike in (("esp", 0, 1), ("all", 0, 0), ("ike", 1, 0)):
            p.peer("b", "cut", "--only", only)
            s, r = p.ping("a", count=2, wait=0.3)
            need((r == 2) == bool(ping), "%s: ping %d/%d" % (only, r, s))
            p.peer("a", "log", "--mark")
            t = p.start([os.path.join(os.path.dirname(WIRE),
                                      "strongswan-peer"), "rekey", "--name",
                         p.na], stdout=subprocess.DEVNULL)
            time.sleep(0.7)
            got = "parsed CREATE_CHILD_SA response" in p.log("a",
                                                             "--since-mark")
            need(got == bool(ike), "%s: IKE answer %s" % (only, got))
            p.peer("b", "uncut")
            time.sleep(0.2)
            res.append(only)
            t.wait(20)
            time.sleep(4)
        need(p.ping("a")[1] == 3, "no ping after uncut")
        return "cut " + ", ".join(res) + "; back after uncut"
