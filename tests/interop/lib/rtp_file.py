"""RTP packets in a file, each behind its length (RFC 4571 2), and on 127.0.0.1.

rtp_file.py send FILE PORT             sends them, 1000 a second, and a BYE behind them
rtp_file.py receive FILE PORT RTCP     writes what comes at the first port until a BYE comes at the other one
"""
import select
import socket
import struct
import sys
import time


def bound(port):
    made = socket.socket(type=socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.bind(("127.0.0.1", port))
    return made


def send(path, port):
    out = bound(0)
    out.connect(("127.0.0.1", port))
    with open(path, "rb") as file:
        while length := file.read(2):
            packet = file.read(int.from_bytes(length, "big"))
            out.send(packet)
            time.sleep(0.001)
    # RFC 3550 6.1: a compound packet, of an empty receiver report and the BYE.
    out.send(b"\x80\xc9\0\1" + packet[8:12] + b"\x81\xcb\0\1" + packet[8:12])


def is_bye(compound):
    at = 0
    while at + 4 <= len(compound):
        if compound[at + 1] == 203:
            return True
        at += 4 + 4 * int.from_bytes(compound[at + 2:at + 4], "big")
    return False


def receive(path, port, rtcp_port):
    rtp, rtcp = bound(port), bound(rtcp_port)
    over = False
    with open(path, "wb") as file:
        # What was sent before the BYE is here when that is.
        while ready := select.select([rtp, rtcp], [], [], 0 if over else 10)[0]:
            if rtp in ready:
                packet = rtp.recv(65536)
                file.write(struct.pack("!H", len(packet)) + packet)
            elif is_bye(rtcp.recv(65536)):
                over = True
    if not over:
        sys.exit("no BYE")


if sys.argv[1] == "send":
    send(sys.argv[2], int(sys.argv[3]))
else:
    receive(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
