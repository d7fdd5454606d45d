"""Attacks on a proxy on the loopback address.

attack.py lengths PORT              requests over TCP whose Content-Length lies; each is refused and its connection closed
attack.py hold PORT COUNT SOURCE    that many connections from one address of the loopback network, held until the input
                                    ends; prints how many the proxy has kept, once it has closed the others
"""
import resource
import select
import socket
import sys
import time

PORT = int(sys.argv[2])


def request(call_id, lengths):
    return ("\r\n".join([
        f"OPTIONS sip:127.0.0.1:{PORT};transport=tcp SIP/2.0", f"Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK{call_id}",
        "Max-Forwards: 70", "From: <sip:attack@127.0.0.1>;tag=1", f"To: <sip:127.0.0.1:{PORT}>", f"Call-ID: {call_id}",
        "CSeq: 1 OPTIONS"] + lengths) + "\r\n\r\n").encode()


def exchange(data):
    """What the proxy answers, and whether it then ends the connection."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=5) as stream:
        stream.sendall(data)
        answer = b""
        stream.settimeout(1)
        try:
            while block := stream.recv(65536):
                answer += block
        except TimeoutError:
            return answer.decode(), False
        except ConnectionResetError:
            pass
        return answer.decode(), True


def lengths():
    smuggled = request("smuggled", ["Content-Length: 0"]).decode()
    lies = {
        "2^32+5": ["Content-Length: 4294967301"],
        "2^64+5": ["Content-Length: 18446744073709551621"],
        "negative": ["Content-Length: -1"],
        "two that differ": ["Content-Length: 0", f"Content-Length: {len(smuggled)}"],
        "two that differ, one compact": [f"l: {len(smuggled)}", "Content-Length: 0"],
        "hexadecimal": ["Content-Length: 0x10"],
        "a number and a word": ["Content-Length: 5 bytes"],
        "larger than a message may be": ["Content-Length: 10000000"],
    }
    for number, (name, lines) in enumerate(lies.items()):
        answer, ended = exchange(request(f"lie{number}", lines) + smuggled.encode())
        first = answer.split("\r\n", 1)[0]
        if answer.count("SIP/2.0 ") != 1 or first.split(" ")[1] not in ("400", "413", "513"):
            sys.exit(f"Content-Length, {name}: answered {answer!r}")
        if "smuggled" in answer or not ended:
            sys.exit(f"Content-Length, {name}: what follows was read as a request, or the connection goes on")
    answer, _ = exchange(request("good", ["Content-Length: 0"]))
    if not answer.startswith("SIP/2.0 200 "):
        sys.exit(f"a good request is answered {answer!r}")
    print(len(lies))


def hold(count, source):
    limit = count + 64
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, max(limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    held = []
    for _ in range(count):
        stream = socket.socket()
        stream.bind((source, 0))
        stream.connect(("127.0.0.1", PORT))
        stream.setblocking(False)
        held.append(stream)
    poll = select.poll()
    for stream in held:
        poll.register(stream, select.POLLIN)
    # Those that are closed become readable; nothing else does, because nothing is sent.
    closed, quiet = set(), 0
    while quiet < 5:
        ready = [number for number, _ in poll.poll(200)]
        for number in ready:
            poll.unregister(number)
        closed.update(ready)
        quiet = 0 if ready else quiet + 1
    print(count - len(closed), flush=True)
    sys.stdin.read()


if sys.argv[1] == "lengths":
    lengths()
else:
    hold(int(sys.argv[3]), sys.argv[4])
