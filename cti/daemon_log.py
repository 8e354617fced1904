"""Follows the daemon's log file for the terminal: warnings and errors in short, everything else stays in the file."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from pathlib import Path

_AT_ONCE = 10
"""Lines shown of what came since the last look."""
_ROTATE_BYTES = 100_000_000


class DaemonLog:
    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        """Follows from the end of `path`; what was there before is of an earlier time (and is put aside when large)."""
        self.path = path
        self._say = say
        self._last_words: deque[str] = deque(maxlen=12)
        self._rest = b""
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _ROTATE_BYTES:
            path.replace(path.with_suffix(".log.1"))
        self._offset = path.stat().st_size if path.exists() else 0

    def forget(self) -> None:
        """A new daemon begins: the last words of the one before are no longer asked for."""
        self._last_words.clear()

    def last_words(self) -> str:
        """The last lines that were not log lines (a plain message, the end of a traceback), else the last errors."""
        return "\n".join(f"  {line}" for line in self._last_words) or f"  it said nothing; see {self.path}"

    def look(self) -> None:
        """Says what has come since the last look."""
        try:
            with self.path.open("rb") as file:
                if self.path.stat().st_size < self._offset:  # somebody emptied it
                    self._offset, self._rest = 0, b""
                file.seek(self._offset)
                new = file.read()
        except OSError:
            return
        self._offset += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        shown = [short for line in lines if (short := self._take(line.decode("utf-8", "replace")))]
        for short in shown[:_AT_ONCE]:
            self._say(short)
        if len(shown) > _AT_ONCE:
            self._say(f"daemon: {len(shown) - _AT_ONCE} more like these in {self.path}")

    def _take(self, line: str) -> str | None:
        """The short form of a line worth showing."""
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            if line.strip():
                self._last_words.append(line)
            return None
        level = str(entry.get("level", "")).lower()
        if level not in ("warning", "error", "critical"):
            return None
        hidden = ("level", "event", "timestamp", "exception")
        facts = " ".join(f"{k}={v}" for k, v in entry.items() if k not in hidden and not k.startswith("pii_"))
        short = f"daemon {level}: {entry.get('event', '')} {facts}".rstrip()[:300]
        if level != "warning":
            self._last_words.append(short)
        return short
