#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""diagnose_test.py - tunnels that are set up wrong, in one laboratory: each is named, and comes up
when the lines that `diagnose` prints are pasted, some into our file, some into strongSwan's.
"""
import cases
import wire
from cases import case
from inject import esp, ip, send, udp, wan
from lab import Lab, need, wait
from sick import Sick, Ward
from suites import CLOUD_HOST, CLOUD_NET, SITE_HOST, SITE_NET


def sick(**kw):
    SICK.append(dict(kw))


SICK = []
BASE = {"hash1": "sha256", "dh": "ecp256"}


def both(what, code, roles=("initiator", "responder"), cures=("here", "there"), ikes=(1, 2), **kw):
    for ike in ikes:
        for role in roles:
            for cure in cures:
                sick(what=what, code=code, role=role, cure=cure, ike=ike, **kw)


# What the responder sees it can name, and either side can change. The initiator is told little: its
# lines for the peer set all there that the refusal can mean.
I, R = ("initiator",), ("responder",)
both("E1 secret", "P1_PSK_MISMATCH", roles=I + R, psk="something else altogether")
both("E2 version", "P1_VERSION_MISMATCH", roles=R, ikes=(1,), swan={"version": 2})
both("E2 version", "P1_VERSION_MISMATCH", roles=R, ikes=(2,), swan={"version": 1})
both("E2 version", "P1_NO_PROPOSAL", roles=I, cures=("there",), ikes=(1,), swan={"version": 2})
both("E2 version", "P1_NO_PROPOSAL", roles=I, cures=("there",), ikes=(2,), swan={"version": 1})
both("E3 mode", "P1_MODE_MISMATCH", roles=R, ikes=(1,), swan={"aggressive": "yes"})
both("E3 mode", "P1_ID_MISMATCH", roles=I, cures=("there",), ikes=(1,),
     swan={"aggressive": "yes"})
both("E4 the cloud's name", "P1_ID_MISMATCH", roles=I,
     conf={"identity": {"remote-id": "fqdn:c%d.example"}})
both("E4 the cloud's name, seen by the responder", "P1_ID_MISMATCH", roles=R,
     conf={"identity": {"remote-id": "address:192.0.2.%d"}})
both("E5 encryption", "P1_ALG_MISMATCH", roles=R, swan={"proposals": "aes256-sha256-ecp256"})
both("E5 hash", "P1_ALG_MISMATCH", roles=R, swan={"proposals": "aes128-sha512-ecp256"})
both("E5 encryption", "P1_NO_PROPOSAL", roles=I, swan={"proposals": "aes256-sha256-ecp256"})
both("E6 group", "P1_DH_MISMATCH", roles=R, swan={"proposals": "aes128-sha256-modp3072"})
both("E6 group", "P1_NO_PROPOSAL", roles=I, swan={"proposals": "aes128-sha256-modp2048"})
both("E8 our address", "P1_NO_PROPOSAL", roles=I, cures=("there",),
     swan={"remote_addrs": "113.87.48.201"})
both("E9 the cloud's network", "P2_TS_MISMATCH", roles=R,
     swan={"children.CHILD.local_ts": "10.200.%d.0/24"})
both("E9 the cloud's network", "P2_TS_MISMATCH", roles=I, cures=("there",),
     swan={"children.CHILD.local_ts": "10.200.%d.0/24"})
both("E10 secret, aggressive", "P1_PSK_MISMATCH", roles=I + R, ikes=(1,), aggressive=True,
     psk="something else altogether")
both("E10 network, aggressive", "P2_TS_MISMATCH", roles=R, ikes=(1,), aggressive=True,
     swan={"children.CHILD.local_ts": "10.200.%d.0/24"})
both("E10 network, aggressive", "P2_TS_MISMATCH", roles=I, cures=("there",), ikes=(1,),
     aggressive=True, swan={"children.CHILD.local_ts": "10.200.%d.0/24"})
both("E11 encryption", "P2_ALG_MISMATCH", roles=I + R,
     swan={"children.CHILD.esp_proposals": "aes256-sha256"})
both("E11 authentication", "P2_ALG_MISMATCH", roles=R,
     swan={"children.CHILD.esp_proposals": "aes128-sha512"})
# One side insists on its lifetime: no row of the matrix.
EXACT = {"profile": {"proposal-check": "exact"}}
both("lifetime of phase 1", "P1_LIFETIME_MISMATCH", roles=R, ikes=(1,), conf=EXACT,
     swan={"children.CHILD.life_time": "1800s"})
both("lifetime of phase 2", "P2_LIFETIME_MISMATCH", roles=R, ikes=(1,), conf=EXACT,
     swan={"rekey_time": "3600s", "over_time": "0s"})
both("E12 PFS there", "P2_PFS_MISMATCH", roles=R, ikes=(1,),
     swan={"children.CHILD.esp_proposals": "aes128-sha256-modp2048"})
both("E12 PFS here", "P2_PFS_MISMATCH", roles=R, ikes=(1,), pfs="modp2048",
     swan={"children.CHILD.esp_proposals": "aes128-sha256"})
both("E12 PFS there", "P2_ALG_MISMATCH", roles=I, cures=("there",), ikes=(1,),
     swan={"children.CHILD.esp_proposals": "aes128-sha256-modp2048"})
both("E16 some networks", "TS_PARTIAL", roles=I, cures=("there",), ikes=(2,), nets="1x2",
     swan={"children.CHILD.local_ts": "10.100.%d.0/25"})


# What the log must say, by row, role (I, R) and version: the words of the error tables where they
# can come up here, else strongSwan's or RouterOS's for the same.
NO_PROP2 = ("parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]",
            "received NO_PROPOSAL_CHOSEN notify error")
NO_PROP1 = ("received NO_PROPOSAL_CHOSEN error notify", "phase1 negotiation failed")
NOT_SUITABLE = ("no suitable proposal found", "sending NO_PROPOSAL_CHOSEN")
NOT_MATCHING = ("no matching proposal found, sending NO_PROPOSAL_CHOSEN",)
CLASSIC = {
    "lifetime R1": ("no suitable proposal found, sending NO_PROPOSAL_CHOSEN",),
    "E1 I1": ("invalid HASH_V1 payload length, decryption failed?", "could not decrypt payloads",
              "message parsing failed"),
    "E1 I2": ("received AUTHENTICATION_FAILED error notify",),
    "E1 R1": ("payload length, decryption failed?", "could not decrypt payloads",
              "message parsing failed"),
    "E1 R2": ("but MAC mismatched",),
    "E2 I1": NO_PROP1, "E2 I2": NO_PROP2,
    "E2 R1": ("no IKE config found",), "E2 R2": ("no IKE config found",),
    "E3 I1": ("received AUTHENTICATION_FAILED error notify",),
    "E3 R1": ("none allows pre-shared key authentication using",),
    "E4 I1": ("IDir '", "' does not match to '"), "E4 I2": ("IDir '", "' does not match to '"),
    "E4 R1": ("IDii '", "' does not match to '"), "E4 R2": ("IDii '", "' does not match to '"),
    "E5 I1": NO_PROP1, "E5 I2": NO_PROP2,
    "E5 R1": NOT_SUITABLE + ("received proposals: IKE:AES_CBC_",),
    "E5 R2": NOT_SUITABLE + ("received proposals: IKE:AES_CBC_",),
    "E6 I1": NO_PROP1, "E6 I2": NO_PROP2,
    "E6 R1": NOT_SUITABLE + ("/PRF_HMAC_SHA2_256/MODP_3072", "/PRF_HMAC_SHA2_256/ECP_256"),
    "E6 R2": NOT_SUITABLE + ("/PRF_HMAC_SHA2_256/MODP_3072", "/PRF_HMAC_SHA2_256/ECP_256"),
    "E8 I1": NO_PROP1, "E8 I2": NO_PROP2,
    "E9 I1": ("received INVALID_ID_INFORMATION error notify",),
    "E9 I2": ("received TS_UNACCEPTABLE notify, no CHILD_SA built",),
    "E9 R1": ("no matching CHILD_SA config found for",),
    "E9 R2": ("inacceptable, sending TS_UNACCEPTABLE",),
    "E10 secret I1": ("received HASH payload does not match", "integrity check failed"),
    "E10 secret R1": ("the initiator did not authenticate",),
    "E10 network I1": ("received INVALID_ID_INFORMATION error notify",),
    "E10 network R1": ("no matching CHILD_SA config found for",),
    "E11 I1": ("parsed INFORMATIONAL_V1 request ", " [ HASH N(NO_PROP) ]",
               "received NO_PROPOSAL_CHOSEN error notify"),
    "E11 I2": ("received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built",),
    "E11 R1": NOT_MATCHING, "E11 R2": NOT_MATCHING,
    "E12 I1": ("parsed INFORMATIONAL_V1 request ", " [ HASH N(NO_PROP) ]"),
    "E12 R1": NOT_MATCHING + ("ESP:AES_CBC_128/HMAC_SHA2_256_128/MODP_2048/NO_EXT_SEQ",
                              "ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ"),
}


def classic_of(p):
    row = " ".join(p.what.split()[:2 if p.what.startswith("E10") else 1]).rstrip(",")
    return CLASSIC.get("%s %s%d" % (row, p.role[0].upper(), p.ike), ())


def numbered(value, pair):
    return value % pair.number if "%d" in str(value) else value


def patients():
    out = []
    for i, kw in enumerate(SICK):
        p = Sick(number=i + 1, **{**BASE, **kw, "conf": {}, "swan": {}})
        p.conf = {menu: {k: numbered(v, p) for k, v in row.items()}
                  for menu, row in kw.get("conf", {}).items()}
        p.swan = {k.replace("CHILD", p.name + "c"): numbered(v, p)
                  for k, v in kw.get("swan", {}).items()}
        p.classic = classic_of(p)
        need(p.classic or p.what.startswith("E16"), "no text for " + str(p))
        out.append(p)
    return out


@case(timeout=300)
def advice_taken_literally_brings_each_tunnel_up():
    sick_ones = patients()
    with Ward(sick_ones) as lab:
        found = wait(lab.diagnosed, 45, "diagnoses of %d tunnels" % len(sick_ones), every=1)
        wait(lab.classic_texts, 30, "the texts of the log", every=1)
        for p in sick_ones:
            mine = [f for f in found[p.name] if f["code"] == p.code]
            lines = [(c["side"], line["where"], line["line"]) for f in mine
                     for c in f["changes"] for line in c["lines"]]
            side = {"here": "here", "there": "peer"}.get(p.cure)
            need(not side or side in [x for x, _, _ in lines], "%s: no lines for it: %s" %
                 (p, lines))
            for side, where, line in lines:
                if side == "here" and p.cure == "here":
                    p.paste_here(line)
                elif side == "peer" and p.cure == "there":
                    p.paste_there(where, line)
        lab.reload_both()
        wait(lab.up, 60, "the cured tunnels", every=0.5)
        wait(lab.nothing_left, 15, "clean diagnoses", every=0.5)
        return "%d tunnels cured, %d texts" % (len(sick_ones),
                                              sum(len(p.classic) for p in sick_ones))


# ------------------------------------------------------------- up, and not passing --
def verdict(lab, code, *words):
    """diagnose names the hop, and both menus say that it is up and passes nothing"""
    def told():
        report = lab.cli("diagnose", *words)[0]
        got = [f["code"] for f in report["findings"]]
        need(got == [code], "found %s instead of %s: %s" % (got, code, report["policies"]))
        for menu in ("policy", "active-peers"):
            row = lab.cli("ip", "ipsec", menu, "print", "detail")[0]
            need(row["ph2-state"] == "established, not passing", "%s: %s" % (menu, row))
        return report["findings"][0]
    return wait(told, 12, code)


def passes(lab):
    lab.ping_both(5)

    def told():
        report = lab.cli("diagnose")[0]
        need(report["policies"][0]["traffic"] == "passing" and not report["findings"],
             "%s" % report)
        return lab.cli("ip", "ipsec", "policy", "print")[0]["ph2-state"] == "established"
    wait(told, 5, "a clean diagnosis")


def hole(lab, ns, net):
    """a host that takes packets and has no way to answer them"""
    lab.ip(ns, "route", "add", "blackhole", net)


@case()
def nothing_comes_back_from_the_cloud():
    with Lab() as lab:
        lab.established()
        hole(lab, lab.cloud_host, SITE_NET)
        need(lab.ping("site", 5)[1] == 0, "there is no hole")
        found = verdict(lab, "NO_REPLY_FROM_PEER", "vendor=tencent")
        lines = [x["line"] for c in found["changes"] for x in c["lines"]]
        need(any(SITE_NET in x and "VPN" in x for x in lines), "no route for the VPC: %s" % lines)
        lab.ip(lab.cloud_host, "route", "del", "blackhole", SITE_NET)
        passes(lab)


@case()
def no_answer_comes_from_the_lan():
    with Lab() as lab:
        lab.established()
        hole(lab, lab.site, CLOUD_NET)
        need(lab.ping("cloud", 5)[1] == 0, "there is no hole")
        found = verdict(lab, "NO_RETURN_FROM_LAN")
        need("CHECK_LAN_ROUTE" in [c["id"] for c in found["checks"]], "%s" % found)
        lab.ip(lab.site, "route", "del", "blackhole", CLOUD_NET)
        passes(lab)


@case()
def what_arrives_is_no_use():
    """wrong ICVs, then sources that a NAT has changed, then a LAN host that is not there"""
    with Lab() as lab:
        lab.established()
        row = lab.sas()["in"][0]
        key = next(k for k in wire.cloud_keys(lab) if int(k["spi"], 16) == int(row["spi"], 16))

        def inner(src):
            return ip(src, SITE_HOST, 17, udp(4444, 18902, b"inner packet of a test!" * 3))
        send(lab, [wan(esp(key, i, inner(CLOUD_HOST), corrupt=True)) for i in range(100, 110)])
        found = verdict(lab, "NOT_VERIFIED")
        need("CHECK_TRUNCATION" in [c["id"] for c in found["checks"]], "%s" % found)
        send(lab, [wan(esp(key, i, inner("172.16.0.9"))) for i in range(200, 210)])
        found = verdict(lab, "PEER_NATS_TUNNEL_TRAFFIC", "vendor=huawei")
        lines = [x["line"] for c in found["changes"] for x in c["lines"]]
        need("nat disable" in lines and "policy source 10.100.1.0 mask 24" in lines, "%s" % lines)
        need(lab.cli("diagnose")[0]["policies"][0]["foreign-source"] == "172.16.0.9", "not named")
        lab.ip(lab.site, "addr", "del", "%s/24" % SITE_HOST, "dev", "eth0")
        send(lab, [wan(esp(key, i, inner(CLOUD_HOST))) for i in range(300, 310)])
        verdict(lab, "LAN_UNREACHABLE")


if __name__ == "__main__":
    cases.main()
