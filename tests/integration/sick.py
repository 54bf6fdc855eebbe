# SPDX-License-Identifier: BSD-3-Clause
"""sick.py - tunnels with something wrong, and pasting what diagnose says: some into our file, some
into strongSwan's.
"""
import contextlib
import dataclasses
import re

from lab import need
from pairs import Pair, Pairs, PairsConf
from base import Error                                          # the rig's, on the path since lab

SECRET = "<the secret of both sides>"


@dataclasses.dataclass
class Sick(Pair):
    """a pair with something wrong"""
    what: str = ""
    code: str = ""                 # which must be found
    cure: str = "there"            # whose lines are pasted
    conf: dict = dataclasses.field(default_factory=dict)     # {menu: changes} of ours
    swan: dict = dataclasses.field(default_factory=dict)     # {dotted path: value} of the cloud's
    psk: str = ""                  # the cloud's, when it is another
    classic: tuple = ()            # texts that operators search for, which our log must have

    def __str__(self):
        return "%s (IKEv%d, %s, cured %s)" % (self.what, self.ike, self.role, self.cure)

    def menus(self):
        out = super().menus()
        out["peer"][0].pop("multi-selector")      # each pair of nets has an SA of its own
        for menu, change in self.conf.items():
            for row in out[menu]:
                row.update(change)
        return out

    def connection(self, gateway):
        out = super().connection(gateway)
        for path, value in self.swan.items():
            put(out, path.split("."), value)
        return out

    def secrets(self, gateway):
        out = super().secrets(gateway)
        if self.psk:
            out["secret"] = '"%s"' % self.psk
        for i, key in enumerate(("local.id", "remote.id")):
            if key in self.swan:                  # whoever changes a name, changes it here too
                out["id-%d" % (3 + i)] = self.swan[key]
        return out

    # ------------------------------------------------------------- pasting --
    def paste_here(self, line):
        """ip.ipsec.profile name="p1": enc-algorithm = "aes-128,aes-256";"""
        m = re.fullmatch(r'ip\.ipsec\.(\w+) ([\w-]+)="([^"]*)"(?: ([\w-]+)="([^"]*)")?: '
                         r'([\w-]+) = (?:"([^"]*)"|(true|false));', line)
        need(m, "%s: not a line of our file: %s" % (self, line))
        menu, key, value, key2, value2, prop, text, flag = m.groups()
        rows = [r for r in self.menus()[menu] if r.get(key) == value and
                (not key2 or r.get(key2) == value2)]
        need(rows, "%s: there is no such row: %s" % (self, line))
        self.conf.setdefault(menu, {})[prop] = flag == "true" if flag else \
            text.replace(SECRET, self.psk or self.secret)

    def paste_there(self, where, line):
        """[swanctl.conf, connections.<conn>] proposals = aes128-sha256-ecp256"""
        m = re.fullmatch(r"([\w_]+) = (.*)", line)
        if where == "shell":
            return
        need(m and where.startswith("swanctl.conf, "), "%s: not of swanctl.conf: [%s] %s" %
             (self, where, line))
        key, value = m.groups()
        path = where[len("swanctl.conf, "):].replace("<conn>", "C").replace("<n>", "").replace(
            "<child>", self.name + "c").split(".")
        if path[0] == "secrets":
            need(value == SECRET, "%s: a secret is shown: %s" % (self, value))
            self.psk = ""
            return
        need(path[:2] == ["connections", "C"], "%s: unknown place %s" % (self, where))
        self.swan[".".join(path[2:] + [key])] = '"%s"' % value if key == "id" else value


def put(tree, path, value):
    for k in path[:-1]:
        tree = tree[k]
    tree[path[-1]] = value


class Ward(Pairs):
    def __init__(self, pairs, **kw):
        # All come from one address and stay half open: it would make some wait, and want cookies.
        super().__init__(pairs, ("--charon-option", "dos_protection = no"), **kw)

    def selectors(self):
        return "192.168.0.0/16", "10.0.0.0/8"

    def findings(self):
        """{name: [findings]}"""
        return {r["peer"]: r["findings"] for r in self.cli("diagnose", "vendor=strongswan")}

    def diagnosed(self):
        found = self.findings()
        wrong = ["%s: %s" % (p, [f["code"] for f in found[p.name]]) for p in self.pairs
                 if p.code not in [f["code"] for f in found[p.name]]]
        need(not wrong, "\n".join(wrong))
        return found

    def classic_texts(self):
        """each peer's lines of the log have them, letter by letter"""
        lines = {p.name: [] for p in self.pairs}
        for line in self.log().splitlines():
            for name in line.split()[:4]:
                lines.get(name, []).append(line)
        missing = ["%s: \"%s\"" % (p, t) for p in self.pairs for t in p.classic
                   if not any(t in line for line in lines[p.name])]
        need(not missing, "not in the log:\n" + "\n".join(missing))
        return True

    def _addresses(self):
        super()._addresses()
        # charon needs one in each net of its own
        self._cloud_batch(["addr add 10.200.%d.12/32 dev lo" % p.number for p in self.pairs])

    def reload_both(self):
        v = self.vici()
        self.conf.more = PairsConf(self.pairs).more
        self.write_conf()
        self.cli_text("reload")
        for p in self.pairs:
            with contextlib.suppress(Error):      # most have nothing to end
                v.call("terminate", ike=p.name, force="yes", timeout="-1")
        self._connections(self.pairs)
        self.reloading()
        for p in self.pairs:
            if p.role == "initiator":             # it may wait long for its next retransmission
                self.cli_text("ip", "ipsec", "active-peers", "kill-connections", "peer=" + p.name)
            if p.role == "responder":
                v.call("initiate", child=p.name + "c", timeout="-1")

    def reloading(self):
        """between the new configurations and the new attempts"""

    def nothing_left(self):
        left = {n: [f["code"] for f in fs if f["code"] not in
                    ("NOT_MATCHED", "NOTHING_FROM_PEER")] for n, fs in self.findings().items()}
        left = {n: codes for n, codes in left.items() if codes}
        need(not left, "still found: %s" % left)
        return True
