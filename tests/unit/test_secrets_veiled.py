"""Secrets of documents: marks for pages, the values for the file."""

from __future__ import annotations

import pytest

from cti.secrets_veiled import MARK, Unknown, put_back, taken_out, veiled

ROSTER = """\
# ours
[agent.a1001]
name = "李明"
skills = { general = 3 }    # since May
password_hash = "$argon2id$v=19$abc"
sip_ha1 = ""
phone = '13800138000'
"""


def test_a_veiled_text_has_marks_for_what_is_secret_and_everything_else() -> None:
    shown = veiled(ROSTER)
    assert "argon2id" not in shown
    assert "13800138000" not in shown
    assert shown.count(MARK) == 2  # one that is empty is no secret
    assert "since May" in shown


LINES = ['"phone" = "138001"', "'phone' = '138001'", 'phone = """\n138001"""', "phone='''138001'''"]


@pytest.mark.parametrize("line", LINES)
def test_however_toml_lets_a_secret_be_written_it_is_veiled(line: str) -> None:
    text = f'[agent.a1]\nname = "李明"  # ours\n{line}\n'
    assert "138001" not in veiled(text)
    assert "# ours" in veiled(text)
    other = text.replace("138001", "138002")
    assert veiled(text, b"k") != veiled(other, b"k"), "a comparison shows that it is another"


def test_put_back_gives_the_very_same_text() -> None:
    shown = veiled(ROSTER).replace(f'phone = "{MARK}"', f"phone = '{MARK}'")
    assert put_back(shown, {}, ROSTER).replace('"13800138000"', "'13800138000'") == ROSTER


def test_what_is_typed_in_clear_is_taken_out_and_comes_back() -> None:
    plain, found = taken_out(ROSTER)
    assert found == {"agent.a1001.password_hash": "$argon2id$v=19$abc", "agent.a1001.phone": "13800138000"}
    assert "13800138000" not in plain
    assert "13800138000" in put_back(plain, found, "")


def test_a_new_secret_wins_over_the_one_before() -> None:
    text = put_back(veiled(ROSTER), {"agent.a1001.phone": "13900139000"}, ROSTER)
    assert "13900139000" in text
    assert "argon2id" in text


def test_a_mark_of_somebody_unknown_is_refused_by_name() -> None:
    with pytest.raises(Unknown, match=r"agent\.a2\.password_hash"):
        put_back(f'[agent.a2]\npassword_hash = "{MARK}"\n', {}, ROSTER)


def test_a_comparison_shows_that_a_secret_is_another_and_not_which() -> None:
    one, same, other = veiled(ROSTER, b"k"), veiled(ROSTER, b"k"), veiled(ROSTER.replace("abc", "xyz"), b"k")
    assert one == same != other
    assert "xyz" not in other


def test_a_text_that_is_no_toml_is_left_as_it_is() -> None:
    assert taken_out('phone = "1') == ('phone = "1', {})
    assert "13800138000" not in veiled('phone = "13800138000"\n[broken')
