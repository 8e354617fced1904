"""What a citizen wants who says it in the menu: matter, type of request, and whether it must be quick. Pure.

It decides where he goes before a person has heard him, so it must be surer than a draft's field, which an agent sees
and corrects. Of a matter that is not sure in full the part that is sure is given: noise or refuse is the order of the
city, and that is enough to send him to the right seat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cti.tickets.form import Form
from cti.tickets.prefill.city import City
from cti.tickets.prefill.found import Found
from cti.tickets.prefill.gazetteer import mentions
from cti.tickets.prefill.words import joined, said


@dataclass(frozen=True, slots=True)
class Intent:
    """Codes of the city's form; "": not sure enough (rules.toml, [menu])."""

    matter: str
    """Of the tree of matters; of a branch if nothing below it is sure."""
    type: str
    urgent: bool
    """He speaks of danger to life, or asks for police, fire brigade or ambulance."""
    confidence: float
    """0 to 1, of the matter; of the type if there is no matter; 0 if there is neither."""


NOTHING = Intent("", "", False, 0.0)


def menu_intent(text: str, city: City) -> Intent:
    """`text`: what was understood, as the recogniser wrote it."""
    plain = joined(said(text)).plain
    if not plain:
        return NOTHING
    rules = city.rules.menu
    where = mentions(plain, city.gazetteer, city.lexicon.place)
    address = next(iter(city.addresses.addresses(plain, where)), None)
    place = (address.start, address.end) if address is not None else None
    matter, sure = _branch(city.judge.matters(plain, {}, place), city.form, rules.matter)
    kind = next((one for one in city.judge.kinds(plain, {}, matter)[:1] if one.confidence >= rules.type), None)
    if kind is not None and not matter and kind.start == kind.end:
        kind = None  # nothing was said that speaks for it: most requests are of this type, that is all
    urgent = bool(city.judge.urgent(plain)) or any(re.search(pattern, plain) for pattern in rules.urgent)
    if not matter and kind is not None:
        sure = kind.confidence
    return Intent(matter, str(kind.value) if kind is not None else "", urgent, round(sure, 3))


def _branch(found: Sequence[Found], form: Form, least: float) -> tuple[str, float]:
    """The matter that is sure enough with all that is below it, as far down the tree as there is one."""
    sums: dict[str, float] = {}
    for one in found:
        for node in form.way("matters", str(one.value)):
            sums[node.id] = sums.get(node.id, 0.0) + one.confidence
    branch = ""
    while below := [code for code in sums if code.rpartition(".")[0] == branch]:
        best = max(below, key=lambda code: sums[code])
        if sums[best] < least:
            break
        branch = best
    return branch, min(1.0, sums.get(branch, 0.0))
