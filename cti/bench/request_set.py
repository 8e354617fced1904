"""The requests that pre-filling is measured with, and which half each is in."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from cti.tickets.form import Form
from cti.tickets.model import Value
from cti.tickets.prefill.lexicon import GUESSED

FOLDER: Final = Path(__file__).resolve().parent / "requests"
Half = Literal["dev", "test"]


@dataclass(frozen=True, slots=True)
class Request:
    """`expected`: every field that the draft should have; those that are not in it should stay empty."""

    id: str
    text: str
    expected: Mapping[str, Value]
    voice: str = ""
    """Of a spoken one; synthetic."""

    @property
    def half(self) -> Half:
        """By the id alone, so that nobody chooses. Who writes rules looks at the dev half only."""
        return "test" if hashlib.sha256(self.id.encode()).digest()[0] % 2 else "dev"

    @property
    def sound(self) -> Path:
        """Of a spoken one."""
        return FOLDER / "audio" / f"{self.id}.alaw"


def written(form: Form) -> list[Request]:
    return _read(FOLDER / "written.toml", form)


def spoken(form: Form) -> list[Request]:
    return _read(FOLDER / "spoken.toml", form)


def _read(path: Path, form: Form) -> list[Request]:
    """Raises ValueError for a field or a code that the form does not have."""
    requests = []
    for id_, body in tomllib.loads(path.read_text(encoding="utf-8")).items():
        expected: dict[str, Value] = {name: value for name, value in body.items() if name not in ("text", "voice")}
        if unknown := set(expected) - set(GUESSED):
            raise ValueError(f"{path}: [{id_}] has no field {', '.join(sorted(unknown))}")
        for name in ("type", "matter", "street", "department"):
            if name in expected and form.choice(name, expected[name]) is None:
                raise ValueError(f"{path}: [{id_}] {name}: the form has no {expected[name]}")
        way = form.way("matters", str(expected["matter"]))
        usual = next((node.department for node in reversed(way) if node.department is not None), None)
        if usual is not None:
            expected.setdefault("department", usual)
        requests.append(Request(id_, body["text"], expected, body.get("voice", "")))
    return requests
