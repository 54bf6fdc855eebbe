# SPDX-License-Identifier: BSD-3-Clause
"""Two strongSwan peers facing each other across a routed 'internet' namespace.

    A 113.87.48.200, LAN 192.168.1.0/24, host 192.168.1.12
    B 119.91.254.122, LAN 10.100.1.0/24, host 10.100.1.6

"""
import atexit
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PEER = os.path.join(HERE, "strongswan-peer")
WIRE = os.path.join(HERE, "esp-wire-check")

A_IP, A_GW, A_LAN, A_HOST = ("113.87.48.200", "113.87.48.1", "192.168.1.0/24",
                             "192.168.1.12")
B_IP, B_GW, B_LAN, B_HOST = ("119.91.254.122", "119.91.254.1",
                             "10.100.1.0/24", "10.100.1.6")


class Fail(Exception):
    pass


def run(*cmd, check=True, timeout=120, **kw):
    r = subprocess.run([str(c) for c in cmd], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=timeout,
                       **kw)
    if check and r.returncode:
        raise Fail("%s: exit %d\n%s" % (" ".join(map(str, cmd)), r.returncode,
                                        r.stdout.strip()))
    return r


class Pair:
    def __init__(self, common=(), a=(), b=(), hosts=True, log_keys=True,
                 a_extra=(), b_extra=()):
        """common/a/b: strongswan-peer options for both sides or one side"""
        self.id = "%d%s" % (os.getpid(), os.urandom(1).hex())
        self.na, self.nb = "a" + self.id, "b" + self.id
        self.ni = "inet" + self.id
        self.inet = "ssp-" + self.ni
        self.dir = None
        self.bg = []
        self.closed = False
        atexit.register(self.down)
        try:
            keys = ["--log-keys"] if log_keys else []
            own = ["--owner-pid", os.getpid()]
            r = run(PEER, "netns", "--name", self.ni, "--forward", *own)
            self.dir = r.stdout.split("state=")[1].strip()
            run(PEER, "up", "--name", self.na, "--underlay-veth",
                "a0@" + self.inet, "--local-ip", A_IP + "/24", "--remote-ip",
                B_IP, "--gateway", A_GW, "--local-ts", A_LAN, "--remote-ts",
                B_LAN, *keys, *own, *common, *a)
            run(PEER, "up", "--name", self.nb, "--underlay-veth",
                "b0@" + self.inet, "--local-ip", B_IP + "/24", "--remote-ip",
                A_IP, "--gateway", B_GW, "--local-ts", B_LAN, "--remote-ts",
                A_LAN, *keys, *own, *common, *b)
            run("ip", "-n", self.inet, "addr", "add", A_GW + "/24", "dev",
                "a0")
            run("ip", "-n", self.inet, "addr", "add", B_GW + "/24", "dev",
                "b0")
            if hosts:
                run(PEER, "host", "--name", self.na, "--ip", A_HOST + "/24")
                run(PEER, "host", "--name", self.nb, "--ip", B_HOST + "/24")
        except BaseException:
            self.down()
            raise

    def name(self, who):
        return self.na if who == "a" else self.nb

    def peer(self, who, cmd, *args, check=True, timeout=120):
        return run(PEER, cmd, "--name", self.name(who), *args, check=check,
                   timeout=timeout)

    def forward(self, on):
        """the internet between the two: on, or silently off"""
        run("ip", "netns", "exec", self.inet, "sysctl", "-qw",
            "net.ipv4.ip_forward=%d" % on)

    def initiate(self, who="a", child="net", check=True, timeout=30):
        r = self.peer(who, "initiate", "--child", child, "--timeout", timeout,
                      check=check)
        return r

    def info(self, who):
        return json.loads(self.peer(who, "info", "--json").stdout)

    def sas(self, who):
        return json.loads(self.peer(who, "list-sas", "--json").stdout)

    def child_sas(self, who):
        out = []
        for sa in self.sas(who):
            for ike in sa.values():
                out += [c for c in ike.get("child-sas", {}).values()]
        return out

    def log(self, who, *args):
        return self.peer(who, "log", *args, check=False).stdout

    def hostcmd(self, who, *cmd):
        return [PEER, "exec", "--name", self.name(who), "--"] + \
            [str(c) for c in cmd]

    def start(self, cmd, **kw):
        p = subprocess.Popen([str(c) for c in cmd], **kw)
        self.bg.append(p)
        return p

    def stop(self, p, sig=15, wait=5):
        if p.poll() is None:
            p.send_signal(sig)
        try:
            p.wait(wait)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
        if p in self.bg:
            self.bg.remove(p)

    def ping(self, frm="a", dst=None, count=3, size=56, interval=0.1, df=False,
             wait=1):
        dst = dst or (B_HOST if frm == "a" else A_HOST)
        r = run(*self.hostcmd(frm, "ping", "-n", "-c", count, "-s", size, "-i",
                              interval, "-W", wait,
                              *(["-M", "do"] if df else []), dst), check=False)
        m = re.search(r"(\d+) packets transmitted, (\d+) received", r.stdout)
        return (int(m.group(1)), int(m.group(2))) if m else (0, 0)

    def iperf(self, frm="a", secs=2, extra=(), server_extra=()):
        """-> iperf3's JSON; the server runs on the other side"""
        to = "b" if frm == "a" else "a"
        dst = B_HOST if frm == "a" else A_HOST
        port = 5201
        s = self.start(self.hostcmd(to, "iperf3", "-s", "-1", "-p", port,
                                    *server_extra),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        t = time.time() + 5
        while time.time() < t:
            r = run(*self.hostcmd(to, "ss", "-Hltn", "sport", "=", port))
            if r.stdout.strip():
                break
            time.sleep(0.05)
        try:
            r = run(*self.hostcmd(frm, "iperf3", "-J", "-c", dst, "-p", port,
                                  "-t", secs, "--connect-timeout", 5000,
                                  *extra), check=False, timeout=secs + 60)
            j = json.loads(r.stdout)
            if "error" in j:
                raise Fail("iperf3: " + j["error"])
            return j
        finally:
            self.stop(s)

    def capture(self, path=None, iface="b0", flt="udp port 4500 or udp port "
                "500 or esp"):
        path = path or os.path.join(self.dir, "wire.pcap")
        err = open(path + ".err", "w+")
        p = self.start(["ip", "netns", "exec", self.inet, "tcpdump", "-Z",
                        "root", "-U", "-B", "32768", "-s", "0", "-n", "-i",
                        iface, "-w", path, flt],
                       stdout=subprocess.DEVNULL, stderr=err)
        t = time.time() + 10
        while "listening on" not in open(path + ".err").read():
            if time.time() > t or p.poll() is not None:
                raise Fail("tcpdump: " + open(path + ".err").read())
            time.sleep(0.02)
        p.path = path
        return p

    def end_capture(self, p):
        time.sleep(1.3)          # libpcap hands its ring over once a second
        self.stop(p, 2)
        m = re.search(r"(\d+) packets dropped by kernel",
                      open(p.path + ".err").read())
        if m and int(m.group(1)):
            raise Fail("tcpdump lost %s packets" % m.group(1))
        return p.path

    def keys(self, *whos):
        f = os.path.join(self.dir, "keys.json")
        sas = []
        for w in whos or ("a",):
            sas += json.loads(run(PEER, "keys", "--name", self.name(w)).stdout)
        with open(f, "w") as o:
            json.dump(sas, o, indent=1)
        return f

    def wire_check(self, pcap, *args):
        return run(WIRE, pcap, "--keys", self.keys("a"), "--ts",
                   "%s=%s" % (A_LAN, B_LAN), *args, check=False)

    def down(self):
        if self.closed:
            return
        self.closed = True
        for p in list(self.bg):
            self.stop(p, 15, 2)
        for n in (self.na, self.nb, self.ni):
            run(PEER, "down", "--name", n, check=False)
        atexit.unregister(self.down)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()


def on_term():
    """turn SIGTERM into a normal exit, so that everything is taken down"""
    import signal
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
