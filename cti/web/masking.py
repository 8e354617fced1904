"""What is shown of citizens' numbers to who does not need them whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cti.logs import mask


def masked(data: Any) -> Any:
    """The same with every value under a key that begins with pii_ masked (138****8000)."""
    if isinstance(data, Mapping):
        return {key: mask(value) if key.startswith("pii_") else masked(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [masked(item) for item in data]
    return data
