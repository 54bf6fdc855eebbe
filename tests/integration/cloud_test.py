#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""cloud_test.py - what clouds give out and do: a tunnel from the cloud's own description, its health
check answered at an address that no host has, and missed; its diagnosis beside ours.
"""
import json
import os
import re

import cases
from cases import case
from lab import Daemon, Lab, binary, need, wait
from suites import CLOUD, CLOUD_HOST, CLOUD_NET, GATEWAY, SITE_NET, SUITES, literal

INNER = "192.168.1.77"             # in the site's network, and nobody's there
SUITE = SUITES[2]

CONNECTION = {"Response": {"VpnConnectionSet": [{
    "VpnConnectionId": "vpnx-1", "PreShareKey": "a key that the console shows, once", "RouteType": "STATIC",
    "IKEOptionsSpecification": {
        "IKEVersion": "IKEV2", "PropoEncryAlgorithm": "AES-CBC-256",
        "PropoAuthenAlgorithm": "SHA-256", "ExchangeMode": "MAIN", "LocalIdentity": "ADDRESS",
        "RemoteIdentity": "ADDRESS", "LocalAddress": CLOUD, "RemoteAddress": GATEWAY,
        "DhGroupName": "GROUP14", "IKESaLifetimeSeconds": 86400},
    "IPSECOptionsSpecification": {
        "EncryptAlgorithm": "AES-CBC-256", "IntegrityAlgorith": "SHA-256", "PfsDhGroup": "NULL",
        "IPSECSaLifetimeSeconds": 3600, "IPSECSaLifetimeTraffic": 1843200},
    "SecurityPolicyDatabaseSet": [{"LocalCidrBlock": CLOUD_NET, "RemoteCidrBlock": [SITE_NET]}]}]}}


def write(lab, name, text):
    path = os.path.join(lab.dir, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        f.write(text)
    return path


def configure(lab, **watch):
    """the lab's interfaces, what the cloud says as ip.ipsec, and a host to watch"""
    out = lab.sh(lab.gw, binary("espgw"), "import", "--local", GATEWAY,
                 write(lab, "cloud.json", json.dumps(CONNECTION))).stdout
    write(lab, "tunnel.conf", out)
    tree = lab.conf.tree()
    tree["ip"]["address"].append(dict(address=INNER + "/32", interface="lan"))
    del tree["ip"]["ipsec"]
    tree["tool"] = {"netwatch": [dict({"name": "vpc", "host": CLOUD_HOST, "src-address": INNER},
                                      **watch)]}
    text = "".join("%s = %s;\n" % (k, literal(v)) for k, v in tree.items())
    at = text.index("ip = {") + len("ip = {")
    lab.write_conf('%s ipsec = {\n@include "tunnel.conf"\n}; %s' % (text[:at], text[at:]))
    lab.start_dataplane()
    lab.start_control()


def watched(lab):
    return lab.cli("tool", "netwatch", "print", "detail")[0]


@case()
def a_tunnel_of_the_clouds_own_words_is_checked_both_ways():
    secret = CONNECTION["Response"]["VpnConnectionSet"][0]["PreShareKey"]
    with Lab(suite=SUITE, ike=2, secret=secret, start=False) as lab:
        configure(lab, **{"interval": 200, "expect-interval": 400, "expect-failures": 3})
        lab.established()
        lab.ping_both(3)
        wait(lambda: watched(lab).get("status") == "up", 5, "our pings to be answered")
        # The cloud's health check: nobody has that address, and it is answered.
        ping = ["ping", "-n", "-i", "0.2", "-W", "1", INNER]
        got = lab.ping("cloud", 6, interval=0.2, wait_s=10, dst=INNER)
        need(got == (6, 6), "health check: %d of %d answered" % got[::-1])
        lab.control.wait_text("netwatch vpc: the health check of %s comes in" % CLOUD_HOST, 5)
        wait(lambda: need(int(watched(lab)["heard"]) == 6, "heard: %s" % watched(lab)) or True, 5,
             "6 of them to be heard")
        # It stops: the log counts down, and says so when time is up. It is late after 0.6 s of 1.6.
        lab.control.wait_text(r"stays away: the cloud will fail over in (1\.0|0\.\d) s", 5)
        lab.control.wait_text("the cloud has switched its route", 5)
        back = Daemon(lab, "ping", ping, lab.cloud_host)
        wait(lambda: watched(lab)["expected-status"] != "down", 5, "it to be back")
        back.kill()
        # The host goes: our own pings notice.
        lab.ip(lab.cloud_host, "link", "set", "eth0", "down")
        lab.control.wait_text("%s does not answer: 3 pings in a row" % CLOUD_HOST, 5)
        need(watched(lab)["status"] == "down", "status: %s" % watched(lab))
        # No SA, so nothing left in clear either: both policies and pings are the tunnel's.
        return "rtt %s us" % watched(lab)["rtt"]


@case()
def the_clouds_diagnosis_stands_beside_ours():
    verdict = {"VpnConnections": [{"VpnConnectionId": "vco-1", "TunnelId": "to_tencent",
                                   "FailedReasonCode": "PskMismatch", "Severity": "Critical"}]}
    with Lab(suite=SUITE, ike=2, identity={"secret": "another-secret-than-the-cloud-has"}) as lab:
        path = write(lab, "verdict.json", json.dumps(verdict))

        def said():
            return lab.cli_text("diagnose", "--cloud", path).stdout
        wait(lambda: re.search("this side saw the same: to_tencent: P1_PSK_MISMATCH", said()), 15,
             "both sides to agree")
        rows = lab.cli("diagnose", "--cloud", path)
        need([f["code"] for f in rows[0]["agreeing"]] == ["P1_PSK_MISMATCH"], "JSON: %s" % rows)


if __name__ == "__main__":
    cases.main()
