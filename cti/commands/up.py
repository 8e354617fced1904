"""`yihu up`: start the telephone server and stay with it."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from cti.settings import Settings


@click.command("up")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Start Asterisk, redis-server and the daemon, keep them running; Ctrl-C stops them.

    Exit code 0: asked to stop; 78: settings, flows or ports cannot be used; 1: something else does not start.
    """
    from cti.first_users import make_first_users
    from cti.supervisor import StartError, start_up

    settings: Settings = ctx.obj
    file = _settings_file(ctx.find_root().params.get("settings_file"))
    try:
        if file is None:
            with contextlib.suppress(OSError):  # the start looks at the folder itself, and says what is wrong
                make_first_users(settings)
        code = start_up(settings, file, _summary(settings))
    except StartError as error:
        click.echo(f"yihu: {error}", err=True)
        code = error.code
    sys.exit(code)


def _settings_file(given: Path | None) -> Path | None:
    """The file these settings were read from, by the rule of `load_settings`."""
    if given is not None:
        return given
    if named := os.environ.get("YIHU_SETTINGS"):
        return Path(named)
    here = Path("yihu.toml")
    return here if here.exists() else None


def _summary(settings: Settings) -> Any:
    from cti.first_users import first_passwords
    from cti.numbers import NUMBERS, read_numbers
    from cti.speech.models import choose
    from cti.watched_file import read_document

    def summary(ready: dict[str, Any]) -> str:
        if ready.get("role") == "warm":
            return f"Yihu is ready: warm, {ready['active']} is active and takes the calls. Ctrl-C stops it."
        web, asterisk, path = settings.web, settings.asterisk, settings.documents / "numbers.toml"
        sip = f"{asterisk.host}:{asterisk.sip_port}" if asterisk.embedded else "your own Asterisk"
        numbers = ", ".join(did.number for did in read_document(path, read_numbers, NUMBERS).did)
        known = [str(agent) for agent in ready.get("agents", [])]
        agents = ", ".join(known[:6]) + (f" and {len(known) - 6} more" if len(known) > 6 else "") or "none yet"
        first = first_passwords(settings)
        users = f"names and passwords in {first}" if first.exists() else "`yihu user add` makes users"
        store = "PostgreSQL" if settings.sql_url.startswith("postgresql") else str(settings.var / "yihu.db")
        return "\n".join(
            [
                f"Yihu is ready: {settings.city.name} answers {numbers}. Ctrl-C stops it.",
                f"  telephones   SIP {sip}, calls of the carrier from {', '.join(asterisk.trunk_addresses)}",
                f"  log in       {web.address}/login, {users}",
                f"  administrator's token: admin_token in {settings.secrets_file}",
                f"  agents       {agents}",
                f"  records      {store}, recordings in {settings.recordings_dir}",
                f"  speech       {choose(settings.speech.model, settings.models_dir, unpack=False).text}",
                f"  logs         {settings.log_dir}",
                "  try it       yihu call (in another terminal), yihu doctor",
            ]
        )

    return summary
