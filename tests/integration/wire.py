# SPDX-License-Identifier: BSD-3-Clause
"""wire.py - captures, and what is judged from them: genuine ESP, nothing in clear, byte counts."""
import ipaddress
import json
import os
import re
import signal
import socket
import struct
import subprocess

from lab import HERE, Fail, host_of, need, run, wait, within
from suites import GATEWAY, INSIDE
import packets                                # of the rig, on the path since lab
from charon_conf import CHARON                # noqa: F401 (for the cases)

WIRE_CHECK = os.path.join(HERE, "rig", "esp-wire-check")
GATEWAY_BYTES = ipaddress.ip_address(GATEWAY).packed
LANS = [ipaddress.ip_network(n) for i in INSIDE.values() for n in (i.site_net, i.cloud_net)]
PLACES = {"wan": ("inet", "w0"), "lan": ("site", "eth0"), "cloud": ("cloud_ns", "wan0")}


def private(addr):
    a = ipaddress.ip_address(addr)
    return any(a in n for n in LANS)


def addresses(frame):
    """addresses that anyone can read in an Ethernet frame, ICMP errors and ARP included"""
    kind, b = frame[12:14], frame[14:]
    if kind == b"\x08\x06" and len(b) >= 28:
        return [b[14:18], b[24:28]]
    return ip_addresses(b) if kind in (b"\x08\x00", b"\x86\xdd") else []


def ip_addresses(b, nested=True):
    """those of an IP packet, and of one that it carries in clear: IP in IP, an ICMP error"""
    if len(b) >= 20 and b[0] >> 4 == 4:
        out, proto, rest = [b[12:16], b[16:20]], b[9], b[(b[0] & 15) * 4:]
        error = proto == 1 and rest[:1] in (b"\x03", b"\x05", b"\x0b", b"\x0c")
    elif len(b) >= 40 and b[0] >> 4 == 6:
        out, proto, rest = [b[8:24], b[24:40]], b[6], b[40:]
        error = proto == 58 and rest[:1] in (b"\x01", b"\x02", b"\x03", b"\x04")
        if proto == 58 and rest[:1] in (b"\x87", b"\x88"):     # neighbour discovery: its target
            out.append(rest[8:24])
    else:
        return []
    if nested and (error or proto in (4, 41)):
        out += ip_addresses(rest[8:] if error else rest, False)
    return [x for x in out if len(x) in (4, 16)]


class Capture:
    """everything on one cable, from now to stop()"""

    count = 0

    def __init__(self, lab, place="wan"):
        ns, self.iface = PLACES[place]
        self.lab = lab
        # With strongSwan as stand-in the site host is the rig's.
        self.ns = lab.names["site"] if ns == "site" else getattr(lab, ns)
        Capture.count += 1
        self.path = os.path.join(lab.dir, "%s%d.pcap" % (place, Capture.count))
        self.err = open(self.path + ".err", "w+")
        self.p = subprocess.Popen(
            lab.into(self.ns, "tcpdump", "-Z", "root", "-U", "--immediate-mode", "-B", "65536",
                     "-s", "0", "-n", "-i", self.iface, "-w", self.path),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.err, env=lab.env)
        lab.background.append(self.p)
        wait(lambda: need(self.p.poll() is None, self._messages()) or
             "listening on" in self._messages(), 10, "tcpdump")

    def _messages(self):
        with open(self.err.name) as f:
            return f.read()

    def stop(self):
        """end it once everything sent so far is in the file"""
        if self.p.poll() is not None:
            return self.path
        token = os.urandom(24)
        within(self.ns, self._mark, token)
        wait(lambda: token in self.data()[-(1 << 20):], 20, "the capture to catch up")
        self.p.send_signal(signal.SIGINT)
        self.p.wait(10)
        self.lab.background.remove(self.p)
        m = re.search(r"(\d+) packets dropped by kernel", self._messages())
        need(m and m.group(1) == "0", "tcpdump lost packets: " + self._messages())
        return self.path

    def _mark(self, token):
        """a frame of the experimental type 0x88b5 marks the end of what matters"""
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
            s.bind((self.iface, 0))
            s.send(b"\xff" * 6 + b"\x02" + bytes(5) + b"\x88\xb5" + token.ljust(46, b"\0"))

    def data(self):
        with open(self.path, "rb") as f:
            return f.read()

    def frames(self):
        for number, link, frame, _ in packets.read_capture(self.path):
            need(link == 1, "not Ethernet")
            yield number, frame

    def phase1_starts(self):
        """[(seconds, initiator cookie)] of each first main mode message of the gateway, sent again
        or new"""
        data, o, out = self.data(), 24, []
        while o + 16 <= len(data):
            sec, usec, size = struct.unpack_from("<III", data, o)
            f = data[o + 16:o + 16 + size]
            o += 16 + size
            if f[12:14] == b"\x08\x00" and f[23] == 17 and f[26:30] == GATEWAY_BYTES and \
                    f[36:38] == b"\x01\xf4" and f[50:58] == bytes(8) and f[60:61] == b"\x02":
                out.append((sec + usec / 1e6, f[42:50].hex()))
        return out

    def esp_spis(self):
        """SPIs of UDP-encapsulated ESP over IPv4, from the gateway and to it"""
        out = (set(), set())
        for _, f in self.frames():
            if f[12:14] == b"\x08\x00" and f[23] == 17 and f[36:38] == b"\x11\x94" and \
                    f[42:46] != bytes(4) and len(f) > 60:
                out[f[26:30] != GATEWAY_BYTES].add(f[42:46])
        return out

    def unanswered(self):
        """packets of UDP-encapsulated ESP that the gateway sent after the last one that came to it"""
        n = 0
        for _, f in self.frames():
            if f[12:14] == b"\x08\x00" and f[23] == 17 and f[36:38] == b"\x11\x94" and \
                    f[42:46] != bytes(4) and len(f) > 60:
                n = n + 1 if f[26:30] == GATEWAY_BYTES else 0
        return n

    def need_no_clear(self, marks=()):
        """no LAN address, and no text of `marks`, is readable; returns the frames looked at"""
        n = 0
        for number, frame in self.frames():
            n += 1
            for a in addresses(frame):
                need(not private(a), "frame %d has %s in clear: %s" %
                     (number, ipaddress.ip_address(a), frame[:80].hex()))
        data = self.data()
        for m in marks:
            need(m.encode() not in data, "the text %r is in clear" % m)
        need(n > 0, "nothing was captured")
        return n

    def need_genuine(self, keys, *options, min_ok=1):
        """the referee decrypts and checks every ESP packet with `keys`"""
        path = self.path + ".keys"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            json.dump(keys, f)
        r = run(WIRE_CHECK, self.path, "--keys", path, "--ts",
                "%s=%s" % self.lab.selectors(),
                "--min-ok", min_ok, *options, check=False, timeout=180)
        need(r.returncode == 0, "referee (exit %d):\n%s" % (r.returncode, r.stdout[-3000:]))
        return r.stdout.strip().splitlines()[-1]

    def inner(self, src, dst):
        """(packets, bytes) of IPv4 packets from network to network, for a LAN capture"""
        src, dst = ipaddress.ip_network(src), ipaddress.ip_network(dst)
        n = size = 0
        for _, f in self.frames():
            if f[12:14] == b"\x08\x00" and ipaddress.ip_address(f[26:30]) in src and \
                    ipaddress.ip_address(f[30:34]) in dst:
                n += 1
                size += struct.unpack_from("!H", f, 16)[0]
        return n, size

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()


def cloud_keys(lab):
    """ESP keys as strongSwan logged them: nothing the gateway says is used"""
    return json.loads(lab.peer("keys").stdout)


ENC = {"aes-cbc": "AES_CBC", "aes-128-cbc": "AES_CBC", "aes-192-cbc": "AES_CBC",
       "aes-256-cbc": "AES_CBC", "3des": "3DES_CBC", "null": "NULL"}
INTEG = {"md5": "HMAC_MD5_96", "sha1": "HMAC_SHA1_96", "sha256": "HMAC_SHA2_256_128",
         "sha256_96": "HMAC_SHA2_256_96",
         "sha384": "HMAC_SHA2_384_192", "sha512": "HMAC_SHA2_512_256"}


def gateway_keys(lab):
    """the same from `installed-sa print show-sensitive`, in the referee's form"""
    out = []
    for direction, rows in lab.sas(sensitive=True).items():
        for r in rows:
            for k in ("auth-key", "enc-key"):
                need(re.fullmatch(r"([0-9a-f]{2})+", r.get(k, "")), "%s is %r" % (k, r.get(k)))
            if r["enc-algorithm"] not in ENC or r["auth-algorithm"] not in INTEG:
                raise Fail("algorithms of %s" % r)
            out.append(dict(spi="0x%08x" % int(str(r["spi"]), 16), dir=direction,
                            src=host_of(r["src-address"]), dst=host_of(r["dst-address"]),
                            enc=ENC[r["enc-algorithm"]], integ=INTEG[r["auth-algorithm"]],
                            enc_key=r["enc-key"], integ_key=r["auth-key"]))
    return out
