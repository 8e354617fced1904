"""After-call work: how long it lasts, who may end it and who may ask for more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from agents.refusal import StatusRefused

Kind = Literal["optional", "fixed", "forced", "extendable"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class WrapUpPolicy:
    """optional: ends after `seconds` or when the agent says so; fixed: exactly so long; forced: until the agent says
    so; extendable: as optional, and the agent may ask for more, up to `most_s` in all. 0 seconds: none, of any kind."""

    kind: Kind = "optional"
    seconds: float = 20.0
    most_s: float = 300.0


@dataclass(frozen=True, slots=True)
class WrapUp:
    """One wrap-up. Times are UTC seconds; `until` is infinite while only the agent can end it."""

    kind: Kind
    since: float
    until: float
    most_until: float
    """Where an extension ends at the latest."""


def begin(policy: WrapUpPolicy, ended_at: float) -> WrapUp | None:
    """The wrap-up of a talk that ended at `ended_at`; None if the policy gives none."""
    if policy.seconds <= 0:
        return None
    until = math.inf if policy.kind == "forced" else ended_at + policy.seconds
    return WrapUp(policy.kind, ended_at, until, ended_at + max(policy.most_s, policy.seconds))


def check_finish(wrap_up: WrapUp | None, now: float) -> None:
    """The agent says that he is done. StatusRefused if there is nothing to finish, or he may not."""
    current = _lasting(wrap_up, now)
    if current.kind == "fixed":
        raise StatusRefused("wrap_up_fixed", f"the wrap-up is of fixed length: {current.until - now:.0f} s are left")


def extended(wrap_up: WrapUp | None, by_s: float, now: float) -> float:
    """When it ends if the agent gets `by_s` more. StatusRefused if he may not have it."""
    current = _lasting(wrap_up, now)
    if current.kind != "extendable":
        raise StatusRefused("wrap_up_not_extendable", f"a wrap-up of the kind {current.kind} cannot be extended")
    until = min(current.until + by_s, current.most_until)
    if until <= current.until:
        most_s = current.most_until - current.since
        raise StatusRefused("wrap_up_at_most", f"a wrap-up lasts {most_s:.0f} s at most")
    return until


def _lasting(wrap_up: WrapUp | None, now: float) -> WrapUp:
    if wrap_up is None or now >= wrap_up.until:
        raise StatusRefused("no_wrap_up", "there is no wrap-up now")
    return wrap_up
