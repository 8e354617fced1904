"""What kind of request it is and what it is about: the words of the rules and the classifier weighed together. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, count

from cti.tickets.form import Form
from cti.tickets.prefill.classifier import Classifier, features, type_features
from cti.tickets.prefill.found import Found
from cti.tickets.prefill.lexicon import Rules, Says
from cti.tickets.prefill.sound import folded

_SURE, _SURE_MORE, _LIKELY = 3.6, 1.4, 1.8
_OWN = 1.7
"""A sure word of the city counts so much: the classifier has learnt with ours, and never saw its."""
_HEARD = 0.6
"""A word found by its sound alone counts so much of one that is written so …"""
_HEARD_SHORT = 0.3
"""… and of two characters so much."""
_IN_PLACE = 0.45
"""A word that names a place counts so much of one that tells what is the matter."""
_EARLY = 0.25
"""What is said first is what it is about."""
_MENU = 0.6
"""What the menu says is weighed a little less than it would be if the scores were true probabilities."""
_HELP, _URGENT = "help", 3.0
"""Who is in need asks for help, whatever else he says."""
_MOST_LIKELY_WORDS = 3
_LIKELY_URGENT, _URGENT_FROM = 0.35, 0.9
_PATTERN_SURE = 0.88
_KEPT = 4
"""Alternatives looked at."""


@lru_cache(maxsize=100_000)
def _letter(sound: str) -> str:
    """One letter for each sound, so that a text is searched for sounds as it is for characters."""
    return chr(0xE000 + _numbers.setdefault(sound, next(_unused)))


_numbers: dict[str, int] = {}
_unused = count()
"""Two threads that read at once never give one number to two sounds."""


@lru_cache(maxsize=4_000)
def _heard(text: str) -> str:
    return "".join(_letter(folded(char)) for char in text)


@dataclass(frozen=True, slots=True)
class RuleWord:
    """A word of the rules in the text."""

    text: str
    weight: float
    start: int
    end: int


def _words(said: str, heard: str, words: Sequence[str], place: tuple[int, int] | None = None) -> Iterator[RuleWord]:
    for word in words:
        if (at := said.find(word)) >= 0:
            if place is not None and place[0] <= at < place[1]:
                again = said.find(word, place[1])
                yield (
                    RuleWord(word, 1.0, again, again + len(word))
                    if again >= 0
                    else RuleWord(word, _IN_PLACE, at, at + len(word))
                )
            else:
                yield RuleWord(word, 1.0, at, at + len(word))
        elif (at := heard.find(_heard(word))) >= 0 and len(word) > 1:
            yield RuleWord(word, _HEARD if len(word) > 2 else _HEARD_SHORT, at, at + len(word))


class Judge:
    def __init__(self, rules: Rules, classifier: Classifier) -> None:
        self._rules = rules
        self._classifier = classifier

    def kinds(self, text: str, hints: Mapping[str, float], matter: str = "") -> list[Found]:
        """`hints`: what the way through the menu said, with how often that is right. `matter`: "" if not known."""
        scores = self._classifier.scores("type", type_features(text, matter))
        if self.urgent(text) and _HELP in scores:
            scores[_HELP] += _URGENT
        return self._judged(text, scores, self._rules.type, hints, None)

    def matters(self, text: str, hints: Mapping[str, float], place: tuple[int, int] | None = None) -> list[Found]:
        """`place`: where the address stands; what is beside the school is seldom the school's matter."""
        scores = self._classifier.scores("matter", features(text))
        return self._judged(text, scores, self._rules.matter, hints, place)

    def _judged(
        self,
        text: str,
        scores: dict[str, float],
        says: Mapping[str, Says],
        hints: Mapping[str, float],
        place: tuple[int, int] | None,
    ) -> list[Found]:
        if not text:
            return []
        heard = _heard_text(text)
        where: dict[str, RuleWord] = {}
        for code, words in says.items():
            own = (replace(one, weight=_OWN * one.weight) for one in _words(text, heard, words.own, place))
            sure = _apart(chain(own, _words(text, heard, words.sure, place)))
            likely = _apart(_words(text, heard, words.likely, place))
            likely = [one for one in likely if all(one.end <= s.start or s.end <= one.start for s in sure)]
            score = scores.get(code, min(scores.values(), default=0.0))
            if sure:
                best = max(sure, key=lambda one: (one.weight, -one.start))
                score += _SURE * best.weight + _SURE_MORE * sum(one.weight for one in sure if one is not best)
                score += _EARLY * (1 - best.start / len(text))
                where[code] = best
            score += _LIKELY * sum(one.weight for one in likely[:_MOST_LIKELY_WORDS])
            if likely and code not in where:
                where[code] = max(likely, key=lambda one: one.weight)
            scores[code] = score
        for code, sure_of in hints.items():
            odds = sure_of / max(0.01, 1 - sure_of) * max(1, len(scores) - 1)
            for below in [known for known in scores if known == code or known.startswith(f"{code}.")]:
                scores[below] += _MENU * max(0.0, math.log(max(odds, 1.0)))
        if not scores:
            return []
        top = max(scores.values())
        parts = {code: math.exp(score - top) for code, score in scores.items()}
        whole = sum(parts.values())
        best_codes = sorted(parts, key=lambda code: (-parts[code], code))[:_KEPT]
        return [
            Found(
                code,
                parts[code] / whole,
                *((where[code].start, where[code].end) if code in where else (0, 0)),
            )
            for code in best_codes
        ]

    def department(self, form: Form, matter: str, text: str) -> tuple[str, str] | None:
        """The department of a matter and why: a word of the rules, or "" for the matter alone."""
        for rule in self._rules.department:
            if rule.matter == matter:
                if not rule.words:
                    return rule.department, ""
                for word in rule.words:
                    if word in text:
                        return rule.department, word
        way = form.way("matters", matter)
        department = next((node.department for node in reversed(way) if node.department is not None), None)
        return (department, "") if department is not None else None

    def urgent(self, text: str) -> list[Found]:
        heard, words = _heard_text(text), self._rules.urgent
        sure = [word for word in _apart(_words(text, heard, words.sure)) if word.weight >= _HEARD]
        likely = [word for word in _apart(_words(text, heard, words.likely)) if word.weight >= _HEARD]
        weight = sum(word.weight for word in sure) + _LIKELY_URGENT * sum(word.weight for word in likely)
        weight -= sum(1.0 for word in words.not_ if word in text)
        if weight < _URGENT_FROM:
            return []
        first = min(sure or likely, key=lambda word: (-word.weight, word.start))
        return [Found("urgent", min(0.95, 0.5 + 0.2 * weight), first.start, first.end)]

    def secret(self, text: str) -> list[Found]:
        return _matched(text, self._rules.secret.patterns, True)

    def wants_reply(self, text: str) -> list[Found]:
        return _matched(text, self._rules.wants_reply.no, False) or _matched(text, self._rules.wants_reply.yes, True)


def _matched(text: str, patterns: Sequence[str], value: bool) -> list[Found]:
    matches = (re.search(pattern, text) for pattern in patterns)
    return [Found(value, _PATTERN_SURE, match.start(), match.end()) for match in matches if match is not None][:1]


@lru_cache(maxsize=16)
def _heard_text(text: str) -> str:
    return "".join(_letter(folded(char)) for char in text)


def _apart(words: Iterator[RuleWord]) -> list[RuleWord]:
    """Those that do not lie in one another: 垃圾桶 is not 垃圾 once more."""
    kept: list[RuleWord] = []
    for word in sorted(words, key=lambda word: (-word.weight, -len(word.text), word.start)):
        if all(word.end <= other.start or other.end <= word.start for other in kept):
            kept.append(word)
    return kept
