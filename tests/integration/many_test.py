#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""many_test.py - many tunnels with strongSwan at once. $ESPGW_MANY: how many (default 25); with it
strongSwan takes the gateway's place as well, and both ends' figures are said."""
import os
import re

import cases
from cases import case
from lab import wait
from many import Fail, Many, need

COUNT = int(os.environ.get("ESPGW_MANY", "25"))
LONG = "ESPGW_MANY" in os.environ


def figures(f, count):
    return "%d in %.1f s; handshakes per core-second: gateway %.0f, peer %.0f; KiB each, RSS they " \
        "took: %.1f, %.1f; private memory of the process, configuration and all: %.1f, %.1f" % (
            count, f["seconds"], count / max(f["cpu"], 0.01), count / max(f["swan_cpu"], 0.01),
            f["kib"], f["swan_kib"], f["own_kib"], f["swan_own_kib"])


def yardstick(version, group, initiator):
    try:
        with Many(COUNT, version, group, initiator, gateway="strongswan") as m:
            return figures(m.up(60 + COUNT / 10), COUNT)
    except Fail as e:
        return "%s" % e


def all_up(param):
    version, group, initiator = param
    with Many(COUNT, version, group, initiator) as m:
        f = m.up(60 + COUNT / 10)
        said = m.cli("ip", "ipsec", "active-peers", "print")
        need(said.count("established") >= COUNT, "active peers: %s" % said[-400:])
        note = figures(f, COUNT)
    if LONG:
        note += "; strongSwan in its place: " + yardstick(version, group, initiator)
    return note


for _v in (2, 1):
    for _i in ("cloud", "gateway") if LONG else ("cloud" if _v == 2 else "gateway",):
        for _g in ("ecp256", "x25519", "modp2048") if LONG else ("ecp256",):
            case("ikev%d_%s_%s_initiates" % (_v, _g, _i), timeout=100 + COUNT,
                 param=(_v, _g, _i))(all_up)

def ids(m):
    """strongSwan's numbers of its IKE SAs"""
    return sorted(re.findall(r"^c\d+: #\d+, ESTABLISHED", m.list_sas("cloud"), re.M))


def pairs(m):
    """strongSwan's numbers of the pairs of net0 that are installed"""
    return set(re.findall(r"net0: #(\d+),.*INSTALLED", m.list_sas("cloud")))


def goes_on(version):
    """control is killed: its IKE SAs are still good, for requests of either side"""
    with Many(5, version) as m:
        m.up(60)
        before = ids(m)
        need(len(before) == 5, "IKE SAs: %s" % before)
        m.us.p.kill()
        m.us.p.wait()
        m.us = m.start_control()
        wait(lambda: m.cli("ip", "ipsec", "active-peers", "print").count("established") == 5, 10,
             "the IKE SAs in the new control: " + m.text("control"))
        old = pairs(m)
        need(len(old) == 1, "pairs of net0: %s" % old)
        m.swanctl("cloud", "--rekey", "--child", "net0")
        # In IKEv1 the old pair stays as long as nobody sends on the new one.
        wait(lambda: pairs(m) - old, 30, "a rekeyed pair")
        need(ids(m) == before, "other IKE SAs: %s, not %s" % (ids(m), before))


for _v in (2, 1):
    case("ikev%d_control_is_killed" % _v, timeout=120, param=_v)(goes_on)

if __name__ == "__main__":
    cases.main()
