"""Finds the programs we start: on PATH, else unpacked beside the project by `make setup`.

An unpacked program is a Debian package laid out in a folder. It runs with its own loader and libraries, so it needs
neither root rights nor anything from the system it stands on.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cti.settings import PROJECT

DEPS = PROJECT / ".deps"
ASTERISK_LEAST = (22, 10, 1)
"""Older ones have holes that a caller without a password can use (advisories of 2026-06-25)."""

_VERSION = re.compile(r"\d+(?:\.\d+)+")
_CANNOT_LOAD = 127
"""Exit code of the loader when a library is missing; the programs' own codes for their version differ widely."""
_VERSION_OPTION = {"asterisk": "-V", "sipp": "-v"}


class ProgramMissing(Exception):
    """A program is neither on PATH nor unpacked, or too old; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    argv_prefix: tuple[str, ...]
    """What to start; the program's own arguments come after it."""
    root: Path | None
    """The folder it is unpacked in; None: a program of the system."""
    version: str


def find_asterisk() -> Program:
    """Asterisk 22.10.1 or later; ProgramMissing says which older one was found and passed over."""
    passed_over = ""
    if path := shutil.which("asterisk"):
        program = _with_version("asterisk", (path,), None)
        if program is not None and _numbers(program.version) >= ASTERISK_LEAST:
            return program
        found = program.version if program else "of unknown version"
        passed_over = f" (asterisk {found} on PATH is too old)"
    program = _unpacked("asterisk", DEPS / "asterisk")
    least = ".".join(map(str, ASTERISK_LEAST))
    if program is None:
        raise ProgramMissing(f"no Asterisk {least} or later{passed_over}: run `make setup`, which unpacks one here")
    if _numbers(program.version) < ASTERISK_LEAST:
        raise ProgramMissing(
            f"the Asterisk in {program.root} is {program.version}, {least} or later is needed: "
            f"delete that folder and run `make setup`"
        )
    return program


def find_program(name: str) -> Program:
    """`redis-server`, `sipp` or another tool, whatever its version."""
    program = None
    if path := shutil.which(name):
        program = _with_version(name, (path,), None)
    program = program or _unpacked(name, DEPS / "tools")
    if program is None:
        raise ProgramMissing(f"{name} is neither on PATH nor in {DEPS / 'tools'}: run `make setup`, which unpacks it")
    return program


def _unpacked(name: str, root: Path) -> Program | None:
    binary = next((found for d in ("usr/sbin", "usr/bin") if (found := root / d / name).is_file()), None)
    # The loader lies in lib64, lib or lib/<multiarch> by architecture and release; links out of the root do not count.
    loaders = [loader for d in ("usr/lib", "lib", "usr/lib64", "lib64") for loader in _loaders(root / d)]
    if binary is None or not loaders:
        return None
    prefix = (str(loaders[0]), "--library-path", library_path(root), str(binary))
    return _with_version(name, prefix, root)


def library_path(root: Path) -> str:
    """Where a program unpacked into `root` has its libraries, as the loader reads it: folders between colons."""
    # PulseAudio's library, which Chromium and espeak-ng load, has its private part in a folder of its own.
    places = ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/pulseaudio")
    return ":".join(str(folder) for place in places for folder in sorted(root.glob(place)) if folder.is_dir())


def _loaders(folder: Path) -> list[Path]:
    found = [*folder.glob("ld-linux*.so.*"), *folder.glob("*/ld-linux*.so.*")]
    return sorted(loader for loader in found if loader.is_file() and not (loader.is_symlink() and _absolute(loader)))


def _absolute(link: Path) -> bool:
    return link.readlink().is_absolute()


def _with_version(name: str, prefix: tuple[str, ...], root: Path | None) -> Program | None:
    """None if it does not even start."""
    try:
        done = subprocess.run(
            [*prefix, _VERSION_OPTION.get(name, "--version")],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode == _CANNOT_LOAD:
        return None
    found = _VERSION.search((done.stdout + done.stderr).decode("utf-8", "replace"))
    return Program(prefix, root, found[0]) if found else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
