"""Asks a media relay by the NG protocol, bencode over UDP.

ng.py PORT calls               how many calls it has
ng.py PORT ports               how many ports calls have
ng.py PORT heard CALLS COUNT   waits until it has so many calls, and each end of each has sent it so many packets
ng.py PORT ended COUNT COUNT   waits until the ends of its one call have sent so many packets of RTP, ends it, and tells what each port of
                               theirs has sent: the port, the SSRC or rtcp, packets, bytes
ng.py PORT transcoded COUNT    waits until it says that it transcodes so many media
ng.py PORT srtp                sets a call up between RTP and SRTP with keys in SDP, and sends packets each way
ng.py PORT play FILE METRICS   writes a tone to that file, has it and a digit played into a call, and hears them; sends digits, which must
                               be counted at that port; has digits played as tones, and hears them
"""
import base64
import hashlib
import hmac
import math
import os
import re
import struct
import subprocess
import sys
import time
import urllib.request
import wave

from ng_client import ask, described, media_socket, where


def call_ids():
    return ask("list", limit=1000)["calls"]


def least_heard():
    packets = []
    for call_id in call_ids():
        for tag in ask("query", **{"call-id": call_id})["tags"].values():
            packets += [medium["streams"][0]["stats"]["packets"] for medium in tag["medias"]]
    return len(packets), min(packets, default=0)


def wait_heard(calls, count):
    seen = set()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        ends, least = least_heard()
        if ends == 2 * calls and least >= count:
            return
        seen.add((ends, least))
        time.sleep(0.02)
    sys.exit(f"ends and the packets of the most silent one: {sorted(seen)}")


def end_counted(counts):
    """What an end sends before its answer has come is refused, and an error."""
    def seen(answer):
        return [medium["streams"] for tag in answer["tags"].values() for medium in tag["medias"]]

    def as_sent(streams):
        stats = [each[0]["stats"] for each in streams]
        return any(all(each["packets"] <= count <= each["packets"] + each["errors"] for each, count in zip(stats, order))
                   for order in (counts, counts[::-1]))
    (call_id,) = call_ids()
    end = time.monotonic() + 5
    while not as_sent(streams := seen(ask("query", **{"call-id": call_id}))):
        if time.monotonic() > end:
            sys.exit(f"{counts} packets were sent, but the relay counts {streams}")
        time.sleep(0.02)
    for stream in sum(seen(ask("delete", **{"call-id": call_id, "delete-delay": 0})), []):
        who = f"0x{stream['SSRC']:08x}" if "SSRC" in stream else "rtcp"
        print(stream["endpoint"]["port"], who, stream["stats"]["packets"], stream["stats"]["bytes"])


def keystream(key, block, size):
    """AES in counter mode."""
    return subprocess.run(["openssl", "enc", "-aes-128-ctr", "-K", key.hex(), "-iv", block.hex()], input=bytes(size),
                          stdout=subprocess.PIPE, check=True).stdout


class Protection:
    """AES_CM_128_HMAC_SHA1_80 of RFC 3711, for packets of the first rollover."""

    def __init__(self, inline):
        master, salt = base64.b64decode(inline)[:16], base64.b64decode(inline)[16:30]

        def derived(label, size):
            block = bytearray(salt + b"\0\0")
            block[7] ^= label
            return keystream(master, bytes(block), size)
        self.key, self.authentic, self.salt = derived(0, 16), derived(1, 20), derived(2, 14)

    def cipher(self, header, payload):
        sequence, ssrc = struct.unpack("!H", header[2:4])[0], struct.unpack("!I", header[8:12])[0]
        block = (int.from_bytes(self.salt, "big") << 16) ^ (ssrc << 64) ^ (sequence << 16)
        return bytes(a ^ b for a, b in zip(payload, keystream(self.key, block.to_bytes(16, "big"), len(payload))))

    def tag(self, protected):
        return hmac.new(self.authentic, protected + bytes(4), hashlib.sha1).digest()[:10]

    def protect(self, packet):
        protected = packet[:12] + self.cipher(packet[:12], packet[12:])
        return protected + self.tag(protected)

    def open(self, packet):
        if self.tag(packet[:-10]) != packet[-10:]:
            sys.exit("a packet from the relay does not bear its tag")
        return packet[:12] + self.cipher(packet[:12], packet[12:-10])


def srtp():
    plain, secure = media_socket(), media_socket()
    names = {"call-id": f"srtp-{os.getpid()}", "from-tag": "plain"}
    offer = ask("offer", **names, sdp=described(plain, "RTP/AVP"), **{"transport-protocol": "RTP/SAVP"})["sdp"]
    keys = re.findall(r"^a=crypto:(\d+) AES_CM_128_HMAC_SHA1_80 inline:(\S+)", offer, re.M)
    if not keys:
        sys.exit(f"no key offered:\n{offer}")
    number, theirs = keys[0]
    ours = base64.b64encode(os.urandom(30)).decode()
    answer = ask("answer", **names, **{"to-tag": "secure"}, sdp=described(
        secure, "RTP/SAVP", f"a=crypto:{number} AES_CM_128_HMAC_SHA1_80 inline:{ours}\r\n"))["sdp"]
    if "a=crypto" in answer:
        sys.exit(f"keys for the end without SRTP:\n{answer}")
    to_secure, to_plain = where(offer, "RTP/SAVP"), where(answer, "RTP/AVP")
    from_relay, to_relay = Protection(theirs), Protection(ours)
    for sequence in range(1, 11):
        packet = struct.pack("!BBHII", 0x80, 8, sequence, sequence * 160, 7) + os.urandom(160)
        plain.sendto(packet, to_plain)
        if from_relay.open(secure.recv(2048)) != packet:
            sys.exit("another packet has come out as SRTP")
        secure.sendto(to_relay.protect(packet), to_secure)
        if plain.recv(2048) != packet:
            sys.exit("another packet has come out of SRTP")
    # One that nobody with the key has made goes no further.
    forged = bytearray(to_relay.protect(packet[:2] + struct.pack("!H", 11) + packet[4:]))
    forged[20] ^= 1
    secure.sendto(forged, to_secure)
    plain.settimeout(0.3)
    try:
        plain.recv(2048)
        sys.exit("a forged packet has passed")
    except TimeoutError:
        pass
    ask("delete", **names, **{"delete-delay": 0})


def linear(byte):
    """A sample of A-law."""
    byte ^= 0x55
    exponent, mantissa = byte >> 4 & 7, byte & 15
    size = mantissa * 16 + 8 if exponent == 0 else mantissa * 16 + 264 << exponent - 1
    return size if byte & 0x80 else -size


def loudness(samples, frequency):
    """Of one frequency in what has 8000 samples a second, as the amplitude of its sine."""
    turn = 2 * math.pi * frequency / 8000
    parts = [sum(each * wave_of(turn * i) for i, each in enumerate(samples)) for wave_of in (math.sin, math.cos)]
    return 2 * math.hypot(*parts) / len(samples)


def digits_counted(metrics):
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=5) as answer:
        return int(re.search(r"^parley_relay_digits_total (\d+)$", answer.read().decode(), re.M)[1])


def play(path, metrics):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"".join(struct.pack("<h", int(10000 * math.sin(2 * math.pi * 440 * i / 16000)))
                                  for i in range(16000 * 3 // 10)))
    ann, bob = media_socket(), media_socket()
    names, events = {"call-id": f"play-{os.getpid()}", "from-tag": "ann"}, "a=rtpmap:101 telephone-event/8000\r\n"
    offer = ask("offer", **names, sdp=described(ann, "RTP/AVP", events, "8 101"))["sdp"]
    ask("answer", **names, **{"to-tag": "bob"}, sdp=described(bob, "RTP/AVP", events, "8 101"))
    bob_sends_to = where(offer, "RTP/AVP", "8 101")

    def bob_says(number, timestamp):
        bob.sendto(struct.pack("!BBHII", 0x80, 8, number, timestamp, 7) + b"\xd5" * 160, bob_sends_to)
    bob_says(100, 16000)
    heard = [ann.recv(2048)]
    told = ask("play media", **names, file=path)
    if told["duration"] != 300:
        sys.exit(f"a sound of 300 ms: {told}")
    heard += [ann.recv(2048) for _ in range(15)]
    # Who is named dials, and the other one hears it.
    ask("play DTMF", **{**names, "from-tag": "bob"}, digit="5", duration=100)
    heard += [ann.recv(2048) for _ in range(7)]
    numbers = [struct.unpack("!HII", packet[2:12]) for packet in heard]
    if [n[0] for n in numbers] != list(range(100, 123)) or {n[2] for n in numbers} != {7}:
        sys.exit(f"numbers and SSRCs of what was played: {numbers}")
    tone = [linear(byte) for packet in heard[1:16] for byte in packet[12:]]
    if len(tone) != 2400 or loudness(tone, 440) < 8000 or loudness(tone, 600) > 500:
        sys.exit(f"not the tone: {len(tone)} samples, {loudness(tone, 440)} at 440 Hz, {loudness(tone, 600)} at 600 Hz")
    digit = [(packet[1], *struct.unpack("!BBH", packet[12:])) for packet in heard[16:]]
    if digit != [(101 | (n == 0) << 7, 5, 8 | (n > 3) << 7, min(160 * (n + 1), 800)) for n in range(7)]:
        sys.exit(f"not the digit: {digit}")
    # What bob says passes again when the time of the last packet is over.
    time.sleep(0.1)
    bob_says(150, 32000)
    last = ann.recv(2048)
    if struct.unpack("!H", last[2:4])[0] != 123 or last[12:] != b"\xd5" * 160:
        sys.exit("another packet than bob's comes behind what was played")
    # Three digits of his, each of them three times.
    for number in range(9):
        event = struct.pack("!BBH", number // 3, 0x8A, 800)
        bob.sendto(struct.pack("!BBHII", 0x80, 101, 151 + number, 33000 + 1000 * (number // 3), 7) + event, bob_sends_to)
    end = time.monotonic() + 5
    while (counted := digits_counted(metrics)) != 3:
        if time.monotonic() > end:
            sys.exit(f"digits that were counted: {counted}")
        time.sleep(0.02)
    ask("delete", **names, **{"delete-delay": 0})


def dial_tones():
    """To who takes no events."""
    ann, bob = media_socket(), media_socket()
    names = {"call-id": f"tones-{os.getpid()}"}
    ask("offer", **names, **{"from-tag": "ann"}, sdp=described(ann, "RTP/AVP"))
    ask("answer", **names, **{"from-tag": "ann", "to-tag": "bob"}, sdp=described(bob, "RTP/AVP"))
    for digit in "59":
        ask("play DTMF", **names, **{"from-tag": "bob"}, digit=digit, duration=100, pause=60, volume=-11)
    heard = [ann.recv(2048) for _ in range(16)]
    numbers = [struct.unpack("!HI", packet[2:8]) for packet in heard]
    first = numbers[0]
    if numbers != [(first[0] + i & 0xFFFF, first[1] + 160 * i & 0xFFFFFFFF) for i in range(16)]:
        sys.exit(f"numbers of what was dialled: {numbers}")
    for begin, low, high in (0, 770, 1336), (8, 852, 1477):
        tone, pause = ([linear(byte) for packet in heard[part] for byte in packet[12:]]
                       for part in (slice(begin, begin + 5), slice(begin + 5, begin + 8)))
        # Two sines of -14 dBm0, without the ends that are faded.
        levels = [loudness(tone[100:-100], frequency) for frequency in (low, high)]
        if max(map(abs, pause)) > 8 or any(abs(level / 4557 - 1) > 0.1 for level in levels):
            sys.exit(f"not the tones of a digit: {levels}")
    ask("delete", **names, **{"delete-delay": 0})


def wait_transcoded(count):
    end = time.monotonic() + 5
    while (seen := ask("statistics")["statistics"]["currentstatistics"]["transcodedmedia"]) != count:
        if time.monotonic() > end:
            sys.exit(f"media that are transcoded: {seen}")
        time.sleep(0.02)


what = sys.argv[2]
if what == "calls":
    print(len(call_ids()))
elif what == "ports":
    print(ask("statistics")["statistics"]["currentstatistics"]["ports"])
elif what == "heard":
    wait_heard(int(sys.argv[3]), int(sys.argv[4]))
elif what == "transcoded":
    wait_transcoded(int(sys.argv[3]))
elif what == "ended":
    end_counted([int(sys.argv[3]), int(sys.argv[4])])
elif what == "play":
    play(sys.argv[3], int(sys.argv[4]))
    dial_tones()
else:
    srtp()
