"""What becomes of a visit that does not go the straight way: no camera, nobody who signs, a link that is too old, a
voice call that gets a picture, another network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from cti import secrets
from cti.calls import CallFact
from tests.support.city import city, eventually
from tests.support.hall import calls
from tests.support.stack import Api, RunningStack
from tests.support.video import (
    LIMIT_MS,
    CitizenPage,
    address_of,
    api_of,
    citizen_page,
    sees_frames,
    video_agent,
    video_desk,
    video_stack,
)

pytestmark = pytest.mark.timeout(200)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with video_stack(tmp_path_factory.mktemp("stack"), "video = {invitation_s = 60}") as running:
        yield running


@pytest_asyncio.fixture
async def api(stack: RunningStack) -> AsyncIterator[Api]:
    async with api_of(stack) as api:
        yield api


async def says(citizen: CitizenPage, text: str) -> None:
    await expect(citizen.page.locator("#app").get_by_text(text).first).to_be_visible(timeout=LIMIT_MS)


async def is_over(api: Api, call: str) -> bool:
    return (await api.call(call)).ended_at is not None


async def test_who_may_not_use_his_camera_is_shown_how_and_can_write(
    browser: Browser, stack: RunningStack, api: Api
) -> None:
    async with (
        video_agent(browser, stack, api, {"video": 3}) as agent,
        citizen_page(browser, f"{address_of(stack)}/video", refuses_camera=True) as citizen,
    ):
        await citizen.comes_to("consent")
        await citizen.press("同意录像，开始")
        await citizen.press("打开摄像头和麦克风")
        await citizen.comes_to("refused")
        await says(citizen, "没有摄像头权限。可以只打字，或按图开启。")
        await citizen.press("再试一次")
        await citizen.comes_to("refused")
        await citizen.press("只打字")
        await citizen.comes_to("talk")
        assert [line["video"] for line in await agent.lines()] == [False]


async def test_while_nobody_signs_he_writes_instead_or_leaves_a_message(
    browser: Browser, stack: RunningStack, api: Api
) -> None:
    """Given nobody who signs, when he asks for it, then he is told at once; a message is in the records."""
    async with citizen_page(browser, f"{address_of(stack)}/video") as citizen:
        await citizen.choose("手语")
        await citizen.comes_to("no_sign")
        await says(citizen, "现在没有手语坐席。")
        await citizen.press("留言，等我们回复")
        await citizen.press("发送留言")
        await says(citizen, "请先写几个字")
        await citizen.page.get_by_label("什么事，在哪里，什么时候").fill("青禾路的路灯坏了")
        await citizen.page.get_by_label("手机号（用短信回复）").fill("138 0000 1234")
        await citizen.press("发送留言")
        await citizen.comes_to("sent")
        await says(citizen, "留言已收到。上班后我们会回复您。")
    (record,) = [one for one in await api.calls_since(0) if one.dialled == "message"]
    assert (record.medium, record.lost_at, record.pii_caller) == ("video", "message", "13800001234")
    left = [m.data for m in await api.milestones(record.call_id) if m.kind == CallFact.MESSAGE_LEFT]
    assert [data["pii_text"] for data in left] == ["青禾路的路灯坏了"]


async def test_the_last_who_signs_goes_home_and_the_same_call_goes_on_in_writing(
    browser: Browser, stack: RunningStack, api: Api
) -> None:
    async with citizen_page(browser, f"{address_of(stack)}/video") as citizen:
        async with video_agent(browser, stack, api, {"sign": 3}, "s") as signer:
            await api.set_status(signer.id, "break", "rest")
            await citizen.choose("手语")
            await citizen.comes_to("waiting")
            await eventually(api.positions, 10, "his place in the queue")
            await api.set_status(signer.id, "offline")
            await citizen.comes_to("no_sign")
        async with video_agent(browser, stack, api, {"video": 3}, "w") as agent:
            await citizen.press("打字交流")
            await citizen.comes_to("talk")
            (line,) = await agent.lines()
            queues = [m.data["queue"] for m in await api.milestones(line["call"]) if m.kind == CallFact.QUEUED]
            assert queues == ["sign", "video"]


async def test_a_link_that_is_too_old_or_spent_says_what_to_do(browser: Browser, stack: RunningStack, api: Api) -> None:
    admin = {"Authorization": f"Bearer {secrets.load_or_create(stack.settings).admin_token}"}
    async with (
        aiohttp.ClientSession(headers=admin) as client,
        client.post(f"{address_of(stack)}/api/invitations", json={"phone": "13800001234"}) as answer,
    ):
        link = (await answer.json())["link"]
    async with (
        video_agent(browser, stack, api, {"video": 3}) as agent,
        citizen_page(browser, link) as citizen,
    ):
        await citizen.choose("只打字")
        await citizen.comes_to("talk")
        assert "?i=" not in citizen.page.url, "the link is not left lying in the address"
        (line,) = await agent.lines()
        await agent.hang_up()
        await citizen.comes_to("rating")
        await citizen.press("满意")
        await citizen.comes_to("thanks")
        await eventually(lambda: is_over(api, line["call"]), 15, "the end of the call")
        assert (await api.call(line["call"])).pii_caller == "13800001234", "as whoever invited him knew it"
    for spoilt in (link, link[:-3] + "AAA", f"{address_of(stack)}/video?i=x"):
        async with citizen_page(browser, spoilt) as late:
            await late.comes_to("consent")
            await late.press("同意录像，开始")
            await late.comes_to("expired")
            await says(late, "链接已失效，请重新打开小程序或拨打 12345。")
            assert await late.page.get_by_role("link", name="拨打 12345").get_attribute("href") == "tel:12345"


async def test_a_voice_call_gets_a_picture_and_stays_one_contact(
    browser: Browser, stack: RunningStack, api: Api, tmp_path: Path
) -> None:
    folder = tmp_path / "sipp"
    folder.mkdir()
    async with city(stack, folder) as place, video_desk(browser, stack, api, {"general": 3, "video": 3}) as desk:
        # Given somebody on the telephone
        caller = await calls(place, 1)
        await desk.page.wait_for_function("() => document.body.dataset.state === 'offered'", timeout=LIMIT_MS)
        await desk.page.keyboard.press("F2")
        await caller.told(CallFact.ANSWERED)

        # When the agent invites him and reads six digits to him
        await desk.press("请市民打开画面")
        said = desk.page.locator(".v-said")
        await expect(said).to_contain_text("请念给市民", timeout=LIMIT_MS)
        digits = "".join(filter(str.isdigit, (await said.inner_text()).partition("输入")[2]))[:6]
        async with citizen_page(browser, f"{address_of(stack)}/video") as citizen:
            await citizen.comes_to("consent")
            await citizen.press("坐席给了我 6 位数字")
            await citizen.page.get_by_role("textbox").fill(digits)
            await citizen.press("继续")
            await citizen.comes_to("check")
            await says(citizen, "您的电话不会断")
            await citizen.press("看得见，继续")

            # Then each sees the other, beside the same call, and they can write
            await citizen.comes_to("talk")
            await sees_frames(citizen)
            await sees_frames(desk)
            await says(citizen, "画面已接通，请继续用电话说话")
            await citizen.writes("身份证在这里")
            await desk.reads("身份证在这里")
            assert [row["call_id"] for row in (await api.live())["calls"]] == [caller.id]

            # And when the picture ends, the voice goes on; when the voice ends, so does everything
            await citizen.press("收起")
            await citizen.press("结束")
            await citizen.press("结束")
            await caller.told(CallFact.VIDEO_LEFT)
            await citizen.comes_to("ended")
            await desk.page.keyboard.press("Shift+F2")
            await caller.told(CallFact.SURVEY_OFFERED)
            caller.hang_up()
        record = await caller.record()
        assert (record.medium, len(record.agents), record.offers) == ("voice", 1, 1)
        joined = [m.data["reason"] for m in await api.milestones(caller.id) if m.kind == CallFact.VIDEO_JOINED]
        assert joined == ["upgrade"]
        await eventually(lambda: stack.asterisk_channels() == {}, 10, "no channel left over")


async def test_another_network_costs_seconds_and_nothing_else(browser: Browser, stack: RunningStack, api: Api) -> None:
    """Given a talk, when no packet comes through any more, then the page finds another way to the same agent."""
    async with (
        video_agent(browser, stack, api, {"video": 3}) as agent,
        citizen_page(browser, f"{address_of(stack)}/video") as citizen,
    ):
        await citizen.choose("语音+视频")
        await citizen.comes_to("talk")
        await sees_frames(citizen)
        (before,) = await agent.lines()
        # The path is gone: the page's connection as it stands leads nowhere
        await citizen.page.evaluate(
            """() => {
              const stuck = connections.at(-1);
              const real = stuck.getStats.bind(stuck);
              let last = null;
              stuck.getStats = async () => (last ??= await real());
            }"""
        )
        # It may be back within a second: looked at with every frame, not now and then.
        await citizen.page.wait_for_function(
            "() => document.querySelector('#app').innerText.includes('画面断开，正在重连')", timeout=40_000
        )
        await citizen.comes_to("talk")

        async def second_line() -> bool:
            return [line["leg"] for line in await agent.lines()] == ["offer", "beside"]

        await eventually(second_line, 30, "a second line")
        await sees_frames(citizen)
        await sees_frames(agent)
        assert {line["call"] for line in await agent.lines()} == {before["call"]}


async def test_who_signs_sees_the_agent_also_while_several_talk(
    browser: Browser, stack: RunningStack, api: Api
) -> None:
    """Given a third in the talk, whose sound alone Asterisk mixes, then the picture comes by a line of its own, and
    goes back when they are two again."""
    async with (
        video_agent(browser, stack, api, {"sign": 3, "video": 3}) as agent,
        citizen_page(browser, f"{address_of(stack)}/video") as citizen,
    ):
        await citizen.choose("手语")
        await citizen.comes_to("talk")
        await sees_frames(citizen)
        (first,) = await agent.lines()
        async with video_agent(browser, stack, api, {"general": 3}, "x") as expert:
            path = f"/api/calls/{first['call']}/parties"
            assert (await agent.ask("POST", path, {"target": expert.id, "mode": "conference"}))[0] == 202
            await eventually(expert.lines, 20, "a third telephone")

            async def second_line() -> bool:
                return [line["leg"] for line in await agent.lines()] == ["offer", "beside"]

            await eventually(second_line, 30, "a line for the picture")
            await sees_frames(citizen)
            await sees_frames(agent)
            await citizen.page.locator("video.agent:visible").wait_for()
            await expert.hang_up()

        async def only_first() -> bool:
            return [line["over"] for line in await agent.lines()] == [False, True]

        await eventually(only_first, 30, "the picture on the first line again")
        await citizen.page.locator("video.agent:visible").wait_for()
        joined = [m.data["reason"] for m in await api.milestones(first["call"]) if m.kind == CallFact.VIDEO_JOINED]
        assert joined == ["crowd"]
