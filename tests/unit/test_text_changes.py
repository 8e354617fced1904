"""Two texts compared, and two changes of one text put together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cti.text_changes import difference, merged

BASE = "one\ntwo\nthree\nfour\nfive\nsix\n"


def test_a_difference_has_the_lines_around_it_and_their_numbers() -> None:
    lines = difference(BASE, BASE.replace("four\n", "4\n"), around=1)
    assert [(line.kind, line.old, line.new, line.text) for line in lines] == [
        ("~", 0, 0, ""),
        (" ", 3, 3, "three"),
        ("-", 4, 0, "four"),
        ("+", 0, 4, "4"),
        (" ", 5, 5, "five"),
    ]
    assert difference(BASE, BASE) == []


def test_changes_in_different_places_are_both_kept() -> None:
    found = merged(BASE, BASE.replace("two", "2"), BASE.replace("five", "5") + "seven\n")
    assert found.conflicts == 0
    assert found.text == "one\n2\nthree\nfour\n5\nsix\nseven\n"


def test_a_line_that_both_changed_stands_there_twice_between_marks() -> None:
    found = merged(BASE, BASE.replace("two", "mine"), BASE.replace("two", "theirs"))
    assert found.conflicts == 1
    assert "<<<<<<<\nmine\n=======\ntheirs\n>>>>>>>\n" in found.text


def test_what_both_changed_alike_is_no_conflict() -> None:
    changed = BASE.replace("two\n", "")
    assert merged(BASE, changed, changed).text == changed


LINES = st.lists(st.sampled_from("abcde"), max_size=8).map(lambda lines: "".join(f"{line}\n" for line in lines))


@given(LINES, LINES)
def test_against_an_unchanged_side_the_other_wins_whatever_it_is(base: str, other: str) -> None:
    assert merged(base, other, base).text == other
    assert merged(base, base, other).text == other
    assert merged(base, other, other).text == other
