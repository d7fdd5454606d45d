"""Two calls through a relay, while a flood comes to one of their ports:
relay_flood.py NG_PORT FLOOD_PROGRAM RATE SECONDS METRICS_PORT

The flood has the SSRC of that call's sound and its next sequence numbers. None of it may come through, and when it is over nothing of the
calls may be missing. Prints `flood=N/s during=SHARE other=SHARE errors=N`: of the packets that the calls sent meanwhile, how much arrived.
"""
import os
import re
import struct
import subprocess
import sys
import time
import urllib.request

from ng_client import ask, described, media_socket, where


class Call:
    """Two ends, each of which sends a packet every 20 ms."""

    def __init__(self, name):
        self.names = {"call-id": f"flood-{name}-{os.getpid()}", "from-tag": "alice"}
        self.ends = [media_socket(), media_socket()]
        for end in self.ends:
            end.setblocking(False)
        alice, bob = self.ends
        offer = ask("offer", **self.names, sdp=described(alice, "RTP/AVP"))["sdp"]
        answer = ask("answer", **self.names, **{"to-tag": "bob"}, sdp=described(bob, "RTP/AVP"))["sdp"]
        self.relay = [where(answer, "RTP/AVP"), where(offer, "RTP/AVP")]
        self.sequence = 1000
        self.clear()

    def clear(self):
        self.sent = self.heard = 0

    def beat(self):
        for end, (socket, to) in enumerate(zip(self.ends, self.relay)):
            packet = struct.pack("!BBHII", 0x80, 8, self.sequence, self.sequence * 160, 7 + end) + bytes([0xD5]) * 160
            socket.sendto(packet, to)
            self.sent += 1
        self.sequence += 1

    def listen(self):
        for end, socket in enumerate(self.ends):
            while True:
                try:
                    packet = socket.recv(2048)
                except BlockingIOError:
                    break
                if packet[12:] != bytes([0xD5]) * 160 or packet[8:12] != struct.pack("!I", 8 - end):
                    sys.exit(f"a packet of the flood has come through: {packet[:16].hex()}")
                self.heard += 1

    def errors(self):
        return sum(stream["stats"]["errors"] for tag in ask("query", **self.names)["tags"].values()
                   for medium in tag["medias"] for stream in medium["streams"])


def talk(calls, seconds):
    """Lets the calls talk, and listens a little longer."""
    beats = int(seconds * 50)
    begin = time.monotonic()
    for beat in range(beats):
        time.sleep(max(0, begin + beat * 0.02 - time.monotonic()))
        for call in calls:
            call.beat()
            call.listen()
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        time.sleep(0.01)
        for call in calls:
            call.listen()
    shares = [call.heard / call.sent for call in calls]
    for call in calls:
        call.clear()
    return shares


def unclaimed():
    with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[5]}/metrics", timeout=5) as answer:
        return int(re.search(r"^parley_relay_packets_unclaimed_total (\d+)$", answer.read().decode(), re.M)[1])


def main():
    program, rate, seconds = sys.argv[2], sys.argv[3], float(sys.argv[4])
    hit, other = calls = [Call("hit"), Call("other")]
    if talk(calls, 0.5) != [1, 1]:
        sys.exit("packets are missing before the flood")
    address, port = hit.relay[0]
    flood = subprocess.Popen([program, address, str(port), rate, str(seconds), "7", str(hit.sequence)],
                             stdout=subprocess.PIPE, text=True)
    during = talk(calls, seconds)
    sent = flood.communicate()[0].split()
    time.sleep(0.5)
    for call in calls:
        call.listen()
        call.clear()
    after = talk(calls, 1)
    if after != [1, 1]:
        sys.exit(f"packets are missing after the flood: {after} came")
    # Of a port that calls share nobody knows whose a stranger's packet was to be.
    errors = hit.errors() + unclaimed()
    if errors < 1000:
        sys.exit(f"only {errors} packets of the flood were counted as errors")
    print(f"flood={sent[1].removeprefix('rate=')} during={during[0]:.3f} other={during[1]:.3f} errors={errors}")
    for call in calls:
        ask("delete", **call.names, **{"delete-delay": 0})


main()
