"""The users file on disk: supervisors, administrators, auditors, and what agents may do beside their desk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import structlog
import tomlkit

from cti.accounts.people import User, UsersError, check_roles, check_user_id, read_users
from cti.roster_file import write_private

log = structlog.get_logger()

_HEAD = """# Who may do what beside agents, who stand in the roster. `yihu user` writes here; it takes effect at once.
# [user.li]
# name = "…"
# roles = ["supervisor"]    # supervisor, administrator, auditor, screen; of an agent: what he may beside his desk
"""


class UsersFile:
    """`current` is the last good one, at a start with a broken file too. Passwords never stand in it, only argon2
    hashes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._good = path.with_name(f".{path.name}.good")
        self.current: dict[str, User] = {}

    def read(self) -> dict[str, User]:
        """The users; none if there is no file yet. UsersError names file, line and user."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise UsersError(f"{self.path}: cannot be read: {error}") from None
        return read_users(text, str(self.path))

    def load(self) -> None:
        """Takes the file over, or says in the log why not: calls do not wait for it."""
        try:
            self.current = self.read()
        except UsersError as error:
            log.error("users_refused", problem=str(error))
            if not self.current:
                self.current = UsersFile(self._good).read()
            return
        try:
            if self.path.exists():
                write_private(self._good, self.path.read_text(encoding="utf-8"))
        except OSError as error:
            log.error("users_not_kept", problem=error.strerror)

    def put(self, user_id: str, *, name: str = "", roles: Iterable[object] = (), password_hash: str = "") -> User:
        """Adds a user, or changes what is given of one who is there; the rest of the file stays. UsersError."""
        known = self.read().get(check_user_id(user_id))
        wanted = list(roles) or sorted(known.roles if known else ())
        document = self._document()
        table = document.setdefault("user", tomlkit.table(is_super_table=True))
        entry = table.setdefault(user_id, tomlkit.table())
        entry["name"] = name or (known.name if known else user_id)
        entry["roles"] = sorted(check_roles(wanted))
        if password_hash:
            entry["password_hash"] = password_hash
        write_private(self.path, tomlkit.dumps(document))
        return self.read()[user_id]

    def remove(self, user_id: str) -> None:
        """UsersError if there is no such user."""
        document = self._document()
        if user_id not in self.read():
            raise UsersError(f"{self.path}: there is no user {user_id}")
        del document["user"][user_id]
        write_private(self.path, tomlkit.dumps(document))

    async def watch(self, on_change: Callable[[Mapping[str, User]], None], poll_s: float = 1.0) -> None:
        """Until cancelled: takes over every change, and tells what was before."""
        seen = await asyncio.to_thread(self._stamp)
        while True:
            await asyncio.sleep(poll_s)
            stamp = await asyncio.to_thread(self._stamp)
            if stamp != seen:
                seen, before = stamp, self.current
                await asyncio.to_thread(self.load)
                log.info("users_changed", users=len(self.current))
                on_change(before)

    def _document(self) -> Any:
        """The file as it is written, comments and all."""
        return tomlkit.parse(self.path.read_text(encoding="utf-8") if self.path.exists() else _HEAD)

    def _stamp(self) -> tuple[int, int, int]:
        try:
            stat = self.path.stat()
        except OSError:
            return (0, 0, 0)
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
