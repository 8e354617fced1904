"""Sound for test calls as a trunk carries it: A-law, 8 kHz, one byte a sample."""

from __future__ import annotations

import functools
import sys
import wave
from array import array
from pathlib import Path

RATE = 8000
SAMPLES = Path(__file__).resolve().parent / "audio"
"""Spoken requests of our own text, made with a synthetic voice; `audio/README.md` has the texts."""


class SoundError(Exception):
    """A sound file cannot be used; the text says why and what would do."""


def sample_names() -> list[str]:
    return sorted(path.stem for path in SAMPLES.glob("*.alaw"))


def load(name: str) -> bytes:
    """A shipped sample by name, or a WAV file (16 bit, 8 kHz or a multiple of it), as A-law."""
    shipped = SAMPLES / f"{name}.alaw"
    if shipped.is_file():
        return shipped.read_bytes()
    path = Path(name)
    if not path.is_file():
        raise SoundError(f"{name}: neither a file nor one of the shipped samples {', '.join(sample_names())}")
    try:
        with wave.open(str(path)) as wav:
            channels, width, rate = wav.getnchannels(), wav.getsampwidth(), wav.getframerate()
            frames = wav.readframes(wav.getnframes())
    except (wave.Error, EOFError) as error:
        raise SoundError(f"{name}: not a WAV file ({error}); convert it: sox IN -r 8000 -b 16 -c 1 OUT.wav") from None
    if width != 2 or rate % RATE or not frames:
        found = f"{8 * width} bit, {rate} Hz, {len(frames)} bytes"
        raise SoundError(f"{name}: {found}; 16 bit at 8 kHz is wanted: sox IN -r 8000 -b 16 -c 1 OUT.wav")
    samples = array("h", frames)
    if sys.byteorder == "big":
        samples.byteswap()
    step = channels * rate // RATE
    return encode([sum(samples[i : i + step]) // step for i in range(0, len(samples) - step + 1, step)])


def encode(samples: list[int]) -> bytes:
    """16-bit samples as A-law (ITU-T G.711)."""
    table = _table()
    return bytes(table[(sample >> 3) + 4096] for sample in samples)


def decode(alaw: bytes) -> bytes:
    """A-law as 16-bit samples, little-endian."""
    table = _samples()
    samples = array("h", (table[byte] for byte in alaw))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


@functools.cache
def _samples() -> tuple[int, ...]:
    """The 16-bit sample of each A-law byte."""
    return tuple(_sample(byte ^ 0x55) for byte in range(256))


def _sample(byte: int) -> int:
    segment, step = byte >> 4 & 0x07, byte & 0x0F
    size = (step << 4) + 8 if segment == 0 else (step << 4) + 0x108 << segment - 1
    return size if byte & 0x80 else -size


@functools.cache
def _table() -> bytes:
    """A-law byte of each 13-bit value, from -4096 on."""
    return bytes(_one(value) for value in range(-4096, 4096))


def _one(value: int) -> int:
    sign, size = (0x80, value) if value >= 0 else (0, -value - 1)
    if size < 32:
        return (sign | size >> 1) ^ 0x55
    segment = size.bit_length() - 5
    return (sign | segment << 4 | size >> segment & 0x0F) ^ 0x55
