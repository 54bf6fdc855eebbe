#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""traffic.py - senders and receivers that run inside a host's namespace.

Each prints one line of JSON at its end; all but tcp-client first print READY. UDP
packets carry a sequence number, so loss, duplicates and reordering are exact.
"""
import argparse
import array
import contextlib
import hashlib
import json
import random
import selectors
import signal
import socket
import struct
import sys
import time

SO_MAX_PACING_RATE = 47
SO_RCVBUFFORCE = 33
CHUNK = 64 * 1024
SILENCE = 10                         # seconds without any answer, and there are no more
HEAD = struct.Struct("!QQ")          # sequence number, nanoseconds


def say(**kw):
    print(json.dumps(kw), flush=True)


def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def tcp_server(a):
    s = socket.create_server((a.listen, a.port), family=family(a.listen))
    print("READY", flush=True)
    s.settimeout(a.timeout)
    c, _ = s.accept()
    c.settimeout(a.timeout)
    h, n, t = hashlib.sha256(), 0, time.monotonic()
    while True:
        b = c.recv(CHUNK)
        if not b:
            break
        h.update(b)
        n += len(b)
    seconds = time.monotonic() - t
    c.sendall(h.digest())            # tells the sender that all has arrived
    c.close()
    say(bytes=n, sha256=h.hexdigest(), seconds=seconds)


def tcp_client(a):
    c = socket.create_connection((a.dst, a.port), timeout=a.timeout)
    c.settimeout(a.timeout)
    mss = c.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
    if a.rate:
        # The kernel paces the segments themselves: a peer with a small socket
        # buffer then sees an even stream and not bursts of a whole window.
        c.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, a.rate // 8)
    rng = random.Random(a.seed)
    h, left, t = hashlib.sha256(), a.bytes, time.monotonic()
    while left:
        b = rng.randbytes(min(CHUNK, left))
        h.update(b)
        c.sendall(b)
        left -= len(b)
    c.shutdown(socket.SHUT_WR)
    echo = b""
    while len(echo) < 32:
        b = c.recv(32)
        if not b:
            break
        echo += b
    info = c.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    say(bytes=a.bytes, sha256=h.hexdigest(), echoed=echo.hex(), mss=mss,
        seconds=time.monotonic() - t,
        retransmits=struct.unpack_from("I", info, 100)[0])


def udp_receive(a):
    s = socket.socket(family(a.listen), socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    s.bind((a.listen, a.port))
    stop = []
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: stop.append(1))
    seen, dup, late, top, payload = set(), 0, 0, -1, 0
    worst = 0

    def take():
        nonlocal dup, late, top, payload, worst
        b = s.recv(65535)
        seq, sent = HEAD.unpack_from(b)
        worst = max(worst, time.time_ns() - sent)
        payload += len(b)
        if seq in seen:
            dup += 1
            return
        seen.add(seq)
        late += seq < top
        top = max(top, seq)
    print("READY", flush=True)
    s.settimeout(0.1)
    while not stop:                    # no exception: it could come between recv() and the count
        with contextlib.suppress(TimeoutError):
            take()
    if a.end:                          # so many were sent; so long there may be no news of the last
        with open(a.end) as f:
            count, drain = f.read().split()
        end = time.monotonic() + float(drain)
        while len(seen) < int(count) and time.monotonic() < end:
            s.settimeout(max(0.001, end - time.monotonic()))
            with contextlib.suppress(TimeoutError):
                take()
                end = time.monotonic() + float(drain)
        s.settimeout(0)
        with contextlib.suppress(BlockingIOError):     # copies of the last ones
            while True:
                take()
    missing = sorted(set(range(top + 1)) - seen)
    say(received=len(seen), duplicates=dup, reordered=late, top=top,
        missing=missing, bytes=payload, worst_ms=worst / 1e6)


def udp_send(a):
    s = socket.socket(family(a.dst), socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, 32, 4 << 20)       # SO_SNDBUFFORCE
    s.connect((a.dst, a.port))
    stop = []
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: stop.append(1))
    fill = (a.mark.encode() or b"espgw") * (a.size // 4 + 1)
    fill = fill[:max(0, a.size - HEAD.size)]
    n = errors = 0
    late, times = 0, array.array("d")
    print("READY", flush=True)
    start = time.monotonic()
    end = start + a.seconds if a.seconds else float("inf")
    while not stop:
        due = start + n / a.pps
        if due >= end or (a.count and n >= a.count):
            break
        wait = due - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        times.append(time.monotonic())
        late = max(late, times[-1] - due)
        try:
            s.send(HEAD.pack(n, time.time_ns()) + fill)
        except ConnectionRefusedError:
            # The error of an earlier packet; this one has not been sent.
            s.send(HEAD.pack(n, time.time_ns()) + fill)
            errors += 1
        except OSError:                # no route: this one is not sent at all
            errors += 1
        n += 1
    if a.times:
        with open(a.times, "wb") as f:
            times.tofile(f)
    say(sent=n, errors=errors, late=late, seconds=time.monotonic() - start)


def checksum(b):
    n = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


def pings(a):
    """echo requests from and to many addresses at once; what was lost, by stream. Of who is late
    with his answers no more is asked for a while."""
    streams = [tuple(x.split("-")) for x in a.streams.split(",")]
    socks = {}
    for src in {s for s, _ in streams}:
        s = socks[src] = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        s.setblocking(False)
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20)
        s.bind((src, 0))
    poll = selectors.DefaultSelector()
    for src, s in socks.items():
        poll.register(s, selectors.EVENT_READ, src)
    stop, sent, back = [], [0] * len(streams), [set() for _ in streams]
    rounds = answers = given_up = 0
    news = time.monotonic()
    fill = b"espgw..." * 7
    number = {x: i for i, x in enumerate(streams)}

    def take(s, dst):
        """all that is there: whoever is late must not take for lost what waits for him"""
        nonlocal answers, news
        with contextlib.suppress(BlockingIOError):
            while True:
                b, (src, _) = s.recvfrom(2048)
                i = number.get((dst, src))
                if i is not None and len(b) >= 28 and b[20] == 0 and \
                        b[24:26] == i.to_bytes(2, "big"):
                    answers += b[26:28] not in back[i]
                    back[i].add(b[26:28])
                    news = time.monotonic()

    signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
    print("READY", flush=True)
    end = time.monotonic() + a.seconds if a.seconds else float("inf")
    due, ended = time.monotonic(), False
    while not ended or (time.monotonic() < news + SILENCE and sum(sent) != sum(map(len, back))):
        now = time.monotonic()
        if not ended and (stop or now >= end):
            ended, news = True, now            # what is still on its way
        open_ = rounds * len(streams) - answers
        if now >= news + SILENCE:              # these will not come
            given_up, news = open_, now
        if not ended and now >= due and open_ - given_up < 4 * len(streams):
            rounds += 1
            due = max(due + 1 / a.pps, now)    # no burst of what could not be sent in time
            for i, (src, dst) in enumerate(streams):
                head = struct.pack("!BBHHH", 8, 0, 0, i, sent[i] & 0xffff)
                sum_ = checksum(head + fill)
                socks[src].sendto(head[:2] + struct.pack("!H", sum_) + head[4:] + fill, (dst, 0))
                sent[i] += 1
        for key, _ in poll.select(max(0.001, min(due - now, 0.05))):
            take(key.fileobj, key.data)
    say(sent=sum(sent), received=sum(map(len, back)),
        lost={"%s-%s" % x: sent[i] - len(back[i]) for i, x in enumerate(streams)
              if sent[i] != len(back[i])})


def main():
    p = argparse.ArgumentParser(description=__doc__)
    sub = p.add_subparsers(dest="what", required=True)
    for name, func in (("tcp-server", tcp_server), ("tcp-client", tcp_client),
                       ("udp-receive", udp_receive), ("udp-send", udp_send),
                       ("pings", pings)):
        q = sub.add_parser(name)
        q.set_defaults(func=func)
        q.add_argument("--port", type=int, default=18888)
        q.add_argument("--dst")
        q.add_argument("--listen", default="", help="own address; default: any of IPv4")
        q.add_argument("--end", help="udp-receive: a file that says how many were sent and how "
                       "many seconds may pass without one; read at SIGTERM")
        q.add_argument("--times", help="udp-send: a file for the moments of sending, doubles")
        q.add_argument("--bytes", type=int, default=1 << 20)
        q.add_argument("--rate", type=int, default=0, help="bit/s, 0 = as fast as TCP goes")
        q.add_argument("--seed", type=int, default=1)
        q.add_argument("--timeout", type=float, default=60)
        q.add_argument("--pps", type=float, default=500)
        q.add_argument("--streams", help="pings: SOURCE-DESTINATION,…")
        q.add_argument("--seconds", type=float, default=0)
        q.add_argument("--count", type=int, default=0)
        q.add_argument("--size", type=int, default=200, help="UDP payload, bytes")
        q.add_argument("--mark", default="", help="text that fills the payload")
    a = p.parse_args()
    a.func(a)


if __name__ == "__main__":
    sys.exit(main())
