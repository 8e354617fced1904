"""Settings: one TOML file, read once at the start, unknown keys refused. Every default stands here.

Secrets are never in it: they are made at the first start and kept in `var/secrets.toml` (mode 0600, `cti/secrets.py`);
a city that brings its own Asterisk gives its AMI secrets by environment (YIHU_AMI_RO_SECRET, YIHU_AMI_CTL_SECRET).
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout this code runs from: shipped flows, sounds and asterisk-config lie in it."""

_strict = ConfigDict(extra="forbid")
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(ge=0, le=86400)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class SettingsError(Exception):
    """The settings cannot be used; the text names file, line and key, and what would be right."""


@dataclass(frozen=True, config=_strict)
class City:
    code: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "dongguan"
    name: str = "东莞"
    timezone: str = "Asia/Shanghai"
    off_days: tuple[str, ...] = ()
    """Dates (2027-02-08) that are off here beside the national calendar; they win over it."""
    work_days: tuple[str, ...] = ()
    """Dates that are worked here whatever the national calendar says."""


@dataclass(frozen=True, config=_strict)
class Asterisk:
    embedded: bool = True
    """Start our own Asterisk from `asterisk-config/`. False: one that runs already, configured from the same files."""
    system_name: str = ""
    """`systemname` in asterisk.conf of an Asterisk that is not embedded; ours gets a new random one at each start."""
    host: str = "127.0.0.1"
    ami_port: Port = 5038
    sip_port: Port = 5060
    http_port: Port = 8088
    """SIP over WebSocket, to which only the daemon connects."""
    rtp_first: Port = 20000
    rtp_last: Port = 20999
    trunk_addresses: tuple[str, ...] = ("127.0.0.2",)
    """Where calls of the carrier come from; nobody else may call. The default lets this machine play the carrier."""
    registrar: Annotated[str, Field(pattern=r"^([A-Za-z0-9.-]+(:[0-9]{1,5})?)?$")] = ""
    """host or host:port of a carrier that wants us to register, password in $YIHU_TRUNK_PASSWORD; "": none does."""
    registrar_user: Annotated[str, Field(pattern=r"^(\+?[0-9]{2,20})?$")] = ""
    """The number we register with; calls that come by the registration are calls for it."""

    @property
    def ami_host(self) -> str:
        """Our own Asterisk listens for AMI and WebSocket on loopback, wherever its telephones are."""
        return "127.0.0.1" if self.embedded else self.host


@dataclass(frozen=True, config=_strict)
class Agi:
    host: str = "127.0.0.1"
    port: Port = 4573
    second: str = ""
    """host:port of a second daemon that Asterisk tries when this one does not answer; "": none."""


@dataclass(frozen=True, config=_strict)
class Redis:
    url: str = ""
    """redis:// or unix:// address of a running server; "": start our own on a socket in `var`."""


@dataclass(frozen=True, config=_strict)
class Sql:
    url: str = ""
    """SQLAlchemy address (postgresql+psycopg://…); "": SQLite in `var`."""


@dataclass(frozen=True, config=_strict)
class Web:
    host: str = "127.0.0.1"
    port: Port = 8080


@dataclass(frozen=True, config=_strict)
class Calls:
    offer_timeout_s: Annotated[float, Field(ge=3, le=120)] = 15.0
    """Ringing at one agent before the next is tried."""
    wrap_up_s: Seconds = 20.0
    """After-call work before the agent is offered the next call; 0: none."""
    survey_scale: Literal[3, 5] = 3
    announcements: tuple[str, ...] = ()
    """Prompt ids of the announcements that are switched on."""
    min_free_mb: Annotated[int, Field(ge=1)] = 200
    """Below this much free space in `var` the daemon refuses to start, and a running one warns."""


@dataclass(frozen=True, config=_strict)
class Waiting:
    """What a waiting caller is spared, told and offered."""

    kept_place_s: Seconds = 300.0
    """Who was cut off and calls again within this time gets his place back; 0: nobody does."""
    last_agent_days: Annotated[float, Field(ge=0, le=90)] = 7.0
    """Who was served within this time is first offered to the same agent …"""
    last_agent_s: Annotated[float, Field(ge=0, le=120)] = 8.0
    """… for so long; 0: never."""
    language_s: Seconds = 120.0
    """Who chose a language waits so long for an agent who speaks it, before anybody will do."""
    callback_from_s: Annotated[float, Field(ge=30, le=7200)] = 180.0
    """An estimate above this offers to call back with the place kept."""


@dataclass(frozen=True, config=_strict)
class Overflow:
    """Agents of another skill may take the callers of a queue too."""

    queue: Name
    to: Name
    """The skill that lends its agents."""
    after_s: Seconds | None = None
    """So long after queueing; None: only while the surge ladder's `borrow` is on."""


@dataclass(frozen=True, config=_strict)
class Callback:
    """Calls of ours to citizens: those who asked for one, and those who were lost."""

    dial: str = ""
    """Asterisk's dial string with {number}, as "PJSIP/{number}@trunk"; "": no call goes out, tasks are for people."""
    caller_id: Annotated[str, Field(pattern=r"^(\+?[0-9]{2,20})?$")] = ""
    """The number citizens see."""
    area_code: Annotated[str, Field(pattern=r"^(0[1-9][0-9]{1,2})?$")] = ""
    """Of this city, as 0769: put before local numbers of 7 or 8 digits; "": those are not called."""
    hours: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$")] = "08:00-21:00"
    """Nobody is called outside them."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    retry_s: Annotated[float, Field(ge=10, le=86400)] = 900.0
    """From a failed attempt to the next."""
    ring_s: Annotated[float, Field(ge=10, le=120)] = 35.0
    per_number_a_day: Annotated[int, Field(ge=1, le=20)] = 4
    per_hour: Annotated[int, Field(ge=1, le=10000)] = 200
    concurrent: Annotated[int, Field(ge=1, le=500)] = 10
    missed: bool = True
    """Call back those who were lost without asking for it, while nobody waits; False: their tasks are for people."""
    missed_days: Annotated[float, Field(gt=0, le=14)] = 2.0
    """A task older than this is closed as not reached."""


@dataclass(frozen=True, config=_strict)
class Rung:
    """One rung of the surge ladder: on above one bound, off below another, never shorter than a while."""

    rung: Literal["short_prompts", "callback_sooner", "broadcast", "borrow", "standby"]
    on_wait_s: Seconds
    """On when the forecast of the wait in a quarter of an hour is above this …"""
    off_wait_s: Seconds
    """… and off when it is below this."""
    at_least_s: Seconds = 120.0


@dataclass(frozen=True, config=_strict)
class Surge:
    rungs: tuple[Rung, ...] = (
        Rung(rung="short_prompts", on_wait_s=60, off_wait_s=20),
        Rung(rung="callback_sooner", on_wait_s=90, off_wait_s=30),
        Rung(rung="broadcast", on_wait_s=120, off_wait_s=45),
        Rung(rung="borrow", on_wait_s=120, off_wait_s=45),
        Rung(rung="standby", on_wait_s=240, off_wait_s=60),
    )
    broadcast_prompt: str = "surge_busy"
    """What the rung `broadcast` plays to those who wait."""
    callback_from_s: Seconds = 60.0
    """What the rung `callback_sooner` lowers `waiting.callback_from_s` to."""


@dataclass(frozen=True, config=_strict)
class Agents:
    """Rules of agents' desks; an agent of the roster can have a wrap-up of his own."""

    wrap_up: Literal["optional", "fixed", "forced", "extendable"] = "optional"
    """optional: ends after `calls.wrap_up_s` or when the agent says so; fixed: exactly so long; forced: until the agent
    says so; extendable: as optional, and the agent may ask for more, up to `wrap_up_most_s`."""
    wrap_up_most_s: Seconds = 300.0
    no_answer_limit: Annotated[int, Field(ge=1, le=10)] = 2
    """So many offers in a row not answered, and the agent is not ready any more."""
    no_answer_pause_s: Annotated[float, Field(ge=1, le=300)] = 10.0
    """After one that was not answered nothing is offered for so long."""
    page_lost_s: Annotated[float, Field(ge=2, le=60)] = 5.0
    """A page that has been silent for so long is gone."""
    logout_after_s: Annotated[float, Field(ge=30, le=86400)] = 900.0
    """An agent whose page or telephone has been gone for so long is logged out."""
    auto_answer_s: Annotated[float, Field(ge=0, le=60)] | None = None
    """So long after the first ring a telephone in a browser answers by itself; None: the agent does. An agent's own
    `auto_answer_s` in the roster wins."""
    reattach_s: Annotated[float, Field(ge=0, le=60)] = 8.0
    """Who loses his browser in a talk has so long to be there again: his citizen waits for him alone; 0: for nobody."""
    rtp_timeout_s: Annotated[int, Field(ge=2, le=120)] = 8
    """A talking telephone from which no sound has come for so long has lost its network."""


@dataclass(frozen=True, config=_strict)
class Accounts:
    idle_s: Annotated[float, Field(ge=60, le=43200)] = 1800.0
    """A session of which nothing was heard for so long is over; an open desk page is heard of."""


@dataclass(frozen=True, config=_strict)
class Pair:
    """Two daemons for one city, one active and one warm. Both need the same Redis and the same SQL store."""

    peer: Annotated[str, Field(pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+)?$")] = ""
    """Address of the other daemon's API; "": this is the only daemon of the city."""
    ttl_s: Annotated[float, Field(ge=0.5, le=10)] = 1.5
    """A lease that was not renewed for so long is over."""


@dataclass(frozen=True, config=_strict)
class Did:
    """One number that can be dialled."""

    number: Annotated[str, Field(pattern=r"^\+?[0-9]{2,20}$")]
    flow: str
    """Name of a flow file without its ending."""
    entry: str = ""
    """Node of that flow to begin at; "": the flow's own start."""
    mode: Literal["merged", "dual", "subcentre"] = "merged"
    city: str = ""
    """City code of its records; "": the city of this installation."""
    statistics: str = ""
    """Key its calls are counted under; "": the number itself."""
    skill: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,39})?$")] = ""
    """A skill that every need of its calls asks for first, as a city's own agents; "": none."""
    skill_s: Seconds = 8.0
    """For so long; then agents without it may take the call too."""


@dataclass(frozen=True, config=_strict)
class Settings:
    var: Path = Path("var")
    """Everything written at run time; relative paths are relative to the settings file, without one to the project."""
    city: City = field(default_factory=City)
    asterisk: Asterisk = field(default_factory=Asterisk)
    agi: Agi = field(default_factory=Agi)
    redis: Redis = field(default_factory=Redis)
    sql: Sql = field(default_factory=Sql)
    web: Web = field(default_factory=Web)
    calls: Calls = field(default_factory=Calls)
    agents: Agents = field(default_factory=Agents)
    waiting: Waiting = field(default_factory=Waiting)
    overflow: tuple[Overflow, ...] = ()
    callback: Callback = field(default_factory=Callback)
    surge: Surge = field(default_factory=Surge)
    accounts: Accounts = field(default_factory=Accounts)
    pair: Pair = field(default_factory=Pair)
    flows: Path = PROJECT / "ivr_flows" / "flows"
    """Folder with the flow files."""
    roster: Path = Path("roster.toml")
    """The agents; relative paths are relative to `var`."""
    users: Path = Path("users.toml")
    """Supervisors, administrators, auditors; relative to `var`."""
    recordings: Path = Path("recordings")
    """Where Asterisk writes recordings, and every daemon of the city reads them; relative to `var`."""
    spool: Path = Path("spool")
    """Where Asterisk notes calls that it served alone, for the deciding daemon; relative to `var`."""
    schedule: Path = Path("schedule.toml")
    """Shifts and who works them; relative to `var`; no such file: no schedule."""
    did: tuple[Did, ...] = (
        Did(number="12345", flow="city"),
        Did(number="12333", flow="city", entry="social_security_line", mode="dual"),
    )
    unknown_number: str = "12345"
    """A number that is not in the table is treated like this one, and recorded as it was dialled."""
    transfers: dict[str, str] = field(default_factory=dict)
    """Allowed targets of a transfer: "110" = "PJSIP/110@trunk". Nothing else can ever be dialled."""

    @property
    def secrets_file(self) -> Path:
        return self.var / "secrets.toml"

    @property
    def asterisk_etc(self) -> Path:
        return self.var / "etc" / "asterisk"

    @property
    def run_dir(self) -> Path:
        """Sockets and pid files."""
        return self.var / "run"

    @property
    def log_dir(self) -> Path:
        return self.var / "log"

    @property
    def journal_dir(self) -> Path:
        return self.var / "journal"

    @property
    def recordings_dir(self) -> Path:
        return self.var / self.recordings

    @property
    def spool_dir(self) -> Path:
        """What Asterisk's emergency script writes while no daemon answers."""
        return self.var / self.spool

    @property
    def sql_url(self) -> str:
        return self.sql.url or f"sqlite:///{self.var / 'yihu.db'}"

    @property
    def redis_url(self) -> str:
        return self.redis.url or f"unix://{self.run_dir / 'redis.sock'}"


def load_settings(path: Path | None = None) -> Settings:
    """Reads `path`; without one $YIHU_SETTINGS, then `yihu.toml` of the working folder, then the defaults.

    Paths in the result are absolute. SettingsError names file, line, key and what would be right.
    """
    if path is None:
        named = os.environ.get("YIHU_SETTINGS")
        path = Path(named) if named else Path("yihu.toml")
        if not named and not path.exists():
            return _absolute(Settings(), PROJECT)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); give an existing file with --settings"
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
    try:
        settings = TypeAdapter(Settings).validate_python(raw)
    except ValidationError as error:
        lines = [_explain(path, text, list(item["loc"]), item["msg"]) for item in error.errors()]
        raise SettingsError("\n".join(lines)) from None
    return _absolute(settings, path.resolve().parent)


def _absolute(settings: Settings, base: Path) -> Settings:
    var = (base / settings.var).resolve()
    changed: dict[str, Any] = {name: getattr(settings, name) for name in Settings.__dataclass_fields__}
    changed |= {"var": var, "flows": (base / settings.flows).resolve(), "roster": (var / settings.roster).resolve()}
    changed |= {"schedule": (var / settings.schedule).resolve(), "users": (var / settings.users).resolve()}
    return Settings(**changed)


def _explain(path: Path, text: str, loc: list[Any], message: str) -> str:
    """`yihu.toml:7: web.port: Input should be less than or equal to 65535`: one line for one fault."""
    names = [str(part) for part in loc]
    line = _line_of(text, loc)
    if message == "Unexpected keyword argument":
        known = ", ".join(_known_keys(loc))
        message = f"unknown key; known here: {known}"
    return f"{path}:{line}: {'.'.join(names)}: {message}"


def _line_of(text: str, loc: list[Any]) -> int:
    """The line of the key that `loc` leads to, or of the table it belongs to, or 1."""
    table, index, found = "", 0, 1
    wanted_tables = {".".join(str(p) for p in loc[:n] if not isinstance(p, int)) for n in range(len(loc) + 1)}
    wanted_index = next((p for p in loc if isinstance(p, int)), None)
    key = next((str(p) for p in reversed(loc) if not isinstance(p, int)), "")
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line):
            table = head[2]
            index = counts.get(table, 0)
            counts[table] = index + 1
            if table in wanted_tables and wanted_index in (None, index):
                found = number
        elif (
            re.match(rf'\s*"?{re.escape(key)}"?\s*=', line) and table in wanted_tables and wanted_index in (None, index)
        ):
            return number
    return found


def _known_keys(loc: list[Any]) -> list[str]:
    kind: Any = Settings
    for part in loc[:-1]:
        if not isinstance(part, int):
            kind = _KINDS.get(str(part), kind)
    return list(kind.__dataclass_fields__)


_KINDS: dict[str, Any] = {
    "city": City,
    "asterisk": Asterisk,
    "agi": Agi,
    "redis": Redis,
    "sql": Sql,
    "web": Web,
    "calls": Calls,
    "agents": Agents,
    "waiting": Waiting,
    "overflow": Overflow,
    "callback": Callback,
    "surge": Surge,
    "rungs": Rung,
    "accounts": Accounts,
    "pair": Pair,
    "did": Did,
}
