"""A citizen, agents with plain SIP telephones, and people outside, on a whole running system.

Each sings a note, so that who hears whom can be said in a word. Agents act through the REST API, as their pages do.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cti.calls import CallFact, Milestone
from cti.demo.client import StackAway, StackRefused, TestAgent
from cti.demo.media import Line, Sound
from cti.metrics.record import CallRecord, fold_with_faults
from cti.programs import ProgramMissing, find_asterisk, find_program
from cti.sound_files import PART
from recordings.naming import UNFINISHED
from tests.support import sipp
from tests.support.city import eventually
from tests.support.missing import missing
from tests.support.ports import free_ports
from tests.support.recorded import Recorded, recorded
from tests.support.stack import NUMBER, Api, RunningStack
from tests.support.telephones import Manner, Ring, Telephones
from tests.support.tones import Ears, note
from tests.support.trunk import Trunk, TrunkCall

DIRECTORY = """
[entry.water]
kind = "department"
zh = "市供水公司"
en = "Water company"
number = "10001"

[entry.tax]
kind = "expert"
zh = "税务专家"
en = "Tax expert"
number = "10002"

[entry.japanese]
kind = "interpreter"
zh = "日语翻译"
en = "Japanese interpreter"
number = "10003"
modes = ["conference"]
"""
WATER, TAX, JAPANESE = "10001", "10002", "10003"
RING_S = 5.0


@dataclass(frozen=True)
class House:
    """A running system, and the port of those outside."""

    stack: RunningStack
    port: int


def started(tmp_path_factory: pytest.TempPathFactory, change: Callable[[str], str] = str) -> Iterator[House]:
    """As a fixture: a system that can call whom DIRECTORY names, and 110. `change`: of the settings' text."""
    try:
        find_asterisk()
        find_program("redis-server")
        find_program("sipp")
    except ProgramMissing as error:
        missing(str(error))
    stack = RunningStack(tmp_path_factory.mktemp("stack"))
    (port,) = free_ports(1)
    outside = f"PJSIP/trunk/sip:{{number}}@127.0.0.2:{port}"
    text = stack.file.read_text(encoding="utf-8")
    text += f'\nmoving = {{dial = "{outside}", ring_s = {RING_S:g}, agent_wait_s = 5}}\n'
    text += f'transfers = {{"110" = "{outside.replace("{number}", "110")}"}}\n'
    stack.file.write_text(change(text), encoding="utf-8")
    stack.write("directory.toml", DIRECTORY)
    try:
        stack.start()
        yield House(stack, port)
    finally:
        stack.stop()


@dataclass
class Scene:
    """One citizen's call and everybody around it."""

    stack: RunningStack
    api: Api
    softphones: Telephones
    outside: Telephones
    trunk: Trunk
    sound: Sound
    agents: dict[str, TestAgent]
    ears: dict[str, Ears] = field(default_factory=dict)
    call_id: str = ""
    citizen: TrunkCall | None = None
    line: Line | None = None
    _seen: list[Ring] = field(default_factory=list)

    async def talk(self, first: str = "t1") -> str:
        """The citizen calls and talks to this agent, who alone is ready. Returns the id of the call."""
        await self.api.set_status(first, "ready")
        await self.calls()
        ring = await self.answers("agent", first)
        self.call_id = ring.call
        await self.phase("talk")
        await self.hears(citizen={"agent"}, agent={"citizen"})
        return self.call_id

    async def calls(self) -> None:
        """The citizen calls, and sings as soon as we have answered."""
        self.line = await self.sound.open("127.0.0.2")
        self.citizen = self.trunk.call(NUMBER.encode(), rtp_port=self.line.port)
        call = self.citizen
        await eventually(lambda: call.audio_port, 10, "the citizen is answered")
        self.line.connect("127.0.0.1", call.audio_port)
        self.line.say(note("citizen"))
        self.ears["citizen"] = Ears(self.line)

    async def answers(self, name: str, user: str) -> Ring:
        """A telephone, of an agent or outside, has answered a new call; from now on it sings as `name`."""

        def ring() -> Ring | None:
            rings = (*self.softphones.rings, *self.outside.rings)
            new = [r for r in rings if r.user == user and r.answered_at and r not in self._seen]
            return new[-1] if new else None

        found: Ring = await eventually(ring, 10, f"{user} answers")
        self._seen.append(found)
        found.line.say(note(name))
        self.ears[name] = Ears(found.line)
        return found

    async def until_rung(self, user: str) -> None:
        await eventually(lambda: self.rings_of(user), 10, f"{user} rings")

    async def hears(self, limit_s: float = 5.0, **expected: set[str]) -> None:
        """Until each hears exactly these."""

        def is_so() -> bool:
            return all(self.ears[name].notes() == heard for name, heard in expected.items())

        try:
            await eventually(is_so, limit_s, "", every_s=0.1)
        except AssertionError:
            found = {name: self.ears[name].notes() for name in expected}
            raise AssertionError(f"they hear {found}, and should {expected}") from None

    async def ask(self, agent: str, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """What an agent's page asks of the call; status and answer."""
        url = f"{self.api.address}/api/calls/{self.call_id}{path}"
        headers = {"Authorization": f"Bearer {self.agents[agent].token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, url, json=body) as response,
        ):
            return response.status, await response.json()

    async def does(self, agent: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """As `ask`, and it is done; who is told to try again, for a daemon has only just come back, does."""
        answer: Any = None

        async def is_done() -> bool:
            nonlocal answer
            status, answer = await self.ask(agent, method, path, body)
            assert status == 202 or answer["error"] == "not_done", answer
            return status == 202

        await eventually(is_done, 5, f"{method} {path}", every_s=0.2)
        return answer

    async def call_in(self, agent: str, target: str, mode: str) -> int:
        """Returns the number of the party."""
        return int((await self.does(agent, "POST", "/parties", {"target": target, "mode": mode}))["p"])

    async def desk(self, agent: str, state: str, limit_s: float = 5.0) -> None:
        """Until the agent's desk is in this state."""

        async def is_so() -> bool:
            return any(row["id"] == agent and row["state"] == state for row in await self.api.agents())

        await eventually(is_so, limit_s, f"{agent} is {state}")

    async def live(self) -> dict[str, Any]:
        rows = (await self.api.live())["calls"]
        return next((row for row in rows if row["call_id"] == self.call_id), {})

    async def phase(self, phase: str, limit_s: float = 8.0) -> None:
        async def is_so() -> bool:
            return (await self.live()).get("phase") == phase

        await eventually(is_so, limit_s, f"phase {phase}")

    async def milestones(self) -> list[Milestone]:
        return await self.api.milestones(self.call_id)

    async def noted(self, kind: CallFact, limit_s: float = 8.0, **data: object) -> Milestone:
        """The first milestone of this kind with this data."""

        async def found() -> Milestone | None:
            said = (m for m in await self.milestones() if m.kind == kind)
            return next((m for m in said if all(m.data.get(k) == v for k, v in data.items())), None)

        milestone: Milestone = await eventually(found, limit_s, f"{kind} {data}")
        return milestone

    async def survey(self) -> CallRecord:
        """The survey has begun, and the citizen hangs up; as `over`."""
        await self.noted(CallFact.SURVEY_OFFERED)
        assert self.citizen is not None
        self.trunk.hang_up(self.citizen)
        return await self.over()

    async def over(self, limit_s: float = 15.0) -> CallRecord:
        """Until the citizen's call has ended and no channel is left; the record, which contradicts nothing."""
        call = self.citizen
        assert call is not None
        await eventually(lambda: call.over_at, limit_s, "the citizen's line is free")

        async def ended() -> CallRecord | None:
            try:
                record = await self.api.call(self.call_id)
            except (StackRefused, StackAway):
                return None
            return record if record.ended_at is not None else None

        record: CallRecord = await eventually(ended, 10, "the end of the record")
        await eventually(lambda: not self.stack.asterisk_channels(), 6, "no channel left over", every_s=0.2)
        again, faults = fold_with_faults(await self.milestones())
        assert (faults, again) == ((), record)
        assert record.missing == 0
        folder = self.stack.settings.recordings_dir
        for one in record.recordings:
            assert self.recorded(record, one.segment)
            assert (folder / one.file).stat().st_size == one.bytes
        left = folder.glob(f"{UNFINISHED}/*/{self.call_id}-*")
        # A daemon killed while it makes a recording leaves what it had made of it; that goes after a minute.
        assert not [path.name for path in left if path.suffix != PART], "the sides of a talk that is over"
        return record

    async def only_channels(self, *beside: str, limit_s: float = 5.0) -> None:
        """Until no other channel is there but the citizen's and these: p1 … of parties, t1 … of agents."""

        def is_so() -> bool:
            names = self.stack.asterisk_channels()
            names.pop(self.call_id, None)
            found = {i.rpartition(".")[2] if i.startswith(f"{self.call_id}.") else _user(n) for i, n in names.items()}
            return found == set(beside) and len(names) == len(beside)

        await eventually(is_so, limit_s, f"no channels but {beside}", every_s=0.2)

    def recorded(self, record: CallRecord, segment: str) -> Recorded:
        """What is on each side of a segment's recording."""
        file = next(r.file for r in record.recordings if r.segment == segment)
        return recorded(self.stack.settings.recordings_dir / file)

    def rings_of(self, user: str) -> list[Ring]:
        return [ring for ring in (*self.softphones.rings, *self.outside.rings) if ring.user == user]

    def leg_of(self, ring: Ring) -> str:
        found = re.search(rb"(?im)^X-CTI-Leg\s*:\s*(.*?)\r$", ring.invite)
        return found[1].decode() if found else ""


def _user(channel: str) -> str:
    return channel.removeprefix("PJSIP/").rpartition("-")[0]


@asynccontextmanager
async def scene(
    house: House, folder: Path, agents: int = 2, manners: dict[str, Manner] | None = None, plain: int | None = None
) -> AsyncIterator[Scene]:
    """Agents t1, t2 … are logged in and on a break. Everybody answers at once who has no manner of his own. `plain`:
    the last so many of them have a plain SIP telephone; None: all."""
    (phones,) = free_ports(1)
    stack, port, asterisk = house.stack, house.port, house.stack.settings.asterisk
    answers = Manner(answers_after_s=0.2)
    async with Api(stack.settings) as api, Sound() as sound:
        made = await api.add_test_agents(agents, {"general": 3, "enterprise": 3}, "t", 0.0)
        parties = []
        for agent in made[agents - (agents if plain is None else plain) :]:
            scenario = sipp.registration(agent.id, agent.sip_password, port=phones)
            parties.append(sipp.start(scenario, folder, f"{asterisk.host}:{asterisk.sip_port}", "127.0.0.1"))
        for party in parties:
            assert await asyncio.to_thread(party.wait, 10) == 0, party.heard()
        async with (
            Telephones("127.0.0.1", phones, manners, answers) as softphones,
            Telephones("127.0.0.2", port, manners, answers) as outside,
            Trunk(asterisk.host, asterisk.sip_port) as trunk,
        ):
            there = Scene(stack, api, softphones, outside, trunk, sound, {agent.id: agent for agent in made})
            try:
                yield there
            finally:
                await _empty(there)


async def _empty(there: Scene) -> None:
    """Everybody hangs up, and the system is as it was."""
    for call in there.trunk.calls.values():
        if call.answered_at is not None and call.over_at is None:
            there.trunk.hang_up(call)
    for telephones in (there.softphones, there.outside):
        for ring in telephones.talking:
            telephones.hang_up(ring)

    async def is_empty() -> bool:
        return not (await there.api.live())["calls"]

    await eventually(is_empty, 20, "an empty system")

    async def dismissed() -> bool:
        await there.api.remove_test_agents()
        return not await there.api.agents()

    await eventually(dismissed, 5, "agents' leave", every_s=0.5)
