#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""families_test.py - IPv6 networks through an IPv4 tunnel, IPv4 through IPv6 and IPv6 through IPv6,
against strongSwan, whose user-space ESP does all of them in UDP."""
import cases
from cases import case
from suites import SUITES
from tunnel import prove

TUNNELS = (("initiator", 6, 4), ("responder", 4, 6), ("initiator", 6, 6))

for _role, _inner, _outer in TUNNELS:
    case("%s_ipv%d_in_ipv%d" % (_role, _inner, _outer), param=(_role, _inner, _outer))(
        lambda p: prove(p[0], SUITES[2], inner=p[1], outer=p[2]))

if __name__ == "__main__":
    cases.main()
