"""One reading against the rules: is it bad, and how bad; or good again? Between the two nothing changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cti.alerts.model import Kind, Measure, Severity, Why
from cti.alerts.rules import AgeRule, AlertRules, RateRule, RecordingRule, WaitRule

LESSER_PARTS = frozenset({"redis", "pair", "speech"})
"""Of /api/health: calls are served and recorded without them (cti/health.py)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    bad: Severity | None = None
    good: bool = False
    """It may be cleared. Never with `bad`."""
    why: Why = ""
    """Of a good one."""


_BETWEEN = Verdict()
_GOOD = Verdict(good=True, why="better")


def judged(rules: AlertRules, kind: Kind, subject: str, measure: Measure) -> Verdict:
    match kind:
        case Kind.CONNECTION_RATE:
            return _rate(rules.connection_rate, measure)
        case Kind.LONGEST_WAIT:
            return _seconds(rules.longest_wait, measure)
        case Kind.DATA_OLD:
            return _seconds(rules.data_old, measure)
        case Kind.RECORDING:
            return _recordings(rules.recording, measure)
        case Kind.GHOST_AGENT:
            return Verdict(Severity.WARNING) if measure.value else _GOOD
        case Kind.PART:
            return _part(subject, measure)


def _rate(rule: RateRule, measure: Measure) -> Verdict:
    calls = measure.of or 0.0
    if calls < rule.least_calls:
        return Verdict(good=True, why="few")
    rate = measure.value / calls
    if rate < rule.below:
        return Verdict(Severity.CRITICAL if rate < rule.critical_below else Severity.WARNING)
    # Nobody can do better than all calls.
    return _GOOD if rate >= min(1.0, rule.below + rule.clear_by) else _BETWEEN


def _seconds(rule: WaitRule | AgeRule, measure: Measure) -> Verdict:
    if measure.value > rule.above_s:
        return Verdict(Severity.CRITICAL if measure.value > rule.critical_above_s else Severity.WARNING)
    return _GOOD if measure.value <= max(0.0, rule.above_s - rule.clear_by_s) else _BETWEEN


def _recordings(rule: RecordingRule, measure: Measure) -> Verdict:
    if measure.value >= rule.incomplete:
        return Verdict(Severity.CRITICAL if measure.value >= rule.critical_incomplete else Severity.WARNING)
    return _BETWEEN if measure.value else _GOOD


def _part(part: str, measure: Measure) -> Verdict:
    if not measure.value:
        return _GOOD
    return Verdict(Severity.WARNING if part in LESSER_PARTS else Severity.CRITICAL)
