"""Vosk itself: one model, and the streams that are understood with it. Only worker processes import this.

A stream is used by one thread at a time; a single call can take most of a second with a large model.
"""

from __future__ import annotations

import time
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import soxr
import vosk

from cti.speech.model_folder import read_facts
from cti.speech.phrase_words import split
from cti.speech.vosk_result import UNKNOWN, final_words, partial_text
from recordings.transcript import Word

_WARM_SLICE_S = 0.2


class SoundRefused(Exception):
    """The model cannot take this sound."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a stream has to say: the words of a finished utterance, or what is understood of one so far."""

    partial: str = ""
    words: tuple[Word, ...] = ()


class Recogniser:
    """One loaded model. NoModel, or Exception of Vosk, if it cannot be loaded."""

    def __init__(self, folder: Path) -> None:
        vosk.SetLogLevel(-1)
        self.facts = read_facts(folder)
        # By path and never by name: by name Vosk would fetch a model from the network.
        self._model = vosk.Model(model_path=str(folder))

    def stream(self, rate_hz: int, phrases: Sequence[str] | None) -> Stream:
        """SoundRefused."""
        at_hz = self.facts.input_rate_hz(rate_hz)
        grammar = self._grammar(phrases) if phrases and self.facts.phrases else None
        try:
            vosk_stream = vosk.KaldiRecognizer(self._model, float(at_hz), *([grammar] if grammar else []))
        except Exception:  # noqa: BLE001 - Vosk knows no other
            raise SoundRefused from None
        vosk_stream.SetWords(True)
        return Stream(vosk_stream, soxr.ResampleStream(rate_hz, at_hz, 1, "int16") if at_hz != rate_hz else None)

    def warm(self, speech: Path) -> float | None:
        """Understands a recording once, so that everything is in memory. Processor seconds for a second of it; None
        when there is no such recording."""
        try:
            with wave.open(str(speech)) as sound:
                rate_hz, pcm = sound.getframerate(), sound.readframes(sound.getnframes())
        except (OSError, EOFError, wave.Error):
            return None
        stream, began = self.stream(rate_hz, None), time.process_time()
        size = int(rate_hz * _WARM_SLICE_S) * 2
        for at in range(0, len(pcm), size):
            for _ in stream.hear(pcm[at : at + size]):
                pass
        for _ in stream.finish():
            pass
        return (time.process_time() - began) / (len(pcm) / 2 / rate_hz) if pcm else None

    def _grammar(self, phrases: Sequence[str]) -> str | None:
        known = [words for phrase in phrases if (words := split(phrase, self._knows))]
        if not known:
            return None
        # "Something else" where the model has it, so that a cough does not become a phrase.
        others = [UNKNOWN] if self._knows(UNKNOWN) else []
        return orjson.dumps([" ".join(words) for words in known] + others).decode()

    def _knows(self, word: str) -> bool:
        return bool(self._model.vosk_model_find_word(word) >= 0)


class Stream:
    """One speaker, heard from his first sound to his last."""

    def __init__(self, stream: Any, resampler: Any) -> None:
        self._stream, self._resampler = stream, resampler
        self._partial = ""

    def hear(self, pcm: bytes) -> Iterator[Said]:
        """Takes the sound when it is iterated over. SoundRefused."""
        if self._resampler is not None:
            pcm = self._resampler.resample_chunk(np.frombuffer(pcm, "<i2")).astype("<i2").tobytes()
        try:
            pause = self._stream.AcceptWaveform(pcm) if pcm else 0
        except Exception:  # noqa: BLE001 - Vosk knows no other
            raise SoundRefused from None
        if pause:
            self._partial = ""
            yield from self._final(self._stream.Result())
        else:
            partial = partial_text(self._stream.PartialResult())
            if partial != self._partial:
                self._partial = partial
                yield Said(partial=partial)

    def finish(self) -> Iterator[Said]:
        """The last words. SoundRefused."""
        if self._resampler is not None:
            rest = self._resampler.resample_chunk(np.zeros(0, "<i2"), last=True).astype("<i2").tobytes()
            if rest and self._stream.AcceptWaveform(rest):
                yield from self._final(self._stream.Result())
        yield from self._final(self._stream.FinalResult())

    @staticmethod
    def _final(text: str) -> Iterator[Said]:
        if words := final_words(text):
            yield Said(words=words)
