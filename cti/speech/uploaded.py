"""A recording that somebody made elsewhere: judged, and made fit for the telephone."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass

import numpy as np

from cti.speech.errors import SpeechError
from cti.speech.sound import LEVEL_DBFS, speech_dbfs, telephone
from cti.speech.voices import Speech

SHORTEST_S, LONGEST_S = 0.3, 120.0
QUIETEST_DBFS = -45.0
"""Speech below this would bring up more noise than words when it is made as loud as the others."""
CLIPPED = 0.001
"""So many of the samples at the very top, and it is heard."""


class Unusable(SpeechError):
    """`code` is stable; the text says what is wrong with the recording and what would be right."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Judged:
    speech: Speech
    seconds: float
    """As it will be played: without the silence before and after."""
    level_dbfs: float
    """Of the speech, as it came."""
    warnings: tuple[str, ...]
    """clipped: it was recorded too loud; quiet: it is raised by more than 15 dB."""


def judged(data: bytes) -> Judged:
    """Unusable if it cannot be played to anybody. `data`: a WAV file of any rate, 8 to 32 bits, one or two channels."""
    samples, rate = _samples(data)
    if len(samples) < SHORTEST_S * rate:
        raise Unusable("too_short", f"is shorter than {SHORTEST_S} s")
    if len(samples) > LONGEST_S * rate:
        raise Unusable("too_long", f"is longer than {LONGEST_S:g} s")
    level = speech_dbfs(samples, rate)
    if level < QUIETEST_DBFS:
        raise Unusable("silent", f"is almost silent ({level:.0f} dBFS): record it louder, near {LEVEL_DBFS:g} dBFS")
    warnings = []
    if float((np.abs(samples) >= 0.999).mean()) > CLIPPED:
        warnings.append("clipped")
    if level < LEVEL_DBFS - 15:
        warnings.append("quiet")
    pcm = (np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes()
    speech = Speech(pcm, rate)
    seconds = len(telephone(speech, 8000)) / 2 / 8000
    if seconds < SHORTEST_S:
        raise Unusable("too_short", f"has less than {SHORTEST_S} s of sound")
    return Judged(speech, round(seconds, 2), round(level, 1), tuple(warnings))


def _samples(data: bytes) -> tuple[np.ndarray, int]:
    """One channel, from -1 to 1, and the rate."""
    try:
        with wave.open(io.BytesIO(data)) as sound:
            rate, channels, width = sound.getframerate(), sound.getnchannels(), sound.getsampwidth()
            raw = sound.readframes(sound.getnframes())
    except (EOFError, wave.Error):
        raise Unusable("no_wav", "is no WAV file with plain samples (PCM): save it as one, 16 bits") from None
    if not 8000 <= rate <= 192_000 or channels not in (1, 2) or width not in (1, 2, 3, 4):
        raise Unusable("odd_wav", f"has {rate} Hz and {channels} channels: wanted 8000 Hz or more, one or two channels")
    raw = raw[: len(raw) // (channels * width) * channels * width]
    if width == 1:
        samples = (np.frombuffer(raw, "u1").astype(np.float64) - 128) / 128
    elif width == 3:
        parts = np.frombuffer(raw, "u1").reshape(-1, 3)
        whole: np.ndarray = np.zeros((len(parts), 4), "u1")
        whole[:, 1:] = parts
        samples = whole.view("<i4").ravel().astype(np.float64) / 2**31
    else:
        samples = np.frombuffer(raw, f"<i{width}").astype(np.float64) / 2 ** (8 * width - 1)
    return samples.reshape(-1, channels).mean(axis=1), rate
