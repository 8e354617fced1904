"""The command `yihu` itself."""

from __future__ import annotations

from click.testing import CliRunner

from cti.cli import main


def test_help_lists_every_command_and_nothing_that_is_none() -> None:
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0, shown.output
    assert "report " in shown.output
    assert "report-" not in shown.output
