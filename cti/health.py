"""How every part of the deciding daemon is: what /api/health says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from cti.asterisk.ami import Ami
from cti.flow_files import FlowFiles
from cti.pair import Pair, health_of
from cti.storage.live import RedisLive
from cti.storage.records import Records


def health(
    records: Records,
    observe: Ami,
    act: Ami,
    flows: FlowFiles,
    live: RedisLive,
    pair: Pair,
    speech: Mapping[str, Any],
    figures: Mapping[str, Any],
) -> dict[str, Any]:
    """`ok` if calls are served and recorded as they should be. `speech`: `SpeechHouse.state`; `figures`:
    `FiguresHouse.state`."""
    journal, drainer = records.journal, records.drainer
    parts: dict[str, dict[str, Any]] = {
        "journal": {"ok": journal.state.ok, "reason": journal.state.reason, "lag_ms": journal.lag_ms},
        "records": {"ok": drainer.state.ok, "reason": drainer.state.reason, "behind_s": drainer.behind_s},
        "asterisk": {
            "ok": observe.connected and act.connected,
            "latency_ms": observe.latency_ms,
            "refused_events": observe.refused_events,
            "login_refused": observe.login_refused or act.login_refused,
        },
        "flows": {"ok": not flows.refused, "refused": dict(flows.refused)},
    }
    ok = all(part["ok"] for part in parts.values())
    # Pages stand still without Redis and nobody can take over; without speech words are missing; figures that differed
    # were put right. Calls need none of it.
    lesser = {
        "redis": {"ok": live.state.ok, "reason": live.state.reason},
        "pair": health_of(pair.state),
        "speech": dict(speech),
        "figures": dict(figures),
    }
    return {"ok": ok, "role": "active", "epoch": pair.lease.epoch, "pid": os.getpid(), "parts": parts | lesser}
