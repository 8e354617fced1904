"""Makes the hold music: a quiet melody of our own in five notes, 8 kHz mono, that runs into its own beginning.

    python setup/hold_melody.py asterisk-config/moh/melody.wav

Needs the standard library alone. The same program always makes the same file.
"""

from __future__ import annotations

import array
import math
import sys
import wave

RATE = 8000
BEAT_S = 0.75
PEAK = 0.22  # of full scale: music a caller may wait to for minutes

# The notes gong, shang, jue, zhi and yu on F; a number is an index into them, beyond 4 an octave higher.
SCALE_HZ = (174.61, 196.00, 220.00, 261.63, 293.66)
MELODY = (
    "4 . 5 6 | 7 . 6 . | 5 . 6 5 | 4 . . . | 3 . 4 5 | 6 . 5 . | 4 . 3 2 | 3 . . . |"
    "5 . 6 7 | 8 . 7 . | 6 . 7 6 | 5 . . . | 4 . 5 4 | 3 . 2 . | 1 . 2 3 | 0 . . ."
)  # fmt: skip
BASS = "0 . . . | 3 . . . | 1 . . . | 0 . . . | 3 . . . | 1 . . . | 4 . . . | 3 . . . |" * 2


def frequency(index: int) -> float:
    octave, note = divmod(index, len(SCALE_HZ))
    return float(SCALE_HZ[note] * 2**octave)


def add(samples: list[float], at_s: float, hz: float, length_s: float, loudness: float) -> None:
    """A plucked tone with three overtones; what reaches past the end is laid over the beginning: a seamless loop."""
    start = round(at_s * RATE)
    for n in range(round(length_s * RATE)):
        t = n / RATE
        attack = min(1.0, t / 0.015)
        release = min(1.0, (length_s - t) / 0.2)
        tone = sum(math.sin(2 * math.pi * hz * k * t) * math.exp(-t * (1.1 + 0.9 * k)) / k**1.6 for k in (1, 2, 3, 4))
        samples[(start + n) % len(samples)] += loudness * attack * release * tone


def play(samples: list[float], notes: str, octaves: int, length_s: float, loudness: float) -> None:
    for beat, note in enumerate(notes.replace("|", " ").split()):
        if note != ".":
            add(samples, beat * BEAT_S / 2, frequency(int(note) + 5 * octaves), length_s, loudness)


def main(path: str) -> None:
    beats = len(MELODY.replace("|", " ").split())
    samples = [0.0] * round(beats * BEAT_S / 2 * RATE)
    play(samples, MELODY, octaves=1, length_s=2.4, loudness=1.0)
    play(samples, BASS, octaves=0, length_s=3.0, loudness=0.7)
    loudest = max(map(abs, samples))
    data = array.array("h", (round(s / loudest * PEAK * 32767) for s in samples))
    if sys.byteorder == "big":
        data.byteswap()
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(data.tobytes())


if __name__ == "__main__":
    main(sys.argv[1])
