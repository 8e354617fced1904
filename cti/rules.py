"""How callers wait: what they are spared, whose agents help out, the surge ladder, and alerts. A document that changes
while the city runs."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from cti.alerts.rules import ALERTS, AlertRules, faults_of
from cti.settings import Name, Seconds
from cti.toml_file import TomlRefused, fault_at, read_toml
from queues import needs

RULES = (
    """\
# How callers wait. A change takes effect at once; what is left out has its default, which stands here behind #.

[waiting]
# kept_place_s = 300       # who was cut off and calls again within this time gets his place back; 0: nobody
# last_agent_days = 7      # who was served within this time is first offered to the same agent …
# last_agent_s = 8         # … for so long; 0: never
# language_s = 120         # who chose a language waits so long for an agent who speaks it
# callback_from_s = 180    # an estimated wait above this offers to call back with the place kept

# [[overflow]]             # agents of another skill may take the callers of a queue too
# queue = "enterprise"     # whose callers
# to = "general"           # the skill that lends its agents
# after_s = 90             # so long after queueing; without it only while the rung `borrow` is on

[surge]
# broadcast_prompt = "surge_busy"   # what the rung `broadcast` plays to those who wait
# callback_from_s = 60              # what the rung `callback_sooner` lowers waiting.callback_from_s to

[[surge.rungs]]
rung = "short_prompts"
on_wait_s = 60             # on when the forecast of the wait in a quarter of an hour is above this …
off_wait_s = 20            # … and off when it is below this

[[surge.rungs]]
rung = "callback_sooner"
on_wait_s = 90
off_wait_s = 30

[[surge.rungs]]
rung = "broadcast"
on_wait_s = 120
off_wait_s = 45

[[surge.rungs]]
rung = "borrow"
on_wait_s = 120
off_wait_s = 45

[[surge.rungs]]
rung = "standby"
on_wait_s = 240
off_wait_s = 60
"""
    + ALERTS
)
"""What counts until a city says otherwise."""

_strict = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_strict)
class Waiting:
    """What a waiting caller is spared, told and offered."""

    kept_place_s: Seconds = 300.0
    """Who was cut off and calls again within this time gets his place back; 0: nobody does."""
    last_agent_days: Annotated[float, Field(ge=0, le=90)] = 7.0
    """Who was served within this time is first offered to the same agent …"""
    last_agent_s: Annotated[float, Field(ge=0, le=120)] = 8.0
    """… for so long; 0: never."""
    language_s: Seconds = 120.0
    """Who chose a language waits so long for an agent who speaks it, before anybody will do."""
    callback_from_s: Annotated[float, Field(ge=30, le=7200)] = 180.0
    """An estimate above this offers to call back with the place kept."""


@dataclass(frozen=True, config=_strict)
class Overflow:
    """Agents of another skill may take the callers of a queue too."""

    queue: Name
    to: Name
    """The skill that lends its agents."""
    after_s: Seconds | None = None
    """So long after queueing; None: only while the surge ladder's `borrow` is on."""


@dataclass(frozen=True, config=_strict)
class Rung:
    """One rung of the surge ladder: on above one bound, off below another, never shorter than a while."""

    rung: Literal["short_prompts", "callback_sooner", "broadcast", "borrow", "standby"]
    on_wait_s: Seconds
    """On when the forecast of the wait in a quarter of an hour is above this …"""
    off_wait_s: Seconds
    """… and off when it is below this."""
    at_least_s: Seconds = 120.0


@dataclass(frozen=True, config=_strict)
class Surge:
    rungs: tuple[Rung, ...] = (
        Rung(rung="short_prompts", on_wait_s=60, off_wait_s=20),
        Rung(rung="callback_sooner", on_wait_s=90, off_wait_s=30),
        Rung(rung="broadcast", on_wait_s=120, off_wait_s=45),
        Rung(rung="borrow", on_wait_s=120, off_wait_s=45),
        Rung(rung="standby", on_wait_s=240, off_wait_s=60),
    )
    broadcast_prompt: str = "surge_busy"
    """What the rung `broadcast` plays to those who wait."""
    callback_from_s: Seconds = 60.0
    """What the rung `callback_sooner` lowers `waiting.callback_from_s` to."""


@dataclass(frozen=True, config=_strict)
class Rules:
    waiting: Waiting = field(default_factory=Waiting)
    overflow: tuple[Overflow, ...] = ()
    surge: Surge = field(default_factory=Surge)
    alerts: AlertRules = field(default_factory=AlertRules)


def overflow_of(rules: Rules) -> tuple[needs.Overflow, ...]:
    """The overflow rules as the router takes them."""
    return tuple(needs.Overflow(rule.queue, rule.to, rule.after_s) for rule in rules.overflow)


def read_rules(text: str, name: str) -> Rules:
    """TomlRefused names file (`name`), line and key of every fault."""
    rules = read_toml(Rules, text, name)
    faults: list[str] = []
    for n, rule in enumerate(rules.overflow):
        if rule.queue == rule.to:
            what = "a queue's own agents take its callers anyway; name another skill"
            faults.append(fault_at(text, name, ("overflow", n, "to"), what))
        if rule in rules.overflow[:n]:
            faults.append(fault_at(text, name, ("overflow", n), "stands here a second time"))
    for n, rung in enumerate(rules.surge.rungs):
        at = ("surge", "rungs", n)
        if rung.off_wait_s > rung.on_wait_s:
            what = f"must not be above on_wait_s ({rung.on_wait_s:g})"
            faults.append(fault_at(text, name, (*at, "off_wait_s"), what))
        if rung.rung in [other.rung for other in rules.surge.rungs[:n]]:
            faults.append(fault_at(text, name, (*at, "rung"), f"{rung.rung} stands on the ladder already"))
    faults += faults_of(rules.alerts, text, name)
    if faults:
        raise TomlRefused(faults)
    return rules
