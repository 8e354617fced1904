"""REST of what callers hear: texts and recordings, to listen to, to upload, to be made by a voice, to be restored;
and a flow walked by hand with them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field

from cti.accounts.trail import Trail
from cti.city_days import LiveCalendar
from cti.numbers import NumberTable
from cti.prompt_texts import PromptTexts
from cti.rehearse import MOST_ANSWERS, NoAnswer, walk
from cti.web.http import Body, Refused, body_of, json_response, long_body_of, parsed, who
from ivr_flows.errors import FlowError, FlowStateError
from ivr_flows.loader import load
from ivr_flows.prompts import PromptError
from ivr_flows.words import Prompt, Started

T = TypeVar("T")
_MOST_SOUND = 32 * 2**20
_MOST_FLOW = 2**20


class Take(Protocol):
    """A version of a recording (cti.prompt_studio.Take)."""

    n: int


class Studio(Protocol):
    """cti.prompt_studio.PromptStudio; what it raises becomes a refusal by `refusals`."""

    def overview(self) -> list[dict[str, Any]]: ...
    def file(self, language: str, id_: str, n: int | None = None) -> Path: ...
    def takes(self, language: str, id_: str) -> Sequence[Any]: ...
    def upload(self, language: str, id_: str, data: bytes, who: str, why: str) -> Any: ...
    def voice(self, language: str, id_: str, who: str, why: str) -> Any: ...
    def restore(self, language: str, id_: str, n: int, who: str, why: str) -> Any: ...


class Reason(Body):
    why: str = Field("", max_length=500)


class Restored(Body):
    n: int = Field(ge=0)
    why: str = Field("", max_length=500)


class Walk(Body):
    text: str = Field(max_length=400_000)
    dialled: str = Field("12345", pattern=r"^\+?[0-9]{2,20}$")
    at: str = Field("", max_length=40)
    """Local time, as 2026-11-23T10:00; "": now."""
    short: bool = False
    answers: list[str] = Field(default_factory=list, max_length=MOST_ANSWERS)


class PromptRoutes:
    """`refusal` makes of what the studio raises a status, a code and a text; None: it is a fault of ours."""

    def __init__(
        self,
        studio: Studio,
        refusal: Callable[[Exception], tuple[int, str, str] | None],
        texts: PromptTexts,
        numbers: Callable[[], NumberTable],
        calendar: LiveCalendar,
        city: str,
        zone: ZoneInfo,
        transfers: Sequence[str],
        survey_scale: int,
        trail: Trail,
    ) -> None:
        self._studio = studio
        self._refusal = refusal
        self._texts = texts
        self._numbers = numbers
        self._calendar = calendar
        self._city = city
        self._zone = zone
        self._transfers = transfers
        self._survey_scale = survey_scale
        self._trail = trail

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/prompts", self._list),
            web.get("/api/prompts/{language}/{prompt}/takes", self._takes),
            web.get("/api/prompts/{language}/{prompt}/sound", self._sound),
            web.put("/api/prompts/{language}/{prompt}/sound", self._upload),
            web.post("/api/prompts/{language}/{prompt}/voice", self._voice),
            web.post("/api/prompts/{language}/{prompt}/restore", self._restore),
            web.post("/api/flows/{flow}/walk", self._walk),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        return json_response(await self._do(self._studio.overview))

    async def _takes(self, request: web.Request) -> web.Response:
        takes = await self._do(self._studio.takes, *_named(request))
        return json_response([dataclasses.asdict(take) for take in takes])

    async def _sound(self, request: web.Request) -> web.StreamResponse:
        """A WAV file: what is played now, or `?n=` a version of it."""
        try:
            n = int(request.query["n"]) if "n" in request.query else None
        except ValueError:
            raise Refused(400, "bad_version", "n is the number of a version") from None
        file = await self._do(self._studio.file, *_named(request), n)
        return web.FileResponse(file, headers={"Content-Type": "audio/wav", "Cache-Control": "no-cache"})

    async def _upload(self, request: web.Request) -> web.Response:
        data, why = await long_body_of(request, _MOST_SOUND), request.query.get("why", "")[:500]
        return await self._made(request, "uploaded", self._studio.upload, data, who(request).id, why)

    async def _voice(self, request: web.Request) -> web.Response:
        body = await body_of(request, Reason)
        return await self._made(request, "voiced", self._studio.voice, who(request).id, body.why)

    async def _restore(self, request: web.Request) -> web.Response:
        body = await body_of(request, Restored)
        return await self._made(request, "restored", self._studio.restore, body.n, who(request).id, body.why)

    async def _made(self, request: web.Request, what: str, job: Callable[..., Any], *args: Any) -> web.Response:
        language, prompt = _named(request)
        take = await self._do(job, language, prompt, *args)
        self._trail.note(who(request).id, f"prompt_{what}", f"{language}/{prompt}", {"take": take.n})
        return json_response(dataclasses.asdict(take), 201)

    async def _walk(self, request: web.Request) -> web.Response:
        """A call by hand through a flow as it stands in the request, whether it is published or not."""
        body, name = parsed(await long_body_of(request, _MOST_FLOW), Walk), request.match_info["flow"]
        try:
            at = datetime.fromisoformat(body.at) if body.at else datetime.now(self._zone)
        except ValueError:
            raise Refused(400, "bad_time", "write the time as 2026-11-23T10:00") from None
        table = self._numbers()
        did = {one.number: one for one in table.did}.get(body.dialled)
        entry = did.entry if did is not None and did.flow == name else ""
        at = at.replace(tzinfo=self._zone) if at.tzinfo is None else at.astimezone(self._zone)
        started = Started(body.dialled, did.mode if did is not None else "merged", at, body.short)
        try:
            flow = await asyncio.to_thread(load, body.text, name, self._texts, self._transfers)
            found = walk(
                flow, started, body.answers, self._words, self._calendar, entry=entry, survey_scale=self._survey_scale
            )
        except FlowError as error:
            raise Refused(422, "faulty", str(error)) from None
        except FlowStateError as error:
            raise Refused(409, "no_entry", str(error)) from None
        except NoAnswer as error:
            raise Refused(409, "no_answer", str(error), {"n": error.n}) from None
        return json_response({**found, "day": self._calendar.day(at.date()).kind, "at": at.isoformat()})

    def _words(self, prompt: Prompt, language: str) -> str:
        if prompt.say is not None:
            return f"<{prompt.say} {prompt.value}>"
        catalogue = self._texts.catalogue
        try:
            return catalogue.text(prompt.id, language if language in catalogue.languages else "zh-CN", self._city)
        except PromptError:
            return prompt.id

    async def _do(self, job: Callable[..., T], *args: Any) -> T:
        try:
            return await asyncio.to_thread(partial(job, *args))
        except Exception as error:
            if (known := self._refusal(error)) is None:
                raise
            raise Refused(*known) from None


def _named(request: web.Request) -> tuple[str, str]:
    return request.match_info["language"], request.match_info["prompt"]
