#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""plain_esp_test.py - ESP as IP protocol 50, without NAT-T; scripts/plain-esp runs it.

Needs strongSwan 5.9.11 or later: Debian 12's always encapsulates in UDP.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

import cases  # noqa: E402
from cases import case  # noqa: E402
from suites import SUITES  # noqa: E402
from tunnel import prove  # noqa: E402

PLAIN = ("--raw-esp", "yes", "--force-encaps", "no")

for _role in ("initiator", "responder"):
    for _suite in SUITES:
        case("%s_%s" % (_role, _suite.name.replace("-", "_")), param=(_role, _suite))(
            lambda p: prove(*p, natt=False, cloud=PLAIN))

if __name__ == "__main__":
    cases.main()
