#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""ike1_test.py - IKEv1 beyond main mode with strongSwan: aggressive mode, messages in pieces, and
what a scanner gets to see, of IKEv2 too. ESPGW_MATRIX=all runs more of it."""
import os
import re

import cases
import wire
from cases import case
from lab import Lab, need, wait
from suites import TUTORIAL, Suite

ALL = os.environ.get("ESPGW_MATRIX") == "all"
FRAGMENT = 132
# What it takes to fill more than one datagram of quick mode.
LARGE = Suite("large", "aes-256", "sha512", "modp3072", "aes-256-cbc", "sha512", pfs="modp8192",
              weak=("sha1",))
OFFER = {"enc-algorithms": "aes-256-cbc,aes-192-cbc,aes-128-cbc",
         "auth-algorithms": "sha512,sha384,sha256,sha1"}


def lab_of(mode, role, suite, cloud=(), **kw):
    peer = {"exchange-mode": mode, "passive": role == "responder",
            "allow-weak": ",".join(("ikev1", "aggressive", "short-secret") + suite.weak)}
    return Lab(suite=suite, peer=peer, port="tap",
               cloud=("--ike", "1-" + mode) + tuple(cloud), **kw)


def pieces(cap, gateway):
    """fragments of IKEv1 that (the gateway, the cloud) sent"""
    n = [0, 0]
    for _, f in cap.frames():
        if f[12:14] != b"\x08\x00" or f[23] != 17:
            continue
        ike = f[14 + (f[14] & 15) * 4 + 8:]
        ike = ike[4:] if ike[:4] == bytes(4) else ike
        if len(ike) > 28 and ike[16] == FRAGMENT and ike[17] == 0x10:
            n[f[26:30] != gateway] += 1
    return n


def in_pieces(mode, role, suite, cloud, proposal=None):
    # The capture runs before the gateway, which may be done before tcpdump listens.
    with lab_of(mode, role, suite, cloud, proposal=proposal or {}, start=False) as lab, \
            wire.Capture(lab) as cap:
        lab.start()
        if role == "responder":
            lab.initiate("cloud")
        lab.established()
        lab.ping_both(3)
        cap.stop()
        return pieces(cap, wire.GATEWAY_BYTES)


def small_pieces(mode, role):
    n = in_pieces(mode, role, TUTORIAL,
                  ("--fragmentation", "yes", "--charon-option", "fragment_size = 200"))
    need(n[1] >= 2, "strongSwan sent no pieces: %s" % n)
    return "%d pieces of strongSwan's" % n[1]


def large_messages(mode):
    n = in_pieces(mode, "initiator", LARGE, ("--fragmentation", "yes"), OFFER)
    need(n[0] >= 2, "the gateway sent no pieces: %s" % n)
    return "%d pieces of ours, %d of strongSwan's" % tuple(n)


def whole_messages():
    n = in_pieces("main", "initiator", LARGE, ("--fragmentation", "no"), OFFER)
    need(n == [0, 0], "pieces to or from who takes none: %s" % n)


for _mode, _role in (("main", "initiator"), ("aggressive", "responder"), ("main", "responder"),
                     ("aggressive", "initiator"))[:4 if ALL else 2]:
    case("%s_%s_takes_pieces" % (_mode, _role), param=(_mode, _role))(lambda p: small_pieces(*p))
case("sends_pieces", param="aggressive")(large_messages)
if ALL:
    case("sends_whole_messages_to_who_takes_no_pieces")(whole_messages)


# ------------------------------------------------------------------- a scanner --
def scan(lab, ns, *args, answered=True):
    """(handshakes, notifies) that ike-scan got, and its text"""
    r = lab.sh(ns, "ike-scan", "--sport=0", "--retry=1",
               "--timeout=%d" % (10000 if answered else 400), *args, lab.outside.gateway)
    m = re.search(r"(\d+) returned handshake; (\d+) returned notify", r.stdout)
    need(m, "ike-scan: " + r.stdout)
    return int(m.group(1)), int(m.group(2)), r.stdout


def evidence(lab, what):
    return what in lab.log()


def expect(got, handshakes, notifies, what):
    need(got[:2] == (handshakes, notifies), "%s: %s" % (what, got[2]))


MAIN = "--trans=(1=7,14=128,2=1,3=1,4=1)"       # aes-128, md5, pre-shared key, modp768
OTHER = "--trans=(1=1,2=2,3=1,4=2)"             # des, sha1, modp1024
AGGRESSIVE = ("--aggressive", "--id=0x775bfe7a", "--idtype=1", "--dhgroup=1")


@case()
def scanner_of_a_main_mode_peer():
    with lab_of("main", "responder", TUTORIAL) as lab:
        for args in ((MAIN,), (MAIN,) + AGGRESSIVE, ("--ikev2",)):
            expect(scan(lab, lab.inet, *args, answered=False), 0, 0, "a stranger asks %s" % (args,))
        got = scan(lab, lab.cloud_ns, MAIN)
        expect(got, 1, 0, "the peer asks for main mode")
        for word in ("Main Mode", "Enc=AES", "KeyLength=128", "Hash=MD5", "Group=1:modp768"):
            need(word in got[2], "no %s in: %s" % (word, got[2]))
        got = scan(lab, lab.cloud_ns, OTHER)
        expect(got, 0, 1, "the peer asks with an algorithm that is not configured")
        need("NO-PROPOSAL-CHOSEN" in got[2], got[2])
        expect(scan(lab, lab.cloud_ns, MAIN, *AGGRESSIVE, answered=False), 0, 0,
               "the peer asks for aggressive")
        wait(lambda: evidence(lab, "P1_MODE_MISMATCH"), 5, "a word about the mode")
        expect(scan(lab, lab.cloud_ns, "--ikev2", answered=False), 0, 0, "the peer asks for IKEv2")
        wait(lambda: evidence(lab, "P1_VERSION_MISMATCH"), 5, "a word about the version")


@case()
def scanner_of_an_aggressive_mode_peer():
    with lab_of("aggressive", "responder", TUTORIAL) as lab:
        expect(scan(lab, lab.inet, MAIN, *AGGRESSIVE, answered=False), 0, 0, "a stranger asks")
        got = scan(lab, lab.cloud_ns, MAIN, *AGGRESSIVE)
        expect(got, 1, 0, "the peer asks for aggressive mode")
        for word in ("Aggressive Mode", "Hash(16 bytes)", "ID(Type=ID_IPV4_ADDR"):
            need(word in got[2], "no %s in: %s" % (word, got[2]))
        expect(scan(lab, lab.cloud_ns, MAIN, answered=False), 0, 0, "the peer asks for main mode")
        wait(lambda: evidence(lab, "P1_MODE_MISMATCH"), 5, "a word about the mode")


# What ike-scan offers of IKEv2 (it has no words for another): aes-256, aes-128, 3des, des with
# sha1 or md5, and modp1024, 1536 or 2048.
KNOWN_TO_IT = Suite("known", "aes-128", "sha1", "modp2048", "aes-128-cbc", "sha256", weak=("sha1",))


@case()
def scanner_of_an_ike2_peer():
    with Lab(suite=KNOWN_TO_IT, ike=2, port="tap", peer={
            "exchange-mode": "ike2", "passive": True, "allow-weak": "sha1"}) as lab:
        def states():
            return [r["state"] for r in lab.cli("ip", "ipsec", "active-peers", "print")]

        def enc(word):
            lab.cli_text("ip", "ipsec", "profile", "set", "to_tencent", "enc-algorithm=" + word)
        for args in (("--ikev2",), ("--ikev2", "--dhgroup=14"), (MAIN,)):
            expect(scan(lab, lab.inet, *args, answered=False), 0, 0, "a stranger asks %s" % (args,))
        need(not evidence(lab, "_MISMATCH"), "a stranger's message is evidence")
        enc("aes-192")
        got = scan(lab, lab.cloud_ns, "--ikev2", "--dhgroup=14")
        expect(got, 0, 1, "the peer asks with algorithms that are not configured")
        need("NO_PROPOSAL_CHOSEN" in got[2], got[2])
        wait(lambda: evidence(lab, "P1_ALG_MISMATCH"), 5, "a word about the algorithms")
        enc("aes-128")
        got = scan(lab, lab.cloud_ns, "--ikev2")
        expect(got, 0, 1, "the peer guesses another group")
        need("INVALID_KE_PAYLOAD" in got[2], got[2])
        expect(scan(lab, lab.cloud_ns, MAIN, answered=False), 0, 0, "the peer asks for main mode")
        wait(lambda: evidence(lab, "P1_VERSION_MISMATCH"), 5, "a word about the version")
        need(states() == [], "something is left of what was refused: %s" % states())
        got = scan(lab, lab.cloud_ns, "--ikev2", "--dhgroup=14")
        expect(got, 1, 0, "the peer asks for IKEv2")
        for word in ("IKEv2 SA_INIT", "Encr=AES_CBC,KeyLength=128", "Integ=HMAC_SHA1_96",
                     "DH_Group=14:modp2048"):
            need(word in got[2], "no %s in: %s" % (word, got[2]))
        need(states() == ["init-answered"], "one is half open: %s" % states())
        lab.initiate("cloud")
        lab.established()
        if ALL:
            wait(lambda: states() == ["established"], 35, "the half-open one to go")


if __name__ == "__main__":
    cases.main()
