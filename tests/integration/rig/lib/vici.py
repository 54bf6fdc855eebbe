# SPDX-License-Identifier: BSD-3-Clause
"""vici.py - strongSwan's control protocol, as far as it is needed here."""
import socket
import struct

from base import Error


class Vici:
    """the few vici messages needed here, without the python3-vici package"""

    def __init__(self, path):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(30)
        self.s.connect(path)

    def _send(self, b):
        self.s.sendall(struct.pack("!I", len(b)) + b)

    def _recv(self):
        def n(k):
            b = b""
            while len(b) < k:
                c = self.s.recv(k - len(b))
                if not c:
                    raise Error("charon closed the vici socket")
                b += c
            return b
        return n(struct.unpack("!I", n(4))[0])

    @staticmethod
    def _named(t, name):
        return bytes([t, len(name)]) + name.encode()

    @staticmethod
    def parse(b):
        root, i = {}, 0
        stack, cur_list, key = [root], None, None

        def s1(i):
            return b[i + 1:i + 1 + b[i]].decode(), i + 1 + b[i]

        def s2(i):
            n = struct.unpack_from("!H", b, i)[0]
            return b[i + 2:i + 2 + n].decode("utf-8", "replace"), i + 2 + n
        while i < len(b):
            t = b[i]
            i += 1
            if t == 1:
                k, i = s1(i)
                k0, n = k, 2
                while k in stack[-1]:      # e.g. several IKE_SAs of one name
                    k, n = "%s#%d" % (k0, n), n + 1
                d = {}
                stack[-1][k] = d
                stack.append(d)
            elif t == 2:
                stack.pop()
            elif t == 3:
                k, i = s1(i)
                stack[-1][k], i = s2(i)
            elif t == 4:
                key, i = s1(i)
                cur_list = stack[-1][key] = []
            elif t == 5:
                v, i = s2(i)
                cur_list.append(v)
            elif t == 6:
                cur_list = None
        return root

    def stream(self, cmd, event):
        self._send(self._named(3, event))
        if self._recv()[0] != 5:
            raise Error("vici: no event " + event)
        self._send(self._named(0, cmd))
        out = []
        while True:
            m = self._recv()
            if m[0] == 7:
                out.append(self.parse(m[2 + m[1]:]))
            elif m[0] == 1:
                return out
            else:
                raise Error("vici: unexpected answer %d" % m[0])

    def call(self, cmd, **args):
        """a command without events; its answer"""
        body = b"".join(bytes([3, len(k)]) + k.encode() + struct.pack("!H", len(v)) + v.encode()
                        for k, v in args.items())
        self._send(self._named(0, cmd) + body)
        m = self._recv()
        if m[0] != 1:
            raise Error("vici: unexpected answer %d" % m[0])
        out = self.parse(m[1:])
        if out.get("success", "yes") != "yes":
            raise Error("vici: %s: %s" % (cmd, out.get("errmsg")))
        return out
