"""Who calls in a demonstration and what each caller means to do, drawn from a seed before the first call. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a caller means his call to come to."""

    CHOOSES_AND_RATES = "chooses_and_rates"
    CHOOSES_NO_RATING = "chooses_no_rating"
    MISTYPES_AND_RATES = "mistypes_and_rates"
    SAYS_NOTHING = "says_nothing"
    """No key at all: silence leads to a person, too."""
    LEAVES_IN_MENU = "leaves_in_menu"
    LEAVES_WAITING = "leaves_waiting"
    LEAVES_TALKING = "leaves_talking"


SHARES = {
    Outcome.CHOOSES_AND_RATES: 30,
    Outcome.CHOOSES_NO_RATING: 14,
    Outcome.MISTYPES_AND_RATES: 12,
    Outcome.SAYS_NOTHING: 14,
    Outcome.LEAVES_IN_MENU: 10,
    Outcome.LEAVES_WAITING: 10,
    Outcome.LEAVES_TALKING: 10,
}
"""Of 100 calls"""


@dataclass(frozen=True, slots=True)
class Plan:
    """One caller. Seconds of `keys` and `leaves_after_s` count from the moment the system answered."""

    number: str
    dialled: str
    outcome: Outcome
    keys: tuple[tuple[float, str], ...] = ()
    leaves_after_s: float | None = None
    """Hangs up then, unless he is talking to an agent"""
    leaves_talk_after_s: float | None = None
    rating: str = ""
    rating_after_s: float = 1.0
    """From the moment the agent has hung up"""
    sample: int = 0
    """Which of the spoken requests he says to the agent"""


@dataclass(frozen=True, slots=True)
class Menu:
    """What a caller hears: keys that choose, one that means nothing, and until when he is surely still in the menu."""

    choices: str = "12340"
    at_once: str = "1230"
    """Those of the choices that lead into a queue without another word"""
    wrong: str = "6"
    still_in_it_s: float = 1.5


def draw(
    count: int, rng: random.Random, numbers: Sequence[str], menu: Menu, queue_full_after: int, first: int = 0
) -> list[Plan]:
    """`count` callers in the order of their calls, every outcome at least once if `count` allows.

    Callers who leave while they wait come after `queue_full_after` others: before that nobody has to wait.
    Caller number n has the number 13800000000 + `first` + n, so each is of one call only.
    """
    outcomes = _apportion(count, rng)
    waiting = [o for o in outcomes if o is Outcome.LEAVES_WAITING]
    order: list[Outcome] = [o for o in outcomes if o is not Outcome.LEAVES_WAITING]
    for outcome in waiting:
        order.insert(rng.randint(min(queue_full_after, len(order)), len(order)), outcome)
    return [_plan(outcome, f"138{first + n:08d}", rng, numbers, menu) for n, outcome in enumerate(order)]


def _apportion(count: int, rng: random.Random) -> list[Outcome]:
    """By the shares, each outcome at least once as far as `count` reaches; in random order."""
    exact = {outcome: share * count / sum(SHARES.values()) for outcome, share in SHARES.items()}
    counts = {outcome: max(1, int(value)) for outcome, value in exact.items()}
    while sum(counts.values()) < count:
        lacking = max(counts, key=lambda o: exact[o] - counts[o])
        counts[lacking] += 1
    outcomes = [outcome for outcome, n in counts.items() for _ in range(n)]
    while len(outcomes) > count:
        most = max(SHARES, key=lambda o: (outcomes.count(o), SHARES[o]))
        outcomes.remove(most)
    rng.shuffle(outcomes)
    return outcomes


def _plan(outcome: Outcome, number: str, rng: random.Random, numbers: Sequence[str], menu: Menu) -> Plan:
    dialled = numbers[0] if rng.random() < 0.8 else rng.choice(numbers)
    think = rng.uniform(0.8, 2.5)
    choice: tuple[tuple[float, str], ...] = ((think, rng.choice(menu.choices)),)
    if outcome is Outcome.SAYS_NOTHING:
        choice = ()
    rating = rng.choice("1112233")
    sample = rng.randrange(1000)
    if outcome is Outcome.LEAVES_IN_MENU:
        return Plan(number, dialled, outcome, leaves_after_s=rng.uniform(0.5, menu.still_in_it_s), sample=sample)
    if outcome is Outcome.LEAVES_WAITING:
        # He presses as soon as he can and gives up early: his place is far behind in a full queue.
        keys, leaves = ((0.6, rng.choice(menu.at_once)),), rng.uniform(3.0, 4.5)
        return Plan(number, numbers[0], outcome, keys, leaves_after_s=leaves, sample=sample)
    if outcome is Outcome.LEAVES_TALKING:
        leaves = rng.uniform(1.0, 2.5)
        return Plan(number, dialled, outcome, choice, leaves_talk_after_s=leaves, sample=sample)
    if outcome is Outcome.MISTYPES_AND_RATES:
        choice = (
            (think, menu.wrong),
            (think + rng.uniform(2.5, 3.5), rng.choice(menu.choices)),
        )
    rates = outcome in (Outcome.CHOOSES_AND_RATES, Outcome.MISTYPES_AND_RATES)
    after = rng.uniform(0.8, 2.0)
    return Plan(number, dialled, outcome, choice, rating=rating if rates else "", rating_after_s=after, sample=sample)


@dataclass(slots=True)
class AgentManner:
    """How agents answer and how long they talk; each call asks once."""

    rng: random.Random
    talk_s: tuple[float, float] = (5.0, 9.0)
    answer_s: tuple[float, float] = (0.3, 0.9)
    ignored: tuple[int, ...] = ()
    """These offers, counted from 1, are left ringing"""
    offers: int = 0

    def next_offer(self) -> tuple[float | None, float]:
        """Seconds until the agent answers (None: he lets it ring) and seconds he then talks."""
        self.offers += 1
        answer, talk = self.rng.uniform(*self.answer_s), self.rng.uniform(*self.talk_s)
        return (None if self.offers in self.ignored else answer), talk
