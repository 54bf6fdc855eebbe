# SPDX-License-Identifier: BSD-3-Clause
"""segment.py - control's end of the shared segment, for tests of the dataplane alone.

The layout is that of dataplane/api/segment.h, ring.h and messages.h.
"""
import collections
import ctypes
import ipaddress
import mmap
import os
import struct

from lab import Fail, need, wait

AREAS = ("command", "event", "punt", "inject", "ports", "sa_status", "policy_status",
         "sa_counters", "sa_drops", "policy_counters", "worker_counters", "port_counters",
         "drop_samples")
SLOT = {"command": 1024, "event": 256, "punt": 2048, "inject": 2048}
(SA_ADD, SA_UPDATE, SA_DELETE, SA_FLUSH, POLICY_BEGIN, POLICY, POLICY_COMMIT, NET_BEGIN, ADDRESS,
 ROUTE, NET_COMMIT, SYNC) = range(1, 13)
OK, BAD_TYPE, BAD_LENGTH, BAD_FIELD, EXISTS, NOT_FOUND, BAD_SEQUENCE = range(7)
REPLY, SA_EXPIRE, ACQUIRE = 1, 2, 3
READY, GONE = 1, 2
MATURE, DEAD = 2, 4
IN, OUT = 1, 2
ESN, RESUME = 1, 4
PORT_ANY = 0xffff
# Numbers are IANA's, as in messages.h.
Suite = collections.namedtuple("Suite", "encr integ encr_key integ_key salt")
AES_SHA1 = Suite(12, 2, bytes(range(16)), bytes(range(20)), b"")


def addr(text=None):
    if text is None:
        return bytes(20)
    a = ipaddress.ip_address(text)
    return struct.pack("<B3x16s", a.version, a.packed)


def selector(net):
    n = ipaddress.ip_network(net)
    return struct.pack("<BBHHH16s16s", n.version, 0, 0, 0xffff, 0, n[0].packed, n[-1].packed)


class Segment:
    """map the segment of `instance` as soon as it is there"""

    def __init__(self, instance, timeout=20):
        self.path = "/dev/shm/espgw-" + instance
        wait(lambda: os.path.exists(self.path), timeout, self.path)
        with open(self.path, "r+b") as f:
            st = os.fstat(f.fileno())
            need(st.st_mode & 0o777 == 0o600, "mode %o" % st.st_mode)
            self.m = mmap.mmap(f.fileno(), 0)
        need(self.u64(16) == len(self.m), "segment size %d" % self.u64(16))
        self.area = dict(zip(AREAS, struct.iter_unpack("<QQ", self.m[72:280])))
        self.slots = dict(zip(("command", "event", "punt", "inject"),
                              struct.unpack_from("<4I", self.m, 48)))
        self.max_workers, self.max_ports = self.u32(40), self.u32(44)
        self.id = 0

    # In one access: struct goes byte by byte, and the other end would see an index half written.
    def u32(self, at):
        return ctypes.c_uint32.from_buffer(self.m, at).value

    def u64(self, at):
        return ctypes.c_uint64.from_buffer(self.m, at).value

    def set_u32(self, at, value):
        ctypes.c_uint32.from_buffer(self.m, at).value = value

    def state(self):
        return self.u32(12)

    def heartbeat(self):
        return self.u64(320)

    # ---------------------------------------------------------------- rings --
    def put(self, record):
        at, head = self.area["command"][0], self.u32(self.area["command"][0])
        need(head - self.u32(at + 64) < self.slots["command"], "the command ring is full")
        slot = at + 128 + head % self.slots["command"] * SLOT["command"]
        self.m[slot:slot + len(record)] = record
        self.set_u32(at, (head + 1) & 0xffffffff)

    def event(self):
        """the oldest event: (type, request id, record), or None"""
        at = self.area["event"][0]
        tail = self.u32(at + 64)
        if self.u32(at) == tail:
            return None
        slot = at + 128 + tail % self.slots["event"] * SLOT["event"]
        rec = bytes(self.m[slot:slot + SLOT["event"]])
        self.set_u32(at + 64, (tail + 1) & 0xffffffff)
        kind, length, request = struct.unpack_from("<HHI", rec)
        return kind, request, rec[:length]

    def ask(self, kind, body, length=None, timeout=5):
        """send a command; the status of its answer"""
        self.id += 1
        size = 8 + len(body) if length is None else length
        self.put(struct.pack("<HHI", kind, size, self.id) + body)

        def answered():
            e = self.event()
            while e and (e[0] != REPLY or e[1] != self.id):
                e = self.event()
            return e and e[2]
        reply = wait(answered, timeout, "the answer to command %d" % kind, every=0.001)
        status, command, _ = struct.unpack_from("<HHI", reply, 8)
        need(command == kind, "answered as command %d" % command)
        return status

    def must(self, kind, body):
        status = self.ask(kind, body)
        if status != OK:
            raise Fail("command %d: status %d" % (kind, status))

    # ------------------------------------------------------------- commands --
    def net(self, addresses, routes=(), generation=1):
        """addresses: (port, "1.2.3.4/24"); routes: ("net", "gateway"[, distance])"""
        self.must(NET_BEGIN, struct.pack("<II", generation, len(addresses) + len(routes)))
        for port, a in addresses:
            i = ipaddress.ip_interface(a)
            self.must(ADDRESS, struct.pack("<IHBB", generation, port, i.network.prefixlen, 0) +
                      addr(i.ip))
        for net, gateway, *distance in routes:
            n = ipaddress.ip_network(net)
            self.must(ROUTE, struct.pack("<IHBB", generation, PORT_ANY, n.prefixlen,
                                         *distance or [1]) +
                      addr(n[0]) + addr(gateway))
        self.must(NET_COMMIT, struct.pack("<II", generation, len(addresses) + len(routes)))

    def policies(self, rows, generation=1):
        """rows: (id, action, local net, remote net[, mode])"""
        self.must(POLICY_BEGIN, struct.pack("<II", generation, len(rows)))
        for number, action, local, remote, *mode in rows:
            self.must(POLICY, struct.pack("<IIIBBxx", generation, number, 0, action, *mode or [1]) +
                      selector(local) + selector(remote) + addr() + addr())
        self.must(POLICY_COMMIT, struct.pack("<II", generation, len(rows)))

    def sa(self, slot, direction, policy, local, remote, ts_local, ts_remote, spi=None,
           suite=AES_SHA1, flags=0, seq_start=0, mode=1, port=0, window=128, hard_packets=0):
        """body of SA_ADD; port: in UDP between these"""
        ts = selector(ts_local) + bytes(120) + selector(ts_remote) + bytes(120)
        s = suite
        return (struct.pack("<IIIIQ8B4xHHIIQ", slot, spi or 0x10000 + slot, policy,
                            flags | (2 if direction == OUT else 0), slot, direction, mode,
                            port != 0, s.encr, s.integ, len(s.encr_key), len(s.integ_key), len(s.salt),
                            port, port, window if direction == IN else 0, 0, seq_start) +
                addr(local) + addr(remote) + struct.pack("<40xQ", hard_packets) +
                s.encr_key.ljust(32, b"\0") +
                s.integ_key.ljust(64, b"\0") + s.salt.ljust(8, b"\0") +
                struct.pack("<HHI", 1, 1, 0) + ts)

    def delete(self, slot, spi=None):
        return self.ask(SA_DELETE, struct.pack("<II", slot, spi or 0x10000 + slot))

    def sa_status(self, slot):
        """(state, spi, sequence mark)"""
        at = self.area["sa_status"][0] + 192 * slot
        return self.u32(at), self.u32(at + 4), self.u64(at + 40)

    def mac(self, port):
        at = self.area["ports"][0] + 64 * port + 32
        return bytes(self.m[at:at + 6])

    def sent(self, port):
        """packets that all workers have sent through the port"""
        at = self.area["port_counters"][0] + 64 * port + 16
        return sum(self.u64(at + 64 * self.max_ports * i) for i in range(self.max_workers))

    def drops(self, reason):
        at = self.area["worker_counters"][0] + 8 * reason
        return sum(self.u64(at + 576 * i) for i in range(self.max_workers))
