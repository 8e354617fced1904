"""REST of the administrator's desk: documents with drafts, checks, comparison, dry run, publishing and their history.

A document is {id, format, version, live, text, data, problems, draft, drafts, picture}: `data` is what its text says,
for forms, and `picture` the graph of a flow. Secrets never leave: a mark stands for each, and comes back as one.
"""

from __future__ import annotations

import asyncio
import dataclasses
import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Literal, TypeVar

import structlog
from aiohttp import web
from pydantic import Field

from cti.accounts.passwords import Passwords
from cti.accounts.trail import Trail
from cti.administration import Administration, Conflict, Faulty, Standing, Unchanged
from cti.document_checks import Problem
from cti.document_edit import Edit, NotEditable, edited
from cti.document_history import Draft, Version
from cti.flow_picture import picture
from cti.metrics.record import CallRecord
from cti.roster_file import new_password
from cti.secrets_veiled import MARK, veiled
from cti.skills import Skills, words_of
from cti.web.http import Body, Refused, body_of, json_response, long_body_of, parsed, records_needed, who
from cti.yesterday import Yesterday
from ivr_flows.calendar import WorkCalendar

log = structlog.get_logger()

T = TypeVar("T")
_LOOK_S = 2.0
_LONGEST = 4 * 2**20


class DraftText(Body):
    base: int = Field(ge=0)
    text: str = Field(max_length=2_000_000)


class OneEdit(Body):
    at: list[str | int] = Field(max_length=8)
    value: Any = None
    before: str | None = None
    """Where a table is moved to."""


class Edits(Body):
    base: int = Field(ge=0)
    changes: list[OneEdit] = Field(min_length=1, max_length=2000)


class Published(Body):
    base: int = Field(ge=0)
    why: str = Field(max_length=500)
    text: str | None = Field(None, max_length=2_000_000)
    """None: the draft."""


class RolledBack(Body):
    base: int = Field(ge=0)
    n: int = Field(ge=0)
    why: str = Field(min_length=1, max_length=500)


class NewPassword(Body):
    base: int = Field(ge=0)
    id: str = Field(max_length=40)
    """The agent, or the user."""
    what: Literal["login", "telephone"] = "login"


class AdministrationRoutes:
    """`calls` reads the records between two times; `skills` gives their names; `departments` those of the directory."""

    def __init__(
        self,
        office: Administration,
        yesterday: Yesterday,
        calls: Callable[[float, float], Awaitable[Sequence[CallRecord]]],
        skills: Callable[[], Skills],
        departments: Callable[[], list[Mapping[str, Any]]],
        sip_digest: Callable[[str, str], str],
        trail: Trail,
        wall: Callable[[], float],
    ) -> None:
        self._office = office
        self._yesterday = yesterday
        self._calls = calls
        self._skills = skills
        self._departments = departments
        self._sip_digest = sip_digest
        self._trail = trail
        self._wall = wall
        self._passwords = Passwords()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/words", self._words),
            web.get("/api/calendar", self._national),
            web.get("/api/config", self._list),
            web.get("/api/config/{doc}", self._document),
            web.put("/api/config/{doc}/draft", self._save),
            web.patch("/api/config/{doc}/draft", self._edit),
            web.delete("/api/config/{doc}/draft", self._drop),
            web.post("/api/config/{doc}/merge", self._merge),
            web.post("/api/config/{doc}/password", self._password),
            web.get("/api/config/{doc}/diff", self._diff),
            web.get("/api/config/{doc}/touched", self._touched),
            web.post("/api/config/{doc}/publish", self._publish),
            web.get("/api/config/{doc}/history", self._history),
            web.get("/api/config/{doc}/history/{n}", self._version),
            web.post("/api/config/{doc}/rollback", self._roll_back),
        ]

    async def run(self) -> None:
        """Until cancelled: what somebody changes by hand becomes a version too."""
        while True:
            for standing in await asyncio.to_thread(self._office.notice):
                self._trail.note("", "changed_by_hand", standing.document.id, {"version": standing.version.n})
            await asyncio.sleep(_LOOK_S)

    async def _words(self, request: web.Request) -> web.Response:
        skills = words_of(self._skills().skill)
        queues = [row for row in skills if row["queue"]]
        return json_response({"skills": skills, "queues": queues, "departments": self._departments()})

    async def _national(self, request: web.Request) -> web.Response:
        """A year by the national calendar: one letter a day, w(ork), e (weekend), h(oliday)."""
        try:
            first = date(int(request.query.get("year", "")), 1, 1)
        except ValueError:
            raise Refused(400, "bad_year", "year is a number, like 2027") from None
        calendar = WorkCalendar()
        days = [
            calendar.day(first + timedelta(days=n)) for n in range((first.replace(year=first.year + 1) - first).days)
        ]
        letters = "".join({"work": "w", "weekend": "e", "holiday": "h"}[day.kind] for day in days)
        return json_response({"year": first.year, "days": letters, "provisional": days[0].provisional})

    async def _list(self, request: web.Request) -> web.Response:
        return json_response(await asyncio.to_thread(self._rows, who(request).id))

    def _rows(self, user: str) -> list[dict[str, Any]]:
        rows = []
        for document in self._office.documents.all():
            standing, drafts = self._office.standing(document.id), self._office.drafts(document.id)
            row = {"id": document.id, "format": document.format, "draft": user in drafts, "drafts": _drafts(drafts)}
            rows.append({**row, "version": _row(standing.version), "live": _row(standing.live)})
        return rows

    async def _document(self, request: web.Request) -> web.Response:
        return await self._answer(request)

    async def _answer(self, request: web.Request, **more: Any) -> web.Response:
        id_, user = request.match_info["doc"], who(request).id
        return json_response({**await _beside(self._whole, id_, user), **more})

    def _whole(self, id_: str, user: str) -> dict[str, Any]:
        standing = self._office.standing(id_)
        draft = self._office.draft(id_, user)
        shown = veiled(standing.text)
        return {
            "id": id_,
            "format": standing.document.format,
            "version": _row(standing.version),
            "live": _row(standing.live),
            "text": shown,
            **self._said(standing, shown, {}),
            "draft": None if draft is None else self._draft_row(standing, draft),
            "drafts": _drafts(self._office.drafts(id_)),
        }

    def _draft_row(self, standing: Standing, draft: Draft) -> dict[str, Any]:
        said = self._said(standing, draft.text, draft.secrets)
        return {"base": draft.base, "at": draft.at, "text": draft.text, **said}

    def _said(self, standing: Standing, text: str, secrets: Mapping[str, str]) -> dict[str, Any]:
        """What a text says, and what is wrong with it."""
        id_ = standing.document.id
        is_flow = standing.document.format == "yaml"
        return {
            "data": None if is_flow else _data(text),
            "picture": picture(text, id_.partition(".")[2]) if is_flow else None,
            "problems": [_problem(problem) for problem in self._office.check(id_, text, secrets)],
        }

    # Drafts

    async def _save(self, request: web.Request) -> web.Response:
        body = parsed(await long_body_of(request, _LONGEST), DraftText)
        id_ = request.match_info["doc"]
        await _beside(self._office.save_draft, id_, who(request).id, body.base, body.text)
        return await self._answer(request)

    async def _edit(self, request: web.Request) -> web.Response:
        body = await body_of(request, Edits)
        edits = [Edit(tuple(one.at), one.value, one.before) for one in body.changes]
        await _beside(self._change, request.match_info["doc"], who(request).id, body.base, edits)
        return await self._answer(request)

    def _change(
        self, id_: str, user: str, base: int, edits: Sequence[Edit], secrets: Mapping[str, str] | None = None
    ) -> None:
        standing, draft = self._office.standing(id_), self._office.draft(id_, user)
        if standing.document.format != "toml":
            raise Refused(400, "not_by_form", "this document is changed as text")
        base, text = (draft.base, draft.text) if draft is not None else (base, veiled(standing.text))
        if draft is None and base != standing.version.n:
            raise _conflicted(Conflict(standing.version, []))
        try:
            text = edited(text, edits)
        except NotEditable as error:
            raise Refused(409, "not_editable", str(error)) from None
        self._office.save_draft(id_, user, base, text, secrets)

    async def _drop(self, request: web.Request) -> web.Response:
        await _beside(self._office.drop_draft, request.match_info["doc"], who(request).id)
        return await self._answer(request)

    async def _merge(self, request: web.Request) -> web.Response:
        found = await _beside(self._office.merge_draft, request.match_info["doc"], who(request).id)
        return await self._answer(request, conflicts=found.conflicts)

    async def _password(self, request: web.Request) -> web.Response:
        """A new password, in the draft; it is shown here and never again."""
        id_, body = request.match_info["doc"], await body_of(request, NewPassword)
        if id_ not in ("roster", "users"):
            raise Refused(404, "no_passwords", "this document has no passwords")
        kind, password = "agent" if id_ == "roster" else "user", new_password()
        if body.what == "telephone":
            key, value = "sip_ha1", self._sip_digest(body.id, password)
        else:
            key, value = "password_hash", await self._passwords.hash(password)
        path = (kind, body.id, key)
        edits, secrets = [Edit(path, MARK)], {".".join(path): value}
        await _beside(self._change, id_, who(request).id, body.base, edits, secrets)
        return await self._answer(request, password=password)

    # Looking

    async def _diff(self, request: web.Request) -> web.Response:
        """Between two versions (`from`, `to`), or the draft and the newest."""
        id_, user = request.match_info["doc"], who(request).id
        try:
            since, until = (int(request.query[key]) if key in request.query else None for key in ("from", "to"))
        except ValueError:
            raise Refused(400, "bad_version", "from and to are numbers of versions") from None
        lines = await _beside(self._lines, id_, user, since, until)
        return json_response({"lines": [dataclasses.asdict(line) for line in lines]})

    def _lines(self, id_: str, user: str, since: int | None, until: int | None) -> list[Any]:
        standing, draft = self._office.standing(id_), self._office.draft(id_, user)
        old = standing.text if since is None else self._office.text(id_, since)
        if until is not None:
            new = self._office.text(id_, until)
        elif since is None and draft is not None:
            new = self._office.unmarked(id_, draft.text, draft.secrets)
        else:
            new = standing.text
        return self._office.difference(old, new)

    async def _touched(self, request: web.Request) -> web.Response:
        """What the draft would have touched yesterday."""
        id_, user = request.match_info["doc"], who(request).id
        draft = await _beside(self._office.draft, id_, user)
        if draft is None:
            raise Refused(404, "no_draft", "there is no draft to be published")
        since, until = self._yesterday.span(self._wall())
        with records_needed():
            calls = await self._calls(since, until)
        found = await _beside(self._yesterday.touched, id_, draft.text, draft.secrets, calls, since)
        return json_response({"since": since, "until": until, **dataclasses.asdict(found)})

    async def _history(self, request: web.Request) -> web.Response:
        versions = await _beside(self._office.versions, request.match_info["doc"])
        return json_response([_row(version) for version in versions])

    async def _version(self, request: web.Request) -> web.Response:
        id_ = request.match_info["doc"]
        try:
            n = int(request.match_info["n"])
        except ValueError:
            raise Refused(404, "unknown_version", "a version is a number") from None
        return json_response(await _beside(self._old, id_, n))

    def _old(self, id_: str, n: int) -> dict[str, Any]:
        version = next((one for one in self._office.versions(id_) if one.n == n), None)
        if version is None:
            raise KeyError(n)
        return {"version": _row(version), "text": veiled(self._office.text(id_, n))}

    # Publishing

    async def _publish(self, request: web.Request) -> web.Response:
        body = parsed(await long_body_of(request, _LONGEST), Published)
        id_, user = request.match_info["doc"], who(request).id
        version = await _beside(self._published, id_, user, body)
        self._note(user, "published", id_, version)
        return await self._answer(request)

    def _published(self, id_: str, user: str, body: Published) -> Version:
        draft = self._office.draft(id_, user)
        if body.text is not None:
            return self._office.publish(id_, user, body.why, body.base, body.text)
        if draft is None:
            raise Refused(404, "no_draft", "there is no draft to be published")
        return self._office.publish(id_, user, body.why, draft.base, draft.text, draft.secrets)

    async def _roll_back(self, request: web.Request) -> web.Response:
        body, id_, user = await body_of(request, RolledBack), request.match_info["doc"], who(request).id
        version = await _beside(self._office.roll_back, id_, user, body.why, body.base, body.n)
        self._note(user, "rolled_back", id_, version)
        return await self._answer(request)

    def _note(self, user: str, what: str, id_: str, version: Version) -> None:
        self._trail.note(user, what, id_, {"version": version.n, "of": version.of, "why": version.why})
        log.info("document_published", document=id_, version=version.n, how=version.how, user=user)


def _conflicted(conflict: Conflict) -> Refused:
    more = {"version": _row(conflict.version), "lines": [dataclasses.asdict(line) for line in conflict.lines]}
    return Refused(409, "conflict", str(conflict), more)


async def _beside(job: Callable[..., T], *args: Any) -> T:
    """In a thread; what it raises becomes a refusal."""
    try:
        return await asyncio.to_thread(partial(job, *args))
    except Conflict as conflict:
        raise _conflicted(conflict) from None
    except Faulty as faulty:
        problems = [_problem(problem) for problem in faulty.problems]
        raise Refused(422, "faulty", str(faulty), {"problems": problems}) from None
    except Unchanged:
        raise Refused(409, "unchanged", "nothing is different") from None
    except KeyError as error:
        raise Refused(404, "unknown_document", f"there is no {error.args[0]}") from None
    except OSError as error:
        raise Refused(503, "not_written", f"the file cannot be written: {error.strerror}") from None


def _row(version: Version) -> dict[str, Any]:
    return dataclasses.asdict(version)


def _drafts(drafts: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{"who": user, "at": at} for user, at in drafts.items()]


def _problem(problem: Problem) -> dict[str, Any]:
    return dataclasses.asdict(problem)


def _data(text: str) -> dict[str, Any] | None:
    """None: it is no TOML."""
    try:
        return {key: _plain(value) for key, value in tomllib.loads(text).items()}
    except tomllib.TOMLDecodeError:
        return None


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return value
