"""What a waiting caller is told, and when."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cti.calls import CallFact, Milestone
from queues.announcing import (
    Comfort,
    Longer,
    Minutes,
    Notice,
    OfferCallback,
    Position,
    Rules,
    Told,
    Words,
    next_words,
    quiet_until,
)
from queues.estimate import Estimate

Heard = list[tuple[float, tuple[Words, ...]]]
QUIET = Rules(comfort_s=1e9)


def wait(wait_s: float, able: int = 10, ahead: float = 3.0) -> Estimate:
    return Estimate(wait_s, able, ahead, 240.0, None)


def heard(
    until: int,
    position: Callable[[float], int] = lambda t: 0,
    estimate: Callable[[float], Estimate | None] = lambda t: None,
    notices: Callable[[float], tuple[str, ...]] = lambda t: (),
    rules: Rules = QUIET,
    told: Told | None = None,
) -> Heard:
    """Everything that is said to a caller who was queued at 0, asked for once a second."""
    told, out = told or Told(0.0), []
    for second in range(until):
        now = float(second)
        if (news := next_words(told, now, position(now), estimate(now), notices(now), rules)) is not None:
            told, words = news
            out.append((now, words))
    return out


def test_the_first_comes_early_and_the_next_only_with_news() -> None:
    assert heard(100, lambda t: 5 if t < 50 else 3) == [(15.0, (Position(5),)), (50.0, (Position(3),))]


def test_many_steps_forward_are_not_read_out_one_by_one() -> None:
    assert heard(50, lambda t: max(1, 20 - int(t / 2))) == [(15.0, (Position(13),)), (45.0, (Position(1),))]


def test_a_worse_position_is_never_announced() -> None:
    assert heard(400, lambda t: 2 if t < 20 else 3) == [(15.0, (Position(2),))]


def test_the_wait_is_said_in_minutes_rounded_up_and_less_than_one_is_one() -> None:
    said = heard(200, lambda t: 2, lambda t: wait(185.0 - t))
    assert said == [
        (15.0, (Position(2), Minutes(3))),
        (65.0, (Position(2), Minutes(2))),
        (125.0, (Position(2), Minutes(1))),
    ]


def test_a_longer_wait_without_a_reason_is_not_said_but_progress_is() -> None:
    said = heard(200, lambda t: 4 if t < 60 else 3, lambda t: wait(100.0 if t < 30 else 400.0))
    assert said == [(15.0, (Position(4), Minutes(2))), (60.0, (Position(3),))]


def test_fewer_agents_are_a_reason_for_one_apology_and_the_new_figure_counts_from_then() -> None:
    def estimate(t: float) -> Estimate:
        return wait(100.0) if t < 60 else wait(290.0, able=5) if t < 100 else wait(600.0, able=2)

    said = heard(420, lambda t: 4, estimate)
    assert said == [
        (15.0, (Position(4), Minutes(2))),
        (60.0, (Position(4), Longer(5))),
        (360.0, (Position(4), Longer(10))),  # not before 300 s after the first apology
    ]


def test_an_emergency_that_went_ahead_is_a_reason_too_and_the_worse_place_stays_unsaid() -> None:
    said = heard(100, lambda t: 4 if t < 60 else 5, lambda t: wait(100.0) if t < 60 else wait(200.0, ahead=4.0))
    assert said == [(15.0, (Position(4), Minutes(2))), (60.0, (Longer(4),))]


def test_nobody_apologises_for_seconds() -> None:
    assert len(heard(400, lambda t: 4, lambda t: wait(115.0) if t < 60 else wait(140.0, able=9))) == 1


def test_without_news_he_hears_after_a_long_while_that_he_is_not_forgotten() -> None:
    said = heard(250, lambda t: 2, rules=Rules())
    assert said == [(15.0, (Position(2),)), (105.0, (Comfort(),)), (195.0, (Comfort(),))]


def test_a_topic_broadcast_comes_once_and_as_soon_as_it_is_on() -> None:
    said = heard(100, lambda t: 2, notices=lambda t: ("water",) if t < 20 else ("water", "power") if t < 40 else ())
    assert said[0] == (0.0, (Notice("water"),))
    assert [when for when, words in said if Notice("power") in words] == [20.0]
    assert sum(isinstance(w, Notice) for _, words in said for w in words) == 2


def test_a_callback_is_offered_with_the_first_figures_and_again_only_if_the_wait_grew_by_half() -> None:
    rules = Rules(comfort_s=1e9, callback_from_s=180)
    said = heard(700, lambda t: 9, lambda t: wait(300.0 if t < 100 else 440.0 if t < 400 else 460.0), rules=rules)
    assert said == [(15.0, (Position(9), Minutes(5), OfferCallback(5))), (400.0, (OfferCallback(5),))]


def test_a_callback_is_offered_when_nobody_can_take_the_call() -> None:
    said = heard(500, lambda t: 1, rules=Rules(comfort_s=1e9, callback_from_s=180))
    assert said == [(15.0, (Position(1), OfferCallback(0)))]


def test_a_flow_without_figures_still_comforts_and_offers() -> None:
    rules = Rules(every_s=None, comfort_s=90.0, callback_from_s=180)
    said = heard(120, lambda t: 3, lambda t: wait(300.0), rules=rules)
    assert said == [(15.0, (OfferCallback(0),)), (105.0, (Comfort(),))]


def test_after_a_restart_what_he_was_told_still_binds_us() -> None:
    def milestone(seq: int, kind: CallFact, **data: float | str | None) -> Milestone:
        return Milestone("call", "c", seq, 1000.0 + seq, kind, data)

    timeline = [
        milestone(1, CallFact.ESTIMATED, wait_s=500.0, position=9, spoken_min=9, spoken_position=9),
        milestone(2, CallFact.QUEUED, queue="general"),
        milestone(3, CallFact.NOTICE_HEARD, notice="water"),
        milestone(4, CallFact.ESTIMATED, wait_s=110.0, position=4, spoken_min=2, spoken_position=4),
        milestone(5, CallFact.CALLBACK_OFFERED, wait_s=200.0),
        milestone(6, CallFact.ESTIMATED, wait_s=300.0, position=3, spoken_min=0, spoken_position=3),
        milestone(7, CallFact.ESTIMATED, wait_s=300.0, position=5, spoken_min=0, spoken_position=0),
    ]
    told = Told.recalled(timeline, 0.0)
    rules = Rules(comfort_s=1e9, callback_from_s=180)
    said = heard(200, lambda t: 4, lambda t: wait(290.0, ahead=9.0), lambda t: ("water",), rules, told)
    assert said == []
    assert (told.minutes, told.position, told.notices, told.offered_s) == (2, 3, ("water",), 200.0)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9),
            st.none() | st.builds(wait, st.floats(0, 2000), st.integers(1, 4), st.floats(0, 5)),
            st.sets(st.sampled_from(["water", "power"])),
        ),
        max_size=40,
    ),
    st.integers(1, 60),
)
def test_whatever_happens_no_figure_grows_without_an_apology(
    moments: list[tuple[int, Estimate | None, set[str]]], pace_s: int
) -> None:
    told, now, rules = Told(0.0), 0.0, Rules(callback_from_s=180.0)
    minutes, place, apologies, notices, figures = 0, 0, [], [], []
    for position, estimate, on in moments:
        now += pace_s
        news = next_words(told, now, position, estimate, sorted(on), rules)
        if news and now < quiet_until(told, rules):
            assert all(isinstance(word, Notice) for word in news[1])
        for word in news[1] if news else ():
            match word:
                case Position(n):
                    assert n == position
                    assert not place or n <= place
                    place = n
                    figures.append(now)
                case Minutes(m):
                    assert not minutes or m <= minutes
                    minutes = m
                case Longer(m):
                    assert m > minutes > 0
                    minutes = m
                    apologies.append(now)
                case OfferCallback(m):
                    assert m == minutes
                case Notice(name):
                    notices.append(name)
                case Comfort():
                    assert news is not None
                    assert len(news[1]) == 1
        told = news[0] if news else told
    assert all(b - a >= rules.longer_s for a, b in pairwise(apologies))
    assert all(b - a >= 30.0 for a, b in pairwise(figures))
    assert len(notices) == len(set(notices))
