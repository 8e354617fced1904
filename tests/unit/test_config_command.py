"""`yihu config` on a folder of its own, without a daemon."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cti.cli import main


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "yihu.toml"
        self.settings.write_text('var = "var"\n', encoding="utf-8")
        (folder / "var").mkdir()

    def run(self, *args: str, typed: str | None = None) -> Result:
        argv = ["--settings", str(self.settings), "config", *args]
        return CliRunner().invoke(main, argv, input=typed, env={"COLUMNS": "200"})

    @property
    def calendar(self) -> Path:
        return self.folder / "var" / "documents" / "calendar.toml"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_every_document_is_listed(desk: Desk) -> None:
    listed = desk.run("list")
    assert listed.exit_code == 0, listed.output
    for name in (
        "roster",
        "users",
        "skills",
        "rules",
        "numbers",
        "directory",
        "calendar",
        "prefill",
        "key_words",
        "quality",
        "flow.city",
        "prompts.yue",
    ):
        assert name in listed.output


def test_a_document_is_published_compared_and_rolled_back(desk: Desk) -> None:
    done = desk.run("publish", "calendar", "-", "--why", "春节", typed='off_days = ["2027-02-08"]\n')
    assert done.output == "calendar: version 1 is published\n"
    assert desk.calendar.read_text(encoding="utf-8") == 'off_days = ["2027-02-08"]\n'
    assert "+         1  off_days = [" in desk.run("diff", "calendar").output
    assert (
        desk.run("rollback", "calendar", "0", "--why", "登错了").output == "calendar: version 2 is as version 0 was\n"
    )
    told = desk.run("history", "calendar").output
    assert "back to v0" in told
    assert "登错了" in told
    assert desk.run("show", "calendar", "--version", "1").output == 'off_days = ["2027-02-08"]\n'


def test_words_for_drafts_are_judged_by_the_form_of_the_city(desk: Desk) -> None:
    done = desk.run("check", "prefill", "-", typed='\n[matter."order.music"]\nsure = ["x"]\n')
    assert done.exit_code == 1
    assert "line 2: matter.order.music: the form has no matter order.music" in done.output
    assert desk.run("check", "prefill", "-", typed='[matter."order.city"]\nsure = ["x"]\n').exit_code == 0


def test_a_faulty_text_changes_nothing(desk: Desk) -> None:
    done = desk.run("publish", "calendar", "-", "--why", "x", typed='\noff_days = ["31 Feb"]\n')
    assert done.exit_code == 1
    assert "line 2: off_days: '31 Feb' is not a date" in done.output
    assert not desk.calendar.exists()
    assert desk.run("check", "calendar", "-", typed="off_days = [").exit_code == 1
    assert desk.run("check", "calendar").output == "calendar: good\n"


def test_who_began_with_an_older_version_is_told_what_was_changed(desk: Desk) -> None:
    desk.run("publish", "calendar", "-", "--why", "x", typed='off_days = ["2027-02-08"]\n')
    done = desk.run("publish", "calendar", "-", "--why", "y", "--base", "0", typed="work_days = []\n")
    assert done.exit_code == 1
    assert "2027-02-08" in done.output
    assert "version 1 was published meanwhile" in done.output


def test_passwords_are_not_shown(desk: Desk) -> None:
    roster = desk.folder / "var" / "roster.toml"
    roster.write_text('[agent.a1]\nskills = { general = 1 }\npassword_hash = "$argon2id$x"\n', encoding="utf-8")
    assert "argon2id" not in desk.run("show", "roster").output


def test_an_unknown_document_or_version_is_named(desk: Desk) -> None:
    assert "there is no document rooster" in desk.run("show", "rooster").output
    assert "has no version 7" in desk.run("rollback", "calendar", "7", "--why", "x").output


def test_a_dry_run_counts_yesterday_and_publishes_nothing(desk: Desk) -> None:
    done = desk.run("publish", "calendar", "-", "--why", "x", "--dry-run", typed='off_days = ["2027-02-08"]\n')
    assert done.exit_code == 0, done.output
    assert "yesterday: 0 calls, touched by this: 0" in done.output
    assert not desk.calendar.exists()
