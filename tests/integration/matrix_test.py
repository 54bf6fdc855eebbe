#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""matrix_test.py - initiator and responder with each algorithm suite, judged on the wire."""
import cases
from cases import case
from suites import SUITES
from tunnel import prove

for _role in ("initiator", "responder"):
    for _suite in SUITES:
        case("%s_%s" % (_role, _suite.name.replace("-", "_")), param=(_role, _suite))(
            lambda p: prove(*p))

if __name__ == "__main__":
    cases.main()
