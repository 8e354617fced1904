"""Logging: one JSON object a line on stderr, and no personal data in it.

A field whose name starts `pii_` is masked here, in one place; nothing personal belongs anywhere else in a log line.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog


def mask(value: object) -> str:
    """138****8000 of a number; the first letter and stars of anything else; "" stays "" (withheld)."""
    text = str(value or "")
    if len(text) >= 7 and text.lstrip("+").isdigit():
        return f"{text[:3]}****{text[-4:]}"
    return text[:1] + "*" * min(len(text) - 1, 8) if text else ""


def mask_personal(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The processor: every `pii_` field of the event is replaced by its masked form."""
    for key in event:
        if key.startswith("pii_"):
            event[key] = mask(event[key])
    return event


def set_up(level: int = logging.INFO) -> None:
    """Once, at the start of a process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask_personal,
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
    )
    # Libraries speak through the standard module; what they warn about is worth a line, their chatter is not.
    logging.basicConfig(
        level=logging.WARNING,
        stream=sys.stderr,
        format='{"level":"%(levelname)s","event":"library","logger":"%(name)s"}',
    )
    logging.getLogger("panoramisk").setLevel(logging.CRITICAL)
