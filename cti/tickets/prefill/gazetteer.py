"""The places of one city by name and by sound: which of its streets and communities a text speaks of. Pure.

It is made of the form's own tree of places (streets.toml), so that whatever is found may stand in the ticket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cti.tickets.form import Form
from cti.tickets.prefill.found import Found, best_first
from cti.tickets.prefill.lexicon import PlaceWords
from cti.tickets.prefill.sound import LIKE_SOUND, SAME_SOUND, alike, places_like, where

_TOWN_ENDS = ("街道", "镇", "街")
_COMMUNITY_ENDS = ("社区", "村委会", "居委会", "村")
_NO_ENDING = ("村口", "街上", "街边")
_LEAST_LIKE = 0.65
_NEARBY = 3
"""Characters between a town and its community."""


@dataclass(frozen=True, slots=True)
class Place:
    """`core`: the name without 镇, 社区 and the like; `ends`: what may stand behind it."""

    code: str
    core: str
    ends: tuple[str, ...]

    @property
    def town(self) -> str:
        return self.code.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Gazetteer:
    places: tuple[Place, ...]

    @staticmethod
    def of(form: Form) -> Gazetteer:
        places = []
        for town in form.streets:
            places.append(_place(town.id, town.zh, _TOWN_ENDS))
            places += [_place(community.id, community.zh, _COMMUNITY_ENDS) for community in town.children]
        return Gazetteer(tuple(places))


def _place(code: str, name: str, ends: tuple[str, ...]) -> Place:
    end = next((end for end in ends if name.endswith(end) and len(name) - len(end) >= 2), "")
    end = end or next((end for end in ends if name.endswith(end)), "")
    return Place(code, name.removesuffix(end), ends)


@dataclass(frozen=True, slots=True)
class Mention:
    """One place in the text: the characters [start, end), its ending among them."""

    place: Place
    start: int
    end: int
    score: float
    away: bool = False
    """He says that he goes there or comes from there."""


def mentions(text: str, city: Gazetteer, words: PlaceWords) -> list[Mention]:
    """In the order of the text; where two overlap, the likelier one."""
    at = where(text)
    towns, communities = [], []
    for place in city.places:
        for start, likeness in places_like(place.core, text, at):
            if likeness < _LEAST_LIKE:
                continue
            if "." in place.code:
                communities.append((place, start, likeness))
            elif (mention := _town(place, text, start, likeness, words)) is not None:
                towns.append(mention)
    towns = _apart(towns)
    found = [m for m in (_community(*one, text, towns, words) for one in communities) if m is not None]
    return _apart(towns + found)


def _ending(text: str, at: int, ends: Sequence[str]) -> tuple[int, bool]:
    """How many characters of an ending stand there, and whether by their own letters; by sound: 真 for 镇."""
    for end in ends:
        if text.startswith(end, at):
            return (0, False) if text.startswith(_NO_ENDING, at) else (len(end), True)
    for end in ends:
        heard = text[at : at + len(end)]
        if len(heard) == len(end) and all(alike(a, b) >= SAME_SOUND for a, b in zip(end, heard, strict=True)):
            return len(end), False
    return 0, False


def _town(place: Place, text: str, start: int, likeness: float, words: PlaceWords) -> Mention | None:
    end = start + len(place.core)
    heard = text[start:end]
    longer, written = _ending(text, end, place.ends)
    if heard == place.core:
        score = 0.97 if longer and written else 0.88
        if not longer and text.startswith(("路", "大道", "小区", "花园"), end):
            score = 0.6
    elif longer and likeness >= (0.8 if written else 0.93) and heard not in words.not_names:
        score = likeness - 0.05
    elif heard not in words.not_names and likeness >= LIKE_SOUND and len(place.core) >= 3:
        score = likeness - 0.1
    elif (
        heard not in words.not_names
        and likeness >= SAME_SOUND + 0.02  # of two characters one is right, the other sounds so
        and text[:start].endswith(words.before)
    ):
        score = 0.65
    else:
        return None
    return Mention(place, start, end + longer, score, text[:start].endswith(words.away) and not longer)


def _community(
    place: Place, start: int, likeness: float, text: str, towns: Sequence[Mention], words: PlaceWords
) -> Mention | None:
    end = start + len(place.core)
    longer, written = _ending(text, end, place.ends)
    exact = text[start:end] == place.core
    at_home = any(town.place.town == place.town for town in towns)
    behind = any(town.place.town == place.town and 0 <= start - town.end <= _NEARBY for town in towns)
    elsewhere = bool(towns) and not at_home
    if elsewhere or any(town.start < end and start < town.end for town in towns):
        return None
    if exact:
        if longer and written:
            score = 0.95 if at_home or len(place.core) > 1 else 0.0
        elif place.core not in words.common_names and (behind or at_home):
            score = 0.85
        else:
            score = 0.65 if len(place.core) > 1 and place.core not in words.common_names else 0.0
    elif longer and behind and likeness >= 0.65:
        score = likeness - 0.05
    elif longer and written and likeness >= 0.9 and len(place.core) > 1 and place.core not in words.common_names:
        score = likeness - 0.1
    else:
        score = 0.0
    return Mention(place, start, end + longer, score) if score else None


def _apart(found: list[Mention]) -> list[Mention]:
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda m: (-m.score, m.start - m.end)):
        if all(mention.end <= other.start or other.end <= mention.start for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)


def streets(found: Sequence[Mention]) -> list[Found]:
    """The places of a ticket, best first: a community before its town, the first named before later ones."""
    candidates = []
    for n, mention in enumerate(found):
        town = next((m for m in found if m.place.code == mention.place.town), None)
        score = mention.score - 0.04 * n - (0.4 if mention.away else 0.0)
        if "." in mention.place.code:
            start = town.start if town is not None and town.start < mention.start else mention.start
            candidates.append(Found(mention.place.code, min(0.98, score + 0.06), start, mention.end))
        else:
            nearer = any("." in m.place.code and m.place.town == mention.place.code for m in found)
            score -= 0.1 if nearer else 0.0
            candidates.append(Found(mention.place.code, score, mention.start, mention.end))
    return best_first(candidates)
