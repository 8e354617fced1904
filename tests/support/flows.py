"""Flows for tests: small texts, and a call that is walked through one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from textwrap import dedent
from zoneinfo import ZoneInfo

from cti.calls import CallFact
from cti.settings import Settings
from ivr_flows.calendar import WorkCalendar
from ivr_flows.errors import FlowError
from ivr_flows.loader import load
from ivr_flows.model import Flow
from ivr_flows.session import Session, begin, step
from ivr_flows.words import Command, Event, Mark, Started

CITY = ZoneInfo("Asia/Shanghai")
MONDAY_10 = datetime(2026, 11, 23, 10, tzinfo=CITY)

TAIL = """
  queue: {type: route, queue: general, after: bye}
  bye: {type: hangup, prompts: goodbye}
"""


def flow_text(nodes: str, start: str = "first", head: str = "") -> str:
    """A flow `test` whose person is `queue`; `queue` and `bye` are there already."""
    body = dedent(nodes).strip("\n").replace("\n", "\n  ")
    return f"flow: test\nperson: queue\n{dedent(head)}start: {start}\nnodes:\n  {body}{TAIL}"


def make_flow(nodes: str, start: str = "first", head: str = "", transfers: Collection[str] = ()) -> Flow:
    return load(flow_text(nodes, start, head), "test", None, transfers)


def faults_of(
    text: str,
    prompts: Collection[str] | None = None,
    durations: Mapping[str, float] | None = None,
    entries: Collection[str] = (),
) -> tuple[str, ...]:
    """The faults of a flow file; () if it checks."""
    try:
        load(text, "test", prompts, (), durations=durations, entries=entries)
    except FlowError as error:
        return error.faults
    return ()


def read_shipped_flow(
    name: str,
    transfers: Collection[str] = (),
    prompts: Collection[str] | None = None,
    entries: Collection[str] = (),
    durations: Mapping[str, float] | None = None,
) -> Flow:
    """A flow that comes with the project."""
    text = (Settings().flows / f"{name}.yaml").read_text(encoding="utf-8")
    return load(text, name, prompts, transfers, entries=entries, durations=durations)


class Walk:
    """One call in a flow: `hear` an event, look at what came out."""

    def __init__(
        self,
        flow: Flow,
        dialled: str = "12345",
        at: datetime = MONDAY_10,
        calendar: WorkCalendar | None = None,
        announcements: Collection[str] = (),
        scale: int = 3,
        entry: str = "",
        short: bool = False,
    ) -> None:
        self.flow = flow
        self.session: Session
        self.commands: list[Command]
        started = Started(dialled, "merged", at, short)
        self.session, self.commands = begin(
            flow, started, calendar, entry=entry, survey_scale=scale, announcements=announcements
        )
        self.told = list(self.commands)

    def hear(self, *events: Event) -> Walk:
        for event in events:
            self.session, self.commands = step(self.flow, self.session, event)
            self.told += self.commands
        return self

    @property
    def node(self) -> str:
        return self.session.node

    @property
    def waits_for(self) -> Command:
        """The last command, which awaits its outcome."""
        return self.commands[-1]

    @property
    def path(self) -> list[str]:
        return [str(c.data["node"]) for c in self.told if isinstance(c, Mark) and c.kind == CallFact.ENTERED]

    def marks(self, kind: CallFact) -> list[Mark]:
        return [c for c in self.told if isinstance(c, Mark) and c.kind == kind]


def ids(command: object) -> list[str]:
    """The prompts of a command."""
    return [prompt.id for prompt in command.prompts]  # type: ignore[attr-defined]
