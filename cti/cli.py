"""The command `yihu`: one module in `cti/commands/` for each subcommand, imported only when it is used."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

import click

import cti.commands
from cti.settings import SettingsError, load_settings


class _Unusable(click.ClickException):
    exit_code = 78
    """EX_CONFIG: starting again would not help."""


class _Commands(click.Group):
    """Finds a subcommand by its module's name, so that `yihu --help` imports no heavy library. Modules whose names
    begin with _ are parts of others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in pkgutil.iter_modules(cti.commands.__path__))
        return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"cti.commands.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file; default $YIHU_SETTINGS, then ./yihu.toml, then built-in defaults.",
)
@click.pass_context
def main(ctx: click.Context, settings_file: Path | None) -> None:
    """Yihu 一呼: the telephony server for a city's hotline 12345."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        return
    try:
        ctx.obj = load_settings(settings_file)
    except SettingsError as error:
        raise _Unusable(str(error)) from None


if __name__ == "__main__":
    main()
