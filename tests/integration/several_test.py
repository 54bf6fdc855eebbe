#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""several_test.py - two and three things wrong at once: what diagnose names is applied, round by
round, until the tunnel is up. What can be seen in one round must be named in it: all of phase 1's
algorithms, and of phase 2 selectors and algorithms.

By default a cover: each two faults meet somewhere. ESPGW_DIAGNOSE=all: every two and three, in both
versions, both roles, cured at either side.
"""
import dataclasses
import itertools
import os
import time

import cases
from cases import case
from lab import need, wait
from sick import Sick, Ward

ALL = os.environ.get("ESPGW_DIAGNOSE") == "all"
BATCH = 48

# What the cloud has instead, and how it is seen: at which stage, by which code and which words of
# the evidence. A stage is seen when the ones before it are right.
FAULTS = {
    "version": (0, {}, "P1_VERSION_MISMATCH", ""),
    "encryption": (1, {"enc1": "aes-256"}, "P1_ALG_MISMATCH", "encryption"),
    "hash": (1, {"hash1": "sha512"}, "P1_ALG_MISMATCH", "hash"),
    "group": (1, {"dh": "modp3072"}, "P1_DH_MISMATCH", "group"),
    "secret": (2, {}, "P1_PSK_MISMATCH", ""),
    "name": (3, {}, "P1_ID_MISMATCH", ""),
    "network": (4, {}, "P2_TS_MISMATCH", ""),
    "encryption 2": (4, {"enc2": "aes-256-cbc"}, "P2_ALG_MISMATCH", "encryption"),
    "authentication 2": (4, {"auth2": "sha512"}, "P2_ALG_MISMATCH", "authentication"),
}


@dataclasses.dataclass
class Multi(Sick):
    """a pair with several things wrong"""
    faults: tuple = ()
    rounds: int = 0

    def __str__(self):
        return "%s (IKEv%d, %s, cured %s)" % (" + ".join(self.faults), self.ike, self.role,
                                              self.cure)

    def break_it(self):
        fields = {}
        for f in self.faults:
            fields.update(FAULTS[f][1])
        there = dataclasses.replace(self, **fields)
        child = "children.%sc." % self.name
        if there.ike_proposal() != self.ike_proposal():
            self.swan["proposals"] = there.ike_proposal()
        if there.esp_proposal() != self.esp_proposal():
            self.swan[child + "esp_proposals"] = there.esp_proposal()
        if "version" in self.faults:
            self.swan["version"] = 3 - self.ike
        if "secret" in self.faults:
            self.psk = "something else altogether"
        if "name" in self.faults:
            self.conf["identity"] = {"remote-id": "address:192.0.2.%d" % self.number}
        if "network" in self.faults:
            self.swan[child + "local_ts"] = "10.200.%d.0/24" % self.number

    def seen_first(self):
        """the faults of the earliest stage there is"""
        first = min(FAULTS[f][0] for f in self.faults)
        return [f for f in self.faults if FAULTS[f][0] == first]


def draw(role, cure):
    """[(IKE version, faults)]"""
    out = []
    for ike in (1, 2):
        combos = list(itertools.combinations(FAULTS, 2)) + list(itertools.combinations(FAULTS, 3))
        if not ALL:
            # All twos fall to one or the other role and version; some threes.
            combos = [c for i, c in enumerate(combos) if i % 8 == 2 * (ike - 1) +
                      (role == "responder") + 4 * (cure == "there")]
            combos = [c for c in combos if len(c) == 2] + [c for c in combos if len(c) == 3][:1]
        out += [(ike, c) for c in combos]
    return out


def patients():
    drawn = [(ike, faults, role, cure) for role in ("initiator", "responder")
             for cure in (("here", "there") if role == "responder" else ("there",))
             for ike, faults in draw(role, cure)]
    for at in range(0, len(drawn), BATCH):
        out = []
        for i, (ike, faults, role, cure) in enumerate(drawn[at:at + BATCH]):
            p = Multi(number=i + 1, ike=ike, role=role, cure=cure, faults=faults, hash1="sha256",
                      dh="ecp256", conf={}, swan={})
            p.break_it()
            out.append(p)
        yield out


class Many(Ward):
    reloaded = 0.0

    def down(self):
        far = self.far()
        return [p for p in self.pairs if not self.children(far.get(p.name, []))]

    def reloading(self):
        self.reloaded = time.monotonic()
        time.sleep(1.1)                           # evidence is dated in whole seconds

    def fresh(self, finding):
        """seen since the last change"""
        ago = finding.get("evidence", {}).get("seconds-ago", 0)
        return ago < time.monotonic() - self.reloaded - 1

    def diagnosed_or_up(self, first):
        """(those that are down, {name: (findings, lines)}); first: responders name all of a stage"""
        found, out = self.findings(), {}
        down = self.down()
        for p in down:
            side = "here" if p.cure == "here" else "peer"
            mine = [f for f in found[p.name] if self.fresh(f)]
            lines = [(c["side"], line["where"], line["line"]) for f in mine for c in f["changes"]
                     for line in c["lines"] if c["side"] == side]
            need(lines, "%s: nothing to paste in %s" % (p, [f["code"] for f in found[p.name]]))
            if first and p.role == "responder":   # what comes last of a stage may take a moment
                self.need_named(p, mine)
            out[p.name] = (mine, lines)
        return (down, out)

    def one_round(self, first):
        """apply what is said for those that are down; False: none is"""
        down, out = wait(lambda: self.diagnosed_or_up(first), 40, "diagnoses", every=0.5)
        for p in down:
            _, lines = out[p.name]
            p.rounds += 1
            need(p.rounds <= len(p.faults), "%s: round %d, still %s" % (p, p.rounds, lines))
            for side, where, line in lines:
                if side == "here":
                    p.paste_here(line)
                else:
                    p.paste_there(where, line)
        return bool(down)

    @staticmethod
    def need_named(p, mine):
        """the responder has seen all of a stage, and names all of it"""
        codes = {f["code"] for f in mine}
        said = str([f.get("evidence", {}).get("proposals") for f in mine])
        stage = p.seen_first()
        for fault in stage:
            _, _, code, word = FAULTS[fault]
            if code == "P1_DH_MISMATCH" and len(stage) > 1:
                code = "P1_ALG_MISMATCH"          # one finding for all of a proposal
            need(code in codes, "%s: no %s for %s in %s: %s" % (p, code, fault, codes, said))


@case(timeout=1500 if ALL else 150)
def what_is_wrong_at_once_is_named_and_cured_round_by_round():
    spent, n = {}, 0
    for sick in patients():
        with Many(sick) as lab:
            lab.reloaded = time.monotonic() - 1
            first = True
            while lab.one_round(first):
                first = False
                lab.reload_both()
            lab.up()
            wait(lab.nothing_left, 30, "clean diagnoses", every=0.5)
            n += len(sick)
            for p in sick:
                key = "%d at once: %d rounds" % (len(p.faults), p.rounds)
                spent[key] = spent.get(key, 0) + 1
    return "%d tunnels; %s" % (n, ", ".join("%s %d" % x for x in sorted(spent.items())))


if __name__ == "__main__":
    cases.main()
