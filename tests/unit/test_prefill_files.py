"""A city's own words and weights for pre-filling: laid over ours, taken over while it runs, never in the way."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cti.prefill_files import RULES_FILE, WEIGHTS_FILE, PrefillFiles, check
from cti.tickets.first_fill import Known
from cti.tickets.form import Form, load_form
from cti.tickets.prefill.classifier import SHIPPED_WEIGHTS
from cti.tickets.prefill.fill import prefill
from cti.tickets.prefill.lexicon import load_rules
from cti.tickets.prefill.own_rules import NOTHING_OWN, PREFILL, read_own_rules
from cti.tickets.prefill.words import said
from cti.toml_file import TomlRefused
from tests.support.waiting_async import eventually

OWN = """\
[matter."order.city.refuse"]
sure = ["飞天蟑螂"]
[[department]]
matter = "order.city.refuse"
words = ["飞天蟑螂"]
department = "health"
"""
SAID = "我们小区里有很多飞天蟑螂怎么办"


@pytest.fixture(scope="module")
def form() -> Form:
    return load_form()


def filled(files: PrefillFiles, text: str = SAID) -> dict[str, object]:
    return {name: one.guess.value for name, one in prefill(said(text), Known(), files.city()).items()}


def faults(text: str, form: Form) -> str:
    with pytest.raises(TomlRefused) as refused:
        read_own_rules(text, "prefill.toml", form)
    return str(refused.value)


def test_words_of_the_city_are_added_and_its_departments_come_first(tmp_path: Path, form: Form) -> None:
    shipped = filled(PrefillFiles(tmp_path, lambda: form))
    (tmp_path / RULES_FILE).write_text(OWN, encoding="utf-8")

    own = filled(PrefillFiles(tmp_path, lambda: form))

    assert shipped.get("matter") != "order.city.refuse"
    assert (own["matter"], own["department"]) == ("order.city.refuse", "health")
    assert filled(PrefillFiles(tmp_path, lambda: form), "垃圾站没人清理垃圾")["matter"] == "order.city.refuse"


def test_words_are_taken_away_and_numbers_replaced(form: Form) -> None:
    shipped = load_rules()
    text = """\
[thresholds]
target = 0.9
[matter."order.city.noise"]
without = ["狗叫"]
[urgent]
not = ["演习"]
[menu]
type = 0.9
"""

    rules = read_own_rules(text, "prefill.toml", form).over(shipped)

    assert rules.thresholds == {**shipped.thresholds, "target": 0.9}
    before, after = (set(r.matter["order.city.noise"].likely) for r in (shipped, rules))
    assert before - after == {"狗叫"}
    assert rules.urgent.not_[-1] == "演习"
    assert (rules.menu.type, rules.menu.matter) == (0.9, shipped.menu.matter)


def test_without_a_file_everything_is_as_shipped(form: Form) -> None:
    assert read_own_rules(PREFILL, "prefill.toml", form) == NOTHING_OWN
    assert NOTHING_OWN.over(load_rules()) == load_rules()


def test_what_the_shipped_text_shows_behind_its_marks_is_good(form: Form) -> None:
    """An administrator who takes the # away has a file that can be used."""
    lines = [line.removeprefix("# ") for line in PREFILL.splitlines()]
    shown = "\n".join(line for line in lines if line.startswith("[") or " = " in line)

    own = read_own_rules(shown, "prefill.toml", form)

    assert own.matter["order.city.noise"].sure == ("扫街机",)
    assert own.department[0].department == "police"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            '\n[matter."order.city.music"]\nsure = []\n',
            "prefill.toml:2: matter.order.city.music: the form has no matter",
        ),
        ('[[department]]\nmatter = "order.city"\ndepartment = "circus"\n', "prefill.toml:3: department.0.department"),
        ("[thresholds]\nplace = 0.5\n", "prefill.toml:2: thresholds.place"),
        ("[thresholds]\ntarget = 2\n", "prefill.toml:2: thresholds.target"),
        ('[urgent]\nvery = ["x"]\n', "known here: sure, likely, not, without"),
        ('[type.help]\nsure = [""]\n', "prefill.toml:2: type.help.sure"),
        ("\n[secret]\npatterns = ['(']\n", "prefill.toml:3: secret.patterns.0: no regular expression"),
        ("[secret\n", "prefill.toml:1: not valid TOML"),
    ],
)
def test_a_fault_has_its_line_and_key(text: str, fault: str, form: Form) -> None:
    assert fault in faults(text, form)


async def test_a_change_is_taken_over_and_a_faulty_one_is_not(tmp_path: Path, form: Form) -> None:
    files = PrefillFiles(tmp_path, lambda: form)
    assert filled(files).get("matter") != "order.city.refuse"
    running = asyncio.create_task(files.watch(poll_s=0.01))
    try:
        (tmp_path / RULES_FILE).write_text(OWN, encoding="utf-8")
        await eventually(lambda: filled(files).get("matter") == "order.city.refuse", 5.0, "the new words")

        with capture_logs() as logs:
            (tmp_path / RULES_FILE).write_text("[secret]\npattern = []\n", encoding="utf-8")
            await eventually(lambda: any(log["event"] == "document_refused" for log in logs), 5.0, "the refusal")

        assert "prefill.toml:2: secret.pattern: unknown key" in next(log["problem"] for log in logs if "problem" in log)
        assert filled(files)["matter"] == "order.city.refuse"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_rules_that_wait_for_their_form_are_good_when_it_comes(tmp_path: Path, form: Form) -> None:
    # Given rules with a matter that comes with another form
    (tmp_path / RULES_FILE).write_text('[matter."order.roaches"]\nsure = ["飞天蟑螂"]\n', encoding="utf-8")
    now = [form]
    files = PrefillFiles(tmp_path, lambda: now[0])
    assert filled(files, "楼下有飞天蟑螂").get("matter") != "order.roaches"
    running = asyncio.create_task(files.watch(poll_s=0.01))
    try:
        # When the form comes
        (tmp_path / "matters.toml").write_text(
            '[order]\nzh = "市容"\nen = "Order"\n[order.roaches]\nzh = "蟑螂"\nen = "Roaches"\n', encoding="utf-8"
        )
        (tmp_path / "menu.toml").write_text("", encoding="utf-8")
        now[0] = load_form(tmp_path)

        # Then they count, and nothing is guessed that this form does not have
        await eventually(lambda: filled(files).get("matter") == "order.roaches", 5.0, "the new code")
        assert filled(files, "楼下烧烤店噪音扰民，吵得睡不着觉").get("matter") in (None, "order.roaches")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"type": {"codes": ["help"], "bias": [1, 2], "weights": {}}}', '{"type": 7}', "{1"]
)
def test_weights_that_are_none_are_refused_and_the_shipped_ones_count(tmp_path: Path, form: Form, text: str) -> None:
    (tmp_path / WEIGHTS_FILE).write_text(text, encoding="utf-8")

    files = PrefillFiles(tmp_path, lambda: form)

    assert filled(files, "楼下烧烤店噪音扰民")["matter"] == "order.city.noise"
    assert [WEIGHTS_FILE in problem for problem in check(tmp_path)] == [True]


def test_own_weights_count(tmp_path: Path, form: Form) -> None:
    weights = json.loads(SHIPPED_WEIGHTS.read_text(encoding="utf-8"))
    praise = weights["type"]["codes"].index("praise")
    weights["type"]["bias"][praise] = 10_000
    (tmp_path / WEIGHTS_FILE).write_text(json.dumps(weights), encoding="utf-8")

    assert filled(PrefillFiles(tmp_path, lambda: form))["type"] == "praise"
    assert check(tmp_path) == []
