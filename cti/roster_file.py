"""The roster file on disk: read at the start, watched for changes, edited by `yihu user add`."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
import tomlkit

from agents.roster import Agent, RosterError, agent_to, check_id, check_phone, check_skills, read_roster, sip_ha1
from cti.accounts.passwords import hash_password
from cti.calls import AgentId

log = structlog.get_logger()

_HEAD = """# The agents of this hotline. `yihu user add` writes here; a change takes effect at once, without a restart.
# [agent.a1001]
# name = "…"
# skills = { general = 3, enterprise = 1 }    # level 1 to 5
"""
_SKILLS = {"general": 3}
"""Of a new agent of whom nothing else is said."""


class RosterFile:
    """One roster file. Passwords never stand in it: an argon2 hash for logging in, a digest for the telephone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._good = path.with_name(f".{path.name}.good")

    def read_or_last_good(self) -> dict[AgentId, Agent]:
        """As `read`, but a broken file is logged and what was last in use counts: a restart must not cost the agents.

        RosterError if nothing was ever in use.
        """
        try:
            agents = self.read()
        except RosterError as error:
            if not self._good.exists():
                raise
            log.error("roster_refused", problem=str(error))
            return RosterFile(self._good).read()
        self._keep()
        return agents

    def _keep(self) -> None:
        """For a restart with a broken file; a disk that is full must not cost the agents of today."""
        try:
            if self.path.exists():
                write_private(self._good, self.path.read_text(encoding="utf-8"))
        except OSError as error:
            log.error("roster_not_kept", file=str(self._good), problem=error.strerror)

    def read(self) -> dict[AgentId, Agent]:
        """The agents; none if there is no file yet. RosterError names file, line and agent."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise RosterError(f"{self.path}: cannot be read: {error}") from None
        return read_roster(text, str(self.path))

    def add(
        self, agent_id: str, name: str, skills: dict[str, int], password: str, sip_password: str, phone: str = ""
    ) -> Agent:
        """Adds one agent, keeping everything else of the file as it is, comments too. RosterError.

        One who is there gets these passwords, and keeps what is not given ("" or {}).
        """
        known = self.read().get(check_id(agent_id))  # a file that is broken already is refused, not overwritten
        known = known or Agent(AgentId(agent_id), agent_id, _SKILLS)
        agent = replace(
            known,
            name=name or known.name,
            skills=check_skills(skills or dict(known.skills)),
            password_hash=hash_password(password),
            sip_ha1=sip_ha1(agent_id, sip_password),
            phone=check_phone(phone) if phone else known.phone,
        )
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else _HEAD
        document = tomlkit.parse(text)
        table = document.setdefault("agent", tomlkit.table(is_super_table=True))
        entry = tomlkit.table()
        for key, value in agent_to(agent).items():
            if key == "skills":
                inline = tomlkit.inline_table()
                inline.update(agent.skills)
                entry[key] = inline
            elif key != "temporary":
                entry[key] = value
        table[agent_id] = entry
        write_private(self.path, tomlkit.dumps(document))
        return agent

    def set_phone(self, agent_id: str, phone: str) -> None:
        """His own telephone's number; "" takes it out. RosterError: it cannot be called, or there is no such agent."""
        number = check_phone(phone) if phone else ""
        document = self._document_with(agent_id)
        if number:
            document["agent"][agent_id]["phone"] = number
        else:
            document["agent"][agent_id].pop("phone", None)
        write_private(self.path, tomlkit.dumps(document))

    def set_password(self, agent_id: str, password_hash: str) -> None:
        """For logging in; that of his telephone stays. RosterError if there is no such agent."""
        document = self._document_with(agent_id)
        document["agent"][agent_id]["password_hash"] = password_hash
        write_private(self.path, tomlkit.dumps(document))

    def remove(self, agent_id: str) -> None:
        """RosterError if there is no such agent."""
        document = self._document_with(agent_id)
        del document["agent"][agent_id]
        write_private(self.path, tomlkit.dumps(document))

    def _document_with(self, agent_id: str) -> Any:
        """The file as it is written, comments and all."""
        self.read()
        document = tomlkit.parse(self.path.read_text(encoding="utf-8")) if self.path.exists() else tomlkit.document()
        if agent_id not in document.get("agent", {}):
            raise RosterError(f"{self.path}: there is no agent {agent_id}")
        return document

    async def watch(self, on_change: Callable[[dict[AgentId, Agent]], None], poll_s: float = 1.0) -> None:
        """Calls `on_change` with the agents whenever the file has changed; a bad one is logged and not used."""
        seen = await asyncio.to_thread(self._stamp)
        while True:
            await asyncio.sleep(poll_s)
            stamp = await asyncio.to_thread(self._stamp)
            if stamp == seen:
                continue
            seen = stamp
            try:
                agents = await asyncio.to_thread(self.read)
                await asyncio.to_thread(self._keep)
            except RosterError as error:
                log.error("roster_refused", problem=str(error))
                continue
            on_change(agents)

    def _stamp(self) -> tuple[int, int, int]:
        try:
            stat = self.path.stat()
        except OSError:
            return (0, 0, 0)
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, for nobody else to read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".roster")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def new_password() -> str:
    """Twelve characters that nobody mistakes for one another on paper."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(12))
