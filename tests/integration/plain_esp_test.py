#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""plain_esp_test.py - no NAT anywhere: ESP as IP protocol 50 and IKE on port 500.

strongSwan's user-space ESP can do that from 5.9.11 on (scripts/debian13 --integration has 6.0.1);
with an older one this file has no cases.
"""
import re

import cases
import wire
from cases import case
from lab import run
from suites import SUITES
from tunnel import prove


def strongswan():
    m = re.search(r"(\d+)\.(\d+)\.(\d+)", run(wire.CHARON, "--version", check=False).stdout)
    return tuple(map(int, m.groups())) if m else (0, 0, 0)


if strongswan() >= (5, 9, 11):
    for _role in ("initiator", "responder"):
        for _suite in SUITES:
            case("%s_%s" % (_role, _suite.name.replace("-", "_")), param=(_role, _suite))(
                lambda p: prove(*p, natt=False, cloud=("--raw-esp", "yes", "--force-encaps",
                                                          "no")))

if __name__ == "__main__":
    cases.main()
