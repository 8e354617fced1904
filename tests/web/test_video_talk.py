"""A citizen and an agent by picture on the whole real system: two pages in a real Chromium, a real Asterisk between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from cti.calls import CallFact
from recordings.wav import RATE_HZ
from tests.support.city import eventually
from tests.support.recorded import recorded
from tests.support.stack import Api, RunningStack
from tests.support.video import (
    CitizenPage,
    address_of,
    api_of,
    citizen_page,
    sees_frames,
    video_agent,
    video_desk,
    video_stack,
)

pytestmark = pytest.mark.timeout(150)
SIGNS = {"sign": 3, "video": 3}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with video_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest_asyncio.fixture
async def api(stack: RunningStack) -> AsyncIterator[Api]:
    async with api_of(stack) as api:
        yield api


@pytest_asyncio.fixture
async def citizen(browser: Browser, stack: RunningStack) -> AsyncIterator[CitizenPage]:
    async with citizen_page(browser, f"{address_of(stack)}/video") as page:
        yield page


async def the_call(api: Api) -> str:
    """Of the only one who is here."""

    async def one() -> list[str]:
        return [row["call_id"] for row in (await api.live())["calls"]]

    found: list[str] = await eventually(one, 10, "a call")
    assert len(found) == 1
    return found[0]


async def ended(api: Api, call: str) -> list[str]:
    """The kinds of its milestones, once it is over."""

    async def kinds() -> list[str]:
        found = [m.kind for m in await api.milestones(call)]
        return found if CallFact.ENDED in found else []

    found: list[str] = await eventually(kinds, 15, "the end of the call")
    return found


async def test_a_visit_in_sign_language_from_the_consent_to_the_rating(
    browser: Browser, stack: RunningStack, api: Api, citizen: CitizenPage
) -> None:
    async with video_desk(browser, stack, api, SIGNS) as desk:
        # Given a deaf citizen who waits for sign language and has written already
        await api.set_status(desk.agent, "break", "rest")
        await citizen.choose("手语")
        await citizen.comes_to("waiting")
        await citizen.page.get_by_text("下一位就是您").wait_for()
        await citizen.writes("你好，我听不见")
        await api.set_status(desk.agent, "ready")

        # When the agent answers, then each sees the other
        await desk.answer()
        await citizen.comes_to("talk")
        of_agent, of_citizen = await asyncio.gather(sees_frames(citizen, 60), sees_frames(desk, 60))
        assert set(of_agent["codecs"]) == set(of_citizen["codecs"]) == {"VP8"}
        call = await the_call(api)

        # And they write, and a card is pushed
        await desk.reads("你好，我听不见")
        await desk.writes("您好，我能看到您")
        await citizen.page.get_by_text("您好，我能看到您").wait_for()
        await citizen.writes("我要办居住证")
        await desk.reads("我要办居住证")
        await desk.press("卡片")
        await desk.press("材料清单")
        form = desk.page.locator(".v-card-form")
        await form.get_by_label("事项").fill("居住证")
        await form.get_by_label("材料（每行一项）").fill("身份证\n租房合同")
        await desk.press("发给市民")
        await citizen.press("收起")
        await citizen.press("查看")
        assert await citizen.page.locator(".card li").all_inner_texts() == ["身份证", "租房合同"]

        # And what was written is there after each page was loaded anew, and the talk goes on
        await desk.page.reload()
        await desk.reads("我要办居住证")
        await sees_frames(desk)
        await citizen.page.reload()
        await citizen.comes_to("talk")
        await citizen.page.get_by_text("您好，我能看到您").wait_for()
        await asyncio.gather(sees_frames(citizen), sees_frames(desk))

        # When the citizen ends it, then he says how it was by a button
        await citizen.press("结束")
        await citizen.page.locator(".sure").wait_for()
        await citizen.press("结束")
        await citizen.comes_to("rating")
        await citizen.press("基本满意")
        await citizen.comes_to("thanks")
        kinds = await ended(api, call)

    record = await api.call(call)
    assert (record.medium, record.dialled, record.statistics, record.queue) == ("video", "sign", "sign", "sign")
    assert (record.score, record.satisfied, record.lost_at) == (2, True, None)
    assert [one.complete for one in record.recordings] == [True, True], "the sound, before and after the agent's reload"
    for one in record.recordings:  # of telephones that send Opus, at another rate
        both = await asyncio.to_thread(recorded, stack.settings.recordings_dir / one.file)
        assert len(both.agent) / RATE_HZ == pytest.approx(one.talk_s, abs=1.0)
    assert kinds.count(CallFact.CHAT) == 3
    assert kinds.count(CallFact.CARD_PUSHED) == kinds.count(CallFact.VIDEO_JOINED) == 1
    assert not [fault for fault in [*desk.faults, *citizen.faults] if "401" not in fault]


async def test_the_picture_is_recorded_if_the_citizen_agreed(
    browser: Browser, stack: RunningStack, api: Api, citizen: CitizenPage
) -> None:
    async with video_desk(browser, stack, api, SIGNS) as desk:
        await citizen.choose("语音+视频")
        await desk.answer()
        await sees_frames(desk)
        call = await the_call(api)
        await desk.page.get_by_text("录像中").wait_for()
        (path,) = await eventually(lambda: _films(stack, call), 10, "a film")

        # Then it grows second by second, as a film does
        sizes = [path.stat().st_size]
        for _ in range(3):
            await eventually(lambda: path.stat().st_size > sizes[-1], 10, "more of the film")
            sizes.append(path.stat().st_size)
        assert path.read_bytes()[:4] == b"\x1a\x45\xdf\xa3", "EBML"
        await desk.page.keyboard.press("Shift+F2")
        await citizen.comes_to("rating")
        await citizen.press("不评价")
        kinds = await ended(api, call)
        assert kinds.count(CallFact.VIDEO_RECORDED) == 2
        assert kinds[-1] == CallFact.ENDED
        noted = [m.data for m in await api.milestones(call) if m.kind == CallFact.VIDEO_RECORDED]
        assert noted[-1]["bytes"] == path.stat().st_size > 0

        # And a browser plays it, picture and all
        (stack.settings.var / "film.webm").write_bytes(path.read_bytes())
        film = await (await browser.new_context()).new_page()
        await film.route("**/film.webm", lambda route: route.fulfill(path=path, content_type="video/webm"))
        await film.goto(f"{address_of(stack)}/pages/shared/words.zh.json")
        played = await film.evaluate(
            """() => new Promise((done, failed) => {
              const video = document.createElement("video");
              video.muted = true;
              video.onerror = () => failed(new Error(video.error.message));
              video.ontimeupdate = () => video.currentTime > 1.5 && done([video.videoWidth, video.videoHeight]);
              video.src = "/film.webm";
              void video.play();
            })"""
        )
        assert played == [640, 480]
        await film.context.close()


def _films(stack: RunningStack, call: str) -> list:  # type: ignore[type-arg]
    return sorted(stack.settings.recordings_dir.glob(f"*/{call}-v*.webm"))


async def test_no_picture_is_recorded_of_who_did_not_agree(
    browser: Browser, stack: RunningStack, api: Api, citizen: CitizenPage
) -> None:
    async with video_desk(browser, stack, api, SIGNS) as desk:
        await citizen.choose("语音+视频", records=False)
        await desk.answer()
        await sees_frames(desk, 60)
        await desk.page.get_by_text("市民不同意录像").wait_for()
        call = await the_call(api)
        await citizen.press("结束")
        await citizen.press("结束")
        await citizen.comes_to("rating")
        await citizen.press("满意")
        assert CallFact.VIDEO_RECORDED not in await ended(api, call)
        assert _films(stack, call) == []
        assert (await api.call(call)).recordings[0].complete, "the sound is kept as of every call"


async def test_pictures_come_and_go_and_each_side_is_told(
    browser: Browser, stack: RunningStack, api: Api, citizen: CitizenPage
) -> None:
    async with video_desk(browser, stack, api, SIGNS) as desk:
        await citizen.choose("语音+视频")
        await desk.answer()
        await sees_frames(desk)
        await citizen.press("关闭画面")
        await desk.page.get_by_text("市民没有开画面").wait_for()
        await citizen.press("打开画面")
        await desk.page.locator(".v-remote:visible").wait_for()
        await desk.press("关画面")
        await citizen.page.get_by_text("坐席没有开画面").wait_for()
        await desk.press("开画面")
        await citizen.page.locator("video.agent:visible").wait_for()
        await desk.page.keyboard.press("F8")
        await citizen.page.locator(".strip").get_by_text("请稍等，坐席在查").wait_for()
        await desk.page.locator("body[data-state=held]").wait_for()
        await desk.page.keyboard.press("F8")
        await citizen.page.locator(".strip[data-tone=good]").wait_for()
        before = (await citizen.seen())["decoded"]
        await sees_frames(citizen, before + 20)


async def test_who_leaves_without_a_word_is_missed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Given a talk, when the citizen closes his page, then the agent is told, and the call ends after a while."""
    with video_stack(tmp_path_factory.mktemp("away"), "video = {away_s = 10}") as stack:
        async with Api(stack.settings) as api, video_desk(browser, stack, api, SIGNS) as desk:
            async with citizen_page(browser, f"{address_of(stack)}/video") as citizen:
                await citizen.choose("语音+视频")
                await desk.answer()
                await sees_frames(desk)
                call = await the_call(api)
            await desk.page.get_by_text("市民的页面断开了").wait_for()
            await ended(api, call)
            record = await api.call(call)
            assert (record.ended_side, record.lost_at, record.score) == ("caller", None, None)
            await desk.page.wait_for_function("() => document.body.dataset.state !== 'talking'")


async def test_h264_both_ways(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    with video_stack(tmp_path_factory.mktemp("h264"), 'video = {codecs = ["h264"]}') as stack:
        async with (
            Api(stack.settings) as api,
            video_agent(browser, stack, api, SIGNS) as agent,
            citizen_page(browser, f"{address_of(stack)}/video") as citizen,
        ):
            await citizen.choose("语音+视频")
            await citizen.comes_to("talk")
            seen: list[dict[str, object]] = await asyncio.gather(sees_frames(citizen, 60), sees_frames(agent, 60))
            assert [set(one["codecs"]) for one in seen] == [{"H264"}, {"H264"}]  # type: ignore[call-overload]
            assert all(int(one["fps"]) >= 10 for one in seen), seen  # type: ignore[call-overload]
            await agent.hang_up()
            await citizen.comes_to("rating")


async def test_writing_alone_is_a_visit_without_camera_or_microphone(
    browser: Browser, stack: RunningStack, api: Api
) -> None:
    async with (
        video_agent(browser, stack, api, SIGNS) as agent,
        citizen_page(browser, f"{address_of(stack)}/video", refuses_camera=True) as citizen,
    ):
        await citizen.choose("只打字")
        await citizen.comes_to("talk")
        (line,) = await agent.lines()
        assert (line["leg"], line["video"]) == ("offer", False)
        await citizen.writes("我不能说话")
        status, _ = await agent.ask("POST", f"/api/calls/{line['call']}/chat", {"text": "请讲"})
        assert status == 202
        await citizen.page.get_by_text("请讲").wait_for()
        await citizen.page.reload()
        await citizen.page.get_by_text("请讲").wait_for()
        await citizen.press("结束")
        await citizen.press("结束")
        await citizen.comes_to("rating")
        await citizen.press("不满意")
        await citizen.comes_to("thanks")
        await ended(api, line["call"])
        record = await api.call(line["call"])
        assert (record.medium, record.dialled, record.queue, record.score) == ("video", "text", "video", 3)
