"""What became of a spoken request: the fields of its ticket that were filled from speech."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cti.demo.client import Stack
from cti.tickets.form import Form
from cti.tickets.model import FIELDS, Value

_LIMIT_S: Final = 8.0
_STEADY_S: Final = 2.0
"""The last words of a talk are in its draft by then."""
_LOOK_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Heard:
    """One field."""

    label: str
    value: str
    confidence: float


async def hears(stack: Stack) -> bool:
    """Whether anybody listens to calls."""
    return bool((await stack.speech()).get("workers"))


async def filled_from_speech(stack: Stack, call_id: str, form: Form) -> list[Heard]:
    """As soon as nothing more comes, eight seconds at most. StackAway, StackRefused."""
    began = since = time.monotonic()
    fields: Mapping[str, Any] = {}
    while (now := time.monotonic()) - began < _LIMIT_S and not (fields and now - since >= _STEADY_S):
        found = {
            name: field
            for name, field in (await stack.ticket(call_id))["fields"].items()
            if field["source"] == "speech" and field["value"] is not None
        }
        if found != fields:
            fields, since = found, now
        await asyncio.sleep(_LOOK_S)
    return [_heard(form, name, fields[name]) for name in FIELDS if name in fields]


def _heard(form: Form, name: str, field: Mapping[str, Any]) -> Heard:
    return Heard(form.field(name).zh, _shown(form, name, field["value"]), float(field["confidence"] or 0.0))


def _shown(form: Form, name: str, value: Value) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    meaning = form.choice(name, value)
    return meaning.zh if meaning is not None else str(value)
