# SPDX-License-Identifier: BSD-3-Clause
"""life.py - makes and unmakes what a peer consists of."""
import contextlib
import ipaddress
import os
import shutil
import subprocess
import sys
import time
import zlib

import room
from base import (SELF, Error, alive, end_pid, ipns, netns_del, netns_exists, ns_offload_off, nsx,
                  reg_path, save, sh, split_if, start_time)
from charon_conf import CHARON, SWANCTL, children, strongswan_conf, swanctl_conf


def destroy(st, keep=False):
    """undo everything `up` and `host` made; each step tolerates its absence"""
    me = os.getpid()
    if st.get("charon_pid") and alive(st["charon_pid"], st.get("charon_born")):
        end_pid(st["charon_pid"], st.get("charon_born"))
    m = st.get("moved_if")
    if m and netns_exists(st["ns"]):
        sh("ip", "-n", st["ns"], "link", "set", "wan0", "down", check=False)
        sh("ip", "-n", st["ns"], "addr", "flush", "dev", "wan0", check=False)
        tgt = m["ns"] if m["ns"] else "1"
        sh("ip", "-n", st["ns"], "link", "set", "wan0", "name", m["if"],
           check=False)
        sh("ip", "-n", st["ns"], "link", "set", m["if"], "netns", tgt,
           check=False)
    if st.get("outer_if") and st.get("outer_made"):
        sh(*ipns(st.get("outer_ns")), "link", "del", st["outer_if"],
           check=False)
    for h in st.get("hosts", {}).values():
        netns_del(h["ns"])
    netns_del(st["ns"])
    if st.get("reaper_pid") and st["reaper_pid"] != me:
        end_pid(st["reaper_pid"], st.get("reaper_born"), 1.0)
    d = st.get("dir")
    if d and os.path.isdir(d) and not keep:
        shutil.rmtree(d, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(reg_path(st["name"]))


def spawn_charon(st, o):
    ns, d = st["ns"], st["dir"]
    os.makedirs(d + "/run", exist_ok=True)
    rundir = os.path.realpath("/var/run")
    if os.path.realpath(d).startswith(rundir + "/"):
        raise Error("TMPDIR must not be below " + rundir)
    with open(d + "/strongswan.conf", "w") as f:
        f.write(strongswan_conf(st, o))
    with contextlib.suppress(FileNotFoundError):
        os.unlink(d + "/charon.vici")
    env = dict(os.environ, STRONGSWAN_CONF=d + "/strongswan.conf")
    # `ip netns exec` gives a private mount namespace; the bind mount gives
    # this charon its own /run/charon.pid (that path is compiled in).
    script = 'mount --bind "$1" "$2" && exec "$3"'
    pre = None
    if o.get("cpu"):
        cpus = set()
        for part in o["cpu"].split(","):
            lo, _, hi = part.partition("-")
            cpus |= set(range(int(lo), int(hi or lo) + 1))

        def pre():
            os.sched_setaffinity(0, cpus)
    with open(d + "/charon.out", "w") as out:
        p = subprocess.Popen(nsx(ns, "sh", "-c", script, "sh", d + "/run",
                                 rundir, CHARON), stdin=subprocess.DEVNULL,
                             stdout=out, stderr=out, env=env, cwd="/",
                             start_new_session=True, preexec_fn=pre)
    st["charon_pid"] = p.pid
    st["charon_born"] = start_time(p.pid)
    save(st)
    t = time.time() + 15
    while not os.path.exists(d + "/charon.vici"):
        if p.poll() is not None or time.time() > t:
            with open(d + "/charon.out") as f:
                raise Error("charon did not start:\n" + f.read()[-3000:])
        time.sleep(0.02)
    t = time.time() + 5
    while sh("ip", "-n", ns, "link", "show", "ipsec0",
             check=False).returncode and time.time() < t:
        time.sleep(0.02)
    if sh("ip", "-n", ns, "link", "show", "ipsec0", check=False).returncode:
        with open(d + "/charon.out") as f:
            raise Error("charon made no ipsec0 TUN device (is /dev/net/tun "
                        "usable?):\n" + f.read()[-3000:])
    room.widen(p.pid)
    sh("ip", "-n", ns, "link", "set", "ipsec0", "txqueuelen", room.PACKETS)
    if o.get("tun_mtu"):
        sh("ip", "-n", ns, "link", "set", "ipsec0", "mtu", o["tun_mtu"])


def swanctl(st, *args, check=True, timeout=None):
    if "kind" in st:
        raise Error("'%s' is a %s, it has no charon" % (st["name"],
                                                        st["kind"]))
    env = dict(os.environ, SWANCTL_DIR=st["dir"] + "/swanctl",
               STRONGSWAN_CONF=st["dir"] + "/strongswan.conf")
    return sh(SWANCTL, args[0], "--uri", "unix://%s/charon.vici" % st["dir"],
              *args[1:], check=check, env=env, timeout=timeout)


def load_conf(st, o):
    d = st["dir"] + "/swanctl"
    os.makedirs(d, exist_ok=True)
    with open(os.open(d + "/swanctl.conf", os.O_WRONLY | os.O_CREAT |
                      os.O_TRUNC, 0o600), "w") as f:
        f.write(swanctl_conf(st, o))
    r = swanctl(st, "--load-all", "--clear", check=False)
    if r.returncode or "loaded connection 'peer'" not in r.stdout:
        raise Error("swanctl --load-all failed:\n" + r.stdout)


def attach_underlay(st, o):
    ns = st["ns"]
    n = sum(bool(o[k]) for k in ("underlay_if", "underlay_veth"))
    if n != 1:
        raise Error("give one of --underlay-veth and --underlay-if")
    if o["underlay_veth"]:
        i, ons = split_if(o["underlay_veth"])
        here = os.getpid() if not ons else None
        sh("ip", "-n", ns, "link", "add", "wan0", "type", "veth", "peer",
           "name", i, "netns", ons or here)
        st.update(outer_if=i, outer_ns=ons, outer_made=True)
        save(st)
        if o["offload"] == "off":
            ns_offload_off(ons, i)
        if o["mtu"]:
            sh(*ipns(ons), "link", "set", i, "mtu", o["mtu"])
        if ":" not in o["local_ip"]:
            for n, d in ((ns, "wan0"), (ons, i)):     # no IPv6 chatter
                sh(*ipns(n), "link", "set", d, "addrgenmode", "none", check=False)
        sh(*ipns(ons), "link", "set", i, "up")
    else:
        i, ons = split_if(o["underlay_if"])
        sh(*ipns(ons), "link", "set", i, "netns", ns)
        st["moved_if"] = {"if": i, "ns": ons}
        save(st)
        sh("ip", "-n", ns, "link", "set", i, "down")
        sh("ip", "-n", ns, "link", "set", i, "name", "wan0")
    if o["offload"] == "off":
        ns_offload_off(ns, "wan0")
    if o["mtu"]:
        sh("ip", "-n", ns, "link", "set", "wan0", "mtu", o["mtu"])
    ip, _, plen = o["local_ip"].partition("/")
    v = family(ip)
    add_addr(ns, "%s/%s" % (ip, plen or (64 if v == "-6" else 24)), "wan0")
    sh("ip", "-n", ns, "link", "set", "wan0", "up")
    if o["gateway"]:
        sh("ip", v, "-n", ns, "route", "replace", "default", "via", o["gateway"],
           "dev", "wan0", "onlink")
    else:
        sh("ip", v, "-n", ns, "route", "replace", o["remote_ip"], "dev", "wan0")


def family(addr):
    """ip's option for the family of an address"""
    return "-6" if ":" in str(addr) else "-4"


def add_addr(ns, addr, dev):
    """usable at once: nobody else has it"""
    nodad = ["nodad"] if family(addr) == "-6" else []
    sh("ip", "-n", ns, "addr", "add", str(addr), "dev", dev, *nodad)


def lan_bridge(net):
    return "lan%08x" % zlib.crc32(net.network_address.packed)


def add_lan(st, iface):
    """LAN side of the gateway: a bridge with an address. charon needs an
    address inside its own traffic selector before it installs the route into
    ipsec0; the rule keeps the LAN local when the remote net is 0.0.0.0/0."""
    g, br = st["ns"], lan_bridge(iface.network)
    if sh("ip", "-n", g, "link", "show", br, check=False).returncode:
        sh("ip", "-n", g, "link", "add", br, "type", "bridge")
        add_addr(g, iface, br)
        sh("ip", "-n", g, "link", "set", br, "up")
        sh("ip", family(iface), "-n", g, "rule", "add", "pref", 100, "to",
           str(iface.network), "lookup", "main")
    return br


def auto_lans(o):
    """first host address of every subnet among the local selectors"""
    out = []
    for c in children(o):
        for ts in (c["local"] or "").split(","):
            ts = ts.strip().split("[")[0]
            with contextlib.suppress(ValueError):
                n = ipaddress.ip_network(ts)
                if 8 <= n.prefixlen <= n.max_prefixlen - 2:
                    i = ipaddress.ip_interface("%s/%d" % (n[1], n.prefixlen))
                    if i not in out:
                        out.append(i)
    return out


def reaper(st, pid):
    """take everything down when process `pid` ends"""
    if not pid:
        return
    p = subprocess.Popen([sys.executable, SELF, "_reap", "--name",
                          st["name"], "--pid", str(pid)], cwd="/",
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, start_new_session=True)
    st["reaper_pid"] = p.pid
    st["reaper_born"] = start_time(p.pid)
