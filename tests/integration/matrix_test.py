#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""matrix_test.py - IKEv1 as initiator and responder, all that one tunnel does, judged on the wire.

interop_test.py has the other algorithms.
"""
import cases
from cases import case
from suites import SUITES
from tunnel import prove

for _role in ("initiator", "responder"):
    for _suite in (SUITES[0], SUITES[-1]):
        case("%s_%s" % (_role, _suite.name.replace("-", "_")), param=(_role, _suite))(
            lambda p: prove(*p))

if __name__ == "__main__":
    cases.main()
