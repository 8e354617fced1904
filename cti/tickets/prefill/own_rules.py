"""What a city has otherwise than the shipped rules: its words are added, its numbers count in place of ours. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from cti.tickets.form import Form
from cti.tickets.prefill.lexicon import (
    GUESSED,
    MenuRules,
    OtherDepartment,
    Pattern,
    Patterns,
    ReplyWords,
    Rules,
    Says,
    UrgentWords,
    Word,
)
from cti.toml_file import TomlRefused, fault_at, read_toml

PREFILL = """\
# What drafts are filled with from speech, as far as this city has it otherwise (docs/prefill.md). The tables are those
# of the shipped rules: words and patterns that stand here are added to them, numbers count instead of theirs. Codes are
# those of the city's form. A change takes effect at once, also for calls that go on.

# [matter."order.city.noise"]
# sure = ["扫街机"]          # these words alone decide almost always
# likely = ["地下通道"]      # they point there; several of them decide
# without = ["声音"]         # shipped words that say something else here

# [type.help]                # the same by type: consultation, help, complaint …
# sure = ["帮我开门"]

# [urgent]
# sure = ["堤坝渗水"]        # likely, not, without: as above; with a word of `not` it is not urgent
# [secret]
# patterns = ["别说是我讲的"]    # regular expressions; wants_reply has yes and no
# [menu]                     # what is said in the menu: patterns of urgent, and how sure matter and type must be
# matter = 0.8

# [[department]]             # a matter with one of these words; it comes before the shipped ones. Without words: always
# matter = "order.city.noise"
# words = ["无人机"]
# department = "police"

# [thresholds]               # a field that is less sure than this stays empty
# target = 0.6
"""
"""What counts until a city says otherwise."""

Words = tuple[Word, ...]
Share = Annotated[float, Field(ge=0, le=1)]
_T = TypeVar("_T")
_FORM = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_FORM)
class OwnSays:
    sure: Words = ()
    likely: Words = ()
    without: Words = ()


@dataclass(frozen=True, config=_FORM)
class OwnUrgent:
    sure: Words = ()
    likely: Words = ()
    not_: Words = Field(default=(), alias="not")
    without: Words = ()


@dataclass(frozen=True, config=_FORM)
class OwnPatterns:
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, config=_FORM)
class OwnReply:
    yes: tuple[Pattern, ...] = ()
    no: tuple[Pattern, ...] = ()


@dataclass(frozen=True, config=_FORM)
class OwnMenu:
    matter: Share | None = None
    type: Share | None = None
    urgent: tuple[Pattern, ...] = ()


@dataclass(frozen=True, config=_FORM)
class OwnDepartment:
    matter: str
    department: str
    words: Words = ()


@dataclass(frozen=True, config=_FORM)
class OwnRules:
    thresholds: Mapping[Literal[GUESSED], Share] = Field(default_factory=dict)  # type: ignore[valid-type]
    type: Mapping[str, OwnSays] = Field(default_factory=dict)
    matter: Mapping[str, OwnSays] = Field(default_factory=dict)
    department: tuple[OwnDepartment, ...] = ()
    urgent: OwnUrgent = OwnUrgent()
    secret: OwnPatterns = OwnPatterns()
    wants_reply: OwnReply = OwnReply()
    menu: OwnMenu = OwnMenu()

    def over(self, shipped: Rules) -> Rules:
        urgent, menu = shipped.urgent, shipped.menu
        return Rules(
            thresholds={**shipped.thresholds, **self.thresholds},
            type=_said(shipped.type, self.type),
            matter=_said(shipped.matter, self.matter),
            department=(*(_department(one) for one in self.department), *shipped.department),
            urgent=UrgentWords.model_validate(
                {
                    "sure": _joined(urgent.sure, self.urgent.sure, self.urgent.without),
                    "likely": _joined(urgent.likely, self.urgent.likely, self.urgent.without),
                    "not": _joined(urgent.not_, self.urgent.not_),
                }
            ),
            secret=Patterns(patterns=_joined(shipped.secret.patterns, self.secret.patterns)),
            wants_reply=ReplyWords(
                yes=_joined(shipped.wants_reply.yes, self.wants_reply.yes),
                no=_joined(shipped.wants_reply.no, self.wants_reply.no),
            ),
            menu=MenuRules(
                matter=menu.matter if self.menu.matter is None else self.menu.matter,
                type=menu.type if self.menu.type is None else self.menu.type,
                urgent=_joined(menu.urgent, self.menu.urgent),
            ),
        )

    def unknown(self, form: Form) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Where a code stands that the form does not have, and what is wrong."""
        places: list[tuple[tuple[str | int, ...], Literal["type", "matter", "department"], str]] = []
        places += [(("type", code), "type", code) for code in self.type]
        places += [(("matter", code), "matter", code) for code in self.matter]
        for n, one in enumerate(self.department):
            places += [(("department", n, "matter"), "matter", one.matter)]
            places += [(("department", n, "department"), "department", one.department)]
        for at, field, code in places:
            if form.choice(field, code) is None:
                near = get_close_matches(code, list(form.codes(field)), n=2)
                hint = f"; did you mean {' or '.join(near)}?" if near else ""
                yield at, f"the form has no {field} {code}{hint}"

    def idle(self, shipped: Rules) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Where a word of `without` stands that no shipped rule has there: it takes nothing away."""
        nothing = Says()
        for table, own, ours in (("type", self.type, shipped.type), ("matter", self.matter, shipped.matter)):
            for code, more in own.items():
                said = ours.get(code, nothing)
                yield from _idle((table, code, "without"), more.without, {*said.sure, *said.likely})
        yield from _idle(("urgent", "without"), self.urgent.without, {*shipped.urgent.sure, *shipped.urgent.likely})


NOTHING_OWN = OwnRules()


def read_own_rules(text: str, name: str, form: Form | None) -> OwnRules:
    """TomlRefused names file (`name`), line and key of every fault. `form`: None if codes cannot be looked up."""
    own = read_toml(OwnRules, text, name)
    if form is not None and (faults := [fault_at(text, name, at, what) for at, what in own.unknown(form)]):
        raise TomlRefused(faults)
    return own


def _said(shipped: Mapping[str, Says], own: Mapping[str, OwnSays]) -> dict[str, Says]:
    nothing, said = Says(), dict(shipped)
    for code, more in own.items():
        before = shipped.get(code, nothing)
        gone = (*more.without, *more.sure)
        said[code] = Says(
            sure=_joined(before.sure, (), gone), likely=_joined(before.likely, more.likely, gone), own=more.sure
        )
    return said


def _joined(shipped: tuple[_T, ...], own: tuple[_T, ...], without: tuple[_T, ...] = ()) -> tuple[_T, ...]:
    return (*(word for word in shipped if word not in without and word not in own), *own)


def _idle(
    at: tuple[str | int, ...], without: Words, known: Collection[str]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for n, word in enumerate(without):
        if word not in known:
            yield (*at, n), f"{word} is no shipped word here; it takes nothing away"


def _department(own: OwnDepartment) -> OtherDepartment:
    return OtherDepartment(matter=own.matter, words=own.words, department=own.department)
