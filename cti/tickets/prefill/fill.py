"""A draft's fields from what was said: each with how sure it is, where it was said, and what else it may be. Pure.

`prefill` is given the whole transcript each time, as often as it grows. What it gave last comes back in as `before`: a
value that is still as good as any stays, so that a field does not change under the eyes of who reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cti.tickets.edit import Editing
from cti.tickets.first_fill import Known
from cti.tickets.model import Guess, Source
from cti.tickets.prefill.city import City
from cti.tickets.prefill.content import tidy, title
from cti.tickets.prefill.details import details
from cti.tickets.prefill.found import Found
from cti.tickets.prefill.gazetteer import Mention, mentions, streets
from cti.tickets.prefill.people import phones
from cti.tickets.prefill.times import dated, times
from cti.tickets.prefill.words import Text, joined
from recordings.transcript import Word

_STAYS = 0.25
"""Another value must be so much surer than the one that stands."""
_CAREFUL = 0.25
"""While he still speaks, what kind of request it is has to be so much surer to be filled for the first time …"""
_CAREFUL_FIELDS = frozenset(("type", "matter"))
_HOPELESS = 0.08
"""… and it stays until hardly anything speaks for it: what is said next often swings it back."""
_ALTERNATIVES = 3
_LEAST_SURE = 0.05
"""An alternative below this is none."""
_SHORT = 6
"""Of fewer characters nobody knows what they are about."""
_NAMED_SURE = 0.8

Note = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Filled:
    guess: Guess
    alternatives: tuple[Guess, ...] = ()
    """Less sure ones, the best first."""


def prefill(
    words: Sequence[Word],
    known: Known,
    city: City,
    today: date | None = None,
    before: Mapping[str, Filled] | None = None,
) -> dict[str, Filled]:
    """The fields for which something was said that is sure enough; the others are not in it.

    `known`: the caller's number, name and menu path, as `first_fill` has them. `today`: of the talk, to date
    "yesterday". `before`: what the last call with fewer of these words gave ({} at first) while he speaks; None when
    the words are complete.
    """
    return _Filling(joined(words), known, city, today, before).fields()


def write(editing: Editing, filled: Mapping[str, Filled]) -> None:
    """Into the draft: what a person has settled stays, and gets a proposal at most."""
    for name, field in filled.items():
        if editing.ticket.field(name).state in ("confirmed", "own") and name in ("title", "content"):
            continue  # nobody wants his own text proposed anew with every word
        editing.guess(name, field.guess)
        if editing.ticket.field(name).value == field.guess.value:
            for other in field.alternatives:
                if other.value != field.guess.value and editing.ticket.field(name).state == "check":
                    editing.guess(name, other)


class _Filling:
    def __init__(
        self, text: Text, known: Known, city: City, today: date | None, before: Mapping[str, Filled] | None
    ) -> None:
        self._text, self._said = text, text.plain
        self._known, self._city, self._today = known, city, today
        self._live, self._before = before is not None, before or {}
        self._fields: dict[str, Filled] = {}

    def fields(self) -> dict[str, Filled]:
        said, city = self._said, self._city
        if not said:
            return {}
        self._take("caller_name", self._names())
        self._take("caller_gender", city.names.genders(said))
        self._take("contact_phone", phones(said))
        self._take("secret", city.judge.secret(said))
        where = mentions(said, city.gazetteer, city.lexicon.place)
        self._take("street", streets(where), note=self._as_heard)
        addresses = city.addresses.addresses(said, where)
        self._take("address", addresses)
        self._take("happened_at", self._times())
        self._take("detail", details(said))
        self._take("wants_reply", city.judge.wants_reply(said))
        if len(said) >= _SHORT:
            self._take_kind(where, addresses[0] if addresses else None)
            self._take("urgency", city.judge.urgent(said))
            self._take_texts()
        return self._fields

    def _names(self) -> list[Found]:
        """Of who has called before it is enough to hear his surname: his whole name is known."""
        name = self._known.name
        found = self._city.names.names(self._said)
        return [
            Found(name, one.confidence, one.start, one.end) if name.startswith(str(one.value)) else one for one in found
        ]

    def _times(self) -> list[Found]:
        found = times(self._said)
        return [Found(dated(str(one.value), self._today), one.confidence, one.start, one.end) for one in found]

    def _take_kind(self, where: Sequence[Mention], address: Found | None) -> None:
        said, judge = self._said, self._city.judge
        place = (address.start, address.end) if address is not None else None
        matters = judge.matters(said, self._hints("matter"), place)
        self._take("matter", matters, note=self._by_word)
        matter = self._value("matter")
        self._take("type", judge.kinds(said, self._hints("type"), matter), note=self._by_word)
        kind = self._value("type")
        self._take("target", self._city.targets.targets(said, where, kind or None))
        if matter:
            self._take_department(matters)

    def _take_department(self, matters: Sequence[Found]) -> None:
        """Of the matter that was taken, then of the others it may be."""
        taken, least = self._value("matter"), self._city.rules.thresholds["department"]
        found, why = [], {}
        for one in sorted(matters, key=lambda one: one.value != taken):
            named = self._city.judge.department(self._city.form, str(one.value), self._said)
            if named is not None and named[0] not in why:
                why[named[0]] = (str(one.value), named[1])
                # While its matter stands, so does the department, however unsure both have become.
                sure = max(one.confidence, least) if one.value == taken else one.confidence
                found.append(Found(named[0], sure, one.start, one.end))

        def reason(one: Found) -> Note:
            matter, word = why[str(one.value)]
            node = self._city.form.way("matters", matter)[-1]
            also = f"，{word}" if word else ""
            return {"zh": f"规则：{node.zh}{also}", "en": f"Rule: {node.en}{also.replace('，', ', ')}"}

        self._take("department", found, source="rule", note=reason, keep_order=True)

    def _take_texts(self) -> None:
        said = self._said
        whole = self._text.span(0, len(said))
        text = tidy(said)
        if len(text) > _SHORT:
            heard = self._text.heard(0, len(said))
            self._fields["content"] = Filled(Guess(text, "speech", round(heard, 2), span=whole))
        parts = (self._value(name) for name in ("street", "address", "target", "type", "matter"))
        if head := title(self._city.form, *parts):
            sure = min(self._fields["matter"].guess.confidence, _NAMED_SURE)
            self._fields["title"] = Filled(Guess(head, "speech", sure, span=whole))

    # Taking one of what was found

    def _take(
        self,
        name: str,
        found: Sequence[Found],
        source: Source = "speech",
        note: Callable[[Found], Note | None] | None = None,
        keep_order: bool = False,
    ) -> None:
        least = self._city.rules.thresholds[name]
        if self._live and name in _CAREFUL_FIELDS and name not in self._before:
            least += _CAREFUL
        good = [one for one in found if one.confidence >= least]
        best = self._standing(name, found, least, good[0] if good else None)
        if best is None:
            return
        others = [one for one in found if one.value != best.value and one.confidence >= _LEAST_SURE]
        if not keep_order:
            others.sort(key=lambda one: -one.confidence)
        made = [
            Guess(
                one.value,
                source,
                round(min(one.confidence, best.confidence), 3),
                note(one) if note is not None else None,
                self._text.span(one.start, one.end) if one.end > one.start else None,
            )
            for one in (best, *others[:_ALTERNATIVES])
        ]
        self._fields[name] = Filled(made[0], tuple(made[1:]))

    def _standing(self, name: str, found: Sequence[Found], least: float, best: Found | None) -> Found | None:
        """The value that stands in the draft, while nothing is clearly better; else the best."""
        if name not in self._before or name == "department":
            return best
        stood = next((one for one in found if one.value == self._before[name].guess.value), None)
        if stood is None or stood.confidence < (_HOPELESS if name in _CAREFUL_FIELDS else least - _STAYS):
            return best
        if name in _CAREFUL_FIELDS:
            return stood
        if best is None or best.confidence < stood.confidence + _STAYS:
            longer = best is not None and best.start == stood.start and best.end > stood.end
            return best if longer else stood
        return best

    def _value(self, name: str) -> str:
        filled = self._fields.get(name)
        return filled.guess.value if filled is not None and isinstance(filled.guess.value, str) else ""

    def _hints(self, name: str) -> dict[str, float]:
        hints = (self._city.form.menu.get(node) for node in self._known.path)
        return {code: hint.sure for hint in hints if hint is not None and (code := getattr(hint, name)) is not None}

    def _by_word(self, one: Found) -> Note | None:
        if one.end <= one.start:
            return None
        word = self._said[one.start : one.end]
        return {"zh": f"关键词：{word}", "en": f"Word: {word}"}

    def _as_heard(self, one: Found) -> Note | None:
        """A place that was found by its sound is shown with what was written."""
        heard = self._said[one.start : one.end]
        named = "".join(node.zh for node in self._city.form.way("streets", str(one.value)))
        if all(char in named for char in heard):
            return None
        return {"zh": f"按读音：{heard}", "en": f"By its sound: {heard}"}
