# SPDX-License-Identifier: BSD-3-Clause
"""charon_conf.py - writes strongswan.conf and swanctl.conf of one peer."""
import argparse
import os
import re

from base import Error, sh

CHARON = os.environ.get("CHARON", "/usr/lib/ipsec/charon")
PLUGIN_DIR = os.environ.get("CHARON_PLUGINS", "/usr/lib/ipsec/plugins")
SWANCTL = os.environ.get("SWANCTL", "swanctl")

SWANCTL = os.environ.get("SWANCTL", "swanctl")
SELF = os.path.realpath(__file__)

# kernel-libipsec must come before kernel-netlink: the first one that offers
# the "kernel-ipsec" feature wins; kernel-netlink still does routes/addresses.
PLUGINS = ("random nonce drbg openssl gcrypt gmp curve25519 aes sha1 sha2 md5 "
           "rc2 hmac kdf xcbc cmac ctr ccm gcm chapoly mgf1 pem pkcs1 pubkey "
           "x509 unity kernel-libipsec kernel-netlink socket-default vici "
           "updown counters")
LOG_GROUPS = ("dmn mgr ike chd job cfg knl net asn enc tnc imc imv pts tls "
              "esp lib").split()


def q(s):
    return '"' + str(s).replace("\\", "\\\\").replace('"', '\\"') + '"'


def strongswan_conf(st, o):
    levels = dict(default=1)
    for kv in (o["log_level"] or "").split(","):
        if kv:
            k, _, v = kv.partition("=")
            if k not in LOG_GROUPS + ["default"] or not v.lstrip("-").isdigit():
                raise Error("bad --log-level item '%s'" % kv)
            levels[k] = int(v)
    if o["log_keys"]:
        levels["chd"] = max(4, levels.get("chd", 0))
    lv = "\n".join("      %s = %d" % kv for kv in levels.items())
    missing = []
    plugins = []
    for p in (PLUGINS + " " + (o["extra_plugins"] or "")).split():
        if os.path.exists("%s/libstrongswan-%s.so" % (PLUGIN_DIR, p)):
            plugins.append(p)
        else:
            missing.append(p)
    if "kernel-libipsec" in missing:
        raise Error("kernel-libipsec plugin is missing: install "
                    "libcharon-extra-plugins")
    if o["raw_esp"] == "yes":
        v = charon_version()
        if v < (5, 9, 11):
            raise Error("--raw-esp needs strongSwan 5.9.11, this is " +
                        ".".join(map(str, v)))
    extra = "\n".join("  " + e for e in o["charon_option"])
    return f"""# written by strongswan-peer for instance {st['name']}
charon {{
  load = {' '.join(plugins)}
  install_virtual_ip = no
  i_dont_care_about_security_and_use_aggressive_mode_psk = yes
  accept_private_algs = no
  retransmit_timeout = {o['retransmit_timeout']}
  retransmit_tries = {o['retransmit_tries']}
  retransmit_base = {o['retransmit_base']}
  keep_alive = {o['nat_keepalive']}
  port = {o['port']}
  port_nat_t = {o['port_nat_t']}
{extra}
  plugins {{
    vici {{
      socket = unix://{st['dir']}/charon.vici
    }}
    kernel-libipsec {{
      allow_peer_ts = {o['allow_peer_ts']}
      raw_esp = {o['raw_esp']}
    }}
  }}
  filelog {{
    peer {{
      path = {st['dir']}/charon.log
      time_format = %Y-%m-%dT%H:%M:%S
      time_add_ms = yes
      ike_name = yes
      append = no
      flush_line = yes
{lv}
    }}
  }}
}}
"""


def charon_version():
    m = re.search(r"(\d+)\.(\d+)\.(\d+)",
                  sh(CHARON, "--version", check=False).stdout)
    return tuple(map(int, m.groups())) if m else (0, 0, 0)


def time_val(s):
    if not re.fullmatch(r"\d+[smhd]?", s):
        raise argparse.ArgumentTypeError("time: 30, 30s, 5m, 1h, 1d")
    return s


def children(o):
    out = []
    base = dict(name="net", local=o["local_ts"], remote=o["remote_ts"],
                esp=o["esp_proposal"])
    if not o["no_default_child"]:
        out.append(base)
    for c in o["child"]:
        f = c.split(";")
        if len(f) < 3:
            raise Error("--child NAME;LOCAL-TS;REMOTE-TS[;ESP-PROPOSAL]")
        out.append(dict(name=f[0], local=f[1], remote=f[2],
                        esp=f[3] if len(f) > 3 and f[3] else o["esp_proposal"]))
    return out


def swanctl_conf(st, o):
    L = []
    ver, aggr = {"1-main": (1, "no"), "1-aggressive": (1, "yes"),
                 "2": (2, "no"), "any": (0, "no")}[o["ike"]]

    def line(n, k, v):
        if v is not None and v != "":
            L.append("  " * n + "%s = %s" % (k, v))
    L.append("connections {\n  peer {")
    line(2, "version", ver)
    line(2, "aggressive", aggr)
    line(2, "local_addrs", o["local_ip"].split("/")[0])
    line(2, "remote_addrs", o["peer_addr"] or o["remote_ip"])
    line(2, "proposals", o["ike_proposal"])
    line(2, "encap", o["force_encaps"])
    line(2, "mobike", o["mobike"])
    line(2, "fragmentation", o["fragmentation"])
    line(2, "childless", o["childless"])
    line(2, "keyingtries", o["keyingtries"])
    line(2, "unique", o["unique"])
    line(2, "dpd_delay", o["dpd"])
    line(2, "dpd_timeout", o["dpd_timeout"])
    line(2, "rekey_time", o["ike_rekey_time"])
    line(2, "reauth_time", o["reauth_time"])
    line(2, "over_time", o["over_time"])
    line(2, "rand_time", o["rand_time"])
    for x in o["conn_option"]:
        L.append("    " + x)
    L.append("    local {\n      auth = psk")
    line(3, "id", q(o["local_id"]) if o["local_id"] else None)
    L.append("    }\n    remote {\n      auth = psk")
    line(3, "id", q(o["remote_id"]) if o["remote_id"] else None)
    L.append("    }\n    children {")
    for c in children(o):
        L.append("      %s {" % c["name"])
        line(4, "local_ts", c["local"])
        line(4, "remote_ts", c["remote"])
        line(4, "esp_proposals", c["esp"])
        line(4, "mode", o["mode"])
        line(4, "start_action", {"initiator": "start", "responder": "none",
                                 "trap": "trap"}[o["start"]])
        line(4, "close_action", o["close_action"])
        line(4, "dpd_action", o["dpd_action"])
        line(4, "rekey_time", o["rekey_time"])
        line(4, "life_time", o["life_time"])
        line(4, "rand_time", o["rand_time"])
        line(4, "rekey_bytes", o["rekey_bytes"])
        line(4, "life_bytes", o["life_bytes"])
        line(4, "rekey_packets", o["rekey_packets"])
        line(4, "replay_window", o["replay_window"])
        for x in o["child_option"]:
            L.append("        " + x)
        L.append("      }")
    L.append("    }\n  }\n}\nsecrets {\n  ike-peer {")
    if o["psk_hex"]:
        line(2, "secret", "0x" + o["psk_hex"])
    else:
        line(2, "secret", q(o["psk"]))
    for i, x in enumerate(o["psk_id"]):
        line(2, "id-%d" % i, q(x))
    L.append("  }\n}\n")
    return "\n".join(L)
