"""The description of the API: every route is in it, a validator finds it right, and answers are as it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from cti.web.access import RULES
from cti.web.openapi import openapi
from tests.contract.test_access import House


@pytest.fixture
async def document(tmp_path: Path) -> dict[str, Any]:
    house = House(tmp_path)
    made = openapi(house.app)
    house.daemon.exchange.stop()
    return made


async def test_a_validator_finds_nothing_wrong(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


async def test_every_route_of_the_table_is_described_with_who_may(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    built = {(method, path) for method, path in RULES if path.startswith("/api/")}
    assert described <= built
    assert not {key for key in built - described if "tickets" in key[1]}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (method, path)
            rule = RULES[method.upper(), path]
            assert (operation["security"] == []) is rule.open
    assert document["paths"]["/api/tickets/{id}/close"]["post"]["x-roles"] == ["administrator"]


async def test_bodies_are_those_that_the_handlers_read(document: dict[str, Any]) -> None:
    def body(method: str, path: str) -> str:
        schema = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
        return str(schema["$ref"]).rpartition("/")[2]

    assert body("patch", "/api/tickets/{id}") == "TicketChanges"
    assert body("post", "/api/login") == "Login"
    assert body("post", "/api/tickets/{id}/submit") == "Submission"
    assert "requestBody" not in document["paths"]["/api/tickets/{id}/recall"]["post"]
    change = document["components"]["schemas"]["FieldChange"]
    assert change["required"] == ["field", "base"]
    assert "contact_phone" in change["properties"]["field"]["enum"]


async def test_the_number_of_the_call_is_no_part_of_a_ticket(document: dict[str, Any]) -> None:
    ticket = document["components"]["schemas"]["Ticket"]
    assert "pii_caller" not in ticket["properties"]
    assert {"editing", "fields", "deadline", "related"} <= ticket["properties"].keys()
