# SPDX-License-Identifier: BSD-3-Clause
"""alone.py - one espgw-dataplane without control, its segment driven by hand."""
import os

import reaper
from echo import echo
from lab import Daemon, Fail, binary, need, run
from segment import Segment

PORTS = """interface = ( { name = "lan"; device = "net_tap0,iface=lan0"; },
              { name = "wan"; device = "net_tap1,iface=wan0"; } );
"""
SMALL = "dataplane = { workers = %d; max-sas = 64; max-policies = 16; hugepages = false; };\n"


class Alone:
    """one dataplane with two TAPs, or those of `ports`, in a namespace of its own"""

    def __init__(self, workers=1, start=True, ports=PORTS):
        self.id = reaper.new_id()
        self.ns = self.id + "-gw"
        self.dir = "/tmp/espgw-" + self.id
        self.reaper = reaper.start(self.id, os.getpid())
        self.env = dict(os.environ, **{reaper.variable(self.id): "1"})
        self.env.pop("ESPGW_REAPER", None)
        os.mkdir(self.dir, 0o700)
        run("ip", "netns", "add", self.ns, env=self.env)
        self.sh("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                "net.ipv6.conf.default.disable_ipv6=1")
        self.conf = self.dir + "/espgw.conf"
        self.write(ports + SMALL % workers)
        if start:
            self.start()

    def into(self, ns, *cmd):
        return (["ip", "netns", "exec", ns] if ns else []) + [str(c) for c in cmd]

    def sh(self, *cmd, check=True, timeout=30):
        return run(*self.into(self.ns, *cmd), check=check, env=self.env, timeout=timeout)

    def write(self, text):
        with open(self.conf, "w") as f:
            f.write(text)

    def command(self, instance=None):
        return [binary("espgw-dataplane"), "-c", self.conf, "--instance", instance or self.id]

    def start(self):
        log = self.dir + "/dataplane.log"
        since = os.path.getsize(log) if os.path.exists(log) else 0
        self.dataplane = Daemon(self, "dataplane", self.command(), self.ns)
        self.dataplane.wait_text("ready: instance " + self.id, 20, since)
        self.seg = Segment(self.id)

    def refused(self, *words):
        """it does not start: exit 1, and its last line has the words"""
        r = self.sh(*self.command(), check=False)
        line = r.stdout.strip().splitlines()[-1]
        need(r.returncode == 1 and all(w in line for w in words),
             "exit %d, said: %s" % (r.returncode, r.stdout))

    def forget(self, host):
        """a host that has not answered is asked for anew by the next packet, and at once"""
        self.sh("ip", "neigh", "del", host, "dev", "lan0", check=False)

    def echo(self, dst, count=5, ns=None, **kw):
        """all of so many pings are answered"""
        got = echo(ns or self.ns, dst, count, 0.05, **kw)
        need(got == (count, count), "pings to %s: %d of %d came back" % (dst, got[1], got[0]))

    def kernel_host(self):
        """the kernel's end of the LAN's TAP as a host of the site"""
        self.sh("ip", "addr", "add", "192.168.1.12/24", "dev", "lan0")
        self.sh("ip", "link", "set", "lan0", "up")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        d = getattr(self, "dataplane", None)
        if d and d.running():
            d.kill(15)
        if kind is not None and d:
            print("\n".join("     | " + x for x in d.text().splitlines()[-20:]))
        clean = reaper.sweep(self.id)
        self.reaper.kill()
        self.reaper.wait()
        if kind is None and not clean:
            raise Fail("left behind: %s" % reaper.leftovers(self.id))
