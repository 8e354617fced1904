"""What citizens' pages and agents of video seats may ask for, and how the picture of a talk is kept."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from agents.roster import Agent
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Value
from cti.contact import Contact, Recordings
from cti.exchange import Exchange
from cti.settings import Calls, Settings, Video
from cti.switchboard import Switchboard
from cti.timelines import Timelines
from cti.video_house import Parts, VideoHouse
from tests.support.accounts import ADMIN, Accounts

Client = TestClient[web.Request, web.Application]
CALL = CallId("n1-1.1")
A1, A2 = AgentId("a1"), AgentId("a2")


class House:
    """The video seats over a switchboard, without Asterisk: what would be done there is noted."""

    def __init__(self, folder: Path, video: Video) -> None:
        self.now = 1_763_700_000.0
        self.board = Switchboard(0.0)
        self.board.set_roster({a: Agent(a, a, {"video": 3}) for a in (A1, A2)})
        self.exchange = Exchange(self.board, self, lambda: self.now)
        self.accounts = Accounts(self.exchange)
        self.timelines = Timelines()
        self.told: list[tuple[AgentId, Any]] = []
        self.hung_up: list[str] = []
        self.ended: list[CallId] = []
        settings = Settings(var=folder, recordings=folder / "recordings", video=video, calls=Calls(min_free_mb=1))
        self.recordings = Recordings(
            settings.recordings_dir,
            lambda at: datetime.fromtimestamp(at, UTC),
            lambda call_id: self.video.pictures.settled(call_id),
        )
        self.video = VideoHouse(
            settings,
            Parts(
                exchange=self.exchange,
                keeper=self.accounts.keeper,
                sessions=self.accounts.sessions,
                recordings=self.recordings,
                act=self,
                key="key of the installation",
                timeline=self.timelines.of,
                past=self.past,
                estimate=lambda call: None,
                logged_in=self.board.logged_in,
                tell=lambda agent, message: self.told.append((agent, message)),
                end_talk=self.end_talk,
                place_of=lambda dialled: {"city": "sample", "mode": "merged"},
                telephones_changed=lambda: None,
                telephone_written=self.written,
            ),
        )
        for agent in (A1, A2):
            self.exchange.agent(AgentFact.LOGGED_IN, agent)
        self.exchange.agent(AgentFact.STATUS, A1, {"status": "ready"})

    def append(self, milestone: Milestone) -> None:
        self.timelines.add([milestone])
        if hasattr(self, "video"):
            self.video.heard([milestone])

    async def past(self, call_id: CallId) -> list[Milestone]:
        return []

    async def written(self, user: str) -> None: ...

    async def end_talk(self, call: Any) -> None:
        self.ended.append(call.id)

    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> dict[str, str]:
        self.hung_up.append(dict(headers)["Channel"])
        return {}

    def note(self, kind: CallFact, **data: Value) -> None:
        self.exchange.call(kind, CALL, data)

    def talks(self, channel: str, medium: str = "video") -> None:
        """A call that the first agent has answered."""
        self.note(CallFact.ARRIVED, channel=channel, medium=medium, dialled="video", direction="in", pii_caller="138")
        self.exchange.attach(CALL, self)
        self.note(CallFact.QUEUED, queue="video", need="video||+0")
        self.note(CallFact.ANSWERED, agent=A1, n=1, wait_s=0.0)
        assert self.board.calls[CALL].phase == "talk"

    def kinds(self) -> list[str]:
        return [m.kind for m in self.timelines.of(CALL) or []]


@pytest.fixture
def video() -> Video:
    return Video()


@pytest.fixture
async def house(tmp_path: Path, video: Video) -> AsyncIterator[House]:
    house = House(tmp_path, video)
    yield house
    house.exchange.stop()


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.accounts.app(house.video.routes()))) as client:
        yield client


async def ask(client: Client, who: dict[str, str], method: str, path: str, body: object = None) -> tuple[int, Any]:
    async with client.request(method, path, json=body, headers=who) as answer:
        return answer.status, await answer.json()


async def guest_of(client: Client, **body: object) -> dict[str, str]:
    status, answer = await ask(client, {}, "POST", "/api/visits", body)
    assert status == 201, answer
    client.session.cookie_jar.clear()
    return {"Authorization": f"Bearer {answer['token']}"}


async def talking_guest(house: House, client: Client, **body: object) -> dict[str, str]:
    guest = await guest_of(client, **body)
    _, account = await ask(client, guest, "POST", "/api/visit/telephone")
    channel = f"PJSIP/{account['user']}-00000001"
    assert house.video.visits.arrives(channel, CALL, "video") is not None
    house.talks(channel)
    return guest


# Guests


async def test_who_comes_without_a_link_is_counted_by_his_address(house: House, client: Client) -> None:
    for _ in range(20):
        await guest_of(client)
    status, answer = await ask(client, {}, "POST", "/api/visits", {})
    assert (status, answer["error"], answer["seconds"]) == (429, "too_often", 3601)

    _, invitation = await ask(client, ADMIN, "POST", "/api/invitations", {"phone": "13800001234"})
    await guest_of(client, invitation=invitation["link"].partition("?i=")[2])


async def test_a_link_is_not_opened_without_end(house: House, client: Client) -> None:
    _, invitation = await ask(client, ADMIN, "POST", "/api/invitations", {"phone": "13800001234"})
    link = {"invitation": invitation["link"].partition("?i=")[2]}
    answers = [await ask(client, {}, "POST", "/api/visits", link) for _ in range(31)]
    assert [status for status, _ in answers] == [201] * 30 + [429]
    house.now += 601
    assert (await ask(client, {}, "POST", "/api/visits", link))[0] == 201


@pytest.mark.parametrize("video", [Video(public=False)])
async def test_a_city_may_let_in_only_whom_it_invites(house: House, client: Client) -> None:
    assert (await ask(client, {}, "POST", "/api/visits", {}))[1]["error"] == "invitation_needed"
    _, invitation = await ask(client, ADMIN, "POST", "/api/invitations", {})
    await guest_of(client, code=invitation["code"])


async def test_codes_cannot_be_tried_out(house: House, client: Client) -> None:
    _, invitation = await ask(client, ADMIN, "POST", "/api/invitations", {})
    wrong = "000000" if invitation["code"] != "000000" else "000001"
    answers = [await ask(client, {}, "POST", "/api/visits", {"code": wrong}) for _ in range(6)]

    assert [answer[1]["error"] for answer in answers] == ["wrong_code"] * 5 + ["too_often"]
    assert (await ask(client, {}, "POST", "/api/visits", {"code": invitation["code"]}))[0] == 429
    house.now += 601
    await guest_of(client, code=invitation["code"])


async def test_one_address_neither_uses_up_the_tries_of_all_nor_do_right_codes(house: House, client: Client) -> None:
    _, invitation = await ask(client, ADMIN, "POST", "/api/invitations", {})
    wrong = "000000" if invitation["code"] != "000000" else "000001"
    for _ in range(70):
        await ask(client, {}, "POST", "/api/visits", {"code": wrong})
    elsewhere = {"X-Forwarded-For": "198.51.100.7"}
    for _ in range(10):
        _, invitation = await ask(client, ADMIN, "POST", "/api/invitations", {})
        assert (await ask(client, elsewhere, "POST", "/api/visits", {"code": invitation["code"]}))[0] == 201


async def test_a_guest_writes_rates_and_ends_his_own_call_and_no_other(house: House, client: Client) -> None:
    guest, other = await talking_guest(house, client), await guest_of(client)

    assert (await ask(client, guest, "POST", "/api/visit/chat", {"text": " 您好\u202e "}))[0] == 202
    assert (await ask(client, other, "POST", "/api/visit/chat", {"text": "hello"}))[1]["error"] == "no_call"
    assert (await ask(client, guest, "POST", "/api/visit/chat", {"text": "长" * 501}))[0] == 400
    assert (await ask(client, guest, "POST", "/api/visit/key", {"key": "1"}))[1]["error"] == "not_now"
    assert (await ask(client, other, "POST", "/api/visit/end"))[0] == 202
    assert house.ended == house.hung_up == []
    assert (await ask(client, guest, "POST", "/api/visit/end"))[0] == 202
    assert house.ended == [CALL]
    (line,) = [message for agent, message in house.told if message["type"] == "chat" and agent == A1]
    assert (line["side"], line["text"]) == ("citizen", "您好")
    for path in ("chat", "cards", "camera", "video-recording"):
        status, answer = await ask(client, guest, "POST", f"/api/calls/{CALL}/{path}", {"text": "x"})
        assert (status, answer["error"]) == (403, "not_your_role"), path


async def test_a_flood_of_lines_is_stopped(house: House, client: Client) -> None:
    guest = await talking_guest(house, client)
    codes = [(await ask(client, guest, "POST", "/api/visit/chat", {"text": str(n)}))[0] for n in range(45)]
    assert codes.count(202) == 40
    assert set(codes[40:]) == {429}


async def test_a_message_instead_of_a_call_is_a_call_of_its_own_in_the_records(house: House, client: Client) -> None:
    guest = await guest_of(client)
    body = {"text": "路灯坏了，请短信回复", "phone": "13800001234"}
    assert (await ask(client, guest, "POST", "/api/visit/message", body))[0] == 201
    assert (await ask(client, guest, "POST", "/api/visit/message", body))[0] == 409

    (left,) = house.timelines._ended.values()
    assert [m.kind for m in left] == ["arrived", "message_left", "ended"]
    assert (left[0].data["medium"], left[0].data["dialled"]) == ("video", "message")
    assert left[1].data["pii_text"] == "路灯坏了，请短信回复"
    assert left[2].data["lost_at"] == "message"


# Agents


async def test_an_agent_writes_and_pushes_cards_to_his_own_call_alone(house: House, client: Client) -> None:
    await talking_guest(house, client)
    mine, other = await house.accounts.headers("a1"), await house.accounts.headers("a2")
    path = f"/api/calls/{CALL}"

    assert (await ask(client, mine, "POST", f"{path}/chat", {"text": "您好"}))[0] == 202
    values = {"matter": "居住证", "papers": "身份证\n\n租房合同"}
    assert (await ask(client, mine, "POST", f"{path}/cards", {"card": "materials", "values": values}))[0] == 202
    _, shown = await ask(client, mine, "GET", f"{path}/video")
    assert [line["type"] for line in shown["lines"]] == ["chat", "card"]
    assert shown["lines"][1]["card"]["items"] == ["身份证", "租房合同"]
    assert shown["visit"]["choice"] == "video"
    for method, rest, body in (
        ("GET", "video", None),
        ("POST", "chat", {"text": "x"}),
        ("POST", "camera", {"on": True}),
    ):
        assert (await ask(client, other, method, f"{path}/{rest}", body))[0] == 404, rest


@pytest.mark.parametrize(
    ("card", "values", "code"),
    [
        ("nothing", {}, "unknown_card"),
        ("appointment", {"matter": "居住证", "when": "", "place": "大厅"}, "bad_value"),
        ("link", {"title": "x", "address": "https://www.gov.cn.example.com/"}, "bad_link"),
        ("link", {"title": "x", "address": "javascript:alert(1)"}, "bad_link"),
        ("link", {"title": "x", "address": "https://a@www.gov.cn/"}, "bad_link"),
        ("link", {"title": "x", "address": "//www.gov.cn/"}, "bad_link"),
    ],
)
async def test_a_card_that_cannot_be_sent_is_refused(
    house: House, client: Client, card: str, values: dict[str, str], code: str
) -> None:
    await talking_guest(house, client)
    mine = await house.accounts.headers("a1")
    status, answer = await ask(client, mine, "POST", f"/api/calls/{CALL}/cards", {"card": card, "values": values})
    assert (status, answer["error"]) == (400, code)


async def test_an_agent_invites_to_his_own_call_and_the_page_joins_it(house: House, client: Client) -> None:
    house.talks("PJSIP/trunk-00000001", "voice")
    mine, other = await house.accounts.headers("a1"), await house.accounts.headers("a2")

    assert (await ask(client, other, "POST", "/api/invitations", {"call_id": CALL}))[0] == 404
    assert (await ask(client, mine, "POST", "/api/invitations", {}))[0] == 403
    status, invitation = await ask(client, mine, "POST", "/api/invitations", {"call_id": CALL})
    assert (status, invitation["sent"], len(invitation["code"])) == (201, False, 6)
    guest = await guest_of(client, code=invitation["code"])
    _, shown = await ask(client, guest, "GET", "/api/visit")
    assert (shown["visit"]["invited"], shown["visit"]["state"], shown["visit"]["choice"]) == (True, "talk", None)
    assert (await ask(client, guest, "POST", "/api/visit/message", {"text": "x"}))[0] == 409
    assert (await ask(client, guest, "POST", "/api/visit/key", {"key": "1"}))[0] == 409
    await ask(client, guest, "POST", "/api/visit/end")
    assert house.ended == house.hung_up == [], "his voice goes on"


# Pictures


async def send(
    client: Client, who: dict[str, str], part: int, chunk: int, data: bytes, last: int = 0
) -> tuple[int, Any]:
    path = f"/api/calls/{CALL}/video-recording/{part}?chunk={chunk}&last={last}"
    async with client.post(path, data=io.BytesIO(data), headers=who) as answer:
        return answer.status, await answer.json()


async def test_a_picture_is_kept_chunk_by_chunk_and_its_size_noted(house: House, client: Client) -> None:
    await talking_guest(house, client, records=True)
    mine, other = await house.accounts.headers("a1"), await house.accounts.headers("a2")
    status, begun = await ask(client, mine, "POST", f"/api/calls/{CALL}/video-recording")
    assert (status, begun) == (201, {"part": 1})

    assert (await send(client, mine, 1, 0, b"abc"))[0] == 200
    assert (await send(client, mine, 1, 0, b"abc"))[0] == 200, "told twice, kept once"
    assert (await send(client, mine, 1, 5, b"x"))[1]["next"] == 1
    assert (await send(client, other, 1, 1, b"x"))[0] == 404
    assert (await send(client, mine, 1, 1, b"x" * (2 * 1024 * 1024 + 1)))[0] == 413
    assert (await send(client, mine, 1, 1, b"de"))[0] == 200
    assert (await ask(client, mine, "POST", f"/api/calls/{CALL}/video-recording"))[1] == {"part": 2}
    assert (await send(client, mine, 2, 0, b"fg", last=1))[0] == 200

    noted = [m.data for m in house.timelines.of(CALL) or [] if m.kind == CallFact.VIDEO_RECORDED]
    assert [(data["part"], data["bytes"]) for data in noted] == [(1, 0), (1, 5), (2, 0), (2, 2)]
    path = house.recordings.folder / str(noted[1]["file"])
    assert (path.read_bytes(), path.stat().st_mode & 0o077) == (b"abcde", 0)
    supervisor = await house.accounts.headers("a1")
    assert (await client.get(f"/api/calls/{CALL}/video-recording/1", headers=supervisor)).status == 403


async def test_the_call_ends_when_the_last_chunk_has_come_or_two_seconds_later(house: House, client: Client) -> None:
    await talking_guest(house, client, records=True)
    mine = await house.accounts.headers("a1")
    await ask(client, mine, "POST", f"/api/calls/{CALL}/video-recording")
    await send(client, mine, 1, 0, b"abc")
    closing = asyncio.create_task(Contact(house.exchange, CALL, house.recordings).close("caller", house.now))
    await asyncio.sleep(0.05)
    assert "ended" not in house.kinds()
    assert (await send(client, mine, 1, 1, b"de", last=1))[0] == 200
    await closing

    kinds = house.kinds()
    assert kinds.index("video_recorded", kinds.index("talk_ended")) < kinds.index("ended") == len(kinds) - 1
    assert (await send(client, mine, 1, 2, b"x"))[0] == 404


@pytest.mark.parametrize("records", [True, False])
async def test_nobody_is_recorded_who_did_not_agree(house: House, client: Client, records: bool) -> None:
    await talking_guest(house, client, records=records)
    status, _ = await ask(client, await house.accounts.headers("a1"), "POST", f"/api/calls/{CALL}/video-recording")
    assert status == (201 if records else 409)


@pytest.mark.parametrize("video", [Video(record_most_mb=10)])
async def test_a_picture_has_a_bound(house: House, client: Client) -> None:
    await talking_guest(house, client, records=True)
    mine = await house.accounts.headers("a1")
    await ask(client, mine, "POST", f"/api/calls/{CALL}/video-recording")
    codes = [(await send(client, mine, 1, n, b"x" * (2 * 1024 * 1024)))[0] for n in range(6)]
    assert codes == [200] * 5 + [413]
