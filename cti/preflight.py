"""What must be right before anything is started: programs, flows, ports, space. Each finding names place and remedy."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cti.settings import Settings


@dataclass(frozen=True, slots=True)
class Port:
    number: int
    host: str
    kind: Literal["tcp", "udp"]
    purpose: str
    key: str
    """The settings key that changes it."""


def wanted_ports(settings: Settings) -> list[Port]:
    """Every port that we or our Asterisk will listen on."""
    ports = [
        Port(settings.agi.port, settings.agi.host, "tcp", "calls from Asterisk (AGI)", "agi.port"),
        Port(settings.web.port, settings.web.host, "tcp", "web pages and REST", "web.port"),
    ]
    if settings.asterisk.embedded:
        asterisk = settings.asterisk
        ports += [
            Port(asterisk.ami_port, "127.0.0.1", "tcp", "Asterisk's manager (AMI)", "asterisk.ami_port"),
            Port(asterisk.http_port, "127.0.0.1", "tcp", "browsers' telephones (WebSocket)", "asterisk.http_port"),
            Port(asterisk.sip_port, asterisk.host, "udp", "telephones (SIP)", "asterisk.sip_port"),
        ]
    return ports


def check_ports(settings: Settings) -> list[str]:
    """One line for each port that cannot be had. A left-over Asterisk of this `var` is no obstacle."""
    problems = []
    taken: dict[tuple[int, str], Port] = {}
    for port in wanted_ports(settings):
        if other := taken.get((port.number, port.kind)):
            problems.append(f"{port.key} and {other.key} are both {port.number}: give one of them another number")
            continue
        taken[port.number, port.kind] = port
        reason = _why_not(port)
        if reason is None:
            continue
        holder = port_holder(port.number, port.kind)
        if holder is not None and str(settings.asterisk_etc).encode() in _command_line(holder):
            continue
        who = f"held by {_program_name(holder)} (process {holder})" if holder else reason
        problems.append(
            f"port {port.number}/{port.kind} on {port.host}, for {port.purpose}: {who}; "
            f"stop that, or set {port.key} to a free port"
        )
    rtp = settings.asterisk
    if rtp.embedded and rtp.rtp_last - rtp.rtp_first < 3:
        problems.append(f"asterisk.rtp_first {rtp.rtp_first} to rtp_last {rtp.rtp_last}: too few ports for one call")
    return problems


def check_roster(settings: Settings) -> list[str]:
    """What is wrong with the files of agents and of users."""
    from agents.roster import RosterError
    from cti.accounts.people import UsersError
    from cti.roster_file import RosterFile
    from cti.users_file import UsersFile

    try:
        RosterFile(settings.roster).read()
        UsersFile(settings.users).read()
    except (RosterError, UsersError) as error:
        return [str(error)]
    return []


def check_flows(settings: Settings) -> list[str]:
    """Every fault of every flow file, and of the numbers that begin at one, with file and line."""
    from cti.flow_files import flow_paths
    from cti.numbers import NUMBERS, read_numbers
    from cti.speech.prompt_files import PromptFiles, PromptFilesError
    from cti.toml_file import TomlRefused
    from cti.watched_file import read_document
    from ivr_flows.errors import FlowError
    from ivr_flows.loader import load
    from ivr_flows.prompts import MAIN_LANGUAGE, PromptError, load_catalogue

    try:
        prompts = load_catalogue(own=settings.documents / "prompts").ids()
        durations = PromptFiles(own=settings.documents / "sounds").durations(MAIN_LANGUAGE)
    except (PromptError, PromptFilesError) as error:
        return [str(error)]
    try:
        table = read_document(settings.documents / "numbers.toml", read_numbers, NUMBERS)
    except TomlRefused as error:
        return list(error.faults)
    problems: list[str] = []
    paths, entries_of = flow_paths(settings.flows, settings.own_flows), table.entries()
    for name in sorted({*table.flows(), *paths}):
        path = paths.get(name, settings.flows / f"{name}.yaml")
        entries = sorted(entries_of.get(name, ()))
        try:
            text = path.read_text(encoding="utf-8")
            load(text, name, prompts, settings.transfers, durations=durations, entries=entries)
        except FlowError as error:
            problems += [f"{path.parent}/{fault}" for fault in error.faults]
        except OSError as error:
            problems.append(
                f"{path}: cannot be read ({error.strerror}); give the file, or name another flow in numbers.toml"
            )
        except UnicodeDecodeError as error:
            problems.append(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8")
    return problems


def check_space(settings: Settings) -> list[str]:
    """Whether `var` can be written and has room for recordings."""
    folder = _existing_parent(settings.var)
    if not os.access(folder, os.W_OK | os.X_OK):
        return [f"{settings.var}: our user may not write here; give it the folder, or set var to another"]
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    if free_mb < settings.calls.min_free_mb:
        return [
            f"{settings.var}: {free_mb} MB free, at least {settings.calls.min_free_mb} are needed for recordings "
            f"(calls.min_free_mb): make room, or set var to a larger disk"
        ]
    return []


def port_holder(number: int, kind: Literal["tcp", "udp"]) -> int | None:
    """The process that listens on a port, as far as this user may see it."""
    inodes = _listening_inodes(number, kind)
    if not inodes:
        return None
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and inodes & _socket_inodes(process):
            return int(process.name)
    return None


def _why_not(port: Port) -> str | None:
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if port.kind == "tcp" else socket.SOCK_DGRAM) as probe:
        if port.kind == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
        except OSError as error:
            return error.strerror or str(error)
    return None


def _listening_inodes(number: int, kind: str) -> set[str]:
    inodes = set()
    for table in (f"/proc/net/{kind}", f"/proc/net/{kind}6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            listens = columns[3] == "0A" or kind == "udp"
            if listens and int(columns[1].rpartition(":")[2], 16) == number:
                inodes.add(columns[9])
    return inodes


def _socket_inodes(process: Path) -> set[str]:
    links = []
    with contextlib.suppress(OSError):
        for name in os.listdir(process / "fd"):  # noqa: PTH208 (thousands of them)
            with contextlib.suppress(OSError):
                links.append(os.readlink(f"{process}/fd/{name}"))  # noqa: PTH115
    return {link[8:-1] for link in links if link.startswith("socket:[")}


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _program_name(pid: int | None) -> str:
    words = _command_line(pid or 0).split(b"\0")
    return Path(os.fsdecode(words[0])).name or "a program"


def _existing_parent(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
