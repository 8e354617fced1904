"""Speech models: which there are, which are installed, which one is used and why.

var/models/<name>/     an installed model
var/models/in_use      the name that `yihu model use` chose, or "off"
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cti.speech.errors import SpeechError
from cti.speech.model_folder import NoModel, read_facts

OFF = "off"
DEMO = "vosk-model-tiny-cn-hotline"
DEMO_ARCHIVE = Path(__file__).resolve().parent / "demo_model" / f"{DEMO}.tar.gz"
DEMO_SHA256 = "c38b6c3dd5805225c99d3bccf5b8c32a9338ef279d6340d802219e74fa0267ca"
DEMO_LABEL = "for demonstrations and tests, not for real callers"
"""It knows synthetic voices only; strangers' real speech it does not understand at all."""
_PIECE = 1 << 20
_IN_USE = "in_use"

Progress = Callable[[int], object]
"""Told how many more bytes are done."""


class ModelError(SpeechError):
    """A model cannot be had, installed or chosen; the text says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Official:
    """A Mandarin model of the makers of Vosk (Apache-2.0)."""

    name: str
    size_bytes: int
    """Of the archive, about."""
    sha256: str
    """"": not known to this release, so it must be given."""
    about: str

    @property
    def url(self) -> str:
        return f"https://alphacephei.com/vosk/models/{self.name}.zip"


OFFICIAL = {
    model.name: model
    for model in (
        Official(
            "vosk-model-small-cn-0.22",
            43_898_754,
            "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba",
            "small: live on common machines",
        ),
        Official("vosk-model-cn-0.22", 1_360_000_000, "", "large: more memory and processor, fewer errors"),
        Official(
            "vosk-model-cn-kaldi-multicn-0.15",
            1_680_000_000,
            "8fc4e24c5a6b108d2d0e8466f3c57b1464d5147d927de410b6226de0f1c2ac52",
            "large, of several public corpora",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is used, or why nothing is."""

    name: str
    folder: Path | None
    """None: speech is off."""
    why: str
    """In words for an operator: by whom it was chosen; or what is missing, and what would help."""

    @property
    def demo(self) -> bool:
        return self.name == DEMO

    @property
    def text(self) -> str:
        if self.folder is None:
            return f"speech is off: {self.why}"
        return f"{self.name} ({DEMO_LABEL}; {self.why})" if self.demo else f"{self.name} ({self.why})"


def choose(wanted: str, models: Path, *, unpack: bool = True) -> Chosen:
    """The model for `speech.model` of the settings: a name, a folder, "off", or "" for what `yihu model use` chose, and
    the demo model before that, which is unpacked if it is not yet and `unpack` allows it.

    Blocks; never raises: without a model there is no speech, and everything else goes on.
    """
    by = "speech.model of the settings" if wanted else "chosen by yihu model use"
    name = wanted or chosen_name(models)
    if name == OFF:
        return Chosen(OFF, None, by)
    if not name or name == DEMO:
        try:
            return Chosen(
                DEMO,
                unpack_demo(models) if unpack else models / DEMO,
                by if name else "until a real one is installed: yihu model get",
            )
        except (ModelError, OSError) as error:
            return Chosen(DEMO, None, f"the demo model cannot be unpacked: {error}")
    folder = Path(name) if "/" in name else models / name
    try:
        read_facts(folder)
    except (NoModel, OSError) as error:
        remedy = "install it by yihu model get, or choose another by yihu model use"
        return Chosen(folder.name, None, f"{error} ({by}): {remedy}")
    return Chosen(folder.name, folder, by)


def chosen_name(models: Path) -> str:
    """By `yihu model use`; "": nothing was chosen."""
    try:
        return (models / _IN_USE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def use(name: str, models: Path) -> None:
    """From the next start on. ModelError."""
    if name not in (OFF, DEMO) and name not in installed(models):
        raise ModelError(f"{name} is not installed: yihu model get {name}")
    models.mkdir(parents=True, exist_ok=True)
    new = models / f"{_IN_USE}.new"
    new.write_text(f"{name}\n", encoding="utf-8")
    new.replace(models / _IN_USE)


def installed(models: Path) -> list[str]:
    names = []
    for folder in sorted(models.glob("*/")):
        with contextlib.suppress(NoModel):
            read_facts(folder)
            names.append(folder.name)
    return names


def unpack_demo(models: Path) -> Path:
    """The folder of the demo model. ModelError, OSError."""
    folder = models / DEMO
    with contextlib.suppress(NoModel):
        read_facts(folder)
        return folder
    return install(DEMO_ARCHIVE, DEMO, DEMO_SHA256, models)


def install(archive: Path, name: str, sha256: str, models: Path, progress: Progress = lambda more: None) -> Path:
    """Checks the archive (.zip, .tar.gz) and unpacks it as model `name`, whole or not at all. ModelError, OSError."""
    found = checksum(archive, progress)
    if found != sha256:
        raise ModelError(f"{archive.name}: its sha256 is {found}, expected is {sha256}: fetch it anew")
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=models) as place:
        try:
            if zipfile.is_zipfile(archive):
                with zipfile.ZipFile(archive) as packed:
                    packed.extractall(place)
            else:
                with tarfile.open(archive) as packed_tar:
                    _unpack(packed_tar, Path(place))
        except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
            raise ModelError(f"{archive.name}: cannot be unpacked ({error})") from None
        inside = [folder for folder in Path(place).iterdir() if folder.is_dir()]
        if len(inside) != 1:
            raise ModelError(f"{archive.name}: wanted is one folder with the model in it")
        try:
            read_facts(inside[0])
        except NoModel:
            raise ModelError(f"{archive.name}: there is no Vosk model in it (am/final.mdl is missing)") from None
        target = models / name
        try:
            inside[0].rename(target)
        except OSError:
            # It is there already: another process was quicker, or it is installed anew.
            old = Path(place) / ".old"
            target.rename(old)
            inside[0].rename(target)
            shutil.rmtree(old, ignore_errors=True)
    return target


def _unpack(packed: tarfile.TarFile, place: Path) -> None:
    """Plain files alone. (Python 3.11.2, which Debian 12 has, knows no filters of `extractall`.) ModelError."""
    for member in packed:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isreg() or member.isdir()):
            raise ModelError(f"{member.name[:80]!r} has no business in an archive of a model")
        if (source := packed.extractfile(member)) is not None:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            with source, (place / path).open("wb") as file:
                shutil.copyfileobj(source, file)


def checksum(archive: Path, progress: Progress = lambda more: None) -> str:
    """ModelError."""
    digest = hashlib.sha256()
    try:
        with archive.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                progress(len(piece))
    except OSError as error:
        raise ModelError(f"{archive}: cannot be read ({error.strerror})") from None
    return digest.hexdigest()
