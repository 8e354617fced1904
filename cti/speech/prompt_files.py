"""Which sound file says what: the city's own recordings first, then the audio shipped with the project.

asterisk-config/sounds/<language>/<id>.wav             8 kHz, 16 bits, mono, rendered from the catalogue
asterisk-config/sounds/<language>/<id>.wav16           the same at 16 kHz, where there is one
asterisk-config/sounds/index.json                      what the shipped audio was made from
documents/sounds/<language>/<id>.wav                   the city's own; wins (.wav16 beside or instead)
documents/sounds/index.json                            which of them a voice has made, and from what
"""

from __future__ import annotations

import asyncio
import json
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import structlog

from cti.settings import PROJECT
from cti.speech.errors import SpeechError
from ivr_flows.prompts import DEFAULT_CITY, MAIN_LANGUAGE, Catalogue
from ivr_flows.spoken import spoken
from ivr_flows.words import Prompt

SOUNDS = PROJECT / "asterisk-config" / "sounds"
RECORDED = "recorded"
"""By people, not by a voice."""
RATES = {".wav": 8000, ".wav16": 16000}
"""Endings by which Asterisk tells the sample rate."""

log = structlog.get_logger()

_Stamp = tuple[tuple[str, int, int], ...]


class PromptFilesError(SpeechError):
    """The index of the recordings cannot be read."""


@dataclass(frozen=True, slots=True)
class Made:
    """How one shipped file was made."""

    fingerprint: str
    """Of language, id, spoken text and voice (`Catalogue.fingerprint`)."""
    seconds: float
    voice: str


@dataclass(frozen=True, slots=True)
class Index:
    """The content of index.json."""

    files: Mapping[str, Mapping[str, Made]]
    """By language and prompt id."""
    licences: Mapping[str, str]
    """By voice."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What `yihu prompts check` has to say about one prompt in one language."""

    language: str
    prompt_id: str
    problem: Literal["missing", "stale", "orphaned", "unplayable"]
    remedy: str


class PromptFiles:
    """The recordings as they were found by the last `refresh`: no call reads the disk. `own`: the city's."""

    def __init__(self, sounds: Path = SOUNDS, own: Path | None = None) -> None:
        """PromptFilesError: an index is damaged."""
        self._sounds = sounds
        self._own = own
        self.refresh()

    def refresh(self) -> None:
        """Looks what there is now. Blocks; PromptFilesError."""
        self._seen = self._stamp()
        index = load_index(self._sounds)
        own_index = load_index(self._own) if self._own is not None else Index({}, {})
        recorded, unplayable = _scan_recorded(self._own) if self._own is not None else ({}, {})
        shipped = {
            language: {file.stem for file in (self._sounds / language).glob("*.wav")} for language in index.files
        }
        self._index, self._own_index, self._shipped = index, own_index, shipped
        self._recorded, self._unplayable = recorded, unplayable

    async def watch(self, poll_s: float = 2.0) -> None:
        """Until cancelled: notices what is put into the city's own folder, once it looked the same twice."""
        before = self._seen
        while True:
            await asyncio.sleep(poll_s)
            stamp = await asyncio.to_thread(self._stamp)
            if stamp == before != self._seen:
                try:
                    await asyncio.to_thread(self.refresh)
                except PromptFilesError as error:
                    self._seen = stamp
                    log.error("prompts_refused", problem=str(error))
            before = stamp

    def _stamp(self) -> _Stamp:
        if self._own is None:
            return ()
        found = []
        for file in sorted((*self._own.glob("*/*.wav*"), *self._own.glob("index.json"))):
            try:
                stat = file.stat()
            except OSError:
                continue
            found.append((str(file), stat.st_mtime_ns, stat.st_size))
        return tuple(found)

    def files(self, prompt: Prompt, language: str) -> tuple[str, ...]:
        """What to play for a prompt, in order: absolute paths without ending, as Asterisk wants them.

        What has no recording in `language` is taken in the main language. What has none at all, or a value that cannot
        be spoken, is left out and logged: a caller must not be lost because a recording is missing.
        """
        try:
            ids = spoken(prompt, language)
        except ValueError:
            log.warning("prompt_value_not_spoken", say=prompt.say, language=language)
            return ()
        return tuple(path for prompt_id in ids if (path := self._path(prompt_id, language)) is not None)

    def durations(self, language: str) -> Mapping[str, float]:
        """Seconds by prompt id of what `files` would play in this language."""
        seconds: dict[str, float] = {}
        for source in (MAIN_LANGUAGE, language):
            made = self._index.files.get(source, {})
            seconds |= {name: made[name].seconds for name in self._shipped.get(source, set()) & made.keys()}
            seconds |= self._recorded.get(source, {})
        return seconds

    def source(self, prompt_id: str, language: str) -> str:
        """Who speaks it: the voice, "recorded", the language it falls back to, or "" where there is nothing."""
        if prompt_id in self._recorded.get(language, {}):
            voiced = self._own_index.files.get(language, {}).get(prompt_id)
            return voiced.voice if voiced else RECORDED
        if prompt_id in self._shipped.get(language, set()):
            made = self._index.files[language].get(prompt_id)
            return made.voice if made else "?"
        if language != MAIN_LANGUAGE and self.source(prompt_id, MAIN_LANGUAGE):
            return f"as {MAIN_LANGUAGE}"
        return ""

    def check(self, catalogue: Catalogue, city: str = DEFAULT_CITY) -> Iterator[Finding]:
        """Everything that is not as the catalogue wants it, in this city."""
        build = "yihu prompts build, or record it"
        for language in catalogue.languages:
            shipped, recorded = self._shipped.get(language, set()), self._recorded.get(language, {})
            made = self._index.files.get(language, {})
            for prompt_id in catalogue.ids():
                if prompt_id in recorded:
                    voiced = self._own_index.files.get(language, {}).get(prompt_id)
                    if voiced is not None and not is_fresh(voiced, catalogue, language, prompt_id, city):
                        yield Finding(language, prompt_id, "stale", f"its text or the city changed: {build}")
                    continue
                if prompt_id not in shipped:
                    yield Finding(language, prompt_id, "missing", build)
                elif prompt_id not in made or not is_fresh(made[prompt_id], catalogue, language, prompt_id, city):
                    yield Finding(language, prompt_id, "stale", f"its text or the city changed: {build}")
        known = set(catalogue.ids())
        for language, names in {
            **self._shipped,
            **{f"own/{key}": set(v) for key, v in self._recorded.items()},
        }.items():
            for prompt_id in sorted(names - known):
                yield Finding(
                    language, prompt_id, "orphaned", "no such id in the catalogue: add its text, or delete the file"
                )
        for file, fault in self._unplayable.items():
            yield Finding(f"own/{file.parent.name}", file.name, "unplayable", fault)

    def shipped_file_of(self, prompt_id: str, language: str) -> Path | None:
        """What would be played without a recording of the city's own."""
        for source in dict.fromkeys((language, MAIN_LANGUAGE)):
            if prompt_id in self._shipped.get(source, set()):
                return self._sounds / source / f"{prompt_id}.wav"
        return None

    @property
    def _own_folder(self) -> Path:
        assert self._own is not None
        return self._own

    def file_of(self, prompt_id: str, language: str) -> Path | None:
        """The sound file that is played at 8 kHz, or at 16 kHz where there is no other; None: nothing is."""
        path = self._path(prompt_id, language)
        if path is None:
            return None
        narrow = Path(f"{path}.wav")
        return narrow if narrow.exists() else Path(f"{path}.wav16")

    def _path(self, prompt_id: str, language: str) -> str | None:
        for source in dict.fromkeys((language, MAIN_LANGUAGE)):
            if prompt_id in self._recorded.get(source, {}):
                return str(self._own_folder / source / prompt_id)
            if prompt_id in self._shipped.get(source, set()):
                return str(self._sounds / source / prompt_id)
        log.warning("prompt_without_recording", prompt=prompt_id, language=language)
        return None


def is_fresh(made: Made, catalogue: Catalogue, language: str, prompt_id: str, city: str) -> bool:
    """Whether the file says what the catalogue says today."""
    return made.fingerprint == catalogue.fingerprint(prompt_id, language, made.voice, city)


def load_index(sounds: Path) -> Index:
    """An empty one when there is none yet. PromptFilesError: damaged."""
    path = sounds / "index.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        files = {
            language: {name: Made(**made) for name, made in names.items()} for language, names in raw["files"].items()
        }
        return Index(files, dict(raw["licences"]))
    except FileNotFoundError:
        return Index({}, {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PromptFilesError(
            f"{path}: damaged ({error}); restore it, or delete it and run yihu prompts build"
        ) from None


def save_index(sounds: Path, index: Index) -> None:
    """Whole or not at all, in an order that makes small differences."""
    files: dict[str, Any] = {
        language: {
            name: {"fingerprint": made.fingerprint, "seconds": made.seconds, "voice": made.voice}
            for name, made in sorted(names.items())
        }
        for language, names in sorted(index.files.items())
    }
    new = sounds / "index.json.new"
    text = json.dumps({"licences": dict(sorted(index.licences.items())), "files": files}, ensure_ascii=False, indent=1)
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(sounds / "index.json")


def _scan_recorded(folder: Path) -> tuple[dict[str, dict[str, float]], dict[Path, str]]:
    """The city's own recordings: seconds by language and id, and what Asterisk would refuse to play and why."""
    seconds: dict[str, dict[str, float]] = {}
    unplayable: dict[Path, str] = {}
    for file in sorted(folder.glob("*/*")):
        if file.name.startswith("."):
            continue
        try:
            length = _playable_seconds(file)
        except ValueError as error:
            unplayable[file] = (
                f"{error}; it is not used. Wanted: .wav with 8000 Hz or .wav16 with 16000 Hz, 16 bits, mono"
            )
        else:
            seconds.setdefault(file.parent.name, {})[file.stem] = length
    for file in unplayable:
        # Asterisk would try the bad twin of a good file first or second; it gets neither.
        seconds.get(file.parent.name, {}).pop(file.stem, None)
    return seconds, unplayable


def _playable_seconds(file: Path) -> float:
    """ValueError: Asterisk would refuse it."""
    if file.suffix not in RATES:
        raise ValueError(f"the ending {file.suffix!r} is not played")
    try:
        with wave.open(str(file)) as sound:
            rate: int = sound.getframerate()
            seconds = float(sound.getnframes() / rate)
            shape = (sound.getnchannels(), sound.getsampwidth() * 8)
    except (OSError, EOFError, wave.Error) as error:
        raise ValueError(f"not a WAV file with plain samples ({error})") from None
    if rate != RATES[file.suffix] or shape != (1, 16):
        raise ValueError(f"{rate} Hz, {shape[1]} bits, {shape[0]} channel(s)")
    return round(seconds, 2)
