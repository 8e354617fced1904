"""Supervisors beside talks on the whole real system: who hears whom, what is recorded, and that nobody is left over."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from cti.calls import CallFact
from cti.users_file import UsersFile
from tests.support.city import eventually
from tests.support.moving_scene import TAX, House, Scene, scene, started
from tests.support.stack import GREETED
from tests.support.tones import MUSIC, sung
from tests.support.ws_phone import ws_phone

pytestmark = pytest.mark.timeout(120)
GUEST = "13800138000"
DESK = "8001"
"""The telephone on the supervisor's desk; she sings as `second`."""


def with_telephone(settings: str) -> str:
    outside = re.search(r'dial = "(.+?)"', settings)
    assert outside is not None
    telephone = outside[1].replace("{number}", DESK)
    settings += f'\ncallback = {{dial = "{outside[1]}", missed = false}}\n'
    return f'{settings}\nsupervision = {{telephones = {{"{DESK}" = "{telephone}"}}, told = "speaking"}}\n'


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    for made in started(tmp_path_factory, with_telephone):
        hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("word-of-li")
        UsersFile(made.stack.settings.users).put("li", name="李班长", roles=["supervisor"], password_hash=hashed)
        yield made


class Supervised(Scene):
    """With a supervisor, li."""

    token = ""

    async def log_in(self) -> None:
        async def is_known() -> bool:
            status, answer = await self.li("POST", "/api/login", {"user": "li", "password": "word-of-li"})
            self.token = answer.get("token", "")
            return status == 200

        await eventually(is_known, 10, "li can log in", every_s=0.3)

    async def li(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, f"{self.api.address}{path}", json=body) as response,
        ):
            return response.status, await response.json()

    async def beside(self, mode: str, agent: str = "t1") -> str:
        """The supervisor is beside this agent; returns the id of it."""
        body = {"agent": agent, "mode": mode, "via": DESK}
        status, row = await self.li("POST", "/api/supervision", body)
        assert (status, row["state"], row["call_id"]) == (201, "ringing", self.call_id), row
        await self.answers("second", DESK)
        await self.noted(CallFact.SUPERVISED, mode=mode, by="li", agent=agent)
        return str(row["id"])

    async def is_alone(self) -> None:
        """The supervisor is beside nobody, and her line is free."""

        async def is_so() -> bool:
            return (await self.li("GET", "/api/supervision"))[1] == []

        await eventually(is_so, 5, "no supervision")
        await eventually(lambda: self.rings_of(DESK)[-1].over_at, 5, "the supervisor's line is free")


@pytest_asyncio.fixture
async def on(house: House, tmp_path: Path) -> AsyncIterator[Supervised]:
    async with scene(house, tmp_path) as there:
        there.__class__ = Supervised
        assert isinstance(there, Supervised)
        await there.log_in()
        yield there


async def test_a_supervisor_listens_whispers_and_barges_in_and_no_recording_has_her_voice(on: Supervised) -> None:
    await on.talk()
    supervision = await on.beside("listen")
    await on.hears(second={"citizen", "agent"}, citizen={"agent"}, agent={"citizen"})
    await on.only_channels("t1", "trunk")

    await on.li("PATCH", f"/api/supervision/{supervision}", {"mode": "whisper"})
    await on.hears(second={"citizen", "agent"}, citizen={"agent"}, agent={"citizen", "second"})
    status, row = await on.li("PATCH", f"/api/supervision/{supervision}", {"mode": "barge"})
    assert (status, row["mode"], row["state"]) == (200, "barge", "on")
    await on.hears(second={"citizen", "agent"}, citizen={"agent", "second"}, agent={"citizen", "second"})
    seats = [row for row in await on.api.agents() if row["state"] != "not_ready"]
    assert [(row["id"], row["state"]) for row in seats] == [("t1", "talking")], "she has no seat"

    assert (await on.li("DELETE", f"/api/supervision/{supervision}"))[0] == 200
    await on.is_alone()
    await on.hears(citizen={"agent"}, agent={"citizen"})
    await on.does("t1", "POST", "/end")
    record = await on.survey()
    assert [(s.name, s.who) for s in record.segments] == [("1", "t1")]
    assert (record.moves, record.agents, [r.complete for r in record.recordings]) == (0, ("t1",), [True])
    sides = on.recorded(record, "1")
    assert sung(sides.citizen, "second") == sung(sides.agent, "second") == 0.0
    assert sung(sides.citizen, "citizen") > 1
    assert sung(sides.agent, "agent") > 1
    noted = [(m.kind, m.data.get("mode"), m.data.get("told")) for m in await on.milestones() if "superv" in m.kind]
    assert noted == [
        ("supervised", "listen", False),
        ("supervised", "whisper", True),
        ("supervised", "barge", True),
        ("supervision_ended", None, None),
    ]


async def told(page: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The next word of a supervisor beside the talk."""
    async with asyncio.timeout(5):
        while True:
            message: dict[str, Any] = await page.receive_json()
            if message["type"] == "supervision":
                return message


async def test_the_agents_page_says_who_is_there_while_she_speaks_and_not_while_she_listens(on: Supervised) -> None:
    await on.talk()
    supervision = await on.beside("listen")
    url = f"{on.api.address}/api/agents/t1/desk"
    headers = {"Authorization": f"Bearer {on.agents['t1'].token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.ws_connect(url) as page:
            for mode in ("whisper", "barge"):
                await on.li("PATCH", f"/api/supervision/{supervision}", {"mode": mode})
                said = await told(page)
                assert (said["on"], said["mode"], said["by_name"]) == (True, mode, "李班长")
        async with session.ws_connect(url) as page:
            assert (await told(page))["mode"] == "barge", "a page that is loaded again is told again"
            await on.li("PATCH", f"/api/supervision/{supervision}", {"mode": "listen"})
            assert (await told(page))["on"] is False
    await on.li("DELETE", f"/api/supervision/{supervision}")
    await on.is_alone()
    await on.does("t1", "POST", "/end")
    await on.survey()


@pytest.mark.parametrize("who", ["agent", "citizen", "supervisor"])
async def test_it_ends_with_the_talk_or_when_she_hangs_up(on: Supervised, who: str) -> None:
    await on.talk()
    await on.beside("barge")
    await on.hears(second={"citizen", "agent"}, citizen={"agent", "second"})
    if who == "supervisor":
        on.outside.hang_up(on.rings_of(DESK)[0])
        await on.is_alone()
        await on.hears(citizen={"agent"}, agent={"citizen"})
    if who == "citizen":
        assert on.citizen is not None
        on.trunk.hang_up(on.citizen)
        await on.is_alone()
        await on.over()
        return
    await on.does("t1", "POST", "/end")
    await on.is_alone()
    record = await on.survey()
    side = (await on.noted(CallFact.SUPERVISION_ENDED)).data["side"]
    assert (side, record.survey_offered) == ("talk" if who == "agent" else "supervisor", True)


async def test_it_follows_the_call_and_not_the_agent(on: Supervised) -> None:
    await on.talk()
    await on.beside("whisper")
    await on.hears(agent={"citizen", "second"})
    await on.api.set_status("t2", "ready")
    await on.call_in("t1", "t2", "conference")
    await on.answers("third", "t2")
    await on.noted(CallFact.PARTY_JOINED, agent="t2")
    await on.does("t1", "POST", "/leave")
    await on.noted(CallFact.HANDED_OVER, by="t1", agent="t2")
    await on.noted(CallFact.SUPERVISED, agent="t2", mode="whisper")
    await on.hears(second={"citizen", "third"}, third={"citizen", "second"}, citizen={"third"})
    await on.does("t2", "POST", "/end")
    await on.is_alone()
    await on.survey()


async def test_it_follows_a_citizen_who_is_sent_on_through_the_queue(on: Supervised) -> None:
    await on.talk()
    await on.beside("listen")
    await on.api.set_status("t2", "ready")
    await on.does("t1", "POST", "/transfer", {"target": "t2"})
    await on.answers("third", "t2")
    await on.noted(CallFact.SUPERVISED, agent="t2", mode="listen")
    await on.hears(second={"citizen", "third"}, citizen={"third"}, third={"citizen"})
    assert on.citizen is not None
    on.trunk.hang_up(on.citizen)
    await on.is_alone()
    await on.over()


async def test_she_hears_a_consult_too_and_the_talk_that_goes_on(on: Supervised) -> None:
    await on.talk()
    await on.beside("listen")
    p = await on.call_in("t1", "tax", "consult")
    await on.answers("expert", TAX)
    await on.hears(citizen={MUSIC}, agent={"expert"}, expert={"agent"}, second={"agent", "expert"})
    await on.does("t1", "POST", f"/parties/{p}/join")
    await on.hears(
        citizen={"agent", "expert"},
        agent={"citizen", "expert"},
        expert={"citizen", "agent"},
        second={"citizen", "agent", "expert"},
    )
    await on.does("t1", "POST", "/end")
    await on.is_alone()
    await on.survey()


async def test_who_is_logged_out_hears_nothing_more(on: Supervised) -> None:
    await on.talk()
    await on.beside("barge")
    await on.hears(citizen={"agent", "second"})
    assert (await on.li("POST", "/api/logout"))[0] == 200
    await eventually(lambda: on.rings_of(DESK)[-1].over_at, 5, "the supervisor's line is free")
    await on.hears(citizen={"agent"}, agent={"citizen"})
    await on.noted(CallFact.SUPERVISION_ENDED, by="li", side="supervisor")
    await on.does("t1", "POST", "/end")
    await on.survey()


async def test_she_takes_the_citizen_over_and_the_agent_is_free(on: Supervised) -> None:
    await on.talk()
    supervision = await on.beside("listen")
    assert (await on.li("POST", f"/api/supervision/{supervision}/take-over", {"why": "投诉"}))[0] == 202
    await on.answers("second", DESK)
    await on.noted(CallFact.HANDED_OVER, by="t1", side="agent")
    await on.hears(second={"citizen"}, citizen={"second"})
    await on.desk("t1", "idle")
    await on.only_channels("p1")
    on.outside.hang_up(on.rings_of(DESK)[-1])
    record = await on.survey()
    assert [(s.name, s.kind, s.who) for s in record.segments] == [("1", "agent", "t1"), ("p1", "supervisor", "li")]
    assert [r.complete for r in record.recordings] == [True, True]
    assert record.survey_offered


async def test_a_daemon_that_dies_leaves_nobody_beside_a_talk(on: Supervised) -> None:
    await on.talk()
    await on.beside("barge")
    await on.hears(second={"citizen", "agent"}, citizen={"agent", "second"})
    pid, _ = on.stack.kill_daemon(signal.SIGKILL)
    await eventually(lambda: on.stack.ready[0] not in (0, pid), 40, "another daemon")
    await on.is_alone()
    await on.hears(citizen={"agent"}, agent={"citizen"})
    ended = await on.noted(CallFact.SUPERVISION_ENDED, by="li")
    assert ended.data["side"] == "system"
    await on.does("t1", "POST", "/end")
    record = await on.survey()
    assert [r.complete for r in record.recordings] == [True]


async def test_her_browser_has_a_telephone_of_its_own_and_nobody_elses_session_opens_it(on: Supervised) -> None:
    status, account = await on.li("POST", "/api/supervision/softphone")
    assert (status, account["user"], account["socket"]) == (200, "s-li", "/sip/supervisor")
    settings = on.stack.settings
    async with ws_phone(settings, account, {"Authorization": f"Bearer {on.token}"}) as phone:
        assert await phone.register() == [401, 200]
        await on.talk()
        _, row = await on.li("POST", "/api/supervision", {"agent": "t1", "mode": "listen", "via": "softphone"})
        assert row["via"] == "softphone"
        assert (await on.li("DELETE", f"/api/supervision/{row['id']}"))[0] == 200
        assert (await on.li("DELETE", "/api/supervision/softphone"))[0] == 200
        await eventually(lambda: phone.closed, 5, "its connection ends")
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        async with ws_phone(settings, account, {"Authorization": f"Bearer {on.agents['t1'].token}"}):
            pass
    await on.does("t1", "POST", "/end")
    await on.survey()


async def guest(on: Supervised, **times: float) -> str:
    now = time.time()
    plan = {"name": "王局长", "number": GUEST, "from": now, "until": now + 600, "queue": "general", **times}
    status, row = await on.li("POST", "/api/guest-listens", plan)
    assert (status, row["state"]) == (201, "planned"), row
    return str(row["id"])


async def test_a_guest_hears_a_talk_then_music_and_is_heard_by_nobody(on: Supervised) -> None:
    await on.talk()
    plan = await guest(on)
    await on.answers("second", GUEST)
    await on.noted(CallFact.SUPERVISED, by="guest", agent="t1", mode="listen", told=False)
    await on.hears(second={"citizen", "agent"}, citizen={"agent"}, agent={"citizen"})
    await on.does("t1", "POST", "/end")
    await on.hears(second={MUSIC})
    await on.noted(CallFact.SUPERVISION_ENDED, by="guest", side="talk")
    assert [row["state"] for row in (await on.li("GET", "/api/guest-listens"))[1]] == ["waiting"]
    assert (await on.li("DELETE", f"/api/guest-listens/{plan}"))[0] == 200
    await eventually(lambda: on.rings_of(GUEST)[-1].over_at, 5, "the guest's line is free")
    assert (await on.li("GET", "/api/guest-listens"))[1] == []
    await on.survey()


async def test_a_guest_is_let_go_when_his_time_is_over(on: Supervised) -> None:
    await on.talk()
    until = time.time() + 4
    await guest(on, until=until)
    await on.answers("second", GUEST)
    await on.hears(second={"citizen", "agent"}, citizen={"agent"})
    await eventually(lambda: on.rings_of(GUEST)[-1].over_at, 8, "the guest's line is free")
    assert on.rings_of(GUEST)[-1].over_at == pytest.approx(until, abs=1.0)
    await on.hears(citizen={"agent"}, agent={"citizen"})
    await on.does("t1", "POST", "/end")
    assert [r.complete for r in (await on.survey()).recordings] == [True]


async def test_a_guest_who_hangs_up_is_not_called_again(on: Supervised) -> None:
    await on.talk()
    await guest(on)
    ring = await on.answers("second", GUEST)
    await on.noted(CallFact.SUPERVISED, by="guest")
    on.outside.hang_up(ring)

    async def is_over() -> bool:
        return (await on.li("GET", "/api/guest-listens"))[1] == []

    await eventually(is_over, 5, "the plan is over")
    await on.does("t1", "POST", "/end")
    await on.survey()
    assert len(on.rings_of(GUEST)) == 1


async def test_what_cannot_be_is_refused(on: Supervised) -> None:
    body = {"agent": "t1", "mode": "listen", "via": DESK}
    assert (await on.li("POST", "/api/supervision", body))[1]["error"] == "no_talk"
    await on.talk()
    refusals = {
        "unknown_agent": {"agent": "t9"},
        "unknown_telephone": {"via": "13800138000"},
        "no_softphone": {"via": "softphone"},
    }
    for code, change in refusals.items():
        assert (await on.li("POST", "/api/supervision", {**body, **change}))[1]["error"] == code
    supervision = await on.beside("listen")
    assert (await on.li("POST", "/api/supervision", body))[1]["error"] == "one_at_a_time"
    assert (await on.li("PATCH", "/api/supervision/x", {"mode": "barge"}))[0] == 404
    await on.li("DELETE", f"/api/supervision/{supervision}")
    url = f"{on.api.address}/api/supervision"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {on.agents['t1'].token}"}) as agent:
        assert (await agent.post(url, json=body)).status == 403
    await on.is_alone()


async def test_a_number_that_is_switched_to_its_announcement_says_it_and_no_more(on: Supervised) -> None:
    switched = {"mode": "announcement", "minutes": 5, "why": "台风"}
    assert (await on.li("PUT", f"/api/flow-modes/{GREETED}", switched))[1]["mode"] == "announcement"
    try:
        await on.api.set_status("t1", "ready")
        line = await on.sound.open("127.0.0.2")
        call = on.trunk.call(GREETED.encode(), rtp_port=line.port)

        async def arrived() -> str:
            return next((row["call_id"] for row in (await on.api.live())["calls"]), "")

        on.call_id = await eventually(arrived, 10, "the call")
        await eventually(lambda: call.over_at, 40, "we hang up")
    finally:
        assert (await on.li("DELETE", f"/api/flow-modes/{GREETED}"))[0] == 200
    entered = [m.data["node"] for m in await on.milestones() if m.kind == CallFact.ENTERED]
    ended = await on.noted(CallFact.ENDED)
    assert (entered, ended.data["side"]) == (["announcement_only"], "system")
    assert ended.data["lost_at"] == "menu", "nobody has answered him: it is a lost call"
    assert on.rings_of("t1") == []
