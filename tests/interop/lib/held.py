"""Opens TCP connections, asks for OPTIONS on each, and prints how many were answered while all were held.

held.py PORT SOURCE…      one connection from each of these addresses of the loopback network
"""
import socket
import sys


def options(number, port):
    return (f"OPTIONS sip:127.0.0.1:{port};transport=tcp SIP/2.0\r\nVia: SIP/2.0/TCP held.invalid;branch=z9hG4bKheld{number}\r\n"
            f"Max-Forwards: 0\r\nFrom: <sip:held@held.invalid>;tag={number}\r\nTo: <sip:127.0.0.1:{port}>\r\n"
            f"Call-ID: held{number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").encode()


port, sources = int(sys.argv[1]), sys.argv[2:]
held = []
answered = 0
for number, source in enumerate(sources):
    stream = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))
    held.append(stream)
    try:
        stream.sendall(options(number, port))
        answer = stream.recv(4096)
    except ConnectionError:
        answer = b""
    if answer:
        if f"received={source}".encode() not in answer:
            sys.exit(f"Via does not name {source}:\n{answer.decode()}")
        answered += 1
print(answered)
