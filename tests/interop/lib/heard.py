"""What is in a recording: heard.py FILE HZ [FROM [TO]], seconds, negative ones from its end; exits with 0 where every 100 ms of its first channel have that tone, loud."""
import array
import math
import sys
import wave


def amplitude_at(samples, hertz, rate):
    """The amplitude of that sine in the samples (Goertzel's algorithm), 1 for full scale."""
    turn = 2 * math.cos(2 * math.pi * hertz / rate)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    power = last * last + before * before - turn * last * before
    return 2 * math.sqrt(max(power, 0)) / len(samples) / 32768


def main():
    path, hertz = sys.argv[1], float(sys.argv[2])
    with wave.open(path) as sound:
        rate = sound.getframerate()
        assert sound.getsampwidth() == 2, "not 16 bits a sample"
        samples = array.array("h", sound.readframes(sound.getnframes()))[:: sound.getnchannels()]
    bounds = [int(float(text) * rate) + (len(samples) if text.startswith("-") else 0) for text in sys.argv[3:5]]
    begin, end = bounds[0] if bounds else 0, bounds[1] if len(bounds) == 2 else len(samples)
    step = rate // 10
    frames = [samples[at : at + step] for at in range(begin, min(end, len(samples)) - step + 1, step)]
    levels = [amplitude_at(frame, hertz, rate) for frame in frames]
    print(f"{path}: {len(levels)} tenths of a second, {hertz:g} Hz at {min(levels, default=0):.3f} to {max(levels, default=0):.3f}")
    if len(levels) < 5 or min(levels) < 0.1:
        sys.exit(1)


main()
