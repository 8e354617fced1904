"""`yihu doctor`: looks at every part of an installation, running or not, and says what to do about what is wrong."""

from __future__ import annotations

import ctypes
import fcntl
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import date
from importlib import metadata
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cti.doctor_peers import (
    Finding,
    Level,
    check_agi,
    check_ami,
    check_browsers,
    check_health,
    check_redis,
    check_sql,
    is_warm,
)
from cti.preflight import check_flows, check_ports, check_space
from cti.programs import Program, ProgramMissing, find_asterisk, find_program
from cti.secrets import SecretsError, load_or_create
from cti.settings import PROJECT, Settings
from cti.tls import check_tls

_CLOCK_UNSYNCHRONISED = 5
"""What adjtimex(2) returns as long as nothing keeps the clock right."""


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding or more for each part, as they are made. Changes nothing; no check takes more than a few seconds."""
    pid = running_supervisor(settings)
    yield Finding("ok", "system", f"running (process {pid})" if pid else "not running; `make run` starts it")
    for check in (
        _python,
        _packages,
        _programs,
        _secrets,
        _space,
        _tls,
        _flows,
        _prompts,
        _roster,
        _speech,
        _prefill,
        _words,
        _calendar,
        _clock,
        check_sql,
    ):
        yield from check(settings)
    yield from check_redis(settings, running=pid is not None)
    yield from _exposure(settings)
    yield from _browsers(settings)
    if pid is None:
        yield from _problems("ports", check_ports(settings), "free")
        if not settings.asterisk.embedded:
            yield from check_ami(settings)
    else:
        if not is_warm(settings):
            yield from check_agi(settings)
        yield from check_ami(settings)
        yield from check_browsers(settings)
        yield from check_health(settings)


def running_supervisor(settings: Settings) -> int | None:
    """The process id of the `yihu up` that holds this `var`; None when there is none."""
    try:
        with (settings.run_dir / "supervisor.lock").open("r", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read().strip() or 0)
    except (OSError, ValueError):
        pass
    return None


def pinned_versions(lock: str) -> dict[str, str]:
    """Package -> version of a lock file's text."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", lock, re.MULTILINE))


def _problems(part: str, problems: list[str], good: str) -> Iterator[Finding]:
    for problem in problems:
        yield Finding("fail", part, problem)
    if not problems:
        yield Finding("ok", part, good)


def _python(_settings: Settings) -> Iterator[Finding]:
    yield Finding("ok", "python", f"{'.'.join(map(str, sys.version_info[:3]))}, {sys.executable}")


def _packages(_settings: Settings) -> Iterator[Finding]:
    pinned = pinned_versions((PROJECT / "setup" / "runtime.lock").read_text(encoding="utf-8"))
    wrong = []
    for name, version in pinned.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "missing"
        if found != version:
            wrong.append(f"{name} {version} is pinned, here it is {found}")
    shown = "; ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
    problems = [f"{shown}: run `make setup`"] if wrong else []
    yield from _problems("packages", problems, f"{len(pinned)} as pinned in setup/runtime.lock")


def _programs(settings: Settings) -> Iterator[Finding]:
    if settings.asterisk.embedded:
        yield _program("asterisk", find_asterisk, "fail")
    if not settings.redis.url:
        yield _program("redis-server", lambda: find_program("redis-server"), "fail")
    yield _program("sipp", lambda: find_program("sipp"), "warn")  # for `yihu demo` and tests only


def _program(name: str, find: Callable[[], Program], otherwise: Level) -> Finding:
    try:
        program = find()
    except ProgramMissing as missing:
        return Finding(otherwise, name, str(missing))
    return Finding("ok", name, f"{program.version}, {program.root or 'of the system'}")


def _secrets(settings: Settings) -> Iterator[Finding]:
    if not settings.secrets_file.exists():
        yield Finding("ok", "secrets", "will be made at the first start")
        return
    try:
        load_or_create(settings)
    except SecretsError as error:
        yield Finding("fail", "secrets", str(error))
    else:
        yield Finding("ok", "secrets", f"{settings.secrets_file}, readable by us alone")


def _space(settings: Settings) -> Iterator[Finding]:
    problems = check_space(settings)
    if problems:
        yield from _problems("disk", problems, "")
        return
    folder = settings.var if settings.var.exists() else PROJECT
    usage = shutil.disk_usage(folder)
    hours = usage.free / 115_200_000  # one recorded call writes 32 kB/s
    text = f"{settings.var}: {usage.free / 1e9:.1f} GB free, room for {hours:.0f} hours of recordings"
    if usage.free < usage.total * 0.1:
        yield Finding("warn", "disk", f"{text}; less than a tenth of the disk: make room")
    else:
        yield Finding("ok", "disk", text)


def _tls(settings: Settings) -> Iterator[Finding]:
    if settings.web.tls_cert or settings.web.tls_key:
        yield from _problems("certificate", check_tls(settings), f"{settings.web.tls_cert}")


def _flows(settings: Settings) -> Iterator[Finding]:
    yield from _problems("flows", check_flows(settings), f"{settings.flows}")


def _prompts(settings: Settings) -> Iterator[Finding]:
    from cti.speech.prompt_files import PromptFiles, PromptFilesError
    from ivr_flows.prompts import MAIN_LANGUAGE, PromptError, load_catalogue

    try:
        catalogue = load_catalogue(own=settings.documents / "prompts")
        wrong = list(PromptFiles(own=settings.documents / "sounds").check(catalogue, settings.city.name))
    except (PromptError, PromptFilesError) as error:
        yield Finding("fail", "prompts", str(error))
        return
    silent = [f for f in wrong if f.problem == "missing" and f.language == MAIN_LANGUAGE]
    if silent:
        text = (
            f"{len(silent)} have no recording ({silent[0].prompt_id} first), callers hear nothing: yihu prompts build"
        )
        yield Finding("fail", "prompts", text)
    elif wrong:
        text = f"{len(wrong)} to look at (first: {wrong[0].prompt_id} in {wrong[0].language} is {wrong[0].problem})"
        yield Finding("warn", "prompts", f"{text}: yihu prompts check")
    else:
        yield Finding("ok", "prompts", f"{len(catalogue.ids())} texts, recorded in {', '.join(catalogue.languages)}")


def _roster(settings: Settings) -> Iterator[Finding]:
    from agents.roster import RosterError
    from cti.roster_file import RosterFile

    try:
        count = len(RosterFile(settings.roster).read())
    except RosterError as error:
        yield Finding("fail", "agents", str(error))
        return
    if count:
        yield Finding("ok", "agents", f"{count} in {settings.roster}")
    else:
        yield Finding("warn", "agents", f"none in {settings.roster}: nobody can answer; `yihu user add` makes one")


def _speech(settings: Settings) -> Iterator[Finding]:
    from cti.speech.models import OFF, choose

    chosen = choose(settings.speech.model, settings.models_dir, unpack=False)
    good = chosen.name == OFF or (chosen.folder is not None and not chosen.demo)
    yield Finding("ok" if good else "warn", "speech", chosen.text)


def _prefill(settings: Settings) -> Iterator[Finding]:
    from cti.prefill_files import RULES_FILE, WEIGHTS_FILE, check

    folder = settings.documents / "tickets"
    own = [name for name in (RULES_FILE, WEIGHTS_FILE) if (folder / name).exists()]
    good = f"{' and '.join(own)} of this city" if own else "the shipped rules and weights"
    yield from _problems("pre-fill", check(folder), good)


def _words(settings: Settings) -> Iterator[Finding]:
    from cti.key_words import KEY_WORDS, read_key_words
    from cti.quality_rules import QUALITY, read_quality_rules

    folder = settings.documents
    yield from _document("key words", folder / "key_words.toml", read_key_words, KEY_WORDS)
    yield from _document("inspection", folder / "quality.toml", read_quality_rules, QUALITY)


def _document(part: str, path: Path, read: Callable[[str, str], object], shipped: str) -> Iterator[Finding]:
    from cti.toml_file import TomlRefused
    from cti.watched_file import read_document

    problems: list[str] = []
    try:
        read_document(path, read, shipped)
    except TomlRefused as error:
        problems += error.faults
    yield from _problems(part, problems, f"{path.name} of this city" if path.exists() else "the shipped ones")


def _calendar(settings: Settings) -> Iterator[Finding]:
    import chinese_calendar

    zone = settings.city.timezone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield Finding("fail", "time zone", f"{zone} is unknown: install tzdata, or set city.timezone")
        return
    today = date.today()  # noqa: DTZ011 (only its year matters)
    try:
        chinese_calendar.is_workday(today)
    except NotImplementedError:
        days = "or list its days in calendar.toml"
        text = f"the package chinesecalendar does not know {today.year}: take a newer one, {days}"
        yield Finding("warn", "calendar", text)
    else:
        yield Finding("ok", "calendar", f"{zone}, statutory holidays of {today.year} known")


def _clock(_settings: Settings) -> Iterator[Finding]:
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    if state == _CLOCK_UNSYNCHRONISED:
        text = "nothing keeps it right: install systemd-timesyncd or chrony (in a container: on the host)"
        yield Finding("warn", "clock", text)
    else:
        yield Finding("ok", "clock", "kept right" if state >= 0 else "cannot be asked here")


def _exposure(settings: Settings) -> Iterator[Finding]:
    open_to_all = [(settings.agi.host, "agi.host", "only Asterisk's own host may reach it")]
    if settings.web.tls_cert is None:
        remedy = "set web.tls_cert, or put a proxy with TLS before it: pages carry personal data, and browsers give"
        open_to_all.append((settings.web.host, "web.host", f"{remedy} microphones to no page in clear"))
    for host, key, remedy in open_to_all:
        if not _is_loopback(host):
            yield Finding("warn", "exposure", f"{key} is {host}, other machines can reach it: {remedy}")


def _browsers(settings: Settings) -> Iterator[Finding]:
    """Neither Asterisk nor a browser sends sound to a loopback address."""
    if not settings.asterisk.embedded:
        return
    try:
        local = re.findall(r"-- (\S+)\n\s+/32 host LOCAL", Path("/proc/net/fib_trie").read_text(encoding="ascii"))
    except OSError:
        return
    if others := sorted({address for address in local if not _is_loopback(address)}):
        yield Finding("ok", "telephones in browsers", f"get their sound from {', '.join(others)}")
    else:
        text = "this machine has no address but loopback: they stay silent; connect it to a network"
        yield Finding("warn", "telephones in browsers", text)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
