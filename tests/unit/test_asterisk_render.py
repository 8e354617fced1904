"""Templates become the configuration of one Asterisk, or an error that names the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.asterisk.render import RenderError, render, render_templates
from cti.programs import Program
from cti.settings import Asterisk, Settings

VALUES = {"there": "x"}


def test_a_placeholder_nobody_knows_is_named_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("; about @nothing@\n[x]\nkey = @wrong@ @there@\n")

    with pytest.raises(RenderError, match=r"a\.conf:3: unknown placeholder @wrong@"):
        render_templates(tmp_path, VALUES)


def test_a_placeholder_nobody_uses_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("[x]\n")

    with pytest.raises(RenderError, match="no template uses the placeholder @there@"):
        render_templates(tmp_path, VALUES)


def test_rendering_twice_gives_the_same_files_for_our_user_alone(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "var")
    program = Program(("/usr/sbin/asterisk",), None, "22.10.1")
    found = []
    for _ in range(2):
        render(settings, "secret-of-ro", "secret-of-ctl", "n0123456789ab", program, Path("/usr/bin/python3"))
        found.append({path.name: path.read_text() for path in settings.asterisk_etc.iterdir()})

    assert found[0] == found[1]
    assert {path.stat().st_mode & 0o777 for path in settings.asterisk_etc.iterdir()} == {0o600}
    assert "secret = secret-of-ctl" in found[0]["manager.conf"]
    assert "systemname = n0123456789ab" in found[0]["asterisk.conf"]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.0/8", "0.0.0.0/0", "localhost"])
def test_no_browser_can_be_taken_for_the_carrier(tmp_path: Path, address: str) -> None:
    settings = Settings(var=tmp_path / "var", asterisk=Asterisk(trunk_addresses=("198.51.100.5", address)))
    program = Program(("/usr/sbin/asterisk",), None, "22.10.1")

    with pytest.raises(RenderError, match="would be taken for the carrier"):
        render(settings, "secret-of-ro", "secret-of-ctl", "n0", program, Path("/usr/bin/python3"))


def test_a_value_that_would_break_its_line_is_refused(tmp_path: Path) -> None:
    program = Program(("/usr/sbin/asterisk",), None, "22.10.1")

    with pytest.raises(RenderError, match="@secret_ro@"):
        render(Settings(var=tmp_path), "a\n[x]", "b", "n0", program, Path("/usr/bin/python3"))


@pytest.mark.parametrize("folder", ["a,b", "a(b)", 'a"b', "a$b"])
def test_a_path_that_nothing_can_be_recorded_to_is_refused(tmp_path: Path, folder: str) -> None:
    program = Program(("/usr/sbin/asterisk",), None, "22.10.1")

    with pytest.raises(RenderError, match="cannot record"):
        render(Settings(var=tmp_path / folder), "a", "b", "n0", program, Path("/usr/bin/python3"))
