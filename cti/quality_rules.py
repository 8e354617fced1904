"""By what talks are inspected: a document of the city that changes while it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from cti.toml_file import TomlRefused, fault_at, read_toml
from recordings import quality

QUALITY = """\
# What talks are inspected for (docs/speech.md). A change counts for every talk that is looked at from then on.

silence_s = 15.0                # nobody speaks for so long
overlap_s = 3.0                 # both speak at once
agent_share = [0.15, 0.85]      # of all speaking
agent_speed = [2.0, 6.5]        # characters a second
shortest_s = 20.0               # of a shorter talk share, speed and what is missing say nothing

# What an agent must not say.
forbidden = [
  "不归我管", "不关我事", "自己想办法", "你去投诉吧", "爱找谁找谁", "随便你", "急什么", "你听不懂吗", "烦不烦",
]

# What he has to say, by name; [required."核对地址"] is one of your own. He may word it in several ways: one
# of the phrases is enough. within_s or last_s say when; without them it is at any time.
[required.greeting]
phrases = ["您好", "你好"]
within_s = 15.0                 # of the beginning

[required.goodbye]
phrases = ["再见", "感谢您的来电", "感谢来电", "祝您生活愉快"]
last_s = 20.0                   # of the talk
"""
"""What counts until a city says otherwise."""


def _in_order(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError(f"{bounds[0]:g} is more than {bounds[1]:g}; give the least, then the most")
    return bounds


Phrases = tuple[Annotated[str, Field(min_length=1)], ...]
Seconds = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
_At = tuple[str | int, ...]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Required:
    phrases: Annotated[Phrases, Field(min_length=1)]
    within_s: Seconds | None = None
    last_s: Seconds | None = None


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class QualityRules:
    forbidden: Phrases = ()
    required: Mapping[str, Required] = Field(default_factory=dict)
    silence_s: Seconds = 15.0
    overlap_s: Seconds = 3.0
    agent_share: Annotated[tuple[Share, Share], AfterValidator(_in_order)] = (0.15, 0.85)
    agent_speed: Annotated[tuple[Seconds, Seconds], AfterValidator(_in_order)] = (2.0, 6.5)
    shortest_s: Seconds = 20.0


def read_quality_rules(text: str, name: str) -> quality.Rules:
    """TomlRefused names file (`name`), line and key of every fault."""
    read = read_toml(QualityRules, text, name)
    if faults := [fault_at(text, name, at, what) for at, what in _wrong(read)]:
        raise TomlRefused(faults)
    required = tuple(quality.Required(n, one.phrases, one.within_s, one.last_s) for n, one in read.required.items())
    return quality.Rules(
        required, read.forbidden, read.silence_s, read.overlap_s, read.agent_share, read.agent_speed, read.shortest_s
    )


def _wrong(read: QualityRules) -> Iterator[tuple[_At, str]]:
    """Where something stands that reads well and cannot be meant, and what is wrong."""
    yield from _twice(("forbidden",), read.forbidden)
    for name, one in read.required.items():
        at = ("required", name)
        if one.within_s is not None and one.last_s is not None:
            yield (*at, "last_s"), "within_s stands here too; give one of them"
        yield from _twice((*at, "phrases"), one.phrases)
        for n, phrase in enumerate(one.phrases):
            if bad := next((bad for bad in read.forbidden if bad in phrase), None):
                yield (*at, "phrases", n), f"whoever says {phrase} says {bad}, which is forbidden; take one of them out"


def _twice(at: _At, phrases: Phrases) -> Iterator[tuple[_At, str]]:
    for n, phrase in enumerate(phrases):
        if phrase in phrases[:n]:
            yield (*at, n), f"{phrase} stands here a second time"
