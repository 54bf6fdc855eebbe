# SPDX-License-Identifier: BSD-3-Clause
"""cover.py - few rows in which each two values of different factors meet at least once."""
import itertools
import random


def meetings(row, names):
    return {((a, row[a]), (b, row[b])) for a, b in itertools.combinations(names, 2)}


def pairwise(factors, tries=12, seed=4):
    """rows (dicts), greedily: each starts with a meeting that is missing and takes on what brings
    the most others; the same in every run"""
    rng = random.Random(seed)
    names = sorted(factors, key=lambda n: (-len(factors[n]), n))
    missing = {((a, x), (b, y)): True for a, b in itertools.combinations(names, 2)
               for x in factors[a] for y in factors[b]}

    def draw(start):
        row = dict(start)
        for n in names:
            if n not in row:
                def new(v, n=n):
                    return sum(((a, row[a]), (n, v)) in missing or ((n, v), (a, row[a])) in missing
                               for a in row)
                row[n] = max(factors[n], key=lambda v: (new(v), rng.random()))
        return row

    rows = []
    while missing:
        start = next(iter(missing))
        rows.append(max((draw(start) for _ in range(tries)),
                        key=lambda row: sum(m in missing for m in meetings(row, names))))
        for m in meetings(rows[-1], names):
            missing.pop(m, None)
    return rows
