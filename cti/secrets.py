"""Our own secrets: made at the first start, kept in `var/secrets.toml`, readable by our user alone, never in git."""

from __future__ import annotations

import hashlib
import os
import re
import secrets as chance
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from cti.settings import Settings

_KEPT = ("ami_ro", "ami_ctl", "admin_token")
"""What stands in the file."""
_ENVIRONMENT = {"ami_ro": "YIHU_AMI_RO_SECRET", "ami_ctl": "YIHU_AMI_CTL_SECRET", "metrics": "YIHU_METRICS_TOKEN"}
_PLAIN = re.compile(r"[A-Za-z0-9._~-]{8,128}")
"""It is written into Asterisk's configuration, where `;`, quotes and spaces mean something."""


class SecretsError(Exception):
    """The secrets cannot be used; the text names the file and what to do, never a secret."""


@dataclass(frozen=True, slots=True)
class Secrets:
    ami_ro: str = field(repr=False)
    """Password of the AMI user `cti-ro`, which observes."""
    ami_ctl: str = field(repr=False)
    """Password of the AMI user `cti-ctl`, which acts."""
    admin_token: str = field(repr=False)
    """Bearer token of the administrator in the REST API; the command line uses it."""
    metrics: str = field(default="", repr=False)
    """Bearer token with which other machines may read /metrics, from the environment alone; "": none may."""

    @property
    def numbers(self) -> str:
        """What citizens' numbers are hashed with, to be found again; tickets are hashed anew when it has changed."""
        return hashlib.sha256(b"numbers " + self.admin_token.encode()).hexdigest()

    @property
    def pair(self) -> str:
        """What two daemons of one city know each other by: both have the same secrets, copied from one to the other."""
        return hashlib.sha256(b"pair " + self.admin_token.encode()).hexdigest()

    @property
    def softphones(self) -> str:
        """What the passwords of telephones in browsers follow from; the same on both daemons of a pair."""
        return hashlib.sha256(b"softphones " + self.admin_token.encode()).hexdigest()


def load_or_create(settings: Settings) -> Secrets:
    """Reads the secrets of this installation; the first call makes them, whichever process comes first.

    Secrets from the environment win over the file. SecretsError when the file is unsafe, damaged or cannot be made.
    """
    path = settings.secrets_file
    try:
        if not path.exists():
            _create(path)
        values = _read(path)
    except OSError as error:
        raise SecretsError(f"{path}: {error.strerror}; our user must be able to read and write this folder") from None
    for name, variable in _ENVIRONMENT.items():
        if given := os.environ.get(variable):
            if not _PLAIN.fullmatch(given):
                raise SecretsError(f"${variable}: use 8 to 128 letters, digits or any of . _ ~ -")
            values[name] = given
    return Secrets(**values)


def _create(path: Path) -> None:
    """The whole file appears at once or not at all, and a second process that does the same loses without harm."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = ["# Made by Yihu at its first start. Keep it secret; delete it and start again to change every secret."]
    lines += [f'{name} = "{chance.token_hex(32)}"' for name in _KEPT]
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()


def _read(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode & 0o777
        if mode & 0o077:
            raise SecretsError(
                f"{path}: others can read it (mode {mode:04o}), so its secrets may be known; "
                f"delete it to have new ones made, or if nobody else was here: chmod 600 {path}"
            )
        try:
            values = tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            raise SecretsError(f"{path}: not valid TOML; delete it to have new secrets made") from None
    # Others may stand in it: an earlier version made them, or a later one that was taken back.
    if bad := [name for name in _KEPT if not _plain(values.get(name))]:
        raise SecretsError(f"{path}: {', '.join(bad)}: missing or not a plain word; delete the file for new ones")
    return {name: values[name] for name in _KEPT}


def _plain(value: object) -> bool:
    return isinstance(value, str) and _PLAIN.fullmatch(value) is not None
