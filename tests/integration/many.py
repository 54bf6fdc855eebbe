# SPDX-License-Identifier: BSD-3-Clause
"""many.py - one gateway and strongSwan with many identities: each tunnel has an address, an IKE SA
and a child SA of its own. The gateway is espgw, or strongSwan for comparison."""
import contextlib
import os
import re
import subprocess
import sys
import time

import reaper
from lab import Fail, binary, need, offload_off, run, wait, within
from suites import literal
from charon_conf import CHARON, PLUGIN_DIR, PLUGINS, SWANCTL  # on the path since lab
from room import widen

GATEWAY, HOP = "113.87.48.200", "113.87.48.1"
DH = {"x25519": "curve25519", "ecp256": "ecp256", "modp2048": "modp2048"}


def spoke(i):
    """outer address, inner host and the gateway's inner host of tunnel i"""
    return tuple("%s.%d.%d" % (net, i // 250, i % 250 + 1) for net in ("10.9", "172.16", "172.20"))


class Process:
    """something whose processor time and memory are of interest"""

    def __init__(self, p):
        self.p = p

    def cpu(self):
        """seconds so far, of all threads"""
        with open("/proc/%d/stat" % self.p.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self, kind="VmRSS"):
        """KiB; RssAnon leaves out programs, libraries and what is shared with the data plane"""
        with open("/proc/%d/status" % self.p.pid) as f:
            return int(re.search(kind + r":\s+(\d+)", f.read()).group(1))


class Many:
    """`version` 1 or 2, `group` a key of DH, `initiator` gateway or cloud"""

    def __init__(self, count, version, group="ecp256", initiator="cloud", gateway="espgw"):
        self.count, self.version, self.group = count, version, group
        self.initiator, self.kind = initiator, gateway
        self.id = reaper.new_id()
        self.gw, self.cloud = self.id + "-gw", self.id + "-cloud"
        self.dir = "/tmp/espgw-" + self.id
        self.reaper = reaper.start(self.id, os.getpid())
        self.env = dict(os.environ, TMPDIR=self.dir, **{reaper.variable(self.id): "1"})
        self.procs = []
        try:
            os.mkdir(self.dir, 0o700)
            self._wire()
            self.swan = self._charon("cloud", self.cloud)
            self.us = (self._charon("gw", self.gw) if gateway == "strongswan" else self._espgw())
        except BaseException:
            self.report()
            self.close()
            raise

    def sh(self, ns, *cmd, **kw):
        return run("ip", "netns", "exec", ns, *cmd, env=self.env, **kw)

    def _wire(self):
        for ns in (self.gw, self.cloud):
            run("ip", "netns", "add", ns, env=self.env)
            run("ip", "-n", ns, "link", "set", "lo", "up")
        for a, b in (("wan0", "c0"), ("lan0", "l0")):
            run("ip", "-n", self.gw, "link", "add", a, "type", "veth", "peer", "name", b,
                "netns", self.cloud)
            for ns, i in ((self.gw, a), (self.cloud, b)):
                within(ns, offload_off, i)
                run("ip", "-n", ns, "link", "set", i, "addrgenmode", "none", check=False)
                run("ip", "-n", ns, "link", "set", i, "up")
        # ask for the gateway in the name of the address on the cable, not of a tunnel's
        self.sh(self.cloud, "sysctl", "-qw", "net.ipv4.conf.all.arp_announce=2")
        lines = ["addr add %s/24 dev c0" % HOP]
        lines += ["addr add %s/32 dev lo" % a for i in range(self.count) for a in spoke(i)[:2]]
        self._batch(self.cloud, lines)
        if self.kind == "strongswan":
            self._batch(self.gw, ["addr add %s/24 dev wan0" % GATEWAY] + [
                "addr add %s/32 dev lo" % spoke(i)[2] for i in range(self.count)])
            run("ip", "-n", self.gw, "route", "add", "default", "via", HOP)

    def _batch(self, ns, lines):
        """libipsec wants an address in each local selector, for its routes"""
        path = self.dir + "/addresses"
        with open(path, "w") as f:
            f.write("\n".join(lines) + "\n")
        run("ip", "-n", ns, "-batch", path)

    def _start(self, name, ns, *cmd, **env):
        with open("%s/%s.log" % (self.dir, name), "w") as out:
            p = subprocess.Popen(["ip", "netns", "exec", ns, *map(str, cmd)], stdout=out,
                                 stderr=out, stdin=subprocess.DEVNULL, cwd=self.dir,
                                 env=dict(self.env, **env), start_new_session=True)
        self.procs.append(p)
        return Process(p)

    def text(self, name):
        with contextlib.suppress(FileNotFoundError):
            with open("%s/%s.log" % (self.dir, name), errors="replace") as f:
                return f.read()
        return ""

    # ------------------------------------------------------------- strongSwan --
    def _charon(self, name, ns):
        d = "%s/%s" % (self.dir, name)
        os.makedirs(d + "/run")
        os.makedirs(d + "/swanctl")
        plugins = [p for p in PLUGINS.split()
                   if os.path.exists("%s/libstrongswan-%s.so" % (PLUGIN_DIR, p))]
        with open(d + "/strongswan.conf", "w") as f:
            # All tunnels have the gateway's address, so it would be too many from one.
            f.write("charon {\n load = %s\n install_virtual_ip = no\n dos_protection = no\n"
                    " plugins { vici { socket = unix://%s/charon.vici } }\n"
                    " filelog { x { path = %s/charon.log\n default = %d } }\n"
                    " syslog { daemon { default = -1 }\n auth { default = -1 } }\n}\n"
                    % (" ".join(plugins), d, d, int(os.environ.get("ESPGW_MANY_CHARON", "0"))))
        with open(os.open(d + "/swanctl/swanctl.conf", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                  "w") as f:
            f.write(self._swanctl(name))
        p = self._start(name, ns, "sh", "-c", 'mount --bind "$1" /run && exec "$2"', "sh",
                        d + "/run", CHARON, STRONGSWAN_CONF=d + "/strongswan.conf")
        wait(lambda: os.path.exists(d + "/charon.vici"), 20, "charon's socket: " + self.text(name))
        widen(p.p.pid)
        if name != self._initiating():
            self.load(name)
        return p

    def _initiating(self):
        return "gw" if self.initiator == "gateway" else "cloud"

    def _swanctl(self, name):
        out = ["connections {"]
        for i in range(self.count):
            outer, inner, far = spoke(i)
            ours, theirs, inside, beyond = ((outer, GATEWAY, inner, far) if name == "cloud"
                                            else (GATEWAY, outer, far, inner))
            out.append(" c%d {\n version = %d\n local_addrs = %s\n remote_addrs = %s\n"
                       " proposals = aes128-sha256-%s\n mobike = no\n"
                       " local { auth = psk }\n remote { auth = psk }\n"
                       " children { net%d {\n local_ts = %s\n remote_ts = %s\n"
                       " esp_proposals = aes128-sha256\n%s } } }"
                       % (i, self.version, ours, theirs, DH[self.group], i, inside, beyond,
                          " start_action = start\n" if name == self._initiating() else ""))
        out.append("}\nsecrets { ike { secret = \"one secret for all of them\" } }\n")
        return "\n".join(out)

    def swanctl(self, name, *args):
        d = "%s/%s" % (self.dir, name)
        env = dict(self.env, SWANCTL_DIR=d + "/swanctl", STRONGSWAN_CONF=d + "/strongswan.conf")
        return run(SWANCTL, args[0], "--uri", "unix://%s/charon.vici" % d, *args[1:], env=env,
                   timeout=200)

    def load(self, name):
        return self.swanctl(name, "--load-all")

    # ------------------------------------------------------------------ espgw --
    def _espgw(self):
        ipsec = dict(
            profile=[{"name": "p", "dh-group": self.group, "hash-algorithm": "sha256",
                      "enc-algorithm": "aes-128", "dpd-interval": "disable-dpd"}],
            proposal=[{"name": "q", "auth-algorithms": "sha256", "enc-algorithms": "aes-128-cbc",
                       "pfs-group": "none"}], peer=[], identity=[], policy=[])
        for i in range(self.count):
            outer, inner, far = spoke(i)
            n = "t%d" % i
            ipsec["peer"].append(
                {"name": n, "address": outer, "profile": "p", "passive": self.initiator == "cloud",
                 "exchange-mode": "main" if self.version == 1 else "ike2",
                 "allow-weak": "ikev1" if self.version == 1 else None})
            ipsec["identity"].append({"peer": n, "secret": "one secret for all of them"})
            ipsec["policy"].append({"peer": n, "tunnel": True, "src-address": far + "/32",
                                    "dst-address": inner + "/32", "proposal": "q"})
        tree = dict(
            interface=[dict(name="lan", device="net_af_packet0,iface=lan0"),
                       dict(name="wan", device="net_af_packet1,iface=wan0")],
            ip=dict(address=[dict(address="192.168.1.1/24", interface="lan"),
                             dict(address=GATEWAY + "/24", interface="wan")],
                    route=[dict(gateway=HOP)], ipsec=ipsec),
            dataplane={"workers": 1, "hugepages": False, "max-sas": 1 << (4 * self.count + 64).bit_length()})
        conf = self.dir + "/espgw.conf"
        with open(os.open(conf, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write("".join("%s = %s;\n" % (k, literal(v)) for k, v in tree.items()))
        self.dataplane = self._start("dataplane", self.gw, binary("espgw-dataplane"), "-c", conf,
                                     "--instance", self.id)
        wait(lambda: os.path.exists("/dev/shm/espgw-" + self.id), 30, "the segment")
        return self.start_control()

    def start_control(self):
        us = self._start("control", self.gw, binary("espgw-control"), "-c",
                         self.dir + "/espgw.conf", "--instance", self.id, "--log",
                         os.environ.get("ESPGW_MANY_LOG", "notice"))
        wait(lambda: self.cli("ip", "ipsec", "statistics", "print"), 60, "control to answer")
        return us

    def cli(self, *words):
        r = self.sh(self.gw, binary("espgw"), "--instance", self.id, *words, check=False)
        return r.stdout if r.returncode == 0 else ""

    # ---------------------------------------------------------------- the run --
    def list_sas(self, name):
        return self.swanctl(name, "--list-sas").stdout

    def children(self, name):
        """child SAs that a charon holds"""
        return self.list_sas(name).count("INSTALLED")

    def up(self, timeout):
        """bring all up; dict of figures of both ends"""
        before = self.us.cpu(), self.swan.cpu(), self.us.rss(), self.swan.rss()
        t = time.monotonic()
        if self.initiator == "cloud":
            self.load("cloud")
        elif self.kind == "strongswan":
            self.load("gw")
        def all_there():
            n = self.children("cloud")
            need(n >= self.count, "%d child SAs of %d" % (n, self.count))
            return True
        wait(all_there, timeout, "all child SAs", every=0.5)
        seconds = time.monotonic() - t
        return dict(seconds=seconds, cpu=self.us.cpu() - before[0],
                    swan_cpu=self.swan.cpu() - before[1],
                    kib=(self.us.rss() - before[2]) / self.count,
                    swan_kib=(self.swan.rss() - before[3]) / self.count,
                    own_kib=self.us.rss("RssAnon") / self.count,
                    swan_own_kib=self.swan.rss("RssAnon") / self.count)

    def report(self):
        for name in ("dataplane", "control", "cloud", "gw", "cloud/charon", "gw/charon"):
            print("---- %s\n%s" % (name, self.text(name)[-3000:]), file=sys.stderr)

    def close(self):
        for p in self.procs:
            p.terminate()
        for p in self.procs:
            with contextlib.suppress(subprocess.TimeoutExpired):
                p.wait(5)
        reaper.sweep(self.id)
        self.reaper.kill()
        self.reaper.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None and self.kind == "espgw":
            self.report()
        self.close()


__all__ = ["Many", "Fail", "need"]
