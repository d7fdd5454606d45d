"""How far sounds are from one another, as an ear would have it.

    sound_distance.py RATE LIMIT REFERENCE FILE...

All are headerless samples of 16 bits at RATE. Prints for each FILE its log-spectral distance from REFERENCE in dB and by how many
samples it is later; ends with 3 where one is farther than LIMIT, or more than 20 ms later, or 0.25 ms earlier.

The distance is the mean, over those frames of 32 ms in which REFERENCE sounds, of the root of the mean square of the differences in
dB between the energies in bands: about as wide as an ear's, 125 Hz at the bottom and 12 % of where they are above. Levels more than
30 dB below a frame's loudest band count as 30 dB below: nobody hears them beside it.
"""

import cmath
import math
import struct
import sys

HEARD_DB = 30  # below the loudest band of a frame
SOUNDS_DB = 25  # below the loudest frame


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    return [float(s) for (s,) in struct.iter_unpack("<h", data[: len(data) // 2 * 2])]


def fft(x):
    n = len(x)
    if n == 4:
        a, b, c, d = x
        p, q, r, s = a + c, a - c, b + d, (b - d) * -1j
        return [p + r, q + s, p - r, q - s]
    even, odd = fft(x[0::2]), fft(x[1::2])
    turns = TURNS.setdefault(n, [cmath.exp(-2j * math.pi * k / n) for k in range(n // 2)])
    half = [t * o for t, o in zip(turns, odd)]
    return [e + h for e, h in zip(even, half)] + [e - h for e, h in zip(even, half)]


TURNS = {}


def delay(reference, other, rate):
    """By how many samples `other` is later, from where `reference` is loudest; 64 ms at most."""
    length = rate // 8000 * 1024
    half = length // 2
    starts = range(half, max(half + 1, len(reference) - 2 * length), half)
    start = max(starts, key=lambda s: sum(v * v for v in reference[s : s + length]))
    piece = reference[start : start + length]
    piece += [0.0] * (2 * length - len(piece))
    window = other[start - half : start - half + 2 * length]
    window += [0.0] * (2 * length - len(window))
    spectrum = [b * a.conjugate() for a, b in zip(fft(piece), fft(window))]
    correlation = fft([s.conjugate() for s in spectrum])
    best = max(range(length), key=lambda k: correlation[k].real)
    return best - half


def frames(samples, rate, offset, count):
    """The energies of `count` frames in bands, in dB."""
    length = rate // 8000 * 256
    hann = [0.5 - 0.5 * math.cos(2 * math.pi * i / length) for i in range(length)]
    edges = [200.0]
    while edges[-1] < 0.425 * rate:
        edges.append(edges[-1] + max(125.0, edges[-1] * 0.12))
    bins = [round(e * length / rate) for e in edges]
    out = []
    for f in range(0, count, 2):
        pair = []
        for at in (offset + f * length, offset + (f + 1) * length):
            part = samples[at : at + length] if at >= 0 else []
            pair.append(part + [0.0] * (length - len(part)))
        # Two real frames in one complex transform.
        both = fft([complex(a * w, b * w) for a, b, w in zip(pair[0], pair[1], hann)])
        first, second = [], []
        for low, high in zip(bins, bins[1:]):
            one = two = 1.0
            for k in range(low, high):
                p, q = both[k], both[length - k].conjugate()
                one += abs(p + q) ** 2 / 4
                two += abs(p - q) ** 2 / 4
            first.append(10 * math.log10(one))
            second.append(10 * math.log10(two))
        out += [first, second]
    return out[:count]


def distance(reference, other):
    loudest = max(max(frame) for frame in reference)
    total = sounding = 0
    for a, b in zip(reference, other):
        top = max(a)
        if top < loudest - SOUNDS_DB:
            continue
        floor = top - HEARD_DB
        total += math.sqrt(sum((max(x, floor) - max(y, floor)) ** 2 for x, y in zip(a, b)) / len(a))
        sounding += 1
    return total / sounding


def main():
    rate, limit = int(sys.argv[1]), float(sys.argv[2])
    reference = read(sys.argv[3])
    count = len(reference) // (rate // 8000 * 256)
    shown = frames(reference, rate, 0, count)
    far = False
    for path in sys.argv[4:]:
        other = read(path)
        late = delay(reference, other, rate)
        apart = distance(shown, frames(other, rate, late, count))
        print(f"{path.rsplit('/', 1)[-1]} {apart:.2f} dB, {late} samples later")
        far = far or apart > limit or not -rate // 4000 <= late <= rate // 50
    sys.exit(3 if far else 0)


main()
