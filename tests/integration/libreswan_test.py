#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""libreswan_test.py - IKE with libreswan's pluto, up to the SAs: IKEv1 main and aggressive mode and
IKEv2, both roles. pluto wants the kernel's IPsec for ESP; where there is none it negotiates, fails
to install and says so, so this proves the exchanges and the keys' agreement, not the traffic.

Needs ESPGW_LIBRESWAN: a folder into which the Debian packages libreswan, libnss3 and libnss3-tools
(and what they need) were unpacked, or / where they are installed. Else it is skipped.
"""
import contextlib
import os
import sys

import cases
from cases import Skip, case
from lab import Daemon, Lab, need, run, wait
from suites import CLOUD_NET, SITE_NET, Suite

ROOT = os.environ.get("ESPGW_LIBRESWAN", "")
LIBEXEC = os.path.join(ROOT, "usr/libexec/ipsec") if ROOT else "/none"
CONF = """config setup
	nssdir=%(dir)s/nss
	ikev1-policy=accept
	plutodebug=base
conn t
	left=%(cloud)s
	leftsubnet=%(cloud_net)s
	right=%(gateway)s
	rightsubnet=%(site_net)s
	authby=secret
	ikev2=%(ikev2)s
	aggressive=%(aggressive)s
	ike=aes128-sha1;modp2048
	esp=aes128-sha1
	pfs=no
	encapsulation=yes
	keyingtries=3
	auto=add
"""
START = """mount -t tmpfs none /usr/libexec 2>/dev/null || { mkdir -p /usr/libexec; mount -t tmpfs none \
/usr/libexec; }
mkdir -p /usr/libexec/ipsec && mount --bind %(libexec)s /usr/libexec/ipsec
mkdir -p %(dir)s/nss %(dir)s/run
certutil -N -d sql:%(dir)s/nss --empty-password
exec %(libexec)s/pluto --nofork --config %(dir)s/ipsec.conf --nssdir %(dir)s/nss --rundir %(dir)s/run \
--secretsfile %(dir)s/ipsec.secrets --stderrlog --use-xfrm
"""


class Pluto(Lab):
    """a lab whose cloud gateway is pluto"""

    def __init__(self, mode, role):
        ike = 2 if mode == "ike2" else 1
        peer = {"exchange-mode": mode, "passive": role == "responder",
                "allow-weak": "ikev1,aggressive,short-secret,sha1" if ike == 1 else "sha1"}
        suite = Suite("libreswan", "aes-128", "sha1", "modp2048", "aes-128-cbc", "sha1", "none")
        super().__init__(suite=suite, ike=ike, peer=peer, port="tap", start=False)
        try:
            self.swap(mode)
            self.start()
            if role == "responder":
                self.whack("--initiate", "--name", "t", "--asynchronous")
        except BaseException:
            self.report()
            self.close()
            raise

    def swap(self, mode):
        """pluto in charon's place: its address stays"""
        self.peer("terminate", check=False)
        for pid in run("ip", "netns", "pids", self.cloud_ns).stdout.split():
            with contextlib.suppress(OSError), open("/proc/%s/comm" % pid) as f:
                if "charon" in f.read():
                    os.kill(int(pid), 9)
        d = os.path.join(self.dir, "pluto")
        os.mkdir(d, 0o700)
        out = self.outside
        with open(d + "/ipsec.conf", "w") as f:
            f.write(CONF % dict(dir=d, cloud=out.cloud, gateway=out.gateway, cloud_net=CLOUD_NET,
                                site_net=SITE_NET, ikev2="yes" if mode == "ike2" else "no",
                                aggressive="yes" if mode == "aggressive" else "no"))
        with open(os.open(d + "/ipsec.secrets", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write('%s %s : PSK "%s"\n' % (out.cloud, out.gateway, self.conf.secret))
        lib = os.path.join(ROOT, "usr/lib/x86_64-linux-gnu")
        self.env.update(LD_LIBRARY_PATH=lib, PATH=os.path.join(ROOT, "usr/bin") + ":" +
                        os.environ["PATH"])
        self.pluto = Daemon(self, "pluto", ["unshare", "-m", "sh", "-c", START %
                                            dict(dir=d, libexec=LIBEXEC)], self.cloud_ns)
        wait(lambda: os.path.exists(d + "/run/pluto.ctl"), 10, "pluto's socket")
        wait(lambda: self.whack("--status", check=False).returncode == 0, 10, "pluto")
        self.sh(self.cloud_ns, LIBEXEC + "/addconn", "--ctlsocket", d + "/run/pluto.ctl",
                "--config", d + "/ipsec.conf", "t")
        self.whack("--listen")

    def whack(self, *words, check=True):
        return self.sh(self.cloud_ns, LIBEXEC + "/whack", "--rundir", self.dir + "/pluto/run",
                       *words, check=check)

    def close(self):
        if getattr(self, "pluto", None):
            self.pluto.kill(9)
        return super().close()


def prove(mode, role):
    if not os.path.exists(LIBEXEC + "/pluto"):
        raise Skip("no libreswan in ESPGW_LIBRESWAN")
    with Pluto(mode, role) as lab:
        def up():
            peers = lab.cli("ip", "ipsec", "active-peers", "print")
            need(any(p["state"] == "established" and p["side"] == role for p in peers),
                 "%s\n%s" % (peers, lab.pluto.text()[-1500:]))
            return True
        wait(up, 20, "the IKE SA")
        wait(lambda: lab.pluto.wait_text(r"(IKE SA|ISAKMP SA) established|established IKE SA", 1),
             10, "pluto's IKE SA")


        return "%s" % [r["state"] for r in lab.sas()["in"]]


for m in ("main", "aggressive", "ike2"):
    for r in ("initiator", "responder"):
        case("%s_as_%s" % (m, r), param=(m, r))(lambda x: prove(*x))


if __name__ == "__main__":
    cases.main()
