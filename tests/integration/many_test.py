#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""many_test.py - many tunnels with strongSwan at once. $ESPGW_MANY: how many (default 25); with it
strongSwan takes the gateway's place as well, and both ends' figures are said."""
import os

import cases
from cases import case
from many import Many, need

COUNT = int(os.environ.get("ESPGW_MANY", "25"))
LONG = "ESPGW_MANY" in os.environ


def figures(f, count):
    return "%d in %.1f s; handshakes per core-second: gateway %.0f, peer %.0f; KiB each: %.0f, " \
        "%.0f" % (count, f["seconds"], count / max(f["cpu"], 0.01),
                  count / max(f["swan_cpu"], 0.01), f["kib"], f["swan_kib"])


def all_up(param):
    version, group, initiator = param
    with Many(COUNT, version, group, initiator) as m:
        f = m.up(20 + COUNT / 5)
        said = m.cli("ip", "ipsec", "active-peers", "print")
        need(said.count("established") >= COUNT, "active peers: %s" % said[-400:])
        note = figures(f, COUNT)
    if LONG:
        with Many(COUNT, version, group, initiator, gateway="strongswan") as m:
            note += "\n   strongSwan in its place: " + figures(m.up(20 + COUNT / 5), COUNT)
    return note


for _v in (2, 1):
    for _i in ("cloud", "gateway") if LONG else ("cloud" if _v == 2 else "gateway",):
        for _g in ("ecp256", "x25519", "modp2048") if LONG else ("ecp256",):
            case("ikev%d_%s_%s_initiates" % (_v, _g, _i), timeout=100 + COUNT,
                 param=(_v, _g, _i))(all_up)

if __name__ == "__main__":
    cases.main()
