#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""bad_config_test.py - a bad configuration is refused with its place; nothing starts half."""
import os
import re

import cases
from cases import case
from lab import Lab, binary, need, run

# name, what is replaced, by what, what the message must say (all of it)
MISTAKES = [
    ("misspelt property", "dh-group", "dh-gruop", [r":\d+:", "dh-gruop", "dh-group"]),
    ("unknown property", 'tunnel = true;', 'tunnel = true; colour = "red";',
     [r":\d+:", "colour"]),
    ("value outside its domain", '"modp768"', '"modp769"', [r":\d+:", "modp769", "modp768"]),
    ("number outside its domain", "workers = 1", "workers = 1000", [r":\d+:", "1000"]),
    ("reference to a missing name", 'profile = "to_tencent"', 'profile = "to_tencant"',
     [r":\d+:", "to_tencant", "to_tencent"]),
    ("missing secret", 'secret = "123456";', "", [r":\d+:", "secret"]),
    ("address of a missing interface", 'interface = "wan";', 'interface = "wam";',
     [r":\d+:", "wam", "wan"]),
    ("IKEv1 not allowed", 'allow-weak = "ikev1,modp768,md5";', 'allow-weak = "modp768,md5";',
     [r":\d+:", "allow-weak", "ikev1"]),
    ("weak group not allowed", 'allow-weak = "ikev1,modp768,md5";', 'allow-weak = "ikev1,md5";',
     [r":\d+:", "allow-weak", "modp768"]),
    ("weak hash not allowed", 'allow-weak = "ikev1,modp768,md5";',
     'allow-weak = "ikev1,modp768";', [r":\d+:", "allow-weak", "md5"]),
    ("syntax", "proposal = (", "proposal = (,", [r":\d+:"]),
    ("aggressive mode not allowed", 'exchange-mode = "main"', 'exchange-mode = "aggressive"',
     [r":\d+:", "allow-weak", "aggressive"]),
    ("base mode", 'exchange-mode = "main"', 'exchange-mode = "base"', [r":\d+:", "base", "main"]),
]


def refused_by_all(lab, name, text, patterns, mode=0o600):
    path = lab.write_conf(text, mode)
    r = run(binary("espgw"), "check", path, check=False)
    need(r.returncode not in (0, 139, 134), "%s: espgw check said %d: %s" %
         (name, r.returncode, r.stdout))
    for p in patterns:
        need(re.search(p, r.stdout), "%s: no /%s/ in: %s" % (name, p, r.stdout))
    need("123456" not in r.stdout, "%s: the secret is in: %s" % (name, r.stdout))
    # The data plane reads its own part only, and would run with the rest.
    for program in ("espgw-control",) + (("espgw-dataplane",) if name in DATAPLANE_TOO else ()):
        r = lab.sh(lab.gw, "timeout", "10", binary(program), "-c", path, "--instance", lab.id,
                   check=False)
        # 124 is our own time limit.
        need(r.returncode not in (0, 124, 134, 139), "%s: %s said %d: %s" %
             (name, program, r.returncode, r.stdout))
        need(re.search(patterns[-1], r.stdout), "%s: %s said: %s" % (name, program, r.stdout))
    for left in ("/dev/shm/espgw-" + lab.id, "/run/espgw/%s.sock" % lab.id):
        need(not os.path.exists(left), "%s left %s behind" % (name, left))


DATAPLANE_TOO = {"number outside its domain", "syntax", "port that does not exist",
                 "readable by others"}


@case(timeout=240)
def every_mistake_is_refused_with_its_place():
    with Lab(start=False) as lab:
        good = lab.conf.text()
        for name, old, new, patterns in MISTAKES:
            need(old in good, "the test is out of date: no %r in %s" % (old, good))
            refused_by_all(lab, name, good.replace(old, new, 1), patterns)
        peers = re.search(r"peer = \( (\{ name.*?\}) \);", good).group(1)
        refused_by_all(lab, "duplicate name", good.replace(peers, peers + ",\n" + peers),
                       [r":\d+:", "to_tencent"])


@case()
def a_file_with_secrets_that_others_can_read_is_refused():
    with Lab(start=False) as lab:
        for mode in (0o644, 0o640, 0o604):
            refused_by_all(lab, "readable by others", lab.conf.text(), ["%03o" % mode], mode)


@case()
def a_port_that_does_not_exist_is_refused():
    with Lab(start=False) as lab:
        lab.conf.wan_device = "net_af_packet1,iface=nosuch0"
        lab.write_conf()
        lab.start_dataplane(ready=False)
        lab.dataplane.wait_text("nosuch0", 15)
        need(lab.dataplane.p.wait(10) not in (0, -6, -11), "the dataplane runs without its port")
        need(not os.path.exists("/dev/shm/espgw-" + lab.id), "a segment was left behind")


@case()
def the_tutorials_own_file_is_accepted():
    from lab import TOP
    with Lab(start=False) as lab:
        with open(os.path.join(TOP, "conf", "tutorial.conf")) as f:
            path = lab.write_conf(f.read())
        r = run(binary("espgw"), "check", path, check=False)
        need(r.returncode == 0, "espgw check: %s" % r.stdout)


if __name__ == "__main__":
    cases.main()
