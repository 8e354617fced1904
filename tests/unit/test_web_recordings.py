"""The sound of calls by REST: to whom, in pieces, what is gone, and that every listening is noted."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from agents.roster import Agent
from cti.accounts.people import Role
from cti.calls import AgentFact, AgentId, CallId, Milestone
from cti.exchange import Exchange
from cti.switchboard import Switchboard
from cti.web.recordings import Recorded, RecordingRoutes, Sound
from tests.support.accounts import Accounts

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")

Client = TestClient[web.Request, web.Application]


def sound(segment: str, file: str) -> Sound:
    return Sound(segment, file, 1000.0, 1.0, "agent", "a1")


class House:
    """The call c1 of a1: of "1" there is a file, "2" is gone, and the others would be files of somebody else."""

    def __init__(self, folder: Path) -> None:
        self.now = 1_763_700_000.0
        self.folder = folder / "recordings"
        (self.folder / "d").mkdir(parents=True)
        with wave.open(str(self.folder / "d" / "c1-1.wav"), "wb") as wav:
            wav.setparams((2, 2, 8000, 0, "NONE", ""))
            wav.writeframes(bytes(range(256)) * 16)
        (folder / "secret.wav").write_bytes(b"of somebody else")
        (self.folder / "d" / "link.wav").symlink_to(folder / "secret.wav")
        names = {"1": "d/c1-1.wav", "2": "d/c1-2.wav", "up": "../secret.wav", "link": "d/link.wav"}
        names["root"] = str(folder / "secret.wav")
        self.recorded = Recorded(900.0, None, "", [sound(*one) for one in names.items()])
        self.away = False
        board = Switchboard(0.0)
        board.set_roster({AgentId(a): Agent(AgentId(a), a, {"general": 3}) for a in ("a1", "a2", "a3")})
        self.exchange = Exchange(board, self, lambda: self.now)
        for agent in board.desks:
            self.exchange.agent(AgentFact.LOGGED_IN, agent)
        self.accounts = Accounts(self.exchange)
        self.accounts.add("boss", Role.SUPERVISOR)
        self.accounts.add("zhao", Role.AUDITOR)
        self.accounts.add("root", Role.ADMINISTRATOR)
        self.accounts.add("a3", Role.ADMINISTRATOR)
        self.routes = RecordingRoutes(self._of_call, self._is_his, self.folder, lambda: self.now)
        self.app = self.accounts.app(self.routes.routes())

    @property
    def noted(self) -> list[tuple[str, str, str]]:
        return self.accounts.trail.noted

    def append(self, milestone: Milestone) -> None:
        pass

    async def _of_call(self, call_id: CallId) -> Recorded | None:
        if self.away:
            raise TimeoutError
        return self.recorded if call_id == "c1" else None

    async def _is_his(self, call_id: CallId, user: str) -> bool:
        return user == "a1"


@pytest.fixture
async def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app)) as client:
        yield client
    house.exchange.stop()


async def got(house: House, client: Client, user: str, of: str, **headers: str) -> tuple[int, bytes, str]:
    """(status, body, the code of a refusal)"""
    path = f"/api/calls/{of.replace('#', '/recordings/')}" if "#" in of else f"/api/calls/{of}/recordings"
    answer = await client.get(path, headers={**await house.accounts.headers(user), **headers})
    body = await answer.read()
    refused = answer.content_type == "application/json" and not answer.ok
    return answer.status, body, (await answer.json())["error"] if refused else ""


async def test_what_was_recorded_is_listed_with_whom_and_whether_it_is_there(house: House, client: Client) -> None:
    answer = await client.get("/api/calls/c1/recordings", headers=await house.accounts.headers("boss"))
    listed = await answer.json()
    assert (listed["began_at"], listed["ended_at"], listed["why_no_words"]) == (900.0, None, "")
    first = {"segment": "1", "began_at": 1000.0, "seconds": 1.0, "kind": "agent", "who": "a1", "name": None}
    first |= {"there": True}
    assert listed["recordings"][0] == first, "and no path of a file"
    assert [one["there"] for one in listed["recordings"]] == [True, False, False, False, False]
    assert house.noted == []


async def test_the_whole_and_a_piece_of_it(house: House, client: Client) -> None:
    """Given a recording, when a page seeks in it, then it gets that piece, and nothing keeps a copy."""
    file = (house.folder / "d" / "c1-1.wav").read_bytes()
    headers = await house.accounts.headers("boss")
    answer = await client.get("/api/calls/c1/recordings/1", headers=headers)
    assert (answer.status, await answer.read()) == (200, file)
    assert answer.content_type == "audio/wav"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Accept-Ranges"] == "bytes"

    answer = await client.get("/api/calls/c1/recordings/1", headers={**headers, "Range": "bytes=100-199"})
    assert (answer.status, await answer.read()) == (206, file[100:200])
    assert answer.headers["Content-Range"] == f"bytes 100-199/{len(file)}"
    assert (await got(house, client, "boss", "c1#1", Range="bytes=999999-"))[0] == 416


async def test_it_is_for_who_was_in_the_call_and_for_who_inspects(house: House, client: Client) -> None:
    for user, status, code in [
        ("a1", 200, ""),
        ("boss", 200, ""),
        ("zhao", 200, ""),
        ("a2", 404, "unknown_call"),
        ("a3", 404, "unknown_call"),  # that he runs the machine too makes no difference
        ("root", 403, "not_your_role"),
    ]:
        for of in ("c1", "c1#1"):
            answer = await got(house, client, user, of)
            assert (answer[0], answer[2]) == (status, code), (user, of)


async def test_every_listening_is_noted_once(house: House, client: Client) -> None:
    """Given a page that seeks, then its pieces are one listening; who begins anew or comes later listens again."""
    one = ("boss", "listened", "c1 1")
    await got(house, client, "boss", "c1#1", Range="bytes=0-")
    for piece in ("bytes=500-", "bytes=100-200"):
        await got(house, client, "boss", "c1#1", Range=piece)
    assert house.noted == [one]
    await got(house, client, "boss", "c1#1")
    assert house.noted == [one, one]
    house.now += 3601
    await got(house, client, "boss", "c1#1", Range="bytes=1-")
    assert house.noted == [one, one, one]
    await got(house, client, "a1", "c1#1", Range="bytes=1-")
    assert house.noted[3:] == [("a1", "listened", "c1 1")], "an agent's too, and a piece is no way around it"


async def test_what_is_not_there_says_so_and_is_not_noted(house: House, client: Client) -> None:
    assert (await got(house, client, "boss", "c1#2"))[::2] == (410, "recording_gone")
    assert (await got(house, client, "boss", "c1#9"))[::2] == (404, "unknown_recording")
    assert (await got(house, client, "boss", "c9#1"))[::2] == (404, "unknown_call")
    assert house.noted == []


@pytest.mark.parametrize("segment", ["up", "root", "link"])
async def test_no_file_outside_the_folder_is_served_whatever_a_record_says(
    house: House, client: Client, segment: str
) -> None:
    status, body, code = await got(house, client, "boss", f"c1#{segment}")
    assert (status, code) == (410, "recording_gone")
    assert b"somebody else" not in body


@pytest.mark.parametrize("segment", ["..%2f..%2fsecret.wav", "%2e%2e", "d%2fc1-1.wav", "1.wav"])
async def test_a_path_in_the_request_finds_nothing(house: House, client: Client, segment: str) -> None:
    assert (await got(house, client, "boss", f"c1#{segment}"))[0] in (403, 404)


async def test_records_and_disks_that_are_away_are_no_lost_recordings(house: House, client: Client) -> None:
    house.folder.rename(house.folder.parent / "elsewhere")
    assert (await got(house, client, "boss", "c1#1"))[::2] == (503, "recordings_away")
    house.away = True
    assert (await got(house, client, "boss", "c1#1"))[::2] == (503, "records_behind")
