"""What is different between two texts, line by line, and two changes of one text put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal


@dataclass(frozen=True, slots=True)
class Line:
    kind: Literal[" ", "-", "+", "~"]
    """~: lines that are the same were left out here."""
    old: int
    """Its number before, from 1; 0: it is new."""
    new: int
    text: str


def difference(old: str, new: str, around: int = 3) -> list[Line]:
    """The lines that differ with `around` lines before and after; none if the texts are equal."""
    a, b = old.splitlines(), new.splitlines()
    found: list[Line] = []
    for n, group in enumerate(SequenceMatcher(None, a, b, autojunk=False).get_grouped_opcodes(around)):
        if n or group[0][1] or group[0][3]:
            found.append(Line("~", 0, 0, ""))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                found += [Line(" ", i1 + k + 1, j1 + k + 1, text) for k, text in enumerate(a[i1:i2])]
                continue
            found += [Line("-", i1 + k + 1, 0, text) for k, text in enumerate(a[i1:i2])]
            found += [Line("+", 0, j1 + k + 1, text) for k, text in enumerate(b[j1:j2])]
    return found


@dataclass(frozen=True, slots=True)
class Merged:
    text: str
    conflicts: int
    """Places where both changed the same lines differently; there both stand, between marks."""


def merged(base: str, mine: str, theirs: str) -> Merged:
    """`mine` and `theirs` were both made of `base`: what either changed is changed."""
    o, a, b = base.splitlines(), mine.splitlines(), theirs.splitlines()
    in_a, in_b = _kept(o, a), _kept(o, b)
    out: list[str] = []
    conflicts, io, ia, ib = 0, 0, 0, 0
    while True:
        # The next line of the base that both have kept; what is before it was changed by one or both.
        anchor = next((n for n in range(io, len(o)) if n in in_a and n in in_b), None)
        to_o, to_a, to_b = (len(o), len(a), len(b)) if anchor is None else (anchor, in_a[anchor], in_b[anchor])
        part_o, part_a, part_b = o[io:to_o], a[ia:to_a], b[ib:to_b]
        if len(part_o) == len(part_a) == len(part_b):
            pieces = [([x], [y], [z]) for x, y, z in zip(part_o, part_a, part_b, strict=True)]
        else:
            pieces = [(part_o, part_a, part_b)]
        for was, here, there in pieces:
            if here == there or there == was:
                out += here
            elif here == was:
                out += there
            else:
                conflicts += 1
                out += ["<<<<<<<", *here, "=======", *there, ">>>>>>>"]
        if anchor is None:
            break
        out.append(o[anchor])
        io, ia, ib = anchor + 1, to_a + 1, to_b + 1
    end = "\n" if (mine or theirs).endswith("\n") and out else ""
    return Merged("\n".join(out) + end, conflicts)


def _kept(base: Sequence[str], other: Sequence[str]) -> dict[int, int]:
    """Lines of the base that the other has too: number there -> number here."""
    blocks = SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
    return {block.a + k: block.b + k for block in blocks for k in range(block.size)}
