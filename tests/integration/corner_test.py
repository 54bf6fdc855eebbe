#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""corner_test.py - what takes more than a wrong setting to see: secrets that a NAT has strongSwan
look up in the wrong place (E13), a payload that it cannot take (E8), an initiator that comes too
late (E19). Each is named, and comes up when what `diagnose` prints is pasted.
"""
import base64
import dataclasses
import json
import os
import stat
import subprocess

import cases
from cases import case
from lab import binary, need, wait
from sick import Sick, Ward

BY_ADDRESS = ("invalid HASH_V1 payload length, decryption failed?", "could not decrypt payloads",
              "message parsing failed", "P1_UNEXPLAINED at main mode message 5")
BASE = {"hash1": "sha256", "dh": "ecp256"}
NAT = "198.51.100.7"


@dataclasses.dataclass
class Corner(Sick):
    nat: bool = False              # a NAT between us and the peer
    after: str = ""                # the code after a probe of phase 1, when it is another
    probed: bool = False           # diagnose asks for a probe of phase 2
    mangle: bool = False           # the path makes critical payloads of what this peer does not know

    def rules(self):
        """nft, of the routers between"""
        if self.mangle:
            # From an address that this gateway does not know: the payload behind SA, KE and nonce
            # of an IKE_SA_INIT request becomes one that nobody knows, and critical.
            nonce = 8 + 28 + 48 + 72               # UDP and IKE header, SA and KE of BASE
            yield "mangle", ("ip daddr %s ip saddr != %s udp dport 500 @th,208,8 34 @th,%d,8 41 "
                             "@th,%d,8 set 200 @th,%d,8 set 0x80 udp checksum set 0" %
                             (self.cloud, self.swan.get("remote_addrs", "113.87.48.200"),
                              8 * nonce, 8 * nonce, 8 * (nonce + 36 + 1)))
        if self.nat:
            yield "nat", "ip daddr %s ip protocol udp snat to %s" % (self.cloud, NAT)

    def need_told(self, said):
        """a wider offer was sent, but not where the other version takes ours"""
        if self.after == "P1_VERSION_MISMATCH":
            other = {1: "ike2", 2: "main"}[self.ike]
            told = said[other] == "takes" and said["wide-ike2"] == said["wide-main"] == "not-asked"
        else:
            told = {said["wide-ike2"], said["wide-main"]} != {"not-asked"}
        need(told, "%s: %s" % (self, said))

    def connection(self, gateway):
        return super().connection("%any" if self.nat else gateway)

    def connections(self, gateway):
        """behind the address there may be anybody, and somebody else was there first"""
        out = super().connections(gateway)
        if not self.nat:
            return out
        other = dict(out[self.name], children={}, remote={"auth": "psk", "id": "other.example"})
        return {"a-" + self.name: other, **out}

    def all_secrets(self, gateway):
        out = super().all_secrets(gateway)
        if self.nat:
            mine = out["ike-" + self.name]
            out["ike-a-" + self.name] = {"secret": '"of somebody else"', "id-1": mine["id-1"],
                                         "id-2": "other.example"}
            mine.pop("id-1")                      # found by the other side's name alone
        return out


CORNERS = [
    dict(what="E13 found by address, aggressive there", code="P1_UNEXPLAINED", cure="here", ike=1,
         nat=True, ident="fqdn", swan={"aggressive": "yes"}, classic=BY_ADDRESS),
    dict(what="E13 found by address, main there", code="P1_UNEXPLAINED", cure="both", ike=1,
         nat=True, ident="fqdn", classic=BY_ADDRESS),
    dict(what="E13 found by address, no name", code="P1_UNEXPLAINED", cure="both", ike=1,
         nat=True, classic=BY_ADDRESS),
    dict(what="E8 critical payload", code="PEER_DOES_NOT_KNOW_US", cure="there", ike=2,
         mangle=True, swan={"remote_addrs": "113.87.48.201"},
         classic=("received UNSUPPORTED_CRITICAL_PAYLOAD error notify", "payload type 200")),
    dict(what="E19 no new authentication", code="PEER_NO_REAUTH", cure="here", ike=2,
         role="responder", swan={"over_time": "0s"},
         conf={"profile": {"lifetime": "10s", "reauthentication": True}},
         classic=("initiator did not reauthenticate as requested",)),
]
# A refusal of all proposals is told from one of ours by a probe.
CORNERS += [dict(what="E8 another address of us", code="P1_NO_PROPOSAL", cure="there", ike=ike,
                 after="PEER_DOES_NOT_KNOW_US", swan={"remote_addrs": "113.87.48.201"})
            for ike in (1, 2)]
CORNERS += [dict(what="E5 by a probe", code="P1_NO_PROPOSAL", cure="here", ike=ike,
                 after="P1_ALG_MISMATCH", swan={"proposals": "aes256-sha1-modp2048"})
            for ike in (1, 2)]
# So is another version, which takes the offer that ours refuses: no wider one is sent then.
CORNERS += [dict(what="E2 by a probe", code="P1_NO_PROPOSAL", cure=cure, ike=ike,
                 after="P1_VERSION_MISMATCH", swan={"version": 3 - ike})
            for ike in (1, 2) for cure in ("here", "there")]
# What the peer wants is not to be seen from here, and no wider offer can hold it: it is tried.
CORNERS += [dict(what="E12 PFS there, by a probe", code="P2_ALG_MISMATCH", cure="here", ike=ike,
                 probed=True, swan={"children.CHILD.esp_proposals": proposal})
            for ike, proposal in ((1, "aes128-sha256-modp2048"), (1, "aes256-sha512-ecp256"))]
CORNERS += [dict(what="E11 algorithms there, by a probe", code="P2_ALG_MISMATCH", cure="here",
                 ike=ike, probed=True, swan={"children.CHILD.esp_proposals": proposal})
            for ike, proposal in ((2, "aes256-sha384"), (2, "aes256gcm16"), (1, "aes256gcm16"))]


def patients():
    out = [Corner(number=i + 1, **{**BASE, **kw, "conf": dict(kw.get("conf", {})),
                                   "swan": dict(kw.get("swan", {}))})
           for i, kw in enumerate(CORNERS)]
    for p in out:
        p.swan = {k.replace("CHILD", p.name + "c"): v for k, v in p.swan.items()}
    return out


class Corners(Ward):
    def _addresses(self):
        super()._addresses()
        self.route()

    def route(self):
        """the routers' rules as the pairs are now"""
        rules = [r for p in self.pairs for r in p.rules()]
        text = "table ip c\ndelete table ip c\ntable ip c {\n"
        for name, hook in (("mangle", "type filter hook forward priority 0;"),
                           ("nat", "type nat hook postrouting priority 100;")):
            text += " chain %s {\n  %s\n%s }\n" % (name, hook, "".join(
                "  %s\n" % r for n, r in rules if n == name))
        r = subprocess.run(self.into(self.inet, "nft", "-f", "-"), input=text + "}\n", text=True,
                           capture_output=True, check=False)
        need(r.returncode == 0, "nft: %s\n%s" % (r.stderr, text))

    def ask(self, pairs, *options):
        """probe all at the same time, as the checks ask for"""
        at = [subprocess.Popen(self.into(self.gw, binary("espgw"), "--instance", self.id, "--json",
                                         "probe", *options, p.name), stdout=subprocess.PIPE,
                               text=True, env=self.env) for p in pairs]
        for p, process in zip(pairs, at):
            text, _ = process.communicate(timeout=40)
            need(process.returncode == 0, "%s: probe: %s" % (p, text))
            yield p, json.loads(text)[0]["answers"]

    def probe(self, pairs):
        """of phase 2; how often each was asked"""
        asked = []
        for p, answers in self.ask(pairs, "--phase2"):
            said = [a["said"] for a in answers]
            need(said[-1] == "takes" and set(said[:-1]) <= {"no-proposal"}, "%s: %s" % (p, answers))
            asked.append(len(said))
        return asked

    def bundle(self):
        """all that is known in a file, and no secret in it"""
        path = os.path.join(self.dir, "bundle")
        self.cli_text("diagnose", "--bundle", path)
        need(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "others can read the bundle")
        with open(path) as f:
            text = f.read()
        need(self.cli_text("diagnose", "--bundle", path, check=False).returncode == 1 and
             open(path).read() == text, "a file that is there is written over")
        return text


def keyed(lab):
    """all that must not be in a bundle"""
    for p in lab.pairs:
        yield p.secret
        if p.psk:
            yield p.psk
    for rows in lab.sas(sensitive=True).values():
        for r in rows:
            for k in ("enc-key", "auth-key"):
                if r.get(k):
                    yield r[k]


def forms(secret):
    """text or hexadecimal as it is written, in hexadecimal, in base64"""
    bare = secret.removeprefix("0x")
    raws = [secret.encode()]
    if set(bare) <= set("0123456789abcdef"):
        raws.append(bytes.fromhex(bare))
    return {bare}.union(*({r.hex(), r.hex().upper(), base64.b64encode(r).decode().rstrip("=")}
                          for r in raws))


@case(timeout=120)
def advice_taken_literally_brings_each_up():
    corners = patients()
    # A cookie would move what the path changes, but a ward has none.
    with Corners(corners) as lab:
        found = wait(lab.diagnosed, 40, "diagnoses of %d tunnels" % len(corners), every=0.3)
        wait(lab.classic_texts, 20, "the texts of the log", every=0.3)
        text = lab.bundle()
        hint = "its SHA-256 begins"
        need(hint in lab.cli_text("diagnose").stdout and hint not in text,
             "what narrows a secret down is in the bundle, or not in the diagnosis")
        probed = [p for p in corners if p.probed]
        for p in probed:
            ids = [c["id"] for f in found[p.name] for c in f["checks"]]
            need("CHECK_PROBE_CHILD" in ids, "%s: %s" % (p, ids))
        asked = lab.probe(probed)
        again = [p for p in corners if p.after]
        for p, answers in lab.ask(again):
            p.need_told({a["ask"]: a["said"] for a in answers})
        for p in again:
            p.code = p.after
        now = wait(lab.diagnosed, 5, "diagnoses after the probes", every=0.3)
        found.update((p.name, now[p.name]) for p in probed + again)
        for p in corners:
            need((p.after or p.code in text) and p.cloud in text, "the bundle lacks %s" % p)
            mine = [f for f in found[p.name] if f["code"] == p.code]
            for c in [c for f in mine for c in f["changes"]]:
                for line in c["lines"]:
                    if c["side"] == "here" and p.cure in ("here", "both"):
                        p.paste_here(line["line"])
                    elif c["side"] == "peer" and p.cure in ("there", "both"):
                        p.paste_there(line["where"], line["line"])
        lab.route()
        lab.reload_both()
        wait(lab.up, 30, "the cured tunnels", every=0.3)
        wait(lab.nothing_left, 15, "clean diagnoses", every=0.3)
        os.unlink(os.path.join(lab.dir, "bundle"))
        text += lab.bundle()
        secrets = list(keyed(lab))
        need(len(secrets) >= 3 * len(corners), "too few to look for: %d" % len(secrets))
        for s in secrets:
            need(not any(f in text for f in forms(s)), "a secret is in the bundle")
        return "%d tunnels cured, %s asked %s times, a bundle of %d bytes without %d secrets" % (
            len(corners), len(probed), asked, len(text), len(secrets))


if __name__ == "__main__":
    cases.main()
