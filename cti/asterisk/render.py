"""Turns the templates of `asterisk-config/` into the configuration of one Asterisk, under `settings.asterisk_etc`.

A template is an ordinary Asterisk file in which `@name@` stands for a value; `_placeholders` has them all.
Comments are left out of it, so a comment can speak about a placeholder.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import stat
import tempfile
from ipaddress import ip_address, ip_network
from pathlib import Path

from cti.asterisk.names import EMERGENCY_FILE, EMERGENCY_SCRIPT
from cti.programs import Program
from cti.settings import PROJECT, Settings

TEMPLATES = PROJECT / "asterisk-config"
SOCKET_LIMIT = 100
"""Longest path of a Unix socket that we use; the kernel's limit is 107."""

EMPTY = ("acl", "ccss", "cel", "features", "pjproject", "queuerules", "udptl")
"""Asterisk reports these as missing, at every start, although nothing needs to stand in them."""

_PLACEHOLDER = re.compile(r"@([a-z_]+)@")


class RenderError(Exception):
    """A template or a value cannot be used; the text names template and line."""


def render(
    settings: Settings, secrets_ami_ro: str, secrets_ami_ctl: str, nonce: str, program: Program, python: Path
) -> None:
    """Writes every file anew (0600) and makes the folders that Asterisk writes to (0700).

    The same arguments give the same files. `python` runs the emergency script. RenderError: a placeholder that does
    not exist, one that no template uses, or a value that would break its line.
    """
    values = _placeholders(settings, secrets_ami_ro, secrets_ami_ctl, nonce, program)
    texts = {f"{name}.conf": "; nothing to set\n" for name in EMPTY} | render_templates(TEMPLATES, values)
    if not settings.asterisk.registrar:
        del texts["pjsip_registration.conf"]
    share, etc = _share_dir(settings), settings.asterisk_etc
    private = (etc, etc.parent, share, share / "agi-bin", _db_dir(settings), _db_dir(settings) / "keys")
    for folder in (settings.var, *private, settings.spool_dir, settings.log_dir / "asterisk", settings.run_dir):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    socket_dir(settings)
    for old in etc.glob("*.conf"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        _write(etc / name, text, 0o600)
    _link(share / "sounds", TEMPLATES / "sounds")
    if program.root is not None:
        _link(share / "documentation", program.root / "usr/share/asterisk/documentation")
    _write(share / "agi-bin" / EMERGENCY_SCRIPT, _launcher(settings, python), 0o700)


def socket_dir(settings: Settings) -> Path:
    """Where Asterisk's control socket lies: in run_dir, or in a short private folder of /tmp when `var` is too deep."""
    folder = settings.run_dir / "asterisk"
    if len(str(folder / "asterisk.ctl").encode()) <= SOCKET_LIMIT:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder
    digest = hashlib.sha256(str(settings.var).encode()).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"yihu-{os.getuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise RenderError(f"{short} is not a private folder of this user: delete it, or use a shorter `var`")
    return short


def render_templates(folder: Path, values: dict[str, str]) -> dict[str, str]:
    """File name -> text of every template in `folder`. RenderError names template and line."""
    texts: dict[str, str] = {}
    used: set[str] = set()
    for template in sorted(folder.glob("*.conf")):
        lines = []
        for number, line in enumerate(template.read_text(encoding="utf-8").splitlines(), 1):
            if line.lstrip().startswith(";"):
                lines.append(line)
                continue
            for name in _PLACEHOLDER.findall(line):
                if name not in values:
                    raise RenderError(f"{template}:{number}: unknown placeholder @{name}@; known: {', '.join(values)}")
                used.add(name)
            lines.append(_PLACEHOLDER.sub(lambda found: values[found[1]], line))
        texts[template.name] = "\n".join(lines) + "\n"
    if not texts:
        raise RenderError(f"{folder}: no templates there; the checkout is not complete")
    if unused := sorted(set(values) - used):
        raise RenderError(f"{folder}: no template uses the placeholder @{unused[0]}@")
    return texts


def _placeholders(settings: Settings, ami_ro: str, ami_ctl: str, nonce: str, program: Program) -> dict[str, str]:
    """Every placeholder there is."""
    asterisk, agi = settings.asterisk, settings.agi
    values = {
        "etc": str(settings.asterisk_etc),
        "db": str(_db_dir(settings)),
        "share": str(_share_dir(settings)),
        "spool": str(settings.spool_dir),
        "recordings": str(settings.recordings_dir),
        "run": str(socket_dir(settings)),
        "log": str(settings.log_dir / "asterisk"),
        "moh": str(TEMPLATES / "moh"),
        "nonce": nonce,
        "ami_port": str(asterisk.ami_port),
        "secret_ro": ami_ro,
        "secret_ctl": ami_ctl,
        "sip_host": asterisk.host,
        "sip_port": str(asterisk.sip_port),
        "http_host": asterisk.ami_host,
        "http_port": str(asterisk.http_port),
        "rtp_first": str(asterisk.rtp_first),
        "rtp_last": str(asterisk.rtp_last),
        "trunk_addresses": ",".join(asterisk.trunk_addresses),
        "trunk_contact": asterisk.trunk_addresses[0] if asterisk.trunk_addresses else "",
        "registrar": asterisk.registrar,
        "registrar_user": asterisk.registrar_user,
        "registrar_client": f"sip:{asterisk.registrar_user}@{asterisk.registrar}",
        "registrar_password": os.environ.get("YIHU_TRUNK_PASSWORD", ""),
        "agi_first": f"{agi.host}:{agi.port}",
        "agi_second": agi.second,
    }
    for name, value in values.items():
        if re.search(r"[;\x00-\x1f\x7f]", value):
            raise RenderError(f"@{name}@: its value has a semicolon or a control character, which Asterisk cannot read")
    if re.search(r'[,()"\\$]', values["recordings"]):
        raise RenderError("@recordings@: Asterisk cannot record to a path with a comma, bracket, quote, backslash or $")
    if asterisk.registrar and not (asterisk.registrar_user and values["registrar_password"]):
        raise RenderError(
            "settings: asterisk.registrar needs asterisk.registrar_user, and its password in $YIHU_TRUNK_PASSWORD"
        )
    if not asterisk.trunk_addresses:
        raise RenderError("settings: asterisk.trunk_addresses is empty: name the address the carrier's calls come from")
    if own := [address for address in asterisk.trunk_addresses if _has_loopback(address)]:
        raise RenderError(
            f"settings: asterisk.trunk_addresses: {own[0]} has 127.0.0.1 in it, from where browsers' telephones "
            "come by way of the daemon: they would be taken for the carrier"
        )
    return values | {"program_directories": _program_directories(program)}


def _has_loopback(address: str) -> bool:
    try:
        return ip_address("127.0.0.1") in ip_network(address, strict=False)
    except ValueError:
        return address == "localhost"


def _program_directories(program: Program) -> str:
    """A system's Asterisk knows its own folders; an unpacked one looks for them where it was built to lie."""
    if program.root is None:
        return "; of the system"
    modules = sorted(program.root.glob("usr/lib/*/asterisk/modules"))
    if not modules:
        raise RenderError(f"{program.root}: no usr/lib/*/asterisk/modules in it; delete it and run `make setup`")
    return f"astmoddir => {modules[0]}\nastvarlibdir => {program.root / 'var/lib/asterisk'}"


def _launcher(settings: Settings, python: Path) -> str:
    """`exec` through sh: a path of any length, with spaces too, where a `#!` line has a limit."""
    command = shlex.join([str(python), "-m", "cti.asterisk.emergency", str(settings.spool_dir / EMERGENCY_FILE)])
    return (
        "#!/bin/sh\n# Run by Asterisk while no daemon answers; written anew at each start.\n"
        f'PYTHONPATH={shlex.quote(str(PROJECT))} PYTHONDONTWRITEBYTECODE=1 exec {command} "$@"\n'
    )


def _share_dir(settings: Settings) -> Path:
    return settings.var / "asterisk" / "share"


def _db_dir(settings: Settings) -> Path:
    return settings.var / "asterisk"


def _write(path: Path, text: str, mode: int) -> None:
    """In one step: whoever reads meanwhile sees the old file or the new one, never with wider rights."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
    new.chmod(mode)
    new.replace(path)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() or link.is_file():
        link.unlink()
    elif link.exists():
        shutil.rmtree(link)
    link.symlink_to(target)
