"""Who gets speech when streams run short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.speech.budget import MOST_A_WORKER, STAYS, Claim, recordings_at_once, streams_of_worker, who_gets


def menu(number: int, listened_to: bool = False) -> Claim:
    return Claim(number, "menu", 0.0, listened_to)


def queue(number: int, listened_to: bool = False) -> Claim:
    return Claim(number, "queue", 0.0, listened_to)


def talk(number: int, expected_s: float, listened_to: bool = False) -> Claim:
    return Claim(number, "talk", expected_s, listened_to)


@pytest.mark.parametrize(
    ("claims", "streams", "who"),
    [
        ([], 2, set()),
        ([talk(1, 60), talk(2, 60)], 2, {1, 2}),
        ([talk(1, 60), talk(2, 90), talk(3, 30)], 2, {1, 2}),
        ([talk(1, 300, True), talk(2, 200, True), menu(3)], 2, {1, 3}),
        ([menu(1, True), menu(2, True), menu(3)], 2, {1, 2}),
        ([talk(1, 60, True), talk(2, 60)], 1, {1}),
        ([talk(1, 60, True), talk(2, 60 * STAYS - 1)], 1, {1}),
        ([talk(1, 60, True), talk(2, 60 * STAYS + 1)], 1, {2}),
        ([queue(1), talk(2, 0), talk(3, 0)], 2, {2, 3}),
        ([queue(1, True), talk(2, 0), talk(3, 0)], 2, {2, 3}),
        ([queue(1, True), queue(2, True), queue(3)], 2, {1, 2}),
        ([queue(1, True), talk(2, 0, True), queue(3)], 3, {1, 2, 3}),
        ([menu(1), talk(2, 900)], 0, set()),
    ],
    ids=[
        "nobody",
        "enough for all",
        "the longest expected tickets",
        "a menu answer before the shortest ticket",
        "menu answers as they came",
        "who is listened to stays",
        "and against one that is a little longer",
        "but not against one that is much longer",
        "who waits takes it from no talk",
        "and gives it to any",
        "he keeps it against those who come later",
        "where there is room he has one",
        "no streams",
    ],
)
def test_who_gets_a_stream(claims: list[Claim], streams: int, who: set[int]) -> None:
    assert who_gets(claims, streams) == who


claims = st.lists(
    st.builds(
        Claim, st.integers(1, 99), st.sampled_from(["menu", "talk"]), st.floats(0, 900, allow_nan=False), st.booleans()
    ),
    max_size=8,
    unique_by=lambda claim: claim.number,
)


@given(claims, st.integers(0, 12))
def test_no_stream_is_idle_while_somebody_wants_it_and_none_is_given_twice(wanted: list[Claim], streams: int) -> None:
    assert len(who_gets(wanted, streams)) == min(streams, len(wanted))


@given(claims, st.integers(0, 12))
def test_no_menu_answer_waits_for_a_talk(wanted: list[Claim], streams: int) -> None:
    winners = who_gets(wanted, streams)
    put_off = [claim for claim in wanted if claim.number not in winners]
    if any(claim.purpose == "menu" for claim in put_off):
        assert all(claim.purpose == "menu" for claim in wanted if claim.number in winners)


@given(claims, st.integers(0, 12))
def test_asked_again_the_same_have_it(wanted: list[Claim], streams: int) -> None:
    winners = who_gets(wanted, streams)
    now = [Claim(c.number, c.purpose, c.expected_ticket_s, c.number in winners) for c in wanted]
    assert who_gets(now, streams) == winners


@pytest.mark.parametrize(
    ("real_time", "streams"), [(0.03, 20), (0.22, 2), (0.9, 1), (0.001, MOST_A_WORKER), (None, 2), (0.0, 2)]
)
def test_a_worker_bears_as_many_streams_as_its_model_is_quick(real_time: float | None, streams: int) -> None:
    assert streams_of_worker(real_time) == streams


def test_recordings_wait_while_every_stream_is_taken() -> None:
    assert recordings_at_once(live=3, streams=4, workers=2) == 2
    assert recordings_at_once(live=4, streams=4, workers=2) == 0
    assert recordings_at_once(live=0, streams=0, workers=2) == 2  # streams may be set to none
