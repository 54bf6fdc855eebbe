#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""demo.py - the tutorial's tunnel with conf/tutorial.conf, shown step by step."""
import argparse
import os
import signal
import sys
import time

from lab import TOP, Fail, Lab, binary, need
from suites import CLOUD, CLOUD_HOST, GATEWAY, SITE_HOST

SIZE = 100 * 1000 * 1000
# strongSwan's user-space ESP is slower than we are; the pace keeps the figure from
# being a figure of losses.
RATE = 120_000_000


def step(text):
    print("== " + text, flush=True)


def show(text):
    for line in text.rstrip().splitlines():
        print("   " + line, flush=True)


def tunnel(lab):
    step("gateway: espgw-dataplane with two TAP ports, espgw-control")
    with open(os.path.join(TOP, "conf", "tutorial.conf")) as f:
        lab.write_conf(f.read())
    show(lab.sh(None, binary("espgw"), "check", lab.dir + "/espgw.conf").stdout or
         "configuration checked")
    t = time.monotonic()
    lab.start_dataplane()
    lab.start_control()
    step("tunnel: IKEv1 main mode, AES-128 + MD5 + modp768, as initiator")
    lab.established(timeout=45)
    show("up %.1f s after the gateway was started" % (time.monotonic() - t))
    show(lab.cli_text("ip", "ipsec", "active-peers", "print").stdout)
    rows = lab.cli("ip", "ipsec", "active-peers", "print")
    need(len(rows) == 1 and rows[0].get("side", "initiator") == "initiator",
         "espgw is not the initiator: %s" % rows)


def traffic(lab):
    for frm, src, dst in (("site", SITE_HOST, CLOUD_HOST), ("cloud", CLOUD_HOST, SITE_HOST)):
        step("ping %s -> %s" % (src, dst))
        sent, back = lab.ping(frm, 10, wait_s=10)
        show("%d sent, %d received, %d %% lost" % (sent, back, 100 * (sent - back) // sent))
        need(sent == back, "%d of %d pings were lost" % (sent - back, sent))
    step("TCP %s -> %s, %d MB, paced at %d Mbit/s" % (SITE_HOST, CLOUD_HOST, SIZE // 10**6,
                                                      RATE // 10**6))
    got = lab.tcp("site", SIZE, RATE, timeout=150)
    show("%d bytes in %.1f s: %.0f Mbit/s, %d segments sent again" %
         (got["bytes"], got["seconds"], got["mbit"], got["retransmits"]))
    show("sha256 on both ends: " + got["sha256"])


def result(lab):
    step("installed-sa")
    show(lab.cli_text("ip", "ipsec", "installed-sa", "print").stdout)
    sas = lab.sas()
    need(len(sas["in"]) >= 1 and len(sas["out"]) >= 1, "SAs are missing: %s" % sas)
    step("active-peers")
    show(lab.cli_text("ip", "ipsec", "active-peers", "print").stdout)


def hold(lab):
    step("held. In another terminal (root), to look around:")
    for what, ns in (("site host  " + SITE_HOST, lab.names["site"]),
                     ("gateway    " + GATEWAY, lab.gw),
                     ("internet", lab.inet),
                     ("cloud      " + CLOUD, lab.cloud_ns),
                     ("cloud host " + CLOUD_HOST, lab.names["cloud"])):
        show("%-26s ip netns exec %s bash" % (what, ns))
    cli = "%s --instance %s" % (binary("espgw"), lab.id)
    show("%-26s %s" % ("espgw, interactive", cli))
    show("%-26s %s ip ipsec installed-sa print" % ("espgw, one command", cli))
    show("%-26s ip netns exec %s tcpdump -n -i w0" % ("the WAN cable", lab.inet))
    show("%-26s %s" % ("logs and configuration", lab.dir))
    step("Enter or Ctrl-C ends it")
    try:
        if not sys.stdin.readline():          # no terminal: until killed
            signal.pause()
    except KeyboardInterrupt:
        pass


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--hold", action="store_true")
    a = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    step("namespaces: site host, gateway, internet, cloud gateway (strongSwan) and its host")
    try:
        with Lab(port="tap", start=False) as lab:
            show("run %s" % lab.id)
            try:
                tunnel(lab)
                traffic(lab)
                result(lab)
            finally:
                if a.hold:
                    hold(lab)
    except Fail as e:
        print("\nThe demo failed: %s" % e, file=sys.stderr)
        return 1
    step("all held: tunnel up, nothing lost, checksums equal; everything is removed again")
    return 0


if __name__ == "__main__":
    sys.exit(main())
