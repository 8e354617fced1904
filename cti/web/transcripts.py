"""REST of what was said: one call's, and a search in all."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from cti.calls import CallId
from cti.web.http import TRAIL, Refused, json_response, records_needed, who
from recordings.spoken import Hit, Spoken, masked, masked_text

_DAY_S: Final = 86_400.0
_DAYS, _MOST_DAYS = 7, 366
_USUAL, _MOST = 50, 200
_PATIENCE_S: Final = 5.0
_SHORTEST: Final = 2


@dataclass(frozen=True, slots=True)
class TranscriptRoutes:
    """`of_call`: None for a call that is not known. TimeoutError while the records cannot be had."""

    of_call: Callable[[CallId], Awaitable[Sequence[Spoken] | None]]
    is_his: Callable[[CallId, str], Awaitable[bool]]
    """Whether this agent has or had a part in the call."""
    search: Callable[[str, float, float, int], Awaitable[Sequence[Hit]]]
    wall: Callable[[], float]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/calls/{id}/transcript", self._of_call),
            web.get("/api/transcripts", self._search),
        ]

    async def _of_call(self, request: web.Request) -> web.Response:
        """What was said in a call, live or ended, line by line with times. Numbers that were said are in stars for all
        but the agent himself; with `?full=1` they are whole, and who looked is noted."""
        asking, call_id = who(request), CallId(request.match_info["id"])
        with records_needed():
            his = await self.is_his(call_id, asking.id)
            found = await self.of_call(call_id) if his or asking.may_hear_all else None
        if found is None:
            raise Refused(404, "unknown_call", "there is no such call")
        whole = his or request.query.get("full") == "1"
        if whole and not his:
            request.app[TRAIL].note(asking.id, "transcript_viewed", call_id)
        segments = [_segment(one if whole else masked(one)) for one in found]
        return json_response({"call_id": call_id, "masked": not whole, "segments": segments})

    async def _search(self, request: web.Request) -> web.Response:
        """Lines in which `q` stands, the newest first, numbers in stars. It looks back day by day for a few seconds:
        `searched_from` says how far, and is the `until` to go on with."""
        text = request.query.get("q", "").strip()
        if not _SHORTEST <= len(text) <= 100:
            raise Refused(400, "bad_q", f"q has {_SHORTEST} to 100 characters")
        until = _number(request, "until", self.wall() + 1)
        since = _number(request, "from", until - _DAYS * _DAY_S)
        if until - since > _MOST_DAYS * _DAY_S:
            raise Refused(400, "bad_from", f"at most {_MOST_DAYS} days at once")
        limit = max(1, min(_MOST, int(_number(request, "limit", _USUAL))))
        request.app[TRAIL].note(who(request).id, "transcripts_searched", data={"pii_q": text})
        hits: list[Hit] = []
        begins, at = time.monotonic(), until
        while at > since and len(hits) < limit and time.monotonic() - begins < _PATIENCE_S:
            day, at = at, max(since, at - _DAY_S)
            with records_needed():
                hits += await self.search(text, at, day, limit - len(hits))
        from_ = hits[-1].at if len(hits) >= limit else at
        return json_response({"searched_from": from_, "lines": [_hit(hit) for hit in hits]})


def _segment(one: Spoken) -> dict[str, Any]:
    return {
        "segment": one.segment,
        "source": one.source,
        "began_at": one.began_at,
        "seconds": one.seconds,
        "model": one.model,
        "lines": [
            {
                "side": line.side,
                "start_s": line.start_s,
                "end_s": line.end_s,
                "text": line.text,
                "words": [[word.text, word.start_s, word.end_s, word.confidence] for word in line.words],
            }
            for line in one.lines
        ],
    }


def _hit(hit: Hit) -> Mapping[str, Any]:
    return {
        "call_id": hit.call_id,
        "segment": hit.segment,
        "n": hit.n,
        "at": hit.at,
        "side": hit.side,
        "text": masked_text(hit.pii_text),
    }


def _number(request: web.Request, name: str, without: float) -> float:
    text = request.query.get(name)
    if text is None:
        return without
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e12:
        raise Refused(400, f"bad_{name}", f"{name} is a number from 0 on")
    return number
