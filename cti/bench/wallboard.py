"""How old what a wallboard shows is, and what watching costs: a real Chromium among many viewers, one of them stopped.

A change is a call that comes and hangs up: the denominator of the connection rate, which the page prints. It counts as
painted when the page has shown that number, or a later one, and drawn a frame after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from cti.bench.timing import figures
from cti.browser import launch_options
from cti.web.http import COOKIE

TARGET_P99_MS = 250.0
TARGET_SHARE = 0.15
_WARM_S = 3.0
_CHANGES_A_SECOND = 10
_WATCH = """() => {
    const seen = [];
    window.seen = seen;
    let last = 0;
    new MutationObserver(() => {
        const n = Number(document.querySelectorAll(".formula b")[1]?.textContent.replace(/[^0-9]/g, "") || 0);
        if (n === last) return;
        last = n;
        requestAnimationFrame(() => setTimeout(() => seen.push([n, performance.timeOrigin + performance.now()])));
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


@dataclass(frozen=True, slots=True)
class Load:
    """What many viewers cost the server while ten changes a second are shown."""

    viewers: int
    seconds: float
    changes: int
    messages: int
    core_share: float
    rss_before_mb: float
    rss_after_mb: float

    def as_json(self) -> dict[str, Any]:
        return {
            "viewers": self.viewers,
            "seconds": round(self.seconds, 1),
            "changes_a_second": round(self.changes / self.seconds, 2),
            "messages_each": round(self.messages / self.viewers, 1),
            "core_share": round(self.core_share, 4),
            "core_share_target": TARGET_SHARE,
            "rss_before_mb": round(self.rss_before_mb, 1),
            "rss_after_mb": round(self.rss_after_mb, 1),
        }


@dataclass(frozen=True, slots=True)
class Result:
    viewers: int
    staleness_ms: list[float]
    unseen: int
    idle: Load
    """The same changes with one viewer, who costs next to nothing: what the daemon does anyway."""
    load: Load

    def as_json(self) -> dict[str, Any]:
        staleness = figures(self.staleness_ms)
        return {
            "viewers": self.viewers,
            "stopped_viewers": 1,
            "chromium_pages": 1,
            "staleness_ms": staleness,
            "staleness_p99_ms_target": TARGET_P99_MS,
            "staleness_met": not self.unseen and (staleness["p99"] or 0.0) <= TARGET_P99_MS,
            "unseen": self.unseen,
            "load": self.load.as_json(),
            "load_of_one_viewer": self.idle.as_json(),
            "load_met": self.load.core_share <= TARGET_SHARE,
        }


class Child:
    """A process of ours that is asked by lines and answers by lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        found: dict[str, Any] = orjson.loads(await self.process.stdout.readline())
        return found

    async def ask(self, do: str = "") -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(orjson.dumps({"do": do}) + b"\n")
        return await self.hear()


@asynccontextmanager
async def child(module: str, *args: str) -> AsyncIterator[Child]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *args, stdin=pipe, stdout=pipe)
    try:
        yield Child(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def measure(viewers: int, many: int, changes: int, seconds: float, seed: int) -> Result:
    async with child("cti.bench.wall_server") as server:
        hello = await server.hear()
        where = (str(hello["port"]), hello["token"])
        staleness, unseen = await _staleness(server, where, viewers, changes, random.Random(seed))
        idle = await _load(server, where, 1, seconds)
        return Result(viewers, staleness, unseen, idle, await _load(server, where, many, seconds))


async def _staleness(
    server: Child, where: tuple[str, str], viewers: int, changes: int, rng: random.Random
) -> tuple[list[float], int]:
    from playwright.async_api import async_playwright

    port, token = where
    async with (
        child("cti.bench.wall_viewers", port, token, str(viewers - 2), "wall") as others,
        child("cti.bench.wall_viewers", port, token, "1", "wall,seats") as stopped,
        async_playwright() as playwright,
    ):
        await others.hear()
        await stopped.hear()
        os.kill(stopped.process.pid, signal.SIGSTOP)
        browser = await playwright.chromium.launch(**launch_options())
        context = await browser.new_context(viewport={"width": 1920, "height": 1080})
        url = f"http://127.0.0.1:{port}"
        await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        page = await context.new_page()
        await page.goto(f"{url}/wallboard")
        await page.wait_for_selector("body[data-age=fresh]")
        await page.evaluate(_WATCH)
        await asyncio.sleep(_WARM_S)
        said = []
        for _ in range(changes):
            said.append(await server.ask("call"))
            await asyncio.sleep(rng.expovariate(_CHANGES_A_SECOND))
        await asyncio.sleep(1.0)
        seen: list[tuple[int, float]] = await page.evaluate("seen")
        await browser.close()
    late = []
    for one in said:
        painted = next((at for n, at in seen if n >= one["calls"]), None)
        if painted is not None:
            late.append(painted - 1000 * one["at"])
    return late, len(said) - len(late)


async def _load(server: Child, where: tuple[str, str], viewers: int, seconds: float) -> Load:
    port, token = where
    async with child("cti.bench.wall_viewers", port, token, str(viewers), "wall") as watching:
        await watching.hear()
        await _change(server, _WARM_S)
        before, heard_before = await server.ask("cost"), (await watching.ask())["messages"]
        changes = await _change(server, seconds)
        after, heard_after = await server.ask("cost"), (await watching.ask())["messages"]
    took_s = after["at"] - before["at"]
    share = (after["cpu_s"] - before["cpu_s"]) / took_s
    rss = before["rss_mb"], after["rss_mb"]
    return Load(viewers, took_s, changes, heard_after - heard_before, share, *rss)


async def _change(server: Child, seconds: float) -> int:
    """Ten times a second."""
    began, changes = time.monotonic(), 0
    while (due := began + changes / _CHANGES_A_SECOND) < began + seconds:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        await server.ask("call")
        changes += 1
    return changes
