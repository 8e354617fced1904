"""The whole API as OpenAPI 3.1, made from the routes themselves: their paths, the models of their bodies, the first
words of their handlers, and who may (cti/web/access.py). A route cannot be forgotten in it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiohttp import web
from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from cti.tickets.form import Form
from cti.tickets.model import Entry, Field, Ticket
from cti.tickets.shown import Row
from cti.web.access import RULES
from cti.web.access import Rule as AccessRule
from cti.web.http import COOKIE, CSRF_HEADER, Body, json_response

VERSION: Final = "0.1.0"
_SCHEMAS: Final = "#/components/schemas/"
_QUERY: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("GET", "/api/tickets"): {
        "state": "states, with commas between them: draft, submitted, sent, closed",
        "agent": "who has it or had it last",
        "from": "made at this time or later, in seconds since 1970",
        "until": "made before this time",
        "phone": "number of the call, or to be reached at",
        "touched": "true: a person has written in it",
        "since": "for the city's platform: what left after this cursor; 0 at first",
        "limit": "at most 500",
    },
    ("GET", "/api/calls"): {"since": "ended calls that arrived at this time or later, in seconds since 1970"},
    ("GET", "/api/calls/{id}/why"): {"lang": "zh or en"},
    ("GET", "/api/calls/{id}/transcript"): {"full": "1: with the numbers that were said; it is noted who looked"},
    ("GET", "/api/transcripts"): {
        "q": "2 to 100 characters",
        "from": "said at this time or later, in seconds since 1970; without it a week before `until`",
        "until": "said before this time; now without it",
        "limit": "at most 200",
    },
    ("GET", "/api/quality"): {
        "from": "talks that began at this time or later, in seconds since 1970; without it a day before `until`",
        "until": "began before this time; now without it",
        "all": "1: those without findings too",
    },
    ("GET", "/api/board"): {"topics": "wall, seats, alerts, or some of them with commas between"},
    ("GET", "/api/schedule"): {"day": "as 2026-11-23"},
    ("GET", "/api/agents/{id}/times"): {"day": "as 2026-11-23"},
    ("GET", "/api/agent-times"): {"day": "as 2026-11-23"},
    ("GET", "/api/reports/{span}"): {
        "by": "half_hour, day, week, month, shift, agent, queue, number or city",
        "compare": "before, week, year, or some of them with commas between",
        "rank": "code of a column: the best rows first",
        "statistics": "only calls counted under this key",
        "lang": "of a file: zh or en",
    },
    ("GET", "/api/reports/{span}/losses"): {
        "by": "as of the report",
        "statistics": "as of the report",
        "row": "label of a row, which may be empty; without it all",
        "place": "where they were lost; without it anywhere",
        "skip": "so many of the first; at most 200 come at a time",
    },
}
_GIVES: Final[Mapping[tuple[str, str], dict[str, Any]]] = {
    ("GET", "/api/ticket-form"): {"$ref": f"{_SCHEMAS}TicketForm"},
    ("GET", "/api/tickets"): {"type": "array", "items": {"$ref": f"{_SCHEMAS}TicketRow"}},
    ("GET", "/api/tickets/{id}/history"): {"type": "array", "items": {"$ref": f"{_SCHEMAS}TicketEntry"}},
    ("GET", "/api/tickets/{id}/duplicates"): {
        "type": "array",
        "items": {
            "allOf": [
                {"$ref": f"{_SCHEMAS}TicketRow"},
                {
                    "type": "object",
                    "properties": {"why": {"$ref": f"{_SCHEMAS}BothLanguages"}, "score": {"type": "number"}},
                    "required": ["why", "score"],
                },
            ]
        },
    },
    **{
        key: {"$ref": f"{_SCHEMAS}Ticket"}
        for key in (
            ("GET", "/api/tickets/{id}"),
            ("PATCH", "/api/tickets/{id}"),
            ("GET", "/api/calls/{id}/ticket"),
            *(("POST", f"/api/tickets/{{id}}/{verb}") for verb in ("submit", "recall", "close", "relate")),
        )
    },
}
_FILES: Final[Mapping[tuple[str, str], str]] = {
    ("GET", "/api/calls/{id}/recordings/{segment}"): "audio/wav",
}
_ERROR: Final = {
    "type": "object",
    "description": "`error` is stable, `message` is for people; some have more beside them",
    "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
    "required": ["error", "message"],
}
_SECURITY: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "the token of POST /api/login, or the administrator's of var/secrets.toml",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": f"of our own pages; a change needs the header {CSRF_HEADER} too",
    },
}


def openapi_route() -> web.RouteDef:
    made: list[bytes | None] = [None]

    async def serve(request: web.Request) -> web.Response:
        """This document."""
        if made[0] is None:
            made[0] = json_response(openapi(request.app)).body  # type: ignore[assignment]
        return web.Response(body=made[0], content_type="application/json")

    return web.get("/api/openapi.json", serve)


def openapi(app: web.Application) -> dict[str, Any]:
    """Of every route under /api that the application has."""
    paths: dict[str, dict[str, Any]] = {}
    bodies: dict[str, type[Body]] = {}
    for method, path, handler in _routes(app):
        body = _body_of(handler)
        if body is not None:
            bodies[body.__name__] = body
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, handler, body)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Yihu",
            "version": VERSION,
            "description": "The telephone server of a city's hotline. Times are UTC seconds since 1970.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {
                **_body_schemas(list(bodies.values())),
                **_ticket_schemas(),
                "Error": _ERROR,
            },
            "securitySchemes": _SECURITY,
        },
    }


def _routes(app: web.Application) -> Iterator[tuple[str, str, Any]]:
    for resource in app.router.resources():
        for route in resource:
            if route.method not in ("HEAD", "*") and resource.canonical.startswith("/api/"):
                yield route.method, resource.canonical, route.handler


def _operation(method: str, path: str, handler: Any, body: type[Body] | None) -> dict[str, Any]:
    rule = RULES.get((method, path))
    text = " ".join((inspect.getdoc(handler) or "").split())
    summary = text.partition(". ")[0].rstrip(".")
    words = [method.lower(), *re.findall(r"\w+", path.removeprefix("/api/"))]
    made: dict[str, Any] = {
        "operationId": "_".join(words).replace("-", "_"),
        "summary": summary or " ".join(words),
        "tags": [words[1]],
        "responses": {
            "default": {
                "description": "refused",
                "content": {"application/json": {"schema": {"$ref": f"{_SCHEMAS}Error"}}},
            }
        },
        "security": [] if rule is not None and rule.open else [{"bearer": []}, {"cookie": []}],
    }
    if text != summary:
        made["description"] = text
    if rule is not None and rule.roles:
        made["x-roles"] = sorted(rule.roles)
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)", path)
    ]
    for name, said in _QUERY.get((method, path), {}).items():
        parameters.append({"name": name, "in": "query", "description": said, "schema": {"type": "string"}})
    if parameters:
        made["parameters"] = parameters
    if body is not None:
        schema = {"$ref": f"{_SCHEMAS}{body.__name__}"}
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if (kind := _FILES.get((method, path))) is not None:
        made["responses"]["2XX"] = {"description": "the file", "content": {kind: {}}}
    else:
        _add_answer(made, rule, _GIVES.get((method, path)))
    return made


def _add_answer(made: dict[str, Any], rule: AccessRule | None, gives: dict[str, Any] | None) -> None:
    if rule is not None and rule.socket:
        made["responses"]["101"] = {"description": "a WebSocket, entered with ?ticket= or a first message"}
    else:
        made["responses"]["2XX"] = {
            "description": "done",
            "content": {"application/json": {"schema": gives if gives is not None else {}}},
        }


def _body_of(handler: Any) -> type[Body] | None:
    """The model that a handler gives to `body_of`, which is the only one of its kind that it names."""
    function = inspect.unwrap(getattr(handler, "__func__", handler))
    named = (function.__globals__.get(name) for name in function.__code__.co_names)
    return next((m for m in named if isinstance(m, type) and issubclass(m, Body) and m is not Body), None)


def _body_schemas(models: list[type[Body]]) -> dict[str, Any]:
    _, made = models_json_schema(
        [(model, "validation") for model in models], ref_template=f"{_SCHEMAS}{{model}}", title=None
    )
    return dict(made.get("$defs", {}))


def _ticket_schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = {
        "BothLanguages": {
            "type": "object",
            "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
            "required": ["zh", "en"],
        }
    }
    for name, type_ in (("Ticket", Ticket), ("TicketField", Field), ("TicketRow", Row), ("TicketEntry", Entry)):
        schemas |= _of(name, type_)
    schemas |= _of("TicketForm", Form)
    schemas["TicketForm"]["properties"]["recall_s"] = {"type": "number"}
    for hidden in ("rules", "menu"):
        del schemas["TicketForm"]["properties"][hidden]
        schemas["TicketForm"]["required"].remove(hidden)
    ticket = schemas["Ticket"]
    del ticket["properties"]["pii_caller"]
    ticket["properties"]["fields"] = {
        "type": "object",
        "additionalProperties": {"$ref": f"{_SCHEMAS}TicketField"},
    }
    ticket["properties"]["editing"] = {
        "type": "array",
        "items": {"type": "string"},
        "description": "who has it before him now",
    }
    return schemas


def _of(name: str, type_: Any) -> dict[str, Any]:
    made = TypeAdapter(type_).json_schema(ref_template=f"{_SCHEMAS}{{model}}", mode="serialization")
    return {**made.pop("$defs", {}), name: made}
