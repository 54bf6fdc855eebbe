# SPDX-License-Identifier: BSD-3-Clause
"""suites.py - algorithm suites, in the words of both sides, and our configuration file."""
import re
from dataclasses import dataclass, field

SITE_NET, SITE_GW, SITE_HOST = "192.168.1.0/24", "192.168.1.1", "192.168.1.12"
CLOUD_NET, CLOUD_GW, CLOUD_HOST = "10.100.1.0/24", "10.100.1.1", "10.100.1.6"
GATEWAY, GATEWAY_HOP = "113.87.48.200", "113.87.48.1"
CLOUD, CLOUD_HOP = "119.91.254.122", "119.91.254.1"


@dataclass(frozen=True)
class Inside:
    """the networks that a tunnel joins"""
    family: int = 4
    site_net: str = SITE_NET
    site_gw: str = SITE_GW
    site_host: str = SITE_HOST
    cloud_net: str = CLOUD_NET
    cloud_host: str = CLOUD_HOST
    length: int = 24


@dataclass(frozen=True)
class Outside:
    """what it goes through"""
    family: int = 4
    gateway: str = GATEWAY
    gateway_hop: str = GATEWAY_HOP
    cloud: str = CLOUD
    cloud_hop: str = CLOUD_HOP
    length: int = 24


INSIDE = {4: Inside(), 6: Inside(6, "2001:db8:1::/64", "2001:db8:1::1", "2001:db8:1::12",
                                 "2001:db8:2::/64", "2001:db8:2::6", 64)}
OUTSIDE = {4: Outside(), 6: Outside(6, "2001:db8:c8::200", "2001:db8:c8::1", "2001:db8:fe::122",
                                    "2001:db8:fe::1", 64)}


@dataclass(frozen=True)
class Suite:
    """phase 1 (enc1, hash1, dh) and phase 2 (enc2, auth2, pfs), RouterOS's names"""
    name: str
    enc1: str
    hash1: str
    dh: str
    enc2: str
    auth2: str
    pfs: str = "none"
    weak: tuple = ()

    @staticmethod
    def _enc(name):
        name = re.sub(r"-gcm$", "gcm16", re.sub(r"-cbc$", "", name))
        return name.replace("-", "")

    def ike(self):
        """strongSwan's phase 1 proposal"""
        return "-".join((self._enc(self.enc1), self.hash1, self.dh))

    def esp(self):
        """strongSwan's phase 2 proposal"""
        pfs = () if self.pfs == "none" else (self.pfs,)
        auth = () if self.auth2 == "null" else (self.auth2,)       # an AEAD
        return "-".join((self._enc(self.enc2),) + auth + pfs)

    def allow_weak(self):
        return ",".join(("ikev1",) + self.weak)


TUTORIAL = Suite("aes128-md5-modp768", "aes-128", "md5", "modp768",
                 "aes-128-cbc", "md5", weak=("modp768", "md5"))
MODERN = Suite("aes256-sha256-ecp256", "aes-256", "sha256", "ecp256", "aes-256-cbc", "sha256")
SUITES = [
    TUTORIAL,
    Suite("aes192-sha1-modp1024", "aes-192", "sha1", "modp1024",
          "aes-192-cbc", "sha1", weak=("modp1024", "sha1")),
    Suite("aes256-sha256-modp2048", "aes-256", "sha256", "modp2048",
          "aes-256-cbc", "sha256"),
    Suite("aes256-sha512-ecp384", "aes-256", "sha512", "ecp384",
          "aes-256-cbc", "sha512"),
    Suite("aes128-sha256-ecp256-pfs", "aes-128", "sha256", "ecp256",
          "aes-128-cbc", "sha256", pfs="ecp256"),
]

# Phase 2 beyond CBC; phase 1 is the same in all.
ESP_SUITES = [Suite("esp-" + name, "aes-128", "sha256", "ecp256", enc, auth, weak=weak)
              for name, enc, auth, weak in (
                  ("aes128gcm16", "aes-128-gcm", "null", ()),
                  ("aes256gcm16", "aes-256-gcm", "null", ()),
                  ("aes128ctr-sha256", "aes-128-ctr", "sha256", ()),
                  ("3des-sha1", "3des", "sha1", ("sha1", "3des")))]


def literal(v):
    """a value in libconfig's syntax"""
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, int):
        return str(v)
    if isinstance(v, (list, tuple)):
        return "( " + ",\n    ".join(map(literal, v)) + " )"
    if isinstance(v, dict):
        return "{ " + " ".join("%s = %s;" % (k, literal(x))
                               for k, x in v.items() if x is not None) + " }"
    return '"%s"' % str(v).replace("\\", "\\\\").replace('"', '\\"')


@dataclass
class GatewayConf:
    """the tutorial's tunnel; tests change what they are about"""
    suite: Suite = TUTORIAL
    ike: int = 1                                  # version
    secret: str = "123456"
    # Rings of 2 s and more of any stream: the worker that reads them may have to wait for its turn.
    lan_device: str = "net_af_packet0,iface=lan0,framecnt=4096"
    wan_device: str = "net_af_packet1,iface=wan0,framecnt=4096"
    workers: int = 1
    inner: int = 4                                # families
    outer: int = 4
    profile: dict = field(default_factory=dict)
    peer: dict = field(default_factory=dict)
    identity: dict = field(default_factory=dict)
    proposal: dict = field(default_factory=dict)
    policy: dict = field(default_factory=dict)
    dataplane: dict = field(default_factory=dict)
    more: dict = field(default_factory=dict)      # whole menus of ip.ipsec

    def mode(self):
        """of the exchange, in the rig's words"""
        return "1-main" if self.ike == 1 else str(self.ike)

    def tree(self):
        s, n = self.suite, "to_tencent"
        inside, outside = INSIDE[self.inner], OUTSIDE[self.outer]
        ipsec = dict(
            profile=[dict(name=n, **{"dh-group": s.dh, "hash-algorithm": s.hash1,
                                     "enc-algorithm": s.enc1}, **self.profile)],
            peer=[dict(dict(name=n, address=outside.cloud, profile=n, comment=n,
                            **{"exchange-mode": "main" if self.ike == 1 else "ike2",
                               "allow-weak": s.allow_weak()}),
                       **self.peer)],
            identity=[dict(dict(peer=n, **{"auth-method": "pre-shared-key"},
                                secret=self.secret), **self.identity)],
            proposal=[dict(dict(name=n, **{"auth-algorithms": s.auth2,
                                           "enc-algorithms": s.enc2,
                                           "pfs-group": s.pfs}), **self.proposal)],
            policy=[dict(dict(peer=n, tunnel=True, protocol="all", proposal=n,
                              **{"src-address": inside.site_net,
                                 "dst-address": inside.cloud_net}),
                         **self.policy)])
        ipsec.update(self.more)
        net = {4: dict(address=[], route=[]), 6: dict(address=[], route=[])}
        net[self.inner]["address"].append(
            dict(address="%s/%d" % (inside.site_gw, inside.length), interface="lan"))
        net[self.outer]["address"].append(
            dict(address="%s/%d" % (outside.gateway, outside.length), interface="wan"))
        net[self.outer]["route"].append(dict(gateway=outside.gateway_hop))
        return dict(
            interface=[dict(name="lan", device=self.lan_device),
                       dict(name="wan", device=self.wan_device)],
            ip=dict(net[4], ipsec=ipsec), ipv6=net[6],
            dataplane=dict(dict(workers=self.workers, hugepages=False, **{"max-sas": 1024}),
                           **self.dataplane))

    def text(self):
        return "".join("%s = %s;\n" % (k, literal(v)) for k, v in self.tree().items())


def seconds(text):
    """RouterOS's notation of a time span: 1d2h3m4s500ms, 00:01:02 or a number"""
    text = str(text).strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    m = re.fullmatch(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+):(\d+):(\d+(?:\.\d+)?))", text)
    if m:
        w, d, h, mi, s = (float(x or 0) for x in m.groups())
        return ((w * 7 + d) * 24 + h) * 3600 + mi * 60 + s
    m = re.fullmatch(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?"
                     r"(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?", text)
    if not m or not text:
        raise ValueError("not a time span: %r" % text)
    w, d, h, mi, s, ms = (float(x or 0) for x in m.groups())
    return ((w * 7 + d) * 24 + h) * 3600 + mi * 60 + s + ms / 1000
