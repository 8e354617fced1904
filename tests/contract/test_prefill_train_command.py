"""`yihu prefill train`: a classifier of the city's own, of what its agents have settled, without a daemon."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cti.cli import main
from cti.prefill_files import WEIGHTS_FILE
from cti.tickets.form import load_form
from cti.tickets.prefill import training
from cti.tickets.prefill.city import City, load_city
from cti.tickets.prefill.scoring import PARTS, scores, unseen
from cti.tickets.prefill.training import Example, as_row, from_row, impersonal, of_form

pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install yihu[training]")

LOCAL = ("榕树头那边又开始唱了", "榕树头唱到半夜", "榕树头的人天天唱", "榕树头唱个不停", "今晚榕树头还在唱")
"""Nothing that we have shipped says that under the banyan means a karaoke."""


class Desk:
    def __init__(self, folder: Path) -> None:
        self.settings = folder / "yihu.toml"
        self.settings.write_text('var = "var"\n', encoding="utf-8")
        self.examples = folder / "examples.jsonl"
        self.weights = folder / "var" / "documents" / "tickets" / WEIGHTS_FILE

    def write(self, examples: Iterable[Example]) -> None:
        rows = (json.dumps(as_row(one), ensure_ascii=False) for one in examples)
        self.examples.write_text("\n".join(rows) + "\n", encoding="utf-8")

    def train(self, *more: str) -> Result:
        argv = ["--settings", str(self.settings), "prefill", "train", "--examples", str(self.examples), *more]
        return CliRunner().invoke(main, argv)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def few_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training takes moments then."""
    known = ("order.city.noise", "construction.utilities.gas", "society.labour.wages")
    few = [one for one in training.phrases() if one.fields["matter"] in known]
    monkeypatch.setattr("cti.bench.training_set.shipped_examples", lambda _: few)
    monkeypatch.setattr("cti.tickets.prefill.scoring.PARTS", 2)


def settled(count: int, matter: str = "order.city.noise") -> list[Example]:
    fields: dict[str, Any] = {"type": "complaint", "matter": matter, "caller_name": "王小明"}
    return [
        Example(f"t{n}", f"我叫王小明，{LOCAL[n % len(LOCAL)]}电话一三八零零零零{n:04d}", fields) for n in range(count)
    ]


@pytest.mark.usefixtures("few_of_ours")
def test_what_agents_settled_is_learnt_and_measured_on_what_was_not_seen(desk: Desk) -> None:
    desk.write(settled(60))

    done = desk.train()

    assert done.exit_code == 0, done.output
    assert "60 examples of your agents" in done.output
    line = next(line for line in done.output.splitlines() if line.strip().startswith("matter:"))
    shipped, trained = (float(part) for part in (line.split()[1], line.split("weights, ")[1].split()[0]))
    assert trained == 1.0 > shipped
    weights = json.loads(desk.weights.read_text(encoding="utf-8"))
    assert "榕树" in weights["matter"]["weights"]
    assert desk.weights.stat().st_mode & 0o777 == 0o600
    # No name and no number of a citizen is in it, however often they were said
    assert not {"小明", "王小", "三八", "00"} & {pair for table in weights.values() for pair in table["weights"]}
    city = load_city(load_form(), weights=desk.weights)
    assert city.judge.matters("榕树头唱歌", {})[0].value == "order.city.noise"


def test_too_few_examples_are_refused(desk: Desk) -> None:
    desk.write(settled(49))

    done = desk.train()

    assert done.exit_code == 1
    assert "49 examples" in done.output
    assert "50 are needed" in done.output
    assert not desk.weights.exists()


@pytest.mark.usefixtures("few_of_ours")
def test_weights_that_do_worse_are_not_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a training that learns nonsense
    desk.write(settled(60))
    real = training.train

    def nonsense(examples: Sequence[Example]) -> dict[str, Any]:
        return real(
            [Example(one.id, one.pii_text, {"type": "praise", "matter": f"m{n % 3}"}) for n, one in enumerate(examples)]
        )

    monkeypatch.setattr(training, "train", nonsense)

    done = desk.train()

    assert done.exit_code == 1
    assert "do worse" in done.output
    assert not desk.weights.exists()


def test_a_line_that_is_no_example_is_named_without_its_text(desk: Desk) -> None:
    desk.examples.write_text('{"id": "t1", "pii_text": "王小明"}\n', encoding="utf-8")

    done = desk.train()

    assert done.exit_code == 1
    assert "examples.jsonl:1: is no example" in done.output
    assert "王小明" not in done.output


def test_without_scikit_learn_the_extra_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn", None)
    desk.write(settled(60))

    done = desk.train()

    assert done.exit_code == 1
    assert "yihu[training]" in done.output


def test_each_example_is_judged_by_a_city_that_has_not_seen_it() -> None:
    examples = settled(40)
    city, seen = load_city(load_form()), dict[int, set[str]]()
    cities: list[City] = []

    def trained_with(others: Sequence[Example]) -> City:
        made = load_city(city.form)
        cities.append(made)
        seen[id(made)] = {one.id for one in others}
        return made

    judged = list(unseen(examples, trained_with))

    assert sorted(one.id for _, one in judged) == sorted(one.id for one in examples)
    assert all(one.id not in seen[id(by)] for by, one in judged)
    assert len(cities) == PARTS


def test_a_field_that_nobody_settled_is_not_counted() -> None:
    city = load_city(load_form())
    said = "楼下烧烤店噪音扰民，吵得睡不着"

    found = scores(
        [(city, Example("a", said, {"matter": "order.city.noise"})), (city, Example("b", said, {"matter": None}))]
    )

    assert (found["matter"].right, found["matter"].filled, found["matter"].expected) == (1, 2, 1)
    assert (found["type"].filled, found["type"].expected) == (0, 0)


def test_examples_go_through_a_file_and_lose_what_the_form_has_no_code_for() -> None:
    one = Example("a", "路灯坏了", {"matter": "gone.matter", "type": "help", "target": None}, {"type": "complaint"})

    assert from_row(json.loads(json.dumps(as_row(one)))) == one
    assert of_form(one, load_form()).fields == {"type": "help", "target": None}
    assert impersonal(one) == one
