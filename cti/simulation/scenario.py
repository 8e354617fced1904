"""A scenario, read from TOML: a synthetic day of callers, and the seats that serve them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from cti.calls import Need

SHIPPED = Path(__file__).parent / "scenarios"
HALF_HOURS = 48
HALF_HOUR_S = 1800.0
DAY_S = 86_400.0

_strict = ConfigDict(extra="forbid")
Positive = Annotated[float, Field(gt=0, le=1e6)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Level = Annotated[int, Field(ge=1, le=5)]


class ScenarioError(Exception):
    """The scenario or load file cannot be used; the text names file, place and what would be right."""


def _need(text: str) -> str:
    try:
        Need.from_text(text)
    except ValueError:
        raise ValueError("not a need; write it as general|enterprise>=3@20;enterprise>=1@20|+0") from None
    return text


@dataclass(frozen=True, config=_strict)
class Desk:
    """One kind of request, and the agents whose first work it is."""

    name: Name
    share: Positive
    """Of all calls; only the proportion of the shares counts."""
    need: Annotated[str, AfterValidator(_need)]
    """`Need.to_text()`: what our router is asked for, step by step."""
    agents: Annotated[tuple[Mapping[Name, Level], ...], Field(min_length=1)]
    """Skills of the desk's agents: the first agent has the first entry, the next the next, and so on in turn."""
    talk_s: Positive | None = None
    """None: as `callers.talk_s`."""


@dataclass(frozen=True, config=_strict)
class Callers:
    first_calls: Annotated[int, Field(ge=1, le=1_000_000)]
    """Citizens who call for the first time that day; redials come on top. Poisson, this many on average."""
    by_hour: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=24, max_length=24)]
    """Weights of the 24 hours; only their proportion counts."""
    talk_s: Positive
    """Mean; lognormal."""
    talk_sigma: Annotated[float, Field(ge=0, le=3)]
    """Of the logarithm."""
    wrap_up_s: Seconds
    """After-call work, the same after every call."""
    patience_s: Positive
    """Mean time until a waiting caller gives up; exponential."""
    answer_s: Seconds = 2.0
    """From the first ring to the agent's answer; the caller still waits."""


@dataclass(frozen=True, config=_strict)
class Redial:
    share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of those who gave up."""
    after_s: Positive = 300.0
    """Mean time from giving up to calling again; exponential."""
    most: Annotated[int, Field(ge=0, le=20)] = 4
    """Calls of one citizen after his first."""
    kept_place_s: Seconds = 300.0
    """Who calls again within this time gets his place back, with `ours` and `one_pool`."""


@dataclass(frozen=True, config=_strict)
class Seats:
    chairs: Annotated[int, Field(ge=1, le=10_000)]
    peak: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Agents logged in at the busiest hour; the rest of the day follows the arrivals."""
    least: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Never fewer than this."""
    by_hour: Annotated[tuple[int, ...], Field(min_length=24, max_length=24)] | None = None
    """Agents logged in, hour by hour, instead of `peak` and `least`."""


@dataclass(frozen=True, config=_strict)
class Scenario:
    title: str
    assumptions: Annotated[tuple[str, ...], Field(min_length=1)]
    callers: Callers
    seats: Seats
    desk: Annotated[tuple[Desk, ...], Field(min_length=1)]
    redial: Redial = field(default_factory=Redial)
    name: str = ""
    variant: str = ""

    def calls_of_half_hour(self, half_hour: int) -> float:
        """First calls expected in that half hour of the day."""
        hours = self.callers.by_hour
        return self.callers.first_calls * hours[half_hour // 2] / sum(hours) / 2

    def share(self, desk: Desk) -> float:
        return desk.share / sum(d.share for d in self.desk)

    def handling_s(self, desk: Desk) -> float:
        """Mean time a call of this desk keeps an agent: ring, talk and after-call work."""
        return self.callers.answer_s + (desk.talk_s or self.callers.talk_s) + self.callers.wrap_up_s

    def manned(self, half_hour: int) -> int:
        """Agents logged in during that half hour."""
        if self.seats.by_hour is not None:
            return self.seats.by_hour[half_hour // 2]
        assert self.seats.peak is not None
        hours = self.callers.by_hour
        return max(self.seats.least, round(self.seats.peak * hours[half_hour // 2] / max(hours)))


def shipped() -> list[str]:
    """Names of the scenarios that come with Yihu."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load(name_or_file: str) -> dict[str, Scenario]:
    """The variants of a scenario by name, the headline first. `name_or_file`: a shipped one, or a TOML file."""
    path = Path(name_or_file)
    if name_or_file in shipped():
        path = SHIPPED / f"{name_or_file}.toml"
    elif path.suffix != ".toml":
        raise ScenarioError(f"no scenario {name_or_file!r}: shipped are {', '.join(shipped())}; or give a .toml file")
    try:
        return read(path.read_text(encoding="utf-8"), path.name)
    except OSError as error:
        raise ScenarioError(f"{name_or_file}: {error.strerror}") from None


def read(text: str, file: str) -> dict[str, Scenario]:
    """The variants in the text of a scenario file; without any there is one, called "day"."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{file}: not valid TOML: {error}") from None
    changes = raw.pop("variant", {"day": {}})
    if not isinstance(changes, dict) or not changes or not all(isinstance(table, dict) for table in changes.values()):
        raise ScenarioError(f"{file}: variant: write each as a table [variant.before]")
    found = {}
    for variant, table in changes.items():
        where = file if variant == "day" else f"{file}: variant {variant}"
        found[variant] = _scenario(_merged(raw, table) | {"name": Path(file).stem, "variant": variant}, where)
    return found


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`change` over `base`, table by table; lists are replaced whole."""
    merged = dict(base)
    for key, value in change.items():
        both_tables = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both_tables else value
    return merged


def _scenario(raw: Mapping[str, Any], where: str) -> Scenario:
    try:
        scenario = TypeAdapter(Scenario).validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
        raise ScenarioError(f"{where}: {place}: {first['msg']}, not {first['input']!r}") from None
    names = [desk.name for desk in scenario.desk]
    if len(set(names)) < len(names):
        raise ScenarioError(f"{where}: desk: each needs a name of its own")
    if sum(scenario.callers.by_hour) <= 0:
        raise ScenarioError(f"{where}: callers.by_hour: all hours are 0")
    if (scenario.seats.peak is None) == (scenario.seats.by_hour is None):
        raise ScenarioError(f"{where}: seats: give either peak (and least) or by_hour")
    for half_hour in range(HALF_HOURS):
        manned = scenario.manned(half_hour)
        if not len(names) <= manned <= scenario.seats.chairs:
            raise ScenarioError(
                f"{where}: seats: {manned} agents at {half_hour // 2}:00; "
                f"at least one a desk ({len(names)}) are needed, and at most {scenario.seats.chairs} chairs are there"
            )
    return scenario
