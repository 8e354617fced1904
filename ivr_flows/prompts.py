"""The catalogue of prompts: what the system says to a caller, by id and language. `cti/speech` makes it audible."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr_flows.errors import FlowsError

SHIPPED_PROMPTS = Path(__file__).resolve().parent / "prompts"
MAIN_LANGUAGE = "zh-CN"
"""Defines the ids, and speaks for what another language lacks."""
DEFAULT_CITY = "东莞"
"""The city whose name is in the recordings shipped with the project."""

_FIGURES = {
    "zh-CN": "零一二三四五六七八九",
    "yue": "零一二三四五六七八九",
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
}
_CITY_ENDINGS = ("市", "县", "区", "旗", "盟", "自治州", "省")


class PromptError(FlowsError):
    """A prompt or its catalogue cannot be used; the text names file, line or id, and what would be right."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One prompt in one language, as the file has it."""

    text: str
    speak: str | None = None
    """The spelling for the voice, where it differs from the text."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All wordings, by language and id. Make it with `load_catalogue`."""

    wordings: Mapping[str, Mapping[str, Wording]]

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.wordings)

    def ids(self) -> tuple[str, ...]:
        """Every prompt id, in the order of the main language's file."""
        return tuple(self.wordings[MAIN_LANGUAGE])

    def text(self, prompt_id: str, language: str, city: str = DEFAULT_CITY) -> str:
        """The text to read; in the main language where `language` has none. PromptError: no such id or language."""
        return _with_city(self._wording(prompt_id, language).text, language, city)

    def spoken_text(self, prompt_id: str, language: str, city: str = DEFAULT_CITY) -> str:
        """The text for a voice: `speak`, or `text` with figures as words (three and more are a telephone number)."""
        wording = self._wording(prompt_id, language)
        return _with_city(wording.speak or _figures_as_words(wording.text, language), language, city)

    def fingerprint(self, prompt_id: str, language: str, voice: str, city: str = DEFAULT_CITY) -> str:
        """Changes whenever a recording of this prompt by `voice` would have to be made again."""
        parts = (language, prompt_id, self.spoken_text(prompt_id, language, city), voice)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

    def _wording(self, prompt_id: str, language: str) -> Wording:
        if language not in self.wordings:
            known = ", ".join(self.wordings)
            raise PromptError(f"no prompts in the language {language!r}; there are {known}")
        main = self.wordings[MAIN_LANGUAGE]
        wording = self.wordings[language].get(prompt_id) or main.get(prompt_id)
        if wording is None:
            raise PromptError(
                f"no prompt {prompt_id!r}; add a table [{prompt_id}] with its text to {MAIN_LANGUAGE}.toml"
            )
        return wording


def load_catalogue(folder: Path = SHIPPED_PROMPTS, own: Path | None = None) -> Catalogue:
    """Reads every `<language>.toml` of the folder, the main language first; what stands in a file of `own` too takes
    the place of it, and adds to it.

    PromptError names file and line: not TOML, unknown field, no text, unknown placeholder, or an id that the main
    language does not define.
    """
    main = folder / f"{MAIN_LANGUAGE}.toml"
    paths = [main, *sorted(path for path in folder.glob("*.toml") if path != main)]
    wordings = {path.stem: _load_file(path) for path in paths}
    for path in sorted(own.glob("*.toml")) if own is not None else ():
        if path.stem not in wordings:
            raise PromptError(f"{path}:1: no prompts in this language are shipped; there are {', '.join(wordings)}")
        wordings[path.stem] |= _load_file(path)
        paths.append(path)
    for path in paths:
        for prompt_id in wordings[path.stem].keys() - wordings[MAIN_LANGUAGE].keys():
            line = _line_of(path.read_text(encoding="utf-8"), prompt_id)
            raise PromptError(
                f"{path}:{line}: [{prompt_id}] is not defined in {main.name}; add it there or correct the id"
            )
    return Catalogue(wordings)


def read_wordings(text: str, name: str) -> dict[str, Wording]:
    """The prompts of one language's file, by id. PromptError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PromptError(f"{name}: not valid TOML: {error}") from None
    wordings = {}
    for prompt_id, fields in raw.items():
        if fault := _fault(prompt_id, fields):
            raise PromptError(f"{name}:{_line_of(text, prompt_id)}: [{prompt_id}]: {fault}")
        wordings[prompt_id] = Wording(fields["text"], fields.get("speak"))
    return wordings


def _load_file(path: Path) -> dict[str, Wording]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PromptError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise PromptError(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    return read_wordings(text, str(path))


def _fault(prompt_id: str, fields: object) -> str | None:
    """What is wrong with one table of the file."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", prompt_id):
        return "an id has small letters, figures and _ only: it becomes the name of a sound file"
    if not isinstance(fields, dict):
        return "must be a table with `text`"
    if unknown := fields.keys() - {"text", "speak"}:
        return f"unknown field {sorted(unknown)[0]!r}; known: text, speak"
    if "text" not in fields:
        return "has no `text`"
    for name, value in fields.items():
        if not isinstance(value, str) or not value.strip():
            return f"`{name}` must be a text that is not empty"
        if set("{}") & set(value.replace("{city}", "")):
            return f"`{name}`: only {{city}} may stand in braces"
    return None


def _line_of(text: str, prompt_id: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf'\s*(\[\s*)?"?{re.escape(prompt_id)}"?\s*[\]=.]', line):
            return number
    return 1


def _with_city(text: str, language: str, city: str) -> str:
    """Chinese says what kind of place it is: 东莞 becomes 东莞市, 博白县 stays."""
    if language != "en" and not city.endswith(_CITY_ENDINGS):
        city += "市"
    return text.replace("{city}", city)


def _figures_as_words(text: str, language: str) -> str:
    words = _FIGURES.get(language, _FIGURES[MAIN_LANGUAGE])

    def spell(run: re.Match[str]) -> str:
        said = [words[int(figure)] for figure in run[0]]
        if language == "en":
            return " ".join(said)
        # On the telephone Mandarin says 幺 for 1, so that it is not taken for 七; Cantonese does not.
        telephone = language == MAIN_LANGUAGE and len(said) >= 3
        return "".join("幺" if telephone and word == "一" else word for word in said)

    return re.sub(r"[0-9]+", spell, text)
