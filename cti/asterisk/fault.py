"""How an unexpected error is written to the log: what and where, its text apart because it may hold caller data."""

from __future__ import annotations

import traceback
from pathlib import Path


def fault(error: BaseException) -> dict[str, str]:
    """Fields for a log line: the error's class, the innermost place it came from, and its text as `pii_detail`."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    return {"error": type(error).__name__, "place": place, "pii_detail": str(error)}
