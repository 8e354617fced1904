"""Spoken requests as a telephone carries them, and what a recogniser made of them beside what was said."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from cti.demo import audio

PACKET = 320
"""Bytes of a telephone's packet: 20 ms of 8 kHz and 16 bits."""
STREET_LAMP = "我要反映一下厚街镇振兴路的路灯坏了已经一个星期了晚上走路很黑很危险"
MATERNITY_BENEFIT = "我想问一下生育津贴什么时候到账我是四月份生的孩子公司在塘厦镇材料已经交了两个月"


def sound_of(name: str) -> bytes:
    """A shipped request: 16 bits, 8 kHz."""
    return audio.decode(audio.load(name))


def packets(pcm: bytes) -> Iterator[bytes]:
    for at in range(0, len(pcm), PACKET):
        yield pcm[at : at + PACKET]


def error_rate(said: str, understood: str) -> float:
    """Character error rate."""
    return Levenshtein.distance(said, understood) / len(said)


def write_wav(path: Path, *channels: bytes, rate_hz: int = 8000) -> Path:
    """Each side of a talk in a channel of its own; the shorter ones are filled up with silence."""
    length = max(map(len, channels))
    padded = [channel.ljust(length, b"\0") for channel in channels]
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(len(channels))
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.writeframes(b"".join(side[at : at + 2] for at in range(0, length, 2) for side in padded))
    return path
