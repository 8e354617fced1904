"""The smallest page that is a telephone: JsSIP in a real Chromium, at the daemon's own address, and what it hears.

It signs in, keeps its desk channel, and answers what it is to. Its microphone hears a WAV file (tests.support.browser).
"""

from __future__ import annotations

import asyncio
import json
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Route

from cti.demo.client import TestAgent
from tests.support.browser import faults_of
from tests.support.tones import NOTES

MADE_UP_PAGES = "--disable-features=LocalNetworkAccessChecks"
"""For Chromium: a page that a test makes up comes from nowhere, and may speak to this machine all the same."""
_PATH = "/a-telephone"
_HTML = """<!doctype html><meta charset="utf-8"><title>telephone</title><audio id="ear" autoplay></audio>
<script type="module" src="/a-telephone.js"></script>"""
_SCRIPT = """
import JsSIP from "/vendor/jssip.js";
const {agent, token, answers} = window.given;
const headers = {Authorization: `Bearer ${token}`};
const post = async (path) => {
  const answer = await fetch(path, {method: "POST", headers});
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};
const ticket = async () => (await post("/api/socket-ticket")).ticket;
const base = location.origin.replace(/^http/, "ws");

/** A fresh ticket for each connection. */
class Socket {
  constructor(path) {
    this.url = base + path; this.sip_uri = `sip:${location.host};transport=ws`;
    this.via_transport = base.startsWith("wss") ? "WSS" : "WS"; this.ws = null; this.asking = false;
    this.onconnect = this.ondisconnect = this.ondata = () => {};
  }
  connect() {
    if (this.asking || this.ws) return;
    this.asking = true;
    ticket().then((one) => {
      this.asking = false;
      const ws = this.ws = new WebSocket(`${this.url}?ticket=${one}`, "sip");
      ws.onopen = () => this.onconnect();
      ws.onmessage = ({data}) => this.ondata(data);
      ws.onclose = ({wasClean, code}) => {
        me.closed.push(code);
        this.ws = null;
        if (code !== 4000) this.ondisconnect(!wasClean, code);
      };
    }, () => { this.asking = false; this.ondisconnect(true, 0); });
  }
  disconnect() { this.ws?.close(); this.ws = null; }
  send(message) { if (!this.isConnected()) return false; this.ws.send(message); return true; }
  isConnected() { return this.ws?.readyState === WebSocket.OPEN; }
  isConnecting() { return this.asking || this.ws?.readyState === WebSocket.CONNECTING; }
}

const me = window.me = {registered: false, registrations: 0, rings: [], talking: false, closed: [], desk: null,
  fault: "", session: null, pc: null};
const heard = new MediaStream();
const sound = new AudioContext();
const analyser = sound.createAnalyser();
analyser.fftSize = 8192;
const hook = (pc) => {
  me.pc = pc;
  pc.addEventListener("track", ({track}) => {
    if (track.kind !== "audio") return;
    heard.getTracks().forEach((old) => heard.removeTrack(old));
    heard.addTrack(track);
    document.getElementById("ear").srcObject = heard;
    sound.createMediaStreamSource(heard).connect(analyser);
  });
};
me.loudest = () => {
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  let best = 0;
  for (let n = 1; n < bins.length; n++) if (bins[n] > bins[best]) best = n;
  return bins[best] < -70 ? 0 : best * sound.sampleRate / analyser.fftSize;
};
me.counters = async () => {
  const found = {sent: 0, received: 0, lost: 0};
  for (const row of (await me.pc.getStats()).values()) {
    if (row.type === "outbound-rtp") found.sent += row.packetsSent;
    if (row.type === "inbound-rtp") { found.received += row.packetsReceived; found.lost += row.packetsLost; }
  }
  return found;
};
const microphone = () => navigator.mediaDevices.getUserMedia(
  {audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
const pcConfig = {iceServers: [], bundlePolicy: "max-bundle", rtcpMuxPolicy: "require"};
const follow = (session) => {
  me.session = session;
  if (session.connection) hook(session.connection);
  else session.on("peerconnection", ({peerconnection}) => hook(peerconnection));
  session.on("confirmed", () => me.talking = true);
  const over = () => { if (me.session === session) me.talking = false; };
  session.on("ended", over);
  session.on("failed", over);
};
me.answer = async () => me.session.answer({mediaStream: await microphone(), pcConfig});
me.changeNetwork = () => { me.pc.close(); socket.ws.close(); };
me.hangUp = () => me.session.terminate();
me.dial = async (whom) => follow(me.ua.call(`sip:${whom}@yihu`, {mediaStream: await microphone(), pcConfig}));

const desk = new WebSocket(`${base}/api/agents/${agent}/desk?ticket=${await ticket()}`);
desk.onmessage = ({data}) => {
  const said = JSON.parse(data);
  if (said.type === "ping") desk.send('{"type": "here"}');
  if (said.type === "desk") me.desk = said;
};
const account = await post(`/api/agents/${agent}/softphone`);
const socket = new Socket(account.socket);
const ua = me.ua = new JsSIP.UA({sockets: [socket], uri: account.uri,
  authorization_user: account.user,
  password: account.password, register_expires: account.expires_s, session_timers: false,
  connection_recovery_min_interval: 1, connection_recovery_max_interval: 2});
ua.on("registered", () => { me.registered = true; me.registrations += 1; });
ua.on("unregistered", () => me.registered = false);
ua.on("registrationFailed", ({cause}) => me.fault = cause);
ua.on("newRTCSession", ({originator, session, request}) => {
  if (originator !== "remote") return;
  const leg = request.getHeader("X-CTI-Leg");
  me.rings.push({leg, call: request.getHeader("X-CTI-Call"), at: Date.now() / 1000});
  if (me.session && me.talking) me.session.terminate();
  follow(session);
  if (answers || leg === "reattach") me.answer();
});
ua.start();
"""


_STATE = """(({registered, registrations, rings, talking, closed, desk, fault, session, pc}) => ({
  registered, registrations, rings, talking, closed, fault, desk: desk?.desk?.state, call: desk?.call?.phase,
  session: session?.status, connection: pc && [pc.connectionState, pc.iceConnectionState],
  microphones: session?.connection?.getSenders().length}))(window.me)"""


@dataclass
class Softphone:
    """An agent's page. `await phone.me("registered")` reads one of its variables."""

    page: Page
    agent: str
    faults: list[str]

    async def me(self, expression: str) -> Any:
        return await self.page.evaluate(f"window.me && me.{expression}")

    async def until(self, expression: str, limit_s: float) -> None:
        """Until this is true of `me`."""
        try:
            await self.page.wait_for_function(f"window.me && me.{expression}", timeout=limit_s * 1000, polling=20)
        except Exception as error:
            said = [await self.page.evaluate(_STATE), *self.faults]
            raise AssertionError(f"{self.agent}: {expression}: not within {limit_s:g} s; {said}") from error

    async def hears(self, name: str, limit_s: float = 5.0) -> None:
        """Until the note of this party is what it hears; "" for nobody."""
        hz = NOTES.get(name, 0)
        await self.until(f"loudest() >= {hz - 12} && me.loudest() <= {hz + 12}", limit_s)

    async def reload(self) -> None:
        """As F5: back when the new page begins, which has to sign in yet."""
        await self.page.reload(wait_until="commit")

    async def crash(self) -> None:
        """Its process dies: no script of it runs any more."""
        client = await self.page.context.new_cdp_session(self.page)
        crashed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.page.on("crash", lambda _: crashed.done() or crashed.set_result(None))
        killing = asyncio.ensure_future(client.send("Page.crash"))
        await asyncio.wait_for(crashed, 5)
        killing.cancel()


async def softphone(
    browser: Browser, address: str, agent: TestAgent, *, answers: bool = True, ready: bool = True, **context: Any
) -> Softphone:
    """A page of its own profile, signed in. `answers`: what rings by itself; a talk that goes on, always."""
    profile = await browser.new_context(**context)
    page = await profile.new_page()
    given = {"agent": agent.id, "token": agent.token, "answers": answers}
    await page.add_init_script(f"window.given = {json.dumps(given)}")
    await page.route(f"**{_PATH}", _gives(_HTML, "text/html"))
    await page.route(f"**{_PATH}.js", _gives(_SCRIPT, "text/javascript"))
    faults = faults_of(page)
    await page.goto(address + _PATH)
    phone = Softphone(page, agent.id, faults)
    if ready:
        await phone.until("registered", 10)
    return phone


def _gives(body: str, kind: str) -> Callable[[Route], Awaitable[None]]:
    async def give(route: Route) -> None:
        await route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

    return give


def sing(path: Path, name: str, seconds: float = 2.0) -> Path:
    """A WAV file of this party's note, for a microphone."""
    import math

    rate, hz = 48_000, NOTES[name]
    frames = b"".join(
        round(9000 * math.sin(2 * math.pi * hz * n / rate)).to_bytes(2, "little", signed=True)
        for n in range(int(rate * seconds))
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(frames)
    return path


@asynccontextmanager
async def closing(phone: Softphone) -> AsyncIterator[Softphone]:
    try:
        yield phone
    finally:
        await phone.page.context.close()
