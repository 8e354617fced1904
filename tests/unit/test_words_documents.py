"""Words that a city has of its own (key words, inspection, pre-fill) as documents: checked, published, kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cti.administration import Administration, Faulty
from cti.document_checks import Checks
from cti.document_history import History
from cti.documents import Documents
from cti.key_words import KEY_WORDS, read_key_words
from cti.quality_rules import QUALITY, read_quality_rules
from cti.settings import PROJECT, load_settings
from cti.tickets.form import load_form
from cti.tickets.model import FIELDS
from cti.tickets.prefill.lexicon import load_rules
from cti.toml_file import TomlRefused, line_of
from recordings import quality


@pytest.fixture
def office(tmp_path: Path) -> Administration:
    file = tmp_path / "yihu.toml"
    file.write_text('var = "var"\n', encoding="utf-8")
    settings = load_settings(file)
    documents = Documents(settings, Checks(settings, dict))
    return Administration(documents, History(settings.documents / "history"), lambda: 1000.0)


def problems(office: Administration, document: str, text: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.level, one.text) for one in office.check(document, text)]


def test_the_shipped_key_words_are_good_and_of_fields_that_a_ticket_has() -> None:
    shipped = read_key_words(KEY_WORDS, "k")
    assert {"着火", "自杀"} <= {*shipped.words["risk"]}
    assert {*shipped.words} - {"risk"} <= {*FIELDS}


def test_the_shipped_inspection_shows_every_limit_with_its_default() -> None:
    """A form changes them in their place, and a line that an administrator takes out changes nothing."""
    limits = r"^(silence_s|overlap_s|agent_share|agent_speed|shortest_s) = .*\n"
    assert len(re.findall(limits, QUALITY, re.MULTILINE)) == 5
    bared = re.sub(limits, "", QUALITY, flags=re.MULTILINE)
    assert read_quality_rules(bared, "q") == read_quality_rules(QUALITY, "q")
    assert read_quality_rules("", "q") == quality.Rules()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("low = 2\n", "k:1: low: Input should be less than or equal to 1"),
        ('[words]\nrisk = "着火"\n', "k:2: words.risk: must be a list in square brackets"),
        ('[words]\nrisk = [\n  "着火", "",\n]\n', "k:3: words.risk.1: String should have at least 1 character"),
        ('[words]\n\nurgancy = ["马上"]\n', "k:3: words.urgancy: is no field of a ticket; did you mean urgency?"),
        ('[words]\nhouse = ["房"]\n', "k:2: words.house: is no field of a ticket; known: risk, caller_name, "),
        ('[words]\nrisk = [\n  "着火",\n  "着火",\n]\n', "k:4: words.risk.1: 着火 stands here a second time"),
        (
            '[words]\nrisk = ["着火"]\nurgency = [\n  "马上",\n  "着火",\n]\n',
            "k:5: words.urgency.1: 着火 stands in risk too; take it out of one of them",
        ),
        ("words = 3\n", "k:1: words: must be a table"),
        ("lows = 1\n", "k:1: lows: unknown key; known here: low, words"),
        ("[words\n", "k:1: not valid TOML"),
    ],
)
def test_a_fault_of_the_key_words_has_its_line_its_key_and_what_would_be_right(text: str, fault: str) -> None:
    with pytest.raises(TomlRefused) as refused:
        read_key_words(text, "k")
    (found,) = refused.value.faults
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("\nsilence_s = 0\n", "q:2: silence_s: Input should be greater than 0"),
        ("agent_share = [0.9, 0.2]\n", "q:1: agent_share: 0.9 is more than 0.2; give the least, then the most"),
        ("agent_share = [0, 15]\n", "q:1: agent_share.1: Input should be less than or equal to 1"),
        ("agent_speed = [1, 2, 3]\n", "q:1: agent_speed: must have at most 2, not 3"),
        ('forbidden = [\n "随便你",\n "随便你",\n]\n', "q:3: forbidden.1: 随便你 stands here a second time"),
        ("[required.greeting]\nphrases = []\n", "q:2: required.greeting.phrases: must have at least 1, not 0"),
        ('[required]\ngreeting = "您好"\n', "q:2: required.greeting: must be a table"),
        (
            '[required."核对地址"]\nphrases = ["地址是"]\nwithin_s = 9\nlast_s = 9\n',
            "q:4: required.核对地址.last_s: within_s stands here too; give one of them",
        ),
        (
            'forbidden = ["急什么"]\n[required.a]\nphrases = [\n "您好",\n "您急什么",\n]\n',
            "q:5: required.a.phrases.1: whoever says 您急什么 says 急什么, which is forbidden",
        ),
    ],
)
def test_a_fault_of_the_inspection_has_its_line_its_key_and_what_would_be_right(text: str, fault: str) -> None:
    with pytest.raises(TomlRefused) as refused:
        read_quality_rules(text, "q")
    (found,) = refused.value.faults
    assert found.startswith(fault)


def test_the_place_of_an_element_is_found_beside_strings_and_comments_that_look_like_it() -> None:
    text = 'a = [\n  "x, ]",  # "y",\n\n  "z",\n  ["in", "ner"],\n  \'q\',\n]\n[[b]]\nc = 1\n[[b]]\nc = ["k",\n"l"]\n'
    assert [line_of(text, ("a", n)) for n in range(5)] == [2, 4, 5, 6, 1]
    assert line_of(text, ("b", 1, "c", 1)) == 12
    assert line_of(text, ("b", 0, "c")) == 9


def test_a_code_that_the_form_does_not_have_is_told_with_those_that_are_like_it(office: Administration) -> None:
    text = '[matter."order.city.nosie"]\nsure = ["扫街机"]\n'
    what = "the form has no matter order.city.nosie; did you mean order.city.noise or order.city?"
    assert problems(office, "prefill", text) == [(1, "error", f"matter.order.city.nosie: {what}")]


def test_a_word_that_is_taken_away_where_none_is_is_a_reminder(office: Administration) -> None:
    shipped = load_rules().matter["order.city.noise"].likely[0]
    text = f'[matter."order.city.noise"]\nwithout = [\n  "{shipped}",\n  "从来没有",\n]\n'
    what = "matter.order.city.noise.without.1: 从来没有 is no shipped word here; it takes nothing away"
    assert problems(office, "prefill", text) == [(4, "warning", what)]


def test_every_code_of_the_form_is_one_of_it() -> None:
    form = load_form()
    for field in ("type", "matter", "department"):
        codes = list(form.codes(field))
        assert len(codes) == len({*codes}) > 3
        assert all(form.choice(field, code) is not None for code in codes)


@pytest.mark.parametrize(
    ("document", "good", "bad", "line"),
    [
        ("key_words", '[words]\nrisk = ["塌方"]\n', '[words]\nrisk = ["塌方",\n""]\n', 3),
        ("quality", 'forbidden = ["不知道"]\n', 'forbidden = ["不知道"]\nsilence_s = "long"\n', 2),
        ("prefill", '[urgent]\nsure = ["管涌"]\n', '[urgent]\nsure = ["管涌"]\n[secret]\npatterns = ["("]\n', 4),
    ],
)
def test_a_faulty_text_is_refused_and_a_good_one_published_kept_and_rolled_back(
    office: Administration, document: str, good: str, bad: str, line: int
) -> None:
    shipped = office.standing(document)
    assert (shipped.version.n, shipped.text[:1]) == (0, "#"), "a template that says what it is"
    with pytest.raises(Faulty) as refused:
        office.publish(document, "li", "", 0, bad)
    assert [problem.line for problem in refused.value.problems] == [line]
    assert not shipped.document.path.exists()

    office.publish(document, "li", "本市用词", 0, good)
    office.roll_back(document, "wang", "写错了", 1, 0)

    assert shipped.document.path.read_text(encoding="utf-8") == shipped.text
    assert [(one.n, one.who) for one in office.versions(document)] == [(2, "wang"), (1, "li"), (0, "")]
    assert office.text(document, 1) == good


def test_the_desk_shows_the_defaults_that_count() -> None:
    """What a field shows in grey while the city's file says nothing."""
    page = (PROJECT / "cti/web/pages/admin/section_words.js").read_text(encoding="utf-8")

    def shown(name: str) -> dict[str, str]:
        table = re.search(rf"const {name} = {{(.*?)}};", page, re.DOTALL)
        assert table is not None, name
        return dict(re.findall(r"(\w+): (\[[^\]]*\]|[\d.]+)", table[1]))

    rules, ours = load_rules(), quality.Rules()
    assert {key: float(value) for key, value in shown("THRESHOLDS").items()} == rules.thresholds
    assert {key: float(value) for key, value in shown("IN_MENU").items()} == {
        "matter": rules.menu.matter,
        "type": rules.menu.type,
    }
    assert {key: float(value) for key, value in shown("LIMITS").items()} == {
        key: getattr(ours, key) for key in ("silence_s", "overlap_s", "shortest_s")
    }
    assert {key: tuple(map(float, re.findall(r"[\d.]+", value))) for key, value in shown("BOUNDS").items()} == {
        "agent_share": ours.agent_share,
        "agent_speed": ours.agent_speed,
    }
