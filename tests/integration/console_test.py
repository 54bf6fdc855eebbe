#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""console_test.py - a tunnel set up, changed and taken down by an operator at the console."""
import os
import pty
import re
import select
import subprocess
import time

import cases
from cases import case
from lab import TOP, Lab, binary, need, wait
from suites import CLOUD

# What stands there before the tutorial begins: ports, addresses, the way out.
BARE = re.sub(r"(?s)\n  ipsec = \{.*?\n  \};\n", "\n",
              open(os.path.join(TOP, "conf", "tutorial.conf")).read())

# The tutorial's own session, as its pages break the lines. The first line is the one it has not:
# its algorithms are weak, and espgw wants to be told.
TUTORIAL = """\
[admin@MikroTik] > /ip ipsec settings set allow-weak=ikev1,modp768,md5
[admin@MikroTik] > /ip ipsec profile

[admin@MikroTik] /ip ipsec profile> add dh-group=modp768 hash-algorithm=md5 enc-

algorithm=aes-128 name=to_tencent

[admin@MikroTik] /ip ipsec profile>

[admin@MikroTik] /ip ipsec profile> /ip ipsec peer

[admin@MikroTik] /ip ipsec peer> add address=119.91.254.122 name=to_tencent 

profile=to_tencent exchange-mode=main
[admin@MikroTik] /ip ipsec peer>
[admin@MikroTik] /ip ipsec profile> ..

[admin@MikroTik] /ip ipsec> identity add peer=to_tencent auth-method=pre-shared-key 

secret=123456

[admin@MikroTik] /ip ipsec> proposal add name=to_tencent auth-algorithms=md5 enc-

algorithms=aes-128-cbc pfs-group=none 

[admin@MikroTik] /ip ipsec> policy add peer=to_tencent tunnel=yes src-

address=192.168.1.0/24 dst-address=10.100.1.0/24 protocol=all proposal=to_tencent

[admin@MikroTik] /ip ipsec> 
"""


class Terminal:
    """espgw on a terminal of its own"""

    def __init__(self, lab):
        self.fd, end = pty.openpty()
        self.p = subprocess.Popen([binary("espgw"), "--instance", lab.id], stdin=end, stdout=end,
                                  stderr=end, env=dict(lab.env, TERM="dumb"), close_fds=True)
        os.close(end)
        self.seen = ""
        self.until(r"\[espgw\] > $")

    def until(self, pattern, timeout=30):
        """what came up to the pattern"""
        end = time.monotonic() + timeout
        start = len(self.seen)
        while not re.search(pattern, self.seen[start:]):
            left = end - time.monotonic()
            need(left > 0 and select.select([self.fd], [], [], left)[0],
                 "no /%s/ on the terminal: %r" % (pattern, self.seen[start:][-800:]))
            self.seen += os.read(self.fd, 4096).decode(errors="replace")
        return self.seen[start:]

    def type(self, text, pattern):
        os.write(self.fd, text.encode())
        return self.until(pattern)

    def close(self):
        os.write(self.fd, b"/quit\n")
        need(self.p.wait(30) == 0, "espgw ended with %d" % self.p.returncode)
        os.close(self.fd)


def piped(lab, text, status=0):
    r = subprocess.run([binary("espgw"), "--instance", lab.id], input=text, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=lab.env, timeout=30)
    need(r.returncode == status, "exit %d: %s" % (r.returncode, r.stdout))
    return r.stdout


def bare():
    lab = Lab(port="tap", start=False)
    try:
        lab.write_conf(BARE)
        lab.start_dataplane()
        lab.start_control()
    except BaseException:
        lab.report()
        lab.close()
        raise
    return lab


def lost(lab):
    """no ping passes, as soon as the data plane has heard of it"""
    wait(lambda: lab.ping("site", 1, wait_s=0.5)[1] == 0, 5, "pings to be lost")
    sent, back = lab.ping("site", 2, wait_s=1)
    need(back == 0, "%d of %d pings passed" % (back, sent))


def paste_the_tutorial(lab):
    said = piped(lab, TUTORIAL)
    need("line" not in said, said)
    lab.established()
    lab.ping_both(3)
    with open(lab.dir + "/espgw.conf") as f:
        text = f.read()
    need("# It holds a secret: chmod 600." in text, "the file's comments are gone: " + text)
    need(os.stat(lab.dir + "/espgw.conf").st_mode & 0o777 == 0o600, "another mode")
    need("123456" not in lab.log() + said, "the secret was shown")

    # What is exported makes the same again, and a gateway that starts with it comes up.
    export = lab.cli_text("export", "show-sensitive").stdout
    lab.write_conf(BARE)
    lab.cli_text("reload")
    need(lab.cli("ip", "ipsec", "peer", "print") == [], "the reload left a peer")
    # ports and addresses are there already
    piped(lab, export[export.index("/ip ipsec settings"):] +
          export[export.index("/ip ipsec profile"):export.index("/ip ipsec settings")])
    wait(lab.mature, 30, "a mature SA each way")
    need(lab.cli_text("export", "show-sensitive").stdout == export, "the export differs")
    lab.reachable()


def half_a_command_is_none(lab):
    """a paste that ends early, or is meant for another place, is told and changes nothing"""
    header = "# 2026-11-22 12:00:00 by RouterOS 7.14.3\n"
    with open(lab.dir + "/espgw.conf") as f:
        before = f.read()
    for text, told in (
            (header + "/ip ipsec policy set 0 disabled=yes\n", "line 2: not done"),
            ("/ip route\n/lcd pin\nset 0 distance=7\n", "line 3: not done"),
            ("/system script add source=\"\n/ip route set 0 distance=9\n\"\n",
             "line 1: not done"),
            ("/ip ipsec peer set 0 comment={x\ndisable 0\n", "lines 1 to 2 were not done"),
            ("/ip ipsec peer disable 0 \\\n", "line 1 was not done"),
            ("/nosuch; /ip ipsec\n", "/nosuch: there is no such menu here")):
        said = piped(lab, text, 2)
        need(told in said, "%r: %s" % (text, said))
    t = Terminal(lab)
    t.type(header + "/ip ipsec policy\nset 0 disabled=yes\n", r"means its template(?s:.)*policy> $")
    t.type("set 0 disabled=yes\n", r"means its template(?s:.)*policy> $")
    t.type("/ip ipsec peer\nset 0 comment=\"\n", r"\" is open, Ctrl-C drops it> $")
    t.type("disable 0\nquit\n", r"quit(?s:.)*drops it> $")
    t.type("\x03", r"lines \d+ to \d+ were not done(?s:.)*peer> $")
    t.type("{\n", r"\{ is open, Ctrl-C drops it> $")
    t.type("\x04", r"line \d+ was not done(?s:.)*peer> $")
    t.type("disable 0\x03", r"\^C(?s:.)*peer> $")
    t.close()
    with open(lab.dir + "/espgw.conf") as f:
        need(f.read() == before, "the file was changed")


def change_a_tunnel_that_is_up(lab):
    t = Terminal(lab)
    # enter a menu, look, complete a word, ask for help
    t.type("/ip ipsec peer\n", r"\[espgw\] /ip ipsec peer> $")
    t.type("pr\n", r"119\.91\.254\.122(?s:.)*peer> $")
    t.type("set to_tencent exch\t", r"exchange-mode=")
    t.type("ma\t\n", r"main(?s:.)*peer> $")
    t.type("set to_tencent prot=x\n", r"no property \"prot\"(?s:.)*peer> $")
    # a new name, for everything that names it
    t.type("set to_tencent name=cloud comment=\"to \\\"it\\\"\"\n", r"\n(?s:.)*peer> $")
    lab.established()
    rows = lab.cli("ip", "ipsec", "policy", "print")
    need(rows[0]["peer"] == "cloud", "the policy's peer is %s" % rows)
    lab.reachable()
    # disabled: nothing passes; enabled: up again
    t.type("disable cloud\n", r"\n(?s:.)*peer> $")
    wait(lambda: not lab.cli("ip", "ipsec", "active-peers", "print"), 10, "the peer to go")
    lost(lab)
    t.type("enable [find]\n", r"\n(?s:.)*peer> $")
    wait(lab.mature, 30, "a mature SA each way")
    lab.reachable()
    # another secret: the tunnel begins anew with it, and with the right one comes back
    t.type("..\n", r"\[espgw\] /ip ipsec> $")
    t.type("identity set 0 secret=\"another one, which is wrong\"\n", r"\n(?s:.)*ipsec> $")
    wait(lambda: not any(lab.sas().values()), 10, "the SAs of the old secret to go")
    lost(lab)
    t.type("identity set [find peer=cloud] secret=123456\n", r"\n(?s:.)*ipsec> $")
    wait(lab.mature, 30, "a mature SA each way")
    lab.reachable()
    before = {r["spi"] for r in lab.sas()["out"]}
    t.type("active-peers kill-connections\n", r"deleted(?s:.)*ipsec> $")
    wait(lambda: lab.mature() and not before & {r["spi"] for r in lab.sas()["out"]}, 30,
         "new SAs")
    # a prompt may be pasted, with its line broken
    t.type("[admin@MikroTik] /ip ipsec> policy add action=discard src-\n\n"
           "address=10.0.0.0/8 dst-address=192.168.0.0/16\n\n", r"\n(?s:.)*ipsec> $")
    wait(lambda: len(lab.cli("ip", "ipsec", "policy", "print")) == 2, 5, "the second policy")
    t.type("policy remove [find action=discard]\n", r"\n(?s:.)*ipsec> $")
    wait(lambda: len(lab.cli("ip", "ipsec", "policy", "print")) == 1, 5, "the policy to go")
    # what cannot be is refused, and nothing changes
    t.type("profile remove to_tencent\n", r"there is no /ip ipsec profile(?s:.)*ipsec> $")
    t.type("policy remove 0\n", r"\n(?s:.)*ipsec> $")
    wait(lambda: not any(lab.sas().values()), 10, "the SAs to go")
    t.close()
    need("123456" not in lab.log(), "the secret is in the log")
    need(CLOUD in lab.cli_text("export").stdout, "the peer is gone")


@case()
def the_tutorials_session_pasted_makes_a_tunnel_that_can_be_changed():
    with bare() as lab:
        paste_the_tutorial(lab)
        half_a_command_is_none(lab)
        change_a_tunnel_that_is_up(lab)


@case()
def a_section_that_is_not_here_is_told_once():
    """nothing of it goes to a gateway, so there is none"""
    text = "/ip smb users\nadd name=a\nadd name=b\nset a name=c\n/system clock\nset x=y\n" \
        "/ip firewall filter\nadd chain=a\nadd chain=b; add chain=c\nprint\n"
    r = subprocess.run([binary("espgw"), "--instance", "nobody-at-all"], input=text, text=True,
                       capture_output=True, check=False)
    said = [x for x in r.stderr.splitlines() if "not done" not in x]
    places = ["/ip smb users:", "/system clock:", "/ip firewall filter:"]
    need([x.split(":")[0] + ":" for x in said] == places and r.returncode == 2 and not r.stdout,
         "%d: %s%s" % (r.returncode, r.stdout, r.stderr))
    counts = re.findall(r"(\d+) commands? for (/[a-z ]+) from line (\d+)", r.stderr)
    need(counts == [("3", "/ip smb users", "2"), ("1", "/system clock", "6"),
                    ("4", "/ip firewall filter", "8")], "counts: %s" % r.stderr)


if __name__ == "__main__":
    cases.main()
