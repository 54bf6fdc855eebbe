# SPDX-License-Identifier: BSD-3-Clause
"""facing.py - a lab whose cloud gateway is another one of ours, each watching hosts behind the other."""
import json
import os
import subprocess

from lab import Daemon, Lab, binary
from suites import CLOUD, GATEWAY, GatewayConf, literal


def text_of(tree):
    return "".join("%s = %s;\n" % (k, literal(v)) for k, v in tree.items())


class Facing(Lab):
    """`near` and `far` change the two configuration trees before they are written"""

    def __init__(self, near, far, lan=False, **kw):
        self.far, self.far_lan, self.change = None, lan, (near, far)
        super().__init__(start=False, **kw)

    def _cloud(self):
        self.cloud_ns = self.id + "-far"
        self._namespace(self.cloud_ns)
        self.cable(self.inet, "c0", self.cloud_ns, "wan0")
        self.address(self.inet, self.outside.cloud_hop, self.outside.length, "c0")
        self.cloud_host = self.names["cloud"] = self.id + "-farhost"
        if self.far_lan:
            self._namespace(self.cloud_host)
            self.cable(self.cloud_host, "eth0", self.cloud_ns, "lan0")
            self.address(self.cloud_host, self.inside.cloud_host, self.inside.length, "eth0")
            self.ip(self.cloud_host, "route", "add", "default", "via", self.far_gw())

    def far_gw(self):
        return self.inside.cloud_host.rsplit(".", 1)[0] + ".1"

    def _far_tree(self):
        c = self.conf
        tree = GatewayConf(suite=c.suite, ike=c.ike, secret=c.secret,
                           peer={"address": GATEWAY, "passive": True},
                           policy={"src-address": self.inside.cloud_net,
                                   "dst-address": self.inside.site_net}).tree()
        tree["ip"]["address"] = [{"address": CLOUD + "/24", "interface": "wan"}]
        tree["ip"]["route"] = [{"gateway": self.outside.cloud_hop}]
        tree["interface"] = [{"name": "wan", "device": "net_af_packet0,iface=wan0"}]
        if self.far_lan:
            tree["interface"].append({"name": "lan", "device": "net_af_packet1,iface=lan0"})
            tree["ip"]["address"].append({"address": self.far_gw() + "/24", "interface": "lan"})
        return tree

    def begin(self):
        trees = self.conf.tree(), self._far_tree()
        for tree, change in zip(trees, self.change):
            change(tree)
        self.write_conf(text_of(trees[0]))
        self.start_dataplane()
        path = os.path.join(self.dir, "far.conf")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write(text_of(trees[1]))
        self.far = [Daemon(self, "far-" + p, [binary("espgw-" + p), "-c", path, "--instance",
                                              self.id + "f"], self.cloud_ns)
                    for p in ("dataplane", "control")]
        self.start_control()

    def watched(self, far=False):
        """{name: status} of the hosts that are watched"""
        ns, name = (self.cloud_ns, self.id + "f") if far else (self.gw, self.id)
        r = self.sh(ns, binary("espgw"), "--instance", name, "--json", "tool", "netwatch", "print",
                    "detail", check=False, stderr=subprocess.DEVNULL)
        rows = json.loads(r.stdout) if r.returncode == 0 else []
        return {row["name"]: row.get("status") for row in rows}

    def report(self, *a):
        super().report(*a)
        for d in self.far or ():
            print("---- %s\n%s" % (d.name, d.text()[-4000:]))

    def close(self):
        for d in self.far or ():
            if d.running():
                d.kill(15)
        return super().close()
