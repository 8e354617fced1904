"""Which open tickets may be about the same matter as a draft: of the same caller, or by text and place. Pure.

Every open ticket is looked at in a few milliseconds by how its letters run; the best few hundred are compared properly,
by the pairs of letters they share, because two people tell of one thing in another order and at another length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process

from cti.tickets.form import Form
from cti.tickets.model import Ticket

_NOT_LETTERS = re.compile(r"[\W_]+")
_LONGEST = 200
"""Letters of a text that are compared; more say little and cost much."""
_LOOKED_AT = 150
_SAME_CALLER, _SHOWN = 3, 5
_MATTER_BONUS, _STREET_BONUS = 25.0, 20.0
_TEXT, _PLACE, _TEXT_ALONE = 15.0, 60.0, 40.0
"""Shared pairs in percent of the shorter text's that count as near. Of requests about different things 95 in 100 share
less than 9, of those about one thing nearly all more than 15 (counted on the demonstration callers)."""
_LEAST_PAIRS = 2


@dataclass(frozen=True, slots=True)
class Like:
    id: str
    score: float
    """From 0 to 100; who is more alike comes first, and the same caller's before all others."""
    why: dict[str, str]


@dataclass(slots=True)
class _Known:
    id: str
    text: str
    text_pairs: frozenset[str]
    place: str
    place_pairs: frozenset[str]
    street: str
    matter: str
    numbers: frozenset[str]
    at: float


class OpenTickets:
    """All that are open. Give it every ticket that is made or changes."""

    def __init__(self, form: Callable[[], Form], local_time: Callable[[float], datetime]) -> None:
        self._form = form
        self._local_time = local_time
        self._known: list[_Known] = []
        self._place_of: dict[str, int] = {}

    def put(self, ticket: Ticket) -> None:
        """As it is now; a closed one is forgotten, and so is a draft in which nobody has written."""
        if not ticket.open or (ticket.state == "draft" and not ticket.touched):
            self._forget(ticket.id)
            return
        known = _known(ticket)
        if (at := self._place_of.get(ticket.id)) is not None:
            self._known[at] = known
        else:
            self._place_of[ticket.id] = len(self._known)
            self._known.append(known)

    def of_caller(self, numbers: Collection[str]) -> list[str]:
        """The newest first."""
        found = [known for known in self._known if not known.numbers.isdisjoint(numbers)]
        return [known.id for known in sorted(found, key=lambda known: -known.at)]

    def like(self, ticket: Ticket) -> list[Like]:
        """Not those of which somebody has said what they are."""
        settled = {ticket.id, *(relation.id for relation in ticket.related)}
        draft = _known(ticket)
        his = [id_ for id_ in self.of_caller(draft.numbers) if id_ not in settled][:_SAME_CALLER]
        found = [Like(id_, 100.0, self._why_same_caller(self._known[self._place_of[id_]])) for id_ in his]
        others = []
        for known in self._nearest(draft):
            if known.id in settled or known.numbers & draft.numbers:
                continue
            if (like := self._compared(draft, known)) is not None:
                others.append(like)
        others.sort(key=lambda like: -like.score)
        return found + others[: max(0, _SHOWN - len(found))]

    def _forget(self, id_: str) -> None:
        if (at := self._place_of.pop(id_, None)) is None:
            return
        last = self._known.pop()
        if last.id != id_:
            self._known[at] = last
            self._place_of[last.id] = at

    def _nearest(self, draft: _Known) -> Iterable[_Known]:
        if not self._known or not (draft.text or draft.place):
            return ()
        score: Any = np.zeros(len(self._known), dtype=np.float32)
        for text, choices in (
            (draft.text, [known.text for known in self._known]),
            (draft.place, [known.place for known in self._known]),
        ):
            if text:
                score += process.cdist([text], choices, scorer=fuzz.ratio, dtype=np.float32)[0]
        for bonus, mine, theirs in (
            (_MATTER_BONUS, draft.matter, [known.matter for known in self._known]),
            (_STREET_BONUS, _top(draft.street), [_top(known.street) for known in self._known]),
        ):
            if mine:
                score += np.fromiter((bonus if other == mine else 0.0 for other in theirs), np.float32, len(theirs))
        best = np.argpartition(-score, min(_LOOKED_AT, len(score)) - 1)[:_LOOKED_AT]
        return [self._known[at] for at in best]

    def _compared(self, draft: _Known, known: _Known) -> Like | None:
        text = _shared(draft.text_pairs, known.text_pairs)
        place = _shared(draft.place_pairs, known.place_pairs)
        same_street = bool(draft.street) and _top(draft.street) == _top(known.street)
        if draft.street and known.street and not same_street:
            return None  # as in another town: two lamps in two roads of one name
        same_matter = bool(draft.matter) and draft.matter == known.matter
        near = place >= _PLACE
        if not ((text >= _TEXT and near) or (same_matter and near) or (text >= _TEXT_ALONE and same_street)):
            return None
        score = text + 0.5 * place + 10.0 * same_matter
        return Like(known.id, round(min(99.0, score), 1), self._why(known, same_matter, near, text >= _TEXT))

    def _why_same_caller(self, known: _Known) -> dict[str, str]:
        at = self._local_time(known.at)
        return {"zh": f"同一号码 {at:%m-%d} 来电，尚在办理", "en": f"Same caller on {at:%m-%d}, still open"}

    def _why(self, known: _Known, same_matter: bool, near: bool, alike: bool) -> dict[str, str]:
        at = self._local_time(known.at)
        zh, en = [], []
        if same_matter and (words := self._form().choice("matter", known.matter)) is not None:
            zh.append(f"同为{words.zh.rpartition(' › ')[2]}")
            en.append(f"also {words.en.rpartition(' › ')[2].lower()}")
        if near:
            zh.append("地点相近")
            en.append("near place")
        if alike:
            zh.append("内容相近")
            en.append("like text")
        en_text = ", ".join(en)
        return {
            "zh": f"{'，'.join(zh)}，{at:%m-%d} 他人来电",
            "en": f"{en_text[:1].upper()}{en_text[1:]}; another caller on {at:%m-%d}",
        }


def _known(ticket: Ticket) -> _Known:
    text = _letters(f"{ticket.text('title')} {ticket.text('content')}")[:_LONGEST]
    place = _letters(ticket.text("address"))[:_LONGEST]
    return _Known(
        ticket.id,
        text,
        _pairs(text),
        place,
        _pairs(place),
        ticket.text("street"),
        ticket.text("matter"),
        frozenset({ticket.pii_caller, ticket.text("contact_phone")} - {""}),
        ticket.created_at,
    )


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    """In percent of the shorter."""
    fewer = min(len(one), len(other))
    return 100.0 * len(one & other) / fewer if fewer >= _LEAST_PAIRS else 0.0


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", text)).lower()


def _top(street: str) -> str:
    """The town of a place: two people name different communities of it."""
    return street.partition(".")[0]
