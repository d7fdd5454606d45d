"""Sends OPTIONS to a proxy itself and expects a status: ping.py udp|tcp ADDRESS PORT STATUS [NAME]; NAME is one that it has."""
import socket
import sys

kind, address, port, status = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
host = f"[{address}]" if ":" in address else address
asked = sys.argv[5] if len(sys.argv) > 5 else host
family = socket.AF_INET6 if ":" in address else socket.AF_INET
peer = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
peer.settimeout(5)
peer.connect((address, port))
own = peer.getsockname()[1]
peer.sendall(
    f"OPTIONS sip:{asked}:{port} SIP/2.0\r\n"
    f"Via: SIP/2.0/{kind.upper()} {host}:{own};rport;branch=z9hG4bKping{own}\r\n"
    f"Max-Forwards: 1\r\nFrom: <sip:ping@{host}>;tag=1\r\nTo: <sip:{host}:{port}>\r\n"
    f"Call-ID: ping{own}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n".encode())
answer = peer.recv(65536).decode()
if not answer.startswith(f"SIP/2.0 {status} "):
    sys.exit(f"OPTIONS over {kind} to {host}:{port} is answered: {answer.splitlines()[0]}")
