#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""names_test.py - a peer whose address is a DNS name: name servers that come late, answers that
change, answers that cannot be used."""
import dataclasses
import json
import os
import sys

import cases
from cases import case
from lab import Daemon, Lab, need, wait
from suites import MODERN

HERE = os.path.dirname(os.path.realpath(__file__))
NAME, SECOND = "cloud.vpn.test", "119.91.254.123"
OTHERS = {"gone": "gone.vpn.test", "loop": "loop.vpn.test", "same": "same.vpn.test",
          "ours": "ours.vpn.test", "file": "file.vpn.test", "six": "six.vpn.test",
          "ill": "ill.vpn.test", "odd": "odd.vpn.test"}
KNOWN = "119.91.254.77"                       # of "file", from the start: "same" comes too late
SECRET = "a secret that is as long as it should be"


class NamesLab(Lab):
    """control has a resolv.conf and a hosts file of its own, and a name server beside it"""

    def __init__(self):
        self.dns = None
        more = [dict(name=n, address=a, profile="to_tencent", **{"exchange-mode": "ike2"})
                for n, a in OTHERS.items()]
        super().__init__(suite=MODERN, ike=2, peer={"address": NAME}, start=False)
        tree = self.conf.tree()
        tree["ip"]["ipsec"]["peer"] += more
        tree["ip"]["ipsec"]["identity"] += [dict(peer=n, secret=SECRET) for n in OTHERS]
        self.conf.tree = lambda: tree
        self.resolv_conf("127.0.0.9")
        self.etc("hosts", "127.0.0.1 localhost\n%s %s\n" % (KNOWN, OTHERS["file"]))
        self.zone({})

    def path(self, name):
        return os.path.join(self.dir, name)

    def etc(self, name, text):
        with open(self.path(name), "w") as f:                # in place: it is mounted
            f.write(text)

    def resolv_conf(self, server):
        self.etc("resolv.conf", "nameserver %s\noptions timeout:1 attempts:1\n" % server)

    def zone(self, names):
        with open(self.path("zone.new"), "w") as f:
            json.dump(names, f)
        os.rename(self.path("zone.new"), self.path("zone"))

    def start_dns(self):
        self.dns = Daemon(self, "dns", [sys.executable, os.path.join(HERE, "dns_server.py"),
                                        "127.0.0.1", self.path("zone")], self.gw)
        self.background.append(self.dns.p)
        self.dns.wait_text("ready", 5)

    def into(self, ns, *cmd):
        if "control" in os.path.basename(str(cmd[0])):
            mounts = "".join("mount --bind %s /etc/%s && " % (self.path(f), f)
                             for f in ("resolv.conf", "hosts"))
            cmd = ("unshare", "-m", "sh", "-c", mounts + 'exec "$@"', "sh") + cmd
        return super().into(ns, *cmd)

    def rows(self):
        return {r["name"]: r for r in self.cli("ip", "ipsec", "peer", "print", "detail")}

    def resolved(self, peer="to_tencent"):
        return self.rows()[peer].get("resolved-address", "")

    def codes(self, peer):
        out = self.cli("diagnose", peer)
        return [f["code"] for f in out[0]["findings"]]

    def move_cloud(self, to):
        """the cloud gateway gets another address"""
        self.peer("terminate")
        self.outside = dataclasses.replace(self.outside, cloud=to)
        self.cloud_opts.append("--replace")
        self._cloud()


def fill(lab, cloud):
    lab.zone({NAME: {"A": [cloud], "AAAA": ["2001:db8::1"], "ttl": 3600},
              OTHERS["loop"]: {"A": ["127.0.0.1"]}, OTHERS["same"]: {"A": [KNOWN]},
              OTHERS["ours"]: {"A": ["113.87.48.200"]}, OTHERS["six"]: {"AAAA": []},
              OTHERS["ill"]: {"rcode": 2}, OTHERS["odd"]: {"raw": "81800001ffff00000000c0"}})


STATES = {"gone": "NXDOMAIN", "loop": "loopback", "ours": "our own", "same": "another peer",
          "six": "no address", "odd": "malformed", "file": "resolved"}
CODES = {"gone": ["PEER_NAME_UNRESOLVED"], "loop": ["PEER_NAME_UNUSABLE"],
         "same": ["PEER_NAME_UNUSABLE"], "file": [], "to_tencent": []}


def what_cannot_be_used_is_told(lab):
    def wrong():
        rows = lab.rows()
        return {n: rows[n]["resolve-state"] for n, s in STATES.items()
                if s not in rows[n]["resolve-state"]}
    wait(lambda: need(not wrong(), str(wrong())) or True, 5, "each to say why")
    rows = lab.rows()
    need(rows["file"]["resolved-address"] == KNOWN, "the hosts file: %s" % rows["file"])
    need(all("resolved-address" not in rows[n] for n in OTHERS if n != "file"), str(rows))
    codes = {p["peer"]: [f["code"] for f in p["findings"]] for p in lab.cli("diagnose")}
    need(CODES.items() <= codes.items(), str(codes))


@case(timeout=60)
def the_tunnel_follows_the_name():
    with NamesLab() as lab:
        lab.start()
        wait(lambda: "PEER_NAME_UNRESOLVED" in lab.codes("to_tencent"), 5, "no name server")
        fill(lab, lab.outside.cloud)
        lab.start_dns()
        lab.resolv_conf("127.0.0.1")                        # read with the next failure
        lab.established(15)
        lab.ping_both(3)
        row = lab.rows()["to_tencent"]
        need(row["address"] == NAME and row["resolved-address"] == lab.outside.cloud and
             row["resolve-state"] == "resolved", str(row))
        what_cannot_be_used_is_told(lab)
        # The name stands for another address: a reload does not ask, and forgets nothing.
        fill(lab, SECOND)
        lab.cli_text("reload")
        lab.ping_both(2)
        need(lab.resolved() == "119.91.254.122", lab.resolved())
        lab.move_cloud(SECOND)
        lab.established(15)
        need(lab.resolved() == SECOND, lab.resolved())
        active = lab.cli("ip", "ipsec", "active-peers", "print")
        need([a["remote-address"] for a in active] == [SECOND], str(active))
        lab.ping_both(3)
        log = lab.log()
        need(log.count(NAME + " does not resolve") == 1 and
             log.count(NAME + " is 119.91.254.122") == 1 and
             log.count("%s is %s now" % (NAME, SECOND)) == 1, "lines: " + log)
        asked = lab.dns.text().count("A " + NAME)
        need(asked <= 6, "%d questions for %s" % (asked, NAME))
        return "%d questions" % lab.dns.text().count("\n")


if __name__ == "__main__":
    cases.main()
