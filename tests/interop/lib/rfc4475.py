"""Sends each RFC 4475 message to a proxy on the loopback address and compares what comes of it with rfc4475_expected.tsv.

rfc4475.py FOLDER EXPECTED udp:PORT|tcp:PORT NEXT_HOP_PORT RESULTS      sends, and writes a line for each message to RESULTS
rfc4475.py --table FOLDER EXPECTED INSPECT|- TCP_RESULTS UDP_RESULTS   prints the table; fails where it is not as expected

A result is one of: a status that the proxy answered; `forwarded`, where the next hop got the message as it was but for what a
proxy changes (RFC 3261 16.6) and the caller got the next hop's 200; `changed: …`, where the next hop got it with another
change; `forwarded, closed`, where the connection was closed before that 200; `dropped`, where nothing came of it; `closed`, where
the proxy closed the connection without an answer.

Over UDP a response goes to the address that the request came from and the port in the Via, so each message is sent from an
address of its own in 127.0.0.0/8, bound to that port.
"""
import csv
import json
import os
import re
import select
import socket
import subprocess
import sys
import time

SILENCE = 0.4  # seconds in which nothing comes of a message of which nothing is expected to come
PATIENCE = 15  # seconds for the others; a name server may be slow to say that it has no such name
TIMER_J = 0.7  # 64 T1 of the proxy under test
NAMES = {"v": "via", "i": "call-id", "l": "content-length", "f": "from", "t": "to"}


def lines_of(message):
    """The start line, the header lines with their continuations, and the body."""
    head, _, body = message.partition(b"\r\n\r\n")
    start, *rest = re.split(rb"\r\n(?![ \t])", head)
    return start, rest, body


def name_of(line):
    name = line.split(b":", 1)[0].strip().lower().decode("latin-1")
    return NAMES.get(name, name)


def values(headers, name):
    return [line.split(b":", 1)[1].strip() for line in headers if name_of(line) == name]


def via_port(message):
    """The port to which a response goes: that of the topmost Via, its transport's where it
    names none, 5060 where it can't be read."""
    vias = values(lines_of(message)[1], "via")
    found = re.match(rb"SIP\s*/\s*\S+\s*/\s*(\w+)\s+[^;,:\s]+(?::(\d+))?", vias[0]) if vias else None
    if found and found.group(2):
        return int(found.group(2))
    return 5061 if found and found.group(1) == b"TLS" else 5060


def change(sent, got):
    """What is different that a proxy must not change; empty where nothing is."""
    start, headers, body = lines_of(sent)
    got_start, got_headers, got_body = lines_of(got)
    left = list(got_headers)
    if not left or name_of(left[0]) != "via":
        return "no Via of the proxy"
    branch = left.pop(0)
    if b";branch=z9hG4bK" not in branch:
        return "the proxy's Via has no branch"
    strict = [h for h in headers if name_of(h) == "route" and b"lr" not in h]
    if start != got_start and not strict:
        return f"start line {got_start!r}"
    # What a proxy adds.
    left = [h for h in left if name_of(h) != "record-route" or h in headers]
    added = [n for n in ("max-forwards", "content-length", "max-breadth") if not values(headers, n)]
    left = [h for h in left if name_of(h) not in added]
    if strict:
        # RFC 3261 16.6.6: the Request-URI goes to the end of the Route, whose first value takes its place.
        if b"<" + got_start.split(b" ")[1] + b">" not in strict[0] or left.pop() != b"Route: <" + start.split(b" ")[1] + b">":
            return "the strict route is not followed"
        headers = [h for h in headers if h not in strict]
    if len(left) != len(headers):
        return f"{len(left) - len(headers)} headers more"
    stamped = False
    for line, other in zip(headers, left):
        if name_of(line) == "max-forwards":
            if int(other.split(b":")[1]) != int(line.split(b":")[1]) - 1:
                return f"{other!r}"
        elif name_of(line) == "via" and not stamped:
            stamped = True
            stamp = rb";(received=[0-9.]+|rport(=\d+)?)"
            if re.sub(stamp, b"", other) != re.sub(stamp, b"", line):
                return "the caller's Via"
        elif other != line:
            return f"{line[:40]!r}"
    length = values(headers, "content-length")
    whole = body[:int(length[0])] if length and length[0].isdigit() else body
    return "" if got_body == whole else "the body"


class next_hop:
    """Records the requests that arrive at some UDP ports and answers each with 200."""

    def __init__(self, ports):
        self.sockets = []
        for port in ports:
            one = socket.socket(type=socket.SOCK_DGRAM)
            try:
                one.bind(("127.0.0.1", port))
                self.sockets.append(one)
            except OSError:
                print(f"port {port} is in use: what is sent there is not recorded", file=sys.stderr)
        self.expect(b"")

    def expect(self, message):
        self.got, self.call_id = [], values(lines_of(message)[1], "call-id")[:1]

    def read(self, which):
        data, source = which.recvfrom(65536)
        if values(lines_of(data)[1], "call-id") == self.call_id:
            self.got.append(data)
        _, headers, _ = lines_of(data)
        keep = [h for h in headers if name_of(h) in ("via", "from", "to", "call-id", "cseq")]
        which.sendto(b"\r\n".join([b"SIP/2.0 200 Recorded", *keep, b"Content-Length: 0", b"", b""]), source)


def wait_for_branch(sent, branches):
    """Some messages share a branch and a sent-by, and would be retransmissions of each other: waits until that is over."""
    key = (sent.split(b" ", 1)[0], *values(lines_of(sent)[1], "via")[:1])
    time.sleep(max(0.0, branches.get(key, 0) + TIMER_J - time.monotonic()))
    branches[key] = time.monotonic()


def outcome(peer, hop, sent, is_stream, wait):
    answer, closed, last = None, False, time.monotonic()
    while time.monotonic() - last < (SILENCE if closed else wait):
        ready, _, _ = select.select([*hop.sockets] if closed else [peer, *hop.sockets], [], [], 0.05)
        for one in ready:
            last = time.monotonic()
            if one is not peer:
                hop.read(one)
                continue
            try:
                data = peer.recv(65536)
            except ConnectionResetError:
                data = b""
            if is_stream and not data:
                closed = True
                continue
            status = re.match(rb"SIP/2\.0 (\d{3}) ", data)
            if status and status.group(1) != b"100" and answer is None:
                answer = status.group(1).decode()
        if answer and (answer != "200" or hop.got):
            break
    end = "closed" if closed else "dropped"
    if not hop.got:
        return answer or end
    different = change(sent, hop.got[0])
    if different:
        return f"changed: {different}"
    return "forwarded" if answer == "200" else f"forwarded, {answer or end}"


def send_all(folder, expected, where, hop_port, results):
    transport, port = where.split(":")
    silent = {r["name"] for r in read_table(expected) if r[transport] in ("dropped", "closed")}
    branches = {}
    hop = next_hop([hop_port, 5080])  # mpart01 has a route to port 5080 of the loopback address
    with open(results, "w", encoding="ascii") as out:
        for number, row in enumerate(read_table(os.path.join(folder, "index.tsv"))):
            with open(os.path.join(folder, row["name"] + ".dat"), "rb") as file:
                sent = file.read()
            wait = SILENCE if row["name"] in silent else PATIENCE
            hop.expect(sent)
            wait_for_branch(sent, branches)
            if transport == "tcp":
                peer = socket.create_connection(("127.0.0.1", int(port)), timeout=5)
            else:
                peer = socket.socket(type=socket.SOCK_DGRAM)
                try:
                    peer.bind((f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250}.{number + 1}", via_port(sent)))
                except OSError:
                    print(f"port {via_port(sent)} is in use: {row['name']} is not sent over UDP", file=sys.stderr)
                    out.write(f"{row['name']}\t-\n")
                    continue
                peer.connect(("127.0.0.1", int(port)))
            peer.sendall(sent)
            result = outcome(peer, hop, sent, transport == "tcp", wait)
            peer.close()
            out.write(f"{row['name']}\t{result}\n")


def read_table(path, fields=None):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, fieldnames=fields, delimiter="\t"))


def inspect(program, path):
    """The verdict of parley-inspect: `well formed`, or the offset and the rule of the first finding."""
    if program == "-":
        return "-", "-"
    report = json.loads(subprocess.run([program, "--json", path], capture_output=True, check=False, timeout=10).stdout)
    if report["well_formed"]:
        return "ok", "well formed"
    first = report["errors"][0]
    return "bad", f"{first['offset']}: {first['rule']}"


def table(folder, expected, program, tcp, udp):
    got = {kind: {r["name"]: r["result"] for r in read_table(path, ["name", "result"])}
           for kind, path in (("tcp", tcp), ("udp", udp))}
    wrong = []
    print(f"{'file':11} {'class':17} {'TCP':10} {'UDP':10} {'RFC 4475':10} parley-inspect")
    classes = {r["name"]: r["class"] for r in read_table(os.path.join(folder, "index.tsv"))}
    for row in read_table(expected):
        name = row["name"]
        verdict, words = inspect(program, os.path.join(folder, name + ".dat"))
        found = {"inspect": verdict, "tcp": got["tcp"].get(name), "udp": got["udp"].get(name)}
        print(f"{name:11} {classes[name]:17} {found['tcp']:10} {found['udp']:10} {row['rfc']:10} {words}")
        if row["why"]:
            print(f"{'':11} {row['why']}")
        wrong += [f"{name}: {kind}: {value}, expected {row[kind]}" for kind, value in found.items()
                  if value not in ("-", row[kind])]
    missing = set(classes) - {r["name"] for r in read_table(expected)}
    wrong += [f"{name}: nothing is expected of it" for name in sorted(missing)]
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if sys.argv[1] == "--table":
    sys.exit(table(*sys.argv[2:7]))
send_all(*sys.argv[1:4], int(sys.argv[4]), sys.argv[5])
