"""Waiting for a condition instead of sleeping for a result."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], limit_s: float, what: str) -> T:
    """The first true answer of `condition`; AssertionError naming `what` when there is none in time."""
    end = time.monotonic() + limit_s
    while True:
        if answer := condition():
            return answer
        assert time.monotonic() < end, f"{what}: not within {limit_s:g} s"
        time.sleep(0.02)
