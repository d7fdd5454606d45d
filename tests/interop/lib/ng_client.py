"""A client of the NG protocol, bencode over UDP, whose port is the first argument of the program; and ends of calls that it sets up."""
import os
import re
import socket
import sys


def encode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, list):
        return b"l" + b"".join(map(encode, value)) + b"e"
    if isinstance(value, dict):
        return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"
    return b"%d:%s" % (len(value.encode()), value.encode())


def decode(text, at=0):
    kind = text[at:at + 1]
    if kind == b"i":
        end = text.index(b"e", at)
        return int(text[at + 1:end]), end + 1
    if kind in b"ld":
        items, at = [], at + 1
        while text[at:at + 1] != b"e":
            item, at = decode(text, at)
            items.append(item)
        return items if kind == b"l" else dict(zip(items[::2], items[1::2])), at + 1
    start = text.index(b":", at) + 1
    end = start + int(text[at:start - 1])
    return text[start:end].decode(), end


def ask(command, **options):
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.settimeout(5)
    peer.connect(("127.0.0.1", int(sys.argv[1])))
    cookie = os.urandom(8).hex().encode()
    peer.send(cookie + b" " + encode({"command": command, **options}))
    echoed, answer = peer.recv(65536).split(b" ", 1)
    answer = decode(answer)[0]
    if echoed != cookie or answer["result"] != "ok":
        sys.exit(f"{command} is answered: {answer}")
    return answer


def media_socket():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(5)
    made.bind(("127.0.0.1", 0))
    return made


def described(at, profile, further="", formats="8"):
    return (f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {at.getsockname()[1]} {profile} {formats}\r\na=rtpmap:8 PCMA/8000\r\n{further}")


def where(sdp, profile, formats="8"):
    medium = re.search(rf"^m=audio (\d+) {profile} {formats}\r$", sdp, re.M)
    if not medium:
        sys.exit(f"no medium of {profile}:\n{sdp}")
    return re.search(r"^c=IN IP4 (\S+)\r$", sdp, re.M)[1], int(medium[1])
