"""The words of being beside a talk: how a supervisor takes part, and why he may not."""

from __future__ import annotations

from typing import Literal

Mode = Literal["listen", "whisper", "barge"]
"""whisper: heard by the agent alone; barge: by both."""


class BesideRefused(Exception):
    """`code` is stable, the text is for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
