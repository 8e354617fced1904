"""The documents: their links lead somewhere, every setting is described with its default, every command exists."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cti.city_days import CityDays
from cti.cli import main
from cti.metrics.rates import LOSS_PLACES, all_rates
from cti.numbers import Did
from cti.rules import Overflow, Rung, Surge, Waiting
from cti.settings import PROJECT, Settings
from cti.skills import Skill

DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "asterisk-config/**/*.md", "cti/**/*.md")
    for path in PROJECT.glob(pattern)
)
OPERATING = PROJECT / "docs" / "operating.md"
ADMINISTRATION = PROJECT / "docs" / "administration.md"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    """As GitHub makes it: small letters, blanks to hyphens, everything else but letters, figures, - and _ left out."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    return {anchor(found) for found in re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(path)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, heading = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{path.name}: {target}"
        if heading:
            assert heading in anchors(there), f"{path.name}: {target}"


def described(text: str) -> dict[str, str]:
    """Key -> default, as the tables of a text have them."""
    return dict(re.findall(r"^\| `([a-z_.]+)` \| ?([^|]*?) ?\|", text, re.MULTILINE))


def settings_with_defaults() -> Iterator[tuple[str, object]]:
    defaults = Settings()
    for item in dataclasses.fields(Settings):
        value = getattr(defaults, item.name)
        if dataclasses.is_dataclass(value):
            yield from ((f"{item.name}.{part.name}", getattr(value, part.name)) for part in dataclasses.fields(value))
        else:
            yield item.name, value


def documents_with_defaults() -> Iterator[tuple[str, object]]:
    yield "unknown_number", dataclasses.MISSING
    kinds = {
        "did": Did,
        "waiting": Waiting,
        "overflow": Overflow,
        "surge": Surge,
        "surge.rungs": Rung,
        "": CityDays,
        "skill": Skill,
    }
    for table, kind in kinds.items():
        for item in dataclasses.fields(kind):
            if item.name != "rungs":
                yield f"{table}.{item.name}".lstrip("."), item.default


def as_shown(value: object) -> str:
    if value is dataclasses.MISSING or value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Path):
        value = value.relative_to(PROJECT) if value.is_absolute() else value
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{one}"' for one in value) + "]`"
    return f"`{value}`" if isinstance(value, int | float | dict) else f'`"{value}"`'


def test_operating_describes_every_setting_with_its_default_and_no_other() -> None:
    section = text_of(OPERATING).partition("\n## Settings\n")[2].partition("\n## ")[0]
    assert described(section) == {key: as_shown(value) for key, value in settings_with_defaults()}


def test_administration_describes_every_key_of_the_documents_with_its_default() -> None:
    sections = text_of(ADMINISTRATION).partition("\n## Queues and skills\n")[2].partition("\n## REST\n")[0]
    assert described(sections) == {key: as_shown(value) for key, value in documents_with_defaults()}


def test_every_command_that_a_document_names_exists() -> None:
    context = click.Context(main)
    named = {
        (path.name, match[1], match[2] or "")
        for path in DOCUMENTS
        for match in re.finditer(
            r"(?:^|[`/$ ])yihu (?:--settings \S+ )?([a-z]+)(?: ([a-z][a-z-]+))?", text_of(path), re.M
        )
    }
    assert {"call", "demo", "doctor", "up", "user"} <= {command for _, command, _ in named}
    for file, name, rest in named:
        command = main.get_command(context, name)
        assert command is not None, f"{file}: yihu {name}"
        if isinstance(command, click.Group) and rest:
            assert command.get_command(context, rest) is not None, f"{file}: yihu {name} {rest}"


def test_architecture_defines_every_rate_and_every_place_of_loss_as_they_are_computed() -> None:
    architecture = text_of(PROJECT / "docs" / "architecture.md")
    for rate in all_rates([]):
        name = "asked_answer_rate_15s" if rate.name.startswith("asked") else rate.name
        (row,) = re.findall(rf"^\| `{name}`.*$", architecture, re.MULTILINE)
        formula = re.sub(r"\d+ s of first", "T s of first", rate.formula)
        assert f"| {formula} |" in row
        assert rate.name.startswith("asked") or rate.chinese in row
    for place, chinese in LOSS_PLACES.items():
        assert f"| `{place}` | {chinese} |" in architecture


def test_the_two_readmes_show_the_same_commands_and_say_the_same_of_each_row() -> None:
    english, chinese = text_of(PROJECT / "README.md"), text_of(PROJECT / "README.zh-CN.md")
    commands = [re.findall(r"^\$ (.+)$", text, re.MULTILINE) for text in (english, chinese)]
    assert [command.removesuffix(" --lang en") for command in commands[0]] == commands[1]
    assert [text.count("\n|") for text in (english, chinese)] == [english.count("\n|")] * 2


def test_the_list_of_licences_is_that_of_the_locked_packages() -> None:
    done = subprocess.run(
        [sys.executable, "setup/licences.py", "--check"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
