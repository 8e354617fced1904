"""REST of the audit trail: for auditors to read; nothing of ours changes it."""

from __future__ import annotations

from aiohttp import web

from cti.web.http import TRAIL, Refused, json_response, records_needed

_MOST = 500


def audit_routes() -> list[web.RouteDef]:
    return [web.get("/api/audit", _audit)]


async def _audit(request: web.Request) -> web.Response:
    """The newest first: `?before=` an entry's number gives the page after it; `?who=`, `?what=` pick."""
    query = request.query
    try:
        before = int(query["before"]) if "before" in query else None
        limit = min(_MOST, max(1, int(query.get("limit", "100"))))
    except ValueError:
        raise Refused(400, "bad_number", "before and limit are whole numbers") from None
    with records_needed():
        entries = await request.app[TRAIL].read(before, limit, query.get("who", ""), query.get("what", ""))
    return json_response([entry.as_json() for entry in entries])
