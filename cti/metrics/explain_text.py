"""The whole answer to "why did he wait" as text, for the terminal, a page and the REST API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cti.metrics import explain_en, explain_zh
from cti.metrics.explain import Why
from cti.metrics.words import Words


def in_words(why: Why, words: Words) -> str:
    """Headline, causes, and the story with the seconds since queueing; lines end with a newline."""
    return "".join(f"{line}\n" for line in _lines(why, words))


def answer(why: Why, words: Words) -> dict[str, Any]:
    """For the REST API: the facts, the names of the agents in them, and the text."""
    facts = why.as_json()
    names = {agent: name for agent in sorted(_agents(facts)) if (name := words.name(agent))}
    return {**facts, "names": names, "lang": words.lang, "text": in_words(why, words)}


def _agents(facts: object) -> Iterator[str]:
    """Every agent's id anywhere among the facts."""
    if isinstance(facts, dict):
        for key, value in facts.items():
            if key in ("agent", "agent_id") and isinstance(value, str):
                yield value
            elif key == "agents" and isinstance(value, list):
                yield from value
            else:
                yield from _agents(value)
    elif isinstance(facts, list | tuple):
        for value in facts:
            yield from _agents(value)


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
