"""Fetches the archive of a model over the network, to go on where an earlier attempt stopped."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

from cti.speech.models import ModelError, Progress

_TIMEOUT_S = 30.0
_PIECE = 1 << 18


def fetch(url: str, file: Path, progress: Progress) -> None:
    """Writes `file`; until it is whole it is called `.part`. ModelError says what a machine without network can do."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            # A server that does not know ranges sends the whole again.
            goes_on = have > 0 and answer.status == 206
            progress(have if goes_on else 0)
            with part.open("ab" if goes_on else "wb") as target:
                while piece := answer.read(_PIECE):
                    target.write(piece)
                    progress(len(piece))
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left to be fetched
            part.replace(file)
            return
        raise ModelError(f"{url}: the server answers {error.code}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ModelError(
            f"{url} cannot be fetched ({reason}); fetch it on another machine and give it with --file"
        ) from None
    part.replace(file)
