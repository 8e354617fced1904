"""Makes rendered speech fit for the telephone: cut, levelled, resampled, in the WAV files that Asterisk plays.

Needs the optional packages of the voices (numpy, soxr); nothing here runs while a caller is on the line.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from cti.speech.voices import Speech

LEVEL_DBFS = -20.0
"""RMS of the speech itself, without its pauses."""
PEAK_DBFS = -1.0
LEAD_S = 0.04
TRAIL_S = 0.08
_FRAME_S = 0.01
_SILENCE_DB = 40.0
"""A frame this much below the loudest one is silence."""
_LOW_CUT_HZ = (80.0, 160.0)
"""A telephone carries nothing below; what is there would only spend level."""


def telephone(speech: Speech, rate: int) -> bytes:
    """16-bit mono at `rate`: low cut, silence at both ends trimmed, LEVEL_DBFS unless that would exceed PEAK_DBFS."""
    samples = np.frombuffer(speech.pcm, dtype="<i2").astype(np.float64) / 32768
    samples = trimmed(_low_cut(samples, speech.rate), speech.rate, LEAD_S, TRAIL_S)
    samples = soxr.resample(samples, speech.rate, rate, quality="VHQ")
    gain = 10 ** (LEVEL_DBFS / 20) / max(_speech_rms(samples, rate), 1e-6)
    highest = 10 ** (PEAK_DBFS / 20) / max(float(np.abs(samples).max()), 1e-6)
    return bytes((samples * min(gain, highest) * 32767).round().astype("<i2").tobytes())


def write_wav(path: Path, pcm: bytes, rate: int) -> None:
    """Whole or not at all: Asterisk may be playing the file that is replaced."""
    new = path.with_name(path.name + ".new")
    with wave.open(str(new), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(pcm)
    new.replace(path)


def trimmed(samples: Any, rate: int, lead_s: float, trail_s: float) -> Any:
    """The array from `lead_s` before the first to `trail_s` after the last frame that is not silence; short fades."""
    loud = np.nonzero(_speech_frames(samples, rate))[0]
    frame = int(rate * _FRAME_S)
    lead, trail = int(lead_s * rate), int(trail_s * rate)
    first, end = (int(loud[0]) * frame, (int(loud[-1]) + 1) * frame) if len(loud) else (0, 0)
    padded = np.concatenate([np.zeros(lead), samples, np.zeros(trail)])  # index i of samples is i + lead here
    cut = padded[first : end + lead + trail].copy()
    ramp = np.linspace(0, 1, min(lead, trail, len(cut)), endpoint=False)
    cut[: len(ramp)] *= ramp
    cut[len(cut) - len(ramp) :] *= ramp[::-1]
    return cut


def speech_dbfs(samples: Any, rate: int) -> float:
    """How loud the speech in it is, without its pauses; samples from -1 to 1."""
    return float(20 * np.log10(max(_speech_rms(samples, rate), 1e-6)))


def _speech_frames(samples: Any, rate: int) -> Any:
    """For every full frame whether it is speech."""
    frame = int(rate * _FRAME_S)
    count = len(samples) // frame
    energy = (samples[: count * frame].reshape(count, frame) ** 2).mean(axis=1)
    return energy > energy.max(initial=0.0) * 10 ** (-_SILENCE_DB / 10)


def _speech_rms(samples: Any, rate: int) -> float:
    frame = int(rate * _FRAME_S)
    speech = _speech_frames(samples, rate)
    chosen = samples[: len(speech) * frame].reshape(len(speech), frame)[speech]
    return float(np.sqrt((chosen**2).mean())) if chosen.size else 0.0


def _low_cut(samples: Any, rate: int) -> Any:
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / rate)
    low, high = _LOW_CUT_HZ
    pass_band = np.clip((hertz - low) / (high - low), 0, 1)
    return np.fft.irfft(spectrum * pass_band, len(samples))
