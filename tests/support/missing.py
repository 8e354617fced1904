"""A server that a test needs and this machine does not have: a clear skip on a laptop, a failure in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skips, or fails when the environment has CI set: there a hole in the set-up must not look like a green run."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
