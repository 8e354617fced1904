"""`yihu explain`: from the database of a day to the words a supervisor reads, for ended and for live calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cti.calls import CallFact
from cti.cli import main
from cti.roster_file import RosterFile
from cti.storage.sql import SqlStore
from cti.storage.store import Store
from cti.storage.whys import why
from tests.support.floor import Floor
from tests.unit.test_explain import ENTERPRISE, called_back, lost_in_the_queue, waited_140_s


@pytest.fixture
def floor() -> Floor:
    return waited_140_s()


@pytest.fixture
def settings_file(tmp_path: Path, sql_url: str, floor: Floor) -> Path:
    store = SqlStore.open(sql_url)
    store.drain(floor.journal)
    store.close()
    roster = RosterFile(tmp_path / "roster.toml")
    for agent in floor.roster.values():
        roster.add(agent.id, agent.name, dict(agent.skills), "secret-word", "sip-word")
    file = tmp_path / "yihu.toml"
    file.write_text(f'var = "{tmp_path}"\n[sql]\nurl = "{sql_url}"\n')
    return file


def _explain(settings_file: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["--settings", str(settings_file), "explain", *args])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_answer_is_that_of_the_whole_journal(settings_file: Path, lang: str) -> None:
    golden = Path(__file__).parents[1] / "unit" / "why" / f"waited_140_s.n1-9.{lang}.txt"
    result = _explain(settings_file, "n1-9", "--lang", lang)
    assert result.output == golden.read_text(encoding="utf-8")


def test_by_sip_call_id_and_as_json(settings_file: Path) -> None:
    found = json.loads(_explain(settings_file, "n1-9@sip", "--json").stdout)
    assert (found["call_id"], found["wait_s"], found["names"]["a1001"]) == ("n1-9", 140.0, "李娜")
    assert found["text"].startswith("通话 n1-9")


def test_the_last_call(settings_file: Path) -> None:
    assert json.loads(_explain(settings_file, "last", "--json").stdout)["call_id"] == "n1-10"


def test_no_such_call_is_one_clear_line(settings_file: Path) -> None:
    result = _explain(settings_file, "nobody")
    assert result.exit_code == 1
    assert "there is no call 'nobody'; give its id, its SIP Call-ID, or last" in result.output


def test_a_broken_roster_costs_the_names_alone(settings_file: Path, tmp_path: Path) -> None:
    (tmp_path / "roster.toml").write_text("[agent.a1001\n")
    result = _explain(settings_file, "n1-9", "--lang", "en")
    assert result.exit_code == 0
    assert "Answered by a1001 after 140 s" in result.output


@pytest.mark.parametrize(
    ("day", "call"), [(waited_140_s, "n1-9"), (lost_in_the_queue, "n1-9"), (called_back, "n1-9"), (called_back, "cb-7")]
)
def test_every_store_gives_what_the_journal_gives(store: Store, day: Callable[[], Floor], call: str) -> None:
    floor = day()
    store.drain(floor.journal)
    assert why(store, call, floor.roster, floor.now) == floor.why(call)
    assert why(store, "nobody", floor.roster, floor.now) is None


def test_a_live_call_is_explained_up_to_now(store: Store, floor: Floor) -> None:
    floor.queues("n1-12", ENTERPRISE)
    floor.at(400)
    floor.queues("n1-13", ENTERPRISE)
    floor.call(CallFact.ESTIMATED, "n1-13", wait_s=20.0, position=1, spoken_min=0)
    floor.at(430)
    store.drain(floor.journal)
    found = why(store, "n1-13@sip", floor.roster, floor.now)
    assert found is not None
    assert found == floor.why("n1-13")
