"""Alerts as JSON: for pages and /api/alerts, and as the message that a webhook brings.

Whoever acknowledged is named to those who are logged in; the message leaves the house and does not say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from cti.alerts.model import Alert, Fact, Kind, What
from cti.alerts.rules import AgeRule, AlertRules, GhostRule, PartRule, RateRule, RecordingRule, WaitRule
from cti.alerts.words import sentence, state, title
from cti.metrics.words import SKILLS, Words


@dataclass(frozen=True, slots=True)
class Voices:
    """Both languages."""

    zone: tzinfo = UTC
    skills: Mapping[str, tuple[str, str]] = field(default_factory=lambda: SKILLS)

    @property
    def zh(self) -> Words:
        return Words("zh", zone=self.zone, skills=self.skills)

    @property
    def en(self) -> Words:
        return Words("en", zone=self.zone, skills=self.skills)


def as_json(alert: Alert, rules: AlertRules, voices: Voices) -> dict[str, Any]:
    """An alert that is up, as a row of a list. `target`: the bound that its reading is judged by, if it has one."""
    facts = _facts(alert)
    return {
        "id": alert.id,
        "rule": alert.kind,
        "subject": facts["subject"],
        "level": alert.severity,
        "since": alert.began_at,
        "raised_at": alert.raised_at,
        "state": "raised" if alert.acknowledged_at is None else "acknowledged",
        "by": alert.acknowledged_by or None,
        "acknowledged_at": alert.acknowledged_at,
        "note": alert.note or None,
        "reading": facts["reading"],
        "target": _target(alert.kind, rules),
        "tell": list(rules.of(alert.kind).tell),
        "title": {words.lang: title(alert, words) for words in (voices.zh, voices.en)},
        "words": {words.lang: state(alert, rules, words) for words in (voices.zh, voices.en)},
    }


def message(fact: Fact, city: str, rules: AlertRules, voices: Voices) -> dict[str, Any]:
    """The body of a webhook, in the form of Standard Webhooks: `{type, timestamp, data}`."""
    alert = fact.alert
    return {
        "type": f"alert.{fact.what}",
        "timestamp": datetime.fromtimestamp(fact.at, voices.zone).isoformat(timespec="milliseconds"),
        "data": {
            "city": city,
            **_facts(alert),
            "is_up": fact.what is not What.CLEARED,
            "is_acknowledged": alert.acknowledged_at is not None,
            "why": fact.why or None,
            "title": {words.lang: title(alert, words) for words in (voices.zh, voices.en)},
            "text": {words.lang: sentence(fact, rules, words) for words in (voices.zh, voices.en)},
        },
    }


def message_id(fact: Fact) -> str:
    """The same at each try, and of no other message: what a receiver leaves out doubles by."""
    return f"{fact.alert.id}@{fact.what}@{round(fact.at * 1000)}"


def _target(kind: Kind, rules: AlertRules) -> float | None:
    """A share, seconds or a count."""
    match rules.of(kind):
        case RateRule() as rule:
            return rule.below
        case WaitRule() | AgeRule() as rule:
            return rule.above_s
        case RecordingRule() as rule:
            return rule.incomplete
        case GhostRule() | PartRule():
            return None


def _facts(alert: Alert) -> dict[str, Any]:
    reading = alert.reading
    return {
        "id": alert.id,
        "kind": alert.kind,
        "subject": alert.subject or None,
        "severity": alert.severity,
        "began_at": alert.began_at,
        "raised_at": alert.raised_at,
        "reading": {"value": reading.value, "of": reading.of, "detail": reading.detail or None},
    }
