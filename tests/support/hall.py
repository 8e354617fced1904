"""A running system for those who wait: a short flow, two queues, and citizens whom a test leads by the hand."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from cti.calls import CallFact, Milestone
from cti.demo.account import CitizenCall
from cti.demo.media import Line
from cti.metrics.record import CallRecord
from cti.programs import ProgramMissing, find_asterisk, find_program
from cti.settings import load_settings
from tests.support.city import City, citizen, eventually
from tests.support.ear import Listener
from tests.support.missing import missing
from tests.support.stack import NUMBER, RunningStack, numbers_text

ENTERPRISE, URGENT, ENGLISH = "19998", "19997", "19996"
"""Numbers beside `NUMBER`, which leads to the general queue."""
_WAITING = """type: route, news_every_s: 15, comfort: comfort_1, called_back: later, callback_key: "5",
    no_seat: message, after: goodbye"""
FLOW = f"""\
flow: quick
languages: [zh-CN, en]
person: general
start: general
nodes:
  general: {{{_WAITING}, queue: general}}
  enterprise: {{{_WAITING}, queue: enterprise}}
  urgent: {{{_WAITING}, queue: general, priority_s: 86400}}
  english: {{type: language, language: en, next: general}}
  message: {{type: message, prompts: message_ask, next: thanks, otherwise: goodbye}}
  thanks: {{type: hangup, prompts: message_thanks}}
  later: {{type: hangup, prompts: callback_confirmed, reason: callback}}
  goodbye: {{type: hangup, prompts: goodbye}}
"""


@contextmanager
def hall(folder: Path, *settings: str, rules: str = "") -> Iterator[RunningStack]:
    """A stack with this flow, these lines of settings and these rules."""
    try:
        find_asterisk()
        find_program("redis-server")
        find_program("sipp")
    except ProgramMissing as error:
        missing(str(error))
    running = RunningStack(folder)
    (running.flows / "quick.yaml").write_text(FLOW, encoding="utf-8")
    entries = ((ENTERPRISE, "enterprise"), (URGENT, "urgent"), (ENGLISH, "english"))
    more = [f'{{number = "{number}", flow = "quick", entry = "{entry}"}}' for number, entry in entries]
    running.write("numbers.toml", numbers_text([*running.numbers, *more]))
    running.write("rules.toml", rules)
    text = running.file.read_text(encoding="utf-8")
    running.file.write_text("\n".join([text, *settings, ""]), encoding="utf-8")
    running.settings = load_settings(running.file)
    try:
        running.start()
        yield running
    finally:
        running.stop()


class Caller:
    """One citizen on the line; made by `calls`."""

    def __init__(self, place: City, call: CitizenCall, call_id: str, ear: Listener) -> None:
        self._place = place
        self.call = call
        self.id = call_id
        self.ear = ear
        """What he has heard since his telephone rang."""

    @property
    def line(self) -> Line:
        line = self._place.director.line_of(self.call.caller)
        assert line is not None, "he has hung up"
        return line

    def hang_up(self) -> None:
        self._place.director.hang_up(self.call)

    async def gone(self, limit_s: float = 20.0) -> None:
        """Until his telephone is silent."""
        await eventually(lambda: self.call.left_at is not None, limit_s, "the end of his call")

    async def told(self, kind: CallFact, limit_s: float = 10.0, *, times: int = 1, **data: object) -> Milestone:
        """The last milestone of this kind with these data, as soon as there are so many."""

        async def found() -> list[Milestone]:
            known = await self._place.api.milestones(self.id)
            fit = [m for m in known if m.kind == kind and data.items() <= m.data.items()]
            return fit if len(fit) >= times else []

        milestones: list[Milestone] = await eventually(found, limit_s, f"{kind} {data or ''}", every_s=0.05)
        return milestones[-1]

    async def kinds(self) -> list[str]:
        return [m.kind for m in await self._place.api.milestones(self.id)]

    async def record(self, limit_s: float = 20.0) -> CallRecord:
        """When it has ended."""
        await self.told(CallFact.ENDED, limit_s)
        return await self._place.api.call(self.id)


async def calls(place: City, who: int | str, dialled: str = NUMBER) -> Caller:
    """This citizen calls; back when the system has his call. One after the other, never two at once."""
    plan = citizen(who, dialled) if isinstance(who, int) else citizen(0, dialled)
    if isinstance(who, str):
        object.__setattr__(plan, "number", who)
    before = await _live(place)
    place.dial([plan], rate=10.0)
    line: Line = await eventually(lambda: place.director.line_of(plan.number), 5, "a telephone")
    ear = Listener(line)
    (call_id,) = await eventually(lambda: _new(place, before), 10, "his call")
    account = place.director.account.calls
    mine = await eventually(
        lambda: [c for c in account.values() if c.caller == plan.number and c.left_at is None], 5, "his own account"
    )
    call: CitizenCall = mine[0]
    await eventually(lambda: call.answered_at, 5, "an answer of the system")
    return Caller(place, call, call_id, ear)


async def hire(place: City, *skills: dict[str, int]) -> list[str]:
    """An agent with a registered telephone for each; all on a break. To be called once in a test."""
    made = [agent for n, s in enumerate(skills) for agent in await place.api.add_test_agents(1, s, f"h{n}x", 0.0)]
    await place.director.add_agents({agent.id: agent.sip_password for agent in made})
    return [agent.id for agent in made]


async def explain(stack: RunningStack, call_id: str, lang: str) -> str:
    """What `yihu explain` prints."""
    return await _yihu(stack, "explain", call_id, "--lang", lang)


async def report(stack: RunningStack) -> dict[str, object]:
    """`yihu report today --json`"""
    found: dict[str, object] = orjson.loads(await _yihu(stack, "report", "today", "--json"))
    return found


async def _yihu(stack: RunningStack, *args: str) -> str:
    argv = [sys.executable, "-m", "cti.cli", "--settings", str(stack.file), *args]
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, out
    return out.decode()


async def _live(place: City) -> set[str]:
    rows = (await place.api.live())["calls"]
    return {row["call_id"] for row in rows if not row["call_id"].startswith("cb-")}


async def _new(place: City, before: set[str]) -> set[str]:
    return await _live(place) - before
