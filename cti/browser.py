"""A Chromium to drive, for measurements and tests: the system's, or the one unpacked beside the project at set-up."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from cti.programs import DEPS, ProgramMissing, library_path
from cti.settings import PROJECT

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # its microphone and camera are made up, and nobody is asked for them
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    # on a machine without any network its own address is the only one
    "--allow-loopback-in-peer-connection",
)


def launch_options(*flags: str, microphone: Path | None = None) -> dict[str, Any]:
    """For playwright's `chromium.launch`. `microphone`: a WAV file that it hears over and over. ProgramMissing."""
    program, environment = _find()
    heard = (f"--use-file-for-fake-audio-capture={microphone}",) if microphone is not None else ()
    return {
        "executable_path": program,
        "args": [*_FLAGS, *heard, *flags],
        "env": {**os.environ, **environment},
        "chromium_sandbox": False,
    }


def _find() -> tuple[str, dict[str, str]]:
    """(program, what its environment needs)"""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path, {}
    root = DEPS / "chromium"
    program = root / "usr" / "lib" / "chromium" / "chromium"
    if not program.is_file():
        raise ProgramMissing("no Chromium on PATH or beside the project: run `make setup-test`, which unpacks one")
    return str(program), {
        "LD_LIBRARY_PATH": library_path(root),
        "FONTCONFIG_FILE": str(PROJECT / "setup" / "fonts.conf"),
    }
