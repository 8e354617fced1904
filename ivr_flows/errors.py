"""What can be wrong with a flow: one base class, one class a refusal."""

from __future__ import annotations


class FlowsError(Exception):
    """Base of everything this folder refuses."""


class FlowError(FlowsError):
    """A flow file cannot be used. `faults` holds every fault, one line each: `city.yaml:23: node main_menu: …`."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class FlowStateError(FlowsError):
    """The daemon told a session something that cannot happen in its state; the session is as it was before."""


class CalendarError(FlowsError):
    """A day of the city's own calendar is not a date."""
