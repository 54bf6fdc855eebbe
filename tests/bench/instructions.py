# SPDX-License-Identifier: BSD-3-Clause
"""instructions.py - runs count_instructions under valgrind and judges the counts.

Only instructions of the program itself count, which holds the data plane and what it inlines:
libc and the libraries of DPDK and intel-ipsec-mb choose their code by the CPU. Counts are compared
only with those of the same compiler and libraries; made by others, they are shown and not judged.
"""
import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

RECORD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.json")
TOLERANCE = 1.03  # and two instructions: on a path of few, one more is no news
NAME = re.compile(r"^(ob|fn|cob|cfn)=\((\d+)\)(?: (.*))?$")
COST = re.compile(r"^[+\-*\d]\S* (\d+)")


def read_dump(path, program):
    """Instructions of each of the program's functions in one dump of callgrind."""
    names = {"ob": {}, "fn": {}}
    cost = collections.Counter()
    own, function, skip = False, "?", False
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            m = NAME.match(line)
            if m:
                kind = m[1].removeprefix("c")
                if m[3] is not None:
                    names[kind][m[2]] = m[3]
                if m[1] == "ob":
                    own = os.path.realpath(names["ob"][m[2]]) == program
                elif m[1] == "fn":
                    function = names["fn"][m[2]]
            elif line.startswith("calls="):
                skip = True  # the next line is what was called
            elif COST.match(line):
                if own and not skip:
                    cost[function] += int(COST.match(line)[1])
                skip = False
    return cost


def run(program):
    """(setting, {path: {function: instructions per packet}})"""
    program = os.path.realpath(program)
    with tempfile.TemporaryDirectory(prefix="espgw-count-") as folder:
        out = os.path.join(folder, "out")
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no",
             "--toggle-collect=gateway_input", "--dump-after=gateway_input",
             "--callgrind-out-file=" + out, program],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=600)
        if done.returncode != 0:
            sys.exit("count_instructions failed:\n" + done.stderr[-4000:])
        head, _, paths = done.stdout.partition("paths\n")
        setting = dict(line.split(" ", 1) for line in head.splitlines())
        packets = int(setting.pop("packets"))
        counts = {}
        for i, name in enumerate(paths.splitlines(), 1):
            if name != "-":
                cost = read_dump("%s.%d" % (out, i), program)
                counts[name] = {f: n / packets for f, n in cost.items()}
    return setting, counts


def show_functions(costs):
    for function, n in sorted(costs.items(), key=lambda x: -x[1]):
        print("%9.1f  %s" % (n, function))
    print("%9.1f  in all" % sum(costs.values()))


def judge(setting, counts, record):
    """Print a line for each path. How many passed and failed."""
    alike = setting == record["setting"]
    passed = failed = 0
    print("%-32s %10s %10s %9s" % ("instructions per packet", "recorded", "now", "change"))
    for name in sorted(set(counts) | set(record["paths"])):
        was, now = record["paths"].get(name), counts.get(name)
        if was is None or now is None:
            word = "not recorded" if was is None else "not measured"
            print("%-32s %10s %10s   %s" % (name, was or "", now or "", word))
            failed += 1
            continue
        bad = alike and now > was * TOLERANCE + 2
        print("%-32s %10.1f %10.1f %+8.1f%%%s" % (
            name, was, now, (now / was - 1) * 100, "  COSTS MORE" if bad else ""))
        passed, failed = passed + (not bad), failed + bad
    if not alike:
        print("recorded with %s\nand now with %s: shown, not judged" % (record["setting"], setting))
    return passed, failed


def main():
    parser = argparse.ArgumentParser(prog="scripts/instructions")
    parser.add_argument("program")
    parser.add_argument("--update", action="store_true", help="record the counts of this run")
    parser.add_argument("--functions", metavar="PATH", help="show what one path is made of")
    args = parser.parse_args()
    setting, functions = run(args.program)
    if args.functions:
        if args.functions not in functions:
            sys.exit("there is no such path, but: " + ", ".join(sorted(functions)))
        show_functions(functions[args.functions])
        return 0
    counts = {name: round(sum(f.values()), 1) for name, f in functions.items()}
    if args.update:
        with open(RECORD, "w", encoding="utf-8") as f:
            json.dump({"setting": setting, "paths": counts}, f, indent=1, sort_keys=True)
            f.write("\n")
        print("%d paths recorded" % len(counts))
        return 0
    with open(RECORD, encoding="utf-8") as f:
        record = json.load(f)
    passed, failed = judge(setting, counts, record)
    if failed:
        print("If the cost is meant: scripts/instructions --update. What it is made of:"
              " scripts/instructions --functions PATH")
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
