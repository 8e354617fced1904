"""`ready.json` in the run folder: tells the supervisor, and anybody who waits, that this process does its part."""

from __future__ import annotations

import json
import os
from typing import Any

import structlog

from cti.settings import Settings

log = structlog.get_logger()


def say_ready(settings: Settings, facts: dict[str, Any]) -> None:
    ready = {"pid": os.getpid(), "web": settings.web.address} | facts
    path = settings.run_dir / "ready.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(ready))
    part.replace(path)
    log.info("ready", **ready)


def take_back_ready(settings: Settings) -> None:
    (settings.run_dir / "ready.json").unlink(missing_ok=True)
