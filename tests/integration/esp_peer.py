#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""esp_peer.py - the far end of an SA, by scapy: esp_peer.py '{"device": ...}' in its namespace.

In tunnel mode it opens every ESP packet that comes, answers the ping in it, and seals the answer.
In transport mode it pings the gateway itself. It ends after `count` good exchanges, or with a
traceback at the first packet that is not as it has to be.
"""
import json
import sys

from scapy.config import conf
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.layers.ipsec import ESP, SecurityAssociation
from scapy.layers.l2 import Ether

KEYS = {"crypt_algo": "AES-CBC", "crypt_key": bytes(range(16)),
        "auth_algo": "HMAC-SHA1-96", "auth_key": bytes(range(20))}
DATA = bytes(range(200))


def network(src, dst):
    return (IPv6 if ":" in src else IP)(src=src, dst=dst)


class Peer:
    def __init__(self, device, mac, gateway, peer, tunnel, udp, count, spi_from, spi_to):
        self.socket = conf.L2socket(iface=device)
        self.frame = Ether(dst=mac, src=self.own_mac(device))
        self.gateway, self.peer, self.udp, self.count = gateway, peer, udp, count
        outer = network(peer, gateway) if tunnel else None
        nat = UDP(sport=4500, dport=4500) if udp else None
        self.inbound = SecurityAssociation(ESP, spi=spi_from, nat_t_header=nat, tunnel_header=outer,
                                           **KEYS)
        self.outbound = SecurityAssociation(ESP, spi=spi_to, nat_t_header=nat, tunnel_header=outer,
                                            **KEYS)
        self.tunnel = tunnel

    @staticmethod
    def own_mac(device):
        with open("/sys/class/net/%s/address" % device) as f:
            return f.read().strip()

    def receive(self):
        """the next ESP packet to us, opened"""
        while True:
            p = self.socket.recv()
            ip = p and (p.getlayer(IPv6) or p.getlayer(IP))
            if ip and ip.dst == self.peer and ip.src == self.gateway and ip.haslayer(ESP):
                self.check(ip)
                if self.udp and isinstance(ip, IPv6):   # scapy would leave the UDP header in
                    ip = IPv6(bytes(IPv6(src=ip.src, dst=ip.dst, nh=50) / bytes(ip[ESP])))
                return self.inbound.decrypt(ip)

    def check(self, ip):
        """what decryption does not look at"""
        again = ip.copy()
        if isinstance(ip, IP):
            del again.chksum, again.len
            again = IP(bytes(again))
            assert (again.chksum, again.len) == (ip.chksum, ip.len), "IPv4 header"
        else:
            assert ip.plen == len(bytes(ip)) - 40, "IPv6 payload length"
        assert (UDP in ip) == self.udp, "encapsulation"
        if self.udp and isinstance(ip, IPv6):
            right = ip.copy()
            del right[UDP].chksum
            assert IPv6(bytes(right))[UDP].chksum == ip[UDP].chksum != 0, "UDP checksum"

    def send(self, packet):
        sealed = self.outbound.encrypt(packet)
        if self.udp:                                    # scapy leaves the length of an empty one
            sealed[UDP].len = len(bytes(sealed[UDP]))
        self.socket.send(self.frame / sealed)

    def answer(self, ping):
        back = network(ping.dst, ping.src)
        if ICMPv6EchoRequest in ping:
            e = ping[ICMPv6EchoRequest]
            return back / ICMPv6EchoReply(id=e.id, seq=e.seq, data=e.data)
        e = ping[ICMP]
        assert e.type == 8, "no ping"
        return back / ICMP(type=0, id=e.id, seq=e.seq) / e.payload

    def exchange_tunnel(self):
        ping = self.receive()
        if ICMPv6EchoRequest not in ping and ICMP not in ping:
            return 0
        self.send(self.answer(ping))
        return 1

    def exchange_transport(self, number):
        ping = network(self.peer, self.gateway)
        six = isinstance(ping, IPv6)
        ping /= (ICMPv6EchoRequest(id=7, seq=number, data=DATA) if six else
                 ICMP(id=7, seq=number) / DATA)
        self.send(ping)
        pong = self.receive()
        e = pong[ICMPv6EchoReply] if six else pong[ICMP]
        assert e.type == (129 if six else 0) and (e.id, e.seq) == (7, number), "not our answer"
        assert (e.data if six else bytes(e.payload)) == DATA, "data"
        return 1

    def run(self):
        print("ready", flush=True)
        done = 0
        while done < self.count:
            done += self.exchange_tunnel() if self.tunnel else self.exchange_transport(done + 1)
        print("done", done, flush=True)


if __name__ == "__main__":
    Peer(**json.loads(sys.argv[1])).run()
