#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""dns_server.py ADDRESS ZONE - a DNS server for tests, as small as can be.

ZONE is a JSON file, read with each question: {"name": {"A": [...], "AAAA": [...], "ttl": N}}.
A name that is not in it does not exist; {"silent": true} gets no answer, {"rcode": N} that one,
{"raw": "hex"} these bytes behind the question's id. Each question is a line on stdout.
"""
import ipaddress
import json
import socket
import struct
import sys

TYPES = {1: "A", 28: "AAAA"}


def question(msg):
    """(name as asked, type, end of the question)"""
    at, labels = 12, []
    while msg[at]:
        labels.append(msg[at + 1:at + 1 + msg[at]].decode("ascii", "replace"))
        at += 1 + msg[at]
    return ".".join(labels), struct.unpack_from("!H", msg, at + 1)[0], at + 5


def reply(msg, zone):
    name, kind, end = question(msg)
    known = zone.get(name.lower())
    print(TYPES.get(kind, kind), name.lower(), flush=True)
    if known is not None and known.get("silent"):
        return None
    if known is not None and "raw" in known:
        return msg[:2] + bytes.fromhex(known["raw"])
    rcode = 3 if known is None else known.get("rcode", 0)
    answers = [] if known is None else known.get(TYPES.get(kind), [])
    out = msg[:2] + struct.pack("!HHHHH", 0x8180 | rcode, 1, len(answers), 0, 0) + msg[12:end]
    for a in answers:
        data = ipaddress.ip_address(a).packed
        out += struct.pack("!HHHIH", 0xc00c, kind, 1, known.get("ttl", 60), len(data)) + data
    return out


def main():
    address, path = sys.argv[1:]
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 53))
    print("ready", flush=True)
    while True:
        msg, who = s.recvfrom(4096)
        with open(path) as f:
            zone = json.load(f)
        answer = reply(msg, zone)
        if answer is not None:
            s.sendto(answer, who)


if __name__ == "__main__":
    main()
