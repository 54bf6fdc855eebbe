# SPDX-License-Identifier: BSD-3-Clause
"""pairs.py - many tunnels of one laboratory: our words, strongSwan's words, a cover of their pairs.

A Pair is one peer with its own address, algorithms, identity and nets; Pairs brings them all up at
once, each in its role, with a charon that has one connection for each.
"""
import dataclasses
import functools
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import wire
from lab import Fail, Lab, binary, host_of, need, run, wait
from suites import GatewayConf, literal

from vici import Vici                     # of the rig, on the path since lab

KEEP = {"rekey_time": "4h", "over_time": "1h"}
IDENTITIES = ("auto", "ipv4", "ipv6", "fqdn", "user-fqdn", "key-id")
REKEYS = ("none", "child-gateway", "child-cloud", "ike-gateway", "ike-cloud")
AEAD = ("gcm", "chacha")


def accepted(*questions):
    """what the model accepts: {(menu, property): [words]}, as it says itself"""
    rows = {}
    for menu, prop in questions:
        rows.setdefault(menu, []).append((prop, "?"))
    tree = {"interface": [{"name": "lan", "device": "net_null0"}],
            "ip": {"ipsec": {m: [dict(p, name="x")] for m, p in rows.items()}}}
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as f:
        f.write("".join("%s = %s;\n" % (k, literal(v)) for k, v in tree.items()))
        f.flush()
        text = run(binary("espgw"), "check", f.name, check=False).stdout
    out = {}
    for menu, prop in questions:
        m = re.search(r'/ip ipsec %s "x": %s: "\?" is not known; accepted: (.*)' % (menu, prop),
                      text)
        need(m, "the model does not say what %s of %s accepts: %s" % (prop, menu, text))
        out[menu, prop] = m.group(1).split(", ")
    return out


@dataclasses.dataclass
class Pair:
    """in RouterOS's words"""
    number: int
    role: str = "initiator"          # ours
    enc1: str = "aes-128"
    hash1: str = "sha256"
    prf: str = "auto"              # IKEv2: the same as hash1
    dh: str = "ecp256"
    enc2: str = "aes-128-cbc"
    auth2: str = "sha256"
    pfs: str = "none"
    ident: str = "auto"
    nets: str = "1x1"                # local and remote selectors
    rekey: str = "none"
    ike: int = 2
    multi: str = "single-sa"         # matters where there are several
    aggressive: bool = False

    def __str__(self):
        return " ".join("%s" % v for v in dataclasses.astuple(self))

    # ------------------------------------------------------------- the addresses --
    @property
    def name(self):
        return "p%d" % self.number

    @property
    def cloud(self):
        return "119.91.253.%d" % self.number

    def halves(self, net, n):
        net %= self.number
        return [net + ".0/24"] if n == 1 else [net + ".0/25", net + ".128/25"]

    @property
    def local(self):
        return self.halves("192.168.%d", int(self.nets[0]))

    @property
    def remote(self):
        return self.halves("10.100.%d", int(self.nets[2]))

    def hosts(self):
        """(site, cloud): an address in each net"""
        return tuple([re.sub(r"(\d+)/.*", lambda m: str(int(m.group(1)) + 12), n) for n in nets]
                     for nets in (self.local, self.remote))

    def lan_addresses(self):
        """of the gateway, for networks that are not in 192.168.0.0/16"""
        return []

    def streams(self):
        return list(itertools.product(*self.hosts()))

    # ------------------------------------------------------------- the gateway --
    def identities(self):
        """(ours, the cloud's): (RouterOS's, strongSwan's)"""
        n = self.number
        form = {"ipv4": ("address:192.0.2.%d", "192.0.2.%d"),
                "ipv6": ("address:2001:db8::%x", "2001:db8::%x"),
                "fqdn": ("fqdn:g%d.example", "fqdn:g%d.example"),
                "user-fqdn": ("user-fqdn:g%d@example.com", "email:g%d@example.com"),
                "key-id": ("key-id:gateway-%d", "keyid:gateway-%d")}
        if self.ident == "auto":
            return ("auto", None), ("auto", None)
        a, b = form[self.ident]
        more = 0x1000 if self.ident != "ipv4" else 0
        ours = (a % n, b % n)
        if self.ident == "ipv4":
            return ours, ("address:198.51.100.%d" % n, "198.51.100.%d" % n)
        return ours, (a % (n + more), b % (n + more))

    @property
    def secret(self):
        return "the pre-shared key of pair %d" % self.number

    def weak(self):
        words = [w for w in (self.dh, self.pfs)
                 if w in ("modp768", "modp1024", "modp1536", "modp2048s256")]
        words += [w for w in (self.hash1, self.auth2) if w in ("md5", "sha1")]
        words += [w for w in (self.enc1, self.enc2) if w in ("3des", "null")]
        return ",".join(["ikev1"] * (self.ike == 1) + ["aggressive"] * self.aggressive +
                        sorted(set(words))) or None

    def exchange_mode(self):
        return "ike2" if self.ike == 2 else "aggressive" if self.aggressive else "main"

    def menus(self):
        n, (mine, theirs) = self.name, self.identities()
        return dict(
            profile=[{"name": n, "dh-group": self.dh, "hash-algorithm": self.hash1,
                      "enc-algorithm": self.enc1, "lifetime": "1h",
                      "prf-algorithm": self.prf if self.ike == 2 else None}],
            peer=[{"name": n, "address": self.cloud, "profile": n, "passive":
                   self.role == "responder", "exchange-mode": self.exchange_mode(),
                   "multi-selector": self.multi if self.ike == 2 else None,
                   "allow-weak": self.weak()}],
            identity=[{"peer": n, "auth-method": "pre-shared-key", "secret": self.secret,
                       "my-id": mine[0], "remote-id": theirs[0]}],
            proposal=[{"name": n, "auth-algorithms": self.auth2, "enc-algorithms": self.enc2,
                       "pfs-group": self.pfs, "lifetime": "30m"}],
            policy=[{"peer": n, "tunnel": True, "protocol": "all", "proposal": n,
                     "src-address": a, "dst-address": b}
                    for a, b in itertools.product(self.local, self.remote)])

    # ------------------------------------------------------------- strongSwan --
    @staticmethod
    def _enc(name):
        name = re.sub(r"-gcm$", "gcm16", re.sub(r"-cbc$", "", name))
        return name.replace("-", "")

    def ike_proposal(self):
        parts = [] if any(w in self.enc1 for w in AEAD) else [self.hash1]
        parts += ["prf" + self.prf_hash()] if not parts or self.prf != "auto" else []
        return "-".join([self._enc(self.enc1)] + parts + [self.dh])

    def prf_hash(self):
        """whose HMAC the PRF is"""
        return self.hash1 if self.prf == "auto" else self.prf

    def esp_proposal(self):
        parts = [self._enc(self.enc2)]
        parts += [] if any(w in self.enc2 for w in AEAD) else [self.auth2]
        return "-".join(parts + ([] if self.pfs == "none" else [self.pfs]))

    def children(self):
        """strongSwan's, [(local, remote)]"""
        return [(self.remote, self.local)]

    def connection(self, gateway):
        (_, ours), (_, theirs) = self.identities()

        def ident(x):
            return {"auth": "psk", **({"id": '"%s"' % x} if x else {})}
        return {"version": self.ike, "aggressive": "yes" if self.aggressive else "no",
                "local_addrs": self.cloud, "remote_addrs": gateway,
                "proposals": self.ike_proposal(), "encap": "yes", "mobike": "no",
                "unique": "never", **KEEP, "local": ident(theirs), "remote": ident(ours),
                "children": {self.name + "c" * (i + 1): {
                    "local_ts": ",".join(local), "remote_ts": ",".join(remote),
                    "esp_proposals": self.esp_proposal(), "rekey_time": "2h", "life_time": "3h",
                    "start_action": "start" if self.role == "responder" else "none"}
                             for i, (local, remote) in enumerate(self.children())}}

    def connections(self, gateway):
        """all that are loaded for it, in this order"""
        return {self.name: self.connection(gateway)}

    def all_secrets(self, gateway):
        return {"ike-" + self.name: self.secrets(gateway)}

    def secrets(self, gateway):
        (_, ours), (_, theirs) = self.identities()
        return {"secret": '"%s"' % self.secret, "id-1": '"%s"' % (theirs or self.cloud),
                "id-2": '"%s"' % (ours or gateway)}

    # ------------------------------------------------------------- what must be in force --
    def expected(self):
        """strongSwan's words of the IKE SA, and of the child SA but for its group"""
        def enc(name):
            m = re.fullmatch(r"aes-(\d+)(?:-(cbc|ctr|gcm))?", name)
            if m:
                word = {"ctr": "AES_CTR", "gcm": "AES_GCM_16"}.get(m.group(2), "AES_CBC")
                return word, m.group(1)
            return {"3des": "3DES_CBC", "null": "NULL"}.get(name, "CHACHA20_POLY1305"), None
        macs = {"md5": "HMAC_MD5_96", "sha1": "HMAC_SHA1_96", "sha256": "HMAC_SHA2_256_128",
                "sha384": "HMAC_SHA2_384_192", "sha512": "HMAC_SHA2_512_256"}

        def mac(name, cipher):
            return None if any(w in cipher for w in AEAD) else macs[name]
        prf = self.prf_hash()
        prf = "PRF_HMAC_" + {"md5": "MD5", "sha1": "SHA1"}.get(prf, "SHA2_" + prf[3:])
        return ((*enc(self.enc1), mac(self.hash1, self.enc1), prf, self._group(self.dh)),
                (*enc(self.enc2), mac(self.auth2, self.enc2)))

    @staticmethod
    def _group(name):
        m = re.fullmatch(r"(modp|ecp)(\d+)(?:s(\d+))?", name)
        return "_".join(x for x in m.groups() if x).upper() if m else "CURVE_25519"

    def child_group(self, first):
        """of the child SA: the one of IKE_AUTH has none"""
        return None if self.pfs == "none" or (first and self.ike == 2) else self._group(self.pfs)


def block(name, tree, depth=0):
    """swanctl.conf"""
    pad = "  " * depth
    return "%s%s {\n%s%s}\n" % (pad, name, "".join(
        block(k, v, depth + 1) if isinstance(v, dict) else "%s  %s = %s\n" % (pad, k, v)
        for k, v in tree.items()), pad)


class PairsConf(GatewayConf):
    """the gateway's side of all of them"""

    def __init__(self, pairs, **kw):
        self.lan = ["192.168.0.1/16"] + [a for p in pairs for a in p.lan_addresses()]
        menus = {}
        for p in pairs:
            for k, rows in p.menus().items():
                menus.setdefault(k, []).extend(rows)
        super().__init__(more=menus, **kw)

    def tree(self):
        t = super().tree()
        t["ip"]["address"] = [dict(address=a, interface="lan") for a in self.lan] + \
            [dict(address="113.87.48.200/24", interface="wan")]
        return t


class Pairs(Lab):
    """a lab whose cloud gateway is the far end of all pairs"""

    def __init__(self, pairs, options=(), **kw):
        self.pairs = pairs
        super().__init__(conf=PairsConf(pairs), port="tap",
                         cloud=("--no-default-child", "--local-id", "nobody", *options),
                         start=False, **kw)
        try:
            self._addresses()
            self.write_conf()
            self.start_dataplane()
            self._connections(self.pairs)
            self.start_control()
        except BaseException:
            self.report()
            self.close()
            raise

    def _addresses(self):
        """all hosts' addresses"""
        site, cloud = ["addr del 192.168.1.12/24 dev eth0", "addr add 192.168.0.2/16 dev eth0",
                       "route replace default via 192.168.0.1"], []
        for p in self.pairs:
            a, b = p.hosts()
            site += ["addr add %s/32 dev eth0" % x for x in a]
            cloud += ["addr add %s/32 dev lo" % x for x in b]
            cloud += ["addr add %s/32 dev wan0" % p.cloud]
        self._batch(self.site, site)
        self._cloud_batch(cloud)
        # Each peer has an address of its own behind the cloud's hop.
        self.ip(self.inet, "route", "replace", "119.91.253.0/24", "via", self.outside.cloud,
                "dev", "c0")

    @staticmethod
    def _batch(ns, lines):
        r = subprocess.run(["ip", "-n", ns, "-batch", "-"], input="\n".join(lines) + "\n",
                           capture_output=True, text=True, check=False)
        need(r.returncode == 0, r.stderr)

    def _cloud_batch(self, lines):
        """A few at a time: what the kernel says of an address while charon's socket is full charon
        never learns, and it refuses the child SAs that need it ("error installing route with
        policy")."""
        for i in range(0, len(lines), 16):
            self._batch(self.cloud_ns, lines[i:i + 16])
            wait(self._news_read, 20, "charon to read of its addresses", every=0.01)

    def _news_read(self):
        table = run(*self.into(self.cloud_ns, "cat", "/proc/net/netlink")).stdout
        rows = [dict(zip(table.split("\n", 1)[0].split(), r.split()))
                for r in table.splitlines()[1:]]
        charon = [r for r in rows if r["Eth"] == "0" and int(r["Groups"], 16)]
        need(charon, "nobody listens: %s" % table)
        need(all(r["Drops"] == "0" for r in charon), "news was lost: %s" % table)
        return all(r["Rmem"] == "0" for r in charon)

    def selectors(self):
        return "192.168.0.0/16", "10.100.0.0/16"

    def vici(self):
        return Vici(self.cloud_dir + "/charon.vici")

    @functools.cached_property
    def cloud_dir(self):
        return json.loads(self.peer("info", "--json").stdout)["state"]

    def _connections(self, pairs):
        gateway = self.outside.gateway
        path = os.path.join(self.dir, "pairs.conf")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write(block("connections", {k: v for p in pairs
                                          for k, v in p.connections(gateway).items()}))
            f.write(block("secrets", {k: v for p in pairs
                                      for k, v in p.all_secrets(gateway).items()}))
        for what in ("--load-creds", "--load-conns"):
            said = run("swanctl", what, "--uri", "unix://%s/charon.vici" % self.cloud_dir,
                       "--file", path, env=self.env).stdout
        need("successfully loaded" in said, said)  # it says so of the whole file, and of that alone

    # ------------------------------------------------------------- what is in force --
    def far(self):
        """{pair's name: [its IKE SAs]} as strongSwan sees them"""
        out = {}
        for sa in self.vici().stream("list-sas", "list-sa"):
            for name, ike in sa.items():
                out.setdefault(name.partition("#")[0], []).append(ike)
        return out

    @staticmethod
    def children(ikes):
        return [c for ike in ikes for c in ike.get("child-sas", {}).values()
                if c.get("state") == "INSTALLED"]

    def up(self):
        """all pairs, on both ends; else False"""
        far = self.far()
        down = [p.name for p in self.pairs if not self.children(far.get(p.name, []))]
        need(not down, "not up at the far end: %s" % " ".join(down[:20]))
        return far

    def need_suites(self, first):
        """each pair has exactly what it asks for; first: none was replaced yet"""
        far, wrong = self.far(), []
        for p in self.pairs:
            ike, child = p.expected()
            for sa in far[p.name]:
                got = tuple(sa.get(k) for k in ("encr-alg", "encr-keysize", "integ-alg",
                                                "prf-alg", "dh-group"))
                # one that is begun anew has nothing yet
                if sa.get("state") == "ESTABLISHED" and got != ike:
                    wrong.append("%s: IKE %s" % (p, got))
            for c in self.children(far[p.name]):
                got = tuple(c.get(k) for k in ("encr-alg", "encr-keysize", "integ-alg"))
                group = c.get("dh-group")
                if got != child or group != p.child_group(first or not
                                                          p.rekey.startswith("child")):
                    wrong.append("%s: ESP %s %s" % (p, got, group))
        need(not wrong, "\n".join(wrong))

    def need_roles(self):
        rows = {r["remote-address"].partition(":")[0]: r
                for r in self.cli("ip", "ipsec", "active-peers", "print")}
        wrong = [str(p) for p in self.pairs if p.cloud not in rows or
                 rows[p.cloud]["side"] != p.role or rows[p.cloud]["natt-peer"] != "true"]
        need(not wrong, "roles, or NAT-T: %s\n%s" % (wrong[:10], list(rows.values())[:3]))

    def spis(self):
        """{name: (IKE SPIs, ESP SPIs)} of the far end"""
        return {n: ({i["initiator-spi"] for i in ikes}, {c["spi-in"] for c in self.children(ikes)})
                for n, ikes in self.far().items()}

    def rekey(self):
        """one after the other: strongSwan's threads do Diffie-Hellman and ESP, and with all of them
        at the one the other waits. In IKEv1 it has a new pair only when it is done with the last
        message, and we send through it before if that takes it longer than we can know."""
        v, menus = self.vici(), {"child": "installed-sa", "ike": "active-peers"}
        for p in self.pairs:
            time.sleep(0.05 if p.rekey != "none" else 0)
            old = self.spis()[p.name][1] if p.ike == 1 else None
            if p.rekey.endswith("gateway"):
                self.cli_text("ip", "ipsec", menus[p.rekey.partition("-")[0]], "rekey",
                              "peer=" + p.name)
            elif p.rekey == "child-cloud":
                v.call("rekey", child=p.name + "c")
            elif p.rekey == "ike-cloud":
                v.call("rekey", ike=p.name)
            if p.ike == 1 and p.rekey.startswith("child"):
                wait(lambda p=p, old=old: self.spis()[p.name][1] - old, 20, "%s's new pair" % p)

    def carrying(self, packets):
        """every SA of ours has carried so many"""
        idle = ["%s -> %s: %s" % (r["src-address"], r["dst-address"], r["current-packets"])
                for rows in self.sas().values() for r in rows
                if int(r["current-packets"]) < packets]
        need(not idle, "%d SAs idle: %s" % (len(idle), idle[:5]))
        return True

    def settled(self):
        """of IKEv2 nothing is left besides what is in force, at both ends. In IKEv1 strongSwan keeps
        what was replaced until its own end."""
        far, left = self.far(), []
        for p in self.pairs:
            ikes = far.get(p.name, [])
            children = [c for ike in ikes for c in ike.get("child-sas", {}).values()]
            if p.ike == 2 and (len(ikes) != 1 or len(children) != len(p.children())):
                left.append("%s: %d IKE SAs, %d pairs" % (p, len(ikes), len(children)))
        need(not left, "\n".join(left))
        ours = {}
        for r in self.sas()["in"]:
            ours.setdefault(host_of(r["src-address"]), []).append(r["spi"])
        left = ["%s: %s" % (p, ours[p.cloud]) for p in self.pairs
                if p.ike == 2 and len(ours[p.cloud]) != len(p.children())]
        need(not left, "\n".join(left))
        return True

    def rekeyed(self, before):
        after, wrong = self.spis(), []
        for p in self.pairs:
            old, new = before[p.name], after.get(p.name, (set(), set()))
            # In IKEv1 strongSwan keeps what was replaced until its own end.
            did = tuple(bool(b - a) and (p.ike == 1 or not a & b) for a, b in zip(old, new))
            if did != (p.rekey.startswith("ike"), p.rekey.startswith("child")):
                wrong.append("%s: IKE, ESP %s -> %s" % (p, old, new))
        need(not wrong, "\n".join(wrong))
        return True


class StandsStill(Fail):
    """strongSwan's user-space ESP sends nothing any more, for no pair"""


def prove(pairs):
    """bring all up, rekey under traffic, look at both ends and at the wire"""
    try:
        return attempt(pairs)
    except StandsStill:
        # Its issue 2891: two threads of libipsec may wait for each other when a child SA ends.
        return attempt(pairs) + ", at the second attempt: strongSwan's ESP had stopped"


def need_received(lab, cap, sent, lost, streams):
    """no ping is lost but what strongSwan's socket had no room for: how many are"""
    spared = lab.cloud_socket_drops()
    text = "of %d pings lost, and %d for want of room in strongSwan's socket:\n%s" % (
        sent, spared, "\n".join("%d %s: %s" % (n, k, streams[k]) for k, n in lost.items()))
    if sum(lost.values()) <= spared:
        return sum(lost.values())
    cap.stop()
    # Rounds of good ESP to all pairs, and not one packet of any of them comes back?
    if cap.unanswered() >= 3 * len(streams):
        cap.need_genuine(wire.cloud_keys(lab), "--first-seq", "1", "--contiguous", min_ok=sent)
        raise StandsStill(text)
    raise Fail(text)


def attempt(pairs):
    with Pairs(pairs) as lab, wire.Capture(lab) as cap:
        t = time.monotonic()
        wait(lab.up, 30 + len(pairs) / 2, "%d pairs" % len(pairs), every=0.3)
        t = time.monotonic() - t
        lab.need_suites(first=True)
        lab.need_roles()
        before = lab.spis()
        streams = ",".join("%s-%s" % s for p in pairs for s in p.streams())
        p = lab.helper("site", "pings", "--streams", streams, "--pps", "5")
        wait(lambda: lab.carrying(3), 30, "steady traffic", every=0.3)
        lab.rekey()
        wait(lambda: lab.rekeyed(before), 40, "rekeying", every=0.3)
        wait(lab.settled, 40, "the old ones to be gone", every=0.3)
        p.send_signal(15)
        got = lab.result(p, 120)
        of = {"%s-%s" % s: p for p in pairs for s in p.streams()}
        lost = need_received(lab, cap, got["sent"], got["lost"], of)
        lab.need_suites(first=False)
        cap.stop()
        said = cap.need_genuine(wire.cloud_keys(lab), "--first-seq", "1", "--contiguous",
                                min_ok=2 * got["sent"])
        return "%d pairs up after %.1f s, %d pings, %d lost in strongSwan's full socket, %s" % (
            len(pairs), t, got["sent"], lost, said)
