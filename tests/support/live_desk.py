"""The real desk page on a running stack: an agent who is logged in by cookie, with ears."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, expect

from cti.demo.client import TestAgent
from cti.web.http import COOKIE
from tests.support.browser import faults_of
from tests.support.city import eventually
from tests.support.tones import NOTES

_EAR = """
const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = ({video}) => real(
  {video, audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
const Peer = window.RTCPeerConnection;
const sound = new AudioContext(), analyser = sound.createAnalyser();
analyser.fftSize = 8192;
window.peers = [];
window.RTCPeerConnection = class extends Peer {
  constructor(...given) {
    super(...given);
    window.peers.push(this);
    this.addEventListener("track", ({track}) => {
      if (track.kind === "audio") sound.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    });
  }
};
window.loudest = () => {
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  let best = 0;
  for (let n = 1; n < bins.length; n++) if (bins[n] > bins[best]) best = n;
  return bins[best] < -70 ? 0 : best * sound.sampleRate / analyser.fftSize;
};
window.counters = async () => {
  const found = {sent: 0, received: 0, lost: 0};
  for (const row of (await window.peers.at(-1).getStats()).values()) {
    if (row.type === "outbound-rtp") found.sent += row.packetsSent;
    if (row.type === "inbound-rtp") { found.received += row.packetsReceived; found.lost += row.packetsLost; }
  }
  return found;
};
"""


class LiveDesk:
    """`faults`: what the page complains about."""

    def __init__(self, page: Page, agent: TestAgent, address: str) -> None:
        self.page, self.agent, self.address = page, agent, address
        self.faults = faults_of(page)

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    async def open(self) -> None:
        await self.page.goto(f"{self.address}/agent")
        await expect(self.page.locator(".statusline .telephone i")).to_have_class("ok", timeout=20_000)

    async def state(self, wanted: str, limit_s: float = 10) -> None:
        await expect(self.page.locator("body")).to_have_attribute("data-state", wanted, timeout=limit_s * 1000)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def ready(self) -> None:
        """As an agent says it."""
        await self.press("F4", "1")
        await self.state("idle")

    async def hears(self, name: str, limit_s: float = 8) -> None:
        """Until the note of this party is what it hears; "" for nobody."""
        hz = NOTES.get(name, 0)

        async def heard() -> bool:
            return abs(await self.page.evaluate("loudest()") - hz) <= 12

        await eventually(heard, limit_s, f"{name or 'nobody'} heard at the desk")

    async def counters(self) -> dict[str, int]:
        found: dict[str, int] = await self.page.evaluate("counters()")
        return found

    async def marks(self, start: str) -> dict[str, float]:
        rows: list[list[Any]] = await self.page.evaluate(
            "start => performance.getEntriesByType('mark').filter(m => m.name.startsWith(start))"
            ".map(m => [m.name, m.startTime])",
            start,
        )
        return {str(name): float(at) for name, at in rows}


async def live_desk(browser: Browser, address: str, agent: TestAgent) -> LiveDesk:
    """Open, registered, on a break."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    await context.add_cookies([{"name": COOKIE, "value": agent.token, "url": address}])
    await context.add_init_script(_EAR)
    desk = LiveDesk(await context.new_page(), agent, address)
    await desk.open()
    return desk
