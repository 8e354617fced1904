"""Who can take whom, kept so that nothing needs to be compared twice.

Callers who can be taken by the same agents stand in one pool, however different their needs are written; agents with
the very same skills share a profile. Whether a profile can take a pool is worked out once, when the later of the two
is first seen.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar

from cti.calls import AgentId, CallId, SkillNeed
from queues.decision import LISTED
from queues.needs import lender_of, missing

_T = TypeVar("_T")
_Key = TypeVar("_Key", bound=tuple[Any, ...])
Place = tuple[float, CallId]
Turn = tuple[int, float, AgentId]
"""Sort key of an idle agent: number of skills, idle since, id."""


class Profile:
    """A set of skills with their levels, and the idle agents who have just these."""

    __slots__ = ("idle", "keys", "pools", "size", "skills")

    def __init__(self, skills: Mapping[str, int]) -> None:
        self.skills = skills
        self.size = len(skills)
        self.keys = ("", *(skill for skill, level in skills.items() if level >= 1))
        self.idle: list[Turn] = []
        self.pools: list[Pool] = []
        """Those that he can take."""

    def add(self, turn: Turn) -> None:
        insort(self.idle, turn)
        for pool in self.pools:
            pool.idle += 1

    def remove(self, turn: Turn) -> None:
        remove(self.idle, turn)
        for pool in self.pools:
            pool.idle -= 1


class Pool:
    """What the skills of an agent must be, and the callers who want just this."""

    __slots__ = ("_lacks", "able", "able_set", "callers", "idle", "keys", "lending", "wants")

    def __init__(self, wants: Sequence[SkillNeed] | None, lending: Sequence[str]) -> None:
        self.wants = wants
        """All of them; None: a step that names agents, so that skills count for `lending` alone."""
        self.lending = lending
        """Any of these skills will do as well."""
        self.callers: list[Place] = []
        self.able: list[Profile] = []
        """Fewest skills first."""
        self.able_set: set[Profile] = set()
        self.idle = 0
        """Idle agents with an able profile."""
        self._lacks: dict[Profile, str] = {}
        asked = next((need.skill for need in wants or () if need.level >= 1), "")
        self.keys = set(lending) if wants is None else {asked, *lending}
        """Nobody is able who has none of these skills; "": anybody might be."""

    def lacks(self, profile: Profile) -> str:
        """What `queues.needs.lacks` says of a step that names no agents."""
        text = self._lacks.get(profile)
        if text is None:
            text = self._lacks[profile] = missing(profile.skills, self.wants or ())
        return text

    def meet(self, profile: Profile) -> None:
        """Takes note of a profile that it has not seen."""
        if self._takes(profile.skills):
            insort(self.able, profile, key=attrgetter("size"))
            self.able_set.add(profile)
            self.idle += len(profile.idle)
            profile.pools.append(self)

    def _takes(self, skills: Mapping[str, int]) -> bool:
        if self.wants is not None:
            for need in self.wants:
                if skills.get(need.skill, 0) < need.level:
                    break
            else:
                return True
        return bool(self.lending) and lender_of(skills, self.lending) != ""

    def forget_absent(self) -> None:
        """Forgets the profiles that nobody idle has."""
        self.able = [profile for profile in self.able if profile.idle]
        self.able_set = set(self.able)
        self._lacks = {profile: text for profile, text in self._lacks.items() if profile.idle}

    def best(self) -> list[Turn]:
        """The first idle agents with an able profile: one to be chosen, and those to be listed beside him."""
        found: list[Turn] = []
        left = self.idle
        for profile in self.able:
            if not left or (len(found) > LISTED and profile.size > found[-1][0]):
                break
            left -= len(profile.idle)
            for turn in profile.idle:
                if len(found) > LISTED:
                    if turn > found[-1]:
                        break
                    found.pop()
                insort(found, turn)
        return found


class Pools:
    """All pools and profiles in use, and some that may come into use again."""

    def __init__(self, forget_above: int = 4096) -> None:
        self._pools: dict[tuple[Sequence[SkillNeed] | None, Sequence[str]], Pool] = {}
        self._profiles: dict[frozenset[tuple[str, int]], Profile] = {}
        self._forget_above = self._limit = forget_above
        # Who is to meet whom, by skill; "" stands for all profiles, and for pools that any profile might be able for.
        self._profiles_with: dict[str, list[Profile]] = {}
        self._pools_for: dict[str, list[Pool]] = {}

    def pool(self, wants: tuple[SkillNeed, ...] | None, lending: tuple[str, ...]) -> Pool:
        found = self._pools.get((wants, lending))
        if found is None:
            self._forget()
            found = self._pools[wants, lending] = Pool(wants, lending)
            for profile in _all_under(found.keys, self._profiles_with):
                found.meet(profile)
            _enter(found, found.keys, self._pools_for)
        return found

    def profile(self, skills: Mapping[str, int]) -> Profile:
        key = frozenset(skills.items())
        found = self._profiles.get(key)
        if found is None:
            self._forget()
            found = self._profiles[key] = Profile(dict(skills))
            for pool in _all_under(found.keys, self._pools_for):
                pool.meet(found)
            _enter(found, found.keys, self._profiles_with)
        return found

    def with_callers(self) -> list[Pool]:
        return [pool for pool in self._pools.values() if pool.callers]

    def __len__(self) -> int:
        return len(self._pools) + len(self._profiles)

    def _forget(self) -> None:
        """Drops what nobody uses when there is much of it: skills and flows of months must not pile up in a daemon."""
        if len(self) < self._limit:
            return
        self._pools = {key: pool for key, pool in self._pools.items() if pool.callers}
        self._profiles = {key: profile for key, profile in self._profiles.items() if profile.idle}
        self._limit = max(self._forget_above, 2 * len(self))
        self._profiles_with.clear()
        self._pools_for.clear()
        for profile in self._profiles.values():
            profile.pools = [pool for pool in profile.pools if pool.callers]
            _enter(profile, profile.keys, self._profiles_with)
        for pool in self._pools.values():
            pool.forget_absent()
            _enter(pool, pool.keys, self._pools_for)


def remove(ordered: list[_Key], key: _Key) -> None:
    """Takes a key out of a sorted list that has it."""
    del ordered[bisect_left(ordered, key)]


def _enter(item: _T, keys: Iterable[str], index: dict[str, list[_T]]) -> None:
    for key in keys:
        index.setdefault(key, []).append(item)


def _all_under(keys: Iterable[str], index: dict[str, list[_T]]) -> Iterable[_T]:
    """Each once."""
    return dict.fromkeys(chain.from_iterable(index.get(key, ()) for key in keys))
