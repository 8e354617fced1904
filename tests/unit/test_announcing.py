"""How often a waiting caller hears his position."""

from __future__ import annotations

from queues.announcing import Announced, is_due


def heard(positions: list[tuple[float, int]], every_s: float = 30.0) -> list[tuple[float, int]]:
    """What is announced of (time, position), looked at in this order; queued at 0."""
    last, out = Announced(0.0), []
    for at_s, place in positions:
        if is_due(last, place, at_s, every_s):
            last = Announced(at_s, place)
            out.append((at_s, place))
    return out


def test_the_first_comes_early_and_the_next_only_with_news() -> None:
    seconds = [(float(s), 5 if s < 50 else 3) for s in range(70)]
    assert heard(seconds) == [(15.0, 5), (50.0, 3)]


def test_without_news_he_hears_it_again_after_a_long_while() -> None:
    assert heard([(float(s), 2) for s in range(200)]) == [(15.0, 2), (105.0, 2), (195.0, 2)]


def test_a_worse_position_is_never_announced() -> None:
    assert heard([(15.0, 2), (60.0, 3), (300.0, 3)]) == [(15.0, 2)]


def test_many_steps_forward_are_not_read_out_one_by_one() -> None:
    assert heard([(15.0 + s, 20 - s) for s in range(15)]) == [(15.0, 20)]
