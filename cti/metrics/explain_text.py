"""The whole answer to "why did he wait" as text, for the terminal, a page and the REST API."""

from __future__ import annotations

from collections.abc import Iterator

from cti.metrics import explain_en, explain_zh
from cti.metrics.explain import Why
from cti.metrics.words import Words


def in_words(why: Why, words: Words) -> str:
    """Headline, causes, and the story with the seconds since queueing; lines end with a newline."""
    return "".join(f"{line}\n" for line in _lines(why, words))


def _lines(why: Why, w: Words) -> Iterator[str]:
    said = explain_zh if w.zh else explain_en
    day = w.time(why.arrived_at, "%Y-%m-%d %H:%M:%S")
    yield f"{'通话' if w.zh else 'Call'} {why.call_id}  {day}"
    yield w.line(said.headline(why, w))
    if causes := [line for cause in why.causes if (line := said.cause(cause, w))]:
        yield ""
        yield said.CAUSES
        yield from (f"  - {w.line(line)}" for line in causes)
    yield ""
    yield said.STORY
    for moment in why.moments:
        at = moment.at or 0.0
        after = "" if why.queued_at is None or at < why.queued_at else f"+{at - why.queued_at:.0f}"
        first, *rest = said.story(moment, w)
        yield f"  {w.time(at)} {after:>5}  {w.line(first)}"
        yield from (f"{'':19}{w.line(line)}" for line in rest)
