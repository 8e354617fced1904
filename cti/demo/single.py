"""One real SIP call into the running stack, told milestone by milestone."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from cti.calls import CallFact, Milestone
from cti.demo import audio
from cti.demo.client import Stack, StackAway
from cti.demo.director import Director
from cti.demo.plan import AgentManner, Outcome, Plan
from cti.demo.sipp import CITIZEN_HOST, Server, SippError
from cti.metrics.record import CallRecord
from cti.settings import Settings

ALL_SKILLS = {"general": 3, "enterprise": 3, "social_security": 3, "video": 3}
PATIENCE_S = 180.0
"""A caller whom nobody has answered by then gives up"""
_KEY_EVERY_S = 2.0
_FIRST_KEY_S = 1.5
_END_LIMIT_S = 10.0


class CallFailed(Exception):
    """The call could not be placed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller does."""

    dialled: str
    caller: str
    keys: str = ""
    say: str = ""
    """Name of a shipped sample, or a WAV file"""
    hold_s: float | None = None
    """Length of the talk; without an agent, of the whole call. None: until the sample has been said once"""
    rating: str = ""
    with_agent: bool = True
    """Have a test agent answer when nobody else can"""


async def call_once(settings: Settings, wish: Wish, tell: Callable[[Milestone], None]) -> CallRecord:
    """Places the call, passes each of its milestones to `tell` as it happens, and returns the record at the end.

    Raises StackAway, StackRefused, CallFailed, SippError, SoundError, ProgramMissing.
    """
    sample = audio.load(wish.say or audio.sample_names()[0])
    hold_s = wish.hold_s if wish.hold_s is not None else len(sample) / audio.RATE
    async with Stack(settings) as stack:
        if await stack.health() is None:
            raise StackAway(f"no running stack answers at {stack.address}: start it with: make run")
        if CITIZEN_HOST not in settings.asterisk.trunk_addresses:
            raise CallFailed(f"test calls come from {CITIZEN_HOST}, which asterisk.trunk_addresses does not let in")
        idle = [row for row in await stack.agents() if row["state"] == "idle"]
        helper = wish.with_agent and not idle
        try:
            with tempfile.TemporaryDirectory(prefix="yihu-sipp-") as folder:
                return await _call(settings, stack, Path(folder), wish, sample, hold_s, helper, tell)
        finally:
            if helper:
                await stack.remove_test_agents()


async def _call(
    settings: Settings,
    stack: Stack,
    folder: Path,
    wish: Wish,
    sample: bytes,
    hold_s: float,
    helper: bool,
    tell: Callable[[Milestone], None],
) -> CallRecord:
    manner = AgentManner(random.Random(1), (hold_s, hold_s), (1.0, 1.0))
    server = Server(settings.asterisk.host, settings.asterisk.sip_port)
    async with Director(server, folder, manner, [sample]) as director, stack.timeline() as milestones:
        if helper:
            made = await stack.add_test_agents(1, ALL_SKILLS, "test", 0.0)
            await director.add_agents({agent.id: agent.sip_password for agent in made})
            await stack.set_status(made[0].id, "ready")
        placing = asyncio.create_task(director.place([_plan(wish, hold_s, helper)], 1.0))
        watching = asyncio.create_task(_watch(milestones, director, wish, tell))
        try:
            done, _ = await asyncio.wait([placing, watching], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            await placing
            call_id = await asyncio.wait_for(watching, _END_LIMIT_S)
        except TimeoutError:
            refused = any(call.left_side == "refused" for call in director.account.calls.values())
            raise CallFailed(
                "the telephone says that the call was refused: look into `yihu doctor`"
                if refused
                else f"the call is over, but its record is not {_END_LIMIT_S:g} s later: look into the daemon's log"
            ) from None
        finally:
            placing.cancel()
            watching.cancel()
            await asyncio.gather(placing, watching, return_exceptions=True)
        if not director.account.calls:
            raise SippError(f"SIPp placed no call: {director.complaints[:3]}")
        return await stack.call(call_id)


def _plan(wish: Wish, hold_s: float, helper: bool) -> Plan:
    return Plan(
        number=wish.caller,
        dialled=wish.dialled,
        outcome=Outcome.CHOOSES_AND_RATES if wish.rating else Outcome.CHOOSES_NO_RATING,
        keys=tuple((_FIRST_KEY_S + n * _KEY_EVERY_S, key) for n, key in enumerate(wish.keys)),
        leaves_after_s=PATIENCE_S if wish.with_agent else hold_s,
        # A person who is logged in decides himself when to hang up; he may also leave it to the caller.
        leaves_talk_after_s=None if helper else hold_s,
        rating=wish.rating,
    )


async def _watch(
    milestones: AsyncIterator[Milestone], director: Director, wish: Wish, tell: Callable[[Milestone], None]
) -> str:
    """Until the call's end is on disk; its id."""
    mine = ""
    async for milestone in milestones:
        if not mine and milestone.kind == CallFact.ARRIVED:
            mine = milestone.id if milestone.data.get("pii_caller") == wish.caller else ""
        if milestone.id != mine:
            continue
        tell(milestone)
        call = next(iter(director.account.calls.values()))
        elsewhere = str(milestone.data.get("agent")) not in director.agents
        if milestone.kind == CallFact.ANSWERED and elsewhere:
            director.talk_began(call)
        elif milestone.kind == CallFact.TALK_ENDED and elsewhere and milestone.data.get("side") == "agent":
            director.talk_ended(call)
        elif milestone.kind == CallFact.ENDED:
            return mine
    raise StackAway("the stack stopped while the call was going on")
