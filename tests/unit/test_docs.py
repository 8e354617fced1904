"""The documents: their links lead somewhere, every setting is described with its default, every command exists."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import click
import pytest
from rich.console import Console

from cti.alerts.model import Kind
from cti.alerts.rules import AlertRules
from cti.city_days import CityDays
from cti.cli import main
from cti.commands.call import print_heard
from cti.demo.draft import Heard
from cti.key_words import KeyWords
from cti.metrics.definitions import DEFINITIONS
from cti.metrics.figures import LOSS_PLACES
from cti.numbers import Did
from cti.quality_rules import QualityRules, Required
from cti.rules import Overflow, Rung, Surge, Waiting
from cti.settings import PROJECT, Settings
from cti.skills import Skill
from cti.tickets.form import load_form

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
        "alerts": AlertRules,
        **{f"alerts.{kind}": type(AlertRules().of(kind)) for kind in Kind},
        "": CityDays,
        "skill": Skill,
    }
    for words in (KeyWords, QualityRules):
        for item in dataclasses.fields(words):
            if item.name == "required":
                yield from ((f"required.{part.name}", part.default) for part in dataclasses.fields(Required))
            else:
                yield item.name, None if item.name == "words" else item.default
    for table, kind in kinds.items():
        for item in dataclasses.fields(kind):
            if item.name != "rungs" and f"{table}.{item.name}" not in kinds:
                yield f"{table}.{item.name}".lstrip("."), item.default


def as_shown(value: object) -> str:
    if value is dataclasses.MISSING or value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Path):
        value = value.relative_to(PROJECT) if value.is_absolute() else value
    if isinstance(value, tuple):
        return "`[" + ", ".join(str(one) if isinstance(one, float) else f'"{one}"' for one in value) + "]`"
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


def test_metrics_are_defined_in_the_document_as_they_are_computed() -> None:
    """Those for 20 and 30 s are said once, with those for 15 s, and differ in the number alone."""
    document = text_of(PROJECT / "docs" / "metrics.md")
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", document, re.MULTILINE)
    told = [(code, zh, formula_zh, formula) for code, zh, formula_zh, formula, _ in rows]
    computed = [(d.code, d.zh, d.formula_zh, d.formula) for d in DEFINITIONS]
    others = [row for row in computed if row[0].endswith(("_20s", "_30s"))]
    assert sorted(told) == sorted(row for row in computed if row not in others)
    assert {re.sub("20|30", "15", repr(row)) for row in others} == {repr(row) for row in told if "_15s" in row[0]}
    for place, chinese in LOSS_PLACES.items():
        assert f"| `{place}` | {chinese} |" in document


def test_the_two_readmes_show_the_same_commands_and_say_the_same_of_each_row() -> None:
    english, chinese = text_of(PROJECT / "README.md"), text_of(PROJECT / "README.zh-CN.md")
    commands = [re.findall(r"^\$ (.+)$", text, re.MULTILINE) for text in (english, chinese)]
    assert [command.removesuffix(" --lang en") for command in commands[0]] == commands[1]
    assert [text.count("\n|") for text in (english, chinese)] == [english.count("\n|")] * 2


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_example_of_a_spoken_request_ends_as_the_command_prints_it(readme: str) -> None:
    (example,) = re.findall(r"^\$ .*yihu call --say street_lamp\n(.*?)\n```$", text_of(PROJECT / readme), re.M | re.S)
    rows = re.findall(r"^│ (\S+) +│ (\S.*?) +│ (\d\.\d\d) │$", example, re.MULTILINE)
    assert {label for label, _, _ in rows} <= {field.zh for field in load_form().fields}
    console = Console(file=(out := StringIO()), width=110)
    print_heard(console, [Heard(label, value, float(sure)) for label, value, sure in rows])
    printed = "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines())
    assert example.endswith(printed)


def test_the_list_of_licences_is_that_of_the_locked_packages() -> None:
    done = subprocess.run(
        [sys.executable, "setup/licences.py", "--check"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
