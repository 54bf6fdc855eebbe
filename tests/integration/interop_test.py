#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""interop_test.py - every algorithm that the model accepts, in both roles, with strongSwan.

The words come from the model itself. By default each two values of different settings meet in at
least one tunnel of IKEv2, and each value is in two of IKEv1's main mode and one of its aggressive
mode; ESPGW_MATRIX=all runs every phase 1 and every phase 2 there is, in both roles, each PRF with
each hash, and each two values in aggressive mode.
"""
import itertools
import os

import cases
from cases import case
from cover import pairwise
from pairs import AEAD, IDENTITIES, REKEYS, Pair, accepted, prove

ALL = os.environ.get("ESPGW_MATRIX") == "all"
NETS = {1: ("1x1",), 2: ("1x1", "1x2", "2x1", "2x2")}
ROLES = ("initiator", "responder")


def words(ike):
    """the factors of a version"""
    what = {"enc1": ("profile", "enc-algorithm"), "hash1": ("profile", "hash-algorithm"),
            "dh": ("profile", "dh-group"), "prf": ("profile", "prf-algorithm"),
            "enc2": ("proposal", "enc-algorithms"),
            "auth2": ("proposal", "auth-algorithms"), "pfs": ("proposal", "pfs-group")}
    told = accepted(*what.values())
    out = {k: told[v] for k, v in what.items()}
    out["auth2"].remove("null")                       # with AEADs alone
    out["auth2"].remove("sha256_96")                  # libipsec has none: see suites_alone_test
    if ike == 1:                                      # what has no number there, or no room
        out["enc1"] = [x for x in out["enc1"] if not is_aead(x)]
        out["enc2"].remove("chacha20poly1305")
        out["prf"] = ["auto"]
    return dict(out, role=ROLES, ident=IDENTITIES, nets=NETS[ike], rekey=REKEYS)


def each(factors, times=2):
    """each value at least so often, and turned, that two factors do not go in step"""
    return [{k: v[(i + i // len(v)) % len(v)] for k, v in factors.items()}
            for i in range(times * max(map(len, factors.values())))]


def whole(factors):
    """every phase 1 and every phase 2, in both roles; what remains takes turns"""
    def product(*names):
        return [dict(zip(names, x)) for x in itertools.product(*(factors[n] for n in names))]
    one = product("dh", "enc1", "hash1")
    two = [r for r in product("pfs", "enc2", "auth2")
           if not is_aead(r["enc2"]) or r["auth2"] == factors["auth2"][0]]
    hashes = len(factors["hash1"])
    for i in range(max(len(one), len(two))):
        turns = {n: factors[n][i % len(factors[n])] for n in ("ident", "nets")}
        for step, n in enumerate(("rekey", "prf"), 1):      # each with each hash, and the other
            turns[n] = factors[n][(i + step * (i // hashes)) % len(factors[n])]
        for role in ROLES:
            yield {**one[i % len(one)], **two[i % len(two)], **turns, "role": role}


def is_aead(name):
    return any(w in name for w in AEAD)


def rows(ike, aggressive):
    factors = words(ike)
    if aggressive:
        cover = pairwise(factors) if ALL else each(factors, 1)
    else:
        cover = whole(factors) if ALL else pairwise(factors) if ike == 2 else each(factors)
    for i, r in enumerate(cover):
        if is_aead(r["enc2"]):
            r["auth2"] = "null"
        yield Pair(number=i % 250 + 1, ike=ike, aggressive=aggressive, **r)


def part(ike, aggressive, k, parts):
    mine = list(rows(ike, aggressive))[k::parts]
    for i, p in enumerate(mine):
        p.number = i + 1
    return prove(mine)


for _name, _ike, _parts in (("ike2", 2, 24 if ALL else 3), ("ike1", 1, 24 if ALL else 1),
                            ("aggressive", 1, 4 if ALL else 1)):
    for _k in range(_parts):
        case("%s_part_%d" % (_name, _k + 1), timeout=300,
             param=(_ike, _name == "aggressive", _k, _parts))(lambda p: part(*p))

if __name__ == "__main__":
    cases.main()
