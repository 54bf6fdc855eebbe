# SPDX-License-Identifier: BSD-3-Clause
"""packets.py - the referee's own reader of captures and IP packets."""
import struct
import sys


class Bad(Exception):
    pass


class Usage(Exception):
    pass


def read_capture(path):
    """yield (number, linktype, captured bytes, original length)"""
    with open(path, "rb") as f:
        data = f.read()
    if len(data) < 24:
        raise Usage("%s: not a capture file" % path)
    magic = data[:4]
    n = 0
    if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1",
                 b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d"):
        e = "<" if magic[3] == 0xa1 else ">"
        link = struct.unpack_from(e + "I", data, 20)[0] & 0xffff
        o = 24
        while o + 16 <= len(data):
            cap, orig = struct.unpack_from(e + "II", data, o + 8)
            o += 16
            if o + cap > len(data):
                print("note: capture file ends inside packet %d" % (n + 1),
                      file=sys.stderr)
                return
            n += 1
            yield n, link, data[o:o + cap], orig
            o += cap
        return
    if magic != b"\x0a\x0d\x0d\x0a":
        raise Usage("%s: neither pcap nor pcapng" % path)
    o, e, links = 0, "<", []
    while o + 12 <= len(data):
        t = data[o:o + 4]
        if t == b"\x0a\x0d\x0d\x0a":
            e = "<" if data[o + 8:o + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            links = []
        bt, bl = struct.unpack_from(e + "II", data, o)
        if bl < 12 or o + bl > len(data):
            print("note: capture file ends inside a block", file=sys.stderr)
            return
        if bt == 1:
            links.append(struct.unpack_from(e + "H", data, o + 8)[0])
        elif bt == 6:
            i, _, _, cap, orig = struct.unpack_from(e + "IIIII", data, o + 8)
            n += 1
            yield n, links[i], data[o + 28:o + 28 + cap], orig
        elif bt == 3:
            orig = struct.unpack_from(e + "I", data, o + 8)[0]
            n += 1
            yield n, links[0], data[o + 12:o + 12 + min(orig, bl - 16)], orig
        o += bl


def to_ip(link, b):
    """strip the link layer; None if it isn't IP"""
    if link == 1:
        o = 12
        while o + 2 <= len(b) and b[o:o + 2] in (b"\x81\x00", b"\x88\xa8"):
            o += 4
        if b[o:o + 2] not in (b"\x08\x00", b"\x86\xdd"):
            return None
        return b[o + 2:]
    if link in (101, 12, 14, 228, 229):
        return b
    if link == 113:
        return b[16:] if b[14:16] in (b"\x08\x00", b"\x86\xdd") else None
    if link == 276:
        return b[20:] if b[0:2] in (b"\x08\x00", b"\x86\xdd") else None
    if link == 0:
        return b[4:]
    raise Usage("unsupported link type %d" % link)


def csum(b):
    if len(b) & 1:
        b += b"\0"
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return s ^ 0xffff


def ip_parse(b, what):
    """-> dict(src dst proto payload off mf id ttl tos), raises Bad"""
    if not b:
        raise Bad(what + " IP packet is empty")
    v = b[0] >> 4
    if v == 4:
        if len(b) < 20:
            raise Bad(what + " IPv4 header truncated")
        hl = (b[0] & 15) * 4
        tl = struct.unpack_from("!H", b, 2)[0]
        if hl < 20 or tl < hl:
            raise Bad("%s IPv4 lengths: header %d, total %d" % (what, hl, tl))
        if len(b) < tl:
            raise Bad("%s IPv4 total length %d, %d bytes present" %
                      (what, tl, len(b)))
        if csum(b[:hl]):
            raise Bad(what + " IPv4 header checksum wrong")
        fo = struct.unpack_from("!H", b, 6)[0]
        return dict(v=4, src=b[12:16], dst=b[16:20], proto=b[9],
                    payload=b[hl:tl], off=(fo & 0x1fff) * 8,
                    mf=bool(fo & 0x2000), df=bool(fo & 0x4000), id=b[4:6],
                    ttl=b[8], tos=b[1], total=tl)
    if v == 6:
        if len(b) < 40:
            raise Bad(what + " IPv6 header truncated")
        pl = struct.unpack_from("!H", b, 4)[0]
        if len(b) < 40 + pl:
            raise Bad("%s IPv6 payload length %d, %d bytes present" %
                      (what, pl, len(b) - 40))
        nh, o, off, mf, fid = b[6], 40, 0, False, b""
        while nh in (0, 43, 44, 60) and o + 8 <= 40 + pl:
            if nh == 44:
                fo = struct.unpack_from("!H", b, o + 2)[0]
                off, mf, fid = fo & 0xfff8, bool(fo & 1), b[o + 4:o + 8]
                nh, o = b[o], o + 8
                break
            nh, o = b[o], o + 8 + b[o + 1] * 8
        return dict(v=6, src=b[8:24], dst=b[24:40], proto=nh,
                    payload=b[o:40 + pl], off=off, mf=mf, df=True, id=fid,
                    ttl=b[7], tos=(b[0] << 4 | b[1] >> 4) & 255,
                    total=40 + pl)
    raise Bad("%s IP version %d" % (what, v))


class Reassembler:
    def __init__(self):
        self.q = {}

    def add(self, p):
        if not p["off"] and not p["mf"]:
            return p
        k = (p["src"], p["dst"], p["proto"], p["id"])
        parts = self.q.setdefault(k, {})
        parts[p["off"]] = p
        out, o = b"", 0
        while o in parts:
            out += parts[o]["payload"]
            if not parts[o]["mf"]:
                del self.q[k]
                return dict(p, payload=out, off=0, mf=False)
            o = len(out)
        return None


def l4_check(p, what):
    """TCP/UDP/ICMP checksum of a whole packet"""
    pl, pr = p["payload"], p["proto"]
    if p["off"] or p["mf"]:
        return
    pseudo = p["src"] + p["dst"] + (
        struct.pack("!BBH", 0, pr, len(pl)) if p["v"] == 4 else
        struct.pack("!IHBB", len(pl), 0, 0, pr))
    if pr == 6:
        if len(pl) < 20 or csum(pseudo + pl):
            raise Bad(what + " TCP checksum wrong")
    elif pr == 17:
        if len(pl) < 8:
            raise Bad(what + " UDP header truncated")
        n = struct.unpack_from("!H", pl, 4)[0]
        if n != len(pl):
            raise Bad("%s UDP length %d, %d bytes present" %
                      (what, n, len(pl)))
        if pl[6:8] != b"\0\0" and csum(pseudo + pl):
            raise Bad(what + " UDP checksum wrong")
    elif pr == 1 and p["v"] == 4:
        if csum(pl):
            raise Bad(what + " ICMP checksum wrong")
    elif pr == 58 and p["v"] == 6:
        if csum(pseudo + pl):
            raise Bad(what + " ICMPv6 checksum wrong")
