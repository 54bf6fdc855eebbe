#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""start_test.py - control is started where something is missing: it says so, and runs without if it
can."""
import fcntl
import os
import resource
import shutil
import signal
import subprocess
import tempfile

import cases
from cases import case
from lab import TOP, binary, need, run, wait


class Control:
    """control alone, in a folder of its own; no dataplane is there"""

    def __init__(self, uid=0, processes=None):
        self.dir = tempfile.mkdtemp(prefix="espgw-start-")
        self.socket = os.path.join(self.dir, "run", "c.sock")
        self.records = self.socket + ".sas"
        self.uid, self.processes = uid, processes
        os.mkdir(os.path.dirname(self.socket), 0o700)
        conf = os.path.join(self.dir, "conf")
        shutil.copy(os.path.join(TOP, "conf", "tutorial.conf"), conf)
        os.chmod(conf, 0o600)
        for path in (self.dir, os.path.dirname(self.socket), conf):
            os.chown(path, uid, uid)
        self.name = "start-%d" % os.getpid()
        # A copy: who it becomes may not look into the folder of the project.
        control = shutil.copy(binary("espgw-control"), self.dir)
        self.cmd = [control, "-c", conf, "-i", self.name, "-s", self.socket]
        os.makedirs("/run/espgw", 0o700, exist_ok=True)
        self.usual = "/run/espgw/%s.sock" % self.name       # where the client looks
        os.symlink(self.socket, self.usual)
        self.p = None

    def _become(self):
        if self.processes is not None:
            resource.setrlimit(resource.RLIMIT_NPROC, (self.processes, self.processes))
        if self.uid:
            os.setgroups([])
            os.setgid(self.uid)
            os.setuid(self.uid)

    def start(self, **environment):
        with open(os.path.join(self.dir, "log"), "wb") as log:
            self.p = subprocess.Popen(self.cmd, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                      preexec_fn=self._become,
                                      env=dict(os.environ, **environment))

    def text(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def need_works(self, text):
        wait(lambda: text in self.text() or self.p.poll() is not None, 10, "%r in the log" % text)
        need(self.p.poll() is None, "control ended: %s" % self.text())
        wait(lambda: os.path.exists(self.socket), 10, "the socket")
        r = run(binary("espgw"), "--instance", self.name, "ip", "ipsec", "peer",
                "print", check=False)
        need(r.returncode == 0 and "to_tencent" in r.stdout, "the console said: %s" % r.stdout)

    def need_orderly_end(self):
        self.p.send_signal(signal.SIGTERM)
        need(self.p.wait(10) == 0, "exit status %d: %s" % (self.p.returncode, self.text()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.p is not None and self.p.poll() is None:
            self.p.kill()
            self.p.wait()
        os.unlink(self.usual)
        shutil.rmtree(self.dir)


@case(timeout=40)
def records_that_another_holds_are_left_alone():
    with Control() as c, open(c.records, "w+b") as held:
        os.fchmod(held.fileno(), 0o600)
        held.write(b"another control's")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        c.start()
        c.need_works("a restart will negotiate IKE SAs anew")
        need("c.sock.sas: Resource temporarily unavailable" in c.text(), "not why: " + c.text())
        c.need_orderly_end()
        with open(c.records, "rb") as f:
            need(f.read() == b"another control's", "the file was changed")


@case(timeout=40)
def without_threads_it_computes_by_itself():
    with Control(uid=61000 + os.getpid() % 1000, processes=1) as c:
        c.start()
        c.need_works("no threads for Diffie-Hellman: Resource temporarily unavailable")
        with open("/proc/%d/status" % c.p.pid, encoding="ascii") as f:
            need("Threads:\t1\n" in f.read(), "it has threads")
        c.need_orderly_end()
        need(not os.path.exists(c.records), "records were left by an orderly end")


@case(timeout=40)
def without_an_algorithm_that_is_used_it_does_not_start():
    with Control() as c:
        conf = os.path.join(c.dir, "openssl.cnf")
        with open(conf, "w", encoding="ascii") as f:    # only what reads keys, no algorithm
            f.write("openssl_conf = o\n[o]\nproviders = p\n[p]\nbase = b\n[b]\nactivate = 1\n")
        c.start(OPENSSL_CONF=conf)
        need(c.p.wait(10) == 1, "exit status %d: %s" % (c.p.returncode, c.text()))
        for name in ("md5", "aes-128"):
            need("not available in this OpenSSL: %s\n" % name in c.text() and
                 "%s is not available in this OpenSSL" % name in c.text(),
                 "not told of %s: %s" % (name, c.text()))
        need(not os.path.exists(c.socket), "it listened")


if __name__ == "__main__":
    cases.main()
