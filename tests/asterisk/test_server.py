"""Starting and stopping our own Asterisk, and what it says when it cannot."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from cti.asterisk.names import NONCE_FILE
from cti.asterisk.render import socket_dir
from cti.asterisk.server import AsteriskError, AsteriskServer
from cti.programs import Program
from cti.settings import Settings
from tests.asterisk.conftest import SECRET_CTL, SECRET_RO, RunningAsterisk, settings_for
from tests.support.waiting import until


def server_in(var: Path, program: Program) -> tuple[Settings, AsteriskServer]:
    settings = settings_for(var)
    return settings, AsteriskServer(settings, program, SECRET_RO, SECRET_CTL)


def test_it_starts_without_a_complaint_and_stops_and_each_start_has_its_own_name(
    asterisk_program: Program, tmp_path: Path
) -> None:
    settings, server = server_in(tmp_path / "var", asterisk_program)
    names = []
    for _ in range(2):
        server.start()
        assert server.alive()
        assert server.nonce in server.cli("core", "show", "settings")
        assert not re.search("WARNING|ERROR", (settings.log_dir / "asterisk" / "messages.log").read_text())
        assert (settings.run_dir / NONCE_FILE).read_text().strip() == server.nonce
        names.append(server.nonce)
        server.stop()
        assert not server.alive()
    assert len(set(names)) == 2


def test_only_our_user_can_read_what_it_writes(asterisk: RunningAsterisk) -> None:
    etc = asterisk.settings.asterisk_etc
    assert etc.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in etc.iterdir()} == {0o600}
    assert (asterisk.settings.run_dir / NONCE_FILE).stat().st_mode & 0o777 == 0o600
    for folder in ("asterisk", "spool", "log/asterisk"):
        assert (asterisk.settings.var / folder).stat().st_mode & 0o077 == 0, folder


def test_it_is_given_none_of_our_secrets(
    asterisk_program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dialplan can read its environment, and so can whoever gets into it."""
    monkeypatch.setenv("YIHU_WEBHOOK_SECRET", "not-for-asterisk")
    _, server = server_in(tmp_path / "var", asterisk_program)
    server.start()
    try:
        environment = Path(f"/proc/{server.pid}/environ").read_bytes()
    finally:
        server.stop()
    assert b"PATH=" in environment
    assert b"YIHU_" not in environment


def test_it_is_in_its_own_process_group_so_that_ctrl_c_does_not_reach_it(asterisk: RunningAsterisk) -> None:
    assert asterisk.server.pid is not None
    assert os.getpgid(asterisk.server.pid) != os.getpgid(0)


@pytest.mark.parametrize("key", ["ami_port", "http_port", "sip_port"])
def test_a_port_in_use_is_named_with_its_setting(asterisk_program: Program, tmp_path: Path, key: str) -> None:
    settings, server = server_in(tmp_path / "var", asterisk_program)
    port = getattr(settings.asterisk, key)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if key == "sip_port" else socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", port))
        if key != "sip_port":
            taken.listen()
        with pytest.raises(AsteriskError, match=f"port {port} of 127.0.0.1 .*asterisk.{key}"):
            server.start()
    assert not server.alive()


def test_an_asterisk_that_ends_at_once_is_reported_with_its_own_words(
    asterisk_program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    for source in (Path(__file__).parents[2] / "asterisk-config").glob("*.conf"):
        text = source.read_text()
        (templates / source.name).write_text(text.replace("require = app_dial.so", "require = app_no_such.so"))
    monkeypatch.setattr("cti.asterisk.render.TEMPLATES", templates)
    _, server = server_in(tmp_path / "var", asterisk_program)

    with pytest.raises(AsteriskError, match=r"ended while it started(.|\n)*app_no_such(.|\n)*messages.log"):
        server.start()
    assert not server.alive()


def test_a_var_too_deep_for_a_socket_still_works(asterisk_program: Program, tmp_path: Path) -> None:
    settings, server = server_in(tmp_path / ("deep" * 20) / "var", asterisk_program)
    try:
        server.start()
        assert "uptime" in server.cli("core", "show", "uptime").lower()
    finally:
        server.stop()
        for left in socket_dir(settings).iterdir():
            left.unlink()
        socket_dir(settings).rmdir()


def test_one_left_behind_by_a_killed_supervisor_is_ended(asterisk_program: Program, tmp_path: Path) -> None:
    settings, first = server_in(tmp_path / "var", asterisk_program)
    first.start()
    second = AsteriskServer(settings, asterisk_program, SECRET_RO, SECRET_CTL)
    try:
        second.start()
        until(lambda: not first.alive(), 5, "the first one ends")
        assert second.alive()
    finally:
        first.stop()
        second.stop()


def test_after_sigkill_it_starts_again(asterisk_program: Program, tmp_path: Path) -> None:
    _, server = server_in(tmp_path / "var", asterisk_program)
    server.start()
    assert server.pid is not None
    subprocess.run(["kill", "-9", str(server.pid)], check=True)
    until(lambda: not server.alive(), 5, "it is gone")
    try:
        server.start()
        assert server.alive()
    finally:
        server.stop()
