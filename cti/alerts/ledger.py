"""The alerts of a city: raised, worse, reminded, acknowledged, cleared. Pure: readings and time come in, facts go out.

Each alert follows from the readings of its own kind alone, so it does not matter which kind is heard first. A reading
has to be beyond its bound, or good, for as long as the rule says, in time that was seen: what is not known raises
nothing and clears nothing, and after a while that itself is an alert (`data_old`, with the kind as its subject).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cti.alerts.judge import judged
from cti.alerts.model import CALM, Alert, Fact, Kind, Measure, Reading, Severity, What, fact_of, id_of
from cti.alerts.rules import AlertRules
from cti.calls import CityFact, Milestone

_KINDS = frozenset(kind.value for kind in Kind)
_MOST_SEEN_S = 30.0
"""A longer time between two readings was not seen: the machine stood still, or its clock was put on."""


@dataclass(slots=True)
class _Source:
    """Readings of one kind."""

    heard_at: float
    known_at: float
    """Of the last that was known; of the first, if none was."""
    known: bool = False
    """The last one was."""


@dataclass(slots=True)
class _Held:
    """For how long something has been so; None: it is not so now. Not durable: a new process counts anew."""

    began_at: float
    bad_s: float | None = None
    critical_s: float | None = None
    good_s: float | None = None


class Alerts:
    """`hear` each reading every few seconds. What it and `acknowledge` return is to be put on record by the caller."""

    def __init__(self, rules: AlertRules) -> None:
        self._rules = rules
        self._up: dict[str, Alert] = {}
        self._held: dict[str, _Held] = {}
        self._sources: dict[Kind, _Source] = {}

    @property
    def up(self) -> list[Alert]:
        """The newest first."""
        return sorted(self._up.values(), key=lambda alert: (-alert.raised_at, alert.id))

    def take(self, rules: AlertRules) -> None:
        """Other rules from the next readings on; what is up stays up until they clear it."""
        self._rules = rules

    def restore(self, milestones: Iterable[Milestone]) -> None:
        """What is up after these milestones in their order; others than of alerts are passed over."""
        for milestone in milestones:
            if milestone.kind != CityFact.ALERT:
                continue
            self._up.pop(milestone.id, None)
            try:
                fact = fact_of(milestone)
            except ValueError:
                continue  # of another release: no reading of ours could ever clear it
            if fact.what is not What.CLEARED:
                self._up[fact.alert.id] = fact.alert

    def acknowledge(self, id_: str, by: str, now: float, note: str = "") -> list[Fact]:
        """Somebody sees to it: it is silent until it clears or gets worse. KeyError: no such alert is up."""
        alert = self._up[id_]
        if alert.acknowledged_at is not None:
            return []
        seen = replace(alert, acknowledged_by=by, acknowledged_at=now, note=note, told_at=now)
        return [self._note(What.ACKNOWLEDGED, seen, now)]

    def hear(self, reading: Reading, now: float) -> list[Fact]:
        """What this reading changes. ValueError for a source of data that has the name of a kind."""
        kind, found = reading.kind, reading.found
        if kind is Kind.DATA_OLD and found is not None and _KINDS & found.keys():
            raise ValueError("the age of what a kind of reading says follows from that reading")
        source = self._sources.setdefault(kind, _Source(now, now))
        seen_s = min(max(0.0, now - source.heard_at), _MOST_SEEN_S)
        facts = [] if kind is Kind.DATA_OLD else [*self._age(source, reading, seen_s, now)]
        if not self._rules.of(kind).on:
            facts += self._switched_off(self._subjects(kind), kind, now)
        elif found is not None:
            for subject in sorted({*self._subjects(kind), *found}):
                measure = found.get(subject, CALM)
                facts += self._judge(kind, subject, measure, seen_s if source.known else 0.0, now)
        source.heard_at, source.known = now, found is not None
        if source.known:
            source.known_at = now
        return facts

    def _age(self, source: _Source, reading: Reading, seen_s: float, now: float) -> Iterator[Fact]:
        kind = reading.kind
        if not (self._rules.of(kind).on and self._rules.data_old.on):
            yield from self._switched_off([kind.value], Kind.DATA_OLD, now)
            return
        age_s = 0.0 if reading.found is not None else max(0.0, now - source.known_at)
        yield from self._judge(Kind.DATA_OLD, kind.value, Measure(age_s), seen_s, now)

    def _judge(self, kind: Kind, subject: str, measure: Measure, seen_s: float, now: float) -> Iterator[Fact]:
        """`seen_s`: since the reading before this one, as far as it was seen."""
        id_, rule = id_of(kind, subject), self._rules.of(kind)
        verdict = judged(self._rules, kind, subject, measure)
        alert = self._up.get(id_)
        if alert is None and verdict.bad is None:
            self._held.pop(id_, None)
            return
        held = self._held.setdefault(id_, _Held(now))
        held.bad_s = _so_long(held.bad_s, verdict.bad is not None, seen_s)
        held.critical_s = _so_long(held.critical_s, verdict.bad is Severity.CRITICAL, seen_s)
        held.good_s = _so_long(held.good_s, verdict.good, seen_s)
        is_critical = _at_least(held.critical_s, rule.for_s)
        if alert is None:
            if _at_least(held.bad_s, rule.for_s):
                severity = Severity.CRITICAL if is_critical else Severity.WARNING
                yield self._note(What.RAISED, Alert(kind, subject, severity, held.began_at, now, now, measure), now)
            return
        self._up[id_] = alert = replace(alert, reading=measure)
        if _at_least(held.good_s, rule.clear_for_s):
            yield self._clear(Fact(What.CLEARED, now, alert, verdict.why))
        elif is_critical and alert.severity is not Severity.CRITICAL:
            anew = replace(alert, acknowledged_by="", acknowledged_at=None, note="")
            yield self._note(What.WORSE, replace(anew, severity=Severity.CRITICAL, told_at=now), now)
        elif not verdict.good and self._to_be_reminded(alert, now):
            yield self._note(What.REMINDED, replace(alert, told_at=now), now)

    def _to_be_reminded(self, alert: Alert, now: float) -> bool:
        remind_s = self._rules.remind_s
        # A clock that was put back must not silence it.
        return alert.acknowledged_at is None and remind_s > 0 and not 0 <= now - alert.told_at < remind_s

    def _switched_off(self, subjects: Iterable[str], kind: Kind, now: float) -> Iterator[Fact]:
        for subject in subjects:
            id_ = id_of(kind, subject)
            self._held.pop(id_, None)
            if (alert := self._up.get(id_)) is not None:
                yield self._clear(Fact(What.CLEARED, now, alert, "off"))

    def _subjects(self, kind: Kind) -> list[str]:
        """Of this kind's own readings, those of which something is up or about to be."""
        known = (id_.partition(":") for id_ in sorted({*self._up, *self._held}))
        found = [subject for name, _, subject in known if name == kind]
        return [one for one in found if one not in _KINDS] if kind is Kind.DATA_OLD else found

    def _note(self, what: What, alert: Alert, now: float) -> Fact:
        self._up[alert.id] = alert
        return Fact(what, now, alert)

    def _clear(self, fact: Fact) -> Fact:
        del self._up[fact.alert.id]
        self._held.pop(fact.alert.id, None)
        return fact


def _so_long(held_s: float | None, is_so: bool, seen_s: float) -> float | None:
    if not is_so:
        return None
    return 0.0 if held_s is None else held_s + seen_s


def _at_least(held_s: float | None, wanted_s: float) -> bool:
    return held_s is not None and held_s >= wanted_s
