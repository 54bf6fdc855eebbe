#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""explain_log_test.py - the command `explain-log`: pasted lines in, code and advice out, in both
languages; what it says by its exit code. What it can read is the unit tests' matter."""
import json
import subprocess
import tempfile

import cases
from cases import case
from lab import binary, need

SECRET = ("    invalid HASH_V1 payload length, decryption failed?\n"
          "    could not decrypt payloads\n    message parsing failed\n")
GROUP = "[IKE] peer didn't accept DH group MODP_1024, it requested MODP_2048\n"
NOTHING = "[NET] sending packet: from 10.0.0.1[500] to 10.0.0.2[500]\n"


def explain(*words, log=None, status=0):
    """what it prints; a log is given as standard input"""
    p = subprocess.run([binary("espgw"), *words], input=log or "", capture_output=True, text=True,
                       check=False, timeout=30)
    need(p.returncode == status, "%s: exit %d: %s%s" % (words, p.returncode, p.stdout, p.stderr))
    return p.stdout, p.stderr


def holds(text, *words):
    for w in words:
        need(w in text, "no %r in: %s" % (w, text))


@case()
def pasted_lines_are_explained():
    with tempfile.NamedTemporaryFile("w", suffix=".log") as f:
        f.write(SECRET)
        f.flush()
        told = explain("explain-log", f.name)[0]
        holds(told, "P1_PSK_MISMATCH (likely)", "the pre-shared keys differ", "line 1: invalid HASH",
              "Both sides need the same secret")
        need(explain("explain-log", "-", log=SECRET)[0] == told, "standard input is read otherwise")
        need(explain("explain-log", "--lang", "en", f.name)[0] == told, "English is not the default")
        holds(explain("explain-log", "--lang", "zh", f.name)[0], "P1_PSK_MISMATCH", "预共享密钥不一致",
              "两端的预共享密钥必须逐字符一致")
        rows = json.loads(explain("--json", "explain-log", f.name)[0])
        need([(r["code"], r["lines"]) for r in rows] == [("P1_PSK_MISMATCH", [1])], "%s" % rows)
    told = explain("explain-log", "-", log=NOTHING + GROUP)[0]
    holds(told, "P1_DH_MISMATCH", "line 2: [IKE] peer didn't accept", "IKEv2 tries again by itself")


@case()
def the_exit_code_says_whether_something_was_found():
    holds(explain("explain-log", "-", log=NOTHING, status=1)[0], "none of the known messages")
    holds(explain("explain-log", "--lang", "zh", "-", log="", status=1)[0], "没有认出任何已知的报错")
    need(json.loads(explain("--json", "explain-log", "-", log=NOTHING, status=1)[0]) == [], "JSON")
    for path, why in (("/nonexistent/x.log", "No such file"), ("/", "Is a directory")):
        out, err = explain("explain-log", path, status=1)
        need(not out and why in err and path in err, "%s: %r %r" % (path, out, err))
    for words in ((), ("--lang", "fr", "-"), ("a.log", "b.log")):
        holds(explain("explain-log", *words, status=2)[1], "usage: espgw")


if __name__ == "__main__":
    cases.main()
