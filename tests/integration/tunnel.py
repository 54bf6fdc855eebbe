# SPDX-License-Identifier: BSD-3-Clause
"""tunnel.py - one tunnel of a suite, made by either side, proved with traffic and on the wire."""
import wire
from lab import Lab, need

# strongSwan's words for what is in force
CHILD = {
    "aes128-md5-modp768": ("AES_CBC", "128", "HMAC_MD5_96", None),
    "aes192-sha1-modp1024": ("AES_CBC", "192", "HMAC_SHA1_96", None),
    "aes256-sha256-modp2048": ("AES_CBC", "256", "HMAC_SHA2_256_128", None),
    "aes256-sha512-ecp384": ("AES_CBC", "256", "HMAC_SHA2_512_256", None),
    "aes128-sha256-ecp256-pfs": ("AES_CBC", "128", "HMAC_SHA2_256_128", "ECP_256"),
    "esp-aes128gcm16": ("AES_GCM_16", "128", None, None),
    "esp-aes256gcm16": ("AES_GCM_16", "256", None, None),
    "esp-aes128ctr-sha256": ("AES_CTR", "128", "HMAC_SHA2_256_128", None),
    "esp-3des-sha1": ("3DES_CBC", None, "HMAC_SHA1_96", None),
}


def prove(role, suite, natt=True, cloud=(), **families):
    """`role`: the gateway's; `natt`: UDP encapsulation is expected, else protocol 50"""
    passive = {"passive": True} if role == "responder" else {}
    # TAP ports: net_af_packet has the kernel put fragments together (PACKET_FANOUT_FLAG_DEFRAG).
    with Lab(suite=suite, peer=passive, port="tap", cloud=cloud, **families) as lab, \
            wire.Capture(lab) as cap:
        if role == "responder":
            lab.initiate("cloud")
        lab.established()
        peer = lab.cli("ip", "ipsec", "active-peers", "print")
        need(len(peer) == 1 and peer[0]["side"] == role and
             peer[0]["responder"] == ("true" if role == "responder" else "false"),
             "not the %s: %s" % (role, peer))
        need((peer[0]["natt-peer"] == "true") == natt, "NAT-T: %s" % peer)
        sas = lab.cli("ip", "ipsec", "installed-sa", "print")
        need(all((sa["udp-encapsulation"] == "true") == natt for sa in sas), "encapsulation: %s" % sas)
        child = lab.cloud_children()[0]
        got = tuple(child.get(k) for k in ("encr-alg", "encr-keysize", "integ-alg", "dh-group"))
        need(got == CHILD[suite.name], "negotiated %s" % (got,))
        lab.ping_both(5)
        lab.tcp("site", 1 << 20)
        lab.tcp("cloud", 1 << 20)
        for frm, size in (("site", 1400), ("site", 3000), ("cloud", 3000)):
            if lab.inside.family == 6:       # only hosts fragment: the first one teaches them
                lab.ping(frm, 1, size=size, wait_s=1)
            sent, back = lab.ping(frm, 3, size=size, wait_s=10, df=False)    # needs fragments
            need(sent == back, "ping of %d bytes: %d of %d" % (size, back, sent))
        r = lab.sh(lab.site, "ping", "-n", "-c", "2", "-s", "1450", "-M", "do", "-i", "0.2",
                   "-W", "1", lab.inside.cloud_host, check=False)
        need("needed" in r.stdout or "too long" in r.stdout,
             "no word of the tunnel's MTU: " + r.stdout)
        cap.stop()
        cap.need_no_clear()
        for number, f in cap.frames():
            need(natt or f[12:14] != b"\x08\x00" or f[23] != 17 or b"\x11\x94" not in f[34:38],
                 "frame %d uses UDP 4500" % number)
        return cap.need_genuine(wire.cloud_keys(lab), "--first-seq", "1", "--contiguous",
                                "--tshark", min_ok=100)

