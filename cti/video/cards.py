"""Phrases and cards that agents of video seats have at hand, read from a file that people write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from cti.toml_file import TomlRefused, fault_at, read_toml

SHIPPED = Path(__file__).with_name("desk.toml")
MOST_CHARS, MOST_ITEMS = 300, 20

_strict = ConfigDict(extra="forbid")
_BLANK = re.compile(r"\{([a-z_]+)\}")
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,29}$")]
_Text = Annotated[str, Field(max_length=MOST_CHARS)]


class CardRefused(Exception):
    """The card cannot be sent; `code` is stable, the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, config=_strict)
class Both:
    zh: _Text
    en: _Text


@dataclass(frozen=True, config=_strict)
class Card:
    """A template. `{…}` in its texts is one of `ask`."""

    id: _Name
    kind: Literal["link", "appointment", "list"]
    name: Both
    title: _Text
    text: _Text = ""
    items: _Text = ""
    """A list, one line each."""
    link: _Text = ""
    button: _Text = ""
    ask: dict[_Name, Both] = field(default_factory=dict)


@dataclass(frozen=True, config=_strict)
class DeskForm:
    phrase: tuple[Both, ...] = ()
    card: tuple[Card, ...] = ()
    link_hosts: tuple[Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")], ...] = ()
    """Where a link that an agent types may lead."""

    def fill(self, card_id: str, values: Mapping[str, str]) -> dict[str, Any]:
        """What the citizen's page shows. CardRefused."""
        card = next((card for card in self.card if card.id == card_id), None)
        if card is None:
            raise CardRefused("unknown_card", "there is no such card")
        for name in card.ask:
            if not 0 < len(values.get(name, "").strip()) <= MOST_CHARS:
                raise CardRefused("bad_value", f"{name}: 1 to {MOST_CHARS} characters")

        def filled(text: str) -> str:
            return _BLANK.sub(lambda blank: values.get(blank[1], "").strip(), text)

        items = [line.strip() for line in filled(card.items).splitlines() if line.strip()]
        if len(items) > MOST_ITEMS:
            raise CardRefused("bad_value", f"at most {MOST_ITEMS} lines")
        link = filled(card.link)
        if link and not self._leads_well(card.link, link):
            raise CardRefused("bad_link", "this address is none of those that cards may lead to (link_hosts)")
        return {
            "kind": card.kind,
            "title": filled(card.title),
            "text": filled(card.text),
            "items": items,
            "link": link,
            "button": filled(card.button),
        }

    def _leads_well(self, template: str, link: str) -> bool:
        """The host stands in the template or among `link_hosts`."""
        try:
            there, written = urlsplit(link), urlsplit(template)
        except ValueError:
            return False
        if there.scheme not in ("http", "https") or there.username is not None or re.search(r"[\s\\]", link):
            return False
        return (there.hostname or "") in self.link_hosts or (bool(written.netloc) and there.netloc == written.netloc)


def read_desk_form(text: str, name: str) -> DeskForm:
    """TomlRefused names each fault with its line."""
    form = read_toml(DeskForm, text, name)
    faults = []
    for number, card in enumerate(form.card):
        for blank in _BLANK.findall(" ".join((card.title, card.text, card.items, card.link, card.button))):
            if blank not in card.ask:
                faults.append(fault_at(text, name, ("card", number, "id"), f"{{{blank}}} is not in its `ask`"))
    if len({card.id for card in form.card}) < len(form.card):
        faults.append(fault_at(text, name, ("card",), "two cards have the same id"))
    if faults:
        raise TomlRefused(faults)
    return form
