#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""ike2_test.py - IKEv2 with strongSwan, as initiator and as responder, judged on the wire."""
import cases
from cases import case
from suites import SUITES, TUTORIAL
from tunnel import prove

for _role, _suite in (("initiator", TUTORIAL), ("responder", SUITES[3])):
    case("%s_%s" % (_role, _suite.name.replace("-", "_")), param=(_role, _suite))(
        lambda p: prove(*p, ike=2))

if __name__ == "__main__":
    cases.main()
