"""The REST API of callback tasks, as an administrator and a stranger would use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from cti.calls import CallId
from cti.exchange import Exchange
from cti.metrics.record import CallRecord, fold
from cti.switchboard import Switchboard
from cti.web.callbacks import CallbackRoutes
from queues.callbacks import TaskRefused
from tests.support.accounts import ADMIN, Accounts
from tests.support.calls import lost_call

ROW = {"task": "n1-1.1", "number": "138****8000", "state": "open"}
Client = TestClient[web.Request, web.Application]


class Desk:
    def rows(self) -> list[dict[str, Any]]:
        return [ROW]

    async def close(self, task_id: str) -> Mapping[str, Any]:
        return {**ROW, "state": "closed"} if task_id == ROW["task"] else {}[task_id]

    def call_now(self, task_id: str) -> Mapping[str, Any]:
        if task_id == ROW["task"]:
            raise TaskRefused("outside_hours", "the rules of dialling do not allow it now")
        raise KeyError(task_id)

    def owe(self, record: CallRecord) -> tuple[Mapping[str, Any], bool]:
        if record.answered:
            raise TaskRefused("not_lost", "nobody was lost in this call")
        return ROW, record.call_id == "new"


async def record(call_id: CallId) -> CallRecord | None:
    """Of three calls: one was lost and has no task, one has one, one was answered."""
    if call_id not in ("new", "known", "answered"):
        return None
    return replace(fold(lost_call("c1", 1000.0)), call_id=call_id, answered_at=1.0 if call_id == "answered" else None)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    accounts = Accounts(Exchange(Switchboard(0.0), None, lambda: 0.0))  # type: ignore[arg-type]
    async with TestClient(TestServer(accounts.app(CallbackRoutes(Desk(), record).routes()))) as client:
        yield client


async def test_the_administrator_sees_the_tasks_and_closes_one(client: Client) -> None:
    seen = await client.get("/api/callbacks", headers=ADMIN)
    closed = await client.post("/api/callbacks/n1-1.1/close", headers=ADMIN)

    assert await seen.json() == [ROW]
    assert (await closed.json())["state"] == "closed"


async def test_what_the_rules_forbid_is_refused_with_its_code(client: Client) -> None:
    answer = await client.post("/api/callbacks/n1-1.1/call-now", headers=ADMIN)

    assert (answer.status, (await answer.json())["error"]) == (409, "outside_hours")


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [("new", 201, None), ("known", 200, None), ("answered", 409, "not_lost"), ("x", 404, "unknown_call")],
)
async def test_a_task_is_made_of_a_lost_call_and_once(client: Client, call: str, status: int, code: str | None) -> None:
    answer = await client.post("/api/callbacks", json={"call": call}, headers=ADMIN)

    assert (answer.status, (await answer.json()).get("error")) == (status, code)


@pytest.mark.parametrize("deed", ["close", "call-now"])
async def test_a_task_that_is_not_there_is_unknown(client: Client, deed: str) -> None:
    answer = await client.post(f"/api/callbacks/n9-9.9/{deed}", headers=ADMIN)

    assert (answer.status, (await answer.json())["error"]) == (404, "unknown_task")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/callbacks"),
        ("POST", "/api/callbacks"),
        ("POST", "/api/callbacks/n1-1.1/close"),
        ("POST", "/api/callbacks/n1-1.1/call-now"),
    ],
)
async def test_a_stranger_may_not(client: Client, method: str, path: str) -> None:
    assert (await client.request(method, path)).status == 401
