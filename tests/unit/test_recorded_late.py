"""What is found out about a call after its end belongs to that call, and keeps nothing alive."""

from __future__ import annotations

import dataclasses

from cti.calls import CallFact, CallId
from cti.storage.kept import Kept, Picture
from cti.switchboard import Switchboard
from cti.timelines import Timelines
from tests.support.calls import answered_call

CALL = answered_call("c1", arrived_at=1000.0)
LATE = dataclasses.replace(
    next(m for m in CALL if m.kind == CallFact.RECORDED), seq=CALL[-1].seq + 1, kind=CallFact.RECORDED_LATE
)


def test_it_stands_last_in_the_timeline_of_its_call() -> None:
    timelines = Timelines()
    timelines.add([*CALL, LATE])
    assert timelines.of(CallId("c1")) == [*CALL, LATE]
    timelines.add([dataclasses.replace(LATE, id="c0")])
    assert timelines.of(CallId("c0")) is None, "one line is no timeline: the database has it"


def test_no_file_of_the_journal_is_kept_for_it() -> None:
    """Given a call whose lines are gone with their files, when something late comes, then it needs no file."""
    kept = Kept()
    for milestone in CALL:
        kept.add(milestone, 1)
    kept.forget(5)
    kept.add(LATE, 7)
    assert kept.needed() == set()


def test_a_daemon_that_reads_it_at_its_start_has_no_such_call() -> None:
    for lines in ([*CALL, LATE], [LATE]):
        board = Switchboard(0.0)
        board.recover(lines, 2000.0)
        assert board.calls == {}
        assert Picture(lines).milestones() == []
