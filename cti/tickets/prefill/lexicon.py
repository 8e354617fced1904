"""The files of rules and words, read and made ready for use. No network; the files are read when asked for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cti.tickets.form import Form

SHIPPED_RULES = Path(__file__).resolve().parent / "rules.toml"
SHIPPED_LEXICON = Path(__file__).resolve().parent / "lexicon.toml"


GUESSED = (
    "caller_name", "caller_gender", "contact_phone", "secret", "type", "matter", "urgency", "street", "address",
    "happened_at", "target", "detail", "wants_reply", "department",
)  # fmt: skip
"""The fields that a value is looked for in the words; title and content are written from them."""


class RulesError(Exception):
    """A file cannot be used; the text names file and key."""


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return text


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_is_pattern)]
Word = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Says(_Part):
    sure: tuple[Word, ...] = ()
    likely: tuple[Word, ...] = ()
    own: tuple[Word, ...] = ()
    """Sure ones that a city has added."""


class UrgentWords(_Part):
    sure: tuple[Word, ...]
    likely: tuple[Word, ...]
    not_: tuple[Word, ...] = Field(alias="not")


class Patterns(_Part):
    patterns: tuple[Pattern, ...]


class ReplyWords(_Part):
    yes: tuple[Pattern, ...]
    no: tuple[Pattern, ...]


class MenuRules(_Part):
    """Of what is said in the menu. `matter`, `type`: what is less sure counts as not understood."""

    matter: float = Field(ge=0, le=1)
    type: float = Field(ge=0, le=1)
    urgent: tuple[Pattern, ...]


class OtherDepartment(_Part):
    """Of a matter with one of these words another department; without words: always."""

    matter: str
    words: tuple[Word, ...]
    department: str


class Rules(_Part):
    thresholds: Mapping[str, float]
    type: Mapping[str, Says]
    matter: Mapping[str, Says]
    department: tuple[OtherDepartment, ...]
    urgent: UrgentWords
    secret: Patterns
    wants_reply: ReplyWords
    menu: MenuRules

    def fitting(self, form: Form) -> Rules:
        """Without the codes that this form does not have."""
        return self.model_copy(
            update={
                "type": {code: says for code, says in self.type.items() if form.choice("type", code) is not None},
                "matter": {code: says for code, says in self.matter.items() if form.choice("matter", code) is not None},
                "department": tuple(
                    rule
                    for rule in self.department
                    if form.choice("matter", rule.matter) is not None
                    and form.choice("department", rule.department) is not None
                ),
            }
        )

    def check(self, form: Form, path: Path) -> None:
        """Every code must be one of the form. RulesError."""
        named = [("type", code) for code in self.type] + [("matter", code) for code in self.matter]
        named += [("matter", rule.matter) for rule in self.department]
        named += [("department", rule.department) for rule in self.department]
        for field, code in named:
            if form.choice(field, code) is None:
                raise RulesError(f"{path}: the form has no {field} {code}")
        if unknown := set(self.thresholds) ^ set(GUESSED):
            raise RulesError(f"{path}: thresholds: one for each of {', '.join(GUESSED)}; wrong: {sorted(unknown)}")


class PlaceWords(_Part):
    ends: tuple[str, ...]
    tails: tuple[str, ...]
    stops: tuple[str, ...]
    not_names: tuple[str, ...]
    common_names: tuple[str, ...]
    before: tuple[str, ...]
    away: tuple[str, ...]


class TargetWords(_Part):
    ends: tuple[str, ...]
    weak: tuple[str, ...]
    bare: tuple[str, ...]
    called: tuple[str, ...]
    led_by: tuple[str, ...]
    counted_by: tuple[str, ...]
    does: tuple[str, ...]


class NameWords(_Part):
    surnames: str
    double: tuple[str, ...]
    female: tuple[str, ...]
    male: tuple[str, ...]


class Lexicon(_Part):
    place: PlaceWords
    target: TargetWords
    name: NameWords


_T = TypeVar("_T", bound=BaseModel)


def load_rules(path: Path = SHIPPED_RULES) -> Rules:
    """RulesError."""
    return _made(Rules, path)


def load_lexicon(path: Path = SHIPPED_LEXICON) -> Lexicon:
    """RulesError."""
    return _made(Lexicon, path)


def _made(model: type[_T], path: Path) -> _T:
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return model.model_validate(data)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesError(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise RulesError(f"{path}: {at}: {first['msg']}") from None


def either(words: Sequence[str]) -> str:
    """A pattern for one of them, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
