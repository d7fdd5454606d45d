"""What streams of video hold, read without parley.

video_units.py same h264|av1 FILE FILE    whether both have the same NAL units (H.264 Annex B), or the same OBUs in each temporal unit (AV1
                                          in IVF), but for what is no part of them in RTP: temporal delimiters, tile lists, sizes
video_units.py holds h264|av1 FILE        how many units of which type there are, and the bytes of the largest one
"""
import collections
import pathlib
import sys


def nal_units(stream):
    # Zeros behind a unit are the stream's, as a unit ends with a bit that is 1.
    return [[unit.rstrip(b"\0") for unit in stream.split(b"\0\0\1")[1:]]]


def leb128(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 0x80:
            return value, at


def obus(data):
    """Of a temporal unit, each without its size (AV1 5.3)."""
    found, at = [], 0
    while at < len(data):
        header = data[at:at + (2 if data[at] & 4 else 1)]
        at += len(header)
        size, at = leb128(data, at) if header[0] & 2 else (len(data) - at, at)
        if header[0] >> 3 & 15 not in (2, 8):
            found.append(bytes([header[0] & ~2]) + header[1:] + data[at:at + size])
        at += size
    return found


def temporal_units(file):
    at, found = int.from_bytes(file[6:8], "little"), []
    while at < len(file):
        size = int.from_bytes(file[at:at + 4], "little")
        found.append(obus(file[at + 12:at + 12 + size]))
        at += 12 + size
    return found


units_of, type_of = {"h264": (nal_units, lambda unit: unit[0] & 31), "av1": (temporal_units, lambda unit: unit[0] >> 3 & 15)}[sys.argv[2]]
files = [units_of(pathlib.Path(path).read_bytes()) for path in sys.argv[3:]]
if sys.argv[1] == "same":
    if not files[0] or files[0] != files[1]:
        sys.exit(f"{[sum(map(len, file)) for file in files]} units, which are not the same")
else:
    units = sum(files[0], [])
    counts = collections.Counter(map(type_of, units))
    print(*(f"{kind}:{count}" for kind, count in sorted(counts.items())), f"largest:{max(map(len, units))}")
