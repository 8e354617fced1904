"""A certificate that nobody has signed but itself, as a city's own network may have one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support.missing import missing


def self_signed(folder: Path, name: str = "own") -> tuple[Path, Path]:
    """(certificate, key)"""
    program = shutil.which("openssl")
    if program is None:
        missing("no openssl on PATH: apt-get install openssl")
    cert, key = folder / f"{name}.crt", folder / f"{name}.key"
    made = [program or "", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-days", "3", "-subj", "/CN=yihu.test", "-addext", "subjectAltName=DNS:yihu.test,IP:127.0.0.1"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key
