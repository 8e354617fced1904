"""Who the agents are: the roster file, read with errors that name the line of the fault."""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.wrap_up import KINDS, Kind
from cti.calls import AgentId
from queues.dialling import Allowed, check_number

_ID = re.compile(r"[a-z][a-z0-9]{1,19}")
SIP_REALM = "yihu"


class RosterError(Exception):
    """The roster cannot be used; the text names file, line, agent and what would be right."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent. The id is also the name of the telephone (PJSIP endpoint)."""

    id: AgentId
    name: str
    skills: Mapping[str, int]
    """Skill -> level 1 (can) to 5 (best)."""
    password_hash: str = ""
    """argon2 hash for logging in; "": cannot log in by password."""
    sip_ha1: str = ""
    """MD5 of id:realm:password as SIP digest needs it; "": no telephone of his own."""
    wrap_up_s: float | None = None
    """After-call work; None: the setting `calls.wrap_up_s`."""
    wrap_up: Kind | None = None
    """How it may end; None: the setting `agents.wrap_up`."""
    phone: str = field(default="", repr=False)
    """His own telephone's number, as to be dialled when he stands by; "": not known. Personal data: in no log and on no
    page."""
    auto_answer_s: float | None = None
    """So long after the first ring the telephone in his browser answers by itself; infinite: never; None: the setting
    `agents.auto_answer_s`."""
    temporary: bool = False
    """A test or demonstration agent, not of the roster file."""


def sip_ha1(agent_id: str, password: str) -> str:
    """The digest secret of RFC 2617 for our realm; the password itself is never stored."""
    return hashlib.md5(f"{agent_id}:{SIP_REALM}:{password}".encode(), usedforsecurity=False).hexdigest()


def check_id(agent_id: str) -> AgentId:
    """The id if it can be one: a letter, then letters or digits, so that it never equals a telephone number."""
    if not _ID.fullmatch(agent_id):
        raise RosterError(
            f"agent id {agent_id!r}: must be a small letter and then 1 to 19 small letters or digits, like a1001"
        )
    return AgentId(agent_id)


def check_skills(skills: object) -> dict[str, int]:
    """A table of skill = level."""
    if not isinstance(skills, dict) or not skills:
        raise RosterError("skills: must be a table like { general = 3, enterprise = 1 }")
    for skill, level in skills.items():
        if not isinstance(level, int) or isinstance(level, bool) or not 1 <= level <= 5:
            raise RosterError(f"skills.{skill}: level must be a whole number from 1 to 5")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", skill):
            raise RosterError(f"skills.{skill}: a skill is named in small letters, like social_security")
    return dict(skills)


def check_phone(phone: object) -> str:
    """The number as to be dialled; the text of a RosterError does not repeat it, for it may get into logs."""
    found = check_number(phone, "") if isinstance(phone, str) else None
    if not isinstance(found, Allowed):
        why = f" ({found.code})" if found is not None else ""
        raise RosterError(
            f'phone: cannot be called{why}; must be a text like "13800138000" or, with the area code, "076922221111"'
        )
    return found.number


def read_roster(text: str, name: str) -> dict[AgentId, Agent]:
    """The agents of a roster file (TOML, one table `[agent.<id>]` each). `name` is the file, for messages."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RosterError(f"{name}: not valid TOML: {error}") from None
    agents: dict[AgentId, Agent] = {}
    for key in raw.keys() - {"agent"}:
        raise RosterError(f"{name}:{_line(text, key)}: unknown table {key!r}; agents are written as [agent.a1001]")
    for agent_id, entry in raw.get("agent", {}).items():
        try:
            if not isinstance(entry, dict):
                raise RosterError(f"must be a table [agent.{agent_id}]")
            agents[check_id(agent_id)] = agent_from(agent_id, entry)
        except RosterError as error:
            line = _line(text, f"agent.{agent_id}")
            raise RosterError(f"{name}:{line}: agent {agent_id}: {error}") from None
    return agents


def agent_from(agent_id: str, entry: Mapping[str, object]) -> Agent:
    """One agent from a table of the roster or of the API; RosterError names the key."""
    known = {
        "name",
        "skills",
        "password_hash",
        "sip_ha1",
        "wrap_up_s",
        "wrap_up",
        "phone",
        "auto_answer_s",
        "temporary",
    }
    if unknown := sorted(entry.keys() - known):
        raise RosterError(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
    wrap_up = entry.get("wrap_up_s")
    if wrap_up is not None and (
        isinstance(wrap_up, bool) or not isinstance(wrap_up, int | float) or not 0 <= wrap_up <= 3600
    ):
        raise RosterError("wrap_up_s: must be seconds from 0 to 3600")
    kind = entry.get("wrap_up")
    if kind is not None and kind not in KINDS:
        raise RosterError(f"wrap_up: must be one of {', '.join(KINDS)}")
    auto_answer = math.inf if entry.get("auto_answer_s") == "never" else entry.get("auto_answer_s")
    if auto_answer is not None and (
        isinstance(auto_answer, bool) or not isinstance(auto_answer, int | float) or auto_answer < 0
    ):
        raise RosterError('auto_answer_s: must be seconds, 0 or more, or "never"')
    return Agent(
        id=check_id(agent_id),
        name=str(entry.get("name", agent_id)),
        skills=check_skills(entry.get("skills")),
        password_hash=str(entry.get("password_hash", "")),
        sip_ha1=str(entry.get("sip_ha1", "")),
        wrap_up_s=None if wrap_up is None else float(wrap_up),
        wrap_up=next((known for known in KINDS if known == kind), None),
        phone=check_phone(entry["phone"]) if "phone" in entry else "",
        auto_answer_s=None if auto_answer is None else float(auto_answer),
        temporary=bool(entry.get("temporary", False)),
    )


def agent_to(agent: Agent) -> dict[str, object]:
    """What `agent_from` reads back."""
    entry: dict[str, object] = {"name": agent.name, "skills": dict(agent.skills), "password_hash": agent.password_hash}
    entry |= {"sip_ha1": agent.sip_ha1, "temporary": agent.temporary}
    if agent.wrap_up_s is not None:
        entry["wrap_up_s"] = agent.wrap_up_s
    if agent.wrap_up is not None:
        entry["wrap_up"] = agent.wrap_up
    if agent.phone:
        entry["phone"] = agent.phone
    if agent.auto_answer_s is not None:
        entry["auto_answer_s"] = "never" if agent.auto_answer_s == math.inf else agent.auto_answer_s
    return entry


def _line(text: str, table: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*\[+\s*{re.escape(table)}\s*[\].]", line):
            return number
    return 1
