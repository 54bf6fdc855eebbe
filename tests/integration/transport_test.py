#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""transport_test.py - two gateways of ours that protect what they say to each other in transport
mode; strongSwan's user-space ESP has none. The referee decrypts what is between them.
"""
import json
import os

import cases
import wire
from cases import case
from lab import Daemon, Lab, binary, need, wait
from suites import CLOUD, CLOUD_HOP, GATEWAY, MODERN, TUTORIAL, GatewayConf, literal


class Facing(Lab):
    """the gateway, and in the cloud's place another one of ours"""

    def __init__(self, suite, ike):
        self.far = None
        super().__init__(suite=suite, ike=ike, policy=POLICY, start=False)

    def _cloud(self):
        self.cloud_ns = self.id + "-far"
        self._namespace(self.cloud_ns)
        self.cable(self.inet, "c0", self.cloud_ns, "wan0")
        self.address(self.inet, self.outside.cloud_hop, self.outside.length, "c0")

    def begin(self):
        mine, theirs = self.conf.tree(), mirrored(self.conf)
        for tree, at, host in ((mine, GATEWAY, CLOUD), (theirs, CLOUD, GATEWAY)):
            tree["tool"] = {"netwatch": [{"name": "other", "host": host, "src-address": at,
                                          "interval": 200}]}
        self.write_conf(text_of(mine))
        self.start_dataplane()
        path = os.path.join(self.dir, "far.conf")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(text_of(theirs))
        name = self.id + "f"
        self.far = [Daemon(self, "far-" + p, [binary("espgw-" + p), "-c", path, "--instance", name],
                           self.cloud_ns) for p in ("dataplane", "control")]
        self.start_control()

    def status(self, far=False):
        ns, name = (self.cloud_ns, self.id + "f") if far else (self.gw, self.id)
        r = self.sh(ns, binary("espgw"), "--instance", name, "--json", "tool", "netwatch", "print",
                    "detail", check=False)
        return json.loads(r.stdout)[0] if r.returncode == 0 else {"status": "no daemon"}

    def report(self, *a):
        super().report(*a)
        for d in self.far or ():
            print("---- %s\n%s" % (d.name, d.text()[-4000:]))

    def close(self):
        for d in self.far or ():
            if d.running():
                d.kill(15)
        return super().close()


POLICY = {"tunnel": False, "src-address": GATEWAY, "dst-address": CLOUD}


def text_of(tree):
    return "".join("%s = %s;\n" % (k, literal(v)) for k, v in tree.items())


def mirrored(conf):
    far = GatewayConf(suite=conf.suite, ike=conf.ike, peer={"address": GATEWAY, "passive": True},
                      policy={"tunnel": False, "src-address": CLOUD, "dst-address": GATEWAY})
    tree = far.tree()
    tree["interface"] = [i for i in tree["interface"] if i["name"] == "wan"]
    tree["interface"][0]["device"] = "net_af_packet0,iface=wan0"
    tree["ip"]["address"] = [{"address": CLOUD + "/24", "interface": "wan"}]
    tree["ip"]["route"] = [{"gateway": CLOUD_HOP}]
    return tree


def prove(suite, ike):
    with Facing(suite, ike) as lab, wire.Capture(lab) as cap:
        lab.begin()
        for far in (False, True):
            wait(lambda far=far: lab.status(far).get("status") == "up", 20, "pings to be answered")
        lab.carry(10)
        cap.stop()
        clear = [f for _, f in cap.frames() if f[12:14] == b"\x08\x00" and f[23] == 1]
        need(not clear, "%d pings in clear" % len(clear))
        lab.selectors = lambda: (GATEWAY + "/32", CLOUD + "/32")
        return cap.need_genuine(wire.gateway_keys(lab), "--transport", min_ok=20)


VERSIONS = [("ikev2", MODERN, 2)]
if os.environ.get("ESPGW_LONG"):
    VERSIONS.append(("ikev1", TUTORIAL, 1))

for _name, _suite, _ike in VERSIONS:
    case(_name, param=(_suite, _ike))(lambda p: prove(*p))


@case()
def a_nat_is_named_to_who_asked_for_it():
    # strongSwan pretends a NAT so that its ESP travels in UDP.
    with Lab(suite=MODERN, ike=2, policy=POLICY) as lab:
        def found():
            rows = lab.cli("diagnose")[0]["findings"]
            return [f for f in rows if f["code"] == "P2_ENCAP_MISMATCH"]
        f = wait(found, 15, "evidence of a NAT")[0]
        need("TRANSPORT_NAT" in [s["id"] for s in f["says"]], "finding: %s" % f)
        lines = [x["line"] for c in f["changes"] if c["side"] == "here" for x in c["lines"]]
        need(any("tunnel" in x for x in lines), "advice: %s" % f["changes"])


if __name__ == "__main__":
    cases.main()
