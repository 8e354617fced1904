"""Settings: one TOML file, read once at the start, unknown keys refused. Every default stands here.

Secrets are never in it: they are made at the first start and kept in `var/secrets.toml` (mode 0600, `cti/secrets.py`);
a city that brings its own Asterisk gives its AMI secrets by environment (YIHU_AMI_RO_SECRET, YIHU_AMI_CTL_SECRET).
"""

from __future__ import annotations

import os
import re
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from cti.toml_file import TomlRefused, read_toml

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout this code runs from: shipped flows, sounds and asterisk-config lie in it."""
SHIPPED_FLOWS = PROJECT / "ivr_flows" / "flows"

_strict = ConfigDict(extra="forbid")
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(ge=0, le=86400)]
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class SettingsError(Exception):
    """The settings cannot be used; the text names file, line and key, and what would be right."""


@dataclass(frozen=True, config=_strict)
class City:
    code: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "dongguan"
    name: str = "东莞"
    timezone: str = "Asia/Shanghai"


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
    tls_cert: Path | None = None
    """Certificate for https and wss (PEM, with those that lead to its authority); relative to the settings file. None:
    in clear, for a browser on this machine, or behind a proxy that has one."""
    tls_key: Path | None = None
    """Its private key (PEM)."""

    @property
    def address(self) -> str:
        return f"{'http' if self.tls_cert is None else 'https'}://{self.host}:{self.port}"


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
class Targets:
    """What the city has promised: shares of calls, by the metric they are measured by."""

    connection_rate: Share = 0.9
    queue_answer_rate: Share = 0.95
    asked_in_time: Share = 0.95
    """Of `asked_answer_rate_15s` …"""
    any_day: Share = 0.95
    """… and of `rolling_24h`: GB/T 33358-2016."""

    def by_metric(self) -> dict[str, float]:
        return {
            "connection_rate": self.connection_rate,
            "queue_answer_rate": self.queue_answer_rate,
            "asked_answer_rate_15s": self.asked_in_time,
            "rolling_24h": self.any_day,
        }


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
class Moving:
    """Others who are called to a talk. Whom, stands in documents/directory.toml and in `transfers`."""

    dial: Annotated[str, Field(pattern=r"^(PJSIP/[A-Za-z0-9@:./_-]*\{number\}[A-Za-z0-9@:./_-]*)?$")] = ""
    """Asterisk's dial string with {number}, as "PJSIP/{number}@trunk"; "": no number of the directory is called."""
    caller_id: Annotated[str, Field(pattern=r"^(\+?[0-9]{2,20})?$")] = ""
    """The number those outside see; "": the one that the citizen dialled."""
    ring_s: Annotated[float, Field(ge=5, le=50)] = 30.0
    agent_wait_s: Annotated[float, Field(ge=5, le=300)] = 30.0
    """Who is sent on to an agent without announcement waits so long for him alone."""
    legs_per_call: Annotated[int, Field(ge=1, le=10)] = 4
    """So many others in one talk at a time."""
    legs_per_agent_hour: Annotated[int, Field(ge=1, le=1000)] = 60
    """An agent can have so many called within an hour."""
    concurrent: Annotated[int, Field(ge=1, le=500)] = 30
    """Numbers outside that ring or talk at a time, in all calls."""


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
class Supervision:
    """Supervisors, and guests of the city, who are beside a talk."""

    told: Literal["always", "speaking", "never"] = "speaking"
    """Whether the agent's page says that a supervisor is there; speaking: while he whispers or barges in."""
    telephones: dict[str, str] = field(default_factory=dict)
    """Where supervisors may be called instead of in their browsers: "8001" = "PJSIP/8001@trunk". No other is."""
    ring_s: Annotated[float, Field(ge=5, le=60)] = 20.0


@dataclass(frozen=True, config=_strict)
class Accounts:
    idle_s: Annotated[float, Field(ge=60, le=43200)] = 1800.0
    """A session of which nothing was heard for so long is over; an open desk page is heard of."""


@dataclass(frozen=True, config=_strict)
class Video:
    """The citizens' page."""

    public: bool = True
    """Anybody may begin at /video; False: only with an invitation."""
    address: Annotated[str, Field(pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+)?$")] = ""
    """Of our pages as citizens reach them, for links; "": as whoever asked for the link reached us."""
    codecs: Annotated[tuple[Literal["vp8", "h264"], ...], Field(min_length=1, max_length=2)] = ("vp8", "h264")
    """The first that both pages have is used."""
    frames_per_s: Annotated[int, Field(ge=10, le=30)] = 25
    invitation_s: Annotated[float, Field(ge=60, le=86400)] = 900.0
    """How long a link, and the code that stands for it, can be used."""
    visit_s: Annotated[float, Field(ge=120, le=7200)] = 1200.0
    """How long somebody may stay on the page before he calls."""
    away_s: Annotated[float, Field(ge=10, le=300)] = 30.0
    """A citizen whose page was gone for so long has left."""
    visits_an_hour: Annotated[int, Field(ge=1, le=1000)] = 20
    """From one address, without an invitation."""
    code_tries: Annotated[int, Field(ge=3, le=20)] = 5
    """Wrong codes from one address in ten minutes."""
    most: Annotated[int, Field(ge=1, le=5000)] = 200
    """Visits at one moment."""
    sms_webhook: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """The city's gateway for messages: gets {phone, link, code} by POST, with $YIHU_SMS_TOKEN as bearer token if there
    is one; "": the agent reads the code out."""
    record_most_mb: Annotated[int, Field(ge=10, le=4096)] = 500
    """Pictures of one call beyond this are not kept."""
    desk: Path = Path("video_desk.toml")
    """Phrases and cards that agents have at hand; relative to `var`; no such file: the shipped ones."""


@dataclass(frozen=True, config=_strict)
class Tickets:
    """Tickets that were submitted and what becomes of them."""

    webhook: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """The city's platform gets each by POST here, signed with $YIHU_WEBHOOK_SECRET; "": it fetches them itself."""


@dataclass(frozen=True, config=_strict)
class Alerts:
    """Who is told outside; bounds and audiences stand in documents/rules.toml."""

    webhook: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """Gets each alert by POST, signed with $YIHU_ALERT_WEBHOOK_SECRET; "": nobody does."""


@dataclass(frozen=True, config=_strict)
class Reports:
    """Files of reports that are made by themselves: CSV and XLSX of the day, week or month before."""

    files: tuple[Literal["day", "week", "month"], ...] = ()
    """Of which a file is made; none: none."""
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "03:30"
    """When, by the city's clock, on the first day after it."""
    folder: Path = Path("reports")
    """Relative to `var`."""
    keep_days: Annotated[int, Field(ge=0, le=36500)] = 0
    """After so many days a file is deleted; 0: never."""


@dataclass(frozen=True, config=_strict)
class Speech:
    """What listens to callers and agents; without a model everything works, minus speech."""

    model: str = ""
    """Name of an installed model, or a folder with one; "off"; "": what `yihu model use` chose, before that the demo
    model."""
    languages: tuple[str, ...] = ("zh-CN",)
    """That the model understands; nobody is listened to in another one."""
    workers: Annotated[int, Field(ge=1, le=64)] | None = None
    """Processes, each with the model in its memory; None: one for each core but the first, four at most."""
    streams: Annotated[int, Field(ge=0, le=2000)] | None = None
    """Speakers who are listened to at one moment; None: as many as the workers can, by the speed of the model."""
    growth_mb: Annotated[float, Field(ge=50, le=100_000)] = 800.0
    """A worker that has grown by so much since its model was loaded is replaced, once its streams are over."""
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    """To which Asterisk brings the sound (AudioSocket), at the address of `agi.host`; 0: any free one."""


@dataclass(frozen=True, config=_strict)
class Pair:
    """Two daemons for one city, one active and one warm. Both need the same Redis and the same SQL store."""

    peer: Annotated[str, Field(pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+)?$")] = ""
    """Address of the other daemon's API; "": this is the only daemon of the city."""
    ttl_s: Annotated[float, Field(ge=0.5, le=10)] = 1.5
    """A lease that was not renewed for so long is over."""


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
    targets: Targets = field(default_factory=Targets)
    agents: Agents = field(default_factory=Agents)
    callback: Callback = field(default_factory=Callback)
    moving: Moving = field(default_factory=Moving)
    supervision: Supervision = field(default_factory=Supervision)
    accounts: Accounts = field(default_factory=Accounts)
    video: Video = field(default_factory=Video)
    tickets: Tickets = field(default_factory=Tickets)
    alerts: Alerts = field(default_factory=Alerts)
    reports: Reports = field(default_factory=Reports)
    speech: Speech = field(default_factory=Speech)
    pair: Pair = field(default_factory=Pair)
    flows: Path = SHIPPED_FLOWS
    """Folder with the flow files."""
    documents: Path = Path("documents")
    """What an administrator changes while the city runs, with the history of it; relative to `var`."""
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
    transfers: dict[str, str] = field(default_factory=dict)
    """Allowed targets of a transfer: "110" = "PJSIP/110@trunk". Nothing else can ever be dialled."""

    @property
    def own_flows(self) -> Path:
        """Where a changed flow is written. Never the shipped folder, which the next release replaces: a flow here takes
        the place of the shipped one with its name."""
        return self.documents / "flows" if self.flows == SHIPPED_FLOWS else self.flows

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
    def reports_dir(self) -> Path:
        """Of files of reports that are made by themselves."""
        return self.var / self.reports.folder

    @property
    def models_dir(self) -> Path:
        """Speech models."""
        return self.var / "models"

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
        settings = read_toml(Settings, text, str(path))
    except TomlRefused as refused:
        raise SettingsError("\n".join(map(_or_moved, refused.faults))) from None
    return _absolute(settings, path.resolve().parent)


def _or_moved(fault: str) -> str:
    """A key that is not of the settings any more: where it is now."""
    found = re.match(r"(.+?:\d+: )(?:city\.)?(\w+): unknown key", fault)
    document = _MOVED.get(found[2]) if found else None
    if found is None or document is None:
        return fault
    return f"{found[1]}{found[2]}: stands in documents/{document} of `var` now: move it there"


_MOVED = {
    "did": "numbers.toml",
    "unknown_number": "numbers.toml",
    "waiting": "rules.toml",
    "overflow": "rules.toml",
    "surge": "rules.toml",
    "off_days": "calendar.toml",
    "work_days": "calendar.toml",
}


def _absolute(settings: Settings, base: Path) -> Settings:
    var = (base / settings.var).resolve()
    changed: dict[str, Any] = {name: getattr(settings, name) for name in Settings.__dataclass_fields__}
    changed |= {"var": var, "flows": (base / settings.flows).resolve(), "roster": (var / settings.roster).resolve()}
    changed |= {"schedule": (var / settings.schedule).resolve(), "users": (var / settings.users).resolve()}
    changed |= {"documents": (var / settings.documents).resolve()}
    cert, key = settings.web.tls_cert, settings.web.tls_key
    changed["web"] = replace(
        settings.web, tls_cert=cert and (base / cert).resolve(), tls_key=key and (base / key).resolve()
    )
    return Settings(**changed)
