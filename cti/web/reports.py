"""REST of the reports: the table of a day, week or month, its files, and the lost calls behind each figure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol, get_args

from aiohttp import hdrs, web

from cti.metrics.asked import Asked
from cti.metrics.figures import LOSS_PLACES
from cti.metrics.spans import Against, Span, SpanError
from cti.metrics.tables import columns_by
from cti.metrics.tally import By
from cti.metrics.words import Lang
from cti.web.http import EXCHANGE, TRAIL, Refused, json_response, records_needed, who

_MOST: Final = 200
_LAST: Final = 1_000_000
_CHUNK: Final = 256 * 1024
_TYPES: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_YEARS: Final = range(2000, 2999)


class Desk(Protocol):
    """Reports (cti.report_desk). TimeoutError: not to be had now; SpanError: nothing to compare with."""

    async def view(self, asked: Asked) -> Mapping[str, Any]: ...
    async def losses(
        self, asked: Asked, row: str | None, place: str | None, skip: int, most: int
    ) -> tuple[list[dict[str, Any]], bool]: ...
    def file(self, asked: Asked, lang: Lang, kind: Literal["csv", "xlsx"]) -> AbstractAsyncContextManager[Path]: ...


class ReportRoutes:
    """`busy`: what the desk raises when too much is asked of it. `city`: for the names of files."""

    def __init__(self, desk: Desk, busy: type[Exception], local_time: Callable[[float], datetime], city: str) -> None:
        self._desk = desk
        self._busy = busy
        self._local_time = local_time
        self._city = city

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/reports/{span}", self._report), web.get("/api/reports/{span}/losses", self._losses)]

    async def _report(self, request: web.Request) -> web.StreamResponse:
        """`span`: 2026-11-21, 2026-W47, 2026-11, today or yesterday; with .csv or .xlsx behind it a file."""
        name, _, kind = request.match_info["span"].partition(".")
        asked, lang = self._asked(request, name), _one_of(request, "lang", ("zh", "en"), "zh")
        try:
            with records_needed():
                if not kind:
                    return json_response(await self._desk.view(asked))
                if kind not in ("csv", "xlsx"):
                    raise Refused(404, "unknown_kind", "a report is a .csv, an .xlsx, or without both JSON")
                return await self._file(request, asked, lang, "csv" if kind == "csv" else "xlsx")
        except SpanError as error:
            raise Refused(400, "nothing_to_compare", str(error)) from None
        except self._busy:
            raise _busy() from None

    async def _file(
        self, request: web.Request, asked: Asked, lang: Lang, kind: Literal["csv", "xlsx"]
    ) -> web.StreamResponse:
        of = f"{asked.span.label}-{asked.by}"
        async with self._desk.file(asked, lang, kind) as path:
            request.app[TRAIL].note(who(request).id, "report_downloaded", f"{of}.{kind}")
            headers = {
                hdrs.CONTENT_TYPE: _TYPES[kind],
                hdrs.CONTENT_DISPOSITION: f'attachment; filename="yihu-{self._city}-{of}.{kind}"',
                hdrs.CACHE_CONTROL: "no-store",
            }
            answer = web.StreamResponse(headers=headers)
            answer.content_length = (await asyncio.to_thread(path.stat)).st_size
            await answer.prepare(request)
            file = await asyncio.to_thread(path.open, "rb")
            try:
                while chunk := await asyncio.to_thread(file.read, _CHUNK):
                    await answer.write(chunk)
            finally:
                file.close()
            return answer

    async def _losses(self, request: web.Request) -> web.Response:
        """The calls that were lost, by arrival: of all, of a `row` (its label, which may be empty), of a `place`."""
        asked = self._asked(request, request.match_info["span"])
        places = [place for place in LOSS_PLACES if place != "none"]
        place = _one_of(request, "place", places, None)
        try:
            with records_needed():
                skip = _whole(request, "skip", _LAST)
                rows, more = await self._desk.losses(asked, request.query.get("row"), place, skip, _MOST)
        except self._busy:
            raise _busy() from None
        return json_response({"losses": rows, "more": more})

    def _asked(self, request: web.Request, span: str) -> Asked:
        today = self._local_time(request.app[EXCHANGE].wall()).date()
        try:
            of = Span.read(span, today)
        except SpanError as error:
            raise Refused(400, "bad_span", str(error)) from None
        if of.first.year not in _YEARS:
            raise Refused(400, "bad_span", "there are no records of that time")
        by: By = _one_of(request, "by", get_args(By), "half_hour" if of.kind == "day" else "day")
        against: list[Against] = []
        for text in filter(None, request.query.get("compare", "").split(",")):
            if text not in get_args(Against):
                raise Refused(400, "bad_compare", f"compare is some of {','.join(get_args(Against))}")
            against.append(text)  # type: ignore[arg-type]
        rank, statistics = request.query.get("rank") or None, request.query.get("statistics") or None
        if rank is not None and rank not in [column.code for column in columns_by(by)]:
            raise Refused(400, "bad_rank", f"by {by} there is no column {rank[:40]!r}")
        if by == "agent" and statistics is not None:
            raise Refused(400, "no_statistics", "agents' time is not kept by number")
        return Asked(of, by, tuple(dict.fromkeys(against)), rank, statistics)


def _one_of(request: web.Request, name: str, choices: Any, without: Any) -> Any:
    value = request.query.get(name)
    if not value:
        return without
    if value not in choices:
        raise Refused(400, f"bad_{name}", f"{name} is one of {', '.join(choices)}")
    return value


def _whole(request: web.Request, name: str, most: int) -> int:
    text = request.query.get(name, "0")
    if not (text.isascii() and text.isdigit()) or int(text[:12]) > most:
        raise Refused(400, f"bad_{name}", f"{name} is a whole number up to {most}")
    return int(text)


def _busy() -> Refused:
    return Refused(503, "reports_busy", "several reports are being made: ask again in a moment")
