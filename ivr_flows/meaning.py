"""What a flow makes of a sentence: the first of its rules that it fits, by its words or by what a classifier found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from cti.calls import CallFact, Value
from ivr_flows import model as m
from ivr_flows.words import Heard, Listen, Mark, Prompt

_Rule = TypeVar("_Rule", bound=m.Meaning)


def question(node: m.Listen | m.Ask) -> Listen:
    """The command that puts it."""
    return Listen(
        tuple(map(Prompt, node.prompts)),
        node.first_s,
        node.max_s,
        tuple(phrase for rule in node.words for phrase in rule.any_of),
        tuple(dict.fromkeys(matter for rule in node.words for matter in rule.matters)),
    )


def meant(rules: Sequence[_Rule], least: float, heard: Heard) -> _Rule | None:
    """The rule that it fits; None as well if it was understood worse than `least`."""
    if not heard.text or heard.confidence < least:
        return None
    said = _plain(heard.text)
    found = [(rule.urgent, len(p), rule) for rule in rules for p in rule.any_of if _plain(p) in said]
    if found:
        return max(found, key=lambda one: one[:2])[2]
    return next((rule for rule in rules if heard.sure >= rule.least and _is_among(heard.matter, rule.matters)), None)


def noted(node: str, to: str, rule: m.Meaning | None, heard: Heard) -> Mark:
    """The milestone of what he said."""
    by_classifier = rule is not None and _is_among(heard.matter, rule.matters)
    said: dict[str, Value] = {
        "node": node,
        "to": to,
        "matter": None if rule is None else rule.matter or (heard.matter if by_classifier else None),
        "urgent": rule is not None and rule.urgent,
        "confidence": round(heard.confidence, 2),
        "pii_text": heard.text,
    }
    if heard.matter:
        said |= {"guess": heard.matter, "sure": round(heard.sure, 2)}
    if heard.cut_off:
        said["cut_off"] = True
    return Mark(CallFact.SAID, said)


def _plain(text: str) -> str:
    """Recognisers put spaces between Chinese words."""
    return "".join(text.split())


def _is_among(matter: str, wanted: Sequence[str]) -> bool:
    return bool(matter) and any(matter == one or matter.startswith(f"{one}.") for one in wanted)
