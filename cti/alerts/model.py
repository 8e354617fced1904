"""What an alert is: readings by which it is judged, the alert itself, and the facts that its life is made of.

The newest fact of an alert says everything about it that outlives a restart: the alert is made anew from it alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

from cti.calls import Milestone, Value


class Kind(StrEnum):
    """In brackets: what `subject` names, and what `Measure` says."""

    CONNECTION_RATE = "connection_rate"
    """`connection_rate` of today [city; value: answered, of: calls]"""
    LONGEST_WAIT = "longest_wait"
    """[queue; value: seconds]"""
    GHOST_AGENT = "ghost_agent"
    """Ready, and his telephone or page is lost [agent; value: 1, detail: causes of `agents.status.Cause`, by blanks]"""
    RECORDING = "recording"
    """[city; value: incomplete ones of the last minutes, of: all of them]"""
    DATA_OLD = "data_old"
    """[source, or the kind of which nothing is known; value: seconds since the last news]"""
    PART = "part"
    """[part of /api/health; value: 1 while it is not well]"""


class Severity(StrEnum):
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure, with its denominator if it has one."""

    value: float
    of: float | None = None
    detail: str = ""


CALM = Measure(0.0)
"""Of whom a reading does not name."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything of one kind at one moment."""

    kind: Kind
    found: Mapping[str, Measure] | None
    """By subject ("" is the city as a whole); who is not in it is well. None: nothing is known."""


class What(StrEnum):
    RAISED = "raised"
    WORSE = "worse"
    """It is critical now; who has acknowledged it is told again."""
    REMINDED = "reminded"
    """Nobody has acknowledged it for a while."""
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


Why = Literal["", "better", "few", "off"]
"""Of a cleared alert: the reading is good; there are too few calls to judge by; its rule is switched off."""
_WHYS: Mapping[object, Why] = {why: why for why in get_args(Why)}


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that is up. Times are UTC seconds."""

    kind: Kind
    subject: str
    severity: Severity
    """The worst since it was raised."""
    began_at: float
    """The first reading beyond the bound, of those without a good one between."""
    raised_at: float
    told_at: float
    """When somebody was told of it last, or acknowledged it."""
    reading: Measure
    """The last one."""
    acknowledged_by: str = ""
    acknowledged_at: float | None = None
    note: str = ""
    """What he said with it."""

    @property
    def id(self) -> str:
        return id_of(self.kind, self.subject)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something happened to an alert: the data of one milestone `CityFact.ALERT`, whose id is the alert's."""

    what: What
    at: float
    alert: Alert
    """As it is from then on; of a cleared one, as it was, with the reading that cleared it."""
    why: Why = ""

    def data(self) -> dict[str, Value]:
        alert = self.alert
        return {
            "what": self.what,
            "severity": alert.severity,
            "began": alert.began_at,
            "raised": alert.raised_at,
            "value": alert.reading.value,
            "of": alert.reading.of,
            "detail": alert.reading.detail,
            "by": alert.acknowledged_by,
            "acknowledged": alert.acknowledged_at,
            "note": alert.note,
            "why": self.why,
        }


def id_of(kind: Kind, subject: str) -> str:
    """`longest_wait:general`; of the city as a whole `connection_rate`."""
    return f"{kind}:{subject}" if subject else kind.value


def fact_of(milestone: Milestone) -> Fact:
    """Reads what `Fact.data` wrote. ValueError for one that this release does not know."""
    data = milestone.data
    (kind, _, subject), of, acknowledged = milestone.id.partition(":"), data.get("of"), data.get("acknowledged")
    alert = Alert(
        kind=Kind(kind),
        subject=subject,
        severity=Severity(str(data.get("severity"))),
        began_at=float(data.get("began") or 0.0),
        raised_at=float(data.get("raised") or 0.0),
        told_at=milestone.at,
        reading=Measure(
            float(data.get("value") or 0.0), None if of is None else float(of), str(data.get("detail") or "")
        ),
        acknowledged_by=str(data.get("by") or ""),
        acknowledged_at=None if acknowledged is None else float(acknowledged),
        note=str(data.get("note") or ""),
    )
    return Fact(What(str(data.get("what"))), milestone.at, alert, _WHYS.get(data.get("why"), ""))
