"""The first users of an installation, so that a newcomer can log in; their passwords are written once, for our user."""

from __future__ import annotations

import secrets
from pathlib import Path

from cti.account_files import AccountFiles
from cti.accounts.people import Role
from cti.roster_file import new_password, write_private
from cti.settings import Settings

_USERS = (
    ("admin1", "管理员 Administrator", Role.ADMINISTRATOR),
    ("sup1", "班长 Supervisor", Role.SUPERVISOR),
    ("a1001", "话务员甲 Agent A", Role.AGENT),
    ("a1002", "话务员乙 Agent B", Role.AGENT),
)
_SKILLS = {"general": 3, "enterprise": 2, "social_security": 2, "video": 2}
_HEAD = "# Made at the first start. Change these passwords, then delete this file: it is not written again.\n"


def first_passwords(settings: Settings) -> Path:
    """Where they stand, until somebody deletes the file."""
    return settings.var / "first-passwords.txt"


def make_first_users(settings: Settings) -> None:
    """Nothing if there are users already. OSError."""
    files = AccountFiles(settings)
    if files.roster.path.exists() or files.users.path.exists():
        return
    settings.var.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = [(user_id, name, role, new_password()) for user_id, name, role in _USERS]
    lines = [f"{user_id}  {password}  {name}\n" for user_id, name, _, password in made]
    write_private(first_passwords(settings), _HEAD + "".join(lines))
    for user_id, name, role, password in made:
        if role is Role.AGENT:
            files.roster.add(user_id, name, _SKILLS, password, secrets.token_urlsafe(16))
        else:
            files.add(user_id, name, [role], password)
