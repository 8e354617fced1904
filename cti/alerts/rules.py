"""Which alerts there are, when they are raised and cleared, and who is told: the section `alerts` of a city's rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from cti.alerts.model import Kind
from cti.settings import Seconds
from cti.toml_file import fault_at

ALERTS = """\

# Alerts. Each is raised when its reading has been beyond a bound for for_s, and cleared when it has been good again for
# clear_for_s. tell: the desks of supervisors and administrators, and the webhook of the settings.
[alerts]
# remind_s = 900.0         # whoever has not acknowledged is told again so often; 0: never

[alerts.connection_rate]   # of today
# on = true
# below = 0.9              # the target
# critical_below = 0.8
# clear_by = 0.003         # cleared so far above `below`
# least_calls = 100        # fewer calls say nothing
# for_s = 60.0
# clear_for_s = 60.0
# tell = ["supervisor", "webhook"]

[alerts.longest_wait]      # in each queue
# on = true
# above_s = 60.0
# critical_above_s = 180.0
# clear_by_s = 15.0        # cleared so far below `above_s`
# for_s = 30.0
# clear_for_s = 30.0
# tell = ["supervisor", "webhook"]

[alerts.ghost_agent]       # ready, and telephone or page lost
# on = true
# for_s = 30.0
# clear_for_s = 10.0
# tell = ["supervisor"]

[alerts.recording]         # recordings shorter than the talk, or not there
# on = true
# incomplete = 3           # so many …
# critical_incomplete = 10
# window_s = 900.0         # … in so long; cleared when there is none
# for_s = 0.0
# clear_for_s = 600.0
# tell = ["supervisor", "administrator", "webhook"]

[alerts.data_old]          # what the figures rest on has not come, or a reading is not known
# on = true
# above_s = 60.0
# critical_above_s = 300.0
# clear_by_s = 30.0
# for_s = 0.0
# clear_for_s = 10.0
# tell = ["supervisor", "administrator", "webhook"]

[alerts.part]              # a part of /api/health is not well
# on = true
# for_s = 60.0
# clear_for_s = 30.0
# tell = ["administrator", "webhook"]
"""
"""The end of `cti.rules.RULES`: every key with its default."""

Audience: TypeAlias = Literal["supervisor", "administrator", "webhook"]
Tell: TypeAlias = tuple[Audience, ...]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=100_000)]

_strict = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_strict)
class RateRule:
    on: bool = True
    below: Share = 0.9
    critical_below: Share = 0.8
    clear_by: Annotated[float, Field(ge=0, le=0.2)] = 0.003
    least_calls: Count = 100
    for_s: Seconds = 60.0
    clear_for_s: Seconds = 60.0
    tell: Tell = ("supervisor", "webhook")


@dataclass(frozen=True, config=_strict)
class WaitRule:
    on: bool = True
    above_s: Seconds = 60.0
    critical_above_s: Seconds = 180.0
    clear_by_s: Seconds = 15.0
    for_s: Seconds = 30.0
    clear_for_s: Seconds = 30.0
    tell: Tell = ("supervisor", "webhook")


@dataclass(frozen=True, config=_strict)
class GhostRule:
    on: bool = True
    for_s: Seconds = 30.0
    clear_for_s: Seconds = 10.0
    tell: Tell = ("supervisor",)


@dataclass(frozen=True, config=_strict)
class RecordingRule:
    on: bool = True
    incomplete: Count = 3
    critical_incomplete: Count = 10
    window_s: Annotated[float, Field(ge=60, le=86400)] = 900.0
    for_s: Seconds = 0.0
    clear_for_s: Seconds = 600.0
    """After a restart nothing is known of the window before it: this keeps the alert from being cleared by that."""
    tell: Tell = ("supervisor", "administrator", "webhook")


@dataclass(frozen=True, config=_strict)
class AgeRule:
    on: bool = True
    above_s: Seconds = 60.0
    critical_above_s: Seconds = 300.0
    clear_by_s: Seconds = 30.0
    for_s: Seconds = 0.0
    clear_for_s: Seconds = 10.0
    tell: Tell = ("supervisor", "administrator", "webhook")


@dataclass(frozen=True, config=_strict)
class PartRule:
    on: bool = True
    for_s: Seconds = 60.0
    clear_for_s: Seconds = 30.0
    tell: Tell = ("administrator", "webhook")


Rule: TypeAlias = RateRule | WaitRule | GhostRule | RecordingRule | AgeRule | PartRule


@dataclass(frozen=True, config=_strict)
class AlertRules:
    remind_s: Seconds = 900.0
    """Whoever has not acknowledged is told again so often; 0: never."""
    connection_rate: RateRule = field(default_factory=RateRule)
    longest_wait: WaitRule = field(default_factory=WaitRule)
    ghost_agent: GhostRule = field(default_factory=GhostRule)
    recording: RecordingRule = field(default_factory=RecordingRule)
    data_old: AgeRule = field(default_factory=AgeRule)
    part: PartRule = field(default_factory=PartRule)

    def of(self, kind: Kind) -> Rule:
        match kind:
            case Kind.CONNECTION_RATE:
                return self.connection_rate
            case Kind.LONGEST_WAIT:
                return self.longest_wait
            case Kind.GHOST_AGENT:
                return self.ghost_agent
            case Kind.RECORDING:
                return self.recording
            case Kind.DATA_OLD:
                return self.data_old
            case Kind.PART:
                return self.part


def faults_of(rules: AlertRules, text: str, name: str) -> Iterator[str]:
    """What reads well and cannot be meant; file (`name`), line and key of each."""
    rate, recording = rules.connection_rate, rules.recording
    if rate.critical_below > rate.below:
        at = ("alerts", "connection_rate", "critical_below")
        yield fault_at(text, name, at, f"must not be above below ({rate.below:g})")
    for kind, rule in ((Kind.LONGEST_WAIT, rules.longest_wait), (Kind.DATA_OLD, rules.data_old)):
        if rule.critical_above_s < rule.above_s:
            what = f"must not be below above_s ({rule.above_s:g})"
            yield fault_at(text, name, ("alerts", kind.value, "critical_above_s"), what)
    if recording.critical_incomplete < recording.incomplete:
        what = f"must not be below incomplete ({recording.incomplete})"
        yield fault_at(text, name, ("alerts", "recording", "critical_incomplete"), what)
    for kind in Kind:
        tell = rules.of(kind).tell
        for n, who in enumerate(tell):
            if who in tell[:n]:
                yield fault_at(text, name, ("alerts", kind.value, "tell", n), f"{who} stands here a second time")
