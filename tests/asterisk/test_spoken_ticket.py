"""What a citizen says in a talk on the whole real system becomes the fields of his ticket in the database; whatever
happens to speech meanwhile, the talk goes on. With the demo model."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cti.asterisk import names
from cti.bench.prefill import is_right
from cti.bench.request_set import Request, spoken
from cti.calls import CallFact, CallId
from cti.demo.media import SILENCE
from cti.secrets import load_or_create
from cti.storage.sql import SqlStore
from cti.storage.sql_tickets import SqlTickets
from cti.storage.sql_transcripts import SqlTranscripts
from cti.tickets.form import load_form
from cti.tickets.model import Field, Guess, Ticket
from cti.tickets.prefill.lexicon import GUESSED
from tests.support.city import City, eventually
from tests.support.hall import Caller, calls
from tests.support.speaking import listening_city, listening_stack, workers
from tests.support.stack import RunningStack

QUIET = SILENCE * 50 * 60
"""After what he says: a sound is repeated otherwise."""
REQUESTS = {one.id: one for one in spoken(load_form())}
HEARD = ("speech", "rule")
"""rule: the department, by the matter."""
NOISE, WAGES, GAS, LAMP = (REQUESTS[name] for name in ("c001", "c004", "c005", "c002"))

pytestmark = pytest.mark.timeout(150)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with listening_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest_asyncio.fixture
async def place(stack: RunningStack, tmp_path: Path) -> AsyncIterator[City]:
    async with listening_city(stack, tmp_path) as there:
        yield there


async def talk(place: City) -> Caller:
    """Somebody talks with an agent, and both are listened to."""
    await place.hire(1)
    caller = await calls(place, 1)
    await caller.told(CallFact.ANSWERED)
    await listened_to(place)
    return caller


async def listened_to(place: City) -> None:
    def both() -> bool:
        return sum(i.startswith(names.LISTEN_ID) for i in place.stack.asterisk_channels()) == 2

    await eventually(both, 10, "two who listen", every_s=0.2)


def ticket_of(stack: RunningStack, call_id: str) -> Ticket | None:
    store = SqlStore(stack.settings.sql_url)
    try:
        return SqlTickets(store, load_or_create(stack.settings).numbers.encode()).of_call(call_id)
    finally:
        store.close()


def heard(ticket: Ticket, name: str) -> Guess | Field | None:
    """What was heard of a field. The number he calls from is known and stands; another one that he says is proposed."""
    one = ticket.field(name)
    if name == "contact_phone" and one.source == "caller_id":
        return one.proposal
    return one if one.source in HEARD else None


def wrong(ticket: Ticket, request: Request) -> dict[str, tuple[Any, Any]]:
    """Fields of the database that are not as the request has them: (right, found)."""
    found = {}
    for name in GUESSED:
        one = heard(ticket, name)
        right, value = request.expected.get(name), one.value if one is not None else None
        if (right is None) != (value is None) or (right is not None and not is_right(name, right, value)):
            found[name] = (right, value)
    return found


async def filled(stack: RunningStack, call_id: str, request: Request, limit_s: float) -> Ticket:
    """As soon as the ticket in the database has all that he said, and nothing else."""
    last: dict[str, Any] = {}

    async def is_filled() -> Ticket | None:
        nonlocal last
        ticket = await asyncio.to_thread(ticket_of, stack, call_id)
        last = wrong(ticket, request) if ticket is not None else {}
        return ticket if ticket is not None and not last else None

    try:
        ticket: Ticket = await eventually(is_filled, limit_s, "the ticket", every_s=0.3)
    except AssertionError:
        raise AssertionError(f"{request.id}: (right, found) {last}") from None
    return ticket


@pytest.mark.parametrize("request_id", ["c001", "c004", "c005", "c013", "c029", "s008"])
async def test_what_he_says_is_in_his_ticket(place: City, request_id: str) -> None:
    """Given a talk, when the citizen tells what he calls about and the talk ends, then the ticket in the database has
    what he said: in the right fields, marked as heard, with how sure that is and when it was said."""
    request = REQUESTS[request_id]
    caller = await talk(place)
    sound = request.sound.read_bytes()
    caller.line.say(sound + QUIET)
    await asyncio.sleep(len(sound) / 8000 + 1.0)
    place.end_talks()
    ticket = await filled(place.stack, caller.id, request, 10)
    for name in request.expected:
        one = heard(ticket, name)
        assert one is not None
        assert isinstance(one, Guess) or one.state == "check", name
        assert one.confidence is not None
        assert 0 < one.confidence <= 1
    assert ticket.field("content").value
    assert ticket.field("title").value
    caller.hang_up()
    await caller.record()


async def test_words_are_kept_with_the_call_and_in_no_log(place: City) -> None:
    caller = await talk(place)
    caller.line.say(WAGES.sound.read_bytes() + QUIET)
    await filled(place.stack, caller.id, WAGES, 30)
    place.end_talks()
    caller.hang_up()
    await caller.record()

    def kept() -> str:
        store = SqlStore(place.stack.settings.sql_url)
        try:
            found = SqlTranscripts(store).of_call(CallId(caller.id))
        finally:
            store.close()
        return "".join(line.text for one in found for line in one.lines if line.side == "citizen")

    await eventually(lambda: "拖欠工资" in kept(), 10, "the words", every_s=0.5)
    written = "".join(path.read_text("utf-8", "replace") for path in place.stack.settings.log_dir.rglob("*.log"))
    for private in ("拖欠", "工资", "一三八零零零零", "13800005678", caller.call.caller):
        assert private not in written


async def test_a_worker_that_is_killed_in_a_talk_costs_some_words_alone(place: City) -> None:
    """Given a talk that is listened to, when its worker is killed, then both go on hearing each other, and another
    worker hears what is said from then on."""
    caller = await talk(place)
    before = workers(place.stack)
    caller.line.say(LAMP.sound.read_bytes() + QUIET)
    await asyncio.sleep(1.0)
    os.kill(before[-1], signal.SIGKILL)
    await eventually(lambda: len(workers(place.stack)) > len(before), 20, "another worker")
    await listened_to(place)
    heard_s = caller.line.heard_s
    caller.line.say(NOISE.sound.read_bytes() + QUIET)
    await filled_street(place, caller, NOISE)
    assert caller.line.heard_s > heard_s, "he hears the agent all the time"
    place.end_talks()
    record = await over(caller)
    assert record.agent_lost == 0


async def test_a_worker_that_stands_still_costs_some_words_alone(place: City) -> None:
    """Given a talk, when the worker stops working without dying, then it is replaced and the talk does not notice."""
    caller = await talk(place)
    before = workers(place.stack)
    caller.line.say(LAMP.sound.read_bytes() + QUIET)
    os.kill(before[-1], signal.SIGSTOP)
    heard_s = caller.line.heard_s
    await eventually(lambda: len(workers(place.stack)) > len(before), 30, "another worker")
    assert caller.line.heard_s > heard_s + 2.0, "he hears the agent all the time"
    await listened_to(place)
    place.end_talks()
    record = await over(caller)
    assert record.agent_lost == 0


async def test_a_line_without_sound_for_three_seconds_is_heard_again(place: City) -> None:
    """AudioSocket gives up a line that is silent for two seconds, though the citizen is there."""
    caller = await talk(place)
    to = caller.line._to
    caller.line.silence()
    await asyncio.sleep(3.0)
    assert to is not None
    caller.line._to = to
    await listened_to(place)
    await asyncio.sleep(0.5)
    caller.line.say(NOISE.sound.read_bytes() + QUIET)
    await filled_street(place, caller, NOISE)
    place.end_talks()
    record = await over(caller)
    assert record.agent_lost == 0


async def filled_street(place: City, caller: Caller, request: Request) -> None:
    """Until what he says now is in his ticket."""

    async def has() -> bool:
        ticket = await asyncio.to_thread(ticket_of, place.stack, caller.id)
        return ticket is not None and ticket.field("street").value == request.expected["street"]

    await eventually(has, 30, "what he says in his ticket", every_s=0.3)


async def over(caller: Caller) -> Any:
    await caller.told(CallFact.SURVEY_OFFERED)
    caller.hang_up()
    return await caller.record()
