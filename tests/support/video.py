"""A citizen's page and an agent's telephone for pictures, in real browsers, over a running system."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp
from playwright.async_api import Browser, Page, ViewportSize

from cti.browser import launch_options
from cti.programs import ProgramMissing, find_asterisk, find_program
from cti.settings import load_settings
from tests.support.browser import faults_of
from tests.support.city import eventually
from tests.support.missing import missing
from tests.support.stack import Api, RunningStack

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
LIMIT_MS = 40_000
_AGENT = """async ({account, ticket}) => {
  const JsSIP = (await import('/vendor/jssip.js')).default;
  const {withoutBandwidthEstimates} = await import('/pages/agent/phone_logic.js');
  const lines = window.lines = [];
  const socket = new JsSIP.WebSocketInterface(`ws://${location.host}/sip?ticket=${ticket}`);
  const ua = new JsSIP.UA({sockets: [socket], uri: account.uri, authorization_user: account.user,
    password: account.password, register_expires: 60, session_timers: false});
  ua.on('newRTCSession', ({originator, session, request}) => {
    if (originator !== 'remote') return;
    const picture = document.createElement('video');
    picture.muted = true; picture.autoplay = true;
    document.body.append(picture);
    const media = picture.srcObject = new MediaStream();
    const line = {session, leg: request.getHeader('X-CTI-Leg'), call: request.getHeader('X-CTI-Call'),
      video: /^m=video [1-9]/m.test(request.body), over: false, picture};
    lines.push(line);
    session.on('sdp', (event) => (event.sdp = withoutBandwidthEstimates(event.sdp)));
    session.on('peerconnection', ({peerconnection}) =>
      peerconnection.addEventListener('track', ({track}) => media.addTrack(track)));
    for (const end of ['failed', 'ended']) session.on(end, () => (line.over = true));
    if (!window.silent) session.answer({
      mediaConstraints: {audio: true, video: line.video && {width: 640, height: 480, frameRate: 25}},
      pcConfig: {iceServers: [], bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require'}});
  });
  await new Promise((done, failed) => {
    ua.on('registered', done);
    ua.on('registrationFailed', ({cause}) => failed(new Error(cause)));
    ua.start();
  });
}"""
_CONNECTIONS = """window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...values) { super(...values); connections.push(this); }
};"""
_REFUSES = """navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException("Permission denied", "NotAllowedError");
};"""
_LAST = "connections.filter((one) => one.connectionState !== 'closed').at(-1)"
_SEEN = """async (connection) => {
  const seen = {codecs: []};
  if (!connection) return seen;
  for (const [, row] of await connection.getStats()) {
    if (row.type === 'inbound-rtp' && row.kind === 'video')
      Object.assign(seen, {decoded: row.framesDecoded, fps: row.framesPerSecond, width: row.frameWidth});
    if (row.type === 'inbound-rtp' && row.kind === 'audio') seen.sound = row.packetsReceived;
    if (row.type === 'codec' && row.mimeType.startsWith('video/')) seen.codecs.push(row.mimeType.slice(6));
  }
  return seen;
}"""


@contextmanager
def video_stack(folder: Path, *settings: str) -> Iterator[RunningStack]:
    """A running system with these lines of settings, in which telephones ring for long enough to look at."""
    try:
        find_asterisk()
        find_program("redis-server")
        launch_options()
    except ProgramMissing as error:
        missing(str(error))
    running = RunningStack(folder)
    text = running.file.read_text(encoding="utf-8").replace("offer_timeout_s = 3", "offer_timeout_s = 60")
    running.file.write_text("\n".join([text, *settings, ""]), encoding="utf-8")
    running.settings = load_settings(running.file)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@asynccontextmanager
async def api_of(stack: RunningStack) -> AsyncIterator[Api]:
    """In the end nobody is there any more whom the next test would meet."""
    async with Api(stack.settings) as api:
        yield api
        stack.asterisk_cli("channel", "request", "hangup", "all")

        async def over() -> bool:
            return (await api.live())["calls"] == []

        await eventually(over, 20, "the end of every call")
        await api.remove_test_agents()


def address_of(stack: RunningStack) -> str:
    return f"http://{stack.settings.web.host}:{stack.settings.web.port}"


@dataclass(frozen=True, slots=True)
class VideoAgent:
    """An agent of a video seat whose telephone answers by itself."""

    id: str
    token: str
    page: Page
    address: str

    async def lines(self) -> list[dict[str, Any]]:
        """Whatever has rung: leg, call, video, over."""
        found: list[dict[str, Any]] = await self.page.evaluate(
            "lines.map(({leg, call, video, over}) => ({leg, call, video, over}))"
        )
        return found

    async def seen(self, line: int = -1) -> dict[str, Any]:
        found: dict[str, Any] = await self.page.evaluate(f"({_SEEN})(lines.at({line}).session.connection)")
        return found

    async def hang_up(self) -> None:
        await self.page.evaluate("lines.find(({over}) => !over)?.session.terminate()")

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as client,
            client.request(method, self.address + path, json=body) as answer,
        ):
            return answer.status, await answer.json()


@asynccontextmanager
async def video_agent(
    browser: Browser, stack: RunningStack, api: Api, skills: dict[str, int], prefix: str = "v"
) -> AsyncIterator[VideoAgent]:
    """Ready, with a telephone in a browser."""
    address = address_of(stack)
    (made,) = await api.add_test_agents(1, skills, prefix, 0)
    context = await browser.new_context()
    page = await context.new_page()
    agent = VideoAgent(made.id, made.token, page, address)
    try:
        _, account = await agent.ask("POST", f"/api/agents/{made.id}/softphone")
        _, ticket = await agent.ask("POST", "/api/socket-ticket")
        await page.goto(f"{address}/pages/shared/words.zh.json")
        await page.evaluate(_AGENT, {"account": account, "ticket": ticket["ticket"]})
        await api.set_status(made.id, "ready")
        yield agent
    finally:
        await context.close()


class VideoDesk:
    """The agent's own page, with everything on it."""

    def __init__(self, agent: str, page: Page) -> None:
        self.agent, self.page = agent, page
        self.faults = faults_of(page)

    async def answer(self) -> None:
        await self.page.wait_for_function("() => document.body.dataset.state === 'offered'", timeout=LIMIT_MS)
        await self.page.locator("#video .v-instead").wait_for()
        await self.page.keyboard.press("F2")

    async def press(self, word: str) -> None:
        await self.page.get_by_role("button", name=word, exact=True).first.click()

    async def writes(self, text: str) -> None:
        field = self.page.get_by_label("打字给市民，Enter 发送")
        await field.fill(text)
        await field.press("Enter")

    async def reads(self, text: str) -> None:
        await self.page.locator(".v-lines").get_by_text(text).wait_for(timeout=LIMIT_MS)

    async def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.page.evaluate(f"({_SEEN})({_LAST})")
        return found


@asynccontextmanager
async def video_desk(
    browser: Browser, stack: RunningStack, api: Api, skills: dict[str, int]
) -> AsyncIterator[VideoDesk]:
    """Ready, at /agent."""
    (made,) = await api.add_test_agents(1, skills, "v", 0)
    context = await browser.new_context(viewport=DESK, permissions=["camera", "microphone"])
    try:
        await context.add_cookies([{"name": "yihu_session", "value": made.token, "url": address_of(stack)}])
        await context.add_init_script(_CONNECTIONS)
        page = await context.new_page()
        desk = VideoDesk(made.id, page)
        await page.goto(f"{address_of(stack)}/agent?lang=zh")
        await page.locator(".statusline .telephone i.ok").wait_for(timeout=LIMIT_MS)
        await api.set_status(made.id, "ready")
        yield desk
    finally:
        await context.close()


class CitizenPage:
    """The page /video as somebody holds it in his hand."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults = faults_of(page)

    async def view(self) -> str:
        return await self.page.evaluate("document.body.dataset.view") or ""

    async def comes_to(self, view: str, within_s: float = 45.0) -> None:
        await self.page.wait_for_function(
            "(view) => document.body.dataset.view === view", arg=view, timeout=within_s * 1000
        )

    async def press(self, word: str) -> None:
        await self.page.get_by_role("button", name=word).first.click()

    async def choose(self, word: str, *, records: bool = True) -> None:
        """From the consent to the call."""
        await self.comes_to("consent")
        await self.press("同意录像，开始" if records else "不录像，开始")
        await self.comes_to("check")
        if word == "只打字":
            await self.press("不用摄像头，只打字")
            return
        await self.press("看得见，继续")  # allowed already, so the camera is open
        await self.comes_to("choose")
        await self.press(word)

    async def seen(self) -> dict[str, Any]:
        """Of the agent: pictures decoded, and so on."""
        found: dict[str, Any] = await self.page.evaluate(f"({_SEEN})({_LAST})")
        return found

    async def writes(self, text: str) -> None:
        field = self.page.get_by_label("在这里打字")
        if not await field.count():
            await self.press("打字")
        await field.fill(text)
        await field.press("Enter")


@asynccontextmanager
async def citizen_page(
    browser: Browser,
    address: str,
    *,
    lang: Literal["zh", "en"] = "zh",
    scheme: Literal["light", "dark"] = "light",
    refuses_camera: bool = False,
) -> AsyncIterator[CitizenPage]:
    """A telephone's browser at this address."""
    permissions = [] if refuses_camera else ["camera", "microphone"]
    context = await browser.new_context(
        viewport=PHONE, color_scheme=scheme, has_touch=True, is_mobile=True, permissions=permissions
    )
    try:
        await context.add_init_script(_CONNECTIONS)
        if refuses_camera:
            await context.add_init_script(_REFUSES)
        page = await context.new_page()
        citizen = CitizenPage(page)
        await page.goto(address + ("&" if "?" in address else "?") + f"lang={lang}")
        yield citizen
    finally:
        await context.close()


async def sees_frames(
    looker: VideoAgent | VideoDesk | CitizenPage, at_least: int = 30, within_s: float = 45.0
) -> dict[str, Any]:
    """What he sees, once so many pictures have been decoded."""
    end = asyncio.get_running_loop().time() + within_s
    while True:
        seen = await looker.seen()
        if int(seen.get("decoded") or 0) >= at_least:
            return seen
        assert asyncio.get_running_loop().time() < end, f"{at_least} pictures: not within {within_s:g} s, but {seen}"
        await asyncio.sleep(0.1)
