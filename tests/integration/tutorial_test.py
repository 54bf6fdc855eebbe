#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""tutorial_test.py - the golden scenario: what an operator of the tutorial's tunnel must see."""
import datetime
import os
import time

import cases
import wire
from cases import case
from lab import TOP, Lab, Stream, need, telemetry, wait
from suites import CLOUD, CLOUD_NET, GATEWAY, SITE_NET, GatewayConf, seconds

SOFT, HARD = 24 * 60, 30 * 60
BURST = 448                          # packets, WORKER_BURST of dataplane/worker.h


def tutorial(**kw):
    """conf/tutorial.conf as it is, on TAP ports"""
    lab = Lab(port="tap", start=False, **kw)
    try:
        with open(os.path.join(TOP, "conf", "tutorial.conf")) as f:
            lab.write_conf(f.read())
        lab.start_dataplane()
        lab.start_control()
        lab.established()
    except BaseException:
        lab.report()
        lab.close()
        raise
    return lab


def only(rows):
    need(len(rows) == 1, "expected one row: %s" % rows)
    return rows[0]


@case()
def the_tutorials_configuration_brings_the_tunnel_up():
    """G6, G7: initiator, natt-peer, one phase 2, ping and TCP both ways"""
    with tutorial() as lab:
        peer = only(lab.cli("ip", "ipsec", "active-peers", "print", "where",
                            "comment=to_tencent"))
        for k, v in (("state", "established"), ("natt-peer", "true"), ("responder", "false"),
                     ("side", "initiator"), ("ph2-total", "1"), ("remote-address", CLOUD),
                     ("local-address", GATEWAY), ("comment", "to_tencent")):
            need(peer.get(k) == v, "%s is %r and not %r: %s" % (k, peer.get(k), v, peer))
        text = lab.cli_text("ip", "ipsec", "active-peers", "print").stdout
        for word in ("R - responder", "N - natt-peer", ";;; to_tencent", "established", CLOUD):
            need(word in text, "no %r in:\n%s" % (word, text))
        lab.ping_both(10)
        lab.tcp("site", 4 << 20, port=18888)
        got = lab.tcp("cloud", 4 << 20)
        return "%.0f Mbit/s" % got["mbit"]


@case()
def installed_sa_shows_what_routeros_shows():
    """G1, G5, G8: fields, lifetimes, addresses with their ports"""
    with tutorial() as lab:
        before = time.time()
        sas = lab.sas()
        after = time.time()
        for d, src, dst in (("in", CLOUD, GATEWAY), ("out", GATEWAY, CLOUD)):
            r = only(sas[d])
            for k, v in (("state", "mature"), ("auth-algorithm", "md5"), ("esp", "true"),
                         ("enc-algorithm", "aes-cbc"), ("enc-key-size", "128"),
                         ("replay", "128"), ("src-address", src + ":4500"),
                         ("dst-address", dst + ":4500"), ("add-lifetime", "24m/30m")):
                need(r.get(k) == v, "%s is %r and not %r: %s" % (k, r.get(k), v, r))
            added = datetime.datetime.fromisoformat(r["addtime"].replace("Z", "+00:00"))
            youngest, oldest = (t - added.timestamp() for t in (before, after))
            need(0 <= youngest and oldest < 60, "addtime %s is %.0f s ago" % (r["addtime"], oldest))
            left = seconds(r["expires-in"])
            need(HARD - oldest - 2.5 < left < HARD - youngest + 2.5, "expires-in %s, %.1f to %.1f s "
                 "after addtime" % (r["expires-in"], youngest, oldest))
        text = lab.cli_text("ip", "ipsec", "installed-sa", "print").stdout
        for word in ("Flags:", "E - esp", "spi=0x", "state=mature", "auth-algorithm=md5",
                     "enc-algorithm=aes-cbc", "enc-key-size=128", "addtime=", "expires-in=29m",
                     "add-lifetime=24m/30m", "current-bytes=", "current-packets=",
                     "replay=128"):
            need(word.lower() in text.lower(), "no %r in:\n%s" % (word, text))


@case()
def filters_compare_spis_as_numbers():
    """G3: zero padding and base do not matter"""
    with tutorial() as lab:
        spi = int(only(lab.sas()["in"])["spi"], 16)
        for form in ("0x%x" % spi, "0x%X" % spi, "0x%08x" % spi, "0x%010x" % spi, "%d" % spi):
            row = only(lab.cli("ip", "ipsec", "installed-sa", "print", "where", "spi=" + form))
            need(int(row["spi"], 16) == spi, "spi=%s found %s" % (form, row))
        rows = lab.cli("ip", "ipsec", "installed-sa", "print", "where",
                       "(spi=0x%x" % spi, "or", "spi=0x1)", "and",
                       "(src-address=\"%s:4500\"" % GATEWAY, "or",
                       "dst-address~\"%s\")" % GATEWAY)
        need(int(only(rows)["spi"], 16) == spi, "the tutorial's filter found %s" % rows)
        need(lab.cli("ip", "ipsec", "installed-sa", "print", "where", "spi=1") == [],
             "spi=1 found something")


def closed(lab):
    """no host has a TCP connection that something may still be sent for"""
    rows = [x for ns in lab.names.values() for x in lab.sh(ns, "ss", "-Htan").stdout.splitlines()]
    need(all(x.startswith(("TIME-WAIT", "LISTEN")) for x in rows), "%s" % rows)
    return True


@case()
def current_counters_are_the_inner_packets_and_bytes():
    """G2: equal to what crossed the LAN, and to what the cloud gateway counts"""
    with tutorial() as lab, wire.Capture(lab, "lan") as cap:
        for size in (0, 1, 56, 500, 1300):
            lab.ping("site", 4, size=size)
            lab.ping("cloud", 3, size=size)
        for frm in ("site", "cloud"):
            Stream(lab, frm, pps=300, size=777, count=300).need_lossless()
        lab.tcp("cloud", 300_000)
        wait(lambda: closed(lab), 20, "TCP to be done")
        cap.stop()
        seen = {"out": cap.inner(SITE_NET, CLOUD_NET), "in": cap.inner(CLOUD_NET, SITE_NET)}

        def equal():
            for d, rows in lab.sas().items():
                r = only(rows)
                got = int(r["current-packets"]), int(r["current-bytes"])
                need(got == seen[d], "%s: installed-sa says %s, the LAN saw %s" %
                     (d, got, seen[d]))
            return True
        wait(equal, 3, "the counters")

        def agreed():
            child = only(lab.cloud_children())
            for d, side in (("out", "in"), ("in", "out")):
                theirs = int(child["packets-" + side]), int(child["bytes-" + side])
                need(theirs == seen[d], "the cloud counts %s %s, we %s" % (side, theirs, seen[d]))
            return True
        wait(agreed, 3, "the cloud's counters")
        return "%d packets out, %d in" % (seen["out"][0], seen["in"][0])


@case()
def keys_are_hidden_unless_asked_for_and_are_the_real_ones():
    """G4: with show-sensitive they decrypt the capture"""
    with Lab() as lab, wire.Capture(lab) as cap:
        lab.established()
        lab.ping_both(5)
        lab.tcp("site", 1 << 20)
        keys = wire.gateway_keys(lab)
        cap.stop()
        for text in (lab.cli_text("ip", "ipsec", "installed-sa", "print", "detail").stdout,
                     lab.cli_text("--json", "ip", "ipsec", "installed-sa", "print").stdout,
                     lab.log(), lab.dataplane.text()):
            for k in keys:
                for name in ("enc_key", "integ_key"):
                    need(k[name] not in text.lower(), "a key is readable in: " + text[:300])
        theirs = {int(k["spi"], 16): k for k in wire.cloud_keys(lab)}
        for k in keys:
            t = theirs[int(k["spi"], 16)]
            need((t["enc_key"], t["integ_key"]) == (k["enc_key"], k["integ_key"]),
                 "keys of %s differ from strongSwan's" % k["spi"])
        cap.need_no_clear()
        return cap.need_genuine(keys, "--first-seq", "1", "--contiguous", "--tshark", min_ok=100)


@case()
def no_error_counter_moves_while_nothing_is_wrong():
    with tutorial() as lab:
        lab.ping_both(5)
        lab.tcp("site", 1 << 20)
        lab.tcp("cloud", 1 << 20)
        moved = {k: v for k, v in lab.statistics().items()
                 if str(v).isdigit() and int(v) and k.startswith(("in-", "out-"))
                 # Packets that came before the tunnel was up are counted here, rightly.
                 and k != "out-no-states"}
        need(not moved, "statistics: %s" % moved)


@case()
def two_workers_share_one_sa_and_keep_each_streams_order():
    # A queue that is nearly full the kernel spares by giving its packets to the other worker: the
    # lab's are never.
    with Lab(GatewayConf(workers=2)) as lab, wire.Capture(lab) as cap:
        lab.established()
        lab.ping_both(3)
        streams = [Stream(lab, f, pps=1500, port=18900 + i)
                   for i, f in enumerate(("site", "cloud"))]
        # Slow enough for the peer's small socket buffer: what is lost would be ours.
        lab.tcp("site", 4 << 20, rate=16_000_000)
        lab.tcp("cloud", 4 << 20, rate=16_000_000)

        def late():
            return BURST * sum(telemetry(lab.id, "/espgw/workers,%d" % i)["out_of_turn"]
                               for i in (0, 1))
        # A worker that has lost its CPU is not waited for: a burst may come late, nothing else. What
        # is then more than 128 packets behind strongSwan takes for a replay.
        got = [streams[0].need_lossless(late), streams[1].need_lossless()]
        need(sum(r["reordered"] for r in got) <= late(), "reordered, %d packets may be: %s" %
             (late(), got))
        cap.stop()
        return cap.need_genuine(wire.cloud_keys(lab), "--contiguous", "--late", str(late()),
                                min_ok=1000)


@case()
def two_instances_run_side_by_side():
    with tutorial() as one, tutorial() as two:
        for lab in (one, two):
            lab.ping_both(5)
        need(one.stop() == (0, 0), "orderly stop")
        two.ping_both(5)


if __name__ == "__main__":
    cases.main()
