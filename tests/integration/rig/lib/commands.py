# SPDX-License-Identifier: BSD-3-Clause
"""commands.py - the commands that bring peers, hosts and namespaces up and down."""
import contextlib
import ipaddress
import json
import os
import shutil
import tempfile

from base import (REG, Error, alive, ipns, load, lock, netns_del, netns_exists, ns_offload_off,
                  nsx, save, sh, split_if)
from life import (add_addr, add_lan, attach_underlay, auto_lans, destroy, family, load_conf,
                  reaper, spawn_charon, swanctl)


def opts(a):
    skip = ("func", "name", "replace", "owner_pid", "cmd", "print_json")
    return {k: v for k, v in vars(a).items() if k not in skip}


def cmd_lan_host(a):
    """a host behind the device under test: no charon, just a namespace whose
    veth ends at the device"""
    net = ipaddress.ip_interface(a.ip)
    with lock(a.name):
        st = load(a.name, must=False)
        want = [str(net), a.gw_ip, a.veth, a.mtu]
        if st and st.get("want") == want and netns_exists(st["ns"]):
            print("netns=" + st["ns"])
            return
        if st:
            if not a.replace:
                raise Error("'%s' is already up with other options; use "
                            "--replace, or down first" % a.name)
            destroy(st)
        ns = "ssp-" + a.name
        if netns_exists(ns):
            raise Error("namespace %s exists but is not ours" % ns)
        st = dict(name=a.name, ns=ns, kind="lan-host", want=want,
                  hosts={"host": dict(ns=ns, ip=str(net), gw=a.gw_ip)})
        try:
            save(st)
            sh("ip", "netns", "add", ns)
            i, ons = split_if(a.veth)
            sh("ip", "-n", ns, "link", "add", "eth0", "type", "veth", "peer",
               "name", i, "netns", ons or os.getpid())
            st.update(outer_if=i, outer_ns=ons, outer_made=True)
            save(st)
            for n, d in ((ns, "eth0"), (ons, i)):
                ns_offload_off(n, d)
                sh(*ipns(n), "link", "set", d, "addrgenmode", "none",
                   check=False)
                if a.mtu:
                    sh(*ipns(n), "link", "set", d, "mtu", a.mtu)
                sh(*ipns(n), "link", "set", d, "up")
            sh("ip", "-n", ns, "link", "set", "lo", "up")
            sh("ip", "-n", ns, "addr", "add", str(net), "dev", "eth0")
            sh("ip", "-n", ns, "route", "add", "default", "via",
               a.gw_ip or str(next(net.network.hosts())))
        except BaseException:
            destroy(st)
            raise
        reaper(st, a.owner_pid)
        save(st)
    print("netns=" + ns)


def cmd_netns(a):
    """an empty namespace and directory that go when their owner goes, e.g.
    for a router between two peers"""
    with lock(a.name):
        st = load(a.name, must=False)
        if not st or st.get("kind") != "netns" or not netns_exists(st["ns"]):
            if st:
                raise Error("'%s' is already in use" % a.name)
            ns = "ssp-" + a.name
            if netns_exists(ns):
                raise Error("namespace %s exists but is not ours" % ns)
            st = dict(name=a.name, ns=ns, kind="netns", hosts={},
                      dir=tempfile.mkdtemp(prefix="strongswan-peer.%s." %
                                           a.name))
            try:
                save(st)
                sh("ip", "netns", "add", ns)
                sh("ip", "-n", ns, "link", "set", "lo", "up")
            except BaseException:
                destroy(st)
                raise
            reaper(st, a.owner_pid)
            save(st)
        sh(*nsx(st["ns"], "sysctl", "-qw", "net.ipv4.ip_forward=%d" %
                a.forward))
    print("netns=%s\nstate=%s" % (st["ns"], st["dir"]))


def cmd_up(a):
    o = opts(a)
    if os.geteuid():
        raise Error("must be root (namespaces, TUN device)")
    for k in ("local_ip", "remote_ip"):
        ipaddress.ip_address(o[k].split("/")[0])
    if a.name == "auto":
        a.name = "p%d-%s" % (os.getpid(), os.urandom(2).hex())
    with lock(a.name):
        st = load(a.name, must=False)
        if st:
            up = alive(st.get("charon_pid"), st.get("charon_born"))
            if up and st.get("opts") == o and not a.replace:
                return show_up(st, a)
            if up and not a.replace:
                raise Error("'%s' is already up with other options; use "
                            "--replace, or down first" % a.name)
            destroy(st)
        ns = "ssp-" + a.name
        if netns_exists(ns):
            raise Error("namespace %s exists but is not ours" % ns)
        st = dict(name=a.name, ns=ns, hosts={}, opts=o,
                  dir=tempfile.mkdtemp(prefix="strongswan-peer.%s." % a.name))
        try:
            save(st)
            sh("ip", "netns", "add", ns)
            sh("ip", "-n", ns, "link", "set", "lo", "up")
            for k, v in (("net.ipv4.ip_forward", 1),
                         ("net.ipv4.conf.all.rp_filter", 0),
                         ("net.ipv4.conf.default.rp_filter", 0),
                         ("net.ipv4.conf.all.send_redirects", 0),
                         ("net.ipv4.conf.default.send_redirects", 0),
                         ("net.ipv6.conf.all.disable_ipv6", 0),
                         ("net.ipv6.conf.default.disable_ipv6", 0),
                         ("net.ipv6.conf.all.forwarding", 1)):
                sh(*nsx(ns, "sysctl", "-qw", "%s=%s" % (k, v)), check=False)
            attach_underlay(st, o)
            for i in (auto_lans(o) if a.lan in ([], ["auto"]) else
                      map(ipaddress.ip_interface,
                          [x for x in a.lan if x != "none"])):
                add_lan(st, i)
            spawn_charon(st, o)
            load_conf(st, o)
        except BaseException:
            destroy(st)
            raise
        reaper(st, a.owner_pid)
        save(st)
    show_up(st, a)


def show_up(st, a):
    info = dict(name=st["name"], netns=st["ns"], state=st["dir"],
                log=st["dir"] + "/charon.log", pid=st["charon_pid"],
                vici="unix://%s/charon.vici" % st["dir"],
                outer_if=st.get("outer_if"), outer_netns=st.get("outer_ns"),
                hosts={k: v["ns"] for k, v in st["hosts"].items()})
    if a.print_json:
        print(json.dumps(info))
    else:
        for k, v in info.items():
            if v:
                print("%s=%s" % (k, v if not isinstance(v, dict) else
                                 ",".join("%s:%s" % x for x in v.items())))


def cmd_info(a):
    show_up(load(a.name), a)


def cmd_list(a):
    for f in sorted(os.listdir(REG) if os.path.isdir(REG) else []):
        if f.endswith(".json"):
            st = load(f[:-5], must=False)
            if st:
                print(st["name"], st["kind"] if "kind" in st else
                      "up" if alive(
                    st.get("charon_pid"), st.get("charon_born")) else "dead",
                    st["ns"], st.get("dir", ""))


def cmd_down(a):
    with lock(a.name):
        st = load(a.name, must=False)
        if not st:
            print("%s: not up" % a.name)
            return
        if a.save_log:
            with contextlib.suppress(OSError):
                shutil.copy(st["dir"] + "/charon.log", a.save_log)
        destroy(st)


def cmd_reconf(a):
    """change connection options of a running peer (nothing is restarted)"""
    with lock(a.name):
        st = load(a.name)
        o = dict(st["opts"])
        for k, v in opts(a).items():
            if v is not None and v != []:
                o[k] = v
        st["opts"] = o
        if a.flush:
            swanctl(st, "--terminate", "--ike", "peer", "--force",
                    check=False, timeout=10)
        load_conf(st, o)
        save(st)


def cmd_host(a):
    with lock(a.name):
        st = load(a.name)
        net = ipaddress.ip_interface(a.ip)
        gw = a.gw_ip or str(next(net.network.hosts()))
        ns = "%s-%s" % (st["ns"], a.host)
        h = dict(ns=ns, ip=str(net), gw=gw)
        if st["hosts"].get(a.host) == h and netns_exists(ns):
            print("netns=" + ns)
            return
        if a.host in st["hosts"]:
            netns_del(ns)
        st["hosts"][a.host] = h
        save(st)
        g = st["ns"]
        br = add_lan(st, ipaddress.ip_interface(
            "%s/%d" % (gw, net.network.prefixlen)))
        sh("ip", "netns", "add", ns)
        port = "v%s" % os.urandom(4).hex()
        sh("ip", "-n", ns, "link", "add", "eth0", "type", "veth", "peer",
           "name", port, "netns", g)
        ns_offload_off(ns, "eth0")
        ns_offload_off(g, port)
        sh("ip", "-n", g, "link", "set", port, "master", br, "up")
        sh("ip", "-n", ns, "link", "set", "lo", "up")
        add_addr(ns, net, "eth0")
        if a.mtu:
            sh("ip", "-n", ns, "link", "set", "eth0", "mtu", a.mtu)
        sh("ip", "-n", ns, "link", "set", "eth0", "up")
        sh("ip", family(net), "-n", ns, "route", "add", "default", "via", gw)
        print("netns=" + ns)


def cmd_exec(a):
    st = load(a.name)
    if a.gw:
        ns = st["ns"]
    else:
        if not st["hosts"]:
            raise Error("no host yet: strongswan-peer host --name %s --ip …"
                        % a.name)
        h = a.host or next(iter(st["hosts"]))
        if h not in st["hosts"]:
            raise Error("no host '%s'" % h)
        ns = st["hosts"][h]["ns"]
    cmd = a.command[1:] if a.command[:1] == ["--"] else a.command
    if not cmd:
        raise Error("no command")
    os.execvp("ip", nsx(ns, *cmd))
