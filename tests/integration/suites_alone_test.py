#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""suites_alone_test.py - ESP of every suite the dataplane has, against scapy and python3-cryptography.

No peer and no IKE: keys go in through the segment, packets through the TAPs. What the gateway sends
is decrypted by scapy, what scapy makes has to come out of the gateway. Sequence numbers begin just
below 2^32 where they are extended, so both directions cross it.
"""
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from scapy.layers.inet import IP, UDP
from scapy.layers.ipsec import AUTH_ALGOS, ESP, AuthAlgo, SecurityAssociation
from scapy.packet import Raw, raw

import cases
import segment
from alone import Alone
from cases import case
from lab import need, wait
from taps import Taps

GATEWAY, PEER = "192.0.2.1", "192.0.2.2"
HOST, FAR = "192.168.1.12", "10.100.1.6"
NETS = ("192.168.1.0/24", "10.100.1.0/24")
OUT_SLOT, IN_SLOT = 2, 3
IN_STATE_PROTOCOL_ERRORS = 5

# name: IANA number, scapy's name, key bytes, salt bytes
CIPHERS = {"aes128": (12, "AES-CBC", 16, 0), "aes192": (12, "AES-CBC", 24, 0),
           "aes256": (12, "AES-CBC", 32, 0), "null": (11, "NULL", 0, 0),
           "3des": (3, "3DES", 24, 0), "aes128ctr": (13, "AES-CTR", 16, 4),
           "aes192ctr": (13, "AES-CTR", 24, 4), "aes256ctr": (13, "AES-CTR", 32, 4)}
# scapy lacks what peers with `sha256_96` do
AUTH_ALGOS["SHA2-256-96"] = AuthAlgo("SHA2-256-96", mac=HMAC, digestmod=SHA256, icv_size=12,
                                     key_size=32)
# name: number in the contract, scapy's name, key bytes, hash, ICV bytes
HASHES = {"md5": (1, "HMAC-MD5-96", 16, hashlib.md5, 12),
          "sha1": (2, "HMAC-SHA1-96", 20, hashlib.sha1, 12),
          "sha256": (12, "SHA2-256-128", 32, hashlib.sha256, 16),
          "sha256_96": (252, "SHA2-256-96", 32, hashlib.sha256, 12),
          "sha384": (13, "SHA2-384-192", 48, hashlib.sha384, 24),
          "sha512": (14, "SHA2-512-256", 64, hashlib.sha512, 32)}
AEADS = {"aes128gcm": (20, "AES-GCM", 16, 4), "aes192gcm": (20, "AES-GCM", 24, 4),
         "aes256gcm": (20, "AES-GCM", 32, 4), "chacha20poly1305": (28, "CHACHA20-POLY1305", 32, 4)}


class Peer:
    """the other end of a pair of SAs, by scapy"""

    def __init__(self, cipher, auth, esn):
        number, self.crypt, size, salt = AEADS.get(cipher) or CIPHERS[cipher]
        self.hash = HASHES.get(auth)
        self.esn = esn
        self.suite = segment.Suite(number, self.hash[0] if self.hash else 0, os.urandom(size),
                                   os.urandom(self.hash[2]) if self.hash else b"",
                                   os.urandom(salt))

    def sa(self, spi, src, dst):
        s = self.suite
        return SecurityAssociation(
            ESP, spi=spi, crypt_algo=self.crypt, crypt_key=s.encr_key + s.salt,
            auth_algo=self.hash[1] if self.hash else "NULL",
            auth_key=s.integ_key or None, tunnel_header=IP(src=src, dst=dst))

    def icv(self, covered, seq):
        """RFC 4303 section 2.2.1, which scapy does for AEADs only"""
        _, _, _, digest, size = self.hash
        return hmac.new(self.suite.integ_key, covered + struct.pack("!I", seq >> 32),
                        digest).digest()[:size]

    def seal(self, spi, inner, seq):
        sa = self.sa(spi, PEER, GATEWAY)
        sa.seq_num, sa.esn_en, sa.esn = seq & 0xffffffff, self.esn, seq >> 32
        outer = raw(sa.encrypt(inner))
        if self.esn and self.hash:
            size = self.hash[4]
            outer = outer[:-size] + self.icv(outer[20:-size], seq)
        return outer

    def open(self, spi, outer, seq):
        """the inner packet, as bytes"""
        need(struct.unpack("!II", outer[20:28]) == (spi, seq & 0xffffffff),
             "SPI and number are %s" % outer[20:28].hex())
        sa = self.sa(spi, GATEWAY, PEER)
        sa.esn_en, sa.esn = self.esn, seq >> 32
        own = self.esn and self.hash is not None
        if own:
            size = self.hash[4]
            need(self.icv(outer[20:-size], seq) == outer[-size:], "the ICV is wrong")
        return raw(sa.decrypt(IP(outer), verify=not own))


def inner(src, dst, size, ttl=64):
    return IP(raw(IP(src=src, dst=dst, ttl=ttl, id=size) / UDP(sport=4000, dport=5000) /
                  Raw(os.urandom(size))))


def one_hop_on(packet):
    """what forwarding makes of it"""
    p = packet.copy()
    p.ttl -= 1
    del p.chksum
    return raw(IP(raw(p)))


def outbound(taps, peer, spi, seq, size):
    sent = inner(HOST, FAR, size)
    taps.send("lan0", raw(sent))
    outer = taps.receive("wan0", lambda p: p[9] == 50)
    got = peer.open(spi, outer, seq)
    need(got == one_hop_on(sent), "out, %d bytes, number %x: another packet" % (size, seq))


def inbound(a, taps, peer, spi, seq, size):
    sent = inner(FAR, HOST, size)
    outer = peer.seal(spi, sent, seq)
    forged = outer[:-1] + bytes((outer[-1] ^ 1,))
    before = a.seg.drops(IN_STATE_PROTOCOL_ERRORS)
    taps.send("wan0", forged)
    taps.send("wan0", outer)
    got = taps.receive("lan0", lambda p: p[9] == 17)
    need(got == one_hop_on(sent), "in, %d bytes, number %x: another packet" % (size, seq))
    wait(lambda: a.seg.drops(IN_STATE_PROTOCOL_ERRORS) == before + 1, 5, "the forged one's count")


def prove_suite(a, taps, cipher, auth, esn):
    peer = Peer(cipher, auth, esn)
    start = 2**32 - 3 if esn else 0
    flags = (segment.ESN | segment.RESUME) if esn else 0
    spis = (0x10000 + OUT_SLOT, 0x20000 + IN_SLOT)
    for slot, direction, spi in ((OUT_SLOT, segment.OUT, spis[0]), (IN_SLOT, segment.IN, spis[1])):
        a.seg.must(segment.SA_ADD, a.seg.sa(slot, direction, 7, GATEWAY, PEER, *NETS, spi=spi,
                                            suite=peer.suite, flags=flags, seq_start=start))
    for i, size in enumerate((0, 1, 37, 500, 1300)):
        outbound(taps, peer, spis[0], start + 1 + i, size)
        inbound(a, taps, peer, spis[1], start + 1 + i, size)
    for slot, spi in ((OUT_SLOT, spis[0]), (IN_SLOT, spis[1])):
        need(a.seg.delete(slot, spi) == segment.OK, "not deleted")
        wait(lambda s=slot: a.seg.sa_status(s)[0] == 0, 5, "slot %d" % slot)


@case(timeout=180)
def every_suite_agrees_with_scapy():
    suites = [(c, h) for c in CIPHERS for h in HASHES] + [(c, None) for c in AEADS]
    with Alone() as a:
        a.seg.net([(0, "192.168.1.1/24"), (1, GATEWAY + "/24")], [("0.0.0.0/0", PEER)])
        a.seg.policies([(7, 1, *NETS)])
        taps = Taps(a, PEER)
        try:
            for cipher, auth in suites:
                for esn in (False, True):
                    try:
                        prove_suite(a, taps, cipher, auth, esn)
                    except Exception:
                        print("%s %s%s" % (cipher, auth, ", ESN" if esn else ""))
                        raise
        finally:
            taps.close()
        return "%d suites, with and without ESN" % len(suites)


if __name__ == "__main__":
    cases.main()
