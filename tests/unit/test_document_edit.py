"""A form's changes in a TOML text: what is not changed stays as it was written."""

from __future__ import annotations

import tomllib

import pytest

from cti.document_edit import APPEND, Edit, NotEditable, edited
from cti.numbers import NUMBERS
from cti.rules import RULES, Overflow, read_rules
from cti.skills import SKILLS, read_skills

ROSTER = """\
# ours
[agent.a1001]
name = "李明"
skills = { general = 3, enterprise = 1 }    # since May

[agent.a1002]    # new
name = "王伟"
skills = { general = 1 }
"""


def test_a_level_is_changed_and_the_comments_stay() -> None:
    text = edited(
        ROSTER, [Edit(("agent", "a1001", "skills", "general"), 5), Edit(("agent", "a1002", "skills", "video"), 2)]
    )
    assert "{ general = 5, enterprise = 1 }    # since May" in text
    assert "[agent.a1002]    # new" in text
    assert tomllib.loads(text)["agent"]["a1002"]["skills"] == {"general": 1, "video": 2}


def test_a_skill_is_taken_out_and_what_is_not_there_need_not_be() -> None:
    text = edited(ROSTER, [Edit(("agent", "a1001", "skills", "enterprise")), Edit(("agent", "a1001", "phone"))])
    assert tomllib.loads(text)["agent"]["a1001"]["skills"] == {"general": 3}
    assert "# since May" in text


def test_an_agent_is_added_with_a_heading_and_removed_again() -> None:
    new = {"name": "张三", "skills": {"general": 3}}
    text = edited(ROSTER, [Edit(("agent", "a1003"), new)])
    assert "[agent.a1003]\n" in text
    assert tomllib.loads(text)["agent"]["a1003"] == new
    again = edited(text, [Edit(("agent", "a1003"))])
    assert tomllib.loads(again) == tomllib.loads(ROSTER)


def test_the_first_agent_of_an_empty_roster() -> None:
    text = edited("# nobody yet\n", [Edit(("agent", "a1"), {"name": "a", "skills": {"general": 1}})])
    assert text.startswith("# nobody yet\n")
    assert tomllib.loads(text)["agent"]["a1"]["skills"] == {"general": 1}


def test_a_number_is_added_changed_and_removed() -> None:
    text = edited(
        NUMBERS, [Edit(("did", APPEND), {"number": "12329", "flow": "city"}), Edit(("did", 0, "entry"), "zero_menu")]
    )
    rows = tomllib.loads(text)["did"]
    assert rows[-1] == {"number": "12329", "flow": "city"}
    assert rows[0]["entry"] == "zero_menu"
    assert len(tomllib.loads(edited(text, [Edit(("did", 1))]))["did"]) == len(rows) - 1


def test_rows_of_an_inline_list_are_changed_too() -> None:
    text = 'did = [\n  {number = "1", flow = "a"},\n]\n'
    added = edited(text, [Edit(("did", APPEND), {"number": "2", "flow": "b"})])
    assert [row["number"] for row in tomllib.loads(added)["did"]] == ["1", "2"]


def test_the_first_overflow_rule_is_added_to_the_shipped_rules() -> None:
    text = edited(RULES, [Edit(("overflow", APPEND), {"queue": "enterprise", "to": "general", "after_s": 90})])
    assert read_rules(text, "").overflow == (Overflow("enterprise", "general", 90.0),)
    assert len(read_rules(text, "").surge.rungs) == 5
    assert read_rules(edited(text, [Edit(("waiting", "language_s"), 60)]), "").waiting.language_s == 60


def test_the_value_in_front_of_a_comment_is_changed_and_the_comment_stays() -> None:
    text = edited(NUMBERS, [Edit(("unknown_number",), "12333")])
    assert 'unknown_number = "12333"    # a number that is not here' in text


def test_a_skill_is_moved_with_its_comment() -> None:
    text = SKILLS.replace("[skill.video]", "# by camera\n[skill.video]")
    moved = edited(text, [Edit(("skill", "video"), before="enterprise")])
    assert list(read_skills(moved, "").skill)[:3] == ["general", "video", "enterprise"]
    assert "# by camera\n[skill.video]\n" in moved
    last = edited(moved, [Edit(("skill", "general"), before="")])
    assert list(read_skills(last, "").skill)[-1] == "general"
    assert read_skills(last, "").skill == read_skills(SKILLS, "").skill


def test_a_word_is_put_to_a_list_of_several_lines_and_taken_out_and_the_lines_stay() -> None:
    text = 'risk = [\n  "着火", "爆炸",\n  "漏气",    # gas\n]\n'
    more = edited(text, [Edit(("risk", APPEND), "塌方"), Edit(("risk", 1))])
    assert tomllib.loads(more)["risk"] == ["着火", "漏气", "塌方"]
    assert more.startswith('risk = [\n  "着火",')
    assert "# gas" in more


def test_a_list_is_replaced() -> None:
    text = edited("off_days = []     # off here\n", [Edit(("off_days",), ["2027-02-08"])])
    assert text == 'off_days = ["2027-02-08"]     # off here\n'


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("broken = [", Edit(("a",), 1)),
        (NUMBERS, Edit(("did", 99, "flow"), "x")),
        (NUMBERS, Edit((), 1)),
        (SKILLS, Edit(("skill", "nothing"), before="")),
        (SKILLS, Edit(("skill", "video"), before="nothing")),
        (NUMBERS, Edit(("unknown_number", "deeper"), 1)),
    ],
)
def test_a_change_that_does_not_fit_is_refused(text: str, edit: Edit) -> None:
    with pytest.raises(NotEditable):
        edited(text, [edit])
