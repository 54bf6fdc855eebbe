# SPDX-License-Identifier: BSD-3-Clause
"""actions.py - the commands that drive and watch a peer that is up."""
import json
import os
import re
import sys
import time

from base import Error, alive, load, lock, nsx, sh, start_time
from life import destroy, swanctl
from vici import Vici


def finish(r):
    sys.stdout.write(r.stdout)
    sys.exit(1 if r.returncode else 0)


def cmd_initiate(a):
    st = load(a.name)
    args = ["--initiate", "--timeout", a.timeout]
    args += ["--ike", "peer"] if a.ike_only else ["--child", a.child]
    finish(swanctl(st, *args, check=False))


def cmd_terminate(a):
    st = load(a.name)
    args = ["--terminate", "--timeout", a.timeout]
    args += ["--child", a.child] if a.child else ["--ike", "peer"]
    if a.force:
        args.append("--force")
    finish(swanctl(st, *args, check=False))


def cmd_rekey(a):
    st = load(a.name)
    args = ["--rekey"] + (["--ike", "peer"] if a.ike_sa else
                          ["--child", a.child])
    if a.reauth:
        args.append("--reauth")
    finish(swanctl(st, *args, check=False))


def list_sas(st):
    return Vici(st["dir"] + "/charon.vici").stream("list-sas", "list-sa")


def cmd_list_sas(a):
    st = load(a.name)
    if a.print_json:
        print(json.dumps(list_sas(st), indent=1))
    else:
        finish(swanctl(st, "--list-sas", check=False))


def cmd_wait(a):
    """wait until a CHILD_SA is installed (or gone, with --gone)"""
    st = load(a.name)
    t = time.time() + a.timeout
    while True:
        n = 0
        for sa in list_sas(st):
            for ike in sa.values():
                for c in ike.get("child-sas", {}).values():
                    if c.get("state") == "INSTALLED" and \
                            (not a.child or c.get("name") == a.child):
                        n += 1
        if (n == 0) if a.gone else (n >= a.count):
            return
        if time.time() > t:
            raise Error("timeout: %d CHILD_SAs installed" % n)
        time.sleep(0.05)


def log_file(st):
    return st["dir"] + "/charon.log"


def cmd_log(a):
    st = load(a.name)
    mark = st["dir"] + "/log.mark"
    if a.mark:
        with open(mark, "w") as f:
            f.write(str(os.path.getsize(log_file(st))))
        return
    off = 0
    if a.since_mark and os.path.exists(mark):
        with open(mark) as f:
            off = int(f.read())

    def clean(s):
        if a.plain:   # drop "2024-… 05[IKE] <peer|1> "
            s = re.sub(r"^\S+ \d+\[(\w+)\] (?:<[^>]*> )?", r"[\1] ", s)
        return s
    rx = re.compile(a.grep or a.wait_for) if (a.grep or a.wait_for) else None
    t = time.time() + a.timeout
    with open(log_file(st), errors="replace") as f:
        f.seek(off)
        while True:
            s = f.readline()
            if s:
                if not s.endswith("\n"):
                    time.sleep(0.01)
                    s += f.readline()
                if rx and not rx.search(s):
                    continue
                print(clean(s), end="", flush=True)
                if a.wait_for:
                    return
                continue
            if a.wait_for:
                if time.time() > t:
                    raise Error("timeout: no log line matches %s" %
                                a.wait_for)
            elif not a.follow:
                return
            time.sleep(0.05)


def parse_keys(path):
    """ESP SAs with keys out of a charon log written with chd = 4"""
    head = re.compile(r"^(\S+) (\d+)\[(\w+)\] (?:<([^>]*)> )?(.*)$")
    dump = re.compile(r"^\s*\d+: ((?:[0-9A-F]{2} )+)")
    th, sas, registered = {}, [], set()
    with open(path, errors="replace") as f:
        for ln in f:
            m = head.match(ln.rstrip("\n"))
            if not m:
                continue
            when, tid, grp, _, msg = m.groups()
            t = th.setdefault(tid, {})
            d = dump.match(msg)
            if d and t.get("want"):
                t["keys"][t["want"]] += bytes.fromhex(
                    d.group(1).replace(" ", ""))
                continue
            t["want"] = None
            x = re.match(r"parsed (\S+) (request|response) ", msg)
            if x:
                t["role"] = "i" if x.group(2) == "response" else "r"
            x = re.match(r"\s*(encryption|integrity) (initiator|responder) "
                         r"key => (\d+) bytes", msg)
            if x:
                if x.group(1) == "encryption" and x.group(2) == "initiator":
                    t["keys"] = {}
                t["want"] = x.group(1)[0] + x.group(2)[0]
                t.setdefault("keys", {})[t["want"]] = b""
                continue
            x = re.match(r"\s*using (\S+) for (encryption|integrity)", msg)
            if x:
                t[x.group(2)] = x.group(1)
                if x.group(2) == "encryption":
                    t.pop("integrity", None)
                continue
            # an IKEv2 responder of a rekey only registers the outbound SA,
            # and adds it later, in another thread, once the old one is gone
            x = re.match(r"\s*(adding|registering) (inbound|outbound) ESP SA",
                         msg)
            if x:
                t["dir"], t["how"] = x.group(2), x.group(1)
                continue
            x = re.match(r"\s*SPI 0x([0-9a-f]+), src (\S+) dst (\S+)", msg)
            if x and t.get("dir") and t["how"] == "adding" and \
                    x.group(1) in registered:
                registered.remove(x.group(1))
                t["dir"] = None
                continue
            if x and t.get("dir") and t["how"] == "registering":
                registered.add(x.group(1))
            if x and t.get("dir") and t.get("keys"):
                # keys are named after the initiator of this exchange:
                # the initiator sends with "ei"/"ii"
                sends = t["dir"] == "outbound"
                who = "i" if sends == (t.get("role") == "i") else "r"
                sas.append(dict(
                    spi="0x%08x" % int(x.group(1), 16), dir=t["dir"],
                    src=x.group(2).split("[")[0],
                    dst=x.group(3).split("[")[0], time=when,
                    enc=t.get("encryption"), integ=t.get("integrity"),
                    enc_key=t["keys"].get("e" + who, b"").hex(),
                    integ_key=t["keys"].get("i" + who, b"").hex()))
                t["dir"] = None
    return sas


def cmd_keys(a):
    if a.log_file:
        sas = parse_keys(a.log_file)
    else:
        st = load(a.name)
        if not st["opts"]["log_keys"]:
            raise Error("start the peer with --log-keys")
        sas = parse_keys(log_file(st))
    txt = json.dumps(sas, indent=1)
    if a.output:
        with open(a.output, "w") as f:
            f.write(txt + "\n")
    else:
        print(txt)


def cmd_cut(a):
    """silently drop underlay packets (no link-down event): tc + mirred into a
    device that is down; `--only` limits it to IKE or to ESP-in-UDP"""
    st = load(a.name)
    ns = st["ns"]
    sh("ip", "netns", "exec", ns, "tc", "qdisc", "del", "dev", "wan0",
       "clsact", check=False)
    if a.undo:
        return
    if sh("ip", "-n", ns, "link", "show", "sink0", check=False).returncode:
        sh("ip", "-n", ns, "link", "add", "sink0", "type", "bridge")
    tc = nsx(ns, "tc")
    sh(*tc, "qdisc", "add", "dev", "wan0", "clsact")
    dirs = {"in": ["ingress"], "out": ["egress"],
            "both": ["ingress", "egress"]}[a.direction]
    act = ["action", "mirred", "egress", "redirect", "dev", "sink0"]
    for d in dirs:
        base = [*tc, "filter", "add", "dev", "wan0", d, "protocol", "ip"]
        if a.only == "all":
            sh(*base, "prio", 1, "u32", "match", "u32", 0, 0, *act)
        elif a.only == "ike":     # 500, or 4500 with the non-ESP marker
            for p in ("sport", "dport"):
                sh(*base, "prio", 1, "u32", "match", "ip", "protocol", 17,
                   "0xff", "match", "ip", p, 500, "0xffff", *act)
            sh(*base, "prio", 2, "u32", "match", "ip", "protocol", 17, "0xff",
               "match", "ip", "dport", 4500, "0xffff",
               "match", "u32", 0, "0xffffffff", "at", 28, *act)
        else:                     # esp: protocol 50, or 4500 with a SPI
            sh(*base, "prio", 1, "u32", "match", "ip", "protocol", 50,
               "0xff", *act)
            # every bit of a SPI clear = IKE: pass; anything else: drop
            sh(*base, "prio", 2, "u32", "match", "ip", "protocol", 17, "0xff",
               "match", "ip", "dport", 4500, "0xffff",
               "match", "u32", 0, "0xffffffff", "at", 28, "flowid", "1:1")
            sh(*base, "prio", 3, "u32", "match", "ip", "protocol", 17, "0xff",
               "match", "ip", "dport", 4500, "0xffff", *act)


def cmd_algs(a):
    finish(swanctl(load(a.name), "--list-algs", check=False))


def cmd_reap(a):
    born = start_time(a.pid)
    while alive(a.pid, born):
        time.sleep(0.5)
    with lock(a.name):
        st = load(a.name, must=False)
        if st and st.get("reaper_pid") == os.getpid():
            destroy(st)
