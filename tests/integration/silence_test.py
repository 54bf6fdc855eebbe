#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""silence_test.py - peers that do not answer (E7): by port, by size, by ICMP, and because both wait.
What `diagnose` and `espgw probe` say is done, nothing else: a filter goes only when a check names
it, lines are pasted. Then all must be up.
"""
import dataclasses
import ipaddress
import json
import subprocess

import cases
from cases import case
from lab import binary, need, wait
from sick import Sick, Ward

# What a check that diagnose prints has one look for: these filters.
CHECKS = {"CHECK_UP": "address", "CHECK_500": "500", "CHECK_4500": "4500", "CHECK_LARGE": "large",
          "CHECK_ICMP_PORT": "refused", "CHECK_ICMP_FIREWALL": "prohibited",
          "CHECK_ICMP_ROUTE": "route", "CHECK_FRAGMENTS": "fragments"}
# Nobody can tell these apart from here: diagnose names all of them.
NOTHING = {"address", "500", "4500"}


@dataclasses.dataclass
class Quiet(Sick):
    """a pair whose messages are lost"""
    lost: tuple = ()               # of the values of CHECKS
    over: int = 0                  # "large": UDP datagrams of more bytes
    paste: str = ""                # instead: "here" or "there"

    def rules(self):
        for ours in ("ip daddr", "ip saddr"):
            at = "%s %s" % (ours, self.cloud)
            port = "udp dport" if ours == "ip daddr" else "udp sport"
            for what in self.lost:
                yield {"500": at + " %s 500 drop" % port,
                       "4500": at + " %s 4500 drop" % port,
                       "large": at + " udp length > %d drop" % self.over,
                       "refused": "ip daddr %s udp dport 500 reject with icmp port-unreachable"
                                  % self.cloud,
                       "prohibited": "ip daddr %s udp dport 4500 reject with icmp "
                                     "admin-prohibited" % self.cloud,
                       "fragments": at + " ip frag-off & 0x3fff != 0 drop",
                       "route": "ip daddr %s reject with icmp host-unreachable" % self.cloud,
                       "address": ""}[what]

    def connection(self, gateway):
        out = super().connection(gateway)
        if self.paste == "" or "passive" not in self.what:
            return out
        for child in out["children"].values():
            child.setdefault("start_action", "none")
        return out


# What goes into quick mode is then more than an IP packet holds.
LONG = {"proposal": {"enc-algorithms": "aes-128-cbc,aes-192-cbc,aes-256-cbc",
                     "auth-algorithms": "sha256,sha1,sha384,sha512", "pfs-group": "modp8192"}}


def both_versions(what, **kw):
    for ike in (1, 2):
        QUIET.append(dict(what=what, ike=ike, **kw))


QUIET = []
both_versions("nothing at all", lost=("500", "4500"))
both_versions("500 blocked", lost=("500",))
both_versions("4500 blocked", lost=("4500",))
both_versions("refused with ICMP", lost=("refused",))
both_versions("prohibited with ICMP", lost=("prohibited",))
both_versions("no such host", lost=("address",))
both_versions("no route with ICMP", lost=("route",))
QUIET.append(dict(what="large lost", ike=1, lost=("large",), over=600, dh="modp4096"))
QUIET.append(dict(what="large lost", ike=2, lost=("large",), over=600, dh="modp4096"))
QUIET.append(dict(what="fragments lost", ike=1, lost=("fragments",), paste="there", conf=LONG,
                  pfs="modp8192", swan={"fragmentation": "no"}))
both_versions("both are passive", role="responder", paste="here")
both_versions("both are passive", role="responder", paste="there")


def patients():
    out = []
    for i, kw in enumerate(QUIET):
        p = Quiet(number=i + 1, code="PEER_SILENT", hash1="sha256",
                  **{"dh": "ecp256", **kw, "conf": dict(kw.get("conf", {})),
                     "swan": dict(kw.get("swan", {}))})
        if "passive" in p.what:
            p.swan["children.%sc.start_action" % p.name] = "none"
        if "fragments" in p.lost:
            p.code = "P2_SILENT"
        if {"500", "address", "refused", "route"} & set(p.lost):
            p.classic = ("sending retransmit 1 of request message ID 0, seq 1",)
        out.append(p)
    return out


class Room(Ward):
    def _addresses(self):
        super()._addresses()
        self.filters()
        # All these errors go to one address; by default that gets one a second.
        self.sh(self.inet, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
        for p in self.pairs:
            if "address" in p.lost:
                self.ip(self.cloud_ns, "addr", "del", "%s/32" % p.cloud, "dev", "wan0")

    def filters(self):
        lines = [r for p in self.pairs for r in p.rules() if r]
        text = "table ip f\ndelete table ip f\ntable ip f {\n chain forward {\n  type filter hook " \
            "forward priority 0;\n%s }\n}\n" % "".join("  %s\n" % r for r in lines)
        r = subprocess.run(self.into(self.inet, "nft", "-f", "-"), input=text, text=True,
                           capture_output=True, check=False)
        need(r.returncode == 0, "nft: %s\n%s" % (r.stderr, text))

    def silent(self):
        """the finding of each, once all are there"""
        found = self.findings()
        out = {p.name: next((f for f in found[p.name] if f["code"] in (p.code, "P1_PSK_MISMATCH")),
                            None) for p in self.pairs}
        none = ["%s: %s" % (p, found[p.name]) for p in self.pairs if not out[p.name]]
        need(not none, "\n".join(none))
        return out

    def probe(self, pairs):
        """all at the same time, as the check asks for"""
        at = [subprocess.Popen(self.into(self.gw, binary("espgw"), "--instance", self.id, "--json",
                                         "probe", p.name), stdout=subprocess.PIPE, text=True,
                               env=self.env) for p in pairs]
        out = {}
        for p, process in zip(pairs, at):
            text, _ = process.communicate(timeout=30)
            need(process.returncode == 0, "%s: probe: %s" % (p, text))
            out[p.name] = {a["ask"]: a for a in json.loads(text)[0]["answers"]}
        return out

    def told(self, p, finding):
        """filters that the checks name; lines are pasted"""
        ids = {c["id"] for c in finding["checks"]}
        for c in finding["changes"]:
            for line in c["lines"]:
                if c["side"] == "here" and p.paste == "here":
                    p.paste_here(line["line"])
                elif c["side"] == "peer" and p.paste == "there":
                    p.paste_there(line["where"], line["line"])
        return {CHECKS[i] for i in ids if i in CHECKS}

    def open_up(self, p, named):
        if "address" in p.lost and "address" in named:
            self.ip(self.cloud_ns, "addr", "add", "%s/32" % p.cloud, "dev", "wan0")
        if not p.paste:                           # what is pasted has to do with the filter
            p.lost = tuple(x for x in p.lost if x not in named)


def ids(finding):
    return sorted(c["id"] for c in finding["checks"])


@case(timeout=120)
def each_silence_is_told_apart_and_cured_by_what_diagnose_says():
    quiet = patients()
    with Room(quiet) as lab:
        found = wait(lab.silent, 20, "diagnoses of %d tunnels" % len(quiet), every=0.3)
        wait(lab.classic_texts, 10, "the texts of the log", every=0.3)
        asked = [p for p in quiet if "CHECK_PROBE" in ids(found[p.name])]
        answers = lab.probe(asked)
        found = wait(lab.silent, 5, "diagnoses after the probes", every=0.3)
        said = []
        for p in quiet:
            f = found[p.name]
            need(f["code"] == p.code, "%s: %s instead of %s" % (p, f["code"], p.code))
            icmp = f.get("evidence", {}).get("icmp")
            if p.lost in (("refused",), ("prohibited",), ("route",)):
                need(icmp and ipaddress.ip_address(icmp["from"]), "%s: no ICMP in %s" % (p, f))
            named = lab.told(p, f)
            need(named in (set(p.lost), NOTHING) and named >= set(p.lost), "%s: %s instead of %s: "
                 "%s %s" % (p, named, p.lost, ids(f), answers.get(p.name)))
            said.append("%s: %s %s" % (p.what, f["code"], ",".join(ids(f))))
            lab.open_up(p, named)
        need(not [p for p in quiet if p.lost and not p.paste], "filters stay")
        lab.filters()
        lab.reload_both()
        wait(lab.up, 30, "the cured tunnels", every=0.3)
        wait(lab.nothing_left, 10, "clean diagnoses", every=0.3)
        return "%d tunnels cured, %d after a probe: %s" % (len(quiet), len(asked),
                                                           "; ".join(sorted(set(said))))


if __name__ == "__main__":
    cases.main()
