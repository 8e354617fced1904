"""What is marked in the words of a talk: key words, what a field was filled from, and what was hardly understood.

A document of the city that changes while it runs; the marking itself is pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from cti.tickets.model import FIELDS
from cti.toml_file import TomlRefused, fault_at, read_toml
from recordings.transcript import Word

KEY_WORDS = """\
# What is marked in the words that agents read during a talk (docs/speech.md). A change takes effect at once.

low = 0.5    # words of which the recogniser is less sure than this are pale: read them with care

# [words]: kind = words. risk: what nobody may miss; it stands out. Any other kind is a field of the ticket,
# and a click on the word leads there: caller_name, contact_phone, secret, type, matter, urgency, street,
# address, happened_at, target, wants_reply, content …
[words]
risk = [
  "着火", "起火", "失火", "火灾", "爆炸", "漏气", "煤气味", "燃气泄漏", "燃气泄露", "触电", "漏电", "溺水",
  "被困", "救命", "塌了", "塌陷", "昏迷", "晕倒", "流血", "受伤", "中毒", "人命",
  "自杀", "跳楼", "轻生", "不想活", "动刀", "拿刀", "打人", "家暴", "打孩子", "绑架", "诈骗", "传销", "转了账",
  "聚众", "堵路", "上访", "讨薪", "拉横幅", "记者", "媒体", "曝光",
]
urgency = ["紧急", "马上", "赶紧", "赶快", "立刻", "很急", "等不了"]
secret = ["保密", "匿名", "不要透露", "不留名"]
wants_reply = ["回电", "回个电话", "回复我", "给我答复", "不用回复"]
"""
"""What counts until a city says otherwise."""

KINDS = ("risk", *FIELDS)
Span = tuple[float, float]
"""From when to when, in seconds on the clock of the words."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class KeyWords:
    low: Annotated[float, Field(ge=0, le=1)] = 0.5
    words: Mapping[str, tuple[Annotated[str, Field(min_length=1)], ...]] = Field(default_factory=dict)


def read_key_words(text: str, name: str) -> KeyWords:
    """TomlRefused names file (`name`), line and key of every fault."""
    read = read_toml(KeyWords, text, name)
    if faults := [fault_at(text, name, at, what) for at, what in _wrong(read)]:
        raise TomlRefused(faults)
    return read


def _wrong(read: KeyWords) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where something stands that reads well and cannot be meant, and what is wrong."""
    kind_of: dict[str, str] = {}
    for kind, words in read.words.items():
        if kind not in KINDS:
            near = get_close_matches(kind, KINDS, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(KINDS)}"
            yield ("words", kind), f"is no field of a ticket; {hint}"
        for n, word in enumerate(words):
            if (other := kind_of.setdefault(word, kind)) != kind:
                yield ("words", kind, n), f"{word} stands in {other} too; take it out of one of them"
            elif word in words[:n]:
                yield ("words", kind, n), f"{word} stands here a second time"


def marks(
    text: str, key_words: KeyWords, words: Sequence[Word] = (), spans: Mapping[str, Span] | None = None
) -> list[dict[str, Any]]:
    """[{from, to, kind}], none over another. `words`: those that `text` was joined from, if it is final; `spans`: of
    what fields were filled from."""
    kinds: list[str | None] = [None] * len(text)
    timed = list(_timed(text, words))
    for at, start_s, end_s, confidence in timed:
        if confidence < key_words.low:
            kinds[at] = "low"
        for kind, (since_s, until_s) in (spans or {}).items():
            if since_s <= (start_s + end_s) / 2 <= until_s:
                kinds[at] = kind
    for kind, wanted in key_words.words.items():
        for word in wanted:
            at = text.find(word)
            while at >= 0:
                for n in range(at, at + len(word)):
                    if kinds[n] != "risk":
                        kinds[n] = kind
                at = text.find(word, at + len(word))
    return list(_runs(kinds))


def _timed(text: str, words: Sequence[Word]) -> Iterator[tuple[int, float, float, float]]:
    """Of each character: where, from when to when, and how sure."""
    at = 0
    for word in words:
        at = text.index(word.text, at)
        each_s = (word.end_s - word.start_s) / max(1, len(word.text))
        for n in range(len(word.text)):
            start_s = word.start_s + n * each_s
            yield at + n, start_s, start_s + each_s, word.confidence
        at += len(word.text)


def _runs(kinds: Sequence[str | None]) -> Iterator[dict[str, Any]]:
    begins = 0
    for n in range(1, len(kinds) + 1):
        if n == len(kinds) or kinds[n] != kinds[begins]:
            if kinds[begins] is not None:
                yield {"from": begins, "to": n, "kind": kinds[begins]}
            begins = n
