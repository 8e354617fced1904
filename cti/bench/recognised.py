"""What a recogniser makes of the spoken requests, and how many of their characters it got wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from cti.bench.request_set import Request
from cti.demo.audio import RATE, decode
from cti.speech.vosk_result import final_words
from recordings.transcript import Word

_CHUNK = 2 * RATE // 50
"""Bytes of 20 ms, as the telephone brings them"""
_NO_CHARACTER = re.compile(r"[^\w]|_")


class NoRecogniser(Exception):
    """There is nothing to recognise with; the text says what is missing."""


class Recogniser:
    def __init__(self, model: Path | None) -> None:
        """NoRecogniser: no vosk, no such model."""
        try:
            import vosk
        except ModuleNotFoundError:
            raise NoRecogniser("the package vosk is not installed") from None
        if model is None:
            raise NoRecogniser("no speech model given: --model FOLDER, or VOSK_MODEL_PATH")
        if not (model / "am").is_dir():
            raise NoRecogniser(f"{model} is no folder of a Vosk model")
        vosk.SetLogLevel(-1)
        self._vosk, self._model = vosk, vosk.Model(str(model))

    def words(self, request: Request) -> list[Word]:
        recogniser = self._vosk.KaldiRecognizer(self._model, RATE)
        recogniser.SetWords(True)
        sound = decode(request.sound.read_bytes())
        words: list[Word] = []
        for at in range(0, len(sound), _CHUNK):
            if recogniser.AcceptWaveform(sound[at : at + _CHUNK]):
                words += final_words(recogniser.Result())
        return [*words, *final_words(recogniser.FinalResult())]


def character_error_rate(pairs: Sequence[tuple[str, str]]) -> float:
    """Of (said, recognised); without punctuation, 幺 counted as 一."""
    plain = [(_plain(said), _plain(heard)) for said, heard in pairs]
    wrong = sum(Levenshtein.distance(said, heard) for said, heard in plain)
    return wrong / max(1, sum(len(said) for said, _ in plain))


def _plain(text: str) -> str:
    return _NO_CHARACTER.sub("", text).replace("幺", "一")
