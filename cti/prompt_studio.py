"""The city's own recordings of its prompts: uploaded or made by a voice, every one kept, any of them restored.

Blocking throughout. What it writes is played from the next call of it on.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cti.asterisk.names import DIALPLAN_PROMPTS
from cti.document_checks import Checks
from cti.flow_files import flow_paths, read_flow_text
from cti.prompt_texts import PromptTexts
from cti.settings import Settings
from cti.speech.prompt_build import WIDEBAND_LANGUAGES, speaking
from cti.speech.prompt_files import RATES, Index, Made, PromptFiles, load_index, save_index
from cti.speech.sound import telephone, write_wav
from cti.speech.uploaded import Unusable, judged
from cti.speech.voices import Speech, Voice, VoiceError, installed_voices
from ivr_flows.errors import FlowError
from ivr_flows.prompts import MAIN_LANGUAGE


class TooLongForFlow(Exception):
    """Callers would hear more before the queue than a flow allows; one fault a line."""


class NoSuchPrompt(KeyError):
    """No such prompt, language or version."""


def refusal(error: Exception) -> tuple[int, str, str] | None:
    """What a request that asked for too much is answered: status, code, text. None: it is a fault of ours."""
    match error:
        case NoSuchPrompt():
            return 404, "unknown_prompt", "there is no such prompt, language or version"
        case Unusable():
            return 422, error.code, f"the recording {error}"
        case TooLongForFlow():
            return 409, "too_long_for_flow", str(error)
        case VoiceError():
            return 503, "no_voice", str(error)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Take:
    """One version of one recording."""

    n: int
    at: float
    who: str
    why: str
    how: Literal["uploaded", "voiced", "restored", "found"]
    """found: somebody had put it into the folder."""
    seconds: float
    voice: str = ""
    """"": people."""
    level_dbfs: float | None = None
    """Of the speech as it was uploaded."""
    warnings: tuple[str, ...] = ()
    fingerprint: str = ""
    """Of the text that a voice has said."""
    of: int = 0
    """restored: of that version; 0: the shipped one."""


class PromptStudio:
    """`files` and `texts` are those that calls use; `voices`: what is installed."""

    def __init__(
        self,
        settings: Settings,
        files: PromptFiles,
        texts: PromptTexts,
        wall: Callable[[], float] = time.time,
        voices: Callable[[], Mapping[str, Voice]] = installed_voices,
    ) -> None:
        self._settings = settings
        self._files = files
        self._texts = texts
        self._wall = wall
        self._voices = voices
        self._own = settings.documents / "sounds"
        self._history = settings.documents / "history" / "sounds"
        self._lock = threading.Lock()

    def overview(self) -> list[dict[str, Any]]:
        """Every prompt with its texts and what is known of its recordings."""
        catalogue, city = self._texts.catalogue, self._settings.city.name
        wrong = {(f.language, f.prompt_id): f.problem for f in self._files.check(catalogue, city)}
        seconds = {language: self._files.durations(language) for language in catalogue.languages}
        rows = []
        for id_ in catalogue.ids():
            sounds = {
                language: {
                    "source": self._files.source(id_, language),
                    "seconds": seconds[language].get(id_),
                    "problem": wrong.get((language, id_)),
                    "takes": self._count(language, id_),
                }
                for language in catalogue.languages
            }
            texts = {
                language: dataclasses.asdict(wording)
                for language in catalogue.languages
                if (wording := catalogue.wordings[language].get(id_)) is not None
            }
            rows.append({"id": id_, "texts": texts, "sounds": sounds, "by_asterisk": id_ in DIALPLAN_PROMPTS})
        return rows

    def file(self, language: str, id_: str, n: int | None = None) -> Path:
        """What is played now, or version `n`. NoSuchPrompt."""
        self._known(language, id_)
        if n is None:
            found = self._files.file_of(id_, language)
        elif n == 0:
            found = self._files.shipped_file_of(id_, language)
        else:
            found = self._folder(language, id_) / f"{n:06d}.wav"
        if found is None or not found.exists():
            raise NoSuchPrompt(id_)
        return found

    def takes(self, language: str, id_: str) -> list[Take]:
        """The newest first. NoSuchPrompt."""
        self._known(language, id_)
        return [_take(path) for path in sorted(self._folder(language, id_).glob("*.json"), reverse=True)]

    def upload(self, language: str, id_: str, data: bytes, who: str, why: str) -> Take:
        """NoSuchPrompt, cti.speech.uploaded.Unusable, TooLongForFlow."""
        self._known(language, id_)
        found = judged(data)
        take = Take(0, 0.0, who, why, "uploaded", found.seconds, "", found.level_dbfs, found.warnings)
        return self._keep(language, id_, found.speech, take)

    def voice(self, language: str, id_: str, who: str, why: str) -> Take:
        """Made anew from its text. NoSuchPrompt, cti.speech.voices.VoiceError, TooLongForFlow."""
        self._known(language, id_)
        catalogue, city = self._texts.catalogue, self._settings.city.name
        voice = speaking(self._voices(), language)
        speech = voice.render(catalogue.spoken_text(id_, language, city), language)
        name = voice.name(language)
        seconds = round(len(telephone(speech, 8000)) / 2 / 8000, 2)
        fingerprint = catalogue.fingerprint(id_, language, name, city)
        take = Take(0, 0.0, who, why, "voiced", seconds, name, fingerprint=fingerprint)
        return self._keep(language, id_, speech, take, voice.licence)

    def restore(self, language: str, id_: str, n: int, who: str, why: str) -> Take:
        """Version `n` is played again; 0: the shipped one. NoSuchPrompt, TooLongForFlow."""
        file = self.file(language, id_, n)
        old = _take(self._folder(language, id_) / f"{n:06d}.json") if n else None
        seconds = old.seconds if old is not None else round((file.stat().st_size - 44) / 16000, 2)
        self._check_flows(language, id_, seconds)
        with self._lock:
            self._adopt(language, id_)
            take = Take(
                self._next(language, id_), self._wall(), who, why, "restored", seconds,
                old.voice if old else "", old.level_dbfs if old else None, old.warnings if old else (),
                old.fingerprint if old else "", of=n,
            )  # fmt: skip
            for ending in RATES:
                source = self._folder(language, id_) / f"{n:06d}{ending}"
                if n and source.exists():
                    self._copy(source, self._own / language / f"{id_}{ending}")
                    self._copy(source, self._folder(language, id_) / f"{take.n:06d}{ending}")
                elif n:
                    (self._own / language / f"{id_}{ending}").unlink(missing_ok=True)
                else:
                    (self._own / language / f"{id_}{ending}").unlink(missing_ok=True)
                    if ending == ".wav":
                        self._copy(file, self._folder(language, id_) / f"{take.n:06d}.wav")
            self._note(language, id_, take, "")
        return take

    # Inside

    def _keep(self, language: str, id_: str, speech: Speech, take: Take, licence: str = "") -> Take:
        self._check_flows(language, id_, take.seconds)
        with self._lock:
            self._adopt(language, id_)
            take = dataclasses.replace(take, n=self._next(language, id_), at=self._wall())
            for ending, rate in RATES.items():
                played = self._own / language / f"{id_}{ending}"
                if rate > 8000 and (language not in WIDEBAND_LANGUAGES or speech.rate < rate):
                    played.unlink(missing_ok=True)
                    continue
                played.parent.mkdir(parents=True, exist_ok=True)
                kept = self._folder(language, id_) / f"{take.n:06d}{ending}"
                kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_wav(kept, telephone(speech, rate), rate)
                self._copy(kept, played)
            self._note(language, id_, take, licence)
        return take

    def _adopt(self, language: str, id_: str) -> None:
        """A file that was put into the folder by hand is kept before another takes its place."""
        folder, n = self._folder(language, id_), self._next(language, id_)
        played = self._own / language / f"{id_}.wav"
        newest = folder / f"{n - 1:06d}.wav"
        if not played.exists() or (newest.exists() and newest.read_bytes() == played.read_bytes()):
            return
        seconds = round((played.stat().st_size - 44) / 16000, 2)
        take = Take(n, played.stat().st_mtime, "", "", "found", seconds)
        self._copy(played, folder / f"{n:06d}.wav")
        self._write(language, id_, take)

    def _write(self, language: str, id_: str, take: Take) -> None:
        path = self._folder(language, id_) / f"{take.n:06d}.json"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(json.dumps(dataclasses.asdict(take), ensure_ascii=False), encoding="utf-8")

    def _note(self, language: str, id_: str, take: Take, licence: str) -> None:
        self._write(language, id_, take)
        index = load_index(self._own)
        files = {key: dict(names) for key, names in index.files.items()}
        files.setdefault(language, {}).pop(id_, None)
        if take.voice and (self._own / language / f"{id_}.wav").exists():
            files[language][id_] = Made(take.fingerprint, take.seconds, take.voice)
        licences = {**index.licences, **({take.voice: licence} if licence else {})}
        self._own.mkdir(parents=True, exist_ok=True)
        save_index(self._own, Index({key: names for key, names in files.items() if names}, licences))
        self._files.refresh()

    def _check_flows(self, language: str, id_: str, seconds: float) -> None:
        """Flows limit what a caller hears before the queue, by the recordings of the main language."""
        if language != MAIN_LANGUAGE:
            return
        longer = {**self._files.durations(MAIN_LANGUAGE), id_: seconds}
        checks, new = Checks(self._settings, lambda: longer), []
        for name, path in flow_paths(self._settings.flows, self._settings.own_flows).items():
            text = read_flow_text(path)
            try:
                checks.load_flow(name, text)
            except FlowError as error:
                new += [fault for fault in error.faults if f"{id_} {seconds:.1f}" in fault]
        if new:
            raise TooLongForFlow("\n".join(new))

    def _known(self, language: str, id_: str) -> None:
        if id_ not in self._texts or language not in self._texts.catalogue.languages:
            raise NoSuchPrompt(id_)

    def _folder(self, language: str, id_: str) -> Path:
        return self._history / language / id_

    def _count(self, language: str, id_: str) -> int:
        return sum(1 for _ in self._folder(language, id_).glob("*.json"))

    def _next(self, language: str, id_: str) -> int:
        takes = sorted(self._folder(language, id_).glob("*.json"))
        return 1 + (int(takes[-1].stem) if takes else 0)

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        """Whole or not at all: Asterisk may be playing the file that is replaced."""
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(f".{target.name}.new")
        shutil.copyfile(source, half)
        half.replace(target)


def _take(path: Path) -> Take:
    try:
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NoSuchPrompt(path.stem) from None
    return Take(**{**known, "warnings": tuple(known["warnings"])})
