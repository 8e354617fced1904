"""The numbers that can be dialled: what is known of a call by its number alone. A document that changes while the city
runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Annotated, Literal, Protocol, get_args

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from cti.calls import GuestEntry, Need, Value
from cti.settings import Seconds
from cti.toml_file import TomlRefused, fault_at, read_toml
from ivr_flows.model import Flow, Route

NUMBERS = """\
# The numbers that citizens dial, as the carrier sends them. A change takes effect with the next call.

unknown_number = "12345"    # a number that is not here is treated like this one, and recorded as it was dialled

[[did]]
number = "12345"
flow = "city"               # a flow file without its ending

[[did]]
number = "12333"
flow = "city"
entry = "social_security_line"   # the node of the flow to begin at; left out: the flow's own start
mode = "dual"                    # merged, dual (双号并行) or subcentre: flows can branch by it
# statistics = "12333"           # counted under; left out: the number
# city = "dongguan"              # city code of its records; left out: that of the settings
# skill = "dongguan"             # a skill that its calls ask for first …
# skill_s = 8                    # … for so long
"""
"""What counts until a city says otherwise."""

_strict = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_strict)
class Did:
    """One number that can be dialled, or a way in by the citizens' page."""

    number: Annotated[str, Field(pattern=r"^(\+?[0-9]{2,20}|video|sign|text)$")]
    flow: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    """Name of a flow file without its ending."""
    entry: str = ""
    """Node of that flow to begin at; "": the flow's own start."""
    mode: Literal["merged", "dual", "subcentre"] = "merged"
    city: Annotated[str, Field(pattern=r"^[a-z0-9-]*$")] = ""
    """City code of its records; "": the city of this installation."""
    statistics: str = ""
    """Key its calls are counted under; "": the number itself."""
    skill: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,39})?$")] = ""
    """A skill that every need of its calls asks for first, as a city's own agents; "": none."""
    skill_s: Seconds = 8.0
    """For so long; then agents without it may take the call too."""


@dataclass(frozen=True, config=_strict)
class NumberTable:
    did: tuple[Did, ...]
    unknown_number: str
    """A number that is not in the table is treated like this one, and recorded as it was dialled."""

    def find(self, dialled: str) -> Did:
        """What counts for a call to this number."""
        known = {did.number: did for did in self.every}
        return known.get(dialled, known[self.unknown_number])

    def entries(self) -> dict[str, set[str]]:
        """By flow: the nodes that numbers begin at."""
        return {flow: {did.entry for did in self.every if did.flow == flow and did.entry} for flow in self.flows()}

    def flows(self) -> list[str]:
        return list(dict.fromkeys(did.flow for did in self.every))

    @property
    def every(self) -> tuple[Did, ...]:
        """With what the citizens' page dials, which is no number; what stands in the table wins."""
        return (*(Did(entry, "video", entry) for entry in get_args(GuestEntry)), *self.did)


class Flows(Protocol):
    @property
    def names(self) -> Collection[str]: ...

    def current(self, name: str) -> Flow: ...


def read_numbers(text: str, name: str, flows: Flows | None = None) -> NumberTable:
    """TomlRefused names file (`name`), line and key of every fault; with `flows` it is a fault too if a number's flow
    or node is not there."""
    table = read_toml(NumberTable, text, name)
    faults: list[str] = []
    for n, did in enumerate(table.did):
        if did.number in [other.number for other in table.did[:n]]:
            faults.append(fault_at(text, name, ("did", n, "number"), f"{did.number} stands here a second time"))
        if flows is not None and did.flow not in flows.names:
            known = ", ".join(sorted(flows.names))
            faults.append(fault_at(text, name, ("did", n, "flow"), f"there is no flow {did.flow}; there are {known}"))
        elif flows is not None and did.entry and did.entry not in flows.current(did.flow).nodes:
            what = f"flow {did.flow} has no node {did.entry}"
            faults.append(fault_at(text, name, ("did", n, "entry"), what))
    if table.unknown_number not in [did.number for did in table.did]:
        what = f"there is no [[did]] with the number {table.unknown_number}"
        faults.append(fault_at(text, name, ("unknown_number",), what))
    if faults:
        raise TomlRefused(faults)
    return table


class Numbers:
    """`table` gives the numbers that are in use now."""

    def __init__(
        self, table: Callable[[], NumberTable], city: str, flows: Flows, mode_of: Callable[[str], str] = lambda _: ""
    ) -> None:
        """`mode_of`: to which of its flow's modes a supervisor has switched a number; "": to none."""
        self._table = table
        self._flows = flows
        self._city = city
        self._mode_of = mode_of

    def did(self, dialled: str) -> Did:
        did = self._table().find(dialled)
        if mode := self._mode_of(did.number):
            node = self._flows.current(did.flow).modes.get(mode)
            return did if node is None else replace(did, entry=node)
        return did

    @property
    def table(self) -> NumberTable:
        """As it is written, whatever is switched."""
        return self._table()

    @property
    def unknown(self) -> str:
        """The number that stands for those that are not in the table."""
        return self._table().unknown_number

    def place(self, dialled: str) -> Mapping[str, Value]:
        """City, mode and statistics of a number, for a call that no daemon saw arrive."""
        did = self.did(dialled)
        return {
            "city": did.city or self._city,
            "mode": did.mode,
            "statistics": did.statistics or did.number,
            "flow": did.flow,
        }

    def need(self, dialled: str) -> Need:
        """What somebody needs who calls this number and says nothing: its flow's person, else its first queue."""
        flow = self._flows.current(self.did(dialled).flow)
        nodes = (flow.nodes[flow.person], *flow.nodes.values())
        return next(node.need for node in nodes if isinstance(node, Route))
