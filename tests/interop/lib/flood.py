"""Floods a proxy on the loopback address.

flood.py invites PORT COUNT    INVITEs of as many calls over UDP; prints how many got 100, how many 503 with Retry-After, how
                               many nothing, and how many another response
flood.py garbage PORT          what is not SIP: datagrams and connections of many broken kinds; PORT takes UDP and TCP
"""
import collections
import os
import random
import select
import socket
import struct
import sys
import time

HOST = "127.0.0.1"


def invite(number, own_port, proxy_port, extra=""):
    return (f"INVITE sip:nobody@{HOST}:{proxy_port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {HOST}:{own_port};branch=z9hG4bKf{os.getpid()}-{number}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:flood@{HOST}>;tag={number}\r\nTo: <sip:nobody@{HOST}>\r\n"
            f"Call-ID: {number}-{os.getpid()}\r\nCSeq: 1 INVITE\r\n{extra}Content-Length: 0\r\n\r\n").encode()


def header(message, name):
    for line in message.split("\r\n"):
        if line.lower().startswith(name.lower() + ":"):
            return line.split(":", 1)[1].strip()
    return None


def invites(port, count):
    peer = socket.socket(type=socket.SOCK_DGRAM)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    peer.bind((HOST, 0))
    own = peer.getsockname()[1]
    answers = {}

    def read(wait):
        while select.select([peer], [], [], wait)[0]:
            text = peer.recv(65536).decode()
            status = int(text.split(" ", 2)[1])
            if status == 503 and not (header(text, "Retry-After") or "").isdigit():
                sys.exit(f"503 without Retry-After:\n{text}")
            answers.setdefault(header(text, "Call-ID"), status)

    for number in range(count):
        peer.sendto(invite(number, own, port), (HOST, port))
        if number % 50 == 49:
            read(0.002)
    read(0.5)
    seen = collections.Counter(answers.values())
    other = sum(n for status, n in seen.items() if status not in (100, 503))
    print(seen[100], seen[503], count - len(answers), other)


def datagrams(port, random_source):
    peer = socket.socket(type=socket.SOCK_DGRAM)
    peer.bind((HOST, 0))
    own = peer.getsockname()[1]
    whole = invite(0, own, port, "Contact: <sip:flood@127.0.0.1>\r\n")
    kinds = [random_source.randbytes(random_source.randint(1, 1400)) for _ in range(1500)]
    kinds += [whole[:length] for length in range(1, len(whole))]
    kinds += [b"", b"\r\n", b"\0" * 100, b"INVITE " * 9000, whole[:-2] + b"X: " + b"y" * 65000 + b"\r\n\r\n"]
    kinds += [random_source.randbytes(65507) for _ in range(50)]
    for _ in range(1500):
        broken = bytearray(whole)
        for _ in range(random_source.randint(1, 8)):
            broken[random_source.randrange(len(broken))] = random_source.randrange(256)
        kinds.append(bytes(broken))
    for number, data in enumerate(kinds):
        peer.sendto(data, (HOST, port))
        if number % 20 == 19:
            time.sleep(0.002)
    return len(kinds)


def connect(port):
    stream = socket.create_connection((HOST, port), timeout=5)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def streams(port, random_source):
    """Connections that break in every way, then as many idle ones as the proxy takes, which stay open until the end."""
    whole = invite(1, 5060, port).replace(b"UDP", b"TCP")
    attempts = [random_source.randbytes(random_source.randint(1, 4000)) for _ in range(60)]
    attempts += [whole[:length] for length in range(1, len(whole), 7)]
    attempts += [b"A" * 200000, b"OPTIONS sip:x SIP/2.0\r\n" + b"X: y\r\n" * 20000]
    attempts += [whole.replace(b"Length: 0", b"Length: " + length) for length in (b"99999999", b"-1", b"5\r\nContent-Length: 6")]
    for number, data in enumerate(attempts):
        stream = connect(port)
        if number % 3 == 0:  # ends with a reset
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            stream.sendall(data)
        except OSError:
            pass  # the proxy has closed it already
        stream.close()
    slow = [connect(port) for _ in range(5)]
    for byte in whole[:80]:
        for stream in slow:
            try:
                stream.send(bytes([byte]))
            except OSError:
                pass  # one connection too many for the proxy
        time.sleep(0.005)
    idle = []
    for _ in range(60):
        try:
            idle.append(connect(port))
        except OSError:
            break
    time.sleep(0.2)
    return len(attempts), slow + idle


if sys.argv[1] == "invites":
    invites(int(sys.argv[2]), int(sys.argv[3]))
else:
    seeded = random.Random(4475)
    sent = datagrams(int(sys.argv[2]), seeded)
    broken, held = streams(int(sys.argv[2]), seeded)
    print(f"{sent} datagrams, {broken} broken and {len(held)} slow or idle connections")
