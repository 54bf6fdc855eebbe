#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""sizes_test.py - every packet size passes, or its sender is told: no black hole.

The link between the internet and the cloud gateway gets narrower and narrower. Towards
the cloud a router there says so to our gateway, which tells the site's hosts; from the
cloud outer packets come in fragments.
"""
import json
import re

import cases
from cases import case
from echo import echo
from lab import Lab, Stream, need, wait
from suites import CLOUD_HOST, GATEWAY, SITE_GW

HEADERS = {4: 20, 6: 40}
OVERHEAD = 8 + 8 + 16 + 12               # UDP, ESP, IV, ICV of aes128-md5
BLOCK = 16
ICMP = 8
TCP = 20 + 12                            # with time stamps
IPV6_MIN = 1280                          # every link carries that much (RFC 8200 section 5)
PATHS = [1500] + list(range(1488, 1279, -26))
FAMILIES = {"": (4, 4), "_ipv6": (6, 6), "_ipv6_in_ipv4": (6, 4), "_ipv4_in_ipv6": (4, 6)}


def fitting(lab, path):
    """the largest inner packet whose outer one fits"""
    return ((path - HEADERS[lab.outside.family] - OVERHEAD) & -BLOCK) - 2


def inner(lab, path):
    """the largest inner packet that passes"""
    return max(fitting(lab, path), IPV6_MIN if lab.inside.family == 6 else 0)


def narrow(lab, mtu):
    """both ends of the cable between the internet and the cloud gateway"""
    route = lab.sh(lab.cloud_ns, "ip", "-j", "route", "get", lab.outside.gateway).stdout
    dev = json.loads(route)[0]["dev"]
    # What a link cannot carry its receiver would drop: the narrow end last, when it narrows.
    lab.ip(lab.cloud_ns, "link", "set", dev, "mtu", mtu)
    lab.ip(lab.inet, "link", "set", "c0", "mtu", mtu)


def known(lab):
    """the inner MTU of the SA that the gateway sends through"""
    return int(lab.sas()["out"][-1]["mtu"])


def told(lab):
    """the MTU that the site's host has been told for the cloud's"""
    text = lab.sh(lab.site, "ip", "route", "get", lab.inside.cloud_host).stdout
    m = re.search(r"\bmtu (\d+)", text)
    return int(m.group(1)) if m else 1500


def data(lab, size):
    """of a ping in a packet of that many bytes"""
    return size - HEADERS[lab.inside.family] - ICMP


def fits(lab, size):
    """a packet of that many bytes, not to be fragmented, is answered"""
    return lab.ping("site", 1, size=data(lab, size), wait_s=1, df=True)[1] == 1


def lossless(lab, frm, size, count=6):
    s = Stream(lab, frm, pps=60, size=size, count=count)
    r = s.end(drain=10)
    need(r["lost"] == 0 and r["duplicates"] == 0 and r["errors"] == 0,
         "UDP of %d bytes from the %s: %s" % (size, frm, r))


def ready(families=(4, 4), **kw):
    lab = Lab(port="tap", inner=families[0], outer=families[1], **kw)
    try:
        lab.initiate()
        lab.established()
        lab.reachable()
        if lab.inside.family == 6:       # its hosts alone fragment: the first packet teaches them
            for frm in ("site", "cloud"):
                lab.ping(frm, 1, size=8200, wait_s=1)
    except BaseException:
        lab.report()
        lab.close()
        raise
    return lab


def learn(lab, path, before):
    """narrow the path, and see what the gateway and the site make of it"""
    narrow(lab, path)
    want, whole, probe = inner(lab, path), fitting(lab, path), fitting(lab, before)
    # The first that does not fit is lost; what it cost is known from then on.
    wait(lambda: fits(lab, min(probe, told(lab))) or known(lab) == whole, 10,
         "word of an MTU of %d" % path)
    # What IPv6 has a right to goes without DF over IPv4: a router cuts it and says nothing.
    if (lab.inside.family, lab.outside.family) != (6, 4) or probe > IPV6_MIN:
        wait(lambda: known(lab) == whole, 5, "an inner MTU of %d over %d, it is %d" %
             (whole, path, known(lab)))
    wait(lambda: fits(lab, want), 5, "an answer to %d bytes over %d" % (want, path))
    need(not fits(lab, want + 1), "%d bytes over %d came back" % (want + 1, path))
    need(told(lab) == want, "the site believes %d over %d, it is %d" % (told(lab), path, want))


def every_path_mtu_is_learned_and_told(families):
    """1500 down to 1280: the exact size passes, one byte more is answered, large UDP both ways"""
    with ready(families) as lab:
        before = 1500
        for path in PATHS:
            learn(lab, path, before)
            for frm in ("site", "cloud"):
                lossless(lab, frm, 8200)
            before = path
        got = [lab.tcp(frm, 1 << 20)["mbit"] for frm in ("site", "cloud")]
        drops = lab.statistics()
        need(int(drops.get("net-reassembly", 0)) == 0, "fragments were lost: %s" % drops)
        need(int(drops.get("net-pmtu", 0)) == 0, "true words were not believed: %s" % drops)
        return "TCP at 1280: %.0f and %.0f Mbit/s" % tuple(got)


def tcp_with_and_without_the_clamp(families):
    """segments are agreed on that fit; with change-tcp-mss=no TCP finds out for itself"""
    path, size, seen = 1346, 1 << 20, []
    for clamp in (True, False):
        with ready(families, policy={"change-tcp-mss": clamp}) as lab:
            learn(lab, path, 1500)
            for frm in ("site", "cloud"):
                # Forgotten by the hosts, so that only the SYN can tell.
                for host in lab.names.values():
                    lab.sh(host, "ip", "-%d" % lab.inside.family, "route", "flush", "cache")
                mss = lab.tcp(frm, size)["mss"]
                fit = fitting(lab, path) - HEADERS[lab.inside.family] - TCP
                need(mss == fit if clamp else mss > fit,
                     "from the %s, clamp %s: segments of %d, %d fit" % (frm, clamp, mss, fit))
                seen.append(mss)
    return "segments of %d and %d, then %d and %d" % tuple(seen)


def carried(lab, way):
    """bytes through all SAs of a direction: both ends may have begun, and made a pair each"""
    return sum(int(r["current-bytes"]) for r in lab.sas()[way])


@case(timeout=120)
def tcp_survives_a_path_that_narrows():
    """segments agreed on when the path was wide: no clamp helps, only what the gateway says"""
    with ready() as lab:
        for frm, port in (("site", 18888), ("cloud", 18889)):
            size = 3 << 20
            to, dst = ("cloud", CLOUD_HOST) if frm == "site" else ("site", None)
            way = "out" if frm == "site" else "in"
            before = carried(lab, way)
            server = lab.helper(to, "tcp-server", "--port", str(port), "--timeout", "40")
            client = lab.helper(frm, "tcp-client", "--dst", dst or "192.168.1.12", "--port",
                                str(port), "--bytes", str(size), "--rate", "12000000",
                                "--timeout", "40")
            wait(lambda: carried(lab, way) - before > size // 4, 20, "a quarter of it")
            narrow(lab, 1380 if frm == "site" else 1290)
            sent, got = lab.result(client, 50), lab.result(server, 50)
            need(got["bytes"] == size and sent["sha256"] == got["sha256"] == sent["echoed"],
                 "TCP from the %s: %s, %s" % (frm, sent, got))
        need(known(lab) in (fitting(lab, 1290), fitting(lab, 1380)),
             "the gateway knows of %d" % known(lab))


def reassembled(lab):
    """datagrams that the cloud gateway's kernel has put together"""
    if lab.outside.family == 6:
        rows = dict(x.split() for x in lab.sh(lab.cloud_ns, "cat", "/proc/net/snmp6").stdout
                    .splitlines())
        return int(rows["Ip6ReasmOKs"])
    lines = [x.split() for x in lab.sh(lab.cloud_ns, "cat", "/proc/net/snmp").stdout.splitlines()
             if x.startswith("Ip:")]
    return int(dict(zip(*lines))["ReasmOKs"])


def cleared_df_sends_outer_packets_in_pieces(families):
    """dont-fragment=clear: whole inner packets pass whatever the path, fragmented after encryption"""
    with ready(families, policy={"dont-fragment": "clear"}) as lab:
        for path in PATHS:
            narrow(lab, path)
            before = reassembled(lab)
            wait(lambda: fits(lab, 1500), 10, "an answer to 1500 bytes over %d" % path)
            need(lab.ping("site", 4, size=data(lab, 1500), wait_s=10, df=True) == (4, 4),
                 "1500 bytes with DF over %d were lost" % path)
            need(reassembled(lab) >= before + 4, "no fragments have come over %d" % path)
            for frm in ("site", "cloud"):
                lossless(lab, frm, 8200)
        lab.tcp("site", 300_000)
        need(told(lab) == 1500, "the site was told of %d" % told(lab))


for _what, _timeout in ((every_path_mtu_is_learned_and_told, 180),
                        (cleared_df_sends_outer_packets_in_pieces, 120),
                        (tcp_with_and_without_the_clamp, 120)):
    for _name, _families in FAMILIES.items():
        case(_what.__name__ + _name, _timeout, _families)(_what)


@case(timeout=120)
def large_packets_to_the_gateway_itself_are_answered():
    """fragments outside the tunnel and inside it; more than eight are refused"""
    with ready() as lab:
        def ping(ns, dst, size):
            return echo(ns, dst, 3, wait=2 if size == 13000 else 10, size=size, df=False)[1]
        for size in (1472, 1473, 3000, 8000, 11000):
            need(ping(lab.inet, GATEWAY, size) == 3, "%d bytes in clear" % size)
            # Each of the host's pieces becomes two on the cloud gateway's TUN of 1400 bytes.
            need(ping(lab.names["cloud"], SITE_GW, min(size, 5000)) == 3,
                 "%d bytes through the tunnel" % size)
        need(ping(lab.inet, GATEWAY, 13000) == 0, "more than eight pieces were put together")
        wait(lambda: int(lab.statistics().get("net-reassembly", 0)) >= 3 * 8, 3,
             "their count")


if __name__ == "__main__":
    cases.main()
