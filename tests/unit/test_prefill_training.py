"""What agents make of drafts becomes examples, and examples a classifier."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cti.tickets.edit import Change, Editing
from cti.tickets.model import Entry, Guess, Ticket
from cti.tickets.prefill.classifier import SHIPPED_WEIGHTS, features, load_classifier
from cti.tickets.prefill.training import Example, as_text, example, phrases, train


def history(*steps: tuple[str, str, object]) -> list[Entry]:
    """Of a ticket that a machine ("filled") and an agent (everything else) changed in this order."""
    editing = Editing(Ticket("t1", "c1", created_at=1.0), at=2.0)
    for how, name, value in steps:
        version = editing.ticket.field(name).version
        if how == "filled":
            editing.guess(name, Guess(value, "speech", 0.8))  # type: ignore[arg-type]
        else:
            editing.change(Change(name, value, version, how), "7001", lambda _f, _b: ())  # type: ignore[arg-type]
    return list(editing.done().entries)


def test_a_corrected_draft_is_an_example_of_what_the_agent_settled() -> None:
    # Given a draft whose type was corrected, whose matter was confirmed and whose target was cleared
    lines = history(
        ("filled", "type", "complaint"),
        ("filled", "matter", "order.city.noise"),
        ("filled", "target", "物业"),
        ("filled", "street", "humen"),
        ("typed", "type", "report"),
        ("confirmed", "matter", "order.city.noise"),
        ("cleared", "target", None),
    )

    made = example("t1", "工地半夜施工", lines)

    # Then what nobody looked at (street) is not in it
    assert made == Example(
        "t1",
        "工地半夜施工",
        {"type": "report", "matter": "order.city.noise", "target": None},
        {"type": "complaint", "matter": "order.city.noise", "target": "物业"},
    )


def test_training_learns_from_examples_and_its_file_is_read_back(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install yihu[training]")
    kinds = {"water": "自来水停了", "power": "家里停电了", "lift": "电梯又坏了"}
    texts = ("{}怎么办", "我家{}没人修", "请问{}什么时候好", "{}三天了")
    examples = [
        Example(f"{code}{n}", text.format(words), {"matter": code, "type": code})
        for code, words in kinds.items()
        for n, text in enumerate(texts)
    ]

    path = tmp_path / "weights.json"
    path.write_text(as_text(train(examples)), encoding="utf-8")

    classifier = load_classifier(path)
    scores = classifier.scores("matter", features("今天自来水停了"))
    assert max(scores, key=lambda code: scores[code]) == "water"
    # and by the sound of what a recogniser wrote
    scores = classifier.scores("matter", features("家里听店了"))
    assert max(scores, key=lambda code: scores[code]) == "power"


def test_a_feature_of_one_example_is_not_learnt() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install yihu[training]")
    examples = [
        Example(f"{n}", f"{word}停水", {"matter": f"m{n}"}) for n, word in enumerate(("王小明", "张三", "李四"))
    ]
    weights = train(examples)["matter"]["weights"]
    assert "停水" in weights
    assert "小明" not in weights


def test_the_shipped_weights_know_the_codes_of_the_shipped_form() -> None:
    from cti.tickets.form import load_form

    form = load_form()
    for name, table in json.loads(SHIPPED_WEIGHTS.read_text(encoding="utf-8")).items():
        assert [code for code in table["codes"] if form.choice(name, code) is None] == []
    for one in phrases():
        assert all(form.choice(name, value) is not None for name, value in one.fields.items())
