# SPDX-License-Identifier: BSD-3-Clause
"""lab.py - the world of one integration test, in network namespaces of its own.

    site host --- gateway (espgw) --- internet --- cloud gateway --- cloud host
    192.168.1.12  .1.1 113.87.48.200  .48.1 .254.1  119.91.254.122   10.100.1.6

The cloud gateway is strongSwan with user-space ESP. Everything carries the lab's
identifier in its name, and a reaper removes it when this process ends in any way.
Nothing waits by sleeping: `wait` polls a condition and fails with what it saw. Its limits are for
what never comes, not for a slow machine: each is taken PATIENCE times.
"""
import array
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time

import reaper
from suites import INSIDE, OUTSIDE, GatewayConf

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.append(os.path.join(HERE, "rig", "lib"))
from base import offload_off, within                            # noqa: E402,F401 (for the others)
from echo import echo                                           # noqa: E402

TOP = os.path.dirname(os.path.dirname(HERE))
PEER = os.path.join(HERE, "rig", "strongswan-peer")
TRAFFIC = os.path.join(HERE, "traffic.py")
BUILD = os.environ.get("ESPGW_BUILD", os.path.join(TOP, "build"))
PATIENCE = 3


class Fail(Exception):
    """a test's verdict; its text is the reason"""


def run(*cmd, check=True, timeout=60, stderr=subprocess.STDOUT, **kw):
    cmd = [str(c) for c in cmd]
    try:
        r = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=stderr, text=True,
                           timeout=timeout, stdin=subprocess.DEVNULL, **kw)
    except subprocess.TimeoutExpired as e:
        raise Fail("%s: still running after %g s" % (" ".join(cmd), timeout)) from e
    if check and r.returncode:
        raise Fail("%s: exit %d\n%s" % (" ".join(cmd), r.returncode, r.stdout.strip()))
    return r


def wait(condition, timeout, what, every=0.05):
    """poll until `condition()` is true; its value"""
    start = time.monotonic()
    last = None
    try:
        while True:
            try:
                last = condition()
                if last:
                    return last
            except Fail as e:
                last = e
            if time.monotonic() > start + PATIENCE * timeout:
                raise Fail("waited %g s for %s; last seen: %s" % (PATIENCE * timeout, what, last))
            time.sleep(every)
    except SystemExit:                      # the limit of the case was first: say it all the same
        print("stopped after %.0f s of waiting for %s; last seen: %s" % (
            time.monotonic() - start, what, last), flush=True)
        raise


def need(condition, why):
    if not condition:
        raise Fail(why)


def equal(get, want):
    """a condition for `wait`, which can say what it was instead"""
    def condition():
        got = get()
        need(got == want, "%s, not %s" % (got, want))
        return True
    return condition


def host_of(endpoint):
    """the address of 192.0.2.1:4500, [2001:db8::1]:4500 or an address alone"""
    m = re.fullmatch(r"\[(.*)\]:\d+|([0-9.]+):\d+|(.*)", endpoint)
    return m.group(1) or m.group(2) or m.group(3)


def binary(name):
    """a program of the build"""
    for d, _, names in os.walk(BUILD):
        if name in names and os.access(os.path.join(d, name), os.X_OK):
            return os.path.join(d, name)
    raise Fail("no %s below %s: build first (scripts/test does)" % (name, BUILD))


def telemetry(instance, command):
    """what a telemetry command of the dataplane answers"""
    path = "/var/run/dpdk/espgw-%s/dpdk_telemetry.v2" % instance
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(5)
        s.connect(path)
        s.recv(1024)                        # who it is
        s.send(command.encode())
        return json.loads(s.recv(16384))[command.partition(",")[0]]


class Daemon:
    """a process of the lab whose output goes to a file"""

    def __init__(self, lab, name, cmd, ns=None):
        self.name, self.log = name, os.path.join(lab.dir, name + ".log")
        with open(self.log, "a") as out:
            self.p = subprocess.Popen(lab.into(ns, *cmd), stdin=subprocess.DEVNULL, stdout=out,
                                      stderr=out, env=lab.env, cwd=lab.dir,
                                      start_new_session=True)

    def running(self):
        return self.p.poll() is None

    def text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def kill(self, sig=9):
        """exit status"""
        if self.running():
            self.p.send_signal(sig)
        try:
            return self.p.wait(10 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
            raise Fail("%s ignored signal %d for %d s" % (self.name, sig, 10 * PATIENCE)) from None

    def wait_text(self, pattern, timeout, since=0):
        def found():
            need(self.running() or re.search(pattern, self.text()[since:]),
                 "%s ended: %s" % (self.name, self.text()[-500:]))
            return re.search(pattern, self.text()[since:])
        return wait(found, timeout, "%s to log /%s/" % (self.name, pattern))


class Lab:
    """`port`: af_packet (veth) or tap; `gateway`: espgw, or strongswan to prove the lab"""

    def __init__(self, conf=None, port="af_packet", gateway="espgw", cloud=(), cloud_esp=None,
                 start=True, owner=None, **kw):
        self.conf = conf or GatewayConf(**kw)
        self.inside, self.outside = INSIDE[self.conf.inner], OUTSIDE[self.conf.outer]
        self.port, self.kind, self.cloud_opts = port, gateway, list(map(str, cloud))
        self.id = reaper.new_id()
        self.gw, self.site, self.inet = (self.id + x for x in ("-gw", "-site", "-inet"))
        self.cloud_ns, self.cloud_host = "ssp-" + self.id, "ssp-%s-host" % self.id
        self.names = {"site": self.site, "cloud": self.cloud_host}
        self.dataplane = self.control = None
        self.background = []
        self.reaper = reaper.start(self.id, owner or os.getpid())
        self.dir = os.path.join("/tmp", "espgw-" + self.id)
        self.env = dict(os.environ, TMPDIR=self.dir, STRONGSWAN_PEER_RUN=self.dir + "/peers",
                        **{reaper.variable(self.id): "1"})
        self.env.pop("ESPGW_REAPER", None)
        try:
            os.mkdir(self.dir, 0o700)
            self._wire()
            self._cloud()
            if gateway == "strongswan":
                self._stand_in()
            elif start:
                self.start()
        except BaseException:
            self.report()
            self.close()
            raise

    # ------------------------------------------------------------ namespaces --
    def into(self, ns, *cmd):
        return (["ip", "netns", "exec", ns] if ns else []) + [str(c) for c in cmd]

    def sh(self, ns, *cmd, check=True, timeout=60, **kw):
        return run(*self.into(ns, *cmd), check=check, timeout=timeout, env=self.env, **kw)

    def ip(self, ns, *args, check=True):
        return run("ip", "-n", ns, *args, check=check, env=self.env)

    def _namespace(self, ns, forward=0, v6=False):
        run("ip", "netns", "add", ns, env=self.env)
        self.ip(ns, "link", "set", "lo", "up")
        self.sh(ns, "sysctl", "-qw", "net.ipv4.ip_forward=%d" % forward,
                "net.ipv6.conf.all.forwarding=%d" % forward,
                *("net.ipv6.conf.%s.disable_ipv6=%d" % (x, not v6) for x in ("all", "default")))

    def address(self, ns, addr, length, dev):
        nodad = ["nodad"] if ":" in addr else []         # usable at once: nobody else has it
        self.ip(ns, "addr", "add", "%s/%d" % (addr, length), "dev", dev, *nodad)

    def cable(self, ns1, if1, ns2, if2):
        """a veth without offloads, so that whoever reads it sees finished packets"""
        self.ip(ns1, "link", "add", if1, "type", "veth", "peer", "name", if2, "netns", ns2)
        for ns, i in ((ns1, if1), (ns2, if2)):
            within(ns, offload_off, i)
            if self.inside.family == self.outside.family == 4:
                self.ip(ns, "link", "set", i, "addrgenmode", "none", check=False)
            self.ip(ns, "link", "set", i, "up")

    def _tap(self, tap, cable):
        """a persistent TAP joined to a cable both ways. Redirection, not a bridge: a bridge
        would keep frames for the TAP's own address, which is the DPDK port's address too."""
        self.ip(self.gw, "tuntap", "add", "dev", tap, "mode", "tap", "multi_queue")
        self.ip(self.gw, "link", "set", tap, "addrgenmode", "none", check=False)
        # On a busy machine the worker that reads it may have to wait for its turn.
        self.ip(self.gw, "link", "set", tap, "txqueuelen", 4000, "up")
        for a, b in ((tap, cable), (cable, tap)):
            self.sh(self.gw, "tc", "qdisc", "add", "dev", a, "clsact")
            self.sh(self.gw, "tc", "filter", "add", "dev", a, "ingress", "protocol", "all",
                    "prio", 1, "u32", "match", "u32", 0, 0, "action", "mirred", "egress",
                    "redirect", "dev", b)

    def _wire(self):
        self._namespace(self.site, v6=self.inside.family == 6)
        self._namespace(self.inet, forward=1, v6=self.outside.family == 6)
        if self.kind == "strongswan":
            return
        self._namespace(self.gw)
        lan, wan = ("lan-veth", "wan-veth") if self.port == "tap" else ("lan0", "wan0")
        self.cable(self.site, "eth0", self.gw, lan)
        self.cable(self.inet, "w0", self.gw, wan)
        if self.port == "tap":
            self._tap("lan0", lan)
            self._tap("wan0", wan)
            self.conf.lan_device = "net_tap0,iface=lan0"
            self.conf.wan_device = "net_tap1,iface=wan0"
        self._site_address()
        self.address(self.inet, self.outside.gateway_hop, self.outside.length, "w0")

    def _site_address(self):
        at = self.inside
        self.address(self.site, at.site_host, at.length, "eth0")
        self.ip(self.site, "-%d" % at.family, "route", "add", "default", "via", at.site_gw)

    def peer(self, *args, check=True, timeout=60, name=None):
        """a command of strongswan-peer for the cloud gateway"""
        return run(PEER, args[0], "--name", name or self.id, *args[1:], check=check,
                   timeout=timeout, env=self.env)

    def _cloud(self):
        s, at, out = self.conf.suite, self.inside, self.outside
        self.peer("up", "--underlay-veth", "c0@" + self.inet, "--local-ip",
                  "%s/%d" % (out.cloud, out.length), "--remote-ip", out.gateway, "--gateway",
                  out.cloud_hop, "--ike", self.conf.mode(), "--ike-proposal", s.ike(), "--esp-proposal",
                  s.esp(), "--psk", self.conf.secret, "--local-ts", at.cloud_net, "--remote-ts",
                  at.site_net, "--log-keys", "--log-level", "default=1,ike=2,knl=1",
                  *self.cloud_opts)
        self.address(self.inet, out.cloud_hop, out.length, "c0")
        self.peer("host", "--ip", "%s/%d" % (at.cloud_host, at.length))

    def _stand_in(self):
        """strongSwan in the gateway's place: what fails now is not the gateway's fault"""
        s, name, at, out = self.conf.suite, self.id + "g", self.inside, self.outside
        self.peer("up", "--underlay-veth", "w0@" + self.inet, "--local-ip",
                  "%s/%d" % (out.gateway, out.length), "--remote-ip", out.cloud, "--gateway",
                  out.gateway_hop, "--ike", "1-main", "--ike-proposal", s.ike(),
                  "--esp-proposal", s.esp(), "--psk", self.conf.secret, "--local-ts",
                  at.site_net, "--remote-ts", at.cloud_net, "--log-keys", name=name)
        self.address(self.inet, out.gateway_hop, out.length, "w0")
        self.peer("host", "--ip", "%s/%d" % (at.site_host, at.length), name=name)
        self.gw, self.names["site"] = "ssp-" + name, "ssp-%s-host" % name

    # ---------------------------------------------------------------- espgw --
    def start(self):
        """the gateway, with the lab's own configuration"""
        self.write_conf()
        self.start_dataplane()
        self.start_control()

    def write_conf(self, text=None, mode=0o600):
        path = os.path.join(self.dir, "espgw.conf")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as f:
            f.write(self.conf.text() if text is None else text)
        return path

    def start_dataplane(self, ready=True):
        cores = os.environ.get("ESPGW_EAL", "").split()
        self.dataplane = Daemon(self, "dataplane", [
            binary("espgw-dataplane"), "-c", self.dir + "/espgw.conf", "--instance", self.id,
            *(["--"] + cores if cores else [])], self.gw)
        if ready:
            shm = "/dev/shm/espgw-" + self.id
            wait(lambda: need(self.dataplane.running(), "the dataplane ended:\n" +
                              self.dataplane.text()[-2000:]) or os.path.exists(shm), 20,
                 "the segment " + shm)

    def start_control(self, ready=True):
        self.control = Daemon(self, "control", [
            binary("espgw-control"), "-c", self.dir + "/espgw.conf", "--instance", self.id],
            self.gw)
        if ready:
            wait(lambda: need(self.control.running(), "control ended:\n" +
                              self.control.text()[-2000:]) or
                 self.cli("ip", "ipsec", "peer", "print") is not None, 20, "control to answer")

    def cli_text(self, *words, check=True):
        return self.sh(self.gw, binary("espgw"), "--instance", self.id, *words, check=check)

    def cli(self, *words):
        """an espgw command, its answer as Python objects"""
        # Notes, as that the configuration is not in force yet, go to standard error.
        r = self.sh(self.gw, binary("espgw"), "--instance", self.id, "--json", *words,
                    check=False, stderr=subprocess.PIPE)
        try:
            need(r.returncode == 0, "espgw --json %s: exit %d\n%s%s" % (
                " ".join(words), r.returncode, r.stdout, r.stderr))
            return json.loads(r.stdout)
        except ValueError:
            raise Fail("espgw --json %s is not JSON: %s" % (" ".join(words), r.stdout)) from None

    def sas(self, sensitive=False):
        """installed SAs: {'in': [...], 'out': [...]} , newest last"""
        rows = self.cli("ip", "ipsec", "installed-sa", "print",
                        *(["show-sensitive"] if sensitive else []))
        out = {"in": [], "out": []}
        for r in rows:
            ours = host_of(r["dst-address"]) == self.outside.gateway
            out["in" if ours else "out"].append(r)
        return out

    def carried(self, direction, what="packets"):
        """what the newest SA of a direction has carried"""
        rows = self.sas()[direction]
        return int(rows[-1]["current-" + what]) if rows else 0

    def carry(self, packets, timeout=20):
        """wait until the newest SAs have carried that many, each"""
        wait(lambda: all(self.carried(d) >= packets for d in ("in", "out")), timeout,
             "%d packets each way" % packets)

    def mature(self):
        """a mature SA each way, and is sent through? An IKEv1 initiator waits with that."""
        s = {d: [r for r in rows if r["state"] == "mature"] for d, rows in self.sas().items()}
        return s["in"] and any(r["current"] == "true" for r in s["out"]) and self.sas()

    def statistics(self):
        r = self.cli("ip", "ipsec", "statistics", "print")
        return r[0] if isinstance(r, list) else r

    def established(self, timeout=30):
        """wait for the tunnel on both ends"""
        if self.kind == "espgw":
            wait(self.mature, timeout, "a mature SA each way")
        wait(self.cloud_children, timeout, "an installed SA on the cloud gateway")

    def log(self):
        """control's log so far"""
        return self.control.text()

    # ---------------------------------------------------------------- cloud --
    def cloud_children(self):
        out = []
        for sa in json.loads(self.peer("list-sas", "--json").stdout):
            for ike in sa.values():
                out += [c for c in ike.get("child-sas", {}).values()
                        if c.get("state") == "INSTALLED"]
        return out

    def initiate(self, who="cloud", check=True):
        """have a strongSwan end initiate"""
        r = self.peer("initiate", "--timeout", 15 * PATIENCE, check=False,
                      name=self.id if who == "cloud" else self.id + "g")
        # Where both begin at once in IKEv1, strongSwan gives what it has begun to the newer
        # IKE_SA and calls it a failure: whoever needs the tunnel waits for it to be established.
        need(not check or r.returncode == 0 or "detected reauth of existing IKE_SA" in r.stdout,
             "initiating from the %s: exit %d\n%s" % (who, r.returncode, r.stdout.strip()))
        return r

    def cloud_socket_drops(self):
        """packets that strongSwan's UDP socket had no room for: not the gateway's loss"""
        lines = [x.split() for x in self.sh(self.cloud_ns, "cat", "/proc/net/snmp").stdout
                 .splitlines() if x.startswith("Udp:")]
        return int(dict(zip(*lines))["RcvbufErrors"])

    def cloud_log(self):
        return self.peer("log", "--plain", check=False).stdout

    # -------------------------------------------------------------- traffic --
    def ping(self, frm="site", count=5, interval=0.1, size=56, wait_s=2, dst=None,
             df=None):
        """(sent, received)"""
        return echo(self.names[frm], dst or self.other_host(frm), count, interval, wait_s,
                    size=size, df=df)

    def selectors(self):
        """what the referee finds inside ESP: (site, cloud)"""
        return self.inside.site_net, self.inside.cloud_net

    def other_host(self, frm):
        return self.inside.cloud_host if frm == "site" else self.inside.site_host

    def reachable(self, frm="site", timeout=20):
        wait(lambda: self.ping(frm, 1, wait_s=1)[1] == 1, timeout, "a ping from the " + frm)

    def ping_both(self, count=5):
        for frm in ("site", "cloud"):
            sent, back = self.ping(frm, count, wait_s=10)
            need(sent == back == count, "ping from the %s: %d of %d came back" % (frm, back, sent))

    def helper(self, frm, *args):
        """traffic.py in a host; ready when this returns"""
        return self.spawn(self.names[frm], TRAFFIC, *args, ready=args[0] != "tcp-client")

    def spawn(self, ns, script, *args, ready=True):
        """a script of ours in the background of a namespace; ready when this returns"""
        p = subprocess.Popen(self.into(ns, sys.executable, script, *args),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             stdin=subprocess.DEVNULL, env=self.env)
        self.background.append(p)
        if ready:
            line = b""                       # unbuffered: the next line may be there already
            while (c := os.read(p.stdout.fileno(), 1)) not in (b"", b"\n"):
                line += c
            need(line == b"READY", "%s: %s%s" % (args[0], line, p.stderr.read()
                                                if p.poll() is not None else ""))
        return p

    def result(self, p, timeout=60):
        try:
            out, err = p.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            raise Fail("%s: no end after %g s" % (p.args[5:], timeout)) from None
        finally:
            if p in self.background:
                self.background.remove(p)
        need(p.returncode == 0, "%s: exit %d\n%s%s" % (p.args[5:], p.returncode, out, err))
        return json.loads(out.strip().splitlines()[-1])

    def tcp(self, frm="site", size=2 << 20, rate=40_000_000, port=18888, timeout=60):
        """a TCP transfer with checksums on both ends; the receiver's view"""
        to = "cloud" if frm == "site" else "site"
        dst = self.other_host(frm)
        server = self.helper(to, "tcp-server", "--listen", dst, "--port", str(port),
                             "--timeout", str(PATIENCE * timeout))
        client = self.helper(frm, "tcp-client", "--dst", dst, "--port", str(port), "--bytes",
                             str(size), "--rate", str(rate), "--timeout", str(PATIENCE * timeout))
        sent, got = (self.result(p, PATIENCE * timeout + 10) for p in (client, server))
        need(got["bytes"] == size, "%d of %d bytes arrived" % (got["bytes"], size))
        need(sent["sha256"] == got["sha256"] == sent["echoed"], "checksums differ: %s %s" %
             (sent["sha256"], got["sha256"]))
        got.update(mbit=8e-6 * size / sent["seconds"], retransmits=sent["retransmits"],
                   mss=sent["mss"])
        return got

    # -------------------------------------------------------------- the end --
    def report(self, out=sys.stderr):
        """what each side said, for a failure"""
        for name in ("dataplane", "control"):
            d = getattr(self, name, None)
            if d:
                state = "running" if d.running() else "ended with %d" % d.p.returncode
                print("---- %s (%s)\n%s" % (name, state, d.text()[-6000:]), file=out)
        for name in (self.id, self.id + "g"):
            r = self.peer("log", "--plain", check=False, name=name)
            if r.returncode == 0:
                print("---- charon %s\n%s" % (name, r.stdout[-4000:]), file=out)

    def stop(self):
        """orderly stop of both daemons; (control's, dataplane's) exit status"""
        return tuple(d.kill(15) if d else None for d in (self.control, self.dataplane))

    def close(self):
        for p in self.background:
            p.kill()
        for d in (self.control, self.dataplane):
            if d and d.running():
                d.p.terminate()
        end = time.monotonic() + 3
        for d in (self.control, self.dataplane):
            if d:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    d.p.wait(max(0.1, end - time.monotonic()))
        clean = reaper.sweep(self.id)
        self.reaper.kill()
        self.reaper.wait()
        return clean

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.report()
        left = not self.close()
        if left and kind is None:
            raise Fail("left behind: %s" % reaper.leftovers(self.id))


class Stream:
    """numbered UDP packets from one host to the other at a steady rate"""

    def __init__(self, lab, frm="site", pps=500, size=200, port=18900, mark="", count=0):
        self.lab, self.frm = lab, frm
        to, dst = "cloud" if frm == "site" else "site", lab.other_host(frm)
        self.told = os.path.join(lab.dir, "stream-%s-%d" % (frm, port))
        self.times, self.gone = self.told + "-times", []
        self.receiver = lab.helper(to, "udp-receive", "--listen", dst, "--port", str(port),
                                   "--end", self.told)
        self.sender = lab.helper(frm, "udp-send", "--dst", dst, "--port", str(port), "--pps",
                                 str(pps), "--size", str(size), "--mark", mark, "--count",
                                 str(count), "--times", self.times)
        self.count, self.pps, self.seconds = count, pps, count / pps

    def end(self, drain=2.0):
        """stop; dict with sent, received, lost, duplicates, missing (the first numbers), lost_s (the
        time in which was sent what was lost), late (seconds that the sender was, at worst). What is
        still on its way has `drain` seconds. `gone`: when each one was sent that was lost."""
        if not self.count:
            self.sender.send_signal(15)
        sent = self.lab.result(self.sender, 60 + PATIENCE * self.seconds)
        with open(self.told, "w") as f:
            f.write("%d %g" % (sent["sent"], drain))
        self.receiver.send_signal(15)
        got = self.lab.result(self.receiver)
        got.update(sent=sent["sent"], lost=sent["sent"] - got["received"], errors=sent["errors"],
                   late=sent["late"], lost_s=self._lost(got, sent["sent"]))
        got["missing"] = got["missing"][:50]
        return got

    def _lost(self, got, sent):
        """seconds. The sender's own sleep does not count: a packet stands for the time to the next
        one, but for no more than at a steady rate."""
        at = array.array("d")
        with open(self.times, "rb") as f:
            at.fromfile(f, sent)
        numbers = got["missing"] + list(range(got["top"] + 1, sent))
        self.gone = [at[n] for n in numbers]
        each = 1 / self.pps
        return sum(min(each, at[n + 1] - at[n]) if n + 1 < sent else each for n in numbers)

    @staticmethod
    def stalled(results):
        """seconds that the machine may have kept the gateway and its peer from their work: so late
        the senders were, through whose hands nothing of the gateway's goes, and as often as several
        processes have to take turns for one answer"""
        return min(1, 4 * max(r["late"] for r in results))

    def need_lossless(self, spared=lambda: 0):
        """but for so many, asked for at the end, and what strongSwan had no room for"""
        r = self.end(drain=10)
        # What came to strongSwan and found its socket full was not lost by us.
        r["cloud_socket_drops"] = self.lab.cloud_socket_drops()
        most = spared() + (r["cloud_socket_drops"] if self.frm == "site" else 0)
        need(r["sent"] > 0 and r["lost"] <= most and r["duplicates"] == 0 and r["errors"] == 0,
             "stream from the %s: %s" % (self.frm, r))
        return r
