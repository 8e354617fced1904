"""Voices that turn a text into sound, ahead of any call. They are optional: `pip install 'yihu[voices]'`."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from cti.programs import ProgramMissing, find_program
from cti.speech.errors import SpeechError


class VoiceError(SpeechError):
    """A voice is not installed, or does not speak the language."""


@dataclass(frozen=True, slots=True)
class Speech:
    """One rendered text: 16-bit little-endian mono at `rate` samples a second."""

    pcm: bytes
    rate: int


class Voice(Protocol):
    licence: str
    """Of the engine and its voices, as the index of the recordings keeps it."""

    def name(self, language: str) -> str:
        """Engine and speaker; a recording is made anew when it changes. VoiceError: does not speak this language."""

    def render(self, text: str, language: str) -> Speech:
        """VoiceError: not installed, or the engine failed."""


class EspeakVoice:
    """espeak-ng: robotic, small, speaks everything. The floor, and the only voice we have for Cantonese."""

    licence = "spoken by espeak-ng (GPL-3.0-or-later); the licence of the program does not extend to the sound it makes"
    # The plain `cmn` voice of espeak-ng 1.51 (Debian 12) reads pinyin as if it were English; this one is right.
    _SPEAKERS: ClassVar = {"zh-CN": "cmn-latn-pinyin", "yue": "yue", "en": "en-us"}
    _WORDS_A_MINUTE = 185

    def name(self, language: str) -> str:
        return f"espeak-ng {self._speaker(language)}"

    def render(self, text: str, language: str) -> Speech:
        speaker = self._speaker(language)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "speech.wav"
            _espeak("-v", speaker, "-s", str(self._WORDS_A_MINUTE), "-w", str(file), text=text)
            with wave.open(str(file)) as sound:
                return Speech(sound.readframes(sound.getnframes()), sound.getframerate())

    def _speaker(self, language: str) -> str:
        if language not in self._SPEAKERS:
            raise VoiceError(f"espeak-ng is not set up for {language!r}; it speaks {', '.join(self._SPEAKERS)}")
        return self._SPEAKERS[language]


class KokoroVoice:
    """Kokoro-82M: the best voice that runs without a network. About half of real time on one core.

    `folder` holds kokoro-v1.0.int8.onnx, vocab.json and voices/<speaker>.bin (float32 style vectors, N x 256);
    `setup/get_kokoro.sh` puts them there. English needs espeak-ng too, which turns it into phonemes.
    """

    licence = "spoken by Kokoro-82M v1.0 (model and voices Apache-2.0)"
    _RATE = 24000
    _MAX_PHONEMES = 508
    _PAUSE_S = 0.22
    """Between sentences, in place of the second that the model leaves."""
    _SPEED = 1.1
    """Service wording is formulaic and callers pay with their time; still slower than a newsreader."""

    def __init__(self, folder: Path, speakers: dict[str, str] | None = None) -> None:
        self._folder = folder
        self._speakers = speakers or {"zh-CN": "zf_xiaoxiao", "en": "af_heart"}
        self._session: Any = None
        self._vocabulary: dict[str, int] = {}
        self._mandarin: Any = None

    def name(self, language: str) -> str:
        return f"kokoro-82m-v1.0 {self._speaker(language)}"

    def render(self, text: str, language: str) -> Speech:
        speaker = self._speaker(language)
        self._load()
        import numpy as np

        from cti.speech.sound import trimmed

        styles = np.fromfile(self._folder / "voices" / f"{speaker}.bin", dtype=np.float32).reshape(-1, 256)
        if text[-1] not in "。；！？;!?.":
            text += "." if language == "en" else "。"  # a word by itself ends cleanly only with a full stop
        pieces: list[Any] = []
        for sentence in re.findall(r"[^。；！？;!?.]+[。；！？;!?.]?", text):
            tokens = [self._vocabulary[mark] for mark in self._phonemes(sentence, language) if mark in self._vocabulary]
            if len(tokens) > self._MAX_PHONEMES:
                raise VoiceError(f"a sentence of {len(sentence)} characters is too long for Kokoro; divide it")
            inputs = {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": styles[min(len(tokens), len(styles) - 1)].reshape(1, 256),
                "speed": np.array([self._SPEED], dtype=np.float32),
            }
            said = trimmed(np.asarray(self._session.run(None, inputs)[0]).ravel(), self._RATE, 0.02, 0.02)
            pause_s = self._PAUSE_S if pieces else 0.0
            pieces += [np.zeros(int(pause_s * self._RATE), np.float32), said]
        samples = np.clip(np.concatenate(pieces), -1, 1) * 32767
        return Speech(samples.astype("<i2").tobytes(), self._RATE)

    def _speaker(self, language: str) -> str:
        if language not in self._speakers:
            raise VoiceError(f"Kokoro does not speak {language!r}; it speaks {', '.join(self._speakers)}")
        return self._speakers[language]

    def _load(self) -> None:
        if self._session is not None:
            return
        try:
            import onnxruntime
            from misaki import zh
        except ImportError as error:
            raise VoiceError(f"Kokoro needs the package {error.name}: pip install 'yihu[voices]'") from None
        try:
            self._vocabulary = json.loads((self._folder / "vocab.json").read_text(encoding="utf-8"))["vocab"]
            model = (self._folder / "kokoro-v1.0.int8.onnx").resolve(strict=True)
        except OSError as error:
            raise VoiceError(f"{error.filename} is missing: run setup/get_kokoro.sh and set YIHU_KOKORO_DIR") from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the same sound on every machine, whatever its number of cores
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        logging.getLogger("jieba").setLevel(logging.WARNING)  # it tells the terminal about its dictionary
        self._mandarin = zh.ZHG2P()

    def _phonemes(self, text: str, language: str) -> str:
        if language == "en":
            return _english_phonemes(text)
        # English words within a Mandarin prompt are spoken by the same speaker, in English.
        parts = re.split(r"([A-Za-z][A-Za-z ,']*[A-Za-z])", text)
        return " ".join(
            _english_phonemes(part) if n % 2 else self._mandarin(part)[0] for n, part in enumerate(parts) if part
        )


def _english_phonemes(text: str) -> str:
    """IPA with the punctuation kept, which gives the voice its pauses; marks that Kokoro writes otherwise replaced."""
    parts = re.split(r"([,.;:!?])", text)
    said = ""
    for part in parts:
        if re.fullmatch(r"[,.;:!?]", part):
            said += part
        elif part.strip():
            ipa = " ".join(_espeak("-q", "--ipa", "-v", "en-us", text=part).split())
            said += (" " if said else "") + ipa
    for espeak, kokoro in (("ʲ", "j"), ("r", "ɹ"), ("x", "k"), ("ɬ", "l"), ("nˈaɪnti", "nˈaɪndi")):
        said = said.replace(espeak, kokoro)
    return said


def _espeak(*options: str, text: str) -> str:
    try:
        program = find_program("espeak-ng")
    except ProgramMissing as error:
        raise VoiceError(str(error)) from None
    environment = dict(os.environ)
    if program.root is not None:
        environment["ESPEAK_DATA_PATH"] = str(next(program.root.glob("usr/lib/*/espeak-ng-data")))
    command = [*program.argv_prefix, *options, "--stdin"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, env=environment)
    if done.returncode:
        raise VoiceError(f"espeak-ng failed ({done.returncode}): {done.stderr.strip()[-300:]}")
    return done.stdout


def installed_voices() -> dict[str, Voice]:
    """By the name of the engine, the best first; which of them can be had without trying them out."""
    voices: dict[str, Voice] = {}
    if folder := os.environ.get("YIHU_KOKORO_DIR"):
        voices["kokoro"] = KokoroVoice(Path(folder))
    with contextlib.suppress(ProgramMissing):
        find_program("espeak-ng")
        voices["espeak"] = EspeakVoice()
    return voices
