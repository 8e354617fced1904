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
from cti.demo.media import FRAME_S, SILENCE
from cti.demo.plan import AgentManner, Outcome, Plan
from cti.demo.sipp import CITIZEN_HOST, Server
from cti.metrics.record import CallRecord
from cti.settings import Settings

ALL_SKILLS = {"general": 3, "enterprise": 3, "social_security": 3, "video": 3}
PATIENCE_S = 180.0
"""A caller whom nobody has answered by then gives up"""
_KEY_EVERY_S = 2.0
_FIRST_KEY_S = 1.5
_END_LIMIT_S = 10.0
_LAST_WORD_S = 1.0
"""Of quiet after what he says: people do not hang up in the middle of a word, and no telephone says it twice."""


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
    """Length of the talk; without an agent, of the whole call. None: until the sample has been said once, or as long as
    an agent of your own likes"""
    rating: str = ""
    with_agent: bool = True
    """Have a test agent answer when nobody else can"""


async def call_once(settings: Settings, wish: Wish, tell: Callable[[Milestone], None]) -> CallRecord:
    """Places the call, passes each of its milestones to `tell` as it happens, and returns the record at the end.

    Raises StackAway, StackRefused, CallFailed, SippError, SoundError, ProgramMissing.
    """
    sample = audio.load(wish.say or audio.sample_names()[0]) + SILENCE * round(_LAST_WORD_S / FRAME_S)
    hold_s = wish.hold_s if wish.hold_s is not None else len(sample) / audio.RATE
    async with Stack(settings) as stack:
        if await stack.health() is None:
            raise StackAway(f"no running stack answers at {stack.address}: start it with: make run")
        if CITIZEN_HOST not in settings.asterisk.trunk_addresses:
            raise CallFailed(f"test calls come from {CITIZEN_HOST}, which asterisk.trunk_addresses does not let in")
        with tempfile.TemporaryDirectory(prefix="yihu-sipp-") as folder:
            return await _Call(settings, stack, Path(folder), wish, sample, hold_s, tell).run()


@dataclass(slots=True)
class _Call:
    settings: Settings
    stack: Stack
    folder: Path
    wish: Wish
    sample: bytes
    hold_s: float
    tell: Callable[[Milestone], None]
    helper: str = ""
    """The test agent of this call; "": there is none (yet)."""

    async def run(self) -> CallRecord:
        manner = AgentManner(random.Random(1), (self.hold_s, self.hold_s), (1.0, 1.0))
        server = Server(self.settings.asterisk.host, self.settings.asterisk.sip_port)
        director = Director(server, self.folder, manner, [self.sample])
        async with director, self.stack.timeline() as milestones:
            # Somebody has to be logged in before the call: it need not wait where nobody could ever take it.
            if self.wish.with_agent and not any(row["state"] != "offline" for row in await self.stack.agents()):
                await self._hire(director)
            placing = asyncio.create_task(director.place([self._plan()], 1.0))
            watching = asyncio.create_task(self._watch(milestones, director))
            try:
                done, _ = await asyncio.wait([placing, watching], return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                await placing
                call_id = await asyncio.wait_for(watching, _END_LIMIT_S)
            except TimeoutError:
                raise CallFailed(self._why_nothing(director)) from None
            finally:
                for task in (placing, watching):
                    task.cancel()
                await asyncio.gather(placing, watching, return_exceptions=True)
                if self.helper:
                    await self.stack.remove_test_agents()
            return await self.stack.call(call_id)

    def _plan(self) -> Plan:
        wish = self.wish
        return Plan(
            number=wish.caller,
            dialled=wish.dialled,
            outcome=Outcome.CHOOSES_AND_RATES if wish.rating else Outcome.CHOOSES_NO_RATING,
            keys=tuple((_FIRST_KEY_S + n * _KEY_EVERY_S, key) for n, key in enumerate(wish.keys)),
            leaves_after_s=PATIENCE_S if wish.with_agent else self.hold_s,
            rating=wish.rating,
        )

    async def _watch(self, milestones: AsyncIterator[Milestone], director: Director) -> str:
        """Until the call's end is on disk; its id."""
        mine = ""
        async for milestone in milestones:
            if not mine and milestone.kind == CallFact.ARRIVED:
                mine = milestone.id if milestone.data.get("pii_caller") == self.wish.caller else ""
            if milestone.id != mine:
                continue
            self.tell(milestone)
            if milestone.kind == CallFact.QUEUED:
                await self._help(director, str(milestone.data.get("queue", "")))
            elif milestone.kind in (CallFact.ANSWERED, CallFact.TALK_ENDED):
                self._with_others_agent(milestone, director)
            elif milestone.kind == CallFact.ENDED:
                return mine
        raise StackAway("the stack stopped while the call was going on")

    async def _help(self, director: Director, queue: str) -> None:
        """A test agent is ready if nobody who could take the call is at work."""
        if not self.wish.with_agent:
            return
        at_work = [row for row in await self.stack.agents() if row["state"] not in ("offline", "not_ready")]
        if any(row["skills"].get(queue) for row in at_work):
            return
        if not self.helper:
            await self._hire(director)
        await self.stack.set_status(self.helper, "ready")

    async def _hire(self, director: Director) -> None:
        """A test agent, on a break, with a telephone of ours."""
        made = await self.stack.add_test_agents(1, ALL_SKILLS, "test", 0.0)
        self.helper = made[0].id
        await director.add_agents({self.helper: made[0].sip_password})

    def _with_others_agent(self, milestone: Milestone, director: Director) -> None:
        """An agent whose telephone is not ours talks to the citizen, which our director cannot see. That agent decides
        when to hang up, unless we were told how long to hold."""
        if milestone.data.get("agent") in director.agents:
            return
        call = next(iter(director.account.calls.values()))
        if milestone.kind == CallFact.ANSWERED:
            director.talk_began(call, self.wish.hold_s)
        elif milestone.data.get("side") == "agent":
            director.talk_ended(call)

    def _why_nothing(self, director: Director) -> str:
        calls = list(director.account.calls.values())
        if not calls:
            return f"SIPp placed no call: {director.complaints[:3]}"
        if calls[0].left_side == "refused":
            return "Asterisk refused the call: look into `yihu doctor`"
        return f"the call is over, but {_END_LIMIT_S:g} s later its record is not: look into the daemon's log"
