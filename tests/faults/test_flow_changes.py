"""The flow file changes under live calls, and goes wrong: each call stays with the version it began with."""

from __future__ import annotations

import signal

import pytest

from cti.calls import CallFact
from tests.support.city import City, citizen, eventually, on_disk
from tests.support.stack import FLOW, RunningStack

pytestmark = pytest.mark.timeout(60)

NO_SURVEY = """\
flow: quick
person: general
start: general
nodes:
  general: {type: route, queue: general, after: goodbye}
  goodbye: {type: hangup, prompts: goodbye}
"""
BROKEN = NO_SURVEY.replace("after: goodbye", "after: goodbey")


async def test_calls_keep_their_version_over_changes_and_restarts(telephones: City) -> None:
    # Given a call that waits, begun with the first version
    stack, api, file = telephones.stack, telephones.api, telephones.stack.flows / "quick.yaml"
    (agent,) = await telephones.hire(1, ready=False)
    calls = [await _waits(telephones, 1, rating="2")]

    # When the file changes, and the daemon dies after the next call has come
    file.write_text(NO_SURVEY, encoding="utf-8")
    await eventually(lambda: _loaded(stack) == 1, 5, "the second version")
    calls.append(await _waits(telephones, 2))
    await _restart(telephones, calls)

    # And a broken one is put there, and the daemon dies again
    file.write_text(BROKEN, encoding="utf-8")
    refused = await eventually(lambda: _refused(telephones), 5, "the refusal")
    assert "quick.yaml:5" in refused
    assert "unknown node goodbey" in refused
    calls.append(await _waits(telephones, 3))
    await _restart(telephones, calls)
    assert await _refused(telephones) == refused
    calls.append(await _waits(telephones, 4))

    # Then the first call is asked for its rating, as its version says, and the others are not
    assert await api.positions() == calls
    telephones.director.manner.talk_s = (0.4, 0.4)
    await api.set_status(agent, "ready")
    await telephones.over(40)
    records = {record.call_id: record for record in await telephones.check_records()}
    first, *others = [records[call_id] for call_id in calls]
    assert (first.path[-2:], first.survey_offered, first.score) == (("survey", "goodbye"), True, 2)
    assert all(other.path[-1] == "goodbye" and not other.survey_offered for other in others)
    assert len({other.flow_version for other in others} - {first.flow_version}) == 1

    # And a good file is taken again
    file.write_text(FLOW, encoding="utf-8")
    await eventually(lambda: _healthy(telephones), 5, "health")


async def _waits(telephones: City, number: int, rating: str = "") -> str:
    """One more caller in the queue; his call's id."""
    known = set(await telephones.api.positions())
    telephones.dial([citizen(number, rating=rating)], rate=10)
    new: set[str] = await eventually(lambda: _new(telephones, known), 5, "one more who waits")
    (call_id,) = new
    await on_disk(telephones, call_id, CallFact.QUEUED)
    return call_id


async def _new(telephones: City, known: set[str]) -> set[str]:
    return set(await telephones.api.positions()) - known


async def _restart(telephones: City, calls: list[str]) -> None:
    dead, _ = telephones.stack.kill_daemon(signal.SIGKILL)
    await eventually(lambda: telephones.stack.ready[0] not in (0, dead), 10, "a new daemon")
    await eventually(lambda: _held(telephones, calls), 5, "the return of the callers")


async def _held(telephones: City, calls: list[str]) -> bool:
    rows = {row["call_id"]: row["attached"] for row in (await telephones.api.live())["calls"]}
    return all(rows.get(call_id) for call_id in calls)


def _loaded(stack: RunningStack) -> int:
    return sum(row["flow"] == "quick" for row in stack.log("flow_loaded"))


async def _refused(telephones: City) -> str:
    health = await telephones.api.health()
    return str(health["parts"]["flows"]["refused"].get("quick", "")) if health else ""


async def _healthy(telephones: City) -> bool:
    health = await telephones.api.health()
    return bool(health and health["ok"])
