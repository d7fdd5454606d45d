"""A UDP socket on the loopback address that reads and never answers: silent.py PORT SECONDS"""
import socket
import sys
import time

receiver = socket.socket(type=socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", int(sys.argv[1])))
end = time.monotonic() + float(sys.argv[2])
while (left := end - time.monotonic()) > 0:
    receiver.settimeout(left)
    try:
        receiver.recv(65536)
    except TimeoutError:
        break
